//! Random histories of a simulated machine, against a plain model of what should be known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::time::Duration;

use proptest::prelude::*;
use ps_core::fake::{Fake, FakePin, Machine};
use ps_core::net::NetIo;
use ps_core::process::{ControlBackend, Handle, Identity, Pid, ProcessBackend, Signal};
use ps_core::{Fields, Status};

use super::events::{Event, Events};
use super::same::{Known, is_running};
use super::sampler::Rates;
use super::table::Table;
use super::testing::handle_of;
use super::tree::{self, Depth};
use super::wait;

/// Something that happens to the machine. Numbers choose among those there are.
#[derive(Clone, Debug)]
enum Step {
    Spawn { parent: usize },
    Exit { who: usize, code: u8 },
    Reap { who: usize },
    Reuse { who: usize },
    Exec { who: usize },
    Stop { who: usize },
    Pass { micros: u64 },
    SetClock { seconds: u64 },
    Look,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..20usize;
    let step = prop_oneof![
        3 => who().prop_map(|parent| Step::Spawn { parent }),
        2 => (who(), any::<u8>()).prop_map(|(who, code)| Step::Exit { who, code }),
        2 => who().prop_map(|who| Step::Reap { who }),
        2 => who().prop_map(|who| Step::Reuse { who }),
        1 => who().prop_map(|who| Step::Exec { who }),
        1 => who().prop_map(|who| Step::Stop { who }),
        2 => (0..30_000u64).prop_map(|micros| Step::Pass { micros }),
        1 => (0..2_000_000_000u64).prop_map(|seconds| Step::SetClock { seconds }),
        3 => Just(Step::Look),
    ];
    prop::collection::vec(step, 1..60)
}

/// Which ways the machine has to tell processes apart, and to tell that one has not run.
fn ways() -> impl Strategy<Value = (bool, bool, bool)> {
    (any::<bool>(), any::<bool>(), any::<bool>())
}

fn machine((tells, scans_tell, clocks): (bool, bool, bool)) -> Fake {
    let fake = Fake::new();
    fake.with(|machine| {
        machine.tells_unique = tells;
        machine.scans_tell_unique = scans_tell;
        machine.scans_tell_clocks = clocks;
    });
    fake
}

/// Somebody but the first process and the caller.
fn choose(machine: &Machine, who: usize) -> Option<Pid> {
    let others: Vec<Pid> =
        machine.visible_pids().into_iter().filter(|pid| pid.get() >= 300).collect();
    others.get(who % others.len().max(1)).copied()
}

/// Has a step happen; looking is the caller's affair.
fn happen(fake: &Fake, step: &Step) {
    fake.with(|machine| match *step {
        Step::Spawn { parent } => {
            // Who has ended starts nobody.
            let lives = |pid: &Pid| machine.process(*pid).is_some_and(|one| !one.is_zombie());
            let parent = choose(machine, parent).filter(lives).unwrap_or(machine.caller);
            let started = machine.spawn(parent);
            if let Some(process) = machine.process_mut(started) {
                process.times.user = Duration::from_millis(u64::from(started.get()));
            }
        }
        Step::Pass { micros } => machine.advance(Duration::from_micros(micros)),
        Step::SetClock { seconds } => {
            machine.set_wall_clock(
                std::time::UNIX_EPOCH + Duration::from_secs(3_000_000_000 + seconds),
            );
        }
        Step::Look => {}
        Step::Exit { who, .. }
        | Step::Reap { who }
        | Step::Reuse { who }
        | Step::Exec { who }
        | Step::Stop { who } => {
            let Some(pid) = choose(machine, who) else { return };
            match step {
                Step::Exit { code, .. } => _ = machine.exit(pid, *code),
                Step::Reap { .. } => _ = machine.reap(pid),
                Step::Reuse { .. } => _ = machine.reuse(pid),
                Step::Exec { .. } => {
                    machine.exec(pid, &["/bin/other"]);
                    // To run another program takes running. Clocks of processes count nanoseconds, so that no two
                    // owners of a number show the same.
                    if let Some(process) = machine.process_mut(pid) {
                        process.times.user += Duration::from_nanos(process.unique);
                    }
                }
                _ => _ = machine.signal(pid, Signal::Stop),
            }
        }
    });
}

/// Two counters of each of two devices; `None` for a device that is not there.
type Reading = [Option<(u32, u32)>; 2];

/// Readings, each with the time in seconds since the one before.
fn readings() -> impl Strategy<Value = Vec<(u64, Reading)>> {
    let device = || prop::option::weighted(0.8, (any::<u32>(), 0..100u32));
    prop::collection::vec((0..3u64, [device(), device()]), 1..30)
}

