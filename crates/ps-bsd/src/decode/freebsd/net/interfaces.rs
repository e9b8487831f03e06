//! Interfaces, from the routing tables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::net::{Duplex, InterfaceAddress, InterfaceStats, NetIo};
use ps_core::raw::Record as _;

use super::FAMILIES;
use crate::decode::net::{
    InterfaceMessage, interface_addresses, interface_stats, message_kind, messages,
    socket_addresses,
};
use crate::decode::too_short;
use crate::raw::freebsd::net::{self as raw, IfData, IfMsghdr, IfaMsghdr, Ifmediareq};

/// An interface as the list introduces it.
struct Interface<'a> {
    message: InterfaceMessage<'a>,
    data: IfData,
}

/// The interfaces of an answer of `NET_RT_IFLIST`.
fn interfaces(answer: &[u8]) -> impl Iterator<Item = Result<Interface<'_>>> {
    messages(answer).filter(|message| is_kind(message, raw::RTM_IFINFO)).map(|message| {
        let header = IfMsghdr::from_bytes(message).map_err(|short| too_short(&short))?;
        let behind = message.get(IfMsghdr::LAYOUT.size..).unwrap_or_default();
        let message = InterfaceMessage {
            introduces: true,
            index: header.ifm_index,
            flags: header.ifm_flags,
            addresses: socket_addresses(behind, header.ifm_addrs),
        };
        Ok(Interface { message, data: header.ifm_data })
    })
}

fn is_kind(message: &[u8], kind: i32) -> bool {
    message_kind(message).is_some_and(|one| i32::from(one) == kind)
}

fn address_message(message: &[u8]) -> Option<InterfaceMessage<'_>> {
    let header = IfaMsghdr::from_bytes(message).ok()?;
    let behind = message.get(IfaMsghdr::LAYOUT.size..).unwrap_or_default();
    Some(InterfaceMessage {
        introduces: false,
        index: header.ifam_index,
        flags: 0,
        addresses: socket_addresses(behind, header.ifam_addrs),
    })
}

/// Traffic of each interface. Ports of USB controllers, which look like interfaces, are left out.
///
/// # Errors
///
/// A message that makes no sense.
pub fn io_counters(answer: &[u8]) -> Result<BTreeMap<OsString, NetIo>> {
    let mut all = BTreeMap::new();
    for interface in interfaces(answer) {
        let Interface { message, data } = interface?;
        let name = message.name().filter(|name| !name.starts_with(b"usbus"));
        if let Some(name) = name {
            all.insert(OsStr::from_bytes(name).to_owned(), counters(&data));
        }
    }
    Ok(all)
}

fn counters(data: &IfData) -> NetIo {
    let mut io = NetIo::default();
    io.bytes_sent = data.ifi_obytes;
    io.bytes_recv = data.ifi_ibytes;
    io.packets_sent = data.ifi_opackets;
    io.packets_recv = data.ifi_ipackets;
    io.errors_in = data.ifi_ierrors;
    io.errors_out = data.ifi_oerrors;
    io.drops_in = data.ifi_iqdrops;
    io.drops_out = Some(data.ifi_oqdrops);
    io
}

/// Addresses of each interface.
#[must_use]
pub fn addresses(answer: &[u8]) -> BTreeMap<OsString, Vec<InterfaceAddress>> {
    let introduced = |message: &[u8]| {
        let header = IfMsghdr::from_bytes(message).ok()?;
        Some((header.ifm_index, header.ifm_flags, header.ifm_addrs))
    };
    let all = messages(answer).filter_map(|message| {
        if is_kind(message, raw::RTM_NEWADDR) {
            return address_message(message);
        }
        let (index, flags, mask) =
            introduced(message).filter(|_| is_kind(message, raw::RTM_IFINFO))?;
        let behind = message.get(IfMsghdr::LAYOUT.size..).unwrap_or_default();
        let addresses = socket_addresses(behind, mask);
        Some(InterfaceMessage { introduces: true, index, flags, addresses })
    });
    interface_addresses(all, &FAMILIES)
}

/// Flags with their usual names.
const FLAGS: &[(i32, &str)] = &[
    (raw::IFF_UP, "up"),
    (raw::IFF_BROADCAST, "broadcast"),
    (raw::IFF_DEBUG, "debug"),
    (raw::IFF_LOOPBACK, "loopback"),
    (raw::IFF_POINTOPOINT, "pointopoint"),
    (raw::IFF_DRV_RUNNING, "running"),
    (raw::IFF_NOARP, "noarp"),
    (raw::IFF_PROMISC, "promisc"),
    (raw::IFF_ALLMULTI, "allmulti"),
    (raw::IFF_DRV_OACTIVE, "oactive"),
    (raw::IFF_SIMPLEX, "simplex"),
    (raw::IFF_LINK0, "link0"),
    (raw::IFF_LINK1, "link1"),
    (raw::IFF_LINK2, "link2"),
    (raw::IFF_MULTICAST, "multicast"),
    (raw::IFF_MONITOR, "monitor"),
    (raw::IFF_STATICARP, "staticarp"),
];

