//! Bytes that the kernel hands out to records: pure, and built on every host.
//!
//! What a decoder needs beyond the bytes (page size, clock rate) comes in as an argument. None of them panics,
//! whatever the bytes are. Layouts are those of 64-bit machines, and are held against Apple's headers.

pub mod cpu;
pub mod disk;
pub mod heap;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sensors;

use std::time::{Duration, SystemTime};

use ps_core::raw::Short;
use ps_core::{Context, Error};

use crate::raw::host::Timeval;

/// How the machine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Units {
    /// Bytes in a page of the kernel, which differs from the caller's where that is translated (Rosetta).
    pub kernel_page_size: u64,
    /// Mach ticks in a second.
    pub mach_hz: u64,
    /// Whether the kernel runs on 64-bit ARM, whatever the calling process was built for.
    pub arm: bool,
}

impl Units {
    /// A number of Mach ticks as a span of time.
    ///
    /// By the clock's true frequency. The usual numerator and denominator are no guide: to a translated
    /// process they say that a tick is a nanosecond, while the counts it reads are those of the machine.
    #[must_use]
    pub fn mach(&self, ticks: u64) -> Duration {
        let hz = self.mach_hz.max(1);
        // The rest is below the rate, so the quotient is below a thousand million.
        let nanos = u128::from(ticks % hz) * 1_000_000_000 / u128::from(hz);
        Duration::new(ticks / hz, u32::try_from(nanos).unwrap_or(999_999_999))
    }

    /// A number of the kernel's pages in bytes.
    #[must_use]
    pub fn kernel_pages(&self, pages: u64) -> u64 {
        pages.saturating_mul(self.kernel_page_size)
    }
}

/// What a property of a device or of a power source holds, copied out of the object that held it.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_enums)]
pub enum Property {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Data(Vec<u8>),
    /// Several in order.
    List(Vec<Property>),
    /// Several by name.
    Map(Vec<(String, Property)>),
    /// Of a type that nothing here needs.
    Other,
}

impl Property {
    /// One of those that it holds by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Property> {
        match self {
            Property::Map(all) => all.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The number it is, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Property::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The text it is, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Property::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it says yes, if it says either.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Property::Bool(yes) => Some(*yes),
            _ => None,
        }
    }
}

/// The error for bytes that make no sense. What was read, and of which process, is added by the reader.
pub(crate) fn malformed(record: &'static str, reason: impl Into<Box<str>>) -> Error {
    Error::decode(Context::new(record), reason)
}

/// The error for an answer that does not hold its record.
pub(crate) fn short(short: Short) -> Error {
    malformed(short.record, short.to_string())
}

/// A moment on the wall clock; `None` if it lies outside of what can be told.
#[must_use]
pub fn moment(time: Timeval) -> Option<SystemTime> {
    let micros = u64::try_from(time.tv_usec).ok().filter(|micros| *micros < 1_000_000)?;
    let secs = Duration::from_secs(time.tv_sec.unsigned_abs());
    let whole = match time.tv_sec {
        0.. => SystemTime::UNIX_EPOCH.checked_add(secs)?,
        _ => SystemTime::UNIX_EPOCH.checked_sub(secs)?,
    };
    whole.checked_add(Duration::from_micros(micros))
}

/// A number of two's complement, in as many bytes as the kernel found right.
pub(crate) fn number(answer: &[u8]) -> Option<i64> {
    if let Ok(bytes) = answer.try_into() {
        return Some(i64::from_ne_bytes(bytes));
    }
    Some(i64::from(i32::from_ne_bytes(answer.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_of_apple_silicon_is_no_nanosecond() {
        let arm = Units { kernel_page_size: 16384, mach_hz: 24_000_000, arm: true };
        assert_eq!(arm.mach(24_000_000), Duration::from_secs(1));
        assert_eq!(arm.mach(36_000_001), Duration::new(1, 500_000_041));
        let intel = Units { mach_hz: 1_000_000_000, ..arm };
        assert_eq!(intel.mach(24_000_000), Duration::from_millis(24));
        assert_eq!(arm.mach(u64::MAX).as_secs(), u64::MAX / 24_000_000);
        assert_eq!(Units { mach_hz: 0, ..arm }.mach(3), Duration::from_secs(3));
    }

    #[test]
    fn a_moment_outside_of_the_calendar_is_none() {
        let at = |tv_sec, tv_usec| moment(Timeval { tv_sec, tv_usec });
        assert_eq!(at(1, 5), Some(SystemTime::UNIX_EPOCH + Duration::from_micros(1_000_005)));
        assert_eq!(at(-1, 0), Some(SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
        assert_eq!((at(0, -1), at(0, 1_000_000)), (None, None));
        // Whether these can be told depends on the host; none may make it panic.
        let _ = (at(i64::MAX, 999_999), at(i64::MIN, 0));
    }

    #[test]
    fn a_number_is_read_at_the_width_it_comes_in() {
        assert_eq!(number(&(-5i32).to_ne_bytes()), Some(-5));
        assert_eq!(number(&u64::to_ne_bytes(1 << 40)), Some(1 << 40));
        assert_eq!(number(&[1, 2, 3]), None);
        assert_eq!(number(&[]), None);
    }
}
