//! Where to look, and the backend value that knows it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};

use ps_core::process::Origin;
use ps_core::{Context, Error, Result};

use crate::accounts::Accounts;
use crate::decode::Units;
use crate::decode::text::{number, value_of};
use crate::errno;
use crate::file;
use crate::kept::{Kept, KeptFiles};
use crate::net::traffic::KeptAsker;
#[cfg(feature = "bpf")]
use crate::process::inside::Inside;
use crate::process::terminal::Terminals;
use crate::sys::caller;

/// Where the kernel's files and the system's own are found.
///
/// ```
/// use ps_linux::{Linux, Roots};
///
/// let container = Linux::at(Roots::below("/host"));
/// assert_eq!(container.roots().proc.to_str(), Some("/host/proc"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Roots {
    /// Where `procfs` is mounted.
    pub proc: PathBuf,
    /// Where `sysfs` is mounted.
    pub sys: PathBuf,
    /// Device files, searched for the names of terminals.
    pub dev: PathBuf,
    /// Settings of the system: accounts.
    pub etc: PathBuf,
    /// State of the running system: login sessions.
    pub run: PathBuf,
}

impl Roots {
    /// The usual directories below another root directory.
    #[must_use]
    pub fn below(root: impl AsRef<Path>) -> Roots {
        let root = root.as_ref();
        Roots {
            proc: root.join("proc"),
            sys: root.join("sys"),
            dev: root.join("dev"),
            etc: root.join("etc"),
            run: root.join("run"),
        }
    }
}

impl Default for Roots {
    fn default() -> Self {
        Roots::below("/")
    }
}

/// The Linux backend: reads what the kernel tells, from where it is told to look.
///
/// Cheap to clone, and all clones share what is kept. Making one asks the kernel nothing.
///
/// A `procfs` that belongs to another pid namespace than the caller's (a container's, or the host's seen
/// from inside of one) is read all the same, but nothing is then asked or done by pid through system calls:
/// the number would mean another process. What only a system call can answer is
/// [`Unsupported`](Error::Unsupported) there, and mounts and network are those of its process 1.
#[derive(Clone, Debug)]
pub struct Linux {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    roots: Roots,
    units: Units,
    proc: OnceLock<OwnedFd>,
    kept: KeptFiles,
    accounts: Accounts,
    /// Answer of `is_own` in the lowest bit, above it the process that it was found for; 0 before the first.
    own: AtomicU64,
    terminals: Terminals,
    /// Which run of which system pids belong to, and the process that found it out.
    origin: OnceLock<(u64, Origin)>,
    /// Whether a kernel answers there.
    is_live: OnceLock<bool>,
    /// Whether `procfs` has a link to the calling thread.
    shows_threads: OnceLock<bool>,
    /// Whether `sysinfo` and the file tell the same load.
    loads: OnceLock<bool>,
    /// What the network is asked with, if that is to be kept.
    asker: Option<KeptAsker>,
    /// What scans from inside of the kernel need.
    #[cfg(feature = "bpf")]
    inside: Inside,
}

impl Default for Linux {
    fn default() -> Self {
        Linux::new()
    }
}

impl Linux {
    /// Looks in the usual places.
    #[must_use]
    pub fn new() -> Linux {
        Linux::at(Roots::default())
    }

    /// Looks in other places.
    #[must_use]
    pub fn at(roots: Roots) -> Linux {
        Linux::counting(roots, crate::sys::units())
    }

    /// Looks in other places, at a machine that counts in other units.
    #[must_use]
    pub(crate) fn counting(roots: Roots, units: Units) -> Linux {
        Linux {
            shared: Arc::new(Shared {
                roots,
                units,
                proc: OnceLock::new(),
                kept: KeptFiles::default(),
                accounts: Accounts::default(),
                own: AtomicU64::new(0),
                terminals: Terminals::default(),
                origin: OnceLock::new(),
                is_live: OnceLock::new(),
                shows_threads: OnceLock::new(),
                loads: OnceLock::new(),
                asker: None,
                #[cfg(feature = "bpf")]
                inside: Inside::default(),
            }),
        }
    }

    /// The same place with the same wishes but for one. It keeps nothing of what this one found out.
    fn but(&self, change: impl FnOnce(&mut Shared)) -> Linux {
        let mut linux = Linux::counting(self.roots().clone(), self.units());
        if let Some(shared) = Arc::get_mut(&mut linux.shared) {
            shared.asker = self.shared.asker.as_ref().map(|_| KeptAsker::default());
            #[cfg(feature = "bpf")]
            {
                shared.inside = self.shared.inside.anew();
            }
            change(shared);
        }
        linux
    }

