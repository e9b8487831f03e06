//! One process while it is being looked at.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use ps_core::lazy::Lazy;
use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    Arguments, ContextSwitches, Descriptor, Environ, Gid, Gids, Handle, Identity, IoCounters,
    Limit, MemoryFootprint, MemoryInfo, MemoryInfoEx, MemoryMap, OpenFile, PageFaults, Pid,
    ProcessTimes, ProcessView, Resource, SignalMasks, Status, Thread, Uids, without_deleted_mark,
};
use ps_core::{Context, Error, Result, Sameness};

use crate::decode::malformed;
use crate::decode::process::{
    Stat, Statm, StatusFile, add_maps, decode_footprint, decode_io, decode_limit, decode_stat,
    decode_statm, decode_status, split, target,
};
use crate::errno::{self, Lives};
use crate::file::{self, Buffer};
use crate::process::hold::has_its_number;
use crate::process::path::PidPath;
use crate::process::{Pin, control, scan, signal_numbers};
use crate::root::Linux;
use crate::sys::sched::{self, Tid};
use crate::sys::{file as sys, limit};

/// One process while it is being looked at, through its directory, which is opened once: what is read
/// through it belongs to this process and to no later one with its number. A single file is read without it, between
/// opening and reading another.
#[derive(Debug)]
pub struct LinuxView {
    linux: Linux,
    pid: Pid,
    /// Which process is meant; whichever has the number if not said.
    meant: Option<Identity>,
    pin: Option<Arc<Pin>>,
    dir: OnceCell<OwnedFd>,
    /// The thread to read from, if the main one has ended before others.
    living: OnceCell<Option<u32>>,
    sighting: Lazy<Sighting>,
    statm: Lazy<Statm>,
    status: Lazy<StatusFile>,
}

/// `stat`, taken apart once, and who it says the process is.
#[derive(Debug)]
struct Sighting {
    /// The process meant, confirmed; whoever it was if none was.
    identity: Identity,
    /// All but the name.
    stat: Stat<'static>,
    name: Box<[u8]>,
}

impl LinuxView {
    pub(crate) fn of_handle(linux: Linux, handle: &Handle<Pin>) -> LinuxView {
        let identity = handle.identity;
        LinuxView { pin: handle.pin.clone(), ..LinuxView::new(linux, identity.pid, Some(identity)) }
    }

    pub(crate) fn new(linux: Linux, pid: Pid, meant: Option<Identity>) -> LinuxView {
        LinuxView {
            linux,
            pid,
            meant,
            pin: None,
            dir: OnceCell::new(),
            living: OnceCell::new(),
            sighting: Lazy::new(),
            statm: Lazy::new(),
            status: Lazy::new(),
        }
    }

    fn context(&self, operation: &'static str, name: &str) -> Context {
        Context::new(operation).with_pid(self.pid).with_path(self.linux.pid_path(self.pid, name))
    }

