//! The machine's figures against what other programs say of the same machine.
//!
//! Where both count something that moves, the other's figure must lie between two of ours, give or take the
//! tolerance named at each.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use ps_linux::disk::Partitions;
use ps_linux::net::{ConnectionKind, ConnectionQuery, ConnectionStatus, Duplex, SocketFamily};
use ps_linux::{
    CpuBackend, DiskBackend, HostBackend, Linux, MemBackend, NetBackend, Pid, SensorsBackend,
};
use serde_json::Value;

/// A Python that has psutil: the one named by `PS_PYTHON`, the workspace's own, or the system's.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    let named = std::env::var_os("PS_PYTHON").map(PathBuf::from);
    named.into_iter().chain([venv, PathBuf::from("python3")]).find(|python| {
        Command::new(python)
            .args(["-c", "import psutil"])
            .output()
            .is_ok_and(|out| out.status.success())
    })
}

/// What psutil says to an expression, as JSON. `None`, with a word about it, without psutil.
fn psutil(expression: &str) -> Option<Value> {
    let Some(python) = python() else {
        ps_tests::skip!("no Python with psutil (set PS_PYTHON)");
        return None;
    };
    let program =
        format!("import psutil, json\nd = lambda t: t._asdict()\nprint(json.dumps({expression}))");
    output(Command::new(python).args(["-c", &program])).map(|text| json(&text))
}

/// What a tool prints. `None`, with a word about it, if it is not there or fails.
fn output(command: &mut Command) -> Option<String> {
    let name = command.get_program().to_owned();
    match command.env("LC_ALL", "C").output() {
        Ok(out) if out.status.success() => Some(String::from_utf8_lossy(&out.stdout).into_owned()),
        Ok(out) => panic!("{}: {}", name.display(), String::from_utf8_lossy(&out.stderr)),
        Err(_) => {
            ps_tests::skip!("no {} here", name.display());
            None
        }
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no whole number: {value}"))
}

/// `other` lies between `before` and `after`, each moved out by `slack`.
fn between(what: &str, before: f64, other: f64, after: f64, slack: f64) {
    let (low, high) = (before.min(after) - slack, before.max(after) + slack);
    assert!((low..=high).contains(&other), "{what}: {other} is not within {low} and {high}");
}

#[test]
fn cpu_times_agree_with_psutil() {
    let linux = Linux::new();
    let before = linux.cpu_times().expect("read");
    let Some(theirs) = psutil("d(psutil.cpu_times())") else { return };
    let after = linux.cpu_times().expect("read");
    // A tick of 10 ms, and iowait and steal may be moved back by a few.
    let pairs = [
        ("user", before.user, after.user),
        ("nice", before.nice, after.nice),
        ("system", before.system, after.system),
        ("idle", before.idle, after.idle),
        ("iowait", before.iowait.expect("told"), after.iowait.expect("told")),
        ("irq", before.irq.expect("told"), after.irq.expect("told")),
        ("softirq", before.softirq.expect("told"), after.softirq.expect("told")),
        ("steal", before.steal.expect("told"), after.steal.expect("told")),
    ];
    for (name, before, after) in pairs {
        between(name, before.as_secs_f64(), float(&theirs[name]), after.as_secs_f64(), 0.1);
    }
    let Some(theirs) = psutil("len(psutil.cpu_times(percpu=True))") else { return };
    assert_eq!(linux.cpu_times_per_cpu().expect("read").len() as u64, whole(&theirs));
}

#[test]
fn cpu_counts_stats_and_frequency_agree_with_psutil() {
    let linux = Linux::new();
    let before = linux.cpu_stats().expect("read");
    let expression = "{'logical': psutil.cpu_count(), 'cores': psutil.cpu_count(logical=False), \
        'stats': d(psutil.cpu_stats()), 'freq': [d(f) for f in psutil.cpu_freq(percpu=True)]}";
    let Some(theirs) = psutil(expression) else { return };
    let after = linux.cpu_stats().expect("read");
    assert_eq!(linux.cpu_count().expect("read").map(u64::from), theirs["logical"].as_u64());
    assert_eq!(linux.cpu_count_physical().expect("read").map(u64::from), theirs["cores"].as_u64());
    let moving = [
        ("ctx_switches", before.context_switches, after.context_switches),
        ("interrupts", before.interrupts, after.interrupts),
        ("soft_interrupts", before.soft_interrupts, after.soft_interrupts),
    ];
    for (name, before, after) in moving {
        let (before, after) = (before.expect("told") as f64, after.expect("told") as f64);
        between(name, before, float(&theirs["stats"][name]), after, 0.0);
    }
    let ours = linux.cpu_frequency_per_cpu().expect("read");
    let freq = theirs["freq"].as_array().expect("a list");
    assert_eq!(ours.len(), freq.len());
    for (ours, theirs) in ours.iter().zip(freq) {
        // The momentary frequency changes all the time: within half and double.
        let current = float(&theirs["current"]);
        assert!(ours.value.current_mhz / current > 0.5 && ours.value.current_mhz / current < 2.0);
        assert_eq!(ours.value.min_mhz.unwrap_or(0.0), float(&theirs["min"]));
        assert_eq!(ours.value.max_mhz.unwrap_or(0.0), float(&theirs["max"]));
    }
}

#[test]
fn load_average_agrees_with_psutil() {
    let linux = Linux::new();
    // Computed every 5 seconds, between which it stands still.
    for _ in 0..50 {
        let before = linux.load_average().expect("read");
        let Some(theirs) = psutil("psutil.getloadavg()") else { return };
        if linux.load_average().expect("read") != before {
            continue;
        }
        let theirs: Vec<f64> = theirs.as_array().expect("a list").iter().map(float).collect();
        // Two decimals in the file, more in the answer of the system call.
        for (ours, theirs) in [before.one, before.five, before.fifteen].into_iter().zip(theirs) {
            between("load", ours, theirs, ours, 0.02);
        }
        return;
    }
    ps_tests::skip!("the load changed all the time");
}

#[test]
fn cpu_counts_agree_with_lscpu() {
    let Some(text) = output(Command::new("lscpu").arg("-J")) else { return };
    let mut fields = BTreeMap::new();
    collect(&json(&text)["lscpu"], &mut fields);
    let linux = Linux::new();
    let online = fields.get("On-line CPU(s) list:").expect("listed");
    let online = ps_linux::decode::text::number_list(online.as_bytes()).expect("a list");
    assert_eq!(linux.cpu_count().expect("read"), u32::try_from(online.len()).ok());
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<u32>().ok());
    if let (Some(cores), Some(sockets)) = (number("Core(s) per socket:"), number("Socket(s):")) {
        assert_eq!(linux.cpu_count_physical().expect("read"), Some(cores * sockets));
    }
}

