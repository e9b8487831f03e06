//! Looking at one process, the same way on each system.

mod control;
mod wait;

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::SystemTime;

use ps_core::lazy::Lazy;
use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    Arguments, ContextSwitches, Descriptor, Environ, Gid, Gids, Handle, Identity, IoCounters,
    Limit, MemoryInfo, MemoryMap, Missing, OpenFile, PageFaults, Pid, ProcessTimes, ProcessView,
    Resource, Sameness, SignalMasks, Status, Thread, Uids, full_name,
};
use ps_core::{Context, Error, Result};

pub(crate) use control::{send_signal, set_affinity, set_limit, set_nice};
pub(crate) use wait::{look_at_exit, reap};

use super::backend::{Asked, Kernel};
use crate::decode::clock::steadied;
use crate::decode::process::{OpenDescriptor, Process};

/// What is held of a pinned process: nothing, since these systems have no handle on a process that is not a child
/// of its holder's making. A pin says that the process was there when it was made.
#[derive(Debug)]
pub struct Pin(());

/// Pins a process that is there.
pub(crate) fn pin<K: Kernel>(kernel: &K, identity: &Identity) -> Result<Pin> {
    confirm(kernel, identity, "pin").map(|_| Pin(()))
}

/// The record of the process that is meant, read now; an error if that is gone.
pub(crate) fn confirm<K: Kernel>(
    kernel: &K,
    meant: &Identity,
    operation: &'static str,
) -> Result<(Process, Identity)> {
    let (process, mut now) = kernel.look(meant.pid, &mut Vec::new())?;
    now.start = steadied(meant.start, now.start, K::START_SLACK);
    match meant.compare(&now) {
        Sameness::Different => Err(Error::reused(Context::new(operation).with_pid(meant.pid))),
        Sameness::Same | Sameness::Unknown => Ok((process, now)),
    }
}

