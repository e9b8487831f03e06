//! Mounted file systems, as the three systems have them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use ps_core::disk::{DiskUsage, Partition};

/// Space on a file system from its counts of blocks of `block_size` bytes. What is kept back for the system can make
/// the blocks that are left for users fewer than none.
#[must_use]
pub fn usage(blocks: u64, free: u64, for_users: i64, block_size: u64) -> DiskUsage {
    let mut usage = DiskUsage::default();
    usage.total = blocks.saturating_mul(block_size);
    usage.used = blocks.saturating_sub(free).saturating_mul(block_size);
    usage.free = super::unsigned(for_users).saturating_mul(block_size);
    usage
}

/// A mounted file system. `names` gives each option that `flags` can have.
#[must_use]
pub fn partition(
    device: &[u8],
    mount_point: &[u8],
    fs_type: &[u8],
    flags: u64,
    names: &[(u64, &str)],
) -> Partition {
    let writable = if flags & READ_ONLY == 0 { "rw" } else { "ro" };
    let mut options = OsString::from(writable);
    for (_, name) in names.iter().filter(|(flag, _)| flags & flag != 0) {
        options.push(",");
        options.push(name);
    }
    let mut partition = Partition::default();
    partition.device = (!device.is_empty()).then(|| OsString::from_vec(device.to_vec()));
    partition.mount_point = PathBuf::from(OsString::from_vec(mount_point.to_vec()));
    partition.fs_type = OsString::from_vec(fs_type.to_vec());
    partition.options = options;
    partition
}

/// Whether a mount counts among [`Partitions::Physical`]: its source is a device, or it is part of a pool of devices.
///
/// What exists in memory only, comes over the network or shows another directory anew has a source of another form;
/// what a program serves (`fuse`) has for its source the device that it is served through, unless it is told of a
/// better one.
///
/// [`Partitions::Physical`]: ps_core::disk::Partitions::Physical
#[must_use]
pub fn is_on_device(source: &[u8], fs_type: &[u8]) -> bool {
    let is_device = source.strip_prefix(b"/dev/").is_some_and(|name| {
        !(name.is_empty() || name.starts_with(b"fuse") || name.starts_with(b"puffs"))
    });
    is_device || fs_type == b"zfs"
}

/// `MNT_RDONLY`, the same in all three systems.
const READ_ONLY: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_read_only_flag_is_the_same_everywhere() {
        use crate::raw::{freebsd, netbsd, openbsd};
        assert_eq!(freebsd::disk::MNT_RDONLY, READ_ONLY);
        for system in [freebsd::system(), netbsd::system(), openbsd::system()] {
            let flag = system.constants.iter().find(|constant| constant.name == "MNT_RDONLY");
            assert_eq!(flag.map(|flag| flag.value), Some(1), "{}", system.name);
        }
    }

    #[test]
    fn a_device_or_a_pool_is_physical_and_nothing_else_is() {
        let table: &[(&[u8], &[u8], bool)] = &[
            (b"/dev/ada0p2", b"ufs", true),
            (b"/dev/ufs/root", b"ufs", true),
            (b"/dev/sd0a", b"ffs", true),
            (b"/dev/da0s1", b"fusefs.ntfs", true),
            (b"zroot/ROOT/default", b"zfs", true),
            (b"tmpfs", b"tmpfs", false),
            (b"devfs", b"devfs", false),
            (b"mfs:1234", b"mfs", false),
            (b"host:/export", b"nfs", false),
            (b"/usr/home", b"nullfs", false),
            (b"/dev/fuse", b"fusefs.sshfs", false),
            (b"/dev/fuse0", b"fuse", false),
            (b"/dev/puffs", b"puffs|x", false),
            (b"/dev/", b"ufs", false),
            (b"", b"", false),
            (b"\xff", b"\xff", false),
        ];
        for (source, kind, expected) in table {
            assert_eq!(is_on_device(source, kind), *expected, "{}", source.escape_ascii());
        }
    }

    #[test]
    fn what_is_kept_back_is_not_free_for_users() {
        let usage = usage(1000, 100, -20, 512);
        assert_eq!((usage.total, usage.used, usage.free), (512_000, 460_800, 0));
        assert_eq!(super::usage(u64::MAX, 0, i64::MAX, u64::MAX).free, u64::MAX);
    }

    #[test]
    fn options_are_named_in_order() {
        let names = [(2, "sync"), (4, "noexec")];
        let one = partition(b"/dev/ada0p2", b"/", b"ufs", 4, &names);
        assert_eq!(one.options, "rw,noexec");
        let two = partition(b"", b"/a\xff", b"devfs", 7, &names);
        assert_eq!((two.options.to_str(), two.device), (Some("ro,sync,noexec"), None));
        assert_eq!(two.mount_point.into_os_string().into_vec(), b"/a\xff");
    }
}
