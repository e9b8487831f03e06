//! A program inside of the kernel that goes through all processes: loading it, finding one that is there, leaving one
//! there for others.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use nix::sys::utsname::uname;
use ps_core::{Context, Result};

use crate::decode::bpf::program::{Machine, Map, Over};
use crate::decode::bpf::record::Extent;
use crate::decode::bpf::resident::MAP_ENTRY;
use crate::decode::bpf::walk::{PASSES_ENTRY, STEPS};
use crate::decode::bpf::{Btf, Scan};
use crate::decode::malformed;
use crate::decode::text::number;
use crate::process::births;
use crate::process::scan::inside::Reader;
use crate::process::source::ScanSource;
use crate::root::Linux;
use crate::sys::bpf::{self as sys, Array};
use crate::{errno, file};

/// Where an iterator is looked for if nothing else is said, below the root of `sysfs`.
const PINNED: &str = "fs/bpf/ps-scan";

/// Which sources scans may use. Each gives way to files where it is not to be had.
///
/// What is told from inside of the kernel is what files tell, but for names that were cut and completed from arguments:
/// those are looked at anew only if the process has run since the last pass, as of the last tick of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanFrom {
    /// An iterator pinned at `/sys/fs/bpf/ps-scan`, if there is one. Otherwise files, and an iterator that is loaded as
    /// soon as files of some thousand processes were read, which takes as long as loading one: a program that looks once
    /// pays nothing for those that look again and again.
    #[default]
    Best,
    /// Files, and nothing else.
    Files,
    /// An iterator that is loaded at the first pass, and another at the first that asks neither for memory nor for users
    /// and relatives, which is faster.
    Bpf,
    /// An iterator that is pinned here.
    Pinned(PathBuf),
}

/// What a value keeps of it.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    from: ScanFrom,
    /// Where an iterator may be pinned, if anywhere.
    pinned: OnceLock<Option<CString>>,
    /// The iterators that were loaded, if that could be done: one for whole records, one for brief ones.
    whole: OnceLock<Option<OwnedFd>>,
    brief: OnceLock<Option<OwnedFd>>,
    /// Whether its records mean what the files of this value would say.
    fits: OnceLock<bool>,
    /// Whether the kernel writes out names of rescuers.
    rescuers: OnceLock<bool>,
    /// Of how many processes files were read since an iterator was last tried in vain.
    read: AtomicUsize,
    /// What reads iterators, between two passes.
    reader: Mutex<Option<Reader>>,
}

/// Reading files of so many processes takes as long as loading an iterator.
const PAYS_OFF: usize = 3000;

impl Inside {
    pub(crate) fn new(from: ScanFrom) -> Inside {
        Inside { from, ..Inside::default() }
    }

    /// One with the same wishes.
    pub(crate) fn anew(&self) -> Inside {
        Inside::new(self.from.clone())
    }

    /// Takes note that files of so many processes are read.
    pub(crate) fn count(&self, processes: usize) {
        self.read.fetch_add(processes, Ordering::Relaxed);
    }

    /// Opens an iterator of a kind that records at least so much, if there may be one. `now` says to load it even if that
    /// does not pay off yet.
    pub(crate) fn open(
        &self,
        linux: &Linux,
        source: ScanSource,
        extent: Extent,
        now: bool,
    ) -> Option<OwnedFd> {
        // Numbers of processes are those of the caller's own pid namespace.
        if !linux.is_own() || !*self.fits.get_or_init(|| fits(linux)) {
            return None;
        }
        match (source, &self.from) {
            (ScanSource::PinnedBpf, _) => sys::open_pinned(self.pinned(linux)?).ok(),
            (ScanSource::Bpf, ScanFrom::Best | ScanFrom::Bpf) => {
                let read = self.read.load(Ordering::Relaxed);
                let now = now || read >= PAYS_OFF || self.from == ScanFrom::Bpf;
                let fitting = match extent {
                    Extent::Whole => &self.whole,
                    Extent::Brief => &self.brief,
                };
                let link = match (fitting.get(), self.whole.get()) {
                    (Some(link), _) => link,
                    // Brief records are made faster, but to load another iterator takes as long as that saves in some
                    // hundred passes.
                    (None, Some(link @ Some(_))) if self.from == ScanFrom::Best => link,
                    _ if now => match load_to_show(linux, extent) {
                        Err(error) if errno::is_passing(&error) => {
                            self.read.store(0, Ordering::Relaxed);
                            return None;
                        }
                        loaded => fitting.get_or_init(|| loaded.ok().flatten()),
                    },
                    _ => return None,
                };
                sys::open_iterator(link.as_ref()?.as_fd()).ok()
            }
            _ => None,
        }
    }

