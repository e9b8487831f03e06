//! Time per mode, counts, frequency and load of the machine's CPUs.

use std::time::Duration;

use crate::{Error, Result, sealed};

/// Time since boot in each mode, of one CPU or of all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CpuTimes {
    /// Running processes' own code. On Linux this includes `guest`.
    pub user: Duration,
    /// Running the kernel on behalf of processes.
    pub system: Duration,
    /// Doing nothing.
    pub idle: Duration,
    /// Running code of processes with lowered priority. On Linux this includes `guest_nice`.
    pub nice: Duration,
    /// Idle with input or output outstanding, not part of `idle`. Linux only.
    pub iowait: Option<Duration>,
    /// Serving hardware interrupts. Linux and the BSDs.
    pub irq: Option<Duration>,
    /// Serving software interrupts. Linux only.
    pub softirq: Option<Duration>,
    /// Taken by the hypervisor for others. Linux only.
    pub steal: Option<Duration>,
    /// Running guests; already part of `user`. Linux only.
    pub guest: Option<Duration>,
    /// Running guests with lowered priority; already part of `nice`. Linux only.
    pub guest_nice: Option<Duration>,
    /// Spinning on a kernel lock. OpenBSD only.
    pub lock_spin: Option<Duration>,
}

impl CpuTimes {
    /// All time that has passed, guests not counted twice.
    #[must_use]
    pub fn total(&self) -> Duration {
        [self.iowait, self.irq, self.softirq, self.steal, self.lock_spin]
            .into_iter()
            .flatten()
            .fold(self.user + self.system + self.idle + self.nice, Duration::saturating_add)
    }

    /// Time that was not idle; waiting for input or output counts as idle.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.total().saturating_sub(self.idle).saturating_sub(self.iowait.unwrap_or_default())
    }

    /// What was added since an earlier reading. A counter that went backwards counts as unmoved.
    #[must_use]
    pub fn since(&self, earlier: &CpuTimes) -> CpuTimes {
        let moved = |now: Option<Duration>, then: Option<Duration>| {
            now.map(|now| now.saturating_sub(then.unwrap_or_default()))
        };
        CpuTimes {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            idle: self.idle.saturating_sub(earlier.idle),
            nice: self.nice.saturating_sub(earlier.nice),
            iowait: moved(self.iowait, earlier.iowait),
            irq: moved(self.irq, earlier.irq),
            softirq: moved(self.softirq, earlier.softirq),
            steal: moved(self.steal, earlier.steal),
            guest: moved(self.guest, earlier.guest),
            guest_nice: moved(self.guest_nice, earlier.guest_nice),
            lock_spin: moved(self.lock_spin, earlier.lock_spin),
        }
    }

    /// Share of the time since an earlier reading that was not idle, from 0 to 100.
    ///
    /// `None` when no time has passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ps_core::cpu::CpuTimes;
    ///
    /// let then = CpuTimes::default();
    /// let mut now = then;
    /// assert_eq!(now.busy_percent_since(&then), None);
    /// now.user = Duration::from_secs(1);
    /// now.idle = Duration::from_secs(3);
    /// assert_eq!(now.busy_percent_since(&then), Some(25.0));
    /// ```
    #[must_use]
    pub fn busy_percent_since(&self, earlier: &CpuTimes) -> Option<f64> {
        let moved = self.since(earlier);
        share(moved.busy(), moved.total())
    }

    /// Share of the time since an earlier reading spent in each mode, each from 0 to 100.
    ///
    /// `None` when no time has passed. The shares of guests are part of those of `user` and `nice`.
    #[must_use]
    pub fn percent_since(&self, earlier: &CpuTimes) -> Option<CpuTimesPercent> {
        let moved = self.since(earlier);
        let total = moved.total();
        let of = |part: Duration| share(part, total).unwrap_or(0.0);
        (!total.is_zero()).then(|| CpuTimesPercent {
            user: of(moved.user),
            system: of(moved.system),
            idle: of(moved.idle),
            nice: of(moved.nice),
            iowait: moved.iowait.map(of),
            irq: moved.irq.map(of),
            softirq: moved.softirq.map(of),
            steal: moved.steal.map(of),
            guest: moved.guest.map(of),
            guest_nice: moved.guest_nice.map(of),
            lock_spin: moved.lock_spin.map(of),
        })
    }
}

fn share(part: Duration, whole: Duration) -> Option<f64> {
    (!whole.is_zero()).then(|| (part.as_secs_f64() / whole.as_secs_f64() * 100.0).clamp(0.0, 100.0))
}

/// Share of an interval spent in each mode, each from 0 to 100. The fields are those of [`CpuTimes`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CpuTimesPercent {
    /// Running processes' own code.
    pub user: f64,
    /// Running the kernel on behalf of processes.
    pub system: f64,
    /// Doing nothing.
    pub idle: f64,
    /// Running code of processes with lowered priority.
    pub nice: f64,
    /// Idle with input or output outstanding.
    pub iowait: Option<f64>,
    /// Serving hardware interrupts.
    pub irq: Option<f64>,
    /// Serving software interrupts.
    pub softirq: Option<f64>,
    /// Taken by the hypervisor for others.
    pub steal: Option<f64>,
    /// Running guests; already part of `user`.
    pub guest: Option<f64>,
    /// Running guests with lowered priority; already part of `nice`.
    pub guest_nice: Option<f64>,
    /// Spinning on a kernel lock.
    pub lock_spin: Option<f64>,
}

/// A figure of one logical CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct PerCpu<T> {
    /// The kernel's number of the CPU. Numbers need not be contiguous: a CPU may be offline.
    pub cpu: u32,
    /// Its figure.
    pub value: T,
}

