//! Mount tables, and what names the device behind the root file system.

pub mod io;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use ps_core::disk::Partition;

use super::text::{columns, lines, number, octal_unescape};

/// Every line of a mount table in the form of `/proc/self/mounts`, in its order.
///
/// Odd bytes, which the kernel escapes, are themselves again. A device without a name, and one called `none`, are no
/// device. A line with fewer than the four columns needed is passed over.
#[must_use]
pub fn decode_mounts(text: &[u8]) -> Vec<Partition> {
    lines(text).filter_map(mount).collect()
}

/// Columns of a mount table, of which any may be empty.
///
/// The kernel puts one blank between two, and escapes every blank, tab and line end in a name.
pub(crate) fn mount_columns(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ')
}

/// What `mountinfo` tells of the file system that is mounted: its type, its source and its options.
pub(crate) fn columns_of_file_system(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    mount_columns(line).skip_while(|column| *column != b"-").skip(1)
}

fn mount(line: &[u8]) -> Option<Partition> {
    let mut columns = mount_columns(line);
    let mut next = || Some(OsString::from_vec(octal_unescape(columns.next()?).into_owned()));
    let device = next()?;
    let mut partition = Partition::default();
    partition.device = (!device.is_empty() && device != "none").then_some(device);
    partition.mount_point = PathBuf::from(next()?);
    partition.fs_type = next()?;
    partition.options = next()?;
    Some(partition)
}

/// Types of file systems that live on a device, from `/proc/filesystems`; zfs too, which manages its own.
#[must_use]
pub fn decode_device_types(filesystems: &[u8]) -> BTreeSet<OsString> {
    lines(filesystems)
        .filter_map(|line| {
            let mut columns = columns(line);
            match (columns.next()?, columns.next()) {
                (b"nodev", Some(b"zfs")) => Some(b"zfs".to_vec()),
                (b"nodev", _) => None,
                (name, _) => Some(name.to_vec()),
            }
        })
        .map(OsString::from_vec)
        .collect()
}

/// Types of the file systems in a table in the form of `/proc/self/mountinfo` that have a device of their own
/// (a major number other than 0), and zfs.
#[must_use]
pub fn decode_mountinfo_types(mountinfo: &[u8]) -> BTreeSet<OsString> {
    lines(mountinfo)
        .filter_map(|line| {
            let (major, _) = decode_device_number(mount_columns(line).nth(2)?)?;
            let fs_type = columns_of_file_system(line).next()?;
            (major != 0 || fs_type == b"zfs").then(|| OsString::from_vec(fs_type.to_vec()))
        })
        .collect()
}

/// Whether a mount is on a real device, by the types that are.
#[must_use]
pub fn is_physical(partition: &Partition, device_types: &BTreeSet<OsString>) -> bool {
    partition.device.as_ref().is_some_and(|device| !device.is_empty())
        && device_types.contains(&partition.fs_type)
}

/// Whether a device is only the kernel's word for "where I was booted from".
#[must_use]
pub fn is_root_alias(partition: &Partition) -> bool {
    partition.device.as_ref().is_some_and(|device| device == "/dev/root" || device == "rootfs")
}

/// The device numbers of the file system mounted last at `/`, from `/proc/self/mountinfo`.
#[must_use]
pub fn decode_root_device(mountinfo: &[u8]) -> Option<(u32, u32)> {
    lines(mountinfo)
        .filter(|line| mount_columns(line).nth(4) == Some(b"/"))
        .filter_map(|line| decode_device_number(mount_columns(line).nth(2)?))
        .last()
}

/// A device number as in `8:1`.
#[must_use]
pub fn decode_device_number(text: &[u8]) -> Option<(u32, u32)> {
    let text = text.trim_ascii();
    let at = text.iter().position(|byte| *byte == b':')?;
    let (major, minor) = text.split_at(at);
    Some((number(major)?, number(minor.get(1..)?)?))
}

/// The name of a device by its number, from `/proc/partitions`.
#[must_use]
pub fn decode_partitions_name(partitions: &[u8], device: (u32, u32)) -> Option<Vec<u8>> {
    lines(partitions).find_map(|line| {
        let mut columns = columns(line);
        let found = (number(columns.next()?)?, number(columns.next()?)?);
        let name = columns.nth(1)?;
        (found == device).then(|| name.to_vec())
    })
}