fn collect(list: &Value, fields: &mut BTreeMap<String, String>) {
    for one in list.as_array().into_iter().flatten() {
        if let (Some(field), Some(data)) = (one["field"].as_str(), one["data"].as_str()) {
            fields.insert(field.to_owned(), data.to_owned());
        }
        collect(&one["children"], fields);
    }
}

#[test]
fn memory_agrees_with_psutil() {
    let linux = Linux::new();
    let before = linux.virtual_memory().expect("read");
    let Some(theirs) = psutil("d(psutil.virtual_memory())") else { return };
    let after = linux.virtual_memory().expect("read");
    assert_eq!(before.total, whole(&theirs["total"]));
    // Other programs run: 256 MiB.
    let slack = 256.0 * 1024.0 * 1024.0;
    let pairs = [
        ("available", Some(before.available), Some(after.available)),
        ("used", Some(before.used), Some(after.used)),
        ("free", Some(before.free), Some(after.free)),
        ("active", before.active, after.active),
        ("inactive", before.inactive, after.inactive),
        ("buffers", before.buffers, after.buffers),
        ("cached", before.cached, after.cached),
        ("shared", before.shared, after.shared),
        ("slab", before.slab, after.slab),
    ];
    for (name, before, after) in pairs {
        let (before, after) = (before.expect("told") as f64, after.expect("told") as f64);
        between(name, before, float(&theirs[name]), after, slack);
    }
    // Rounded to one decimal, and the same slack.
    between("percent", before.percent(), float(&theirs["percent"]), after.percent(), 2.0);
    let Some(theirs) = psutil("d(psutil.swap_memory())") else { return };
    let swap = linux.swap_memory().expect("read");
    assert_eq!(swap.total, whole(&theirs["total"]));
    between("swap used", swap.used as f64, float(&theirs["used"]), swap.used as f64, slack);
    between("swap percent", swap.percent(), float(&theirs["percent"]), swap.percent(), 2.0);
    if linux.units().page_size == 4096 {
        let ours = swap.swapped_in.unwrap_or(0) as f64;
        between("swapped in", ours, float(&theirs["sin"]), ours, slack);
    }
}

