//! `cargo xtask features`: every crate compiles with every combination of its features.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::run;
use crate::toolchain::TARGET_DIR;
use crate::workspace;

/// More combinations than this say that there are too many features, not that more time is needed.
const MOST: usize = 64;

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("features takes no arguments, and was given {word}");
    }
    check(&run::root())
}

/// Checks every member of the workspace at `root`, printing a line for each.
fn check(root: &Path) -> Result<()> {
    let mut failed = Vec::new();
    for package in workspace::packages(root)? {
        let start = Instant::now();
        let sets = combinations(&package.features);
        if sets.len() > MOST {
            bail!("{}: {} combinations of features", package.name, sets.len());
        }
        let mut wrong = Vec::new();
        for set in &sets {
            if run::pass(&mut command(root, &package.name, set)).is_err() {
                wrong.push(format!("{} with [{}]", package.name, set.join(",")));
            }
        }
        println!(
            "{:<10} {} of {} combinations of [{}], {:.1} s",
            package.name,
            sets.len() - wrong.len(),
            sets.len(),
            package.features.join(", "),
            start.elapsed().as_secs_f64()
        );
        failed.extend(wrong);
    }
    if !failed.is_empty() {
        bail!("does not compile: {}", failed.join("; "));
    }
    Ok(())
}

fn command(root: &Path, package: &str, features: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["check", "--quiet", "--all-targets", "--package", package])
        .args(["--no-default-features", "--features", &features.join(",")])
        .env("CARGO_TARGET_DIR", run::root().join(TARGET_DIR).join("features"))
        .current_dir(root);
    command
}

/// Every subset, the empty one first.
fn combinations(features: &[String]) -> Vec<Vec<&str>> {
    let mut sets = vec![Vec::new()];
    for feature in features {
        let with: Vec<Vec<&str>> = sets
            .iter()
            .map(|set| set.iter().copied().chain([feature.as_str()]).collect())
            .collect();
        sets.extend(with);
    }
    sets
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_combination_is_tried_once() {
        let features = ["a", "b"].map(str::to_owned);
        let sets = combinations(&features);
        assert_eq!(sets, [vec![], vec!["a"], vec!["b"], vec!["a", "b"]]);
        assert_eq!(combinations(&[]), [vec![""; 0]]);
    }

    #[test]
    fn two_features_that_only_fail_together_are_found() {
        let root = run::root().join(TARGET_DIR).join("features-tests");
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = "[package]\nname = \"together\"\nedition = \"2024\"\n[workspace]\n\
                        [features]\na = []\nb = []\nc = []\n";
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        let text = "//! Text.\n#[cfg(all(feature = \"a\", feature = \"b\", not(feature = \"c\")))]\n\
                    fn f() -> u32 { \"\" }\n";
        fs::write(root.join("src/lib.rs"), text).unwrap();
        let said = check(&root).unwrap_err().to_string();
        assert_eq!(said, "does not compile: together with [a,b]");
    }
}
