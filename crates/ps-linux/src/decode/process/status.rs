//! `/proc/PID/status`: `Name: value` lines.

use ps_core::process::{
    ContextSwitches, Gid, Gids, MemoryInfo, MemoryInfoEx, SignalMasks, SignalNumbers, Uid, Uids,
};
use ps_core::{Pid, Result};

use super::kilobytes;
use super::security::{Capabilities, CapabilitySets};
use crate::decode::malformed;
use crate::decode::text::{columns, hexadecimal, key_value, lines, number, number_list};

/// What is of use in `/proc/PID/status`. A line that a kernel lacks is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct StatusFile {
    /// Real, effective and saved user.
    pub uids: Uids,
    /// User that file access is judged by.
    pub fsuid: Uid,
    /// Real, effective and saved group.
    pub gids: Gids,
    /// Group that file access is judged by.
    pub fsgid: Gid,
    /// Supplementary groups.
    pub groups: Vec<Gid>,
    /// The process that a thread belongs to; its own number for a process.
    pub tgid: Option<Pid>,
    /// File creation mask.
    pub umask: Option<u32>,
    /// How many threads the process has.
    pub threads: Option<u32>,
    /// Switches of the main thread.
    pub context_switches: Option<ContextSwitches>,
    /// Signals, as masks in which bit 0 stands for signal 1.
    pub signals: SignalWords,
    /// Memory; none of it for what has no address space, as kernel threads and zombies.
    pub memory: StatusMemory,
    /// Capabilities.
    pub capabilities: CapabilitySets,
    /// Whether programs it starts can gain no privileges.
    pub no_new_privs: Option<bool>,
    /// How its system calls are filtered.
    pub seccomp: Option<u32>,
    /// How many filters there are for its system calls.
    pub seccomp_filters: Option<u32>,
    /// CPUs it may run on, where the line could be read.
    pub cpus_allowed: Option<Vec<u32>>,
}

/// Signals of a process, as masks in which bit 0 stands for signal 1. A line that a kernel lacks is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct SignalWords {
    /// Waiting to be delivered to the main thread.
    pub pending: u128,
    /// Waiting to be delivered to the process.
    pub process_pending: u128,
    /// Held back.
    pub blocked: u128,
    /// Ignored.
    pub ignored: u128,
    /// Caught by a handler.
    pub caught: u128,
}

impl SignalWords {
    /// The signals by name.
    #[must_use]
    pub fn masks(&self, numbers: &SignalNumbers) -> SignalMasks {
        let mut masks = SignalMasks::default();
        masks.pending = Some(numbers.signals(self.pending));
        masks.process_pending = Some(numbers.signals(self.process_pending));
        masks.blocked = Some(numbers.signals(self.blocked));
        masks.ignored = numbers.signals(self.ignored);
        masks.caught = numbers.signals(self.caught);
        masks
    }
}

/// Sizes of memory that `status` shows, in bytes. A line that is not there is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct StatusMemory {
    pub vm_size: Option<u64>,
    pub vm_peak: Option<u64>,
    pub vm_hwm: Option<u64>,
    pub rss_anon: Option<u64>,
    pub rss_file: Option<u64>,
    pub rss_shmem: Option<u64>,
    pub vm_swap: Option<u64>,
    pub hugetlb: Option<u64>,
    pub vm_lck: Option<u64>,
    pub vm_pte: Option<u64>,
    pub vm_lib: Option<u64>,
}

impl StatusMemory {
    /// With the main figures, which come from elsewhere. What has no address space has none of anything; a
    /// line that the kernel lacks stays `None`.
    #[must_use]
    pub fn extend(&self, info: MemoryInfo) -> MemoryInfoEx {
        let nothing = self.vm_size.is_none().then_some(0);
        let mut more = MemoryInfoEx::default();
        more.info = info;
        more.peak_rss = self.vm_hwm.or(nothing);
        more.peak_vms = self.vm_peak.or(nothing);
        more.rss_anon = self.rss_anon.or(nothing);
        more.rss_file = self.rss_file.or(nothing);
        more.rss_shmem = self.rss_shmem.or(nothing);
        more.swap = self.vm_swap.or(nothing);
        more.hugetlb = self.hugetlb.or(nothing);
        more.locked = self.vm_lck.or(nothing);
        more.page_tables = self.vm_pte.or(nothing);
        more.lib = self.vm_lib.or(nothing);
        more
    }
}

