//! Processes: what can be known about them, how they are listed, acted upon and waited for.

mod arguments;
mod control;
mod events;
mod fields;
mod files;
mod id;
mod limits;
mod memory;
mod signal;
mod status;
mod threads;
mod times;
mod wait;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

pub use arguments::{Arguments, Environ, NAME_MAY_BE_CUT, full_name};
pub use control::ControlBackend;
pub use events::{News, NewsBackend, NewsSource, NoNews};
pub use fields::{Fact, Fields, Missing, Record, Row};
pub use files::{Descriptor, DescriptorDetails, DescriptorKind, OpenFile, OpenMode};
pub use id::{BootId, Gid, Gids, Identity, Origin, Pid, Sameness, StartTime, Uid, Uids};
pub use limits::{Limit, Resource};
pub use memory::{
    MapSizes, MemoryField, MemoryFootprint, MemoryInfo, MemoryInfoEx, MemoryMap, MemoryMapGroup,
    MemoryRecord, group_maps,
};
pub use signal::{Signal, SignalMasks, SignalNumbers, SignalSet};
pub use status::Status;
pub use threads::Thread;
pub use times::{ContextSwitches, IoCounters, PageFaults, ProcessTimes};
pub use wait::{Exit, WaitBackend, WaitSet, Watched};

use crate::net::{Connection, ConnectionQuery};
use crate::{Context, Error, Result, sealed};

/// A process as a backend is told of it: which one is meant, and what is held of it, if anything.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Handle<P> {
    /// Which process is meant.
    pub identity: Identity,
    /// What keeps the system from giving its number away unnoticed, if the caller asked for that.
    pub pin: Option<Arc<P>>,
}

impl<P> Handle<P> {
    /// A process of which nothing is held.
    #[must_use]
    pub const fn new(identity: Identity) -> Self {
        Handle { identity, pin: None }
    }
}

impl<P> Clone for Handle<P> {
    fn clone(&self) -> Self {
        Handle { identity: self.identity, pin: self.pin.clone() }
    }
}

/// Lists processes and looks at them.
pub trait ProcessBackend: sealed::Backend {
    /// One process while it is being looked at.
    type View: ProcessView;

    /// What reads all processes in one pass.
    type Scanner: Scanner;

    /// What is held of a pinned process.
    type Pin: Send + Sync + 'static;

    /// Every process, by ascending pid, each once; zombies too.
    fn pids(&self) -> Result<Vec<Pid>>;

    /// Whether a process has this pid; true for a zombie, false for a thread that is no process.
    fn pid_exists(&self, pid: Pid) -> Result<bool>;

    /// The calling process, as its pid reads from where this backend looks.
    fn current(&self) -> Result<Pid>;

    /// Finds out which process has a pid now, so that it can be told from later ones.
    fn identify(&self, pid: Pid) -> Result<Identity>;

    /// Begins to look at a process. Asks the kernel nothing yet; whatever is read through the view belongs
    /// to the process meant, or is an error.
    fn view(&self, handle: &Handle<Self::Pin>) -> Self::View;

    /// Begins to look at whichever process has a pid now, and goes on looking at that one.
    fn view_of(&self, pid: Pid) -> Self::View;

    /// Holds on to a process, so that looking at it and acting on it costs less and waits for nobody.
    fn pin(&self, identity: &Identity) -> Result<Self::Pin>;

    /// What reads all processes in one pass.
    fn scanner(&self) -> Result<Self::Scanner>;

    /// The parent of every process that has one.
    fn ppid_map(&self) -> Result<BTreeMap<Pid, Pid>> {
        let mut pairs = Vec::new();
        self.scanner()?.scan(Fields::PPID, &mut |row| {
            if let Ok(Some(ppid)) = row.ppid {
                pairs.push((row.pid, ppid));
            }
            ControlFlow::Continue(())
        })?;
        // Sorted already, so the map is built in one go.
        Ok(pairs.into_iter().collect())
    }
}

