//! Numbers of processes given to others, for real: what is meant is never taken for what came after it.

#![cfg(target_os = "linux")]

#[path = "../src/sys/herd.rs"]
mod herd;

use std::time::Duration;

use herd::Bare;
use ps_linux::process::{
    ControlBackend, Exit, Handle, Identity, Limit, Pin, ProcessBackend, ProcessView, Resource,
    Sameness, WaitBackend,
};
use ps_linux::{Error, Linux, Pid, Result, Signal};

/// How many reuses of each sort are forced: fewer in a virtual machine, where each takes many times longer.
fn each() -> usize {
    if ps_tests::is_emulated() { 250 } else { 5_000 }
}

/// Whether the kernel lets us choose numbers. Says so if it does not.
fn may_choose_numbers() -> bool {
    let first = match Bare::make(None) {
        Ok(first) => first.end(),
        Err(error) => {
            ps_tests::skip!("clone3 is not permitted here: {error}");
            return false;
        }
    };
    match Bare::make(Some(first)) {
        Ok(_) => true,
        Err(error) => {
            ps_tests::skip!("the number of a new process cannot be chosen here: {error}");
            false
        }
    }
}

/// Makes a process and gives the caller what `look` makes of it; then ends it, and has another one take its
/// number. `None` if somebody else was faster.
fn reuse<T>(look: impl FnOnce(Pid) -> T) -> Option<(T, Bare)> {
    let first = Bare::make(None).expect("makes a process");
    let seen = look(Pid::new(first.pid).expect("in range"));
    let number = first.end();
    let second = Bare::make(Some(number)).ok()?;
    Some((seen, second))
}

/// Everything that could reach the second process through what is known of the first.
fn check_out_of_reach(linux: &Linux, handle: &Handle<Pin>, second: &Bare) {
    let is_gone = |what: &str, error: Option<Error>| {
        let error = error.unwrap_or_else(|| panic!("{what} reached the next process"));
        assert!(matches!(error, Error::NoSuchProcess { .. }), "{what}: {error}");
        error
    };
    let view = linux.view(handle);
    let read = is_gone("reading", view.ppid().err());
    if handle.pin.is_none() {
        assert!(matches!(read, Error::NoSuchProcess { reused: true, .. }), "{read}");
    }
    is_gone("cmdline", view.cmdline().err());
    is_gone("limit", view.limit(Resource::Core).err());
    is_gone("affinity", view.cpu_affinity().err());
    is_gone("io priority", view.io_priority().err());
    is_gone("a signal", linux.send_signal(handle, Signal::Kill).err());
    is_gone("nice", linux.set_nice(handle, 11).err());
    is_gone(
        "limit",
        linux.set_limit(handle, Resource::Core, Limit { soft: Some(0), hard: Some(0) }).err(),
    );
    is_gone("affinity", linux.set_cpu_affinity(handle, &[0]).err());
    is_gone("oom adjustment", linux.set_oom_adjustment(handle, 77).err());
    let ended = linux.look_at_exit(handle).expect("decidable");
    assert_eq!(ended, Exit::Ended(None));
    assert_eq!(linux.reap(handle).expect("decidable"), Exit::Ended(None));
    assert!(second.runs(), "a signal reached the next process");
}

/// The second process is as it was made.
fn check_untouched(linux: &Linux, second: &Bare) {
    let view = linux.view_of(Pid::new(second.pid).expect("in range"));
    assert_eq!(view.nice().expect("readable"), own_nice(linux), "the next process was set");
    assert_eq!(view.oom_adjustment().expect("readable"), own_oom_adjustment(linux));
}

fn own_nice(linux: &Linux) -> i32 {
    linux.view_of(linux.current().expect("known")).nice().expect("readable")
}

fn own_oom_adjustment(linux: &Linux) -> i32 {
    linux.view_of(linux.current().expect("known")).oom_adjustment().expect("readable")
}

