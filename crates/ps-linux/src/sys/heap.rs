//! The allocator of the C library: glibc's tells about itself, musl's does not.

#[cfg(target_env = "gnu")]
pub(crate) use glibc::{info, trim};

/// Nothing is told.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn info() -> Option<ps_core::heap::HeapInfo> {
    None
}

/// Nothing can be asked.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn trim() -> Option<()> {
    None
}

#[cfg(target_env = "gnu")]
mod glibc {
    use ps_core::heap::HeapInfo;

    /// `struct mallinfo2`, whose ten members are of the width of memory.
    type Wide = [usize; 10];
    const MAPPED: usize = 4;
    const USED: usize = 7;

    #[repr(C)]
    struct Mallinfo2 {
        fields: Wide,
    }

    /// What the allocator holds. Exact since glibc 2.33; before, sizes wrap at 4 GiB.
    pub(crate) fn info() -> Option<HeapInfo> {
        let mut info = HeapInfo::default();
        let (used, mapped) = match wide() {
            Some(fields) => {
                (fields.get(USED).copied()? as u64, fields.get(MAPPED).copied()? as u64)
            }
            None => narrow(),
        };
        info.heap_used = used;
        info.mmap_used = Some(mapped);
        Some(info)
    }

    fn wide() -> Option<Wide> {
        // SAFETY: the name ends with a NUL and outlives the call.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
        if found.is_null() {
            return None;
        }
        // SAFETY: whatever has this name in a program linked with glibc is its function of this type.
        let mallinfo2: extern "C" fn() -> Mallinfo2 = unsafe { std::mem::transmute(found) };
        Some(mallinfo2().fields)
    }

    fn narrow() -> (u64, u64) {
        // SAFETY: takes nothing, and gives back a value.
        let info = unsafe { libc::mallinfo() };
        // The members are `int`, and what does not fit in 31 bits shows as negative.
        let unsigned = |value: i32| u64::from(u32::from_ne_bytes(value.to_ne_bytes()));
        (unsigned(info.uordblks), unsigned(info.hblkhd))
    }

    /// Gives memory back. That there was nothing to give is no failure.
    pub(crate) fn trim() -> Option<()> {
        // SAFETY: takes a number, and may be called at any time from any thread.
        unsafe { libc::malloc_trim(0) };
        Some(())
    }
}
