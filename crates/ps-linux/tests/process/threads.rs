//! Threads, CPU time, CPUs.

use std::time::Duration;

use ps_linux::process::{Limit, ProcessView, Resource, Thread};
use ps_linux::{ControlBackend, Linux};

use crate::herd::Member;
use crate::{handle, is_invalid, other_thread, view};

#[test]
fn threads_ascend_and_one_is_the_process() {
    let member = Member::start("threads:5");
    let look = view(member.id());
    let threads = look.threads().expect("listed");
    assert_eq!(threads.len(), 6);
    assert_eq!(look.num_threads().expect("readable"), 6);
    assert!(threads.windows(2).all(|pair| pair[0].id < pair[1].id));
    let is_main = |thread: &&Thread| thread.id == u64::from(member.id());
    assert_eq!(threads.iter().filter(is_main).count(), 1);
    let mut workers: Vec<_> = threads.iter().filter(|thread| !is_main(thread)).collect();
    workers.sort_by(|a, b| a.name.cmp(&b.name));
    for (index, thread) in workers.into_iter().enumerate() {
        assert_eq!(thread.name.as_deref(), Some(format!("worker-{index}").as_ref()));
        assert!(thread.status.is_some() && thread.context_switches.is_none());
        assert_eq!(
            thread.user_time.zip(thread.system_time).map(|(a, b)| a + b),
            Some(thread.total_time)
        );
    }
    let counted = look.threads_with_context_switches().expect("listed");
    assert!(counted.iter().all(|thread| thread.context_switches.is_some()));
    let last = u32::try_from(threads[5].id).expect("in range");
    assert_eq!(look.thread(last).expect("looks").map(|thread| thread.id), Some(threads[5].id));
    assert_eq!(look.thread(std::process::id()).expect("looks"), None);
}

#[test]
fn thread_that_ends_while_listed_is_left_out() {
    let member = Member::start("churn");
    crate::many_times(|| {
        let threads = view(member.id()).threads_with_context_switches().expect("listed");
        assert!(threads.iter().any(|thread| thread.id == u64::from(member.id())));
    });
}

#[test]
fn threads_of_a_process_that_ended_are_no_empty_list() {
    let member = Member::start("threads:2");
    let look = view(member.id());
    look.comm().expect("readable");
    drop(member);
    assert!(look.threads().is_err_and(|error| error.is_gone()));
    assert!(look.thread(1).is_err_and(|error| error.is_gone()));
}

#[test]
fn cpu_time_of_a_busy_thread_is_counted() {
    let member = Member::start("spin");
    let until = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let times = view(member.id()).cpu_times().expect("readable");
        assert!(times.children_user.is_some() && times.iowait.is_some());
        let threads = view(member.id()).threads().expect("listed");
        // To start took the main thread some time, too.
        let busiest = threads.iter().max_by_key(|thread| thread.total_time).expect("at least one");
        // Kernels that are programs of another count all of it as their own.
        if times.user + times.system >= Duration::from_millis(50)
            && busiest.id != u64::from(member.id())
        {
            break;
        }
        assert!(std::time::Instant::now() < until, "not counted: {times:?}, {threads:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn cpu_number_is_one_there_is() {
    let number = view(std::process::id()).cpu_num().expect("readable").expect("known");
    let cpus = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_CONF).expect("known");
    assert!(number < u32::try_from(cpus.expect("known")).expect("few"));
}

#[test]
fn nice_is_clamped_and_minus_one_is_a_value() {
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let nice = || view(member.id()).nice().expect("readable");
    linux.set_nice(&handle, 40).expect("set");
    assert_eq!(nice(), 19);
    if crate::may(&["sys_nice"], "strengthening a process") {
        linux.set_nice(&handle, -1).expect("set");
        assert_eq!(nice(), -1);
        linux.set_nice(&handle, -21).expect("set");
        assert_eq!(nice(), -20);
    } else {
        let none = Limit { soft: Some(0), hard: Some(0) };
        linux.set_limit(&handle, Resource::Nice, none).expect("lowered");
        assert!(crate::is_denied(linux.set_nice(&handle, -1)));
        assert_eq!(nice(), 19);
    }
}

#[test]
fn nice_is_a_matter_of_each_thread() {
    let member = Member::start("threads:2");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let threads = view(member.id()).threads().expect("listed");
    let mut tids: Vec<u32> =
        threads.iter().map(|thread| u32::try_from(thread.id).expect("in range")).collect();
    tids.sort_by_key(|tid| *tid != member.id());
    let nice = |tid: u32| view(tid).nice().expect("readable");
    let base = nice(tids[0]);
    if base > 16 {
        return ps_tests::skip!("there is no room to weaken threads further");
    }
    linux.set_nice(&handle, base + 1).expect("set");
    assert_eq!([nice(tids[0]), nice(tids[1])], [base + 1, base]);
    linux.set_thread_nice(&handle, tids[1], base + 2).expect("set");
    assert_eq!([nice(tids[0]), nice(tids[1]), nice(tids[2])], [base + 1, base + 2, base]);
    assert_eq!(linux.set_nice_of_all_threads(&handle, base + 3).expect("set"), 3);
    assert!(tids.iter().all(|tid| nice(*tid) == base + 3));
    assert!(is_invalid(linux.set_thread_nice(&handle, std::process::id(), 5)));
    assert!(is_invalid(linux.set_thread_nice(&handle, 0, 5)));
}

#[test]
fn thread_cannot_be_acted_upon_as_a_process_and_the_error_names_the_process() {
    use ps_linux::WaitBackend;
    let member = Member::start("threads:1");
    let thread = handle(other_thread(member.id()));
    let linux = Linux::new();
    for error in [
        linux.send_signal(&thread, ps_linux::Signal::Kill).expect_err("refused"),
        linux.set_nice(&thread, 5).expect_err("refused"),
        linux.set_cpu_affinity(&thread, &[]).expect_err("refused"),
        linux.look_at_exit(&thread).expect_err("refused"),
        linux.set_limit(&thread, Resource::Core, Limit::UNLIMITED).expect_err("refused"),
    ] {
        assert!(matches!(error, ps_linux::Error::InvalidArgument { .. }), "{error:?}");
        assert!(error.to_string().contains(&member.id().to_string()), "{error}");
    }
    view(member.id()).comm().expect("still there");
}