fn handle(linux: &Linux, identity: Identity, pinned: bool) -> Result<Handle<Pin>> {
    let mut handle = Handle::new(identity);
    if pinned {
        handle.pin = Some(linux.pin(&identity)?.into());
    }
    Ok(handle)
}

/// What a check by number and start alone would take for the same.
fn looks_the_same(identity: &Identity, later: &Identity) -> bool {
    (identity.pid, identity.start) == (later.pid, later.start)
}

#[test]
fn a_newborn_is_never_taken_for_the_next_one_with_its_number() {
    if !may_choose_numbers() {
        return;
    }
    let linux = Linux::new();
    let (mut reused, mut fooled, mut undecided) = (0, 0, 0);
    while reused < each() {
        let pinned = reused % 2 == 1;
        let found = reuse(|pid| {
            let identity = linux.identify(pid).expect("there");
            // A view that looked before, and looks again afterwards.
            let view = linux.view(&Handle::new(identity));
            view.comm().expect("readable");
            (handle(&linux, identity, pinned).expect("there"), view)
        });
        let Some(((handle, view), second)) = found else { continue };
        reused += 1;
        let later = linux.identify(Pid::new(second.pid).expect("in range")).expect("there");
        if looks_the_same(&handle.identity, &later) {
            fooled += 1;
        }
        match handle.identity.compare(&later) {
            Sameness::Different => {}
            Sameness::Unknown => undecided += usize::from(later.unique.is_some()),
            Sameness::Same => panic!("{:?} taken for {later:?}", handle.identity),
        }
        assert!(view.cmdline().is_err_and(|error| error.is_gone()), "a view went on with another");
        check_out_of_reach(&linux, &handle, &second);
        check_untouched(&linux, &second);
    }
    println!(
        "{reused} reuses of newborns: {fooled} with the same number and start, {undecided} undecided"
    );
    // A kernel without such numbers has `identify` wait the tick out, and one that is emulated may be too slow for two
    // in a tick.
    let me = linux.identify(Pid::new(std::process::id()).expect("in range")).expect("there");
    if me.unique.is_none() || ps_tests::is_emulated() {
        ps_tests::skip!("it is not said how many share a tick here");
    } else {
        // Far more where the machine is not busy with others.
        assert!(fooled > 0, "none shared a tick, so that this test shows nothing");
    }
    assert_eq!(undecided, 0, "numbers of their own decide it");
}

#[test]
fn a_settled_process_is_never_taken_for_the_next_one_with_its_number() {
    const BATCH: usize = 200;
    if !may_choose_numbers() {
        return;
    }
    let linux = Linux::new();
    let (mut reused, mut fooled) = (0, 0);
    while reused < each() {
        let first: Vec<Bare> = (0..BATCH).map(|_| Bare::make(None).expect("makes")).collect();
        // The clock has to pass the tick that the last one was born in.
        std::thread::sleep(Duration::from_millis(25));
        let handles: Vec<_> = first
            .iter()
            .enumerate()
            .map(|(index, bare)| {
                let pid = Pid::new(bare.pid).expect("in range");
                let identity = linux.identify(pid).expect("there");
                assert!(identity.settled);
                handle(&linux, identity, index % 2 == 1).expect("there")
            })
            .collect();
        let numbers: Vec<u32> = first.into_iter().map(Bare::end).collect();
        for (number, handle) in numbers.into_iter().zip(handles) {
            let Ok(second) = Bare::make(Some(number)) else { continue };
            reused += 1;
            let later = linux.identify(handle.identity.pid).expect("there");
            assert_eq!(handle.identity.compare(&later), Sameness::Different);
            fooled += usize::from(looks_the_same(&handle.identity, &later));
            check_out_of_reach(&linux, &handle, &second);
            check_untouched(&linux, &second);
        }
    }
    println!("{reused} reuses of settled processes: {fooled} with the same number and start");
    assert_eq!(fooled, 0);
}
