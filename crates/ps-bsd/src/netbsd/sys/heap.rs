//! The C allocator, jemalloc, by `mallctl`.

use std::ffi::{CStr, c_char, c_void};
use std::{io, ptr};

unsafe extern "C" {
    /// `jemalloc(3)`: asks by name, tells the answer, takes a new value. Of NetBSD's two libraries that have it, the C
    /// library has it under this name; the plain name is in `libjemalloc`, which programs do not link as a rule.
    #[link_name = "__je_mallctl"]
    fn mallctl(
        name: *const c_char,
        old: *mut c_void,
        old_length: *mut usize,
        new: *mut c_void,
        new_length: usize,
    ) -> libc::c_int;
}

/// The result of a call that returns the number of the failure.
fn done(returned: libc::c_int) -> io::Result<()> {
    match returned {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Does something that takes and gives nothing.
pub(crate) fn act(name: &CStr) -> io::Result<()> {
    let none = ptr::null_mut();
    // SAFETY: `name` ends with a NUL and outlives the call; null pointers say that nothing is taken or given.
    done(unsafe { mallctl(name.as_ptr(), none, ptr::null_mut(), none, 0) })
}

/// Has the figures brought up to date.
pub(crate) fn refresh() -> io::Result<()> {
    let mut epoch = 1_u64;
    let new = ptr::from_mut(&mut epoch).cast();
    let none = ptr::null_mut();
    // SAFETY: eight bytes are read from `epoch`, which is as long as that and lives here; nothing is given.
    done(unsafe { mallctl(c"epoch".as_ptr(), none, ptr::null_mut(), new, size_of::<u64>()) })
}

/// A figure.
pub(crate) fn figure(name: &CStr) -> io::Result<u64> {
    let mut figure = 0_usize;
    let mut length = size_of::<usize>();
    let old = ptr::from_mut(&mut figure).cast();
    // SAFETY: `name` ends with a NUL; at most `length` bytes are written to `figure`, which is as long as that, and
    // both live here. Nothing is taken.
    done(unsafe { mallctl(name.as_ptr(), old, &mut length, ptr::null_mut(), 0) })?;
    Ok(figure as u64)
}

/// How many places for arenas there are.
pub(crate) fn arenas() -> io::Result<u32> {
    let mut count = 0_u32;
    let mut length = size_of::<u32>();
    let old = ptr::from_mut(&mut count).cast();
    let name = c"arenas.narenas".as_ptr();
    // SAFETY: at most `length` bytes are written to `count`, which is as long as that, and both live here. Nothing is
    // taken.
    done(unsafe { mallctl(name, old, &mut length, ptr::null_mut(), 0) })?;
    Ok(count)
}
