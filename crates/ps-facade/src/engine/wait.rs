//! Waiting for processes to end: for one, or for many together.

use std::collections::{HashSet, VecDeque};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ps_core::process::{Exit, Handle, Identity, WaitBackend, WaitSet, Watched};
use ps_core::{Context, Error, Result, Sameness};

/// Rests between looks at what cannot be watched: growing, from the first to the second.
const SHORTEST_REST: Duration = Duration::from_micros(100);
const LONGEST_REST: Duration = Duration::from_millis(40);

/// A rest after looking at many takes so many times as long as the looks did, so that looking takes no more than a
/// certain share of the time however many there are, but no longer than the second.
const REST_FOR_LOOKS: u32 = 4;
const LONGEST_REST_FOR_LOOKS: Duration = Duration::from_secs(1);

/// How many descriptors are given back once no more can be had: looking at processes needs some, and so do the
/// other threads of the program.
const SPARE: usize = 32;

/// Until when to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So much from now on; without end if that is more than clocks can tell, or not said.
    pub(crate) fn after<B: WaitBackend>(backend: &B, timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| backend.now().checked_add(timeout)))
    }

    /// What is left; `None` without end.
    pub(crate) fn left<B: WaitBackend>(self, backend: &B) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(backend.now()))
    }

    pub(crate) fn has_passed<B: WaitBackend>(self, backend: &B) -> bool {
        self.left(backend).is_some_and(|left| left.is_zero())
    }

    /// A time, but no longer than what is left.
    pub(crate) fn at_most<B: WaitBackend>(self, backend: &B, time: Duration) -> Duration {
        self.left(backend).map_or(time, |left| left.min(time))
    }
}

/// Growing rests.
#[derive(Debug)]
pub(crate) struct Rests(Duration);

impl Rests {
    pub(crate) fn new() -> Rests {
        Rests(SHORTEST_REST)
    }

    pub(crate) fn next(&mut self) -> Duration {
        let rest = self.0;
        self.0 = (rest * 2).min(LONGEST_REST);
        rest
    }

    /// The rest after looks that took so long.
    pub(crate) fn after(&mut self, looks: Duration) -> Duration {
        let long = looks.saturating_mul(REST_FOR_LOOKS).min(LONGEST_REST_FOR_LOOKS);
        self.next().max(long)
    }
}

/// Waits for one process to end; its status if it is a child of the caller that nobody has collected.
///
/// [`TimeoutExpired`](Error::TimeoutExpired) if it has not by then. It is not collected.
pub(crate) fn one<B: WaitBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
    timeout: Option<Duration>,
) -> Result<Option<ExitStatus>> {
    let pid = handle.identity.pid;
    pid.check_acts("wait")?;
    let deadline = Deadline::after(backend, timeout);
    if let Exit::Ended(status) = backend.look_at_exit(handle)? {
        return Ok(status);
    }
    let expired = || {
        let timeout = timeout.unwrap_or(Duration::MAX);
        Error::timeout(Context::new("wait").with_pid(pid), timeout)
    };
    if deadline.has_passed(backend) {
        return Err(expired());
    }
    // Where nothing can be watched, it is looked at again and again.
    if let Ok(mut set) = backend.wait_set() {
        match set.watch(handle, 0)? {
            Watched::Yes => {
                let mut ended = Vec::new();
                set.wait(deadline.left(backend), &mut ended)?;
            }
            Watched::Ended | Watched::No => {}
        }
    }
    let mut rests = Rests::new();
    loop {
        if let Exit::Ended(status) = backend.look_at_exit(handle)? {
            return Ok(status);
        }
        if deadline.has_passed(backend) {
            return Err(expired());
        }
        backend.sleep(deadline.at_most(backend, rests.next()));
    }
}

/// Who has been given already.
#[derive(Debug, Default)]
pub(crate) struct Met {
    ones: HashSet<Identity>,
    /// Those that equal one of the others and are known to be somebody else, who got the pid within the same tick.
    others: Vec<Identity>,
}

