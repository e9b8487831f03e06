//! Limits and use of control groups: what a container may have, and has.

pub use crate::decode::cgroup::{CgroupFigures, CgroupLimits, CgroupVersion};

use std::path::{Path, PathBuf};

use ps_core::{Context, Result};

use crate::decode::cgroup::{
    CgroupMount, Protection, decode_cgroup_mounts, effective, levels, locate,
};
use crate::decode::process::{CgroupMembership, decode_cgroups};
use crate::errno::of_system;
use crate::file;
use crate::process::LinuxView;
use crate::root::Linux;
use crate::sys::file as sys;

/// What control groups say of a process.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Cgroup {
    /// Which generation manages memory; `None` if neither does, or it cannot be seen.
    pub version: Option<CgroupVersion>,
    /// The nearest group: that of the process itself.
    pub nearest: CgroupFigures,
    /// The nearest group and all above it together.
    pub effective: CgroupLimits,
}

/// The groups of a process, and where they can be seen.
pub(crate) struct Place<'a> {
    linux: &'a Linux,
    memberships: Vec<CgroupMembership>,
    mounts: Vec<CgroupMount>,
}

impl Linux {
    /// Limits and use of the calling process's control groups; at a root that is not the caller's own, of its
    /// process 1.
    ///
    /// Read from `/proc/self/cgroup` and the files of the groups, of either version, each controller in its own.
    /// Groups that cannot be seen, as from within a container those outside of it, say nothing.
    ///
    /// # Errors
    ///
    /// [`Io`](ps_core::Error::Io) if `/proc` cannot be read. A kernel without control groups limits nothing, and is
    /// no failure.
    ///
    /// ```
    /// let cgroup = ps_linux::Linux::new().cgroup()?;
    /// match cgroup.effective.memory_limit {
    ///     Some(bytes) => println!("{bytes} bytes may be used"),
    ///     None => println!("as much as there is"),
    /// }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn cgroup(&self) -> Result<Cgroup> {
        Ok(self.own_place()?.figures())
    }

    /// Kills every process of a control group of version 2 and of the groups below it: also those that keep starting
    /// others, and daemons, which nothing else holds. Nobody can leave the group meanwhile.
    ///
    /// `group` is the directory of the group, as in `/sys/fs/cgroup/batch`. They may take a moment to end.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ps_core::Error::Unsupported) before Linux 5.14, and for the group at the top;
    /// [`Io`](ps_core::Error::Io) if there is no such group; [`AccessDenied`](ps_core::Error::AccessDenied) without the
    /// right to write to it.
    ///
    /// ```no_run
    /// ps_linux::Linux::new().kill_cgroup("/sys/fs/cgroup/batch".as_ref())?;
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn kill_cgroup(&self, group: &Path) -> Result<()> {
        const OPERATION: &str = "kill_cgroup";
        let path = group.join("cgroup.kill");
        let context = || Context::new(OPERATION).with_path(&path);
        let c = file::c_path(OPERATION, &path)?;
        let killed =
            sys::open_to_write(nix::fcntl::AT_FDCWD, &c).and_then(|file| sys::write(&file, b"1"));
        killed.map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound if group.join("cgroup.procs").exists() => {
                ps_core::Error::unsupported_here(
                    context(),
                    "this group cannot be killed as a whole",
                )
            }
            _ => of_system(source, context()),
        })
    }

    /// The groups of the calling process; at a root that is not the caller's own, of its process 1.
    pub(crate) fn own_place(&self) -> Result<Place<'_>> {
        let path = self.own_path("cgroup");
        let text = file::read_if_there(&path)?.unwrap_or_default();
        self.place(decode_cgroups(&text).map_err(|error| error.with_path(path))?)
    }

    fn place(&self, memberships: Vec<CgroupMembership>) -> Result<Place<'_>> {
        let mounts = file::read_if_there(&self.seen_path("mountinfo"))?.unwrap_or_default();
        Ok(Place { linux: self, memberships, mounts: decode_cgroup_mounts(&mounts) })
    }

    /// Where a mount point of the machine is seen from here.
    fn seen(&self, point: &Path) -> PathBuf {
        if let Ok(below) = point.strip_prefix("/sys") {
            return self.sys_path(below);
        }
        if self.is_own() {
            return point.to_owned();
        }
        self.proc_path("1/root").join(point.strip_prefix("/").unwrap_or(point))
    }
}

