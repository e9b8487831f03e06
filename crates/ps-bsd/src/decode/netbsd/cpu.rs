//! Times and counters of the machine (`kern.cp_time`, `vm.uvmexp2`).

use ps_core::cpu::{CpuStats, CpuTimes};

use crate::decode::cpu::{cpu_times as from_ticks, groups_of_five};
use crate::decode::{Units, unsigned};
use crate::raw::netbsd::mem::UvmexpSysctl;

/// The length of an answer for one CPU, and of that for all together. Asked for all with room for anything else, the
/// kernel tells of each by itself (`sysctl_kern_cptime` in `sys/kern/init_sysctl.c`).
pub const SUM: usize = 40;

/// Times from an answer, all CPUs in it added up; `None` of one that is too short.
#[must_use]
pub fn cpu_times(answer: &[u8], units: Units) -> Option<CpuTimes> {
    let sum = groups_of_five(answer).reduce(|mut sum, more| {
        for (sum, more) in sum.iter_mut().zip(more) {
            *sum = sum.saturating_add(more);
        }
        sum
    });
    sum.map(|ticks| from_ticks(&ticks, units))
}

/// Counters since boot.
#[must_use]
pub fn cpu_stats(uvmexp: &UvmexpSysctl) -> CpuStats {
    let mut stats = CpuStats::default();
    stats.context_switches = Some(unsigned(uvmexp.swtch));
    stats.interrupts = Some(unsigned(uvmexp.intrs));
    stats.soft_interrupts = Some(unsigned(uvmexp.softs));
    stats.syscalls = Some(unsigned(uvmexp.syscalls));
    stats
}

/// Physical cores, which the kernel does not tell: certain only where there is one CPU.
#[must_use]
pub fn cores(cpus: u32) -> Option<u32> {
    (cpus == 1).then_some(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ps_core::raw::Record;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 128 };

    #[test]
    fn ticks_are_those_of_the_statistics_clock() {
        let answer: Vec<u8> =
            [128_u64, 256, 384, 512, 640].iter().flat_map(|ticks| ticks.to_ne_bytes()).collect();
        let times = cpu_times(&answer, UNITS).expect("whole");
        // By `CLOCKS_PER_SEC`, which is 100, these would be 1.28 s and 5.12 s.
        assert_eq!(times.user, Duration::from_secs(1));
        assert_eq!((times.irq, times.iowait), (Some(Duration::from_secs(4)), None));
        assert_eq!(times.total(), Duration::from_secs(15));
        assert_eq!(cpu_times(&answer[..SUM - 1], UNITS), None);
        assert_eq!(cpu_times(&[], UNITS), None);
        // Not the first CPU alone where the kernel tells of each.
        let both = cpu_times(&[&answer[..], &answer].concat(), UNITS).expect("whole");
        assert_eq!(both.total(), Duration::from_secs(30));
        assert!(cpu_times(&[0xff; 2 * SUM], UNITS).is_some());
    }

    #[test]
    fn counters_have_64_bits() {
        let uvmexp =
            UvmexpSysctl { swtch: 1 << 40, syscalls: 5, intrs: -1, ..UvmexpSysctl::zeroed() };
        let stats = cpu_stats(&uvmexp);
        assert_eq!((stats.context_switches, stats.syscalls), (Some(1 << 40), Some(5)));
        assert_eq!(stats.interrupts, Some(0));
    }

    #[test]
    fn cores_are_known_only_of_a_single_cpu() {
        assert_eq!((cores(1), cores(4), cores(0)), (Some(1), None, None));
    }
}
