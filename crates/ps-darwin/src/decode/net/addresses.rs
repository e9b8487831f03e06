//! Socket addresses as the kernel lays them out.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStringExt;

use ps_core::net::{Address, AddressFamily, InterfaceAddress};
use ps_core::raw::Record as _;

use crate::raw::net::{
    AF_INET, AF_INET6, AF_LINK, IFF_BROADCAST, IFF_POINTOPOINT, SockaddrIn, SockaddrIn6,
};

/// One entry of `getifaddrs`, copied: each address is as many bytes as it says it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct RawAddress {
    /// Name of the interface.
    pub name: Vec<u8>,
    /// Its flags.
    pub flags: u32,
    /// The address; `None` for an interface that has none.
    pub address: Option<Vec<u8>>,
    /// The netmask.
    pub netmask: Option<Vec<u8>>,
    /// Broadcast address or other end, which share one place.
    pub destination: Option<Vec<u8>>,
}

/// What an entry says of its interface; `None` for a family that has no place here.
#[must_use]
pub fn decode_address(raw: &RawAddress) -> Option<InterfaceAddress> {
    let Some(bytes) = &raw.address else {
        return Some(InterfaceAddress::new(AddressFamily::Unspecified, None));
    };
    let family = match i32::from(*bytes.get(1)?) {
        AF_INET => AddressFamily::Inet,
        AF_INET6 => AddressFamily::Inet6,
        AF_LINK => AddressFamily::Link,
        _ => return None,
    };
    let of = |bytes: &Option<Vec<u8>>| value(family, bytes.as_deref()?, &raw.name);
    let mut found = InterfaceAddress::new(family, of(&raw.address));
    if family == AddressFamily::Link {
        return Some(found);
    }
    // Masks often come with another family, or none, and shorter: what they belong to says how to read them.
    found.netmask = of(&raw.netmask).map(without_zone);
    if raw.flags & IFF_BROADCAST.cast_unsigned() != 0 {
        let single = found.netmask == Some(Address::V4(Ipv4Addr::BROADCAST));
        found.broadcast = of(&raw.destination).filter(|_| !single);
    } else if raw.flags & IFF_POINTOPOINT.cast_unsigned() != 0 {
        found.peer = of(&raw.destination);
    }
    Some(found)
}

fn without_zone(address: Address) -> Address {
    match address {
        Address::V6 { address, .. } => Address::V6 { address, zone: None },
        other => other,
    }
}

fn value(family: AddressFamily, bytes: &[u8], interface: &[u8]) -> Option<Address> {
    match family {
        AddressFamily::Inet => {
            let address = SockaddrIn::from_prefix(bytes).sin_addr.to_ne_bytes();
            Some(Address::V4(Ipv4Addr::from(address)))
        }
        AddressFamily::Inet6 => {
            let record = SockaddrIn6::from_prefix(bytes);
            let (address, scope) = without_embedded_scope(Ipv6Addr::from(record.sin6_addr));
            let one_link = scope.is_some() || is_link_local(address);
            let zone = one_link.then(|| OsString::from_vec(interface.to_vec()));
            Some(Address::V6 { address, zone })
        }
        AddressFamily::Link => Some(Address::Link(link_address(bytes)?)),
        _ => None,
    }
}

fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

/// An address as it is written outside of the kernel, and the interface whose number the kernel had put into it.
///
/// Inside, the second pair of bytes of an address that is valid on one link only is the interface's number
/// (`in6_setscope` in `bsd/netinet6/scope6.c`), and it comes out with it.
#[must_use]
pub(crate) fn without_embedded_scope(address: Ipv6Addr) -> (Ipv6Addr, Option<u32>) {
    let mut segments = address.segments();
    let multicast_on_link = matches!(segments[0] & 0xff0f, 0xff01 | 0xff02);
    if segments[1] == 0 || !(is_link_local(address) || multicast_on_link) {
        return (address, None);
    }
    let scope = u32::from(segments[1]);
    segments[1] = 0;
    (Ipv6Addr::from(segments), Some(scope))
}

/// Where the name of a link-level address begins.
const LINK_DATA: usize = 8;

/// The interface's name in a link-level address. It is counted, not ended by a NUL.
#[must_use]
pub(crate) fn link_name(bytes: &[u8]) -> Option<&[u8]> {
    let length = usize::from(*bytes.get(5)?);
    bytes.get(LINK_DATA..)?.get(..length).filter(|name| !name.is_empty())
}

