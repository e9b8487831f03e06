//! Mappings (`kern.proc_vmmap`). The kernel tells neither their files nor how much of them is resident.

use ps_core::Result;
use ps_core::process::MemoryMap;
use ps_core::raw::{Record, each};

use crate::decode::too_short;
use crate::raw::openbsd::files::{
    KVE_ET_COPYONWRITE, KVE_ET_HOLE, KVE_PROT_EXEC, KVE_PROT_READ, KVE_PROT_WRITE, KinfoVmentry,
};

/// The size of a record: the kernel refuses room that is no multiple of it.
pub const STRIDE: usize = KinfoVmentry::LAYOUT.size;

/// Where a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Next {
    /// At this address.
    At(u64),
    /// Nowhere: that was all.
    End,
}

/// Takes one part of a listing apart, of which the kernel was given room for `room` entries. Entries that begin at or
/// after an address are told, by ascending address.
pub fn part(answer: &[u8], room: usize, maps: &mut Vec<MemoryMap>) -> Result<Next> {
    let mut count = 0;
    let mut next = Next::End;
    for entry in each::<KinfoVmentry>(answer, STRIDE) {
        let entry = entry.map_err(|short| too_short(&short))?;
        count += 1;
        // One that does not go forward would be asked for for ever.
        let after = entry.kve_start.checked_add(1);
        next = match (next, after) {
            (Next::At(before), Some(after)) if after <= before => return Ok(Next::End),
            (_, Some(after)) => Next::At(after),
            (_, None) => Next::End,
        };
        maps.extend(map(&entry));
    }
    Ok(if count < room { Next::End } else { next })
}

/// A mapping; `None` of an entry that maps nothing.
fn map(entry: &KinfoVmentry) -> Option<MemoryMap> {
    if entry.kve_etype & KVE_ET_HOLE != 0 || entry.kve_end <= entry.kve_start {
        return None;
    }
    let mut map = MemoryMap::default();
    map.start = entry.kve_start;
    map.end = entry.kve_end;
    map.offset = entry.kve_offset;
    map.permissions = [
        (entry.kve_protection & KVE_PROT_READ != 0, 'r'),
        (entry.kve_protection & KVE_PROT_WRITE != 0, 'w'),
        (entry.kve_protection & KVE_PROT_EXEC != 0, 'x'),
    ]
    .map(|(may, letter)| if may { letter } else { '-' })
    .into_iter()
    .chain([if entry.kve_etype & KVE_ET_COPYONWRITE != 0 { 'p' } else { 's' }])
    .collect();
    map.sizes.size = entry.kve_end - entry.kve_start;
    map.sizes.wired_count = u64::try_from(entry.kve_wired_count).ok();
    Some(map)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::raw::Record;

    use super::*;

    fn entry(start: u64, end: u64) -> KinfoVmentry {
        KinfoVmentry { kve_start: start, kve_end: end, ..KinfoVmentry::zeroed() }
    }

    fn answer(entries: &[KinfoVmentry]) -> Vec<u8> {
        entries.iter().flat_map(Record::to_bytes).collect()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_terms() {
        let answer = include_bytes!("../../../../fixtures/records/openbsd-mappings.bin");
        let mut maps = Vec::new();
        assert_eq!(part(answer, 100, &mut maps).expect("whole"), Next::End);
        assert_eq!(maps.len(), 2, "a hole is no mapping");
        assert_eq!((maps[0].start, maps[0].end), (0x1000, 0x3000));
        assert_eq!((maps[0].permissions.as_str(), maps[0].offset), ("r-xp", 0x2000));
        assert_eq!((maps[1].permissions.as_str(), maps[1].sizes.size), ("rw-s", 0x1000));
        assert_eq!(maps[1].sizes.wired_count, Some(2));
        assert_eq!((&maps[1].path, maps[1].sizes.rss), (&None, None));
    }

    #[test]
    fn a_listing_goes_on_behind_the_last_entry_while_the_room_was_filled() {
        let mut maps = Vec::new();
        let full = answer(&[entry(0x1000, 0x2000), entry(0x4000, 0x5000)]);
        assert_eq!(part(&full, 2, &mut maps).expect("whole"), Next::At(0x4001));
        assert_eq!(part(&full, 3, &mut maps).expect("whole"), Next::End);
        assert_eq!(part(&[], 2, &mut maps).expect("empty"), Next::End);
        assert_eq!(maps.len(), 4);
        assert_eq!(maps[0].permissions, "---s", "nothing is allowed to nobody");
    }

    #[test]
    fn a_listing_that_does_not_go_forward_ends() {
        let back = answer(&[entry(0x4000, 0x5000), entry(0x1000, 0x2000)]);
        assert_eq!(part(&back, 2, &mut Vec::new()).expect("whole"), Next::End);
        let last = answer(&[entry(u64::MAX, u64::MAX)]);
        assert_eq!(part(&last, 1, &mut Vec::new()).expect("whole"), Next::End);
    }

    #[test]
    fn a_cut_entry_is_an_error() {
        assert!(part(&answer(&[entry(1, 2)])[..STRIDE - 1], 1, &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..3 * STRIDE), room in 0..4_usize) {
            let _ = part(&bytes, room, &mut Vec::new());
        }
    }
}
