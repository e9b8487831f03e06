//! The simulated machine: its state, its clock, and looking at its processes.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use super::news::Queue;
use super::process::{Process, Refusal};
use super::system::System;
use crate::process::{BootId, Origin, Pid, Signal};

/// A signal that reached a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Delivery {
    /// The number of the process that received it.
    pub pid: Pid,
    /// Which of all processes that ever had the number received it.
    pub unique: u64,
    /// The signal.
    pub signal: Signal,
}

/// What happens at an instant of simulated time.
type Event = Box<dyn FnOnce(&mut Machine) + Send>;

/// A simulated machine. Its kernel never does anything by itself: time passes when a test, or a simulated
/// call that waits, makes it pass.
///
/// Operations on a process that is not there do nothing and answer `false` or `None`.
#[non_exhaustive]
pub struct Machine {
    /// Figures of the machine as a whole.
    pub system: System,
    /// Changes with every boot.
    pub boot_id: Option<BootId>,
    /// The namespace that pids count in.
    pub pid_namespace: Option<u64>,
    /// The namespace that starts count in.
    pub time_namespace: Option<u64>,
    /// How finely starts are told.
    pub ticks_per_second: u64,
    /// The kernel shows a number that no two processes ever share.
    pub tells_unique: bool,
    /// Scans show that number too, which costs real kernels a call for each process.
    pub scans_tell_unique: bool,
    /// Scans can tell which processes have not run since an earlier one.
    pub scans_tell_clocks: bool,
    /// Signals go through a descriptor of the process. Without, they go by number, after a look.
    pub has_process_descriptors: bool,
    /// A zombie of another parent than the caller counts as ended, as it does on the BSDs and macOS. Without, it counts
    /// as there until it is collected, as on Linux.
    pub zombies_of_others_have_ended: bool,
    /// How many descriptors the caller may have open for pinned and watched processes.
    pub descriptor_limit: usize,
    /// How much time each simulated call takes.
    pub call_takes: Duration,
    /// The process that asks.
    pub caller: Pid,
    /// Numbers to give to the next processes, before the allocator is asked.
    pub forced_pids: VecDeque<Pid>,
    /// The number the allocator looks at next.
    pub next_pid: u32,
    /// After this number the allocator begins again at 300.
    pub last_pid: u32,
    /// Signals that reached processes.
    pub deliveries: Vec<Delivery>,
    /// How much news of processes waits to be read before more is lost.
    pub news_limit: usize,
    /// News that wait to be read, if anybody listens.
    pub(super) queue: Option<Queue>,
    pub(super) open_descriptors: usize,
    refusals: BTreeMap<&'static str, Refusal>,
    pub(super) processes: BTreeMap<u64, Process>,
    /// Who has each number.
    pub(super) numbers: BTreeMap<Pid, u64>,
    pub(super) next_unique: u64,
    since_boot: Duration,
    suspended: Duration,
    boot_time: SystemTime,
    events: Vec<(Duration, Event)>,
}

impl Machine {
    /// A machine that was booted 1000 seconds ago, with pid 1, which collects orphans at once, and the
    /// caller, pid 100, a child of it.
    #[must_use]
    pub fn new() -> Machine {
        let mut machine = Machine {
            system: System::new(),
            boot_id: Some(BootId::from_bytes([7; 16])),
            pid_namespace: Some(4_026_531_836),
            time_namespace: Some(4_026_531_834),
            ticks_per_second: 100,
            tells_unique: true,
            scans_tell_unique: false,
            scans_tell_clocks: false,
            has_process_descriptors: true,
            zombies_of_others_have_ended: false,
            descriptor_limit: 1024,
            call_takes: Duration::ZERO,
            caller: Pid::ZERO,
            forced_pids: VecDeque::new(),
            next_pid: 1000,
            last_pid: 32_767,
            deliveries: Vec::new(),
            news_limit: 1000,
            queue: None,
            open_descriptors: 0,
            refusals: BTreeMap::new(),
            processes: BTreeMap::new(),
            numbers: BTreeMap::new(),
            next_unique: 5000,
            since_boot: Duration::from_secs(1),
            suspended: Duration::ZERO,
            boot_time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            events: Vec::new(),
        };
        machine.force_pid(1);
        let init = machine.spawn(Pid::ZERO);
        machine.exec(init, &["/sbin/init"]);
        if let Some(init) = machine.process_mut(init) {
            init.collects_at_once = true;
        }
        machine.advance(Duration::from_secs(499));
        machine.force_pid(100);
        machine.caller = machine.spawn(init);
        machine.exec(machine.caller, &["/usr/bin/caller", "--look"]);
        machine.advance(Duration::from_secs(500));
        machine
    }

