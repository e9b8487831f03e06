//! OpenBSD's backend.

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
use crate::raw::openbsd::host::{Clockinfo, KERN_CLOCKRATE};
use crate::raw::openbsd::process::CTL_KERN;
use crate::shared::accounts::Accounts;
use crate::shared::host::Terminals;
use crate::shared::sys::{page_size, sysctl};

/// OpenBSD.
///
/// A cheap handle: clones share the names of users and terminals that were looked up.
///
/// # What it needs
///
/// Most is open to everyone. Environments and current directories of processes of other users are shown to root only,
/// mappings of any process but the caller to root alone.
///
/// # Availability
///
/// What a process used (CPU time, page faults, blocks, context switches) the kernel does not tell of a zombie: it is
/// [`ZombieProcess`](crate::Error::ZombieProcess). Of a process that lives it tells faults, blocks and switches by thread:
/// those of threads that have ended are in no sum, so that these figures become less when one ends.
///
/// Starts are told to the microsecond, one more or less once the clock was set. Questions about a process, signals and
/// waiting allow for that; [`Identity::compare`](crate::process::Identity::compare) does not, nor does what rests on it,
/// as attaching to an identity that was written down before, or telling who came and went between two passes.
///
/// Layouts are those of OpenBSD 7.8 and 7.9 on 64-bit machines. Not run on OpenBSD yet: see the [crate](crate).
///
/// ```no_run
/// use ps_bsd::{OpenBsd, MemBackend};
///
/// let memory = OpenBsd::new().virtual_memory()?;
/// println!("{} of {} bytes available", memory.available, memory.total);
/// # Ok::<(), ps_bsd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenBsd {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    page_size: u64,
    accounts: Accounts,
    terminals: Terminals,
}

impl OpenBsd {
    /// The system that this program runs on.
    #[must_use]
    pub fn new() -> Self {
        OpenBsd {
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

impl Default for OpenBsd {
    fn default() -> Self {
        OpenBsd::new()
    }
}

impl sealed::Backend for OpenBsd {}

/// What a failed question by this name means.
fn failed(name: &'static str) -> impl FnOnce(std::io::Error) -> ps_core::Error {
    move |source| errno::of_system(source, Context::new(name))
}

/// Nothing here tells of processes unasked: their comings and goings are found by comparing tables.
impl ps_core::process::NewsBackend for OpenBsd {
    type Source = ps_core::process::NoNews;
}
