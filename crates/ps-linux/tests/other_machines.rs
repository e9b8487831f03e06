//! Everything about the machine, read from trees of files of other machines.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ps_linux::cgroup::CgroupVersion;
use ps_linux::disk::Partitions;
use ps_linux::net::{ConnectionKind, ConnectionQuery, ConnectionStatus, Endpoint};
use ps_linux::pressure::PressureKind;
use ps_linux::sensors::{BatteryStatus, BatteryTime};
use ps_linux::{
    CpuBackend, DiskBackend, Error, Fields, Gid, HostBackend, Linux, MemBackend, Missing,
    NetBackend, Pid, ProcessBackend, ProcessView, Roots, Scanner, SensorsBackend, Uid,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn at(name: &str) -> Linux {
    Linux::at(Roots::below(tree(name)))
}

#[test]
fn arm_board_cpus() {
    let board = at("arm-board");
    assert_eq!(board.cpu_count().expect("told"), Some(4));
    assert_eq!(board.cpu_count_physical().expect("told"), Some(4));
    let all = board.cpu_frequency_per_cpu().expect("told");
    assert_eq!(all.len(), 4);
    let mean = board.cpu_frequency().expect("told").expect("some");
    assert_eq!((mean.current_mhz, mean.min_mhz, mean.max_mhz), (1500.0, Some(600.0), Some(1800.0)));
    assert_eq!(board.load_average().expect("told").fifteen, 0.56);
    assert_eq!(board.cpu_stats().expect("told").context_switches, Some(7_654_321));
}

#[test]
fn disk_root_device_is_resolved_only_to_what_exists() {
    let board = at("arm-board");
    let all = board.partitions(Partitions::All).expect("read");
    assert_eq!(all[0].device.as_deref(), Some(OsStr::new("/dev/mmcblk0p2")));
    assert_eq!(all.len(), 3);
    let physical = board.partitions(Partitions::Physical).expect("read");
    let points: Vec<_> = physical.iter().map(|one| one.mount_point.as_path()).collect();
    assert_eq!(points, [Path::new("/"), Path::new("/boot")]);
    let mut roots = Roots::below(tree("arm-board"));
    roots.dev = tree("tiny-kernel").join("dev");
    let unresolved = Linux::at(roots).partitions(Partitions::All).expect("read");
    assert_eq!(unresolved[0].device.as_deref(), Some(OsStr::new("/dev/root")));
}

#[test]
fn arm_board_memory_disk_and_traffic() {
    let board = at("arm-board");
    let memory = board.virtual_memory().expect("read");
    assert_eq!((memory.total, memory.available), (1_920_000 * KIB, 1_500_000 * KIB));
    let swap = board.swap_memory().expect("read");
    assert_eq!(swap.used, 2396 * KIB);
    assert_eq!(swap.swapped_in, Some(12 * board.units().page_size));
    let total = board.disk_io_counters().expect("read").expect("a disk");
    assert_eq!((total.read_count, total.write_bytes), (9000, 300_000 * 512));
    assert_eq!(board.disk_io_counters_per_disk().expect("read").len(), 3);
    let traffic = board.net_io_counters().expect("read").expect("two");
    assert_eq!((traffic.bytes_recv, traffic.drops_in), (5_001_000, 12));
    let wlan = board.interface_stats().expect("read");
    let wlan = &wlan[OsStr::new("wlan0")];
    assert_eq!((wlan.is_up, wlan.speed_mbps, wlan.mtu), (true, None, 1500));
}

#[test]
fn sensors_thermal_zones_serve_where_hwmon_has_nothing() {
    let zones = at("arm-board").temperatures().expect("read");
    assert_eq!(zones.len(), 1);
    let zone = &zones[OsStr::new("cpu-thermal")][0];
    assert_eq!((zone.current_celsius, zone.critical_celsius), (Some(48.686), Some(110.0)));
    assert!(
        !at("laptop-two-batteries")
            .temperatures()
            .expect("read")
            .contains_key(OsStr::new("acpitz"))
    );
}

#[test]
fn another_root_has_its_own_names() {
    let board = at("arm-board");
    assert_eq!(board.user_name(Uid::new(1000)).expect("read"), Some("pi".into()));
    assert_eq!(board.group_name(Gid::new(997)).expect("read"), Some("gpio".into()));
    // The caller's own machine knows this one; that one does not.
    assert_eq!(board.user_name(Uid::new(65_534)).expect("read"), None);
    assert_eq!(board.hostname().expect("read"), "board");
    assert_eq!(board.time_since_boot().expect("read"), Duration::from_millis(9_412_530));
    let boot = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(board.boot_time().expect("read"), boot);
}

#[test]
fn what_only_a_call_could_tell_is_unsupported_at_another_root() {
    let board = at("arm-board");
    assert!(board.disk_usage(Path::new("/")).expect_err("refused").is_unsupported());
    assert!(board.interface_addresses().expect_err("refused").is_unsupported());
    assert!(board.uptime().expect_err("refused").is_unsupported());
    assert!(at("tiny-kernel").hostname().expect_err("refused").is_unsupported());
    assert!(at("tiny-kernel").interface_stats().expect_err("refused").is_unsupported());
    assert!(at("tiny-kernel").swap_memory().expect_err("refused").is_unsupported());
}

#[test]
fn many_cpus_with_one_offline() {
    let server = at("many-cpus-two-nodes");
    assert_eq!(server.cpu_count().expect("told"), Some(31));
    let times = server.cpu_times_per_cpu().expect("told");
    let numbers: Vec<_> = times.iter().map(|one| one.cpu).collect();
    assert_eq!(numbers.len(), 31);
    assert!(!numbers.contains(&5) && numbers.is_sorted());
    // Sixteen cores: of one of them, only the other thread is online.
    assert_eq!(server.cpu_count_physical().expect("told"), Some(16));
    assert_eq!(server.cpu_stats().expect("told").interrupts, Some(u64::MAX));
}

#[test]
fn cpu_frequency_offline_cpu_is_left_out_of_list_and_mean() {
    let all = at("many-cpus-two-nodes").cpu_frequency_per_cpu().expect("told");
    assert_eq!(all.len(), 31);
    assert!(all.iter().all(|one| one.cpu != 5 && one.value.max_mhz == Some(3500.0)));
    assert_eq!(all[10].value.current_mhz, 2011.5);
}

#[test]
fn sensors_come_in_the_order_of_their_numbers() {
    let all = at("many-cpus-two-nodes").temperatures().expect("read");
    let cores: Vec<_> = all[OsStr::new("coretemp")].iter().map(|one| one.current_celsius).collect();
    let package = [Some(41.0), Some(42.0), Some(50.0)];
    assert_eq!(cores, [package, package].concat());
}

#[test]
fn s390x_counts_and_frequencies() {
    let guest = at("s390x-three-cpus");
    assert_eq!(guest.cpu_count().expect("told"), Some(3));
    assert_eq!(guest.cpu_count_physical().expect("told"), Some(3));
    let all = guest.cpu_frequency_per_cpu().expect("told");
    let now: Vec<_> = all.iter().map(|one| (one.value.current_mhz, one.value.max_mhz)).collect();
    assert_eq!(now, [(5200.0, None), (5201.0, None), (5202.0, None)]);
    assert_eq!(guest.cpu_times().expect("told").steal, Some(guest.units().ticks(77)));
    let disk = guest.disk_io_counters().expect("read").expect("a disk");
    assert_eq!(disk.read_bytes, 80_000 * 512);
}

#[test]
fn a_32_bit_machine_has_narrow_limits_that_are_none() {
    let old = at("x86-32-bit");
    let cgroup = old.cgroup().expect("read");
    assert_eq!(cgroup.version, Some(CgroupVersion::V1));
    assert_eq!(cgroup.nearest.memory_limit, Some(100 * MIB));
    assert_eq!(cgroup.effective.memory_limit, Some(100 * MIB));
    // 90 MiB in use, 80 of them cache.
    assert_eq!(cgroup.effective.memory_available, Some(90 * MIB));
    assert_eq!(old.available_memory().expect("read"), 90 * MIB);
    assert_eq!((cgroup.nearest.cpu_limit, cgroup.nearest.cpu_weight), (None, Some(39)));
    assert_eq!(cgroup.nearest.cpu_time, Some(Duration::from_millis(1500)));
    assert_eq!(cgroup.effective.cpus, Some(vec![0]));
    assert_eq!(old.cpu_stats().expect("read").context_switches, Some(4_294_967_290));
}

#[test]
fn kernel_2_6_32_memory_is_estimated() {
    let old = at("kernel-2.6.32");
    let low = (62 + 1250) * old.units().page_size;
    let memory = old.virtual_memory().expect("read");
    let cache = 600_000 * KIB;
    let slab = 40_000 * KIB;
    assert_eq!(memory.available, 200_000 * KIB - low + (cache - low) + (slab - low));
    let swap = old.swap_memory().expect("read");
    assert_eq!((swap.used, swap.swapped_in, swap.swapped_out), (100_000 * KIB, None, None));
}

#[test]
fn kernel_2_6_32_cpus_and_sensors() {
    let old = at("kernel-2.6.32");
    let times = old.cpu_times().expect("read");
    assert!(times.guest.is_some() && times.guest_nice.is_none());
    let all = old.cpu_frequency_per_cpu().expect("read");
    let seen: Vec<_> =
        all.iter().map(|one| (one.cpu, one.value.current_mhz, one.value.min_mhz)).collect();
    assert_eq!(seen, [(0, 1600.0, Some(800.0)), (1, 1600.0, Some(800.0))]);
    assert_eq!(old.cpu_count_physical().expect("read"), Some(2));
}

#[test]
fn sensors_files_may_lie_below_device() {
    let old = at("kernel-2.6.32");
    let chip = OsStr::new("w83627hf");
    let temperatures = old.temperatures().expect("read");
    assert_eq!(temperatures[chip][0].high_celsius, Some(60.0));
    let fans = old.fans().expect("read");
    assert_eq!(fans[chip].iter().map(|fan| fan.rpm).collect::<Vec<_>>(), [2700, 0]);
}

#[test]
fn groups_of_version_1_that_are_apart_are_not_limited_from_above() {
    let cgroup = at("kernel-2.6.32").cgroup().expect("read");
    assert_eq!(cgroup.version, Some(CgroupVersion::V1));
    assert_eq!((cgroup.nearest.memory_used, cgroup.nearest.memory_limit), (Some(1000), None));
    assert_eq!(cgroup.effective.memory_limit, None);
}

#[test]
fn a_container_without_a_namespace_of_groups_finds_its_own() {
    let container = at("container-docker-kernel-3.10");
    let cgroup = container.cgroup().expect("read");
    assert_eq!(cgroup.nearest.memory_limit, Some(200 * MIB));
    assert_eq!(cgroup.nearest.memory_used, Some(200 * MIB));
    assert_eq!(cgroup.effective.memory_available, Some(150 * MIB));
    assert_eq!(
        (cgroup.nearest.swap_limit, cgroup.nearest.swap_used),
        (Some(200 * MIB), Some(4096))
    );
    assert_eq!((cgroup.nearest.cpu_limit, cgroup.nearest.cpu_weight), (Some(2.5), Some(20)));
    assert_eq!(cgroup.effective.cpus, Some(vec![2, 3, 4, 5]));
    assert_eq!((cgroup.nearest.tasks_limit, cgroup.nearest.tasks), (Some(100), Some(7)));
    assert_eq!(container.available_parallelism().expect("read"), 2);
    assert_eq!(container.available_memory().expect("read"), 150 * MIB);
}

#[test]
fn a_container_lists_its_own_mounts() {
    let container = at("container-docker-kernel-3.10");
    let all = container.partitions(Partitions::All).expect("read");
    assert_eq!(all.len(), 3);
    let physical = container.partitions(Partitions::Physical).expect("read");
    assert_eq!(physical.len(), 1);
    assert_eq!(physical[0].device.as_deref(), Some(OsStr::new("/dev/mapper/vg a-lv")));
    assert_eq!(physical[0].mount_point, Path::new("/etc/hosts"));
}

#[cfg(target_endian = "little")]
#[test]
fn a_container_lists_its_own_sockets() {
    let container = at("container-docker-kernel-3.10");
    let all = container.connections(&ConnectionQuery::new(ConnectionKind::All)).expect("read");
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|socket| socket.pid.is_none() && socket.fd.is_none()));
    let listening =
        ConnectionQuery::new(ConnectionKind::Inet).with_status(ConnectionStatus::Listen);
    let listening = container.connections(&listening).expect("read");
    assert_eq!(listening.len(), 1);
    assert_eq!(listening[0].local.as_ref().map(ToString::to_string), Some("127.0.0.1:8080".into()));
    let unix = container.connections(&ConnectionQuery::new(ConnectionKind::Unix)).expect("read");
    assert_eq!(unix[0].local, Some(Endpoint::Path("/run/my app.sock".into())));
    assert_eq!(unix[1].local, Some(Endpoint::Abstract("abstract".into())));
}

