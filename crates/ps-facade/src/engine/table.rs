//! All processes, looked at again and again.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ps_core::process::{
    Fact, Handle, Identity, ProcessBackend, ProcessTimes, ProcessView, Ran, Scanner, number_as_name,
};
use ps_core::{Fields, HostBackend, Pid, Result, Row, Sameness, WaitBackend};

use super::columns::{self, Columns, Extra};

/// All processes as they were at the last refresh, and who came and went since the one before.
#[derive(Debug)]
pub(crate) struct Table<B: ProcessBackend> {
    backend: B,
    scanner: B::Scanner,
    /// Nothing is left unread.
    exact: bool,
    began: Instant,
    now: Columns,
    before: Columns,
    started: Vec<Pid>,
    gone: Vec<Identity>,
    refreshed: bool,
    /// Arguments of newborns that had to be read once more.
    block: Vec<u8>,
}

impl<B: ProcessBackend + WaitBackend + HostBackend> Table<B> {
    pub(crate) fn new(backend: B) -> Result<Table<B>> {
        Ok(Table {
            scanner: backend.scanner()?,
            began: backend.now(),
            backend,
            exact: false,
            now: Columns::default(),
            before: Columns::default(),
            started: Vec::new(),
            gone: Vec::new(),
            refreshed: false,
            block: Vec::new(),
        })
    }

    pub(crate) fn set_exact(&mut self, exact: bool) {
        self.exact = exact;
    }

    /// Reads these facts of all processes. After a failure everything is as it was before.
    pub(crate) fn refresh(&mut self, fields: Fields) -> Result<()> {
        let fields = fields | Fields::IDENTITY;
        fields.check_scannable()?;
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.begin(fields, &self.before);
        let mut pass = Pass {
            backend: &self.backend,
            began: self.began,
            fields,
            before: &self.before,
            now: &mut self.now,
            came: Vec::new(),
            went: Vec::new(),
            block: &mut self.block,
        };
        // The lists of who came and went keep their space.
        pass.came = std::mem::take(&mut self.started);
        pass.came.clear();
        pass.went = std::mem::take(&mut self.gone);
        pass.went.clear();
        let place = Cell::new(0);
        let can_stand_in =
            !self.exact && self.before.fields().contains(fields & Fields::CHANGED_BY_RUNNING);
        let before = &self.before;
        let scanned = self.scanner.scan_changed(
            fields,
            &mut |pid| can_stand_in.then(|| vouched(before, place.get(), pid)).flatten(),
            &mut |row, ran| {
                place.set(pass.take(place.get(), row, ran));
                ControlFlow::Continue(())
            },
        );
        pass.the_rest_went(place.get());
        let Pass { mut came, mut went, .. } = pass;
        if scanned.is_err() {
            std::mem::swap(&mut self.now, &mut self.before);
            came.clear();
            went.clear();
        } else {
            self.now.fit();
            if !self.refreshed {
                came.clear();
            }
            self.refreshed = true;
        }
        self.started = came;
        self.gone = went;
        scanned
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.now
    }

    /// Numbers of those that came since the refresh before, ascending; none after the first.
    pub(crate) fn started(&self) -> &[Pid] {
        &self.started
    }

    /// Those that went since the refresh before, by ascending pid.
    pub(crate) fn gone(&self) -> &[Identity] {
        &self.gone
    }

    /// Where a process stands that has this number.
    pub(crate) fn place_of(&self, pid: Pid) -> Option<usize> {
        self.now.pids().binary_search(&pid).ok()
    }
}

/// The clock that vouches for what was kept of a process, if that can stand in.
fn vouched(before: &Columns, from: usize, pid: Pid) -> Option<NonZeroU64> {
    let rest = before.pids().get(from..)?;
    // They are asked about in the order they are kept in.
    let place = from + rest.iter().take_while(|one| **one < pid).count();
    (before.pids().get(place) == Some(&pid)).then(|| before.clock(place))?
}

/// One refresh.
struct Pass<'t, B> {
    backend: &'t B,
    began: Instant,
    fields: Fields,
    before: &'t Columns,
    now: &'t mut Columns,
    came: Vec<Pid>,
    went: Vec<Identity>,
    block: &'t mut Vec<u8>,
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

