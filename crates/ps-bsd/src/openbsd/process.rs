//! Processes, by `kern.proc`, `kern.procargs` and `kern.file`.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionQuery};
use ps_core::process::{
    Arguments, ControlBackend, Environ, Exit, Handle, Identity, MemoryMap, Pid, ProcessBackend,
    Signal, SignalNumbers, Thread, WaitBackend,
};
use ps_core::raw::text;

use super::{OpenBsd, host, sys};
use crate::decode::clock::Moment;
use crate::decode::openbsd::process::{self as decoded, arguments, files, maps};
use crate::decode::process::{OpenDescriptor, Process};
use crate::errno::{self, Failed, while_busy};
use crate::raw::openbsd::files::{KERN_FILE, KERN_FILE_BYPID, KERN_PROC_VMMAP};
use crate::raw::openbsd::process::{
    CTL_KERN, KERN_PROC, KERN_PROC_ARGS, KERN_PROC_ARGV, KERN_PROC_CWD, KERN_PROC_ENV,
    KERN_PROC_KTHREAD, KERN_PROC_PID, KERN_PROC_SHOW_THREADS,
};
use crate::shared::accounts::Accounts;
use crate::shared::backend::{Asked, Kernel, pause};
use crate::shared::events::Ends;
use crate::shared::host::Terminals;
use crate::shared::process::{self as shared, Pin, View};
use crate::shared::scan::Scan;
use crate::shared::sys::sysctl;

/// How many records may come: the room limits them, and says so if there are more.
const ALL: i32 = i32::MAX;

/// The size of a record as part of a question.
fn size(stride: usize) -> i32 {
    i32::try_from(stride).unwrap_or(0)
}

/// A question for process records, and with each those of its threads.
fn table(which: i32, number: i32) -> [i32; 6] {
    let which = which | KERN_PROC_SHOW_THREADS;
    [CTL_KERN, KERN_PROC, which, number, size(decoded::STRIDE), ALL]
}

/// Reads records of open files.
pub(super) fn read_files(which: i32, number: i32, answer: &mut Vec<u8>) -> io::Result<()> {
    let question = [CTL_KERN, KERN_FILE, which, number, size(files::STRIDE), ALL];
    // Of a process these are few, of the machine many.
    sysctl::read_table(&question, 32 * 1024, answer)
}

fn files_of(pid: Pid, answer: &mut Vec<u8>) -> Asked<()> {
    read_files(KERN_FILE_BYPID, pid.as_raw(), answer).map_err(Failed::os("kern.file"))
}

/// What says where the program of a process may lie.
struct Hints {
    first: Vec<u8>,
    comm: Vec<u8>,
    cwd: Vec<u8>,
    search: Vec<u8>,
}

impl OpenBsd {
    /// Strings from the memory of a process, each ended by NUL.
    fn strings(
        &self,
        operation: &'static str,
        what: i32,
        pid: Pid,
        block: &mut Vec<u8>,
    ) -> Asked<()> {
        block.clear();
        let question = [CTL_KERN, KERN_PROC_ARGS, pid.as_raw(), what];
        if let Err(source) = while_busy(|| sysctl::read_into(&question, block), pause) {
            block.clear();
            return errno::of_strings(operation, source, pid, || self.lives(pid));
        }
        let length = arguments::strings(block, block.as_ptr().addr() as u64).len();
        block.drain(..block.len() - length);
        Ok(())
    }

    /// What is known of a process, for the search of its program; what may not be seen is empty.
    fn hints(&self, pid: Pid) -> Asked<Hints> {
        let (process, _) = self.look(pid, &mut Vec::new())?;
        let mut block = Vec::new();
        let mut first = Vec::new();
        if self.arguments(pid, &mut block).is_ok() {
            let argument = Arguments::nul_separated(&block).iter().next().unwrap_or_default();
            first = argument.as_bytes().to_vec();
        }
        let mut search = Vec::new();
        if self.environment(pid, &mut block).is_ok() {
            let environ = Environ::parse(&block);
            search = environ.get("PATH").unwrap_or_default().as_bytes().to_vec();
        }
        let mut cwd = Vec::new();
        if self.cwd(pid, &mut cwd).is_err() {
            cwd.clear();
        }
        Ok(Hints { first, comm: process.comm.as_bytes().to_vec(), cwd, search })
    }
}