#[test]
fn memory_agrees_with_free() {
    let Some(text) = output(Command::new("free").arg("-b")) else { return };
    let row = |name: &str| -> Vec<u64> {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().skip(1).map(|column| column.parse().expect("a number")).collect()
    };
    let linux = Linux::new();
    let (memory, swap) =
        (linux.virtual_memory().expect("read"), linux.swap_memory().expect("read"));
    let theirs = row("Mem:");
    assert_eq!(memory.total, theirs[0]);
    // Other programs run: 256 MiB.
    let slack = 256.0 * 1024.0 * 1024.0;
    between("free", memory.free as f64, theirs[2] as f64, memory.free as f64, slack);
    let cache = memory.buffers.expect("told") + memory.cached.expect("told");
    between("cache", cache as f64, theirs[4] as f64, cache as f64, slack);
    between("available", memory.available as f64, theirs[5] as f64, memory.available as f64, slack);
    assert_eq!(swap.total, row("Swap:")[0]);
}

#[test]
fn disks_agree_with_psutil() {
    let linux = Linux::new();
    let Some(theirs) = psutil(
        "{'physical': [d(p) for p in psutil.disk_partitions()], 'all': [d(p) for p in psutil.disk_partitions(all=True)]}",
    ) else {
        return;
    };
    for (name, which) in [("physical", Partitions::Physical), ("all", Partitions::All)] {
        let ours: Vec<_> = linux
            .partitions(which)
            .expect("read")
            .into_iter()
            .map(|one| {
                let device = one.device.unwrap_or_default().to_string_lossy().into_owned();
                let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
                (
                    device,
                    one.mount_point.display().to_string(),
                    text(one.fs_type),
                    text(one.options),
                )
            })
            .collect();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let theirs: Vec<_> = theirs[name]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| {
                (
                    text(&one["device"]),
                    text(&one["mountpoint"]),
                    text(&one["fstype"]),
                    text(&one["opts"]),
                )
            })
            .collect();
        assert_eq!(ours, theirs, "{name}");
    }
    let Some(theirs) = psutil("d(psutil.disk_usage('/'))") else { return };
    let usage = linux.disk_usage(Path::new("/")).expect("asked");
    assert_eq!(usage.total, whole(&theirs["total"]));
    // Builds run beside the tests: 2 GiB.
    let slack = 2.0 * 1024.0 * 1024.0 * 1024.0;
    between("used", usage.used as f64, float(&theirs["used"]), usage.used as f64, slack);
    between("free", usage.free as f64, float(&theirs["free"]), usage.free as f64, slack);
    between("percent", usage.percent(), float(&theirs["percent"]), usage.percent(), 2.0);
}

#[test]
fn disk_traffic_agrees_with_psutil() {
    let linux = Linux::new();
    let read = || match linux.disk_io_counters_per_disk() {
        Err(error) if error.is_unsupported() => None,
        other => Some(other.expect("read")),
    };
    let (Some(before), Some(total_before)) = (read(), linux.disk_io_counters().ok().flatten())
    else {
        ps_tests::skip!("no disk here");
        return;
    };
    let Some(theirs) = psutil(
        "{'each': {k: d(v) for k, v in psutil.disk_io_counters(perdisk=True, nowrap=False).items()}, 'total': d(psutil.disk_io_counters(nowrap=False))}",
    ) else {
        return;
    };
    let (after, total_after) =
        (read().expect("read before"), linux.disk_io_counters().expect("read").expect("some"));
    let names: Vec<_> = before.keys().map(|name| name.to_string_lossy().into_owned()).collect();
    let their_names: Vec<_> = theirs["each"].as_object().expect("a map").keys().cloned().collect();
    let (mut sorted, mut their_sorted) = (names.clone(), their_names);
    sorted.sort();
    their_sorted.sort();
    assert_eq!(sorted, their_sorted);
    let check = |name: &str,
                 before: &ps_linux::disk::DiskIo,
                 theirs: &Value,
                 after: &ps_linux::disk::DiskIo| {
        let fields = |io: &ps_linux::disk::DiskIo| {
            let ms = |time: Option<std::time::Duration>| {
                time.map_or(0.0, |time| time.as_millis() as f64)
            };
            [
                ("read_count", io.read_count as f64),
                ("write_count", io.write_count as f64),
                ("read_bytes", io.read_bytes as f64),
                ("write_bytes", io.write_bytes as f64),
                ("read_time", ms(io.read_time)),
                ("write_time", ms(io.write_time)),
                ("busy_time", ms(io.busy_time)),
                ("read_merged_count", io.read_merged_count.unwrap_or(0) as f64),
                ("write_merged_count", io.write_merged_count.unwrap_or(0) as f64),
            ]
        };
        for ((field, before), (_, after)) in fields(before).into_iter().zip(fields(after)) {
            between(&format!("{name} {field}"), before, float(&theirs[field]), after, 0.0);
        }
    };
    for (name, io) in &before {
        let text = name.to_string_lossy();
        check(&text, io, &theirs["each"][&*text], &after[name]);
    }
    check("total", &total_before, &theirs["total"], &total_after);
}