impl<B: ProcessBackend + WaitBackend + HostBackend> Pass<'_, B> {
    /// Takes in a row, and gives back where among those kept the next one may be found.
    fn take(&mut self, from: usize, row: &Row<'_>, ran: Ran) -> usize {
        let mut place = from;
        while let Some(pid) = self.before.pids().get(place).filter(|pid| **pid < row.pid) {
            self.went(place, *pid);
            place += 1;
        }
        let kept = (self.before.pids().get(place) == Some(&row.pid)).then_some(place);
        let next = place + usize::from(kept.is_some());
        let at = u64::try_from(self.backend.now().saturating_duration_since(self.began).as_nanos())
            .unwrap_or(u64::MAX);
        let mut extra = Extra { at, clock: ran.clock, percent: None };
        if let (true, Some(kept)) = (ran.unchanged, kept) {
            // It has used nothing since.
            extra.percent =
                self.before.cpu_times(kept).and_then(|used| self.percent(used, kept, at));
            self.now.carry_on(row, self.before, kept, extra);
            return next;
        }
        let again;
        let mut row = row;
        let mut found = self.compare(kept, row.identity);
        let record;
        let mut block = std::mem::take(self.block);
        if matches!(found, Found::Doubtful) {
            extra.clock = None;
            record = self.read_again(row.pid);
            match &record {
                Some(record) => {
                    again = columns::borrowed(record, &mut block);
                    row = &again;
                    found = match kept.map(|kept| self.before.identity(kept)) {
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
                extra.percent = kept.and_then(|kept| self.percent(used?, kept, at));
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

    fn the_rest_went(&mut self, from: usize) {
        for (place, pid) in self.before.pids().iter().enumerate().skip(from) {
            self.went(place, *pid);
        }
    }

    fn went(&mut self, place: usize, pid: Pid) {
        self.went.push(self.before.identity(place).unwrap_or(Identity::new(pid, None)));
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
        let Some(kept) = kept.and_then(|kept| self.before.identity(kept).ok()) else {
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
            Sameness::Unknown => match self.backend.view(&Handle::new(kept)).identity() {
                Ok(confirmed) => Found::Known(Ok(confirmed)),
                Err(_) => Found::Doubtful,
            },
        }
    }

    /// Reads once more, of a process that is told apart first; `None` if it has gone.
    fn read_again(&self, pid: Pid) -> Option<ps_core::process::Record> {
        let identity = self.backend.identify(pid).ok()?;
        let mut name =
            |uid| Ok(self.backend.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)));
        self.backend.view(&Handle::new(identity)).record(self.fields, &mut name).ok()
    }

    fn percent(&self, used: ProcessTimes, kept: usize, at: u64) -> Option<f32> {
        let then = self.before.cpu_times(kept)?;
        let elapsed = at.checked_sub(self.before.extra(kept)?.at)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, Machine, Refusal, at_every_moment};

    const SECOND: Duration = Duration::from_secs(1);

    fn table(fake: &Fake) -> Table<Fake> {
        Table::new(fake.clone()).expect("lists")
    }

    fn pids(table: &Table<Fake>) -> Vec<u32> {
        table.columns().pids().iter().map(|pid| pid.get()).collect()
    }

    fn started(table: &Table<Fake>) -> Vec<u32> {
        table.started().iter().map(|pid| pid.get()).collect()
    }

    fn gone(table: &Table<Fake>) -> Vec<u32> {
        table.gone().iter().map(|one| one.pid.get()).collect()
    }

    fn percent(table: &Table<Fake>, pid: Pid) -> Option<f32> {
        table.columns().extra(table.place_of(pid).expect("listed")).and_then(|extra| extra.percent)
    }

    fn row(table: &Table<Fake>, pid: Pid) -> Row<'_> {
        table.columns().row(table.place_of(pid).expect("listed"))
    }

    #[test]
    fn every_fact_that_a_scan_gives_is_kept_as_it_was() {
        let fake = Fake::new();
        fake.with(|machine| {
            let child = machine.spawn_child();
            machine.refuse(child, "cwd", Refusal::Denied);
            let zombie = machine.spawn_child();
            machine.exit(zombie, 0);
            machine.advance(SECOND);
        });
        let mut table = table(&fake);
        table.refresh(Fields::SCANNABLE).expect("reads");
        let mut place = 0;
        fake.scanner()
            .expect("scans")
            .scan(Fields::SCANNABLE, &mut |seen| {
                let kept = table.columns().row(place);
                assert_eq!(kept.to_record(), seen.to_record());
                place += 1;
                ControlFlow::Continue(())
            })
            .expect("scans");
        assert_eq!(place, table.columns().len());
    }

    #[test]
    fn what_was_not_asked_for_is_not_kept() {
        let fake = Fake::new();
        let mut table = table(&fake);
        table.refresh(Fields::ALL).expect_err("not all can be scanned");
        table.refresh(Fields::TABLE).expect("reads");
        table.refresh(Fields::RSS).expect("reads");
        let first = row(&table, Pid::new(1).expect("in range"));
        assert!(first.rss.is_ok() && first.identity.is_ok());
        assert_eq!(first.name, Err(ps_core::Missing::NotAsked));
    }

    #[test]
    fn who_came_and_who_went_is_told_after_the_first_refresh() {
        let fake = Fake::new();
        let mut table = table(&fake);
        table.refresh(Fields::NONE).expect("reads");
        assert_eq!((started(&table), gone(&table)), (vec![], vec![]));
        let (a, b) = fake.with(|machine| (machine.spawn_child(), machine.spawn_child()));
        table.refresh(Fields::NONE).expect("reads");
        assert_eq!((started(&table), gone(&table)), (vec![1000, 1001], vec![]));
        fake.with(|machine| {
            machine.vanish(a);
            machine.spawn_child();
        });
        table.refresh(Fields::NONE).expect("reads");
        assert_eq!((started(&table), gone(&table)), (vec![1002], vec![1000]));
        assert_eq!(pids(&table), [1, 100, 1001, 1002]);
        fake.with(|machine| machine.exit(b, 0));
        table.refresh(Fields::NONE).expect("reads");
        assert_eq!((started(&table), gone(&table)), (vec![], vec![]), "a zombie is there");
    }

    /// Ways in which a system can tell newborns apart.
    const WAYS: [(bool, bool); 3] = [(true, true), (true, false), (false, false)];

    #[test]
    fn reuse_is_noticed_even_within_the_tick_of_birth() {
        for (tells, scans_tell) in WAYS {
            for clocks in [false, true] {
                let fake = Fake::new();
                let child = fake.with(|machine| {
                    machine.tells_unique = tells;
                    machine.scans_tell_unique = scans_tell;
                    machine.scans_tell_clocks = clocks;
                    machine.spawn_child()
                });
                let mut table = table(&fake);
                table.refresh(Fields::TOP).expect("reads");
                let before = row(&table, child).identity.expect("told");
                fake.with(|machine| machine.reuse(child));
                table.refresh(Fields::TOP).expect("reads");
                assert_eq!((started(&table), gone(&table)), (vec![1000], vec![1000]));
                assert_eq!(row(&table, child).name, Ok("stranger".as_ref()));
                assert!(percent(&table, child).is_none());
                assert_eq!(table.gone()[0].unique, before.unique);
                table.refresh(Fields::TOP).expect("reads");
                assert_eq!((started(&table), gone(&table)), (vec![], vec![]));
            }
        }
    }

    #[test]
    fn a_newborn_stays_the_same_when_it_has_settled() {
        for (tells, scans_tell) in WAYS {
            let fake = Fake::new();
            let child = fake.with(|machine| {
                machine.tells_unique = tells;
                machine.scans_tell_unique = scans_tell;
                machine.spawn_child()
            });
            let mut table = table(&fake);
            table.refresh(Fields::TOP).expect("reads");
            fake.with(|machine| machine.advance(SECOND));
            table.refresh(Fields::TOP).expect("reads");
            assert_eq!((started(&table), gone(&table)), (vec![], vec![]));
            assert!(row(&table, child).identity.expect("told").settled);
        }
    }

    #[test]
    fn at_every_moment_of_a_reuse_a_row_is_of_one_process_alone() {
        for (tells, scans_tell) in WAYS {
            for clocks in [false, true] {
                let set_up = move || {
                    let fake = Fake::new();
                    let child = fake.with(|machine| {
                        machine.tells_unique = tells;
                        machine.scans_tell_unique = scans_tell;
                        machine.scans_tell_clocks = clocks;
                        let child = machine.spawn_child();
                        machine.process_mut(child).expect("lives").times.user = SECOND;
                        child
                    });
                    let mut table = table(&fake);
                    table.refresh(Fields::TOP | Fields::CMDLINE).expect("reads");
                    (fake, (table, child))
                };
                let child = set_up().1.1;
                at_every_moment(
                    set_up,
                    move |machine| _ = machine.reuse(child),
                    |fake, (mut table, child), moment| {
                        table.refresh(Fields::TOP | Fields::CMDLINE).expect("reads");
                        let first = (started(&table), gone(&table));
                        fake.leave_alone();
                        table.refresh(Fields::TOP | Fields::CMDLINE).expect("reads");
                        let second = (started(&table), gone(&table));
                        let told =
                            usize::from(!first.1.is_empty()) + usize::from(!second.1.is_empty());
                        let reused = fake.with(|machine| stranger_has(machine, child));
                        assert_eq!(told, usize::from(reused), "{moment}: {first:?} {second:?}");
                        let row = row(&table, child);
                        let arguments = row.cmdline.expect("has some").to_vec();
                        let is_stranger = row.name == Ok("stranger".as_ref());
                        assert_eq!(is_stranger, reused, "moment {moment}");
                        assert_eq!(arguments == ["/bin/stranger"], reused, "moment {moment}");
                    },
                );
            }
        }
    }

    #[test]
    fn the_share_of_a_cpu_needs_two_refreshes_and_is_of_the_time_between() {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        let mut table = table(&fake);
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(percent(&table, child), None);
        let spend = |busy: Duration, elapsed| {
            fake.with(|machine| {
                machine.process_mut(child).expect("lives").times.user += busy;
                machine.advance(elapsed);
            });
        };
        spend(SECOND, 2 * SECOND);
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(percent(&table, child), Some(50.0));
        spend(8 * SECOND, 2 * SECOND);
        fake.with(|machine| machine.set_wall_clock(std::time::SystemTime::UNIX_EPOCH));
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(percent(&table, child), Some(400.0));
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(percent(&table, child), None, "no time has passed");
        spend(SECOND, SECOND);
        table.refresh(Fields::RSS).expect("reads");
        assert_eq!(percent(&table, child), None, "it was not asked for");
    }

    #[test]
    fn a_process_that_has_not_run_is_not_read_again_but_for_what_others_change() {
        let fake = Fake::new();
        fake.with(|machine| machine.scans_tell_clocks = true);
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| {
            machine.process_mut(child).expect("lives").times.user = SECOND;
            machine.advance(SECOND);
        });
        let mut table = table(&fake);
        let fields = Fields::TOP | Fields::UIDS;
        table.refresh(fields).expect("reads");
        let change = |run: bool| {
            fake.with(|machine| {
                machine.advance(SECOND);
                let process = machine.process_mut(child).expect("lives");
                process.comm.push("x");
                process.memory.rss += 1;
                if run {
                    process.times.user += SECOND / 2;
                }
            });
        };
        let seen = |table: &Table<Fake>| {
            let row = row(table, child);
            (row.name.expect("has one").to_owned(), row.rss.expect("has some"))
        };
        let (name, rss) = seen(&table);
        change(false);
        table.refresh(fields).expect("reads");
        assert_eq!(seen(&table), (name.clone(), rss + 1), "kept, and read");
        assert_eq!(percent(&table, child), Some(0.0));
        change(true);
        table.refresh(fields).expect("reads");
        let longer = |times| [name.clone(), "x".repeat(times).into()].concat_all();
        assert_eq!(seen(&table), (longer(2), rss + 2));
        assert_eq!(percent(&table, child), Some(50.0));
        change(false);
        table.set_exact(true);
        table.refresh(fields).expect("reads");
        assert_eq!(seen(&table), (longer(3), rss + 3));
    }

    #[test]
    fn a_process_last_seen_running_is_always_read_again() {
        let fake = Fake::new();
        fake.with(|machine| machine.scans_tell_clocks = true);
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| {
            let process = machine.process_mut(child).expect("lives");
            process.times.user = SECOND;
            process.status = ps_core::Status::Running;
            machine.advance(SECOND);
        });
        let mut table = table(&fake);
        table.refresh(Fields::TOP).expect("reads");
        fake.with(|machine| machine.process_mut(child).expect("lives").comm = "new".into());
        table.refresh(Fields::TOP).expect("reads");
        assert_eq!(row(&table, child).name, Ok("new".as_ref()));
    }

    #[test]
    fn what_others_change_is_never_kept() {
        let fake = Fake::new();
        fake.with(|machine| machine.scans_tell_clocks = true);
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| {
            machine.process_mut(child).expect("lives").times.user = SECOND;
            machine.advance(SECOND);
        });
        let fields = Fields::SCANNABLE - Fields::CHANGED_BY_RUNNING;
        let mut table = table(&fake);
        table.refresh(fields | Fields::TOP).expect("reads");
        fake.with(|machine| {
            let process = machine.process_mut(child).expect("lives");
            process.nice = 7;
            process.ppid = Pid::new(1);
            process.pgid = Pid::new(9);
            process.sid = Pid::new(8);
            process.terminal = None;
            process.cpu_num = Some(1);
            process.cmdline = b"other\0".to_vec();
            process.memory.rss = 5;
        });
        table.refresh(fields | Fields::TOP).expect("reads");
        let row = row(&table, child);
        assert_eq!((row.nice, row.ppid, row.pgid), (Ok(7), Ok(Pid::new(1)), Ok(Pid::new(9))));
        assert_eq!((row.sid, row.cpu_num, row.rss), (Ok(Pid::new(8)), Ok(Some(1)), Ok(5)));
        assert_eq!(row.cmdline.expect("has some").to_vec(), ["other"]);
    }

    #[test]
    fn a_failed_refresh_leaves_everything_as_it_was() {
        let fake = Fake::new();
        let mut table = table(&fake);
        table.refresh(Fields::TOP).expect("reads");
        fake.with(|machine| {
            machine.spawn_child();
            machine.refuse_system("scan", Refusal::Failed);
        });
        table.refresh(Fields::TOP).expect_err("fails");
        assert_eq!((pids(&table), started(&table), gone(&table)), (vec![1, 100], vec![], vec![]));
    }

    #[test]
    fn a_process_of_which_nothing_is_told_is_listed_and_not_taken_for_reused() {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| {
            machine.process_mut(child).expect("lives").start = None;
            machine.refuse(Pid::new(1).expect("in range"), "identity", Refusal::Denied);
        });
        let mut table = table(&fake);
        for _ in 0..3 {
            table.refresh(Fields::TOP).expect("reads");
            assert_eq!(pids(&table), [1, 100, 1000]);
            assert_eq!((started(&table), gone(&table)), (vec![], vec![]));
        }
    }

    #[test]
    fn a_table_of_5000_processes_takes_less_than_2_mib() {
        let mut first = Columns::default();
        let mut second = Columns::default();
        for _ in 0..3 {
            std::mem::swap(&mut first, &mut second);
            first.begin(Fields::TOP, &second);
            for pid in 1..=5000 {
                let pid = Pid::new(pid).expect("in range");
                let mut row = Row::new(pid);
                row.name = Ok("a-name-of-15-by".as_ref());
                row.status = Ok(ps_core::Status::Sleeping);
                row.cpu_times = Ok(Default::default());
                row.rss = Ok(1 << 20);
                let identity = Identity::new(pid, Some(ps_core::process::StartTime::new(5)));
                first.push(&row, Ok(identity), Extra { at: 0, clock: None, percent: None });
            }
            first.fit();
            let heap = first.heap() + second.heap();
            assert!(heap < 2 << 20, "{heap}");
        }
    }

    trait ConcatAll {
        fn concat_all(self) -> std::ffi::OsString;
    }

    impl ConcatAll for [std::ffi::OsString; 2] {
        fn concat_all(self) -> std::ffi::OsString {
            self.into_iter().collect()
        }
    }
}
