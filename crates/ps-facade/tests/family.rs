//! Parents, children, and whole trees of real processes.

#![cfg(target_os = "linux")]

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ps_facade::os::linux::SystemExt;
use ps_facade::process::{Child, Process, TreeEnd};
use ps_facade::{Error, Pid, Status, System, process_iter};

const LONG: Duration = Duration::from_secs(60);

/// A shell that starts another below itself, and so on, so many levels deep.
const DEEP: &str = r#"
if [ "$LEVEL" -le 0 ]; then exec sleep 600; fi
LEVEL=$((LEVEL - 1)); export LEVEL
sh -c "$SCRIPT" &
wait
"#;

fn deep(levels: u32, mark: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", DEEP]).env("SCRIPT", DEEP).env("LEVEL", levels.to_string());
    Child::spawn(command.env("TREE_MARK", mark).stdin(Stdio::null())).expect("starts")
}

/// Everybody alive who was started with a mark.
fn marked(mark: &str) -> Vec<Process> {
    let is_marked = |process: &Process| {
        let alive = process.status().is_ok_and(|status| status != Status::Zombie);
        alive
            && process
                .environ()
                .is_ok_and(|environ| environ.get("TREE_MARK").is_some_and(|value| value == mark))
    };
    process_iter().expect("lists").filter(is_marked).collect()
}

