//! System calls that the two systems share. What leaves this module is owned and safe.

pub(crate) mod heap;
pub(crate) mod media;
pub(crate) mod named;
pub(crate) mod utmpx;
