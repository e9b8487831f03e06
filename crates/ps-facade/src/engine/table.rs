//! All processes, looked at again and again.

use std::time::Instant;

use ps_core::process::{Identity, ProcessBackend};
use ps_core::{Context, Error, Fields, HostBackend, Pid, Result, WaitBackend};

use super::columns::Columns;
use super::pass::{Look, Part, Share};

/// Starting a thread costs about as much as looking at so many processes.
const WORTH_A_THREAD: usize = 64;

/// All processes as they were at the last refresh, and who came and went since the one before.
#[derive(Debug)]
pub(crate) struct Table<B: ProcessBackend> {
    backend: B,
    /// Nothing is left unread.
    exact: bool,
    began: Instant,
    before: Columns,
    /// What is found out by the calling thread, and in the end everything.
    first: Share<B::Scanner>,
    /// What is found out by other threads, if the caller asks for them.
    others: Vec<Share<B::Scanner>>,
    /// Whom they share.
    pids: Vec<Pid>,
    refreshed: bool,
}

impl<B: ProcessBackend + WaitBackend + HostBackend + Sync> Table<B> {
    pub(crate) fn new(backend: B) -> Result<Table<B>> {
        Ok(Table {
            first: Share::new(backend.scanner()?),
            began: backend.now(),
            backend,
            exact: false,
            before: Columns::default(),
            others: Vec::new(),
            pids: Vec::new(),
            refreshed: false,
        })
    }

    pub(crate) fn set_exact(&mut self, exact: bool) {
        self.exact = exact;
    }

    /// Reads these facts of all processes. After a failure everything is as it was before.
    pub(crate) fn refresh(&mut self, fields: Fields) -> Result<()> {
        self.refresh_on(fields, 1)
    }

    /// The same, shared by the calling thread and as many others as make up this number, if there is enough to do.
    pub(crate) fn refresh_on(&mut self, fields: Fields, threads: usize) -> Result<()> {
        let fields = fields | Fields::IDENTITY;
        fields.check_scannable()?;
        std::mem::swap(&mut self.first.now, &mut self.before);
        self.first.begin(fields, self.before.len());
        let done = self.look(fields, threads);
        if done.is_err() {
            std::mem::swap(&mut self.first.now, &mut self.before);
            self.first.came.clear();
            self.first.went.clear();
        } else {
            if !self.refreshed {
                self.first.came.clear();
            }
            self.first.fit();
            self.others.iter_mut().for_each(Share::fit);
            self.refreshed = true;
        }
        done
    }

    fn look(&mut self, fields: Fields, threads: usize) -> Result<()> {
        let stand_ins = fields & Fields::CHANGED_BY_RUNNING;
        let look = Look {
            backend: &self.backend,
            began: self.began,
            fields,
            before: &self.before,
            is_exact: self.exact,
            can_stand_in: !self.exact && self.before.fields().contains(stand_ins),
        };
        self.others.truncate(threads.saturating_sub(1));
        if threads <= 1 || !self.first.list_to_share(&mut self.pids)? {
            return self.first.look(&look, &Part { pids: None, kept: 0..self.before.len() });
        }
        let parts = parts(&self.pids, &self.before, threads);
        while self.others.len() + 1 < parts.len() {
            self.others.push(Share::new(self.backend.scanner()?));
        }
        look_together(&look, &mut self.first, &mut self.others, &parts)
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.first.now
    }

    /// Numbers of those that came since the refresh before, ascending; none after the first.
    pub(crate) fn started(&self) -> &[Pid] {
        &self.first.came
    }

    /// Those that went since the refresh before, by ascending pid.
    pub(crate) fn gone(&self) -> &[Identity] {
        &self.first.went
    }

    /// Where a process stands that has this number.
    pub(crate) fn place_of(&self, pid: Pid) -> Option<usize> {
        self.columns().pids().binary_search(&pid).ok()
    }
}

/// Parts of a list, one for each thread that has enough to do, with those kept that each is compared with.
fn parts<'t>(pids: &'t [Pid], before: &Columns, threads: usize) -> Vec<Part<'t>> {
    let count = threads.min(pids.len() / WORTH_A_THREAD).max(1);
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(count);
    let mut end = before.len();
    // From behind: each ends, among those kept, where the next one begins.
    for pids in pids.chunks(pids.len().div_ceil(count).max(1)).rev() {
        let start = before.pids().partition_point(|one| Some(one) < pids.first());
        parts.push(Part { pids: Some(pids), kept: start..end });
        end = start;
    }
    parts.reverse();
    // What is kept and comes before all that are listed has gone.
    if let Some(first) = parts.first_mut() {
        first.kept.start = 0;
    }
    parts
}

