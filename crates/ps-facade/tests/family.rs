//! Parents, children, and whole trees of real processes.

#![cfg(target_os = "linux")]

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ps_facade::process::{Child, Process, TreeEnd};
use ps_facade::{Status, process_iter};

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
    until("some depth", || marked(&mark).len() > 50);
    let end = top.kill_tree(LONG).expect("ends");
    println!("{} members", end.gone.len());
    all_gone(&end, &mark);
    top.wait().expect("ends");
}

#[test]
fn a_tree_that_grows_meanwhile_ends_when_asked() {
    let mark = mark("ask");
    let mut top = deep(200, &mark);
    until("some depth", || marked(&mark).len() > 20);
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
    all_gone(&end, &mark);
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
