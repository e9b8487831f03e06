//! Processes, by `kern.proc.*`.

use std::collections::HashMap;
use std::io;
use std::process::ExitStatus;

use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    BootId, ControlBackend, Exit, Gid, Handle, Identity, Limit, MemoryMap, Pid, ProcessBackend,
    Resource, Signal, SignalNumbers, Thread, WaitBackend,
};
use ps_core::raw::text;
use ps_core::{Context, Error, Result};

use super::sys::cpuset;
use super::{FreeBsd, host, net};
use crate::decode::clock::Moment;
use crate::decode::freebsd::net::TcpStates;
use crate::decode::freebsd::process as decoded;
use crate::decode::process::{OpenDescriptor, Process};
use crate::errno::{Failed, while_busy};
use crate::raw::freebsd::files::{
    KERN_PROC_FILEDESC, KERN_PROC_VMMAP, KF_FD_TYPE_CWD, KF_FD_TYPE_ROOT,
};
use crate::raw::freebsd::process::{
    CTL_KERN, KERN_PROC, KERN_PROC_ARGS, KERN_PROC_CWD, KERN_PROC_ENV, KERN_PROC_GROUPS,
    KERN_PROC_INC_THREAD, KERN_PROC_PATHNAME, KERN_PROC_PID, KERN_PROC_PROC, KERN_PROC_RLIMIT,
    KERN_PROC_UMASK, Rlimit,
};
use crate::shared::accounts::Accounts;
use crate::shared::backend::{Asked, Kernel, pause};
use crate::shared::events::Ends;
use crate::shared::host::Terminals;
use crate::shared::process::{self as shared, Pin, View};
use crate::shared::scan::Scan;
use crate::shared::sys::{process as sys, sysctl};

/// The name of a question about a process.
fn about(what: i32, pid: Pid) -> [i32; 4] {
    [CTL_KERN, KERN_PROC, what, pid.as_raw()]
}

/// Asks about a process; one that is in the middle of starting another program is asked again.
fn ask(operation: &'static str, what: i32, pid: Pid, answer: &mut Vec<u8>) -> Asked<()> {
    let asked = while_busy(|| sysctl::read_into(&about(what, pid), answer), pause);
    asked.map_err(Failed::os(operation))
}

/// Asks for strings that lie in the memory of the process: where that cannot be read it says so in odd ways.
fn ask_memory(operation: &'static str, what: i32, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
    let asked = while_busy(|| sysctl::read_into(&about(what, pid), block), pause);
    asked.map_err(|source| Failed::Arguments { operation, source })
}

/// A path that the kernel does not know, as of a file that was removed, is empty.
fn unknown_is_empty(asked: Asked<()>, path: &mut Vec<u8>) -> Asked<()> {
    match asked {
        Err(failed) if failed.errno() == Some(libc::ENOENT) => {
            path.clear();
            Ok(())
        }
        other => other,
    }
}

impl Kernel for FreeBsd {
    const NAME_LIMIT: usize = decoded::NAME_LIMIT;
    const START_MOVES: bool = true;
    const SIGNALS: &'static SignalNumbers = &decoded::SIGNALS;

    fn read_processes(&self, answer: &mut Vec<u8>) -> io::Result<()> {
        // Not `KERN_PROC_ALL`, which has one record for every thread.
        sysctl::read_table(&[CTL_KERN, KERN_PROC, KERN_PROC_PROC], 256 * 1024, answer)
    }

    fn read_process(&self, pid: Pid, answer: &mut Vec<u8>) -> io::Result<()> {
        sysctl::read_into(&about(KERN_PROC_PID, pid), answer)
    }

    fn processes(&self, answer: &[u8]) -> impl Iterator<Item = Result<Process>> {
        decoded::processes(answer, self.units())
    }

    fn boot_moment(&self) -> io::Result<Moment> {
        host::boot_moment()
    }

    fn boot_id(&self) -> Option<BootId> {
        self.shared.boot_id
    }

