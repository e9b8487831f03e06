//! All processes in one pass.

#[cfg(feature = "bpf")]
pub(super) mod inside;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use nix::unistd::{AccessFlags, access};

use ps_core::process::{
    Arguments, ContextSwitches, Fact, Gid, Gids, Origin, Ran, Row, Scanner, Uids, full_name,
};
use ps_core::{Context, Fields, Missing, Pid, Result, Uid};

use crate::decode::process::{
    Stat, Statm, decode_ids, decode_rss, decode_stat, decode_statm, decode_switches, split, target,
};
use crate::errno::{self, Lives};
use crate::file::Buffer;
use crate::process::births::Births;
use crate::process::path::PidPath;
use crate::process::source::ScanSource;
use crate::process::terminal::Found;
use crate::process::{fd, gate};
use crate::root::Linux;
use crate::sys::{file as sys, pidfd};

/// Reads facts about all processes in one pass: exactly the files that the fields asked for need, into
/// buffers that are kept.
#[derive(Debug)]
pub struct LinuxScanner {
    linux: Linux,
    dir: OwnedFd,
    origin: Origin,
    listing: Vec<u8>,
    pids: Vec<Pid>,
    births: Births,
    files: Files,
    strict: bool,
    source: ScanSource,
}

/// One buffer for each file that a row may borrow from.
#[derive(Debug, Default)]
struct Files {
    stat: Buffer,
    statm: Buffer,
    status: Buffer,
    io: Buffer,
    cmdline: Buffer,
    exe: Buffer,
    cwd: Buffer,
    root: Buffer,
    /// Whether the single argument with blanks is the program is asked of another link.
    program: Buffer,
    /// Space for listing descriptors, where they cannot be counted otherwise.
    listing: Vec<u8>,
    terminals: Option<Arc<Found>>,
    names: Names,
    /// Whether the kernel was found not to tell users and groups through descriptors of processes.
    ids_need_status: bool,
}

/// Names that rows borrow, kept from row to row: nothing is copied for each.
#[derive(Debug, Default)]
struct Names {
    /// Users met in this pass, each asked about once.
    users: Vec<(Uid, Fact<OsString>)>,
}

impl Names {
    fn user(&mut self, linux: &Linux, uid: Uid) -> Fact<&OsStr> {
        let place = match self.users.iter().position(|(one, _)| *one == uid) {
            Some(place) => place,
            None => {
                self.users.push((uid, linux.name_of(uid)));
                self.users.len() - 1
            }
        };
        match self.users.get(place) {
            Some((_, Ok(name))) => Ok(name),
            Some((_, Err(why))) => Err(*why),
            None => Err(Missing::Failed),
        }
    }
}

/// What was found out about the process of the row made last.
#[derive(Clone, Copy, Default)]
struct State {
    /// Whether its clock vouches for the row.
    vouched_for: bool,
    /// Whether it has no memory, and gets none unless it runs.
    without_memory: bool,
}

/// What a scan knows before its first row.
struct Pass<'a> {
    linux: &'a Linux,
    fields: Fields,
    state: Cell<State>,
    origin: Origin,
    tick: u64,
    /// What starts count from, in the time namespace that they are read in.
    boot_time: Fact<SystemTime>,
    /// Whether the number of a process may be asked about in system calls.
    by_number: bool,
}

/// Fields that come from `stat` alone.
const FROM_STAT: Fields = Fields::IDENTITY
    .union(Fields::PPID)
    .union(Fields::NAME)
    .union(Fields::COMM)
    .union(Fields::STATUS)
    .union(Fields::CREATE_TIME)
    .union(Fields::CPU_TIMES)
    .union(Fields::VMS)
    .union(Fields::NUM_THREADS)
    .union(Fields::TERMINAL)
    .union(Fields::NICE)
    .union(Fields::PGID)
    .union(Fields::SID)
    .union(Fields::CPU_NUM)
    .union(Fields::PAGE_FAULTS);