    /// The directory of the process, opened but not yet known to be that of the process meant.
    fn opened(&self) -> Result<BorrowedFd<'_>> {
        if let Some(pin) = &self.pin {
            return Ok(pin.dir.as_fd());
        }
        if let Some(dir) = self.dir.get() {
            return Ok(dir.as_fd());
        }
        if self.pid == Pid::ZERO {
            return Err(ps_core::process::no_such_process("open", self.pid));
        }
        let dir =
            sys::open_place(self.linux.proc()?, PidPath::of(self.pid).dir()).map_err(|source| {
                errno::of_process(source, self.context("open", ""), self.pid, || Lives::No)
            })?;
        if let Some(seen) = self.sighting.get() {
            self.check_seen(seen, dir.as_fd())?;
        }
        Ok(self.dir.get_or_init(|| dir).as_fd())
    }

    /// Passes the directory of the process that was seen without it.
    fn check_seen(&self, seen: &Sighting, dir: BorrowedFd<'_>) -> Result<()> {
        let start = file::show(dir, c"stat", |bytes| decode_stat(bytes).map(|stat| stat.start()))
            .map_err(|source| self.failed_at(source, "stat"))?
            .map_err(|error| self.about(error, "stat"))?;
        // It was seen late enough for its start to tell it from all others.
        if start == seen.stat.start() {
            return Ok(());
        }
        Err(self.linux.gone_error(self.pid, "open"))
    }

    /// The error of reading a file through which the process was to be found.
    fn failed_at(&self, source: io::Error, name: &str) -> Error {
        errno::of_process(source, self.context("read", name), self.pid, || Lives::No)
    }

    /// The directory, confirmed to be that of the process meant.
    pub(crate) fn dir(&self) -> Result<BorrowedFd<'_>> {
        if self.meant.is_some() && self.pin.is_none() {
            self.sighted()?;
        }
        self.opened()
    }

    /// `stat`, read once, and who it says the process is.
    fn sighted(&self) -> Result<&Sighting> {
        self.sighting.get_or_read(|| {
            let dir = self.opened()?;
            self.sight(sys::open(dir, c"stat"))
        })
    }

    /// Reads `stat`, which was opened before.
    fn sight(&self, stat: io::Result<OwnedFd>) -> Result<Sighting> {
        let tick = self.linux.tick_now();
        let decode = |bytes: &[u8]| {
            decode_stat(bytes).map(|stat| (stat.without_name(), Box::from(stat.comm)))
        };
        let (stat, name) = stat
            .and_then(|stat| file::show_open(stat, decode))
            .map_err(|source| self.failed_at(source, "stat"))?
            .map_err(|error| self.about(error, "stat"))?;
        let identity = match &self.meant {
            Some(meant) => self.confirmed(meant, &stat, tick)?,
            None => Linux::sighting(self.pid, stat.start(), tick, self.linux.origin()),
        };
        Ok(Sighting { identity, stat, name })
    }

    /// Reads a file by number if nothing was read before, and then `stat`, which was opened first: since that could
    /// be read at the end, the number meant one process all the while, and its directory need not be opened. `None`
    /// if this is not enough to know it by again, or something is in the way: then the directory is opened.
    fn glance<T>(
        &self,
        name: &str,
        read: impl FnOnce(BorrowedFd<'_>, &CStr) -> io::Result<T>,
    ) -> Option<T> {
        let is_first =
            self.pin.is_none() && self.dir.get().is_none() && self.sighting.get().is_none();
        let is_known = self.meant.is_none_or(|meant| meant.settled);
        if !is_first || !is_known || self.pid == Pid::ZERO {
            return None;
        }
        let proc = self.linux.proc().ok()?;
        let mut path = PidPath::of(self.pid);
        let stat = sys::open(proc, path.file("stat")).ok()?;
        let found = read(proc.as_fd(), path.file(name)).ok()?;
        let seen = self.sight(Ok(stat)).ok()?;
        if !seen.identity.settled || seen.stat.status() == Status::Zombie {
            return None;
        }
        self.sighting.get_or_read(|| Ok::<_, Error>(seen)).ok()?;
        Some(found)
    }

    /// The process meant, if that is who was seen.
    fn confirmed(&self, meant: &Identity, stat: &Stat<'_>, tick: u64) -> Result<Identity> {
        let mut seen = Linux::sighting(self.pid, stat.start(), tick, self.linux.origin());
        // The start cannot tell a newborn from one that took its number within the same tick.
        if !meant.settled && meant.unique.is_some() {
            seen.unique = match &self.pin {
                Some(_) => meant.unique,
                None => self.linux.unique(self.pid),
            };
        }
        self.linux.check_same(meant, &seen, "read")?;
        let settled = meant.settled || seen.settled && meant.compare(&seen) == Sameness::Same;
        let mut identity = *meant;
        identity.settled = settled;
        Ok(identity)
    }

    pub(crate) fn about(&self, error: Error, name: &str) -> Error {
        error.with_pid(self.pid).with_path(self.linux.pid_path(self.pid, name))
    }

    pub(crate) fn stat(&self) -> Result<Stat<'_>> {
        let Sighting { stat, name, .. } = self.sighted()?;
        Ok(Stat { comm: name, ..*stat })
    }

    pub(crate) fn status_file(&self) -> Result<&StatusFile> {
        self.status.get_or_read(|| {
            let bytes = self.read(PidPath::here().file("status"), "status", true)?;
            decode_status(bytes.bytes()).map_err(|error| self.about(error, "status"))
        })
    }

    /// What `status` tells of memory and the file creation mask, which a main thread that has ended lacks.
    fn live_status_file(&self) -> Result<Cow<'_, StatusFile>> {
        if !self.stat()?.has_lost_its_leader() {
            return Ok(Cow::Borrowed(self.status_file()?));
        }
        let bytes = self.read(self.live()?.file("status"), "status", true)?;
        let status = decode_status(bytes.bytes()).map_err(|error| self.about(error, "status"))?;
        Ok(Cow::Owned(status))
    }

    /// Reads a file of the address space; no bytes for what has none.
    fn read_memory(&self, name: &'static str, at_once: bool) -> Result<Buffer> {
        let mut buffer = Buffer::default();
        self.look_at_memory(name, &mut |fd| Ok(!buffer.read_open(fd, at_once)?.is_empty()))?;
        Ok(buffer)
    }

    /// Shows a file of the address space to `take`, in pieces of whole lines; nothing of what has none.
    fn show_memory(&self, name: &'static str, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.look_at_memory(name, &mut |fd| {
            let mut any = false;
            file::in_pieces(fd, &mut |piece| {
                any = true;
                take(piece);
            })?;
            Ok(any)
        })
    }

    /// Hands a file of the address space to `read`, which says whether anything was in it; and another thread's, if the
    /// main thread has ended and shows none.
    fn look_at_memory(
        &self,
        name: &'static str,
        read: &mut dyn FnMut(OwnedFd) -> io::Result<bool>,
    ) -> Result<()> {
        let dir = self.dir()?;
        let mut look = |mut path: PidPath| sys::open(dir, path.file(name)).and_then(&mut *read);
        let mut looked = look(PidPath::here());
        // Some kernels refuse to show what is not there.
        let found_none = !matches!(looked, Ok(true));
        if found_none && self.stat().is_ok_and(|stat| stat.has_lost_its_leader()) {
            looked = look(self.live()?);
        }
        match looked.map_err(|source| self.failed(source, "read", name)) {
            // There, and without memory: kernel threads have none.
            Err(Error::Io { source, .. }) if source.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            looked => looked.map(drop),
        }
    }

    /// Where what a main thread that has ended lacks can still be read.
    pub(crate) fn live(&self) -> Result<PidPath> {
        let here = PidPath::here();
        if !self.stat()?.has_lost_its_leader() {
            return Ok(here);
        }
        let dir = self.dir()?;
        let tid = self.living.get_or_init(|| scan::living_thread(dir, here));
        Ok(tid.map_or(here, |tid| here.thread(tid)))
    }

    pub(crate) fn read(&self, path: &CStr, name: &str, at_once: bool) -> Result<Buffer> {
        let mut buffer = Buffer::default();
        let is_own = path.to_bytes() == name.as_bytes();
        if is_own
            && self.glance(name, |proc, path| buffer.read(proc, path, at_once).map(drop)).is_some()
        {
            return Ok(buffer);
        }
        buffer
            .read(self.dir()?, path, at_once)
            .map_err(|source| self.failed(source, "read", name))?;
        Ok(buffer)
    }

    pub(crate) fn failed(&self, source: io::Error, operation: &'static str, name: &str) -> Error {
        let error =
            errno::of_process(source, self.context(operation, name), self.pid, || self.lives());
        match error {
            Error::NoSuchProcess { .. } if self.linux.is_taken(self.pid) => {
                Error::reused(self.context(operation, name))
            }
            other => other,
        }
    }

    /// Makes sure that what was read through the directory belonged to a process that was there all the while.
    pub(crate) fn check_alive(&self) -> Result<()> {
        match self.lives() {
            Lives::No => Err(self.linux.gone_error(self.pid, "read")),
            Lives::Yes | Lives::Zombie { .. } => Ok(()),
        }
    }

    pub(crate) fn linux(&self) -> &Linux {
        &self.linux
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn identity_of_view(&self) -> Result<Identity> {
        Ok(self.sighted()?.identity)
    }

    /// Asks a system call by number, and makes sure that the number meant the process all the while.
    pub(crate) fn by_number<T>(
        &self,
        operation: &'static str,
        ask: impl FnOnce(Tid) -> io::Result<T>,
    ) -> Result<T> {
        self.dir()?;
        let context = || Context::new(operation).with_pid(self.pid);
        let tid = Tid::new(self.pid.get())
            .ok_or_else(|| ps_core::process::no_such_process(operation, self.pid))?;
        let answer = ask(tid);
        // Read through the directory, which is still that of the process meant or of nobody.
        self.check_alive()?;
        answer.map_err(|source| errno::of_process(source, context(), self.pid, || self.lives()))
    }

    /// Another look at the process.
    fn lives(&self) -> Lives {
        let dir = match self.opened() {
            Ok(dir) => dir,
            Err(error) if error.is_gone() => return Lives::No,
            Err(_) => return Lives::Yes,
        };
        let lives = file::show(dir, c"stat", |bytes| match decode_stat(bytes) {
            Ok(stat) if stat.is_zombie() || stat.status() == Status::Dead => {
                Lives::Zombie { ppid: stat.parent() }
            }
            _ => Lives::Yes,
        });
        // Whoever cannot be looked at may still be there.
        let unseen = |_| if has_its_number(dir) { Lives::Yes } else { Lives::No };
        lives.unwrap_or_else(unseen)
    }

    /// Refuses what a zombie does not have any more.
    fn check_not_zombie(&self, name: &str) -> Result<()> {
        let stat = self.stat()?;
        if stat.is_zombie() {
            return Err(Error::zombie(self.context("read", name), stat.parent()));
        }
        Ok(())
    }

    /// Told nothing, which is what one that has ended since `stat` was read has to tell.
    fn check_still_no_zombie(&self, name: &str) -> Result<()> {
        match self.lives() {
            Lives::Yes => Ok(()),
            Lives::Zombie { ppid } => Err(Error::zombie(self.context("read", name), ppid)),
            Lives::No => Err(self.linux.gone_error(self.pid, "read")),
        }
    }

    fn link(&self, name: &'static str) -> Result<Option<PathBuf>> {
        self.check_not_zombie(name)?;
        let mut buffer = Buffer::default();
        match buffer.read_link(self.dir()?, self.live()?.file(name)) {
            Ok(text) => Ok(Some(target(text, Path::exists).to_owned())),
            Err(source) => match self.failed(source, "readlink", name) {
                // Alive, and without the link: a kernel thread has none.
                Error::Io { source, .. }
                    if matches!(source.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) =>
                {
                    Ok(None)
                }
                error => Err(error),
            },
        }
    }

    fn no_smaps(&self) -> Error {
        let context = self.context("read", "smaps");
        Error::unsupported_here(context, "this kernel does not tell about the pages of processes")
    }

    /// The first argument, if it is the absolute path of a program.
    fn guessed_program(&self) -> Option<PathBuf> {
        let arguments = self.cmdline().ok()?;
        let first = arguments.first()?;
        scan::guessed_program(&Arguments::nul_separated(first.as_bytes())).map(Path::to_owned)
    }
}

