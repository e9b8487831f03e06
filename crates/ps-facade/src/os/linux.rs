//! What only Linux offers.
//!
//! ```
//! use ps_facade::System;
//! use ps_facade::os::linux::{Roots, SystemExt};
//!
//! // A container that has the host's /proc mounted at /host/proc looks at the host.
//! let host = System::at(Roots::below("/host"));
//! assert!(host.virtual_memory().is_err() || host.virtual_memory()?.total > 0);
//! # Ok::<(), ps_facade::Error>(())
//! ```

use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use ps_core::process::ProcessBackend;
pub use ps_linux::cgroup::{Cgroup, CgroupFigures, CgroupLimits, CgroupVersion};
pub use ps_linux::host::Wsl;
pub use ps_linux::pressure::{Pressure, PressureKind, Stall};
#[cfg(feature = "bpf")]
pub use ps_linux::process::ScanFrom;
pub use ps_linux::process::{
    Capabilities, CapabilitySets, CgroupMembership, IoClass, IoPriority, Namespaces, Policy,
    ScanSource, Scheduling, Seccomp,
};
pub use ps_linux::{Linux, Roots};

use crate::process::{Process, Snapshot, Thread};
use crate::{Gid, Result, System, Uid};

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::System {}
    impl Sealed for crate::Process {}
    impl Sealed for crate::Snapshot {}
}

/// What Linux alone offers of a system.
pub trait SystemExt: sealed::Sealed {
    /// A system whose kernel files are found elsewhere: another machine's that were captured, a container's,
    /// or the host's seen from a container. Nothing is read yet.
    #[must_use]
    fn at(roots: Roots) -> Self;

    /// The backend behind it.
    #[must_use]
    fn linux(&self) -> &Linux;

    /// Where scans and tables of this system read that are made again and again; tries out what was not tried yet.
    ///
    /// Always [`Files`](ScanSource::Files) without the feature `bpf`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::SystemExt;
    ///
    /// println!("scans read {}", System::default().scan_source());
    /// ```
    #[must_use]
    fn scan_source(&self) -> ScanSource;

    /// One that looks at the same place, and whose scans use these sources. It keeps nothing of what this one found out.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::{ScanFrom, ScanSource, SystemExt};
    ///
    /// let system = System::default().scanning(ScanFrom::Files);
    /// assert_eq!(system.scan_source(), ScanSource::Files);
    /// ```
    #[cfg(feature = "bpf")]
    #[must_use]
    fn scanning(&self, from: ScanFrom) -> Self;

    /// One that looks at the same place, and keeps the socket with which it asks for the traffic of interfaces: that
    /// takes a third of the time, for programs that look again and again. It keeps nothing of what this one found out.
    ///
    /// It goes on telling of the network namespace that the calling thread was in when it was first asked, and keeps that
    /// namespace from going away. What does not need the socket is told of the caller's namespace, as ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::SystemExt;
    ///
    /// let system = System::default().keeping_network();
    /// for (name, io) in system.net_io_counters_per_interface()? {
    ///     println!("{}: {} bytes received", name.display(), io.bytes_recv);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[must_use]
    fn keeping_network(&self) -> Self;

    /// Whether it is a subsystem of Windows, and which; `None` if not.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if the kernel's version cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::SystemExt;
    ///
    /// println!("{:?}", System::default().wsl()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "windows_subsystem_for_linux")]
    fn wsl(&self) -> Result<Option<Wsl>>;

    /// Limits and use of the calling process's control groups.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if they cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::SystemExt;
    ///
    /// println!("{:?}", System::default().cgroup()?.effective.memory_limit);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cgroup(&self) -> Result<Cgroup>;

    /// How long tasks of the whole machine have been kept waiting for a resource.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) if this kernel does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::os::linux::{PressureKind, SystemExt};
    ///
    /// if let Ok(pressure) = System::default().pressure(PressureKind::Memory) {
    ///     println!("{pressure:?}");
    /// }
    /// ```
    fn pressure(&self, kind: PressureKind) -> Result<Pressure>;

    /// Kills every process of a control group of version 2 and of the groups below it: also those that keep starting
    /// others, and daemons, which nothing else holds. They may take a moment to end.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) before Linux 5.14, and for the group at the top;
    /// [`Io`](crate::Error::Io) if there is no such group; [`AccessDenied`](crate::Error::AccessDenied) without the
    /// right to write to it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ps_facade::System;
    /// use ps_facade::os::linux::SystemExt;
    ///
    /// System::default().kill_cgroup("/sys/fs/cgroup/batch".as_ref())?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn kill_cgroup(&self, group: &Path) -> Result<()>;
}

