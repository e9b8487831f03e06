//! Memory and swap, as FreeBSD lays them out.

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Totals of the virtual memory, from `vm.vmtotal`. Counts are in pages.
    "struct vmtotal" => pub struct Vmtotal {
        t_vm: u64,
        t_avm: u64,
        t_rm: u64,
        t_arm: u64,
        t_vmshr: u64,
        t_avmshr: u64,
        t_rmshr: u64,
        t_armshr: u64,
        t_free: u64,
        t_rq: i16,
        t_dw: i16,
        t_pw: i16,
        t_sl: i16,
        t_sw: i16,
        t_pad: [u16; 3],
    }

    /// A swap device, from `vm.swap_info.N`. Counts are in pages.
    "struct xswdev" => pub struct Xswdev {
        xsw_version: u32,
        xsw_dev: u64,
        xsw_flags: i32,
        xsw_nblks: i32,
        xsw_used: i32,
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
    pub VM_TOTAL: i32 = 1;
    pub VM_LOADAVG: i32 = 2;
    pub VFS_GENERIC: i32 = 0;
    pub HW_PHYSMEM: i32 = 5;
    pub HW_USERMEM: i32 = 6;
    pub HW_PAGESIZE: i32 = 7;
    pub DEV_BSIZE: i32 = 512;
    pub XSWDEV_VERSION: i32 = 2;
}
