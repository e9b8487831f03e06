//! Mounted file systems.

use std::{io, ptr};

use crate::decode::openbsd::disk::STRIDE;
use crate::raw::openbsd::disk::MNT_NOWAIT;
use crate::shared::sys::checked;

/// How often a list that grew meanwhile is read again.
const ROUNDS: usize = 10;

/// The records of all mounted file systems. Servers that do not answer are not waited for.
pub(crate) fn mounts() -> io::Result<Vec<u8>> {
    // SAFETY: a null buffer of no length asks how many there are.
    let count = checked(unsafe { libc::getfsstat(ptr::null_mut(), 0, MNT_NOWAIT) })?;
    let mut count = usize::try_from(count).unwrap_or(0);
    let mut records = Vec::new();
    for _ in 0..ROUNDS {
        count += count / 8 + 4;
        records.resize(count * STRIDE, 0);
        let length = records.len();
        // SAFETY: at most `length` bytes are written to `records`, which has as many; it is read as bytes later,
        // whatever its alignment.
        let got =
            checked(unsafe { libc::getfsstat(records.as_mut_ptr().cast(), length, MNT_NOWAIT) })?;
        let got = usize::try_from(got).unwrap_or(0);
        // No room left over: there may be more.
        if got < count {
            records.truncate(got * STRIDE);
            break;
        }
    }
    Ok(records)
}
