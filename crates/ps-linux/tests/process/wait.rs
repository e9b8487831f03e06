//! Waiting for processes to end.

use std::time::{Duration, Instant};

use ps_linux::process::{
    Exit, Handle, Pin, ProcessBackend, ProcessView, WaitBackend, WaitSet, Watched,
};
use ps_linux::{Linux, LinuxWaitSet, Status};

use crate::herd::Member;
use crate::{handle, view};

const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn waited(set: &mut LinuxWaitSet, timeout: Option<Duration>) -> Vec<u64> {
    let mut ended = Vec::new();
    set.wait(timeout, &mut ended).expect("waits");
    ended.sort_unstable();
    ended
}

#[test]
fn child_that_ends_is_reported_once_and_not_collected() {
    let mut member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let mut set = linux.wait_set().expect("made");
    assert_eq!(set.watch(&handle, 9).expect("watched"), Watched::Yes);
    assert!(waited(&mut set, Some(Duration::ZERO)).is_empty());
    member.let_end();
    assert_eq!(waited(&mut set, LONG), [9]);
    assert!(waited(&mut set, None).is_empty(), "nobody is left to wait for");
    assert_eq!(view(member.id()).status().expect("still there"), Status::Zombie);
    let Exit::Ended(Some(status)) = linux.look_at_exit(&handle).expect("looks") else { panic!() };
    assert!(status.success());
    assert_eq!(member.child.wait().expect("its owner collects it").code(), Some(0));
    assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Ended(None));
    assert_eq!(set.watch(&handle, 1).expect("looks"), Watched::Ended);
}

#[test]
fn child_is_collected_by_name_only() {
    let mut member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    assert_eq!(linux.reap(&handle).expect("looks"), Exit::Running);
    member.let_end();
    let mut set = linux.wait_set().expect("made");
    if set.watch(&handle, 1).expect("watched") == Watched::Yes {
        assert_eq!(waited(&mut set, LONG), [1]);
    }
    assert!(matches!(linux.reap(&handle).expect("collects"), Exit::Ended(Some(_))));
    assert!(view(member.id()).ppid().is_err_and(|error| error.is_gone()));
    assert_eq!(linux.reap(&handle).expect("looks"), Exit::Ended(None));
}

#[test]
fn child_that_stops_for_its_tracer_has_not_ended() {
    use nix::sys::wait::{Id, WaitPidFlag as Flag, WaitStatus, waitid};

    let mut member = Member::start("wait");
    let (linux, mut handle) = (Linux::new(), handle(member.id()));
    let pid = nix::unistd::Pid::from_raw(handle.identity.pid.as_raw());
    if let Err(error) = nix::sys::ptrace::attach(pid) {
        return ps_tests::skip!("not allowed to trace: {error}");
    }
    while view(member.id()).status().expect("there") != Status::TracingStop {
        std::thread::yield_now();
    }
    // Through a descriptor of its own and through one that is kept.
    for _ in 0..2 {
        assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Running);
        assert_eq!(linux.reap(&handle).expect("looks"), Exit::Running);
        handle.pin = Some(linux.pin(&handle.identity).expect("pinned").into());
    }
    let look = Flag::WSTOPPED | Flag::WNOHANG | Flag::WNOWAIT;
    let seen = waitid(Id::Pid(pid), look).expect("looks");
    assert_ne!(seen, WaitStatus::StillAlive, "the news of it is left for the tracer");
    nix::sys::ptrace::detach(pid, None).expect("lets go");
    assert_eq!(linux.reap(&handle).expect("looks"), Exit::Running);
    member.let_end();
    while linux.look_at_exit(&handle).expect("looks") == Exit::Running {
        std::thread::yield_now();
    }
    let Exit::Ended(Some(status)) = linux.reap(&handle).expect("collects") else { panic!() };
    assert!(status.success());
}

#[test]
fn many_are_waited_for_at_once() {
    let mut members: Vec<_> = (0..20).map(|_| Member::start("wait")).collect();
    let linux = Linux::new();
    let mut set = linux.wait_set().expect("made");
    for (token, member) in (0..).zip(&members) {
        assert_eq!(set.watch(&handle(member.id()), token).expect("watched"), Watched::Yes);
    }
    // The same one twice, pinned and not, each under its own number.
    let mut pinned: Handle<Pin> = handle(members[3].id());
    pinned.pin = Some(linux.pin(&pinned.identity).expect("pinned").into());
    assert_eq!(set.watch(&pinned, 100).expect("watched"), Watched::Yes);
    assert_eq!(set.watch(&pinned, 101).expect("watched"), Watched::Yes);
    set.forget(5);
    set.forget(4711);
    for member in &mut members[..10] {
        member.let_end();
    }
    let mut ended = Vec::new();
    let until = Instant::now() + Duration::from_secs(20);
    while ended.len() < 11 && Instant::now() < until {
        ended.extend(waited(&mut set, LONG));
    }
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2, 3, 4, 6, 7, 8, 9, 100, 101]);
    assert!(waited(&mut set, Some(Duration::from_millis(20))).is_empty());
}

#[test]
fn waiting_ends_with_the_time_that_was_given() {
    let member = Member::start("wait");
    let mut set = Linux::new().wait_set().expect("made");
    set.watch(&handle(member.id()), 1).expect("watched");
    for millis in [0, 1, 30] {
        let (time, begin) = (Duration::from_millis(millis), Instant::now());
        assert!(waited(&mut set, Some(time)).is_empty());
        assert!(begin.elapsed() >= time, "{:?}", begin.elapsed());
    }
    assert!(waited(&mut set, Some(Duration::from_nanos(1))).is_empty());
}

#[test]
fn process_that_is_no_child_ends_without_a_status() {
    // Its parent collects it at once, being told to ignore such ends.
    let mut child = std::process::Command::new("sh")
        .args(["-c", "sleep 600 & echo $!; wait"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut output, &mut line).expect("readable");
    let grandchild = handle(line.trim().parse().expect("its pid"));
    let linux = Linux::new();
    let mut set = linux.wait_set().expect("made");
    assert_eq!(set.watch(&grandchild, 2).expect("watched"), Watched::Yes);
    assert_eq!(linux.look_at_exit(&grandchild).expect("looks"), Exit::Running);
    ps_linux::ControlBackend::send_signal(&linux, &grandchild, ps_linux::Signal::Kill)
        .expect("sent");
    assert_eq!(waited(&mut set, LONG), [2]);
    assert_eq!(linux.look_at_exit(&grandchild).expect("looks"), Exit::Ended(None));
    let _ = child.wait();
}
