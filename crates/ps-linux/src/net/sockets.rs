//! Sockets of the system, and who has them open.

use std::collections::{HashMap, HashSet};
use std::ffi::CStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionKind, ConnectionQuery, SocketFamily};
use ps_core::process::Pid;

use crate::decode::net::inet::{self, Table};
use crate::decode::net::unix;
use crate::decode::text::number;
use crate::file;
use crate::process::path::PidPath;
use crate::root::Linux;
use crate::sys::file as sys;
use crate::sys::netlink::{Family, Netlink};

/// Asks for sockets of one family and protocol.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Who has a socket open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) pid: Pid,
    pub(crate) fd: i32,
}

/// Sockets of the whole system.
pub(crate) fn connections(linux: &Linux, query: &ConnectionQuery) -> Result<Vec<Connection>> {
    let mut sockets = all(linux, query)?;
    if !query.owners {
        return Ok(sockets);
    }
    if sockets.iter().any(|socket| socket.family == SocketFamily::Unix) {
        let owners = every_owner(linux, &sockets)?;
        return Ok(sockets.into_iter().flat_map(|socket| with_owners(socket, &owners)).collect());
    }
    let owners = first_owners(linux, &sockets)?;
    for socket in &mut sockets {
        let place = socket
            .inode
            .and_then(|inode| owners.binary_search_by_key(&inode, |(one, _)| *one).ok());
        if let Some((_, Some(owner))) = place.and_then(|place| owners.get(place)) {
            (socket.pid, socket.fd) = (Some(owner.pid), Some(owner.fd));
        }
    }
    Ok(sockets)
}

/// Sockets that a query asks for, nobody said to own them.
pub(crate) fn all(linux: &Linux, query: &ConnectionQuery) -> Result<Vec<Connection>> {
    all_below(&linux.seen_path("net"), linux.is_own(), query)
}

/// Sockets of the network namespace whose tables lie in a directory. Whether it is the caller's own says
/// whether the kernel can be asked directly.
pub(crate) fn all_below(
    directory: &Path,
    is_own: bool,
    query: &ConnectionQuery,
) -> Result<Vec<Connection>> {
    let mut sockets = Vec::new();
    for table in Table::ALL {
        let wanted = query.kind.includes(table.family, table.socket_type);
        // Only TCP has states: asked for some of them, the others need not be read.
        let has_states = table.socket_type == ps_core::net::SocketType::Stream;
        if wanted && (has_states || query.statuses.is_empty()) {
            sockets.extend(inet::distinct(of_table(directory, is_own, table, query)?));
        }
    }
    let unix_wanted = matches!(query.kind, ConnectionKind::All | ConnectionKind::Unix);
    if unix_wanted
        && query.statuses.is_empty()
        && let Some(text) = file::read_if_there(&directory.join("unix"))?
    {
        sockets.extend(unix::decode_unix(&text));
    }
    Ok(sockets)
}

fn of_table(
    directory: &Path,
    is_own: bool,
    table: Table,
    query: &ConnectionQuery,
) -> Result<Vec<Connection>> {
    if is_own {
        // Not in every kernel, not allowed everywhere: then the table tells the same more slowly.
        if let Ok(sockets) = by_diag(table, inet::state_bits(&query.statuses)) {
            return Ok(sockets);
        }
    }
    let path = directory.join(table.file());
    // A kernel without IPv6 has no such table.
    let Some(text) = file::read_if_there(&path)? else { return Ok(Vec::new()) };
    let mut sockets = inet::decode_inet(&text, table).map_err(|error| error.with_path(path))?;
    sockets.retain(|socket| query.matches(socket));
    Ok(sockets)
}

fn by_diag(table: Table, states: u32) -> io::Result<Vec<Connection>> {
    let mut netlink = Netlink::open(Family::SockDiag)?;
    netlink.dump(SOCK_DIAG_BY_FAMILY, &inet::request(table, states), |message| {
        inet::decode_answer(message, table)
    })
}

/// A socket as it is listed: once for each descriptor if it is a Unix one, once at all otherwise.
pub(crate) fn with_owners(
    socket: Connection,
    owners: &HashMap<u64, Vec<Owner>>,
) -> Vec<Connection> {
    let found = socket.inode.and_then(|inode| owners.get(&inode)).map_or(&[][..], Vec::as_slice);
    let found = if socket.family == SocketFamily::Unix {
        found
    } else {
        found.get(..1).unwrap_or_default()
    };
    if found.is_empty() {
        return vec![socket];
    }
    let owned = |owner: &Owner| {
        let mut socket = socket.clone();
        (socket.pid, socket.fd) = (Some(owner.pid), Some(owner.fd));
        socket
    };
    found.iter().map(owned).collect()
}

