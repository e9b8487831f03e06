//! The backend of the system that the tests run on keeps to the contract.
#![cfg(target_os = "linux")]

use ps_linux::Linux as Native;

#[path = "live/suite.rs"]
mod suite;
