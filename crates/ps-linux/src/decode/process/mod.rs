//! Files below `/proc/PID`.

mod cgroup;
mod cmdline;
mod connector;
mod fdinfo;
mod io;
mod limits;
mod link;
mod scheduling;
mod security;
mod smaps;
mod stat;
mod statm;
mod status;

use crate::decode::text::first_number;

pub use cgroup::{CgroupMembership, decode_cgroups};
pub use cmdline::{needs_a_look, split};
pub use connector::{Connected, decode_connector, encode_listen};
pub use fdinfo::{FdInfo, decode_details, decode_fdinfo, kind_of_link};
pub use io::decode_io;
pub use limits::decode_limit;
pub use link::{namespace_of_link, target};
pub use scheduling::{IoClass, IoPriority, Policy, Scheduling};
pub use security::{Capabilities, CapabilitySets, Namespaces, Seccomp};
pub use smaps::{add_maps, decode_footprint, decode_maps};
pub use stat::{Stat, decode_stat};
pub use statm::{Statm, decode_statm};
pub use status::{
    SignalWords, StatusFile, StatusMemory, decode_ids, decode_rss, decode_status, decode_switches,
    decode_tgid,
};

/// `12 kB` in bytes.
fn kilobytes(value: &[u8]) -> Option<u64> {
    let (count, unit) = first_number(value)?;
    (unit.trim_ascii() == b"kB").then(|| count.saturating_mul(1024))
}

#[cfg(test)]
mod sizes {
    use super::kilobytes;

    #[test]
    fn a_size_is_a_number_and_its_unit_and_nothing_else() {
        assert_eq!(kilobytes(b"12 kB"), Some(12 * 1024));
        assert_eq!(kilobytes(b"18446744073709551615 kB"), Some(u64::MAX));
        for bad in [&b""[..], b"12", b"12 MB", b"kB", b"12 kB 3", b"-1 kB"] {
            assert_eq!(kilobytes(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}

#[cfg(test)]
#[cfg(feature = "serde")]
mod tests {
    use super::*;

    fn reads_back<T>(record: &T, json: &str)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let text = serde_json::to_string(record).expect("written");
        assert_eq!(text, json);
        assert_eq!(&serde_json::from_str::<T>(&text).expect("read"), record);
        let bytes = postcard::to_allocvec(record).expect("written");
        assert_eq!(&postcard::from_bytes::<T>(&bytes).expect("read"), record);
    }

    #[test]
    fn records_read_back_from_text_and_from_bytes() {
        let io = IoPriority::new(IoClass::BestEffort, 4).expect("valid");
        reads_back(&io, r#"{"class":"best_effort","level":4}"#);
        let real = Scheduling::new(Policy::Fifo, 9).expect("valid");
        reads_back(&real, r#"{"policy":"fifo","priority":9}"#);
        reads_back(&Policy::Unknown(4), r#"{"unknown":4}"#);
        reads_back(&Seccomp::Filter { count: Some(2) }, r#"{"filter":{"count":2}}"#);
        reads_back(&Seccomp::Disabled, r#""disabled""#);
        reads_back(&Capabilities::from_bits(u64::MAX), "18446744073709551615");
        let sets = CapabilitySets {
            effective: Some(Capabilities::from_bits(3)),
            ..CapabilitySets::default()
        };
        let json =
            r#"{"inheritable":null,"permitted":null,"effective":3,"bounding":null,"ambient":null}"#;
        reads_back(&sets, json);
        let namespaces = Namespaces { uts: Some(7), ..Namespaces::default() };
        let text = serde_json::to_string(&namespaces).expect("written");
        reads_back(&namespaces, &text);
        let groups = decode_cgroups(b"4:cpu,cpuacct:/a\xff\n").expect("decodes");
        let json = r#"{"hierarchy":4,"controllers":["cpu","cpuacct"],"path":{"bytes":[47,97,255]},"removed":false}"#;
        reads_back(&groups[0], json);
    }
}
