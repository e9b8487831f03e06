//! TCP and UDP sockets, from `/proc/net/{tcp,tcp6,udp,udp6}` and from the answers of `sock_diag`.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ps_core::Result;
use ps_core::net::{Connection, ConnectionStatus, Endpoint, SocketFamily, SocketType};
use ps_core::process::Uid;

use super::message::Message;
use crate::decode::malformed;
use crate::decode::text::{columns, hexadecimal, lines, number};

/// One of the kernel's four tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)]
pub struct Table {
    /// `Inet` or `Inet6`.
    pub family: SocketFamily,
    /// `Stream` for TCP, `Datagram` for UDP.
    pub socket_type: SocketType,
}

impl Table {
    /// All four, in the order in which sockets are listed.
    pub const ALL: [Table; 4] = [
        Table { family: SocketFamily::Inet, socket_type: SocketType::Stream },
        Table { family: SocketFamily::Inet6, socket_type: SocketType::Stream },
        Table { family: SocketFamily::Inet, socket_type: SocketType::Datagram },
        Table { family: SocketFamily::Inet6, socket_type: SocketType::Datagram },
    ];

    /// The name of its file below `/proc/net`.
    #[must_use]
    pub fn file(self) -> &'static str {
        match (self.socket_type, self.family) {
            (SocketType::Stream, SocketFamily::Inet6) => "tcp6",
            (SocketType::Stream, _) => "tcp",
            (_, SocketFamily::Inet6) => "udp6",
            _ => "udp",
        }
    }
}

/// The state of a TCP socket by the kernel's number.
#[must_use]
pub fn status(raw: u32) -> ConnectionStatus {
    use ConnectionStatus as Status;
    match raw {
        1 => Status::Established,
        2 => Status::SynSent,
        // 12 is a request to connect that has no full socket yet.
        3 | 12 => Status::SynRecv,
        4 => Status::FinWait1,
        5 => Status::FinWait2,
        6 => Status::TimeWait,
        7 => Status::Close,
        8 => Status::CloseWait,
        9 => Status::LastAck,
        10 => Status::Listen,
        11 => Status::Closing,
        other => Status::Other(other),
    }
}

/// The kernel's states that are seen as one of ours, as a set of bits; all that its tables show if none is named.
///
/// Asked for more than those, newer kernels also tell of TCP sockets that are bound and neither listen nor connect.
#[must_use]
pub fn state_bits(statuses: &[ConnectionStatus]) -> u32 {
    (1..=12)
        .filter(|raw| statuses.is_empty() || statuses.contains(&status(*raw)))
        .map(|raw| 1 << raw)
        .sum()
}

/// Every socket of one of the four tables of `/proc/net`.
///
/// # Errors
///
/// `Decode`, with the number of the line, if one makes no sense.
pub fn decode_inet(text: &[u8], table: Table) -> Result<Vec<Connection>> {
    lines(text)
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(at, line)| {
            line_of_inet(line, table).ok_or_else(|| {
                let line_number = at + 1;
                malformed(
                    "/proc/net table",
                    format!("line {line_number} of {} is malformed", table.file()),
                )
            })
        })
        .collect()
}

fn line_of_inet(line: &[u8], table: Table) -> Option<Connection> {
    // sl local remote st tx:rx tr:when retransmits uid timeout inode
    let mut columns = columns(line).skip(1);
    let local = endpoint(columns.next()?, table.family)?;
    let remote = endpoint(columns.next()?, table.family)?;
    let state = u32::try_from(hexadecimal(columns.next()?)?).ok()?;
    let mut columns = columns.skip(3);
    let uid: u32 = number(columns.next()?)?;
    let inode: u64 = number(columns.nth(1)?)?;
    Some(connection(table, local, remote, state, uid, inode))
}

/// States of a connection that is being made, for one that is all there is and for one beside its listener.
const SYN_RECV: u32 = 3;
const NEW_SYN_RECV: u32 = 12;