/// The name of a device, from its `uevent` file.
#[must_use]
pub fn decode_uevent_name(uevent: &[u8]) -> Option<Vec<u8>> {
    let name = lines(uevent).find_map(|line| line.strip_prefix(b"DEVNAME="))?;
    (!name.is_empty()).then(|| name.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn disk_mount_names_are_unescaped_and_none_is_no_device() {
        let text =
            b"/dev/sd\\040a /mnt/a\\011b\\134c ext4 rw,x=\\054 0 0\nnone /proc proc rw 0 0\n";
        let all = decode_mounts(text);
        assert_eq!(all[0].device.as_deref(), Some(OsStr::new("/dev/sd a")));
        assert_eq!(all[0].mount_point.as_os_str(), "/mnt/a\tb\\c");
        assert_eq!(all[0].options, "rw,x=,");
        assert_eq!(all[1].device, None);
    }

    #[test]
    fn disk_mount_points_that_are_no_utf_8_and_duplicates_are_listed_as_they_are() {
        let all = decode_mounts(b"a /m\xff t o 0 0\na /m\xff t o 0 0\ncut /short\n");
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].mount_point.as_os_str(), OsStr::from_bytes(b"/m\xff"));
    }

    #[test]
    fn disk_mounts_without_a_source_have_no_device_and_keep_their_other_columns() {
        let all = decode_mounts(b" /tmp/x tmpfs rw,relatime 0 0\na\rb\x0cc /y tmpfs ro 0 0\n\n");
        assert_eq!(all.len(), 2);
        assert_eq!((&all[0].device, all[0].mount_point.to_str()), (&None, Some("/tmp/x")));
        assert_eq!(
            (all[0].fs_type.to_str(), all[0].options.to_str()),
            (Some("tmpfs"), Some("rw,relatime"))
        );
        assert_eq!(
            (all[1].device.as_deref(), all[1].mount_point.to_str()),
            (Some(OsStr::new("a\rb\x0cc")), Some("/y"))
        );
    }

    #[test]
    fn disk_physical_listing_keeps_zfs_and_drops_nodev() {
        let types = decode_device_types(b"nodev\tsysfs\nnodev\tzfs\n\text4\nnodev\toverlay\n");
        assert_eq!(types, BTreeSet::from(["ext4".into(), "zfs".into()]));
        let all = decode_mounts(
            b"pool /p zfs rw\noverlay / overlay rw\nnone /n ext4 rw\n/dev/a /a ext4 rw\n",
        );
        let kept: Vec<_> = all
            .iter()
            .filter(|one| is_physical(one, &types))
            .map(|one| one.mount_point.clone())
            .collect();
        assert_eq!(kept, [PathBuf::from("/p"), PathBuf::from("/a")]);
    }

    #[test]
    fn disk_types_come_from_mountinfo_after_the_separator() {
        let text = b"1 2 8:1 / / rw shared:1 master:2 - ext4 /dev/sda1 rw\n3 1 0:5 / /proc rw - proc proc rw\n4 1 0:9 / /p rw - zfs pool rw\ncut - \n";
        assert_eq!(decode_mountinfo_types(text), BTreeSet::from(["ext4".into(), "zfs".into()]));
    }

    #[test]
    fn disk_root_device_is_found_by_its_number() {
        let info = b"1 0 0:2 / / rw - rootfs rootfs rw\n2 1 179:2 / / rw - ext4 /dev/root rw\n3 2 8:1 / /m rw - ext4 x rw\n";
        assert_eq!(decode_root_device(info), Some((179, 2)));
        let partitions = b"major minor  #blocks  name\n\n 179        0   15558144 mmcblk0\n 179        2   15558144 mmcblk0p2\n";
        assert_eq!(
            decode_partitions_name(partitions, (179, 2)).as_deref(),
            Some(&b"mmcblk0p2"[..])
        );
        assert_eq!(decode_partitions_name(partitions, (0, 2)), None);
        let uevent = b"MAJOR=179\nMINOR=2\nDEVNAME=mmcblk0p2\nDEVTYPE=partition\n";
        assert_eq!(decode_uevent_name(uevent).as_deref(), Some(&b"mmcblk0p2"[..]));
        assert_eq!(decode_uevent_name(b"DEVNAME=\n"), None);
        assert_eq!(decode_device_number(b"8:1\n"), Some((8, 1)));
        assert_eq!(decode_device_number(b"8"), None);
    }

    #[test]
    fn only_two_names_stand_for_the_device_booted_from() {
        let all = decode_mounts(b"/dev/root / t o\nrootfs / t o\n/dev/sda / t o\nnone / t o\n");
        let found: Vec<_> = all.iter().map(is_root_alias).collect();
        assert_eq!(found, [true, true, false, false]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>) {
            let _ = (decode_mounts(&bytes), decode_device_types(&bytes), decode_mountinfo_types(&bytes));
            let _ = (decode_root_device(&bytes), decode_partitions_name(&bytes, (8, 1)));
            let _ = (decode_uevent_name(&bytes), decode_device_number(&bytes));
        }
    }
}
