//! Looking at one simulated process.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Fake, FakePin, Process, open_process, refuse};
use crate::lazy::Lazy;
use crate::net::{Connection, ConnectionQuery};
use crate::process::{
    Arguments, ContextSwitches, Descriptor, Environ, Gid, Gids, Handle, Identity, IoCounters,
    Limit, MemoryFootprint, MemoryInfo, MemoryInfoEx, MemoryMap, OpenFile, PageFaults, Pid,
    ProcessTimes, ProcessView, Resource, SignalMasks, Status, Thread, Uids,
};
use crate::{Context, Error, Result};

/// What the simulated kernel hands out in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Stat,
    Status,
    Memory,
    Cmdline,
    Environ,
    Exe,
    Cwd,
    Root,
    Affinity,
    Limits,
    Maps,
    Footprint,
    Io,
    Threads,
    Files,
}

impl Record {
    const COUNT: usize = Record::Files as usize + 1;

    pub(super) fn call(self) -> &'static str {
        match self {
            Record::Stat => "stat",
            Record::Status => "status",
            Record::Memory => "memory",
            Record::Cmdline => "cmdline",
            Record::Environ => "environ",
            Record::Exe => "exe",
            Record::Cwd => "cwd",
            Record::Root => "root",
            Record::Affinity => "affinity",
            Record::Limits => "limits",
            Record::Maps => "maps",
            Record::Footprint => "footprint",
            Record::Io => "io",
            Record::Threads => "threads",
            Record::Files => "files",
        }
    }

    /// Whether it ends with the process, so that a zombie has it no more.
    pub(super) fn ends_with_process(self) -> bool {
        use Record as R;
        matches!(
            self,
            R::Cmdline | R::Environ | R::Exe | R::Cwd | R::Root | R::Maps | R::Footprint | R::Files
        )
    }
}

/// One simulated process while it is being looked at. Each of its records is read at most once.
#[derive(Debug)]
pub struct FakeView {
    fake: Fake,
    pid: Pid,
    /// Which process is meant; whichever has the number if not said.
    meant: Option<Identity>,
    pin: Option<Arc<FakePin>>,
    /// Stands for an open descriptor.
    opened: OnceCell<u64>,
    confirmed: Lazy<Identity>,
    records: [Lazy<Process>; Record::COUNT],
}

impl FakeView {
    pub(super) fn of_handle(fake: Fake, handle: &Handle<FakePin>) -> FakeView {
        let meant = Some(handle.identity);
        FakeView { meant, pin: handle.pin.clone(), ..FakeView::of_pid(fake, handle.identity.pid) }
    }

    pub(super) fn of_pid(fake: Fake, pid: Pid) -> FakeView {
        FakeView {
            fake,
            pid,
            meant: None,
            pin: None,
            opened: OnceCell::new(),
            confirmed: Lazy::new(),
            records: std::array::from_fn(|_| Lazy::new()),
        }
    }

    /// The descriptor everything is read through, opened once.
    fn opened(&self) -> Result<u64> {
        if let Some(pin) = &self.pin {
            return Ok(pin.unique());
        }
        if let Some(unique) = self.opened.get() {
            return Ok(*unique);
        }
        let unique = self.fake.open("open", self.pid)?;
        Ok(*self.opened.get_or_init(|| unique))
    }

    /// The descriptor, known to be of the process meant.
    fn confirmed(&self) -> Result<u64> {
        let unique = self.opened()?;
        if let (Some(meant), None) = (&self.meant, &self.pin) {
            self.confirmed.get_or_read(|| self.fake.confirm(unique, meant, "stat"))?;
        }
        Ok(unique)
    }

    fn read<T>(
        &self,
        record: Record,
        fact: &'static str,
        get: impl FnOnce(&Process) -> T,
    ) -> Result<T> {
        let unique = self.confirmed()?;
        let process = self.records[record as usize].get_or_read(|| {
            self.fake.call(record.call(), Some(self.pid), |machine| {
                open_process(machine, unique, self.pid, record.call()).cloned()
            })
        })?;
        if process.is_zombie() && record.ends_with_process() {
            let context = Context::new(fact).with_pid(self.pid);
            return Err(Error::zombie(context, process.ppid));
        }
        refuse(process, fact, self.pid)?;
        Ok(get(process))
    }
}