#[test]
fn net_missing_ipv6_tables_are_empty() {
    let query = ConnectionQuery::new(ConnectionKind::Inet6);
    assert_eq!(at("container-docker-kernel-3.10").connections(&query).expect("no error"), []);
}

#[test]
fn lxcfs_figures_of_the_host_do_not_exceed_the_containers() {
    let container = at("container-lxcfs-cgroup-v2");
    let memory = container.virtual_memory().expect("read");
    assert_eq!((memory.total, memory.available), (1024 * MIB, 600_000 * KIB));
    assert_eq!(container.cpu_count().expect("read"), Some(2));
    assert_eq!(container.available_parallelism().expect("read"), 1);
}

#[test]
fn groups_of_version_2_nearest_and_effective() {
    let container = at("container-lxcfs-cgroup-v2");
    let cgroup = container.cgroup().expect("read");
    assert_eq!(cgroup.version, Some(CgroupVersion::V2));
    let nearest = &cgroup.nearest;
    assert_eq!((nearest.memory_limit, nearest.memory_used), (None, Some(100 * MIB)));
    assert_eq!((nearest.cpu_limit, nearest.cpu_weight), (Some(1.5), Some(200)));
    assert_eq!(nearest.cpu_time, Some(Duration::from_millis(2500)));
    assert_eq!((nearest.tasks_limit, nearest.tasks), (Some(64), Some(3)));
    let effective = &cgroup.effective;
    assert_eq!(effective.memory_limit, Some(400 * MIB));
    assert_eq!((effective.swap_limit, effective.cpu_limit), (Some(0), Some(1.5)));
    assert_eq!((effective.cpus.as_deref(), effective.tasks_limit), (Some(&[0, 1][..]), Some(64)));
    // The group above may use 400 MiB and uses 350, of which 250 are cache; its other group has 240 in use, of
    // which 230 are cache and 200 protected: only 40 of them go. At the top, 674 MiB are left.
    let reclaimable = 200 + 40 + 10;
    let withheld = 230 - (240 - 200);
    assert_eq!(effective.memory_available, Some((400 - (350 - (reclaimable - withheld))) * MIB));
    assert_eq!(
        container.available_memory().expect("read"),
        (400 - 350 + reclaimable - withheld) * MIB
    );
}

