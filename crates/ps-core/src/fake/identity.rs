//! Which simulated process is meant, found out and confirmed as a real kernel allows it.

use std::fmt;

use super::{Fake, FakeScanner, FakeView, Machine, Process, refuse};
use crate::process::{Handle, Identity, Pid, ProcessBackend, Sameness};
use crate::{Context, Error, Result};

impl Fake {
    /// Opens whichever process has a number now, and gives back its unique number, which stands for a
    /// descriptor of it from then on.
    pub(super) fn open(&self, operation: &'static str, pid: Pid) -> Result<u64> {
        self.call(operation, Some(pid), |machine| {
            let found = machine.find(pid).map(|process| process.unique);
            found.ok_or_else(|| crate::process::no_such_process(operation, pid))
        })
    }

    /// Looks through a descriptor at which process it is. The boot-time clock is read first.
    pub(super) fn sighting(&self, unique: u64, pid: Pid) -> Result<Identity> {
        let tick = self.call("clock", None, |machine| machine.tick());
        self.call("stat", Some(pid), |machine| {
            let process = open_process(machine, unique, pid, "stat")?;
            refuse(process, "identity", pid)?;
            Ok(process.sighting(pid, tick, machine.origin()))
        })
    }

    /// Looks through a descriptor whether the process is the one meant.
    pub(super) fn confirm(
        &self,
        unique: u64,
        meant: &Identity,
        operation: &'static str,
    ) -> Result<Identity> {
        // The look that shows the process alive comes last, so that nothing lies between it and the act.
        let needs_more = !meant.settled && meant.unique.is_some();
        let told =
            needs_more && self.call("unique", Some(meant.pid), |machine| machine.tells_unique);
        let mut seen = self.sighting(unique, meant.pid)?;
        seen.unique = told.then_some(unique);
        check_same(meant, &seen, operation)?;
        // What cannot be told from a later process is not settled by one that lives long.
        let same = meant.compare(&seen) == Sameness::Same;
        Ok(Identity { settled: meant.settled || same && seen.settled, ..*meant })
    }

    /// Finds out which process has a number, and makes sure that it can be told from the next one.
    fn identify_now(&self, pid: Pid) -> Result<Identity> {
        loop {
            let unique = self.open("open", pid)?;
            let mut identity = self.sighting(unique, pid)?;
            if identity.settled {
                return Ok(identity);
            }
            if self.call("unique", Some(pid), |machine| machine.tells_unique) {
                identity.unique = Some(unique);
                return Ok(identity);
            }
            if identity.start.is_none() {
                return Ok(identity);
            }
            self.call("sleep", None, |machine| machine.advance(machine.until_next_tick()));
        }
    }

    /// Takes one descriptor, if the limit allows it.
    pub(super) fn take_descriptor(&self) -> bool {
        self.with(|machine| {
            let free = machine.open_descriptors < machine.descriptor_limit;
            machine.open_descriptors += usize::from(free);
            free
        })
    }

    pub(super) fn release_descriptors(&self, count: usize) {
        self.with(|machine| machine.open_descriptors -= count);
    }
}

/// The process that a descriptor stands for, unless it was collected since.
pub(super) fn open_process<'m>(
    machine: &'m Machine,
    unique: u64,
    pid: Pid,
    operation: &'static str,
) -> Result<&'m Process> {
    machine.by_unique(unique).ok_or_else(|| {
        let context = Context::new(operation).with_pid(pid);
        match machine.find(pid) {
            Some(_) => Error::reused(context),
            None => Error::no_such_process(context),
        }
    })
}

/// Whether a sighting is of the process meant. What cannot be decided is not taken for reuse.
fn check_same(meant: &Identity, seen: &Identity, operation: &'static str) -> Result<()> {
    let context = || Context::new(operation).with_pid(meant.pid);
    match meant.compare(seen) {
        Sameness::Same => Ok(()),
        Sameness::Different => Err(Error::reused(context())),
        Sameness::Unknown if other_namespace(meant, seen) => {
            Err(Error::invalid(context(), "the identity belongs to another namespace"))
        }
        Sameness::Unknown => Ok(()),
    }
}

/// Whether pid or start count in different namespaces, as far as both are known.
fn other_namespace(a: &Identity, b: &Identity) -> bool {
    let differ = |a: Option<u64>, b: Option<u64>| a.is_some() && b.is_some() && a != b;
    differ(a.origin.pid_namespace, b.origin.pid_namespace)
        || differ(a.origin.time_namespace, b.origin.time_namespace)
}

/// What is held of a pinned process: a descriptor of it.
pub struct FakePin {
    fake: Fake,
    unique: u64,
}

impl FakePin {
    /// Which of all processes that ever had its number is held.
    #[must_use]
    pub fn unique(&self) -> u64 {
        self.unique
    }
}

impl fmt::Debug for FakePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePin").field("unique", &self.unique).finish_non_exhaustive()
    }
}

impl Drop for FakePin {
    fn drop(&mut self) {
        self.fake.release_descriptors(1);
    }
}

impl ProcessBackend for Fake {
    type View = FakeView;
    type Scanner = FakeScanner;
    type Pin = FakePin;

    fn pids(&self) -> Result<Vec<Pid>> {
        self.ask("pids", |machine| Ok(machine.visible_pids()))
    }

    fn pid_exists(&self, pid: Pid) -> Result<bool> {
        self.ask("pid_exists", |machine| {
            Ok(machine.process(pid).is_some_and(|process| !process.hidden))
        })
    }

    fn current(&self) -> Result<Pid> {
        self.ask("current", |machine| Ok(machine.caller))
    }

