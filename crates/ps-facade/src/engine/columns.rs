//! Facts about all processes, kept fact by fact: nothing is allocated for each process, and nothing kept for facts
//! that nobody asked for.

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use ps_core::process::{
    Arguments, ContextSwitches, Fact, Gids, Identity, IoCounters, MemoryInfo, Origin, PageFaults,
    ProcessTimes, Ran, Record, StartTime, Uid, Uids,
};
use ps_core::{Fields, Missing, Pid, Row, Status};

/// Where the bytes of a name or path stand among all that are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn of(self, text: &[u8]) -> &[u8] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        text.get(start..start.saturating_add(length)).unwrap_or_default()
    }

    fn put(bytes: &[u8], text: &mut Vec<u8>) -> Span {
        let start = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        text.extend_from_slice(bytes);
        Span { start, length }
    }
}

/// CPU time in nanoseconds; `u64::MAX` for what the system does not tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    user: u64,
    system: u64,
    children_user: u64,
    children_system: u64,
    children: u64,
    iowait: u64,
}

/// Turns what a row lends into something that can be kept, and back.
trait Pack<'t>: Sized {
    type Packed: Packed;
    fn pack(self, text: &mut Vec<u8>) -> Self::Packed;
    fn unpack(packed: Self::Packed, text: &'t [u8]) -> Self;
}

/// What is kept of a fact, and can be kept once more.
trait Packed: Copy {
    /// The same, with its bytes copied from one place of bytes to another.
    fn moved(self, from: &[u8], to: &mut Vec<u8>) -> Self;
}

macro_rules! without_text {
    ($($kind:ty),+ $(,)?) => { $(
        impl Packed for $kind {
            fn moved(self, _: &[u8], _: &mut Vec<u8>) -> $kind { self }
        }
    )+ };
}

without_text!(Times);

impl Packed for Span {
    fn moved(self, from: &[u8], to: &mut Vec<u8>) -> Span {
        Span::put(self.of(from), to)
    }
}

impl Packed for Option<Span> {
    fn moved(self, from: &[u8], to: &mut Vec<u8>) -> Option<Span> {
        self.map(|span| span.moved(from, to))
    }
}

impl Packed for (Option<Span>, u8) {
    fn moved(self, from: &[u8], to: &mut Vec<u8>) -> (Option<Span>, u8) {
        (self.0.moved(from, to), self.1)
    }
}

macro_rules! packed_as_they_are {
    ($($kind:ty),+ $(,)?) => { $(
        without_text!($kind);

        impl<'t> Pack<'t> for $kind {
            type Packed = $kind;
            fn pack(self, _: &mut Vec<u8>) -> $kind { self }
            fn unpack(packed: $kind, _: &'t [u8]) -> $kind { packed }
        }
    )+ };
}

packed_as_they_are! {
    i32, u32, u64, Option<u32>, Option<Pid>, Status, SystemTime, Uids, Gids, Uid, MemoryInfo, PageFaults, IoCounters,
    ContextSwitches,
}

impl<'t> Pack<'t> for &'t OsStr {
    type Packed = Span;

    fn pack(self, text: &mut Vec<u8>) -> Span {
        Span::put(self.as_bytes(), text)
    }

    fn unpack(packed: Span, text: &'t [u8]) -> &'t OsStr {
        OsStr::from_bytes(packed.of(text))
    }
}

impl<'t> Pack<'t> for Option<&'t Path> {
    type Packed = Option<Span>;

    fn pack(self, text: &mut Vec<u8>) -> Option<Span> {
        self.map(|path| Span::put(path.as_os_str().as_bytes(), text))
    }

    fn unpack(packed: Option<Span>, text: &'t [u8]) -> Option<&'t Path> {
        packed.map(|span| Path::new(OsStr::from_bytes(span.of(text))))
    }
}

impl<'t> Pack<'t> for Arguments<'t> {
    type Packed = (Option<Span>, u8);

    fn pack(self, text: &mut Vec<u8>) -> (Option<Span>, u8) {
        let (block, separator) = self.block();
        (block.map(|block| Span::put(block, text)), separator)
    }

    fn unpack((span, separator): (Option<Span>, u8), text: &'t [u8]) -> Arguments<'t> {
        Arguments::from_block((span.map(|span| span.of(text)), separator))
    }
}

fn nanos(time: Option<Duration>) -> u64 {
    time.map_or(u64::MAX, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1))
}

