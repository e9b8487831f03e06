//! Waiting for simulated processes, in simulated time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Fake, FakePin, refuse, refused};
use crate::process::{Exit, Handle, WaitBackend, WaitSet, Watched};
use crate::{Context, Error, Result};

/// Processes whose ends are waited for together. Waiting makes simulated time pass, up to the next thing
/// that was set to happen.
#[derive(Debug)]
pub struct FakeWaitSet {
    fake: Fake,
    /// The processes watched, by the caller's numbers.
    watched: BTreeMap<u64, u64>,
}

impl Fake {
    /// A descriptor of the process meant; `None` if it is there no more.
    fn hold_if_there(
        &self,
        handle: &Handle<FakePin>,
        operation: &'static str,
    ) -> Result<Option<u64>> {
        match self.hold(handle, operation) {
            Ok(unique) => Ok(Some(unique)),
            Err(Error::NoSuchProcess { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn look(&self, handle: &Handle<FakePin>, operation: &'static str, reaps: bool) -> Result<Exit> {
        let pid = handle.identity.pid;
        if let Some(refusal) = self.with(|machine| machine.system_refusal(operation)) {
            return Err(refused(refusal, Context::new(operation).with_pid(pid)));
        }
        let Some(unique) = self.hold_if_there(handle, operation)? else {
            return Ok(Exit::Ended(None));
        };
        self.call(operation, Some(pid), |machine| {
            let Some(process) = machine.by_unique(unique) else { return Ok(Exit::Ended(None)) };
            refuse(process, operation, pid)?;
            if !machine.has_ended(unique) {
                return Ok(Exit::Running);
            }
            let status = process.ended.filter(|_| machine.is_child_of_caller(process));
            if reaps && status.is_some() {
                machine.reap(pid);
            }
            Ok(Exit::Ended(status))
        })
    }
}

impl WaitBackend for Fake {
    type WaitSet = FakeWaitSet;

    fn look_at_exit(&self, handle: &Handle<FakePin>) -> Result<Exit> {
        self.look(handle, "look_at_exit", false)
    }

    fn reap(&self, handle: &Handle<FakePin>) -> Result<Exit> {
        self.look(handle, "reap", true)
    }

    fn wait_set(&self) -> Result<FakeWaitSet> {
        self.ask("wait_set", |_| Ok(()))?;
        Ok(FakeWaitSet { fake: self.clone(), watched: BTreeMap::new() })
    }

    fn now(&self) -> Instant {
        self.instant()
    }

    fn sleep(&self, time: Duration) {
        self.pass(time);
    }
}

impl FakeWaitSet {
    /// Takes out those that have ended.
    fn take_ended(&mut self, operation: &'static str, ended: &mut Vec<u64>) {
        let before = self.watched.len();
        self.fake.call(operation, None, |machine| {
            self.watched.retain(|token, unique| {
                let over = machine.has_ended(*unique);
                if over {
                    ended.push(*token);
                }
                !over
            });
        });
        self.fake.release_descriptors(before - self.watched.len());
    }
}

impl WaitSet<FakePin> for FakeWaitSet {
    fn watch(&mut self, handle: &Handle<FakePin>, token: u64) -> Result<Watched> {
        let pid = handle.identity.pid;
        let Some(unique) = self.fake.hold_if_there(handle, "watch")? else {
            return Ok(Watched::Ended);
        };
        let state = self.fake.call("watch", Some(pid), |machine| {
            let refused = |process| refuse(process, "watch", pid).is_err();
            if machine.has_ended(unique) {
                Watched::Ended
            } else if machine.by_unique(unique).is_none_or(refused) {
                Watched::No
            } else {
                Watched::Yes
            }
        });
        if state != Watched::Yes {
            return Ok(state);
        }
        self.forget(token);
        if !self.fake.take_descriptor() {
            return Ok(Watched::No);
        }
        self.watched.insert(token, unique);
        Ok(Watched::Yes)
    }

    fn forget(&mut self, token: u64) {
        if self.watched.remove(&token).is_some() {
            self.fake.release_descriptors(1);
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, ended: &mut Vec<u64>) -> Result<()> {
        let already = ended.len();
        let mut left = timeout;
        loop {
            self.take_ended("wait", ended);
            if ended.len() > already || left == Some(Duration::ZERO) {
                return Ok(());
            }
            let next = self.fake.with(|machine| machine.until_next_event());
            let step = match (next, left) {
                (Some(next), Some(left)) => next.min(left),
                (Some(time), None) | (None, Some(time)) => time,
                (None, None) => {
                    let source = std::io::Error::other("nothing is going to happen any more");
                    return Err(Error::io(Context::new("wait"), source));
                }
            };
            self.fake.with(|machine| machine.advance(step));
            left = left.map(|left| left.saturating_sub(step));
        }
    }
}

impl Drop for FakeWaitSet {
    fn drop(&mut self) {
        self.fake.release_descriptors(self.watched.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Machine, Refusal};
    use crate::process::ProcessBackend;

    const SECOND: Duration = Duration::from_secs(1);

    fn children(count: usize) -> (Fake, Vec<Handle<FakePin>>) {
        let fake = Fake::new();
        let handles = (0..count)
            .map(|_| fake.with(Machine::spawn_child))
            .map(|child| Handle::new(fake.identify(child).expect("is there")))
            .collect();
        (fake, handles)
    }

    #[test]
    fn the_status_of_a_child_stays_until_it_is_collected() {
        let (fake, handles) = children(1);
        let [child] = handles.as_slice() else { panic!("one") };
        assert_eq!(fake.look_at_exit(child).expect("looks"), Exit::Running);
        fake.with(|machine| machine.exit(child.identity.pid, 7));
        for _ in 0..2 {
            let Exit::Ended(Some(status)) = fake.look_at_exit(child).expect("looks") else {
                panic!("ended, with a status")
            };
            assert_eq!(status.code(), Some(7));
        }
        assert!(matches!(fake.reap(child).expect("collects"), Exit::Ended(Some(_))));
        assert_eq!(fake.look_at_exit(child).expect("looks"), Exit::Ended(None));
    }

    #[test]
    fn a_process_that_is_no_child_has_no_status_and_is_not_collected() {
        let fake = Fake::new();
        let stranger = fake.with(|machine| {
            let parent = machine.spawn_child();
            machine.spawn(parent)
        });
        let handle = Handle::new(fake.identify(stranger).expect("is there"));
        fake.with(|machine| machine.exit(stranger, 0));
        assert_eq!(fake.reap(&handle).expect("looks"), Exit::Running);
        let mut set = fake.wait_set().expect("waits");
        assert_eq!(set.watch(&handle, 0).expect("watches"), Watched::Yes);
        let mut ended = Vec::new();
        set.wait(Some(SECOND), &mut ended).expect("waits");
        assert!(ended.is_empty(), "nobody has collected it");
        fake.with(|machine| machine.zombies_of_others_have_ended = true);
        assert_eq!(fake.reap(&handle).expect("looks"), Exit::Ended(None));
        set.wait(Some(SECOND), &mut ended).expect("waits");
        assert_eq!(ended, [0]);
        assert!(fake.with(|machine| machine.process(stranger).is_some()));
        fake.with(|machine| {
            machine.zombies_of_others_have_ended = false;
            machine.reap(stranger);
        });
        assert_eq!(fake.look_at_exit(&handle).expect("looks"), Exit::Ended(None));
    }

    #[test]
    fn a_reused_number_has_ended() {
        let (fake, handles) = children(1);
        fake.with(|machine| machine.reuse(handles[0].identity.pid));
        assert_eq!(fake.look_at_exit(&handles[0]).expect("looks"), Exit::Ended(None));
        let mut set = fake.wait_set().expect("waits");
        assert_eq!(set.watch(&handles[0], 0).expect("looks"), Watched::Ended);
    }

    #[test]
    fn waiting_takes_simulated_time_only() {
        let (fake, handles) = children(3);
        let mut set = fake.wait_set().expect("waits");
        for (token, handle) in (10..).zip(&handles) {
            assert_eq!(set.watch(handle, token).expect("watches"), Watched::Yes);
            let delay = SECOND * u32::try_from(token).expect("small");
            fake.with(|machine| machine.exit_after(delay, handle.identity.pid, 0));
        }
        let (before, real) = (fake.now(), Instant::now());
        let mut ended = Vec::new();
        set.wait(Some(SECOND), &mut ended).expect("waits");
        assert!(ended.is_empty() && fake.now() - before == SECOND);
        for _ in 0..3 {
            set.wait(None, &mut ended).expect("waits");
        }
        assert_eq!(ended, [10, 11, 12]);
        assert_eq!(fake.now() - before, 12 * SECOND);
        assert!(real.elapsed() < SECOND);
        assert_eq!(fake.open_descriptors(), 0, "each is reported once and let go");
    }

    #[test]
    fn no_time_at_all_is_a_look() {
        let (fake, handles) = children(1);
        let mut set = fake.wait_set().expect("waits");
        set.watch(&handles[0], 1).expect("watches");
        fake.with(|machine| machine.exit(handles[0].identity.pid, 0));
        let mut ended = Vec::new();
        set.wait(Some(Duration::ZERO), &mut ended).expect("looks");
        assert_eq!(ended, [1]);
    }

    #[test]
    fn a_wait_that_nothing_could_end_is_an_error() {
        let (fake, handles) = children(1);
        let mut set = fake.wait_set().expect("waits");
        set.watch(&handles[0], 1).expect("watches");
        assert!(matches!(set.wait(None, &mut Vec::new()), Err(Error::Io { .. })));
    }

    #[test]
    fn watching_ends_where_descriptors_do_and_where_it_is_refused() {
        let (fake, handles) = children(3);
        fake.with(|machine| {
            machine.descriptor_limit = 1;
            machine.refuse(handles[2].identity.pid, "watch", Refusal::Denied);
        });
        let mut set = fake.wait_set().expect("waits");
        assert_eq!(set.watch(&handles[2], 2).expect("answers"), Watched::No);
        assert_eq!(set.watch(&handles[0], 0).expect("answers"), Watched::Yes);
        assert_eq!(set.watch(&handles[1], 1).expect("answers"), Watched::No);
        set.forget(0);
        assert_eq!(set.watch(&handles[1], 1).expect("answers"), Watched::Yes);
        drop(set);
        assert_eq!(fake.open_descriptors(), 0);
    }

    #[test]
    fn a_stopped_process_has_not_ended() {
        let (fake, handles) = children(1);
        fake.with(|machine| machine.signal(handles[0].identity.pid, crate::Signal::Stop));
        assert_eq!(fake.look_at_exit(&handles[0]).expect("looks"), Exit::Running);
    }

    #[test]
    fn sleeping_passes_simulated_time_and_lets_things_happen() {
        let (fake, handles) = children(1);
        fake.with(|machine| machine.exit_after(SECOND, handles[0].identity.pid, 0));
        let before = fake.now();
        fake.sleep(3600 * SECOND);
        assert_eq!(fake.now() - before, 3600 * SECOND);
        assert!(matches!(fake.look_at_exit(&handles[0]).expect("looks"), Exit::Ended(Some(_))));
    }
}
