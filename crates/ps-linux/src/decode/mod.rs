//! Bytes of kernel files to records: pure, and built on every host.
//!
//! What a decoder needs beyond the bytes (page size, clock ticks, boot time) comes in as an argument. None of
//! them panics, whatever the bytes are.

#[cfg(feature = "bpf")]
pub mod bpf;
pub mod cgroup;
pub mod cpu;
pub mod disk;
pub mod host;
pub mod mem;
pub mod net;
pub mod pressure;
pub mod process;
pub mod sensors;

pub use ps_core::decode::text;
use ps_core::{Context, Error};

/// How the machine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Units {
    /// Bytes in a page of memory.
    pub page_size: u64,
    /// Clock ticks in a second, in which the kernel reports CPU times and starts.
    pub ticks_per_second: u64,
}

impl Units {
    /// A number of ticks as a span of time.
    #[must_use]
    pub fn ticks(&self, ticks: u64) -> std::time::Duration {
        let per_second = self.ticks_per_second.max(1);
        let whole = ticks / per_second;
        // Less than a second's worth of ticks: the product stays far below 2^64.
        let nanos = (ticks % per_second).saturating_mul(1_000_000_000) / per_second;
        std::time::Duration::new(whole, u32::try_from(nanos).unwrap_or(999_999_999))
    }

    /// A number of pages in bytes.
    #[must_use]
    pub fn pages(&self, pages: u64) -> u64 {
        pages.saturating_mul(self.page_size)
    }
}

/// The error for bytes that make no sense. What was read, and of which process, is added by the reader.
pub(crate) fn malformed(record: &'static str, reason: impl Into<Box<str>>) -> Error {
    Error::decode(Context::new(record), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ticks_keep_their_fraction_and_never_overflow() {
        let units = Units { page_size: 4096, ticks_per_second: 100 };
        assert_eq!(units.ticks(250), Duration::from_millis(2500));
        assert_eq!(units.ticks(u64::MAX).as_secs(), u64::MAX / 100);
        let odd = Units { page_size: 0, ticks_per_second: 0 };
        assert_eq!(odd.ticks(3), Duration::from_secs(3));
        assert_eq!(units.pages(u64::MAX), u64::MAX);
    }
}
