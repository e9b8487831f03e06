//! Processes, threads and limits, from `kern.proc.*`.

mod files;
mod maps;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::process::{
    ContextSwitches, Gid, Gids, IoCounters, Limit, MemoryInfo, PageFaults, ProcessTimes, Resource,
    Signal, SignalNumbers, Status, Thread, Uid, Uids,
};
use ps_core::raw::{Short, Value as _, packed, text};
use ps_core::{Error, Pid, Result};

pub use files::{descriptor, descriptor_counts, socket_owners, sockets, special_path};
pub use maps::memory_map;

use crate::decode::clock::Moment;
use crate::decode::process::{
    Groups, Process, Signals, Text, named_signals, parent, peak_rss, pid, signal_mask,
};
use crate::decode::{Units, kib, malformed, too_short, unsigned};
use crate::raw::freebsd::host::Timeval;
use crate::raw::freebsd::process::{self as raw, KinfoProc, Rlimit, Rusage};

/// How FreeBSD numbers its signals.
pub const SIGNALS: SignalNumbers = SignalNumbers {
    named: named_signals![(Signal::Thr, raw::SIGTHR), (Signal::Librt, raw::SIGLIBRT)],
    real_time: (raw::SIGRTMIN, raw::SIGRTMAX),
    last: raw::NSIG,
};

/// A name as long as this has been cut (`MAXCOMLEN`).
pub const NAME_LIMIT: usize = 19;

/// The processes of an answer of `kern.proc.proc` or `kern.proc.pid`.
pub fn processes(answer: &[u8], units: Units) -> impl Iterator<Item = Result<Process>> {
    records(answer).map(move |record| process(&record?, units))
}

fn records(answer: &[u8]) -> impl Iterator<Item = Result<KinfoProc>> {
    let length = |rest: &[u8]| usize::try_from(i32::load(rest)).ok();
    let whole: usize = packed(answer, length).map(<[u8]>::len).sum();
    // What is left over states no length that makes sense: it cannot be taken apart.
    let rest = answer.len().saturating_sub(whole);
    let odd = (rest > 0)
        .then(|| Err(malformed("struct kinfo_proc", format!("{rest} bytes are left over"))));
    let read = |record: std::result::Result<_, Short>| record.map_err(|short| too_short(&short));
    raw::processes(answer).map(read).chain(odd)
}

/// One process from its record.
///
/// # Errors
///
/// A number that no process can have.
pub fn process(record: &KinfoProc, units: Units) -> Result<Process> {
    let number = pid(record.ki_pid)
        .ok_or_else(|| malformed("struct kinfo_proc", format!("pid {}", record.ki_pid)))?;
    let mut process = Process::new(number);
    process.ppid = parent(record.ki_ppid, number);
    process.pgid = pid(record.ki_pgid);
    process.sid = pid(record.ki_sid);
    process.comm = Text::new(record.name());
    process.status = status(record.ki_stat);
    process.ended =
        i32::from(record.ki_stat) == raw::SZOMB || record.ki_flag & i64::from(raw::P_WEXIT) != 0;
    // Not `P_SYSTEM`, which the first user process has as well.
    process.kernel = number == Pid::ZERO || record.ki_flag & i64::from(raw::P_KPROC) != 0;
    let start = &record.ki_start;
    process.started = Some(Moment::from_micros(start.tv_sec, start.tv_usec));
    process.uids = Uids {
        real: Uid::new(record.ki_ruid),
        effective: Uid::new(record.ki_uid),
        saved: Uid::new(record.ki_svuid),
    };
    let cut = record.ki_cr_flags & raw::KI_CRF_GRP_OVERFLOW != 0;
    process.groups = Groups::new(record.ki_groups, i64::from(record.ki_ngroups), cut);
    let real = Gid::new(record.ki_rgid);
    process.gids = Gids {
        real,
        effective: process.groups.first().unwrap_or(real),
        saved: Gid::new(record.ki_svgid),
    };
    process.cpu_times = cpu_times(&record.ki_rusage, &record.ki_rusage_ch);
    process.memory = memory(record, units);
    process.num_threads = u32::try_from(record.ki_numthreads).unwrap_or(0);
    // All ones say that there is none; 0 stands in a record whose process has no group yet.
    let device = Some(record.ki_tdev).filter(|device| device.cast_signed() != raw::NODEV);
    process.terminal = device.filter(|device| *device != 0);
    // Told from the middle on, as everywhere: `NZERO` is 0 here.
    process.nice = i32::from(record.ki_nice);
    process.cpu_num = record.processor();
    process.page_faults = PageFaults {
        minor: unsigned(record.ki_rusage.ru_minflt),
        major: unsigned(record.ki_rusage.ru_majflt),
    };
    let mut blocks = IoCounters::default();
    blocks.read_count = Some(unsigned(record.ki_rusage.ru_inblock));
    blocks.write_count = Some(unsigned(record.ki_rusage.ru_oublock));
    process.io_counters = blocks;
    process.context_switches = switches(&record.ki_rusage);
    process.signals = Signals {
        pending: signal_mask(&record.ki_siglist.bits),
        blocked: signal_mask(&record.ki_sigmask.bits),
        ignored: signal_mask(&record.ki_sigignore.bits),
        caught: signal_mask(&record.ki_sigcatch.bits),
    };
    Ok(process)
}

