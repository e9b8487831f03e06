//! Answers of NetBSD's kernel to records.
//!
//! Which sysctl holds what, and in which unit, is from `sysctl(7)` and the kernel's source.

pub mod cpu;
pub mod disk;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sensors;
