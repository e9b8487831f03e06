//! Mounted file systems and disk traffic.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, Result, sealed};

/// Which mounts a listing holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Partitions {
    /// Those on real devices: disks, memory cards, optical media, network-free pools.
    #[default]
    Physical,
    /// All of them, also those that exist in memory only.
    All,
}

/// One mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Partition {
    /// The device or source, as in `/dev/sda1`; `None` if the mount has none.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub device: Option<OsString>,
    /// Where it is mounted.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    #[doc(alias = "mountpoint")]
    pub mount_point: PathBuf,
    /// Its type, as in `ext4`.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    #[doc(alias = "fstype")]
    pub fs_type: OsString,
    /// Mount options, joined by commas.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    #[doc(alias = "opts")]
    pub options: OsString,
}

/// Space on one file system, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DiskUsage {
    /// Size.
    pub total: u64,
    /// Used by anyone.
    pub used: u64,
    /// Free for ordinary users: what the system keeps back for itself is not in it.
    pub free: u64,
}

impl DiskUsage {
    /// Share in use of what ordinary users can use at all, from 0 to 100, as `df` shows it.
    #[must_use]
    pub fn percent(&self) -> f64 {
        crate::mem::percent_of(self.used, self.used.saturating_add(self.free))
    }
}

/// Traffic of one disk, or of all whole disks together, since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DiskIo {
    /// Reads completed.
    pub read_count: u64,
    /// Writes completed.
    pub write_count: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Time spent reading, summed over requests. Linux, macOS, FreeBSD.
    pub read_time: Option<Duration>,
    /// Time spent writing, summed over requests. Linux, macOS, FreeBSD.
    pub write_time: Option<Duration>,
    /// Time during which the disk had something to do.
    pub busy_time: Option<Duration>,
    /// Reads merged with a neighbour before they reached the disk. Linux only.
    pub read_merged_count: Option<u64>,
    /// Writes merged with a neighbour before they reached the disk. Linux only.
    pub write_merged_count: Option<u64>,
}

impl DiskIo {
    /// Both, added up field by field; a field that only one of them has is kept.
    #[must_use]
    pub fn plus(&self, other: &DiskIo) -> DiskIo {
        DiskIo {
            read_count: self.read_count.saturating_add(other.read_count),
            write_count: self.write_count.saturating_add(other.write_count),
            read_bytes: self.read_bytes.saturating_add(other.read_bytes),
            write_bytes: self.write_bytes.saturating_add(other.write_bytes),
            read_time: add(self.read_time, other.read_time, Duration::saturating_add),
            write_time: add(self.write_time, other.write_time, Duration::saturating_add),
            busy_time: add(self.busy_time, other.busy_time, Duration::saturating_add),
            read_merged_count: add(
                self.read_merged_count,
                other.read_merged_count,
                u64::saturating_add,
            ),
            write_merged_count: add(
                self.write_merged_count,
                other.write_merged_count,
                u64::saturating_add,
            ),
        }
    }
}

/// A sum in which a missing part does not hide the other.
pub(crate) fn add<T>(a: Option<T>, b: Option<T>, sum: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(sum(a, b)),
        (one, other) => one.or(other),
    }
}

/// Where disk figures come from.
pub trait DiskBackend: sealed::Backend {
    /// Mounted file systems, in the kernel's order.
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>>;

    /// Space on the file system that holds a path.
    fn disk_usage(&self, path: &Path) -> Result<DiskUsage>;

    /// Traffic of whole disks added up, partitions not counted twice; `None` if there are no disks.
    fn disk_io_counters(&self) -> Result<Option<DiskIo>>;

    /// Traffic of each disk, and of each partition where the kernel counts them.
    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>>;
}

/// A path that a call about files cannot take is refused before the call.
pub fn check_path(operation: &'static str, path: &Path) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let context = || crate::Context::new(operation).with_path(path);
    if path.as_os_str().is_empty() {
        return Err(Error::invalid(context(), "the path is empty"));
    }
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(Error::invalid(context(), "the path holds a NUL byte"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_blocks_raise_the_percentage() {
        let usage = DiskUsage { total: 100, used: 45, free: 45 };
        assert_eq!(usage.percent(), 50.0);
        assert_eq!(DiskUsage::default().percent(), 0.0);
    }

    #[test]
    fn a_field_only_one_disk_has_survives_the_sum() {
        let a = DiskIo {
            read_count: 1,
            busy_time: Some(Duration::from_millis(5)),
            ..DiskIo::default()
        };
        let b = DiskIo { read_count: 2, ..DiskIo::default() };
        let sum = a.plus(&b);
        assert_eq!((sum.read_count, sum.busy_time), (3, Some(Duration::from_millis(5))));
        assert_eq!(sum.read_time, None);
    }

    #[test]
    fn a_path_with_a_nul_is_refused_before_any_call() {
        assert!(matches!(
            check_path("disk_usage", Path::new("/a\0b")),
            Err(Error::InvalidArgument { .. })
        ));
        assert!(check_path("disk_usage", Path::new("")).is_err());
        assert!(check_path("disk_usage", Path::new("/")).is_ok());
    }
}