    fn arguments(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        ask_memory("kern.proc.args", KERN_PROC_ARGS, pid, block)
    }

    fn environment(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        ask_memory("kern.proc.env", KERN_PROC_ENV, pid, block)
    }

    fn exe(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        let asked = ask("kern.proc.pathname", KERN_PROC_PATHNAME, pid, path);
        unknown_is_empty(asked, path)?;
        path.truncate(text(path).len());
        Ok(())
    }

    fn cwd(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        let asked = ask("kern.proc.cwd", KERN_PROC_CWD, pid, path);
        unknown_is_empty(asked, path)?;
        *path = decoded::special_path(path, KF_FD_TYPE_CWD)?;
        Ok(())
    }

    fn root(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        ask("kern.proc.filedesc", KERN_PROC_FILEDESC, pid, path)?;
        *path = decoded::special_path(path, KF_FD_TYPE_ROOT)?;
        Ok(())
    }

    fn all_groups(&self, process: &Process) -> Asked<Vec<Gid>> {
        let mut answer = Vec::new();
        ask("kern.proc.groups", KERN_PROC_GROUPS, process.pid, &mut answer)?;
        Ok(decoded::groups(&answer))
    }

    fn umask(&self, pid: Pid) -> Asked<Option<u32>> {
        // Pid 0 would mean the caller.
        if pid == Pid::ZERO {
            let source = io::Error::from_raw_os_error(libc::EPERM);
            return Err(Failed::Os { operation: "kern.proc.umask", source });
        }
        let mut answer = Vec::new();
        ask("kern.proc.umask", KERN_PROC_UMASK, pid, &mut answer)?;
        Ok(decoded::umask(&answer))
    }

    fn limit(&self, pid: Pid, resource: Resource) -> Asked<Limit> {
        let number = decoded::resource_number(resource)?;
        let [a, b, c, d] = about(KERN_PROC_RLIMIT, pid);
        let record: Rlimit =
            sysctl::read_record(&[a, b, c, d, number]).map_err(Failed::os("kern.proc.rlimit"))?;
        Ok(decoded::limit(&record))
    }

    fn set_limit(&self, pid: Pid, resource: Resource, limit: Limit) -> Asked<Limit> {
        let number = decoded::resource_number(resource)?;
        let [a, b, c, d] = about(KERN_PROC_RLIMIT, pid);
        let (question, new) = ([a, b, c, d, number], decoded::limit_record(&limit));
        // Setting, unlike reading, is refused while the process is starting another program (`p_candebug`).
        let before = while_busy(|| sysctl::exchange(&question, &new), pause);
        Ok(decoded::limit(&before.map_err(Failed::os("kern.proc.rlimit"))?))
    }

    fn cpu_affinity(&self, pid: Pid) -> Asked<Vec<u32>> {
        let mask = cpuset::affinity(pid).map_err(Failed::os("cpuset_getaffinity"))?;
        Ok(decoded::cpus(&mask))
    }

