//! The allocator of the calling program.

use ps_core::Result;
use ps_core::heap::HeapInfo;
use ps_core::raw::{Record as _, each};

use super::short;
use crate::raw::heap::MallocStatistics;

/// What all zones hold together. The allocator does not tell what it mapped apart.
pub fn decode_zones(answer: &[u8]) -> Result<HeapInfo> {
    let mut info = HeapInfo::default();
    for zone in each::<MallocStatistics>(answer, MallocStatistics::LAYOUT.size) {
        info.heap_used = info.heap_used.saturating_add(zone.map_err(short)?.size_in_use);
    }
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_add_up_and_what_is_not_told_is_none() {
        let zone = |used| MallocStatistics { size_in_use: used, ..MallocStatistics::zeroed() };
        let bytes = [zone(5).to_bytes(), zone(7).to_bytes()].concat();
        let info = decode_zones(&bytes).expect("decodes");
        assert_eq!((info.heap_used, info.mmap_used), (12, None));
        assert!(decode_zones(&bytes[1..]).is_err());
        assert_eq!(decode_zones(&[]).expect("none").heap_used, 0);
    }
}
