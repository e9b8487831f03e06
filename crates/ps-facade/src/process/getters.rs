//! What can be asked of a process, declared once for [`Process`] and [`Snapshot`].

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::SystemTime;

use ps_core::process::ProcessView;

use super::{
    ContextSwitches, Descriptor, Environ, Gids, IoCounters, Limit, MemoryField, MemoryFootprint,
    MemoryInfo, MemoryInfoEx, MemoryMap, MemoryMapGroup, OpenFile, PageFaults, Process,
    ProcessTimes, Record, Resource, SignalMasks, Snapshot, Thread, Uids,
};
use crate::net::{Connection, ConnectionQuery};
use crate::{Fields, Gid, Pid, Result, Status};

/// Declares getters, with their documentation, of snapshots and of processes: a process answers with a
/// snapshot that is used once.
macro_rules! getters {
    (
        $($(#[$attribute:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty = $own:ident;)+
    ) => {
        impl Snapshot {
            $(
                $(#[$attribute])*
                pub fn $name(&self $(, $argument: $kind)*) -> Result<$answer> {
                    self.told(stringify!($name), || {
                        getters!(@answer self, $own, $name($($argument),*))
                    })
                }
            )+
        }

        impl Process {
            $(
                $(#[$attribute])*
                pub fn $name(&self $(, $argument: $kind)*) -> Result<$answer> {
                    self.snapshot().$name($($argument),*)
                }
            )+
        }
    };
    (@answer $self:ident, view, $name:ident($($argument:ident),*)) => {
        $self.view().$name($($argument),*)
    };
    (@answer $self:ident, $own:ident, $name:ident($($argument:ident),*)) => {
        $self.$own($($argument),*)
    };
}

getters! {
    /// The parent; `None` for a process that has none, or one outside of what can be seen from
    /// here.
    ///
    /// It changes when the parent ends and another process takes the child over.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.ppid()?.is_some());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn ppid() -> Option<Pid> = view;

    /// Its name.
    ///
    /// Kernels cut names short, Linux after 15 bytes: a name that may have been cut is completed
    /// from the last part of the first argument's path, where that begins with it. Bytes that are
    /// no UTF-8 are kept.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record elsewhere; the command line.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(!me.name()?.is_empty());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn name() -> OsString = name_now;

    /// Its name as the kernel keeps it, which may have been cut short.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.comm()?.len() <= 64);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn comm() -> OsString = view;

    /// What it is doing, as far as its scheduler is concerned.
    ///
    /// On OpenBSD and NetBSD only a process on a CPU is [`Running`](crate::Status::Running), one
    /// that waits for a CPU is [`Waking`](crate::Status::Waking). macOS does not tell much: nearly
    /// all are running.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{}", me.status()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn status() -> Status = view;

    /// When it started, on the wall clock. It moves when the clock is set: to tell processes apart,
    /// use their [`Identity`](crate::Identity).
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.create_time()? <= std::time::SystemTime::now());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn create_time() -> SystemTime = view;

    /// The program it runs; `None` if it runs none, as kernel threads do, or the system cannot
    /// tell.
    ///
    /// Where the link is refused or empty, the first argument counts if it is the absolute path of
    /// a program. A program that was removed has the path it had.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. OpenBSD has no such record: there it is the first
    /// argument alone.
    ///
    /// # Source
    ///
    /// `/proc/PID/exe` on Linux, `proc_pidpath` on macOS, `kern.proc.pathname` on FreeBSD,
    /// `kern.proc_args` on NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.exe()?.is_some());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn exe() -> Option<PathBuf> = view;

    /// Its arguments, as far as it has not written over them; empty for a kernel thread.
    ///
    /// Empty arguments are kept. A title written in place of the arguments is taken apart at
    /// blanks; [`cmdline_raw`](Snapshot::cmdline_raw) gives the bytes as they are.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. OpenBSD and NetBSD may cut them short.
    ///
    /// # Source
    ///
    /// `/proc/PID/cmdline` on Linux, `kern.procargs2` on macOS, `kern.proc.args` on FreeBSD,
    /// `kern.proc_args` on OpenBSD and NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more.
    ///
    /// Needs no privilege on Linux and the BSDs; on macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(!me.cmdline()?.is_empty());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cmdline() -> Vec<OsString> = view;

    /// Its arguments as the kernel hands them out: one block of bytes, not taken apart.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// As for [`cmdline`](Snapshot::cmdline).
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more.
    ///
    /// As for [`cmdline`](Snapshot::cmdline).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(!me.cmdline_raw()?.is_empty());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cmdline_raw() -> Vec<u8> = view;

    /// The environment it was started with; empty for a kernel thread. It may have written over it
    /// since.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. On macOS empty for processes that the system protects.
    ///
    /// # Source
    ///
    /// `/proc/PID/environ` on Linux, `kern.procargs2` on macOS, `kern.proc.env` on FreeBSD,
    /// `kern.proc_args` on OpenBSD and NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.environ()?.get("PATH"));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn environ() -> Environ = view;

    /// Its current directory; `None` if that cannot be told. A directory that was removed has the
    /// path it had.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/cwd` on Linux, `PROC_PIDVNODEPATHINFO` on macOS, `kern.proc.cwd` on FreeBSD,
    /// `kern.proc_cwd` on OpenBSD, `kern.proc_args` on NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert_eq!(me.cwd()?, std::env::current_dir().ok());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cwd() -> Option<PathBuf> = view;

    /// Its root directory; `None` if that cannot be told.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, NetBSD; there `None` where `/proc` is not mounted.
    ///
    /// # Source
    ///
    /// `/proc/PID/root` on Linux and NetBSD, `PROC_PIDVNODEPATHINFO` on macOS, `kern.proc.filedesc` on
    /// FreeBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more. [`Unsupported`](crate::Error::Unsupported) on OpenBSD.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.root());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn root() -> Option<PathBuf> = view;

    /// Real, effective and saved user.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, the process record elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{}", me.uids()?.effective);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn uids() -> Uids = view;

    /// Real, effective and saved group.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, the process record elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{}", me.gids()?.saved);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn gids() -> Gids = view;

    /// Supplementary groups.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. macOS tells at most 16.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, `kern.proc.groups` on FreeBSD, the process record elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.groups()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "getgroups")]
    fn groups() -> Vec<Gid> = view;

    /// File creation mask; `None` if this kernel does not tell (Linux before 4.7).
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, `kern.proc.umask` on FreeBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more. [`Unsupported`](crate::Error::Unsupported) elsewhere.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.umask());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn umask() -> Option<u32> = view;

    /// Process group; `None` if that cannot be seen from here.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.pgid()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn pgid() -> Option<Pid> = view;

    /// Session; `None` if that cannot be seen from here.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.sid()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn sid() -> Option<Pid> = view;

    /// Signals it holds back, ignores and catches, and those that wait for it.
    ///
    /// The sets hold the signals that the C library keeps for itself too: see
    /// [`SignalSet::iter`](crate::process::SignalSet::iter).
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. macOS tells only those ignored and caught.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, the process record elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.signal_masks()?.ignored);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "sigmasks")]
    fn signal_masks() -> SignalMasks = view;

    /// Its controlling terminal; `None` if it has none, or one without a name.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// The device number in the process record, looked up below `/dev`.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.terminal()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn terminal() -> Option<PathBuf> = view;

    /// Device number of its controlling terminal; `None` if it has none. Costs less than the name.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// let has_terminal = me.terminal_device()?.is_some();
    /// assert!(has_terminal || me.terminal()?.is_none());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "has_terminal")]
    fn terminal_device() -> Option<u64> = view;

    /// CPU time it has used.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. Parts that a system does not tell apart are `None`.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// On macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.cpu_times()?.total() >= me.cpu_times()?.user.min(me.cpu_times()?.system));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cpu_times() -> ProcessTimes = view;

    /// The CPU it runs on or last ran on; `None` if that is not known.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`Unsupported`](crate::Error::Unsupported) on macOS.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.cpu_num());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cpu_num() -> Option<u32> = view;

    /// CPUs it may run on, by ascending number; on Linux those of its main thread.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD.
    ///
    /// # Source
    ///
    /// `sched_getaffinity` on Linux, `cpuset_getaffinity` on FreeBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`Unsupported`](crate::Error::Unsupported) elsewhere.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.cpu_affinity());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn cpu_affinity() -> Vec<u32> = view;

    /// Nice value, from −20 to 20, low being strong; on Linux that of its main thread.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!((-20..=20).contains(&me.nice()?));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "getpriority")]
    fn nice() -> i32 = view;

    /// A resource limit.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD, NetBSD; each has some of the resources only.
    ///
    /// # Source
    ///
    /// `prlimit` on Linux, `kern.proc.rlimit` on FreeBSD, `proc.PID.rlimit` on NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`InvalidArgument`](crate::Error::InvalidArgument) for a resource that the
    /// system does not have; [`Unsupported`](crate::Error::Unsupported) on macOS and OpenBSD.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// use ps_facade::process::Resource;
    /// println!("{:?}", me.limit(Resource::OpenFiles));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "rlimit")]
    fn limit(resource: Resource) -> Limit = view;

    /// The main figures of its memory, in bytes. The resident size is exact.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/statm` on Linux, `PROC_PIDTASKINFO` on macOS, the process record on the BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// On macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.memory_info()?.rss > 0);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_info() -> MemoryInfo = view;

    /// More figures of its memory, in bytes: peaks, kinds of resident pages, swap. Where the system
    /// has no more, the main ones.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, `proc_pid_rusage` and `TASK_VM_INFO` on macOS.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// As for [`memory_info`](Snapshot::memory_info).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.memory_info_ex()?.peak_rss);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_info_ex() -> MemoryInfoEx = view;

    /// What it would set free if it ended now, in bytes. Walks its page tables, so it costs far
    /// more than the main figures.
    ///
    /// # Availability
    ///
    /// Linux, macOS.
    ///
    /// # Source
    ///
    /// `/proc/PID/smaps_rollup`, else `smaps`, on Linux; `PROC_PIDREGIONINFO` on macOS.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`Unsupported`](crate::Error::Unsupported) on the BSDs.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.memory_footprint());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_footprint() -> MemoryFootprint = view;

    /// Its mappings, by ascending address.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/smaps` on Linux, `kern.proc.vmmap` on FreeBSD, `kern.proc_vmmap` on OpenBSD, `vm.proc.map` on NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`ZombieProcess`](crate::Error::ZombieProcess) for a zombie, which has it no
    /// more. [`Unsupported`](crate::Error::Unsupported) on macOS.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{} mappings", me.memory_maps().map_or(0, |maps| maps.len()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_maps() -> Vec<MemoryMap> = view;

    /// Page faults since it started, its children's left out.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. macOS tells no more than 2147483647 of each.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// On macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{} read from disk", me.page_faults()?.major);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn page_faults() -> PageFaults = view;

    /// Input and output since it started.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. macOS counts bytes only, the BSDs blocks only.
    ///
    /// # Source
    ///
    /// `/proc/PID/io` on Linux, `proc_pid_rusage` on macOS, the process record on the BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`Unsupported`](crate::Error::Unsupported) if this kernel does not count.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.io_counters());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn io_counters() -> IoCounters = view;

    /// Context switches since it started; on Linux those of its main thread.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. macOS counts both kinds together, and tells no more
    /// than 2147483647.
    ///
    /// # Source
    ///
    /// `/proc/PID/status` on Linux, `PROC_PIDTASKINFO` on macOS, the process record on the BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. [`Unsupported`](crate::Error::Unsupported) if this kernel does not count.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// std::thread::sleep(std::time::Duration::from_millis(1));
    /// assert!(me.context_switches()?.total() > 0);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "num_ctx_switches")]
    fn context_switches() -> ContextSwitches = view;

    /// How many threads it has.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/stat` on Linux, the process record (`kinfo_proc`) elsewhere.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// On macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.num_threads()? >= 1);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn num_threads() -> u32 = view;

    /// Its threads, by ascending number. One that ends meanwhile is left out.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. NetBSD counts CPU time of both kinds together.
    ///
    /// # Source
    ///
    /// `/proc/PID/task` on Linux, `PROC_PIDLISTTHREADIDS` on macOS, `kern.proc` or `kern.lwp` on
    /// the BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// On macOS, of another user's process, root.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(!me.threads()?.is_empty());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn threads() -> Vec<Thread> = view;

    /// How many descriptors it has open.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/proc/PID/fd` on Linux, `PROC_PIDLISTFDS` on macOS, `kern.proc.nfds` or `kern.file` on the
    /// BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// assert!(me.num_fds()? > 0);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn num_fds() -> u32 = view;

    /// Regular files it has open, by ascending descriptor. A file that was removed is left out; so
    /// are directories, devices, sockets and pipes, and on Linux files whose file system does not answer.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. OpenBSD and NetBSD do not tell paths.
    ///
    /// # Source
    ///
    /// `/proc/PID/fd` and `fdinfo` on Linux, `PROC_PIDFDVNODEPATHINFO` on macOS,
    /// `kern.proc.filedesc` or `kern.file` on the BSDs.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{:?}", me.open_files()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn open_files() -> Vec<OpenFile> = view;

    /// Its sockets.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// As for [`net::connections`](crate::net::connections).
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// use ps_facade::net::{ConnectionKind, ConnectionQuery};
    /// let sockets = me.net_connections(&ConnectionQuery::new(ConnectionKind::All))?;
    /// println!("{} sockets", sockets.len());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "connections")]
    fn net_connections(query: &ConnectionQuery) -> Vec<Connection> = view;

    /// Name of its real user; the number as text if there is no such account.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// [`uids`](Snapshot::uids), and [`host::user_name`](crate::host::user_name).
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{}", me.username()?.display());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn username() -> OsString = username_now;

    /// A figure of its memory as a share of physical memory, in percent; `None` if the system does
    /// not have the figure.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// The record that holds the figure, and [`mem::virtual_memory`](crate::mem::virtual_memory).
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now.
    ///
    /// As for the record that holds the figure.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// use ps_facade::process::MemoryField;
    /// assert!(me.memory_percent(MemoryField::Rss)?.is_some_and(|share| share > 0.0));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_percent(field: MemoryField) -> Option<f64> = memory_percent_now;

    /// Its mappings, those of one file added up, in the order in which files first appear.
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// As for [`memory_maps`](Snapshot::memory_maps).
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. As for [`memory_maps`](Snapshot::memory_maps).
    ///
    /// Of another user's process it needs the right to debug it (on Linux `PTRACE_MODE_READ`); else
    /// it is [`AccessDenied`](crate::Error::AccessDenied).
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// println!("{} files", me.memory_maps_grouped().map_or(0, |files| files.len()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn memory_maps_grouped() -> Vec<MemoryMapGroup> = memory_maps_grouped_now;

    /// Many facts at once, each with its own refusal, to be kept or serialised.
    ///
    /// Of sockets it lists those of the internet families.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// As for each fact.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if the process has gone, even if another has
    /// its pid now. Only the process's being gone is an error of the whole.
    ///
    /// As for each fact.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// use ps_facade::Fields;
    /// let record = me.record(Fields::TOP | Fields::CMDLINE)?;
    /// assert!(record.rss.is_ok_and(|bytes| bytes > 0));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "as_dict")]
    fn record(fields: Fields) -> Record = record_now;
}

