//! Waiting for real processes, one and many.

#![cfg(target_os = "linux")]

mod support;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use ps_facade::process::{Process, wait_procs};
use ps_facade::{Error, Signal};
use support::{Children, has_room, in_a_process_of_its_own, is_of_its_own};

fn shell(script: &str) -> (Children, Process) {
    let child = Command::new("sh").args(["-c", script]).spawn().expect("starts");
    let process = Process::try_from(&child).expect("is there");
    (Children(vec![child]), process)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn the_status_is_told_again_and_again_and_left_for_the_owner() {
    let (mut children, process) = shell("exit 7");
    for _ in 0..3 {
        assert_eq!(process.wait().expect("ends").and_then(|status| status.code()), Some(7));
    }
    assert_eq!(process.status().expect("is there"), ps_facade::Status::Zombie);
    assert_eq!(children.0[0].wait().expect("is there").code(), Some(7));
    assert_eq!(process.wait().expect("is known").and_then(|status| status.code()), Some(7));
    assert!(!process.is_running().expect("answers"));
}

#[test]
fn a_death_by_signal_is_told_as_such() {
    let (_children, process) = shell("exec sleep 600");
    process.kill().expect("is mine");
    let status = process.wait_timeout(LONG).expect("ends").expect("is mine");
    assert_eq!(status.signal(), Some(9));
}

#[test]
fn a_stopped_child_has_not_ended() {
    let (_children, process) = shell("exec sleep 600");
    process.suspend().expect("is mine");
    let error = process.wait_timeout(Duration::from_millis(50)).expect_err("goes on");
    assert!(matches!(error, Error::TimeoutExpired { .. }));
    process.resume().expect("is mine");
    assert!(process.wait_timeout(Duration::ZERO).is_err());
}

#[test]
fn a_process_that_is_no_child_is_waited_for_and_has_no_status() {
    // The child waits for its own child, collects it, and goes on.
    let (_children, parent) = shell("sleep 600; true; exec sleep 600");
    let until = Instant::now() + LONG;
    let grandchild = loop {
        let found = parent.children().expect("lists").pop();
        match found.filter(|one| one.name().is_ok_and(|name| name == "sleep")) {
            Some(found) => break found,
            None => assert!(Instant::now() < until, "it starts one"),
        }
    };
    grandchild.kill().expect("is mine");
    assert_eq!(grandchild.wait_timeout(LONG).expect("ends"), None);
    assert!(!grandchild.is_running().expect("answers"));
}

#[test]
fn a_child_that_somebody_else_collects_has_no_status() {
    let (mut children, process) = shell("exit 3");
    children.0[0].wait().expect("ends");
    assert_eq!(process.wait().expect("has ended"), None);
}

#[test]
fn collecting_leaves_no_zombie() {
    let (_children, process) = shell("exit 3");
    let status = process.wait_and_reap().expect("ends").expect("is mine");
    assert_eq!(status.code(), Some(3));
    assert!(!process.is_running().expect("answers"));
    assert!(process.name().expect_err("gone").is_gone());
    assert!(process.send_signal(Signal::Term).expect_err("gone").is_gone());
    assert_eq!(process.wait_and_reap().expect("is known"), Some(status));
}

#[test]
fn a_process_of_another_namespace_cannot_be_waited_for() {
    let (_children, own) = shell("exec sleep 600");
    let (_copy, foreign) = support::elsewhere("waiting");
    assert!(matches!(foreign.wait(), Err(Error::Unsupported { .. })));
    for both in [[foreign.clone(), own.clone()], [own, foreign]] {
        let waited = wait_procs(both, Some(Duration::ZERO), |_| {});
        assert!(matches!(waited, Err(Error::Unsupported { .. })));
    }
}

#[test]
fn a_signal_that_may_not_be_sent_is_an_error_of_its_own() {
    let init = Process::new(1.try_into().expect("in range")).expect("is there");
    match init.send_signal(Signal::NULL) {
        Ok(()) => ps_tests::skip!("this user may signal process 1"),
        Err(error) => assert!(error.is_denied(), "{error}"),
    }
}

#[test]
fn a_pinned_process_answers_as_itself_and_is_gone_when_it_ends() {
    let (mut children, process) = shell("exec sleep 600");
    while process.name().expect("is there") != "sleep" {}
    let pinned = process.pin().expect("is there");
    assert!(pinned.is_pinned() && !process.is_pinned() && pinned == process);
    assert_eq!(pinned.name().expect("is there"), process.name().expect("is there"));
    pinned.terminate().expect("is mine");
    assert!(pinned.wait_timeout(LONG).expect("ends").is_some());
    children.0[0].wait().expect("ends");
    assert!(pinned.cmdline().expect_err("gone").is_gone());
    // What one has found out, its clones know.
    assert!(!process.is_running().expect("answers"));
}

#[test]
fn errors_carry_the_name_read_before() {
    let (mut children, process) = shell("exec sleep 600");
    while process.name().expect("is there") != "sleep" {}
    process.kill().expect("is mine");
    children.0[0].wait().expect("ends");
    let error = process.terminate().expect_err("gone");
    assert_eq!(error.name(), Some("sleep".as_ref()));
    assert_eq!(process.to_string(), format!("process {} (gone)", process.pid()));
}

#[test]
fn an_identity_brings_back_its_process_and_no_other() {
    let (mut children, process) = shell("exec sleep 600");
    let text = serde_json::to_string(process.identity()).expect("serialises");
    let kept = serde_json::from_str(&text).expect("reads");
    assert_eq!(Process::attach(&kept).expect("is there"), process);
    process.kill().expect("is mine");
    children.0[0].wait().expect("ends");
    assert!(Process::attach(&kept).expect_err("gone").is_gone());
}

/// Ends 10,000 children in a shuffled order while all are waited for; each must be told of once.
fn wait_for_10_000() {
    const COUNT: usize = 10_000;
    let mut children = Children::sleeping(COUNT);
    let processes: Vec<Process> =
        children.0.iter().map(|child| Process::try_from(child).expect("is there")).collect();
    let turn = |n: usize| n * 7919 % COUNT;
    let mut order: Vec<(usize, Process)> =
        processes.iter().enumerate().map(|(n, one)| (turn(n), one.clone())).collect();
    order.sort_by_key(|(turn, _)| *turn);
    let began = Instant::now();
    let (waited, told) = std::thread::scope(|scope| {
        scope.spawn(|| {
            for (_, process) in &order {
                process.kill().expect("is mine");
            }
        });
        let mut told = std::collections::HashSet::new();
        let waited = wait_procs(processes.iter().cloned(), Some(LONG * 2), |gone| {
            assert_eq!(gone.status.expect("is mine").signal(), Some(9));
            assert!(told.insert(gone.process.pid()), "told of once");
        });
        (waited.expect("waits"), told)
    });
    println!("10,000 children took {:?}", began.elapsed());
    for child in &mut children.0 {
        child.wait().expect("is mine");
    }
    assert_eq!((waited.gone.len(), waited.alive.len(), told.len()), (COUNT, 0, COUNT));
}

#[test]
fn ten_thousand_children_are_each_reported_once() {
    const ME: &str = "ten_thousand_children_are_each_reported_once";
    if is_of_its_own() {
        return wait_for_10_000();
    }
    if has_room("processes", 12_000) && has_room("descriptors", 20_000) {
        in_a_process_of_its_own(ME, "ulimit -n 20000 &&");
    }
    if has_room("processes", 12_000) {
        in_a_process_of_its_own(ME, "ulimit -n 1024 &&");
    }
}
