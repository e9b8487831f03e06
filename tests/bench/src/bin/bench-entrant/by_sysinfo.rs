//! The `sysinfo` crate: once as its documentation recommends, which keeps what it once read, and once told to
//! read everything anew.

use std::os::unix::ffi::OsStrExt;

use ps_bench::entrant::Entrant;
use ps_bench::rows::{Command, Row, Sink, Task};
use sysinfo::{
    DiskRefreshKind, Disks, MemoryRefreshKind, Networks, Pid, ProcessRefreshKind, ProcessStatus,
    ProcessesToUpdate, System, UpdateKind, Users,
};

pub(crate) struct Library {
    system: System,
    disks: Disks,
    networks: Networks,
    users: Users,
    update: UpdateKind,
}

impl Library {
    pub(crate) fn new(always: bool) -> anyhow::Result<Library> {
        let failed = |error| anyhow::anyhow!("sysinfo: {error:?}");
        Ok(Library {
            system: System::new().map_err(failed)?,
            disks: Disks::new_with_refreshed_list().map_err(failed)?,
            networks: Networks::new_with_refreshed_list().map_err(failed)?,
            users: Users::new_with_refreshed_list().map_err(failed)?,
            update: if always { UpdateKind::Always } else { UpdateKind::OnlyIfNotSet },
        })
    }

    fn refresh(&mut self, which: ProcessesToUpdate<'_>, kind: ProcessRefreshKind) {
        self.system.refresh_processes_specifics(which, true, kind);
    }

    fn rows(&self, task: Task, sink: &mut dyn Sink) {
        for process in self.system.processes().values() {
            if process.thread_kind().is_some() {
                continue;
            }
            let mut row = Row { pid: process.pid().as_u32(), ..Row::default() };
            row.name = Some(process.name().as_bytes());
            row.state = Some(letter(process.status()));
            row.cpu = Some(process.accumulated_cpu_time());
            row.rss = Some(process.memory());
            if task != Task::Top {
                row.ppid = Some(process.parent().map_or(0, Pid::as_u32));
                row.start = Some(process.start_time());
                row.vms = Some(process.virtual_memory());
                row.threads = process.tasks().map(|tasks| tasks.len() as u64 + 1);
                row.uid = process.user_id().map(|uid| **uid);
            }
            if task == Task::Full {
                row.command = Some(Command::List(process.cmd()));
                row.exe = process.exe().map(|path| path.as_os_str().as_bytes());
                let user = process.user_id().and_then(|uid| self.users.get_user_by_id(uid));
                row.user = user.map(|user| user.name().as_bytes());
            }
            sink.row(&row);
        }
    }
}

fn letter(status: ProcessStatus) -> u8 {
    match status {
        ProcessStatus::Run => b'R',
        ProcessStatus::Sleep => b'S',
        ProcessStatus::UninterruptibleDiskSleep => b'D',
        ProcessStatus::Stop => b'T',
        ProcessStatus::Zombie => b'Z',
        ProcessStatus::Idle => b'I',
        _ => b'?',
    }
}

impl Entrant for Library {
    fn knows(&self, task: Task) -> bool {
        !matches!(task, Task::Calm | Task::Cpu | Task::Sockets | Task::Maps | Task::Footprint)
    }

    fn work(&mut self, task: Task, about: u32, sink: &mut dyn Sink) {
        // Left to itself it lists the threads of every process too, which only the table needs.
        let bare = ProcessRefreshKind::nothing().without_tasks();
        let top = bare.with_memory().with_cpu();
        let table = top.with_user(self.update).with_tasks();
        match task {
            Task::Pids => {
                self.refresh(ProcessesToUpdate::All, bare);
                for process in self.system.processes().values() {
                    sink.row(&Row { pid: process.pid().as_u32(), ..Row::default() });
                }
            }
            Task::Table => {
                self.refresh(ProcessesToUpdate::All, table);
                self.rows(task, sink);
            }
            Task::Top => {
                self.refresh(ProcessesToUpdate::All, top);
                self.rows(task, sink);
            }
            Task::Full => {
                let full = table.with_cmd(self.update).with_exe(self.update);
                self.refresh(ProcessesToUpdate::All, full);
                self.rows(task, sink);
            }
            Task::Mem => {
                self.system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
                sink.figure("total", self.system.total_memory() as f64);
                sink.figure("available", self.system.available_memory() as f64);
            }
            Task::Swap => {
                self.system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_swap());
                sink.figure("total", self.system.total_swap() as f64);
                sink.figure("free", self.system.free_swap() as f64);
            }
            Task::Load => sink.figure("one", System::load_average().map_or(-1.0, |load| load.one)),
            Task::Disk => {
                let kind = DiskRefreshKind::nothing().with_io_usage();
                self.disks.refresh_specifics(false, kind);
                let (mut read, mut written) = (0, 0);
                for disk in &self.disks {
                    read += disk.usage().total_read_bytes;
                    written += disk.usage().total_written_bytes;
                }
                sink.figure("read", read as f64);
                sink.figure("written", written as f64);
            }
            Task::Net => {
                self.networks.refresh(true);
                let received: u64 = self.networks.values().map(|net| net.total_received()).sum();
                sink.figure("received", received as f64);
            }
            Task::One => {
                let pid = Pid::from_u32(about);
                self.refresh(ProcessesToUpdate::Some(&[pid]), top);
                if let Some(process) = self.system.process(pid) {
                    sink.row(&Row {
                        pid: about,
                        state: Some(letter(process.status())),
                        cpu: Some(process.accumulated_cpu_time()),
                        rss: Some(process.memory()),
                        ..Row::default()
                    });
                }
            }
            Task::Tree => {
                self.refresh(ProcessesToUpdate::All, bare);
                let all = self.system.processes().values();
                let pairs = all.filter(|process| process.thread_kind().is_none());
                let pairs = pairs.filter_map(|process| {
                    Some((process.pid().as_u32(), process.parent()?.as_u32()))
                });
                for pid in super::descendants(pairs.collect(), about) {
                    sink.row(&Row { pid, ..Row::default() });
                }
            }
            Task::Calm | Task::Cpu | Task::Sockets | Task::Maps | Task::Footprint => {}
        }
    }
}
