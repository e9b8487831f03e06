//! Processes: listing, identity, reading, acting, waiting.

pub use ps_core::process::*;

pub use crate::decode::process::{
    Capabilities, CapabilitySets, CgroupMembership, IoClass, IoPriority, Namespaces, Policy,
    Scheduling, Seccomp,
};

mod births;
mod control;
pub(crate) mod fd;
mod gate;
mod hold;
mod identity;
#[cfg(feature = "bpf")]
pub(crate) mod inside;
mod news;
pub(crate) mod path;
mod scan;
mod scheduling;
mod security;
mod signal;
mod source;
pub(crate) mod terminal;
mod thread;
mod view;
mod wait;

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ps_core::{Context, Error, HostBackend, Result};

#[cfg(feature = "bpf")]
pub use inside::ScanFrom;
pub use news::LinuxNews;
pub use scan::LinuxScanner;
pub use signal::signal_numbers;
pub use source::ScanSource;
pub use view::LinuxView;
pub use wait::LinuxWaitSet;

use crate::decode::process::decode_tgid;
use crate::decode::text::number;
use crate::errno::{self, Lives};
use crate::file::Buffer;
use crate::process::path::PidPath;
use crate::root::Linux;
use crate::sys::{file as sys, pidfd};

/// What is held of a pinned process: its directory below `/proc`, and a descriptor that stands for it.
///
/// While it is held, nothing read or done through it can reach another process, whoever gets the number.
#[derive(Debug)]
pub struct Pin {
    pub(crate) dir: OwnedFd,
    pub(crate) pidfd: Option<OwnedFd>,
}

impl Pin {
    /// The descriptor that stands for the process; it becomes readable when the process ends. `None` where
    /// the kernel has no such descriptors (before 5.3), or the process is of another pid namespace.
    #[must_use]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }
}

impl ProcessBackend for Linux {
    type View = LinuxView;
    type Scanner = LinuxScanner;
    type Pin = Pin;

    fn pids(&self) -> Result<Vec<Pid>> {
        let mut pids = Vec::new();
        self.list_into(self.open_proc_list()?, &mut vec![0; 32 * 1024], &mut pids)?;
        Ok(pids)
    }

    fn pid_exists(&self, pid: Pid) -> Result<bool> {
        if pid == Pid::ZERO {
            return Ok(false);
        }
        let mut buffer = Buffer::default();
        let proc = self.proc()?;
        let mut read = || buffer.read(proc, PidPath::of(pid).file("status"), true).map(decode_tgid);
        // While a thread other than the main one runs another program, its process can be missed once.
        let seen = match read() {
            Err(error) if errno::is_gone(&error) => read(),
            seen => seen,
        };
        match seen {
            Ok(Some(process)) => Ok(process == pid),
            Ok(None) => Ok(self.pids()?.binary_search(&pid).is_ok()),
            Err(source) => match source.raw_os_error() {
                Some(libc::ENOENT | libc::ESRCH) => Ok(false),
                // Listed or not is what the file system was told to show.
                Some(libc::EACCES | libc::EPERM) => Ok(self.pids()?.binary_search(&pid).is_ok()),
                _ => {
                    let context = Context::new("read").with_pid(pid);
                    Err(Error::io(context.with_path(self.pid_path(pid, "status")), source))
                }
            },
        }
    }

    fn current(&self) -> Result<Pid> {
        let context = || Context::new("readlink").with_path(self.proc_path("self"));
        let mut buffer = Buffer::default();
        match buffer.read_link(self.proc()?, c"self") {
            Ok(text) => number::<u32>(text)
                .and_then(Pid::new)
                .ok_or_else(|| Error::decode(context(), "not the number of a process")),
            Err(source) if source.raw_os_error() == Some(libc::ENOENT) => {
                Err(Error::unsupported_here(context(), "the caller is not among these processes"))
            }
            Err(source) => Err(errno::of_system(source, context())),
        }
    }

    fn identify(&self, pid: Pid) -> Result<Identity> {
        self.identify_now(pid)
    }

    fn view(&self, handle: &Handle<Pin>) -> LinuxView {
        LinuxView::of_handle(self.clone(), handle)
    }

    fn view_of(&self, pid: Pid) -> LinuxView {
        LinuxView::new(self.clone(), pid, None)
    }

    fn pin(&self, identity: &Identity) -> Result<Pin> {
        let pid = identity.pid;
        if pid == Pid::ZERO {
            return Err(no_such_process("pin", pid));
        }
        let context = || Context::new("pin").with_pid(pid).with_path(self.pid_path(pid, ""));
        let dir = sys::open_place(self.proc()?, PidPath::of(pid).dir())
            .map_err(|source| errno::of_process(source, context(), pid, || Lives::No))?;
        let pidfd = match self.is_own().then(|| pidfd::open(pid)).transpose() {
            Ok(pidfd) => pidfd,
            Err(source) => match source.raw_os_error() {
                Some(libc::ESRCH) => return Err(no_such_process("pin", pid)),
                // A thread, or a kernel or sandbox that does not know the call.
                Some(libc::ENOENT | libc::EINVAL | libc::ENOSYS | libc::EPERM) => None,
                _ => return Err(Error::io(context(), source)),
            },
        };
        self.confirm_pin(identity, dir.as_fd(), pidfd.as_ref().map(AsFd::as_fd))?;
        Ok(Pin { dir, pidfd })
    }

    fn scanner(&self) -> Result<LinuxScanner> {
        LinuxScanner::new(self.clone())
    }
}

impl Linux {
    /// Name of a user, or the number as text if there is no such account.
    pub(crate) fn name_of(&self, uid: Uid) -> std::result::Result<OsString, Missing> {
        match self.user_name(uid) {
            Ok(name) => Ok(name.unwrap_or_else(|| number_as_name(uid))),
            Err(error) => Err(Missing::from_error(&error)),
        }
    }
}
