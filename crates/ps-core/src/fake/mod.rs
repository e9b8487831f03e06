//! A backend without a kernel: a small machine in memory, for tests.
//!
//! A [`Fake`] stands where a real backend would. Behind it is a [`Machine`] with a clock, processes, and a
//! kernel that starts, stops, ends and collects them; nothing there moves unless a test makes it move, and
//! waiting costs no real time. Every question asked of the machine is a *call*, counted and logged, and a
//! test can have anything happen before any of them: the process vanishes, its number goes to another one,
//! the clock is set. So what a real machine does once in a million runs happens every time.
//!
//! ```
//! use ps_core::fake::Fake;
//! use ps_core::process::{Handle, Signal};
//! use ps_core::{ControlBackend, ProcessBackend};
//!
//! let fake = Fake::new();
//! let child = fake.with(|machine| machine.spawn_child());
//! let handle = Handle::new(fake.identify(child)?);
//! // Between looking and signalling, the number goes to a stranger.
//! fake.before_call(1, move |machine| {
//!     machine.reuse(child);
//! });
//! let error = fake.send_signal(&handle, Signal::Kill).expect_err("it is another process now");
//! assert!(error.is_gone());
//! assert!(fake.with(|machine| machine.deliveries.is_empty()));
//! # Ok::<(), ps_core::Error>(())
//! ```
//!
//! Identities are as on a system that tells starts in ticks: newborns are not settled until the tick of
//! their birth has passed, and a process is told apart within the tick by a number that is never used
//! twice, unless [`Machine::tells_unique`] is switched off.

mod control;
mod machine;
mod news;
mod process;
mod scan;
mod signals;
mod system;
mod view;
mod wait;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use machine::{Delivery, Machine};
pub use news::FakeNews;
pub use process::{Process, Refusal};
pub use scan::FakeScanner;
pub use system::{Mount, System};
pub use view::FakeView;
pub use wait::FakeWaitSet;

use crate::process::{Identity, Pid, ProcessBackend, Sameness};
use crate::{Context, Error, Result, sealed};

/// A backend whose machine is simulated. Clones share the machine.
#[derive(Clone)]
pub struct Fake {
    shared: Arc<Mutex<Shared>>,
    /// The instant that stands for the simulated machine's boot.
    booted: Instant,
}

/// A question asked of the simulated kernel, or an order given to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// How many calls were made before it.
    pub number: u64,
    /// What is called.
    pub operation: &'static str,
    /// The process it is about.
    pub pid: Option<Pid>,
}

type Once = Box<dyn FnOnce(&mut Machine) + Send>;
type Each = Box<dyn FnMut(&mut Machine, &Call) + Send>;

struct Shared {
    machine: Machine,
    calls: Vec<Call>,
    once: Vec<(u64, Once)>,
    each: Option<Each>,
}

impl Fake {
    /// A small machine at rest; see [`Machine::new`] and [`System::new`].
    #[must_use]
    pub fn new() -> Fake {
        Fake::of(Machine::new())
    }

    /// A machine made before.
    #[must_use]
    pub fn of(machine: Machine) -> Fake {
        let shared = Shared { machine, calls: Vec::new(), once: Vec::new(), each: None };
        Fake { shared: Arc::new(Mutex::new(shared)), booted: Instant::now() }
    }

    /// Looks at the machine, or changes it, between calls.
    ///
    /// The machine is locked meanwhile: what runs here must not ask the `Fake` anything.
    pub fn with<T>(&self, act: impl FnOnce(&mut Machine) -> T) -> T {
        act(&mut self.lock().machine)
    }

    /// Has something happen right before the call that comes after this many more.
    pub fn before_call(&self, skip: u64, act: impl FnOnce(&mut Machine) + Send + 'static) {
        let mut shared = self.lock();
        let number = shared.calls.len() as u64 + skip;
        shared.once.push((number, Box::new(act)));
    }

    /// Has something happen right before each call from now on, in place of what was set so before.
    pub fn at_each_call(&self, act: impl FnMut(&mut Machine, &Call) + Send + 'static) {
        self.lock().each = Some(Box::new(act));
    }

    /// Drops everything that was set to happen before calls.
    pub fn leave_alone(&self) {
        let mut shared = self.lock();
        shared.once.clear();
        shared.each = None;
    }

