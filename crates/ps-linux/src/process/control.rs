//! Acting on processes.

use std::io;

use ps_core::process::{ControlBackend, Handle, Limit, Resource, Signal};
use ps_core::{Context, Error, Pid, Result};

use crate::errno;
use crate::process::{Pin, signal_numbers};
use crate::root::Linux;
use crate::sys::sched::{self, MOST_CPUS, Tid};
use crate::sys::{limit, pidfd};

/// Signals go through a descriptor that stands for the process, so none can reach another, from Linux 5.1
/// on. What the kernel offers by number only (nice value, limits, CPUs) is done while such a descriptor is
/// held, which shows before and after that the number means the process: one that ended before is never
/// acted upon, and the end of one inside the call, which its successor may have felt, is reported.
impl ControlBackend for Linux {
    fn send_signal(&self, handle: &Handle<Pin>, signal: Signal) -> Result<()> {
        const OPERATION: &str = "send_signal";
        let pid = handle.identity.pid;
        pid.check_acts(OPERATION)?;
        let number = signal_numbers().number(signal).map_err(|error| error.with_pid(pid))?;
        let held = self.hold(handle, OPERATION)?;
        let by_descriptor = pidfd::send_signal(held.target(), number);
        let lacks_call = match by_descriptor.as_ref().err().and_then(io::Error::raw_os_error) {
            Some(libc::ENOSYS) => true,
            // So says a sandbox that knows none of these calls; who is refused for a reason is refused again.
            Some(libc::EPERM) => held.pidfd().is_none(),
            _ => false,
        };
        // Before 5.1 there is only the number, and the time since it was confirmed.
        let sent =
            if lacks_call && self.is_own() { pidfd::kill(pid, number) } else { by_descriptor };
        sent.map_err(|source| match source.raw_os_error() {
            Some(libc::ESRCH) => self.gone_error(pid, OPERATION),
            Some(libc::EINVAL) if !self.is_own() => Error::unsupported_here(
                Context::new(OPERATION).with_pid(pid),
                "the kernel sends no signals to processes outside of the caller's pid namespace",
            ),
            _ => errno::of_system(source, Context::new(OPERATION).with_pid(pid)),
        })
    }

    fn set_nice(&self, handle: &Handle<Pin>, nice: i32) -> Result<()> {
        self.act(handle, "set_nice", |tid| sched::set_nice(tid, nice))
    }

    fn set_limit(&self, handle: &Handle<Pin>, resource: Resource, limit: Limit) -> Result<Limit> {
        const OPERATION: &str = "set_limit";
        let pid = handle.identity.pid;
        pid.check_acts(OPERATION)?;
        limit.check().map_err(|error| error.with_pid(pid))?;
        let number = limit_number(pid, OPERATION, resource)?;
        self.act(handle, OPERATION, |tid| limit::exchange(tid, number, Some(limit)))
    }

    fn set_cpu_affinity(&self, handle: &Handle<Pin>, cpus: &[u32]) -> Result<()> {
        const OPERATION: &str = "set_cpu_affinity";
        handle.identity.pid.check_acts(OPERATION)?;
        self.check_cpus(handle.identity.pid, OPERATION, cpus)?;
        self.act(handle, OPERATION, |tid| set_affinity(tid, cpus))
            .map_err(|error| self.name_cpus(error, cpus))
    }
}

/// All that the kernel says of an argument that it refuses.
const INVALID: &str = "the kernel calls it invalid";

/// What the kernel calls a resource.
pub(crate) fn limit_number(pid: Pid, operation: &'static str, resource: Resource) -> Result<u32> {
    limit::number(resource).ok_or_else(|| {
        Error::invalid(
            Context::new(operation).with_pid(pid),
            format!("{resource} is not a limit of this system"),
        )
    })
}

/// Of no CPUs, all: the kernel leaves out those that do not exist and those that the thread is not allowed.
pub(crate) fn set_affinity(tid: Tid, cpus: &[u32]) -> io::Result<()> {
    if cpus.is_empty() {
        sched::set_affinity(tid, 0..MOST_CPUS)
    } else {
        sched::set_affinity(tid, cpus.iter().copied())
    }
}

impl Linux {
    /// Does something by number to the main thread of a process, and to no other process.
    pub(crate) fn act<T>(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
        call: impl FnOnce(Tid) -> io::Result<T>,
    ) -> Result<T> {
        let pid = handle.identity.pid;
        self.by_number(handle, operation, |_| {
            // Refused before: pid 0 alone has no thread number.
            let tid = Tid::new(pid.get())
                .ok_or_else(|| ps_core::process::no_such_process(operation, pid))?;
            call(tid).map_err(|source| self.refused(pid, operation, source))
        })
    }

    /// What a failed call by number says.
    pub(crate) fn refused(&self, pid: Pid, operation: &'static str, source: io::Error) -> Error {
        let context = Context::new(operation).with_pid(pid);
        match source.raw_os_error() {
            Some(libc::ESRCH) => self.gone_error(pid, operation),
            Some(libc::EINVAL) => Error::invalid(context, INVALID),
            _ => errno::of_system(source, context),
        }
    }

    /// Refuses numbers that no CPU can have.
    pub(crate) fn check_cpus(&self, pid: Pid, operation: &'static str, cpus: &[u32]) -> Result<()> {
        match cpus.iter().find(|cpu| **cpu >= MOST_CPUS) {
            None => Ok(()),
            Some(cpu) => Err(Error::invalid(
                Context::new(operation).with_pid(pid),
                format!("there is no CPU {cpu}; there are {}", self.usable_cpus()),
            )),
        }
    }

    /// Says which CPUs there are in the error for a set of which none can be used.
    pub(crate) fn name_cpus(&self, error: Error, cpus: &[u32]) -> Error {
        match error {
            Error::InvalidArgument { context, reason, .. } if &*reason == INVALID => {
                Error::invalid(
                    *context,
                    format!(
                        "none of the CPUs {cpus:?} can be used; there are {}",
                        self.usable_cpus()
                    ),
                )
            }
            other => other,
        }
    }

    fn usable_cpus(&self) -> String {
        let list = crate::file::read(&self.sys_path("devices/system/cpu/online"));
        let list = list.unwrap_or_else(|_| b"none that could be listed".to_vec());
        String::from_utf8_lossy(list.trim_ascii()).into_owned()
    }
}
