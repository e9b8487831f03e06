//! Names of users and groups, looked up once and kept for a while.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ps_core::process::{Gid, Uid, number_as_name};
use ps_core::{Context, Error, Result};

/// How long a name is believed where accounts come from elsewhere than the files.
const BELIEVED: Duration = Duration::from_secs(60);

/// The file that the C library reads users from, in all three systems.
const USERS: &str = "/etc/pwd.db";

/// The name of a user; `None` if there is no such account.
pub(crate) fn user_name(uid: Uid) -> Result<Option<OsString>> {
    nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid.get()))
        .map(|user| user.map(|user| OsString::from(user.name)))
        .map_err(|errno| Error::io(Context::new("getpwuid_r"), errno.into()))
}

/// The name of a group; `None` if there is no such group.
pub(crate) fn group_name(gid: Gid) -> Result<Option<OsString>> {
    nix::unistd::Group::from_gid(nix::unistd::Gid::from_raw(gid.get()))
        .map(|group| group.map(|group| OsString::from(group.name)))
        .map_err(|errno| Error::io(Context::new("getgrgid_r"), errno.into()))
}

/// What the file of users looked like: when and in which inode it was written last.
type Version = Option<(u64, i64, i64)>;

fn version() -> Version {
    let file = std::fs::metadata(USERS).ok()?;
    Some((file.ino(), file.mtime(), file.mtime_nsec()))
}

/// Names of users that were looked up before, unknown ones included.
#[derive(Debug, Default)]
pub struct Accounts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    names: HashMap<u32, OsString>,
    version: Version,
    since: Option<Instant>,
}

impl Accounts {
    /// Forgets all names if the accounts may have changed. Called once per scan.
    pub(crate) fn refresh(&self) {
        let version = version();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept.since.is_none_or(|since| since.elapsed() > BELIEVED);
        if old || kept.version != version {
            *kept = Kept { names: HashMap::new(), version, since: Some(Instant::now()) };
        }
    }

    /// The name of a user, or the number as text, copied into `name`. No lock is held while the system is asked.
    pub(crate) fn name_into(&self, uid: Uid, name: &mut OsString) {
        name.clear();
        {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = kept.names.get(&uid.get()) {
                name.push(known);
                return;
            }
        }
        let found = user_name(uid).ok().flatten().unwrap_or_else(|| number_as_name(uid));
        name.push(&found);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).names.insert(uid.get(), found);
    }
}
