//! Children of this program.

#![cfg(target_os = "linux")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_facade::process::{Child, Process};
use ps_facade::{Error, Pid};
use support::{in_a_process_of_its_own, is_of_its_own};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_program_that_is_not_there_is_an_error_that_names_it() {
    let error = Child::spawn(&mut Command::new("/no/such/program")).expect_err("is not there");
    assert_eq!(error.path(), Some("/no/such/program".as_ref()));
}

#[test]
fn a_child_that_has_been_collected_is_never_signalled() {
    let mut child = Child::spawn(&mut shell("exit 3")).expect("starts");
    let status = child.wait().expect("ends").expect("is mine");
    assert_eq!(status.code(), Some(3));
    assert_eq!(child.exit_status(), Some(status));
    assert!(child.kill().expect_err("gone").is_gone());
    assert!(child.process().clone().terminate().expect_err("gone").is_gone());
    assert_eq!(child.wait().expect("is known"), Some(status));
    assert_eq!(child.try_wait().expect("is known"), Some(status));
    assert_eq!(child.wait_timeout(Duration::ZERO).expect("is known"), Some(status));
}

#[test]
fn waiting_leaves_no_zombie_and_neither_does_dropping_what_has_ended() {
    let mut waited = Child::spawn(&mut shell("exit 0")).expect("starts");
    waited.wait().expect("ends");
    assert!(!waited.is_running().expect("answers"));
    let dropped = Child::spawn(&mut shell("exit 0")).expect("starts");
    let process = Process::clone(&dropped);
    // It is a zombie by then.
    process.wait().expect("ends");
    drop(dropped);
    assert!(Process::attach(process.identity()).expect_err("was collected").is_gone());
}

#[test]
fn a_child_that_ends_at_once_is_a_child_all_the_same() {
    for _ in 0..50 {
        let mut child = Child::spawn(&mut Command::new("true")).expect("starts");
        assert!(child.wait().expect("ends").is_some_and(|status| status.success()));
    }
}

#[test]
fn trying_does_not_wait() {
    let mut child = Child::spawn(&mut support::sleeper()).expect("starts");
    assert_eq!(child.try_wait().expect("looks"), None);
    assert!(child.is_running().expect("answers"));
    let error = child.wait_timeout(Duration::from_millis(10)).expect_err("goes on");
    assert!(matches!(error, Error::TimeoutExpired { .. }));
    child.terminate().expect("is mine");
    assert!(child.wait().expect("ends").is_some());
}

#[test]
fn pipes_go_both_ways() {
    let mut command = shell("read line; echo \"got $line\"; echo trouble >&2");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Child::spawn(&mut command).expect("starts");
    child.stdin.as_mut().expect("piped").write_all(b"this\n").expect("writes");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("reads");
    assert_eq!(line, "got this\n");
    let output = child.communicate(b"").expect("ends");
    assert_eq!((output.stdout, output.stderr), (Vec::new(), b"trouble\n".to_vec()));
    assert!(output.status.success());
}

#[test]
fn input_and_output_larger_than_pipes_do_not_lock() {
    let mut command = shell("tee /dev/stderr");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input: Vec<u8> = (0..3_000_000u32).map(|n| n as u8).collect();
    let output = Child::spawn(&mut command).expect("starts").communicate(&input).expect("ends");
    assert!(output.stdout == input && output.stderr == input);
}