    /// Every call made so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// How many calls were made so far.
    #[must_use]
    pub fn call_count(&self) -> u64 {
        self.lock().calls.len() as u64
    }

    /// How many descriptors pins and wait sets hold.
    #[must_use]
    pub fn open_descriptors(&self) -> usize {
        self.lock().machine.open_descriptors
    }

    /// A panic in one test thread must not hide what the others see.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: counted, logged, and interfered with as the test has set it.
    fn call<T>(
        &self,
        operation: &'static str,
        pid: Option<Pid>,
        act: impl FnOnce(&mut Machine) -> T,
    ) -> T {
        let mut shared = self.lock();
        let Shared { machine, calls, once, each } = &mut *shared;
        let call = Call { number: calls.len() as u64, operation, pid };
        calls.push(call);
        machine.advance(machine.call_takes);
        while let Some(place) = once.iter().position(|(number, _)| *number == call.number) {
            let (_, happen) = once.remove(place);
            happen(machine);
        }
        if let Some(happen) = each {
            happen(machine, &call);
        }
        act(machine)
    }

    /// A call about the machine as a whole.
    fn ask<T>(
        &self,
        operation: &'static str,
        act: impl FnOnce(&mut Machine) -> Result<T>,
    ) -> Result<T> {
        self.call(operation, None, |machine| match machine.system_refusal(operation) {
            Some(refusal) => Err(refused(refusal, Context::new(operation))),
            None => act(machine),
        })
    }

    /// Opens whichever process has a number now, and gives back its unique number, which stands for a
    /// descriptor of it from then on.
    fn open(&self, operation: &'static str, pid: Pid) -> Result<u64> {
        self.call(operation, Some(pid), |machine| {
            let found = machine.find(pid).map(|process| process.unique);
            found.ok_or_else(|| crate::process::no_such_process(operation, pid))
        })
    }

    /// Looks through a descriptor at which process it is. The boot-time clock is read first.
    fn sighting(&self, unique: u64, pid: Pid) -> Result<Identity> {
        let tick = self.call("clock", None, |machine| machine.tick());
        self.call("stat", Some(pid), |machine| {
            let process = open_process(machine, unique, pid, "stat")?;
            refuse(process, "identity", pid)?;
            Ok(process.sighting(pid, tick, machine.origin()))
        })
    }

    /// Looks through a descriptor whether the process is the one meant.
    fn confirm(&self, unique: u64, meant: &Identity, operation: &'static str) -> Result<Identity> {
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
}

/// Runs an operation once for every call it makes, each time on a new machine with which something
/// interferes right before that call, and once without interference, when it has run out of calls.
///
/// `set_up` makes the machine and what the operation needs, `run` runs the operation and judges the
/// outcome; it is told before which of the operation's calls the interference came, counted from 0.
pub fn at_every_moment<T>(
    set_up: impl Fn() -> (Fake, T),
    interfere: impl Fn(&mut Machine) + Clone + Send + 'static,
    mut run: impl FnMut(&Fake, T, u64),
) {
    for moment in 0.. {
        let (fake, given) = set_up();
        let before = fake.call_count();
        fake.before_call(moment, interfere.clone());
        run(&fake, given, moment);
        if fake.call_count() - before <= moment {
            return;
        }
    }
}

/// The process that a descriptor stands for, unless it was collected since.
fn open_process<'m>(
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
        Sameness::Unknown if meant.origin.pid_namespace != seen.origin.pid_namespace => {
            Err(Error::invalid(context(), "the identity belongs to another pid namespace"))
        }
        Sameness::Unknown => Ok(()),
    }
}

/// Refuses a fact or an action as the test has set it.
fn refuse(process: &Process, what: &'static str, pid: Pid) -> Result<()> {
    match process.refusals.get(what) {
        Some(refusal) => Err(refused(*refusal, Context::new(what).with_pid(pid))),
        None => Ok(()),
    }
}

