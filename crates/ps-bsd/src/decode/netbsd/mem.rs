//! Memory and swap (`vm.uvmexp2`, `vm.vmmeter`, `swapctl`).

use ps_core::Result;
use ps_core::mem::{SwapMemory, VirtualMemory};
use ps_core::raw::{Record, each};

use crate::decode::{malformed, too_short, unsigned};
use crate::raw::netbsd::mem::{DEV_BSIZE, SWF_ENABLE, Swapent, UvmexpSysctl, Vmtotal};

/// Bytes of so many pages; the record says how large a page is.
fn pages(uvmexp: &UvmexpSysctl, count: i64) -> Result<u64> {
    let shift = u32::try_from(uvmexp.pageshift).ok().filter(|shift| (1..48).contains(shift));
    let shift = shift.ok_or_else(|| malformed("struct uvmexp_sysctl", "no size of a page"))?;
    Ok(unsigned(count).saturating_mul(1 << shift))
}

/// Physical memory. What is free, not used recently and cached can together be more than there is, so that what is
/// available is what is neither in use nor pinned.
pub fn virtual_memory(uvmexp: &UvmexpSysctl, meter: &Vmtotal) -> Result<VirtualMemory> {
    let of = |count| pages(uvmexp, count);
    let (active, wired) = (of(uvmexp.active)?, of(uvmexp.wired)?);
    let mut memory = VirtualMemory::default();
    memory.total = of(uvmexp.npages)?;
    memory.used = active.saturating_add(wired);
    memory.available = memory.total.saturating_sub(memory.used);
    memory.free = of(uvmexp.free)?;
    memory.active = Some(active);
    memory.inactive = Some(of(uvmexp.inactive)?);
    memory.wired = Some(wired);
    memory.buffers = Some(of(uvmexp.filepages)?);
    // Anonymous pages are no cache.
    memory.cached = Some(of(uvmexp.filepages)?.saturating_add(of(uvmexp.execpages)?));
    memory.shared = Some(of(meter.t_rmshr.into())?);
    Ok(memory)
}

/// The size of a record about a swap device.
pub const SWAP_STRIDE: usize = Swapent::LAYOUT.size;

/// Swap from the devices in an answer of `swapctl`, and its traffic.
pub fn swap_memory(answer: &[u8], uvmexp: &UvmexpSysctl) -> Result<SwapMemory> {
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
    swap.swapped_in = Some(pages(uvmexp, uvmexp.pgswapin)?);
    swap.swapped_out = Some(pages(uvmexp, uvmexp.pgswapout)?);
    Ok(swap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uvmexp() -> UvmexpSysctl {
        UvmexpSysctl { pageshift: 12, ..UvmexpSysctl::zeroed() }
    }

    #[test]
    fn what_is_available_is_never_more_than_there_is() {
        // Counted twice: free, inactive and file pages together are more than all pages.
        let full = UvmexpSysctl {
            npages: 100,
            free: 60,
            inactive: 50,
            filepages: 40,
            execpages: 5,
            anonpages: 30,
            active: 20,
            wired: 10,
            ..uvmexp()
        };
        let meter = Vmtotal { t_rmshr: 3, ..Vmtotal::zeroed() };
        let memory = virtual_memory(&full, &meter).expect("has a page size");
        assert_eq!((memory.total, memory.used), (100 << 12, 30 << 12));
        assert_eq!(memory.available, 70 << 12);
        assert_eq!((memory.buffers, memory.cached), (Some(40 << 12), Some(45 << 12)));
        assert_eq!((memory.shared, memory.free), (Some(3 << 12), 60 << 12));
        let odd = UvmexpSysctl { npages: 10, active: 20, ..uvmexp() };
        assert_eq!(virtual_memory(&odd, &Vmtotal::zeroed()).map(|one| one.available).ok(), Some(0));
    }

    #[test]
    fn a_page_of_no_size_is_an_error_and_not_zero() {
        for shift in [0, -1, 64, i64::MAX] {
            let none = UvmexpSysctl { pageshift: shift, ..uvmexp() };
            assert!(virtual_memory(&none, &Vmtotal::zeroed()).is_err(), "{shift}");
        }
        let huge = UvmexpSysctl { npages: i64::MAX, ..uvmexp() };
        assert_eq!(
            virtual_memory(&huge, &Vmtotal::zeroed()).map(|one| one.total).ok(),
            Some(u64::MAX)
        );
    }

    #[test]
    fn only_enabled_devices_count_and_traffic_is_in_bytes() {
        let device = |flags, blocks, used| Swapent {
            se_flags: flags,
            se_nblks: blocks,
            se_inuse: used,
            ..Swapent::zeroed()
        };
        let answer =
            [device(SWF_ENABLE, 1000, 10), device(0, 5000, 50)].map(|one| one.to_bytes()).concat();
        let traffic = UvmexpSysctl { pgswapin: 3, pgswapout: 4, ..uvmexp() };
        let swap = swap_memory(&answer, &traffic).expect("whole");
        assert_eq!((swap.total, swap.used, swap.free), (512_000, 5120, 506_880));
        assert_eq!((swap.swapped_in, swap.swapped_out), (Some(12_288), Some(16_384)));
        assert_eq!(swap_memory(&[], &uvmexp()).map(|none| none.total).ok(), Some(0));
        assert!(swap_memory(&answer[..answer.len() - 1], &traffic).is_err());
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let counters = include_bytes!("../../../fixtures/records/netbsd-memory.bin");
        let uvmexp = UvmexpSysctl::from_bytes(counters).expect("whole");
        let memory = virtual_memory(&uvmexp, &Vmtotal::zeroed()).expect("has a page size");
        assert_eq!((memory.total, memory.used, memory.free), (1000 << 12, 30 << 12, 60 << 12));
        assert_eq!((memory.inactive, memory.cached), (Some(50 << 12), Some(45 << 12)));
        let devices = include_bytes!("../../../fixtures/records/netbsd-swap.bin");
        let swap = swap_memory(devices, &uvmexp).expect("whole");
        assert_eq!((swap.total, swap.used, swap.free), (512_000, 5120, 506_880));
        assert_eq!((swap.swapped_in, swap.swapped_out), (Some(12_288), Some(16_384)));
        let stats = crate::decode::netbsd::cpu::cpu_stats(&uvmexp);
        assert_eq!(stats.context_switches, Some(0x2_0000_0002));
        assert_eq!((stats.interrupts, stats.soft_interrupts), (Some(0x1_0000_0001), Some(33)));
    }
}
