//! Acting on processes.

use super::{Handle, Limit, ProcessBackend, Resource, Signal};
use crate::{Error, Result};

/// Acts on processes.
///
/// Nothing here ever reaches a process other than the one meant, as far as the system allows it: what is
/// left open is said in each backend's documentation.
pub trait ControlBackend: ProcessBackend {
    /// Sends a signal.
    ///
    /// [`InvalidArgument`](Error::InvalidArgument) for pid 0 and for a signal that the system does not have.
    fn send_signal(&self, handle: &Handle<Self::Pin>, signal: Signal) -> Result<()>;

    /// Sets the nice value. The kernel silently brings it into its bounds.
    fn set_nice(&self, handle: &Handle<Self::Pin>, nice: i32) -> Result<()>;

    /// Sets a resource limit and gives back the one before.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn set_limit(
        &self,
        handle: &Handle<Self::Pin>,
        resource: Resource,
        limit: Limit,
    ) -> Result<Limit> {
        let _ = (handle, resource, limit);
        Err(Error::unsupported("set_limit"))
    }

    /// Whether soft and hard limit are set in one step, so that nobody sees one without the other.
    fn limits_are_atomic(&self) -> bool {
        true
    }

    /// Sets the CPUs a process may run on; of none, all that it is allowed.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn set_cpu_affinity(&self, handle: &Handle<Self::Pin>, cpus: &[u32]) -> Result<()> {
        let _ = (handle, cpus);
        Err(Error::unsupported("set_cpu_affinity"))
    }
}