/// Fields that need to know whether the process is a zombie before their own file means anything.
const UNLESS_ZOMBIE: Fields =
    Fields::CMDLINE.union(Fields::EXE).union(Fields::CWD).union(Fields::ROOT);

const FROM_STATM: Fields = Fields::RSS.union(Fields::MEMORY_INFO);

const IDS: Fields = Fields::UIDS.union(Fields::GIDS).union(Fields::USERNAME);

impl LinuxScanner {
    pub(crate) fn new(linux: Linux) -> Result<LinuxScanner> {
        Ok(LinuxScanner {
            dir: linux.open_proc_list()?,
            origin: linux.origin(),
            linux,
            listing: vec![0; 32 * 1024],
            pids: Vec::new(),
            births: Births::default(),
            files: Files::default(),
            strict: false,
            source: ScanSource::Files,
        })
    }

    /// Whether each process is read through a directory of its own, which is opened first.
    ///
    /// Otherwise its files are opened by number one after the other, and a row would show two processes if its
    /// number were given away between two of them: the kernel's allocator does not come round in those
    /// microseconds, but one who may choose numbers can force it. Costs a descriptor at a time, and about a
    /// quarter more time where one file is read for each process.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use std::ops::ControlFlow;
    /// use ps_linux::{Fields, Linux, ProcessBackend, Scanner};
    ///
    /// let mut scanner = Linux::new().scanner()?;
    /// scanner.set_strict(true);
    /// scanner.scan(Fields::TOP, &mut |row| {
    ///     println!("{}", row.pid);
    ///     ControlFlow::Continue(())
    /// })?;
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// Where the last pass read.
    #[must_use]
    pub fn source(&self) -> ScanSource {
        self.source
    }

    /// The numbers of all processes.
    pub(crate) fn list(&mut self, pids: &mut Vec<Pid>) -> Result<()> {
        sys::rewind(&self.dir).map_err(|source| {
            let context = Context::new("list").with_path(&self.linux.roots().proc);
            errno::of_system(source, context)
        })?;
        self.linux.list_into(&self.dir, &mut self.listing, pids)
    }

    /// Takes note that so many processes are looked at from outside of the kernel.
    fn count(&self, processes: usize) {
        #[cfg(feature = "bpf")]
        self.linux.inside().count(processes);
        #[cfg(not(feature = "bpf"))]
        let _ = processes;
    }
}

impl Scanner for LinuxScanner {
    fn scan(
        &mut self,
        fields: Fields,
        visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.of_all(fields, None, &mut |row, _| visit(row))
    }

    /// Whether a process has run is told by its CPU clock, where its number means it to system calls too, and where
    /// `stat` would not have to be read all the same.
    ///
    /// The clock of a process on another CPU moves only at a tick or when it gives the CPU up: one that has been on a
    /// CPU for less than a tick since it last slept may pass for one that has not run, until the next pass.
    ///
    /// Processes are listed anew only if `processes` in `/proc/stat` has moved, where that is read faster than a list.
    fn scan_changed(
        &mut self,
        fields: Fields,
        last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        self.of_all(fields, last, visit)
    }

    fn list_to_share(&mut self, pids: &mut Vec<Pid>) -> Result<bool> {
        // All at once are read faster than parts side by side.
        #[cfg(feature = "bpf")]
        if self.can_look_inside() {
            return Ok(false);
        }
        self.list(pids)?;
        self.count(pids.len());
        Ok(true)
    }

    fn scan_part(
        &mut self,
        part: &[Pid],
        fields: Fields,
        last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        fields.check_scannable()?;
        self.pass(part, fields, self.filter(last, fields), visit)
    }
}

/// What came with the row that the caller has kept of a process.
type Last<'l> = dyn FnMut(Pid) -> Option<Ran> + 'l;

/// Takes what was read of a process.
type Visit<'v> = dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()> + 'v;