impl Snapshot {
    /// Shows every descriptor it has open, one after the other, until `visit` breaks off.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; what is told of each differs much.
    ///
    /// # Source
    ///
    /// As for [`open_files`](Snapshot::open_files).
    ///
    /// # Errors
    ///
    /// Those of [`open_files`](Snapshot::open_files). A descriptor that is closed meanwhile is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let mut count = 0;
    /// ps_facade::Process::current()?.snapshot().for_each_descriptor(|_| {
    ///     count += 1;
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert!(count > 0);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn for_each_descriptor(
        &self,
        mut visit: impl FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        self.told("for_each_descriptor", || self.view().for_each_descriptor(&mut visit))
    }

    /// Every descriptor it has open, by what it stands for.
    ///
    /// Availability, source, errors and privileges are those of
    /// [`for_each_descriptor`](Snapshot::for_each_descriptor).
    #[doc(alias = "iter_fds")]
    pub fn descriptors(&self) -> Result<Vec<Descriptor>> {
        let mut all = Vec::new();
        self.for_each_descriptor(|descriptor| {
            all.push(descriptor);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

impl Process {
    /// Every descriptor it has open: see [`Snapshot::descriptors`].
    #[doc(alias = "iter_fds")]
    pub fn descriptors(&self) -> Result<Vec<Descriptor>> {
        self.snapshot().descriptors()
    }
}
