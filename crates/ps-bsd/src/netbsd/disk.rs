//! Disks and file systems, by `hw.iostats`, `getvfsstat` and `statvfs`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ps_core::Result;
use ps_core::disk::{DiskBackend, DiskIo, DiskUsage, Partition, Partitions};

use super::sys::mounts;
use super::{NetBsd, failed, size};
use crate::decode::netbsd::disk as decoded;
use crate::errno::counted;
use crate::raw::netbsd::disk::HW_IOSTATS;
use crate::raw::netbsd::mem::CTL_HW;
use crate::shared;
use crate::shared::sys::sysctl;

impl DiskBackend for NetBsd {
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        decoded::partitions(&mounts::mounts().map_err(failed("getvfsstat"))?, which)
    }

    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        shared::disk::usage(path)
    }

    /// All disks added up, wedges left out. What a disk made of others (`raid(4)`, `cgd(4)`) moves, those move as well.
    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        Ok(decoded::whole_disks(&self.disk_io_counters_per_disk()?))
    }

    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        let question = [CTL_HW, HW_IOSTATS, size(decoded::DISK_STRIDE)];
        // What does not fit is left out without a word.
        let answer = counted(decoded::DISK_STRIDE, |room| {
            let length = match room {
                Some(room) => sysctl::read_exact_room(&question, room),
                None => sysctl::length(&question),
            };
            Ok(length? / decoded::DISK_STRIDE)
        });
        decoded::disk_io(&answer.map_err(failed("hw.iostats"))?)
    }
}
