//! One process: which it is, its records, and where it is looked at.

#![cfg(target_os = "linux")]

mod support;

use std::collections::HashSet;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ps_facade::os::linux::{ProcessExt, Roots, SystemExt};
use ps_facade::process::{Child, Process, wait_procs};
use ps_facade::{Error, Fields, Missing, Pid, Signal, Status, System, mem};

fn sleeping() -> Child {
    let child = Child::spawn(&mut support::sleeper()).expect("starts");
    // It may have started before it bears the name of its program.
    while child.name().expect("is there") != "sleep" {}
    child
}

/// A child that has ended and was not collected.
fn zombie() -> Child {
    let child = Child::spawn(&mut Command::new("true")).expect("starts");
    child.process().wait().expect("ends");
    child
}

// What a process is does not change, though what is known of it does.
#[allow(clippy::mutable_key_type)]
#[test]
fn equality_and_hash_go_by_the_process_and_not_by_the_value() {
    let (mut child, mut other) = (sleeping(), sleeping());
    let again = Process::new(child.pid()).expect("is there");
    let listed = ps_facade::process_iter().expect("lists").find(|one| one.pid() == child.pid());
    let ways = [child.process().clone(), again.pin().expect("is there"), listed.expect("listed")];
    for way in &ways {
        assert!(way == &again && way != other.process());
    }
    let all: HashSet<Process> = ways.into_iter().chain([other.process().clone()]).collect();
    assert_eq!(all.len(), 2);
    let shown = child.process().to_string();
    assert!(shown.starts_with(&format!("process {} (sleep, ", child.pid())), "{shown}");
    for child in [&mut child, &mut other] {
        child.kill().expect("is mine");
        child.wait().expect("ends");
        assert_eq!(child.process().to_string(), format!("process {} (gone)", child.pid()));
    }
}

#[test]
fn a_child_that_was_collected_is_not_taken_for_a_process() {
    let mut child = Command::new("true").spawn().expect("starts");
    child.wait().expect("ends");
    assert!(Process::try_from(&child).expect_err("its pid is nobody's or another's").is_gone());
}

#[test]
fn a_process_that_was_found_gone_is_not_asked_about_again() {
    let (copy, process) = support::elsewhere("gone");
    let before = process.snapshot();
    let name = before.name().expect("is there");
    let place = copy.0.join(process.pid().to_string());
    let aside = copy.0.join("aside");
    std::fs::rename(&place, &aside).expect("goes");
    assert!(!process.is_running().expect("answers"));
    // Nothing tells it from the one that was there.
    std::fs::rename(&aside, &place).expect("comes");
    std::fs::create_dir(place.join("fd")).expect("has no descriptors");
    let now = process.snapshot();
    let errors = [
        process.ppid().expect_err("gone"),
        process.oom_score().expect_err("gone"),
        process.descriptors().expect_err("gone"),
        now.ppid().expect_err("gone"),
        now.identity().expect_err("gone"),
        now.oom_score().expect_err("gone"),
        now.descriptors().expect_err("gone"),
    ];
    for error in errors {
        assert!(error.is_gone() && error.name() == Some(&name), "{error}");
    }
    assert!(before.ppid().expect("was read before").is_some());
}

#[test]
fn a_process_that_vanishes_in_a_snapshot_gives_what_was_read_and_no_more() {
    let mut child = sleeping();
    let now = child.snapshot();
    let (name, ppid) = (now.name().expect("is there"), now.ppid().expect("is there"));
    child.kill().expect("is mine");
    child.process().wait().expect("ends");
    assert!(matches!(now.exe(), Err(Error::ZombieProcess { .. })));
    child.wait().expect("is mine");
    assert_eq!((now.name().expect("was read"), now.ppid().expect("was read")), (name, ppid));
    let error = now.cwd().expect_err("has gone");
    assert!(error.is_gone() && error.name() == Some("sleep".as_ref()), "{error}");
    assert!(!child.is_running().expect("answers"));
}

#[test]
fn a_name_that_the_kernel_may_have_cut_stays_known_in_a_snapshot() {
    let place = Directory::new("name");
    let program = place.0.join("a-name-longer-than-the-kernel-keeps");
    let path = std::env::var_os("PATH").expect("there is one");
    let mut sleeps = std::env::split_paths(&path).map(|directory| directory.join("sleep"));
    let sleep = sleeps.find(|sleep| sleep.exists()).expect("there is one");
    std::os::unix::fs::symlink(sleep, &program).expect("made");
    let mut child = Command::new(program);
    let mut child = Child::spawn(child.arg0("sleep").arg("600")).expect("starts");
    while child.name().expect("is there") != "a-name-longer-t" {}
    let now = child.snapshot();
    let name = now.name().expect("is there");
    child.kill().expect("is mine");
    child.wait().expect("ends");
    assert_eq!(now.name().expect("was read"), name);
    assert!(now.cmdline().expect_err("has gone").is_gone());
}