impl SystemExt for System {
    fn at(roots: Roots) -> System {
        System::over(Linux::at(roots))
    }

    fn linux(&self) -> &Linux {
        self.backend()
    }

    fn scan_source(&self) -> ScanSource {
        self.backend().scan_source()
    }

    #[cfg(feature = "bpf")]
    fn scanning(&self, from: ScanFrom) -> System {
        System::over(self.backend().scanning(from))
    }

    fn keeping_network(&self) -> System {
        System::over(self.backend().keeping_network())
    }

    fn wsl(&self) -> Result<Option<Wsl>> {
        self.backend().wsl()
    }

    fn cgroup(&self) -> Result<Cgroup> {
        self.backend().cgroup()
    }

    fn pressure(&self, kind: PressureKind) -> Result<Pressure> {
        self.backend().pressure(kind)
    }

    fn kill_cgroup(&self, group: &Path) -> Result<()> {
        self.backend().kill_cgroup(group)
    }
}

/// Declares what can be asked of processes and snapshots alike: a process answers with a snapshot that is used once.
macro_rules! getters {
    ($(fn $name:ident = $own:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)+) => {
        impl ProcessExt for Snapshot {
            $(fn $name(&self $(, $argument: $kind)*) -> Result<$answer> {
                self.told(stringify!($name), || self.view().$own($($argument),*))
            })+
        }

        impl ProcessExt for Process {
            $(fn $name(&self $(, $argument: $kind)*) -> Result<$answer> {
                self.snapshot().$name($($argument),*)
            })+
        }
    };
}

/// What Linux alone tells about a process, of a [`Process`] or a [`Snapshot`].
///
/// # Errors
///
/// All of these: [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has its pid now;
/// [`AccessDenied`](crate::Error::AccessDenied) if the caller may not look, which for another user's process some of the
/// sources ask for `PTRACE_MODE_READ`.
///
/// # Examples
///
/// ```
/// use ps_facade::Process;
/// use ps_facade::os::linux::ProcessExt;
///
/// let now = Process::current()?.snapshot();
/// println!("{:?} {:?} {}", now.fsuid()?, now.cgroups()?, now.oom_score()?);
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub trait ProcessExt: sealed::Sealed {
    /// The user whose rights it uses on file systems.
    ///
    /// Source: `Uid` of `/proc/PID/status`.
    fn fsuid(&self) -> Result<Uid>;

    /// The group whose rights it uses on file systems.
    ///
    /// Source: `Gid` of `/proc/PID/status`.
    fn fsgid(&self) -> Result<Gid>;

    /// Priority of its main thread for block devices.
    ///
    /// Source: `ioprio_get`.
    fn io_priority(&self) -> Result<IoPriority>;

    /// Scheduling policy and real-time priority of its main thread; `None` where the kernel does not tell.
    ///
    /// Source: `/proc/PID/stat`.
    fn scheduling(&self) -> Result<Option<Scheduling>>;

    /// Its control groups, one for each hierarchy.
    ///
    /// Source: `/proc/PID/cgroup`.
    fn cgroups(&self) -> Result<Vec<CgroupMembership>>;

    /// The namespaces it is in.
    ///
    /// Source: the links in `/proc/PID/ns`.
    fn namespaces(&self) -> Result<Namespaces>;

    /// Its capabilities.
    ///
    /// Source: `Cap…` of `/proc/PID/status`.
    fn capabilities(&self) -> Result<CapabilitySets>;

    /// Whether its system calls are filtered; `None` where the kernel does not tell.
    ///
    /// Source: `Seccomp` of `/proc/PID/status`.
    fn seccomp(&self) -> Result<Option<Seccomp>>;

    /// Whether the programs it starts gain no rights; `None` where the kernel does not tell.
    ///
    /// Source: `NoNewPrivs` of `/proc/PID/status`.
    fn no_new_privs(&self) -> Result<Option<bool>>;

    /// How long it has waited for block devices; zero unless the kernel was told to count it
    /// (`kernel.task_delayacct`, not set by default from 5.14 on), `None` where it knows no such figure.
    ///
    /// Source: `/proc/PID/stat`.
    fn io_delay(&self) -> Result<Option<Duration>>;

    /// How likely it is to be killed when memory runs out; more is likelier.
    ///
    /// Source: `/proc/PID/oom_score`.
    fn oom_score(&self) -> Result<u32>;

    /// What is added to that score, from −1000 (never) to 1000.
    ///
    /// Source: `/proc/PID/oom_score_adj`.
    fn oom_adjustment(&self) -> Result<i32>;

    /// Its threads with their context switches, which costs another file for each.
    ///
    /// Source: `/proc/PID/task/TID`.
    fn threads_with_context_switches(&self) -> Result<Vec<Thread>>;

    /// One of its threads; `None` if it has none of this number.
    ///
    /// Source: `/proc/PID/task/TID`.
    fn thread(&self, tid: u32) -> Result<Option<Thread>>;

    /// CPUs that one of its threads may run on.
    ///
    /// Source: `sched_getaffinity`.
    fn thread_cpu_affinity(&self, tid: u32) -> Result<Vec<u32>>;

    /// Priority of one of its threads for block devices.
    ///
    /// Source: `ioprio_get`.
    fn thread_io_priority(&self, tid: u32) -> Result<IoPriority>;
}

