//! What the process record of any of the three systems tells, in the units of this library.

mod arguments;
mod signals;

use ps_core::process::{
    BootId, ContextSwitches, Descriptor, Gid, Gids, Identity, IoCounters, MemoryInfo, Origin,
    PageFaults, Pid, ProcessTimes, SignalMasks, SignalNumbers, StartTime, Status, Uid, Uids,
};

pub use arguments::behind_pointers;
pub(crate) use signals::named_signals;

use super::clock::{Moment, start_since_boot};

/// One process, as one kernel record tells it. Holds no memory of its own, so that a scan can keep thousands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Process {
    /// Its number.
    pub pid: Pid,
    /// Its parent; `None` of the first.
    pub ppid: Option<Pid>,
    /// Its process group; `None` if it has none yet.
    pub pgid: Option<Pid>,
    /// Its session; `None` if it has none yet.
    pub sid: Option<Pid>,
    /// Its name, which the kernel may have cut short.
    pub comm: Text<32>,
    /// What it is doing.
    pub status: Status,
    /// It has ended, or is ending: its memory, files and arguments are gone or going.
    pub ended: bool,
    /// What it used is told: CPU time, memory, page faults, blocks and switches. Of one that has ended some kernels do not
    /// tell it, and of one that is just starting another program NetBSD's may not.
    pub counted: bool,
    /// It is part of the kernel: it has no arguments, program or files.
    pub kernel: bool,
    /// When it started, on the wall clock; `None` if the kernel does not tell, as of zombies on some systems.
    pub started: Option<Moment>,
    /// Users.
    pub uids: Uids,
    /// Groups.
    pub gids: Gids,
    /// Supplementary groups.
    pub groups: Groups,
    /// CPU time.
    pub cpu_times: ProcessTimes,
    /// Memory.
    pub memory: MemoryInfo,
    /// How many threads it has.
    pub num_threads: u32,
    /// Number of its controlling terminal; `None` if it has none.
    pub terminal: Option<u64>,
    /// Its nice value, 0 being the middle.
    pub nice: i32,
    /// The CPU it runs on or last ran on.
    pub cpu_num: Option<u32>,
    /// Page faults.
    pub page_faults: PageFaults,
    /// Blocks read and written.
    pub io_counters: IoCounters,
    /// Context switches.
    pub context_switches: ContextSwitches,
    /// What it does with signals.
    pub signals: Signals,
}

/// What a process does with signals: bit 0 stands for signal 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Signals {
    /// Waiting to be delivered.
    pub pending: u128,
    /// Held back.
    pub blocked: u128,
    /// Ignored.
    pub ignored: u128,
    /// Caught by a handler.
    pub caught: u128,
}

impl Signals {
    /// As sets of named signals.
    #[must_use]
    pub fn masks(&self, numbers: &SignalNumbers) -> SignalMasks {
        let mut masks = SignalMasks::default();
        masks.pending = Some(numbers.signals(self.pending));
        masks.blocked = Some(numbers.signals(self.blocked));
        masks.ignored = numbers.signals(self.ignored);
        masks.caught = numbers.signals(self.caught);
        masks
    }
}

/// A mask of signals from the words that the kernel keeps it in, the lowest signals in the first.
#[must_use]
pub fn signal_mask(words: &[u32]) -> u128 {
    words.iter().take(4).rev().fold(0, |mask, word| mask << 32 | u128::from(*word))
}

/// A short text without memory of its own; what does not fit is cut off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    /// Holds a copy.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut bytes = [0; N];
        let length = text.len().min(N);
        for (to, from) in bytes.iter_mut().zip(text) {
            *to = *from;
        }
        Text { bytes, length }
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> std::fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// The supplementary groups that a process record has room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    ids: [u32; 16],
    count: usize,
    /// There are more than the record has room for.
    pub cut: bool,
}

impl Groups {
    /// The first `count` of `ids`; counts that make no sense are brought into their bounds.
    #[must_use]
    pub fn new(ids: [u32; 16], count: i64, cut: bool) -> Self {
        let count = usize::try_from(count).unwrap_or(0).min(ids.len());
        Groups { ids, count, cut }
    }

    /// The first group, which is the effective one; `None` if there are none, since what then stands in its
    /// place is left from before.
    #[must_use]
    pub fn first(&self) -> Option<Gid> {
        self.ids.get(..self.count)?.first().copied().map(Gid::new)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Gid> + '_ {
        self.ids.iter().take(self.count).copied().map(Gid::new)
    }
}

