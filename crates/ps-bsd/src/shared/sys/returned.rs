//! What calls return when they fail.

use std::io;

/// The result of a call that returns −1 if it failed.
pub(crate) fn checked(returned: libc::c_int) -> io::Result<libc::c_int> {
    match returned {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(value),
    }
}