getters! {
    fn fsuid = fs_uid() -> Uid;
    fn fsgid = fs_gid() -> Gid;
    fn io_priority = io_priority() -> IoPriority;
    fn scheduling = scheduling() -> Option<Scheduling>;
    fn cgroups = cgroups() -> Vec<CgroupMembership>;
    fn namespaces = namespaces() -> Namespaces;
    fn capabilities = capabilities() -> CapabilitySets;
    fn seccomp = seccomp() -> Option<Seccomp>;
    fn no_new_privs = no_new_privs() -> Option<bool>;
    fn io_delay = io_delay() -> Option<Duration>;
    fn oom_score = oom_score() -> u32;
    fn oom_adjustment = oom_adjustment() -> i32;
    fn threads_with_context_switches = threads_with_context_switches() -> Vec<Thread>;
    fn thread = thread(tid: u32) -> Option<Thread>;
    fn thread_cpu_affinity = thread_cpu_affinity(tid: u32) -> Vec<u32>;
    fn thread_io_priority = thread_io_priority(tid: u32) -> IoPriority;
}

/// What Linux alone lets be done to a process.
///
/// What goes by number is confirmed before and after, as for [`Process::set_nice`].
///
/// # Errors
///
/// All of these: [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone;
/// [`AccessDenied`](crate::Error::AccessDenied) if the caller may not;
/// [`InvalidArgument`](crate::Error::InvalidArgument) for pid 0, for values that the kernel does not know, and if the
/// process has no such thread; [`Io`](crate::Error::Io) if the thread ends during the call.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use ps_facade::os::linux::{IoClass, IoPriority, ProcessControl, ProcessExt};
/// use ps_facade::process::Child;
///
/// let mut child = Child::spawn(Command::new("sleep").arg("60"))?;
/// child.set_io_priority(IoPriority::new(IoClass::BestEffort, 7)?)?;
/// assert_eq!(child.io_priority()?.level, 7);
/// child.kill()?;
/// child.wait()?;
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub trait ProcessControl: sealed::Sealed {
    /// The descriptor that stands for it, if it is [pinned](Process::pin): it becomes readable when the process ends.
    /// `None` where the kernel has no such descriptors (before 5.3), and for a process of another pid namespace.
    ///
    /// ```
    /// use ps_facade::Process;
    /// use ps_facade::os::linux::ProcessControl;
    ///
    /// assert!(Process::current()?.pidfd().is_none(), "it is not pinned");
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn pidfd(&self) -> Option<BorrowedFd<'_>>;

    /// Limits and use of its control groups.
    fn cgroup(&self) -> Result<Cgroup>;

    /// How long tasks of its control group have been kept waiting for a resource.
    fn cgroup_pressure(&self, kind: PressureKind) -> Result<Pressure>;

    /// Sets the priority of its main thread for block devices.
    fn set_io_priority(&self, priority: IoPriority) -> Result<()>;

    /// Sets scheduling policy and real-time priority of its main thread.
    fn set_scheduling(&self, scheduling: Scheduling) -> Result<()>;

    /// Sets what is added to the score by which it is killed when memory runs out, from −1000 (never) to 1000.
    fn set_oom_adjustment(&self, adjustment: i32) -> Result<()>;

    /// Sets the nice value of one of its threads.
    fn set_thread_nice(&self, tid: u32, nice: i32) -> Result<()>;

    /// Sets the CPUs that one of its threads may run on; of none, all that it is allowed.
    fn set_thread_cpu_affinity(&self, tid: u32, cpus: &[u32]) -> Result<()>;

    /// Sets the priority of one of its threads for block devices.
    fn set_thread_io_priority(&self, tid: u32, priority: IoPriority) -> Result<()>;

    /// Sets scheduling policy and real-time priority of one of its threads.
    fn set_thread_scheduling(&self, tid: u32, scheduling: Scheduling) -> Result<()>;

    /// Sets the nice value of all its threads, until no new one appears, and says how many there were.
    fn set_nice_of_all_threads(&self, nice: i32) -> Result<usize>;

    /// Sets the CPUs that its threads may run on, all of them, until no new one appears, and says how many there were.
    fn set_cpu_affinity_of_all_threads(&self, cpus: &[u32]) -> Result<usize>;

    /// Sets the priority of all its threads for block devices, until no new one appears, and says how many there were.
    fn set_io_priority_of_all_threads(&self, priority: IoPriority) -> Result<usize>;

    /// Sets scheduling policy and real-time priority of all its threads, until no new one appears, and says how many there were.
    fn set_scheduling_of_all_threads(&self, scheduling: Scheduling) -> Result<usize>;
}

