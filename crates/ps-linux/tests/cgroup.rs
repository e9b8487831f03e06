//! Limits in control groups that the test makes itself, of whichever version the machine runs.
#![cfg(target_os = "linux")]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
use ps_linux::cgroup::CgroupVersion;
use ps_linux::{CpuBackend, Linux, MemBackend, Pid, ProcessBackend};

const MIB: u64 = 1 << 20;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Of what a kernel unpacks at boot. It takes all of 32 bits, which wrap where the type has no more.
#[allow(clippy::cast_lossless, clippy::cast_possible_wrap)]
const RAMFS_MAGIC: FsType = FsType(0x8584_58f6_u32 as _);

/// A group of a controller, taken away at the end.
struct Group {
    path: PathBuf,
    version: CgroupVersion,
}

impl Group {
    /// A new group that has a controller; `None`, with a word about it, where none can be made.
    fn new(controller: &str, name: &str) -> Option<Group> {
        let v1 = Path::new("/sys/fs/cgroup").join(controller);
        let v2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from).into_iter().find(
            |place| {
                std::fs::read_to_string(place.join("cgroup.controllers"))
                    .is_ok_and(|list| list.split_whitespace().any(|one| one == controller))
            },
        );
        let (place, version) = if v1.join("cgroup.procs").exists() {
            (v1, CgroupVersion::V1)
        } else if let Some(v2) = v2 {
            let _ = std::fs::write(v2.join("cgroup.subtree_control"), format!("+{controller}"));
            (v2, CgroupVersion::V2)
        } else {
            ps_tests::skip!("no controller {controller} here");
            return None;
        };
        let path = place.join(format!("ps-linux-test-{name}-{}", std::process::id()));
        if let Err(error) = std::fs::create_dir(&path) {
            ps_tests::skip!("cannot make {}: {error}", path.display());
            return None;
        }
        Some(Group { path, version })
    }

    fn below(&self, name: &str) -> Group {
        let path = self.path.join(name);
        std::fs::create_dir(&path).expect("made");
        Group { path, version: self.version }
    }

    fn set(&self, v1: &str, v2: &str, value: &str) {
        let file = if self.version == CgroupVersion::V1 { v1 } else { v2 };
        let path = self.path.join(file);
        std::fs::write(&path, value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn limit_memory(&self, bytes: u64) {
        self.set("memory.limit_in_bytes", "memory.max", &bytes.to_string());
        if self.version == CgroupVersion::V2 {
            let _ = std::fs::write(self.path.join("memory.swap.max"), "0");
        } else {
            let _ =
                std::fs::write(self.path.join("memory.memsw.limit_in_bytes"), bytes.to_string());
        }
    }

    /// Runs a shell's script in the group, in a process group of its own.
    fn run(&self, script: &str) -> Running {
        let join = format!("echo $$ > '{}/cgroup.procs' && {script}", self.path.display());
        let child = Command::new("/bin/sh")
            .args(["-c", &join])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn()
            .expect("run");
        Running(child)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What ran in it may take a moment to leave.
        let patience = Instant::now() + PATIENCE;
        while std::fs::remove_dir(&self.path).is_err() {
            if Instant::now() > patience {
                eprintln!("left behind: {}", self.path.display());
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

struct Running(Child);

impl Running {
    fn pid(&self) -> Pid {
        Pid::new(self.0.id()).expect("in range")
    }

    /// Waits until a file that the script makes is there.
    fn wait_for(&mut self, file: &Path) {
        settle(&file.display().to_string(), || {
            let ended = self.0.try_wait().expect("asked");
            assert!(ended.is_none(), "ended before {}: {ended:?}", file.display());
            file.exists().then_some(())
        });
    }

    /// Whether it succeeds once it has no more input.
    fn ends_well(mut self) -> bool {
        drop(self.0.stdin.take());
        self.0.wait().expect("waited").success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What the script started too; it may all have ended by itself.
        if let Ok(group) = i32::try_from(self.0.id()) {
            let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

struct Scratch(PathBuf);

impl Scratch {
    /// A directory on a disk: what a file system in memory holds is no cache. `None`, with a word about it, where
    /// there is no disk.
    fn on_disk(name: &str) -> Option<Scratch> {
        let place =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&place).expect("made");
        let scratch = Scratch(place);
        let kind = statfs(&scratch.0).expect("asked").filesystem_type();
        if [TMPFS_MAGIC, RAMFS_MAGIC].contains(&kind) {
            ps_tests::skip!("{} is in memory", scratch.0.display());
            return None;
        }
        Some(scratch)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a question answers in the end, however busy the machine is.
fn settle<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(Instant::now() < patience, "did not come to be: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Run by the other tests in a group of their own: takes as many bytes as the environment says, and holds them until
/// its input ends.
#[test]
#[ignore = "run by the other tests in a group of their own"]
fn takes_memory() {
    let Some(bytes) = std::env::var("PS_TAKE_BYTES").ok().and_then(|text| text.parse().ok()) else {
        return;
    };
    let mut block: Vec<u8> = vec![0; bytes];
    for byte in block.iter_mut().step_by(4096) {
        *byte = 1;
    }
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("read");
    std::hint::black_box(block);
}

/// A script that has this test take so many bytes.
fn taking(bytes: u64) -> String {
    let me = std::env::current_exe().expect("known");
    format!("PS_TAKE_BYTES={bytes} exec '{}' --ignored --exact takes_memory", me.display())
}

#[test]
fn cache_that_fills_a_group_can_be_had_up_to_its_limit_and_not_beyond() {
    let Some(group) = Group::new("memory", "cache") else { return };
    let Some(scratch) = Scratch::on_disk("cgroup-cache") else { return };
    let limit = 96 * MIB;
    group.limit_memory(limit);
    let (file, done) = (scratch.file("big"), scratch.file("done"));
    let mut filler = group.run(&format!(
        "dd if=/dev/zero of='{0}' bs=1M count=160 2>/dev/null && sync '{0}' && cat '{0}' > /dev/null && : > '{1}' && cat > /dev/null",
        file.display(),
        done.display()
    ));
    filler.wait_for(&done);
    let linux = Linux::new();
    let cgroup = linux.view_of(filler.pid()).cgroup().expect("read");
    assert_eq!(cgroup.version, Some(group.version));
    assert_eq!(cgroup.nearest.memory_limit, Some(limit));
    let used = cgroup.nearest.memory_used.expect("told");
    assert!(used > limit - 20 * MIB, "the cache fills the limit: {used}");
    let available = cgroup.effective.memory_available.expect("limited");
    assert!(available > limit - 40 * MIB && available <= limit, "{available}");
    // Both sides of the figure: a little less can be had, more cannot.
    let Some(slack) = (16 * MIB < available).then_some(16 * MIB) else { panic!("{available}") };
    assert!(
        group.run(&taking(available - slack)).ends_well(),
        "{available} were said to be available"
    );
    assert!(
        !group.run(&taking(available + 2 * slack)).ends_well(),
        "only {available} were said to be available"
    );
    assert!(filler.ends_well());
}

#[test]
fn what_is_taken_cannot_be_had_again_and_the_group_above_counts() {
    let Some(above) = Group::new("memory", "above") else { return };
    above.limit_memory(100 * MIB);
    if above.version == CgroupVersion::V2 {
        std::fs::write(above.path.join("cgroup.subtree_control"), "+memory").expect("written");
    }
    let group = above.below("below");
    let sleeper = group.run("cat > /dev/null");
    let linux = Linux::new();
    let groups = || linux.view_of(sleeper.pid()).cgroup().expect("read");
    let cgroup = settle("the group's limit", || {
        Some(groups()).filter(|cgroup| cgroup.effective.memory_limit == Some(100 * MIB))
    });
    assert_eq!(cgroup.nearest.memory_limit, None);
    let available = || groups().effective.memory_available.expect("limited");
    let free = available();
    assert!(free > 80 * MIB && free <= 100 * MIB, "{free}");
    let block = group.run(&taking(40 * MIB));
    settle("less to be had", || (available() + 35 * MIB < free).then_some(()));
    drop(block);
    assert!(sleeper.ends_well());
}

#[test]
fn limits_of_cpus_and_tasks_are_those_that_were_set() {
    let linux = Linux::new();
    let of = |process: &Running| linux.view_of(process.pid()).cgroup().expect("read");
    if let Some(group) = Group::new("cpu", "cpu") {
        if group.version == CgroupVersion::V1 {
            group.set("cpu.cfs_period_us", "", "100000");
            group.set("cpu.cfs_quota_us", "", "150000");
            group.set("cpu.shares", "", "2048");
        } else {
            group.set("", "cpu.max", "150000 100000");
            group.set("", "cpu.weight", "79");
        }
        let sleeper = group.run("cat > /dev/null");
        let cgroup = settle("a quota", || {
            Some(of(&sleeper)).filter(|cgroup| cgroup.nearest.cpu_limit == Some(1.5))
        });
        assert_eq!(cgroup.nearest.cpu_weight, Some(79));
        assert_eq!(cgroup.effective.parallelism(), Some(1));
        assert!(sleeper.ends_well());
    }
    if let Some(group) = Group::new("pids", "pids") {
        group.set("pids.max", "pids.max", "17");
        // A shell makes way for its last command.
        let sleeper = group.run("cat > /dev/null && :");
        let cgroup = settle("two tasks", || {
            Some(of(&sleeper)).filter(|cgroup| cgroup.nearest.tasks == Some(2))
        });
        assert_eq!(
            (cgroup.nearest.tasks_limit, cgroup.effective.tasks_limit),
            (Some(17), Some(17))
        );
        assert!(sleeper.ends_well());
    }
    if let Some(group) = Group::new("cpuset", "cpuset") {
        group.set("cpuset.cpus", "cpuset.cpus", "0");
        if group.version == CgroupVersion::V1 {
            group.set("cpuset.mems", "", "0");
        }
        let sleeper = group.run("cat > /dev/null");
        settle("one CPU", || (of(&sleeper).effective.cpus == Some(vec![0])).then_some(()));
        assert!(sleeper.ends_well());
    }
}

#[test]
fn a_process_that_is_not_there_is_told_so() {
    let mut child = Command::new("/bin/true").spawn().expect("run");
    child.wait().expect("waited");
    let pid = Pid::new(child.id()).expect("in range");
    match Linux::new().view_of(pid).cgroup() {
        Err(error) => assert!(error.is_gone() && error.pid() == Some(pid), "{error}"),
        Ok(_) => ps_tests::skip!("the pid was given away again at once"),
    }
}

#[test]
fn the_caller_gets_no_more_than_its_groups_leave() {
    let linux = Linux::new();
    let effective = linux.cgroup().expect("read").effective;
    let available = linux.available_memory().expect("read");
    // Others take and give meanwhile: 256 MiB.
    if let Some(groups) = effective.memory_available {
        assert!(available <= groups + 256 * MIB, "{available} of {groups}");
    }
    let parallelism = linux.available_parallelism().expect("asked");
    if let Some(groups) = effective.parallelism() {
        assert!(parallelism <= groups, "{parallelism} of {groups}");
    }
}