impl Met {
    pub(crate) fn with_room_for(count: usize) -> Met {
        Met { ones: HashSet::with_capacity(count), others: Vec::new() }
    }

    /// Whether it is the first time that this one is given.
    pub(crate) fn is_first(&mut self, one: Identity) -> bool {
        let Some(equal) = self.ones.get(&one) else { return self.ones.insert(one) };
        let differs = |known: &Identity| known.compare(&one) == Sameness::Different;
        let is_first = differs(equal) && self.others.iter().all(differs);
        if is_first {
            self.others.push(one);
        }
        is_first
    }
}

/// The place of a process that ended, among those waited for, and its status.
pub(crate) type Ended = (usize, Option<ExitStatus>);

/// What became of many.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Those that ended, as they went.
    pub(crate) gone: Vec<Ended>,
    /// Places of those still there, ascending.
    pub(crate) alive: Vec<usize>,
}

/// Waits for many processes to end, and tells of each as it goes. One that is given more than once is waited
/// for once, under its first place.
///
/// Time running out is no error.
pub(crate) fn many<B: WaitBackend + Clone>(
    backend: &B,
    handles: &[Handle<B::Pin>],
    timeout: Option<Duration>,
    mut on_gone: impl FnMut(usize, Option<ExitStatus>),
) -> Result<Outcome> {
    let deadline = Deadline::after(backend, timeout);
    let mut wait = Wait::new(backend.clone(), handles.to_vec())?;
    wait.begin(usize::MAX)?;
    let mut gone = Vec::new();
    let mut rests = Rests::new();
    // When to look at those that are not watched.
    let mut next_looks = Deadline::after(backend, Some(rests.next()));
    loop {
        while let Some((place, status)) = wait.next_gone() {
            on_gone(place, status);
            gone.push((place, status));
        }
        if wait.is_over() || deadline.has_passed(backend) {
            return Ok(Outcome { gone, alive: wait.alive() });
        }
        let rest = next_looks.left(backend).filter(|_| wait.must_look());
        wait.rest(rest, deadline)?;
        if next_looks.has_passed(backend) || deadline.has_passed(backend) {
            let began = backend.now();
            wait.sweep(usize::MAX)?;
            let took = backend.now().saturating_duration_since(began);
            next_looks = Deadline::after(backend, Some(rests.after(took)));
        }
    }
}

/// A wait for many. A failure to look at a process is told once, and that process is not waited for any more.
pub(crate) struct Wait<B: WaitBackend> {
    backend: B,
    handles: Vec<Handle<B::Pin>>,
    set: Option<B::WaitSet>,
    /// Places that were not looked at yet, the first one last.
    unseen: Vec<usize>,
    /// No more descriptors can be had.
    is_full: bool,
    watched: Vec<bool>,
    watched_count: usize,
    /// Places in the order they were watched in; some may not be any more.
    order: Vec<usize>,
    /// Places of those that must be looked at again and again.
    unwatched: Vec<usize>,
    /// Where among those to go on looking.
    next_look: usize,
    /// What the set has reported and was not taken note of yet, the first one last.
    reported: Vec<u64>,
    /// Those that ended and were not told yet.
    gone: VecDeque<Ended>,
}

impl<B: WaitBackend> Wait<B> {
    /// Looks at nobody yet.
    pub(crate) fn new(backend: B, handles: Vec<Handle<B::Pin>>) -> Result<Wait<B>> {
        let mut met = Met::with_room_for(handles.len());
        let mut unseen = Vec::with_capacity(handles.len());
        for (place, handle) in handles.iter().enumerate() {
            handle.identity.pid.check_acts("wait")?;
            if met.is_first(handle.identity) {
                unseen.push(place);
            }
        }
        unseen.reverse();
        let set = backend.wait_set().ok();
        Ok(Wait {
            backend,
            is_full: set.is_none(),
            set,
            unseen,
            watched: vec![false; handles.len()],
            handles,
            watched_count: 0,
            order: Vec::new(),
            unwatched: Vec::new(),
            next_look: 0,
            reported: Vec::new(),
            gone: VecDeque::new(),
        })
    }