#[test]
fn a_record_says_of_each_fact_that_it_lacks_why() {
    let mut child = zombie();
    let record = child.record(Fields::ALL).expect("is there");
    assert_eq!(record.status, Ok(Status::Zombie));
    let lacks = |name: &str| record.missing().into_iter().find(|(one, _)| *one == name);
    assert_eq!(lacks("exe"), Some(("exe", Missing::Zombie)));
    assert_eq!(lacks("status"), None);
    let asked = child.record(Fields::PPID).expect("is there");
    assert_eq!(asked.exe, Err(Missing::NotAsked));
    child.wait().expect("is mine");
    assert!(child.record(Fields::PPID).expect_err("has gone").is_gone());
    // Of somebody else's process, some facts are refused and the others told.
    let first = Process::new(Pid::try_from(1).expect("in range")).expect("is there");
    let record = first.record(Fields::ALL).expect("is there");
    assert!(record.ppid.is_ok() && record.name.is_ok());
    match record.environ {
        Ok(_) => ps_tests::skip!("this user may read the environment of process 1"),
        Err(missing) => assert_eq!(missing, Missing::Denied),
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_record_can_be_written_down_and_read_back() {
    let mut child = zombie();
    let me = Process::current().expect("is there");
    for process in [child.process(), &me] {
        let record = process.record(Fields::ALL).expect("is there");
        let text = serde_json::to_string(&record).expect("serialises");
        let back: ps_facade::process::Record = serde_json::from_str(&text).expect("reads back");
        assert_eq!(back, record);
    }
    child.wait().expect("is mine");
}

/// A directory that is taken away when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("ps-facade-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).expect("is made");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn another_root_answers_for_itself_and_never_for_the_caller() {
    let root = Directory::new("elsewhere");
    let proc = root.0.join("proc");
    std::fs::create_dir_all(proc.join("7")).expect("is made");
    let meminfo = "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 400 kB\n";
    std::fs::write(proc.join("meminfo"), meminfo).expect("is written");
    let stat = "7 (elsewhere) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1234 0 0\n";
    std::fs::write(proc.join("7/stat"), stat).expect("is written");
    let there = System::at(Roots::below(&root.0));
    assert_eq!(there.virtual_memory().expect("reads").total, 1000 << 10);
    assert_ne!(mem::virtual_memory().expect("reads").total, 1000 << 10, "the default one is here");
    let pids: Vec<u32> = there.pids().expect("lists").iter().map(|pid| pid.get()).collect();
    assert_eq!(pids, [7]);
    let process = Process::of(&there, Pid::try_from(7).expect("in range")).expect("is there");
    assert_eq!(process.name().expect("reads"), "elsewhere");
    let unsupported = |error: Error| assert!(error.is_unsupported(), "{error}");
    unsupported(process.wait_timeout(Duration::ZERO).expect_err("is no process of this machine"));
    unsupported(wait_procs([process.clone()], None, |_| {}).expect_err("as little"));
    unsupported(process.set_nice(0).expect_err("would be set for whoever has the number here"));
    // What there is no descriptor of cannot be signalled, whoever has the number here.
    assert!(process.send_signal(Signal::NULL).is_err());
    assert!(Process::current_of(&there).is_err(), "the caller is not among them");
}

#[test]
fn the_callers_own_root_by_another_name_is_the_callers_own() {
    let root = Directory::new("same");
    std::os::unix::fs::symlink("/proc", root.0.join("proc")).expect("is made");
    let system = System::at(Roots { proc: root.0.join("proc"), ..Roots::default() });
    let mut child = sleeping();
    let process = Process::of(&system, child.pid()).expect("is there");
    assert_eq!(&process, child.process());
    // It moves as long as the program grows.
    let both =
        || (process.oom_score().expect("reads"), child.snapshot().oom_score().expect("reads"));
    assert!((0..1000).map(|_| both()).any(|(one, other)| one == other), "{:?}", both());
    process.kill().expect("is mine");
    assert!(process.wait_timeout(Duration::from_secs(60)).expect("ends").is_some());
    child.wait().expect("is mine");
}

#[test]
fn what_programs_keep_can_be_kept_by_any_thread() {
    fn is_shared<T: Send + Sync + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<ps_facade::System>();
    is_shared::<ps_facade::Process>();
    is_shared::<ps_facade::process::Child>();
    is_shared::<ps_facade::process::ProcessTable>();
    is_sent::<ps_facade::Snapshot>();
    is_sent::<ps_facade::process::events::Events>();
}
