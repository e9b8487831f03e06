//! `/proc/PID/statm`: sizes in pages.

use ps_core::Result;
use ps_core::process::MemoryInfo;

use crate::decode::text::first_number;
use crate::decode::{Units, malformed};

/// The columns of `/proc/PID/statm` that hold something, in pages; all of them 0 for what has no memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct Statm {
    pub size: u64,
    pub resident: u64,
    pub shared: u64,
    pub text: u64,
    pub data: u64,
}

/// Decodes `/proc/PID/statm`.
pub fn decode_statm(line: &[u8]) -> Result<Statm> {
    let mut rest = line;
    let mut next = || {
        let (value, after) = first_number(rest)?;
        rest = after;
        Some(value)
    };
    let decoded = (|| {
        let (size, resident, shared, text) = (next()?, next()?, next()?, next()?);
        next()?; // lib: always 0
        Some(Statm { size, resident, shared, text, data: next()? })
    })();
    decoded.ok_or_else(|| malformed("statm", "fewer than six numbers"))
}

impl Statm {
    /// The main figures in bytes.
    #[must_use]
    pub fn memory(&self, units: Units) -> MemoryInfo {
        let mut memory = MemoryInfo::default();
        memory.rss = units.pages(self.resident);
        memory.vms = units.pages(self.size);
        memory.shared = Some(units.pages(self.shared));
        memory.text = Some(units.pages(self.text));
        memory.data = Some(units.pages(self.data));
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_become_bytes_by_the_page_size_of_the_machine() {
        let statm = decode_statm(b"100 20 5 3 0 40 0\n").expect("decodes");
        let memory = statm.memory(Units { page_size: 65536, ticks_per_second: 100 });
        assert_eq!((memory.vms, memory.rss), (100 * 65536, 20 * 65536));
        assert_eq!((memory.shared, memory.data), (Some(5 * 65536), Some(40 * 65536)));
    }

    #[test]
    fn a_file_that_is_empty_or_cut_off_is_an_error_not_zero() {
        for cut in [&b""[..], b"1 2 3", b"1 2 3 4 x 5 6", b"-1 2 3 4 5 6 7"] {
            assert!(decode_statm(cut).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_statm(&bytes);
        }
    }
}
