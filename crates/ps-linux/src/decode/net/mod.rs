//! Interfaces and sockets.

pub mod addresses;
pub mod dev;
pub mod inet;
pub mod message;
pub mod unix;