#[test]
fn disk_usage_agrees_with_df() {
    let Some(text) =
        output(Command::new("df").args(["-B1", "--output=size,used,avail,pcent", "/"]))
    else {
        return;
    };
    let row: Vec<u64> = text
        .lines()
        .nth(1)
        .expect("a row")
        .split_whitespace()
        .map(|column| column.trim_end_matches('%').parse().expect("a number"))
        .collect();
    let usage = Linux::new().disk_usage(Path::new("/")).expect("asked");
    assert_eq!(usage.total, row[0]);
    // Builds run beside the tests: 2 GiB.
    let slack = 2.0 * 1024.0 * 1024.0 * 1024.0;
    between("used", usage.used as f64, row[1] as f64, usage.used as f64, slack);
    between("free", usage.free as f64, row[2] as f64, usage.free as f64, slack);
    // df rounds up to a whole per cent.
    between("percent", usage.percent(), row[3] as f64, usage.percent(), 2.0);
}

#[test]
fn interfaces_agree_with_psutil() {
    let linux = Linux::new();
    let expression = "{'addrs': {k: [[int(a.family), a.address, a.netmask, a.broadcast, a.ptp] for a in v] for k, v in psutil.net_if_addrs().items()}, \
        'stats': {k: [v.isup, int(v.duplex), v.speed, v.mtu, v.flags] for k, v in psutil.net_if_stats().items()}}";
    let Some(theirs) = psutil(expression) else { return };
    let addresses = linux.interface_addresses().expect("asked");
    let text = |address: &Option<ps_linux::net::Address>| {
        address.as_ref().map_or(Value::Null, |one| Value::from(one.to_string()))
    };
    for (name, list) in theirs["addrs"].as_object().expect("a map") {
        let ours = &addresses[std::ffi::OsStr::new(name)];
        for family in [2, 10, 17] {
            let is = |one: &&ps_linux::net::InterfaceAddress| {
                one.family
                    == match family {
                        2 => ps_linux::net::AddressFamily::Inet,
                        10 => ps_linux::net::AddressFamily::Inet6,
                        _ => ps_linux::net::AddressFamily::Link,
                    }
            };
            let mut ours: Vec<_> = ours
                .iter()
                .filter(is)
                .map(|one| {
                    [text(&one.address), text(&one.netmask), text(&one.broadcast), text(&one.peer)]
                })
                .map(|one| format!("{one:?}"))
                .collect();
            let mut theirs: Vec<_> = list
                .as_array()
                .expect("a list")
                .iter()
                .filter(|one| one[0] == family)
                .map(|one| [one[1].clone(), one[2].clone(), one[3].clone(), one[4].clone()])
                .map(|one| format!("{one:?}"))
                .collect();
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{name} {family}");
        }
    }
    let stats = linux.interface_stats().expect("asked");
    let their_stats = theirs["stats"].as_object().expect("a map");
    assert_eq!(stats.len(), their_stats.len());
    for (name, theirs) in their_stats {
        let ours = &stats[std::ffi::OsStr::new(name)];
        let duplex = match ours.duplex {
            Duplex::Full => 2,
            Duplex::Half => 1,
            _ => 0,
        };
        let ours = serde_json::json!([
            ours.is_up,
            duplex,
            ours.speed_mbps.unwrap_or(0),
            ours.mtu,
            ours.flags.join(",")
        ]);
        assert_eq!(&ours, theirs, "{name}");
    }
}

