//! Holding on to the process meant, so that what is done reaches it and no other.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use ps_core::process::{Handle, Identity};
use ps_core::{Context, Error, Pid, Result, Sameness};

use crate::decode::process::decode_tgid;
use crate::errno::{self, Lives};
use crate::file::Buffer;
use crate::process::Pin;
use crate::process::path::PidPath;
use crate::root::Linux;
use crate::sys::{file as sys, pidfd};

/// A process that was confirmed to be the one meant, through a descriptor that stands for it and for no later
/// one with its number.
#[derive(Debug)]
pub(crate) enum Held {
    /// What the caller holds anyway.
    Pinned(Arc<Pin>),
    /// A descriptor that stands for the process.
    Process(OwnedFd),
    /// Its directory below `/proc`, where the kernel has no such descriptors, or for another pid namespace.
    Directory(OwnedFd),
}

impl Held {
    /// A descriptor that `pidfd_send_signal` takes.
    pub(crate) fn target(&self) -> BorrowedFd<'_> {
        match self {
            Held::Pinned(pin) => pin.pidfd().unwrap_or(pin.dir.as_fd()),
            Held::Process(fd) | Held::Directory(fd) => fd.as_fd(),
        }
    }

    /// The descriptor that becomes readable when the process ends, where there is one.
    pub(crate) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Held::Pinned(pin) => pin.pidfd(),
            Held::Process(fd) => Some(fd.as_fd()),
            Held::Directory(_) => None,
        }
    }

    /// Whether the process still has its number, so that the number has meant it all the time until now.
    pub(crate) fn has_its_number(&self) -> bool {
        match self {
            Held::Pinned(pin) => match pin.pidfd() {
                Some(fd) => pidfd::has_its_number(fd),
                None => has_its_number(&pin.dir),
            },
            Held::Process(fd) => pidfd::has_its_number(fd),
            Held::Directory(dir) => has_its_number(dir),
        }
    }
}

/// Whether the process or thread that a directory below `/proc` belongs to still has its number: it lives, or is a zombie.
/// Takes no descriptor, so that it can be told when there are none left.
pub(crate) fn has_its_number(dir: impl AsFd) -> bool {
    sys::owner(dir, c"stat").map_or_else(|error| !errno::is_gone(&error), |_| true)
}

impl Linux {
    /// Holds on to the process that a handle means, or says that it is gone.
    ///
    /// The descriptor is opened first and confirmed then: the number has meant the process meant all the time
    /// in between, since it was not given back yet when it was confirmed.
    pub(crate) fn hold(&self, handle: &Handle<Pin>, operation: &'static str) -> Result<Held> {
        let pid = handle.identity.pid;
        pid.check_acts(operation)?;
        if let Some(pin) = &handle.pin {
            if pin.pidfd.is_some() {
                return Ok(Held::Pinned(Arc::clone(pin)));
            }
            self.check_is_process(pid, operation)?;
            let dir = sys::open_list(&pin.dir, c".").map_err(|source| {
                errno::of_process(source, Context::new(operation), pid, || Lives::No)
            })?;
            return Ok(Held::Directory(dir));
        }
        let context = || Context::new(operation).with_pid(pid);
        if !self.is_own() {
            // The number means another process to the kernel, the directory does not.
            self.check_is_process(pid, operation)?;
            return self.hold_directory(&handle.identity, operation);
        }
        match pidfd::open(pid) {
            Ok(fd) => {
                self.confirm(&handle.identity, fd.as_fd(), operation)?;
                Ok(Held::Process(fd))
            }
            Err(source) => match source.raw_os_error() {
                Some(libc::ESRCH) => Err(Error::no_such_process(context())),
                // Of a thread that is no process, or of a process that was just ending; and kernels before 5.3
                // do not have the call, and sandboxes may not know it.
                Some(libc::ENOENT | libc::EINVAL | libc::ENOSYS | libc::EPERM) => {
                    self.check_is_process(pid, operation)?;
                    self.hold_directory(&handle.identity, operation)
                }
                _ => Err(Error::io(context(), source)),
            },
        }
    }

