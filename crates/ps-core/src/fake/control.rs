//! Acting on simulated processes.

use super::{Fake, FakePin, Machine, open_process, refuse, signals};
use crate::process::{ControlBackend, Handle, Identity, Limit, Pid, Resource, Signal};
use crate::{Context, Error, Result};

/// The bounds that the kernel silently brings a nice value into.
const NICE: std::ops::RangeInclusive<i32> = -20..=19;

pub(super) fn no_such_limit(operation: &'static str, pid: Pid, resource: Resource) -> Error {
    let context = Context::new(operation).with_pid(pid);
    Error::invalid(context, format!("{resource} is not a limit of the simulated kernel"))
}

impl Fake {
    /// A descriptor of the process meant: of its pin, or opened now and confirmed.
    pub(super) fn hold(&self, handle: &Handle<FakePin>, operation: &'static str) -> Result<u64> {
        let identity = &handle.identity;
        identity.pid.check_acts(operation)?;
        let unique = match &handle.pin {
            Some(pin) => pin.unique(),
            None => self.open("open", identity.pid)?,
        };
        self.refuse_thread(identity, operation)?;
        if handle.pin.is_none() {
            self.confirm(unique, identity, operation)?;
        }
        Ok(unique)
    }

    /// Threads can be read like processes, but what acts is meant for processes.
    fn refuse_thread(&self, identity: &Identity, operation: &'static str) -> Result<()> {
        let owner = self.with(|machine| {
            let is_process = machine.process(identity.pid).is_some();
            let owner = machine.owner_of_thread(identity.pid).filter(|_| !is_process);
            owner.map(|process| process.pid)
        });
        match owner {
            Some(owner) => Err(Error::invalid(
                Context::new(operation).with_pid(identity.pid),
                format!("this is a thread of process {owner}"),
            )),
            None => Ok(()),
        }
    }

    /// Sets something the kernel offers by number only: the process is held, looked at before and after,
    /// and a reuse of the number inside the call is reported.
    fn set_by_number<T>(
        &self,
        handle: &Handle<FakePin>,
        operation: &'static str,
        set: impl FnOnce(&mut super::Process) -> Result<T>,
    ) -> Result<T> {
        let pid = handle.identity.pid;
        let unique = self.hold(handle, operation)?;
        if handle.pin.is_some() {
            self.sighting(unique, pid)?;
        }
        let (outcome, reached) = self.call(operation, Some(pid), |machine| {
            let gone = || crate::process::no_such_process(operation, pid);
            let process = machine.process_mut(pid).ok_or_else(gone)?;
            refuse(process, operation, pid)?;
            Ok::<_, Error>((set(process), process.unique))
        })?;
        let still = self.call("stat", Some(pid), |machine| {
            open_process(machine, unique, pid, operation).map(|_| ())
        });
        if reached != unique || matches!(still, Err(Error::NoSuchProcess { reused: true, .. })) {
            return Err(Error::reused(Context::new(operation).with_pid(pid)));
        }
        outcome
    }
}

fn cpu_exists(machine: &Machine, cpu: u32) -> bool {
    machine.system.cpu_times.iter().any(|one| one.cpu == cpu)
}

impl ControlBackend for Fake {
    fn send_signal(&self, handle: &Handle<FakePin>, signal: Signal) -> Result<()> {
        let pid = handle.identity.pid;
        pid.check_acts("signal")?;
        signals::NUMBERS.number(signal).map_err(|error| error.with_pid(pid))?;
        let unique = self.hold(handle, "signal")?;
        self.call("signal", Some(pid), |machine| {
            // Without descriptors of processes the signal reaches whoever has the number now.
            let reached = if machine.has_process_descriptors {
                open_process(machine, unique, pid, "signal")?
            } else {
                let gone = || crate::process::no_such_process("signal", pid);
                machine.find(pid).ok_or_else(gone)?
            };
            refuse(reached, "send_signal", pid)?;
            let reached = reached.unique;
            machine.deliver(reached, signal);
            Ok(())
        })
    }

    fn set_nice(&self, handle: &Handle<FakePin>, nice: i32) -> Result<()> {
        self.set_by_number(handle, "set_nice", |process| {
            process.nice = nice.clamp(*NICE.start(), *NICE.end());
            Ok(())
        })
    }

    fn set_limit(
        &self,
        handle: &Handle<FakePin>,
        resource: Resource,
        limit: Limit,
    ) -> Result<Limit> {
        let pid = handle.identity.pid;
        limit.check().map_err(|error| error.with_pid(pid))?;
        self.set_by_number(handle, "set_limit", |process| {
            let kept = process.limits.get_mut(&resource);
            let kept = kept.ok_or_else(|| no_such_limit("set_limit", pid, resource))?;
            Ok(std::mem::replace(kept, limit))
        })
    }

