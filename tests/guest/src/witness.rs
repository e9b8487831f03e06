//! A scene in which a witness, a program that says what the library tells of the machine, is heard
//! between two readings of the kernel's own files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::glob::expand;

/// Files that stay as they are while the witness looks.
const STILL: &[&str] = &[
    "/proc/cpuinfo",
    "/proc/sys/kernel/hostname",
    "/proc/self/mounts",
    "/proc/self/net/tcp",
    "/proc/self/net/tcp6",
    "/proc/self/net/udp",
    "/proc/self/net/udp6",
    "/proc/*/cmdline",
    "/proc/*/status",
    "/sys/class/hwmon/*/*",
    "/sys/class/net/*/*",
    "/sys/class/power_supply/*/*",
    "/sys/class/thermal/thermal_zone*/*",
    "/sys/devices/system/cpu/cpu*/topology/*",
    "/sys/fs/cgroup/one/*",
    "/sys/fs/cgroup/*/one/*",
];

/// Files that go on, so that what the witness saw lies between two readings.
const MOVING: &[&str] = &[
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/pressure/*",
    "/proc/self/net/dev",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/vmstat",
    "/proc/*/stat",
    "/proc/*/statm",
];

/// How much of one file is handed over at most: `/proc` has files without end.
const LONGEST_FILE: u64 = 1 << 20;

/// The group with limits, by the name that a capture gives to the first level.
const GROUP: &str = "one";

/// Where the witness writes what it says.
const SAID: &str = "/tmp/ps-witness.said";

/// Limits of the group of a version, which the witness runs in: file and value.
const LIMITS_2: &[(&str, &str)] = &[
    ("memory.max", "314572800"),
    ("pids.max", "77"),
    ("cpu.max", "150000 100000"),
    ("cpu.weight", "250"),
];

/// The same of version 1: controller, file and value.
const LIMITS_1: &[(&str, &str, &str)] = &[
    ("memory", "memory.limit_in_bytes", "314572800"),
    ("pids", "pids.max", "77"),
    ("cpu", "cpu.cfs_quota_us", "150000"),
    ("cpu", "cpu.shares", "2048"),
];

/// Files by their paths.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// A whole file, if it can be read.
pub(crate) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // Many files of `/sys` refuse to be read; that the file is missing says so.
    File::open(path).ok()?.take(LONGEST_FILE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Sets the scene, has `run` run the witness by a shell's script, and hands over what it said as
/// `/said`, with the kernel's files as they were below `/before` and `/after`.
pub(crate) fn hear(
    program: &str,
    run: impl FnOnce(&str) -> Result<(), String>,
) -> Result<Files, String> {
    let scene = Scene::set().map_err(|error| format!("setting the scene: {error}"))?;
    let mut files = readings("/before", &[STILL, MOVING].concat());
    let joins: String = scene
        .groups
        .iter()
        .map(|group| format!("echo $$ > '{}/cgroup.procs' && ", group.display()))
        .collect();
    run(&format!("{joins}exec {program} > {SAID}"))?;
    files.extend(readings("/after", MOVING));
    drop(scene);
    files.push(("/said".to_owned(), read(Path::new(SAID)).unwrap_or_default()));
    Ok(files)
}

fn readings(place: &str, patterns: &[&str]) -> Files {
    let paths = patterns.iter().flat_map(|pattern| expand(Path::new("/"), pattern));
    paths.filter_map(|path| Some((format!("{place}{}", path.display()), read(&path)?))).collect()
}

/// Something to see: processes that are stopped, sockets, and groups with limits.
struct Scene {
    sleepers: Vec<Child>,
    _sockets: (Vec<TcpListener>, Vec<UdpSocket>),
    groups: Vec<PathBuf>,
}

impl Scene {
    fn set() -> io::Result<Scene> {
        // A kernel may lack a family of addresses.
        let places = ["127.0.0.1:0", "[::1]:0"];
        let listeners = places.iter().filter_map(|place| TcpListener::bind(place).ok()).collect();
        let receivers = places.iter().filter_map(|place| UdpSocket::bind(place).ok()).collect();
        Ok(Scene {
            sleepers: vec![
                stopped(Command::new("/bin/sleep").arg("3600"))?,
                stopped(
                    Command::new("/bin/sleep").arg("3601").uid(65534).gid(65534).process_group(0),
                )?,
            ],
            _sockets: (listeners, receivers),
            groups: groups(Path::new("/sys/fs/cgroup"))?,
        })
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for sleeper in &mut self.sleepers {
            let _ = sleeper.kill();
            let _ = sleeper.wait();
        }
        for group in &self.groups {
            let _ = fs::remove_dir(group);
        }
    }
}

/// A process that sleeps, and was then stopped.
fn stopped(command: &mut Command) -> io::Result<Child> {
    command.env_clear().env("PATH", "/bin").stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    await_state(pid, 'S')?;
    kill(pid, Signal::SIGSTOP)?;
    await_state(pid, 'T')?;
    Ok(child)
}

fn await_state(pid: Pid, state: char) -> io::Result<()> {
    let patience = Instant::now() + Duration::from_secs(10);
    while Instant::now() < patience {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(state)) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err(io::Error::other(format!("process {pid} did not come to state {state}")))
}

/// Groups with limits, of each version that is mounted. A controller that is missing limits nothing.
pub(crate) fn groups(top: &Path) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    let mut group = |place: PathBuf, limits: &[(&str, &str)]| -> io::Result<()> {
        if !place.join("cgroup.procs").exists() {
            return Ok(());
        }
        let group = place.join(GROUP);
        if !group.exists() {
            fs::create_dir(&group)?;
            made.push(group.clone());
        }
        let there = limits.iter().filter(|(file, _)| group.join(file).exists());
        there.into_iter().try_for_each(|(file, value)| fs::write(group.join(file), value))
    };
    group(top.to_owned(), LIMITS_2)?;
    for (controller, file, value) in LIMITS_1 {
        group(top.join(controller), &[(file, value)])?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    #[test]
    fn groups_are_made_where_control_groups_are_and_nowhere_else() {
        let tree = Tree::new(
            "groups",
            &[("memory/cgroup.procs", ""), ("pids/x", ""), ("memory/one/memory.max", "")],
        );
        assert_eq!(groups(tree.root()).expect("made"), Vec::<PathBuf>::new());
        let tree = Tree::new("group", &[("cpu/cgroup.procs", "")]);
        assert_eq!(groups(tree.root()).expect("made"), [tree.root().join("cpu/one")]);
    }

    #[test]
    fn readings_are_named_after_their_place_and_what_cannot_be_read_is_left_out() {
        let me = readings("/before", &["/proc/self/comm", "/proc/self/no-such-file", "/proc/self"]);
        let [(path, bytes)] = me.as_slice() else { panic!("{me:?}") };
        assert_eq!(path, "/before/proc/self/comm");
        assert!(bytes.ends_with(b"\n"));
    }
}
