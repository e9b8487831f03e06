//! `/proc/PID/stat`: one line of numbers, with a name in parentheses near its beginning.

use std::ops::Range;

use ps_core::process::{PageFaults, ProcessTimes, StartTime};
use ps_core::{Pid, Result, Status};

use crate::decode::{Units, malformed};

/// The fields of `/proc/PID/stat` that are of use, named as proc(5) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct Stat<'a> {
    pub pid: u32,
    pub comm: &'a [u8],
    pub state: u8,
    pub ppid: u32,
    pub pgrp: u32,
    pub session: u32,
    pub tty_nr: u32,
    pub flags: u64,
    pub minflt: u64,
    pub majflt: u64,
    pub utime: u64,
    pub stime: u64,
    pub cutime: u64,
    pub cstime: u64,
    pub nice: i32,
    pub num_threads: u32,
    pub starttime: u64,
    pub vsize: u64,
    /// `None` on kernels that do not have the column.
    pub processor: Option<u32>,
    /// `None` on kernels that do not have the column.
    pub rt_priority: Option<u32>,
    /// `None` on kernels that do not have the column.
    pub policy: Option<u32>,
    /// `None` on kernels that do not have the column.
    pub delayacct_blkio_ticks: Option<u64>,
}

/// Decodes `/proc/PID/stat`, or the file of the same name of a thread.
///
/// The name may hold blanks, parentheses and newlines: it ends at the last closing parenthesis.
pub fn decode_stat(line: &[u8]) -> Result<Stat<'_>> {
    parse(line).ok_or_else(|| malformed("stat", "cut off, or not the usual columns"))
}

/// Where the name stands in the line.
fn name_in(line: &[u8]) -> Option<Range<usize>> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let name = open + 1..close;
    line.get(name.clone()).map(|_| name)
}

fn parse(line: &[u8]) -> Option<Stat<'_>> {
    let name = name_in(line)?;
    let pid = u32::try_from(Columns(line).signed()?).ok()?;
    let rest = line.get(name.end + 1..)?;
    let comm = line.get(name)?;
    let state = *rest.strip_prefix(b" ")?.first()?;
    let mut columns = Columns(rest.get(2..)?);
    let ppid = columns.unsigned()?;
    let pgrp = columns.unsigned()?;
    let session = columns.unsigned()?;
    let tty_nr = columns.unsigned()?;
    columns.skip(1)?; // tpgid
    let flags = columns.unsigned()?;
    let minflt = columns.unsigned()?;
    columns.skip(1)?; // cminflt
    let majflt = columns.unsigned()?;
    columns.skip(1)?; // cmajflt
    let utime = columns.unsigned()?;
    let stime = columns.unsigned()?;
    let cutime = columns.unsigned()?;
    let cstime = columns.unsigned()?;
    columns.skip(1)?; // priority
    let nice = columns.signed()?;
    let num_threads = columns.unsigned()?;
    columns.skip(1)?; // itrealvalue
    let starttime = columns.unsigned()?;
    let vsize = columns.unsigned()?;
    // rss to exit_signal: not exact, addresses, or better had elsewhere.
    let skipped = columns.skip(15);
    let mut tail = || skipped.and_then(|()| columns.unsigned());
    Some(Stat {
        pid,
        comm,
        state,
        ppid: u32::try_from(ppid).ok()?,
        pgrp: id_or_zero(pgrp),
        session: id_or_zero(session),
        tty_nr: u32::try_from(tty_nr & u64::from(u32::MAX)).ok()?,
        flags,
        minflt,
        majflt,
        utime,
        stime,
        cutime,
        cstime,
        nice: i32::try_from(nice).ok()?,
        num_threads: u32::try_from(num_threads).unwrap_or(u32::MAX),
        starttime,
        vsize,
        processor: tail().and_then(|value| u32::try_from(value).ok()),
        rt_priority: tail().and_then(|value| u32::try_from(value).ok()),
        policy: tail().and_then(|value| u32::try_from(value).ok()),
        delayacct_blkio_ticks: tail(),
    })
}

/// A process that is being taken apart shows −1 for group and session: none, as 0 is.
fn id_or_zero(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Numbers between single blanks. Negative ones wrap round, and are told apart where they may occur.
struct Columns<'a>(&'a [u8]);

