//! Open files, sockets of a process and memory maps, as OpenBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// An open file of a process.
    "struct kinfo_file" => pub struct KinfoFile {
        f_fileaddr: u64,
        f_flag: u32,
        f_iflags: u32,
        f_type: u32,
        f_count: u32,
        f_msgcount: u32,
        f_usecount: u32,
        f_ucred: u64,
        f_uid: u32,
        f_gid: u32,
        f_ops: u64,
        f_offset: u64,
        f_data: u64,
        f_rxfer: u64,
        f_rwfer: u64,
        f_seek: u64,
        f_rbytes: u64,
        f_wbytes: u64,
        v_un: u64,
        v_type: u32,
        v_tag: u32,
        v_flag: u32,
        va_rdev: u32,
        v_data: u64,
        v_mount: u64,
        va_fileid: u64,
        va_size: u64,
        va_mode: u32,
        va_fsid: u32,
        f_mntonname: [u8; 96],
        so_type: u32,
        so_state: u32,
        so_pcb: u64,
        so_protocol: u32,
        so_family: u32,
        inp_ppcb: u64,
        inp_lport: u32,
        inp_laddru: [u32; 4],
        inp_fport: u32,
        inp_faddru: [u32; 4],
        unp_conn: u64,
        pipe_peer: u64,
        pipe_state: u32,
        kq_count: u32,
        kq_state: u32,
        unused1: u32 = "__unused1",
        p_pid: u32,
        fd_fd: i32,
        fd_ofileflags: u32,
        p_uid: u32,
        p_gid: u32,
        /// -1 in the entry that stands for the process itself.
        p_tid: u32,
        p_comm: [u8; 24],
        inp_rtableid: u32,
        so_splice: u64,
        so_splicelen: i64,
        so_rcv_cc: u64,
        so_snd_cc: u64,
        unp_refs: u64,
        unp_nextref: u64,
        unp_addr: u64,
        unp_path: [u8; 104],
        inp_proto: u32,
        t_state: u32,
        t_rcv_wnd: u64,
        t_snd_wnd: u64,
        t_snd_cwnd: u64,
        va_nlink: u32,
    }

    /// One mapping of a process.
    "struct kinfo_vmentry" => pub struct KinfoVmentry {
        kve_start: u64,
        kve_end: u64,
        kve_guard: u64,
        kve_fspace: u64,
        kve_fspace_augment: u64,
        kve_offset: u64,
        kve_wired_count: i32,
        kve_etype: i32,
        kve_protection: i32,
        kve_max_protection: i32,
        kve_advice: i32,
        kve_inheritance: i32,
        kve_flags: u8,
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub KERN_FILE: i32 = 73;
    pub KERN_FILE_BYFILE: i32 = 1;
    pub KERN_FILE_BYPID: i32 = 2;
    pub KERN_FILE_BYUID: i32 = 3;
    pub KERN_FILE_TEXT: i32 = -1;
    pub KERN_FILE_CDIR: i32 = -2;
    pub KERN_FILE_RDIR: i32 = -3;
    pub KERN_FILE_TRACE: i32 = -4;
    pub KERN_PROC_VMMAP: i32 = 80;
    pub KVE_ET_OBJ: i32 = 1;
    pub KVE_ET_SUBMAP: i32 = 2;
    pub KVE_ET_COPYONWRITE: i32 = 4;
    pub KVE_ET_NEEDSCOPY: i32 = 8;
    pub KVE_ET_HOLE: i32 = 0x10;
    pub KVE_ET_NOFAULT: i32 = 0x20;
    pub KVE_ET_STACK: i32 = 0x40;
    pub KVE_PROT_READ: i32 = 1;
    pub KVE_PROT_WRITE: i32 = 2;
    pub KVE_PROT_EXEC: i32 = 4;
    pub DTYPE_VNODE: i32 = 1;
    pub DTYPE_SOCKET: i32 = 2;
    pub DTYPE_PIPE: i32 = 3;
    pub DTYPE_KQUEUE: i32 = 4;
    pub DTYPE_DMABUF: i32 = 5;
    pub DTYPE_SYNC: i32 = 6;
    pub FREAD: i32 = 1;
    pub FWRITE: i32 = 2;
    pub O_APPEND: i32 = 8;
    pub UF_EXCLOSE: i32 = 1;
}
