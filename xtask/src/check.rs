//! `cargo xtask check`: lints and documentation of every crate, for every target, from here.
//!
//! Targets whose standard library is found in the same way go through `cargo` together: each crate
//! alone, without features, with its default ones and with all, as others depend on it; then all of
//! them with their tests and examples; at last the documentation. Tests and documentation are the
//! same text on every machine of a system and drag in most of the packages, so those are checked
//! on the first target of each system and word size only. (That each crate's tests compile alone
//! is what `cargo xtask features` looks at.) A target that was not checked is a failure, never a
//! silence.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run;
use crate::toolchain::{self, Std, Supply, ThisMachine};
use crate::workspace::{self, Features, Package};

/// What is checked, beside the host.
pub(crate) const TARGETS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "i686-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-unknown-freebsd",
    "aarch64-unknown-freebsd",
    "x86_64-unknown-netbsd",
    "aarch64-unknown-netbsd",
    "x86_64-unknown-openbsd",
    "aarch64-unknown-openbsd",
];

const REMEDY: &str = "`rustup target add` it, or `rustup component add rust-src`, or install a \
                      distribution's rustc with its sources and name its prefix in PS_DEBIAN_RUST; \
                      `--allow-missing` to go without";

/// Targets that rustup knows but has no standard library for.
const NOTHING_TO_FETCH: &[&str] = &[
    "aarch64-unknown-freebsd",
    "aarch64-unknown-netbsd",
    "x86_64-unknown-openbsd",
    "aarch64-unknown-openbsd",
];

/// Whether `rustup target add` would bring the standard library of this target.
pub(crate) fn has_std_to_fetch(target: &str) -> bool {
    !NOTHING_TO_FETCH.contains(&target)
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let (flags, named): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    if let Some(flag) = flags.iter().find(|flag| **flag != "--allow-missing") {
        bail!("no such option: {flag} (there is --allow-missing)");
    }
    let host = toolchain::host()?;
    let mut targets: Vec<&str> = named.into_iter().map(String::as_str).collect();
    if targets.is_empty() {
        targets.push(&host);
        targets.extend(TARGETS.iter().filter(|target| **target != host));
    }
    let rows = check(&run::root(), &targets, &host, &ThisMachine)?;
    verdict(&rows, !flags.is_empty())
}

/// One target and what came of it.
#[derive(Debug)]
struct Row {
    target: String,
    outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotChecked,
}

/// Fails unless every target passed; one that was not checked passes only if that is allowed.
fn verdict(rows: &[Row], allow_missing: bool) -> Result<()> {
    let of = |outcome: Outcome| -> Vec<&str> {
        rows.iter().filter(|row| row.outcome == outcome).map(|row| row.target.as_str()).collect()
    };
    let (failed, missing) = (of(Outcome::Failed), of(Outcome::NotChecked));
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if !missing.is_empty() && !allow_missing {
        bail!("not checked: {}: {REMEDY}", missing.join(", "));
    }
    Ok(())
}

