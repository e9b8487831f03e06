//! Times and counters of the machine (`kern.cpustats`, `vm.uvmexp`) and its clock speed (`hw.cpuspeed`).

use ps_core::cpu::{CpuFrequency, CpuStats, CpuTimes, PerCpu};

use crate::decode::Units;
use crate::decode::cpu::cpu_times_with_spin;
use crate::raw::openbsd::host::{CPUSTATS_ONLINE, Cpustats};
use crate::raw::openbsd::mem::Uvmexp;

/// The CPUs that take part. One that is offline, as every second thread of a core is while `hw.smt` is off, goes on
/// counting idle time, and would make a busy machine look half idle.
fn online(all: &[PerCpu<Cpustats>]) -> impl Iterator<Item = &PerCpu<Cpustats>> {
    let marked = CPUSTATS_ONLINE.unsigned_abs();
    all.iter().filter(move |one| one.value.cs_flags & u64::from(marked) != 0)
}

/// Time of all CPUs together: the sum. `kern.cp_time` would be their mean.
#[must_use]
pub fn cpu_times(all: &[PerCpu<Cpustats>], units: Units) -> CpuTimes {
    let mut sum = [0_u64; 6];
    for one in online(all) {
        for (sum, ticks) in sum.iter_mut().zip(one.value.cs_time) {
            *sum = sum.saturating_add(ticks);
        }
    }
    cpu_times_with_spin(&sum, units)
}

/// Time of each CPU.
#[must_use]
pub fn cpu_times_per_cpu(all: &[PerCpu<Cpustats>], units: Units) -> Vec<PerCpu<CpuTimes>> {
    online(all)
        .map(|one| PerCpu { cpu: one.cpu, value: cpu_times_with_spin(&one.value.cs_time, units) })
        .collect()
}

/// Counters since boot. They have 32 bits and wrap; a kernel that counts something no more leaves it at zero, which no
/// kernel that counts it shows.
#[must_use]
pub fn cpu_stats(uvmexp: &Uvmexp) -> CpuStats {
    let counted = |count: i32| Some(u64::from(count.cast_unsigned())).filter(|count| *count != 0);
    let mut stats = CpuStats::default();
    stats.context_switches = counted(uvmexp.swtch);
    stats.interrupts = counted(uvmexp.intrs);
    stats.soft_interrupts = counted(uvmexp.softs);
    stats.syscalls = counted(uvmexp.syscalls);
    stats
}

/// The speed of all CPUs, which the system sets alike.
#[must_use]
pub fn cpu_frequency(mhz: i32) -> Option<CpuFrequency> {
    let mut frequency = CpuFrequency::default();
    frequency.current_mhz = (mhz > 0).then(|| f64::from(mhz))?;
    Some(frequency)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ps_core::raw::Record;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 128 };

    fn cpu(cpu: u32, ticks: [u64; 6], online: bool) -> PerCpu<Cpustats> {
        PerCpu { cpu, value: Cpustats { cs_time: ticks, cs_flags: online.into() } }
    }

    #[test]
    fn times_are_summed_over_cpus_and_spinning_is_one_of_them() {
        let all = [cpu(0, [128, 0, 0, 256, 0, 0], true), cpu(1, [128, 0, 0, 0, 0, 128], true)];
        let times = cpu_times(&all, UNITS);
        assert_eq!(times.user, Duration::from_secs(2));
        assert_eq!(times.lock_spin, Some(Duration::from_secs(2)));
        assert_eq!(times.total(), Duration::from_secs(5));
    }

    #[test]
    fn ticks_are_those_of_the_statistics_clock() {
        // By `CLOCKS_PER_SEC`, which is 100, this would be 1.28 s.
        assert_eq!(cpu_times(&[cpu(0, [128, 0, 0, 0, 0, 0], true)], UNITS).user.as_secs_f64(), 1.0);
    }

    #[test]
    fn a_cpu_that_is_off_does_not_make_the_machine_look_idle() {
        let all = [cpu(0, [128, 0, 0, 0, 0, 0], true), cpu(1, [0, 0, 0, 0, 0, 128], false)];
        assert_eq!(cpu_times(&all, UNITS).idle, Duration::ZERO);
        let each = cpu_times_per_cpu(&all, UNITS);
        let user: Vec<_> = each.iter().map(|one| (one.cpu, one.value.user.as_secs())).collect();
        assert_eq!(user, [(0, 1)]);
    }

    #[test]
    fn counters_that_wrapped_are_not_negative_and_dead_ones_not_zero() {
        let uvmexp = Uvmexp { swtch: -1, softs: 7, ..Uvmexp::zeroed() };
        let stats = cpu_stats(&uvmexp);
        assert_eq!(stats.context_switches, Some(u64::from(u32::MAX)));
        assert_eq!(
            (stats.soft_interrupts, stats.interrupts, stats.syscalls),
            (Some(7), None, None)
        );
    }

    #[test]
    fn a_speed_of_nothing_is_none() {
        assert_eq!(cpu_frequency(2400).map(|one| one.current_mhz), Some(2400.0));
        assert_eq!((cpu_frequency(0), cpu_frequency(-1)), (None, None));
    }

    #[test]
    fn nothing_overflows() {
        let all = [cpu(0, [u64::MAX; 6], true), cpu(1, [u64::MAX; 6], true)];
        assert_eq!(cpu_times(&all, UNITS).user.as_secs(), u64::MAX / 128);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let answer = include_bytes!("../../../fixtures/records/openbsd-cpus.bin");
        let all: Vec<PerCpu<Cpustats>> = (0..)
            .zip(answer.chunks(Cpustats::LAYOUT.size))
            .map(|(cpu, one)| PerCpu { cpu, value: Cpustats::from_bytes(one).expect("whole") })
            .collect();
        assert_eq!((all.len(), cpu_times_per_cpu(&all, UNITS).len()), (2, 1), "one is off");
        let times = cpu_times(&all, UNITS);
        let seconds = [times.user, times.nice, times.system, times.idle].map(|time| time.as_secs());
        assert_eq!(seconds, [1, 2, 3, 6]);
        assert_eq!(times.lock_spin, Some(Duration::from_secs(4)));
        assert_eq!(times.irq, Some(Duration::from_secs(5)));
    }
}
