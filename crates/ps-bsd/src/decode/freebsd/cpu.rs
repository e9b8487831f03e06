//! CPU times and counters.

use ps_core::cpu::{CpuTimes, PerCpu};

use crate::decode::Units;
use crate::decode::cpu::{cpu_times, groups_of_five};

/// Times of all CPUs together, from an answer of `kern.cp_time`; `None` if it is cut.
#[must_use]
pub fn times(answer: &[u8], units: Units) -> Option<CpuTimes> {
    groups_of_five(answer).next().map(|ticks| cpu_times(&ticks, units))
}

/// Times of each CPU, from an answer of `kern.cp_times`, which has a place for every CPU that the kernel could have:
/// those that count nothing at all, not even idling, are not there.
#[must_use]
pub fn times_per_cpu(answer: &[u8], units: Units) -> Vec<PerCpu<CpuTimes>> {
    (0..)
        .zip(groups_of_five(answer))
        .filter(|(_, ticks)| ticks.iter().any(|count| *count != 0))
        .map(|(cpu, ticks)| PerCpu { cpu, value: cpu_times(&ticks, units) })
        .collect()
}

/// A counter of 4 or 8 bytes: those of `vm.stats` grew with FreeBSD 12.
#[must_use]
pub fn counter(answer: &[u8]) -> Option<u64> {
    match answer {
        [a, b, c, d] => Some(u64::from(u32::from_ne_bytes([*a, *b, *c, *d]))),
        whole => whole.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 127 };

    fn answer(counters: &[u64]) -> Vec<u8> {
        counters.iter().flat_map(|counter| counter.to_ne_bytes()).collect()
    }

    #[test]
    fn ticks_are_those_of_the_statistics_clock() {
        let times = times(&answer(&[127, 254, 0, 0, 1270]), UNITS).expect("whole");
        // With the compile-time 128 of the references this would be 0.992 s.
        assert_eq!((times.user, times.nice), (Duration::from_secs(1), Duration::from_secs(2)));
        assert_eq!(times.idle, Duration::from_secs(10));
        assert_eq!(super::times(&[0; 39], UNITS), None);
    }

    #[test]
    fn a_place_without_a_cpu_is_left_out_and_numbers_stay() {
        let all = [[1, 0, 0, 0, 9], [0; 5], [0, 0, 0, 0, 8]].concat();
        let cpus: Vec<u32> =
            times_per_cpu(&answer(&all), UNITS).iter().map(|one| one.cpu).collect();
        assert_eq!(cpus, [0, 2]);
    }

    #[test]
    fn counters_are_read_in_their_own_width() {
        assert_eq!(counter(&0x1_0000_0002_u64.to_ne_bytes()), Some(0x1_0000_0002));
        assert_eq!(counter(&7_u32.to_ne_bytes()), Some(7));
        assert_eq!(counter(&[1, 2]), None);
        assert_eq!(counter(&[]), None);
    }
}