/// What a process or thread is doing. A process that waits for a CPU counts as running here: the kernel gives both
/// the same number.
#[must_use]
pub fn status(stat: u8) -> Status {
    match i32::from(stat) {
        raw::SIDL => Status::Idle,
        raw::SRUN => Status::Running,
        raw::SSLEEP => Status::Sleeping,
        raw::SSTOP => Status::Stopped,
        raw::SZOMB => Status::Zombie,
        raw::SWAIT => Status::Waiting,
        raw::SLOCK => Status::Locked,
        other => Status::Other(other.unsigned_abs()),
    }
}

/// A span of time; one below zero, which the kernel's sums can yield for a moment, is none.
fn span(time: &Timeval) -> Duration {
    let micros = u32::try_from(time.tv_usec).unwrap_or(0).min(999_999);
    Duration::new(unsigned(time.tv_sec), micros * 1000)
}

fn cpu_times(own: &Rusage, children: &Rusage) -> ProcessTimes {
    let (user, system) = (span(&children.ru_utime), span(&children.ru_stime));
    let mut times = ProcessTimes::default();
    times.user = span(&own.ru_utime);
    times.system = span(&own.ru_stime);
    times.children_user = Some(user);
    times.children_system = Some(system);
    times.children = Some(user.saturating_add(system));
    times
}

fn switches(usage: &Rusage) -> ContextSwitches {
    ContextSwitches::new(unsigned(usage.ru_nvcsw), unsigned(usage.ru_nivcsw))
}

fn memory(record: &KinfoProc, units: Units) -> MemoryInfo {
    let mut memory = MemoryInfo::default();
    memory.rss = units.signed_pages(record.ki_rssize);
    memory.vms = record.ki_size;
    memory.text = Some(units.signed_pages(record.ki_tsize));
    memory.data = Some(units.signed_pages(record.ki_dsize));
    memory.stack = Some(units.signed_pages(record.ki_ssize));
    memory.peak_rss = peak_rss(kib(record.ki_rusage.ru_maxrss), memory.rss);
    memory
}

/// The threads of an answer of `kern.proc.pid` with threads included. Times are those of the thread.
pub fn threads(answer: &[u8]) -> impl Iterator<Item = Result<Thread>> {
    records(answer).map(|record| record.map(|record| thread(&record)))
}

