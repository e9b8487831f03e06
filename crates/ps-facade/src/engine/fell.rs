//! Ending whole trees of processes.

use std::collections::{HashMap, HashSet};
use std::process::ExitStatus;
use std::time::Duration;

use ps_core::process::{
    ControlBackend, Exit, Handle, Identity, ProcessBackend, ProcessView, Signal, Thread,
    WaitBackend,
};
use ps_core::{Context, Error, Fields, Pid, Result, Row, Sameness, Status};

use super::{tree, wait};

/// How often new members are found at most. Each further time is needed only by programs that start processes
/// faster than all processes can be listed; members found last are stopped in any case.
const ROUNDS: u32 = 200;

/// How long a member may take to stop, once it was told to. One that is in the middle of something the kernel does not
/// break off may take long, and is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// How to go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Asks first, and kills what is left when the time is up.
    Ask,
    /// Kills at once.
    Kill,
}

/// What became of a tree.
#[derive(Debug)]
pub(crate) struct Felled<P> {
    /// Its members, as they were found, the root first.
    pub(crate) members: Vec<Handle<P>>,
    /// Places of those that ended, as they went.
    pub(crate) gone: Vec<(usize, Option<ExitStatus>)>,
    /// Places of those that are still there.
    pub(crate) alive: Vec<usize>,
    /// Places of those that could not be signalled or looked at, and why not.
    pub(crate) refused: Vec<(usize, Error)>,
    /// Whether all had stopped when nobody new was found any more.
    pub(crate) is_complete: bool,
}

/// Ends a process and all that descend from it.
pub(crate) fn fell<B: ControlBackend + WaitBackend + Clone>(
    backend: &B,
    root: &Handle<B::Pin>,
    way: Way,
    grace: Duration,
) -> Result<Felled<B::Pin>> {
    let operation = if way == Way::Ask { "terminate_tree" } else { "kill_tree" };
    let caller = check_caller(backend, root, operation)?;
    let mut tree =
        Tree { backend, caller, members: Vec::new(), places: HashMap::new(), refused: Vec::new() };
    // The root decides whether anything is done at all.
    backend.send_signal(root, Signal::Stop)?;
    tree.join(root.clone());
    let mut is_complete = match tree.stop_all() {
        Ok(is_complete) => is_complete,
        Err(error) => {
            tree.send(Signal::Cont);
            return Err(error);
        }
    };
    let mut failed = None;
    let mut gone = Vec::new();
    let mut alive: Vec<usize> = (0..tree.members.len()).collect();
    if way == Way::Ask {
        tree.send(Signal::Term);
        tree.send(Signal::Cont);
        // Who cannot be looked at is among those left, and is looked at again once it was killed.
        tree.wait(&mut alive, &mut gone, grace);
        if !alive.is_empty() {
            // Those that go on may have started others meanwhile.
            let first_new = tree.members.len();
            tree.send_to(alive.iter().copied(), Signal::Stop);
            // Those that are known are killed in any case.
            match tree.stop_all() {
                Ok(again) => is_complete &= again,
                Err(error) => failed = Some(error),
            }
            alive.extend(first_new..tree.members.len());
        }
    }
    if !alive.is_empty() {
        // From the bottom, as in `send`.
        tree.send_to(alive.iter().rev().copied(), Signal::Kill);
        let unseen = tree.wait(&mut alive, &mut gone, grace);
        tree.refused.extend(unseen);
    }
    if let Some(error) = failed {
        return Err(error);
    }
    // Who has gone need not be signalled.
    let left: HashSet<usize> = alive.iter().copied().collect();
    tree.refused.retain(|(place, _)| left.contains(place));
    tree.refused.sort_by_key(|(place, _)| *place);
    tree.refused.dedup_by_key(|(place, _)| *place);
    Ok(Felled { members: tree.members, gone, alive, refused: tree.refused, is_complete })
}

