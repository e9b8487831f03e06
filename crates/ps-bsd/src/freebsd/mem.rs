//! Memory and swap, by `vm.stats.vm`, `vm.vmtotal` and `vm.swap_info`.

use ps_core::Result;
use ps_core::mem::{MemBackend, SwapMemory, VirtualMemory};

use super::cpu::counter;
use super::sys::named;
use super::{FreeBsd, failed, if_there};
use crate::decode::freebsd::mem::{self as decoded, Counts};
use crate::decode::{malformed, unsigned};
use crate::pair::sys::named::mib;
use crate::raw::freebsd::mem::{CTL_HW, CTL_VM, HW_PHYSMEM, VM_TOTAL, Vmtotal};
use crate::shared::sys::sysctl;

/// A counter that every kernel has.
fn needed(name: &'static str) -> Result<u64> {
    counter(name)?.ok_or_else(|| malformed(name, "the kernel does not have it"))
}

impl MemBackend for FreeBsd {
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        let totals: Vmtotal =
            sysctl::read_record(&[CTL_VM, VM_TOTAL]).map_err(failed("vm.vmtotal"))?;
        let counts = Counts {
            total_bytes: sysctl::read_value(&[CTL_HW, HW_PHYSMEM]).map_err(failed("hw.physmem"))?,
            active: needed("vm.stats.vm.v_active_count")?,
            inactive: needed("vm.stats.vm.v_inactive_count")?,
            wired: needed("vm.stats.vm.v_wire_count")?,
            cache: counter("vm.stats.vm.v_cache_count")?.unwrap_or(0),
            free: needed("vm.stats.vm.v_free_count")?,
            shared: totals.t_rmshr,
            buffers_bytes: counter("vfs.bufspace")?.unwrap_or(0),
        };
        Ok(decoded::virtual_memory(&counts, self.units()))
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        let reserved = if_there("vm.dmmax", named::value::<i32>("vm.dmmax"))?;
        let reserved = unsigned(i64::from(reserved.unwrap_or(0)));
        let mut devices = Vec::new();
        if let Some(question) = if_there("vm.swap_info", mib("vm.swap_info", &[0]))? {
            let (_, before) = question.split_last().unwrap_or((&0, &[]));
            // The list ends where there is no such device.
            for number in 0.. {
                let asked = sysctl::read(&[before, &[number]].concat());
                let Some(answer) = if_there("vm.swap_info", asked)? else { break };
                devices.push(decoded::swap_device(&answer, reserved)?);
            }
        }
        let pages_in = counter("vm.stats.vm.v_swappgsin")?;
        let pages_out = counter("vm.stats.vm.v_swappgsout")?;
        Ok(decoded::swap_memory(&devices, pages_in, pages_out, self.units()))
    }
}
