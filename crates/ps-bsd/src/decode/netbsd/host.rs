//! Login sessions (`utmpx`).

use ps_core::host::User;
use ps_core::process::Pid;

use crate::decode::clock::Moment;
use crate::decode::host::session;
use crate::raw::netbsd::host::{USER_PROCESS, Utmpx};
use ps_core::raw::text;

/// The session in an entry; `None` of one of another kind.
#[must_use]
pub fn user(entry: &Utmpx) -> Option<User> {
    if i32::from(entry.ut_type) != USER_PROCESS {
        return None;
    }
    session(
        text(&entry.ut_name),
        text(&entry.ut_line),
        text(&entry.ut_host),
        Moment::from_micros(entry.ut_tv.tv_sec, entry.ut_tv.tv_usec.into()),
        u32::try_from(entry.ut_pid).ok().and_then(Pid::new).filter(|pid| *pid != Pid::ZERO),
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::{Duration, UNIX_EPOCH};

    use ps_core::raw::Record;

    use super::*;
    use crate::raw::netbsd::host::{DEAD_PROCESS, Timeval};

    fn entry(kind: i32) -> Utmpx {
        let mut entry = Utmpx { ut_type: kind as u16, ut_pid: 4711, ..Utmpx::zeroed() };
        entry.ut_name[..2].copy_from_slice(b"jo");
        entry.ut_line[..5].copy_from_slice(b"pts/1");
        entry.ut_tv = Timeval { tv_sec: 1_700_000_000, tv_usec: 5 };
        entry
    }

    #[test]
    fn only_sessions_of_users_are_listed() {
        let user = user(&entry(USER_PROCESS)).expect("a session");
        assert_eq!((user.name.to_str(), user.pid.map(Pid::get)), (Some("jo"), Some(4711)));
        assert_eq!(user.terminal.as_deref(), Some(OsStr::new("pts/1")));
        assert_eq!(user.host.as_deref(), Some(OsStr::new("localhost")));
        let started = Duration::from_secs(1_700_000_000) + Duration::from_micros(5);
        assert_eq!(user.started, UNIX_EPOCH + started);
        assert_eq!(super::user(&entry(DEAD_PROCESS)), None);
    }

    #[test]
    fn a_full_host_has_no_end_and_a_pid_of_none_is_none() {
        let full = Utmpx { ut_host: [b'h'; 256], ut_pid: 0, ..entry(USER_PROCESS) };
        let user = user(&full).expect("a session");
        assert_eq!((user.host.map(|host| host.len()), user.pid), (Some(256), None));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn sessions_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/netbsd-users.bin");
        let entries = answer.chunks(Utmpx::LAYOUT.size);
        let users: Vec<User> = entries.filter_map(|one| user(&Utmpx::from_prefix(one))).collect();
        assert_eq!(users.len(), 1, "the time of the boot is no session");
        assert_eq!((users[0].name.to_str(), users[0].pid.map(Pid::get)), (Some("jo"), Some(4711)));
        let host = users[0].host.as_deref();
        assert_eq!(host.and_then(|host| host.to_str()), Some("192.0.2.7"));
        let since = users[0].started.duration_since(std::time::UNIX_EPOCH).expect("later");
        assert_eq!(since.as_millis(), 1_700_000_000_250);
    }
}
