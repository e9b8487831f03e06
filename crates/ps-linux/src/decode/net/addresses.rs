//! Interfaces, their addresses and their traffic, from the answers of route netlink.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStringExt;

use ps_core::net::{Address, AddressFamily, InterfaceAddress, NetIo};

use super::message::{Message, u32_at, u64_at};

/// Kind of a message that tells of an interface.
pub const NEW_LINK: u16 = 16;
/// Kind of a message that tells that an interface is gone.
pub const DELETED_LINK: u16 = 17;
/// Asks for interfaces.
pub const GET_LINK: u16 = 18;
/// Kind of a message that tells of an address.
pub const NEW_ADDRESS: u16 = 20;
/// Asks for addresses.
pub const GET_ADDRESS: u16 = 22;
/// Kind of a message that tells of traffic.
pub const NEW_STATS: u16 = 92;
/// Asks for traffic (since 4.7).
pub const GET_STATS: u16 = 94;

const BROADCAST: u32 = 1 << 1;
const POINT_TO_POINT: u32 = 1 << 4;

/// An interface: `RTM_NEWLINK`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The kernel's number of it.
    pub index: u32,
    /// Its flags.
    pub flags: u32,
    /// Its name.
    pub name: OsString,
    /// Hardware address; empty if it has none.
    pub address: Vec<u8>,
    /// Hardware broadcast address.
    pub broadcast: Vec<u8>,
}

/// An interface from a message.
#[must_use]
pub fn decode_link(message: &Message<'_>) -> Option<Link> {
    if message.kind != NEW_LINK {
        return None;
    }
    // struct ifinfomsg: family, padding, type, index, flags, change.
    let mut link = Link { index: message.u32_at(4)?, flags: message.u32_at(8)?, ..Link::default() };
    for (kind, value) in message.attributes(16) {
        match kind {
            1 => link.address = value.to_vec(),
            2 => link.broadcast = value.to_vec(),
            3 => link.name = text(value),
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

/// Text that ends at its NUL, if it has one.
fn text(value: &[u8]) -> OsString {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    OsString::from_vec(value.get(..end).unwrap_or_default().to_vec())
}

/// An address of an interface: `RTM_NEWADDR`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkAddress {
    /// Number of the interface.
    pub index: u32,
    /// Name of the alias that has the address, if it is not the interface's own.
    pub label: Option<OsString>,
    /// `Inet` or `Inet6`.
    pub family: AddressFamily,
    /// Bits of the netmask.
    pub prefix: u8,
    /// The address here.
    pub local: Vec<u8>,
    /// The other end; the same as `local` where there is none.
    pub peer: Vec<u8>,
    /// Broadcast address.
    pub broadcast: Option<Vec<u8>>,
}

/// An address from a message; `None` for families other than the two of the internet.
#[must_use]
pub fn decode_address(message: &Message<'_>) -> Option<LinkAddress> {
    if message.kind != NEW_ADDRESS {
        return None;
    }
    // struct ifaddrmsg: family, prefix length, flags, scope, index.
    let family = match message.body.first()? {
        2 => AddressFamily::Inet,
        10 => AddressFamily::Inet6,
        _ => return None,
    };
    let (mut local, mut peer, mut broadcast, mut label) = (None, None, None, None);
    for (kind, value) in message.attributes(8) {
        match kind {
            1 => peer = Some(value.to_vec()),
            2 => local = Some(value.to_vec()),
            3 => label = Some(text(value)),
            4 => broadcast = Some(value.to_vec()),
            _ => {}
        }
    }
    // IPv6 tells an address without another end in the first place only.
    let local = local.or_else(|| peer.clone())?;
    let peer = peer.unwrap_or_else(|| local.clone());
    Some(LinkAddress {
        index: message.u32_at(4)?,
        label,
        family,
        prefix: *message.body.get(1)?,
        local,
        peer,
        broadcast,
    })
}

/// The addresses of each interface. One without any is listed with a record that says so.
#[must_use]
pub fn join(
    links: &[Link],
    addresses: &[LinkAddress],
) -> BTreeMap<OsString, Vec<InterfaceAddress>> {
    let mut all: BTreeMap<OsString, Vec<InterfaceAddress>> = BTreeMap::new();
    for link in links {
        all.entry(link.name.clone()).or_default();
    }
    for address in addresses {
        let Some(link) = links.iter().find(|link| link.index == address.index) else { continue };
        let Some(record) = internet(link, address) else { continue };
        let name = address.label.as_ref().unwrap_or(&link.name);
        all.entry(name.clone()).or_default().push(record);
    }
    for link in links {
        if let Some(records) = all.get_mut(&link.name) {
            records.extend(hardware(link));
        }
    }
    for records in all.values_mut() {
        if records.is_empty() {
            records.push(InterfaceAddress::new(AddressFamily::Unspecified, None));
        }
        records.sort_by_key(|record| record.family);
    }
    all
}

fn internet(link: &Link, told: &LinkAddress) -> Option<InterfaceAddress> {
    let address = |bytes: &[u8]| match told.family {
        AddressFamily::Inet => Some(Address::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))),
        _ => {
            let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
            let zone = address.is_unicast_link_local().then(|| link.name.clone());
            Some(Address::V6 { address, zone })
        }
    };
    let mut record = InterfaceAddress::new(told.family, Some(address(&told.local)?));
    record.netmask = Some(netmask(told.family, told.prefix));
    if link.flags & POINT_TO_POINT != 0 {
        record.peer = address(&told.peer);
    } else if link.flags & BROADCAST != 0 && told.prefix < 32 {
        // An address that has the net for itself has nobody to broadcast to.
        record.broadcast = told.broadcast.as_deref().and_then(address);
    }
    Some(record)
}

