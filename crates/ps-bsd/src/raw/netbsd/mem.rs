//! Memory and swap, as NetBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Totals of the virtual memory, from `vm.vmtotal`. Counts are in pages.
    "struct vmtotal" => pub struct Vmtotal {
        t_rq: i16,
        t_dw: i16,
        t_pw: i16,
        t_sl: i16,
        _reserved1: i16,
        t_vm: i32,
        t_avm: i32,
        t_rm: i32,
        t_arm: i32,
        t_vmshr: i32,
        t_avmshr: i32,
        t_rmshr: i32,
        t_armshr: i32,
        t_free: i32,
    }

    /// The counters of the virtual memory, from `vm.uvmexp2`.
    "struct uvmexp_sysctl" => pub struct UvmexpSysctl {
        pagesize: i64,
        pagemask: i64,
        pageshift: i64,
        npages: i64,
        free: i64,
        active: i64,
        inactive: i64,
        paging: i64,
        wired: i64,
        zeropages: i64,
        reserve_pagedaemon: i64,
        reserve_kernel: i64,
        freemin: i64,
        freetarg: i64,
        inactarg: i64,
        wiredmax: i64,
        nswapdev: i64,
        swpages: i64,
        swpginuse: i64,
        swpgonly: i64,
        nswget: i64,
        unused1: i64,
        cpuhit: i64,
        cpumiss: i64,
        faults: i64,
        traps: i64,
        intrs: i64,
        swtch: i64,
        softs: i64,
        syscalls: i64,
        pageins: i64,
        swapins: i64,
        swapouts: i64,
        pgswapin: i64,
        pgswapout: i64,
        forks: i64,
        forks_ppwait: i64,
        forks_sharevm: i64,
        pga_zerohit: i64,
        pga_zeromiss: i64,
        zeroaborts: i64,
        fltnoram: i64,
        fltnoanon: i64,
        fltpgwait: i64,
        fltpgrele: i64,
        fltrelck: i64,
        fltrelckok: i64,
        fltanget: i64,
        fltanretry: i64,
        fltamcopy: i64,
        fltnamap: i64,
        fltnomap: i64,
        fltlget: i64,
        fltget: i64,
        flt_anon: i64,
        flt_acow: i64,
        flt_obj: i64,
        flt_prcopy: i64,
        flt_przero: i64,
        pdwoke: i64,
        pdrevs: i64,
        unused4: i64,
        pdfreed: i64,
        pdscans: i64,
        pdanscan: i64,
        pdobscan: i64,
        pdreact: i64,
        pdbusy: i64,
        pdpageouts: i64,
        pdpending: i64,
        pddeact: i64,
        anonpages: i64,
        filepages: i64,
        execpages: i64,
        colorhit: i64,
        colormiss: i64,
        ncolors: i64,
        bootpages: i64,
        poolpages: i64,
        countsyncone: i64,
        countsyncall: i64,
        anonunknown: i64,
        anonclean: i64,
        anondirty: i64,
        fileunknown: i64,
        fileclean: i64,
        filedirty: i64,
        fltup: i64,
        fltnoup: i64,
    }

    /// A swap device, from `swapctl`. Counts are in blocks of 512 bytes.
    "struct swapent" => pub struct Swapent {
        se_dev: u64,
        se_flags: i32,
        se_nblks: i32,
        se_inuse: i32,
        se_priority: i32,
        se_path: [u8; 1025],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_VM: i32 = 2;
    pub CTL_HW: i32 = 6;
    pub CTL_VFS: i32 = 3;
    pub CTL_MACHDEP: i32 = 7;
    pub VM_METER: i32 = 1;
    pub VM_UVMEXP: i32 = 3;
    pub VM_UVMEXP2: i32 = 5;
    pub VM_LOADAVG: i32 = 2;
    pub VFS_GENERIC: i32 = 0;
    pub HW_PHYSMEM: i32 = 5;
    pub HW_PHYSMEM64: i32 = 13;
    pub HW_USERMEM: i32 = 6;
    pub HW_USERMEM64: i32 = 14;
    pub HW_PAGESIZE: i32 = 7;
    pub SWAP_NSWAP: i32 = 3;
    pub SWAP_STATS: i32 = 10;
    pub SWF_INUSE: i32 = 1;
    pub SWF_ENABLE: i32 = 2;
    pub SWF_BUSY: i32 = 4;
    pub SWF_FAKE: i32 = 8;
    pub DEV_BSIZE: i32 = 512;
}
