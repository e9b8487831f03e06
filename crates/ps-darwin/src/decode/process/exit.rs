//! How a child ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::raw::signals::{CLD_DUMPED, CLD_EXITED, CLD_KILLED};

/// The status that `waitid` tells in two numbers, as the one that `waitpid` would give; `None` if it tells of
/// something other than an end.
///
/// Above the eighth bit the kernel puts bits of the exit code that no status has room for.
#[must_use]
pub fn status(code: i32, status: i32) -> Option<ExitStatus> {
    let raw = match code {
        CLD_EXITED => (status & 0xff) << 8,
        CLD_KILLED => status & 0x7f,
        CLD_DUMPED => (status & 0x7f) | 0x80,
        _ => return None,
    };
    Some(ExitStatus::from_raw(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_above_eight_bits_ends_as_the_shell_shows_it() {
        assert_eq!(status(CLD_EXITED, 3).expect("ended").code(), Some(3));
        assert_eq!(status(CLD_EXITED, 0x0102_0304).expect("ended").code(), Some(4));
        assert_eq!(status(CLD_EXITED, -1).expect("ended").code(), Some(255));
    }

    #[test]
    fn a_signal_says_whether_it_left_a_core() {
        let killed = status(CLD_KILLED, 9).expect("ended");
        assert_eq!((killed.signal(), killed.core_dumped()), (Some(9), false));
        let dumped = status(CLD_DUMPED, 11).expect("ended");
        assert_eq!((dumped.signal(), dumped.core_dumped()), (Some(11), true));
    }

    #[test]
    fn stopped_and_continued_are_no_end() {
        assert!([0, 4, 5, 6, -1].into_iter().all(|code| status(code, 9).is_none()));
    }
}
