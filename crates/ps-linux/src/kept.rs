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

/// A file that stays open. Those about the network are not among them: one that is open stays in its namespace.
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