fn mark(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_family_is_seen_from_both_ends() {
    let mark = mark("family");
    let mut top = deep(3, &mark);
    until("four levels", || marked(&mark).len() == 4);
    let below = top.descendants().expect("lists");
    assert_eq!(below.len(), 3);
    assert_eq!(top.children().expect("lists"), below[..1]);
    let mut line = below[2].parents().expect("lists").into_iter();
    assert_eq!(line.next().as_ref(), Some(&below[1]));
    assert_eq!(line.next().as_ref(), Some(&below[0]));
    assert_eq!(line.next().as_ref(), Some(top.process()));
    assert_eq!(line.next(), Some(Process::current().expect("is there")));
    assert_eq!(below[0].parent().expect("lists").as_ref(), Some(top.process()));
    assert!(top.kill_tree(LONG).expect("ends").alive.is_empty());
    top.wait().expect("ends");
    assert!(top.children().expect_err("gone").is_gone());
}

fn all_gone(end: &TreeEnd, mark: &str) {
    assert!(end.alive.is_empty() && end.refused.is_empty(), "{end:?}");
    let left = marked(mark);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_tree_that_grows_1000_deep_meanwhile_is_killed_whole() {
    let mark = mark("kill");
    let mut top = deep(1000, &mark);
    until("some depth", || top.descendants().expect("lists").len() > 50);
    let end = top.kill_tree(LONG).expect("ends");
    println!("{} members", end.gone.len());
    all_gone(&end, &mark);
    top.wait().expect("ends");
}

#[test]
fn a_tree_that_grows_meanwhile_ends_when_asked() {
    let mark = mark("ask");
    let mut top = deep(200, &mark);
    until("some depth", || top.descendants().expect("lists").len() > 20);
    let end = top.terminate_tree(LONG).expect("ends");
    println!("{} members", end.gone.len());
    all_gone(&end, &mark);
    let status = top.wait().expect("ends").expect("is mine");
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(status.signal(), Some(15));
}

#[test]
fn who_ignores_being_asked_is_killed_when_the_time_is_up() {
    let mark = mark("deaf");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' TERM; while :; do sleep 600; done"]).env("TREE_MARK", &mark);
    let mut top = Child::spawn(&mut command).expect("starts");
    until("both", || marked(&mark).len() == 2);
    let began = Instant::now();
    let grace = Duration::from_millis(200);
    let end = top.terminate_tree(grace).expect("ends");
    assert!(began.elapsed() >= grace);
    // How long the killed take to go is up to the machine.
    assert!(end.refused.is_empty(), "{end:?}");
    until("nobody", || marked(&mark).is_empty());
    top.wait().expect("ends");
}

#[test]
fn the_caller_does_not_end_itself() {
    let me = Process::current().expect("is there");
    assert!(me.terminate_tree(LONG).is_err());
    let parent = me.parent().expect("lists").expect("somebody started this");
    assert!(parent.kill_tree(LONG).is_err());
    assert!(parent.status().expect("lives") != Status::Stopped);
}

/// A process that has made itself independent of whoever started it; killed when the test is over.
struct Daemon(Process);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// A program that starts a daemon once it has been told to, and goes on.
fn starts_a_daemon() -> Child {
    let daemon = "setsid sh -c 'echo $$; exec sleep 600 > /dev/null' < /dev/null &";
    let script = format!("read line; ({daemon}) ; exec sleep 600");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    Child::spawn(&mut command).expect("starts")
}

/// Tells it to, and waits until the daemon has another parent.
fn started_by(top: &mut Child) -> Daemon {
    top.stdin.take().expect("piped").write_all(b"go on\n").expect("reads");
    let mut line = String::new();
    let output = top.stdout.as_mut().expect("piped");
    BufReader::new(output).read_line(&mut line).expect("tells");
    let pid: u32 = line.trim().parse().expect("a number");
    let pid = Pid::try_from(pid).expect("in range");
    let daemon = Daemon(Process::new(pid).expect("is there"));
    until("it is on its own", || top.descendants().is_ok_and(|all| !all.contains(&daemon.0)));
    daemon
}

#[test]
fn a_daemon_escapes_from_a_tree() {
    let mut top = starts_a_daemon();
    let daemon = started_by(&mut top);
    let end = top.kill_tree(LONG).expect("ends");
    top.wait().expect("ends");
    assert!(end.gone.iter().all(|gone| gone.process != daemon.0));
    assert!(daemon.0.status().is_ok_and(|status| status != Status::Zombie), "as documented");
}

/// A control group of version 2; taken away when the test is over.
struct Group(PathBuf);

impl Group {
    /// `None`, with a word about it, where none can be made that can be killed.
    fn new() -> Option<Group> {
        let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
        let top = places.into_iter().find(|place| place.join("cgroup.controllers").exists());
        let Some(top) = top else {
            ps_tests::skip!("no control groups of version 2 here");
            return None;
        };
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let group = Group(top.join(format!("ps-facade-test-{}-{number}", std::process::id())));
        if let Err(error) = std::fs::create_dir(&group.0) {
            ps_tests::skip!("cannot make {}: {error}", group.0.display());
            return None;
        }
        if !group.0.join("cgroup.kill").exists() {
            ps_tests::skip!("this kernel cannot kill control groups");
            return None;
        }
        Some(group)
    }

    fn is_empty(&self) -> bool {
        std::fs::read_to_string(self.0.join("cgroup.procs")).expect("reads").is_empty()
    }
}

fn take_in(group: &Path, process: &Process) {
    std::fs::write(group.join("cgroup.procs"), process.pid().to_string()).expect("takes it");
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::write(self.0.join("cgroup.kill"), "1");
        // It can be taken away once all have been collected.
        let until = Instant::now() + Duration::from_secs(5);
        while std::fs::remove_dir(&self.0).is_err_and(|e| e.kind() != ErrorKind::NotFound)
            && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_control_group_holds_daemons_and_is_killed_whole() {
    let Some(group) = Group::new() else { return };
    let mut top = starts_a_daemon();
    take_in(&group.0, &top);
    let daemon = started_by(&mut top);
    let below = group.0.join("below");
    std::fs::create_dir(&below).expect("is allowed");
    let mut apart = Child::spawn(Command::new("sleep").arg("600")).expect("starts");
    take_in(&below, &apart);
    System::default().kill_cgroup(&group.0).expect("kills");
    for process in [top.process(), &daemon.0, apart.process()] {
        until("it ends", || {
            process.status().map_or_else(|error| error.is_gone(), |status| status == Status::Zombie)
        });
    }
    use std::os::unix::process::ExitStatusExt;
    for child in [&mut top, &mut apart] {
        assert_eq!(child.wait().expect("ends").and_then(|status| status.signal()), Some(9));
    }
    until("nobody is left", || group.is_empty());
    std::fs::remove_dir(below).expect("is empty");
}

#[test]
fn what_is_no_control_group_that_can_be_killed() {
    let system = System::default();
    let nowhere = system.kill_cgroup("/sys/fs/cgroup/no-such-group".as_ref());
    assert!(matches!(nowhere, Err(Error::Io { .. })), "{nowhere:?}");
    let Some(group) = Group::new() else { return };
    let top = group.0.parent().expect("has one");
    if top.join("cgroup.kill").exists() {
        return ps_tests::skip!("the group at the top is not the machine's");
    }
    let error = system.kill_cgroup(top).expect_err("is everybody's");
    assert!(error.is_unsupported(), "{error}");
}