/// The two lines of users and groups alone, for those who need nothing more of the file.
pub fn decode_ids(text: &[u8]) -> Result<(Uids, Gids)> {
    let uids = ids(line(text, b"Uid:")).map(|[real, effective, saved, _]| Uids {
        real: Uid::new(real),
        effective: Uid::new(effective),
        saved: Uid::new(saved),
    });
    let gids = ids(line(text, b"Gid:")).map(|[real, effective, saved, _]| Gids {
        real: Gid::new(real),
        effective: Gid::new(effective),
        saved: Gid::new(saved),
    });
    match (uids, gids) {
        (Some(uids), Some(gids)) => Ok((uids, gids)),
        (None, _) => Err(malformed("status", "no line of users")),
        (_, None) => Err(malformed("status", "no line of groups")),
    }
}

/// Resident memory in bytes; `None` for what has no memory.
#[must_use]
pub fn decode_rss(text: &[u8]) -> Option<u64> {
    let kib: u64 = columns(line(text, b"VmRSS:")?).next().and_then(number)?;
    Some(kib.saturating_mul(1024))
}

/// The rest of the first line that begins with a key.
fn line<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    lines(text).find_map(|line| line.strip_prefix(key))
}

fn ids(line: Option<&[u8]>) -> Option<[u32; 4]> {
    let mut all = columns(line?).map(number::<u32>);
    let mut next = || all.next().flatten();
    Some([next()?, next()?, next()?, next()?])
}

/// Decodes the whole file.
pub fn decode_status(text: &[u8]) -> Result<StatusFile> {
    let (uids, gids) = decode_ids(text)?;
    let [_, _, _, fsuid] = ids(line(text, b"Uid:")).unwrap_or_default();
    let [_, _, _, fsgid] = ids(line(text, b"Gid:")).unwrap_or_default();
    let mut status = StatusFile {
        uids,
        fsuid: Uid::new(fsuid),
        gids,
        fsgid: Gid::new(fsgid),
        groups: Vec::new(),
        tgid: None,
        umask: None,
        threads: None,
        context_switches: decode_switches(text),
        signals: SignalWords::default(),
        memory: StatusMemory::default(),
        capabilities: CapabilitySets::default(),
        no_new_privs: None,
        seccomp: None,
        seccomp_filters: None,
        cpus_allowed: None,
    };
    for (key, value) in lines(text).filter_map(|line| key_value(line, b':')) {
        match key {
            b"Groups" => {
                status.groups = columns(value).filter_map(number).map(Gid::new).collect();
            }
            b"Tgid" => status.tgid = number(value).and_then(Pid::new),
            b"Umask" => {
                status.umask = std::str::from_utf8(value)
                    .ok()
                    .and_then(|digits| u32::from_str_radix(digits, 8).ok());
            }
            b"Threads" => status.threads = number(value),
            b"SigPnd" => status.signals.pending = mask(value),
            b"ShdPnd" => status.signals.process_pending = mask(value),
            b"SigBlk" => status.signals.blocked = mask(value),
            b"SigIgn" => status.signals.ignored = mask(value),
            b"SigCgt" => status.signals.caught = mask(value),
            b"CapInh" => status.capabilities.inheritable = capabilities(value),
            b"CapPrm" => status.capabilities.permitted = capabilities(value),
            b"CapEff" => status.capabilities.effective = capabilities(value),
            b"CapBnd" => status.capabilities.bounding = capabilities(value),
            b"CapAmb" => status.capabilities.ambient = capabilities(value),
            b"NoNewPrivs" => status.no_new_privs = number(value).map(|flag: u32| flag != 0),
            b"Seccomp" => status.seccomp = number(value),
            b"Seccomp_filters" => status.seccomp_filters = number(value),
            b"Cpus_allowed_list" => status.cpus_allowed = number_list(value),
            b"VmSize" => status.memory.vm_size = kilobytes(value),
            b"VmPeak" => status.memory.vm_peak = kilobytes(value),
            b"VmHWM" => status.memory.vm_hwm = kilobytes(value),
            b"RssAnon" => status.memory.rss_anon = kilobytes(value),
            b"RssFile" => status.memory.rss_file = kilobytes(value),
            b"RssShmem" => status.memory.rss_shmem = kilobytes(value),
            b"VmSwap" => status.memory.vm_swap = kilobytes(value),
            b"HugetlbPages" => status.memory.hugetlb = kilobytes(value),
            b"VmLck" => status.memory.vm_lck = kilobytes(value),
            b"VmPTE" => status.memory.vm_pte = kilobytes(value),
            b"VmLib" => status.memory.vm_lib = kilobytes(value),
            _ => {}
        }
    }
    Ok(status)
}

