//! Everything the operating system knows about its processes and about the machine.
//!
//! ```
//! use ps_facade::{Process, cpu, mem, process_iter};
//!
//! println!("{:?} cores, load {}", cpu::count()?, cpu::load_average()?.one);
//! println!("{} bytes available", mem::virtual_memory()?.available);
//!
//! let me = Process::current()?;
//! println!("{} is {:?}, since {:?}", me.pid(), me.name()?, me.create_time()?);
//!
//! for process in process_iter()? {
//!     // Each may end at any moment: what it was asked is then an error, not a wrong answer.
//!     if let Ok(name) = process.name() {
//!         println!("{:>7} {}", process.pid(), name.display());
//!     }
//! }
//! # Ok::<(), ps_facade::Error>(())
//! ```
//!
//! # Where things are
//!
//! | what | where |
//! |---|---|
//! | one process | [`Process`], and [`Snapshot`] to ask it many things at once |
//! | all processes | [`process_iter`], [`pids`], [`scan`]; again and again, a [`ProcessTable`](process::ProcessTable) |
//! | waiting for processes, one or many | [`Process::wait`], [`process::wait_procs`] |
//! | ending processes with all that descend from them | [`Process::terminate_tree`], [`Process::kill_tree`] |
//! | starting processes | [`process::Child`] |
//! | hearing of processes that start and end | [`process::events`] |
//! | rates | [`cpu::CpuSampler`], [`process::CpuUsage`], [`disk::DiskSampler`], [`net::NetSampler`] |
//! | the machine | [`cpu`], [`mem`], [`disk`], [`net`], [`sensors`], [`host`] |
//! | the C allocator of this program | [`heap`] |
//! | figures for people | [`fmt`](mod@fmt) |
//! | looking elsewhere than in the usual places | [`System`] |
//! | what one system alone offers | [`os`] |
//!
//! # What an answer can be
//!
//! A system that never has a facility answers with [`Error::Unsupported`]; one that has the facility but
//! not a figure of it (an older release, other hardware) leaves that figure `None`; where there is nothing
//! to list, the list is empty. Nothing is ever zero because it is unknown.
//!
//! # Features
//!
//! - `serde`: every record can be serialised and read back.
//! - `tokio`: `Process::wait_async`, `process::wait_procs_async` and `process::events::EventStream` wait in tasks of
//!   that runtime. No thread is started for them, and dropping a future loses nothing.
//! - `bpf`: scans from inside of the kernel, on Linux where that is permitted; elsewhere, and where it would cost more,
//!   from files as without it.

#![forbid(unsafe_code)]

#[macro_use]
mod ask;

pub mod cpu;
pub mod disk;
mod engine;
pub mod fmt;
pub mod heap;
pub mod host;
pub mod mem;
mod native;
pub mod net;
pub mod os;
pub mod process;
pub mod sensors;
mod system;

pub use process::{Process, Snapshot, pid_exists, pids, ppid_map, process_iter, scan};
pub use ps_core::{
    Context, Error, Fields, Gid, Identity, Missing, Pid, Result, Row, Sameness, Signal, Status, Uid,
};
pub use system::System;

/// Version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Version of this library as numbers: major, minor, patch.
///
/// ```
/// let (major, minor, patch) = ps_facade::VERSION_INFO;
/// assert_eq!(format!("{major}.{minor}.{patch}"), ps_facade::VERSION);
/// ```
pub const VERSION_INFO: (u32, u32, u32) = (
    version_part(env!("CARGO_PKG_VERSION_MAJOR")),
    version_part(env!("CARGO_PKG_VERSION_MINOR")),
    version_part(env!("CARGO_PKG_VERSION_PATCH")),
);

const fn version_part(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("cargo gives whole numbers"),
    }
}

/// The example that the project shows first is run like any other.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
