//! News of processes that start, run another program, and end.

use std::os::fd::BorrowedFd;
use std::process::ExitStatus;
use std::time::Duration;

use super::{Pid, ProcessBackend};
use crate::{Error, Result};

/// What a system told of its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum News {
    /// A process was started.
    Started {
        /// Which.
        pid: Pid,
        /// By which, if that was told.
        parent: Option<Pid>,
    },
    /// A process has begun to run another program.
    Executed {
        /// Which.
        pid: Pid,
    },
    /// A process has ended. It may be a zombie still.
    Exited {
        /// Which.
        pid: Pid,
        /// How, if that was told.
        status: Option<ExitStatus>,
    },
    /// More happened than could be kept: some of it is lost.
    Overflow,
}

/// Where news come from.
pub trait NewsSource: Send {
    /// The next piece of news; `None` if there was none in this time. Without a time it waits without limit.
    fn next(&mut self, timeout: Option<Duration>) -> Result<Option<News>>;

    /// A descriptor that becomes readable when there are news, for programs that wait for many kinds of things at
    /// once. It is the same one until the source is dropped. `None`, the default, if there is none: then it must be
    /// asked every now and then.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Systems that tell news of their processes.
pub trait NewsBackend: ProcessBackend {
    /// Where they come from.
    type Source: NewsSource;

    /// Listens from now on.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn news(&self) -> Result<Self::Source> {
        Err(Error::unsupported("news"))
    }
}

/// The source of systems that tell no news.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums)]
pub enum NoNews {}

impl NewsSource for NoNews {
    fn next(&mut self, _: Option<Duration>) -> Result<Option<News>> {
        match *self {}
    }
}
