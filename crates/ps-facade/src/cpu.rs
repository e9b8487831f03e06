//! Time per mode, counts, frequency and load of the machine's CPUs.

use std::time::Duration;

use ps_core::CpuBackend;
pub use ps_core::cpu::{CpuFrequency, CpuStats, CpuTimes, CpuTimesPercent, LoadAverage, PerCpu};

pub use crate::engine::sampler::CpuUse;

use crate::engine::sampler::CpuReadings;
use crate::{Result, System};

asks! {
    in "cpu";

    /// Time of all CPUs together in each mode since boot.
    ///
    /// To learn how busy the machine is, compare two readings with [`CpuTimes::busy_percent_since`].
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. A mode that a system does not tell apart is `None`.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|
    /// | first line of `/proc/stat` | `host_statistics` | `kern.cp_time` | `KERN_CPTIME2`, summed | `kern.cp_time` |
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::Error::Decode) if the kernel's answer lacks the line; [`Io`](crate::Error::Io) if it
    /// cannot be read.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let times = ps_facade::cpu::times()?;
    /// assert!(times.busy() <= times.total());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "cpu_times")]
    fn times = cpu_times() -> CpuTimes;

    /// Time of each CPU in each mode since boot, by ascending number. An offline CPU may be missing.
    ///
    /// Availability, source, errors and privileges are those of [`times`].
    ///
    /// # Examples
    ///
    /// ```
    /// for one in ps_facade::cpu::times_per_cpu()? {
    ///     println!("cpu{}: {:?} idle", one.cpu, one.value.idle);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "percpu_times")]
    fn times_per_cpu = cpu_times_per_cpu() -> Vec<PerCpu<CpuTimes>>;

    /// Logical CPUs online; `None` if that cannot be found out.
    ///
    /// Affinity, control groups and environment play no part: see [`available_parallelism`].
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// | Linux | macOS | the BSDs |
    /// |---|---|---|
    /// | `sysconf`, else `/proc/cpuinfo`, else `/proc/stat` | `hw.logicalcpu` | `hw.ncpu`, on OpenBSD `hw.ncpuonline` |
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ps_facade::cpu::count()? != Some(0));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "cpu_count")]
    fn count = cpu_count() -> Option<u32>;

    /// Physical cores; `None` if that cannot be found out.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD. OpenBSD and NetBSD tell only of a machine with a single CPU.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD |
    /// |---|---|---|
    /// | `topology/core_cpus_list` of each CPU, else `/proc/cpuinfo` | `hw.physicalcpu` | `kern.smp.cores` |
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let (Some(cores), Some(cpus)) = (ps_facade::cpu::count_physical()?, ps_facade::cpu::count()?) {
    ///     println!("{cores} cores, {cpus} CPUs");
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "physical_cpu_count")]
    fn count_physical = cpu_count_physical() -> Option<u32>;

    /// Context switches, interrupts and system calls since boot.
    ///
    /// # Availability
    ///
    /// Linux and the BSDs; what a system does not count is `None`.
    ///
    /// # Source
    ///
    /// | Linux | FreeBSD | OpenBSD, NetBSD |
    /// |---|---|---|
    /// | `ctxt`, `intr`, `softirq` of `/proc/stat` | `vm.stats.sys` | `vm.uvmexp`, `vm.uvmexp2` |
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{:?} switches", ps_facade::cpu::stats()?.context_switches);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "cpu_stats")]
    fn stats = cpu_stats() -> CpuStats;

    /// Mean frequency over the CPUs; `None` where this machine does not tell.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. Outside of Linux the current frequency is a nominal one.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|
    /// | `cpufreq` below `/sys/devices/system/cpu`, else `/proc/cpuinfo` | `hw.cpufrequency`, else the device tree | `dev.cpu.N.freq` | `hw.cpuspeed` | `machdep.cpufreq` or `machdep.*.frequency` |
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if a driver that is there cannot be asked.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let Ok(Some(frequency)) = ps_facade::cpu::frequency() {
    ///     println!("{:.0} MHz", frequency.current_mhz);
    /// }
    /// ```
    #[doc(alias = "cpu_freq")]
    fn frequency = cpu_frequency() -> Option<CpuFrequency>;

    /// Frequency of each CPU, by ascending number; empty where this machine does not tell.
    ///
    /// Availability, source, errors and privileges are those of [`frequency`].
    ///
    /// # Examples
    ///
    /// ```
    /// for one in ps_facade::cpu::frequency_per_cpu().unwrap_or_default() {
    ///     println!("cpu{}: {:.0} MHz", one.cpu, one.value.current_mhz);
    /// }
    /// ```
    #[doc(alias = "percpu_freq")]
    fn frequency_per_cpu = cpu_frequency_per_cpu() -> Vec<PerCpu<CpuFrequency>>;

    /// Mean number of tasks running or waiting to run, over 1, 5 and 15 minutes.
    ///
    /// Linux also counts tasks that wait for disks.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/loadavg` on Linux, `vm.loadavg` elsewhere.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ps_facade::cpu::load_average()?.one >= 0.0);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "getloadavg")]
    fn load_average = load_average() -> LoadAverage;

    /// How many threads of this program can run at once: affinity, CPU sets and quotas taken into account.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; quotas on Linux only.
    ///
    /// # Source
    ///
    /// On Linux `sched_getaffinity`, and the quota of the control group and of all above it, rounded down, at
    /// least 1; elsewhere the standard library.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ps_facade::cpu::available_parallelism()? >= 1);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn available_parallelism = available_parallelism() -> u32;
}