#[test]
fn a_group_out_of_sight_says_nothing() {
    let container = at("container-lxcfs-cgroup-v2");
    let other = container.view_of(Pid::new(42).expect("in range")).cgroup().expect("read");
    assert_eq!(other, Default::default());
    let gone = container.view_of(Pid::new(43).expect("in range")).cgroup().expect_err("not there");
    assert!(matches!(gone, Error::NoSuchProcess { .. }) && gone.pid() == Pid::new(43), "{gone}");
}

#[test]
fn pressure_of_machine_and_group() {
    let container = at("container-lxcfs-cgroup-v2");
    let memory = container.pressure(PressureKind::Memory).expect("read");
    assert_eq!(memory.some.expect("told").avg300_percent, 3.0);
    assert!(container.pressure(PressureKind::Cpu).expect("read").full.is_none());
    assert!(container.pressure(PressureKind::Irq).expect_err("not told").is_unsupported());
    let init = Pid::new(1).expect("in range");
    let group = container.view_of(init).cgroup_pressure(PressureKind::Memory).expect("read");
    assert_eq!(group.full.expect("told").total, Duration::from_micros(500));
    assert!(
        container
            .view_of(init)
            .cgroup_pressure(PressureKind::Io)
            .expect_err("not told")
            .is_unsupported()
    );
    assert!(at("tiny-kernel").pressure(PressureKind::Cpu).expect_err("not told").is_unsupported());
}

