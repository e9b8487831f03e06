//! Time per mode, counts, frequency and load of the machine's CPUs.

use ps_core::CpuBackend;
pub use ps_core::cpu::{CpuFrequency, CpuStats, CpuTimes, CpuTimesPercent, LoadAverage, PerCpu};

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
    /// Linux, macOS, FreeBSD, OpenBSD. Outside of Linux the current frequency is a nominal one.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD |
    /// |---|---|---|---|
    /// | `cpufreq` below `/sys/devices/system/cpu`, else `/proc/cpuinfo` | `hw.cpufrequency`, else the device tree | `dev.cpu.N.freq` | `hw.cpuspeed` |
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on NetBSD.
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
