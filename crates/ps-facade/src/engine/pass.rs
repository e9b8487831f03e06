//! One look at a share of all processes, beside what was kept of them.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use ps_core::process::{
    Fact, Handle, Identity, ProcessBackend, ProcessTimes, ProcessView, Ran, Scanner, number_as_name,
};
use ps_core::{Fields, HostBackend, Pid, Result, Row, Sameness, WaitBackend};

use super::columns::{self, Columns, Extra};

/// What all shares of one refresh have in common.
pub(crate) struct Look<'t, B> {
    pub(crate) backend: &'t B,
    pub(crate) began: Instant,
    pub(crate) fields: Fields,
    pub(crate) before: &'t Columns,
    /// Whether what was kept may stand in for what has not changed.
    pub(crate) can_stand_in: bool,
    /// Whether it never may.
    pub(crate) is_exact: bool,
}

/// Whom a share is about.
pub(crate) struct Part<'t> {
    /// Their numbers; all processes if not said.
    pub(crate) pids: Option<&'t [Pid]>,
    /// Where those kept stand that they are compared with.
    pub(crate) kept: Range<usize>,
}

/// What is found out by one scanner. It keeps its space.
#[derive(Debug)]
pub(crate) struct Share<S> {
    scanner: S,
    pub(crate) now: Columns,
    pub(crate) came: Vec<Pid>,
    pub(crate) went: Vec<Identity>,
    /// Arguments of newborns that had to be read once more.
    block: Vec<u8>,
}

impl<S: Scanner> Share<S> {
    pub(crate) fn new(scanner: S) -> Share<S> {
        Share {
            scanner,
            now: Columns::default(),
            came: Vec::new(),
            went: Vec::new(),
            block: Vec::new(),
        }
    }

    /// Forgets everything, and expects to be asked about so many.
    pub(crate) fn begin(&mut self, fields: Fields, count: usize) {
        self.now.begin(fields, count);
        self.came.clear();
        self.went.clear();
    }

    /// Gives back space that is not needed: after a time of many processes, or of much coming and going.
    pub(crate) fn fit(&mut self) {
        self.now.fit();
        // As many as may come and go at any time.
        let usual = 64 + self.now.len() / 4;
        self.came.shrink_to(usual);
        self.went.shrink_to(usual);
    }

    /// Lists whom a look would be at, if that can be shared.
    pub(crate) fn list_to_share(&mut self, pids: &mut Vec<Pid>) -> Result<bool> {
        self.scanner.list_to_share(pids)
    }

    /// Takes over what another found out, about processes that come after its own.
    pub(crate) fn append(&mut self, other: &mut Share<S>) {
        self.now.append(&other.now);
        self.came.append(&mut other.came);
        self.went.append(&mut other.went);
    }

    /// Looks at every process of a part.
    pub(crate) fn look<B>(&mut self, look: &Look<'_, B>, part: &Part<'_>) -> Result<()>
    where
        B: ProcessBackend + WaitBackend + HostBackend,
    {
        let Share { scanner, now, came, went, block } = self;
        let mut pass = Pass { look, now, came, went, block, at: 0, since_look: 0 };
        let place = Cell::new(part.kept.start);
        let mut last =
            |pid| look.can_stand_in.then(|| stands_in(look.before, place.get(), pid)).flatten();
        let last: Option<&mut dyn FnMut(Pid) -> Option<Ran>> =
            if look.is_exact { None } else { Some(&mut last) };
        let mut visit = |row: &Row<'_>, ran| {
            place.set(pass.take(place.get(), row, ran));
            ControlFlow::Continue(())
        };
        let scanned = match part.pids {
            Some(pids) => scanner.scan_part(pids, look.fields, last, &mut visit),
            None => scanner.scan_changed(look.fields, last, &mut visit),
        };
        pass.the_rest_went(place.get()..part.kept.end);
        scanned
    }
}

/// What came with what was kept of a process, if that can stand in.
fn stands_in(before: &Columns, from: usize, pid: Pid) -> Option<Ran> {
    let rest = before.pids().get(from..)?;
    // They are asked about in the order they are kept in.
    let place = from + rest.iter().take_while(|one| **one < pid).count();
    (before.pids().get(place) == Some(&pid)).then(|| before.ran(place))?
}

/// One look.
struct Pass<'p, 't, B> {
    look: &'p Look<'t, B>,
    now: &'p mut Columns,
    came: &'p mut Vec<Pid>,
    went: &'p mut Vec<Identity>,
    block: &'p mut Vec<u8>,
    at: u64,
    since_look: u32,
}

/// What a row turned out to be.
enum Found {
    /// The process kept at a place.
    Known(Fact<Identity>),
    /// Another process than the one that was kept, or one that was not there.
    Another(Fact<Identity>),
    /// Somebody who must be read again, since what was read may be another's.
    Doubtful,
}

