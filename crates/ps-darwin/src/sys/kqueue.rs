//! Ends of processes, as events.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};

/// A queue of events that tells of the ends of processes.
///
/// Its descriptor is not inherited by a child, whatever that runs.
pub(crate) struct ExitQueue(Kqueue);

impl ExitQueue {
    /// The most events taken at once.
    pub(crate) const AT_ONCE: usize = 64;

    /// An empty queue.
    pub(crate) fn new() -> io::Result<ExitQueue> {
        Ok(ExitQueue(Kqueue::new()?))
    }

    /// Asks to be told once of the end of a process.
    pub(crate) fn add(&self, pid: u32) -> io::Result<()> {
        self.change(pid, EvFlags::EV_ADD | EvFlags::EV_ONESHOT)
    }

    /// Asks no longer.
    pub(crate) fn remove(&self, pid: u32) -> io::Result<()> {
        self.change(pid, EvFlags::EV_DELETE)
    }

    fn change(&self, pid: u32, flags: EvFlags) -> io::Result<()> {
        let change = event(pid, flags | EvFlags::EV_RECEIPT);
        let mut receipts = [change];
        loop {
            match self.0.kevent(&[change], &mut receipts, Some(timespec(Duration::ZERO))) {
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(_) => break,
            }
        }
        // A receipt says by its number how the change went; zero is well.
        match receipts.first().map(|receipt| receipt.data()) {
            Some(0) | None => Ok(()),
            Some(number) => {
                Err(io::Error::from_raw_os_error(i32::try_from(number).unwrap_or_default()))
            }
        }
    }

    /// Waits until an event comes, the time is up, or a signal came; appends the processes that have ended.
    pub(crate) fn wait(&self, timeout: Option<Duration>, ended: &mut Vec<u32>) -> io::Result<()> {
        let mut events = [event(0, EvFlags::empty()); ExitQueue::AT_ONCE];
        let count = match self.0.kevent(&[], &mut events, timeout.map(timespec)) {
            Err(nix::errno::Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
            Ok(count) => count,
        };
        let found = events.get(..count).unwrap_or_default();
        ended.extend(found.iter().filter_map(|event| u32::try_from(event.ident()).ok()));
        Ok(())
    }
}

impl AsFd for ExitQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn event(pid: u32, flags: EvFlags) -> KEvent {
    let pid = usize::try_from(pid).unwrap_or_default();
    KEvent::new(pid, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0)
}

/// A time to wait; the kernel refuses more than a hundred million seconds, which is longer than anybody waits.
fn timespec(time: Duration) -> libc::timespec {
    const LONGEST: Duration = Duration::from_secs(100_000_000);
    *nix::sys::time::TimeSpec::from_duration(time.min(LONGEST)).as_ref()
}
