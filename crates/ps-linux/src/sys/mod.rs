//! System calls. The only place in this crate with `unsafe`; what leaves it is owned and safe.

#[cfg(feature = "bpf")]
pub(crate) mod bpf;
pub(crate) mod caller;
pub(crate) mod clock;
pub(crate) mod connector;
pub(crate) mod file;
pub(crate) mod heap;
#[cfg(test)]
pub(crate) mod herd;
pub(crate) mod host;
pub(crate) mod limit;
pub(crate) mod net;
pub(crate) mod netlink;
pub(crate) mod pidfd;
#[cfg(test)]
pub(crate) mod refuse;
pub(crate) mod sched;
pub(crate) mod wait;

use crate::decode::Units;

/// How this machine counts.
pub(crate) fn units() -> Units {
    use nix::unistd::{SysconfVar, sysconf};
    let ask = |what, otherwise| {
        sysconf(what)
            .ok()
            .flatten()
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(otherwise)
    };
    Units {
        page_size: ask(SysconfVar::PAGE_SIZE, 4096),
        ticks_per_second: ask(SysconfVar::CLK_TCK, 100),
    }
}
