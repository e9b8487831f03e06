//! What the program in the kernel writes: a head, then a record of each process, and behind that of a thread of the
//! kernel what its name is made of.
//!
//! From a record come the very columns that `/proc/PID/stat` and its like would have shown, made as the kernel makes
//! them.

use std::time::Duration;

use ps_core::process::{ContextSwitches, Gids, Uids};
use ps_core::{Gid, Result, Uid};

use crate::decode::process::{Stat, Statm};
use crate::decode::{Units, malformed};

/// Says that this is such a stream, in this form.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"ps-scan2");

/// Where each figure stands in the head.
pub(super) mod head {
    pub(in super::super) const MAGIC: i16 = 0;
    pub(in super::super) const USER_LEVEL: i16 = 8;
    /// [`super::IN_STEPS`] and [`super::BRIEF`].
    pub(in super::super) const FORM: i16 = 12;
    pub(in super::super) const SECONDS: i16 = 16;
    pub(in super::super) const NANOSECONDS: i16 = 24;
    pub(in super::super) const SIZE: i16 = 32;
}

/// Records come in the order of a ring, and behind them stands a last one.
pub(super) const IN_STEPS: i32 = 1;
/// Records are brief.
pub(super) const BRIEF: i32 = 2;

/// What of each process is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Extent {
    /// All that there is a place for.
    Whole,
    /// Neither memory, users, terminal nor the numbers of relatives: what is kept far from the rest, and takes long to
    /// get at.
    Brief,
}

impl Extent {
    pub(super) const fn size(self) -> i16 {
        match self {
            Extent::Whole => at::SIZE,
            Extent::Brief => at::SIZE_IF_BRIEF,
        }
    }
}

/// Where each figure stands in the record of a process.
pub(super) mod at {
    pub(in super::super) const PID: i16 = 0;
    pub(in super::super) const STATE: i16 = 4;
    pub(in super::super) const EXIT_STATE: i16 = 8;
    pub(in super::super) const FLAGS: i16 = 12;
    pub(in super::super) const PRIORITY: i16 = 16;
    pub(in super::super) const THREADS: i16 = 20;
    pub(in super::super) const CPU: i16 = 24;
    /// Not zero if something changed while it was read, or is of a kind that the program does not read.
    pub(in super::super) const DOUBT: i16 = 28;
    pub(in super::super) const START: i16 = 32;
    pub(in super::super) const USER: i16 = 40;
    pub(in super::super) const SYSTEM: i16 = 48;
    pub(in super::super) const RUN: i16 = 56;
    pub(in super::super) const USER_SAID: i16 = 64;
    pub(in super::super) const SYSTEM_SAID: i16 = 72;
    pub(in super::super) const CHILDREN_USER: i16 = 80;
    pub(in super::super) const CHILDREN_SYSTEM: i16 = 88;
    pub(in super::super) const MINOR_FAULTS: i16 = 96;
    pub(in super::super) const MAJOR_FAULTS: i16 = 104;
    pub(in super::super) const DELAY: i16 = 112;
    pub(in super::super) const VOLUNTARY: i16 = 120;
    pub(in super::super) const INVOLUNTARY: i16 = 128;
    pub(in super::super) const NAME: i16 = 136;
    pub(in super::super) const NAME_SIZE: i16 = 16;
    pub(in super::super) const SIZE_IF_BRIEF: i16 = 152;
    pub(in super::super) const PARENT: i16 = 152;
    pub(in super::super) const GROUP: i16 = 156;
    pub(in super::super) const SESSION: i16 = 160;
    /// Major and first minor number of its driver, and which of the driver's terminals it is.
    pub(in super::super) const TERMINAL: i16 = 164;
    /// Real, effective and saved.
    pub(in super::super) const USERS: i16 = 176;
    /// Real, effective and saved.
    pub(in super::super) const GROUPS: i16 = 188;
    /// Pages: all, data, stack.
    pub(in super::super) const PAGES: i16 = 200;
    /// Pages of code. Not where it is: that is nobody else's business.
    pub(in super::super) const CODE: i16 = 224;
    /// Resident pages by kind: of files, anonymous, shared memory.
    pub(in super::super) const RESIDENT: i16 = 232;
    pub(in super::super) const SIZE: i16 = 256;
}

