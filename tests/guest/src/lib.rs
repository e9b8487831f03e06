//! The first process of the virtual machines that `cargo xtask vm` boots: it prepares the machine,
//! makes sure that the machine is what it claims to be, runs tests, reports, and powers off.
//!
//! What is asked of it is a [`Plan`](plan::Plan), which lies in the machine's first file system as
//! `/plan`; what it answers are [`Event`](event::Event)s, one line each on a serial port. Both
//! forms are used by the host too, which is why they compile everywhere.

#![forbid(unsafe_code)]

pub mod capture;
pub mod check;
pub mod event;
pub mod glob;
pub mod plan;

#[cfg(target_os = "linux")]
pub mod init;

#[cfg(target_os = "linux")]
mod witness;

#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
pub mod init;

#[cfg(test)]
mod tree;
