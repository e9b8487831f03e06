//! Every method on every process: whatever state it is in, the answer is one of a few.

use std::ops::ControlFlow;

use ps_core::net::{ConnectionKind, ConnectionQuery};
use ps_core::process::{Handle, Resource};
use ps_core::{Error, Fields, Missing, ProcessBackend, ProcessView, Result, Scanner};

use crate::must;

/// Asks a view for everything there is, and shows each answer by the name of the method.
pub fn every_method<V: ProcessView>(view: &V, mut seen: impl FnMut(&'static str, Result<()>)) {
    macro_rules! ask {
        ($($method:ident),+ $(,)?) => { $(
            seen(stringify!($method), view.$method().map(|_| ()));
        )+ };
    }
    ask! {
        identity, ppid, comm, name, status, create_time, exe, cmdline, cmdline_raw, environ, cwd, root,
        uids, gids, groups, umask, pgid, sid, signal_masks, terminal_device, terminal, cpu_times, cpu_num,
        cpu_affinity, nice, memory_info, memory_info_ex, memory_footprint, memory_maps, page_faults,
        io_counters, context_switches, num_threads, threads, num_fds, open_files,
    }
    for (_, resource) in Resource::NAMES {
        match view.limit(*resource) {
            // No system has all of them.
            Err(Error::InvalidArgument { .. }) => {}
            result => seen("limit", result.map(|_| ())),
        }
    }
    for (_, kind) in ConnectionKind::NAMES {
        let sockets = view.net_connections(&ConnectionQuery::new(*kind));
        seen("net_connections", sockets.map(|_| ()));
    }
    let mut visit = |_| ControlFlow::Continue(());
    seen("for_each_descriptor", view.for_each_descriptor(&mut visit));
    let record = view.record(Fields::ALL, &mut |uid| Ok(ps_core::process::number_as_name(uid)));
    seen("record", record.map(|_| ()));
}

/// A value, gone, zombie, denied or unsupported: nothing else, for any process of the machine.
pub fn every_method_answers_for_every_process<B: ProcessBackend>(backend: &B) {
    let mut answered = 0;
    for pid in must("pids", backend.pids()) {
        let mut judge = |method, result: Result<()>| match result {
            Ok(()) => answered += 1,
            Err(
                error @ (Error::NoSuchProcess { .. }
                | Error::ZombieProcess { .. }
                | Error::AccessDenied { .. }
                | Error::Unsupported { .. }),
            ) => {
                let about_it = error.is_unsupported() || error.pid() == Some(pid);
                assert!(about_it, "{method} of {pid} fails about another: {error:?}");
            }
            Err(other) => panic!("{method} of {pid}: {other}: {other:?}"),
        };
        every_method(&backend.view_of(pid), &mut judge);
        match backend.identify(pid) {
            Ok(identity) => every_method(&backend.view(&Handle::new(identity)), &mut judge),
            Err(error) => judge("identify", Err(error)),
        }
    }
    assert!(answered > 0, "nothing was answered for anybody");
}

/// No fact of any row failed without a reason that means something, and none was left unasked.
pub fn every_row_answers<B: ProcessBackend>(backend: &B) {
    let mut scanner = must("scanner", backend.scanner());
    let scanned = scanner.scan(Fields::SCANNABLE, &mut |row| {
        let record = row.to_record();
        for (field, missing) in record.missing() {
            assert_ne!(missing, Missing::Failed, "{field} of {}", row.pid);
        }
        let text = serde_json::to_value(&record).expect("serialises");
        let shown = text.as_object().expect("a map");
        let missing = shown.get("missing").and_then(|missing| missing.as_object());
        for field in Fields::SCANNABLE.names() {
            let said =
                shown.contains_key(field) || missing.is_some_and(|map| map.contains_key(field));
            assert!(said, "{field} of {} was asked for", row.pid);
        }
        ControlFlow::Continue(())
    });
    must("scan", scanned);
}
