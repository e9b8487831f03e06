//! Scans from inside of the kernel tell what files tell, and give way to files where they cannot.
#![cfg(all(target_os = "linux", feature = "bpf"))]

#[path = "../src/sys/herd.rs"]
mod herd;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use herd::Member;
use nix::sys::signal::{SigSet, Signal, kill};
use ps_linux::process::{ProcessBackend, ProcessTimes, Record, ScanFrom, ScanSource};
use ps_linux::{Fields, Linux, LinuxScanner, Pid, Scanner, Status};

/// Where a test that runs itself in other circumstances finds what it is about.
const ABOUT: &str = "PS_BPF_ABOUT";

fn scanner(from: ScanFrom) -> LinuxScanner {
    Linux::new().scanning(from).scanner().expect("can be made")
}

fn records(scanner: &mut LinuxScanner, fields: Fields) -> BTreeMap<Pid, Record> {
    let mut rows = BTreeMap::new();
    let mut last = Pid::ZERO;
    scanner
        .scan(fields, &mut |row| {
            assert!(row.pid > last, "{} after {last}", row.pid);
            last = row.pid;
            rows.insert(row.pid, row.to_record());
            ControlFlow::Continue(())
        })
        .expect("scans");
    rows
}

/// Held alone by tests that keep starting processes: where the one that a pass stopped at goes away, files are read. Held
/// by those that say where scans read from.
static CALM: RwLock<()> = RwLock::new(());

/// That nothing else here starts processes all the time, if an iterator can be loaded. What needs one says so and is left
/// out otherwise.
fn can_load(test: &str) -> Option<RwLockReadGuard<'static, ()>> {
    let calm = CALM.read().unwrap_or_else(PoisonError::into_inner);
    loads(test).then_some(calm)
}

/// The right to start processes all the time, if an iterator can be loaded.
fn can_load_amid_churn(test: &str) -> Option<RwLockWriteGuard<'static, ()>> {
    let churn = CALM.write().unwrap_or_else(PoisonError::into_inner);
    loads(test).then_some(churn)
}

fn loads(test: &str) -> bool {
    let loads = Linux::new().scanning(ScanFrom::Bpf).scan_source() == ScanSource::Bpf;
    if !loads {
        // Loading comes before the name is looked at, so this says what is in the way.
        let why = Linux::new().pin_scan("/proc/none".as_ref(), 0o444);
        ps_tests::skip!("{test}: {why:?}");
    }
    loads
}

fn stop(member: &Member) {
    let pid = nix::unistd::Pid::from_raw(member.id().cast_signed());
    kill(pid, Signal::SIGSTOP).expect("may be stopped");
    let stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("there");
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    };
    while !stopped() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Processes in many states, none of which runs.
fn members() -> Vec<Member> {
    let mut all = vec![
        Member::named(b"a) b\nc(\xff"),
        Member::named(b"fifteen-letters-and-more"),
        Member::start("threads:3"),
        // More than the program goes through by itself.
        Member::start("threads:90"),
        Member::start("leaderless"),
        Member::start("maps:40"),
        Member::start("wait").into_zombie(),
    ];
    // Ones that used both kinds of time, in threads that live and in others that do not.
    let busy = [Member::start("spin"), Member::start("churn"), Member::start("churn-fds")];
    std::thread::sleep(Duration::from_millis(150));
    for member in &busy {
        stop(member);
    }
    all.extend(busy);
    all
}

/// A process that has a terminal, which ends when that is closed.
fn on_a_terminal() -> Option<(Child, nix::pty::OpenptyResult)> {
    let pty = nix::pty::openpty(None, None).ok()?;
    let mut command = Command::new("setsid");
    command.args(["-c", "sleep", "600"]).stdin(pty.slave.try_clone().ok()?);
    let child = command.spawn().ok()?;
    let runs = || {
        let stat = std::fs::read(format!("/proc/{}/comm", child.id())).unwrap_or_default();
        stat == b"sleep\n"
    };
    while !runs() {
        std::thread::sleep(Duration::from_millis(1));
    }
    Some((child, pty))
}

