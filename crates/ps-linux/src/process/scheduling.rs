//! Priorities, policies and CPUs of processes and of single threads.

use std::io;
use std::os::fd::OwnedFd;

use ps_core::process::Handle;
use ps_core::{Context, Error, Result};

use crate::decode::process::{IoPriority, Policy, Scheduling};
use crate::errno::{self, Lives};
use crate::process::path::PidPath;
use crate::process::view::LinuxView;
use crate::process::{Pin, control, hold, thread};
use crate::root::Linux;
use crate::sys::file as sys;
use crate::sys::sched::{self, Tid};

/// Reading priorities and policies.
impl LinuxView {
    /// Input and output priority of its main thread (`ioprio_get`).
    ///
    /// [`Unsupported`](ps_core::Error::Unsupported) where its number means another process to system calls:
    /// no file tells.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let priority = linux.view_of(linux.current()?).io_priority()?;
    /// assert!(priority.level <= 7);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[doc(alias = "ionice")]
    pub fn io_priority(&self) -> Result<IoPriority> {
        const OPERATION: &str = "ioprio_get";
        self.linux().check_own(OPERATION).map_err(|error| error.with_pid(self.pid()))?;
        let raw = self.by_number(OPERATION, sched::io_priority)?;
        IoPriority::from_raw(raw).ok_or_else(|| {
            Error::decode(Context::new(OPERATION).with_pid(self.pid()), format!("{raw:#x}"))
        })
    }

    /// Scheduling policy and real-time priority of its main thread; `None` on kernels before 2.5.19, whose
    /// record lacks them.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.scheduling()?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn scheduling(&self) -> Result<Option<Scheduling>> {
        let stat = self.stat()?;
        Ok(stat
            .policy
            .zip(stat.rt_priority)
            .map(|(policy, priority)| Scheduling { policy: Policy::from_raw(policy), priority }))
    }

    /// CPUs that one of its threads may run on, by ascending number.
    ///
    /// [`InvalidArgument`](ps_core::Error::InvalidArgument) if it has no thread with this number.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert!(!view.thread_cpu_affinity(std::process::id())?.is_empty());
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn thread_cpu_affinity(&self, tid: u32) -> Result<Vec<u32>> {
        self.of_thread(tid, "sched_getaffinity", sched::affinity)
    }

    /// Input and output priority of one of its threads. Errors as for
    /// [`thread_cpu_affinity`](LinuxView::thread_cpu_affinity).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// println!("{:?}", view.thread_io_priority(std::process::id())?);
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn thread_io_priority(&self, tid: u32) -> Result<IoPriority> {
        const OPERATION: &str = "ioprio_get";
        let raw = self.of_thread(tid, OPERATION, sched::io_priority)?;
        IoPriority::from_raw(raw).ok_or_else(|| {
            Error::decode(Context::new(OPERATION).with_pid(self.pid()), format!("{raw:#x}"))
        })
    }

    fn of_thread<T>(
        &self,
        tid: u32,
        operation: &'static str,
        ask: impl FnOnce(Tid) -> io::Result<T>,
    ) -> Result<T> {
        let pid = self.pid();
        self.linux().check_own(operation).map_err(|error| error.with_pid(pid))?;
        let held = HeldThread::open(self.dir()?, tid)
            .map_err(|source| self.no_thread(source, tid, operation))?;
        let answer = ask(held.tid);
        if !held.has_its_number() {
            return Err(self.no_thread(io::ErrorKind::NotFound.into(), tid, operation));
        }
        answer.map_err(|source| {
            let context = Context::new(operation).with_pid(pid);
            errno::of_process(source, context, pid, || Lives::Yes)
        })
    }

    /// The error for a thread that could not be held on to.
    fn no_thread(&self, source: io::Error, tid: u32, operation: &'static str) -> Error {
        match self.check_alive() {
            Err(error) => error,
            Ok(()) => no_thread(self.pid(), source, tid, operation),
        }
    }
}

