//! `cargo xtask mutants`: the tests notice when the code is changed.
//!
//! `cargo-mutants` changes one thing after the other in the files named below (a comparison turned round, a
//! result replaced) and runs the crate's unit tests. A change that no test notices fails, unless
//! `docs/mutants.txt` says why it makes no difference. There are many changes, so a run can be bounded, in
//! files, shares and minutes, and the next one goes on where it ended: a change that was noticed once is not made again
//! until its line moves, or with `--fresh`, which is what a test that was weakened wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;
use crate::toolchain::TARGET_DIR;

const USAGE: &str = "cargo xtask mutants [OPTION…]

  --crate NAME    of the crates, only this one
  --file PATTERN  of its files, only these: crates/ps-linux/src/decode/**
  --shard K/N     of N equal shares of the changes, number K (from 0)
  --jobs N        so many changes at a time, each in a copy that is built for itself
  --minutes N     of each crate, so many minutes; what is left fails, and is gone on with next time
  --fresh         forget which changes earlier runs have seen noticed";

/// The tool, in a version that is asked for by name: another one makes other changes.
pub(crate) const PACKAGE: &str = "cargo-mutants@27.1.0";

/// What is worth it: what turns bytes into answers, tells errors apart, and tells processes apart.
const FILES: &[(&str, &[&str])] = &[
    (
        "ps-core",
        &[
            "crates/ps-core/src/decode/**/*.rs",
            "crates/ps-core/src/error.rs",
            "crates/ps-core/src/nowrap.rs",
            "crates/ps-core/src/process/id.rs",
            "crates/ps-core/src/raw.rs",
        ],
    ),
    (
        "ps-linux",
        &[
            "crates/ps-linux/src/decode/**/*.rs",
            "crates/ps-linux/src/errno.rs",
            "crates/ps-linux/src/process/identity.rs",
        ],
    ),
    ("ps-darwin", &["crates/ps-darwin/src/decode/**/*.rs", "crates/ps-darwin/src/errno.rs"]),
    ("ps-bsd", &["crates/ps-bsd/src/decode/**/*.rs", "crates/ps-bsd/src/errno.rs"]),
];

/// The changes that make no difference: what is changed, two blanks or a tab, the reason.
const EXPLAINED: &str = "docs/mutants.txt";

/// What the words of the command line ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    krate: Option<String>,
    file: Option<String>,
    shard: Option<String>,
    jobs: Option<u32>,
    minutes: Option<u32>,
    fresh: bool,
}

impl Wishes {
    fn parse(words: &[String]) -> Result<Wishes> {
        let mut wishes = Wishes::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().with_context(|| format!("{word} what?"));
            match word.as_str() {
                "--crate" => wishes.krate = Some(value()?),
                "--file" => wishes.file = Some(value()?),
                "--shard" => wishes.shard = Some(value()?),
                "--jobs" => wishes.jobs = Some(value()?.parse().context("--jobs")?),
                "--minutes" => wishes.minutes = Some(value()?.parse().context("--minutes")?),
                "--fresh" => wishes.fresh = true,
                _ => bail!("no such option: {word}\n\n{USAGE}"),
            }
        }
        if let Some(krate) = &wishes.krate
            && !FILES.iter().any(|(name, _)| name == krate)
        {
            bail!("{krate}: no files of this crate are changed (see xtask/src/mutants.rs)");
        }
        Ok(wishes)
    }

    /// Whether all changes of a crate are made.
    fn are_whole(&self) -> bool {
        self.file.is_none() && self.shard.as_deref().is_none_or(|shard| shard == "0/1")
    }
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    if words.iter().any(|word| word == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    let wishes = Wishes::parse(words)?;
    need_tool()?;
    let root = run::root();
    let text = fs::read_to_string(root.join(EXPLAINED)).context(EXPLAINED)?;
    let explained = explained(&text)?;
    let mut complaints = strays(&explained);
    let chosen = |krate: &str| wishes.krate.as_deref().is_none_or(|wanted| wanted == krate);
    for (krate, files) in FILES.iter().filter(|(krate, _)| chosen(krate)) {
        let named: Vec<&str> = wishes.file.as_deref().map_or(files.to_vec(), |file| vec![file]);
        if wishes.file.as_deref().is_some_and(|file| !file.contains(&format!("/{krate}/"))) {
            continue;
        }
        let ran = change(&root, krate, &named, &wishes)?;
        println!("{krate}: {}", ran.describe());
        if ran.caught == 0 && wishes.file.is_none() && !ran.is_cut_off {
            complaints.push(format!("{krate}: no change was noticed, or none made"));
        }
        complaints.extend(wrong(krate, &ran, &explained, wishes.are_whole()));
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} complaints", complaints.len());
    }
    Ok(())
}