impl ProcessView for FakeView {
    fn identity(&self) -> Result<Identity> {
        let unique = self.opened()?;
        let seen = match &self.meant {
            Some(meant) => self.fake.confirm(unique, meant, "identity")?,
            None => self.fake.sighting(unique, self.pid)?,
        };
        Ok(seen)
    }

    fn ppid(&self) -> Result<Option<Pid>> {
        self.read(Record::Stat, "ppid", |process| process.ppid)
    }

    fn comm(&self) -> Result<OsString> {
        self.read(Record::Stat, "comm", |process| process.comm.clone())
    }

    fn status(&self) -> Result<Status> {
        self.read(Record::Stat, "status", Process::shown_status)
    }

    fn create_time(&self) -> Result<SystemTime> {
        let start = self.read(Record::Stat, "create_time", |process| process.start)?;
        let start = start.ok_or_else(|| {
            let context = Context::new("create_time").with_pid(self.pid);
            Error::unsupported_here(context, "this kernel does not tell when it started")
        })?;
        Ok(self.fake.call("boot_time", None, |machine| machine.on_wall_clock(start)))
    }

    fn exe(&self) -> Result<Option<PathBuf>> {
        self.read(Record::Exe, "exe", |process| process.exe.clone())
    }

    fn cmdline(&self) -> Result<Vec<OsString>> {
        self.read(Record::Cmdline, "cmdline", |process| {
            Arguments::nul_separated(&process.cmdline).to_vec()
        })
    }

    fn cmdline_raw(&self) -> Result<Vec<u8>> {
        self.read(Record::Cmdline, "cmdline_raw", |process| process.cmdline.clone())
    }

    fn environ(&self) -> Result<Environ> {
        self.read(Record::Environ, "environ", |process| Environ::parse(&process.environ))
    }

    fn cwd(&self) -> Result<Option<PathBuf>> {
        self.read(Record::Cwd, "cwd", |process| process.cwd.clone())
    }

    fn root(&self) -> Result<Option<PathBuf>> {
        self.read(Record::Root, "root", |process| process.root.clone())
    }

    fn uids(&self) -> Result<Uids> {
        self.read(Record::Status, "uids", |process| process.uids)
    }

    fn gids(&self) -> Result<Gids> {
        self.read(Record::Status, "gids", |process| process.gids)
    }

    fn groups(&self) -> Result<Vec<Gid>> {
        self.read(Record::Status, "groups", |process| process.groups.clone())
    }

    fn umask(&self) -> Result<Option<u32>> {
        self.read(Record::Status, "umask", |process| process.umask)
    }

    fn pgid(&self) -> Result<Option<Pid>> {
        self.read(Record::Stat, "pgid", |process| process.pgid)
    }

    fn sid(&self) -> Result<Option<Pid>> {
        self.read(Record::Stat, "sid", |process| process.sid)
    }

    fn signal_masks(&self) -> Result<SignalMasks> {
        self.read(Record::Status, "signal_masks", |process| SignalMasks {
            pending: Some(Process::signal_set(&[])),
            blocked: Some(Process::signal_set(&process.blocks)),
            ignored: Process::signal_set(&process.ignores),
            caught: Process::signal_set(&process.catches),
            process_pending: Some(Process::signal_set(&process.pending)),
        })
    }

    fn terminal_device(&self) -> Result<Option<u64>> {
        self.read(Record::Stat, "terminal_device", |process| {
            process.terminal.as_ref().map(|(device, _)| *device)
        })
    }

    fn terminal(&self) -> Result<Option<PathBuf>> {
        self.read(Record::Stat, "terminal", |process| {
            process.terminal.as_ref().and_then(|(_, path)| path.clone())
        })
    }

    fn cpu_times(&self) -> Result<ProcessTimes> {
        self.read(Record::Stat, "cpu_times", |process| process.times)
    }

    fn cpu_num(&self) -> Result<Option<u32>> {
        self.read(Record::Stat, "cpu_num", |process| process.cpu_num)
    }

    fn cpu_affinity(&self) -> Result<Vec<u32>> {
        self.read(Record::Affinity, "cpu_affinity", |process| process.affinity.clone())
    }

    fn nice(&self) -> Result<i32> {
        self.read(Record::Stat, "nice", |process| process.nice)
    }

    fn limit(&self, resource: Resource) -> Result<Limit> {
        let limit =
            self.read(Record::Limits, "limit", |process| process.limits.get(&resource).copied())?;
        limit.ok_or_else(|| super::control::no_such_limit("limit", self.pid, resource))
    }