impl Columns<'_> {
    /// Passes over so many, whatever they hold, up to the blank before the next.
    fn skip(&mut self, count: usize) -> Option<()> {
        let mut left = count;
        let next = self.0.iter().skip(1).position(|byte| {
            left -= usize::from(*byte == b' ');
            left == 0
        });
        self.0 = self.0.get(next? + 1..)?;
        Some(())
    }

    fn unsigned(&mut self) -> Option<u64> {
        self.signed().map(i64::cast_unsigned)
    }

    #[inline]
    fn signed(&mut self) -> Option<i64> {
        let mut bytes = self.0;
        while let [b' ', rest @ ..] = bytes {
            bytes = rest;
        }
        let negative = matches!(bytes, [b'-', ..]);
        if let (true, [_, rest @ ..]) = (negative, bytes) {
            bytes = rest;
        }
        let mut value = 0u64;
        let mut digits = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = bytes {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            digits += 1;
            bytes = rest;
        }
        if digits == 0 || digits > 20 || !matches!(bytes, [] | [b' ' | b'\n', ..]) {
            return None;
        }
        self.0 = bytes;
        let value = value.cast_signed();
        Some(if negative { value.wrapping_neg() } else { value })
    }
}

impl Stat<'_> {
    /// All but the name, which is left empty: for whoever keeps the line elsewhere.
    #[must_use]
    pub fn without_name(self) -> Stat<'static> {
        let Stat {
            pid, comm: _, state, ppid, pgrp, session, tty_nr, flags, minflt, majflt, ..
        } = self;
        let Stat { utime, stime, cutime, cstime, nice, num_threads, starttime, vsize, .. } = self;
        let Stat { processor, rt_priority, policy, delayacct_blkio_ticks, .. } = self;
        Stat {
            pid,
            comm: b"",
            state,
            ppid,
            pgrp,
            session,
            tty_nr,
            flags,
            minflt,
            majflt,
            utime,
            stime,
            cutime,
            cstime,
            nice,
            num_threads,
            starttime,
            vsize,
            processor,
            rt_priority,
            policy,
            delayacct_blkio_ticks,
        }
    }

    /// When it started, in ticks since boot.
    #[must_use]
    pub fn start(&self) -> StartTime {
        StartTime::new(self.starttime)
    }

    /// The parent; none for pid 0, which stands for nobody.
    #[must_use]
    pub fn parent(&self) -> Option<Pid> {
        some_pid(self.ppid)
    }

    /// The process group; none for 0, which stands for one outside of what can be seen.
    #[must_use]
    pub fn group(&self) -> Option<Pid> {
        some_pid(self.pgrp)
    }

    /// The session; none for 0, as above.
    #[must_use]
    pub fn session_id(&self) -> Option<Pid> {
        some_pid(self.session)
    }

    /// What it is doing. The state of the main thread alone: see [`Stat::is_zombie`].
    #[must_use]
    pub fn status(&self) -> Status {
        match self.state {
            b'R' => Status::Running,
            b'S' => Status::Sleeping,
            b'D' => Status::DiskSleep,
            b'T' => Status::Stopped,
            b't' => Status::TracingStop,
            b'Z' => Status::Zombie,
            b'X' | b'x' => Status::Dead,
            b'K' => Status::WakeKill,
            b'W' => Status::Waking,
            b'P' => Status::Parked,
            b'I' => Status::Idle,
            other => Status::Other(u32::from(other)),
        }
    }

    /// It has ended. A main thread that has ended while others live on is not the end of the process.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        self.state == b'Z' && self.num_threads <= 1
    }

    /// Its main thread has ended and others live on.
    #[must_use]
    pub fn has_lost_its_leader(&self) -> bool {
        self.state == b'Z' && self.num_threads > 1
    }

    /// Its thread has ended, or is just about to; of a process, its main one.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        const PF_EXITING: u64 = 0x4;
        self.flags & PF_EXITING != 0 || matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// It belongs to the kernel and runs no program.
    #[must_use]
    pub fn is_kernel_thread(&self) -> bool {
        const PF_KTHREAD: u64 = 0x0020_0000;
        self.flags & PF_KTHREAD != 0
    }

    /// CPU time used.
    #[must_use]
    pub fn times(&self, units: Units) -> ProcessTimes {
        let mut times = ProcessTimes::default();
        times.user = units.ticks(self.utime);
        times.system = units.ticks(self.stime);
        times.children_user = Some(units.ticks(self.cutime));
        times.children_system = Some(units.ticks(self.cstime));
        times.children = Some(units.ticks(self.cutime.saturating_add(self.cstime)));
        times.iowait = self.delayacct_blkio_ticks.map(|ticks| units.ticks(ticks));
        times
    }

    /// Page faults of its own, its children's left out.
    #[must_use]
    pub fn faults(&self) -> PageFaults {
        PageFaults { minor: self.minflt, major: self.majflt }
    }

    /// Number of the controlling terminal as `st_rdev` has it; none for 0.
    #[must_use]
    pub fn terminal(&self) -> Option<u64> {
        // The column packs major and minor as new_encode_dev does: 12 bits of minor high, 12 of major, 8 of
        // minor low. `st_rdev` of up to 32 bits is packed alike.
        (self.tty_nr != 0).then_some(u64::from(self.tty_nr))
    }
}