/// Who has each of these sockets open, by the number of the socket. A Unix socket is listed once for each
/// descriptor, so all of them are looked for.
fn every_owner(linux: &Linux, sockets: &[Connection]) -> Result<HashMap<u64, Vec<Owner>>> {
    let wanted: HashSet<u64> = sockets.iter().filter_map(|socket| socket.inode).collect();
    let mut owners: HashMap<u64, Vec<Owner>> = HashMap::new();
    if !wanted.is_empty() {
        each_held(linux, &mut |owner, inode| {
            if wanted.contains(&inode) {
                owners.entry(inode).or_default().push(owner);
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(owners)
}

/// The first process by pid that has each of these sockets open, by ascending number of the socket. The search
/// ends when all are found.
fn first_owners(linux: &Linux, sockets: &[Connection]) -> Result<Vec<(u64, Option<Owner>)>> {
    let mut owners: Vec<(u64, Option<Owner>)> =
        sockets.iter().filter_map(|socket| Some((socket.inode?, None))).collect();
    owners.sort_unstable_by_key(|(inode, _)| *inode);
    owners.dedup_by_key(|(inode, _)| *inode);
    let mut open = owners.len();
    if open > 0 {
        each_held(linux, &mut |owner, inode| {
            let place = owners.binary_search_by_key(&inode, |(one, _)| *one).ok();
            if let Some((_, place @ None)) = place.and_then(|place| owners.get_mut(place)) {
                *place = Some(owner);
                open -= 1;
            }
            if open == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    Ok(owners)
}

/// Shows every descriptor that is a socket, with the number of the socket, the lowest pid first.
///
/// Descriptors of a process that may not be looked at, or that ends meanwhile, are passed over.
fn each_held(linux: &Linux, visit: &mut dyn FnMut(Owner, u64) -> ControlFlow<()>) -> Result<()> {
    let mut block = vec![0; 32 * 1024];
    let mut pids = Vec::new();
    linux.list_into(linux.open_proc_list()?, &mut block, &mut pids)?;
    let proc = linux.proc()?;
    for pid in pids {
        let Ok(list) = sys::open_list(proc, PidPath::of(pid).file("fd")) else { continue };
        while let Ok(got) = sys::read_entries(&list, &mut block) {
            if got == 0 {
                break;
            }
            for name in sys::entries(block.get(..got).unwrap_or_default()) {
                let Some(fd) = number::<i32>(name) else { continue };
                // The link's text tells; the target itself, which may be on a dead file system, is not touched.
                let Some(inode) = socket_of(list.as_fd(), name) else { continue };
                if visit(Owner { pid, fd }, inode).is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn socket_of(directory: BorrowedFd<'_>, name: &[u8]) -> Option<u64> {
    // Numbers of descriptors are short.
    let mut path = [0; 12];
    path.get_mut(..name.len())?.copy_from_slice(name);
    let path = CStr::from_bytes_until_nul(&path).ok()?;
    let mut buffer = [0; 40];
    let target = sys::read_link(directory, path, &mut buffer).ok()?;
    number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;
    use crate::sys::refuse::{NETLINK, without};
    use ps_core::NetBackend;

    #[test]
    fn sockets_are_the_same_from_the_tables_as_from_netlink() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let address = listener.local_addr().expect("has one");
        let one = TcpStream::connect(address).expect("connects");
        let other = listener.accept().expect("accepts");
        let datagrams = UdpSocket::bind("127.0.0.1:0").expect("binds");
        // Not everywhere.
        let six = (TcpListener::bind("[::1]:0"), UdpSocket::bind("[::1]:0"));
        let linux = Linux::new();
        let me = Pid::try_from(std::process::id()).expect("in range");
        let ask = || {
            let query = ConnectionQuery::new(ConnectionKind::Inet);
            let mut all = linux.connections(&query).expect("listed");
            all.retain(|socket| socket.pid == Some(me));
            all.sort_by_key(|socket| socket.inode);
            all
        };
        let Some(from_tables) = without(&[NETLINK], libc::EACCES, ask) else { return };
        let mine = |all: &[Connection], port| {
            let port = Some(port);
            let of = |socket: &&Connection| {
                socket.local.as_ref().and_then(|end| end.port()) == port
                    || socket.remote.as_ref().and_then(|end| end.port()) == port
            };
            all.iter().filter(of).cloned().collect::<Vec<_>>()
        };
        let ports = [
            address.port(),
            datagrams.local_addr().expect("has one").port(),
            six.0.as_ref().ok().and_then(|one| one.local_addr().ok()).map_or(0, |one| one.port()),
            six.1.as_ref().ok().and_then(|one| one.local_addr().ok()).map_or(0, |one| one.port()),
        ];
        let by_netlink = ask();
        for port in ports.into_iter().filter(|port| *port != 0) {
            assert_eq!(mine(&from_tables, port), mine(&by_netlink, port));
        }
        assert_eq!(mine(&from_tables, address.port()).len(), 3);
        drop((one, other, six));
    }
}
