//! Acting on processes.

use std::os::unix::process::ExitStatusExt;

use ps_linux::process::{
    ControlBackend, Exit, Handle, Identity, IoClass, IoPriority, Limit, Policy, ProcessBackend,
    ProcessView, Resource, Scheduling, WaitBackend,
};
use ps_linux::{Error, Linux, Pid, Signal, Status};

use crate::herd::Member;
use crate::{handle, is_denied, is_invalid, may, other_thread, pid, view};

#[test]
fn acting_on_pid_zero_is_refused_before_any_call() {
    let linux = Linux::new();
    let nobody = Handle::new(Identity::new(Pid::ZERO, None));
    assert!(is_invalid(linux.send_signal(&nobody, Signal::Kill)));
    assert!(is_invalid(linux.set_nice(&nobody, 1)));
    assert!(is_invalid(linux.set_limit(&nobody, Resource::Core, Limit::UNLIMITED)));
    assert!(is_invalid(linux.set_cpu_affinity(&nobody, &[])));
    assert!(is_invalid(linux.set_io_priority(&nobody, IoPriority::default())));
    assert!(is_invalid(linux.set_oom_adjustment(&nobody, 0)));
    assert!(is_invalid(linux.look_at_exit(&nobody)));
    assert!(is_invalid(linux.reap(&nobody)));
    let mut set = linux.wait_set().expect("made");
    assert!(is_invalid(ps_linux::process::WaitSet::watch(&mut set, &nobody, 1)));
}

#[test]
fn signal_stops_continues_and_ends_a_process() {
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let until = |wanted: &[Status]| {
        while !wanted.contains(&view(member.id()).status().expect("readable")) {
            std::thread::yield_now();
        }
    };
    linux.send_signal(&handle, Signal::NULL).expect("sent");
    linux.send_signal(&handle, Signal::Stop).expect("sent");
    until(&[Status::Stopped]);
    assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Running, "stopped is no end");
    linux.send_signal(&handle, Signal::Cont).expect("sent");
    until(&[Status::Sleeping, Status::Running]);
    assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Running);
    linux.send_signal(&handle, Signal::RealTime(2)).expect("sent");
    until(&[Status::Zombie]);
    let Exit::Ended(Some(status)) = linux.reap(&handle).expect("collected") else {
        panic!("ended")
    };
    assert_eq!(status.signal(), Some(libc::SIGRTMIN() + 2));
}

#[test]
fn signal_to_a_process_that_has_ended_says_so() {
    let member = Member::start("wait");
    let pinned = {
        let mut handle = handle(member.id());
        handle.pin = Some(Linux::new().pin(&handle.identity).expect("pinned").into());
        handle
    };
    let unpinned = handle(member.id());
    drop(member);
    for handle in [pinned, unpinned] {
        let error = Linux::new().send_signal(&handle, Signal::NULL).expect_err("gone");
        assert!(matches!(error, Error::NoSuchProcess { .. }), "{error}");
        assert!(Linux::new().set_nice(&handle, 1).is_err_and(|error| error.is_gone()));
    }
}

#[test]
fn signal_that_there_is_not_is_refused() {
    let member = Member::start("wait");
    for signal in [Signal::Emt, Signal::Other(65), Signal::Other(-1), Signal::RealTime(200)] {
        assert!(is_invalid(Linux::new().send_signal(&handle(member.id()), signal)), "{signal}");
    }
}

#[test]
fn signal_to_somebody_elses_process_is_denied_to_all_but_root() {
    let us = nix::unistd::geteuid();
    if us.is_root() || view(1).uids().expect("readable").real.get() == us.as_raw() {
        return ps_tests::skip!("process 1 is nobody else's");
    }
    let error = Linux::new().send_signal(&handle(1), Signal::NULL).expect_err("denied");
    assert!(error.is_denied(), "{error}");
    assert!(is_denied(Linux::new().set_nice(&handle(1), 19)));
    assert!(is_denied(Linux::new().set_oom_adjustment(&handle(1), 1)));
    assert!(is_denied(view(1).limit(Resource::Core)));
}

#[test]
fn identity_that_does_not_decide_is_not_acted_upon() {
    let member = Member::start("wait");
    let mut handle = handle(member.id());
    handle.identity.settled = false;
    handle.identity.unique = None;
    let linux = Linux::new();
    assert!(is_invalid(linux.send_signal(&handle, Signal::Kill)));
    assert!(is_invalid(linux.set_nice(&handle, 1)));
    assert!(is_invalid(linux.set_oom_adjustment(&handle, 1)));
    assert_eq!(linux.view(&handle).ppid().expect("readable"), Some(pid(std::process::id())));
}

#[test]
fn affinity_of_no_cpus_is_all_that_are_allowed() {
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let cpus = || view(member.id()).cpu_affinity().expect("readable");
    // It may have inherited fewer.
    linux.set_cpu_affinity(&handle, &[]).expect("set");
    let all = cpus();
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    let first = all[0];
    linux.set_cpu_affinity(&handle, &[first]).expect("set");
    assert_eq!(cpus(), [first]);
    linux.set_cpu_affinity(&handle, &[]).expect("set");
    assert_eq!(cpus(), all);
    // Those that do not exist are left out as long as one does.
    linux.set_cpu_affinity(&handle, &[first, 4000, first]).expect("set");
    assert_eq!(cpus(), [first]);
    assert_eq!(linux.set_cpu_affinity_of_all_threads(&handle, &[]).expect("set"), 1);
    assert_eq!(view(member.id()).thread_cpu_affinity(member.id()).expect("readable"), all);
    assert!(is_invalid(view(member.id()).thread_cpu_affinity(1)));
}

