//! Memory and swap (`hw.physmem`, `vm.uvmexp`, `vfs.generic.bcachestat`, `vm.vmmeter`, `swapctl`).

use ps_core::Result;
use ps_core::mem::{SwapMemory, VirtualMemory};
use ps_core::raw::{Record, each};

use crate::decode::{Units, too_short, unsigned};
use crate::raw::openbsd::mem::{Bcachestats, DEV_BSIZE, SWF_ENABLE, Swapent, Uvmexp, Vmtotal};

/// Physical memory. The buffer cache holds metadata and content alike.
#[must_use]
pub fn virtual_memory(
    total: u64,
    uvmexp: &Uvmexp,
    cache: &Bcachestats,
    meter: &Vmtotal,
    units: Units,
) -> VirtualMemory {
    let pages = |count: i32| units.pages(count.cast_unsigned().into());
    let cached = units.pages(unsigned(cache.numbufpages));
    let (free, active) = (pages(uvmexp.free), pages(uvmexp.active));
    let (inactive, wired) = (pages(uvmexp.inactive), pages(uvmexp.wired));
    let mut memory = VirtualMemory::default();
    memory.total = total;
    memory.available = inactive.saturating_add(cached).saturating_add(free).min(total);
    memory.used = active.saturating_add(wired).saturating_add(cached);
    memory.free = free;
    memory.active = Some(active);
    memory.inactive = Some(inactive);
    memory.buffers = Some(cached);
    memory.cached = Some(cached);
    // Kernels that do not find it out say 0 (`uvm_total` in `sys/uvm/uvm_meter.c`): that is not a figure.
    memory.shared = Some(units.pages(meter.t_rmshr.into())).filter(|shared| *shared != 0);
    memory.wired = Some(wired);
    memory
}

/// The size of a record about a swap device.
pub const SWAP_STRIDE: usize = Swapent::LAYOUT.size;

/// Swap from the devices in an answer of `swapctl`, and its traffic.
pub fn swap_memory(answer: &[u8], uvmexp: &Uvmexp, units: Units) -> Result<SwapMemory> {
    let mut swap = SwapMemory::default();
    for device in each::<Swapent>(answer, SWAP_STRIDE) {
        let device = device.map_err(|short| too_short(&short))?;
        if device.se_flags & SWF_ENABLE == 0 {
            continue;
        }
        let bytes = |blocks: i32| unsigned(blocks.into()) * u64::from(DEV_BSIZE.unsigned_abs());
        swap.total = swap.total.saturating_add(bytes(device.se_nblks));
        swap.used = swap.used.saturating_add(bytes(device.se_inuse));
    }
    swap.free = swap.total.saturating_sub(swap.used);
    swap.swapped_in = Some(units.pages(uvmexp.pgswapin.cast_unsigned().into()));
    swap.swapped_out = Some(units.pages(uvmexp.pgswapout.cast_unsigned().into()));
    Ok(swap)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 128 };

    fn device(flags: i32, blocks: i32, used: i32) -> Swapent {
        Swapent { se_flags: flags, se_nblks: blocks, se_inuse: used, ..Swapent::zeroed() }
    }

    #[test]
    fn what_is_available_can_be_taken_back_without_swapping() {
        let uvmexp = Uvmexp { free: 1, active: 2, inactive: 4, wired: 8, ..Uvmexp::zeroed() };
        let cache = Bcachestats { numbufpages: 16, ..Bcachestats::zeroed() };
        let memory = virtual_memory(1 << 20, &uvmexp, &cache, &Vmtotal::zeroed(), UNITS);
        assert_eq!((memory.available, memory.used), (21 * 4096, 26 * 4096));
        assert_eq!((memory.buffers, memory.cached), (Some(16 * 4096), Some(16 * 4096)));
        assert_eq!((memory.wired, memory.inactive), (Some(8 * 4096), Some(4 * 4096)));
        let small = virtual_memory(4096, &uvmexp, &cache, &Vmtotal::zeroed(), UNITS);
        assert_eq!(small.available, 4096, "never more than there is");
    }

    #[test]
    fn shared_memory_that_the_kernel_does_not_count_is_none_and_not_zero() {
        let of = |pages| {
            let meter = Vmtotal { t_rmshr: pages, ..Vmtotal::zeroed() };
            virtual_memory(1, &Uvmexp::zeroed(), &Bcachestats::zeroed(), &meter, UNITS).shared
        };
        assert_eq!((of(0), of(2)), (None, Some(8192)));
    }

    #[test]
    fn only_enabled_devices_count_in_blocks_of_512_bytes() {
        let answer =
            [device(SWF_ENABLE, 1000, 10), device(0, 5000, 50)].map(|one| one.to_bytes()).concat();
        let swap = swap_memory(&answer, &Uvmexp::zeroed(), UNITS).expect("whole");
        assert_eq!((swap.total, swap.used, swap.free), (512_000, 5120, 506_880));
        let none = swap_memory(&[], &Uvmexp::zeroed(), UNITS).expect("none");
        assert_eq!((none.total, none.percent()), (0, 0.0));
    }

    #[test]
    fn swap_traffic_is_in_bytes_and_never_negative() {
        let uvmexp = Uvmexp { pgswapin: 3, pgswapout: -1, ..Uvmexp::zeroed() };
        let swap = swap_memory(&[], &uvmexp, UNITS).expect("none");
        assert_eq!(swap.swapped_in, Some(12_288));
        assert_eq!(swap.swapped_out, Some(u64::from(u32::MAX) * 4096));
    }

    #[test]
    fn a_cut_record_is_an_error_and_odd_numbers_do_not_overflow() {
        let whole = device(SWF_ENABLE, i32::MAX, i32::MIN).to_bytes();
        assert!(swap_memory(&whole[..whole.len() - 1], &Uvmexp::zeroed(), UNITS).is_err());
        let swap = swap_memory(&whole, &Uvmexp::zeroed(), UNITS).expect("whole");
        assert_eq!((swap.used, swap.free), (0, swap.total));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let counters = include_bytes!("../../../fixtures/records/openbsd-memory.bin");
        let uvmexp = Uvmexp::from_bytes(counters).expect("whole");
        let cache = Bcachestats { numbufpages: 16, ..Bcachestats::zeroed() };
        let memory = virtual_memory(1 << 20, &uvmexp, &cache, &Vmtotal::zeroed(), UNITS);
        assert_eq!((memory.available, memory.used, memory.free), (21 * 4096, 26 * 4096, 4096));
        let devices = include_bytes!("../../../fixtures/records/openbsd-swap.bin");
        let swap = swap_memory(devices, &uvmexp, UNITS).expect("whole");
        assert_eq!((swap.total, swap.used, swap.free), (512_000, 5120, 506_880));
        assert_eq!((swap.swapped_in, swap.swapped_out), (Some(12_288), Some(20_480)));
        let stats = crate::decode::openbsd::cpu::cpu_stats(&uvmexp);
        assert_eq!((stats.context_switches, stats.syscalls), (Some(22), Some(44)));
        assert_eq!(stats.interrupts, Some(u64::from(u32::MAX)));
    }
}
