//! What we say of every process beside what Python's psutil says (and pypsutil, and the raw files): ours, theirs,
//! ours again, and wherever our two readings agree, theirs must too.
//!
//! Needs a Python with psutil: `PS_PYTHON`, or the virtual environment `target/venv` of the workspace, or the
//! first `python3` of the search path. Skipped aloud where none of them has it.

#![cfg(target_os = "linux")]

#[path = "../../src/sys/herd.rs"]
mod herd;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use herd::Member;
use ps_linux::net::{
    Connection, ConnectionKind, ConnectionQuery, Endpoint, SocketFamily, SocketType,
};
use ps_linux::process::{
    ControlBackend, Descriptor, Handle, IoClass, MapSizes, ProcessBackend, ProcessView, Resource,
    SignalSet, group_maps, number_as_name, signal_numbers,
};
use ps_linux::{Error, HostBackend, Linux, LinuxView, Pid, Result, Signal, Status};

const ROUNDS: usize = 20;

/// Python with psutil, answering questions.
struct Reference {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Reference {
    fn start() -> Option<Reference> {
        let venv = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
        let named = std::env::var("PS_PYTHON").ok();
        let candidates =
            [named.as_deref(), Some(venv), Some("/tmp/venv/bin/python"), Some("python3")];
        let has_it = |python: &&str| {
            let mut command = Command::new(python);
            command.args(["-c", "import psutil"]).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let Some(python) = candidates.into_iter().flatten().find(has_it) else {
            ps_tests::skip!("no Python with psutil (see PS_PYTHON)");
            return None;
        };
        let mut child = Command::new(python)
            .args(["-c", include_str!("reference.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Some(Reference { child, input, output })
    }

    fn ask(&mut self, pid: Pid) -> BTreeMap<String, String> {
        writeln!(self.input, "{pid}").expect("listens");
        self.input.flush().expect("listens");
        let mut facts = BTreeMap::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("speaks") > 0, "it ended");
            let line = line.trim_end_matches('\n');
            if line == "." {
                return facts;
            }
            let (key, value) = line.split_once('\t').expect("two columns");
            facts.insert(key.to_owned(), value.to_owned());
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hex(text: impl AsRef<OsStr>) -> String {
    text.as_ref().as_bytes().iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn path(path: Option<impl AsRef<Path>>) -> String {
    path.map(|path| hex(path.as_ref().as_os_str())).unwrap_or_default()
}

fn seconds(times: &[Duration]) -> String {
    let times: Vec<_> = times.iter().map(|time| format!("{:.2}", time.as_secs_f64())).collect();
    times.join(" ")
}

fn numbers(values: &[u64]) -> String {
    values.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

fn list<T>(
    values: impl IntoIterator<Item = T>,
    separator: &str,
    show: impl Fn(T) -> String,
) -> String {
    values.into_iter().map(show).collect::<Vec<_>>().join(separator)
}

fn signals(set: &SignalSet) -> String {
    let numbers = signal_numbers();
    let mut all: Vec<_> = set
        .iter_with_internal()
        .map(|signal| numbers.number(signal).expect("known").unsigned_abs().into())
        .collect();
    all.sort_unstable();
    self::numbers(&all)
}

fn sizes(path: Option<OsString>, sizes: &MapSizes) -> String {
    let rest = [
        sizes.rss,
        Some(sizes.size),
        sizes.pss,
        sizes.shared_clean,
        sizes.shared_dirty,
        sizes.private_clean,
        sizes.private_dirty,
        sizes.referenced,
        sizes.anonymous,
        sizes.swap,
    ];
    let path = path.map(hex).unwrap_or_default();
    format!("{path} {}", numbers(&rest.map(Option::unwrap_or_default)))
}

fn descriptor(one: &Descriptor) -> String {
    // The other side leaves out that files may be large.
    let flags = one.flags.unwrap_or(0) & !libc::O_LARGEFILE.cast_unsigned() & !0o100_000;
    let kind = format!("{:?}", one.kind).to_lowercase();
    let (position, path) = (one.position.unwrap_or(0), path(one.path.as_ref()));
    let rest = [one.device, one.inode, one.special_device, one.file_mode.map(u64::from), one.size];
    let rest = numbers(&rest.map(Option::unwrap_or_default));
    format!("{} {kind} {path} {position} {flags} {rest}", one.fd)
}

fn descriptors(view: &LinuxView) -> Result<String> {
    let mut all = Vec::new();
    view.for_each_descriptor(&mut |one| {
        all.push(descriptor(&one));
        ControlFlow::Continue(())
    })?;
    Ok(all.join(";"))
}

fn connection(one: &Connection) -> String {
    let end = |end: &Option<Endpoint>| match end {
        None => "-".to_owned(),
        Some(Endpoint::Inet(address)) => format!("{}|{}", address.ip(), address.port()),
        Some(Endpoint::Path(path)) => hex(path),
        Some(other) => hex(other.to_string()),
    };
    let family = match one.family {
        SocketFamily::Inet => libc::AF_INET,
        SocketFamily::Inet6 => libc::AF_INET6,
        _ => libc::AF_UNIX,
    };
    let kind = match one.socket_type {
        SocketType::Stream => libc::SOCK_STREAM,
        SocketType::Datagram => libc::SOCK_DGRAM,
        _ => libc::SOCK_SEQPACKET,
    };
    let status = one.status.map_or("-".to_owned(), |status| status.to_string());
    let fd = one.fd.unwrap_or(-1);
    format!("{fd} {family} {kind} {} {} {status}", end(&one.local), end(&one.remote))
}

/// What we say, in the words of the other side.
fn ours(linux: &Linux, pid: Pid) -> BTreeMap<&'static str, String> {
    let view = linux.view_of(pid);
    let mut facts = BTreeMap::new();
    let mut say = |key: &'static str, value: Result<String>| {
        let value = match value {
            Ok(value) => format!("={value}"),
            Err(Error::ZombieProcess { .. }) => "zombie".to_owned(),
            Err(error) if error.is_gone() => "gone".to_owned(),
            Err(error) if error.is_denied() => "denied".to_owned(),
            Err(error) => format!("failed {error}"),
        };
        facts.insert(key, value);
    };
    let pid_or_zero = |pid: Option<Pid>| pid.map_or(0, Pid::get).to_string();
    say("ppid", view.ppid().map(pid_or_zero));
    say("name", view.name().map(hex));
    say("exe", view.exe().map(path));
    say("cmdline", view.cmdline().map(|all| list(all, ",", hex)));
    say("cwd", view.cwd().map(path));
    say("status", view.status().map(|status| status.to_string()));
    say(
        "create_time",
        view.create_time()
            .map(|time| seconds(&[time.duration_since(UNIX_EPOCH).unwrap_or_default()])),
    );
    say(
        "uids",
        view.uids().map(|ids| list([ids.real, ids.effective, ids.saved], " ", |id| id.to_string())),
    );
    say(
        "gids",
        view.gids().map(|ids| list([ids.real, ids.effective, ids.saved], " ", |id| id.to_string())),
    );
    say(
        "username",
        view.uids().and_then(|ids| {
            Ok(hex(linux.user_name(ids.real)?.unwrap_or_else(|| number_as_name(ids.real))))
        }),
    );
    say(
        "terminal",
        view.terminal().map(|path| path.map_or("-".to_owned(), |path| path.display().to_string())),
    );
    say("nice", view.nice().map(|nice| nice.to_string()));
    say(
        "ionice",
        view.io_priority().map(|priority| {
            let class = match priority.class {
                IoClass::None => 0,
                IoClass::RealTime => 1,
                IoClass::BestEffort => 2,
                IoClass::Idle => 3,
            };
            format!("{class} {}", priority.level)
        }),
    );
    say("num_fds", view.num_fds().map(|count| count.to_string()));
    say("num_threads", view.num_threads().map(|count| count.to_string()));
    say(
        "threads",
        view.threads().map(|all| {
            list(all, ";", |thread| {
                let times = [thread.user_time, thread.system_time].map(Option::unwrap_or_default);
                format!("{} {}", thread.id, seconds(&times))
            })
        }),
    );
    say(
        "cpu_times",
        view.cpu_times().map(|times| {
            let more = [times.children_user, times.children_system, times.iowait];
            let [a, b, c] = more.map(Option::unwrap_or_default);
            seconds(&[times.user, times.system, a, b, c])
        }),
    );
    say("cpu_num", view.cpu_num().map(|cpu| cpu.expect("told").to_string()));
    say(
        "memory_info",
        view.memory_info().map(|memory| {
            let more = [memory.shared, memory.text, memory.data].map(Option::unwrap_or_default);
            format!("{} {} {}", memory.rss, memory.vms, numbers(&more))
        }),
    );
    say(
        "footprint",
        view.memory_footprint().map(|all| {
            numbers(&[all.uss, all.pss.unwrap_or_default(), all.swap.unwrap_or_default()])
        }),
    );
    let maps = view.memory_maps();
    say(
        "grouped_maps",
        match &maps {
            Ok(all) => Ok(list(group_maps(all), ";", |group| sizes(group.path, &group.sizes))),
            Err(_) => view.memory_maps().map(|_| "there after all".to_owned()),
        },
    );
    say(
        "memory_maps",
        maps.map(|all| {
            list(all, ";", |map| {
                let rest = sizes(map.path, &map.sizes);
                format!("{:08x}-{:08x} {} {rest}", map.start, map.end, map.permissions)
            })
        }),
    );
    say(
        "open_files",
        view.open_files().map(|all| {
            list(all, ";", |file| {
                let mode = file.mode.map_or("?", |mode| mode.as_str());
                let (position, flags) = (file.position.unwrap_or(0), file.flags.unwrap_or(0));
                format!("{} {} {position} {mode} {flags}", file.fd, path(file.path))
            })
        }),
    );
    say(
        "net_connections",
        view.net_connections(&ConnectionQuery::new(ConnectionKind::All)).map(|all| {
            // The other side knows streams and datagrams of the internet only, and Unix sockets.
            let known = |one: &&Connection| {
                one.family == SocketFamily::Unix
                    || matches!(one.socket_type, SocketType::Stream | SocketType::Datagram)
            };
            let mut all: Vec<_> = all.iter().filter(known).map(connection).collect();
            all.sort();
            all.join(";")
        }),
    );
    say(
        "io_counters",
        view.io_counters().map(|io| {
            let all = [
                io.read_count,
                io.write_count,
                io.read_bytes,
                io.write_bytes,
                io.read_chars,
                io.write_chars,
            ];
            numbers(&all.map(Option::unwrap_or_default))
        }),
    );
    say(
        "context_switches",
        view.context_switches().map(|count| {
            numbers(&[count.voluntary, count.involuntary].map(Option::unwrap_or_default))
        }),
    );
    say(
        "environ",
        view.environ().map(|all| {
            list(all.iter(), ",", |(name, value)| format!("{}={}", hex(name), hex(value)))
        }),
    );
    say("cpu_affinity", view.cpu_affinity().map(|all| list(all, " ", |cpu| cpu.to_string())));
    say("page_faults", view.page_faults().map(|count| numbers(&[count.minor, count.major])));
    say(
        "memory_info_ex",
        view.memory_info_ex().map(|more| {
            let all = [
                more.peak_rss,
                more.peak_vms,
                more.rss_anon,
                more.rss_file,
                more.rss_shmem,
                more.swap,
                more.hugetlb,
            ];
            numbers(&all.map(Option::unwrap_or_default))
        }),
    );
    limits(&view, &mut say);
    say("pgid", view.pgid().map(pid_or_zero));
    say("sid", view.sid().map(pid_or_zero));
    say("umask", view.umask().map(|mask| mask.map_or("None".to_owned(), |mask| mask.to_string())));
    say("groups", view.groups().map(|all| list(all, " ", |id| id.to_string())));
    say("root", view.root().map(path));
    say("fsuid", view.fs_uid().map(|id| id.to_string()));
    say("fsgid", view.fs_gid().map(|id| id.to_string()));
    let masks = || view.signal_masks();
    say("ignored", masks().map(|masks| signals(&masks.ignored)));
    say("caught", masks().map(|masks| signals(&masks.caught)));
    say("blocked", masks().map(|masks| signals(&masks.blocked.unwrap_or_default())));
    say("pending", masks().map(|masks| signals(&masks.pending.unwrap_or_default())));
    say(
        "process_pending",
        masks().map(|masks| signals(&masks.process_pending.unwrap_or_default())),
    );
    say(
        "raw_create_time",
        view.identity().map(|id| seconds(&[linux.units().ticks(id.start.expect("read").get())])),
    );
    say("descriptors", descriptors(&view));
    facts
}

fn limits(view: &LinuxView, say: &mut dyn FnMut(&'static str, Result<String>)) {
    for (key, resource) in [
        ("limit_as", Resource::AddressSpace),
        ("limit_core", Resource::Core),
        ("limit_cpu", Resource::Cpu),
        ("limit_data", Resource::Data),
        ("limit_fsize", Resource::FileSize),
        ("limit_memlock", Resource::LockedMemory),
        ("limit_nofile", Resource::OpenFiles),
        ("limit_nproc", Resource::Processes),
        ("limit_rss", Resource::ResidentSet),
        ("limit_stack", Resource::Stack),
        ("limit_locks", Resource::Locks),
        ("limit_msgqueue", Resource::MessageQueue),
        ("limit_nice", Resource::Nice),
        ("limit_rtprio", Resource::RealTimePriority),
        ("limit_rttime", Resource::RealTimeTime),
        ("limit_sigpending", Resource::PendingSignals),
    ] {
        let value = |value: Option<u64>| value.map_or("-1".to_owned(), |value| value.to_string());
        let limit = view.limit(resource);
        say(key, limit.map(|limit| format!("{} {}", value(limit.soft), value(limit.hard))));
    }
}

/// Where the other side is known to answer otherwise, and why ours is right. The test that shows it is named.
fn may_differ(key: &str, ours: &str, theirs: &str, view: &LinuxView) -> Option<&'static str> {
    let is_zombie = || view.status().is_ok_and(|status| status == ps_linux::Status::Zombie);
    let is_leaderless = || {
        let stat =
            std::fs::read(format!("/proc/{}/stat", view.identity().map_or(0, |id| id.pid.get())));
        stat.is_ok_and(|stat| stat.windows(4).any(|bytes| bytes == b") Z ")) && !is_zombie()
    };
    if is_leaderless() {
        return Some(
            "takes a process whose main thread has ended for a zombie: \
            leader_that_ended_before_its_threads_is_no_zombie",
        );
    }
    if theirs.contains("surrogatescape") {
        return Some(
            "pypsutil fails on bytes that are no UTF-8: \
            name_may_hold_blanks_parentheses_newlines_and_stray_bytes",
        );
    }
    match key {
        "environ" if ours == "=" && theirs == "gone" => Some(
            "takes a thread of the kernel for gone: kernel_thread_has_no_memory_and_is_not_taken_for_gone",
        ),
        "cmdline" if !ours.contains(',') && ours.contains("20") => Some(
            "takes a program with a blank in its name apart: program_with_an_odd_name_is_shown_whole",
        ),
        "terminal" if theirs == "=-" => Some(
            "reads the list of terminals once: terminal_is_known_by_its_path_even_one_opened_after_the_first_look",
        ),
        "open_files" if only_replaced_more(ours, theirs, view) => Some(
            "takes the file that has the path of a removed one now for the one that is open: \
            open_file_that_bears_the_mark_but_is_still_there_is_listed",
        ),
        "exe" | "cwd" if ours == "zombie" && theirs == "denied" => Some(
            "asks for permission to read what a zombie does not have: \
            first_argument_tells_the_program_where_the_link_does_not",
        ),
        // pypsutil knows no refusal for what a zombie lacks.
        "umask" | "root" if ours == "zombie" => {
            Some("has no word for it: zombie_has_no_arguments_links_and_mappings_and_says_so")
        }
        _ => None,
    }
}

/// Whether all that the other side lists beyond ours are files that were removed.
fn only_replaced_more(ours: &str, theirs: &str, view: &LinuxView) -> bool {
    let pid = view.identity().map_or(0, |identity| identity.pid.get());
    let ours: Vec<_> = ours.trim_start_matches('=').split(';').collect();
    let theirs = theirs.trim_start_matches('=').split(';');
    ours.iter().all(|file| file.is_empty() || theirs.clone().any(|one| one == *file))
        && theirs.filter(|file| !ours.contains(file)).all(|file| {
            let fd = file.split(' ').next().unwrap_or_default();
            let link = std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap_or_default();
            link.as_os_str().as_bytes().ends_with(b" (deleted)")
        })
}

/// How often a process is asked about until a difference is taken for one.
const TRIES: u32 = 12;

/// What came of one comparison.
#[derive(Default)]
struct Found {
    agreed: usize,
    moving: Vec<String>,
    excused: Vec<&'static str>,
    wrong: BTreeMap<String, String>,
}

fn still_wrong(
    mut before: BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    // Other words on either side: it moves.
    before.retain(|key, words| now.get(key) == Some(words));
    before
}

fn compare(linux: &Linux, pid: Pid, reference: &mut Reference) -> Found {
    let before = ours(linux, pid);
    let theirs = reference.ask(pid);
    let after = ours(linux, pid);
    let view = linux.view_of(pid);
    let mut found = Found::default();
    for (key, theirs) in theirs {
        let (Some(before), Some(after)) = (before.get(&*key), after.get(&*key)) else {
            continue;
        };
        if before != after {
            found.moving.push(key);
        } else if *before == theirs {
            found.agreed += 1;
        } else if let Some(why) = may_differ(&key, before, &theirs, &view) {
            found.excused.push(why);
        } else {
            let name = view.name().unwrap_or_default();
            let short = |text: &str| text.chars().take(300).collect::<String>();
            let words = format!("ours {}, theirs {}", short(before), short(&theirs));
            found.wrong.insert(format!("{key} of {pid} {name:?}"), words);
        }
    }
    found
}

/// Asks until a difference is gone or has stood all the while: what swings to and fro can be caught between two
/// readings that agree, but not each time.
fn compare_again_and_again(linux: &Linux, pid: Pid, reference: &mut Reference) -> Found {
    let mut all = Found::default();
    for attempt in 0..TRIES {
        std::thread::sleep(Duration::from_millis(3) * attempt);
        let found = compare(linux, pid, reference);
        all.agreed += found.agreed;
        all.moving.extend(found.moving);
        all.excused.extend(found.excused);
        all.wrong = if attempt == 0 { found.wrong } else { still_wrong(all.wrong, &found.wrong) };
        if all.wrong.is_empty() {
            break;
        }
    }
    all
}

#[test]
fn psutil_agrees_wherever_we_agree_with_ourselves() {
    let Some(mut reference) = Reference::start() else { return };
    let members = [
        Member::named(b"a) b\nc(\xff"),
        Member::titled(b"a title", &["x", ""]),
        Member::start("threads:4"),
        Member::start("leaderless"),
        Member::start("fds:50"),
        Member::start("maps:100"),
        Member::start("signals"),
        Member::start("umask"),
        Member::start("wait").into_zombie(),
    ];
    let linux = Linux::new();
    let (mut agreed, mut moving) = (0, 0);
    let mut excused: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let begin = Instant::now();
    let mut rounds = 0;
    // Fewer where there are thousands of processes.
    while rounds < ROUNDS && begin.elapsed() < Duration::from_secs(180) {
        rounds += 1;
        for pid in linux.pids().expect("listed") {
            // The one that answers moves while it does.
            if pid.get() == reference.child.id() || pid.get() == std::process::id() {
                continue;
            }
            let found = compare_again_and_again(&linux, pid, &mut reference);
            agreed += found.agreed;
            moving += found.moving.len();
            for why in found.excused {
                *excused.entry(why).or_default() += 1;
            }
            wrong.extend(found.wrong);
        }
    }
    println!(
        "{rounds} rounds: {agreed} agreed, {moving} did not stand still, excused: {excused:#?}"
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Nine processes that stand still, and two dozen facts of each at the least, in every round.
    assert!(agreed > rounds * members.len() * 24, "{agreed}");
}

/// Starts one that is busy and stops it once it has used some time: all its counters stand still then.
fn stopped(linux: &Linux, mode: &str) -> Member {
    let member = Member::start(mode);
    let pid = Pid::new(member.id()).expect("in range");
    let used = || linux.view_of(pid).cpu_times().expect("readable");
    while used().user + used().system < Duration::from_millis(100) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let handle = Handle::new(linux.identify(pid).expect("there"));
    linux.send_signal(&handle, Signal::Stop).expect("sent");
    let stands = |thread: ps_linux::process::Thread| thread.status == Some(Status::Stopped);
    while !linux.view_of(pid).threads().expect("listed").into_iter().all(stands) {
        std::thread::sleep(Duration::from_millis(5));
    }
    member
}

/// What others change of a process that stands still.
const MEMORY: [&str; 5] =
    ["memory_maps", "grouped_maps", "footprint", "memory_info", "memory_info_ex"];

#[test]
fn counters_of_a_stopped_herd_agree_in_every_figure() {
    let Some(mut reference) = Reference::start() else { return };
    let linux = Linux::new();
    let herd = ["spin", "churn", "churn-fds"].map(|mode| stopped(&linux, mode));
    for member in &herd {
        let pid = Pid::new(member.id()).expect("in range");
        for _ in 0..ROUNDS {
            let mut found = compare_again_and_again(&linux, pid, &mut reference);
            assert_eq!(found.wrong, BTreeMap::new());
            let compared = found.agreed + found.moving.len();
            // Pages are shared with others, and taken away.
            found.moving.retain(|key| !MEMORY.contains(&&**key));
            assert_eq!((found.moving, found.excused), (vec![], vec![]), "it is stopped");
            assert!(compared >= 45, "{compared}");
        }
        let view = linux.view_of(pid);
        let switches = view.context_switches().expect("counted");
        assert!(switches.total() > 0 && view.page_faults().expect("counted").minor > 0);
        match view.io_counters() {
            Ok(io) => assert!(io.read_count > Some(0) && io.read_chars > Some(0)),
            Err(error) => ps_tests::skip!("{error}"),
        }
    }
}