/// Checks the workspace at `root` for these targets, printing a line for each.
fn check(root: &Path, targets: &[&str], host: &str, supply: &dyn Supply) -> Result<Vec<Row>> {
    let packages = workspace::packages(root)?;
    let mut rows = Vec::new();
    let mut groups: BTreeMap<Std, Vec<&str>> = BTreeMap::new();
    for target in targets {
        workspace::system(target)?;
        match toolchain::find(target, supply) {
            Some(std) => groups.entry(std).or_default().push(target),
            None => {
                println!("{target:<27} NOT CHECKED: no standard library: {REMEDY}");
                rows.push(Row { target: (*target).to_owned(), outcome: Outcome::NotChecked });
            }
        }
    }
    let targets_tested = firsts(targets)?;
    // The groups share no directory for what is built, so none waits for another.
    let finished: Vec<Result<Vec<Row>>> = thread::scope(|scope| {
        let mut running = Vec::new();
        for (std, together) in &groups {
            let plan = Plan::new(&packages, together, &targets_tested, host);
            running.push(scope.spawn(|| check_together(root, std, &plan?)));
        }
        running
            .into_iter()
            .map(|group| group.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    for group in finished {
        rows.extend(group?);
    }
    Ok(rows)
}

/// The first target of each system and word size.
fn firsts<'a>(targets: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut found: Vec<(&str, bool, &str)> = Vec::new();
    for target in targets {
        let system = workspace::system(target)?;
        // The only machines of 32 bits that are checked.
        let is_narrow = target.starts_with("i686");
        if !found.iter().any(|(of, narrow, _)| (*of, *narrow) == (system, is_narrow)) {
            found.push((system, is_narrow, target));
        }
    }
    Ok(found.into_iter().map(|(_, _, target)| target).collect())
}

/// Checks targets whose standard library is found in the same way.
fn check_together(root: &Path, std: &Std, plan: &Plan<'_>) -> Result<Vec<Row>> {
    let targets = plan.targets;
    let (count, calls) = (targets.len(), plan.steps.len());
    eprintln!("{count} targets together, {}: {calls} calls of cargo", std.describe());
    let start = Instant::now();
    let failed = plan.run(root, std)?;
    let took = start.elapsed();
    let row = |target: &&str| {
        let outcome = if failed.contains(target) { Outcome::Failed } else { Outcome::Passed };
        println!("{}", plan.describe(target, &outcome, std, took));
        Row { target: (*target).to_owned(), outcome }
    };
    Ok(targets.iter().map(row).collect())
}

/// What is run for targets that go through `cargo` together.
struct Plan<'a> {
    targets: &'a [&'a str],
    steps: Vec<Step<'a>>,
    packages: BTreeMap<&'a str, Coverage<'a>>,
}

/// What is checked for one target.
#[derive(Default)]
struct Coverage<'a> {
    checked: Vec<&'a str>,
    /// Packages left out, with the reason.
    left_out: Vec<String>,
    /// Tests and documentation too.
    is_tested: bool,
}

/// One call of `cargo`.
struct Step<'a> {
    subcommand: &'static str,
    words: Vec<&'a str>,
    targets: Vec<&'a str>,
}

impl<'a> Plan<'a> {
    /// `tested`: the targets that tests and documentation are checked for.
    fn new(
        packages: &'a [Package],
        targets: &'a [&'a str],
        tested: &[&str],
        host: &str,
    ) -> Result<Plan<'a>> {
        let mut plan = Plan { targets, steps: Vec::new(), packages: BTreeMap::new() };
        let mut together: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        for package in packages {
            let mut applies = Vec::new();
            for target in targets {
                let entry = plan.packages.entry(target).or_default();
                entry.is_tested = tested.contains(target);
                match workspace::left_out(package, packages, target, host)? {
                    None => {
                        entry.checked.push(&package.name);
                        applies.push(*target);
                    }
                    Some(reason) => entry.left_out.push(reason),
                }
            }
            if !applies.is_empty() {
                plan.lint_alone(package, &applies);
            }
            applies.retain(|target| tested.contains(target));
            if !applies.is_empty() {
                together.entry(applies).or_default().push(&package.name);
            }
        }
        for (applies, names) in &together {
            for features in [Features::None, Features::All] {
                plan.all_of("clippy", "--all-targets", names, features, applies);
            }
            // What is read is the documentation with all features, of each system. A link to what a feature
            // brings is broken without it on all of them alike.
            plan.all_of("doc", "--no-deps", names, Features::All, applies);
            plan.all_of("doc", "--no-deps", names, Features::None, &applies[..1]);
        }
        Ok(plan)
    }

    /// Alone, lest another crate, or what its tests need, turn on a feature that it forgot.
    fn lint_alone(&mut self, package: &'a Package, targets: &[&'a str]) {
        for features in package.feature_sets() {
            let mut words = vec!["-p", &package.name];
            words.extend(features.flags());
            self.steps.push(Step { subcommand: "clippy", words, targets: targets.to_vec() });
        }
    }

    /// Several packages in one call.
    fn all_of(
        &mut self,
        subcommand: &'static str,
        flag: &'static str,
        packages: &[&'a str],
        features: Features,
        targets: &[&'a str],
    ) {
        let mut words = vec![flag];
        words.extend(packages.iter().flat_map(|package| ["-p", package]));
        words.extend(features.flags());
        self.steps.push(Step { subcommand, words, targets: targets.to_vec() });
    }

    /// The targets that failed; what `cargo` said of them has been printed.
    fn run(&self, root: &Path, std: &Std) -> Result<Vec<&'a str>> {
        let mut failed = Vec::new();
        for step in &self.steps {
            if step.run(root, std, &step.targets)?.is_ok() {
                continue;
            }
            // Which of them? What passed is not built again.
            let before = failed.len();
            for target in &step.targets {
                if let Err(said) = step.run(root, std, &[target])? {
                    println!("{}", step.describe(target));
                    println!("{said}");
                    failed.push(*target);
                }
            }
            if failed.len() == before {
                bail!("failed for several targets together, and for none alone: {:?}", step.words);
            }
        }
        Ok(failed)
    }

    fn describe(&self, target: &str, outcome: &Outcome, std: &Std, took: Duration) -> String {
        let Coverage { checked, left_out, is_tested } = &self.packages[target];
        let mut line = format!(
            "{target:<27} {}  {:>5.1} s for {} together, {}; {} of {}",
            if *outcome == Outcome::Passed { "ok    " } else { "FAILED" },
            took.as_secs_f64(),
            self.targets.len(),
            std.describe(),
            if *is_tested { "code, tests and docs" } else { "code" },
            checked.join(", "),
        );
        if !left_out.is_empty() {
            line.push_str("; left out: ");
            line.push_str(&left_out.join(", "));
        }
        line
    }
}