/// Where things stand in what follows the record of a thread of the kernel.
pub(super) mod more {
    /// Which of the rest holds something: see [`super::NAMED`] and those after it.
    pub(in super::super) const KIND: i16 = 0;
    /// The whole name.
    pub(in super::super) const WHOLE: i16 = 8;
    pub(in super::super) const WHOLE_SIZE: i16 = 64;
    /// In its place, what a worker is at, and the queue it rescues.
    pub(in super::super) const WORK: i16 = 8;
    pub(in super::super) const QUEUE: i16 = 40;
    pub(in super::super) const TEXT_SIZE: i16 = 32;
    pub(in super::super) const SIZE: i16 = 72;
}

/// It has a name longer than others can be.
pub(super) const NAMED: i32 = 1;
/// It is a worker.
pub(super) const WORKER: i32 = 2;
/// Its pool of workers is known.
pub(super) const IN_POOL: i32 = 4;
/// It is at work now.
pub(super) const WORKING: i32 = 8;
/// It works only if all else fails, for one queue.
pub(super) const RESCUER: i32 = 16;
/// It ceased to be a worker while it was read.
pub(super) const UNSURE: i32 = 32;

/// PF_KTHREAD.
pub(super) const KERNEL_THREAD: i32 = 0x0020_0000;
/// PF_WQ_WORKER.
pub(super) const QUEUE_WORKER: i32 = 0x20;

/// What is the same for all records of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Head {
    /// How many user namespaces the reader is below the first.
    pub user_level: u32,
    /// How many nanoseconds the reader's clock since boot is ahead.
    pub ahead: i64,
    /// Whether records come in the order of a ring, behind which stands a [last](Found::is_last) one.
    pub in_steps: bool,
    /// What records hold.
    pub extent: Extent,
    /// How the machine counts.
    pub units: Units,
}

impl Head {
    /// A time as files tell it, which is in whole ticks.
    #[must_use]
    pub fn in_ticks(&self, nanoseconds: u64) -> Duration {
        self.units.ticks(nanoseconds / tick_length(self.units))
    }
}

/// Decodes the head, and says how long it is. `None` while there are too few bytes.
pub fn decode_head(bytes: &[u8], units: Units) -> Result<Option<(Head, usize)>> {
    let Some(bytes) = bytes.get(..place(head::SIZE)) else { return Ok(None) };
    let raw = Raw(bytes);
    if raw.double(head::MAGIC) != MAGIC {
        return Err(malformed("scan", "not this form of it"));
    }
    let seconds = raw.double(head::SECONDS).cast_signed();
    let nanoseconds = raw.double(head::NANOSECONDS).cast_signed();
    let ahead = seconds.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds);
    let user_level = raw.word(head::USER_LEVEL);
    let form = raw.word(head::FORM).cast_signed();
    let extent = if form & BRIEF == 0 { Extent::Whole } else { Extent::Brief };
    let head = Head { user_level, ahead, in_steps: form & IN_STEPS != 0, extent, units };
    Ok(Some((head, place(head::SIZE))))
}

/// One process, as the program in the kernel found it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    raw: Raw<'a>,
    more: Option<Raw<'a>>,
}

/// The first record of these bytes, and how long it is. `None` while there are too few bytes.
#[must_use]
pub fn decode_found(bytes: &[u8], extent: Extent) -> Option<(Found<'_>, usize)> {
    let (record, rest) = bytes.split_at_checked(place(extent.size()))?;
    let raw = Raw(record);
    if raw.word(at::FLAGS) & KERNEL_THREAD.cast_unsigned() == 0 {
        return Some((Found { raw, more: None }, record.len()));
    }
    let more = rest.get(..place(more::SIZE))?;
    Some((Found { raw, more: Some(Raw(more)) }, record.len() + more.len()))
}

/// User and system time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct Times {
    pub user: u64,
    pub system: u64,
}

impl Times {
    fn total(self) -> u64 {
        self.user.wrapping_add(self.system)
    }

    /// Splits the time that a process ran as the time that ticks of the clock found it at is split, and never gives
    /// less than was said before: as the kernel does (`cputime_adjust`).
    #[must_use]
    pub fn adjusted(self, run: u64, said: Times) -> Times {
        if said.total() >= run {
            return said;
        }
        // A product of two times may need more than 64 bits.
        let sum = u128::from(self.user) + u128::from(self.system);
        let part = (u128::from(self.system) * u128::from(run)).checked_div(sum).unwrap_or(0);
        let system = u64::try_from(part).unwrap_or(run).max(said.system).min(run);
        let user = (run - system).max(said.user);
        Times { user, system: run.saturating_sub(user) }
    }

