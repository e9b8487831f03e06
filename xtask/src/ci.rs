//! `cargo xtask ci`: everything beside the tests that must hold before a change is taken, cheap things first.
//!
//! The first step that fails ends the run: what comes later would cost minutes and say less. The table at the
//! end tells what each step took, and which were not begun.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{mutants, run};

/// One step.
#[derive(Clone, Copy)]
struct Step {
    /// `xtask`, or a program.
    program: &'static str,
    words: &'static [&'static str],
    /// Variables set for it.
    env: &'static [(&'static str, &'static str)],
    when: When,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// With `--full`: takes long, or needs what changes from day to day.
    Full,
    /// Without `--full`, where another step does more.
    Short,
}

const fn step(program: &'static str, words: &'static [&'static str]) -> Step {
    Step { program, words, env: &[], when: When::Always }
}

const fn only(when: When, step: Step) -> Step {
    Step { when, ..step }
}

/// Every step, in order.
const STEPS: &[Step] = &[
    step("cargo", &["fmt", "--all", "--check"]),
    step("xtask", &["tidy"]),
    step("xtask", &["platforms", "--check"]),
    step(
        "cargo",
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-Dwarnings",
        ],
    ),
    step("xtask", &["parity", "--check"]),
    Step {
        env: &[("RUSTDOCFLAGS", "-Dwarnings")],
        ..step("cargo", &["doc", "--quiet", "--workspace", "--no-deps", "--all-features"])
    },
    step("xtask", &["abi"]),
    step("xtask", &["abi", "--libc"]),
    step("xtask", &["link"]),
    only(When::Short, step("xtask", &["msrv"])),
    only(When::Full, step("xtask", &["msrv", "--all-systems"])),
    step("xtask", &["check"]),
    step("xtask", &["emul"]),
    step("xtask", &["vm", "--self-test"]),
    // What differs most, of kernels that are fetched for the step before or are small.
    only(
        When::Short,
        step(
            "xtask",
            &["vm", "--checks-only", "sensors", "cgroup2", "cgroup1", "offline", "numa", "uml"],
        ),
    ),
    only(When::Full, step("xtask", &["vm", "--all", "--jobs", "2"])),
    only(When::Full, step("xtask", &["link", "--programs"])),
    only(When::Full, step("xtask", &["features"])),
    only(When::Full, step("xtask", &["minimal-versions"])),
    only(When::Full, step("xtask", &["mutants"])),
];

const USAGE: &str = "cargo xtask ci [--full [--without COMMAND]]

  --full      also what takes hours
  --without   of xtask's commands, not this one, which another machine runs";

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (left_out, without) = match words[..] {
        [] => (When::Full, None),
        ["--full"] => (When::Short, None),
        ["--full", "--without", command] => (When::Short, Some(command)),
        _ => bail!("{USAGE}"),
    };
    let is_left_out = |step: &Step| {
        step.when == left_out || step.program == "xtask" && without == Some(step.words[0])
    };
    let steps: Vec<Step> = STEPS.iter().filter(|step| !is_left_out(step)).copied().collect();
    if without.is_some() && steps.len() == STEPS.iter().filter(|step| step.when != left_out).count()
    {
        bail!("no such step\n\n{USAGE}");
    }
    // It is needed last, after more than an hour.
    if steps.iter().any(|step| step.words[0] == "mutants") {
        mutants::need_tool()?;
    }
    let table = run_all(&steps, &run::root())?;
    println!("\n{}", table.describe());
    table.verdict()
}

/// What each step took; those after one that failed are missing.
struct Table {
    steps: Vec<Step>,
    took: Vec<Duration>,
    has_failed: bool,
}

/// Runs one step after the other, up to the first that fails.
fn run_all(steps: &[Step], root: &Path) -> Result<Table> {
    let mut table = Table { steps: steps.to_vec(), took: Vec::new(), has_failed: false };
    for step in steps {
        println!("\n### {}", step.describe());
        let start = Instant::now();
        let mut command = step.command(root)?;
        let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
        let took = start.elapsed();
        println!("({:.1} s)", took.as_secs_f64());
        table.took.push(took);
        if !status.success() {
            table.has_failed = true;
            break;
        }
    }
    Ok(table)
}

impl Step {
    fn describe(&self) -> String {
        format!("{} {}", self.program, self.words.join(" "))
    }

    fn command(&self, root: &Path) -> Result<Command> {
        let mut command = match self.program {
            "xtask" => Command::new(env::current_exe().context("where is this program?")?),
            program => Command::new(program),
        };
        command.args(self.words).envs(self.env.iter().copied());
        command.current_dir(root).stdin(Stdio::null());
        Ok(command)
    }
}

impl Table {
    fn describe(&self) -> String {
        let mut text = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            let said = match self.took.get(index) {
                None => "not begun".to_owned(),
                Some(took) if self.has_failed && index + 1 == self.took.len() => {
                    format!("{:>7.1} s  FAILED", took.as_secs_f64())
                }
                Some(took) => format!("{:>7.1} s", took.as_secs_f64()),
            };
            text += &format!("{:<78} {said}\n", step.describe());
        }
        let all: Duration = self.took.iter().sum();
        text + &format!("{:<78} {:>7.1} s", "all of it", all.as_secs_f64())
    }

    fn verdict(&self) -> Result<()> {
        match self.took.len().checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some(step) if self.has_failed => bail!("failed: {}", step.describe()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_and_the_table_says_what_was_not_begun() {
        let steps = [step("true", &[]), step("false", &["now"]), step("true", &["later"])];
        let table = run_all(&steps, &run::root()).unwrap();
        let said = table.describe();
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("true ") && lines[0].ends_with(" s"), "{said}");
        assert!(lines[1].starts_with("false now") && lines[1].ends_with("FAILED"), "{said}");
        assert!(lines[2].starts_with("true later") && lines[2].ends_with("not begun"), "{said}");
        assert_eq!(table.verdict().unwrap_err().to_string(), "failed: false now");
    }

    #[test]
    fn a_run_without_a_failure_passes() {
        let table = run_all(&[step("true", &[]), step("true", &[])], &run::root()).unwrap();
        assert!(table.verdict().is_ok() && !table.describe().contains("FAILED"));
    }

    #[test]
    fn a_step_is_told_its_variables_and_a_program_that_is_missing_is_an_error() {
        let told = Step { env: &[("TOLD", "yes")], ..step("sh", &["-c", "test $TOLD = yes"]) };
        assert!(!run_all(&[told], &run::root()).unwrap().has_failed);
        assert!(run_all(&[step("no-such-program-at-all", &[])], &run::root()).is_err());
    }

    #[test]
    fn every_subcommand_that_checks_something_is_part_of_it() {
        let help = crate::COMMANDS.iter().map(|command| command.name);
        // `doctor` and `fixtures` check nothing.
        for name in help.filter(|name| !["ci", "doctor", "fixtures"].contains(name)) {
            let is_part = STEPS.iter().any(|step| step.program == "xtask" && step.words[0] == name);
            assert!(is_part, "{name}");
        }
    }
}
