//! Waiting for processes to end.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ps_core::process::{Exit, Handle, Identity, WaitBackend, WaitSet, Watched};
use ps_core::{Context, Error, Result};

use crate::backend::Darwin;
use crate::decode::process::exit;
use crate::errno;
use crate::process::Pin;
use crate::raw::errno::{ECHILD, ESRCH};
use crate::raw::process::KinfoProc;
use crate::sys::kqueue::ExitQueue;
use crate::sys::signal;

impl WaitBackend for Darwin {
    type WaitSet = DarwinWaitSet;

    fn look_at_exit(&self, handle: &Handle<Pin>) -> Result<Exit> {
        let identity = &handle.identity;
        identity.pid.check_acts("waitid")?;
        match self.check_same(identity, "sysctl kern.proc.pid") {
            Ok(record) if !record.is_zombie() => return Ok(Exit::Running),
            Err(Error::NoSuchProcess { reused: true, .. }) => return Ok(Exit::Ended(None)),
            // A child that ends is in neither of the kernel's lists for a moment: whether it is there still, its
            // parent can tell.
            Ok(_) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => return Err(error),
        }
        self.look_at_child(identity)
    }

    fn reap(&self, handle: &Handle<Pin>) -> Result<Exit> {
        let identity = &handle.identity;
        identity.pid.check_acts("waitpid")?;
        // A zombie keeps its number until it is collected, so the one that was looked at is the one collected.
        match self.look_at_exit(handle)? {
            Exit::Ended(Some(_)) => {}
            other => return Ok(other),
        }
        match signal::collect(identity.pid.as_raw()) {
            Ok(status) => Ok(Exit::Ended(status.map(ExitStatus::from_raw))),
            Err(error) if error.raw_os_error() == Some(ECHILD) => Ok(Exit::Ended(None)),
            Err(source) => Err(failed("waitpid", identity, source)),
        }
    }

    fn wait_set(&self) -> Result<DarwinWaitSet> {
        Ok(DarwinWaitSet { darwin: self.clone(), queue: None, watched: HashMap::new() })
    }
}

fn failed(operation: &'static str, identity: &Identity, source: std::io::Error) -> Error {
    errno::of_system(source, Context::new(operation).with_pid(identity.pid))
}

impl Darwin {
    /// Whether the process meant has ended: it is not there, another has its number, or it is a zombie.
    fn has_ended(&self, identity: &Identity) -> Result<bool> {
        match self.check_same(identity, "sysctl kern.proc.pid") {
            Ok(record) => Ok(record.is_zombie()),
            Err(error) if error.is_gone() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// How a child ended that is a zombie or in no list, without collecting it.
    fn look_at_child(&self, identity: &Identity) -> Result<Exit> {
        let (code, status) = match signal::look(identity.pid.as_raw()) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Exit::Running),
            // No child of the caller, or one that somebody has collected.
            Err(error) if error.raw_os_error() == Some(ECHILD) => return Ok(Exit::Ended(None)),
            Err(source) => return Err(failed("waitid", identity, source)),
        };
        // Read by number: it counts if the zombie it was read of is the process meant.
        match self.check_same(identity, "waitid") {
            Ok(_) => Ok(Exit::Ended(exit::status(code, status))),
            Err(error) if error.is_gone() => Ok(Exit::Ended(None)),
            Err(error) => Err(error),
        }
    }
}

/// Processes whose ends are waited for together, by one queue of kernel events.
///
/// The kernel tells of an end a little before it makes the process a zombie: what is reported has passed that point.
pub struct DarwinWaitSet {
    darwin: Darwin,
    /// Opened when the first process is watched.
    queue: Option<ExitQueue>,
    /// What is watched, by process number; several may be meant by one number.
    watched: HashMap<u32, Vec<(u64, Identity)>>,
}

impl std::fmt::Debug for DarwinWaitSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DarwinWaitSet").field("watched", &self.watched).finish_non_exhaustive()
    }
}

impl WaitSet<Pin> for DarwinWaitSet {
    fn watch(&mut self, handle: &Handle<Pin>, token: u64) -> Result<Watched> {
        let identity = handle.identity;
        identity.pid.check_acts("kevent")?;
        let queue = match &self.queue {
            Some(queue) => queue,
            None => match ExitQueue::new() {
                Ok(queue) => self.queue.insert(queue),
                // Descriptors have run out.
                Err(_) => return Ok(Watched::No),
            },
        };
        let pid = identity.pid.get();
        match queue.add(pid) {
            Ok(()) => {}
            // Not there, or a zombie already.
            Err(error) if error.raw_os_error() == Some(ESRCH) => return Ok(Watched::Ended),
            Err(_) => return Ok(Watched::No),
        }
        self.watched.entry(pid).or_default().push((token, identity));
        // An event was asked for whoever has the number now: if that is not the one meant, it has ended.
        if self.darwin.has_ended(&identity)? {
            self.forget(token);
            return Ok(Watched::Ended);
        }
        Ok(Watched::Yes)
    }

    fn forget(&mut self, token: u64) {
        let queue = &self.queue;
        self.watched.retain(|pid, meant| {
            let before = meant.len();
            meant.retain(|(one, _)| *one != token);
            if meant.is_empty() && before > 0 {
                // One whose event was already on its way cannot be taken back, and is not there to be missed.
                if let Some(queue) = queue {
                    let _ = queue.remove(*pid);
                }
            }
            !meant.is_empty()
        });
    }

    fn wait(&mut self, timeout: Option<Duration>, ended: &mut Vec<u64>) -> Result<()> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let already = ended.len();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let Some(queue) = &self.queue else {
                // Nothing is watched, so nothing can end.
                std::thread::sleep(left.unwrap_or(Duration::MAX));
                return Ok(());
            };
            let mut found = Vec::new();
            queue
                .wait(left, &mut found)
                .map_err(|source| errno::of_system(source, Context::new("kevent")))?;
            let is_all = found.len() < ExitQueue::AT_ONCE;
            for pid in found {
                for (token, identity) in self.watched.remove(&pid).unwrap_or_default() {
                    self.darwin.until_zombie(&identity);
                    ended.push(token);
                }
            }
            let up = left.is_some_and(|left| left.is_zero());
            if ended.len() > already || up && is_all {
                return Ok(());
            }
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.queue.as_ref().map(AsFd::as_fd)
    }
}

impl Darwin {
    /// Waits the short while between the event of an end and the moment from which the process shows as ended.
    fn until_zombie(&self, identity: &Identity) {
        /// Far longer than the kernel takes to get from one to the other.
        const LONGEST: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        let mut pause = Duration::from_micros(20);
        let ending = |record: &KinfoProc| record.is_ending() && !record.is_zombie();
        while let Ok(record) = self.check_same(identity, "sysctl kern.proc.pid") {
            if !ending(&record) || begun.elapsed() > LONGEST {
                return;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }
}