    fn hold_directory(&self, meant: &Identity, operation: &'static str) -> Result<Held> {
        let pid = meant.pid;
        let context = || Context::new(operation).with_pid(pid).with_path(self.pid_path(pid, ""));
        let dir = sys::open_list(self.proc()?, PidPath::of(pid).dir())
            .map_err(|source| errno::of_process(source, context(), pid, || Lives::No))?;
        self.confirm_directory(meant, dir.as_fd(), operation)?;
        Ok(Held::Directory(dir))
    }

    /// The directory of the process meant, to act through files in it.
    pub(crate) fn open_directory(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
    ) -> Result<OwnedFd> {
        let pid = handle.identity.pid;
        let failed = |source| {
            let context = Context::new(operation).with_path(self.pid_path(pid, ""));
            errno::of_process(source, context, pid, || Lives::No)
        };
        if let Some(pin) = &handle.pin {
            return sys::open_place(&pin.dir, c".").map_err(failed);
        }
        let dir = sys::open_place(self.proc()?, PidPath::of(pid).dir()).map_err(failed)?;
        self.confirm_directory(&handle.identity, dir.as_fd(), operation)?;
        Ok(dir)
    }

    /// Confirms that a directory below `/proc` is that of the process meant.
    ///
    /// What was opened is who has the number, for as long as its record can be read through it. That record is
    /// read last, so that a unique number which was asked for by number is that of the same process.
    fn confirm_directory(
        &self,
        meant: &Identity,
        dir: BorrowedFd<'_>,
        operation: &'static str,
    ) -> Result<()> {
        let unique = if meant.settled { None } else { meant.unique };
        let unique = unique.and_then(|_| self.unique(meant.pid));
        let mut seen = self.look(meant, dir, operation)?;
        seen.unique = unique;
        self.check_certain(meant, &seen, operation)
    }

    /// Confirms that a descriptor stands for the process meant.
    pub(crate) fn confirm(
        &self,
        meant: &Identity,
        pidfd: BorrowedFd<'_>,
        operation: &'static str,
    ) -> Result<()> {
        let unique = meant.unique.and_then(|_| pidfd::unique(pidfd));
        let mut seen = if unique.is_some() && meant.origin.boot.is_some() {
            // The cheapest evidence, and the soundest; the start need not be read for it.
            let mut seen = Identity::new(meant.pid, None);
            seen.origin = self.origin();
            seen
        } else {
            let proc = self.proc()?;
            let mut buffer = Buffer::default();
            self.look_below(meant, proc, PidPath::of(meant.pid), &mut buffer, operation)?
        };
        seen.unique = unique;
        self.check_certain(meant, &seen, operation)
    }

    /// Confirms that a directory and a descriptor, opened in this order, both stand for the process meant.
    pub(crate) fn confirm_pin(
        &self,
        meant: &Identity,
        dir: BorrowedFd<'_>,
        pidfd: Option<BorrowedFd<'_>>,
    ) -> Result<()> {
        // Read last: the process of the directory had its number from before the descriptor was opened until
        // now, so the descriptor is of the same one.
        let mut seen = self.look(meant, dir, "pin")?;
        seen.unique = meant.unique.and(pidfd).and_then(pidfd::unique);
        self.check_certain(meant, &seen, "pin")
    }

    /// Who a directory below `/proc` belongs to.
    fn look(
        &self,
        meant: &Identity,
        dir: BorrowedFd<'_>,
        operation: &'static str,
    ) -> Result<Identity> {
        self.look_below(meant, dir, PidPath::here(), &mut Buffer::default(), operation)
    }

