//! Interfaces and their traffic, from `NET_RT_IFLIST2`.

use ps_core::net::{Duplex, InterfaceStats, NetIo};
use ps_core::raw::{Record as _, packed};

use super::addresses::link_name;
use crate::raw::net::*;

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Interface {
    /// Its name.
    pub name: Vec<u8>,
    /// Its flags.
    pub flags: u32,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Its traffic.
    pub io: NetIo,
}

/// What flags of an interface are called.
const FLAGS: &[(i32, &str)] = &[
    (IFF_UP, "up"),
    (IFF_BROADCAST, "broadcast"),
    (IFF_DEBUG, "debug"),
    (IFF_LOOPBACK, "loopback"),
    (IFF_POINTOPOINT, "pointopoint"),
    (IFF_NOTRAILERS, "notrailers"),
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

impl Interface {
    /// Its state, with what is known of its medium.
    #[must_use]
    pub fn stats(&self, duplex: Duplex, speed_mbps: Option<u32>) -> InterfaceStats {
        let has = |flag: i32| self.flags & flag.cast_unsigned() != 0;
        let mut stats = InterfaceStats::default();
        stats.is_up = has(IFF_UP) && has(IFF_RUNNING);
        stats.duplex = duplex;
        stats.speed_mbps = speed_mbps;
        stats.mtu = self.mtu;
        stats.flags = FLAGS
            .iter()
            .filter(|(flag, _)| has(*flag))
            .map(|(_, name)| (*name).to_owned())
            .collect();
        stats
    }
}

/// Interfaces with their traffic, counted in 64 bits. Messages of other kinds are passed over, and one that
/// reaches past the end of the answer ends it.
#[must_use]
pub fn decode_interfaces(answer: &[u8]) -> Vec<Interface> {
    packed(answer, length).filter_map(interface).collect()
}

/// Every message begins with its length in two bytes.
fn length(rest: &[u8]) -> Option<usize> {
    rest.first_chunk().map(|length| usize::from(u16::from_ne_bytes(*length)))
}

fn interface(message: &[u8]) -> Option<Interface> {
    if message.get(3).copied().map(i32::from) != Some(RTM_IFINFO2) {
        return None;
    }
    let header = IfMsghdr2::from_bytes(message).ok()?;
    // The link-level address is the only one that such a message has, so it comes first.
    if header.ifm_addrs & RTA_IFP == 0 {
        return None;
    }
    let address = message.get(IfMsghdr2::LAYOUT.size..)?;
    let data = header.ifm_data;
    let mut io = NetIo::default();
    io.bytes_sent = data.ifi_obytes;
    io.bytes_recv = data.ifi_ibytes;
    io.packets_sent = data.ifi_opackets;
    io.packets_recv = data.ifi_ipackets;
    io.errors_in = data.ifi_ierrors;
    io.errors_out = data.ifi_oerrors;
    io.drops_in = data.ifi_iqdrops;
    // What the queue for sending dropped: counted without a sign, handed out with one (`sysctl_iflist2`).
    io.drops_out = Some(u64::from(header.ifm_snd_drops.cast_unsigned()));
    Some(Interface {
        name: link_name(address)?.to_vec(),
        flags: header.ifm_flags.cast_unsigned(),
        mtu: data.ifi_mtu,
        io,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(target_endian = "little")]
    const ANSWER: &[u8] = include_bytes!("../../../fixtures/records/macos-interfaces.bin");

    #[cfg(target_endian = "little")]
    #[test]
    fn interfaces_are_read_field_by_field_and_addresses_between_them_passed_over() {
        let all = decode_interfaces(ANSWER);
        let names: Vec<_> = all.iter().map(|one| String::from_utf8_lossy(&one.name)).collect();
        assert_eq!(names, ["lo0", "en0"]);
        let en0 = &all[1];
        // More than 32 bits hold.
        assert_eq!((en0.io.bytes_recv, en0.io.bytes_sent), (0x12_3456_789a, 0x23_4567_89ab));
        assert_eq!((en0.io.packets_recv, en0.io.packets_sent), (1001, 1002));
        assert_eq!((en0.io.errors_in, en0.io.errors_out, en0.io.drops_in), (3, 4, 5));
        assert_eq!((en0.io.drops_out, en0.mtu), (Some(0x8000_0001), 1500));
        let stats = en0.stats(Duplex::Full, Some(1000));
        assert!(stats.is_up);
        assert_eq!(stats.flags, ["up", "broadcast", "running", "simplex", "multicast"]);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn an_answer_cut_anywhere_yields_only_whole_interfaces() {
        for length in 0..ANSWER.len() {
            let found = decode_interfaces(&ANSWER[..length]);
            assert!(found.len() < 2, "of {length} bytes");
        }
    }

    #[test]
    fn a_message_without_a_link_level_address_names_no_interface() {
        let names = |addresses: i32| {
            let mut link = SockaddrDl::zeroed();
            link.sdl_len = 20;
            link.sdl_family = u8::try_from(AF_LINK).expect("small");
            link.sdl_nlen = 3;
            link.sdl_data[..3].copy_from_slice(b"en0");
            let length = IfMsghdr2::LAYOUT.size + SockaddrDl::LAYOUT.size;
            let mut header = IfMsghdr2::zeroed();
            header.ifm_msglen = u16::try_from(length).expect("small");
            header.ifm_type = u8::try_from(RTM_IFINFO2).expect("small");
            header.ifm_addrs = addresses;
            let found = decode_interfaces(&[header.to_bytes(), link.to_bytes()].concat());
            found.into_iter().map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(names(RTA_IFP), [b"en0"]);
        assert!(names(0).is_empty() && names(RTA_IFA).is_empty());
    }

    #[test]
    fn switched_on_without_a_carrier_is_not_up() {
        let mut one =
            Interface { name: b"en0".to_vec(), flags: 1, mtu: 1500, io: NetIo::default() };
        assert!(!one.stats(Duplex::Unknown, None).is_up);
        one.flags = IFF_RUNNING.cast_unsigned();
        assert!(!one.stats(Duplex::Unknown, None).is_up);
        one.flags |= 1;
        assert!(one.stats(Duplex::Unknown, None).is_up);
    }

    proptest! {
        #[test]
        fn no_bytes_make_interfaces_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 0..600), length in 0..600u16,
        ) {
            let _ = decode_interfaces(&bytes);
            // The same as one message of the right kind.
            if bytes.len() > 4 {
                bytes[..2].copy_from_slice(&length.to_ne_bytes());
                bytes[3] = 18;
                let _ = decode_interfaces(&bytes);
            }
        }
    }
}
