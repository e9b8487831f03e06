//! Ends of processes, by `kqueue`: one queue for any number of them.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use ps_core::process::{Handle, Pid, WaitSet, Watched};
use ps_core::{Context, Error, Result};

use super::backend::Kernel;
use super::process::{Pin, confirm};

/// How many ends are taken from the queue at once.
const AT_ONCE: usize = 64;

/// Processes whose ends are waited for together.
#[derive(Debug)]
pub struct Ends<K> {
    kernel: K,
    queue: Kqueue,
    /// Who asked about a process; the queue holds each process once.
    tokens: HashMap<Pid, Vec<u64>>,
    room: Vec<KEvent>,
}

impl<K: Kernel> Ends<K> {
    /// An empty set.
    pub(crate) fn new(kernel: K) -> Result<Self> {
        let failed = |errno: Errno| Error::io(Context::new("kqueue"), errno.into());
        let queue = Kqueue::new().map_err(failed)?;
        fcntl(&queue, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(failed)?;
        let room = vec![event(Pid::ZERO, EvFlags::empty()); AT_ONCE];
        Ok(Ends { kernel, queue, tokens: HashMap::new(), room })
    }

    fn change(&self, pid: Pid, flags: EvFlags) -> nix::Result<()> {
        let now = nix::libc::timespec { tv_sec: 0, tv_nsec: 0 };
        self.queue.kevent(&[event(pid, flags)], &mut [], Some(now)).map(drop)
    }
}

fn event(pid: Pid, flags: EvFlags) -> KEvent {
    let ident = usize::try_from(pid.get()).unwrap_or_default();
    KEvent::new(ident, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0)
}

impl<K: Kernel> WaitSet<Pin> for Ends<K> {
    fn watch(&mut self, handle: &Handle<Pin>, token: u64) -> Result<Watched> {
        let pid = handle.identity.pid;
        pid.check_acts("kevent")?;
        if let Err(errno) = self.change(pid, EvFlags::EV_ADD | EvFlags::EV_ONESHOT) {
            return match errno {
                // Gone, or a zombie.
                Errno::ESRCH => Ok(Watched::Ended),
                Errno::EACCES | Errno::EPERM | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE => {
                    Ok(Watched::No)
                }
                errno => Err(Error::io(Context::new("kevent").with_pid(pid), errno.into())),
            };
        }
        // Only now is it sure which process the queue holds: whoever has the number now has had it since then.
        match confirm(&self.kernel, &handle.identity, "kevent") {
            Ok((process, _)) if !process.ended => {
                self.tokens.entry(pid).or_default().push(token);
                return Ok(Watched::Yes);
            }
            Ok(_) | Err(Error::NoSuchProcess { .. }) => {}
            Err(error) => return Err(error),
        }
        if !self.tokens.contains_key(&pid) {
            // Its end may have been taken out of the queue by now; then there is nothing to delete.
            let _ = self.change(pid, EvFlags::EV_DELETE);
        }
        Ok(Watched::Ended)
    }

    fn forget(&mut self, token: u64) {
        let mut emptied = Vec::new();
        for (pid, tokens) in &mut self.tokens {
            tokens.retain(|one| *one != token);
            if tokens.is_empty() {
                emptied.push(*pid);
            }
        }
        for pid in emptied {
            self.tokens.remove(&pid);
            let _ = self.change(pid, EvFlags::EV_DELETE);
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, ended: &mut Vec<u64>) -> Result<()> {
        // A deadline too far away to be told is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let before = ended.len();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let left = left.map(|left| nix::libc::timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i32::MAX.into()),
                tv_nsec: left.subsec_nanos().into(),
            });
            let count = match self.queue.kevent(&[], &mut self.room, left) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(Error::io(Context::new("kevent"), errno.into())),
            };
            for event in self.room.iter().take(count) {
                let pid = u32::try_from(event.ident()).ok().and_then(Pid::new);
                ended.extend(pid.and_then(|pid| self.tokens.remove(&pid)).unwrap_or_default());
            }
            // An end that nobody waits for any more is no reason to return early.
            let up = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let is_all = count < self.room.len();
            if ended.len() > before || up && is_all {
                return Ok(());
            }
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.queue.as_fd())
    }
}
