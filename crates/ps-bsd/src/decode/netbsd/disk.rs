//! Mounted file systems (`getvfsstat`) and disk traffic (`hw.iostats`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::disk::{DiskIo, Partition, Partitions};
use ps_core::raw::{Record, each, text};

use crate::decode::disk::{is_on_device, partition};
use crate::decode::too_short;
use crate::raw::netbsd::disk::{
    IOSTAT_DISK, IoSysctl, MNT_ACLS, MNT_ASYNC, MNT_AUTOMOUNTED, MNT_DISCARD, MNT_EXPORTED,
    MNT_EXTATTR, MNT_IGNORE, MNT_LOCAL, MNT_LOG, MNT_NFS4ACLS, MNT_NOATIME, MNT_NOCOREDUMP,
    MNT_NODEV, MNT_NODEVMTIME, MNT_NOEXEC, MNT_NOSUID, MNT_QUOTA, MNT_RELATIME, MNT_ROOTFS,
    MNT_SOFTDEP, MNT_SYMPERM, MNT_SYNCHRONOUS, MNT_UNION, Statvfs,
};

/// The size of a record about a file system.
pub const STRIDE: usize = Statvfs::LAYOUT.size;

/// The size of a record about a disk, which is part of the question.
pub const DISK_STRIDE: usize = IoSysctl::LAYOUT.size;

const OPTIONS: &[(u64, &str)] = &[
    (MNT_SYNCHRONOUS, "sync"),
    (MNT_NOEXEC, "noexec"),
    (MNT_NOSUID, "nosuid"),
    (MNT_NODEV, "nodev"),
    (MNT_UNION, "union"),
    (MNT_ASYNC, "async"),
    (MNT_NOCOREDUMP, "nocoredump"),
    (MNT_RELATIME, "relatime"),
    (MNT_IGNORE, "hidden"),
    (MNT_NFS4ACLS, "nfs4acls"),
    (MNT_DISCARD, "discard"),
    (MNT_EXTATTR, "extattr"),
    (MNT_LOG, "log"),
    (MNT_NOATIME, "noatime"),
    (MNT_AUTOMOUNTED, "automounted"),
    (MNT_SYMPERM, "symperm"),
    (MNT_NODEVMTIME, "nodevmtime"),
    (MNT_SOFTDEP, "softdep"),
    (MNT_ACLS, "acls"),
    (MNT_EXPORTED, "exported"),
    (MNT_LOCAL, "local"),
    (MNT_QUOTA, "quota"),
    (MNT_ROOTFS, "rootfs"),
];

/// The mounted file systems in an answer.
pub fn partitions(answer: &[u8], which: Partitions) -> Result<Vec<Partition>> {
    let mut all = Vec::new();
    for mount in each::<Statvfs>(answer, STRIDE) {
        let mount = mount.map_err(|short| too_short(&short))?;
        let (device, kind) = (text(&mount.f_mntfromname), text(&mount.f_fstypename));
        if which == Partitions::All || is_on_device(device, kind) {
            all.push(partition(device, text(&mount.f_mntonname), kind, mount.f_flag, OPTIONS));
        }
    }
    Ok(all)
}

/// The traffic of each disk and wedge; tapes and remote file systems are none. Times of reading and writing apart are
/// not kept.
pub fn disk_io(answer: &[u8]) -> Result<BTreeMap<OsString, DiskIo>> {
    let mut all = BTreeMap::new();
    for disk in each::<IoSysctl>(answer, DISK_STRIDE) {
        let disk = disk.map_err(|short| too_short(&short))?;
        if disk.r#type != IOSTAT_DISK {
            continue;
        }
        let mut io = DiskIo::default();
        io.read_count = disk.rxfer;
        io.write_count = disk.wxfer;
        io.read_bytes = disk.rbytes;
        io.write_bytes = disk.wbytes;
        io.busy_time = Some(
            Duration::from_secs(disk.time_sec.into())
                .saturating_add(Duration::from_micros(disk.time_usec.into())),
        );
        all.insert(OsStr::from_bytes(text(&disk.name)).to_owned(), io);
    }
    Ok(all)
}