/// How busy the CPUs are, from one call to the next.
///
/// What is compared with is held here and nowhere else: two of these do not disturb each other, nor do the figures
/// of all CPUs together and those of each, which are held apart. The first call has no answer.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ps_facade::cpu::CpuSampler;
///
/// let mut sampler = CpuSampler::new();
/// assert_eq!(sampler.sample()?, None);
/// std::thread::sleep(Duration::from_millis(50));
/// if let Some(used) = sampler.sample()? {
///     println!("{:.1} % busy, {:.1} % in the kernel", used.busy, used.modes.system);
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[doc(alias = "cpu_percent")]
#[doc(alias = "cpu_times_percent")]
#[derive(Clone, Debug)]
pub struct CpuSampler {
    system: System,
    readings: CpuReadings,
}

impl CpuSampler {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> CpuSampler {
        CpuSampler::of(&System::default())
    }

    /// The same, of another system than the default one.
    #[must_use]
    pub fn of(system: &System) -> CpuSampler {
        CpuSampler { system: system.clone(), readings: CpuReadings::default() }
    }

    /// All CPUs together since the call before; `None` the first time, and if no time has passed.
    ///
    /// # Errors
    ///
    /// Those of [`times`].
    pub fn sample(&mut self) -> Result<Option<CpuUse>> {
        Ok(self.readings.all(self.system.cpu_times()?))
    }

    /// Each CPU since the call of this before, by ascending number; `None` for one that was not there then, and if no
    /// time has passed.
    ///
    /// # Errors
    ///
    /// Those of [`times_per_cpu`].
    pub fn sample_per_cpu(&mut self) -> Result<Vec<PerCpu<Option<CpuUse>>>> {
        Ok(self.readings.each(self.system.cpu_times_per_cpu()?))
    }
}

impl Default for CpuSampler {
    fn default() -> CpuSampler {
        CpuSampler::new()
    }
}

/// Share of an interval, which is slept through, that was not idle, from 0 to 100; `None` if the kernel's clocks did
/// not move meanwhile, as in an interval shorter than they can tell.
///
/// To look again and again without waiting, hold a [`CpuSampler`].
///
/// Availability, source, errors and privileges are those of [`times`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// if let Some(percent) = ps_facade::cpu::percent(Duration::from_millis(50))? {
///     assert!((0.0..=100.0).contains(&percent));
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[doc(alias = "cpu_percent")]
pub fn percent(interval: Duration) -> Result<Option<f64>> {
    let mut sampler = CpuSampler::new();
    sampler.sample()?;
    std::thread::sleep(interval);
    Ok(sampler.sample()?.map(|used| used.busy))
}

/// The same as [`percent`] of each CPU, by ascending number; `None` also for one that was not there at first.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// for one in ps_facade::cpu::percent_per_cpu(Duration::from_millis(50))? {
///     println!("cpu{}: {:?}", one.cpu, one.value);
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn percent_per_cpu(interval: Duration) -> Result<Vec<PerCpu<Option<f64>>>> {
    let mut sampler = CpuSampler::new();
    sampler.sample_per_cpu()?;
    std::thread::sleep(interval);
    let busy = |one: PerCpu<Option<CpuUse>>| PerCpu {
        cpu: one.cpu,
        value: one.value.map(|used| used.busy),
    };
    Ok(sampler.sample_per_cpu()?.into_iter().map(busy).collect())
}
