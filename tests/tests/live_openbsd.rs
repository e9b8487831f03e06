//! The backend of the system that the tests run on keeps to the contract.
#![cfg(target_os = "openbsd")]

use ps_bsd::OpenBsd as Native;

#[path = "live/suite.rs"]
mod suite;
