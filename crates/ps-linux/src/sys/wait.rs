//! Ends of processes: looking at them, collecting them, waiting for many.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use ps_core::Pid;

/// Which child is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Child<'a> {
    /// The one a descriptor stands for. From 5.4.
    Descriptor(BorrowedFd<'a>),
    /// The one that has a number.
    Number(Pid),
}

/// How a child of the caller ended; `None` if it has not. Leaves it a zombie unless told to collect it.
///
/// `ECHILD` for one that is no child, or was collected before.
pub(crate) fn child_status(child: Child<'_>, collect: bool) -> io::Result<Option<ExitStatus>> {
    let options = libc::WEXITED | libc::WNOHANG;
    // A tracer is told when what it traces stops, though it asked for ends only: its news must be left for it.
    let seen = wait(child, options | libc::WNOWAIT)?;
    if seen.is_none() || !collect {
        return Ok(seen);
    }
    wait(child, options)
}

/// Children made without the usual signal are children too, except to kernels before 4.7, where they cannot be asked
/// about without being collected.
fn wait(child: Child<'_>, options: i32) -> io::Result<Option<ExitStatus>> {
    match waitid(child, options | libc::__WALL) {
        Err(error)
            if error.raw_os_error() == Some(libc::EINVAL) && matches!(child, Child::Number(_)) =>
        {
            waitid(child, options)
        }
        found => found,
    }
}

fn waitid(child: Child<'_>, options: i32) -> io::Result<Option<ExitStatus>> {
    let (kind, id) = match child {
        Child::Descriptor(fd) => (libc::P_PIDFD, fd.as_raw_fd()),
        Child::Number(pid) => (libc::P_PID, pid.as_raw()),
    };
    let id = libc::id_t::try_from(id).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: the kernel writes one `siginfo_t` to `info`, which is ours and large enough.
        if unsafe { libc::waitid(kind, id, info.as_mut_ptr(), options) } == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: `info` was zeroed, which is a valid `siginfo_t`, and the kernel wrote whole fields only.
    let info = unsafe { info.assume_init() };
    // SAFETY: after waitid the record holds the fields of a child, or zeros if there is nothing to tell of any.
    let status = unsafe { info.si_status() };
    // The form of wait(2), which std's status is made of.
    let raw = match info.si_code {
        libc::CLD_EXITED => (status & 0xff) << 8,
        libc::CLD_KILLED => status & 0x7f,
        libc::CLD_DUMPED => status & 0x7f | 0x80,
        // None has ended, or one that is traced has stopped.
        _ => return Ok(None),
    };
    Ok(Some(ExitStatus::from_raw(raw)))
}

/// What happened to one descriptor of a [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) token: u64,
    /// The process has lost its number too, not only ended. From 6.9.
    pub(crate) collected: bool,
}

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchFor {
    /// The process ends.
    End,
    /// The process is collected by its parent. Reported from 6.9 on.
    Collection,
}

impl WatchFor {
    fn flags(self) -> EpollFlags {
        match self {
            WatchFor::End => EpollFlags::EPOLLIN,
            // Hanging up is reported always.
            WatchFor::Collection => EpollFlags::empty(),
        }
    }
}

/// Descriptors that are waited for together.
#[derive(Debug)]
pub(crate) struct Set {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl Set {
    /// The most that is reported at once.
    pub(crate) const AT_ONCE: usize = 256;

    pub(crate) fn new() -> io::Result<Set> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Set { epoll, events: vec![EpollEvent::empty(); Set::AT_ONCE] })
    }

    pub(crate) fn add(&self, fd: &OwnedFd, token: u64, what: WatchFor) -> io::Result<()> {
        Ok(self.epoll.add(fd, EpollEvent::new(what.flags(), token))?)
    }

    pub(crate) fn change(&self, fd: &OwnedFd, token: u64, what: WatchFor) -> io::Result<()> {
        Ok(self.epoll.modify(fd, &mut EpollEvent::new(what.flags(), token))?)
    }

    pub(crate) fn remove(&self, fd: &OwnedFd) {
        // A descriptor that is not in the set needs no removing.
        let _ = self.epoll.delete(fd);
    }

    /// Waits for something to happen, at most this long; none if nothing did, or a signal came in.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Event>> {
        let timeout = match timeout {
            None => EpollTimeout::NONE,
            // Rounded up, so that a short rest is not spent in a busy loop.
            Some(time) => {
                let millis = time.as_nanos().div_ceil(1_000_000);
                EpollTimeout::try_from(i32::try_from(millis).unwrap_or(i32::MAX))
                    .unwrap_or(EpollTimeout::ZERO)
            }
        };
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(nix::Error::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let events = self.events.get(..count).unwrap_or_default();
        Ok(events
            .iter()
            .map(|event| Event {
                token: event.data(),
                collected: event.events().contains(EpollFlags::EPOLLHUP),
            })
            .collect())
    }
}

impl AsFd for Set {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

/// The same descriptor under another number.
pub(crate) fn duplicate(fd: impl AsFd) -> io::Result<OwnedFd> {
    fd.as_fd().try_clone_to_owned()
}
