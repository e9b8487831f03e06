//! `/proc/meminfo`, `/proc/zoneinfo` and the lines of `/proc/vmstat` about swap.

use ps_core::Result;
use ps_core::mem::{SwapMemory, VirtualMemory};

use super::text::{columns, first_number, lines, number};
use super::{Units, malformed};

/// The lines of `/proc/meminfo` that tell about memory and swap, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemInfo {
    /// `MemTotal`.
    pub total: Option<u64>,
    /// `MemFree`.
    pub free: Option<u64>,
    /// `MemAvailable` (since 3.14).
    pub available: Option<u64>,
    /// `Buffers`.
    pub buffers: Option<u64>,
    /// `Cached`.
    pub cached: Option<u64>,
    /// `Shmem`, or `MemShared` on old kernels.
    pub shared: Option<u64>,
    /// `Active`.
    pub active: Option<u64>,
    /// `Inactive`.
    pub inactive: Option<u64>,
    /// `Active(file)`.
    pub active_file: Option<u64>,
    /// `Inactive(file)`.
    pub inactive_file: Option<u64>,
    /// `Slab`.
    pub slab: Option<u64>,
    /// `SReclaimable`.
    pub slab_reclaimable: Option<u64>,
}

/// How many lines [`decode_meminfo`] looks for.
const FIELDS: usize = 12;

/// Takes `/proc/meminfo` apart.
#[must_use]
pub fn decode_meminfo(text: &[u8]) -> MemInfo {
    let mut info = MemInfo::default();
    let mut old_shared = None;
    let mut left = FIELDS;
    for line in lines(text) {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let (key, value) = line.split_at(at);
        let value = value.get(1..).unwrap_or_default();
        let field = match key {
            b"MemTotal" => &mut info.total,
            b"MemFree" => &mut info.free,
            b"MemAvailable" => &mut info.available,
            b"Buffers" => &mut info.buffers,
            b"Cached" => &mut info.cached,
            b"Shmem" => &mut info.shared,
            b"MemShared" => {
                old_shared = first_number(value).map(|(kib, _)| kib.saturating_mul(1024));
                continue;
            }
            b"Active" => &mut info.active,
            b"Inactive" => &mut info.inactive,
            b"Active(file)" => &mut info.active_file,
            b"Inactive(file)" => &mut info.inactive_file,
            b"Slab" => &mut info.slab,
            b"SReclaimable" => &mut info.slab_reclaimable,
            _ => continue,
        };
        // The kernel's kB are 1024 bytes.
        let kib = first_number(value).map(|(kib, _)| kib);
        left = left.saturating_sub(usize::from(field.is_none() && kib.is_some()));
        *field = kib.map(|kib| kib.saturating_mul(1024));
        if left == 0 {
            // The file is more than twice as long as what is of use at its beginning.
            break;
        }
    }
    info.shared = info.shared.or(old_shared);
    info
}

impl MemInfo {
    /// Whether the kernel does not tell what is available, and it has to be estimated.
    #[must_use]
    pub fn needs_estimate(&self) -> bool {
        self.available.unwrap_or(0) == 0
    }

    /// The record for users. `low_watermarks` (bytes, see [`decode_low_watermarks`]) is needed only where
    /// [`needs_estimate`](Self::needs_estimate) says so.
    ///
    /// # Errors
    ///
    /// `Decode` if the total or what is free is missing.
    pub fn virtual_memory(&self, low_watermarks: Option<u64>) -> Result<VirtualMemory> {
        let missing = |what: &str| malformed("/proc/meminfo", format!("no {what}"));
        let total = self.total.ok_or_else(|| missing("MemTotal"))?;
        let free = self.free.ok_or_else(|| missing("MemFree"))?;
        let available = match self.available {
            Some(available) if available > 0 => available,
            _ => self.estimate(free, low_watermarks),
        };
        let mut memory = VirtualMemory::default();
        memory.total = total;
        // In containers whose meminfo is made up, the host's figure may stand beside the container's total.
        memory.available = if available > total { free } else { available }.min(total);
        memory.used = total.saturating_sub(memory.available);
        memory.free = free;
        memory.active = self.active;
        memory.inactive = self.inactive;
        memory.buffers = self.buffers;
        memory.cached =
            self.cached.map(|cached| cached.saturating_add(self.slab_reclaimable.unwrap_or(0)));
        memory.shared = self.shared;
        memory.slab = self.slab;
        Ok(memory)
    }

