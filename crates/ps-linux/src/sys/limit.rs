//! Resource limits of any process, by number.

use std::io;

use ps_core::process::{Limit, Resource};

use super::sched::Tid;

/// What the kernel calls a resource; `None` for one that it does not have.
pub(crate) fn number(resource: Resource) -> Option<u32> {
    // The type of these constants differs between C libraries.
    #[allow(clippy::unnecessary_cast)]
    Some(match resource {
        Resource::AddressSpace => libc::RLIMIT_AS as u32,
        Resource::Core => libc::RLIMIT_CORE as u32,
        Resource::Cpu => libc::RLIMIT_CPU as u32,
        Resource::Data => libc::RLIMIT_DATA as u32,
        Resource::FileSize => libc::RLIMIT_FSIZE as u32,
        Resource::LockedMemory => libc::RLIMIT_MEMLOCK as u32,
        Resource::OpenFiles => libc::RLIMIT_NOFILE as u32,
        Resource::Processes => libc::RLIMIT_NPROC as u32,
        Resource::ResidentSet => libc::RLIMIT_RSS as u32,
        Resource::Stack => libc::RLIMIT_STACK as u32,
        Resource::Locks => libc::RLIMIT_LOCKS as u32,
        Resource::MessageQueue => libc::RLIMIT_MSGQUEUE as u32,
        Resource::Nice => libc::RLIMIT_NICE as u32,
        Resource::RealTimePriority => libc::RLIMIT_RTPRIO as u32,
        Resource::RealTimeTime => libc::RLIMIT_RTTIME as u32,
        Resource::PendingSignals => libc::RLIMIT_SIGPENDING as u32,
        _ => return None,
    })
}

/// struct rlimit64 of the kernel.
#[repr(C)]
#[derive(Clone, Copy)]
struct Raw {
    soft: u64,
    hard: u64,
}

/// RLIM64_INFINITY of <linux/resource.h>.
const INFINITY: u64 = u64::MAX;

/// The limit as it was, and a new one set in the same step if there is one.
pub(crate) fn exchange(tid: Tid, resource: u32, new: Option<Limit>) -> io::Result<Limit> {
    let new = new.map(|limit| Raw {
        soft: limit.soft.unwrap_or(INFINITY),
        hard: limit.hard.unwrap_or(INFINITY),
    });
    let new_at: *const Raw = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mut old = Raw { soft: 0, hard: 0 };
    let old_at = &raw mut old;
    // SAFETY: the kernel reads one `Raw` from `new_at` unless it is null, and writes one to `old_at`; both
    // outlive the call and have the kernel's layout of two 64-bit words.
    let result = unsafe { libc::syscall(libc::SYS_prlimit64, tid.get(), resource, new_at, old_at) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let value = |raw: u64| (raw != INFINITY).then_some(raw);
    Ok(Limit { soft: value(old.soft), hard: value(old.hard) })
}
