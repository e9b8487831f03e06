//! `sysctl`, by number and by name.

use std::ffi::CStr;
use std::io;
use std::ptr;

use super::ret_zero;
use crate::errno;

/// How many bytes the kernel would answer with now.
fn size(mib: &[libc::c_int]) -> io::Result<usize> {
    let count = libc::c_uint::try_from(mib.len()).unwrap_or_default();
    let mut length = 0;
    // SAFETY: `mib` holds `count` numbers, which are only read, and, like `length`, outlives the call; without a buffer the kernel only
    // stores the size in `length`; without a new value this reads.
    let returned = unsafe {
        libc::sysctl(
            mib.as_ptr().cast_mut(),
            count,
            ptr::null_mut(),
            &mut length,
            ptr::null_mut(),
            0,
        )
    };
    ret_zero(returned)?;
    Ok(length)
}

/// Reads what fits into `buffer`; how many bytes came.
pub(crate) fn read(mib: &[libc::c_int], buffer: &mut [u8]) -> io::Result<usize> {
    let count = libc::c_uint::try_from(mib.len()).unwrap_or_default();
    let mut length = buffer.len();
    // SAFETY: `mib` holds `count` numbers, which are only read; the kernel writes at most `length` bytes into `buffer`, which is
    // borrowed mutably for the call, and stores in `length` how many it wrote; without a new value this reads.
    let returned = unsafe {
        let place = buffer.as_mut_ptr().cast();
        libc::sysctl(mib.as_ptr().cast_mut(), count, place, &mut length, ptr::null_mut(), 0)
    };
    ret_zero(returned)?;
    Ok(length.min(buffer.len()))
}

/// Reads a table of any length into `buffer`, whose space is kept.
pub(crate) fn read_into(mib: &[libc::c_int], buffer: &mut Vec<u8>) -> io::Result<()> {
    errno::with_room(buffer, || size(mib), |buffer| read(mib, buffer))
}

/// Reads a table of any length.
pub(crate) fn read_all(mib: &[libc::c_int]) -> io::Result<Vec<u8>> {
    let mut buffer = Vec::new();
    read_into(mib, &mut buffer)?;
    Ok(buffer)
}

/// Reads a short value by its name.
pub(crate) fn read_name(name: &CStr) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 256];
    let mut length = buffer.len();
    // SAFETY: `name` ends with a NUL; the kernel writes at most `length` bytes into `buffer` and stores in
    // `length` how many it wrote; all of them outlive the call; without a new value this reads.
    let returned = unsafe {
        let place = buffer.as_mut_ptr().cast();
        libc::sysctlbyname(name.as_ptr(), place, &mut length, ptr::null_mut(), 0)
    };
    ret_zero(returned)?;
    buffer.truncate(length);
    Ok(buffer)
}