impl Kernel for OpenBsd {
    const NAME_LIMIT: usize = decoded::NAME_LIMIT;
    const START_MOVES: bool = true;
    const START_SLACK: u64 = 1;
    const SIGNALS: &'static SignalNumbers = &decoded::SIGNALS;

    fn read_processes(&self, answer: &mut Vec<u8>) -> io::Result<()> {
        // The kernel's own included, pid 0 among them.
        sysctl::read_table(&table(KERN_PROC_KTHREAD, 0), 256 * 1024, answer)
    }

    fn read_process(&self, pid: Pid, answer: &mut Vec<u8>) -> io::Result<()> {
        sysctl::read_into(&table(KERN_PROC_PID, pid.as_raw()), answer)
    }

    fn processes(&self, answer: &[u8]) -> impl Iterator<Item = Result<Process>> {
        decoded::processes(answer, self.units())
    }

    fn boot_moment(&self) -> io::Result<Moment> {
        host::boot_moment()
    }

    fn arguments(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.strings("kern.procargs", KERN_PROC_ARGV, pid, block)
    }

    fn environment(&self, pid: Pid, block: &mut Vec<u8>) -> Asked<()> {
        self.strings("kern.procargs", KERN_PROC_ENV, pid, block)
    }

    /// The kernel tells which file a process runs, but not its path: paths that it may have are compared with the
    /// file, so that the answer is right or none.
    fn exe(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        let mut answer = Vec::new();
        files_of(pid, &mut answer)?;
        path.clear();
        let Some((device, number)) = files::program(&answer)? else { return Ok(()) };
        let Hints { first, comm, cwd, search } = self.hints(pid)?;
        let is_it = |candidate: &std::path::PathBuf| {
            // The record has the lower half of the device's number.
            let found = std::fs::metadata(candidate);
            found.is_ok_and(|file| file.ino() == number && file.dev() as u32 == device)
        };
        let found = arguments::candidates(&first, &comm, &cwd, &search).into_iter().find(is_it);
        if let Some(found) = found {
            path.extend_from_slice(found.as_os_str().as_bytes());
        }
        Ok(())
    }

    fn cwd(&self, pid: Pid, path: &mut Vec<u8>) -> Asked<()> {
        match sysctl::read_into(&[CTL_KERN, KERN_PROC_CWD, pid.as_raw()], path) {
            Ok(()) => path.truncate(text(path).len()),
            // The directory was removed.
            Err(source) if source.raw_os_error() == Some(libc::ENOENT) => path.clear(),
            Err(source) => {
                let lives = || self.lives(pid);
                return Err(errno::invalid_or_ended("kern.proc_cwd", source, pid, lives));
            }
        }
        Ok(())
    }

    fn threads(&self, pid: Pid) -> Asked<Vec<Thread>> {
        let mut answer = Vec::new();
        self.read_process(pid, &mut answer).map_err(Failed::os("kern.proc"))?;
        Ok(decoded::threads(&answer)?)
    }

    fn memory_maps(&self, pid: Pid) -> Asked<Vec<MemoryMap>> {
        /// As many entries as the kernel lets one ask for at once (`MAXPHYS`).
        const ROOM: usize = 64 * 1024 / maps::STRIDE;
        let mut found = Vec::new();
        let mut start = 0_u64;
        loop {
            let mut part = vec![0; ROOM * maps::STRIDE];
            // The kernel looks there for the address to begin at.
            if let Some(place) = part.first_chunk_mut() {
                *place = start.to_ne_bytes();
            }
            let question = [CTL_KERN, KERN_PROC_VMMAP, pid.as_raw()];
            let length = sysctl::read_exact_room(&question, &mut part)
                .map_err(Failed::os("kern.proc_vmmap"))?;
            part.truncate(length);
            match maps::part(&part, ROOM, &mut found)? {
                maps::Next::At(next) if next > start => start = next,
                _ => return Ok(found),
            }
        }
    }

