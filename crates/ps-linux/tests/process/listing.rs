//! Which processes there are, and who they are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ps_linux::process::{
    Handle, Identity, ProcessBackend, ProcessView, Record, WaitSet, number_as_name,
};
use ps_linux::{Error, Fields, HostBackend, Linux, Missing, Pid, Roots, Sameness, Scanner, Status};

use crate::herd::Member;
use crate::{handle, pid, view};

fn records(linux: &Linux, fields: Fields) -> Vec<ps_linux::process::Record> {
    let mut rows = Vec::new();
    let mut scanner = linux.scanner().expect("can be made");
    scanner
        .scan(fields, &mut |row| {
            rows.push(row.to_record());
            ControlFlow::Continue(())
        })
        .expect("scans");
    rows
}

#[test]
fn a_row_and_a_view_tell_the_same_of_every_process_that_stands_still() {
    let _members = [
        Member::named(b"a) b\nc(\xff"),
        Member::start("threads:3"),
        Member::start("leaderless"),
        Member::start("wait").into_zombie(),
    ];
    let linux = Linux::new();
    let fields = Fields::SCANNABLE - Fields::CPU_TIMES - Fields::CONTEXT_SWITCHES;
    let look = |identity: Identity| {
        let view = linux.view(&Handle::new(identity));
        let mut name = |uid| Ok(linux.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)));
        view.record(fields, &mut name).ok()
    };
    let looks = |identities: &[Identity]| -> BTreeMap<Pid, Record> {
        identities.iter().filter_map(|one| Some((one.pid, look(*one)?))).collect()
    };
    let all = records(&linux, Fields::IDENTITY);
    let mut left: Vec<Identity> =
        all.into_iter().map(|row| row.identity.expect("readable by all")).collect();
    // What moves to and fro can look the same for some rounds, but not to all looks while no row agrees.
    const ROUNDS: usize = 8;
    let mut apart: BTreeMap<Pid, Vec<(Record, [Record; 2])>> = BTreeMap::new();
    let mut compared = 0;
    for _ in 0..ROUNDS {
        let mut before = looks(&left);
        let rows = records(&linux, fields).into_iter();
        let mut rows: BTreeMap<Pid, Record> = rows.map(|row| (row.pid, row)).collect();
        let mut after = looks(&left);
        left.retain(|identity| {
            let pid = identity.pid;
            let (Some(before), Some(mut row), Some(after)) =
                (before.remove(&pid), rows.remove(&pid), after.remove(&pid))
            else {
                apart.remove(&pid);
                return false;
            };
            // The view knows it by what it was told, the row by what it saw.
            row.identity = before.identity;
            let agree = row == before && row == after;
            if agree {
                compared += 1;
                apart.remove(&pid);
            } else {
                apart.entry(pid).or_default().push((row, [before, after]));
            }
            !agree
        });
    }
    let stands_still = |rounds: &[(Record, [Record; 2])]| {
        let mut looks = rounds.iter().flat_map(|(_, looks)| looks);
        let first = looks.next();
        looks.all(|look| Some(look) == first)
    };
    apart.retain(|_, rounds| stands_still(rounds));
    assert!(apart.is_empty(), "{apart:#?}");
    let moving = left.len();
    println!("{compared} compared, {moving} did not stand still");
    assert!(compared >= 4);
}

#[test]
fn fields_that_nobody_asked_for_are_not_there() {
    for row in records(&Linux::new(), Fields::RSS) {
        assert_eq!(row.name, Err(Missing::NotAsked));
        assert!(row.rss.is_ok(), "{}", row.pid);
    }
}

#[test]
fn a_scan_that_is_broken_off_ends_there() {
    let mut count = 0;
    let mut scanner = Linux::new().scanner().expect("can be made");
    scanner
        .scan(Fields::NONE, &mut |_| {
            count += 1;
            ControlFlow::Break(())
        })
        .expect("scans");
    assert_eq!(count, 1);
    let error = scanner.scan(Fields::ENVIRON, &mut |_| ControlFlow::Continue(()));
    assert!(crate::is_invalid(error));
}