#[test]
fn bpf_tells_terminals() {
    let Some(_calm) = can_load("telling terminals") else { return };
    let Some((mut child, pty)) = on_a_terminal() else {
        return ps_tests::skip!("no terminal can be made here");
    };
    let path = nix::unistd::ttyname(&pty.slave).expect("has a name");
    let pid = Pid::new(child.id()).expect("in range");
    let fields = Fields::TERMINAL | Fields::SID | Fields::NAME;
    let mut told = Vec::new();
    for from in [ScanFrom::Bpf, ScanFrom::Files] {
        told.push(records(&mut scanner(from), fields).remove(&pid).expect("there"));
    }
    child.kill().expect("may be ended");
    child.wait().expect("ends");
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].terminal, Ok(Some(path)));
}

/// Compares what `scanner` tells with what files tell of everybody who stands still meanwhile.
///
/// Members do so for certain. Others may stir between two looks that show the same: of each of them, one look that
/// agrees is enough.
fn compare(scanner: &mut LinuxScanner, fields: Fields, members: &[Member], source: ScanSource) {
    let mut files = self::scanner(ScanFrom::Files);
    let mut agreed = BTreeSet::new();
    let mut differing = BTreeMap::new();
    let is_member = |pid: &Pid| members.iter().any(|member| member.id() == pid.get());
    for round in 0.. {
        let before = records(&mut files, fields);
        let inside = records(scanner, fields);
        assert_eq!(scanner.source(), source);
        let after = records(&mut files, fields);
        assert_eq!(files.source(), ScanSource::Files);
        differing.retain(|pid, _| after.contains_key(pid));
        for (pid, record) in &before {
            if after.get(pid) != Some(record) {
                assert!(!is_member(pid), "{pid} moves: {record:?}, {:?}", after.get(pid));
                continue;
            }
            let told = inside.get(pid);
            assert!(!is_member(pid) || told == Some(record), "{told:?} for {record:?}");
            if told == Some(record) {
                differing.remove(pid);
                agreed.insert(*pid);
            } else if !agreed.contains(pid) {
                differing.insert(*pid, format!("{told:?} for {record:?}"));
            }
        }
        for pid in inside.keys().filter(|pid| !before.contains_key(pid)) {
            let gone = || !Path::new(&format!("/proc/{pid}")).exists();
            assert!(after.contains_key(pid) || gone(), "{pid} is no process");
        }
        if differing.is_empty() && round > 0 {
            break;
        }
        assert!(round < 200, "{differing:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{fields:?}: {} agreed", agreed.len());
    assert!(members.iter().all(|one| agreed.contains(&Pid::new(one.id()).expect("in range"))));
}

#[test]
fn bpf_scan_tells_what_files_tell() {
    let Some(_calm) = can_load("comparing with files") else { return };
    let members = members();
    let mut scanner = scanner(ScanFrom::Bpf);
    compare(&mut scanner, Fields::SCANNABLE, &members, ScanSource::Bpf);
    // Files are asked for fewer things in other ways.
    for (_, field) in Fields::NAMES {
        if Fields::SCANNABLE.contains(*field) {
            compare(&mut scanner, *field, &members, scanner_source(*field));
        }
    }
    compare(&mut scanner, Fields::TOP, &members, ScanSource::Bpf);
    compare(&mut scanner, Fields::TABLE, &members, ScanSource::Bpf);
}

#[test]
fn bpf_completes_a_cut_name_anew_once_the_process_has_run() {
    let Some(_calm) = can_load("completing names") else { return };
    let place = std::env::temp_dir().join(format!("ps-bpf-names-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("made");
    let us = std::env::current_exe().expect("known");
    let [one, other] = ["one", "other"].map(|end| place.join(format!("fifteen-letters-{end}")));
    for program in [&one, &other] {
        std::os::unix::fs::symlink(&us, program).expect("made");
    }
    let mut member = Member::start_program(&one, &format!("exec:{}", other.display()));
    let pid = Pid::new(member.id()).expect("in range");
    let mut scanner = scanner(ScanFrom::Bpf);
    let mut name = || {
        let row = records(&mut scanner, Fields::NAME | Fields::COMM).remove(&pid).expect("there");
        assert_eq!((scanner.source(), row.comm), (ScanSource::Bpf, Ok("fifteen-letters".into())));
        row.name.expect("told")
    };
    for _ in 0..3 {
        assert_eq!(name(), *one.file_name().expect("has one"));
    }
    // The kernel keeps as much of the new name as of the old one.
    assert_eq!(member.go_on(), "ready");
    assert_eq!(name(), *other.file_name().expect("has one"));
    std::fs::remove_dir_all(&place).expect("removed");
}

/// What is told by nothing that the kernel's records help with is read from files at once.
fn scanner_source(field: Fields) -> ScanSource {
    match (Fields::IO_COUNTERS | Fields::NUM_FDS).contains(field) {
        true => ScanSource::Files,
        false => ScanSource::Bpf,
    }
}

#[test]
fn bpf_is_loaded_once_it_pays_off_and_used_at_once_by_others_then() {
    let Some(_calm) = can_load("going on from files to an iterator") else { return };
    let linux = Linux::new();
    let mut first = linux.scanner().expect("can be made");
    assert_eq!(first.source(), ScanSource::Files);
    let mut by_files = 0;
    loop {
        let rows = records(&mut first, Fields::TOP).len();
        match first.source() {
            ScanSource::Files => by_files += rows,
            ScanSource::Bpf => break,
            other => return ps_tests::skip!("something is there already: {other}"),
        }
        assert!(by_files < 100_000, "it never pays off");
    }
    assert!(by_files >= 1000, "{by_files}");
    let mut second = linux.clone().scanner().expect("can be made");
    records(&mut second, Fields::TOP);
    assert_eq!(second.source(), ScanSource::Bpf);
    assert_eq!(linux.scan_source(), ScanSource::Bpf);
}

#[test]
fn bpf_gives_way_to_files_where_it_would_not_help() {
    let Some(_calm) = can_load("giving way to files") else { return };
    let mut scanner = scanner(ScanFrom::Bpf);
    records(&mut scanner, Fields::NAME);
    assert_eq!(scanner.source(), ScanSource::Bpf);
    records(&mut scanner, Fields::NONE);
    assert_eq!(scanner.source(), ScanSource::Files);
    scanner.set_strict(true);
    records(&mut scanner, Fields::NAME);
    assert_eq!(scanner.source(), ScanSource::Files);
}

#[test]
fn bpf_scan_that_is_broken_off_ends_there() {
    let Some(_calm) = can_load("breaking off") else { return };
    let mut scanner = scanner(ScanFrom::Bpf);
    let mut count = 0;
    for _ in 0..2 {
        scanner
            .scan(Fields::TOP, &mut |_| {
                count += 1;
                ControlFlow::Break(())
            })
            .expect("scans");
    }
    assert_eq!((count, scanner.source()), (2, ScanSource::Bpf));
    assert!(scanner.scan(Fields::ENVIRON, &mut |_| ControlFlow::Continue(())).is_err());
}

#[test]
fn bpf_cpu_times_never_decrease_while_threads_come_and_go() {
    let Some(_calm) = can_load("watching CPU times") else { return };
    let members = [Member::start("churn"), Member::start("spin"), Member::start("churn-fds")];
    let mut scanner = scanner(ScanFrom::Bpf);
    let mut last = BTreeMap::new();
    let used = |last: &BTreeMap<u32, ProcessTimes>| -> Duration {
        last.values().map(ProcessTimes::total).sum()
    };
    let mut passes = 0;
    while passes < 50 || used(&last) < Duration::from_millis(500) {
        let seen = records(&mut scanner, Fields::CPU_TIMES | Fields::IDENTITY);
        for member in &members {
            let row = &seen[&Pid::new(member.id()).expect("in range")];
            let times = row.cpu_times.expect("readable");
            if let Some(before) = last.insert(member.id(), times) {
                assert!(
                    times.user >= before.user && times.system >= before.system,
                    "{times:?} after {before:?}"
                );
            }
        }
        passes += 1;
    }
    println!("{passes} passes, {:?}", used(&last));
}

#[test]
fn bpf_misses_nobody_while_others_come_and_go() {
    let Some(_churn) = can_load_amid_churn("scanning while processes come and go") else { return };
    let members = [Member::start("threads:2"), Member::start("wait"), Member::start("churn")];
    let going_on = AtomicBool::new(true);
    let mut scanner = scanner(ScanFrom::Bpf);
    let mut from_inside = 0;
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut count = 0;
            while going_on.load(Ordering::Relaxed) {
                let two = [0; 2].map(|_| Command::new("true").spawn().expect("starts"));
                for mut child in two {
                    child.wait().expect("ends");
                    count += 1;
                }
            }
            count
        });
        for _ in 0..200 {
            let rows = records(&mut scanner, Fields::TOP);
            from_inside += u32::from(scanner.source() == ScanSource::Bpf);
            for pid in members.iter().map(Member::id).chain([std::process::id()]) {
                assert!(rows.contains_key(&Pid::new(pid).expect("in range")), "{pid}");
            }
        }
        going_on.store(false, Ordering::Relaxed);
        println!("{} came and went", others.join().expect("no panic"));
    });
    println!("{from_inside} of 200 passes from inside");
    // Where the one who was recorded last has gone, files are read.
    assert!(from_inside > 150, "{from_inside}");
}

