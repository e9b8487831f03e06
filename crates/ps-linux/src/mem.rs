//! Physical memory and swap of the machine.

pub use ps_core::mem::*;

use ps_core::{Context, Error, Result};

use crate::decode::mem as decode;
use crate::file;
use crate::kept::Kept;
use crate::root::Linux;

impl MemBackend for Linux {
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        self.decode_kept(Kept::Meminfo, |text| {
            let info = decode::decode_meminfo(text);
            let watermarks = info
                .needs_estimate()
                .then(|| file::peek(&self.proc_path("zoneinfo")))
                .flatten()
                .and_then(|zones| decode::decode_low_watermarks(&zones, self.units()));
            info.virtual_memory(watermarks)
        })
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        let told = self.decode_kept(Kept::Meminfo, |text| Ok(decode::decode_swap(text)))?;
        let mut swap = match told {
            Some(swap) => swap,
            None => self.swap_by_call()?,
        };
        // A kernel without the file, or without the lines, does not count it.
        if let Ok(Some((came, went))) =
            self.find_kept(Kept::Vmstat, |text| decode::decode_swap_traffic(text, self.units()))
        {
            (swap.swapped_in, swap.swapped_out) = (Some(came), Some(went));
        }
        Ok(swap)
    }

    /// Bytes that the calling process can still get without swapping: the least of what the machine has available
    /// and of what its control groups leave. At a root that is not the caller's own, the same for its process 1.
    fn available_memory(&self) -> Result<u64> {
        let machine = self.virtual_memory()?.available;
        let groups = self.own_place()?.memory_available();
        Ok(groups.map_or(machine, |groups| groups.min(machine)))
    }
}

impl Linux {
    fn swap_by_call(&self) -> Result<SwapMemory> {
        self.check_own("swap_memory")?;
        let info = nix::sys::sysinfo::sysinfo()
            .map_err(|errno| Error::io(Context::new("sysinfo"), errno.into()))?;
        Ok(decode::swap_of(info.swap_total(), info.swap_free()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mem_swap_by_call_says_the_same_as_the_file() {
        let linux = Linux::new();
        let (file, call) =
            (linux.swap_memory().expect("read"), linux.swap_by_call().expect("asked"));
        assert_eq!(file.total, call.total);
        // Others may swap meanwhile: 64 MiB.
        assert!(file.free.abs_diff(call.free) <= 64 << 20, "{file:?} {call:?}");
    }
}