fn time(nanos: u64) -> Option<Duration> {
    (nanos != u64::MAX).then(|| Duration::from_nanos(nanos))
}

impl<'t> Pack<'t> for ProcessTimes {
    type Packed = Times;

    fn pack(self, _: &mut Vec<u8>) -> Times {
        Times {
            user: nanos(Some(self.user)),
            system: nanos(Some(self.system)),
            children_user: nanos(self.children_user),
            children_system: nanos(self.children_system),
            children: nanos(self.children),
            iowait: nanos(self.iowait),
        }
    }

    fn unpack(packed: Times, _: &'t [u8]) -> ProcessTimes {
        let mut times = ProcessTimes::default();
        times.user = time(packed.user).unwrap_or_default();
        times.system = time(packed.system).unwrap_or_default();
        times.children_user = time(packed.children_user);
        times.children_system = time(packed.children_system);
        times.children = time(packed.children);
        times.iowait = time(packed.iowait);
        times
    }
}

/// An identity without what all processes of a system share.
#[derive(Clone, Copy, Debug)]
struct Who {
    /// `u64::MAX` if unknown.
    start: u64,
    /// `u64::MAX` if unknown.
    unique: u64,
    settled: bool,
    /// Why it could not be had, if so.
    missing: Option<Missing>,
}

impl Who {
    fn unknown(missing: Missing) -> Who {
        Who { start: u64::MAX, unique: u64::MAX, settled: false, missing: Some(missing) }
    }

    fn identity(&self, pid: Pid, origin: Origin) -> Fact<Identity> {
        if let Some(missing) = self.missing {
            return Err(missing);
        }
        let known = |number: u64| (number != u64::MAX).then_some(number);
        let mut identity = Identity::new(pid, known(self.start).map(StartTime::new));
        identity.unique = known(self.unique);
        identity.settled = self.settled;
        identity.origin = origin;
        Ok(identity)
    }
}

/// What a table keeps beside the facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra {
    /// When the facts were read, in nanoseconds on the table's clock.
    pub(crate) at: u64,
    /// Vouches for what only running changes.
    clock: Option<NonZeroU64>,
    /// It has no memory until then.
    without_memory: bool,
    /// Share of a CPU used since the refresh before; no number if that is not known.
    percent: f32,
}

impl Extra {
    pub(crate) fn new(at: u64, ran: Ran) -> Extra {
        let Ran { clock, without_memory, .. } = ran;
        Extra { at, clock, without_memory, percent: f32::NAN }
    }

    pub(crate) fn percent(&self) -> Option<f32> {
        (!self.percent.is_nan()).then_some(self.percent)
    }

    pub(crate) fn set_percent(&mut self, percent: Option<f32>) {
        self.percent = percent.unwrap_or(f32::NAN);
    }
}

