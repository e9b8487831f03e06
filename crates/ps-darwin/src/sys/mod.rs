//! Calls. The only place in this crate with `unsafe`; what leaves it is owned and safe.

pub(crate) mod addresses;
pub(crate) mod iokit;
pub(crate) mod kqueue;
pub(crate) mod libproc;
pub(crate) mod logins;
pub(crate) mod mach;
pub(crate) mod malloc;
pub(crate) mod mounts;
pub(crate) mod signal;
pub(crate) mod sysctl;

use std::io;

/// Zero, or the error that the call left.
fn ret_zero(returned: libc::c_int) -> io::Result<()> {
    if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A length above zero, or the error that the call left, which may be none: some calls fail and say nothing.
fn ret_len(returned: libc::c_int) -> io::Result<usize> {
    match usize::try_from(returned) {
        Ok(length) if length > 0 => Ok(length),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Forgets the error of an earlier call, which one that fails and says nothing would leave standing.
fn clear_errno() {
    nix::errno::Errno::clear();
}