    /// What neither of two answers about one process takes back.
    #[must_use]
    pub fn later(self, other: Times) -> Times {
        Times { user: self.user.max(other.user), system: self.system.max(other.system) }
    }
}

impl<'a> Found<'a> {
    /// Whether it is none, but stands behind them all; and then, whether they were all.
    #[must_use]
    pub fn is_last(&self) -> Option<bool> {
        (self.pid() == 0).then(|| self.raw.word(at::DOUBT) == 0)
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.raw.word(at::PID)
    }

    /// When it started, in nanoseconds since boot.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.raw.double(at::START)
    }

    /// How long it has run, in nanoseconds: as of the last tick, for a thread that is on a processor.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.raw.double(at::RUN)
    }

    /// CPU times. `said` is what its reader was told before, which may be later than what the kernel itself said last.
    #[must_use]
    pub fn times(&self, said: Times) -> Times {
        let pair =
            |user, system| Times { user: self.raw.double(user), system: self.raw.double(system) };
        let said = pair(at::USER_SAID, at::SYSTEM_SAID).later(said);
        pair(at::USER, at::SYSTEM).adjusted(self.run(), said)
    }

    /// The columns of `/proc/PID/stat`. `None` if files must be asked: something changed while it was read, or it is of
    /// a rare kind.
    ///
    /// `space` is for a name that has to be put together; `rescuers` says that the kernel (from 6.11) writes out names
    /// of rescuers.
    #[must_use]
    pub fn stat<'s>(
        &self,
        head: &Head,
        times: Times,
        space: &'s mut Vec<u8>,
        rescuers: bool,
    ) -> Option<Stat<'s>>
    where
        'a: 's,
    {
        let raw = self.raw;
        let state = letter(raw.word(at::STATE), raw.word(at::EXIT_STATE))?;
        let num_threads = raw.word(at::THREADS);
        if raw.word(at::DOUBT) != 0 || state == b'Z' && num_threads > 1 {
            return None;
        }
        let length = tick_length(head.units);
        let ticks = |nanoseconds: u64| nanoseconds / length;
        let start = self.start().wrapping_add_signed(head.ahead);
        Some(Stat {
            pid: self.pid(),
            comm: self.name(space, rescuers)?,
            state,
            ppid: raw.word(at::PARENT),
            pgrp: raw.word(at::GROUP),
            session: raw.word(at::SESSION),
            tty_nr: terminal([0, 4, 8].map(|further| raw.word(at::TERMINAL + further))),
            flags: u64::from(raw.word(at::FLAGS)),
            minflt: raw.double(at::MINOR_FAULTS),
            majflt: raw.double(at::MAJOR_FAULTS),
            utime: ticks(times.user),
            stime: ticks(times.system),
            cutime: ticks(raw.double(at::CHILDREN_USER)),
            cstime: ticks(raw.double(at::CHILDREN_SYSTEM)),
            // Nice values are what is kept less 120.
            nice: raw.word(at::PRIORITY).cast_signed().wrapping_sub(120),
            num_threads,
            starttime: ticks(start),
            vsize: head.units.pages(raw.double(at::PAGES)),
            processor: Some(raw.word(at::CPU)),
            rt_priority: None,
            policy: None,
            delayacct_blkio_ticks: Some(ticks(raw.double(at::DELAY))),
        })
    }

    /// The columns of `/proc/PID/statm`.
    #[must_use]
    pub fn statm(&self) -> Statm {
        let resident =
            |further| self.raw.double(at::RESIDENT + further).cast_signed().max(0).cast_unsigned();
        let shared = resident(0).saturating_add(resident(16));
        let pages = |further| self.raw.double(at::PAGES + further);
        Statm {
            size: pages(0),
            resident: shared.saturating_add(resident(8)),
            shared,
            text: self.raw.double(at::CODE),
            data: pages(8).saturating_add(pages(16)),
        }
    }

    /// Users and groups, as the first user namespace numbers them.
    #[must_use]
    pub fn ids(&self) -> (Uids, Gids) {
        let three = |from: i16| [0, 4, 8].map(|further| self.raw.word(from + further));
        let [real, effective, saved] = three(at::USERS).map(Uid::new);
        let uids = Uids { real, effective, saved };
        let [real, effective, saved] = three(at::GROUPS).map(Gid::new);
        (uids, Gids { real, effective, saved })
    }

    /// Context switches of its main thread.
    #[must_use]
    pub fn switches(&self) -> ContextSwitches {
        ContextSwitches::new(self.raw.double(at::VOLUNTARY), self.raw.double(at::INVOLUNTARY))
    }

    /// Its name as the kernel tells it: for its own threads more than the 15 bytes that are kept. `None` if it may have
    /// been cut all the same.
    fn name<'s>(&self, space: &'s mut Vec<u8>, rescuers: bool) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        let short = self.raw.text(at::NAME, at::NAME_SIZE);
        let Some(more) = self.more else { return Some(short) };
        let kind = more.word(more::KIND).cast_signed();
        if kind & NAMED != 0 {
            return Some(more.text(more::WHOLE, more::WHOLE_SIZE));
        }
        if kind & UNSURE != 0 {
            return None;
        }
        if kind & WORKER == 0 {
            return Some(short);
        }
        space.clear();
        if rescuers && kind & RESCUER != 0 {
            space.extend(b"kworker/R-");
            space.extend(more.text(more::QUEUE, more::TEXT_SIZE));
        } else if rescuers && (kind & IN_POOL == 0 || short.len() >= 15) {
            return None;
        } else {
            space.extend(short);
        }
        let work = more.text(more::WORK, more::TEXT_SIZE);
        if kind & IN_POOL != 0 && !work.is_empty() {
            space.push(if kind & WORKING != 0 { b'+' } else { b'-' });
            space.extend(work);
        }
        // The kernel makes room for no more.
        space.truncate(63);
        Some(space)
    }
}