impl LinuxScanner {
    fn of_all(
        &mut self,
        fields: Fields,
        last: Option<&mut Last<'_>>,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        fields.check_scannable()?;
        #[cfg(feature = "bpf")]
        if self.look_inside(fields, visit) {
            return Ok(());
        }
        let last = self.filter(last, fields);
        // What it holds is kept.
        let mut pids = std::mem::take(&mut self.pids);
        let listed = self.list_if_anew(&mut pids, last.is_some());
        let done = listed.and_then(|()| self.pass(&pids, fields, last, visit));
        self.pids = pids;
        done
    }

    /// What the caller has kept, if clocks can tell which of it is as it was.
    fn filter<'l, 'm>(
        &self,
        last: Option<&'l mut Last<'m>>,
        fields: Fields,
    ) -> Option<&'l mut Last<'m>> {
        last.filter(|_| gate::is_of_use(fields) && self.linux.is_own() && gate::are_fine())
    }

    /// Lists the numbers of all processes, unless nobody has started since the last list: which is worth finding out
    /// if there is `little_else` to do.
    fn list_if_anew(&mut self, pids: &mut Vec<Pid>, little_else: bool) -> Result<()> {
        // Read before the list is made, so that it counts nobody whom the list lacks.
        let starts = if little_else { self.births.count(&self.linux, pids.len()) } else { None };
        if !self.births.are_none(starts) {
            self.births.forget();
            self.list(pids)?;
            self.births.list_at(starts);
        }
        self.count(pids.len());
        Ok(())
    }

    fn pass(
        &mut self,
        pids: &[Pid],
        fields: Fields,
        mut last: Option<&mut Last<'_>>,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        let LinuxScanner { linux, dir, origin, files, strict, births, .. } = self;
        let mut pass = Pass::begin(linux, fields, *origin, *strict, files);
        let mut at_rest = pass.row_at_rest();
        for pid in pids {
            let mut ran = Ran::default();
            pass.fields = fields;
            if let Some(last) = &mut last {
                // Read before the record, so that it vouches for it.
                ran.clock = gate::clock(*pid);
                let kept = last(*pid).filter(|kept| ran.clock.is_some() && ran.clock == kept.clock);
                if let Some(kept) = kept {
                    (ran.unchanged, ran.without_memory) = (true, kept.without_memory);
                    pass.fields = fields - Fields::CHANGED_BY_RUNNING;
                }
            }
            let known = if ran.without_memory { FROM_STATM } else { Fields::NONE };
            if ran.unchanged && known.contains(pass.fields) {
                at_rest.pid = *pid;
                match visit(&at_rest, ran) {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => break,
                }
            }
            let own;
            let (place, path) = if *strict {
                match sys::open_place(&dir, PidPath::of(*pid).dir()) {
                    Ok(opened) => own = opened,
                    Err(error) if is_gone(&error) => {
                        births.forget();
                        continue;
                    }
                    Err(source) => {
                        let context = Context::new("open").with_path(linux.pid_path(*pid, ""));
                        return Err(errno::of_process(source, context, *pid, || Lives::No));
                    }
                }
                (own.as_fd(), PidPath::here())
            } else {
                (dir.as_fd(), PidPath::of(*pid))
            };
            let unread = State { vouched_for: ran.unchanged, without_memory: ran.without_memory };
            pass.state.set(unread);
            let mut row = Row::new(*pid);
            if pass.fill(&mut row, place, path, None, files).is_none() {
                // The next list is made without it.
                births.forget();
                continue;
            }
            let state = pass.state.get();
            ran.clock = ran.clock.filter(|_| state.vouched_for);
            ran.without_memory = state.without_memory;
            if visit(&row, ran).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// What was told of a process before any of its files was read.
#[derive(Clone, Copy)]
struct Told<'f> {
    stat: Stat<'f>,
    statm: Statm,
    ids: (Uids, Gids),
    switches: ContextSwitches,
    /// The name, if the kernel keeps only a part of it and the rest is known.
    whole_name: Option<&'f OsStr>,
}

impl<'a> Pass<'a> {
    fn begin(
        linux: &'a Linux,
        fields: Fields,
        origin: Origin,
        strict: bool,
        files: &mut Files,
    ) -> Pass<'a> {
        // What an account is called may have changed since the last pass.
        files.names.users.clear();
        Pass {
            linux,
            fields,
            state: Cell::default(),
            origin,
            // Read before the first record, so that it vouches for all of them.
            tick: linux.tick_now(),
            boot_time: if fields.contains(Fields::CREATE_TIME) {
                linux.boot_time_as_read().map_err(|error| Missing::from_error(&error))
            } else {
                Err(Missing::NotAsked)
            },
            by_number: !strict && linux.is_own(),
        }
    }
}

impl Pass<'_> {
    fn wants(&self, fields: Fields) -> bool {
        self.fields.intersects(fields)
    }

