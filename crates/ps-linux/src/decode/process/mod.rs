//! Files below `/proc/PID`.

mod cgroup;
mod cmdline;
mod fdinfo;
mod io;
mod limits;
mod link;
mod scheduling;
mod security;
mod smaps;
mod stat;
mod statm;
mod status;

use crate::decode::text::{columns, number};

pub use cgroup::{CgroupMembership, decode_cgroups};
pub use cmdline::{needs_a_look, split};
pub use fdinfo::{FdInfo, decode_details, decode_fdinfo, kind_of_link};
pub use io::decode_io;
pub use limits::decode_limit;
pub use link::{namespace_of_link, target};
pub use scheduling::{IoClass, IoPriority, Policy, Scheduling};
pub use security::{Capabilities, CapabilitySets, Namespaces, Seccomp};
pub use smaps::{decode_footprint, decode_maps};
pub use stat::{Stat, decode_stat};
pub use statm::{Statm, decode_statm};
pub use status::{
    SignalWords, StatusFile, StatusMemory, decode_ids, decode_rss, decode_status, decode_switches,
    decode_tgid,
};

/// `12 kB` in bytes.
fn kilobytes(value: &[u8]) -> Option<u64> {
    let mut words = columns(value);
    let count: u64 = number(words.next()?)?;
    (words.next() == Some(b"kB") && words.next().is_none()).then(|| count.saturating_mul(1024))
}
