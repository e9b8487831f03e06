//! What listing, reading, controlling and waiting for processes has to keep to.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::time::Duration;

use ps_core::process::{
    Exit, Handle, Identity, Limit, Record, Resource, WaitSet, Watched, number_as_name,
};
use ps_core::{
    Backend, Error, Fields, Missing, Pid, ProcessBackend, ProcessView, Result, Sameness, Scanner,
    Signal, Status,
};

use crate::{Fresh, Spawner, answer, comes_back, must, sweep, until};

/// No system hands out its largest number, so nobody has it.
const NOBODY: u32 = i32::MAX as u32;

fn current<B: ProcessBackend>(backend: &B) -> Pid {
    must("current", backend.current())
}

fn handle<B: ProcessBackend>(backend: &B, pid: Pid) -> Handle<B::Pin> {
    Handle::new(must("identify", backend.identify(pid)))
}

fn scan<B: ProcessBackend>(backend: &B, fields: Fields) -> Vec<Record> {
    let mut records = Vec::new();
    let mut scanner = must("scanner", backend.scanner());
    let scanned = scanner.scan(fields, &mut |row| {
        records.push(row.to_record());
        ControlFlow::Continue(())
    });
    must("scan", scanned);
    records
}

fn read<B: Backend>(backend: &B, view: &B::View, fields: Fields) -> Record {
    let mut username = |uid| -> Result<OsString> {
        Ok(backend.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)))
    };
    must("record", view.record(fields, &mut username))
}

fn is_invalid(result: &Result<()>) -> bool {
    matches!(result, Err(Error::InvalidArgument { .. }))
}

/// Asserts that everything asked of a process says that it is there no more.
fn assert_gone<V: ProcessView>(view: &V, pid: Pid) {
    sweep::every_method(view, |method, result| match result {
        Err(error @ Error::NoSuchProcess { .. }) => {
            assert_eq!(error.pid(), Some(pid), "{method}: {error:?}");
        }
        Err(Error::Unsupported { .. }) => {}
        other => panic!("{method} of {pid}, which is gone: {other:?}"),
    });
}

/// Pids are listed once each, ascending, and the caller's is among them.
pub fn pids_ascend_and_hold_the_caller<B: ProcessBackend>(backend: &B) {
    let pids = must("pids", backend.pids());
    assert!(pids.windows(2).all(|pair| pair[0] < pair[1]), "{pids:?}");
    let current = current(backend);
    assert!(pids.contains(&current));
    assert!(must("pid_exists", backend.pid_exists(current)));
    let rows: Vec<_> = scan(backend, Fields::NONE).iter().map(|row| row.pid).collect();
    assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "{rows:?}");
    assert!(rows.contains(&current));
}

/// A number that nobody has is answered with just that.
pub fn an_impossible_pid_is_nobody<B: Backend>(backend: &B) {
    let nobody = Pid::new(NOBODY).expect("in range");
    assert!(!must("pid_exists", backend.pid_exists(nobody)));
    let error = backend.identify(nobody).expect_err("nobody");
    assert!(matches!(error, Error::NoSuchProcess { reused: false, .. }), "{error:?}");
    assert_eq!(error.pid(), Some(nobody));
    assert_gone(&backend.view_of(nobody), nobody);
    let identity = Identity::new(nobody, None);
    assert!(backend.pin(&identity).err().is_some_and(|error| error.is_gone()));
    let handle = Handle::new(identity);
    assert_gone(&backend.view(&handle), nobody);
    let sent = backend.send_signal(&handle, Signal::NULL).expect_err("nobody");
    assert!(sent.is_gone(), "{sent:?}");
    assert_eq!(must("look_at_exit", backend.look_at_exit(&handle)), Exit::Ended(None));
}

/// Two sightings of the caller are of the same process, whichever way it is seen.
pub fn the_caller_stays_the_same<B: ProcessBackend>(backend: &B) {
    let pid = current(backend);
    let first = must("identify", backend.identify(pid));
    assert!(first.settled || first.unique.is_some(), "{first:?} can be told from no other");
    let again = must("identify", backend.identify(pid));
    assert_eq!(first.compare(&again), Sameness::Same);
    let seen = must("identity", backend.view(&Handle::new(first)).identity());
    assert_eq!(first.compare(&seen), Sameness::Same);
    let row = scan(backend, Fields::IDENTITY).into_iter().find(|row| row.pid == pid);
    let row = row.expect("the caller is listed").identity.expect("with its identity");
    assert_ne!(first.compare(&row), Sameness::Different);
    assert_eq!((first, first), (again, row));
}

