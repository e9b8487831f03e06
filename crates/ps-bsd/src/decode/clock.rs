//! Clocks: rates, moments, and starts that do not move when the clock is set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ps_core::process::StartTime;

/// How many ticks the statistics clock makes in a second, from `kern.clockrate`: `stathz`, or `hz` where the
/// machine has no clock of its own for statistics.
///
/// It is the rate of the CPU time counters of the machine; neither `CLOCKS_PER_SEC` nor `sysconf(_SC_CLK_TCK)` is.
#[must_use]
pub fn ticks_per_second(stathz: i32, hz: i32) -> u64 {
    let rate = if stathz > 0 { stathz } else { hz };
    u64::try_from(rate).ok().filter(|rate| *rate > 0).unwrap_or(100)
}

/// A moment on the wall clock, as a kernel tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)]
pub struct Moment {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds beyond that, below 10⁹.
    pub nanos: u32,
}

impl Moment {
    /// From seconds and microseconds; microseconds that make no sense count as none.
    #[must_use]
    pub fn from_micros(seconds: i64, micros: i64) -> Self {
        let micros = u32::try_from(micros).ok().filter(|micros| *micros < 1_000_000).unwrap_or(0);
        Moment { seconds, nanos: micros * 1000 }
    }

    /// From seconds and nanoseconds; nanoseconds that make no sense count as none.
    #[must_use]
    pub fn from_nanos(seconds: i64, nanos: i64) -> Self {
        let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000).unwrap_or(0);
        Moment { seconds, nanos }
    }

    /// As the standard library has it; a moment that it cannot hold is 1970.
    #[must_use]
    pub fn system_time(&self) -> SystemTime {
        let start = match u64::try_from(self.seconds) {
            Ok(after) => UNIX_EPOCH.checked_add(Duration::from_secs(after)),
            Err(_) => UNIX_EPOCH.checked_sub(Duration::from_secs(self.seconds.unsigned_abs())),
        };
        let fraction = Duration::from_nanos(u64::from(self.nanos));
        start.and_then(|start| start.checked_add(fraction)).unwrap_or(UNIX_EPOCH)
    }

    /// Microseconds since 1970; a moment before that is 0.
    #[must_use]
    pub fn micros(&self) -> u64 {
        let whole = u64::try_from(self.seconds).unwrap_or(0).saturating_mul(1_000_000);
        whole.saturating_add(u64::from(self.nanos / 1000))
    }

    /// The time from an earlier moment to this one; none if it is not earlier.
    #[must_use]
    pub fn since(&self, earlier: &Moment) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = i128::from(self.nanos) - i128::from(earlier.nanos);
        let all = seconds * 1_000_000_000 + nanos;
        let whole = u64::try_from(all / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(whole, u32::try_from(all % 1_000_000_000).unwrap_or(0))
    }
}

