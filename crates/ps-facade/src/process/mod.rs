//! Processes.

mod child;
mod control;
#[cfg(feature = "tokio")]
mod ends;
#[cfg(feature = "tokio")]
mod event_stream;
pub mod events;
mod getters;
mod snapshot;
mod table;
mod tree;
mod usage;
mod wait;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;

pub use child::Child;
#[cfg(feature = "tokio")]
pub use ends::{Ends, wait_procs_async};
pub use ps_core::process::{
    Arguments, BootId, ContextSwitches, Descriptor, DescriptorDetails, DescriptorKind, Environ,
    Exit, Fact, Gids, IoCounters, Limit, MapSizes, MemoryField, MemoryFootprint, MemoryInfo,
    MemoryInfoEx, MemoryMap, MemoryMapGroup, MemoryRecord, OpenFile, OpenMode, Origin, PageFaults,
    ProcessTimes, Record, Resource, SignalMasks, SignalSet, StartTime, Thread, Uids,
};
use ps_core::process::{Handle, ProcessBackend, Scanner};
pub use snapshot::Snapshot;
pub use table::{Entries, Entry, ProcessTable};
pub use tree::children_map;
pub use usage::CpuUsage;
pub use wait::{Gone, TreeEnd, Waited, wait_procs};

use crate::engine::same::{self, Known};
use crate::native::Native;
use crate::{Fields, Identity, Pid, Result, Row, System};

type Pin = <Native as ProcessBackend>::Pin;

/// One process: its pid, and what tells it from another that gets the same pid later.
///
/// Nothing read through it ever belongs to another process: once the one meant has gone, every question is
/// answered with [`NoSuchProcess`](crate::Error::NoSuchProcess), whoever has its pid now.
///
/// Each getter asks the kernel when it is called. To ask several things of one moment, and for less, take a
/// [`snapshot`](Process::snapshot). A `Process` holds no descriptor unless it is [pinned](Process::pin); it can be
/// cloned and sent to other threads.
///
/// Clones share what was found out: that it has gone, which is true for ever, how it ended, and the name that was
/// read last, which errors carry. A process that was found gone is not asked about again.
///
/// Two are equal when pid, start and pid namespace are; [`Identity::compare`] says more.
///
/// # Examples
///
/// ```
/// use ps_facade::Process;
///
/// let me = Process::current()?;
/// let same = Process::new(me.pid())?;
/// assert_eq!(me, same);
/// assert!(same.is_running()?);
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Clone)]
pub struct Process {
    system: System,
    handle: Handle<Pin>,
    known: Arc<Known>,
}

