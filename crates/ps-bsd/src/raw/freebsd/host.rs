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

    /// What a battery is, from `ACPIIO_BATT_GET_BIF`.
    "struct acpi_bif" => pub struct AcpiBif {
        /// `ACPI_BIF_UNITS_MW`: in mWh and mW; `ACPI_BIF_UNITS_MA`: in mAh and mA.
        units: u32,
        dcap: u32,
        lfcap: u32,
        btech: u32,
        /// In mV.
        dvol: u32,
        wcap: u32,
        lcap: u32,
        gra1: u32,
        gra2: u32,
        model: [u8; 32],
        serial: [u8; 32],
        r#type: [u8; 32] = "type",
        oeminfo: [u8; 32],
    }

    /// What a battery is doing, from `ACPIIO_BATT_GET_BST`.
    "struct acpi_bst" => pub struct AcpiBst {
        state: u32,
        rate: u32,
        cap: u32,
        /// In mV.
        volt: u32,
    }

    /// Capacity and remaining time of a battery, from `ACPIIO_BATT_GET_BATTINFO`.
    "struct acpi_battinfo" => pub struct AcpiBattinfo {
        /// In percent; -1 if unknown.
        cap: i32,
        /// In minutes; -1 if unknown.
        min: i32,
        state: i32,
        rate: i32,
    }

    /// The argument of the requests about batteries, in the form that every release takes.
    "union acpi_battery_ioctl_arg_v1" => pub struct AcpiBatteryIoctlArg {
        unit: i32,
        _rest: [u32; 40],
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
    pub ACPI_BATT_UNKNOWN: u32 = 0xffff_ffff;
    pub ACPI_BIF_UNITS_MW: i32 = 0;
    pub ACPI_BIF_UNITS_MA: i32 = 1;
    pub ACPIIO_BATT_GET_UNITS: u32 = 0x4004_4201;
    pub ACPIIO_BATT_GET_BATTINFO: u32 = 0xc0a4_4203 => "ACPIIO_BATT_GET_BATTINFO_V1";
    pub ACPIIO_BATT_GET_BIF: u32 = 0xc0a4_4210;
    pub ACPIIO_BATT_GET_BST: u32 = 0xc0a4_4211 => "ACPIIO_BATT_GET_BST_V1";
    pub CTL_SYSCTL: i32 = 0;
    pub CTL_SYSCTL_NAME2OID: i32 = 3;
    pub CTL_SYSCTL_OIDFMT: i32 = 4;
    pub CTL_MAXNAME: i32 = 24;
}
