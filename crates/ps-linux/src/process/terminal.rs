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
fn find(dev: &Path) -> HashMap<u64, PathBuf> {
    let mut paths = HashMap::new();
    let entries = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten();
    let consoles = entries(dev).filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(b"tty") || name == "console" || name == "hvc0"
    });
    for entry in consoles.chain(entries(&dev.join("pts"))) {
        let path = entry.path();
        let Ok(data) = std::fs::metadata(&path) else { continue };
        // `/dev/tty` is everybody's own terminal and names none.
        if data.file_type().is_char_device() && path != dev.join("tty") {
            paths.entry(data.rdev()).or_insert(path);
        }
    }
    paths
}
