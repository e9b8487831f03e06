//! Acting on processes: compared right before, since all that these systems take is a number.

use ps_core::process::{Handle, Identity, Limit, Resource, Signal};
use ps_core::{Context, Error, Result};

use super::{Pin, confirm};
use crate::errno::Failed;
use crate::shared::backend::{Asked, Kernel};
use crate::shared::sys::process as sys;

/// Acts on the process meant: it is confirmed before, so that no earlier reuse of its number is hit, and after, so
/// that one in between is reported.
fn act<K: Kernel, T>(
    kernel: &K,
    meant: &Identity,
    operation: &'static str,
    act: impl FnOnce() -> Asked<T>,
) -> Result<T> {
    meant.pid.check_acts(operation)?;
    let (process, now) = confirm(kernel, meant, operation)?;
    if process.ended {
        return Err(Error::zombie(Context::new(operation).with_pid(meant.pid), process.ppid));
    }
    let done = act().map_err(|failed| kernel.meaning(failed, meant.pid))?;
    match confirm(kernel, &now, operation) {
        Err(error @ Error::NoSuchProcess { reused: true, .. }) => Err(error),
        // It may have ended since: what was to be done was done.
        _ => Ok(done),
    }
}

/// Sends a signal. A zombie takes any and does nothing, as everywhere.
pub(crate) fn send_signal<K: Kernel>(
    kernel: &K,
    handle: &Handle<Pin>,
    signal: Signal,
) -> Result<()> {
    let pid = handle.identity.pid;
    pid.check_acts("kill")?;
    let number = K::SIGNALS.number(signal).map_err(|error| error.with_pid(pid))?;
    let (process, _) = confirm(kernel, &handle.identity, "kill")?;
    match sys::kill(pid, number) {
        Ok(()) => Ok(()),
        // Some systems call a zombie gone here.
        Err(error) if process.ended && error.raw_os_error() == Some(libc::ESRCH) => {
            Err(Error::zombie(Context::new("kill").with_pid(pid), process.ppid))
        }
        Err(source) => Err(kernel.meaning(Failed::Os { operation: "kill", source }, pid)),
    }
}

/// Sets the nice value.
pub(crate) fn set_nice<K: Kernel>(kernel: &K, handle: &Handle<Pin>, nice: i32) -> Result<()> {
    let pid = handle.identity.pid;
    act(kernel, &handle.identity, "setpriority", || {
        sys::set_nice(pid, nice).map_err(Failed::os("setpriority"))
    })
}

/// Sets a resource limit and gives back the one before.
pub(crate) fn set_limit<K: Kernel>(
    kernel: &K,
    handle: &Handle<Pin>,
    resource: Resource,
    limit: Limit,
) -> Result<Limit> {
    let pid = handle.identity.pid;
    limit.check().map_err(|error| error.with_pid(pid))?;
    act(kernel, &handle.identity, "set_limit", || kernel.set_limit(pid, resource, limit))
}

/// Sets the CPUs a process may run on.
pub(crate) fn set_affinity<K: Kernel>(
    kernel: &K,
    handle: &Handle<Pin>,
    cpus: &[u32],
) -> Result<()> {
    let pid = handle.identity.pid;
    act(kernel, &handle.identity, "set_cpu_affinity", || kernel.set_affinity(pid, cpus))
}
