//! Live code that FreeBSD and NetBSD share: OpenBSD has nothing like what it asks.

pub(crate) mod heap;
pub(crate) mod sys;
