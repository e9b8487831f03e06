//! What a process has used, and its threads.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use ps_core::Result;
use ps_core::process::{
    ContextSwitches, IoCounters, MemoryInfo, PageFaults, ProcessTimes, StartTime, Status, Thread,
};
use ps_core::raw::{Record as _, text};

use crate::decode::{Units, short};
use crate::raw::process::*;

impl ProcTaskinfo {
    /// CPU time used. The kernel tells no times of children here.
    #[must_use]
    pub fn times(&self, units: Units) -> ProcessTimes {
        let mut times = ProcessTimes::default();
        times.user = units.mach(self.pti_total_user);
        times.system = units.mach(self.pti_total_system);
        times
    }

    /// The main figures of its memory.
    #[must_use]
    pub fn memory(&self) -> MemoryInfo {
        let mut memory = MemoryInfo::default();
        memory.rss = self.pti_resident_size;
        memory.vms = self.pti_virtual_size;
        memory
    }

    /// Page faults: those that needed the pager are counted among all.
    #[must_use]
    pub fn page_faults(&self) -> PageFaults {
        let major = self.pti_pageins.cast_unsigned();
        PageFaults {
            minor: u64::from(self.faults().saturating_sub(major)),
            major: u64::from(major),
        }
    }

    /// Context switches, which the kernel counts together.
    #[must_use]
    pub fn switches(&self) -> ContextSwitches {
        ContextSwitches::together(u64::from(self.context_switches()))
    }

    /// How many threads it has.
    #[must_use]
    pub fn threads(&self) -> u32 {
        u32::try_from(self.pti_threadnum).unwrap_or_default()
    }
}

impl ProcTaskallinfo {
    /// When it started, as `kern.proc` tells it.
    #[must_use]
    pub fn start_time(&self) -> Option<StartTime> {
        let secs = Some(self.pbsd.pbi_start_tvsec).filter(|secs| *secs > 0)?;
        Some(StartTime::new(secs.checked_mul(1_000_000)?.checked_add(self.pbsd.pbi_start_tvusec)?))
    }
}

impl RusageInfoV2 {
    /// What it had moved to and from disks. The kernel counts bytes, not how often.
    #[must_use]
    pub fn io(&self) -> IoCounters {
        let mut io = IoCounters::default();
        io.read_bytes = Some(self.ri_diskio_bytesread);
        io.write_bytes = Some(self.ri_diskio_byteswritten);
        io
    }
}

/// Numbers of threads, from `PROC_PIDLISTTHREADIDS`.
pub fn decode_thread_ids(answer: &[u8]) -> impl Iterator<Item = u64> + '_ {
    answer.chunks_exact(8).filter_map(|id| Some(u64::from_ne_bytes(id.try_into().ok()?)))
}

