//! `sysctl` by name: the name is looked up, then asked by number.

use std::ffi::CString;
use std::io;

use ps_core::raw::Value;

use crate::raw::freebsd::host::{CTL_MAXNAME, CTL_SYSCTL, CTL_SYSCTL_OIDFMT};
use crate::shared::sys::{checked, sysctl};

/// The numbers of a name, with `more` behind them.
pub(crate) fn mib(name: &str, more: &[i32]) -> io::Result<Vec<i32>> {
    let name = CString::new(name)?;
    let mut numbers = vec![0; CTL_MAXNAME as usize];
    let mut count = numbers.len();
    // SAFETY: `name` ends with a NUL and outlives the call; at most `count` numbers are written to `numbers`, which
    // has room for that many, and how many they were is stored in `count`, which lives here.
    checked(unsafe { libc::sysctlnametomib(name.as_ptr(), numbers.as_mut_ptr(), &mut count) })?;
    numbers.truncate(count);
    numbers.extend_from_slice(more);
    Ok(numbers)
}

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
