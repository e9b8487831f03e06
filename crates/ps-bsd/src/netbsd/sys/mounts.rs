//! Mounted file systems.

use std::ffi::c_void;
use std::{io, ptr};

use crate::decode::netbsd::disk::STRIDE;
use crate::errno::counted;
use crate::raw::netbsd::disk::ST_NOWAIT;
use crate::shared::sys::checked;

unsafe extern "C" {
    /// `getvfsstat(2)`, `<sys/statvfs.h>`. This is the symbol that the headers of NetBSD 10 and later give it; the one
    /// without a number, which the `libc` package calls, answers with shorter records.
    #[link_name = "__getvfsstat90"]
    fn getvfsstat(buf: *mut c_void, size: usize, flags: libc::c_int) -> libc::c_int;
}

/// The records of all mounted file systems. Servers that do not answer are not waited for.
pub(crate) fn mounts() -> io::Result<Vec<u8>> {
    counted(STRIDE, |room| {
        let (records, length) =
            room.map_or((ptr::null_mut(), 0), |room| (room.as_mut_ptr(), room.len()));
        // SAFETY: at most `length` bytes are written to `records`, which has as many and is read as bytes later,
        // whatever its alignment; null with no length asks how many there are.
        let got = checked(unsafe { getvfsstat(records.cast(), length, ST_NOWAIT) })?;
        Ok(usize::try_from(got).unwrap_or(0))
    })
}
