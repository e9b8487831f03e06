//! Interfaces and sockets, by the routing tables, `net.*.pcblist` and `kern.file2`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::net::{
    Connection, ConnectionKind, ConnectionQuery, InterfaceAddress, InterfaceStats, NetBackend,
    NetIo, SocketFamily, SocketType,
};

use super::process::read_files;
use super::sys::ioctl;
use super::{NetBsd, failed, size};
use crate::decode::netbsd::net as decoded;
use crate::decode::netbsd::process::files::{self, SOCKET_STRIDE, Socket};
use crate::errno;
use crate::pair::sys::{media, named};
use crate::raw::netbsd::net::{CTL_NET, NET_RT_IFLIST, PCB_ALL, PF_ROUTE};
use crate::shared::sys::sysctl;

/// The tables of sockets, and of which family and type those in each are.
const TABLES: &[(&str, SocketFamily, SocketType)] = &[
    ("net.inet.tcp.pcblist", SocketFamily::Inet, SocketType::Stream),
    ("net.inet.udp.pcblist", SocketFamily::Inet, SocketType::Datagram),
    ("net.inet6.tcp6.pcblist", SocketFamily::Inet6, SocketType::Stream),
    ("net.inet6.udp6.pcblist", SocketFamily::Inet6, SocketType::Datagram),
    ("net.local.stream.pcblist", SocketFamily::Unix, SocketType::Stream),
    ("net.local.dgram.pcblist", SocketFamily::Unix, SocketType::Datagram),
    ("net.local.seqpacket.pcblist", SocketFamily::Unix, SocketType::SeqPacket),
];

/// Sockets from the tables that hold the kind asked for, without their owners.
pub(super) fn sockets(kind: ConnectionKind) -> Result<Vec<Socket>> {
    let mut found = Vec::new();
    let mut answer = Vec::new();
    for (name, family, socket) in TABLES.iter().copied() {
        if !kind.includes(family, socket) {
            continue;
        }
        // All of them, whoever owns them; records of this size, as many as there is room for.
        let question = match named::mib(name, &[PCB_ALL, 0, size(SOCKET_STRIDE), i32::MAX]) {
            Ok(question) => question,
            // A kernel without such sockets.
            Err(source) if errno::is_absent(&source) => continue,
            Err(source) => return Err(failed(name)(source)),
        };
        sysctl::read_into(&question, &mut answer).map_err(failed(name))?;
        files::sockets(&answer, &mut found)?;
    }
    Ok(found)
}

fn interface_list() -> Result<Vec<u8>> {
    sysctl::read(&[CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST, 0]).map_err(failed("interface list"))
}

impl NetBackend for NetBsd {
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        Ok(decoded::net_io(&interface_list()?))
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        Ok(decoded::addresses(&interface_list()?))
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        let socket = media::interface_socket().map_err(failed("socket"))?;
        // One that is gone by now, or whose driver knows of no medium, has none to tell.
        Ok(decoded::stats(&interface_list()?, |name| ioctl::medium(&socket, name.as_bytes()).ok()))
    }

    /// Where the kernel does not show its addresses, the owners are not known.
    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        let sockets = sockets(query.kind)?;
        let mut answer = Vec::new();
        if query.owners && !sockets.is_empty() {
            read_files(-1, &mut answer).map_err(failed("kern.file2"))?;
        }
        let mut joined = files::join(&answer, &sockets, query)?;
        joined.owned.append(&mut joined.unowned);
        Ok(joined.owned)
    }
}
