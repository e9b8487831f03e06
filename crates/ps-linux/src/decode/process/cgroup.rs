//! `/proc/PID/cgroup`: the groups a process is in, one for each hierarchy.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ps_core::Result;

use crate::decode::malformed;
use crate::decode::text::{lines, number};

/// The control group of a process in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CgroupMembership {
    /// Number of the hierarchy; 0 is the unified one (version 2).
    pub hierarchy: u32,
    /// Controllers of the hierarchy, and `name=...` for one that was given a name. None for the unified one.
    #[cfg_attr(feature = "serde", serde(with = "ps_core::serde_os::list"))]
    pub controllers: Vec<OsString>,
    /// Path of the group below the root of the hierarchy, as the reader's cgroup namespace shows it. One
    /// outside of that namespace begins with `/..`.
    #[cfg_attr(feature = "serde", serde(with = "ps_core::serde_os::value"))]
    pub path: PathBuf,
    /// The group was removed while the process, a zombie, was still in it.
    pub removed: bool,
}

/// Decodes `/proc/PID/cgroup`.
pub fn decode_cgroups(text: &[u8]) -> Result<Vec<CgroupMembership>> {
    lines(text)
        .map(|line| membership(line).ok_or_else(|| malformed("cgroup", "not three fields")))
        .collect()
}

fn membership(line: &[u8]) -> Option<CgroupMembership> {
    let mut fields = line.splitn(3, |byte| *byte == b':');
    let hierarchy = number(fields.next()?)?;
    let names = fields.next()?.split(|byte| *byte == b',').filter(|name| !name.is_empty());
    let controllers = names.map(|name| OsStr::from_bytes(name).to_owned()).collect();
    let path = fields.next()?;
    // A name that ends like the mark cannot be told from it; the mark is the likelier by far.
    let (path, removed) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (path, false),
    };
    path.starts_with(b"/").then(|| CgroupMembership {
        hierarchy,
        controllers,
        path: Path::new(OsStr::from_bytes(path)).to_owned(),
        removed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_versions_and_named_hierarchies_are_told_apart() {
        let text = b"9:name=systemd:/a:b\n4:cpu,cpuacct:/\n0::/user.slice/x (deleted)\n";
        let all = decode_cgroups(text).expect("decodes");
        let [named, old, unified] = all.as_slice() else { panic!("three") };
        assert_eq!((named.hierarchy, named.path.as_path()), (9, Path::new("/a:b")));
        assert_eq!(named.controllers, ["name=systemd"]);
        assert_eq!(old.controllers, ["cpu", "cpuacct"]);
        assert!(unified.controllers.is_empty() && unified.removed && !old.removed);
        assert_eq!(unified.path, Path::new("/user.slice/x"));
    }

    #[test]
    fn a_line_cut_off_is_an_error() {
        for bad in [&b"9:cpu"[..], b"x:cpu:/\n", b"9:cpu:relative\n", b"\n\n"] {
            assert!(decode_cgroups(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        assert!(decode_cgroups(b"").expect("decodes").is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_cgroups(&bytes);
        }
    }
}
