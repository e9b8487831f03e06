//! What the guest is to do, as the host writes it and the guest reads it.

use std::fmt;
use std::str::FromStr;

use crate::check::Check;

/// Which control groups the guest mounts on `/sys/fs/cgroup`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cgroup {
    /// None.
    #[default]
    None,
    /// Version 2 alone, every controller switched on for the groups below the top one.
    V2,
    /// Version 1 alone: one directory per controller.
    V1,
    /// Version 1 with the controllers, and version 2 without any at `unified`.
    Hybrid,
}

const CGROUPS: &[(&str, Cgroup)] =
    &[("none", Cgroup::None), ("2", Cgroup::V2), ("1", Cgroup::V1), ("hybrid", Cgroup::Hybrid)];

/// One thing to do. A name is one word, and no two steps of a plan share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make sure that the machine is what it claims to be.
    Check {
        /// What the answer is called.
        name: String,
        /// The statement.
        check: Check,
    },
    /// Run a program and wait for it.
    Run {
        /// What the answer is called.
        name: String,
        /// The user and group it runs as.
        user: u32,
        /// After so many seconds it is ended, and has failed.
        seconds: u64,
        /// Its working directory.
        directory: String,
        /// The program's path and its arguments.
        words: Vec<String>,
    },
    /// Hand the files over whose paths match.
    Show {
        /// A path, which may have stars in it.
        pattern: String,
    },
    /// Have a program say what the library tells, between two readings of the kernel's own files; hand over both.
    Witness {
        /// After so many seconds it is ended, and has failed.
        seconds: u64,
        /// The program's path and its arguments, in a shell's words.
        program: String,
    },
    /// Capture the machine's files, as [`capture::machine`](crate::capture::machine) does, and hand over the tree.
    Capture {
        /// What a path must not have in it.
        without: Vec<String>,
    },
    /// Stop answering: a seeded mistake.
    Hang,
    /// End, which a first process must not do: a seeded mistake.
    Die,
}

/// Everything the guest is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The machine's name, which tests find in the variable `PS_VM`.
    pub machine: String,
    /// The device below `/dev` to report on.
    pub port: String,
    /// Control groups.
    pub cgroup: Cgroup,
    /// A disk to make a file system on, and where to mount it.
    pub disk: Option<(String, String)>,
    /// What to do, in this order.
    pub steps: Vec<Step>,
}

/// The name under which preparing the machine is reported.
pub const SETUP: &str = "setup";
/// The name under which [`Step::Witness`] is answered.
pub const WITNESS: &str = "witness";
/// The name under which [`Step::Capture`] is answered.
pub const CAPTURE: &str = "capture";

