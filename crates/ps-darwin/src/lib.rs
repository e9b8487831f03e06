//! What macOS knows about its processes and about the machine.
//!
//! `Darwin` is the backend: it answers through the traits of [`ps_core`], which are re-exported here, so a program
//! that runs on macOS alone needs this crate only. It asks the kernel by `sysctl`, `libproc` and Mach calls, and
//! IOKit for disk traffic, batteries and the steps of Apple silicon's processors.
//!
//! [`decode`] holds the pure half: it turns the bytes that come back into records, asks nothing, and builds and is
//! tested on every host.
//!
//! # What has been shown
//!
//! **This crate has not been run on macOS.** What stands is this: it compiles for Intel and Apple silicon; the layout
//! of every record and every number that public headers have is compared with them, for three generations of Apple's
//! development kit; every function it calls exists in the system's libraries, those of the two frameworks according
//! to their documentation; decoders are tested on bytes that were laid out by the headers. Where the headers are
//! silent, comments name the file of the kernel's source that a fact was taken from.
//!
//! ```no_run
//! # #[cfg(target_os = "macos")] {
//! use ps_darwin::{Darwin, MemBackend};
//!
//! let memory = Darwin::new().virtual_memory()?;
//! println!("{} of {} bytes available", memory.available, memory.total);
//! # }
//! # Ok::<(), ps_darwin::Error>(())
//! ```

pub mod decode;
#[cfg_attr(not(target_os = "macos"), allow(dead_code))]
mod errno;
#[doc(hidden)]
pub mod raw;

#[cfg(target_os = "macos")]
mod accounts;
#[cfg(target_os = "macos")]
mod backend;
#[cfg(target_os = "macos")]
pub mod cpu;
#[cfg(target_os = "macos")]
pub mod disk;
#[cfg(target_os = "macos")]
pub mod heap;
#[cfg(target_os = "macos")]
pub mod host;
#[cfg(target_os = "macos")]
pub mod mem;
#[cfg(target_os = "macos")]
pub mod net;
#[cfg(target_os = "macos")]
pub mod process;
#[cfg(target_os = "macos")]
pub mod sensors;
#[cfg(target_os = "macos")]
mod sys;

pub use ps_core::*;

#[cfg(target_os = "macos")]
pub use backend::Darwin;
