//! Processes, by `kern.proc2`, `kern.lwp`, `kern.proc_args`, `kern.file2` and `proc`.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitStatus;

use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    ControlBackend, Exit, Handle, Identity, Limit, MemoryMap, Pid, ProcessBackend, Resource,
    Signal, SignalNumbers, Thread, WaitBackend,
};
use ps_core::raw::text;
use ps_core::{Context, Error, Result};

use super::{NetBsd, host, net, size};
use crate::decode::clock::Moment;
use crate::decode::netbsd::process::{self as decoded, arguments, files, limits, maps};
use crate::decode::process::{OpenDescriptor, Process};
use crate::errno::{self, Failed, while_busy, while_passing};
use crate::raw::netbsd::files::{KERN_FILE_BYPID, KERN_FILE2, VM_PROC, VM_PROC_MAP};
use crate::raw::netbsd::mem::CTL_VM;
use crate::raw::netbsd::process::{
    CTL_KERN, CTL_PROC, KERN_LWP, KERN_PROC_ALL, KERN_PROC_ARGS, KERN_PROC_ARGV, KERN_PROC_CWD,
    KERN_PROC_ENV, KERN_PROC_PATHNAME, KERN_PROC_PID, KERN_PROC2, PROC_PID_LIMIT,
    PROC_PID_LIMIT_TYPE_HARD, PROC_PID_LIMIT_TYPE_SOFT,
};
use crate::shared::accounts::Accounts;
use crate::shared::backend::{Asked, Kernel, pause};
use crate::shared::events::Ends;
use crate::shared::host::Terminals;
use crate::shared::process::{self as shared, Pin, View};
use crate::shared::scan::Scan;
use crate::shared::sys::{process as sys, sysctl};

/// How many records may come: the room limits them, and says so if there are more.
const ALL: i32 = i32::MAX;

/// How often a process that is just starting another program is asked again for a whole record.
const BETWEEN_ROUNDS: u32 = 6;

fn table(which: i32, number: i32) -> [i32; 6] {
    [CTL_KERN, KERN_PROC2, which, number, size(decoded::STRIDE), ALL]
}

/// Reads records of open files: of one process, or of all with -1. 0 would mean all as well.
pub(super) fn read_files(number: i32, answer: &mut Vec<u8>) -> io::Result<()> {
    let question = [CTL_KERN, KERN_FILE2, KERN_FILE_BYPID, number, size(files::STRIDE), ALL];
    sysctl::read_table(&question, 16 * 1024, answer)
}

/// A path that the kernel does not know, as of a directory that was removed, is empty.
fn path(operation: &'static str, what: i32, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
    let question = [CTL_KERN, KERN_PROC_ARGS, pid.as_raw(), what];
    match while_busy(|| sysctl::read_into(&question, path), pause) {
        Ok(()) => path.truncate(text(path).len()),
        Err(source) if source.raw_os_error() == Some(libc::ENOENT) => path.clear(),
        Err(source) => return Err(Failed::Os { operation, source }),
    }
    Ok(())
}

impl NetBsd {
    /// Records of the open files of one process.
    fn files_of(&self, pid: Pid, answer: &mut Vec<u8>) -> Asked<()> {
        const OPERATION: &str = "kern.file2";
        if pid == Pid::ZERO {
            answer.clear();
            return Ok(());
        }
        let ask = |answer: &mut Vec<u8>| read_files(pid.as_raw(), answer);
        let is_between = || {
            let mut record = Vec::new();
            sysctl::read_into(&table(KERN_PROC_PID, pid.as_raw()), &mut record)?;
            Ok(decoded::is_between(&record))
        };
        files::fill(answer, ask, is_between, pause).map_err(Failed::os(OPERATION))?;
        // Of a process that is gone, or has ended, there are none either.
        if answer.is_empty()
            && let Some(end) = self.lives(pid).end(OPERATION, pid)
        {
            return Err(end.into());
        }
        Ok(())
    }

    /// Strings from the memory of a process, each ended by NUL.
    fn strings(
        &self,
        operation: &'static str,
        what: i32,
        pid: Pid,
        block: &mut Vec<u8>,
    ) -> Asked<()> {
        let question = [CTL_KERN, KERN_PROC_ARGS, pid.as_raw(), what];
        let ask = || arguments::fill(block, |room| sysctl::read_exact_room(&question, room));
        let Err(source) = while_busy(ask, pause) else { return Ok(()) };
        block.clear();
        errno::of_strings(operation, source, pid, || self.lives(pid))
    }
}

