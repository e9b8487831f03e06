//! Memory of the machine that runs the tests, and of the program itself.
#![cfg(target_os = "linux")]

#[allow(unused_imports, reason = "the heap is asked where it tells in 64 bits")]
use ps_linux::HeapBackend;
use ps_linux::{Linux, MemBackend};

#[test]
fn memory_stays_within_the_total() {
    let memory = Linux::new().virtual_memory().expect("read");
    assert!(memory.total > 0 && memory.available <= memory.total && memory.free <= memory.total);
    assert_eq!(memory.used, memory.total - memory.available);
    assert!((0.0..=100.0).contains(&memory.percent()));
    assert!(memory.cached.is_some() && memory.slab.is_some() && memory.wired.is_none());
}

#[test]
fn swap_is_what_the_call_says() {
    let swap = Linux::new().swap_memory().expect("read");
    let info = nix::sys::sysinfo::sysinfo().expect("asked");
    assert_eq!(swap.total, info.swap_total());
    assert_eq!(swap.used + swap.free, swap.total);
    if swap.total == 0 {
        assert_eq!(swap.percent(), 0.0);
    }
}

#[test]
fn what_can_be_had_is_no_more_than_the_machine_has() {
    let linux = Linux::new();
    let machine = linux.virtual_memory().expect("read");
    assert!(linux.available_memory().expect("read") <= machine.total);
}

#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
#[test]
fn the_heap_grows_with_what_is_allocated_and_is_exact_beyond_4_gib() {
    let linux = Linux::new();
    let size = 64 << 20;
    let before = linux.heap_info().expect("glibc tells");
    let block = std::hint::black_box(vec![1u8; size]);
    let during = linux.heap_info().expect("glibc tells");
    let total = |info: ps_linux::heap::HeapInfo| info.heap_used + info.mmap_used.expect("told");
    // Other tests of this file take and give back little.
    let (grown, slack) = (total(during) - total(before), 8 << 20);
    assert!(grown + slack >= size as u64 && grown < size as u64 + slack, "{grown}");
    drop(block);
    linux.heap_trim().expect("glibc can");
    assert!(total(linux.heap_info().expect("glibc tells")) < total(before) + slack);
    // Not touched, so it costs no memory; its size does not fit in 32 bits.
    let huge: Vec<u8> = Vec::with_capacity(5 << 30);
    let with_huge = total(linux.heap_info().expect("glibc tells"));
    assert!(with_huge + slack >= 5 << 30, "{with_huge}");
    drop(huge);
}

#[cfg(not(target_env = "gnu"))]
#[test]
fn the_heap_tells_nothing_without_glibc() {
    assert!(Linux::new().heap_info().expect_err("not told").is_unsupported());
    assert!(Linux::new().heap_trim().expect_err("not possible").is_unsupported());
}
