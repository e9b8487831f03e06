//! The process record (`kern.proc`).
//!
//! The table is asked for with its threads, since the record of a process does not say how many it has, and of faults,
//! blocks and switches tells only those of the first: `FILL_KPROC` in `<sys/sysctl.h>`.

pub mod arguments;
pub mod files;
pub mod maps;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::process::{
    ContextSwitches, Gid, Gids, IoCounters, MemoryInfo, PageFaults, Pid, ProcessTimes, Signal,
    SignalNumbers, Status, Thread, Uid, Uids,
};
use ps_core::raw::{Record, text};

use crate::decode::clock::Moment;
use crate::decode::process::named_signals;
use crate::decode::process::{Groups, Process, Signals, Text, parent, peak_rss, pid};
use crate::decode::{Units, malformed, too_short};
use crate::raw::openbsd::process::{
    CLD_DUMPED, CLD_EXITED, CLD_KILLED, KinfoProc, PS_EXITING, PS_SYSTEM, PS_ZOMBIE, SDEAD, SIDL,
    SIGTHR, SONPROC, SRUN, SSLEEP, SSTOP, SZOMB, processes as records,
};

/// The size of a record, which is part of the question.
pub const STRIDE: usize = KinfoProc::LAYOUT.size;

/// A name as long as this may have been cut (`MAXCOMLEN`; releases before 7.1 cut at 16).
pub const NAME_LIMIT: usize = 16;

/// How signals are numbered. There are none for real time.
pub const SIGNALS: SignalNumbers =
    SignalNumbers { named: named_signals![(Signal::Thr, SIGTHR)], real_time: (1, 0), last: SIGTHR };

/// How a child ended, from what `waitid` tells of it.
#[must_use]
pub fn wait_status(code: i32, status: i32) -> Option<i32> {
    match code {
        CLD_EXITED => Some((status & 0xff) << 8),
        CLD_KILLED => Some(status & 0x7f),
        CLD_DUMPED => Some(status & 0x7f | 0x80),
        _ => None,
    }
}

/// The processes in an answer, threads folded into theirs.
pub fn processes(answer: &[u8], units: Units) -> impl Iterator<Item = Result<Process>> + '_ {
    let mut records = records(answer, STRIDE).peekable();
    std::iter::from_fn(move || {
        loop {
            let head = match records.next()? {
                Ok(record) => record,
                Err(short) => return Some(Err(too_short(&short))),
            };
            if head.thread().is_some() {
                continue;
            }
            let mut used = Used::default();
            while let Some(Ok(thread)) = records.next_if(|next| {
                next.as_ref().is_ok_and(|next| next.thread().is_some() && next.p_pid == head.p_pid)
            }) {
                used.add(&thread);
            }
            return Some(process(&head, &used, units));
        }
    })
}

/// What is counted by thread, added up.
#[derive(Default)]
struct Used {
    threads: u32,
    minor: u64,
    major: u64,
    blocks_in: u64,
    blocks_out: u64,
    voluntary: u64,
    involuntary: u64,
    peak: u64,
}

