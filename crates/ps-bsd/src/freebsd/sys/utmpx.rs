//! The database of login sessions.

use std::ffi::c_void;

use ps_core::raw::Record as _;

use crate::pair::sys::utmpx;
use crate::raw::freebsd::host::Utmpx;

unsafe extern "C" {
    /// `<utmpx.h>`.
    fn getutxent() -> *mut c_void;
}

/// All records, as bytes.
pub(crate) fn records() -> Vec<Vec<u8>> {
    // SAFETY: the record is as long as the C library's, which is compared with ours below.
    unsafe { utmpx::entries(getutxent, Utmpx::LAYOUT.size) }
}

const _: () = assert!(size_of::<libc::utmpx>() == Utmpx::LAYOUT.size);
