//! Names of `sysctl` as numbers.

use std::ffi::CString;
use std::io;

use crate::shared::sys::checked;

/// As many numbers as a name can have, and more (`CTL_MAXNAME` is 24 or less).
const MOST: usize = 24;

/// The numbers of a name, with `more` behind them.
pub(crate) fn mib(name: &str, more: &[i32]) -> io::Result<Vec<i32>> {
    let name = CString::new(name)?;
    let mut numbers = vec![0; MOST];
    let mut count = numbers.len();
    // SAFETY: `name` ends with a NUL and outlives the call; at most `count` numbers are written to `numbers`, which
    // has room for that many, and how many they were is stored in `count`, which lives here.
    checked(unsafe { libc::sysctlnametomib(name.as_ptr(), numbers.as_mut_ptr(), &mut count) })?;
    numbers.truncate(count);
    numbers.extend_from_slice(more);
    Ok(numbers)
}
