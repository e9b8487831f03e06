//! Processes and threads, as macOS lays them out.

use ps_core::raw::{Record as _, Scope, Short, Union8, each, text};

use super::host::Timeval;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A process, from `PROC_PIDTBSDINFO`.
    "struct proc_bsdinfo" => pub struct ProcBsdinfo {
        pbi_flags: u32,
        pbi_status: u32,
        pbi_xstatus: u32,
        pbi_pid: u32,
        pbi_ppid: u32,
        pbi_uid: u32,
        pbi_gid: u32,
        pbi_ruid: u32,
        pbi_rgid: u32,
        pbi_svuid: u32,
        pbi_svgid: u32,
        rfu_1: u32,
        pbi_comm: [u8; 16],
        pbi_name: [u8; 32],
        pbi_nfiles: u32,
        pbi_pgid: u32,
        pbi_pjobc: u32,
        e_tdev: u32,
        e_tpgid: u32,
        pbi_nice: i32,
        pbi_start_tvsec: u64,
        pbi_start_tvusec: u64,
    }

    /// A process in short, from `PROC_PIDT_SHORTBSDINFO`.
    "struct proc_bsdshortinfo" => pub struct ProcBsdshortinfo {
        pbsi_pid: u32,
        pbsi_ppid: u32,
        pbsi_pgid: u32,
        pbsi_status: u32,
        pbsi_comm: [u8; 16],
        pbsi_flags: u32,
        pbsi_uid: u32,
        pbsi_gid: u32,
        pbsi_ruid: u32,
        pbsi_rgid: u32,
        pbsi_svuid: u32,
        pbsi_svgid: u32,
        pbsi_rfu: u32,
    }

    /// The task of a process, from `PROC_PIDTASKINFO`. Sizes are in bytes, times in Mach ticks.
    "struct proc_taskinfo" => pub struct ProcTaskinfo {
        /// In bytes.
        pti_virtual_size: u64,
        /// In bytes.
        pti_resident_size: u64,
        /// In Mach ticks.
        pti_total_user: u64,
        /// In Mach ticks.
        pti_total_system: u64,
        pti_threads_user: u64,
        pti_threads_system: u64,
        pti_policy: i32,
        /// Those that needed the pager included; it wraps, take it as unsigned.
        pti_faults: i32,
        pti_pageins: i32,
        pti_cow_faults: i32,
        pti_messages_sent: i32,
        pti_messages_received: i32,
        pti_syscalls_mach: i32,
        pti_syscalls_unix: i32,
        /// Both kinds of switches; it wraps, take it as unsigned.
        pti_csw: i32,
        pti_threadnum: i32,
        pti_numrunning: i32,
        pti_priority: i32,
    }

    /// A process and its task, from `PROC_PIDTASKALLINFO`.
    "struct proc_taskallinfo" => pub struct ProcTaskallinfo {
        pbsd: ProcBsdinfo,
        ptinfo: ProcTaskinfo,
    }

    /// A thread, from `PROC_PIDTHREADINFO`. Times are in nanoseconds.
    "struct proc_threadinfo" => pub struct ProcThreadinfo {
        pth_user_time: u64,
        pth_system_time: u64,
        pth_cpu_usage: i32,
        pth_policy: i32,
        pth_run_state: i32,
        pth_flags: i32,
        pth_sleep_time: i32,
        pth_curpri: i32,
        pth_priority: i32,
        pth_maxpriority: i32,
        pth_name: [u8; 64],
    }

    /// `p_un.p_st1` of `struct extern_proc`.
    "__typeof__(((struct extern_proc *)0)->p_un.p_st1)" => pub struct ExternProcPSt1 {
        p_forw: u64 = "__p_forw",
        p_back: u64 = "__p_back",
    }

    /// An interval timer.
    "struct itimerval" => pub struct Itimerval {
        it_interval: Timeval,
        it_value: Timeval,
    }

    /// The part of a process record that the kernel calls the process.
    "struct extern_proc" => pub struct ExternProc {
        p_un: Union8<16>,
        p_vmspace: u64,
        p_sigacts: u64,
        p_flag: i32,
        p_stat: u8,
        p_pid: i32,
        p_oppid: i32,
        p_dupfd: i32,
        user_stack: u64,
        exit_thread: u64,
        p_debugger: i32,
        sigwait: [u8; 4],
        p_estcpu: u32,
        p_cpticks: i32,
        p_pctcpu: u32,
        p_wchan: u64,
        p_wmesg: u64,
        p_swtime: u32,
        p_slptime: u32,
        p_realtimer: Itimerval,
        p_rtime: Timeval,
        p_uticks: u64,
        p_sticks: u64,
        p_iticks: u64,
        p_traceflag: i32,
        p_tracep: u64,
        p_siglist: i32,
        p_textvp: u64,
        p_holdcnt: i32,
        p_sigmask: u32,
        p_sigignore: u32,
        p_sigcatch: u32,
        p_priority: u8,
        p_usrpri: u8,
        p_nice: u8,
        p_comm: [u8; 17],
        p_pgrp: u64,
        p_addr: u64,
        p_xstat: u16,
        p_acflag: u16,
        p_ru: u64,
    }

    /// Real and saved ids of a process.
    "struct _pcred" => pub struct Pcred {
        pc_lock: [u8; 72],
        pc_ucred: u64,
        p_ruid: u32,
        p_svuid: u32,
        p_rgid: u32,
        p_svgid: u32,
        p_refcnt: i32,
    }

    /// Effective ids of a process.
    "struct _ucred" => pub struct Ucred {
        cr_ref: i32,
        cr_uid: u32,
        cr_ngroups: i16,
        cr_groups: [u32; 16],
    }

    /// The part of a process record that lies outside the process.
    "struct eproc" => pub struct Eproc {
        e_paddr: u64,
        e_sess: u64,
        e_pcred: Pcred,
        e_ucred: Ucred,
        e_vm: Union8<64>,
        e_ppid: i32,
        e_pgid: i32,
        e_jobc: i16,
        e_tdev: i32,
        e_tpgid: i32,
        e_tsess: u64,
        e_wmesg: [u8; 8],
        e_xsize: i32,
        e_xrssize: i16,
        e_xccount: i16,
        e_xswrss: i16,
        e_flag: i32,
        e_login: [u8; 12],
        e_spare: [i32; 4],
    }

    /// A process, from `kern.proc.*`; answered for every pid, zombies included.
    "struct kinfo_proc" => pub struct KinfoProc {
        kp_proc: ExternProc,
        kp_eproc: Eproc,
    }

    /// The memory of a task, from `TASK_VM_INFO`. Sizes are in bytes. Newer systems append to it.
    "struct task_vm_info", Scope::PREFIX => pub struct TaskVmInfo {
        virtual_size: u64,
        region_count: i32,
        page_size: i32,
        resident_size: u64,
        resident_size_peak: u64,
        device: u64,
        device_peak: u64,
        internal: u64,
        internal_peak: u64,
        external: u64,
        external_peak: u64,
        reusable: u64,
        reusable_peak: u64,
        purgeable_volatile_pmap: u64,
        purgeable_volatile_resident: u64,
        purgeable_volatile_virtual: u64,
        compressed: u64,
        compressed_peak: u64,
        compressed_lifetime: u64,
        phys_footprint: u64,
    }

    /// Resources used by a process, from `proc_pid_rusage`.
    "struct rusage_info_v2" => pub struct RusageInfoV2 {
        ri_uuid: [u8; 16],
        ri_user_time: u64,
        ri_system_time: u64,
        ri_pkg_idle_wkups: u64,
        ri_interrupt_wkups: u64,
        ri_pageins: u64,
        ri_wired_size: u64,
        ri_resident_size: u64,
        ri_phys_footprint: u64,
        ri_proc_start_abstime: u64,
        ri_proc_exit_abstime: u64,
        ri_child_user_time: u64,
        ri_child_system_time: u64,
        ri_child_pkg_idle_wkups: u64,
        ri_child_interrupt_wkups: u64,
        ri_child_pageins: u64,
        ri_child_elapsed_abstime: u64,
        ri_diskio_bytesread: u64,
        ri_diskio_byteswritten: u64,
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
    pub KERN_PROCARGS2: i32 = 49;
    pub KERN_ARGMAX: i32 = 8;
    pub SIDL: i32 = 1;
    pub SRUN: i32 = 2;
    pub SSLEEP: i32 = 3;
    pub SSTOP: i32 = 4;
    pub SZOMB: i32 = 5;
    pub P_SYSTEM: i32 = 0x200;
    pub P_TRACED: i32 = 0x800;
    pub P_WEXIT: i32 = 0x2000;
    pub P_PPWAIT: i32 = 0x10;
    pub P_CONTROLT: i32 = 2;
    pub P_LP64: i32 = 4;
    pub P_TRANSLATED: i32 = 0x20000;
    pub P_SUGID: i32 = 0x100;
    pub EPROC_CTTY: i32 = 1;
    pub EPROC_SLEADER: i32 = 2;
    pub WMESGLEN: i32 = 7;
    pub NZERO: i32 = 20;
    pub PZERO: i32 = 22;
    pub P_INMEM: i32 = 0;
    pub PROC_ALL_PIDS: i32 = 1;
    pub PROC_UID_ONLY: i32 = 4;
    pub PROC_PIDLISTFDS: i32 = 1;
    pub PROC_PIDTASKALLINFO: i32 = 2;
    pub PROC_PIDTBSDINFO: i32 = 3;
    pub PROC_PIDTASKINFO: i32 = 4;
    pub PROC_PIDTHREADINFO: i32 = 5;
    pub PROC_PIDLISTTHREADS: i32 = 6;
    pub PROC_PIDREGIONINFO: i32 = 7;
    pub PROC_PIDREGIONPATHINFO: i32 = 8;
    pub PROC_PIDVNODEPATHINFO: i32 = 9;
    pub PROC_PIDT_SHORTBSDINFO: i32 = 13;
    pub PROC_PIDTHREADID64INFO: i32 = 15;
    pub PROC_PIDPATHINFO_MAXSIZE: i32 = 4096;
    pub RUSAGE_INFO_V2: i32 = 2;
    pub PROC_FLAG_SYSTEM: i32 = 1;
    pub PROC_FLAG_TRACED: i32 = 2;
    pub PROC_FLAG_INEXIT: i32 = 4;
    pub PROC_FLAG_PPWAIT: i32 = 8;
    pub PROC_FLAG_LP64: i32 = 0x10;
    pub PROC_FLAG_SLEADER: i32 = 0x20;
    pub PROC_FLAG_CTTY: i32 = 0x40;
    pub PROC_FLAG_CONTROLT: i32 = 0x80;
    pub PROC_FLAG_EXEC: i32 = 0x4000;
    pub TH_STATE_RUNNING: i32 = 1;
    pub TH_STATE_STOPPED: i32 = 2;
    pub TH_STATE_WAITING: i32 = 3;
    pub TH_STATE_UNINTERRUPTIBLE: i32 = 4;
    pub TH_STATE_HALTED: i32 = 5;
    pub TH_FLAGS_SWAPPED: i32 = 1;
    pub TH_FLAGS_IDLE: i32 = 2;
    pub TH_USAGE_SCALE: i32 = 1000;
    pub TASK_VM_INFO: i32 = 22;
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
    pub RLIMIT_AS: i32 = 5;
    pub RLIM_NLIMITS: i32 = 9;
}