#[test]
fn bpf_is_loaded_while_children_of_other_threads_keep_ending() {
    let Some(_churn) = can_load_amid_churn("loading while children end") else { return };
    let Some(place) = Place::new("loaded") else { return };
    let files = ["1", "2", "3", "4", "5"].map(|name| place.file(name));
    let going_on = AtomicBool::new(true);
    let before = SigSet::thread_get_mask().expect("told");
    let pinned = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while going_on.load(Ordering::Relaxed) {
                    // Signals are blocked while one starts, so they go to others when the one before it ends.
                    let some = [0; 8].map(|_| Command::new("true").spawn().expect("starts"));
                    for mut child in some {
                        child.wait().expect("ends");
                    }
                }
            });
        }
        let pinned = files.each_ref().map(|file| Linux::new().pin_scan(file, 0o400));
        going_on.store(false, Ordering::Relaxed);
        pinned
    });
    for pinned in pinned {
        pinned.expect("loaded");
    }
    assert_eq!(SigSet::thread_get_mask().expect("told"), before, "signals come as before");
}

/// Runs a test of this program in other circumstances; `None`, aloud, where those cannot be had.
fn elsewhere(how: &[&str], test: &str, about: &str) -> Option<()> {
    let me = std::env::current_exe().expect("known");
    let me = me.to_str().expect("text");
    let (program, words) = how.split_first().expect("a program");
    let mut command = Command::new(program);
    command.args(words).args([me, "--ignored", "--exact", test, "--nocapture"]).env(ABOUT, about);
    let Ok(Output { status, stdout, stderr }) = command.output() else {
        ps_tests::skip!("no {program} here");
        return None;
    };
    let (text, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if !status.success() && errors.starts_with(program) {
        ps_tests::skip!("{how:?}: {errors}");
        return None;
    }
    assert!(status.success() && text.contains("1 passed"), "{text}\n{errors}");
    print!("{text}");
    Some(())
}

fn about() -> Option<PathBuf> {
    std::env::var_os(ABOUT).map(PathBuf::from)
}

#[test]
fn bpf_scan_in_a_pid_namespace_has_the_numbers_that_hold_there() {
    let Some(_calm) = can_load("looking from inside of namespaces") else { return };
    let time = ["unshare", "--pid", "--time", "--boottime", "500000", "--fork", "--mount-proc"];
    elsewhere(&time, "in_a_namespace", "");
    let nested = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
    ];
    elsewhere(&nested, "in_a_namespace", "");
}