#[test]
fn pids_ascend_without_duplicates() {
    let linux = Linux::new();
    let pids = linux.pids().expect("listed");
    assert!(pids.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(pids.contains(&linux.current().expect("known")));
    let scanned: Vec<_> = records(&linux, Fields::NONE).into_iter().map(|row| row.pid).collect();
    assert!(scanned.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn pid_zero_is_nobody() {
    let linux = Linux::new();
    assert!(!linux.pid_exists(Pid::ZERO).expect("answers"));
    assert!(!linux.pids().expect("listed").contains(&Pid::ZERO));
    assert!(matches!(linux.identify(Pid::ZERO), Err(Error::NoSuchProcess { .. })));
    assert!(matches!(view(0).ppid(), Err(Error::NoSuchProcess { .. })));
    assert_eq!(view(1).ppid().expect("readable"), None);
}

#[test]
fn pid_too_large_is_nobody() {
    let linux = Linux::new();
    for number in [i32::MAX.unsigned_abs(), 4_194_305] {
        assert!(!linux.pid_exists(pid(number)).expect("answers"));
        let error = linux.identify(pid(number)).expect_err("nobody");
        assert!(matches!(error, Error::NoSuchProcess { reused: false, .. }), "{error}");
    }
}

#[test]
fn error_carries_pid_operation_and_path() {
    let error = view(4_194_305).cmdline().expect_err("nobody");
    assert_eq!(error.pid(), Some(pid(4_194_305)));
    assert!(error.path().is_some_and(|path| path.starts_with("/proc/4194305")));
    assert!(!error.operation().is_empty());
}

#[test]
fn thread_id_can_be_read_but_does_not_exist() {
    let member = Member::start("threads:1");
    let tid = crate::other_thread(member.id());
    let linux = Linux::new();
    assert!(!linux.pid_exists(pid(tid)).expect("answers"));
    assert!(linux.pid_exists(pid(member.id())).expect("answers"));
    assert!(!linux.pids().expect("listed").contains(&pid(tid)));
    let (thread, process) = (view(tid), view(member.id()));
    assert_eq!(thread.exe().expect("readable"), process.exe().expect("readable"));
    assert_eq!(thread.cmdline().expect("readable"), process.cmdline().expect("readable"));
    assert_eq!(thread.environ().expect("readable"), process.environ().expect("readable"));
    // What they have used so far may still grow.
    let ids = |view: &ps_linux::LinuxView| -> Vec<u64> {
        view.threads().expect("listed").iter().map(|one| one.id).collect()
    };
    assert_eq!(ids(&thread), ids(&process));
    assert_eq!(thread.num_threads().expect("readable"), 2);
    // So may their memory, until both have come to rest.
    let rss = |number| view(number).memory_info().expect("readable").rss;
    assert!((0..1000).any(|_| rss(tid) == rss(member.id())));
}

#[test]
fn hidden_process_does_not_exist() {
    const ROOT: &str = "PS_HIDDEN_ROOT";
    if let Some(root) = std::env::var_os(ROOT) {
        // Started below by the other half of this test, as a user that may see its own processes only.
        let linux = Linux::at(Roots { proc: root.into(), ..Roots::default() });
        let pids = linux.pids().expect("listed");
        assert!(!pids.contains(&pid(1)), "hidden");
        assert!(!linux.pid_exists(pid(1)).expect("answers"));
        assert!(linux.pid_exists(linux.current().expect("known")).expect("answers"));
        println!("hidden as it should be");
        return;
    }
    if !crate::is_root("mounting procfs") {
        return;
    }
    let place = crate::Place::new("hidden");
    let us = std::env::current_exe().expect("known");
    let script = format!(
        "mount -t proc -o hidepid=2 proc {root} && exec setpriv --reuid 65534 --regid 65534 \
         --clear-groups {us} --exact listing::hidden_process_does_not_exist --nocapture",
        root = place.0.display(),
        us = us.display(),
    );
    let output = std::process::Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", &script])
        .env(ROOT, &place.0)
        .output();
    let Ok(output) = output else { return ps_tests::skip!("no unshare here") };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if !said.contains("running 1 test") {
        return ps_tests::skip!("cannot mount procfs or change the user here: {complaint}");
    }
    assert!(said.contains("hidden as it should be"), "{said}{complaint}");
}

#[test]
fn identity_is_start_in_ticks_and_survives_being_written_down() {
    let member = Member::start("wait");
    let linux = Linux::new();
    let identity = linux.identify(pid(member.id())).expect("there");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", member.id())).expect("readable");
    let column = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19));
    let start = identity.start.expect("known").get();
    assert_eq!(column, Some(&*start.to_string()));
    assert!(identity.origin.boot.is_some());
    let has_namespaces = std::fs::exists("/proc/self/ns/pid").expect("told");
    assert_eq!(identity.origin.pid_namespace.is_some(), has_namespaces);
    let again = linux.identify(pid(member.id())).expect("there");
    assert_eq!(identity, again);
    if identity.settled || identity.unique.is_some() {
        assert_eq!(identity.compare(&again), Sameness::Same);
    }
}

#[test]
fn identity_of_another_boot_or_namespace_reaches_nobody() {
    let me = Linux::new().current().expect("known");
    let mut handle = handle(me.get());
    let here = handle.identity.origin;
    handle.identity.origin.boot = Some(ps_linux::process::BootId::from_bytes([7; 16]));
    let linux = Linux::new();
    let error = linux.view(&handle).ppid().expect_err("of another boot");
    assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
    let error = linux.send_signal_null(&handle).expect_err("of another boot");
    assert!(matches!(error, Error::NoSuchProcess { .. }), "{error}");
    handle.identity.origin = here;
    if here.pid_namespace.is_none() {
        return ps_tests::skip!("no namespaces in this kernel");
    }
    handle.identity.origin.pid_namespace = Some(1);
    assert!(crate::is_invalid(linux.view(&handle).ppid()));
    assert!(crate::is_invalid(linux.send_signal_null(&handle)));
}

trait SendNull {
    fn send_signal_null(&self, handle: &Handle<ps_linux::Pin>) -> ps_linux::Result<()>;
}

impl SendNull for Linux {
    fn send_signal_null(&self, handle: &Handle<ps_linux::Pin>) -> ps_linux::Result<()> {
        ps_linux::ControlBackend::send_signal(self, handle, ps_linux::Signal::NULL)
    }
}

#[test]
fn create_time_is_boot_time_and_start() {
    let linux = Linux::new();
    let member = Member::start("wait");
    let created = view(member.id()).create_time().expect("readable");
    let start = handle(member.id()).identity.start.expect("known").get();
    let since = created.duration_since(linux.boot_time().expect("readable")).expect("after boot");
    assert_eq!(since, linux.units().ticks(start));
    let now = std::time::SystemTime::now();
    let age = now.duration_since(created).unwrap_or_else(|ahead| ahead.duration());
    // The boot time is kept in whole seconds.
    assert!(age.as_secs() < 60, "{age:?}");
}

#[test]
fn process_of_a_user_without_account_is_shown_by_number() {
    if !crate::may(&["setuid"], "starting a process as another user") {
        return;
    }
    let member = Member::start_with("wait", |command| {
        std::os::unix::process::CommandExt::uid(command, 54_321);
    });
    let row = records(&Linux::new(), Fields::USERNAME | Fields::UIDS)
        .into_iter()
        .find(|row| row.pid.get() == member.id())
        .expect("listed");
    assert_eq!(row.username, Ok("54321".into()));
    assert_eq!(row.uids.expect("readable").real.get(), 54_321);
}

#[test]
fn effective_user_alone_is_the_same_as_with_the_others() {
    let linux = Linux::new();
    let scan = || -> BTreeMap<Pid, _> {
        let rows = records(&linux, Fields::EFFECTIVE_UID).into_iter();
        rows.map(|row| (row.pid, row.effective_uid)).collect()
    };
    let before = scan();
    let looks: Vec<_> = before.keys().map(|&pid| (pid, linux.view_of(pid).uids())).collect();
    let after = scan();
    // One may have changed its user meanwhile.
    for (pid, uids) in looks.into_iter().filter(|(pid, _)| before.get(pid) == after.get(pid)) {
        let Ok(uids) = uids else { continue };
        assert_eq!(before[&pid], Ok(uids.effective), "{pid}");
    }
}

#[test]
fn directory_that_is_held_after_the_end_says_gone() {
    let member = Member::start("wait");
    let id = member.id();
    let view = view(id);
    view.comm().expect("readable");
    drop(member);
    for error in [
        view.cmdline().expect_err("gone"),
        view.memory_info().expect_err("gone"),
        view.threads().expect_err("gone"),
        view.open_files().expect_err("gone"),
        view.num_fds().expect_err("gone"),
        view.environ().expect_err("gone"),
        view.exe().expect_err("gone"),
        view.memory_maps().expect_err("gone"),
        view.memory_footprint().expect_err("gone"),
        view.io_counters().err().filter(|error| !error.is_unsupported()).expect("gone"),
    ] {
        assert!(matches!(error, Error::NoSuchProcess { .. }), "{error}");
        assert_eq!(error.pid(), Some(pid(id)));
    }
}

#[test]
fn every_method_on_every_process_answers_or_says_why_not() {
    let linux = Linux::new();
    for pid in linux.pids().expect("listed") {
        let view = linux.view_of(pid);
        let mut name = |uid| Ok(linux.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)));
        match view.record(Fields::ALL, &mut name) {
            Ok(record) => {
                for (field, why) in record.missing() {
                    assert!(
                        !matches!(why, Missing::Failed | Missing::Gone),
                        "{field} of {pid}: {why}"
                    );
                }
            }
            Err(error) => assert!(error.is_gone(), "{error}"),
        }
        for outcome in [
            view.cgroups().err(),
            view.namespaces().err(),
            view.capabilities().err(),
            view.seccomp().err(),
            view.no_new_privs().err(),
            view.oom_score().err(),
            view.oom_adjustment().err(),
            view.io_priority().err(),
            view.scheduling().err(),
            view.io_delay().err(),
            view.fs_uid().err(),
            view.threads_with_context_switches().err(),
        ]
        .into_iter()
        .flatten()
        {
            let is_absent = outcome.is_unsupported();
            assert!(outcome.is_gone() || outcome.is_denied() || is_absent, "{outcome}");
        }
    }
}

