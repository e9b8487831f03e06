//! Interfaces and sockets of the machine that runs the tests.
#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::ffi::OsStr;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};

use ps_linux::net::{
    AddressFamily, Connection, ConnectionKind, ConnectionQuery, ConnectionStatus, Endpoint,
    SocketFamily, SocketType,
};
use ps_linux::{Linux, NetBackend, Pid};

fn all(kind: ConnectionKind) -> Vec<Connection> {
    Linux::new().connections(&ConnectionQuery::new(kind)).expect("read")
}

fn me() -> Option<Pid> {
    Pid::new(std::process::id())
}

fn only(sockets: &[Connection], fd: i32) -> Connection {
    let mine: Vec<_> =
        sockets.iter().filter(|socket| socket.pid == me() && socket.fd == Some(fd)).collect();
    assert_eq!(mine.len(), 1, "{mine:?}");
    mine[0].clone()
}

#[test]
fn tcp_sockets_tell_both_ends_state_and_owner() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let here = listener.local_addr().expect("bound");
    let client = TcpStream::connect(here).expect("connected");
    let (server, _) = listener.accept().expect("accepted");
    let sockets = all(ConnectionKind::Tcp4);
    let listening = only(&sockets, listener.as_raw_fd());
    assert_eq!(listening.local, Some(Endpoint::Inet(here)));
    assert_eq!((listening.remote, listening.status), (None, Some(ConnectionStatus::Listen)));
    let connected = only(&sockets, client.as_raw_fd());
    assert_eq!(connected.local, Some(Endpoint::Inet(client.local_addr().expect("bound"))));
    assert_eq!(connected.remote, Some(Endpoint::Inet(here)));
    assert_eq!(connected.status, Some(ConnectionStatus::Established));
    let accepted = only(&sockets, server.as_raw_fd());
    assert_eq!(accepted.local, connected.remote);
    assert_eq!(accepted.uid.map(ps_linux::Uid::get), Some(nix::unistd::geteuid().as_raw()));
}

#[test]
fn net_listening_filter_leaves_out_all_others() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
    let query = ConnectionQuery::new(ConnectionKind::All).with_status(ConnectionStatus::Listen);
    let sockets = Linux::new().connections(&query).expect("read");
    assert!(sockets.iter().all(|socket| socket.status == Some(ConnectionStatus::Listen)));
    let _ = only(&sockets, listener.as_raw_fd());
    assert!(!sockets.iter().any(|one| one.pid == me() && one.fd == Some(client.as_raw_fd())));
    let unowned = Linux::new().connections(&query.without_owners()).expect("read");
    assert!(unowned.iter().all(|socket| socket.pid.is_none() && socket.fd.is_none()));
    let here = listener.local_addr().ok().map(Endpoint::Inet);
    assert!(unowned.iter().any(|socket| socket.local == here));
}

#[test]
fn udp_and_ipv6_sockets_are_listed_under_their_kinds() {
    let v4 = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let bound = only(&all(ConnectionKind::Udp4), v4.as_raw_fd());
    assert_eq!(bound.local, v4.local_addr().ok().map(Endpoint::Inet));
    assert_eq!((bound.remote, bound.status), (None, None));
    let Ok(v6) = TcpListener::bind("[::1]:0") else {
        ps_tests::skip!("no IPv6 here");
        return;
    };
    let listening = only(&all(ConnectionKind::Inet6), v6.as_raw_fd());
    assert_eq!(listening.local, v6.local_addr().ok().map(Endpoint::Inet));
    assert!(!all(ConnectionKind::Inet4).iter().any(|one| one.inode == listening.inode));
}

