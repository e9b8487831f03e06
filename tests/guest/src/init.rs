//! Being the first process: mounts, modules, loopback, the plan's steps, and the end.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use nix::sys::termios::{SetArg, cfmakeraw, tcdrain, tcgetattr, tcsetattr};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::capture;
use crate::check::CGROUP;
use crate::event::Event;
use crate::glob::expand;
use crate::plan::{CAPTURE, Cgroup, Plan, SETUP, Step, WITNESS};
use crate::witness::{groups, hear, read};

/// Where the host put the plan.
const PLAN: &str = "/plan";
/// Where the host put kernel modules, and their names in the order in which they are to be loaded.
const MODULES: &str = "/modules";
/// How many bytes of a file one line carries.
const DATA_PER_LINE: usize = 512;
/// How long a test's output may trickle on after the test itself has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How often a running test is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Where events go.
#[derive(Clone)]
struct Port(Arc<Mutex<File>>);

impl Port {
    fn open(device: &str) -> io::Result<Self> {
        let path = Path::new("/dev").join(device);
        // Without the flag, opening would wait for a modem to answer.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags((OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits())
            .open(&path)?;
        if let Ok(mut settings) = tcgetattr(&file) {
            cfmakeraw(&mut settings);
            tcsetattr(&file, SetArg::TCSANOW, &settings)?;
        }
        drop(file);
        let file =
            OpenOptions::new().write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&path)?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Sends one event. A port that fails leaves nobody to tell; the host misses the event.
    fn say(&self, event: &Event) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(format!("{event}\n").as_bytes());
    }

    /// Waits until everything said has left the machine.
    fn drain(&self) {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = tcdrain(&*file);
    }
}

/// Runs the plan, if this is the first process; never returns then.
pub fn main() -> ExitCode {
    if std::process::id() != 1 {
        eprintln!("ps-guest is the first process of a virtual machine, and nothing else");
        return ExitCode::from(2);
    }
    let mut troubles = mount_all();
    let read = fs::read_to_string(PLAN).map_err(|error| error.to_string());
    let plan: Plan = match read.and_then(|text| text.parse()) {
        Ok(plan) => plan,
        Err(why) => {
            println!("{PLAN}: {why}");
            power_off();
        }
    };
    let port = match Port::open(&plan.port) {
        Ok(port) => port,
        Err(error) => {
            println!("/dev/{}: {error}", plan.port);
            power_off();
        }
    };
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    port.say(&Event::Start { release: release.trim().to_owned() });
    port.say(&Event::Begin { step: SETUP.into() });
    troubles.extend(load_modules());
    troubles.extend(mount_cgroups(plan.cgroup));
    if let Some((device, place)) = &plan.disk {
        troubles.extend(mount_disk(device, place).err());
    }
    if let Err(error) = loopback_up() {
        troubles.push(format!("loopback: {error}"));
    }
    let mut failed = 0;
    failed += answer(
        &port,
        SETUP,
        match troubles.is_empty() {
            true => Ok(()),
            false => Err(troubles.join("; ")),
        },
    );
    for step in &plan.steps {
        failed += perform(&port, &plan.machine, step);
    }
    port.say(&Event::End { failed });
    port.drain();
    power_off();
}

/// Does one step; how many failures that makes.
fn perform(port: &Port, machine: &str, step: &Step) -> usize {
    match step {
        Step::Check { name, check } => {
            port.say(&Event::Begin { step: name.clone() });
            answer(port, name, check.hold(Path::new("/")))
        }
        Step::Run { name, user, seconds, directory, words } => {
            port.say(&Event::Begin { step: name.clone() });
            let Some((program, arguments)) = words.split_first() else { return 0 };
            // A session of its own, as whatever a real system starts has: in that of the first process, the kernel hangs
            // up on the whole group when an orphan of it ends while others are stopped.
            let mut command = Command::new("/bin/setsid");
            command.arg(program).args(arguments).current_dir(directory).uid(*user).gid(*user);
            command.env_clear().envs([
                ("PATH", "/bin"),
                ("HOME", "/tmp"),
                ("TMPDIR", "/tmp"),
                ("RUST_BACKTRACE", "1"),
                ("CARGO_MANIFEST_DIR", directory),
                ("PS_VM", machine),
            ]);
            answer(port, name, run(port, &mut command, Duration::from_secs(*seconds)))
        }
        Step::Show { pattern } => {
            for path in expand(Path::new("/"), pattern) {
                // That a file is not handed over says that it cannot be read.
                if let Some(bytes) = read(&path) {
                    hand_over(port, &path, &bytes);
                }
            }
            0
        }
        Step::Witness { seconds, program } => {
            port.say(&Event::Begin { step: WITNESS.into() });
            let heard = hear(program, |script| {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", script]).env_clear().process_group(0);
                run(port, &mut command, Duration::from_secs(*seconds))
            });
            let files = heard.as_ref().map_or(&[][..], Vec::as_slice);
            files.iter().for_each(|(path, bytes)| hand_over(port, Path::new(path), bytes));
            answer(port, WITNESS, heard.map(drop))
        }
        Step::Capture { without } => {
            port.say(&Event::Begin { step: CAPTURE.into() });
            answer(port, CAPTURE, capture(port, without).map_err(|error| error.to_string()))
        }
        Step::Hang => loop {
            thread::park();
        },
        Step::Die => std::process::exit(0),
    }
}