impl ProcessControl for Process {
    fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.handle().pin.as_ref()?.pidfd()
    }

    fn cgroup(&self) -> Result<Cgroup> {
        self.ask("cgroup", |linux, handle| linux.view(handle).cgroup())
    }

    fn cgroup_pressure(&self, kind: PressureKind) -> Result<Pressure> {
        self.ask("cgroup_pressure", |linux, handle| linux.view(handle).cgroup_pressure(kind))
    }

    fn set_io_priority(&self, priority: IoPriority) -> Result<()> {
        self.ask("set_io_priority", |linux, handle| linux.set_io_priority(handle, priority))
    }

    fn set_scheduling(&self, scheduling: Scheduling) -> Result<()> {
        self.ask("set_scheduling", |linux, handle| linux.set_scheduling(handle, scheduling))
    }

    fn set_oom_adjustment(&self, adjustment: i32) -> Result<()> {
        self.ask("set_oom_adjustment", |linux, handle| linux.set_oom_adjustment(handle, adjustment))
    }

    fn set_thread_nice(&self, tid: u32, nice: i32) -> Result<()> {
        self.ask("set_thread_nice", |linux, handle| linux.set_thread_nice(handle, tid, nice))
    }

    fn set_thread_cpu_affinity(&self, tid: u32, cpus: &[u32]) -> Result<()> {
        self.ask("set_thread_cpu_affinity", |linux, handle| {
            linux.set_thread_cpu_affinity(handle, tid, cpus)
        })
    }

    fn set_thread_io_priority(&self, tid: u32, priority: IoPriority) -> Result<()> {
        self.ask("set_thread_io_priority", |linux, handle| {
            linux.set_thread_io_priority(handle, tid, priority)
        })
    }

    fn set_thread_scheduling(&self, tid: u32, scheduling: Scheduling) -> Result<()> {
        self.ask("set_thread_scheduling", |linux, handle| {
            linux.set_thread_scheduling(handle, tid, scheduling)
        })
    }

    fn set_nice_of_all_threads(&self, nice: i32) -> Result<usize> {
        self.ask("set_nice_of_all_threads", |linux, handle| {
            linux.set_nice_of_all_threads(handle, nice)
        })
    }

    fn set_cpu_affinity_of_all_threads(&self, cpus: &[u32]) -> Result<usize> {
        self.ask("set_cpu_affinity_of_all_threads", |linux, handle| {
            linux.set_cpu_affinity_of_all_threads(handle, cpus)
        })
    }

    fn set_io_priority_of_all_threads(&self, priority: IoPriority) -> Result<usize> {
        self.ask("set_io_priority_of_all_threads", |linux, handle| {
            linux.set_io_priority_of_all_threads(handle, priority)
        })
    }

    fn set_scheduling_of_all_threads(&self, scheduling: Scheduling) -> Result<usize> {
        self.ask("set_scheduling_of_all_threads", |linux, handle| {
            linux.set_scheduling_of_all_threads(handle, scheduling)
        })
    }
}
