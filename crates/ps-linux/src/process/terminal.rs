//! Names of terminals.

use std::collections::HashMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::root::Linux;

/// Paths of terminals by their device numbers, as found when last looked for.
#[derive(Debug, Default)]
pub(crate) struct Terminals(Mutex<Option<Arc<Found>>>);

/// What was found when last looked.
#[derive(Debug)]
pub(crate) struct Found {
    paths: HashMap<u64, PathBuf>,
    at: Instant,
}

/// A number that was not found is not looked for again before this has passed: a process of another
/// container has a terminal that no name here belongs to, and is asked about at every refresh.
const PATIENCE: Duration = Duration::from_secs(1);

impl Terminals {
    fn kept(&self) -> Option<Arc<Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, found: Arc<Found>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}

impl Found {
    /// Path of the terminal with a device number; `None` if none has it.
    pub(crate) fn path(&self, device: u64) -> Option<&Path> {
        self.paths.get(&device).map(PathBuf::as_path)
    }
}

impl Linux {
    /// Names of terminals, looked for again if none is known by this number.
    pub(crate) fn terminals_for(&self, device: u64) -> Arc<Found> {
        if let Some(kept) = self.terminals().kept()
            && (kept.paths.contains_key(&device) || kept.at.elapsed() < PATIENCE)
        {
            return kept;
        }
        let found = Arc::new(Found { paths: find(&self.roots().dev), at: Instant::now() });
        self.terminals().keep(Arc::clone(&found));
        found
    }

    /// Path of the terminal with a device number; `None` if none has it.
    pub(crate) fn terminal_path(&self, device: u64) -> Option<PathBuf> {
        self.terminals_for(device).path(device).map(Path::to_owned)
    }
}

/// Every terminal below `/dev`. One that vanishes meanwhile is left out.
///
/// In a container, `console` and others may be further names of what is in `pts`, where the terminal is at home.
fn find(dev: &Path) -> HashMap<u64, PathBuf> {
    let mut paths = HashMap::new();
    let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten();
    let others = entries(dev).filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(b"tty") || name == "hvc0"
    });
    let all = entries(&dev.join("pts")).chain(others).map(|entry| entry.path());
    for path in all.chain([dev.join("console")]) {
        let Ok(data) = std::fs::metadata(&path) else { continue };
        // `/dev/tty` is everybody's own terminal and names none.
        if data.file_type().is_char_device() && path != dev.join("tty") {
            paths.entry(data.rdev()).or_insert(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_by_its_own_name_before_that_of_a_console() {
        let place = std::env::temp_dir().join(format!("ps-terminals-{}", std::process::id()));
        std::fs::create_dir_all(place.join("pts")).expect("made");
        let device = std::fs::metadata("/dev/null").expect("there").rdev();
        for name in ["tty", "console", "hvc0", "pts/0"] {
            std::os::unix::fs::symlink("/dev/null", place.join(name)).expect("made");
            let expected = (name != "tty").then(|| place.join(name));
            assert_eq!(find(&place).remove(&device), expected);
        }
        std::fs::remove_dir_all(place).expect("removed");
    }
}
