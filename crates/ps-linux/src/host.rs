//! Boot time, up-time, accounts and login sessions.

pub use ps_core::host::*;

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
        self.decode_kept(Kept::Stat, decode::decode_boot_time)
    }

    fn time_since_boot(&self) -> Result<Duration> {
        if self.is_own() {
            return clock("clock_gettime CLOCK_BOOTTIME", ClockId::CLOCK_BOOTTIME);
        }
        self.decode_kept(Kept::Uptime, decode::decode_uptime)
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
            let users = utmp::decode_utmp(&records, preferred);
            if !users.is_empty() {
                return Ok(users);
            }
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
        users.sort_by(|a, b| a.started.cmp(&b.started));
        Ok(users)
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        self.accounts().name(self, Kind::User, uid.get())
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        self.accounts().name(self, Kind::Group, gid.get())
    }
}

fn clock(operation: &'static str, id: ClockId) -> Result<Duration> {
    clock_gettime(id)
        .map(Duration::from)
        .map_err(|errno| Error::io(Context::new(operation), errno.into()))
}
