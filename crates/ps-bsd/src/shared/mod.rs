//! Live code that the systems share: compiled on them only.
//!
//! A system says in one place, its [`Kernel`](backend::Kernel), how it is asked; views, scans, acting and waiting
//! are built on that here.

pub(crate) mod accounts;
pub(crate) mod backend;
pub(crate) mod disk;
pub(crate) mod events;
#[cfg(test)]
#[path = "backend/fake.rs"]
mod fake;
pub(crate) mod host;
pub(crate) mod process;
pub(crate) mod scan;
pub(crate) mod sys;