/// Has each part looked at by a share of its own, and takes all together in the end.
fn look_together<B>(
    look: &Look<'_, B>,
    first: &mut Share<B::Scanner>,
    others: &mut [Share<B::Scanner>],
    parts: &[Part<'_>],
) -> Result<()>
where
    B: ProcessBackend + WaitBackend + HostBackend + Sync,
{
    let Some((mine, theirs)) = parts.split_first() else {
        return first.look(look, &Part { pids: Some(&[]), kept: 0..look.before.len() });
    };
    std::thread::scope(|scope| {
        let mut running = Vec::with_capacity(theirs.len());
        let mut done = Ok(());
        for (share, part) in others.iter_mut().zip(theirs) {
            share.begin(look.fields, part.pids.map_or(0, <[Pid]>::len));
            let thread = std::thread::Builder::new();
            match thread.spawn_scoped(scope, || share.look(look, part)) {
                Ok(thread) => running.push(thread),
                Err(source) => done = Err(Error::io(Context::new("start a thread"), source)),
            }
        }
        done = done.and_then(|()| first.look(look, mine));
        for thread in running {
            match thread.join() {
                Ok(theirs) => done = done.and(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })?;
    for share in others.iter_mut().take(theirs.len()) {
        first.append(share);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::columns::Extra;
    use crate::engine::testing::*;
    use ps_core::Row;
    use ps_core::fake::{Fake, Machine, Refusal, at_every_moment};
    use ps_core::process::{ProcessBackend, Ran, Scanner};
    use std::ops::ControlFlow;
    use std::time::Duration;

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
        table.columns().extra(table.place_of(pid).expect("listed")).and_then(Extra::percent)
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

    #[test]
    fn shared_by_several_threads_it_is_what_it_is_on_one() {
        for threads in [1, 2, 3, 7, 1000] {
            for clocks in [false, true] {
                let fake = Fake::new();
                fake.with(|machine| machine.scans_tell_clocks = clocks);
                let mut alone = table(&fake);
                let mut shared = table(&fake);
                let mut children: Vec<Pid> =
                    (0..500).map(|_| fake.with(Machine::spawn_child)).collect();
                fake.with(|machine| machine.advance(SECOND));
                for round in 0..6usize {
                    alone.refresh(Fields::TABLE).expect("reads");
                    shared.refresh_on(Fields::TABLE, threads).expect("reads");
                    assert_eq!(pids(&alone), pids(&shared), "{threads} {round}");
                    assert_eq!(started(&alone), started(&shared), "{threads} {round}");
                    assert_eq!(alone.gone(), shared.gone(), "{threads} {round}");
                    for pid in alone.columns().pids() {
                        let (one, other) = (row(&alone, *pid), row(&shared, *pid));
                        assert_eq!(one.to_record(), other.to_record(), "{threads} {round}");
                        assert_eq!(percent(&alone, *pid), percent(&shared, *pid));
                    }
                    fake.with(|machine| {
                        // Everywhere: at both ends, and where parts meet.
                        for pid in children.iter().skip(round).step_by(3 + round * 40) {
                            machine.vanish(*pid);
                        }
                        children.retain(|pid| machine.process_mut(*pid).is_some());
                        for pid in children.iter().step_by(11) {
                            machine.process_mut(*pid).expect("lives").times.user += SECOND;
                        }
                        let again = children.get(round * 17).copied();
                        again.map(|pid| machine.reuse(pid));
                        machine.advance(SECOND);
                    });
                    children.extend((0..round * 9).map(|_| fake.with(Machine::spawn_child)));
                }
            }
        }
    }

    #[test]
    fn a_thread_that_sees_nobody_takes_nothing_from_the_others() {
        let fake = Fake::new();
        let children: Vec<Pid> = (0..500).map(|_| fake.with(Machine::spawn_child)).collect();
        let origin = fake.with(|machine| {
            for pid in &children[200..] {
                machine.refuse(*pid, "identity", Refusal::Denied);
            }
            machine.origin()
        });
        let mut table = table(&fake);
        table.refresh_on(Fields::TOP, 4).expect("reads");
        for pid in &children[..200] {
            assert_eq!(row(&table, *pid).identity.expect("seen").origin, origin);
        }
        assert_eq!(row(&table, children[499]).identity, Err(ps_core::Missing::Denied));
    }

    #[test]
    fn all_threads_failing_or_some_leave_everything_as_it_was() {
        let fake = Fake::new();
        let children: Vec<Pid> = (0..300).map(|_| fake.with(Machine::spawn_child)).collect();
        let mut table = table(&fake);
        table.refresh_on(Fields::TOP, 4).expect("reads");
        fake.with(|machine| {
            machine.vanish(children[7]);
            machine.refuse_system("scan", Refusal::Failed);
        });
        table.refresh_on(Fields::TOP, 4).expect_err("fails");
        assert_eq!(table.columns().len(), 302);
        table.refresh_on(Fields::ALL, 4).expect_err("not all can be scanned");
        assert_eq!((table.columns().len(), table.gone().len()), (302, 0));
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
            first.begin(Fields::TOP, second.len());
            for pid in 1..=5000 {
                let pid = Pid::new(pid).expect("in range");
                let mut row = Row::new(pid);
                row.name = Ok("a-name-of-15-by".as_ref());
                row.status = Ok(ps_core::Status::Sleeping);
                row.cpu_times = Ok(Default::default());
                row.rss = Ok(1 << 20);
                let identity = Identity::new(pid, Some(ps_core::process::StartTime::new(5)));
                first.push(&row, Ok(identity), Extra::new(0, Ran::default()));
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
