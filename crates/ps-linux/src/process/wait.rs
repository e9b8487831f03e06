//! Waiting for processes to end.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ps_core::process::{Exit, Handle, WaitBackend, WaitSet, Watched};
use ps_core::{Context, Error, Pid, Result};

use crate::errno;
use crate::process::Pin;
use crate::process::hold::Held;
use crate::root::Linux;
use crate::sys::pidfd;
use crate::sys::wait::{self as sys, Child, Set, WatchFor};

/// A process counts as ended once a child of the caller is a zombie, and once any other process has been
/// collected by its parent: a zombie that belongs to somebody else is still there.
///
/// Waiting uses descriptors that stand for processes (from 5.3). Where there are none, or no more can be had,
/// a process cannot be watched, and the caller must look by itself every now and then.
impl WaitBackend for Linux {
    type WaitSet = LinuxWaitSet;

    fn look_at_exit(&self, handle: &Handle<Pin>) -> Result<Exit> {
        self.exit(handle, "wait", false)
    }

    fn reap(&self, handle: &Handle<Pin>) -> Result<Exit> {
        self.exit(handle, "reap", true)
    }

    fn wait_set(&self) -> Result<LinuxWaitSet> {
        let failed = |source| errno::of_system(source, Context::new("epoll_create"));
        let set = Set::new().map_err(failed)?;
        let room = room();
        if set.as_fd().as_raw_fd() >= room {
            return Err(failed(io::Error::from_raw_os_error(libc::EMFILE)));
        }
        Ok(LinuxWaitSet {
            linux: self.clone(),
            set,
            watched: HashMap::new(),
            lingering: Vec::new(),
            room,
        })
    }
}

impl Linux {
    fn exit(&self, handle: &Handle<Pin>, operation: &'static str, collect: bool) -> Result<Exit> {
        let pid = handle.identity.pid;
        pid.check_acts(operation)?;
        self.check_own(operation).map_err(|error| error.with_pid(pid))?;
        let held = match self.hold(handle, operation) {
            Ok(held) => held,
            Err(Error::NoSuchProcess { .. }) => return Ok(Exit::Ended(None)),
            Err(error) if errno::is_passing(&error) => {
                return self.exit_by_number(handle, operation, collect);
            }
            Err(error) => return Err(error),
        };
        match held.pidfd().map(|fd| sys::child_status(Child::Descriptor(fd), collect)) {
            Some(Ok(Some(status))) => Ok(Exit::Ended(Some(status))),
            Some(Ok(None)) => Ok(Exit::Running),
            Some(Err(error)) if error.raw_os_error() == Some(libc::ECHILD) => {
                Ok(if held.has_its_number() { Exit::Running } else { Exit::Ended(None) })
            }
            // Before 5.4 children cannot be looked at through descriptors.
            Some(Err(error)) if error.raw_os_error() != Some(libc::EINVAL) => {
                Err(errno::of_system(error, Context::new(operation).with_pid(pid)))
            }
            _ => self.held_exit_by_number(&held, pid, operation, collect),
        }
    }

    /// A child that was not collected keeps its number, so the number means the process that is held on to.
    fn held_exit_by_number(
        &self,
        held: &Held,
        pid: Pid,
        operation: &'static str,
        collect: bool,
    ) -> Result<Exit> {
        if !held.has_its_number() {
            return Ok(Exit::Ended(None));
        }
        match sys::child_status(Child::Number(pid), collect) {
            Ok(Some(status)) => Ok(Exit::Ended(Some(status))),
            Ok(None) => Ok(Exit::Running),
            Err(error) if error.raw_os_error() == Some(libc::ECHILD) => {
                Ok(if held.has_its_number() { Exit::Running } else { Exit::Ended(None) })
            }
            Err(error) => Err(errno::of_system(error, Context::new(operation).with_pid(pid))),
        }
    }

    /// Without any descriptor: the record of the process says whether the number still means it.
    fn exit_by_number(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
        collect: bool,
    ) -> Result<Exit> {
        let pid = handle.identity.pid;
        let seen = sys::child_status(Child::Number(pid), false);
        match self.identify_as(&handle.identity, operation) {
            Ok(()) => {}
            Err(Error::NoSuchProcess { .. }) => return Ok(Exit::Ended(None)),
            Err(error) => return Err(error),
        }
        match seen {
            Ok(Some(status)) => {
                if collect {
                    // It is a zombie of ours, and nobody else but this program can take it away.
                    let _ = sys::child_status(Child::Number(pid), true);
                }
                Ok(Exit::Ended(Some(status)))
            }
            Ok(None) => Ok(Exit::Running),
            Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(Exit::Running),
            Err(error) => Err(errno::of_system(error, Context::new(operation).with_pid(pid))),
        }
    }
}

/// Processes whose ends are waited for together, by one `epoll` set of the descriptors that stand for them.
///
/// An end is reported once; the process is not watched any more then.
#[derive(Debug)]
pub struct LinuxWaitSet {
    linux: Linux,
    set: Set,
    watched: HashMap<u64, (OwnedFd, Pid)>,
    /// Zombies of other parents on kernels that do not report when they are collected (before 6.9).
    lingering: Vec<u64>,
    /// Descriptors from this number on are left to the rest of the program, as for the set itself.
    room: i32,
}

