//! Login sessions, from the file that `utmp(5)` describes.

use ps_core::host::User;
use ps_core::raw::{Record, each, text};

use crate::decode::clock::Moment;
use crate::decode::host::session;
use crate::raw::openbsd::host::Utmp;

/// The sessions in the file: one record for each terminal, free ones without a name. Which process keeps a session is
/// not recorded. A record that is being written, and so is cut short at the end, is no session yet.
#[must_use]
pub fn users(file: &[u8]) -> Vec<User> {
    each::<Utmp>(file, Utmp::LAYOUT.size)
        .flatten()
        .filter_map(|record| {
            session(
                text(&record.ut_name),
                text(&record.ut_line),
                text(&record.ut_host),
                Moment::from_micros(record.ut_time, 0),
                None,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_as_sessions() {
        use std::ffi::OsStr;
        use std::time::{Duration, UNIX_EPOCH};

        let file = include_bytes!("../../../fixtures/records/openbsd-sessions.bin");
        let users = users(file);
        assert_eq!(users.len(), 2, "a place that is free is no session");
        assert_eq!((users[0].name.to_str(), users[0].pid), (Some("jo"), None));
        assert_eq!(users[0].terminal.as_deref(), Some(OsStr::new("ttyC0")));
        assert_eq!(users[0].host.as_deref(), Some(OsStr::new("localhost")));
        assert_eq!(users[0].started, UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        // Fields that are full have no NUL at their end.
        assert_eq!(users[1].terminal.as_deref(), Some(OsStr::new("ttyp0123")));
        assert_eq!(users[1].host.as_ref().map(|host| host.len()), Some(256));
    }

    #[test]
    fn a_file_cut_anywhere_has_its_whole_sessions_only() {
        let mut record = Utmp::zeroed();
        record.ut_name[..2].copy_from_slice(b"jo");
        let file = [record.to_bytes(), record.to_bytes()].concat();
        for length in 0..=file.len() {
            assert_eq!(users(&file[..length]).len(), length / 304, "{length}");
        }
    }

    #[test]
    fn odd_times_and_names_do_not_panic() {
        let record = Utmp { ut_name: [0xff; 32], ut_time: i64::MIN, ..Utmp::zeroed() };
        assert_eq!(users(&record.to_bytes()).len(), 1);
    }
}
