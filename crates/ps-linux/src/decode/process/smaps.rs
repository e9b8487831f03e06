//! `/proc/PID/smaps` and `smaps_rollup`: mappings and what is known of their pages.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ps_core::Result;
use ps_core::process::{MapSizes, MemoryFootprint, MemoryMap};

use crate::decode::malformed;
use crate::decode::text::{columns, hexadecimal, key_value, lines, number};

/// Decodes `smaps`: one mapping for each header line, with the sizes on the lines below it.
///
/// A mapping without a path is called `[anon]`. Lines of other things than known sizes are passed over. No
/// bytes at all are no mappings.
pub fn decode_maps(text: &[u8]) -> Result<Vec<MemoryMap>> {
    let mut maps = Vec::new();
    add_maps(text, &mut maps)?;
    Ok(maps)
}

/// The same piece by piece, each of them of whole lines: what begins with sizes goes on where the one before ended.
pub fn add_maps(text: &[u8], maps: &mut Vec<MemoryMap>) -> Result<()> {
    for line in lines(text) {
        // By far most lines are sizes, whose names begin with a capital letter.
        if !begins_like_a_size(line) && is_header(line) {
            let map =
                header(line).ok_or_else(|| malformed("smaps", "a mapping's header is cut off"))?;
            maps.push(map);
        } else if let Some(map) = maps.last_mut() {
            size(&mut map.sizes, line)?;
        } else {
            return Err(malformed("smaps", "does not begin with a mapping"));
        }
    }
    Ok(())
}

/// Adds up what a process would set free, from `smaps_rollup` or from `smaps` as a whole.
pub fn decode_footprint(text: &[u8]) -> Result<MemoryFootprint> {
    let (mut uss, mut pss, mut swap, mut dirty) = (0u64, 0u64, 0u64, 0u64);
    for line in lines(text) {
        let Some((key, value)) = key_value(line, b':') else { continue };
        let sums = match key {
            b"Private_Dirty" => [Some(&mut uss), Some(&mut dirty)],
            b"Shared_Dirty" => [Some(&mut dirty), None],
            b"Pss" => [Some(&mut pss), None],
            b"Swap" => [Some(&mut swap), None],
            _ if key.starts_with(b"Private_") => [Some(&mut uss), None],
            _ => continue,
        };
        let bytes = super::kilobytes(value).ok_or_else(|| no_size(line))?;
        for sum in sums.into_iter().flatten() {
            *sum = sum.saturating_add(bytes);
        }
    }
    let mut footprint = MemoryFootprint::default();
    footprint.uss = uss;
    footprint.pss = Some(pss);
    footprint.swap = Some(swap);
    footprint.dirty = Some(dirty);
    Ok(footprint)
}

fn begins_like_a_size(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_uppercase)
}

/// Lines of sizes begin with a name and a colon, headers with a range of addresses.
fn is_header(line: &[u8]) -> bool {
    columns(line).next().is_some_and(|first| !first.ends_with(b":"))
}

fn header(line: &[u8]) -> Option<MemoryMap> {
    let mut rest = line;
    let mut column = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (column, after) = rest.split_at(end);
        rest = after;
        (!column.is_empty()).then_some(column)
    };
    let (start, end) = key_value(column()?, b'-')?;
    let permissions = column()?;
    let offset = column()?;
    let (major, minor) = key_value(column()?, b':')?;
    let inode: u64 = number(column()?)?;
    let device = device(hexadecimal(major)?, hexadecimal(minor)?);
    let mut map = MemoryMap::default();
    map.start = hexadecimal(start)?;
    map.end = hexadecimal(end)?;
    map.permissions = String::from_utf8(permissions.to_vec()).ok()?;
    map.offset = hexadecimal(offset)?;
    map.device = (device != 0).then_some(device);
    map.inode = (inode != 0).then_some(inode);
    map.sizes.size = map.end.saturating_sub(map.start);
    let path = rest.trim_ascii_start();
    map.path = Some(match path {
        b"" => OsString::from("[anon]"),
        path => OsString::from_vec(with_newlines(path).into_owned()),
    });
    Some(map)
}