impl LinuxView {
    /// Limits and use of its control groups, as [`Linux::cgroup`] has them of the caller's.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](ps_core::Error::NoSuchProcess) if it has ended.
    ///
    /// ```
    /// use ps_linux::{Linux, ProcessBackend};
    ///
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.cgroup()?.nearest.memory_used);
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn cgroup(&self) -> Result<Cgroup> {
        Ok(self.place()?.figures())
    }

    pub(crate) fn place(&self) -> Result<Place<'_>> {
        self.linux().place(self.memberships()?.unwrap_or_default())
    }
}

impl Place<'_> {
    /// The directory of the group of a controller; that of version 2 for none.
    pub(crate) fn directory(&self, controller: &[u8]) -> Option<(CgroupVersion, PathBuf)> {
        let (version, point, below) = locate(controller, &self.memberships, &self.mounts)?;
        Some((version, self.linux.seen(&point).join(below)))
    }

    fn levels(&self, controller: &[u8]) -> Option<(CgroupVersion, Vec<PathBuf>)> {
        let (version, point, below) = locate(controller, &self.memberships, &self.mounts)?;
        Some((version, levels(&self.linux.seen(&point), &below)))
    }

    fn figures(&self) -> Cgroup {
        let mut all: Vec<CgroupFigures> = Vec::new();
        let version = self.memory(&mut all);
        self.each_level(b"cpu", &mut all, |version, directory, figures| {
            figures.add_cpu(version, &files_of(directory));
            true
        });
        self.each_level(b"cpuacct", &mut all, |version, directory, figures| {
            if version == CgroupVersion::V1 {
                figures.add_cpuacct(&files_of(directory));
            }
            false
        });
        self.each_level(b"cpuset", &mut all, |version, directory, figures| {
            figures.add_cpuset(version, &files_of(directory));
            // A group above is asked only if this one does not say.
            figures.cpus.is_none()
        });
        self.each_level(b"pids", &mut all, |_, directory, figures| {
            figures.add_pids(&files_of(directory), self.linux.units());
            true
        });
        let effective = effective(&all);
        let nearest = all.into_iter().next().unwrap_or_default();
        Cgroup { version, nearest, effective }
    }

    /// Bytes of memory that the groups leave; `None` if none has a limit.
    pub(crate) fn memory_available(&self) -> Option<u64> {
        let mut all = Vec::new();
        self.memory(&mut all);
        effective(&all).memory_available
    }

    fn memory(&self, all: &mut Vec<CgroupFigures>) -> Option<CgroupVersion> {
        self.each_level(b"memory", all, |version, directory, figures| {
            let units = self.linux.units();
            figures.add_memory(version, &files_of(directory), &|| protections(directory), units);
            // Groups of version 1 that do not count for those above are not limited by them.
            version == CgroupVersion::V2 || !is_apart(directory)
        })
    }

    /// Fills in a controller's figures from the nearest group upwards, until it says that this is enough.
    fn each_level(
        &self,
        controller: &[u8],
        all: &mut Vec<CgroupFigures>,
        mut fill: impl FnMut(CgroupVersion, &Path, &mut CgroupFigures) -> bool,
    ) -> Option<CgroupVersion> {
        let (version, directories) = self.levels(controller)?;
        for (at, directory) in directories.iter().enumerate() {
            if all.len() <= at {
                all.push(CgroupFigures::default());
            }
            let Some(figures) = all.get_mut(at) else { break };
            if !fill(version, directory, figures) {
                break;
            }
        }
        Some(version)
    }
}

fn files_of(directory: &Path) -> impl Fn(&str) -> Option<Vec<u8>> + '_ {
    move |name| file::peek(&directory.join(name))
}

/// What the groups directly below one are protected from losing.
fn protections(directory: &Path) -> Vec<Protection> {
    let names = file::names(directory).unwrap_or_default();
    names.into_iter().filter_map(|name| Protection::of(&files_of(&directory.join(name)))).collect()
}

/// Whether a group of version 1 is not counted in the one above it.
fn is_apart(directory: &Path) -> bool {
    let above =
        directory.parent().and_then(|parent| file::peek(&parent.join("memory.use_hierarchy")));
    above.is_some_and(|text| text.trim_ascii() == b"0")
}
