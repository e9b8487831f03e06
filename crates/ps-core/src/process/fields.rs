//! Facts about processes in bulk: which are asked for, one process's row of them, and a record to keep.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use super::{
    Arguments, ContextSwitches, Environ, Gid, Gids, Identity, IoCounters, MemoryFootprint,
    MemoryInfo, MemoryInfoEx, MemoryMap, OpenFile, PageFaults, Pid, ProcessTimes, SignalMasks,
    Status, Thread, Uid, Uids,
};
use crate::{Context, Error, Result};

/// Why a row or record lacks a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Missing {
    /// It was not asked for.
    NotAsked,
    /// The caller may not see it.
    Denied,
    /// A zombie has it no more.
    Zombie,
    /// The process ended before it could be read.
    Gone,
    /// The system, or this way of looking at it, does not have it.
    Unsupported,
    /// The kernel's answer made no sense, or reading it failed.
    Failed,
}

impl Missing {
    /// What a failure to read one fact means for the row.
    #[must_use]
    pub fn from_error(error: &Error) -> Missing {
        match error {
            Error::NoSuchProcess { .. } => Missing::Gone,
            Error::ZombieProcess { .. } => Missing::Zombie,
            Error::AccessDenied { .. } => Missing::Denied,
            Error::Unsupported { .. } => Missing::Unsupported,
            _ => Missing::Failed,
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Missing::NotAsked => "not asked for",
            Missing::Denied => "access denied",
            Missing::Zombie => "zombie",
            Missing::Gone => "gone",
            Missing::Unsupported => "not supported",
            Missing::Failed => "failed",
        })
    }
}

impl std::error::Error for Missing {}

/// A fact, or why it is missing.
pub type Fact<T> = std::result::Result<T, Missing>;

/// Turns what a row lends into something that can be kept.
trait Keep {
    type Kept;
    fn keep(&self) -> Self::Kept;
}

macro_rules! keep_copies {
    ($($kind:ty),+ $(,)?) => { $(
        impl Keep for $kind {
            type Kept = $kind;
            fn keep(&self) -> $kind { *self }
        }
    )+ };
}

keep_copies! {
    i32, u32, u64, Option<u32>, Option<Pid>, Status, SystemTime, Uids, Gids, Uid, ProcessTimes,
    MemoryInfo, PageFaults, IoCounters, ContextSwitches,
}

impl Keep for &OsStr {
    type Kept = OsString;
    fn keep(&self) -> OsString {
        (*self).to_owned()
    }
}

impl Keep for Option<&Path> {
    type Kept = Option<PathBuf>;
    fn keep(&self) -> Option<PathBuf> {
        self.map(Path::to_owned)
    }
}

impl Keep for Arguments<'_> {
    type Kept = Vec<OsString>;
    fn keep(&self) -> Vec<OsString> {
        self.to_vec()
    }
}

