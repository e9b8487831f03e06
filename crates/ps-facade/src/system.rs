//! The system that is asked.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ps_core::WaitBackend;

use crate::native::Native;

static DEFAULT: LazyLock<System> = LazyLock::new(|| System::over(Native::default()));

/// How many were made.
static MADE: AtomicU64 = AtomicU64::new(0);

/// The system that is asked, and what is kept between questions: open files and names of accounts.
///
/// Cheap to clone; clones share what is kept. [`System::default`] is the machine this program runs on, seen
/// from where it stands, and is what the free functions of this crate ask. To look elsewhere, make one from
/// the backend of the system in question, as [`os`](crate::os) shows.
///
/// ```
/// let system = ps_facade::System::default();
/// assert!(system.virtual_memory()?.total > 0);
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct System {
    backend: Native,
    /// Clones have the same.
    number: u64,
}

impl System {
    pub(crate) fn over(backend: Native) -> System {
        System { backend, number: MADE.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether it is a clone of another.
    pub(crate) fn is_same(&self, other: &System) -> bool {
        self.number == other.number
    }

    /// The instant it is now, for rates.
    pub(crate) fn now(&self) -> Instant {
        self.backend.now()
    }

    pub(crate) fn backend(&self) -> &Native {
        &self.backend
    }
}

impl Default for System {
    fn default() -> Self {
        DEFAULT.clone()
    }
}