/// An identity that was written down still means the same process.
pub fn an_identity_comes_back_and_still_fits<B: ProcessBackend>(backend: &B) {
    let first = must("identify", backend.identify(current(backend)));
    let text = serde_json::to_string(&first).expect("serialises");
    let back: Identity = serde_json::from_str(&text).expect("reads back");
    let now = must("identify", backend.identify(back.pid));
    assert_eq!(back.compare(&now), Sameness::Same, "{text}");
    comes_back(&first);
}

/// A row says of a process what its view says: each fact is there in both or missing in both, and what
/// does not change from one moment to the next is equal.
pub fn rows_agree_with_the_view<B: Backend>(backend: &B) {
    let pid = current(backend);
    let rows = scan(backend, Fields::SCANNABLE);
    let row = rows.into_iter().find(|row| row.pid == pid).expect("the caller is listed");
    let record = read(backend, &backend.view_of(pid), Fields::SCANNABLE);
    macro_rules! same {
        ($($field:ident),+ $(,)?) => { $( assert_eq!(row.$field, record.$field); )+ };
    }
    same! {
        identity, ppid, name, comm, uids, gids, effective_uid, username, terminal, nice, cmdline, exe, cwd,
        root, pgid, sid,
    }
    macro_rules! both {
        ($($field:ident),+ $(,)?) => { $(
            assert_eq!(row.$field.err(), record.$field.err(), stringify!($field));
        )+ };
    }
    both! {
        status, create_time, cpu_times, rss, vms, memory_info, num_threads, cpu_num, page_faults,
        io_counters, context_switches, num_fds,
    }
    let (row_start, start) = (row.create_time.expect("started"), record.create_time.expect("too"));
    let apart = row_start.duration_since(start).or_else(|_| start.duration_since(row_start));
    assert!(apart.expect("one of them is earlier") < Duration::from_secs(1));
    if let (Ok(before), Ok(after)) = (row.cpu_times, record.cpu_times) {
        assert!(before.total() <= after.total(), "{before:?} {after:?}");
    }
    if let (Ok(rss), Ok(info)) = (record.rss, record.memory_info) {
        assert!(rss > 0 && info.rss <= info.vms, "{info:?}");
    }
}

/// A row or record of one field holds that field and no other.
pub fn only_what_is_asked_for_is_answered<B: Backend>(backend: &B) {
    let assert_only = |record: &Record, name: &str| {
        let text = serde_json::to_value(record).expect("serialises");
        for (key, value) in text.as_object().expect("a map") {
            match key.as_str() {
                "pid" => {}
                "missing" => {
                    assert!(value.as_object().is_some_and(|all| all.keys().all(|k| k == name)));
                }
                key => assert_eq!(key, name),
            }
        }
    };
    let pid = current(backend);
    for (name, field) in Fields::NAMES {
        assert_only(&read(backend, &backend.view_of(pid), *field), name);
        if Fields::SCANNABLE.contains(*field) {
            scan(backend, *field).iter().for_each(|row| assert_only(row, name));
        }
    }
}