/// A mask in hexadecimal digits; 0 if it is none.
fn mask(value: &[u8]) -> u128 {
    let digits = std::str::from_utf8(value).ok();
    digits.and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

fn capabilities(value: &[u8]) -> Option<Capabilities> {
    hexadecimal(value).map(Capabilities::from_bits)
}

/// The two counts of context switches alone, for those who need nothing more of the file. `None` if the
/// kernel does not count them.
#[must_use]
pub fn decode_switches(text: &[u8]) -> Option<ContextSwitches> {
    let of = |key| line(text, key).map(<[u8]>::trim_ascii).and_then(number);
    Some(ContextSwitches::new(
        of(b"voluntary_ctxt_switches:")?,
        of(b"nonvoluntary_ctxt_switches:")?,
    ))
}

/// The process that a thread belongs to; its own number for a process. `None` if the line is not there.
#[must_use]
pub fn decode_tgid(text: &[u8]) -> Option<Pid> {
    line(text, b"Tgid:").map(<[u8]>::trim_ascii).and_then(number).and_then(Pid::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"Name:\tsh\\nx\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\n\
        Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \nThreads:\t2\n\
        voluntary_ctxt_switches:\t11\nnonvoluntary_ctxt_switches:\t12\n";

    #[test]
    fn the_saved_group_is_not_the_saved_user() {
        let status = decode_status(TEXT).expect("decodes");
        assert_eq!(status.uids.saved, Uid::new(3));
        assert_eq!(status.gids.saved, Gid::new(7));
        assert_eq!((status.fsuid, status.fsgid), (Uid::new(4), Gid::new(8)));
    }

    #[test]
    fn every_line_is_found() {
        let status = decode_status(TEXT).expect("decodes");
        assert_eq!(status.groups, [Gid::new(9), Gid::new(10)]);
        assert_eq!((status.umask, status.threads), (Some(0o22), Some(2)));
        assert_eq!(status.tgid, Pid::new(7));
        assert_eq!(status.context_switches.map(|switches| switches.total()), Some(23));
    }

    #[test]
    fn resident_memory_is_in_bytes_and_none_for_kernel_threads() {
        assert_eq!(decode_rss(b"VmHWM:\t   9 kB\nVmRSS:\t    1412 kB\n"), Some(1412 * 1024));
        assert_eq!(decode_rss(TEXT), None);
    }

    #[test]
    fn lines_that_an_old_kernel_lacks_are_none() {
        let status = decode_status(b"Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n").expect("decodes");
        assert_eq!((status.umask, status.context_switches, status.threads), (None, None, None));
    }

    #[test]
    fn a_file_without_users_is_an_error_not_root() {
        assert!(decode_status(b"").is_err());
        assert!(decode_status(b"Uid:\t1\t2\n").is_err());
        assert!(decode_status(b"Uid:\t1\t2\t3\t4\n").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = decode_status(&bytes);
            let _ = decode_ids(&bytes);
            let _ = decode_rss(&bytes);
        }
    }
}