    fn descriptors(&self, pid: Pid) -> Asked<Vec<OpenDescriptor>> {
        let mut answer = Vec::new();
        files_of(pid, &mut answer)?;
        Ok(files::descriptors(&answer)?)
    }

    fn descriptor_count(&self, pid: Pid) -> Asked<u32> {
        let mut answer = Vec::new();
        files_of(pid, &mut answer)?;
        let mut counts = HashMap::new();
        files::count(&answer, &mut counts)?;
        Ok(counts.get(&pid).copied().unwrap_or(0))
    }

    fn descriptor_counts(&self, answer: &mut Vec<u8>, counts: &mut HashMap<Pid, u32>) -> Asked<()> {
        read_files(KERN_FILE_BYPID, -1, answer).map_err(Failed::os("kern.file"))?;
        Ok(files::count(answer, counts)?)
    }

    fn connections_of(&self, pid: Pid, query: &ConnectionQuery) -> Asked<Vec<Connection>> {
        let mut answer = Vec::new();
        files_of(pid, &mut answer)?;
        Ok(files::owned_connections(&answer, query)?)
    }

    fn peek_child(&self, pid: Pid) -> io::Result<Option<ExitStatus>> {
        Ok(sys::children::peek(pid)?.map(ExitStatus::from_raw))
    }

    fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    fn terminals(&self) -> &Terminals {
        &self.shared.terminals
    }
}

impl ProcessBackend for OpenBsd {
    type View = View<OpenBsd>;
    type Scanner = Scan<OpenBsd>;
    type Pin = Pin;

    fn pids(&self) -> Result<Vec<Pid>> {
        shared::pids(self)
    }

    fn pid_exists(&self, pid: Pid) -> Result<bool> {
        shared::pid_exists(self, pid)
    }

    fn current(&self) -> Result<Pid> {
        shared::current()
    }

    fn identify(&self, pid: Pid) -> Result<Identity> {
        self.look(pid, &mut Vec::new()).map(|(_, identity)| identity)
    }

    fn view(&self, handle: &Handle<Pin>) -> Self::View {
        View::of_handle(self.clone(), handle)
    }

    fn view_of(&self, pid: Pid) -> Self::View {
        View::of_pid(self.clone(), pid)
    }

    fn pin(&self, identity: &Identity) -> Result<Pin> {
        shared::pin(self, identity)
    }

    fn scanner(&self) -> Result<Self::Scanner> {
        Ok(Scan::new(self.clone()))
    }
}

impl ControlBackend for OpenBsd {
    fn send_signal(&self, handle: &Handle<Pin>, signal: Signal) -> Result<()> {
        shared::send_signal(self, handle, signal)
    }

    fn set_nice(&self, handle: &Handle<Pin>, nice: i32) -> Result<()> {
        shared::set_nice(self, handle, nice)
    }
}

impl WaitBackend for OpenBsd {
    type WaitSet = Ends<OpenBsd>;

    fn look_at_exit(&self, handle: &Handle<Pin>) -> Result<Exit> {
        shared::look_at_exit(self, handle)
    }

    fn reap(&self, handle: &Handle<Pin>) -> Result<Exit> {
        shared::reap(self, handle)
    }

    fn wait_set(&self) -> Result<Self::WaitSet> {
        Ends::new(self.clone())
    }
}

const _: fn() = || {
    fn complete<B: ps_core::Backend + Default>() {}
    complete::<OpenBsd>();
};
