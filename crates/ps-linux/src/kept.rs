//! The few files of the machine that are read again and again, kept open.
//!
//! Opening and closing costs more than reading most of them. Each is read from its beginning at every call, by
//! position, so that callers in several threads, or a child after a fork, do not get into each other's way.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
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
        }
    }

    /// Whether the kernel makes it in one piece, so that an answer shorter than the room for it is its end.
    fn comes_at_once(self) -> bool {
        self != Kept::Diskstats
    }
}

#[derive(Debug, Default)]
pub(crate) struct KeptFiles {
    files: [OnceLock<OwnedFd>; 5],
}

impl KeptFiles {
    /// What a file holds now.
    pub(crate) fn read(&self, which: Kept, path: &Path) -> Result<Vec<u8>> {
        let Some(place) = self.files.get(which as usize) else { return file::read(path) };
        if let Some(fd) = place.get() {
            // A file that fails after it was open for a while may have lost what stood behind it (a file system
            // in user space that was started anew); opened again it may be well.
            return read_all(fd, which).or_else(|_| file::read(path));
        }
        let fd = file::open(path)?;
        // Another thread may have been faster: then its descriptor stays, and this one is closed.
        let fd = place.get_or_init(|| fd);
        read_all(fd, which).or_else(|_| file::read(path))
    }
}

fn read_all(fd: &OwnedFd, which: Kept) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 16 * 1024];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
        let space = buffer.get_mut(filled..).unwrap_or_default();
        let room = space.len();
        let got = sys::read_at(fd, space, filled)?;
        filled += got;
        if got == 0 || (got < room && which.comes_at_once()) {
            buffer.truncate(filled);
            return Ok(buffer);
        }
    }
}
