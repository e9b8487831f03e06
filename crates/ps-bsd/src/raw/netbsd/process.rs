//! Processes and threads, as NetBSD lays them out.

use ps_core::raw::{Short, each, text};

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A process, from `kern.proc2`.
    "struct kinfo_proc2" => pub struct KinfoProc2 {
        p_forw: u64,
        p_back: u64,
        p_paddr: u64,
        p_addr: u64,
        p_fd: u64,
        p_cwdi: u64,
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
        p_siglist: [u32; 4] = "p_siglist.__bits",
        p_sigmask: [u32; 4] = "p_sigmask.__bits",
        p_sigignore: [u32; 4] = "p_sigignore.__bits",
        p_sigcatch: [u32; 4] = "p_sigcatch.__bits",
        /// The state of a thread; the numbers overlap with those of `p_realstat`.
        p_stat: i8,
        p_priority: u8,
        p_usrpri: u8,
        /// Counted from `NZERO`, which is 20.
        p_nice: u8,
        p_xstat: u16,
        p_acflag: u16,
        p_comm: [u8; 24],
        p_wmesg: [u8; 8],
        p_wchan: u64,
        p_login: [u8; 24],
        /// In pages.
        p_vm_rssize: i32,
        /// In pages.
        p_vm_tsize: i32,
        /// In pages.
        p_vm_dsize: i32,
        /// In pages.
        p_vm_ssize: i32,
        p_uvalid: i64,
        /// Keeps the value of its time when the clock is set.
        p_ustart_sec: u32,
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
        p_uctime_sec: u32,
        p_uctime_usec: u32,
        p_cpuid: u64,
        p_realflag: u64,
        p_nlwps: u64,
        p_nrlwps: u64,
        /// The state of the process: look here first.
        p_realstat: u64,
        p_svuid: u32,
        p_svgid: u32,
        p_ename: [u8; 16],
        p_vm_vsize: i64,
        /// All of the map, in pages.
        p_vm_msize: i64,
    }

    /// A thread, from `kern.lwp`.
    "struct kinfo_lwp" => pub struct KinfoLwp {
        l_forw: u64,
        l_back: u64,
        l_laddr: u64,
        l_addr: u64,
        l_lid: i32,
        l_flag: i32,
        l_swtime: u32,
        l_slptime: u32,
        l_schedflags: i32,
        l_holdcnt: i32,
        l_priority: u8,
        l_usrpri: u8,
        l_stat: i8,
        l_pad1: i8,
        l_pad2: i32,
        l_wmesg: [u8; 8],
        l_wchan: u64,
        l_cpuid: u64,
        l_rtime_sec: u32,
        l_rtime_usec: u32,
        l_cpticks: u32,
        l_pctcpu: u32,
        l_pid: u32,
        l_name: [u8; 20],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_KERN: i32 = 1;
    pub CTL_PROC: i32 = 10;
    pub KERN_PROC: i32 = 14;
    pub KERN_PROC2: i32 = 47;
    pub KERN_PROC_ALL: i32 = 0;
    pub KERN_PROC_PID: i32 = 1;
    pub KERN_PROC_PGRP: i32 = 2;
    pub KERN_PROC_SESSION: i32 = 3;
    pub KERN_PROC_TTY: i32 = 4;
    pub KERN_PROC_UID: i32 = 5;
    pub KERN_PROC_RUID: i32 = 6;
    pub KERN_PROC_ARGS: i32 = 48;
    pub KERN_PROC_ENV: i32 = 3;
    pub KERN_PROC_ARGV: i32 = 1;
    pub KERN_PROC_NARGV: i32 = 2;
    pub KERN_PROC_NENV: i32 = 4;
    pub KERN_PROC_PATHNAME: i32 = 5;
    pub KERN_PROC_CWD: i32 = 6;
    pub KERN_LWP: i32 = 64;
    pub KERN_ARGMAX: i32 = 8;
    pub PROC_PID_LIMIT: i32 = 2;
    pub PROC_PID_LIMIT_TYPE_SOFT: i32 = 1;
    pub PROC_PID_LIMIT_TYPE_HARD: i32 = 2;
    pub PROC_PID_CORENAME: i32 = 1;
    pub SIDL: i32 = 1;
    pub SSTOP: i32 = 4;
    pub SZOMB: i32 = 5;
    pub SDEAD: i32 = 6;
    pub SDYING: i32 = 3;
    pub SACTIVE: i32 = 2;
    pub LSIDL: i32 = 1;
    pub LSRUN: i32 = 2;
    pub LSSLEEP: i32 = 3;
    pub LSSTOP: i32 = 4;
    pub LSZOMB: i32 = 5;
    pub LSONPROC: i32 = 7;
    pub LSSUSPENDED: i32 = 8;
    pub P_SYSTEM: i32 = 0x200;
    pub P_TRACED: i32 = 0x800;
    pub P_WEXIT: i32 = 0x2000;
    pub P_PPWAIT: i32 = 0x10;
    pub P_CONTROLT: i32 = 2;
    pub P_SUGID: i32 = 0x100;
    pub KI_NGROUPS: i32 = 16;
    pub KI_NOCPU: u64 = u64::MAX;
    pub KI_WMESGLEN: i32 = 8;
    pub KI_MAXCOMLEN: i32 = 24;
    pub KI_LNAMELEN: i32 = 20;
    pub KI_MAXEMULLEN: i32 = 16;
    pub KI_MAXLOGNAME: i32 = 24;
    pub EPROC_CTTY: i32 = 1;
    pub EPROC_SLEADER: i32 = 2;
    pub NZERO: i32 = 20;
    pub PRI_IDLE: i32 = 0;
    pub PZERO: i32 = 22;
    pub L_INMEM: i32 = 4;
    pub P_INMEM: i32 = 4;
    pub SA_NOCLDWAIT: i32 = 32;
    pub SIGPWR: i32 = 32;
    pub SIGRTMIN: i32 = 33;
    pub SIGRTMAX: i32 = 63;
    pub RLIMIT_CPU: i32 = 0;
    pub RLIMIT_FSIZE: i32 = 1;
    pub RLIMIT_DATA: i32 = 2;
    pub RLIMIT_STACK: i32 = 3;
    pub RLIMIT_CORE: i32 = 4;
    pub RLIMIT_RSS: i32 = 5;
    pub RLIMIT_MEMLOCK: i32 = 6;
    pub RLIMIT_NPROC: i32 = 7;
    pub RLIMIT_NOFILE: i32 = 8;
    pub RLIMIT_SBSIZE: i32 = 9;
    pub RLIMIT_AS: i32 = 10;
    pub RLIMIT_VMEM: i32 = 10;
    pub RLIMIT_NTHR: i32 = 11;
    pub RLIM_NLIMITS: i32 = 12;
}

