//! What stays open after every question was asked. Alone in its file: other tests open things too.
#![cfg(target_os = "linux")]

use std::path::Path;

use ps_linux::disk::Partitions;
use ps_linux::net::{ConnectionKind, ConnectionQuery};
use ps_linux::{
    CpuBackend, DiskBackend, HostBackend, Linux, MemBackend, NetBackend, SensorsBackend,
};

fn ask_everything(linux: &Linux) {
    let _ = (
        linux.cpu_times(),
        linux.cpu_times_per_cpu(),
        linux.cpu_count(),
        linux.cpu_count_physical(),
    );
    let _ = (linux.cpu_stats(), linux.load_average(), linux.cpu_frequency());
    let _ = (linux.virtual_memory(), linux.swap_memory(), linux.available_memory());
    let _ = (linux.partitions(Partitions::Physical), linux.disk_usage(Path::new("/")));
    let _ = (linux.disk_io_counters(), linux.disk_io_counters_per_disk());
    let _ = (linux.net_io_counters(), linux.interface_addresses(), linux.interface_stats());
    let _ = linux.connections(&ConnectionQuery::new(ConnectionKind::All));
    let _ = (linux.temperatures(), linux.fans(), linux.power_supplies());
    let _ = (linux.boot_time(), linux.time_since_boot(), linux.users(), linux.hostname());
    let _ = linux.user_name(ps_linux::Uid::new(12_345));
}

/// Descriptors that are open, each with its target.
fn open() -> Vec<(i32, String)> {
    let own = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let target = std::fs::read_link(&path).ok()?.display().to_string();
        Some((path.file_name()?.to_str()?.parse().ok()?, target))
    };
    let all = std::fs::read_dir("/proc/self/fd").expect("listed").filter_map(own);
    all.filter(|(_, target)| !target.ends_with("/fd")).collect()
}

#[test]
fn a_handful_of_files_stays_open_and_no_child_inherits_them() {
    let before = open();
    let linux = Linux::new();
    ask_everything(&linux);
    let kept: Vec<_> = open().into_iter().filter(|one| !before.contains(one)).collect();
    assert!(!kept.is_empty() && kept.len() <= 8, "{kept:?}");
    for _ in 0..20 {
        ask_everything(&linux);
        ask_everything(&linux.clone());
    }
    let later: Vec<_> = open().into_iter().filter(|one| !before.contains(one)).collect();
    assert_eq!(kept, later);
    let child = std::process::Command::new("/bin/ls").args(["-l", "/proc/self/fd"]).output();
    let listing = String::from_utf8(child.expect("run").stdout).expect("text");
    for (_, target) in &kept {
        let inherited = listing.lines().any(|line| line.ends_with(&format!(" -> {target}")));
        assert!(!inherited, "{target} in {listing}");
    }
    drop(linux);
    assert_eq!(open(), before);
}
