//! The database of login sessions.

use std::ffi::c_void;

use ps_core::raw::Record as _;

use crate::pair::sys::utmpx;
use crate::raw::netbsd::host::Utmpx;

unsafe extern "C" {
    /// `<utmpx.h>`. This is the symbol that the header gives it since times have 64 bits (NetBSD 6); the one without a
    /// number answers with shorter entries.
    #[link_name = "__getutxent50"]
    fn getutxent() -> *mut c_void;
}

/// All entries.
pub(crate) fn entries() -> Vec<Utmpx> {
    // SAFETY: the size is compared with the header's.
    let entries = unsafe { utmpx::entries(getutxent, Utmpx::LAYOUT.size) };
    entries.iter().map(|bytes| Utmpx::from_prefix(bytes)).collect()
}