impl Plan {
    /// The names of all answers to expect, in order.
    pub fn names(&self) -> Vec<&str> {
        let named = self.steps.iter().filter_map(|step| match step {
            Step::Check { name, .. } | Step::Run { name, .. } => Some(name.as_str()),
            Step::Witness { .. } => Some(WITNESS),
            Step::Capture { .. } => Some(CAPTURE),
            Step::Show { .. } | Step::Hang | Step::Die => None,
        });
        std::iter::once(SETUP).chain(named).collect()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { name, check } => write!(f, "check {name} {check}"),
            Self::Run { name, user, seconds, directory, words } => {
                write!(f, "run {name} {user} {seconds} {directory} {}", words.join(" "))
            }
            Self::Show { pattern } => write!(f, "show {pattern}"),
            Self::Witness { seconds, program } => write!(f, "witness {seconds} {program}"),
            Self::Capture { without } => write!(f, "capture {}", without.join(" ")),
            Self::Hang => f.write_str("hang"),
            Self::Die => f.write_str("die"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cgroup = CGROUPS.iter().find(|(_, kind)| *kind == self.cgroup);
        writeln!(f, "machine {}", self.machine)?;
        writeln!(f, "port {}", self.port)?;
        writeln!(f, "cgroup {}", cgroup.map_or("none", |(word, _)| word))?;
        if let Some((device, place)) = &self.disk {
            writeln!(f, "disk {device} {place}")?;
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        parse_step(line).ok_or_else(|| format!("not a step: {line:?}"))?
    }
}

fn parse_step(line: &str) -> Option<Result<Step, String>> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let step = match verb {
        "check" => {
            let (name, check) = rest.split_once(' ')?;
            match check.parse() {
                Ok(check) => Step::Check { name: name.to_owned(), check },
                Err(why) => return Some(Err(why)),
            }
        }
        "run" => {
            let mut words = rest.split_ascii_whitespace();
            Step::Run {
                name: words.next()?.to_owned(),
                user: words.next()?.parse().ok()?,
                seconds: words.next()?.parse().ok()?,
                directory: words.next()?.to_owned(),
                words: Some(words.map(str::to_owned).collect::<Vec<_>>())
                    .filter(|words| !words.is_empty())?,
            }
        }
        "show" if !rest.is_empty() => Step::Show { pattern: rest.to_owned() },
        "witness" => {
            let (seconds, program) = rest.split_once(' ')?;
            Step::Witness { seconds: seconds.parse().ok()?, program: program.to_owned() }
        }
        "capture" => {
            Step::Capture { without: rest.split_ascii_whitespace().map(str::to_owned).collect() }
        }
        "hang" => Step::Hang,
        "die" => Step::Die,
        _ => return None,
    };
    Some(Ok(step))
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut plan = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.split_once(' ') {
                Some(("machine", name)) => plan.machine = name.to_owned(),
                Some(("port", port)) => plan.port = port.to_owned(),
                Some(("disk", rest)) => {
                    let parts = rest.split_once(' ').ok_or_else(|| format!("no disk: {rest}"))?;
                    plan.disk = Some((parts.0.to_owned(), parts.1.to_owned()));
                }
                Some(("cgroup", word)) => {
                    let known = CGROUPS.iter().find(|(name, _)| *name == word);
                    plan.cgroup = known.ok_or_else(|| format!("no such cgroup: {word}"))?.1;
                }
                _ => plan.steps.push(line.parse()?),
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_writes_is_what_the_guest_reads() {
        for (_, cgroup) in CGROUPS {
            let plan = Plan {
                machine: "sensors".into(),
                port: "ttyS1".into(),
                cgroup: *cgroup,
                disk: Some(("/dev/nvme0n1".into(), "/scratch".into())),
                steps: vec![
                    Step::Check {
                        name: "battery".into(),
                        check: "present /sys/class/power_supply/BAT*".parse().expect("is a check"),
                    },
                    Step::Run {
                        name: "unit".into(),
                        user: 65534,
                        seconds: 60,
                        directory: "/work".into(),
                        words: vec!["/tests/unit".into(), "--show-output".into(), "cgroup".into()],
                    },
                    Step::Show { pattern: "/proc/*stat".into() },
                    Step::Witness { seconds: 60, program: "/witness now".into() },
                    Step::Capture { without: vec!["/loop".into(), "/dummy".into()] },
                    Step::Capture { without: Vec::new() },
                    Step::Hang,
                    Step::Die,
                ],
            };
            assert_eq!(plan.to_string().parse(), Ok(plan.clone()));
            assert_eq!(plan.names(), ["setup", "battery", "unit", "witness", "capture", "capture"]);
        }
    }

    #[test]
    fn a_line_that_is_no_step_is_an_error_that_quotes_it() {
        for line in [
            "dance",
            "run x",
            "run x 0 60 /",
            "run x 0 soon / /bin/a",
            "show",
            "check x",
            "witness 5",
        ] {
            let why = line.parse::<Step>().expect_err(line);
            assert!(why.contains(line), "{why}");
        }
        assert!("check x maybe /a".parse::<Step>().is_err());
        assert!("cgroup 3".parse::<Plan>().is_err());
        assert!("disk /dev/nvme0n1".parse::<Plan>().is_err());
    }
}