    /// The same place, scanned in another way.
    #[cfg(feature = "bpf")]
    pub(crate) fn with_inside(&self, inside: Inside) -> Linux {
        self.but(|shared| shared.inside = inside)
    }

    /// The same place, whose network is asked with what is kept.
    pub(crate) fn with_kept_asker(&self) -> Linux {
        self.but(|shared| shared.asker = Some(KeptAsker::default()))
    }

    /// What the network is asked with, if that is kept.
    pub(crate) fn kept_asker(&self) -> Option<&KeptAsker> {
        self.shared.asker.as_ref()
    }

    /// What scans from inside of the kernel need.
    #[cfg(feature = "bpf")]
    pub(crate) fn inside(&self) -> &Inside {
        &self.shared.inside
    }

    /// Where it looks.
    #[must_use]
    pub fn roots(&self) -> &Roots {
        &self.shared.roots
    }

    /// How the machine counts.
    #[must_use]
    pub fn units(&self) -> Units {
        self.shared.units
    }

    /// Names of terminals found so far.
    pub(crate) fn terminals(&self) -> &Terminals {
        &self.shared.terminals
    }

    /// Where `origin` keeps its answer.
    pub(crate) fn kept_origin(&self) -> &OnceLock<(u64, Origin)> {
        &self.shared.origin
    }

    /// Where `loads_are_the_kernels` keeps its answer.
    pub(crate) fn kept_loads(&self) -> &OnceLock<bool> {
        &self.shared.loads
    }

    /// The root of `procfs`, opened when first wanted and kept.
    pub(crate) fn proc(&self) -> Result<BorrowedFd<'_>> {
        if let Some(fd) = self.shared.proc.get() {
            return Ok(fd.as_fd());
        }
        let fd = file::open_place(&self.roots().proc)?;
        Ok(self.shared.proc.get_or_init(|| fd).as_fd())
    }

    /// Whether `procfs` is that of the caller's own pid namespace, so that its numbers mean the same in
    /// system calls.
    ///
    /// Looked at anew after a fork, which may have led into another namespace.
    pub(crate) fn is_own(&self) -> bool {
        self.own_pid().is_some()
    }

    /// The caller's pid, if so; also none if this cannot be found out now, since nothing must be asked by a number then.
    pub(crate) fn own_pid(&self) -> Option<u32> {
        self.look_if_own().ok().flatten()
    }

    /// The same, with what keeps it from being found out. That is lasting or not (no descriptor may be left, say), and so
    /// is not kept; that there is no such file is an answer.
    fn look_if_own(&self) -> Result<Option<u32>> {
        let pid = std::process::id();
        let me = caller::with_number(pid);
        let known = self.shared.own.load(Ordering::Relaxed);
        if known >> 1 == me {
            return Ok((known & 1 == 1).then_some(pid));
        }
        let own = self.find_out_if_own()?;
        self.shared.own.store(me << 1 | u64::from(own), Ordering::Relaxed);
        Ok(own.then_some(pid))
    }

    fn find_out_if_own(&self) -> Result<bool> {
        let Some(status) = file::read_if_there(&self.proc_path("self/status"))? else {
            return Ok(false);
        };
        let me = Some(std::process::id());
        if let Some(numbers) = value_of(&status, b"NSpid") {
            return Ok(number(numbers) == me);
        }
        // Kernels without pid namespaces have only one. Those before 4.1 may have several and do not say; there, the usual
        // place is taken to be the caller's own.
        if self.roots().proc == Path::new("/proc") {
            return Ok(true);
        }
        if value_of(&status, b"Pid").and_then(number) != me {
            return Ok(false);
        }
        Ok(!self.has_namespaces()? && self.look_if_live()?)
    }

    fn has_namespaces(&self) -> Result<bool> {
        let path = self.proc_path("self/ns/pid");
        let found = path
            .symlink_metadata()
            .map_err(|source| errno::of_system(source, Context::new("stat").with_path(&path)));
        match found {
            Ok(_) => Ok(true),
            Err(error) if errno::is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a kernel answers there, and it is not a copy of such files; not if this cannot be found out now.
    pub(crate) fn is_live(&self) -> bool {
        self.look_if_live().unwrap_or(false)
    }

    fn look_if_live(&self) -> Result<bool> {
        if let Some(is_live) = self.shared.is_live.get() {
            return Ok(*is_live);
        }
        let proc = &self.roots().proc;
        let found = statfs(proc).map_err(|errno| {
            errno::of_system(errno.into(), Context::new("statfs").with_path(proc))
        });
        let is_live = match found {
            Ok(found) => found.filesystem_type() == PROC_SUPER_MAGIC,
            Err(error) if errno::is_absent(&error) => false,
            Err(error) => return Err(error),
        };
        Ok(*self.shared.is_live.get_or_init(|| is_live))
    }

    /// Refuses what only a system call can answer where the answer would be the caller's own.
    pub(crate) fn check_own(&self, operation: &'static str) -> Result<()> {
        if self.look_if_own()?.is_some() {
            return Ok(());
        }
        Err(Error::unsupported_here(
            Context::new(operation).with_path(&self.roots().proc),
            "only a system call can tell, and it would answer for the caller's own namespace",
        ))
    }

    /// A file of the machine below the root of `procfs`.
    pub(crate) fn proc_path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.roots().proc.join(name)
    }

    /// A file of the machine below the root of `sysfs`.
    pub(crate) fn sys_path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.roots().sys.join(name)
    }

    /// Reads a file of the machine below the root of `procfs`.
    pub(crate) fn read_proc(&self, name: impl AsRef<Path>) -> Result<Vec<u8>> {
        file::read(&self.proc_path(name))
    }

    /// Decodes one of the files that are asked for again and again, and so stay open. An error names the file.
    pub(crate) fn decode_kept<T>(
        &self,
        which: Kept,
        decode: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let path = || self.proc_path(which.name());
        let kept = &self.shared.kept;
        kept.read(which, path, |_| None, decode)?.map_err(|error| error.with_path(path()))
    }

    /// Looks for something in one of those files, which is read no further than to where `find` found it.
    pub(crate) fn find_kept<T>(
        &self,
        which: Kept,
        find: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>> {
        let found = |bytes: &[u8]| find(bytes).map(Some);
        self.shared.kept.read(which, || self.proc_path(which.name()), found, &find)
    }

    /// Names of accounts and groups that were looked up before.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    /// A file below `/proc/self` that tells about the calling process, or process 1's at a root that is not the
    /// caller's own.
    pub(crate) fn own_path(&self, name: &str) -> PathBuf {
        let of = if self.is_own() { "self" } else { "1" };
        self.roots().proc.join(of).join(name)
    }

    /// The same for what tells about mounts or the network. A thread can leave the namespaces of its process, and what
    /// system calls tell is what the thread sees.
    pub(crate) fn seen_path(&self, name: &str) -> PathBuf {
        if !self.is_own() || !*self.shared.shows_threads.get_or_init(|| self.finds_itself()) {
            return self.own_path(name);
        }
        self.roots().proc.join("thread-self").join(name)
    }

    /// Kernels before 3.17 do not have it.
    fn finds_itself(&self) -> bool {
        self.proc_path("thread-self").symlink_metadata().is_ok()
    }
}