/// Reads facts about all processes in one pass, into buffers it keeps.
pub trait Scanner: Send {
    /// Reads what `fields` needs of every process, by ascending pid, and shows each to `visit` until that
    /// breaks off. A process that ends while it is being read is left out.
    ///
    /// [`InvalidArgument`](Error::InvalidArgument) if `fields` has one that is not
    /// [scannable](Fields::SCANNABLE).
    fn scan(
        &mut self,
        fields: Fields,
        visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()>;

    /// The same for a caller that has kept the rows of an earlier pass, and need not read again of a process that
    /// has not run since what only running changes: [`Fields::CHANGED_BY_RUNNING`].
    ///
    /// `last` gives what [came with](Ran) the row kept of a process, if that may stand in; without it everything is read,
    /// now and in the next pass. A row that comes with [`unchanged`](Ran::unchanged) lacks those facts. The default never
    /// leaves anything out.
    fn scan_changed(
        &mut self,
        fields: Fields,
        last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        let _ = last;
        self.scan(fields, &mut |row| visit(row, Ran::default()))
    }

    /// Lists into `pids`, ascending, whom a pass would look at, if it looks at one after the other, so that several
    /// scanners can share it. `false` where one call tells about all, and nothing is gained by sharing.
    fn list_to_share(&mut self, pids: &mut Vec<Pid>) -> Result<bool> {
        let _ = pids;
        Ok(false)
    }

    /// [`scan_changed`](Scanner::scan_changed) of a part of the list alone.
    fn scan_part(
        &mut self,
        part: &[Pid],
        fields: Fields,
        last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        self.scan_changed(fields, last, &mut |row, ran| match part.binary_search(&row.pid) {
            Ok(_) => visit(row, ran),
            Err(_) => ControlFlow::Continue(()),
        })
    }
}

/// Whether a process has run since an earlier pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Ran {
    /// A clock that moves when the process runs, read before its row. `None` where there is none, and where it does
    /// not vouch for the row: the process was running just then.
    pub clock: Option<NonZeroU64>,
    /// The clock has not moved since the row that the caller has kept.
    pub unchanged: bool,
    /// It has no memory, and gets none unless it runs: it is a part of the kernel, or a zombie.
    pub without_memory: bool,
}

/// One process, each of whose kernel records is read at most once.
///
/// A view belongs to one thread at a time. Facts from different records are from different moments.
pub trait ProcessView: Send {
    /// Which process it is; confirms that it is still there.
    fn identity(&self) -> Result<Identity>;

    /// The parent; `None` for a process that has none, or one outside of what can be seen from here.
    fn ppid(&self) -> Result<Option<Pid>>;

    /// The name as the kernel keeps it, which it may have cut short.
    fn comm(&self) -> Result<OsString>;

    /// The name, completed from the command line where the kernel cut it short.
    fn name(&self) -> Result<OsString> {
        let comm = self.comm()?;
        if comm.len() < NAME_MAY_BE_CUT {
            return Ok(comm);
        }
        match self.cmdline() {
            Ok(arguments) => {
                let first = arguments.first().map(OsString::as_os_str).unwrap_or_default();
                let block = std::os::unix::ffi::OsStrExt::as_bytes(first);
                Ok(full_name(&comm, &Arguments::nul_separated(block)).to_owned())
            }
            Err(error @ Error::NoSuchProcess { .. }) => Err(error),
            Err(_) => Ok(comm),
        }
    }

    /// What it is doing.
    fn status(&self) -> Result<Status>;

    /// When it started, on the wall clock.
    fn create_time(&self) -> Result<SystemTime>;

    /// The program it runs; `None` if it runs none, or the system cannot tell.
    fn exe(&self) -> Result<Option<PathBuf>>;

    /// Its arguments; empty for a kernel thread.
    fn cmdline(&self) -> Result<Vec<OsString>>;

