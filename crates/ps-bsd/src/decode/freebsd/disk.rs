//! Disk traffic and mounted file systems.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::disk::{DiskIo, Partition, Partitions};
use ps_core::raw::{Record as _, each, text};
use ps_core::{Error, Result};

use crate::decode::disk::{is_on_device, partition};
use crate::decode::{malformed, too_short};
use crate::raw::freebsd::disk::{self as raw, Bintime, Devstat, Statfs};

/// Seconds and 2⁻⁶⁴ths of one.
fn span(time: &Bintime) -> Duration {
    let nanos = (u128::from(time.frac) * 1_000_000_000) >> 64;
    Duration::new(crate::decode::unsigned(time.sec), u32::try_from(nanos).unwrap_or(0))
}

/// Traffic of each disk, from an answer of `kern.devstat.all`: a generation, then the records.
///
/// Left out are the entries that the layers above the disks keep for themselves, which have no number, and those for
/// passing commands through to a disk that has an entry of its own.
///
/// # Errors
///
/// A record of another layout than the one this is made for.
pub fn io_counters(answer: &[u8]) -> Result<BTreeMap<OsString, DiskIo>> {
    let mut disks = BTreeMap::new();
    for record in each::<Devstat>(answer.get(8..).unwrap_or_default(), Devstat::LAYOUT.size) {
        let record = record.map_err(|short| too_short(&short))?;
        if record.device_type & raw::DEVSTAT_TYPE_PASS.cast_unsigned() != 0 {
            continue;
        }
        let (name, Ok(unit)) = (text(&record.device_name), u32::try_from(record.unit_number))
        else {
            continue;
        };
        if !name.is_empty() {
            let mut full = OsStr::from_bytes(name).to_owned();
            full.push(unit.to_string());
            disks.insert(full, counters(&record));
        }
    }
    Ok(disks)
}

fn counters(record: &Devstat) -> DiskIo {
    let [_, read_bytes, write_bytes, _] = record.bytes;
    let [_, reads, writes, _] = record.operations;
    let [_, reading, writing, _] = record.duration;
    let mut io = DiskIo::default();
    (io.read_count, io.write_count) = (reads, writes);
    (io.read_bytes, io.write_bytes) = (read_bytes, write_bytes);
    (io.read_time, io.write_time) = (Some(span(&reading)), Some(span(&writing)));
    io.busy_time = Some(span(&record.busy_time));
    io
}

/// Refuses to read records of another version.
///
/// # Errors
///
/// If the version is not the one this is made for.
pub fn check_version(version: i32) -> Result<()> {
    if version == raw::DEVSTAT_VERSION {
        return Ok(());
    }
    let reason = format!("version {version}, not {}", raw::DEVSTAT_VERSION);
    Err::<_, Error>(malformed("struct devstat", reason))
}

/// Options by the names that `mount` shows.
const OPTIONS: &[(u64, &str)] = &[
    (raw::MNT_SYNCHRONOUS, "sync"),
    (raw::MNT_NOEXEC, "noexec"),
    (raw::MNT_NOSUID, "nosuid"),
    (raw::MNT_UNION, "union"),
    (raw::MNT_ASYNC, "async"),
    (raw::MNT_SUIDDIR, "suiddir"),
    (raw::MNT_SOFTDEP, "softdep"),
    (raw::MNT_NOSYMFOLLOW, "nosymfollow"),
    (raw::MNT_GJOURNAL, "gjournal"),
    (raw::MNT_MULTILABEL, "multilabel"),
    (raw::MNT_ACLS, "acls"),
    (raw::MNT_NFS4ACLS, "nfsv4acls"),
    (raw::MNT_NOATIME, "noatime"),
    (raw::MNT_NOCLUSTERR, "noclusterr"),
    (raw::MNT_NOCLUSTERW, "noclusterw"),
    (raw::MNT_SUJ, "suj"),
    (raw::MNT_AUTOMOUNTED, "automounted"),
    (raw::MNT_UNTRUSTED, "untrusted"),
    (raw::MNT_VERIFIED, "verified"),
    (raw::MNT_LOCAL, "local"),
    (raw::MNT_QUOTA, "quota"),
    (raw::MNT_EXPORTED, "exported"),
];