/// State of each interface. `medium` asks for the medium of one by its name, where the driver has one to tell.
///
/// # Errors
///
/// A message that makes no sense.
pub fn stats(
    answer: &[u8],
    mut medium: impl FnMut(&[u8]) -> Option<Ifmediareq>,
) -> Result<BTreeMap<OsString, InterfaceStats>> {
    let mut all = BTreeMap::new();
    for interface in interfaces(answer) {
        let Interface { message, data } = interface?;
        let Some(name) = message.name() else { continue };
        // A driver that does not know is taken for one with a carrier.
        let carrier = i32::from(data.ifi_link_state) != raw::LINK_STATE_DOWN;
        let up = [raw::IFF_UP, raw::IFF_DRV_RUNNING];
        let mut stats = interface_stats(message.flags, &up, carrier, data.ifi_mtu, FLAGS);
        if let Some(medium) = medium(name) {
            (stats.speed_mbps, stats.duplex) = speed_and_duplex(&medium);
        }
        all.insert(OsStr::from_bytes(name).to_owned(), stats);
    }
    Ok(all)
}

/// Speed in Mbit/s of an Ethernet medium, by the number of its kind (`IFM_10_T` and so on, the extended ones put
/// together from both of their parts).
const ETHERNET: &[(u32, &[(i32, i32)])] = &[
    (10, &[(3, 5), (12, 13)]),
    (100, &[(6, 10), (52, 52), (62, 62), (120, 120)]),
    (1_000, &[(11, 11), (14, 16), (30, 30), (41, 41), (44, 44), (121, 121)]),
    (2_500, &[(21, 21), (36, 37), (63, 63)]),
    (5_000, &[(38, 38), (64, 64), (69, 70)]),
    (10_000, &[(18, 20), (22, 24), (26, 26), (32, 34), (42, 42), (46, 46), (59, 59)]),
    (20_000, &[(35, 35)]),
    (25_000, &[(40, 40), (53, 55), (58, 58), (60, 61), (65, 68), (71, 71), (86, 86)]),
    (40_000, &[(27, 29), (43, 43), (45, 45), (72, 74), (119, 119)]),
    (50_000, &[(39, 39), (56, 57), (75, 85), (87, 88), (118, 118)]),
    (56_000, &[(51, 51)]),
    (100_000, &[(47, 50), (89, 102)]),
    (200_000, &[(103, 112)]),
    (400_000, &[(113, 117)]),
];

/// Speed in Mbit/s of a wireless medium, by the number of its kind.
const WIRELESS: &[(u32, &[(i32, i32)])] = &[
    (1, &[(3, 3), (5, 5)]),
    (2, &[(4, 4), (6, 6)]),
    (3, &[(21, 21)]),
    (4, &[(22, 22)]),
    (5, &[(7, 7)]),
    (6, &[(10, 10)]),
    (9, &[(11, 11)]),
    (11, &[(8, 8)]),
    (12, &[(12, 12)]),
    (18, &[(13, 13)]),
    (22, &[(9, 9)]),
    (24, &[(14, 14)]),
    (27, &[(23, 23)]),
    (36, &[(15, 15)]),
    (48, &[(16, 16)]),
    (54, &[(17, 17)]),
    (72, &[(18, 18)]),
];