/// Run by the test above in namespaces of its own.
#[test]
#[ignore = "run by another test in namespaces of its own"]
fn in_a_namespace() {
    if about().is_none() {
        return;
    }
    let members = members();
    let mut scanner = scanner(ScanFrom::Bpf);
    compare(&mut scanner, Fields::SCANNABLE, &members, ScanSource::Bpf);
    let rows = records(&mut scanner, Fields::TABLE);
    assert!(rows.len() <= members.len() + 6, "strangers are seen: {rows:?}");
    let me = Pid::new(std::process::id()).expect("in range");
    let zombie = rows.values().find(|row| row.status == Ok(Status::Zombie)).expect("there");
    assert_eq!(zombie.ppid, Ok(Some(me)));
}

#[test]
fn bpf_is_not_used_for_another_pid_namespace() {
    let Some(_calm) = can_load("looking at other namespaces") else { return };
    elsewhere(&["unshare", "--pid", "--fork"], "by_files_alone", "");
}

#[test]
fn bpf_is_not_used_where_files_hide_processes() {
    let Some(_calm) = can_load("looking at files that hide processes") else { return };
    let script = "mount -t proc -o hidepid=2 proc /proc || exit 0; exec \"$0\" \"$@\"";
    let words = ["unshare", "--mount", "sh", "-c", script];
    elsewhere(&words, "by_files_alone", "");
}

