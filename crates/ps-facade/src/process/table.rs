//! All processes, looked at again and again.

use std::fmt;

use ps_core::Context;

use super::{Process, Record};
use crate::engine::table::Table;
use crate::native::Native;
use crate::{Error, Fields, Identity, Pid, Result, Row, System};

/// All processes as they were at the last refresh: for programs that look again and again.
///
/// It keeps who the processes are, so that it knows who came and who went, and that a pid has a new owner, however
/// quickly it was given away. It keeps the last CPU times, so that it knows the share of a CPU that each uses. And it
/// keeps its space: once it has grown to the number of processes, a refresh allocates nothing for each of them. It
/// holds no descriptor of any process.
///
/// # What is not read again
///
/// Where that is cheaper (Linux), a process that has not run since the last refresh is not read again, as its CPU clock
/// tells. What was kept stands in for what changes only by running ([`Fields::CHANGED_BY_RUNNING`]), and never for what
/// others can change, such as its parent, priority, or memory. A process that has been on another CPU for less than a
/// tick of the kernel's clock since it last slept may show its previous name, state and times until the next refresh.
/// Nor are processes listed again as long as the kernel, which counts those that start, has counted none.
/// [`exact`](ProcessTable::exact) has everything read always.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ps_facade::Fields;
/// use ps_facade::process::ProcessTable;
///
/// let mut table = ProcessTable::new()?;
/// table.refresh(Fields::TOP)?;
/// std::thread::sleep(Duration::from_millis(20));
/// table.refresh(Fields::TOP)?;
/// for entry in table.iter().filter(|entry| entry.cpu_percent() > Some(1.0)) {
///     let row = entry.row();
///     println!("{} {:?} {:.1?} %", entry.pid(), row.name, entry.cpu_percent());
/// }
/// println!("{} came, {} went", table.started().count(), table.gone().len());
/// # Ok::<(), ps_facade::Error>(())
/// ```
pub struct ProcessTable {
    system: System,
    table: Table<Native>,
}

impl ProcessTable {
    /// An empty table: see [`refresh`](ProcessTable::refresh).
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if processes cannot be listed.
    pub fn new() -> Result<ProcessTable> {
        ProcessTable::of(&System::default())
    }

    /// The same, of another system than the default one.
    pub fn of(system: &System) -> Result<ProcessTable> {
        let table = Table::new(system.backend().clone())?;
        Ok(ProcessTable { system: system.clone(), table })
    }

    /// Whether everything is read at every refresh, also where nothing can have changed. Off at first.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::process::ProcessTable;
    ///
    /// let mut table = ProcessTable::new()?;
    /// table.exact(true);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn exact(&mut self, exact: bool) {
        self.table.set_exact(exact);
    }

    /// Reads these facts about all processes, and who each of them is. Facts of earlier refreshes are forgotten.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::Error::InvalidArgument) if a field is not [scannable](Fields::SCANNABLE);
    /// [`Io`](crate::Error::Io) if processes cannot be listed. The table is then as it was before.
    ///
    /// Needs no privilege; what is refused of a process is said in its row.
    pub fn refresh(&mut self, fields: Fields) -> Result<()> {
        self.table.refresh(fields)
    }

    /// The same, with the work shared by so many threads: the calling one, and others that it starts and waits for.
    ///
    /// What comes of it is the same as from one thread, in the same order. It takes less time where processes are many
    /// and a CPU is free for each thread (about 0.6 of it with two, from a thousand processes on), and not less work. No
    /// thread is started for fewer than 64 processes, nor where the system tells about all of them at once.
    ///
    /// # Errors
    ///
    /// Those of [`refresh`](ProcessTable::refresh); [`InvalidArgument`](crate::Error::InvalidArgument) for no thread at
    /// all; [`Io`](crate::Error::Io) if a thread cannot be started.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Fields, cpu, process::ProcessTable};
    ///
    /// let mut table = ProcessTable::new()?;
    /// table.refresh_on(Fields::TOP, cpu::available_parallelism()?)?;
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn refresh_on(&mut self, fields: Fields, threads: u32) -> Result<()> {
        if threads == 0 {
            let context = Context::new("refresh_on");
            return Err(Error::invalid(context, "no thread to do the work"));
        }
        self.table.refresh_on(fields, usize::try_from(threads).unwrap_or(usize::MAX))
    }

    /// How many processes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.columns().len()
    }

    /// Whether there are none, as before the first refresh.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All processes, by ascending pid; zombies too.
    pub fn iter(&self) -> Entries<'_> {
        Entries { table: self, next: 0, end: self.len() }
    }

    /// The process that had a pid.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Fields, process::{Process, ProcessTable}};
    ///
    /// let mut table = ProcessTable::new()?;
    /// table.refresh(Fields::NAME)?;
    /// let me = Process::current()?;
    /// let entry = table.get(me.pid()).expect("this is running");
    /// assert_eq!(entry.process()?, me);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, pid: Pid) -> Option<Entry<'_>> {
        let place = self.table.place_of(pid)?;
        Some(Entry { table: self, pid, place })
    }

    /// Those that came since the refresh before, by ascending pid; none after the first one.
    ///
    /// Processes that came and went in between were never seen: see [`events`](crate::process::events) for those.
    pub fn started(&self) -> impl Iterator<Item = Entry<'_>> {
        self.table.started().iter().filter_map(|pid| self.get(*pid))
    }

    /// Those that went since the refresh before, by ascending pid. One whose pid has a new owner is among them.
    #[must_use]
    pub fn gone(&self) -> &[Identity] {
        self.table.gone()
    }
}

impl<'t> IntoIterator for &'t ProcessTable {
    type Item = Entry<'t>;
    type IntoIter = Entries<'t>;

    fn into_iter(self) -> Entries<'t> {
        self.iter()
    }
}

impl fmt::Debug for ProcessTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessTable").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The processes of a table, by ascending pid: see [`ProcessTable::iter`].
#[derive(Clone, Debug)]
pub struct Entries<'t> {
    table: &'t ProcessTable,
    next: usize,
    end: usize,
}

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        let place = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        Entry::at(self.table, place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.end = (self.next < self.end).then(|| self.end - 1)?;
        Entry::at(self.table, self.end)
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// One process of a table.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'t> {
    table: &'t ProcessTable,
    pid: Pid,
    place: usize,
}

impl<'t> Entry<'t> {
    fn at(table: &'t ProcessTable, place: usize) -> Option<Entry<'t>> {
        let pid = *table.table.columns().pids().get(place)?;
        Some(Entry { table, pid, place })
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The facts that were asked for, each with its own refusal. It borrows from the table.
    #[must_use]
    pub fn row(&self) -> Row<'t> {
        self.table.table.columns().row(self.place)
    }

    /// The same, to be kept.
    #[must_use]
    pub fn record(&self) -> Record {
        self.row().to_record()
    }

    /// The share of the time since the refresh before that it spent on CPUs, 100 for each CPU fully used. `None` if it
    /// was not there then, if no time has passed, and if CPU times were not asked for both times.
    #[must_use]
    pub fn cpu_percent(&self) -> Option<f64> {
        self.table.table.columns().extra(self.place)?.percent().map(f64::from)
    }

    /// The process, to ask it more, or to act upon it.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::Error::AccessDenied) and others if who it is could not be read;
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) is left to what is asked of it.
    pub fn process(&self) -> Result<Process> {
        match self.table.table.columns().identity(self.place) {
            Ok(identity) => Ok(Process::identified(&self.table.system, identity)),
            // Asked again, it says why.
            Err(_) => Process::of(&self.table.system, self.pid),
        }
    }
}