fn answer(port: &Port, step: &str, verdict: Result<(), String>) -> usize {
    let step = step.to_owned();
    match verdict {
        Ok(()) => {
            port.say(&Event::Passed { step });
            0
        }
        Err(why) => {
            port.say(&Event::Failed { step, why });
            1
        }
    }
}

/// Runs a program to its end, passing its output on line by line. The command makes it the leader of a group, so that what it
/// started can be ended with it.
fn run(port: &Port, command: &mut Command, limit: Duration) -> Result<(), String> {
    let (reader, writer) = io::pipe().map_err(|error| format!("pipe: {error}"))?;
    let second = writer.try_clone().map_err(|error| format!("pipe: {error}"))?;
    command.stdin(Stdio::null()).stdout(writer).stderr(second);
    let child = command.spawn().map_err(|error| format!("cannot start: {error}"))?;
    // The command holds the pipe's writing end until it is given other places to write to.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let done = pass_on(port, reader);
    let pid = i32::try_from(child.id()).map(Pid::from_raw).map_err(|error| error.to_string())?;
    let verdict = wait(pid, Instant::now() + limit);
    let _ = killpg(pid, Signal::SIGKILL);
    if let Err(RecvTimeoutError::Timeout) = done.recv_timeout(LAST_WORDS) {
        port.say(&Event::Out { text: "(something it started still holds its output)".into() });
    }
    verdict
}

/// Says every line that comes out of the pipe. The answer hangs up once the pipe is closed.
fn pass_on(port: &Port, reader: PipeReader) -> Receiver<()> {
    let (open, done) = mpsc::channel();
    let port = port.clone();
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n') {
            let Ok(line) = line else { break };
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            port.say(&Event::Out { text });
        }
        drop(open);
    });
    done
}

/// Waits for one process, reaping every other that ends: whoever loses its parent becomes ours.
fn wait(pid: Pid, deadline: Instant) -> Result<(), String> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(who, 0)) if who == pid => return Ok(()),
            Ok(WaitStatus::Exited(who, code)) if who == pid => {
                return Err(format!("ended with code {code}"));
            }
            Ok(WaitStatus::Signaled(who, signal, _)) if who == pid => {
                return Err(format!("was ended by {signal}"));
            }
            Ok(WaitStatus::StillAlive) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(WaitStatus::StillAlive) => {
                let _ = killpg(pid, Signal::SIGKILL);
                return Err("ran into its time limit".into());
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(format!("waitpid: {error}")),
        }
    }
}

/// Hands a file over.
fn hand_over(port: &Port, path: &Path, bytes: &[u8]) {
    port.say(&Event::File { path: path.display().to_string() });
    for part in bytes.chunks(DATA_PER_LINE) {
        port.say(&Event::Data { bytes: part.to_vec() });
    }
}

/// Captures the machine, and hands the tree over below `/capture`, its note as `/capture-note`.
fn capture(port: &Port, without: &[String]) -> io::Result<()> {
    let out = Path::new("/tmp/ps-capture");
    let groups = groups(Path::new("/").join(CGROUP).as_path())?;
    let captured = capture::machine(out, without, &groups);
    for group in groups {
        // The process in it may take a moment to leave; the machine ends anyway.
        let _ = fs::remove_dir(group);
    }
    let captured = captured?;
    hand_over(port, Path::new("/capture-note"), captured.note.as_bytes());
    let handed = hand_over_tree(port, out, Path::new("/capture"));
    fs::remove_dir_all(out)?;
    handed
}

fn hand_over_tree(port: &Port, directory: &Path, place: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, place) = (entry.path(), place.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            hand_over_tree(port, &path, &place)?;
        } else if kind.is_symlink() {
            let to = fs::read_link(&path)?.display().to_string();
            port.say(&Event::Link { path: place.display().to_string(), to });
        } else {
            hand_over(port, &place, &fs::read(&path)?);
        }
    }
    Ok(())
}

