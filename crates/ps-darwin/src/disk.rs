//! Mounted file systems and disk traffic.

pub use ps_core::disk::*;

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ps_core::{Context, Result};

use crate::backend::Darwin;
use crate::decode::Property;
use crate::decode::disk as decode;
use crate::{errno, sys};

impl DiskBackend for Darwin {
    /// Those on real devices are those whose source is a path that exists.
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        let answer = sys::mounts::all()
            .map_err(|source| errno::of_system(source, Context::new("getfsstat")))?;
        let mut all = decode::decode_mounts(&answer)?;
        if which == Partitions::Physical {
            all.retain(|partition| decode::device_path(partition).is_some_and(Path::exists));
        }
        Ok(all)
    }

    /// `used` is what the volume itself uses, where it tells: volumes of one container share its space.
    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        check_path("disk_usage", path)?;
        // Not `statvfs`, whose counts of blocks have 32 bits here.
        let info = nix::sys::statfs::statfs(path).map_err(|errno| {
            errno::of_system(errno.into(), Context::new("statfs").with_path(path))
        })?;
        let volume = CString::new(path.as_os_str().as_bytes())
            .ok()
            .and_then(|path| sys::mounts::space_used(&path).ok())
            .and_then(|answer| decode::decode_space_used(&answer));
        let block_size = u64::from(info.block_size());
        let (blocks, free) = (info.blocks(), info.blocks_free());
        Ok(decode::usage(block_size, blocks, free, info.blocks_available(), volume))
    }

    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        let all = self.disk_io_counters_per_disk()?;
        Ok(all.into_values().reduce(|sum, io| sum.plus(&io)))
    }

    /// Whole disks only: the kernel counts by driver, and no driver serves a partition.
    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        let failed = |source| errno::of_system(source, Context::new("IOKit IOMedia"));
        let mut all = BTreeMap::new();
        for media in sys::iokit::devices(c"IOMedia").map_err(failed)? {
            // Partitions hang below other media; a disk hangs below the driver that counts its traffic.
            let driver = media.parent().filter(|parent| parent.is_a(c"IOBlockStorageDriver"));
            let Some(driver) = driver else { continue };
            let (Ok(media), Ok(driver)) = (media.properties(), driver.properties()) else {
                // Pulled out meanwhile.
                continue;
            };
            if let Some(name) = media.get("BSD Name").and_then(Property::text) {
                all.insert(OsString::from(name), decode::decode_statistics(&driver)?);
            }
        }
        Ok(all)
    }
}
