//! Interface lists and socket addresses, as the three systems pack them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ps_core::net::{
    Address, AddressFamily, ConnectionStatus, Endpoint, InterfaceAddress, InterfaceStats,
    SocketFamily, SocketType,
};
use ps_core::raw::{packed, text};

/// The numbers by which a system knows the address families that are looked at here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Families {
    /// `AF_UNIX`.
    pub unix: i32,
    /// `AF_INET`.
    pub inet: i32,
    /// `AF_INET6`, which differs.
    pub inet6: i32,
    /// `AF_LINK`.
    pub link: i32,
}

impl Families {
    /// The family of a socket; `None` for one that is not listed.
    #[must_use]
    pub fn of_socket(&self, family: i32) -> Option<SocketFamily> {
        match family {
            _ if family == self.inet => Some(SocketFamily::Inet),
            _ if family == self.inet6 => Some(SocketFamily::Inet6),
            _ if family == self.unix => Some(SocketFamily::Unix),
            _ => None,
        }
    }
}

/// The type of a socket, by numbers that are the same in all three systems.
#[must_use]
pub fn socket_type(kind: i32) -> SocketType {
    match kind {
        1 => SocketType::Stream,
        2 => SocketType::Datagram,
        3 => SocketType::Raw,
        5 => SocketType::SeqPacket,
        other => SocketType::Other(u32::try_from(other).unwrap_or(0)),
    }
}

/// The state of a TCP connection, by numbers that are the same in all three systems.
#[must_use]
pub fn tcp_status(state: i32) -> ConnectionStatus {
    match state {
        0 => ConnectionStatus::Close,
        1 => ConnectionStatus::Listen,
        2 => ConnectionStatus::SynSent,
        3 => ConnectionStatus::SynRecv,
        4 => ConnectionStatus::Established,
        5 => ConnectionStatus::CloseWait,
        6 => ConnectionStatus::FinWait1,
        7 => ConnectionStatus::Closing,
        8 => ConnectionStatus::LastAck,
        9 => ConnectionStatus::FinWait2,
        10 => ConnectionStatus::TimeWait,
        other => ConnectionStatus::Other(u32::try_from(other).unwrap_or(u32::MAX)),
    }
}

/// An IPv4 address and its port in network byte order; `None` for port 0, which says that there is no such end.
#[must_use]
pub fn inet(address: [u8; 4], port: [u8; 2]) -> Option<Endpoint> {
    let port = Some(u16::from_be_bytes(port)).filter(|port| *port != 0)?;
    Some(Endpoint::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(address)), port)))
}

/// An IPv6 address and its port in network byte order; `None` for port 0. The kernel may keep the number of the link
/// inside the address.
#[must_use]
pub fn inet6(address: [u8; 16], port: [u8; 2], scope: u32) -> Option<Endpoint> {
    let port = Some(u16::from_be_bytes(port)).filter(|port| *port != 0)?;
    let (address, inside) = without_scope(Ipv6Addr::from(address));
    let scope = if scope == 0 { inside } else { scope };
    Some(Endpoint::Inet(SocketAddr::V6(SocketAddrV6::new(address, port, 0, scope))))
}

/// An address that means something on one link only without the number of that link, which kernels keep in its third
/// and fourth byte, and that number.
fn without_scope(address: Ipv6Addr) -> (Ipv6Addr, u32) {
    let mut segments = address.segments();
    // Of one link, or of one interface.
    let local = segments[0] & 0xffc0 == 0xfe80 || matches!(segments[0] & 0xff0f, 0xff01 | 0xff02);
    if !local {
        return (address, 0);
    }
    let scope = u32::from(segments[1]);
    segments[1] = 0;
    (Ipv6Addr::from(segments), scope)
}

/// `N` bytes at an offset; bytes that are not there count as zero, as in the netmasks that kernels cut short.
fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut found = [0; N];
    for (to, from) in found.iter_mut().zip(bytes.get(offset..).unwrap_or_default()) {
        *to = *from;
    }
    found
}

/// An end of a socket from a socket address of any family; `None` if it is unset, or of another family.
#[must_use]
pub fn endpoint(address: &[u8], families: &Families) -> Option<Endpoint> {
    let length = usize::from(*address.first()?);
    let address = address.get(..length)?;
    let family = i32::from(*address.get(1)?);
    if family == families.inet {
        inet(bytes_at(address, 4), bytes_at(address, 2))
    } else if family == families.inet6 {
        let scope = u32::from_ne_bytes(bytes_at(address, 24));
        inet6(bytes_at(address, 8), bytes_at(address, 2), scope)
    } else if family == families.unix {
        path(address.get(2..).unwrap_or_default())
    } else {
        None
    }
}