impl ProcessView for LinuxView {
    fn identity(&self) -> Result<Identity> {
        self.identity_of_view()
    }

    fn ppid(&self) -> Result<Option<Pid>> {
        Ok(self.stat()?.parent())
    }

    fn comm(&self) -> Result<OsString> {
        Ok(OsStr::from_bytes(self.stat()?.comm).to_owned())
    }

    fn status(&self) -> Result<Status> {
        let stat = self.stat()?;
        if !stat.has_lost_its_leader() {
            return Ok(stat.status());
        }
        let dir = self.dir()?;
        Ok(scan::state_of(dir, &mut self.live()?).unwrap_or(stat.status()))
    }

    fn create_time(&self) -> Result<SystemTime> {
        let start = self.linux.units().ticks(self.stat()?.starttime);
        self.linux.boot_time_as_read()?.checked_add(start).ok_or_else(|| {
            self.about(malformed("stat", "started later than clocks can tell"), "stat")
        })
    }

    fn exe(&self) -> Result<Option<PathBuf>> {
        match self.link("exe") {
            Ok(Some(path)) => Ok(Some(path)),
            Ok(None) => Ok(self.guessed_program()),
            Err(error) if error.is_denied() => {
                self.guessed_program().map_or(Err(error), |path| Ok(Some(path)))
            }
            Err(error) => Err(error),
        }
    }

