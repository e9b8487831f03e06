//! Descriptors that stand for a process.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use ps_core::Pid;

/// Opens a descriptor of the process that has a number now.
pub(crate) fn open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers and touches no memory of ours.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just made this descriptor for us, closed on exec, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The number that no other process gets until the next boot, on kernels where a pidfd has one (6.9).
pub(crate) fn unique(pidfd: impl AsFd) -> Option<u64> {
    // PIDFS_MAGIC of <linux/magic.h>: before, all pidfds shared one inode of another file system.
    const PIDFS: i64 = 0x5049_4446;
    let kind = nix::sys::statfs::fstatfs(&pidfd).ok()?.filesystem_type().0;
    if i64::from(kind) != PIDFS {
        return None;
    }
    Some(nix::sys::stat::fstat(&pidfd).ok()?.st_ino)
}
