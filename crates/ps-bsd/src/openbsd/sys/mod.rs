//! System calls of OpenBSD alone. What leaves this module is owned and safe.

pub(crate) mod children;
pub(crate) mod mounts;
pub(crate) mod swap;
