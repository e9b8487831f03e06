//! The database of login sessions.

use std::sync::{Mutex, PoisonError};

use ps_core::raw::Record as _;

use crate::raw::freebsd::host::Utmpx;

/// The C library has one place in the database for the whole program: whoever reads it must be alone. This is the one
/// lock that is held across system calls; the file itself has no format that is promised to anyone.
static CURSOR: Mutex<()> = Mutex::new(());

/// All records, as bytes.
pub(crate) fn records() -> Vec<Vec<u8>> {
    let alone = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    let mut records = Vec::new();
    // SAFETY: takes and gives nothing; the lock keeps other callers of this module out.
    unsafe { libc::setutxent() };
    loop {
        // SAFETY: as above; what it returns is null or points to a record that stays as it is until the next call.
        let record = unsafe { libc::getutxent() };
        if record.is_null() {
            break;
        }
        // SAFETY: the record is as long as the C library's, which is compared with ours below, and it is copied
        // before the next call. All of its bytes were written when it was read.
        let bytes = unsafe { std::slice::from_raw_parts(record.cast::<u8>(), Utmpx::LAYOUT.size) };
        records.push(bytes.to_vec());
    }
    // SAFETY: as above.
    unsafe { libc::endutxent() };
    drop(alone);
    records
}

const _: () = assert!(size_of::<libc::utmpx>() == Utmpx::LAYOUT.size);
