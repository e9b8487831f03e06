//! Threads of a process: `/proc/PID/task`.

use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::process::Thread;

use crate::decode::process::{decode_stat, decode_switches};
use crate::decode::text::number;
use crate::file::Buffer;
use crate::process::path::PidPath;
use crate::process::view::LinuxView;
use crate::sys::file as sys;

/// Numbers of the threads of a process whose directory is given, by ascending number.
pub(crate) fn list(dir: BorrowedFd<'_>) -> io::Result<Vec<u32>> {
    let tasks = sys::open_list(dir, c"task")?;
    let mut tids = Vec::new();
    let mut block = vec![0; 16 * 1024];
    loop {
        let filled = sys::read_entries(&tasks, &mut block)?;
        if filled == 0 {
            break;
        }
        tids.extend(
            sys::entries(block.get(..filled).unwrap_or_default()).filter_map(number::<u32>),
        );
    }
    tids.sort_unstable();
    tids.dedup();
    Ok(tids)
}

/// Reading threads.
impl LinuxView {
    /// Its threads as [`threads`](ps_core::ProcessView::threads) has them, each with its context switches.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// for thread in view.threads_with_context_switches()? {
    ///     println!("{} {:?}", thread.id, thread.context_switches);
    /// }
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn threads_with_context_switches(&self) -> Result<Vec<Thread>> {
        self.read_threads(true)
    }

    /// One of its threads, with its context switches; `None` if it has none with this number.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, ProcessBackend};
    /// let linux = Linux::new();
    /// let view = linux.view_of(linux.current()?);
    /// assert!(view.thread(std::process::id())?.is_some());
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    pub fn thread(&self, tid: u32) -> Result<Option<Thread>> {
        self.identity_of_view()?;
        let thread = self.read_thread(tid, true, &mut Buffer::default())?;
        if thread.is_none() {
            self.check_alive()?;
        }
        Ok(thread)
    }

    pub(crate) fn read_threads(&self, switches: bool) -> Result<Vec<Thread>> {
        let tids = list(self.dir()?).map_err(|source| self.failed(source, "list", "task"))?;
        let mut buffer = Buffer::default();
        let mut threads = Vec::with_capacity(tids.len());
        let mut left_out = tids.is_empty();
        for tid in tids {
            match self.read_thread(tid, switches, &mut buffer)? {
                Some(thread) => threads.push(thread),
                None => left_out = true,
            }
        }
        // One that ended meanwhile is left out, unless all of them did.
        if left_out {
            self.check_alive()?;
        }
        Ok(threads)
    }

    fn read_thread(&self, tid: u32, switches: bool, buffer: &mut Buffer) -> Result<Option<Thread>> {
        let mut path = PidPath::here().thread(tid);
        let mut read = |name: &'static str, buffer: &mut Buffer| match buffer.read(
            self.dir()?,
            path.file(name),
            true,
        ) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) => {
                Ok(false)
            }
            Err(source) => Err(self.failed(source, "read", &format!("task/{tid}/{name}"))),
        };
        if !read("stat", buffer)? {
            return Ok(None);
        }
        let about = |error| self.about(error, &format!("task/{tid}/stat"));
        let stat = decode_stat(buffer.bytes()).map_err(about)?;
        let times = stat.times(self.linux().units());
        let mut thread = Thread::default();
        thread.id = u64::from(tid);
        thread.user_time = Some(times.user);
        thread.system_time = Some(times.system);
        thread.total_time = times.total();
        thread.name = Some(OsStr::from_bytes(stat.comm).to_owned());
        thread.status = Some(stat.status());
        if switches {
            if !read("status", buffer)? {
                return Ok(None);
            }
            thread.context_switches = decode_switches(buffer.bytes());
        }
        Ok(Some(thread))
    }
}
