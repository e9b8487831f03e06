//! Waiting for processes to end in a task, which has other things to do meanwhile.

use std::task::{Context, Poll};
use std::time::Duration;

use ps_core::Result;
use ps_core::process::{Handle, WaitBackend, WaitSet};
use tokio::time::Instant;

use super::task::{Readiness, Rest};
use super::wait::{Ended, Rests, Wait};

/// How many processes are looked at before other tasks have their turn.
const AT_ONCE: usize = 64;

/// A wait for many that never blocks. All that was found out stays in it, so that nothing is lost when a future
/// that asked for the next end is dropped.
pub(crate) struct Ends<B: WaitBackend> {
    readiness: Readiness,
    wait: Wait<B>,
    rest: Rest,
    rests: Rests,
    /// Since when those that are not watched are being looked at.
    sweeping: Option<Instant>,
    /// How long that took the last time.
    looks: Duration,
    /// Waiting has failed as a whole.
    has_failed: bool,
}

impl<B: WaitBackend> Ends<B> {
    pub(crate) fn new(backend: B, handles: Vec<Handle<B::Pin>>) -> Result<Ends<B>> {
        Ok(Ends {
            readiness: Readiness::default(),
            wait: Wait::new(backend, handles)?,
            rest: Rest::default(),
            rests: Rests::new(),
            sweeping: None,
            looks: Duration::ZERO,
            has_failed: false,
        })
    }

    /// Places of those that are still waited for, ascending.
    pub(crate) fn alive(&self) -> Vec<usize> {
        self.wait.alive()
    }

