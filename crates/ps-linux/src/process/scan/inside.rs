//! A scan whose records come from inside of the kernel. What they do not hold is read from files as ever, and so is
//! everything of a process that changed while it was recorded.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use ps_core::process::{NAME_MAY_BE_CUT, ProcessTimes, Ran, Row};
use ps_core::{Fields, Pid};

use super::{FROM_STAT, FROM_STATM, Files, IDS, LinuxScanner, Pass, Told, UNLESS_ZOMBIE, Visit};
use crate::decode::bpf::record::{Extent, Found, Head, Times, decode_found, decode_head};
use crate::process::gate;
use crate::process::path::PidPath;
use crate::process::source::ScanSource;
use crate::root::Linux;
use crate::sys::file as sys;

/// Fields that records hold, or help to read.
const HELPED: Fields =
    FROM_STAT.union(FROM_STATM).union(USERS).union(Fields::CONTEXT_SWITCHES).union(UNLESS_ZOMBIE);

const USERS: Fields = IDS.union(Fields::EFFECTIVE_UID);

/// Fields for which a brief record will not do.
const NOT_BRIEF: Fields = FROM_STATM
    .union(USERS)
    .union(Fields::PPID)
    .union(Fields::VMS)
    .union(Fields::TERMINAL)
    .union(Fields::PGID)
    .union(Fields::SID);

/// Every pid namespace has this one as long as it has any. There are kernels that let files show it, and not their
/// iterator over tasks.
const FIRST: Pid = match Pid::new(1) {
    Some(pid) => pid,
    None => Pid::ZERO,
};

/// How much the kernel gives at a time at most.
const MOST_AT_A_TIME: usize = 32 * 1024;

/// Reads iterators, into space that is kept.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Records of all processes, one after the other.
    block: Vec<u8>,
    filled: usize,
    /// Numbers of processes, and where their records begin.
    places: Vec<(Pid, usize)>,
    /// Space for a name.
    name: Vec<u8>,
    said: Said,
}

impl Reader {
    /// Reads the first iterator that there is and that speaks this language, to the end.
    pub(crate) fn read(
        &mut self,
        linux: &Linux,
        extent: Extent,
        now: bool,
    ) -> Option<(ScanSource, Head)> {
        [ScanSource::PinnedBpf, ScanSource::Bpf].into_iter().find_map(|source| {
            let iterator = linux.inside().open(linux, source, extent, now)?;
            Some((source, self.read_all(&iterator, linux)?))
        })
    }

    /// Reads all records, and notes where they begin, by ascending number. `None` unless they are all there.
    fn read_all(&mut self, iterator: &OwnedFd, linux: &Linux) -> Option<Head> {
        self.filled = 0;
        self.places.clear();
        let mut head = None;
        let mut at = 0;
        loop {
            let got = self.more(iterator).ok()?;
            let filled = self.block.get(..self.filled)?;
            let head = match head {
                Some(head) => head,
                None => {
                    let (found, length) = decode_head(filled, linux.units()).ok()??;
                    at = length;
                    *head.insert(found)
                }
            };
            while let Some((found, length)) = decode_found(filled.get(at..)?, head.extent) {
                match found.is_last() {
                    Some(all) => return (all && self.sort()).then_some(head),
                    None => self.places.push((Pid::new(found.pid())?, at)),
                }
                at += length;
            }
            if got == 0 {
                // In steps, the end is said.
                return (!head.in_steps && self.sort()).then_some(head);
            }
        }
    }

    /// Puts them in order; false if there are none, or if two have one number. There is always at least the caller.
    fn sort(&mut self) -> bool {
        let places = &mut self.places;
        // A ring that is in order but begins somewhere, as long as numbers have not been used up.
        if let Some(end) = places.windows(2).position(|two| two.first() > two.last()) {
            places.rotate_left(end + 1);
        }
        if !places.is_sorted() {
            places.sort_unstable();
        }
        let same = |two: &[(Pid, usize)]| matches!(two, [one, other] if one.0 == other.0);
        !places.is_empty() && !places.windows(2).any(same)
    }

    fn more(&mut self, iterator: &OwnedFd) -> io::Result<usize> {
        if self.block.len() < self.filled + MOST_AT_A_TIME {
            self.block.resize((self.filled + MOST_AT_A_TIME) * 3 / 2, 0);
        }
        let space = self.block.get_mut(self.filled..).unwrap_or_default();
        let got = sys::read(iterator, space)?;
        self.filled += got;
        Ok(got)
    }
}

/// What was told of each process in the last pass, and is in this one.
///
/// The kernel never tells less CPU time than it told before, and keeps what it told by files for that; what was told from
/// inside of it is kept here. So are names that were completed from arguments: those of a process that has not run since,
/// not even for a tick, are as they were.
#[derive(Debug, Default)]
struct Said {
    before: Pages,
    now: Pages,
}

#[derive(Debug, Default)]
struct Pages {
    all: Vec<One>,
    /// How many of them were passed.
    passed: usize,
    /// Completed names, one after the other.
    names: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct One {
    pid: u32,
    start: u64,
    run: u64,
    times: Times,
    /// Where its completed name is; nowhere if it has none, or may be given another without running.
    name: (usize, usize),
}

impl Said {
    fn begin(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        self.before.passed = 0;
        self.now.all.clear();
        self.now.names.clear();
    }
}

impl Pages {
    /// What was told of the next process by number; nothing as yet of one that was not there.
    fn find(&mut self, found: &Found<'_>) -> Option<One> {
        let (pid, start) = (found.pid(), found.start());
        let rest = self.all.get(self.passed..).unwrap_or_default();
        self.passed += rest.iter().take_while(|one| one.pid < pid).count();
        self.all.get(self.passed).filter(|one| (one.pid, one.start) == (pid, start)).copied()
    }

