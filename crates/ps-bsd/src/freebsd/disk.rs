//! Disks and file systems, by `kern.devstat`, `getfsstat` and `statvfs`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ps_core::Result;
use ps_core::disk::{DiskBackend, DiskIo, DiskUsage, Partition, Partitions};

use super::sys::{mounts, named};
use super::{FreeBsd, failed};
use crate::decode::freebsd::disk as decoded;
use crate::errno::while_busy;
use crate::shared;
use crate::shared::backend::pause;

impl DiskBackend for FreeBsd {
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        decoded::partitions(&mounts::mounts().map_err(failed("getfsstat"))?, which)
    }

    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        shared::disk::usage(path)
    }

    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        Ok(self.disk_io_counters_per_disk()?.into_values().reduce(|sum, one| sum.plus(&one)))
    }

    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        let version = named::value::<i32>("kern.devstat.version");
        decoded::check_version(version.map_err(failed("kern.devstat.version"))?)?;
        // A disk that comes or goes while the list is copied makes the kernel break off (EBUSY).
        let answer = while_busy(|| named::read("kern.devstat.all"), pause);
        decoded::io_counters(&answer.map_err(failed("kern.devstat.all"))?)
    }
}