#[test]
fn interfaces_agree_with_ip() {
    let Some(text) = output(Command::new("ip").args(["-j", "-s", "addr"])) else { return };
    let linux = Linux::new();
    let stats = linux.interface_stats().expect("asked");
    let addresses = linux.interface_addresses().expect("asked");
    let traffic = linux.net_io_counters_per_interface().expect("read");
    let theirs = json(&text);
    for one in theirs.as_array().expect("a list") {
        let Some(name) = one["ifname"].as_str() else { continue };
        let name = std::ffi::OsStr::new(name);
        assert_eq!(u64::from(stats[name].mtu), whole(&one["mtu"]), "{name:?}");
        let flags: Vec<_> =
            one["flags"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(
            flags.contains(&"UP"),
            stats[name].flags.iter().any(|flag| flag == "up"),
            "{name:?}"
        );
        for info in one["addr_info"].as_array().expect("a list") {
            let local = info["local"].as_str().expect("an address");
            let has = addresses.values().flatten().filter_map(|one| one.address.as_ref());
            let mut bare =
                has.map(|one| one.to_string().split('%').next().unwrap_or_default().to_owned());
            assert!(bare.any(|one| one == local), "{local}");
        }
        let received = float(&one["stats64"]["rx"]["bytes"]);
        // What came in since: 1 GiB.
        between(
            "received",
            received,
            traffic[name].bytes_recv as f64,
            received,
            1024.0 * 1024.0 * 1024.0,
        );
    }
    assert_eq!(
        theirs.as_array().expect("a list").iter().filter(|one| one["ifname"].is_string()).count(),
        stats.len()
    );
}

#[test]
fn traffic_agrees_with_psutil() {
    let linux = Linux::new();
    let before = linux.net_io_counters_per_interface().expect("read");
    let Some(theirs) =
        psutil("{k: d(v) for k, v in psutil.net_io_counters(pernic=True, nowrap=False).items()}")
    else {
        return;
    };
    // The first time the table was read; where there are many interfaces, this is the other way to ask.
    let after = linux.net_io_counters_per_interface().expect("read");
    assert_eq!(before.len(), theirs.as_object().expect("a map").len());
    for (name, before) in &before {
        let (theirs, after) = (&theirs[&*name.to_string_lossy()], &after[name]);
        let fields = |io: &ps_linux::net::NetIo| {
            [
                ("bytes_sent", io.bytes_sent),
                ("bytes_recv", io.bytes_recv),
                ("packets_sent", io.packets_sent),
                ("packets_recv", io.packets_recv),
                ("errin", io.errors_in),
                ("errout", io.errors_out),
                ("dropin", io.drops_in),
                ("dropout", io.drops_out.expect("told")),
            ]
        };
        for ((field, before), (_, after)) in fields(before).into_iter().zip(fields(after)) {
            between(field, before as f64, float(&theirs[field]), after as f64, 0.0);
        }
    }
}

#[test]
fn listening_sockets_agree_with_ss() {
    let _v4 = TcpListener::bind("127.0.0.1:0").expect("bound");
    let _v6 = TcpListener::bind("[::1]:0");
    let ports = || {
        let query = ConnectionQuery::new(ConnectionKind::Tcp).with_status(ConnectionStatus::Listen);
        let sockets = Linux::new().connections(&query.without_owners()).expect("read");
        let mut ports: Vec<_> = sockets
            .iter()
            .filter_map(|one| {
                Some((one.family == SocketFamily::Inet6, one.local.as_ref()?.port()?))
            })
            .collect();
        ports.sort_unstable();
        ports
    };
    // Other tests open and close sockets: as often as it takes for nothing to change around the other's look.
    for _ in 0..50 {
        let before = ports();
        let Some(v4) = output(Command::new("ss").args(["-H", "-l", "-t", "-n", "-4"])) else {
            return;
        };
        let Some(v6) = output(Command::new("ss").args(["-H", "-l", "-t", "-n", "-6"])) else {
            return;
        };
        if ports() != before {
            continue;
        }
        let port =
            |line: &str| line.split_whitespace().nth(3)?.rsplit(':').next()?.parse::<u16>().ok();
        let of = |text: &str, is_v6| {
            text.lines().filter_map(port).map(|port| (is_v6, port)).collect::<Vec<_>>()
        };
        let mut theirs = [of(&v4, false), of(&v6, true)].concat();
        theirs.sort_unstable();
        assert_eq!(before, theirs);
        return;
    }
    ps_tests::skip!("sockets changed all the time");
}

#[test]
fn own_sockets_agree_with_psutil() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
    let unix = std::os::unix::net::UnixDatagram::unbound().expect("made");
    let me = std::process::id();
    let expression = format!(
        "[[c.fd, int(c.family), int(c.type), list(c.laddr), list(c.raddr), c.status] for c in psutil.net_connections('all') if c.pid == {me}]"
    );
    use std::os::fd::AsRawFd;
    let fds = [listener.as_raw_fd(), client.as_raw_fd(), unix.as_raw_fd()];
    let of = |theirs: &Value, fd: i32| {
        theirs.as_array().expect("a list").iter().find(|one| one[0] == fd).cloned()
    };
    // It reads tables of text, a page at a time, in which a socket can move from a page to one already read.
    let mut theirs = Value::Null;
    for _ in 0..10 {
        let Some(told) = psutil(&expression) else { return };
        let has_all = fds.iter().all(|fd| of(&told, *fd).is_some());
        theirs = told;
        if has_all {
            break;
        }
    }
    let ours = Linux::new().connections(&ConnectionQuery::new(ConnectionKind::All)).expect("read");
    for fd in fds {
        let theirs = of(&theirs, fd).expect("seen");
        let ours =
            ours.iter().find(|one| one.pid == Pid::new(me) && one.fd == Some(fd)).expect("seen");
        let end = |end: &Option<ps_linux::net::Endpoint>| match end {
            Some(end) => serde_json::json!([end.ip().map(|ip| ip.to_string()), end.port()]),
            None => serde_json::json!([]),
        };
        let status = ours.status.map_or("NONE".to_owned(), |status| status.to_string());
        assert_eq!(theirs[3], end(&ours.local));
        assert_eq!(theirs[4], end(&ours.remote));
        assert_eq!(theirs[5], status);
        assert_eq!(theirs[1] == 1, ours.family == SocketFamily::Unix);
    }
}

