//! `cargo xtask minimal-versions`: the versions that the manifest names as the oldest do suffice.
//!
//! A manifest that says `1.0` while the code needs what came with `1.3` is noticed by nobody who has a lock
//! file, and by everybody who has not. What the dependencies themselves depend on is taken as new as usual:
//! their floors are theirs to keep. What is for other systems only is checked for those.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::msrv::{ELSEWHERE, libraries_elsewhere};
use crate::run;
use crate::toolchain::{self, Std, TARGET_DIR, ThisMachine};

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("minimal-versions takes no arguments, and was given {word}");
    }
    let name = "minimal-versions";
    check(&run::root(), name)?;
    println!("everything compiles with the oldest versions that the manifests name");
    let ready = |target: &&&str| toolchain::find(target, &ThisMachine) != Some(Std::Ready);
    if let Some(target) = ELSEWHERE.iter().find(ready) {
        bail!("no standard library for {target}: `rustup target add {target}`");
    }
    let directory = run::root().join(TARGET_DIR).join(name);
    let mut command = Command::new("cargo");
    libraries_elsewhere(&mut command, &directory.join(MIRROR), None)?;
    pass_with_minimal_versions(&mut command, &directory)?;
    println!("and so do the libraries for {}", ELSEWHERE.join(", "));
    Ok(())
}

/// The workspace once more, in the directory for what is built.
const MIRROR: &str = "workspace";

/// Checks the workspace at `root`; what is built lies in a directory of this name.
fn check(root: &Path, name: &str) -> Result<()> {
    let directory = run::root().join(TARGET_DIR).join(name);
    let mirror = mirrored(root, &directory)?;
    let mut command = Command::new("cargo");
    command
        .args(["check", "--quiet", "--workspace", "--all-targets", "--all-features"])
        .current_dir(&mirror);
    pass_with_minimal_versions(&mut command, &directory)
}

fn pass_with_minimal_versions(command: &mut Command, directory: &Path) -> Result<()> {
    command
        .arg("-Zdirect-minimal-versions")
        // The option is not stable; a released compiler takes it so.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", directory.join("built"));
    run::pass(command).context("raise the version in Cargo.toml that is too old, as said above")
}

/// The workspace once more, by links, with no lock file: so that it gets one of its own.
fn mirrored(root: &Path, directory: &Path) -> Result<PathBuf> {
    let mirror = directory.join(MIRROR);
    if mirror.exists() {
        fs::remove_dir_all(&mirror)?;
    }
    fs::create_dir_all(&mirror)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        if !["target", "Cargo.lock", ".git"].iter().any(|other| name == *other) {
            symlink(entry.path(), mirror.join(&name))?;
        }
    }
    Ok(mirror)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_lacks_what_is_used_is_found() {
        let root = run::root().join(TARGET_DIR).join("minimal-versions-tests/too-old");
        fs::create_dir_all(root.join("src")).unwrap();
        // `anyhow::Ok` came with 1.0.49.
        fs::write(root.join("src/lib.rs"), "//! Text.\npub use anyhow::Ok;\n").unwrap();
        for (version, suffices) in [("1.0.0", false), ("1.0.98", true)] {
            let manifest = format!(
                "[package]\nname = \"too-old\"\nedition = \"2024\"\n[workspace]\n\
                 [dependencies]\nanyhow = \"{version}\"\n"
            );
            fs::write(root.join("Cargo.toml"), manifest).unwrap();
            let outcome = check(&root, "minimal-versions-tests/built");
            assert_eq!(outcome.is_ok(), suffices, "{version}: {outcome:?}");
        }
    }

    #[test]
    fn the_lock_file_of_the_workspace_is_neither_read_nor_written() {
        let directory = run::root().join(TARGET_DIR).join("minimal-versions-tests/mirror");
        let mirror = mirrored(&run::root(), &directory).unwrap();
        assert!(mirror.join("crates/ps-core/Cargo.toml").is_file());
        assert!(!mirror.join("Cargo.lock").exists() && !mirror.join("target").exists());
    }
}
