//! A kernel that is made up, and what must hold of views, scans, acting and waiting on any.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    BootId, Exit, Fields, Handle, Limit, Missing, Pid, ProcessView as _, Resource, Sameness,
    Scanner as _, Signal, SignalNumbers, Status, Thread,
};
use ps_core::{Error, Result};

use super::accounts::Accounts;
use super::backend::{Asked, Kernel};
use super::host::Terminals;
use super::process::{self as shared, Pin, View};
use super::scan::Scan;
use crate::decode::clock::Moment;
use crate::decode::process::{OpenDescriptor, Process, Text};
use crate::errno::Failed;

/// What happens while a question about a process is being answered.
type Meanwhile = fn(&mut World);

#[derive(Default)]
struct World {
    processes: Vec<Process>,
    /// What was answered: an answer is a list of places in here.
    answered: Vec<Process>,
    /// Boot times, one for each time it is asked; the last one stays.
    boots: Vec<i64>,
    /// Answers to questions for arguments, by pid; a number is a failure.
    arguments: HashMap<u32, std::result::Result<&'static [u8], i32>>,
    meanwhile: Option<Meanwhile>,
    child: Option<i32>,
    questions: usize,
}

#[derive(Clone, Default)]
struct Fake {
    world: Arc<Mutex<World>>,
    kept: Arc<(Accounts, Terminals)>,
}

const NUMBERS: SignalNumbers =
    SignalNumbers { named: &[(Signal::Term, 15)], real_time: (1, 0), last: 31 };

impl Fake {
    fn with(processes: &[Process]) -> Self {
        let fake = Fake::default();
        fake.change(|world| world.processes = processes.to_vec());
        fake.change(|world| world.boots = vec![1000]);
        fake
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().expect("no test panics while it holds this"))
    }

    fn handle(&self, pid: u32) -> Handle<Pin> {
        Handle::new(self.look(number(pid), &mut Vec::new()).expect("is there").1)
    }

    fn answer(world: &mut World, found: &[Process], answer: &mut Vec<u8>) {
        world.questions += 1;
        answer.clear();
        for process in found {
            answer.extend(u32::try_from(world.answered.len()).expect("few").to_ne_bytes());
            world.answered.push(*process);
        }
    }
}

impl Kernel for Fake {
    const NAME_LIMIT: usize = 8;
    const START_MOVES: bool = true;
    const START_SLACK: u64 = 1;
    const SIGNALS: &'static SignalNumbers = &NUMBERS;

    fn read_processes(&self, answer: &mut Vec<u8>) -> io::Result<()> {
        self.change(|world| {
            let all = world.processes.clone();
            Self::answer(world, &all, answer);
        });
        Ok(())
    }

    fn read_process(&self, pid: Pid, answer: &mut Vec<u8>) -> io::Result<()> {
        self.change(|world| {
            // As on FreeBSD: the number of a thread, here 100 more, finds the process.
            let is = |one: &&Process| one.pid == pid || one.pid.get() + 100 == pid.get();
            let found = world.processes.iter().find(is).copied();
            Self::answer(world, found.as_slice(), answer);
        });
        Ok(())
    }

    fn processes(&self, answer: &[u8]) -> impl Iterator<Item = Result<Process>> {
        let places = answer.chunks_exact(4).map(|place| {
            usize::try_from(u32::from_ne_bytes(place.try_into().expect("four"))).expect("small")
        });
        let found: Vec<Process> =
            self.change(|world| places.map(|at| world.answered[at]).collect());
        found.into_iter().map(Ok)
    }

    fn boot_moment(&self) -> io::Result<Moment> {
        self.change(|world| {
            let now = world.boots[0];
            if world.boots.len() > 1 {
                world.boots.remove(0);
            }
            Ok(Moment::from_micros(now, 0))
        })
    }

    fn boot_id(&self) -> Option<BootId> {
        None
    }

    fn arguments(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.change(|world| {
            world.questions += 1;
            if let Some(happens) = world.meanwhile.take() {
                happens(world);
            }
            match world.arguments.get(&pid.get()) {
                Some(Ok(bytes)) => {
                    block.extend_from_slice(bytes);
                    Ok(())
                }
                Some(Err(errno)) => {
                    let source = io::Error::from_raw_os_error(*errno);
                    Err(Failed::Arguments { operation: "arguments", source })
                }
                None => Ok(()),
            }
        })
    }

