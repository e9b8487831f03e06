//! The C allocator of the calling program.

pub use ps_core::heap::*;

use ps_core::{Error, Result};

use crate::root::Linux;
use crate::sys;

impl HeapBackend for Linux {
    fn heap_info(&self) -> Result<HeapInfo> {
        sys::heap::info().ok_or_else(|| Error::unsupported("heap_info"))
    }

    fn heap_trim(&self) -> Result<()> {
        sys::heap::trim().ok_or_else(|| Error::unsupported("heap_trim"))
    }
}
