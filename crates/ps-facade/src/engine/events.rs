//! A stream of what happens to processes, whole also where its source is not.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::process::ExitStatus;
use std::time::Duration;

use ps_core::process::{
    Identity, News, NewsBackend, NewsSource, ProcessView, Scanner, WaitBackend,
};
use ps_core::{Context, Error, Fields, Pid, Result, Sameness, Status};

use super::wait::Deadline;

/// Something that happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A process was started.
    #[non_exhaustive]
    Started {
        /// Which.
        pid: Pid,
        /// By which, as far as that is known.
        parent: Option<Pid>,
    },
    /// A process has begun to run another program.
    #[non_exhaustive]
    Executed {
        /// Which.
        pid: Pid,
    },
    /// A process has ended. It may be a zombie still.
    #[non_exhaustive]
    Exited {
        /// Which.
        pid: Pid,
        /// How, as far as that is known.
        status: Option<ExitStatus>,
    },
    /// Events were lost, since nobody asked for them in time. Those that were kept follow, and then who came and who
    /// went meanwhile, as a comparison shows it; who did both is not among them.
    Overflow,
}

/// Refuses an interval in which comparisons would follow one another without a rest.
pub(crate) fn check_interval(interval: Duration) -> Result<()> {
    if interval.is_zero() {
        return Err(Error::invalid(Context::new("events"), "the interval is zero"));
    }
    Ok(())
}

/// Events of the processes of a system.
#[derive(Debug)]
pub(crate) struct Events<B: NewsBackend> {
    backend: B,
    scanner: B::Scanner,
    source: Option<B::Source>,
    interval: Duration,
    /// Everybody who has started and not ended, zombies not, and who they were seen to be.
    alive: BTreeMap<Pid, Option<Identity>>,
    queue: VecDeque<Event>,
    /// Who came and who went must be found out by a comparison, once there is nothing left that was told before.
    is_behind: bool,
}

impl<B: NewsBackend + WaitBackend> Events<B> {
    /// As the system tells them.
    pub(crate) fn told(backend: B) -> Result<Events<B>> {
        // Listening begins before looking, so that nothing falls between.
        let source = backend.news()?;
        Events::new(backend, Some(source), Duration::ZERO)
    }

    /// As a comparison in such intervals shows them.
    pub(crate) fn compared(backend: B, interval: Duration) -> Result<Events<B>> {
        check_interval(interval)?;
        Events::new(backend, None, interval)
    }

    fn new(backend: B, source: Option<B::Source>, interval: Duration) -> Result<Events<B>> {
        let scanner = backend.scanner()?;
        let mut events = Events {
            backend,
            scanner,
            source,
            interval,
            alive: BTreeMap::new(),
            queue: VecDeque::new(),
            is_behind: true,
        };
        events.catch_up()?;
        events.queue.clear();
        Ok(events)
    }

    pub(crate) fn is_told(&self) -> bool {
        self.source.is_some()
    }

