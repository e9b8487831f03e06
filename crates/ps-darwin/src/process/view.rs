//! One process while it is being looked at.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ps_core::lazy::Lazy;
use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    Arguments, ContextSwitches, Descriptor, Environ, Gid, Gids, Identity, IoCounters,
    MemoryFootprint, MemoryInfo, MemoryInfoEx, NAME_MAY_BE_CUT, OpenFile, PageFaults, Pid,
    ProcessTimes, ProcessView, SignalMasks, Status, Thread, Uids, full_name,
};
use ps_core::{Context, Error, Result};

use crate::backend::Darwin;
use crate::decode::net::sockets;
use crate::decode::process::arguments::{ProcArgs, decode_procargs};
use crate::decode::process::files::{self, Directories};
use crate::decode::process::{memory, task};
use crate::errno::Told;
use crate::process::ask::{self, Asked};
use crate::raw::files::{PROX_FDTYPE_SOCKET, PROX_FDTYPE_VNODE, ProcFdinfo};
use crate::raw::process::{KinfoProc, ProcTaskinfo};
use crate::sys;

/// One process while it is being looked at.
///
/// The system offers nothing to hold a process by, so everything is asked by number. What is read is shown only
/// after another look has found the process meant still there: then it had the number all the time, and what was
/// read is its own.
#[derive(Debug)]
pub struct DarwinView {
    darwin: Darwin,
    pid: Pid,
    /// Which process is meant; the first one seen, if not said.
    meant: OnceCell<Identity>,
    record: Lazy<KinfoProc>,
    task: Lazy<ProcTaskinfo>,
    arguments: Lazy<Vec<u8>>,
    directories: Lazy<Vec<u8>>,
}

impl DarwinView {
    pub(crate) fn new(darwin: Darwin, pid: Pid, meant: Option<Identity>) -> DarwinView {
        DarwinView {
            darwin,
            pid,
            meant: meant.map(OnceCell::from).unwrap_or_default(),
            record: Lazy::new(),
            task: Lazy::new(),
            arguments: Lazy::new(),
            directories: Lazy::new(),
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { pid: self.pid, meant: self.meant.get() }
    }

    fn is_kernel(&self) -> bool {
        self.pid == Pid::ZERO
    }

    /// The record as it is now, found to be that of the process meant.
    fn look(&self, operation: &'static str) -> Result<KinfoProc> {
        let context = || Context::new(operation).with_pid(self.pid);
        let record = ask::record(self.pid)?.ok_or_else(|| Error::no_such_process(context()))?;
        let seen = record.identity(self.darwin.origin());
        let seen = seen.ok_or_else(|| Error::no_such_process(context()))?;
        if ask::is_another(self.meant.get_or_init(|| seen), &record) {
            return Err(Error::reused(context()));
        }
        Ok(record)
    }

    /// The record, read once.
    fn record(&self) -> Result<&KinfoProc> {
        self.record.get_or_read(|| self.look("sysctl kern.proc.pid"))
    }

    /// What was read by number, once it is sure to be that of the process meant.
    fn confirmed<T>(&self, operation: &'static str, read: impl FnOnce() -> Result<T>) -> Result<T> {
        // Makes sure that somebody is meant: whoever is seen before counts, not whoever is seen after.
        if self.meant.get().is_none() {
            self.record()?;
        }
        let answer = read();
        match answer {
            // A refusal may be that of whoever has the number now.
            Ok(_) => self.look(operation)?,
            Err(ref error) if error.is_denied() => self.look(operation)?,
            Err(error) => return Err(error),
        };
        answer
    }

    /// What it has used, read once.
    fn task(&self) -> Result<&ProcTaskinfo> {
        self.task.get_or_read(|| {
            let meant = match self.meant.get() {
                Some(meant) => *meant,
                None => self.identity_of(self.record()?)?,
            };
            // Tells the start too, at the same moment, so that no other look is needed.
            let operation = "proc_pidinfo PROC_PIDTASKALLINFO";
            let all = self.asked().task_and_identity().or_else(|error| {
                if error.is_denied() {
                    self.look(operation)?;
                }
                Err(error)
            })?;
            match (meant.start, all.start_time()) {
                (Some(start), Some(found)) if start != found => {
                    Err(Error::reused(Context::new(operation).with_pid(self.pid)))
                }
                _ => Ok(all.ptinfo),
            }
        })
    }

    fn identity_of(&self, record: &KinfoProc) -> Result<Identity> {
        record
            .identity(self.darwin.origin())
            .ok_or_else(|| ps_core::process::no_such_process("sysctl kern.proc.pid", self.pid))
    }

    /// Arguments and environment, read once.
    fn arguments(&self) -> Result<ProcArgs<'_>> {
        let answer = self.arguments.get_or_read(|| {
            self.confirmed("sysctl kern.procargs2", || {
                let mut buffer = Vec::new();
                let longest = self.darwin.longest_arguments();
                Ok(self.asked().arguments(&mut buffer, longest)?.to_vec())
            })
        })?;
        Ok(decode_procargs(answer))
    }

