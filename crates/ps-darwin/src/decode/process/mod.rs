//! Processes: who they are, what they run, what they use.

pub mod arguments;
pub mod exit;
pub mod files;
pub mod memory;
pub mod record;
pub mod signals;
pub mod task;
