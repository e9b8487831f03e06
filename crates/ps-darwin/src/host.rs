//! Boot time, up-time, accounts and login sessions.

pub use ps_core::host::*;

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};
use ps_core::process::{Gid, Uid};
use ps_core::{Context, Error, Result};

use crate::accounts::Kind;
use crate::backend::{Darwin, read_name};
use crate::decode::host as decode;
use crate::sys;

impl HostBackend for Darwin {
    fn boot_time(&self) -> Result<SystemTime> {
        decode::decode_boottime(&read_name("sysctl kern.boottime", c"kern.boottime")?)
    }

    fn time_since_boot(&self) -> Result<Duration> {
        // The kernel moves the boot when the clock is set, so that the difference stays.
        let boot = self.boot_time()?;
        Ok(SystemTime::now().duration_since(boot).unwrap_or_default())
    }

    fn uptime(&self) -> Result<Duration> {
        let counting = clock("clock_gettime CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW)?;
        let awake = clock("clock_gettime CLOCK_UPTIME_RAW", libc::CLOCK_UPTIME_RAW)?;
        Ok(decode::running(self.time_since_boot()?, counting, awake))
    }

    fn hostname(&self) -> Result<OsString> {
        nix::unistd::gethostname()
            .map_err(|errno| Error::io(Context::new("gethostname"), errno.into()))
    }

    fn users(&self) -> Result<Vec<User>> {
        decode::decode_users(&sys::logins::all())
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        self.accounts().name(Kind::User, uid.get())
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        self.accounts().name(Kind::Group, gid.get())
    }
}

fn clock(operation: &'static str, id: libc::clockid_t) -> Result<Duration> {
    clock_gettime(ClockId::from_raw(id))
        .map(Duration::from)
        .map_err(|errno| Error::io(Context::new(operation), errno.into()))
}
