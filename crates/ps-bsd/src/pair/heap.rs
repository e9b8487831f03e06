//! The C allocator, jemalloc.

use std::io;

use ps_core::heap::HeapInfo;
use ps_core::{Error, Result};

use super::sys::heap::Allocator;

/// Hands back what the calling thread keeps for itself. One that keeps nothing cannot (`EFAULT`).
pub(crate) fn flush(allocator: Allocator) {
    let _ = allocator.act(c"thread.tcache.flush");
}

/// What programs hold of it; `failed` says what a failure of a question by this name means.
pub(crate) fn info<F: FnOnce(io::Error) -> Error>(
    allocator: Allocator,
    failed: fn(&'static str) -> F,
) -> Result<HeapInfo> {
    flush(allocator);
    allocator.refresh().map_err(failed("mallctl epoch"))?;
    let used: u64 =
        allocator.figure(c"stats.allocated").map_err(failed("mallctl stats.allocated"))?;
    let mapped: u64 = allocator.figure(c"stats.mapped").map_err(failed("mallctl stats.mapped"))?;
    let mut info = HeapInfo::default();
    (info.heap_used, info.mmap_used) = (used, Some(mapped));
    Ok(info)
}