    fn set_affinity(&self, pid: Pid, cpus: &[u32]) -> Asked<()> {
        const OPERATION: &str = "cpuset_setaffinity";
        let invalid = |reason: &str| Error::invalid(Context::new(OPERATION).with_pid(pid), reason);
        let allowed = cpuset::allowed(pid).map_err(Failed::os("cpuset_getaffinity"))?;
        let mask = if cpus.is_empty() {
            allowed
        } else {
            decoded::cpu_mask(cpus, allowed.len())
                .ok_or_else(|| invalid("there is no CPU with such a number"))?
        };
        match cpuset::set_affinity(pid, &mask) {
            Err(error) if error.raw_os_error() == Some(libc::EDEADLK) => {
                Err(invalid("none of these CPUs is allowed to the process").into())
            }
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                Err(invalid("there is no CPU with such a number").into())
            }
            other => other.map_err(Failed::os(OPERATION)),
        }
    }

    fn threads(&self, pid: Pid) -> Asked<Vec<Thread>> {
        let mut answer = Vec::new();
        let what = KERN_PROC_PID | KERN_PROC_INC_THREAD;
        ask("kern.proc.pid_td", what, pid, &mut answer)?;
        Ok(decoded::threads(&answer).collect::<Result<_>>()?)
    }

    fn memory_maps(&self, pid: Pid) -> Asked<Vec<MemoryMap>> {
        let mut answer = Vec::new();
        ask("kern.proc.vmmap", KERN_PROC_VMMAP, pid, &mut answer)?;
        Ok(decoded::memory_map(&answer, self.units()).collect::<Result<_>>()?)
    }

    fn descriptors(&self, pid: Pid) -> Asked<Vec<OpenDescriptor>> {
        let mut answer = Vec::new();
        ask("kern.proc.filedesc", KERN_PROC_FILEDESC, pid, &mut answer)?;
        let states = states_for(&answer, pid)?;
        let mut all: Vec<OpenDescriptor> =
            decoded::descriptor(&answer, &states).collect::<Result<_>>()?;
        all.sort_unstable_by_key(|one| one.descriptor.fd);
        Ok(all)
    }

    fn descriptor_count(&self, pid: Pid) -> Asked<u32> {
        let mut answer = Vec::new();
        ask("kern.proc.filedesc", KERN_PROC_FILEDESC, pid, &mut answer)?;
        let count = decoded::descriptor(&answer, &TcpStates::default()).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn descriptor_counts(&self, answer: &mut Vec<u8>, counts: &mut HashMap<Pid, u32>) -> Asked<()> {
        net::open_files(answer).map_err(Failed::os("kern.file"))?;
        Ok(decoded::descriptor_counts(answer, counts)?)
    }

    fn connections_of(&self, pid: Pid, query: &ConnectionQuery) -> Asked<Vec<Connection>> {
        let mut answer = Vec::new();
        let mut sockets = match ask("kern.proc.filedesc", KERN_PROC_FILEDESC, pid, &mut answer) {
            Ok(()) => decoded::sockets(&answer, &states_for(&answer, pid)?, pid)?,
            // The descriptors of others are not shown, but the sockets of the whole system are.
            Err(failed) if failed.errno() == Some(libc::EPERM) => {
                let mut all = net::connections(&ConnectionQuery::new(query.kind))?;
                all.retain(|socket| socket.pid == Some(pid));
                all
            }
            Err(failed) => return Err(failed),
        };
        sockets.retain(|socket| query.matches(socket));
        Ok(sockets)
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

/// The states of TCP connections, if the process has any sockets that could have one.
fn states_for(answer: &[u8], pid: Pid) -> Result<TcpStates> {
    let none = TcpStates::default();
    let sockets = decoded::sockets(answer, &none, pid)?;
    let tcp = ConnectionQuery::new(ps_core::net::ConnectionKind::Tcp);
    if sockets.iter().any(|socket| tcp.matches(socket)) { net::tcp_states() } else { Ok(none) }
}

impl ProcessBackend for FreeBsd {
    type View = View<FreeBsd>;
    type Scanner = Scan<FreeBsd>;
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

impl ControlBackend for FreeBsd {
    fn send_signal(&self, handle: &Handle<Pin>, signal: Signal) -> Result<()> {
        shared::send_signal(self, handle, signal)
    }

    fn set_nice(&self, handle: &Handle<Pin>, nice: i32) -> Result<()> {
        shared::set_nice(self, handle, nice)
    }

    fn set_limit(&self, handle: &Handle<Pin>, resource: Resource, limit: Limit) -> Result<Limit> {
        shared::set_limit(self, handle, resource, limit)
    }

    fn set_cpu_affinity(&self, handle: &Handle<Pin>, cpus: &[u32]) -> Result<()> {
        shared::set_affinity(self, handle, cpus)
    }
}

impl WaitBackend for FreeBsd {
    type WaitSet = Ends<FreeBsd>;

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
    complete::<FreeBsd>();
};
