//! Files for tests to look at.

use std::fs;
use std::path::{Path, PathBuf};

/// A directory of one test alone, with files in it; taken away at the end.
pub(crate) struct Tree(PathBuf);

impl Tree {
    /// A directory with these files: paths and contents.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("ps-guest-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("is below the root")).expect("makes");
            fs::write(path, text).expect("writes");
        }
        Self(root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