    fn environment(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.arguments(pid, block)
    }

    fn exe(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        self.arguments(pid, path)
    }

    fn cwd(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        self.arguments(pid, path)
    }

    fn set_limit(&self, pid: Pid, _: Resource, limit: Limit) -> Asked<Limit> {
        self.arguments(pid, &mut Vec::new()).map(|()| limit)
    }

    fn threads(&self, _: Pid) -> Asked<Vec<Thread>> {
        Ok(Vec::new())
    }

    fn descriptors(&self, _: Pid) -> Asked<Vec<OpenDescriptor>> {
        Ok(Vec::new())
    }

    fn descriptor_count(&self, _: Pid) -> Asked<u32> {
        Ok(0)
    }

    fn descriptor_counts(&self, _: &mut Vec<u8>, counts: &mut HashMap<Pid, u32>) -> Asked<()> {
        self.change(|world| {
            world.questions += 1;
            if let Some(happens) = world.meanwhile.take() {
                happens(world);
            }
        });
        counts.insert(number(7), 3);
        Ok(())
    }

    fn connections_of(&self, _: Pid, _: &ConnectionQuery) -> Asked<Vec<Connection>> {
        Ok(Vec::new())
    }

    fn peek_child(&self, _: Pid) -> io::Result<Option<ExitStatus>> {
        use std::os::unix::process::ExitStatusExt;
        let child = self.change(|world| world.child);
        child
            .map(|raw| Some(ExitStatus::from_raw(raw)))
            .ok_or_else(|| io::Error::from_raw_os_error(libc::ECHILD))
    }

    fn accounts(&self) -> &Accounts {
        &self.kept.0
    }

    fn terminals(&self) -> &Terminals {
        &self.kept.1
    }
}

fn number(pid: u32) -> Pid {
    Pid::new(pid).expect("in range")
}

/// A process that started some seconds after a boot at 1000.
fn process(pid: u32, after_boot: i64) -> Process {
    let mut process = Process::new(number(pid));
    process.started = Some(Moment::from_micros(1000 + after_boot, 0));
    process.comm = Text::new(b"sh");
    process.status = Status::Sleeping;
    process
}

fn zombie(pid: u32, after_boot: i64) -> Process {
    let mut process = process(pid, after_boot);
    (process.status, process.ended, process.ppid) = (Status::Zombie, true, Some(number(1)));
    process
}

fn is_reuse(error: &Error) -> bool {
    matches!(error, Error::NoSuchProcess { reused: true, .. })
}

#[test]
fn a_view_never_shows_whoever_has_the_number_now() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    fake.change(|world| world.processes = vec![process(7, 60)]);
    let view = View::of_handle(fake.clone(), &handle);
    assert!(is_reuse(&view.comm().expect_err("another")));
    assert!(is_reuse(&view.cmdline().expect_err("another")));
    fake.change(|world| world.processes.clear());
    let gone = View::of_handle(fake, &handle).comm().expect_err("gone");
    assert!(gone.is_gone() && !is_reuse(&gone) && gone.pid() == Some(number(7)));
}

#[test]
fn an_answer_given_by_a_successor_is_not_passed_on() {
    let fake = Fake::with(&[process(7, 50)]);
    fake.change(|world| {
        world.arguments.insert(7, Ok(b"stranger\0"));
        world.meanwhile = Some(|world| world.processes = vec![process(7, 51)]);
    });
    let view = View::of_pid(fake, number(7));
    assert!(view.comm().is_ok(), "whoever has it now");
    assert!(is_reuse(&view.cmdline().expect_err("it went meanwhile")));
}

#[test]
fn setting_the_clock_makes_nobody_another_process() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    fake.change(|world| {
        world.boots = vec![4600];
        world.processes = vec![process(7, 50 + 3600)];
    });
    assert!(View::of_handle(fake.clone(), &handle).comm().is_ok());
    let now = fake.handle(7).identity;
    assert_eq!(handle.identity.compare(&now), Sameness::Same);
}

#[test]
fn a_start_that_is_cut_in_another_place_makes_nobody_another_process() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    let start = |micros| {
        fake.change(|world| world.processes[0].started = Some(Moment::from_micros(1050, micros)));
    };
    start(1);
    let view = View::of_handle(fake.clone(), &handle);
    assert_eq!(view.identity().expect("the same"), handle.identity);
    assert!(view.cmdline().is_ok() && shared::pin(&fake, &handle.identity).is_ok());
    start(2);
    assert!(is_reuse(&View::of_handle(fake.clone(), &handle).comm().expect_err("another")));
}