    /// Current and root directory, read once.
    fn directories(&self) -> Result<Directories<'_>> {
        let answer = self.directories.get_or_read(|| {
            self.confirmed("proc_pidinfo PROC_PIDVNODEPATHINFO", || {
                let mut buffer = Vec::new();
                self.asked().directories(&mut buffer)?;
                Ok(buffer)
            })
        })?;
        files::decode_directories(answer).map_err(|error| error.with_pid(self.pid))
    }

    /// Every descriptor by number, without more about it. The kernel's own process shows none.
    fn descriptors(&self) -> Result<Vec<ProcFdinfo>> {
        if self.is_kernel() {
            return Ok(Vec::new());
        }
        let mut buffer = Vec::new();
        self.asked().descriptors(&mut buffer)?;
        files::decode_list(&buffer).map_err(|error| error.with_pid(self.pid))
    }

    /// What the task tells of its memory, where asking cannot end in waiting for somebody's consent.
    fn task_memory(&self) -> Option<Vec<u8>> {
        if self.pid.get() == std::process::id() {
            return sys::mach::task_memory(None).ok();
        }
        let superuser = nix::unistd::geteuid().is_root() && !self.is_kernel();
        superuser.then(|| sys::mach::task_memory(Some(self.pid.as_raw())).ok())?
    }
}

/// Room for the longest answer about a descriptor, and for what later kernels may append: they refuse to answer into
/// less than they have to say.
const LONGEST_DESCRIPTOR: usize = 2048;

impl ProcessView for DarwinView {
    fn identity(&self) -> Result<Identity> {
        let record = self.look("sysctl kern.proc.pid")?;
        self.identity_of(&record)
    }

    fn ppid(&self) -> Result<Option<Pid>> {
        Ok(self.record()?.parent())
    }

    fn comm(&self) -> Result<OsString> {
        Ok(OsString::from_vec(self.record()?.name().to_vec()))
    }

    /// Where the arguments are refused, the path of the program completes it.
    fn name(&self) -> Result<OsString> {
        let comm = self.comm()?;
        if comm.len() < NAME_MAY_BE_CUT || self.is_kernel() {
            return Ok(comm);
        }
        match self.arguments() {
            Ok(parts) => return Ok(full_name(&comm, &parts.arguments()).to_owned()),
            Err(error @ Error::NoSuchProcess { .. }) => return Err(error),
            Err(_) => {}
        }
        match self.exe() {
            Ok(Some(path)) => {
                let path = Arguments::nul_separated(path.as_os_str().as_bytes());
                Ok(full_name(&comm, &path).to_owned())
            }
            Err(error @ Error::NoSuchProcess { .. }) => Err(error),
            _ => Ok(comm),
        }
    }

    fn status(&self) -> Result<Status> {
        Ok(self.record()?.status())
    }

    fn create_time(&self) -> Result<SystemTime> {
        self.record()?.create_time().ok_or_else(|| {
            crate::decode::malformed("struct kinfo_proc", "the start is no time").with_pid(self.pid)
        })
    }

    fn exe(&self) -> Result<Option<PathBuf>> {
        if self.is_kernel() {
            self.record()?;
            return Ok(None);
        }
        self.confirmed("proc_pidpath", || {
            let mut buffer = Vec::new();
            let path = self.asked().program(&mut buffer)?;
            Ok(path.map(|path| PathBuf::from(OsStr::from_bytes(path))))
        })
    }