/// A start that stays the same when the clock is set, of a process that is told to have started at `started` by a
/// kernel that adds the boot time of the moment: the difference, in microseconds.
#[must_use]
pub fn start_since_boot(started: &Moment, boot: &Moment) -> StartTime {
    let micros = started.since(boot).as_micros();
    StartTime::new(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// The start of a later sighting, as `meant` was told if the two are not further apart than `slack` microseconds.
///
/// OpenBSD adds the boot time to a start before it leaves away what is below a microsecond, and leaves that away from
/// the boot time alone as well: the difference is the start, or one microsecond more. Which of the two changes when the
/// clock is set. No system gives a number away again within so short a time.
#[must_use]
pub fn steadied(meant: Option<StartTime>, now: Option<StartTime>, slack: u64) -> Option<StartTime> {
    match (meant, now) {
        (Some(meant), Some(now)) if meant.get().abs_diff(now.get()) <= slack => Some(meant),
        _ => now,
    }
}

/// How often a record is read again because the clock was set while it was read.
const ROUNDS: u32 = 5;

/// Reads something that depends on the boot time, together with the boot time that it depends on.
///
/// The boot time is read before and after; if the two differ the clock was set in between, nobody can say which of
/// them the record is built on, and both are read again. A clock that is set time and again is not waited for: the
/// boot time is then `None`, and what would follow from it is not known.
///
/// # Errors
///
/// Whatever reading either failed with.
pub fn with_boot_time<T, E>(
    mut boot: impl FnMut() -> Result<Moment, E>,
    mut read: impl FnMut() -> Result<T, E>,
) -> Result<(T, Option<Moment>), E> {
    let mut before = boot()?;
    let mut round = 0;
    loop {
        let record = read()?;
        let after = boot()?;
        if before == after {
            return Ok((record, Some(after)));
        }
        round += 1;
        if round == ROUNDS {
            return Ok((record, None));
        }
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, micros: i64) -> Moment {
        Moment::from_micros(seconds, micros)
    }

    #[test]
    fn the_statistics_clock_sets_the_rate_and_the_other_stands_in_for_it() {
        assert_eq!(ticks_per_second(127, 1000), 127);
        assert_eq!(ticks_per_second(0, 1000), 1000);
        assert_eq!(ticks_per_second(-1, -1), 100);
        assert_eq!(ticks_per_second(0, 0), 100);
    }

    #[test]
    fn a_start_less_the_boot_time_does_not_move_with_the_clock() {
        let (boot, started) = (at(1_000, 999_999), at(2_000, 1));
        let moved = |by: i64| (at(1_000 + by, 999_999), at(2_000 + by, 1));
        let stamp = start_since_boot(&started, &boot);
        assert_eq!(stamp, StartTime::new(999_000_002));
        for by in [3_600, -900, 1] {
            let (boot, started) = moved(by);
            assert_eq!(start_since_boot(&started, &boot), stamp);
        }
    }

    #[test]
    fn a_start_that_is_cut_in_another_place_is_the_same() {
        let start = |micros| Some(StartTime::new(micros));
        let of = |now, slack| steadied(start(100), start(now), slack);
        assert_eq!((of(99, 1), of(100, 1), of(101, 1)), (start(100), start(100), start(100)));
        assert_eq!((of(98, 1), of(102, 1)), (start(98), start(102)));
        assert_eq!((of(99, 0), of(100, 0), of(101, 0)), (start(99), start(100), start(101)));
        assert_eq!((steadied(None, start(5), 1), steadied(start(5), None, 1)), (start(5), None));
    }

    #[test]
    fn a_start_before_the_boot_is_the_boot() {
        assert_eq!(start_since_boot(&at(5, 0), &at(6, 0)), StartTime::new(0));
        assert_eq!(start_since_boot(&at(i64::MIN, 0), &at(i64::MAX, 0)), StartTime::new(0));
        assert_eq!(start_since_boot(&at(i64::MAX, 0), &at(i64::MIN, 0)), StartTime::new(u64::MAX));
    }

    #[test]
    fn a_record_is_read_again_when_the_clock_was_set_meanwhile() {
        let boots = [at(1, 0), at(2, 0), at(2, 0)];
        let (mut asked, mut read) = (0, 0);
        let answer = with_boot_time(
            || {
                asked += 1;
                Ok::<_, ()>(boots[asked - 1])
            },
            || {
                read += 1;
                Ok(read)
            },
        );
        assert_eq!(answer, Ok((2, Some(at(2, 0)))));
    }

    #[test]
    fn a_clock_that_never_rests_leaves_the_boot_time_unknown() {
        let (mut asked, mut read) = (0, 0);
        let answer = with_boot_time(
            || {
                asked += 1;
                Ok::<_, ()>(at(asked, 0))
            },
            || {
                read += 1;
                Ok(read)
            },
        );
        assert_eq!(answer, Ok((5, None)));
        assert_eq!(asked, 6);
    }

    #[test]
    fn a_failure_ends_it() {
        assert_eq!(with_boot_time(|| Ok(at(1, 0)), || Err::<(), _>("gone")), Err("gone"));
        assert_eq!(with_boot_time(|| Err("no clock"), || Ok(())), Err("no clock"));
    }

    #[test]
    fn fractions_are_below_a_second() {
        let moments = [
            (at(1, 7), Moment { seconds: 1, nanos: 7_000 }, 1_000_007),
            (at(1, 999_999), Moment { seconds: 1, nanos: 999_999_000 }, 1_999_999),
            (Moment::from_nanos(1, 7_999), Moment { seconds: 1, nanos: 7_999 }, 1_000_007),
            (
                Moment::from_nanos(1, 999_999_999),
                Moment { seconds: 1, nanos: 999_999_999 },
                1_999_999,
            ),
            (Moment::from_nanos(1, 1_000_000_000), Moment { seconds: 1, nanos: 0 }, 1_000_000),
        ];
        for (moment, expected, micros) in moments {
            assert_eq!((moment, moment.micros()), (expected, micros));
        }
    }

    #[test]
    fn odd_moments_do_not_overflow() {
        assert_eq!(at(1, 1_000_000).nanos, 0);
        assert_eq!(Moment::from_nanos(1, -1).nanos, 0);
        assert_eq!(at(-1, 0).system_time(), UNIX_EPOCH - Duration::from_secs(1));
        // How far the standard library's clock reaches differs; neither end may overflow.
        let _ = (at(i64::MAX, 999_999).system_time(), at(i64::MIN, 0).system_time());
        assert_eq!((at(-1, 0).micros(), at(i64::MAX, 0).micros()), (0, u64::MAX));
    }
}