/// A scan refuses what it cannot deliver, by name, before it shows anything.
pub fn a_field_that_scans_do_not_have_is_refused<B: ProcessBackend>(backend: &B) {
    let mut scanner = must("scanner", backend.scanner());
    for (name, field) in Fields::NAMES {
        if Fields::SCANNABLE.contains(*field) {
            continue;
        }
        let error = scanner
            .scan(Fields::NAME | *field, &mut |row| panic!("shows {row:?}"))
            .expect_err("refused");
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// A scan ends where its visitor wants it to, and the scanner can be used again.
pub fn a_scan_can_be_broken_off<B: ProcessBackend>(backend: &B) {
    let mut scanner = must("scanner", backend.scanner());
    for _ in 0..2 {
        let mut seen = 0;
        let scanned = scanner.scan(Fields::PPID, &mut |_| {
            seen += 1;
            ControlFlow::Break(())
        });
        must("scan", scanned);
        assert_eq!(seen, 1);
    }
}

/// The map of parents says what the caller's view says.
pub fn parents_agree_with_the_scan<B: ProcessBackend>(backend: &B) {
    let pid = current(backend);
    let map = must("ppid_map", backend.ppid_map());
    let parent = must("ppid", backend.view_of(pid).ppid());
    assert_eq!(map.get(&pid).copied(), parent);
}

/// Everything about the caller at once: nothing failed, and it comes back from text and from bytes.
pub fn a_full_record_comes_back<B: Backend>(backend: &B) {
    let pid = current(backend);
    let record = read(backend, &backend.view_of(pid), Fields::ALL);
    for (field, missing) in record.missing() {
        let allowed = matches!(missing, Missing::Unsupported | Missing::Denied);
        assert!(allowed, "{field} of the caller: {missing}");
    }
    comes_back(&record);
    for row in scan(backend, Fields::SCANNABLE) {
        comes_back(&row);
    }
}

/// Nothing acts on pid 0, which to the kernel would mean the caller or its group.
pub fn acting_on_pid_0_is_refused<B: Backend>(backend: &B) {
    let zero = Handle::new(Identity::new(Pid::ZERO, None));
    assert!(is_invalid(&backend.send_signal(&zero, Signal::NULL)));
    assert!(is_invalid(&backend.set_nice(&zero, 0)));
    for refused in [
        backend.set_limit(&zero, Resource::Core, Limit::UNLIMITED).map(|_| ()),
        backend.set_cpu_affinity(&zero, &[]),
    ] {
        let right =
            matches!(refused, Err(Error::InvalidArgument { .. } | Error::Unsupported { .. }));
        assert!(right, "{refused:?}");
    }
}

/// A fresh child is listed, and what it got from the caller is what the caller has.
pub fn a_child_is_what_it_was_started_as<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let child = Fresh::new(spawner);
    let me = current(backend);
    assert!(must("pids", backend.pids()).contains(&child.pid));
    assert!(must("pid_exists", backend.pid_exists(child.pid)));
    assert_eq!(must("ppid_map", backend.ppid_map()).get(&child.pid), Some(&me));
    let (own, its) = (backend.view_of(me), backend.view(&handle(backend, child.pid)));
    assert_eq!(must("ppid", its.ppid()), Some(me));
    assert_eq!(must("uids", its.uids()), must("uids", own.uids()));
    assert_eq!(must("gids", its.gids()), must("gids", own.gids()));
    assert_eq!(must("sid", its.sid()), must("sid", own.sid()));
    assert_eq!(must("nice", its.nice()), must("nice", own.nice()));
    assert!(must("create_time", its.create_time()) >= must("create_time", own.create_time()));
    let name = must("name", its.name());
    let comm = must("comm", its.comm());
    assert!(!name.is_empty() && name.to_string_lossy().starts_with(&*comm.to_string_lossy()));
}

/// Figures of a sleeping child, which nothing changes while they are read, fit together.
pub fn figures_of_a_child_fit_together<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let child = Fresh::new(spawner);
    let handle = handle(backend, child.pid);
    let sleeps =
        || Some(must("status", backend.view(&handle).status())).filter(|s| *s == Status::Sleeping);
    until(backend, "the child to sleep", sleeps);
    let view = backend.view(&handle);

    let threads = must("threads", view.threads());
    assert_eq!(must("num_threads", view.num_threads()), 1);
    assert_eq!(threads.len(), 1, "{threads:?}");

    let mut descriptors = Vec::new();
    must(
        "for_each_descriptor",
        view.for_each_descriptor(&mut |one| {
            descriptors.push(one.fd);
            ControlFlow::Continue(())
        }),
    );
    assert_eq!(must("num_fds", view.num_fds()) as usize, descriptors.len(), "{descriptors:?}");
    let files = must("open_files", view.open_files());
    assert!(files.windows(2).all(|pair| pair[0].fd < pair[1].fd), "{files:?}");
    assert!(files.iter().all(|file| descriptors.contains(&file.fd)), "{files:?}");

    let arguments = must("cmdline", view.cmdline());
    let raw = must("cmdline_raw", view.cmdline_raw());
    assert!(!arguments.is_empty() && raw.starts_with(arguments[0].as_encoded_bytes()));

    let memory = must("memory_info", view.memory_info());
    assert!(0 < memory.rss && memory.rss <= memory.vms, "{memory:?}");
    let more = must("memory_info_ex", view.memory_info_ex());
    assert!(more.peak_rss.is_none_or(|peak| peak > 0), "{more:?}");

    let switches = must("context_switches", view.context_switches());
    let apart = switches.voluntary.unwrap_or(0) + switches.involuntary.unwrap_or(0);
    assert!(apart == 0 || apart == switches.total(), "{switches:?}");

    if let Some(cpus) = answer("cpu_affinity", view.cpu_affinity()) {
        assert!(!cpus.is_empty() && cpus.is_sorted(), "{cpus:?}");
    }
    for (name, resource) in Resource::NAMES {
        if let Ok(limit) = view.limit(*resource) {
            assert!(limit.check().is_ok(), "{name}: {limit:?}");
        }
    }
    if let Some(maps) = answer("memory_maps", view.memory_maps()) {
        assert!(maps.iter().all(|map| map.start < map.end), "{maps:?}");
        assert!(maps.windows(2).all(|pair| pair[0].end <= pair[1].start), "{maps:?}");
    }
}