    fn cmdline(&self) -> Result<Vec<OsString>> {
        if self.is_kernel() {
            self.record()?;
            return Ok(Vec::new());
        }
        Ok(self.arguments()?.arguments().to_vec())
    }

    fn cmdline_raw(&self) -> Result<Vec<u8>> {
        if self.is_kernel() {
            self.record()?;
            return Ok(Vec::new());
        }
        Ok(self.arguments()?.arguments.to_vec())
    }

    /// Refused for processes of other users, except to the superuser; empty for those that the system protects, for
    /// the superuser too: that is no error.
    fn environ(&self) -> Result<Environ> {
        if self.is_kernel() {
            self.record()?;
            return Ok(Environ::default());
        }
        Ok(self.arguments()?.environ())
    }

    fn cwd(&self) -> Result<Option<PathBuf>> {
        Ok(self.directories()?.current.map(Path::to_owned))
    }

    fn root(&self) -> Result<Option<PathBuf>> {
        Ok(self.directories()?.root.map(Path::to_owned))
    }

    fn uids(&self) -> Result<Uids> {
        Ok(self.record()?.uids())
    }

    fn gids(&self) -> Result<Gids> {
        Ok(self.record()?.gids())
    }

    /// At most sixteen: the kernel keeps no more.
    fn groups(&self) -> Result<Vec<Gid>> {
        Ok(self.record()?.groups())
    }

    fn pgid(&self) -> Result<Option<Pid>> {
        Ok(self.record()?.group())
    }

    fn sid(&self) -> Result<Option<Pid>> {
        if self.is_kernel() {
            self.record()?;
            return Ok(Some(Pid::ZERO));
        }
        self.confirmed("getsid", || self.asked().session())
    }

    fn signal_masks(&self) -> Result<SignalMasks> {
        Ok(self.record()?.signal_masks())
    }

    fn terminal_device(&self) -> Result<Option<u64>> {
        Ok(self.record()?.terminal())
    }

    fn terminal(&self) -> Result<Option<PathBuf>> {
        let device = self.record()?.terminal();
        Ok(device.and_then(|device| self.darwin.terminals().path(device)))
    }

    fn cpu_times(&self) -> Result<ProcessTimes> {
        let units = self.darwin.units()?;
        Ok(self.task()?.times(units))
    }

    fn nice(&self) -> Result<i32> {
        Ok(i32::from(self.record()?.nice()))
    }

    fn memory_info(&self) -> Result<MemoryInfo> {
        Ok(self.task()?.memory())
    }

    /// Of the caller, and for the superuser of every process unless the system protects it, the task tells peak,
    /// anonymous, file-backed and compressed memory. Of others they are `None`: asking for the task could wait for ever.
    fn memory_info_ex(&self) -> Result<MemoryInfoEx> {
        let info = self.memory_info()?;
        self.confirmed("proc_pid_rusage", || {
            let rusage = self.asked().rusage()?;
            Ok(memory::extended(info, &rusage, self.task_memory().as_deref()))
        })
    }

    /// Refused for the kernel's own process, to the superuser too.
    fn memory_footprint(&self) -> Result<MemoryFootprint> {
        let layout = memory::Layout::of(self.darwin.units()?, self.record()?.is_translated());
        self.confirmed("proc_pidinfo PROC_PIDREGIONINFO", || {
            let mut region = self.asked().region(0)?;
            let mut uss = 0u64;
            loop {
                uss = uss.saturating_add(layout.own_bytes(&region));
                let Some(next) = memory::after(&region) else { break };
                // What fails behind the first region is the end; had the process ended, the look that follows says so.
                match self.asked().region(next) {
                    Ok(found) if found.pri_address >= next => region = found,
                    _ => break,
                }
            }
            Ok(memory::footprint(uss))
        })
    }

    fn page_faults(&self) -> Result<PageFaults> {
        Ok(self.task()?.page_faults())
    }