    /// The next one that has ended, each once; `None` when there is nobody left to wait for.
    pub(crate) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<Ended>>> {
        loop {
            if let Some(gone) = self.wait.next_gone() {
                return Poll::Ready(Some(Ok(gone)));
            }
            if self.wait.is_over() || self.has_failed {
                return Poll::Ready(None);
            }
            match self.poll_step(task) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Ready once something was done that may have found an end.
    fn poll_step(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.wait.has_begun() {
            self.wait.begin(AT_ONCE)?;
            // At once: sets of other tasks would leave no descriptor for it but those that are left to the program.
            self.watch_set();
            return self.poll_others(task);
        }
        if let Poll::Ready(reported) = self.poll_reports(task) {
            return Poll::Ready(reported);
        }
        if let Some(began) = self.sweeping {
            if self.wait.sweep(AT_ONCE)? {
                self.looks = began.elapsed();
                self.sweeping = None;
            }
            return self.poll_others(task);
        }
        if self.must_look() && self.rest.poll(task, || self.rests.after(self.looks)).is_ready() {
            self.sweeping = Some(Instant::now());
            self.ask_set()?;
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    /// Other tasks have their turn, unless there is something to tell.
    fn poll_others(&self, task: &mut Context<'_>) -> Poll<Result<()>> {
        if self.wait.has_gone() {
            return Poll::Ready(Ok(()));
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready once the end of one that is watched was reported.
    fn poll_reports(&mut self, task: &mut Context<'_>) -> Poll<Result<()>> {
        if self.wait.set().is_none() {
            return Poll::Pending;
        }
        self.watch_set();
        let Ends { readiness, wait, has_failed, .. } = self;
        readiness.poll(task, || match wait.wait(Some(Duration::ZERO)) {
            Ok(reported) => Ok(reported.then_some(())),
            Err(error) => {
                *has_failed = error.pid().is_none();
                Err(error)
            }
        })
    }

    fn watch_set(&mut self) {
        if let Some(descriptor) = self.wait.set().and_then(WaitSet::descriptor) {
            self.readiness.watch(descriptor);
        }
    }

    /// Whether somebody is waited for whose end wakes nobody.
    fn must_look(&self) -> bool {
        let wakes = |set: &B::WaitSet| self.readiness.is_told() && set.descriptor().is_some();
        self.wait.must_look() || self.wait.set().is_some_and(|set| !wakes(set))
    }

    /// Asks for ends that wake nobody.
    fn ask_set(&mut self) -> Result<()> {
        match self.wait.set() {
            Some(_) => self.wait.wait(Some(Duration::ZERO)).map(|_| ()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, FakePin, Refusal, at_every_moment};
    use ps_core::process::Identity;
    use ps_core::{Error, Pid};
    use std::future::poll_fn;
    use std::task::Waker;
    use tokio::time::timeout;

    const SECOND: Duration = Duration::from_secs(1);

    fn ends_of(fake: &Fake, handles: &[Handle<FakePin>]) -> Ends<Fake> {
        Ends::new(fake.clone(), handles.to_vec()).expect("nothing is asked yet")
    }

    type Told = Option<Result<Ended>>;

    /// The next end, if there is one in a time that is enough to look twice. None passes on the simulated machine.
    async fn next(ends: &mut Ends<Fake>) -> Option<Told> {
        timeout(SECOND / 10, poll_fn(|task| ends.poll_next(task))).await.ok()
    }

    #[test]
    fn a_task_is_told_of_each_once_however_often_it_asks() {
        const COUNT: usize = 80;
        let turn = |place| u32::try_from(place * 7919 % COUNT + 1).expect("small");
        for descriptors in [1000, 40, 0] {
            let (fake, handles) = children(COUNT);
            fake.with(|machine| {
                machine.descriptor_limit = descriptors;
                for (n, handle) in handles.iter().enumerate() {
                    machine.exit_after(SECOND * turn(n), handle.identity.pid, 5);
                }
            });
            let mut ends = ends_of(&fake, &handles);
            let mut told = Vec::new();
            block_on(async {
                loop {
                    match next(&mut ends).await {
                        Some(Some(gone)) => {
                            let (place, status) = gone.expect("looks");
                            assert_eq!(status.and_then(|status| status.code()), Some(5));
                            told.push(place);
                            assert_eq!(ends.alive().len(), COUNT - told.len());
                        }
                        Some(None) => break,
                        None => fake.with(|machine| machine.advance(SECOND)),
                    }
                }
            });
            assert!(told.is_sorted_by_key(|place| turn(*place)), "each is told as it goes");
            assert_eq!(told.len(), COUNT);
            drop(ends);
            assert_eq!(fake.open_descriptors(), 0);
        }
    }

    #[test]
    fn a_task_never_waits_for_a_stranger() {
        let set_up = || children(3);
        let pid = set_up().1[1].identity.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(pid),
            |fake, handles, moment| {
                let mut ends = ends_of(fake, &handles);
                let told = block_on(async {
                    let mut told = vec![next(&mut ends).await, next(&mut ends).await];
                    // It may have come about after the very last look.
                    fake.leave_alone();
                    told.extend([next(&mut ends).await, next(&mut ends).await]);
                    told.into_iter().flatten().collect::<Vec<_>>()
                });
                let reused = fake.with(|machine| stranger_has(machine, pid));
                let [Some(Ok((1, None)))] = told.as_slice() else {
                    return assert!(!reused && told.is_empty(), "moment {moment}: {told:?}");
                };
            },
        );
    }

    #[test]
    fn what_fails_for_one_is_told_once_and_the_others_go_on() {
        let (fake, handles) = children(3);
        fake.with(|machine| {
            machine.refuse(handles[1].identity.pid, "look_at_exit", Refusal::Denied);
            machine.exit(handles[2].identity.pid, 0);
        });
        let mut ends = ends_of(&fake, &handles);
        block_on(async {
            let first = next(&mut ends).await.flatten().expect("is told");
            assert_eq!(first.expect_err("refused").pid(), Some(handles[1].identity.pid));
            let second = next(&mut ends).await.flatten().expect("is told");
            assert_eq!(second.expect("has ended").0, 2);
            assert!(next(&mut ends).await.is_none());
            fake.with(|machine| machine.exit(handles[0].identity.pid, 0));
            assert!(matches!(next(&mut ends).await, Some(Some(Ok((0, Some(_)))))));
            assert!(matches!(next(&mut ends).await, Some(None)));
        });
    }

    #[test]
    fn other_tasks_have_their_turn() {
        let (fake, handles) = children(1000);
        let looks = || fake.calls().iter().filter(|call| call.operation == "look_at_exit").count();
        let mut ends = ends_of(&fake, &handles);
        let mut seen = 0;
        while !ends.wait.has_begun() {
            let mut task = Context::from_waker(Waker::noop());
            assert!(ends.poll_next(&mut task).is_pending());
            assert!(looks() - seen <= AT_ONCE);
            seen = looks();
        }
        assert_eq!(seen, 1000);
    }

    #[test]
    fn a_task_never_waits_for_pid_zero() {
        let fake = Fake::new();
        let zero = Handle::new(Identity::new(Pid::ZERO, None));
        assert!(matches!(Ends::new(fake.clone(), vec![zero]), Err(Error::InvalidArgument { .. })));
        assert_eq!(fake.call_count(), 0);
    }
}