#[test]
fn parents_of_all_are_known_in_one_pass() {
    let member = Member::start("parent");
    let child: u32 = member.word.parse().expect("its pid");
    let map = Linux::new().ppid_map().expect("scans");
    assert_eq!(map.get(&pid(child)), Some(&pid(member.id())));
    assert_eq!(map.get(&pid(member.id())), Some(&pid(std::process::id())));
    assert!(!map.contains_key(&pid(1)));
}

#[test]
fn wrong_root_is_an_error_and_never_the_real_one() {
    let place = crate::Place::new("root");
    let linux = Linux::at(Roots::below(&place.0));
    assert!(matches!(linux.pids(), Err(Error::Io { .. })));
    std::fs::create_dir(place.file("proc")).expect("can be made");
    let linux = Linux::at(Roots::below(&place.0));
    assert!(linux.pids().expect("empty").is_empty());
    assert!(matches!(linux.identify(pid(1)), Err(Error::NoSuchProcess { .. })));
    assert!(linux.current().is_err());
    let handle = Handle::new(Identity::new(pid(1), None));
    assert!(linux.send_signal_null(&handle).is_err());
}

#[test]
fn root_of_no_namespace_of_ours_is_read_and_not_acted_upon() {
    use ps_linux::{ControlBackend, WaitBackend};
    // A tree of files, as somebody may have kept it: nobody lives there.
    let place = crate::Place::new("tree");
    let directory = place.file("proc/77");
    std::fs::create_dir_all(&directory).expect("can be made");
    let stat = "77 (kept) S 1 77 77 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 55 4096 1 0\n";
    std::fs::write(directory.join("stat"), stat).expect("can be written");
    std::fs::write(directory.join("limits"), "Max open files            1024   4096   files\n")
        .expect("can be written");
    std::fs::write(
        directory.join("status"),
        "Tgid:\t77\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nCpus_allowed_list:\t0-1,5\n",
    )
    .expect("can be written");
    let linux = Linux::at(Roots::below(&place.0));
    assert_eq!(linux.pids().expect("listed"), [pid(77)]);
    let handle = Handle::new(linux.identify(pid(77)).expect("there"));
    let view = linux.view(&handle);
    assert_eq!(view.name().expect("readable"), "kept");
    assert_eq!(view.status().expect("readable"), Status::Sleeping);
    assert_eq!(view.cpu_affinity().expect("readable"), [0, 1, 5]);
    let files = view.limit(ps_linux::process::Resource::OpenFiles).expect("readable");
    assert_eq!((files.soft, files.hard), (Some(1024), Some(4096)));
    let unsupported = |error: Error| assert!(error.is_unsupported(), "{error}");
    unsupported(view.limit(ps_linux::process::Resource::Core).expect_err("no such line"));
    unsupported(view.io_priority().expect_err("only a call tells"));
    unsupported(linux.set_nice(&handle, 1).expect_err("by number"));
    unsupported(linux.set_cpu_affinity(&handle, &[]).expect_err("by number"));
    unsupported(linux.look_at_exit(&handle).expect_err("by number"));
    unsupported(linux.wait_set().expect("made").watch(&handle, 1).expect_err("by number"));
    let error = linux.send_signal_null(&handle).expect_err("no process");
    assert!(!error.is_gone(), "{error}");
}

