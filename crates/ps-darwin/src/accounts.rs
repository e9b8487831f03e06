//! Names of accounts and groups: one look-up for each number, for a while.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ps_core::{Context, Error, Result};

/// How long an answer holds: accounts come from a directory service, which does not say when they change.
const LONGEST: Duration = Duration::from_secs(60);

/// Whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    User,
    Group,
}

/// Answers given before, unknown numbers included.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    known: Mutex<HashMap<(Kind, u32), Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    name: Option<OsString>,
    asked: Instant,
}

impl Accounts {
    /// The name with a number; `None` if there is none.
    ///
    /// The lock is never held while the system is asked: two threads that ask for the same number at once may both
    /// look it up, and find the same.
    pub(crate) fn name(&self, kind: Kind, id: u32) -> Result<Option<OsString>> {
        if let Some(known) = self.known().get(&(kind, id))
            && known.asked.elapsed() < LONGEST
        {
            return Ok(known.name.clone());
        }
        let asked = Instant::now();
        let name = look_up(kind, id)?;
        self.known().insert((kind, id), Known { name: name.clone(), asked });
        Ok(name)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Kind, u32), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look_up(kind: Kind, id: u32) -> Result<Option<OsString>> {
    let (operation, name) = match kind {
        Kind::User => {
            let user = nix::unistd::User::from_uid(id.into());
            ("getpwuid_r", user.map(|found| found.map(|user| user.name)))
        }
        Kind::Group => {
            let group = nix::unistd::Group::from_gid(id.into());
            ("getgrgid_r", group.map(|found| found.map(|group| group.name)))
        }
    };
    match name {
        Ok(name) => Ok(name.map(OsString::from)),
        // Ways in which C libraries say that there is none.
        Err(nix::Error::ENOENT | nix::Error::ESRCH | nix::Error::EBADF | nix::Error::EPERM) => {
            Ok(None)
        }
        Err(errno) => Err(Error::io(Context::new(operation), errno.into())),
    }
}
