//! Interfaces and sockets, from the routing tables and the lists of control blocks.

mod interfaces;
mod sockets;

pub use interfaces::{addresses, io_counters, speed_and_duplex, stats};
pub use sockets::{
    Listed, TcpStates, is_steady, local_sockets, tcp_sockets, udp_sockets, with_owners,
};

use crate::decode::net::Families;
use crate::raw::freebsd::net as raw;

/// How FreeBSD numbers address families.
pub const FAMILIES: Families =
    Families { unix: raw::AF_UNIX, inet: raw::AF_INET, inet6: raw::AF_INET6, link: raw::AF_LINK };
