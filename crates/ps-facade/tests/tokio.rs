//! Waiting and events in tasks.

#![cfg(all(target_os = "linux", feature = "tokio"))]

mod support;

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::os::unix::process::ExitStatusExt;
use std::pin::{Pin, pin};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;
use ps_facade::process::events::{Event, Events, Source};
use ps_facade::process::{Child, Process, wait_procs_async};
use ps_facade::{Error, Pid, System};
use support::{Children, has_room, in_a_process_of_its_own, is_of_its_own};
use tokio::time::timeout;

/// Held by tests that start a thousand children: more than one user may have on small machines are there at once else.
static MANY: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MANY.lock().unwrap_or_else(PoisonError::into_inner)
}

const LONG: Duration = Duration::from_secs(60);

/// Runs a future on a runtime of each kind.
fn on_each_runtime(run: impl AsyncFn()) {
    let mut single = tokio::runtime::Builder::new_current_thread();
    let mut many = tokio::runtime::Builder::new_multi_thread();
    for builder in [&mut single, many.worker_threads(2)] {
        if let Some(runtime) = started(builder) {
            runtime.block_on(run());
        }
    }
}

fn started(builder: &mut tokio::runtime::Builder) -> Option<tokio::runtime::Runtime> {
    match builder.enable_all().build() {
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
            ps_tests::skip!("this kernel has nothing that a runtime could wait with");
            None
        }
        runtime => Some(runtime.expect("starts")),
    }
}

fn processes(children: &Children) -> Vec<Process> {
    children.0.iter().map(|child| Process::try_from(child).expect("is there")).collect()
}

/// Descriptors that this program has open.
fn open_descriptors() -> u32 {
    Process::current().and_then(|me| me.num_fds()).expect("reads")
}

/// Kills children in a shuffled order, from a thread.
fn kill_shuffled(processes: &[Process]) -> std::thread::JoinHandle<()> {
    let count = processes.len();
    let mut order: Vec<(usize, Process)> =
        processes.iter().cloned().enumerate().map(|(n, one)| (n * 7919 % count, one)).collect();
    order.sort_by_key(|(turn, _)| *turn);
    std::thread::spawn(move || {
        for (_, process) in order {
            process.kill().expect("is mine");
        }
    })
}

#[test]
fn a_wait_goes_on_when_its_runtime_has_gone() {
    let mut children = Children::sleeping(2);
    let processes = processes(&children);
    let mut ends = wait_procs_async(processes.clone()).expect("asks nobody");
    let mut events = Events::new(Duration::from_millis(5)).expect("listens").into_stream();
    let short = Duration::from_millis(100);
    for (round, process) in processes.iter().enumerate() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let Some(runtime) = started(&mut builder) else { return };
        runtime.block_on(async {
            assert!(timeout(short, ends.next()).await.is_err(), "round {round}");
            let until = Instant::now() + short;
            while let Ok(event) = timeout(short, events.next()).await {
                event.expect("tells");
                if Instant::now() > until {
                    break;
                }
            }
            process.kill().expect("is mine");
            let gone = timeout(LONG, ends.next()).await.expect("ends").expect("is one of them");
            assert_eq!(gone.expect("looks").process, *process);
            let is_end =
                |event: &Event| matches!(event, Event::Exited { pid, .. } if *pid == process.pid());
            let told = async { while !is_end(&events.next().await.expect("tells")) {} };
            timeout(LONG, told).await.expect("is told");
        });
        children.0[round].wait().expect("ends");
    }
}

