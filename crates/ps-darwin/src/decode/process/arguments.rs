//! Arguments and environment, from `kern.procargs2`.
//!
//! The answer is the count of arguments in four bytes, the path of the program, NULs up to a multiple of the
//! width of a pointer, the arguments and the environment, each string ended by a NUL; more may follow. All of it
//! is copied from the stack of the process, which may have written over it, and is cut where the space was short.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use ps_core::process::{Arguments, Environ};

/// How strings are aligned behind the path of the program, and those of the kernel behind the environment.
const ALIGN: usize = 8;

/// How the first string begins that the kernel adds for the system's libraries (`exec_add_apple_strings` in
/// `bsd/kern/kern_exec.c`).
const FIRST_OF_KERNEL: &[u8] = b"pfz=0x";

/// The parts of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct ProcArgs<'a> {
    /// The program, as it was asked for.
    pub program: &'a [u8],
    /// Arguments, each ended by a NUL; the last may have lost it.
    pub arguments: &'a [u8],
    /// Environment, and what else follows the arguments.
    pub environment: &'a [u8],
}

/// Takes an answer apart. One that is too short to hold anything holds nothing.
///
/// The count of arguments is believed no further than the bytes reach.
#[must_use]
pub fn decode_procargs(answer: &[u8]) -> ProcArgs<'_> {
    const NOTHING: ProcArgs<'_> = ProcArgs { program: &[], arguments: &[], environment: &[] };
    let Some((count, strings)) = answer.split_first_chunk() else { return NOTHING };
    let count = usize::try_from(i32::from_ne_bytes(*count)).unwrap_or_default();
    let Some(end) = strings.iter().position(|byte| *byte == 0) else {
        return ProcArgs { program: strings, ..NOTHING };
    };
    let (program, padded) = strings.split_at(end);
    let rest = without_padding(padded, end);
    let mut length = 0;
    for _ in 0..count {
        let Some(tail) = rest.get(length..).filter(|tail| !tail.is_empty()) else { break };
        length += tail.iter().position(|byte| *byte == 0).map_or(tail.len(), |end| end + 1);
    }
    let (arguments, environment) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    ProcArgs { program, arguments, environment }
}

/// What comes behind the NUL that ends the program's path, and the NULs that fill up to the next boundary.
///
/// The kernel fills up `executable_path=`, the path and its NUL to a multiple of the width of a pointer
/// (`exec_extract_strings` in `bsd/kern/kern_exec.c`), so where the arguments begin can be counted, and an empty
/// first one is not taken for filler. Where something else stands in the filler, as in programs of 32 bits, NULs
/// are passed over until there is text.
fn without_padding(padded: &[u8], end: usize) -> &[u8] {
    let boundary = (end + 1).next_multiple_of(ALIGN) - end;
    if let Some((filler, rest)) = padded.split_at_checked(boundary)
        && filler.iter().all(|byte| *byte == 0)
    {
        return rest;
    }
    let text = padded.iter().position(|byte| *byte != 0).unwrap_or(padded.len());
    padded.get(text..).unwrap_or_default()
}

