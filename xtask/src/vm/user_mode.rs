//! Kernels that are programs of the host (`ARCH=um`): nothing is emulated, and little is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;
use crate::vm::machines::Machine;
use crate::vm::packages::Packages;

/// The distribution's package of such a kernel, and the kernel in it.
pub(crate) const PACKAGE: &str = "user-mode-linux";
pub(crate) const PROGRAM: &str = "usr/bin/linux.uml";

/// The package of the source that kernels are built from, and what is in it.
const SOURCE: &str = "linux-source-6.1";
const ARCHIVE: &str = "usr/src/linux-source-6.1.tar.xz";

/// What building takes: programs, and the packages that have them.
pub(crate) const TOOLS: &[(&str, &str)] = &[
    ("make", "make"),
    ("gcc", "gcc"),
    ("flex", "flex"),
    ("bison", "bison"),
    ("bc", "bc"),
    ("xz", "xz-utils"),
];

/// Memory of such a machine.
const MEMORY: &str = "256M";

/// The command that boots a kernel; what the kernel says goes to `console`.
pub(crate) fn command(machine: &Machine, kernel: &Path, initrd: &Path, console: File) -> Command {
    let mut command = Command::new(kernel);
    command
        .arg(format!("mem={MEMORY}"))
        .arg(format!("initrd={}", initrd.display()))
        // Where it keeps its number; otherwise in the caller's home.
        .arg(format!("uml_dir={}/", initrd.with_extension("dir").display()))
        // The guest's port is the second terminal, which is our standard output.
        .args(["con=null", "con0=null,fd:2", "con1=null,fd:1"])
        .args(["loglevel=5", "panic=-1"])
        .args(machine.append.split_ascii_whitespace())
        // Where its memory is: by itself it takes `/dev/shm`, which containers have small, and without execution.
        .env("TMPDIR", initrd.with_file_name(""))
        .stderr(console);
    command
}

/// A kernel built from the distribution's source with the smallest configuration there is and the
/// options of a file below `xtask/vm`. It is built once, and again when that file changes.
pub(crate) fn build(packages: &Packages, work: &Path, configuration: &str) -> Result<PathBuf> {
    let options = run::root().join("xtask/vm").join(configuration);
    let options = fs::read_to_string(&options).with_context(|| options.display().to_string())?;
    let kernel = work.join("cache").join(configuration).with_extension("kernel");
    let built_with = kernel.with_extension("options");
    if kernel.exists() && fs::read_to_string(&built_with).is_ok_and(|with| with == options) {
        return Ok(kernel);
    }
    let source = packages.unpacked(SOURCE)?.join(ARCHIVE);
    println!("building a kernel, which takes some minutes once");
    let tree = work.join("cache/source");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    fs::create_dir_all(&tree)?;
    let unpack = ["--strip-components=1", "--extract", "--xz", "--file"];
    run::stdout(Command::new("tar").arg("-C").arg(&tree).args(unpack).arg(source))?;
    let make = |words: &[&str]| {
        run::stdout(
            Command::new("make").args(["-s", "ARCH=um", "-j2"]).args(words).current_dir(&tree),
        )
    };
    make(&["tinyconfig"])?;
    let config = tree.join(".config");
    // The last word on an option counts.
    fs::write(&config, fs::read_to_string(&config)? + &options)?;
    make(&["olddefconfig"])?;
    let missing = lacking(&fs::read_to_string(&config)?, &options);
    if !missing.is_empty() {
        bail!("this kernel cannot have {}", missing.join(", "));
    }
    make(&["linux"])?;
    run::stdout(Command::new("strip").arg("-o").arg(&kernel).arg(tree.join("linux")))?;
    fs::write(&built_with, options)?;
    fs::remove_dir_all(&tree)?;
    Ok(kernel)
}

/// The options asked for that a configuration does not have.
fn lacking<'a>(configuration: &str, options: &'a str) -> Vec<&'a str> {
    let asked = options.lines().filter(|line| line.starts_with("CONFIG_"));
    asked.filter(|option| !configuration.lines().any(|line| line == *option)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_the_kernel_dropped_is_missing() {
        let options = "# why\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n";
        assert_eq!(lacking("CONFIG_A=y\n# CONFIG_B is not set\n", options), ["CONFIG_B=y"]);
    }
}
