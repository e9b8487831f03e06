//! Reading kernel files whole, with the error that says which file it was.

use std::ffi::{CStr, CString, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ps_core::{Context, Error, Result};

use crate::errno;
use crate::sys::file as sys;

/// What is read at first; most files of a process are far smaller.
const FIRST: usize = 4096;

/// Longer than nearly all files that are a single line.
const LINE: usize = 512;

/// Space for the bytes of one file, kept from file to file: nothing is allocated or zeroed again.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    space: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// The bytes of the file read last.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.space.get(..self.filled).unwrap_or_default()
    }

    /// Reads a whole file below a directory, whatever its length.
    ///
    /// Kernel files have no size to ask for. Those that are made at once come whole in one call, so a call
    /// that did not fill its space ends the file if `at_once` says so; others are read until a call brings
    /// nothing.
    pub(crate) fn read(&mut self, dir: impl AsFd, path: &CStr, at_once: bool) -> io::Result<&[u8]> {
        self.filled = 0;
        let fd = sys::open(dir, path)?;
        self.read_open(fd, at_once)
    }

    /// Reads the rest of an open file.
    pub(crate) fn read_open(&mut self, fd: impl AsFd, at_once: bool) -> io::Result<&[u8]> {
        self.filled = 0;
        self.read_on(fd, at_once)
    }

    /// Reads what follows the bytes that are there.
    fn read_on(&mut self, fd: impl AsFd, at_once: bool) -> io::Result<&[u8]> {
        loop {
            if self.space.len() == self.filled {
                self.space.resize((self.filled * 2).max(FIRST), 0);
            }
            let space = self.space.get_mut(self.filled..).unwrap_or_default();
            let room = space.len();
            let got = sys::read(&fd, space)?;
            self.filled += got;
            if got == 0 || (at_once && got < room) {
                return Ok(self.bytes());
            }
        }
    }

    /// Reads where a link points. One longer than the longest path there can be is cut.
    pub(crate) fn read_link(&mut self, dir: impl AsFd, path: &CStr) -> io::Result<&[u8]> {
        if self.space.len() < FIRST {
            self.space.resize(FIRST, 0);
        }
        self.filled = 0;
        self.filled = sys::read_link(dir, path, &mut self.space)?.len();
        Ok(self.bytes())
    }

    /// The bytes, without the space around them.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.space.truncate(self.filled);
        self.space
    }
}

/// Shows the bytes of a file that comes at once, and most likely as a single line, to `take`. Nothing is allocated for
/// one of the usual length.
pub(crate) fn show<T>(dir: impl AsFd, path: &CStr, take: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    show_open(sys::open(dir, path)?, take)
}

/// The same of a file that is open.
pub(crate) fn show_open<T>(fd: OwnedFd, take: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    let mut line = [0; LINE];
    let got = sys::read(&fd, &mut line)?;
    if got < line.len() {
        return Ok(take(line.get(..got).unwrap_or_default()));
    }
    let mut buffer = Buffer { space: line.to_vec(), filled: got };
    Ok(take(buffer.read_on(fd, true)?))
}

/// Reads the rest of an open file and shows it to `take` in pieces, each of them of whole lines.
pub(crate) fn in_pieces(fd: impl AsFd, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    // The kernel hands out long files a page at a time.
    let mut space = vec![0; 2 * FIRST];
    let mut filled = 0;
    loop {
        if filled == space.len() {
            space.resize(filled * 2, 0);
        }
        let got = sys::read(&fd, space.get_mut(filled..).unwrap_or_default())?;
        filled += got;
        let read = space.get(..filled).unwrap_or_default();
        let whole = match read.iter().rposition(|byte| *byte == b'\n') {
            Some(at) if got > 0 => at + 1,
            _ if got > 0 => continue,
            _ => filled,
        };
        if whole > 0 {
            take(read.get(..whole).unwrap_or_default());
        }
        if got == 0 {
            return Ok(());
        }
        space.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// A path as system calls take it.
pub(crate) fn c_path(operation: &'static str, path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        Error::invalid(Context::new(operation).with_path(path), "the path holds a NUL byte")
    })
}

/// Reads a whole file of the machine (not of a process) by its path.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let c = c_path("read", path)?;
    let mut buffer = Buffer::default();
    buffer
        .read(nix::fcntl::AT_FDCWD, &c, false)
        .map_err(|source| errno::of_system(source, Context::new("read").with_path(path)))?;
    Ok(buffer.into_bytes())
}

/// The same, but a file that is not there is `None`.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if errno::is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a whole file and decodes it. An error names the file.
pub(crate) fn decode<T>(path: &Path, decode: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    decode(&read(path)?).map_err(|error| error.with_path(path))
}

/// What a file holds, if it can be read at all: for files whose absence, and whose refusal to be read, only mean
/// that a figure is not known.
pub(crate) fn peek(path: &Path) -> Option<Vec<u8>> {
    read(path).ok()
}

/// Names in a directory, sorted; none if there is no such directory.
pub(crate) fn names(path: &Path) -> Result<Vec<OsString>> {
    let failed = |source| errno::of_system(source, Context::new("list").with_path(path));
    let mut names = Vec::new();
    let entries = match std::fs::read_dir(path).map_err(failed) {
        Ok(entries) => entries,
        Err(error) if errno::is_absent(&error) => return Ok(names),
        Err(error) => return Err(error),
    };
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort();
    Ok(names)
}

/// Opens a file of the machine to read it.
pub(crate) fn open(path: &Path) -> Result<OwnedFd> {
    let c = c_path("open", path)?;
    sys::open(nix::fcntl::AT_FDCWD, &c)
        .map_err(|source| errno::of_system(source, Context::new("open").with_path(path)))
}

/// Opens a directory as a place to look from.
pub(crate) fn open_place(path: &Path) -> Result<OwnedFd> {
    let c = c_path("open", path)?;
    sys::open_place(nix::fcntl::AT_FDCWD, &c)
        .map_err(|source| errno::of_system(source, Context::new("open").with_path(path)))
}
