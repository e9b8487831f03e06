//! Which process is meant, and what was found out about it so far.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ps_core::process::{Handle, Identity, ProcessBackend, ProcessView, Scanner};
use ps_core::{Context, Error, Fields, Pid, Result, Sameness};

/// What was found out about a process and holds for ever, or helps to speak of it. Shared by the clones of a
/// process: what one of them has found out, all know.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// How it was found gone: one of the constants below.
    gone: AtomicU8,
    /// A wait for it has ended.
    has_ended: AtomicBool,
    /// It was collected by a call that names it, of which its owner was not told.
    was_reaped: AtomicBool,
    /// How it ended, once that was seen.
    exit: OnceLock<ExitStatus>,
    /// The name read last, for errors.
    name: Mutex<Option<OsString>>,
}

const NOT_KNOWN: u8 = 0;
const GONE: u8 = 1;
const REUSED: u8 = 2;

impl Known {
    /// Whether it was found gone before. A process that has gone does not come back.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire) != NOT_KNOWN
    }

    /// Refuses to ask about a process that was found gone before: its number may have another owner, who must
    /// not be taken for it even where nothing else tells them apart.
    pub(crate) fn check(&self, operation: &'static str, pid: Pid) -> Result<()> {
        let context = || {
            let context = Context::new(operation).with_pid(pid);
            match self.name() {
                Some(name) => context.with_name(name),
                None => context,
            }
        };
        match self.gone.load(Ordering::Acquire) {
            NOT_KNOWN => Ok(()),
            REUSED => Err(Error::reused(context())),
            _ => Err(Error::no_such_process(context())),
        }
    }

    pub(crate) fn set_gone(&self, reused: bool) {
        let found = if reused { REUSED } else { GONE };
        // The first finding stands, but reuse says more than absence.
        let _ = self.gone.fetch_max(found, Ordering::AcqRel);
    }

    /// Whether it was collected behind its owner's back, so that its number may be another child's.
    pub(crate) fn was_reaped(&self) -> bool {
        self.was_reaped.load(Ordering::Acquire)
    }

    pub(crate) fn set_reaped(&self) {
        self.was_reaped.store(true, Ordering::Release);
    }

    pub(crate) fn exit(&self) -> Option<Option<ExitStatus>> {
        let status = self.exit.get().copied();
        (status.is_some() || self.has_ended.load(Ordering::Acquire)).then_some(status)
    }

    /// How it ended, if it has; a process that was found gone without that has no status.
    pub(crate) fn ended(&self) -> Option<Option<ExitStatus>> {
        self.exit().or_else(|| self.is_gone().then_some(None))
    }

    /// Keeps how it ended. The first status stands; one wait may end without it since another, of the owner's, was faster
    /// and has it.
    pub(crate) fn set_exit(&self, status: Option<ExitStatus>) -> Option<ExitStatus> {
        let known = match status {
            Some(status) => Some(*self.exit.get_or_init(|| status)),
            None => self.exit.get().copied(),
        };
        self.has_ended.store(true, Ordering::Release);
        known
    }

    pub(crate) fn name(&self) -> Option<OsString> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_name(&self, name: &OsString) {
        let mut kept = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref() != Some(name) {
            *kept = Some(name.clone());
        }
    }

    /// Learns from an answer about the process, and adds to an error what is known of it.
    pub(crate) fn learn<T>(&self, pid: Pid, answer: Result<T>) -> Result<T> {
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if error.pid().is_some_and(|about| about != pid) {
            return Err(error);
        }
        if let Error::NoSuchProcess { reused, .. } = &error {
            self.set_gone(*reused);
        }
        Err(match self.name() {
            Some(name) => error.with_name(name),
            None => error,
        }
        .with_pid(pid))
    }
}

