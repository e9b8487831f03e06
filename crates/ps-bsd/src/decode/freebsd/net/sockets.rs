//! Sockets, from the lists of control blocks.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionStatus, SocketFamily};
use ps_core::process::{Pid, Uid};
use ps_core::raw::{Record, Value as _, packed};

use super::FAMILIES;
use crate::decode::net::{endpoint, inet, inet6, socket_type, tcp_status};
use crate::decode::too_short;
use crate::raw::freebsd::net::{self as raw, InEndpoints, Xinpcb, Xinpgen, Xtcpcb, Xunpcb};

/// Whether the generation at the beginning of a list is that at its end: then it did not change while it was copied.
/// A list with no end says that it did.
#[must_use]
pub fn is_steady(answer: &[u8]) -> bool {
    // The records that enclose the lists of local sockets lie alike as far as they are read here.
    let generation = |entry: &[u8]| (entry.len(), Xinpgen::from_prefix(entry).xig_gen);
    let mut ends = entries(answer);
    let first = ends.next().map(generation);
    ends.last().map(generation) == first
}

fn entries(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    packed(answer, |rest| usize::try_from(u64::load(rest)).ok())
}

/// What stands between the two records that enclose a list, which are as long as each other and no block is.
fn blocks(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let enclosing = entries(answer).next().map_or(0, <[u8]>::len);
    entries(answer).filter(move |entry| entry.len() != enclosing)
}

/// The blocks of a list as records; one that is too short is an error.
fn records<R: Record>(answer: &[u8]) -> impl Iterator<Item = Result<R>> {
    blocks(answer).map(|block| R::from_bytes(block).map_err(|short| too_short(&short)))
}

/// States of TCP connections by the address of their control blocks in the kernel.
#[derive(Clone, Debug, Default)]
pub struct TcpStates(HashMap<u64, i32>);

impl<const N: usize> From<[(u64, i32); N]> for TcpStates {
    fn from(states: [(u64, i32); N]) -> Self {
        TcpStates(HashMap::from(states))
    }
}

impl TcpStates {
    /// From an answer of `net.inet.tcp.pcblist`. Where the kernel keeps addresses to itself all are 0, which is
    /// nobody's: none is taken for another's.
    ///
    /// # Errors
    ///
    /// A record that makes no sense.
    pub fn read(answer: &[u8]) -> Result<Self> {
        let mut states = HashMap::new();
        for block in records::<Xtcpcb>(answer) {
            let block = block?;
            let address = block.xt_inp.xi_socket.so_pcb;
            if address != 0 {
                states.insert(address, block.t_state);
            }
        }
        Ok(TcpStates(states))
    }

    /// The state of a socket; `None` for one that is not TCP, and where it is not known.
    #[must_use]
    pub fn of(
        &self,
        address: u64,
        protocol: i32,
        family: SocketFamily,
    ) -> Option<ConnectionStatus> {
        let tcp = protocol == raw::IPPROTO_TCP && family != SocketFamily::Unix;
        tcp.then(|| self.0.get(&address).copied().map(tcp_status))?
    }
}

/// A socket, with its address in the kernel, by which its owners are found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Listed {
    /// The socket; without owners.
    pub connection: Connection,
    /// Its address in the kernel; 0 if it is not told.
    pub address: u64,
}

fn ends(block: &Xinpcb, connection: &mut Connection) {
    let ends: &InEndpoints = &block.inp_inc.inc_ie;
    let six = i32::from(block.inp_vflag) & raw::INP_IPV6 != 0;
    let end = |address: [u8; 16], port: u16| {
        let port = port.to_ne_bytes();
        if six {
            return inet6(address, port, ends.ie6_zoneid);
        }
        // An IPv4 address stands in the last four of the sixteen bytes.
        let [.., a, b, c, d] = address;
        if connection.family == SocketFamily::Inet6 {
            return inet6(Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().octets(), port, 0);
        }
        inet([a, b, c, d], port)
    };
    (connection.local, connection.remote) =
        (end(ends.ie_dependladdr.0, ends.ie_lport), end(ends.ie_dependfaddr.0, ends.ie_fport));
}