#[test]
fn users_come_from_systemd_where_the_file_is_gone() {
    let users = at("container-lxcfs-cgroup-v2").users().expect("read");
    assert_eq!(users.len(), 1);
    assert_eq!((users[0].name.clone(), users[0].pid), ("ann".into(), Pid::new(812)));
}

#[test]
fn users_without_any_record_are_none_and_no_error() {
    assert_eq!(at("tiny-kernel").users().expect("no error"), []);
}

#[test]
fn wsl_1_has_neither_disks_nor_swap_traffic() {
    let windows = at("wsl-1");
    let wsl = windows.wsl().expect("read").expect("it is");
    // The name stands in the environment of the caller, who is somewhere else.
    assert_eq!((wsl.version, wsl.distribution), (1, None));
    assert!(windows.disk_io_counters().expect_err("not counted").is_unsupported());
    assert_eq!(windows.swap_memory().expect("read").swapped_in, None);
    assert_eq!(windows.cpu_count().expect("read"), Some(2));
    assert_eq!(windows.cpu_count_physical().expect("read"), None);
    assert_eq!(windows.cpu_frequency().expect("read"), None);
    let stats = windows.cpu_stats().expect("read");
    assert_eq!((stats.interrupts, stats.soft_interrupts), (None, None));
    let physical = windows.partitions(Partitions::Physical).expect("read");
    assert_eq!(physical[1].device.as_deref(), Some(OsStr::new("C:\\")));
    assert_eq!(
        at("arm-board").wsl().expect_err("no such file").path().map(Path::to_owned),
        Some(tree("arm-board/proc/sys/kernel/osrelease"))
    );
}

