//! Traffic of disks, from `/proc/diskstats` or the `stat` files of sysfs.

use std::time::Duration;

use ps_core::Result;
use ps_core::disk::DiskIo;

use crate::decode::malformed;
use crate::decode::text::{first_number, lines, numbers};

/// The kernel counts in sectors of this size, whatever the disk's are.
const SECTOR: u64 = 512;

/// Every disk and partition of `/proc/diskstats` with its traffic, in the file's order, shown to `visit`.
///
/// # Errors
///
/// `Decode` for a line in none of the shapes that kernels have written.
pub fn decode_diskstats(text: &[u8], visit: &mut dyn FnMut(&[u8], DiskIo)) -> Result<()> {
    for line in lines(text).filter(|line| !line.trim_ascii().is_empty()) {
        let (name, io) = line_of_diskstats(line).ok_or_else(|| {
            malformed(
                "/proc/diskstats",
                format!("cannot make sense of {:?}", String::from_utf8_lossy(line)),
            )
        })?;
        visit(name, io);
    }
    Ok(())
}

fn line_of_diskstats(line: &[u8]) -> Option<(&[u8], DiskIo)> {
    let (_major, rest) = column(line)?;
    let (_minor, rest) = column(rest)?;
    let (name, rest) = column(rest)?;
    match figures(rest) {
        // 2.6 and later; 4.18 and 5.5 added columns at the end, and later kernels may.
        (figures, 11 | 15..) => Some((name, from_columns(figures)?)),
        // Partitions before 2.6.25: reads, sectors read, writes, sectors written.
        ([a, b, c, d, ..], 4) => Some((name, short(a?, b?, c?, d?))),
        // 2.4: the size in blocks stands before the name.
        (_, 12) => {
            let (name, rest) = column(rest)?;
            Some((name, from_columns(figures(rest).0)?))
        }
        _ => None,
    }
}

/// The columns behind a name, `None` for those that are no numbers, and how many there are; from 15, some.
fn figures(text: &[u8]) -> ([Option<u64>; 11], usize) {
    let mut figures = [None; 11];
    let (mut count, mut rest) = (0, text);
    while count < 15 {
        if let Some(place) = figures.get_mut(count)
            && let Some((number, after)) = first_number(rest)
        {
            (*place, rest) = (Some(number), after);
        } else if let Some((_, after)) = column(rest) {
            rest = after;
        } else {
            break;
        }
        count += 1;
    }
    (figures, count)
}