/// Mounted file systems, from the records of `getfsstat`.
///
/// # Errors
///
/// A record that is cut.
pub fn partitions(answer: &[u8], which: Partitions) -> Result<Vec<Partition>> {
    let mut all = Vec::new();
    for record in each::<Statfs>(answer, Statfs::LAYOUT.size) {
        let record = record.map_err(|short| too_short(&short))?;
        let (device, kind) = (text(&record.f_mntfromname), text(&record.f_fstypename));
        if which == Partitions::All || is_on_device(device, kind) {
            all.push(partition(device, text(&record.f_mntonname), kind, record.f_flags, OPTIONS));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn disk(name: &[u8], unit: i32, kind: i32) -> Vec<u8> {
        let mut record = Devstat::zeroed();
        record.device_name[..name.len()].copy_from_slice(name);
        (record.unit_number, record.device_type) = (unit, kind.cast_unsigned());
        record.operations = [1, 2, 3, 4];
        record.bytes = [10, 20, 30, 40];
        record.duration[1] = Bintime { sec: 1, frac: 1 << 63 };
        record.busy_time = Bintime { sec: 7, frac: u64::MAX };
        record.to_bytes()
    }

    #[test]
    fn reads_and_writes_are_not_mixed_up_and_fractions_are_binary() {
        let answer = [vec![0; 8], disk(b"ada", 0, 0)].concat();
        let disks = io_counters(&answer).expect("reads");
        let ada = &disks[OsStr::new("ada0")];
        assert_eq!((ada.read_count, ada.write_count), (2, 3));
        assert_eq!((ada.read_bytes, ada.write_bytes), (20, 30));
        assert_eq!(ada.read_time, Some(Duration::from_millis(1500)));
        assert_eq!(ada.busy_time, Some(Duration::new(7, 999_999_999)));
    }

    #[test]
    fn entries_of_other_layers_are_left_out() {
        let answer = [
            vec![0; 8],
            disk(b"", -1, 0),
            disk(b"pass", 0, raw::DEVSTAT_TYPE_PASS),
            disk(b"da", -1, 0),
            disk(b"nda", 12, 0),
        ]
        .concat();
        let names: Vec<_> = io_counters(&answer).expect("reads").into_keys().collect();
        assert_eq!(names, ["nda12"]);
    }

    #[test]
    fn no_disks_are_an_empty_answer_and_a_cut_one_is_an_error() {
        assert!(io_counters(&[0; 8]).expect("reads").is_empty());
        assert!(io_counters(&[]).expect("reads").is_empty());
        assert!(io_counters(&[0; 200]).is_err());
        assert!(check_version(6).is_ok() && check_version(7).is_err());
    }

    fn mount(kind: &[u8], from: &[u8], on: &[u8], flags: u64) -> Vec<u8> {
        let mut record = Statfs::zeroed();
        record.f_fstypename[..kind.len()].copy_from_slice(kind);
        record.f_mntfromname[..from.len()].copy_from_slice(from);
        record.f_mntonname[..on.len()].copy_from_slice(on);
        record.f_flags = flags;
        record.to_bytes()
    }

    #[test]
    fn file_systems_in_memory_are_listed_only_when_all_are_asked_for() {
        let answer = [
            mount(b"zfs", b"zroot/ROOT", b"/", raw::MNT_LOCAL | raw::MNT_NFS4ACLS),
            mount(b"devfs", b"devfs", b"/dev", 0),
        ]
        .concat();
        let physical = partitions(&answer, Partitions::Physical).expect("reads");
        assert_eq!(physical.len(), 1);
        assert_eq!(physical[0].options, "rw,nfsv4acls,local");
        assert_eq!(physical[0].device.as_deref(), Some(OsStr::new("zroot/ROOT")));
        assert_eq!(partitions(&answer, Partitions::All).expect("reads").len(), 2);
        assert!(partitions(&answer[..3000], Partitions::All).is_err());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn disks_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/freebsd-disks.bin");
        let disks = io_counters(answer).expect("reads");
        assert_eq!(disks.keys().collect::<Vec<_>>(), ["ada1"]);
        let ada = &disks[OsStr::new("ada1")];
        assert_eq!((ada.read_count, ada.write_count), (21, 22));
        assert_eq!((ada.read_bytes, ada.write_bytes), (0x1_0000_0001, 0x2_0000_0002));
        assert_eq!(ada.read_time, Some(Duration::from_millis(3250)));
        assert_eq!(ada.write_time, Some(Duration::from_millis(5500)));
        assert_eq!(ada.busy_time, Some(Duration::from_millis(7750)));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn mounts_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/freebsd-mounts.bin");
        let all = partitions(answer, Partitions::Physical).expect("reads");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].options, "ro,noatime,suj,local");
        assert_eq!(all[0].mount_point.as_os_str().as_bytes(), b"/a\xff b");
        assert_eq!(all[0].fs_type, "ufs");
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_disk_panic(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let _ = (io_counters(&bytes), partitions(&bytes, Partitions::All));
        }
    }
}
