//! Acting on a process.

use std::time::Duration;

use ps_core::process::ControlBackend;

use super::{Limit, Process, Resource};
use crate::{Result, Signal};

impl Process {
    /// Sends a signal. A zombie takes it without effect; signal 0 ([`Signal::NULL`]) only checks that it could
    /// be sent.
    ///
    /// It reaches this process or nobody, even if another has the pid by now. On Linux from 5.3 on that holds
    /// without exception; elsewhere, a moment remains between the last look and the signal.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. Real-time signals on Linux, FreeBSD and NetBSD.
    ///
    /// # Source
    ///
    /// `pidfd_send_signal` on Linux, `kill` elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if it has gone;
    /// [`AccessDenied`](crate::Error::AccessDenied) if the caller may not signal it;
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for pid 0, for a thread that is no process, and for a
    /// signal that the system does not have.
    ///
    /// Needs the rights of its user, or root's.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Process, Signal};
    ///
    /// Process::current()?.send_signal(Signal::NULL)?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn send_signal(&self, signal: Signal) -> Result<()> {
        self.ask("send_signal", |backend, handle| backend.send_signal(handle, signal))
    }

    /// Stops it, until it is [resumed](Process::resume): `SIGSTOP`.
    ///
    /// Availability, errors and privileges are those of [`send_signal`](Process::send_signal).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sleep").arg("60"))?;
    /// child.suspend()?;
    /// child.resume()?;
    /// child.kill()?;
    /// child.wait()?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn suspend(&self) -> Result<()> {
        self.send_signal(Signal::Stop)
    }

    /// Lets it go on after it was [suspended](Process::suspend): `SIGCONT`.
    ///
    /// Availability, errors and privileges are those of [`send_signal`](Process::send_signal).
    pub fn resume(&self) -> Result<()> {
        self.send_signal(Signal::Cont)
    }

    /// Asks it to end, which it may do in its own time, or not at all: `SIGTERM`.
    ///
    /// Availability, errors and privileges are those of [`send_signal`](Process::send_signal).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sleep").arg("60"))?;
    /// child.terminate()?;
    /// assert!(child.wait()?.is_some_and(|status| !status.success()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn terminate(&self) -> Result<()> {
        self.send_signal(Signal::Term)
    }

    /// Ends it: `SIGKILL`.
    ///
    /// Availability, errors and privileges are those of [`send_signal`](Process::send_signal).
    pub fn kill(&self) -> Result<()> {
        self.send_signal(Signal::Kill)
    }

    /// Sets its nice value, low being strong. The kernel silently brings it into its bounds.
    ///
    /// On Linux each thread has its own: this sets the main thread's.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `setpriority`, which goes by number: that the number means this process is confirmed before and after. One
    /// that has gone before is never touched; one that goes inside the call is reported.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if it has gone;
    /// [`AccessDenied`](crate::Error::AccessDenied) if the caller may not; [`InvalidArgument`](crate::Error::InvalidArgument)
    /// for pid 0.
    ///
    /// Raising needs the rights of its user; lowering needs root's.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// me.set_nice(me.nice()?)?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn set_nice(&self, nice: i32) -> Result<()> {
        self.ask("set_nice", |backend, handle| backend.set_nice(handle, nice))
    }

    /// Sets one of its resource limits, and gives back the one before.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD; partly NetBSD.
    ///
    /// # Source
    ///
    /// `prlimit` on Linux, `kern.proc.rlimit` on FreeBSD; by number, confirmed before and after as for
    /// [`set_nice`](Process::set_nice).
    ///
    /// # Errors
    ///
    /// Those of [`set_nice`](Process::set_nice); [`InvalidArgument`](crate::Error::InvalidArgument) also for a soft
    /// limit above the hard one, or a resource that the system does not limit;
    /// [`Unsupported`](crate::Error::Unsupported) on macOS and OpenBSD.
    ///
    /// Lowering needs the rights of its user; raising the hard limit needs root's.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::process::{Process, Resource};
    ///
    /// let me = Process::current()?;
    /// let limit = me.limit(Resource::OpenFiles)?;
    /// assert_eq!(me.set_limit(Resource::OpenFiles, limit)?, limit);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "rlimit")]
    pub fn set_limit(&self, resource: Resource, limit: Limit) -> Result<Limit> {
        self.ask("set_limit", |backend, handle| backend.set_limit(handle, resource, limit))
    }

    /// Whether soft and hard limit are set in one step, so that nobody sees one without the other.
    ///
    /// # Examples
    ///
    /// ```
    /// if ps_facade::Process::current()?.limits_are_atomic() {
    ///     println!("no limit is ever half set");
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[must_use]
    pub fn limits_are_atomic(&self) -> bool {
        self.system().backend().limits_are_atomic()
    }

    /// Sets the CPUs it may run on; of none, all that it is allowed.
    ///
    /// On Linux each thread has its own: this sets the main thread's, and threads started by it from then on.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD.
    ///
    /// # Source
    ///
    /// `sched_setaffinity` on Linux, `cpuset_setaffinity` on FreeBSD; by number, confirmed before and after as for
    /// [`set_nice`](Process::set_nice).
    ///
    /// # Errors
    ///
    /// Those of [`set_nice`](Process::set_nice); [`InvalidArgument`](crate::Error::InvalidArgument), naming the CPUs
    /// there are, if none of them can be used; [`Unsupported`](crate::Error::Unsupported) elsewhere.
    ///
    /// Needs the rights of its user.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// let cpus = me.cpu_affinity()?;
    /// me.set_cpu_affinity(&cpus)?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn set_cpu_affinity(&self, cpus: &[u32]) -> Result<()> {
        self.ask("set_cpu_affinity", |backend, handle| backend.set_cpu_affinity(handle, cpus))
    }

    /// The share of time that it spends on CPUs during an interval, which is slept through; 100 for each CPU fully
    /// used. `None` of no interval at all.
    ///
    /// To watch a process without waiting, hold a [`CpuUsage`](super::CpuUsage); to watch all,
    /// a `ProcessTable`.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Errors
    ///
    /// Those of [`cpu_times`](Process::cpu_times), before or after.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let me = ps_facade::Process::current()?;
    /// if let Some(percent) = me.cpu_percent(Duration::from_millis(20))? {
    ///     println!("{percent:.1} %");
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn cpu_percent(&self, interval: Duration) -> Result<Option<f64>> {
        let mut usage = super::CpuUsage::of(self);
        usage.sample()?;
        if interval.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(interval);
        usage.sample()
    }
}
