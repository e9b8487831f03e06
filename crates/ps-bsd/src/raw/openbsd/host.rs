//! The machine: clocks, load, users, events, as OpenBSD lays them out.

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
        stathz: i32,
        profhz: i32,
    }

    /// Load averages, from `vm.loadavg`: divide by `fscale`.
    "struct loadavg" => pub struct Loadavg {
        ldavg: [u32; 3],
        fscale: i64,
    }

    /// A login session, as `/var/run/utmp` holds them.
    "struct utmp" => pub struct Utmp {
        ut_line: [u8; 8],
        ut_name: [u8; 32],
        ut_host: [u8; 256],
        ut_time: i64,
    }

    /// The time of one processor, from `kern.cpustats`.
    "struct cpustats" => pub struct Cpustats {
        cs_time: [u64; 6],
        cs_flags: u64,
    }

    /// A sensor, from `hw.sensors`.
    "struct sensor" => pub struct Sensor {
        desc: [u8; 32],
        tv: Timeval,
        value: i64,
        r#type: u32 = "type",
        status: u32,
        numt: i32,
        flags: i32,
    }

    /// A device with sensors, from `hw.sensors`.
    "struct sensordev" => pub struct Sensordev {
        num: i32,
        xname: [u8; 16],
        maxnumt: [i32; 23],
        sensors_count: i32,
    }

    /// An event of a kqueue.
    "struct kevent" => pub struct Kevent {
        ident: u64,
        filter: i16,
        flags: u16,
        fflags: u32,
        data: i64,
        udata: u64,
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
    pub KERN_OSVERSION: i32 = 27;
    pub KERN_CPTIME: i32 = 40;
    pub KERN_CPTIME2: i32 = 71;
    pub KERN_CPUSTATS: i32 = 85;
    pub KERN_NPROCS: i32 = 47;
    pub KERN_NTHREADS: i32 = 26;
    pub KERN_NFILES: i32 = 56;
    pub KERN_CONSDEV: i32 = 75;
    pub KERN_TTY: i32 = 44;
    pub HW_MACHINE: i32 = 1;
    pub HW_MODEL: i32 = 2;
    pub HW_NCPU: i32 = 3;
    pub HW_NCPUFOUND: i32 = 21;
    pub HW_NCPUONLINE: i32 = 25;
    pub HW_CPUSPEED: i32 = 12;
    pub HW_SETPERF: i32 = 13;
    pub HW_SENSORS: i32 = 11;
    pub HW_VENDOR: i32 = 14;
    pub HW_PRODUCT: i32 = 15;
    pub HW_SERIALNO: i32 = 17;
    pub HW_UUID: i32 = 18;
    pub HW_SMT: i32 = 24;
    pub HW_BATTERY: i32 = 27;
    pub CPUSTATES: i32 = 6;
    pub CP_USER: i32 = 0;
    pub CP_NICE: i32 = 1;
    pub CP_SYS: i32 = 2;
    pub CP_INTR: i32 = 4;
    pub CP_IDLE: i32 = 5;
    pub CP_SPIN: i32 = 3;
    pub CPUSTATS_ONLINE: i32 = 1;
    pub UT_NAMESIZE: i32 = 32;
    pub UT_LINESIZE: i32 = 8;
    pub UT_HOSTSIZE: i32 = 256;
    pub SENSOR_TEMP: i32 = 0;
    pub SENSOR_FANRPM: i32 = 1;
    pub SENSOR_VOLTS_DC: i32 = 2;
    pub SENSOR_VOLTS_AC: i32 = 3;
    pub SENSOR_OHMS: i32 = 4;
    pub SENSOR_WATTS: i32 = 5;
    pub SENSOR_AMPS: i32 = 6;
    pub SENSOR_WATTHOUR: i32 = 7;
    pub SENSOR_AMPHOUR: i32 = 8;
    pub SENSOR_INDICATOR: i32 = 9;
    pub SENSOR_INTEGER: i32 = 10;
    pub SENSOR_PERCENT: i32 = 11;
    pub SENSOR_LUX: i32 = 12;
    pub SENSOR_DRIVE: i32 = 13;
    pub SENSOR_TIMEDELTA: i32 = 14;
    pub SENSOR_HUMIDITY: i32 = 15;
    pub SENSOR_FREQ: i32 = 16;
    pub SENSOR_ANGLE: i32 = 17;
    pub SENSOR_DISTANCE: i32 = 18;
    pub SENSOR_PRESSURE: i32 = 19;
    pub SENSOR_ACCEL: i32 = 20;
    pub SENSOR_VELOCITY: i32 = 21;
    pub SENSOR_ENERGY: i32 = 22;
    pub SENSOR_MAX_TYPES: i32 = 23;
    pub SENSOR_FINVALID: i32 = 1;
    pub SENSOR_FUNKNOWN: i32 = 2;
    pub SENSOR_S_UNSPEC: i32 = 0;
    pub SENSOR_S_OK: i32 = 1;
    pub SENSOR_S_WARN: i32 = 2;
    pub SENSOR_S_CRIT: i32 = 3;
    pub SENSOR_S_UNKNOWN: i32 = 4;
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
    pub CLOCK_MONOTONIC: i32 = 3;
    pub CLOCK_UPTIME: i32 = 5;
    pub CLOCK_BOOTTIME: i32 = 6;
}
