//! Times, load and frequencies of the machine, as the systems tell them.

use ps_core::cpu::{CpuFrequency, CpuTimes, LoadAverage};
use ps_core::decode::text::number;

use super::Units;

/// Time in each mode from the counters of the statistics clock: user, nice, system, interrupts, idle, as FreeBSD and
/// NetBSD have them.
#[must_use]
pub fn cpu_times(ticks: &[u64; 5], units: Units) -> CpuTimes {
    let [user, nice, system, interrupts, idle] = ticks.map(|count| units.ticks(count));
    let mut times = CpuTimes::default();
    times.user = user;
    times.nice = nice;
    times.system = system;
    times.irq = Some(interrupts);
    times.idle = idle;
    times
}

/// The same with the time that OpenBSD's CPUs spin on a lock: user, nice, system, spinning, interrupts, idle.
#[must_use]
pub fn cpu_times_with_spin(ticks: &[u64; 6], units: Units) -> CpuTimes {
    let [user, nice, system, spin, interrupts, idle] = *ticks;
    let mut times = cpu_times(&[user, nice, system, interrupts, idle], units);
    times.lock_spin = Some(units.ticks(spin));
    times
}

/// Groups of five counters from an answer, whole groups only.
pub fn groups_of_five(answer: &[u8]) -> impl Iterator<Item = [u64; 5]> {
    answer.chunks_exact(40).map(|group| {
        let mut counters = [0; 5];
        for (counter, bytes) in counters.iter_mut().zip(group.chunks_exact(8)) {
            *counter = bytes.try_into().map_or(0, u64::from_ne_bytes);
        }
        counters
    })
}

/// Load averages from `vm.loadavg`; a scale that makes no sense gives none.
#[must_use]
pub fn load_average(averages: &[u32; 3], scale: i64) -> Option<LoadAverage> {
    let scale = (scale > 0).then_some(scale as f64)?;
    let [one, five, fifteen] = averages.map(|average| f64::from(average) / scale);
    Some(LoadAverage::new(one, five, fifteen))
}

/// Frequency of a CPU in MHz, and the list of those that it can have: on FreeBSD (`dev.cpu.N.freq_levels`) each with the
/// power that it takes, `2400/35000 1200/15000`, on NetBSD (`machdep.*.available`) by itself, `600 1400`. The list may
/// be missing, and need not be text.
#[must_use]
pub fn frequency(current: i32, levels: &[u8]) -> Option<CpuFrequency> {
    let current = u32::try_from(current).ok().filter(|mhz| *mhz > 0)?;
    let mhz = |level: &[u8]| number::<u32>(level.split(|byte| *byte == b'/').next()?);
    let levels = || {
        let words = levels.split(|byte| byte.is_ascii_whitespace() || *byte == 0);
        words.filter_map(mhz).filter(|mhz| *mhz > 0)
    };
    let mut frequency = CpuFrequency::default();
    frequency.current_mhz = f64::from(current);
    frequency.min_mhz = levels().min().map(f64::from);
    frequency.max_mhz = levels().max().map(f64::from);
    Some(frequency)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 128 };

    #[test]
    fn modes_stand_in_the_kernels_order() {
        let times = cpu_times(&[128, 256, 384, 512, 640], UNITS);
        let seconds = |count| Duration::from_secs(count);
        assert_eq!((times.user, times.nice, times.system), (seconds(1), seconds(2), seconds(3)));
        assert_eq!((times.irq, times.idle), (Some(seconds(4)), seconds(5)));
        assert_eq!((times.lock_spin, times.iowait), (None, None));
    }

    #[test]
    fn spinning_counts_in_the_total() {
        let times = cpu_times_with_spin(&[128, 0, 0, 256, 0, 128], UNITS);
        assert_eq!(times.lock_spin, Some(Duration::from_secs(2)));
        assert_eq!(times.total(), Duration::from_secs(4));
        assert_eq!(times.idle, Duration::from_secs(1));
    }

    #[test]
    fn a_cut_group_is_left_out() {
        let answer: Vec<u8> = (1..=12_u64).flat_map(u64::to_ne_bytes).collect();
        let groups: Vec<_> = groups_of_five(&answer).collect();
        assert_eq!(groups, [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]);
        assert_eq!(groups_of_five(&answer[..39]).count(), 0);
    }

    #[test]
    fn load_averages_are_fractions_of_the_scale() {
        let load = load_average(&[1024, 2048, 3072], 2048).expect("has a scale");
        assert_eq!((load.one, load.five, load.fifteen), (0.5, 1.0, 1.5));
        assert_eq!(load_average(&[1, 2, 3], 0), None);
        assert_eq!(load_average(&[1, 2, 3], -1), None);
    }

    #[test]
    fn the_list_of_frequencies_may_be_odd_or_missing() {
        let frequency = |levels: &[u8]| super::frequency(1800, levels).expect("has one");
        let full = frequency(b"2400/35000 1800/-1 800/9000\0");
        assert_eq!(
            (full.current_mhz, full.min_mhz, full.max_mhz),
            (1800.0, Some(800.0), Some(2400.0))
        );
        let bare = frequency(b"600 1400\0");
        assert_eq!((bare.min_mhz, bare.max_mhz), (Some(600.0), Some(1400.0)));
        assert_eq!(frequency(b"").max_mhz, None);
        assert_eq!(frequency(b"\xff\xfe/1 900/2").max_mhz, Some(900.0));
        assert_eq!(
            frequency(b"0/0 900/2").min_mhz,
            Some(900.0),
            "no CPU stands still to save power"
        );
        assert_eq!(super::frequency(0, b"900/2"), None);
        assert_eq!(super::frequency(-1, b""), None);
    }
}