fn connection(
    table: Table,
    local: SocketAddr,
    remote: SocketAddr,
    state: u32,
    uid: u32,
    inode: u64,
) -> Connection {
    // Without a port there is no end: UDP not bound, or nobody on the other side.
    let end = |address: SocketAddr| (address.port() != 0).then_some(Endpoint::Inet(address));
    let mut socket = Connection::new(table.family, table.socket_type);
    socket.local = end(local);
    socket.remote = end(remote);
    socket.status = (table.socket_type == SocketType::Stream).then(|| status(state));
    // Sockets that no file stands for, as in TIME_WAIT, have none.
    socket.inode = Some(inode).filter(|inode| *inode != 0);
    // Of some of those the kernel knows no user either, and says 0. Of others it does: connections not accepted yet, and,
    // by newer kernels, ones whose end is still being sent.
    let is_known = uid != 0 || socket.inode.is_some() || matches!(state, SYN_RECV | NEW_SYN_RECV);
    socket.uid = is_known.then_some(Uid::new(uid));
    socket
}

/// The same sockets, each once. The kernel's tables are told piece by piece, and may hold one twice.
#[must_use]
pub fn distinct(mut sockets: Vec<Connection>) -> Vec<Connection> {
    let (mut numbers, mut nameless) = (HashSet::new(), HashSet::new());
    sockets.retain(|socket| match socket.inode {
        Some(inode) => numbers.insert(inode),
        // Only the two ends and the state tell these apart.
        None => nameless.insert(socket.clone()),
    });
    sockets
}

/// An address and a port as in `0100007F:0016`: words of 32 bits as this machine orders their bytes.
fn endpoint(text: &[u8], family: SocketFamily) -> Option<SocketAddr> {
    let at = text.iter().position(|byte| *byte == b':')?;
    let (address, port) = text.split_at(at);
    let port = u16::try_from(hexadecimal(port.get(1..)?)?).ok()?;
    let word = |digits: &[u8]| {
        let value = (digits.len() == 8).then(|| hexadecimal(digits)).flatten()?;
        Some(u32::try_from(value).ok()?.to_ne_bytes())
    };
    let ip = if family == SocketFamily::Inet6 {
        let mut bytes = [0; 16];
        if address.len() != 32 {
            return None;
        }
        for (to, from) in bytes.chunks_exact_mut(4).zip(address.chunks_exact(8)) {
            to.copy_from_slice(&word(from)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes))
    } else {
        IpAddr::V4(Ipv4Addr::from(word(address)?))
    };
    Some(SocketAddr::new(ip, port))
}

/// Length of the kernel's request for sockets of one table, after the message header.
const REQUEST: usize = 56;

/// The request for all sockets of a table in certain states: `struct inet_diag_req_v2`.
#[must_use]
pub fn request(table: Table, states: u32) -> [u8; REQUEST] {
    let (family, _) = numbers(table);
    let protocol: u8 = if table.socket_type == SocketType::Stream { 6 } else { 17 };
    let mut bytes = [0; REQUEST];
    // family, protocol, extensions wanted, padding; states; then an address of zeros: any.
    for (to, from) in
        bytes.iter_mut().zip([family, protocol, 0, 0].into_iter().chain(states.to_ne_bytes()))
    {
        *to = from;
    }
    bytes
}

/// The kernel's numbers of a table's family and of the length of its addresses.
fn numbers(table: Table) -> (u8, usize) {
    if table.family == SocketFamily::Inet6 { (10, 16) } else { (2, 4) }
}