    /// One that has not run, and of which no file has to be read.
    fn row_at_rest(&self) -> Row<'static> {
        let mut row = Row::new(Pid::ZERO);
        let memory = Statm::default().memory(self.linux.units());
        self.set(&mut row.rss, Fields::RSS, memory.rss);
        self.set(&mut row.memory_info, Fields::MEMORY_INFO, memory);
        row
    }

    /// Puts what is told of a process into its row, which is long, and so made where it is looked at. `None` if it ended
    /// before everything was read.
    fn fill<'f>(
        &self,
        row: &mut Row<'f>,
        proc: BorrowedFd<'_>,
        mut path: PidPath,
        told: Option<&Told<'f>>,
        files: &'f mut Files,
    ) -> Option<()> {
        let Files {
            stat,
            statm,
            status,
            io,
            cmdline,
            exe,
            cwd,
            root,
            program,
            listing,
            terminals,
            names,
            ids_need_status,
        } = files;

        let read;
        let mut facts = told.map(|told| &told.stat);
        if facts.is_none() && self.wants(FROM_STAT | UNLESS_ZOMBIE) {
            match stat.read(proc, path.file("stat"), true) {
                Ok(bytes) => match decode_stat(bytes) {
                    Ok(decoded) => {
                        read = decoded;
                        facts = Some(&read);
                    }
                    Err(_) => self.fail(row, FROM_STAT, Missing::Failed),
                },
                Err(error) if is_gone(&error) => return None,
                Err(error) => self.fail(row, FROM_STAT, missing(&error)),
            }
        }
        if let Some(stat) = facts {
            let without_memory = stat.is_zombie() || stat.is_kernel_thread();
            self.state.set(State { vouched_for: gate::vouches(stat), without_memory });
        }
        // What a main thread that has ended lacks, a living thread still has.
        let mut live = match facts {
            Some(stat) if stat.has_lost_its_leader() => {
                living_thread(proc, path).map_or(path, |tid| path.thread(tid))
            }
            _ => path,
        };
        if let Some(stat) = facts {
            self.take_stat(row, stat, proc, &mut live);
        }
        let lost_leader = facts.is_some_and(Stat::has_lost_its_leader);
        let ids = match told {
            Some(told) => Some(told.ids),
            None => self.ids_without_status(row.pid, ids_need_status)?,
        };
        // The sum in `status` is as exact as that in `statm`, and costs nothing where that is read anyway.
        // Without its record, one whose main thread has ended is told by sizes of nothing in `statm` alone.
        let has_rss = facts.is_some()
            && told.is_none()
            && !lost_leader
            && !self.wants(Fields::MEMORY_INFO)
            && (self.wants(Fields::CONTEXT_SWITCHES) || ids.is_none() && self.wants(IDS));
        let from_statm = self.wants(FROM_STATM) && !has_rss;
        if from_statm || lost_leader && self.wants(Fields::VMS) {
            let mut read = match told {
                Some(told) => Ok(Ok(told.statm)),
                None => statm.read(proc, live.file("statm"), true).map(decode_statm),
            };
            let nothing = matches!(&read, Ok(Ok(decoded)) if decoded.size == 0);
            if nothing
                && facts.is_none()
                && let Some(other) = leaderless(proc, path, program)
            {
                live = other;
                read = statm.read(proc, live.file("statm"), true).map(decode_statm);
            }
            match read {
                Ok(Ok(decoded)) => {
                    let memory = decoded.memory(self.linux.units());
                    self.set(&mut row.rss, Fields::RSS, memory.rss);
                    self.set(&mut row.memory_info, Fields::MEMORY_INFO, memory);
                    self.set(&mut row.vms, Fields::VMS, memory.vms);
                }
                Ok(Err(_)) => self.fail(row, FROM_STATM, Missing::Failed),
                Err(error) if is_gone(&error) => return None,
                Err(error) => self.fail(row, FROM_STATM, missing(&error)),
            }
        }
        let uid = match ids {
            Some((uids, gids)) => self.set_ids(row, uids, gids),
            None => self.take_status(row, proc, &mut path, status, has_rss)?,
        };
        if let Some(told) = told {
            self.set(&mut row.context_switches, Fields::CONTEXT_SWITCHES, told.switches);
        }
        if self.wants(Fields::IO_COUNTERS) {
            row.io_counters = match io.read(proc, path.file("io"), true) {
                Ok(bytes) => crate::decode::process::decode_io(bytes).map_err(|_| Missing::Failed),
                // Not there: either the process is gone, or the kernel does not count.
                Err(error) if is_gone(&error) => {
                    state_of_thread(proc, &mut path, program)?;
                    Err(Missing::Unsupported)
                }
                Err(error) => Err(missing(&error)),
            };
        }
        if self.wants(Fields::NUM_FDS) {
            let mut count = fd::count(proc, live.file("fd"), sized(listing), self.linux.is_live());
            if !matches!(count, Ok(1..))
                && facts.is_none()
                && let Some(mut other) = leaderless(proc, path, program)
            {
                count = fd::count(proc, other.file("fd"), sized(listing), self.linux.is_live());
            }
            row.num_fds = match count {
                Ok(count) => Ok(count),
                Err(error) if is_gone(&error) => return None,
                Err(error) => Err(missing(&error)),
            };
        }
        if self.wants(Fields::EXE) {
            row.exe = link(exe, program, proc, live, "exe", facts)?;
        }
        if self.wants(Fields::CWD) {
            row.cwd = link(cwd, program, proc, live, "cwd", facts)?;
        }
        if self.wants(Fields::ROOT) {
            row.root = link(root, program, proc, live, "root", facts)?;
        }
        match told.and_then(|told| told.whole_name) {
            Some(name) if !self.wants(Fields::CMDLINE | Fields::EXE) => {
                self.set(&mut row.name, Fields::NAME, name);
            }
            _ => self.take_cmdline(row, facts, proc, &mut live, cmdline, program)?,
        }
        if let (true, Some(stat)) = (self.wants(Fields::TERMINAL), facts) {
            row.terminal = Ok(match stat.terminal() {
                None => None,
                Some(device) => {
                    *terminals = Some(self.linux.terminals_for(device));
                    terminals.as_deref().and_then(|found| found.path(device))
                }
            });
        }
        if let Some(uid) = uid {
            row.username = names.user(self.linux, uid);
        }
        Some(())
    }

    fn set<T>(&self, fact: &mut Fact<T>, field: Fields, value: T) {
        if self.wants(field) {
            *fact = Ok(value);
        }
    }

    fn take_stat<'f>(
        &self,
        row: &mut Row<'f>,
        stat: &Stat<'f>,
        proc: BorrowedFd<'_>,
        live: &mut PidPath,
    ) {
        let units = self.linux.units();
        let pid = row.pid;
        if self.wants(Fields::IDENTITY) {
            let mut seen = Linux::sighting(pid, stat.start(), self.tick, self.origin);
            if !seen.settled {
                // Born within this very tick, which happens to few.
                seen.unique = self.linux.unique(pid);
            }
            row.identity = Ok(seen);
        }
        self.set(&mut row.ppid, Fields::PPID, stat.parent());
        self.set(&mut row.comm, Fields::COMM, OsStr::from_bytes(stat.comm));
        // Completed from the command line, if need be, once that has been read.
        self.set(&mut row.name, Fields::NAME, OsStr::from_bytes(stat.comm));
        if self.wants(Fields::STATUS) {
            row.status = Ok(match stat.has_lost_its_leader() {
                true => state_of(proc, live).unwrap_or(stat.status()),
                false => stat.status(),
            });
        }
        row.create_time = self
            .boot_time
            .and_then(|boot| boot.checked_add(units.ticks(stat.starttime)).ok_or(Missing::Failed));
        self.set(&mut row.cpu_times, Fields::CPU_TIMES, stat.times(units));
        self.set(&mut row.vms, Fields::VMS, stat.vsize);
        self.set(&mut row.num_threads, Fields::NUM_THREADS, stat.num_threads);
        self.set(&mut row.nice, Fields::NICE, stat.nice);
        self.set(&mut row.pgid, Fields::PGID, stat.group());
        self.set(&mut row.sid, Fields::SID, stat.session_id());
        self.set(&mut row.cpu_num, Fields::CPU_NUM, stat.processor);
        self.set(&mut row.page_faults, Fields::PAGE_FAULTS, stat.faults());
    }

    /// Users and groups by a descriptor of the process, which costs a sixth of reading `status`. Inside, `None` if
    /// they are not wanted or have to be read there; outside, if the process has ended.
    fn ids_without_status(&self, pid: Pid, need_status: &mut bool) -> Option<Option<(Uids, Gids)>> {
        if *need_status
            || !self.wants(IDS)
            || self.wants(Fields::CONTEXT_SWITCHES)
            || !self.by_number
        {
            return Some(None);
        }
        let ids = pidfd::open(pid).and_then(pidfd::ids);
        match ids {
            Ok([ruid, rgid, euid, egid, suid, sgid]) => {
                let [real, effective, saved] = [ruid, euid, suid].map(Uid::new);
                let uids = Uids { real, effective, saved };
                let [real, effective, saved] = [rgid, egid, sgid].map(Gid::new);
                Some(Some((uids, Gids { real, effective, saved })))
            }
            Err(error) => match error.raw_os_error() {
                Some(libc::ESRCH) => None,
                // No descriptor to be had now, which says nothing about the next one.
                Some(libc::EMFILE | libc::ENFILE) => Some(None),
                _ => {
                    *need_status = true;
                    Some(None)
                }
            },
        }
    }

    /// Sets what is asked for of users and groups; gives back whose name is wanted.
    fn set_ids(&self, row: &mut Row<'_>, uids: Uids, gids: Gids) -> Option<Uid> {
        self.set(&mut row.uids, Fields::UIDS, uids);
        self.set(&mut row.gids, Fields::GIDS, gids);
        self.set(&mut row.effective_uid, Fields::EFFECTIVE_UID, uids.effective);
        self.wants(Fields::USERNAME).then_some(uids.real)
    }

    /// Users, groups, switches, and resident memory if it `has_rss` to tell that too; gives back whose name is
    /// wanted. `None` if the process has ended.
    fn take_status(
        &self,
        row: &mut Row<'_>,
        proc: BorrowedFd<'_>,
        path: &mut PidPath,
        status: &mut Buffer,
        has_rss: bool,
    ) -> Option<Option<Uid>> {
        let of_status = IDS | Fields::CONTEXT_SWITCHES;
        if !self.wants(of_status) {
            if self.wants(Fields::EFFECTIVE_UID) {
                // The directory belongs to the effective user, whatever the files in it say.
                row.effective_uid = match sys::owner(proc, path.dir()) {
                    Ok(uid) => Ok(Uid::new(uid)),
                    Err(error) if is_gone(&error) => return None,
                    Err(error) => Err(missing(&error)),
                };
            }
            return Some(None);
        }
        let all = of_status | Fields::EFFECTIVE_UID;
        let bytes = match status.read(proc, path.file("status"), true) {
            Ok(bytes) => bytes,
            Err(error) if is_gone(&error) => return None,
            Err(error) => {
                let rss = if has_rss { Fields::RSS } else { Fields::NONE };
                self.fail(row, all | rss, missing(&error));
                return Some(None);
            }
        };
        if has_rss {
            // Those without memory have no such line.
            self.set(&mut row.rss, Fields::RSS, decode_rss(bytes).unwrap_or(0));
        }
        let mut named = None;
        match decode_ids(bytes) {
            Ok((uids, gids)) => named = self.set_ids(row, uids, gids),
            Err(_) => self.fail(row, all, Missing::Failed),
        }
        if self.wants(Fields::CONTEXT_SWITCHES) {
            row.context_switches = decode_switches(bytes).ok_or(Missing::Unsupported);
        }
        Some(named)
    }

    /// The arguments, the name that they may complete, and the program that they may tell; `None` if the
    /// process has ended.
    fn take_cmdline<'f>(
        &self,
        row: &mut Row<'f>,
        stat: Option<&Stat<'f>>,
        proc: BorrowedFd<'_>,
        live: &mut PidPath,
        cmdline: &'f mut Buffer,
        program: &mut Buffer,
    ) -> Option<()> {
        let zombie = stat.is_some_and(Stat::is_zombie);
        let kernel_thread = stat.is_some_and(Stat::is_kernel_thread);
        let cut = stat.filter(|stat| {
            self.wants(Fields::NAME) && stat.comm.len() >= ps_core::process::NAME_MAY_BE_CUT
        });
        let guess = self.wants(Fields::EXE) && matches!(row.exe, Ok(None) | Err(Missing::Denied));
        if zombie {
            if self.wants(Fields::CMDLINE) {
                row.cmdline = Err(Missing::Zombie);
            }
            return Some(());
        }
        if !self.wants(Fields::CMDLINE) && (kernel_thread || cut.is_none() && !guess) {
            return Some(());
        }
        let arguments = match cmdline.read(proc, live.file("cmdline"), true) {
            Ok(bytes) => Ok(split(bytes, |only| is_program(only, proc, live, program))),
            Err(error) if is_gone(&error) => return None,
            Err(error) => Err(missing(&error)),
        };
        if let Ok(arguments) = &arguments {
            if let Some(stat) = cut {
                row.name = Ok(full_name(OsStr::from_bytes(stat.comm), arguments));
            }
            if let (true, Some(path)) = (guess, guessed_program(arguments)) {
                row.exe = Ok(Some(path));
            }
        }
        if self.wants(Fields::CMDLINE) {
            row.cmdline = arguments;
        }
        Some(())
    }

    /// Says of all fields asked for of those why they are missing.
    fn fail(&self, row: &mut Row<'_>, fields: Fields, why: Missing) {
        macro_rules! set {
            ($($flag:ident $field:ident),+ $(,)?) => { $(
                if (self.fields & fields).contains(Fields::$flag) {
                    row.$field = Err(why);
                }
            )+ };
        }
        set! {
            IDENTITY identity, PPID ppid, NAME name, COMM comm, STATUS status,
            CREATE_TIME create_time, UIDS uids, GIDS gids, EFFECTIVE_UID effective_uid,
            USERNAME username, CPU_TIMES cpu_times, RSS rss, VMS vms, MEMORY_INFO memory_info,
            NUM_THREADS num_threads, TERMINAL terminal, NICE nice, PGID pgid, SID sid,
            CPU_NUM cpu_num, PAGE_FAULTS page_faults, CONTEXT_SWITCHES context_switches,
        }
    }
}

fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

fn missing(error: &std::io::Error) -> Missing {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Missing::Denied,
        _ => Missing::Failed,
    }
}

/// Where a link of a process points; `None` if the process has ended. A link that is not there says that the
/// kernel keeps none, as for its own threads.
fn link<'f>(
    buffer: &'f mut Buffer,
    other: &mut Buffer,
    proc: BorrowedFd<'_>,
    mut live: PidPath,
    name: &str,
    stat: Option<&Stat<'_>>,
) -> Option<Fact<Option<&'f Path>>> {
    if stat.is_some_and(Stat::is_zombie) {
        return Some(Err(Missing::Zombie));
    }
    match buffer.read_link(proc, live.file(name)) {
        Ok(text) => Some(Ok(Some(target(text, Path::exists)))),
        // None of those has a program, and it was there when its record was read.
        Err(error)
            if name == "exe" && is_gone(&error) && stat.is_some_and(Stat::is_kernel_thread) =>
        {
            Some(Ok(None))
        }
        Err(error) if is_gone(&error) => match state_of_thread(proc, &mut live, other)? {
            b'Z' | b'X' => Some(Err(Missing::Zombie)),
            _ => Some(Ok(None)),
        },
        Err(error) => Some(Err(missing(&error))),
    }
}

/// The first argument, if it is the absolute path of a program.
pub(crate) fn guessed_program<'a>(arguments: &Arguments<'a>) -> Option<&'a Path> {
    let first = Path::new(arguments.iter().next()?);
    let executable = || first.is_file() && access(first, AccessFlags::X_OK).is_ok();
    (first.is_absolute() && executable()).then_some(first)
}

