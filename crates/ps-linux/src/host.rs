//! Boot time, up-time, accounts and login sessions.

pub use ps_core::host::*;

pub use crate::decode::host::Wsl;

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};
use ps_core::process::{Gid, Uid};
use ps_core::{Context, Error, Result};

use crate::accounts::Kind;
use crate::decode::host as decode;
use crate::decode::host::utmp;
use crate::kept::Kept;
use crate::root::Linux;
use crate::{file, sys};

impl HostBackend for Linux {
    fn boot_time(&self) -> Result<SystemTime> {
        Ok(self.clock_ahead().shift_back(self.boot_time_as_read()?))
    }

    fn time_since_boot(&self) -> Result<Duration> {
        if self.is_own() {
            return clock("clock_gettime CLOCK_BOOTTIME", ClockId::CLOCK_BOOTTIME);
        }
        let read = self.decode_kept(Kept::Uptime, decode::decode_uptime)?;
        Ok(self.clock_ahead().shift(read))
    }

    fn uptime(&self) -> Result<Duration> {
        self.check_own("uptime")?;
        clock("clock_gettime CLOCK_MONOTONIC", ClockId::CLOCK_MONOTONIC)
    }

    fn hostname(&self) -> Result<OsString> {
        if self.is_own() {
            return nix::unistd::gethostname()
                .map_err(|errno| Error::io(Context::new("gethostname"), errno.into()));
        }
        // The kernel's own file answers for whoever reads it; the setting is all there is to go by.
        let path = self.roots().etc.join("hostname");
        let name = file::read_if_there(&path)?.unwrap_or_default();
        let name = name.trim_ascii();
        if name.is_empty() {
            return Err(Error::unsupported_here(
                Context::new("hostname").with_path(path),
                "only a system call can tell, and it would answer for the caller's own namespace",
            ));
        }
        Ok(std::os::unix::ffi::OsStringExt::from_vec(name.to_vec()))
    }

    fn users(&self) -> Result<Vec<User>> {
        let preferred = sys::host::login_record_form();
        if let Some(records) = file::read_if_there(&self.roots().run.join("utmp"))? {
            return Ok(utmp::decode_utmp(&records, preferred));
        }
        // Systems that gave the file up keep sessions here.
        let place = self.roots().run.join("systemd/sessions");
        let mut users = Vec::new();
        for name in file::names(&place)? {
            // Sessions come and go; beside them lie pipes, named with a suffix, that must not be read.
            if std::path::Path::new(&name).extension().is_some() {
                continue;
            }
            if let Some(text) = file::read_if_there(&place.join(name))? {
                users.extend(decode::decode_session(&text));
            }
        }
        users.sort_by_key(|a| a.started);
        Ok(users)
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        self.accounts().name(self, Kind::User, uid.get())
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        self.accounts().name(self, Kind::Group, gid.get())
    }
}

impl Linux {
    /// Under which Windows Subsystem for Linux the system runs; `None` if under none.
    ///
    /// Read from `/proc/sys/kernel/osrelease`. The distribution's name is in the caller's environment, in
    /// `WSL_DISTRO_NAME`, and so is not told of a root that is not the caller's own.
    ///
    /// # Errors
    ///
    /// [`Io`](Error::Io) if the file cannot be read.
    ///
    /// ```
    /// if let Some(wsl) = ps_linux::Linux::new().wsl()? {
    ///     println!("WSL {}", wsl.version);
    /// }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn wsl(&self) -> Result<Option<Wsl>> {
        let release = file::read(&self.proc_path("sys/kernel/osrelease"))?;
        let name = self.is_own().then(|| std::env::var_os("WSL_DISTRO_NAME")).flatten();
        Ok(decode::decode_wsl(&release, name))
    }

    /// The boot time as the kernel tells it to this reader: what starts of processes, which it tells in the same
    /// time namespace, count from.
    pub(crate) fn boot_time_as_read(&self) -> Result<SystemTime> {
        self.decode_kept(Kept::Stat, decode::decode_boot_time)
    }

    /// How far the clock since boot of what is looked at is ahead of what its files say to this reader.
    ///
    /// The kernel tells times since boot in the reader's own time namespace, whoever's files are read. At another
    /// root the times of that root's process 1 are wanted. Files that no kernel writes are taken at their word.
    fn clock_ahead(&self) -> Ahead {
        if self.is_own() || !self.is_live() {
            return Ahead::default();
        }
        let offset = |path: &std::path::Path| {
            let text = file::peek(path)?;
            let (seconds, nanos) = decode::decode_boottime_offset(&text)?;
            Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
        };
        let theirs = offset(&self.proc_path("1/timens_offsets"));
        let ours = offset(std::path::Path::new("/proc/self/timens_offsets"));
        match (theirs, ours) {
            (Some(theirs), Some(ours)) => Ahead { nanos: theirs - ours },
            _ => Ahead::default(),
        }
    }
}

/// A span that may be negative.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    nanos: i128,
}

impl Ahead {
    fn span(self) -> Duration {
        let nanos = self.nanos.unsigned_abs();
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).unwrap_or(0))
    }

    fn shift(self, time: Duration) -> Duration {
        if self.nanos < 0 {
            time.saturating_sub(self.span())
        } else {
            time.saturating_add(self.span())
        }
    }

    /// A clock that is ahead since boot makes the boot lie further back.
    fn shift_back(self, time: SystemTime) -> SystemTime {
        let shifted = if self.nanos < 0 {
            time.checked_add(self.span())
        } else {
            time.checked_sub(self.span())
        };
        shifted.unwrap_or(time)
    }
}

fn clock(operation: &'static str, id: ClockId) -> Result<Duration> {
    clock_gettime(id)
        .map(Duration::from)
        .map_err(|errno| Error::io(Context::new(operation), errno.into()))
}
