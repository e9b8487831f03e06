//! Names of accounts and groups: one look-up for each number.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ps_core::{Context, Error, Result};

use crate::decode::host::decode_account_name;
use crate::file;
use crate::root::Linux;

/// How long an answer holds that may have come from elsewhere than the files.
const LONGEST: Duration = Duration::from_secs(60);

/// Whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    User,
    Group,
}

impl Kind {
    /// The file below `etc`.
    fn file(self) -> &'static str {
        match self {
            Kind::User => "passwd",
            Kind::Group => "group",
        }
    }
}

/// What tells one state of a file from another.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// Answers given before, unknown numbers included.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    known: Mutex<HashMap<(Kind, u32), Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    name: Option<OsString>,
    stamp: Stamp,
    asked: Instant,
    /// From the file itself, which the stamp vouches for.
    from_file: bool,
}

impl Accounts {
    /// The name with a number; `None` if there is none.
    ///
    /// The lock is never held while the system is asked: two threads that ask for the same number at once may both
    /// look it up, and find the same.
    pub(crate) fn name(&self, linux: &Linux, kind: Kind, id: u32) -> Result<Option<OsString>> {
        let path = linux.roots().etc.join(kind.file());
        let stamp = stamp(&path);
        let before = self.known().get(&(kind, id)).cloned();
        if let Some(known) = before
            && known.stamp == stamp
            && (known.from_file || known.asked.elapsed() < LONGEST)
        {
            return Ok(known.name);
        }
        let asked = Instant::now();
        let (name, from_file) = look_up(linux, kind, id, &path)?;
        self.known().insert((kind, id), Known { name: name.clone(), stamp, asked, from_file });
        Ok(name)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<(Kind, u32), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &Path) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
}

/// Asks the system of the caller's own machine, which may know accounts from elsewhere; other roots have their file.
fn look_up(linux: &Linux, kind: Kind, id: u32, path: &Path) -> Result<(Option<OsString>, bool)> {
    let in_file = file::read_if_there(path)?.and_then(|text| decode_account_name(&text, id));
    if in_file.is_some() || !linux.is_own() || linux.roots().etc != Path::new("/etc") {
        return Ok((in_file, true));
    }
    let name = match kind {
        Kind::User => {
            nix::unistd::User::from_uid(id.into()).map(|found| found.map(|user| user.name))
        }
        Kind::Group => {
            nix::unistd::Group::from_gid(id.into()).map(|found| found.map(|group| group.name))
        }
    };
    match name {
        Ok(name) => Ok((name.map(OsString::from), false)),
        // Ways in which C libraries say that there is none.
        Err(nix::Error::ENOENT | nix::Error::ESRCH | nix::Error::EBADF | nix::Error::EPERM) => {
            Ok((None, false))
        }
        Err(errno) => Err(Error::io(Context::new("look up account"), errno.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_asked_for_an_account_that_is_not_in_the_file() {
        let linux = Linux::new();
        let nowhere = Path::new("/nonexistent/passwd");
        let told = look_up(&linux, Kind::User, 0, nowhere).expect("asked");
        assert_eq!(told, (Some("root".into()), false));
        let nobody = look_up(&linux, Kind::User, 3_999_999_999, nowhere).expect("asked");
        assert_eq!(nobody, (None, false));
        let group = look_up(&linux, Kind::Group, 0, nowhere).expect("asked");
        assert_eq!(group, (Some("root".into()), false));
    }
}
