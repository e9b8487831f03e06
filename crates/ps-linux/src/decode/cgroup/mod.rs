//! Control groups: which one a process is in, where they are mounted, and what their files say.

mod figures;

use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

pub use figures::{CgroupFigures, CgroupLimits, LevelFiles, Protection, effective};

use super::disk::{columns_of_file_system, mount_columns};
use super::process::CgroupMembership;
use super::text::{columns, lines, number, octal_unescape};

/// The two generations of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CgroupVersion {
    /// One tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

fn split(list: &[u8]) -> Vec<Vec<u8>> {
    list.split(|byte| *byte == b',').filter(|one| !one.is_empty()).map(<[u8]>::to_vec).collect()
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()))
}

/// A mount of a tree of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CgroupMount {
    /// Which generation.
    pub version: CgroupVersion,
    /// Its options, among which version 1 names the controllers.
    pub options: Vec<Vec<u8>>,
    /// The group that is seen at the mount point.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
}

/// The mounted trees, from `/proc/self/mountinfo`.
#[must_use]
pub fn decode_cgroup_mounts(mountinfo: &[u8]) -> Vec<CgroupMount> {
    lines(mountinfo)
        .filter_map(|line| {
            let mut after = columns_of_file_system(line);
            let version = match after.next()? {
                b"cgroup" => CgroupVersion::V1,
                b"cgroup2" => CgroupVersion::V2,
                _ => return None,
            };
            let options = split(after.nth(1).unwrap_or_default());
            let mut before = mount_columns(line).skip(3);
            let root = path_of(&octal_unescape(before.next()?));
            let point = path_of(&octal_unescape(before.next()?));
            Some(CgroupMount { version, options, root, point })
        })
        .collect()
}

/// Where a process's group of a controller lies: the mount point, and the way from it down to the group.
///
/// Version 1 is asked first: a controller is in one tree only, and one that has a line of its own is there. `None`
/// if the controller is in no tree that is mounted, the group lies outside of what is mounted, or it was removed.
#[must_use]
pub fn locate(
    controller: &[u8],
    memberships: &[CgroupMembership],
    mounts: &[CgroupMount],
) -> Option<(CgroupVersion, PathBuf, PathBuf)> {
    let is_v1 = |one: &&CgroupMembership| {
        one.controllers.iter().any(|name| name.as_encoded_bytes() == controller)
    };
    let (membership, version) = match memberships.iter().find(is_v1) {
        Some(membership) => (membership, CgroupVersion::V1),
        None => (memberships.iter().find(|one| one.hierarchy == 0)?, CgroupVersion::V2),
    };
    if membership.removed {
        return None;
    }
    mounts
        .iter()
        .filter(|mount| mount.version == version)
        .filter(|mount| {
            version == CgroupVersion::V2 || mount.options.iter().any(|option| option == controller)
        })
        .find_map(|mount| {
            let below = membership.path.strip_prefix(&mount.root).ok()?;
            // A group outside of the reader's namespace is named by going up.
            let inside = below.components().all(|part| matches!(part, Component::Normal(_)));
            inside.then(|| (version, mount.point.clone(), below.to_owned()))
        })
}

/// The directories of a group and of all above it, the nearest first.
pub fn levels(point: &Path, below: &Path) -> Vec<PathBuf> {
    below
        .ancestors()
        .map(|part| if part.as_os_str().is_empty() { point.to_owned() } else { point.join(part) })
        .collect()
}

/// A limit in bytes or in tasks; `None` if there is none.
///
/// Version 2 says `max`; version 1 says -1, or the largest number that its counters hold, in whole pages.
#[must_use]
pub fn decode_limit(text: &[u8], page_size: u64) -> Option<u64> {
    let limit: u64 = number(text.trim_ascii())?;
    let narrow = u64::from(i32::MAX.unsigned_abs()).saturating_mul(page_size);
    (limit < 1 << 62 && limit != narrow).then_some(limit)
}

