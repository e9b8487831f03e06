//! Descriptors of a process.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Pid, SignalSet};
use crate::net::Connection;

/// How a file was opened, as C's `fopen` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_enums)]
pub enum OpenMode {
    /// To read.
    #[cfg_attr(feature = "serde", serde(rename = "r"))]
    Read,
    /// To write.
    #[cfg_attr(feature = "serde", serde(rename = "w"))]
    Write,
    /// To write at the end.
    #[cfg_attr(feature = "serde", serde(rename = "a"))]
    Append,
    /// To read and write.
    #[cfg_attr(feature = "serde", serde(rename = "r+"))]
    ReadWrite,
    /// To read, and write at the end.
    #[cfg_attr(feature = "serde", serde(rename = "a+"))]
    ReadAppend,
}

impl OpenMode {
    /// C's name of it.
    ///
    /// ```
    /// assert_eq!(ps_core::process::OpenMode::ReadAppend.as_str(), "a+");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            OpenMode::Read => "r",
            OpenMode::Write => "w",
            OpenMode::Append => "a",
            OpenMode::ReadWrite => "r+",
            OpenMode::ReadAppend => "a+",
        }
    }

    /// From what may be done with the descriptor.
    #[must_use]
    pub const fn of(reads: bool, writes: bool, appends: bool) -> OpenMode {
        match (reads, writes, appends) {
            (true, true, true) => OpenMode::ReadAppend,
            (true, true, false) => OpenMode::ReadWrite,
            (false, true, true) => OpenMode::Append,
            (false, true, false) => OpenMode::Write,
            (_, false, _) => OpenMode::Read,
        }
    }
}

impl std::fmt::Display for OpenMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One regular file that a process has open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OpenFile {
    /// Number of the descriptor.
    pub fd: i32,
    /// The file; `None` where the system does not tell (OpenBSD, NetBSD).
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub path: Option<PathBuf>,
    /// Where in the file the next read or write happens, in bytes.
    pub position: Option<u64>,
    /// How it was opened.
    pub mode: Option<OpenMode>,
    /// The flags it was opened with, by the system's numbers.
    pub flags: Option<u32>,
}

impl OpenFile {
    /// A descriptor, with nothing more known about it.
    #[must_use]
    pub const fn new(fd: i32) -> Self {
        OpenFile { fd, path: None, position: None, mode: None, flags: None }
    }
}

/// What a descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DescriptorKind {
    /// A file of any type, directories and devices included.
    File,
    /// A socket.
    Socket,
    /// A pipe without a name.
    Pipe,
    /// A pipe with a name.
    Fifo,
    /// A kernel event queue. macOS and the BSDs.
    Kqueue,
    /// A process, on FreeBSD.
    ProcDesc,
    /// File system events. Linux.
    Inotify,
    /// Signals. Linux.
    SignalFd,
    /// Readiness of other descriptors. Linux.
    Epoll,
    /// A timer. Linux.
    TimerFd,
    /// A process, on Linux.
    PidFd,
    /// A counter of events. Linux and FreeBSD.
    EventFd,
    /// Anything else.
    Unknown,
}

/// One descriptor of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Descriptor {
    /// Its number.
    pub fd: i32,
    /// What it stands for.
    #[doc(alias = "fdtype")]
    pub kind: DescriptorKind,
    /// The file; `None` if it stands for none, or the system does not tell.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub path: Option<PathBuf>,
    /// Device that holds the file.
    #[doc(alias = "dev")]
    pub device: Option<u64>,
    /// Number of the file on its device.
    #[doc(alias = "ino")]
    pub inode: Option<u64>,
    /// Number of the device that the file stands for.
    #[doc(alias = "rdev")]
    pub special_device: Option<u64>,
    /// Type and permissions of the file (`st_mode`).
    #[doc(alias = "mode")]
    pub file_mode: Option<u32>,
    /// Size of the file in bytes.
    pub size: Option<u64>,
    /// Where the next read or write happens, in bytes.
    pub position: Option<u64>,
    /// The flags it was opened with, by the system's numbers.
    pub flags: Option<u32>,
    /// How it was opened.
    pub open_mode: Option<OpenMode>,
    /// It is closed when the process starts another program.
    pub close_on_exec: Option<bool>,
    /// More, by kind.
    #[doc(alias = "extra_info")]
    pub details: DescriptorDetails,
}

impl Descriptor {
    /// A descriptor with nothing more known about it.
    #[must_use]
    pub const fn new(fd: i32, kind: DescriptorKind) -> Self {
        Descriptor {
            fd,
            kind,
            path: None,
            device: None,
            inode: None,
            special_device: None,
            file_mode: None,
            size: None,
            position: None,
            flags: None,
            open_mode: None,
            close_on_exec: None,
            details: DescriptorDetails::None,
        }
    }
}

/// What is known of a descriptor beyond what all kinds have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DescriptorDetails {
    /// Nothing more.
    #[default]
    None,
    /// The socket; nothing more than its number if its table is not readable.
    Socket(Connection),
    /// The pipe's number, by which its two ends can be matched, and how many bytes it holds and can hold.
    #[allow(missing_docs)]
    Pipe { id: u64, peer: Option<u64>, used: Option<u64>, capacity: Option<u64> },
    /// The counter's value.
    #[allow(missing_docs)]
    EventFd { count: u64 },
    /// The process that the descriptor stands for; `None` once it has ended or cannot be seen from here.
    #[allow(missing_docs)]
    Process { pid: Option<Pid> },
    /// The descriptors watched.
    #[allow(missing_docs)]
    Epoll { watched: Vec<i32> },
    /// How many files are watched.
    #[allow(missing_docs)]
    Inotify { watches: u32 },
    /// The signals received.
    #[allow(missing_docs)]
    SignalFd { signals: SignalSet },
    /// The clock by the system's number, how often it ran out unnoticed, when it runs out next, and how
    /// often after that.
    #[allow(missing_docs)]
    TimerFd { clock: i32, expirations: u64, remaining: Duration, interval: Duration },
    /// How many events are registered and waiting.
    #[allow(missing_docs)]
    Kqueue { pending: u64 },
    /// The kernel's name of an object that has no kind here, as in `[io_uring]`.
    #[allow(missing_docs)]
    Named {
        #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
        name: OsString,
    },
}
