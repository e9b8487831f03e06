//! A stream of processes that start, run another program, and end.
//!
//! | source | told of | may miss |
//! |---|---|---|
//! | the kernel, on Linux, in the initial namespaces of pids and of the network; older kernels ask for `CAP_NET_ADMIN` too, 6.18 does not | every start, every other program run, and every end with its status | what was not asked for in time; then [`Event::Overflow`] says so, and a comparison of all processes makes up for it |
//! | comparisons of all processes, in intervals | starts and ends | whoever starts and ends between two of them; other programs run; how processes ended |
//!
//! A process has ended when it becomes a zombie, or is gone without having been seen as one. One that has lost its main
//! thread goes on while it has others. On Linux the kernel tells of the end of each thread: if another one runs a program in
//! the place of the main one, and the process is gone before that is asked for, the end that is told is that of the main
//! thread, with its status, before the other program.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "tokio")]
pub use super::event_stream::EventStream;
pub use crate::engine::events::Event;

use crate::engine::events;
use crate::native::Native;
use crate::{Result, System};

/// Where events come from, and so what they promise: see the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The kernel tells of each.
    Kernel,
    /// All processes are compared in intervals.
    Comparison,
}

impl Source {
    pub(super) fn of(is_told: bool) -> Source {
        if is_told { Source::Kernel } else { Source::Comparison }
    }
}

/// Events of processes, from when it was made.
///
/// Those that wait to be asked for are kept by the kernel, within bounds; no thread runs for them. Dropping it ends it.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use std::time::Duration;
/// use ps_facade::process::events::{Event, Events};
///
/// let mut events = Events::new(Duration::from_millis(10))?;
/// let mut child = Command::new("sleep").arg("60").spawn()?;
/// while let Some(event) = events.next(Some(Duration::from_secs(5)))? {
///     if matches!(event, Event::Started { pid, .. } if pid.get() == child.id()) {
///         println!("started, as {:?} tells", events.source());
///         break;
///     }
/// }
/// child.kill()?;
/// child.wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Events {
    events: events::Events<Native>,
}

impl Events {
    /// From the kernel where it tells the caller, else from comparisons in such intervals, which must not be zero in
    /// either case.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; from the kernel on Linux only.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for an interval of zero;
    /// [`Io`](crate::Error::Io) if processes cannot be listed.
    pub fn new(interval: Duration) -> Result<Events> {
        Events::of(&System::default(), interval)
    }

    /// The same, of another system than the default one.
    pub fn of(system: &System, interval: Duration) -> Result<Events> {
        events::check_interval(interval)?;
        Events::from_kernel(system).or_else(|_| Events::from_comparison(system, interval))
    }

    /// From the kernel alone.
    ///
    /// # Source
    ///
    /// The process connector (`NETLINK_CONNECTOR`) on Linux.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::Error::AccessDenied) without `CAP_NET_ADMIN`, where the kernel asks for it;
    /// [`Unsupported`](crate::Error::Unsupported) outside of the initial namespaces, and where the system tells nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::System;
    /// use ps_facade::process::events::Events;
    ///
    /// match Events::from_kernel(&System::default()) {
    ///     Ok(_) => println!("nothing is missed"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    pub fn from_kernel(system: &System) -> Result<Events> {
        Ok(Events { events: events::Events::told(system.backend().clone())? })
    }

    /// From comparisons in such intervals alone.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for an interval of zero;
    /// [`Io`](crate::Error::Io) if processes cannot be listed.
    pub fn from_comparison(system: &System, interval: Duration) -> Result<Events> {
        Ok(Events { events: events::Events::compared(system.backend().clone(), interval)? })
    }

    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::of(self.events.is_told())
    }

    /// The next event; `None` if there was none in this time. Without a time it waits without limit.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if the source fails; asking again goes on where it was.
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        self.events.next(timeout)
    }

    #[cfg(feature = "tokio")]
    pub(super) fn into_engine(self) -> events::Events<Native> {
        self.events
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("source", &self.source()).finish_non_exhaustive()
    }
}
