//! All processes in one pass: one call for the table, one more per process only for what is not in it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ps_core::process::{Arguments, Fact, Fields, Missing, Pid, Row, Scanner};
use ps_core::{Error, Result};

use super::backend::{Asked, Kernel};
use super::process::{name_of, uncounted};
use crate::decode::clock::{Moment, with_boot_time};
use crate::decode::process::Process;
use crate::errno;

/// Reads all processes, into room that it keeps.
#[derive(Debug)]
pub struct Scan<K> {
    kernel: K,
    answer: Vec<u8>,
    processes: Vec<Process>,
    room: Room,
    counts: HashMap<Pid, u32>,
    terminals: HashMap<u64, Option<PathBuf>>,
}

/// What is read of one process besides its record.
#[derive(Debug, Default)]
struct Room {
    arguments: Vec<u8>,
    exe: Vec<u8>,
    cwd: Vec<u8>,
    root: Vec<u8>,
    user: OsString,
}

impl<K: Kernel> Scan<K> {
    /// A scanner with no room yet.
    pub(crate) fn new(kernel: K) -> Self {
        Scan {
            kernel,
            answer: Vec::new(),
            processes: Vec::new(),
            room: Room::default(),
            counts: HashMap::new(),
            terminals: HashMap::new(),
        }
    }

    /// Reads the table, sorts it by pid, and tells the boot time that its starts are built on.
    fn read(&mut self) -> Result<Option<Moment>> {
        let booted = if K::START_MOVES {
            let kernel = &self.kernel;
            let answer = &mut self.answer;
            with_boot_time(|| kernel.boot_moment(), || kernel.read_processes(answer))
                .map(|((), booted)| booted)
        } else {
            self.kernel.read_processes(&mut self.answer).map(|()| None)
        };
        let booted = booted.map_err(K::system_error("process table"))?;
        self.processes.clear();
        for process in self.kernel.processes(&self.answer) {
            self.processes.push(process?);
        }
        self.processes.sort_unstable_by_key(|process| process.pid);
        self.processes.dedup_by_key(|process| process.pid);
        Ok(booted)
    }
}

/// An answer as the fact of a row; `Err(None)` if the process is gone and has no row.
type Fill<T> = std::result::Result<Fact<T>, Gone>;

/// The process ended while it was being read.
struct Gone;

/// Asks about one process into a buffer.
fn fill(
    process: &Process,
    buffer: &mut Vec<u8>,
    ask: impl FnOnce(Pid, &mut Vec<u8>) -> Asked<()>,
) -> Fill<()> {
    buffer.clear();
    if process.ended {
        return Ok(Err(Missing::Zombie));
    }
    if process.kernel {
        return Ok(Ok(()));
    }
    told(ask(process.pid, buffer))
}

/// How many descriptors a process has open, by what was counted for all of them.
fn descriptors<K: Kernel>(kernel: &K, process: &Process, counts: &HashMap<Pid, u32>) -> Fill<u32> {
    if process.ended {
        return Ok(Err(Missing::Zombie));
    }
    match counts.get(&process.pid) {
        Some(count) => Ok(Ok(*count)),
        None if process.kernel => Ok(Ok(0)),
        None => told(kernel.uncounted_descriptors(process.pid)),
    }
}

/// An answer about a process that was there when the table was read.
fn told<T>(answer: Asked<T>) -> Fill<T> {
    match answer {
        Ok(told) => Ok(Ok(told)),
        Err(failed) => match errno::of_row(&failed, false) {
            Missing::Gone => Err(Gone),
            missing => Ok(Err(missing)),
        },
    }
}

fn path(bytes: &[u8]) -> Option<&Path> {
    (!bytes.is_empty()).then(|| Path::new(OsStr::from_bytes(bytes)))
}

