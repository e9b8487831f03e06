//! Physical memory and swap.

pub use ps_core::mem::*;

use ps_core::{Context, Result};

use crate::backend::{Darwin, read_name};
use crate::decode::mem as decode;
use crate::{errno, sys};

impl MemBackend for Darwin {
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        let total = decode::decode_memsize(&read_name("sysctl hw.memsize", c"hw.memsize")?)?;
        decode::decode_vm_statistics(total, &vm_statistics()?, self.units()?)
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        let usage = read_name("sysctl vm.swapusage", c"vm.swapusage")?;
        decode::decode_swap(&usage, &vm_statistics()?, self.units()?)
    }
}

fn vm_statistics() -> Result<Vec<u8>> {
    sys::mach::vm_statistics().map_err(|source| {
        errno::of_system(source, Context::new("host_statistics64 HOST_VM_INFO64"))
    })
}
