//! Disks and file systems, as NetBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// The counters of a disk, from `hw.iostats`.
    "struct io_sysctl" => pub struct IoSysctl {
        name: [u8; 16],
        busy: i32,
        r#type: i32 = "type",
        xfer: u64,
        seek: u64,
        bytes: u64,
        attachtime_sec: u32,
        attachtime_usec: u32,
        timestamp_sec: u32,
        timestamp_usec: u32,
        time_sec: u32,
        time_usec: u32,
        rxfer: u64,
        rbytes: u64,
        wxfer: u64,
        wbytes: u64,
        wait_sec: u32,
        wait_usec: u32,
        waitsum_sec: u32,
        waitsum_usec: u32,
        busysum_sec: u32,
        busysum_usec: u32,
    }

    /// A mounted file system.
    "struct statvfs" => pub struct Statvfs {
        f_flag: u64,
        f_bsize: u64,
        f_frsize: u64,
        f_iosize: u64,
        f_blocks: u64,
        f_bfree: u64,
        f_bavail: u64,
        f_bresvd: u64,
        f_files: u64,
        f_ffree: u64,
        f_favail: u64,
        f_fresvd: u64,
        f_syncreads: u64,
        f_syncwrites: u64,
        f_asyncreads: u64,
        f_asyncwrites: u64,
        f_fsidx: [i32; 2] = "f_fsidx.__fsid_val",
        f_fsid: u64,
        f_namemax: u64,
        f_owner: u32,
        f_spare: [u64; 4],
        f_fstypename: [u8; 32],
        f_mntonname: [u8; 1024],
        f_mntfromname: [u8; 1024],
        f_mntfromlabel: [u8; 1024],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub HW_DISKNAMES: i32 = 8;
    pub HW_IOSTATS: i32 = 9;
    pub HW_IOSTATNAMES: i32 = 15;
    pub IOSTATNAMELEN: i32 = 16;
    pub IOSTAT_DISK: i32 = 0;
    pub IOSTAT_TAPE: i32 = 1;
    pub IOSTAT_NFS: i32 = 2;
    pub MNT_WAIT: i32 = 1;
    pub MNT_NOWAIT: i32 = 2;
    pub MNT_LAZY: i32 = 3;
    pub MNT_RDONLY: u64 = 1;
    pub MNT_SYNCHRONOUS: u64 = 2;
    pub MNT_NOEXEC: u64 = 4;
    pub MNT_NOSUID: u64 = 8;
    pub MNT_NODEV: u64 = 0x10;
    pub MNT_UNION: u64 = 0x20;
    pub MNT_ASYNC: u64 = 0x40;
    pub MNT_SOFTDEP: u64 = 0x80000000;
    pub MNT_ACLS: u64 = 0x800;
    pub MNT_NFS4ACLS: u64 = 0x200000;
    pub MNT_NOATIME: u64 = 0x4000000;
    pub MNT_AUTOMOUNTED: u64 = 0x10000000;
    pub MNT_LOCAL: u64 = 0x1000;
    pub MNT_QUOTA: u64 = 0x2000;
    pub MNT_ROOTFS: u64 = 0x4000;
    pub MNT_IGNORE: u64 = 0x100000;
    pub MNT_NOCOREDUMP: u64 = 0x8000;
    pub MNT_RELATIME: u64 = 0x20000;
    pub MNT_NODEVMTIME: u64 = 0x40000000;
    pub MNT_SYMPERM: u64 = 0x20000000;
    pub MNT_EXTATTR: u64 = 0x1000000;
    pub MNT_LOG: u64 = 0x2000000;
    pub MNT_DISCARD: u64 = 0x800000;
    pub MNT_EXPORTED: u64 = 0x100;
    pub MNT_EXRDONLY: u64 = 0x80;
    pub MNT_DEFEXPORTED: u64 = 0x200;
    pub MNT_EXPORTANON: u64 = 0x400;
    pub MNT_EXKERB: u64 = 0x800;
    pub MNT_EXPUBLIC: u64 = 0x10000000;
    pub ST_WAIT: i32 = 1;
    pub ST_NOWAIT: i32 = 2;
    pub MNAMELEN: i32 = 90;
    pub MAXPATHLEN: i32 = 1024;
}
