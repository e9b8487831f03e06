//! Mounted file systems.

use std::{io, ptr};

use ps_core::raw::Record as _;

use crate::errno::counted;
use crate::raw::freebsd::disk::{MNT_NOWAIT, Statfs};
use crate::shared::sys::checked;

/// The records of all mounted file systems. Servers that do not answer are not waited for.
pub(crate) fn mounts() -> io::Result<Vec<u8>> {
    counted(Statfs::LAYOUT.size, |room| {
        let (records, length) =
            room.map_or((ptr::null_mut(), 0), |room| (room.as_mut_ptr(), room.len()));
        let length = libc::c_long::try_from(length).unwrap_or(libc::c_long::MAX);
        // SAFETY: at most `length` bytes are written to `records`, which has as many and is read as bytes later,
        // whatever its alignment; null with no length asks how many there are.
        let got = checked(unsafe { libc::getfsstat(records.cast(), length, MNT_NOWAIT) })?;
        Ok(usize::try_from(got).unwrap_or(0))
    })
}
