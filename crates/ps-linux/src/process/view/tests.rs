//! One process while it changes, ends and is followed by another.

use super::*;
use crate::process::ProcessBackend;
use crate::sys::herd::Bare;
use crate::sys::refuse::without;
use std::time::Duration;

/// A process that was there before the last tick, so that its start tells it from all others, and that sleeps by
/// now, so that its memory stands still.
fn settled(linux: &Linux, number: Option<u32>) -> io::Result<(Bare, Handle<Pin>)> {
    let process = Bare::make(number)?;
    let identity = loop {
        let pid = Pid::new(process.pid).expect("in range");
        let identity = linux.identify(pid).expect("there");
        if identity.settled && linux.view_of(pid).status().expect("there") == Status::Sleeping {
            break identity;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    Ok((process, Handle::new(identity)))
}

#[test]
fn a_file_that_is_asked_for_first_comes_without_the_directory_and_tells_the_same() {
    let linux = Linux::new();
    let (_process, handle) = settled(&linux, None).expect("starts");
    let [alone, after] = [(); 2].map(|()| linux.view(&handle));
    let memory = alone.memory_info().expect("readable");
    assert!(alone.dir.get().is_none() && alone.sighting.get().is_some());
    after.status().expect("readable");
    assert_eq!(after.memory_info().expect("readable"), memory);
    assert!(after.dir.get().is_some());
    assert_eq!(alone.identity().expect("seen"), after.identity().expect("seen"));
    let users = linux.view(&handle);
    assert_eq!(users.uids().expect("readable"), alone.uids().expect("readable"));
    assert!(users.dir.get().is_none() && alone.dir.get().is_some());
    let unasked = linux.view_of(handle.identity.pid);
    assert_eq!(unasked.memory_info().expect("readable"), memory);
    assert_eq!(unasked.identity().expect("seen").start, handle.identity.start);
}

#[test]
fn a_newborn_is_read_through_its_directory() {
    let linux = Linux::new();
    let (_process, mut handle) = settled(&linux, None).expect("starts");
    handle.identity.settled = false;
    let view = linux.view(&handle);
    view.memory_info().expect("readable");
    assert!(view.dir.get().is_some());
}

#[test]
fn whoever_takes_the_number_before_or_after_a_file_is_read_without_the_directory_is_noticed() {
    let linux = Linux::new();
    let (process, handle) = settled(&linux, None).expect("starts");
    let (before, after) = (linux.view(&handle), linux.view_of(handle.identity.pid));
    after.memory_info().expect("readable");
    let number = process.end();
    let another = match settled(&linux, Some(number)) {
        Ok(another) => another,
        Err(error) => {
            ps_tests::skip!("the number of a new process cannot be chosen here: {error}");
            return;
        }
    };
    let is_noticed = |error: Error| matches!(error, Error::NoSuchProcess { reused: true, .. });
    assert!(is_noticed(before.memory_info().expect_err("another")));
    assert!(is_noticed(after.uids().expect_err("another")));
    assert!(is_noticed(after.exe().expect_err("another")));
    let then = linux.view(&another.1);
    then.memory_info().expect("readable");
}

#[test]
fn whoever_takes_the_number_between_two_files_is_not_mixed_up() {
    let linux = Linux::new();
    let (process, handle) = settled(&linux, None).expect("starts");
    let view = linux.view(&handle);
    let mut process = Some(process);
    let mut next = None;
    let mixed = view.glance("statm", |proc, path| {
        let number = process.take().map(Bare::end);
        next = Bare::make(number).ok();
        file::show(proc, path, decode_statm)
    });
    assert!(mixed.is_none(), "{mixed:?}");
    assert!(view.memory_info().expect_err("another or none").is_gone());
}

#[test]
fn a_process_that_cannot_be_looked_at_again_is_not_gone() {
    let linux = Linux::new();
    assert!(linux.is_own());
    let (_process, handle) = settled(&linux, None).expect("starts");
    // No descriptor is left; or the file system was told to show nothing of others.
    for errno in [libc::EMFILE, libc::EACCES] {
        let view = linux.view(&handle);
        view.dir().expect("opened");
        let ask = move || (view.cpu_affinity(), view.failed(absent(), "read", "x"), view.lives());
        let Some((cpus, failed, lives)) = without(&[(libc::SYS_openat, None)], errno, ask) else {
            return;
        };
        assert!(!cpus.expect("asked by number").is_empty());
        assert!(matches!(failed, Error::Io { .. }), "{failed}");
        assert_eq!(lives, Lives::Yes);
    }
}

#[test]
fn a_process_that_has_ended_is_gone_also_where_it_cannot_be_looked_at() {
    let linux = Linux::new();
    let (process, handle) = settled(&linux, None).expect("starts");
    let view = linux.view(&handle);
    view.dir().expect("opened");
    process.end();
    let ask = move || view.lives();
    let Some(lives) = without(&[(libc::SYS_openat, None)], libc::EMFILE, ask) else { return };
    assert_eq!(lives, Lives::No);
}

fn absent() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}
