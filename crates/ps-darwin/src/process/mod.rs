//! Processes: listed, looked at, acted upon and waited for.

pub use ps_core::process::*;

mod ask;
mod control;
mod scan;
pub(crate) mod terminal;
mod view;
mod wait;

use ps_core::raw::Record as _;
use ps_core::{Context, Error, Result};

use crate::backend::Darwin;
use crate::decode::process::record;
use crate::errno;
use crate::raw::process::{CTL_KERN, KERN_PROC, KERN_PROC_ALL, KinfoProc};
use crate::sys::sysctl;

pub use scan::DarwinScanner;
pub use view::DarwinView;
pub use wait::DarwinWaitSet;

/// What is held of a pinned process: nothing, since the system offers nothing to hold one by.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pin;

/// Records of all processes, and where each begins by ascending number.
#[derive(Debug, Default)]
pub(crate) struct Table {
    answer: Vec<u8>,
    order: Vec<(Pid, usize)>,
}

impl Table {
    /// Reads all processes, in one call, into the space that is kept.
    pub(crate) fn read(&mut self) -> Result<()> {
        let operation = "sysctl kern.proc.all";
        let failed = |source| errno::of_system(source, Context::new(operation));
        let mib = [CTL_KERN, KERN_PROC, KERN_PROC_ALL, 0];
        sysctl::read_into(&mib, &mut self.answer).map_err(failed)?;
        record::by_pid(&self.answer, &mut self.order);
        if self.order.is_empty() {
            return Err(crate::decode::malformed(operation, "no process in it"));
        }
        // Some releases leave the kernel's own process out of the list, but answer for it.
        if self.order.first().is_some_and(|(pid, _)| *pid != Pid::ZERO)
            && let Some(kernel) = ask::record(Pid::ZERO)?
        {
            let whole = self.answer.len() - self.answer.len() % KinfoProc::LAYOUT.size;
            self.answer.truncate(whole);
            self.order.insert(0, (Pid::ZERO, whole));
            self.answer.extend(kernel.to_bytes());
        }
        Ok(())
    }

    /// Every process with its record.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Pid, KinfoProc)> + '_ {
        self.order.iter().map(|(pid, start)| {
            (*pid, KinfoProc::from_prefix(self.answer.get(*start..).unwrap_or_default()))
        })
    }
}

impl ProcessBackend for Darwin {
    type View = DarwinView;
    type Scanner = DarwinScanner;
    type Pin = Pin;

    fn pids(&self) -> Result<Vec<Pid>> {
        let mut table = Table::default();
        table.read()?;
        Ok(table.order.iter().map(|(pid, _)| *pid).collect())
    }

    fn pid_exists(&self, pid: Pid) -> Result<bool> {
        Ok(ask::record(pid)?.is_some())
    }

    fn current(&self) -> Result<Pid> {
        Pid::try_from(std::process::id())
    }

    fn identify(&self, pid: Pid) -> Result<Identity> {
        self.view_of(pid).identity()
    }

    fn view(&self, handle: &Handle<Pin>) -> DarwinView {
        DarwinView::new(self.clone(), handle.identity.pid, Some(handle.identity))
    }

    fn view_of(&self, pid: Pid) -> DarwinView {
        DarwinView::new(self.clone(), pid, None)
    }

    fn pin(&self, identity: &Identity) -> Result<Pin> {
        self.check_same(identity, "pin")?;
        Ok(Pin)
    }

    fn scanner(&self) -> Result<DarwinScanner> {
        Ok(DarwinScanner::new(self.clone()))
    }
}

impl Darwin {
    /// The record of the process meant, if that still has its number.
    pub(crate) fn check_same(
        &self,
        identity: &Identity,
        operation: &'static str,
    ) -> Result<KinfoProc> {
        let context = || Context::new(operation).with_pid(identity.pid);
        // Another boot is another process, whatever its start says.
        if let (Some(meant), Some(here)) = (identity.origin.boot, self.origin().boot)
            && meant != here
        {
            return Err(Error::reused(context()));
        }
        match ask::record(identity.pid)? {
            None => Err(Error::no_such_process(context())),
            Some(found) if ask::is_another(identity, &found) => Err(Error::reused(context())),
            Some(found) => Ok(found),
        }
    }
}
