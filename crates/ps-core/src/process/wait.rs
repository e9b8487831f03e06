//! Waiting for processes to end.

use std::os::fd::BorrowedFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{Handle, ProcessBackend};
use crate::Result;

/// What a look at a process tells about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Exit {
    /// It has not ended.
    Running,
    /// It has ended. The status is known only for a child of the caller that nobody has collected yet.
    Ended(Option<ExitStatus>),
}

/// Waits for processes to end, one or many at once.
pub trait WaitBackend: ProcessBackend {
    /// What waits for many at once.
    type WaitSet: WaitSet<Self::Pin>;

    /// Looks whether a process has ended, without waiting and without collecting it: the status stays for
    /// its owner.
    fn look_at_exit(&self, handle: &Handle<Self::Pin>) -> Result<Exit>;

    /// Collects a child that has ended, so that it is no zombie any more. A child that has not ended is
    /// left alone, and so is a process that is no child of the caller.
    fn reap(&self, handle: &Handle<Self::Pin>) -> Result<Exit>;

    /// What waits for many at once.
    fn wait_set(&self) -> Result<Self::WaitSet>;

    /// The instant it is now, for timeouts and rates. The default asks the standard library; only a
    /// simulated machine has a clock of its own.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Lets time pass. The default has the calling thread sleep; on a simulated machine time passes
    /// without that.
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Processes whose ends are waited for together.
pub trait WaitSet<P>: Send {
    /// Adds a process under a number of the caller's choice.
    fn watch(&mut self, handle: &Handle<P>, token: u64) -> Result<Watched>;

    /// Takes a process out again.
    fn forget(&mut self, token: u64);

    /// Waits until at least one process that is watched has ended or the time is up, and appends the
    /// numbers of those that have ended. Each is reported once, and is watched no more after that. `None`
    /// waits without limit. Of no time at all that appends nothing only if there is nothing left to report.
    fn wait(&mut self, timeout: Option<Duration>, ended: &mut Vec<u64>) -> Result<()>;

    /// A descriptor that becomes readable when [`wait`](WaitSet::wait) would report something, for programs that wait
    /// for many kinds of things at once. It is the same one until the set is dropped.
    ///
    /// `None`, the default, while there is none, or something is watched whose end does not make it readable: then
    /// the set must be asked every now and then.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Whether a process could be added to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Watched {
    /// It is, and its end will be reported.
    Yes,
    /// It has ended already.
    Ended,
    /// It cannot be, for lack of descriptors or of permission: the caller must look again by itself.
    No,
}
