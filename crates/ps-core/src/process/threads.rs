//! Threads of a process.

use std::ffi::OsString;
use std::time::Duration;

use super::{ContextSwitches, Status};

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Thread {
    /// The kernel's number of it.
    pub id: u64,
    /// CPU time running its own code; `None` where the system counts only both together (NetBSD).
    pub user_time: Option<Duration>,
    /// CPU time running the kernel on its behalf; `None` as for `user_time`.
    pub system_time: Option<Duration>,
    /// CPU time of both kinds together.
    pub total_time: Duration,
    /// Its name, where threads have one.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub name: Option<OsString>,
    /// What it is doing.
    pub status: Option<Status>,
    /// Its context switches, where the system counts them by thread and they were asked for.
    pub context_switches: Option<ContextSwitches>,
}