#[test]
fn process_that_execs_between_two_reads_stays_the_same_and_shows_its_new_program() {
    let mut member = Member::start("exec");
    let linux = Linux::new();
    let mut handle = handle(member.id());
    let look = linux.view(&handle);
    assert_ne!(look.cmdline().expect("readable"), ["another"]);
    handle.pin = Some(linux.pin(&handle.identity).expect("pinned").into());
    assert_eq!(member.go_on(), "ready");
    // The one that looked before, one that looks now, and one that holds on to it.
    assert_eq!(look.cmdline().expect("readable"), ["another"]);
    assert!(!look.memory_maps().expect("readable").is_empty());
    assert!(!look.environ().expect("readable").is_empty());
    assert_eq!(linux.view(&handle).cmdline().expect("readable"), ["another"]);
    linux.send_signal_null(&handle).expect("the same process");
    let now = linux.identify(handle.identity.pid).expect("there");
    assert_ne!(handle.identity.compare(&now), Sameness::Different);
}

#[test]
fn process_that_ends_between_two_reads_is_a_zombie_or_gone_and_nothing_else() {
    let linux = Linux::new();
    let begin = std::time::Instant::now();
    for round in 0..15 {
        // Each scan is of everybody, and there may be thousands.
        if round >= 3 && begin.elapsed() > std::time::Duration::from_secs(20) {
            break;
        }
        let mut member = Member::start("threads:1");
        let look = view(member.id());
        look.ppid().expect("there");
        member.let_end();
        let collector = std::thread::spawn(move || drop(member));
        for _ in 0..5 {
            let mut name = |uid| Ok(number_as_name(uid));
            match look.record(Fields::ALL, &mut name) {
                Ok(record) => {
                    for (field, why) in record.missing() {
                        assert!(
                            matches!(why, Missing::Zombie | Missing::Denied | Missing::Unsupported),
                            "{field}: {why}"
                        );
                    }
                }
                Err(error) => assert!(error.is_gone(), "{error}"),
            }
            let mut scanner = linux.scanner().expect("made");
            scanner
                .scan(Fields::SCANNABLE, &mut |row| {
                    let record = row.to_record();
                    for (field, why) in record.missing() {
                        assert!(!matches!(why, Missing::Failed), "{field} of {}: {why}", row.pid);
                    }
                    ControlFlow::Continue(())
                })
                .expect("scans");
        }
        collector.join().expect("collects");
    }
}

#[test]
fn strict_scan_tells_the_same() {
    let member = Member::start("threads:1");
    let linux = Linux::new();
    let fields = Fields::SCANNABLE - Fields::CPU_TIMES - Fields::CONTEXT_SWITCHES - Fields::CPU_NUM;
    let row = |strict| {
        let mut scanner = linux.scanner().expect("made");
        scanner.set_strict(strict);
        let mut seen = None;
        scanner
            .scan(fields, &mut |row| {
                if row.pid.get() == member.id() {
                    seen = Some(row.to_record());
                }
                ControlFlow::Continue(())
            })
            .expect("scans");
        seen.expect("listed")
    };
    // It may be on its way to sleep yet.
    loop {
        let (before, plain, after) = (row(true), row(false), row(true));
        if before == after {
            break assert_eq!(plain, before);
        }
    }
}