    fn cmdline(&self) -> Result<Vec<OsString>> {
        let bytes = self.cmdline_raw()?;
        let dir = self.dir()?;
        let mut live = self.live()?;
        let mut buffer = Buffer::default();
        Ok(split(&bytes, |only| scan::is_program(only, dir, &mut live, &mut buffer)).to_vec())
    }

    fn cmdline_raw(&self) -> Result<Vec<u8>> {
        self.check_not_zombie("cmdline")?;
        let bytes = self.read(self.live()?.file("cmdline"), "cmdline", false)?.into_bytes();
        if bytes.is_empty() {
            self.check_still_no_zombie("cmdline")?;
        }
        Ok(bytes)
    }

    fn environ(&self) -> Result<Environ> {
        let block = self.read_memory("environ", false)?.into_bytes();
        if block.is_empty() {
            self.check_still_no_zombie("environ")?;
        }
        Ok(Environ::parse(&block))
    }

    fn cwd(&self) -> Result<Option<PathBuf>> {
        self.link("cwd")
    }

    fn root(&self) -> Result<Option<PathBuf>> {
        self.link("root")
    }

    fn uids(&self) -> Result<Uids> {
        Ok(self.status_file()?.uids)
    }

    fn gids(&self) -> Result<Gids> {
        Ok(self.status_file()?.gids)
    }