/// The path of a Unix domain socket; `None` if it is not bound to one.
#[must_use]
pub fn path(bytes: &[u8]) -> Option<Endpoint> {
    let path = text(bytes);
    (!path.is_empty()).then(|| Endpoint::Path(PathBuf::from(OsStr::from_bytes(path))))
}

/// The messages of an interface list. Each states its length in its first two bytes.
pub fn messages(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    packed(answer, |rest| Some(usize::from(u16::from_ne_bytes(*rest.first_chunk()?))))
}

/// The kind of a message.
#[must_use]
pub fn message_kind(message: &[u8]) -> Option<u8> {
    message.get(3).copied()
}

/// How many addresses a message can have.
const ADDRESSES: usize = 16;
/// Where the address of the interface itself stands among them (`RTAX_IFP`).
const INTERFACE: usize = 4;
/// `RTAX_IFA`.
const OWN: usize = 5;
/// `RTAX_NETMASK`.
const NETMASK: usize = 2;
/// `RTAX_BRD`: the broadcast address, or the other end.
const FAR: usize = 7;

/// Takes apart the addresses behind a message's header: one for each bit of `mask`, each padded to eight bytes.
///
/// An address of length zero takes up eight bytes and is none; a list that ends early lacks the rest.
#[must_use]
pub fn socket_addresses(bytes: &[u8], mask: i32) -> [Option<&[u8]>; ADDRESSES] {
    let mut found = [None; ADDRESSES];
    let mut rest = bytes;
    for (bit, place) in found.iter_mut().enumerate() {
        if mask >> bit & 1 == 0 {
            continue;
        }
        let Some(length) = rest.first().map(|length| usize::from(*length)) else { break };
        let Some(address) = rest.get(..length) else { break };
        *place = (length > 0).then_some(address);
        rest = rest.get(length.max(1).next_multiple_of(8)..).unwrap_or_default();
    }
    found
}

/// Name and hardware address in a link-level address. The name is counted, not ended.
#[must_use]
pub fn link_name(address: &[u8]) -> Option<(&[u8], &[u8])> {
    let name_length = usize::from(*address.get(5)?);
    let length = usize::from(*address.get(6)?);
    let data = address.get(8..)?;
    let name = data.get(..name_length)?;
    // The hardware address can be longer than the room that the record has for it.
    Some((name, data.get(name_length..)?.get(..length)?))
}

/// One message of an interface list.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct InterfaceMessage<'a> {
    /// It introduces an interface; else it tells an address of one.
    pub introduces: bool,
    /// The number of the interface.
    pub index: u16,
    /// The flags of the interface, of a message that introduces it.
    pub flags: i32,
    /// What [`socket_addresses`] found.
    pub addresses: [Option<&'a [u8]>; ADDRESSES],
}

impl<'a> InterfaceMessage<'a> {
    /// The name of the interface that it introduces.
    #[must_use]
    pub fn name(&self) -> Option<&'a [u8]> {
        let (name, _) = link_name(self.addresses[INTERFACE]?)?;
        (self.introduces && !name.is_empty()).then_some(name)
    }
}

/// It can reach all others on its link at once (`IFF_BROADCAST`, the same in all three systems).
const BROADCAST: i32 = 2;
/// It has one other end (`IFF_POINTOPOINT`).
const POINT_TO_POINT: i32 = 0x10;

/// Addresses of each interface. One without any has an entry that says so.
#[must_use]
pub fn interface_addresses<'a>(
    messages: impl Iterator<Item = InterfaceMessage<'a>>,
    families: &Families,
) -> BTreeMap<OsString, Vec<InterfaceAddress>> {
    let mut all = BTreeMap::<OsString, Vec<InterfaceAddress>>::new();
    let mut introduced = BTreeMap::<u16, (OsString, i32)>::new();
    for message in messages {
        if let Some(name) = message.name() {
            let name = OsStr::from_bytes(name).to_owned();
            let list = all.entry(name.clone()).or_default();
            let hardware = message.addresses[INTERFACE].and_then(link_name).map(|(_, own)| own);
            if let Some(own) = hardware.filter(|own| !own.is_empty()) {
                let address = Some(Address::Link(own.to_vec()));
                list.push(InterfaceAddress::new(AddressFamily::Link, address));
            }
            introduced.insert(message.index, (name, message.flags));
        } else if !message.introduces
            && let Some((name, flags)) = introduced.get(&message.index)
            && let Some(address) = interface_address(&message, *flags, name, families)
        {
            all.entry(name.clone()).or_default().push(address);
        }
    }
    for list in all.values_mut().filter(|list| list.is_empty()) {
        list.push(InterfaceAddress::new(AddressFamily::Unspecified, None));
    }
    all
}

