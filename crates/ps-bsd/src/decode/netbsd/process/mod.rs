//! The process record (`kern.proc2`) and threads (`kern.lwp`).

pub mod arguments;
pub mod files;
pub mod limits;
pub mod maps;

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::process::{
    ContextSwitches, Gid, Gids, IoCounters, MemoryInfo, PageFaults, Pid, ProcessTimes, Signal,
    SignalNumbers, Status, Thread, Uid, Uids,
};
use ps_core::raw::{Record, each, text};

use crate::decode::clock::Moment;
use crate::decode::process::named_signals;
use crate::decode::process::{Groups, Process, Signals, Text, parent, peak_rss, pid, signal_mask};
use crate::decode::{Units, malformed, too_short};
use crate::errno::Lives;
use crate::raw::errno::{EAGAIN, ESRCH};
use crate::raw::netbsd::process::{
    KinfoLwp, KinfoProc2, LSIDL, LSONPROC, LSRUN, LSSLEEP, LSSTOP, LSSUSPENDED, LSZOMB, P_SYSTEM,
    SACTIVE, SIDL, SIGPWR, SIGRTMAX, SIGRTMIN, SSTOP, processes as records,
};

/// The size of a record, which is part of the question.
pub const STRIDE: usize = KinfoProc2::LAYOUT.size;

/// A name as long as this may have been cut (`MAXCOMLEN`).
pub const NAME_LIMIT: usize = 16;

/// How signals are numbered.
pub const SIGNALS: SignalNumbers = SignalNumbers {
    named: named_signals![(Signal::Pwr, SIGPWR)],
    real_time: (SIGRTMIN, SIGRTMAX),
    last: SIGRTMAX,
};

/// The size of a record about a thread.
pub const THREAD_STRIDE: usize = KinfoLwp::LAYOUT.size;

/// The processes in an answer.
pub fn processes(answer: &[u8], units: Units) -> impl Iterator<Item = Result<Process>> + '_ {
    records(answer, STRIDE).map(move |record| match record {
        Ok(record) => process(&record, units),
        Err(short) => Err(too_short(&short)),
    })
}

/// Whether an answer about one process is only half a one: it is just starting another program, and the kernel could
/// not look at more than its numbers (`sysctl_doeproc` in `sys/kern/kern_proc.c`). It is to be asked for again.
#[must_use]
pub fn is_between(answer: &[u8]) -> bool {
    records(answer, STRIDE)
        .flatten()
        .next()
        .is_some_and(|record| record.p_uvalid == 0 && !record.is_exiting())
}