    /// Bytes only: how often they moved is not counted.
    fn io_counters(&self) -> Result<IoCounters> {
        self.confirmed("proc_pid_rusage", || Ok(self.asked().rusage()?.io()))
    }

    fn context_switches(&self) -> Result<ContextSwitches> {
        Ok(self.task()?.switches())
    }

    fn num_threads(&self) -> Result<u32> {
        Ok(self.task()?.threads())
    }

    fn threads(&self) -> Result<Vec<Thread>> {
        self.confirmed("proc_pidinfo PROC_PIDLISTTHREADIDS", || {
            let mut buffer = Vec::new();
            self.asked().threads(&mut buffer)?;
            let mut threads = Vec::new();
            for id in task::decode_thread_ids(&buffer) {
                threads.extend(self.asked().thread(id)?);
            }
            threads.sort_by_key(|thread| thread.id);
            Ok(threads)
        })
    }

    fn num_fds(&self) -> Result<u32> {
        let all = self.confirmed("proc_pidinfo PROC_PIDLISTFDS", || self.descriptors())?;
        Ok(u32::try_from(all.len()).unwrap_or(u32::MAX))
    }

    fn open_files(&self) -> Result<Vec<OpenFile>> {
        self.confirmed("proc_pidfdinfo PROC_PIDFDVNODEPATHINFO", || {
            let mut buffer = [0; LONGEST_DESCRIPTOR];
            let mut found = Vec::new();
            for entry in self.descriptors()? {
                if entry.proc_fdtype != PROX_FDTYPE_VNODE.cast_unsigned() {
                    continue;
                }
                let Some(flavor) = files::question(entry.proc_fdtype) else { continue };
                let told = self.asked().descriptor(entry.proc_fd, flavor, &mut buffer)?;
                if let Told::Answer(answer) = told {
                    let file = files::decode_open_file(entry.proc_fd, answer);
                    found.extend(file.map_err(|error| error.with_pid(self.pid))?);
                }
            }
            Ok(found)
        })
    }

    fn for_each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        // Confirmed before the first is shown, and each again: what is shown cannot be taken back.
        let operation = "proc_pidinfo PROC_PIDLISTFDS";
        for entry in self.confirmed(operation, || self.descriptors())? {
            let found = self.confirmed("proc_pidfdinfo", || self.descriptor(entry))?;
            if found.is_some_and(|descriptor| visit(descriptor).is_break()) {
                break;
            }
        }
        Ok(())
    }

    fn net_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        self.confirmed("proc_pidfdinfo PROC_PIDFDSOCKETINFO", || {
            let mut buffer = [0; LONGEST_DESCRIPTOR];
            let mut found = Vec::new();
            for entry in self.descriptors()? {
                if entry.proc_fdtype != PROX_FDTYPE_SOCKET.cast_unsigned() {
                    continue;
                }
                let Some(flavor) = files::question(entry.proc_fdtype) else { continue };
                let told = self.asked().descriptor(entry.proc_fd, flavor, &mut buffer)?;
                if let Told::Answer(answer) = told {
                    let socket = sockets::decode_socket(answer, self.pid, entry.proc_fd)
                        .map_err(|error| error.with_pid(self.pid))?;
                    found.extend(socket.filter(|socket| query.matches(socket)));
                }
            }
            Ok(found)
        })
    }
}

impl DarwinView {
    /// One descriptor with what can be told of it; `None` if it was closed meanwhile.
    fn descriptor(&self, entry: ProcFdinfo) -> Result<Option<Descriptor>> {
        let (fd, kind) = (entry.proc_fd, entry.proc_fdtype);
        let bare = files::bare(fd, kind);
        let Some(flavor) = files::question(kind) else { return Ok(Some(bare)) };
        let mut buffer = [0; LONGEST_DESCRIPTOR];
        let found = match self.asked().descriptor(fd, flavor, &mut buffer)? {
            Told::Closed => return Ok(None),
            Told::Nothing => return Ok(Some(bare)),
            Told::Answer(answer) => files::decode_descriptor(self.pid, fd, kind, answer),
        };
        found.map(Some).map_err(|error| error.with_pid(self.pid))
    }
}

/// The path of a program, as a row lends it.
pub(crate) fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