#[test]
fn a_battery_without_charge_falls_back_on_capacity() {
    let supplies = at("wsl-1").power_supplies().expect("read");
    assert_eq!(supplies.batteries[0].percent, 87.0);
    assert_eq!(supplies.is_on_ac_power(), Some(false));
    assert_eq!(supplies.batteries[0].time_left, BatteryTime::Unknown);
}

#[test]
fn a_tiny_kernel_has_nothing_and_fails_nowhere() {
    let tiny = at("tiny-kernel");
    assert_eq!(tiny.cpu_count().expect("read"), Some(1));
    assert_eq!(tiny.cpu_count_physical().expect("read"), None);
    assert_eq!(tiny.cpu_frequency_per_cpu().expect("read"), []);
    assert_eq!(tiny.virtual_memory().expect("read").available, 118_000 * KIB);
    assert!(tiny.disk_io_counters_per_disk().expect_err("not counted").is_unsupported());
    assert!(tiny.temperatures().expect("read").is_empty() && tiny.fans().expect("read").is_empty());
    assert_eq!(tiny.power_supplies().expect("read"), Default::default());
    assert_eq!(tiny.net_io_counters().expect("read"), None);
    assert_eq!(tiny.connections(&ConnectionQuery::new(ConnectionKind::All)).expect("read"), []);
    assert_eq!(tiny.partitions(Partitions::Physical).expect("read"), []);
    assert_eq!(tiny.partitions(Partitions::All).expect("read").len(), 1);
    assert_eq!(tiny.cgroup().expect("read"), Default::default());
    assert_eq!(tiny.available_memory().expect("read"), 118_000 * KIB);
    assert_eq!(tiny.available_parallelism().expect("read"), 1);
}

#[test]
fn laptop_sensors_that_cannot_be_read_are_left_out() {
    let laptop = at("laptop-two-batteries");
    let all = laptop.temperatures().expect("read");
    assert_eq!(all.keys().collect::<Vec<_>>(), ["coretemp", "nvme", "thinkpad"]);
    let thinkpad = &all[OsStr::new("thinkpad")];
    assert_eq!((thinkpad.len(), thinkpad[0].label.as_deref()), (1, Some(OsStr::new("CPU"))));
    let nvme = &all[OsStr::new("nvme")][0];
    assert_eq!((nvme.high_celsius, nvme.critical_celsius), (Some(81.85), None));
    let fans = laptop.fans().expect("read");
    assert_eq!(fans[OsStr::new("thinkpad")].len(), 1);
}

