//! Processes: listing, identity, reading.

pub(crate) mod fd;
mod identity;
mod path;
mod scan;
pub(crate) mod terminal;
mod view;

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ps_core::process::{Handle, Identity, ProcessBackend, number_as_name};
use ps_core::{HostBackend, Pid, Result, Uid};

pub use scan::LinuxScanner;
pub use view::LinuxView;

use crate::file::Buffer;
use crate::root::Linux;

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

impl ps_core::sealed::Backend for Linux {}

impl ProcessBackend for Linux {
    type View = LinuxView;
    type Scanner = LinuxScanner;
    type Pin = Pin;

    fn pids(&self) -> Result<Vec<Pid>> {
        let mut pids = Vec::new();
        self.list_into(self.open_proc_list()?, &mut vec![0; 32 * 1024], &mut pids)?;
        Ok(pids)
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

    fn scanner(&self) -> Result<LinuxScanner> {
        LinuxScanner::new(self.clone())
    }
}

impl Linux {
    /// Name of a user, or the number as text if there is no such account.
    pub(crate) fn name_of(&self, uid: Uid) -> std::result::Result<OsString, ps_core::Missing> {
        match self.user_name(uid) {
            Ok(name) => Ok(name.unwrap_or_else(|| number_as_name(uid))),
            Err(error) => Err(ps_core::Missing::from_error(&error)),
        }
    }
}
