//! Leaves an iterator over all processes in the kernel, for scans of unprivileged programs to use: for administrators.
//!
//! ```text
//! cargo run --release --features bpf --example pin-scan -- /sys/fs/bpf/ps-scan [MODE]
//! ```
//!
//! MODE says in octal digits who may read it; 0444, which is everybody, if it is left out. Whoever may sees every process
//! of the pid namespace that the reader is in, its name, users, state, times and memory, also if `/proc` is mounted with
//! `hidepid`. Programs find it without being told if it is at `/sys/fs/bpf/ps-scan`, and if that directory lets them
//! through, which it often does not: `chmod o+x /sys/fs/bpf`, or `mount -t bpf bpf /run/ps` and a path there.
//!
//! It stays until the file is removed or the machine goes down, and has to be made anew for a later version of this
//! library, or it is not used. Needs `CAP_BPF` and `CAP_PERFMON`, or `CAP_SYS_ADMIN`.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use std::path::Path;

    use ps_facade::System;
    use ps_facade::os::linux::{ScanFrom, ScanSource, SystemExt};

    const USAGE: &str = "usage: pin-scan PATH [MODE]";

    let words: Vec<String> = std::env::args().skip(1).collect();
    let (path, mode) = match words.as_slice() {
        [path] => (path, Some(0o444)),
        [path, mode] => (path, u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Some(mode) = mode else {
        eprintln!("pin-scan: {:?} is no mode like 0444", words.last());
        return ExitCode::from(2);
    };
    let system = System::default();
    if let Err(error) = system.linux().pin_scan(Path::new(path), mode) {
        eprintln!("pin-scan: {error}");
        return ExitCode::FAILURE;
    }
    // What was pinned is used once, so that nobody is left with one that does not work.
    match system.scanning(ScanFrom::Pinned(path.into())).scan_source() {
        ScanSource::PinnedBpf => {
            println!("{path} can be read with mode {mode:04o}");
            ExitCode::SUCCESS
        }
        source => {
            eprintln!("pin-scan: {path} is there, and scans still read {source}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("pin-scan: only Linux scans from inside of the kernel");
    ExitCode::from(2)
}
