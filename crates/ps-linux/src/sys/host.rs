//! What the C library of this build knows about the machine.

use crate::decode::host::utmp::Form;

/// The form in which this machine's C library writes login records.
pub(crate) fn login_record_form() -> Form {
    // The record of glibc on 64-bit ARM, and of musl, whose sizes are not those of other machines.
    if size_of::<libc::utmpx>() == 400 { Form::Long } else { Form::Short }
}
