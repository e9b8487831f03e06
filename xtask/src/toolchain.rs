//! Where the standard library of a target comes from.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run;

/// Where this project's commands put what they build, beside what `cargo` puts there by itself.
pub(crate) const TARGET_DIR: &str = "target/xtask";

/// Where the standard library of a target comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Std {
    /// It lies ready for the compiler in use.
    Ready,
    /// It is built from the compiler's own sources.
    Source,
    /// It is built by another compiler, a distribution's, from the sources that belong to that.
    Distribution(PathBuf),
}

impl Std {
    /// A few words for the table.
    pub(crate) fn describe(&self) -> String {
        match self {
            Std::Ready => "std ready".to_owned(),
            Std::Source => "std built from source".to_owned(),
            Std::Distribution(at) => format!("std built by {}", at.join("bin/rustc").display()),
        }
    }

    /// A call of `cargo` with this subcommand for targets whose standard library is found so.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        match self {
            Std::Ready => {
                let mut command = Command::new("cargo");
                command.arg(subcommand);
                command
            }
            Std::Source => {
                let mut command = Command::new("cargo");
                command.arg(subcommand);
                build_std(&mut command, "build-std");
                command
            }
            Std::Distribution(at) => distribution_cargo(at, subcommand),
        }
    }
}

/// Lets a released compiler build the standard library, with a directory of its own: build scripts
/// watch the variable, and would run again at each change.
fn build_std(command: &mut Command, directory: &str) {
    command.arg("-Zbuild-std=std,test").env("RUSTC_BOOTSTRAP", "1");
    command.env("CARGO_TARGET_DIR", run::root().join(TARGET_DIR).join(directory));
}

fn distribution_cargo(at: &Path, subcommand: &str) -> Command {
    let bin = at.join("bin");
    // `cargo clippy` would take the first `cargo-clippy` in PATH, which may be rustup's: its
    // compiler does not understand the sources of another release.
    let mut command = if subcommand == "clippy" {
        let mut command = Command::new(bin.join("cargo-clippy"));
        command.arg("clippy");
        command
    } else {
        let mut command = Command::new(bin.join("cargo"));
        command.arg(subcommand);
        command
    };
    build_std(&mut command, "distribution");
    command.env("RUSTC", bin.join("rustc"));
    command.env("RUSTDOC", bin.join("rustdoc"));
    command.env("CARGO", bin.join("cargo"));
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.env_remove("RUSTUP_TOOLCHAIN");
    if at != Path::new("/usr") {
        // An unpacked toolchain finds its compiler library beside itself.
        let libraries = at.join(format!("lib/{}-linux-gnu", std::env::consts::ARCH));
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command
}

/// What a machine has, and what it can fetch.
pub(crate) trait Supply {
    /// The standard library of this target lies ready.
    fn has_std(&self, target: &str) -> bool;
    /// Fetches it; whether it is there now.
    fn add_std(&self, target: &str) -> bool;
    /// The compiler knows this target at all.
    fn knows(&self, target: &str) -> bool;
    /// The sources of the standard library, of the very compiler in use, are there.
    fn has_source(&self) -> bool;
    /// Fetches them; whether they are there now.
    fn add_source(&self) -> bool;
    /// The prefix of a distribution's toolchain that has its sources.
    fn distribution(&self) -> Option<PathBuf>;
}

/// Finds the standard library of a target in the cheapest way that this machine offers.
pub(crate) fn find(target: &str, supply: &dyn Supply) -> Option<Std> {
    if supply.has_std(target) {
        return Some(Std::Ready);
    }
    if !supply.knows(target) {
        return None;
    }
    if supply.add_std(target) {
        Some(Std::Ready)
    } else if supply.has_source() || supply.add_source() {
        Some(Std::Source)
    } else {
        supply.distribution().map(Std::Distribution)
    }
}

/// The machine this runs on.
pub(crate) struct ThisMachine;

impl Supply for ThisMachine {
    fn has_std(&self, target: &str) -> bool {
        let asked =
            Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
        let Ok(output) = asked else { return false };
        let directory = String::from_utf8_lossy(&output.stdout);
        output.status.success()
            && Path::new(directory.trim())
                .read_dir()
                .is_ok_and(|mut entries| entries.next().is_some())
    }

    fn add_std(&self, target: &str) -> bool {
        let offered = run::stdout(Command::new("rustup").args(["target", "list"]));
        let offered = offered.is_ok_and(|list| list.lines().any(|line| line.trim() == target));
        offered
            && run::stdout(Command::new("rustup").args(["target", "add", target])).is_ok()
            && self.has_std(target)
    }

    fn knows(&self, target: &str) -> bool {
        run::stdout(Command::new("rustc").args(["--print", "cfg", "--target", target])).is_ok()
    }

    fn has_source(&self) -> bool {
        let sysroot = run::stdout(Command::new("rustc").args(["--print", "sysroot"]));
        sysroot.is_ok_and(|at| has_library_source(Path::new(at.trim())))
    }

    fn add_source(&self) -> bool {
        run::stdout(Command::new("rustup").args(["component", "add", "rust-src"])).is_ok()
            && self.has_source()
    }

    fn distribution(&self) -> Option<PathBuf> {
        let at = std::env::var_os("PS_DEBIAN_RUST").map_or_else(|| "/usr".into(), PathBuf::from);
        (at.join("bin/rustc").exists() && has_library_source(&at)).then_some(at)
    }
}

fn has_library_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").exists()
}

