//! The database of login sessions.

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

/// The C library has one place in the database for the whole program: whoever reads it must be alone. This is the one
/// lock that is held across system calls; the file itself has no format that is promised to anyone.
static CURSOR: Mutex<()> = Mutex::new(());

unsafe extern "C" {
    /// `<utmpx.h>`: goes back to the first entry.
    fn setutxent();
    /// Closes the database.
    fn endutxent();
}

/// `getutxent`, whose symbol differs: the next entry, `struct utmpx`, or null. It stays as it is until the next call.
pub(crate) type Next = unsafe extern "C" fn() -> *mut c_void;

/// All entries, as bytes.
///
/// # Safety
///
/// `next` must be the C library's `getutxent`, and its entries must have no less than `size` bytes.
pub(crate) unsafe fn entries(next: Next, size: usize) -> Vec<Vec<u8>> {
    let alone = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    let mut entries = Vec::new();
    // SAFETY: takes and gives nothing; the lock keeps other callers of this module out.
    unsafe { setutxent() };
    loop {
        // SAFETY: as above; what it returns is null or points to an entry that stays as it is until the next call.
        let entry = unsafe { next() };
        if entry.is_null() {
            break;
        }
        // SAFETY: an entry has `size` bytes, as the caller promises; it is static memory of the C library, all of
        // which was written to when the entry was read, and it is copied before the next call.
        let bytes = unsafe { std::slice::from_raw_parts(entry.cast_const().cast::<u8>(), size) };
        entries.push(bytes.to_vec());
    }
    // SAFETY: as above.
    unsafe { endutxent() };
    drop(alone);
    entries
}