/// A socket from one message of the answer: `struct inet_diag_msg`.
#[must_use]
pub fn decode_answer(message: &Message<'_>, table: Table) -> Option<Connection> {
    let body = message.body;
    let (_, length) = numbers(table);
    let byte = |at: usize| body.get(at).copied();
    let port = |at: usize| Some(u16::from_be_bytes([byte(at)?, byte(at + 1)?]));
    let address = |at: usize| {
        let bytes = body.get(at..at + length)?;
        match length {
            4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        }
    };
    let state = byte(1)?;
    let local = SocketAddr::new(address(8)?, port(4)?);
    let remote = SocketAddr::new(address(24)?, port(6)?);
    let uid = message.u32_at(64)?;
    let inode = message.u32_at(68)?;
    Some(connection(table, local, remote, u32::from(state), uid, u64::from(inode)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADING: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const TCP: Table = Table::ALL[0];
    const TCP6: Table = Table::ALL[1];
    const UDP: Table = Table::ALL[2];
    const UDP6: Table = Table::ALL[3];

    fn decode(line: &str, table: Table) -> Connection {
        decode_inet(format!("{HEADING}{line}\n").as_bytes(), table).expect("decodes").remove(0)
    }

    /// Four bytes of an address as the kernel writes them here.
    fn word(bytes: [u8; 4]) -> String {
        format!("{:08X}", u32::from_ne_bytes(bytes))
    }

    fn at(text: &str) -> Option<Endpoint> {
        Some(Endpoint::Inet(text.parse().expect("address")))
    }

    #[test]
    fn each_table_has_a_file() {
        assert_eq!(Table::ALL.map(Table::file), ["tcp", "tcp6", "udp", "udp6"]);
    }

    #[test]
    fn net_addresses_are_words_in_host_order() {
        let line = format!(
            "0: {}:0016 {}:C350 01 0:0 0:0 0 1000 0 4242 1 x",
            word([127, 0, 0, 1]),
            word([10, 1, 2, 3])
        );
        let socket = decode(&line, TCP);
        assert_eq!((socket.local, socket.remote), (at("127.0.0.1:22"), at("10.1.2.3:50000")));
        assert_eq!((socket.uid, socket.inode), (Some(Uid::new(1000)), Some(4242)));
        assert_eq!(socket.status, Some(ConnectionStatus::Established));
    }

    #[test]
    fn net_v4_mapped_stays_in_ipv6_form() {
        let mapped = [[0; 4], [0; 4], [0, 0, 0xff, 0xff], [192, 168, 0, 1]].map(word).concat();
        let socket = decode(&format!("0: {mapped}:0050 {mapped}:0051 06 0:0 0:0 0 0 0 0"), TCP6);
        assert_eq!(socket.local, at("[::ffff:192.168.0.1]:80"));
        assert_eq!((socket.status, socket.inode), (Some(ConnectionStatus::TimeWait), None));
    }

    #[test]
    fn net_no_user_is_told_of_a_socket_that_the_kernel_knows_none_of() {
        let user = |state: u32, uid: u32, inode: u64| {
            let end = word([127, 0, 0, 1]);
            let line = format!("0: {end}:0050 {end}:0051 {state:02X} 0:0 0:0 0 {uid} 0 {inode}");
            decode(&line, TCP).uid.map(Uid::get)
        };
        assert_eq!((user(6, 0, 0), user(6, 0, 5)), (None, Some(0)));
        assert_eq!((user(6, 1000, 0), user(6, 1000, 5)), (Some(1000), Some(1000)));
        // Not accepted yet: the listener's.
        assert_eq!((user(3, 0, 0), user(12, 0, 0)), (Some(0), Some(0)));
    }

    #[test]
    fn net_port_zero_is_no_address() {
        let any = word([0; 4]);
        let socket = decode(&format!("0: {any}:0000 {any}:0000 07 0:0 0:0 0 0 0 5"), UDP);
        assert_eq!((socket.local, socket.remote), (None, None));
        let listening = decode(&format!("0: {any}:0050 {any}:0000 0A 0:0 0:0 0 0 0 5"), TCP);
        assert_eq!((listening.local, listening.remote), (at("0.0.0.0:80"), None));
    }

    #[test]
    fn net_udp_has_no_status() {
        let any = word([0; 4]);
        assert_eq!(
            decode(&format!("0: {any}:0001 {any}:0000 07 0:0 0:0 0 0 0 5"), UDP).status,
            None
        );
        let any = any.repeat(4);
        assert_eq!(
            decode(&format!("0: {any}:0001 {any}:0000 07 0:0 0:0 0 0 0 5"), UDP6).status,
            None
        );
    }

    #[test]
    fn net_status_codes_of_the_kernel() {
        let names: Vec<_> = (1..=13).map(|raw| status(raw).to_string()).collect();
        assert_eq!(
            names.join(" "),
            "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN \
             CLOSING SYN_RECV OTHER(13)"
        );
        assert_eq!(state_bits(&[ConnectionStatus::Listen]), 1 << 10);
        assert_eq!(state_bits(&[ConnectionStatus::SynRecv]), 1 << 3 | 1 << 12);
        assert_eq!(state_bits(&[]), 0x1ffe);
    }

    #[test]
    fn net_malformed_table_names_the_line() {
        let any = word([0; 4]);
        let text = format!("{HEADING}0: {any}:0001 {any}:0000 07 0:0 0:0 0 0 0 5\n1: xyz\n");
        let error = decode_inet(text.as_bytes(), TCP).expect_err("malformed");
        assert!(error.to_string().contains("line 3 of tcp"), "{error}");
        for bad in [
            "0: 7F:0001 00000000:0000 07 0:0 0:0 0 0 0 5",
            "0: 00000000:10000 00000000:0000 07 0:0 0:0 0 0 0 5",
        ] {
            assert!(decode_inet(format!("{HEADING}{bad}\n").as_bytes(), TCP).is_err(), "{bad}");
        }
        assert!(decode_inet(b"", TCP).expect("empty").is_empty());
    }

    #[test]
    fn net_listing_holds_nothing_twice_whatever_the_table_does() {
        let line = |port: &str, state: &str, inode: u64| {
            format!("0: {0}:{port} {0}:0051 {state} 0:0 0:0 0 0 0 {inode}\n", word([127, 0, 0, 1]))
        };
        let lines = [
            line("0001", "01", 5),
            line("0001", "01", 5),
            line("0002", "06", 0),
            line("0002", "06", 0),
            line("0003", "06", 0),
        ];
        let all =
            decode_inet([HEADING, &lines.concat()].concat().as_bytes(), TCP).expect("decodes");
        let ports: Vec<_> =
            distinct(all).iter().map(|one| one.local.as_ref().and_then(Endpoint::port)).collect();
        assert_eq!(ports, [Some(1), Some(2), Some(3)]);
    }

    /// An answer of `sock_diag` as the kernel packs it.
    fn answer(state: u8, local: (&[u8], u16), remote: (&[u8], u16)) -> Vec<u8> {
        let mut body = vec![0; 72];
        body[1] = state;
        body[4..6].copy_from_slice(&local.1.to_be_bytes());
        body[6..8].copy_from_slice(&remote.1.to_be_bytes());
        body[8..8 + local.0.len()].copy_from_slice(local.0);
        body[24..24 + remote.0.len()].copy_from_slice(remote.0);
        body[64..68].copy_from_slice(&1000u32.to_ne_bytes());
        body[68..72].copy_from_slice(&77u32.to_ne_bytes());
        body
    }

    #[test]
    fn answers_of_sock_diag_say_the_same_as_the_tables() {
        let body = answer(10, (&[127, 0, 0, 1], 80), (&[0; 4], 0));
        let message = Message { kind: 20, flags: 0, body: &body };
        let line = format!(
            "0: {}:0050 {}:0000 0A 0:0 0:0 0 1000 0 77",
            word([127, 0, 0, 1]),
            word([0; 4])
        );
        assert_eq!(decode_answer(&message, TCP), Some(decode(&line, TCP)));
        let v6 = std::net::Ipv6Addr::LOCALHOST.octets();
        let body = answer(1, (&v6, 80), (&v6, 81));
        let socket =
            decode_answer(&Message { kind: 20, flags: 0, body: &body }, TCP6).expect("decodes");
        assert_eq!((socket.local, socket.remote), (at("[::1]:80"), at("[::1]:81")));
        let cut = Message { kind: 20, flags: 0, body: &body[..70] };
        assert_eq!(decode_answer(&cut, TCP6), None);
    }

    #[test]
    fn the_request_asks_for_family_protocol_and_states() {
        let bytes = request(UDP6, 1 << 7);
        assert_eq!(bytes[..4], [10, 17, 0, 0]);
        assert_eq!(bytes[4..8], (1u32 << 7).to_ne_bytes());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, line in "0: [0-9A-F]{0,33}:[0-9A-F]{0,5} [0-9A-F]{8}:0000 [0-9A-F]{1,9}( [0-9:]{1,9}){0,8}") {
            for table in Table::ALL {
                for text in [&bytes[..], line.as_bytes()] {
                    let _ = decode_inet(&[HEADING.as_bytes(), text].concat(), table);
                }
                let _ = decode_answer(&Message { kind: 20, flags: 0, body: &bytes }, table);
            }
        }
    }
}
