//! Looking at a machine from within other namespaces than those of the `procfs` that is looked at.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::process::Command;
use std::time::{Duration, SystemTime};

use ps_linux::decode::net::dev;
use ps_linux::disk::Partitions;
use ps_linux::net::{ConnectionKind, ConnectionQuery};
use ps_linux::{
    CpuBackend, DiskBackend, Fields, HostBackend, Linux, MemBackend, NetBackend, Pid,
    ProcessBackend, ProcessView, Scanner,
};

/// The first process of all.
const FIRST: Pid = match Pid::new(1) {
    Some(pid) => pid,
    None => Pid::ZERO,
};

/// How far the clock since boot is set ahead inside.
const AHEAD: u64 = 500_000;

#[test]
fn nothing_of_the_callers_leaks_into_another_root() {
    let net = |of: &str| std::fs::read_link(format!("/proc/{of}/ns/net")).ok();
    if net("1").is_none() || net("1") != net("self") {
        ps_tests::skip!("process 1 is in another network than this test, or out of its sight");
        return;
    }
    let linux = Linux::new();
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).expect("later").as_secs().to_string()
    };
    let start = linux.view_of(FIRST).create_time().expect("read");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let me = std::env::current_exe().expect("known");
    let script = format!(
        "hostname ps-inner && mount -t tmpfs ps-inner-mount /mnt && exec '{}' --ignored --exact inside --nocapture",
        me.display()
    );
    let outcome = Command::new("unshare")
        .args([
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--time",
            "--boottime",
            &AHEAD.to_string(),
            "--fork",
        ])
        .args(["/bin/sh", "-c", &script])
        .env("PS_OUTER_BOOT", seconds(linux.boot_time().expect("read")))
        .env("PS_OUTER_START", seconds(start))
        .env("PS_OUTER_SINCE", linux.time_since_boot().expect("asked").as_secs().to_string())
        .env("PS_OUTER_PORT", port.to_string())
        .output();
    let Ok(out) = outcome else {
        ps_tests::skip!("no unshare here");
        return;
    };
    let (text, errors) =
        (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if !text.contains("running 1 test") {
        ps_tests::skip!("cannot make namespaces, or set them up: {errors}");
        return;
    }
    assert!(out.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// Run by the test above in namespaces of its own, with the outer `procfs` still mounted.
#[test]
#[ignore = "run by the test above in namespaces of its own"]
fn inside() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (Some(boot), Some(start), Some(since), Some(port)) = (
        number("PS_OUTER_BOOT"),
        number("PS_OUTER_START"),
        number("PS_OUTER_SINCE"),
        number("PS_OUTER_PORT"),
    ) else {
        return;
    };
    let linux = Linux::new();
    // The two ways in which the kernel would answer for this process.
    let own = std::fs::read_to_string("/proc/self/net/dev").expect("read");
    assert!(!own.contains("eth") && nix::unistd::gethostname().expect("asked") == "ps-inner");
    // Files tell of the outer machine.
    let outer = std::fs::read_to_string("/proc/1/net/dev").expect("read");
    let traffic = linux.net_io_counters_per_interface().expect("read");
    for name in traffic.keys() {
        assert!(outer.contains(&format!("{}:", name.display())), "{name:?}");
    }
    assert_eq!(traffic.len(), outer.lines().count() - 2);
    let sockets = linux.connections(&ConnectionQuery::new(ConnectionKind::Tcp4)).expect("read");
    let has = |socket: &ps_linux::net::Connection| {
        socket.local.as_ref().and_then(|end| end.port()).map(u64::from) == Some(port)
    };
    let found = sockets.iter().find(|socket| has(socket)).expect("the outer listener");
    assert!(found.pid.is_some(), "its owner is in the outer procfs");
    let mounts = linux.partitions(Partitions::All).expect("read");
    assert!(mounts.iter().all(|one| one.device.as_deref() != Some(OsStr::new("ps-inner-mount"))));
    let own = std::fs::read_to_string("/proc/self/mounts").expect("read");
    assert!(own.contains("ps-inner-mount"));
    // Clocks are those outside, although the kernel answers this reader with its own.
    let told = linux.time_since_boot().expect("read").as_secs();
    assert!((since..since + 60).contains(&told), "{told} is not {since}");
    let told = linux.boot_time().expect("read");
    assert!(off_by(told, boot) < Duration::from_secs(2), "{told:?}");
    // Starts are told as this reader counts them, and so from the boot as it is told to it.
    let one = linux.view_of(FIRST).create_time().expect("read");
    let mut scanned = None;
    let scan = linux.scanner().expect("opens").scan(Fields::CREATE_TIME, &mut |row| {
        scanned = (row.pid == FIRST).then_some(row.create_time);
        ControlFlow::Break(())
    });
    scan.expect("scans");
    assert_eq!(scanned, Some(Ok(one)));
    assert!(off_by(one, start) < Duration::from_secs(2), "{one:?}");
    // What only a call could tell is not told.
    assert!(linux.interface_addresses().expect_err("refused").is_unsupported());
    assert!(linux.disk_usage("/".as_ref()).expect_err("refused").is_unsupported());
    assert!(linux.uptime().expect_err("refused").is_unsupported());
    if let Ok(name) = linux.hostname() {
        assert_ne!(name, "ps-inner");
    }
    // Neither of these knows namespaces.
    assert!(
        linux.cpu_count().expect("read").is_some()
            && linux.virtual_memory().expect("read").total > 0
    );
    // A root of its own is its own again.
    let status = Command::new("mount").args(["-t", "proc", "proc", "/proc"]).status().expect("run");
    assert!(status.success());
    let linux = Linux::new();
    assert_eq!(linux.hostname().expect("asked"), "ps-inner");
    assert_eq!(linux.net_io_counters_per_interface().expect("read").len(), own_interfaces());
    assert!(linux.time_since_boot().expect("asked").as_secs() >= since + AHEAD);
    assert!(linux.interface_addresses().is_ok() && linux.disk_usage("/".as_ref()).is_ok());
}

/// How far a time is from one in seconds.
fn off_by(told: SystemTime, seconds: u64) -> Duration {
    let off = told.duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    off.unwrap_or_else(|error| error.duration())
}

fn own_interfaces() -> usize {
    std::fs::read_to_string("/proc/self/net/dev").expect("read").lines().count() - 2
}

#[test]
fn a_great_many_interfaces_tell_the_same_both_ways() {
    let me = std::env::current_exe().expect("known");
    let script = format!(
        "ip link set lo up && for i in 1 2 3 4 5 6; do ip link add v$i type veth peer name w$i || exit 9; done && \
         ip link set v1 up && ip link set w1 up && ip addr add 10.9.0.1/32 dev v1 && ip addr add 10.9.1.1/24 broadcast + dev v1 label v1:x && \
         exec '{}' --ignored --exact many_interfaces --nocapture",
        me.display()
    );
    let outcome = Command::new("unshare")
        .args(["--net", "/bin/sh", "-c", &script])
        .env("PS_MANY", "1")
        .output();
    let Ok(out) = outcome else {
        ps_tests::skip!("no unshare here");
        return;
    };
    let (text, errors) =
        (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if errors.contains("unshare") || out.status.code() == Some(9) {
        ps_tests::skip!("not allowed to make interfaces: {errors}");
        return;
    }
    assert!(out.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// Run by the test above in a network of its own.
#[test]
#[ignore = "run by the test above in a network of its own"]
fn many_interfaces() {
    if std::env::var_os("PS_MANY").is_none() {
        return;
    }
    let linux = Linux::new();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    socket.send_to(b"hello", socket.local_addr().expect("bound")).expect("sent");
    // Counters of links that are up move (neighbours are looked for); what does not is the same both ways.
    let read = || linux.net_io_counters_per_interface().expect("read");
    let table = std::fs::read("/proc/thread-self/net/dev").expect("read");
    let table = dev::decode_net_dev(&table).expect("decodes");
    let asked = read();
    assert!(table.len() >= 13, "{table:?}");
    assert_eq!(table.keys().collect::<Vec<_>>(), asked.keys().collect::<Vec<_>>());
    for (name, io) in &table {
        let later = &asked[name];
        assert!(
            later.bytes_sent >= io.bytes_sent && later.packets_recv >= io.packets_recv,
            "{name:?}"
        );
        assert_eq!((later.errors_in, later.errors_out), (io.errors_in, io.errors_out), "{name:?}");
    }
    assert_eq!(table[OsStr::new("lo")].bytes_sent, asked[OsStr::new("lo")].bytes_sent);
    assert!(asked[OsStr::new("lo")].bytes_sent > 0);
    // A name is that of now.
    let keeping = linux.keeping_network();
    let read_kept = || keeping.net_io_counters_per_interface().expect("read");
    assert_eq!(read_kept().keys().collect::<Vec<_>>(), asked.keys().collect::<Vec<_>>());
    let ip = |words: &str| {
        let done = Command::new("ip").args(words.split(' ')).status().expect("run");
        assert!(done.success(), "{words}");
        let (now, kept) = (read(), read_kept());
        assert_eq!(now.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>(), "{words}");
        now
    };
    assert!(ip("link set w6 name renamed").contains_key(OsStr::new("renamed")));
    assert!(!ip("link del v5").contains_key(OsStr::new("v5")));
    assert!(ip("link add v5 type veth peer name w5").contains_key(OsStr::new("v5")));
    let stats = linux.interface_stats().expect("asked");
    assert!(stats[OsStr::new("v1")].is_up && !stats[OsStr::new("v2")].is_up, "{stats:?}");
    assert_eq!(stats[OsStr::new("v1")].speed_mbps, Some(10_000));
    let addresses = linux.interface_addresses().expect("asked");
    let alias = &addresses[OsStr::new("v1:x")];
    assert_eq!(alias[0].broadcast.as_ref().map(ToString::to_string), Some("10.9.1.255".into()));
    let single = addresses[OsStr::new("v1")]
        .iter()
        .find(|one| matches!(one.address, Some(ps_linux::net::Address::V4(_))));
    assert_eq!(single.expect("has one").broadcast, None);
}

/// Whatever is asked, and whatever is read, is about the network of the calling thread.
#[test]
fn a_thread_that_left_for_another_network_is_told_about_that_one() {
    let linux = Linux::new();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    let port = Some(socket.local_addr().expect("bound").port());
    let query = ConnectionQuery::new(ConnectionKind::Udp);
    let sees_it = || {
        let all = linux.connections(&query).expect("listed");
        all.iter().any(|one| one.local.as_ref().and_then(|end| end.port()) == port)
    };
    socket.send_to(b"hello", socket.local_addr().expect("bound")).expect("sent");
    let received = || linux.net_io_counters().expect("read").map_or(0, |all| all.bytes_recv);
    assert!(received() > 0 && sees_it());
    // Unless it was asked to stay.
    let keeping = linux.keeping_network();
    let received_here = || keeping.net_io_counters().expect("read").map_or(0, |all| all.bytes_recv);
    assert!(received_here() > 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Err(error) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
                ps_tests::skip!("no other network can be had: {error}");
                return;
            }
            assert_eq!(received(), 0, "nothing has moved there yet");
            assert!(received_here() > 0);
            assert!(!sees_it());
            assert!(linux.interface_stats().expect("told").values().all(|one| !one.is_up));
        });
    });
    assert!(received() > 0 && sees_it());
}

