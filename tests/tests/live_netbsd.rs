//! The backend of the system that the tests run on keeps to the contract.
#![cfg(target_os = "netbsd")]

use ps_bsd::NetBsd as Native;

#[path = "live/suite.rs"]
mod suite;
