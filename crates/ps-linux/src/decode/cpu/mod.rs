//! `/proc/stat`, `/proc/loadavg` and what tells CPUs and cores apart.

pub mod frequency;
pub mod info;

use std::collections::BTreeSet;

use ps_core::Result;
use ps_core::cpu::{CpuStats, CpuTimes, LoadAverage, PerCpu};

use super::text::{columns, lines, number};
use super::{Units, malformed};

/// Time of all CPUs together, from `/proc/stat`.
///
/// Columns that an old kernel does not have are `None`; those that a later one adds are passed over.
///
/// # Errors
///
/// `Decode` if there is no line of all CPUs, or it has fewer than the four columns that every kernel writes.
pub fn decode_times(stat: &[u8], units: Units) -> Result<CpuTimes> {
    let line = lines(stat)
        .find(|line| columns(line).next() == Some(b"cpu"))
        .ok_or_else(|| malformed("/proc/stat", "no line of all CPUs"))?;
    times_of(line, units).ok_or_else(|| malformed("/proc/stat", "malformed line of all CPUs"))
}

/// Time of each CPU, by ascending number, from `/proc/stat`.
///
/// # Errors
///
/// `Decode` if a line of a CPU makes no sense, or there is none.
pub fn decode_times_per_cpu(stat: &[u8], units: Units) -> Result<Vec<PerCpu<CpuTimes>>> {
    let mut all = Vec::new();
    for line in lines(stat) {
        let Some(cpu) = numbered(line) else { continue };
        let value = times_of(line, units)
            .ok_or_else(|| malformed("/proc/stat", format!("malformed line of CPU {cpu}")))?;
        all.push(PerCpu { cpu, value });
    }
    if all.is_empty() {
        return Err(malformed("/proc/stat", "no line of any CPU"));
    }
    all.sort_by_key(|one| one.cpu);
    Ok(all)
}

/// The number in the name of a line such as `cpu12 ...`.
fn numbered(line: &[u8]) -> Option<u32> {
    number(columns(line).next()?.strip_prefix(b"cpu")?)
}

fn times_of(line: &[u8], units: Units) -> Option<CpuTimes> {
    let mut values = columns(line).skip(1).map(number::<u64>);
    let mut needed = || Some(units.ticks(values.next()??));
    let mut times = CpuTimes::default();
    times.user = needed()?;
    times.nice = needed()?;
    times.system = needed()?;
    times.idle = needed()?;
    // Added from 2.5.41 to 2.6.33, one after the other.
    for field in [
        &mut times.iowait,
        &mut times.irq,
        &mut times.softirq,
        &mut times.steal,
        &mut times.guest,
        &mut times.guest_nice,
    ] {
        let Some(value) = values.next() else { break };
        *field = Some(units.ticks(value?));
    }
    Some(times)
}

/// Counters since boot, from `/proc/stat`. Linux does not count system calls.
#[must_use]
pub fn decode_stats(stat: &[u8]) -> CpuStats {
    let mut stats = CpuStats::default();
    stats.context_switches = first_of(stat, b"ctxt");
    stats.interrupts = first_of(stat, b"intr");
    stats.soft_interrupts = first_of(stat, b"softirq");
    stats
}

/// How many processes and threads have started since boot, from `/proc/stat`.
#[must_use]
pub fn decode_forks(stat: &[u8]) -> Option<u64> {
    first_of(stat, b"processes")
}

/// The first number of the line with this name.
fn first_of(stat: &[u8], name: &[u8]) -> Option<u64> {
    let line = lines(stat).find(|line| columns(line).next() == Some(name))?;
    number(columns(line).nth(1)?)
}

/// How many lines of single CPUs `/proc/stat` holds; `None` if none.
#[must_use]
pub fn count_in_stat(stat: &[u8]) -> Option<u32> {
    count(lines(stat).filter(|line| numbered(line).is_some()).count())
}

/// A count as an answer: nothing that was found is no answer.
pub(crate) fn count(found: usize) -> Option<u32> {
    u32::try_from(found).ok().filter(|count| *count > 0)
}

/// Physical cores, from each online CPU's list of those that share its core; `None` if no CPU has one.
#[must_use]
pub fn count_cores<'a>(lists: impl IntoIterator<Item = &'a [u8]>) -> Option<u32> {
    let distinct: BTreeSet<_> =
        lists.into_iter().map(<[u8]>::trim_ascii).filter(|list| !list.is_empty()).collect();
    count(distinct.len())
}

/// Load averages, from `/proc/loadavg`.
///
/// # Errors
///
/// `Decode` if there are no three numbers at the beginning.
pub fn decode_load_average(text: &[u8]) -> Result<LoadAverage> {
    let mut columns = columns(text).map(|column| number::<f64>(column).filter(|n| n.is_finite()));
    let mut next = || {
        columns
            .next()
            .flatten()
            .ok_or_else(|| malformed("/proc/loadavg", "fewer than three numbers"))
    };
    Ok(LoadAverage::new(next()?, next()?, next()?))
}

