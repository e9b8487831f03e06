//! Disks and file systems, by `hw.diskstats`, `getfsstat` and `statvfs`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ps_core::Result;
use ps_core::disk::{DiskBackend, DiskIo, DiskUsage, Partition, Partitions};

use super::sys::mounts;
use super::{OpenBsd, failed};
use crate::decode::openbsd::disk as decoded;
use crate::raw::openbsd::disk::HW_DISKSTATS;
use crate::raw::openbsd::mem::CTL_HW;
use crate::shared;
use crate::shared::sys::sysctl;

impl DiskBackend for OpenBsd {
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        decoded::partitions(&mounts::mounts().map_err(failed("getfsstat"))?, which)
    }

    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        shared::disk::usage(path)
    }

    /// All disks added up. What a disk made of others (`softraid(4)`) moves, those move as well.
    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        Ok(self.disk_io_counters_per_disk()?.into_values().reduce(|sum, one| sum.plus(&one)))
    }

    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        let answer = sysctl::read(&[CTL_HW, HW_DISKSTATS]).map_err(failed("hw.diskstats"))?;
        decoded::disk_io(&answer)
    }
}
