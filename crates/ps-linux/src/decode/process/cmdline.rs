//! `/proc/PID/cmdline`: the arguments, or what the process wrote over them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use ps_core::process::Arguments;

/// Whether these bytes are one argument with blanks in it: a title written over the arguments, or a
/// program started with an odd name. Only a look at the file system can tell which.
#[must_use]
pub fn needs_a_look(bytes: &[u8]) -> Option<&OsStr> {
    let only = bytes.strip_suffix(b"\0")?;
    (only.contains(&b' ') && !only.contains(&0)).then(|| OsStr::from_bytes(only))
}

/// Takes the bytes apart.
///
/// At each NUL, if they end in one. If they do not, a title was written over them, and it is taken apart at
/// blanks; so is a single argument with blanks in it that `is_program` denies to be the program itself.
pub fn split(bytes: &[u8], is_program: impl FnOnce(&OsStr) -> bool) -> Arguments<'_> {
    if !bytes.ends_with(b"\0") {
        return Arguments::blank_separated(bytes);
    }
    match needs_a_look(bytes) {
        Some(only) if !is_program(only) => Arguments::blank_separated(only.as_bytes()),
        _ => Arguments::nul_separated(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(bytes: &[u8]) -> Vec<std::ffi::OsString> {
        split(bytes, |_| false).to_vec()
    }

    #[test]
    fn arguments_keep_blanks_and_empty_ones_keep_their_place() {
        assert_eq!(title(b"sh\0-c\0a b\0\0"), ["sh", "-c", "a b", ""]);
        assert!(title(b"").is_empty());
    }

    #[test]
    fn a_title_without_a_final_nul_is_taken_apart_at_blanks() {
        assert_eq!(title(b"postgres: writer "), ["postgres:", "writer"]);
        assert_eq!(title(b"a  "), ["a", ""]);
    }

    #[test]
    fn a_single_argument_with_blanks_is_a_title_unless_it_is_the_program() {
        assert_eq!(title(b"nginx: master process\0"), ["nginx:", "master", "process"]);
        assert_eq!(split(b"/opt/my tool\0", |_| true).to_vec(), ["/opt/my tool"]);
    }
}
