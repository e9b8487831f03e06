//! Processes and threads, as OpenBSD lays them out.

use ps_core::raw::{Short, each, text};

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A process or a thread, from `kern.proc`.
    "struct kinfo_proc" => pub struct KinfoProc {
        p_forw: u64,
        p_back: u64,
        p_paddr: u64,
        p_addr: u64,
        p_fd: u64,
        p_stats: u64,
        p_limit: u64,
        p_vmspace: u64,
        p_sigacts: u64,
        p_sess: u64,
        p_tsess: u64,
        p_ru: u64,
        p_eflag: i32,
        p_exitsig: i32,
        p_flag: i32,
        p_pid: i32,
        p_ppid: i32,
        p_sid: i32,
        p__pgid: i32,
        p_tpgid: i32,
        p_uid: u32,
        p_ruid: u32,
        p_gid: u32,
        p_rgid: u32,
        p_groups: [u32; 16],
        p_ngroups: i16,
        p_jobc: i16,
        p_tdev: u32,
        p_estcpu: u32,
        p_rtime_sec: u32,
        p_rtime_usec: u32,
        p_cpticks: i32,
        p_pctcpu: u32,
        p_swtime: u32,
        p_slptime: u32,
        p_schedflags: i32,
        p_uticks: u64,
        p_sticks: u64,
        p_iticks: u64,
        p_tracep: u64,
        p_traceflag: i32,
        p_holdcnt: i32,
        p_siglist: i32,
        p_sigmask: u32,
        p_sigignore: u32,
        p_sigcatch: u32,
        p_stat: i8,
        p_priority: u8,
        p_usrpri: u8,
        /// Counted from `NZERO`, which is 20.
        p_nice: u8,
        p_xstat: u16,
        p_spare: u16,
        p_comm: [u8; 24],
        p_wmesg: [u8; 8],
        p_wchan: u64,
        p_login: [u8; 32],
        /// In pages.
        p_vm_rssize: i32,
        /// In pages.
        p_vm_tsize: i32,
        /// In pages.
        p_vm_dsize: i32,
        /// In pages.
        p_vm_ssize: i32,
        p_uvalid: i64,
        /// Moves when the clock is set; zero for zombies.
        p_ustart_sec: u64,
        p_ustart_usec: u32,
        p_uutime_sec: u32,
        p_uutime_usec: u32,
        p_ustime_sec: u32,
        p_ustime_usec: u32,
        /// In KiB.
        p_uru_maxrss: u64,
        p_uru_ixrss: u64,
        p_uru_idrss: u64,
        p_uru_isrss: u64,
        p_uru_minflt: u64,
        p_uru_majflt: u64,
        p_uru_nswap: u64,
        p_uru_inblock: u64,
        p_uru_oublock: u64,
        p_uru_msgsnd: u64,
        p_uru_msgrcv: u64,
        p_uru_nsignals: u64,
        p_uru_nvcsw: u64,
        p_uru_nivcsw: u64,
        /// Children, user and system in one.
        p_uctime_sec: u32,
        p_uctime_usec: u32,
        p_psflags: u32,
        p_acflag: u32,
        p_svuid: u32,
        p_svgid: u32,
        p_emul: [u8; 8],
        p_rlim_rss_cur: u64,
        p_cpuid: u64,
        p_vm_map_size: u64,
        /// -1 in the entry that stands for the process itself.
        p_tid: i32,
        p_rtableid: u32,
        p_pledge: u64,
        p_name: [u8; 24],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_KERN: i32 = 1;
    pub KERN_PROC: i32 = 66;
    pub KERN_PROC_ALL: i32 = 0;
    pub KERN_PROC_PID: i32 = 1;
    pub KERN_PROC_PGRP: i32 = 2;
    pub KERN_PROC_SESSION: i32 = 3;
    pub KERN_PROC_TTY: i32 = 4;
    pub KERN_PROC_UID: i32 = 5;
    pub KERN_PROC_RUID: i32 = 6;
    pub KERN_PROC_KTHREAD: i32 = 7;
    pub KERN_PROC_SHOW_THREADS: i32 = 1073741824;
    pub KERN_PROC_ARGS: i32 = 55;
    pub KERN_PROC_ENV: i32 = 3;
    pub KERN_PROC_ARGV: i32 = 1;
    pub KERN_PROC_NARGV: i32 = 2;
    pub KERN_PROC_NENV: i32 = 4;
    pub KERN_PROC_CWD: i32 = 78;
    pub KERN_PROC_NOBROADCASTKILL: i32 = 79;
    pub KERN_ARGMAX: i32 = 8;
    pub SIDL: i32 = 1;
    pub SRUN: i32 = 2;
    pub SSLEEP: i32 = 3;
    pub SSTOP: i32 = 4;
    pub SZOMB: i32 = 5;
    pub SDEAD: i32 = 6;
    pub SONPROC: i32 = 7;
    pub P_SYSTEM: i32 = 0x200;
    pub P_WEXIT: i32 = 0x2000;
    pub P_THREAD: i32 = 0x4000000;
    pub PS_CONTROLT: i32 = 0x1;
    pub PS_EXEC: i32 = 0x2;
    pub PS_INEXEC: i32 = 0x4;
    pub PS_EXITING: i32 = 0x8;
    pub PS_SUGID: i32 = 0x10;
    pub PS_PPWAIT: i32 = 0x40;
    pub PS_TRACED: i32 = 0x200;
    pub PS_SYSTEM: i32 = 0x1_0000;
    pub PS_EMBRYO: i32 = 0x2_0000;
    pub PS_ZOMBIE: i32 = 0x4_0000;
    pub PS_PLEDGE: i32 = 0x10_0000;
    pub PS_CHROOT: i32 = 0x100_0000;
    pub PS_STOPPED: i32 = 0x4000_0000;
    pub KI_NGROUPS: i32 = 16;
    pub KI_NOCPU: u64 = u64::MAX;
    pub KI_WMESGLEN: i32 = 8;
    pub KI_MAXCOMLEN: i32 = 24;
    pub KI_MAXLOGNAME: i32 = 32;
    pub EPROC_CTTY: i32 = 1;
    pub EPROC_SLEADER: i32 = 2;
    pub KI_EMULNAMELEN: i32 = 8;
    pub NZERO: i32 = 20;
    pub PZERO: i32 = 22;
    pub SA_NOCLDWAIT: i32 = 32;
    pub SIGTHR: i32 = 32;
    pub CLD_EXITED: i32 = 1;
    pub CLD_KILLED: i32 = 2;
    pub CLD_DUMPED: i32 = 3;
    pub WNOWAIT: i32 = 0x10;
    pub RLIMIT_CPU: i32 = 0;
    pub RLIMIT_FSIZE: i32 = 1;
    pub RLIMIT_DATA: i32 = 2;
    pub RLIMIT_STACK: i32 = 3;
    pub RLIMIT_CORE: i32 = 4;
    pub RLIMIT_RSS: i32 = 5;
    pub RLIMIT_MEMLOCK: i32 = 6;
    pub RLIMIT_NPROC: i32 = 7;
    pub RLIMIT_NOFILE: i32 = 8;
    pub RLIM_NLIMITS: i32 = 9;
}

