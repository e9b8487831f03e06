//! `cargo xtask emul`: the tests that ask no kernel, on machines of other word sizes and byte orders.
//!
//! Programs for i686 run as they are; those for arm64 and big-endian s390x run under qemu's user
//! emulation. That passes system calls on to the kernel of this machine, so what asks the kernel
//! would learn nothing about the other architecture; hence only tests on bytes are run: all of
//! `ps-core`, and of each backend those whose path contains `decode::` or `raw::`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::abi::Report;
use crate::built::{Program, artifacts, program};
use crate::run;
use crate::toolchain::{self, Supply, TARGET_DIR, ThisMachine};

/// The libraries whose unit tests are run, and the parts of them: tests whose path contains one of
/// these, or all.
const PACKAGES: &[(&str, &[&str])] = &[
    ("ps-core", &[]),
    ("ps-linux", &["decode::", "raw::"]),
    ("ps-darwin", &["decode::", "raw::"]),
    ("ps-bsd", &["decode::", "raw::"]),
];

/// One kind of machine.
struct Emulation {
    target: &'static str,
    /// What it shows that this machine does not.
    about: &'static str,
    linker: &'static str,
    /// What runs its programs, and the words before the program; none if this machine does.
    runner: Option<(&'static str, &'static [&'static str])>,
    /// The Debian packages that have linker and runner.
    packages: &'static str,
}

const EMULATIONS: &[Emulation] = &[
    Emulation {
        target: "i686-unknown-linux-musl",
        about: "32 bits",
        linker: "rust-lld",
        runner: None,
        packages: "",
    },
    Emulation {
        target: "aarch64-unknown-linux-musl",
        about: "arm64",
        linker: "rust-lld",
        runner: Some(("qemu-aarch64", &[])),
        packages: "qemu-user",
    },
    Emulation {
        target: "s390x-unknown-linux-gnu",
        about: "big endian",
        linker: "s390x-linux-gnu-gcc",
        runner: Some(("qemu-s390x", &["-L", "/usr/s390x-linux-gnu"])),
        packages: "qemu-user gcc-s390x-linux-gnu libc6-dev-s390x-cross",
    },
];

/// The targets whose standard library is needed.
pub(crate) fn targets() -> impl Iterator<Item = &'static str> {
    EMULATIONS.iter().map(|emulation| emulation.target)
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let allow_missing = match words {
        [] => false,
        [word] if word == "--allow-missing" => true,
        _ => bail!("usage: cargo xtask emul [--allow-missing]"),
    };
    let mut report = Report::new(allow_missing);
    for emulation in EMULATIONS {
        let what = format!("{} ({})", emulation.target, emulation.about);
        if let Err(why) = emulation.is_possible(&ThisMachine) {
            report.missing(&what, &why);
            continue;
        }
        let start = Instant::now();
        let ran = emulation.test(&run::root(), PACKAGES)?;
        let took = start.elapsed().as_secs_f64();
        let (passed, run) = (ran.passed, ran.passed + ran.failed);
        report.checked(
            &format!("{what}: {passed} of {run} tests passed, {took:.1} s"),
            &ran.complaints,
        );
    }
    report.finish()
}

/// What came of the tests.
#[derive(Debug, Default)]
struct Ran {
    passed: u64,
    failed: u64,
    complaints: Vec<String>,
}

impl Emulation {
    /// Whether this machine has what it takes; the error names the remedy.
    fn is_possible(&self, supply: &dyn Supply) -> Result<()> {
        if toolchain::find(self.target, supply) != Some(toolchain::Std::Ready) {
            bail!("no standard library: rustup target add {}", self.target);
        }
        let runner = self.runner.map(|(runner, _)| runner);
        // `rust-lld` comes with the compiler.
        let linker = (self.linker != "rust-lld").then_some(self.linker);
        for program in runner.into_iter().chain(linker) {
            run::stdout(Command::new(program).arg("--version")).with_context(|| {
                format!("apt-get install -y --no-install-recommends {}", self.packages)
            })?;
        }
        Ok(())
    }

    /// Builds the tests of these packages at `root`, and runs what the filters choose.
    fn test(&self, root: &Path, packages: &[(&str, &[&str])]) -> Result<Ran> {
        let mut ran = Ran::default();
        let programs = self.build(root, packages)?;
        for (package, filters) in packages {
            let Some(program) = programs.iter().find(|one| one.name == format!("{package}:lib"))
            else {
                ran.complaints.push(format!("{package}: cargo built no tests"));
                continue;
            };
            let output = self.run(program, filters)?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let counts = counts(&said).unwrap_or_default();
            ran.passed += counts.0;
            ran.failed += counts.1;
            if !output.status.success() {
                ran.complaints.push(format!(
                    "{}: {}\n{}{}",
                    program.name,
                    output.status,
                    said.trim(),
                    String::from_utf8_lossy(&output.stderr)
                ));
            } else if counts.0 == 0 {
                ran.complaints.push(format!("{package}: no test was run of {filters:?}"));
            }
        }
        Ok(ran)
    }

