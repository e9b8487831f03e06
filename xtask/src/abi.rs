//! `cargo xtask abi`: raw records and numbers, held against the systems' own headers.

mod compare;
mod fixtures;
mod libc_items;
mod table;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use ps_core::raw::{Release, System};

use crate::run;
use crate::zig::{self, Zig};

/// The releases of zig to check with, and which releases of the systems their headers come from.
///
/// A system that a release has no headers of is absent.
pub(crate) const GENERATIONS: &[Generation] = &[
    Generation {
        zig: "0.15.2",
        systems: &[
            ("freebsd", Release(14, 0)),
            ("netbsd", Release(10, 1)),
            ("macos", Release(15, 5)),
        ],
    },
    Generation {
        zig: "0.16.0",
        systems: &[
            ("freebsd", Release(15, 0)),
            ("netbsd", Release(10, 1)),
            ("openbsd", Release(7, 8)),
            ("macos", Release(26, 4)),
        ],
    },
    Generation {
        zig: "0.17.0",
        systems: &[
            ("freebsd", Release(15, 0)),
            ("netbsd", Release(11, 0)),
            ("openbsd", Release(7, 9)),
            ("macos", Release(27, 0)),
        ],
    },
];

/// The architectures that layouts are declared for.
pub(crate) const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

/// One release of zig, seen as a set of headers.
pub(crate) struct Generation {
    /// The version of zig.
    pub(crate) zig: &'static str,
    systems: &'static [(&'static str, Release)],
}

impl Generation {
    /// Which release of `system` the headers come from, if there are any.
    pub(crate) fn release(&self, system: &str) -> Option<Release> {
        self.systems.iter().find(|(name, _)| *name == system).map(|(_, release)| *release)
    }
}

/// The headers to check against: of one system, in one release, for one architecture.
pub(crate) struct Headers<'a> {
    pub(crate) zig: &'a Zig,
    pub(crate) system: &'a str,
    pub(crate) release: Release,
    pub(crate) arch: &'a str,
}

impl std::fmt::Display for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Release(major, minor) = self.release;
        write!(f, "{} {major}.{minor} {} (zig {})", self.system, self.arch, self.zig.version)
    }
}

impl Headers<'_> {
    /// Compiles C text and returns the object file, or what the compiler complained about.
    pub(crate) fn compile(&self, text: &str) -> Result<Result<Vec<u8>, String>> {
        let directory = scratch("abi")?;
        let source = directory.join("text.c");
        let object = directory.join("text.o");
        fs::write(&source, text)?;
        let output = self
            .zig
            .cc(&format!("{}-{}", self.arch, self.system))
            .args(["-std=gnu11", "-w", "-ferror-limit=0", "-c", "-o"])
            .args([&object, &source])
            .output()
            .context("cannot start zig")?;
        let outcome = match output.status.success() {
            true => Ok(fs::read(&object)?),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        };
        fs::remove_dir_all(&directory)?;
        Ok(outcome)
    }
}

/// A new directory for files made on the way, under `target/xtask`.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let unique = format!("{name}-{}-{number}", std::process::id());
    let directory = run::root().join("target/xtask").join(unique);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Every system that some backend declares records of.
pub(crate) fn systems() -> Vec<System> {
    let mut systems = Vec::from(ps_bsd::raw::systems());
    systems.push(ps_darwin::raw::system());
    systems
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let mut allow_missing = false;
    let mut work: fn(&mut Report) -> Result<()> = check_records;
    for word in words {
        match word.as_str() {
            "--allow-missing" => allow_missing = true,
            "--libc" => work = libc_items::check,
            "--fixtures" => work = write_fixtures,
            _ => bail!("usage: cargo xtask abi [--libc | --fixtures] [--allow-missing]"),
        }
    }
    let mut report = Report::new(allow_missing);
    work(&mut report)?;
    report.finish()
}

/// What a run found out.
#[derive(Debug, Default)]
pub(crate) struct Report {
    allow_missing: bool,
    complaints: usize,
    missing: usize,
}

impl Report {
    /// Nothing is known yet. `allow_missing`: what could not be checked is no failure.
    pub(crate) fn new(allow_missing: bool) -> Self {
        Self { allow_missing, ..Self::default() }
    }

