//! Boot time, up-time and login sessions.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};

use ps_core::host::User;
use ps_core::process::BootId;
use ps_core::raw::{Record as _, each, text};
use ps_core::{Pid, Result};

use super::{malformed, moment, short};
use crate::raw::host::{Timeval, USER_PROCESS, Utmpx};

/// When the system booted, from `kern.boottime`.
pub fn decode_boottime(answer: &[u8]) -> Result<SystemTime> {
    let time = Timeval::from_bytes(answer).map_err(short)?;
    match moment(time).filter(|_| time.tv_sec > 0) {
        Some(boot) => Ok(boot),
        None => Err(malformed("kern.boottime", format!("{} is no boot", time.tv_sec))),
    }
}

/// The name of this boot, from `kern.bootsessionuuid`.
#[must_use]
pub fn decode_boot_id(answer: &[u8]) -> Option<BootId> {
    BootId::parse(std::str::from_utf8(text(answer)).ok()?)
}

/// How long the system has been running, without the time it slept.
///
/// `counting` is a clock that goes on while it sleeps, `awake` one that does not; neither need begin at boot.
#[must_use]
pub fn running(since_boot: Duration, counting: Duration, awake: Duration) -> Duration {
    since_boot.saturating_sub(counting.saturating_sub(awake))
}

/// Login sessions, from the records of `getutxent`.
pub fn decode_users(answer: &[u8]) -> Result<Vec<User>> {
    each::<Utmpx>(answer, Utmpx::LAYOUT.size)
        .filter_map(|record| record.map(|record| user(&record)).map_err(short).transpose())
        .collect()
}

fn user(record: &Utmpx) -> Option<User> {
    // A field that is full has no NUL at its end.
    let field = |field: &[u8]| OsString::from_vec(text(field).to_vec());
    let told = |value: OsString| (!value.is_empty()).then_some(value);
    if i32::from(record.ut_type) != USER_PROCESS || record.ut_tv.tv_sec == 0 {
        return None;
    }
    let mut user = User::new(told(field(&record.ut_user))?, moment(record.ut_tv)?);
    user.terminal = told(field(&record.ut_line));
    user.host = Some(match field(&record.ut_host) {
        here if here.is_empty() || here == ":0" || here == ":0.0" => "localhost".into(),
        elsewhere => elsewhere,
    });
    user.pid = u32::try_from(record.ut_pid).ok().and_then(Pid::new).filter(|pid| *pid != Pid::ZERO);
    Some(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_boot_keeps_its_microseconds_and_64_bits_of_seconds() {
        let boot = |tv_sec, tv_usec| decode_boottime(&Timeval { tv_sec, tv_usec }.to_bytes());
        let after = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).expect("after");
        let found = after(boot(5_000_000_000, 123_456).expect("decodes"));
        assert_eq!(found, Duration::new(5_000_000_000, 123_456_000));
        for odd in [(0, 0), (-5, 0), (5, -1), (5, 1_000_000)] {
            assert!(boot(odd.0, odd.1).is_err(), "{odd:?}");
        }
        assert!(decode_boottime(&[1; 8]).is_err());
    }

    #[test]
    fn a_boot_has_a_name() {
        let id = decode_boot_id(b"4F2C2B39-6E5A-4A68-A0A0-0123456789AB\0").expect("reads");
        assert_eq!(id.to_string(), "4f2c2b39-6e5a-4a68-a0a0-0123456789ab");
        assert_eq!(decode_boot_id(b""), None);
        assert_eq!(decode_boot_id(b"\xff\xff"), None);
    }

    #[test]
    fn sleep_is_left_out_wherever_the_clocks_began() {
        let secs = Duration::from_secs;
        assert_eq!(running(secs(1000), secs(900), secs(700)), secs(800));
        assert_eq!(running(secs(1000), secs(50), secs(50)), secs(1000));
        assert_eq!(running(secs(10), secs(50), secs(0)), secs(0));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn only_sessions_of_users_are_shown() {
        let answer = include_bytes!("../../fixtures/records/macos-logins.bin");
        let users = decode_users(answer).expect("decodes");
        assert_eq!(users.len(), 2);
        assert_eq!((users[0].name.as_os_str(), users[0].pid), ("jo".as_ref(), Pid::new(501)));
        assert_eq!(users[0].terminal.as_deref(), Some("console".as_ref()));
        assert_eq!(users[0].host.as_deref(), Some("localhost".as_ref()));
        let began = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 5_000);
        assert_eq!(users[0].started, began);
        assert_eq!(users[1].host.as_ref().map(|host| host.len()), Some(256));
        assert!(decode_users(&answer[..answer.len() - 1]).is_err());
    }

    #[test]
    fn a_session_at_the_machine_s_own_screen_comes_from_nowhere_else() {
        let host = |name: &[u8]| {
            let mut record = Utmpx::zeroed();
            record.ut_type = i16::try_from(USER_PROCESS).expect("small");
            record.ut_tv.tv_sec = 1_700_000_000;
            record.ut_user[..2].copy_from_slice(b"jo");
            record.ut_host[..name.len()].copy_from_slice(name);
            decode_users(&record.to_bytes()).expect("decodes").remove(0).host.expect("told")
        };
        for here in ["", ":0", ":0.0"] {
            assert_eq!(host(here.as_bytes()), "localhost", "{here:?}");
        }
        for elsewhere in ["192.0.2.1", ":1"] {
            assert_eq!(host(elsewhere.as_bytes()), elsewhere);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes in prop::collection::vec(any::<u8>(), 0..1400)) {
            let _ = (decode_boottime(&bytes), decode_boot_id(&bytes), decode_users(&bytes));
        }
    }
}
