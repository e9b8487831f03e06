//! Swap devices.

use std::ffi::c_void;
use std::{io, ptr};

use crate::decode::openbsd::mem::SWAP_STRIDE;
use crate::raw::openbsd::mem::{SWAP_NSWAP, SWAP_STATS};
use crate::shared::sys::checked;

unsafe extern "C" {
    /// `swapctl(2)`, `<sys/swap.h>`.
    fn swapctl(cmd: libc::c_int, arg: *const c_void, misc: libc::c_int) -> libc::c_int;
}

/// The records of all swap devices.
pub(crate) fn devices() -> io::Result<Vec<u8>> {
    // SAFETY: this command takes neither an address nor a number.
    let count = checked(unsafe { swapctl(SWAP_NSWAP, ptr::null(), 0) })?;
    let room = usize::try_from(count).unwrap_or(0);
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut records = vec![0_u8; room * SWAP_STRIDE];
    let arg = records.as_mut_ptr().cast_const().cast();
    // SAFETY: at most `count` records are written to `records`, which has room for as many; the address comes from a
    // mutable borrow, although the parameter's type does not say that it is written to. It is read as bytes later,
    // whatever its alignment.
    let got = checked(unsafe { swapctl(SWAP_STATS, arg, count) })?;
    records.truncate(usize::try_from(got).unwrap_or(0) * SWAP_STRIDE);
    Ok(records)
}
