//! This library.

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::time::UNIX_EPOCH;

use ps_bench::entrant::Entrant;
use ps_bench::rows::{Command, Row, Sink, Task};
use ps_facade::net::{Connection, ConnectionKind, ConnectionQuery, ConnectionStatus, SocketType};
use ps_facade::os::linux::{ScanFrom, SystemExt};
use ps_facade::process::{ProcessTable, ProcessTimes, Snapshot};
use ps_facade::{Fields, Pid, Status, System};
use ps_linux::{Linux, LinuxScanner, ProcessBackend, Scanner};

/// How it is used.
pub(crate) enum Mode {
    /// A scan, and the free functions: what one gets without choosing.
    Default,
    /// The same by a handle that keeps the socket it asks about the network with.
    Keeping,
    /// A scan that reads each process through a directory of its own.
    Strict,
    /// A table that is refreshed, which leaves out what cannot have changed; or everything read anew. Shared by threads
    /// or not.
    Table { exact: bool, threads: u32 },
    /// A scan from inside of the kernel.
    Inside,
    /// A table that is refreshed from inside of the kernel.
    InsideTable,
}

pub(crate) struct Library {
    system: System,
    mode: Mode,
    table: Option<ProcessTable>,
    strict: Option<LinuxScanner>,
}

impl Library {
    pub(crate) fn new(mode: Mode) -> Library {
        // Reading files is what the others are compared with, whatever this machine permits.
        let from = match mode {
            Mode::Inside | Mode::InsideTable => ScanFrom::Bpf,
            _ => ScanFrom::Files,
        };
        let mut system = System::default().scanning(from);
        if matches!(mode, Mode::Keeping) {
            system = system.keeping_network();
        }
        let mut table = None;
        if let Mode::Table { .. } | Mode::InsideTable = mode {
            let mut made = ProcessTable::of(&system).expect("a table");
            made.exact(matches!(mode, Mode::Table { exact: true, .. }));
            table = Some(made);
        }
        let mut strict = None;
        if matches!(mode, Mode::Strict) {
            let mut made = Linux::new().scanning(ScanFrom::Files).scanner().expect("a scanner");
            made.set_strict(true);
            strict = Some(made);
        }
        Library { system, mode, table, strict }
    }

    fn scan(&mut self, fields: Fields, sink: &mut dyn Sink) {
        if let Some(table) = &mut self.table {
            match self.mode {
                Mode::Table { threads: threads @ 2.., .. } => table.refresh_on(fields, threads),
                _ => table.refresh(fields),
            }
            .expect("a refresh");
            for entry in table.iter() {
                show(&entry.row(), sink);
            }
            return;
        }
        let mut visit = |row: &ps_facade::Row<'_>| {
            show(row, sink);
            ControlFlow::Continue(())
        };
        match &mut self.strict {
            Some(scanner) => scanner.scan(fields, &mut visit),
            None => self.system.scan(fields, visit),
        }
        .expect("a scan");
    }

    fn sockets(&self, sink: &mut dyn Sink) {
        let query = ConnectionQuery::new(ConnectionKind::Inet);
        for socket in self.system.connections(&query).expect("connections") {
            if socket.socket_type == SocketType::Stream {
                let (local, remote) = ports(&socket);
                let state = match socket.status {
                    Some(ConnectionStatus::Established) => 1,
                    Some(ConnectionStatus::Listen) => 10,
                    _ => 0,
                };
                sink.socket(local, remote, state, socket.pid.map(Pid::get));
            }
        }
    }

    fn one(&self, pid: Pid, sink: &mut dyn Sink) {
        let now = Snapshot::of(&self.system, pid);
        let (Ok(memory), Ok(status), Ok(times)) =
            (now.memory_info(), now.status(), now.cpu_times())
        else {
            return;
        };
        sink.row(&Row {
            pid: pid.get(),
            state: Some(letter(status)),
            cpu: Some(used(&times)),
            rss: Some(memory.rss),
            ..Row::default()
        });
    }
}

fn show(row: &ps_facade::Row<'_>, sink: &mut dyn Sink) {
    let exe = row.exe.ok().flatten().map(|path| path.as_os_str().as_bytes());
    sink.row(&Row {
        pid: row.pid.get(),
        ppid: row.ppid.ok().map(|parent| parent.map_or(0, Pid::get)),
        name: row.name.ok().map(OsStrExt::as_bytes),
        state: row.status.ok().map(letter),
        cpu: row.cpu_times.ok().map(|times| used(&times)),
        start: row
            .create_time
            .ok()
            .and_then(|at| Some(at.duration_since(UNIX_EPOCH).ok()?.as_secs())),
        rss: row.rss.ok(),
        vms: row.vms.ok(),
        threads: row.num_threads.ok().map(u64::from),
        uid: row.uids.ok().map(|uids| uids.real.get()),
        command: row.cmdline.as_ref().ok().map(|arguments| Command::Lent(*arguments)),
        exe,
        user: row.username.ok().map(OsStrExt::as_bytes),
    });
}

