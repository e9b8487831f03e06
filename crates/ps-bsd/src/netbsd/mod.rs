//! NetBSD's backend.

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

use ps_core::{Context, Result, sealed};

use crate::decode::{Units, clock};
use crate::errno;
use crate::raw::netbsd::host::{Clockinfo, KERN_CLOCKRATE};
use crate::raw::netbsd::process::CTL_KERN;
use crate::shared::accounts::Accounts;
use crate::shared::host::Terminals;
use crate::shared::sys::{page_size, sysctl};

/// NetBSD.
///
/// A cheap handle: clones share the names of users and terminals that were looked up.
///
/// # What it needs
///
/// Most is open to everyone, unless `security.curtain` hides the processes of others. Environments of processes of other
/// users are shown to root only. Which process has a socket open is told only where the kernel shows its addresses
/// (`kern.expose_address`), which it does for root as a rule.
///
/// # Availability
///
/// What a process used (CPU time, page faults, blocks, context switches) the kernel does not tell of a zombie: it is
/// [`ZombieProcess`](crate::Error::ZombieProcess).
///
/// Layouts are those of NetBSD 10 and 11 on 64-bit machines. Not run on NetBSD yet: see the [crate](crate).
///
/// ```no_run
/// use ps_bsd::{NetBsd, MemBackend};
///
/// let memory = NetBsd::new().virtual_memory()?;
/// println!("{} of {} bytes available", memory.available, memory.total);
/// # Ok::<(), ps_bsd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NetBsd {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    page_size: u64,
    accounts: Accounts,
    terminals: Terminals,
}

impl NetBsd {
    /// The system that this program runs on.
    #[must_use]
    pub fn new() -> Self {
        NetBsd {
            shared: Arc::new(Shared {
                page_size: page_size(),
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
        let rates: Clockinfo =
            sysctl::read_record(&[CTL_KERN, KERN_CLOCKRATE]).map_err(failed("kern.clockrate"))?;
        let ticks_per_second = clock::ticks_per_second(rates.stathz, rates.hz);
        Ok(Units { ticks_per_second, ..self.units() })
    }
}

impl Default for NetBsd {
    fn default() -> Self {
        NetBsd::new()
    }
}

impl sealed::Backend for NetBsd {}

/// What a failed question by this name means.
fn failed(name: &'static str) -> impl FnOnce(std::io::Error) -> ps_core::Error {
    move |source| errno::of_system(source, Context::new(name))
}

/// The size of a record as part of a question.
fn size(stride: usize) -> i32 {
    i32::try_from(stride).unwrap_or(0)
}

/// Nothing here tells of processes unasked: their comings and goings are found by comparing tables.
impl ps_core::process::NewsBackend for NetBsd {
    type Source = ps_core::process::NoNews;
}
