//! System calls of NetBSD alone. What leaves this module is owned and safe.

pub(crate) mod envsys;
pub(crate) mod heap;
pub(crate) mod ioctl;
pub(crate) mod mounts;
pub(crate) mod swap;
pub(crate) mod utmpx;
