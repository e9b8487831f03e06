//! A small machine that was told of rightly, and each of its figures made wrong.

use super::*;
use serde_json::json;

const BEFORE: &[(&str, &str)] = &[
    (
        "/proc/stat",
        "cpu  100 20 30 400 5 6 7 8 0 0\ncpu0 50 10 15 200 5 3 4 4 0 0\ncpu1 50 10 15 200 0 3 3 4 0 0\n\
                    intr 900 1 2\nctxt 5000\nbtime 1700000000\nsoftirq 700 1\n",
    ),
    ("/proc/loadavg", "0.50 0.25 0.10 1/90 300\n"),
    (
        "/proc/meminfo",
        "MemTotal:  500000 kB\nMemFree:  300000 kB\nMemAvailable: 400000 kB\nBuffers: 1000 kB\n\
                       Cached: 90000 kB\nActive: 50000 kB\nInactive: 40000 kB\nShmem: 100 kB\nSlab: 30000 kB\n\
                       SReclaimable: 10000 kB\nSwapTotal: 8000 kB\nSwapFree: 7000 kB\n",
    ),
    ("/proc/vmstat", "pswpin 2\npswpout 3\n"),
    ("/proc/uptime", "100.00 50.00\n"),
    ("/proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2500.000\n"),
    ("/proc/sys/kernel/hostname", "guest\n"),
    ("/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n"),
    ("/proc/diskstats", " 259 0 disk 10 1 16 4 20 2 32 8 0 12 12\n"),
    ("/proc/self/mounts", "/dev/disk /my\\040disk ext4 rw 0 0\n"),
    (
        "/proc/self/net/dev",
        "Inter-| Receive\n face |bytes\n  lo: 100 2 0 1 0 0 0 0 200 4 0 3 0 0 0 0\n",
    ),
    ("/proc/self/net/tcp", "  sl\n   0: 0100007F:1F90 00000000:0000 0A 00:00 00:00 00 0 0 77 1\n"),
    (
        "/proc/self/net/udp6",
        "  sl\n   0: 00000000000000000000000001000000:0035 0:0 07 00:00 00:00 00 0 0 78 2\n",
    ),
    ("/proc/7/stat", "7 (a (b) c) T 1 7 7 0 -1 0 50 0 5 0 20 10 4 3 20 5 1 0 2000 8192000 25 0\n"),
    ("/proc/7/statm", "2000 25 20 5 0 6 0\n"),
    ("/proc/7/status", "Name:\ta\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"),
    ("/proc/7/cmdline", "sleep\09\0"),
    ("/sys/class/hwmon/hwmon0/name", "chip\n"),
    ("/sys/class/hwmon/hwmon0/temp1_input", "47000\n"),
    ("/sys/class/hwmon/hwmon0/fan1_input", "2460\n"),
    ("/sys/class/net/lo/mtu", "65536\n"),
    ("/sys/class/net/lo/flags", "0x9\n"),
    ("/sys/class/power_supply/B/type", "Battery\n"),
    ("/sys/class/power_supply/B/capacity", "70\n"),
    ("/sys/class/power_supply/B/status", "Not charging\n"),
    ("/sys/class/power_supply/B/energy_now", "27300000\n"),
    ("/sys/class/power_supply/A/type", "Mains\n"),
    ("/sys/class/power_supply/A/online", "0\n"),
    ("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n"),
    ("/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "0-1\n"),
    ("/sys/fs/cgroup/one/memory.max", "314572800\n"),
    ("/sys/fs/cgroup/one/cpu.max", "150000 100000\n"),
    ("/sys/fs/cgroup/one/cpu.weight", "250\n"),
    ("/sys/fs/cgroup/one/pids.max", "77\n"),
];

fn time(ticks: u64) -> Value {
    json!({ "secs": ticks / 100, "nanos": ticks % 100 * 10_000_000 })
}

fn modes(all: [u64; 8]) -> Value {
    let [user, nice, system, idle, iowait, irq, softirq, steal] = all.map(time);
    json!({
        "user": user, "nice": nice, "system": system, "idle": idle, "iowait": iowait, "irq": irq,
        "softirq": softirq, "steal": steal, "guest": time(0), "guest_nice": time(0),
    })
}

fn said() -> Value {
    let absent = json!({ "error": "not supported: pressure" });
    let moment = |secs: u64| json!({ "secs_since_epoch": secs, "nanos_since_epoch": 0 });
    json!({
        "machine": {
            "cpu_count": 2,
            "available_parallelism": 1,
            "cpu_count_physical": 1,
            "cpu_times": modes([100, 20, 30, 400, 5, 6, 7, 8]),
            "cpu_times_per_cpu": [
                { "cpu": 0, "value": modes([50, 10, 15, 200, 5, 3, 4, 4]) },
                { "cpu": 1, "value": modes([50, 10, 15, 200, 0, 3, 3, 4]) },
            ],
            "cpu_frequency_per_cpu": [{ "cpu": 0, "value": { "current_mhz": 2500.0 } }],
            "cpu_stats": { "context_switches": 5000, "interrupts": 900, "soft_interrupts": 700 },
            "load_average": { "one": 0.5, "five": 0.25, "fifteen": 0.1 },
            "virtual_memory": {
                "total": 512_000_000, "available": 409_600_000, "free": 307_200_000, "buffers": 1_024_000,
                "cached": 102_400_000, "active": 51_200_000, "inactive": 40_960_000, "shared": 102_400,
                "slab": 30_720_000,
            },
            "swap_memory": { "total": 8_192_000, "free": 7_168_000, "swapped_in": 8192, "swapped_out": 12288 },
            "boot_time": moment(1_700_000_000),
            "time_since_boot": { "secs": 100, "nanos": 0 },
            "hostname": "guest",
            "pressure_cpu": { "some": { "total": { "secs": 2, "nanos": 0 } }, "full": null },
            "pressure_memory": absent,
            "pressure_io": absent,
            "pressure_irq": absent,
            "disk_io_counters_per_disk": { "disk": {
                "read_count": 10, "read_merged_count": 1, "read_bytes": 8192, "write_count": 20,
                "write_merged_count": 2, "write_bytes": 16384, "read_time": { "secs": 0, "nanos": 4_000_000 },
                "write_time": { "secs": 0, "nanos": 8_000_000 }, "busy_time": { "secs": 0, "nanos": 12_000_000 },
            } },
            "partitions": [
                { "device": "/dev/disk", "mount_point": "/my disk", "fs_type": "ext4", "options": "rw" },
            ],
            "net_io_counters_per_interface": { "lo": {
                "bytes_recv": 100, "packets_recv": 2, "errors_in": 0, "drops_in": 1, "bytes_sent": 200,
                "packets_sent": 4, "errors_out": 0, "drops_out": 3,
            } },
            "interface_stats": { "lo": { "mtu": 65536, "is_up": true } },
            "connections": [
                { "socket_type": "stream", "local": { "inet": "127.0.0.1:8080" }, "status": "LISTEN", "inode": 77 },
                { "socket_type": "datagram", "local": { "inet": "[::1]:53" }, "inode": 78 },
            ],
            "temperatures": { "chip": [{ "current_celsius": 47.0 }] },
            "fans": { "chip": [{ "rpm": 2460 }] },
            "power_supplies": {
                "batteries": [
                    { "name": "B", "percent": 70.0, "status": "not_charging", "energy_now_uwh": 27_300_000 },
                ],
                "mains": [{ "name": "A", "online": false }],
            },
            "cgroup": { "nearest": {
                "memory_limit": 314_572_800, "cpu_limit": 1.5, "cpu_weight": 250, "tasks_limit": 77,
            } },
            "available_memory": 300_000_000,
        },
        "processes": { "7": {
            "comm": "a (b) c", "status": "stopped", "ppid": 1, "pgid": 7, "sid": 7, "nice": 5, "num_threads": 1,
            "page_faults": { "minor": 50, "major": 5 }, "vms": 8_192_000,
            "cpu_times": {
                "user": time(20), "system": time(10), "children_user": time(4), "children_system": time(3),
            },
            "create_time": moment(1_700_000_020),
            "memory_info": { "vms": 8_192_000, "rss": 102_400, "shared": 81_920, "text": 20_480, "data": 24_576 },
            "uids": { "real": 1, "effective": 2, "saved": 3 },
            "gids": { "real": 5, "effective": 6, "saved": 7 },
            "umask": 18, "cmdline": ["sleep", "9"],
        } },
    })
}

fn files(said: &Value) -> BTreeMap<String, Vec<u8>> {
    let texts = ["before", "after"].into_iter().flat_map(|when| {
        BEFORE.iter().map(move |(path, text)| (format!("/{when}{path}"), text.as_bytes().to_vec()))
    });
    texts.chain([("/said".to_owned(), said.to_string().into_bytes())]).collect()
}

/// The paths to all that stands in a value and is not made of other values.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found));
        }
        Value::Array(list) => {
            let each = list.iter().enumerate();
            each.for_each(|(at, value)| leaves(value, &format!("{path}/{at}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn what_was_told_rightly_is_not_complained_of() {
    let findings = findings(&files(&said()));
    assert_eq!(findings.wrong, [""; 0]);
    assert!(findings.held > 100, "{}", findings.held);
}

#[test]
fn a_process_that_ends_between_two_of_its_files_is_no_complaint() {
    let mut files = files(&said());
    files.remove("/after/proc/7/statm").expect("was read");
    assert_eq!(findings(&files).wrong, [""; 0]);
}

#[test]
fn every_figure_that_is_wrong_is_found() {
    let said = said();
    let mut paths = Vec::new();
    leaves(&said, "", &mut paths);
    for path in &paths {
        let mut lying = said.clone();
        let leaf = lying.pointer_mut(path).expect("is there");
        *leaf = match leaf {
            Value::Number(number) => (number.as_f64().expect("is one") * 1.5 + 1e9).into(),
            Value::Bool(is) => (!*is).into(),
            Value::Null => json!({ "total": { "secs": 0, "nanos": 0 } }),
            _ => "another".into(),
        };
        assert!(!findings(&files(&lying)).wrong.is_empty(), "nobody noticed {path}");
    }
    assert!(paths.len() > 130, "{}", paths.len());
}

#[test]
fn what_is_missing_or_comes_from_nowhere_is_found() {
    for path in [
        "/machine/cpu_times_per_cpu/1",
        "/machine/net_io_counters_per_interface/lo",
        "/machine/disk_io_counters_per_disk/disk",
        "/machine/connections/0",
        "/machine/temperatures/chip",
        "/machine/power_supplies/mains/0",
        "/processes/7",
    ] {
        let mut lying = said();
        let (above, name) = path.rsplit_once('/').expect("is a path");
        match lying.pointer_mut(above).expect("is there") {
            Value::Object(map) => drop(map.remove(name)),
            Value::Array(list) => drop(list.remove(name.parse().expect("is a number"))),
            _ => panic!("{path}"),
        }
        assert!(!findings(&files(&lying)).wrong.is_empty(), "nobody missed {path}");
    }
    let mut lying = said();
    lying["processes"]["3"] = json!({ "comm": "ghost" });
    assert!(!findings(&files(&lying)).wrong.is_empty(), "a process that is not there");
}

#[test]
fn zero_is_no_answer_for_what_the_machine_does_not_have() {
    let mut all = files(&said());
    all.retain(|path, _| !path.ends_with("/proc/diskstats"));
    assert!(findings(&all).wrong.iter().any(|wrong| wrong.starts_with("disks: ")));
}

#[test]
fn a_witness_that_says_nothing_and_a_sight_of_nothing_are_wrong() {
    assert!(hold(&BTreeMap::new()).1.iter().any(|wrong| wrong.contains("no JSON")));
    let (held, wrong) = hold(&files(&json!({})));
    assert!(held < FEWEST && wrong.len() > 100, "{held} {}", wrong.len());
}
