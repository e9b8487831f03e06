//! The distribution's packages: downloaded and unpacked below `target`, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run;

/// How long a package list of our own is good.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where packages come from, and where they are kept.
pub(crate) struct Packages {
    cache: PathBuf,
    /// Arguments that make the package manager speak of an architecture that is not the host's
    /// without touching the host's own state.
    foreign: Vec<String>,
}

impl Packages {
    /// Packages of one of the distribution's architectures.
    pub(crate) fn of(architecture: &str, work: &Path) -> Result<Self> {
        let cache = work.join("cache").join(architecture);
        fs::create_dir_all(&cache)?;
        let host = run::stdout(Command::new("dpkg").arg("--print-architecture"))
            .context("kernels are Debian packages, which need dpkg and apt-get to be had")?;
        let mut packages = Self { cache, foreign: Vec::new() };
        if host.trim() != architecture {
            packages.foreign = packages.foreign_state(architecture)?;
        }
        Ok(packages)
    }

    /// The name of the package that a package depends on first, or of the one that it depended on
    /// when it was last fetched, if there is no package list now.
    pub(crate) fn behind(&self, package: &str) -> Result<String> {
        let note = self.cache.join(format!("{package}.is"));
        self.update_foreign()?;
        let said = run::stdout(self.apt("apt-cache").args(["depends", package]));
        if let Some(name) = said.as_deref().ok().and_then(first_dependency) {
            fs::write(&note, name)?;
            return Ok(name.to_owned());
        }
        fs::read_to_string(&note).with_context(|| {
            format!("the package list does not have {package}: run `apt-get update`")
        })
    }

    /// The directory in which a package is unpacked.
    pub(crate) fn unpacked(&self, package: &str) -> Result<PathBuf> {
        let directory = self.cache.join(package);
        if directory.is_dir() {
            return Ok(directory);
        }
        self.update_foreign()?;
        println!("fetching {package}");
        let part = self.cache.join(format!("{package}.part"));
        remove(&part)?;
        fs::create_dir_all(part.join("root"))?;
        run::stdout(self.apt("apt-get").args(["download", "-q", package]).current_dir(&part))
            .with_context(|| {
                format!("{package} cannot be had: if lists are old, `apt-get update`")
            })?;
        let archive = fs::read_dir(&part)?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .with_context(|| format!("{package}: nothing was downloaded"))?;
        run::stdout(Command::new("dpkg-deb").arg("-x").arg(archive).arg(part.join("root")))?;
        fs::rename(part.join("root"), &directory)?;
        remove(&part)?;
        Ok(directory)
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.foreign);
        command
    }

    /// Makes the directories of a package manager's state of its own, and says how to use it.
    fn foreign_state(&self, architecture: &str) -> Result<Vec<String>> {
        let state = self.cache.join("apt");
        fs::create_dir_all(state.join("lists/partial"))?;
        fs::create_dir_all(state.join("cache/archives/partial"))?;
        let options = [
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            format!("Dir::State::lists={}", state.join("lists").display()),
            format!("Dir::Cache={}", state.join("cache").display()),
            "Dir::State::status=/dev/null".to_owned(),
        ];
        Ok(options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect())
    }

    /// Fetches the foreign architecture's package list, unless there is one of today. An older one
    /// will do where the archive cannot be reached.
    fn update_foreign(&self) -> Result<()> {
        let done = self.cache.join("apt/updated");
        let age = fs::metadata(&done).ok().and_then(|facts| facts.modified().ok()?.elapsed().ok());
        if self.foreign.is_empty() || age.is_some_and(|age| age < DAY) {
            return Ok(());
        }
        println!("fetching a package list");
        match run::stdout(self.apt("apt-get").args(["update", "-q"])) {
            Ok(_) => fs::write(done, "")?,
            Err(error) if age.is_none() => return Err(error),
            Err(error) => println!("  note: working with an old package list: {error:#}"),
        }
        Ok(())
    }
}

/// The first `Depends:` of what `apt-cache depends` prints.
fn first_dependency(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.trim().strip_prefix("Depends: "))
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| directory.display().to_string())
        }
        _ => Ok(()),
    }
}

/// The one file of an unpacked kernel package that boots, and the kernel's release.
pub(crate) fn kernel_of(directory: &Path) -> Result<(PathBuf, String)> {
    let boot = directory.join("boot");
    for entry in fs::read_dir(&boot).with_context(|| boot.display().to_string())?.flatten() {
        if let Some(release) = entry.file_name().to_string_lossy().strip_prefix("vmlinuz-") {
            return Ok((entry.path(), release.to_owned()));
        }
    }
    bail!("{} has no kernel", boot.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dependency_is_the_kernel() {
        let said = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n";
        assert_eq!(first_dependency(said), Some("linux-image-6.1.0-56-cloud-amd64"));
        assert_eq!(first_dependency("linux-image-cloud-amd64\n"), None);
    }
}