    fn look_below(
        &self,
        meant: &Identity,
        dir: BorrowedFd<'_>,
        mut path: PidPath,
        buffer: &mut Buffer,
        operation: &'static str,
    ) -> Result<Identity> {
        let pid = meant.pid;
        let tick = self.tick_now();
        let context =
            || Context::new(operation).with_pid(pid).with_path(self.pid_path(pid, "stat"));
        let bytes = buffer
            .read(dir, path.file("stat"), true)
            .map_err(|source| errno::of_process(source, context(), pid, || Lives::No))?;
        let stat = crate::decode::process::decode_stat(bytes)
            .map_err(|error| error.with_pid(pid).with_path(self.pid_path(pid, "stat")))?;
        Ok(Linux::sighting(pid, stat.start(), tick, self.origin()))
    }

    /// Passes the process meant alone. To act, a doubt is as bad as another process.
    fn check_certain(
        &self,
        meant: &Identity,
        seen: &Identity,
        operation: &'static str,
    ) -> Result<()> {
        self.check_same(meant, seen, operation)?;
        match meant.compare(seen) {
            Sameness::Same => Ok(()),
            _ => Err(Error::invalid(
                Context::new(operation).with_pid(meant.pid),
                "the identity was taken so early in the life of the process that it cannot be told from \
                 one that took its number since; identify it anew",
            )),
        }
    }

    /// Refuses a thread that is no process, and names the process it belongs to.
    pub(crate) fn check_is_process(&self, pid: Pid, operation: &'static str) -> Result<()> {
        let context = || Context::new(operation).with_pid(pid);
        let mut buffer = Buffer::default();
        let bytes =
            buffer.read(self.proc()?, PidPath::of(pid).file("status"), true).map_err(|source| {
                let context = context().with_path(self.pid_path(pid, "status"));
                errno::of_process(source, context, pid, || Lives::No)
            })?;
        match decode_tgid(bytes) {
            Some(process) if process != pid => Err(Error::invalid(
                context(),
                format!("{pid} is a thread; the process it belongs to is {process}"),
            )),
            _ => Ok(()),
        }
    }

    /// Does something by number to a process that is held on to, and makes sure that the number meant it all
    /// the while.
    pub(crate) fn by_number<T>(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
        act: impl FnOnce(&Held) -> Result<T>,
    ) -> Result<T> {
        handle.identity.pid.check_acts(operation)?;
        self.check_own(operation).map_err(|error| error.with_pid(handle.identity.pid))?;
        let held = self.hold(handle, operation)?;
        // A process that was pinned, or gave its number back since it was confirmed, must not be acted upon.
        if !held.has_its_number() {
            return Err(self.gone_error(handle.identity.pid, operation));
        }
        let done = act(&held)?;
        if !held.has_its_number() {
            return Err(self.ended_inside(handle.identity.pid, operation));
        }
        Ok(done)
    }

    /// The error for a process that gave its number back, which another may have by now.
    pub(crate) fn gone_error(&self, pid: Pid, operation: &'static str) -> Error {
        let context = Context::new(operation).with_pid(pid);
        if self.is_taken(pid) { Error::reused(context) } else { Error::no_such_process(context) }
    }

    /// The error for a process that ended between being confirmed and the end of the call.
    fn ended_inside(&self, pid: Pid, operation: &'static str) -> Error {
        let reason = if self.is_taken(pid) {
            "the process ended inside the call, which may have reached the one that has its number now"
        } else {
            "the process ended inside the call, which may have reached another that had its number since"
        };
        Error::io(Context::new(operation).with_pid(pid), std::io::Error::other(reason))
    }

