//! What a task of a `tokio` runtime waits for: a descriptor that becomes readable, and time.

use std::future::Future;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ps_core::Result;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Sleep;

/// Whether a descriptor is readable. It has a duplicate of it.
#[derive(Debug, Default)]
pub(crate) enum Readiness {
    /// No descriptor was seen yet, or the runtime that told has gone.
    #[default]
    Unknown,
    /// The runtime tells.
    Told(AsyncFd<OwnedFd>),
    /// The runtime takes no more descriptors.
    Untold,
}

impl Readiness {
    /// Has the runtime watch a descriptor, unless it does.
    ///
    /// It panics outside of a runtime, and in one that was built without input and output.
    pub(crate) fn watch(&mut self, descriptor: BorrowedFd<'_>) {
        if matches!(self, Readiness::Unknown) {
            let watched = descriptor.try_clone_to_owned().and_then(registered);
            *self = watched.map_or(Readiness::Untold, Readiness::Told);
        }
    }

    /// Whether the task is woken when the descriptor becomes readable.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Readiness::Told(_))
    }

    /// Asks whenever the descriptor is readable, until there is an answer.
    ///
    /// If nobody tells, which may turn out here, the task is not woken: see [`is_told`](Readiness::is_told).
    pub(crate) fn poll<T>(
        &mut self,
        task: &mut Context<'_>,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Poll<Result<T>> {
        let Readiness::Told(descriptor) = self else { return Poll::Pending };
        loop {
            let Ok(mut guard) = ready!(descriptor.poll_read_ready(task)) else {
                // Its runtime has been shut down; the task may be on another.
                *self = Readiness::Unknown;
                return Poll::Pending;
            };
            match ask()? {
                Some(answer) => return Poll::Ready(Ok(answer)),
                // Nothing is left, so the next thing to come is told.
                None => guard.clear_ready(),
            }
        }
    }
}

/// Has the runtime watch a descriptor.
///
/// `tokio` 1.54 sets an unsafe function in the place of this one, which cannot be called here, since types may lie about
/// the descriptor they own. An [`OwnedFd`] does not.
#[allow(deprecated)]
fn registered(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}

/// Time that is let pass between looks. It goes on passing when a future that waited for it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Rest(Option<Pin<Box<Sleep>>>);

impl Rest {
    /// Ready once a rest is over; the next one begins when it is asked for again.
    pub(crate) fn poll(
        &mut self,
        task: &mut Context<'_>,
        length: impl FnOnce() -> Duration,
    ) -> Poll<()> {
        // Anew, since a timer of a runtime that has been shut down panics, and the task may be on another.
        let sleep = match self.0.take() {
            Some(begun) => tokio::time::sleep_until(begun.deadline()),
            None => tokio::time::sleep(length()),
        };
        let sleep = self.0.insert(Box::pin(sleep));
        ready!(sleep.as_mut().poll(task));
        self.0 = None;
        Poll::Ready(())
    }
}