/// Whether the tool is there.
pub(crate) fn need_tool() -> Result<()> {
    let remedy = format!("cargo install --locked {PACKAGE}");
    let said = run::stdout(Command::new("cargo").args(["mutants", "--version"]));
    let said = said.with_context(|| format!("no cargo-mutants: {remedy}"))?;
    if PACKAGE.split_once('@').is_none_or(|(_, version)| !said.contains(version)) {
        bail!("{}: {remedy}", said.trim());
    }
    Ok(())
}

/// What came of the changes to one crate.
#[derive(Debug, Default)]
struct Ran {
    /// Changes that no test noticed.
    missed: BTreeSet<String>,
    /// How many a test noticed, in this run and earlier ones, by failing or by not coming to an end. With those
    /// that did not compile in earlier runs, which the tool remembers together with them.
    caught: usize,
    /// How many of them in earlier runs.
    remembered: usize,
    /// How many did not compile.
    unviable: usize,
    /// The time was up before the end.
    is_cut_off: bool,
}

impl Ran {
    fn describe(&self) -> String {
        let Ran { missed, caught, remembered, unviable, .. } = self;
        let left = if self.is_cut_off { ", not all of them made" } else { "" };
        format!(
            "{caught} changes noticed ({remembered} of them in earlier runs, or found not to compile there), {} not, \
             {unviable} do not compile{left}",
            missed.len()
        )
    }

    /// Reads what `cargo-mutants` has written.
    fn read(directory: &Path, is_cut_off: bool) -> Result<Ran> {
        let lines = |name: &str| match fs::read_to_string(directory.join(name)) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect::<Vec<String>>()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let remembered = lines("previously_caught.txt")?.len();
        Ok(Ran {
            missed: lines("missed.txt")?.iter().map(|change| without_place(change)).collect(),
            // With what earlier runs have seen noticed or not compile.
            caught: lines("caught.txt")?.len() + lines("timeout.txt")?.len() + remembered,
            remembered,
            unviable: lines("unviable.txt")?.len(),
            is_cut_off,
        })
    }
}

/// A change without line and column, which move whenever something above is edited:
/// `src/a.rs:6:5: replace …` is `src/a.rs: replace …`.
fn without_place(change: &str) -> String {
    let Some((place, what)) = change.split_once(": ") else { return change.to_owned() };
    format!("{}: {what}", place.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit()))
}