/// The life of a child: it is stopped and seen to be, goes on, is killed, tells how it ended as often as it
/// is asked, and is gone once it is collected.
pub fn a_child_is_stopped_continued_killed_and_collected<B: Backend>(
    backend: &B,
    spawner: &dyn Spawner,
) {
    let child = Fresh::new(spawner);
    let handle = handle(backend, child.pid);
    let status = || must("status", backend.view(&handle).status());
    assert_eq!(must("look_at_exit", backend.look_at_exit(&handle)), Exit::Running);
    assert_eq!(must("reap", backend.reap(&handle)), Exit::Running, "nothing to collect yet");
    must("null", backend.send_signal(&handle, Signal::NULL));

    must("stop", backend.send_signal(&handle, Signal::Stop));
    until(backend, "the child to stop", || (status() == Status::Stopped).then_some(()));
    let look = must("look_at_exit", backend.look_at_exit(&handle));
    assert_eq!(look, Exit::Running, "being stopped is no end");
    must("continue", backend.send_signal(&handle, Signal::Cont));
    until(backend, "the child to go on", || (status() != Status::Stopped).then_some(()));

    must("kill", backend.send_signal(&handle, Signal::Kill));
    until(backend, "the child to end", || (status() == Status::Zombie).then_some(()));
    for _ in 0..2 {
        assert_killed(must("look_at_exit", backend.look_at_exit(&handle)));
    }
    assert_killed(must("reap", backend.reap(&handle)));

    assert_eq!(must("look_at_exit", backend.look_at_exit(&handle)), Exit::Ended(None));
    assert_eq!(must("reap", backend.reap(&handle)), Exit::Ended(None));
    let sent = backend.send_signal(&handle, Signal::Kill).expect_err("nobody to send it to");
    assert!(matches!(sent, Error::NoSuchProcess { .. }), "{sent:?}");
    assert!(!scan(backend, Fields::IDENTITY).iter().any(|row| row.identity == Ok(handle.identity)));
}

fn assert_killed(exit: Exit) {
    match exit {
        Exit::Ended(Some(status)) => assert_eq!(status.signal(), Some(9), "{status:?}"),
        other => panic!("a child that was killed: {other:?}"),
    }
}

fn kill_and_see_the_zombie<B: Backend>(backend: &B, handle: &Handle<B::Pin>) {
    must("kill", backend.send_signal(handle, Signal::Kill));
    until(backend, "the child to end", || {
        (must("status", backend.view(handle).status()) == Status::Zombie).then_some(())
    });
}

/// What is held of a child answers for that child only, also after its end.
pub fn a_pinned_child_is_not_followed_beyond_its_end<B: Backend>(
    backend: &B,
    spawner: &dyn Spawner,
) {
    let child = Fresh::new(spawner);
    let mut handle = handle(backend, child.pid);
    handle.pin = Some(Arc::new(must("pin", backend.pin(&handle.identity))));
    let seen = must("identity", backend.view(&handle).identity());
    assert_eq!(handle.identity.compare(&seen), Sameness::Same);
    kill_and_see_the_zombie(backend, &handle);
    assert_killed(must("look_at_exit", backend.look_at_exit(&handle)));
    assert_killed(must("reap", backend.reap(&handle)));
    assert_gone(&backend.view(&handle), child.pid);
    let sent = backend.send_signal(&handle, Signal::Kill).expect_err("nobody to send it to");
    assert!(sent.is_gone(), "{sent:?}");
    assert!(backend.set_nice(&handle, 5).is_err_and(|error| error.is_gone()));
}

/// A zombie answers, or says that it is one; once collected it is gone, and nothing else.
pub fn a_zombie_is_told_from_one_that_is_gone<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let child = Fresh::new(spawner);
    let handle = handle(backend, child.pid);
    let begun = backend.view(&handle);
    must("comm", begun.comm());
    kill_and_see_the_zombie(backend, &handle);
    assert!(must("pid_exists", backend.pid_exists(child.pid)), "a zombie is listed");
    assert!(must("pids", backend.pids()).contains(&child.pid));
    sweep::every_method(&backend.view(&handle), |method, result| {
        let right = matches!(
            result,
            Ok(())
                | Err(Error::ZombieProcess { .. }
                    | Error::AccessDenied { .. }
                    | Error::Unsupported { .. })
        );
        assert!(right, "{method} of a zombie: {result:?}");
    });
    let exe = backend.view(&handle).exe().expect_err("it runs nothing any more");
    assert!(matches!(exe, Error::ZombieProcess { .. }), "{exe:?}");
    let rows = scan(backend, Fields::STATUS | Fields::EXE | Fields::PPID);
    let row = rows.iter().find(|row| row.pid == child.pid).expect("a zombie is listed");
    assert_eq!((&row.status, &row.exe), (&Ok(Status::Zombie), &Err(Missing::Zombie)));
    assert_eq!(row.ppid, Ok(Some(current(backend))));

    must("reap", backend.reap(&handle));
    assert_gone(&backend.view(&handle), child.pid);
    let left = begun.environ().expect_err("it began to be read while it lived");
    assert!(matches!(left, Error::NoSuchProcess { .. }), "{left:?}");
}