fn no_thread(pid: ps_core::Pid, source: io::Error, tid: u32, operation: &'static str) -> Error {
    let context = Context::new(operation).with_pid(pid);
    if source.kind() == io::ErrorKind::NotFound || errno::is_gone(&source) {
        return Error::invalid(context, format!("the process has no thread {tid}"));
    }
    errno::of_system(source, context)
}

/// One thread of a process: its directory, which no later thread with its number answers through.
#[derive(Debug)]
struct HeldThread {
    tid: Tid,
    dir: OwnedFd,
}

impl HeldThread {
    /// Opens a thread below the directory of its process.
    fn open(process: impl std::os::fd::AsFd, tid: u32) -> io::Result<HeldThread> {
        let number = Tid::new(tid).ok_or(io::ErrorKind::NotFound)?;
        let dir = sys::open_place(process, PidPath::here().thread(tid).dir())?;
        Ok(HeldThread { tid: number, dir })
    }

    fn has_its_number(&self) -> bool {
        hold::has_its_number(&self.dir)
    }
}

/// Acting on threads, which is what the kernel counts nice values, CPUs and priorities by. What
/// [`ControlBackend`](ps_core::ControlBackend) sets of a process is set of its main thread alone; here it can be set of any thread, and
/// of all of them.
///
/// All take a thread number that belongs to the process:
/// [`InvalidArgument`](ps_core::Error::InvalidArgument) if none of its threads has it.
impl Linux {
    /// Sets the input and output priority of the main thread of a process (`ioprio_set`).
    ///
    /// Real time needs `CAP_SYS_NICE` or `CAP_SYS_ADMIN`.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, IoClass, IoPriority};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let priority = IoPriority::new(IoClass::BestEffort, 7)?;
    /// linux.set_io_priority(&handle, priority)?;
    /// assert_eq!(linux.view(&handle).io_priority()?, priority);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_io_priority(&self, handle: &Handle<Pin>, priority: IoPriority) -> Result<()> {
        handle.identity.pid.check_acts("set_io_priority")?;
        priority.check()?;
        self.act(handle, "set_io_priority", |tid| sched::set_io_priority(tid, priority.to_raw()))
    }

    /// Sets scheduling policy and real-time priority of the main thread of a process
    /// (`sched_setscheduler`).
    ///
    /// Real time needs `CAP_SYS_NICE` or a limit that allows it.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, Policy, Scheduling};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let batch = Scheduling::new(Policy::Batch, 0)?;
    /// linux.set_scheduling(&handle, batch)?;
    /// assert_eq!(linux.view(&handle).scheduling()?, Some(batch));
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_scheduling(&self, handle: &Handle<Pin>, scheduling: Scheduling) -> Result<()> {
        handle.identity.pid.check_acts("set_scheduling")?;
        scheduling.check()?;
        self.act(handle, "set_scheduling", |tid| apply_scheduling(tid, scheduling))
    }

    /// Sets the nice value of one thread.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::Handle;
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// linux.set_thread_nice(&handle, child.id(), 19)?;
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_thread_nice(&self, handle: &Handle<Pin>, tid: u32, nice: i32) -> Result<()> {
        self.act_on_thread(handle, tid, "set_thread_nice", |tid| sched::set_nice(tid, nice))
    }

    /// Sets the CPUs one thread may run on; of none, all that it is allowed.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::Handle;
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// linux.set_thread_cpu_affinity(&handle, child.id(), &[])?;
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_thread_cpu_affinity(
        &self,
        handle: &Handle<Pin>,
        tid: u32,
        cpus: &[u32],
    ) -> Result<()> {
        const OPERATION: &str = "set_thread_cpu_affinity";
        self.check_cpus(handle.identity.pid, OPERATION, cpus)?;
        self.act_on_thread(handle, tid, OPERATION, |tid| control::set_affinity(tid, cpus))
            .map_err(|error| self.name_cpus(error, cpus))
    }

    /// Sets the input and output priority of one thread.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, IoClass, IoPriority};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let priority = IoPriority::new(IoClass::BestEffort, 7)?;
    /// linux.set_thread_io_priority(&handle, child.id(), priority)?;
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_thread_io_priority(
        &self,
        handle: &Handle<Pin>,
        tid: u32,
        priority: IoPriority,
    ) -> Result<()> {
        priority.check()?;
        self.act_on_thread(handle, tid, "set_thread_io_priority", |tid| {
            sched::set_io_priority(tid, priority.to_raw())
        })
    }

    /// Sets scheduling policy and real-time priority of one thread.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, Policy, Scheduling};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let batch = Scheduling::new(Policy::Batch, 0)?;
    /// linux.set_thread_scheduling(&handle, child.id(), batch)?;
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_thread_scheduling(
        &self,
        handle: &Handle<Pin>,
        tid: u32,
        scheduling: Scheduling,
    ) -> Result<()> {
        scheduling.check()?;
        self.act_on_thread(handle, tid, "set_thread_scheduling", |tid| {
            apply_scheduling(tid, scheduling)
        })
    }

    /// Sets the nice value of all threads of a process; gives back how many there were. Repeated until no
    /// new thread appears: a new one takes over what the one that made it had.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::Handle;
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// assert_eq!(linux.set_nice_of_all_threads(&handle, 19)?, 1);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_nice_of_all_threads(&self, handle: &Handle<Pin>, nice: i32) -> Result<usize> {
        self.act_on_all_threads(handle, "set_nice_of_all_threads", |tid| sched::set_nice(tid, nice))
    }

    /// Sets the CPUs that all threads of a process may run on; of none, all that they are allowed. As
    /// [`set_nice_of_all_threads`](Linux::set_nice_of_all_threads).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::Handle;
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// assert_eq!(linux.set_cpu_affinity_of_all_threads(&handle, &[])?, 1);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_cpu_affinity_of_all_threads(
        &self,
        handle: &Handle<Pin>,
        cpus: &[u32],
    ) -> Result<usize> {
        const OPERATION: &str = "set_cpu_affinity_of_all_threads";
        self.check_cpus(handle.identity.pid, OPERATION, cpus)?;
        self.act_on_all_threads(handle, OPERATION, |tid| control::set_affinity(tid, cpus))
            .map_err(|error| self.name_cpus(error, cpus))
    }

    /// Sets the input and output priority of all threads of a process. As
    /// [`set_nice_of_all_threads`](Linux::set_nice_of_all_threads).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, IoClass, IoPriority};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let priority = IoPriority::new(IoClass::BestEffort, 7)?;
    /// assert_eq!(linux.set_io_priority_of_all_threads(&handle, priority)?, 1);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_io_priority_of_all_threads(
        &self,
        handle: &Handle<Pin>,
        priority: IoPriority,
    ) -> Result<usize> {
        priority.check()?;
        self.act_on_all_threads(handle, "set_io_priority_of_all_threads", |tid| {
            sched::set_io_priority(tid, priority.to_raw())
        })
    }

    /// Sets scheduling policy and real-time priority of all threads of a process. As
    /// [`set_nice_of_all_threads`](Linux::set_nice_of_all_threads).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::process::{Handle, Policy, Scheduling};
    /// use ps_linux::{Linux, Pid, ProcessBackend};
    /// let linux = Linux::new();
    /// let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
    /// let pid = Pid::try_from(child.id())?;
    /// let handle = Handle::new(linux.identify(pid)?);
    /// let batch = Scheduling::new(Policy::Batch, 0)?;
    /// assert_eq!(linux.set_scheduling_of_all_threads(&handle, batch)?, 1);
    /// child.kill().expect("ends");
    /// child.wait().expect("is collected");
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn set_scheduling_of_all_threads(
        &self,
        handle: &Handle<Pin>,
        scheduling: Scheduling,
    ) -> Result<usize> {
        scheduling.check()?;
        self.act_on_all_threads(handle, "set_scheduling_of_all_threads", |tid| {
            apply_scheduling(tid, scheduling)
        })
    }

    fn act_on_thread(
        &self,
        handle: &Handle<Pin>,
        tid: u32,
        operation: &'static str,
        call: impl FnOnce(Tid) -> io::Result<()>,
    ) -> Result<()> {
        let pid = handle.identity.pid;
        self.by_number(handle, operation, |_| {
            let process = self.open_directory(handle, operation)?;
            let held = HeldThread::open(&process, tid)
                .map_err(|source| no_thread(pid, source, tid, operation))?;
            if !held.has_its_number() {
                return Err(no_thread(pid, io::ErrorKind::NotFound.into(), tid, operation));
            }
            call(held.tid).map_err(|source| match source.raw_os_error() {
                Some(libc::ESRCH) => no_thread(pid, source, tid, operation),
                _ => self.refused(pid, operation, source),
            })?;
            if held.has_its_number() { Ok(()) } else { Err(ended_thread(pid, tid, operation)) }
        })
    }

    fn act_on_all_threads(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
        call: impl Fn(Tid) -> io::Result<()>,
    ) -> Result<usize> {
        let pid = handle.identity.pid;
        let failed = |source| errno::of_process(source, Context::new(operation), pid, || Lives::No);
        self.by_number(handle, operation, |_| {
            let process = self.open_directory(handle, operation)?;
            let mut done = std::collections::BTreeSet::new();
            loop {
                let tids = thread::list(std::os::fd::AsFd::as_fd(&process)).map_err(failed)?;
                let new: Vec<_> = tids.into_iter().filter(|tid| !done.contains(tid)).collect();
                if new.is_empty() {
                    return Ok(done.len());
                }
                for tid in new {
                    // One that ended since it was listed needs nothing any more.
                    let held = match HeldThread::open(&process, tid) {
                        Ok(held) => held,
                        Err(source) if errno::is_gone(&source) => continue,
                        Err(source) => return Err(failed(source)),
                    };
                    if !held.has_its_number() {
                        continue;
                    }
                    match call(held.tid) {
                        Ok(()) => {}
                        Err(source) if source.raw_os_error() == Some(libc::ESRCH) => continue,
                        Err(source) => return Err(self.refused(pid, operation, source)),
                    }
                    if !held.has_its_number() {
                        return Err(ended_thread(pid, tid, operation));
                    }
                    done.insert(tid);
                }
            }
        })
    }
}

