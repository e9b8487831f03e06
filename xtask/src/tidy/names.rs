//! Names of files, and of systems that nobody has shown to work.

use super::{Complaint, File};

/// Names that say nothing about what is in a file.
const EMPTY_NAMES: &[&str] =
    &["common", "helper", "helpers", "misc", "shared_utils", "util", "utilities", "utils"];

/// The subjects, named alike in every crate; beside each, the names it is not to be given.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("cpu", &["cpus", "processor", "processors"]),
    ("mem", &["memory"]),
    ("disk", &["disks", "storage"]),
    ("net", &["network", "networks", "networking"]),
    ("sensors", &["sensor", "hwmon"]),
    ("host", &["machine"]),
    ("heap", &["malloc"]),
    ("process", &["proc", "processes"]),
];

/// What else may lie at the top of a backend, of one of its systems, or of its `decode`: the ways
/// in, and what several subjects share.
const BESIDE_SUBJECTS: &[&str] = &[
    "accounts",
    "backend",
    "bpf",
    "cgroup",
    "clock",
    "decode",
    "errno",
    "events",
    "fallbacks",
    "file",
    "freebsd",
    "kept",
    "layout",
    "lib",
    "mod",
    "netbsd",
    "openbsd",
    "pair",
    "pressure",
    "raw",
    "root",
    "scan",
    "shared",
    "sys",
    "text",
];

const BACKENDS: &[&str] = &["ps-bsd", "ps-darwin", "ps-linux"];

/// Directories inside a backend that hold subjects again. (`raw` does not: it follows the kernel's
/// headers, as `sys` follows its calls.)
const HOLD_SUBJECTS: &[&str] = &["decode", "freebsd", "netbsd", "openbsd", "pair", "shared"];

/// Whether the file, and the directories it lies in, are named for what they hold.
pub(super) fn check(file: &File) -> Vec<Complaint> {
    let mut found = Vec::new();
    if !file.path.ends_with(".rs") {
        return found;
    }
    let parts: Vec<&str> =
        file.parts().into_iter().map(|part| part.trim_end_matches(".rs")).collect();
    for part in &parts {
        if EMPTY_NAMES.contains(part) {
            found.push(Complaint::new(
                file,
                1,
                format!("`{part}` does not say what is in it"),
                "file each function by its subject or its mechanism",
            ));
        }
    }
    let ["crates", krate, "src", inside @ ..] = parts.as_slice() else { return found };
    let top = inside.iter().find(|part| !HOLD_SUBJECTS.contains(part));
    let Some(top) = top else { return found };
    if let Some((subject, _)) = SUBJECTS.iter().find(|(_, others)| others.contains(top)) {
        found.push(Complaint::new(
            file,
            1,
            format!("`{top}` is called `{subject}` in every other crate"),
            format!("rename it to `{subject}`"),
        ));
    } else if BACKENDS.contains(krate)
        && !BESIDE_SUBJECTS.contains(top)
        && !SUBJECTS.iter().any(|(subject, _)| subject == top)
    {
        found.push(Complaint::new(
            file,
            1,
            format!("`{top}` is neither a subject nor one of the names that may lie beside them"),
            "put it below its subject, below `sys/` if it is a mechanism, or add the name to \
             BESIDE_SUBJECTS in xtask/src/tidy/names.rs",
        ));
    }
    found
}

/// A system that no check covers is not to be claimed.
pub(super) fn check_claims(file: &File) -> Vec<Complaint> {
    // This file and its tests have to name it.
    if file.path == "xtask/src/tidy/names.rs" {
        return Vec::new();
    }
    let disclaims = |line: &str| line.contains("not supported") || line.contains("unsupported");
    file.text
        .lines()
        .map(str::to_lowercase)
        .enumerate()
        .filter(|(_, line)| line.contains("dragonfly") && !disclaims(line))
        .map(|(index, _)| {
            Complaint::new(
                file,
                index + 1,
                "DragonFly is claimed, and no check covers it",
                "leave it out, or say on the same line that it is not supported",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn complaints(path: &str) -> Vec<Complaint> {
        check(&file(path, "//! Text.\n"))
    }

    #[test]
    fn a_file_of_odds_and_ends_is_refused_wherever_it_lies() {
        for path in [
            "crates/ps-core/src/utils.rs",
            "crates/ps-linux/src/process/helpers.rs",
            "tests/tests/common/mod.rs",
            "xtask/src/misc.rs",
        ] {
            assert_eq!(complaints(path).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_subject_has_one_name_in_every_crate() {
        let found = complaints("crates/ps-core/src/memory.rs");
        assert_eq!(found[0].remedy, "rename it to `mem`");
        assert_eq!(complaints("crates/ps-bsd/src/decode/netbsd/network.rs").len(), 1);
        assert_eq!(complaints("crates/ps-core/src/process/memory.rs"), []);
    }

    #[test]
    fn the_top_of_a_backend_holds_subjects_only() {
        assert_eq!(complaints("crates/ps-linux/src/gadgets.rs").len(), 1);
        assert_eq!(complaints("crates/ps-bsd/src/freebsd/gadgets.rs").len(), 1);
        for path in [
            "crates/ps-linux/src/lib.rs",
            "crates/ps-linux/src/cpu.rs",
            "crates/ps-linux/src/sys/gadgets.rs",
            "crates/ps-linux/src/process/stat.rs",
            "crates/ps-bsd/src/raw/freebsd/files.rs",
            "crates/ps-bsd/src/decode/freebsd/mem.rs",
            "crates/ps-core/src/fake.rs",
            "crates/ps-linux/tests/live.rs",
        ] {
            assert_eq!(complaints(path), [], "{path}");
        }
    }

    #[test]
    fn a_system_without_a_check_is_not_claimed() {
        let claim = file("README.md", "# Name\n\nRuns on FreeBSD and DragonFly BSD.\n");
        assert_eq!(check_claims(&claim)[0].line, 3);
        let refusal = file("README.md", "DragonFly is not supported.\n");
        assert_eq!(check_claims(&refusal), []);
    }
}