#[test]
fn laptop_batteries_add_up() {
    let supplies = at("laptop-two-batteries").power_supplies().expect("read");
    let names: Vec<_> = supplies.batteries.iter().map(|one| one.name.clone()).collect();
    assert_eq!(names, ["BAT0", "BAT1"]);
    let first = &supplies.batteries[0];
    assert_eq!((first.percent, first.status), (40.0, BatteryStatus::Discharging));
    assert_eq!(first.time_left, BatteryTime::Remaining(Duration::from_secs(7200)));
    assert_eq!(first.temperature_celsius, Some(31.1));
    let total = supplies.battery_total().expect("two");
    assert_eq!(total.percent, 60.0);
    assert_eq!(total.time_left, BatteryTime::Remaining(Duration::from_secs(6 * 3600)));
    assert_eq!(supplies.is_on_ac_power(), Some(false));
}

#[test]
fn disk_totals_count_whole_devices_only() {
    let old = at("kernel-4.4");
    let total = old.disk_io_counters().expect("read").expect("disks");
    assert_eq!((total.read_count, total.write_count), (100 + 7 + 1, 50 + 2));
    let all = old.disk_io_counters_per_disk().expect("read");
    assert!(all.contains_key(OsStr::new("cciss/c0d0")) && all.contains_key(OsStr::new("sda1")));
}

#[test]
fn disk_traffic_comes_from_sysfs_where_the_table_is_missing() {
    let old = at("kernel-4.4/no-diskstats");
    let total = old.disk_io_counters().expect("read").expect("disks");
    assert_eq!((total.read_count, total.busy_time), (107, Some(Duration::from_millis(502))));
    let names: Vec<_> = old.disk_io_counters_per_disk().expect("read").into_keys().collect();
    assert_eq!(names, ["cciss/c0d0", "sda", "sda1"]);
}

/// A tree of a few files, taken away at the end.
struct Made(PathBuf);

