//! The C allocator of the calling program.

use crate::{Error, Result, sealed};

/// What the C allocator of the calling program holds, in bytes.
///
/// A Rust program with another global allocator sees here only what C code allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeapInfo {
    /// Handed out by `malloc` and not given back.
    pub heap_used: u64,
    /// Handed out as mappings of their own, outside the heap. `None` where the allocator does not tell.
    pub mmap_used: Option<u64>,
}

/// Where figures of the C allocator come from.
pub trait HeapBackend: sealed::Backend {
    /// What the C allocator of the calling program holds.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn heap_info(&self) -> Result<HeapInfo> {
        Err(Error::unsupported("heap_info"))
    }

    /// Asks the C allocator to give unused memory back to the system.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn heap_trim(&self) -> Result<()> {
        Err(Error::unsupported("heap_trim"))
    }
}
