//! One simulated process: every fact there is about it, to be set at will.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::net::Connection;
use crate::process::{
    ContextSwitches, Descriptor, DescriptorKind, Gid, Gids, Identity, IoCounters, Limit,
    MemoryFootprint, MemoryInfo, MemoryInfoEx, MemoryMap, OpenFile, PageFaults, Pid, ProcessTimes,
    Resource, Signal, SignalSet, Status, Thread, Uid, Uids,
};

/// What a simulated kernel answers instead of a fact, or instead of acting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Refusal {
    /// The caller may not: [`AccessDenied`](crate::Error::AccessDenied).
    Denied,
    /// There is no such facility: [`Unsupported`](crate::Error::Unsupported).
    Unsupported,
    /// The answer makes no sense: [`Decode`](crate::Error::Decode).
    Garbled,
    /// The call fails in an unforeseen way: [`Io`](crate::Error::Io).
    Failed,
}

/// A simulated process. Change any field through [`Machine::process_mut`](super::Machine::process_mut).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Process {
    /// Told from every other process that ever was, whether or not the simulated kernel shows it.
    pub unique: u64,
    /// Its number.
    pub pid: Pid,
    /// Its parent.
    pub ppid: Option<Pid>,
    /// The tick it started in; `None` makes the kernel keep silent about it.
    pub start: Option<u64>,
    /// Name as the kernel keeps it.
    pub comm: OsString,
    /// Arguments, each ended by a NUL.
    pub cmdline: Vec<u8>,
    /// Environment, each entry ended by a NUL.
    pub environ: Vec<u8>,
    /// The program.
    pub exe: Option<PathBuf>,
    /// Current directory.
    pub cwd: Option<PathBuf>,
    /// Root directory.
    pub root: Option<PathBuf>,
    /// What it is doing while it is neither stopped nor ended.
    pub status: Status,
    /// A signal has stopped it.
    pub stopped: bool,
    /// How it ended; it is a zombie from then on until it is collected.
    pub ended: Option<ExitStatus>,
    /// Its main thread has ended while others go on.
    pub leader_ended: bool,
    /// Users.
    pub uids: Uids,
    /// Groups.
    pub gids: Gids,
    /// Supplementary groups.
    pub groups: Vec<Gid>,
    /// File creation mask.
    pub umask: Option<u32>,
    /// Process group.
    pub pgid: Option<Pid>,
    /// Session.
    pub sid: Option<Pid>,
    /// Terminal: device number, and path if it has a name.
    pub terminal: Option<(u64, Option<PathBuf>)>,
    /// Signals it ignores.
    pub ignores: Vec<Signal>,
    /// Signals it has a handler for, and so survives.
    pub catches: Vec<Signal>,
    /// Signals it holds back.
    pub blocks: Vec<Signal>,
    /// Signals that wait to be delivered.
    pub pending: Vec<Signal>,
    /// CPU time.
    pub times: ProcessTimes,
    /// The CPU it last ran on.
    pub cpu_num: Option<u32>,
    /// CPUs it may run on.
    pub affinity: Vec<u32>,
    /// Nice value.
    pub nice: i32,
    /// Limits; the kernel does not have those that are not in here.
    pub limits: BTreeMap<Resource, Limit>,
    /// Memory.
    pub memory: MemoryInfo,
    /// More about memory; `info` in it is replaced by `memory`.
    pub memory_ex: MemoryInfoEx,
    /// What it would set free.
    pub footprint: MemoryFootprint,
    /// Mappings.
    pub maps: Vec<MemoryMap>,
    /// Page faults.
    pub faults: PageFaults,
    /// Input and output.
    pub io: IoCounters,
    /// Context switches.
    pub switches: ContextSwitches,
    /// Threads, the main one with the number of the process.
    pub threads: Vec<Thread>,
    /// Descriptors.
    pub descriptors: Vec<Descriptor>,
    /// Regular files among the descriptors.
    pub open_files: Vec<OpenFile>,
    /// Sockets among the descriptors.
    pub sockets: Vec<Connection>,
    /// The caller is not shown that it exists.
    pub hidden: bool,
    /// It collects ended children at once: by ignoring `SIGCHLD`, or because that is its job.
    pub collects_at_once: bool,
    /// Orphans among its descendants become its children.
    pub subreaper: bool,
    /// Facts that the caller is refused, and actions, by the name of the trait's method.
    pub refusals: BTreeMap<&'static str, Refusal>,
}

