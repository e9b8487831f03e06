//! Memory and swap, as macOS lays them out.

use ps_core::raw::Scope;

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// Virtual memory, from `HOST_VM_INFO64`. Counts are in pages. Newer systems append to it.
    "struct vm_statistics64", Scope::PREFIX => pub struct VmStatistics64 {
        free_count: u32,
        active_count: u32,
        inactive_count: u32,
        wire_count: u32,
        zero_fill_count: u64,
        reactivations: u64,
        pageins: u64,
        pageouts: u64,
        faults: u64,
        cow_faults: u64,
        lookups: u64,
        hits: u64,
        purges: u64,
        purgeable_count: u32,
        speculative_count: u32,
        decompressions: u64,
        compressions: u64,
        swapins: u64,
        swapouts: u64,
        compressor_page_count: u32,
        throttled_count: u32,
        external_page_count: u32,
        internal_page_count: u32,
        total_uncompressed_pages_in_compressor: u64,
    }

    /// Swap, from `vm.swapusage`. Sizes are in bytes.
    "struct xsw_usage" => pub struct XswUsage {
        xsu_total: u64,
        xsu_avail: u64,
        xsu_used: u64,
        xsu_pagesize: u32,
        xsu_encrypted: [u8; 4],
    }

    /// Times of all processors, from `HOST_CPU_LOAD_INFO`, in hundredths of a second.
    "struct host_cpu_load_info" => pub struct HostCpuLoadInfo {
        cpu_ticks: [u32; 4],
    }

    /// Times of one processor, from `PROCESSOR_CPU_LOAD_INFO`, in hundredths of a second.
    "struct processor_cpu_load_info" => pub struct ProcessorCpuLoadInfo {
        cpu_ticks: [u32; 4],
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
    pub VM_SWAPUSAGE: i32 = 5;
    pub VM_LOADAVG: i32 = 2;
    pub VFS_GENERIC: i32 = 0;
    pub HW_PHYSMEM: i32 = 5;
    pub HW_USERMEM: i32 = 6;
    pub HW_PAGESIZE: i32 = 7;
    pub HW_MEMSIZE: i32 = 24;
    pub DEV_BSIZE: i32 = 512;
    pub HOST_VM_INFO64: i32 = 4;
    pub HOST_CPU_LOAD_INFO: i32 = 3;
    pub HOST_CPU_LOAD_INFO_COUNT: i32 = 4;
    pub PROCESSOR_CPU_LOAD_INFO: i32 = 2;
    pub PROCESSOR_CPU_LOAD_INFO_COUNT: i32 = 4;
    pub CPU_STATE_MAX: i32 = 4;
    pub CPU_STATE_USER: i32 = 0;
    pub CPU_STATE_SYSTEM: i32 = 1;
    pub CPU_STATE_IDLE: i32 = 2;
    pub CPU_STATE_NICE: i32 = 3;
    pub HOST_INFO_MAX: i32 = 1024;
}
