//! Building what runs inside: the guest and the workspace's test programs, without libraries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::built::{self, Program, artifacts, executable, helper};
use crate::run;
use crate::vm::machines::{Arch, Tests};

/// A profile of its own: what runs inside has no use for debug information, which is most of a
/// test program's size, and must not be rebuilt whenever the same target is built for the host.
const PROFILE: &[&str] = &[
    "--profile=vm",
    "--config=profile.vm.inherits=\"dev\"",
    "--config=profile.vm.debug=0",
    "--config=profile.vm.strip=\"symbols\"",
    "--config=profile.vm.opt-level=1",
];

/// Builds the program that bears its package's name; its path.
pub(crate) fn program(arch: &Arch, package: &str) -> Result<PathBuf> {
    let said = cargo(arch, &["build", "--package", package, "--bin", package])?;
    let found = artifacts(&said).find_map(|artifact| executable(&artifact));
    found.with_context(|| format!("cargo built no {package}"))
}

/// Builds the test programs of one package that a machine asks for.
pub(crate) fn tests(arch: &Arch, tests: &Tests) -> Result<Vec<Program>> {
    let said = cargo(arch, &["test", "--no-run", "--all-features", "--package", tests.package])?;
    let mut programs: Vec<Program> =
        artifacts(&said).filter_map(|artifact| built::program(tests.package, &artifact)).collect();
    let helpers: Vec<PathBuf> = artifacts(&said).filter_map(|artifact| helper(&artifact)).collect();
    for program in &mut programs {
        program.helpers.clone_from(&helpers);
    }
    if tests.programs != ["*"] {
        let asked = |name: &str| tests.programs.iter().any(|wanted| name == label(tests, wanted));
        programs.retain(|program| asked(&program.name));
    }
    let missing = missing(tests, &programs);
    if !missing.is_empty() {
        bail!("{} has no test program {}", tests.package, missing.join(", "));
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(programs)
}

/// The programs asked for that were not built: a name that is gone must not pass unseen.
fn missing(tests: &Tests, programs: &[Program]) -> Vec<&'static str> {
    let built = |wanted: &str| match wanted {
        "*" => !programs.is_empty(),
        _ => programs.iter().any(|program| program.name == label(tests, wanted)),
    };
    tests.programs.iter().copied().filter(|wanted| !built(wanted)).collect()
}

fn label(tests: &Tests, program: &str) -> String {
    format!("{}:{program}", tests.package)
}

/// Runs cargo; what it says of what it built.
fn cargo(arch: &Arch, words: &[&str]) -> Result<String> {
    let std = run::stdout(Command::new("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        arch.target,
    ]))?;
    if !Path::new(std.trim()).is_dir() {
        bail!("no standard library for {0}: run `rustup target add {0}`", arch.target);
    }
    let linker = arch.target.to_uppercase().replace('-', "_");
    let output = Command::new("cargo")
        .args(words)
        .args(["--quiet", "--jobs=2", "--message-format=json-render-diagnostics"])
        .args(["--target", arch.target])
        .args(PROFILE)
        .env(format!("CARGO_TARGET_{linker}_LINKER"), "rust-lld")
        .current_dir(run::root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo")?;
    if !output.status.success() {
        bail!("cargo {} for {} ended with {}", words.join(" "), arch.target, output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::built::tests::SAID;

    #[test]
    fn a_test_program_that_is_gone_is_missing() {
        let programs: Vec<_> =
            artifacts(SAID).filter_map(|said| built::program("a", &said)).collect();
        let asking = |programs| Tests { package: "a", programs, arguments: &[], users: &[0] };
        assert_eq!(missing(&asking(&["lib", "live", "sweep"]), &programs), ["sweep"]);
        assert_eq!(missing(&asking(&["*"]), &programs), [""; 0]);
        assert_eq!(missing(&asking(&["*"]), &[]), ["*"]);
    }
}
