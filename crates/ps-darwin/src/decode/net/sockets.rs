//! Sockets of a process, from `PROC_PIDFDSOCKETINFO`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ps_core::net::{Connection, ConnectionStatus, Endpoint, SocketFamily, SocketType};
use ps_core::raw::{Record as _, text};
use ps_core::{Pid, Result};

use super::addresses::without_embedded_scope;
use crate::decode::short;
use crate::raw::net::{
    AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM,
};
use crate::raw::sockets::*;

/// The socket that a descriptor stands for; `None` for a family that has no place here.
pub fn decode_socket(answer: &[u8], pid: Pid, fd: i32) -> Result<Option<Connection>> {
    let found = SocketFdinfo::from_bytes(answer).map_err(short)?;
    Ok(connection(&found.psi).map(|mut connection| {
        connection.pid = Some(pid);
        connection.fd = Some(fd);
        connection
    }))
}

pub(crate) fn connection(socket: &SocketInfo) -> Option<Connection> {
    let family = match socket.soi_family {
        AF_INET => SocketFamily::Inet,
        AF_INET6 => SocketFamily::Inet6,
        AF_UNIX => SocketFamily::Unix,
        _ => return None,
    };
    let socket_type = match socket.soi_type {
        SOCK_STREAM => SocketType::Stream,
        SOCK_DGRAM => SocketType::Datagram,
        SOCK_SEQPACKET => SocketType::SeqPacket,
        SOCK_RAW => SocketType::Raw,
        other => SocketType::Other(other.cast_unsigned()),
    };
    let mut connection = Connection::new(family, socket_type);
    // An address in the kernel, scrambled, but the same for every descriptor of the socket.
    connection.inode = (socket.soi_so != 0).then_some(socket.soi_so);
    if let Some(internet) = socket.internet() {
        let (local, remote) = ends(family, &internet);
        connection.local = local.map(Endpoint::Inet);
        connection.remote = remote.map(Endpoint::Inet);
        connection.status = socket.tcp().map(|tcp| status(tcp.tcpsi_state));
    } else if let Some(unix) = socket.local() {
        connection.local = path(&unix.unsi_addr);
        connection.remote = path(&unix.unsi_caddr);
    }
    Some(connection)
}

/// This end, which is none while it has neither address nor port, and the other, which is none without a port.
fn ends(family: SocketFamily, internet: &InSockinfo) -> (Option<SocketAddr>, Option<SocketAddr>) {
    let (local_port, remote_port) = internet.ports();
    let over_ipv4 = is_over_ipv4(internet);
    let of = |bytes: &[u8; 16], port| address(family, over_ipv4, bytes, port);
    let local = of(&internet.insi_laddr.0, local_port);
    let remote = of(&internet.insi_faddr.0, remote_port);
    (
        Some(local).filter(|local| local.port() != 0 || !local.ip().is_unspecified()),
        Some(remote).filter(|remote| remote.port() != 0),
    )
}

/// Whether a socket of IPv6 is bound to, or connected over, IPv4.
fn is_over_ipv4(internet: &InSockinfo) -> bool {
    let has = |version| i32::from(internet.insi_vflag) & version != 0;
    match (has(INI_IPV4), has(INI_IPV6)) {
        (_, true) => false,
        (true, false) => true,
        // Neither is told once the connection has ended, while both ends stay (`in6_pcbdetach` in
        // `bsd/netinet6/in6_pcb.c`). Of IPv6 this end cannot be `::a.b.c.d`: no interface is given such an address,
        // but for `::1` (`in6_control` in `bsd/netinet6/in6.c`).
        (false, false) => {
            (2..=u128::from(u32::MAX)).contains(&u128::from_be_bytes(internet.insi_laddr.0))
        }
    }
}

fn address(family: SocketFamily, over_ipv4: bool, bytes: &[u8; 16], port: u16) -> SocketAddr {
    let [.., a, b, c, d] = *bytes;
    let narrow = Ipv4Addr::new(a, b, c, d);
    if family == SocketFamily::Inet {
        return SocketAddr::V4(SocketAddrV4::new(narrow, port));
    }
    // It keeps the addresses where IPv4 has them.
    if over_ipv4 {
        return SocketAddr::V6(SocketAddrV6::new(narrow.to_ipv6_mapped(), port, 0, 0));
    }
    let (wide, scope) = without_embedded_scope(Ipv6Addr::from(*bytes));
    SocketAddr::V6(SocketAddrV6::new(wide, port, 0, scope.unwrap_or_default()))
}

