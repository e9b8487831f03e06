//! Files below `/proc/PID`.

mod cmdline;
mod io;
mod link;
mod stat;
mod statm;
mod status;

pub use cmdline::{needs_a_look, split};
pub use io::decode_io;
pub use link::target;
pub use stat::{Stat, decode_stat};
pub use statm::{Statm, decode_statm};
pub use status::{StatusFile, decode_ids, decode_status};
