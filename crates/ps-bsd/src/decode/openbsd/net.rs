//! Interfaces (the `route` table of `sysctl`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ps_core::net::{Duplex, InterfaceAddress, InterfaceStats, NetIo};
use ps_core::raw::Record;

use super::process::files::FAMILIES;
use crate::decode::net::{
    InterfaceMessage, interface_addresses, interface_stats, message_kind, messages,
    socket_addresses,
};
use crate::raw::openbsd::net::{
    IFF_ALLMULTI, IFF_BROADCAST, IFF_DEBUG, IFF_LINK0, IFF_LINK1, IFF_LINK2, IFF_LOOPBACK,
    IFF_MULTICAST, IFF_NOARP, IFF_OACTIVE, IFF_POINTOPOINT, IFF_PROMISC, IFF_RUNNING, IFF_SIMPLEX,
    IFF_STATICARP, IFF_UP, IfData, IfMsghdr, IfaMsghdr, LINK_STATE_FULL_DUPLEX,
    LINK_STATE_HALF_DUPLEX, LINK_STATE_UNKNOWN, LINK_STATE_UP, RTM_IFINFO, RTM_NEWADDR,
    RTM_VERSION,
};

const FLAGS: &[(i32, &str)] = &[
    (IFF_UP, "up"),
    (IFF_BROADCAST, "broadcast"),
    (IFF_DEBUG, "debug"),
    (IFF_LOOPBACK, "loopback"),
    (IFF_POINTOPOINT, "pointopoint"),
    (IFF_STATICARP, "staticarp"),
    (IFF_RUNNING, "running"),
    (IFF_NOARP, "noarp"),
    (IFF_PROMISC, "promisc"),
    (IFF_ALLMULTI, "allmulti"),
    (IFF_OACTIVE, "oactive"),
    (IFF_SIMPLEX, "simplex"),
    (IFF_LINK0, "link0"),
    (IFF_LINK1, "link1"),
    (IFF_LINK2, "link2"),
    (IFF_MULTICAST, "multicast"),
];

/// One message, and the counters of an interface that it introduces.
fn parsed(message: &[u8]) -> Option<(InterfaceMessage<'_>, Option<IfData>)> {
    if message.get(2).copied().map(i32::from) != Some(RTM_VERSION) {
        return None;
    }
    match i32::from(message_kind(message)?) {
        RTM_IFINFO => {
            let header = IfMsghdr::from_bytes(message).ok()?;
            // Headers may grow: where the addresses begin is said.
            let behind = message.get(usize::from(header.ifm_hdrlen)..)?;
            let told = InterfaceMessage {
                introduces: true,
                index: header.ifm_index,
                flags: header.ifm_flags,
                addresses: socket_addresses(behind, header.ifm_addrs),
            };
            Some((told, Some(header.ifm_data)))
        }
        RTM_NEWADDR => {
            let header = IfaMsghdr::from_bytes(message).ok()?;
            let behind = message.get(usize::from(header.ifam_hdrlen)..)?;
            let told = InterfaceMessage {
                introduces: false,
                index: header.ifam_index,
                flags: header.ifam_flags,
                addresses: socket_addresses(behind, header.ifam_addrs),
            };
            Some((told, None))
        }
        _ => None,
    }
}

fn interfaces(answer: &[u8]) -> impl Iterator<Item = (OsString, InterfaceMessage<'_>, IfData)> {
    messages(answer).filter_map(parsed).filter_map(|(message, data)| {
        let name = OsStr::from_bytes(message.name()?).to_owned();
        Some((name, message, data?))
    })
}

/// Traffic of each interface in an interface list.
#[must_use]
pub fn net_io(answer: &[u8]) -> BTreeMap<OsString, NetIo> {
    interfaces(answer)
        .map(|(name, _, data)| {
            let mut io = NetIo::default();
            io.bytes_sent = data.ifi_obytes;
            io.bytes_recv = data.ifi_ibytes;
            io.packets_sent = data.ifi_opackets;
            io.packets_recv = data.ifi_ipackets;
            io.errors_in = data.ifi_ierrors;
            io.errors_out = data.ifi_oerrors;
            io.drops_in = data.ifi_iqdrops;
            io.drops_out = Some(data.ifi_oqdrops);
            (name, io)
        })
        .collect()
}

