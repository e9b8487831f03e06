//! Paths with stars: enough of a shell's patterns to name files of `/sys`.

use std::fs;
use std::path::{Path, PathBuf};

/// Every existing path that a pattern names, sorted; `*` stands for any part of one name.
///
/// `root` is where the pattern's `/` is.
pub fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|directory| below(directory, part)).collect();
    }
    found.sort();
    found
}

/// The entries of one directory that one part of a pattern names.
fn below(directory: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains('*') {
        let path = directory.join(part);
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| matches(part, &entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}

/// Whether a name is what a pattern describes.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    // Whatever the star may have swallowed, the rest of the pattern must fit what is left.
    (0..=rest.len()).filter_map(|from| rest.get(from..)).any(|left| matches(after, left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        for (pattern, name) in
            [("BAT*", "BAT0"), ("*", "x"), ("*", ""), ("a*c*e", "abcde"), ("é*", "éa"), ("x", "x")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("BAT*", "ABAT0"), ("a*c", "ab"), ("x", "xy"), ("*y", "é")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn only_what_exists_is_found() {
        let tree = Tree::new("glob", &[("src/glob.rs", ""), ("src/check.rs", ""), ("x/g.rs", "")]);
        let root = tree.root();
        assert_eq!(expand(root, "/s*c/g*b.rs"), [root.join("src/glob.rs")]);
        assert_eq!(expand(root, "/*/g*"), [root.join("src/glob.rs"), root.join("x/g.rs")]);
        assert_eq!(expand(root, "/src/none.rs"), Vec::<PathBuf>::new());
        assert_eq!(expand(root, "/none/*"), Vec::<PathBuf>::new());
    }
}