/// Every process, by ascending pid.
pub(crate) fn pids<K: Kernel>(kernel: &K) -> Result<Vec<Pid>> {
    let mut answer = Vec::new();
    kernel.read_processes(&mut answer).map_err(K::system_error("process table"))?;
    let pids: Result<Vec<Pid>> =
        kernel.processes(&answer).map(|record| record.map(|process| process.pid)).collect();
    let mut pids = pids?;
    if pids.is_empty() {
        // There is always the one that asks.
        return Err(Error::decode(Context::new("process table"), "the answer holds no record"));
    }
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

/// Whether a process has this pid; the pid of a thread is none.
pub(crate) fn pid_exists<K: Kernel>(kernel: &K, pid: Pid) -> Result<bool> {
    match kernel.look(pid, &mut Vec::new()) {
        Ok(_) => Ok(true),
        Err(Error::NoSuchProcess { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The calling process.
pub(crate) fn current() -> Result<Pid> {
    Pid::try_from(std::process::id())
}

/// One process while it is being looked at. Its record is read once; every other fact is a question of its own,
/// after which the process is confirmed to be still the one meant.
#[derive(Debug)]
pub struct View<K> {
    kernel: K,
    pid: Pid,
    meant: Option<Identity>,
    record: Lazy<(Process, Identity)>,
}

impl<K: Kernel> View<K> {
    /// Looks at the process meant.
    pub(crate) fn of_handle(kernel: K, handle: &Handle<Pin>) -> Self {
        let meant = handle.identity;
        View { kernel, pid: meant.pid, meant: Some(meant), record: Lazy::new() }
    }

    /// Looks at whichever process has the pid.
    pub(crate) fn of_pid(kernel: K, pid: Pid) -> Self {
        View { kernel, pid, meant: None, record: Lazy::new() }
    }

    fn both(&self) -> Result<&(Process, Identity)> {
        self.record.get_or_read(|| match &self.meant {
            Some(meant) => confirm(&self.kernel, meant, "read"),
            None => self.kernel.look(self.pid, &mut Vec::new()),
        })
    }

    fn process(&self) -> Result<&Process> {
        self.both().map(|(process, _)| process)
    }

    /// The process, if what it used is told.
    fn counted(&self, operation: &'static str) -> Result<&Process> {
        let process = self.process()?;
        match uncounted(process) {
            None => Ok(process),
            Some(Missing::Zombie) => Err(self.zombie(operation, process)),
            Some(_) => {
                let busy = io::Error::from_raw_os_error(libc::EBUSY);
                Err(Error::io(Context::new(operation).with_pid(self.pid), busy))
            }
        }
    }

    fn zombie(&self, operation: &'static str, process: &Process) -> Error {
        Error::zombie(Context::new(operation).with_pid(self.pid), process.ppid)
    }

    /// Asks something that is not in the record. What comes back belongs to the process meant, since it was there
    /// before the question and after the answer.
    fn ask<T>(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&K, &Process) -> Asked<T>,
    ) -> Result<T> {
        let (process, identity) = self.both()?;
        if process.ended {
            return Err(self.zombie(operation, process));
        }
        let answer = ask(&self.kernel, process);
        let (now, _) = confirm(&self.kernel, identity, operation)?;
        if now.ended {
            return Err(self.zombie(operation, &now));
        }
        answer.map_err(|failed| self.kernel.meaning(failed, self.pid))
    }

    /// As [`ask`](Self::ask), for a block of bytes; parts of the kernel have none.
    fn block(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&K, &mut Vec<u8>) -> Asked<()>,
    ) -> Result<Vec<u8>> {
        self.ask(operation, |kernel, process| {
            let mut block = Vec::new();
            if !process.kernel {
                ask(kernel, &mut block)?;
            }
            Ok(block)
        })
    }

    fn path(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&K, &mut Vec<u8>) -> Asked<()>,
    ) -> Result<Option<PathBuf>> {
        let path = self.block(operation, ask)?;
        Ok((!path.is_empty()).then(|| PathBuf::from(OsString::from_vec(path))))
    }
}

impl<K: Kernel> View<K> {
    /// Nothing is shown of these before it is sure whose they are.
    fn descriptors(&self) -> Result<Vec<OpenDescriptor>> {
        self.ask("descriptors", |kernel, process| {
            if process.kernel { Ok(Vec::new()) } else { kernel.descriptors(self.pid) }
        })
    }
}

/// The name of a process from its record and, if it may have been cut short, its arguments.
pub(crate) fn name_of<'a, K: Kernel>(process: &'a Process, arguments: &'a [u8]) -> &'a OsStr {
    let kept = OsStr::from_bytes(process.comm.as_bytes());
    if kept.len() < K::NAME_LIMIT {
        return kept;
    }
    full_name(kept, &Arguments::nul_separated(arguments))
}

/// Why it is not told what a process used, if it is not.
pub(crate) fn uncounted(process: &Process) -> Option<Missing> {
    match process {
        Process { counted: true, .. } => None,
        Process { ended: true, .. } => Some(Missing::Zombie),
        _ => Some(Missing::Failed),
    }
}

impl<K: Kernel> ProcessView for View<K> {
    fn identity(&self) -> Result<Identity> {
        let (_, identity) = self.both()?;
        confirm(&self.kernel, identity, "identity")?;
        Ok(*identity)
    }

    fn ppid(&self) -> Result<Option<Pid>> {
        Ok(self.process()?.ppid)
    }

    fn comm(&self) -> Result<OsString> {
        Ok(OsString::from_vec(self.process()?.comm.as_bytes().to_vec()))
    }

    fn name(&self) -> Result<OsString> {
        let process = self.process()?;
        if process.comm.as_bytes().len() < K::NAME_LIMIT {
            return self.comm();
        }
        match self.cmdline_raw() {
            Ok(arguments) => Ok(name_of::<K>(process, &arguments).to_owned()),
            Err(error @ Error::NoSuchProcess { .. }) => Err(error),
            Err(_) => self.comm(),
        }
    }

    fn status(&self) -> Result<Status> {
        Ok(self.process()?.status)
    }

    fn create_time(&self) -> Result<SystemTime> {
        let process = self.process()?;
        let started = process.started.ok_or_else(|| self.zombie("create_time", process))?;
        Ok(started.system_time())
    }

    fn exe(&self) -> Result<Option<PathBuf>> {
        self.path("exe", |kernel, path| kernel.exe(self.pid, path))
    }

    fn cmdline(&self) -> Result<Vec<OsString>> {
        Ok(Arguments::nul_separated(&self.cmdline_raw()?).to_vec())
    }

    fn cmdline_raw(&self) -> Result<Vec<u8>> {
        self.block("cmdline", |kernel, block| kernel.arguments(self.pid, block))
    }

    fn environ(&self) -> Result<Environ> {
        let block = self.block("environ", |kernel, block| kernel.environment(self.pid, block))?;
        Ok(Environ::parse(&block))
    }

    fn cwd(&self) -> Result<Option<PathBuf>> {
        self.path("cwd", |kernel, path| kernel.cwd(self.pid, path))
    }

    fn root(&self) -> Result<Option<PathBuf>> {
        self.path("root", |kernel, path| kernel.root(self.pid, path))
    }

    fn uids(&self) -> Result<Uids> {
        Ok(self.process()?.uids)
    }

    fn gids(&self) -> Result<Gids> {
        Ok(self.process()?.gids)
    }

    fn groups(&self) -> Result<Vec<Gid>> {
        let process = self.process()?;
        if process.groups.cut {
            return self.ask("groups", |kernel, process| kernel.all_groups(process));
        }
        Ok(process.groups.iter().collect())
    }

    fn umask(&self) -> Result<Option<u32>> {
        self.ask("umask", |kernel, _| kernel.umask(self.pid))
    }

    fn pgid(&self) -> Result<Option<Pid>> {
        Ok(self.process()?.pgid)
    }

    fn sid(&self) -> Result<Option<Pid>> {
        Ok(self.process()?.sid)
    }

    fn signal_masks(&self) -> Result<SignalMasks> {
        Ok(self.process()?.signals.masks(K::SIGNALS))
    }

    fn terminal_device(&self) -> Result<Option<u64>> {
        Ok(self.process()?.terminal)
    }

    fn terminal(&self) -> Result<Option<PathBuf>> {
        let device = self.process()?.terminal;
        Ok(device.and_then(|device| self.kernel.terminals().path(device)))
    }

    fn cpu_times(&self) -> Result<ProcessTimes> {
        Ok(self.counted("cpu_times")?.cpu_times)
    }

    fn cpu_num(&self) -> Result<Option<u32>> {
        Ok(self.process()?.cpu_num)
    }

    fn cpu_affinity(&self) -> Result<Vec<u32>> {
        self.ask("cpu_affinity", |kernel, _| kernel.cpu_affinity(self.pid))
    }

    fn nice(&self) -> Result<i32> {
        Ok(self.process()?.nice)
    }

    fn limit(&self, resource: Resource) -> Result<Limit> {
        self.ask("limit", |kernel, _| kernel.limit(self.pid, resource))
    }

    fn memory_info(&self) -> Result<MemoryInfo> {
        let process = self.process()?;
        // A zombie has no memory: that is known without being told.
        if !process.ended {
            self.counted("memory_info")?;
        }
        Ok(process.memory)
    }

    fn memory_maps(&self) -> Result<Vec<MemoryMap>> {
        self.ask("memory_maps", |kernel, process| {
            if process.kernel { Ok(Vec::new()) } else { kernel.memory_maps(self.pid) }
        })
    }

    fn page_faults(&self) -> Result<PageFaults> {
        Ok(self.counted("page_faults")?.page_faults)
    }

    fn io_counters(&self) -> Result<IoCounters> {
        Ok(self.counted("io_counters")?.io_counters)
    }

    fn context_switches(&self) -> Result<ContextSwitches> {
        Ok(self.counted("context_switches")?.context_switches)
    }

    fn num_threads(&self) -> Result<u32> {
        Ok(self.process()?.num_threads)
    }

    fn threads(&self) -> Result<Vec<Thread>> {
        let mut threads = self.ask("threads", |kernel, _| kernel.threads(self.pid))?;
        threads.sort_unstable_by_key(|thread| thread.id);
        Ok(threads)
    }

    fn num_fds(&self) -> Result<u32> {
        self.ask(
            "num_fds",
            |kernel, process| {
                if process.kernel { Ok(0) } else { kernel.descriptor_count(self.pid) }
            },
        )
    }

    fn open_files(&self) -> Result<Vec<OpenFile>> {
        let files = self.descriptors()?.into_iter().filter(|one| one.regular);
        Ok(files.map(|one| open_file(one.descriptor)).collect())
    }

    fn for_each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        for one in self.descriptors()? {
            if visit(one.descriptor).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn net_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        self.ask("net_connections", |kernel, process| {
            if process.kernel { Ok(Vec::new()) } else { kernel.connections_of(self.pid, query) }
        })
    }
}

/// A descriptor of a regular file as such.
fn open_file(descriptor: Descriptor) -> OpenFile {
    let mut file = OpenFile::new(descriptor.fd);
    file.path = descriptor.path;
    file.position = descriptor.position;
    file.mode = descriptor.open_mode;
    file.flags = descriptor.flags;
    file
}
