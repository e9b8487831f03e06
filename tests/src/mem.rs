//! What figures about memory have to keep to.

use ps_core::MemBackend;

use crate::{assert_percent, comes_back, must};

/// No part of memory is larger than all of it.
pub fn parts_are_no_larger_than_the_whole<B: MemBackend>(backend: &B) {
    let memory = must("virtual_memory", backend.virtual_memory());
    assert!(memory.total > 0);
    for part in [memory.available, memory.used, memory.free] {
        assert!(part <= memory.total, "{memory:?}");
    }
    for part in [memory.active, memory.inactive, memory.wired, memory.compressed] {
        assert!(part.is_none_or(|part| part <= memory.total), "{memory:?}");
    }
    assert_percent("memory in use", memory.percent());
}

/// Swap that is not used is free.
pub fn swap_is_used_or_free<B: MemBackend>(backend: &B) {
    let swap = must("swap_memory", backend.swap_memory());
    assert_eq!(swap.used + swap.free, swap.total, "{swap:?}");
    assert_percent("swap in use", swap.percent());
}

/// Traffic since boot only grows.
pub fn swap_traffic_does_not_decrease<B: MemBackend>(backend: &B) {
    let first = must("swap_memory", backend.swap_memory());
    let second = must("swap_memory", backend.swap_memory());
    assert!(first.swapped_in <= second.swapped_in && first.swapped_out <= second.swapped_out);
}

/// Limits take away, they do not add.
pub fn what_the_caller_can_get_is_no_more_than_there_is<B: MemBackend>(backend: &B) {
    let total = must("virtual_memory", backend.virtual_memory()).total;
    let available = must("available_memory", backend.available_memory());
    assert!(available <= total, "{available} of {total}");
}

/// Records come back from text and from bytes.
pub fn records_come_back<B: MemBackend>(backend: &B) {
    comes_back(&must("virtual_memory", backend.virtual_memory()));
    comes_back(&must("swap_memory", backend.swap_memory()));
}
