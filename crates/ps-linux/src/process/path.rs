//! Names of files below `/proc`, made without allocating.

use std::ffi::CStr;

use ps_core::Pid;

/// Room for `PID/task/TID/` and the longest name that follows, with its NUL.
const ROOM: usize = 64;

/// `PID/NAME`, or `PID/task/TID/NAME`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PidPath {
    text: [u8; ROOM],
    /// Where the name begins.
    base: usize,
}

impl PidPath {
    /// Files of a process, seen from the root of `procfs`.
    pub(crate) fn of(pid: Pid) -> PidPath {
        let mut path = PidPath { text: [0; ROOM], base: 0 };
        path.push_number(pid.get());
        path.push(b"/");
        path
    }

    /// Files of the process, seen from its own directory.
    pub(crate) const fn here() -> PidPath {
        PidPath { text: [0; ROOM], base: 0 }
    }

    /// Files of one of its threads.
    pub(crate) fn thread(mut self, tid: u32) -> PidPath {
        self.push(b"task/");
        self.push_number(tid);
        self.push(b"/");
        self
    }

    /// The path of one file.
    pub(crate) fn file(&mut self, name: &str) -> &CStr {
        let end = (self.base + name.len()).min(ROOM - 1);
        if let Some(place) = self.text.get_mut(self.base..end) {
            place.copy_from_slice(name.as_bytes().get(..place.len()).unwrap_or_default());
        }
        if let Some(nul) = self.text.get_mut(end) {
            *nul = 0;
        }
        CStr::from_bytes_until_nul(&self.text).unwrap_or_default()
    }

    /// The directory itself.
    pub(crate) fn dir(&mut self) -> &CStr {
        if self.base == 0 { c"." } else { self.file("") }
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.text.get_mut(self.base..self.base + bytes.len()) {
            place.copy_from_slice(bytes);
            self.base += bytes.len();
        }
    }

    fn push_number(&mut self, number: u32) {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            }
            rest /= 10;
            if rest == 0 || at == 0 {
                break;
            }
        }
        self.push(digits.get(at..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_format_would_make() {
        for number in [1, 10, 4_194_304, i32::MAX.cast_unsigned()] {
            let mut path = PidPath::of(Pid::new(number).expect("in range"));
            assert_eq!(path.file("stat").to_str(), Ok(&*format!("{number}/stat")));
            assert_eq!(path.file("cmdline").to_str(), Ok(&*format!("{number}/cmdline")));
            assert_eq!(path.file("fd").to_str(), Ok(&*format!("{number}/fd")));
            let mut thread = path.thread(u32::MAX);
            let whole = format!("{number}/task/{}/smaps_rollup", u32::MAX);
            assert_eq!(thread.file("smaps_rollup").to_str(), Ok(&*whole));
        }
        assert_eq!(PidPath::here().file("stat"), c"stat");
        assert_eq!(PidPath::here().dir(), c".");
    }
}
