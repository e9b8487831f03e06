//! One process while it is being looked at.

use std::cell::OnceCell;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use ps_core::lazy::Lazy;
use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    ContextSwitches, Descriptor, Environ, Gid, Gids, Handle, Identity, IoCounters, MemoryInfo,
    OpenFile, PageFaults, Pid, ProcessTimes, ProcessView, SignalMasks, Status, Thread, Uids,
};
use ps_core::{Context, Error, HostBackend, Result};

use crate::decode::process::{
    Stat, StatusFile, decode_io, decode_stat, decode_statm, decode_status, split, target,
};
use crate::errno::{self, Lives};
use crate::file::Buffer;
use crate::process::path::PidPath;
use crate::process::{Pin, scan};
use crate::root::Linux;
use crate::sys::file as sys;

/// One process while it is being looked at, through its directory, which is opened once: what is read
/// through it belongs to this process and to no later one with its number.
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
    sighting: Lazy<(Identity, Buffer)>,
    status: Lazy<StatusFile>,
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
        Ok(self.dir.get_or_init(|| dir).as_fd())
    }

    /// The directory, confirmed to be that of the process meant.
    fn dir(&self) -> Result<BorrowedFd<'_>> {
        if self.meant.is_some() && self.pin.is_none() {
            self.sighted()?;
        }
        self.opened()
    }

    /// `stat`, read once, and who it says the process is.
    fn sighted(&self) -> Result<&(Identity, Buffer)> {
        self.sighting.get_or_read(|| {
            let dir = self.opened()?;
            let tick = self.linux.tick_now();
            let mut buffer = Buffer::default();
            let context = || self.context("read", "stat");
            let bytes = buffer
                .read(dir, c"stat", true)
                .map_err(|source| errno::of_process(source, context(), self.pid, || self.gone()))?;
            let stat = decode_stat(bytes).map_err(|error| self.about(error, "stat"))?;
            let origin = self.meant.map_or_else(|| self.linux.origin(), |meant| meant.origin);
            let mut seen = Linux::sighting(self.pid, stat.start(), tick, origin);
            if let Some(meant) = &self.meant {
                // The start cannot tell a newborn from one that took its number within the same tick.
                if !meant.settled && meant.unique.is_some() && self.pin.is_none() {
                    seen.unique = self.linux.unique(self.pid);
                }
                self.linux.check_same(meant, &seen, "read")?;
                seen = Identity { settled: meant.settled || seen.settled, ..*meant };
            }
            Ok((seen, buffer))
        })
    }

    fn about(&self, error: Error, name: &str) -> Error {
        error.with_pid(self.pid).with_path(self.linux.pid_path(self.pid, name))
    }

    fn stat(&self) -> Result<Stat<'_>> {
        let (_, buffer) = self.sighted()?;
        decode_stat(buffer.bytes()).map_err(|error| self.about(error, "stat"))
    }

    fn status_file(&self) -> Result<&StatusFile> {
        self.status.get_or_read(|| {
            let bytes = self.read(PidPath::here().file("status"), "status", true)?;
            decode_status(bytes.bytes()).map_err(|error| self.about(error, "status"))
        })
    }

    /// Where what a main thread that has ended lacks can still be read.
    fn live(&self) -> Result<PidPath> {
        let here = PidPath::here();
        if !self.stat()?.has_lost_its_leader() {
            return Ok(here);
        }
        let dir = self.dir()?;
        let tid = self.living.get_or_init(|| scan::living_thread(dir, here));
        Ok(tid.map_or(here, |tid| here.thread(tid)))
    }

    fn read(&self, path: &CStr, name: &str, at_once: bool) -> Result<Buffer> {
        let mut buffer = Buffer::default();
        buffer
            .read(self.dir()?, path, at_once)
            .map_err(|source| self.failed(source, "read", name))?;
        Ok(buffer)
    }

    fn failed(&self, source: io::Error, operation: &'static str, name: &str) -> Error {
        let error =
            errno::of_process(source, self.context(operation, name), self.pid, || self.lives());
        match error {
            Error::NoSuchProcess { .. } if self.has_a_successor() => {
                Error::reused(self.context(operation, name))
            }
            other => other,
        }
    }

    /// Whether the number belongs to another process by now.
    fn has_a_successor(&self) -> bool {
        self.linux.proc().is_ok_and(|proc| sys::owner(proc, PidPath::of(self.pid).dir()).is_ok())
    }

    fn gone(&self) -> Lives {
        Lives::No
    }

    /// Another look at the process.
    fn lives(&self) -> Lives {
        let Ok(dir) = self.opened() else { return Lives::No };
        let mut buffer = Buffer::default();
        match buffer.read(dir, c"stat", true).map(decode_stat) {
            Ok(Ok(stat)) if stat.is_zombie() || stat.status() == Status::Dead => {
                Lives::Zombie { ppid: stat.parent() }
            }
            Ok(_) => Lives::Yes,
            Err(_) => Lives::No,
        }
    }

    /// Refuses what a zombie does not have any more.
    fn check_not_zombie(&self, name: &str) -> Result<()> {
        let stat = self.stat()?;
        if stat.is_zombie() {
            return Err(Error::zombie(self.context("read", name), stat.parent()));
        }
        Ok(())
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

    /// The first argument, if it is the absolute path of a program.
    fn guessed_program(&self) -> Option<PathBuf> {
        let arguments = self.cmdline().ok()?;
        let first = Path::new(arguments.first()?);
        let executable = || {
            first.is_file() && nix::unistd::access(first, nix::unistd::AccessFlags::X_OK).is_ok()
        };
        (first.is_absolute() && executable()).then(|| first.to_owned())
    }
}

impl ProcessView for LinuxView {
    fn identity(&self) -> Result<Identity> {
        Ok(self.sighted()?.0)
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
        let start = self.stat()?.starttime;
        Ok(self.linux.boot_time()? + self.linux.units().ticks(start))
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
            // It may have ended since `stat` was read.
            if let Lives::Zombie { ppid } = self.lives() {
                return Err(Error::zombie(self.context("read", "cmdline"), ppid));
            }
        }
        Ok(bytes)
    }

    fn environ(&self) -> Result<Environ> {
        let path = self.live()?.file("environ").to_owned();
        match self.read(&path, "environ", false) {
            Ok(block) => Ok(Environ::parse(block.bytes())),
            // A kernel thread has no memory to keep an environment in.
            Err(Error::Io { source, .. }) if source.raw_os_error() == Some(libc::ESRCH) => {
                Ok(Environ::default())
            }
            Err(error) => Err(error),
        }
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
        let bytes = self.read(self.live()?.file("statm"), "statm", true)?;
        let statm = decode_statm(bytes.bytes()).map_err(|error| self.about(error, "statm"))?;
        Ok(statm.memory(self.linux.units()))
    }

    fn page_faults(&self) -> Result<PageFaults> {
        Ok(self.stat()?.faults())
    }

    fn io_counters(&self) -> Result<IoCounters> {
        match self.read(c"io", "io", true) {
            Ok(bytes) => decode_io(bytes.bytes()).map_err(|error| self.about(error, "io")),
            Err(error) if errno::is_absent(&error) => Err(Error::unsupported_here(
                self.context("read", "io"),
                "this kernel does not count input and output of processes",
            )),
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
}
