//! `/proc/PID/fd` and `/proc/PID/fdinfo`: what a descriptor stands for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use ps_core::process::{DescriptorDetails, DescriptorKind, OpenMode, SignalNumbers};
use ps_core::{Pid, Result};

use crate::decode::malformed;
use crate::decode::text::{columns, hexadecimal, key_value, lines, number, octal, value_of};

/// What `fdinfo` tells of every descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct FdInfo {
    /// Where the next read or write happens, in bytes; `None` if the kernel shows a negative number.
    pub position: Option<u64>,
    /// The flags it was opened with, and whether it is closed on exec.
    pub flags: u32,
}

impl FdInfo {
    /// How it was opened.
    #[must_use]
    pub fn mode(&self) -> OpenMode {
        // O_ACCMODE and O_APPEND are the same numbers on every architecture but alpha, mips, parisc and
        // sparc, where the flag of appending differs.
        const ACCESS: u32 = 3;
        let access = self.flags & ACCESS;
        OpenMode::of(access != 1, access == 1 || access == 2, self.flags & APPEND != 0)
    }

    /// It is closed when the process starts another program.
    #[must_use]
    pub fn close_on_exec(&self) -> bool {
        self.flags & CLOSE_ON_EXEC != 0
    }
}

#[cfg(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"))]
const APPEND: u32 = 0o10;
#[cfg(not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64")))]
const APPEND: u32 = 0o2000;
#[cfg(target_arch = "sparc64")]
const CLOSE_ON_EXEC: u32 = 0x40_0000;
#[cfg(not(target_arch = "sparc64"))]
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

/// Decodes what `fdinfo` tells of every descriptor.
pub fn decode_fdinfo(text: &[u8]) -> Result<FdInfo> {
    let position: i64 = value_of(text, b"pos")
        .and_then(number)
        .ok_or_else(|| malformed("fdinfo", "no number under \"pos\""))?;
    let flags = value_of(text, b"flags")
        .and_then(octal)
        .and_then(|flags| u32::try_from(flags).ok())
        .ok_or_else(|| malformed("fdinfo", "no octal number under \"flags\""))?;
    Ok(FdInfo { position: u64::try_from(position).ok(), flags })
}

/// What a descriptor is by its link, and the kernel's name of it if it has no path and no kind here.
///
/// `None` for a path: its type decides then.
#[must_use]
pub fn kind_of_link(link: &[u8]) -> Option<(DescriptorKind, DescriptorDetails)> {
    use DescriptorDetails as Details;
    if link.starts_with(b"/") {
        return None;
    }
    let number_in = |prefix: &[u8]| number::<u64>(link.strip_prefix(prefix)?.strip_suffix(b"]")?);
    if number_in(b"socket:[").is_some() {
        return Some((DescriptorKind::Socket, Details::None));
    }
    if let Some(id) = number_in(b"pipe:[") {
        let pipe = Details::Pipe { id, peer: None, used: None, capacity: None };
        return Some((DescriptorKind::Pipe, pipe));
    }
    let name = link.strip_prefix(b"anon_inode:").unwrap_or(link);
    let kind =
        match name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")).unwrap_or(name) {
            b"eventpoll" => DescriptorKind::Epoll,
            b"eventfd" => DescriptorKind::EventFd,
            b"inotify" => DescriptorKind::Inotify,
            b"signalfd" => DescriptorKind::SignalFd,
            b"timerfd" => DescriptorKind::TimerFd,
            b"pidfd" => DescriptorKind::PidFd,
            _ => {
                let name = OsString::from_vec(name.to_vec());
                return Some((DescriptorKind::Unknown, Details::Named { name }));
            }
        };
    Some((kind, Details::None))
}

/// What `fdinfo` tells of a descriptor of one kind. [`DescriptorDetails::None`] if it lacks what is needed.
#[must_use]
pub fn decode_details(
    kind: DescriptorKind,
    text: &[u8],
    numbers: &SignalNumbers,
) -> DescriptorDetails {
    details(kind, text, numbers).unwrap_or_default()
}

