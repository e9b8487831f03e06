//! Acting on processes, and looking at how children ended.

use std::io;

use super::{clear_errno, ret_zero};

/// Sends a signal by its number; zero sends none.
pub(crate) fn kill(pid: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: takes numbers only.
    ret_zero(unsafe { libc::kill(pid, signal) })
}

/// Sets the nice value of a process.
pub(crate) fn set_nice(pid: libc::pid_t, nice: libc::c_int) -> io::Result<()> {
    clear_errno();
    let who = libc::id_t::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: takes numbers only.
    ret_zero(unsafe { libc::setpriority(libc::PRIO_PROCESS, who, nice) })
}

/// How a child ended, as the code and status of `waitid`, without collecting it; `None` if it has not.
pub(crate) fn look(pid: libc::pid_t) -> io::Result<Option<(libc::c_int, libc::c_int)>> {
    let who = libc::id_t::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    loop {
        // SAFETY: every member of the record is a number, or a pointer that is never followed: zero is a value.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes one record to `info`, which outlives the call.
        let returned = unsafe { libc::waitid(libc::P_PID, who, &mut info, options) };
        match ret_zero(returned) {
            // The record stays as it was if nothing is to be told.
            Ok(()) if info.si_pid == 0 => return Ok(None),
            Ok(()) => return Ok(Some((info.si_code, info.si_status))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Collects a child that has ended; `None` if it has not.
pub(crate) fn collect(pid: libc::pid_t) -> io::Result<Option<libc::c_int>> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one number to `status`, which outlives the call.
        let collected = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
        match collected {
            0 => return Ok(None),
            found if found == pid => return Ok(Some(status)),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}
