//! Acting on processes.

use ps_core::process::Handle;
use ps_core::{Context, ControlBackend, Error, Result, Signal};

use crate::backend::Darwin;
use crate::decode::process::signals::SIGNALS;
use crate::errno::{self, Query};
use crate::process::{Pin, ask};
use crate::sys::signal;

/// Signals and nice values go by number, after a look that the process meant still has it. The system offers nothing
/// better: should that process end and its number be given away between the look and the call, another is reached.
/// Numbers are given out in turn, so that this would take as many new processes as there are numbers.
impl ControlBackend for Darwin {
    fn send_signal(&self, handle: &Handle<Pin>, signal: Signal) -> Result<()> {
        let identity = &handle.identity;
        identity.pid.check_acts("kill")?;
        let number = SIGNALS.number(signal).map_err(|error| error.with_pid(identity.pid))?;
        self.check_same(identity, "kill")?;
        // Zombies take every signal, and nothing comes of it.
        signal::kill(identity.pid.as_raw(), number)
            .map_err(|source| self.failed(handle, "kill", source))
    }

    fn set_nice(&self, handle: &Handle<Pin>, nice: i32) -> Result<()> {
        let identity = &handle.identity;
        identity.pid.check_acts("setpriority")?;
        let record = self.check_same(identity, "setpriority")?;
        if record.is_zombie() {
            let context = Context::new("setpriority").with_pid(identity.pid);
            return Err(Error::zombie(context, record.parent()));
        }
        signal::set_nice(identity.pid.as_raw(), nice)
            .map_err(|source| self.failed(handle, "setpriority", source))?;
        // Had the number been given away before the call, another process would have been set: then this says so.
        match self.check_same(identity, "setpriority") {
            Err(error @ Error::NoSuchProcess { reused: true, .. }) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Darwin {
    fn failed(
        &self,
        handle: &Handle<Pin>,
        operation: &'static str,
        source: std::io::Error,
    ) -> Error {
        let identity = &handle.identity;
        let context = Context::new(operation).with_pid(identity.pid);
        let lives = || ask::lives(identity.pid, Some(identity));
        errno::of_process(source, context, Query::Plain, lives)
    }
}
