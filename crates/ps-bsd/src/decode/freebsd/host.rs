//! Boot time and login sessions.

use ps_core::host::User;
use ps_core::raw::{Record as _, text};

use crate::decode::clock::Moment;
use crate::decode::host::session;
use crate::decode::process::pid;
use crate::raw::freebsd::host::{Timeval, USER_PROCESS, Utmpx};

/// When the system booted.
#[must_use]
pub fn boot_moment(time: &Timeval) -> Moment {
    Moment::from_micros(time.tv_sec, time.tv_usec)
}

/// A session from a record of the login database; `None` of the records that tell something else.
#[must_use]
pub fn user(record: &[u8]) -> Option<User> {
    let record = Utmpx::from_bytes(record).ok()?;
    if i32::from(record.ut_type) != USER_PROCESS {
        return None;
    }
    let started = Moment::from_micros(record.ut_tv.tv_sec, record.ut_tv.tv_usec);
    let (name, line) = (text(&record.ut_user), text(&record.ut_line));
    // The process is told where it is known; 0 says that it is not.
    let process = pid(record.ut_pid).filter(|pid| pid.get() != 0);
    session(name, line, text(&record.ut_host), started, process)
}

#[cfg(test)]
mod tests {
    use ps_core::raw::Record as _;

    use super::*;

    fn record() -> Utmpx {
        let mut record = Utmpx::zeroed();
        record.ut_type = 4;
        record.ut_user[..2].copy_from_slice(b"jo");
        record.ut_line[..5].copy_from_slice(b"pts/3");
        record.ut_tv = Timeval { tv_sec: 1_700_000_000, tv_usec: 5 };
        record.ut_pid = 77;
        record
    }

    #[test]
    fn only_records_of_users_are_sessions() {
        let mut other = record();
        other.ut_type = 1;
        assert_eq!(user(&other.to_bytes()), None);
        let user = user(&record().to_bytes()).expect("a session");
        assert_eq!((user.name.to_str(), user.pid.map(|pid| pid.get())), (Some("jo"), Some(77)));
        assert_eq!(user.host.as_deref().and_then(|host| host.to_str()), Some("localhost"));
    }

    #[test]
    fn a_host_that_fills_its_field_lacks_the_nul() {
        let mut far = record();
        far.ut_host = [b'h'; 128];
        far.ut_pid = 0;
        let user = user(&far.to_bytes()).expect("a session");
        assert_eq!(user.host.map(|host| host.len()), Some(128));
        assert_eq!(user.pid, None);
    }

    #[test]
    fn the_boot_is_told_to_the_microsecond() {
        let boot = boot_moment(&Timeval { tv_sec: 1_700_000_000, tv_usec: 5 });
        assert_eq!(boot, Moment { seconds: 1_700_000_000, nanos: 5_000 });
    }

    #[test]
    fn a_cut_record_is_none() {
        assert_eq!(user(&record().to_bytes()[..279]), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn sessions_laid_out_by_the_systems_headers_are_read() {
        let answer = include_bytes!("../../../fixtures/records/freebsd-users.bin");
        let users: Vec<User> = answer.chunks(280).filter_map(user).collect();
        assert_eq!(users.len(), 2, "the time of the boot is no session");
        assert_eq!((users[0].name.to_str(), users[1].name.to_str()), (Some("jo"), Some("root")));
        let host = users[0].host.as_deref();
        assert_eq!(host.and_then(|host| host.to_str()), Some("192.0.2.7"));
        let since = users[0].started.duration_since(std::time::UNIX_EPOCH).expect("later");
        assert_eq!(since.as_millis(), 1_700_000_000_250);
    }
}
