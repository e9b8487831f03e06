//! Swap devices.

use std::ffi::c_void;
use std::{io, ptr};

use crate::decode::netbsd::mem::SWAP_STRIDE;
use crate::errno::counted;
use crate::raw::netbsd::mem::{SWAP_NSWAP, SWAP_STATS};
use crate::shared::sys::checked;

unsafe extern "C" {
    /// `swapctl(2)`, `<sys/swap.h>`.
    fn swapctl(cmd: libc::c_int, arg: *mut c_void, misc: libc::c_int) -> libc::c_int;
}

/// The records of all swap devices.
pub(crate) fn devices() -> io::Result<Vec<u8>> {
    counted(SWAP_STRIDE, |room| {
        let (command, records, count) = match room {
            Some(room) => {
                let count = i32::try_from(room.len() / SWAP_STRIDE).unwrap_or(i32::MAX);
                (SWAP_STATS, room.as_mut_ptr(), count)
            }
            None => (SWAP_NSWAP, ptr::null_mut(), 0),
        };
        // SAFETY: at most `count` records are written to `records`, which has room for as many and is read as bytes
        // later, whatever its alignment; the other command takes neither an address nor a number.
        let got = checked(unsafe { swapctl(command, records.cast(), count) })?;
        Ok(usize::try_from(got).unwrap_or(0))
    })
}
