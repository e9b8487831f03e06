//! Mounted file systems (`getfsstat`) and disk traffic (`hw.diskstats`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::disk::{DiskIo, Partition};
use ps_core::raw::{Record, each, text};

use crate::decode::disk::partition;
use crate::decode::{too_short, unsigned};
use crate::raw::openbsd::disk::{
    Diskstats, MNT_ASYNC, MNT_DEFEXPORTED, MNT_EXPORTED, MNT_EXRDONLY, MNT_LOCAL, MNT_NOATIME,
    MNT_NODEV, MNT_NOEXEC, MNT_NOPERM, MNT_NOSUID, MNT_QUOTA, MNT_ROOTFS, MNT_SOFTDEP,
    MNT_SYNCHRONOUS, MNT_WXALLOWED, Statfs,
};

/// The size of a record about a file system.
pub const STRIDE: usize = Statfs::LAYOUT.size;

const OPTIONS: &[(u64, &str)] = &[
    (MNT_SYNCHRONOUS, "sync"),
    (MNT_NOEXEC, "noexec"),
    (MNT_NOSUID, "nosuid"),
    (MNT_NODEV, "nodev"),
    (MNT_NOPERM, "noperm"),
    (MNT_ASYNC, "async"),
    (MNT_EXRDONLY, "exrdonly"),
    (MNT_EXPORTED, "exported"),
    (MNT_DEFEXPORTED, "defexported"),
    (MNT_WXALLOWED, "wxallowed"),
    (MNT_LOCAL, "local"),
    (MNT_QUOTA, "quota"),
    (MNT_ROOTFS, "rootfs"),
    (MNT_NOATIME, "noatime"),
    (MNT_SOFTDEP, "softdep"),
];

/// The mounted file systems in an answer.
pub fn partitions(answer: &[u8]) -> Result<Vec<Partition>> {
    each::<Statfs>(answer, STRIDE)
        .map(|mount| {
            let mount = mount.map_err(|short| too_short(&short))?;
            Ok(partition(
                text(&mount.f_mntfromname),
                text(&mount.f_mntonname),
                text(&mount.f_fstypename),
                mount.f_flags.into(),
                OPTIONS,
            ))
        })
        .collect()
}

/// The traffic of each disk. Times of reading and writing apart are not kept.
pub fn disk_io(answer: &[u8]) -> Result<BTreeMap<OsString, DiskIo>> {
    each::<Diskstats>(answer, Diskstats::LAYOUT.size)
        .map(|disk| {
            let disk = disk.map_err(|short| too_short(&short))?;
            let mut io = DiskIo::default();
            io.read_count = disk.ds_rxfer;
            io.write_count = disk.ds_wxfer;
            io.read_bytes = disk.ds_rbytes;
            io.write_bytes = disk.ds_wbytes;
            io.busy_time = Some(
                Duration::from_secs(unsigned(disk.ds_time.tv_sec))
                    .saturating_add(Duration::from_micros(unsigned(disk.ds_time.tv_usec))),
            );
            Ok((OsStr::from_bytes(text(&disk.ds_name)).to_owned(), io))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let disks =
            disk_io(include_bytes!("../../../fixtures/records/openbsd-disks.bin")).expect("whole");
        assert_eq!(disks.len(), 2);
        let disk = &disks[OsStr::new("sd0")];
        assert_eq!((disk.read_count, disk.write_count), (11, 12));
        assert_eq!((disk.read_bytes, disk.write_bytes), (5632, 6144));
        assert_eq!(disk.busy_time, Some(Duration::new(3, 4_000)));
        assert_eq!((disk.read_time, disk.write_time), (None, None));
        let mounts = partitions(include_bytes!("../../../fixtures/records/openbsd-mounts.bin"))
            .expect("whole");
        assert_eq!(mounts[0].device.as_deref(), Some(OsStr::new("/dev/sd0a")));
        assert_eq!(
            (mounts[0].mount_point.to_str(), mounts[0].fs_type.to_str()),
            (Some("/"), Some("ffs"))
        );
        assert_eq!(mounts[0].options, "rw,local,rootfs");
        assert_eq!(mounts[1].options, "ro,nosuid,nodev,local,softdep");
    }

    #[test]
    fn a_cut_record_is_an_error() {
        let mount = Statfs::zeroed().to_bytes();
        assert!(partitions(&mount[..mount.len() - 1]).is_err());
        let disk = Diskstats::zeroed().to_bytes();
        assert!(disk_io(&disk[..1]).is_err());
        assert!(partitions(&[]).is_ok_and(|none| none.is_empty()));
        assert!(disk_io(&[]).is_ok_and(|none| none.is_empty()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2 * STRIDE)) {
            let _ = (partitions(&bytes), disk_io(&bytes));
        }
    }
}
