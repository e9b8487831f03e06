//! The C allocator, jemalloc, by `mallctl`.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::{io, ptr};

use ps_core::raw::Value;

/// `jemalloc(3)`: asks by name, tells the answer, takes a new value.
pub(crate) type Mallctl = unsafe extern "C" fn(
    name: *const c_char,
    old: *mut c_void,
    old_length: *mut usize,
    new: *mut c_void,
    new_length: usize,
) -> c_int;

/// The allocator of the C library.
#[derive(Clone, Copy)]
pub(crate) struct Allocator(Mallctl);

/// The result of a call that returns the number of the failure.
fn done(returned: c_int) -> io::Result<()> {
    match returned {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

impl Allocator {
    /// The one that this function controls.
    ///
    /// # Safety
    ///
    /// It must be jemalloc's `mallctl`, by whatever name.
    pub(crate) const unsafe fn new(mallctl: Mallctl) -> Allocator {
        Allocator(mallctl)
    }

    /// Does something that takes and gives nothing.
    pub(crate) fn act(self, name: &CStr) -> io::Result<()> {
        let none = ptr::null_mut();
        // SAFETY: `name` ends with a NUL and outlives the call; null pointers say that nothing is taken or given.
        done(unsafe { (self.0)(name.as_ptr(), none, ptr::null_mut(), none, 0) })
    }

    /// Has the figures brought up to date.
    pub(crate) fn refresh(self) -> io::Result<()> {
        let mut epoch = 1_u64;
        let new = ptr::from_mut(&mut epoch).cast();
        let (none, size) = (ptr::null_mut(), size_of::<u64>());
        // SAFETY: eight bytes are read from `epoch`, which is as long as that and lives here; nothing is given.
        done(unsafe { (self.0)(c"epoch".as_ptr(), none, ptr::null_mut(), new, size) })
    }

    /// A figure of `T`'s length; one that has another is refused (`EINVAL`).
    pub(crate) fn figure<T: Value>(self, name: &CStr) -> io::Result<T> {
        // As well aligned as any figure.
        let mut place = 0_u64;
        let mut length = T::SHAPE.size.min(size_of::<u64>());
        let old = ptr::from_mut(&mut place).cast();
        let none = ptr::null_mut();
        // SAFETY: `name` ends with a NUL; a number of `length` bytes is written to `place`, which has no fewer, and
        // both live here. Nothing is taken.
        done(unsafe { (self.0)(name.as_ptr(), old, &mut length, none, 0) })?;
        Ok(T::load(place.to_ne_bytes().get(..T::SHAPE.size).unwrap_or_default()))
    }
}
