//! The backend of the system that the tests run on keeps to the contract.
#![cfg(target_os = "freebsd")]

use ps_bsd::FreeBsd as Native;

#[path = "live/suite.rs"]
mod suite;