#[test]
fn net_of_the_calling_thread_is_what_all_sources_tell() {
    // A Unix socket of the process, which the other network does not show.
    let directory = std::env::temp_dir().join(format!("ps-linux-net-{}", std::process::id()));
    let socket = std::os::unix::net::UnixListener::bind(&directory).expect("bound");
    let told = std::thread::spawn(|| {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).map(|()| {
            let linux = Linux::new();
            let query = ConnectionQuery::new(ConnectionKind::Unix);
            (
                linux.net_io_counters_per_interface().expect("read"),
                linux.interface_stats().expect("asked"),
                linux.interface_addresses().expect("asked"),
                linux.connections(&query).expect("read"),
            )
        })
    });
    let told = told.join().expect("answers");
    std::fs::remove_file(&directory).expect("was made");
    drop(socket);
    let (counters, stats, addresses, sockets) = match told {
        Ok(told) => told,
        Err(error) => return ps_tests::skip!("not allowed to make namespaces: {error}"),
    };
    let names: Vec<_> = counters.keys().collect();
    assert_eq!(names, ["lo"]);
    assert_eq!(stats.keys().collect::<Vec<_>>(), names);
    assert_eq!(addresses.keys().collect::<Vec<_>>(), names);
    assert!(sockets.is_empty(), "{sockets:?}");
}

