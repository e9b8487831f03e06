//! Memory and swap, as OpenBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Totals of the virtual memory, from `vm.vmtotal`. Counts are in pages.
    "struct vmtotal" => pub struct Vmtotal {
        t_rq: u16,
        t_dw: u16,
        t_pw: u16,
        t_sl: u16,
        t_sw: u16,
        t_vm: u32,
        t_avm: u32,
        t_rm: u32,
        t_arm: u32,
        t_vmshr: u32,
        t_avmshr: u32,
        t_rmshr: u32,
        t_armshr: u32,
        t_free: u32,
    }

    /// The counters of the virtual memory, from `vm.uvmexp`. They wrap: take them as unsigned.
    "struct uvmexp" => pub struct Uvmexp {
        pagesize: i32,
        pagemask: i32,
        pageshift: i32,
        npages: i32,
        free: i32,
        active: i32,
        inactive: i32,
        paging: i32,
        wired: i32,
        zeropages: i32,
        reserve_pagedaemon: i32,
        reserve_kernel: i32,
        percpucaches: i32,
        vnodepages: i32,
        vtextpages: i32,
        freemin: i32,
        freetarg: i32,
        inactarg: i32,
        wiredmax: i32,
        anonmin: i32,
        vtextmin: i32,
        vnodemin: i32,
        anonminpct: i32,
        vtextminpct: i32,
        vnodeminpct: i32,
        nswapdev: i32,
        swpages: i32,
        swpginuse: i32,
        swpgonly: i32,
        nswget: i32,
        nanon: i32,
        unused05: i32,
        unused06: i32,
        faults: i32,
        traps: i32,
        intrs: i32,
        swtch: i32,
        softs: i32,
        syscalls: i32,
        pageins: i32,
        pcphit: i32,
        pcpmiss: i32,
        pgswapin: i32,
        pgswapout: i32,
        forks: i32,
        forks_ppwait: i32,
        forks_sharevm: i32,
        pga_zerohit: i32,
        pga_zeromiss: i32,
        unused09: i32,
        fltnoram: i32,
        fltnoanon: i32,
        fltnoamap: i32,
        fltpgwait: i32,
        fltpgrele: i32,
        fltrelck: i32,
        fltnorelck: i32,
        fltanget: i32,
        fltanretry: i32,
        fltamcopy: i32,
        fltnamap: i32,
        fltnomap: i32,
        fltlget: i32,
        fltget: i32,
        flt_anon: i32,
        flt_acow: i32,
        flt_obj: i32,
        flt_prcopy: i32,
        flt_przero: i32,
        fltup: i32,
        fltnoup: i32,
        pdwoke: i32,
        pdrevs: i32,
        pdswout: i32,
        pdfreed: i32,
        pdscans: i32,
        pdanscan: i32,
        pdobscan: i32,
        pdreact: i32,
        pdbusy: i32,
        pdpageouts: i32,
        pdpending: i32,
        pddeact: i32,
        _swpskip: i32,
        fpswtch: i32,
        kmapent: i32,
    }

    /// The buffer cache, from `vfs.generic.bcachestat`.
    "struct bcachestats" => pub struct Bcachestats {
        numbufs: i64,
        numbufpages: i64,
        numdirtypages: i64,
        numcleanpages: i64,
        pendingwrites: i64,
        pendingreads: i64,
        numwrites: i64,
        numreads: i64,
        cachehits: i64,
        busymapped: i64,
        dmapages: i64,
        highpages: i64,
        delwribufs: i64,
        kvaslots: i64,
        kvaslots_avail: i64,
        highflips: i64,
        highflops: i64,
        dmaflips: i64,
    }

    /// A swap device, from `swapctl`. Counts are in blocks of 512 bytes.
    "struct swapent" => pub struct Swapent {
        se_dev: i32,
        se_flags: i32,
        se_nblks: i32,
        se_inuse: i32,
        se_priority: i32,
        se_path: [u8; 1024],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub CTL_VM: i32 = 2;
    pub CTL_HW: i32 = 6;
    pub CTL_VFS: i32 = 10;
    pub CTL_MACHDEP: i32 = 7;
    pub VM_METER: i32 = 1;
    pub VM_UVMEXP: i32 = 4;
    pub VM_LOADAVG: i32 = 2;
    pub VFS_GENERIC: i32 = 0;
    pub VFS_BCACHESTAT: i32 = 3;
    pub HW_PHYSMEM: i32 = 5;
    pub HW_PHYSMEM64: i32 = 19;
    pub HW_USERMEM: i32 = 6;
    pub HW_USERMEM64: i32 = 20;
    pub HW_PAGESIZE: i32 = 7;
    pub SWAP_NSWAP: i32 = 3;
    pub SWAP_STATS: i32 = 4;
    pub SWF_INUSE: i32 = 1;
    pub SWF_ENABLE: i32 = 2;
    pub SWF_BUSY: i32 = 4;
    pub SWF_FAKE: i32 = 8;
    pub DEV_BSIZE: i32 = 512;
}
