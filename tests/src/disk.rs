//! What figures about file systems and disks have to keep to.

use std::path::Path;

use ps_core::disk::{DiskIo, Partitions};
use ps_core::{DiskBackend, Error};

use crate::{answer, assert_percent, comes_back, must};

/// Asking for all partitions leaves none out.
pub fn physical_partitions_are_among_all<B: DiskBackend>(backend: &B) {
    let all = must("partitions", backend.partitions(Partitions::All));
    let physical = must("partitions", backend.partitions(Partitions::Physical));
    assert!(!all.is_empty());
    for partition in physical {
        assert!(all.contains(&partition), "{partition:?}");
    }
    for partition in all {
        assert!(partition.mount_point.is_absolute(), "{partition:?}");
        assert!(!partition.fs_type.is_empty(), "{partition:?}");
    }
}

/// Parts of a file system are no larger than the whole.
pub fn space_is_used_or_free_or_kept_back<B: DiskBackend>(backend: &B) {
    let usage = must("disk_usage", backend.disk_usage(Path::new("/")));
    if usage.total == 0 {
        let all = must("partitions", backend.partitions(Partitions::All));
        let mut of_root = all.iter().filter(|one| one.mount_point == Path::new("/"));
        let is_memory = of_root.any(|one| one.fs_type == "rootfs" || one.fs_type == "ramfs");
        assert!(is_memory, "only a file system of memory without bound has no size: {all:?}");
        crate::skip!("the root file system is one without size");
        return;
    }
    assert!(usage.used <= usage.total && usage.free <= usage.total, "{usage:?}");
    assert_percent("the root file system in use", usage.percent());
}

/// Every mount point has space, or may not be looked at, or is no more; and says which it is.
pub fn every_mount_point_can_be_asked_about<B: DiskBackend>(backend: &B) {
    for partition in must("partitions", backend.partitions(Partitions::All)) {
        match backend.disk_usage(&partition.mount_point) {
            Ok(usage) => assert_percent("a file system in use", usage.percent()),
            Err(error) => {
                assert_eq!(error.path(), Some(partition.mount_point.as_path()), "{error:?}");
            }
        }
    }
}

fn counts(io: &DiskIo) -> [u64; 4] {
    [io.read_count, io.write_count, io.read_bytes, io.write_bytes]
}

/// Traffic since boot only grows.
pub fn traffic_does_not_decrease<B: DiskBackend>(backend: &B) {
    let each = || answer("disk_io_counters_per_disk", backend.disk_io_counters_per_disk());
    let (Some(first), Some(second)) = (each(), each()) else { return };
    for (name, before) in first {
        let Some(after) = second.get(&name) else { continue };
        let grown = counts(&before).into_iter().zip(counts(after)).all(|(a, b)| a <= b);
        assert!(grown, "{}: {before:?} {after:?}", name.display());
    }
}

/// Whole disks are listed among the disks, so their sum is no more than that of all.
pub fn whole_disks_are_no_more_than_all<B: DiskBackend>(backend: &B) {
    let Some(whole) = answer("disk_io_counters", backend.disk_io_counters()) else { return };
    let each = must("disk_io_counters_per_disk", backend.disk_io_counters_per_disk());
    let all = each.values().copied().reduce(|sum, one| sum.plus(&one));
    match (whole, all) {
        (Some(whole), Some(all)) => {
            let fits = counts(&whole).into_iter().zip(counts(&all)).all(|(a, b)| a <= b);
            assert!(fits, "{whole:?} {all:?}");
        }
        (Some(whole), None) => panic!("a sum of no disks: {whole:?}"),
        (None, _) => {}
    }
}

/// What no call could take is refused, and the refusal names it.
pub fn bad_paths_are_refused_with_their_names<B: DiskBackend>(backend: &B) {
    for bad in ["", "/a\0b"] {
        let error = backend.disk_usage(Path::new(bad)).expect_err("no path");
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        assert_eq!(error.path(), Some(Path::new(bad)));
    }
}

/// Records come back from text and from bytes.
pub fn records_come_back<B: DiskBackend>(backend: &B) {
    comes_back(&must("partitions", backend.partitions(Partitions::All)));
    comes_back(&must("disk_usage", backend.disk_usage(Path::new("/"))));
    if let Some(whole) = answer("disk_io_counters", backend.disk_io_counters()) {
        comes_back(&whole);
    }
}
