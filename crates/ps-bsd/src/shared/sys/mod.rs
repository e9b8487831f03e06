//! System calls that the systems share. What leaves this module is owned and safe.

pub(crate) mod ioctl;
pub(crate) mod process;
pub(crate) mod returned;
pub(crate) mod sysctl;

pub(crate) use returned::checked;

/// Bytes in a page of memory.
pub(crate) fn page_size() -> u64 {
    use nix::unistd::{SysconfVar, sysconf};
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}
