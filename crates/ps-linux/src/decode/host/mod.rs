//! Boot time, up-time, login sessions and account files.

pub mod utmp;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};

use ps_core::Result;
use ps_core::host::User;
use ps_core::process::Pid;

use super::malformed;
use super::text::{columns, key_value, lines, number};

/// When the system booted, from `/proc/stat`.
///
/// # Errors
///
/// `Decode` if the line is missing.
pub fn decode_boot_time(stat: &[u8]) -> Result<SystemTime> {
    lines(stat)
        .find(|line| columns(line).next() == Some(b"btime"))
        .and_then(|line| number(columns(line).nth(1)?))
        .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .ok_or_else(|| malformed("/proc/stat", "no boot time"))
}

/// Time since boot, suspension included, from `/proc/uptime`, which tells hundredths of a second.
///
/// # Errors
///
/// `Decode` if there is no number.
pub fn decode_uptime(text: &[u8]) -> Result<Duration> {
    columns(text)
        .next()
        .and_then(number::<f64>)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| malformed("/proc/uptime", "no time since boot"))
}

/// The name of an account or group by its number, from a file in the form of `/etc/passwd` or `/etc/group`.
#[must_use]
pub fn decode_account_name(file: &[u8], id: u32) -> Option<OsString> {
    lines(file).find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(b"#"))?;
        let found: u32 = number(fields.nth(1)?)?;
        (found == id).then(|| OsString::from_vec(name.to_vec()))
    })
}

/// A session of systemd's login manager, from a file below `/run/systemd/sessions`; `None` if it is not that of
/// a user at work (a greeter, a lock screen, the manager's own), or is closing.
#[must_use]
pub fn decode_session(file: &[u8]) -> Option<User> {
    let value = |key: &[u8]| {
        lines(file)
            .find_map(|line| key_value(line, b'=').filter(|(one, _)| *one == key))
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    };
    let text = |key: &[u8]| value(key).map(|value| OsString::from_vec(value.to_vec()));
    if value(b"CLASS").is_some_and(|class| !class.starts_with(b"user"))
        || value(b"STATE") == Some(b"closing")
    {
        return None;
    }
    let microseconds = value(b"REALTIME").and_then(number::<u64>)?;
    let started = SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(microseconds))?;
    let mut user = User::new(text(b"USER")?, started);
    user.terminal = text(b"TTY");
    user.host = Some(host(text(b"REMOTE_HOST")));
    user.pid = value(b"LEADER").and_then(number::<u32>).and_then(Pid::new);
    Some(user)
}

/// Windows Subsystem for Linux, under which a system runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Wsl {
    /// 1 if Windows itself plays the kernel's part, 2 if a kernel runs in a virtual machine.
    pub version: u8,
    /// The name that Windows knows the distribution by; `None` where it is not told, as in a container.
    #[cfg_attr(feature = "serde", serde(with = "ps_core::serde_os::option"))]
    pub distribution: Option<OsString>,
}

/// Whether a system runs under WSL, from the kernel's release (`/proc/sys/kernel/osrelease`) and the distribution's
/// name as the environment tells it.
///
/// A name that is empty is reported as `WSL`.
#[must_use]
pub fn decode_wsl(release: &[u8], distribution: Option<OsString>) -> Option<Wsl> {
    let release = release.trim_ascii();
    if !release.windows(9).any(|part| part.eq_ignore_ascii_case(b"microsoft")) {
        return None;
    }
    // Version 1 pretends to be a 4.4 and ends in `-Microsoft`; kernels of version 2 are named in small letters.
    let version = if release.ends_with(b"-Microsoft") { 1 } else { 2 };
    let named = |name: OsString| if name.is_empty() { OsString::from("WSL") } else { name };
    Some(Wsl { version, distribution: distribution.map(named) })
}

/// How far the clocks of a time namespace are ahead of the machine's, from `/proc/PID/timens_offsets`.
///
/// The line of `boottime`, in seconds and nanoseconds, of which the first may be negative.
#[must_use]
pub fn decode_boottime_offset(text: &[u8]) -> Option<(i64, u32)> {
    lines(text).find_map(|line| {
        let mut columns = columns(line);
        let clock = columns.next()?;
        (clock == b"boottime" || clock == b"7").then_some(())?;
        Some((number(columns.next()?)?, number(columns.next()?)?))
    })
}

