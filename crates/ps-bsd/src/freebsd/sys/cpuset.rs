//! Which CPUs a process may run on.

use std::io;

use ps_core::Pid;

use crate::raw::freebsd::host::{CPU_LEVEL_CPUSET, CPU_LEVEL_WHICH, CPU_WHICH_PID};
use crate::shared::sys::checked;

/// Words of the mask that is tried first: 1024 CPUs, as the kernel has them since FreeBSD 14, and as many as older
/// ones take.
const FIRST: usize = 16;
/// Words of the largest mask that is tried.
const MOST: usize = 1024;

fn get(level: i32, pid: Pid) -> io::Result<Vec<u64>> {
    let mut words = FIRST;
    loop {
        let mut mask = vec![0_u64; words];
        // SAFETY: the kernel writes at most the given number of bytes to `mask`, which is as long as that and of the
        // type of the words that the mask consists of.
        let got = checked(unsafe {
            libc::cpuset_getaffinity(
                level,
                CPU_WHICH_PID,
                i64::from(pid.get()),
                size_of_val(mask.as_slice()),
                mask.as_mut_ptr().cast(),
            )
        });
        match got {
            Ok(_) => return Ok(mask),
            // The kernel has more CPUs than that.
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) && words < MOST => words *= 2,
            Err(error) => return Err(error),
        }
    }
}

/// The CPUs that a process may run on, as a mask.
pub(crate) fn affinity(pid: Pid) -> io::Result<Vec<u64>> {
    get(CPU_LEVEL_WHICH, pid)
}

/// The CPUs that a process could be allowed.
pub(crate) fn allowed(pid: Pid) -> io::Result<Vec<u64>> {
    get(CPU_LEVEL_CPUSET, pid)
}

/// Sets the CPUs that a process may run on.
pub(crate) fn set_affinity(pid: Pid, mask: &[u64]) -> io::Result<()> {
    // SAFETY: the kernel reads the given number of bytes from `mask`, which is as long as that.
    checked(unsafe {
        libc::cpuset_setaffinity(
            CPU_LEVEL_WHICH,
            CPU_WHICH_PID,
            i64::from(pid.get()),
            size_of_val(mask),
            mask.as_ptr().cast(),
        )
    })
    .map(drop)
}
