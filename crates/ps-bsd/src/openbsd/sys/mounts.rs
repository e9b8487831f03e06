//! Mounted file systems.

use std::{io, ptr};

use crate::decode::openbsd::disk::STRIDE;
use crate::errno::counted;
use crate::raw::openbsd::disk::MNT_NOWAIT;
use crate::shared::sys::checked;

/// The records of all mounted file systems. Servers that do not answer are not waited for.
pub(crate) fn mounts() -> io::Result<Vec<u8>> {
    counted(STRIDE, |room| {
        let (records, length) =
            room.map_or((ptr::null_mut(), 0), |room| (room.as_mut_ptr(), room.len()));
        // SAFETY: at most `length` bytes are written to `records`, which has as many and is read as bytes later,
        // whatever its alignment; null with no length asks how many there are.
        let got = checked(unsafe { libc::getfsstat(records.cast(), length, MNT_NOWAIT) })?;
        Ok(usize::try_from(got).unwrap_or(0))
    })
}
