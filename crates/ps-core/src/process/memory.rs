//! Memory of a process.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::str::FromStr;

use crate::{Context, Error, Result};

/// The main figures of a process's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MemoryInfo {
    /// Resident in physical memory.
    pub rss: u64,
    /// Address space.
    pub vms: u64,
    /// Resident pages that other processes may map as well. Linux only.
    pub shared: Option<u64>,
    /// Code. Not on macOS.
    pub text: Option<u64>,
    /// Data; on Linux with the stack. Not on macOS.
    pub data: Option<u64>,
    /// Stack. The BSDs.
    pub stack: Option<u64>,
    /// The most that was ever resident. The BSDs; Linux and macOS have it in [`MemoryInfoEx`].
    pub peak_rss: Option<u64>,
}

/// More figures of a process's memory, in bytes. Which there are depends on the system and its release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MemoryInfoEx {
    /// The main figures.
    pub info: MemoryInfo,
    /// The most that was ever resident.
    pub peak_rss: Option<u64>,
    /// The largest the address space ever was. Linux only.
    pub peak_vms: Option<u64>,
    /// Resident and backed by no file. Linux and macOS.
    pub rss_anon: Option<u64>,
    /// Resident and backed by a file. Linux and macOS.
    pub rss_file: Option<u64>,
    /// Resident and shared, as in System V or `tmpfs` memory. Linux only.
    pub rss_shmem: Option<u64>,
    /// Sent to swap, shared memory not counted. Linux only.
    pub swap: Option<u64>,
    /// Resident in huge pages of `hugetlbfs`. Linux only.
    pub hugetlb: Option<u64>,
    /// Locked in memory by the process. Linux only.
    pub locked: Option<u64>,
    /// Tables that map its address space. Linux only.
    pub page_tables: Option<u64>,
    /// Code of shared libraries. Linux only.
    pub lib: Option<u64>,
    /// Pinned by the kernel on its behalf. macOS only.
    pub wired: Option<u64>,
    /// Held by the in-memory compressor. macOS only.
    pub compressed: Option<u64>,
    /// Its whole impact on physical memory, compressed parts included. macOS only.
    pub phys_footprint: Option<u64>,
}

/// What a process would set free, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MemoryFootprint {
    /// Resident pages that nobody else has: set free if the process ended now.
    pub uss: u64,
    /// Resident pages, each divided by the number of its users. Linux only.
    pub pss: Option<u64>,
    /// Sent to swap, summed over mappings. Linux only.
    pub swap: Option<u64>,
    /// Changed since they were read or made. Linux only.
    pub dirty: Option<u64>,
}

/// Which figure of memory a percentage is made of.
///
/// ```
/// use ps_core::process::MemoryField;
/// assert_eq!("uss".parse::<MemoryField>()?, MemoryField::Uss);
/// assert!("lib2".parse::<MemoryField>().is_err());
/// # Ok::<(), ps_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemoryField {
    /// [`MemoryInfo::rss`].
    #[default]
    Rss,
    /// [`MemoryInfo::vms`].
    Vms,
    /// [`MemoryInfo::shared`].
    Shared,
    /// [`MemoryInfo::text`].
    Text,
    /// [`MemoryInfo::data`].
    Data,
    /// [`MemoryInfo::stack`].
    Stack,
    /// [`MemoryInfoEx::peak_rss`].
    PeakRss,
    /// [`MemoryInfoEx::peak_vms`].
    PeakVms,
    /// [`MemoryInfoEx::rss_anon`].
    RssAnon,
    /// [`MemoryInfoEx::rss_file`].
    RssFile,
    /// [`MemoryInfoEx::rss_shmem`].
    RssShmem,
    /// [`MemoryInfoEx::swap`].
    Swap,
    /// [`MemoryInfoEx::hugetlb`].
    Hugetlb,
    /// [`MemoryInfoEx::wired`].
    Wired,
    /// [`MemoryInfoEx::compressed`].
    Compressed,
    /// [`MemoryInfoEx::phys_footprint`].
    PhysFootprint,
    /// [`MemoryFootprint::uss`].
    Uss,
    /// [`MemoryFootprint::pss`].
    Pss,
}

/// Which record holds a figure of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum MemoryRecord {
    /// [`MemoryInfo`].
    Info,
    /// [`MemoryInfoEx`].
    InfoEx,
    /// [`MemoryFootprint`].
    Footprint,
}