fn refused(refusal: Refusal, context: Context) -> Error {
    match refusal {
        Refusal::Denied => {
            Error::access_denied(context, std::io::ErrorKind::PermissionDenied.into())
        }
        Refusal::Unsupported => Error::unsupported_here(context, "the test says so"),
        Refusal::Garbled => Error::decode(context, "the test says so"),
        Refusal::Failed => Error::io(context, std::io::Error::other("the test says so")),
    }
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

impl Fake {
    /// Takes one descriptor, if the limit allows it.
    fn take_descriptor(&self) -> bool {
        self.with(|machine| {
            let free = machine.open_descriptors < machine.descriptor_limit;
            machine.open_descriptors += usize::from(free);
            free
        })
    }

    fn release_descriptors(&self, count: usize) {
        self.with(|machine| machine.open_descriptors -= count);
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Default for Fake {
    fn default() -> Fake {
        Fake::new()
    }
}

impl sealed::Backend for Fake {}

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

    fn view(&self, handle: &crate::process::Handle<FakePin>) -> FakeView {
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

impl Fake {
    /// The instant on the caller's clock: the simulated one, counted from when the fake was made.
    fn instant(&self) -> Instant {
        self.booted + self.with(|machine| machine.awake())
    }

    fn pass(&self, time: Duration) {
        self.call("sleep", None, |machine| machine.advance(time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ControlBackend, Handle, ProcessView, Signal};
    use crate::{CpuBackend, DiskBackend, HostBackend, MemBackend, SensorsBackend};

    fn with_child() -> (Fake, Pid) {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        (fake, child)
    }

    #[test]
    fn it_is_a_complete_backend() {
        fn complete<B: crate::Backend>(_: &B) {}
        complete(&Fake::new());
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
        fake.with(|machine| machine.pid_namespace = Some(1));
        let error = fake.view(&Handle::new(identity)).comm().expect_err("refused");
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
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
    fn interference_happens_before_the_call_it_was_set_for_and_once() {
        let (fake, child) = with_child();
        fake.before_call(1, move |machine| {
            machine.vanish(child);
        });
        assert!(fake.pid_exists(child).expect("answers"));
        assert!(!fake.pid_exists(child).expect("answers"));
        fake.before_call(0, move |machine| machine.force_pid(child.get()));
        fake.leave_alone();
        let calls = fake.calls();
        assert_eq!((calls.len(), calls[1].number, calls[1].operation), (2, 1, "pid_exists"));
    }

    #[test]
    fn interference_at_each_call_is_told_which() {
        let (fake, child) = with_child();
        fake.at_each_call(move |machine, call| {
            if call.operation == "signal" {
                machine.reuse(child);
            }
        });
        let handle = Handle::new(fake.identify(child).expect("is there"));
        let error = fake.send_signal(&handle, Signal::Term).expect_err("reused by then");
        assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
    }

    #[test]
    fn every_moment_means_each_call_and_none() {
        let mut moments = Vec::new();
        at_every_moment(
            || (Fake::new(), ()),
            |machine| machine.caller = Pid::ZERO,
            |fake, (), moment| {
                let pids = [(); 3].map(|()| fake.current().expect("answers").get());
                moments.push((moment, pids));
            },
        );
        assert_eq!(
            moments,
            [(0, [0, 0, 0]), (1, [100, 0, 0]), (2, [100, 100, 0]), (3, [100, 100, 100]),]
        );
    }

    #[test]
    fn calls_take_the_time_they_are_given() {
        let fake = Fake::new();
        fake.with(|machine| machine.call_takes = Duration::from_secs(1));
        let before = fake.time_since_boot().expect("answers");
        assert_eq!(fake.time_since_boot().expect("answers"), before + Duration::from_secs(1));
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

    #[test]
    fn figures_of_the_machine_are_as_they_were_set_or_refused() {
        let fake = Fake::new();
        fake.with(|machine| {
            machine.system.memory.total = 77;
            machine.refuse_system("temperatures", Refusal::Unsupported);
            machine.refuse_system("cpu_stats", Refusal::Denied);
            machine.refuse_system("swap_memory", Refusal::Garbled);
            machine.refuse_system("users", Refusal::Failed);
        });
        assert_eq!(fake.virtual_memory().expect("answers").total, 77);
        assert!(fake.temperatures().expect_err("refused").is_unsupported());
        assert!(fake.cpu_stats().expect_err("refused").is_denied());
        assert!(matches!(fake.swap_memory(), Err(Error::Decode { .. })));
        assert!(matches!(fake.users(), Err(Error::Io { .. })));
    }

    #[test]
    fn the_file_system_of_a_path_is_the_deepest_mount_above_it() {
        let fake = Fake::new();
        let total = |path: &str| fake.disk_usage(path.as_ref()).expect("mounted").total;
        assert_eq!((total("/tmp/x"), total("/tmpx")), (1 << 30, 100 << 30));
    }
}
