//! What the simulated kernel does with processes: it starts, stops, ends and collects them.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::machine::{Delivery, Machine};
use super::process::Process;
use super::signals::{self, Effect};
use crate::process::{MemoryInfo, News, Pid, Signal, Status, Thread};

/// Operations on a process that is not there do nothing and answer `false` or `None`.
impl Machine {
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
        process.memory = MemoryInfo::default();
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
