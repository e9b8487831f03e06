//! Clocks, accounts and sessions.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, SystemTime};

use nix::time::ClockId;
use ps_core::host::{HostBackend, User};
use ps_core::process::{Gid, Uid};
use ps_core::{Context, Result};

use super::{OpenBsd, failed};
use crate::decode::clock::Moment;
use crate::decode::openbsd::host as decoded;
use crate::errno;
use crate::raw::openbsd::host::{CLOCK_BOOTTIME, CLOCK_UPTIME, KERN_BOOTTIME, Timeval};
use crate::raw::openbsd::process::CTL_KERN;
use crate::shared::sys::sysctl;
use crate::shared::{accounts, host};

/// Where the sessions are recorded (`_PATH_UTMP`).
const SESSIONS: &str = "/var/run/utmp";

/// When the system booted.
pub(super) fn boot_moment() -> io::Result<Moment> {
    let time: Timeval = sysctl::read_record(&[CTL_KERN, KERN_BOOTTIME])?;
    Ok(Moment::from_micros(time.tv_sec, time.tv_usec))
}

impl HostBackend for OpenBsd {
    fn boot_time(&self) -> Result<SystemTime> {
        Ok(boot_moment().map_err(failed("kern.boottime"))?.system_time())
    }

    fn time_since_boot(&self) -> Result<Duration> {
        host::clock(ClockId::from_raw(CLOCK_BOOTTIME), "CLOCK_BOOTTIME")
    }

    fn uptime(&self) -> Result<Duration> {
        host::clock(ClockId::from_raw(CLOCK_UPTIME), "CLOCK_UPTIME")
    }

    fn hostname(&self) -> Result<OsString> {
        host::hostname()
    }

    fn users(&self) -> Result<Vec<User>> {
        match std::fs::read(SESSIONS) {
            Ok(file) => Ok(decoded::users(&file)),
            // Nobody has logged in since the system was installed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(errno::of_system(error, Context::new("read").with_path(SESSIONS))),
        }
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        accounts::user_name(uid)
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        accounts::group_name(gid)
    }
}
