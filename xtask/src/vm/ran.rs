//! What came of a machine: told, and kept.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use ps_guest::plan::Plan;

use crate::vm::verdict::Transcript;

/// How many lines of a failed test, and of the kernel's log, are quoted.
pub(crate) const QUOTED: usize = 20;

/// What came of a machine.
pub(crate) struct Ran {
    pub(crate) name: String,
    pub(crate) transcript: Transcript,
    pub(crate) plan: Plan,
    pub(crate) wrong: Vec<String>,
    pub(crate) took: Duration,
    pub(crate) console: PathBuf,
}

impl Ran {
    /// Says what came of it.
    pub(crate) fn report(&self) {
        let skips = self.transcript.skips();
        for skip in &skips.of_root {
            println!("  note: {skip}");
        }
        let others = skips.of_others.difference(&skips.of_root).count();
        if others > 0 {
            println!("  note: and {others} kinds of skips of others than root, in the log");
        }
        println!(
            "  {} in {:.1} s: {} steps, {} files",
            if self.wrong.is_empty() { "ok" } else { "FAILED" },
            self.took.as_secs_f64(),
            self.plan.names().len(),
            self.transcript.files.len(),
        );
        if self.wrong.is_empty() {
            return;
        }
        for wrong in &self.wrong {
            println!("    {wrong}");
        }
        println!("  the kernel's last words ({}):", self.console.display());
        for line in self.last_words() {
            println!("    | {line}");
        }
    }

    /// The last lines of the kernel's log.
    fn last_words(&self) -> Vec<String> {
        let log = text(&self.console);
        let lines: Vec<&str> = log.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
        let from = lines.len().saturating_sub(QUOTED);
        lines.get(from..).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect()
    }

    /// Writes the files that the guest handed over below `NAME.files`, in place of a former run's.
    pub(crate) fn keep_files(&self, work: &Path) -> Result<()> {
        let top = work.join(format!("{}.files", self.name));
        if top.exists() {
            fs::remove_dir_all(&top)?;
        }
        self.keep_tree("", &top)
    }

    /// Writes those files and links that lie below a place of the guest.
    pub(crate) fn keep_tree(&self, place: &str, top: &Path) -> Result<()> {
        let at = |path: &str| below(top, path.strip_prefix(place)?);
        for (path, bytes) in &self.transcript.files {
            let Some(path) = at(path) else { continue };
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)?;
            }
            fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        }
        // Last, so that nothing is written through them.
        for (path, to) in &self.transcript.links {
            let Some(path) = at(path) else { continue };
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)?;
            }
            symlink(to, &path).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

/// A path of the guest below a directory of the host, if it does not lead out of it.
fn below(top: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path.trim_start_matches('/'));
    let plain = |part| matches!(part, std::path::Component::Normal(_));
    (path.components().count() > 0 && path.components().all(plain)).then(|| top.join(path))
}

/// A log's text; none if there is no such log.
pub(crate) fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_cannot_write_outside_its_directory() {
        let top = Path::new("/top");
        assert_eq!(below(top, "/proc/stat"), Some(PathBuf::from("/top/proc/stat")));
        assert_eq!(below(top, "/proc/../../etc/passwd"), None);
    }
}
