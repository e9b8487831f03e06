//! Processes and threads, as FreeBSD lays them out.

use ps_core::raw::{Record as _, Short, Value as _, packed, text};

use super::host::Timeval;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A set of signals: bit 0 of the first word is signal 1.
    "struct __sigset" => pub struct Sigset {
        bits: [u32; 4] = "__bits",
    }

    /// The scheduling class of a thread and its priorities in it.
    "struct priority" => pub struct Priority {
        pri_class: u8,
        pri_level: u8,
        pri_native: u8,
        pri_user: u8,
    }

    /// Resources used. `ru_maxrss` is in KiB.
    "struct rusage" => pub struct Rusage {
        ru_utime: Timeval,
        ru_stime: Timeval,
        ru_maxrss: i64,
        ru_ixrss: i64,
        ru_idrss: i64,
        ru_isrss: i64,
        ru_minflt: i64,
        ru_majflt: i64,
        ru_nswap: i64,
        ru_inblock: i64,
        ru_oublock: i64,
        ru_msgsnd: i64,
        ru_msgrcv: i64,
        ru_nsignals: i64,
        ru_nvcsw: i64,
        ru_nivcsw: i64,
    }

    /// A resource limit, from `kern.proc.rlimit`.
    "struct rlimit" => pub struct Rlimit {
        rlim_cur: i64,
        rlim_max: i64,
    }

    /// A process or a thread, from `kern.proc.*`.
    "struct kinfo_proc" => pub struct KinfoProc {
        /// The size of this record as the kernel has it, and the version of it.
        ki_structsize: i32,
        ki_layout: i32,
        ki_args: u64,
        ki_paddr: u64,
        ki_addr: u64,
        ki_tracep: u64,
        ki_textvp: u64,
        ki_fd: u64,
        ki_vmspace: u64,
        ki_wchan: u64,
        ki_pid: i32,
        ki_ppid: i32,
        ki_pgid: i32,
        ki_tpgid: i32,
        ki_sid: i32,
        ki_tsid: i32,
        ki_jobc: i16,
        ki_spare_short1: i16,
        ki_tdev_freebsd11: u32,
        ki_siglist: Sigset,
        ki_sigmask: Sigset,
        ki_sigignore: Sigset,
        ki_sigcatch: Sigset,
        ki_uid: u32,
        ki_ruid: u32,
        ki_svuid: u32,
        ki_rgid: u32,
        ki_svgid: u32,
        ki_ngroups: i16,
        ki_spare_short2: i16,
        ki_groups: [u32; 16],
        /// In bytes.
        ki_size: u64,
        /// In pages.
        ki_rssize: i64,
        /// In pages, before the last swap.
        ki_swrss: i64,
        /// In pages.
        ki_tsize: i64,
        /// In pages.
        ki_dsize: i64,
        /// In pages.
        ki_ssize: i64,
        ki_xstat: u16,
        ki_acflag: u16,
        /// As a fraction of `kern.fscale`.
        ki_pctcpu: u32,
        ki_estcpu: u32,
        ki_slptime: u32,
        ki_swtime: u32,
        ki_cow: u32,
        /// In microseconds.
        ki_runtime: u64,
        /// Computed from the boot time of this moment: it moves when the clock is set.
        ki_start: Timeval,
        ki_childtime: Timeval,
        ki_flag: i64,
        ki_kiflag: i64,
        ki_traceflag: i32,
        ki_stat: u8,
        ki_nice: i8,
        ki_lock: u8,
        ki_rqindex: u8,
        ki_oncpu_old: u8,
        ki_lastcpu_old: u8,
        ki_tdname: [u8; 17],
        ki_wmesg: [u8; 9],
        ki_login: [u8; 18],
        ki_lockname: [u8; 9],
        ki_comm: [u8; 20],
        ki_emul: [u8; 17],
        ki_loginclass: [u8; 18],
        ki_moretdname: [u8; 4],
        ki_sparestrings: [u8; 46],
        ki_spareints: [i32; 2],
        ki_tdev: u64,
        /// `NOCPU` while it does not run.
        ki_oncpu: i32,
        ki_lastcpu: i32,
        ki_tracer: i32,
        ki_flag2: i32,
        ki_fibnum: i32,
        ki_cr_flags: u32,
        ki_jid: i32,
        ki_numthreads: i32,
        /// The thread, when threads were asked for.
        ki_tid: i32,
        ki_pri: Priority,
        ki_rusage: Rusage,
        ki_rusage_ch: Rusage,
        ki_pcb: u64,
        ki_kstack: u64,
        ki_udata: u64,
        ki_tdaddr: u64,
        ki_pd: u64,
        _spareptrs: [u64; 5],
        ki_sparelongs: [i64; 12],
        ki_sflag: i64,
        ki_tdflags: i64,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_KERN: i32 = 1;
    pub KERN_PROC: i32 = 14;
    pub KERN_PROC_ALL: i32 = 0;
    pub KERN_PROC_PID: i32 = 1;
    pub KERN_PROC_PGRP: i32 = 2;
    pub KERN_PROC_SESSION: i32 = 3;
    pub KERN_PROC_TTY: i32 = 4;
    pub KERN_PROC_UID: i32 = 5;
    pub KERN_PROC_RUID: i32 = 6;
    pub KERN_PROC_PROC: i32 = 8;
    pub KERN_PROC_INC_THREAD: i32 = 16;
    pub KERN_PROC_ARGS: i32 = 7;
    pub KERN_PROC_ENV: i32 = 35;
    pub KERN_PROC_PATHNAME: i32 = 12;
    pub KERN_PROC_CWD: i32 = 42;
    pub KERN_PROC_RLIMIT: i32 = 37;
    pub KERN_PROC_RLIMIT_USAGE: i32 = 46;
    pub KERN_PROC_UMASK: i32 = 39;
    pub KERN_PROC_GROUPS: i32 = 34;
    pub KERN_PROC_AUXV: i32 = 36;
    pub KERN_PROC_PS_STRINGS: i32 = 38;
    pub KERN_ARGMAX: i32 = 8;
    pub SIDL: i32 = 1;
    pub SRUN: i32 = 2;
    pub SSLEEP: i32 = 3;
    pub SSTOP: i32 = 4;
    pub SZOMB: i32 = 5;
    pub SWAIT: i32 = 6;
    pub SLOCK: i32 = 7;
    pub P_SYSTEM: i32 = 0x200;
    pub P_TRACED: i32 = 0x800;
    pub P_WEXIT: i32 = 0x2000;
    pub P_PPWAIT: i32 = 0x10;
    pub P_CONTROLT: i32 = 2;
    pub P_HADTHREADS: i32 = 0x80;
    pub P_KPROC: i32 = 4;
    pub P_JAILED: i32 = 0x1000000;
    pub P_SUGID: i32 = 0x100;
    pub P_INEXEC: i32 = 0x4000000;
    pub KI_LOCKBLOCK: i32 = 4;
    pub KI_CTTY: i32 = 1;
    pub KI_SLEADER: i32 = 2;
    pub KI_NGROUPS: i32 = 16;
    pub COMMLEN: i32 = 19;
    pub WMESGLEN: i32 = 8;
    pub LOCKNAMELEN: i32 = 8;
    pub KI_EMULNAMELEN: i32 = 16;
    pub LOGINCLASSLEN: i32 = 17;
    pub NOCPU: i32 = -1;
    pub NOCPU_OLD: i32 = 255;
    pub NZERO: i32 = 0;
    pub PRI_ITHD: i32 = 1;
    pub PRI_REALTIME: i32 = 2;
    pub PRI_TIMESHARE: i32 = 3;
    pub PRI_IDLE: i32 = 4;
    pub P_INMEM: i32 = 0x10000000;
    pub SA_NOCLDWAIT: i32 = 32;
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
    pub RLIMIT_NPTS: i32 = 11;
    pub RLIMIT_SWAP: i32 = 12;
    pub RLIMIT_KQUEUES: i32 = 13;
    pub RLIMIT_UMTXP: i32 = 14;
    pub RLIMIT_PIPEBUF: i32 = 15;
    pub RLIM_NLIMITS: i32 = 16;
    pub RLIM_INFINITY: i64 = i64::MAX;
    pub KI_CRF_GRP_OVERFLOW: u32 = 0x8000_0000;
    pub SIGTHR: i32 = 32;
    pub SIGLIBRT: i32 = 33;
    pub SIGRTMIN: i32 = 65;
    pub SIGRTMAX: i32 = 126;
    pub NSIG: i32 = 128 => "_SIG_MAXSIG";
    pub NODEV: i64 = -1;
}