impl<K: Kernel> Scanner for Scan<K> {
    fn scan(
        &mut self,
        fields: Fields,
        visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        fields.check_scannable()?;
        let booted = self.read()?;
        if self.processes.is_empty() {
            let context = ps_core::Context::new("process table");
            return Err(Error::decode(context, "the answer holds no record"));
        }
        let mut counted = Err(Missing::NotAsked);
        if fields.contains(Fields::NUM_FDS) {
            self.counts.clear();
            counted = self
                .kernel
                .descriptor_counts(&mut self.answer, &mut self.counts)
                .map_err(|failed| errno::of_row(&failed, false));
        }
        if fields.contains(Fields::USERNAME) {
            self.kernel.accounts().refresh();
        }
        // What a number stands for may have changed since the last scan, within one it is looked up once.
        self.terminals.clear();
        for index in 0..self.processes.len() {
            let Some(process) = self.processes.get(index) else { break };
            if fields.contains(Fields::TERMINAL)
                && let Some(device) = process.terminal
                && !self.terminals.contains_key(&device)
            {
                let found = self.kernel.terminals().path(device);
                self.terminals.insert(device, found);
            }
            let count = || {
                counted.map_or_else(
                    |missing| Ok(Err(missing)),
                    |()| descriptors(&self.kernel, process, &self.counts),
                )
            };
            let terminal = process
                .terminal
                .and_then(|device| self.terminals.get(&device).and_then(Option::as_deref));
            let row = row(&self.kernel, process, fields, booted, &mut self.room, count, terminal);
            if let Ok(row) = row
                && visit(&row).is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

/// The row of one process.
fn row<'a, K: Kernel>(
    kernel: &K,
    process: &'a Process,
    fields: Fields,
    booted: Option<Moment>,
    room: &'a mut Room,
    count: impl FnOnce() -> Fill<u32>,
    terminal: Option<&'a Path>,
) -> std::result::Result<Row<'a>, Gone> {
    let wants = |field: Fields| fields.contains(field);
    let cut = process.comm.as_bytes().len() >= K::NAME_LIMIT;
    let mut arguments = Err(Missing::NotAsked);
    if wants(Fields::CMDLINE) || wants(Fields::NAME) && cut {
        arguments = fill(process, &mut room.arguments, |pid, block| kernel.arguments(pid, block))?;
    }
    let mut exe = Err(Missing::NotAsked);
    if wants(Fields::EXE) {
        exe = fill(process, &mut room.exe, |pid, path| kernel.exe(pid, path))?;
    }
    let mut cwd = Err(Missing::NotAsked);
    if wants(Fields::CWD) {
        cwd = fill(process, &mut room.cwd, |pid, path| kernel.cwd(pid, path))?;
    }
    let mut root = Err(Missing::NotAsked);
    if wants(Fields::ROOT) {
        root = fill(process, &mut room.root, |pid, path| kernel.root(pid, path))?;
    }
    let mut num_fds = Err(Missing::NotAsked);
    if wants(Fields::NUM_FDS) {
        num_fds = count()?;
    }
    if wants(Fields::USERNAME) {
        kernel.accounts().name_into(process.uids.real, &mut room.user);
    }

    let counted = uncounted(process).map_or(Ok(()), Err);
    // A zombie has no memory: that is known without being told.
    let memory = if process.ended { Ok(()) } else { counted };

    // All that was read stays as it is from here on.
    let room = &*room;
    let mut row = Row::new(process.pid);
    macro_rules! tell {
        ($($flag:ident => $field:ident = $value:expr,)+) => { $(
            if wants(Fields::$flag) {
                row.$field = $value;
            }
        )+ };
    }
    tell! {
        IDENTITY => identity = Ok(kernel.identity(process, booted)),
        PPID => ppid = Ok(process.ppid),
        COMM => comm = Ok(OsStr::from_bytes(process.comm.as_bytes())),
        NAME => name = Ok(match arguments {
            Ok(()) => name_of::<K>(process, &room.arguments),
            Err(_) => OsStr::from_bytes(process.comm.as_bytes()),
        }),
        STATUS => status = Ok(process.status),
        CREATE_TIME => create_time =
            process.started.map(|started| started.system_time()).ok_or(Missing::Zombie),
        UIDS => uids = Ok(process.uids),
        GIDS => gids = Ok(process.gids),
        EFFECTIVE_UID => effective_uid = Ok(process.uids.effective),
        USERNAME => username = Ok(room.user.as_os_str()),
        CPU_TIMES => cpu_times = counted.map(|()| process.cpu_times),
        RSS => rss = memory.map(|()| process.memory.rss),
        VMS => vms = memory.map(|()| process.memory.vms),
        MEMORY_INFO => memory_info = memory.map(|()| process.memory),
        NUM_THREADS => num_threads = Ok(process.num_threads),
        TERMINAL => terminal = Ok(terminal),
        NICE => nice = Ok(process.nice),
        CMDLINE => cmdline = arguments.map(|()| Arguments::nul_separated(&room.arguments)),
        EXE => exe = exe.map(|()| path(&room.exe)),
        CWD => cwd = cwd.map(|()| path(&room.cwd)),
        ROOT => root = root.map(|()| path(&room.root)),
        PGID => pgid = Ok(process.pgid),
        SID => sid = Ok(process.sid),
        CPU_NUM => cpu_num = Ok(process.cpu_num),
        PAGE_FAULTS => page_faults = counted.map(|()| process.page_faults),
        IO_COUNTERS => io_counters = counted.map(|()| process.io_counters),
        CONTEXT_SWITCHES => context_switches = counted.map(|()| process.context_switches),
        NUM_FDS => num_fds = num_fds,
    }
    Ok(row)
}