macro_rules! fields {
    (
        in rows { $($(#[doc = $rdoc:literal])+ $RCONST:ident $rfield:ident = $rbit:literal: $row:ty => $rkept:ty,)+ }
        in records only { $($(#[doc = $odoc:literal])+ $OCONST:ident $ofield:ident = $obit:literal: $okept:ty,)+ }
    ) => {
        impl Fields {
            /// Pid, start, and what else tells the process from others: [`Row::identity`].
            pub const IDENTITY: Fields = Fields(1);
            $($(#[doc = $rdoc])+ pub const $RCONST: Fields = Fields(1 << $rbit);)+
            $($(#[doc = $odoc])+ pub const $OCONST: Fields = Fields(1 << $obit);)+

            /// Every field that a scan of all processes can deliver.
            pub const SCANNABLE: Fields = Fields(1 $(| 1 << $rbit)+);

            /// Every field there is.
            pub const ALL: Fields = Fields(Fields::SCANNABLE.0 $(| 1 << $obit)+);

            /// Every field with its name.
            pub const NAMES: &'static [(&'static str, Fields)] = &[
                ("identity", Fields::IDENTITY),
                $((stringify!($rfield), Fields::$RCONST),)+
                $((stringify!($ofield), Fields::$OCONST),)+
            ];
        }

        /// What a scan tells of one process. It borrows from the scanner: what is to be kept must be copied,
        /// for example by [`to_record`](Row::to_record).
        ///
        /// Each fact that was not asked for, was refused, or that a zombie does not have says so.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct Row<'a> {
            /// Number of the process.
            pub pid: Pid,
            /// What tells it from others with the same number.
            pub identity: Fact<Identity>,
            $($(#[doc = $rdoc])+ pub $rfield: Fact<$row>,)+
        }

        impl<'a> Row<'a> {
            /// A row in which nothing was asked for yet.
            #[must_use]
            pub fn new(pid: Pid) -> Row<'a> {
                Row {
                    pid,
                    identity: Err(Missing::NotAsked),
                    $($rfield: Err(Missing::NotAsked),)+
                }
            }

            /// A copy that can be kept. What only records hold is marked as not asked for.
            #[must_use]
            pub fn to_record(&self) -> Record {
                Record {
                    pid: self.pid,
                    identity: self.identity,
                    $($rfield: self.$rfield.as_ref().map(Keep::keep).map_err(|missing| *missing),)+
                    $($ofield: Err(Missing::NotAsked),)+
                }
            }
        }

        /// Many facts about one process, read together, each with its own refusal.
        ///
        /// Serialised for people, it is a map of the facts that were asked for and could be had, and under
        /// `missing` a map that says of each of the others why not.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Record {
            /// Number of the process.
            pub pid: Pid,
            /// What tells it from others with the same number.
            pub identity: Fact<Identity>,
            $($(#[doc = $rdoc])+ pub $rfield: Fact<$rkept>,)+
            $($(#[doc = $odoc])+ pub $ofield: Fact<$okept>,)+
        }

        impl Record {
            /// A record in which nothing was asked for yet.
            #[must_use]
            pub fn new(pid: Pid) -> Record {
                Record {
                    pid,
                    identity: Err(Missing::NotAsked),
                    $($rfield: Err(Missing::NotAsked),)+
                    $($ofield: Err(Missing::NotAsked),)+
                }
            }

            /// The fields that were asked for and could not be had, with the reason.
            #[must_use]
            pub fn missing(&self) -> Vec<(&'static str, Missing)> {
                let facts = [
                    ("identity", self.identity.as_ref().err()),
                    $((stringify!($rfield), self.$rfield.as_ref().err()),)+
                    $((stringify!($ofield), self.$ofield.as_ref().err()),)+
                ];
                facts
                    .into_iter()
                    .filter_map(|(name, missing)| Some((name, *missing?)))
                    .filter(|(_, missing)| *missing != Missing::NotAsked)
                    .collect()
            }
        }

        #[cfg(feature = "serde")]
        mod form {
            use super::*;
            use crate::serde_os::Shape;
            use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
            use serde::ser::{SerializeMap, SerializeTuple, Serializer};
            use serde::{Deserialize, Serialize};
            use std::collections::BTreeMap;

            /// A value in the form that records use.
            struct Shaped<'a, T>(&'a T);

            impl<T: Shape> Serialize for Shaped<'_, T> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.0.write(serializer)
                }
            }

            struct Read<T>(T);

            impl<'de, T: Shape> Deserialize<'de> for Read<T> {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    T::read(deserializer).map(Read)
                }
            }

            const LEN: usize = 2 $(+ { let _ = $rbit; 1 })+ $(+ { let _ = $obit; 1 })+;

            impl Serialize for Record {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    if !serializer.is_human_readable() {
                        let mut all = serializer.serialize_tuple(LEN)?;
                        all.serialize_element(&self.pid)?;
                        all.serialize_element(&self.identity)?;
                        $(all.serialize_element(
                            &self.$rfield.as_ref().map(Shaped).map_err(|missing| *missing),
                        )?;)+
                        $(all.serialize_element(
                            &self.$ofield.as_ref().map(Shaped).map_err(|missing| *missing),
                        )?;)+
                        return all.end();
                    }
                    let mut map = serializer.serialize_map(None)?;
                    map.serialize_entry("pid", &self.pid)?;
                    if let Ok(identity) = &self.identity {
                        map.serialize_entry("identity", identity)?;
                    }
                    $(if let Ok(value) = &self.$rfield {
                        map.serialize_entry(stringify!($rfield), &Shaped(value))?;
                    })+
                    $(if let Ok(value) = &self.$ofield {
                        map.serialize_entry(stringify!($ofield), &Shaped(value))?;
                    })+
                    let missing: BTreeMap<_, _> = self.missing().into_iter().collect();
                    if !missing.is_empty() {
                        map.serialize_entry("missing", &missing)?;
                    }
                    map.end()
                }
            }

            impl<'de> Deserialize<'de> for Record {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    if deserializer.is_human_readable() {
                        deserializer.deserialize_map(RecordVisitor)
                    } else {
                        deserializer.deserialize_tuple(LEN, RecordVisitor)
                    }
                }
            }

            struct RecordVisitor;

            impl<'de> Visitor<'de> for RecordVisitor {
                type Value = Record;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("the record of a process")
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Record, A::Error> {
                    fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
                        all: &mut A,
                    ) -> Result<T, A::Error> {
                        all.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &"more fields"))
                    }
                    let mut record = Record::new(next(&mut all)?);
                    record.identity = next(&mut all)?;
                    $(record.$rfield = next::<A, Fact<Read<$rkept>>>(&mut all)?.map(|read| read.0);)+
                    $(record.$ofield = next::<A, Fact<Read<$okept>>>(&mut all)?.map(|read| read.0);)+
                    Ok(record)
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                    let mut record = Record::new(Pid::ZERO);
                    let mut pid = None;
                    while let Some(key) = map.next_key::<String>()? {
                        match key.as_str() {
                            "pid" => pid = Some(map.next_value()?),
                            "identity" => record.identity = Ok(map.next_value()?),
                            $(stringify!($rfield) => {
                                record.$rfield = Ok(map.next_value::<Read<$rkept>>()?.0);
                            })+
                            $(stringify!($ofield) => {
                                record.$ofield = Ok(map.next_value::<Read<$okept>>()?.0);
                            })+
                            "missing" => {
                                let missing: BTreeMap<String, Missing> = map.next_value()?;
                                for (name, why) in missing {
                                    match name.as_str() {
                                        "identity" => record.identity = Err(why),
                                        $(stringify!($rfield) => record.$rfield = Err(why),)+
                                        $(stringify!($ofield) => record.$ofield = Err(why),)+
                                        _ => {}
                                    }
                                }
                            }
                            _ => {
                                map.next_value::<de::IgnoredAny>()?;
                            }
                        }
                    }
                    record.pid = pid.ok_or_else(|| de::Error::missing_field("pid"))?;
                    Ok(record)
                }
            }
        }
    };
}

/// Which facts about processes are asked for. A backend reads only what these need.
///
/// ```
/// use ps_core::Fields;
///
/// let fields = Fields::NAME | Fields::CPU_TIMES;
/// assert!(Fields::TOP.contains(fields));
/// assert_eq!("name,rss".parse::<Fields>()?, Fields::NAME | Fields::RSS);
/// assert!("name,shoe_size".parse::<Fields>().is_err());
/// # Ok::<(), ps_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Fields(u64);

fields! {
    in rows {
        /// The parent; `None` if it has none, or has one outside of what can be seen from here.
        PPID ppid = 1: Option<Pid> => Option<Pid>,
        /// Its name, completed from the command line where the kernel cut it short.
        NAME name = 2: &'a OsStr => OsString,
        /// Its name as the kernel keeps it, which may be cut short.
        COMM comm = 3: &'a OsStr => OsString,
        /// What it is doing.
        STATUS status = 4: Status => Status,
        /// When it started, on the wall clock. It moves when the clock is set.
        CREATE_TIME create_time = 5: SystemTime => SystemTime,
        /// Real, effective and saved user.
        UIDS uids = 6: Uids => Uids,
        /// Real, effective and saved group.
        GIDS gids = 7: Gids => Gids,
        /// Effective user alone, which costs less than all three where they are not read anyway.
        EFFECTIVE_UID effective_uid = 8: Uid => Uid,
        /// Name of the real user; the number as text if there is no such account.
        USERNAME username = 9: &'a OsStr => OsString,
        /// CPU time used.
        CPU_TIMES cpu_times = 10: ProcessTimes => ProcessTimes,
        /// Resident memory in bytes, exact.
        RSS rss = 11: u64 => u64,
        /// Address space in bytes.
        VMS vms = 12: u64 => u64,
        /// The main figures of its memory, in bytes.
        MEMORY_INFO memory_info = 13: MemoryInfo => MemoryInfo,
        /// How many threads it has.
        NUM_THREADS num_threads = 14: u32 => u32,
        /// Its controlling terminal; `None` if it has none, or one without a name.
        TERMINAL terminal = 15: Option<&'a Path> => Option<PathBuf>,
        /// Its nice value, from −20 to 20, low being strong.
        NICE nice = 16: i32 => i32,
        /// Its arguments.
        CMDLINE cmdline = 17: Arguments<'a> => Vec<OsString>,
        /// The program it runs; `None` if it runs none, as kernel threads do, or the system cannot tell.
        EXE exe = 18: Option<&'a Path> => Option<PathBuf>,
        /// Its current directory; `None` if that cannot be told.
        CWD cwd = 19: Option<&'a Path> => Option<PathBuf>,
        /// Its root directory; `None` if that cannot be told.
        ROOT root = 20: Option<&'a Path> => Option<PathBuf>,
        /// Its process group; `None` if that cannot be seen from here.
        PGID pgid = 21: Option<Pid> => Option<Pid>,
        /// Its session; `None` if that cannot be seen from here.
        SID sid = 22: Option<Pid> => Option<Pid>,
        /// The CPU it runs on or last ran on; `None` if that is not known.
        CPU_NUM cpu_num = 23: Option<u32> => Option<u32>,
        /// Page faults since it started.
        PAGE_FAULTS page_faults = 24: PageFaults => PageFaults,
        /// Input and output since it started.
        IO_COUNTERS io_counters = 25: IoCounters => IoCounters,
        /// Context switches since it started.
        CONTEXT_SWITCHES context_switches = 26: ContextSwitches => ContextSwitches,
        /// How many descriptors it has open.
        NUM_FDS num_fds = 27: u32 => u32,
    }
    in records only {
        /// More figures of its memory, in bytes.
        MEMORY_INFO_EX memory_info_ex = 28: MemoryInfoEx,
        /// What it would set free, in bytes.
        MEMORY_FOOTPRINT memory_footprint = 29: MemoryFootprint,
        /// Its mappings.
        MEMORY_MAPS memory_maps = 30: Vec<MemoryMap>,
        /// Its threads.
        THREADS threads = 31: Vec<Thread>,
        /// Regular files it has open.
        OPEN_FILES open_files = 32: Vec<OpenFile>,
        /// Its internet sockets.
        NET_CONNECTIONS net_connections = 33: Vec<crate::net::Connection>,
        /// The environment it was started with.
        ENVIRON environ = 34: Environ,
        /// CPUs it may run on.
        CPU_AFFINITY cpu_affinity = 35: Vec<u32>,
        /// Its supplementary groups.
        GROUPS groups = 36: Vec<Gid>,
        /// Its file creation mask; `None` if the kernel does not tell.
        UMASK umask = 37: Option<u32>,
        /// What it does with signals.
        SIGNAL_MASKS signal_masks = 38: SignalMasks,
    }
}

impl Fields {
    /// Nothing but the pid.
    pub const NONE: Fields = Fields(0);

    /// What a table of processes by use shows: identity, name, state, CPU time, resident memory.
    pub const TOP: Fields = Fields(
        Fields::IDENTITY.0
            | Fields::NAME.0
            | Fields::STATUS.0
            | Fields::CPU_TIMES.0
            | Fields::RSS.0,
    );

    /// What a table of processes by family shows: [`TOP`](Fields::TOP) and parent, start, address space,
    /// threads, users.
    pub const TABLE: Fields = Fields(
        Fields::TOP.0
            | Fields::PPID.0
            | Fields::CREATE_TIME.0
            | Fields::VMS.0
            | Fields::NUM_THREADS.0
            | Fields::UIDS.0,
    );

    /// What of a process changes only while it runs: nobody else changes it.
    ///
    /// Not its parent, group, session, terminal, priority, CPU, memory, arguments or environment: others do.
    pub const CHANGED_BY_RUNNING: Fields = Fields(
        Fields::IDENTITY.0
            | Fields::NAME.0
            | Fields::COMM.0
            | Fields::STATUS.0
            | Fields::UIDS.0
            | Fields::EFFECTIVE_UID.0
            | Fields::CPU_TIMES.0
            | Fields::NUM_THREADS.0,
    );

    /// Whether all of these are asked for.
    #[must_use]
    pub const fn contains(self, other: Fields) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of these is asked for.
    #[must_use]
    pub const fn intersects(self, other: Fields) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both together, where an operator cannot be used.
    #[must_use]
    pub const fn union(self, other: Fields) -> Fields {
        Fields(self.0 | other.0)
    }

    /// Names of the fields asked for.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(_, field)| self.contains(*field)).map(|(name, _)| *name)
    }

    /// Refuses fields that a scan cannot deliver, before anything is read.
    pub fn check_scannable(self) -> Result<()> {
        let others = self - Fields::SCANNABLE;
        if others.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = others.names().collect();
        Err(Error::invalid(
            Context::new("scan"),
            format!("a scan does not deliver {}; ask the process itself", names.join(", ")),
        ))
    }
}

impl BitOr for Fields {
    type Output = Fields;

    fn bitor(self, other: Fields) -> Fields {
        self.union(other)
    }
}

impl BitOrAssign for Fields {
    fn bitor_assign(&mut self, other: Fields) {
        self.0 |= other.0;
    }
}

impl BitAnd for Fields {
    type Output = Fields;

    fn bitand(self, other: Fields) -> Fields {
        Fields(self.0 & other.0)
    }
}

impl Sub for Fields {
    type Output = Fields;

    /// Those of the first that are not in the second.
    fn sub(self, other: Fields) -> Fields {
        Fields(self.0 & !other.0)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.names().collect::<Vec<_>>().join(" | "))
    }
}

