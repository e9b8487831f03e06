//! The machine: clocks, load, users, events, as NetBSD lays them out.

use ps_core::raw::Scope;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Seconds and microseconds.
    "struct timeval" => pub struct Timeval {
        tv_sec: i64,
        tv_usec: i32,
    }

    /// Seconds and nanoseconds.
    "struct timespec" => pub struct Timespec {
        tv_sec: i64,
        tv_nsec: i64,
    }

    /// Rates of the clocks, from `kern.clockrate`.
    "struct clockinfo" => pub struct Clockinfo {
        hz: i32,
        tick: i32,
        tickadj: i32,
        stathz: i32,
        profhz: i32,
    }

    /// Load averages, from `vm.loadavg`: divide by `fscale`.
    "struct loadavg" => pub struct Loadavg {
        ldavg: [u32; 3],
        fscale: i64,
    }

    /// `ut_exit` of `struct utmpx`.
    "__typeof__(((struct utmpx *)0)->ut_exit)" => pub struct UtmpxUtExit {
        e_termination: u16,
        e_exit: u16,
    }

    /// A socket address of any family.
    "struct sockaddr_storage" => pub struct SockaddrStorage {
        ss_len: u8,
        ss_family: u8,
        ss_pad1: [u8; 6] = "__ss_pad1",
        ss_align: i64 = "__ss_align",
        ss_pad2: [u8; 112] = "__ss_pad2",
    }

    /// A login session or a boot.
    "struct utmpx" => pub struct Utmpx {
        ut_name: [u8; 32],
        ut_id: [u8; 4],
        ut_line: [u8; 32],
        ut_host: [u8; 256],
        ut_session: u16,
        ut_type: u16,
        ut_pid: i32,
        ut_exit: UtmpxUtExit,
        ut_ss: SockaddrStorage,
        ut_tv: Timeval,
        ut_pad: [u8; 36],
    }

    /// Where the kernel put a property list that it answers with: memory of the caller that it mapped itself.
    "struct plistref" => pub struct Plistref {
        pref_plist: u64,
        pref_len: u64,
    }

    /// An event of a kqueue.
    "struct kevent", Scope::ALWAYS.since(11, 0) => pub struct Kevent {
        ident: u64,
        filter: u32,
        flags: u32,
        fflags: u32,
        data: i64,
        udata: u64,
        ext: [u64; 4],
    }

    /// An event of a kqueue, as it was before it got `ext`.
    "struct kevent", Scope::ALWAYS.before(11, 0) => pub struct KeventBefore11 {
        ident: u64,
        filter: u32,
        flags: u32,
        fflags: u32,
        data: i64,
        udata: u64,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub ENVSYS_GETDICTIONARY: u64 = 0xc010_4500;
    pub KERN_OSTYPE: i32 = 1;
    pub KERN_OSRELEASE: i32 = 2;
    pub KERN_OSREV: i32 = 3;
    pub KERN_VERSION: i32 = 4;
    pub KERN_MAXVNODES: i32 = 5;
    pub KERN_MAXPROC: i32 = 6;
    pub KERN_MAXFILES: i32 = 7;
    pub KERN_HOSTNAME: i32 = 10;
    pub KERN_CLOCKRATE: i32 = 12;
    pub KERN_BOOTTIME: i32 = 83;
    pub KERN_NGROUPS: i32 = 18;
    pub KERN_CP_TIME: i32 = 51;
    pub KERN_CONSDEV: i32 = 54;
    pub HW_MACHINE: i32 = 1;
    pub HW_MODEL: i32 = 2;
    pub HW_NCPU: i32 = 3;
    pub HW_NCPUONLINE: i32 = 16;
    pub HW_MACHINE_ARCH: i32 = 10;
    pub CPUSTATES: i32 = 5;
    pub CP_USER: i32 = 0;
    pub CP_NICE: i32 = 1;
    pub CP_SYS: i32 = 2;
    pub CP_INTR: i32 = 3;
    pub CP_IDLE: i32 = 4;
    pub USER_PROCESS: i32 = 7;
    pub BOOT_TIME: i32 = 2;
    pub DEAD_PROCESS: i32 = 8;
    pub LOGIN_PROCESS: i32 = 6;
    pub EVFILT_PROC: i32 = 4;
    pub EV_ADD: i32 = 1;
    pub EV_DELETE: i32 = 2;
    pub EV_ENABLE: i32 = 4;
    pub EV_ONESHOT: i32 = 0x10;
    pub EV_CLEAR: i32 = 0x20;
    pub EV_EOF: i32 = 0x8000;
    pub EV_ERROR: i32 = 0x4000;
    pub EV_RECEIPT: i32 = 0x40;
    pub NOTE_EXIT: u32 = 0x80000000;
    pub NOTE_FORK: i32 = 0x40000000;
    pub NOTE_EXEC: i32 = 0x20000000;
    pub NOTE_TRACK: i32 = 1;
    pub CLOCK_REALTIME: i32 = 0;
    pub CLOCK_MONOTONIC: i32 = 3;
}