impl<B: ProcessBackend + WaitBackend + HostBackend> Pass<'_, '_, B> {
    /// Takes in a row, and gives back where among those kept the next one may be found.
    fn take(&mut self, from: usize, row: &Row<'_>, ran: Ran) -> usize {
        let mut place = from;
        while let Some(pid) = self.look.before.pids().get(place).filter(|pid| **pid < row.pid) {
            self.went(place, *pid);
            place += 1;
        }
        let kept = (self.look.before.pids().get(place) == Some(&row.pid)).then_some(place);
        let next = place + usize::from(kept.is_some());
        let at = self.time_of(ran);
        let mut extra = Extra::new(at, ran);
        if let (true, Some(kept)) = (ran.unchanged, kept) {
            // It has used nothing since.
            let since = self.look.before.extra(kept).map_or(at, |before| before.at);
            let known = at > since && self.look.before.fields().contains(Fields::CPU_TIMES);
            extra.set_percent(known.then_some(0.0));
            self.now.carry_on(row, self.look.before, kept, extra);
            return next;
        }
        let again;
        let mut row = row;
        let mut found = self.compare(kept, row.identity);
        let record;
        let mut block = std::mem::take(self.block);
        if matches!(found, Found::Doubtful) {
            extra = Extra::new(at, Ran::default());
            record = self.read_again(row.pid);
            match &record {
                Some(record) => {
                    again = columns::borrowed(record, &mut block);
                    row = &again;
                    found = match kept.map(|kept| self.look.before.identity(kept)) {
                        Some(Ok(kept)) if same(&kept, row.identity) => Found::Known(row.identity),
                        _ => Found::Another(row.identity),
                    };
                }
                None => {
                    // It ended while it was looked at, and with it whoever was kept.
                    if let Some(kept) = kept {
                        self.went(kept, row.pid);
                    }
                    *self.block = block;
                    return next;
                }
            }
        }
        match found {
            Found::Known(identity) => {
                let used = row.cpu_times.ok();
                extra.set_percent(kept.and_then(|kept| self.percent(used?, kept, at)));
                self.now.push(row, identity, extra);
            }
            Found::Another(identity) => {
                if let Some(kept) = kept {
                    self.went(kept, row.pid);
                }
                self.came.push(row.pid);
                self.now.push(row, identity, extra);
            }
            Found::Doubtful => {}
        }
        *self.block = block;
        next
    }

    /// When a row was made, on the table's clock. The clock is looked at for every row that was read, and for some of
    /// those that were not: of these, many pass in no time.
    fn time_of(&mut self, ran: Ran) -> u64 {
        const AT_ONCE: u32 = 16;
        if ran.unchanged && self.since_look > 0 {
            self.since_look -= 1;
            return self.at;
        }
        self.since_look = AT_ONCE;
        let elapsed = self.look.backend.now().saturating_duration_since(self.look.began);
        self.at = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.at
    }

    fn the_rest_went(&mut self, kept: Range<usize>) {
        let first = kept.start;
        let rest = self.look.before.pids().get(kept).unwrap_or_default();
        for (place, pid) in (first..).zip(rest) {
            self.went(place, *pid);
        }
    }

    fn went(&mut self, place: usize, pid: Pid) {
        self.went.push(self.look.before.identity(place).unwrap_or(Identity::new(pid, None)));
    }

    /// Whether a sighting is of the process that was kept at a place.
    fn compare(&self, kept: Option<usize>, seen: Fact<Identity>) -> Found {
        let Ok(seen) = seen else {
            // Nothing is told of who it is, so it is taken for whoever had the number.
            return match kept {
                Some(_) => Found::Known(seen),
                None => Found::Another(seen),
            };
        };
        let told_apart = seen.settled || seen.unique.is_some() || seen.start.is_none();
        let Some(kept) = kept.and_then(|kept| self.look.before.identity(kept).ok()) else {
            return match (kept, told_apart) {
                (Some(_), true) => Found::Known(Ok(seen)),
                (None, true) => Found::Another(Ok(seen)),
                (_, false) => Found::Doubtful,
            };
        };
        let mut known = kept;
        match kept.compare(&seen) {
            Sameness::Same => {
                known.settled |= seen.settled;
                Found::Known(Ok(known))
            }
            Sameness::Different if told_apart => Found::Another(Ok(seen)),
            Sameness::Different => Found::Doubtful,
            Sameness::Unknown if kept.unique.is_none() => Found::Known(Ok(known)),
            // A newborn was told apart by a number that is never used twice. If it has that number now, the row is
            // its own, since it has had its pid all the while.
            Sameness::Unknown => match self.look.backend.view(&Handle::new(kept)).identity() {
                Ok(confirmed) => Found::Known(Ok(confirmed)),
                Err(_) => Found::Doubtful,
            },
        }
    }

    /// Reads once more, of a process that is told apart first; `None` if it has gone.
    fn read_again(&self, pid: Pid) -> Option<ps_core::process::Record> {
        let identity = self.look.backend.identify(pid).ok()?;
        let mut name =
            |uid| Ok(self.look.backend.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)));
        self.look.backend.view(&Handle::new(identity)).record(self.look.fields, &mut name).ok()
    }

    fn percent(&self, used: ProcessTimes, kept: usize, at: u64) -> Option<f32> {
        let then = self.look.before.cpu_times(kept)?;
        let elapsed = at.checked_sub(self.look.before.extra(kept)?.at)?;
        let percent = used.percent_since(&then, Duration::from_nanos(elapsed))?;
        // A figure for people: seven digits of it are enough.
        #[allow(clippy::cast_possible_truncation)]
        Some(percent as f32)
    }
}

/// Whether somebody who was told apart is who was kept. An earlier sighting that is not settled never proves it.
fn same(kept: &Identity, seen: Fact<Identity>) -> bool {
    seen.is_ok_and(|seen| kept.compare(&seen) == Sameness::Same)
}
