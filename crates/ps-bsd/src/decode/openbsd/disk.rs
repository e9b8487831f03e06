//! Mounted file systems (`getfsstat`) and disk traffic (`hw.diskstats`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::disk::{DiskIo, Partition, Partitions};
use ps_core::raw::{Record, each, text};

use crate::decode::disk::{is_on_device, partition};
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
pub fn partitions(answer: &[u8], which: Partitions) -> Result<Vec<Partition>> {
    let mut all = Vec::new();
    for mount in each::<Statfs>(answer, STRIDE) {
        let mount = mount.map_err(|short| too_short(&short))?;
        let (device, kind) = (text(&mount.f_mntfromname), text(&mount.f_fstypename));
        if which == Partitions::All || is_on_device(device, kind) {
            all.push(partition(
                device,
                text(&mount.f_mntonname),
                kind,
                mount.f_flags.into(),
                OPTIONS,
            ));
        }
    }
    Ok(all)
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
        let mounts = partitions(
            include_bytes!("../../../fixtures/records/openbsd-mounts.bin"),
            Partitions::Physical,
        )
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
        assert!(partitions(&mount[..mount.len() - 1], Partitions::All).is_err());
        let disk = Diskstats::zeroed().to_bytes();
        assert!(disk_io(&disk[..1]).is_err());
        assert!(partitions(&[], Partitions::All).is_ok_and(|none| none.is_empty()));
        assert!(disk_io(&[]).is_ok_and(|none| none.is_empty()));
    }

    #[test]
    fn what_is_on_no_device_is_listed_only_if_all_are_asked_for() {
        let named = |device: &[u8], kind: &[u8]| {
            let mut mount = Statfs::zeroed();
            mount.f_mntfromname[..device.len()].copy_from_slice(device);
            mount.f_fstypename[..kind.len()].copy_from_slice(kind);
            mount.to_bytes()
        };
        let answer =
            [named(b"/dev/sd0a", b"ffs"), named(b"tmpfs", b"tmpfs"), named(b"tank/home", b"zfs")]
                .concat();
        let count = |which| partitions(&answer, which).map(|found| found.len()).ok();
        assert_eq!((count(Partitions::Physical), count(Partitions::All)), (Some(2), Some(3)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2 * STRIDE)) {
            let _ = (partitions(&bytes, Partitions::All), disk_io(&bytes));
        }
    }
}
