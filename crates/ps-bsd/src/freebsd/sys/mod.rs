//! System calls of FreeBSD alone. What leaves this module is owned and safe.

pub(crate) mod cpuset;
pub(crate) mod heap;
pub(crate) mod ioctl;
pub(crate) mod mounts;
pub(crate) mod named;
pub(crate) mod utmpx;
