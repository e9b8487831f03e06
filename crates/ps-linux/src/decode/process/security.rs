//! What a process is allowed beyond users and groups: capabilities, filters, namespaces.

use std::fmt;

macro_rules! capability_names {
    ($($name:literal),+ $(,)?) => { &[$($name),+] };
}

/// Names of capabilities by their number, as in `<linux/capability.h>`, in lower case.
const NAMES: &[&str] = capability_names![
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// A set of capabilities.
///
/// ```
/// use ps_linux::decode::process::Capabilities;
/// let some = Capabilities::from_bits(1 << 5 | 1 << 63);
/// assert_eq!(some.names().collect::<Vec<_>>(), ["kill"]);
/// assert!(some.contains(63) && !some.contains(64));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Capabilities(u64);

impl Capabilities {
    /// From a mask in which bit 0 stands for capability 0.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Capabilities(bits)
    }

    /// The mask, in which bit 0 stands for capability 0.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether the capability with a number is in it.
    #[must_use]
    pub const fn contains(self, number: u32) -> bool {
        number < u64::BITS && self.0 >> number & 1 == 1
    }

    /// Names of those that have one here, as in `net_admin`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0..).zip(NAMES).filter(move |(number, _)| self.contains(*number)).map(|(_, name)| *name)
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Capabilities of a process. `None` where the kernel does not show the set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CapabilitySets {
    /// Kept when it starts another program that asks for them.
    pub inheritable: Option<Capabilities>,
    /// What it may take up.
    pub permitted: Option<Capabilities>,
    /// What the kernel judges it by.
    pub effective: Option<Capabilities>,
    /// What it can gain at most by starting another program.
    pub bounding: Option<Capabilities>,
    /// Kept when it starts another program without privileges of its own. From 4.3.
    pub ambient: Option<Capabilities>,
}

/// How the system calls of a process are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Seccomp {
    /// Not at all.
    Disabled,
    /// It may only read, write and end.
    Strict,
    /// By programs; how many there are, from 5.9.
    #[allow(missing_docs)]
    Filter { count: Option<u32> },
    /// Any other mode, by the kernel's number.
    Other(u32),
}

impl Seccomp {
    /// From the kernel's number of the mode, and how many filters there are.
    #[must_use]
    pub const fn from_raw(mode: u32, count: Option<u32>) -> Self {
        match mode {
            0 => Seccomp::Disabled,
            1 => Seccomp::Strict,
            2 => Seccomp::Filter { count },
            other => Seccomp::Other(other),
        }
    }
}

/// Namespaces that a process is in, by the numbers of `/proc/PID/ns`. `None` for one that the kernel does
/// not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Namespaces {
    /// Control groups.
    pub cgroup: Option<u64>,
    /// System V objects and message queues.
    pub ipc: Option<u64>,
    /// Mounts.
    pub mount: Option<u64>,
    /// Network.
    pub network: Option<u64>,
    /// Numbers of processes.
    pub pid: Option<u64>,
    /// Numbers of the processes that it will start.
    pub pid_for_children: Option<u64>,
    /// Clocks.
    pub time: Option<u64>,
    /// Clocks of the processes that it will start.
    pub time_for_children: Option<u64>,
    /// Users and groups.
    pub user: Option<u64>,
    /// Names of the machine.
    pub uts: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_have_the_numbers_of_the_header() {
        for (number, name) in [
            (0, "chown"),
            (12, "net_admin"),
            (21, "sys_admin"),
            (24, "sys_resource"),
            (40, "checkpoint_restore"),
        ] {
            let one = Capabilities::from_bits(1 << number);
            assert_eq!(one.names().collect::<Vec<_>>(), [name]);
            assert!(one.contains(number) && !one.is_empty());
        }
        assert_eq!(Capabilities::from_bits(u64::MAX).names().count(), 41);
        assert!(Capabilities::default().is_empty());
        assert_eq!(Capabilities::from_bits(77).bits(), 77);
        assert!(Capabilities::from_bits(1 << 63).contains(63));
        assert!(!Capabilities::from_bits(u64::MAX).contains(64));
        assert_eq!(Capabilities::from_bits(0x1f).to_string(), "000000000000001f");
    }

    #[test]
    fn a_mode_that_is_not_known_is_kept() {
        assert_eq!(Seccomp::from_raw(0, None), Seccomp::Disabled);
        assert_eq!(Seccomp::from_raw(1, Some(3)), Seccomp::Strict);
        assert_eq!(Seccomp::from_raw(2, Some(3)), Seccomp::Filter { count: Some(3) });
        assert_eq!(Seccomp::from_raw(9, None), Seccomp::Other(9));
    }
}