#[test]
fn net_interface_removed_meanwhile_is_skipped() {
    let me = std::env::current_exe().expect("known");
    let script = format!(
        "ip link add x0 type veth peer name x1 || exit 9; \
         (while ip link del x0 && ip link add x0 type veth peer name x1; do :; done) 2>/dev/null & \
         '{}' --ignored --exact interfaces_come_and_go --nocapture; code=$?; kill $!; exit $code",
        me.display()
    );
    let outcome = Command::new("unshare")
        .args(["--net", "/bin/sh", "-c", &script])
        .env("PS_MANY", "1")
        .output();
    let Ok(out) = outcome else {
        ps_tests::skip!("no unshare here");
        return;
    };
    let (text, errors) =
        (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if errors.contains("unshare") || out.status.code() == Some(9) {
        ps_tests::skip!("not allowed to make interfaces: {errors}");
        return;
    }
    assert!(out.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// Run by the test above in a network of its own, in which an interface comes and goes all the time.
#[test]
#[ignore = "run by the test above in a network of its own"]
fn interfaces_come_and_go() {
    if std::env::var_os("PS_MANY").is_none() {
        return;
    }
    let linux = Linux::new();
    let keeping = linux.keeping_network();
    assert!(keeping.net_io_counters().expect("read").is_some());
    let (mut with, mut without) = (0, 0);
    // Two seconds, and longer where the other side hardly gets to run.
    let begin = std::time::Instant::now();
    let is_seen = |count| count > 0 && begin.elapsed() > Duration::from_secs(2);
    while !is_seen(with.min(without)) && begin.elapsed() < Duration::from_secs(60) {
        let stats = linux.interface_stats().expect("one that goes is no failure");
        assert!(stats.contains_key(OsStr::new("lo")));
        if stats.contains_key(OsStr::new("x0")) {
            with += 1;
        } else {
            without += 1;
        }
        assert!(linux.interface_addresses().expect("asked").contains_key(OsStr::new("lo")));
        assert!(linux.net_io_counters().expect("read").is_some());
    }
    assert!(with > 0 && without > 0, "{with} {without}");
    // More was said to its socket meanwhile than that can hold, most likely.
    let kept = keeping.net_io_counters_per_interface().expect("read");
    assert!(kept.contains_key(OsStr::new("lo")) && kept.len() <= 3, "{kept:?}");
}

#[test]
fn net_refused_descriptors_leave_the_owner_unknown() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let me = std::env::current_exe().expect("known");
    let outcome = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(me)
        .args(["--ignored", "--exact", "looks_at_a_stranger", "--nocapture"])
        .env("PS_OUTER_PORT", listener.local_addr().expect("bound").port().to_string())
        .output();
    let Ok(out) = outcome else {
        ps_tests::skip!("no setpriv here");
        return;
    };
    let (text, errors) =
        (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if errors.contains("setpriv") {
        ps_tests::skip!("cannot become somebody else: {errors}");
        return;
    }
    assert!(out.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// Run by the test above as somebody who may not look at that one's descriptors.
#[test]
#[ignore = "run by the test above as somebody else"]
fn looks_at_a_stranger() {
    let Some(port) = std::env::var("PS_OUTER_PORT").ok().and_then(|text| text.parse::<u16>().ok())
    else {
        return;
    };
    let all = Linux::new().connections(&ConnectionQuery::new(ConnectionKind::Tcp4)).expect("read");
    let of_port = |one: &&ps_linux::net::Connection| {
        one.local.as_ref().and_then(|end| end.port()) == Some(port)
    };
    let found = all.iter().find(of_port).expect("listed");
    assert_eq!((found.pid, found.fd), (None, None));
}