impl MemoryField {
    const NAMES: &'static [(&'static str, MemoryField)] = &[
        ("rss", MemoryField::Rss),
        ("vms", MemoryField::Vms),
        ("shared", MemoryField::Shared),
        ("text", MemoryField::Text),
        ("data", MemoryField::Data),
        ("stack", MemoryField::Stack),
        ("peak_rss", MemoryField::PeakRss),
        ("peak_vms", MemoryField::PeakVms),
        ("rss_anon", MemoryField::RssAnon),
        ("rss_file", MemoryField::RssFile),
        ("rss_shmem", MemoryField::RssShmem),
        ("swap", MemoryField::Swap),
        ("hugetlb", MemoryField::Hugetlb),
        ("wired", MemoryField::Wired),
        ("compressed", MemoryField::Compressed),
        ("phys_footprint", MemoryField::PhysFootprint),
        ("uss", MemoryField::Uss),
        ("pss", MemoryField::Pss),
    ];

    /// The record that holds it.
    #[must_use]
    pub fn record(self) -> MemoryRecord {
        use MemoryField as F;
        match self {
            F::Rss | F::Vms | F::Shared | F::Text | F::Data | F::Stack => MemoryRecord::Info,
            F::Uss | F::Pss => MemoryRecord::Footprint,
            _ => MemoryRecord::InfoEx,
        }
    }

    /// The figure, from the main record; `None` if that does not hold it.
    #[must_use]
    pub fn of_info(self, info: &MemoryInfo) -> Option<u64> {
        use MemoryField as F;
        match self {
            F::Rss => Some(info.rss),
            F::Vms => Some(info.vms),
            F::Shared => info.shared,
            F::Text => info.text,
            F::Data => info.data,
            F::Stack => info.stack,
            F::PeakRss => info.peak_rss,
            _ => None,
        }
    }

    /// The figure, from the extended record; `None` if that does not hold it.
    #[must_use]
    pub fn of_info_ex(self, more: &MemoryInfoEx) -> Option<u64> {
        use MemoryField as F;
        match self {
            F::PeakRss => more.peak_rss.or(more.info.peak_rss),
            F::PeakVms => more.peak_vms,
            F::RssAnon => more.rss_anon,
            F::RssFile => more.rss_file,
            F::RssShmem => more.rss_shmem,
            F::Swap => more.swap,
            F::Hugetlb => more.hugetlb,
            F::Wired => more.wired,
            F::Compressed => more.compressed,
            F::PhysFootprint => more.phys_footprint,
            other => other.of_info(&more.info),
        }
    }

    /// The figure, from the footprint; `None` if that does not hold it.
    #[must_use]
    pub fn of_footprint(self, footprint: &MemoryFootprint) -> Option<u64> {
        match self {
            MemoryField::Uss => Some(footprint.uss),
            MemoryField::Pss => footprint.pss,
            MemoryField::Swap => footprint.swap,
            _ => None,
        }
    }
}

impl fmt::Display for MemoryField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES.iter().find(|(_, one)| one == self).map_or("?", |(name, _)| name))
    }
}

impl FromStr for MemoryField {
    type Err = Error;

    fn from_str(text: &str) -> Result<MemoryField> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, field)| *field).ok_or_else(
            || {
                let known: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
                Error::invalid(
                    Context::new("memory_percent"),
                    format!("{text:?} is none of {}", known.join(", ")),
                )
            },
        )
    }
}

/// One mapping of a process's address space, sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MemoryMap {
    /// First address.
    #[doc(alias = "addr")]
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// Access rights, as in `r-xp`.
    #[doc(alias = "perms")]
    pub permissions: String,
    /// Where in the file it begins.
    pub offset: u64,
    /// Device of the file; `None` if there is no file, or the system does not tell.
    #[doc(alias = "dev")]
    pub device: Option<u64>,
    /// Number of the file on its device; `None` as for `device`.
    #[doc(alias = "ino")]
    pub inode: Option<u64>,
    /// The mapped file, or a label in brackets, as in `[heap]` or `[anon]`; `None` where the system does
    /// not tell (OpenBSD).
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub path: Option<OsString>,
    /// What is known of its pages.
    pub sizes: MapSizes,
}

/// Sizes of one mapping, or of all mappings of one file together, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MapSizes {
    /// Address space.
    pub size: u64,
    /// Resident. Linux and FreeBSD.
    pub rss: Option<u64>,
    /// Resident, each page divided by the number of its users. Linux only.
    pub pss: Option<u64>,
    /// Resident, shared, unchanged. Linux only.
    pub shared_clean: Option<u64>,
    /// Resident, shared, changed. Linux only.
    pub shared_dirty: Option<u64>,
    /// Resident, private, unchanged. Linux only.
    pub private_clean: Option<u64>,
    /// Resident, private, changed. Linux only.
    pub private_dirty: Option<u64>,
    /// Used recently. Linux only.
    pub referenced: Option<u64>,
    /// Backed by no file. Linux only.
    pub anonymous: Option<u64>,
    /// Sent to swap. Linux only.
    pub swap: Option<u64>,
    /// Locked in memory. Linux only.
    pub locked: Option<u64>,
    /// Resident and private. FreeBSD only.
    pub private: Option<u64>,
    /// References on the object behind it. FreeBSD only.
    pub ref_count: Option<u64>,
    /// Length of its chain of copies made on write. FreeBSD only.
    pub shadow_count: Option<u64>,
    /// How many times it is wired. OpenBSD only.
    pub wired_count: Option<u64>,
}