#[test]
fn a_clock_that_is_set_all_the_time_leaves_the_start_unknown_and_nobody_reused() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    fake.change(|world| world.boots = (1..40).collect());
    let now = fake.handle(7).identity;
    assert_eq!((now.start, now.settled), (None, false));
    assert_eq!(handle.identity.compare(&now), Sameness::Unknown);
    assert!(View::of_handle(fake, &handle).comm().is_ok());
}

#[test]
fn the_record_of_a_zombie_is_there_and_what_ended_with_it_is_not() {
    let fake = Fake::with(&[zombie(7, 50)]);
    let view = View::of_handle(fake.clone(), &fake.handle(7));
    assert_eq!(view.status().expect("in the record"), Status::Zombie);
    assert!(view.create_time().is_ok());
    let error = view.environ().expect_err("ended");
    assert!(matches!(error, Error::ZombieProcess { ppid: Some(_), .. }), "{error}");
    assert!(matches!(view.num_fds(), Err(Error::ZombieProcess { .. })));
}

const COUNTED: [Fields; 4] =
    [Fields::CPU_TIMES, Fields::PAGE_FAULTS, Fields::IO_COUNTERS, Fields::CONTEXT_SWITCHES];
const MEMORY: [Fields; 3] = [Fields::RSS, Fields::VMS, Fields::MEMORY_INFO];

#[test]
fn figures_that_the_kernel_does_not_keep_are_not_told_as_zero() {
    let mut ended = zombie(7, 50);
    let mut busy = process(8, 60);
    (ended.counted, busy.counted) = (false, false);
    let fake = Fake::with(&[process(1, 1), zombie(6, 40), ended, busy]);
    let all = COUNTED.into_iter().chain(MEMORY).fold(Fields::NONE, |all, one| all | one);
    let rows = scan(&fake, all);
    for (row, counted, memory) in [
        (&rows[0], None, None),
        (&rows[1], None, None),
        (&rows[2], Some(Missing::Zombie), None),
        (&rows[3], Some(Missing::Failed), Some(Missing::Failed)),
    ] {
        let used = [
            row.cpu_times.err(),
            row.page_faults.err(),
            row.io_counters.err(),
            row.context_switches.err(),
        ];
        assert_eq!(used, [counted; 4], "{}", row.pid);
        let held = [row.rss.err(), row.vms.err(), row.memory_info.err()];
        assert_eq!(held, [memory; 3], "{}", row.pid);
        // A view says the same.
        let view = View::of_pid(fake.clone(), row.pid);
        let failed = [
            view.cpu_times().err(),
            view.page_faults().err(),
            view.io_counters().err(),
            view.context_switches().err(),
        ];
        for error in failed {
            assert_eq!(error.as_ref().map(Missing::from_error), counted, "{error:?}");
        }
        let error = view.memory_info().err();
        assert_eq!(error.as_ref().map(Missing::from_error), memory, "{error:?}");
    }
    let error = View::of_pid(fake, number(7)).cpu_times().expect_err("ended");
    assert!(matches!(error, Error::ZombieProcess { ppid: Some(_), .. }), "{error}");
}

#[test]
fn a_process_that_ends_while_it_is_asked_is_a_zombie_whatever_came_back() {
    let fake = Fake::with(&[process(7, 50)]);
    fake.change(|world| world.meanwhile = Some(|world| world.processes = vec![zombie(7, 50)]));
    let view = View::of_pid(fake, number(7));
    assert!(matches!(view.cmdline(), Err(Error::ZombieProcess { .. })), "not an empty list");
}

#[test]
fn each_record_is_read_once_by_a_view() {
    let fake = Fake::with(&[process(7, 50)]);
    let view = View::of_pid(fake.clone(), number(7));
    for _ in 0..3 {
        let _ = (view.comm(), view.status(), view.uids(), view.memory_info(), view.nice());
    }
    assert_eq!(fake.change(|world| world.questions), 1);
}

#[test]
fn the_number_of_a_thread_is_no_process() {
    let fake = Fake::with(&[process(7, 50)]);
    assert!(shared::pid_exists(&fake, number(7)).expect("can be asked"));
    assert!(!shared::pid_exists(&fake, number(107)).expect("can be asked"));
    assert!(View::of_pid(fake, number(107)).comm().expect_err("none").is_gone());
}