/// Where a session comes from: this machine, unless it says otherwise.
fn host(told: Option<OsString>) -> OsString {
    told.filter(|host| !host.is_empty() && host != ":0" && host != ":0.0")
        .unwrap_or_else(|| OsString::from("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn host_boot_time_missing_is_an_error() {
        let at = decode_boot_time(b"cpu 1\nbtime 1700000000\n").expect("decodes");
        assert_eq!(at, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        for text in [&b""[..], b"btime\n", b"btime x\n"] {
            assert!(decode_boot_time(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn time_since_boot_keeps_its_fraction() {
        assert_eq!(decode_uptime(b"12.50 3.00\n").expect("decodes"), Duration::from_millis(12_500));
        for text in [&b""[..], b"x 1", b"-1 2", b"inf 1", b"nan 1"] {
            assert!(decode_uptime(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_account_is_found_by_its_number_whatever_the_bytes_of_its_name() {
        let passwd = b"# list\nroot:x:0:0:root:/root:/bin/sh\nw\xffd:x:7:7::/:\nshort\n";
        assert_eq!(decode_account_name(passwd, 0), Some("root".into()));
        assert_eq!(decode_account_name(passwd, 7), Some(OsString::from_vec(b"w\xffd".to_vec())));
        assert_eq!(decode_account_name(passwd, 8), None);
        assert_eq!(decode_account_name(b"adm:x:4:a,b\n", 4), Some("adm".into()));
    }

    #[test]
    fn users_of_systemd_are_its_sessions() {
        let file = b"# private\nUID=1000\nUSER=ann\nACTIVE=1\nSTATE=active\nREMOTE=1\nTYPE=tty\nCLASS=user\nTTY=pts/0\nREMOTE_HOST=10.0.2.2\nLEADER=812\nREALTIME=1700000000123456\n";
        let user = decode_session(file).expect("a session");
        assert_eq!((user.name, user.terminal), ("ann".into(), Some("pts/0".into())));
        assert_eq!((user.host, user.pid), (Some("10.0.2.2".into()), Pid::new(812)));
        assert_eq!(
            user.started,
            SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456)
        );
    }

    #[test]
    fn users_of_systemd_leave_out_greeters_and_what_is_closing() {
        for line in ["CLASS=greeter", "CLASS=manager", "CLASS=lock-screen", "STATE=closing"] {
            let file = format!("USER=ann\nREALTIME=1\n{line}\n");
            assert_eq!(decode_session(file.as_bytes()), None, "{line}");
        }
        let local = decode_session(b"USER=ann\nREALTIME=1\nCLASS=user-early\n").expect("a session");
        assert_eq!((local.host, local.terminal), (Some("localhost".into()), None));
        assert_eq!(decode_session(b"USER=ann\n"), None);
    }

    #[test]
    fn wsl_is_known_by_the_release_of_its_kernel() {
        let at = |release: &[u8], name: Option<&str>| decode_wsl(release, name.map(OsString::from));
        let first = at(b"4.4.0-19041-Microsoft\n", Some("Ubuntu")).expect("WSL");
        assert_eq!((first.version, first.distribution), (1, Some("Ubuntu".into())));
        let second = at(b"5.15.90.1-microsoft-standard-WSL2\n", Some("")).expect("WSL");
        assert_eq!((second.version, second.distribution), (2, Some("WSL".into())));
        assert_eq!(
            at(b"5.15.90.1-microsoft-standard-WSL2\n", None).expect("WSL").distribution,
            None
        );
        assert_eq!(at(b"6.1.0-18-amd64\n", Some("Ubuntu")), None);
    }

    #[test]
    fn a_time_namespace_tells_how_far_it_is_ahead() {
        let text = b"monotonic           0         0\nboottime     -100000        500\n";
        assert_eq!(decode_boottime_offset(text), Some((-100_000, 500)));
        assert_eq!(decode_boottime_offset(b""), None);
    }

    #[test]
    fn an_account_without_a_name_and_a_comment_are_none() {
        assert_eq!(decode_account_name(b"#a:x:5:\n:x:6:\nb:x:7:\n", 5), None);
        assert_eq!(decode_account_name(b"#a:x:5:\n:x:6:\nb:x:7:\n", 6), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes: Vec<u8>, id: u32, micros: u64) {
            let _ = (decode_boot_time(&bytes), decode_uptime(&bytes), decode_account_name(&bytes, id));
            let _ = (decode_session(&bytes), decode_wsl(&bytes, None), decode_boottime_offset(&bytes));
            let _ = decode_session(format!("USER=a\nREALTIME={micros}\n").as_bytes());
            let _ = decode_boot_time(format!("btime {micros}\n").as_bytes());
        }
    }
}
