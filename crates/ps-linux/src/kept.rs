//! The few files of the machine that are read again and again, kept open.
//!
//! Opening and closing costs more than reading most of them. Each is read from its beginning at every call, by
//! position, and all that is used of it comes from one call: so callers in several threads, or a child after a fork, do
//! not get into each other's way. The kernel makes the text anew for everyone who begins to read. Where one call does not
//! bring all, what a second one brings need not fit to what the first one did; such a file is opened anew.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    files: [KeptFile; 6],
}

#[derive(Debug, Default)]
struct KeptFile {
    fd: OnceLock<OwnedFd>,
    /// Space that the file needed when it was read last; 0 if no more than is lent.
    room: AtomicUsize,
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
        let Some(file) = self.files.get(which as usize) else {
            return Ok(take(&file::read(&path())?));
        };
        let fd = match file.fd.get() {
            Some(fd) => fd,
            None => {
                let fd = file::open(&path())?;
                // Another thread may have been faster: then its descriptor stays, and this one is closed.
                file.fd.get_or_init(|| fd)
            }
        };
        // Most of these files are small: nothing is allocated for them.
        let mut space = [0; PIECE];
        let read = if which.comes_at_once() {
            file.read_at_once(fd, &mut space, enough)
        } else {
            file.read_records(fd, &mut space, enough)
        };
        match read {
            Ok(Read::Found(found)) => Ok(found),
            Ok(Read::Fits(len)) => Ok(take(space.get(..len).unwrap_or_default())),
            Ok(Read::Longer(bytes)) => Ok(take(&bytes)),
            Ok(Read::TooLong) => {
                let bytes = file::read(&path())?;
                let room = if bytes.len() > PIECE { bytes.len() } else { 0 };
                file.room.store(room, Ordering::Relaxed);
                Ok(take(&bytes))
            }
            // A file that fails after it was open for a while may have lost what stood behind it (a file system
            // in user space that was started anew); opened again it may be well.
            Err(_) => Ok(take(&file::read(&path())?)),
        }
    }
}

/// What is read at first. The kernel hands out files of many records a page at a time, so that one that is longer
/// than this may need more than one call.
const PIECE: usize = 4096;

enum Read<T> {
    /// All that is wanted.
    Found(T),
    /// The whole file, in the space lent.
    Fits(usize),
    /// The whole file, in more space.
    Longer(Vec<u8>),
    /// It must be read in several calls, and so through a descriptor that nobody else reads.
    TooLong,
}

impl KeptFile {
    /// Reads a file that the kernel makes for one call: always in one that had space to spare.
    fn read_at_once<T>(
        &self,
        fd: &OwnedFd,
        space: &mut [u8],
        enough: impl Fn(&[u8]) -> Option<T>,
    ) -> io::Result<Read<T>> {
        let mut room = self.room.load(Ordering::Relaxed);
        if room == 0 {
            let got = sys::read_at(fd, space, 0)?;
            if got < space.len() {
                return Ok(Read::Fits(got));
            }
            if let Some(found) = enough(space) {
                return Ok(Read::Found(found));
            }
            room = 4 * space.len();
        }
        let mut buffer = vec![0; room];
        loop {
            let got = sys::read_at(fd, &mut buffer, 0)?;
            if got < buffer.len() {
                self.room.store(buffer.len(), Ordering::Relaxed);
                buffer.truncate(got);
                return Ok(Read::Longer(buffer));
            }
            buffer.resize(2 * got, 0);
        }
    }

