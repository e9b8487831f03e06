//! When no more descriptors can be had: what needs none goes on, and what needs one says so.
//!
//! Alone in its program, whose limit it lowers.

#![cfg(target_os = "linux")]

#[path = "../src/sys/herd.rs"]
mod herd;

use herd::Member;
use ps_linux::process::{
    ControlBackend, Exit, Handle, Limit, ProcessBackend, ProcessView, Resource, WaitBackend,
    WaitSet, Watched,
};
use ps_linux::{Linux, Pid};

#[test]
fn processes_are_looked_at_without_any_descriptor_left_and_cannot_be_watched() {
    let linux = Linux::new();
    let member = Member::start("wait");
    let ended = Member::start("wait").into_zombie();
    let handle = |member: &Member| {
        Handle::new(linux.identify(Pid::new(member.id()).expect("in range")).expect("there"))
    };
    let (member, ended) = (handle(&member), (handle(&ended), ended));
    let mut set = linux.wait_set().expect("made");
    let me = Handle::new(linux.identify(linux.current().expect("known")).expect("there"));
    let before = linux.view(&me).limit(Resource::OpenFiles).expect("readable");
    // One is left, for reading a file at a time.
    let mut taken = Vec::new();
    linux
        .set_limit(&me, Resource::OpenFiles, Limit { soft: Some(64), hard: before.hard })
        .expect("lowered");
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    let error = linux.view(&member).ppid().expect_err("a directory cannot be opened");
    assert!(!error.is_gone(), "{error}");
    assert_eq!(set.watch(&member, 1).expect("says so"), Watched::No);
    assert!(linux.wait_set().is_err());
    taken.pop();
    // Its number and its record tell, without a descriptor that stands for it.
    assert_eq!(linux.look_at_exit(&member).expect("looks"), Exit::Running);
    assert!(matches!(linux.look_at_exit(&ended.0).expect("looks"), Exit::Ended(Some(_))));
    drop(taken);
    assert_eq!(set.watch(&member, 1).expect("watched"), Watched::Yes);
    // However many wait, some descriptors are left to the rest of the program.
    let sets: Vec<_> = std::iter::from_fn(|| linux.wait_set().ok()).take(64).collect();
    let left: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    assert!(!sets.is_empty() && left.len() == 16, "{} sets, {} left", sets.len(), left.len());
    drop(left);
    linux.set_limit(&me, Resource::OpenFiles, before).expect("raised");
}
