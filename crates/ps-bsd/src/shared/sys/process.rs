//! Acting on processes and looking at children.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ps_core::Pid;

use super::checked;

/// Sends a signal, by its number.
pub(crate) fn kill(pid: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: takes two numbers and touches no memory of ours.
    checked(unsafe { libc::kill(pid.as_raw(), signal) }).map(drop)
}

/// Sets the nice value of a process.
pub(crate) fn set_nice(pid: Pid, nice: i32) -> io::Result<()> {
    // SAFETY: takes three numbers and touches no memory of ours. The number of the process is never negative; its
    // type differs between the systems.
    checked(unsafe { libc::setpriority(libc::PRIO_PROCESS, pid.as_raw() as _, nice) }).map(drop)
}

/// What `wait4` says of a child, asked without waiting: its status once it has ended.
///
/// `ECHILD` if the process is no child of the caller.
pub(crate) fn wait4(pid: Pid, options: libc::c_int) -> io::Result<Option<ExitStatus>> {
    let mut status = 0;
    let no_usage = std::ptr::null_mut();
    loop {
        // SAFETY: the kernel stores a status in `status`, which lives here; a null last argument asks for no usage.
        let got =
            unsafe { libc::wait4(pid.as_raw(), &mut status, options | libc::WNOHANG, no_usage) };
        match checked(got) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(ExitStatus::from_raw(status))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Collects a child that has ended.
pub(crate) fn reap(pid: Pid) -> io::Result<Option<ExitStatus>> {
    wait4(pid, 0)
}
