//! Disks and file systems, as macOS lays them out.

use super::files::Fsid;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A mounted file system.
    "struct statfs" => pub struct Statfs {
        f_bsize: u32,
        f_iosize: i32,
        f_blocks: u64,
        f_bfree: u64,
        f_bavail: u64,
        f_files: u64,
        f_ffree: u64,
        f_fsid: Fsid,
        f_owner: u32,
        f_type: u32,
        f_flags: u32,
        f_fssubtype: u32,
        f_fstypename: [u8; 16],
        f_mntonname: [u8; 1024],
        f_mntfromname: [u8; 1024],
        f_flags_ext: u32,
        f_reserved: [u32; 7],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub HW_DISKSTATS: i32 = 9;
    pub HW_DISKNAMES: i32 = 8;
    pub MNT_WAIT: i32 = 1;
    pub MNT_NOWAIT: i32 = 2;
    pub MNT_RDONLY: u64 = 1;
    pub MNT_SYNCHRONOUS: u64 = 2;
    pub MNT_NOEXEC: u64 = 4;
    pub MNT_NOSUID: u64 = 8;
    pub MNT_NODEV: u64 = 0x10;
    pub MNT_UNION: u64 = 0x20;
    pub MNT_ASYNC: u64 = 0x40;
    pub MNT_MULTILABEL: u64 = 0x4000000;
    pub MNT_NOATIME: u64 = 0x10000000;
    pub MNT_AUTOMOUNTED: u64 = 0x400000;
    pub MNT_LOCAL: u64 = 0x1000;
    pub MNT_QUOTA: u64 = 0x2000;
    pub MNT_ROOTFS: u64 = 0x4000;
    pub MNT_EXPORTED: u64 = 0x100;
    pub MNT_JOURNALED: u64 = 0x800000;
    pub MNT_QUARANTINE: u64 = 0x400;
    pub MNT_DONTBROWSE: u64 = 0x100000;
    pub MNT_IGNORE_OWNERSHIP: u64 = 0x200000;
    pub MNT_CPROTECT: u64 = 0x80;
    pub MNT_REMOVABLE: u64 = 0x200;
    pub MNT_DOVOLFS: u64 = 0x8000;
    pub MNT_UNKNOWNPERMISSIONS: u64 = 0x200000;
    pub MNT_DEFWRITE: u64 = 0x2000000;
    pub MNT_SNAPSHOT: u64 = 0x40000000;
    pub MNT_STRICTATIME: u64 = 0x80000000;
    pub MNT_NOUSERXATTR: u64 = 0x1000000;
    pub MFSNAMELEN: i32 = 15;
    pub MNAMELEN: i32 = 1024;
    pub MAXPATHLEN: i32 = 1024;
}