/// Bytes of a record that is known to be whole.
#[derive(Clone, Copy, Debug)]
struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    fn word(self, at: i16) -> u32 {
        let bytes = self.0.get(place(at)..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u32::from_ne_bytes(*bytes))
    }

    fn double(self, at: i16) -> u64 {
        let bytes = self.0.get(place(at)..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_ne_bytes(*bytes))
    }

    /// Up to the first NUL.
    fn text(self, at: i16, size: i16) -> &'a [u8] {
        let all = self.0.get(place(at)..place(at) + place(size)).unwrap_or_default();
        all.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// A place in a record as what indexes are made of.
fn place(at: i16) -> usize {
    usize::from(at.unsigned_abs())
}

/// The letter that stands for a state; `None` for those that kernels show differently.
fn letter(state: u32, exit_state: u32) -> Option<u8> {
    const SHOWN: u32 = 0x7f;
    const IDLE: u32 = 0x402;
    const WAITS_FOR_LOCK: u32 = 0x1000;
    const FROZEN: u32 = 0x8000;
    if state & FROZEN != 0 {
        return None;
    }
    if state & IDLE == IDLE {
        return Some(b'I');
    }
    if state & WAITS_FOR_LOCK != 0 {
        return Some(b'D');
    }
    // The highest of what is set.
    let shown = (state | exit_state) & SHOWN;
    let highest = usize::try_from(u32::BITS - shown.leading_zeros()).ok()?;
    b"RSDTtXZP".get(highest).copied()
}