impl Process {
    /// The process that has a pid now; a zombie too.
    ///
    /// On Linux the number of a thread is taken as well, to read what the thread has; it is no process, and
    /// [`pid_exists`] denies it.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if no process has the pid.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Pid, Process};
    ///
    /// let nobody = Pid::try_from(i32::MAX)?;
    /// assert!(Process::new(nobody).is_err_and(|error| error.is_gone()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn new(pid: Pid) -> Result<Process> {
        Process::of(&System::default(), pid)
    }

    /// The process that has a pid now, of another system than the default one.
    pub fn of(system: &System, pid: Pid) -> Result<Process> {
        Ok(Process::identified(system, system.backend().identify(pid)?))
    }

    /// The calling process.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(ps_facade::Process::current()?.pid().get(), std::process::id());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn current() -> Result<Process> {
        Process::current_of(&System::default())
    }

    /// The calling process, as another system than the default one sees it.
    pub fn current_of(system: &System) -> Result<Process> {
        Process::of(system, system.backend().current()?)
    }

    /// The process that an identity means, which was kept by this program or another: a supervisor can write
    /// down whom it has started, and take them up again after it was itself started anew.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if it has gone, or was a process of an earlier boot;
    /// [`InvalidArgument`](crate::Error::InvalidArgument) if that cannot be told: the identity belongs to another
    /// pid namespace or time namespace, or it was taken so early that it might mean a later process too.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::Process;
    ///
    /// let kept = *Process::current()?.identity();
    /// assert_eq!(Process::attach(&kept)?.pid().get(), std::process::id());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn attach(identity: &Identity) -> Result<Process> {
        Process::attach_of(&System::default(), identity)
    }

    /// The process of another system than the default one that an identity means: see
    /// [`attach`](Process::attach).
    pub fn attach_of(system: &System, identity: &Identity) -> Result<Process> {
        Ok(Process::identified(system, same::attach(system.backend(), identity)?))
    }

    pub(crate) fn identified(system: &System, identity: Identity) -> Process {
        let known = Arc::new(Known::default());
        Process { system: system.clone(), handle: Handle::new(identity), known }
    }

    pub(crate) fn system(&self) -> &System {
        &self.system
    }

    pub(crate) fn handle(&self) -> &Handle<Pin> {
        &self.handle
    }

    pub(crate) fn known(&self) -> &Arc<Known> {
        &self.known
    }

    /// Asks something of the backend, unless the process is known to have gone, and learns from the answer.
    pub(crate) fn ask<T>(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&Native, &Handle<Pin>) -> Result<T>,
    ) -> Result<T> {
        self.known.check(operation, self.pid())?;
        self.known.learn(self.pid(), ask(self.system.backend(), &self.handle))
    }

    /// The same process, held on to: what is asked and done through it needs no new look at whose number it is,
    /// and cannot reach anybody else.
    ///
    /// It holds one or two descriptors until it and all its clones are dropped. Waiting for many leaves the last ones to
    /// the rest of the program; pinning many does not, since it is for the caller to say how many are worth it. It does
    /// not keep the process from ending, and a zombie not from being collected.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; only Linux has descriptors that stand for processes.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if it has gone, even if another has its pid now;
    /// [`Io`](crate::Error::Io) if no more descriptors can be had.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?.pin()?;
    /// assert!(me.is_pinned() && me.is_running()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn pin(&self) -> Result<Process> {
        if self.is_pinned() {
            return Ok(self.clone());
        }
        let pin = self.ask("pin", |backend, handle| backend.pin(&handle.identity))?;
        let handle = Handle { identity: self.handle.identity, pin: Some(Arc::new(pin)) };
        Ok(Process { system: self.system.clone(), handle, known: self.known.clone() })
    }

    /// Whether it is held on to: see [`pin`](Process::pin).
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.handle.pin.is_some()
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.handle.identity.pid
    }

    /// What tells it from another process with the same pid.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.handle.identity
    }

    /// Begins to look at it: each kernel record is read at most once, when something in it is first wanted,
    /// and kept until the snapshot is dropped. Asks nothing yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let now = ps_facade::Process::current()?.snapshot();
    /// println!("{:?} {:?} {}", now.name()?, now.ppid()?, now.memory_info()?.rss);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "oneshot")]
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let view = self.system.backend().view(&self.handle);
        Snapshot::new(self.system.clone(), view, self.pid(), self.known.clone())
    }

    /// Whether it is still there; true for a zombie.
    ///
    /// Once false it stays false, also for clones, whoever has the pid later.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Errors
    ///
    /// Those of reading which process has the pid now, other than its being gone.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ps_facade::Process::current()?.is_running()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn is_running(&self) -> Result<bool> {
        same::is_running(self.system.backend(), &self.handle, &self.known)
    }
}

/// The process that a child is, as the default system sees it.
///
/// The child must not have been waited for to its end: its pid might belong to somebody else since. Somebody who
/// is not a child of this program is not taken for it.
///
/// # Errors
///
/// [`NoSuchProcess`](crate::Error::NoSuchProcess) if no child of this program has its pid;
/// [`Unsupported`](crate::Error::Unsupported) where `/proc` is of another pid namespace than the caller's, so that the
/// pid means somebody else there.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use ps_facade::Process;
///
/// let mut child = Command::new("sleep").arg("60").spawn()?;
/// let process = Process::try_from(&child)?;
/// assert_eq!(process.pid().get(), child.id());
/// process.kill()?;
/// child.wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&std::process::Child> for Process {
    type Error = crate::Error;

    fn try_from(child: &std::process::Child) -> Result<Process> {
        let (pid, me) = (Pid::try_from(child.id())?, std::process::id());
        let system = System::default();
        if system.backend().current()?.get() != me {
            return Err(not_shown(pid));
        }
        let process = Process::of(&system, pid)?;
        if process.ppid()?.is_some_and(|ppid| ppid.get() == me) {
            return Ok(process);
        }
        Err(crate::Error::reused(crate::Context::new("attach").with_pid(pid)))
    }
}

/// Nothing can be said of a child: a number means somebody else, or nobody, where processes are looked at.
pub(super) fn not_shown(pid: Pid) -> crate::Error {
    crate::Error::unsupported_here(
        crate::Context::new("attach").with_pid(pid),
        "/proc is of another pid namespace, or does not show this child",
    )
}

impl PartialEq for Process {
    fn eq(&self, other: &Process) -> bool {
        self.handle.identity == other.handle.identity
    }
}

impl Eq for Process {}

impl Hash for Process {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.handle.identity.hash(state);
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("pid", &self.pid().get())
            .field("start", &self.handle.identity.start)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Process {
    /// Pid, and name and state if they can still be had.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid())?;
        if self.known.is_gone() {
            return f.write_str(" (gone)");
        }
        let now = self.snapshot();
        match (now.name(), now.status()) {
            (Ok(name), Ok(status)) => write!(f, " ({}, {status})", name.display()),
            (Err(error), _) | (_, Err(error)) if error.is_gone() => f.write_str(" (gone)"),
            _ => Ok(()),
        }
    }
}