    fn memory_info(&self) -> Result<MemoryInfo> {
        self.read(Record::Memory, "memory_info", |process| process.memory)
    }

    fn memory_info_ex(&self) -> Result<MemoryInfoEx> {
        self.read(Record::Memory, "memory_info_ex", |process| MemoryInfoEx {
            info: process.memory,
            ..process.memory_ex
        })
    }

    fn memory_footprint(&self) -> Result<MemoryFootprint> {
        self.read(Record::Footprint, "memory_footprint", |process| process.footprint)
    }

    fn memory_maps(&self) -> Result<Vec<MemoryMap>> {
        self.read(Record::Maps, "memory_maps", |process| process.maps.clone())
    }

    fn page_faults(&self) -> Result<PageFaults> {
        self.read(Record::Stat, "page_faults", |process| process.faults)
    }

    fn io_counters(&self) -> Result<IoCounters> {
        self.read(Record::Io, "io_counters", |process| process.io)
    }

    fn context_switches(&self) -> Result<ContextSwitches> {
        self.read(Record::Status, "context_switches", |process| process.switches)
    }

    fn num_threads(&self) -> Result<u32> {
        self.read(Record::Stat, "num_threads", num_threads)
    }

    fn threads(&self) -> Result<Vec<Thread>> {
        self.read(Record::Threads, "threads", |process| {
            let mut threads = process.threads.clone();
            for thread in threads.iter_mut().filter(|_| process.stopped) {
                thread.status = Some(crate::Status::Stopped);
            }
            threads
        })
    }

    fn num_fds(&self) -> Result<u32> {
        self.read(Record::Files, "num_fds", num_fds)
    }

    fn open_files(&self) -> Result<Vec<OpenFile>> {
        self.read(Record::Files, "open_files", |process| process.open_files.clone())
    }

    fn for_each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        let all =
            self.read(Record::Files, "for_each_descriptor", |process| process.descriptors.clone())?;
        let _ = all.into_iter().try_for_each(visit);
        Ok(())
    }

    fn net_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        self.read(Record::Files, "net_connections", |process| {
            let own = process.sockets.iter().filter(|socket| query.matches(socket)).cloned();
            own.map(|mut socket| {
                socket.pid = Some(process.pid);
                socket
            })
            .collect()
        })
    }
}

pub(super) fn num_threads(process: &Process) -> u32 {
    u32::try_from(process.threads.len()).unwrap_or(u32::MAX)
}

pub(super) fn num_fds(process: &Process) -> u32 {
    u32::try_from(process.descriptors.len()).unwrap_or(u32::MAX)
}