/// Run by other tests, where an iterator would tell something else.
#[test]
#[ignore = "run by other tests in other circumstances"]
fn by_files_alone() {
    if about().is_none() {
        return;
    }
    let linux = Linux::new().scanning(ScanFrom::Bpf);
    assert_eq!(linux.scan_source(), ScanSource::Files);
    let mut scanner = linux.scanner().expect("can be made");
    let rows = records(&mut scanner, Fields::NAME);
    assert!(rows.len() > 1 && scanner.source() == ScanSource::Files);
}

const STRANGER: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
fn bpf_without_permission_is_files_and_silence() {
    if !nix::unistd::geteuid().is_root() {
        return without_permission_here();
    }
    elsewhere(&STRANGER, "without_permission", "");
}

/// Run by the test above as somebody who may load nothing.
#[test]
#[ignore = "run by another test as somebody else"]
fn without_permission() {
    if about().is_some() {
        without_permission_here();
    }
}

fn without_permission_here() {
    let members = members();
    let none = PathBuf::from("/sys/fs/bpf/there-is-none");
    for from in [ScanFrom::Best, ScanFrom::Bpf, ScanFrom::Pinned(none)] {
        let linux = Linux::new().scanning(from);
        let source = linux.scan_source();
        if source == ScanSource::PinnedBpf {
            ps_tests::skip!("an iterator is pinned here");
            continue;
        }
        assert_eq!(source, ScanSource::Files);
        let mut scanner = linux.scanner().expect("can be made");
        compare(&mut scanner, Fields::TABLE, &members, ScanSource::Files);
    }
    let error = Linux::new().pin_scan("/sys/fs/bpf/refused".as_ref(), 0o444);
    let error = error.expect_err("nobody may");
    // Either loading is refused, or this kernel has no description of its types.
    assert!(error.is_denied() || error.path().is_some(), "{error}");
}

