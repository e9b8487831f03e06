//! The machine: clocks, load, users, events, as FreeBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Seconds and microseconds.
    "struct timeval" => pub struct Timeval {
        tv_sec: i64,
        tv_usec: i64,
    }

    /// Rates of the clocks, from `kern.clockrate`.
    "struct clockinfo" => pub struct Clockinfo {
        hz: i32,
        tick: i32,
        spare: i32,
        stathz: i32,
        profhz: i32,
    }

    /// Load averages, from `vm.loadavg`: divide by `fscale`.
    "struct loadavg" => pub struct Loadavg {
        ldavg: [u32; 3],
        fscale: i64,
    }

    /// A login session or a boot.
    "struct utmpx" => pub struct Utmpx {
        ut_type: i16,
        ut_tv: Timeval,
        ut_id: [u8; 8],
        ut_pid: i32,
        ut_user: [u8; 32],
        ut_line: [u8; 16],
        ut_host: [u8; 128],
        ut_spare: [u8; 64] = "__ut_spare",
    }

    /// An event of a kqueue.
    "struct kevent" => pub struct Kevent {
        ident: u64,
        filter: i16,
        flags: u16,
        fflags: u32,
        data: i64,
        udata: u64,
        ext: [u64; 4],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub KERN_OSTYPE: i32 = 1;
    pub KERN_OSRELEASE: i32 = 2;
    pub KERN_OSREV: i32 = 3;
    pub KERN_VERSION: i32 = 4;
    pub KERN_MAXVNODES: i32 = 5;
    pub KERN_MAXPROC: i32 = 6;
    pub KERN_MAXFILES: i32 = 7;
    pub KERN_HOSTNAME: i32 = 10;
    pub KERN_CLOCKRATE: i32 = 12;
    pub KERN_BOOTTIME: i32 = 21;
    pub KERN_NGROUPS: i32 = 18;
    pub HW_MACHINE: i32 = 1;
    pub HW_MODEL: i32 = 2;
    pub HW_NCPU: i32 = 3;
    pub HW_MACHINE_ARCH: i32 = 11;
    pub CPUSTATES: i32 = 5;
    pub CP_USER: i32 = 0;
    pub CP_NICE: i32 = 1;
    pub CP_SYS: i32 = 2;
    pub CP_INTR: i32 = 3;
    pub CP_IDLE: i32 = 4;
    pub USER_PROCESS: i32 = 4;
    pub BOOT_TIME: i32 = 1;
    pub DEAD_PROCESS: i32 = 7;
    pub LOGIN_PROCESS: i32 = 6;
    pub EVFILT_PROC: i32 = -5;
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
    pub CLOCK_MONOTONIC: i32 = 4;
    pub CLOCK_UPTIME: i32 = 5;
    pub CPU_LEVEL_ROOT: i32 = 1;
    pub CPU_LEVEL_CPUSET: i32 = 2;
    pub CPU_LEVEL_WHICH: i32 = 3;
    pub CPU_WHICH_TID: i32 = 1;
    pub CPU_WHICH_PID: i32 = 2;
    pub CPU_SETSIZE: i32 = 1024;
    pub ACPI_BATT_STAT_DISCHARG: i32 = 1;
    pub ACPI_BATT_STAT_CHARGING: i32 = 2;
    pub ACPI_BATT_STAT_CRITICAL: i32 = 4;
    pub ACPI_BATT_STAT_NOT_PRESENT: i32 = 7;
}