/// The records in an answer of `kern.proc2`, for which `stride` was the record size asked for.
pub fn processes(
    answer: &[u8],
    stride: usize,
) -> impl Iterator<Item = Result<KinfoProc2, Short>> + '_ {
    each(answer, stride)
}

impl KinfoProc2 {
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

    /// The processor it ran on last; `None` if it never ran.
    #[must_use]
    pub fn processor(&self) -> Option<u32> {
        (self.p_cpuid != KI_NOCPU).then(|| u32::try_from(self.p_cpuid).ok())?
    }

    /// Whether it is over or about to be. The state of its thread would not tell: the numbers overlap.
    #[must_use]
    pub fn is_exiting(&self) -> bool {
        [SDYING, SZOMB, SDEAD].iter().any(|&state| i32::try_from(self.p_realstat) == Ok(state))
    }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../../fixtures/records/netbsd-processes.bin");

    fn record(index: usize) -> KinfoProc2 {
        processes(ANSWER, 680).nth(index).expect("there are two").expect("it is whole")
    }

    #[test]
    fn a_sleeping_process_is_read_field_by_field() {
        let process = record(0);
        assert_eq!((process.p_pid, process.p_ppid, process.p_sid), (4711, 1, 4709));
        assert_eq!((process.p__pgid, process.p_tpgid, process.p_eflag), (4710, -1, EPROC_CTTY));
        assert_eq!((process.p_uid, process.p_ruid, process.p_svuid), (1001, 1002, 1003));
        assert_eq!((process.p_gid, process.p_rgid, process.p_svgid), (2001, 2002, 2005));
        assert_eq!((process.p_groups[1], process.p_ngroups), (2004, 2));
        assert_eq!(process.p_sigcatch, [0x4002, 0, 0, 0x8000_0000]);
        assert_eq!((i32::from(process.p_stat), process.nice()), (LSSLEEP, -4));
        assert_eq!((process.p_vm_rssize, process.p_vm_msize), (77, 1235));
        assert_eq!((process.p_ustart_sec, process.p_ustart_usec), (1_700_000_000, 123_456));
        assert_eq!((process.p_uutime_sec, process.p_ustime_usec), (10, 13));
        assert_eq!((process.p_uru_maxrss, process.p_uru_nivcsw), (4096, 19));
        assert_eq!((process.p_uctime_sec, process.p_uctime_usec), (20, 21));
        assert_eq!((process.processor(), process.p_nlwps), (Some(3), 21));
        assert_eq!(
            (process.name(), text(&process.p_login)),
            (&b"a (strange) name"[..], &b"jo"[..])
        );
        assert!(!process.is_exiting());
    }

    #[test]
    fn an_exiting_process_is_not_taken_for_a_sleeping_one() {
        let process = record(1);
        assert_eq!(i64::from(process.p_stat), i64::from(SDYING), "the numbers overlap");
        assert!(process.is_exiting());
        assert_eq!((process.p_pid, process.nice(), process.processor()), (i32::MAX, 19, None));
        assert_eq!(process.name(), b"exactly-twenty-three-by");
    }

    #[test]
    fn an_answer_cut_anywhere_yields_only_whole_records() {
        for length in 0..ANSWER.len() {
            let whole = processes(&ANSWER[..length], 680).filter(Result::is_ok).count();
            assert_eq!(whole, length / 680, "of {length} bytes");
        }
    }
}
