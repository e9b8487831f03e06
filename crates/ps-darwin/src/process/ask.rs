//! Questions about one process: a call each, and what its failure means.

use std::io;

use ps_core::process::{Origin, Pid};
use ps_core::raw::Record as _;
use ps_core::{Context, Error, Identity, Result, Sameness};

use crate::decode::{process::task, short};
use crate::errno::{self, Lives, Query, Told};
use crate::raw::errno::{EINVAL, ENOENT, EPERM, ESRCH};
use crate::raw::files::{PROC_PIDFDSOCKETINFO, ProcRegioninfo, ProcVnodepathinfo};
use crate::raw::process::*;
use crate::sys::{libproc, sysctl};

/// Thread ids: the number stands in a part of `sys/proc_info.h` that is not public.
const PROC_PIDLISTTHREADIDS: i32 = 28;

/// The record of a process; `None` if no process has this number.
pub(crate) fn record(pid: Pid) -> Result<Option<KinfoProc>> {
    let context = || Context::new("sysctl kern.proc.pid").with_pid(pid);
    let mut buffer = [0; KinfoProc::LAYOUT.size];
    let mib = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid.as_raw()];
    match sysctl::read(&mib, &mut buffer) {
        // The kernel has nothing to say of a number that nobody has.
        Ok(0) => Ok(None),
        Ok(length) => {
            let answer = buffer.get(..length).unwrap_or_default();
            let record = KinfoProc::from_bytes(answer).map_err(short);
            record.map(Some).map_err(|error| error.with_pid(pid))
        }
        Err(source) if source.raw_os_error() == Some(ESRCH) => Ok(None),
        Err(source) => Err(errno::of_system(source, context())),
    }
}

/// What another look at a process shows. It never fails: what cannot be looked at is taken to be there.
pub(crate) fn lives(pid: Pid, meant: Option<&Identity>) -> Lives {
    let Ok(found) = record(pid) else { return Lives::Yes };
    let Some(found) = found else { return Lives::No { reused: false } };
    if meant.is_some_and(|meant| is_another(meant, &found)) {
        return Lives::No { reused: true };
    }
    match found.is_ending() {
        true => Lives::Zombie { ppid: found.parent() },
        false => Lives::Yes,
    }
}

/// Whether a record is that of another process than the one meant, which had its number before.
///
/// The start alone tells, for runs of the system too: it is a moment on the wall clock.
pub(crate) fn is_another(meant: &Identity, found: &KinfoProc) -> bool {
    let origin = Origin { boot: meant.origin.boot, ..Origin::default() };
    found.identity(origin).is_none_or(|found| meant.compare(&found) == Sameness::Different)
}

/// A process that is asked, by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) pid: Pid,
    /// Which process is meant; whichever has the number, if none is.
    pub(crate) meant: Option<&'a Identity>,
}