impl Process {
    /// A process of which nothing is known but its number.
    #[must_use]
    pub fn new(pid: Pid) -> Self {
        let (user, group) = (Uid::new(0), Gid::new(0));
        Process {
            pid,
            ppid: None,
            pgid: None,
            sid: None,
            comm: Text::new(b""),
            status: Status::Other(0),
            ended: false,
            counted: true,
            kernel: false,
            started: None,
            uids: Uids { real: user, effective: user, saved: user },
            gids: Gids { real: group, effective: group, saved: group },
            groups: Groups::default(),
            cpu_times: ProcessTimes::default(),
            memory: MemoryInfo::default(),
            num_threads: 0,
            terminal: None,
            nice: 0,
            cpu_num: None,
            page_faults: PageFaults::default(),
            io_counters: IoCounters::default(),
            context_switches: ContextSwitches::default(),
            signals: Signals::default(),
        }
    }

    /// What tells it from others, on a system whose starts stay as they are when the clock is set.
    ///
    /// Starts are told to the microsecond, and no system gives a number away again within one: they are settled.
    #[must_use]
    pub fn identity(&self, boot: Option<BootId>) -> Identity {
        self.with_start(self.started.map(|started| StartTime::new(started.micros())), boot)
    }

    /// What tells it from others, on a system that adds the boot time of the moment to every start: see
    /// [`start_since_boot`]. With the boot time unknown the start is, too.
    #[must_use]
    pub fn identity_since(&self, booted: Option<Moment>, boot: Option<BootId>) -> Identity {
        let start = match (self.started, booted) {
            (Some(started), Some(booted)) => Some(start_since_boot(&started, &booted)),
            _ => None,
        };
        self.with_start(start, boot)
    }

    fn with_start(&self, start: Option<StartTime>, boot: Option<BootId>) -> Identity {
        let mut identity = Identity::new(self.pid, start);
        identity.settled = start.is_some();
        identity.origin = Origin { boot, pid_namespace: None, time_namespace: None };
        identity
    }
}

/// A descriptor, and whether it stands for a regular file. Its `file_mode` says so too where the kernel tells that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct OpenDescriptor {
    /// The descriptor.
    pub descriptor: Descriptor,
    /// It stands for a regular file.
    pub regular: bool,
}

/// The flags that `open` takes, from those that a kernel keeps of an open file: it keeps a bit each for reading (1) and
/// writing (2), `open` counts reading, writing and both from 0 on (`OFLAGS` in `<sys/fcntl.h>`).
#[must_use]
pub fn open_flags(kept: u32) -> u32 {
    const RIGHTS: u32 = 3;
    kept.saturating_sub(u32::from(kept & RIGHTS != 0))
}

/// A pid from a kernel field; `None` below 0, which kernels use for "none".
#[must_use]
pub fn pid(raw: i32) -> Option<Pid> {
    u32::try_from(raw).ok().and_then(Pid::new)
}

/// The parent of a process from a kernel field; `None` for a process that would be its own parent.
#[must_use]
pub fn parent(raw: i32, of: Pid) -> Option<Pid> {
    pid(raw).filter(|ppid| *ppid != of)
}

/// The greatest resident size: the kernel samples it now and then, so that the present size can be above it. That of
/// the kernel's own processes is not counted.
#[must_use]
pub fn peak_rss(peak: u64, rss: u64) -> Option<u64> {
    Some(if peak == 0 { 0 } else { peak.max(rss) })
}

#[cfg(test)]
mod tests {
    use ps_core::process::Sameness;
    use ps_core::process::Signal;

    use super::*;

    fn seven() -> Process {
        Process::new(Pid::new(7).expect("in range"))
    }

    #[test]
    fn a_clock_step_does_not_make_a_live_process_another_one() {
        let mut then = seven();
        then.started = Some(Moment::from_micros(5_000, 17));
        let mut now = then;
        now.started = Some(Moment::from_micros(5_000 + 7_200, 17));
        let before = then.identity_since(Some(Moment::from_micros(1_000, 5)), None);
        let after = now.identity_since(Some(Moment::from_micros(1_000 + 7_200, 5)), None);
        assert_eq!(before.compare(&after), Sameness::Same);
        // What the raw field says, as one of the references compares it: another process.
        assert_eq!(then.identity(None).compare(&now.identity(None)), Sameness::Different);
    }

