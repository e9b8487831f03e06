//! Reading all simulated processes in one pass.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroU64;
use std::ops::ControlFlow;

use super::view::{Record, full_name, num_fds, num_threads};
use super::{Fake, Machine, Process, open_process, refuse};
use crate::process::{Arguments, Fact, Fields, Missing, Pid, Ran, Row, Scanner, number_as_name};
use crate::{Error, Result};

/// Reads all processes in one pass, one after the other.
#[derive(Debug)]
pub struct FakeScanner {
    fake: Fake,
}

/// One process as it was read, which a row borrows from.
struct Read {
    process: Process,
    username: OsString,
}

impl FakeScanner {
    pub(super) fn new(fake: Fake) -> FakeScanner {
        FakeScanner { fake }
    }

    /// Reads a process record by record; `None` if it ended meanwhile.
    fn read(&self, pid: Pid, fields: Fields) -> Option<Read> {
        let unique = self.fake.open("open", pid).ok()?;
        let mut read: Option<Read> = None;
        for (record, needed) in RECORDS {
            let always = *record == Record::Stat;
            if !always && !fields.intersects(*needed) {
                continue;
            }
            let process = self.fake.call(record.call(), Some(pid), |machine| {
                let process = open_process(machine, unique, pid, record.call()).ok()?;
                let uid = process.uids.real;
                let name = machine.system.accounts.get(&uid).cloned();
                Some((process.clone(), name.unwrap_or_else(|| number_as_name(uid))))
            });
            let (process, username) = process?;
            read = Some(Read { process, username });
        }
        read
    }
}

/// Which records a scan reads, and for which fields.
const RECORDS: &[(Record, Fields)] = &[
    (Record::Stat, Fields::IDENTITY),
    (
        Record::Status,
        Fields::UIDS
            .union(Fields::GIDS)
            .union(Fields::EFFECTIVE_UID)
            .union(Fields::USERNAME)
            .union(Fields::CONTEXT_SWITCHES),
    ),
    (Record::Memory, Fields::RSS.union(Fields::VMS).union(Fields::MEMORY_INFO)),
    (Record::Cmdline, Fields::CMDLINE),
    (Record::Exe, Fields::EXE),
    (Record::Cwd, Fields::CWD),
    (Record::Root, Fields::ROOT),
    (Record::Io, Fields::IO_COUNTERS),
    (Record::Files, Fields::NUM_FDS),
];

impl Scanner for FakeScanner {
    fn scan(
        &mut self,
        fields: Fields,
        visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.scan_changed(fields, None, &mut |row, _| visit(row))
    }

    fn scan_changed(
        &mut self,
        fields: Fields,
        last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        fields.check_scannable()?;
        let mut pids = Vec::new();
        self.list_to_share(&mut pids)?;
        self.scan_part(&pids, fields, last, visit)
    }

    fn list_to_share(&mut self, pids: &mut Vec<Pid>) -> Result<bool> {
        *pids = self.fake.ask("scan", |machine| Ok(machine.visible_pids()))?;
        Ok(true)
    }

