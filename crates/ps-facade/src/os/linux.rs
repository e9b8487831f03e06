//! What only Linux offers.
//!
//! ```
//! use ps_facade::System;
//! use ps_facade::os::linux::{Roots, SystemExt};
//!
//! // A container that has the host's /proc mounted at /host/proc looks at the host.
//! let host = System::at(Roots::below("/host"));
//! assert!(host.virtual_memory().is_err() || host.virtual_memory()?.total > 0);
//! # Ok::<(), ps_facade::Error>(())
//! ```

pub use ps_linux::{Linux, Roots};

use crate::System;

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::System {}
}

/// What Linux alone offers of a system.
pub trait SystemExt: sealed::Sealed {
    /// A system whose kernel files are found elsewhere: another machine's that were captured, a container's,
    /// or the host's seen from a container. Nothing is read yet.
    #[must_use]
    fn at(roots: Roots) -> Self;

    /// The backend behind it.
    #[must_use]
    fn linux(&self) -> &Linux;
}

impl SystemExt for System {
    fn at(roots: Roots) -> System {
        System::over(Linux::at(roots))
    }

    fn linux(&self) -> &Linux {
        self.backend()
    }
}