/// An Internet socket. One that takes both kinds of addresses is of the family that it was made for.
fn internet(block: &Xinpcb, state: Option<i32>) -> Option<Listed> {
    let socket = &block.xi_socket;
    let known = FAMILIES.of_socket(socket.xso_family);
    let family = match known {
        Some(family) => family,
        // A connection that has no socket any more, as those that only wait for stray packets.
        None if i32::from(block.inp_vflag) & raw::INP_IPV6 != 0 => SocketFamily::Inet6,
        None if i32::from(block.inp_vflag) & raw::INP_IPV4 != 0 => SocketFamily::Inet,
        None => return None,
    };
    let kind = match (state, i32::from(socket.so_type)) {
        (Some(_), _) => raw::SOCK_STREAM,
        (None, 0) => raw::SOCK_DGRAM,
        (None, kind) => kind,
    };
    let mut connection = Connection::new(family, socket_type(kind));
    ends(block, &mut connection);
    connection.status = state.map(tcp_status);
    // The part of the record that tells of the socket is left at zero where there is none: that is not root's.
    connection.uid = known.map(|_| Uid::new(socket.so_uid));
    connection.inode = Some(socket.so_pcb).filter(|pcb| *pcb != 0);
    Some(Listed { connection, address: socket.xso_so })
}

/// The sockets of an answer of `net.inet.tcp.pcblist`.
///
/// # Errors
///
/// A record that makes no sense.
pub fn tcp_sockets(answer: &[u8]) -> Result<Vec<Listed>> {
    let read = |block: Xtcpcb| internet(&block.xt_inp, Some(block.t_state));
    records(answer).filter_map(|block| block.map(read).transpose()).collect()
}

/// The sockets of an answer of `net.inet.udp.pcblist`.
///
/// # Errors
///
/// A record that makes no sense.
pub fn udp_sockets(answer: &[u8]) -> Result<Vec<Listed>> {
    let read = |block: Xinpcb| internet(&block, None);
    records(answer).filter_map(|block| block.map(read).transpose()).collect()
}

/// The sockets of an answer of `net.local.stream.pcblist` or one of its siblings, all of the type that it is for.
///
/// # Errors
///
/// A record that makes no sense.
pub fn local_sockets(answer: &[u8], kind: i32) -> Result<Vec<Listed>> {
    let mut all = Vec::new();
    for block in records::<Xunpcb>(answer) {
        let block = block?;
        let mut connection = Connection::new(SocketFamily::Unix, socket_type(kind));
        connection.local = endpoint(&block.xu_dummy1, &FAMILIES);
        connection.remote = endpoint(&block.xu_dummy2, &FAMILIES);
        connection.uid = Some(Uid::new(block.xu_socket.so_uid));
        connection.inode = Some(block.xu_socket.so_pcb).filter(|pcb| *pcb != 0);
        all.push(Listed { connection, address: block.xu_socket.xso_so });
    }
    Ok(all)
}

