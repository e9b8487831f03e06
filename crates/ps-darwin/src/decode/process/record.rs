//! The record of a process, from `kern.proc`: answered for every process, whoever asks, and for zombies.

use std::time::SystemTime;

use ps_core::process::{
    Gid, Gids, Identity, Origin, Pid, SignalMasks, StartTime, Status, Uid, Uids,
};

use crate::decode::moment;
use crate::decode::process::signals::SIGNALS;
use crate::raw::process::*;

impl KinfoProc {
    /// Its number; `None` for one that cannot be, which no kernel gives.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        pid(self.kp_proc.p_pid)
    }

    /// When it started, in microseconds of the clock as it was then: it does not move when the clock is set.
    #[must_use]
    pub fn start_time(&self) -> Option<StartTime> {
        let start = self.start();
        let secs = u64::try_from(start.tv_sec).ok().filter(|secs| *secs > 0)?;
        let micros = u64::try_from(start.tv_usec).ok()?;
        Some(StartTime::new(secs.checked_mul(1_000_000)?.checked_add(micros)?))
    }

    /// The same, to be shown.
    #[must_use]
    pub fn create_time(&self) -> Option<SystemTime> {
        moment(self.start())
    }

    /// Which process it is. No two processes share pid and microsecond, so any sighting settles it.
    #[must_use]
    pub fn identity(&self, origin: Origin) -> Option<Identity> {
        let start = self.start_time();
        let mut identity = Identity::new(self.pid()?, start);
        identity.settled = start.is_some();
        identity.origin = origin;
        Some(identity)
    }

    /// The parent. The kernel's own process has none.
    #[must_use]
    pub fn parent(&self) -> Option<Pid> {
        pid(self.kp_eproc.e_ppid).filter(|parent| Some(*parent) != self.pid())
    }

    /// The process group.
    #[must_use]
    pub fn group(&self) -> Option<Pid> {
        pid(self.kp_eproc.e_pgid)
    }

    /// Whether it has begun to end; it may be a zombie already.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.is_zombie() || self.kp_proc.p_flag & P_WEXIT != 0
    }

    /// Whether it is an Intel program that runs on ARM.
    #[must_use]
    pub fn is_translated(&self) -> bool {
        self.kp_proc.p_flag & P_TRANSLATED != 0
    }

    /// What it is doing.
    ///
    /// The kernel calls nearly every process running. What else the record tells comes first: processes of the
    /// system, those that end, and those that wait for a child to leave their memory are idle, and leaders of
    /// sessions sleep.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = i32::from(self.kp_proc.p_stat);
        let flag = self.kp_proc.p_flag;
        match state {
            SZOMB => Status::Zombie,
            SSTOP => Status::Stopped,
            _ if flag & (P_SYSTEM | P_WEXIT | P_PPWAIT) != 0 => Status::Idle,
            _ if self.kp_eproc.e_flag & EPROC_SLEADER != 0 => Status::Sleeping,
            SRUN => Status::Running,
            SSLEEP => Status::Sleeping,
            SIDL => Status::Idle,
            other => Status::Other(other.cast_unsigned()),
        }
    }

    /// Real, effective and saved user.
    #[must_use]
    pub fn uids(&self) -> Uids {
        Uids {
            real: Uid::new(self.kp_eproc.e_pcred.p_ruid),
            effective: Uid::new(self.kp_eproc.e_ucred.cr_uid),
            saved: Uid::new(self.kp_eproc.e_pcred.p_svuid),
        }
    }

    /// Real, effective and saved group. The effective one is the first of the list; of none, the real one.
    #[must_use]
    pub fn gids(&self) -> Gids {
        let real = Gid::new(self.kp_eproc.e_pcred.p_rgid);
        Gids {
            real,
            effective: self.groups().first().copied().unwrap_or(real),
            saved: Gid::new(self.kp_eproc.e_pcred.p_svgid),
        }
    }

    /// Groups, at most sixteen. The kernel counts them; what stands behind the last is of no meaning.
    #[must_use]
    pub fn groups(&self) -> Vec<Gid> {
        let record = &self.kp_eproc.e_ucred;
        let count = usize::try_from(record.cr_ngroups).unwrap_or_default();
        record.cr_groups.iter().take(count).map(|group| Gid::new(*group)).collect()
    }

    /// Number of the controlling terminal.
    #[must_use]
    pub fn terminal(&self) -> Option<u64> {
        let device = self.kp_eproc.e_tdev;
        (device != -1).then(|| u64::from(device.cast_unsigned()))
    }

    /// What it does with signals, as far as the kernel tells.
    #[must_use]
    pub fn signal_masks(&self) -> SignalMasks {
        let mut masks = SignalMasks::default();
        masks.ignored = SIGNALS.signals(u128::from(self.kp_proc.p_sigignore));
        masks.caught = SIGNALS.signals(u128::from(self.kp_proc.p_sigcatch));
        masks
    }
}

