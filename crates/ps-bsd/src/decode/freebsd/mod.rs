//! Answers of FreeBSD to records.

pub mod cpu;
pub mod disk;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sensors;