/// Sockets with those that have them open: one entry for each owner, one without owner for a socket that has none or
/// whose owner is not to be seen.
#[must_use]
pub fn with_owners(listed: Vec<Listed>, owners: &HashMap<u64, Vec<(Pid, i32)>>) -> Vec<Connection> {
    let mut all = Vec::with_capacity(listed.len());
    for Listed { connection, address } in listed {
        match owners.get(&address).filter(|_| address != 0) {
            None => all.push(connection),
            Some(owners) => all.extend(owners.iter().map(|(pid, fd)| {
                let mut owned = connection.clone();
                (owned.pid, owned.fd) = (Some(*pid), Some(*fd));
                owned
            })),
        }
    }
    all
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStrExt as _;

    use ps_core::net::SocketType;

    use super::*;

    fn generation(number: u64) -> Vec<u8> {
        let mut generation = Xinpgen::zeroed();
        (generation.xig_len, generation.xig_gen) = (64, number);
        generation.to_bytes()
    }

    fn inpcb(family: i32, vflag: i32, local: [u8; 16], port: u16) -> Xinpcb {
        let mut block = Xinpcb::zeroed();
        block.xi_len = Xinpcb::LAYOUT.size as u64;
        (block.xi_socket.xso_family, block.inp_vflag) = (family, vflag as u8);
        (block.xi_socket.xso_so, block.xi_socket.so_pcb) = (0x5000, 0x6000);
        (block.xi_socket.so_type, block.xi_socket.so_uid) = (2, 1001);
        block.inp_inc.inc_ie.ie_dependladdr.0 = local;
        block.inp_inc.inc_ie.ie_lport = port.to_be();
        block
    }

    fn tcp(block: Xinpcb, state: i32) -> Vec<u8> {
        let mut outer = Xtcpcb::zeroed();
        (outer.xt_len, outer.xt_inp, outer.t_state) = (Xtcpcb::LAYOUT.size as u64, block, state);
        outer.to_bytes()
    }

    const LOCAL: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1];

    #[test]
    fn a_list_that_changed_meanwhile_is_seen_by_its_generations() {
        let block = tcp(inpcb(2, 1, LOCAL, 80), 1);
        assert!(is_steady(&[generation(7), block.clone(), generation(7)].concat()));
        assert!(!is_steady(&[generation(7), block.clone(), generation(8)].concat()));
        assert!(!is_steady(&[generation(7), block].concat()), "no end");
        assert!(is_steady(&[]), "nothing changed where nothing is");
    }

    #[test]
    fn tcp_sockets_have_ends_states_and_users() {
        let answer = [generation(7), tcp(inpcb(2, 1, LOCAL, 80), 1), generation(7)].concat();
        let found = tcp_sockets(&answer).expect("reads");
        assert_eq!(found.len(), 1, "the records that enclose the list are no sockets");
        let socket = &found[0].connection;
        assert_eq!(socket.local.as_ref().map(ToString::to_string).as_deref(), Some("127.0.0.1:80"));
        assert_eq!((&socket.remote, socket.status), (&None, Some(ConnectionStatus::Listen)));
        assert_eq!((socket.uid, socket.socket_type), (Some(Uid::new(1001)), SocketType::Stream));
        let states = TcpStates::read(&answer).expect("reads");
        assert_eq!(states.of(0x6000, 6, SocketFamily::Inet), Some(ConnectionStatus::Listen));
        assert_eq!(states.of(0x6000, 17, SocketFamily::Inet), None, "UDP has no state");
        assert_eq!(states.of(0x6001, 6, SocketFamily::Inet), None);
    }

    #[test]
    fn hidden_addresses_are_nobodys() {
        let mut block = inpcb(2, 1, LOCAL, 80);
        (block.xi_socket.so_pcb, block.xi_socket.xso_so) = (0, 0);
        let answer = [generation(7), tcp(block, 4), generation(7)].concat();
        let states = TcpStates::read(&answer).expect("reads");
        assert_eq!(states.of(0, 6, SocketFamily::Inet), None);
        let owners = HashMap::from([(0, vec![(Pid::ZERO, 3)])]);
        let all = with_owners(tcp_sockets(&answer).expect("reads"), &owners);
        assert_eq!((all.len(), all[0].pid, all[0].inode), (1, None, None));
    }

    #[test]
    fn families_follow_the_socket_and_mapped_addresses_stay_ipv6() {
        let six = inpcb(28, 2, [0xfe, 0x80, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 53);
        let mapped = inpcb(28, 1, LOCAL, 53);
        let waiting = inpcb(0, 1, LOCAL, 53);
        let mut one = [0; 16];
        one[15] = 1;
        let waiting_six = inpcb(0, 2, one, 53);
        let stranger = inpcb(0, 0, LOCAL, 53);
        let blocks =
            [six, mapped, waiting, waiting_six, stranger].map(|block| block.to_bytes()).concat();
        let answer = [generation(1), blocks, generation(1)].concat();
        let found = udp_sockets(&answer).expect("reads");
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                (one.connection.family, one.connection.local.as_ref().map(ToString::to_string))
            })
            .collect();
        assert_eq!(
            shown,
            [
                (SocketFamily::Inet6, Some("[fe80::1%2]:53".to_owned())),
                (SocketFamily::Inet6, Some("[::ffff:127.0.0.1]:53".to_owned())),
                (SocketFamily::Inet, Some("127.0.0.1:53".to_owned())),
                (SocketFamily::Inet6, Some("[::1]:53".to_owned())),
            ]
        );
    }

    #[test]
    fn a_connection_without_a_socket_is_nobodys_and_not_roots() {
        let user = |family| {
            let mut block = inpcb(family, 1, LOCAL, 80);
            block.xi_socket.so_uid = 0;
            let answer = [generation(7), tcp(block, 3), generation(7)].concat();
            tcp_sockets(&answer).expect("reads")[0].connection.uid
        };
        // One that is just being made has no socket yet, one that waits for stray packets has none any more.
        assert_eq!(user(0), None);
        assert_eq!(user(2), Some(Uid::new(0)));
    }

    #[test]
    fn a_shared_socket_has_one_entry_for_each_owner() {
        let answer = [generation(7), tcp(inpcb(2, 1, LOCAL, 80), 1), generation(7)].concat();
        let owners = HashMap::from([(0x5000, vec![(Pid::ZERO, 3), (Pid::ZERO, 9)])]);
        let all = with_owners(tcp_sockets(&answer).expect("reads"), &owners);
        assert_eq!(all.iter().map(|one| one.fd).collect::<Vec<_>>(), [Some(3), Some(9)]);
    }

    #[test]
    fn local_sockets_have_paths() {
        let mut block = Xunpcb::zeroed();
        block.xu_len = Xunpcb::LAYOUT.size as u64;
        block.xu_dummy1[..12].copy_from_slice(b"\x6a\x01/tmp/x.sock"[..12].as_ref());
        let answer = [generation(7), block.to_bytes(), generation(7)].concat();
        let found = local_sockets(&answer, 5).expect("reads");
        let socket = &found[0].connection;
        assert_eq!(socket.socket_type, SocketType::SeqPacket);
        assert_eq!(socket.local.as_ref().map(ToString::to_string).as_deref(), Some("/tmp/x.soc"));
        assert_eq!((&socket.remote, socket.status), (&None, None));
        assert_eq!(socket.inode, None, "the kernel keeps the address to itself");
    }

    #[test]
    fn a_block_shorter_than_its_record_is_an_error() {
        let mut block = tcp(inpcb(2, 1, LOCAL, 80), 1);
        block.truncate(700);
        block[..8].copy_from_slice(&700_u64.to_ne_bytes());
        let answer = [generation(7), block, generation(7)].concat();
        assert!(tcp_sockets(&answer).is_err());
        assert!(TcpStates::read(&answer).is_err());
    }

    const TCP: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-tcp-sockets.bin");
    const UNIX: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-local-sockets.bin");

    #[test]
    fn tcp_sockets_laid_out_by_the_systems_headers_are_read() {
        assert!(is_steady(TCP));
        let found = tcp_sockets(TCP).expect("reads");
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                let end =
                    |end: &Option<ps_core::net::Endpoint>| end.as_ref().map(ToString::to_string);
                (end(&one.connection.local), end(&one.connection.remote), one.connection.status)
            })
            .collect();
        let listens = (Some("127.0.0.1:80".to_owned()), None, Some(ConnectionStatus::Listen));
        let (here, there) = ("[2001:db8::1]:443".to_owned(), "[2001:db8::2]:54329".to_owned());
        let talks = (Some(here), Some(there), Some(ConnectionStatus::Established));
        assert_eq!(shown, [listens, talks]);
        assert_eq!(found[0].address, 0xffff_f800_0000_5000);
        let states = TcpStates::read(TCP).expect("reads");
        let state = states.of(0xffff_f800_0000_2000, 6, SocketFamily::Inet6);
        assert_eq!(state, Some(ConnectionStatus::Established));
    }

    #[test]
    fn local_sockets_laid_out_by_the_systems_headers_are_read() {
        assert!(!is_steady(UNIX), "its generations differ");
        let found = local_sockets(UNIX, raw::SOCK_STREAM).expect("reads");
        assert_eq!(found.len(), 1);
        let socket = &found[0].connection;
        let path = |end: &Option<ps_core::net::Endpoint>| match end {
            Some(ps_core::net::Endpoint::Path(path)) => path.as_os_str().as_bytes().to_vec(),
            other => panic!("{other:?} is no path"),
        };
        assert_eq!(path(&socket.local), b"/var/run/log\xff");
        assert_eq!(path(&socket.remote), b"/tmp/peer");
        assert_eq!(socket.inode, Some(0xffff_f800_0000_9000));
        assert_eq!((socket.uid, found[0].address), (Some(Uid::new(1002)), 0xffff_f800_0000_8000));
    }

    #[test]
    fn the_owners_of_a_socket_are_found_in_the_list_of_open_files() {
        let files = include_bytes!("../../../../fixtures/records/freebsd-open-files.bin");
        let owners = crate::decode::freebsd::process::socket_owners(files).expect("reads");
        let all = with_owners(tcp_sockets(TCP).expect("reads"), &owners);
        let shown: Vec<_> = all.iter().map(|one| (one.pid.map(Pid::get), one.fd)).collect();
        assert_eq!(shown, [(Some(4711), Some(5)), (Some(4712), Some(6)), (None, None)]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_list_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 200..2000),
            length in 0..900_u64,
        ) {
            bytes[..8].copy_from_slice(&64_u64.to_ne_bytes());
            bytes[64..72].copy_from_slice(&length.to_ne_bytes());
            let _ = (tcp_sockets(&bytes), udp_sockets(&bytes), local_sockets(&bytes, 1));
            let _ = (is_steady(&bytes), TcpStates::read(&bytes));
        }
    }
}
