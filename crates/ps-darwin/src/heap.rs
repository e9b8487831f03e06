//! The C allocator of the calling program.

pub use ps_core::heap::*;

use ps_core::Result;

use crate::backend::Darwin;
use crate::decode::heap as decode;
use crate::sys;

impl HeapBackend for Darwin {
    fn heap_info(&self) -> Result<HeapInfo> {
        decode::decode_zones(&sys::malloc::statistics())
    }

    fn heap_trim(&self) -> Result<()> {
        sys::malloc::relieve();
        Ok(())
    }
}