/// The number of a terminal in the form of the column.
fn terminal([major, first, which]: [u32; 3]) -> u32 {
    let device = (major << 20 | first).wrapping_add(which);
    let (major, minor) = (device >> 20, device & 0xf_ffff);
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

/// Nanoseconds in a tick, as the kernel counts them. Every kernel's ticks are whole ones.
fn tick_length(units: Units) -> u64 {
    (1_000_000_000 / units.ticks_per_second.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };
    const SECOND: u64 = 1_000_000_000;

    /// A record with some figures; the others are zero.
    fn record(words: &[(i16, u32)], doubles: &[(i16, u64)], name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; place(at::SIZE)];
        put(&mut bytes, words, doubles);
        bytes[place(at::NAME)..place(at::NAME) + name.len()].copy_from_slice(name);
        bytes
    }

    fn put(bytes: &mut [u8], words: &[(i16, u32)], doubles: &[(i16, u64)]) {
        for (at, word) in words {
            bytes[place(*at)..place(*at) + 4].copy_from_slice(&word.to_ne_bytes());
        }
        for (at, double) in doubles {
            bytes[place(*at)..place(*at) + 8].copy_from_slice(&double.to_ne_bytes());
        }
    }

    fn head(ahead: i64) -> Head {
        Head { user_level: 0, ahead, in_steps: false, extent: Extent::Whole, units: UNITS }
    }

    fn whole() -> Vec<u8> {
        let words = [
            (at::PID, 7),
            (at::PARENT, 6),
            (at::GROUP, 5),
            (at::SESSION, 4),
            (at::STATE, 1),
            (at::FLAGS, 0x0040_0000),
            (at::PRIORITY, 115),
            (at::THREADS, 3),
            (at::CPU, 1),
            (at::USERS, 10),
            (at::USERS + 4, 11),
            (at::USERS + 8, 12),
            (at::GROUPS, 20),
            (at::GROUPS + 4, 21),
            (at::GROUPS + 8, 22),
            (at::TERMINAL, 136),
            (at::TERMINAL + 4, 0),
            (at::TERMINAL + 8, 3),
        ];
        let doubles = [
            (at::START, 5 * SECOND),
            (at::USER, 2 * SECOND),
            (at::SYSTEM, SECOND),
            (at::RUN, 6 * SECOND),
            (at::CHILDREN_USER, 3 * SECOND),
            (at::CHILDREN_SYSTEM, SECOND / 2),
            (at::MINOR_FAULTS, 100),
            (at::MAJOR_FAULTS, 9),
            (at::DELAY, SECOND / 4),
            (at::VOLUNTARY, 8),
            (at::INVOLUNTARY, 2),
            (at::PAGES, 1000),
            (at::PAGES + 8, 300),
            (at::PAGES + 16, 33),
            (at::CODE, 4),
            (at::RESIDENT, 50),
            (at::RESIDENT + 8, 40),
            (at::RESIDENT + 16, (-3i64).cast_unsigned()),
        ];
        record(&words, &doubles, b"a) b\xff")
    }

    #[test]
    fn a_record_tells_the_columns_of_the_files() {
        let bytes = whole();
        let (found, length) = decode_found(&bytes, Extent::Whole).expect("whole");
        assert_eq!((length, found.pid(), found.start()), (bytes.len(), 7, 5 * SECOND));
        let times = found.times(Times::default());
        let mut space = Vec::new();
        let stat = found.stat(&head(0), times, &mut space, true).expect("no doubt");
        let line = b"7 (a) b\xff) S 6 5 4 34819 7 4194304 100 0 9 0 400 200 300 50 20 -5 3 0 500 4096000 55 \
            0 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 25 0 0\n";
        let mut read = crate::decode::process::decode_stat(line).expect("decodes");
        (read.rt_priority, read.policy) = (None, None);
        assert_eq!(stat, read);
        let statm = crate::decode::process::decode_statm(b"1000 90 50 4 0 333 0\n");
        assert_eq!(found.statm(), statm.expect("decodes"));
        let (uids, gids) = found.ids();
        assert_eq!((uids.real.get(), uids.effective.get(), uids.saved.get()), (10, 11, 12));
        assert_eq!((gids.real.get(), gids.effective.get(), gids.saved.get()), (20, 21, 22));
        assert_eq!(found.switches(), ContextSwitches::new(8, 2));
    }

    #[test]
    fn starts_are_those_of_the_readers_clock() {
        let bytes = whole();
        let (found, _) = decode_found(&bytes, Extent::Whole).expect("whole");
        let mut space = Vec::new();
        let mut start = |ahead| {
            let times = Times::default();
            found.stat(&head(ahead), times, &mut space, true).map(|stat| stat.starttime)
        };
        assert_eq!((start(3_000_000_000), start(-2_000_000_000)), (Some(800), Some(300)));
    }

    #[test]
    fn times_have_the_ticks_of_files() {
        assert_eq!(head(0).in_ticks(4_729_999_999), Duration::from_millis(4720));
    }

    #[test]
    fn what_is_in_doubt_is_left_to_files() {
        let mut space = Vec::new();
        let mut told = |words: &[(i16, u32)]| {
            let mut bytes = whole();
            put(&mut bytes, words, &[]);
            let (found, _) = decode_found(&bytes, Extent::Whole).expect("whole");
            found.stat(&head(0), Times::default(), &mut space, true).is_some()
        };
        assert!(told(&[]));
        assert!(!told(&[(at::DOUBT, 1)]));
        // Its main thread has ended, and others live on.
        assert!(!told(&[(at::STATE, 0), (at::EXIT_STATE, 0x20)]));
        assert!(told(&[(at::STATE, 0), (at::EXIT_STATE, 0x20), (at::THREADS, 1)]));
        assert!(!told(&[(at::STATE, 0x8000)]));
    }

    #[test]
    fn states_have_the_letters_that_files_show() {
        for (state, exit_state, shown) in [
            (0, 0, b'R'),
            (1, 0, b'S'),
            (0x2001, 0, b'S'),
            (2, 0, b'D'),
            (0x102, 0, b'D'),
            (0x402, 0, b'I'),
            (0x1000, 0, b'D'),
            (0x104, 0, b'T'),
            (8, 0, b't'),
            (0x80, 0x10, b'X'),
            (0x80, 0x20, b'Z'),
            (0x40, 0, b'P'),
            // In both at once it is still set.
            (0x20, 0x20, b'Z'),
        ] {
            assert_eq!(letter(state, exit_state), Some(shown), "{state:x} {exit_state:x}");
        }
        assert_eq!(letter(0x8000, 0), None);
    }

    #[test]
    fn a_terminal_of_a_high_number_has_its_bits_apart() {
        assert_eq!(terminal([0, 0, 0]), 0);
        assert_eq!(terminal([4, 64, 1]), 4 << 8 | 65);
        assert_eq!(terminal([136, 0, 0x123]), 1 << 20 | 136 << 8 | 0x23);
    }

    #[test]
    fn a_long_name_is_cut_where_the_kernel_cuts_it() {
        let texts: &[(i16, &[u8])] = &[(more::WORK, &[b'w'; 31]), (more::QUEUE, &[b'q'; 31])];
        let bytes = thread(b"kworker/R-qqqqq", WORKER | RESCUER | IN_POOL, texts);
        let (found, _) = decode_found(&bytes, Extent::Whole).expect("whole");
        let mut space = Vec::new();
        let name = found.name(&mut space, true).expect("known");
        let whole = [b"kworker/R-".as_slice(), &[b'q'; 31], b"-", &[b'w'; 31]].concat();
        assert_eq!(name, &whole[..63]);
    }

    /// A record of a thread of the kernel, with what follows it.
    fn thread(name: &[u8], kind: i32, texts: &[(i16, &[u8])]) -> Vec<u8> {
        let mut bytes = record(&[(at::FLAGS, 0x0020_0000)], &[], name);
        let mut more = vec![0; place(more::SIZE)];
        put(&mut more, &[(more::KIND, kind.cast_unsigned())], &[]);
        for (at, text) in texts {
            more[place(*at)..place(*at) + text.len()].copy_from_slice(text);
        }
        bytes.extend(more);
        bytes
    }

    #[test]
    fn names_of_threads_of_the_kernel_are_put_together_as_the_kernel_does() {
        let name = |bytes: &[u8], rescuers| {
            let (found, length) = decode_found(bytes, Extent::Whole).expect("whole");
            assert_eq!(length, bytes.len());
            let mut space = Vec::new();
            found.name(&mut space, rescuers).map(|name| String::from_utf8_lossy(name).into_owned())
        };
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(name(&thread(b"kthreadd", 0, &[]), true), is("kthreadd"));
        let long = thread(b"rcu_exp_par_gp_", NAMED, &[(more::WHOLE, b"rcu_exp_par_gp_kthread")]);
        assert_eq!(name(&long, true), is("rcu_exp_par_gp_kthread"));
        let work: &[(i16, &[u8])] = &[(more::WORK, b"flush-254:0"), (more::QUEUE, b"slub")];
        let worker = |kind| thread(b"kworker/u8:2", WORKER | kind, work);
        assert_eq!(name(&worker(IN_POOL), true), is("kworker/u8:2-flush-254:0"));
        assert_eq!(name(&worker(IN_POOL | WORKING), true), is("kworker/u8:2+flush-254:0"));
        let rescuer = worker(RESCUER);
        assert_eq!(name(&rescuer, true), is("kworker/R-slub"));
        assert_eq!(name(&rescuer, false), is("kworker/u8:2"));
        assert_eq!(name(&worker(RESCUER | IN_POOL), true), is("kworker/R-slub-flush-254:0"));
        // Its number may have been cut, or it is about to end.
        let cut = thread(b"kworker/u256:12", WORKER | IN_POOL, &[]);
        assert_eq!((name(&cut, true), name(&cut, false)), (None, is("kworker/u256:12")));
        assert_eq!(name(&worker(0), true), None);
        assert_eq!(name(&worker(IN_POOL | UNSURE), true), None);
    }

    #[test]
    fn a_head_of_another_form_is_an_error_and_one_that_is_cut_off_is_awaited() {
        let mut bytes = vec![0; place(head::SIZE)];
        put(&mut bytes, &[(head::USER_LEVEL, 2)], &[(head::MAGIC, MAGIC), (head::SECONDS, 5)]);
        let (found, length) = decode_head(&bytes, UNITS).expect("ours").expect("whole");
        assert_eq!(length, bytes.len());
        assert_eq!(found, Head { user_level: 2, ..head(5_000_000_000) });
        assert_eq!(decode_head(&bytes[..31], UNITS).expect("no error"), None);
        bytes[7] = b'0';
        assert!(decode_head(&bytes, UNITS).is_err());
    }

    #[test]
    fn the_last_record_says_whether_they_were_all() {
        for (words, last) in
            [(&[(at::PID, 1)][..], None), (&[], Some(true)), (&[(at::DOUBT, 1)], Some(false))]
        {
            let bytes = record(words, &[], b"");
            assert_eq!(
                decode_found(&bytes, Extent::Whole).and_then(|(found, _)| found.is_last()),
                last
            );
        }
    }

    #[test]
    fn a_record_that_is_cut_off_is_awaited() {
        for bytes in [whole(), thread(b"kthreadd", 0, &[])] {
            for end in 0..bytes.len() {
                assert!(decode_found(&bytes[..end], Extent::Whole).is_none(), "{end}");
            }
        }
    }

    #[test]
    fn time_is_split_as_ticks_found_it() {
        let ticks = |user, system| Times { user, system };
        let none = Times::default();
        assert_eq!(ticks(2, 1).adjusted(900, none), ticks(600, 300));
        assert_eq!(ticks(0, 1).adjusted(900, none), ticks(0, 900));
        assert_eq!(ticks(1, 0).adjusted(900, none), ticks(900, 0));
        assert_eq!(none.adjusted(900, none), ticks(900, 0));
        // What was said is not taken back, and stands until more time has passed.
        assert_eq!(ticks(2, 1).adjusted(900, ticks(500, 390)), ticks(510, 390));
        assert_eq!(ticks(1, 2).adjusted(900, ticks(700, 100)), ticks(700, 200));
        assert_eq!(ticks(2, 1).adjusted(900, ticks(500, 400)), ticks(500, 400));
        let years = 1u64 << 57;
        assert_eq!(ticks(years, years).adjusted(years, none), ticks(years / 2, years / 2));
    }

    #[test]
    fn neither_what_the_kernel_said_nor_what_the_reader_heard_is_taken_back() {
        let mut bytes = whole();
        put(&mut bytes, &[], &[(at::USER_SAID, 2 * SECOND), (at::SYSTEM_SAID, 3 * SECOND)]);
        let (found, _) = decode_found(&bytes, Extent::Whole).expect("whole");
        let heard = Times { user: 3 * SECOND, system: SECOND };
        assert_eq!(found.times(heard), Times { user: 3 * SECOND, system: 3 * SECOND });
        let heard = Times { user: SECOND, ..heard };
        assert_eq!(found.times(heard), Times { user: 3 * SECOND, system: 3 * SECOND });
        assert_eq!(found.times(Times { user: 5 * SECOND, ..heard }).user, 5 * SECOND);
    }

    proptest! {
        #[test]
        fn no_time_is_lost_and_none_is_taken_back(
            user in 0..1u64 << 60, system in 0..1u64 << 60, run in 0..1u64 << 60,
            said_user in 0..1u64 << 59, said_system in 0..1u64 << 59,
        ) {
            let said = Times { user: said_user, system: said_system };
            let told = Times { user, system }.adjusted(run, said);
            prop_assert!(told.user >= said.user && told.system >= said.system);
            prop_assert_eq!(told.total(), run.max(said.total()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), ahead: i64) {
            let _ = decode_head(&bytes, UNITS);
            for (found, _) in [Extent::Whole, Extent::Brief].map(|extent| decode_found(&bytes, extent)).into_iter().flatten() {
                let times = found.times(Times { user: 1, system: u64::MAX });
                let mut space = Vec::new();
                let _ = found.stat(&head(ahead), times, &mut space, true);
                let _ = found.statm();
                let _ = (found.ids(), found.switches());
            }
        }
    }
}
