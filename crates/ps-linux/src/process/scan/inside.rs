//! A scan whose records come from inside of the kernel. What they do not hold is read from files as ever, and so is
//! everything of a process that changed while it was recorded.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use ps_core::process::{ProcessTimes, Ran};
use ps_core::{Fields, Pid};

use super::{FROM_STAT, FROM_STATM, Files, IDS, LinuxScanner, Pass, Told, UNLESS_ZOMBIE, Visit};
use crate::decode::bpf::record::{Found, Head, Times, decode_found, decode_head};
use crate::process::path::PidPath;
use crate::process::source::ScanSource;
use crate::root::Linux;
use crate::sys::file as sys;

/// Fields that records hold, or help to read.
const HELPED: Fields =
    FROM_STAT.union(FROM_STATM).union(USERS).union(Fields::CONTEXT_SWITCHES).union(UNLESS_ZOMBIE);

const USERS: Fields = IDS.union(Fields::EFFECTIVE_UID);

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
    pub(crate) fn read(&mut self, linux: &Linux, now: bool) -> Option<(ScanSource, Head)> {
        [ScanSource::PinnedBpf, ScanSource::Bpf].into_iter().find_map(|source| {
            let iterator = linux.inside().open(linux, source, now)?;
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
            while let Some((found, length)) = decode_found(filled.get(at..)?) {
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

/// CPU times that were told of each process in the last pass. The kernel never tells less than it told before, and keeps
/// what it told by files for that; what was told from inside of it is kept here.
#[derive(Debug, Default)]
struct Said {
    before: Vec<One>,
    now: Vec<One>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct One {
    pid: u32,
    start: u64,
    times: Times,
}

impl Said {
    fn begin(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
        self.next = 0;
    }

    /// What was told of the next process by number; nothing as yet of one that was not there.
    fn last(&mut self, found: &Found<'_>) -> Times {
        let (pid, start) = (found.pid(), found.start());
        let rest = self.before.get(self.next..).unwrap_or_default();
        self.next += rest.iter().take_while(|one| one.pid < pid).count();
        let kept = self.before.get(self.next).filter(|one| (one.pid, one.start) == (pid, start));
        kept.map_or(Times::default(), |one| one.times)
    }

    fn keep(&mut self, found: &Found<'_>, times: Times) {
        self.now.push(One { pid: found.pid(), start: found.start(), times });
    }
}

impl LinuxScanner {
    /// Whether a pass would come from inside of the kernel, if that helps with its fields.
    pub(super) fn can_look_inside(&self) -> bool {
        let any = |source| self.linux.inside().open(&self.linux, source, false).is_some();
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
        let read = reader.read(linux, false).filter(|(_, head)| usable(head));
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
    let unseen = places.first().filter(|(first, _)| *first > FIRST).map(|_| (FIRST, usize::MAX));
    for (pid, at) in unseen.iter().chain(places.iter()) {
        let found = block.get(*at..).and_then(decode_found).map(|(found, _)| found);
        let last = found.as_ref().map_or(Times::default(), |found| said.last(found));
        let told = found.as_ref().and_then(|found| {
            let times = found.times(last);
            let told = told(pass.linux, found, head, times, name)?;
            said.keep(found, times);
            Some(told)
        });
        // Looked at where it is: rows are long.
        let mut row = pass.row(dir.as_fd(), PidPath::of(*pid), *pid, told.as_ref(), files);
        let Some(row) = &mut row else { continue };
        if told.is_none()
            && let (Some(found), Ok(times)) = (&found, &mut row.cpu_times)
        {
            said.keep(found, go_on_from(last, times, head));
        }
        if visit(row, Ran::default()).is_break() {
            return;
        }
    }
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
) -> Option<Told<'f>> {
    Some(Told {
        stat: found.stat(head, times, name, linux.inside().rescuers())?,
        statm: found.statm(),
        ids: found.ids(),
        switches: found.switches(),
    })
}
