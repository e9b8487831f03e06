//! What a process is doing.

use std::fmt;
use std::str::FromStr;

use crate::{Context, Error, Result};

/// What a process is doing, as far as its scheduler is concerned.
///
/// Text and serialised form are psutil's names, as in `sleeping` or `disk-sleep`; a state this library does
/// not know is `other-` and the kernel's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[non_exhaustive]
pub enum Status {
    /// On a CPU, or ready to be.
    Running,
    /// Waiting; a signal wakes it.
    Sleeping,
    /// Waiting, usually for input or output; no signal wakes it. Linux.
    DiskSleep,
    /// Stopped by a signal.
    Stopped,
    /// Held by a debugger. Linux.
    TracingStop,
    /// Ended, not collected by its parent yet.
    Zombie,
    /// About to vanish. Linux.
    Dead,
    /// Waiting; only a deadly signal wakes it. Linux.
    WakeKill,
    /// Becoming runnable, or queued for a CPU where the system tells that from running on one.
    Waking,
    /// A kernel thread of a CPU that is offline. Linux.
    Parked,
    /// A kernel thread with nothing to do, or a process being made.
    Idle,
    /// Waiting for a kernel lock. FreeBSD.
    Locked,
    /// Waiting in a queue of the kernel, as interrupt threads do. FreeBSD.
    Waiting,
    /// Suspended. NetBSD.
    Suspended,
    /// Any other, by the kernel's number or letter.
    Other(u32),
}

impl Status {
    const NAMES: &'static [(&'static str, Status)] = &[
        ("running", Status::Running),
        ("sleeping", Status::Sleeping),
        ("disk-sleep", Status::DiskSleep),
        ("stopped", Status::Stopped),
        ("tracing-stop", Status::TracingStop),
        ("zombie", Status::Zombie),
        ("dead", Status::Dead),
        ("wake-kill", Status::WakeKill),
        ("waking", Status::Waking),
        ("parked", Status::Parked),
        ("idle", Status::Idle),
        ("locked", Status::Locked),
        ("waiting", Status::Waiting),
        ("suspended", Status::Suspended),
    ];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(_, status)| status == self) {
            Some((name, _)) => f.pad(name),
            None => match self {
                Status::Other(raw) => f.pad(&format!("other-{raw}")),
                _ => f.pad("?"),
            },
        }
    }
}

impl FromStr for Status {
    type Err = Error;

    fn from_str(text: &str) -> Result<Status> {
        if let Some((_, status)) = Self::NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*status);
        }
        let raw = text.strip_prefix("other-").and_then(|raw| raw.parse().ok());
        raw.map(Status::Other).ok_or_else(|| {
            Error::invalid(Context::new("status"), format!("{text:?} is not the name of a state"))
        })
    }
}

impl From<Status> for String {
    fn from(status: Status) -> String {
        status.to_string()
    }
}

impl TryFrom<String> for Status {
    type Error = Error;

    fn try_from(text: String) -> Result<Status> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_from_its_name() {
        for (name, status) in Status::NAMES {
            assert_eq!(status.to_string(), *name);
            assert_eq!(name.parse::<Status>().expect("known"), *status);
        }
        assert_eq!("other-88".parse::<Status>().expect("reads"), Status::Other(88));
        assert!("asleep".parse::<Status>().is_err());
    }
}
