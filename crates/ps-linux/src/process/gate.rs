//! Telling at the price of one call, and without a file, that a process has not run since it was looked at.

use std::num::NonZeroU64;

use ps_core::{Fields, Pid};

use crate::decode::process::Stat;
use crate::sys::clock;

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
    NonZeroU64::new(u64::try_from(clock::of_process(pid)?.as_nanos()).ok()?)
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