    /// What was checked, in one line, and what was wrong with it.
    pub(crate) fn checked(&mut self, what: &str, complaints: &[String]) {
        let verdict = if complaints.is_empty() { "ok" } else { "WRONG" };
        println!("{what}: {verdict}");
        for complaint in complaints {
            println!("  {complaint}");
        }
        self.complaints += complaints.len();
    }

    /// What could not be checked, and why.
    pub(crate) fn missing(&mut self, what: &str, why: &anyhow::Error) {
        println!("{what}: NOT CHECKED: {why:#}");
        self.missing += 1;
    }

    /// The verdict over all.
    pub(crate) fn finish(&self) -> Result<()> {
        if self.complaints > 0 {
            bail!("{} differences", self.complaints);
        }
        if self.missing > 0 && !self.allow_missing {
            bail!("{} not checked; --allow-missing if that is all right here", self.missing);
        }
        Ok(())
    }
}

/// Calls `each` with all headers of all systems.
pub(crate) fn for_all_headers(
    report: &mut Report,
    mut each: impl FnMut(&mut Report, &Headers<'_>, &System) -> Result<()>,
) -> Result<()> {
    let systems = systems();
    for generation in GENERATIONS {
        let zig = match zig::version(generation.zig) {
            Ok(zig) => zig,
            Err(why) => {
                report.missing(&format!("headers of zig {}", generation.zig), &why);
                continue;
            }
        };
        for system in &systems {
            let Some(release) = generation.release(system.name) else { continue };
            for arch in ARCHITECTURES {
                each(report, &Headers { zig: &zig, system: system.name, release, arch }, system)?;
            }
        }
    }
    Ok(())
}

fn check_records(report: &mut Report) -> Result<()> {
    for_all_headers(report, |report, headers, system| {
        match compare::compare(headers, system) {
            Ok(found) => report.checked(
                &format!(
                    "{headers}: {} records, {} fields, {} constants",
                    found.records, found.fields, found.constants
                ),
                &found.complaints,
            ),
            Err(why) => report.missing(&headers.to_string(), &why),
        }
        Ok(())
    })?;
    fixtures::check(report)
}

fn write_fixtures(report: &mut Report) -> Result<()> {
    fixtures::write(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(allow_missing: bool, complaints: &[&str], missing: bool) -> Result<(), String> {
        let mut report = Report::new(allow_missing);
        let complaints: Vec<String> = complaints.iter().map(|text| (*text).to_owned()).collect();
        report.checked("headers", &complaints);
        if missing {
            report.missing("other headers", &anyhow::anyhow!("no zig"));
        }
        report.finish().map_err(|error| error.to_string())
    }

    #[test]
    fn what_could_not_be_checked_is_a_failure_unless_allowed() {
        assert_eq!(verdict(false, &[], false), Ok(()));
        let missing = "1 not checked; --allow-missing if that is all right here";
        assert_eq!(verdict(false, &[], true), Err(missing.to_owned()));
        assert_eq!(verdict(true, &[], true), Ok(()));
        assert_eq!(verdict(true, &["wrong"], true), Err("1 differences".to_owned()));
    }

    #[test]
    fn the_newest_headers_cover_every_system() {
        let newest = GENERATIONS.last().expect("there is one");
        for system in systems() {
            assert!(newest.release(system.name).is_some(), "{}", system.name);
        }
    }

    #[test]
    fn every_scope_is_looked_at_in_some_release() {
        for system in systems() {
            let releases: Vec<Release> =
                GENERATIONS.iter().filter_map(|headers| headers.release(system.name)).collect();
            let looked_at = |scope: &ps_core::raw::Scope| {
                releases.iter().any(|&release| scope.holds_in(release))
            };
            for layout in &system.records {
                assert!(
                    looked_at(&layout.scope),
                    "{}: {} is never checked",
                    system.name,
                    layout.name
                );
            }
            for constant in &system.constants {
                assert!(
                    looked_at(&constant.scope),
                    "{}: {} is never checked",
                    system.name,
                    constant.name
                );
            }
        }
    }
}