/// The records in an answer of `kern.proc.*`.
pub fn processes(answer: &[u8]) -> impl Iterator<Item = Result<KinfoProc, Short>> + '_ {
    each(answer, KinfoProc::LAYOUT.size)
}

impl KinfoProc {
    /// The name, cut short by the kernel. It need not be UTF-8.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        text(&self.kp_proc.p_comm)
    }

    /// When it started, by the clock of that time.
    #[must_use]
    pub fn start(&self) -> Timeval {
        Timeval::from_prefix(&self.kp_proc.p_un.0)
    }

    /// The niceness, from -20 to 20.
    #[must_use]
    pub fn nice(&self) -> i8 {
        self.kp_proc.p_nice.cast_signed()
    }

    /// Whether it has ended and its parent has not asked for it.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        i32::from(self.kp_proc.p_stat) == SZOMB
    }
}

impl ProcTaskinfo {
    /// Page faults. Older kernels count in 32 bits without a sign and declare them with one; newer ones count
    /// in 64 bits and tell no more than fits into the field, 2147483647.
    #[must_use]
    pub fn faults(&self) -> u32 {
        self.pti_faults.cast_unsigned()
    }

    /// Context switches of both kinds, counted like [`faults`](Self::faults).
    #[must_use]
    pub fn context_switches(&self) -> u32 {
        self.pti_csw.cast_unsigned()
    }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ANSWER: &[u8] = include_bytes!("../../fixtures/records/macos-processes.bin");
    const TASK: &[u8] = include_bytes!("../../fixtures/records/macos-taskallinfo.bin");