/// Below which number a set takes descriptors: the last ones of all that the program may have are not for waiting,
/// so that others can open a file, or send a signal, while many processes are waited for.
fn room() -> i32 {
    const LEFT_FREE: i32 = 64;
    let most = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let most = most.map_or(1024, |(soft, _)| i32::try_from(soft).unwrap_or(i32::MAX));
    most - LEFT_FREE.min(most / 4)
}

impl WaitSet<Pin> for LinuxWaitSet {
    fn watch(&mut self, handle: &Handle<Pin>, token: u64) -> Result<Watched> {
        const OPERATION: &str = "watch";
        let pid = handle.identity.pid;
        pid.check_acts(OPERATION)?;
        self.linux.check_own(OPERATION).map_err(|error| error.with_pid(pid))?;
        let held = match self.linux.hold(handle, OPERATION) {
            Ok(held) => held,
            Err(Error::NoSuchProcess { .. }) => return Ok(Watched::Ended),
            Err(error) if errno::is_passing(&error) => return Ok(Watched::No),
            Err(error) => return Err(error),
        };
        let fd = match held {
            Held::Process(fd) => fd,
            // One descriptor cannot be in the set twice, and the pin may go away before the set does.
            Held::Pinned(pin) => match pin.pidfd().map(sys::duplicate) {
                Some(Ok(fd)) => fd,
                _ => return Ok(Watched::No),
            },
            Held::Directory(_) => return Ok(Watched::No),
        };
        if fd.as_raw_fd() >= self.room {
            return Ok(Watched::No);
        }
        self.forget(token);
        if self.set.add(&fd, token, WatchFor::End).is_err() {
            return Ok(Watched::No);
        }
        self.watched.insert(token, (fd, pid));
        Ok(Watched::Yes)
    }

    fn forget(&mut self, token: u64) {
        if let Some((fd, _)) = self.watched.remove(&token) {
            self.set.remove(&fd);
        }
        self.lingering.retain(|one| *one != token);
    }

    fn wait(&mut self, timeout: Option<Duration>, ended: &mut Vec<u64>) -> Result<()> {
        let until = timeout.map(|timeout| Instant::now().checked_add(timeout));
        let before = ended.len();
        let mut rest = SHORTEST_REST;
        while !self.watched.is_empty() {
            let mut time = match until {
                Some(Some(until)) => Some(until.saturating_duration_since(Instant::now())),
                // Never, or later than the clock can tell.
                None | Some(None) => None,
            };
            let is_last = time.is_some_and(|time| time.is_zero());
            if !self.lingering.is_empty() {
                time = Some(time.map_or(rest, |time| time.min(rest)));
                rest = (rest * 2).min(LONGEST_REST);
            }
            let events = self
                .set
                .wait(time)
                .map_err(|source| errno::of_system(source, Context::new("epoll_wait")))?;
            // Of many, none may be an end: then others wait behind them.
            let is_all = events.len() < Set::AT_ONCE;
            for event in events {
                if event.collected || self.is_end(event.token) {
                    self.forget(event.token);
                    ended.push(event.token);
                }
            }
            for token in self.lingering.clone() {
                let gone =
                    self.watched.get(&token).is_none_or(|(fd, _)| !pidfd::has_its_number(fd));
                if gone {
                    self.forget(token);
                    ended.push(token);
                }
            }
            if ended.len() > before || is_last && is_all {
                break;
            }
        }
        Ok(())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.lingering.is_empty().then(|| self.set.as_fd())
    }
}

/// How long the rests between looks at what reports nothing are: growing, from the first to the second.
const SHORTEST_REST: Duration = Duration::from_micros(100);
const LONGEST_REST: Duration = Duration::from_millis(40);

impl LinuxWaitSet {
    /// Whether a process that has become a zombie counts as ended. If not, it is watched for being collected.
    fn is_end(&mut self, token: u64) -> bool {
        let Some((fd, pid)) = self.watched.get(&token) else { return false };
        let fails_with = |found: &io::Result<_>, errno| {
            found.as_ref().is_err_and(|error| error.raw_os_error() == Some(errno))
        };
        let mut found = sys::child_status(Child::Descriptor(fd.as_fd()), false);
        if fails_with(&found, libc::EINVAL) {
            // Before 5.4. A child that was not collected keeps its number.
            found = sys::child_status(Child::Number(*pid), false);
        }
        if !fails_with(&found, libc::ECHILD) {
            return true;
        }
        if !pidfd::has_its_number(fd) {
            return true;
        }
        if self.set.change(fd, token, WatchFor::Collection).is_err() {
            return true;
        }
        // Both came with the same kernel: numbers of their own, and reports of being collected.
        if pidfd::unique(fd).is_none() {
            self.lingering.push(token);
        }
        false
    }
}