fn thread(record: &KinfoProc) -> Thread {
    // A name that did not fit its field goes on in another.
    let mut name = text(&record.ki_tdname).to_vec();
    name.extend_from_slice(text(&record.ki_moretdname));
    let mut thread = Thread::default();
    thread.id = u64::try_from(record.ki_tid).unwrap_or(0);
    thread.user_time = Some(span(&record.ki_rusage.ru_utime));
    thread.system_time = Some(span(&record.ki_rusage.ru_stime));
    thread.total_time = span(&record.ki_rusage.ru_utime) + span(&record.ki_rusage.ru_stime);
    thread.name = (!name.is_empty()).then(|| OsStr::from_bytes(&name).to_owned());
    thread.status = Some(status(record.ki_stat));
    thread.context_switches = Some(switches(&record.ki_rusage));
    thread
}

/// The groups of an answer of `kern.proc.groups`.
#[must_use]
pub fn groups(answer: &[u8]) -> Vec<Gid> {
    answer.chunks_exact(4).map(|group| Gid::new(u32::load(group))).collect()
}

/// The mask of an answer of `kern.proc.umask`; `None` if it is cut.
#[must_use]
pub fn umask(answer: &[u8]) -> Option<u32> {
    answer.first_chunk().map(|bytes| u32::from(u16::from_ne_bytes(*bytes)))
}

/// The number of a limit; an error if FreeBSD does not have it.
///
/// # Errors
///
/// `InvalidArgument` for a limit of other systems.
pub fn resource_number(resource: Resource) -> Result<i32> {
    let number = match resource {
        Resource::Cpu => raw::RLIMIT_CPU,
        Resource::FileSize => raw::RLIMIT_FSIZE,
        Resource::Data => raw::RLIMIT_DATA,
        Resource::Stack => raw::RLIMIT_STACK,
        Resource::Core => raw::RLIMIT_CORE,
        Resource::ResidentSet => raw::RLIMIT_RSS,
        Resource::LockedMemory => raw::RLIMIT_MEMLOCK,
        Resource::Processes => raw::RLIMIT_NPROC,
        Resource::OpenFiles => raw::RLIMIT_NOFILE,
        Resource::SocketBuffers => raw::RLIMIT_SBSIZE,
        Resource::AddressSpace => raw::RLIMIT_AS,
        Resource::PseudoTerminals => raw::RLIMIT_NPTS,
        Resource::Swap => raw::RLIMIT_SWAP,
        Resource::KernelQueues => raw::RLIMIT_KQUEUES,
        Resource::SharedLocks => raw::RLIMIT_UMTXP,
        other => {
            let context = ps_core::Context::new("limit");
            return Err(Error::invalid(context, format!("{other} is not a limit of this system")));
        }
    };
    Ok(number)
}

/// A limit from its record. Below zero and the greatest number both say that there is none.
#[must_use]
pub fn limit(record: &Rlimit) -> Limit {
    let side = |value: i64| u64::try_from(value).ok().filter(|_| value != raw::RLIM_INFINITY);
    Limit { soft: side(record.rlim_cur), hard: side(record.rlim_max) }
}

/// A limit as its record; one that is too great to be told is none.
#[must_use]
pub fn limit_record(limit: &Limit) -> Rlimit {
    let side = |value: Option<u64>| {
        value.and_then(|value| i64::try_from(value).ok()).unwrap_or(raw::RLIM_INFINITY)
    };
    Rlimit { rlim_cur: side(limit.soft), rlim_max: side(limit.hard) }
}

/// CPUs from a mask of machine words: CPU n is bit n mod 64 of word n / 64.
#[must_use]
pub fn cpus(mask: &[u64]) -> Vec<u32> {
    let mut cpus = Vec::new();
    for (word, bits) in (0_u32..).zip(mask) {
        cpus.extend((0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| word * 64 + bit));
    }
    cpus
}