    fn groups(&self) -> Result<Vec<Gid>> {
        Ok(self.status_file()?.groups.clone())
    }

    fn pgid(&self) -> Result<Option<Pid>> {
        Ok(self.stat()?.group())
    }

    fn sid(&self) -> Result<Option<Pid>> {
        Ok(self.stat()?.session_id())
    }

    fn terminal_device(&self) -> Result<Option<u64>> {
        Ok(self.stat()?.terminal())
    }

    fn terminal(&self) -> Result<Option<PathBuf>> {
        Ok(self.stat()?.terminal().and_then(|device| self.linux.terminal_path(device)))
    }

    fn cpu_times(&self) -> Result<ProcessTimes> {
        Ok(self.stat()?.times(self.linux.units()))
    }

    fn cpu_num(&self) -> Result<Option<u32>> {
        Ok(self.stat()?.processor)
    }

    fn nice(&self) -> Result<i32> {
        Ok(self.stat()?.nice)
    }

    fn memory_info(&self) -> Result<MemoryInfo> {
        let statm = self.statm.get_or_read(|| {
            let read = self.glance("statm", |proc, path| file::show(proc, path, decode_statm));
            let read = match read {
                Some(read) => read,
                None => file::show(self.dir()?, self.live()?.file("statm"), decode_statm)
                    .map_err(|source| self.failed(source, "read", "statm"))?,
            };
            read.map_err(|error| self.about(error, "statm"))
        })?;
        Ok(statm.memory(self.linux.units()))
    }

    fn page_faults(&self) -> Result<PageFaults> {
        Ok(self.stat()?.faults())
    }

    fn io_counters(&self) -> Result<IoCounters> {
        match self.read(c"io", "io", true) {
            Ok(bytes) => decode_io(bytes.bytes()).map_err(|error| self.about(error, "io")),
            // Kernels that have the file have it for zombies, too.
            Err(error)
                if errno::is_absent(&error) || matches!(error, Error::ZombieProcess { .. }) =>
            {
                Err(Error::unsupported_here(
                    self.context("read", "io"),
                    "this kernel does not count input and output of processes",
                ))
            }
            Err(error) => Err(error),
        }
    }

