//! Pressure stall information, of the machine and of a control group.

pub use crate::decode::pressure::{Pressure, PressureKind, Stall};

use std::path::Path;

use ps_core::{Context, Error, Result};

use crate::decode::cgroup::CgroupVersion;
use crate::decode::pressure::decode_pressure;
use crate::file;
use crate::process::LinuxView;
use crate::root::Linux;

impl Linux {
    /// How long tasks of the whole machine stalled for want of a resource.
    ///
    /// Read from `/proc/pressure`, since 4.20; no privilege is needed.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Error::Unsupported) where the kernel is older, built without it, or was booted with it
    /// switched off.
    ///
    /// ```
    /// use ps_linux::{Linux, pressure::PressureKind};
    ///
    /// match Linux::new().pressure(PressureKind::Memory) {
    ///     Ok(pressure) => println!("{:?}", pressure.some.map(|stall| stall.avg10_percent)),
    ///     Err(error) if error.is_unsupported() => println!("this kernel does not tell"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn pressure(&self, kind: PressureKind) -> Result<Pressure> {
        read(&self.proc_path("pressure").join(kind.name()))
    }
}

impl LinuxView {
    /// How long tasks of its control group, and of those below it, stalled for want of a resource.
    ///
    /// Read from the group of version 2, since 4.20.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Error::Unsupported) as for [`Linux::pressure`], in the root group, and where groups
    /// of version 2 are not mounted; [`NoSuchProcess`](Error::NoSuchProcess) if it has ended.
    ///
    /// ```
    /// use ps_linux::{Linux, ProcessBackend, pressure::PressureKind};
    ///
    /// let linux = Linux::new();
    /// let pressure = linux.view_of(linux.current()?).cgroup_pressure(PressureKind::Cpu);
    /// assert!(pressure.is_ok() || pressure.is_err_and(|error| error.is_unsupported()));
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn cgroup_pressure(&self, kind: PressureKind) -> Result<Pressure> {
        match self.place()?.directory(b"") {
            Some((CgroupVersion::V2, directory)) => {
                read(&directory.join(format!("{}.pressure", kind.name())))
            }
            _ => Err(Error::unsupported_here(
                Context::new("cgroup_pressure").with_pid(self.pid()),
                "the process is in no group of version 2 that can be seen",
            )),
        }
    }
}

fn read(path: &Path) -> Result<Pressure> {
    match file::read(path) {
        Ok(text) => decode_pressure(&text).map_err(|error| error.with_path(path)),
        Err(Error::Io { source, .. })
            if matches!(
                source.raw_os_error(),
                Some(libc::ENOENT | libc::ENOTDIR | libc::EOPNOTSUPP)
            ) =>
        {
            Err(Error::unsupported_here(
                Context::new("pressure").with_path(path),
                "this kernel does not keep pressure stall information here",
            ))
        }
        Err(error) => Err(error),
    }
}
