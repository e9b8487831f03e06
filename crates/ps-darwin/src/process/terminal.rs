//! Names of terminals.

use std::collections::HashMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Paths of terminals by their device numbers, as found when last looked for.
#[derive(Debug, Default)]
pub(crate) struct Terminals(Mutex<Option<Arc<Found>>>);

#[derive(Debug)]
struct Found {
    paths: HashMap<u64, PathBuf>,
    at: Instant,
}

/// A number that was not found is not looked for again before this has passed.
const PATIENCE: Duration = Duration::from_secs(1);

impl Terminals {
    /// Path of the terminal with a device number; `None` if none has it.
    pub(crate) fn path(&self, device: u64) -> Option<PathBuf> {
        let kept = self.kept().clone();
        if let Some(kept) = kept {
            let path = kept.paths.get(&device);
            if path.is_some() || kept.at.elapsed() < PATIENCE {
                return path.cloned();
            }
        }
        let found = Arc::new(Found { paths: find(Path::new("/dev")), at: Instant::now() });
        let path = found.paths.get(&device).cloned();
        *self.kept() = Some(found);
        path
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<Found>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every terminal below `/dev`. One that vanishes meanwhile is left out.
fn find(dev: &Path) -> HashMap<u64, PathBuf> {
    let mut paths = HashMap::new();
    for entry in std::fs::read_dir(dev).into_iter().flatten().flatten() {
        let name = entry.file_name();
        // `tty` itself is everybody's own terminal and names none.
        if name == "tty" || !(name.as_encoded_bytes().starts_with(b"tty") || name == "console") {
            continue;
        }
        let Ok(data) = entry.metadata() else { continue };
        if data.file_type().is_char_device() {
            // As the kernel numbers it: 32 bits, whatever the type's sign makes of them.
            paths.entry(data.rdev() & 0xffff_ffff).or_insert(entry.path());
        }
    }
    paths
}