fn netmask(family: AddressFamily, prefix: u8) -> Address {
    let prefix = u32::from(prefix);
    match family {
        AddressFamily::Inet => {
            let host_bits = 32u32.saturating_sub(prefix);
            Address::V4(Ipv4Addr::from(u32::MAX.checked_shl(host_bits).unwrap_or(0)))
        }
        _ => {
            let host_bits = 128u32.saturating_sub(prefix);
            let address = Ipv6Addr::from(u128::MAX.checked_shl(host_bits).unwrap_or(0));
            Address::V6 { address, zone: None }
        }
    }
}

fn hardware(link: &Link) -> Option<InterfaceAddress> {
    if link.address.is_empty() {
        return None;
    }
    let mut record = InterfaceAddress::new(AddressFamily::Link, Some(padded(&link.address)));
    let other = (!link.broadcast.is_empty()).then(|| padded(&link.broadcast));
    if link.flags & POINT_TO_POINT != 0 {
        record.peer = other;
    } else if link.flags & BROADCAST != 0 {
        record.broadcast = other;
    }
    Some(record)
}

/// A hardware address of at least the six bytes that everybody expects.
fn padded(bytes: &[u8]) -> Address {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(6), 0);
    Address::Link(bytes)
}

/// The request for the traffic of every interface: `struct if_stats_msg`, wanting `IFLA_STATS_LINK_64`.
#[must_use]
pub fn stats_request() -> [u8; 12] {
    let mut bytes = [0; 12];
    for (to, from) in bytes.iter_mut().skip(8).zip(1u32.to_ne_bytes()) {
        *to = from;
    }
    bytes
}

