//! `sysctl` by name: the name is looked up, then asked by number.

use std::io;

use ps_core::raw::Value;

use crate::pair::sys::named::mib;
use crate::raw::freebsd::host::{CTL_SYSCTL, CTL_SYSCTL_OIDFMT};
use crate::shared::sys::sysctl;

/// An answer of unknown length.
pub(crate) fn read(name: &str) -> io::Result<Vec<u8>> {
    sysctl::read(&mib(name, &[])?)
}

/// An answer that is one number.
pub(crate) fn value<T: Value>(name: &str) -> io::Result<T> {
    sysctl::read_value(&mib(name, &[])?)
}

/// A number together with the format that the kernel has for it.
pub(crate) fn formatted(name: &str) -> io::Result<(i32, Vec<u8>)> {
    let numbers = mib(name, &[])?;
    let format = sysctl::read(&[&[CTL_SYSCTL, CTL_SYSCTL_OIDFMT][..], &numbers].concat())?;
    Ok((sysctl::read_value(&numbers)?, format))
}