    /// What kernels since 3.14 compute themselves: what is free, and those parts of page cache and reclaimable
    /// slab that can be had before the zones run down to their low watermarks.
    fn estimate(&self, free: u64, low_watermarks: Option<u64>) -> u64 {
        let (Some(active), Some(inactive), Some(slab), Some(low)) =
            (self.active_file, self.inactive_file, self.slab_reclaimable, low_watermarks)
        else {
            return free.saturating_add(self.cached.unwrap_or(0));
        };
        let obtainable = |cache: u64| cache.saturating_sub((cache / 2).min(low));
        let have = free
            .saturating_add(obtainable(active.saturating_add(inactive)))
            .saturating_add(obtainable(slab));
        have.saturating_sub(low)
    }
}

/// Swap as it stands, from `/proc/meminfo`; `None` if the file does not speak of it.
#[must_use]
pub fn decode_swap(meminfo: &[u8]) -> Option<SwapMemory> {
    let [total, free] = pair(meminfo, b"Swap", [b"Total:", b"Free:"])?;
    // The kernel's kB are 1024 bytes.
    Some(swap_of(total.saturating_mul(1024), free.saturating_mul(1024)))
}

/// The numbers of two lines whose names begin alike; the rest of the text is not looked at.
fn pair(text: &[u8], common: &[u8], ends: [&[u8]; 2]) -> Option<[u64; 2]> {
    let mut found = [None; 2];
    for line in lines(text) {
        let Some(rest) = line.strip_prefix(common) else { continue };
        for (place, end) in found.iter_mut().zip(ends) {
            if let Some(value) = rest.strip_prefix(end) {
                *place = first_number(value).map(|(number, _)| number);
            }
        }
        if let [Some(one), Some(other)] = found {
            return Some([one, other]);
        }
    }
    None
}

/// Swap of a size, of which a part holds nothing.
#[must_use]
pub fn swap_of(total: u64, free: u64) -> SwapMemory {
    let mut swap = SwapMemory::default();
    swap.total = total;
    swap.free = free.min(total);
    swap.used = total.saturating_sub(swap.free);
    swap
}

/// The low watermarks of all zones added up, in bytes, from `/proc/zoneinfo`.
#[must_use]
pub fn decode_low_watermarks(zoneinfo: &[u8], units: Units) -> Option<u64> {
    let mut pages = None;
    for line in lines(zoneinfo) {
        let mut columns = columns(line);
        if columns.next() == Some(b"low")
            && let Some(low) = columns.next().and_then(number::<u64>)
        {
            pages = Some(pages.unwrap_or(0u64).saturating_add(low));
        }
    }
    pages.map(|pages| units.pages(pages))
}

