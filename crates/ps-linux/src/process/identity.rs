//! Which process a number means, by what the kernel offers.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ps_core::process::{BootId, Identity, Origin, StartTime};
use ps_core::{Context, Error, Pid, Result, Sameness};

use crate::decode::process::{Stat, decode_stat};
use crate::decode::text;
use crate::errno::{self, Lives};
use crate::file::{self, Buffer};
use crate::process::path::PidPath;
use crate::root::Linux;
use crate::sys::caller::caller;
use crate::sys::{clock, pidfd};

impl Linux {
    /// Which run of which system pids of this root belong to. Found out once, and again after a fork, which
    /// may have led into other namespaces.
    pub(crate) fn origin(&self) -> Origin {
        let me = caller();
        if let Some((by, origin)) = self.kept_origin().get()
            && *by == me
        {
            return *origin;
        }
        let origin = self.find_origin();
        if origin.boot.is_some() {
            // Another thread may have been faster, and found the same.
            let _ = self.kept_origin().set((me, origin));
        }
        origin
    }

    pub(crate) fn find_origin(&self) -> Origin {
        let boot = self.read_proc("sys/kernel/random/boot_id").ok();
        let boot =
            boot.as_deref().and_then(|id| std::str::from_utf8(id).ok()).and_then(BootId::parse);
        // The files below `ns` are links to the namespace, whose inode is its number.
        let namespace = |of: &str, kind: &str| {
            let path = self.proc_path(of).join("ns").join(kind);
            std::fs::metadata(path).ok().map(|data| data.ino())
        };
        let of = if self.is_own() { "self" } else { "1" };
        // The kernel shows starts as the reader's own time namespace counts them, whoever is read.
        Origin {
            boot,
            pid_namespace: namespace(of, "pid"),
            time_namespace: namespace("self", "time"),
        }
    }

    /// The tick that the boot-time clock is in, which starts of processes are counted by.
    pub(crate) fn tick_now(&self) -> u64 {
        let now = clock::since_boot();
        let per_second = self.units().ticks_per_second.max(1);
        now.as_secs().saturating_mul(per_second).saturating_add(
            u64::from(now.subsec_nanos()).saturating_mul(per_second) / 1_000_000_000,
        )
    }

    /// A sighting of a process whose start was read after the clock showed `tick`.
    pub(crate) fn sighting(pid: Pid, start: StartTime, tick: u64, origin: Origin) -> Identity {
        let mut identity = Identity::new(pid, Some(start));
        identity.settled = tick > start.get();
        identity.origin = origin;
        identity
    }