    /// The next event; `None` if there was none in this time.
    pub(crate) fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        let deadline = Deadline::after(&self.backend, timeout);
        loop {
            if let Some(event) = self.pop()? {
                return Ok(Some(event));
            }
            let left = deadline.left(&self.backend);
            if self.is_told() {
                if !self.listen(left)? && deadline.has_passed(&self.backend) {
                    return Ok(None);
                }
                continue;
            }
            if deadline.has_passed(&self.backend) {
                return Ok(None);
            }
            self.backend.sleep(deadline.at_most(&self.backend, self.interval));
            self.fall_behind();
        }
    }

    /// What is known and was not told yet.
    pub(crate) fn pop(&mut self) -> Result<Option<Event>> {
        // News that were kept are older than what was lost: after a comparison they would be taken for later ones.
        while self.queue.is_empty() && self.is_behind {
            if !self.listen(Some(Duration::ZERO))? {
                self.catch_up()?;
            }
        }
        Ok(self.queue.pop_front())
    }

    /// Has the source tell what happened next, but no later than this; whether it told anything.
    pub(crate) fn listen(&mut self, timeout: Option<Duration>) -> Result<bool> {
        let Some(source) = &mut self.source else { return Ok(false) };
        let Some(news) = source.next(timeout)? else { return Ok(false) };
        self.take(news);
        Ok(true)
    }

    /// Has the next event come from a comparison.
    pub(crate) fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// Where the news come from, if they are told.
    #[cfg(feature = "tokio")]
    pub(crate) fn source(&self) -> Option<&B::Source> {
        self.source.as_ref()
    }

    /// How long to let pass between two comparisons.
    #[cfg(feature = "tokio")]
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Passes on what was told, unless a comparison has told it before.
    fn take(&mut self, news: News) {
        match news {
            News::Started { pid, parent } => {
                if self.alive.contains_key(&pid) {
                    return;
                }
                self.alive.insert(pid, None);
                self.queue.push_back(Event::Started { pid, parent });
            }
            News::Executed { pid } => {
                // One that lives was told to have ended too early, or was not told to start.
                if !self.alive.contains_key(&pid) && self.lives(pid) {
                    self.take(News::Started { pid, parent: None });
                }
                self.queue.push_back(Event::Executed { pid });
            }
            News::Exited { pid, status } => {
                if self.alive.remove(&pid).is_some() {
                    self.queue.push_back(Event::Exited { pid, status });
                }
            }
            News::Overflow => {
                self.queue.push_back(Event::Overflow);
                self.is_behind = true;
            }
        }
    }

    fn lives(&self, pid: Pid) -> bool {
        let status = self.backend.view_of(pid).status();
        status.is_ok_and(|status| !matches!(status, Status::Zombie | Status::Dead))
    }

    /// Finds out who came and who went since they were seen last. Nothing is known to have happened if it fails.
    fn catch_up(&mut self) -> Result<()> {
        let mut now = BTreeMap::new();
        let fields = Fields::IDENTITY | Fields::PPID | Fields::STATUS;
        self.scanner.scan(fields, &mut |row| {
            if row.status != Ok(Status::Zombie) {
                now.insert(row.pid, (row.identity.ok(), row.ppid.ok().flatten()));
            }
            ControlFlow::Continue(())
        })?;
        let mut ended = Vec::new();
        for (pid, before) in &mut self.alive {
            let same = match now.get(pid) {
                None => false,
                Some((seen, _)) => {
                    let other = |before: &Identity, seen: &Identity| {
                        before.compare(seen) == Sameness::Different
                    };
                    let same = !matches!((&*before, seen), (Some(b), Some(s)) if other(b, s));
                    if same && !before.is_some_and(|before| before.settled) {
                        // The later sighting tells more.
                        *before = seen.or(*before);
                    }
                    same
                }
            };
            if !same {
                ended.push(*pid);
            }
        }
        for pid in ended {
            self.alive.remove(&pid);
            self.queue.push_back(Event::Exited { pid, status: None });
        }
        for (pid, (seen, parent)) in now {
            if let std::collections::btree_map::Entry::Vacant(place) = self.alive.entry(pid) {
                place.insert(seen);
                self.queue.push_back(Event::Started { pid, parent });
            }
        }
        self.is_behind = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ps_core::fake::{Fake, Machine, Refusal};
    use std::os::unix::process::ExitStatusExt;

    const SECOND: Duration = Duration::from_secs(1);

    fn drain(events: &mut Events<Fake>) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = events.next(Some(Duration::ZERO)).expect("answers") {
            all.push(event);
        }
        all
    }

    fn exited(pid: Pid, code: i32) -> Event {
        Event::Exited { pid, status: Some(ExitStatus::from_raw(code << 8)) }
    }

    #[test]
    fn what_is_told_is_passed_on_in_order() {
        let fake = Fake::new();
        let mut events = Events::told(fake.clone()).expect("listens");
        assert_eq!(drain(&mut events), [], "those there before are not news");
        let child = fake.with(|machine| {
            let child = machine.spawn_child();
            machine.exec(child, &["/bin/other"]);
            machine.exit(child, 3);
            child
        });
        let parent = Some(fake.with(|machine| machine.caller));
        let expected = [
            Event::Started { pid: child, parent },
            Event::Executed { pid: child },
            exited(child, 3),
        ];
        assert_eq!(drain(&mut events), expected);
    }

    #[test]
    fn whoever_runs_a_program_is_alive_and_ends_once_more() {
        let fake = Fake::new();
        let mut events = Events::told(fake.clone()).expect("listens");
        let child = fake.with(Machine::spawn_child);
        drain(&mut events);
        let status = Some(ExitStatus::from_raw(0));
        for news in [
            News::Exited { pid: child, status },
            News::Executed { pid: child },
            News::Exited { pid: child, status: None },
        ] {
            events.take(news);
        }
        let expected = [
            Event::Exited { pid: child, status },
            Event::Started { pid: child, parent: None },
            Event::Executed { pid: child },
            Event::Exited { pid: child, status: None },
        ];
        assert_eq!(drain(&mut events), expected);
        // One that has ended since is not brought back for what it did before.
        fake.with(|machine| machine.vanish(child));
        drain(&mut events);
        events.take(News::Executed { pid: child });
        assert_eq!(drain(&mut events), [Event::Executed { pid: child }]);
        assert!(!events.alive.contains_key(&child));
    }

    #[test]
    fn waiting_for_an_event_takes_no_longer_than_allowed() {
        let fake = Fake::new();
        for mut events in [
            Events::told(fake.clone()).expect("listens"),
            Events::compared(fake.clone(), SECOND / 4).expect("looks"),
        ] {
            let before = fake.now();
            assert_eq!(events.next(Some(SECOND)).expect("answers"), None);
            assert_eq!(fake.now() - before, SECOND);
            let child = fake.with(Machine::spawn_child);
            assert!(matches!(events.next(Some(SECOND)), Ok(Some(Event::Started { .. }))));
            fake.with(|machine| machine.exit_after(SECOND, child, 0));
            assert!(matches!(events.next(None), Ok(Some(Event::Exited { .. }))));
            fake.with(|machine| machine.vanish(child));
        }
    }

    #[test]
    fn no_interval_at_all_is_refused_before_anything_is_asked() {
        let fake = Fake::new();
        let events = Events::compared(fake.clone(), Duration::ZERO);
        assert!(matches!(events, Err(Error::InvalidArgument { .. })));
        assert_eq!(fake.call_count(), 0);
    }

    #[test]
    fn an_overflow_is_told_and_made_up_for() {
        let fake = Fake::new();
        let stays = fake.with(Machine::spawn_child);
        let goes = fake.with(Machine::spawn_child);
        fake.with(|machine| machine.news_limit = 2);
        let mut events = Events::told(fake.clone()).expect("listens");
        let (first, last) = fake.with(|machine| {
            let first = machine.spawn_child();
            let between = machine.spawn_child();
            machine.vanish(between);
            machine.exit(goes, 0);
            (first, machine.spawn_child())
        });
        let told = drain(&mut events);
        assert_eq!(told[0], Event::Overflow);
        let count = |wanted: &dyn Fn(&Event) -> bool| told.iter().filter(|one| wanted(one)).count();
        for pid in [first, last] {
            assert_eq!(count(&|e| matches!(e, Event::Started { pid: p, .. } if *p == pid)), 1);
        }
        assert_eq!(count(&|e| matches!(e, Event::Exited { pid: p, .. } if *p == goes)), 1);
        assert_eq!(count(&|e| matches!(e, Event::Exited { pid: p, .. } if *p == stays)), 0);
        assert_eq!(drain(&mut events), []);
    }

    #[test]
    fn an_overflow_leaves_nobody_behind_who_was_told_to_start() {
        let fake = Fake::new();
        fake.with(|machine| machine.news_limit = 1);
        let mut events = Events::told(fake.clone()).expect("listens");
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| machine.vanish(child));
        let parent = Some(fake.with(|machine| machine.caller));
        let expected = [
            Event::Overflow,
            Event::Started { pid: child, parent },
            Event::Exited { pid: child, status: None },
        ];
        assert_eq!(drain(&mut events), expected);
    }

    #[test]
    fn a_comparison_tells_of_each_once_and_of_reuse_as_an_end_and_a_start() {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| machine.advance(SECOND));
        let mut events = Events::compared(fake.clone(), SECOND).expect("looks");
        fake.with(|machine| machine.reuse(child));
        assert_eq!(
            [events.next(None).expect("told"), events.next(None).expect("told")],
            [
                Some(Event::Exited { pid: child, status: None }),
                Some(Event::Started { pid: child, parent: Pid::new(1) }),
            ]
        );
        assert_eq!(events.next(Some(3 * SECOND)).expect("answers"), None);
    }

    #[test]
    fn a_zombie_has_ended_once() {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        let mut events = Events::compared(fake.clone(), SECOND).expect("looks");
        fake.with(|machine| machine.exit(child, 0));
        assert!(matches!(events.next(None), Ok(Some(Event::Exited { .. }))));
        fake.with(|machine| machine.reap(child));
        assert_eq!(events.next(Some(3 * SECOND)).expect("answers"), None);
    }

    #[test]
    fn a_failure_to_look_loses_nothing() {
        let fake = Fake::new();
        let mut events = Events::compared(fake.clone(), SECOND).expect("looks");
        let child = fake.with(Machine::spawn_child);
        fake.with(|machine| machine.refuse_system("scan", Refusal::Failed));
        assert!(events.next(Some(SECOND)).is_err());
        fake.with(|machine| machine.allow_system("scan"));
        assert_eq!(
            events.next(Some(SECOND)).expect("looks"),
            Some(Event::Started { pid: child, parent: Some(fake.with(|machine| machine.caller)) })
        );
    }

    #[test]
    fn a_failure_to_look_after_an_overflow_loses_nothing() {
        let fake = Fake::new();
        fake.with(|machine| machine.news_limit = 1);
        let mut events = Events::told(fake.clone()).expect("listens");
        let born = [fake.with(Machine::spawn_child), fake.with(Machine::spawn_child)];
        fake.with(|machine| machine.refuse_system("scan", Refusal::Failed));
        let mut next = || events.next(Some(SECOND));
        assert_eq!(next().expect("is told"), Some(Event::Overflow));
        let parent = Some(fake.with(|machine| machine.caller));
        let [first, second] = born.map(|pid| Some(Event::Started { pid, parent }));
        assert_eq!(next().expect("was kept"), first);
        assert!(next().is_err());
        fake.with(|machine| machine.allow_system("scan"));
        assert_eq!(next().expect("looks"), second);
    }

    #[test]
    fn nobody_listens_once_it_is_dropped() {
        let fake = Fake::new();
        let events = Events::told(fake.clone()).expect("listens");
        drop(events);
        fake.with(Machine::spawn_child);
        let mut again = Events::told(fake.clone()).expect("listens");
        assert_eq!(drain(&mut again), []);
    }
}