    fn scan_part(
        &mut self,
        part: &[Pid],
        fields: Fields,
        mut last: Option<&mut dyn FnMut(Pid) -> Option<Ran>>,
        visit: &mut dyn FnMut(&Row<'_>, Ran) -> ControlFlow<()>,
    ) -> Result<()> {
        fields.check_scannable()?;
        let tick = self.fake.call("clock", None, |machine| machine.tick());
        for pid in part.iter().copied() {
            let (mut clock, mut unchanged) = (None, false);
            if let Some(last) = &mut last {
                clock = self.clock(pid);
                unchanged = clock.is_some() && clock == last(pid).and_then(|ran| ran.clock);
            }
            let wanted = if unchanged { fields - Fields::CHANGED_BY_RUNNING } else { fields };
            let Some(read) = self.read(pid, wanted) else { continue };
            let row = self.fake.with(|machine| row(&read, wanted, tick, machine));
            let at_rest = read.process.shown_status() != crate::Status::Running;
            let ran = Ran { clock: clock.filter(|_| at_rest), unchanged, without_memory: false };
            if visit(&row, ran).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl FakeScanner {
    /// How long a process has run, if this machine can tell.
    fn clock(&self, pid: Pid) -> Option<NonZeroU64> {
        if !self.fake.with(|machine| machine.scans_tell_clocks) {
            return None;
        }
        let run = self.fake.call("cpu_clock", Some(pid), |machine| {
            machine.find(pid).map(|process| process.times.total().as_nanos())
        });
        NonZeroU64::new(u64::try_from(run?).unwrap_or(u64::MAX))
    }
}

fn row<'r>(read: &'r Read, fields: Fields, tick: u64, machine: &Machine) -> Row<'r> {
    let process = &read.process;
    let mut row = Row::new(process.pid);
    macro_rules! fill {
        ($($flag:ident $field:ident, $name:literal in $record:ident = $value:expr;)+) => { $(
            if fields.contains(Fields::$flag) {
                row.$field = fact(process, Record::$record, $name, || $value);
            }
        )+ };
    }
    let none = || Missing::Unsupported;
    fill! {
        IDENTITY identity, "identity" in Stat = {
            let mut seen = process.sighting(process.pid, tick, machine.origin());
            seen.unique = Some(process.unique).filter(|_| machine.scans_tell_unique);
            Ok(seen)
        };
        PPID ppid, "ppid" in Stat = Ok(process.ppid);
        NAME name, "comm" in Stat = Ok(full_name(process));
        COMM comm, "comm" in Stat = Ok(process.comm.as_os_str());
        STATUS status, "status" in Stat = Ok(process.shown_status());
        CREATE_TIME create_time, "create_time" in Stat =
            process.start.map(|start| machine.on_wall_clock(start)).ok_or_else(none);
        UIDS uids, "uids" in Status = Ok(process.uids);
        GIDS gids, "gids" in Status = Ok(process.gids);
        EFFECTIVE_UID effective_uid, "uids" in Status = Ok(process.uids.effective);
        USERNAME username, "uids" in Status = Ok::<&OsStr, Missing>(&read.username);
        CPU_TIMES cpu_times, "cpu_times" in Stat = Ok(process.times);
        RSS rss, "memory_info" in Memory = Ok(process.memory.rss);
        VMS vms, "memory_info" in Memory = Ok(process.memory.vms);
        MEMORY_INFO memory_info, "memory_info" in Memory = Ok(process.memory);
        NUM_THREADS num_threads, "num_threads" in Stat = Ok(num_threads(process));
        TERMINAL terminal, "terminal" in Stat =
            Ok(process.terminal.as_ref().and_then(|(_, path)| path.as_deref()));
        NICE nice, "nice" in Stat = Ok(process.nice);
        CMDLINE cmdline, "cmdline" in Cmdline = Ok(Arguments::nul_separated(&process.cmdline));
        EXE exe, "exe" in Exe = Ok(process.exe.as_deref());
        CWD cwd, "cwd" in Cwd = Ok(process.cwd.as_deref());
        ROOT root, "root" in Root = Ok(process.root.as_deref());
        PGID pgid, "pgid" in Stat = Ok(process.pgid);
        SID sid, "sid" in Stat = Ok(process.sid);
        CPU_NUM cpu_num, "cpu_num" in Stat = Ok(process.cpu_num);
        PAGE_FAULTS page_faults, "page_faults" in Stat = Ok(process.faults);
        IO_COUNTERS io_counters, "io_counters" in Io = Ok(process.io);
        CONTEXT_SWITCHES context_switches, "context_switches" in Status = Ok(process.switches);
        NUM_FDS num_fds, "num_fds" in Files = Ok(num_fds(process));
    }
    row
}

/// A fact as the view of the same process would give it.
fn fact<T>(
    process: &Process,
    record: Record,
    name: &'static str,
    get: impl FnOnce() -> Fact<T>,
) -> Fact<T> {
    if process.is_zombie() && record.ends_with_process() {
        return Err(Missing::Zombie);
    }
    refuse(process, name, process.pid).map_err(|error: Error| Missing::from_error(&error))?;
    get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Refusal, at_every_moment};
    use crate::process::{ProcessBackend, ProcessView, Record as Kept};

    fn scan(fake: &Fake, fields: Fields) -> Vec<Kept> {
        let mut kept = Vec::new();
        fake.scanner()
            .expect("scans")
            .scan(fields, &mut |row| {
                kept.push(row.to_record());
                ControlFlow::Continue(())
            })
            .expect("scans");
        kept
    }

    #[test]
    fn a_row_says_what_the_view_says() {
        let fake = Fake::new();
        let caller = fake.current().expect("answers");
        let rows = scan(&fake, Fields::SCANNABLE);
        let row = rows.into_iter().find(|row| row.pid == caller).expect("listed");
        let view = fake.view_of(caller);
        let record = view.record(Fields::SCANNABLE, &mut |_| Ok("user".into())).expect("reads");
        assert_eq!(row, record);
    }

    #[test]
    fn only_what_is_asked_for_is_read() {
        let fake = Fake::new();
        let rows = scan(&fake, Fields::NAME);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].name, Ok("init".into()));
        assert_eq!(rows[0].exe, Err(Missing::NotAsked));
        assert!(fake.calls().iter().all(|call| call.operation != "exe"));
    }

    #[test]
    fn zombies_and_refusals_are_said_per_fact() {
        let fake = Fake::new();
        let (zombie, refused) = fake.with(|machine| {
            let zombie = machine.spawn_child();
            machine.exit(zombie, 0);
            let refused = machine.spawn_child();
            machine.refuse(refused, "cwd", Refusal::Denied);
            (zombie, refused)
        });
        let rows = scan(&fake, Fields::STATUS | Fields::CWD);
        let of = |pid| rows.iter().find(|row| row.pid == pid).expect("listed");
        assert_eq!(of(zombie).status, Ok(crate::Status::Zombie));
        assert_eq!(of(zombie).cwd, Err(Missing::Zombie));
        assert_eq!(of(refused).cwd, Err(Missing::Denied));
    }

    #[test]
    fn a_process_that_ends_while_it_is_read_is_left_out() {
        let set_up = || {
            let fake = Fake::new();
            let child = fake.with(|machine| {
                machine.force_pid(4000);
                machine.spawn_child()
            });
            (fake, child)
        };
        let child = set_up().1;
        let mut left_out = 0;
        at_every_moment(
            set_up,
            move |machine| _ = machine.vanish(child),
            |fake, child, _| {
                let rows = scan(fake, Fields::SCANNABLE);
                let row = rows.iter().find(|row| row.pid == child);
                left_out += usize::from(row.is_none());
                assert!(row.is_none_or(|row| row.missing().is_empty()));
            },
        );
        assert!(left_out > 10, "{left_out}");
    }

    #[test]
    fn a_scan_can_be_broken_off() {
        let fake = Fake::new();
        let mut seen = 0;
        let mut scanner = fake.scanner().expect("scans");
        let broken = scanner.scan(Fields::NONE, &mut |_| {
            seen += 1;
            ControlFlow::Break(())
        });
        assert!(broken.is_ok() && seen == 1);
    }
}