/// Makes the changes to these files of a crate of the workspace at `root`.
fn change(root: &Path, krate: &str, files: &[&str], wishes: &Wishes) -> Result<Ran> {
    let directory = directory(krate);
    if wishes.fresh && directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    let mut command = Command::new("timeout");
    // At this signal it ends its children and takes its copy of the tree away.
    let minutes = wishes.minutes.map_or(0, |minutes| minutes);
    command.args(["--signal=INT", &format!("{minutes}m"), "cargo", "mutants"]);
    command
        .args(["--no-config", "--iterate", "--colors=never", "--all-features"])
        // For building too: `--cargo-test-arg` is for running alone, and would leave all tests to be built.
        .args(["--package", krate, "--cargo-arg=--lib", "--minimum-test-timeout=30"])
        .args(files.iter().flat_map(|file| ["--file", file]))
        .args(wishes.shard.iter().flat_map(|shard| ["--shard", shard]))
        .arg("--output")
        .arg(&directory)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(root);
    match wishes.jobs {
        // Each job would wait for the other's directory.
        Some(jobs) => command.arg(format!("--jobs={jobs}")).env_remove("CARGO_TARGET_DIR"),
        None => command.env("CARGO_TARGET_DIR", run::root().join(TARGET_DIR).join("mutants/built")),
    };
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    let is_cut_off = match status.code() {
        // All noticed; some not; some without end.
        Some(0 | 2 | 3) => false,
        Some(124) => true,
        _ => bail!("{krate}: cargo-mutants ended with {status}: do the tests pass as they are?"),
    };
    let written = directory.join("mutants.out");
    let ran = Ran::read(&written, is_cut_off)?;
    remember_endless(&written)?;
    Ok(ran)
}

/// Has the tool remember those for which tests did not come to an end, half a minute each, as it does those that failed
/// one.
fn remember_endless(written: &Path) -> Result<()> {
    let Ok(endless) = fs::read_to_string(written.join("timeout.txt")) else { return Ok(()) };
    let noticed = written.join("previously_caught.txt");
    let mut before = fs::read_to_string(&noticed).unwrap_or_default();
    before.push_str(&endless);
    fs::write(&noticed, before).with_context(|| noticed.display().to_string())
}

fn directory(krate: &str) -> PathBuf {
    run::root().join(TARGET_DIR).join("mutants").join(krate)
}

/// The changes that make no difference, each with the reason.
fn explained(text: &str) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts = line.split_once('\t').or_else(|| line.split_once("  "));
        let Some((change, reason)) = parts.filter(|(_, reason)| !reason.trim().is_empty()) else {
            bail!("{EXPLAINED}:{}: a change, two blanks or a tab, and the reason", index + 1);
        };
        found.insert(change.to_owned(), reason.trim().to_owned());
    }
    Ok(found)
}

/// Reasons for changes of no crate that is named above, which nothing else would look at.
fn strays(explained: &BTreeMap<String, String>) -> Vec<String> {
    let is_ours = |change: &str| {
        FILES.iter().any(|(krate, _)| change.starts_with(&format!("crates/{krate}/")))
    };
    let strays = explained.keys().filter(|change| !is_ours(change));
    strays.map(|change| format!("{EXPLAINED}: of no crate that is changed: {change}")).collect()
}