/// Every pid, ascending; zombies too, threads that are no process not.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD. What a system hides from the caller is not listed.
///
/// # Source
///
/// The entries of `/proc` on Linux, the table of processes of `sysctl` elsewhere.
///
/// # Errors
///
/// [`Io`](crate::Error::Io) if processes cannot be listed.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// let pids = ps_facade::pids()?;
/// assert!(pids.is_sorted());
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn pids() -> Result<Vec<Pid>> {
    System::default().pids()
}

/// Whether a process has this pid; true for a zombie, false for a thread that is no process.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD. False of what a system hides from the caller.
///
/// # Source
///
/// `/proc/PID` on Linux, the process's record of `sysctl` elsewhere.
///
/// # Errors
///
/// [`Io`](crate::Error::Io) if the system fails otherwise than by having no such process.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// use ps_facade::{Pid, pid_exists};
/// assert!(pid_exists(Pid::try_from(std::process::id())?)?);
/// assert!(!pid_exists(Pid::try_from(i32::MAX)?)?);
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn pid_exists(pid: Pid) -> Result<bool> {
    System::default().pid_exists(pid)
}

/// The parent of every process that has one.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD. What a system hides from the caller is not listed.
///
/// # Source
///
/// Column 4 of `/proc/PID/stat` on Linux, the table of processes of `sysctl` elsewhere; one pass over all.
///
/// # Errors
///
/// [`Io`](crate::Error::Io) if processes cannot be listed.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// let parents = ps_facade::ppid_map()?;
/// let me = ps_facade::Process::current()?;
/// assert_eq!(parents.get(&me.pid()).copied(), me.ppid()?);
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn ppid_map() -> Result<BTreeMap<Pid, Pid>> {
    System::default().ppid_map()
}

/// Every process, by ascending pid.
///
/// The processes are those there at the time of the call, each told apart from whoever gets its pid later. One of
/// which the caller may not know when it started cannot be told apart, and is left out; [`pids`] and [`scan`] have it
/// if it is listed at all.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD. On Linux before 6.9, and at roots other than the caller's own, it waits for
/// the end of a clock tick, of 10 ms at most, if a process has started within it.
///
/// # Source
///
/// One pass over all processes, and a second look at those that have just started.
///
/// # Errors
///
/// [`Io`](crate::Error::Io) if processes cannot be listed.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// for process in ps_facade::process_iter()? {
///     println!("{}", process.pid());
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn process_iter() -> Result<impl Iterator<Item = Process>> {
    System::default().process_iter()
}

/// Reads facts about all processes in one pass: by far the cheapest way to see many.
///
/// Each row borrows from the pass and says of every fact whether it could be had; what is to be kept can be
/// copied with [`Row::to_record`]. Breaking off ends the pass.
///
/// # Errors
///
/// [`InvalidArgument`](crate::Error::InvalidArgument) if a field is not [scannable](Fields::SCANNABLE);
/// [`Io`](crate::Error::Io) if processes cannot be listed.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use ps_facade::{Fields, scan};
///
/// let mut resident = 0;
/// scan(Fields::RSS, |row| {
///     resident += row.rss.unwrap_or(0);
///     ControlFlow::Continue(())
/// })?;
/// assert!(resident > 0);
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub fn scan(fields: Fields, visit: impl FnMut(&Row<'_>) -> ControlFlow<()>) -> Result<()> {
    System::default().scan(fields, visit)
}

impl System {
    /// What [`pids`](crate::pids) tells, of this system.
    pub fn pids(&self) -> Result<Vec<Pid>> {
        self.backend().pids()
    }

    /// What [`pid_exists`](crate::pid_exists) tells, of this system.
    pub fn pid_exists(&self, pid: Pid) -> Result<bool> {
        self.backend().pid_exists(pid)
    }

    /// What [`ppid_map`](crate::ppid_map) tells, of this system.
    pub fn ppid_map(&self) -> Result<BTreeMap<Pid, Pid>> {
        self.backend().ppid_map()
    }

    /// What [`process_iter`](crate::process_iter) gives, of this system.
    pub fn process_iter(&self) -> Result<impl Iterator<Item = Process> + use<>> {
        let system = self.clone();
        let all = same::everybody(self.backend())?.into_iter();
        Ok(all.map(move |identity| Process::identified(&system, identity)))
    }

    /// What [`scan`](crate::scan) gives, of this system.
    pub fn scan(
        &self,
        fields: Fields,
        mut visit: impl FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.backend().scanner()?.scan(fields, &mut visit)
    }
}
