//! Open files, sockets of a process and memory maps, as macOS lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A descriptor of a process, from `PROC_PIDLISTFDS`.
    "struct proc_fdinfo" => pub struct ProcFdinfo {
        proc_fd: i32,
        proc_fdtype: u32,
    }

    /// What every kind of open file has.
    "struct proc_fileinfo" => pub struct ProcFileinfo {
        fi_openflags: u32,
        fi_status: u32,
        fi_offset: i64,
        fi_type: i32,
        fi_guardflags: u32,
    }

    /// What `stat` says of a file.
    "struct vinfo_stat" => pub struct VinfoStat {
        vst_dev: u32,
        vst_mode: u16,
        vst_nlink: u16,
        vst_ino: u64,
        vst_uid: u32,
        vst_gid: u32,
        vst_atime: i64,
        vst_atimensec: i64,
        vst_mtime: i64,
        vst_mtimensec: i64,
        vst_ctime: i64,
        vst_ctimensec: i64,
        vst_birthtime: i64,
        vst_birthtimensec: i64,
        vst_size: i64,
        vst_blocks: i64,
        vst_blksize: i32,
        vst_flags: u32,
        vst_gen: u32,
        vst_rdev: u32,
        vst_qspare: [i64; 2],
    }

    /// The number of a mounted file system.
    "struct fsid" => pub struct Fsid {
        val: [i32; 2],
    }

    /// A file without its path.
    "struct vnode_info" => pub struct VnodeInfo {
        vi_stat: VinfoStat,
        vi_type: i32,
        vi_pad: i32,
        vi_fsid: Fsid,
    }

    /// A file and its path.
    "struct vnode_info_path" => pub struct VnodeInfoPath {
        vip_vi: VnodeInfo,
        vip_path: [u8; 1024],
    }

    /// Current and root directory of a process, from `PROC_PIDVNODEPATHINFO`.
    "struct proc_vnodepathinfo" => pub struct ProcVnodepathinfo {
        pvi_cdir: VnodeInfoPath,
        pvi_rdir: VnodeInfoPath,
    }

    /// An open file with its path, from `PROC_PIDFDVNODEPATHINFO`.
    "struct vnode_fdinfowithpath" => pub struct VnodeFdinfowithpath {
        pfi: ProcFileinfo,
        pvip: VnodeInfoPath,
    }

    /// A mapping of a process, from `PROC_PIDREGIONINFO`.
    "struct proc_regioninfo" => pub struct ProcRegioninfo {
        pri_protection: u32,
        pri_max_protection: u32,
        pri_inheritance: u32,
        pri_flags: u32,
        pri_offset: u64,
        pri_behavior: u32,
        pri_user_wired_count: u32,
        pri_user_tag: u32,
        pri_pages_resident: u32,
        pri_pages_shared_now_private: u32,
        pri_pages_swapped_out: u32,
        pri_pages_dirtied: u32,
        pri_ref_count: u32,
        pri_shadow_depth: u32,
        pri_share_mode: u32,
        pri_private_pages_resident: u32,
        pri_shared_pages_resident: u32,
        pri_obj_id: u32,
        pri_depth: u32,
        pri_address: u64,
        pri_size: u64,
    }

    /// A mapping of a process with its path, from `PROC_PIDREGIONPATHINFO`.
    "struct proc_regionwithpathinfo" => pub struct ProcRegionwithpathinfo {
        prp_prinfo: ProcRegioninfo,
        prp_vip: VnodeInfoPath,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub KERN_FILE: i32 = 15;
    pub PROX_FDTYPE_ATALK: i32 = 0;
    pub PROX_FDTYPE_VNODE: i32 = 1;
    pub PROX_FDTYPE_SOCKET: i32 = 2;
    pub PROX_FDTYPE_PSHM: i32 = 3;
    pub PROX_FDTYPE_PSEM: i32 = 4;
    pub PROX_FDTYPE_KQUEUE: i32 = 5;
    pub PROX_FDTYPE_PIPE: i32 = 6;
    pub PROX_FDTYPE_FSEVENTS: i32 = 7;
    pub PROX_FDTYPE_NETPOLICY: i32 = 9;
    pub PROX_FDTYPE_CHANNEL: i32 = 10;
    pub PROX_FDTYPE_NEXUS: i32 = 11;
    pub PROC_PIDFDVNODEINFO: i32 = 1;
    pub PROC_PIDFDVNODEPATHINFO: i32 = 2;
    pub PROC_PIDFDSOCKETINFO: i32 = 3;
    pub PROC_PIDFDPIPEINFO: i32 = 6;
    pub PROC_PIDFDKQUEUEINFO: i32 = 7;
    pub PROC_FP_CLEXEC: i32 = 2;
    pub PROC_FP_GUARDED: i32 = 4;
    pub PROC_FP_SHARED: i32 = 1;
    pub PROC_FP_CLFORK: i32 = 8;
    pub SM_COW: i32 = 1;
    pub SM_PRIVATE: i32 = 2;
    pub SM_EMPTY: i32 = 3;
    pub SM_SHARED: i32 = 4;
    pub SM_TRUESHARED: i32 = 5;
    pub SM_PRIVATE_ALIASED: i32 = 6;
    pub SM_SHARED_ALIASED: i32 = 7;
    pub SM_LARGE_PAGE: i32 = 8;
}
