//! Machines that are seeded with mistakes: each must fail, and say so in the right words.

use std::time::Duration;

use anyhow::{Result, bail};
use ps_guest::plan::Step;

use crate::vm::machines::{MACHINES, Machine};
use crate::vm::{Workshop, plan_of};

/// One mistake.
struct Seed {
    /// The machine that is seeded.
    machine: &'static str,
    about: &'static str,
    /// Steps in place of the machine's own, as a plan has them.
    steps: &'static [&'static str],
    seconds: u64,
    /// What the complaints must have in them.
    found: &'static [&'static str],
}

const SEEDS: &[Seed] = &[
    Seed {
        machine: "linux61",
        about: "false claims and failing programs",
        steps: &[
            "check wrong-cpus is /sys/devices/system/cpu/online 0-63",
            "check right-cpus is /sys/devices/system/cpu/online 0-1",
            "check no-battery some /sys/class/power_supply/* type=Battery",
            "check no-io-controller cgroup2 nonsense",
            "run fails 0 20 / /bin/false",
            "run passes 0 20 / /bin/true",
            "run too-long 0 1 / /bin/sleep 60",
            "run killed 65534 20 / /bin/sh -c kill${IFS}-9${IFS}$$",
            "run not-there 0 20 / /bin/no-such-program",
        ],
        seconds: 60,
        found: &[
            "wrong-cpus: /sys/devices/system/cpu/online is \"0-1\"",
            "no-battery: nothing is called /sys/class/power_supply/*",
            "no-io-controller: cgroup.controllers has",
            "fails: ended with code 1",
            "too-long: ran into its time limit",
            "killed: was ended by SIGKILL",
            "not-there: ended with code 127",
        ],
    },
    Seed {
        machine: "linux61",
        about: "a library that tells otherwise than the files",
        steps: &["witness 60 /bin/sh -c 'echo other > /proc/sys/kernel/hostname; exec /witness'"],
        seconds: 90,
        found: &[r#"host name: the kernel says "(none)", the library "other""#],
    },
    Seed {
        machine: "linux61",
        about: "a library that fails",
        steps: &["witness 60 /bin/false"],
        seconds: 90,
        found: &["witness: ended with code 1"],
    },
    Seed {
        machine: "linux61",
        about: "a guest that stops answering",
        steps: &["hang", "check never is /proc/version x"],
        seconds: 15,
        found: &[
            "still ran after 15 s, and was ended",
            "never: never began",
            "the guest never said that its plan is done",
        ],
    },
    Seed {
        machine: "uml",
        about: "a guest that stops answering, in a kernel that is a program",
        steps: &["hang"],
        seconds: 10,
        found: &[
            "still ran after 10 s, and was ended",
            "the guest never said that its plan is done",
        ],
    },
    Seed {
        machine: "linux61",
        about: "a kernel that panics",
        steps: &["check fine present /proc/version", "die"],
        seconds: 60,
        found: &["the guest never said that its plan is done", "Kernel panic - not syncing"],
    },
];

/// The machines that the self-test boots.
pub(super) fn machines() -> Vec<&'static Machine> {
    let seeded = |machine: &&Machine| SEEDS.iter().any(|seed| seed.machine == machine.name);
    MACHINES.iter().filter(seeded).collect()
}

/// Boots a machine per mistake; fails unless all are found, and nothing else.
pub(super) fn main(workshop: &mut Workshop) -> Result<()> {
    let mut wrong = Vec::new();
    for seed in SEEDS {
        println!("seeded: {}", seed.about);
        let Some(host) = MACHINES.iter().find(|machine| machine.name == seed.machine) else {
            bail!("no such machine: {}", seed.machine);
        };
        let mut plan = plan_of(host);
        plan.steps = seed.steps.iter().filter_map(|step| step.parse::<Step>().ok()).collect();
        let ran = workshop.boot(host, &plan, &[], Duration::from_secs(seed.seconds))?;
        let said = |part: &&&str| ran.wrong.iter().any(|line| line.contains(**part));
        let missed = seed.found.iter().filter(|part| !said(part));
        wrong.extend(missed.map(|part| format!("{}: nobody said {part:?}", seed.about)));
        if ran.wrong.len() > seed.found.len() {
            wrong.push(format!("{}: more is wrong than was seeded: {:?}", seed.about, ran.wrong));
        }
        println!("  found: {}", ran.wrong.join("\n         "));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("the seeded mistakes were not found:\n  {}", wrong.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seeded_machine_is_one() {
        for seed in SEEDS {
            assert!(MACHINES.iter().any(|machine| machine.name == seed.machine), "{}", seed.about);
        }
    }

    #[test]
    fn every_seeded_step_is_one() {
        for step in SEEDS.iter().flat_map(|seed| seed.steps) {
            assert!(step.parse::<Step>().is_ok(), "{step}");
        }
    }
}
