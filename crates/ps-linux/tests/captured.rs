//! What is told of trees that `cargo xtask fixtures` captured: the files of real kernels, each tree's `PROVENANCE` says
//! of which.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ps_linux::cgroup::CgroupVersion;
use ps_linux::pressure::PressureKind;
use ps_linux::sensors::BatteryStatus;
use ps_linux::{
    CpuBackend, DiskBackend, HostBackend, Linux, LinuxView, MemBackend, NetBackend, Pid,
    ProcessBackend, ProcessView, Roots, SensorsBackend,
};

const KIB: u64 = 1024;

/// Each tree, with how many CPUs are online, on how many cores, and kilobytes of memory.
const TREES: &[(&str, usize, Option<u32>, u64)] = &[
    ("arm64-kernel-6.1", 2, Some(2), 490_236),
    ("cgroup-v1-kernel-6.1", 2, None, 480_004),
    ("cgroup-v2-kernel-6.12", 2, None, 474_712),
    ("sixteen-cpus-kernel-6.1", 16, Some(8), 476_620),
    ("smallest-kernel-6.1", 1, None, 253_148),
    ("two-batteries-kernel-6.12", 2, Some(2), 473_128),
    ("two-cpus-kernel-6.18", 2, Some(2), 24_684_096),
    ("two-nodes-kernel-6.1", 4, Some(4), 480_144),
    ("two-of-four-cpus-kernel-6.1", 2, Some(2), 479_552),
    ("user-mode-kernel-6.1", 1, None, 242_412),
];

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn at(name: &str) -> Linux {
    Linux::at(Roots::below(tree(name)))
}

/// The process that was started for the capture.
fn sleeper(name: &str) -> LinuxView {
    let number = std::fs::read_link(tree(name).join("proc/self")).expect("is a link");
    let number = number.to_str().and_then(|number| number.parse().ok()).expect("is a number");
    at(name).view_of(Pid::new(number).expect("in range"))
}

#[test]
fn every_tree_has_its_cpus_and_its_memory() {
    for (name, cpus, cores, memory) in TREES {
        let linux = at(name);
        let count = usize::try_from(linux.cpu_count().expect("read").expect("told")).expect("few");
        assert_eq!(count, *cpus, "{name}");
        assert_eq!(linux.cpu_times_per_cpu().expect("read").len(), *cpus, "{name}");
        if cores.is_some() {
            assert_eq!(linux.cpu_count_physical().expect("read"), *cores, "{name}");
        }
        let told = linux.virtual_memory().expect("read");
        assert_eq!(told.total, memory * KIB, "{name}");
        assert!(told.available > 0 && told.available < told.total, "{name}: {told:?}");
        let all = linux.cpu_times().expect("read");
        let each = linux.cpu_times_per_cpu().expect("read");
        let idle: Duration = each.iter().map(|one| one.value.idle).sum();
        // The kernel rounds each CPU's time for itself.
        assert!(all.idle.abs_diff(idle) <= Duration::from_millis(200), "{name}");
    }
}

#[test]
fn every_tree_answers_or_says_that_it_cannot() {
    for (name, ..) in TREES {
        let linux = at(name);
        let answers = BTreeMap::from([
            ("stats", linux.cpu_stats().map(drop)),
            ("frequency", linux.cpu_frequency_per_cpu().map(drop)),
            ("load", linux.load_average().map(drop)),
            ("swap", linux.swap_memory().map(drop)),
            ("available memory", linux.available_memory().map(drop)),
            ("disks", linux.disk_io_counters().map(drop)),
            ("traffic", linux.net_io_counters_per_interface().map(drop)),
            ("interfaces", linux.interface_stats().map(drop)),
            ("temperatures", linux.temperatures().map(drop)),
            ("fans", linux.fans().map(drop)),
            ("power", linux.power_supplies().map(drop)),
            ("boot", linux.boot_time().map(drop)),
            ("time since boot", linux.time_since_boot().map(drop)),
            ("users", linux.users().map(drop)),
            ("groups", linux.cgroup().map(drop)),
            ("pressure", linux.pressure(PressureKind::Memory).map(drop)),
        ]);
        for (question, answer) in answers {
            assert!(
                answer.as_ref().err().is_none_or(|error| error.is_unsupported()),
                "{name}: {question}: {answer:?}"
            );
        }
    }
}

#[test]
fn the_process_of_every_tree_is_the_one_that_was_started_for_it() {
    for (name, ..) in TREES {
        let view = sleeper(name);
        assert_eq!(view.comm().expect("read"), "sleep", "{name}");
        assert_eq!(view.cmdline().expect("read"), ["sleep", "600"], "{name}");
        assert_eq!(view.num_threads().expect("read"), 1, "{name}");
        assert_eq!(view.uids().expect("read").real.get(), 0, "{name}");
        assert_eq!(view.nice().expect("read"), 0, "{name}");
        // The size of a copied directory says nothing about descriptors.
        if tree(name).join("proc/self/fd").is_dir() {
            assert_eq!(view.num_fds().expect("listed"), 3, "{name}");
        }
        assert!(view.memory_info().expect("read").rss > 0, "{name}");
        assert!(view.create_time().expect("read") > at(name).boot_time().expect("read"), "{name}");
        assert!(view.environ().is_err(), "{name}: what is private was not captured");
    }
}

