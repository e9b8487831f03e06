//! Events of processes in tasks of a `tokio` runtime.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::events::{Event, Events, Source};
use crate::Result;
use crate::engine::event_stream;
use crate::native::Native;

/// [`Events`] as a stream, made by [`Events::into_stream`]. It does not end.
///
/// No thread listens: what was not asked for yet is kept by the kernel, within bounds, and where the kernel does not
/// tell, processes are compared in the task itself. Dropping a future of [`next`](EventStream::next) loses nothing;
/// dropping the stream ends it.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use std::time::Duration;
/// use ps_facade::process::events::{Event, Events};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut events = Events::new(Duration::from_millis(10))?.into_stream();
/// let mut child = Command::new("sleep").arg("60").spawn()?;
/// loop {
///     let event = events.next().await?;
///     if matches!(event, Event::Started { pid, .. } if pid.get() == child.id()) {
///         break;
///     }
/// }
/// # child.kill()?;
/// # child.wait()?;
/// # Ok(())
/// # }
/// ```
pub struct EventStream {
    events: event_stream::EventStream<Native>,
}

impl EventStream {
    /// Where the events come from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::of(self.events.is_told())
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`]; asking again goes on where it was.
    ///
    /// # Panics
    ///
    /// When it is awaited outside of a `tokio` runtime, or in one that was built without input and output or time.
    pub async fn next(&mut self) -> Result<Event> {
        poll_fn(|task| self.events.poll_next(task)).await
    }
}

impl Events {
    /// Makes a stream of them for tasks of a `tokio` runtime.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; feature `tokio`.
    #[must_use]
    pub fn into_stream(self) -> EventStream {
        EventStream { events: event_stream::EventStream::new(self.into_engine()) }
    }
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_next(task).map(Some)
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("source", &self.source()).finish_non_exhaustive()
    }
}
