//! Looking at real processes, acting on them and waiting for them.

#![cfg(target_os = "linux")]

mod control;
mod descriptors;
#[path = "../../src/sys/herd.rs"]
mod herd;
mod kernel;
mod listing;
mod memory;
mod names;
mod threads;
mod tree;
mod wait;
mod zombies;

use ps_linux::process::{Handle, Pin, ProcessBackend};
use ps_linux::{Error, Linux, LinuxView, Pid};

fn pid(number: u32) -> Pid {
    Pid::new(number).expect("in range")
}

fn view(number: u32) -> LinuxView {
    Linux::new().view_of(pid(number))
}

fn handle(number: u32) -> Handle<Pin> {
    Handle::new(Linux::new().identify(pid(number)).expect("there"))
}

/// Whether this program has one of these capabilities. What needs it says so and is left out otherwise.
fn may(capabilities: &[&str], test: &str) -> bool {
    let has = view(std::process::id()).capabilities().expect("readable").effective;
    let may = has.expect("told").names().any(|name| capabilities.contains(&name));
    if !may {
        println!("skipped: {test} needs {}", capabilities.join(" or "));
    }
    may
}

/// Whether this program is root, who owns what belongs to nobody else any more. What needs that says so and is
/// left out otherwise.
fn is_root(test: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        println!("skipped: {test} needs root");
    }
    root
}

#[allow(clippy::needless_pass_by_value)]
fn is_zombie<T>(result: ps_linux::Result<T>) -> bool {
    matches!(result, Err(Error::ZombieProcess { .. }))
}

fn is_denied<T>(result: ps_linux::Result<T>) -> bool {
    result.is_err_and(|error| error.is_denied())
}

#[allow(clippy::needless_pass_by_value)]
fn is_invalid<T>(result: ps_linux::Result<T>) -> bool {
    matches!(result, Err(Error::InvalidArgument { .. }))
}

/// A place for files of one test, removed when dropped.
struct Place(std::path::PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("ps-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("can be made");
        Place(path)
    }

    fn file(&self, name: impl AsRef<std::path::Path>) -> std::path::PathBuf {
        self.0.join(name)
    }

    /// A copy of this program under another name.
    fn copy_of_us(&self, name: impl AsRef<std::path::Path>) -> std::path::PathBuf {
        let path = self.file(name);
        let us = std::env::current_exe().expect("known");
        std::fs::copy(us, &path).expect("can be copied");
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
