//! Mounted file systems and disk traffic.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ps_core::Result;
use ps_core::disk::{DiskIo, DiskUsage, Partition};
use ps_core::raw::{Record as _, each, text};

use super::{Property, malformed, short};
use crate::raw::disk::*;

/// What flags of a mount are called among its options, in the order of `mount(8)`.
const OPTIONS: &[(u64, &str)] = &[
    (MNT_SYNCHRONOUS, "sync"),
    (MNT_NOEXEC, "noexec"),
    (MNT_NOSUID, "nosuid"),
    (MNT_NODEV, "nodev"),
    (MNT_UNION, "union"),
    (MNT_ASYNC, "async"),
    (MNT_CPROTECT, "protect"),
    (MNT_EXPORTED, "exported"),
    (MNT_REMOVABLE, "removable"),
    (MNT_QUARANTINE, "quarantine"),
    (MNT_LOCAL, "local"),
    (MNT_QUOTA, "quota"),
    (MNT_ROOTFS, "rootfs"),
    (MNT_DOVOLFS, "dovolfs"),
    (MNT_DONTBROWSE, "nobrowse"),
    (MNT_IGNORE_OWNERSHIP, "noowners"),
    (MNT_AUTOMOUNTED, "automounted"),
    (MNT_JOURNALED, "journaled"),
    (MNT_NOUSERXATTR, "nouserxattr"),
    (MNT_DEFWRITE, "defwrite"),
    (MNT_MULTILABEL, "multilabel"),
    (MNT_NOATIME, "noatime"),
    (MNT_SNAPSHOT, "snapshot"),
    (MNT_STRICTATIME, "strictatime"),
];

/// Mounted file systems, from `getfsstat`.
pub fn decode_mounts(answer: &[u8]) -> Result<Vec<Partition>> {
    each::<Statfs>(answer, Statfs::LAYOUT.size)
        .map(|mount| Ok(partition(&mount.map_err(short)?)))
        .collect()
}

fn partition(mount: &Statfs) -> Partition {
    let owned = |field: &[u8]| OsString::from_vec(text(field).to_vec());
    let flags = u64::from(mount.f_flags);
    let writing = if flags & MNT_RDONLY != 0 { "ro" } else { "rw" };
    let set = OPTIONS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name);
    let device = owned(&mount.f_mntfromname);
    let mut partition = Partition::default();
    partition.device = (!device.is_empty() && device != "none").then_some(device);
    partition.mount_point = PathBuf::from(owned(&mount.f_mntonname));
    partition.fs_type = owned(&mount.f_fstypename);
    partition.options = std::iter::once(writing).chain(set).collect::<Vec<_>>().join(",").into();
    partition
}

/// The path of the device that a mount is on, if it can be one: whether it exists is the caller's to see.
#[must_use]
pub fn device_path(partition: &Partition) -> Option<&Path> {
    let device = partition.device.as_deref()?;
    device.as_bytes().starts_with(b"/").then(|| Path::new(device))
}

/// Space on a file system, from its blocks, and from what its volume itself uses where the volume tells.
///
/// Volumes of one container share its space: blocks that are not free may well be another volume's.
#[must_use]
pub fn usage(
    block_size: u64,
    blocks: u64,
    free: u64,
    available: u64,
    volume: Option<u64>,
) -> DiskUsage {
    let bytes = |blocks: u64| blocks.saturating_mul(block_size);
    let mut usage = DiskUsage::default();
    usage.total = bytes(blocks);
    usage.used = volume.unwrap_or_else(|| bytes(blocks.saturating_sub(free)));
    usage.free = bytes(available);
    usage
}

/// What a volume uses, from `getattrlist` with `ATTR_VOL_SPACEUSED`: the length of the answer in four bytes,
/// then the number of bytes in eight, without a gap. `None` if it is not told.
#[must_use]
pub fn decode_space_used(answer: &[u8]) -> Option<u64> {
    let length = u32::from_ne_bytes(*answer.first_chunk()?);
    let used = i64::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    u64::try_from(used).ok().filter(|_| length >= 12)
}

