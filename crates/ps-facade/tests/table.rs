//! The process table on a real machine.

#![cfg(target_os = "linux")]

mod support;

use allocation_counter::measure;
use ps_facade::process::{Process, ProcessTable};
use ps_facade::{Fields, Pid};
use ps_tests::many;
use support::Children;

/// What a refresh of a table that has grown allocates, with so many processes more than there are anyway.
fn allocations(fields: Fields, count: usize) -> u64 {
    let _children = Children::sleeping(count);
    let mut table = ProcessTable::new().expect("lists");
    // Space grows during the first few, and other tests start and end processes.
    (0..12)
        .map(|_| {
            let counted = measure(|| table.refresh(fields).expect("reads"));
            assert!(table.len() > count);
            counted.count_total
        })
        .skip(4)
        .min()
        .expect("several")
}

#[test]
fn a_refresh_allocates_nothing_for_each_process() {
    for fields in [Fields::TOP, Fields::TOP | Fields::CMDLINE, Fields::TABLE] {
        let count = allocations(fields, 150);
        assert!(count <= 4, "{fields:?}: {count}");
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("listed").count()
}

#[test]
fn a_thousand_refreshes_leave_nothing_behind() {
    if !support::is_of_its_own() {
        return support::in_a_process_of_its_own("a_thousand_refreshes_leave_nothing_behind", "");
    }
    // So many that two threads have enough to do from the first refresh on, whoever else comes and goes.
    let _children = Children::sleeping(150);
    // What is kept for the machine is open by now, and not at the first newborn that a refresh happens upon.
    Process::current().expect("is there").name().expect("has one");
    // Without resident memory, which has to be read of every process, a thousand of them take no time.
    let quick = Fields::TOP - Fields::RSS;
    for (fields, threads, times) in [(quick, 1, many(1000)), (Fields::TOP, 1, 100), (quick, 2, 100)]
    {
        let mut table = ProcessTable::new().expect("lists");
        let mut refresh = |times: usize| {
            for _ in 0..times {
                table.refresh_on(fields, threads).expect("reads");
            }
            table.len()
        };
        // Until everything is open that is kept, iterators in the kernel included.
        refresh(50);
        let open = descriptors();
        let mut left_behind = |times| {
            let (few, mut many) = (refresh(2), 0);
            let counted = measure(|| many = refresh(times));
            // Space follows the number of processes, which come and go: some 300 bytes for each.
            let slack = i64::try_from(few.abs_diff(many) * 600).expect("few") + 12_000;
            counted.bytes_current.abs() - slack
        };
        // What belongs to a thread is freed by that thread, which is not counted here. Where a thousand processes end at
        // once, space follows a refresh later: then it is looked at once more.
        let mut kept = 0;
        let nothing = (0..3).any(|_| {
            kept = left_behind(times);
            threads > 1 || kept < 0
        });
        assert!(nothing, "{kept} bytes too many");
        assert_eq!(descriptors(), open);
    }
}

#[test]
fn a_busy_process_shows_its_share_and_an_idle_one_none() {
    let mut command = std::process::Command::new("sh");
    let busy = command.args(["-c", "while :; do :; done"]).spawn().expect("starts");
    let mut children = Children::sleeping(1);
    let idle = Pid::try_from(children.0[0].id()).expect("in range");
    let busy_pid = Pid::try_from(busy.id()).expect("in range");
    children.0.push(busy);
    for exact in [false, true] {
        let mut table = ProcessTable::new().expect("lists");
        table.exact(exact);
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(table.get(busy_pid).expect("listed").cpu_percent(), None);
        // Other programs may want the CPU too.
        let used =
            || Process::new(busy_pid).and_then(|busy| busy.cpu_times()).expect("runs").total();
        let enough = used() + std::time::Duration::from_millis(200);
        while used() < enough {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        table.refresh(Fields::TOP).expect("reads");
        let percent = |pid| table.get(pid).expect("listed").cpu_percent().expect("second");
        assert!(percent(busy_pid) > 0.0 && percent(busy_pid) < 130.0, "{}", percent(busy_pid));
        assert!(percent(idle) < percent(busy_pid), "{}", percent(idle));
        assert_eq!(table.get(idle).expect("listed").row().name, Ok("sleep".as_ref()));
    }
}

#[test]
fn who_comes_and_goes_is_told_once() {
    let mut table = ProcessTable::new().expect("lists");
    table.refresh(Fields::TOP).expect("reads");
    assert_eq!((table.started().count(), table.gone().len()), (0, 0));
    let children = Children::sleeping(3);
    let mine: Vec<Process> =
        children.0.iter().map(|child| Process::try_from(child).expect("is there")).collect();
    table.refresh(Fields::TOP).expect("reads");
    let started: Vec<Process> =
        table.started().map(|entry| entry.process().expect("is told")).collect();
    assert!(mine.iter().all(|one| started.contains(one)));
    table.refresh(Fields::TOP).expect("reads");
    assert!(table.started().all(|entry| mine.iter().all(|one| one.pid() != entry.pid())));
    drop(children);
    table.refresh(Fields::TOP).expect("reads");
    assert!(mine.iter().all(|one| table.gone().contains(one.identity())));
    assert!(mine.iter().all(|one| table.get(one.pid()).is_none()));
}

#[test]
fn a_gated_refresh_says_what_an_exact_one_says() {
    let children = Children::sleeping(20);
    let mut gated = ProcessTable::new().expect("lists");
    let mut exact = ProcessTable::new().expect("lists");
    exact.exact(true);
    std::thread::sleep(std::time::Duration::from_millis(50));
    for _ in 0..4 {
        gated.refresh(Fields::TOP | Fields::UIDS).expect("reads");
        exact.refresh(Fields::TOP | Fields::UIDS).expect("reads");
    }
    for child in &children.0 {
        let pid = Pid::try_from(child.id()).expect("in range");
        let record = |table: &ProcessTable| table.get(pid).expect("listed").record();
        assert_eq!(record(&gated), record(&exact));
    }
}

#[test]
fn no_thread_at_all_is_refused() {
    let mut table = ProcessTable::new().expect("lists");
    let error = table.refresh_on(Fields::TOP, 0).expect_err("refused");
    assert!(matches!(error, ps_facade::Error::InvalidArgument { .. }), "{error}");
    assert!(table.is_empty());
    table.refresh_on(Fields::TOP, 1).expect("reads");
    assert!(!table.is_empty());
}

#[test]
fn shared_by_threads_it_lists_the_same_in_the_same_order() {
    let children = Children::sleeping(150);
    let mut table = ProcessTable::new().expect("lists");
    let mut alone = ProcessTable::new().expect("lists");
    for threads in [2, 3, u32::MAX] {
        alone.refresh(Fields::TABLE | Fields::CMDLINE).expect("reads");
        table.refresh_on(Fields::TABLE | Fields::CMDLINE, threads).expect("reads");
        let pids: Vec<Pid> = table.iter().map(|entry| entry.pid()).collect();
        assert!(pids.is_sorted());
        for child in &children.0 {
            let pid = Pid::try_from(child.id()).expect("in range");
            let record = |table: &ProcessTable| table.get(pid).expect("listed").record();
            assert_eq!(record(&table), record(&alone), "{threads}");
        }
    }
}