macro_rules! columns {
    ($($flag:ident $field:ident: $packed:ty,)+) => {
        /// The facts about all processes, one list for each fact that was asked for.
        #[derive(Debug, Default)]
        pub(crate) struct Columns {
            fields: Fields,
            origin: Origin,
            pids: Vec<Pid>,
            who: Vec<Who>,
            extra: Vec<Extra>,
            text: Vec<u8>,
            $($field: Vec<Fact<$packed>>,)+
        }

        impl Columns {
            /// Forgets all processes, keeps the space, and expects these facts of about so many.
            pub(crate) fn begin(&mut self, fields: Fields, count: usize) {
                self.fields = fields;
                self.text.clear();
                // Space that grew by doubling would be up to twice what is needed; and it is to last until there are a few
                // more processes, not to be made anew for each.
                fn make_room<T>(column: &mut Vec<T>, count: usize) {
                    column.clear();
                    if column.capacity() < count + count / 16 {
                        column.reserve_exact(count + count / 8);
                    }
                }
                make_room(&mut self.pids, count);
                make_room(&mut self.who, count);
                make_room(&mut self.extra, count);
                $(
                    match fields.contains(Fields::$flag) {
                        true => make_room(&mut self.$field, count),
                        false => self.$field = Vec::new(),
                    }
                )+
            }

            /// Gives back space far beyond what is needed, as growing leaves it.
            pub(crate) fn fit(&mut self) {
                fn fit<T>(column: &mut Vec<T>) {
                    let wanted = column.len() + column.len() / 8;
                    if column.capacity() > wanted + wanted / 4 + 16 {
                        column.shrink_to(wanted);
                    }
                }
                fit(&mut self.pids);
                fit(&mut self.who);
                fit(&mut self.extra);
                fit(&mut self.text);
                $(fit(&mut self.$field);)+
            }

            /// Adds a process with its facts.
            pub(crate) fn push(&mut self, row: &Row<'_>, identity: Fact<Identity>, extra: Extra) {
                self.pids.push(row.pid);
                self.extra.push(extra);
                self.push_identity(identity);
                $(
                    if self.fields.contains(Fields::$flag) {
                        let fact = row.$field.map(|fact| Pack::pack(fact, &mut self.text));
                        self.$field.push(fact);
                    }
                )+
            }

            /// Adds a process that has not run since it was kept at a place of `before`: what only running changes is
            /// as it was there.
            pub(crate) fn carry_on(
                &mut self,
                row: &Row<'_>,
                before: &Columns,
                from: usize,
                extra: Extra,
            ) {
                self.pids.push(row.pid);
                self.extra.push(extra);
                self.origin = before.origin;
                self.who.push(before.who.get(from).copied().unwrap_or(Who::unknown(Missing::NotAsked)));
                $(
                    if self.fields.contains(Fields::$flag) {
                        let fact = if Fields::CHANGED_BY_RUNNING.contains(Fields::$flag) {
                            let kept = before.$field.get(from).copied();
                            let kept = kept.unwrap_or(Err(Missing::NotAsked));
                            kept.map(|packed| packed.moved(&before.text, &mut self.text))
                        } else {
                            row.$field.map(|fact| Pack::pack(fact, &mut self.text))
                        };
                        self.$field.push(fact);
                    }
                )+
            }

            /// Adds all processes of another table of the same facts.
            pub(crate) fn append(&mut self, other: &Columns) {
                // It knows of none unless it has seen somebody.
                if other.who.iter().any(|who| who.missing.is_none()) {
                    self.origin = other.origin;
                }
                self.pids.extend_from_slice(&other.pids);
                self.extra.extend_from_slice(&other.extra);
                self.who.extend_from_slice(&other.who);
                $(
                    self.$field.reserve(other.$field.len());
                    for fact in &other.$field {
                        let fact = fact.map(|packed| packed.moved(&other.text, &mut self.text));
                        self.$field.push(fact);
                    }
                )+
            }

            /// The facts about the process at a place. Nothing is told of one that is not there.
            #[inline]
            pub(crate) fn row(&self, place: usize) -> Row<'_> {
                let mut row = Row::new(self.pids.get(place).copied().unwrap_or(Pid::ZERO));
                if let Some(who) = self.who.get(place) {
                    row.identity = who.identity(row.pid, self.origin);
                }
                $(
                    if let Some(fact) = self.$field.get(place) {
                        row.$field = fact.map(|packed| Pack::unpack(packed, &self.text));
                    }
                )+
                row
            }

            /// How much space it takes.
            #[cfg(test)]
            pub(crate) fn heap(&self) -> usize {
                fn of<T>(column: &Vec<T>) -> usize {
                    column.capacity() * size_of::<T>()
                }
                of(&self.pids) + of(&self.who) + of(&self.extra) + of(&self.text) $(+ of(&self.$field))+
            }
        }
    };
}

