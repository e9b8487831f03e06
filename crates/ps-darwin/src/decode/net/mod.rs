//! Interfaces, their traffic and addresses, and sockets.

pub mod addresses;
pub mod interfaces;
pub mod media;
pub mod sockets;
