//! What Linux alone knows of a process: groups it is counted in, namespaces, privileges, its standing when
//! memory runs out.

use std::ffi::CString;
use std::time::Duration;

use ps_core::process::{Gid, Handle, Uid};
use ps_core::{Context, Error, Result};

use crate::decode::process::{
    CapabilitySets, CgroupMembership, Namespaces, Seccomp, decode_cgroups, namespace_of_link,
};
use crate::decode::text::number;
use crate::errno::{self, Lives};
use crate::file::Buffer;
use crate::process::Pin;
use crate::process::view::LinuxView;
use crate::root::Linux;
use crate::sys::file as sys;

/// Bounds of the adjustment of the score, from `<linux/oom.h>`.
const ADJUSTMENTS: std::ops::RangeInclusive<i32> = -1000..=1000;

/// What no other system has.
impl LinuxView {
    /// User that access to files is judged by (fourth number of `Uid:` in `status`). The effective user,
    /// unless the process changed it.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend, ProcessView};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert_eq!(view.fs_uid()?, view.uids()?.effective);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[doc(alias = "fsuid")]
    pub fn fs_uid(&self) -> Result<Uid> {
        Ok(self.status_file()?.fsuid)
    }

    /// Group that access to files is judged by (fourth number of `Gid:` in `status`).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{}", view.fs_gid()?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[doc(alias = "fsgid")]
    pub fn fs_gid(&self) -> Result<Gid> {
        Ok(self.status_file()?.fsgid)
    }

    /// Control groups it is in, one for each hierarchy; the unified one (version 2) has number 0. Needs no
    /// privilege.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// for group in view.cgroups()? {
    ///     println!("{} {}", group.hierarchy, group.path.display());
    /// }
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn cgroups(&self) -> Result<Vec<CgroupMembership>> {
        self.memberships()?.ok_or_else(|| {
            Error::unsupported_here(
                Context::new("read").with_pid(self.pid()),
                "this kernel has no control groups",
            )
        })
    }

    /// The same; `None` where the kernel has no control groups.
    pub(crate) fn memberships(&self) -> Result<Option<Vec<CgroupMembership>>> {
        let bytes = match self.read(c"cgroup", "cgroup", false) {
            Err(error) if errno::is_absent(&error) => return Ok(None),
            bytes => bytes?,
        };
        decode_cgroups(bytes.bytes()).map(Some).map_err(|error| self.about(error, "cgroup"))
    }

    /// Namespaces it is in. Needs the right to trace it; a zombie has given most of them back.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert!(view.namespaces()?.mount.is_some());
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn namespaces(&self) -> Result<Namespaces> {
        let mut buffer = Buffer::default();
        let mut read = |name: &str| -> Result<Option<u64>> {
            let path = CString::new(format!("ns/{name}")).unwrap_or_default();
            match buffer.read_link(self.dir()?, &path) {
                Ok(text) => Ok(namespace_of_link(text)),
                Err(source) => match self.failed(source, "readlink", &format!("ns/{name}")) {
                    // A kind that this kernel does not have, or a zombie has no more.
                    Error::ZombieProcess { .. } => Ok(None),
                    error if errno::is_absent(&error) => Ok(None),
                    error => Err(error),
                },
            }
        };
        Ok(Namespaces {
            cgroup: read("cgroup")?,
            ipc: read("ipc")?,
            mount: read("mnt")?,
            network: read("net")?,
            pid: read("pid")?,
            pid_for_children: read("pid_for_children")?,
            time: read("time")?,
            time_for_children: read("time_for_children")?,
            user: read("user")?,
            uts: read("uts")?,
        })
    }

    /// Capabilities of its main thread (`Cap...:` in `status`). Needs no privilege.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// let effective = view.capabilities()?.effective.unwrap_or_default();
    /// println!("{:?}", effective.names().collect::<Vec<_>>());
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn capabilities(&self) -> Result<CapabilitySets> {
        Ok(self.status_file()?.capabilities)
    }

    /// How its system calls are filtered (`Seccomp:` in `status`); `None` if the kernel does not say.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.seccomp()?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn seccomp(&self) -> Result<Option<Seccomp>> {
        let status = self.status_file()?;
        Ok(status.seccomp.map(|mode| Seccomp::from_raw(mode, status.seccomp_filters)))
    }

    /// Whether programs it starts can gain no privileges; `None` if the kernel does not say (before 4.10).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.no_new_privs()?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn no_new_privs(&self) -> Result<Option<bool>> {
        Ok(self.status_file()?.no_new_privs)
    }

    /// Time it waited for block devices (column 42 of `stat`); zero unless the kernel was told to count it
    /// (`kernel.task_delayacct`, not set by default from 5.14 on). `None` if the column is missing.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.io_delay()?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn io_delay(&self) -> Result<Option<Duration>> {
        Ok(self.stat()?.delayacct_blkio_ticks.map(|ticks| self.linux().units().ticks(ticks)))
    }

    /// How likely it is to be killed when memory runs out, high being likely; from 0 to about 2000.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert!(view.oom_score()? <= 2000);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn oom_score(&self) -> Result<u32> {
        self.read_number("oom_score")
    }

    /// What is added to its score, from −1000 (never kill it) to 1000.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert!((-1000..=1000).contains(&view.oom_adjustment()?));
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[doc(alias = "oom_score_adj")]
    pub fn oom_adjustment(&self) -> Result<i32> {
        self.read_number("oom_score_adj")
    }

    fn read_number<T: std::str::FromStr>(&self, name: &'static str) -> Result<T> {
        let path = CString::new(name).unwrap_or_default();
        let bytes = self.read(&path, name, true)?;
        number(bytes.bytes().trim_ascii()).ok_or_else(|| {
            self.about(Error::decode(Context::new(name), "not a whole number"), name)
        })
    }
}

/// Acting in ways that no other system has.
impl Linux {
    /// Sets what is added to the score by which processes are killed when memory runs out, from −1000 (never)
    /// to 1000. All threads of the process have it, and all processes that share its memory.
    ///
    /// Written through the directory of the process, so it cannot reach another. Lowering it below where it
    /// was last set with privilege needs `CAP_SYS_RESOURCE`.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::Handle;
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// linux.set_oom_adjustment(&handle, 500)?;
    /// assert_eq!(linux.view(&handle).oom_adjustment()?, 500);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[doc(alias = "oom_score_adj")]
    pub fn set_oom_adjustment(&self, handle: &Handle<Pin>, adjustment: i32) -> Result<()> {
        const OPERATION: &str = "set_oom_adjustment";
        let pid = handle.identity.pid;
        pid.check_acts(OPERATION)?;
        if !ADJUSTMENTS.contains(&adjustment) {
            return Err(Error::invalid(
                Context::new(OPERATION).with_pid(pid),
                format!("{adjustment} is outside -1000 to 1000"),
            ));
        }
        let dir = self.open_directory(handle, OPERATION)?;
        sys::open_to_write(&dir, c"oom_score_adj")
            .and_then(|file| sys::write(&file, adjustment.to_string().as_bytes()))
            .map_err(|source| {
                let gone = matches!(source.raw_os_error(), Some(libc::ESRCH | libc::ENOENT));
                if gone {
                    return self.gone_error(pid, OPERATION);
                }
                let context =
                    Context::new(OPERATION).with_path(self.pid_path(pid, "oom_score_adj"));
                errno::of_process(source, context, pid, || Lives::Yes)
            })
    }
}