fn some_pid(number: u32) -> Option<Pid> {
    Pid::new(number).filter(|pid| *pid != Pid::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &[u8] = b"7 (a) b\xff) S 1 7 7 34817 7 4194304 101 202 3 4 250 50 30 20 20 -5 3 0 \
        1234 4096000 55 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 2 9 0 0\n";

    #[test]
    fn a_name_with_a_parenthesis_a_blank_and_a_stray_byte() {
        let stat = decode_stat(LINE).expect("decodes");
        assert_eq!(stat.comm, b"a) b\xff");
        assert_eq!((stat.pid, stat.state, stat.ppid), (7, b'S', 1));
        assert_eq!((stat.nice, stat.num_threads, stat.starttime), (-5, 3, 1234));
        assert_eq!((stat.minflt, stat.majflt, stat.vsize), (101, 3, 4_096_000));
        assert_eq!((stat.processor, stat.rt_priority, stat.policy), (Some(1), Some(0), Some(2)));
        assert_eq!(stat.delayacct_blkio_ticks, Some(9));
        assert_eq!(stat.terminal(), Some(34817));
    }

    #[test]
    fn a_name_with_a_newline_is_kept() {
        let line = [b"7 (a\nb".as_slice(), LINE.get(8..).expect("rest")].concat();
        assert_eq!(decode_stat(&line).expect("decodes").comm, b"a\nb");
    }

    #[test]
    fn every_column_is_where_the_manual_has_it() {
        let line = b"3 (n) R 4 5 6 7 8 2097152 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 \
            30 31 32 33 34 35 36 37 38 39 40 41 42 43 44\n";
        let stat = decode_stat(line).expect("decodes");
        assert_eq!(
            (stat.parent(), stat.group(), stat.session_id()),
            (Pid::new(4), Pid::new(5), Pid::new(6))
        );
        assert_eq!((stat.terminal(), stat.status()), (Some(7), Status::Running));
        assert_eq!(stat.faults(), PageFaults { minor: 10, major: 12 });
        assert_eq!((stat.utime, stat.stime, stat.cutime, stat.cstime), (14, 15, 16, 17));
        assert_eq!((stat.nice, stat.num_threads, stat.start()), (19, 20, StartTime::new(22)));
        assert_eq!((stat.vsize, stat.processor), (23, Some(39)));
        assert_eq!((stat.rt_priority, stat.policy), (Some(40), Some(41)));
        assert_eq!(stat.delayacct_blkio_ticks, Some(42));
        assert!(stat.is_kernel_thread() && !stat.is_zombie() && !stat.has_lost_its_leader());
        assert!(!decode_stat(LINE).expect("decodes").is_kernel_thread());
    }

    #[test]
    fn a_column_that_is_no_number_is_an_error() {
        let with =
            |number: &str| format!("3 (n) R {number} 5 6 7 8 9 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n");
        assert!(decode_stat(with("4").as_bytes()).is_ok());
        for bad in ["x", "4x", "-", "", "123456789012345678901", "4294967296", "-4"] {
            assert!(decode_stat(with(bad).as_bytes()).is_err(), "{bad}");
        }
        // The last one that every kernel has, which may be as large as numbers are.
        let last = |size: &str| format!("3 (n) R 4 5 6 7 8 9 1 1 1 1 1 1 1 1 1 1 1 1 1 {size}\n");
        assert!(decode_stat(last("18446744073709551615").as_bytes()).is_ok());
        for bad in ["123456789012345678901", "5x", "x", "-"] {
            assert!(decode_stat(last(bad).as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_old_kernel_without_the_last_columns_is_no_error() {
        let line = b"7 (a) S 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 1234 0 0\n";
        let stat = decode_stat(line).expect("decodes");
        assert_eq!((stat.processor, stat.delayacct_blkio_ticks), (None, None));
        assert_eq!(stat.terminal(), None);
    }

    #[test]
    fn who_ends_is_told_by_the_flag_before_and_by_the_state_after() {
        for (state, flags, is_ending) in
            [("R", "4194308", true), ("Z", "0", true), ("X", "0", true), ("S", "4194304", false)]
        {
            let line =
                format!("7 (a) {state} 1 7 7 0 -1 {flags} 0 0 0 0 1 2 3 4 20 0 1 0 1234 0 0\n");
            let stat = decode_stat(line.as_bytes()).expect("decodes");
            assert_eq!(stat.is_ending(), is_ending, "{line}");
        }
    }

    #[test]
    fn a_file_that_is_empty_or_cut_off_is_an_error_not_zero() {
        let required = LINE.iter().rposition(|byte| *byte == b')').expect("has one") + 60;
        for end in 0..required {
            let cut = LINE.get(..end).expect("in bounds");
            assert!(decode_stat(cut).is_err(), "{:?}", String::from_utf8_lossy(cut));
        }
    }

    #[test]
    fn a_process_being_taken_apart_has_no_group() {
        let line = b"7 (a) X 0 -1 -1 0 -1 0 0 0 0 0 1 2 3 4 20 0 0 0 1234 0 0\n";
        let stat = decode_stat(line).expect("decodes");
        assert_eq!((stat.parent(), stat.group(), stat.session_id()), (None, None, None));
        assert_eq!(stat.status(), Status::Dead);
    }

    #[test]
    fn every_letter_the_kernel_uses_is_known_and_others_are_kept() {
        let of = |state: u8| Stat { state, ..decode_stat(LINE).expect("decodes") }.status();
        let known: Vec<_> = b"RSDTtZXxKWPI".iter().map(|state| of(*state)).collect();
        let expected = [
            Status::Running,
            Status::Sleeping,
            Status::DiskSleep,
            Status::Stopped,
            Status::TracingStop,
            Status::Zombie,
            Status::Dead,
            Status::Dead,
            Status::WakeKill,
            Status::Waking,
            Status::Parked,
            Status::Idle,
        ];
        assert_eq!(known, expected);
        assert_eq!(of(b'?'), Status::Other(u32::from(b'?')));
    }

    #[test]
    fn a_leader_that_ended_before_its_threads_is_no_zombie() {
        let stat = Stat { state: b'Z', num_threads: 2, ..decode_stat(LINE).expect("decodes") };
        assert!(stat.has_lost_its_leader() && !stat.is_zombie());
        let stat = Stat { num_threads: 1, ..stat };
        assert!(stat.is_zombie() && !stat.has_lost_its_leader());
    }

    #[test]
    fn times_are_ticks_and_waiting_is_not_part_of_them() {
        let units = Units { page_size: 4096, ticks_per_second: 100 };
        let times = decode_stat(LINE).expect("decodes").times(units);
        assert_eq!(times.total(), std::time::Duration::from_secs(3));
        assert_eq!(times.children, Some(std::time::Duration::from_millis(500)));
        assert_eq!(times.iowait, Some(std::time::Duration::from_millis(90)));
    }

    #[test]
    fn a_sleeper_with_one_thread_is_no_zombie() {
        let stat = Stat { num_threads: 1, ..decode_stat(LINE).expect("decodes") };
        assert!(!stat.is_zombie() && !stat.has_lost_its_leader());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_stat(&bytes);
        }

        #[test]
        fn no_damage_to_a_true_line_makes_it_panic(at in 0..LINE.len(), byte: u8, end in 0..LINE.len()) {
            let mut line = LINE.to_vec();
            line[at] = byte;
            line.truncate(end);
            if let Ok(stat) = decode_stat(&line) {
                let _ = (stat.status(), stat.times(Units { page_size: 1, ticks_per_second: 100 }));
            }
        }
    }
}
