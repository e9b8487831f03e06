//! The `procfs` crate.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use procfs::process::{FDTarget, Process, all_processes};
use procfs::{Current, CurrentSI};
use ps_bench::entrant::Entrant;
use ps_bench::rows::{Command, Row, Sink, Task};

/// It does not look up names of users; a program that shows them reads the accounts itself.
pub(crate) struct Library {
    users: HashMap<u32, String>,
}

impl Library {
    pub(crate) fn new() -> Library {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let users = accounts.lines().filter_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            Some((parts.nth(1)?.parse().ok()?, name.to_owned()))
        });
        Library { users: users.collect() }
    }
}

fn row(
    process: &Process,
    task: Task,
    users: &HashMap<u32, String>,
    sink: &mut dyn Sink,
) -> Option<()> {
    let stat = process.stat().ok()?;
    let mut row = Row { pid: process.pid().cast_unsigned(), ..Row::default() };
    let statm = process.statm().ok()?;
    row.name = Some(stat.comm.as_bytes());
    row.state = u8::try_from(stat.state).ok();
    row.cpu = Some((stat.utime + stat.stime) * 1000 / procfs::ticks_per_second());
    row.rss = Some(statm.resident * procfs::page_size());
    if task == Task::Top {
        sink.row(&row);
        return Some(());
    }
    let status = process.status().ok()?;
    row.ppid = Some(stat.ppid.cast_unsigned());
    let boot = procfs::boot_time_secs().ok()?;
    row.start = Some(boot + stat.starttime / procfs::ticks_per_second());
    row.vms = Some(stat.vsize);
    row.threads = u64::try_from(stat.num_threads).ok();
    row.uid = Some(status.ruid);
    if task == Task::Table {
        sink.row(&row);
        return Some(());
    }
    let exe = process.exe().ok();
    row.exe = exe.as_deref().map(|path| path.as_os_str().as_bytes());
    let command: Option<Vec<OsString>> =
        process.cmdline().ok().map(|list| list.into_iter().map(OsString::from).collect());
    row.command = command.as_deref().map(Command::List);
    row.user = users.get(&status.ruid).map(String::as_bytes);
    sink.row(&row);
    Some(())
}

fn sockets(sink: &mut dyn Sink) -> Option<()> {
    let mut owners = HashMap::new();
    for process in all_processes().ok()?.flatten() {
        for held in process.fd().into_iter().flatten().flatten() {
            if let FDTarget::Socket(inode) = held.target {
                owners.entry(inode).or_insert(process.pid().cast_unsigned());
            }
        }
    }
    let tcp = procfs::net::tcp().ok()?.into_iter().chain(procfs::net::tcp6().ok()?);
    for socket in tcp {
        let (local, remote) = (socket.local_address.port(), socket.remote_address.port());
        sink.socket(local, remote, socket.state.to_u8(), owners.get(&socket.inode).copied());
    }
    let udp = procfs::net::udp().ok()?.into_iter().chain(procfs::net::udp6().ok()?);
    for socket in udp {
        std::hint::black_box(owners.get(&socket.inode));
    }
    Some(())
}

impl Entrant for Library {
    fn knows(&self, task: Task) -> bool {
        task != Task::Calm
    }

    fn work(&mut self, task: Task, about: u32, sink: &mut dyn Sink) {
        let about = about.cast_signed();
        match task {
            Task::Pids => {
                for process in all_processes().into_iter().flatten().flatten() {
                    sink.row(&Row { pid: process.pid().cast_unsigned(), ..Row::default() });
                }
            }
            Task::Table | Task::Top | Task::Calm | Task::Full => {
                for process in all_processes().into_iter().flatten().flatten() {
                    row(&process, task, &self.users, sink);
                }
            }
            Task::Cpu => {
                if let Ok(stat) = procfs::KernelStats::current() {
                    sink.figure("user", stat.total.user as f64 / 100.0);
                    sink.figure("idle", stat.total.idle as f64 / 100.0);
                }
            }
            Task::Mem => {
                if let Ok(memory) = procfs::Meminfo::current() {
                    sink.figure("total", memory.mem_total as f64);
                    sink.figure("available", memory.mem_available.unwrap_or(0) as f64);
                }
            }
            Task::Swap => {
                if let Ok(memory) = procfs::Meminfo::current() {
                    sink.figure("total", memory.swap_total as f64);
                    sink.figure("free", memory.swap_free as f64);
                }
                let traffic = procfs::vmstat().ok();
                let swapped = traffic.and_then(|all| all.get("pswpin").copied());
                sink.figure("in", swapped.unwrap_or(-1) as f64);
            }
            Task::Load => {
                if let Ok(load) = procfs::LoadAverage::current() {
                    sink.figure("one", f64::from(load.one));
                }
            }
            Task::Disk => {
                let (mut read, mut written) = (0, 0);
                for disk in procfs::diskstats().into_iter().flatten() {
                    if disk.name.as_bytes().last().is_some_and(u8::is_ascii_alphabetic) {
                        read += disk.sectors_read * 512;
                        written += disk.sectors_written * 512;
                    }
                }
                sink.figure("read", read as f64);
                sink.figure("written", written as f64);
            }
            Task::Net => {
                let all = procfs::net::dev_status().unwrap_or_default();
                sink.figure("received", all.values().map(|net| net.recv_bytes).sum::<u64>() as f64);
            }
            Task::Sockets => {
                sockets(sink);
            }
            Task::Maps | Task::Footprint => {
                let process = Process::new(about);
                let maps = process.and_then(|process| match task {
                    Task::Maps => process.smaps(),
                    _ => process.smaps_rollup().map(|rollup| rollup.memory_map_rollup),
                });
                let Ok(maps) = maps else { return };
                let (mut count, mut rss, mut pss, mut uss) = (0u64, 0, 0, 0);
                for map in &maps.0 {
                    let value = |key: &str| map.extension.map.get(key).copied().unwrap_or(0);
                    count += 1;
                    rss += value("Rss");
                    pss += value("Pss");
                    uss += value("Private_Clean") + value("Private_Dirty");
                }
                if task == Task::Maps {
                    sink.figure("count", count as f64);
                    sink.figure("rss", rss as f64);
                }
                sink.figure("pss", pss as f64);
                sink.figure("uss", uss as f64);
            }
            Task::One => {
                if let Ok(process) = Process::new(about) {
                    row(&process, Task::Top, &self.users, sink);
                }
            }
            Task::Tree => {
                let stats = all_processes().into_iter().flatten().flatten();
                let stats = stats.filter_map(|process| process.stat().ok());
                let pairs = stats.map(|stat| (stat.pid.cast_unsigned(), stat.ppid.cast_unsigned()));
                for pid in super::descendants(pairs.collect(), about.cast_unsigned()) {
                    sink.row(&Row { pid, ..Row::default() });
                }
            }
        }
    }
}
