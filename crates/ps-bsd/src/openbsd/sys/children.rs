//! Looking at children without collecting them.

use std::io;

use ps_core::Pid;

use crate::decode::openbsd::process::wait_status;
use crate::raw::openbsd::process::WNOWAIT;
use crate::shared::sys::checked;

/// The status of a child that has ended, as `wait4` would tell it; `None` while it lives. The child stays a zombie:
/// `wait4` knows no way to leave it one here, `waitid` does.
///
/// `ECHILD` if the process is no child of the caller.
pub(crate) fn peek(pid: Pid) -> io::Result<Option<i32>> {
    // SAFETY: the record consists of numbers and an address, all of which may be zero.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | WNOWAIT;
    // SAFETY: the kernel fills `info`, which lives here, and follows no other address.
    checked(unsafe { libc::waitid(libc::P_PID, pid.get(), &mut info, options) })?;
    // SAFETY: `info` was filled by `waitid`, whose answers have a pid, or is zero.
    let about = unsafe { info.si_pid() };
    // SAFETY: as above; the answers have a status, too.
    let status = unsafe { info.si_status() };
    Ok(if about == 0 { None } else { wait_status(info.si_code, status) })
}
