//! FreeBSD's backend.

mod cpu;
mod disk;
mod heap;
mod host;
mod mem;
mod net;
mod process;
mod sensors;
mod sys;

use std::sync::Arc;

use ps_core::process::BootId;
use ps_core::{Context, Result, sealed};

use crate::decode::{Units, clock};
use crate::errno;
use crate::raw::freebsd::host::{Clockinfo, KERN_CLOCKRATE};
use crate::raw::freebsd::process::CTL_KERN;
use crate::shared::accounts::Accounts;
use crate::shared::host::Terminals;
use crate::shared::sys::{page_size, sysctl};
use sys::named;

/// FreeBSD.
///
/// A cheap handle: clones share the names of users and terminals that were looked up.
///
/// # What it needs
///
/// Most is open to everyone. Environments, current and root directories, descriptors, mappings and masks of processes
/// of other users are shown to root only, and nothing of them at all where `security.bsd.see_other_uids` says so: such
/// processes look as if they did not exist.
///
/// # Availability
///
/// Layouts are those of FreeBSD 14 and 15 on 64-bit machines. Not run on FreeBSD yet: see the [crate](crate).
///
/// ```no_run
/// use ps_bsd::{FreeBsd, MemBackend};
///
/// let memory = FreeBsd::new().virtual_memory()?;
/// println!("{} of {} bytes available", memory.available, memory.total);
/// # Ok::<(), ps_bsd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FreeBsd {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    page_size: u64,
    boot_id: Option<BootId>,
    accounts: Accounts,
    terminals: Terminals,
}

impl FreeBsd {
    /// The system that this program runs on.
    #[must_use]
    pub fn new() -> Self {
        FreeBsd {
            shared: Arc::new(Shared {
                page_size: page_size(),
                boot_id: boot_id(),
                accounts: Accounts::default(),
                terminals: Terminals::default(),
            }),
        }
    }

    /// How the machine counts. Times of processes come in seconds: for them the rate of the clock does not matter.
    fn units(&self) -> Units {
        Units { page_size: self.shared.page_size, ticks_per_second: 0 }
    }

    /// How the machine counts, with the rate of the clock that the machine's CPU times are counted by.
    fn clock_units(&self) -> Result<Units> {
        let rates: Clockinfo = sysctl::read_record(&[CTL_KERN, KERN_CLOCKRATE])
            .map_err(|source| errno::of_system(source, Context::new("kern.clockrate")))?;
        let ticks_per_second = clock::ticks_per_second(rates.stathz, rates.hz);
        Ok(Units { ticks_per_second, ..self.units() })
    }
}

impl Default for FreeBsd {
    fn default() -> Self {
        FreeBsd::new()
    }
}

impl sealed::Backend for FreeBsd {}

/// A number that the kernel draws at each boot. Older releases have none.
fn boot_id() -> Option<BootId> {
    let answer = named::read("kern.boot_id").ok()?;
    answer.first_chunk().map(|bytes| BootId::from_bytes(*bytes))
}

/// What a failed question by this name means.
fn failed(name: &'static str) -> impl FnOnce(std::io::Error) -> ps_core::Error {
    move |source| errno::of_system(source, Context::new(name))
}

/// An answer, or `None` if the kernel has no such name, as on machines that lack what it stands for.
fn if_there<T>(name: &'static str, answer: std::io::Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(source) if errno::is_absent(&source) => Ok(None),
        Err(source) => Err(failed(name)(source)),
    }
}

/// Nothing here tells of processes unasked: their comings and goings are found by comparing tables.
impl ps_core::process::NewsBackend for FreeBsd {
    type Source = ps_core::process::NoNews;
}