/// What is wrong after the changes to a crate; `whole`: all its files were meant.
fn wrong(krate: &str, ran: &Ran, explained: &BTreeMap<String, String>, whole: bool) -> Vec<String> {
    let mut found = Vec::new();
    for change in ran.missed.iter().filter(|change| !explained.contains_key(*change)) {
        found.push(format!("no test notices: {change}"));
    }
    if ran.is_cut_off {
        found.push(format!("{krate}: the time was up; run it again to go on"));
    } else if whole {
        let own = format!("crates/{krate}/");
        let stale = explained
            .keys()
            .filter(|change| change.starts_with(&own) && !ran.missed.contains(*change));
        found.extend(stale.map(|change| format!("{EXPLAINED}: needed no more: {change}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_run_can_be_bounded() {
        let wishes =
            Wishes::parse(&words("--crate ps-linux --shard 0/8 --minutes 5 --jobs 2 --fresh"))
                .unwrap();
        assert_eq!(wishes.krate.as_deref(), Some("ps-linux"));
        assert_eq!((wishes.minutes, wishes.jobs), (Some(5), Some(2)));
        assert_eq!((wishes.fresh, wishes.are_whole()), (true, false));
        assert!(Wishes::parse(&words("--shard 0/1")).unwrap().are_whole());
        assert!(Wishes::parse(&words("--crate ps-nowhere")).is_err());
        assert!(Wishes::parse(&words("--minutes")).is_err());
        assert!(Wishes::parse(&words("--all")).is_err());
    }

    #[test]
    fn a_survivor_without_a_reason_and_a_reason_without_a_survivor_are_found() {
        let survivors = ["crates/a/src/x.rs: replace f -> u8 with 0", "crates/a/src/x.rs: kept"];
        let missed: BTreeSet<String> = survivors.map(str::to_owned).into();
        let ran = Ran { missed, caught: 3, ..Ran::default() };
        let text = "# Reasons.\n\ncrates/a/src/x.rs: kept  Both are the same.\n\
                    crates/a/src/x.rs: gone\tIt was.\ncrates/b/src/y.rs: other  Not of this crate.\n";
        let reasons = explained(text).unwrap();
        let found = wrong("a", &ran, &reasons, true);
        assert_eq!(
            found,
            [
                "no test notices: crates/a/src/x.rs: replace f -> u8 with 0",
                "docs/mutants.txt: needed no more: crates/a/src/x.rs: gone",
            ]
        );
        assert_eq!(wrong("a", &ran, &reasons, false).len(), 1);
        assert_eq!(strays(&reasons).len(), 3, "no crate is called a or b");
        let ours = explained("crates/ps-core/src/x.rs: kept  Both are the same.\n").unwrap();
        assert!(strays(&ours).is_empty());
        let cut_off = Ran { is_cut_off: true, ..Ran::default() };
        assert!(wrong("a", &cut_off, &reasons, true)[0].contains("run it again"));
        assert!(explained("crates/a/src/x.rs: replaced\n").is_err());
    }

    #[test]
    fn every_file_that_is_named_exists() {
        for (krate, file) in
            FILES.iter().flat_map(|(krate, files)| files.iter().map(move |f| (krate, f)))
        {
            let before = file.split("/**").next().unwrap();
            assert!(run::root().join(before).exists(), "{krate}: {file}");
        }
    }

    #[test]
    fn what_came_to_no_end_is_remembered_as_noticed() {
        let place = run::root().join(TARGET_DIR).join("mutants-tests/endless");
        fs::create_dir_all(&place).unwrap();
        let noticed = place.join("previously_caught.txt");
        fs::write(&noticed, "one\n").unwrap();
        fs::write(place.join("timeout.txt"), "another\n").unwrap();
        remember_endless(&place).unwrap();
        assert_eq!(fs::read_to_string(noticed).unwrap(), "one\nanother\n");
        fs::remove_dir_all(&place).unwrap();
        remember_endless(&place).unwrap();
    }

    #[test]
    fn a_comparison_that_no_test_looks_at_is_found() {
        if let Err(why) = need_tool() {
            ps_tests::skip!("{why:#}");
            return;
        }
        let root = run::root().join(TARGET_DIR).join("mutants-tests/unseen");
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = "[package]\nname = \"unseen\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        let text = "//! Text.\npub fn seen(a: u8) -> bool {\n    a > 1\n}\n\
                    pub fn unseen(a: u8) -> bool {\n    a > 1\n}\n\
                    #[test]\nfn f() {\n    assert!(seen(2) && !seen(1) && !seen(0));\n    unseen(2);\n}\n";
        fs::write(root.join("src/lib.rs"), text).unwrap();
        let fresh = Wishes { fresh: true, ..Wishes::default() };
        let ran = change(&root, "unseen", &["src/lib.rs"], &fresh).unwrap();
        assert!(ran.missed.contains("src/lib.rs: replace unseen -> bool with true"), "{ran:?}");
        assert!(ran.caught > 0 && ran.missed.iter().all(|change| change.contains("unseen")));
        let again = change(&root, "unseen", &["src/lib.rs"], &Wishes::default()).unwrap();
        assert_eq!((again.caught, again.missed), (ran.caught, ran.missed));
    }
}
