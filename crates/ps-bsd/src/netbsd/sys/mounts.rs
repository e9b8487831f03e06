//! Mounted file systems.

use std::ffi::c_void;
use std::{io, ptr};

use crate::decode::netbsd::disk::STRIDE;
use crate::raw::netbsd::disk::ST_NOWAIT;
use crate::shared::sys::checked;

unsafe extern "C" {
    /// `getvfsstat(2)`, `<sys/statvfs.h>`. This is the symbol that the headers of NetBSD 10 and later give it; the one
    /// without a number, which the `libc` package calls, answers with shorter records.
    #[link_name = "__getvfsstat90"]
    fn getvfsstat(buf: *mut c_void, size: usize, flags: libc::c_int) -> libc::c_int;
}

/// How often a list that grew meanwhile is read again.
const ROUNDS: usize = 10;

/// The records of all mounted file systems. Servers that do not answer are not waited for.
pub(crate) fn mounts() -> io::Result<Vec<u8>> {
    // SAFETY: a null buffer of no length asks how many there are.
    let count = checked(unsafe { getvfsstat(ptr::null_mut(), 0, ST_NOWAIT) })?;
    let mut count = usize::try_from(count).unwrap_or(0);
    let mut records = Vec::<u8>::new();
    for _ in 0..ROUNDS {
        count += count / 8 + 4;
        records.resize(count * STRIDE, 0);
        let length = records.len();
        // SAFETY: at most `length` bytes are written to `records`, which has as many; it is read as bytes later,
        // whatever its alignment.
        let got = checked(unsafe { getvfsstat(records.as_mut_ptr().cast(), length, ST_NOWAIT) })?;
        let got = usize::try_from(got).unwrap_or(0);
        // No room left over: there may be more.
        if got < count {
            records.truncate(got * STRIDE);
            break;
        }
    }
    Ok(records)
}
