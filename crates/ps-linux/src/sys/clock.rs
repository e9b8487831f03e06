//! Clocks.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use ps_core::Pid;

/// How long another process has been on CPUs, all its threads together, as the scheduler counts; `None` if it has gone.
pub(crate) fn of_process(pid: Pid) -> Option<Duration> {
    // The kernel's form of "the CPU clock of this process, as the scheduler counts it".
    const SCHEDULED: i32 = 2;
    // Larger numbers than any process has would not fit, and would mean other clocks.
    if pid.get() >= 1 << 28 {
        return None;
    }
    read((!pid.as_raw() << 3) | SCHEDULED)
}

/// Straight from the kernel: the C library first asks a page that never knows about other processes.
#[cfg(target_pointer_width = "64")]
fn read(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: where words have 64 bits this record is what the call fills; it is borrowed mutably for the call.
    let done = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
    (done == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(not(target_pointer_width = "64"))]
fn read(clock: libc::clockid_t) -> Option<Duration> {
    clock_gettime(ClockId::from_raw(clock)).ok().map(Duration::from)
}

/// How long the calling thread has been on CPUs.
pub(crate) fn of_caller() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Time since boot, suspension included, as the caller's time namespace has it.
pub(crate) fn since_boot() -> Duration {
    // This clock exists since 2.6.39 and reading it cannot fail after that.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
