//! Physical memory and swap.

use ps_core::Result;
use ps_core::mem::{SwapMemory, VirtualMemory};
use ps_core::raw::Record as _;

use super::{Units, malformed, short};
use crate::raw::mem::{VmStatistics64, XswUsage};

/// How much of the record the oldest kernels fill in (`HOST_VM_INFO64_REV0_COUNT`): up to `speculative_count`.
const REV0: usize = 96;
/// The figures of the compressor came with the next revision; a kernel fills in the whole of it, or nothing.
const REV1: usize = 152;

/// Memory of the machine, from the total in bytes and the kernel's counts of pages as far as it told them.
pub fn decode_vm_statistics(total: u64, answer: &[u8], units: Units) -> Result<VirtualMemory> {
    let counts = counts(answer)?;
    let pages = |count: u32| units.kernel_pages(u64::from(count));
    let mut memory = VirtualMemory::default();
    memory.total = total;
    memory.available =
        pages(counts.inactive_count).saturating_add(pages(counts.free_count)).min(total);
    memory.used = pages(counts.active_count).saturating_add(pages(counts.wire_count));
    // Pages read ahead count as free to the kernel, but hold something.
    memory.free = pages(counts.free_count.saturating_sub(counts.speculative_count));
    memory.active = Some(pages(counts.active_count));
    memory.inactive = Some(pages(counts.inactive_count));
    memory.wired = Some(pages(counts.wire_count));
    memory.compressed = has_compressor(answer).then(|| pages(counts.compressor_page_count));
    Ok(memory)
}

/// Swap of the machine, from `vm.swapusage`, and its traffic from the kernel's counts of pages.
///
/// Traffic is `swapins` and `swapouts`. The neighbouring `pageins` and `pageouts` count file pages as well.
pub fn decode_swap(usage: &[u8], answer: &[u8], units: Units) -> Result<SwapMemory> {
    let usage = XswUsage::from_bytes(usage).map_err(short)?;
    let counts = counts(answer)?;
    let traffic = |pages| has_compressor(answer).then(|| units.kernel_pages(pages));
    let mut swap = SwapMemory::default();
    // Bytes already.
    swap.total = usage.xsu_total;
    swap.used = usage.xsu_used;
    swap.free = usage.xsu_avail;
    swap.swapped_in = traffic(counts.swapins);
    swap.swapped_out = traffic(counts.swapouts);
    Ok(swap)
}

fn counts(answer: &[u8]) -> Result<VmStatistics64> {
    if answer.len() < REV0 {
        let reason = format!("{} bytes of at least {REV0}", answer.len());
        return Err(malformed("host_statistics64 HOST_VM_INFO64", reason));
    }
    Ok(VmStatistics64::from_prefix(answer))
}

fn has_compressor(answer: &[u8]) -> bool {
    answer.len() >= REV1
}

/// Physical memory in bytes, from `hw.memsize`.
pub fn decode_memsize(answer: &[u8]) -> Result<u64> {
    let size = super::number(answer).and_then(|size| u64::try_from(size).ok());
    size.filter(|size| *size > 0).ok_or_else(|| malformed("hw.memsize", "no memory in it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: Units = Units { kernel_page_size: 16384, mach_hz: 24_000_000, arm: true };
    const PAGE: u64 = 16384;

    fn answer() -> Vec<u8> {
        let mut counts = VmStatistics64::zeroed();
        counts.free_count = 100;
        counts.active_count = 200;
        counts.inactive_count = 300;
        counts.wire_count = 50;
        counts.speculative_count = 40;
        counts.pageins = 1_000_000;
        counts.pageouts = 2_000_000;
        counts.swapins = 7;
        counts.swapouts = 9;
        counts.compressor_page_count = 60;
        counts.to_bytes()
    }

    #[test]
    fn pages_are_those_of_the_kernel_even_for_a_translated_caller() {
        let memory = decode_vm_statistics(1 << 40, &answer(), UNITS).expect("decodes");
        assert_eq!((memory.available, memory.used), (400 * PAGE, 250 * PAGE));
        assert_eq!((memory.free, memory.active), (60 * PAGE, Some(200 * PAGE)));
        assert_eq!((memory.inactive, memory.wired), (Some(300 * PAGE), Some(50 * PAGE)));
        assert_eq!((memory.compressed, memory.cached), (Some(60 * PAGE), None));
    }

    #[test]
    fn swap_traffic_leaves_file_pages_out_and_sizes_are_bytes() {
        let usage = XswUsage {
            xsu_total: 3 << 30,
            xsu_avail: 1 << 30,
            xsu_used: 2 << 30,
            xsu_pagesize: 4096,
            xsu_encrypted: [1, 0, 0, 0],
        };
        let swap = decode_swap(&usage.to_bytes(), &answer(), UNITS).expect("decodes");
        assert_eq!((swap.total, swap.used, swap.free), (3 << 30, 2 << 30, 1 << 30));
        assert_eq!((swap.swapped_in, swap.swapped_out), (Some(7 * PAGE), Some(9 * PAGE)));
    }

    #[test]
    fn an_older_kernel_tells_less_and_a_newer_one_more() {
        let older = decode_vm_statistics(1 << 40, &answer()[..REV0], UNITS).expect("decodes");
        assert_eq!((older.used, older.compressed), (250 * PAGE, None));
        let usage = XswUsage::zeroed().to_bytes();
        let swap = decode_swap(&usage, &answer()[..REV0], UNITS).expect("decodes");
        assert_eq!((swap.swapped_in, swap.swapped_out), (None, None));
        let mut newer = answer();
        newer.resize(4096, 0xff);
        let newer = decode_vm_statistics(1 << 40, &newer, UNITS).expect("decodes");
        assert_eq!(newer.compressed, Some(60 * PAGE));
        assert!(decode_vm_statistics(1 << 40, &answer()[..REV0 - 4], UNITS).is_err());
    }

    #[test]
    fn the_revisions_end_where_their_last_fields_do() {
        let end = |name| {
            let field = VmStatistics64::LAYOUT.fields.iter().find(|field| field.name == name);
            field.map(|field| field.offset + field.shape.size)
        };
        assert_eq!(end("speculative_count"), Some(REV0));
        assert_eq!(end("total_uncompressed_pages_in_compressor"), Some(REV1));
    }

    #[test]
    fn more_than_there_is_cannot_be_available() {
        assert_eq!(decode_vm_statistics(5, &answer(), UNITS).expect("decodes").available, 5);
    }

    #[test]
    fn no_memory_is_an_error_and_not_zero() {
        assert_eq!(decode_memsize(&u64::to_ne_bytes(1 << 34)).expect("decodes"), 1 << 34);
        assert!(decode_memsize(&[0; 8]).is_err() && decode_memsize(&[]).is_err());
        assert!(decode_memsize(&[0xff; 8]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(
            usage in prop::collection::vec(any::<u8>(), 0..40),
            answer in prop::collection::vec(any::<u8>(), 0..500),
            total: u64,
        ) {
            if let Ok(memory) = decode_vm_statistics(total, &answer, UNITS) {
                prop_assert!(memory.available <= total);
            }
            let _ = (decode_swap(&usage, &answer, UNITS), decode_memsize(&usage));
        }
    }
}