    fn context_switches(&self) -> Result<ContextSwitches> {
        self.status_file()?.context_switches.ok_or_else(|| {
            Error::unsupported_here(
                self.context("read", "status"),
                "this kernel does not count context switches of processes",
            )
        })
    }

    fn num_threads(&self) -> Result<u32> {
        Ok(self.stat()?.num_threads)
    }

    fn umask(&self) -> Result<Option<u32>> {
        let umask = self.live_status_file()?.umask;
        if umask.is_none() {
            self.check_not_zombie("status")?;
        }
        Ok(umask)
    }

    fn signal_masks(&self) -> Result<SignalMasks> {
        Ok(self.status_file()?.signals.masks(&signal_numbers()))
    }

    fn cpu_affinity(&self) -> Result<Vec<u32>> {
        if self.linux.is_own() {
            return self.by_number("sched_getaffinity", sched::affinity);
        }
        let cpus = self.status_file()?.cpus_allowed.clone();
        cpus.ok_or_else(|| Error::decode(self.context("read", "status"), "no list of CPUs"))
    }

    fn limit(&self, resource: Resource) -> Result<Limit> {
        const OPERATION: &str = "limit";
        let number = control::limit_number(self.pid, OPERATION, resource)?;
        if self.linux.is_own() {
            return self.by_number("prlimit", |tid| limit::exchange(tid, number, None));
        }
        let bytes = self.read(c"limits", "limits", true)?;
        let limit =
            decode_limit(bytes.bytes(), resource).map_err(|error| self.about(error, "limits"))?;
        limit.ok_or_else(|| {
            let reason = format!("this kernel has no limit {resource}");
            Error::unsupported_here(self.context("read", "limits"), reason)
        })
    }

    fn memory_info_ex(&self) -> Result<MemoryInfoEx> {
        let info = self.memory_info()?;
        Ok(self.live_status_file()?.memory.extend(info))
    }

    fn memory_footprint(&self) -> Result<MemoryFootprint> {
        let (mut name, mut text) = ("smaps_rollup", self.read_memory("smaps_rollup", true));
        if matches!(&text, Err(error) if errno::is_absent(error)) {
            // Kernels before 4.14.
            (name, text) = ("smaps", self.read_memory("smaps", false));
        }
        let text = match text {
            // A zombie has given its memory back.
            Err(Error::ZombieProcess { .. }) => Buffer::default(),
            Err(error) if errno::is_absent(&error) => return Err(self.no_smaps()),
            text => text?,
        };
        decode_footprint(text.bytes()).map_err(|error| self.about(error, name))
    }

    fn memory_maps(&self) -> Result<Vec<MemoryMap>> {
        let mut maps = Vec::new();
        let mut added = Ok(());
        let read = self.show_memory("smaps", &mut |piece| {
            if added.is_ok() {
                added = add_maps(piece, &mut maps);
            }
        });
        match read {
            Err(error) if errno::is_absent(&error) => return Err(self.no_smaps()),
            read => read?,
        }
        added.map_err(|error| self.about(error, "smaps"))?;
        if maps.is_empty() {
            self.check_still_no_zombie("smaps")?;
        }
        for path in maps.iter_mut().filter_map(|map| map.path.as_mut()) {
            if without_deleted_mark(path).is_some() {
                *path = target(path.as_bytes(), Path::exists).as_os_str().to_owned();
            }
        }
        Ok(maps)
    }

    fn threads(&self) -> Result<Vec<Thread>> {
        self.read_threads(false)
    }

    fn num_fds(&self) -> Result<u32> {
        self.count_descriptors()
    }

    fn open_files(&self) -> Result<Vec<OpenFile>> {
        self.list_open_files()
    }

    fn for_each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        self.each_descriptor(visit)
    }

    fn net_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        self.list_connections(query)
    }
}