impl MapSizes {
    /// Both, added up field by field; a field that only one of them has is kept.
    #[must_use]
    pub fn plus(&self, other: &MapSizes) -> MapSizes {
        let add = |a, b| crate::disk::add(a, b, u64::saturating_add);
        MapSizes {
            size: self.size.saturating_add(other.size),
            rss: add(self.rss, other.rss),
            pss: add(self.pss, other.pss),
            shared_clean: add(self.shared_clean, other.shared_clean),
            shared_dirty: add(self.shared_dirty, other.shared_dirty),
            private_clean: add(self.private_clean, other.private_clean),
            private_dirty: add(self.private_dirty, other.private_dirty),
            referenced: add(self.referenced, other.referenced),
            anonymous: add(self.anonymous, other.anonymous),
            swap: add(self.swap, other.swap),
            locked: add(self.locked, other.locked),
            private: add(self.private, other.private),
            ref_count: add(self.ref_count, other.ref_count),
            shadow_count: add(self.shadow_count, other.shadow_count),
            wired_count: add(self.wired_count, other.wired_count),
        }
    }
}

/// All mappings of one file together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct MemoryMapGroup {
    /// The file or label; `None` where the system does not tell.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub path: Option<OsString>,
    /// Sizes of its mappings, added up.
    pub sizes: MapSizes,
}

/// One entry for each path, in the order in which paths first appear.
#[must_use]
pub fn group_maps(maps: &[MemoryMap]) -> Vec<MemoryMapGroup> {
    let mut groups: Vec<MemoryMapGroup> = Vec::new();
    let mut places: std::collections::HashMap<Option<&OsStr>, usize> =
        std::collections::HashMap::new();
    for map in maps {
        match places.get(&map.path.as_deref()).and_then(|place| groups.get_mut(*place)) {
            Some(group) => group.sizes = group.sizes.plus(&map.sizes),
            None => {
                places.insert(map.path.as_deref(), groups.len());
                groups.push(MemoryMapGroup { path: map.path.clone(), sizes: map.sizes });
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(path: &str, size: u64, rss: Option<u64>) -> MemoryMap {
        MemoryMap {
            path: Some(path.into()),
            sizes: MapSizes { size, rss, ..MapSizes::default() },
            ..MemoryMap::default()
        }
    }

    #[test]
    fn grouping_adds_up_paths_in_the_order_they_first_appear() {
        let groups = group_maps(&[map("b", 1, Some(1)), map("a", 2, None), map("b", 4, Some(4))]);
        let shown: Vec<_> = groups
            .iter()
            .map(|group| (group.path.clone().expect("has one"), group.sizes.size, group.sizes.rss))
            .collect();
        assert_eq!(shown, [("b".into(), 5, Some(5)), ("a".into(), 2, None)]);
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error = "resident".parse::<MemoryField>().expect_err("unknown");
        assert!(matches!(error, Error::InvalidArgument { .. }));
        for (name, field) in MemoryField::NAMES {
            assert_eq!(name.parse::<MemoryField>().expect("known"), *field);
            assert_eq!(field.to_string(), *name);
        }
    }

    #[test]
    fn every_field_is_found_in_the_record_it_names() {
        let info = MemoryInfo {
            shared: Some(1),
            text: Some(1),
            data: Some(1),
            stack: Some(1),
            peak_rss: Some(1),
            ..MemoryInfo::default()
        };
        let more = MemoryInfoEx {
            info,
            peak_rss: Some(1),
            peak_vms: Some(1),
            rss_anon: Some(1),
            rss_file: Some(1),
            rss_shmem: Some(1),
            swap: Some(1),
            hugetlb: Some(1),
            wired: Some(1),
            compressed: Some(1),
            phys_footprint: Some(1),
            ..MemoryInfoEx::default()
        };
        let footprint =
            MemoryFootprint { pss: Some(1), swap: Some(1), ..MemoryFootprint::default() };
        for (name, field) in MemoryField::NAMES {
            let found = match field.record() {
                MemoryRecord::Info => field.of_info(&info),
                MemoryRecord::InfoEx => field.of_info_ex(&more),
                MemoryRecord::Footprint => field.of_footprint(&footprint),
            };
            assert!(found.is_some(), "{name}");
        }
    }
}