fn interface_address(
    message: &InterfaceMessage<'_>,
    flags: i32,
    interface: &OsStr,
    families: &Families,
) -> Option<InterfaceAddress> {
    let own = message.addresses[OWN]?;
    let number = i32::from(*own.get(1)?);
    let family = match number {
        _ if number == families.inet => AddressFamily::Inet,
        _ if number == families.inet6 => AddressFamily::Inet6,
        _ => return None,
    };
    // The family in a netmask is not to be relied on: it is that of the address.
    let part = |place: usize| message.addresses[place].map(|bytes| ip(bytes, family, interface));
    let mut address = InterfaceAddress::new(family, part(OWN));
    address.netmask = part(NETMASK).map(without_zone);
    let single = matches!(address.netmask, Some(Address::V4(Ipv4Addr::BROADCAST)));
    // One place for two things: the flags say which it is.
    if flags & BROADCAST != 0 && !single {
        address.broadcast = part(FAR);
    } else if flags & POINT_TO_POINT != 0 {
        address.peer = part(FAR);
    }
    Some(address)
}

fn ip(bytes: &[u8], family: AddressFamily, interface: &OsStr) -> Address {
    if family == AddressFamily::Inet {
        return Address::V4(Ipv4Addr::from(bytes_at::<4>(bytes, 4)));
    }
    let (address, _) = without_scope(Ipv6Addr::from(bytes_at::<16>(bytes, 8)));
    let local = address.segments()[0] & 0xffc0 == 0xfe80;
    Address::V6 { address, zone: local.then(|| interface.to_owned()) }
}

fn without_zone(address: Address) -> Address {
    match address {
        Address::V6 { address, .. } => Address::V6 { address, zone: None },
        other => other,
    }
}