fn ports(socket: &Connection) -> (u16, u16) {
    let port = |end: Option<&ps_facade::net::Endpoint>| end.and_then(|end| end.port()).unwrap_or(0);
    (port(socket.local.as_ref()), port(socket.remote.as_ref()))
}

fn used(times: &ProcessTimes) -> u64 {
    u64::try_from((times.user + times.system).as_millis()).unwrap_or(0)
}

fn letter(status: Status) -> u8 {
    match status {
        Status::Running => b'R',
        Status::Sleeping => b'S',
        Status::DiskSleep => b'D',
        Status::Stopped => b'T',
        Status::Zombie => b'Z',
        Status::Idle => b'I',
        _ => b'?',
    }
}

impl Entrant for Library {
    fn knows(&self, task: Task) -> bool {
        match self.mode {
            Mode::Default => true,
            Mode::Keeping => task == Task::Net,
            // On a machine at rest nobody starts threads between two looks of the others.
            Mode::Table { threads: 2.., .. } if task == Task::Calm => false,
            _ => matches!(task, Task::Table | Task::Top | Task::Calm | Task::Full),
        }
    }

    fn work(&mut self, task: Task, about: u32, sink: &mut dyn Sink) {
        let system = &self.system.clone();
        let about = Pid::new(about).unwrap_or(Pid::ZERO);
        match task {
            Task::Pids => {
                for pid in system.pids().expect("pids") {
                    sink.row(&Row { pid: pid.get(), ..Row::default() });
                }
            }
            Task::Table => self.scan(Fields::TABLE, sink),
            Task::Top => self.scan(Fields::TOP, sink),
            Task::Calm => self.scan(Fields::NAME | Fields::STATUS | Fields::CPU_TIMES, sink),
            Task::Full => {
                let fields = Fields::TABLE | Fields::CMDLINE | Fields::EXE | Fields::USERNAME;
                self.scan(fields, sink);
            }
            Task::Cpu => {
                let times = system.cpu_times().expect("cpu times");
                sink.figure("user", times.user.as_secs_f64());
                sink.figure("idle", times.idle.as_secs_f64());
            }
            Task::Mem => {
                let memory = system.virtual_memory().expect("memory");
                sink.figure("total", memory.total as f64);
                sink.figure("available", memory.available as f64);
            }
            Task::Swap => {
                let swap = system.swap_memory().expect("swap");
                sink.figure("total", swap.total as f64);
                sink.figure("free", swap.free as f64);
                sink.figure("in", swap.swapped_in.map_or(-1.0, |bytes| bytes as f64 / 4096.0));
            }
            Task::Load => sink.figure("one", system.load_average().expect("load").one),
            Task::Disk => {
                let (mut read, mut written) = (0, 0);
                for (name, io) in system.disk_io_counters_per_disk().expect("disks") {
                    if name.as_bytes().last().is_some_and(u8::is_ascii_alphabetic) {
                        read += io.read_bytes;
                        written += io.write_bytes;
                    }
                }
                sink.figure("read", read as f64);
                sink.figure("written", written as f64);
            }
            Task::Net => {
                let all = system.net_io_counters_per_interface().expect("interfaces");
                sink.figure("received", all.values().map(|io| io.bytes_recv).sum::<u64>() as f64);
            }
            Task::Sockets => self.sockets(sink),
            Task::Maps => {
                let maps = Snapshot::of(system, about).memory_maps().expect("mappings");
                let (mut rss, mut pss, mut uss) = (0, 0, 0);
                for map in &maps {
                    let sizes = &map.sizes;
                    rss += sizes.rss.unwrap_or(0);
                    pss += sizes.pss.unwrap_or(0);
                    uss += sizes.private_clean.unwrap_or(0) + sizes.private_dirty.unwrap_or(0);
                }
                sink.figure("count", maps.len() as f64);
                sink.figure("rss", rss as f64);
                sink.figure("pss", pss as f64);
                sink.figure("uss", uss as f64);
            }
            Task::Footprint => {
                let used = Snapshot::of(system, about).memory_footprint().expect("footprint");
                sink.figure("pss", used.pss.unwrap_or(0) as f64);
                sink.figure("uss", used.uss as f64);
            }
            Task::One => self.one(about, sink),
            Task::Tree => {
                let parents = system.ppid_map().expect("parents");
                let pairs = parents.iter().map(|(pid, parent)| (pid.get(), parent.get())).collect();
                for pid in super::descendants(pairs, about.get()) {
                    sink.row(&Row { pid, ..Row::default() });
                }
            }
        }
    }
}
