//! `cargo xtask msrv`: everything compiles with the oldest compiler that the manifest names: for this machine with its
//! tests, and with `--all-systems` the libraries for the others, too.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use crate::run;
use crate::toolchain::TARGET_DIR;
use crate::workspace;

/// Of each other system, a target that rustup has a standard library for.
pub(crate) const ELSEWHERE: &[&str] =
    &["x86_64-apple-darwin", "x86_64-unknown-freebsd", "x86_64-unknown-netbsd"];

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let all_systems = match words {
        [] => false,
        [word] if word == "--all-systems" => true,
        _ => bail!("usage: cargo xtask msrv [--all-systems]"),
    };
    let root = run::root();
    let compiler = oldest_compiler(&root)?;
    run::pass(&mut check(&root, &compiler)?)?;
    println!("everything compiles with Rust {compiler}");
    if all_systems {
        let mut command = toolchain(&compiler)?;
        if !is_in_use(&compiler) {
            let add = ["target", "add", "--toolchain", &compiler];
            run::stdout(Command::new("rustup").args(add).args(ELSEWHERE))?;
        }
        libraries_elsewhere(&mut command, &root, Some(&compiler))?;
        command.env("CARGO_TARGET_DIR", root.join(TARGET_DIR).join("msrv"));
        run::pass(&mut command)?;
        println!("and so do the libraries for {}", ELSEWHERE.join(", "));
    }
    Ok(())
}

/// Has `cargo` check, for the other systems, the members of the workspace that are for them; `compiler`: which a member
/// may not be newer than.
pub(crate) fn libraries_elsewhere(
    command: &mut Command,
    root: &Path,
    compiler: Option<&str>,
) -> Result<()> {
    let packages = workspace::packages(root)?;
    command.args(["check", "--quiet", "--all-features"]).current_dir(root);
    command.args(ELSEWHERE.iter().flat_map(|target| ["--target", target]));
    for package in &packages {
        let mut left_out = compiler.is_some_and(|compiler| package.needs_newer(compiler));
        for target in ELSEWHERE {
            left_out |= workspace::left_out(package, &packages, target, "")?.is_some();
        }
        if !left_out {
            command.args(["-p", &package.name]);
        }
    }
    Ok(())
}

/// `cargo check` of all there is, with this compiler.
fn check(root: &Path, compiler: &str) -> Result<Command> {
    let mut command = toolchain(compiler)?;
    command
        .args(["check", "--quiet", "--workspace", "--all-targets", "--all-features"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", run::root().join(TARGET_DIR).join("msrv"));
    // A member that is for measuring alone may name a newer compiler, for the sake of what it measures.
    for package in workspace::packages(root)?.iter().filter(|package| package.needs_newer(compiler))
    {
        println!("{} is left out: its manifest names a newer compiler", package.name);
        command.args(["--exclude", &package.name]);
    }
    Ok(command)
}

/// The `rust-version` of the workspace at this directory, with all three parts.
pub(crate) fn oldest_compiler(root: &Path) -> Result<String> {
    let manifest: Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let package = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
    let version = package.and_then(|package| package.get("rust-version")).and_then(Value::as_str);
    let version = version.context("the workspace's manifest has no rust-version")?;
    Ok(three_parts(version))
}

/// `1.88` is `1.88.0`: rustup takes the short form for the newest of its kind.
fn three_parts(version: &str) -> String {
    match version.split('.').count() {
        2 => format!("{version}.0"),
        _ => version.to_owned(),
    }
}

/// A call of that compiler's `cargo`: the one in use, or one that rustup has or fetches.
fn toolchain(compiler: &str) -> Result<Command> {
    if is_in_use(compiler) {
        return Ok(Command::new("cargo"));
    }
    if !is_installed(compiler) {
        let install = ["toolchain", "install", compiler, "--profile", "minimal"];
        run::stdout(Command::new("rustup").args(install).arg("--no-self-update")).with_context(
            || {
                format!(
                    "no Rust {compiler} to check with: install rustup and let it reach its server \
                     (`rustup toolchain install {compiler} --profile minimal`)"
                )
            },
        )?;
    }
    Ok(through_rustup(compiler))
}

/// Whether this compiler can be called without fetching it.
pub(crate) fn is_installed(compiler: &str) -> bool {
    // `rustup run` would fetch a compiler that is missing; its list does not.
    let listed = || run::stdout(Command::new("rustup").args(["toolchain", "list"]));
    is_in_use(compiler)
        || listed()
            .is_ok_and(|list| list.lines().any(|line| line.starts_with(&format!("{compiler}-"))))
}

fn is_in_use(compiler: &str) -> bool {
    let said = run::stdout(Command::new("rustc").arg("--version"));
    said.is_ok_and(|said| said.split(' ').nth(1) == Some(compiler))
}

fn through_rustup(compiler: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", compiler, "cargo"]).env_remove("RUSTC").env_remove("CARGO");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_names_one_compiler() {
        assert_eq!(three_parts("1.88"), "1.88.0");
        assert_eq!(three_parts("1.88.1"), "1.88.1");
        assert_eq!(oldest_compiler(&run::root()).unwrap().split('.').count(), 3);
    }

    #[test]
    fn a_compiler_that_cannot_be_had_is_a_failure_with_a_remedy() {
        let error = toolchain("1.0.99999").unwrap_err().to_string();
        assert!(error.contains("rustup toolchain install 1.0.99999"), "{error}");
    }

    #[test]
    fn what_the_oldest_compiler_lacks_is_a_failure() {
        let oldest = oldest_compiler(&run::root()).unwrap();
        if toolchain(&oldest).is_err() {
            ps_tests::skip!("no Rust {oldest} here");
            return;
        }
        let root = run::root().join(TARGET_DIR).join("msrv-tests/too-new");
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = "[package]\nname = \"too-new\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        // `VecDeque::pop_front_if` was stabilised by Rust 1.93.
        let text = "//! Text.\npub fn f(v: &mut std::collections::VecDeque<u8>) -> Option<u8> {\n    \
                    v.pop_front_if(|_| true)\n}\n";
        fs::write(root.join("src/lib.rs"), text).unwrap();
        let output = check(&root, &oldest).unwrap().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("pop_front_if"), "{said}");
    }
}
