//! Login records.

use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

/// The C library has one place in the file for the whole program: whoever reads keeps others from moving it.
/// Nothing else in this crate holds a lock while it calls.
static PLACE: Mutex<()> = Mutex::new(());

/// All login records, one after the other.
pub(crate) fn all() -> Vec<u8> {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut records = Vec::new();
    // SAFETY: `place` keeps other threads of this crate away from what the call changes.
    unsafe { libc::setutxent() };
    loop {
        // SAFETY: as above.
        let record = unsafe { libc::getutxent() };
        let Some(record) = NonNull::new(record) else { break };
        let record = record.cast::<[u8; size_of::<libc::utmpx>()]>();
        // SAFETY: the library hands out a whole record that stays until the next call, all of whose bytes it has
        // set; it is copied before that.
        let bytes = unsafe { record.as_ref() };
        records.extend_from_slice(bytes);
    }
    // SAFETY: as above.
    unsafe { libc::endutxent() };
    drop(place);
    records
}

const _: () = assert!(size_of::<libc::utmpx>() == size_of::<crate::raw::host::Utmpx>());