/// The kernel writes a newline in a path as `\012` and everything else as it is.
fn with_newlines(path: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: &[u8] = b"\\012";
    let mut rest = path;
    let mut plain = Vec::new();
    while let Some(at) = rest.windows(ESCAPE.len()).position(|window| window == ESCAPE) {
        let (before, after) = rest.split_at(at);
        plain.extend_from_slice(before);
        plain.push(b'\n');
        rest = after.get(ESCAPE.len()..).unwrap_or_default();
    }
    if plain.is_empty() {
        return Cow::Borrowed(path);
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Major and minor number as `st_dev` of the C library packs them.
fn device(major: u64, minor: u64) -> u64 {
    ((major & 0xffff_f000) << 32)
        + ((major & 0xfff) << 8)
        + ((minor & 0xffff_ff00) << 12)
        + (minor & 0xff)
}

fn size(sizes: &mut MapSizes, line: &[u8]) -> Result<()> {
    let Some(at) = line.iter().position(|byte| *byte == b':') else { return Ok(()) };
    let (key, value) = line.split_at(at);
    let bytes = || {
        let value = value.get(1..).unwrap_or_default();
        super::kilobytes(value).ok_or_else(|| no_size(line))
    };
    let place = match key {
        b"Size" => {
            sizes.size = bytes()?;
            return Ok(());
        }
        b"Rss" => &mut sizes.rss,
        b"Pss" => &mut sizes.pss,
        b"Shared_Clean" => &mut sizes.shared_clean,
        b"Shared_Dirty" => &mut sizes.shared_dirty,
        b"Private_Clean" => &mut sizes.private_clean,
        b"Private_Dirty" => &mut sizes.private_dirty,
        b"Referenced" => &mut sizes.referenced,
        b"Anonymous" => &mut sizes.anonymous,
        b"Swap" => &mut sizes.swap,
        b"Locked" => &mut sizes.locked,
        _ => return Ok(()),
    };
    *place = Some(bytes()?);
    Ok(())
}

fn no_size(line: &[u8]) -> ps_core::Error {
    malformed("smaps", format!("no size in {:?}", String::from_utf8_lossy(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"\
5500-5700 r-xp 00001000 fe:01 247282                     /opt/a b (deleted)\n\
Size:                  8 kB\nRss:                   4 kB\nPss:                   3 kB\n\
Pss_Anon:              99 kB\nShared_Clean:          1 kB\nShared_Dirty:          2 kB\n\
Private_Clean:         5 kB\nPrivate_Dirty:         6 kB\nPrivate_Hugetlb:       7 kB\n\
Referenced:            8 kB\nAnonymous:             9 kB\nSwap:                 10 kB\n\
SwapPss:              77 kB\nLocked:               11 kB\nTHPeligible:           0\n\
VmFlags: rd ex mr mw me \n\
7000-9000 rw-p 00000000 00:00 0 \n\
Rss:                   1 kB\nPss:                   1 kB\nPrivate_Dirty:         1 kB\n\
7ffc0000-7ffd0000 rw-p 00000000 00:00 0                          [stack]\n";

    #[test]
    fn each_header_begins_a_mapping_with_its_own_sizes() {
        let maps = decode_maps(TEXT).expect("decodes");
        let mut in_pieces = Vec::new();
        for line in TEXT.split_inclusive(|byte| *byte == b'\n') {
            add_maps(line, &mut in_pieces).expect("decodes");
        }
        assert_eq!(maps, in_pieces);
        let paths: Vec<_> = maps.iter().map(|map| map.path.clone().expect("has one")).collect();
        assert_eq!(paths, ["/opt/a b (deleted)", "[anon]", "[stack]"]);
        let [first, second, third] = maps.as_slice() else { panic!("three") };
        assert_eq!((first.start, first.end, first.offset), (0x5500, 0x5700, 0x1000));
        assert_eq!((first.permissions.as_str(), first.inode), ("r-xp", Some(247_282)));
        assert_eq!(first.device, Some(0xfe01));
        let mut sizes = MapSizes::default();
        sizes.size = 8 << 10;
        sizes.rss = Some(4 << 10);
        sizes.pss = Some(3 << 10);
        sizes.shared_clean = Some(1 << 10);
        sizes.shared_dirty = Some(2 << 10);
        sizes.private_clean = Some(5 << 10);
        sizes.private_dirty = Some(6 << 10);
        sizes.referenced = Some(8 << 10);
        sizes.anonymous = Some(9 << 10);
        sizes.swap = Some(10 << 10);
        sizes.locked = Some(11 << 10);
        assert_eq!(first.sizes, sizes);
        assert_eq!((second.device, second.inode, second.sizes.size), (None, None, 0x2000));
        assert_eq!((third.sizes.rss, third.sizes.size), (None, 0x10000));
    }

    #[test]
    fn names_that_only_begin_alike_are_not_added_up() {
        let sum = decode_footprint(TEXT).expect("decodes");
        assert_eq!(sum.uss, (5 + 6 + 7 + 1) << 10);
        assert_eq!(sum.pss, Some((3 + 1) << 10));
        assert_eq!(sum.swap, Some(10 << 10));
        assert_eq!(sum.dirty, Some((2 + 6 + 1) << 10));
    }

    #[test]
    fn no_bytes_are_no_mappings_and_no_memory() {
        assert!(decode_maps(b"").expect("decodes").is_empty());
        let none = decode_footprint(b"").expect("decodes");
        assert_eq!((none.uss, none.pss, none.swap), (0, Some(0), Some(0)));
    }

    #[test]
    fn a_size_without_a_number_and_a_header_cut_off_are_errors() {
        for bad in [
            &b"5500-5700 r-xp 00001000 fe:00 1\nRss: x kB\n"[..],
            b"5500-5700 r-xp 00001000 fe:00\n",
            b"5500 r-xp 00001000 fe:00 1\n",
            b"Rss: 1 kB\n",
        ] {
            assert!(decode_maps(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        assert!(decode_footprint(b"Pss: kB\n").is_err());
    }

    #[test]
    fn a_path_keeps_stray_bytes_blanks_at_its_end_and_newlines() {
        let line = b"1-2 r-xp 0 0:0 0    /a\xff\\012b\\13  \n";
        let maps = decode_maps(line).expect("decodes");
        assert_eq!(maps[0].path, Some(OsString::from_vec(b"/a\xff\nb\\13  ".to_vec())));
    }

    #[test]
    fn lines_of_no_known_form_are_passed_over() {
        let text = b"1-2 r-xp 0 0:0 0\nlower: 5 kB\nOdd line of words\nRss: 1 kB\n\n";
        let maps = decode_maps(text).expect("decodes");
        assert_eq!((maps.len(), maps[0].sizes.rss), (1, Some(1024)));
        assert_eq!(decode_footprint(text).expect("decodes").uss, 0);
    }

    #[test]
    fn device_numbers_are_packed_as_stat_has_them() {
        assert_eq!(device(0xfe, 1), 0xfe01);
        assert_eq!(device(0x1234, 0), 0x100000023400);
        assert_eq!(device(8, 0x12345), 0x12300845);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (decode_maps(&bytes), decode_footprint(&bytes));
        }

        #[test]
        fn no_damage_makes_it_panic(at in 0..TEXT.len(), byte: u8, end in 0..TEXT.len()) {
            let mut text = TEXT.to_vec();
            text[at] = byte;
            text.truncate(end);
            let _ = (decode_maps(&text), decode_footprint(&text));
        }
    }
}
