//! The allocator of the calling program, as macOS lays its figures out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// What one zone of the allocator holds. Sizes are in bytes.
    "struct malloc_statistics_t" => pub struct MallocStatistics {
        blocks_in_use: u32,
        size_in_use: u64,
        max_size_in_use: u64,
        size_allocated: u64,
    }
}