/// The traffic of whole disks together; `None` if there are none. Wedges (`dk(4)`) are parts of disks that are listed
/// themselves.
#[must_use]
pub fn whole_disks(all: &BTreeMap<OsString, DiskIo>) -> Option<DiskIo> {
    let is_wedge = |name: &OsStr| {
        let number = name.as_bytes().strip_prefix(b"dk");
        number.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    };
    let whole = all.iter().filter(|(name, _)| !is_wedge(name));
    whole.map(|(_, io)| *io).reduce(|sum, io| sum.plus(&io))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let disks =
            disk_io(include_bytes!("../../../fixtures/records/netbsd-disks.bin")).expect("whole");
        assert_eq!(disks.keys().collect::<Vec<_>>(), ["dk0", "wd0"], "a tape is no disk");
        let disk = &disks[OsStr::new("wd0")];
        assert_eq!((disk.read_count, disk.write_count), (11, 12));
        assert_eq!((disk.read_bytes, disk.write_bytes), (5632, 6144));
        assert_eq!(disk.busy_time, Some(Duration::new(3, 4_000)));
        assert_eq!((disk.read_time, disk.write_time), (None, None));
        assert_eq!(whole_disks(&disks).map(|sum| sum.read_count), Some(11));
    }

    #[test]
    fn a_wedge_is_not_counted_twice() {
        let io = |count| {
            let mut io = DiskIo::default();
            io.read_count = count;
            io
        };
        let of = |names: &[&str]| {
            let all = names.iter().map(|name| (OsString::from(name), io(1))).collect();
            whole_disks(&all).map(|sum| sum.read_count)
        };
        assert_eq!(of(&["wd0", "dk0", "dk12", "sd0"]), Some(2));
        assert_eq!(of(&["dk", "dkx0", "cgd0"]), Some(3));
        assert_eq!((of(&[]), of(&["dk0"])), (None, None));
    }

    #[test]
    fn options_are_named() {
        let mut mount = Statvfs::zeroed();
        mount.f_flag = MNT_LOCAL | MNT_LOG | 1;
        mount.f_mntfromname[..8].copy_from_slice(b"/dev/dk0");
        mount.f_mntonname[..1].copy_from_slice(b"/");
        mount.f_fstypename[..3].copy_from_slice(b"ffs");
        let found = partitions(&mount.to_bytes(), Partitions::All).expect("whole");
        assert_eq!(
            (found[0].device.as_deref(), found[0].fs_type.to_str()),
            (Some(OsStr::new("/dev/dk0")), Some("ffs"))
        );
        assert_eq!(found[0].options, "ro,log,local");
        assert!(partitions(&mount.to_bytes()[..STRIDE - 1], Partitions::All).is_err());
    }

    #[test]
    fn what_is_on_no_device_is_listed_only_if_all_are_asked_for() {
        let named = |device: &[u8], kind: &[u8]| {
            let mut mount = Statvfs::zeroed();
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

    #[cfg(target_endian = "little")]
    #[test]
    fn mounts_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/netbsd-mounts.bin");
        let mounts = partitions(answer, Partitions::All).expect("whole");
        assert_eq!(mounts[0].device.as_deref(), Some(OsStr::new("/dev/dk0")));
        assert_eq!(
            (mounts[0].mount_point.to_str(), mounts[0].fs_type.to_str()),
            (Some("/"), Some("ffs"))
        );
        assert_eq!(mounts[0].options, "rw,log,local,rootfs");
        assert_eq!(mounts[1].options, "rw,nosuid,local");
        let physical = partitions(answer, Partitions::Physical).expect("whole");
        assert_eq!(physical, mounts[..1]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2 * STRIDE)) {
            let _ = (partitions(&bytes, Partitions::All), disk_io(&bytes).map(|all| whole_disks(&all)));
        }
    }
}
