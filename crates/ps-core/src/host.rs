//! Boot time, up-time, accounts and login sessions.

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use crate::process::{Gid, Pid, Uid};
use crate::{Result, sealed};

/// One login session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct User {
    /// Account name.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    pub name: OsString,
    /// Terminal line without its directory, as in `pts/3`; `None` if the session has none.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub terminal: Option<OsString>,
    /// Where the session comes from; `localhost` for a session of this machine.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub host: Option<OsString>,
    /// When it began.
    pub started: SystemTime,
    /// The process that keeps the session, where the system tells. Not on OpenBSD.
    pub pid: Option<Pid>,
}

impl User {
    /// A session, with nothing optional known about it.
    #[must_use]
    pub fn new(name: impl Into<OsString>, started: SystemTime) -> Self {
        User { name: name.into(), terminal: None, host: None, started, pid: None }
    }
}

/// Where figures about the machine as a whole come from.
pub trait HostBackend: sealed::Backend {
    /// When the system booted, on the wall clock. It moves when the clock is set.
    fn boot_time(&self) -> Result<SystemTime>;

    /// Time since boot, suspension included.
    fn time_since_boot(&self) -> Result<Duration>;

    /// Time the system has been running since boot, suspension left out.
    ///
    /// Not universal: the default answers [`Unsupported`](crate::Error::Unsupported).
    fn uptime(&self) -> Result<Duration> {
        Err(crate::Error::unsupported("uptime"))
    }

    /// The machine's name.
    fn hostname(&self) -> Result<OsString>;

    /// Login sessions.
    fn users(&self) -> Result<Vec<User>>;

    /// The name of an account; `None` if no account has this id.
    fn user_name(&self, uid: Uid) -> Result<Option<OsString>>;

    /// The name of a group; `None` if no group has this id.
    fn group_name(&self, gid: Gid) -> Result<Option<OsString>>;
}
