//! Telling for the price of one small file that no process has started since processes were listed.

use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};
use ps_core::Result;

use crate::decode::cpu::decode_forks;
use crate::file;
use crate::kept::Kept;
use crate::root::Linux;

/// What is known of a list of processes.
#[derive(Debug, Default)]
pub(crate) struct Births {
    /// Whether the kernel's count can be relied on, once it has been looked at.
    can_count: Option<bool>,
    /// Bytes of the file that holds the count: the more processors a machine has, the longer it takes.
    length: usize,
    /// The count that was read before the list was made.
    pub(super) at_listing: Option<u64>,
}

/// Listing a process takes about as long as the kernel needs for so many bytes of the file.
const BYTES_OF_LISTING: usize = 32;

impl Births {
    /// How many processes and threads have started since boot; `None` if a list of so many processes is had as quickly,
    /// or if it would not tell all.
    pub(crate) fn count(&mut self, linux: &Linux, listed: usize) -> Option<u64> {
        if listed == 0 || self.length > listed.saturating_mul(BYTES_OF_LISTING) {
            return None;
        }
        if !*self.can_count.get_or_insert_with(|| can_count(linux)) {
            return None;
        }
        let (count, length) =
            linux.decode_kept(Kept::Stat, |stat| Ok((decode_forks(stat), stat.len()))).ok()?;
        self.length = length;
        // Each of those that are there has started once. Some of what imitates a kernel counts none.
        count.filter(|count| u64::try_from(listed).is_ok_and(|listed| listed <= *count))
    }

    /// Whether a list that was made at an earlier count lacks nobody at this one.
    pub(crate) fn are_none(&self, count: Option<u64>) -> bool {
        count.is_some() && count == self.at_listing
    }

    /// Takes note of the count that was read before a list is made.
    pub(crate) fn list_at(&mut self, count: Option<u64>) {
        self.at_listing = count;
    }

    /// What is on the list is not known any more.
    pub(crate) fn forget(&mut self) {
        self.at_listing = None;
    }
}

/// Whether the file is the kernel's own, and a process that is listed must have started: one that is hidden from some
/// may be shown to them later.
fn can_count(linux: &Linux) -> bool {
    let stat = statfs(&linux.proc_path(Kept::Stat.name()));
    let is_kernels = stat.is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC);
    is_kernels && hides(linux).is_ok_and(|hides| !hides)
}

/// How a mount says that it shows processes only to those who may trace them.
const HIDES: &[u8] = b"hidepid=";

/// Whether there is a `procfs` that hides processes from some.
pub(crate) fn hides(linux: &Linux) -> Result<bool> {
    let mounts = file::read(&linux.proc_path("self/mountinfo"))?;
    Ok(mounts.windows(HIDES.len()).any(|part| part == HIDES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roots;

    #[test]
    fn the_count_moves_with_every_start_and_only_then() {
        let linux = Linux::new();
        if !can_count(&linux) {
            return ps_tests::skip!("what starts is not counted for all to see here");
        }
        let before = Births::default().count(&linux, 10).expect("is the kernel's");
        std::thread::spawn(|| ()).join().expect("ends");
        let mut births = Births::default();
        let after = births.count(&linux, 10);
        assert!(after > Some(before), "{before}, then {after:?}");
        births.list_at(Some(before));
        assert!(births.are_none(Some(before)) && !births.are_none(after) && !births.are_none(None));
        births.forget();
        assert!(!births.are_none(Some(before)) && !births.are_none(None));
    }

    #[test]
    fn few_processes_are_listed_instead() {
        let linux = Linux::new();
        let mut births = Births::default();
        assert_eq!(births.count(&linux, 0), None);
        births.length = 1000 * BYTES_OF_LISTING;
        assert_eq!(births.count(&linux, 999), None);
    }

    #[test]
    fn where_some_are_hidden_or_may_be_all_are_listed() {
        let place = std::env::temp_dir().join(format!("ps-births-{}", std::process::id()));
        let linux = Linux::at(Roots { proc: place.clone(), ..Roots::default() });
        assert!(hides(&linux).is_err(), "there is nothing to be read");
        std::fs::create_dir_all(place.join("self")).expect("made");
        let root = "21 1 259:1 / / rw - ext4 /dev/root rw\n";
        for (procfs, expected) in
            [("rw", false), ("rw,gid=5,hidepid=invisible", true), ("rw,hidepid=2", true)]
        {
            let mounts = format!("{root}23 21 0:21 / /proc rw,nosuid - proc proc {procfs}\n");
            std::fs::write(place.join("self/mountinfo"), mounts).expect("written");
            assert_eq!(hides(&linux).expect("readable"), expected, "{procfs}");
        }
        // Neither is a file that something other than a kernel wrote.
        std::fs::write(place.join("stat"), "processes 1000000\n").expect("written");
        assert_eq!(Births::default().count(&linux, 10), None);
        std::fs::remove_dir_all(place).expect("removed");
    }

    #[test]
    fn a_count_that_cannot_be_is_none() {
        let mut births = Births { can_count: Some(true), ..Births::default() };
        let listed = usize::MAX;
        assert_eq!(births.count(&Linux::new(), listed), None);
        births.can_count = Some(false);
        assert_eq!(births.count(&Linux::new(), 1_000), None);
    }
}
