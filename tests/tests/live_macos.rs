//! The backend of the system that the tests run on keeps to the contract.
#![cfg(target_os = "macos")]

use ps_darwin::Darwin as Native;

#[path = "live/suite.rs"]
mod suite;
