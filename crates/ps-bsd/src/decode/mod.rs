//! Answers of the BSD kernels to records: pure, and built on every host.
//!
//! What a decoder needs beyond the bytes (page size, clock rate, boot time) comes in as an argument. None of
//! them panics, whatever the bytes are. What the three systems share lies here; the rest below the name of each.

pub mod clock;
pub mod cpu;
pub mod disk;
pub mod freebsd;
pub mod host;
pub mod net;
pub mod netbsd;
pub mod openbsd;
pub mod process;

use std::time::Duration;

use ps_core::raw::Short;
use ps_core::{Context, Error};

/// How a machine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Units {
    /// Bytes in a page of memory.
    pub page_size: u64,
    /// Ticks of the statistics clock in a second, in which CPU times of the machine are counted.
    pub ticks_per_second: u64,
}

impl Units {
    /// A number of ticks as a span of time.
    #[must_use]
    pub fn ticks(&self, ticks: u64) -> Duration {
        let per_second = self.ticks_per_second.max(1);
        let nanos = u128::from(ticks % per_second) * 1_000_000_000 / u128::from(per_second);
        Duration::new(ticks / per_second, u32::try_from(nanos).unwrap_or(999_999_999))
    }

    /// A number of pages in bytes.
    #[must_use]
    pub fn pages(&self, pages: u64) -> u64 {
        pages.saturating_mul(self.page_size)
    }

    /// A number of pages in bytes, from a field with a sign; less than none is none.
    #[must_use]
    pub fn signed_pages(&self, pages: i64) -> u64 {
        self.pages(unsigned(pages))
    }
}

/// A count from a field with a sign; less than none is none.
#[must_use]
pub fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A number of KiB, from a field with a sign, in bytes.
#[must_use]
pub fn kib(count: i64) -> u64 {
    unsigned(count).saturating_mul(1024)
}

/// The error for bytes that make no sense. Of which process they were is added by the reader.
#[must_use]
pub fn malformed(record: &'static str, reason: impl Into<Box<str>>) -> Error {
    Error::decode(Context::new(record), reason)
}

/// The error for an answer that is shorter than its record.
#[must_use]
pub fn too_short(short: &Short) -> Error {
    malformed(short.record, short.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_keep_their_fraction_and_never_overflow() {
        let units = Units { page_size: 4096, ticks_per_second: 127 };
        assert_eq!(units.ticks(254), Duration::from_secs(2));
        assert_eq!(units.ticks(128), Duration::new(1, 7_874_015));
        assert_eq!(units.ticks(u64::MAX).as_secs(), u64::MAX / 127);
        let odd = Units { page_size: 0, ticks_per_second: 0 };
        assert_eq!(odd.ticks(3), Duration::from_secs(3));
        let fast = Units { page_size: 1, ticks_per_second: u64::MAX };
        assert_eq!(fast.ticks(u64::MAX - 1), Duration::new(0, 999_999_999));
        assert_eq!(units.pages(u64::MAX), u64::MAX);
        assert_eq!((units.signed_pages(-1), units.signed_pages(2)), (0, 8192));
    }
    #[test]
    fn a_kib_has_1024_bytes_and_less_than_none_is_none() {
        assert_eq!([3, 0, -1, i64::MIN].map(kib), [3072, 0, 0, 0]);
        assert_eq!(kib(i64::MAX), u64::MAX);
    }
}
