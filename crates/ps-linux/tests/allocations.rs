//! What a scan allocates once it has its buffers.

#![cfg(target_os = "linux")]

#[path = "../src/sys/counted.rs"]
mod counted;

use std::ops::ControlFlow;

use ps_linux::{Fields, Linux, ProcessBackend, Scanner};

#[global_allocator]
static COUNTED: counted::Counted = counted::Counted;

/// How often one pass allocated, and how many processes there were; the least of several passes, since processes
/// that come and go let buffers grow.
fn of_a_pass(fields: Fields) -> (usize, usize) {
    let mut scanner = Linux::new().scanner().expect("made");
    let mut pass = || {
        let before = counted::count();
        let mut processes = 0;
        scanner
            .scan(fields, &mut |_| {
                processes += 1;
                ControlFlow::Continue(())
            })
            .expect("scans");
        (counted::count() - before, processes)
    };
    pass();
    (0..5).map(|_| pass()).min().expect("several")
}

#[test]
fn a_scan_allocates_nothing_for_a_process() {
    for (name, fields) in [
        ("top", Fields::TOP),
        ("table", Fields::TABLE - Fields::CREATE_TIME),
        ("everything but names", Fields::SCANNABLE - Fields::CREATE_TIME - Fields::USERNAME),
    ] {
        let (allocations, processes) = of_a_pass(fields);
        println!("{name}: {allocations} for {processes}");
        assert_eq!(allocations, 0, "{name}, {processes} processes");
    }
    // The boot time and the names of users are asked for once in a pass.
    let (allocations, processes) = of_a_pass(Fields::SCANNABLE);
    println!("everything: {allocations} for {processes}");
    assert!(allocations < 60, "{allocations} for {processes}");
}