#[test]
fn boot_time_users_and_sensors_agree_with_psutil() {
    let linux = Linux::new();
    let expression = "{'boot': psutil.boot_time(), 'users': [d(u) for u in psutil.users()], \
        'temps': {k: [t.current for t in v] for k, v in psutil.sensors_temperatures().items()}, \
        'fans': {k: len(v) for k, v in psutil.sensors_fans().items()}, \
        'battery': psutil.sensors_battery().percent if psutil.sensors_battery() else None}";
    let Some(theirs) = psutil(expression) else { return };
    let boot = linux
        .boot_time()
        .expect("read")
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    // The clock may be set by a second in between.
    between("boot", boot.as_secs_f64(), float(&theirs["boot"]), boot.as_secs_f64(), 1.0);
    let users = linux.users().expect("read");
    let their_users = theirs["users"].as_array().expect("a list");
    if !their_users.is_empty() {
        assert_eq!(users.len(), their_users.len());
    }
    let temperatures = linux.temperatures().expect("read");
    assert_eq!(temperatures.len(), theirs["temps"].as_object().expect("a map").len());
    assert_eq!(linux.fans().expect("read").len(), theirs["fans"].as_object().expect("a map").len());
    let battery = linux.power_supplies().expect("read").batteries.first().map(|one| one.percent);
    assert_eq!(battery.is_some(), theirs["battery"].is_number());
}

#[test]
fn temperatures_agree_with_sensors() {
    let Some(text) = output(Command::new("sensors").arg("-j")) else { return };
    let theirs: usize = json(&text)
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, chip)| chip.as_object().into_iter().flatten())
        .flat_map(|(_, feature)| feature.as_object().into_iter().flatten())
        .filter(|(name, _)| name.starts_with("temp") && name.ends_with("_input"))
        .count();
    let ours: usize = Linux::new().temperatures().expect("read").values().map(Vec::len).sum();
    assert_eq!(ours, theirs);
}