/// The value of a line `key value`, as in `memory.stat`.
#[must_use]
pub fn stat_value(text: &[u8], key: &[u8]) -> Option<u64> {
    let line = lines(text).find(|line| columns(line).next() == Some(key))?;
    number(columns(line).nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::process::decode_cgroups;
    use proptest::prelude::*;

    const V1: &[u8] = b"30 25 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n\
        31 25 0:27 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n\
        32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n\
        33 25 0:29 / /tmp rw - tmpfs tmpfs rw\n";

    fn groups(text: &[u8]) -> Vec<CgroupMembership> {
        decode_cgroups(text).expect("decodes")
    }

    #[test]
    fn a_controller_is_looked_for_in_its_own_tree_first() {
        let memberships = groups(b"4:memory:/a/b\n3:cpu,cpuacct:/docker/ab/x\n0::/u/v\n");
        let mounts = decode_cgroup_mounts(V1);
        let at = |controller: &[u8]| locate(controller, &memberships, &mounts);
        let memory = (CgroupVersion::V1, "/sys/fs/cgroup/memory".into(), "a/b".into());
        assert_eq!(at(b"memory"), Some(memory));
        let cpu = (CgroupVersion::V1, "/sys/fs/cgroup/cpu,cpuacct".into(), "x".into());
        assert_eq!(at(b"cpu"), Some(cpu));
        let pids = (CgroupVersion::V2, "/sys/fs/cgroup/unified".into(), "u/v".into());
        assert_eq!(at(b"pids"), Some(pids));
    }

    #[test]
    fn a_tree_mounted_without_a_source_keeps_its_controllers() {
        let mounts = decode_cgroup_mounts(b"1 2 0:3 / /c rw - cgroup  rw,memory\n");
        let found = locate(b"memory", &groups(b"4:memory:/a\n"), &mounts);
        assert_eq!(found, Some((CgroupVersion::V1, "/c".into(), "a".into())));
    }

    #[test]
    fn a_group_outside_of_what_is_mounted_is_not_guessed() {
        let mounts = decode_cgroup_mounts(V1);
        for group in [&b"0::/../sibling\n"[..], b"0::/a/../../b\n", b"0::/u (deleted)\n", b""] {
            assert_eq!(locate(b"memory", &groups(group), &mounts), None, "{group:?}");
        }
        let elsewhere = groups(b"3:cpu:/docker/other\n");
        assert_eq!(locate(b"cpu", &elsewhere, &mounts), None);
        assert_eq!(locate(b"cpu", &groups(b"3:cpu:/\n"), &[]), None);
    }

    #[test]
    fn levels_go_from_the_group_up_to_the_mount_point() {
        let levels = levels(Path::new("/cg"), Path::new("a/b"));
        assert_eq!(levels, [Path::new("/cg/a/b"), Path::new("/cg/a"), Path::new("/cg")]);
        assert_eq!(super::levels(Path::new("/cg"), Path::new("")), [Path::new("/cg")]);
    }

    #[test]
    fn no_limit_is_none_in_every_spelling() {
        for text in [
            &b"max\n"[..],
            b"-1\n",
            b"9223372036854771712\n",
            b"9223372036854775807\n",
            b"8796093018112\n",
            b"",
        ] {
            assert_eq!(decode_limit(text, 4096), None, "{text:?}");
        }
        assert_eq!(decode_limit(b"9223372036854710272\n", 65_536), None);
        assert_eq!(decode_limit(b"0\n", 4096), Some(0));
        assert_eq!(decode_limit(b"209715200\n", 4096), Some(209_715_200));
    }

    #[test]
    fn the_tree_of_version_2_has_number_0() {
        let mounts = decode_cgroup_mounts(b"1 2 0:3 / /c rw - cgroup2 cgroup2 rw\n");
        let found = locate(b"memory", &groups(b"5::/b\n0::/d\n"), &mounts);
        assert_eq!(found, Some((CgroupVersion::V2, "/c".into(), "d".into())));
        assert_eq!(locate(b"memory", &groups(b"5::/b\n"), &mounts), None);
    }

    #[test]
    fn a_limit_is_one_below_the_largest_that_makes_sense() {
        assert_eq!(decode_limit(b"4611686018427387904\n", 4096), None);
        assert_eq!(decode_limit(b"4611686018427387903\n", 4096), Some((1 << 62) - 1));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, page: u64) {
            let memberships = decode_cgroups(&bytes).unwrap_or_default();
            let _ = locate(b"memory", &memberships, &decode_cgroup_mounts(&bytes));
            let _ = (decode_limit(&bytes, page), stat_value(&bytes, b"x"));
        }
    }
}