    fn set_cpu_affinity(&self, handle: &Handle<FakePin>, cpus: &[u32]) -> Result<()> {
        let pid = handle.identity.pid;
        pid.check_acts("set_cpu_affinity")?;
        let mut wanted = cpus.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some(cpu) = self.with(|m| wanted.iter().find(|cpu| !cpu_exists(m, **cpu)).copied()) {
            let context = Context::new("set_cpu_affinity").with_pid(pid);
            return Err(Error::invalid(context, format!("there is no CPU {cpu}")));
        }
        if wanted.is_empty() {
            wanted = self.with(|m| m.system.cpu_times.iter().map(|one| one.cpu).collect());
        }
        self.set_by_number(handle, "set_cpu_affinity", |process| {
            process.affinity = wanted;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Refusal, at_every_moment};
    use crate::process::ProcessBackend;
    use std::sync::Arc;

    /// A newborn of the caller, and its unique number.
    fn newborn() -> (Fake, (Handle<FakePin>, u64)) {
        let fake = Fake::new();
        let child = fake.with(Machine::spawn_child);
        let unique = fake.with(|m| m.process(child).map(|p| p.unique)).expect("is there");
        let handle = Handle::new(fake.identify(child).expect("is there"));
        (fake, (handle, unique))
    }

    fn pinned() -> (Fake, (Handle<FakePin>, u64)) {
        let (fake, (mut handle, unique)) = newborn();
        handle.pin = Some(Arc::new(fake.pin(&handle.identity).expect("is there")));
        (fake, (handle, unique))
    }

    fn reuse(of: Pid) -> impl Fn(&mut Machine) + Clone + Send + 'static {
        move |machine| _ = machine.reuse(of)
    }

    #[test]
    fn a_signal_reaches_the_process_meant_or_nobody() {
        for set_up in [newborn, pinned] {
            let pid = set_up().1.0.identity.pid;
            at_every_moment(set_up, reuse(pid), |fake, (handle, unique), _| {
                let sent = fake.send_signal(&handle, Signal::Kill);
                let deliveries = fake.with(|machine| machine.deliveries.clone());
                assert!(deliveries.iter().all(|delivery| delivery.unique == unique));
                assert_eq!(sent.is_ok(), deliveries.len() == 1);
            });
        }
    }

    #[test]
    fn without_descriptors_of_processes_a_window_remains() {
        let set_up = || {
            let (fake, given) = newborn();
            fake.with(|machine| machine.has_process_descriptors = false);
            (fake, given)
        };
        let pid = set_up().1.0.identity.pid;
        let mut strangers = 0;
        at_every_moment(set_up, reuse(pid), |fake, (handle, unique), _| {
            let _ = fake.send_signal(&handle, Signal::Kill);
            fake.with(|machine| {
                strangers += machine.deliveries.iter().filter(|d| d.unique != unique).count();
            });
        });
        assert_eq!(strangers, 1, "right before the call itself");
    }

    #[test]
    fn a_setter_never_hits_a_reuse_before_the_call_and_reports_one_inside() {
        for set_up in [newborn, pinned] {
            let pid = set_up().1.0.identity.pid;
            let mut inside = 0;
            at_every_moment(set_up, reuse(pid), |fake, (handle, unique), _| {
                let set = fake.set_nice(&handle, 5);
                let nice = fake.with(|machine| {
                    machine.process(pid).map(|process| (process.unique, process.nice))
                });
                let (now, nice) = nice.expect("somebody has the number");
                let hit_a_stranger = now != unique && nice == 5;
                inside += usize::from(hit_a_stranger);
                let reported = matches!(set, Err(Error::NoSuchProcess { reused: true, .. }));
                assert_eq!(now != unique, reported, "{set:?}");
                assert_eq!(now == unique, set.is_ok() && nice == 5);
            });
            assert_eq!(inside, 1, "right before the call itself");
        }
    }

    #[test]
    fn setters_set_what_they_say() {
        let (fake, (handle, _)) = newborn();
        let pid = handle.identity.pid;
        fake.set_nice(&handle, 99).expect("sets");
        let new = Limit { soft: Some(5), hard: Some(6) };
        let old = fake.set_limit(&handle, Resource::OpenFiles, new).expect("sets");
        assert_eq!(old, Limit { soft: Some(1024), hard: Some(4096) });
        fake.set_cpu_affinity(&handle, &[1]).expect("sets");
        fake.with(|machine| {
            let process = machine.process(pid).expect("is there");
            assert_eq!((process.nice, process.affinity.as_slice()), (19, [1].as_slice()));
            assert_eq!(process.limits[&Resource::OpenFiles], new);
        });
        fake.set_cpu_affinity(&handle, &[]).expect("sets");
        let all = fake.with(|machine| machine.process(pid).map(|p| p.affinity.clone()));
        assert_eq!(all, Some(vec![0, 1]));
    }

    #[test]
    fn bad_arguments_are_refused_before_any_call() {
        let (fake, (handle, _)) = newborn();
        let before = fake.call_count();
        let zero = Handle::new(Identity::new(Pid::ZERO, None));
        let bad = Limit { soft: Some(2), hard: Some(1) };
        for refused in [
            fake.send_signal(&handle, Signal::Other(99)),
            fake.send_signal(&zero, Signal::Term),
            fake.set_nice(&zero, 0),
            fake.set_limit(&handle, Resource::Core, bad).map(|_| ()),
            fake.set_cpu_affinity(&handle, &[7]),
        ] {
            assert!(matches!(refused, Err(Error::InvalidArgument { .. })), "{refused:?}");
        }
        assert_eq!(fake.call_count(), before);
    }

    #[test]
    fn acting_on_a_thread_is_refused_and_names_the_process() {
        let (fake, (handle, _)) = newborn();
        let tid = fake.with(|m| m.spawn_thread(handle.identity.pid)).expect("is there");
        let thread = Handle::new(fake.identify(tid).expect("reads like a process"));
        let error = fake.send_signal(&thread, Signal::Term).expect_err("refused");
        assert!(error.to_string().contains(&handle.identity.pid.to_string()), "{error}");
    }

    #[test]
    fn acting_can_be_denied() {
        let (fake, (handle, _)) = newborn();
        fake.with(|machine| {
            machine.refuse(handle.identity.pid, "send_signal", Refusal::Denied);
            machine.refuse(handle.identity.pid, "set_nice", Refusal::Denied);
        });
        assert!(fake.send_signal(&handle, Signal::Term).expect_err("denied").is_denied());
        assert!(fake.set_nice(&handle, 1).expect_err("denied").is_denied());
    }
}
