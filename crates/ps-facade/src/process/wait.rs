//! Waiting for processes to end, and ending whole trees of them.

use std::process::ExitStatus;
use std::time::Duration;

use ps_core::process::{Exit, WaitBackend};

use super::Process;
use crate::engine::fell::{self, Way};
use crate::engine::wait;
use crate::{Error, Result};

impl Process {
    /// Waits for it to end. The status is that of a child of the caller; `None` for any other process, for a child
    /// that somebody else has collected, and where the caller ignores `SIGCHLD`.
    ///
    /// It is not collected: the status stays for whoever owns the child, such as a `std::process::Child`, and a
    /// child stays a zombie until then. See [`wait_and_reap`](Process::wait_and_reap). A process that is stopped
    /// has not ended. Once the answer is known, it is given again without asking.
    ///
    /// A zombie whose parent is not the caller has ended on the BSDs and macOS; on Linux it is there until it is
    /// collected.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. On Linux a process of another pid namespace cannot be waited for.
    ///
    /// # Source
    ///
    /// A descriptor of the process on Linux, `kqueue` elsewhere; where there is none to be had, looks with growing
    /// rests between them, of 0.1 to 40 ms. The status comes from `waitid` with `WNOWAIT`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for pid 0, and for a thread that is no process;
    /// [`Unsupported`](crate::Error::Unsupported) for a process of another pid namespace;
    /// [`AccessDenied`](crate::Error::AccessDenied) if the caller may not see it.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::Process;
    ///
    /// let mut child = Command::new("sh").args(["-c", "exit 3"]).spawn()?;
    /// let process = Process::try_from(&child)?;
    /// assert_eq!(process.wait()?.and_then(|status| status.code()), Some(3));
    /// // The child is still there to be collected by its owner.
    /// assert_eq!(child.wait()?.code(), Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&self) -> Result<Option<ExitStatus>> {
        self.wait_at_most(None)
    }

    /// Waits for it to end, but no longer than this; of no time at all, it only looks.
    ///
    /// Everything else is as for [`wait`](Process::wait).
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Process::wait), and [`TimeoutExpired`](crate::Error::TimeoutExpired).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ps_facade::{Error, Process};
    ///
    /// let error = Process::current()?.wait_timeout(Duration::ZERO).expect_err("still running");
    /// assert!(matches!(error, Error::TimeoutExpired { .. }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<ExitStatus>> {
        self.wait_at_most(Some(timeout))
    }

    fn wait_at_most(&self, timeout: Option<Duration>) -> Result<Option<ExitStatus>> {
        self.pid().check_acts("wait")?;
        if let Some(status) = self.known().ended() {
            return Ok(status);
        }
        let waited = wait::one(self.system().backend(), self.handle(), timeout);
        Ok(self.known().set_exit(self.known().learn(self.pid(), waited)?))
    }

    /// Waits for it to end, and collects it if it is a child of the caller, which is no zombie then.
    ///
    /// Nobody else can learn the status after that, and the pid may be given to another process: a
    /// `std::process::Child` of it must not be used any more, since it would not know.
    /// [`Child`](super::Child) is the way to have both: it knows if this was asked of itself, or of a clone.
    ///
    /// Everything else is as for [`wait`](Process::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::Process;
    ///
    /// let child = Command::new("true").spawn()?;
    /// let process = Process::try_from(&child)?;
    /// drop(child);
    /// assert!(process.wait_and_reap()?.is_some_and(|status| status.success()));
    /// assert!(!process.is_running()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_and_reap(&self) -> Result<Option<ExitStatus>> {
        let status = self.wait()?;
        if self.known().is_gone() {
            return Ok(status);
        }
        let backend = self.system().backend();
        match self.known().learn(self.pid(), backend.reap(self.handle()))? {
            Exit::Ended(reaped) => {
                if reaped.is_some() {
                    self.known().set_reaped();
                }
                self.known().set_gone(false);
                Ok(status)
            }
            // What has ended cannot go on.
            Exit::Running => Ok(status),
        }
    }

    /// Asks it and all that descend from it to end (`SIGTERM`), waits, and kills those that are left when the time
    /// is up, for whose end it waits as long again at most.
    ///
    /// All members are stopped first, from the top, and looked for again until all have stopped and no new one is found:
    /// who has stopped starts nobody, so none escapes by starting others meanwhile. A member that takes longer than a
    /// second to stop is not waited for. Then all get the signal, and may go on, from the bottom. Each is
    /// told apart from any later process with its number, so no stranger is ever signalled. Before those left are
    /// killed, their new children are looked for in the same way.
    ///
    /// A process whose parent ends before it is found has another parent from then on, and is not a member any
    /// more: a daemon that was started by way of a process that has ended, as daemons are, escapes, and so does one
    /// that starts a successor and ends itself all the time. Only a control group holds those.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if it has gone, and [`AccessDenied`](crate::Error::AccessDenied)
    /// if it may not be signalled, with nothing done; [`InvalidArgument`](crate::Error::InvalidArgument) if the
    /// calling process is part of the tree. What fails for other members is in the [`TreeEnd`].
    ///
    /// Needs the rights of all members' users, or root's.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sh").args(["-c", "sleep 60 & sleep 60"]))?;
    /// let end = child.terminate_tree(Duration::from_secs(5))?;
    /// assert!(end.alive.is_empty());
    /// child.wait()?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn terminate_tree(&self, grace: Duration) -> Result<TreeEnd> {
        self.fell(Way::Ask, grace)
    }

    /// Kills it and all that descend from it (`SIGKILL`), and waits for their end, but no longer than this.
    ///
    /// Everything else is as for [`terminate_tree`](Process::terminate_tree).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sh").args(["-c", "sleep 60 & sleep 60"]))?;
    /// assert!(child.kill_tree(Duration::from_secs(5))?.alive.is_empty());
    /// child.wait()?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn kill_tree(&self, patience: Duration) -> Result<TreeEnd> {
        self.fell(Way::Kill, patience)
    }

    fn fell(&self, way: Way, grace: Duration) -> Result<TreeEnd> {
        let felled =
            self.ask("terminate_tree", |backend, root| fell::fell(backend, root, way, grace))?;
        let members: Vec<Process> = felled
            .members
            .iter()
            .map(|member| match member.identity.pid == self.pid() {
                true => self.clone(),
                false => Process::identified(self.system(), member.identity),
            })
            .collect();
        let member = |place: usize| members.get(place).cloned();
        let gone = felled
            .gone
            .iter()
            .filter_map(|(place, status)| Some(Gone::new(member(*place)?, *status)));
        Ok(TreeEnd {
            gone: gone.collect(),
            alive: felled.alive.iter().filter_map(|place| member(*place)).collect(),
            refused: felled
                .refused
                .into_iter()
                .filter_map(|(place, error)| Some((member(place)?, error)))
                .collect(),
            is_complete: felled.is_complete,
        })
    }
}

