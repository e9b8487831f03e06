//! What figures of the C allocator have to keep to.

use ps_core::HeapBackend;

use crate::{answer, comes_back};

/// The figures can be had twice, and giving memory back in between does no harm.
pub fn figures_are_given_and_trimming_is_harmless<B: HeapBackend>(backend: &B) {
    comes_back(&answer("heap_info", backend.heap_info()));
    answer("heap_trim", backend.heap_trim());
    answer("heap_info", backend.heap_info());
}