#[test]
fn two_batteries_of_which_one_speaks_of_energy_and_one_of_charge() {
    let linux = at("two-batteries-kernel-6.12");
    let supplies = linux.power_supplies().expect("read");
    let [first, second] = supplies.batteries.as_slice() else { panic!("{supplies:?}") };
    assert_eq!((first.name.to_str(), first.percent), (Some("BAT0"), 70.0));
    assert_eq!((first.status, first.power_now_uw), (BatteryStatus::Discharging, Some(7_800_000)));
    assert_eq!((first.energy_now_uwh, first.energy_full_uwh), (Some(27_300_000), Some(39_000_000)));
    assert_eq!((second.name.to_str(), second.percent), (Some("BAT1"), 30.0));
    assert_eq!(second.status, BatteryStatus::NotCharging);
    assert_eq!(supplies.is_on_ac_power(), Some(false));
    let temperatures = linux.temperatures().expect("read");
    assert_eq!(temperatures[OsStr::new("acpitz")][0].current_celsius, Some(47.0));
    assert_eq!(temperatures[OsStr::new("nvme")][0].current_celsius, Some(49.85));
    let fans = linux.fans().expect("read");
    assert_eq!(fans[OsStr::new("acpi_fan")][0].rpm, 2460);
    let disk = linux.disk_io_counters().expect("read").expect("one");
    assert_eq!((disk.read_count, disk.read_bytes, disk.write_count), (3, 24 * 512, 0));
    assert_eq!(
        (disk.read_time, disk.busy_time),
        (Some(Duration::from_millis(10)), Some(Duration::from_millis(12)))
    );
}

#[test]
fn groups_of_both_versions_have_the_limits_that_were_set() {
    for (name, version, weight) in [
        ("cgroup-v1-kernel-6.1", CgroupVersion::V1, 79),
        ("cgroup-v2-kernel-6.12", CgroupVersion::V2, 250),
    ] {
        let cgroup = sleeper(name).cgroup().expect("read");
        assert_eq!(cgroup.version, Some(version));
        let nearest = &cgroup.nearest;
        assert_eq!(
            (nearest.memory_limit, nearest.memory_used),
            (Some(314_572_800), Some(0)),
            "{name}"
        );
        assert_eq!((nearest.cpu_limit, nearest.cpu_weight), (Some(1.5), Some(weight)), "{name}");
        assert_eq!((nearest.tasks_limit, nearest.tasks), (Some(77), Some(1)), "{name}");
        assert_eq!(cgroup.effective.memory_available, Some(314_572_800), "{name}");
        assert_eq!(cgroup.effective.cpus, Some(vec![0, 1]), "{name}");
        // Process 1 is in the group at the top, which has no limits.
        assert_eq!(at(name).cgroup().expect("read").effective.memory_limit, None, "{name}");
    }
    let pressure = sleeper("cgroup-v2-kernel-6.12").cgroup_pressure(PressureKind::Memory);
    assert_eq!(pressure.expect("read").some.expect("told").total, Duration::ZERO);
    let pressure = sleeper("cgroup-v1-kernel-6.1").cgroup_pressure(PressureKind::Memory);
    assert!(pressure.expect_err("not told").is_unsupported());
}

#[test]
fn what_a_kernel_does_not_tell_is_not_made_up() {
    assert_eq!(at("arm64-kernel-6.1").cpu_frequency_per_cpu().expect("read"), []);
    let all = at("two-nodes-kernel-6.1").cpu_frequency_per_cpu().expect("read");
    assert_eq!(all.len(), 4);
    let user_mode = at("user-mode-kernel-6.1");
    assert!(user_mode.pressure(PressureKind::Cpu).expect_err("not told").is_unsupported());
    assert!(user_mode.temperatures().expect("read").is_empty());
    let smallest = at("smallest-kernel-6.1");
    assert!(smallest.disk_io_counters().expect_err("not counted").is_unsupported());
    assert_eq!(smallest.swap_memory().expect("read").swapped_in, None);
    assert_eq!(smallest.cgroup().expect("read"), Default::default());
    assert_eq!(user_mode.cpu_times().expect("read").user, Duration::from_millis(1200));
}

#[test]
fn a_new_kernel_has_counters_of_twenty_columns_and_of_more_than_four_gigabytes() {
    let linux = at("two-cpus-kernel-6.18");
    let disks = linux.disk_io_counters_per_disk().expect("read");
    let disk = &disks[OsStr::new("vda")];
    assert_eq!((disk.read_count, disk.read_bytes), (791_112, 35_928_634 * 512));
    assert_eq!((disk.write_count, disk.write_bytes), (126_569, 142_554_584 * 512));
    let traffic = linux.net_io_counters_per_interface().expect("read");
    assert_eq!(traffic[OsStr::new("eth0")].bytes_recv, 1_573_429_351);
    let boot = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_837_929);
    assert_eq!(linux.boot_time().expect("read"), boot);
}
