//! System calls that the systems share. What leaves this module is owned and safe.

pub(crate) mod ioctl;
pub(crate) mod process;
pub(crate) mod sysctl;

use std::io;

/// The result of a call that returns −1 if it failed.
pub(crate) fn checked(returned: libc::c_int) -> io::Result<libc::c_int> {
    match returned {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(value),
    }
}

/// Bytes in a page of memory.
pub(crate) fn page_size() -> u64 {
    use nix::unistd::{SysconfVar, sysconf};
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}
