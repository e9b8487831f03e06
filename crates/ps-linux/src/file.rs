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

/// Reads a whole file below a directory into `buffer`, whatever its length.
///
/// Kernel files have no size to ask for. Those that are made at once come whole in one call, so a call that
/// did not fill its space ends the file if `at_once` says so; others are read until a call brings nothing.
pub(crate) fn read_into(
    dir: impl AsFd,
    path: &CStr,
    buffer: &mut Vec<u8>,
    at_once: bool,
) -> io::Result<()> {
    let fd = sys::open(dir, path)?;
    read_open(fd, buffer, at_once)
}

/// Reads the rest of an open file into `buffer`.
pub(crate) fn read_open(fd: impl AsFd, buffer: &mut Vec<u8>, at_once: bool) -> io::Result<()> {
    buffer.clear();
    let mut filled = 0;
    loop {
        // The space is kept from call to call: after the first file nothing is allocated or zeroed.
        let wanted = (filled + FIRST).max(buffer.capacity());
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        let space = buffer.get_mut(filled..).unwrap_or_default();
        let room = space.len();
        let got = sys::read(&fd, space)?;
        filled += got;
        if got == 0 || (at_once && got < room) {
            buffer.truncate(filled);
            return Ok(());
        }
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
    let mut buffer = Vec::new();
    read_to(path, &mut buffer)?;
    Ok(buffer)
}

/// Reads a whole file of the machine into a buffer.
pub(crate) fn read_to(path: &Path, buffer: &mut Vec<u8>) -> Result<()> {
    let c = c_path("read", path)?;
    // An absolute path makes the directory irrelevant; one must be given all the same.
    read_into(nix::fcntl::AT_FDCWD, &c, buffer, false)
        .map_err(|source| errno::of_system(source, Context::new("read").with_path(path)))
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
