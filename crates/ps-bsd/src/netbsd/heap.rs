//! The C allocator, jemalloc.

use std::ffi::CString;

use ps_core::Result;
use ps_core::heap::{HeapBackend, HeapInfo};

use super::sys::heap as sys;
use super::{NetBsd, failed};

/// Hands back what the calling thread keeps for itself. One that keeps nothing cannot (`EFAULT`).
fn flush() {
    let _ = sys::act(c"thread.tcache.flush");
}

impl HeapBackend for NetBsd {
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
        for arena in 0..sys::arenas().map_err(failed("mallctl arenas.narenas"))? {
            let name = CString::new(format!("arena.{arena}.purge")).unwrap_or_default();
            match sys::act(&name) {
                Ok(()) => {}
                // A place that holds no arena.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EFAULT | libc::ENOENT)) => {
                }
                Err(error) => return Err(failed("mallctl arena.purge")(error)),
            }
        }
        Ok(())
    }
}
