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
mod identity;
mod kernel;
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

pub use identity::FakePin;
pub use machine::{Delivery, Machine};
pub use news::FakeNews;
pub use process::{Process, Refusal};
pub use scan::FakeScanner;
pub use system::{Mount, System};
pub use view::FakeView;
pub use wait::FakeWaitSet;

use crate::process::Pid;
use crate::{Context, Error, Result, sealed};
use identity::open_process;

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

    /// The instant on the caller's clock: the simulated one, counted from when the fake was made.
    fn instant(&self) -> Instant {
        self.booted + self.with(|machine| machine.awake())
    }

    fn pass(&self, time: Duration) {
        self.call("sleep", None, |machine| machine.advance(time));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ControlBackend, Handle, ProcessBackend, Signal};
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
