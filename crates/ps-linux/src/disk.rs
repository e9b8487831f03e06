//! Mounted file systems and disk traffic.

pub use ps_core::disk::*;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use ps_core::{Context, Error, Result};

use crate::decode::disk as decode;
use crate::decode::disk::io;
use crate::kept::Kept;
use crate::root::Linux;
use crate::sys::file as sys;
use crate::{errno, file};

impl DiskBackend for Linux {
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        let mut all = decode::decode_mounts(&file::read(&self.seen_path("mounts"))?);
        if which == Partitions::Physical {
            let types = match file::read(&self.proc_path("filesystems")) {
                Ok(text) => decode::decode_device_types(&text),
                Err(_) => {
                    decode::decode_mountinfo_types(&file::read(&self.seen_path("mountinfo"))?)
                }
            };
            all.retain(|partition| decode::is_physical(partition, &types));
        }
        if all.iter().any(decode::is_root_alias)
            && let Some(device) = self.root_device()
        {
            for partition in all.iter_mut().filter(|partition| decode::is_root_alias(partition)) {
                partition.device = Some(device.clone());
            }
        }
        Ok(all)
    }

    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        check_path("disk_usage", path)?;
        self.check_own("disk_usage")?;
        let space = sys::space(&file::c_path("disk_usage", path)?)
            .map_err(|source| errno::of_system(source, Context::new("statvfs").with_path(path)))?;
        let bytes = |blocks: u64| blocks.saturating_mul(space.block);
        let mut usage = DiskUsage::default();
        usage.total = bytes(space.all);
        usage.used = bytes(space.all.saturating_sub(space.free));
        usage.free = bytes(space.available);
        Ok(usage)
    }

    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        let whole = self.whole_disks()?;
        let mut sum: Option<DiskIo> = None;
        self.traffic_of_disks(&mut |name, io| {
            if whole.iter().any(|one| is_of_name(one, name)) {
                sum = Some(sum.map_or(io, |sum| sum.plus(&io)));
            }
        })?;
        Ok(sum)
    }

    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        let mut all = BTreeMap::new();
        self.traffic_of_disks(&mut |name, io| {
            all.insert(OsString::from_vec(name.to_vec()), io);
        })?;
        Ok(all)
    }
}

/// Whether a file name in sysfs is that of a device: no slash can stand in it.
fn is_of_name(file: &OsStr, device: &[u8]) -> bool {
    let in_sysfs = device.iter().map(|byte| if *byte == b'/' { b'!' } else { *byte });
    in_sysfs.eq(file.as_bytes().iter().copied())
}

impl Linux {
    /// Whole disks, by their names in sysfs.
    fn whole_disks(&self) -> Result<Vec<OsString>> {
        file::names(&self.sys_path("block"))
    }

    /// Shows every disk and partition with its traffic.
    fn traffic_of_disks(&self, visit: &mut dyn FnMut(&[u8], DiskIo)) -> Result<()> {
        match self.decode_kept(Kept::Diskstats, |text| io::decode_diskstats(text, visit)) {
            Err(error) if errno::is_absent(&error) => self.traffic_in_sysfs(visit),
            other => other,
        }
    }

    /// The same from sysfs, for kernels without the table.
    fn traffic_in_sysfs(&self, visit: &mut dyn FnMut(&[u8], DiskIo)) -> Result<()> {
        let place = self.sys_path("block");
        if !place.is_dir() {
            return Err(Error::unsupported_here(
                Context::new("disk_io_counters").with_path(place),
                "this kernel counts no disk traffic",
            ));
        }
        for disk in self.whole_disks()? {
            let directory = place.join(&disk);
            for part in file::names(&directory)? {
                if part.as_bytes().starts_with(disk.as_bytes()) {
                    show_traffic(&directory.join(&part), &part, visit)?;
                }
            }
            show_traffic(&directory, &disk, visit)?;
        }
        Ok(())
    }

    /// The device behind `/`, where mount tables know only that the kernel was booted from it.
    fn root_device(&self) -> Option<OsString> {
        let device = decode::decode_root_device(&file::peek(&self.seen_path("mountinfo"))?)?;
        let (major, minor) = device;
        let in_table =
            || decode::decode_partitions_name(&file::peek(&self.proc_path("partitions"))?, device);
        let by_number = || {
            let path = self.sys_path(format!("dev/block/{major}:{minor}/uevent"));
            decode::decode_uevent_name(&file::peek(&path)?)
        };
        let by_search = || {
            let place = self.sys_path("class/block");
            file::names(&place).ok()?.into_iter().map(OsString::into_vec).find(|name| {
                let path = place.join(OsStr::from_bytes(name)).join("dev");
                file::peek(&path).and_then(|text| decode::decode_device_number(&text))
                    == Some(device)
            })
        };
        let there = |name: Vec<u8>| {
            let name = OsString::from_vec(name);
            self.roots()
                .dev
                .join(&name)
                .exists()
                .then(|| Path::new("/dev").join(name).into_os_string())
        };
        in_table()
            .and_then(there)
            .or_else(|| by_number().and_then(there))
            .or_else(|| by_search().and_then(there))
    }
}

fn show_traffic(
    directory: &Path,
    name: &OsStr,
    visit: &mut dyn FnMut(&[u8], DiskIo),
) -> Result<()> {
    let path = directory.join("stat");
    let Some(text) = file::read_if_there(&path)? else { return Ok(()) };
    let io = io::decode_block_stat(&text).map_err(|error| error.with_path(path))?;
    let name = name.as_bytes().iter().map(|byte| if *byte == b'!' { b'/' } else { *byte });
    visit(&name.collect::<Vec<u8>>(), io);
    Ok(())
}
