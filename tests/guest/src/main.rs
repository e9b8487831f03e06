//! `/init`: everything it does is in the library of this package.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
use ps_guest::init::main;

/// The guest drives a Linux kernel; elsewhere there is nothing to drive.
#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("ps-guest is the first process of a Linux machine");
    std::process::ExitCode::from(2)
}
