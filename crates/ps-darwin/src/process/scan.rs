//! All processes in one pass.

use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ps_core::process::{
    Arguments, Fact, Missing, NAME_MAY_BE_CUT, Origin, Pid, Row, Scanner, Status, full_name,
    number_as_name,
};
use ps_core::{Error, Fields, HostBackend, Result, Uid};

use crate::backend::Darwin;
use crate::decode::Units;
use crate::decode::process::arguments::decode_procargs;
use crate::decode::process::files;
use crate::process::Table;
use crate::process::ask::Asked;
use crate::process::view::as_path;
use crate::raw::process::KinfoProc;

/// Reads facts about all processes in one pass: one call for all their records, and one more for each process
/// where a field needs what the record does not have.
#[derive(Debug)]
pub struct DarwinScanner {
    darwin: Darwin,
    table: Table,
    buffers: Buffers,
}

/// One buffer for each answer that a row may borrow from.
#[derive(Debug, Default)]
struct Buffers {
    arguments: Vec<u8>,
    program: Vec<u8>,
    descriptors: Vec<u8>,
    user: OsString,
    terminal: Option<PathBuf>,
    directories: Vec<u8>,
}

/// Fields that `proc_pidinfo` tells of the task.
const FROM_TASK: Fields = Fields::CPU_TIMES
    .union(Fields::RSS)
    .union(Fields::VMS)
    .union(Fields::MEMORY_INFO)
    .union(Fields::NUM_THREADS)
    .union(Fields::PAGE_FAULTS)
    .union(Fields::CONTEXT_SWITCHES);

const FROM_DIRECTORIES: Fields = Fields::CWD.union(Fields::ROOT);

impl DarwinScanner {
    pub(crate) fn new(darwin: Darwin) -> DarwinScanner {
        DarwinScanner { darwin, table: Table::default(), buffers: Buffers::default() }
    }
}