    fn build(&self, root: &Path, packages: &[(&str, &[&str])]) -> Result<Vec<Program>> {
        let linker =
            format!("CARGO_TARGET_{}_LINKER", self.target.to_uppercase().replace('-', "_"));
        let mut command = Command::new("cargo");
        command
            .args(["test", "--quiet", "--no-run", "--lib", "--all-features"])
            .args(["--message-format=json-render-diagnostics", "--target", self.target])
            .args(packages.iter().flat_map(|(package, _)| ["--package", package]))
            .env(linker, self.linker)
            .env("CARGO_TARGET_DIR", run::root().join(TARGET_DIR).join("emul"))
            // Debug information is most of what the linker would write.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .current_dir(root)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        let said = run::stdout(&mut command)?;
        let mut programs = Vec::new();
        for (package, _) in packages {
            let library = package.replace('-', "_");
            let of = artifacts(&said).filter(|artifact| artifact["target"]["name"] == library);
            programs.extend(of.filter_map(|artifact| program(package, &artifact)));
        }
        Ok(programs)
    }

    fn run(&self, program: &Program, filters: &[&str]) -> Result<std::process::Output> {
        let mut command = match self.runner {
            None => Command::new(&program.executable),
            Some((runner, words)) => {
                let mut command = Command::new(runner);
                command.args(words).arg(&program.executable);
                command
            }
        };
        command.args(filters).current_dir(&program.directory).stdin(Stdio::null());
        command.output().with_context(|| format!("cannot start {command:?}"))
    }
}

/// How many tests passed and failed, by the line with which a test program ends.
fn counts(said: &str) -> Option<(u64, u64)> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("test result: "))?;
    let before = |word: &str| {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        let at = words.iter().position(|one| *one == word)?;
        words.get(at.checked_sub(1)?)?.parse().ok()
    };
    Some((before("passed")?, before("failed")?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::toolchain::tests::Shelf;

    /// A workspace of one crate with these tests, below the directory for what is built.
    fn crate_with(name: &str, tests: &str) -> PathBuf {
        let root = run::root().join(TARGET_DIR).join("emul-tests").join(name);
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\nversion = \"0.0.0\"\n[workspace]\n"
        );
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        let text = format!("#[cfg(test)]\nmod decode {{\n{tests}}}\n");
        fs::write(root.join("src/lib.rs"), text).unwrap();
        root
    }

    fn complaints(emulation: &Emulation, name: &str, tests: &str) -> Vec<String> {
        emulation.test(&crate_with(name, tests), &[(name, &["decode::"])]).unwrap().complaints
    }

    #[test]
    fn the_last_line_of_a_test_program_tells_how_many_there_were() {
        let said = "running 3 tests\n\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; \
                    0 measured; 4 filtered out; finished in 0.00s\n";
        assert_eq!(counts(said), Some((2, 1)));
        assert_eq!(counts("Segmentation fault\n"), None);
    }

    #[test]
    fn a_target_that_cannot_be_run_is_missing_with_a_remedy() {
        let big_endian = &EMULATIONS[2];
        let nothing = big_endian.is_possible(&Shelf::default()).unwrap_err();
        assert!(nothing.to_string().contains("rustup target add s390x-unknown-linux-gnu"));
        let no_runner = Emulation {
            target: "s390x-unknown-linux-gnu",
            about: "",
            linker: "rust-lld",
            runner: Some(("no-such-qemu-at-all", &[])),
            packages: "qemu-user",
        };
        let ready = Shelf { ready: &["s390x-unknown-linux-gnu"], ..Shelf::default() };
        let error = no_runner.is_possible(&ready).unwrap_err().to_string();
        assert!(error.contains("apt-get install") && error.contains("qemu-user"), "{error}");
    }

    #[test]
    fn a_decoder_that_is_wrong_on_another_machine_is_found_there() {
        let wrong = [
            (0, "#[test]\nfn word() { assert_eq!(size_of::<usize>(), 8); }\n"),
            (2, "#[test]\nfn order() { assert_eq!(u16::from_ne_bytes([1, 0]), 1); }\n"),
        ];
        for (number, test) in wrong {
            let emulation = &EMULATIONS[number];
            if let Err(why) = emulation.is_possible(&ThisMachine) {
                ps_tests::skip!("{}: {why:#}", emulation.target);
                continue;
            }
            let name = format!("wrong-{number}");
            let found = complaints(emulation, &name, test);
            assert!(found.len() == 1 && found[0].contains("left:"), "{found:?}");
        }
    }

    #[test]
    fn a_package_of_which_nothing_is_run_is_a_complaint() {
        let native = &EMULATIONS[0];
        if let Err(why) = native.is_possible(&ThisMachine) {
            ps_tests::skip!("{}: {why:#}", native.target);
            return;
        }
        assert!(complaints(native, "nothing", "")[0].contains("no test was run"));
        assert_eq!(complaints(native, "good", "#[test]\nfn good() {}\n"), [""; 0]);
    }
}