/// The target that the compiler in use compiles for unless told otherwise.
pub(crate) fn host() -> Result<String> {
    let version = run::stdout(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` does not name its host")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A machine that has what is listed, and can fetch what is listed.
    #[derive(Default)]
    pub(crate) struct Shelf {
        pub(crate) ready: &'static [&'static str],
        pub(crate) offered: &'static [&'static str],
        pub(crate) unknown: &'static [&'static str],
        pub(crate) source: bool,
        pub(crate) source_offered: bool,
        pub(crate) distribution: Option<&'static str>,
    }

    impl Supply for Shelf {
        fn has_std(&self, target: &str) -> bool {
            self.ready.contains(&target)
        }
        fn add_std(&self, target: &str) -> bool {
            self.offered.contains(&target)
        }
        fn knows(&self, target: &str) -> bool {
            !self.unknown.contains(&target)
        }
        fn has_source(&self) -> bool {
            self.source
        }
        fn add_source(&self) -> bool {
            self.source_offered
        }
        fn distribution(&self) -> Option<PathBuf> {
            self.distribution.map(PathBuf::from)
        }
    }

    #[test]
    fn the_cheapest_standard_library_is_taken() {
        let all = Shelf {
            ready: &["a"],
            offered: &["a", "b"],
            source: true,
            distribution: Some("/usr"),
            ..Shelf::default()
        };
        assert_eq!(find("a", &all), Some(Std::Ready));
        assert_eq!(find("b", &all), Some(Std::Ready));
        assert_eq!(find("c", &all), Some(Std::Source));
        let fetched = Shelf { source: false, source_offered: true, ..all };
        assert_eq!(find("c", &fetched), Some(Std::Source));
        let fallen_back = Shelf { source_offered: false, ..fetched };
        assert_eq!(find("c", &fallen_back), Some(Std::Distribution("/usr".into())));
    }

    #[test]
    fn a_target_without_a_standard_library_has_none() {
        assert_eq!(find("a", &Shelf::default()), None);
        let stocked = Shelf { unknown: &["a"], source: true, ..Shelf::default() };
        assert_eq!(find("a", &stocked), None);
    }

    #[test]
    fn the_compiler_in_use_has_its_own_host_and_no_invented_target() {
        assert!(ThisMachine.has_std(&host().unwrap()));
        assert!(!ThisMachine.has_std("x86_64-unknown-nowhere"));
        assert_eq!(find("x86_64-unknown-nowhere", &ThisMachine), None);
    }
}
