//! Telling at the price of one call, and without a file, that a process has not run since it was looked at.

use std::num::NonZeroU64;

use nix::time::{ClockId, clock_gettime};
use ps_core::{Fields, Pid};

use crate::decode::process::Stat;

/// Fields whose files can be read without `stat`, so that leaving `stat` unread saves something.
const WITHOUT_STAT: Fields =
    Fields::RSS.union(Fields::MEMORY_INFO).union(Fields::IO_COUNTERS).union(Fields::NUM_FDS);

/// Whether clocks can save reading anything for these fields.
pub(crate) fn is_of_use(fields: Fields) -> bool {
    fields.intersects(Fields::CHANGED_BY_RUNNING)
        && (Fields::CHANGED_BY_RUNNING | WITHOUT_STAT).contains(fields)
}

/// How long a process has run, all its threads together, in nanoseconds; `None` if it has gone, or never ran.
///
/// A process that never ran vouches for nothing: its successor may not have run either.
pub(crate) fn clock(pid: Pid) -> Option<NonZeroU64> {
    // The kernel's form of "the CPU clock of this process, as the scheduler counts it".
    const SCHEDULED: i32 = 2;
    // Larger numbers than any process has would not fit, and would mean other clocks.
    if pid.get() >= 1 << 28 {
        return None;
    }
    let clock = ClockId::from_raw((!pid.as_raw() << 3) | SCHEDULED);
    let time = clock_gettime(clock).ok()?;
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    let nanos = u64::try_from(time.tv_nsec()).ok()?;
    NonZeroU64::new(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?)
}

/// Whether a clock that was read before this record vouches for it, as long as it does not move.
///
/// The clock of a thread that is on a CPU moves at a tick only; and where the main thread has ended, facts are another
/// thread's.
pub(crate) fn vouches(stat: &Stat<'_>) -> bool {
    stat.state != b'R' && !stat.has_lost_its_leader()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_the_caller_moves_and_that_of_nobody_is_none() {
        let me = Pid::try_from(std::process::id()).expect("in range");
        let before = clock(me).expect("it runs");
        let mut sum = 0u64;
        while clock(me) == Some(before) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(clock(me) > Some(before));
        assert_eq!(clock(Pid::try_from(i32::MAX).expect("in range")), None);
    }

    #[test]
    fn clocks_are_of_use_only_where_stat_need_not_be_read() {
        assert!(is_of_use(Fields::TOP) && is_of_use(Fields::TOP | Fields::UIDS));
        assert!(!is_of_use(Fields::TOP | Fields::PPID));
        assert!(!is_of_use(Fields::TOP | Fields::CMDLINE));
        assert!(!is_of_use(Fields::RSS));
    }
}
