//! Pressure stall information: how long tasks waited for a resource that was short.

use std::time::Duration;

use ps_core::Result;

use super::malformed;
use super::text::{columns, lines, number};

/// A resource that can be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PressureKind {
    /// Time on a CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Input and output.
    Io,
    /// Time taken by interrupts (since 6.1, where the kernel accounts for it).
    Irq,
}

impl PressureKind {
    /// The kernel's word, as its files are named.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PressureKind::Cpu => "cpu",
            PressureKind::Memory => "memory",
            PressureKind::Io => "io",
            PressureKind::Irq => "irq",
        }
    }
}

/// How long tasks stalled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stall {
    /// Share of the last 10 seconds, from 0 to 100.
    pub avg10_percent: f64,
    /// Share of the last minute, from 0 to 100.
    pub avg60_percent: f64,
    /// Share of the last 5 minutes, from 0 to 100.
    pub avg300_percent: f64,
    /// All time since boot, or since the group was made.
    pub total: Duration,
}

/// Pressure on one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Pressure {
    /// While at least one task waited. Not told of interrupts.
    pub some: Option<Stall>,
    /// While no task that had something to do could do it. Of CPUs, told since 5.13.
    pub full: Option<Stall>,
}

/// Pressure from a file such as `/proc/pressure/memory`.
///
/// # Errors
///
/// `Decode` if neither line is there, or one is malformed.
pub fn decode_pressure(text: &[u8]) -> Result<Pressure> {
    let mut pressure = Pressure::default();
    for line in lines(text) {
        let field = match columns(line).next() {
            Some(b"some") => &mut pressure.some,
            Some(b"full") => &mut pressure.full,
            _ => continue,
        };
        let stall = stall(line).ok_or_else(|| {
            malformed(
                "pressure",
                format!("cannot make sense of {:?}", String::from_utf8_lossy(line)),
            )
        })?;
        *field = Some(stall);
    }
    if pressure == Pressure::default() {
        return Err(malformed("pressure", "neither of the two lines"));
    }
    Ok(pressure)
}

fn stall(line: &[u8]) -> Option<Stall> {
    let text =
        |key: &[u8]| columns(line).find_map(|column| column.strip_prefix(key)?.strip_prefix(b"="));
    let percent = |key: &[u8]| number::<f64>(text(key)?).filter(|value| value.is_finite());
    Some(Stall {
        avg10_percent: percent(b"avg10")?,
        avg60_percent: percent(b"avg60")?,
        avg300_percent: percent(b"avg300")?,
        total: Duration::from_micros(number(text(b"total")?)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pressure_has_two_lines_or_one() {
        let text = b"some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=45\n";
        let pressure = decode_pressure(text).expect("decodes");
        let some = pressure.some.expect("told");
        assert_eq!((some.avg10_percent, some.avg60_percent, some.avg300_percent), (1.5, 0.25, 0.0));
        assert_eq!(some.total, Duration::from_micros(12_345));
        assert_eq!(pressure.full.expect("told").total, Duration::from_micros(45));
        let irq =
            decode_pressure(b"full avg10=0.00 avg60=0.00 avg300=0.00 total=9\n").expect("decodes");
        assert!(irq.some.is_none() && irq.full.is_some());
    }

    #[test]
    fn kinds_are_named_as_their_files() {
        use PressureKind::{Cpu, Io, Irq, Memory};
        assert_eq!([Cpu, Memory, Io, Irq].map(PressureKind::name), ["cpu", "memory", "io", "irq"]);
    }

    #[test]
    fn a_file_cut_off_is_an_error() {
        for text in [&b""[..], b"some avg10=1.50 avg60", b"some avg10=x avg60=0 avg300=0 total=1\n"]
        {
            assert!(decode_pressure(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = decode_pressure(&bytes);
            let _ = decode_pressure(&[b"some ", &bytes[..]].concat());
        }
    }
}