/// State of an interface from its flags, by the names that the system has for them. It is up if all the flags of `up`
/// are set, that it is switched on and that its driver is ready, and nothing says that it has no carrier.
#[must_use]
pub fn interface_stats(
    flags: i32,
    up: &[i32],
    carrier: bool,
    mtu: u32,
    names: &[(i32, &str)],
) -> InterfaceStats {
    let mut stats = InterfaceStats::default();
    stats.is_up = carrier && up.iter().all(|flag| flags & flag != 0);
    stats.mtu = mtu;
    let set = names.iter().filter(|(flag, _)| flags & flag != 0);
    stats.flags = set.map(|(_, name)| (*name).to_owned()).collect();
    stats
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAMILIES: Families = Families { unix: 1, inet: 2, inet6: 28, link: 18 };

    fn v4(address: [u8; 4]) -> Vec<u8> {
        [&[16, 2, 0, 0][..], &address, &[0; 8]].concat()
    }

    fn v6(address: Ipv6Addr) -> Vec<u8> {
        [&[28, 28, 0, 0, 0, 0, 0, 0][..], &address.octets(), &[0; 4]].concat()
    }

    fn link(name: &[u8], own: &[u8]) -> Vec<u8> {
        let (name_length, length) = (name.len() as u8, own.len() as u8);
        let mut bytes = vec![0, 18, 1, 0, 6, name_length, length, 0];
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(own);
        bytes[0] = bytes.len() as u8;
        bytes
    }

    fn introduction<'a>(index: u16, flags: i32, link: &'a [u8]) -> InterfaceMessage<'a> {
        let mut addresses = [None; 16];
        addresses[INTERFACE] = Some(link);
        InterfaceMessage { introduces: true, index, flags, addresses }
    }

    fn tells<'a>(
        index: u16,
        own: &'a [u8],
        mask: &'a [u8],
        far: Option<&'a [u8]>,
    ) -> InterfaceMessage<'a> {
        let mut addresses = [None; 16];
        addresses[OWN] = Some(own);
        addresses[NETMASK] = Some(mask);
        addresses[FAR] = far;
        InterfaceMessage { introduces: false, index, flags: 0, addresses }
    }

    #[test]
    fn the_place_shared_by_broadcast_and_peer_is_read_by_the_flags() {
        let (em, tun) = (link(b"em0", &[1, 2, 3, 4, 5, 6]), link(b"tun0", &[]));
        let (own, far) = (v4([10, 0, 0, 1]), v4([10, 0, 0, 255]));
        // A netmask that the kernel cut after its last byte that counts, with a family of its own.
        let mask = [7, 255, 0, 0, 255, 255, 255];
        let single = v4([255; 4]);
        let found = interface_addresses(
            [
                introduction(1, BROADCAST, &em),
                introduction(2, POINT_TO_POINT, &tun),
                tells(1, &own, &mask, Some(&far)),
                tells(2, &own, &mask, Some(&far)),
                tells(1, &own, &single, Some(&far)),
                tells(9, &own, &mask, None),
            ]
            .into_iter(),
            &FAMILIES,
        );
        let em = &found[OsStr::new("em0")];
        assert_eq!(em[0].address, Some(Address::Link(vec![1, 2, 3, 4, 5, 6])));
        assert_eq!(em[1].netmask, Some(Address::V4(Ipv4Addr::new(255, 255, 255, 0))));
        assert_eq!(em[1].broadcast, Some(Address::V4(Ipv4Addr::new(10, 0, 0, 255))));
        assert_eq!((&em[1].peer, &em[2].broadcast, &em[2].peer), (&None, &None, &None));
        let tun = &found[OsStr::new("tun0")];
        assert_eq!(tun[0].peer, em[1].broadcast);
        assert_eq!((tun.len(), found.len()), (1, 2));
    }

    #[test]
    fn an_interface_without_addresses_is_listed_all_the_same() {
        let lo = link(b"lo0", &[]);
        let found = interface_addresses([introduction(1, 0, &lo)].into_iter(), &FAMILIES);
        let only = &found[OsStr::new("lo0")];
        assert_eq!((only[0].family, &only[0].address), (AddressFamily::Unspecified, &None));
    }

    #[test]
    fn what_has_no_name_is_no_interface_and_what_tells_an_address_introduces_none() {
        let (em, nameless) = (link(b"em0", &[1; 6]), link(b"", &[2; 6]));
        let (own, mask) = (v4([10, 0, 0, 1]), v4([255, 0, 0, 0]));
        // Messages about addresses name the interface once more.
        let mut again = tells(1, &own, &mask, None);
        again.addresses[INTERFACE] = Some(&em);
        // The address of the link is told as one of the interface as well.
        let other = tells(1, &em, &mask, None);
        let messages = [introduction(1, 0, &em), introduction(2, 0, &nameless), again, other];
        let found = interface_addresses(messages.into_iter(), &FAMILIES);
        let families: Vec<_> = found[OsStr::new("em0")].iter().map(|one| one.family).collect();
        assert_eq!(families, [AddressFamily::Link, AddressFamily::Inet]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn an_interface_is_up_if_it_is_switched_on_and_runs_and_its_flags_have_names() {
        const NAMES: &[(i32, &str)] = &[(1, "up"), (2, "broadcast"), (0x40, "running")];
        let stats = |flags| interface_stats(flags, &[1, 0x40], true, 1500, NAMES);
        let (up, down) = (stats(0x41), stats(0x03));
        assert!(!stats(0x40).is_up, "it runs, but is not switched on");
        assert!(!interface_stats(0x41, &[1, 0x40], false, 1500, NAMES).is_up, "the cable is out");
        assert_eq!((up.is_up, up.mtu), (true, 1500));
        assert_eq!(up.flags, ["up", "running"]);
        assert_eq!(
            (down.is_up, down.flags),
            (false, vec!["up".to_owned(), "broadcast".to_owned()])
        );
    }

    #[test]
    fn the_link_inside_an_address_becomes_its_zone() {
        let (em, own) = (link(b"em0", &[]), v6("fe80:3::1".parse().expect("address")));
        let mask = v6("ffff:ffff:ffff:ffff::".parse().expect("address"));
        let messages = [introduction(3, 0, &em), tells(3, &own, &mask, None)];
        let found = interface_addresses(messages.into_iter(), &FAMILIES);
        let address = &found[OsStr::new("em0")][0];
        assert_eq!(
            address.address.as_ref().map(Address::to_string).as_deref(),
            Some("fe80::1%em0")
        );
        let mask = address.netmask.as_ref().map(Address::to_string);
        assert_eq!(mask.as_deref(), Some("ffff:ffff:ffff:ffff::"));
    }

    #[test]
    fn socket_addresses_are_padded_to_eight_and_may_be_missing() {
        let mut bytes = link(b"em0", &[9; 6]);
        bytes.resize(bytes.len().next_multiple_of(8), 0xee);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend(v4([1, 2, 3, 4]));
        let found = socket_addresses(&bytes, 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7);
        assert_eq!(found[2].and_then(link_name), Some((&b"em0"[..], &[9; 6][..])));
        assert_eq!((found[4], found[5].map(<[u8]>::len), found[7]), (None, Some(16), None));
    }

    #[test]
    fn a_name_longer_than_its_record_is_refused_and_not_read_beyond_it() {
        let mut bytes = link(b"em0", &[]);
        bytes[5] = 200;
        assert_eq!(link_name(&bytes), None);
        bytes[5] = 3;
        bytes[6] = 1;
        assert_eq!(link_name(&bytes), None);
    }

    #[test]
    fn ends_of_sockets_are_read_by_family() {
        let mut four = v4([127, 0, 0, 1]);
        four[2..4].copy_from_slice(&443_u16.to_be_bytes());
        let shown = |bytes: &[u8]| endpoint(bytes, &FAMILIES).map(|end| end.to_string());
        assert_eq!(shown(&four).as_deref(), Some("127.0.0.1:443"));
        assert_eq!(shown(&v4([127, 0, 0, 1])), None, "port 0 is no end");
        let mut six = v6("fe80:2::5".parse().expect("address"));
        six[2..4].copy_from_slice(&80_u16.to_be_bytes());
        assert_eq!(shown(&six).as_deref(), Some("[fe80::5%2]:80"));
        // Multicast of an interface, of a link and of a site: the last has no link inside.
        for (group, expected) in [
            ("ff01:2::5", "[ff01::5%2]:80"),
            ("ff12:2::5", "[ff12::5%2]:80"),
            ("ff05:2::5", "[ff05:2::5]:80"),
        ] {
            let mut six = v6(group.parse().expect("address"));
            six[2..4].copy_from_slice(&80_u16.to_be_bytes());
            assert_eq!(shown(&six).as_deref(), Some(expected));
        }
        assert_eq!(shown(b"\x0e\x01/tmp/sock\xff\0\0").as_deref(), Some("/tmp/sock\u{fffd}"));
        assert_eq!(shown(b"\x02\x01"), None);
        assert_eq!(shown(&[0; 128]), None);
    }

    #[test]
    fn states_beyond_the_known_ones_keep_their_number() {
        assert_eq!(tcp_status(4), ConnectionStatus::Established);
        assert_eq!(tcp_status(10), ConnectionStatus::TimeWait);
        assert_eq!(tcp_status(11), ConnectionStatus::Other(11));
        assert_eq!(tcp_status(-1), ConnectionStatus::Other(u32::MAX));
        assert_eq!(socket_type(4), SocketType::Other(4));
    }

    #[test]
    fn numbers_that_are_taken_for_the_same_everywhere_are() {
        use crate::raw::{freebsd, netbsd, openbsd};
        let same = [
            ("RTAX_NETMASK", 2),
            ("RTAX_IFP", 4),
            ("RTAX_IFA", 5),
            ("RTAX_BRD", 7),
            ("IFF_BROADCAST", 2),
            ("IFF_POINTOPOINT", 0x10),
            ("SOCK_STREAM", 1),
            ("SOCK_DGRAM", 2),
            ("SOCK_SEQPACKET", 5),
            ("TCPS_CLOSED", 0),
            ("TCPS_LISTEN", 1),
            ("TCPS_SYN_SENT", 2),
            ("TCPS_SYN_RECEIVED", 3),
            ("TCPS_ESTABLISHED", 4),
            ("TCPS_CLOSE_WAIT", 5),
            ("TCPS_FIN_WAIT_1", 6),
            ("TCPS_CLOSING", 7),
            ("TCPS_LAST_ACK", 8),
            ("TCPS_FIN_WAIT_2", 9),
            ("TCPS_TIME_WAIT", 10),
        ];
        for system in [freebsd::system(), netbsd::system(), openbsd::system()] {
            for (name, value) in same {
                let found = system.constants.iter().find(|constant| constant.name == name);
                assert_eq!(found.map(|found| found.value), Some(value), "{} {name}", system.name);
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_walk_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), mask: i32) {
            for message in messages(&bytes) {
                let _ = message_kind(message);
            }
            for address in socket_addresses(&bytes, mask).into_iter().flatten() {
                let _ = (link_name(address), endpoint(address, &FAMILIES));
            }
            let addresses = socket_addresses(&bytes, mask);
            let list = [true, false].map(|introduces| InterfaceMessage { introduces, index: 0, flags: mask, addresses });
            let _ = interface_addresses(list.into_iter(), &FAMILIES);
        }
    }
}
