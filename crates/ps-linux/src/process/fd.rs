//! Descriptors: `/proc/PID/fd`.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;

use crate::sys::file as sys;

/// How many descriptors a process has open.
///
/// Kernels from 6.2 on show it as the size of the directory. Before, that is 0 for everybody, and the
/// directory is listed.
pub(crate) fn count(dir: impl AsFd, path: &CStr) -> io::Result<u32> {
    // Listing needs the permission that a mere look at the size does not, and so does the answer.
    let list = sys::open_list(&dir, path)?;
    let size = sys::size(&list, c".")?;
    if size > 0 {
        return Ok(u32::try_from(size).unwrap_or(u32::MAX));
    }
    let mut block = vec![0; 16 * 1024];
    let mut count = 0;
    loop {
        let filled = sys::read_entries(&list, &mut block)?;
        if filled == 0 {
            return Ok(count);
        }
        let names = sys::entries(block.get(..filled).unwrap_or_default());
        count +=
            u32::try_from(names.filter(|name| name.first() != Some(&b'.')).count()).unwrap_or(0);
    }
}