/// Source, place, type, data.
type Mount = (&'static str, &'static str, &'static str, &'static str);

const MOUNTS: &[Mount] = &[
    ("proc", "/proc", "proc", ""),
    ("sysfs", "/sys", "sysfs", ""),
    ("devtmpfs", "/dev", "devtmpfs", ""),
    ("devpts", "/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666"),
    ("tmpfs", "/dev/shm", "tmpfs", "mode=1777"),
    ("tmpfs", "/tmp", "tmpfs", "mode=1777"),
    ("tmpfs", "/run", "tmpfs", "mode=755"),
];

/// Links that every system makes in `/dev`, and no kernel.
const LINKS: &[(&str, &str)] = &[
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// Mounts what every machine has; what went wrong.
fn mount_all() -> Vec<String> {
    let mut troubles: Vec<String> = MOUNTS.iter().filter_map(|one| mount_one(one).err()).collect();
    for (link, to) in LINKS {
        troubles.extend(symlink(to, link).err().map(|error| format!("{link}: {error}")));
    }
    troubles
}

fn mount_one(&(source, place, kind, data): &Mount) -> Result<(), String> {
    let trouble = |error: io::Error| format!("{place}: {error}");
    fs::create_dir_all(place).map_err(trouble)?;
    // What the host put there stays in sight: it lies in memory already.
    if kind == "tmpfs" && fs::read_dir(place).map_err(trouble)?.next().is_some() {
        return fs::set_permissions(place, Permissions::from_mode(0o1777)).map_err(trouble);
    }
    match mount(Some(source), place, Some(kind), MsFlags::empty(), Some(data)) {
        // The kernel itself may have mounted it; or has no such thing, as the smallest kernels:
        // a machine that should have it says so in its checks.
        Ok(()) | Err(Errno::EBUSY | Errno::ENODEV) => Ok(()),
        Err(error) => Err(format!("mount {kind} on {place}: {error}")),
    }
}

/// Makes a file system on a disk and mounts it where anybody may write.
fn mount_disk(device: &str, place: &str) -> Result<(), String> {
    let trouble = |error: &dyn std::fmt::Display| format!("{device} on {place}: {error}");
    let made = Command::new("/bin/mke2fs").arg(device).stdout(Stdio::null()).status();
    match made {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(trouble(&status)),
        Err(error) => return Err(trouble(&error)),
    }
    fs::create_dir_all(place).map_err(|error| trouble(&error))?;
    mount(Some(device), place, Some("ext2"), MsFlags::empty(), None::<&str>)
        .map_err(|error| trouble(&error))?;
    fs::set_permissions(place, Permissions::from_mode(0o1777)).map_err(|error| trouble(&error))
}

/// Loads every module that the host put there; what went wrong.
fn load_modules() -> Vec<String> {
    let order = match fs::read_to_string(Path::new(MODULES).join("order")) {
        Ok(order) => order,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![format!("{MODULES}/order: {error}")],
    };
    order.lines().filter_map(|name| load_module(name).err()).collect()
}

fn load_module(name: &str) -> Result<(), String> {
    let path = Path::new(MODULES).join(name);
    let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    match finit_module(&file, c"", ModuleInitFlags::empty()) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(format!("module {name}: {error}")),
    }
}

/// The hierarchies of version 1 as distributions lay them out, by directory and mount option.
const HIERARCHIES: &[&str] = &[
    "cpu,cpuacct",
    "cpuset",
    "memory",
    "pids",
    "blkio",
    "devices",
    "freezer",
    "net_cls,net_prio",
    "perf_event",
    "hugetlb",
    "rdma",
    "misc",
];

fn mount_cgroups(kind: Cgroup) -> Vec<String> {
    let top = Path::new("/").join(CGROUP);
    match kind {
        Cgroup::None => Vec::new(),
        Cgroup::V2 => mount_cgroup2(&top).err().into_iter().collect(),
        Cgroup::V1 => mount_cgroup1(&top),
        Cgroup::Hybrid => {
            let mut troubles = mount_cgroup1(&top);
            troubles.extend(mount_at(&top.join("unified"), "cgroup2", "").err());
            troubles
        }
    }
}

/// Version 2, every controller handed down, as service managers do.
fn mount_cgroup2(top: &Path) -> Result<(), String> {
    mount_at(top, "cgroup2", "")?;
    let offered = fs::read_to_string(top.join("cgroup.controllers"))
        .map_err(|error| format!("cgroup.controllers: {error}"))?;
    for name in offered.split_ascii_whitespace() {
        fs::write(top.join("cgroup.subtree_control"), format!("+{name}"))
            .map_err(|error| format!("cgroup.subtree_control +{name}: {error}"))?;
    }
    Ok(())
}

