//! The system that is asked.

use std::sync::LazyLock;

use crate::native::Native;

static DEFAULT: LazyLock<System> = LazyLock::new(|| System { backend: Native::default() });

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
}

impl System {
    pub(crate) fn over(backend: Native) -> System {
        System { backend }
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