/// The process that an identity means, if it is still there and can be told for certain.
pub(crate) fn attach<B: ProcessBackend>(backend: &B, meant: &Identity) -> Result<Identity> {
    let context = || Context::new("attach").with_pid(meant.pid);
    let now = backend.identify(meant.pid)?;
    match meant.compare(&now) {
        Sameness::Different => return Err(Error::reused(context())),
        Sameness::Same => {
            let mut found = *meant;
            found.settled |= now.settled;
            return Ok(found);
        }
        Sameness::Unknown => {}
    }
    let differ = |a: Option<u64>, b: Option<u64>| matches!((a, b), (Some(a), Some(b)) if a != b);
    if differ(meant.origin.pid_namespace, now.origin.pid_namespace) {
        return Err(Error::invalid(context(), "the identity belongs to another pid namespace"));
    }
    if differ(meant.origin.time_namespace, now.origin.time_namespace) {
        return Err(Error::invalid(context(), "the identity belongs to another time namespace"));
    }
    // The identity was taken before it was settled: a number that is never used twice may still decide.
    let confirmed = backend.view(&Handle::new(*meant)).identity()?;
    if confirmed.settled {
        return Ok(confirmed);
    }
    Err(Error::invalid(
        context(),
        "the identity was taken so early that it cannot be told from a later process with its pid",
    ))
}