/// The plain model of a table: who had which number, by the machine's own knowledge.
fn owners(fake: &Fake) -> BTreeMap<Pid, u64> {
    fake.with(|machine| machine.processes().map(|one| (one.pid, one.unique)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn histories_of_a_table(ways in ways(), steps in steps()) {
        let fake = machine(ways);
        let mut table = Table::new(fake.clone()).expect("lists");
        let mut before: Option<BTreeMap<Pid, u64>> = None;
        for step in steps.iter().chain([&Step::Look, &Step::Look]) {
            happen(&fake, step);
            if !matches!(step, Step::Look) {
                continue;
            }
            table.refresh(Fields::TOP | Fields::PPID).expect("reads");
            // Telling newborns apart may take time, but starts and ends nobody here.
            let now = owners(&fake);
            let pids: Vec<Pid> = now.keys().copied().collect();
            prop_assert_eq!(table.columns().pids(), pids.as_slice());
            if let Some(before) = &before {
                let new = |(pid, unique): (&Pid, &u64)| (before.get(pid) != Some(unique)).then_some(*pid);
                let came: Vec<Pid> = now.iter().filter_map(new).collect();
                let left = |(pid, unique): (&Pid, &u64)| (now.get(pid) != Some(unique)).then_some(*pid);
                let went: Vec<Pid> = before.iter().filter_map(left).collect();
                prop_assert_eq!(table.started(), came.as_slice());
                let told: Vec<Pid> = table.gone().iter().map(|one| one.pid).collect();
                prop_assert_eq!(told, went);
            }
            for (place, pid) in pids.iter().enumerate() {
                let row = table.columns().row(place);
                fake.with(|machine| {
                    let process = machine.process(*pid).expect("lives");
                    assert_eq!(row.name.expect("told"), process.comm.as_os_str());
                    assert_eq!(row.ppid.expect("told"), process.ppid);
                    // The simulated kernel collects children without that their parent runs.
                    let (told, times) = (row.cpu_times.expect("told"), process.times);
                    assert_eq!((told.user, told.system), (times.user, times.system));
                });
            }
            before = Some(now);
        }
    }

    #[test]
    fn histories_of_waits(steps in steps(), descriptors in 0..12usize, counts in any::<bool>()) {
        let fake = machine((true, true, false));
        let watched: Vec<Pid> = fake.with(|machine| {
            machine.descriptor_limit = descriptors;
            machine.zombies_of_others_have_ended = counts;
            let children: Vec<Pid> = (0..4).map(|_| machine.spawn_child()).collect();
            let others: Vec<Pid> = children.iter().map(|child| machine.spawn(*child)).collect();
            children.into_iter().chain(others).collect()
        });
        let handles: Vec<Handle<FakePin>> = watched
            .iter()
            .map(|pid| Handle::new(fake.identify(*pid).expect("lives")))
            .collect();
        let uniques: Vec<u64> = fake.with(|machine| {
            watched.iter().map(|pid| machine.process(*pid).expect("lives").unique).collect()
        });
        for step in &steps {
            happen(&fake, step);
        }
        // What the machine knows: a zombie of the caller has a status, one of somebody else has none and may not count,
        // and who is not there has none.
        let model: Vec<Option<Option<i32>>> = fake.with(|machine| {
            uniques
                .iter()
                .map(|unique| match machine.by_unique(*unique) {
                    None => Some(None),
                    Some(process) if process.ppid == Some(machine.caller) => {
                        process.ended.map(|status| status.code())
                    }
                    Some(process) => (counts && process.is_zombie()).then_some(None),
                })
                .collect()
        });
        let mut told = BTreeMap::new();
        let outcome = wait::many(&fake, &handles, Some(Duration::ZERO), |place, status| {
            assert!(told.insert(place, status.and_then(|status| status.code())).is_none());
        })
        .expect("looks");
        for (place, expected) in model.iter().enumerate() {
            prop_assert_eq!(told.get(&place).copied(), *expected);
            prop_assert_eq!(outcome.alive.contains(&place), expected.is_none());
        }
        prop_assert_eq!(fake.with(|machine| machine.caller).get(), 100);
        prop_assert_eq!(fake.open_descriptors(), 0);
    }

    #[test]
    fn histories_of_events(ways in ways(), steps in steps(), told in any::<bool>(), limit in 1..20usize) {
        let fake = machine(ways);
        fake.with(|machine| machine.news_limit = limit);
        let soon = Duration::from_millis(1);
        let mut events = match told {
            true => Events::told(fake.clone()),
            false => Events::compared(fake.clone(), soon),
        }
        .expect("looks");
        let alive = |fake: &Fake| -> BTreeSet<Pid> {
            let is_alive = |one: &&ps_core::fake::Process| !one.is_zombie();
            fake.with(|machine| machine.processes().filter(is_alive).map(|one| one.pid).collect())
        };
        let mut living = alive(&fake);
        for step in steps.iter().chain([&Step::Look]) {
            happen(&fake, step);
            if !matches!(step, Step::Look) {
                continue;
            }
            while let Some(event) = events.next(Some(soon)).expect("looks") {
                match event {
                    Event::Started { pid, .. } => prop_assert!(living.insert(pid), "{pid} again"),
                    Event::Exited { pid, .. } => prop_assert!(living.remove(&pid), "{pid} again"),
                    Event::Executed { .. } | Event::Overflow => prop_assert!(told),
                }
            }
            prop_assert_eq!(&living, &alive(&fake));
        }
    }

    #[test]
    fn histories_of_families(ways in ways(), steps in steps()) {
        let fake = machine(ways);
        for step in steps.iter().chain([&Step::Look]) {
            happen(&fake, step);
            if !matches!(step, Step::Look) {
                continue;
            }
            let parents: BTreeMap<Pid, Option<Pid>> =
                fake.with(|machine| machine.processes().map(|one| (one.pid, one.ppid)).collect());
            let above = |pid| std::iter::successors(parents[&pid], |one| parents[one]);
            let numbers = |found: Vec<Identity>| found.into_iter().map(|one| one.pid);
            for pid in parents.keys().copied() {
                let handle = handle_of(&fake, pid);
                let line = numbers(tree::parents(&fake, &handle).expect("looks"));
                prop_assert_eq!(line.collect::<Vec<_>>(), above(pid).collect::<Vec<_>>());
                let found = numbers(tree::below(&fake, &handle, Depth::All).expect("lists"));
                let below = |one: &Pid| above(*one).any(|ancestor| ancestor == pid);
                let expected: BTreeSet<Pid> = parents.keys().copied().filter(below).collect();
                prop_assert_eq!(found.len(), expected.len(), "each once");
                prop_assert_eq!(found.collect::<BTreeSet<_>>(), expected);
            }
        }
    }

    #[test]
    fn histories_of_counters(readings in readings()) {
        let names = ["one", "two"].map(OsString::from);
        let mut rates = Rates::new();
        let mut at = std::time::Instant::now();
        let mut before: Reading = [None; 2];
        for (seconds, reading) in readings {
            at += Duration::from_secs(seconds);
            let present = names.iter().zip(reading).filter_map(|(name, counters)| {
                let mut io = NetIo::default();
                (io.bytes_sent, io.errors_in) = counters.map(|(a, b)| (a.into(), b.into()))?;
                Some((name.clone(), io))
            });
            let mut told = rates.next(present.collect(), at);
            for ((name, now), then) in names.iter().zip(reading).zip(before) {
                // What was counted since: what a lower counter shows, it has counted after it wrapped.
                let moved = |now: u32, then| u64::from(now.checked_sub(then).unwrap_or(now));
                let expected = now.map(|now| {
                    let then = then.filter(|_| seconds > 0)?;
                    Some((moved(now.0, then.0), moved(now.1, then.1), Duration::from_secs(seconds)))
                });
                let told = told.remove(name).map(|told| {
                    told.map(|(moved, time)| (moved.bytes_sent, moved.errors_in, time))
                });
                prop_assert_eq!(told, expected);
            }
            before = reading;
        }
    }

    #[test]
    fn histories_of_handles(ways in ways(), steps in steps()) {
        let fake = machine(ways);
        let mut kept: Vec<(Handle<FakePin>, u64, Known)> = Vec::new();
        let mut rightful = BTreeSet::new();
        for step in &steps {
            happen(&fake, step);
            if !matches!(step, Step::Look) {
                continue;
            }
            for pid in fake.with(|machine| machine.visible_pids()) {
                let Ok(identity) = fake.identify(pid) else { continue };
                let unique = fake.with(|machine| machine.process(pid).expect("lives").unique);
                kept.push((Handle::new(identity), unique, Known::default()));
            }
            for (handle, unique, known) in &kept {
                let lives = fake.with(|machine| machine.by_unique(*unique).is_some());
                prop_assert_eq!(is_running(&fake, handle, known).expect("answers"), lives);
                if handle.identity.pid.get() >= 300 {
                    let sent = fake.send_signal(handle, Signal::Winch);
                    prop_assert_eq!(sent.is_ok(), lives);
                    rightful.extend(sent.is_ok().then_some(*unique));
                }
            }
        }
        fake.with(|machine| {
            for delivery in machine.deliveries.iter().filter(|one| one.signal == Signal::Winch) {
                assert!(rightful.contains(&delivery.unique));
            }
        });
        let zombies = fake.with(|machine| {
            machine.processes().filter(|one| one.shown_status() == Status::Zombie).count()
        });
        prop_assert!(zombies <= steps.len());
    }
}
