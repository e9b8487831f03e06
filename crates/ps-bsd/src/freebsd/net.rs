//! Interfaces and sockets, by the routing tables, `net.*.pcblist` and `kern.file`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;

use ps_core::Result;
use ps_core::net::{
    Connection, ConnectionKind, ConnectionQuery, InterfaceAddress, InterfaceStats, NetBackend,
    NetIo, SocketFamily, SocketType,
};

use super::sys::ioctl;
use super::{FreeBsd, failed, if_there};
use crate::decode::freebsd::net::{self as decoded, Listed, TcpStates};
use crate::decode::freebsd::process::socket_owners;
use crate::pair::sys::{media, named};
use crate::raw::freebsd::files::KERN_FILE;
use crate::raw::freebsd::net::{
    CTL_NET, NET_RT_IFLIST, PF_ROUTE, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM,
};
use crate::raw::freebsd::process::CTL_KERN;
use crate::shared::sys::sysctl;

/// How often a list that changed while it was copied is read again before it is taken as it is.
const ROUNDS: usize = 5;

/// A list of control blocks; empty if the kernel does not know such sockets.
fn list(name: &'static str) -> Result<Vec<u8>> {
    let Some(mib) = if_there(name, named::mib(name, &[]))? else { return Ok(Vec::new()) };
    let mut answer = Vec::new();
    for _ in 0..ROUNDS {
        sysctl::read_into(&mib, &mut answer).map_err(failed(name))?;
        if decoded::is_steady(&answer) {
            break;
        }
    }
    Ok(answer)
}

/// The states of all TCP connections.
pub(super) fn tcp_states() -> Result<TcpStates> {
    TcpStates::read(&list("net.inet.tcp.pcblist")?)
}

/// Every open file of every process that may be seen, in one call.
pub(super) fn open_files(answer: &mut Vec<u8>) -> io::Result<()> {
    sysctl::read_table(&[CTL_KERN, KERN_FILE], 64 * 1024, answer)
}

/// The lists of local sockets, one for each type.
const LOCAL: &[(&str, i32)] = &[
    ("net.local.stream.pcblist", SOCK_STREAM),
    ("net.local.dgram.pcblist", SOCK_DGRAM),
    ("net.local.seqpacket.pcblist", SOCK_SEQPACKET),
];

fn listed(kind: ConnectionKind) -> Result<Vec<Listed>> {
    let wants = |family, socket| kind.includes(family, socket);
    let internet = |socket| wants(SocketFamily::Inet, socket) || wants(SocketFamily::Inet6, socket);
    let mut all = Vec::new();
    if internet(SocketType::Stream) {
        all.extend(decoded::tcp_sockets(&list("net.inet.tcp.pcblist")?)?);
    }
    if internet(SocketType::Datagram) {
        all.extend(decoded::udp_sockets(&list("net.inet.udp.pcblist")?)?);
    }
    if wants(SocketFamily::Unix, SocketType::Stream) {
        for (name, socket) in LOCAL {
            all.extend(decoded::local_sockets(&list(name)?, *socket)?);
        }
    }
    Ok(all)
}

/// Sockets of the whole system.
pub(super) fn connections(query: &ConnectionQuery) -> Result<Vec<Connection>> {
    let mut listed = listed(query.kind)?;
    listed.retain(|one| query.matches(&one.connection));
    let mut owners = HashMap::new();
    if query.owners && !listed.is_empty() {
        let mut answer = Vec::new();
        open_files(&mut answer).map_err(failed("kern.file"))?;
        owners = socket_owners(&answer)?;
    }
    Ok(decoded::with_owners(listed, &owners))
}

fn interface_list() -> Result<Vec<u8>> {
    sysctl::read(&[CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST, 0]).map_err(failed("interface list"))
}

impl NetBackend for FreeBsd {
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        decoded::io_counters(&interface_list()?)
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        Ok(decoded::addresses(&interface_list()?))
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        let socket = media::interface_socket().map_err(failed("socket"))?;
        // One that is gone by now, or whose driver knows of no medium, has none to tell.
        decoded::stats(&interface_list()?, |name| ioctl::medium(&socket, name).ok())
    }

    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        connections(query)
    }
}