    fn identify(&self, pid: Pid) -> Result<Identity> {
        self.identify_now(pid)
    }

    fn view(&self, handle: &Handle<FakePin>) -> FakeView {
        FakeView::of_handle(self.clone(), handle)
    }

    fn view_of(&self, pid: Pid) -> FakeView {
        FakeView::of_pid(self.clone(), pid)
    }

    fn pin(&self, identity: &Identity) -> Result<FakePin> {
        let unique = self.open("pin", identity.pid)?;
        if !self.take_descriptor() {
            let context = Context::new("pin").with_pid(identity.pid);
            let source = std::io::Error::other("too many open descriptors");
            return Err(Error::io(context, source));
        }
        let pin = FakePin { fake: self.clone(), unique };
        self.confirm(unique, identity, "pin")?;
        Ok(pin)
    }

    fn scanner(&self) -> Result<FakeScanner> {
        Ok(FakeScanner::new(self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ControlBackend, ProcessView, Signal};
    use std::time::Duration;

    fn with_child() -> (Fake, Pid) {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        (fake, child)
    }

    #[test]
    fn a_newborn_is_told_apart_by_its_unique_number() {
        let (fake, child) = with_child();
        let first = fake.identify(child).expect("is there");
        assert!(!first.settled && first.unique.is_some());
        fake.with(|machine| machine.reuse(child));
        let second = fake.identify(child).expect("is there");
        assert_eq!(first.start, second.start, "within one tick");
        assert_eq!(first.compare(&second), Sameness::Different);
    }

    #[test]
    fn without_unique_numbers_a_newborn_is_settled_by_waiting() {
        let (fake, child) = with_child();
        let tick = fake.with(|machine| {
            machine.tells_unique = false;
            machine.tick()
        });
        let identity = fake.identify(child).expect("is there");
        assert!(identity.settled && identity.unique.is_none());
        assert_eq!(fake.with(|machine| machine.tick()), tick + 1);
    }

    #[test]
    fn a_start_that_is_unknown_settles_nothing() {
        let (fake, child) = with_child();
        fake.with(|machine| {
            machine.tells_unique = false;
            machine.process_mut(child).expect("is there").start = None;
            machine.advance(Duration::from_secs(1));
        });
        let identity = fake.identify(child).expect("is there");
        assert_eq!((identity.start, identity.settled), (None, false));
        assert_eq!(identity.compare(&identity), Sameness::Unknown);
        assert!(
            fake.view(&Handle::new(identity)).create_time().expect_err("none").is_unsupported()
        );
        assert!(fake.view(&Handle::new(identity)).comm().is_ok(), "unknown is not reuse");
    }

    #[test]
    fn an_identity_from_another_namespace_is_refused() {
        let (fake, child) = with_child();
        let identity = fake.identify(child).expect("is there");
        let refused = |changes: fn(&mut Machine)| {
            fake.with(changes);
            let error = fake.view(&Handle::new(identity)).comm().expect_err("refused");
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
        };
        refused(|machine| machine.pid_namespace = Some(1));
        refused(|machine| {
            machine.pid_namespace = None;
            machine.time_namespace = Some(1);
        });
    }

    #[test]
    fn an_identity_from_before_a_boot_is_another_process() {
        let (fake, child) = with_child();
        let identity = fake.identify(child).expect("is there");
        fake.with(|machine| machine.boot_id = None);
        assert!(fake.view(&Handle::new(identity)).comm().is_ok());
        fake.with(|machine| machine.boot_id = Some(crate::process::BootId::from_bytes([9; 16])));
        let error = fake.view(&Handle::new(identity)).comm().expect_err("another boot");
        assert!(error.is_gone(), "{error}");
    }

    #[test]
    fn a_hidden_process_is_not_there_for_the_caller() {
        let (fake, child) = with_child();
        fake.with(|machine| machine.process_mut(child).expect("is there").hidden = true);
        assert!(!fake.pids().expect("lists").contains(&child));
        assert!(!fake.pid_exists(child).expect("answers"));
        assert!(fake.identify(child).expect_err("hidden").is_gone());
        assert!(fake.with(|machine| machine.process(child).is_some()));
    }

    #[test]
    fn pid_0_is_a_process_where_a_test_makes_it_one() {
        let fake = Fake::new();
        assert!(fake.identify(Pid::ZERO).expect_err("nobody").is_gone());
        fake.with(|machine| {
            machine.force_pid(0);
            machine.spawn(Pid::ZERO);
        });
        assert_eq!(fake.pids().expect("lists").first(), Some(&Pid::ZERO));
        let handle = Handle::new(fake.identify(Pid::ZERO).expect("is there"));
        assert!(fake.view(&handle).status().is_ok());
        let error = fake.send_signal(&handle, Signal::Term).expect_err("refused");
        assert!(matches!(error, Error::InvalidArgument { .. }));
    }

    #[test]
    fn pins_hold_descriptors_and_give_them_back() {
        let (fake, child) = with_child();
        let identity = fake.identify(child).expect("is there");
        fake.with(|machine| machine.descriptor_limit = 1);
        let pin = fake.pin(&identity).expect("one is free");
        assert_eq!(fake.open_descriptors(), 1);
        assert!(matches!(fake.pin(&identity), Err(Error::Io { .. })));
        drop(pin);
        assert_eq!(fake.open_descriptors(), 0);
        fake.with(|machine| machine.reuse(child));
        assert!(fake.pin(&identity).expect_err("another process").is_gone());
        assert_eq!(fake.open_descriptors(), 0);
    }
}
