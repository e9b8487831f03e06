//! `libproc`: what the kernel tells of one process to its owner.

use std::io;

use ps_core::raw::Value as _;

use super::{clear_errno, ret_len, ret_zero};
use crate::raw::process::{RUSAGE_INFO_V2, RusageInfoV2};

fn length(buffer: &[u8]) -> libc::c_int {
    libc::c_int::try_from(buffer.len()).unwrap_or(libc::c_int::MAX)
}

/// `proc_pidinfo`: how many bytes of the answer came.
pub(crate) fn pid_info(
    pid: libc::c_int,
    flavor: libc::c_int,
    argument: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let length = length(buffer);
    clear_errno();
    // SAFETY: the kernel writes at most `length` bytes into `buffer`, which is at least as long and borrowed
    // mutably for the call.
    let returned =
        unsafe { libc::proc_pidinfo(pid, flavor, argument, buffer.as_mut_ptr().cast(), length) };
    Ok(ret_len(returned)?.min(buffer.len()))
}

/// `proc_pidfdinfo`: how many bytes of the answer came.
pub(crate) fn fd_info(
    pid: libc::c_int,
    fd: libc::c_int,
    flavor: libc::c_int,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let length = length(buffer);
    clear_errno();
    // SAFETY: the kernel writes at most `length` bytes into `buffer`, which is at least as long and borrowed
    // mutably for the call.
    let returned =
        unsafe { libc::proc_pidfdinfo(pid, fd, flavor, buffer.as_mut_ptr().cast(), length) };
    Ok(ret_len(returned)?.min(buffer.len()))
}

/// `proc_pidpath`: how many bytes of the path came.
pub(crate) fn path(pid: libc::c_int, buffer: &mut [u8]) -> io::Result<usize> {
    let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    clear_errno();
    // SAFETY: the library writes at most `length` bytes into `buffer`, which is at least as long and borrowed
    // mutably for the call.
    let returned = unsafe { libc::proc_pidpath(pid, buffer.as_mut_ptr().cast(), length) };
    Ok(ret_len(returned)?.min(buffer.len()))
}

/// `proc_pid_rusage`, in the form that tells of disks first, whose length its number stands for.
pub(crate) fn rusage(pid: libc::c_int) -> io::Result<[u8; RUSAGE]> {
    let mut buffer = [0; RUSAGE];
    clear_errno();
    // SAFETY: the kernel writes a `struct rusage_info_v2`, which has as many bytes as `buffer` (the layout is held
    // against the headers), and copies it out byte by byte; the pointer type of the declaration is a formality.
    let returned =
        unsafe { libc::proc_pid_rusage(pid, RUSAGE_INFO_V2, buffer.as_mut_ptr().cast()) };
    ret_zero(returned)?;
    Ok(buffer)
}

/// Bytes of a `struct rusage_info_v2`.
const RUSAGE: usize = RusageInfoV2::SHAPE.size;
