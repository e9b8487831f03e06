//! What is done on kernels that lack calls, shown on this one by refusing them to a thread.

#![cfg(target_os = "linux")]

#[path = "../src/sys/herd.rs"]
mod herd;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use herd::{Bare, Lacking, Member, With, on_kernel_without};
use ps_linux::process::{
    ControlBackend, Exit, Handle, Pin, ProcessBackend, ProcessView, Sameness, Status, WaitBackend,
    WaitSet, Watched,
};
use ps_linux::{Error, Linux, Pid, Signal};

/// Until 6.9 pidfds share one inode, of another file system.
const WITHOUT_UNIQUE_NUMBERS: &[Lacking] = &[
    Lacking(libc::SYS_fstatfs, With::Anything, libc::ENOSYS),
    #[cfg(target_pointer_width = "32")]
    Lacking(libc::SYS_fstatfs64, With::Anything, libc::ENOSYS),
];

/// Until 5.4 children cannot be looked at through descriptors.
const WITHOUT_WAITING_BY_DESCRIPTOR: &[Lacking] =
    &[Lacking(libc::SYS_waitid, With::First(libc::P_PIDFD), libc::EINVAL)];

/// Until 5.3 there are no descriptors that stand for processes, but signals go through their directories.
const WITHOUT_PIDFDS: &[Lacking] = &[Lacking(libc::SYS_pidfd_open, With::Anything, libc::ENOSYS)];

/// Until 5.1 signals go by number only.
const WITHOUT_SIGNALS_BY_DESCRIPTOR: &[Lacking] = &[
    Lacking(libc::SYS_pidfd_open, With::Anything, libc::ENOSYS),
    Lacking(libc::SYS_pidfd_send_signal, With::Anything, libc::ENOSYS),
];

/// Until 4.7 children of every kind cannot be looked at without being collected.
const WITHOUT_WAITING_FOR_EVERY_KIND: &[Lacking] = &[
    Lacking(libc::SYS_pidfd_open, With::Anything, libc::ENOSYS),
    Lacking(libc::SYS_pidfd_send_signal, With::Anything, libc::ENOSYS),
    Lacking(libc::SYS_waitid, With::First(libc::P_PIDFD), libc::EINVAL),
    Lacking(libc::SYS_waitid, With::BitsOfFourth(libc::__WALL.unsigned_abs()), libc::EINVAL),
];

/// A sandbox that does not know the calls and refuses them.
const WITH_AN_OLD_SANDBOX: &[Lacking] = &[
    Lacking(libc::SYS_pidfd_open, With::Anything, libc::EPERM),
    Lacking(libc::SYS_pidfd_send_signal, With::Anything, libc::EPERM),
];

/// Runs something without these calls. `None`, with a word about it, where calls cannot be refused.
fn without<T: Send>(calls: &[Lacking], run: impl FnOnce() -> T + Send) -> Option<T> {
    match on_kernel_without(calls, run) {
        Ok(done) => Some(done),
        Err(error) => {
            ps_tests::skip!("calls cannot be refused here: {error}");
            None
        }
    }
}

fn pid(number: u32) -> Pid {
    Pid::new(number).expect("in range")
}

fn identify(number: u32) -> Handle<Pin> {
    Handle::new(Linux::new().identify(pid(number)).expect("there"))
}

/// A process under a number of our choice, if numbers can be chosen here.
fn chosen() -> Option<Bare> {
    let number = Bare::make(None).ok()?.end();
    match Bare::make(Some(number)) {
        Ok(bare) => Some(bare),
        Err(error) => {
            ps_tests::skip!("the number of a new process cannot be chosen here: {error}");
            None
        }
    }
}

/// Everything that could reach a process through what is known of the one that had its number before.
fn check_out_of_reach(handle: &Handle<Pin>, next: &Bare) {
    let linux = Linux::new();
    let gone = |what: &str, error: Option<Error>| {
        let error = error.unwrap_or_else(|| panic!("{what} reached the next process"));
        assert!(matches!(error, Error::NoSuchProcess { .. }), "{what}: {error}");
    };
    gone("reading", linux.view(handle).ppid().err());
    gone("affinity", linux.view(handle).cpu_affinity().err());
    gone("a signal", linux.send_signal(handle, Signal::Kill).err());
    gone("nice", linux.set_nice(handle, 19).err());
    gone("oom adjustment", linux.set_oom_adjustment(handle, 999).err());
    assert_eq!(linux.look_at_exit(handle).expect("looks"), Exit::Ended(None));
    assert!(next.runs(), "a signal reached the next process");
}

/// Has numbers given away and looks from an older kernel, pinned and not.
fn check_reuse(calls: &[Lacking]) {
    const TIMES: usize = 50;
    let mut reused = 0;
    for round in 0..10 * TIMES {
        let Some(first) = chosen() else { return };
        let number = first.pid;
        let known = without(calls, || {
            let mut handle = identify(number);
            assert!(handle.identity.settled || handle.identity.unique.is_some());
            let linux = Linux::new();
            linux.send_signal(&handle, Signal::NULL).expect("sent");
            linux.set_nice(&handle, 19).expect("set");
            if round % 2 == 1 {
                handle.pin = Some(linux.pin(&handle.identity).expect("pinned").into());
            }
            handle
        });
        let Some(handle) = known else { return };
        let Ok(next) = Bare::make(Some(first.end())) else { continue };
        without(calls, || {
            check_out_of_reach(&handle, &next);
            assert_ne!(handle.identity.compare(&identify(number).identity), Sameness::Same);
        });
        reused += 1;
        if reused == TIMES {
            break;
        }
    }
    println!("{reused} reuses");
    assert_eq!(reused, TIMES);
}

