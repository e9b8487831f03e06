//! Links below `/proc/PID`: `exe`, `cwd`, `root`, `fd/*`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ps_core::process::without_deleted_mark;

use crate::decode::text::number;

/// Where a link points, as one would write the path.
///
/// Text after a NUL is dropped. ` (deleted)` is dropped unless `exists` knows a file of that very name.
pub fn target(text: &[u8], exists: impl FnOnce(&Path) -> bool) -> &Path {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let text = OsStr::from_bytes(text.get(..end).unwrap_or_default());
    match without_deleted_mark(text) {
        Some(plain) if !exists(Path::new(text)) => Path::new(plain),
        _ => Path::new(text),
    }
}

/// Number of the namespace that a link below `/proc/PID/ns` stands for, as in `pid:[4026531836]`.
#[must_use]
pub fn namespace_of_link(text: &[u8]) -> Option<u64> {
    let open = text.iter().position(|byte| *byte == b'[')?;
    number(text.get(open + 1..)?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_removed_file_is_dropped_unless_a_file_bears_that_name() {
        assert_eq!(target(b"/bin/x (deleted)", |_| false), Path::new("/bin/x"));
        assert_eq!(target(b"/bin/x (deleted)", |_| true), Path::new("/bin/x (deleted)"));
        assert_eq!(target(b"/bin/x", |_| unreachable!("not asked")), Path::new("/bin/x"));
    }

    #[test]
    fn a_namespace_is_the_number_in_brackets() {
        assert_eq!(namespace_of_link(b"pid:[4026531836]"), Some(4_026_531_836));
        for bad in [&b"pid:[]"[..], b"pid:4", b"pid:[4", b""] {
            assert_eq!(namespace_of_link(bad), None);
        }
    }

    #[test]
    fn text_after_a_nul_is_dropped() {
        assert_eq!(target(b"/bin/x\0 (deleted)", |_| false), Path::new("/bin/x"));
    }
}