    /// Its arguments as the kernel hands them out, not taken apart.
    fn cmdline_raw(&self) -> Result<Vec<u8>>;

    /// The environment it was started with; empty for a kernel thread.
    fn environ(&self) -> Result<Environ>;

    /// Its current directory; `None` if that cannot be told.
    fn cwd(&self) -> Result<Option<PathBuf>>;

    /// Its root directory; `None` if that cannot be told.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn root(&self) -> Result<Option<PathBuf>> {
        Err(Error::unsupported("root"))
    }

    /// Real, effective and saved user.
    fn uids(&self) -> Result<Uids>;

    /// Real, effective and saved group.
    fn gids(&self) -> Result<Gids>;

    /// Supplementary groups.
    fn groups(&self) -> Result<Vec<Gid>>;

    /// File creation mask; `None` if this kernel does not tell.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn umask(&self) -> Result<Option<u32>> {
        Err(Error::unsupported("umask"))
    }

    /// Process group; `None` if that cannot be seen from here.
    fn pgid(&self) -> Result<Option<Pid>>;

    /// Session; `None` if that cannot be seen from here.
    fn sid(&self) -> Result<Option<Pid>>;

    /// What it does with signals.
    fn signal_masks(&self) -> Result<SignalMasks>;

    /// Number of the controlling terminal; `None` if it has none.
    fn terminal_device(&self) -> Result<Option<u64>>;

    /// Path of the controlling terminal; `None` if it has none, or one without a name.
    fn terminal(&self) -> Result<Option<PathBuf>>;

    /// CPU time used.
    fn cpu_times(&self) -> Result<ProcessTimes>;

    /// The CPU it runs on or last ran on; `None` if that is not known.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn cpu_num(&self) -> Result<Option<u32>> {
        Err(Error::unsupported("cpu_num"))
    }

    /// CPUs it may run on, by ascending number.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn cpu_affinity(&self) -> Result<Vec<u32>> {
        Err(Error::unsupported("cpu_affinity"))
    }

    /// Nice value, low being strong.
    fn nice(&self) -> Result<i32>;

    /// A resource limit.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn limit(&self, resource: Resource) -> Result<Limit> {
        let _ = resource;
        Err(Error::unsupported("limit"))
    }

    /// The main figures of its memory.
    fn memory_info(&self) -> Result<MemoryInfo>;

    /// More figures of its memory; where the system has no more, the main ones.
    fn memory_info_ex(&self) -> Result<MemoryInfoEx> {
        let info = self.memory_info()?;
        Ok(MemoryInfoEx { info, peak_rss: info.peak_rss, ..MemoryInfoEx::default() })
    }

    /// What it would set free.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn memory_footprint(&self) -> Result<MemoryFootprint> {
        Err(Error::unsupported("memory_footprint"))
    }

    /// Its mappings, by ascending address.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn memory_maps(&self) -> Result<Vec<MemoryMap>> {
        Err(Error::unsupported("memory_maps"))
    }

    /// Page faults since it started.
    fn page_faults(&self) -> Result<PageFaults>;

    /// Input and output since it started.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn io_counters(&self) -> Result<IoCounters> {
        Err(Error::unsupported("io_counters"))
    }

    /// Context switches since it started.
    fn context_switches(&self) -> Result<ContextSwitches>;

    /// How many threads it has.
    fn num_threads(&self) -> Result<u32>;

    /// Its threads, by ascending number.
    fn threads(&self) -> Result<Vec<Thread>>;

    /// How many descriptors it has open.
    fn num_fds(&self) -> Result<u32>;

    /// Regular files it has open, by ascending descriptor. On Linux, one whose file system does not answer is left out.
    fn open_files(&self) -> Result<Vec<OpenFile>>;

    /// Every descriptor it has open, shown one after the other until `visit` breaks off.
    fn for_each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()>;

    /// Its sockets.
    fn net_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>>;

    /// Many facts at once, each with its own refusal. Internet sockets are listed where sockets are asked
    /// for, and the user's name where that is: `username` finds it.
    ///
    /// A process that is gone is an error of the whole, since nothing can be said of it.
    fn record(
        &self,
        fields: Fields,
        username: &mut dyn FnMut(Uid) -> Result<OsString>,
    ) -> Result<Record> {
        let identity = self.identity()?;
        let mut record = Record::new(identity.pid);
        macro_rules! read {
            ($($flag:ident => $field:ident = $value:expr),+ $(,)?) => { $(
                if fields.contains(Fields::$flag) {
                    record.$field = fact($value)?;
                }
            )+ };
        }
        read! {
            IDENTITY => identity = Ok(identity),
            PPID => ppid = self.ppid(),
            NAME => name = self.name(),
            COMM => comm = self.comm(),
            STATUS => status = self.status(),
            CREATE_TIME => create_time = self.create_time(),
            UIDS => uids = self.uids(),
            GIDS => gids = self.gids(),
            EFFECTIVE_UID => effective_uid = self.uids().map(|uids| uids.effective),
            USERNAME => username = self.uids().and_then(|uids| username(uids.real)),
            CPU_TIMES => cpu_times = self.cpu_times(),
            RSS => rss = self.memory_info().map(|memory| memory.rss),
            VMS => vms = self.memory_info().map(|memory| memory.vms),
            MEMORY_INFO => memory_info = self.memory_info(),
            NUM_THREADS => num_threads = self.num_threads(),
            TERMINAL => terminal = self.terminal(),
            NICE => nice = self.nice(),
            CMDLINE => cmdline = self.cmdline(),
            EXE => exe = self.exe(),
            CWD => cwd = self.cwd(),
            ROOT => root = self.root(),
            PGID => pgid = self.pgid(),
            SID => sid = self.sid(),
            CPU_NUM => cpu_num = self.cpu_num(),
            PAGE_FAULTS => page_faults = self.page_faults(),
            IO_COUNTERS => io_counters = self.io_counters(),
            CONTEXT_SWITCHES => context_switches = self.context_switches(),
            NUM_FDS => num_fds = self.num_fds(),
            MEMORY_INFO_EX => memory_info_ex = self.memory_info_ex(),
            MEMORY_FOOTPRINT => memory_footprint = self.memory_footprint(),
            MEMORY_MAPS => memory_maps = self.memory_maps(),
            THREADS => threads = self.threads(),
            OPEN_FILES => open_files = self.open_files(),
            NET_CONNECTIONS => net_connections = self.net_connections(&ConnectionQuery::default()),
            ENVIRON => environ = self.environ(),
            CPU_AFFINITY => cpu_affinity = self.cpu_affinity(),
            GROUPS => groups = self.groups(),
            UMASK => umask = self.umask(),
            SIGNAL_MASKS => signal_masks = self.signal_masks(),
        }
        Ok(record)
    }
}

/// A failure as part of a record, unless it is one of the whole.
fn fact<T>(read: Result<T>) -> Result<Fact<T>> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(error @ Error::NoSuchProcess { .. }) => Err(error),
        Err(error) => Ok(Err(Missing::from_error(&error))),
    }
}

/// A user's number as the text that stands for a name where there is no account.
#[must_use]
pub fn number_as_name(uid: Uid) -> OsString {
    OsString::from(uid.to_string())
}

/// Whether a file's name says that it was removed, and the name without that.
///
/// Kernels that append ` (deleted)` to the path of a removed file do not tell it from a file of that very
/// name; whether one exists decides.
#[must_use]
pub fn without_deleted_mark(path: &OsStr) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;
    path.as_bytes().strip_suffix(b" (deleted)").map(OsStr::from_bytes)
}

/// The error for a process that is not there.
#[must_use]
pub fn no_such_process(operation: &'static str, pid: Pid) -> Error {
    Error::no_such_process(Context::new(operation).with_pid(pid))
}