#[test]
fn unix_sockets_of_every_name_and_type() {
    let place = std::env::temp_dir().join(format!("ps linux net {}", std::process::id()));
    let _ = std::fs::remove_file(&place);
    let stream = UnixListener::bind(&place).expect("bound");
    let name = format!("ps-linux-{}", std::process::id());
    let named = SocketAddr::from_abstract_name(&name).expect("a name");
    let abstracted = UnixDatagram::bind_addr(&named).expect("bound");
    let nameless = nix::sys::socket::socket(
        nix::sys::socket::AddressFamily::Unix,
        nix::sys::socket::SockType::SeqPacket,
        nix::sys::socket::SockFlag::SOCK_CLOEXEC,
        None,
    )
    .expect("made");
    let sockets = all(ConnectionKind::Unix);
    std::fs::remove_file(&place).expect("removed");
    let found = only(&sockets, stream.as_raw_fd());
    assert_eq!((found.local, found.socket_type), (Some(Endpoint::Path(place)), SocketType::Stream));
    let found = only(&sockets, abstracted.as_raw_fd());
    assert_eq!(found.local, Some(Endpoint::Abstract(name.into())));
    assert_eq!(found.socket_type, SocketType::Datagram);
    let found = only(&sockets, nameless.as_raw_fd());
    assert_eq!((found.local, found.socket_type), (None, SocketType::SeqPacket));
    assert!(all(ConnectionKind::All).iter().any(|one| one.inode == found.inode));
}

#[test]
fn net_same_inode_is_one_entry_for_inet_and_one_per_descriptor_for_unix() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let second = listener.try_clone().expect("duplicated");
    let sockets = all(ConnectionKind::Tcp);
    let here = listener.local_addr().ok().map(Endpoint::Inet);
    assert_eq!(sockets.iter().filter(|socket| socket.local == here).count(), 1);
    let unix = UnixDatagram::unbound().expect("made");
    let copy = unix.try_clone().expect("duplicated");
    let sockets = all(ConnectionKind::Unix);
    let first = only(&sockets, unix.as_raw_fd());
    assert_eq!(first.inode, only(&sockets, copy.as_raw_fd()).inode);
    drop(second);
}

#[test]
fn net_listing_holds_nothing_twice() {
    let _listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let sockets = all(ConnectionKind::All);
    // Sockets in TIME_WAIT have neither number nor owner, but then they have both ends.
    let distinct: HashSet<_> = sockets.iter().filter(|one| one.inode.is_some()).collect();
    assert_eq!(distinct.len(), sockets.iter().filter(|one| one.inode.is_some()).count());
    assert!(sockets.iter().all(|one| one.family != SocketFamily::Unix || one.status.is_none()));
}

#[test]
fn net_loopback_is_there_with_its_address_and_state() {
    let linux = Linux::new();
    let lo = OsStr::new("lo");
    let addresses = linux.interface_addresses().expect("asked");
    let v4 = addresses[lo].iter().find(|one| one.family == AddressFamily::Inet).expect("has one");
    assert_eq!(v4.address.as_ref().map(ToString::to_string), Some("127.0.0.1".into()));
    assert_eq!(v4.netmask.as_ref().map(ToString::to_string), Some("255.0.0.0".into()));
    assert_eq!((v4.broadcast.clone(), v4.peer.clone()), (None, None));
    let stats = linux.interface_stats().expect("asked");
    assert!(stats[lo].is_up && stats[lo].flags.iter().any(|flag| flag == "loopback"), "{stats:?}");
    assert!(stats[lo].mtu >= 1500 && stats[lo].speed_mbps.is_none());
    assert!(
        addresses
            .keys()
            .all(|name| stats.contains_key(name) || name.as_encoded_bytes().contains(&b':'))
    );
}

#[test]
fn traffic_moves_forward() {
    let linux = Linux::new();
    let before = linux.net_io_counters_per_interface().expect("read")[OsStr::new("lo")];
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    for _ in 0..50 {
        socket.send_to(&[0; 1000], socket.local_addr().expect("bound")).expect("sent");
    }
    let after = linux.net_io_counters_per_interface().expect("read")[OsStr::new("lo")];
    assert!(after.bytes_sent >= before.bytes_sent + 50_000, "{before:?} {after:?}");
    assert!(after.packets_recv >= before.packets_recv + 50);
    let total = linux.net_io_counters().expect("read").expect("some");
    assert!(total.bytes_sent >= after.bytes_sent);
}
