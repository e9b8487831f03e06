//! The C allocator of this program.

use ps_core::HeapBackend;
pub use ps_core::heap::HeapInfo;

asks! {
    in "heap";

    /// What the C allocator of this program holds, in bytes.
    ///
    /// A Rust program with another global allocator sees here only what C code allocated.
    ///
    /// # Availability
    ///
    /// Linux with the GNU C library, macOS, FreeBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `mallinfo2` (`mallinfo` before 2.33, whose figures wrap at 4 GiB), `malloc_zone_statistics`, `mallctl`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) with musl and on OpenBSD.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let Ok(heap) = ps_facade::heap::info() {
    ///     println!("{} bytes in use", heap.heap_used);
    /// }
    /// ```
    #[doc(alias = "heap_info")]
    fn info = heap_info() -> HeapInfo;

    /// Asks the C allocator to give unused memory back to the system.
    ///
    /// Availability and errors are those of [`info`]. Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let _ = ps_facade::heap::trim();
    /// ```
    #[doc(alias = "heap_trim")]
    fn trim = heap_trim() -> ();
}