/// Speed in Mbit/s and duplex of a medium. Without a carrier nothing is said.
#[must_use]
pub fn speed_and_duplex(medium: &Ifmediareq) -> (Option<u32>, Duplex) {
    let valid = medium.ifm_status & raw::IFM_AVALID != 0;
    if valid && medium.ifm_status & raw::IFM_ACTIVE == 0 {
        return (None, Duplex::Unknown);
    }
    let word = medium.ifm_active;
    let duplex = match (word & raw::IFM_FDX != 0, word & raw::IFM_HDX != 0) {
        (true, false) => Duplex::Full,
        (false, true) => Duplex::Half,
        _ => Duplex::Unknown,
    };
    let plain = word & raw::IFM_TMASK;
    let (table, kind) = match word & raw::IFM_NMASK {
        raw::IFM_ETHER => (ETHERNET, plain | (word & raw::IFM_ETH_XTYPE) >> raw::IFM_ETH_XSHIFT),
        raw::IFM_IEEE80211 => (WIRELESS, plain),
        _ => return (None, duplex),
    };
    let holds =
        |ranges: &[(i32, i32)]| ranges.iter().any(|(low, high)| (*low..=*high).contains(&kind));
    let speed = table.iter().find(|(_, ranges)| holds(ranges)).map(|(speed, _)| *speed);
    (speed, duplex)
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use proptest::prelude::*;
    use ps_core::net::{Address, AddressFamily};

    use super::*;

    /// An address as it stands behind a message: padded to eight bytes.
    fn padded(mut address: Vec<u8>) -> Vec<u8> {
        address[0] = address.len() as u8;
        address.resize(address.len().next_multiple_of(8), 0);
        address
    }

    fn link(name: &[u8], own: &[u8]) -> Vec<u8> {
        let start = [0, 18, 1, 0, 6, name.len() as u8, own.len() as u8, 0];
        padded([&start, name, own].concat())
    }

    fn message(mut header: Vec<u8>, kind: i32, addresses: &[Vec<u8>]) -> Vec<u8> {
        header.extend(addresses.concat());
        let length = (header.len() as u16).to_ne_bytes();
        header[..2].copy_from_slice(&length);
        header[3] = kind as u8;
        header
    }

    fn interface(index: u16, flags: i32, name: &[u8], own: &[u8], data: IfData) -> Vec<u8> {
        let mut header = IfMsghdr::zeroed();
        (header.ifm_index, header.ifm_flags) = (index, flags);
        (header.ifm_addrs, header.ifm_data) = (raw::RTA_IFP, data);
        message(header.to_bytes(), raw::RTM_IFINFO, &[link(name, own)])
    }

    fn list_of_interfaces() -> Vec<u8> {
        let mut data = IfData::zeroed();
        (data.ifi_ibytes, data.ifi_obytes) = (1 << 40, 1 << 41);
        (data.ifi_oqdrops, data.ifi_mtu, data.ifi_link_state) = (9, 1500, 2);
        let mut down = data;
        down.ifi_link_state = 1;
        let flags = raw::IFF_UP | raw::IFF_BROADCAST | raw::IFF_DRV_RUNNING;
        let mut header = IfaMsghdr::zeroed();
        (header.ifam_index, header.ifam_addrs) =
            (1, raw::RTA_NETMASK | raw::RTA_IFA | raw::RTA_BRD);
        let v4 = |address: [u8; 4]| padded([&[0, 2, 0, 0][..], &address, &[0; 8]].concat());
        let addresses = [v4([255, 255, 0, 0]), v4([10, 1, 2, 3]), v4([10, 1, 255, 255])];
        [
            interface(1, flags, b"em0", &[1, 2, 3, 4, 5, 6], data),
            message(header.to_bytes(), raw::RTM_NEWADDR, &addresses),
            interface(2, flags, b"usbus0", &[], data),
            interface(3, flags, b"em1", &[], down),
        ]
        .concat()
    }

    #[test]
    fn counters_have_64_bits_and_usb_ports_are_no_interfaces() {
        let all = io_counters(&list_of_interfaces()).expect("reads");
        let em = &all[OsStr::new("em0")];
        assert_eq!((em.bytes_recv, em.bytes_sent, em.drops_out), (1 << 40, 1 << 41, Some(9)));
        assert!(!all.contains_key(OsStr::new("usbus0")) && all.len() == 2);
    }

    #[test]
    fn addresses_are_those_of_the_interface_they_follow() {
        let all = addresses(&list_of_interfaces());
        let em = &all[OsStr::new("em0")];
        assert_eq!((em[0].family, em[1].family), (AddressFamily::Link, AddressFamily::Inet));
        assert_eq!(em[1].netmask.as_ref().map(Address::to_string).as_deref(), Some("255.255.0.0"));
        assert_eq!(
            em[1].broadcast.as_ref().map(Address::to_string).as_deref(),
            Some("10.1.255.255")
        );
        assert_eq!(all[OsStr::new("em1")][0].family, AddressFamily::Unspecified);
    }

    fn medium(active: i32, status: i32) -> Ifmediareq {
        let mut medium = Ifmediareq::zeroed();
        (medium.ifm_active, medium.ifm_status) = (active, status);
        medium
    }

    #[test]
    fn an_interface_without_carrier_is_not_up() {
        let all = stats(&list_of_interfaces(), |name| {
            (name == b"em0").then(|| medium(raw::IFM_ETHER | raw::IFM_1000_T | raw::IFM_FDX, 3))
        })
        .expect("reads");
        let (up, down) = (&all[OsStr::new("em0")], &all[OsStr::new("em1")]);
        assert!(up.is_up && !down.is_up);
        assert_eq!((up.speed_mbps, up.duplex, up.mtu), (Some(1000), Duplex::Full, 1500));
        assert_eq!((down.speed_mbps, down.duplex), (None, Duplex::Unknown));
        assert_eq!(up.flags, ["up", "broadcast", "running"]);
    }

    #[test]
    fn up_is_what_is_switched_on_and_has_a_driver_that_runs() {
        let table = [
            (raw::IFF_UP | raw::IFF_DRV_RUNNING, true),
            (raw::IFF_DRV_RUNNING, false),
            (raw::IFF_UP, false),
            (0, false),
        ];
        for (flags, expected) in table {
            let answer = interface(1, flags, b"em0", &[], IfData::zeroed());
            let all = stats(&answer, |_| None).expect("reads");
            assert_eq!(all[OsStr::new("em0")].is_up, expected, "{flags:#x}");
        }
    }

    #[test]
    fn speeds_follow_from_the_medium_extended_ones_included() {
        let speed = |word: i32| speed_and_duplex(&medium(word, 3)).0;
        let kinds = [
            (raw::IFM_10_T, 10),
            (raw::IFM_100_TX, 100),
            (raw::IFM_1000_T, 1000),
            (raw::IFM_10G_T, 10_000),
            (raw::IFM_2500_T, 2500),
            (raw::IFM_25G_SR, 25_000),
            (raw::IFM_400G_DR4, 400_000),
        ];
        for (kind, expected) in kinds {
            assert_eq!(speed(raw::IFM_ETHER | kind), Some(expected), "{kind:#x}");
        }
        assert_eq!(speed(raw::IFM_IEEE80211 | raw::IFM_IEEE80211_OFDM54), Some(54));
        assert_eq!(speed(raw::IFM_ETHER), None, "automatic, nothing chosen yet");
        assert_eq!(speed_and_duplex(&medium(raw::IFM_ETHER | raw::IFM_1000_T, 1)).0, None);
        // A driver that cannot tell whether there is a carrier does not say that there is none.
        assert_eq!(speed_and_duplex(&medium(raw::IFM_ETHER | raw::IFM_1000_T, 0)).0, Some(1000));
        let half = medium(raw::IFM_ETHER | raw::IFM_100_TX | raw::IFM_HDX, 3);
        assert_eq!(speed_and_duplex(&half).1, Duplex::Half);
    }

    const INTERFACES: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-interfaces.bin");

    #[test]
    fn interfaces_laid_out_by_the_systems_headers_are_read() {
        let io = io_counters(INTERFACES).expect("reads");
        let em = &io[OsStr::new("em0")];
        assert_eq!((em.bytes_recv, em.bytes_sent), (0x100_0000_0001, 0x200_0000_0002));
        assert_eq!(
            (em.packets_recv, em.errors_in, em.packets_sent, em.errors_out),
            (11, 12, 13, 14)
        );
        assert_eq!((em.drops_in, em.drops_out), (15, Some(16)));
        let all = addresses(INTERFACES);
        let shown = |address: &Option<Address>| address.as_ref().map(ToString::to_string);
        let em: Vec<_> = all[OsStr::new("em0")].iter().map(|one| shown(&one.address)).collect();
        let expected = ["02:1a:7f:03:04:05", "192.168.2.7", "fe80::9%em0"];
        assert_eq!(em, expected.map(|one| Some(one.to_owned())));
        let em = &all[OsStr::new("em0")];
        assert_eq!(shown(&em[1].netmask).as_deref(), Some("255.255.255.0"));
        assert_eq!(shown(&em[1].broadcast).as_deref(), Some("192.168.2.255"));
        assert_eq!(shown(&em[2].netmask).as_deref(), Some("ffff:ffff:ffff:ffff::"));
        assert_eq!(all[OsStr::new("lo0")][0].family, AddressFamily::Unspecified);
        let stats = stats(INTERFACES, |_| None).expect("reads");
        let (em, lo) = (&stats[OsStr::new("em0")], &stats[OsStr::new("lo0")]);
        assert_eq!((em.is_up, em.mtu, lo.is_up, lo.mtu), (true, 1500, true, 16384));
        assert_eq!(lo.flags, ["up", "loopback", "running"]);
    }

    #[test]
    fn an_interface_list_cut_anywhere_yields_no_half_interfaces() {
        for length in 0..INTERFACES.len() {
            let io = io_counters(&INTERFACES[..length]).expect("whole messages only");
            assert_eq!(io.len(), usize::from(length >= 224), "{length}");
            assert!(addresses(&INTERFACES[..length]).len() <= 1);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_list_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 200..2000),
            active: i32,
        ) {
            bytes[..4].copy_from_slice(&[200, 0, 5, raw::RTM_IFINFO as u8]);
            let _ = (io_counters(&bytes), addresses(&bytes));
            let _ = stats(&bytes, |_| Some(medium(active, -1)));
        }
    }
}
