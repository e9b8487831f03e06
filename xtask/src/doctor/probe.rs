//! Looking whether this machine has a thing: `None`, or what was found in a few words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// Where in PATH a program lies; the directories of administration count even for others than root.
pub(super) fn program(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
        .map(|file| file.display().to_string())
}

/// The first line that a program prints, if it succeeds.
pub(super) fn first_line(name: &str, words: &[&str]) -> Option<String> {
    let text = run::stdout(Command::new(name).args(words)).ok()?;
    Some(text.lines().next().unwrap_or_default().to_owned())
}

/// The version of a Python module, of the project's own environment if there is one.
pub(super) fn python_module(name: &str) -> Option<String> {
    let own = run::root().join("target/venv/bin/python");
    let code = format!("import importlib.metadata as m, {name}; print(m.version('{name}'))");
    [own.as_path(), Path::new("python3")]
        .into_iter()
        .find_map(|python| first_line(python.to_str()?, &["-c", &code]))
}

/// The zig that PS_ZIG, PATH, Python or `target/zig` has.
pub(super) fn zig() -> Option<String> {
    let named = std::env::var("PS_ZIG").ok();
    let root = run::root();
    let module = |python: &str| {
        let version = first_line(python, &["-m", "ziglang", "version"])?;
        Some(format!("{version} ({python} -m ziglang)"))
    };
    let program = |zig: &str| Some(format!("{} ({zig})", first_line(zig, &["version"])?));
    let fetched = fs::read_dir(root.join("target/zig")).into_iter().flatten().flatten();
    named
        .and_then(|zig| program(&zig))
        .or_else(|| program("zig"))
        .or_else(|| module("python3"))
        .or_else(|| module(root.join("target/venv/bin/python").to_str()?))
        .or_else(|| {
            let mut versions = fetched.map(|version| version.path());
            versions.find_map(|at| program(at.join("ziglang/zig").to_str()?))
        })
}

/// Whether the effective user is root.
pub(super) fn root() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    (uids.split_whitespace().nth(1) == Some("0")).then(String::new)
}

/// Where control groups of this kind are mounted.
pub(super) fn cgroup(kind: &str) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let at = words.next()?;
        (words.next()? == kind).then(|| at.to_owned())
    })
}

/// Whether one of these capabilities is effective here.
pub(super) fn capability(numbers: &[u32]) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let word = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let effective = u64::from_str_radix(word.trim(), 16).ok()?;
    numbers.iter().any(|number| effective & (1 << number) != 0).then(String::new)
}

/// Pidfds of two processes have inodes of their own; before Linux 6.9 all share one.
pub(super) fn pidfd_inodes() -> Option<String> {
    let code = "import os; a, b = (os.fstat(os.pidfd_open(p)).st_ino \
                for p in (os.getpid(), os.getppid())); print('yes' if a != b else 'no')";
    (first_line("python3", &["-c", code])? == "yes").then(String::new)
}

pub(super) fn user_namespaces() -> Option<String> {
    run::stdout(Command::new("unshare").args(["--user", "true"])).is_ok().then(String::new)
}

/// CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON together.
pub(super) fn bpf() -> Option<String> {
    let types = Path::new("/sys/kernel/btf/vmlinux");
    let both = || capability(&[38]).and_then(|_| capability(&[39]));
    capability(&[21]).or_else(both).filter(|_| types.exists())
}