fn details(
    kind: DescriptorKind,
    text: &[u8],
    numbers: &SignalNumbers,
) -> Option<DescriptorDetails> {
    use DescriptorDetails as Details;
    let value = |key: &[u8]| value_of(text, key);
    Some(match kind {
        DescriptorKind::EventFd => {
            Details::EventFd { count: hexadecimal(value(b"eventfd-count")?)? }
        }
        DescriptorKind::PidFd => {
            // -1 for one that has ended, 0 for one that cannot be seen from here.
            let pid: i64 = number(value(b"Pid")?)?;
            let pid = Pid::try_from(pid).ok().filter(|pid| *pid != Pid::ZERO);
            Details::Process { pid }
        }
        DescriptorKind::Epoll => Details::Epoll { watched: watched(text).collect() },
        DescriptorKind::Inotify => {
            let watches = lines(text).filter(|line| line.starts_with(b"inotify wd:")).count();
            Details::Inotify { watches: u32::try_from(watches).ok()? }
        }
        DescriptorKind::SignalFd => {
            let mask = std::str::from_utf8(value(b"sigmask")?).ok()?;
            Details::SignalFd { signals: numbers.signals(u128::from_str_radix(mask, 16).ok()?) }
        }
        DescriptorKind::TimerFd => Details::TimerFd {
            clock: number(value(b"clockid")?)?,
            expirations: number(value(b"ticks")?)?,
            remaining: span(value(b"it_value")?)?,
            interval: span(value(b"it_interval")?)?,
        },
        _ => return None,
    })
}

fn watched(text: &[u8]) -> impl Iterator<Item = i32> {
    lines(text).filter_map(|line| {
        let (key, rest) = key_value(line, b':')?;
        if key != b"tfd" { None } else { number(columns(rest).next()?) }
    })
}

