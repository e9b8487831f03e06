//! What a system must say for views, scans, acting and waiting to be built on it.

use std::collections::HashMap;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{BootId, Gid, Identity, Limit, MemoryMap, Resource, SignalNumbers, Thread};
use ps_core::{Context, Error, Pid, Result};

use crate::decode::clock::{Moment, with_boot_time};
use crate::decode::process::{OpenDescriptor, Process};
use crate::errno::{self, Failed, Lives};
use crate::shared::accounts::Accounts;
use crate::shared::host::Terminals;

/// An answer of a system, or a failure of which it is not known yet what it means.
pub(crate) type Asked<T> = std::result::Result<T, Failed>;

/// One system: how it is asked. Questions put their answers into buffers that the caller keeps.
pub trait Kernel: Clone + Send + Sync + 'static {
    /// A name as long as this may have been cut short.
    const NAME_LIMIT: usize;

    /// Whether starts move when the clock is set, since the kernel adds the boot time of the moment to them.
    const START_MOVES: bool;

    /// By how many microseconds the start of one process may differ between two looks.
    const START_SLACK: u64 = 0;

    /// How signals are numbered.
    const SIGNALS: &'static SignalNumbers;

    /// Records of all processes, in one call.
    fn read_processes(&self, answer: &mut Vec<u8>) -> io::Result<()>;

    /// The record of one process. `ESRCH`, or an empty answer, if there is none.
    fn read_process(&self, pid: Pid, answer: &mut Vec<u8>) -> io::Result<()>;

    /// Takes an answer apart; records that make no sense are errors.
    fn processes(&self, answer: &[u8]) -> impl Iterator<Item = Result<Process>>;

    /// When the system booted, on the wall clock of now.
    fn boot_moment(&self) -> io::Result<Moment>;

    /// What tells this boot from others, where the system has such a thing.
    fn boot_id(&self) -> Option<BootId> {
        None
    }

    /// Arguments, each ended by NUL.
    fn arguments(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()>;

    /// Environment, each entry ended by NUL.
    fn environment(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()>;

    /// Path of the program; empty if the kernel does not know it.
    fn exe(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()>;

    /// Path of the current directory; empty if the kernel does not know it.
    fn cwd(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()>;

    /// Path of the root directory; empty if the kernel does not know it.
    fn root(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        let _ = (pid, path);
        Err(Failed::unsupported("root"))
    }

    /// Supplementary groups, where the record has no room for all of them.
    fn all_groups(&self, process: &Process) -> Asked<Vec<Gid>> {
        Ok(process.groups.iter().collect())
    }

    /// File creation mask.
    fn umask(&self, pid: Pid) -> Asked<Option<u32>> {
        let _ = pid;
        Err(Failed::unsupported("umask"))
    }

    /// A resource limit.
    fn limit(&self, pid: Pid, resource: Resource) -> Asked<Limit> {
        let _ = (pid, resource);
        Err(Failed::unsupported("limit"))
    }

    /// Sets a resource limit and gives back the one before.
    fn set_limit(&self, pid: Pid, resource: Resource, limit: Limit) -> Asked<Limit> {
        let _ = (pid, resource, limit);
        Err(Failed::unsupported("set_limit"))
    }

    /// CPUs it may run on, by ascending number.
    fn cpu_affinity(&self, pid: Pid) -> Asked<Vec<u32>> {
        let _ = pid;
        Err(Failed::unsupported("cpu_affinity"))
    }

    /// Sets the CPUs it may run on; of none, all that it is allowed.
    fn set_affinity(&self, pid: Pid, cpus: &[u32]) -> Asked<()> {
        let _ = (pid, cpus);
        Err(Failed::unsupported("set_cpu_affinity"))
    }

    /// Threads, in any order.
    fn threads(&self, pid: Pid) -> Asked<Vec<Thread>>;

    /// Mappings, by ascending address.
    fn memory_maps(&self, pid: Pid) -> Asked<Vec<MemoryMap>> {
        let _ = pid;
        Err(Failed::unsupported("memory_maps"))
    }

    /// Descriptors, by ascending number; directories and the like that have no number are left out.
    fn descriptors(&self, pid: Pid) -> Asked<Vec<OpenDescriptor>>;

    /// How many descriptors a process has open.
    fn descriptor_count(&self, pid: Pid) -> Asked<u32>;

    /// How many descriptors each process has open, of all that may be seen, in one call.
    fn descriptor_counts(&self, answer: &mut Vec<u8>, counts: &mut HashMap<Pid, u32>) -> Asked<()>;

    /// How many descriptors a process has of which [`descriptor_counts`](Self::descriptor_counts) told none, though it
    /// was there before: none, unless it has ended since.
    fn uncounted_descriptors(&self, pid: Pid) -> Asked<u32> {
        self.lives(pid).end("num_fds", pid).map_or(Ok(0), |end| Err(end.into()))
    }

    /// Sockets of one process.
    fn connections_of(&self, pid: Pid, query: &ConnectionQuery) -> Asked<Vec<Connection>>;

    /// What is known of a child's end, without collecting it: `None` while it lives, `ECHILD` if it is no child.
    fn peek_child(&self, pid: Pid) -> io::Result<Option<ExitStatus>>;

    /// Names of accounts, kept.
    fn accounts(&self) -> &Accounts;

    /// Names of terminals, kept.
    fn terminals(&self) -> &Terminals;

    /// The record of one process, together with the identity that follows from it.
    fn look(&self, pid: Pid, answer: &mut Vec<u8>) -> Result<(Process, Identity)> {
        let read = |answer: &mut Vec<u8>| {
            self.read_process(pid, answer)?;
            if answer.is_empty() {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        };
        let booted = if Self::START_MOVES {
            with_boot_time(|| self.boot_moment(), || read(answer)).map(|((), booted)| booted)
        } else {
            read(answer).map(|()| None)
        };
        let context = || Context::new("process record").with_pid(pid);
        let booted = booted.map_err(|source| match source.raw_os_error() {
            Some(libc::ESRCH) => Error::no_such_process(context()),
            _ => errno::of_system(source, context()),
        })?;
        // The number of a thread finds the record of its process on some systems: that is not the process asked for.
        let mut records = self.processes(answer);
        let process = match records.next() {
            Some(record) => record.map_err(|error| error.with_pid(pid))?,
            None => return Err(Error::decode(context(), "the answer holds no whole record")),
        };
        if process.pid != pid {
            return Err(Error::no_such_process(context()));
        }
        let identity = self.identity(&process, booted);
        Ok((process, identity))
    }

    /// What tells a process from others.
    fn identity(&self, process: &Process, booted: Option<Moment>) -> Identity {
        if Self::START_MOVES {
            process.identity_since(booted, self.boot_id())
        } else {
            process.identity(self.boot_id())
        }
    }

    /// Whether a process is there, and lives.
    fn lives(&self, pid: Pid) -> Lives {
        match self.look(pid, &mut Vec::new()) {
            Ok((process, _)) if process.ended => Lives::Ended { ppid: process.ppid },
            Err(Error::NoSuchProcess { .. }) => Lives::No,
            // When even that cannot be asked, nothing is claimed.
            _ => Lives::Yes,
        }
    }

    /// What a failed question about a process means.
    fn meaning(&self, failed: Failed, pid: Pid) -> Error {
        errno::of_process(failed, pid, || self.lives(pid))
    }

    /// What a failed question about the machine means.
    fn system_error(operation: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| errno::of_system(source, Context::new(operation))
    }
}

/// Waits a little before a process that is busy is asked again: longer each time, 64 ms at most.
pub(crate) fn pause(round: u32) {
    std::thread::sleep(Duration::from_millis(1 << round.min(6)));
}
