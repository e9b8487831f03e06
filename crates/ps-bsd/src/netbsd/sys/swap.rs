//! Swap devices.

use std::ffi::c_void;
use std::{io, ptr};

use crate::decode::netbsd::mem::SWAP_STRIDE;
use crate::raw::netbsd::mem::{SWAP_NSWAP, SWAP_STATS};
use crate::shared::sys::checked;

unsafe extern "C" {
    /// `swapctl(2)`, `<sys/swap.h>`.
    fn swapctl(cmd: libc::c_int, arg: *mut c_void, misc: libc::c_int) -> libc::c_int;
}

/// The records of all swap devices.
pub(crate) fn devices() -> io::Result<Vec<u8>> {
    // SAFETY: this command takes neither an address nor a number.
    let count = checked(unsafe { swapctl(SWAP_NSWAP, ptr::null_mut(), 0) })?;
    let room = usize::try_from(count).unwrap_or(0);
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut records = vec![0_u8; room * SWAP_STRIDE];
    // SAFETY: at most `count` records are written to `records`, which has room for as many. It is read as bytes later,
    // whatever its alignment.
    let got = checked(unsafe { swapctl(SWAP_STATS, records.as_mut_ptr().cast(), count) })?;
    records.truncate(usize::try_from(got).unwrap_or(0) * SWAP_STRIDE);
    Ok(records)
}