/// The name, completed as [`ProcessView::name`] does it.
pub(super) fn full_name(process: &Process) -> &OsStr {
    let block = if process.is_zombie() { &[] } else { process.cmdline.as_slice() };
    crate::process::full_name(&process.comm, &Arguments::nul_separated(block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Machine, Refusal, at_every_moment};
    use crate::process::{Fields, ProcessBackend};

    fn newborn() -> (Fake, Handle<FakePin>) {
        let fake = Fake::new();
        let child = fake.with(|machine| {
            let child = machine.spawn_child();
            machine.exec(child, &["/bin/meant"]);
            child
        });
        let handle = Handle::new(fake.identify(child).expect("is there"));
        (fake, handle)
    }

    fn settled() -> (Fake, Handle<FakePin>) {
        let (fake, handle) = newborn();
        fake.with(|machine| machine.advance(std::time::Duration::from_secs(1)));
        let handle = Handle::new(fake.identify(handle.identity.pid).expect("is there"));
        assert!(handle.identity.settled);
        (fake, handle)
    }

    #[test]
    fn a_stranger_never_shows_whenever_the_number_is_reused() {
        let number = newborn().1.identity.pid;
        for set_up in [newborn, settled] {
            at_every_moment(
                set_up,
                move |m: &mut Machine| _ = m.reuse(number),
                |fake, handle, _| {
                    let view = fake.view(&handle);
                    for read in [view.comm(), view.cmdline().map(|mut all| all.swap_remove(0))] {
                        match read {
                            Ok(name) => {
                                assert!(name == "meant" || name == "/bin/meant", "{name:?}");
                            }
                            Err(Error::NoSuchProcess { reused, .. }) => assert!(reused),
                            Err(other) => panic!("{other}"),
                        }
                    }
                },
            );
        }
    }

    #[test]
    fn a_pinned_process_is_read_with_one_call_for_each_record() {
        let (fake, mut handle) = newborn();
        handle.pin = Some(Arc::new(fake.pin(&handle.identity).expect("is there")));
        let before = fake.call_count();
        let view = fake.view(&handle);
        assert!(view.ppid().is_ok() && view.nice().is_ok() && view.cpu_times().is_ok());
        assert_eq!(fake.call_count() - before, 1);
        fake.with(|machine| machine.reuse(handle.identity.pid));
        let error = view.cmdline().expect_err("another process");
        assert!(matches!(error, Error::NoSuchProcess { reused: true, .. }), "{error}");
        assert!(view.ppid().is_ok(), "read before");
    }

    #[test]
    fn a_view_of_a_number_goes_on_with_the_process_it_began_with() {
        let (fake, handle) = newborn();
        let pid = handle.identity.pid;
        let view = fake.view_of(pid);
        assert_eq!(view.comm().expect("is there"), "meant");
        fake.with(|machine| machine.reuse(pid));
        assert!(view.cmdline().expect_err("another process").is_gone());
        assert_eq!(fake.view_of(pid).comm().expect("is there"), "stranger");
    }

    #[test]
    fn what_ends_with_the_process_a_zombie_has_no_more() {
        let (fake, handle) = newborn();
        fake.with(|machine| machine.exit(handle.identity.pid, 0));
        let view = fake.view(&handle);
        assert_eq!(view.status().expect("still listed"), Status::Zombie);
        let error = view.exe().expect_err("ended with it");
        let caller = fake.with(|machine| machine.caller);
        assert!(matches!(error, Error::ZombieProcess { ppid, .. } if ppid == Some(caller)));
        fake.with(|machine| machine.reap(handle.identity.pid));
        let error = fake.view(&handle).exe().expect_err("gone");
        assert!(matches!(error, Error::NoSuchProcess { reused: false, .. }));
    }

    #[test]
    fn each_fact_can_be_refused_on_its_own() {
        let (fake, handle) = newborn();
        let pid = handle.identity.pid;
        fake.with(|machine| {
            machine.refuse(pid, "exe", Refusal::Denied);
            machine.refuse(pid, "io_counters", Refusal::Unsupported);
            machine.refuse(pid, "environ", Refusal::Garbled);
            machine.refuse(pid, "cwd", Refusal::Failed);
        });
        let view = fake.view(&handle);
        assert!(view.exe().expect_err("refused").is_denied());
        assert!(view.io_counters().expect_err("refused").is_unsupported());
        assert!(matches!(view.environ(), Err(Error::Decode { .. })));
        assert!(matches!(view.cwd(), Err(Error::Io { .. })));
        let record = view.record(Fields::ALL, &mut |_| Ok("user".into())).expect("is there");
        assert_eq!(record.missing().len(), 4);
        assert_eq!(record.username, Ok("user".into()));
    }

    #[test]
    fn a_thread_reads_like_its_process() {
        let (fake, handle) = newborn();
        let tid = fake.with(|m| m.spawn_thread(handle.identity.pid)).expect("is there");
        assert!(!fake.pid_exists(tid).expect("answers"));
        let view = fake.view_of(tid);
        assert_eq!(view.comm().expect("reads"), "meant");
        assert_eq!(view.num_threads().expect("reads"), 2);
    }

    #[test]
    fn a_process_whose_main_thread_ended_is_no_zombie() {
        let (fake, handle) = newborn();
        fake.with(|machine| {
            machine.spawn_thread(handle.identity.pid);
            machine.end_leader(handle.identity.pid)
        });
        let view = fake.view(&handle);
        assert_eq!(view.status().expect("lives"), Status::Sleeping);
        assert!(view.exe().is_ok());
        assert_eq!(view.threads().expect("lives")[0].status, Some(Status::Zombie));
    }

    #[test]
    fn the_shown_start_moves_with_the_wall_clock_and_the_identity_does_not() {
        let (fake, handle) = settled();
        let before = fake.view(&handle).create_time().expect("is there");
        let hour = std::time::Duration::from_secs(3600);
        fake.with(|machine| machine.set_wall_clock(machine.wall_clock() + hour));
        assert_eq!(fake.view(&handle).create_time().expect("is there"), before + hour);
    }
}
