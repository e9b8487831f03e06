//! Resource limits.

use std::fmt;
use std::str::FromStr;

use crate::{Context, Error, Result};

macro_rules! resources {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// What a resource limit is about. Text and serialised form are the usual names in lower case
        /// without their prefix, as in `nofile`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        #[non_exhaustive]
        pub enum Resource {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Resource {
            /// Every resource with its name. No system has all of them.
            pub const NAMES: &'static [(&'static str, Resource)] = &[$(($name, Resource::$variant),)+];
        }
    };
}

resources! {
    /// Address space, in bytes (`RLIMIT_AS`).
    AddressSpace = "as",
    /// Core file, in bytes (`RLIMIT_CORE`).
    Core = "core",
    /// CPU time, in seconds (`RLIMIT_CPU`).
    Cpu = "cpu",
    /// Data segment, in bytes (`RLIMIT_DATA`).
    Data = "data",
    /// Size of a file written, in bytes (`RLIMIT_FSIZE`).
    FileSize = "fsize",
    /// Locked memory, in bytes (`RLIMIT_MEMLOCK`).
    LockedMemory = "memlock",
    /// Highest descriptor plus one (`RLIMIT_NOFILE`).
    OpenFiles = "nofile",
    /// Processes, or on Linux threads, of the user (`RLIMIT_NPROC`).
    Processes = "nproc",
    /// Resident memory, in bytes (`RLIMIT_RSS`).
    ResidentSet = "rss",
    /// Stack, in bytes (`RLIMIT_STACK`).
    Stack = "stack",
    /// File locks (`RLIMIT_LOCKS`). Linux.
    Locks = "locks",
    /// Bytes in message queues (`RLIMIT_MSGQUEUE`). Linux.
    MessageQueue = "msgqueue",
    /// Ceiling for the nice value, as 20 minus it (`RLIMIT_NICE`). Linux.
    Nice = "nice",
    /// Ceiling for the real-time priority (`RLIMIT_RTPRIO`). Linux.
    RealTimePriority = "rtprio",
    /// CPU time of a real-time thread without sleeping, in microseconds (`RLIMIT_RTTIME`). Linux.
    RealTimeTime = "rttime",
    /// Queued signals of the user (`RLIMIT_SIGPENDING`). Linux.
    PendingSignals = "sigpending",
    /// Swap of the user, in bytes (`RLIMIT_SWAP`). FreeBSD.
    Swap = "swap",
    /// Socket buffers of the user, in bytes (`RLIMIT_SBSIZE`). FreeBSD and NetBSD.
    SocketBuffers = "sbsize",
    /// Pseudo terminals of the user (`RLIMIT_NPTS`). FreeBSD.
    PseudoTerminals = "npts",
    /// Kernel queues of the user (`RLIMIT_KQUEUES`). FreeBSD.
    KernelQueues = "kqueues",
    /// Shared locks of the user (`RLIMIT_UMTXP`). FreeBSD.
    SharedLocks = "umtxp",
    /// Threads of the user (`RLIMIT_NTHR`). NetBSD.
    Threads = "nthr",
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES.iter().find(|(_, one)| one == self).map_or("?", |(name, _)| name))
    }
}

impl FromStr for Resource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Resource> {
        let bare = text.strip_prefix("RLIMIT_").unwrap_or(text).to_ascii_lowercase();
        let found = Self::NAMES.iter().find(|(name, _)| *name == bare);
        found.map(|(_, resource)| *resource).ok_or_else(|| {
            Error::invalid(Context::new("limit"), format!("{text:?} is not the name of a limit"))
        })
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> String {
        resource.to_string()
    }
}

impl TryFrom<String> for Resource {
    type Error = Error;

    fn try_from(text: String) -> Result<Resource> {
        text.parse()
    }
}

/// A resource limit. `None` is no limit (`RLIM_INFINITY`).
///
/// ```
/// use ps_core::process::Limit;
/// assert!(Limit::new(Some(10), None).is_ok());
/// assert!(Limit::new(None, Some(10)).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "RLIM_INFINITY")]
#[allow(clippy::exhaustive_structs)]
pub struct Limit {
    /// What the kernel holds the process to.
    pub soft: Option<u64>,
    /// How far the process may raise the soft limit itself.
    pub hard: Option<u64>,
}

impl Limit {
    /// No limit at all.
    pub const UNLIMITED: Limit = Limit { soft: None, hard: None };

    /// A soft limit no higher than the hard one.
    pub fn new(soft: Option<u64>, hard: Option<u64>) -> Result<Limit> {
        let limit = Limit { soft, hard };
        limit.check()?;
        Ok(limit)
    }

    /// Refuses a soft limit above the hard one.
    pub fn check(&self) -> Result<()> {
        let above = match (self.soft, self.hard) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(soft), Some(hard)) => soft > hard,
        };
        if above {
            return Err(Error::invalid(
                Context::new("limit"),
                "the soft limit is above the hard one",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_reads_back_from_its_name() {
        for (name, resource) in Resource::NAMES {
            assert_eq!(name.parse::<Resource>().expect("known"), *resource);
            assert_eq!(
                format!("RLIMIT_{}", name.to_uppercase()).parse::<Resource>().expect("known"),
                *resource
            );
        }
        assert!("RLIMIT_FUN".parse::<Resource>().is_err());
    }

    #[test]
    fn soft_above_hard_is_refused() {
        assert!(Limit::new(Some(2), Some(1)).is_err());
        assert!(Limit::new(Some(1), Some(1)).is_ok());
        assert!(Limit::new(None, None).is_ok());
    }
}