    /// Reads `stat` by number.
    pub(crate) fn read_stat<'b>(&self, pid: Pid, buffer: &'b mut Buffer) -> Result<Stat<'b>> {
        let context = || Context::new("read").with_pid(pid).with_path(self.pid_path(pid, "stat"));
        let proc = self.proc()?;
        let bytes = buffer
            .read(proc, PidPath::of(pid).file("stat"), true)
            .map_err(|source| errno::of_process(source, context(), pid, || Lives::No))?;
        decode_stat(bytes)
            .map_err(|error| error.with_pid(pid).with_path(self.pid_path(pid, "stat")))
    }

    /// Path of a file of a process, for messages.
    pub(crate) fn pid_path(&self, pid: Pid, name: &str) -> std::path::PathBuf {
        let mut path = self.proc_path(pid.to_string());
        path.push(name);
        path
    }

    /// Finds out which process has a number, and makes sure that it can be told from the next one; not where its start
    /// was counted by another clock than the caller's, which may be anywhere.
    pub(crate) fn identify_now(&self, pid: Pid) -> Result<Identity> {
        if pid == Pid::ZERO {
            return Err(ps_core::process::no_such_process("identify", pid));
        }
        let mut buffer = Buffer::default();
        let origin = self.origin();
        loop {
            let held = if self.is_own() { pidfd::open(pid).ok() } else { None };
            let unique = held.as_ref().and_then(pidfd::unique);
            let tick = self.tick_now();
            let start = self.read_stat(pid, &mut buffer)?.start();
            // Still there, the process of the descriptor had the number while the start was read.
            if unique.is_some() && !held.as_ref().is_some_and(pidfd::has_its_number) {
                continue;
            }
            let mut identity = Linux::sighting(pid, start, tick, origin);
            identity.unique = unique;
            if identity.settled || unique.is_some() {
                return Ok(identity);
            }
            // A process that has started did so within this tick. A start that is yet to come was counted by another
            // clock: that of another machine, or of another time namespace.
            if start.get() > self.tick_now().saturating_add(1) {
                return Ok(identity);
            }
            self.wait_for_next_tick();
        }
    }

    /// Confirms, without any descriptor, that a number still means the process meant.
    pub(crate) fn identify_as(&self, meant: &Identity, operation: &'static str) -> Result<()> {
        let mut buffer = Buffer::default();
        let tick = self.tick_now();
        let start = self.read_stat(meant.pid, &mut buffer)?.start();
        let seen = Linux::sighting(meant.pid, start, tick, self.origin());
        self.check_same(meant, &seen, operation)
    }

    /// The number that no other process gets until the next boot, where the kernel has one.
    pub(crate) fn unique(&self, pid: Pid) -> Option<u64> {
        if !self.is_own() {
            return None;
        }
        pidfd::unique(pidfd::open(pid).ok()?)
    }

    fn wait_for_next_tick(&self) {
        let tick = Duration::from_secs(1)
            / u32::try_from(self.units().ticks_per_second).unwrap_or(100).max(1);
        std::thread::sleep(tick);
    }

    /// Whether a sighting is of the process meant. Reuse of the number is an error; what cannot be decided
    /// is not taken for it.
    pub(crate) fn check_same(
        &self,
        meant: &Identity,
        seen: &Identity,
        operation: &'static str,
    ) -> Result<()> {
        match meant.compare(seen) {
            Sameness::Same => Ok(()),
            Sameness::Different => Err(Error::reused(Context::new(operation).with_pid(meant.pid))),
            Sameness::Unknown => {
                let namespaces = (meant.origin.pid_namespace, seen.origin.pid_namespace);
                if matches!(namespaces, (Some(a), Some(b)) if a != b) {
                    return Err(Error::invalid(
                        Context::new(operation).with_pid(meant.pid),
                        "the identity belongs to another pid namespace",
                    ));
                }
                Ok(())
            }
        }
    }

    /// Numbers of all processes in the kernel's order, put into `pids`.
    pub(crate) fn list_into(
        &self,
        dir: impl std::os::fd::AsFd,
        block: &mut [u8],
        pids: &mut Vec<Pid>,
    ) -> Result<()> {
        use crate::sys::file as sys;
        pids.clear();
        loop {
            let filled = sys::read_entries(&dir, block).map_err(|source| {
                errno::of_system(source, Context::new("list").with_path(&self.roots().proc))
            })?;
            if filled == 0 {
                break;
            }
            let names = sys::entries(block.get(..filled).unwrap_or_default());
            pids.extend(names.filter_map(text::number::<u32>).filter_map(Pid::new));
        }
        // The kernel lists by number; a captured tree may not.
        if !pids.is_sorted() {
            pids.sort_unstable();
        }
        pids.dedup();
        Ok(())
    }

    /// Opens the root of `procfs` to be listed.
    pub(crate) fn open_proc_list(&self) -> Result<std::os::fd::OwnedFd> {
        let path = file::c_path("open", &self.roots().proc)?;
        crate::sys::file::open_list(nix::fcntl::AT_FDCWD, &path).map_err(|source| {
            errno::of_system(source, Context::new("open").with_path(&self.roots().proc))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Roots;
    use crate::process::ProcessBackend;
    use crate::sys::herd::Bare;

    fn me(linux: &Linux) -> Pid {
        linux.current().expect("known")
    }

    #[test]
    fn origin_is_that_of_boot_and_namespaces() {
        let linux = Linux::new();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
        let inode = |path: &str| std::fs::metadata(path).ok().map(|data| data.ino());
        for _ in 0..2 {
            let origin = linux.origin();
            assert_eq!(origin.boot, BootId::parse(&boot));
            assert_eq!(origin.pid_namespace, inode("/proc/self/ns/pid"));
            assert_eq!(origin.time_namespace, inode("/proc/self/ns/time"));
        }
    }

    #[test]
    fn origin_is_kept_until_a_fork() {
        let other = Origin { pid_namespace: Some(4711), ..Origin::default() };
        let by = |id: u64| {
            let linux = Linux::new();
            linux.kept_origin().set((id, other)).expect("nothing is kept yet");
            linux.origin()
        };
        assert_eq!(by(caller()), other);
        assert_ne!(by(caller() + 1), other);
        assert_ne!(by(caller() + (1 << 32)), other);
    }

    #[test]
    fn a_sighting_is_settled_once_the_clock_is_beyond_the_start() {
        let settled = |tick| {
            let start = StartTime::new(100);
            Linux::sighting(Pid::ZERO, start, tick, Origin::default()).settled
        };
        assert_eq!([99, 100, 101].map(settled), [false, false, true]);
    }

    #[test]
    fn ticks_are_counted_since_boot() {
        let linux = Linux::new();
        let per_second = linux.units().ticks_per_second;
        let second = |tick: u64| tick / per_second;
        let (before, tick, after) =
            (clock::since_boot().as_secs(), linux.tick_now(), clock::since_boot().as_secs());
        assert!((before..=after).contains(&second(tick)), "{before} {tick} {after}");
        // Within a second as well.
        let ticks: std::collections::BTreeSet<u64> = (0..5)
            .map(|_| {
                linux.wait_for_next_tick();
                linux.tick_now()
            })
            .collect();
        assert_eq!(ticks.len(), 5);
    }

    #[test]
    fn the_next_tick_is_waited_for() {
        let linux = Linux::new();
        let begin = Instant::now();
        linux.wait_for_next_tick();
        let tick =
            Duration::from_secs(1) / u32::try_from(linux.units().ticks_per_second).expect("few");
        assert!(begin.elapsed() >= tick);
    }

    #[test]
    fn a_newborn_with_a_number_of_its_own_need_not_be_waited_for() {
        let linux = Linux::new();
        let newborns = (0..50).filter_map(|_| {
            let bare = Bare::make(None).ok()?;
            linux.identify(Pid::new(bare.pid)?).ok()
        });
        let newborns: Vec<Identity> = newborns.collect();
        if newborns.iter().any(|identity| identity.unique.is_none()) || newborns.is_empty() {
            return ps_tests::skip!("processes have no numbers of their own here");
        }
        assert!(newborns.iter().any(|identity| !identity.settled));
    }

    #[test]
    fn a_start_that_is_yet_to_come_is_not_waited_for() {
        let place = std::env::temp_dir().join(format!("ps-to-come-{}", std::process::id()));
        std::fs::create_dir_all(place.join("proc/7")).expect("made");
        let line =
            |start: u64| format!("7 (later) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {start} 0 0\n");
        let linux = Linux::at(Roots::below(&place));
        let identify = |start: u64| {
            std::fs::write(place.join("proc/7/stat"), line(start)).expect("written");
            let (sender, receiver) = std::sync::mpsc::channel();
            let linux = linux.clone();
            std::thread::spawn(move || {
                sender.send(linux.identify(Pid::try_from(7).expect("in range")))
            });
            receiver.recv_timeout(Duration::from_secs(60)).expect("answers").expect("there")
        };
        // An hour from now, and what the kernel shows of one that started before a time namespace did.
        for start in [linux.tick_now() + 360_000, 1_844_670_407_395, u64::MAX] {
            let identity = identify(start);
            assert_eq!(identity.start, Some(StartTime::new(start)));
            assert!(!identity.settled);
        }
        // One of just now is settled all the same.
        assert!(identify(linux.tick_now() + 1).settled);
        std::fs::remove_dir_all(&place).expect("removed");
    }

    #[test]
    fn the_same_number_with_another_start_is_another_process() {
        let linux = Linux::new();
        let mut meant = linux.identify(me(&linux)).expect("there");
        linux.identify_as(&meant, "ask").expect("the same");
        meant.start = meant.start.map(|start| StartTime::new(start.get() + 1));
        let error = linux.identify_as(&meant, "ask").expect_err("another");
        assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
    }

    #[test]
    fn the_path_in_messages_is_that_of_the_file() {
        let path = Linux::new().pid_path(Pid::try_from(7).expect("in range"), "stat");
        assert_eq!(path, std::path::Path::new("/proc/7/stat"));
    }

    #[test]
    fn numbers_of_a_tree_that_does_not_list_them_in_order_are_sorted() {
        let place = std::env::temp_dir().join(format!("ps-order-{}", std::process::id()));
        for number in [5, 300, 20, 7, 41, 9, 1000, 3, 88, 64, 2] {
            std::fs::create_dir_all(place.join(format!("proc/{number}"))).expect("made");
        }
        std::fs::create_dir_all(place.join("proc/self")).expect("made");
        let pids = Linux::at(Roots::below(&place)).pids().expect("listed");
        std::fs::remove_dir_all(&place).expect("removed");
        let numbers: Vec<u32> = pids.into_iter().map(Pid::get).collect();
        assert_eq!(numbers, [2, 3, 5, 7, 9, 20, 41, 64, 88, 300, 1000]);
    }
}
