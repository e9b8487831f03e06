//! Mappings (`vm.proc.map`), with their files.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::process::MemoryMap;
use ps_core::raw::{Record, each, text};

use crate::decode::too_short;
use crate::raw::errno::ENOSPC;
use crate::raw::netbsd::files::{
    KVME_FLAG_COW, KVME_FLAG_GROWS_DOWN, KVME_PROT_EXEC, KVME_PROT_READ, KVME_PROT_WRITE,
    KVME_TYPE_ANON, KVME_TYPE_SUBMAP, KVME_TYPE_VNODE, KinfoVmentry,
};

/// The size of a record, which is part of the question.
pub const STRIDE: usize = KinfoVmentry::LAYOUT.size;

/// How often a list that outgrew its room is asked for again.
const ROUNDS: u32 = 10;

/// Reads a list. The kernel says `ENOSPC` where others say that there is not enough memory, and refuses more room than
/// any list needs: what is needed is asked for first.
///
/// # Errors
///
/// Whatever `ask` failed with.
pub fn fill(mut ask: impl FnMut(Option<&mut [u8]>) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    for _ in 0..ROUNDS {
        let wanted = ask(None)?;
        // Room for a few mappings that come meanwhile.
        let mut room = vec![0; wanted.saturating_add(8 * STRIDE)];
        match ask(Some(&mut room)) {
            Ok(length) => {
                room.truncate(length);
                return Ok(room);
            }
            Err(error) if error.raw_os_error() == Some(ENOSPC) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from_raw_os_error(ENOSPC))
}

/// The mappings in an answer. How much of each is resident is not told.
pub fn maps(answer: &[u8]) -> Result<Vec<MemoryMap>> {
    let mut found = Vec::new();
    for entry in each::<KinfoVmentry>(answer, STRIDE) {
        found.extend(map(&entry.map_err(|short| too_short(&short))?));
    }
    found.sort_by_key(|map| map.start);
    Ok(found)
}

/// A mapping; `None` of an entry that maps nothing.
fn map(entry: &KinfoVmentry) -> Option<MemoryMap> {
    let kind = entry.kve_type.cast_signed();
    if kind == KVME_TYPE_SUBMAP || entry.kve_end <= entry.kve_start {
        return None;
    }
    let (protection, flags) = (entry.kve_protection.cast_signed(), entry.kve_flags.cast_signed());
    let mut map = MemoryMap::default();
    map.start = entry.kve_start;
    map.end = entry.kve_end;
    map.offset = entry.kve_offset;
    map.permissions = [
        (protection & KVME_PROT_READ != 0, 'r'),
        (protection & KVME_PROT_WRITE != 0, 'w'),
        (protection & KVME_PROT_EXEC != 0, 'x'),
    ]
    .map(|(may, letter)| if may { letter } else { '-' })
    .into_iter()
    .chain([if flags & KVME_FLAG_COW != 0 { 'p' } else { 's' }])
    .collect();
    if kind == KVME_TYPE_VNODE {
        map.device = Some(entry.kve_vn_fsid);
        map.inode = Some(entry.kve_vn_fileid);
    }
    let path = text(&entry.kve_path);
    map.path = match path {
        [] if flags & KVME_FLAG_GROWS_DOWN != 0 => Some("[stack]".into()),
        [] if kind == KVME_TYPE_ANON => Some("[anon]".into()),
        [] => None,
        path => Some(OsStr::from_bytes(path).to_owned()),
    };
    map.sizes.size = entry.kve_end - entry.kve_start;
    map.sizes.wired_count = Some(entry.kve_wired_count.into());
    map.sizes.ref_count = Some(entry.kve_ref_count.into());
    Some(map)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::raw::errno::EPERM;

    fn entry(start: u64, end: u64, kind: i32) -> KinfoVmentry {
        let kve_type = kind as u32;
        KinfoVmentry { kve_start: start, kve_end: end, kve_type, ..KinfoVmentry::zeroed() }
    }

    #[test]
    fn a_mapped_file_is_named_and_numbered() {
        let mut code = KinfoVmentry {
            kve_offset: 0x2000,
            kve_protection: (KVME_PROT_READ | KVME_PROT_EXEC) as u32,
            kve_flags: KVME_FLAG_COW as u32,
            kve_vn_fsid: 4,
            kve_vn_fileid: 815,
            ..entry(0x4000, 0x6000, KVME_TYPE_VNODE)
        };
        code.kve_path[..7].copy_from_slice(b"/bin/sh");
        let answer = [
            code.to_bytes(),
            entry(0x1000, 0x2000, KVME_TYPE_ANON).to_bytes(),
            entry(0x9000, 0xa000, KVME_TYPE_SUBMAP).to_bytes(),
            entry(0x9000, 0x9000, KVME_TYPE_ANON).to_bytes(),
            // A file whose name the kernel has forgotten.
            entry(0xb000, 0xc000, KVME_TYPE_VNODE).to_bytes(),
        ]
        .concat();
        let found = maps(&answer).expect("whole");
        assert_eq!(found.iter().map(|map| map.start).collect::<Vec<_>>(), [0x1000, 0x4000, 0xb000]);
        assert_eq!(found[0].path.as_deref(), Some(OsStr::new("[anon]")));
        assert_eq!((found[0].permissions.as_str(), found[0].inode), ("---s", None));
        assert_eq!((found[1].permissions.as_str(), found[1].offset), ("r-xp", 0x2000));
        assert_eq!((found[1].device, found[1].inode), (Some(4), Some(815)));
        assert_eq!(found[1].path.as_deref(), Some(OsStr::new("/bin/sh")));
        assert_eq!((found[1].sizes.size, found[1].sizes.rss), (0x2000, None));
        assert_eq!(found[2].path, None);
        assert!(maps(&answer[..STRIDE - 1]).is_err());
    }

    #[test]
    fn a_list_that_grows_meanwhile_is_read_again() {
        let mut size = 10 * STRIDE;
        let read = fill(|room| {
            let Some(room) = room else { return Ok(size) };
            if size < 40 * STRIDE {
                size += 15 * STRIDE;
            }
            if room.len() < size { Err(io::Error::from_raw_os_error(ENOSPC)) } else { Ok(size) }
        });
        assert_eq!(read.map(|answer| answer.len()).ok(), Some(40 * STRIDE));
        let never = fill(|room| match room {
            Some(_) => Err(io::Error::from_raw_os_error(ENOSPC)),
            None => Ok(0),
        });
        assert_eq!(never.map_err(|error| error.raw_os_error()), Err(Some(ENOSPC)));
        let refused = fill(|room| match room {
            Some(_) => Err(io::Error::from_raw_os_error(EPERM)),
            None => Ok(0),
        });
        assert_eq!(refused.map_err(|error| error.raw_os_error()), Err(Some(EPERM)));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_terms() {
        let answer = include_bytes!("../../../../fixtures/records/netbsd-mappings.bin");
        let found = maps(answer).expect("whole");
        assert_eq!((found[0].permissions.as_str(), found[0].offset), ("r-xp", 0x2000));
        assert_eq!((found[0].device, found[0].inode), (Some(4), Some(815)));
        assert_eq!(found[0].path.as_deref(), Some(OsStr::new("/bin/sh")));
        assert_eq!((found[0].sizes.wired_count, found[0].sizes.ref_count), (Some(1), Some(3)));
        assert_eq!(found[1].path.as_deref(), Some(OsStr::new("[stack]")));
        assert_eq!((found[1].permissions.as_str(), found[1].sizes.size), ("rw-s", 0x2000));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2 * STRIDE)) {
            let _ = maps(&bytes);
        }
    }
}
