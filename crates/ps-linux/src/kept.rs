//! The few files of the machine that are read again and again, kept open.
//!
//! Opening and closing costs more than reading most of them. Each is read from its beginning at every call, by
//! position, so that callers in several threads, or a child after a fork, do not get into each other's way.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;

use ps_core::Result;

use crate::file;
use crate::sys::file as sys;

/// A file that stays open.
///
/// Those about the network are not among them. One that is open stays in the network namespace of its opening, whatever
/// namespace its reader is in by now, and keeps that namespace from going away; to find out whether the reader is still in
/// it takes most of the time that this would save. Who wants it all the same asks for [`keeping_network`](crate::Linux::keeping_network).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Stat,
    Meminfo,
    Loadavg,
    Uptime,
    Diskstats,
    Vmstat,
}

impl Kept {
    /// Its name below the root of `procfs`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kept::Stat => "stat",
            Kept::Meminfo => "meminfo",
            Kept::Loadavg => "loadavg",
            Kept::Uptime => "uptime",
            Kept::Diskstats => "diskstats",
            Kept::Vmstat => "vmstat",
        }
    }

    /// Whether the kernel makes the whole file for one call if the space is large enough.
    fn comes_at_once(self) -> bool {
        !matches!(self, Kept::Diskstats | Kept::Vmstat)
    }
}

#[derive(Debug, Default)]
pub(crate) struct KeptFiles {
    files: [OnceLock<OwnedFd>; 6],
}

impl KeptFiles {
    /// What a file holds now, shown to `take`. If `enough` finds what is wanted in its beginning, the rest is not read.
    pub(crate) fn read<T>(
        &self,
        which: Kept,
        path: impl Fn() -> PathBuf,
        enough: impl Fn(&[u8]) -> Option<T>,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T> {
        let Some(place) = self.files.get(which as usize) else {
            return Ok(take(&file::read(&path())?));
        };
        let fd = match place.get() {
            Some(fd) => fd,
            None => {
                let fd = file::open(&path())?;
                // Another thread may have been faster: then its descriptor stays, and this one is closed.
                place.get_or_init(|| fd)
            }
        };
        // Most of these files are small: nothing is allocated for them.
        let mut space = [0; 4096];
        match read_all(fd, which.comes_at_once(), &mut space, enough) {
            Ok(Read::Found(found)) => Ok(found),
            Ok(Read::Fits(len)) => Ok(take(space.get(..len).unwrap_or_default())),
            Ok(Read::Longer(bytes)) => Ok(take(&bytes)),
            // A file that fails after it was open for a while may have lost what stood behind it (a file system
            // in user space that was started anew); opened again it may be well.
            Err(_) => Ok(take(&file::read(&path())?)),
        }
    }
}

enum Read<T> {
    /// All that is wanted.
    Found(T),
    /// The whole file, in the space lent.
    Fits(usize),
    /// The whole file, in more space.
    Longer(Vec<u8>),
}

fn read_all<T>(
    fd: &OwnedFd,
    at_once: bool,
    space: &mut [u8],
    enough: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<Read<T>> {
    let mut filled = 0;
    loop {
        let free = space.get_mut(filled..).unwrap_or_default();
        if free.is_empty() {
            break;
        }
        let room = free.len();
        let got = sys::read_at(fd, free, filled)?;
        filled += got;
        if got == 0 || (at_once && got < room) {
            return Ok(Read::Fits(filled));
        }
        if let Some(found) = space.get(..filled).and_then(&enough) {
            return Ok(Read::Found(found));
        }
    }
    let mut buffer = space.to_vec();
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 4, 0);
        }
        let space = buffer.get_mut(filled..).unwrap_or_default();
        let room = space.len();
        let got = sys::read_at(fd, space, filled)?;
        filled += got;
        if got == 0 || (got < room && at_once) {
            buffer.truncate(filled);
            return Ok(Read::Longer(buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_fails_after_a_while_is_opened_again() {
        let kept = KeptFiles::default();
        // A directory cannot be read as a file.
        let broken = file::open("/".as_ref()).expect("opens");
        kept.files[Kept::Loadavg as usize].set(broken).expect("empty");
        let path = || PathBuf::from("/proc/loadavg");
        let text = kept.read(Kept::Loadavg, path, |_| None, <[u8]>::to_vec).expect("read");
        assert_eq!(text.iter().filter(|byte| **byte == b' ').count(), 4);
    }

    #[test]
    fn a_long_file_is_read_whole_and_no_further_than_is_needed() {
        let place = std::env::temp_dir().join(format!("ps-linux-kept-{}", std::process::id()));
        let long: Vec<u8> =
            (0..50_000u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        std::fs::write(&place, &long).expect("written");
        for which in [Kept::Stat, Kept::Vmstat] {
            let kept = KeptFiles::default();
            let read = |enough: fn(&[u8]) -> Option<Vec<u8>>| {
                kept.read(which, || place.clone(), enough, <[u8]>::to_vec).expect("read")
            };
            assert!(read(|_| None) == long);
            assert_eq!(read(|beginning| Some(beginning.to_vec())).len(), 4096);
            assert!(read(|_| None) == long, "it begins anew");
        }
        std::fs::remove_file(&place).expect("removed");
    }
}
