//! The C allocator, jemalloc.

use std::ffi::{c_char, c_int, c_void};

use crate::pair::sys::heap::Allocator;

unsafe extern "C" {
    /// `jemalloc(3)`, `<malloc_np.h>`.
    fn mallctl(
        name: *const c_char,
        old: *mut c_void,
        old_length: *mut usize,
        new: *mut c_void,
        new_length: usize,
    ) -> c_int;
}

/// The C library's.
// SAFETY: this is the function of jemalloc.
pub(crate) const ALLOCATOR: Allocator = unsafe { Allocator::new(mallctl) };
