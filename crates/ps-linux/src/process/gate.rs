//! Telling at the price of one call, and without a file, that a process has not run since it was looked at.

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use ps_core::{Fields, Pid};

use crate::decode::process::Stat;
use crate::file;
use crate::sys::clock;

/// Fields whose files can be read without `stat`, so that leaving `stat` unread saves something.
const WITHOUT_STAT: Fields =
    Fields::RSS.union(Fields::MEMORY_INFO).union(Fields::IO_COUNTERS).union(Fields::NUM_FDS);

/// Whether clocks can save reading anything for these fields.
pub(crate) fn is_of_use(fields: Fields) -> bool {
    fields.intersects(Fields::CHANGED_BY_RUNNING)
        && (Fields::CHANGED_BY_RUNNING | WITHOUT_STAT).contains(fields)
}

/// A clock that moves by more than this at a time counts ticks, of which the fastest is a millisecond.
const FINE: Duration = Duration::from_micros(500);

/// Whether this kernel's clocks tell of a short run. Where the scheduler itself counts by ticks, as in user-mode Linux,
/// or its clock may stand still until a tick, a process that ran meanwhile may look as if it had not for ever, and not
/// only until the next look.
pub(crate) fn are_fine() -> bool {
    static ARE_FINE: OnceLock<bool> = OnceLock::new();
    *ARE_FINE.get_or_init(|| !may_stand() && is_fine(clock::of_caller))
}

/// Whether the kernel does not trust the processors' own counters: it tells the time by a device of the board then, and
/// has the scheduler's clock, which would be too slow that way, go no further than the next tick at the latest
/// (`sched_clock_local` in `kernel/sched/clock.c`).
fn may_stand() -> bool {
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    file::peek(Path::new(SOURCE)).is_some_and(|name| is_of_board(name.trim_ascii()))
}

fn is_of_board(clock_source: &[u8]) -> bool {
    [&b"hpet"[..], b"acpi_pm", b"pit", b"jiffies", b"refined-jiffies"].contains(&clock_source)
}

/// Whether most of a clock's steps are short. One that counts ticks may be put right by a little now and then; and one
/// that is fine leaps where its reader had to wait for a processor.
fn is_fine(mut clock: impl FnMut() -> Duration) -> bool {
    const STEPS: usize = 5;
    let mut short = 0;
    for _ in 0..STEPS {
        let Some(step) = step(&mut clock) else { return false };
        short += usize::from(step < FINE);
    }
    short > STEPS / 2
}

/// By how much a clock moves that is looked at all the time; `None` if it stands still.
fn step(mut clock: impl FnMut() -> Duration) -> Option<Duration> {
    // More looks than fit into a tick.
    const LOOKS: usize = 10_000_000;
    let first = clock();
    (0..LOOKS).map(|_| clock().saturating_sub(first)).find(|step| !step.is_zero())
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
    fn clocks_that_count_ticks_are_not_fine() {
        // A clock that is looked at often between two steps, and how far each of them leads.
        let stepping = |steps: [u64; 5]| {
            let mut looks = 0;
            is_fine(move || {
                looks += 1;
                Duration::from_micros(steps.iter().take(looks / 1000).sum())
            })
        };
        assert!(!stepping([4000; 5]) && stepping([70; 5]));
        // One is put right by a little, the reader of the other has to wait.
        assert!(!stepping([100, 4000, 3900, 4000, 100]) && stepping([1, 9000, 1, 1, 9000]));
        assert!(!stepping([70, 70, 70, 70, 0]), "it stands still");
        assert!(stepping([499; 5]) && !stepping([500; 5]));
        let is_user_mode = std::env::var("PS_VM").is_ok_and(|name| name == "uml" || name == "tiny");
        assert_eq!(are_fine(), !is_user_mode && !may_stand());
    }

    #[test]
    fn clocks_of_the_board_are_told_from_those_of_processors_and_hypervisors() {
        assert!(is_of_board(b"hpet") && is_of_board(b"acpi_pm") && is_of_board(b"jiffies"));
        for name in [&b"tsc"[..], b"kvm-clock", b"arch_sys_counter", b"hyperv_clocksource_tsc_page"]
        {
            assert!(!is_of_board(name), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn clocks_are_of_use_only_where_stat_need_not_be_read() {
        assert!(is_of_use(Fields::TOP) && is_of_use(Fields::TOP | Fields::UIDS));
        assert!(!is_of_use(Fields::TOP | Fields::PPID));
        assert!(!is_of_use(Fields::TOP | Fields::CMDLINE));
        assert!(!is_of_use(Fields::RSS));
    }
}