impl Process {
    pub(super) fn new(unique: u64, pid: Pid, start: u64) -> Process {
        let mut main = Thread { id: u64::from(pid.get()), ..Thread::default() };
        main.status = Some(Status::Sleeping);
        let mut file = OpenFile::new(0);
        file.path = Some("/dev/null".into());
        let mut descriptor = Descriptor::new(0, DescriptorKind::File);
        descriptor.path.clone_from(&file.path);
        let memory = MemoryInfo { rss: 4 << 20, vms: 16 << 20, ..MemoryInfo::default() };
        Process {
            unique,
            pid,
            ppid: None,
            start: Some(start),
            comm: "fake".into(),
            cmdline: b"/bin/fake\0--of\0test\0".to_vec(),
            environ: b"HOME=/\0LANG=C\0".to_vec(),
            exe: Some("/bin/fake".into()),
            cwd: Some("/".into()),
            root: Some("/".into()),
            status: Status::Sleeping,
            stopped: false,
            ended: None,
            leader_ended: false,
            uids: Uids { real: Uid::new(1000), effective: Uid::new(1000), saved: Uid::new(1000) },
            gids: Gids { real: Gid::new(100), effective: Gid::new(100), saved: Gid::new(100) },
            groups: vec![Gid::new(100)],
            umask: Some(0o022),
            pgid: Some(pid),
            sid: Some(pid),
            terminal: None,
            ignores: Vec::new(),
            catches: Vec::new(),
            blocks: Vec::new(),
            pending: Vec::new(),
            times: ProcessTimes {
                children_user: Some(Duration::ZERO),
                children_system: Some(Duration::ZERO),
                children: Some(Duration::ZERO),
                ..ProcessTimes::default()
            },
            cpu_num: Some(0),
            affinity: vec![0, 1],
            nice: 0,
            limits: BTreeMap::from([
                (Resource::OpenFiles, Limit { soft: Some(1024), hard: Some(4096) }),
                (Resource::Core, Limit { soft: Some(0), hard: None }),
                (Resource::Cpu, Limit::UNLIMITED),
            ]),
            memory,
            memory_ex: MemoryInfoEx { peak_rss: Some(memory.rss), ..MemoryInfoEx::default() },
            footprint: MemoryFootprint { uss: 1 << 20, ..MemoryFootprint::default() },
            maps: vec![MemoryMap {
                start: 0x1000,
                end: 0x3000,
                permissions: "r-xp".into(),
                path: Some("/bin/fake".into()),
                ..MemoryMap::default()
            }],
            faults: PageFaults { minor: 10, major: 1 },
            io: IoCounters { read_count: Some(1), write_count: Some(1), ..IoCounters::default() },
            switches: ContextSwitches::new(5, 3),
            threads: vec![main],
            descriptors: vec![descriptor],
            open_files: vec![file],
            sockets: Vec::new(),
            hidden: false,
            collects_at_once: false,
            subreaper: false,
            refusals: BTreeMap::new(),
        }
    }

    /// A copy as `fork` makes it: what a child has from its parent, and nothing else.
    pub(super) fn forked(&self, unique: u64, pid: Pid, start: u64) -> Process {
        let fresh = Process::new(unique, pid, start);
        Process {
            unique,
            pid,
            ppid: Some(self.pid),
            start: fresh.start,
            status: fresh.status,
            stopped: false,
            ended: None,
            leader_ended: false,
            pending: Vec::new(),
            times: fresh.times,
            faults: fresh.faults,
            io: fresh.io,
            switches: fresh.switches,
            threads: fresh.threads,
            hidden: false,
            collects_at_once: false,
            subreaper: false,
            refusals: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// Whether it has ended and was not collected yet.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        self.ended.is_some()
    }

    /// What the kernel shows that it is doing.
    #[must_use]
    pub fn shown_status(&self) -> Status {
        if self.is_zombie() {
            Status::Zombie
        } else if self.stopped {
            Status::Stopped
        } else {
            self.status
        }
    }

    /// Sets name, arguments and program as one that runs this command line.
    pub fn set_command<S: AsRef<OsStr>>(&mut self, arguments: &[S]) {
        self.cmdline.clear();
        for argument in arguments {
            self.cmdline.extend_from_slice(argument.as_ref().as_bytes());
            self.cmdline.push(0);
        }
        if let Some(first) = arguments.first().map(|first| PathBuf::from(first.as_ref())) {
            let name = first.file_name().unwrap_or_default().as_bytes();
            let kept = name.get(..crate::process::NAME_MAY_BE_CUT).unwrap_or(name);
            self.comm = OsStr::from_bytes(kept).to_owned();
            self.exe = Some(first);
        }
    }

    /// What a look at it shows of its identity, by the number it was looked up with, at a given tick.
    pub(super) fn sighting(&self, pid: Pid, tick: u64, origin: crate::process::Origin) -> Identity {
        let mut identity = Identity::new(pid, self.start.map(crate::process::StartTime::new));
        identity.settled = self.start.is_some_and(|start| tick > start);
        identity.origin = origin;
        identity
    }

    pub(super) fn signal_set(signals: &[Signal]) -> SignalSet {
        signals.iter().copied().collect()
    }
}
