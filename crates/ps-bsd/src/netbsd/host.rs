//! Clocks, accounts and sessions.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, SystemTime};

use ps_core::Result;
use ps_core::host::{HostBackend, User};
use ps_core::process::{Gid, Uid};

use super::sys::utmpx;
use super::{NetBsd, failed};
use crate::decode::clock::Moment;
use crate::decode::netbsd::host as decoded;
use crate::raw::netbsd::host::{KERN_BOOTTIME, Timespec};
use crate::raw::netbsd::process::CTL_KERN;
use crate::shared::sys::sysctl;
use crate::shared::{accounts, host};

/// When the system booted.
pub(super) fn boot_moment() -> io::Result<Moment> {
    let time: Timespec = sysctl::read_record(&[CTL_KERN, KERN_BOOTTIME])?;
    Ok(Moment::from_nanos(time.tv_sec, time.tv_nsec))
}

impl HostBackend for NetBsd {
    fn boot_time(&self) -> Result<SystemTime> {
        Ok(boot_moment().map_err(failed("kern.boottime"))?.system_time())
    }

    fn time_since_boot(&self) -> Result<Duration> {
        Ok(host::since(&boot_moment().map_err(failed("kern.boottime"))?))
    }

    fn hostname(&self) -> Result<OsString> {
        host::hostname()
    }

    fn users(&self) -> Result<Vec<User>> {
        Ok(utmpx::entries().iter().filter_map(decoded::user).collect())
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        accounts::user_name(uid)
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        accounts::group_name(gid)
    }
}
