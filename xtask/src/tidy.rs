//! `cargo xtask tidy`: the rules that hold this project together and that no compiler knows.
//!
//! Each rule is a function from the text of files to complaints, so that each is tested on a bad
//! example without touching a disk.

mod manifests;
mod names;
mod readme;
mod registry;
pub(crate) mod source;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run;

/// One text file of the workspace; the path is relative to its root, with `/` between the parts.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The path cut at each `/`.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }
}

/// What is wrong, where, and what mends it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    file: String,
    line: usize,
    what: String,
    remedy: String,
}

impl Complaint {
    fn new(
        file: &File,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Complaint {
        Complaint { file: file.path.clone(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.what, self.remedy)
    }
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("tidy takes no arguments, and was given {word}");
    }
    let files = files(&run::root())?;
    let complaints = check(&files);
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} complaints in {} files", complaints.len(), files.len());
    }
    println!("{} files are tidy", files.len());
    Ok(())
}

/// Every complaint about these files, in the order of their names and lines.
fn check(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files {
        found.extend(names::check(file));
        found.extend(names::check_claims(file));
        if file.path.ends_with(".rs") {
            found.extend(source::check(file));
        }
    }
    found.extend(manifests::check(files));
    found.extend(readme::check(files));
    found.extend(registry::check(files));
    found.sort();
    found
}

/// The files that the rules are about: sources, manifests, documents.
pub(crate) fn files(root: &Path) -> Result<Vec<File>> {
    let mut found = Vec::new();
    collect(root, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(root: &Path, below: &str, found: &mut Vec<File>) -> Result<()> {
    let directory = root.join(below);
    let entries =
        fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        // A name that is no UTF-8 cannot be one of ours.
        let Some(name) = name.to_str() else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !matches!(name, "target" | "fixtures" | ".git") {
                collect(root, &path, found)?;
            }
        } else if kind.is_file() && is_text(name) {
            let text = fs::read_to_string(root.join(&path))
                .with_context(|| format!("cannot read {path} as text"))?;
            found.push(File { path, text });
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    [".rs", ".toml", ".md", ".txt", ".csv"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_workspace_are_looked_at_and_what_is_built_is_not() {
        let found = files(&run::root()).unwrap();
        assert!(found.iter().any(|file| file.path == "xtask/src/tidy/source.rs"));
        assert!(found.iter().any(|file| file.path == "crates/ps-core/Cargo.toml"));
        assert!(!found.iter().any(|file| file.path.starts_with("target/")));
    }

    #[test]
    fn a_complaint_has_file_line_and_remedy() {
        let bad = file("crates/ps-core/src/cpu.rs", "//! Processors.\n\nfn later() { todo!() }\n");
        let shown: Vec<String> = check(&[bad]).iter().map(Complaint::to_string).collect();
        assert_eq!(shown, ["crates/ps-core/src/cpu.rs:3: `todo!`: finish it, or leave it out"]);
    }

    #[test]
    fn every_complaint_is_reported_not_only_the_first() {
        let bad = [
            file("crates/ps-core/src/cpu.rs", "fn a() { todo!() }\nfn b() { unimplemented!() }\n"),
            file("crates/ps-core/src/utils.rs", "//! Things.\n"),
        ];
        assert_eq!(check(&bad).len(), 4);
    }
}
