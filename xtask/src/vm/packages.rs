//! The distribution's packages: downloaded and unpacked below `target`, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run;

/// How long a package list of our own is good.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whose packages these are.
const HOST: &str =
    "machines have the kernels of Debian 12: run this there, or in a container of it";

/// Where packages come from, and where they are kept.
pub(crate) struct Packages {
    cache: PathBuf,
    /// Arguments that make the package manager keep a state of its own, for an architecture that may not be the
    /// host's, and that may be newer than what the host knows. The host's own is not touched.
    options: Vec<String>,
}

impl Packages {
    /// Packages of one of the distribution's architectures.
    pub(crate) fn of(architecture: &str, work: &Path) -> Result<Self> {
        let cache = work.join("cache").join(architecture);
        let state = cache.join("apt");
        fs::create_dir_all(state.join("lists/partial"))?;
        fs::create_dir_all(state.join("cache/archives/partial"))?;
        let options = [
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            format!("Dir::State::lists={}", state.join("lists").display()),
            format!("Dir::Cache={}", state.join("cache").display()),
            "Dir::State::status=/dev/null".to_owned(),
            // A download that breaks off is begun again.
            "Acquire::Retries=5".to_owned(),
        ];
        let options = options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect();
        Ok(Self { cache, options })
    }

    /// The name of the package that a package depends on first, or of the one that it depended on
    /// when it was last fetched, if there is no package list now.
    pub(crate) fn behind(&self, package: &str) -> Result<String> {
        let note = self.cache.join(format!("{package}.is"));
        self.update()?;
        let said = run::stdout(self.apt("apt-cache").args(["depends", package]));
        if let Some(name) = said.as_deref().ok().and_then(first_dependency) {
            fs::write(&note, name)?;
            return Ok(name.to_owned());
        }
        fs::read_to_string(&note)
            .with_context(|| format!("the package list does not have {package}: {HOST}"))
    }

    /// The directory in which a package is unpacked.
    pub(crate) fn unpacked(&self, package: &str) -> Result<PathBuf> {
        let directory = self.cache.join(package);
        if directory.is_dir() {
            return Ok(directory);
        }
        self.update()?;
        println!("fetching {package}");
        let part = self.cache.join(format!("{package}.part"));
        remove(&part)?;
        fs::create_dir_all(part.join("root"))?;
        let download = || {
            run::stdout(self.apt("apt-get").args(["download", "-q", package]).current_dir(&part))
        };
        if download().is_err() {
            // The archive has newer packages than the list knows, perhaps.
            fs::remove_file(self.list())?;
            self.update()?;
            download().with_context(|| format!("{package} cannot be had: {HOST}"))?;
        }
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
        command.args(&self.options);
        command
    }

    /// The file whose age is that of the package list.
    fn list(&self) -> PathBuf {
        self.cache.join("apt/updated")
    }

    /// Fetches the package list, unless there is one of today. An older one will do where the archive cannot be
    /// reached.
    fn update(&self) -> Result<()> {
        let done = self.list();
        let age = fs::metadata(&done).ok().and_then(|facts| facts.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age < DAY) {
            return Ok(());
        }
        println!("fetching a package list");
        match run::stdout(self.apt("apt-get").args(["update", "-q"])) {
            Ok(_) => fs::write(done, "")?,
            Err(error) if age.is_none() => {
                return Err(error).context("kernels are Debian packages, which apt-get fetches");
            }
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
