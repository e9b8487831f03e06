//! Clocks, accounts and sessions.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, SystemTime};

use nix::time::ClockId;
use ps_core::Result;
use ps_core::host::{HostBackend, User};
use ps_core::process::{Gid, Uid};

use super::sys::utmpx;
use super::{FreeBsd, failed};
use crate::decode::clock::Moment;
use crate::decode::freebsd::host as decoded;
use crate::raw::freebsd::host::{CLOCK_UPTIME, KERN_BOOTTIME, Timeval};
use crate::raw::freebsd::process::CTL_KERN;
use crate::shared::sys::sysctl;
use crate::shared::{accounts, host};

/// When the system booted.
pub(super) fn boot_moment() -> io::Result<Moment> {
    let time: Timeval = sysctl::read_record(&[CTL_KERN, KERN_BOOTTIME])?;
    Ok(decoded::boot_moment(&time))
}

impl HostBackend for FreeBsd {
    fn boot_time(&self) -> Result<SystemTime> {
        Ok(boot_moment().map_err(failed("kern.boottime"))?.system_time())
    }

    fn time_since_boot(&self) -> Result<Duration> {
        Ok(host::since(&boot_moment().map_err(failed("kern.boottime"))?))
    }

    fn uptime(&self) -> Result<Duration> {
        host::clock(ClockId::from_raw(CLOCK_UPTIME), "CLOCK_UPTIME")
    }

    fn hostname(&self) -> Result<OsString> {
        host::hostname()
    }

    fn users(&self) -> Result<Vec<User>> {
        Ok(utmpx::records().iter().filter_map(|record| decoded::user(record)).collect())
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        accounts::user_name(uid)
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        accounts::group_name(gid)
    }
}
