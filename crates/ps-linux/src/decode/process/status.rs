//! `/proc/PID/status`: `Name: value` lines.

use ps_core::process::{ContextSwitches, Gid, Gids, Uid, Uids};
use ps_core::{Pid, Result};

use crate::decode::malformed;
use crate::decode::text::{columns, key_value, lines, number};

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
        context_switches: None,
    };
    let (mut voluntary, mut involuntary) = (None, None);
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
            b"voluntary_ctxt_switches" => voluntary = number(value),
            b"nonvoluntary_ctxt_switches" => involuntary = number(value),
            _ => {}
        }
    }
    status.context_switches = match (voluntary, involuntary) {
        (Some(voluntary), Some(involuntary)) => Some(ContextSwitches::new(voluntary, involuntary)),
        _ => None,
    };
    Ok(status)
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
        }
    }
}