    /// Looks at so many of those that were not looked at yet, and watches as many as descriptors allow.
    pub(crate) fn begin(&mut self, at_most: usize) -> Result<()> {
        for _ in 0..at_most {
            let Some(place) = self.unseen.pop() else { break };
            if self.look(place)? {
                continue;
            }
            match if self.is_full { Watched::No } else { self.watch(place)? } {
                Watched::Yes => {}
                Watched::Ended => self.settle(place)?,
                Watched::No => {
                    if !self.is_full {
                        self.is_full = true;
                        self.make_room();
                    }
                    self.unwatched.push(place);
                }
            }
        }
        Ok(())
    }

    /// Whether all have been looked at.
    pub(crate) fn has_begun(&self) -> bool {
        self.unseen.is_empty()
    }

    /// Whether there is nobody left to wait for.
    pub(crate) fn is_over(&self) -> bool {
        self.has_begun() && self.watched_count == 0 && self.unwatched.is_empty()
    }

    /// Whether there are some that must be looked at again and again.
    pub(crate) fn must_look(&self) -> bool {
        !self.unwatched.is_empty()
    }

    /// Places of those that are still waited for, ascending.
    pub(crate) fn alive(&self) -> Vec<usize> {
        let is_watched = |place: &usize| self.watched.get(*place) == Some(&true);
        let mut alive: Vec<usize> = (0..self.handles.len()).filter(is_watched).collect();
        alive.extend(self.unseen.iter().chain(&self.unwatched));
        alive.sort_unstable();
        alive
    }

    /// One that has ended, each once.
    pub(crate) fn next_gone(&mut self) -> Option<Ended> {
        self.gone.pop_front()
    }

    /// Whether one has ended and was not told.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// What reports the ends of those that are watched; `None` if nobody is.
    #[cfg(feature = "tokio")]
    pub(crate) fn set(&self) -> Option<&B::WaitSet> {
        self.set.as_ref().filter(|_| self.watched_count > 0)
    }

    /// Gives back some of the descriptors, and says whether there were any.
    fn make_room(&mut self) -> bool {
        let before = self.watched_count;
        while before - self.watched_count < SPARE {
            let Some(place) = self.order.pop() else { break };
            if let (Some(set), Some(flag @ true)) = (&mut self.set, self.watched.get_mut(place)) {
                set.forget(place as u64);
                *flag = false;
                self.watched_count -= 1;
                self.unwatched.push(place);
            }
        }
        self.watched_count < before
    }

    /// Lets time pass until something that is watched ends, or it is time to look at the others.
    fn rest(&mut self, rest: Option<Duration>, deadline: Deadline) -> Result<()> {
        let time = match rest {
            Some(rest) => Some(deadline.at_most(&self.backend, rest)),
            None => deadline.left(&self.backend),
        };
        if self.watched_count > 0 {
            self.wait(time)?;
        } else {
            // There are some that must be looked at, or the wait would be over.
            self.backend.sleep(time.unwrap_or(LONGEST_REST));
        }
        Ok(())
    }