/// The hardware address behind the name, filled up to six bytes; `None` if there is none.
fn link_address(bytes: &[u8]) -> Option<Vec<u8>> {
    let name = usize::from(*bytes.get(5)?);
    let length = usize::from(*bytes.get(6)?);
    let address = bytes.get(LINK_DATA.checked_add(name)?..)?.get(..length)?;
    if address.is_empty() {
        return None;
    }
    let mut address = address.to_vec();
    address.resize(address.len().max(6), 0);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4(address: [u8; 4]) -> Vec<u8> {
        let mut record = SockaddrIn::zeroed();
        record.sin_len = 16;
        record.sin_family = 2;
        record.sin_addr = u32::from_ne_bytes(address);
        record.to_bytes()
    }

    fn v6(address: &str) -> Vec<u8> {
        let mut record = SockaddrIn6::zeroed();
        record.sin6_len = 28;
        record.sin6_family = 30;
        record.sin6_addr = address.parse::<Ipv6Addr>().expect("address").octets();
        record.to_bytes()
    }

    fn link(name: &[u8], address: &[u8]) -> Vec<u8> {
        let lengths = [20, 18, 0, 0, 6, name.len() as u8, address.len() as u8, 0];
        [&lengths[..], name, address].concat()
    }

    fn entry(flags: i32, address: Vec<u8>) -> RawAddress {
        RawAddress {
            name: b"en0".to_vec(),
            flags: flags.cast_unsigned(),
            address: Some(address),
            ..RawAddress::default()
        }
    }

    fn shown(address: Option<Address>) -> String {
        address.map_or_else(|| "none".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_mask_is_read_as_what_it_belongs_to_however_short_it_is() {
        let mut raw = entry(IFF_BROADCAST, v4([192, 168, 1, 2]));
        // Seven bytes, with a family that is none.
        raw.netmask = Some(vec![7, 255, 0, 0, 255, 255, 255]);
        raw.destination = Some(v4([192, 168, 1, 255]));
        let found = decode_address(&raw).expect("known family");
        assert_eq!(shown(found.address), "192.168.1.2");
        assert_eq!(shown(found.netmask), "255.255.255.0");
        assert_eq!((shown(found.broadcast), found.peer), ("192.168.1.255".into(), None));
    }

    #[test]
    fn the_flags_say_whether_there_is_a_broadcast_address_or_another_end() {
        let mut raw = entry(IFF_POINTOPOINT, v4([10, 0, 0, 1]));
        raw.destination = Some(v4([10, 0, 0, 2]));
        let found = decode_address(&raw).expect("known family");
        assert_eq!((found.broadcast, shown(found.peer)), (None, "10.0.0.2".into()));
        raw.flags = 0;
        assert_eq!(decode_address(&raw).expect("known family").peer, None);
        raw.flags = IFF_BROADCAST.cast_unsigned();
        raw.netmask = Some(v4([255; 4]));
        assert_eq!(decode_address(&raw).expect("known family").broadcast, None);
    }

    #[test]
    fn a_link_local_address_carries_the_interface_and_not_its_number() {
        let found = decode_address(&entry(0, v6("fe80:4::1"))).expect("known family");
        assert_eq!(shown(found.address), "fe80::1%en0");
        let found = decode_address(&entry(0, v6("fe80::1"))).expect("known family");
        assert_eq!(shown(found.address), "fe80::1%en0");
        let found = decode_address(&entry(0, v6("2001:db8::1"))).expect("known family");
        assert_eq!(shown(found.address), "2001:db8::1");
        let outside = "2001:4::1".parse().expect("address");
        assert_eq!(without_embedded_scope(outside), (outside, None));
    }

    #[test]
    fn a_hardware_address_stands_behind_a_counted_name() {
        let bytes = link(b"en0", &[1, 2, 3, 4, 5, 6]);
        assert_eq!(link_name(&bytes), Some(&b"en0"[..]));
        let found = decode_address(&entry(0, bytes)).expect("known family");
        assert_eq!(shown(found.address), "01:02:03:04:05:06");
        let short = decode_address(&entry(0, link(b"en0", &[1, 2]))).expect("known family");
        assert_eq!(shown(short.address), "01:02:00:00:00:00");
        let none = decode_address(&entry(0, link(b"lo0", &[]))).expect("known family");
        assert_eq!((none.family, none.address), (AddressFamily::Link, None));
    }

    #[test]
    fn a_name_that_reaches_past_the_end_is_none() {
        let mut bytes = link(b"en0", &[1, 2, 3, 4, 5, 6]);
        bytes[5] = 200;
        assert_eq!((link_name(&bytes), link_address(&bytes)), (None, None));
        assert_eq!(link_name(&link(b"", &[])), None);
    }

    #[test]
    fn an_interface_without_an_address_is_still_there() {
        let raw = RawAddress { name: b"utun0".to_vec(), ..RawAddress::default() };
        let found = decode_address(&raw).expect("is there");
        assert_eq!((found.family, found.address), (AddressFamily::Unspecified, None));
        assert_eq!(decode_address(&entry(0, vec![16, 99])), None);
        assert_eq!(decode_address(&entry(0, vec![])), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_an_address_panic(
            address: Vec<u8>, netmask: Option<Vec<u8>>, destination: Option<Vec<u8>>, flags: u32,
        ) {
            for family in [2, 30, 18] {
                let mut address = address.clone();
                if let Some(place) = address.get_mut(1) {
                    *place = family;
                }
                let _ = decode_address(&RawAddress {
                    name: b"en0".to_vec(),
                    flags,
                    address: Some(address),
                    netmask: netmask.clone(),
                    destination: destination.clone(),
                });
            }
        }
    }
}
