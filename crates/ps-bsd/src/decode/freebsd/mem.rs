//! Memory and swap, from `vm.stats.vm`, `vm.vmtotal` and `vm.swap_info`.

use ps_core::mem::{SwapMemory, VirtualMemory};
use ps_core::raw::Record as _;
use ps_core::{Error, Result};

use crate::decode::{Units, malformed, too_short, unsigned};
use crate::raw::freebsd::mem::{XSWDEV_VERSION, Xswdev};

/// Counts that the kernel keeps apart, in pages unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Counts {
    /// All memory, in bytes.
    pub total_bytes: u64,
    /// `v_active_count`.
    pub active: u64,
    /// `v_inactive_count`.
    pub inactive: u64,
    /// `v_wire_count`.
    pub wired: u64,
    /// `v_cache_count`; 0 on releases that have no such pages any more.
    pub cache: u64,
    /// `v_free_count`.
    pub free: u64,
    /// `t_rmshr`.
    pub shared: u64,
    /// `vfs.bufspace`, in bytes.
    pub buffers_bytes: u64,
}

/// Physical memory. Pages that are inactive, cached or free can be had; those on their way to being written
/// (laundry) count neither as that nor as used.
#[must_use]
pub fn virtual_memory(counts: &Counts, units: Units) -> VirtualMemory {
    let sum = |parts: [u64; 3]| parts.into_iter().fold(0, u64::saturating_add);
    let mut memory = VirtualMemory::default();
    memory.total = counts.total_bytes;
    memory.available =
        units.pages(sum([counts.inactive, counts.cache, counts.free])).min(counts.total_bytes);
    memory.used = units.pages(sum([counts.active, counts.wired, counts.cache]));
    memory.free = units.pages(counts.free);
    memory.active = Some(units.pages(counts.active));
    memory.inactive = Some(units.pages(counts.inactive));
    memory.wired = Some(units.pages(counts.wired));
    memory.cached = Some(units.pages(counts.cache));
    memory.buffers = Some(counts.buffers_bytes);
    memory.shared = Some(units.pages(counts.shared));
    memory
}

/// One swap device, in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct SwapDevice {
    /// All of it.
    pub total: u64,
    /// In use.
    pub used: u64,
}

/// A swap device from an answer of `vm.swap_info.N`. Of each, `reserved` blocks (`vm.dmmax`, where the release has
/// it) are not given out.
///
/// # Errors
///
/// A record of another version.
pub fn swap_device(answer: &[u8], reserved: u64) -> Result<SwapDevice> {
    let device = Xswdev::from_bytes(answer).map_err(|short| too_short(&short))?;
    if device.xsw_version != XSWDEV_VERSION.cast_unsigned() {
        let reason = format!("version {}, not {XSWDEV_VERSION}", device.xsw_version);
        return Err::<_, Error>(malformed("struct xswdev", reason));
    }
    Ok(SwapDevice {
        total: unsigned(i64::from(device.xsw_nblks)).saturating_sub(reserved),
        used: unsigned(i64::from(device.xsw_used)),
    })
}

/// Swap of all devices together. Traffic is that of pages to and from swap (`v_swappgsin`, `v_swappgsout`), not that
/// of files and not the number of operations.
#[must_use]
pub fn swap_memory(
    devices: &[SwapDevice],
    pages_in: Option<u64>,
    pages_out: Option<u64>,
    units: Units,
) -> SwapMemory {
    let sum =
        |field: fn(&SwapDevice) -> u64| devices.iter().map(field).fold(0, u64::saturating_add);
    let mut swap = SwapMemory::default();
    swap.total = units.pages(sum(|device| device.total));
    swap.used = units.pages(sum(|device| device.used));
    swap.free = swap.total.saturating_sub(swap.used);
    swap.swapped_in = pages_in.map(|pages| units.pages(pages));
    swap.swapped_out = pages_out.map(|pages| units.pages(pages));
    swap
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 127 };

    #[test]
    fn pages_become_bytes_and_bytes_stay() {
        let counts = Counts {
            total_bytes: 100 * 4096,
            active: 10,
            inactive: 20,
            wired: 30,
            cache: 1,
            free: 5,
            shared: 2,
            buffers_bytes: 77,
        };
        let memory = virtual_memory(&counts, UNITS);
        assert_eq!((memory.available, memory.used), (26 * 4096, 41 * 4096));
        assert_eq!((memory.buffers, memory.shared), (Some(77), Some(2 * 4096)));
        assert_eq!(memory.percent(), 74.0);
    }

    #[test]
    fn more_is_never_available_than_there_is() {
        let counts = Counts { total_bytes: 4096, free: u64::MAX, inactive: 9, ..Counts::default() };
        assert_eq!(virtual_memory(&counts, UNITS).available, 4096);
    }

    fn device(version: u32, blocks: i32, used: i32) -> Vec<u8> {
        let mut device = Xswdev::zeroed();
        (device.xsw_version, device.xsw_nblks, device.xsw_used) = (version, blocks, used);
        device.to_bytes()
    }

    #[test]
    fn swap_traffic_is_pages_in_bytes() {
        let one = swap_device(&device(2, 1000, 40), 32).expect("reads");
        assert_eq!(one, SwapDevice { total: 968, used: 40 });
        // The references count operations and the traffic of files, and not in bytes.
        let swap = swap_memory(&[one, one], Some(7), None, UNITS);
        assert_eq!((swap.total, swap.used), (2 * 968 * 4096, 2 * 40 * 4096));
        assert_eq!((swap.swapped_in, swap.swapped_out), (Some(7 * 4096), None));
    }

    #[test]
    fn no_devices_are_no_swap_and_not_an_error() {
        let none = swap_memory(&[], Some(0), Some(0), UNITS);
        assert_eq!((none.total, none.free, none.percent()), (0, 0, 0.0));
    }

    #[test]
    fn another_version_or_a_cut_record_is_an_error() {
        assert!(swap_device(&device(3, 1, 1), 0).is_err());
        assert!(swap_device(&device(2, 1, 1)[..31], 0).is_err());
        let odd = swap_device(&device(2, -1, -1), 9).expect("reads");
        assert_eq!(odd, SwapDevice::default());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_swap_device_laid_out_by_the_systems_headers_is_read() {
        let answer = include_bytes!("../../../fixtures/records/freebsd-swap.bin");
        let device = swap_device(answer, 0).expect("reads");
        assert_eq!(device, SwapDevice { total: 524_288, used: 1024 });
    }
}
