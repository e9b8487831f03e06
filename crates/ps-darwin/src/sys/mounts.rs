//! Mounted file systems and the volumes on them.

use std::ffi::CStr;
use std::io;
use std::ptr;

use super::ret_zero;
use crate::raw::disk::{ATTR_BIT_MAP_COUNT, ATTR_VOL_INFO, ATTR_VOL_SPACEUSED, MNT_NOWAIT};

/// Records of all mounted file systems, as last known: a server that does not answer is not waited for.
pub(crate) fn all() -> io::Result<Vec<u8>> {
    const RECORD: usize = size_of::<libc::statfs>();
    let mut room = count(&mut [])?;
    loop {
        // One more than there are: when its place stays free, none was left out.
        let mut buffer = vec![0; room.saturating_add(1).saturating_mul(RECORD)];
        let found = count(&mut buffer)?;
        if found <= room {
            buffer.truncate(found.saturating_mul(RECORD));
            return Ok(buffer);
        }
        room = room.saturating_mul(2).max(found);
    }
}

/// How many records there are, or came if there is room for any.
fn count(buffer: &mut [u8]) -> io::Result<usize> {
    let place = if buffer.is_empty() { ptr::null_mut() } else { buffer.as_mut_ptr() };
    let size = libc::c_int::try_from(buffer.len()).unwrap_or(libc::c_int::MAX);
    // SAFETY: without a place the kernel only counts; else it copies at most `size` bytes out to `buffer`, which is
    // at least as long and borrowed mutably for the call.
    let found = unsafe { libc::getfsstat(place.cast(), size, MNT_NOWAIT) };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}

/// What a volume uses, as `getattrlist` packs it.
pub(crate) fn space_used(path: &CStr) -> io::Result<[u8; 16]> {
    let mut wanted = libc::attrlist {
        bitmapcount: ATTR_BIT_MAP_COUNT,
        reserved: 0,
        commonattr: 0,
        volattr: ATTR_VOL_INFO | ATTR_VOL_SPACEUSED,
        dirattr: 0,
        fileattr: 0,
        forkattr: 0,
    };
    let mut buffer = [0; 16];
    // SAFETY: `path` ends with a NUL; `wanted` says what is asked for; the kernel writes at most as many bytes as
    // `buffer` has; all of them outlive the call.
    let returned = unsafe {
        libc::getattrlist(
            path.as_ptr(),
            (&raw mut wanted).cast(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            0,
        )
    };
    ret_zero(returned)?;
    Ok(buffer)
}

const _: () = assert!(size_of::<libc::statfs>() == size_of::<crate::raw::disk::Statfs>());
