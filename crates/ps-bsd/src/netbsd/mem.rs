//! Memory and swap, by `vm.uvmexp2`, `vm.vmmeter` and `swapctl`.

use ps_core::Result;
use ps_core::mem::{MemBackend, SwapMemory, VirtualMemory};

use super::sys::swap;
use super::{NetBsd, failed};
use crate::decode::netbsd::mem as decoded;
use crate::raw::netbsd::mem::{CTL_VM, UvmexpSysctl, VM_METER, VM_UVMEXP2, Vmtotal};
use crate::shared::sys::sysctl;

/// The counters of the virtual memory.
pub(super) fn uvmexp() -> Result<UvmexpSysctl> {
    sysctl::read_record(&[CTL_VM, VM_UVMEXP2]).map_err(failed("vm.uvmexp2"))
}

impl MemBackend for NetBsd {
    /// What is shared is counted anew every five seconds only.
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        let meter: Vmtotal =
            sysctl::read_record(&[CTL_VM, VM_METER]).map_err(failed("vm.vmmeter"))?;
        decoded::virtual_memory(&uvmexp()?, &meter)
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        let devices = swap::devices().map_err(failed("swapctl"))?;
        decoded::swap_memory(&devices, &uvmexp()?)
    }
}
