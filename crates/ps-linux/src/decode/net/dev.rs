//! Traffic and state of interfaces.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ps_core::Result;
use ps_core::net::{Duplex, InterfaceStats, NetIo};

use crate::decode::malformed;
use crate::decode::text::{lines, number, numbers};

/// Traffic of each interface, from `/proc/net/dev`.
///
/// # Errors
///
/// `Decode` if the line of an interface has fewer than the twelve numbers needed.
pub fn decode_net_dev(text: &[u8]) -> Result<BTreeMap<OsString, NetIo>> {
    // Two lines of headings.
    lines(text)
        .skip(2)
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| {
            line_of_net_dev(line).ok_or_else(|| {
                malformed(
                    "/proc/net/dev",
                    format!("cannot make sense of {:?}", String::from_utf8_lossy(line)),
                )
            })
        })
        .collect()
}

fn line_of_net_dev(line: &[u8]) -> Option<(OsString, NetIo)> {
    // Names of aliases hold colons, and a counter may touch the one that ends the name.
    let at = line.iter().rposition(|byte| *byte == b':')?;
    let (name, rest) = line.split_at(at);
    let mut values = [None; 12];
    for (value, number) in values.iter_mut().zip(numbers(rest.get(1..)?)) {
        *value = Some(number?);
    }
    let value = |at: usize| values.get(at).copied().flatten();
    let mut io = NetIo::default();
    io.bytes_recv = value(0)?;
    io.packets_recv = value(1)?;
    io.errors_in = value(2)?;
    io.drops_in = value(3)?;
    io.bytes_sent = value(8)?;
    io.packets_sent = value(9)?;
    io.errors_out = value(10)?;
    io.drops_out = Some(value(11)?);
    Some((OsString::from_vec(name.trim_ascii().to_vec()), io))
}

/// The names of flags of an interface, by their bits.
const FLAGS: [&str; 19] = [
    "up",
    "broadcast",
    "debug",
    "loopback",
    "pointopoint",
    "notrailers",
    "running",
    "noarp",
    "promisc",
    "allmulti",
    "master",
    "slave",
    "multicast",
    "portsel",
    "automedia",
    "dynamic",
    "lower_up",
    "dormant",
    "echo",
];

/// The flag that says that an interface is up and has a carrier.
const RUNNING: u32 = 1 << 6;

/// Flags as sysfs shows them, with the one that says running, which it leaves out.
#[must_use]
pub fn with_running(flags: u32, carrier: bool) -> u32 {
    if flags & 1 != 0 && carrier { flags | RUNNING } else { flags }
}

/// What a driver says about a link: speed in Mbit/s and duplex, as the kernel's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Link {
    /// Speed in Mbit/s; all bits set if not known.
    pub speed: u32,
    /// 0 half, 1 full, anything else unknown.
    pub duplex: u8,
}

/// State of an interface, from its flags, its largest packet, and what its driver says, if it says anything.
#[must_use]
pub fn interface_stats(flags: u32, mtu: u32, link: Option<Link>) -> InterfaceStats {
    let mut stats = InterfaceStats::default();
    stats.is_up = flags & RUNNING != 0;
    stats.duplex = match link.map(|link| link.duplex) {
        Some(0) => Duplex::Half,
        Some(1) => Duplex::Full,
        _ => Duplex::Unknown,
    };
    // Zero and everything above the range of `int` are drivers' ways to say that they do not know.
    stats.speed_mbps =
        link.map(|link| link.speed).filter(|speed| *speed > 0 && i32::try_from(*speed).is_ok());
    stats.mtu = mtu;
    stats.flags = FLAGS
        .iter()
        .enumerate()
        .filter(|(bit, _)| flags & (1 << bit) != 0)
        .map(|(_, name)| (*name).to_owned())
        .collect();
    stats
}