fn status(state: i32) -> ConnectionStatus {
    match state {
        TSI_S_CLOSED => ConnectionStatus::Close,
        TSI_S_LISTEN => ConnectionStatus::Listen,
        TSI_S_SYN_SENT => ConnectionStatus::SynSent,
        TSI_S_SYN_RECEIVED => ConnectionStatus::SynRecv,
        TSI_S_ESTABLISHED => ConnectionStatus::Established,
        TSI_S__CLOSE_WAIT => ConnectionStatus::CloseWait,
        TSI_S_FIN_WAIT_1 => ConnectionStatus::FinWait1,
        TSI_S_CLOSING => ConnectionStatus::Closing,
        TSI_S_LAST_ACK => ConnectionStatus::LastAck,
        TSI_S_FIN_WAIT_2 => ConnectionStatus::FinWait2,
        TSI_S_TIME_WAIT => ConnectionStatus::TimeWait,
        other => ConnectionStatus::Other(other.cast_unsigned()),
    }
}

/// The path in the address of a local socket, which states its length and may fill its place.
fn path(bytes: &[u8; 255]) -> Option<Endpoint> {
    let length = usize::from(*bytes.first()?);
    let path = text(bytes.get(2..length)?);
    let path = std::ffi::OsStr::from_bytes(path);
    (!path.is_empty()).then(|| Endpoint::Path(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pid() -> Pid {
        Pid::try_from(7).expect("in range")
    }

    #[cfg(target_endian = "little")]
    fn decode(bytes: &[u8]) -> Connection {
        decode_socket(bytes, pid(), 3).expect("decodes").expect("has a place")
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_tcp_connection_is_read_whole() {
        let found = decode(include_bytes!("../../../fixtures/records/macos-tcp-socket.bin"));
        assert_eq!((found.family, found.socket_type), (SocketFamily::Inet, SocketType::Stream));
        assert_eq!(found.local.expect("bound").to_string(), "127.0.0.1:8080");
        assert_eq!(found.remote.expect("connected").to_string(), "127.0.0.2:50000");
        assert_eq!(found.status, Some(ConnectionStatus::Established));
        assert_eq!((found.pid, found.fd), (Some(pid()), Some(3)));
        assert_eq!(found.inode, Some(0x1122_3344_5566_7788));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn other_sockets_are_read_whole() {
        let answer = include_bytes!("../../../fixtures/records/macos-sockets.bin");
        let all: Vec<_> = answer.chunks(792).map(decode).collect();
        let ends = |at: usize| {
            let shown = |end: &Option<Endpoint>| {
                end.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
            };
            (shown(&all[at].local), shown(&all[at].remote))
        };
        // A datagram socket on one link: the interface's number is no part of the address.
        assert_eq!(ends(0), ("[fe80::1%4]:5353".to_owned(), "-".to_owned()));
        assert_eq!((all[0].socket_type, all[0].status), (SocketType::Datagram, None));
        // IPv4 over a socket of IPv6.
        assert_eq!(
            ends(1),
            ("[::ffff:10.0.0.1]:80".to_owned(), "[::ffff:10.0.0.2]:1024".to_owned())
        );
        assert_eq!(all[1].status, Some(ConnectionStatus::TimeWait));
        // Listening on both.
        assert_eq!(ends(2), ("[::]:443".to_owned(), "-".to_owned()));
        assert_eq!(all[2].status, Some(ConnectionStatus::Listen));
        // Both paths of a local socket.
        assert_eq!(ends(3), ("/tmp/a b".to_owned(), "/var/run/peer".to_owned()));
        assert_eq!((all[3].family, all[3].status), (SocketFamily::Unix, None));
        // Neither bound nor connected.
        assert_eq!(ends(4), ("-".to_owned(), "-".to_owned()));
    }

    /// Both ends of a socket of IPv6, at ports 80 and 1024.
    fn ends_of(versions: u8, local: &str, remote: &str) -> (String, String) {
        let bytes = |text: &str| text.parse::<Ipv6Addr>().expect("an address").octets();
        let mut internet = InSockinfo::zeroed();
        internet.insi_vflag = versions;
        internet.insi_lport = i32::from_ne_bytes([0, 80, 0, 0]);
        internet.insi_fport = i32::from_ne_bytes([4, 0, 0, 0]);
        internet.insi_laddr.0 = bytes(local);
        internet.insi_faddr.0 = bytes(remote);
        let (local, remote) = ends(SocketFamily::Inet6, &internet);
        (local.expect("bound").to_string(), remote.expect("connected").to_string())
    }

    #[test]
    fn an_address_of_ipv6_stays_whole_unless_the_socket_is_of_ipv4_alone() {
        let mapped = ("[::ffff:10.0.0.1]:80".to_owned(), "[::ffff:10.0.0.2]:1024".to_owned());
        assert_eq!(ends_of(1, "::10.0.0.1", "::10.0.0.2"), mapped);
        for versions in [0, 2, 3] {
            let whole = ("[2001:db8::1]:80".to_owned(), "[2001:db8::2]:1024".to_owned());
            assert_eq!(ends_of(versions, "2001:db8::1", "2001:db8::2"), whole, "{versions}");
        }
        for versions in [2, 3] {
            let whole = ("[::a00:1]:80".to_owned(), "[::a00:2]:1024".to_owned());
            assert_eq!(ends_of(versions, "::10.0.0.1", "::10.0.0.2"), whole, "{versions}");
        }
    }

    #[test]
    fn a_connection_that_has_ended_is_of_the_version_that_this_end_can_have() {
        for (local, remote, shown) in [
            ("::10.0.0.1", "::10.0.0.2", ("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:1024")),
            ("::0.0.0.2", "::1", ("[::ffff:0.0.0.2]:80", "[::ffff:0.0.0.1]:1024")),
            (
                "::255.255.255.255",
                "::10.0.0.2",
                ("[::ffff:255.255.255.255]:80", "[::ffff:10.0.0.2]:1024"),
            ),
            ("::1", "::1", ("[::1]:80", "[::1]:1024")),
            ("::", "::10.0.0.2", ("[::]:80", "[::a00:2]:1024")),
            ("::1:0:0", "::10.0.0.2", ("[::1:0:0]:80", "[::a00:2]:1024")),
        ] {
            let ends = ends_of(0, local, remote);
            assert_eq!((&*ends.0, &*ends.1), shown, "{local}");
        }
    }

    #[test]
    fn a_path_that_fills_its_place_has_no_nul() {
        let mut bytes = [b'x'; 255];
        bytes[0] = 106;
        let Some(Endpoint::Path(path)) = super::path(&bytes) else { panic!("a path") };
        assert_eq!(path.as_os_str().len(), 104);
        bytes[0] = 1;
        assert_eq!(super::path(&bytes), None);
        assert_eq!(super::path(&[0; 255]), None);
    }

    #[test]
    fn every_state_of_tcp_is_known_and_another_keeps_its_number() {
        let known = (0..=10).all(|state| !matches!(status(state), ConnectionStatus::Other(_)));
        assert!(known);
        assert_eq!(status(11), ConnectionStatus::Other(11));
    }

    #[test]
    fn a_family_without_a_place_is_left_out_and_a_short_answer_is_an_error() {
        let mut other = SocketInfo::zeroed();
        other.soi_family = 32;
        assert_eq!(connection(&other), None);
        assert!(decode_socket(&[0; 791], pid(), 0).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_socket_panic(
            bytes in prop::collection::vec(any::<u8>(), 792..800), kind in 0..9i32, family in 0..40i32,
        ) {
            let _ = decode_socket(&bytes, pid(), 0);
            let mut socket = SocketFdinfo::from_prefix(&bytes).psi;
            socket.soi_kind = kind;
            socket.soi_family = family;
            let _ = connection(&socket);
        }
    }
}