/// The records in an answer of `kern.proc`, for which `stride` was the record size asked for.
pub fn processes(
    answer: &[u8],
    stride: usize,
) -> impl Iterator<Item = Result<KinfoProc, Short>> + '_ {
    each(answer, stride)
}

impl KinfoProc {
    /// The name, cut short by the kernel. It need not be UTF-8.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        text(&self.p_comm)
    }

    /// The niceness, from -20 to 20.
    #[must_use]
    pub fn nice(&self) -> i32 {
        i32::from(self.p_nice) - NZERO
    }

    /// The thread that this entry is about; `None` in the entry that stands for the whole process.
    #[must_use]
    pub fn thread(&self) -> Option<i32> {
        (self.p_tid != -1).then_some(self.p_tid)
    }

    /// The processor it ran on last; `None` if it never ran.
    #[must_use]
    pub fn processor(&self) -> Option<u32> {
        (self.p_cpuid != KI_NOCPU).then(|| u32::try_from(self.p_cpuid).ok())?
    }

    /// Whether it has ended and its parent has not asked for it. Zombies are seen as `SDEAD` here.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        [SZOMB, SDEAD].contains(&i32::from(self.p_stat))
    }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../../fixtures/records/openbsd-processes.bin");

    fn record(index: usize) -> KinfoProc {
        processes(ANSWER, 648).nth(index).expect("there are three").expect("it is whole")
    }

    #[test]
    fn a_sleeping_process_is_read_field_by_field() {
        let process = record(0);
        assert_eq!((process.p_pid, process.p_ppid, process.p_sid), (4711, 1, 4709));
        assert_eq!((process.p__pgid, process.p_tpgid, process.p_eflag), (4710, -1, EPROC_CTTY));
        assert_eq!((process.p_uid, process.p_ruid, process.p_svuid), (1001, 1002, 1003));
        assert_eq!((process.p_gid, process.p_rgid, process.p_svgid), (2001, 2002, 2005));
        assert_eq!((process.p_groups[1], process.p_ngroups), (2004, 2));
        assert_eq!((process.p_siglist, process.p_sigcatch), (1, 0x8000_4002));
        assert_eq!((i32::from(process.p_stat), process.nice()), (SSLEEP, -4));
        assert_eq!((process.p_vm_rssize, process.p_vm_map_size), (77, 1234));
        assert_eq!((process.p_ustart_sec, process.p_ustart_usec), (1_700_000_000, 123_456));
        assert_eq!((process.p_uutime_sec, process.p_ustime_usec), (10, 13));
        assert_eq!((process.p_uru_maxrss, process.p_uru_nivcsw), (4096, 19));
        assert_eq!((process.p_uctime_sec, process.p_uctime_usec), (20, 21));
        assert_eq!((process.processor(), process.thread()), (Some(3), None));
        assert_eq!(
            (process.name(), text(&process.p_login)),
            (&b"a (strange) name"[..], &b"jo"[..])
        );
        assert!(!process.is_zombie());
    }

    #[test]
    fn a_thread_and_a_zombie_are_told_from_a_process() {
        let thread = record(1);
        assert_eq!((thread.thread(), thread.processor()), (Some(100_123), None));
        assert_eq!((text(&thread.p_name), thread.nice()), (&b"worker"[..], 0));
        let zombie = record(2);
        assert_eq!((zombie.p_pid, zombie.is_zombie(), zombie.nice()), (4713, true, 20));
        assert_eq!(zombie.p_ustart_sec, 0);
    }

    #[test]
    fn an_answer_cut_anywhere_yields_only_whole_records() {
        for length in 0..ANSWER.len() {
            let whole = processes(&ANSWER[..length], 648).filter(Result::is_ok).count();
            assert_eq!(whole, length / 648, "of {length} bytes");
        }
    }
}