/// Load from the 65,536ths of `sysinfo`, rounded to hundredths as `/proc/loadavg` shows it.
#[must_use]
pub fn load_average(loads: [u64; 3]) -> LoadAverage {
    // The kernel itself counts in 2,048ths, and adds half a hundredth before it cuts.
    let [one, five, fifteen] = loads.map(|load| {
        ((load / 32).saturating_add(2048 / 200).saturating_mul(100) / 2048) as f64 / 100.0
    });
    LoadAverage::new(one, five, fifteen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

    #[test]
    fn load_by_call_is_rounded_as_in_the_file() {
        let load = load_average([32 * 2048, 32 * 1014, 32]);
        assert_eq!((load.one, load.five, load.fifteen), (1.0, 0.5, 0.0));
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn cpu_times_columns_old_kernels_lack_are_none_and_later_ones_are_passed_over() {
        let old = decode_times(b"cpu  1 2 3 4\ncpu0 1 2 3 4\n", UNITS).expect("decodes");
        assert_eq!((old.user, old.nice, old.system, old.idle), (ms(10), ms(20), ms(30), ms(40)));
        assert_eq!((old.iowait, old.steal, old.guest_nice), (None, None, None));
        let before_guest_nice = decode_times(b"cpu 1 2 3 4 5 6 7 8 9\n", UNITS).expect("decodes");
        assert_eq!(before_guest_nice.guest, Some(ms(90)));
        assert_eq!(before_guest_nice.guest_nice, None);
        let future = decode_times(b"cpu 1 2 3 4 5 6 7 8 9 10 11 12\n", UNITS).expect("decodes");
        assert_eq!(future.guest_nice, Some(ms(100)));
    }

    #[test]
    fn cpu_times_no_line_of_all_cpus_is_an_error() {
        for text in [&b""[..], b"intr 5\n", b"cpu0 1 2 3 4\n", b"cpu  1 2 3\n", b"cpu  1 2 x 4\n"] {
            assert!(decode_times(text, UNITS).is_err(), "{text:?}");
        }
    }

    #[test]
    fn cpu_times_numbers_of_offline_cpus_are_missing_and_the_rest_is_in_order() {
        let text = b"cpu  1 2 3 4\ncpu10 1 2 3 4\ncpu2 4 3 2 1\nintr 1\n";
        let all = decode_times_per_cpu(text, UNITS).expect("decodes");
        assert_eq!(all.iter().map(|one| one.cpu).collect::<Vec<_>>(), [2, 10]);
        assert_eq!(count_in_stat(text), Some(2));
        assert_eq!(count_in_stat(b"cpu  1 2 3 4\n"), None);
    }

    #[test]
    fn cpu_guest_not_counted_twice() {
        let times = decode_times(b"cpu  100 50 0 50 0 0 0 0 60 40\n", UNITS).expect("decodes");
        assert_eq!(times.total(), ms(2000));
        assert_eq!(times.busy(), ms(1500));
    }

    #[test]
    fn cpu_iowait_is_idle() {
        let times = decode_times(b"cpu  25 0 0 50 25 0 0\n", UNITS).expect("decodes");
        assert_eq!(times.busy(), ms(250));
    }

    #[test]
    fn cpu_counters_going_backwards_count_as_unmoved() {
        let then = decode_times(b"cpu  10 0 0 100 500 0 0 900 0 0\n", UNITS).expect("decodes");
        let now = decode_times(b"cpu  20 0 0 130 400 0 0 800 0 0\n", UNITS).expect("decodes");
        assert_eq!(now.busy_percent_since(&then), Some(25.0));
        assert_eq!(now.busy_percent_since(&now), None);
    }

    #[test]
    fn cpu_stats_exceed_32_bits_and_take_the_first_number() {
        let stats = decode_stats(b"intr 99999999999 1 2 3\nctxt 88888888888\nsoftirq 7 1 1\n");
        assert_eq!(stats.context_switches, Some(88_888_888_888));
        assert_eq!(stats.interrupts, Some(99_999_999_999));
        assert_eq!((stats.soft_interrupts, stats.syscalls), (Some(7), None));
        assert_eq!(decode_stats(b""), CpuStats::default());
        assert_eq!(
            decode_forks(b"btime 1\nprocesses 88888888888\nprocs_running 2\n"),
            Some(88_888_888_888)
        );
        assert_eq!(decode_forks(b"btime 1\nprocesses\n"), None);
    }

    #[test]
    fn cpu_cores_are_the_distinct_lists() {
        assert_eq!(count_cores([&b"0-1\n"[..], b"0-1\n", b"2\n", b""]), Some(2));
        assert_eq!(count_cores([]), None);
    }

    #[test]
    fn load_average_needs_three_numbers() {
        let load = decode_load_average(b"0.08 1.50 22.00 3/127 9\n").expect("decodes");
        assert_eq!((load.one, load.five, load.fifteen), (0.08, 1.5, 22.0));
        for text in [&b""[..], b"1.0 2.0", b"1 2 nan 4"] {
            assert!(decode_load_average(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, tail in "cpu[0-9]{0,3}( [0-9]{0,20}){0,12}") {
            for text in [&bytes[..], tail.as_bytes()] {
                let _ = (decode_times(text, UNITS), decode_times_per_cpu(text, UNITS));
                let _ = (decode_stats(text), decode_forks(text), count_in_stat(text), decode_load_average(text));
            }
        }
    }
}