    fn pinned(&self, linux: &Linux) -> Option<&CStr> {
        let find = || {
            let path = match &self.from {
                ScanFrom::Best => &linux.sys_path(PINNED),
                ScanFrom::Pinned(path) => path,
                ScanFrom::Files | ScanFrom::Bpf => return None,
            };
            file::c_path("open", path).ok()
        };
        self.pinned.get_or_init(find).as_deref()
    }

    /// What reads iterators: space that is kept for all scanners of a value, one of which has it at a time.
    pub(crate) fn take_reader(&self) -> Reader {
        self.kept_reader().take().unwrap_or_default()
    }

    /// Gives it back.
    pub(crate) fn keep_reader(&self, reader: Reader) {
        *self.kept_reader() = Some(reader);
    }

    fn kept_reader(&self) -> MutexGuard<'_, Option<Reader>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the kernel writes out names of rescuers, as from 6.11.
    pub(crate) fn rescuers(&self) -> bool {
        *self.rescuers.get_or_init(|| uname().is_ok_and(|name| since(name.release(), (6, 11))))
    }
}

/// Whether a release like `6.18.44-1` is at least this one.
fn since(release: &std::ffi::OsStr, least: (u32, u32)) -> bool {
    let mut numbers = release.as_encoded_bytes().split(|byte| !byte.is_ascii_digit());
    let mut next = || numbers.next().and_then(number::<u32>);
    next().zip(next()).is_some_and(|found| found >= least)
}

/// Files of a kernel, and not of one that counts times of processors without ticks on demand, which is told by more
/// than the program reads.
fn fits(linux: &Linux) -> bool {
    let without_ticks = file::peek(&linux.sys_path("devices/system/cpu/nohz_full"));
    let some = without_ticks.is_some_and(|list| list.first().is_some_and(u8::is_ascii_digit));
    linux.is_live() && !some
}

/// Loads an iterator, unless it would show somebody whom files hide.
fn load_to_show(linux: &Linux, extent: Extent) -> Result<Option<OwnedFd>> {
    if births::hides(linux)? { Ok(None) } else { load(linux, extent).map(Some) }
}

/// Writes the program for the kernel that is running, and hands it over.
fn load(linux: &Linux, extent: Extent) -> Result<OwnedFd> {
    let path = linux.sys_path("kernel/btf/vmlinux");
    let types = file::read(&path)?;
    // Seen from below, the ring of all processes has many that are of no concern.
    let over = |over| load_over(linux, &types, over, extent);
    let steps = if is_initial(linux) { over(Over::Steps).ok() } else { None };
    match steps {
        Some(link) => Ok(link),
        None => over(Over::Tasks).map_err(|error| error.with_path(path)),
    }
}

/// Whether the caller is in the first pid namespace.
fn is_initial(linux: &Linux) -> bool {
    /// PROC_PID_INIT_INO of <linux/proc_ns.h>.
    const FIRST: u64 = 0xefff_fffc;
    linux.origin().pid_namespace == Some(FIRST)
}

/// The program for a kernel that is described so.
fn load_over(linux: &Linux, types: &[u8], over: Over, extent: Extent) -> Result<OwnedFd> {
    let refused = |source: io::Error| errno::of_system(source, Context::new("bpf"));
    let make = |wanted: bool, array, entry| {
        wanted.then(|| sys::map(array, entry)).transpose().map_err(refused)
    };
    let page_size = u32::try_from(linux.units().page_size).unwrap_or(u32::MAX);
    let machine = Machine { cpus: cpus(linux)?, page_size };
    let scan = Scan::write(&Btf::parse(types)?, machine, over, extent)?;
    let in_steps = over == Over::Steps;
    let cpus = make(scan.wants_cpus, Array::ForEachCpu, MAP_ENTRY)?;
    let passes = make(in_steps, Array::One, PASSES_ENTRY)?;
    let steps = make(in_steps, Array::Of(STEPS), 1)?;
    let function = scan.function;
    let instructions = scan.instructions(|map| {
        let map = match map {
            Map::Cpus => &cpus,
            Map::Passes => &passes,
        };
        map.as_ref().map_or(-1, |map| map.as_fd().as_raw_fd())
    })?;
    let program = sys::load_iterator(&instructions, function).map_err(refused)?;
    let steps = steps.as_ref().map(AsFd::as_fd);
    sys::attach_iterator(program.as_fd(), steps).map_err(refused)
}