/// A file system of BPF that only this test sees, gone when it ends.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Option<Place> {
        let path = std::env::temp_dir().join(format!("ps-bpf-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("can be made");
        let place = Place(path);
        let flags = nix::mount::MsFlags::empty();
        match nix::mount::mount(Some("bpf"), &place.0, Some("bpf"), flags, Some("mode=0755")) {
            Ok(()) => Some(place),
            Err(error) => {
                ps_tests::skip!("no file system of BPF can be mounted: {error}");
                None
            }
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = nix::mount::umount(&self.0);
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn bpf_pinned_by_root_is_read_by_everybody_it_is_meant_for() {
    let Some(_calm) = can_load("pinning") else { return };
    let Some(place) = Place::new("pinned") else { return };
    let (open, shut) = (place.file("open"), place.file("shut"));
    Linux::new().pin_scan(&open, 0o444).expect("pinned");
    Linux::new().pin_scan(&shut, 0o400).expect("pinned");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&open), mode(&shut)), (0o444, 0o400));
    let taken = Linux::new().pin_scan(&open, 0o444).expect_err("the name is taken");
    assert_eq!(taken.path(), Some(open.as_path()));
    for path in [&open, &shut] {
        let linux = Linux::new().scanning(ScanFrom::Pinned(path.clone()));
        assert_eq!(linux.scan_source(), ScanSource::PinnedBpf);
    }
    elsewhere(&STRANGER, "as_a_stranger", place.0.to_str().expect("text"));
    let below = ["unshare", "--pid", "--time", "--boottime", "500000", "--fork", "--mount-proc"];
    elsewhere(&below, "in_a_namespace_by_what_is_pinned", open.to_str().expect("text"));
    let user = ["unshare", "--user", "--map-root-user"];
    elsewhere(&user, "in_a_user_namespace", open.to_str().expect("text"));
    // What is no iterator is left alone.
    let linux = Linux::new().scanning(ScanFrom::Pinned("/proc/uptime".into()));
    assert_eq!(linux.scan_source(), ScanSource::Files);
    std::fs::remove_file(&open).expect("removed");
    let linux = Linux::new().scanning(ScanFrom::Pinned(open));
    assert_eq!(linux.scan_source(), ScanSource::Files);
}

/// Run by the test above as somebody who may load nothing.
#[test]
#[ignore = "run by another test as somebody else"]
fn as_a_stranger() {
    let Some(place) = about() else { return };
    let members = members();
    let mut scanner = scanner(ScanFrom::Pinned(place.join("open")));
    compare(&mut scanner, Fields::SCANNABLE, &members, ScanSource::PinnedBpf);
    compare(&mut scanner, Fields::TABLE, &members, ScanSource::PinnedBpf);
    let linux = Linux::new().scanning(ScanFrom::Pinned(place.join("shut")));
    assert_eq!(linux.scan_source(), ScanSource::Files);
}

/// Run by the test above where processes have other numbers.
#[test]
#[ignore = "run by another test in a namespace of its own"]
fn in_a_namespace_by_what_is_pinned() {
    let Some(path) = about() else { return };
    let members = members();
    let mut scanner = scanner(ScanFrom::Pinned(path));
    compare(&mut scanner, Fields::SCANNABLE, &members, ScanSource::PinnedBpf);
    let rows = records(&mut scanner, Fields::TABLE);
    assert!(rows.len() <= members.len() + 6, "strangers are seen: {rows:?}");
}

/// Run by the test above where users have other numbers.
#[test]
#[ignore = "run by another test in a user namespace"]
fn in_a_user_namespace() {
    let Some(path) = about() else { return };
    let mut scanner = scanner(ScanFrom::Pinned(path));
    compare(&mut scanner, Fields::TOP, &[], ScanSource::PinnedBpf);
    compare(&mut scanner, Fields::TABLE, &[], ScanSource::Files);
    compare(&mut scanner, Fields::EFFECTIVE_UID, &[], ScanSource::Files);
}
