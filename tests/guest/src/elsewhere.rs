//! In place of the first process where there is no Linux kernel to drive.

use std::process::ExitCode;

/// Says so.
pub fn main() -> ExitCode {
    eprintln!("ps-guest is the first process of a Linux machine");
    ExitCode::from(2)
}