    /// Waits for those that are watched, and says whether any was reported.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<bool> {
        // After a failure some may not have been taken note of.
        if let Some(set) = self.set.as_mut().filter(|_| self.reported.is_empty()) {
            let waited = set.wait(timeout, &mut self.reported);
            self.reported.reverse();
            waited?;
        }
        let any = !self.reported.is_empty();
        self.collect()?;
        Ok(any)
    }

    /// Takes note of those that were reported, and watches others in their place.
    fn collect(&mut self) -> Result<()> {
        let mut room = 0;
        while let Some(token) = self.reported.pop() {
            let place = usize::try_from(token).unwrap_or(usize::MAX);
            let Some(watched) = self.watched.get_mut(place) else { continue };
            if std::mem::take(watched) {
                self.watched_count -= 1;
                room += 1;
                self.settle(place)?;
            }
        }
        while room > 0 {
            let Some(place) = self.unwatched.pop() else { break };
            room -= 1;
            match self.watch(place)? {
                Watched::Yes => {}
                Watched::Ended => self.settle(place)?,
                Watched::No => {
                    self.unwatched.push(place);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Looks at so many of those that are not watched, from where it left off; whether that were all of them.
    pub(crate) fn sweep(&mut self, at_most: usize) -> Result<bool> {
        for _ in 0..at_most {
            let Some(place) = self.unwatched.get(self.next_look).copied() else {
                self.next_look = 0;
                return Ok(true);
            };
            match self.look(place) {
                Ok(false) => self.next_look += 1,
                Ok(true) => drop(self.unwatched.swap_remove(self.next_look)),
                Err(error) => {
                    self.unwatched.swap_remove(self.next_look);
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    fn watch(&mut self, place: usize) -> Result<Watched> {
        let (Some(set), Some(handle)) = (&mut self.set, self.handles.get(place)) else {
            return Ok(Watched::No);
        };
        let watched = set.watch(handle, place as u64)?;
        if let (Watched::Yes, Some(flag)) = (watched, self.watched.get_mut(place)) {
            *flag = true;
            self.watched_count += 1;
            self.order.push(place);
        }
        Ok(watched)
    }

    /// Whether a process has ended; if so, it is among those that have gone from then on.
    fn look(&mut self, place: usize) -> Result<bool> {
        let Some(handle) = self.handles.get(place) else { return Ok(true) };
        let looked = match self.backend.look_at_exit(handle) {
            // Looking needs descriptors, which may all be in use here.
            Err(Error::Io { .. }) if self.watched_count > 0 => {
                self.make_room();
                let Some(handle) = self.handles.get(place) else { return Ok(true) };
                self.backend.look_at_exit(handle)?
            }
            looked => looked?,
        };
        match looked {
            Exit::Ended(status) => {
                self.gone.push_back((place, status));
                Ok(true)
            }
            Exit::Running => Ok(false),
        }
    }

    /// Finds out how a process ended that was reported to have; one that has not after all is looked at again.
    fn settle(&mut self, place: usize) -> Result<()> {
        if !self.look(place)? {
            self.unwatched.push(place);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, Machine, Refusal, at_every_moment};
    use ps_core::process::{ControlBackend, Identity, Pid, Signal};

    const SECOND: Duration = Duration::from_secs(1);

    fn code(status: Option<ExitStatus>) -> Option<i32> {
        status.and_then(|status| status.code())
    }

    #[test]
    fn a_wait_ends_with_the_process_and_leaves_its_status_in_place() {
        let (fake, handles) = children(1);
        let pid = handles[0].identity.pid;
        fake.with(|machine| machine.exit_after(3 * SECOND, pid, 7));
        let before = fake.now();
        assert_eq!(code(one(&fake, &handles[0], None).expect("ends")), Some(7));
        assert_eq!(fake.now() - before, 3 * SECOND);
        assert_eq!(code(one(&fake, &handles[0], None).expect("ended")), Some(7));
        assert!(fake.with(|machine| machine.process(pid).is_some()), "it was not collected");
        assert_eq!(fake.open_descriptors(), 0);
    }

    #[test]
    fn a_timeout_expires_on_time_and_names_what_was_waited_for() {
        let (fake, handles) = children(1);
        for (timeout, watchable) in [(SECOND, true), (SECOND, false), (Duration::ZERO, true)] {
            if !watchable {
                fake.with(|machine| machine.descriptor_limit = 0);
            }
            let before = fake.now();
            let error = one(&fake, &handles[0], Some(timeout)).expect_err("runs on");
            assert_eq!(fake.now() - before, timeout);
            assert_eq!(error.pid(), Some(handles[0].identity.pid));
            assert!(
                matches!(error, Error::TimeoutExpired { timeout: told, .. } if told == timeout)
            );
        }
    }

    #[test]
    fn no_time_at_all_never_sleeps() {
        let (fake, handles) = children(1);
        let _ = one(&fake, &handles[0], Some(Duration::ZERO)).expect_err("runs");
        let slept = |fake: &Fake| fake.calls().iter().any(|call| call.operation == "sleep");
        assert!(!slept(&fake));
        fake.with(|machine| machine.exit(handles[0].identity.pid, 0));
        assert!(one(&fake, &handles[0], Some(Duration::ZERO)).is_ok());
        assert!(!slept(&fake));
    }

    #[test]
    fn what_cannot_be_watched_is_looked_at_with_growing_rests() {
        let (fake, handles) = children(1);
        fake.with(|machine| {
            machine.descriptor_limit = 0;
            machine.exit_after(10 * SECOND, handles[0].identity.pid, 1);
        });
        let before = (fake.now(), fake.calls().len());
        assert_eq!(code(one(&fake, &handles[0], None).expect("ends")), Some(1));
        let took = fake.now() - before.0;
        assert!(took >= 10 * SECOND && took < 10 * SECOND + LONGEST_REST, "{took:?}");
        let sleeps = fake.calls().iter().skip(before.1).filter(|c| c.operation == "sleep").count();
        assert!((250..270).contains(&sleeps), "{sleeps}");
    }

    #[test]
    fn a_process_that_is_no_child_ends_without_a_status() {
        let (fake, handles) = children(1);
        let stranger = fake.with(|machine| machine.spawn(handles[0].identity.pid));
        let handle = handle_of(&fake, stranger);
        fake.with(|machine| machine.after(SECOND, move |machine| _ = machine.vanish(stranger)));
        assert_eq!(one(&fake, &handle, None).expect("ends"), None);
        assert_eq!(one(&fake, &handle, None).expect("has ended"), None);
    }

    #[test]
    fn a_zombie_of_another_parent_has_ended_as_the_system_counts_it() {
        for (counts, watchable) in [(false, true), (false, false), (true, true), (true, false)] {
            let (fake, mut handles) = children(1);
            let stranger = fake.with(|machine| machine.spawn(handles[0].identity.pid));
            let handle = handle_of(&fake, stranger);
            handles.push(handle.clone());
            fake.with(|machine| {
                machine.zombies_of_others_have_ended = counts;
                machine.descriptor_limit = if watchable { 10 } else { 0 };
                machine.exit_after(SECOND, stranger, 3);
                machine.after(3 * SECOND, move |machine| _ = machine.reap(stranger));
            });
            let expected = if counts { SECOND } else { 3 * SECOND };
            let before = fake.now();
            if watchable {
                assert_eq!(one(&fake, &handle, None).expect("ends"), None);
            } else {
                let outcome = many(&fake, &handles, Some(expected), |_, _| {}).expect("waits");
                assert_eq!(outcome.gone, [(1, None)]);
            }
            let took = fake.now() - before;
            assert!(took >= expected && took < expected + LONGEST_REST, "{took:?}");
        }
    }

    #[test]
    fn a_child_that_somebody_else_collects_ends_without_a_status() {
        for watchable in [true, false] {
            let (fake, handles) = children(1);
            let pid = handles[0].identity.pid;
            fake.with(|machine| {
                machine.descriptor_limit = usize::from(watchable);
                machine.after(SECOND, move |machine| _ = machine.vanish(pid));
            });
            assert_eq!(one(&fake, &handles[0], None).expect("ends"), None);
        }
    }

    #[test]
    fn a_caller_that_ignores_the_ends_of_children_learns_no_status() {
        let (fake, handles) = children(1);
        fake.with(|machine| {
            machine.process_mut(machine.caller).expect("caller").collects_at_once = true;
            machine.exit_after(SECOND, handles[0].identity.pid, 3);
        });
        assert_eq!(one(&fake, &handles[0], None).expect("ends"), None);
    }

    #[test]
    fn a_stopped_process_has_not_ended() {
        let (fake, handles) = children(1);
        fake.send_signal(&handles[0], Signal::Stop).expect("stops");
        assert!(one(&fake, &handles[0], Some(SECOND)).is_err());
        fake.send_signal(&handles[0], Signal::Cont).expect("continues");
        assert!(one(&fake, &handles[0], Some(SECOND)).is_err());
    }

    #[test]
    fn waiting_never_waits_for_a_stranger() {
        let set_up = || {
            let (fake, mut handles) = children(1);
            (fake, handles.pop().expect("one"))
        };
        let pid = set_up().1.identity.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(pid),
            |fake, handle, moment| {
                let ended = one(fake, &handle, Some(SECOND));
                let reused = fake.with(|machine| stranger_has(machine, pid));
                match ended {
                    Ok(status) => assert!(reused && status.is_none(), "moment {moment}"),
                    // The very last look came before the reuse.
                    Err(Error::TimeoutExpired { .. }) => {
                        fake.leave_alone();
                        assert_eq!(one(fake, &handle, Some(SECOND)).is_ok(), reused);
                    }
                    Err(error) => panic!("moment {moment}: {error}"),
                }
            },
        );
    }

    #[test]
    fn pid_zero_is_never_waited_for() {
        let fake = Fake::new();
        let zero = Handle::new(Identity::new(Pid::ZERO, None));
        assert!(matches!(one(&fake, &zero, None), Err(Error::InvalidArgument { .. })));
        let both = many(&fake, &[zero], None, |_, _| panic!("nobody"));
        assert!(matches!(both, Err(Error::InvalidArgument { .. })));
        assert_eq!(fake.call_count(), 0);
    }

    #[test]
    fn a_refusal_to_look_is_an_error() {
        let (fake, handles) = children(2);
        fake.with(|machine| {
            machine.refuse(handles[1].identity.pid, "look_at_exit", Refusal::Denied)
        });
        assert!(one(&fake, &handles[1], None).expect_err("refused").is_denied());
        let error = many(&fake, &handles, None, |_, _| {}).expect_err("refused");
        assert_eq!(error.pid(), Some(handles[1].identity.pid));
    }

    /// Ends children in a shuffled order, with so many descriptors to have.
    fn all_are_reported_once(count: usize, descriptors: usize) {
        let (fake, handles) = children(count);
        fake.with(|machine| {
            machine.descriptor_limit = descriptors;
            for (n, handle) in handles.iter().enumerate() {
                let turn = u32::try_from(n * 7919 % count).expect("small");
                machine.exit_after(SECOND * (turn + 1), handle.identity.pid, 5);
            }
        });
        let mut told = Vec::new();
        let mut last = fake.now();
        let outcome = many(&fake, &handles, None, |place, status| {
            assert_eq!(code(status), Some(5));
            assert!(fake.now() - last < SECOND * 2, "told as it goes");
            last = fake.now();
            told.push(place);
        })
        .expect("waits");
        assert_eq!(told, outcome.gone.iter().map(|(place, _)| *place).collect::<Vec<_>>());
        told.sort_unstable();
        assert_eq!(told, (0..count).collect::<Vec<_>>());
        assert!(outcome.alive.is_empty());
        assert_eq!(fake.open_descriptors(), 0);
    }

    #[test]
    fn many_are_each_reported_once_as_they_go() {
        all_are_reported_once(200, 1000);
    }

    #[test]
    fn what_has_no_descriptor_is_found_all_the_same() {
        all_are_reported_once(100, 50);
        all_are_reported_once(20, 1);
        all_are_reported_once(20, 0);
    }

    #[test]
    fn the_cost_of_waiting_for_many_does_not_grow_with_the_square() {
        // One ends each millisecond, in a shuffled order; a tenth of them can be watched at a time.
        let looks = |count: u32| {
            let (fake, handles) = children(usize::try_from(count).expect("small"));
            fake.with(|machine| {
                machine.descriptor_limit = handles.len() / 10;
                machine.call_takes = Duration::from_micros(5);
                for (n, handle) in (0..).zip(&handles) {
                    let turn = n * 7919 % count;
                    machine.exit_after(Duration::from_millis(turn.into()), handle.identity.pid, 0);
                }
            });
            let outcome = many(&fake, &handles, None, |_, _| {}).expect("waits");
            assert_eq!(outcome.gone.len(), handles.len());
            let is_look = |call: &&ps_core::fake::Call| call.operation == "look_at_exit";
            fake.calls().iter().filter(is_look).count()
        };
        let (few, many) = (looks(100), looks(800));
        assert!(many < few * 12, "{few} looks at 100, {many} at 800");
    }

    #[test]
    fn time_running_out_for_many_is_no_error() {
        let (fake, handles) = children(3);
        fake.with(|machine| machine.exit_after(SECOND, handles[1].identity.pid, 0));
        let before = fake.now();
        let outcome = many(&fake, &handles, Some(2 * SECOND), |_, _| {}).expect("waits");
        assert_eq!(outcome.alive, [0, 2]);
        assert_eq!(outcome.gone.len(), 1);
        assert_eq!(fake.now() - before, 2 * SECOND);
    }

    #[test]
    fn no_time_for_many_finds_those_that_have_gone_already() {
        let (fake, handles) = children(3);
        fake.with(|machine| machine.exit(handles[1].identity.pid, 0));
        let before = fake.now();
        let outcome = many(&fake, &handles, Some(Duration::ZERO), |_, _| {}).expect("looks");
        assert_eq!((outcome.gone[0].0, outcome.alive.as_slice()), (1, [0, 2].as_slice()));
        assert_eq!(fake.now(), before);
    }

    #[test]
    fn one_given_twice_is_reported_once() {
        let (fake, mut handles) = children(2);
        handles.push(handles[0].clone());
        fake.with(|machine| machine.exit(handles[0].identity.pid, 0));
        let outcome = many(&fake, &handles, Some(SECOND), |_, _| {}).expect("waits");
        assert_eq!(outcome.gone.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0]);
        assert_eq!(outcome.alive, [1]);
    }

    #[test]
    fn those_that_had_one_pid_within_one_tick_are_not_taken_for_one() {
        let fake = Fake::new();
        let pid = fake.with(Machine::spawn_child);
        let mut handles = vec![handle_of(&fake, pid)];
        for _ in 0..2 {
            fake.with(|machine| {
                machine.vanish(pid);
                machine.reuse(pid)
            });
            handles.push(handle_of(&fake, pid));
            handles.push(handle_of(&fake, pid));
        }
        assert!(handles.iter().all(|one| one.identity == handles[0].identity));
        let outcome = many(&fake, &handles, Some(SECOND), |_, _| {}).expect("waits");
        assert_eq!(outcome.gone, [(0, None), (1, None)]);
        assert_eq!(outcome.alive, [3]);
    }

    #[test]
    fn nobody_to_wait_for_is_no_wait() {
        let outcome = many(&Fake::new(), &[], None, |_, _| {}).expect("answers");
        assert!(outcome.gone.is_empty() && outcome.alive.is_empty());
    }

    #[test]
    fn many_are_never_waited_for_under_a_strangers_name() {
        let set_up = || children(3);
        let pid = set_up().1[1].identity.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(pid),
            |fake, handles, moment| {
                let outcome = many(fake, &handles, Some(SECOND), |_, _| {}).expect("waits");
                let reused = fake.with(|machine| stranger_has(machine, pid));
                let gone: Vec<_> = outcome.gone.iter().map(|(place, _)| *place).collect();
                assert!(gone.is_empty() || reused && gone == [1], "moment {moment}");
                assert_eq!(gone.len() + outcome.alive.len(), 3);
            },
        );
    }
}