/// The question for one half of a limit.
fn limit_question(pid: Pid, resource: Resource, half: limits::Half) -> Asked<[i32; 5]> {
    let about = || Context::new("limit").with_pid(pid);
    let number = limits::number(resource).ok_or_else(|| {
        Error::invalid(about(), format!("this system has no limit of {resource}"))
    })?;
    // The highest number means the caller here, and is nobody's pid.
    if pid.as_raw() == i32::MAX {
        return Err(Error::no_such_process(about()).into());
    }
    let half = match half {
        limits::Half::Soft => PROC_PID_LIMIT_TYPE_SOFT,
        limits::Half::Hard => PROC_PID_LIMIT_TYPE_HARD,
    };
    Ok([CTL_PROC, pid.as_raw(), PROC_PID_LIMIT, number + 1, half])
}

fn read_half(pid: Pid, resource: Resource, half: limits::Half) -> Asked<Option<u64>> {
    let question = limit_question(pid, resource, half)?;
    let read = while_busy(|| sysctl::read_value::<u64>(&question), pause);
    Ok(limits::half(read.map_err(Failed::os("proc.rlimit"))?))
}

impl Kernel for NetBsd {
    const NAME_LIMIT: usize = decoded::NAME_LIMIT;
    const START_MOVES: bool = false;
    const SIGNALS: &'static SignalNumbers = &decoded::SIGNALS;

    fn read_processes(&self, answer: &mut Vec<u8>) -> io::Result<()> {
        sysctl::read_table(&table(KERN_PROC_ALL, 0), 256 * 1024, answer)?;
        decoded::complete(answer, |pid, whole| self.read_process(pid, whole))
    }

    fn read_process(&self, pid: Pid, answer: &mut Vec<u8>) -> io::Result<()> {
        for round in 0.. {
            sysctl::read_into(&table(KERN_PROC_PID, pid.as_raw()), answer)?;
            if round == BETWEEN_ROUNDS || !decoded::is_between(answer) {
                break;
            }
            pause(round);
        }
        Ok(())
    }

    fn processes(&self, answer: &[u8]) -> impl Iterator<Item = Result<Process>> {
        decoded::processes(answer, self.units())
    }

    fn boot_moment(&self) -> io::Result<Moment> {
        host::boot_moment()
    }

    fn arguments(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.strings("kern.proc_args", KERN_PROC_ARGV, pid, block)
    }

    fn environment(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.strings("kern.proc_args", KERN_PROC_ENV, pid, block)
    }

    fn exe(&self, pid: Pid, found: &mut Vec<u8>) -> Asked<()> {
        path("kern.proc_args pathname", KERN_PROC_PATHNAME, pid, found)
    }

    fn cwd(&self, pid: Pid, found: &mut Vec<u8>) -> Asked<()> {
        path("kern.proc_args cwd", KERN_PROC_CWD, pid, found)
    }

    /// Only the file system of processes tells it; where that is not mounted it is not known.
    fn root(&self, pid: Pid, found: &mut Vec<u8>) -> Asked<()> {
        found.clear();
        match std::fs::read_link(format!("/proc/{pid}/root")) {
            Ok(root) => found.extend_from_slice(root.as_os_str().as_bytes()),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(Failed::Os { operation: "readlink", source }),
        }
        Ok(())
    }

    fn limit(&self, pid: Pid, resource: Resource) -> Asked<Limit> {
        Ok(Limit {
            soft: read_half(pid, resource, limits::Half::Soft)?,
            hard: read_half(pid, resource, limits::Half::Hard)?,
        })
    }

    fn set_limit(&self, pid: Pid, resource: Resource, limit: Limit) -> Asked<Limit> {
        let before = self.limit(pid, resource)?;
        let soft = limit_question(pid, resource, limits::Half::Soft)?;
        let hard = limit_question(pid, resource, limits::Half::Hard)?;
        let set = |half, value| {
            let question = if half == limits::Half::Soft { &soft } else { &hard };
            while_busy(|| sysctl::write_value(question, limits::raw(value)), pause)
        };
        limits::set_both(before, limit, set).map_err(Failed::os("proc.rlimit"))?;
        Ok(before)
    }

    fn threads(&self, pid: Pid) -> Asked<Vec<Thread>> {
        let mut answer = Vec::new();
        let question = [CTL_KERN, KERN_LWP, pid.as_raw(), size(decoded::THREAD_STRIDE), ALL];
        let ask = || sysctl::read_into(&question, &mut answer);
        let passes = |failure: &io::Error| decoded::threads_will_come(failure, || self.lives(pid));
        while_passing(ask, passes, pause).map_err(Failed::os("kern.lwp"))?;
        Ok(decoded::threads(&answer)?)
    }

