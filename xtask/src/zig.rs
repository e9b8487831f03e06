//! Finding zig: a C compiler and linker that carries the headers and symbol lists of every system.
//!
//! Each release of zig brings the headers of other releases of the systems. The Python package
//! `ziglang` holds the same program, and several of its versions live side by side under `target/zig`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// One release of zig and how to start it.
#[derive(Debug, Clone)]
pub(crate) struct Zig {
    /// Its version: `0.17.0`.
    pub(crate) version: String,
    /// The program, and the words that come before `cc`.
    words: Vec<OsString>,
}

impl Zig {
    /// The C compiler for `target` (`x86_64-freebsd`), with a cache of its own under `target/`.
    pub(crate) fn cc(&self, target: &str) -> Command {
        let mut command = start(&self.words);
        command.args(["cc", "-target", target]).env("ZIG_GLOBAL_CACHE_DIR", Self::cache());
        command
    }
}

impl Zig {
    /// A program at `path` that does what [`cc`](Zig::cc) does, for those who want the name of a linker.
    pub(crate) fn write_linker(&self, target: &str, path: &Path) -> Result<()> {
        let words: Vec<String> =
            self.words.iter().map(|word| format!("'{}'", word.to_string_lossy())).collect();
        write_program(path, &format!("exec {} cc -target {target} \"$@\"", words.join(" ")))
    }

    /// Where it keeps what it has built of the systems' libraries.
    pub(crate) fn cache() -> PathBuf {
        home().join("cache")
    }
}

/// Writes a program of one line for the shell.
pub(crate) fn write_program(path: &Path, line: &str) -> Result<()> {
    std::fs::write(path, format!("#!/bin/sh\n{line}\n"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The zig of this machine: the one that `PS_ZIG` names, else the one in `PATH`, else Python's.
pub(crate) fn installed() -> Option<Zig> {
    let candidates = [
        std::env::var_os("PS_ZIG").map(|zig| vec![zig]),
        Some(vec!["zig".into()]),
        Some(vec!["python3".into(), "-m".into(), "ziglang".into()]),
    ];
    candidates.into_iter().flatten().find_map(|words| try_start(words).ok())
}

/// A certain version: the one of this machine if it is that, else Python's, fetched once.
pub(crate) fn version(wanted: &str) -> Result<Zig> {
    match cached(wanted) {
        Some(zig) => Ok(zig),
        None => fetch(wanted).with_context(|| {
            format!("no zig {wanted}: set PS_ZIG, or make `pip install ziglang=={wanted}` possible")
        }),
    }
}

/// A certain version, if it can be had without the network.
pub(crate) fn cached(wanted: &str) -> Option<Zig> {
    let fetched = try_start(vec![program(&home().join(wanted)).into()]).ok();
    fetched.or_else(installed).filter(|zig| zig.version == wanted)
}

/// The zig that tests use; `None`, aloud, where it or a place to work in cannot be had.
#[cfg(test)]
pub(crate) fn for_tests() -> Option<Zig> {
    let writable = std::fs::create_dir_all(home()).is_ok_and(|()| {
        let probe = home().join(format!("writable.{}", std::process::id()));
        std::fs::write(&probe, "").and_then(|()| std::fs::remove_file(&probe)).is_ok()
    });
    let zig = cached("0.17.0").filter(|_| writable);
    if zig.is_none() {
        ps_tests::skip!("no zig 0.17.0 in a target/zig to write to; `cargo xtask abi` fetches it");
    }
    zig
}

/// Installs one version of the Python package into a directory of its own.
fn fetch(wanted: &str) -> Result<Zig> {
    eprintln!("fetching zig {wanted} (about 95 MB, once)");
    let home = home();
    let pip = home.join("venv/bin/pip");
    if !pip.exists() {
        run::stdout(Command::new("python3").args(["-m", "venv"]).arg(home.join("venv")))?;
    }
    let unfinished = home.join(format!("{wanted}.{}", std::process::id()));
    run::stdout(
        Command::new(pip)
            .args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
            .arg(&unfinished)
            .arg(format!("ziglang=={wanted}")),
    )?;
    // Someone else may have been faster; theirs is as good.
    if std::fs::rename(&unfinished, home.join(wanted)).is_err() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    try_start(vec![program(&home.join(wanted)).into()])
}

/// Where everything about zig lives.
pub(crate) fn home() -> PathBuf {
    run::root().join("target/zig")
}

/// The program inside an unpacked Python package.
fn program(package: &Path) -> PathBuf {
    package.join("ziglang/zig")
}

fn try_start(words: Vec<OsString>) -> Result<Zig> {
    let version = run::stdout(start(&words).arg("version"))?.trim().to_owned();
    if version.is_empty() {
        bail!("{words:?} does not tell its version");
    }
    Ok(Zig { version, words })
}

fn start(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().map_or("zig".as_ref(), OsString::as_os_str));
    command.args(words);
    command
}