/// Of several that are watched, each end is reported under its number, once.
pub fn a_set_reports_each_end_once<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let children = [(); 3].map(|()| Fresh::new(spawner));
    let handles = children.each_ref().map(|child| handle(backend, child.pid));
    let mut set = must("wait_set", backend.wait_set());
    for (token, handle) in (100..).zip(&handles) {
        assert_eq!(must("watch", set.watch(handle, token)), Watched::Yes);
    }
    let mut ended = Vec::new();
    must("wait", set.wait(Some(Duration::ZERO), &mut ended));
    must("wait", set.wait(Some(Duration::from_millis(20)), &mut ended));
    assert!(ended.is_empty(), "nobody has ended: {ended:?}");

    set.forget(100);
    for handle in &handles[..2] {
        must("kill", backend.send_signal(handle, Signal::Kill));
    }
    must("wait", set.wait(Some(Duration::from_secs(10)), &mut ended));
    assert_eq!(ended, [101]);
    must("wait", set.wait(Some(Duration::from_millis(20)), &mut ended));
    assert_eq!(ended, [101], "once");
    assert_killed(must("look_at_exit", backend.look_at_exit(&handles[1])));
    must("reap", backend.reap(&handles[1]));
    assert_eq!(must("watch", set.watch(&handles[1], 7)), Watched::Ended);
}

/// Orders that make no sense are refused, and the child they were about goes on as before.
pub fn bad_orders_are_refused_and_harm_nobody<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let child = Fresh::new(spawner);
    let handle = handle(backend, child.pid);
    for signal in [Signal::Other(-1), Signal::Other(9999), Signal::RealTime(u8::MAX)] {
        assert!(is_invalid(&backend.send_signal(&handle, signal)), "{signal}");
    }
    let upside_down = Limit { soft: Some(2), hard: Some(1) };
    for refused in [
        backend.set_limit(&handle, Resource::OpenFiles, upside_down).map(|_| ()),
        backend.set_cpu_affinity(&handle, &[1_000_000]),
    ] {
        let right =
            matches!(refused, Err(Error::InvalidArgument { .. } | Error::Unsupported { .. }));
        assert!(right, "{refused:?}");
    }
    assert_eq!(must("look_at_exit", backend.look_at_exit(&handle)), Exit::Running);
}

/// What is set is what is read afterwards.
pub fn what_is_set_can_be_read<B: Backend>(backend: &B, spawner: &dyn Spawner) {
    let child = Fresh::new(spawner);
    let handle = handle(backend, child.pid);
    let view = || backend.view(&handle);

    let weaker = (must("nice", view().nice()) + 1).min(19);
    must("set_nice", backend.set_nice(&handle, weaker));
    assert_eq!(must("nice", view().nice()), weaker);

    if let Some(before) = answer("limit", view().limit(Resource::OpenFiles)) {
        let lower = Limit { soft: Some(before.soft.map_or(64, |soft| soft.min(64))), ..before };
        if let Some(old) =
            answer("set_limit", backend.set_limit(&handle, Resource::OpenFiles, lower))
        {
            assert_eq!(old, before);
            assert_eq!(must("limit", view().limit(Resource::OpenFiles)), lower);
        }
    }
    if let Some(all) = answer("cpu_affinity", view().cpu_affinity()) {
        let one = [*all.last().expect("it may run somewhere")];
        if answer("set_cpu_affinity", backend.set_cpu_affinity(&handle, &one)).is_some() {
            assert_eq!(must("cpu_affinity", view().cpu_affinity()), one);
            must("set_cpu_affinity", backend.set_cpu_affinity(&handle, &[]));
            let now = must("cpu_affinity", view().cpu_affinity());
            assert!(all.iter().all(|cpu| now.contains(cpu)), "{all:?} {now:?}");
        }
    }
}
