//! Speed and duplex of an interface, from its medium.
//!
//! The numbers stand in `bsd/net/if_media.h`, which is not among the public headers.

use ps_core::net::Duplex;
use ps_core::raw::Record as _;

use crate::raw::net::Ifmediareq;

const TYPE: u32 = 0xe0;
const ETHERNET: u32 = 0x20;
const FULL_DUPLEX: u32 = 0x0010_0000;
const HALF_DUPLEX: u32 = 0x0020_0000;
/// The medium's state is told, and it is connected.
const VALID_AND_ACTIVE: i32 = 3;

/// Speed in Mbit/s by subtype of Ethernet. From 32 on, the bits above the sixteenth belong to the subtype.
const SPEEDS: &[(u32, &[u32])] = &[
    (10, &[3, 4, 5, 12, 13]),
    (100, &[6, 7, 8, 9, 10, 52, 62]),
    (1000, &[11, 14, 15, 16, 24, 25, 41]),
    (2500, &[22, 32, 36, 63]),
    (5000, &[23, 64, 69, 70]),
    (10_000, &[18, 19, 20, 21, 26, 27, 28, 29, 33, 34, 35, 42, 59]),
    (20_000, &[30]),
    (25_000, &[40, 53, 54, 55, 58, 60, 61, 65, 66, 67, 68, 71, 86]),
    (40_000, &[37, 38, 43, 44, 45, 72, 73, 74]),
    (50_000, &[39, 56, 57, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 87, 88]),
    (56_000, &[51]),
    (100_000, &[47, 48, 49, 50, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102]),
    (200_000, &[103, 104, 105, 106, 107, 108, 109, 110, 111, 112]),
    (400_000, &[113, 114, 115, 116, 117]),
];

/// Duplex and speed in Mbit/s, from the answer of `SIOCGIFMEDIA`.
#[must_use]
pub fn decode_media(answer: &[u8]) -> (Duplex, Option<u32>) {
    let Ok(request) = Ifmediareq::from_bytes(answer) else { return (Duplex::Unknown, None) };
    if request.ifm_status & VALID_AND_ACTIVE != VALID_AND_ACTIVE {
        return (Duplex::Unknown, None);
    }
    let active = request.ifm_active.cast_unsigned();
    let duplex = match (active & FULL_DUPLEX != 0, active & HALF_DUPLEX != 0) {
        (true, false) => Duplex::Full,
        (false, true) => Duplex::Half,
        _ => Duplex::Unknown,
    };
    (duplex, speed(active))
}

fn speed(active: u32) -> Option<u32> {
    if active & TYPE != ETHERNET {
        return None;
    }
    let subtype = subtype(active);
    SPEEDS.iter().find(|(_, subtypes)| subtypes.contains(&subtype)).map(|(speed, _)| *speed)
}

/// The subtype, whose upper bits stand apart from the lower ones.
fn subtype(active: u32) -> u32 {
    (active & 0x1f) | ((active & 0x000f_0000) >> 11)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn media(status: i32, active: u32) -> (Duplex, Option<u32>) {
        let mut request = Ifmediareq::zeroed();
        request.ifm_status = status;
        request.ifm_active = active.cast_signed();
        decode_media(&request.to_bytes())
    }

    #[test]
    fn speed_and_duplex_come_from_the_active_medium() {
        assert_eq!(media(3, ETHERNET | FULL_DUPLEX | 16), (Duplex::Full, Some(1000)));
        assert_eq!(media(3, ETHERNET | HALF_DUPLEX | 6), (Duplex::Half, Some(100)));
        assert_eq!(media(3, ETHERNET | 22), (Duplex::Unknown, Some(2500)));
    }

    #[test]
    fn subtypes_beyond_the_fifth_bit_keep_their_upper_half_elsewhere() {
        // 65: 1 below, 64 above.
        assert_eq!(media(3, ETHERNET | 1 | 64 << 11).1, Some(25_000));
        assert_eq!(subtype(ETHERNET | 31 | 0x000f_0000), 511);
    }

    #[test]
    fn what_is_not_connected_or_not_ethernet_has_no_speed() {
        assert_eq!(media(1, ETHERNET | FULL_DUPLEX | 16), (Duplex::Unknown, None));
        assert_eq!(media(3, 0x80 | FULL_DUPLEX | 16), (Duplex::Full, None));
        assert_eq!(media(3, ETHERNET | 31).1, None);
        assert_eq!(decode_media(&[3; 43]), (Duplex::Unknown, None));
    }

    #[test]
    fn no_subtype_has_two_speeds() {
        let mut seen = std::collections::BTreeSet::new();
        for (speed, subtypes) in SPEEDS {
            for subtype in *subtypes {
                assert!(seen.insert(subtype), "{subtype} at {speed}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_medium_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode_media(&bytes);
        }
    }
}