/// The mask of some CPUs, of as many words as are given; `None` if one of them does not fit.
#[must_use]
pub fn cpu_mask(cpus: &[u32], words: usize) -> Option<Vec<u64>> {
    let mut mask = vec![0; words];
    for cpu in cpus {
        *mask.get_mut(usize::try_from(cpu / 64).ok()?)? |= 1_u64 << (cpu % 64);
    }
    Some(mask)
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use proptest::prelude::*;
    use ps_core::raw::Record as _;

    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-processes.bin");
    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 127 };

    fn decoded(index: usize) -> Process {
        processes(ANSWER, UNITS).nth(index).expect("there are two").expect("it makes sense")
    }

    #[test]
    fn a_process_laid_out_by_the_systems_headers_is_told_in_our_units() {
        let process = decoded(0);
        assert_eq!((process.pid.get(), process.ppid.map(Pid::get)), (4711, Some(1)));
        assert_eq!(
            (process.pgid.map(Pid::get), process.sid.map(Pid::get)),
            (Some(4710), Some(4709))
        );
        assert_eq!(process.comm.as_bytes(), b"a (strange) name");
        assert_eq!((process.status, process.ended, process.nice), (Status::Running, false, -5));
        assert_eq!(process.memory.rss, 77 * 4096);
        assert_eq!(process.memory.vms, 0x1234_5678_9000, "bytes already");
        assert_eq!(process.memory.text, Some(5 * 4096));
        assert_eq!((process.memory.data, process.memory.stack), (Some(6 * 4096), Some(7 * 4096)));
        assert_eq!(process.cpu_times.user, Duration::new(10, 11_000));
        assert_eq!(process.cpu_times.system, Duration::new(12, 13_000));
        assert_eq!(process.cpu_times.children_system, Some(Duration::new(22, 23_000)));
        assert_eq!((process.num_threads, process.cpu_num), (21, Some(3)));
        assert_eq!(process.terminal, Some(0xfedc_ba98_7654_3210));
        assert_eq!(process.started, Some(Moment::from_micros(1_700_000_000, 123_456)));
        assert_eq!(process.io_counters.read_bytes, None, "operations are counted, not bytes");
        let (io, faults) = (process.io_counters, process.page_faults);
        assert_eq!((io.read_count, io.write_count), (Some(16), Some(17)));
        assert_eq!((faults.minor, faults.major), (14, 15));
        assert_eq!(process.context_switches, ContextSwitches::new(18, 19));
        assert_eq!(process.memory.peak_rss, Some(4096 * 1024), "KiB");
    }

    #[test]
    fn the_three_users_and_groups_are_not_mixed_up() {
        let process = decoded(0);
        let Uids { real, effective, saved } = process.uids;
        assert_eq!((real.get(), effective.get(), saved.get()), (1002, 1001, 1003));
        // The saved group once came out as the saved user in one of the references.
        let Gids { real, effective, saved } = process.gids;
        assert_eq!((real.get(), effective.get(), saved.get()), (2001, 2003, 2002));
    }

    #[test]
    fn a_zombie_is_told_as_one() {
        let zombie = decoded(1);
        assert_eq!((zombie.status, zombie.ended), (Status::Zombie, true));
        assert_eq!(zombie.pid.get(), 2_147_483_647);
    }

    fn record() -> KinfoProc {
        KinfoProc::from_bytes(ANSWER).expect("whole")
    }

    #[test]
    fn a_process_on_its_way_out_has_ended_though_it_still_runs() {
        let mut leaving = record();
        leaving.ki_flag |= i64::from(raw::P_WEXIT);
        let process = process(&leaving, UNITS).expect("makes sense");
        assert_eq!((process.status, process.ended), (Status::Running, true));
    }

    #[test]
    fn processes_of_the_kernel_have_a_flag_that_the_first_user_process_lacks() {
        let mut one = record();
        let flags = [
            (0, false),
            (i64::from(raw::P_CONTROLT | raw::P_INMEM), false),
            (i64::from(raw::P_SYSTEM), false),
            (i64::from(raw::P_KPROC | raw::P_SYSTEM | raw::P_INMEM), true),
        ];
        for (flags, expected) in flags {
            one.ki_flag = flags;
            assert_eq!(process(&one, UNITS).expect("makes sense").kernel, expected, "{flags:#x}");
        }
    }

    #[test]
    fn nice_values_are_told_from_the_middle_on() {
        assert_eq!(raw::NZERO, 0);
        assert_eq!((decoded(0).nice, decoded(1).nice), (-5, 20));
    }

    #[test]
    fn pid_zero_is_its_own_parent_and_so_has_none() {
        let mut kernel = record();
        (kernel.ki_pid, kernel.ki_ppid) = (0, 0);
        let process = process(&kernel, UNITS).expect("makes sense");
        assert_eq!((process.pid, process.ppid, process.kernel), (Pid::ZERO, None, true));
    }

    #[test]
    fn a_negative_pid_makes_no_sense() {
        let mut odd = record();
        odd.ki_pid = -2;
        assert!(matches!(process(&odd, UNITS), Err(Error::Decode { .. })));
    }

    #[test]
    fn no_terminal_is_told_by_all_ones() {
        let mut without = record();
        for device in [u64::MAX, 0] {
            without.ki_tdev = device;
            assert_eq!(process(&without, UNITS).expect("makes sense").terminal, None);
        }
    }

    #[test]
    fn with_no_groups_the_effective_one_is_not_what_is_left_in_the_array() {
        let mut none = record();
        none.ki_ngroups = 0;
        let gids = process(&none, UNITS).expect("makes sense").gids;
        assert_eq!((gids.effective.get(), gids.real.get()), (2001, 2001));
    }

    #[test]
    fn more_groups_than_fit_are_said_to_be_more() {
        let mut many = record();
        (many.ki_ngroups, many.ki_cr_flags) = (16, raw::KI_CRF_GRP_OVERFLOW);
        let groups = process(&many, UNITS).expect("makes sense").groups;
        assert_eq!((groups.cut, groups.iter().count()), (true, 16));
        assert!(!decoded(0).groups.cut);
        let answer: Vec<u8> = (1..=20_u32).flat_map(u32::to_ne_bytes).collect();
        assert_eq!(super::groups(&answer).len(), 20);
        assert_eq!(super::groups(&answer[..7]).len(), 1);
    }

    #[test]
    fn every_state_has_a_name_and_unknown_ones_keep_their_number() {
        let states = (0..=9).map(status).collect::<Vec<_>>();
        assert_eq!(
            states,
            [
                Status::Other(0),
                Status::Idle,
                Status::Running,
                Status::Sleeping,
                Status::Stopped,
                Status::Zombie,
                Status::Waiting,
                Status::Locked,
                Status::Other(8),
                Status::Other(9),
            ]
        );
    }

    #[test]
    fn times_below_zero_are_none() {
        assert_eq!(span(&Timeval { tv_sec: -1, tv_usec: -5 }), Duration::ZERO);
        assert_eq!(span(&Timeval { tv_sec: 1, tv_usec: 7_000_000 }), Duration::new(1, 999_999_000));
    }

    #[test]
    fn an_answer_cut_in_the_middle_is_an_error_and_not_a_shorter_table() {
        for length in [1, 4, 1000, 1088 + 3, 1088 + 700] {
            let all: Vec<_> = processes(&ANSWER[..length], UNITS).collect();
            assert!(all.last().expect("says so").is_err(), "{length}");
        }
        assert_eq!(processes(&[], UNITS).count(), 0);
        assert!(processes(ANSWER, UNITS).all(|process| process.is_ok()));
    }

    #[test]
    fn a_record_that_states_no_length_ends_the_walk_with_an_error() {
        let mut hostile = ANSWER.to_vec();
        for length in [0, -1, i32::MIN, i32::MAX, 3] {
            hostile[..4].copy_from_slice(&i32::to_le_bytes(length));
            assert!(processes(&hostile, UNITS).any(|process| process.is_err()), "{length}");
        }
    }

    #[test]
    fn threads_have_numbers_names_and_times_of_their_own() {
        let mut second = record();
        second.ki_tid = 100_124;
        second.ki_tdname = *b"sixteen bytes ab\0";
        second.ki_moretdname = *b"cd\0\0";
        second.ki_stat = 3;
        let answer = [ANSWER[..1088].to_vec(), second.to_bytes()].concat();
        let all: Vec<Thread> = threads(&answer).map(|one| one.expect("makes sense")).collect();
        assert_eq!((all[0].id, all[1].id), (100_123, 100_124));
        assert_eq!(all[1].name.as_deref(), Some(OsStr::new("sixteen bytes abcd")));
        assert_eq!(all[1].status, Some(Status::Sleeping));
        assert_eq!(all[0].user_time, Some(Duration::new(10, 11_000)));
        assert_eq!(all[0].total_time, Duration::new(22, 24_000));
    }

    #[test]
    fn limits_know_no_limit_both_ways() {
        let none = Rlimit { rlim_cur: i64::MAX, rlim_max: -1 };
        assert_eq!(limit(&none), Limit::UNLIMITED);
        assert_eq!(limit_record(&Limit::UNLIMITED).rlim_cur, i64::MAX);
        let some = Limit { soft: Some(5), hard: Some(u64::MAX) };
        assert_eq!(limit_record(&some), Rlimit { rlim_cur: 5, rlim_max: i64::MAX });
        assert_eq!(limit(&limit_record(&some)), Limit { soft: Some(5), hard: None });
        assert_eq!(resource_number(Resource::SharedLocks).ok(), Some(14));
        assert!(matches!(resource_number(Resource::Locks), Err(Error::InvalidArgument { .. })));
    }

    #[test]
    fn cpu_numbers_fall_into_the_right_word_of_the_mask() {
        // One of the references divides by the wrong number here.
        assert_eq!(cpu_mask(&[0, 63, 64, 200], 4), Some(vec![1 | 1 << 63, 1, 0, 1 << 8]));
        assert_eq!(cpus(&[1 | 1 << 63, 1, 0, 1 << 8]), [0, 63, 64, 200]);
        assert_eq!(cpu_mask(&[256], 4), None);
        assert_eq!(cpu_mask(&[u32::MAX], 4), None);
    }

    #[test]
    fn a_mask_is_two_bytes() {
        assert_eq!(umask(&[0o22, 0]), Some(0o22));
        assert_eq!(umask(&[1]), None);
    }

    #[test]
    fn signals_are_numbered_as_the_headers_say() {
        assert_eq!(SIGNALS.number(Signal::Usr1).ok(), Some(30));
        assert_eq!(SIGNALS.number(Signal::RealTime(0)).ok(), Some(65));
        assert_eq!(SIGNALS.signal(33), Signal::Librt);
        assert!(SIGNALS.number(Signal::Stkflt).is_err());
        let masks = decoded(0).signals.masks(&SIGNALS);
        assert!(masks.caught.contains(Signal::Int) && masks.caught.contains(Signal::Term));
        assert!(masks.caught.contains(Signal::Other(128)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_record_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 1088..2400),
            page_size: u64,
        ) {
            bytes[..4].copy_from_slice(&1088_i32.to_le_bytes());
            let units = Units { page_size, ticks_per_second: 0 };
            for process in processes(&bytes, units).flatten() {
                prop_assert!(process.memory.peak_rss.is_some());
                let _ = process.identity_since(Some(Moment::from_micros(i64::MIN, 7)), None);
                let _ = process.signals.masks(&SIGNALS);
            }
            threads(&bytes).for_each(drop);
        }
    }
}