#[test]
fn parts_of_the_kernel_have_no_arguments_and_are_not_asked_for_them() {
    let mut kernel = process(0, 0);
    kernel.kernel = true;
    let fake = Fake::with(&[kernel]);
    fake.change(|world| world.arguments.insert(0, Err(libc::EINVAL)));
    let view = View::of_pid(fake, Pid::ZERO);
    assert_eq!(view.cmdline().expect("none"), Vec::<std::ffi::OsString>::new());
    assert_eq!((view.exe().expect("none"), view.num_fds().expect("none")), (None, 0));
}

fn scan(fake: &Fake, fields: Fields) -> Vec<ps_core::process::Record> {
    let mut rows = Vec::new();
    let mut scanner = Scan::new(fake.clone());
    scanner
        .scan(fields, &mut |row| {
            rows.push(row.to_record());
            ControlFlow::Continue(())
        })
        .expect("scans");
    rows
}

#[test]
fn a_scan_is_one_question_and_comes_by_ascending_pid() {
    let fake = Fake::with(&[process(9, 5), process(1, 1), zombie(7, 3), process(9, 5)]);
    let rows = scan(&fake, Fields::TOP);
    assert_eq!(rows.iter().map(|row| row.pid.get()).collect::<Vec<_>>(), [1, 7, 9]);
    assert_eq!(fake.change(|world| world.questions), 1);
    let seen = rows[0].identity.expect("asked for");
    assert_eq!(seen.compare(&fake.handle(1).identity), Sameness::Same);
}

#[test]
fn descriptors_of_all_processes_are_counted_in_one_question() {
    let mut kernel = process(0, 0);
    kernel.kernel = true;
    let fake = Fake::with(&[kernel, process(7, 3), zombie(9, 4)]);
    let rows = scan(&fake, Fields::TOP | Fields::NUM_FDS);
    let counts: Vec<_> = rows.iter().map(|row| row.num_fds).collect();
    assert_eq!(counts, [Ok(0), Ok(3), Err(Missing::Zombie)]);
    assert_eq!(
        fake.change(|world| world.questions),
        2,
        "the table of processes, and that of files"
    );
}

#[test]
fn a_process_without_descriptors_is_looked_at_before_that_is_said_of_it() {
    let fake = Fake::with(&[process(1, 1), process(2, 2), process(3, 3), process(7, 3)]);
    fake.change(|world| {
        world.meanwhile = Some(|world| {
            world.processes = vec![process(1, 1), zombie(3, 3)];
        });
    });
    let rows = scan(&fake, Fields::NUM_FDS);
    let counts: Vec<_> = rows.iter().map(|row| (row.pid.get(), row.num_fds)).collect();
    assert_eq!(counts, [(1, Ok(0)), (3, Err(Missing::Zombie)), (7, Ok(3))], "2 is gone");
    assert_eq!(fake.change(|world| world.questions), 2 + 3);
}