/// The `flags` file of an interface in sysfs, as in `0x1003`.
#[must_use]
pub fn decode_sysfs_flags(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text.trim_ascii().strip_prefix(b"0x")?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// The `speed` and `duplex` files of an interface in sysfs.
#[must_use]
pub fn decode_sysfs_link(speed: Option<&[u8]>, duplex: Option<&[u8]>) -> Link {
    // -1 is how the file says that the speed is not known.
    let speed = speed.and_then(|text| number::<u32>(text.trim_ascii())).unwrap_or(u32::MAX);
    let duplex = match duplex.map(<[u8]>::trim_ascii) {
        Some(b"half") => 0,
        Some(b"full") => 1,
        _ => u8::MAX,
    };
    Link { speed, duplex }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;

    const HEADINGS: &str = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";

    fn decode(rest: &str) -> Result<BTreeMap<OsString, NetIo>> {
        decode_net_dev(format!("{HEADINGS}{rest}").as_bytes())
    }

    #[test]
    fn net_interface_name_ends_at_the_last_colon() {
        let all = decode("  eth0:1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n").expect("decodes");
        let io = all[OsStr::new("eth0:1")];
        assert_eq!((io.bytes_recv, io.packets_recv, io.errors_in, io.drops_in), (1, 2, 3, 4));
        assert_eq!(
            (io.bytes_sent, io.packets_sent, io.errors_out, io.drops_out),
            (9, 10, 11, Some(12))
        );
    }

    #[test]
    fn net_totals_sum_all_interfaces_with_loopback() {
        let all =
            decode("lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\neth0: 2 2 0 0 0 0 0 0 5 2 0 0 0 0 0 0\n")
                .expect("decodes");
        let sum = NetIo::sum(all.values()).expect("two");
        assert_eq!((sum.bytes_recv, sum.bytes_sent), (3, 6));
        assert_eq!(NetIo::sum(decode("").expect("none").values()), None);
    }

    #[test]
    fn a_line_cut_off_is_an_error_and_an_empty_file_has_no_interfaces() {
        assert!(decode("lo: 1 2 3\n").is_err());
        assert!(decode("lo 1 2 3 4 5 6 7 8 9 10 11 12\n").is_err());
        assert!(decode_net_dev(b"").expect("none").is_empty());
    }

    #[test]
    fn net_up_means_running() {
        assert!(!interface_stats(0x1003, 1500, None).is_up);
        let running = interface_stats(0x1043, 1500, None);
        assert!(running.is_up);
        assert_eq!(running.flags, ["up", "broadcast", "running", "multicast"]);
    }

    #[test]
    fn net_speed_that_makes_no_sense_is_unknown() {
        for speed in [0, u32::MAX, 0xffff_0000] {
            assert_eq!(interface_stats(0, 0, Some(Link { speed, duplex: 255 })).speed_mbps, None);
        }
        let known = interface_stats(0, 0, Some(Link { speed: 10_000, duplex: 1 }));
        assert_eq!((known.speed_mbps, known.duplex), (Some(10_000), Duplex::Full));
        assert_eq!(interface_stats(0, 0, Some(Link { speed: 10, duplex: 0 })).duplex, Duplex::Half);
    }

    #[test]
    fn files_of_sysfs_tell_the_same() {
        assert_eq!(decode_sysfs_flags(b"0x1003\n"), Some(0x1003));
        assert_eq!(decode_sysfs_flags(b"1003\n"), None);
        assert_eq!(
            decode_sysfs_link(Some(b"1000\n"), Some(b"full\n")),
            Link { speed: 1000, duplex: 1 }
        );
        assert_eq!(decode_sysfs_link(Some(b"-1\n"), None), Link { speed: u32::MAX, duplex: 255 });
    }

    #[test]
    fn an_interface_runs_that_is_up_and_has_a_carrier() {
        assert_eq!((with_running(1, true), with_running(1, false)), (0x41, 1));
        assert_eq!((with_running(0x1002, true), with_running(0x41, true)), (0x1002, 0x41));
    }

    #[test]
    fn half_duplex_is_told_by_its_word() {
        assert_eq!(decode_sysfs_link(None, Some(b"half\n")).duplex, 0);
        assert_eq!(decode_sysfs_link(None, Some(b"unknown\n")).duplex, 255);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, flags: u32, speed: u32, duplex: u8) {
            let _ = decode_net_dev(&[HEADINGS.as_bytes(), &bytes].concat());
            let _ = (decode_sysfs_flags(&bytes), decode_sysfs_link(Some(&bytes), Some(&bytes)));
            let _ = interface_stats(flags, 0, Some(Link { speed, duplex }));
        }
    }
}