/// The number of an interface and its traffic, from a message: `RTM_NEWSTATS`.
#[must_use]
pub fn decode_stats(message: &Message<'_>) -> Option<(u32, NetIo)> {
    if message.kind != NEW_STATS {
        return None;
    }
    let index = u32_at(message.body, 4)?;
    let (_, stats) = message.attributes(12).find(|(kind, _)| *kind == 1)?;
    // struct rtnl_link_stats64.
    let value = |at: usize| u64_at(stats, at * 8);
    let mut io = NetIo::default();
    io.packets_recv = value(0)?;
    io.packets_sent = value(1)?;
    io.bytes_recv = value(2)?;
    io.bytes_sent = value(3)?;
    io.errors_in = value(4)?;
    io.errors_out = value(5)?;
    // /proc/net/dev counts packets that the device missed, for want of room, among the dropped; so do we, to agree with
    // it.
    io.drops_in = value(6)?.saturating_add(value(15)?);
    io.drops_out = Some(value(7)?);
    Some((index, io))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;

    fn link(index: u32, name: &str, flags: u32, address: &[u8]) -> Link {
        Link {
            index,
            flags,
            name: name.into(),
            address: address.to_vec(),
            broadcast: vec![0xff; address.len()],
        }
    }

    fn v4(index: u32, local: [u8; 4], prefix: u8) -> LinkAddress {
        let broadcast = Some(vec![local[0], local[1], local[2], 255]);
        LinkAddress {
            index,
            label: None,
            family: AddressFamily::Inet,
            prefix,
            local: local.to_vec(),
            peer: local.to_vec(),
            broadcast,
        }
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).expect("small");
        let mut bytes = [length, kind].map(u16::to_ne_bytes).concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn only(all: &BTreeMap<OsString, Vec<InterfaceAddress>>, name: &str) -> InterfaceAddress {
        assert_eq!(all[OsStr::new(name)].len(), 1, "{all:?}");
        all[OsStr::new(name)][0].clone()
    }

    #[test]
    fn net_alias_labels_are_keys_of_their_own() {
        let mut alias = v4(2, [10, 0, 0, 2], 24);
        alias.label = Some("eth0:1".into());
        let all = join(&[link(2, "eth0", BROADCAST, &[])], &[v4(2, [10, 0, 0, 1], 24), alias]);
        assert_eq!(only(&all, "eth0").address, Some(Address::V4([10, 0, 0, 1].into())));
        let alias = only(&all, "eth0:1");
        assert_eq!(alias.address, Some(Address::V4([10, 0, 0, 2].into())));
        assert_eq!(alias.netmask, Some(Address::V4([255, 255, 255, 0].into())));
        assert_eq!(alias.broadcast, Some(Address::V4([10, 0, 0, 255].into())));
    }

    #[test]
    fn net_single_host_has_no_broadcast() {
        let all = join(&[link(2, "eth0", BROADCAST, &[])], &[v4(2, [10, 0, 0, 1], 32)]);
        assert_eq!(only(&all, "eth0").broadcast, None);
    }

    #[test]
    fn net_broadcast_and_peer_exclude_each_other() {
        let mut told = v4(3, [10, 0, 0, 1], 24);
        told.peer = vec![10, 0, 0, 9];
        let all = join(&[link(3, "tun0", POINT_TO_POINT, &[])], &[told.clone()]);
        let record = only(&all, "tun0");
        assert_eq!(
            (record.broadcast, record.peer),
            (None, Some(Address::V4([10, 0, 0, 9].into())))
        );
        let all = join(&[link(3, "eth0", BROADCAST, &[])], &[told]);
        let record = only(&all, "eth0");
        assert!(record.broadcast.is_some() && record.peer.is_none());
    }

    #[test]
    fn net_link_local_carries_the_zone() {
        let local = "fe80::1".parse::<Ipv6Addr>().expect("address").octets().to_vec();
        let told = LinkAddress {
            index: 2,
            label: None,
            family: AddressFamily::Inet6,
            prefix: 64,
            local: local.clone(),
            peer: local,
            broadcast: None,
        };
        let record = only(&join(&[link(2, "eth0", BROADCAST, &[])], &[told]), "eth0");
        assert_eq!(record.address.expect("has one").to_string(), "fe80::1%eth0");
        assert_eq!(record.netmask.expect("has one").to_string(), "ffff:ffff:ffff:ffff::");
    }

    #[test]
    fn net_short_hardware_address_is_padded() {
        let all = join(&[link(4, "gre0", 0, &[1, 2, 3, 4]), link(5, "ib0", 0, &[7; 20])], &[]);
        assert_eq!(only(&all, "gre0").address.expect("has one").to_string(), "01:02:03:04:00:00");
        assert_eq!(only(&all, "ib0").address, Some(Address::Link(vec![7; 20])));
    }

    #[test]
    fn net_interface_without_address_is_listed() {
        let record = only(&join(&[link(9, "tun1", 0, &[])], &[]), "tun1");
        assert_eq!((record.family, record.address), (AddressFamily::Unspecified, None));
    }

    #[test]
    fn messages_of_the_kernel_decode() {
        let mut body = vec![0; 16];
        body[4..8].copy_from_slice(&2u32.to_ne_bytes());
        body[8..12].copy_from_slice(&0x1043u32.to_ne_bytes());
        body.extend(
            [attribute(3, b"eth0\0"), attribute(1, &[2; 6]), attribute(2, &[0xff; 6])].concat(),
        );
        let message = Message { kind: NEW_LINK, flags: 0, body: &body };
        assert_eq!(decode_link(&message), Some(link(2, "eth0", 0x1043, &[2; 6])));
        assert_eq!(decode_link(&Message { body: &body[..10], ..message }), None);
        let mut body = vec![2, 24, 0, 0, 2, 0, 0, 0];
        body[4..8].copy_from_slice(&2u32.to_ne_bytes());
        body.extend(
            [
                attribute(1, &[10, 0, 0, 1]),
                attribute(2, &[10, 0, 0, 1]),
                attribute(4, &[10, 0, 0, 255]),
            ]
            .concat(),
        );
        let message = Message { kind: NEW_ADDRESS, flags: 0, body: &body };
        assert_eq!(decode_address(&message), Some(v4(2, [10, 0, 0, 1], 24)));
    }

    #[test]
    fn traffic_comes_with_the_number_of_the_interface() {
        let mut body = vec![0; 12];
        body[4..8].copy_from_slice(&7u32.to_ne_bytes());
        let stats: Vec<u8> = (1u64..=24).flat_map(u64::to_ne_bytes).collect();
        body.extend(attribute(1, &stats));
        let (index, io) =
            decode_stats(&Message { kind: NEW_STATS, flags: 0, body: &body }).expect("decodes");
        assert_eq!(
            (index, io.packets_recv, io.packets_sent, io.bytes_recv, io.bytes_sent),
            (7, 1, 2, 3, 4)
        );
        assert_eq!(
            (io.errors_in, io.errors_out, io.drops_in, io.drops_out),
            (5, 6, 7 + 16, Some(8))
        );
        assert_eq!(stats_request()[8..], 1u32.to_ne_bytes());
    }

    #[test]
    fn every_attribute_of_an_address_is_its_own() {
        let decode = |head: [u8; 4], attributes: &[Vec<u8>]| {
            let body = [&head[..], &2u32.to_ne_bytes(), &attributes.concat()].concat();
            decode_address(&Message { kind: NEW_ADDRESS, flags: 0, body: &body })
        };
        let far = [10, 0, 0, 9];
        let all = [attribute(1, &far), attribute(2, &[10, 0, 0, 1]), attribute(3, b"tun0:1\0")];
        let told = decode([2, 30, 0, 0], &all).expect("decodes");
        assert_eq!((told.local, told.peer), (vec![10, 0, 0, 1], far.to_vec()));
        assert_eq!((told.label, told.broadcast), (Some("tun0:1".into()), None));
        let six = Ipv6Addr::LOCALHOST.octets();
        let told = decode([10, 128, 0, 0], &[attribute(1, &six)]).expect("decodes");
        assert_eq!((told.family, told.prefix), (AddressFamily::Inet6, 128));
        assert_eq!((told.local, told.peer), (six.to_vec(), six.to_vec()));
        assert_eq!(decode([7, 0, 0, 0], &[attribute(1, &six)]), None);
    }

    #[test]
    fn who_neither_broadcasts_nor_has_another_end_tells_neither() {
        let of = |flags| {
            let all = join(&[link(2, "x0", flags, &[1; 6])], &[v4(2, [10, 0, 0, 1], 24)]);
            let other =
                |record: &InterfaceAddress| (record.broadcast.is_some(), record.peer.is_some());
            all[OsStr::new("x0")].iter().map(other).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [(false, false); 2]);
        assert_eq!(of(BROADCAST), [(true, false); 2]);
        assert_eq!(of(POINT_TO_POINT), [(false, true); 2]);
        let mut quiet = link(2, "x0", BROADCAST, &[1; 6]);
        quiet.broadcast.clear();
        assert_eq!(only(&join(&[quiet], &[]), "x0").broadcast, None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(body: Vec<u8>, prefix: u8) {
            for kind in [NEW_LINK, NEW_ADDRESS, NEW_STATS] {
                let message = Message { kind, flags: 0, body: &body };
                let _ = (decode_link(&message), decode_address(&message), decode_stats(&message));
            }
            let mut told = v4(1, [1; 4], prefix);
            told.local = body;
            let _ = join(&[link(1, "a", BROADCAST, &[])], &[told]);
        }
    }
}