/// Traffic of one disk, from the properties of its driver.
pub fn decode_statistics(driver: &Property) -> Result<DiskIo> {
    let statistics = driver
        .get("Statistics")
        .ok_or_else(|| malformed("IOBlockStorageDriver", "no Statistics"))?;
    let count = |name: &str| {
        let number = statistics.get(name).and_then(Property::int);
        // Counters of 64 bits without a sign, handed out with one.
        number.map_or(0, i64::cast_unsigned)
    };
    let mut io = DiskIo::default();
    io.read_count = count("Operations (Read)");
    io.write_count = count("Operations (Write)");
    io.read_bytes = count("Bytes (Read)");
    io.write_bytes = count("Bytes (Write)");
    let time = |name| {
        let number = statistics.get(name).and_then(Property::int)?;
        Some(Duration::from_nanos(number.cast_unsigned()))
    };
    io.read_time = time("Total Time (Read)");
    io.write_time = time("Total Time (Write)");
    Ok(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn mounts_are_read_field_by_field() {
        let answer = include_bytes!("../../fixtures/records/macos-mounts.bin");
        let mounts = decode_mounts(answer).expect("decodes");
        assert_eq!(mounts.len(), 2);
        assert_eq!(mounts[0].device.as_deref(), Some("/dev/disk3s1s1".as_ref()));
        assert_eq!(mounts[0].mount_point, Path::new("/"));
        assert_eq!(mounts[0].fs_type, "apfs");
        assert_eq!(mounts[0].options, "ro,local,rootfs,dovolfs,journaled,snapshot");
        assert_eq!(device_path(&mounts[0]), Some(Path::new("/dev/disk3s1s1")));
        assert_eq!(mounts[1].mount_point.as_os_str().as_bytes(), b"/Volumes/\xff");
        assert_eq!(mounts[1].device.as_deref(), Some("map auto_home".as_ref()));
        assert_eq!(device_path(&mounts[1]), None);
        assert!(decode_mounts(&answer[..answer.len() - 1]).is_err());
        assert_eq!(decode_mounts(&[]).expect("none"), []);
    }

    #[test]
    fn a_mount_of_nothing_has_no_device() {
        let mut mount = Statfs::zeroed();
        assert_eq!(partition(&mount).device, None);
        mount.f_mntfromname[..4].copy_from_slice(b"none");
        assert_eq!(partition(&mount).device, None);
        assert_eq!(partition(&mount).options, "rw");
    }

    #[test]
    fn what_other_volumes_of_the_container_use_is_not_this_one_s() {
        let alone = usage(4096, 1000, 400, 300, None);
        assert_eq!((alone.total, alone.used, alone.free), (4_096_000, 600 * 4096, 300 * 4096));
        assert_eq!(usage(4096, 1000, 400, 300, Some(77)).used, 77);
        // More blocks than 32 bits hold.
        assert_eq!(usage(4096, 1 << 33, 0, 0, None).total, 1 << 45);
        assert_eq!(usage(u64::MAX, u64::MAX, u64::MAX, 1, None).used, 0);
    }

    #[test]
    fn space_of_a_volume_follows_its_length_without_a_gap() {
        let mut answer = 12u32.to_ne_bytes().to_vec();
        answer.extend(123_456_789_012i64.to_ne_bytes());
        assert_eq!(decode_space_used(&answer), Some(123_456_789_012));
        assert_eq!(decode_space_used(&answer[..11]), None);
        answer[..4].copy_from_slice(&4u32.to_ne_bytes());
        assert_eq!(decode_space_used(&answer), None);
    }

    #[test]
    fn traffic_is_read_by_name_and_times_are_nanoseconds() {
        let number = |name: &str, value| (name.to_owned(), Property::Int(value));
        let statistics = Property::Map(vec![
            number("Operations (Read)", 1),
            number("Operations (Write)", 2),
            number("Bytes (Read)", 3),
            number("Bytes (Write)", -1),
            number("Total Time (Read)", 1_500_000_000),
        ]);
        let driver = Property::Map(vec![("Statistics".to_owned(), statistics)]);
        let io = decode_statistics(&driver).expect("decodes");
        assert_eq!((io.read_count, io.write_count, io.read_bytes), (1, 2, 3));
        assert_eq!(io.write_bytes, u64::MAX);
        assert_eq!((io.read_time, io.write_time), (Some(Duration::from_millis(1500)), None));
        assert!(decode_statistics(&Property::Other).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
            for partition in decode_mounts(&bytes).into_iter().flatten() {
                let _ = device_path(&partition);
            }
            let _ = decode_space_used(&bytes);
        }
    }
}
