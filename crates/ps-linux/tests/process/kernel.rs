//! Threads of the kernel itself.

use ps_linux::process::{ProcessBackend, ProcessView, Resource};
use ps_linux::{Linux, Pid, Status};

use crate::{counts_no_io, is_denied, is_root, may, pid, view};

/// Process 2, if it is the parent of the kernel's threads as seen from here.
fn kernel_thread(test: &str) -> Option<Pid> {
    let is_one = view(2).comm().is_ok_and(|name| name == "kthreadd");
    if !is_one {
        ps_tests::skip!("{test} needs to see the threads of the kernel");
    }
    is_one.then(|| pid(2))
}

#[test]
fn kernel_thread_has_no_program_and_no_arguments() {
    let Some(thread) = kernel_thread("this") else { return };
    let view = view(thread.get());
    assert!(view.cmdline().expect("readable").is_empty());
    assert_eq!(view.ppid().expect("readable"), None);
    assert!(matches!(view.status().expect("readable"), Status::Sleeping | Status::Idle));
    if may(&["sys_ptrace"], "reading the links of a thread of the kernel") {
        assert_eq!(view.exe().expect("readable"), None);
        assert_eq!(view.cwd().expect("readable"), Some("/".into()));
    } else {
        assert!(is_denied(view.exe()));
        assert!(is_denied(view.cwd()));
    }
}

#[test]
fn kernel_thread_has_no_memory_and_is_not_taken_for_gone() {
    let Some(thread) = kernel_thread("this") else { return };
    let view = view(thread.get());
    let memory = view.memory_info().expect("readable");
    assert_eq!((memory.rss, memory.vms), (0, 0));
    let more = view.memory_info_ex().expect("readable");
    assert_eq!((more.peak_rss, more.swap), (Some(0), Some(0)));
    if is_root("reading the mappings of a thread of the kernel") {
        assert!(view.memory_maps().expect("readable").is_empty());
        let footprint = view.memory_footprint().expect("readable");
        assert_eq!((footprint.uss, footprint.pss), (0, Some(0)));
        assert!(view.environ().expect("readable").is_empty());
    } else {
        assert!(is_denied(view.environ()));
    }
}

#[test]
fn kernel_thread_has_no_descriptors_for_root_and_is_denied_to_others() {
    let Some(thread) = kernel_thread("this") else { return };
    let view = view(thread.get());
    if is_root("listing the descriptors of a thread of the kernel") {
        assert_eq!(view.num_fds().expect("readable"), 0);
        assert!(view.open_files().expect("readable").is_empty());
        view.limit(Resource::OpenFiles).expect("readable");
    } else {
        assert!(is_denied(view.num_fds()));
        assert!(is_denied(view.open_files()));
        assert!(is_denied(view.limit(Resource::OpenFiles)));
    }
    if counts_no_io(&view) {
        return ps_tests::skip!("this kernel counts no input and output");
    }
    if may(&["sys_ptrace"], "reading the counters of a thread of the kernel") {
        view.io_counters().expect("readable");
    } else {
        assert!(is_denied(view.io_counters()));
    }
}

#[test]
fn kernel_thread_in_a_scan_answers_as_by_itself() {
    let Some(thread) = kernel_thread("this") else { return };
    let mut seen = None;
    let mut scanner = Linux::new().scanner().expect("made");
    let fields = ps_linux::Fields::EXE | ps_linux::Fields::CMDLINE | ps_linux::Fields::NAME;
    ps_linux::Scanner::scan(&mut scanner, fields, &mut |row| {
        if row.pid == thread {
            seen = Some(row.to_record());
        }
        std::ops::ControlFlow::Continue(())
    })
    .expect("scans");
    let seen = seen.expect("listed");
    assert_eq!(seen.cmdline, Ok(vec![]));
    assert_eq!(seen.exe.is_ok(), view(2).exe().is_ok());
    assert_eq!(seen.name, Ok("kthreadd".into()));
}