columns! {
    PPID ppid: Option<Pid>,
    NAME name: Span,
    COMM comm: Span,
    STATUS status: Status,
    CREATE_TIME create_time: SystemTime,
    UIDS uids: Uids,
    GIDS gids: Gids,
    EFFECTIVE_UID effective_uid: Uid,
    USERNAME username: Span,
    CPU_TIMES cpu_times: Times,
    RSS rss: u64,
    VMS vms: u64,
    MEMORY_INFO memory_info: MemoryInfo,
    NUM_THREADS num_threads: u32,
    TERMINAL terminal: Option<Span>,
    NICE nice: i32,
    CMDLINE cmdline: (Option<Span>, u8),
    EXE exe: Option<Span>,
    CWD cwd: Option<Span>,
    ROOT root: Option<Span>,
    PGID pgid: Option<Pid>,
    SID sid: Option<Pid>,
    CPU_NUM cpu_num: Option<u32>,
    PAGE_FAULTS page_faults: PageFaults,
    IO_COUNTERS io_counters: IoCounters,
    CONTEXT_SWITCHES context_switches: ContextSwitches,
    NUM_FDS num_fds: u32,
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.pids.len()
    }

    pub(crate) fn fields(&self) -> Fields {
        self.fields
    }

    pub(crate) fn pids(&self) -> &[Pid] {
        &self.pids
    }

    pub(crate) fn extra(&self, place: usize) -> Option<&Extra> {
        self.extra.get(place)
    }

    fn push_identity(&mut self, identity: Fact<Identity>) {
        let who = match identity {
            Ok(identity) => {
                self.origin = identity.origin;
                Who {
                    start: identity.start.map_or(u64::MAX, StartTime::get),
                    unique: identity.unique.unwrap_or(u64::MAX),
                    settled: identity.settled,
                    missing: None,
                }
            }
            Err(missing) => Who::unknown(missing),
        };
        self.who.push(who);
    }

    /// Who the process at a place is.
    pub(crate) fn identity(&self, place: usize) -> Fact<Identity> {
        let (Some(pid), Some(who)) = (self.pids.get(place), self.who.get(place)) else {
            return Err(Missing::NotAsked);
        };
        who.identity(*pid, self.origin)
    }

    /// What vouches for the process at a place. A newborn is looked at until it is settled.
    pub(crate) fn ran(&self, place: usize) -> Option<Ran> {
        let Extra { clock, without_memory, .. } = *self.extra.get(place)?;
        let settled = self.who.get(place).is_some_and(|who| who.settled);
        settled.then_some(Ran { clock, unchanged: false, without_memory })
    }

    /// CPU time that the process at a place has used.
    pub(crate) fn cpu_times(&self, place: usize) -> Option<ProcessTimes> {
        self.cpu_times.get(place)?.ok().map(|packed| Pack::unpack(packed, &self.text))
    }
}

/// The facts of a record as a row that borrows from it; `block` takes the arguments, one behind the other.
pub(crate) fn borrowed<'r>(record: &'r Record, block: &'r mut Vec<u8>) -> Row<'r> {
    fn text<T: ?Sized, U: std::ops::Deref<Target = T>>(fact: &Fact<U>) -> Fact<&T> {
        fact.as_deref().map_err(|missing| *missing)
    }
    fn path(fact: &Fact<Option<std::path::PathBuf>>) -> Fact<Option<&Path>> {
        fact.as_ref().map(Option::as_deref).map_err(|missing| *missing)
    }
    block.clear();
    for argument in record.cmdline.iter().flatten() {
        block.extend_from_slice(argument.as_bytes());
        block.push(0);
    }
    let block: &'r [u8] = block;
    let mut row = Row::new(record.pid);
    row.identity = record.identity;
    row.ppid = record.ppid;
    row.name = text(&record.name);
    row.comm = text(&record.comm);
    row.status = record.status;
    row.create_time = record.create_time;
    row.uids = record.uids;
    row.gids = record.gids;
    row.effective_uid = record.effective_uid;
    row.username = text(&record.username);
    row.cpu_times = record.cpu_times;
    row.rss = record.rss;
    row.vms = record.vms;
    row.memory_info = record.memory_info;
    row.num_threads = record.num_threads;
    row.terminal = path(&record.terminal);
    row.nice = record.nice;
    row.cmdline = record
        .cmdline
        .as_ref()
        .map(|_| Arguments::nul_separated(block))
        .map_err(|missing| *missing);
    row.exe = path(&record.exe);
    row.cwd = path(&record.cwd);
    row.root = path(&record.root);
    row.pgid = record.pgid;
    row.sid = record.sid;
    row.cpu_num = record.cpu_num;
    row.page_faults = record.page_faults;
    row.io_counters = record.io_counters;
    row.context_switches = record.context_switches;
    row.num_fds = record.num_fds;
    row
}