#[test]
fn a_child_that_does_not_read_its_input_is_no_error() {
    let mut command = shell("exit 4");
    command.stdin(Stdio::piped());
    let input = vec![0; 1_000_000];
    let output = Child::spawn(&mut command).expect("starts").communicate(&input).expect("ends");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn where_no_thread_can_be_had_the_child_is_killed_and_collected() {
    if !is_of_its_own() {
        let me = "where_no_thread_can_be_had_the_child_is_killed_and_collected";
        // No address space has room for such a stack.
        let set = format!("export RUST_MIN_STACK={};", usize::MAX / 5);
        return in_a_process_of_its_own(me, &set);
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "it has no threads");
    let mut both = shell("exec sleep 600");
    both.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut fed = shell("exec sleep 600");
    fed.stdin(Stdio::piped());
    for (mut command, input) in [(both, b"".as_slice()), (fed, b"input")] {
        let child = Child::spawn(&mut command).expect("starts");
        let process = Process::clone(&child);
        let error = child.communicate(input).expect_err("has no thread");
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(Process::attach(process.identity()).expect_err("was collected").is_gone());
    }
    let mut neither = shell("cat; echo trouble >&2");
    neither.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = Child::spawn(&mut neither).expect("starts").communicate(b"nobody reads it");
    assert_eq!(output.expect("needs no thread").stderr, b"trouble\n");
}

#[test]
fn arguments_are_those_it_was_started_with() {
    let child = Child::spawn(Command::new("sleep").arg("600")).expect("starts");
    assert_eq!(child.args(), ["sleep", "600"]);
    child.kill().expect("is mine");
    assert!(child.finish().expect("ends").is_some());
}

/// Starts a child that ends with 7 at once and has this pid, if that can be had, and leaves it a zombie.
fn zombie_with_pid(pid: Pid) -> Option<std::process::Child> {
    let before = (pid.get() - 1).to_string();
    std::fs::write("/proc/sys/kernel/ns_last_pid", before).ok()?;
    let mut child = shell("exit 7").spawn().expect("starts");
    if child.id() != pid.get() {
        child.wait().expect("ends");
        return None;
    }
    Process::try_from(&child).expect("is mine").wait().expect("ends");
    Some(child)
}

#[test]
fn once_it_was_collected_by_way_of_its_process_nobody_with_its_pid_is_collected() {
    type Use = fn(Child) -> Option<i32>;
    let uses: [Use; 4] = [
        |mut child| child.wait().expect("is known")?.code(),
        |mut child| child.try_wait().expect("is known")?.code(),
        |mut child| child.wait_timeout(Duration::ZERO).expect("is known")?.code(),
        |child| {
            drop(child);
            Some(3)
        },
    ];
    for after in uses {
        // Somebody else may be faster to get the pid.
        let reused = (0..20).find_map(|_| {
            let child = Child::spawn(&mut shell("exit 3")).expect("starts");
            let status = child.process().clone().wait_and_reap().expect("ends");
            assert_eq!(status.and_then(|status| status.code()), Some(3));
            Some((zombie_with_pid(child.pid())?, child))
        });
        let Some((mut other, child)) = reused else {
            return ps_tests::skip!("reuse of a pid, which cannot be had here");
        };
        assert_eq!(after(child), Some(3));
        assert_eq!(other.wait().expect("was not collected").code(), Some(7));
    }
}

#[test]
fn where_the_ends_of_children_are_ignored_there_is_no_status_and_no_stranger() {
    if !is_of_its_own() {
        let me = "where_the_ends_of_children_are_ignored_there_is_no_status_and_no_stranger";
        let known = Command::new("env").args(["--ignore-signal=CHLD", "true"]).status();
        if !known.is_ok_and(|status| status.success()) {
            return ps_tests::skip!("`env` cannot start a program that ignores SIGCHLD");
        }
        return in_a_process_of_its_own(me, "exec env --ignore-signal=CHLD \"$0\" \"$@\";");
    }
    for _ in 0..20 {
        let mut child = Child::spawn(&mut Command::new("true")).expect("starts");
        assert_eq!(child.wait().expect("ends"), None);
        assert!(!child.is_running().expect("answers"));
        assert!(child.kill().expect_err("gone").is_gone());
    }
}

#[test]
fn where_proc_is_of_another_pid_namespace_no_child_is_started_and_none_is_taken_for_gone() {
    if !is_of_its_own() {
        let me =
            "where_proc_is_of_another_pid_namespace_no_child_is_started_and_none_is_taken_for_gone";
        let can = Command::new("unshare").args(["--pid", "--fork", "true"]).status();
        if !can.is_ok_and(|status| status.success()) {
            return ps_tests::skip!("cannot make a pid namespace");
        }
        return in_a_process_of_its_own(me, "exec unshare --pid --fork \"$0\" \"$@\";");
    }
    for _ in 0..20 {
        let error = Child::spawn(&mut support::sleeper()).expect_err("is not shown");
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        let mut child = support::sleeper().spawn().expect("starts");
        let error = Process::try_from(&child).expect_err("is not shown");
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert_eq!(child.try_wait().expect("is mine"), None);
        child.kill().expect("is mine");
        child.wait().expect("ends");
    }
    // Nobody is left to be collected.
    assert_eq!(nix::sys::wait::wait(), Err(nix::errno::Errno::ECHILD));
}