impl Used {
    fn add(&mut self, thread: &KinfoProc) {
        self.threads = self.threads.saturating_add(1);
        for (sum, more) in [
            (&mut self.minor, thread.p_uru_minflt),
            (&mut self.major, thread.p_uru_majflt),
            (&mut self.blocks_in, thread.p_uru_inblock),
            (&mut self.blocks_out, thread.p_uru_oublock),
            (&mut self.voluntary, thread.p_uru_nvcsw),
            (&mut self.involuntary, thread.p_uru_nivcsw),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.peak = self.peak.max(thread.p_uru_maxrss);
    }
}

fn process(record: &KinfoProc, used: &Used, units: Units) -> Result<Process> {
    let own = pid(record.p_pid)
        .ok_or_else(|| malformed("struct kinfo_proc", format!("pid {}", record.p_pid)))?;
    let alone;
    let used = if used.threads == 0 {
        let mut first = Used::default();
        first.add(record);
        // Of a zombie there may be no thread left.
        first.threads = 0;
        alone = first;
        &alone
    } else {
        used
    };
    let flags = record.p_psflags.cast_signed();
    let mut process = Process::new(own);
    process.kernel = flags & PS_SYSTEM != 0 || own == Pid::ZERO;
    process.ended = record.is_zombie() || flags & (PS_EXITING | PS_ZOMBIE) != 0;
    // CPU time and memory are left away once it is ending, the rest once it has ended.
    process.counted = !process.ended;
    process.ppid = parent(record.p_ppid, own);
    process.pgid = pid(record.p__pgid);
    // Zero once the leader is gone, except for the kernel's own, which pid 0 leads.
    process.sid = pid(record.p_sid).filter(|sid| *sid != Pid::ZERO || process.kernel);
    process.comm = Text::new(record.name());
    process.status = if process.ended { Status::Zombie } else { status(record.p_stat) };
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
    process.cpu_times = cpu_times(record);
    process.memory = memory(record, used.peak, units);
    if process.ended && used.peak == 0 {
        process.memory.peak_rss = None;
    }
    process.num_threads = used.threads;
    process.terminal = (record.p_tdev != u32::MAX).then_some(u64::from(record.p_tdev));
    process.nice = record.nice();
    process.cpu_num = record.processor();
    process.page_faults = PageFaults { minor: used.minor, major: used.major };
    let mut io = IoCounters::default();
    io.read_count = Some(used.blocks_in);
    io.write_count = Some(used.blocks_out);
    process.io_counters = io;
    process.context_switches = ContextSwitches::new(used.voluntary, used.involuntary);
    process.signals = Signals {
        pending: record.p_siglist.cast_unsigned().into(),
        blocked: record.p_sigmask.into(),
        ignored: record.p_sigignore.into(),
        caught: record.p_sigcatch.into(),
    };
    Ok(process)
}

/// What a process or thread is doing. Only the one on a CPU runs: `SRUN` is queued.
#[must_use]
pub fn status(stat: i8) -> Status {
    match i32::from(stat) {
        SIDL => Status::Idle,
        SRUN => Status::Waking,
        SSLEEP => Status::Sleeping,
        SSTOP => Status::Stopped,
        SZOMB | SDEAD => Status::Zombie,
        SONPROC => Status::Running,
        _ => Status::Other(stat.cast_unsigned().into()),
    }
}

/// The kernel adds the boot time of the moment to the start, and leaves both away once the process is ending.
fn started(record: &KinfoProc) -> Option<Moment> {
    let seconds = i64::try_from(record.p_ustart_sec).ok().filter(|seconds| *seconds > 0)?;
    Some(Moment::from_micros(seconds, record.p_ustart_usec.into()))
}

fn span(seconds: u32, micros: u32) -> Duration {
    Duration::from_secs(seconds.into()).saturating_add(Duration::from_micros(micros.into()))
}

fn cpu_times(record: &KinfoProc) -> ProcessTimes {
    let mut times = ProcessTimes::default();
    times.user = span(record.p_uutime_sec, record.p_uutime_usec);
    times.system = span(record.p_ustime_sec, record.p_ustime_usec);
    // Both kinds in one number: neither of the two alone is known.
    times.children = Some(span(record.p_uctime_sec, record.p_uctime_usec));
    times
}

fn memory(record: &KinfoProc, peak: u64, units: Units) -> MemoryInfo {
    let pages = |count: i32| units.signed_pages(count.into());
    let (code, data, stack) =
        (pages(record.p_vm_tsize), pages(record.p_vm_dsize), pages(record.p_vm_ssize));
    let mut memory = MemoryInfo::default();
    memory.rss = pages(record.p_vm_rssize);
    // `p_vm_map_size` is not filled in.
    memory.vms = code.saturating_add(data).saturating_add(stack);
    memory.text = Some(code);
    memory.data = Some(data);
    memory.stack = Some(stack);
    memory.peak_rss = peak_rss(peak.saturating_mul(1024), memory.rss);
    memory
}

/// The threads in an answer. The entry that stands for the whole process is none of them.
pub fn threads(answer: &[u8]) -> Result<Vec<Thread>> {
    let mut found = Vec::new();
    for record in records(answer, STRIDE) {
        let record = record.map_err(|short| too_short(&short))?;
        let Some(id) = record.thread().and_then(|id| u64::try_from(id).ok()) else { continue };
        let mut thread = Thread::default();
        thread.id = id;
        let user = span(record.p_uutime_sec, record.p_uutime_usec);
        let system = span(record.p_ustime_sec, record.p_ustime_usec);
        thread.user_time = Some(user);
        thread.system_time = Some(system);
        thread.total_time = user.saturating_add(system);
        let name = text(&record.p_name);
        thread.name = (!name.is_empty()).then(|| OsStr::from_bytes(name).to_owned());
        thread.status = Some(status(record.p_stat));
        thread.context_switches =
            Some(ContextSwitches::new(record.p_uru_nvcsw, record.p_uru_nivcsw));
        found.push(thread);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::Error;
    use ps_core::raw::Record;

    use super::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

    fn record(number: i32) -> KinfoProc {
        KinfoProc {
            p_pid: number,
            p_tid: -1,
            p_stat: SSLEEP as i8,
            p_tdev: u32::MAX,
            ..KinfoProc::zeroed()
        }
    }

    fn decoded(records: &[KinfoProc]) -> Vec<Process> {
        let answer: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
        processes(&answer, UNITS).map(|process| process.expect("decodes")).collect()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_record_laid_out_by_the_headers_reads_in_our_units() {
        let answer = include_bytes!("../../../../fixtures/records/openbsd-processes.bin");
        let all: Vec<_> =
            processes(answer, UNITS).map(|process| process.expect("decodes")).collect();
        let [process, zombie] = &all[..] else { panic!("{all:?}") };
        assert_eq!((process.pid.get(), process.ppid.map(Pid::get)), (4711, Some(1)));
        assert_eq!(
            (process.pgid.map(Pid::get), process.sid.map(Pid::get)),
            (Some(4710), Some(4709))
        );
        assert_eq!(process.comm.as_bytes(), b"a (strange) name");
        assert_eq!((process.uids.real.get(), process.uids.saved.get()), (1002, 1003));
        assert_eq!((process.gids.effective.get(), process.gids.saved.get()), (2001, 2005));
        assert_eq!(process.groups.iter().map(Gid::get).collect::<Vec<_>>(), [2003, 2004]);
        assert_eq!(process.started, Some(Moment::from_micros(1_700_000_000, 123_456)));
        assert_eq!(process.cpu_times.user, Duration::new(10, 11_000));
        assert_eq!(process.memory.rss, 77 * 4096);
        assert_eq!(process.memory.vms, 18 * 4096);
        assert_eq!(process.terminal, Some(0x1234));
        assert_eq!((process.nice, process.cpu_num), (-4, Some(3)));
        assert_eq!((process.num_threads, process.status), (1, Status::Sleeping));
        assert_eq!(process.signals.caught, 0x8000_4002);
        assert_eq!((zombie.status, zombie.ended, zombie.started), (Status::Zombie, true, None));
    }

    #[test]
    fn a_child_that_was_killed_is_told_from_one_that_ended() {
        use std::os::unix::process::ExitStatusExt;
        let of = |code, status| wait_status(code, status).map(std::process::ExitStatus::from_raw);
        assert_eq!(of(CLD_EXITED, 3).and_then(|status| status.code()), Some(3));
        assert_eq!(of(CLD_KILLED, 9).and_then(|status| status.signal()), Some(9));
        let dumped = of(CLD_DUMPED, 11).expect("a status");
        assert_eq!((dumped.signal(), dumped.core_dumped()), (Some(11), true));
        assert_eq!(of(0, 0), None);
    }

    #[test]
    fn signals_have_their_numbers() {
        assert_eq!(SIGNALS.number(Signal::Usr1).ok(), Some(30));
        assert_eq!(SIGNALS.signal(32), Signal::Thr);
        assert!(SIGNALS.number(Signal::RealTime(0)).is_err());
        assert!(SIGNALS.number(Signal::Pwr).is_err());
    }

    #[test]
    fn only_the_one_on_a_cpu_runs() {
        let table = [
            (1, Status::Idle),
            (2, Status::Waking),
            (3, Status::Sleeping),
            (4, Status::Stopped),
            (5, Status::Zombie),
            (6, Status::Zombie),
            (7, Status::Running),
            (0, Status::Other(0)),
            (99, Status::Other(99)),
            (-1, Status::Other(255)),
        ];
        for (stat, expected) in table {
            assert_eq!(status(stat), expected, "{stat}");
        }
    }

    #[test]
    fn threads_are_counted_and_what_they_used_is_added_up() {
        let thread = |tid, faults| KinfoProc {
            p_tid: tid,
            p_uru_minflt: faults,
            p_uru_nvcsw: 1,
            p_uru_maxrss: faults,
            ..record(7)
        };
        // The record of the process repeats what its first thread used.
        let head = KinfoProc { p_uru_minflt: 10, p_uru_nvcsw: 1, ..record(7) };
        let all = decoded(&[head, thread(1007, 10), thread(1008, 5), record(8)]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].num_threads, all[0].page_faults.minor), (2, 15));
        assert_eq!(all[0].context_switches.total(), 2);
        assert_eq!(all[0].memory.peak_rss, Some(10 * 1024));
        assert_eq!((all[1].num_threads, all[1].page_faults.minor), (0, 0));
    }

    #[test]
    fn a_thread_counts_for_its_own_process_only() {
        let stray = KinfoProc { p_tid: 1008, ..record(8) };
        let all = decoded(&[record(7), stray, record(9)]);
        let threads: Vec<_> = all.iter().map(|one| (one.pid.get(), one.num_threads)).collect();
        assert_eq!(threads, [(7, 0), (9, 0)]);
    }

    #[test]
    fn children_are_told_once_and_not_as_user_and_as_system_time() {
        let one = decoded(&[KinfoProc { p_uctime_sec: 20, p_uctime_usec: 21, ..record(7) }])[0];
        assert_eq!(one.cpu_times.children, Some(Duration::new(20, 21_000)));
        assert_eq!((one.cpu_times.children_user, one.cpu_times.children_system), (None, None));
    }

    #[test]
    fn the_saved_group_has_a_field_of_its_own() {
        let one = decoded(&[KinfoProc { p_svuid: 1, p_svgid: 2, ..record(7) }])[0];
        assert_eq!((one.uids.saved.get(), one.gids.saved.get()), (1, 2));
    }

    #[test]
    fn pid_zero_and_kernel_threads_are_the_kernels_own() {
        let thread = KinfoProc { p_psflags: PS_SYSTEM as u32, ..record(99) };
        let all = decoded(&[record(0), thread, record(7)]);
        assert_eq!(all.iter().map(|one| one.kernel).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!((all[0].ppid, all[0].sid), (None, Some(Pid::ZERO)));
        // No leader is left: that is not session 0.
        assert_eq!((all[2].sid, all[2].terminal), (None, None));
    }

    #[test]
    fn one_that_is_ending_has_ended_whatever_its_threads_do() {
        let exiting = KinfoProc { p_psflags: PS_EXITING as u32, ..record(7) };
        let one = decoded(&[exiting])[0];
        assert_eq!((one.ended, one.status), (true, Status::Zombie));
        assert_eq!((one.counted, one.memory.peak_rss), (false, None));
        let told = decoded(&[KinfoProc { p_uru_maxrss: 5, ..exiting }])[0];
        assert_eq!((told.counted, told.memory.peak_rss), (false, Some(5 * 1024)));
        let lives = decoded(&[record(7)])[0];
        assert_eq!((lives.counted, lives.memory.peak_rss), (true, Some(0)));
    }

    #[test]
    fn the_entry_of_the_process_is_no_thread() {
        let thread = KinfoProc {
            p_tid: 100_123,
            p_uutime_sec: 1,
            p_ustime_sec: 2,
            p_stat: SONPROC as i8,
            ..record(7)
        };
        let answer = [record(7).to_bytes(), thread.to_bytes()].concat();
        let found = threads(&answer).expect("decodes");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id, found[0].status), (100_123, Some(Status::Running)));
        assert_eq!(found[0].total_time, Duration::from_secs(3));
        assert_eq!(found[0].user_time, Some(Duration::from_secs(1)));
        assert_eq!(found[0].name, None);
        assert!(threads(&answer[..STRIDE + 5]).is_err(), "a cut record is an error");
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

    #[test]
    fn a_negative_pid_is_refused() {
        let answer = record(-5).to_bytes();
        let all: Vec<_> = processes(&answer, UNITS).collect();
        assert!(matches!(&all[..], [Err(Error::Decode { .. })]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            head in prop::collection::vec(any::<u8>(), STRIDE),
            rest in prop::collection::vec(any::<u8>(), 0..2 * STRIDE),
        ) {
            let mut answer = head.clone();
            answer.extend_from_slice(&head);
            answer.extend_from_slice(&rest);
            prop_assert!(processes(&answer, UNITS).count() <= answer.len() / STRIDE + 1);
            let _ = threads(&answer);
        }
    }
}