/// Refuses to end the caller, and gives back its number.
fn check_caller<B: ProcessBackend>(
    backend: &B,
    root: &Handle<B::Pin>,
    operation: &'static str,
) -> Result<Option<Pid>> {
    let pid = root.identity.pid;
    pid.check_acts(operation)?;
    // From another root than the caller's own it is not among these processes.
    let Ok(caller) = backend.current() else { return Ok(None) };
    let me = Handle::new(backend.identify(caller)?);
    let above = tree::parents(backend, &me)?;
    if caller == pid || above.iter().any(|one| one.pid == pid) {
        return Err(Error::invalid(
            Context::new(operation).with_pid(pid),
            "the calling process is part of this tree",
        ));
    }
    Ok(Some(caller))
}

/// Whether who has this status may start others.
fn is_running(status: Status) -> bool {
    !matches!(status, Status::Stopped | Status::TracingStop | Status::Zombie | Status::Dead)
}

struct Tree<'a, B: ProcessBackend> {
    backend: &'a B,
    caller: Option<Pid>,
    members: Vec<Handle<B::Pin>>,
    /// Where members stand, by number.
    places: HashMap<Pid, usize>,
    refused: Vec<(usize, Error)>,
}

impl<B: ControlBackend + WaitBackend + Clone> Tree<'_, B> {
    fn join(&mut self, member: Handle<B::Pin>) {
        self.places.insert(member.identity.pid, self.members.len());
        self.members.push(member);
    }

    /// The place of a member that has this identity, as far as can be told.
    fn place_of(&self, seen: &Identity) -> Option<usize> {
        let place = *self.places.get(&seen.pid)?;
        let member = self.members.get(place)?;
        (member.identity.compare(seen) != Sameness::Different).then_some(place)
    }

    /// Stops all members from the top, and looks again until nobody new is found; whether that came about.
    ///
    /// Who has stopped starts nobody, but a signal does not stop who is about to: a child that is being made when its
    /// parent is signalled comes to be, and is free. So nobody new must be found after all were seen to have stopped.
    fn stop_all(&mut self) -> Result<bool> {
        let patience = || wait::Deadline::after(self.backend, Some(PATIENCE));
        let mut until = patience();
        let mut rests = wait::Rests::new();
        let mut had_stopped = false;
        let mut finds = 0;
        while finds < ROUNDS {
            let before = self.members.len();
            let have_stopped = self.find_and_stop()?;
            if self.members.len() > before {
                finds += 1;
                // Those found last have as long as those found first.
                (had_stopped, until) = (false, patience());
                continue;
            }
            if had_stopped || until.has_passed(self.backend) {
                return Ok(had_stopped);
            }
            had_stopped = have_stopped;
            if !have_stopped {
                self.backend.sleep(rests.next());
            }
        }
        Ok(false)
    }

    /// Looks for members once and stops those that are new; whether the others were seen to have stopped.
    fn find_and_stop(&mut self) -> Result<bool> {
        let known: Vec<Identity> = self.members.iter().map(|one| one.identity).collect();
        let mut have_stopped = true;
        let rows =
            tree::families_with(self.backend, Fields::STATUS | Fields::NUM_THREADS, |row| {
                have_stopped &= self.is_at_rest(row);
            })?;
        for found in tree::descend(&rows, &known, tree::Depth::All) {
            let pid = found.identity.pid;
            if Some(pid) == self.caller || self.place_of(&found.identity).is_some() {
                continue;
            }
            let Some(identity) = tree::told_apart(self.backend, found)? else { continue };
            let member = Handle::new(identity);
            let stopped = self.backend.send_signal(&member, Signal::Stop);
            let place = self.members.len();
            match stopped {
                // Its children, if it had any, have another parent now.
                Err(error) if error.is_gone() => continue,
                Err(error) => self.refused.push((place, error)),
                Ok(()) => {}
            }
            self.join(member);
        }
        Ok(have_stopped)
    }

    /// Whether a row is not of a member, or of one that starts nobody any more, or that cannot be stopped.
    fn is_at_rest(&self, row: &Row<'_>) -> bool {
        let Some(place) = row.identity.ok().and_then(|identity| self.place_of(&identity)) else {
            return true;
        };
        if !row.status.is_ok_and(is_running) {
            let is_one = row.num_threads.is_ok_and(|count| count <= 1);
            // The threads of a process stop one after the other.
            let threads = || self.backend.view(self.members.get(place)?).threads().ok();
            let any = |all: Vec<Thread>| all.iter().filter_map(|one| one.status).any(is_running);
            if is_one || !threads().is_some_and(any) {
                return true;
            }
        }
        self.refused.iter().any(|(refused, _)| *refused == place)
    }

    /// Sends to all, from the bottom, where those stand that were found last.
    ///
    /// A process that ends before its children gives them another parent, and may leave a process group without anybody
    /// who cares for it: kernels then continue the stopped members of the group, who could start others, and hang up on
    /// all of it.
    fn send(&mut self, signal: Signal) {
        self.send_to((0..self.members.len()).rev(), signal);
    }

    fn send_to(&mut self, places: impl Iterator<Item = usize>, signal: Signal) {
        for place in places {
            let Some(member) = self.members.get(place) else { continue };
            match self.backend.send_signal(member, signal) {
                Err(error) if !error.is_gone() => self.refused.push((place, error)),
                _ => {}
            }
        }
    }

    /// How a member ended that is a zombie by now, or has gone where nobody can be waited for; `None` if it goes on.
    fn ended(&self, member: &Handle<B::Pin>) -> Option<Option<ExitStatus>> {
        match self.backend.view(member).status() {
            Ok(Status::Zombie) => {}
            Err(Error::NoSuchProcess { .. }) => return Some(None),
            _ => return None,
        }
        match self.backend.look_at_exit(member) {
            Ok(Exit::Ended(status)) => Some(status),
            // It is somebody else's child.
            _ => Some(None),
        }
    }

    /// Waits for those that are left; gives back why some of them could not be looked at in the end.
    ///
    /// One that has become a zombie has ended here, whoever is to collect it: that may take process 1 seconds.
    fn wait(
        &self,
        alive: &mut Vec<usize>,
        gone: &mut Vec<(usize, Option<ExitStatus>)>,
        grace: Duration,
    ) -> Vec<(usize, Error)> {
        let deadline = wait::Deadline::after(self.backend, Some(grace));
        let mut rests = wait::Rests::new();
        loop {
            let handles: Vec<Handle<B::Pin>> =
                alive.iter().filter_map(|place| self.members.get(*place).cloned()).collect();
            let slice = deadline.at_most(self.backend, rests.next());
            let mut unseen = Vec::new();
            let outcome = wait::many(self.backend, &handles, Some(slice), |_, _| {})
                .unwrap_or_else(|_| {
                    // One that cannot be looked at does not shorten the time of the others, nor its own.
                    self.backend.sleep(slice);
                    self.look_at_each(&handles, &mut unseen)
                });
            let place_of = |place: usize| alive.get(place).copied().unwrap_or(usize::MAX);
            gone.extend(outcome.gone.into_iter().map(|(place, status)| (place_of(place), status)));
            let mut left = Vec::with_capacity(outcome.alive.len());
            for place in outcome.alive {
                match handles.get(place).and_then(|member| self.ended(member)) {
                    Some(status) => gone.push((place_of(place), status)),
                    None => left.push(place_of(place)),
                }
            }
            let unseen = unseen.into_iter().map(|(place, why)| (place_of(place), why)).collect();
            *alive = left;
            if alive.is_empty() || deadline.has_passed(self.backend) {
                return unseen;
            }
        }
    }

    /// Looks once at each; who cannot be looked at is taken to be there still.
    fn look_at_each(
        &self,
        handles: &[Handle<B::Pin>],
        unseen: &mut Vec<(usize, Error)>,
    ) -> wait::Outcome {
        let mut outcome = wait::Outcome::default();
        for (place, member) in handles.iter().enumerate() {
            match self.backend.look_at_exit(member) {
                Ok(Exit::Ended(status)) => outcome.gone.push((place, status)),
                Ok(Exit::Running) => outcome.alive.push(place),
                Err(error) => {
                    outcome.alive.push(place);
                    unseen.push((place, error));
                }
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, FakePin, Machine, Refusal, at_every_moment};

    const SECOND: Duration = Duration::from_secs(1);

    /// A child of the caller with two children, one of which has one; and the caller's other child.
    fn tree() -> (Fake, Handle<FakePin>, Vec<Pid>, Pid) {
        let fake = Fake::new();
        let (pids, other) = fake.with(|machine| {
            let root = machine.spawn_child();
            let a = machine.spawn(root);
            let b = machine.spawn(root);
            let below = machine.spawn(a);
            let other = machine.spawn_child();
            machine.advance(SECOND);
            (vec![root, a, b, below], other)
        });
        let handle = handle_of(&fake, pids[0]);
        (fake, handle, pids, other)
    }

    fn lives(fake: &Fake, pid: Pid) -> bool {
        fake.with(|machine| machine.process(pid).is_some_and(|process| !process.is_zombie()))
    }

    #[test]
    fn a_tree_that_is_asked_to_end_ends_and_nobody_else_does() {
        for way in [Way::Ask, Way::Kill] {
            let (fake, root, pids, other) = tree();
            let felled = fell(&fake, &root, way, SECOND).expect("ends");
            assert_eq!(felled.members.len(), 4);
            assert_eq!((felled.gone.len(), felled.alive.len(), felled.refused.len()), (4, 0, 0));
            assert!(pids.iter().all(|pid| !lives(&fake, *pid)) && lives(&fake, other));
            let status = felled.gone.iter().find(|(place, _)| *place == 0).and_then(|gone| gone.1);
            use std::os::unix::process::ExitStatusExt;
            let signal = status.and_then(|status| status.signal());
            assert_eq!(signal, Some(if way == Way::Ask { 15 } else { 9 }));
        }
    }

    #[test]
    fn children_are_ended_before_their_parents() {
        for (way, ends) in [(Way::Ask, Signal::Cont), (Way::Kill, Signal::Kill)] {
            let (fake, root, pids, _) = tree();
            fell(&fake, &root, way, SECOND).expect("ends");
            let order = |signal| -> Vec<Pid> {
                let sent = |machine: &mut Machine| machine.deliveries.clone();
                let of = fake.with(sent).into_iter().filter(|one| one.signal == signal);
                of.map(|one| one.pid).collect()
            };
            assert_eq!(order(Signal::Stop), pids, "stopped from the top");
            let reversed: Vec<Pid> = pids.iter().rev().copied().collect();
            assert_eq!(order(ends), reversed);
        }
    }

    #[test]
    fn the_status_of_a_member_that_is_a_child_is_told_whenever_it_ends() {
        let set_up = || {
            let (fake, root, pids, _) = tree();
            fake.with(|machine| {
                machine.process_mut(pids[0]).expect("lives").catches.push(Signal::Term);
            });
            (fake, root)
        };
        let pid = set_up().1.identity.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.exit(pid, 7),
            |fake, root, moment| {
                let felled = fell(fake, &root, Way::Ask, SECOND / 10).expect("ends");
                let status = felled.gone.iter().find(|(place, _)| *place == 0).map(|gone| gone.1);
                assert!(status.flatten().is_some(), "moment {moment}: {felled:?}");
            },
        );
    }

    #[test]
    fn who_does_not_listen_is_killed_when_the_time_is_up() {
        let (fake, root, pids, _) = tree();
        fake.with(|machine| {
            machine.process_mut(pids[3]).expect("lives").ignores.push(Signal::Term);
        });
        let before = fake.now();
        let felled = fell(&fake, &root, Way::Ask, SECOND).expect("ends");
        assert!(felled.alive.is_empty() && !lives(&fake, pids[3]));
        assert!(fake.now() - before >= SECOND);
    }

    #[test]
    fn who_starts_others_while_it_is_being_ended_does_not_save_them() {
        let (fake, root, pids, _) = tree();
        let last = pids[3];
        let mut newest = last;
        let mut left = 30;
        // The newest member starts another before each call, unless it is stopped.
        fake.at_each_call(move |machine, _| {
            let free = machine.process(newest).is_some_and(|p| !p.stopped && !p.is_zombie());
            if left > 0 && free {
                left -= 1;
                newest = machine.spawn(newest);
            }
        });
        let felled = fell(&fake, &root, Way::Kill, SECOND).expect("ends");
        fake.leave_alone();
        assert!(felled.alive.is_empty() && felled.is_complete);
        let survivors = fake.with(|machine| {
            machine.processes().filter(|p| !p.is_zombie() && p.pid.get() >= 1000).count()
        });
        assert_eq!(survivors, 1, "the caller's other child");
    }

    #[test]
    fn those_that_start_others_faster_than_they_are_found_are_said_to_be_left() {
        let (fake, root, pids, _) = tree();
        let mut newest = pids[3];
        fake.at_each_call(move |machine, call| {
            if call.operation == "scan" {
                newest = machine.spawn(newest);
            }
        });
        let felled = fell(&fake, &root, Way::Kill, SECOND).expect("ends");
        fake.leave_alone();
        assert!(!felled.is_complete && felled.alive.is_empty());
        assert!(felled.members.len() > 200, "{}", felled.members.len());
    }

    #[test]
    fn who_is_about_to_start_another_when_it_is_stopped_does_not_save_it() {
        // Where calls take long, patience with those found first is over before the last is found.
        let slow = Duration::from_millis(50);
        for (way, calls, call_takes) in [
            (Way::Ask, 5, None),
            (Way::Ask, 60, None),
            (Way::Ask, 5, Some(slow)),
            (Way::Kill, 5, None),
            (Way::Kill, 60, None),
            (Way::Kill, 5, Some(slow)),
        ] {
            let (fake, root, pids, other) = tree();
            if let Some(takes) = call_takes {
                fake.with(|machine| machine.call_takes = takes);
            }
            let last = pids[3];
            let mut since = None;
            let mut child = None;
            // What stops it is held back until the child is there, which is free.
            fake.at_each_call(move |machine, _| {
                let told = machine.deliveries.iter().any(|one| one.pid == last);
                let Some(process) = machine.process_mut(last).filter(|_| told) else { return };
                let passed = *since.insert(since.map_or(0, |passed| passed + 1));
                if passed < calls {
                    process.stopped = false;
                    process.status = Status::Running;
                } else if child.is_none() {
                    process.stopped = true;
                    child = Some(machine.spawn(last));
                }
            });
            let felled = fell(&fake, &root, way, SECOND).expect("ends");
            fake.leave_alone();
            assert_eq!(
                (felled.members.len(), felled.alive.len()),
                (5, 0),
                "{way:?} {calls} {call_takes:?}"
            );
            let alive = |one: &&ps_core::fake::Process| !one.is_zombie() && one.pid.get() >= 1000;
            let left: Vec<Pid> =
                fake.with(|machine| machine.processes().filter(alive).map(|one| one.pid).collect());
            assert_eq!(left, [other]);
        }
    }

    #[test]
    fn a_member_that_never_stops_is_not_waited_for_for_ever() {
        let (fake, root, pids, _) = tree();
        let last = pids[3];
        fake.at_each_call(move |machine, _| {
            if let Some(process) = machine.process_mut(last) {
                process.stopped = false;
                process.status = Status::DiskSleep;
            }
        });
        let before = fake.now();
        let felled = fell(&fake, &root, Way::Kill, SECOND).expect("ends");
        assert_eq!((felled.members.len(), felled.alive.len()), (4, 0));
        assert!(!felled.is_complete, "it may have started others");
        let took = fake.now() - before;
        assert!(took >= PATIENCE && took < 2 * PATIENCE, "{took:?}");
    }

    #[test]
    fn a_stranger_who_gets_a_members_number_is_never_signalled() {
        for way in [Way::Ask, Way::Kill] {
            let set_up = || {
                let (fake, root, pids, _) = tree();
                let unique = |pid| fake.with(|m| m.process(pid).expect("lives").unique);
                let members: Vec<u64> = pids.iter().map(|pid| unique(*pid)).collect();
                (fake.clone(), (root, members))
            };
            let a = tree().2[1];
            at_every_moment(
                set_up,
                move |machine| _ = machine.reuse(a),
                |fake, (root, members), moment| {
                    let _ = fell(fake, &root, way, SECOND);
                    let strangers = fake.with(|machine| {
                        let known = |unique| members.contains(unique);
                        machine.deliveries.iter().filter(|d| !known(&d.unique)).count()
                    });
                    assert_eq!(strangers, 0, "moment {moment}");
                },
            );
        }
    }

    #[test]
    fn the_caller_is_never_part_of_it() {
        let (fake, ..) = tree();
        for pid in [1, 100] {
            let root = handle_of(&fake, Pid::new(pid).expect("in range"));
            let error = fell(&fake, &root, Way::Kill, SECOND).expect_err("refused");
            assert!(matches!(error, Error::InvalidArgument { .. }));
        }
        assert!(fake.with(|machine| machine.deliveries.is_empty()));
    }

    #[test]
    fn a_member_that_may_not_be_signalled_is_told_of() {
        let (fake, root, pids, _) = tree();
        fake.with(|machine| machine.refuse(pids[2], "send_signal", Refusal::Denied));
        let felled = fell(&fake, &root, Way::Ask, SECOND).expect("ends the others");
        let [(place, error)] = felled.refused.as_slice() else { panic!("{felled:?}") };
        assert_eq!((felled.members[*place].identity.pid, error.is_denied()), (pids[2], true));
        assert_eq!(felled.alive, [*place]);
    }

    #[test]
    fn those_left_are_killed_also_if_one_cannot_be_looked_at() {
        for is_seen_at_all in [true, false] {
            let (fake, root, pids, _) = tree();
            fake.with(|machine| {
                for pid in &pids {
                    machine.process_mut(*pid).expect("lives").ignores.push(Signal::Term);
                }
                machine.exit_after(SECOND / 2, pids[3], 0);
                machine.refuse(pids[0], "look_at_exit", Refusal::Denied);
                if !is_seen_at_all {
                    machine.refuse(pids[0], "status", Refusal::Denied);
                }
            });
            let before = fake.now();
            let felled = fell(&fake, &root, Way::Ask, SECOND).expect("ends");
            assert!(pids.iter().all(|pid| !lives(&fake, *pid)));
            let kills = fake.with(|machine| machine.deliveries.clone());
            let kills = kills.iter().filter(|one| one.signal == Signal::Kill);
            assert_eq!(kills.count(), 3, "one ended in the time that all had");
            assert!(fake.now() - before >= SECOND);
            let told: Vec<_> =
                felled.refused.iter().map(|(place, error)| (*place, error.is_denied())).collect();
            let expected: &[_] = if is_seen_at_all { &[] } else { &[(0, true)] };
            assert_eq!(told, expected);
            assert_eq!(felled.alive.len(), expected.len());
        }
    }

    #[test]
    fn where_nobody_can_be_waited_for_ends_are_seen_all_the_same() {
        for way in [Way::Ask, Way::Kill] {
            let (fake, root, pids, other) = tree();
            let unsupported = Refusal::Unsupported;
            fake.with(|machine| machine.refuse_system("look_at_exit", unsupported));
            let felled = fell(&fake, &root, way, SECOND).expect("ends");
            assert!(pids.iter().all(|pid| !lives(&fake, *pid)) && lives(&fake, other));
            assert_eq!((felled.gone.len(), felled.alive.len(), felled.refused.len()), (4, 0, 0));
        }
    }

    #[test]
    fn a_root_that_has_gone_is_an_error() {
        let (fake, root, pids, _) = tree();
        fake.with(|machine| machine.reuse(pids[0]));
        assert!(fell(&fake, &root, Way::Ask, SECOND).expect_err("gone").is_gone());
        assert!(fake.with(|machine| machine.deliveries.is_empty()));
    }

    #[test]
    fn a_failure_to_list_leaves_nobody_stopped() {
        let (fake, root, pids, _) = tree();
        fake.with(|machine| machine.refuse_system("scan", Refusal::Failed));
        assert!(fell(&fake, &root, Way::Kill, SECOND).is_err());
        let stopped = fake.with(|m: &mut Machine| m.process(pids[0]).expect("lives").stopped);
        assert!(!stopped);
    }
}