/// How many processors there may ever be; it is an error if their numbers have gaps.
fn cpus(linux: &Linux) -> Result<u32> {
    file::decode(&linux.sys_path("devices/system/cpu/possible"), |list| {
        count(list).ok_or_else(|| malformed("possible", "not a range from 0"))
    })
}

/// How many numbers a list like `0-7` has, if it is one range from 0.
fn count(list: &[u8]) -> Option<u32> {
    let list = list.trim_ascii();
    match list.strip_prefix(b"0-") {
        Some(last) => number::<u32>(last)?.checked_add(1),
        None => (list == b"0").then_some(1),
    }
}

impl Linux {
    /// Where scans read that are made again and again.
    pub(crate) fn try_out(&self) -> ScanSource {
        let mut reader = self.inside().take_reader();
        let read = reader.read(self, Extent::Whole, true);
        self.inside().keep_reader(reader);
        read.map_or(ScanSource::Files, |(source, _)| source)
    }

    /// One that looks at the same place, and whose scans use these sources. It keeps nothing of what this one found out.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::Linux;
    /// use ps_linux::process::{ScanFrom, ScanSource};
    ///
    /// let linux = Linux::new().scanning(ScanFrom::Files);
    /// assert_eq!(linux.scan_source(), ScanSource::Files);
    /// # }
    /// ```
    #[must_use]
    pub fn scanning(&self, from: ScanFrom) -> Linux {
        self.with_inside(Inside::new(from))
    }