/// Counters since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CpuStats {
    /// Context switches.
    #[doc(alias = "ctx_switches")]
    pub context_switches: Option<u64>,
    /// Hardware interrupts.
    pub interrupts: Option<u64>,
    /// Software interrupts.
    pub soft_interrupts: Option<u64>,
    /// System calls. Not counted by Linux and macOS.
    pub syscalls: Option<u64>,
}

/// Frequency of one CPU, or the mean over CPUs, in MHz.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CpuFrequency {
    /// Now; a nominal value where the system does not tell the momentary one.
    #[doc(alias = "current")]
    pub current_mhz: f64,
    /// The lowest it can run at.
    #[doc(alias = "min")]
    pub min_mhz: Option<f64>,
    /// The highest it can run at.
    #[doc(alias = "max")]
    pub max_mhz: Option<f64>,
}

impl CpuFrequency {
    /// The mean over several CPUs; `None` of none. A limit is averaged over the CPUs that have one.
    #[must_use]
    pub fn mean<'a>(all: impl IntoIterator<Item = &'a CpuFrequency>) -> Option<CpuFrequency> {
        fn mean_of(values: &[f64]) -> Option<f64> {
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        }
        let all: Vec<_> = all.into_iter().collect();
        let current: Vec<f64> = all.iter().map(|one| one.current_mhz).collect();
        let min: Vec<f64> = all.iter().filter_map(|one| one.min_mhz).collect();
        let max: Vec<f64> = all.iter().filter_map(|one| one.max_mhz).collect();
        Some(CpuFrequency {
            current_mhz: mean_of(&current)?,
            min_mhz: mean_of(&min),
            max_mhz: mean_of(&max),
        })
    }
}

/// Mean number of tasks running or waiting to run, over three spans.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LoadAverage {
    /// Over 1 minute.
    pub one: f64,
    /// Over 5 minutes.
    pub five: f64,
    /// Over 15 minutes.
    pub fifteen: f64,
}

impl LoadAverage {
    /// The three means.
    #[must_use]
    pub const fn new(one: f64, five: f64, fifteen: f64) -> Self {
        LoadAverage { one, five, fifteen }
    }
}

/// Where figures about CPUs come from.
pub trait CpuBackend: sealed::Backend {
    /// Time of all CPUs together in each mode since boot.
    fn cpu_times(&self) -> Result<CpuTimes>;

    /// Time of each CPU in each mode since boot, by ascending number. Offline CPUs may be missing.
    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>>;

    /// Logical CPUs online; `None` if that cannot be found out. Affinity and limits play no part.
    fn cpu_count(&self) -> Result<Option<u32>>;

    /// Physical cores; `None` if that cannot be found out.
    fn cpu_count_physical(&self) -> Result<Option<u32>>;

    /// Counters since boot.
    fn cpu_stats(&self) -> Result<CpuStats>;

    /// Load averages.
    fn load_average(&self) -> Result<LoadAverage>;

    /// Mean frequency over the CPUs; `None` where this machine does not tell.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        Err(Error::unsupported("cpu_frequency"))
    }

    /// Frequency of each CPU, by ascending number; empty where this machine does not tell.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        Err(Error::unsupported("cpu_frequency_per_cpu"))
    }

    /// How many threads of the calling process can run at once, every limit set on it taken into
    /// account. The default asks the standard library.
    fn available_parallelism(&self) -> Result<u32> {
        std::thread::available_parallelism()
            .map(|count| u32::try_from(count.get()).unwrap_or(u32::MAX))
            .map_err(|source| Error::io(crate::Context::new("available_parallelism"), source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn guests_are_not_counted_twice() {
        let times = CpuTimes {
            user: secs(10),
            guest: Some(secs(4)),
            nice: secs(2),
            guest_nice: Some(secs(1)),
            idle: secs(8),
            ..CpuTimes::default()
        };
        assert_eq!(times.total(), secs(20));
        assert_eq!(times.busy(), secs(12));
    }

    #[test]
    fn waiting_for_io_is_not_busy() {
        let times = CpuTimes { iowait: Some(secs(5)), user: secs(5), ..CpuTimes::default() };
        assert_eq!(times.busy(), secs(5));
        assert_eq!(times.busy_percent_since(&CpuTimes::default()), Some(50.0));
    }

    #[test]
    fn a_counter_that_went_backwards_counts_as_unmoved() {
        let then = CpuTimes { steal: Some(secs(9)), user: secs(1), ..CpuTimes::default() };
        let now = CpuTimes { steal: Some(secs(3)), user: secs(2), ..CpuTimes::default() };
        let shares = now.percent_since(&then).expect("time passed");
        assert_eq!((shares.user, shares.steal), (100.0, Some(0.0)));
    }

    #[test]
    fn no_time_has_no_share() {
        assert_eq!(CpuTimes::default().percent_since(&CpuTimes::default()), None);
    }

    #[test]
    fn spinning_is_part_of_the_total() {
        let times = CpuTimes { lock_spin: Some(secs(1)), idle: secs(1), ..CpuTimes::default() };
        assert_eq!(times.busy_percent_since(&CpuTimes::default()), Some(50.0));
    }

    #[test]
    fn a_limit_is_averaged_over_the_cpus_that_have_one() {
        let a = CpuFrequency { current_mhz: 1000.0, min_mhz: Some(400.0), max_mhz: None };
        let b = CpuFrequency { current_mhz: 2000.0, min_mhz: None, max_mhz: None };
        let mean = CpuFrequency::mean([&a, &b]).expect("two");
        assert_eq!((mean.current_mhz, mean.min_mhz, mean.max_mhz), (1500.0, Some(400.0), None));
        assert_eq!(CpuFrequency::mean([]), None);
    }
}
