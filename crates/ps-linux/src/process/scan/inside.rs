//! A scan whose records come from inside of the kernel. What they do not hold is read from files as ever, and so is
//! everything of a process that changed while it was recorded.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::time::{ClockId, clock_gettime};
use ps_core::process::Ran;
use ps_core::{Fields, Pid, Result};

use super::{FROM_STAT, FROM_STATM, IDS, LinuxScanner, Pass, Told, UNLESS_ZOMBIE, Visit};
use crate::decode::bpf::record::{Found, Head, Times, decode_found, decode_head};
use crate::process::path::PidPath;
use crate::process::source::ScanSource;
use crate::root::Linux;
use crate::sys::file as sys;

/// Fields that records hold, or help to read.
const HELPED: Fields =
    FROM_STAT.union(FROM_STATM).union(USERS).union(Fields::CONTEXT_SWITCHES).union(UNLESS_ZOMBIE);

const USERS: Fields = IDS.union(Fields::EFFECTIVE_UID);

/// A little more than the kernel gives at a time.
const BLOCK: usize = 33 * 1024;

/// Every pid namespace has this one as long as it has any. There are kernels that let files show it, and no program.
const FIRST: Pid = match Pid::new(1) {
    Some(pid) => pid,
    None => Pid::ZERO,
};

/// How far it went.
pub(super) enum Went {
    /// To the end, or to where the caller broke off.
    Whole,
    /// Not at all, or as far as this process.
    UpTo(Option<Pid>),
}

/// Reads iterators, into space that is kept.
#[derive(Debug, Default)]
pub(in crate::process) struct Reader {
    block: Vec<u8>,
    /// What is not taken yet of what was read.
    from: usize,
    to: usize,
    /// Space for a name.
    name: Vec<u8>,
    said: Said,
    /// Where the last one read.
    pub(super) source: ScanSource,
}

impl Reader {
    /// Where a scanner would read in the long run.
    pub(in crate::process) fn try_out(&mut self, linux: &Linux) -> ScanSource {
        self.begin(linux, true);
        self.source
    }

    /// Opens the first iterator that there is and that speaks this language.
    fn begin(&mut self, linux: &Linux, now: bool) -> Option<(OwnedFd, Head)> {
        self.source = ScanSource::Files;
        for source in [ScanSource::PinnedBpf, ScanSource::Bpf] {
            let Some(iterator) = linux.inside().open(linux, source, now) else { continue };
            (self.from, self.to) = (0, 0);
            self.block.resize(BLOCK, 0);
            if !self.more(&iterator).unwrap_or(false) {
                continue;
            }
            let filled = self.block.get(..self.to).unwrap_or_default();
            if let Ok(Some((head, length))) = decode_head(filled, linux.units()) {
                self.from = length;
                self.source = source;
                return Some((iterator, head));
            }
        }
        None
    }

    /// Reads on; false at the end.
    fn more(&mut self, iterator: impl AsFd) -> io::Result<bool> {
        self.block.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        loop {
            let space = self.block.get_mut(self.to..).unwrap_or_default();
            match sys::read(&iterator, space) {
                Ok(got) => {
                    self.to += got;
                    return Ok(got > 0);
                }
                // The kernel went through a million threads and found no process: it goes on.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes sure that the next record is there, and says how long it is; `None` at the end.
    fn next(&mut self, iterator: impl AsFd) -> io::Result<Option<usize>> {
        loop {
            let filled = self.block.get(self.from..self.to).unwrap_or_default();
            if let Some((_, length)) = decode_found(filled) {
                return Ok(Some(length));
            }
            if !self.more(&iterator)? {
                return Ok(None);
            }
        }
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

    /// Times of the next process by number.
    fn times(&mut self, found: &Found<'_>) -> Times {
        let (pid, start) = (found.pid(), found.start());
        let rest = self.before.get(self.next..).unwrap_or_default();
        self.next += rest.iter().take_while(|one| one.pid < pid).count();
        let kept = self.before.get(self.next).filter(|one| (one.pid, one.start) == (pid, start));
        let times = found.times(kept.map_or(Times::default(), |one| one.times));
        self.now.push(One { pid, start, times });
        times
    }
}

impl LinuxScanner {
    /// Whether a pass would come from inside of the kernel, if that helps with its fields.
    pub(super) fn can_look_inside(&mut self) -> bool {
        !self.strict && self.inside.begin(&self.linux, false).is_some()
    }

    /// Takes note that files are read, and of whom: of those behind the last who was seen.
    pub(super) fn go_on_with_files(&mut self, seen: Option<Pid>, pids: &mut Vec<Pid>) {
        pids.retain(|pid| Some(*pid) > seen);
        self.linux.inside().count(pids.len());
    }

    pub(super) fn look_inside(&mut self, fields: Fields, visit: &mut Visit<'_>) -> Result<Went> {
        fields.check_scannable()?;
        let LinuxScanner { linux, dir, origin, files, strict, inside, .. } = self;
        if *strict || !fields.intersects(HELPED) {
            inside.source = ScanSource::Files;
            return Ok(Went::UpTo(None));
        }
        // Its own clock is read so that the kernel brings up to date how long this thread ran, as reading its file would.
        let _ = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        let pass = Pass::begin(linux, fields, *origin, false, files);
        let Some((iterator, head)) = inside.begin(linux, false) else {
            return Ok(Went::UpTo(None));
        };
        // Users are numbered as the first namespace has them.
        if head.user_level > 0 && fields.intersects(USERS) {
            inside.source = ScanSource::Files;
            return Ok(Went::UpTo(None));
        }
        inside.said.begin();
        let mut last = None;
        loop {
            let length = match inside.next(&iterator) {
                Ok(Some(length)) => length,
                // There is always at least the caller.
                Ok(None) if last.is_some() => return Ok(Went::Whole),
                Ok(None) | Err(_) => return Ok(Went::UpTo(last)),
            };
            let Reader { block, from, to, name, said, .. } = inside;
            let found = decode_found(block.get(*from..*to).unwrap_or_default());
            *from += length;
            let Some((found, _)) = found else { continue };
            // Numbers that are none, or do not ascend, would be a mistake of the kernel's.
            let pid = Pid::new(found.pid()).filter(|pid| *pid > last.unwrap_or(Pid::ZERO));
            let Some(pid) = pid else { continue };
            if last.is_none()
                && pid > FIRST
                && let Some(row) = pass.row(dir.as_fd(), PidPath::of(FIRST), FIRST, None, files)
                && visit(&row, Ran::default()).is_break()
            {
                return Ok(Went::Whole);
            }
            last = Some(pid);
            let told = told(linux, &found, &head, said, name);
            let row = pass.row(dir.as_fd(), PidPath::of(pid), pid, told, files);
            let Some(row) = row else { continue };
            if visit(&row, Ran::default()).is_break() {
                return Ok(Went::Whole);
            }
        }
    }
}

/// What a record tells; `None` if files must be asked.
fn told<'f>(
    linux: &Linux,
    found: &Found<'f>,
    head: &Head,
    said: &mut Said,
    name: &'f mut Vec<u8>,
) -> Option<Told<'f>> {
    let times = said.times(found);
    Some(Told {
        stat: found.stat(head, times, name, linux.inside().rescuers())?,
        statm: found.statm(head.units),
        ids: found.ids(),
        switches: found.switches(),
    })
}
