//! The C allocator, jemalloc.

use ps_core::Result;
use ps_core::heap::{HeapBackend, HeapInfo};

use super::sys::heap as sys;
use super::{FreeBsd, failed};

/// Hands back what the calling thread keeps for itself. One that keeps nothing cannot (`EFAULT`).
fn flush() {
    let _ = sys::act(c"thread.tcache.flush");
}

impl HeapBackend for FreeBsd {
    fn heap_info(&self) -> Result<HeapInfo> {
        flush();
        sys::refresh().map_err(failed("mallctl epoch"))?;
        let mut info = HeapInfo::default();
        info.heap_used =
            sys::figure(c"stats.allocated").map_err(failed("mallctl stats.allocated"))?;
        info.mmap_used =
            Some(sys::figure(c"stats.mapped").map_err(failed("mallctl stats.mapped"))?);
        Ok(info)
    }

    fn heap_trim(&self) -> Result<()> {
        flush();
        // `MALLCTL_ARENAS_ALL`.
        sys::act(c"arena.4096.purge").map_err(failed("mallctl arena.4096.purge"))
    }
}
