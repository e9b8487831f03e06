//! Login sessions, as the three systems record them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use ps_core::host::User;
use ps_core::process::Pid;

use super::clock::Moment;

/// A login session from the fields of a record; `None` if there is no name, which marks a place that is free.
///
/// A session without a host is one of this machine.
#[must_use]
pub fn session(
    name: &[u8],
    line: &[u8],
    host: &[u8],
    started: Moment,
    pid: Option<Pid>,
) -> Option<User> {
    if name.is_empty() {
        return None;
    }
    let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let mut user = User::new(text(name), started.system_time());
    user.terminal = (!line.is_empty()).then(|| text(line));
    user.host = Some(text(if host.is_empty() { b"localhost" } else { host }));
    user.pid = pid;
    Some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_a_name_is_no_session() {
        assert_eq!(session(b"", b"ttyv0", b"", Moment::default(), None), None);
    }

    #[test]
    fn a_session_without_a_host_is_local() {
        let user = session(b"jo", b"", b"", Moment::from_micros(9, 0), None).expect("a session");
        assert_eq!((user.host.as_deref(), user.terminal), (Some(OsStr::new("localhost")), None));
        let far = session(b"jo", b"pts/1", b"::1", Moment::default(), Pid::new(3));
        assert_eq!(far.and_then(|user| user.host).as_deref(), Some(OsStr::new("::1")));
    }
}