impl ps_core::sealed::Backend for Linux {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::refuse::without;

    #[test]
    fn what_could_not_be_found_out_is_looked_at_again() {
        for errno in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::EACCES] {
            let linux = Linux::new();
            let ask = || (linux.is_own(), linux.check_own("ask"));
            let Some((is_own, checked)) = without(&[(libc::SYS_openat, None)], errno, ask) else {
                return;
            };
            assert!(!is_own, "nothing is asked by a number that may mean another");
            let error = checked.expect_err("not known");
            assert!(!matches!(error, Error::Unsupported { .. }), "{error}");
            assert!(linux.is_own() && linux.check_own("ask").is_ok());
            // Machines of 32 bits have another call as well.
            if cfg!(target_pointer_width = "64") {
                let live = without(&[(libc::SYS_statfs, None)], errno, || linux.is_live());
                assert_eq!((live, linux.is_live()), (Some(false), true));
            }
        }
    }

    #[test]
    fn a_place_without_the_caller_is_not_its_own_and_is_not_looked_at_again() {
        let linux = Linux::at(Roots::below("/nonexistent"));
        let checked = linux.check_own("ask").expect_err("refused");
        assert!(matches!(checked, Error::Unsupported { .. }), "{checked}");
        let ask = || linux.check_own("ask");
        let again = without(&[(libc::SYS_openat, None)], libc::EMFILE, ask);
        let Some(again) = again else { return };
        assert!(matches!(again.expect_err("refused"), Error::Unsupported { .. }));
        assert!(!linux.is_live());
    }

    #[test]
    fn kernels_that_show_no_threads_show_the_process() {
        let linux = Linux::new();
        let old = Linux::new();
        old.shared.shows_threads.set(false).expect("not asked yet");
        assert_eq!(old.seen_path("net/dev"), Path::new("/proc/self/net/dev"));
        assert!(linux.seen_path("net/dev").exists());
        let text = |linux: &Linux| crate::file::read(&linux.seen_path("net/dev")).expect("read");
        let lines = |linux: &Linux| text(linux).iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines(&old), lines(&linux));
    }
}
