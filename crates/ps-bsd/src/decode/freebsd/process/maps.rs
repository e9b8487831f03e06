//! Mappings of a process, from `kern.proc.vmmap`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::process::MemoryMap;

use crate::decode::{Units, too_short};
use crate::raw::freebsd::files::{self as raw, KinfoVmentry};

/// The mappings of an answer, by ascending address. Sizes of resident pages come in pages and are told in bytes.
pub fn memory_map(answer: &[u8], units: Units) -> impl Iterator<Item = Result<MemoryMap>> {
    raw::mappings(answer)
        .map(move |entry| entry.map(|entry| map(&entry, units)).map_err(|short| too_short(&short)))
}

fn map(entry: &KinfoVmentry, units: Units) -> MemoryMap {
    let mut map = MemoryMap::default();
    map.start = entry.kve_start;
    map.end = entry.kve_end;
    map.permissions = permissions(entry);
    map.offset = entry.kve_offset;
    map.path = Some(match entry.path() {
        b"" => OsString::from(label(entry.kve_type)),
        path => OsStr::from_bytes(path).to_owned(),
    });
    if i32::from(entry.kve_status) & raw::KF_ATTR_VALID != 0 {
        // `kve_vn_fsid`, the member of the union that files have.
        map.device = Some(u64::from_ne_bytes(entry.kve_type_spec.0));
        map.inode = Some(entry.kve_vn_fileid);
    }
    map.sizes.size = entry.kve_end.saturating_sub(entry.kve_start);
    map.sizes.rss = Some(units.signed_pages(i64::from(entry.kve_resident)));
    map.sizes.private = Some(units.signed_pages(i64::from(entry.kve_private_resident)));
    map.sizes.ref_count = u64::try_from(entry.kve_ref_count).ok();
    map.sizes.shadow_count = u64::try_from(entry.kve_shadow_count).ok();
    map
}

/// Access as in `r-xp`. Copies are made on write of what is private; what is not is shared.
fn permissions(entry: &KinfoVmentry) -> String {
    let has = |bit: i32, letter: char| if entry.kve_protection & bit != 0 { letter } else { '-' };
    let private = entry.kve_flags & raw::KVME_FLAG_COW != 0;
    [
        has(raw::KVME_PROT_READ, 'r'),
        has(raw::KVME_PROT_WRITE, 'w'),
        has(raw::KVME_PROT_EXEC, 'x'),
        if private { 'p' } else { 's' },
    ]
    .into_iter()
    .collect()
}

/// What stands for the path of memory that no file is behind.
fn label(kind: i32) -> &'static str {
    match kind {
        raw::KVME_TYPE_NONE => "[none]",
        raw::KVME_TYPE_DEFAULT | raw::KVME_TYPE_SWAP => "[anon]",
        raw::KVME_TYPE_VNODE => "[vnode]",
        raw::KVME_TYPE_DEVICE => "[device]",
        raw::KVME_TYPE_PHYS => "[phys]",
        raw::KVME_TYPE_DEAD => "[dead]",
        raw::KVME_TYPE_SG => "[sg]",
        raw::KVME_TYPE_MGTDEVICE => "[mgtdevice]",
        raw::KVME_TYPE_GUARD => "[guard]",
        _ => "[unknown]",
    }
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use proptest::prelude::*;
    use ps_core::raw::{Record as _, Value as _};

    use super::*;

    const MAPPINGS: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-mappings.bin");
    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 127 };

    fn answer() -> Vec<u8> {
        let entry = |whole: &[u8]| {
            let length = usize::try_from(i32::load(whole)).expect("a length");
            whole[..length].to_vec()
        };
        MAPPINGS.chunks(KinfoVmentry::LAYOUT.size).flat_map(entry).collect()
    }

    #[test]
    fn resident_pages_are_told_in_bytes() {
        let maps: Vec<_> = memory_map(&answer(), UNITS).map(|map| map.expect("reads")).collect();
        let first = &maps[0];
        // Both references had pages here at some time.
        assert_eq!((first.sizes.rss, first.sizes.private), (Some(3 * 4096), Some(4096)));
        assert_eq!((first.sizes.size, first.start), (0x3000, 0x20_0000));
        assert_eq!(first.path.as_deref(), Some(OsStr::new("/bin/sh")));
        assert!(first.permissions.starts_with("r-x"));
        assert_eq!((maps[1].sizes.ref_count, maps[1].sizes.shadow_count), (Some(2), Some(4)));
        let label = maps[1].path.as_deref().and_then(OsStr::to_str).expect("a label");
        assert!(label.starts_with('[') && label.ends_with(']'), "{label}");
    }

    #[test]
    fn a_mapping_without_a_path_is_labelled_by_its_type() {
        let labels = [
            "[none]",
            "[anon]",
            "[vnode]",
            "[anon]",
            "[device]",
            "[phys]",
            "[dead]",
            "[sg]",
            "[mgtdevice]",
            "[guard]",
            "[unknown]",
        ];
        assert_eq!((0..=10).map(label).collect::<Vec<_>>(), labels);
        assert_eq!(label(raw::KVME_TYPE_UNKNOWN), "[unknown]");
    }

    #[test]
    fn what_is_copied_on_write_is_private() {
        let mut entry = KinfoVmentry::from_prefix(MAPPINGS);
        entry.kve_protection = raw::KVME_PROT_READ | raw::KVME_PROT_WRITE;
        for (flags, expected) in [
            (0, "rw-s"),
            (raw::KVME_FLAG_COW, "rw-p"),
            (raw::KVME_FLAG_COW | raw::KVME_FLAG_NEEDS_COPY, "rw-p"),
            (raw::KVME_FLAG_GROWS_DOWN, "rw-s"),
        ] {
            entry.kve_flags = flags;
            assert_eq!(map(&entry, UNITS).permissions, expected, "{flags:#x}");
        }
    }

    #[test]
    fn a_file_that_the_kernel_could_not_ask_about_has_no_number() {
        let mut entry = KinfoVmentry::from_prefix(MAPPINGS);
        entry.kve_vn_fileid = 77;
        entry.kve_type_spec.0 = 0x1122_3344_5566_7788_u64.to_ne_bytes();
        for (status, device, inode) in [(0, None, None), (1, Some(0x1122_3344_5566_7788), Some(77))]
        {
            entry.kve_status = status;
            let map = map(&entry, UNITS);
            assert_eq!((map.device, map.inode), (device, inode), "{status}");
        }
    }

    #[test]
    fn a_cut_entry_is_an_error() {
        let mut entry = MAPPINGS[..100].to_vec();
        entry[..4].copy_from_slice(&100_i32.to_ne_bytes());
        assert!(memory_map(&entry, UNITS).next().expect("one").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_mapping_panic(mut bytes in prop::collection::vec(any::<u8>(), 136..1300), page_size: u64) {
            let length = i32::try_from(bytes.len()).expect("small");
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            let units = Units { page_size, ticks_per_second: 1 };
            for map in memory_map(&bytes, units) {
                prop_assert!(map.is_ok_and(|map| map.permissions.len() == 4));
            }
        }
    }
}
