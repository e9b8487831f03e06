//! Runs a program, and ends it with everything that descends from it when its time is up.
//!
//! ```text
//! cargo run --release --example limit -- SECONDS PROGRAM [ARGUMENT…]
//! ```
//!
//! Ends with the program's own code, with 128 and the signal that ended it, or with 124 if its time was up.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use ps_facade::process::Child;
use ps_facade::{Error, Result};

/// How long they may take to end by themselves once they are asked to.
const GRACE: Duration = Duration::from_secs(5);
const OUT_OF_TIME: i32 = 124;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let seconds = words.first().and_then(|word| word.to_str()?.parse().ok());
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let (Some(limit), [_, program, arguments @ ..]) = (limit, words.as_slice()) else {
        eprintln!("usage: limit SECONDS PROGRAM [ARGUMENT…]");
        return ExitCode::from(2);
    };
    match run(Command::new(program).args(arguments), limit) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Err(error) => {
            eprintln!("limit: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &mut Command, limit: Duration) -> Result<i32> {
    let mut child = Child::spawn(command)?;
    match child.wait_timeout(limit) {
        Ok(status) => Ok(status.map_or(0, |status| {
            status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1)
        })),
        Err(Error::TimeoutExpired { .. }) => {
            let end = child.terminate_tree(GRACE)?;
            for (process, why) in &end.refused {
                eprintln!("limit: {process} could not be ended: {why}");
            }
            if !end.is_complete {
                eprintln!("limit: others that it started may be left");
            }
            child.wait()?;
            Ok(OUT_OF_TIME)
        }
        Err(error) => Err(error),
    }
}
