//! Descriptors that stand for a process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use ps_core::Pid;

/// Opens a descriptor of the process that has a number now.
pub(crate) fn open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers and touches no memory of ours.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    // What a call gives is as wide as the machine's words.
    #[allow(clippy::useless_conversion)]
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just made this descriptor for us, closed on exec, and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The number that no other process gets until the next boot, on kernels where a pidfd has one (6.9).
pub(crate) fn unique(pidfd: impl AsFd) -> Option<u64> {
    // PIDFS_MAGIC of <linux/magic.h>: before, all pidfds shared one inode of another file system.
    const PIDFS: i128 = 0x5049_4446;
    // Wider than any of the types that the field has on one machine and C library or another.
    if i128::from(nix::sys::statfs::fstatfs(&pidfd).ok()?.filesystem_type().0) != PIDFS {
        return None;
    }
    // The type of this field differs between machines, too.
    #[allow(clippy::useless_conversion)]
    Some(u64::from(nix::sys::stat::fstat(&pidfd).ok()?.st_ino))
}

/// What `PIDFD_GET_INFO` (6.13) answers: `struct pidfd_info` in its first form, to which kernels only add.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    control_group: u64,
    pid: u32,
    process: u32,
    parent: u32,
    /// Real user and group, effective, saved, for files.
    ids: [u32; 8],
    exit_code: i32,
}

const _: () = assert!(size_of::<Info>() == 64);

/// Real, effective and saved user and group of the process that a descriptor stands for, in turns.
pub(crate) fn ids(pidfd: impl AsFd) -> io::Result<[u32; 6]> {
    // PIDFD_INFO_CREDS of <linux/pidfd.h>.
    const CREDENTIALS: u64 = 1 << 1;
    // _IOWR(0xFF, 11, struct pidfd_info)
    const GET_INFO: u32 = 0xc040_ff0b;
    let mut info = Info { mask: CREDENTIALS, ..Info::default() };
    let fd = pidfd.as_fd().as_raw_fd();
    // SAFETY: the request holds the size of the record, and the kernel writes no more than that into it; it is
    // borrowed mutably for the call.
    let done = unsafe { libc::ioctl(fd, GET_INFO as libc::Ioctl, &raw mut info) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    if info.mask & CREDENTIALS == 0 {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    let [a, b, c, d, e, f, ..] = info.ids;
    Ok([a, b, c, d, e, f])
}

/// Sends a signal to the process that a descriptor stands for, and to no other. Takes a readable descriptor
/// of its directory below `/proc` as well.
pub(crate) fn send_signal(pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    let fd = pidfd.as_fd().as_raw_fd();
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open for the duration of the call; the null pointer asks the kernel to fill in
    // the details of the signal itself, as it does for kill.
    let done = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, no_info, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the process that a descriptor stands for still has its number: it lives, or is a zombie.
pub(crate) fn has_its_number(pidfd: impl AsFd) -> bool {
    match send_signal(pidfd, 0) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() != Some(libc::ESRCH),
    }
}

/// Sends a signal by number, for kernels that have no such descriptors.
pub(crate) fn kill(pid: Pid, signal: i32) -> io::Result<()> {
    if pid == Pid::ZERO {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: the call takes two integers and touches no memory of ours. The number is positive, so no group of
    // processes is meant.
    let done = unsafe { libc::kill(pid.as_raw(), signal) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
