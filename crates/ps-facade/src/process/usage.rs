//! The CPU use of one process over time.

use super::Process;
use crate::Result;
use crate::engine::sampler::ProcessReading;

/// The share of time that a process spends on CPUs, from one call to the next.
///
/// What is compared with is held here and nowhere else: two of them do not disturb each other. To watch all
/// processes, a `ProcessTable` holds this for each of them.
///
/// # Examples
///
/// ```
/// use ps_facade::process::{CpuUsage, Process};
///
/// let mut usage = CpuUsage::of(&Process::current()?);
/// assert_eq!(usage.sample()?, None);
/// std::thread::sleep(std::time::Duration::from_millis(5));
/// assert!(usage.sample()?.is_some_and(|percent| percent >= 0.0));
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CpuUsage {
    process: Process,
    reading: ProcessReading,
}

impl CpuUsage {
    /// Nothing read yet.
    #[must_use]
    pub fn of(process: &Process) -> CpuUsage {
        CpuUsage { process: process.clone(), reading: ProcessReading::default() }
    }

    /// The process that is watched.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The share since the call before, 100 for each CPU fully used; `None` the first time, and if no time has
    /// passed. Not divided by the number of CPUs, and without the time of children.
    ///
    /// # Errors
    ///
    /// Those of [`Process::cpu_times`].
    pub fn sample(&mut self) -> Result<Option<f64>> {
        let times = self.process.cpu_times()?;
        Ok(self.reading.next(times, self.process.system().now()))
    }
}
