//! Events of real processes.

#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ps_facade::process::events::{Event, Events, Source};
use ps_facade::{Error, Pid, System};

const LONG: Duration = Duration::from_secs(60);

/// Events from the kernel, where it tells the caller.
fn from_kernel() -> Option<Events> {
    match Events::from_kernel(&System::default()) {
        Ok(events) => Some(events),
        Err(error) => {
            ps_tests::skip!("{error}");
            None
        }
    }
}

/// Starts so many processes that end at once, and gives back their numbers, in order.
fn short_processes(count: usize) -> Vec<Pid> {
    let numbers = |_| {
        let mut child = Command::new("true").spawn().expect("starts");
        let pid = Pid::try_from(child.id()).expect("in range");
        child.wait().expect("ends");
        pid
    };
    (0..count).map(numbers).collect()
}

#[test]
fn no_interval_at_all_is_refused_wherever_events_come_from() {
    let system = System::default();
    for events in
        [Events::of(&system, Duration::ZERO), Events::from_comparison(&system, Duration::ZERO)]
    {
        assert!(matches!(events, Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn ten_thousand_short_processes_are_all_accounted_for() {
    let _room = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mut events) = from_kernel() else { return };
    let (told, expected) = std::thread::scope(|scope| {
        let starting = scope.spawn(|| short_processes(ps_tests::many(10_000)));
        let mut told = Vec::new();
        while !starting.is_finished() {
            told.extend(events.next(Some(Duration::from_millis(50))).expect("tells"));
        }
        (told, starting.join().expect("starts them"))
    });
    let mut expected_ends: HashMap<Pid, u32> = HashMap::new();
    for pid in expected {
        *expected_ends.entry(pid).or_default() += 1;
    }
    let mut seen: HashMap<Pid, (u32, u32, u32)> = HashMap::new();
    let rest = std::iter::from_fn(|| events.next(Some(Duration::from_millis(100))).expect("tells"));
    for event in told.into_iter().chain(rest.take(100_000)) {
        match event {
            Event::Started { pid, .. } => seen.entry(pid).or_default().0 += 1,
            Event::Executed { pid, .. } => seen.entry(pid).or_default().1 += 1,
            Event::Exited { pid, status, .. } => {
                if expected_ends.contains_key(&pid) {
                    assert!(status.is_some(), "{pid}");
                }
                seen.entry(pid).or_default().2 += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    for (pid, times) in expected_ends {
        let (started, executed, exited) = seen.get(&pid).copied().unwrap_or_default();
        // Other tests may have had the number before or after.
        assert!(started >= times && executed >= times && exited >= times, "{pid} {times} times");
    }
}

/// Held by tests that say how many events are lost. All that listen are told the same.
static ROOM: Mutex<()> = Mutex::new(());

fn sleeping() -> Child {
    Command::new("sleep").arg("600").spawn().expect("starts")
}

/// Calls a thread by so many names, each of which the kernel tells of.
fn rename(times: usize) {
    let name = |time: usize| std::fs::write("/proc/thread-self/comm", format!("name {time}"));
    std::thread::spawn(move || (0..times).try_for_each(name))
        .join()
        .expect("ends")
        .expect("writes");
}

#[test]
fn what_is_not_read_in_time_is_said_to_be_lost_and_made_up_for() {
    let _room = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mut events) = from_kernel() else { return };
    let mut before = sleeping();
    // The room for unread events is 8 MiB, of which each takes a good part of a kilobyte.
    rename(30_000);
    let mut after = sleeping();
    before.kill().expect("is mine");
    before.wait().expect("ends");
    let mut told = |wait| {
        std::iter::from_fn(|| events.next(Some(Duration::from_millis(wait))).expect("tells"))
            .collect::<Vec<_>>()
    };
    let ids = [before.id(), after.id()];
    // How often each was said to have started, and to have ended.
    let count = |seen: &[Event]| {
        ids.map(|id| {
            seen.iter().fold((0, 0), |(starts, ends), event| match event {
                Event::Started { pid, .. } if pid.get() == id => (starts + 1, ends),
                Event::Exited { pid, .. } if pid.get() == id => (starts, ends + 1),
                _ => (starts, ends),
            })
        })
    };
    let seen = told(100);
    assert!(seen.contains(&Event::Overflow), "{} events fit", seen.len());
    assert_eq!(count(&seen), [(1, 1), (1, 0)]);
    after.kill().expect("is mine");
    after.wait().expect("ends");
    assert_eq!(count(&told(200)), [(0, 0), (0, 1)]);
}

#[test]
fn each_source_tells_of_a_process_that_stays_a_while() {
    let system = System::default();
    let compared = Events::from_comparison(&system, Duration::from_millis(5)).expect("looks");
    assert_eq!(compared.source(), Source::Comparison);
    for mut events in std::iter::once(compared).chain(from_kernel()) {
        let mut child = Command::new("sleep").arg("600").spawn().expect("starts");
        let pid = Pid::try_from(child.id()).expect("in range");
        let mut wait_for = |is_it: &dyn Fn(&Event) -> bool| {
            let until = Instant::now() + LONG;
            while Instant::now() < until {
                let event = events.next(Some(LONG)).expect("tells");
                if event.is_some_and(|event| is_it(&event)) {
                    return;
                }
            }
            panic!("was not told");
        };
        wait_for(&|event| matches!(event, Event::Started { pid: p, .. } if *p == pid));
        child.kill().expect("is mine");
        wait_for(&|event| matches!(event, Event::Exited { pid: p, .. } if *p == pid));
        child.wait().expect("ends");
    }
}
