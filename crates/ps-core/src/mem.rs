//! Physical memory and swap.

use crate::{Result, sealed};

/// Physical memory as it stands at one moment, in bytes.
///
/// Kernels fill memory that would lie idle with caches, so `free` runs low on a healthy machine:
/// watch `available`. `used + free` and `used + available` need not add up to `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualMemory {
    /// All physical memory that the kernel manages.
    pub total: u64,
    /// What programs can get without swapping. Never more than `total`.
    pub available: u64,
    /// In use, as this system counts it.
    pub used: u64,
    /// Holding nothing at all.
    pub free: u64,
    /// Used recently.
    pub active: Option<u64>,
    /// Not used recently; the first to be taken back.
    pub inactive: Option<u64>,
    /// Caches of file system metadata. Not on macOS.
    pub buffers: Option<u64>,
    /// Caches of file content. Not on macOS.
    pub cached: Option<u64>,
    /// Shared between processes. Not on macOS.
    pub shared: Option<u64>,
    /// The kernel's caches of its own objects. Linux only.
    pub slab: Option<u64>,
    /// Pinned: never moved to disk. macOS and the BSDs.
    pub wired: Option<u64>,
    /// Held by the in-memory compressor. macOS only.
    pub compressed: Option<u64>,
}

impl VirtualMemory {
    /// Share of memory that is not available, from 0 to 100.
    ///
    /// ```
    /// let mut memory = ps_core::mem::VirtualMemory::default();
    /// assert_eq!(memory.percent(), 0.0);
    /// memory.total = 200;
    /// memory.available = 50;
    /// assert_eq!(memory.percent(), 75.0);
    /// ```
    #[must_use]
    pub fn percent(&self) -> f64 {
        percent_of(self.total.saturating_sub(self.available), self.total)
    }
}

/// Swap space as it stands at one moment, in bytes, and traffic since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SwapMemory {
    /// All swap space.
    pub total: u64,
    /// Holding something.
    pub used: u64,
    /// Holding nothing.
    pub free: u64,
    /// Bytes brought back from swap since boot.
    #[doc(alias = "sin")]
    pub swapped_in: Option<u64>,
    /// Bytes sent to swap since boot.
    #[doc(alias = "sout")]
    pub swapped_out: Option<u64>,
}

impl SwapMemory {
    /// Share of swap in use, from 0 to 100; 0 where there is no swap.
    #[must_use]
    pub fn percent(&self) -> f64 {
        percent_of(self.used, self.total)
    }
}

/// A part as a share of a whole, from 0 to 100; 0 of nothing is 0.
#[must_use]
pub fn percent_of(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 100.0).clamp(0.0, 100.0) }
}

/// Where memory figures come from.
pub trait MemBackend: sealed::Backend {
    /// Physical memory of the machine as it stands now.
    fn virtual_memory(&self) -> Result<VirtualMemory>;

    /// Swap as it stands now, and its traffic since boot.
    fn swap_memory(&self) -> Result<SwapMemory>;

    /// Bytes that the calling process can still get without swapping, every limit set on it taken into
    /// account. The default knows of no limits and answers with what the machine has available.
    fn available_memory(&self) -> Result<u64> {
        Ok(self.virtual_memory()?.available)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_swap_is_zero_percent() {
        assert_eq!(SwapMemory::default().percent(), 0.0);
    }

    #[test]
    fn more_available_than_there_is_stays_in_bounds() {
        let memory = VirtualMemory { total: 10, available: 20, ..VirtualMemory::default() };
        assert_eq!(memory.percent(), 0.0);
        assert_eq!(percent_of(30, 10), 100.0);
    }
}
