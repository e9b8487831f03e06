//! What Linux knows about its processes and about the machine.
//!
//! `Linux` is the backend: it answers through the traits of [`ps_core`], which are re-exported here, so
//! a program that runs on Linux alone needs this crate only. Everything is read from `/proc` and `/sys`,
//! or wherever `Linux::at` is told that they are mounted, and through system calls where the kernel has
//! no file for it.
//!
//! [`decode`] holds the pure half: it turns the bytes of kernel files into records, asks nothing, and builds
//! on every host.
//!
//! ```no_run
//! # #[cfg(target_os = "linux")] {
//! use ps_linux::{Linux, MemBackend};
//!
//! let memory = Linux::new().virtual_memory()?;
//! println!("{} of {} bytes available", memory.available, memory.total);
//! # }
//! # Ok::<(), ps_linux::Error>(())
//! ```

pub mod decode;

#[cfg(target_os = "linux")]
mod accounts;
#[cfg(target_os = "linux")]
pub mod cgroup;
#[cfg(target_os = "linux")]
pub mod cpu;
#[cfg(target_os = "linux")]
pub mod disk;
#[cfg(target_os = "linux")]
mod errno;
#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
pub mod heap;
#[cfg(target_os = "linux")]
pub mod host;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
pub mod mem;
#[cfg(target_os = "linux")]
pub mod net;
#[cfg(target_os = "linux")]
pub mod pressure;
#[cfg(target_os = "linux")]
pub mod process;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
pub mod sensors;
#[cfg(target_os = "linux")]
mod sys;

pub use ps_core::*;

#[cfg(target_os = "linux")]
pub use process::{LinuxScanner, LinuxView, LinuxWaitSet, Pin};
#[cfg(target_os = "linux")]
pub use root::{Linux, Roots};
