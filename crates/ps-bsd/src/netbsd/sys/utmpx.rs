//! The database of login sessions.

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use ps_core::raw::Record as _;

use crate::raw::netbsd::host::Utmpx;

/// The C library has one place in the database for the whole program: whoever reads it must be alone. This is the one
/// lock that is held across system calls; the file itself has no format that is promised to anyone.
static CURSOR: Mutex<()> = Mutex::new(());

unsafe extern "C" {
    /// `<utmpx.h>`: goes back to the first entry.
    fn setutxent();
    /// The next entry, `struct utmpx`, or null. Stays as it is until the next call.
    fn getutxent() -> *const c_void;
    /// Closes the database.
    fn endutxent();
}

/// All entries.
pub(crate) fn entries() -> Vec<Utmpx> {
    let alone = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    let mut entries = Vec::new();
    // SAFETY: takes and gives nothing; the lock keeps other callers of this module out.
    unsafe { setutxent() };
    loop {
        // SAFETY: as above; what it returns is null or points to an entry that stays as it is until the next call.
        let entry = unsafe { getutxent() };
        if entry.is_null() {
            break;
        }
        // SAFETY: an entry is a `struct utmpx`, whose size is compared with the header's; it is static memory of the C
        // library, all of which is written to, and it is copied before the next call.
        let bytes = unsafe { std::slice::from_raw_parts(entry.cast::<u8>(), Utmpx::LAYOUT.size) };
        entries.push(Utmpx::from_prefix(bytes));
    }
    // SAFETY: as above.
    unsafe { endutxent() };
    drop(alone);
    entries
}
