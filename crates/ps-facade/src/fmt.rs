//! Figures for people.

use std::fmt;

/// A number of bytes with one decimal and a letter for the power of 1024, as in `1.5G`.
///
/// ```
/// use ps_facade::fmt::bytes;
///
/// assert_eq!(bytes(0).to_string(), "0.0B");
/// assert_eq!(bytes(1536).to_string(), "1.5K");
/// assert_eq!(format!("{:>8}", bytes(10 * 1024 * 1024)), "   10.0M");
/// ```
#[doc(alias = "bytes2human")]
#[must_use]
pub fn bytes(count: u64) -> Bytes {
    Bytes(count)
}

/// A number of bytes that shows itself to people: see [`bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LETTERS: [char; 7] = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];
        let mut power = 0;
        let mut rest = self.0;
        while rest >= 1024 && power + 1 < LETTERS.len() {
            rest /= 1024;
            power += 1;
        }
        let unit = (1u64 << (10 * power)) as f64;
        let letter = LETTERS.get(power).copied().unwrap_or('E');
        f.pad(&format!("{:.1}{letter}", self.0 as f64 / unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_number_has_a_letter() {
        assert_eq!(bytes(u64::MAX).to_string(), "16.0E");
        assert_eq!(bytes(1023).to_string(), "1023.0B");
        assert_eq!(bytes(1024).to_string(), "1.0K");
    }
}
