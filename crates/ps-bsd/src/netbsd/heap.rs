//! The C allocator, jemalloc.

use std::ffi::CString;

use ps_core::Result;
use ps_core::heap::{HeapBackend, HeapInfo};

use super::sys::heap::ALLOCATOR;
use super::{NetBsd, failed};
use crate::pair::heap;

impl HeapBackend for NetBsd {
    fn heap_info(&self) -> Result<HeapInfo> {
        heap::info(ALLOCATOR, failed)
    }

    fn heap_trim(&self) -> Result<()> {
        heap::flush(ALLOCATOR);
        let arenas: u32 =
            ALLOCATOR.figure(c"arenas.narenas").map_err(failed("mallctl arenas.narenas"))?;
        for arena in 0..arenas {
            let name = CString::new(format!("arena.{arena}.purge")).unwrap_or_default();
            match ALLOCATOR.act(&name) {
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
