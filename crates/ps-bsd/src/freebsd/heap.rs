//! The C allocator, jemalloc.

use ps_core::Result;
use ps_core::heap::{HeapBackend, HeapInfo};

use super::sys::heap::ALLOCATOR;
use super::{FreeBsd, failed};
use crate::pair::heap;

impl HeapBackend for FreeBsd {
    fn heap_info(&self) -> Result<HeapInfo> {
        heap::info(ALLOCATOR, failed)
    }

    fn heap_trim(&self) -> Result<()> {
        heap::flush(ALLOCATOR);
        // `MALLCTL_ARENAS_ALL`.
        ALLOCATOR.act(c"arena.4096.purge").map_err(failed("mallctl arena.4096.purge"))
    }
}