/// Everybody, by ascending pid, each with what tells it from whoever gets its number later. Who may not be looked at is
/// not among them.
pub(crate) fn everybody<B: ProcessBackend>(backend: &B) -> Result<Vec<Identity>> {
    let mut seen = Vec::new();
    backend.scanner()?.scan(Fields::IDENTITY, &mut |row| {
        seen.extend(row.identity);
        ControlFlow::Continue(())
    })?;
    let mut all = Vec::with_capacity(seen.len());
    for one in seen {
        match told_apart(backend, one) {
            Ok(one) => all.extend(one),
            Err(error) if error.is_denied() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Whether somebody found in a pass over all processes might not be told from who gets the number later, though a
/// look at it alone tells: a pass does not give all of newborns on every system.
pub(crate) fn is_doubtful(seen: &Identity) -> bool {
    !seen.settled && seen.unique.is_none() && seen.start.is_some()
}

/// Somebody found in a pass, with all that a look at it alone tells; `None` if it has gone since.
///
/// Where only the start tells processes apart, this waits until the tick of its birth is over.
pub(crate) fn told_apart<B: ProcessBackend>(
    backend: &B,
    seen: Identity,
) -> Result<Option<Identity>> {
    if !is_doubtful(&seen) {
        return Ok(Some(seen));
    }
    match backend.identify(seen.pid) {
        Ok(now) => Ok((now.start == seen.start).then_some(now)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a process is still there; true for a zombie.
pub(crate) fn is_running<B: ProcessBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
    known: &Known,
) -> Result<bool> {
    let pid = handle.identity.pid;
    if known.is_gone() {
        return Ok(false);
    }
    match known.learn(pid, backend.view(handle).identity()) {
        Ok(_) | Err(Error::ZombieProcess { .. }) => Ok(true),
        Err(Error::NoSuchProcess { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a process with this start can have been started by one with that start: one that is younger than
/// its supposed child has only taken over the number of the true parent. An unknown start says nothing.
pub(crate) fn can_descend(child: &Identity, parent: &Identity) -> bool {
    !matches!((child.start, parent.start), (Some(child), Some(parent)) if child < parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, Machine, Refusal, at_every_moment};
    use ps_core::process::{ControlBackend, Handle, Signal};
    use std::time::Duration;

    fn newborn() -> (Fake, Pid) {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        (fake, child)
    }

    #[test]
    fn is_running_stays_false_even_where_nothing_tells_the_next_process_apart() {
        let (fake, child) = newborn();
        fake.with(|machine| machine.process_mut(child).expect("is there").start = None);
        fake.with(|machine| machine.tells_unique = false);
        let handle = Handle::new(fake.identify(child).expect("is there"));
        let known = Known::default();
        assert!(is_running(&fake, &handle, &known).expect("answers"));
        fake.with(|machine| machine.vanish(child));
        assert!(!is_running(&fake, &handle, &known).expect("answers"));
        fake.with(|machine| {
            machine.reuse(child);
            machine.process_mut(child).expect("is there").start = None;
        });
        assert!(!is_running(&fake, &handle, &known).expect("answers"));
        assert!(is_running(&fake, &handle, &Known::default()).expect("answers"), "cannot be told");
    }

    #[test]
    fn is_running_tells_reuse_at_every_moment() {
        for tells_unique in [true, false] {
            let set_up = move || {
                let (fake, child) = newborn();
                fake.with(|machine| machine.tells_unique = tells_unique);
                let handle = handle_of(&fake, child);
                (fake, handle)
            };
            let child = set_up().1.identity.pid;
            at_every_moment(
                set_up,
                move |machine| _ = machine.reuse(child),
                |fake, handle, moment| {
                    let known = Known::default();
                    let first = is_running(fake, &handle, &known).expect("answers");
                    let happened = fake.with(|m| m.deliveries.is_empty() && stranger_has(m, child));
                    let second = is_running(fake, &handle, &known).expect("answers");
                    // Whatever the first answer was, the next one knows.
                    assert!(!second || !happened, "moment {moment}, first {first}");
                },
            );
        }
    }

    #[test]
    fn everybody_who_is_found_is_told_from_whoever_gets_the_number_later() {
        for tells_unique in [true, false] {
            let set_up = move || {
                let (fake, child) = newborn();
                fake.with(|machine| machine.tells_unique = tells_unique);
                (fake, child)
            };
            let child = set_up().1;
            at_every_moment(
                set_up,
                move |machine| _ = machine.vanish(child),
                |fake, child, moment| {
                    let all = everybody(fake).expect("lists");
                    assert!(all.is_sorted_by_key(|one| one.pid) && all.len() >= 2, "{moment}");
                    assert!(all.iter().all(|one| !is_doubtful(one)), "moment {moment}: {all:?}");
                    let Some(found) = all.iter().find(|one| one.pid == child) else { return };
                    fake.leave_alone();
                    fake.with(|machine| {
                        machine.vanish(child);
                        machine.reuse(child);
                    });
                    let error = fake.send_signal(&Handle::new(*found), Signal::Kill);
                    assert!(error.expect_err("gone").is_gone(), "moment {moment}");
                },
            );
        }
    }

    #[test]
    fn who_may_not_be_looked_at_is_not_among_everybody() {
        let (fake, child) = newborn();
        fake.with(|machine| machine.refuse(child, "identity", Refusal::Denied));
        assert_eq!(everybody(&fake).expect("lists").len(), 2);
        fake.with(|machine| machine.refuse_system("scan", Refusal::Failed));
        assert!(everybody(&fake).is_err());
    }

    #[test]
    fn a_zombie_is_running() {
        let (fake, child) = newborn();
        let handle = handle_of(&fake, child);
        fake.with(|machine| machine.exit(child, 0));
        assert!(is_running(&fake, &handle, &Known::default()).expect("answers"));
    }

    #[test]
    fn a_refusal_is_neither_running_nor_gone() {
        let (fake, child) = newborn();
        let handle = handle_of(&fake, child);
        fake.with(|machine| machine.refuse(child, "identity", Refusal::Denied));
        let known = Known::default();
        assert!(is_running(&fake, &handle, &known).expect_err("refused").is_denied());
        fake.with(|machine| machine.process_mut(child).expect("there").refusals.clear());
        assert!(is_running(&fake, &handle, &known).expect("answers"));
    }

    #[test]
    fn an_identity_is_attached_to_while_its_process_lives() {
        let (fake, child) = newborn();
        let meant = fake.identify(child).expect("is there");
        assert!(!meant.settled);
        fake.with(|machine| machine.advance(Duration::from_secs(1)));
        let found = attach(&fake, &meant).expect("is there");
        assert_eq!(found, meant);
        assert!(found.settled, "the tick of its birth has passed");
        fake.with(|machine| machine.vanish(child));
        let error = attach(&fake, &meant).expect_err("gone");
        assert!(matches!(error, Error::NoSuchProcess { reused: false, .. }), "{error}");
    }

    #[test]
    fn attaching_at_every_moment_of_a_reuse_gives_the_process_or_says_it_is_gone() {
        let set_up = || {
            let (fake, child) = newborn();
            let meant = fake.identify(child).expect("is there");
            fake.with(|machine| machine.advance(Duration::from_millis(1)));
            (fake, meant)
        };
        let child = set_up().1.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(child),
            |fake, meant, moment| match attach(fake, &meant) {
                Ok(found) => assert!(found == meant && moment > 0),
                Err(error) => assert!(error.is_gone(), "{moment}: {error}"),
            },
        );
    }

    #[test]
    fn an_identity_of_another_boot_is_gone_and_one_of_another_namespace_is_refused() {
        let (fake, child) = newborn();
        fake.with(|machine| machine.advance(Duration::from_secs(1)));
        let meant = fake.identify(child).expect("is there");
        let mut elsewhere = meant;
        elsewhere.origin.pid_namespace = Some(1);
        assert!(matches!(attach(&fake, &elsewhere), Err(Error::InvalidArgument { .. })));
        let mut elsewhere = meant;
        elsewhere.origin.time_namespace = Some(1);
        assert!(matches!(attach(&fake, &elsewhere), Err(Error::InvalidArgument { .. })));
        let mut before = meant;
        before.origin.boot = Some(ps_core::process::BootId::from_bytes([1; 16]));
        assert!(attach(&fake, &before).expect_err("another boot").is_gone());
    }

    #[test]
    fn an_identity_that_cannot_be_told_apart_is_not_attached_to() {
        let (fake, child) = newborn();
        let mut meant = fake.identify(child).expect("is there");
        meant.unique = None;
        fake.with(|machine| machine.advance(Duration::from_secs(1)));
        assert!(matches!(attach(&fake, &meant), Err(Error::InvalidArgument { .. })));
    }

    #[test]
    fn errors_carry_the_name_that_was_read_before() {
        let known = Known::default();
        let pid = Pid::new(7).expect("in range");
        known.set_name(&"sleeper".into());
        let gone: Result<()> = Err(Error::no_such_process(Context::new("read").with_pid(pid)));
        let error = known.learn(pid, gone).expect_err("gone");
        assert_eq!(error.name(), Some("sleeper".as_ref()));
        let again = known.check("read", pid).expect_err("known to be gone");
        assert_eq!((again.name(), again.is_gone()), (Some("sleeper".as_ref()), true));
    }

    #[test]
    fn a_status_that_comes_later_is_kept_and_the_first_one_stands() {
        use std::os::unix::process::ExitStatusExt;
        let known = Known::default();
        let [first, second] = [7, 8].map(|code| Some(ExitStatus::from_raw(code << 8)));
        assert_eq!(known.exit(), None);
        assert_eq!(known.set_exit(None), None);
        assert_eq!(known.exit(), Some(None));
        assert_eq!(known.set_exit(first), first);
        assert_eq!(known.set_exit(second), first);
        assert_eq!(known.set_exit(None), first);
        assert_eq!(known.exit(), Some(first));
    }

    #[test]
    fn what_is_said_of_another_process_is_not_learnt() {
        let known = Known::default();
        let (pid, other) = (Pid::new(7).expect("in range"), Pid::new(8).expect("in range"));
        let gone: Result<()> = Err(Error::no_such_process(Context::new("read").with_pid(other)));
        assert_eq!(known.learn(pid, gone).expect_err("gone").pid(), Some(other));
        assert!(!known.is_gone());
    }
}
