//! The simulated machine: its clock, its processes, and what its kernel does with them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, SystemTime};

use super::news::Queue;
use super::process::{Process, Refusal};
use super::signals::{self, Effect};
use super::system::System;
use crate::process::{BootId, News, Origin, Pid, Signal, Status, Thread};

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
    processes: BTreeMap<u64, Process>,
    /// Who has each number.
    numbers: BTreeMap<Pid, u64>,
    next_unique: u64,
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

    // What a kernel does with processes.

    /// Gives this number to the next process.
    pub fn force_pid(&mut self, number: u32) {
        self.forced_pids.extend(Pid::new(number));
    }

    fn allocate(&mut self) -> Pid {
        if let Some(pid) = self.forced_pids.pop_front() {
            return pid;
        }
        loop {
            if self.next_pid > self.last_pid {
                self.next_pid = 300;
            }
            let number = self.next_pid;
            self.next_pid += 1;
            let free = |pid: &Pid| self.process(*pid).or(self.owner_of_thread(*pid)).is_none();
            if let Some(pid) = Pid::new(number).filter(free) {
                return pid;
            }
        }
    }

    /// Starts a process that is a copy of its parent, or one without parent if there is no such parent.
    ///
    /// A forced number that somebody has is taken from them: they vanish.
    pub fn spawn(&mut self, parent: Pid) -> Pid {
        let pid = self.allocate();
        let unique = self.next_unique;
        self.next_unique += 1;
        let start = self.tick();
        let process = match self.process(parent) {
            Some(parent) => parent.forked(unique, pid, start),
            None => Process::new(unique, pid, start),
        };
        self.processes.insert(unique, process);
        if let Some(before) = self.numbers.insert(pid, unique) {
            self.processes.remove(&before);
        }
        self.tell(News::Started {
            pid,
            parent: self.process(pid).and_then(|started| started.ppid),
        });
        pid
    }

    fn tell(&mut self, news: News) {
        let limit = self.news_limit;
        if let Some(queue) = &mut self.queue {
            queue.push(news, limit);
        }
    }

    /// Starts a child of the caller.
    pub fn spawn_child(&mut self) -> Pid {
        self.spawn(self.caller)
    }

    /// Starts a thread of a process, and gives back its number.
    pub fn spawn_thread(&mut self, pid: Pid) -> Option<Pid> {
        self.process(pid)?;
        let tid = self.allocate();
        let mut thread = Thread { id: u64::from(tid.get()), ..Thread::default() };
        thread.status = Some(Status::Sleeping);
        self.process_mut(pid)?.threads.push(thread);
        Some(tid)
    }

    /// Runs another program in a process: other name, arguments and program; handlers are gone.
    pub fn exec<S: AsRef<OsStr>>(&mut self, pid: Pid, arguments: &[S]) -> bool {
        let Some(process) = self.process_mut(pid) else { return false };
        process.set_command(arguments);
        process.catches.clear();
        process.threads.truncate(1);
        self.tell(News::Executed { pid });
        true
    }

    /// Ends the main thread of a process; the others go on.
    pub fn end_leader(&mut self, pid: Pid) -> bool {
        let Some(process) = self.process_mut(pid) else { return false };
        process.leader_ended = true;
        if let Some(main) = process.threads.first_mut() {
            main.status = Some(Status::Zombie);
        }
        true
    }

    /// Ends a process with an exit code.
    pub fn exit(&mut self, pid: Pid, code: u8) -> bool {
        self.end(pid, ExitStatus::from_raw(i32::from(code) << 8))
    }

    /// Ends a process: its children get another parent, and it is a zombie until its own collects it.
    pub fn end(&mut self, pid: Pid, status: ExitStatus) -> bool {
        let Some(process) = self.process_mut(pid).filter(|process| !process.is_zombie()) else {
            return false;
        };
        process.ended = Some(status);
        process.stopped = false;
        process.pending.clear();
        process.memory = crate::process::MemoryInfo::default();
        process.threads.truncate(1);
        let (ppid, unique) = (process.ppid, process.unique);
        self.tell(News::Exited { pid, status: Some(status) });
        self.orphan_children_of(pid);
        let collected = match ppid.and_then(|ppid| self.process(ppid)) {
            Some(parent) => parent.collects_at_once,
            None => true,
        };
        if collected {
            self.remove(unique);
        }
        true
    }

    fn orphan_children_of(&mut self, pid: Pid) {
        let adopter = self.adopter(pid);
        let collects = adopter
            .and_then(|adopter| self.process(adopter))
            .is_none_or(|adopter| adopter.collects_at_once);
        let mut collected = Vec::new();
        for process in self.processes.values_mut().filter(|process| process.ppid == Some(pid)) {
            process.ppid = adopter;
            if collects && process.is_zombie() {
                collected.push(process.unique);
            }
        }
        for unique in collected {
            self.remove(unique);
        }
    }

    /// Who becomes the parent of orphans: the nearest ancestor that wants to, else pid 1.
    fn adopter(&self, pid: Pid) -> Option<Pid> {
        let mut at = self.process(pid)?.ppid;
        // Scripts can make ancestors form a circle: as many steps as there are processes are enough.
        for _ in 0..self.processes.len() {
            let Some(ancestor) = at.and_then(|ppid| self.process(ppid)) else { break };
            if ancestor.subreaper && !ancestor.is_zombie() && ancestor.pid != pid {
                return Some(ancestor.pid);
            }
            at = ancestor.ppid;
        }
        self.process(Pid::new(1)?).filter(|init| init.pid != pid).map(|init| init.pid)
    }

    /// Collects a zombie, whoever is the parent. One that has not ended is left alone.
    pub fn reap(&mut self, pid: Pid) -> Option<ExitStatus> {
        let process = self.process(pid)?;
        let (unique, status) = (process.unique, process.ended?);
        self.remove(unique);
        Some(status)
    }

    /// Takes a process off the list, and adds its CPU time to that of its parent's children.
    fn remove(&mut self, unique: u64) {
        let Some(process) = self.processes.remove(&unique) else { return };
        self.numbers.remove(&process.pid);
        let Some(parent) = process.ppid.and_then(|ppid| self.process_mut(ppid)) else { return };
        let add = |sum: &mut Option<Duration>, more| *sum = sum.map(|sum| sum + more);
        add(&mut parent.times.children_user, process.times.user);
        add(&mut parent.times.children_system, process.times.system);
        add(&mut parent.times.children, process.times.total());
    }

    /// Has a process end and be collected at once, without a trace.
    pub fn vanish(&mut self, pid: Pid) -> bool {
        self.exit(pid, 0);
        self.reap(pid);
        self.process(pid).is_none()
    }

    /// Gives a number to another process, a child of pid 1; whoever has it now ends and is collected.
    /// Gives back the newcomer's unique number.
    pub fn reuse(&mut self, pid: Pid) -> u64 {
        self.vanish(pid);
        self.forced_pids.push_front(pid);
        let unique = self.next_unique;
        self.spawn(Pid::new(1).unwrap_or(Pid::ZERO));
        self.exec(pid, &["/bin/stranger"]);
        unique
    }

    /// Sends a signal to whoever has a number now, as another program would.
    pub fn signal(&mut self, pid: Pid, signal: Signal) -> bool {
        let unique = self.process(pid).map(|process| process.unique);
        unique.is_some_and(|unique| self.deliver(unique, signal))
    }

    /// A signal reaches a process and does what it does there.
    pub(super) fn deliver(&mut self, unique: u64, signal: Signal) -> bool {
        let Some(process) = self.processes.get_mut(&unique) else { return false };
        if signal == Signal::NULL {
            return true;
        }
        self.deliveries.push(Delivery { pid: process.pid, unique, signal });
        if process.is_zombie() {
            return true;
        }
        if signal == Signal::Cont {
            process.stopped = false;
            return self.deliver_pending(unique);
        }
        let certain = matches!(signal, Signal::Kill | Signal::Stop);
        if !certain && process.ignores.contains(&signal) {
            return true;
        }
        if !certain && (process.stopped || process.blocks.contains(&signal)) {
            if !process.pending.contains(&signal) {
                process.pending.push(signal);
            }
            return true;
        }
        self.take_effect(unique, signal)
    }

    /// What waits and is no longer held back takes effect.
    pub fn deliver_pending(&mut self, unique: u64) -> bool {
        while let Some(process) = self.processes.get_mut(&unique) {
            let free = |signal: &Signal| !process.blocks.contains(signal);
            let Some(place) = process.pending.iter().position(free) else { break };
            if process.stopped {
                break;
            }
            let signal = process.pending.remove(place);
            self.take_effect(unique, signal);
        }
        true
    }

    fn take_effect(&mut self, unique: u64, signal: Signal) -> bool {
        let Some(process) = self.processes.get_mut(&unique) else { return false };
        let certain = matches!(signal, Signal::Kill | Signal::Stop);
        if !certain && process.catches.contains(&signal) {
            return true;
        }
        let pid = process.pid;
        match signals::effect(signal) {
            Effect::Nothing => {}
            Effect::Stops => process.stopped = true,
            Effect::Ends => {
                let number = signals::NUMBERS.number(signal).unwrap_or(9);
                self.end(pid, ExitStatus::from_raw(number));
            }
        }
        true
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

    fn pid(number: u32) -> Pid {
        Pid::new(number).expect("in range")
    }

    fn status_of(machine: &Machine, pid: Pid) -> Status {
        machine.process(pid).expect("is there").shown_status()
    }

    #[test]
    fn pids_are_given_in_order_and_come_round_past_those_in_use() {
        let mut machine = Machine::new();
        machine.last_pid = 1001;
        machine.force_pid(301);
        let forced = machine.spawn_child();
        let given: Vec<_> = (0..4).map(|_| machine.spawn_child().get()).collect();
        assert_eq!((forced.get(), given.as_slice()), (301, [1000, 1001, 300, 302].as_slice()));
    }

    #[test]
    fn a_child_that_exits_is_a_zombie_until_it_is_collected() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        assert_eq!(machine.reap(child), None);
        assert!(machine.exit(child, 3) && !machine.exit(child, 4));
        assert_eq!(status_of(&machine, child), Status::Zombie);
        assert_eq!(machine.reap(child).and_then(|status| status.code()), Some(3));
        assert!(machine.process(child).is_none() && machine.reap(child).is_none());
    }

    #[test]
    fn a_parent_that_ignores_the_ends_of_children_has_no_zombies() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        machine.process_mut(machine.caller).expect("caller").collects_at_once = true;
        machine.exit(child, 0);
        assert!(machine.process(child).is_none());
    }

    #[test]
    fn orphans_go_to_the_nearest_subreaper_or_to_pid_1() {
        let mut machine = Machine::new();
        let grandparent = machine.spawn_child();
        let parent = machine.spawn(grandparent);
        let child = machine.spawn(parent);
        machine.process_mut(grandparent).expect("is there").subreaper = true;
        machine.exit(parent, 0);
        assert_eq!(machine.process(child).expect("lives").ppid, Some(grandparent));
        machine.exit(grandparent, 0);
        assert_eq!(machine.process(child).expect("lives").ppid, Some(pid(1)));
        machine.exit(child, 0);
        assert!(machine.process(child).is_none(), "pid 1 collects at once");
    }

    #[test]
    fn zombies_of_a_parent_that_ends_are_collected_by_pid_1() {
        let mut machine = Machine::new();
        let parent = machine.spawn_child();
        let child = machine.spawn(parent);
        machine.exit(child, 0);
        machine.exit(parent, 0);
        assert!(machine.process(child).is_none() && machine.process(parent).is_some());
    }

    #[test]
    fn the_time_of_collected_children_is_added_to_their_parents() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        let second = Duration::from_secs(1);
        machine.process_mut(child).expect("is there").times.user = second;
        machine.exit(child, 0);
        let caller = |machine: &Machine| machine.process(machine.caller).expect("caller").times;
        assert_eq!(caller(&machine).children_user, Some(Duration::ZERO));
        machine.reap(child);
        assert_eq!(caller(&machine).children_user, Some(second));
    }

    #[test]
    fn signals_stop_continue_and_end() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        machine.signal(child, Signal::Stop);
        assert_eq!(status_of(&machine, child), Status::Stopped);
        machine.signal(child, Signal::Term);
        assert_eq!(status_of(&machine, child), Status::Stopped, "held back while stopped");
        machine.signal(child, Signal::Cont);
        assert_eq!(status_of(&machine, child), Status::Zombie);
        assert_eq!(machine.reap(child).and_then(|status| status.signal()), Some(15));
    }

    #[test]
    fn a_stopped_process_can_be_killed() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        machine.signal(child, Signal::Stop);
        machine.signal(child, Signal::Kill);
        assert_eq!(machine.reap(child).and_then(|status| status.signal()), Some(9));
    }

    #[test]
    fn ignored_caught_and_blocked_signals_do_not_end() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        let process = machine.process_mut(child).expect("is there");
        process.ignores.push(Signal::Hup);
        process.catches.push(Signal::Int);
        process.blocks.push(Signal::Term);
        process.ignores.push(Signal::Kill);
        let unique = process.unique;
        for signal in [Signal::Hup, Signal::Int, Signal::Term, Signal::Chld, Signal::NULL] {
            machine.signal(child, signal);
            assert_eq!(status_of(&machine, child), Status::Sleeping, "{signal}");
        }
        machine.process_mut(child).expect("is there").blocks.clear();
        machine.deliver_pending(unique);
        assert_eq!(status_of(&machine, child), Status::Zombie);
        assert_eq!(machine.deliveries.len(), 4, "signal 0 reaches nobody");
        assert!(machine.deliveries.iter().all(|delivery| delivery.unique == unique));
    }

    #[test]
    fn reuse_gives_the_number_to_another_process() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        let before = machine.process(child).expect("is there").unique;
        let after = machine.reuse(child);
        assert_ne!(before, after);
        assert!(machine.by_unique(before).is_none());
        assert_eq!(machine.process(child).map(|process| process.unique), Some(after));
        assert_eq!(machine.process(child).and_then(|process| process.ppid), Some(pid(1)));
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

    #[test]
    fn ancestors_in_a_circle_do_not_hang_it() {
        let mut machine = Machine::new();
        let parent = machine.spawn_child();
        let child = machine.spawn(parent);
        machine.process_mut(parent).expect("is there").ppid = Some(child);
        machine.exit(child, 0);
        assert_eq!(machine.process(parent).and_then(|process| process.ppid), Some(pid(1)));
    }

    #[test]
    fn a_new_program_has_another_name_and_no_handlers() {
        let mut machine = Machine::new();
        let child = machine.spawn_child();
        machine.process_mut(child).expect("is there").catches.push(Signal::Term);
        machine.exec(child, &["/usr/bin/a-name-that-is-too-long", "x"]);
        let process = machine.process(child).expect("is there");
        assert_eq!(process.comm, "a-name-that-is-");
        assert_eq!(process.cmdline, b"/usr/bin/a-name-that-is-too-long\0x\0");
        assert!(process.catches.is_empty());
    }
}
