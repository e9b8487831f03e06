//! Disks and file systems, as FreeBSD lays them out.

use ps_core::raw::Union8;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Seconds and a binary fraction of a second.
    "struct bintime" => pub struct Bintime {
        sec: i64,
        frac: u64,
    }

    /// The counters of a disk, from `kern.devstat.all`.
    "struct devstat" => pub struct Devstat {
        sequence0: u32,
        allocated: i32,
        start_count: u32,
        end_count: u32,
        busy_from: Bintime,
        dev_links: Union8<8>,
        device_number: u32,
        device_name: [u8; 16],
        unit_number: i32,
        bytes: [u64; 4],
        operations: [u64; 4],
        duration: [Bintime; 4],
        busy_time: Bintime,
        creation_time: Bintime,
        block_size: u32,
        tag_types: [u64; 3],
        flags: u32,
        device_type: u32,
        priority: u32,
        id: u64,
        sequence1: u32,
    }

    /// The number of a mounted file system.
    "struct fsid" => pub struct Fsid {
        val: [i32; 2],
    }

    /// A mounted file system.
    "struct statfs" => pub struct Statfs {
        f_version: u32,
        f_type: u32,
        f_flags: u64,
        f_bsize: u64,
        f_iosize: u64,
        f_blocks: u64,
        f_bfree: u64,
        f_bavail: i64,
        f_files: u64,
        f_ffree: i64,
        f_syncwrites: u64,
        f_asyncwrites: u64,
        f_syncreads: u64,
        f_asyncreads: u64,
        f_nvnodelistsize: u32,
        f_spare0: u32,
        f_spare: [u64; 9],
        f_namemax: u32,
        f_owner: u32,
        f_fsid: Fsid,
        f_charspare: [u8; 80],
        f_fstypename: [u8; 16],
        f_mntfromname: [u8; 1024],
        f_mntonname: [u8; 1024],
    }

    /// A mounted file system.
    "struct statvfs" => pub struct Statvfs {
        f_bavail: u64,
        f_bfree: u64,
        f_blocks: u64,
        f_favail: u64,
        f_ffree: u64,
        f_files: u64,
        f_bsize: u64,
        f_flag: u64,
        f_frsize: u64,
        f_fsid: u64,
        f_namemax: u64,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub HW_DISKSTATS: i32 = 9;
    pub HW_DISKNAMES: i32 = 8;
    pub DEVSTAT_NO_DATA: i32 = 0;
    pub DEVSTAT_READ: i32 = 1;
    pub DEVSTAT_WRITE: i32 = 2;
    pub DEVSTAT_FREE: i32 = 3;
    pub DEVSTAT_N_TRANS_FLAGS: i32 = 4;
    pub DEVSTAT_NAME_LEN: i32 = 16;
    pub DEVSTAT_VERSION: i32 = 6;
    pub DEVSTAT_TYPE_DIRECT: i32 = 0;
    pub DEVSTAT_TYPE_MASK: i32 = 15;
    pub DEVSTAT_TYPE_IF_MASK: i32 = 0xf0;
    pub DEVSTAT_TYPE_PASS: i32 = 0x100;
    pub MNT_WAIT: i32 = 1;
    pub MNT_NOWAIT: i32 = 2;
    pub MNT_LAZY: i32 = 3;
    pub MNT_RDONLY: u64 = 1;
    pub MNT_SYNCHRONOUS: u64 = 2;
    pub MNT_NOEXEC: u64 = 4;
    pub MNT_NOSUID: u64 = 8;
    pub MNT_UNION: u64 = 0x20;
    pub MNT_ASYNC: u64 = 0x40;
    pub MNT_SUIDDIR: u64 = 0x100000;
    pub MNT_SOFTDEP: u64 = 0x200000;
    pub MNT_NOSYMFOLLOW: u64 = 0x400000;
    pub MNT_GJOURNAL: u64 = 0x2000000;
    pub MNT_MULTILABEL: u64 = 0x4000000;
    pub MNT_ACLS: u64 = 0x8000000;
    pub MNT_NFS4ACLS: u64 = 0x10;
    pub MNT_NOATIME: u64 = 0x10000000;
    pub MNT_NOCLUSTERR: u64 = 0x40000000;
    pub MNT_NOCLUSTERW: u64 = 0x80000000;
    pub MNT_SUJ: u64 = 0x100000000;
    pub MNT_AUTOMOUNTED: u64 = 0x200000000;
    pub MNT_UNTRUSTED: u64 = 0x800000000;
    pub MNT_VERIFIED: u64 = 0x400000000;
    pub MNT_LOCAL: u64 = 0x1000;
    pub MNT_QUOTA: u64 = 0x2000;
    pub MNT_ROOTFS: u64 = 0x4000;
    pub MNT_USER: u64 = 0x8000;
    pub MNT_IGNORE: u64 = 0x800000;
    pub MNT_EXPORTED: u64 = 0x100;
    pub MNT_EXRDONLY: u64 = 0x80;
    pub MNT_DEFEXPORTED: u64 = 0x200;
    pub MNT_EXPORTANON: u64 = 0x400;
    pub MNT_EXKERB: u64 = 0x800;
    pub MNT_EXPUBLIC: u64 = 0x20000000;
    pub MNT_SNAPSHOT: u64 = 0x1000000;
    pub MFSNAMELEN: i32 = 16;
    pub MNAMELEN: i32 = 1024;
    pub MAXPATHLEN: i32 = 1024;
}
