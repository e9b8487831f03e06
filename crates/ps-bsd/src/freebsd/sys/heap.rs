//! The C allocator, jemalloc.

use crate::pair::sys::heap::Allocator;

/// The C library's.
// SAFETY: this is the function of jemalloc.
pub(crate) const ALLOCATOR: Allocator = unsafe { Allocator::new(libc::mallctl) };