    /// Leaves an iterator over all processes in the kernel, under a name in a file system of BPF, for everybody whom
    /// `mode` lets read it: scans of unprivileged programs can then use it. It stays until the file is removed, or
    /// the machine goes down.
    ///
    /// Whoever may read it sees, of every process in the reader's pid namespace, what a scan tells without looking at
    /// arguments, files or input and output: names, users, states, times, memory. That is what `/proc` tells to all
    /// unless it is mounted with `hidepid`, which this goes around. The directory must let readers through, too:
    /// `/sys/fs/bpf` often does not.
    ///
    /// Needs `CAP_BPF` and `CAP_PERFMON`, or `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](ps_core::Error::AccessDenied) without these rights; [`Io`](ps_core::Error::Io) if there is no such directory, it
    /// is in another file system, the name is taken, or the kernel has no description of its types or takes no such
    /// programs; [`Decode`](ps_core::Error::Decode) if it keeps processes in a way that is not known.
    ///
    /// ```no_run
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::Linux;
    ///
    /// Linux::new().pin_scan("/sys/fs/bpf/ps-scan".as_ref(), 0o444)?;
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn pin_scan(&self, path: &Path, mode: u32) -> Result<()> {
        let failed = |source| errno::of_system(source, Context::new("pin_scan").with_path(path));
        let link = load(self, Extent::Whole)?;
        sys::pin(link.as_fd(), &file::c_path("pin_scan", path)?).map_err(failed)?;
        let set = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
        set.map_err(|source| {
            // What cannot be read as was asked is not left behind.
            let _ = std::fs::remove_file(path);
            failed(source)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ps_core::process::{ProcessBackend, Record, Scanner};
    use ps_core::{Fields, Pid};

    use super::*;
    use crate::sys::herd::Member;
    use crate::sys::refuse::without;

    /// What is told of some processes.
    fn rows(linux: &Linux, pids: &[u32]) -> Vec<Record> {
        let mut rows = Vec::new();
        let mut scanner = linux.scanner().expect("can be made");
        scanner
            .scan(Fields::SCANNABLE, &mut |row| {
                if pids.iter().any(|pid| Pid::new(*pid) == Some(row.pid)) {
                    rows.push(row.to_record());
                }
                ControlFlow::Continue(())
            })
            .expect("scans");
        rows
    }

    /// Types of a kernel that has no function of this name.
    fn types_without(types: &[u8], name: &str) -> Vec<u8> {
        let name = format!("\0{name}\0");
        let mut types = types.to_vec();
        let at = types.windows(name.len()).position(|window| window == name.as_bytes());
        if let Some(first) = at.and_then(|at| types.get_mut(at + 1)) {
            *first = b'?';
        }
        types
    }

    #[test]
    fn ways_of_reading_for_older_kernels_tell_the_same_on_this_one() {
        let linux = Linux::new();
        let types = file::read(&linux.sys_path("kernel/btf/vmlinux"));
        let (Ok(types), Ok(_)) = (types, load(&linux, Extent::Whole)) else {
            return ps_tests::skip!("no iterator can be loaded here");
        };
        let members = [
            Member::start("threads:3"),
            Member::start("maps:40"),
            Member::start("wait").into_zombie(),
        ];
        let pids = members.each_ref().map(Member::id);
        let told = rows(&linux.scanning(ScanFrom::Files), &pids);
        assert_eq!(told.len(), members.len());
        let has_cast = Btf::parse(&types).expect("parses").function("bpf_rdonly_cast").is_some();
        let uncast = types_without(&types, "bpf_rdonly_cast");
        let apart = types_without(&types, "__percpu_counter_init_many");
        let neither = types_without(&uncast, "__percpu_counter_init_many");
        let steps = (&types, Over::Steps);
        let ways = [&types, &uncast, &apart, &neither].map(|types| (types, Over::Tasks));
        let whole = |types: &[u8], over| load_over(&linux, types, over, Extent::Whole);
        whole(&uncast, Over::Steps).expect_err("addresses without a type");
        let in_steps = [steps, (&apart, Over::Steps)].into_iter().filter(|_| has_cast);
        for (types, over) in in_steps.chain(ways) {
            let older = Inside::new(ScanFrom::Bpf);
            let link = whole(types, over).expect("loads");
            older.whole.set(Some(link)).expect("is the first");
            let older = linux.with_inside(older);
            assert_eq!(older.scan_source(), ScanSource::Bpf);
            assert_eq!(rows(&older, &pids), told);
        }
    }

    #[test]
    fn an_iterator_that_could_not_be_had_for_a_while_is_tried_again_and_a_refused_one_is_not() {
        let linux = Linux::new();
        if !matches!(load_to_show(&linux, Extent::Whole), Ok(Some(_))) {
            return ps_tests::skip!("no iterator can be loaded here");
        }
        for call in [libc::SYS_bpf, libc::SYS_openat] {
            for errno in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::EAGAIN] {
                let inside = Inside::new(ScanFrom::Best);
                let open = || inside.open(&linux, ScanSource::Bpf, Extent::Whole, false).is_some();
                assert!(!open(), "does not pay off yet");
                inside.count(PAYS_OFF);
                let Some(opened) = without(&[(call, None)], errno, open) else { return };
                assert!(!opened && !open(), "not at once");
                inside.count(PAYS_OFF);
                assert!(open(), "{call} {errno}");
            }
        }
        let refused = linux.scanning(ScanFrom::Bpf);
        let source = without(&[(libc::SYS_bpf, None)], libc::EPERM, || refused.scan_source());
        assert_eq!((source, refused.scan_source()), (Some(ScanSource::Files), ScanSource::Files));
    }

    #[test]
    fn processors_are_counted_if_their_numbers_have_no_gaps() {
        for (list, many) in [("0\n", Some(1)), ("0-7\n", Some(8)), ("0-1,4\n", None), ("1-3", None)]
        {
            assert_eq!(count(list.as_bytes()), many, "{list}");
        }
    }

    #[test]
    fn releases_compare_by_number() {
        for (release, newer) in [
            ("6.18.44-fc", true),
            ("6.11.0", true),
            ("10.0", true),
            ("6.9.3", false),
            ("5.19.17-1-amd64", false),
            ("6", false),
            ("", false),
        ] {
            assert_eq!(since(release.as_ref(), (6, 11)), newer, "{release}");
        }
    }
}