impl Asked<'_> {
    fn failed(&self, operation: &'static str, query: Query, source: io::Error) -> Error {
        let context = Context::new(operation).with_pid(self.pid);
        errno::of_process(source, context, query, || lives(self.pid, self.meant))
    }

    /// A record of fixed size, of which the kernel must have told all.
    fn fixed<R: ps_core::raw::Record>(
        &self,
        operation: &'static str,
        (query, flavor, argument): (Query, i32, u64),
    ) -> Result<R> {
        // More than the record has: a later kernel that appends to it refuses to answer into less.
        let mut buffer = [0; 1024];
        let length = libproc::pid_info(self.pid.as_raw(), flavor, argument, &mut buffer)
            .map_err(|source| self.failed(operation, query, source))?;
        R::from_bytes(buffer.get(..length).unwrap_or_default())
            .map_err(|lacking| short(lacking).with_pid(self.pid))
    }

    /// What it has used.
    pub(crate) fn task(&self) -> Result<ProcTaskinfo> {
        self.fixed("proc_pidinfo PROC_PIDTASKINFO", (Query::Plain, PROC_PIDTASKINFO, 0))
    }

    /// Who it is and what it has used, told at one moment.
    pub(crate) fn task_and_identity(&self) -> Result<ProcTaskallinfo> {
        self.fixed("proc_pidinfo PROC_PIDTASKALLINFO", (Query::Plain, PROC_PIDTASKALLINFO, 0))
    }

    /// Its directories, into a buffer that is kept, not taken apart; nothing if one of them is gone.
    pub(crate) fn directories(&self, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.resize(2 * ProcVnodepathinfo::LAYOUT.size, 0);
        match libproc::pid_info(self.pid.as_raw(), PROC_PIDVNODEPATHINFO, 0, buffer) {
            Ok(length) => buffer.truncate(length),
            // Its volume was taken away. Of the other directory the kernel tells nothing then
            // (`proc_pidvnodepathinfo` in `bsd/kern/proc_info.c`).
            Err(source) if source.raw_os_error() == Some(ENOENT) => buffer.clear(),
            Err(source) => {
                let operation = "proc_pidinfo PROC_PIDVNODEPATHINFO";
                return Err(self.failed(operation, Query::Plain, source));
            }
        }
        Ok(())
    }

    /// Its program, into a buffer that is kept; `None` if that was removed, or its volume was taken away.
    pub(crate) fn program<'b>(&self, buffer: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>> {
        // Neither less nor more: the library refuses a longer buffer.
        buffer.resize(PROC_PIDPATHINFO_MAXSIZE.unsigned_abs() as usize, 0);
        match libproc::path(self.pid.as_raw(), buffer) {
            Ok(length) => Ok(buffer.get(..length)),
            Err(source) => {
                let number = source.raw_os_error().unwrap_or_default();
                match errno::is_without_program(number, || self.is_there()) {
                    true => Ok(None),
                    false => Err(self.failed("proc_pidpath", Query::Plain, source)),
                }
            }
        }
    }

    /// Its arguments and environment, into a buffer that is kept and grows to `longest`.
    pub(crate) fn arguments<'b>(
        &self,
        buffer: &'b mut Vec<u8>,
        longest: usize,
    ) -> Result<&'b [u8]> {
        if buffer.len() != longest {
            // Made anew, since the system then hands out zeros without touching them.
            *buffer = vec![0; longest];
        }
        let mib = [CTL_KERN, KERN_PROCARGS2, self.pid.as_raw()];
        let operation = "sysctl kern.procargs2";
        match sysctl::read(&mib, buffer) {
            // A zombie has none, and some kernels say so by succeeding.
            Ok(0) => {
                let source = io::Error::from_raw_os_error(EINVAL);
                Err(self.failed(operation, Query::Arguments, source))
            }
            Ok(length) => Ok(buffer.get(..length).unwrap_or_default()),
            Err(source) => Err(self.failed(operation, Query::Arguments, source)),
        }
    }

    /// Its descriptors, into a buffer that is kept, not taken apart.
    pub(crate) fn descriptors(&self, buffer: &mut Vec<u8>) -> Result<()> {
        self.list("proc_pidinfo PROC_PIDLISTFDS", PROC_PIDLISTFDS, buffer)
    }

    /// The numbers of its threads, not taken apart.
    pub(crate) fn threads(&self, buffer: &mut Vec<u8>) -> Result<()> {
        self.list("proc_pidinfo PROC_PIDLISTTHREADIDS", PROC_PIDLISTTHREADIDS, buffer)
    }

    fn list(&self, operation: &'static str, flavor: i32, buffer: &mut Vec<u8>) -> Result<()> {
        let read = |buffer: &mut [u8]| {
            match libproc::pid_info(self.pid.as_raw(), flavor, 0, buffer) {
                // No entry is no failure, but the library says both alike, except that it leaves no error then.
                Err(source) if source.raw_os_error() == Some(0) && self.is_there() => Ok(0),
                other => other,
            }
        };
        errno::with_free_entry(buffer, 8, read)
            .map_err(|source| self.failed(operation, Query::Plain, source))
    }

    fn is_there(&self) -> bool {
        lives(self.pid, self.meant) == Lives::Yes
    }

    /// One of its threads; `None` if that has ended.
    pub(crate) fn thread(&self, id: u64) -> Result<Option<ps_core::process::Thread>> {
        let mut buffer = [0; 1024];
        let operation = "proc_pidinfo PROC_PIDTHREADID64INFO";
        match libproc::pid_info(self.pid.as_raw(), PROC_PIDTHREADID64INFO, id, &mut buffer) {
            Ok(length) => {
                let answer = buffer.get(..length).unwrap_or_default();
                task::decode_thread(id, answer).map(Some).map_err(|error| error.with_pid(self.pid))
            }
            // The kernel says the same of a thread as of a process that is not there.
            Err(source) if matches!(source.raw_os_error(), Some(ESRCH | 0)) && self.is_there() => {
                Ok(None)
            }
            Err(source) => Err(self.failed(operation, Query::Plain, source)),
        }
    }

    /// More about one of its descriptors, into `buffer`.
    pub(crate) fn descriptor<'b>(
        &self,
        fd: i32,
        flavor: i32,
        buffer: &'b mut [u8],
    ) -> Result<Told<&'b [u8]>> {
        let pid = self.pid.as_raw();
        match libproc::fd_info(pid, fd, flavor, buffer) {
            Ok(length) => Ok(Told::Answer(buffer.get(..length).unwrap_or_default())),
            Err(source) => {
                let as_socket = || libproc::fd_info(pid, fd, PROC_PIDFDSOCKETINFO, buffer);
                errno::of_descriptor(source.raw_os_error().unwrap_or_default(), as_socket)
                    .ok_or_else(|| self.failed("proc_pidfdinfo", Query::Plain, source))
            }
        }
    }

    /// Its session.
    pub(crate) fn session(&self) -> Result<Option<Pid>> {
        let pid = nix::unistd::Pid::from_raw(self.pid.as_raw());
        match nix::unistd::getsid(Some(pid)) {
            Ok(session) => Ok(u32::try_from(session.as_raw()).ok().and_then(Pid::new)),
            Err(errno) => Err(self.failed("getsid", Query::Plain, errno.into())),
        }
    }

    /// What the kernel accounts to it.
    pub(crate) fn rusage(&self) -> Result<RusageInfoV2> {
        let answer = libproc::rusage(self.pid.as_raw())
            .map_err(|source| self.failed("proc_pid_rusage", Query::Plain, source))?;
        RusageInfoV2::from_bytes(&answer).map_err(|lacking| short(lacking).with_pid(self.pid))
    }

    /// The first of its regions at or behind an address. Those of the kernel's own process are refused to all.
    pub(crate) fn region(&self, address: u64) -> Result<ProcRegioninfo> {
        let operation = "proc_pidinfo PROC_PIDREGIONINFO";
        // Without a call: from macOS 14 on the kernel refuses, and files a crash report on whoever asked besides
        // (`PROC_UNPERMITTED_PIDINFO_FLAVOR` in `bsd/kern/proc_info.c`).
        if self.pid == Pid::ZERO {
            return Err(self.failed(operation, Query::Region, io::Error::from_raw_os_error(EPERM)));
        }
        self.fixed(operation, (Query::Region, PROC_PIDREGIONINFO, address))
    }
}
