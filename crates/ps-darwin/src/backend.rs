//! The backend value, and what it keeps.

use std::sync::{Arc, OnceLock};

use ps_core::process::{BootId, Origin};
use ps_core::{Context, Result};

use crate::accounts::Accounts;
use crate::decode::{self, Units};
use crate::process::terminal::Terminals;
use crate::{errno, sys};

/// The macOS backend: reads what the kernel and the system's libraries tell.
///
/// Cheap to clone, and all clones share what is kept. Making one asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Darwin {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    units: OnceLock<Units>,
    boot: OnceLock<Option<BootId>>,
    longest_arguments: OnceLock<usize>,
    accounts: Accounts,
    terminals: Terminals,
}

/// What `kern.argmax` is where it cannot be asked for: it has been the same since 10.5.
const USUAL_ARG_MAX: usize = 1024 * 1024;

impl ps_core::sealed::Backend for Darwin {}

// A trait that is not answered fails here, by its name.
const _: fn() = || {
    fn complete<B: ps_core::Backend + Default>() {}
    complete::<Darwin>();
};

impl Darwin {
    /// A backend that has asked nothing yet.
    #[must_use]
    pub fn new() -> Darwin {
        Darwin::default()
    }

    /// How this machine counts; found out once.
    pub(crate) fn units(&self) -> Result<Units> {
        if let Some(units) = self.shared.units.get() {
            return Ok(*units);
        }
        let rate = read_name("sysctl hw.tbfrequency", c"hw.tbfrequency")?;
        let rate = decode::number(&rate).and_then(|rate| u64::try_from(rate).ok());
        let Some(mach_hz) = rate.filter(|rate| *rate > 0) else {
            return Err(decode::malformed("hw.tbfrequency", "no rate in it"));
        };
        // Absent on Intel machines; a translated process is told the truth.
        let arm =
            errno::unless_absent(read_name("sysctl hw.optional.arm64", c"hw.optional.arm64"))?;
        let units = Units {
            kernel_page_size: sys::mach::kernel_page_size(),
            mach_hz,
            arm: arm.and_then(|arm| decode::number(&arm)).is_some_and(|arm| arm != 0),
        };
        Ok(*self.shared.units.get_or_init(|| units))
    }

    /// Which run of the system processes belong to; found out once.
    pub(crate) fn origin(&self) -> Origin {
        let boot = self.shared.boot.get_or_init(|| {
            decode::host::decode_boot_id(&sys::sysctl::read_name(c"kern.bootsessionuuid").ok()?)
        });
        Origin { boot: *boot, ..Origin::default() }
    }

    /// How many bytes the arguments and environment of a process can have; found out once.
    pub(crate) fn longest_arguments(&self) -> usize {
        *self.shared.longest_arguments.get_or_init(|| {
            let told = sys::sysctl::read_name(c"kern.argmax").ok();
            let told = told.and_then(|told| decode::number(&told));
            told.and_then(|told| usize::try_from(told).ok()).unwrap_or(USUAL_ARG_MAX)
        })
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    pub(crate) fn terminals(&self) -> &Terminals {
        &self.shared.terminals
    }
}

/// A short value by its name.
pub(crate) fn read_name(operation: &'static str, name: &std::ffi::CStr) -> Result<Vec<u8>> {
    sys::sysctl::read_name(name).map_err(|source| errno::of_system(source, Context::new(operation)))
}

/// Nothing here tells of processes unasked: their comings and goings are found by comparing tables.
impl ps_core::process::NewsBackend for Darwin {
    type Source = ps_core::process::NoNews;
}
