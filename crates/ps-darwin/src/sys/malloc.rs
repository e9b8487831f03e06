//! The allocator of the C library.

use ps_core::raw::Record as _;

use crate::raw::heap::MallocStatistics;

unsafe extern "C" {
    fn malloc_zone_pressure_relief(zone: *mut libc::malloc_zone_t, goal: usize) -> usize;
}

/// What all zones hold together, as one record.
pub(crate) fn statistics() -> Vec<u8> {
    let mut all = libc::malloc_statistics_t {
        blocks_in_use: 0,
        size_in_use: 0,
        max_size_in_use: 0,
        size_allocated: 0,
    };
    // SAFETY: without a zone the library adds all of them up; it writes one record to `all`, which outlives the call.
    unsafe { libc::malloc_zone_statistics(std::ptr::null_mut(), &mut all) };
    let mut record = MallocStatistics::zeroed();
    record.blocks_in_use = all.blocks_in_use;
    record.size_in_use = all.size_in_use as u64;
    record.max_size_in_use = all.max_size_in_use as u64;
    record.size_allocated = all.size_allocated as u64;
    record.to_bytes()
}

/// Asks all zones to give back what they can.
pub(crate) fn relieve() {
    // SAFETY: without a zone the library asks all of them; it may be called at any time from any thread.
    unsafe { malloc_zone_pressure_relief(std::ptr::null_mut(), 0) };
}
