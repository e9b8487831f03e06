//! Clocks, names and terminals, where the systems are asked alike.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use nix::time::ClockId;
use ps_core::{Context, Error, Result};

use crate::decode::clock::Moment;

/// The machine's name.
pub(crate) fn hostname() -> Result<OsString> {
    nix::unistd::gethostname().map_err(|errno| Error::io(Context::new("gethostname"), errno.into()))
}

/// What a clock shows.
pub(crate) fn clock(clock: ClockId, operation: &'static str) -> Result<Duration> {
    clock
        .now()
        .map(|now| {
            Duration::new(
                u64::try_from(now.tv_sec()).unwrap_or(0),
                u32::try_from(now.tv_nsec()).unwrap_or(0),
            )
        })
        .map_err(|errno| Error::io(Context::new(operation), errno.into()))
}

/// Time since a moment on the wall clock, which both move alike when the clock is set.
pub(crate) fn since(booted: &Moment) -> Duration {
    SystemTime::now().duration_since(booted.system_time()).unwrap_or_default()
}

/// Where terminals are.
const PLACES: &[&str] = &["/dev", "/dev/pts"];

/// Paths of terminals by device number.
///
/// Terminals come and go, and their numbers are given to others: a path is believed only if it still has the number,
/// and a number that is not found has all paths looked at anew.
#[derive(Debug, Default)]
pub struct Terminals(RwLock<Arc<HashMap<u64, PathBuf>>>);

impl Terminals {
    /// The path of a terminal; `None` if it has none. No lock is held while directories are read.
    pub(crate) fn path(&self, device: u64) -> Option<PathBuf> {
        let known = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(path) = known.get(&device).filter(|path| number(path) == Some(device)) {
            return Some(path.clone());
        }
        let fresh = Arc::new(terminals());
        let path = fresh.get(&device).cloned();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        path
    }
}

/// The number of a character device.
fn number(path: &Path) -> Option<u64> {
    let file = std::fs::symlink_metadata(path).ok()?;
    file.file_type().is_char_device().then(|| file.rdev())
}

fn terminals() -> HashMap<u64, PathBuf> {
    let mut found = HashMap::new();
    for place in PLACES {
        let Ok(entries) = std::fs::read_dir(place) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            let terminal = *place != "/dev" || name.starts_with(b"tty") || name == b"console";
            let path = entry.path();
            if let Some(device) = number(&path).filter(|_| terminal) {
                found.entry(device).or_insert(path);
            }
        }
    }
    found
}
