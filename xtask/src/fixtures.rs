//! `cargo xtask fixtures`: the files of this machine, or of a virtual one, as far as the library reads them.
//!
//! `PROVENANCE` beside them says where and when they were taken, what was left out and what was blanked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use ps_guest::capture;

use crate::{run, vm};

const USAGE: &str = "cargo xtask fixtures [OPTION…]

  --out DIR       where to, instead of target/fixtures/RELEASE-ARCH
  --from-vm NAME  of this machine of `cargo xtask vm`, instead of the one that this is
  --without TEXT  no path that has TEXT in it
  --records       binary records instead, built from the headers";

/// What the words of the command line ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    out: Option<PathBuf>,
    machine: Option<String>,
    without: Vec<String>,
}

impl Wishes {
    fn parse(words: &[String]) -> Result<Self> {
        let mut wishes = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} what?\n\n{USAGE}"));
            match word.as_str() {
                "--out" => wishes.out = Some(value()?.into()),
                "--from-vm" => wishes.machine = Some(value()?.clone()),
                "--without" => wishes.without.push(value()?.clone()),
                _ => bail!("{word} is none of the options\n\n{USAGE}"),
            }
        }
        if wishes.without.iter().any(|text| text.contains(char::is_whitespace)) {
            bail!("--without takes a part of a path, without blanks");
        }
        Ok(wishes)
    }
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    // Records are bytes that the headers lay out, so they come from where those are held against.
    if words.iter().any(|word| word == "--records") {
        return crate::abi::main(&["--fixtures".to_owned()]);
    }
    let wishes = Wishes::parse(words)?;
    let part = run::root().join(format!("target/fixtures/part-{}", std::process::id()));
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    let taken = take(&wishes, &part).and_then(|note| keep(&wishes, &part, &note, words));
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    taken
}

/// Captures into a new directory; the note about it.
fn take(wishes: &Wishes, part: &Path) -> Result<String> {
    match &wishes.machine {
        Some(name) => vm::capture(name, &wishes.without, part),
        None => Ok(capture::machine(part, &wishes.without, &[])?.note),
    }
}

/// Puts a capture where it is wanted, with a note of where it is from.
fn keep(wishes: &Wishes, part: &Path, note: &str, words: &[String]) -> Result<()> {
    let release = fs::read_to_string(part.join("proc/sys/kernel/osrelease"));
    let release = release.context("the kernel's release was not captured")?;
    let arch = match &wishes.machine {
        Some(name) => vm::arch(name)?.to_owned(),
        None => run::stdout(Command::new("uname").arg("-m"))?.trim().to_owned(),
    };
    let out = match &wishes.out {
        Some(out) => out.clone(),
        None => run::root().join(format!("target/fixtures/{}-{arch}", release.trim())),
    };
    if out.exists() {
        bail!("{} exists: name another directory, or remove it", out.display());
    }
    let note = format!(
        "kernel   {}\narch     {arch}\ndate     {}\ncommand  cargo xtask fixtures {}\n\n{note}",
        release.trim(),
        run::stdout(Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim(),
        command(words),
    );
    fs::write(part.join("PROVENANCE"), note)?;
    if let Some(above) = out.parent() {
        fs::create_dir_all(above)?;
    }
    // It may go to another file system, which renaming cannot.
    run::stdout(Command::new("cp").args(["-a", "--"]).arg(part).arg(&out))?;
    println!("{}", out.display());
    Ok(())
}

/// The words as they may be published: where a tree was put is nobody's business.
fn command(words: &[String]) -> String {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--out" => drop(words.next()),
            word => kept.push(word),
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_take_their_values_and_others_are_refused() {
        let wishes = Wishes::parse(&words("--from-vm numa --without /loop --without ram --out x"));
        let wishes = wishes.expect("parses");
        assert_eq!(wishes.machine.as_deref(), Some("numa"));
        assert_eq!((wishes.without.len(), wishes.out), (2, Some("x".into())));
        for bad in ["--out", "x", "--without"] {
            assert!(Wishes::parse(&words(bad)).is_err(), "{bad}");
        }
        assert!(Wishes::parse(&["--without".to_owned(), "a b".to_owned()]).is_err());
    }

    #[test]
    fn the_note_does_not_tell_where_a_tree_was_put() {
        assert_eq!(command(&words("--out /home/me/x --from-vm numa")), "--from-vm numa");
    }

    #[test]
    fn this_machine_is_captured_once_with_its_provenance() {
        let out = std::env::temp_dir().join(format!("xtask-fixtures-{}", std::process::id()));
        let asked = ["--out".to_owned(), out.display().to_string()];
        main(&asked).expect("works");
        let note = fs::read_to_string(out.join("PROVENANCE")).expect("written");
        let twice = main(&asked);
        fs::remove_dir_all(&out).expect("removed");
        assert!(note.starts_with("kernel "), "{note}");
        assert!(twice.is_err_and(|error| error.to_string().contains("exists")));
    }
}
