//! Sockets of the system, and who has them open.

use std::collections::{BTreeSet, HashMap};
use std::ffi::CString;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionKind, ConnectionQuery, SocketFamily};
use ps_core::process::Pid;

use crate::decode::net::inet::{self, Table};
use crate::decode::net::unix;
use crate::decode::text::number;
use crate::root::Linux;
use crate::sys::file as sys;
use crate::sys::netlink::{Family, Netlink};
use crate::{errno, file};

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
    let sockets = all(linux, query)?;
    if !query.owners {
        return Ok(sockets);
    }
    let owners = owners(linux, &sockets)?;
    Ok(sockets.into_iter().flat_map(|socket| with_owners(socket, &owners)).collect())
}

/// Sockets that a query asks for, nobody said to own them.
pub(crate) fn all(linux: &Linux, query: &ConnectionQuery) -> Result<Vec<Connection>> {
    all_below(&linux.own_path("net"), linux.is_own(), query)
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

/// Who has each of these sockets open, by the number of the socket, the lowest pid first.
///
/// Descriptors of a process that may not be looked at, or that ends meanwhile, are passed over.
fn owners(linux: &Linux, sockets: &[Connection]) -> Result<HashMap<u64, Vec<Owner>>> {
    let mut wanted: BTreeSet<u64> = sockets.iter().filter_map(|socket| socket.inode).collect();
    // A Unix socket is listed once for each descriptor, so the first one found does not end the search.
    let many = sockets.iter().any(|socket| socket.family == SocketFamily::Unix);
    let mut owners: HashMap<u64, Vec<Owner>> = HashMap::new();
    for pid in pids(linux)? {
        if wanted.is_empty() {
            break;
        }
        let directory = linux.proc_path(format!("{pid}/fd"));
        let Ok(held) = held_sockets(&directory) else { continue };
        for (fd, inode) in held {
            if wanted.contains(&inode) {
                owners.entry(inode).or_default().push(Owner { pid, fd });
                if !many {
                    wanted.remove(&inode);
                }
            }
        }
    }
    Ok(owners)
}

fn pids(linux: &Linux) -> Result<Vec<Pid>> {
    let mut pids: Vec<Pid> = file::names(&linux.roots().proc)?
        .iter()
        .filter_map(|name| Pid::new(number(name.as_encoded_bytes())?))
        .collect();
    pids.sort();
    Ok(pids)
}

/// The descriptors in a directory such as `/proc/PID/fd` that are sockets, each with the number of its socket.
pub(crate) fn held_sockets(directory: &Path) -> Result<Vec<(i32, u64)>> {
    let failed = |source| {
        errno::of_system(source, ps_core::Context::new("list descriptors").with_path(directory))
    };
    let path = file::c_path("list descriptors", directory)?;
    let list = sys::open_list(nix::fcntl::AT_FDCWD, &path).map_err(failed)?;
    let mut block = [0; 4096];
    let mut held = Vec::new();
    loop {
        let got = sys::read_entries(&list, &mut block).map_err(failed)?;
        if got == 0 {
            return Ok(held);
        }
        for name in sys::entries(block.get(..got).unwrap_or_default()) {
            let Some(fd) = number::<i32>(name) else { continue };
            // The link's text tells; the target itself, which may be on a dead file system, is not touched.
            held.extend(socket_of(list.as_fd(), name).map(|inode| (fd, inode)));
        }
    }
}

fn socket_of(directory: std::os::fd::BorrowedFd<'_>, name: &[u8]) -> Option<u64> {
    let name = CString::new(name).ok()?;
    let mut buffer = [0; 40];
    let target = sys::read_link(directory, &name, &mut buffer).ok()?;
    number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}