    pub(crate) fn is_taken(&self, pid: Pid) -> bool {
        self.proc().is_ok_and(|proc| sys::owner(proc, PidPath::of(pid).dir()).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::process::{ProcessBackend, ProcessView};
    use crate::sys::herd::Bare;
    use crate::sys::refuse::without;

    /// A process and what it is known by, if numbers can be chosen here.
    fn first(linux: &Linux) -> Option<(Bare, Handle<Pin>)> {
        let number = Bare::make(None).ok()?.end();
        let first = match Bare::make(Some(number)) {
            Ok(first) => first,
            Err(error) => {
                ps_tests::skip!("the number of a new process cannot be chosen here: {error}");
                return None;
            }
        };
        let identity = linux.identify(Pid::new(number)?).expect("there");
        Some((first, Handle::new(identity)))
    }

    fn pinned(linux: &Linux, handle: &Handle<Pin>) -> Handle<Pin> {
        let pin = linux.pin(&handle.identity).expect("pinned").into();
        Handle { identity: handle.identity, pin: Some(pin) }
    }

    #[test]
    fn reuse_inside_the_call_is_reported_and_is_no_success() {
        let linux = Linux::new();
        for pin in [false, true] {
            let Some((process, handle)) = first(&linux) else { return };
            let handle = if pin { pinned(&linux, &handle) } else { handle };
            let mut next = None;
            let error = linux
                .by_number(&handle, "act", |_| {
                    next = Bare::make(Some(process.end())).ok();
                    Ok(())
                })
                .expect_err("reported");
            let Error::Io { source, .. } = &error else { panic!("{error}") };
            let found = if next.is_some() { "has its number now" } else { "had its number since" };
            assert!(source.to_string().contains(found), "{source}");
            assert!(!error.is_gone(), "somebody may have been hit: {error}");
        }
    }

    #[test]
    fn reuse_before_the_call_is_found_before_anything_is_done() {
        let linux = Linux::new();
        for pin in [false, true] {
            let Some((process, handle)) = first(&linux) else { return };
            let handle = if pin { pinned(&linux, &handle) } else { handle };
            let Ok(_next) = Bare::make(Some(process.end())) else { continue };
            let error = linux
                .by_number(&handle, "act", |_| -> Result<()> { panic!("done to another process") })
                .expect_err("found");
            assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
        }
    }

    #[test]
    fn reuse_while_a_call_by_number_reads_is_found() {
        let linux = Linux::new();
        let Some((process, handle)) = first(&linux) else { return };
        let view = linux.view(&handle);
        view.ppid().expect("readable");
        let mut next = None;
        let error = view
            .by_number("ask", |_| {
                next = Bare::make(Some(process.end())).ok();
                Ok::<_, io::Error>(())
            })
            .expect_err("found");
        assert!(matches!(error, Error::NoSuchProcess { reused, .. } if reused == next.is_some()));
    }

    #[test]
    fn process_that_is_held_without_a_pidfd_is_there_also_when_there_are_no_descriptors_left() {
        let linux = Linux::new();
        let process = Bare::make(None).expect("starts");
        let pid = Pid::new(process.pid).expect("in range");
        let held = linux.hold_directory(&linux.identify(pid).expect("there"), "act");
        let held = held.expect("there");
        let ask = || held.has_its_number();
        let Some(there) = without(&[(libc::SYS_openat, None)], libc::EMFILE, ask) else { return };
        assert!(there);
        process.end();
        assert!(!held.has_its_number());
    }

    #[test]
    fn process_that_is_held_without_a_pidfd_is_told_from_the_next() {
        let linux = Linux::new();
        let Some((process, mut handle)) = first(&linux) else { return };
        let held = linux.hold_directory(&handle.identity, "act").expect("there");
        assert!(held.has_its_number() && held.pidfd().is_none());
        pidfd::send_signal(held.target(), 0).expect("a directory will do");
        let next = Bare::make(Some(process.end()));
        assert!(!held.has_its_number());
        assert!(pidfd::send_signal(held.target(), 0).is_err());
        if next.is_ok() {
            let error = linux.hold_directory(&handle.identity, "act").expect_err("another");
            assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
            handle.identity.unique = None;
            assert!(linux.hold_directory(&handle.identity, "act").is_err());
        }
    }
}
