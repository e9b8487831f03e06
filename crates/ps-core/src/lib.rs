//! Records, errors and backend traits of a process and system information library.
//!
//! This crate says *what* can be known about processes and about a machine, in which unit, and what it
//! means when something cannot be known. It asks no kernel anything and names no operating system: that
//! is the work of the backends, one crate for each family of systems, which implement the traits found
//! here. Most programs depend on the facade, which adds convenience; a program that wants one system
//! only can use that backend and these traits directly.
//!
//! | module | subject | trait |
//! |---|---|---|
//! | [`cpu`] | time per mode, counts, frequency, load | [`CpuBackend`] |
//! | [`mem`] | physical memory and swap | [`MemBackend`] |
//! | [`disk`] | mounted file systems and disk traffic | [`DiskBackend`] |
//! | [`net`] | interfaces, traffic and sockets | [`NetBackend`] |
//! | [`sensors`] | temperatures, fans, batteries | [`SensorsBackend`] |
//! | [`host`] | boot time, accounts, login sessions | [`HostBackend`] |
//! | [`heap`] | the C allocator of this program | [`HeapBackend`] |
//! | [`process`] | processes | [`ProcessBackend`] |
//!
//! # What an answer can be
//!
//! | situation | answer |
//! |---|---|
//! | the system never has the facility | [`Error::Unsupported`] |
//! | it has the facility, but not this figure (release, hardware) | `None` |
//! | there are none of the things asked for | an empty collection, or a true zero |
//! | the kernel's answer lacks a required figure | [`Error::Decode`] |
//! | not allowed to look | [`Error::AccessDenied`] |
//!
//! # Features
//!
//! - `serde`: every record can be serialised and read back, see `serde_os`.
//! - `fake`: a backend without a kernel, for tests: a small machine in memory, whose processes vanish and
//!   whose pids are reused whenever a test says so, and whose time passes without waiting; see `fake`.

#![forbid(unsafe_code)]

pub mod capability;
pub mod cpu;
pub mod decode;
pub mod disk;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod heap;
pub mod host;
pub mod lazy;
pub mod mem;
pub mod net;
pub mod nowrap;
pub mod process;
pub mod raw;
pub mod sensors;
#[cfg(feature = "serde")]
pub mod serde_os;

pub use cpu::CpuBackend;
pub use disk::DiskBackend;
pub use error::{Context, Error, Result};
pub use heap::HeapBackend;
pub use host::HostBackend;
pub use mem::MemBackend;
pub use net::NetBackend;
pub use process::{
    ControlBackend, Fields, Gid, Identity, Missing, Pid, ProcessBackend, ProcessView, Row,
    Sameness, Scanner, Signal, Status, Uid, WaitBackend,
};
pub use sensors::SensorsBackend;

/// Everything an operating system family provides to stand behind the facade.
///
/// Implemented for every type that has all of the subject traits; nobody implements it by hand. The
/// traits may gain methods in a minor release: each of them asks for [`sealed::Backend`], which keeps
/// implementations outside this project from being broken by that.
pub trait Backend:
    CpuBackend
    + MemBackend
    + DiskBackend
    + NetBackend
    + SensorsBackend
    + HostBackend
    + HeapBackend
    + ProcessBackend
    + ControlBackend
    + WaitBackend
    + process::NewsBackend
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<T> Backend for T where
    T: CpuBackend
        + MemBackend
        + DiskBackend
        + NetBackend
        + SensorsBackend
        + HostBackend
        + HeapBackend
        + ProcessBackend
        + ControlBackend
        + WaitBackend
        + process::NewsBackend
        + Clone
        + Send
        + Sync
        + 'static
{
}

#[doc(hidden)]
pub mod sealed {
    /// Marks the backends of this project.
    pub trait Backend {}
}
