//! Whether a process has ended, and collecting a child that has.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use ps_core::process::{Exit, Handle, Status};
use ps_core::{Context, Error, Result};

use super::{Pin, confirm};
use crate::shared::backend::Kernel;
use crate::shared::sys::process as sys;

/// How often, a millisecond apart, a process that is ending is looked at again.
const ENDING_ROUNDS: u32 = 50;

/// What the system says of a child.
enum Child {
    /// It is none of the caller's.
    None,
    Lives,
    Ended(ExitStatus),
}

fn child(asked: io::Result<Option<ExitStatus>>, handle: &Handle<Pin>) -> Result<Child> {
    match asked {
        Ok(None) => Ok(Child::Lives),
        Ok(Some(status)) => Ok(Child::Ended(status)),
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(Child::None),
        Err(error) => Err(Error::io(Context::new("wait4").with_pid(handle.identity.pid), error)),
    }
}

/// Looks whether a process has ended, without collecting it.
pub(crate) fn look_at_exit<K: Kernel>(kernel: &K, handle: &Handle<Pin>) -> Result<Exit> {
    let pid = handle.identity.pid;
    pid.check_acts("wait")?;
    // A process on its way out may have told its watchers while it is no zombie yet and has no status.
    for _ in 0..ENDING_ROUNDS {
        let process = match confirm(kernel, &handle.identity, "wait") {
            Ok((process, _)) => process,
            Err(Error::NoSuchProcess { .. }) => return Ok(Exit::Ended(None)),
            Err(error) => return Err(error),
        };
        if !process.ended {
            return Ok(Exit::Running);
        }
        match child(kernel.peek_child(pid), handle)? {
            Child::Ended(status) => return Ok(Exit::Ended(Some(status))),
            Child::None if matches!(process.status, Status::Zombie | Status::Dead) => {
                return Ok(Exit::Ended(None));
            }
            Child::None | Child::Lives => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    Ok(Exit::Running)
}

/// Collects a child that has ended.
pub(crate) fn reap<K: Kernel>(kernel: &K, handle: &Handle<Pin>) -> Result<Exit> {
    match look_at_exit(kernel, handle)? {
        // A child that was not collected keeps its number: this is the one that was looked at.
        Exit::Ended(Some(_)) => {
            match child(sys::reap(handle.identity.pid), handle)? {
                Child::Ended(status) => Ok(Exit::Ended(Some(status))),
                // Another thread of this program was faster.
                Child::None | Child::Lives => Ok(Exit::Ended(None)),
            }
        }
        other => Ok(other),
    }
}
