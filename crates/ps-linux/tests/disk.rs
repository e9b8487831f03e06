//! File systems and disks of the machine that runs the tests.
#![cfg(target_os = "linux")]

use std::path::Path;

use ps_linux::disk::Partitions;
use ps_linux::{DiskBackend, Error, Linux};

#[test]
fn every_physical_mount_is_among_all() {
    let linux = Linux::new();
    let all = linux.partitions(Partitions::All).expect("read");
    assert!(all.iter().any(|one| one.mount_point == Path::new("/")), "{all:?}");
    for one in linux.partitions(Partitions::Physical).expect("read") {
        assert!(all.contains(&one), "{one:?}");
        assert!(one.device.is_some());
    }
}

#[test]
fn disk_usage_of_a_file_is_that_of_its_file_system() {
    let linux = Linux::new();
    let root = linux.disk_usage(Path::new("/")).expect("asked");
    let file = linux.disk_usage(Path::new("/etc/passwd")).expect("asked");
    assert_eq!(root.total, file.total);
    if root.total == 0 {
        ps_tests::skip!("the root is a file system without size");
        return;
    }
    assert!(root.used + root.free <= root.total);
    // What is kept back for the system makes the share of what users can use larger.
    let of_all = root.used as f64 / root.total as f64 * 100.0;
    assert!(root.percent() >= of_all, "{root:?}");
}

#[test]
fn disk_usage_of_a_file_system_without_size_is_zero_percent() {
    let usage = Linux::new().disk_usage(Path::new("/proc")).expect("asked");
    assert_eq!((usage.total, usage.percent()), (0, 0.0));
}

#[test]
fn disk_usage_of_a_missing_path_is_not_found() {
    let error = Linux::new().disk_usage(Path::new("/nonexistent/x")).expect_err("not there");
    let Error::Io { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(error.path(), Some(Path::new("/nonexistent/x")));
    let error = Linux::new().disk_usage(Path::new("a\0b")).expect_err("no path");
    assert!(matches!(error, Error::InvalidArgument { .. }));
}

#[test]
fn totals_are_no_more_than_all_disks_together() {
    let linux = Linux::new();
    let all = match linux.disk_io_counters_per_disk() {
        Err(error) if error.is_unsupported() => {
            ps_tests::skip!("this kernel counts no disk traffic");
            return;
        }
        other => other.expect("read"),
    };
    let sum: u64 = all.values().map(|io| io.read_bytes).sum();
    match linux.disk_io_counters().expect("read") {
        Some(total) => assert!(total.read_bytes <= sum + (1 << 30), "{total:?}"),
        None => ps_tests::skip!("no disk here"),
    }
}
