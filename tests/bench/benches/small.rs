//! Small things one by one: what a decoder takes, and what a question about the machine or one process takes.
//!
//! `cargo bench -p ps-bench --bench small`

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, criterion_group, criterion_main};
use ps_facade::process::{ProcessTable, Snapshot};
use ps_facade::{Fields, Pid, System};
use ps_linux::decode::{Units, mem, process};

const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn decoders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let stat = read("/proc/self/stat");
    group.bench_function("stat", |bencher| {
        bencher.iter(|| process::decode_stat(black_box(&stat)).map(|stat| stat.utime));
    });
    let statm = read("/proc/self/statm");
    group.bench_function("statm", |bencher| {
        bencher.iter(|| process::decode_statm(black_box(&statm)));
    });
    let status = read("/proc/self/status");
    group.bench_function("status", |bencher| {
        bencher.iter(|| process::decode_status(black_box(&status)));
    });
    let smaps = read("/proc/self/smaps");
    group.bench_function("smaps", |bencher| {
        bencher.iter(|| process::decode_maps(black_box(&smaps)));
    });
    let meminfo = read("/proc/meminfo");
    group.bench_function("meminfo", |bencher| {
        bencher.iter(|| mem::decode_meminfo(black_box(&meminfo)));
    });
    let vmstat = read("/proc/vmstat");
    group.bench_function("vmstat", |bencher| {
        bencher.iter(|| mem::decode_swap_traffic(black_box(&vmstat), UNITS));
    });
    group.finish();
}

fn questions(criterion: &mut Criterion) {
    let system = System::default();
    let mut group = criterion.benchmark_group("ask");
    macro_rules! ask {
        ($($name:literal: $question:expr,)+) => { $(
            group.bench_function($name, |bencher| bencher.iter(|| $question.expect($name)));
        )+ };
    }
    ask! {
        "cpu times": system.cpu_times(),
        "memory": system.virtual_memory(),
        "swap": system.swap_memory(),
        "load": system.load_average(),
        "disk traffic": system.disk_io_counters_per_disk(),
        "network traffic": system.net_io_counters_per_interface(),
    }
    let me = Pid::try_from(std::process::id()).expect("in range");
    group.bench_function("one process", |bencher| {
        bencher.iter(|| {
            let now = Snapshot::of(&system, me);
            (now.status().is_ok(), now.cpu_times().is_ok(), now.memory_info().is_ok())
        });
    });
    group.finish();
}

fn passes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pass");
    let system = System::default();
    group.bench_function("scan for top", |bencher| {
        bencher.iter(|| {
            let seen = |row: &ps_facade::Row<'_>| {
                black_box(row.rss.is_ok());
                ControlFlow::Continue(())
            };
            system.scan(Fields::TOP, seen).expect("scans");
        });
    });
    let mut table = ProcessTable::new().expect("lists");
    group.bench_function("refresh of a table for top", |bencher| {
        bencher.iter(|| table.refresh(Fields::TOP).expect("reads"));
    });
    group.finish();
}

criterion_group!(small, decoders, questions, passes);
criterion_main!(small);