impl Step<'_> {
    /// Runs it for these targets. The inner error is what `cargo` said when it failed.
    fn run(&self, root: &Path, std: &Std, targets: &[&str]) -> Result<Result<(), String>> {
        let mut command = self.command(root, std, targets);
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let said = || String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        Ok(if output.status.success() { Ok(()) } else { Err(said()) })
    }

    fn command(&self, root: &Path, std: &Std, targets: &[&str]) -> Command {
        let mut command = std.cargo(self.subcommand);
        command.current_dir(root).stdin(Stdio::null()).arg("--quiet").args(&self.words);
        command.args(targets.iter().flat_map(|target| ["--target", target]));
        match self.subcommand {
            "doc" => command.env("RUSTDOCFLAGS", "-Dwarnings"),
            _ => command.args(["--", "-D", "warnings"]),
        };
        command
    }

    fn describe(&self, target: &str) -> String {
        format!("cargo {} {} --target {target}", self.subcommand, self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::toolchain::tests::Shelf;
    use crate::workspace::tests::package;

    /// A workspace of one crate with this text, below the directory for what is built.
    fn crate_with(name: &str, text: &str) -> PathBuf {
        let root = run::root().join(toolchain::TARGET_DIR).join("check-tests").join(name);
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\nversion = \"0.0.0\"\n[workspace]\n"
        );
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        fs::write(root.join("src/lib.rs"), text).unwrap();
        root
    }

    fn outcomes(rows: &[Row]) -> Vec<&Outcome> {
        rows.iter().map(|row| &row.outcome).collect()
    }

    #[test]
    fn a_target_that_cannot_be_checked_is_a_failure_with_a_remedy() {
        let root = crate_with("nothing-wrong", "//! Text.\n");
        let target = "x86_64-unknown-openbsd";
        let rows = check(&root, &[target], "", &Shelf::default()).unwrap();
        assert_eq!(outcomes(&rows), [&Outcome::NotChecked]);
        let said = verdict(&rows, false).unwrap_err().to_string();
        assert!(said.contains(target) && said.contains("rustup component add rust-src"), "{said}");
        verdict(&rows, true).unwrap();
    }

    #[test]
    fn a_failure_is_none_the_less_one_where_missing_targets_are_allowed() {
        let rows = [Row { target: "a".to_owned(), outcome: Outcome::Failed }];
        assert!(verdict(&rows, true).is_err());
    }

    #[test]
    fn a_target_of_no_system_of_ours_is_an_error() {
        let root = crate_with("no-system", "//! Text.\n");
        assert!(check(&root, &["x86_64-pc-windows-gnu"], "", &Shelf::default()).is_err());
    }

    #[test]
    fn warnings_of_lints_tests_and_documentation_fail_a_target() {
        let host = toolchain::host().unwrap();
        for (name, text, outcome) in [
            ("good", "//! Text.\n", Outcome::Passed),
            ("lint", "//! Text.\nfn unused() {}\n", Outcome::Failed),
            ("in-test", "//! Text.\n#[cfg(test)]\nmod tests { fn unused() {} }\n", Outcome::Failed),
            ("link", "//! See [`Missing`].\n", Outcome::Failed),
        ] {
            let root = crate_with(name, text);
            let rows = check(&root, &[&host], &host, &ThisMachine).unwrap();
            assert_eq!(outcomes(&rows), [&outcome], "{name}");
        }
    }

    #[test]
    fn a_mistake_that_only_one_system_shows_fails_that_target_alone() {
        let (host, other) = (toolchain::host().unwrap(), "x86_64-unknown-netbsd");
        if !ThisMachine.has_std(other) {
            ps_tests::skip!("no standard library for {other} lies ready");
            return;
        }
        let text = "//! Text.\n#[cfg(target_os = \"netbsd\")]\nfn f() -> u32 { \"\" }\n";
        let rows = check(&crate_with("one-system", text), &[&host, other], &host, &ThisMachine);
        let rows = rows.unwrap();
        assert_eq!(outcomes(&rows), [&Outcome::Passed, &Outcome::Failed]);
        assert!(verdict(&rows, false).unwrap_err().to_string().contains(other));
    }

    #[test]
    fn each_crate_is_checked_alone_and_what_is_left_out_is_named() {
        let packages = [package("core", None, &[]), package("facade", Some(&["linux"]), &["core"])];
        let targets = ["x86_64-unknown-linux-gnu", "x86_64-unknown-netbsd"];
        let plan = Plan::new(&packages, &targets, &targets, targets[0]).unwrap();
        let alone = |step: &&Step<'_>| !step.words.contains(&"--all-targets");
        let lints = plan.steps.iter().filter(|step| step.subcommand == "clippy");
        for step in lints.filter(alone) {
            assert_eq!(step.words.iter().filter(|word| **word == "-p").count(), 1);
            let both = step.words.contains(&"core");
            assert_eq!(step.targets, if both { &targets[..] } else { &targets[..1] });
        }
        let line = plan.describe(targets[1], &Outcome::Passed, &Std::Ready, Duration::ZERO);
        assert!(line.ends_with("docs of core; left out: facade (is for linux)"), "{line}");
    }

    #[test]
    fn tests_are_checked_on_one_target_of_each_system_and_word_size() {
        let tested = firsts(TARGETS).unwrap();
        assert_eq!(
            tested,
            [
                "x86_64-unknown-linux-gnu",
                "i686-unknown-linux-gnu",
                "x86_64-apple-darwin",
                "x86_64-unknown-freebsd",
                "x86_64-unknown-netbsd",
                "x86_64-unknown-openbsd",
            ]
        );
        // Asked about alone, every target is the first of its kind.
        assert_eq!(firsts(&["aarch64-unknown-netbsd"]).unwrap(), ["aarch64-unknown-netbsd"]);
        let packages = [package("core", None, &[])];
        let plan = Plan::new(&packages, TARGETS, &tested, TARGETS[0]).unwrap();
        for step in &plan.steps {
            let expected = match (step.subcommand, step.words.contains(&"--no-default-features")) {
                ("doc", true) => &tested[..1],
                ("clippy", _) if !step.words.contains(&"--all-targets") => TARGETS,
                _ => &tested,
            };
            assert_eq!(step.targets, expected, "{:?}", step.words);
        }
    }
}