impl Scanner for DarwinScanner {
    fn scan(
        &mut self,
        fields: Fields,
        visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        fields.check_scannable()?;
        self.table.read()?;
        let pass = Pass {
            darwin: &self.darwin,
            fields,
            origin: self.darwin.origin(),
            units: self.darwin.units()?,
            me: Uid::new(nix::unistd::geteuid().as_raw()),
        };
        for (pid, record) in self.table.rows() {
            let Some(row) = pass.row(pid, &record, &mut self.buffers) else { continue };
            if visit(&row).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// What a scan knows before its first row.
struct Pass<'a> {
    darwin: &'a Darwin,
    fields: Fields,
    origin: Origin,
    units: Units,
    /// The effective user of the caller.
    me: Uid,
}

/// An answer as a fact of a row; `None` if the process has ended meanwhile.
fn fact<T>(answer: Result<T>) -> Option<Fact<T>> {
    match answer {
        Ok(value) => Some(Ok(value)),
        Err(Error::NoSuchProcess { .. }) => None,
        Err(error) => Some(Err(Missing::from_error(&error))),
    }
}

impl Pass<'_> {
    fn wants(&self, fields: Fields) -> bool {
        self.fields.intersects(fields)
    }

    fn set<T>(&self, fact: &mut Fact<T>, field: Fields, value: Fact<T>) {
        if self.wants(field) {
            *fact = value;
        }
    }

    /// One process; `None` if it ended before everything was read.
    fn row<'r>(
        &self,
        pid: Pid,
        record: &'r KinfoProc,
        buffers: &'r mut Buffers,
    ) -> Option<Row<'r>> {
        let mut row = Row::new(pid);
        let identity = record.identity(self.origin)?;
        let asked = Asked { pid, meant: Some(&identity) };
        let zombie = record.is_zombie();
        let Buffers { arguments, program, descriptors, user, terminal, directories } = buffers;
        if self.wants(Fields::IDENTITY) {
            row.identity = Ok(identity);
        }
        self.fill_record(&mut row, record);
        if self.wants(Fields::USERNAME) {
            *user = self.user(record.uids().real);
            row.username = Ok(user);
        }
        if self.wants(Fields::TERMINAL) {
            let device = record.terminal();
            *terminal = device.and_then(|device| self.darwin.terminals().path(device));
            row.terminal = Ok(terminal.as_deref());
        }
        self.fill_task(&mut row, asked, zombie)?;
        if self.wants(Fields::IO_COUNTERS) {
            row.io_counters = fact(asked.rusage())?.map(|rusage| rusage.io());
        }
        if self.wants(Fields::SID) {
            row.sid = match pid {
                Pid::ZERO => Ok(Some(Pid::ZERO)),
                _ if zombie => Err(Missing::Zombie),
                _ => fact(asked.session())?,
            };
        }
        if self.wants(Fields::NUM_FDS) {
            row.num_fds = match pid {
                Pid::ZERO => Ok(0),
                _ if zombie => Err(Missing::Zombie),
                _ => fact(asked.descriptors(descriptors))?.map(|()| files::count(descriptors)),
            };
        }
        if self.wants(FROM_DIRECTORIES) {
            let found = match zombie {
                true => Err(Missing::Zombie),
                false => fact(asked.directories(directories))?,
            };
            let found = found
                .and_then(|()| files::decode_directories(directories).map_err(|_| Missing::Failed));
            self.set(&mut row.cwd, Fields::CWD, found.map(|found| found.current));
            self.set(&mut row.root, Fields::ROOT, found.map(|found| found.root));
        }
        self.fill_strings(&mut row, asked, record, arguments, program)?;
        Some(row)
    }

    fn fill_record<'r>(&self, row: &mut Row<'r>, record: &'r KinfoProc) {
        let comm = OsStr::from_bytes(record.name());
        let uids = record.uids();
        self.set(&mut row.ppid, Fields::PPID, Ok(record.parent()));
        self.set(&mut row.comm, Fields::COMM, Ok(comm));
        // Completed below, if need be.
        self.set(&mut row.name, Fields::NAME, Ok(comm));
        self.set(&mut row.status, Fields::STATUS, Ok(record.status()));
        let created = record.create_time().ok_or(Missing::Failed);
        self.set(&mut row.create_time, Fields::CREATE_TIME, created);
        self.set(&mut row.uids, Fields::UIDS, Ok(uids));
        self.set(&mut row.effective_uid, Fields::EFFECTIVE_UID, Ok(uids.effective));
        if self.wants(Fields::GIDS) {
            row.gids = Ok(record.gids());
        }
        self.set(&mut row.nice, Fields::NICE, Ok(i32::from(record.nice())));
        self.set(&mut row.pgid, Fields::PGID, Ok(record.group()));
        // No interface of this system tells it.
        self.set(&mut row.cpu_num, Fields::CPU_NUM, Err(Missing::Unsupported));
    }

    /// Whether the caller is the superuser, or has the process's effective user.
    fn is_own(&self, record: &KinfoProc) -> bool {
        self.me == Uid::new(0) || self.me == record.uids().effective
    }

    fn user(&self, uid: Uid) -> OsString {
        let name = self.darwin.user_name(uid).ok().flatten();
        name.unwrap_or_else(|| number_as_name(uid))
    }

    /// What it has used; `None` if the process has ended.
    fn fill_task(&self, row: &mut Row<'_>, asked: Asked<'_>, zombie: bool) -> Option<()> {
        if !self.wants(FROM_TASK) {
            return Some(());
        }
        let task = match zombie {
            true => Err(Missing::Zombie),
            false => fact(asked.task())?,
        };
        let task = task.as_ref().map_err(|missing| *missing);
        let memory = task.map(|task| task.memory());
        let times = task.map(|task| task.times(self.units));
        self.set(&mut row.cpu_times, Fields::CPU_TIMES, times);
        self.set(&mut row.rss, Fields::RSS, memory.map(|memory| memory.rss));
        self.set(&mut row.vms, Fields::VMS, memory.map(|memory| memory.vms));
        self.set(&mut row.memory_info, Fields::MEMORY_INFO, memory);
        self.set(&mut row.num_threads, Fields::NUM_THREADS, task.map(|task| task.threads()));
        self.set(&mut row.page_faults, Fields::PAGE_FAULTS, task.map(|task| task.page_faults()));
        let switches = task.map(|task| task.switches());
        self.set(&mut row.context_switches, Fields::CONTEXT_SWITCHES, switches);
        Some(())
    }

    /// Arguments, program, and the name that they may complete; `None` if the process has ended.
    fn fill_strings<'r>(
        &self,
        row: &mut Row<'r>,
        asked: Asked<'_>,
        record: &'r KinfoProc,
        arguments: &'r mut Vec<u8>,
        program: &'r mut Vec<u8>,
    ) -> Option<()> {
        let kernel = asked.pid == Pid::ZERO;
        let zombie = record.status() == Status::Zombie;
        let cut = self.wants(Fields::NAME)
            && record.name().len() >= NAME_MAY_BE_CUT
            && !(kernel || zombie);
        let mut strings: Fact<Arguments<'r>> = Err(Missing::NotAsked);
        if self.wants(Fields::CMDLINE) || cut {
            strings = match kernel {
                true => Ok(Arguments::nul_separated(&[])),
                false if zombie => Err(Missing::Zombie),
                // Refused for sure (`sysctl_procargsx` in `bsd/kern/kern_sysctl.c`), in a way that would take
                // another look to understand.
                false if !self.is_own(record) => Err(Missing::Denied),
                false => {
                    let longest = self.darwin.longest_arguments();
                    let answer = fact(asked.arguments(arguments, longest))?;
                    answer.map(|answer| decode_procargs(answer).arguments())
                }
            };
        }
        // Whoever may not see the arguments may still see the program.
        let mut path: Fact<Option<&'r [u8]>> = Err(Missing::NotAsked);
        if self.wants(Fields::EXE) || (cut && strings.is_err()) {
            path = match kernel {
                true => Ok(None),
                false if zombie => Err(Missing::Zombie),
                false => fact(asked.program(program))?,
            };
        }
        if cut {
            let comm = OsStr::from_bytes(record.name());
            let by_path = || Arguments::nul_separated(path.ok().flatten().unwrap_or_default());
            row.name = Ok(full_name(comm, &strings.unwrap_or_else(|_| by_path())));
        }
        self.set(&mut row.cmdline, Fields::CMDLINE, strings);
        self.set(&mut row.exe, Fields::EXE, path.map(|path| path.map(as_path)));
        Some(())
    }
}
