//! Disks and file systems, as OpenBSD lays them out.

use ps_core::raw::Union8;

use super::host::Timeval;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// The counters of a disk, from `hw.diskstats`.
    "struct diskstats" => pub struct Diskstats {
        ds_name: [u8; 16],
        ds_busy: i32,
        ds_rxfer: u64,
        ds_wxfer: u64,
        ds_seek: u64,
        ds_rbytes: u64,
        ds_wbytes: u64,
        ds_attachtime: Timeval,
        ds_timestamp: Timeval,
        ds_time: Timeval,
    }

    /// A mounted file system.
    "struct statfs" => pub struct Statfs {
        f_flags: u32,
        f_bsize: u32,
        f_iosize: u32,
        f_blocks: u64,
        f_bfree: u64,
        f_bavail: i64,
        f_files: u64,
        f_ffree: u64,
        f_favail: i64,
        f_syncwrites: u64,
        f_syncreads: u64,
        f_asyncwrites: u64,
        f_asyncreads: u64,
        f_fsid: [i32; 2] = "f_fsid.val",
        f_namemax: u32,
        f_owner: u32,
        f_ctime: u64,
        f_fstypename: [u8; 16],
        f_mntonname: [u8; 90],
        f_mntfromname: [u8; 90],
        f_mntfromspec: [u8; 90],
        mount_info: Union8<160>,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub HW_DISKSTATS: i32 = 9;
    pub HW_DISKNAMES: i32 = 8;
    pub HW_DISKCOUNT: i32 = 10;
    pub DS_DISKNAMELEN: i32 = 16;
    pub MNT_WAIT: i32 = 1;
    pub MNT_NOWAIT: i32 = 2;
    pub MNT_LAZY: i32 = 3;
    pub MNT_RDONLY: u64 = 1;
    pub MNT_SYNCHRONOUS: u64 = 2;
    pub MNT_NOEXEC: u64 = 4;
    pub MNT_NOSUID: u64 = 8;
    pub MNT_NODEV: u64 = 0x10;
    pub MNT_ASYNC: u64 = 0x40;
    pub MNT_SOFTDEP: u64 = 0x4000000;
    pub MNT_NOATIME: u64 = 0x8000;
    pub MNT_LOCAL: u64 = 0x1000;
    pub MNT_QUOTA: u64 = 0x2000;
    pub MNT_ROOTFS: u64 = 0x4000;
    pub MNT_EXPORTED: u64 = 0x100;
    pub MNT_EXRDONLY: u64 = 0x80;
    pub MNT_DEFEXPORTED: u64 = 0x200;
    pub MNT_EXPORTANON: u64 = 0x400;
    pub MNT_NOPERM: u64 = 0x20;
    pub MNT_WXALLOWED: u64 = 0x800;
    pub MFSNAMELEN: i32 = 16;
    pub MNAMELEN: i32 = 90;
    pub MAXPATHLEN: i32 = 1024;
}
