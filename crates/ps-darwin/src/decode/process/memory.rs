//! Memory of a process: what the kernel accounts to it, and what it has for itself.

use ps_core::process::{MemoryFootprint, MemoryInfo, MemoryInfoEx};
use ps_core::raw::{Record as _, Value as _};

use crate::decode::Units;
use crate::raw::files::*;
use crate::raw::process::{RusageInfoV2, TaskVmInfo};

/// More figures of its memory: what `proc_pid_rusage` tells, and what the task tells where it may be asked.
#[must_use]
pub fn extended(info: MemoryInfo, rusage: &RusageInfoV2, task: Option<&[u8]>) -> MemoryInfoEx {
    let mut more = MemoryInfoEx::default();
    more.info = info;
    more.wired = Some(rusage.ri_wired_size);
    more.phys_footprint = Some(rusage.ri_phys_footprint);
    let Some(answer) = task else { return more };
    let record = TaskVmInfo::from_prefix(answer);
    // A kernel fills in whole revisions; the first ends behind what is taken here, but for one field.
    if answer.len() < FIRST_REVISION {
        return more;
    }
    more.peak_rss = Some(record.resident_size_peak.max(info.rss));
    more.rss_anon = Some(record.internal);
    more.rss_file = Some(record.external);
    more.compressed = Some(record.compressed);
    more
}

/// `TASK_VM_INFO_REV0_COUNT` in bytes: up to `compressed_lifetime`.
const FIRST_REVISION: usize = TaskVmInfo::SHAPE.size - 8;

/// Where programs of each architecture have the libraries of the system, which all of them share
/// (`osfmk/mach/shared_region.h`): first address and size.
const SHARED_ARM: (u64, u64) = (0x1_8000_0000, 0x1_8000_0000);
/// From macOS 13 on; where the region was before lies inside of it.
const SHARED_INTEL: (u64, u64) = (0x7ff8_0000_0000, 0x7_fe00_0000);

/// How the memory of one process is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Layout {
    /// Bytes in the pages that what a region has for itself, and shares, is counted in.
    page_size: u64,
    /// The region of the system's libraries.
    shared: (u64, u64),
}

impl Layout {
    /// Of a process that is, or is not, an Intel program on ARM.
    ///
    /// Where libraries lie is up to the program. The pages that are taken here are those of the kernel, whatever the
    /// pages of the process and of the caller are (`vm_map_region_top_walk` in `osfmk/vm/vm_map.c`); others of a region,
    /// as `pri_pages_resident`, are not.
    #[must_use]
    pub fn of(units: Units, translated: bool) -> Layout {
        let intel = translated || !units.arm;
        Layout {
            page_size: units.kernel_page_size,
            shared: if intel { SHARED_INTEL } else { SHARED_ARM },
        }
    }

    fn is_shared(&self, address: u64) -> bool {
        let (base, size) = self.shared;
        address.checked_sub(base).is_some_and(|offset| offset < size)
    }

    /// Resident bytes of a region that nobody else has.
    #[must_use]
    pub fn own_bytes(&self, region: &ProcRegioninfo) -> u64 {
        let mode = i32::try_from(region.pri_share_mode).unwrap_or_default();
        if self.is_shared(region.pri_address) && mode != SM_PRIVATE {
            return 0;
        }
        let private = u64::from(region.pri_private_pages_resident);
        let shared = u64::from(region.pri_shared_pages_resident);
        let pages = match mode {
            SM_PRIVATE | SM_LARGE_PAGE => private.saturating_add(shared),
            // The rest is shared with whoever it was copied from, unless those have gone.
            SM_COW if region.pri_ref_count == 1 => private.saturating_add(shared),
            SM_COW => private,
            _ => 0,
        };
        pages.saturating_mul(self.page_size)
    }
}

/// Where to look for the region after this one; `None` if that would lead nowhere.
#[must_use]
pub fn after(region: &ProcRegioninfo) -> Option<u64> {
    let next = region.pri_address.checked_add(region.pri_size)?;
    (next > region.pri_address).then_some(next)
}