    // Time.

    /// Time since boot, suspension included.
    #[must_use]
    pub fn since_boot(&self) -> Duration {
        self.since_boot
    }

    /// Time since boot, suspension left out.
    #[must_use]
    pub fn awake(&self) -> Duration {
        self.since_boot.saturating_sub(self.suspended)
    }

    /// The tick that the boot-time clock is in.
    #[must_use]
    pub fn tick(&self) -> u64 {
        let nanos = self.since_boot.as_nanos() * u128::from(self.ticks_per_second) / 1_000_000_000;
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// How long until the next tick begins.
    #[must_use]
    pub fn until_next_tick(&self) -> Duration {
        self.tick_begins(self.tick() + 1).saturating_sub(self.since_boot)
    }

    /// When a tick begins, after boot.
    fn tick_begins(&self, tick: u64) -> Duration {
        let per_second = self.ticks_per_second.max(1);
        let nanos = (tick % per_second * 1_000_000_000).div_ceil(per_second);
        Duration::from_secs(tick / per_second) + Duration::from_nanos(nanos)
    }

    /// When the machine was booted, on the wall clock as it is set now.
    #[must_use]
    pub fn boot_time(&self) -> SystemTime {
        self.boot_time
    }

    /// The wall clock.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.boot_time + self.since_boot
    }

    /// Sets the wall clock. The boot-time clock goes on as if nothing had happened.
    pub fn set_wall_clock(&mut self, now: SystemTime) {
        self.boot_time = now - self.since_boot;
    }

    /// When a tick was, on the wall clock as it is set now.
    #[must_use]
    pub fn on_wall_clock(&self, tick: u64) -> SystemTime {
        self.boot_time + self.tick_begins(tick)
    }

    /// Lets time pass, and everything happen that was set for it.
    pub fn advance(&mut self, by: Duration) {
        let end = self.since_boot.saturating_add(by);
        while let Some(place) = self.next_event().filter(|place| self.events[*place].0 <= end) {
            let (when, event) = self.events.remove(place);
            self.since_boot = self.since_boot.max(when);
            event(self);
        }
        self.since_boot = self.since_boot.max(end);
    }

    /// Lets time pass during which the machine is suspended.
    pub fn suspend(&mut self, by: Duration) {
        self.suspended += by;
        self.advance(by);
    }

    /// Has something happen once this much more time has passed.
    pub fn after(&mut self, delay: Duration, event: impl FnOnce(&mut Machine) + Send + 'static) {
        self.events.push((self.since_boot.saturating_add(delay), Box::new(event)));
    }

    /// Has a process end by itself once this much more time has passed, whoever has its number then.
    pub fn exit_after(&mut self, delay: Duration, pid: Pid, code: u8) {
        let Some(unique) = self.process(pid).map(|process| process.unique) else { return };
        self.after(delay, move |machine| {
            if let Some(pid) = machine.by_unique(unique).map(|process| process.pid) {
                machine.exit(pid, code);
            }
        });
    }

    /// How long until the next thing happens; `None` if nothing was set.
    #[must_use]
    pub fn until_next_event(&self) -> Option<Duration> {
        let place = self.next_event()?;
        Some(self.events[place].0.saturating_sub(self.since_boot))
    }

    /// The earliest event; of several at one instant the one that was set first.
    fn next_event(&self) -> Option<usize> {
        (0..self.events.len()).min_by_key(|place| self.events[*place].0)
    }

    // Looking.

