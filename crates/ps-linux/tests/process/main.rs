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

use std::sync::atomic::{AtomicU32, Ordering};

use ps_linux::process::{Handle, Pin, ProcessBackend, ProcessView};
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

/// Which user the root of this user namespace is outside of it, and how many users it has.
fn outer_root() -> Option<(u32, u32)> {
    let map = match std::fs::read_to_string("/proc/self/uid_map") {
        // Kernels without user namespaces.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some((0, u32::MAX)),
        map => map.ok()?,
    };
    let mut numbers = map.split_whitespace().map(|number| number.parse().ok());
    let [Some(0), Some(outer), Some(count)] = std::array::from_fn(|_| numbers.next().flatten())
    else {
        return None;
    };
    Some((outer, count))
}

/// Whether this program has one of these capabilities over the whole machine. What needs it says so and is left out otherwise.
fn may(capabilities: &[&str], test: &str) -> bool {
    let has = view(std::process::id()).capabilities().expect("readable").effective;
    // Those of a user namespace of our own are good for nothing outside of it.
    let may = has.expect("told").names().any(|name| capabilities.contains(&name))
        && outer_root() == Some((0, u32::MAX));
    if !may {
        ps_tests::skip!("{test} needs {}", capabilities.join(" or "));
    }
    may
}

/// Whether this program is root, who owns what belongs to nobody else any more. What needs that says so and is
/// left out otherwise.
fn is_root(test: &str) -> bool {
    let root = nix::unistd::geteuid().is_root() && outer_root().is_some_and(|(root, _)| root == 0);
    if !root {
        ps_tests::skip!("{test} needs root");
    }
    root
}

/// Does something 500 times, and less often where the machine has little time for us.
fn many_times(mut what: impl FnMut()) {
    let begin = std::time::Instant::now();
    for round in 0..500 {
        if round >= 50 && begin.elapsed() > std::time::Duration::from_secs(10) {
            return println!("{round} times in {:?}", begin.elapsed());
        }
        what();
    }
}

/// A thread of a process beside the main one. Its number may be the lower one, where numbers began anew.
fn other_thread(process: u32) -> u32 {
    let threads = view(process).threads().expect("listed");
    let other = threads.iter().find(|thread| thread.id != u64::from(process));
    u32::try_from(other.expect("has two").id).expect("in range")
}

/// Whether this kernel was built without counters of input and output, and the view says so.
fn counts_no_io(view: &LinuxView) -> bool {
    let has = std::fs::exists("/proc/self/io").expect("told");
    assert_eq!(view.io_counters().is_err_and(|error| error.is_unsupported()), !has);
    !has
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
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Tests run beside each other, and two may choose the same name.
        let (me, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("ps-{name}-{me}-{number}"));
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