#[test]
fn each_of_several_systems_is_asked_at_once_whether_it_allows_to_wait() {
    let children = Children::sleeping(1);
    let own = processes(&children).remove(0);
    let (_copy, foreign) = support::elsewhere("tokio");
    for both in [[foreign.clone(), own.clone()], [own, foreign.clone()]] {
        let error = wait_procs_async(both).expect_err("cannot wait for one");
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
    assert!(wait_procs_async([foreign]).is_ok(), "nobody is asked yet");
}

#[test]
fn a_thousand_children_are_each_told_once() {
    if !has_room("processes", 1_500) {
        return;
    }
    let _alone = alone();
    on_each_runtime(async || {
        let children = Children::sleeping(ps_tests::many(1000));
        let processes = processes(&children);
        let mut ends = wait_procs_async(processes.clone()).expect("waits");
        let killing = kill_shuffled(&processes);
        let mut told = HashSet::new();
        while let Some(gone) = ends.next().await.transpose().expect("waits") {
            assert_eq!(gone.status.expect("is mine").signal(), Some(9));
            assert!(told.insert(gone.process.pid()), "told of once");
        }
        killing.join().expect("kills them");
        assert_eq!((told.len(), ends.alive().len()), (processes.len(), 0));
    });
}

#[test]
fn a_thousand_tasks_each_wait_for_a_child_of_their_own() {
    if !has_room("processes", 1_500) {
        return;
    }
    let _alone = alone();
    on_each_runtime(async || {
        let children = Children::sleeping(ps_tests::many(1000));
        let processes = processes(&children);
        let tasks: Vec<_> = processes
            .iter()
            .cloned()
            .map(|process| tokio::spawn(async move { process.wait_async().await }))
            .collect();
        let killing = kill_shuffled(&processes);
        for task in tasks {
            let status = task.await.expect("ends").expect("waits").expect("is mine");
            assert_eq!(status.signal(), Some(9));
        }
        killing.join().expect("kills them");
    });
}

#[test]
fn a_thousand_children_and_few_descriptors() {
    const ME: &str = "a_thousand_children_and_few_descriptors";
    if !is_of_its_own() {
        let _alone = alone();
        return in_a_process_of_its_own(ME, "ulimit -n 100 &&");
    }
    a_thousand_children_are_each_told_once();
}

#[test]
fn many_tasks_leave_descriptors_to_the_program() {
    if !is_of_its_own() {
        let _alone = alone();
        let me = "many_tasks_leave_descriptors_to_the_program";
        return in_a_process_of_its_own(me, "ulimit -n 200 &&");
    }
    on_each_runtime(async || {
        let children = Children::sleeping(300);
        let processes = processes(&children);
        let wait = |process: Process| tokio::spawn(async move { process.wait_async().await });
        let tasks: Vec<_> = processes.iter().cloned().map(wait).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let files: std::io::Result<Vec<_>> =
            (0..20).map(|_| std::fs::File::open("/dev/null")).collect();
        drop(files.expect("there is room"));
        let killing = kill_shuffled(&processes);
        for task in tasks {
            assert!(task.await.expect("ends").expect("waits").is_some());
        }
        killing.join().expect("kills them");
    });
}

#[test]
fn dropping_a_future_loses_nothing() {
    on_each_runtime(async || {
        let children = Children::sleeping(20);
        let processes = processes(&children);
        let mut ends = wait_procs_async(processes.clone()).expect("waits");
        let mut told = HashSet::new();
        for process in &processes {
            // Dropped again and again, at any moment of its way.
            for _ in 0..3 {
                let _ = timeout(Duration::from_micros(50), ends.next()).await.map(|gone| {
                    told.insert(gone.expect("there are some").expect("waits").process.pid())
                });
            }
            process.kill().expect("is mine");
            let mut next = pin!(ends.next());
            if let Poll::Ready(gone) = next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                told.insert(gone.expect("there are some").expect("waits").process.pid());
            }
        }
        while let Some(gone) = ends.next().await.transpose().expect("waits") {
            assert!(told.insert(gone.process.pid()), "told of once");
        }
        assert_eq!(told.len(), 20);
    });
}

#[test]
fn dropping_a_wait_for_one_leaves_it_to_be_waited_for_again() {
    on_each_runtime(async || {
        let mut child = Child::spawn(&mut support::sleeper()).expect("starts");
        for _ in 0..3 {
            assert!(timeout(Duration::from_millis(2), child.wait_async()).await.is_err());
            assert!(timeout(Duration::from_millis(2), child.process().wait_async()).await.is_err());
        }
        child.kill().expect("is mine");
        let status = child.process().wait_async().await.expect("ends").expect("is mine");
        assert!(child.is_running().expect("answers"), "it was not collected");
        assert_eq!(child.wait_async().await.expect("ends"), Some(status));
        assert!(!child.is_running().expect("answers"), "it was");
        assert_eq!(child.process().wait_async().await.expect("is known"), Some(status));
        assert_eq!(child.wait_async().await.expect("is known"), Some(status));
    });
}

#[test]
fn no_descriptor_is_left_open_and_no_thread_is_started() {
    const ME: &str = "no_descriptor_is_left_open_and_no_thread_is_started";
    if !is_of_its_own() {
        return in_a_process_of_its_own(ME, "");
    }
    let Some(runtime) = started(&mut tokio::runtime::Builder::new_current_thread()) else { return };
    runtime.block_on(async {
        let children = Children::sleeping(50);
        let processes = processes(&children);
        let threads = || Process::current().and_then(|me| me.num_threads()).expect("reads");
        let before = (open_descriptors(), threads());
        let mut waits: Vec<_> =
            processes.iter().map(|process| Box::pin(process.wait_async())).collect();
        let mut ends = wait_procs_async(processes.clone()).expect("waits");
        let mut events = Events::new(Duration::from_millis(5)).expect("listens").into_stream();
        for wait in &mut waits {
            assert!(timeout(Duration::from_micros(1), wait.as_mut()).await.is_err());
        }
        assert!(timeout(Duration::from_millis(5), ends.next()).await.is_err());
        let _ = timeout(Duration::from_millis(5), events.next()).await;
        assert!(open_descriptors() > before.0);
        assert_eq!(threads(), before.1);
        drop((waits, ends, events));
        assert_eq!(open_descriptors(), before.0);
    });
}