    /// Which run of which system pids belong to.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            boot: self.boot_id,
            pid_namespace: self.pid_namespace,
            time_namespace: self.time_namespace,
        }
    }

    /// The process that has a number now, hidden ones too.
    #[must_use]
    pub fn process(&self, pid: Pid) -> Option<&Process> {
        self.processes.get(self.numbers.get(&pid)?)
    }

    /// The process that has a number now, to be changed.
    pub fn process_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.processes.get_mut(self.numbers.get(&pid)?)
    }

    /// The process with a number that no other one ever had.
    #[must_use]
    pub fn by_unique(&self, unique: u64) -> Option<&Process> {
        self.processes.get(&unique)
    }

    /// All processes, hidden ones too, by their unique numbers.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }

    /// Numbers of the processes that the caller may see, ascending.
    #[must_use]
    pub fn visible_pids(&self) -> Vec<Pid> {
        let visible = |pid: &Pid| self.process(*pid).is_some_and(|process| !process.hidden);
        self.numbers.keys().copied().filter(visible).collect()
    }

    /// What the caller finds under a number: a process, or the one that a thread with it belongs to.
    pub(super) fn find(&self, pid: Pid) -> Option<&Process> {
        let found = self.process(pid).or_else(|| self.owner_of_thread(pid));
        found.filter(|process| !process.hidden)
    }

    /// The process that has a thread, not its main one, with this number.
    pub(super) fn owner_of_thread(&self, tid: Pid) -> Option<&Process> {
        let id = u64::from(tid.get());
        self.processes.values().find(|process| {
            process.pid != tid && process.threads.iter().any(|thread| thread.id == id)
        })
    }

    pub(super) fn is_child_of_caller(&self, process: &Process) -> bool {
        process.ppid == Some(self.caller)
    }

    /// Whether a process has ended for the caller, who waits for that.
    pub(super) fn has_ended(&self, unique: u64) -> bool {
        let has_ended = |process: &Process| {
            let counts = self.zombies_of_others_have_ended || self.is_child_of_caller(process);
            counts && process.is_zombie()
        };
        self.by_unique(unique).is_none_or(has_ended)
    }

    // Refusing.

    /// Refuses the caller a fact about a process, or an action, by the name of the trait's method.
    pub fn refuse(&mut self, pid: Pid, what: &'static str, how: Refusal) -> bool {
        let Some(process) = self.process_mut(pid) else { return false };
        process.refusals.insert(what, how);
        true
    }

    /// Refuses the caller a fact about the machine, by the name of the trait's method.
    pub fn refuse_system(&mut self, what: &'static str, how: Refusal) {
        self.refusals.insert(what, how);
    }

    /// Refuses it no longer.
    pub fn allow_system(&mut self, what: &'static str) {
        self.refusals.remove(what);
    }

    pub(super) fn system_refusal(&self, what: &'static str) -> Option<Refusal> {
        self.refusals.get(what).copied()
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("since_boot", &self.since_boot)
            .field("processes", &self.visible_pids())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Status;

    fn status_of(machine: &Machine, pid: Pid) -> Status {
        machine.process(pid).expect("is there").shown_status()
    }

    #[test]
    fn the_wall_clock_steps_without_the_boot_time_clock() {
        let mut machine = Machine::new();
        let (tick, wall) = (machine.tick(), machine.wall_clock());
        machine.set_wall_clock(wall - Duration::from_secs(3600));
        assert_eq!(machine.tick(), tick);
        assert_eq!(machine.wall_clock(), wall - Duration::from_secs(3600));
        machine.suspend(Duration::from_secs(10));
        assert_eq!(machine.since_boot() - machine.awake(), Duration::from_secs(10));
    }

    #[test]
    fn a_tick_passes_when_it_is_waited_for() {
        let mut machine = Machine::new();
        machine.ticks_per_second = 128;
        machine.advance(Duration::from_nanos(12_345));
        for _ in 0..1000 {
            let tick = machine.tick();
            machine.advance(machine.until_next_tick());
            assert_eq!(machine.tick(), tick + 1);
        }
    }

    #[test]
    fn what_is_set_for_an_instant_happens_in_order() {
        let mut machine = Machine::new();
        let (first, second) = (machine.spawn_child(), machine.spawn_child());
        machine.exit_after(Duration::from_secs(2), second, 0);
        machine.exit_after(Duration::from_secs(1), first, 0);
        assert_eq!(machine.until_next_event(), Some(Duration::from_secs(1)));
        machine.advance(Duration::from_millis(1500));
        assert_eq!(status_of(&machine, first), Status::Zombie);
        assert_eq!(status_of(&machine, second), Status::Sleeping);
        machine.vanish(second);
        machine.reuse(second);
        machine.advance(Duration::from_secs(5));
        assert_eq!(status_of(&machine, second), Status::Sleeping, "it is another process by now");
    }
}