/// `(seconds, nanoseconds)`.
fn span(value: &[u8]) -> Option<Duration> {
    let inside = value.strip_prefix(b"(")?.strip_suffix(b")")?;
    let (seconds, nanos) = key_value(inside, b',')?;
    let nanos = number::<u32>(nanos).filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(number(seconds)?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ps_core::Signal;

    const NUMBERS: SignalNumbers = SignalNumbers {
        named: &[(Signal::Hup, 1), (Signal::Term, 15)],
        real_time: (34, 64),
        last: 64,
    };

    fn of(kind: DescriptorKind, text: &[u8]) -> DescriptorDetails {
        decode_details(kind, text, &NUMBERS)
    }

    #[test]
    fn flags_are_octal_and_the_position_decimal() {
        let info = decode_fdinfo(b"pos:\t10\nflags:\t02102001\nmnt_id:\t24\n").expect("decodes");
        assert_eq!((info.position, info.flags), (Some(10), 0o2_102_001));
        assert!(info.close_on_exec());
        assert_eq!(decode_fdinfo(b"pos:\t-1\nflags:\t0\n").expect("decodes").position, None);
    }

    #[test]
    fn a_missing_line_is_an_error_that_names_it() {
        for (cut, name) in [(&b"flags:\t0\n"[..], "pos"), (b"pos:\t0\n", "flags"), (b"", "pos")] {
            let error = decode_fdinfo(cut).expect_err("incomplete");
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(decode_fdinfo(b"pos:\t0\nflags:\t09\n").is_err());
    }

    #[test]
    fn the_mode_comes_from_access_and_appending_alone() {
        let mode = |flags| FdInfo { position: None, flags }.mode();
        assert_eq!(mode(0), OpenMode::Read);
        assert_eq!(mode(1), OpenMode::Write);
        assert_eq!(mode(2), OpenMode::ReadWrite);
        assert_eq!(mode(1 | APPEND), OpenMode::Append);
        assert_eq!(mode(2 | APPEND), OpenMode::ReadAppend);
        assert_eq!(mode(APPEND), OpenMode::Read);
        let (created, truncated, exclusive) = (0o100, 0o1000, 0o200);
        assert_eq!(mode(1 | created | truncated | exclusive), OpenMode::Write);
        assert!(!FdInfo { position: None, flags: 1 }.close_on_exec());
    }

    #[test]
    fn links_tell_kinds_apart() {
        let kind = |link: &[u8]| kind_of_link(link).map(|(kind, _)| kind);
        assert_eq!(kind(b"/dev/null"), None);
        assert_eq!(kind(b"socket:[12]"), Some(DescriptorKind::Socket));
        assert_eq!(
            kind_of_link(b"pipe:[34]"),
            Some((
                DescriptorKind::Pipe,
                DescriptorDetails::Pipe { id: 34, peer: None, used: None, capacity: None }
            ))
        );
        for (link, expected) in [
            (&b"anon_inode:[eventpoll]"[..], DescriptorKind::Epoll),
            (b"anon_inode:[eventfd]", DescriptorKind::EventFd),
            (b"anon_inode:inotify", DescriptorKind::Inotify),
            (b"anon_inode:[signalfd]", DescriptorKind::SignalFd),
            (b"anon_inode:[timerfd]", DescriptorKind::TimerFd),
            (b"anon_inode:[pidfd]", DescriptorKind::PidFd),
            (b"pidfd:[77]", DescriptorKind::Unknown),
        ] {
            assert_eq!(kind(link), Some(expected), "{}", String::from_utf8_lossy(link));
        }
    }

    #[test]
    fn an_object_without_a_kind_keeps_the_name_the_kernel_gives_it() {
        for (link, name) in
            [(&b"anon_inode:[io_uring]"[..], "[io_uring]"), (b"net:[4026]", "net:[4026]")]
        {
            let expected = DescriptorDetails::Named { name: name.into() };
            assert_eq!(kind_of_link(link), Some((DescriptorKind::Unknown, expected)));
        }
        assert_eq!(
            kind_of_link(b"socket:[x]").map(|(kind, _)| kind),
            Some(DescriptorKind::Unknown)
        );
    }

    #[test]
    fn each_kind_tells_its_own_details() {
        assert_eq!(
            of(DescriptorKind::EventFd, b"eventfd-count:               1f\neventfd-id: 1\n"),
            DescriptorDetails::EventFd { count: 31 }
        );
        let pid = Pid::new(9);
        assert_eq!(of(DescriptorKind::PidFd, b"Pid:\t9\n"), DescriptorDetails::Process { pid });
        for gone in [&b"Pid:\t-1\n"[..], b"Pid:\t0\n"] {
            assert_eq!(of(DescriptorKind::PidFd, gone), DescriptorDetails::Process { pid: None });
        }
        assert_eq!(
            of(DescriptorKind::Epoll, b"pos:\t0\ntfd:        4 events: 1f\ntfd: 7 events: 1\n"),
            DescriptorDetails::Epoll { watched: vec![4, 7] }
        );
        assert_eq!(
            of(DescriptorKind::Inotify, b"pos:\t0\ninotify wd:2 ino:3\ninotify wd:1 ino:4\n"),
            DescriptorDetails::Inotify { watches: 2 }
        );
        let signals = [Signal::Hup, Signal::Term].into_iter().collect();
        assert_eq!(
            of(DescriptorKind::SignalFd, b"sigmask:\t0000000000004001\n"),
            DescriptorDetails::SignalFd { signals }
        );
        assert_eq!(
            of(
                DescriptorKind::TimerFd,
                b"clockid: 1\nticks: 2\nsettime flags: 00\nit_value: (3, 4)\nit_interval: (5, 6)\n"
            ),
            DescriptorDetails::TimerFd {
                clock: 1,
                expirations: 2,
                remaining: Duration::new(3, 4),
                interval: Duration::new(5, 6),
            }
        );
    }

    #[test]
    fn details_that_are_not_there_are_none_and_not_zero() {
        for kind in [DescriptorKind::EventFd, DescriptorKind::PidFd, DescriptorKind::TimerFd] {
            assert_eq!(of(kind, b"pos:\t0\nflags:\t0\n"), DescriptorDetails::None);
        }
        assert_eq!(
            of(
                DescriptorKind::TimerFd,
                b"clockid: 1\nticks: 2\nit_value: (3, 1000000000)\nit_interval: (0, 0)\n"
            ),
            DescriptorDetails::None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (decode_fdinfo(&bytes), kind_of_link(&bytes));
            for kind in [
                DescriptorKind::EventFd, DescriptorKind::PidFd, DescriptorKind::Epoll,
                DescriptorKind::Inotify, DescriptorKind::SignalFd, DescriptorKind::TimerFd,
            ] {
                let _ = of(kind, &bytes);
            }
        }
    }
}