#[test]
fn affinity_of_cpus_that_do_not_exist_is_refused_and_names_those_that_do() {
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").expect("readable");
    for bad in [&[4000][..], &[70_000], &[u32::MAX]] {
        let error = linux.set_cpu_affinity(&handle, bad).expect_err("refused");
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
        assert!(error.to_string().contains(online.trim()), "{error}");
        let error = linux.set_cpu_affinity_of_all_threads(&handle, bad).expect_err("refused");
        assert!(error.to_string().contains(online.trim()), "{error}");
    }
}

#[test]
fn io_priority_is_set_and_read_by_class_and_level() {
    let member = Member::start("threads:1");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let tid = other_thread(member.id());
    // Another one than it inherited.
    let before = match view(member.id()).io_priority() {
        Err(Error::Unsupported { .. }) => {
            return ps_tests::skip!("no such priorities in this kernel");
        }
        read => read.expect("readable"),
    };
    let best = |level| IoPriority::new(IoClass::BestEffort, level).expect("valid");
    let new = if before == best(6) { best(5) } else { best(6) };
    linux.set_io_priority(&handle, new).expect("set");
    assert_eq!(view(member.id()).io_priority().expect("readable"), new);
    assert_ne!(
        view(member.id()).thread_io_priority(tid).expect("readable"),
        new,
        "one thread alone"
    );
    let idle = IoPriority::new(IoClass::Idle, 0).expect("valid");
    assert_eq!(linux.set_io_priority_of_all_threads(&handle, idle).expect("set"), 2);
    assert_eq!(view(member.id()).thread_io_priority(tid).expect("readable"), idle);
    linux.set_thread_io_priority(&handle, tid, new).expect("set");
    assert_eq!(view(member.id()).thread_io_priority(tid).expect("readable"), new);
    let first = IoPriority::new(IoClass::RealTime, 0).expect("valid");
    let set = linux.set_io_priority(&handle, first);
    if may(&["sys_nice", "sys_admin"], "a real-time priority") {
        set.expect("set");
        assert_eq!(view(member.id()).io_priority().expect("readable"), first);
    } else {
        assert!(is_denied(set));
    }
}

#[test]
fn scheduling_policy_is_set_and_read() {
    let member = Member::start("threads:1");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    let tid = other_thread(member.id());
    let look = |number| view(number).scheduling().expect("readable").expect("told");
    if look(member.id()).policy != Policy::Other {
        return ps_tests::skip!("the tests run under another policy than usual");
    }
    let batch = Scheduling::new(Policy::Batch, 0).expect("valid");
    linux.set_scheduling(&handle, batch).expect("set");
    assert_eq!(look(member.id()), batch);
    assert_eq!(look(tid).policy, Policy::Other);
    linux.set_thread_scheduling(&handle, tid, batch).expect("set");
    assert_eq!(look(tid), batch);
    let real = Scheduling::new(Policy::RoundRobin, 7).expect("valid");
    let set = linux.set_scheduling_of_all_threads(&handle, real);
    match set {
        Ok(count) => assert_eq!((count, look(tid)), (2, real)),
        Err(error) => ps_tests::skip!("no real time here: {error}"),
    }
}

#[test]
fn oom_adjustment_is_set_and_read() {
    let member = Member::start("wait");
    let (linux, handle) = (Linux::new(), handle(member.id()));
    linux.set_oom_adjustment(&handle, 1000).expect("set");
    assert_eq!(view(member.id()).oom_adjustment().expect("readable"), 1000);
    assert!(view(member.id()).oom_score().expect("readable") > 0);
    for bad in [-1001, 1001] {
        assert!(is_invalid(linux.set_oom_adjustment(&handle, bad)));
    }
    if !may(&["sys_resource"], "protecting a process") {
        assert!(is_denied(linux.set_oom_adjustment(&handle, -1000)));
    }
}

#[test]
fn privileges_and_namespaces_are_those_the_kernel_shows() {
    let look = view(std::process::id());
    let namespaces = look.namespaces().expect("readable");
    for (name, told) in [("net", namespaces.network), ("user", namespaces.user)] {
        // Kernels can be built without them.
        let link = std::fs::read_link(format!("/proc/self/ns/{name}")).ok();
        let told = told.map(|number| format!("{name}:[{number}]").into());
        assert_eq!(told, link);
    }
    let text = std::fs::read_to_string("/proc/self/status").expect("readable");
    let effective = look.capabilities().expect("readable").effective.expect("shown");
    assert!(text.contains(&format!("CapEff:\t{effective}\n")), "{text}");
    match (look.cgroups(), std::fs::read_to_string("/proc/self/cgroup")) {
        (Ok(groups), Ok(lines)) => assert_eq!(groups.len(), lines.lines().count()),
        (Err(error), Err(_)) => assert!(error.is_unsupported(), "{error}"),
        (groups, lines) => panic!("{groups:?}, {lines:?}"),
    }
    assert_eq!(look.seccomp().expect("readable").is_some(), text.contains("\nSeccomp:\t"));
    assert_eq!(look.no_new_privs().expect("readable").is_some(), text.contains("\nNoNewPrivs:\t"));
}

#[test]
fn pin_outlives_the_process_and_never_shows_another() {
    let member = Member::start("wait");
    let linux = Linux::new();
    let mut handle = handle(member.id());
    handle.pin = Some(linux.pin(&handle.identity).expect("pinned").into());
    assert_eq!(linux.view(&handle).num_threads().expect("readable"), 1);
    drop(member);
    assert!(linux.view(&handle).num_threads().is_err_and(|error| error.is_gone()));
    assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Ended(None));
    assert!(linux.pin(&handle.identity).is_err_and(|error| error.is_gone()));
}
