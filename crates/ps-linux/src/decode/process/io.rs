//! `/proc/PID/io`: bytes and calls.

use ps_core::Result;
use ps_core::process::IoCounters;

use crate::decode::malformed;
use crate::decode::text::{key_value, lines, number};

/// Decodes `/proc/PID/io`. Blank lines and lines of another form are passed over.
pub fn decode_io(text: &[u8]) -> Result<IoCounters> {
    let mut counters = IoCounters::default();
    for (key, value) in lines(text).filter_map(|line| key_value(line, b':')) {
        let value: Option<u64> = number(value);
        match key {
            b"rchar" => counters.read_chars = value,
            b"wchar" => counters.write_chars = value,
            b"syscr" => counters.read_count = value,
            b"syscw" => counters.write_count = value,
            b"read_bytes" => counters.read_bytes = value,
            b"write_bytes" => counters.write_bytes = value,
            b"cancelled_write_bytes" => counters.cancelled_write_bytes = value,
            _ => {}
        }
    }
    let need = |value: Option<u64>, name: &str| {
        value.ok_or_else(|| malformed("io", format!("no number under {name:?}")))
    };
    need(counters.read_count, "syscr")?;
    need(counters.write_count, "syscw")?;
    need(counters.read_bytes, "read_bytes")?;
    need(counters.write_bytes, "write_bytes")?;
    need(counters.read_chars, "rchar")?;
    need(counters.write_chars, "wchar")?;
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n\
        cancelled_write_bytes: 7\n";

    #[test]
    fn calls_bytes_and_chars_are_told_apart() {
        let io = decode_io(TEXT).expect("decodes");
        assert_eq!((io.read_count, io.write_count), (Some(3), Some(4)));
        assert_eq!((io.read_bytes, io.write_bytes), (Some(5), Some(6)));
        assert_eq!((io.read_chars, io.write_chars), (Some(1), Some(2)));
        assert_eq!(io.cancelled_write_bytes, Some(7));
    }

    #[test]
    fn blank_and_malformed_lines_are_passed_over() {
        let odd = [b"\nnonsense\n".as_slice(), TEXT, b"\n\n"].concat();
        assert_eq!(decode_io(&odd).expect("decodes"), decode_io(TEXT).expect("decodes"));
    }

    #[test]
    fn an_empty_file_or_a_missing_figure_is_an_error_that_names_it() {
        assert!(decode_io(b"").is_err());
        let error = decode_io(b"syscr: 1\n").expect_err("incomplete");
        assert!(error.to_string().contains("syscw"), "{error}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_io(&bytes);
        }
    }
}