impl Made {
    fn new(name: &str, files: &[(&str, &str)]) -> Made {
        let place = std::env::temp_dir().join(format!("ps-linux-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = place.join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        Made(place)
    }

    fn linux(&self) -> Linux {
        Linux::at(Roots::below(&self.0))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn cpu_logical_count_falls_back_from_sysfs_to_cpuinfo_to_stat() {
    let stat = ("proc/stat", "cpu  1 1 1 1\ncpu0 1 1 1 1\n");
    let info = ("proc/cpuinfo", "processor : 0\nprocessor : 1\n");
    let sysfs = ("sys/devices/system/cpu/online", "0-2\n");
    let count =
        |name, files: &[(&str, &str)]| Made::new(name, files).linux().cpu_count().expect("read");
    assert_eq!(count("count-3", &[stat, info, sysfs]), Some(3));
    assert_eq!(count("count-2", &[stat, info]), Some(2));
    assert_eq!(count("count-1", &[stat]), Some(1));
    assert_eq!(count("count-0", &[("proc/stat", "intr 5\n")]), None);
}

#[test]
fn cpu_frequency_is_read_from_the_first_file_that_has_one() {
    let policy = "sys/devices/system/cpu/cpufreq/policy0/";
    let current = |name, files: &[(&str, &str)]| {
        let files: Vec<_> =
            files.iter().map(|(file, text)| (format!("{policy}{file}"), *text)).collect();
        let files: Vec<_> = files.iter().map(|(file, text)| (file.as_str(), *text)).collect();
        Made::new(name, &files).linux().cpu_frequency().expect("read").map(|one| one.current_mhz)
    };
    let (scaling, info) = (("scaling_cur_freq", "1000000\n"), ("cpuinfo_cur_freq", "2000000\n"));
    assert_eq!(current("freq-both", &[scaling, info]), Some(1000.0));
    assert_eq!(current("freq-info", &[("scaling_cur_freq", "<unknown>\n"), info]), Some(2000.0));
    assert_eq!(current("freq-none", &[("scaling_min_freq", "5\n")]), None);
}

#[test]
fn disk_types_come_from_mountinfo_where_the_list_cannot_be_read() {
    let made = Made::new(
        "types",
        &[
            ("proc/1/mounts", "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n"),
            (
                "proc/1/mountinfo",
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:5 / /proc rw - proc proc rw\n",
            ),
        ],
    );
    let physical = made.linux().partitions(Partitions::Physical).expect("read");
    assert_eq!(physical.len(), 1);
    assert_eq!(physical[0].fs_type, "ext4");
}

#[test]
fn disk_no_disks_have_no_total_and_an_empty_map() {
    let made = Made::new("no-disks", &[("proc/diskstats", ""), ("sys/block/.keep", "")]);
    assert_eq!(made.linux().disk_io_counters().expect("read"), None);
    assert!(made.linux().disk_io_counters_per_disk().expect("read").is_empty());
}

#[test]
fn disk_counters_that_wrap_are_carried_on() {
    let path = "proc/diskstats";
    let line = |reads: u64| format!("8 0 sda {reads} 0 0 0 0 0 0 0 0 0 0\n");
    let made = Made::new("wrap", &[(path, &line(4_294_967_290))]);
    let (linux, mut nowrap) = (made.linux(), ps_linux::nowrap::Nowrap::new());
    let mut read = || {
        let all = linux.disk_io_counters_per_disk().expect("read");
        nowrap.correct(all)[OsStr::new("sda")].read_count
    };
    let first = read();
    // In place: the file stays open.
    std::fs::write(made.0.join(path), line(5)).expect("written");
    assert_eq!((first, read()), (4_294_967_290, 4_294_967_295));
}

#[test]
fn net_descriptors_that_cannot_be_listed_leave_the_owner_unknown() {
    let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4001 1 0\n";
    // A process that has gone meanwhile, and one whose descriptors are no directory.
    let made = Made::new(
        "owners",
        &[
            ("proc/1/net/tcp", &format!("heading\n{line}")),
            ("proc/7/comm", "gone\n"),
            ("proc/8/fd", ""),
        ],
    );
    let all = made.linux().connections(&ConnectionQuery::new(ConnectionKind::Tcp4)).expect("read");
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].pid, all[0].fd, all[0].inode), (None, None, Some(4001)));
    let place = made.0.join("proc/9/fd");
    std::fs::create_dir_all(&place).expect("made");
    std::os::unix::fs::symlink("socket:[4001]", place.join("5")).expect("made");
    std::os::unix::fs::symlink("/dev/null", place.join("6")).expect("made");
    let all = made.linux().connections(&ConnectionQuery::new(ConnectionKind::Tcp4)).expect("read");
    assert_eq!((all[0].pid, all[0].fd), (Pid::new(9), Some(5)));
}

#[test]
fn the_device_of_the_root_is_found_by_each_road() {
    let always = [
        ("proc/1/mounts", "/dev/root / ext4 rw 0 0\n"),
        ("proc/1/mountinfo", "22 1 8:3 / / rw - ext4 /dev/root rw\n"),
        ("dev/sda3", ""),
    ];
    let found = |road: &[(&str, &str)]| {
        let made = Made::new("root-device", &[&always[..], road].concat());
        let all = made.linux().partitions(Partitions::All).expect("read");
        all[0].device.clone().expect("has one")
    };
    assert_eq!(found(&[]), "/dev/root", "by none");
    for road in [
        ("proc/partitions", "major minor  #blocks  name\n\n   8        3   1000 sda3\n"),
        ("sys/dev/block/8:3/uevent", "MAJOR=8\nMINOR=3\nDEVNAME=sda3\nDEVTYPE=partition\n"),
        ("sys/class/block/sda3/dev", "8:3\n"),
    ] {
        assert_eq!(found(&[road]), "/dev/sda3", "{}", road.0);
    }
}

#[test]
fn a_footprint_is_added_up_where_the_kernel_does_not() {
    let stat = "7 (a) S 1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n";
    let maps = "1000-2000 r-xp 00000000 00:00 0 \nRss: 8 kB\nPss: 4 kB\nPrivate_Clean: 4 kB\nSwap: 1 kB\n\
                2000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\nPss: 4 kB\nPrivate_Dirty: 4 kB\n";
    let footprint = |files: &[(&str, &str)]| {
        let made = Made::new("footprint", files);
        let used = made.linux().view_of(Pid::new(7).expect("in range")).memory_footprint();
        used.map(|used| (used.uss, used.pss, used.swap))
    };
    let old = [("proc/7/stat", stat), ("proc/7/smaps", maps)];
    assert_eq!(footprint(&old).expect("added up"), (8 << 10, Some(8 << 10), Some(1 << 10)));
    let sum =
        "1000-3000 ---p 00000000 00:00 0 [rollup]\nPss: 9 kB\nPrivate_Dirty: 5 kB\nSwap: 2 kB\n";
    let new = [("proc/7/stat", stat), ("proc/7/smaps", maps), ("proc/7/smaps_rollup", sum)];
    assert_eq!(footprint(&new).expect("told"), (5 << 10, Some(9 << 10), Some(2 << 10)));
    let error = footprint(&old[..1]).expect_err("neither");
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

#[test]
fn sensors_coretemp_of_the_platform_is_added_only_if_hwmon_lacks_it() {
    let sensor = |place: &str| {
        [(format!("{place}/name"), "coretemp\n"), (format!("{place}/temp1_input"), "50000\n")]
    };
    let platform = sensor("sys/devices/platform/coretemp.0/hwmon/hwmon1");
    let count = |name, files: Vec<(String, &str)>| {
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        Made::new(name, &files)
            .linux()
            .temperatures()
            .expect("read")
            .values()
            .map(Vec::len)
            .sum::<usize>()
    };
    assert_eq!(count("coretemp-alone", platform.to_vec()), 1);
    let both = [sensor("sys/class/hwmon/hwmon1"), platform].concat();
    assert_eq!(count("coretemp-both", both), 1);
}

#[test]
fn a_start_that_no_clock_can_tell_is_not_told() {
    let files = [
        ("proc/stat", format!("btime {}\n", i64::MAX)),
        ("proc/7/stat", format!("7 (a) S 1 {}5000 0 0\n", "0 ".repeat(17))),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let made = Made::new("start", &files);
    let (linux, pid) = (made.linux(), Pid::try_from(7).expect("in range"));
    let error = linux.view_of(pid).create_time().expect_err("too late");
    assert!(matches!(error, Error::Decode { .. }) && error.pid() == Some(pid), "{error}");
    let mut rows = Vec::new();
    let scan = linux.scanner().expect("opens").scan(Fields::CREATE_TIME, &mut |row| {
        rows.push((row.pid, row.create_time));
        ControlFlow::Continue(())
    });
    scan.expect("scans");
    assert_eq!(rows, [(pid, Err(Missing::Failed))]);
}

#[test]
fn a_wrong_root_is_an_error_that_names_the_file() {
    let nowhere = Linux::at(Roots::below("/nonexistent/root"));
    let errors = [
        nowhere.cpu_times().map(drop),
        nowhere.virtual_memory().map(drop),
        nowhere.load_average().map(drop),
        nowhere.boot_time().map(drop),
        nowhere.partitions(Partitions::All).map(drop),
        nowhere.net_io_counters().map(drop),
        nowhere.time_since_boot().map(drop),
    ];
    for result in errors {
        let error = result.expect_err("nothing is there");
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(error.path().is_some_and(|path| path.starts_with("/nonexistent/root")), "{error}");
    }
    assert_eq!(nowhere.cpu_count().expect("unknown"), None);
}

#[test]
fn a_file_cut_off_is_an_error_that_names_it() {
    let place = std::env::temp_dir().join(format!("ps-linux-cut-off-{}", std::process::id()));
    std::fs::create_dir_all(place.join("proc")).expect("made");
    for (name, text) in
        [("stat", "cpu  1 2"), ("meminfo", "MemTotal: 5"), ("loadavg", ""), ("uptime", "x")]
    {
        std::fs::write(place.join("proc").join(name), text).expect("written");
    }
    let cut = Linux::at(Roots::below(&place));
    let errors = [
        (cut.cpu_times().map(drop), "stat"),
        (cut.boot_time().map(drop), "stat"),
        (cut.virtual_memory().map(drop), "meminfo"),
        (cut.load_average().map(drop), "loadavg"),
        (cut.time_since_boot().map(drop), "uptime"),
    ];
    std::fs::remove_dir_all(&place).expect("removed");
    for (result, name) in errors {
        let error = result.expect_err("cut off");
        assert!(matches!(error, Error::Decode { .. }), "{error}");
        assert_eq!(error.path(), Some(place.join("proc").join(name).as_path()));
    }
}
