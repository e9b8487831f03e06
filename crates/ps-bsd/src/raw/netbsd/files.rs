//! Open files, sockets of a process and memory maps, as NetBSD lays them out.

use ps_core::raw::Scope;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// An open file of a process.
    "struct kinfo_file" => pub struct KinfoFile {
        ki_fileaddr: u64,
        ki_flag: u32,
        ki_iflags: u32,
        ki_ftype: u32,
        ki_count: u32,
        ki_msgcount: u32,
        ki_usecount: u32,
        ki_fucred: u64,
        ki_fuid: u32,
        ki_fgid: u32,
        ki_fops: u64,
        ki_foffset: u64,
        ki_fdata: u64,
        ki_vun: u64,
        ki_vsize: u64,
        ki_vtype: u32,
        ki_vtag: u32,
        ki_vdata: u64,
        ki_pid: u32,
        ki_fd: i32,
        ki_ofileflags: u32,
        _ki_padto64bits: u32,
    }

    /// One mapping of a process.
    "struct kinfo_vmentry" => pub struct KinfoVmentry {
        kve_start: u64,
        kve_end: u64,
        kve_offset: u64,
        kve_type: u32,
        kve_flags: u32,
        kve_count: u32,
        kve_wired_count: u32,
        kve_advice: u32,
        kve_attributes: u32,
        kve_protection: u32,
        kve_max_protection: u32,
        kve_ref_count: u32,
        kve_inheritance: u32,
        kve_vn_fileid: u64,
        kve_vn_size: u64,
        kve_vn_fsid: u64,
        kve_vn_rdev: u64,
        kve_vn_type: u32,
        kve_vn_mode: u32,
        kve_path: [u8; 1024],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub KERN_FILE: i32 = 15;
    pub KERN_FILE2: i32 = 77;
    pub KERN_FILE_BYFILE: i32 = 1;
    pub KERN_FILE_BYPID: i32 = 2;
    pub VM_PROC: i32 = 16;
    pub VM_PROC_MAP: i32 = 1;
    pub KVME_TYPE_NONE: i32 = 0;
    pub KVME_TYPE_VNODE: i32 = 2;
    pub KVME_TYPE_DEVICE: i32 = 4;
    pub KVME_TYPE_ANON: i32 = 5;
    pub KVME_TYPE_OBJECT: i32 = 1;
    pub KVME_TYPE_SUBMAP: i32 = 6;
    pub KVME_TYPE_KERN: i32 = 3;
    pub KVME_TYPE_UNKNOWN: i32 = 255;
    pub KVME_PROT_READ: i32 = 1;
    pub KVME_PROT_WRITE: i32 = 2;
    pub KVME_PROT_EXEC: i32 = 4;
    pub KVME_FLAG_COW: i32 = 1;
    pub KVME_FLAG_NEEDS_COPY: i32 = 2;
    pub KVME_FLAG_NOCOREDUMP: i32 = 4;
    pub KVME_FLAG_GROWS_UP: i32 = 0x10;
    pub KVME_FLAG_GROWS_DOWN: i32 = 0x20;
    pub KVME_FLAG_PAGEABLE: i32 = 8;
    pub DTYPE_VNODE: i32 = 1;
    pub DTYPE_SOCKET: i32 = 2;
    pub DTYPE_PIPE: i32 = 3;
    pub DTYPE_KQUEUE: i32 = 4;
    pub DTYPE_MISC: i32 = 5;
    pub DTYPE_CRYPTO: i32 = 6;
    pub DTYPE_MQUEUE: i32 = 7;
    pub DTYPE_SEM: i32 = 8;
    pub DTYPE_EVENTFD: i32 = 9;
    pub DTYPE_TIMERFD: i32 = 10;
    pub FREAD: i32 = 1;
    pub FWRITE: i32 = 2;
    pub O_APPEND: i32 = 8;
    pub VREG: i32 = 1;
    pub VBLK: i32 = 3;
    pub VCHR: i32 = 4;
    pub VFIFO: i32 = 7;
}

ps_core::constants! {
    /// Numbers that came later.
    pub(super) const NEWER_CONSTANTS, Scope::ALWAYS.since(11, 0);

    pub DTYPE_MEMFD: i32 = 11;
}
