//! `/proc/PID/limits`: a table of resource limits.

use ps_core::Result;
use ps_core::process::{Limit, Resource};

use crate::decode::malformed;
use crate::decode::text::{columns, lines, number};

/// What each line of the table begins with.
const NAMES: &[(&[u8], Resource)] = &[
    (b"Max cpu time", Resource::Cpu),
    (b"Max file size", Resource::FileSize),
    (b"Max data size", Resource::Data),
    (b"Max stack size", Resource::Stack),
    (b"Max core file size", Resource::Core),
    (b"Max resident set", Resource::ResidentSet),
    (b"Max processes", Resource::Processes),
    (b"Max open files", Resource::OpenFiles),
    (b"Max locked memory", Resource::LockedMemory),
    (b"Max address space", Resource::AddressSpace),
    (b"Max file locks", Resource::Locks),
    (b"Max pending signals", Resource::PendingSignals),
    (b"Max msgqueue size", Resource::MessageQueue),
    (b"Max nice priority", Resource::Nice),
    (b"Max realtime priority", Resource::RealTimePriority),
    (b"Max realtime timeout", Resource::RealTimeTime),
];

/// Takes one limit from the table; `None` if it has no such line.
pub fn decode_limit(text: &[u8], resource: Resource) -> Result<Option<Limit>> {
    let Some((name, _)) = NAMES.iter().find(|(_, one)| *one == resource) else { return Ok(None) };
    let Some(rest) = lines(text).find_map(|line| line.strip_prefix(*name)) else { return Ok(None) };
    let mut values = columns(rest).map(value);
    match (values.next().flatten(), values.next().flatten()) {
        (Some(soft), Some(hard)) => Ok(Some(Limit { soft, hard })),
        _ => Err(malformed("limits", format!("no two values for {resource}"))),
    }
}

fn value(column: &[u8]) -> Option<Option<u64>> {
    match column {
        b"unlimited" => Some(None),
        digits => number(digits).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max open files            1024                 unlimited            files     \n\
Max nice priority         0                    7                    \n";

    #[test]
    fn a_limit_is_found_by_its_resource() {
        let of = |resource| decode_limit(TEXT, resource).expect("decodes");
        assert_eq!(of(Resource::Cpu), Some(Limit::UNLIMITED));
        assert_eq!(of(Resource::OpenFiles), Some(Limit { soft: Some(1024), hard: None }));
        assert_eq!(of(Resource::Nice), Some(Limit { soft: Some(0), hard: Some(7) }));
        assert_eq!(of(Resource::Stack), None);
        assert_eq!(of(Resource::Swap), None);
    }

    #[test]
    fn a_line_cut_off_is_an_error_not_zero() {
        assert!(decode_limit(b"Max cpu time              unlimited", Resource::Cpu).is_err());
        assert!(decode_limit(b"Max cpu time              x 1", Resource::Cpu).is_err());
    }

    #[test]
    fn every_line_has_a_resource_of_its_own() {
        let mut resources: Vec<_> = NAMES.iter().map(|(_, resource)| *resource).collect();
        resources.sort_unstable();
        resources.dedup();
        assert_eq!(resources.len(), 16);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let text = [b"Max cpu time ".as_slice(), &bytes].concat();
            let _ = (decode_limit(&text, Resource::Cpu), decode_limit(&bytes, Resource::Cpu));
        }
    }
}