    proptest::proptest! {
        #[test]
        fn no_answer_makes_a_walk_panic(
            answer in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..3000),
        ) {
            for process in processes(&answer).flatten() {
                let _ = (process.name().len(), process.start(), process.nice(), process.is_zombie());
            }
            let task = ProcTaskallinfo::from_prefix(&answer).ptinfo;
            let _ = (task.faults(), task.context_switches());
        }
    }

    fn record(index: usize) -> KinfoProc {
        processes(ANSWER).nth(index).expect("there are two").expect("it is whole")
    }

    #[test]
    fn a_sleeping_process_is_read_field_by_field() {
        let process = record(0);
        let (proc, eproc) = (process.kp_proc, process.kp_eproc);
        assert_eq!((proc.p_pid, eproc.e_ppid, eproc.e_pgid), (4711, 1, 4710));
        assert_eq!(process.start(), Timeval { tv_sec: 1_700_000_000, tv_usec: 123_456 });
        assert_eq!((i32::from(proc.p_stat), process.nice(), proc.p_priority), (SSLEEP, -5, 31));
        assert_eq!((proc.p_sigignore, proc.p_sigcatch), (0x1000, 0x8000_4002));
        assert_eq!((eproc.e_ucred.cr_uid, eproc.e_ucred.cr_groups[1]), (1001, 2004));
        assert_eq!((eproc.e_pcred.p_ruid, eproc.e_pcred.p_svuid), (1002, 1003));
        assert_eq!((eproc.e_pcred.p_rgid, eproc.e_pcred.p_svgid), (2001, 2002));
        assert_eq!((eproc.e_tdev, eproc.e_tpgid, eproc.e_flag), (0x1000_0001, 4712, EPROC_SLEADER));
        assert_eq!((process.name(), text(&eproc.e_login)), (&b"a (strange) name"[..], &b"jo"[..]));
        assert!(!process.is_zombie());
    }

    #[test]
    fn a_zombie_keeps_its_record() {
        let zombie = record(1);
        assert!(zombie.is_zombie());
        assert_eq!((zombie.kp_proc.p_pid, zombie.nice()), (i32::MAX, 20));
        assert_eq!((zombie.name(), zombie.kp_eproc.e_tdev), (&b"exactly-sixteen-"[..], -1));
    }

    #[test]
    fn a_process_and_its_task_are_read_field_by_field() {
        let all = ProcTaskallinfo::from_bytes(TASK).expect("it is whole");
        let (bsd, task) = (all.pbsd, all.ptinfo);
        assert_eq!((bsd.pbi_pid, bsd.pbi_ppid, bsd.pbi_pgid), (4711, 1, 4710));
        assert_eq!((bsd.pbi_uid, bsd.pbi_ruid, bsd.pbi_svuid), (1001, 1002, 1003));
        assert_eq!((bsd.pbi_gid, bsd.pbi_rgid, bsd.pbi_svgid), (2001, 2002, 2003));
        assert_eq!(text(&bsd.pbi_comm), b"short name here");
        assert_eq!(text(&bsd.pbi_name), b"the longer name of the process");
        assert_eq!((bsd.pbi_nfiles, bsd.pbi_nice, bsd.e_tdev), (33, -5, 0x1000_0001));
        assert_eq!((bsd.pbi_start_tvsec, bsd.pbi_start_tvusec), (1_700_000_000, 123_456));
        assert_eq!((task.pti_virtual_size, task.pti_resident_size), (0x1234_5678_9000, 0x4d000));
        assert_eq!((task.pti_total_user, task.pti_total_system), (24_000_000, 48_000_000));
        assert_eq!((task.pti_threadnum, task.pti_numrunning, task.pti_priority), (21, 2, 31));
    }

    #[test]
    fn counters_that_wrapped_stay_positive() {
        let task = ProcTaskallinfo::from_bytes(TASK).expect("it is whole").ptinfo;
        assert_eq!((task.faults(), task.context_switches()), (0x8000_0001, u32::MAX));
    }

    #[test]
    fn an_answer_cut_anywhere_yields_only_whole_records() {
        for length in 0..ANSWER.len() {
            let whole = processes(&ANSWER[..length]).filter(Result::is_ok).count();
            assert_eq!(whole, length / 648, "of {length} bytes");
        }
    }
}