/// Bytes brought back from swap and sent there since boot, from `/proc/vmstat`, which counts pages, or from its
/// beginning. `None` unless both are in it.
#[must_use]
pub fn decode_swap_traffic(vmstat: &[u8], units: Units) -> Option<(u64, u64)> {
    // A line whose end is not there may go on.
    let end = vmstat.iter().rposition(|byte| *byte == b'\n')?;
    let [came, went] = pair(vmstat.get(..end)?, b"pswp", [b"in ", b"out "])?;
    Some((units.pages(came), units.pages(went)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

    fn memory(text: &[u8], low: Option<u64>) -> VirtualMemory {
        decode_meminfo(text).virtual_memory(low).expect("decodes")
    }

    #[test]
    fn mem_keys_may_lack_the_blank_after_the_colon() {
        let info = decode_meminfo(b"MemTotal:8 kB\nMemFree: 4 kB\nActive(file):2 kB\n");
        assert_eq!((info.total, info.free, info.active_file), (Some(8192), Some(4096), Some(2048)));
    }

    #[test]
    fn mem_cached_includes_reclaimable_slab_and_missing_figures_are_none() {
        let text = b"MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 50 kB\nCached: 20 kB\nSReclaimable: 5 kB\n";
        let memory = memory(text, None);
        assert_eq!(memory.cached, Some(25 * 1024));
        assert_eq!(memory.used, 50 * 1024);
        assert_eq!(memory.percent(), 50.0);
        assert_eq!((memory.buffers, memory.active, memory.slab), (None, None, None));
    }

    #[test]
    fn mem_shared_is_taken_from_the_old_name_where_the_new_is_missing() {
        assert_eq!(decode_meminfo(b"MemShared: 3 kB\n").shared, Some(3072));
        assert_eq!(decode_meminfo(b"MemShared: 3 kB\nShmem: 4 kB\n").shared, Some(4096));
        assert_eq!(decode_meminfo(b"").shared, None);
    }

    #[test]
    fn mem_available_estimate_without_the_kernels_figure() {
        // 100 free, 40 low; page cache 60 of which 30 are kept; slab 20 of which 10 are kept.
        let text = b"MemTotal: 1000 kB\nMemFree: 100 kB\nActive(file): 20 kB\nInactive(file): 40 kB\nSReclaimable: 20 kB\n";
        assert_eq!(memory(text, Some(40 * 1024)).available, (100 - 40 + 30 + 10) * 1024);
        // Watermarks smaller than half of the caches are what is kept of them.
        assert_eq!(memory(text, Some(4 * 1024)).available, (100 - 4 + 56 + 16) * 1024);
        let zero = [&b"MemAvailable: 0 kB\n"[..], text].concat();
        assert_eq!(memory(&zero, Some(40 * 1024)).available, 100 * 1024);
    }

    #[test]
    fn mem_available_estimate_is_never_negative() {
        let text = b"MemTotal: 1000 kB\nMemFree: 1 kB\nActive(file): 0 kB\nInactive(file): 0 kB\nSReclaimable: 0 kB\n";
        assert_eq!(memory(text, Some(1 << 20)).available, 0);
    }

    #[test]
    fn mem_available_last_resort_is_free_and_cached() {
        let text = b"MemTotal: 1000 kB\nMemFree: 100 kB\nCached: 50 kB\n";
        assert_eq!(memory(text, Some(5)).available, 150 * 1024);
        let whole = b"MemTotal: 1000 kB\nMemFree: 100 kB\nCached: 50 kB\nActive(file): 20 kB\nInactive(file): 40 kB\nSReclaimable: 20 kB\n";
        assert_eq!(memory(whole, None).available, 150 * 1024);
    }

    #[test]
    fn mem_available_larger_than_total_is_replaced_by_free() {
        let text = b"MemTotal: 100 kB\nMemFree: 30 kB\nMemAvailable: 5000 kB\n";
        assert_eq!(memory(text, None).available, 30 * 1024);
        assert_eq!(memory(b"MemTotal: 1 kB\nMemFree: 9 kB\nMemAvailable: 9 kB\n", None).used, 0);
    }

    #[test]
    fn mem_used_is_what_is_not_available_and_never_negative() {
        let used = memory(b"MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: 60 kB\n", None);
        assert_eq!((used.used, used.percent()), (40 * 1024, 40.0));
        let all = memory(b"MemTotal: 100 kB\nMemFree: 100 kB\nMemAvailable: 100 kB\n", None);
        assert_eq!((all.used, all.percent()), (0, 0.0));
    }

    #[test]
    fn a_truncated_file_is_an_error_not_zero() {
        for text in [&b""[..], b"MemTot", b"MemTotal: 5 kB\n", b"MemTotal: x kB\nMemFree: 1 kB\n"] {
            assert!(decode_meminfo(text).virtual_memory(None).is_err(), "{text:?}");
        }
    }

    #[test]
    fn mem_no_swap_is_zeros() {
        let swap = decode_swap(b"SwapTotal: 0 kB\nSwapFree: 0 kB\n").expect("told");
        assert_eq!((swap.total, swap.used, swap.percent()), (0, 0, 0.0));
        assert_eq!(decode_swap(b"SwapTotal: 0 kB\n"), None);
    }

    #[test]
    fn mem_swap_traffic_is_pages_times_page_size() {
        let big = Units { page_size: 65_536, ..UNITS };
        let text = b"pswpin 2\npswpout 3\npswpin_other 9\n";
        assert_eq!(decode_swap_traffic(text, big), Some((131_072, 196_608)));
        for end in 0..text.len() {
            let told = decode_swap_traffic(&text[..end], big);
            assert_eq!(told.is_some(), end >= "pswpin 2\npswpout 3\n".len(), "{end}");
        }
        assert_eq!(decode_swap_traffic(b"nr_free_pages 1\n", big), None);
    }

    #[test]
    fn mem_watermarks_of_all_zones_add_up() {
        let text = b"Node 0, zone DMA\n  pages free 1\n        min      1\n        low      4\n        high 5\nNode 0, zone Normal\n        low      6\n      lowmem 9\n";
        assert_eq!(decode_low_watermarks(text, UNITS), Some(40_960));
        assert_eq!(decode_low_watermarks(b"", UNITS), None);
    }

    #[test]
    fn every_line_of_meminfo_is_a_figure_of_its_own() {
        let names = [
            "MemTotal",
            "MemFree",
            "MemAvailable",
            "Buffers",
            "Cached",
            "Shmem",
            "Active",
            "Inactive",
            "Active(file)",
            "Inactive(file)",
            "Slab",
            "SReclaimable",
        ];
        let text: String =
            (1..).zip(names).map(|(kib, name)| format!("{name}: {kib} kB\n")).collect();
        let info = decode_meminfo(text.as_bytes());
        let found = [
            info.total,
            info.free,
            info.available,
            info.buffers,
            info.cached,
            info.shared,
            info.active,
            info.inactive,
            info.active_file,
            info.inactive_file,
            info.slab,
            info.slab_reclaimable,
        ];
        assert_eq!(found, std::array::from_fn(|index| Some((index as u64 + 1) * 1024)));
        // One that cannot be read does not count as found.
        let again = text.replace("MemTotal: 1 kB", "MemTotal: x kB") + "MemTotal: 5 kB\n";
        assert_eq!(decode_meminfo(again.as_bytes()).total, Some(5 * 1024));
    }

    #[test]
    fn an_estimate_is_needed_where_the_kernel_tells_nothing_or_zero() {
        assert!(decode_meminfo(b"MemTotal: 5 kB\n").needs_estimate());
        assert!(decode_meminfo(b"MemAvailable: 0 kB\n").needs_estimate());
        assert!(!decode_meminfo(b"MemAvailable: 1 kB\n").needs_estimate());
    }

    #[test]
    fn all_of_it_may_be_available() {
        let text = b"MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 100 kB\n";
        assert_eq!(memory(text, None).available, 100 * 1024);
    }

    #[test]
    fn swap_that_is_used_is_what_is_not_free() {
        let swap = decode_swap(b"SwapTotal: 8 kB\nSwapFree: 6 kB\n").expect("told");
        assert_eq!((swap.total, swap.free, swap.used), (8192, 6144, 2048));
        assert_eq!(swap_of(5, 9).used, 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, kib: [u64; 6], low: u64) {
            let _ = (decode_low_watermarks(&bytes, UNITS), decode_swap_traffic(&bytes, UNITS));
            let _ = (decode_meminfo(&bytes).virtual_memory(None), decode_swap(&bytes));
            let [total, free, available, active, inactive, slab] = kib;
            let text = format!(
                "MemTotal: {total} kB\nMemFree: {free} kB\nMemAvailable: {available} kB\n\
                 Active(file): {active} kB\nInactive(file): {inactive} kB\nSReclaimable: {slab} kB\n"
            );
            let memory = memory(text.as_bytes(), Some(low));
            prop_assert!(memory.available <= memory.total && memory.used <= memory.total);
        }
    }
}