/// The records in an answer of `kern.proc.*`. Each says how long it is.
pub fn processes(answer: &[u8]) -> impl Iterator<Item = Result<KinfoProc, Short>> {
    packed(answer, |rest| usize::try_from(i32::load(rest)).ok()).map(KinfoProc::from_bytes)
}

impl KinfoProc {
    /// The name, cut short by the kernel. It need not be UTF-8.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        text(&self.ki_comm)
    }

    /// The processor it runs on, else the one it ran on last; `None` if it never ran.
    #[must_use]
    pub fn processor(&self) -> Option<u32> {
        let on = [self.ki_oncpu, self.ki_lastcpu].into_iter().find(|&cpu| cpu != NOCPU)?;
        u32::try_from(on).ok()
    }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../../fixtures/records/freebsd-processes.bin");

    fn record(index: usize) -> KinfoProc {
        processes(ANSWER).nth(index).expect("there are two").expect("it is whole")
    }

    #[test]
    fn a_running_process_is_read_field_by_field() {
        let process = record(0);
        assert_eq!((process.ki_pid, process.ki_ppid, process.ki_pgid), (4711, 1, 4710));
        assert_eq!((process.ki_sid, process.ki_tsid, process.ki_tpgid), (4709, 4708, 4712));
        assert_eq!((process.ki_uid, process.ki_ruid, process.ki_svuid), (1001, 1002, 1003));
        assert_eq!((process.ki_groups[0], process.ki_rgid, process.ki_svgid), (2003, 2001, 2002));
        assert_eq!((process.ki_size, process.ki_rssize), (0x1234_5678_9000, 77));
        assert_eq!((process.ki_tsize, process.ki_dsize, process.ki_ssize), (5, 6, 7));
        assert_eq!((process.ki_start.tv_sec, process.ki_start.tv_usec), (1_700_000_000, 123_456));
        assert_eq!((i32::from(process.ki_stat), process.ki_nice), (SRUN, -5));
        assert_eq!((process.ki_runtime, process.ki_pctcpu), (9_876_543_210, 1024));
        assert_eq!(process.ki_sigcatch.bits, [0x4002, 0, 0, 0x8000_0000]);
        assert_eq!(process.ki_tdev, 0xfedc_ba98_7654_3210);
        assert_eq!((process.ki_jid, process.ki_numthreads, process.ki_tid), (12, 21, 100_123));
        assert_eq!(process.ki_rusage.ru_utime, Timeval { tv_sec: 10, tv_usec: 11 });
        assert_eq!(process.ki_rusage.ru_stime, Timeval { tv_sec: 12, tv_usec: 13 });
        assert_eq!((process.ki_rusage.ru_minflt, process.ki_rusage.ru_nivcsw), (14, 19));
        assert_eq!(process.ki_rusage_ch.ru_stime, Timeval { tv_sec: 22, tv_usec: 23 });
        assert_eq!(process.ki_tdflags, 0x55);
        assert_eq!(
            (process.name(), text(&process.ki_login)),
            (&b"a (strange) name"[..], &b"jo"[..])
        );
        assert_eq!((text(&process.ki_wmesg), process.processor()), (&b"select"[..], Some(3)));
    }

    #[test]
    fn a_name_that_fills_its_field_and_the_greatest_pid_are_kept() {
        let zombie = record(1);
        assert_eq!((i32::from(zombie.ki_stat), zombie.ki_pid), (SZOMB, i32::MAX));
        assert_eq!((zombie.name(), zombie.processor()), (&b"exactly-nineteen-by"[..], Some(7)));
        assert_eq!(processes(ANSWER).count(), 2);
    }

    #[test]
    fn an_answer_cut_anywhere_yields_only_whole_records() {
        for length in 0..ANSWER.len() {
            let whole = processes(&ANSWER[..length]).filter(Result::is_ok).count();
            assert_eq!(whole, length / 1088, "of {length} bytes");
        }
    }

    #[test]
    fn a_record_of_an_older_kernel_is_short_and_one_of_a_newer_is_skipped_over() {
        let mut older = ANSWER[..1000].to_vec();
        older[..4].copy_from_slice(&1000_i32.to_le_bytes());
        assert_eq!(processes(&older).map(|record| record.is_ok()).collect::<Vec<_>>(), [false]);
        assert_eq!(KinfoProc::from_prefix(&older).ki_pid, 4711);

        let mut newer = [&ANSWER[..1088], &[0xee; 16], &ANSWER[1088..]].concat();
        newer[..4].copy_from_slice(&1104_i32.to_le_bytes());
        let pids: Vec<i32> = processes(&newer).flatten().map(|process| process.ki_pid).collect();
        assert_eq!(pids, [4711, i32::MAX]);
    }
}