/// A process that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gone {
    /// Which.
    pub process: Process,
    /// How it ended, if it was a child of the caller that nobody had collected.
    pub status: Option<ExitStatus>,
}

impl Gone {
    pub(super) fn new(process: Process, status: Option<ExitStatus>) -> Gone {
        let status = process.known().set_exit(status);
        Gone { process, status }
    }
}

/// Who ended during a wait, and who did not.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Waited {
    /// Those that ended, as they went.
    pub gone: Vec<Gone>,
    /// Those still there when time ran out, in the order they were given.
    pub alive: Vec<Process>,
}

/// What became of a tree of processes: see [`Process::terminate_tree`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct TreeEnd {
    /// Members that ended, as they went.
    pub gone: Vec<Gone>,
    /// Members that are still there.
    pub alive: Vec<Process>,
    /// Those of them that could not be signalled, or not be looked at, and why not.
    pub refused: Vec<(Process, Error)>,
    /// Whether nobody new was found any more once all members had stopped. Otherwise one did not stop within a second, or
    /// they start others faster than all processes can be listed, and some may be left that were not found.
    pub is_complete: bool,
}

/// Waits for many processes to end, but no longer than `timeout`; `None` waits without limit, and of no time at
/// all it only looks. Each is told to `on_gone` as soon as it goes.
///
/// One set of descriptors is waited on for any number of processes. Where descriptors run out, as many as fit are
/// watched, and the others looked at with growing rests between; the limit is not raised. A process that is given
/// twice is waited for once. Nobody is collected: see [`Process::wait`].
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
///
/// # Errors
///
/// Those of [`Process::wait`], for any of them. Time running out is none.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use std::time::Duration;
/// use ps_facade::process::{Process, wait_procs};
///
/// let mut children = [
///     Command::new("sh").args(["-c", "exit 3"]).spawn()?,
///     Command::new("sleep").arg("60").spawn()?,
/// ];
/// let processes = [Process::try_from(&children[0])?, Process::try_from(&children[1])?];
/// let waited = wait_procs(processes, Some(Duration::from_secs(1)), |gone| {
///     println!("{} ended: {:?}", gone.process, gone.status);
/// })?;
/// assert_eq!(waited.gone[0].status.and_then(|status| status.code()), Some(3));
/// assert_eq!(waited.alive.len(), 1);
/// # children[1].kill()?;
/// # for mut child in children { child.wait()?; }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_procs(
    processes: impl IntoIterator<Item = Process>,
    timeout: Option<Duration>,
    mut on_gone: impl FnMut(&Gone),
) -> Result<Waited> {
    let (mut gone, processes) = in_two(processes)?;
    for gone in &gone {
        on_gone(gone);
    }
    let Some(system) = processes.first().map(|process| process.system().clone()) else {
        return Ok(Waited { gone, alive: Vec::new() });
    };
    let handles: Vec<_> = processes.iter().map(|process| process.handle().clone()).collect();
    let outcome = wait::many(system.backend(), &handles, timeout, |place, status| {
        if let Some(process) = processes.get(place) {
            let one = Gone::new(process.clone(), status);
            on_gone(&one);
            gone.push(one);
        }
    })?;
    let alive = outcome.alive.iter().filter_map(|place| processes.get(*place).cloned()).collect();
    Ok(Waited { gone, alive })
}

/// Those that are known to have ended, which need no wait, and the others, each once.
pub(super) fn in_two(
    processes: impl IntoIterator<Item = Process>,
) -> Result<(Vec<Gone>, Vec<Process>)> {
    let mut met = wait::Met::default();
    let mut gone = Vec::new();
    let mut left: Vec<Process> = Vec::new();
    for process in processes {
        process.pid().check_acts("wait")?;
        if !met.is_first(*process.identity()) {
            continue;
        }
        if let Some(status) = process.known().ended() {
            gone.push(Gone::new(process, status));
            continue;
        }
        left.push(process);
    }
    // To wait is the same on every system that allows it, and each is asked whether it does.
    if let Some((first, others)) = left.split_first() {
        let ask = |one: &Process| one.system().backend().look_at_exit(one.handle()).map(drop);
        let is_of_another = |one: &&Process| !one.system().is_same(first.system());
        let mut of_others = others.iter().filter(is_of_another).peekable();
        if of_others.peek().is_some() {
            ask(first)?;
        }
        of_others.try_for_each(ask)?;
    }
    Ok((gone, left))
}