/// One thread, from `PROC_PIDTHREADID64INFO`.
///
/// `id` is the number that the whole system knows it by, and that it was asked for with, not the handle that
/// goes with `PROC_PIDTHREADINFO`. Its times are in nanoseconds, whatever the Mach clock counts in.
pub fn decode_thread(id: u64, answer: &[u8]) -> Result<Thread> {
    let record = ProcThreadinfo::from_bytes(answer).map_err(short)?;
    let user = Duration::from_nanos(record.pth_user_time);
    let system = Duration::from_nanos(record.pth_system_time);
    let name = text(&record.pth_name);
    let mut thread = Thread::default();
    thread.id = id;
    thread.user_time = Some(user);
    thread.system_time = Some(system);
    thread.total_time = user.saturating_add(system);
    thread.name = (!name.is_empty()).then(|| OsString::from_vec(name.to_vec()));
    thread.status = Some(match record.pth_run_state {
        TH_STATE_RUNNING => Status::Running,
        TH_STATE_STOPPED => Status::Stopped,
        TH_STATE_WAITING => Status::Sleeping,
        TH_STATE_UNINTERRUPTIBLE => Status::DiskSleep,
        TH_STATE_HALTED => Status::Dead,
        other => Status::Other(other.cast_unsigned()),
    });
    Ok(thread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARM: Units = Units { kernel_page_size: 16384, mach_hz: 24_000_000, arm: true };

    fn task() -> ProcTaskinfo {
        let mut task = ProcTaskinfo::zeroed();
        task.pti_total_user = 24_000_000;
        task.pti_total_system = 12_000_000;
        task.pti_resident_size = 4096;
        task.pti_virtual_size = 1 << 40;
        task.pti_faults = 100;
        task.pti_pageins = 30;
        task.pti_csw = -1;
        task.pti_threadnum = 7;
        task
    }

    #[test]
    fn times_of_a_process_are_ticks_and_not_nanoseconds() {
        let times = task().times(ARM);
        assert_eq!(times.user, Duration::from_secs(1));
        assert_eq!(times.system, Duration::from_millis(500));
        assert_eq!((times.children, times.children_user), (None, None));
        let intel = Units { mach_hz: 1_000_000_000, ..ARM };
        assert_eq!(task().times(intel).user, Duration::from_millis(24));
    }

    #[test]
    fn traffic_with_disks_is_told_in_bytes_and_not_in_operations() {
        let mut rusage = RusageInfoV2::zeroed();
        (rusage.ri_diskio_bytesread, rusage.ri_diskio_byteswritten) = (4096, u64::MAX);
        rusage.ri_pageins = 7;
        let io = RusageInfoV2::from_prefix(&rusage.to_bytes()).io();
        assert_eq!((io.read_bytes, io.write_bytes), (Some(4096), Some(u64::MAX)));
        assert_eq!((io.read_count, io.write_count), (None, None), "absent, not zero");
        // What moved through the cache is not told.
        assert_eq!((io.read_chars, io.write_chars, io.cancelled_write_bytes), (None, None, None));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn times_of_a_thread_are_nanoseconds_and_not_ticks() {
        let answer = include_bytes!("../../../fixtures/records/macos-thread.bin");
        let thread = decode_thread(0x12_3456, answer).expect("decodes");
        assert_eq!(thread.user_time, Some(Duration::from_millis(1500)));
        assert_eq!(thread.system_time, Some(Duration::from_micros(250)));
        assert_eq!(thread.total_time, Duration::from_nanos(1_500_250_000));
        // The number it was asked for with: no handle of the process.
        assert_eq!((thread.id, thread.status), (0x12_3456, Some(Status::Sleeping)));
        assert_eq!(thread.name.as_deref(), Some("com.example.worker".as_ref()));
        assert!(decode_thread(1, &answer[..answer.len() - 1]).is_err());
    }

    #[test]
    fn faults_that_needed_the_pager_are_not_counted_twice() {
        assert_eq!(task().page_faults(), PageFaults { minor: 70, major: 30 });
        let mut odd = task();
        odd.pti_pageins = -1;
        assert_eq!(odd.page_faults(), PageFaults { minor: 0, major: u64::from(u32::MAX) });
    }

    #[test]
    fn switches_are_told_together_and_without_a_sign() {
        let switches = task().switches();
        assert_eq!(switches.total(), u64::from(u32::MAX));
        assert_eq!((switches.voluntary, switches.involuntary), (None, None));
        assert_eq!((task().threads(), task().memory().rss), (7, 4096));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_task_says_when_its_process_started_as_the_table_does() {
        let all = include_bytes!("../../../fixtures/records/macos-taskallinfo.bin");
        let table = include_bytes!("../../../fixtures/records/macos-processes.bin");
        let task = ProcTaskallinfo::from_bytes(all).expect("whole");
        let record = processes(table).next().expect("one").expect("whole");
        assert_eq!(task.start_time(), record.start_time());
        assert!(task.start_time().is_some());
    }

    #[test]
    fn a_start_of_zero_seconds_is_none() {
        let mut task = ProcTaskallinfo::zeroed();
        task.pbsd.pbi_start_tvusec = 5;
        assert_eq!(task.start_time(), None);
        task.pbsd.pbi_start_tvsec = 1;
        assert_eq!(task.start_time(), Some(StartTime::new(1_000_005)));
    }

    #[test]
    fn half_a_number_is_no_thread() {
        let answer: Vec<u8> = [5u64, 1 << 40].iter().flat_map(|id| id.to_ne_bytes()).collect();
        assert_eq!(decode_thread_ids(&answer).collect::<Vec<_>>(), [5, 1 << 40]);
        assert_eq!(decode_thread_ids(&answer[..15]).count(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let all = ProcTaskallinfo::from_prefix(&bytes);
            let _ = (all.ptinfo.times(ARM), all.ptinfo.page_faults(), all.start_time());
            let _ = (decode_thread(1, &bytes), decode_thread_ids(&bytes).count());
        }
    }
}