impl FromStr for Fields {
    type Err = Error;

    fn from_str(text: &str) -> Result<Fields> {
        let mut fields = Fields::NONE;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let found = Self::NAMES.iter().find(|(name, _)| *name == word);
            let (_, field) = found.ok_or_else(|| {
                let known: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
                Error::invalid(
                    Context::new("fields"),
                    format!("{word:?} is none of {}", known.join(", ")),
                )
            })?;
            fields |= *field;
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_bit_of_its_own_and_reads_back() {
        let mut seen = 0u64;
        for (name, field) in Fields::NAMES {
            assert_eq!(field.0.count_ones(), 1, "{name}");
            assert_eq!(seen & field.0, 0, "{name}");
            seen |= field.0;
            assert_eq!(name.parse::<Fields>().expect("known"), *field);
        }
        assert_eq!(seen, Fields::ALL.0);
    }

    #[test]
    fn a_field_that_scans_do_not_deliver_is_refused_by_name() {
        assert!(Fields::SCANNABLE.check_scannable().is_ok());
        let error = (Fields::NAME | Fields::ENVIRON).check_scannable().expect_err("refused");
        assert!(error.to_string().contains("environ"), "{error}");
        assert!(matches!(error, Error::InvalidArgument { .. }));
    }

    #[test]
    fn a_new_row_has_nothing_and_says_why() {
        let row = Row::new(Pid::ZERO);
        assert_eq!(row.rss, Err(Missing::NotAsked));
        assert!(row.to_record().missing().is_empty());
    }

    #[test]
    fn a_row_can_be_kept() {
        let mut row = Row::new(Pid::ZERO);
        row.name = Ok(OsStr::new("init"));
        row.exe = Err(Missing::Denied);
        row.cmdline = Ok(Arguments::nul_separated(b"a\0b\0"));
        let record = row.to_record();
        assert_eq!(record.name.as_deref(), Ok(OsStr::new("init")));
        assert_eq!(record.cmdline.as_ref().map(Vec::len), Ok(2));
        assert_eq!(record.missing(), [("exe", Missing::Denied)]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_record_shows_what_was_had_and_why_the_rest_was_not() {
        let mut record = Record::new(Pid::try_from(7).expect("in range"));
        record.rss = Ok(4096);
        record.exe = Ok(None);
        record.cwd = Err(Missing::Denied);
        record.environ = Ok(Environ::parse(b"A=\xff\0"));
        let json = serde_json::to_value(&record).expect("serialises");
        assert_eq!(
            json,
            serde_json::json!({
                "pid": 7, "rss": 4096, "exe": null,
                "environ": [["A", {"bytes": [255]}]],
                "missing": {"cwd": "denied"},
            })
        );
        assert_eq!(serde_json::from_value::<Record>(json).expect("reads"), record);
        let binary = postcard::to_allocvec(&record).expect("serialises");
        assert_eq!(postcard::from_bytes::<Record>(&binary).expect("reads"), record);
    }
}