fn pid(number: i32) -> Option<Pid> {
    u32::try_from(number).ok().and_then(Pid::new)
}

/// Where each record begins in an answer of `kern.proc.all`, by ascending number, each number once.
pub fn by_pid(answer: &[u8], order: &mut Vec<(Pid, usize)>) {
    order.clear();
    let size = <KinfoProc as ps_core::raw::Record>::LAYOUT.size;
    for (index, record) in answer.chunks_exact(size).enumerate() {
        let number = <KinfoProc as ps_core::raw::Record>::from_prefix(record).pid();
        order.extend(number.map(|number| (number, index * size)));
    }
    order.sort_unstable();
    // A process that ended while the kernel walked its lists stands in the one of zombies too: the first is kept.
    order.dedup_by_key(|(number, _)| *number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::host::Timeval;
    use proptest::prelude::*;
    use ps_core::Sameness;
    use ps_core::raw::{Record as _, Union8};
    use std::time::Duration;

    fn process(state: i32, flag: i32, eflag: i32) -> KinfoProc {
        let mut record = KinfoProc::zeroed();
        record.kp_proc.p_stat = u8::try_from(state).expect("small");
        record.kp_proc.p_flag = flag;
        record.kp_eproc.e_flag = eflag;
        record
    }

    fn started(pid: i32, tv_sec: i64, tv_usec: i32) -> KinfoProc {
        let mut record = process(SRUN, 0, 0);
        let start = Timeval { tv_sec, tv_usec }.to_bytes();
        record.kp_proc.p_un = Union8(start.try_into().expect("sixteen bytes"));
        record.kp_proc.p_pid = pid;
        record
    }

    #[test]
    fn a_state_is_derived_in_the_order_that_was_decided() {
        let of = |state, flag, eflag| process(state, flag, eflag).status();
        let all = P_SYSTEM | P_WEXIT | P_PPWAIT;
        assert_eq!(of(SZOMB, all, EPROC_SLEADER), Status::Zombie);
        assert_eq!(of(SSTOP, all, EPROC_SLEADER), Status::Stopped);
        for flag in [P_SYSTEM, P_WEXIT, P_PPWAIT] {
            assert_eq!(of(SRUN, flag, EPROC_SLEADER), Status::Idle);
        }
        assert_eq!(of(SRUN, 0, EPROC_SLEADER), Status::Sleeping);
        assert_eq!(of(SRUN, P_CONTROLT | P_LP64, EPROC_CTTY), Status::Running);
        assert_eq!((of(SSLEEP, 0, 0), of(SIDL, 0, 0)), (Status::Sleeping, Status::Idle));
        assert_eq!(of(99, 0, 0), Status::Other(99));
    }

    #[test]
    fn a_process_ends_from_its_flag_on_until_it_is_a_zombie_and_after() {
        let others = P_CONTROLT | P_LP64 | P_SYSTEM | P_PPWAIT | P_TRANSLATED;
        let ends = |state, flag| process(state, flag, 0).is_ending();
        for state in [SIDL, SRUN, SSLEEP, SSTOP] {
            assert!(!ends(state, 0) && !ends(state, others), "{state}");
            assert!(ends(state, P_WEXIT) && ends(state, others | P_WEXIT), "{state}");
        }
        assert!(ends(SZOMB, 0) && ends(SZOMB, others) && ends(SZOMB, P_WEXIT));
    }

    #[test]
    fn a_translated_program_is_known_by_its_flag() {
        let translated = |flag| process(SRUN, flag, 0).is_translated();
        assert!(translated(P_TRANSLATED) && translated(P_TRANSLATED | P_LP64));
        assert!(!translated(0) && !translated(P_CONTROLT | P_LP64 | P_SYSTEM | P_WEXIT));
    }

    #[test]
    fn one_microsecond_tells_two_processes_apart() {
        let of = |usec| {
            started(7, 1_700_000_000, usec).identity(Origin::default()).expect("has a number")
        };
        assert_eq!(of(1).compare(&of(1)), Sameness::Same);
        assert_eq!(of(1).compare(&of(2)), Sameness::Different);
        assert_eq!(of(1).start.expect("told").get(), 1_700_000_000_000_001);
        let unknown = started(7, 0, 0).identity(Origin::default()).expect("has a number");
        assert_eq!((unknown.start, unknown.settled), (None, false));
        assert_eq!(of(1).compare(&unknown), Sameness::Unknown);
    }

    #[test]
    fn the_start_that_is_shown_keeps_its_microseconds() {
        let shown = started(7, 1_700_000_000, 5).create_time().expect("told");
        assert_eq!(shown, SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 5000));
    }

    #[test]
    fn a_negative_number_is_no_process() {
        assert_eq!(started(-1, 5, 0).identity(Origin::default()), None);
        assert_eq!(started(-1, 5, 0).pid(), None);
    }

    #[test]
    fn the_kernel_has_no_parent_and_the_first_process_has_the_kernel() {
        assert_eq!(started(0, 5, 0).parent(), None);
        assert_eq!(started(1, 5, 0).parent(), Some(Pid::ZERO));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn credentials_are_six_numbers_that_are_not_mixed_up() {
        use ps_core::Signal;

        let answer = include_bytes!("../../../fixtures/records/macos-processes.bin");
        let record = processes(answer).next().expect("one").expect("whole");
        let uids = record.uids();
        assert_eq!((uids.real.get(), uids.effective.get(), uids.saved.get()), (1002, 1001, 1003));
        let gids = record.gids();
        assert_eq!((gids.real.get(), gids.effective.get(), gids.saved.get()), (2001, 2003, 2002));
        assert_eq!(record.groups(), [Gid::new(2003), Gid::new(2004)]);
        assert_eq!((record.terminal(), record.parent()), (Some(0x1000_0001), Pid::new(1)));
        assert_eq!((record.pid(), record.group()), (Pid::new(4711), Pid::new(4710)));
        let masks = record.signal_masks();
        assert_eq!(masks.ignored.iter().collect::<Vec<_>>(), [Signal::Pipe]);
        assert!(masks.caught.contains(Signal::Int) && masks.caught.contains(Signal::Term));
        assert_eq!((masks.pending, masks.blocked), (None, None));
    }

    #[test]
    fn groups_behind_the_count_are_of_no_meaning() {
        let mut record = KinfoProc::zeroed();
        record.kp_eproc.e_pcred.p_rgid = 20;
        record.kp_eproc.e_ucred.cr_groups = [99; 16];
        assert_eq!((record.groups(), record.gids().effective), (vec![], Gid::new(20)));
        record.kp_eproc.e_ucred.cr_ngroups = i16::MAX;
        assert_eq!(record.groups().len(), 16);
        record.kp_eproc.e_ucred.cr_ngroups = -1;
        assert_eq!(record.groups(), []);
    }

    #[test]
    fn no_terminal_is_none_and_not_a_large_number() {
        let mut record = KinfoProc::zeroed();
        record.kp_eproc.e_tdev = -1;
        assert_eq!(record.terminal(), None);
    }

    #[test]
    fn a_table_comes_by_number_and_names_each_process_once() {
        let answer: Vec<u8> =
            [9, 1, 9, -3, 4].iter().flat_map(|pid| started(*pid, 5, 0).to_bytes()).collect();
        let mut order = vec![(Pid::ZERO, 77)];
        by_pid(&answer[..answer.len() - 1], &mut order);
        let size = KinfoProc::LAYOUT.size;
        let number = |pid| Pid::new(pid).expect("in range");
        assert_eq!(order, [(number(1), size), (number(9), 0)]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_record_panic(bytes in prop::collection::vec(any::<u8>(), 0..1400)) {
            let record = KinfoProc::from_prefix(&bytes);
            let _ = (record.identity(Origin::default()), record.create_time(), record.status());
            let _ = (record.gids(), record.uids(), record.terminal(), record.signal_masks());
            by_pid(&bytes, &mut Vec::new());
        }
    }
}