    /// Reads the beginning of a file of many records, if that is all of it or holds what is wanted.
    fn read_records<T>(
        &self,
        fd: &OwnedFd,
        space: &mut [u8],
        enough: impl Fn(&[u8]) -> Option<T>,
    ) -> io::Result<Read<T>> {
        if self.room.load(Ordering::Relaxed) != 0 {
            return Ok(Read::TooLong);
        }
        let got = sys::read_at(fd, space, 0)?;
        let (beginning, rest) = space.split_at_mut_checked(got).unwrap_or_default();
        if let Some(found) = enough(beginning) {
            return Ok(Read::Found(found));
        }
        // Whether anything follows. It is not to be trusted where it begins: another reader may have had the text made
        // anew, a little longer or shorter.
        let is_all = got == 0 || !rest.is_empty() && sys::read_at(fd, rest, got)? == 0;
        Ok(if is_all { Read::Fits(got) } else { Read::TooLong })
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
        kept.files[Kept::Loadavg as usize].fd.set(broken).expect("empty");
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
            assert_eq!(read(|beginning| Some(beginning.to_vec())).len(), 4096);
            assert!(read(|_| None) == long, "it begins anew");
            assert!(read(|_| None) == long, "it is known to be long");
        }
        std::fs::remove_file(&place).expect("removed");
    }

    #[test]
    fn a_file_that_was_long_once_is_read_whole_whatever_its_length() {
        let place = std::env::temp_dir().join(format!("ps-linux-kept-once-{}", std::process::id()));
        for which in [Kept::Stat, Kept::Vmstat] {
            let kept = KeptFiles::default();
            for length in [PIECE - 1, PIECE, PIECE + 1, 5 * PIECE, 40 * PIECE, 0, PIECE, 1] {
                let text: Vec<u8> = (0..length).map(|n| n.to_le_bytes()[0]).collect();
                std::fs::write(&place, &text).expect("written");
                let read = kept.read(which, || place.clone(), |_| None, <[u8]>::to_vec);
                assert!(read.expect("read") == text, "{which:?} of {length} bytes");
            }
        }
        std::fs::remove_file(&place).expect("removed");
    }

    /// Has two threads read one of the files in turns, while a third changes what is in it.
    fn read_by_two(
        which: Kept,
        path: &std::path::Path,
        mut change: impl FnMut() + Send,
        check: impl Fn(&str) + Sync,
    ) {
        let kept = KeptFiles::default();
        let reading = AtomicUsize::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    // Whoever leaves is counted, also by a panic.
                    let _leave = Leave(&reading);
                    for _ in 0..500 {
                        let read = kept.read(which, || path.into(), |_| None, <[u8]>::to_vec);
                        check(&String::from_utf8(read.expect("read")).expect("ASCII"));
                    }
                });
            }
            scope.spawn(|| {
                while reading.load(Ordering::Relaxed) > 0 {
                    change();
                }
            });
        });
    }

    struct Leave<'a>(&'a AtomicUsize);

    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_long_file_that_two_threads_read_is_whole_for_both() {
        use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
        use std::os::fd::{AsFd, AsRawFd};
        // The kernel makes this one at once: a line for each descriptor, by its number.
        let watched = match Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC) {
            Err(nix::Error::ENOSYS) => return ps_tests::skip!("this kernel has no epoll"),
            made => made.expect("made"),
        };
        let (event, _other_end) = std::io::pipe().expect("made");
        let mut all: Vec<OwnedFd> = (0..120)
            .map(|_| event.as_fd().try_clone_to_owned().expect("there are enough"))
            .collect();
        all.sort_by_key(AsRawFd::as_raw_fd);
        let watch = |fd: &OwnedFd| watched.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, 0));
        all.iter().for_each(|fd| watch(fd).expect("added"));
        let (comes_and_goes, stay) = all.split_first().expect("some");
        let change = || {
            watched.delete(comes_and_goes).expect("removed");
            watch(comes_and_goes).expect("added");
        };
        let number = |fd: &OwnedFd| fd.as_raw_fd().to_string();
        let stay: Vec<String> = stay.iter().map(number).collect();
        let comes_and_goes = number(comes_and_goes);
        let path = PathBuf::from(format!("/proc/self/fdinfo/{}", watched.0.as_raw_fd()));
        read_by_two(Kept::Stat, &path, change, |text| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("tfd:"));
            let told: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
            assert_eq!(
                told.into_iter().filter(|fd| *fd != comes_and_goes).collect::<Vec<_>>(),
                stay
            );
        });
    }

    #[test]
    fn a_file_of_many_records_that_two_threads_read_is_whole_for_both() {
        // A line for each mapping, by its place in memory; threads bring theirs and take them away.
        let change = || std::thread::spawn(|| ()).join().expect("ends");
        read_by_two(Kept::Vmstat, "/proc/self/maps".as_ref(), change, |text| {
            for line in text.lines() {
                let range = line.split(' ').next().and_then(|range| range.split_once('-'));
                let place = |text| u64::from_str_radix(text, 16).ok();
                let (from, to) = range.map_or((None, None), |(a, b)| (place(a), place(b)));
                assert!(from.is_some() && from < to, "{line:?}");
            }
        });
    }
}
