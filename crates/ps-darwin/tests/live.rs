//! What only the system itself can show: every question to every process, and what becomes of a child.
#![cfg(target_os = "macos")]

use std::net::TcpListener;
use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use ps_darwin::net::{ConnectionKind, ConnectionQuery, ConnectionStatus};
use ps_darwin::process::{Exit, Handle, WaitSet as _, Watched};
use ps_darwin::{
    ControlBackend as _, CpuBackend as _, Darwin, DiskBackend as _, Error, Fields,
    HeapBackend as _, HostBackend as _, MemBackend as _, Missing, NetBackend as _, Pid,
    ProcessBackend as _, ProcessView as _, Scanner as _, SensorsBackend as _, Signal, Status,
    WaitBackend as _, disk,
};

/// A child that is ended and collected whatever becomes of the test.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Sleeper {
        let child = Command::new("/bin/sleep").arg("60").stdin(Stdio::null()).spawn();
        Sleeper(child.expect("sleep starts"))
    }

    fn handle(&self, darwin: &Darwin) -> Handle<<Darwin as ps_darwin::ProcessBackend>::Pin> {
        Handle::new(darwin.identify(self.pid()).expect("is there"))
    }

    fn pid(&self) -> Pid {
        Pid::try_from(self.0.id()).expect("in range")
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether an error is one that a process of somebody else, or one that ends, may give.
fn may_be(error: &Error) -> bool {
    error.is_gone() || error.is_denied() || error.is_unsupported()
}

#[test]
fn every_question_to_every_process_has_an_answer_or_a_reason() {
    let darwin = Darwin::new();
    let mut odd = Vec::new();
    for pid in darwin.pids().expect("lists") {
        let record = darwin
            .view_of(pid)
            .record(Fields::ALL, &mut |uid| Ok(darwin.user_name(uid)?.unwrap_or_default()));
        match record {
            Ok(record) => odd.extend(
                record
                    .missing()
                    .into_iter()
                    .filter(|(_, why)| *why == Missing::Failed)
                    .map(|(field, why)| (pid, field, why.to_string())),
            ),
            Err(error) if may_be(&error) => {}
            Err(error) => odd.push((pid, "record", error.to_string())),
        }
    }
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn a_scan_and_a_view_tell_the_same_of_the_caller() {
    let darwin = Darwin::new();
    let me = darwin.current().expect("known");
    let view = darwin.view_of(me);
    let mut seen = 0;
    let mut last = None;
    darwin
        .scanner()
        .expect("scans")
        .scan(Fields::SCANNABLE, &mut |row| {
            assert!(last.is_none_or(|last| last < row.pid), "ascending");
            last = Some(row.pid);
            if row.pid == me {
                seen += 1;
                assert_eq!(row.identity, Ok(view.identity().expect("told")));
                assert_eq!(row.ppid, Ok(view.ppid().expect("told")));
                assert_eq!(row.uids, Ok(view.uids().expect("told")));
                assert_eq!(row.name.expect("told"), view.name().expect("told"));
                assert_eq!(row.cmdline.expect("told").to_vec(), view.cmdline().expect("told"));
                assert_eq!(row.cwd.expect("told"), view.cwd().expect("told").as_deref());
                assert!(row.rss.expect("told") > 0);
            }
            ControlFlow::Continue(())
        })
        .expect("scans");
    assert_eq!(seen, 1);
    let exe = view.exe().expect("told").expect("runs one");
    assert_eq!(
        exe.canonicalize().ok(),
        std::env::current_exe().and_then(|exe| exe.canonicalize()).ok()
    );
    assert_eq!(view.root().expect("told").as_deref(), Some("/".as_ref()));
    let args: Vec<_> = std::env::args_os().collect();
    assert_eq!(view.cmdline().expect("told"), args);
    let threads = view.threads().expect("told");
    assert!(!threads.is_empty() && view.num_threads().expect("told") > 0);
    assert!(threads.windows(2).all(|pair| pair[0].id < pair[1].id), "{threads:?}");
    let more = view.memory_info_ex().expect("told");
    assert!(more.phys_footprint.is_some() && more.peak_rss >= Some(more.info.rss), "{more:?}");
    assert!(view.memory_footprint().expect("told").uss > 0);
}

#[test]
fn the_kernel_s_own_memory_is_refused_to_all() {
    let footprint = Darwin::new().view_of(Pid::ZERO).memory_footprint();
    assert!(footprint.expect_err("refused").is_denied());
}

#[test]
fn time_spent_is_counted_in_the_unit_that_the_clock_has() {
    let darwin = Darwin::new();
    let view = || darwin.view_of(darwin.current().expect("known"));
    let before = view().cpu_times().expect("told").total();
    let begun = std::time::Instant::now();
    let mut sum = 0u64;
    while begun.elapsed() < Duration::from_millis(500) {
        sum = std::hint::black_box(sum.wrapping_add(1));
    }
    let spent = view().cpu_times().expect("told").total() - before;
    // Other tests run beside this one, so it may be more; on a busy machine it is less.
    assert!(spent > Duration::from_millis(100), "{spent:?} of 500 ms, {sum}");
}

#[test]
fn a_child_is_told_apart_stopped_killed_looked_at_and_collected() {
    let darwin = Darwin::new();
    let child = Sleeper::start();
    let handle = child.handle(&darwin);
    let view = darwin.view(&handle);
    assert_eq!(view.ppid().expect("told"), darwin.current().ok());
    let started = view.create_time().expect("told");
    assert!(SystemTime::now().duration_since(started).expect("past") < Duration::from_secs(60));
    assert_eq!(darwin.look_at_exit(&handle).expect("looks"), Exit::Running);
    darwin.send_signal(&handle, Signal::Stop).expect("sent");
    let stopped = || darwin.view(&handle).status().expect("told") == Status::Stopped;
    let soon = std::time::Instant::now() + Duration::from_secs(10);
    while !stopped() {
        assert!(std::time::Instant::now() < soon, "it does not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut set = darwin.wait_set().expect("made");
    assert_eq!(set.watch(&handle, 77).expect("watched"), Watched::Yes);
    let mut ended = Vec::new();
    set.wait(Some(Duration::ZERO), &mut ended).expect("waits");
    assert!(ended.is_empty());
    darwin.send_signal(&handle, Signal::Kill).expect("sent");
    set.wait(Some(Duration::from_secs(10)), &mut ended).expect("waits");
    assert_eq!(ended, [77]);
    let Exit::Ended(Some(status)) = darwin.look_at_exit(&handle).expect("looks") else {
        panic!("it has ended, and is a child");
    };
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    let zombie = darwin.view(&handle);
    assert_eq!(zombie.status().expect("told"), Status::Zombie);
    assert!(matches!(zombie.cpu_times(), Err(Error::ZombieProcess { .. })));
    assert!(matches!(zombie.cmdline(), Err(Error::ZombieProcess { .. })));
    assert_eq!(set.watch(&handle, 78).expect("looks"), Watched::Ended);
    assert_eq!(darwin.reap(&handle).expect("collects"), Exit::Ended(Some(status)));
    assert_eq!(darwin.look_at_exit(&handle).expect("looks"), Exit::Ended(None));
    assert!(matches!(darwin.view(&handle).identity(), Err(Error::NoSuchProcess { .. })));
}

#[test]
fn an_own_socket_and_an_own_file_are_found() {
    let darwin = Darwin::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let query = ConnectionQuery::new(ConnectionKind::Tcp4).with_status(ConnectionStatus::Listen);
    let view = darwin.view_of(darwin.current().expect("known"));
    let own = view.net_connections(&query).expect("lists");
    let found = |all: &[ps_darwin::net::Connection]| {
        all.iter().any(|one| one.local.as_ref().and_then(|local| local.port()) == Some(port))
    };
    assert!(found(&own), "{own:?}");
    assert!(found(&darwin.connections(&query).expect("lists")));
    let file = std::fs::File::open("/etc/hosts").expect("opens");
    let open = view.open_files().expect("lists");
    let has = |open: &ps_darwin::process::OpenFile| {
        open.path.as_deref().is_some_and(|path| path.ends_with("etc/hosts"))
    };
    assert!(open.iter().any(has), "{open:?}");
    drop(file);
    let mut count = 0;
    view.for_each_descriptor(&mut |_| {
        count += 1;
        ControlFlow::Continue(())
    })
    .expect("lists");
    assert!(count >= 4, "{count}");
}

#[test]
fn the_machine_tells_figures_that_go_together() {
    let darwin = Darwin::new();
    let memory = darwin.virtual_memory().expect("told");
    assert!(memory.available <= memory.total && memory.used < memory.total, "{memory:?}");
    assert!(darwin.swap_memory().expect("told").swapped_in.is_some());
    let cpus = darwin.cpu_times_per_cpu().expect("told");
    assert_eq!(u32::try_from(cpus.len()).ok(), darwin.cpu_count().expect("told"));
    assert!(darwin.cpu_count_physical().expect("told") <= darwin.cpu_count().expect("told"));
    assert_eq!(darwin.cpu_stats().expect("told").context_switches, None);
    assert!(darwin.load_average().expect("told").one >= 0.0);
    darwin.cpu_frequency().expect("told");
    assert!(darwin.uptime().expect("told") <= darwin.time_since_boot().expect("told"));
    assert!(darwin.boot_time().expect("told") < SystemTime::now());
    assert!(!darwin.hostname().expect("told").is_empty());
    darwin.users().expect("told");
    let root = ps_darwin::Uid::new(0);
    assert_eq!(darwin.user_name(root).expect("told").as_deref(), Some("root".as_ref()));
    let group = darwin.group_name(ps_darwin::Gid::new(0)).expect("told");
    assert_eq!(group.as_deref(), Some("wheel".as_ref()));
    let all = darwin.partitions(disk::Partitions::All).expect("told");
    assert!(all.iter().any(|one| one.mount_point == std::path::Path::new("/")), "{all:?}");
    let usage = darwin.disk_usage("/".as_ref()).expect("told");
    assert!(usage.total > 0 && usage.used <= usage.total, "{usage:?}");
    darwin.disk_io_counters().expect("told");
    let traffic = darwin.net_io_counters_per_interface().expect("told");
    assert!(traffic.contains_key(std::ffi::OsStr::new("lo0")), "{traffic:?}");
    let stats = darwin.interface_stats().expect("told");
    assert!(stats[std::ffi::OsStr::new("lo0")].is_up);
    let addresses = darwin.interface_addresses().expect("told");
    assert!(!addresses[std::ffi::OsStr::new("lo0")].is_empty());
    darwin.power_supplies().expect("told");
    assert!(darwin.heap_info().expect("told").heap_used > 0);
    darwin.heap_trim().expect("done");
}

#[test]
fn acting_on_nobody_or_on_the_kernel_is_refused() {
    let darwin = Darwin::new();
    let kernel = Handle::new(darwin.identify(Pid::ZERO).expect("answers for it"));
    let refused = darwin.send_signal(&kernel, Signal::NULL).expect_err("refused");
    assert!(matches!(refused, Error::InvalidArgument { .. }), "{refused}");
    let child = Sleeper::start();
    let handle = child.handle(&darwin);
    assert!(darwin.send_signal(&handle, Signal::Pwr).is_err());
    darwin.set_nice(&handle, 7).expect("set");
    assert_eq!(darwin.view(&handle).nice().expect("told"), 7);
    let gone = child.handle(&darwin);
    drop(child);
    let error = darwin.send_signal(&gone, Signal::NULL).expect_err("it is gone");
    assert!(error.is_gone(), "{error}");
}
