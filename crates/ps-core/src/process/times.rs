//! CPU time, faults and switches of a process.

use std::time::Duration;

/// CPU time that a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ProcessTimes {
    /// Running its own code.
    pub user: Duration,
    /// Running the kernel on its behalf.
    pub system: Duration,
    /// Own code of children that have ended and were collected. Linux and FreeBSD.
    pub children_user: Option<Duration>,
    /// Kernel time of children that have ended and were collected. Linux and FreeBSD.
    pub children_system: Option<Duration>,
    /// Both of the last two together. Not on macOS.
    pub children: Option<Duration>,
    /// Waiting for input or output of block devices; not part of the others. Linux only, and zero unless the kernel was
    /// told to count it (`kernel.task_delayacct`, not set by default from 5.14 on).
    pub iowait: Option<Duration>,
}

impl ProcessTimes {
    /// Own code and kernel, without children.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.user.saturating_add(self.system)
    }

    /// CPU time used since an earlier reading as a share of the time that passed, 100 for each CPU fully
    /// used. `None` when no time has passed. A counter that went backwards counts as unmoved.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ps_core::process::ProcessTimes;
    ///
    /// let then = ProcessTimes::default();
    /// let mut now = then;
    /// now.user = Duration::from_secs(4);
    /// assert_eq!(now.percent_since(&then, Duration::from_secs(2)), Some(200.0));
    /// assert_eq!(now.percent_since(&then, Duration::ZERO), None);
    /// ```
    #[must_use]
    pub fn percent_since(&self, earlier: &ProcessTimes, elapsed: Duration) -> Option<f64> {
        let used = self.total().saturating_sub(earlier.total());
        (!elapsed.is_zero()).then(|| used.as_secs_f64() / elapsed.as_secs_f64() * 100.0)
    }
}

/// Page faults of a process since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct PageFaults {
    /// Served without reading from a disk.
    pub minor: u64,
    /// Served by reading from a disk.
    pub major: u64,
}

/// Context switches of a process or thread since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContextSwitches {
    /// Asked for, by waiting for something. `None` where the system counts only both together.
    pub voluntary: Option<u64>,
    /// Forced by the scheduler. `None` where the system counts only both together.
    pub involuntary: Option<u64>,
    total: u64,
}

impl ContextSwitches {
    /// Counted apart.
    #[must_use]
    pub const fn new(voluntary: u64, involuntary: u64) -> Self {
        ContextSwitches {
            voluntary: Some(voluntary),
            involuntary: Some(involuntary),
            total: voluntary.saturating_add(involuntary),
        }
    }

    /// Counted together.
    #[must_use]
    pub const fn together(total: u64) -> Self {
        ContextSwitches { voluntary: None, involuntary: None, total }
    }

    /// Both kinds together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Input and output of a process since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IoCounters {
    /// Read operations: calls on Linux, blocks on the BSDs. `None` on macOS.
    pub read_count: Option<u64>,
    /// Write operations: calls on Linux, blocks on the BSDs. `None` on macOS.
    pub write_count: Option<u64>,
    /// Bytes fetched from storage. Linux and macOS.
    pub read_bytes: Option<u64>,
    /// Bytes sent to storage. Linux and macOS.
    pub write_bytes: Option<u64>,
    /// Bytes that read calls moved, caches and terminals included. Linux only.
    pub read_chars: Option<u64>,
    /// Bytes that write calls moved, caches and terminals included. Linux only.
    pub write_chars: Option<u64>,
    /// Bytes counted as written that never reached storage, since the file was cut or removed first.
    /// Linux only.
    pub cancelled_write_bytes: Option<u64>,
}
