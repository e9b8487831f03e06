//! Waiting for processes in tasks of a `tokio` runtime.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::process::ExitStatus;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::wait::{Gone, in_two};
use super::{Child, Process};
use crate::engine::ends;
use crate::native::Native;
use crate::{Result, System};

impl Process {
    /// Waits for it to end, as [`wait`](Process::wait) does, but lets other tasks go on meanwhile.
    ///
    /// No thread waits: the runtime is told by a descriptor, and where there is none to be had, the process is looked
    /// at with growing rests between, of 0.1 to 40 ms. Dropping the future ends the wait and loses nothing; wrap it in
    /// `tokio::time::timeout` to wait no longer than some time. It takes up to three descriptors while it waits: to
    /// wait for many, [`wait_procs_async`] takes one for each.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; feature `tokio`.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Process::wait).
    ///
    /// # Panics
    ///
    /// When it is awaited outside of a `tokio` runtime, or in one that was built without input and output or time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use ps_facade::Process;
    /// use tokio::time::timeout;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// let process = Process::try_from(&child)?;
    /// assert!(timeout(Duration::from_millis(5), process.wait_async()).await.is_err());
    /// process.kill()?;
    /// assert!(process.wait_async().await?.is_some_and(|status| !status.success()));
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_async(&self) -> Result<Option<ExitStatus>> {
        self.pid().check_acts("wait")?;
        if let Some(status) = self.known().ended() {
            return Ok(status);
        }
        let handles = vec![self.handle().clone()];
        let mut ends = ends::Ends::new(self.system().backend().clone(), handles)?;
        let ended = poll_fn(|task| ends.poll_next(task)).await;
        let status = ended.map_or(Ok(None), |ended| ended.map(|(_, status)| status));
        Ok(self.known().set_exit(self.known().learn(self.pid(), status)?))
    }
}

impl Child {
    /// Waits for it to end, and collects it, as [`wait`](Child::wait) does, but lets other tasks go on meanwhile: see
    /// [`Process::wait_async`].
    ///
    /// The pipe to its standard input is closed first. Dropping the future leaves the child as it is, to be waited for
    /// again.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Child::wait).
    ///
    /// # Panics
    ///
    /// When it is awaited outside of a `tokio` runtime, or in one that was built without input and output or time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::process::Child;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ps_facade::Result<()> {
    /// let mut child = Child::spawn(Command::new("sh").args(["-c", "exit 3"]))?;
    /// assert_eq!(child.wait_async().await?.and_then(|status| status.code()), Some(3));
    /// assert!(!child.is_running()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_async(&mut self) -> Result<Option<ExitStatus>> {
        drop(self.stdin.take());
        match self.process().wait_async().await {
            Err(error) if !error.is_gone() => Err(error),
            // It has ended, so that collecting it does not wait.
            _ => self.wait(),
        }
    }
}

/// The ends of many processes, as they go: a stream, made by [`wait_procs_async`].
///
/// It ends when all that are waited for have ended. What failed for one is told once, and that one is not waited for any
/// more; the others are. Dropping it, or a future of [`next`](Ends::next), loses nothing that was not told: nobody is
/// collected, and whoever asks again is told the same.
pub struct Ends {
    ends: ends::Ends<Native>,
    processes: Vec<Process>,
    /// Those that had ended before.
    known: VecDeque<Gone>,
}

impl Ends {
    /// The next one that has ended; `None` when there is nobody left to wait for.
    ///
    /// # Errors
    ///
    /// Those of [`Process::wait`], for one of them.
    ///
    /// # Panics
    ///
    /// When it is awaited outside of a `tokio` runtime, or in one that was built without input and output or time.
    pub async fn next(&mut self) -> Option<Result<Gone>> {
        poll_fn(|task| self.poll(task)).await
    }

    /// Those that are still waited for, in the order they were given.
    #[must_use]
    pub fn alive(&self) -> Vec<Process> {
        let places = self.ends.alive();
        places.iter().filter_map(|place| self.processes.get(*place).cloned()).collect()
    }

    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<Gone>>> {
        if let Some(gone) = self.known.pop_front() {
            return Poll::Ready(Some(Ok(gone)));
        }
        Poll::Ready(match ready!(self.ends.poll_next(task)) {
            Some(Ok((place, status))) => {
                self.processes.get(place).map(|one| Ok(Gone::new(one.clone(), status)))
            }
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }
}

impl Stream for Ends {
    type Item = Result<Gone>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(task)
    }
}

// Tasks may be moved between threads.
const _: fn() = || {
    fn moves<T: Send + Unpin>() {}
    moves::<Ends>();
    moves::<super::events::EventStream>();
};

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends").field("alive", &self.alive().len()).finish_non_exhaustive()
    }
}

/// Waits for many processes to end, as [`wait_procs`](super::wait_procs) does, but lets other tasks go on meanwhile.
///
/// One set of descriptors is waited on for any number of processes, and no thread. Where descriptors run out, as many
/// as fit are watched, and the others looked at with growing rests between, some at a time. Nobody of one system is asked
/// about before the first end is waited for. A process that is given twice is waited for once.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD; feature `tokio`.
///
/// # Errors
///
/// [`InvalidArgument`](crate::Error::InvalidArgument) for pid 0. If they belong to several systems, each is asked at once
/// whether it allows to wait: [`Unsupported`](crate::Error::Unsupported) if one does not, and what else looking at a
/// process of it may fail with. Everything else is told by [`Ends::next`].
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use ps_facade::process::{Process, wait_procs_async};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut children = [
///     Command::new("sh").args(["-c", "exit 3"]).spawn()?,
///     Command::new("sh").args(["-c", "exit 4"]).spawn()?,
/// ];
/// let processes = [Process::try_from(&children[0])?, Process::try_from(&children[1])?];
/// let mut ends = wait_procs_async(processes)?;
/// while let Some(gone) = ends.next().await.transpose()? {
///     println!("{} ended: {:?}", gone.process, gone.status);
/// }
/// assert!(ends.alive().is_empty());
/// # for child in &mut children { child.wait()?; }
/// # Ok(())
/// # }
/// ```
pub fn wait_procs_async(processes: impl IntoIterator<Item = Process>) -> Result<Ends> {
    let (known, processes) = in_two(processes)?;
    let system = processes.first().map_or_else(System::default, |one| one.system().clone());
    let handles = processes.iter().map(|process| process.handle().clone()).collect();
    let ends = ends::Ends::new(system.backend().clone(), handles)?;
    Ok(Ends { ends, processes, known: known.into() })
}
