//! Events of processes for a task, which has other things to do meanwhile.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use ps_core::Result;
use ps_core::process::{NewsBackend, NewsSource, WaitBackend};

use super::events::{Event, Events};
use super::task::{Readiness, Rest};
use super::wait::Rests;

/// Events that are asked for without blocking. All that was found out stays in it, so that nothing is lost when a
/// future that asked for the next one is dropped.
pub(crate) struct EventStream<B: NewsBackend> {
    readiness: Readiness,
    events: Events<B>,
    rest: Rest,
    rests: Rests,
}

impl<B: NewsBackend + WaitBackend> EventStream<B> {
    pub(crate) fn new(events: Events<B>) -> EventStream<B> {
        EventStream {
            readiness: Readiness::default(),
            events,
            rest: Rest::default(),
            rests: Rests::new(),
        }
    }

    pub(crate) fn is_told(&self) -> bool {
        self.events.is_told()
    }

    /// The next event.
    pub(crate) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Result<Event>> {
        loop {
            if let Some(event) = self.events.pop()? {
                self.rests = Rests::new();
                return Poll::Ready(Ok(event));
            }
            if let Some(descriptor) = self.events.source().and_then(NewsSource::descriptor) {
                self.readiness.watch(descriptor);
            }
            if self.readiness.is_told() {
                let EventStream { readiness, events, .. } = self;
                let listen = || Ok(events.listen(Some(Duration::ZERO))?.then_some(()));
                match readiness.poll(task, listen) {
                    Poll::Ready(heard) => {
                        heard?;
                        continue;
                    }
                    Poll::Pending if readiness.is_told() => return Poll::Pending,
                    Poll::Pending => {}
                }
            }
            let EventStream { events, rest, rests, .. } = self;
            let length = || if events.is_told() { rests.next() } else { events.interval() };
            ready!(rest.poll(task, length));
            if events.is_told() {
                events.listen(Some(Duration::ZERO))?;
            } else {
                events.fall_behind();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::block_on;
    use ps_core::fake::{Fake, Machine, Refusal};
    use std::future::poll_fn;
    use tokio::time::timeout;

    const SECOND: Duration = Duration::from_secs(1);

    fn streams(fake: &Fake) -> [EventStream<Fake>; 2] {
        let told = Events::told(fake.clone()).expect("listens");
        let compared = Events::compared(fake.clone(), SECOND / 4).expect("looks");
        [told, compared].map(EventStream::new)
    }

    async fn next(events: &mut EventStream<Fake>) -> Option<Result<Event>> {
        timeout(SECOND, poll_fn(|task| events.poll_next(task))).await.ok()
    }

    #[test]
    fn a_task_is_told_of_each_event_once() {
        let fake = Fake::new();
        for mut events in streams(&fake) {
            block_on(async {
                assert!(next(&mut events).await.is_none(), "those there before are not news");
                let child = fake.with(Machine::spawn_child);
                let started = next(&mut events).await.expect("is told").expect("looks");
                assert!(matches!(started, Event::Started { pid, .. } if pid == child));
                fake.with(|machine| machine.exit(child, 0));
                let ended = next(&mut events).await.expect("is told").expect("looks");
                assert!(matches!(ended, Event::Exited { pid, .. } if pid == child));
                assert!(next(&mut events).await.is_none());
            });
        }
    }

    #[test]
    fn a_failure_to_look_is_told_to_a_task_and_loses_nothing() {
        let fake = Fake::new();
        let [_, mut events] = streams(&fake);
        block_on(async {
            let child = fake.with(Machine::spawn_child);
            fake.with(|machine| machine.refuse_system("scan", Refusal::Failed));
            assert!(next(&mut events).await.expect("is told").is_err());
            fake.with(|machine| machine.allow_system("scan"));
            let started = next(&mut events).await.expect("is told").expect("looks");
            assert!(matches!(started, Event::Started { pid, .. } if pid == child));
        });
    }

    #[test]
    fn a_rest_goes_on_when_its_runtime_has_gone() {
        let fake = Fake::new();
        let [_, mut events] = streams(&fake);
        assert!(block_on(next(&mut events)).is_none());
        let child = fake.with(Machine::spawn_child);
        // What is left of the rest has begun on another clock.
        let started = block_on(async {
            match next(&mut events).await {
                None => next(&mut events).await,
                told => told,
            }
        });
        let started = started.expect("is told").expect("looks");
        assert!(matches!(started, Event::Started { pid, .. } if pid == child));
    }

    #[test]
    fn an_overflow_is_told_to_a_task() {
        let fake = Fake::new();
        fake.with(|machine| machine.news_limit = 1);
        let mut events = EventStream::new(Events::told(fake.clone()).expect("listens"));
        let born = [fake.with(Machine::spawn_child), fake.with(Machine::spawn_child)];
        block_on(async {
            let mut told = Vec::new();
            while let Some(event) = next(&mut events).await {
                told.push(event.expect("looks"));
            }
            assert_eq!(told[0], Event::Overflow);
            for child in born {
                let of_it = |e: &&Event| matches!(e, Event::Started { pid, .. } if *pid == child);
                assert_eq!(told.iter().filter(of_it).count(), 1);
            }
            assert_eq!(told.len(), 3);
        });
    }
}