/// Version 1: every controller that this kernel has. Joint hierarchies have a link for each.
fn mount_cgroup1(top: &Path) -> Vec<String> {
    let mut troubles: Vec<String> = mount_at(top, "tmpfs", "mode=755").err().into_iter().collect();
    // The service manager's own, which has no controller, is the first.
    troubles.extend(mount_at(&top.join("systemd"), "cgroup", "none,name=systemd").err());
    let known = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    for controllers in HIERARCHIES.iter().filter(|names| names.split(',').all(|n| has(&known, n))) {
        troubles.extend(mount_at(&top.join(controllers), "cgroup", controllers).err());
        for name in controllers.split(',').filter(|name| name != controllers) {
            let link = top.join(name);
            if let Err(error) = std::os::unix::fs::symlink(controllers, &link) {
                troubles.push(format!("{}: {error}", link.display()));
            }
        }
    }
    troubles
}

/// Whether a controller stands in `/proc/cgroups`.
fn has(known: &str, controller: &str) -> bool {
    known.lines().any(|line| line.split_ascii_whitespace().next() == Some(controller))
}

fn mount_at(place: &Path, kind: &str, data: &str) -> Result<(), String> {
    fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
    mount(Some(kind), place, Some(kind), MsFlags::empty(), Some(data))
        .map_err(|error| format!("mount {kind} ({data}) on {}: {error}", place.display()))
}

/// `NLMSG_ERROR`, from `<linux/netlink.h>`.
const NLMSG_ERROR: u16 = 2;
/// `NLM_F_REQUEST | NLM_F_ACK`, from `<linux/netlink.h>`.
const REQUEST_WITH_ANSWER: u16 = 1 | 4;
/// `RTM_NEWLINK`, from `<linux/rtnetlink.h>`.
const RTM_NEWLINK: u16 = 16;
/// `IFF_UP`, from `<linux/if.h>`.
const IFF_UP: u32 = 1;
/// The loopback interface is the first that a network namespace gets.
const LOOPBACK: u32 = 1;

/// Switches the loopback interface on; the kernel then gives it its addresses.
fn loopback_up() -> Result<(), String> {
    let link = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .map_err(|error| error.to_string())?;
    let request = loopback_request();
    let kernel = NetlinkAddr::new(0, 0);
    let link = std::os::fd::AsRawFd::as_raw_fd(&link);
    sendto(link, &request, &kernel, MsgFlags::empty()).map_err(|error| error.to_string())?;
    let mut reply = [0; 256];
    let length = recv(link, &mut reply, MsgFlags::empty()).map_err(|error| error.to_string())?;
    match netlink_answer(reply.get(..length).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(code) => Err(Errno::from_raw(code.saturating_neg()).to_string()),
        None => Err("netlink gave another answer than the one asked for".into()),
    }
}

/// A message that asks for the interface to be up: `struct nlmsghdr`, then `struct ifinfomsg`.
fn loopback_request() -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(REQUEST_WITH_ANSWER.to_ne_bytes());
    message.extend([0; 8]);
    message.extend([0; 4]);
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    message
}

/// The error number of a `struct nlmsgerr`, negative, or 0 for success.
fn netlink_answer(message: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
    let code = i32::from_ne_bytes(message.get(16..20)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(code)
}

/// Ends the machine.
fn power_off() -> ! {
    let _ = io::stdout().flush();
    nix::unistd::sync();
    let why = reboot(RebootMode::RB_POWER_OFF);
    println!("cannot power off: {why:?}");
    // The first process must not end; the host's time limit ends the machine.
    loop {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_request_is_as_long_as_it_says() {
        let message = loopback_request();
        assert_eq!(message.len(), 32);
        assert_eq!(message.get(..4), Some(&32_u32.to_ne_bytes()[..]));
    }

    #[test]
    fn a_short_or_strange_netlink_answer_is_no_answer() {
        let mut message = [0; 20];
        assert_eq!(netlink_answer(&message), None);
        message[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
        assert_eq!(netlink_answer(&message), Some(0));
        message[16..20].copy_from_slice(&(-1_i32).to_ne_bytes());
        assert_eq!(netlink_answer(&message), Some(-1));
        assert_eq!(netlink_answer(&message[..19]), None);
    }

    #[test]
    fn a_controller_is_known_by_its_whole_name() {
        let known = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t0\t1\t1\n";
        assert!(has(known, "cpuset"));
        assert!(!has(known, "cpu"));
    }

    #[test]
    fn outside_a_machine_it_touches_nothing() {
        assert_eq!(main(), ExitCode::from(2));
    }
}