    #[test]
    fn a_reused_number_is_another_process_even_across_a_clock_step() {
        let mut then = seven();
        then.started = Some(Moment::from_micros(5_000, 17));
        let mut now = seven();
        now.started = Some(Moment::from_micros(5_000, 17));
        let before = then.identity_since(Some(Moment::from_micros(1_000, 0)), None);
        let after = now.identity_since(Some(Moment::from_micros(400, 0)), None);
        assert_eq!(before.compare(&after), Sameness::Different);
    }

    #[test]
    fn without_a_start_or_a_boot_time_nobody_is_taken_for_the_same() {
        let unknown = seven().identity_since(Some(Moment::default()), None);
        assert_eq!(unknown.compare(&unknown), Sameness::Unknown);
        let mut started = seven();
        started.started = Some(Moment::from_micros(1, 1));
        let unknown = started.identity_since(None, None);
        assert_eq!((unknown.start, unknown.settled), (None, false));
        assert_eq!(unknown.compare(&unknown), Sameness::Unknown);
    }

    #[test]
    fn the_boot_decides_where_it_is_known() {
        let mut one = seven();
        one.started = Some(Moment::from_micros(9, 9));
        let boot = |byte| Some(BootId::from_bytes([byte; 16]));
        assert_eq!(one.identity(boot(1)).compare(&one.identity(boot(2))), Sameness::Different);
        assert_eq!(one.identity(boot(1)).compare(&one.identity(boot(1))), Sameness::Same);
    }

    #[test]
    fn no_groups_means_no_effective_group_whatever_stands_there() {
        let stale = [99; 16];
        assert_eq!(Groups::new(stale, 0, false).first(), None);
        assert_eq!(Groups::new(stale, -5, false).iter().count(), 0);
        assert_eq!(Groups::new(stale, 999, true).iter().count(), 16);
        assert_eq!(Groups::new(stale, 2, false).first(), Some(Gid::new(99)));
    }

    #[test]
    fn signal_one_is_bit_zero_of_the_first_word() {
        assert_eq!(signal_mask(&[1, 0, 0, 0]), 1);
        assert_eq!(signal_mask(&[0, 2]), 1 << 33);
        assert_eq!(signal_mask(&[0, 0, 0, 1 << 31, 7]), 1 << 127);
        assert_eq!(signal_mask(&[]), 0);
        let numbers = SignalNumbers { named: &[(Signal::Hup, 1)], real_time: (65, 126), last: 128 };
        let signals = Signals { caught: 1, blocked: 1 << 64, ..Signals::default() };
        let masks = signals.masks(&numbers);
        assert!(masks.caught.contains(Signal::Hup));
        assert!(masks.blocked.is_some_and(|set| set.contains(Signal::RealTime(0))));
        assert!(masks.pending.is_some_and(|set| set.is_empty()));
    }

    #[test]
    fn flags_are_those_that_open_takes() {
        for (kept, taken) in
            [(1, 0), (2, 1), (3, 2), (0, 0), (1 | 4, 4), (2 | 8, 1 | 8), (3 | 8, 2 | 8)]
        {
            assert_eq!(open_flags(kept), taken, "{kept}");
        }
        assert_eq!((open_flags(u32::MAX), open_flags(0x8000)), (u32::MAX - 1, 0x8000));
    }

    #[test]
    fn the_peak_is_never_below_what_is_resident_now_unless_it_is_not_counted() {
        assert_eq!(peak_rss(10, 20), Some(20));
        assert_eq!(peak_rss(30, 20), Some(30));
        assert_eq!(peak_rss(0, 20), Some(0));
    }

    #[test]
    fn names_are_kept_byte_by_byte_and_cut_at_their_room() {
        assert_eq!(Text::<4>::new(b"\xffab").as_bytes(), b"\xffab");
        assert_eq!(Text::<4>::new(b"abcdef").as_bytes(), b"abcd");
        assert_eq!(Text::<4>::new(b"").as_bytes(), b"");
        assert_eq!(format!("{:?}", Text::<4>::new(b"\xffa")), "\"\u{fffd}a\"");
    }

    #[test]
    fn numbers_below_zero_are_no_pids_and_nobody_is_his_own_parent() {
        assert_eq!(pid(-1), None);
        assert_eq!(parent(0, Pid::ZERO), None);
        assert_eq!(parent(0, seven().pid), Some(Pid::ZERO));
    }
}
