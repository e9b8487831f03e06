//! One process at one moment, as far as that can be had.

use std::ffi::OsString;
use std::sync::Arc;

use ps_core::lazy::Lazy;
use ps_core::process::{ProcessBackend, ProcessView, number_as_name};
use ps_core::{HostBackend, MemBackend};

use super::{MemoryField, MemoryMapGroup, MemoryRecord, Record};
use crate::engine::same::Known;
use crate::native::Native;
use crate::{Fields, Identity, Pid, Result, System, Uid};

/// One process while it is being looked at: a kernel record that holds several facts is read at most once, when one of
/// them is first wanted, and kept until this is dropped.
///
/// On Linux it costs least to begin with memory, users or input and output: what such a record needs to be known for that
/// of this process answers for its status and times too.
///
/// Facts from different records are from different moments. A failure is not kept: asking again tries again.
/// A snapshot can be sent to another thread, but not shared between two.
///
/// # Examples
///
/// ```
/// use ps_facade::Process;
///
/// let now = Process::current()?.snapshot();
/// // One reading of the kernel's record answers all three.
/// println!("{:?} {:?} {:?}", now.status()?, now.cpu_times()?, now.ppid()?);
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    system: System,
    view: <Native as ProcessBackend>::View,
    /// The whole name, of which a part may come from the command line.
    name: Lazy<OsString>,
    known: Arc<Known>,
    /// The pid it was taken by.
    pid: Pid,
    /// The process was known to have gone before.
    was_gone: bool,
}

impl Snapshot {
    pub(super) fn new(
        system: System,
        view: <Native as ProcessBackend>::View,
        pid: Pid,
        known: Arc<Known>,
    ) -> Snapshot {
        let was_gone = known.is_gone();
        Snapshot { system, view, name: Lazy::new(), known, pid, was_gone }
    }

    /// Looks at whichever process has a pid now, and goes on looking at that one. Asks nothing yet.
    #[must_use]
    pub fn of(system: &System, pid: Pid) -> Snapshot {
        Snapshot::new(system.clone(), system.backend().view_of(pid), pid, Arc::default())
    }

    pub(crate) fn view(&self) -> &<Native as ProcessBackend>::View {
        &self.view
    }

    /// Asks, unless the process was known to have gone when this was taken, learns from the answer, and adds to an error
    /// what is known of the process. What was read before it went is told also when it is known to have gone since.
    pub(crate) fn told<T>(
        &self,
        operation: &'static str,
        ask: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if self.was_gone {
            self.known.check(operation, self.pid)?;
        }
        self.known.learn(self.pid, ask())
    }

    pub(super) fn name_now(&self) -> Result<OsString> {
        let name = self.name.get_or_read(|| self.view.name())?;
        self.known.set_name(name);
        Ok(name.clone())
    }

    /// Which process it is; confirms that it is still there.
    pub fn identity(&self) -> Result<Identity> {
        self.told("identity", || self.view.identity())
    }

    pub(super) fn name_of(&self, uid: Uid) -> Result<OsString> {
        Ok(self.system.backend().user_name(uid)?.unwrap_or_else(|| number_as_name(uid)))
    }

    pub(super) fn username_now(&self) -> Result<OsString> {
        self.name_of(self.view.uids()?.real)
    }

    pub(super) fn memory_percent_now(&self, field: MemoryField) -> Result<Option<f64>> {
        let bytes = match field.record() {
            MemoryRecord::Info => field.of_info(&self.view.memory_info()?),
            MemoryRecord::InfoEx => field.of_info_ex(&self.view.memory_info_ex()?),
            MemoryRecord::Footprint => field.of_footprint(&self.view.memory_footprint()?),
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let total = self.system.backend().virtual_memory()?.total;
        // An address space may be far larger than memory, so this is no share that ends at 100.
        Ok((total > 0).then(|| bytes as f64 / total as f64 * 100.0))
    }

    pub(super) fn memory_maps_grouped_now(&self) -> Result<Vec<MemoryMapGroup>> {
        Ok(ps_core::process::group_maps(&self.view.memory_maps()?))
    }

    pub(super) fn record_now(&self, fields: Fields) -> Result<Record> {
        let record = self.view.record(fields, &mut |uid| self.name_of(uid))?;
        if let Ok(name) = &record.name {
            self.known.set_name(name);
        }
        Ok(record)
    }
}