/// Space for a listing, made when first wanted.
fn sized(block: &mut Vec<u8>) -> &mut [u8] {
    if block.is_empty() {
        block.resize(fd::BLOCK, 0);
    }
    block
}

/// Whether an argument with blanks in it is the program itself.
pub(crate) fn is_program(
    only: &OsStr,
    proc: BorrowedFd<'_>,
    live: &mut PidPath,
    buffer: &mut Buffer,
) -> bool {
    let exe = buffer.read_link(proc, live.file("exe"));
    exe.is_ok_and(|exe| exe == only.as_bytes()) || Path::new(only).exists()
}

/// Where the files of a living thread are, for a process whose main thread has ended. Asked only about one that
/// seems to have nothing, and of which nothing else is known.
fn leaderless(proc: BorrowedFd<'_>, mut path: PidPath, buffer: &mut Buffer) -> Option<PidPath> {
    let bytes = buffer.read(proc, path.file("stat"), true).ok()?;
    if !decode_stat(bytes).ok()?.has_lost_its_leader() {
        return None;
    }
    living_thread(proc, path).map(|tid| path.thread(tid))
}

/// A thread of a process that has not ended, when its main thread has.
pub(crate) fn living_thread(proc: BorrowedFd<'_>, mut path: PidPath) -> Option<u32> {
    let tasks = sys::open_list(proc, path.file("task")).ok()?;
    let mut block = vec![0; 4096];
    let mut buffer = Buffer::default();
    loop {
        let filled = sys::read_entries(&tasks, &mut block).ok().filter(|filled| *filled > 0)?;
        for name in sys::entries(block.get(..filled)?) {
            let Some(tid) = crate::decode::text::number::<u32>(name) else { continue };
            let state = state_of_thread(proc, &mut path.thread(tid), &mut buffer);
            if state.is_some_and(|state| !matches!(state, b'Z' | b'X' | b'x')) {
                return Some(tid);
            }
        }
    }
}

fn state_of_thread(proc: BorrowedFd<'_>, path: &mut PidPath, buffer: &mut Buffer) -> Option<u8> {
    let bytes = buffer.read(proc, path.file("stat"), true).ok()?;
    decode_stat(bytes).ok().map(|stat| stat.state)
}

/// What a living thread does, for a process whose main thread has ended.
pub(crate) fn state_of(proc: BorrowedFd<'_>, live: &mut PidPath) -> Option<ps_core::Status> {
    let mut buffer = Buffer::default();
    let bytes = buffer.read(proc, live.file("stat"), true).ok()?;
    decode_stat(bytes).ok().map(|stat| stat.status())
}
