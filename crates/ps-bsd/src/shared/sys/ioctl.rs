//! `ioctl` with a record that goes in and comes back.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::checked;

/// How many bytes a request moves, as the systems put that into its number (`IOCPARM_LEN`).
const fn moved(request: u32) -> usize {
    (request >> 16 & 0x1fff) as usize
}

/// Makes a request whose argument is `bytes`, in and out.
///
/// # Safety
///
/// `bytes` must hold no address that the driver writes to.
pub(crate) unsafe fn exchange(fd: impl AsFd, request: u32, bytes: &mut [u8]) -> io::Result<()> {
    if moved(request) > bytes.len() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the kernel reads and writes as many bytes at the argument as the request says, which were compared
    // with what there are; they are borrowed mutably for the call. Beyond that it follows no address, as the caller
    // promises.
    checked(unsafe { libc::ioctl(fd, libc::c_ulong::from(request), bytes.as_mut_ptr()) }).map(drop)
}
