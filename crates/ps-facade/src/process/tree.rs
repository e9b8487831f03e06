//! Parents and children of a process.

use std::collections::BTreeMap;

use super::Process;
use crate::engine::tree::{self, Depth};
use crate::{Identity, Pid, Result, System};

impl Process {
    /// Its parent; `None` if it has none, or one that cannot be seen from here.
    ///
    /// A process that has only taken over the number of the true parent is not given out for it: it would be
    /// younger than its child, and the child would have another parent by now.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if this process has gone, even if another has its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let me = ps_facade::Process::current()?;
    /// let parent = me.parent()?.expect("somebody started this");
    /// assert_eq!(Some(parent.pid()), me.ppid()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn parent(&self) -> Result<Option<Process>> {
        let found = self.ask("parent", tree::parent)?;
        Ok(found.map(|identity| Process::identified(self.system(), identity)))
    }

    /// Its parent, the parent of that, and so on, as far as can be seen.
    ///
    /// Availability, errors and privileges are those of [`parent`](Process::parent).
    ///
    /// # Examples
    ///
    /// ```
    /// for ancestor in ps_facade::Process::current()?.parents()? {
    ///     println!("{ancestor}");
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn parents(&self) -> Result<Vec<Process>> {
        Ok(self.all(self.ask("parents", tree::parents)?))
    }

    /// Its children, by ascending pid; zombies too. Theirs are not listed: see
    /// [`descendants`](Process::descendants).
    ///
    /// One older than this process is no child of it, whatever its record says.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// One pass over all processes.
    ///
    /// # Errors
    ///
    /// [`NoSuchProcess`](crate::Error::NoSuchProcess) if this process has gone, even if another has its pid now.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::Process;
    ///
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// let children = Process::current()?.children()?;
    /// assert!(children.contains(&Process::try_from(&child)?));
    /// child.kill()?;
    /// child.wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn children(&self) -> Result<Vec<Process>> {
        self.below("children", Depth::One)
    }

    /// Its children, their children, and so on, top down, each once.
    ///
    /// Who descends from a process that has ended has another parent since, and is not found.
    ///
    /// Availability, source, errors and privileges are those of [`children`](Process::children).
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{} below this", ps_facade::Process::current()?.descendants()?.len());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn descendants(&self) -> Result<Vec<Process>> {
        self.below("descendants", Depth::All)
    }

    fn below(&self, operation: &'static str, depth: Depth) -> Result<Vec<Process>> {
        Ok(self.all(self.ask(operation, |backend, handle| tree::below(backend, handle, depth))?))
    }

    fn all(&self, identities: Vec<Identity>) -> Vec<Process> {
        let process = |identity| Process::identified(self.system(), identity);
        identities.into_iter().map(process).collect()
    }
}

/// The children of every process that has any, by ascending pid.
///
/// Availability, source, errors and privileges are those of [`ppid_map`](crate::ppid_map).
///
/// # Examples
///
/// ```
/// let children = ps_facade::process::children_map()?;
/// let parent = ps_facade::Process::current()?.ppid()?.expect("somebody started this");
/// assert!(children[&parent].contains(&ps_facade::Process::current()?.pid()));
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[doc(alias = "reverse_ppid_map")]
pub fn children_map() -> Result<BTreeMap<Pid, Vec<Pid>>> {
    System::default().children_map()
}

impl System {
    /// What [`children_map`](crate::process::children_map) tells, of this system.
    pub fn children_map(&self) -> Result<BTreeMap<Pid, Vec<Pid>>> {
        tree::children_map(self.backend())
    }
}