/// What a process would set free, from its regions.
#[must_use]
pub fn footprint(uss: u64) -> MemoryFootprint {
    let mut footprint = MemoryFootprint::default();
    footprint.uss = uss;
    footprint
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARM: Units = Units { kernel_page_size: 16384, mach_hz: 24_000_000, arm: true };
    const INTEL: Units = Units { kernel_page_size: 4096, mach_hz: 1_000_000_000, arm: false };

    fn region(mode: i32, address: u64, references: u32) -> ProcRegioninfo {
        let mut region = ProcRegioninfo::zeroed();
        region.pri_share_mode = mode.cast_unsigned();
        region.pri_address = address;
        region.pri_size = 0x4000;
        region.pri_ref_count = references;
        region.pri_private_pages_resident = 3;
        region.pri_shared_pages_resident = 5;
        region
    }

    #[test]
    fn what_a_region_has_for_itself_depends_on_how_it_is_shared() {
        let own = |mode, references| {
            Layout::of(INTEL, false).own_bytes(&region(mode, 0x1000, references)) / 4096
        };
        assert_eq!((own(SM_PRIVATE, 9), own(SM_LARGE_PAGE, 9)), (8, 8));
        assert_eq!((own(SM_COW, 1), own(SM_COW, 2)), (8, 3));
        for mode in [SM_EMPTY, SM_SHARED, SM_TRUESHARED, SM_PRIVATE_ALIASED, SM_SHARED_ALIASED, 0] {
            assert_eq!(own(mode, 1), 0, "{mode}");
        }
    }

    #[test]
    fn libraries_of_the_system_are_left_out_on_every_architecture() {
        let own = |layout: Layout, mode, address| layout.own_bytes(&region(mode, address, 1));
        let arm = Layout::of(ARM, false);
        assert_eq!(own(arm, SM_COW, 0x1_8000_0000), 0);
        assert_eq!(own(arm, SM_COW, 0x2_ffff_c000), 0);
        assert_ne!(own(arm, SM_COW, 0x3_0000_0000), 0);
        assert_ne!(own(arm, SM_PRIVATE, 0x1_8000_0000), 0);
        let intel = Layout::of(INTEL, false);
        assert_eq!(own(intel, SM_COW, 0x7fff_2000_0000), 0);
        assert_ne!(own(intel, SM_COW, 0x1_8000_0000), 0);
    }

    #[test]
    fn a_translated_program_has_the_regions_of_intel_and_is_counted_in_the_kernel_s_pages() {
        let translated = Layout::of(ARM, true);
        assert_eq!(translated.own_bytes(&region(SM_COW, 0x7ff8_0000_0000, 1)), 0);
        assert_eq!(translated.own_bytes(&region(SM_PRIVATE, 0x1000, 1)), 8 * 16384);
        assert_eq!(Layout::of(ARM, false).own_bytes(&region(SM_PRIVATE, 0x1000, 1)), 8 * 16384);
    }

    #[test]
    fn a_walk_ends_where_it_would_not_go_on() {
        let mut last = region(SM_PRIVATE, 0x1000, 1);
        assert_eq!(after(&last), Some(0x5000));
        last.pri_size = 0;
        assert_eq!(after(&last), None);
        last.pri_size = u64::MAX;
        assert_eq!(after(&last), None);
    }

    #[test]
    fn only_what_would_be_set_free_is_told_of_a_footprint() {
        let told = footprint(8 * 4096);
        assert_eq!((told.uss, told.pss, told.swap, told.dirty), (32768, None, None, None));
    }

    fn rusage() -> RusageInfoV2 {
        let mut rusage = RusageInfoV2::zeroed();
        rusage.ri_wired_size = 11;
        rusage.ri_phys_footprint = 22;
        rusage
    }

    #[test]
    fn a_task_that_may_not_be_asked_leaves_its_figures_unknown() {
        let mut info = MemoryInfo::default();
        info.rss = 50;
        let more = extended(info, &rusage(), None);
        assert_eq!((more.wired, more.phys_footprint, more.info.rss), (Some(11), Some(22), 50));
        assert_eq!((more.compressed, more.peak_rss, more.rss_anon), (None, None, None));
        assert_eq!(extended(info, &rusage(), Some(&[0xff; FIRST_REVISION - 4])), more);
    }

    #[test]
    fn a_task_tells_the_rest() {
        let mut task = TaskVmInfo::zeroed();
        task.resident_size_peak = 40;
        task.internal = 1;
        task.external = 2;
        task.compressed = 3;
        let mut info = MemoryInfo::default();
        info.rss = 50;
        let more = extended(info, &rusage(), Some(&task.to_bytes()));
        // A peak that lags is raised to what is there now.
        assert_eq!(more.peak_rss, Some(50));
        assert_eq!((more.rss_anon, more.rss_file, more.compressed), (Some(1), Some(2), Some(3)));
        let older = extended(info, &rusage(), Some(&task.to_bytes()[..FIRST_REVISION]));
        assert_eq!(older, more);
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300), translated: bool,
        ) {
            let region = ProcRegioninfo::from_prefix(&bytes);
            let _ = (Layout::of(ARM, translated).own_bytes(&region), after(&region));
            let rusage = RusageInfoV2::from_prefix(&bytes);
            let _ = extended(MemoryInfo::default(), &rusage, Some(&bytes));
        }
    }
}