#[test]
fn those_that_have_ended_before_are_told_too() {
    on_each_runtime(async || {
        let mut children = Children::sleeping(3);
        let processes = processes(&children);
        for process in &processes[..2] {
            process.kill().expect("is mine");
        }
        processes[0].wait().expect("ends");
        processes[1].wait().expect("ends");
        children.0[1].wait().expect("is mine");
        assert!(!processes[1].is_running().expect("answers"));
        let given = [&processes[0], &processes[1], &processes[2], &processes[0]];
        let mut ends = wait_procs_async(given.map(Clone::clone)).expect("waits");
        let mut told = Vec::new();
        for _ in 0..2 {
            told.push(ends.next().await.expect("has ended").expect("waits").process);
        }
        assert_eq!(told, processes[..2]);
        assert_eq!(ends.alive(), processes[2..]);
        assert!(timeout(Duration::from_millis(5), ends.next()).await.is_err());
    });
}

#[test]
fn a_process_that_is_no_child_has_ended_when_it_is_collected() {
    on_each_runtime(async || {
        // The child starts another, which it collects only when it is told to.
        let script = "sleep 600 & echo $!; read line; wait; read line";
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut parent = Child::spawn(&mut command).expect("starts");
        let mut line = String::new();
        let mut output = std::io::BufReader::new(parent.stdout.take().expect("piped"));
        std::io::BufRead::read_line(&mut output, &mut line).expect("reads");
        let pid: u32 = line.trim().parse().expect("a number");
        let grandchild = Process::new(Pid::try_from(pid).expect("in range")).expect("is there");
        let mut wait = Box::pin(grandchild.wait_async());
        assert!(timeout(Duration::from_millis(5), wait.as_mut()).await.is_err());
        grandchild.kill().expect("is mine");
        assert!(timeout(Duration::from_millis(50), wait.as_mut()).await.is_err(), "a zombie");
        let mut input = parent.stdin.take().expect("piped");
        std::io::Write::write_all(&mut input, b"go on\n").expect("writes");
        assert_eq!(timeout(LONG, wait).await.expect("ends").expect("waits"), None);
        drop(input);
        parent.wait_async().await.expect("ends");
    });
}

/// The events of both sources, where there is the one of the kernel.
fn sources() -> Vec<Events> {
    let system = System::default();
    let compared = Events::from_comparison(&system, Duration::from_millis(5)).expect("looks");
    match Events::from_kernel(&system) {
        Ok(told) => vec![compared, told],
        Err(error) => {
            ps_tests::skip!("the kernel's events: {error}");
            vec![compared]
        }
    }
}

#[test]
fn events_are_a_stream() {
    on_each_runtime(async || {
        for events in sources() {
            let mut events = events.into_stream();
            let mut child = Command::new("sleep").arg("600").spawn().expect("starts");
            let pid = Pid::try_from(child.id()).expect("in range");
            let next =
                async |events: &mut (dyn Stream<Item = ps_facade::Result<Event>> + Unpin)| {
                    let event = poll_fn(|task| Pin::new(&mut *events).poll_next(task));
                    timeout(LONG, event).await.expect("is told").expect("goes on").expect("tells")
                };
            while !matches!(next(&mut events).await, Event::Started { pid: p, .. } if p == pid) {}
            child.kill().expect("is mine");
            while !matches!(next(&mut events).await, Event::Exited { pid: p, .. } if p == pid) {}
            child.wait().expect("ends");
        }
    });
}

#[test]
fn dropping_a_future_of_events_loses_none() {
    on_each_runtime(async || {
        let Some(events) = sources().into_iter().find(|one| one.source() == Source::Kernel) else {
            return;
        };
        let mut events = events.into_stream();
        let mut ended = HashSet::new();
        let mut expected = HashSet::new();
        let mut overflowed = false;
        let mut note = |event: ps_facade::Result<Event>| match event.expect("tells") {
            Event::Exited { pid, .. } => _ = ended.insert(pid),
            Event::Overflow => overflowed = true,
            _ => {}
        };
        for _ in 0..200 {
            let mut child = Command::new("true").spawn().expect("starts");
            for _ in 0..2 {
                let _ = timeout(Duration::from_micros(20), events.next()).await.map(&mut note);
            }
            child.wait().expect("ends");
            expected.insert(Pid::try_from(child.id()).expect("in range"));
        }
        let until = Instant::now() + LONG;
        while let Ok(event) = timeout(Duration::from_millis(300), events.next()).await {
            note(event);
            assert!(Instant::now() < until, "other tests start too many processes");
        }
        if overflowed {
            return ps_tests::skip!("other tests start too many processes");
        }
        assert_eq!(expected.difference(&ended).count(), 0);
    });
}