fn apply_scheduling(tid: Tid, scheduling: Scheduling) -> io::Result<()> {
    sched::set_scheduling(tid, scheduling.policy.to_raw(), scheduling.priority)
}

fn ended_thread(pid: ps_core::Pid, tid: u32, operation: &'static str) -> Error {
    let reason = format!(
        "thread {tid} ended inside the call, which may have reached another with its number"
    );
    Error::io(Context::new(operation).with_pid(pid), io::Error::other(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::refuse::without;

    #[test]
    fn a_thread_has_its_number_until_it_ends_also_when_there_are_no_descriptors_left() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let link = std::fs::read_link("/proc/thread-self").expect("readable");
            tell.send(link).expect("heard");
            receiver.recv()
        });
        let link = told.recv().expect("told");
        let tid = link.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number");
        let process = crate::file::open_place("/proc/self".as_ref()).expect("opens");
        let held = HeldThread::open(&process, tid).expect("there");
        let ask = || held.has_its_number();
        let Some(there) = without(&[(libc::SYS_openat, None)], libc::EMFILE, ask) else { return };
        assert!(there && held.has_its_number());
        drop(sender);
        assert!(thread.join().expect("ends").is_err());
        // The kernel takes it away a little after it has said that it ends.
        while held.has_its_number() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