#[test]
fn a_refusal_is_told_in_its_row_and_one_that_ends_meanwhile_has_none() {
    let fake = Fake::with(&[process(1, 1), process(2, 2), process(3, 3), zombie(4, 4)]);
    fake.change(|world| {
        world.arguments.insert(1, Ok(b"init\0--x\0"));
        world.arguments.insert(2, Err(libc::EPERM));
        world.arguments.insert(3, Err(libc::ESRCH));
    });
    let rows = scan(&fake, Fields::CMDLINE | Fields::NUM_FDS);
    assert_eq!(rows.iter().map(|row| row.pid.get()).collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(rows[0].cmdline.as_ref().map(Vec::len), Ok(2));
    assert_eq!(rows[1].cmdline, Err(Missing::Denied));
    assert_eq!((&rows[2].cmdline, rows[2].num_fds), (&Err(Missing::Zombie), Err(Missing::Zombie)));
    assert_eq!(rows[0].num_fds, Ok(0));
}

#[test]
fn a_name_is_completed_only_where_it_may_have_been_cut() {
    let mut cut = process(1, 1);
    cut.comm = Text::new(b"longname");
    let fake = Fake::with(&[cut, process(2, 2)]);
    fake.change(|world| {
        world.arguments.insert(1, Ok(b"/bin/longname-and-more\0"));
        world.arguments.insert(2, Ok(b"/bin/sh-and-more\0"));
    });
    let rows = scan(&fake, Fields::NAME | Fields::COMM);
    assert_eq!(rows[1].name.as_deref(), Ok("sh".as_ref()));
    assert_eq!(rows[0].comm.as_deref(), Ok("longname".as_ref()));
    assert_eq!(rows[0].cmdline, Err(Missing::NotAsked));
    let view = View::of_pid(fake, number(1));
    assert_eq!(rows[0].name.as_deref().ok(), view.name().ok().as_deref());
}

#[test]
fn a_scan_breaks_off_when_told_to_and_refuses_what_it_cannot_deliver() {
    let fake = Fake::with(&[process(1, 1), process(2, 2)]);
    let mut seen = 0;
    let mut scanner = Scan::new(fake);
    scanner
        .scan(Fields::NONE, &mut |_| {
            seen += 1;
            ControlFlow::Break(())
        })
        .expect("scans");
    assert_eq!(seen, 1);
    let refused = scanner.scan(Fields::ENVIRON, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
}

#[test]
fn an_empty_table_is_no_answer() {
    let fake = Fake::with(&[]);
    assert!(matches!(shared::pids(&fake), Err(Error::Decode { .. })));
    let refused = Scan::new(fake).scan(Fields::TOP, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(Error::Decode { .. })));
}

#[test]
fn pid_zero_and_unknown_signals_are_refused_before_any_call() {
    let fake = Fake::with(&[process(0, 0), process(7, 5)]);
    let (kernel, other) = (fake.handle(0), fake.handle(7));
    let before = fake.change(|world| world.questions);
    for refused in [
        shared::send_signal(&fake, &kernel, Signal::Term),
        shared::send_signal(&fake, &other, Signal::Stkflt),
        shared::set_nice(&fake, &kernel, 3),
        shared::set_affinity(&fake, &kernel, &[0]),
        shared::look_at_exit(&fake, &kernel).map(drop),
        shared::reap(&fake, &kernel).map(drop),
    ] {
        assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{refused:?}");
    }
    let odd = Limit { soft: Some(2), hard: Some(1) };
    let refused = shared::set_limit(&fake, &other, Resource::Cpu, odd);
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    assert_eq!(fake.change(|world| world.questions), before);
}

#[test]
fn nothing_is_done_to_a_successor_and_one_that_comes_meanwhile_is_reported() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    let limit = Limit { soft: Some(1), hard: None };
    let set = || shared::set_limit(&fake, &handle, Resource::Cpu, limit);
    assert_eq!(set().expect("is the one"), limit);
    fake.change(|world| world.meanwhile = Some(|world| world.processes = vec![process(7, 51)]));
    assert!(is_reuse(&set().expect_err("changed in between")));
    let before = fake.change(|world| world.questions);
    assert!(is_reuse(&set().expect_err("changed before")));
    assert_eq!(fake.change(|world| world.questions), before + 1, "looked at, and left alone");
    assert!(is_reuse(&shared::pin(&fake, &handle.identity).expect_err("another")));
}

#[test]
fn an_end_is_seen_with_its_status_only_by_the_parent() {
    let fake = Fake::with(&[process(7, 50)]);
    let handle = fake.handle(7);
    let look = || shared::look_at_exit(&fake, &handle).expect("can be asked");
    assert_eq!(look(), Exit::Running);
    fake.change(|world| world.processes = vec![zombie(7, 50)]);
    assert_eq!(look(), Exit::Ended(None), "no child of the caller");
    fake.change(|world| world.child = Some(3 << 8));
    assert!(matches!(look(), Exit::Ended(Some(status)) if status.code() == Some(3)));
    // The number went on to another child: the one that is meant has ended.
    fake.change(|world| world.processes = vec![process(7, 60)]);
    assert_eq!(look(), Exit::Ended(None));
    fake.change(|world| world.processes.clear());
    assert_eq!(look(), Exit::Ended(None));
}

#[test]
fn a_process_on_its_way_out_is_waited_for_a_little_and_then_still_runs() {
    let mut leaving = process(7, 50);
    leaving.ended = true;
    let fake = Fake::with(&[leaving]);
    let seen = shared::look_at_exit(&fake, &fake.handle(7)).expect("can be asked");
    assert_eq!(seen, Exit::Running);
}