/// Asks again, one by one, about those in a table of all processes who are just starting another program: what the
/// kernel leaves out of their records has the figures of the process before them in the table there (`fill_kproc2` in
/// `sys/kern/kern_proc.c` fills one record again and again). Those who are gone by then are taken out.
///
/// # Errors
///
/// Whatever `ask` failed with, unless that says that the process is gone.
pub fn complete(
    answer: &mut Vec<u8>,
    mut ask: impl FnMut(Pid, &mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut whole = Vec::new();
    // From the end on, so that the places stay right when one is taken out.
    for (place, pid) in halves(answer).into_iter().rev() {
        let there = match ask(pid, &mut whole) {
            Err(error) if error.raw_os_error() == Some(ESRCH) => &[][..],
            told => told.map(|()| whole.get(..STRIDE).unwrap_or_default())?,
        };
        let start = place.saturating_mul(STRIDE);
        answer.splice(start..start.saturating_add(STRIDE), there.iter().copied());
    }
    Ok(())
}

/// Where in a table the half records are, and of whom.
fn halves(answer: &[u8]) -> Vec<(usize, Pid)> {
    let mut before = KinfoProc2::zeroed();
    let mut found = Vec::new();
    for (place, record) in records(answer, STRIDE).flatten().enumerate() {
        if is_half(&record, &before) {
            found.extend(pid(record.p_pid).map(|pid| (place, pid)));
        }
        before = record;
    }
    found
}

/// Whether a record has nothing of its own where it was left as it was for the one before it. A twin of that one, which
/// started and used the same to the microsecond, may be taken for it: it is asked again in vain.
fn is_half(record: &KinfoProc2, before: &KinfoProc2) -> bool {
    let left = |record: &KinfoProc2| {
        let start = (record.p_uvalid, record.p_ustart_sec, record.p_ustart_usec);
        let user = (record.p_uutime_sec, record.p_uutime_usec);
        let system = (record.p_ustime_sec, record.p_ustime_usec);
        (start, user, system, record.p_vm_msize, record.p_uru_nvcsw)
    };
    // Its own state stands in place of that of a thread.
    let unseen = u64::try_from(record.p_stat) == Ok(record.p_realstat);
    !record.is_exiting() && unseen && left(record) == left(before)
}

/// Whether the kernel looked at more than the numbers of a process. Of one that is ending it does not, and in a table
/// leaves what it told of the one before it, the mark of a whole record included.
fn is_whole(record: &KinfoProc2) -> bool {
    record.p_uvalid != 0 && !record.is_exiting()
}

fn process(record: &KinfoProc2, units: Units) -> Result<Process> {
    let own = pid(record.p_pid)
        .ok_or_else(|| malformed("struct kinfo_proc2", format!("pid {}", record.p_pid)))?;
    let mut process = Process::new(own);
    process.ended = record.is_exiting();
    // The flag of processes is not handed out; that of their threads is, and has the same number.
    process.kernel = own == Pid::ZERO || record.p_flag & P_SYSTEM != 0;
    process.ppid = parent(record.p_ppid, own);
    process.pgid = pid(record.p__pgid);
    process.sid = pid(record.p_sid).filter(|sid| *sid != Pid::ZERO || process.kernel);
    process.comm = Text::new(record.name());
    process.status = status(record);
    process.started = started(record);
    process.uids = Uids {
        real: Uid::new(record.p_ruid),
        effective: Uid::new(record.p_uid),
        saved: Uid::new(record.p_svuid),
    };
    process.gids = Gids {
        real: Gid::new(record.p_rgid),
        effective: Gid::new(record.p_gid),
        saved: Gid::new(record.p_svgid),
    };
    // The kernel has no more groups than the record has room for.
    process.groups = Groups::new(record.p_groups, record.p_ngroups.into(), false);
    process.num_threads = u32::try_from(record.p_nlwps).unwrap_or(u32::MAX);
    process.terminal = (record.p_tdev != u32::MAX).then_some(u64::from(record.p_tdev));
    process.nice = record.nice();
    process.counted = is_whole(record);
    if process.counted {
        count(record, units, &mut process);
    }
    // What waits for the process as a whole the kernel adds to what is held back, not to what waits.
    process.signals = Signals {
        pending: signal_mask(&record.p_siglist),
        blocked: signal_mask(&record.p_sigmask),
        ignored: signal_mask(&record.p_sigignore),
        caught: signal_mask(&record.p_sigcatch),
    };
    Ok(process)
}

/// What is told of a process that could be looked at.
fn count(record: &KinfoProc2, units: Units, process: &mut Process) {
    let mut times = ProcessTimes::default();
    times.user = span(record.p_uutime_sec, record.p_uutime_usec);
    times.system = span(record.p_ustime_sec, record.p_ustime_usec);
    // Both kinds in one number: neither of the two alone is known.
    times.children = Some(span(record.p_uctime_sec, record.p_uctime_usec));
    process.cpu_times = times;
    process.memory = memory(record, units);
    process.cpu_num = record.processor();
    process.page_faults = PageFaults { minor: record.p_uru_minflt, major: record.p_uru_majflt };
    let mut io = IoCounters::default();
    io.read_count = Some(record.p_uru_inblock);
    io.write_count = Some(record.p_uru_oublock);
    process.io_counters = io;
    process.context_switches = ContextSwitches::new(record.p_uru_nvcsw, record.p_uru_nivcsw);
}

/// What a process is doing. Its own state comes first: `p_stat` is that of a thread, whose numbers overlap.
fn status(record: &KinfoProc2) -> Status {
    if record.is_exiting() {
        return Status::Zombie;
    }
    match i32::try_from(record.p_realstat) {
        Ok(SIDL) => Status::Idle,
        Ok(SSTOP) => Status::Stopped,
        // No thread was looked at: it is starting another program.
        Ok(SACTIVE) if record.p_uvalid == 0 => Status::Running,
        _ => thread_status(record.p_stat),
    }
}

/// What a thread is doing. Only the one on a CPU runs: `LSRUN` is queued.
#[must_use]
pub fn thread_status(stat: i8) -> Status {
    match i32::from(stat) {
        LSIDL => Status::Idle,
        LSRUN => Status::Waking,
        LSSLEEP => Status::Sleeping,
        LSSTOP => Status::Stopped,
        LSZOMB => Status::Zombie,
        LSONPROC => Status::Running,
        LSSUSPENDED => Status::Suspended,
        _ => Status::Other(stat.cast_unsigned().into()),
    }
}

/// The start keeps the value of its time when the clock is set; it is left away once the process is ending.
fn started(record: &KinfoProc2) -> Option<Moment> {
    (is_whole(record) && record.p_ustart_sec != 0)
        .then(|| Moment::from_micros(record.p_ustart_sec.into(), record.p_ustart_usec.into()))
}

fn span(seconds: u32, micros: u32) -> Duration {
    Duration::from_secs(seconds.into()).saturating_add(Duration::from_micros(micros.into()))
}

fn memory(record: &KinfoProc2, units: Units) -> MemoryInfo {
    let pages = |count: i32| units.signed_pages(count.into());
    let mut memory = MemoryInfo::default();
    memory.rss = pages(record.p_vm_rssize);
    // Not the sum of the parts: mapped files and libraries are in none of them.
    memory.vms = units.signed_pages(record.p_vm_msize);
    memory.text = Some(pages(record.p_vm_tsize));
    memory.data = Some(pages(record.p_vm_dsize));
    memory.stack = Some(pages(record.p_vm_ssize));
    memory.peak_rss = peak_rss(record.p_uru_maxrss.saturating_mul(1024), memory.rss);
    memory
}

/// Whether a failure of `kern.lwp` passes (`sysctl_kern_lwp`): a thread ended while its record was copied (`EAGAIN`), or
/// the process is said not to be there (`ESRCH`) since it is just starting another program. Whether it is there, `lives`
/// tells.
#[must_use]
pub fn threads_will_come(failure: &io::Error, lives: impl FnOnce() -> Lives) -> bool {
    match failure.raw_os_error() {
        Some(EAGAIN) => true,
        Some(ESRCH) => lives() == Lives::Yes,
        _ => false,
    }
}

/// The threads in an answer of `kern.lwp`, those that have ended left out. The kernel counts the time of a thread as
/// a whole: how much of it was spent in which mode is not known.
pub fn threads(answer: &[u8]) -> Result<Vec<Thread>> {
    let mut found = Vec::new();
    for record in each::<KinfoLwp>(answer, THREAD_STRIDE) {
        let record = record.map_err(|short| too_short(&short))?;
        if [LSIDL, LSZOMB].contains(&i32::from(record.l_stat)) {
            continue;
        }
        let Ok(id) = u64::try_from(record.l_lid) else { continue };
        let mut thread = Thread::default();
        thread.id = id;
        thread.total_time = span(record.l_rtime_sec, record.l_rtime_usec);
        let name = text(&record.l_name);
        thread.name = (!name.is_empty()).then(|| OsStr::from_bytes(name).to_owned());
        thread.status = Some(thread_status(record.l_stat));
        found.push(thread);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::Error;
    use ps_core::process::Sameness;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

    fn record(number: i32) -> KinfoProc2 {
        KinfoProc2 {
            p_pid: number,
            p_uvalid: 1,
            p_ustart_sec: 5,
            p_realstat: SACTIVE as u64,
            p_stat: LSSLEEP as i8,
            p_tdev: u32::MAX,
            ..KinfoProc2::zeroed()
        }
    }

    fn decoded(record: &KinfoProc2) -> Process {
        let mut all = processes(&record.to_bytes(), UNITS).collect::<Vec<_>>();
        assert_eq!(all.len(), 1);
        all.remove(0).expect("decodes")
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_record_laid_out_by_the_headers_reads_in_our_units() {
        let answer = include_bytes!("../../../../fixtures/records/netbsd-processes.bin");
        let all: Vec<_> =
            processes(answer, UNITS).map(|process| process.expect("decodes")).collect();
        let [process, exiting] = &all[..] else { panic!("{all:?}") };
        assert_eq!((process.pid.get(), process.ppid.map(Pid::get)), (4711, Some(1)));
        assert_eq!(
            (process.pgid.map(Pid::get), process.sid.map(Pid::get)),
            (Some(4710), Some(4709))
        );
        assert_eq!(process.comm.as_bytes(), b"a (strange) name");
        assert_eq!((process.uids.real.get(), process.uids.saved.get()), (1002, 1003));
        assert_eq!((process.gids.effective.get(), process.gids.saved.get()), (2001, 2005));
        assert_eq!(process.started, Some(Moment::from_micros(1_700_000_000, 123_456)));
        assert_eq!(process.cpu_times.user, Duration::new(10, 11_000));
        assert_eq!((process.memory.rss, process.memory.vms), (77 * 4096, 1235 * 4096));
        assert_eq!((process.nice, process.cpu_num, process.num_threads), (-4, Some(3), 21));
        assert_eq!((process.status, process.terminal), (Status::Sleeping, Some(0x1234)));
        assert_eq!(process.signals.caught, 0x8000_0000_0000_0000_0000_0000_0000_4002);
        assert_eq!((exiting.status, exiting.ended), (Status::Zombie, true));
    }

    #[test]
    fn the_state_of_the_process_comes_before_that_of_its_thread() {
        // own state, thread's state, what it means
        let table = [
            (2, 1, Status::Idle),
            (2, 2, Status::Waking),
            (2, 3, Status::Sleeping),
            (2, 4, Status::Stopped),
            (2, 5, Status::Zombie),
            (2, 7, Status::Running),
            (2, 8, Status::Suspended),
            (2, 99, Status::Other(99)),
            (1, 2, Status::Idle),
            (3, 3, Status::Zombie),
            (4, 3, Status::Stopped),
            (5, 7, Status::Zombie),
            (6, 3, Status::Zombie),
            (u64::MAX, 3, Status::Sleeping),
        ];
        for (own, thread, expected) in table {
            let one = KinfoProc2 { p_realstat: own, p_stat: thread, ..record(7) };
            assert_eq!(decoded(&one).status, expected, "{own} {thread}");
        }
    }

    #[test]
    fn signals_have_their_numbers() {
        assert_eq!(SIGNALS.number(Signal::Pwr).ok(), Some(32));
        assert_eq!(SIGNALS.number(Signal::RealTime(0)).ok(), Some(33));
        assert_eq!(SIGNALS.signal(63), Signal::RealTime(30));
        assert!(SIGNALS.number(Signal::Thr).is_err());
    }

    #[test]
    fn one_that_is_starting_another_program_is_not_taken_for_another_process() {
        let before = decoded(&record(7)).identity(None);
        // What the kernel answers meanwhile: no start, and its own state in place of the thread's.
        let half = KinfoProc2 { p_uvalid: 0, p_ustart_sec: 0, p_stat: 2, ..record(7) };
        assert!(is_between(&half.to_bytes()) && !is_between(&record(7).to_bytes()));
        let process = decoded(&half);
        assert_eq!((process.status, process.started), (Status::Running, None));
        assert!(!process.counted && decoded(&record(7)).counted);
        assert_eq!(before.compare(&process.identity(None)), Sameness::Unknown);
        let dying = KinfoProc2 { p_uvalid: 0, p_realstat: 5, ..record(7) };
        assert!(!is_between(&dying.to_bytes()), "that one will not come back");
        assert!(!is_between(&[]));
    }

    /// What the kernel leaves in a table of a process after `before` of which it sees no more than the numbers.
    fn left_from(before: &KinfoProc2, number: i32, own: i32) -> KinfoProc2 {
        KinfoProc2 { p_pid: number, p_realstat: own as u64, p_stat: own as i8, ..*before }
    }

    fn busy(number: i32) -> KinfoProc2 {
        KinfoProc2 {
            p_ustart_usec: 77,
            p_uutime_sec: 3,
            p_ustime_usec: 4,
            p_uctime_sec: 5,
            p_vm_rssize: 6,
            p_vm_msize: 7,
            p_uru_minflt: 8,
            p_uru_inblock: 9,
            p_uru_nvcsw: 10,
            ..record(number)
        }
    }

    #[test]
    fn one_that_is_ending_does_not_have_what_the_one_before_it_in_the_table_used() {
        for own in [3, 5, 6] {
            let ending = decoded(&left_from(&busy(7), 8, own));
            let nothing = Process { num_threads: 0, ..Process::new(ending.pid) };
            assert_eq!((ending.ended, ending.counted), (true, false));
            assert_eq!((ending.started, ending.cpu_num), (None, None));
            assert_eq!(ending.memory.peak_rss, None, "not 0");
            assert_eq!((ending.cpu_times, ending.memory), (nothing.cpu_times, nothing.memory));
            assert_eq!(ending.page_faults, nothing.page_faults);
            assert_eq!(ending.io_counters, nothing.io_counters);
            assert_eq!(ending.context_switches, nothing.context_switches);
        }
    }

    fn table_of(records: &[KinfoProc2]) -> Vec<u8> {
        records.iter().flat_map(Record::to_bytes).collect()
    }

    #[test]
    fn half_records_in_a_table_are_known_by_what_the_one_before_them_left() {
        let none_before = left_from(&KinfoProc2::zeroed(), 5, SACTIVE);
        let (half, next) = (left_from(&busy(7), 8, SACTIVE), left_from(&busy(7), 9, SSTOP));
        let dying = left_from(&busy(7), 10, 5);
        let queued = KinfoProc2 { p_stat: LSRUN as i8, p_ustart_usec: 78, ..busy(11) };
        let table = table_of(&[none_before, busy(7), half, next, dying, queued, record(12)]);
        let found: Vec<_> = halves(&table).iter().map(|(at, pid)| (*at, pid.get())).collect();
        assert_eq!(found, [(0, 5), (2, 8), (3, 9)]);
        // Each of these alone shows that the record is its own.
        let differ = [
            KinfoProc2 { p_stat: LSSLEEP as i8, ..half },
            KinfoProc2 { p_uvalid: 0, ..half },
            KinfoProc2 { p_ustart_sec: 6, ..half },
            KinfoProc2 { p_ustart_usec: 78, ..half },
            KinfoProc2 { p_uutime_sec: 4, ..half },
            KinfoProc2 { p_uutime_usec: 1, ..half },
            KinfoProc2 { p_ustime_sec: 1, ..half },
            KinfoProc2 { p_ustime_usec: 5, ..half },
            KinfoProc2 { p_vm_msize: 8, ..half },
            KinfoProc2 { p_uru_nvcsw: 11, ..half },
        ];
        assert!(is_half(&half, &busy(7)));
        assert!(differ.iter().all(|one| !is_half(one, &busy(7))));
    }

    #[test]
    fn half_records_in_a_table_are_completed_and_those_who_are_gone_are_taken_out() {
        let halves = [8, 9, 10].map(|number| left_from(&busy(7), number, SACTIVE));
        let mut table = table_of(&[busy(7), halves[0], halves[1], halves[2], record(11)]);
        let mut asked = Vec::new();
        complete(&mut table, |pid, whole| {
            asked.push(pid.get());
            whole.clear();
            match pid.get() {
                8 => whole.extend(KinfoProc2 { p_ustart_sec: 99, ..record(8) }.to_bytes()),
                9 => return Err(io::Error::from_raw_os_error(ESRCH)),
                _ => {}
            }
            Ok(())
        })
        .expect("completed");
        assert_eq!(asked, [10, 9, 8]);
        let all: Vec<_> = processes(&table, UNITS).map(|one| one.expect("decodes")).collect();
        assert_eq!(all.iter().map(|one| one.pid.get()).collect::<Vec<_>>(), [7, 8, 11]);
        assert_eq!(all[1].started.map(|started| started.seconds), Some(99));
        assert_eq!(all[2], decoded(&record(11)), "whole ones stay as they are");

        let mut table = table_of(&[busy(7), halves[0]]);
        let failed = complete(&mut table, |_, _| Err(io::Error::from_raw_os_error(1)));
        assert_eq!(failed.expect_err("refused").raw_os_error(), Some(1));
    }

    #[test]
    fn a_zombie_has_no_start_and_no_cpu() {
        let zombie =
            KinfoProc2 { p_uvalid: 0, p_ustart_sec: 0, p_realstat: 5, p_cpuid: 0, ..record(7) };
        let process = decoded(&zombie);
        assert!(process.ended);
        assert_eq!((process.started, process.cpu_num), (None, None));
    }

    #[test]
    fn a_start_is_told_only_of_a_process_that_could_be_looked_at() {
        for (valid, seconds, told) in [(1, 5, true), (1, 0, false), (0, 5, false), (0, 0, false)] {
            let one = KinfoProc2 { p_uvalid: valid, p_ustart_sec: seconds, ..record(7) };
            assert_eq!(decoded(&one).started.is_some(), told, "{valid} {seconds}");
        }
    }

    #[test]
    fn children_are_told_once_and_not_as_user_and_as_system_time() {
        let one = decoded(&KinfoProc2 { p_uctime_sec: 20, p_uctime_usec: 21, ..record(7) });
        assert_eq!(one.cpu_times.children, Some(Duration::new(20, 21_000)));
        assert_eq!((one.cpu_times.children_user, one.cpu_times.children_system), (None, None));
    }

    #[test]
    fn kernel_threads_are_known_by_the_flag_of_their_threads() {
        assert!(decoded(&record(0)).kernel);
        assert!(decoded(&KinfoProc2 { p_flag: P_SYSTEM, ..record(7) }).kernel);
        assert!(!decoded(&record(7)).kernel);
        assert_eq!(decoded(&record(0)).ppid, None);
    }

    #[test]
    fn total_run_time_of_a_thread_is_neither_user_nor_system_time() {
        let lwp = |lid, stat: i32| KinfoLwp {
            l_lid: lid,
            l_stat: stat as i8,
            l_rtime_sec: 3,
            l_rtime_usec: 4,
            ..KinfoLwp::zeroed()
        };
        let answer: Vec<u8> = [lwp(1, LSONPROC), lwp(2, LSZOMB), lwp(3, LSIDL), lwp(4, LSSLEEP)]
            .iter()
            .flat_map(Record::to_bytes)
            .collect();
        let found = threads(&answer).expect("whole");
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(found[0].total_time, Duration::new(3, 4_000));
        assert_eq!((found[0].user_time, found[0].system_time), (None, None));
        assert!(threads(&answer[..THREAD_STRIDE - 1]).is_err());
    }

    #[test]
    fn threads_of_a_process_that_lives_are_asked_for_again() {
        let again =
            |number, lives| threads_will_come(&io::Error::from_raw_os_error(number), || lives);
        let ended = Lives::Ended { ppid: None };
        assert!(again(EAGAIN, Lives::Yes) && again(EAGAIN, Lives::No));
        assert!(again(ESRCH, Lives::Yes) && !again(ESRCH, Lives::No) && !again(ESRCH, ended));
        assert!(!again(1, Lives::Yes) && !again(22, Lives::Yes));
        let mut lives = [Lives::Yes, Lives::No].into_iter();
        let (mut asked, mut pauses) = (0, 0);
        let answer: io::Result<()> = crate::errno::while_passing(
            || {
                asked += 1;
                Err(io::Error::from_raw_os_error(ESRCH))
            },
            |failure| threads_will_come(failure, || lives.next().expect("asked twice")),
            |_| pauses += 1,
        );
        assert_eq!(answer.expect_err("gone").raw_os_error(), Some(ESRCH));
        assert_eq!((asked, pauses), (2, 1));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_thread_laid_out_by_the_headers_is_read_field_by_field() {
        let answer = include_bytes!("../../../../fixtures/records/netbsd-threads.bin");
        let found = threads(answer).expect("whole");
        assert_eq!((found.len(), found[0].id), (1, 17));
        assert_eq!(found[0].name.as_deref(), Some(OsStr::new("worker")));
        assert_eq!(found[0].total_time, Duration::new(12, 13_000));
        assert_eq!(found[0].status, Some(Status::Waking));
    }

    #[test]
    fn a_cut_record_is_an_error_and_not_a_process() {
        let answer = record(7).to_bytes();
        for length in 1..answer.len() {
            let all: Vec<_> = processes(&answer[..length], UNITS).collect();
            assert!(matches!(&all[..], [Err(Error::Decode { .. })]), "{length}");
        }
        assert_eq!(processes(&[], UNITS).count(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..3 * STRIDE)) {
            for process in processes(&bytes, UNITS).flatten() {
                let _ = process.identity(None);
            }
            let _ = (threads(&bytes), is_between(&bytes));
            let mut table = bytes.clone();
            let _ = complete(&mut table, |_, whole| {
                *whole = bytes.clone();
                Ok(())
            });
        }
    }
}