#[test]
fn kernel_without_unique_numbers_settles_newborns_by_waiting() {
    let member = Member::start("wait");
    let seen = without(WITHOUT_UNIQUE_NUMBERS, || identify(member.id()).identity);
    let Some(seen) = seen else { return };
    assert!(seen.settled && seen.unique.is_none());
    check_reuse(WITHOUT_UNIQUE_NUMBERS);
}

#[test]
fn kernel_without_pidfds_acts_through_directories() {
    let member = Member::start("wait");
    let done = without(WITHOUT_PIDFDS, || {
        let linux = Linux::new();
        let mut handle = identify(member.id());
        assert_eq!(handle.identity.unique, None);
        let mut set = linux.wait_set().expect("made");
        assert_eq!(set.watch(&handle, 1).expect("looks"), Watched::No);
        handle.pin = Some(linux.pin(&handle.identity).expect("pinned").into());
        assert!(handle.pin.as_ref().is_some_and(|pin| pin.pidfd().is_none()));
        assert_eq!(set.watch(&handle, 1).expect("looks"), Watched::No);
        check_ends(&handle);
    });
    if done.is_some() {
        check_reuse(WITHOUT_PIDFDS);
    }
}

#[test]
fn kernel_without_signals_by_descriptor_compares_and_signals_by_number() {
    for calls in [WITHOUT_SIGNALS_BY_DESCRIPTOR, WITH_AN_OLD_SANDBOX] {
        let member = Member::start("wait");
        let signalled = without(calls, || {
            let linux = Linux::new();
            let handle = identify(member.id());
            assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Running);
            check_ends(&handle);
        });
        if signalled.is_none() {
            return;
        }
        check_reuse(calls);
    }
}

/// Stops, ends and collects a child.
fn check_ends(handle: &Handle<Pin>) {
    let linux = Linux::new();
    let until = |status: Status| {
        while linux.view(handle).status().expect("there") != status {
            std::thread::yield_now();
        }
    };
    linux.send_signal(handle, Signal::Stop).expect("sent");
    until(Status::Stopped);
    assert_eq!(linux.look_at_exit(handle).expect("looks"), Exit::Running);
    linux.send_signal(handle, Signal::Kill).expect("sent");
    until(Status::Zombie);
    for _ in 0..2 {
        let Exit::Ended(Some(status)) = linux.look_at_exit(handle).expect("looks") else {
            panic!("has ended")
        };
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    }
    assert!(matches!(linux.reap(handle).expect("collects"), Exit::Ended(Some(_))));
    assert_eq!(linux.look_at_exit(handle).expect("looks"), Exit::Ended(None));
    let error = linux.send_signal(handle, Signal::NULL).expect_err("gone");
    assert!(matches!(error, Error::NoSuchProcess { .. }), "{error}");
}

#[test]
fn kernel_without_waiting_by_descriptor_looks_at_children_by_number() {
    let member = Member::start("wait");
    let looked = without(WITHOUT_WAITING_BY_DESCRIPTOR, || {
        let linux = Linux::new();
        let handle = identify(member.id());
        let mut set = linux.wait_set().expect("made");
        assert_eq!(set.watch(&handle, 1).expect("watched"), Watched::Yes);
        linux.send_signal(&handle, Signal::Kill).expect("sent");
        let mut ended = Vec::new();
        set.wait(Some(Duration::from_secs(20)), &mut ended).expect("waits");
        assert_eq!(ended, [1]);
        assert!(matches!(linux.look_at_exit(&handle).expect("looks"), Exit::Ended(Some(_))));
    });
    if looked.is_some() {
        check_zombie_of_another(WITHOUT_WAITING_BY_DESCRIPTOR);
    }
}

#[test]
fn kernel_without_waiting_for_every_kind_looks_at_the_usual_children() {
    let member = Member::start("wait");
    without(WITHOUT_WAITING_FOR_EVERY_KIND, || {
        let handle = identify(member.id());
        assert_eq!(Linux::new().look_at_exit(&handle).expect("looks"), Exit::Running);
        check_ends(&handle);
    });
}

#[test]
fn kernel_that_does_not_report_being_collected_is_asked_every_now_and_then() {
    // Reports of it came with numbers of their own; that they come all the same here does no harm.
    check_zombie_of_another(WITHOUT_UNIQUE_NUMBERS);
}

/// A zombie of another parent has not ended until that collects it.
fn check_zombie_of_another(calls: &[Lacking]) {
    let mut parent = Member::start("parent");
    without(calls, || {
        let linux = Linux::new();
        let child = identify(parent.word.parse().expect("its pid"));
        assert_eq!(linux.look_at_exit(&child).expect("looks"), Exit::Running);
        let mut set = linux.wait_set().expect("made");
        assert_eq!(set.watch(&child, 5).expect("watched"), Watched::Yes);
        let mut ended = Vec::new();
        set.wait(Some(Duration::from_millis(50)), &mut ended).expect("waits");
        assert!(ended.is_empty(), "it is still there");
        assert_eq!(parent.go_on(), "collected");
        set.wait(Some(Duration::from_secs(20)), &mut ended).expect("waits");
        assert_eq!(ended, [5]);
        assert_eq!(linux.look_at_exit(&child).expect("looks"), Exit::Ended(None));
    });
}