/// Addresses of each interface in an interface list.
#[must_use]
pub fn addresses(answer: &[u8]) -> BTreeMap<OsString, Vec<InterfaceAddress>> {
    interface_addresses(messages(answer).filter_map(parsed).map(|(message, _)| message), &FAMILIES)
}

/// State of each interface in an interface list. Speed and duplex are those that the driver keeps with the state of
/// the link; asking for the medium would tell no more.
#[must_use]
pub fn stats(answer: &[u8]) -> BTreeMap<OsString, InterfaceStats> {
    interfaces(answer)
        .map(|(name, message, data)| {
            let link = i32::from(data.ifi_link_state);
            // A driver that does not know is taken for one with a carrier (`LINK_STATE_IS_UP` in `<net/if.h>`).
            let carrier = link == LINK_STATE_UNKNOWN || link >= LINK_STATE_UP;
            let up = [IFF_UP, IFF_RUNNING];
            let mut stats = interface_stats(message.flags, &up, carrier, data.ifi_mtu, FLAGS);
            stats.duplex = match link {
                LINK_STATE_FULL_DUPLEX => Duplex::Full,
                LINK_STATE_HALF_DUPLEX => Duplex::Half,
                _ => Duplex::Unknown,
            };
            let speed = u32::try_from(data.ifi_baudrate / 1_000_000).ok();
            stats.speed_mbps = speed.filter(|speed| *speed > 0);
            (name, stats)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::net::Address;

    use super::*;

    fn introduction(name: &str, index: u16, data: IfData) -> Vec<u8> {
        let mut link = vec![32, 18, 1, 0, 6, name.len() as u8, 6, 0];
        link.extend_from_slice(name.as_bytes());
        link.extend_from_slice(&[2, 0, 0, 0, 0, 1]);
        link.resize(32, 0);
        let header = IfMsghdr {
            ifm_version: RTM_VERSION as u8,
            ifm_type: RTM_IFINFO as u8,
            ifm_hdrlen: 168,
            ifm_msglen: 200,
            ifm_index: index,
            ifm_addrs: 1 << 4,
            ifm_flags: IFF_UP | IFF_RUNNING | IFF_BROADCAST,
            ifm_data: data,
            ..IfMsghdr::zeroed()
        };
        [header.to_bytes(), link].concat()
    }

    fn address(index: u16) -> Vec<u8> {
        let size = IfaMsghdr::LAYOUT.size as u16;
        let header = IfaMsghdr {
            ifam_version: RTM_VERSION as u8,
            ifam_type: RTM_NEWADDR as u8,
            ifam_hdrlen: size,
            ifam_msglen: size + 48,
            ifam_index: index,
            ifam_addrs: 1 << 2 | 1 << 5 | 1 << 7,
            ..IfaMsghdr::zeroed()
        };
        let inet = |last: [u8; 4]| {
            let mut bytes = vec![16, 2, 0, 0];
            bytes.extend_from_slice(&last);
            bytes.resize(16, 0);
            bytes
        };
        [header.to_bytes(), inet([255, 255, 255, 0]), inet([10, 0, 0, 1]), inet([10, 0, 0, 255])]
            .concat()
    }

    fn data() -> IfData {
        IfData {
            ifi_link_state: LINK_STATE_FULL_DUPLEX as u8,
            ifi_mtu: 1500,
            ifi_baudrate: 1_000_000_000,
            ifi_ipackets: 1,
            ifi_opackets: 2,
            ifi_ibytes: 3,
            ifi_obytes: 4,
            ifi_ierrors: 5,
            ifi_oerrors: 6,
            ifi_iqdrops: 7,
            ifi_oqdrops: 8,
            ..IfData::zeroed()
        }
    }

    #[test]
    fn an_interface_tells_its_traffic_state_and_addresses() {
        let answer = [introduction("em0", 1, data()), address(1)].concat();
        let io = net_io(&answer)[OsStr::new("em0")];
        assert_eq!((io.packets_recv, io.packets_sent, io.bytes_recv, io.bytes_sent), (1, 2, 3, 4));
        assert_eq!((io.errors_in, io.errors_out), (5, 6));
        assert_eq!((io.drops_in, io.drops_out), (7, Some(8)));
        let stats = &stats(&answer)[OsStr::new("em0")];
        assert_eq!((stats.is_up, stats.mtu, stats.speed_mbps), (true, 1500, Some(1000)));
        assert_eq!(stats.duplex, Duplex::Full);
        assert_eq!(stats.flags, ["up", "broadcast", "running"]);
        let addresses = &addresses(&answer)[OsStr::new("em0")];
        assert_eq!(addresses[0].address, Some(Address::Link(vec![2, 0, 0, 0, 0, 1])));
        assert_eq!(addresses[1].address, Some(Address::V4([10, 0, 0, 1].into())));
        assert_eq!(addresses[1].broadcast, Some(Address::V4([10, 0, 0, 255].into())));
    }

    #[test]
    fn the_duplex_is_told_by_the_state_of_the_link() {
        let states = [
            (0, Duplex::Unknown),
            (2, Duplex::Unknown),
            (4, Duplex::Unknown),
            (5, Duplex::Half),
            (6, Duplex::Full),
        ];
        for (state, expected) in states {
            let answer = introduction("em0", 1, IfData { ifi_link_state: state, ..data() });
            assert_eq!(stats(&answer)[OsStr::new("em0")].duplex, expected, "{state}");
        }
    }

    #[test]
    fn an_interface_is_up_if_it_is_switched_on_and_nothing_says_that_it_has_no_carrier() {
        let is_up = |flags: i32, state| {
            let mut answer = introduction("em0", 1, IfData { ifi_link_state: state, ..data() });
            answer[16..20].copy_from_slice(&flags.to_ne_bytes());
            stats(&answer)[OsStr::new("em0")].is_up
        };
        // Not known, invalid, down, not kept alive, up, and up in one way or the other.
        let links =
            [(0, true), (1, false), (2, false), (3, false), (4, true), (5, true), (6, true)];
        for (state, expected) in links {
            assert_eq!(is_up(IFF_UP | IFF_RUNNING, state), expected, "{state}");
        }
        assert!(!is_up(IFF_RUNNING, 6) && !is_up(IFF_UP, 6) && !is_up(0, 6));
    }

    #[test]
    fn a_speed_that_is_not_told_is_none() {
        let silent = IfData { ifi_baudrate: 0, ifi_link_state: 0, ..data() };
        let answer = introduction("tun0", 2, silent);
        let stats = &stats(&answer)[OsStr::new("tun0")];
        assert_eq!((stats.speed_mbps, stats.duplex), (None, Duplex::Unknown));
    }

    #[test]
    fn messages_of_another_version_or_cut_short_are_left_out() {
        let mut other = introduction("em0", 1, data());
        other[2] = 4;
        assert!(net_io(&other).is_empty());
        let whole = introduction("em0", 1, data());
        for length in 0..whole.len() {
            assert!(net_io(&whole[..length]).is_empty(), "{length}");
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn interfaces_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/openbsd-interfaces.bin");
        let io = net_io(answer)[OsStr::new("em0")];
        assert_eq!((io.bytes_recv, io.bytes_sent), (0x100_0000_0001, 0x200_0000_0002));
        assert_eq!((io.packets_recv, io.packets_sent), (11, 13));
        assert_eq!(
            (io.errors_in, io.errors_out, io.drops_in, io.drops_out),
            (12, 14, 15, Some(16))
        );
        let stats = &stats(answer)[OsStr::new("em0")];
        assert_eq!((stats.is_up, stats.mtu, stats.speed_mbps), (true, 1500, Some(1000)));
        assert_eq!(stats.duplex, Duplex::Full);
        let addresses = &addresses(answer)[OsStr::new("em0")];
        assert_eq!(addresses[0].address, Some(Address::Link(vec![2, 0x1a, 0x7f, 3, 4, 5])));
        assert_eq!(addresses[1].address, Some(Address::V4([192, 168, 2, 7].into())));
        assert_eq!(addresses[1].broadcast, Some(Address::V4([192, 168, 2, 255].into())));
        assert_eq!(addresses[1].netmask, Some(Address::V4([255, 255, 255, 0].into())));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), at in 0..200_usize, byte: u8) {
            let mut answer = [introduction("em0", 1, data()), address(1)].concat();
            if let Some(place) = answer.get_mut(at) {
                *place = byte;
            }
            answer.extend_from_slice(&bytes);
            for answer in [&answer[..], &bytes] {
                let _ = (net_io(answer), addresses(answer), stats(answer));
            }
        }
    }
}
