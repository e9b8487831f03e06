//! Processes that have ended and were not collected, and those that only look like it.

use std::ops::ControlFlow;

use ps_linux::process::{
    ControlBackend, Exit, ProcessBackend, ProcessView, Resource, WaitBackend, WaitSet, Watched,
};
use ps_linux::{Error, Fields, Linux, Missing, Scanner, Signal, Status};

use crate::herd::Member;
use crate::{counts_no_io, handle, is_denied, is_root, is_zombie, pid, view};

fn zombie() -> Member {
    Member::start("wait").into_zombie()
}

#[test]
fn zombie_keeps_its_record() {
    let member = zombie();
    let view = view(member.id());
    assert_eq!(view.status().expect("readable"), Status::Zombie);
    assert!(!view.name().expect("readable").is_empty());
    assert_eq!(view.ppid().expect("readable"), Some(pid(std::process::id())));
    assert_eq!(view.uids().expect("readable").real.get(), nix::unistd::getuid().as_raw());
    assert_eq!(view.gids().expect("readable").saved.get(), nix::unistd::getgid().as_raw());
    view.create_time().expect("readable");
    view.cpu_times().expect("readable");
    view.nice().expect("readable");
    view.page_faults().expect("readable");
    view.context_switches().expect("readable");
    match view.io_priority() {
        // Kernels without block devices have no such thing.
        Ok(_) | Err(Error::Unsupported { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    assert!(view.cpu_num().expect("readable").is_some());
    assert!(!view.cpu_affinity().expect("readable").is_empty());
}

#[test]
fn zombie_exists_and_is_listed() {
    let member = zombie();
    let linux = Linux::new();
    assert!(linux.pid_exists(pid(member.id())).expect("answers"));
    assert!(linux.pids().expect("listed").contains(&pid(member.id())));
    linux.identify(pid(member.id())).expect("there");
}

#[test]
fn zombie_has_one_thread_and_no_terminal() {
    let member = zombie();
    let view = view(member.id());
    assert!(view.num_threads().expect("readable") <= 1);
    let threads = view.threads().expect("listed");
    assert_eq!(threads.len(), 1);
    assert_eq!(threads[0].id, u64::from(member.id()));
    assert_eq!(view.terminal().expect("readable"), None);
}

#[test]
fn zombie_has_no_arguments_links_and_mappings_and_says_so() {
    let member = zombie();
    let view = view(member.id());
    assert!(is_zombie(view.cmdline()));
    assert!(is_zombie(view.cmdline_raw()));
    assert!(is_zombie(view.exe()));
    assert!(is_zombie(view.cwd()));
    assert!(is_zombie(view.root()));
    assert!(is_zombie(view.umask()));
    if is_root("reading the mappings and environment of a zombie") {
        assert!(is_zombie(view.memory_maps()));
        assert!(is_zombie(view.environ()));
    } else {
        assert!(is_denied(view.environ()));
    }
    let Err(error @ Error::ZombieProcess { ppid, .. }) = view.cmdline() else { panic!("one") };
    assert_eq!(ppid, Some(pid(std::process::id())));
    assert!(error.is_gone());
}

#[test]
fn zombie_has_no_descriptors_for_root_and_is_denied_to_others() {
    let member = zombie();
    let view = view(member.id());
    let all = &ps_linux::net::ConnectionQuery::default();
    if is_root("listing the descriptors of a zombie") {
        assert_eq!(view.num_fds().expect("readable"), 0);
        assert!(view.open_files().expect("readable").is_empty());
        assert!(view.net_connections(all).expect("readable").is_empty());
        assert!(counts_no_io(&view) || view.io_counters().is_ok());
    } else {
        assert!(is_denied(view.num_fds()));
        assert!(is_denied(view.open_files()));
        assert!(is_denied(view.net_connections(all)));
        assert!(counts_no_io(&view) || is_denied(view.io_counters()));
    }
}

#[test]
fn zombie_has_no_memory() {
    let member = zombie();
    let view = view(member.id());
    let memory = view.memory_info().expect("readable");
    assert_eq!((memory.rss, memory.vms, memory.shared), (0, 0, Some(0)));
    let more = view.memory_info_ex().expect("readable");
    assert_eq!((more.peak_rss, more.swap, more.rss_anon), (Some(0), Some(0), Some(0)));
    if is_root("reading the footprint of a zombie") {
        let footprint = view.memory_footprint().expect("readable");
        assert_eq!((footprint.uss, footprint.pss, footprint.swap), (0, Some(0), Some(0)));
    }
}

#[test]
fn zombie_keeps_its_limits() {
    let member = zombie();
    let limit = view(member.id()).limit(Resource::OpenFiles);
    assert!(is_zombie(limit) || view(member.id()).limit(Resource::OpenFiles).is_ok());
}

#[test]
fn zombie_takes_signals_silently() {
    let member = zombie();
    let linux = Linux::new();
    for signal in [Signal::Term, Signal::Kill, Signal::Stop, Signal::Cont, Signal::NULL] {
        linux.send_signal(&handle(member.id()), signal).expect("sent");
    }
}

#[test]
fn zombie_in_a_record_has_no_error_of_the_whole() {
    let member = zombie();
    let record = view(member.id())
        .record(Fields::ALL, &mut |uid| Ok(ps_linux::process::number_as_name(uid)))
        .expect("a record");
    assert_eq!(record.cmdline, Err(Missing::Zombie));
    assert_eq!(record.exe, Err(Missing::Zombie));
    assert_eq!(record.status, Ok(Status::Zombie));
}

#[test]
fn zombie_is_shown_by_a_scan() {
    let member = zombie();
    let mut found = None;
    let mut scanner = Linux::new().scanner().expect("can be made");
    let fields = Fields::TOP | Fields::CMDLINE | Fields::EXE;
    scanner
        .scan(fields, &mut |row| {
            if row.pid.get() == member.id() {
                found = Some(row.to_record());
            }
            ControlFlow::Continue(())
        })
        .expect("scans");
    let row = found.expect("shown");
    assert_eq!((row.status, row.rss), (Ok(Status::Zombie), Ok(0)));
    assert_eq!((row.cmdline, row.exe), (Err(Missing::Zombie), Err(Missing::Zombie)));
}

#[test]
fn zombie_of_another_parent_is_waited_for_until_it_is_collected() {
    let mut parent = Member::start("parent");
    let child = handle(parent.word.parse().expect("its pid"));
    let linux = Linux::new();
    assert_eq!(linux.look_at_exit(&child).expect("looks"), Exit::Running);
    let mut set = linux.wait_set().expect("made");
    assert_eq!(set.watch(&child, 5).expect("watched"), Watched::Yes);
    let mut ended = Vec::new();
    set.wait(Some(std::time::Duration::from_millis(50)), &mut ended).expect("waits");
    assert!(ended.is_empty(), "it is still there");
    assert_eq!(parent.go_on(), "collected");
    set.wait(Some(std::time::Duration::from_secs(20)), &mut ended).expect("waits");
    assert_eq!(ended, [5]);
    assert_eq!(linux.look_at_exit(&child).expect("looks"), Exit::Ended(None));
}

#[test]
fn zombie_of_our_own_gives_its_status_and_stays() {
    let member = zombie();
    let (linux, handle) = (Linux::new(), handle(member.id()));
    for _ in 0..2 {
        let Exit::Ended(Some(status)) = linux.look_at_exit(&handle).expect("looks") else {
            panic!("has ended");
        };
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGKILL));
    }
    assert_eq!(view(member.id()).status().expect("still there"), Status::Zombie);
}

#[test]
fn leader_that_ended_before_its_threads_is_no_zombie() {
    let mut member = Member::start("leaderless");
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", member.id())).expect("there");
    while !stat().contains(") Z ") {
        std::thread::yield_now();
    }
    let (linux, id) = (Linux::new(), member.id());
    let view = view(id);
    assert_ne!(view.status().expect("readable"), Status::Zombie);
    assert_eq!(view.num_threads().expect("readable"), 2);
    assert!(view.memory_info().expect("readable").rss > 0);
    assert!(view.memory_info_ex().expect("readable").peak_rss > Some(0));
    assert!(!view.cmdline().expect("readable").is_empty());
    assert_eq!(view.exe().expect("readable"), std::env::current_exe().ok());
    assert!(view.cwd().expect("readable").is_some());
    assert!(view.root().expect("readable").is_some());
    assert!(view.num_fds().expect("readable") >= 3);
    assert!(!view.memory_maps().expect("readable").is_empty());
    assert!(view.memory_footprint().expect("readable").uss > 0);
    assert!(!view.environ().expect("readable").is_empty());
    assert!(view.umask().expect("readable").is_some());
    let mut count = 0;
    view.for_each_descriptor(&mut |_| {
        count += 1;
        ControlFlow::Continue(())
    })
    .expect("listed");
    assert!(count >= 3);
    for fields in [
        Fields::RSS,
        Fields::RSS | Fields::UIDS | Fields::CONTEXT_SWITCHES,
        Fields::MEMORY_INFO,
        Fields::NUM_FDS,
        Fields::VMS,
    ] {
        let mut scanner = linux.scanner().expect("made");
        let mut seen = None;
        scanner
            .scan(fields, &mut |row| {
                if row.pid.get() == id {
                    seen = [
                        row.rss.ok(),
                        row.memory_info.ok().map(|memory| memory.rss),
                        row.num_fds.ok().map(u64::from),
                        row.vms.ok(),
                    ]
                    .into_iter()
                    .flatten()
                    .next();
                }
                ControlFlow::Continue(())
            })
            .expect("scans");
        assert!(seen > Some(0), "{fields:?}: {seen:?}");
    }
    let handle = handle(id);
    linux.send_signal(&handle, Signal::NULL).expect("sent");
    assert_eq!(linux.look_at_exit(&handle).expect("looks"), Exit::Running);
    let mut set = linux.wait_set().expect("made");
    assert_eq!(set.watch(&handle, 1).expect("watched"), Watched::Yes);
    let mut ended = Vec::new();
    set.wait(Some(std::time::Duration::ZERO), &mut ended).expect("waits");
    assert!(ended.is_empty(), "it goes on");
    member.let_end();
    set.wait(Some(std::time::Duration::from_secs(20)), &mut ended).expect("waits");
    assert_eq!(ended, [1]);
    let Exit::Ended(Some(status)) = linux.look_at_exit(&handle).expect("looks") else {
        panic!("has ended");
    };
    assert_eq!(status.code(), Some(7));
}