    fn memory_maps(&self, pid: Pid) -> Asked<Vec<MemoryMap>> {
        let question = [CTL_VM, VM_PROC, VM_PROC_MAP, pid.as_raw(), size(maps::STRIDE)];
        let answer = maps::fill(|room| match room {
            Some(room) => sysctl::read_exact_room(&question, room),
            None => sysctl::length(&question),
        });
        Ok(maps::maps(&answer.map_err(Failed::os("vm.proc.map"))?)?)
    }

    fn descriptors(&self, pid: Pid) -> Asked<Vec<OpenDescriptor>> {
        let mut answer = Vec::new();
        self.files_of(pid, &mut answer)?;
        Ok(files::descriptors(&answer)?)
    }

    fn descriptor_count(&self, pid: Pid) -> Asked<u32> {
        let mut answer = Vec::new();
        self.files_of(pid, &mut answer)?;
        let mut counts = HashMap::new();
        files::count(&answer, &mut counts)?;
        Ok(counts.get(&pid).copied().unwrap_or(0))
    }

    fn descriptor_counts(&self, answer: &mut Vec<u8>, counts: &mut HashMap<Pid, u32>) -> Asked<()> {
        read_files(-1, answer).map_err(Failed::os("kern.file2"))?;
        Ok(files::count(answer, counts)?)
    }

    /// The table of all leaves out those who are just starting another program.
    fn uncounted_descriptors(&self, pid: Pid) -> Asked<u32> {
        self.descriptor_count(pid)
    }

    fn connections_of(&self, pid: Pid, query: &ConnectionQuery) -> Asked<Vec<Connection>> {
        let mut answer = Vec::new();
        self.files_of(pid, &mut answer)?;
        let joined = files::join(&answer, &net::sockets(query.kind)?, query)?;
        if joined.hidden {
            // There are sockets, but which ones they are is kept from the caller: none would be a wrong answer.
            let source = io::Error::from_raw_os_error(libc::EPERM);
            return Err(Failed::Os { operation: "kern.file2 socket addresses", source });
        }
        Ok(joined.owned)
    }

    fn peek_child(&self, pid: Pid) -> io::Result<Option<ExitStatus>> {
        sys::wait4(pid, libc::WNOWAIT)
    }

    fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    fn terminals(&self) -> &Terminals {
        &self.shared.terminals
    }
}

impl ProcessBackend for NetBsd {
    type View = View<NetBsd>;
    type Scanner = Scan<NetBsd>;
    type Pin = Pin;

    fn pids(&self) -> Result<Vec<Pid>> {
        shared::pids(self)
    }

    fn pid_exists(&self, pid: Pid) -> Result<bool> {
        shared::pid_exists(self, pid)
    }

    fn current(&self) -> Result<Pid> {
        shared::current()
    }

    fn identify(&self, pid: Pid) -> Result<Identity> {
        self.look(pid, &mut Vec::new()).map(|(_, identity)| identity)
    }

    fn view(&self, handle: &Handle<Pin>) -> Self::View {
        View::of_handle(self.clone(), handle)
    }

    fn view_of(&self, pid: Pid) -> Self::View {
        View::of_pid(self.clone(), pid)
    }

    fn pin(&self, identity: &Identity) -> Result<Pin> {
        shared::pin(self, identity)
    }

    fn scanner(&self) -> Result<Self::Scanner> {
        Ok(Scan::new(self.clone()))
    }
}

impl ControlBackend for NetBsd {
    fn send_signal(&self, handle: &Handle<Pin>, signal: Signal) -> Result<()> {
        shared::send_signal(self, handle, signal)
    }

    fn set_nice(&self, handle: &Handle<Pin>, nice: i32) -> Result<()> {
        shared::set_nice(self, handle, nice)
    }

    fn set_limit(&self, handle: &Handle<Pin>, resource: Resource, limit: Limit) -> Result<Limit> {
        shared::set_limit(self, handle, resource, limit)
    }

    /// One half after the other: in between, others see the new one beside the old.
    fn limits_are_atomic(&self) -> bool {
        false
    }
}

impl WaitBackend for NetBsd {
    type WaitSet = Ends<NetBsd>;

    fn look_at_exit(&self, handle: &Handle<Pin>) -> Result<Exit> {
        shared::look_at_exit(self, handle)
    }

    fn reap(&self, handle: &Handle<Pin>) -> Result<Exit> {
        shared::reap(self, handle)
    }

    fn wait_set(&self) -> Result<Self::WaitSet> {
        Ends::new(self.clone())
    }
}

const _: fn() = || {
    fn complete<B: ps_core::Backend + Default>() {}
    complete::<NetBsd>();
};
