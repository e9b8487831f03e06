//! Login records of the C library, in the fixed form in which they stand in the file.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};

use ps_core::host::User;
use ps_core::process::Pid;

use crate::decode::net::message::{u32_at, u64_at};

/// A form of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub enum Form {
    /// 384 bytes, with times of 32 bits: x86, PowerPC, s390x, RISC-V, and every 32-bit machine.
    Short,
    /// 400 bytes, with times of 64 bits: ARM of 64 bits.
    Long,
}

impl Form {
    const fn size(self) -> usize {
        match self {
            Form::Short => 384,
            Form::Long => 400,
        }
    }

    /// The form whose records fill a file and make sense in it, the preferred one first.
    fn of(file: &[u8], preferred: Form) -> Form {
        let fits = |form: &Form| {
            file.len().is_multiple_of(form.size())
                && file.chunks_exact(form.size()).all(|record| record_type(record) <= LAST_TYPE)
        };
        let other = if preferred == Form::Short { Form::Long } else { Form::Short };
        [preferred, other].into_iter().find(fits).unwrap_or(preferred)
    }
}

const USER_PROCESS: u16 = 7;
const LAST_TYPE: u16 = 9;

fn record_type(record: &[u8]) -> u16 {
    record.first_chunk().map_or(0, |bytes| u16::from_ne_bytes(*bytes))
}

/// The sessions of users in a file of login records. A record cut off at the end is passed over.
#[must_use]
pub fn decode_utmp(file: &[u8], preferred: Form) -> Vec<User> {
    let form = Form::of(file, preferred);
    file.chunks_exact(form.size())
        .filter(|record| record_type(record) == USER_PROCESS)
        .filter_map(|record| session(record, form))
        .collect()
}

fn session(record: &[u8], form: Form) -> Option<User> {
    // type, pid, line[32], id[4], user[32], host[256], exit status, session, seconds, microseconds.
    let text = |at: usize, length: usize| {
        let bytes = record.get(at..at.checked_add(length)?)?;
        // A text that fills its field has no end mark.
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(length);
        bytes
            .get(..end)
            .filter(|text| !text.is_empty())
            .map(|text| OsString::from_vec(text.to_vec()))
    };
    let (seconds, micros) = match form {
        Form::Short => (u64::from(u32_at(record, 340)?), u64::from(u32_at(record, 344)?)),
        Form::Long => (u64_at(record, 344)?, u64_at(record, 352)?),
    };
    let since = Duration::from_secs(seconds).checked_add(Duration::from_micros(micros))?;
    let mut user = User::new(text(44, 32)?, SystemTime::UNIX_EPOCH.checked_add(since)?);
    user.terminal = text(8, 32);
    user.host = Some(super::host(text(76, 256)));
    user.pid = u32_at(record, 4).filter(|pid| *pid != 0).and_then(Pid::new);
    Some(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(form: Form, kind: u16, name: &[u8], line: &[u8], host: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; form.size()];
        bytes[..2].copy_from_slice(&kind.to_ne_bytes());
        bytes[4..8].copy_from_slice(&77u32.to_ne_bytes());
        bytes[8..8 + line.len()].copy_from_slice(line);
        bytes[44..44 + name.len()].copy_from_slice(name);
        bytes[76..76 + host.len()].copy_from_slice(host);
        match form {
            Form::Short => {
                bytes[340..344].copy_from_slice(&3_000_000_000u32.to_ne_bytes());
                bytes[344..348].copy_from_slice(&5u32.to_ne_bytes());
            }
            Form::Long => {
                bytes[344..352].copy_from_slice(&3_000_000_000u64.to_ne_bytes());
                bytes[352..360].copy_from_slice(&5u64.to_ne_bytes());
            }
        }
        bytes
    }

    #[test]
    fn users_are_only_sessions_of_users() {
        let file: Vec<u8> =
            (0..=9).flat_map(|kind| record(Form::Short, kind, b"ann", b"pts/0", b"h")).collect();
        let all = decode_utmp(&file, Form::Short);
        assert_eq!(all.len(), 1);
        let user = &all[0];
        assert_eq!(
            (user.name.clone(), user.terminal.clone(), user.pid),
            ("ann".into(), Some("pts/0".into()), Pid::new(77))
        );
        // Beyond 2038: the 32 bits hold a number without a sign.
        assert_eq!(
            user.started,
            SystemTime::UNIX_EPOCH + Duration::from_micros(3_000_000_000_000_005)
        );
    }

    #[test]
    fn users_of_this_machine_come_from_localhost() {
        for host in [&b""[..], b":0", b":0.0"] {
            let all = decode_utmp(&record(Form::Short, 7, b"ann", b"tty1", host), Form::Short);
            assert_eq!(all[0].host, Some("localhost".into()));
        }
        let all = decode_utmp(&record(Form::Short, 7, b"ann", b"tty1", b":1"), Form::Short);
        assert_eq!(all[0].host, Some(":1".into()));
    }

    #[test]
    fn users_fields_may_lack_a_terminator_and_a_terminal_may_be_missing() {
        let all = decode_utmp(&record(Form::Short, 7, &[b'n'; 32], b"", &[b'h'; 256]), Form::Short);
        assert_eq!(all[0].name, OsString::from("n".repeat(32)));
        assert_eq!(all[0].host, Some(OsString::from("h".repeat(256))));
        assert_eq!(all[0].terminal, None);
    }

    #[test]
    fn the_form_is_known_by_what_fits() {
        let long =
            [record(Form::Long, 8, b"", b"", b""), record(Form::Long, 7, b"bob", b"pts/1", b"")]
                .concat();
        for preferred in [Form::Short, Form::Long] {
            let all = decode_utmp(&long, preferred);
            assert_eq!(all.len(), 1);
            assert_eq!(
                (all[0].name.clone(), all[0].started),
                (
                    "bob".into(),
                    SystemTime::UNIX_EPOCH + Duration::from_micros(3_000_000_000_000_005)
                )
            );
        }
    }

    #[test]
    fn a_record_cut_off_is_passed_over() {
        let mut file = record(Form::Short, 7, b"ann", b"", b"");
        file.extend_from_slice(&file.clone()[..100]);
        assert_eq!(decode_utmp(&file, Form::Short).len(), 1);
        assert!(decode_utmp(b"", Form::Long).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1300)) {
            for form in [Form::Short, Form::Long] {
                let _ = decode_utmp(&bytes, form);
            }
        }
    }
}