impl<'a> ProcArgs<'a> {
    /// The arguments.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'a> {
        Arguments::nul_separated(self.arguments)
    }

    /// The environment; empty where the kernel keeps it to itself, which is no error.
    ///
    /// Usually an empty string ends it: filler, or the kernel's first string once the system's libraries have wiped it
    /// out. Where neither is there, as with a process that has not begun to run, the kernel's strings follow at once.
    #[must_use]
    pub fn environ(&self) -> Environ {
        let mut length = 0;
        for string in self.environment.split_inclusive(|byte| *byte == 0) {
            // Arguments begin on a boundary.
            let is_aligned = (self.arguments.len() + length).is_multiple_of(ALIGN);
            if is_aligned && string.starts_with(FIRST_OF_KERNEL) {
                break;
            }
            length += string.len();
        }
        Environ::parse(self.environment.get(..length).unwrap_or_default())
    }

    /// The program, if there is its path.
    #[must_use]
    pub fn program(&self) -> Option<PathBuf> {
        let path = self.program.to_vec();
        (!path.is_empty()).then(|| PathBuf::from(OsString::from_vec(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;

    /// An answer as the kernel puts it together.
    fn answer(count: i32, program: &str, strings: &[&[u8]]) -> Vec<u8> {
        let mut bytes = count.to_ne_bytes().to_vec();
        bytes.extend(program.bytes());
        bytes.resize(4 + (program.len() + 1).next_multiple_of(ALIGN), 0);
        for string in strings {
            bytes.extend(*string);
            bytes.push(0);
        }
        bytes
    }

    fn arguments(answer: &[u8]) -> Vec<OsString> {
        decode_procargs(answer).arguments().to_vec()
    }

    #[test]
    fn arguments_and_environment_are_told_apart_by_the_count() {
        let bytes =
            answer(2, "/bin/sh", &[b"sh", b"-c", b"A=1", b"B=x=y", b"", b"stack_guard=0x1"]);
        let parts = decode_procargs(&bytes);
        assert_eq!(parts.arguments().to_vec(), ["sh", "-c"]);
        assert_eq!(parts.program(), Some(PathBuf::from("/bin/sh")));
        let environ = parts.environ();
        assert_eq!((environ.len(), environ.get("B")), (2, Some(OsStr::new("x=y"))));
    }

    #[test]
    fn filler_is_counted_and_an_empty_first_argument_is_none_of_it() {
        for length in 0..20 {
            let program = format!("/{}", "x".repeat(length));
            assert_eq!(arguments(&answer(2, &program, &[b"a", b"b"])), ["a", "b"], "{length}");
            assert_eq!(arguments(&answer(2, &program, &[b"", b"b"])), ["", "b"], "{length}");
        }
    }

    #[test]
    fn strings_of_the_kernel_are_no_environment() {
        let environ = |strings: &[&[u8]]| {
            let found = decode_procargs(&answer(1, "/bin/sh", strings)).environ();
            let names = found.iter().map(|(name, _)| name.to_string_lossy().into_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        // Eight bytes each, with their NUL.
        assert_eq!(environ(&[b"/bin/sh", b"A=12345", b"pfz=0x7f", b"stack_guard=0x1"]), "A");
        assert_eq!(environ(&[b"/bin/sh", b"pfz=0x0", b"stack_guard=0x1"]), "");
        // Three and five.
        assert_eq!(environ(&[b"sh", b"A=12", b"pfz=0x0", b"stack_guard=0x1"]), "A");
        // On no boundary, or another: a variable that only looks like it.
        assert_eq!(environ(&[b"/bin/sh", b"A=1234", b"pfz=0x0", b"B=2"]), "A pfz B");
        assert_eq!(environ(&[b"sh", b"A=12345", b"pfz=0x0", b"B=2"]), "A pfz B");
        assert_eq!(environ(&[b"/bin/sh", b"pfz=1", b"B=2"]), "pfz B");
    }

    #[test]
    fn strings_that_lie_on_another_boundary_are_found_behind_the_nuls() {
        // Filled up to four bytes: `/bin/tests`, a NUL, and one more.
        let bytes = [&2i32.to_ne_bytes()[..], b"/bin/tests\0\0one\0two\0A=1\0"].concat();
        assert_eq!(arguments(&bytes), ["one", "two"]);
        assert_eq!(decode_procargs(&bytes).environ().len(), 1);
    }

    #[test]
    fn empty_arguments_are_kept_wherever_they_stand() {
        let bytes = answer(4, "/bin/echo", &[b"echo", b"", b"", b"x", b"A=1"]);
        assert_eq!(arguments(&bytes), ["echo", "", "", "x"]);
        let last = answer(2, "/bin/echo", &[b"echo", b"", b"A=1"]);
        assert_eq!(arguments(&last), ["echo", ""]);
        assert_eq!(decode_procargs(&last).environ().len(), 1);
    }

    #[test]
    fn a_count_that_lies_is_believed_no_further_than_the_bytes() {
        let bytes = |count| answer(count, "/bin/sh", &[b"sh", b"A=1"]);
        assert_eq!(arguments(&bytes(i32::MAX)), ["sh", "A=1"]);
        assert!(decode_procargs(&bytes(i32::MAX)).environ().is_empty());
        for none in [0, -1, i32::MIN] {
            assert_eq!(arguments(&bytes(none)), Vec::<OsString>::new());
        }
    }

    #[test]
    fn no_environment_is_empty_and_no_error() {
        let parts = decode_procargs(b"");
        assert!(parts.environ().is_empty() && parts.arguments().is_empty());
        let bytes = answer(1, "/sbin/launchd", &[b"/sbin/launchd"]);
        assert!(decode_procargs(&bytes).environ().is_empty());
    }

    #[test]
    fn an_answer_cut_anywhere_holds_what_there_is_of_it() {
        let bytes = answer(2, "/bin/sh", &[b"sh", b"-c", b"A=1"]);
        for length in 0..bytes.len() {
            let parts = decode_procargs(&bytes[..length]);
            assert!(parts.arguments().iter().count() <= 2, "of {length} bytes");
            assert!(parts.environ().is_empty(), "of {length} bytes");
        }
        assert_eq!(arguments(&bytes[..14]), ["sh"]);
        assert_eq!(decode_procargs(&bytes[..4 + 4]).program(), Some(PathBuf::from("/bin")));
    }

    #[test]
    fn arguments_that_are_no_text_survive() {
        let bytes = answer(1, "/bin/x", &[b"\xff\xfe"]);
        assert_eq!(arguments(&bytes)[0].as_encoded_bytes(), b"\xff\xfe");
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes: Vec<u8>, count: i32) {
            let _ = decode_procargs(&bytes);
            let counted = [&count.to_ne_bytes()[..], &bytes].concat();
            let parts = decode_procargs(&counted);
            let _ = (parts.arguments().to_vec(), parts.environ(), parts.program());
        }
    }
}
