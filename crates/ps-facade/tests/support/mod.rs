//! What live tests share: children that are ended in any case.

#![allow(dead_code)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ps_facade::os::linux::{Roots, SystemExt};
use ps_facade::{Pid, Process, Status, System};

/// Children that are killed and collected when the test is over, however it ends.
pub(crate) struct Children(pub(crate) Vec<Child>);

impl Children {
    /// Starts so many programs that do nothing for a long time, and waits until they do.
    pub(crate) fn sleeping(count: usize) -> Children {
        let mut all = Children(Vec::with_capacity(count));
        for _ in 0..count {
            all.0.push(sleeper().spawn().expect("starts"));
        }
        for child in &all.0 {
            let process = Process::try_from(child).expect("is there");
            while process.status().expect("is there") != Status::Sleeping {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        all
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

/// A program that does nothing for a long time.
pub(crate) fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    // With a pipe of the test's in its hands it would keep whoever reads that pipe waiting.
    command.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A process of a system where nobody can be waited for: one whose `/proc` is of another pid namespace, since it is a
/// copy of one file. It is removed when the first of the two is dropped.
pub(crate) fn elsewhere(name: &str) -> (Elsewhere, Process) {
    let place = std::env::temp_dir().join(format!("ps-{name}-{}", std::process::id()));
    let mine = place.join(std::process::id().to_string());
    std::fs::create_dir_all(&mine).expect("made");
    std::fs::copy("/proc/self/stat", mine.join("stat")).expect("copied");
    let system = System::at(Roots { proc: place.clone(), ..Roots::default() });
    let pid = Pid::try_from(std::process::id()).expect("in range");
    (Elsewhere(place), Process::of(&system, pid).expect("is there"))
}

/// A copy of `/proc`.
pub(crate) struct Elsewhere(pub(crate) PathBuf);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs one test of this program in a process of its own, as tests must that change what all threads share.
pub(crate) fn in_a_process_of_its_own(test: &str, before: &str) {
    let me = std::env::current_exe().expect("has a path");
    let script = format!("{before} exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(me)
        .args([test, "--exact", "--nocapture"])
        .env("OF_ITS_OWN", "1")
        .output()
        .expect("starts");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{:?}", output.status);
}

/// Whether this is such a process.
pub(crate) fn is_of_its_own() -> bool {
    std::env::var_os("OF_ITS_OWN").is_some()
}

/// Whether there is room for so many processes, or descriptors; says so if there is not.
pub(crate) fn has_room(what: &str, needed: u64) -> bool {
    let read = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let enough = match what {
        "processes" => {
            read("/proc/sys/kernel/pid_max").is_none_or(|max| max > needed * 2)
                && read("/proc/sys/kernel/threads-max").is_none_or(|max| max > needed * 2)
        }
        _ => {
            let limit = Process::current()
                .and_then(|me| me.limit(ps_facade::process::Resource::OpenFiles))
                .expect("reads");
            limit.hard.is_none_or(|hard| hard >= needed)
        }
    };
    if !enough {
        ps_tests::skip!("fewer {what} to be had than {needed}");
    }
    enough
}