    /// The completed name, if it still is what it was.
    fn name(&self, one: &One, found: &Found<'_>) -> Option<&OsStr> {
        let name = self.names.get(one.name.0..one.name.1).filter(|name| !name.is_empty())?;
        (one.run == found.run()).then_some(OsStr::from_bytes(name))
    }

    fn keep(&mut self, found: &Found<'_>, times: Times, name: Option<&OsStr>) {
        let from = self.names.len();
        self.names.extend(name.map(OsStr::as_bytes).unwrap_or_default());
        let name = (from, self.names.len());
        let (pid, start, run) = (found.pid(), found.start(), found.run());
        self.all.push(One { pid, start, run, times, name });
    }
}

impl LinuxScanner {
    /// Whether a pass would come from inside of the kernel, if that helps with its fields.
    pub(super) fn can_look_inside(&self) -> bool {
        let any = |source| {
            let iterator = self.linux.inside().open(&self.linux, source, Extent::Whole, false);
            iterator.is_some()
        };
        !self.strict && (any(ScanSource::PinnedBpf) || any(ScanSource::Bpf))
    }

    /// A pass from inside of the kernel; false if files must be read.
    pub(super) fn look_inside(&mut self, fields: Fields, visit: &mut Visit<'_>) -> bool {
        self.source = ScanSource::Files;
        if self.strict || !fields.intersects(HELPED) {
            return false;
        }
        // The clock of the caller is read so that the kernel brings up to date how long this thread ran, as reading its
        // file would.
        let _ = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        let mut reader = self.linux.inside().take_reader();
        // Before the first record, so that its clock vouches for all of them.
        let LinuxScanner { linux, dir, origin, files, .. } = self;
        let pass = Pass::begin(linux, fields, *origin, false, files);
        // Users are numbered as the first namespace has them.
        let usable = |head: &Head| head.user_level == 0 || !fields.intersects(USERS);
        let extent = if fields.intersects(NOT_BRIEF) { Extent::Whole } else { Extent::Brief };
        let read = reader.read(linux, extent, false).filter(|(_, head)| usable(head));
        if let Some((_, head)) = &read {
            show(&mut reader, head, &pass, dir, files, visit);
        }
        linux.inside().keep_reader(reader);
        if let Some((source, _)) = read {
            self.source = source;
        }
        read.is_some()
    }
}

/// Shows a row of every process.
fn show(
    reader: &mut Reader,
    head: &Head,
    pass: &Pass<'_>,
    dir: &OwnedFd,
    files: &mut Files,
    visit: &mut Visit<'_>,
) {
    let Reader { block, filled, places, name, said } = reader;
    let block = block.get(..*filled).unwrap_or_default();
    said.begin();
    let Said { before, now } = said;
    let unseen = places.first().filter(|(first, _)| *first > FIRST).map(|_| (FIRST, usize::MAX));
    for (pid, at) in unseen.iter().chain(places.iter()) {
        let found = block
            .get(*at..)
            .and_then(|bytes| decode_found(bytes, head.extent))
            .map(|(found, _)| found);
        let last = found.as_ref().and_then(|found| before.find(found));
        let said = last.map_or(Times::default(), |one| one.times);
        let times = found.as_ref().map_or(said, |found| found.times(said));
        let told = match &found {
            Some(found) => {
                let whole_name = last.as_ref().and_then(|one| before.name(one, found));
                told(pass.linux, found, head, times, name, whole_name)
            }
            None => None,
        };
        let mut row = Row::new(*pid);
        let filled = pass.fill(&mut row, dir.as_fd(), PidPath::of(*pid), told.as_ref(), files);
        if filled.is_none() {
            continue;
        }
        match (&found, &told, &mut row.cpu_times) {
            (Some(found), Some(told), _) => now.keep(found, times, completed(told, &row)),
            (Some(found), None, Ok(times)) => now.keep(found, go_on_from(said, times, head), None),
            _ => {}
        }
        if visit(&row, Ran::default()).is_break() {
            return;
        }
    }
}

/// The name in the row, if the kernel keeps only a part of it, and it stays as long as the process does not run.
fn completed<'r>(told: &Told<'_>, row: &Row<'r>) -> Option<&'r OsStr> {
    let stat = &told.stat;
    let may_be_cut = stat.comm.len() >= NAME_MAY_BE_CUT && !stat.is_kernel_thread();
    row.name.ok().filter(|_| may_be_cut && gate::vouches(stat) && gate::are_fine())
}

/// Takes back nothing of what was told last, as the kernel does not where it tells times itself.
fn go_on_from(last: Times, told: &mut ProcessTimes, head: &Head) -> Times {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let read = Times { user: nanoseconds(told.user), system: nanoseconds(told.system) };
    let times = read.adjusted(read.user.saturating_add(read.system), last);
    (told.user, told.system) = (head.in_ticks(times.user), head.in_ticks(times.system));
    times
}

/// What a record tells; `None` if files must be asked.
fn told<'f>(
    linux: &Linux,
    found: &Found<'f>,
    head: &Head,
    times: Times,
    name: &'f mut Vec<u8>,
    whole_name: Option<&'f OsStr>,
) -> Option<Told<'f>> {
    let stat = found.stat(head, times, name, linux.inside().rescuers())?;
    Some(Told {
        // Who is on a processor now may just have begun to run.
        whole_name: whole_name.filter(|_| gate::vouches(&stat)),
        stat,
        statm: found.statm(),
        ids: found.ids(),
        switches: found.switches(),
    })
}