/// The first column, blanks before it passed over, and what follows it.
fn column(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Traffic from the `stat` file of a disk in sysfs.
///
/// # Errors
///
/// `Decode` if it has fewer than the columns needed.
pub fn decode_block_stat(text: &[u8]) -> Result<DiskIo> {
    let values: Option<Vec<u64>> = numbers(text).collect();
    match values.as_deref() {
        Some([a, b, c, d, e, f, g, h, _, busy, ..]) => {
            Ok(full([*a, *b, *c, *d], [*e, *f, *g, *h], *busy))
        }
        Some([reads, read, writes, written]) => Ok(short(*reads, *read, *writes, *written)),
        _ => Err(malformed("stat of a block device", "fewer than ten numbers")),
    }
}

/// Traffic from the columns of a whole disk; in flight and weighted time are of no use.
fn from_columns([a, b, c, d, e, f, g, h, _, busy, _]: [Option<u64>; 11]) -> Option<DiskIo> {
    Some(full([a?, b?, c?, d?], [e?, f?, g?, h?], busy?))
}

/// Reads or writes as count, merged, sectors, milliseconds.
fn full(reads: [u64; 4], writes: [u64; 4], busy_ms: u64) -> DiskIo {
    let [read_count, read_merged, read_sectors, read_ms] = reads;
    let [write_count, write_merged, write_sectors, write_ms] = writes;
    let mut io = short(read_count, read_sectors, write_count, write_sectors);
    io.read_time = Some(Duration::from_millis(read_ms));
    io.write_time = Some(Duration::from_millis(write_ms));
    io.busy_time = Some(Duration::from_millis(busy_ms));
    io.read_merged_count = Some(read_merged);
    io.write_merged_count = Some(write_merged);
    io
}

fn short(reads: u64, read_sectors: u64, writes: u64, written_sectors: u64) -> DiskIo {
    let mut io = DiskIo::default();
    io.read_count = reads;
    io.write_count = writes;
    io.read_bytes = read_sectors.saturating_mul(SECTOR);
    io.write_bytes = written_sectors.saturating_mul(SECTOR);
    io
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Result<Vec<(String, DiskIo)>> {
        let mut all = Vec::new();
        decode_diskstats(text, &mut |name, io| {
            all.push((String::from_utf8_lossy(name).into_owned(), io));
        })?;
        Ok(all)
    }

    fn one(line: &str) -> (String, DiskIo) {
        all(line.as_bytes()).expect("decodes").remove(0)
    }

    #[test]
    fn disk_line_shapes_of_every_kernel() {
        let (name, now) = one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
        assert_eq!(name, "sda");
        assert_eq!((now.read_count, now.read_merged_count, now.read_bytes), (1, Some(2), 3 * 512));
        assert_eq!(
            (now.write_count, now.write_merged_count, now.write_bytes),
            (5, Some(6), 7 * 512)
        );
        assert_eq!(now.read_time, Some(Duration::from_millis(4)));
        assert_eq!(now.write_time, Some(Duration::from_millis(8)));
        assert_eq!(now.busy_time, Some(Duration::from_millis(10)));
        assert_eq!(one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n").1, now);
        assert_eq!(one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n").1, now);
        assert_eq!(one("3 0 39082680 hda 1 2 3 4 5 6 7 8 9 10 11\n"), ("hda".into(), now));
        // What is of no use may be anything.
        assert_eq!(one("8 0 sda 1 2 3 4 5 6 7 8 -1 10 x 12 13 14 y\n").1, now);
        let (name, old) = one("8 1 sda1 1 3 5 7\n");
        assert_eq!(name, "sda1");
        assert_eq!(
            (old.read_count, old.read_bytes, old.write_count, old.write_bytes),
            (1, 1536, 5, 3584)
        );
        assert_eq!((old.read_time, old.busy_time, old.read_merged_count), (None, None, None));
    }

    #[test]
    fn disk_line_of_another_shape_is_an_error() {
        for text in [
            "8 0 sda 1 2 3\n",
            "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
            "8 0 sda x 2 3 4 5 6 7 8 9 10 11\n",
        ] {
            assert!(all(text.as_bytes()).is_err(), "{text}");
        }
        assert!(all(b"").expect("no disks").is_empty());
    }

    #[test]
    fn disk_stat_of_sysfs_has_the_same_columns() {
        let from_sysfs =
            decode_block_stat(b"  1  2 3 4 5 6 7 8 9 10 11 0 0 0 0\n").expect("decodes");
        assert_eq!(from_sysfs, one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n").1);
        assert!(decode_block_stat(b"").is_err());
        assert!(decode_block_stat(b"1 2 3 4 5 6 7 8 9").is_err());
    }

    #[test]
    fn disk_sector_is_512_bytes() {
        assert_eq!(decode_block_stat(b"0 0 1 0 0 0 2 0 0 0 0").expect("decodes").write_bytes, 1024);
    }

    #[test]
    fn an_old_partition_has_four_figures_in_sysfs() {
        let partition = decode_block_stat(b"1 3 5 7\n").expect("decodes");
        assert_eq!(partition, one("8 1 sda1 1 3 5 7\n").1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, line in "[0-9]{1,20}( [0-9a]{1,20}){0,20}") {
            let _ = (all(&bytes), decode_block_stat(&bytes));
            let _ = (all(line.as_bytes()), decode_block_stat(line.as_bytes()));
        }
    }
}
