//! Opening, reading and listing files.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// With the plain calls of glibc, a program of 32 bits is told nothing of files of 2 GiB and more, nor of file systems of
/// 2^32 blocks.
#[cfg(target_env = "gnu")]
mod long {
    use std::ffi::{c_char, c_int};

    pub(super) type Data = libc::stat64;
    pub(super) type Space = libc::statvfs64;
    pub(super) const DATA: unsafe extern "C" fn(c_int, *const c_char, *mut Data, c_int) -> c_int =
        libc::fstatat64;
    pub(super) const SPACE: unsafe extern "C" fn(*const c_char, *mut Space) -> c_int =
        libc::statvfs64;
}

/// Other C libraries have one form only, which holds all.
#[cfg(not(target_env = "gnu"))]
mod long {
    use std::ffi::{c_char, c_int};

    pub(super) type Data = libc::stat;
    pub(super) type Space = libc::statvfs;
    pub(super) const DATA: unsafe extern "C" fn(c_int, *const c_char, *mut Data, c_int) -> c_int =
        libc::fstatat;
    pub(super) const SPACE: unsafe extern "C" fn(*const c_char, *mut Space) -> c_int =
        libc::statvfs;
}

/// Opens a file below a directory to read it.
pub(crate) fn open(dir: impl AsFd, path: &CStr) -> io::Result<OwnedFd> {
    Ok(openat(dir, path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?)
}

/// Opens a directory below another as a place to look from; neither reads it nor keeps it busy.
pub(crate) fn open_place(dir: impl AsFd, path: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(openat(dir, path, flags, Mode::empty())?)
}

/// Opens a directory below another to list it.
pub(crate) fn open_list(dir: impl AsFd, path: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(openat(dir, path, flags, Mode::empty())?)
}

/// Reads what fits in `buffer`; the kernel's one answer to one call.
pub(crate) fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::read(&fd, buffer) {
            Err(nix::Error::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Reads what fits in `buffer` from a position of the file.
pub(crate) fn read_at(fd: impl AsFd, buffer: &mut [u8], from: usize) -> io::Result<usize> {
    let from = libc::off_t::try_from(from).map_err(|_| io::ErrorKind::InvalidInput)?;
    loop {
        match nix::sys::uio::pread(&fd, buffer, from) {
            Err(nix::Error::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Where a link below a directory points, put into `buffer`; longer than that is cut.
pub(crate) fn read_link<'a>(
    dir: impl AsFd,
    path: &CStr,
    buffer: &'a mut [u8],
) -> io::Result<&'a [u8]> {
    let dir = dir.as_fd().as_raw_fd();
    // SAFETY: `path` ends with a NUL and outlives the call; the kernel writes at most `buffer.len()` bytes
    // into `buffer`, which is borrowed mutably for the call.
    let len =
        unsafe { libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    match usize::try_from(len) {
        Ok(len) => Ok(buffer.get(..len).unwrap_or_default()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// The next entries of a directory opened by [`open_list`], as the kernel packs them; none at its end.
///
/// See [`entries`] for taking them apart.
pub(crate) fn read_entries(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the kernel writes at most `buffer.len()` bytes into `buffer`, which is borrowed mutably for
    // the call; `fd` is open for as long.
    let len = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
    usize::try_from(len).map_err(|_| io::Error::last_os_error())
}

/// Names of the entries that [`read_entries`] delivered.
pub(crate) fn entries(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    // struct linux_dirent64: inode and offset of eight bytes each, length of two, type of one, the name
    // ended by a NUL, padding.
    let mut rest = block;
    std::iter::from_fn(move || {
        let length = u16::from_ne_bytes([*rest.get(16)?, *rest.get(17)?]);
        let entry = rest.get(..usize::from(length))?;
        rest = rest.get(usize::from(length).max(1)..)?;
        let name = entry.get(19..)?;
        let end = name.iter().position(|byte| *byte == 0)?;
        name.get(..end)
    })
}

/// Goes back to the beginning of a directory opened by [`open_list`].
pub(crate) fn rewind(fd: impl AsFd) -> io::Result<()> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekSet)?;
    Ok(())
}

fn stat(dir: impl AsFd, path: &CStr) -> io::Result<long::Data> {
    let dir = dir.as_fd().as_raw_fd();
    let mut data = MaybeUninit::<long::Data>::zeroed();
    // SAFETY: `path` ends with a NUL and outlives the call; the kernel writes one record to `data`, which is ours.
    if unsafe { long::DATA(dir, path.as_ptr(), data.as_mut_ptr(), 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a record of zeros is a valid one, and so is what the kernel wrote.
    Ok(unsafe { data.assume_init() })
}

/// The user that a file or directory belongs to.
pub(crate) fn owner(dir: impl AsFd, path: &CStr) -> io::Result<u32> {
    Ok(stat(dir, path)?.st_uid)
}

/// What is known of the file that a path below a directory leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileData {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) special_device: u64,
    pub(crate) mode: u32,
    pub(crate) size: u64,
}

/// What is known of the file that a path below a directory leads to, links followed.
pub(crate) fn data(dir: impl AsFd, path: &CStr) -> io::Result<FileData> {
    let data = stat(dir, path)?;
    // The type of the field differs between machines.
    #[allow(clippy::useless_conversion)]
    let inode = u64::from(data.st_ino);
    Ok(FileData {
        device: data.st_dev,
        inode,
        special_device: data.st_rdev,
        mode: data.st_mode,
        size: u64::try_from(data.st_size).unwrap_or(0),
    })
}

/// Opens a file below a directory to write to it.
pub(crate) fn open_to_write(dir: impl AsFd, path: &CStr) -> io::Result<OwnedFd> {
    Ok(openat(dir, path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?)
}

/// Writes in one call, as files of settings want it.
pub(crate) fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    match nix::unistd::write(fd, bytes)? {
        written if written == bytes.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// The size that a file or directory shows.
pub(crate) fn size(dir: impl AsFd, path: &CStr) -> io::Result<u64> {
    Ok(u64::try_from(stat(dir, path)?.st_size).unwrap_or(0))
}

/// Space on a file system, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Bytes in each of the blocks.
    pub(crate) block: u64,
    pub(crate) all: u64,
    pub(crate) free: u64,
    /// Those of the free ones that ordinary users can have.
    pub(crate) available: u64,
}

/// Space on the file system that a path leads to.
pub(crate) fn space(path: &CStr) -> io::Result<Space> {
    let mut told = MaybeUninit::<long::Space>::zeroed();
    // SAFETY: `path` ends with a NUL and outlives the call; one record is written to `told`, which is ours.
    if unsafe { long::SPACE(path.as_ptr(), told.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a record of zeros is a valid one, and so is what was written.
    let told = unsafe { told.assume_init() };
    // Counts are in fragments, whose size has a narrower type on some machines.
    #[allow(clippy::useless_conversion)]
    let block = u64::from(told.f_frsize);
    Ok(Space { block, all: told.f_blocks, free: told.f_bfree, available: told.f_bavail })
}
