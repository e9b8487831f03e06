//! Memory and swap, by `hw.physmem`, `vm.uvmexp`, the buffer cache's counters and `swapctl`.

use ps_core::Result;
use ps_core::mem::{MemBackend, SwapMemory, VirtualMemory};

use super::sys::swap;
use super::{OpenBsd, failed};
use crate::decode::openbsd::mem as decoded;
use crate::decode::unsigned;
use crate::raw::openbsd::mem::{
    Bcachestats, CTL_HW, CTL_VFS, CTL_VM, HW_PHYSMEM64, Uvmexp, VFS_BCACHESTAT, VFS_GENERIC,
    VM_METER, VM_UVMEXP, Vmtotal,
};
use crate::shared::sys::sysctl;

/// The counters of the virtual memory.
pub(super) fn uvmexp() -> Result<Uvmexp> {
    sysctl::read_record(&[CTL_VM, VM_UVMEXP]).map_err(failed("vm.uvmexp"))
}

impl MemBackend for OpenBsd {
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        let total: i64 =
            sysctl::read_value(&[CTL_HW, HW_PHYSMEM64]).map_err(failed("hw.physmem"))?;
        let cache: Bcachestats = sysctl::read_record(&[CTL_VFS, VFS_GENERIC, VFS_BCACHESTAT])
            .map_err(failed("vfs.generic.bcachestat"))?;
        let meter: Vmtotal =
            sysctl::read_record(&[CTL_VM, VM_METER]).map_err(failed("vm.vmmeter"))?;
        Ok(decoded::virtual_memory(unsigned(total), &uvmexp()?, &cache, &meter, self.units()))
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        let devices = swap::devices().map_err(failed("swapctl"))?;
        decoded::swap_memory(&devices, &uvmexp()?, self.units())
    }
}
