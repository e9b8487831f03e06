//! Answers of OpenBSD's kernel to records.
//!
//! Which sysctl holds what, and in which unit, is from `sysctl(2)` and `sys/kern/kern_sysctl.c`.

pub mod cpu;
pub mod disk;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sensors;
