//! Passes over all processes, by each road.

use super::*;
use crate::sys::refuse::without;
use ps_core::process::{ProcessBackend, Record};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn every_road_to_users_and_resident_memory_tells_the_same() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a child");
    // Until it waits for input, it still grows.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let linux = Linux::new();
    let mut told = Vec::new();
    let ids = Fields::UIDS | Fields::GIDS | Fields::USERNAME | Fields::RSS;
    for (need_status, fields) in [
        (false, ids),
        (true, ids),
        (true, ids | Fields::MEMORY_INFO),
        (false, ids | Fields::CONTEXT_SWITCHES),
    ] {
        let mut scanner = LinuxScanner::new(linux.clone()).expect("a scanner");
        scanner.files.ids_need_status = need_status;
        scanner
            .scan(fields, &mut |row| {
                if row.pid.get() == child.id() {
                    let name = row.username.map(OsStr::to_owned);
                    told.push((row.uids, row.gids, row.rss, name));
                }
                ControlFlow::Continue(())
            })
            .expect("a scan");
    }
    drop(child.stdin.take());
    child.wait().expect("it ends");
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|one| one.0.is_ok() && one.2.is_ok_and(|rss| rss > 0)), "{told:?}");
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
}

/// The row about this program, and what came with it.
fn row_of_mine(linux: &Linux, fields: Fields, last: Option<Ran>) -> (Record, Ran) {
    let mut found = None;
    let mut scanner = linux.scanner().expect("lists");
    let visit = &mut |row: &Row<'_>, ran| {
        if row.pid.get() == std::process::id() {
            found = Some((row.to_record(), ran));
        }
        ControlFlow::Continue(())
    };
    scanner.scan_changed(fields, Some(&mut |_| last), visit).expect("scans");
    found.expect("listed")
}

#[test]
fn users_come_from_status_where_there_are_no_descriptors_of_processes() {
    let linux = Linux::new();
    let fields = Fields::UIDS | Fields::GIDS | Fields::EFFECTIVE_UID | Fields::USERNAME;
    for errno in [libc::ENOSYS, libc::EPERM, libc::EMFILE] {
        let ask = || row_of_mine(&linux, fields, None).0;
        let Some(from_status) = without(&[(libc::SYS_pidfd_open, None)], errno, ask) else {
            return;
        };
        assert!(from_status.uids.is_ok() && from_status.username.is_ok());
        assert_eq!(from_status, ask());
    }
}

/// All processes, as one sees them who has kept nothing.
fn look(scanner: &mut LinuxScanner) -> BTreeSet<Pid> {
    let mut seen = BTreeSet::new();
    let visit = &mut |row: &Row<'_>, _| {
        seen.insert(row.pid);
        ControlFlow::Continue(())
    };
    scanner.scan_changed(Fields::TOP, Some(&mut |_| None), visit).expect("scans");
    seen
}

#[test]
fn who_has_started_or_ended_is_noticed_though_lists_are_made_only_if_someone_started() {
    let mut scanner = LinuxScanner::new(Linux::new()).expect("a scanner");
    let began = Instant::now();
    loop {
        let listed = scanner.births.at_listing;
        look(&mut scanner);
        if listed.is_some() && scanner.births.at_listing == listed {
            break;
        }
        if began.elapsed() > Duration::from_secs(10) {
            return ps_tests::skip!("others start processes all the time, or hide them");
        }
    }
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a child");
    let pid = Pid::try_from(child.id()).expect("in range");
    assert!(look(&mut scanner).contains(&pid));
    child.kill().expect("its own");
    assert!(look(&mut scanner).contains(&pid));
    child.wait().expect("its own");
    assert!(!look(&mut scanner).contains(&pid));
    assert!(!look(&mut scanner).contains(&pid));
}

#[test]
fn everything_is_read_where_clocks_of_processes_are_refused() {
    let linux = Linux::new();
    let (free, ran) = row_of_mine(&linux, Fields::TOP, None);
    assert!(free.name.is_ok());
    let ask = || row_of_mine(&linux, Fields::TOP, Some(ran));
    let asked = without(&[(libc::SYS_clock_gettime, None)], libc::EPERM, ask);
    let Some((record, told)) = asked else { return };
    if told.clock.is_some() {
        ps_tests::skip!("clocks are asked for by another call here");
        return;
    }
    assert!(!told.unchanged);
    assert!(record.missing().is_empty() && record.rss.is_ok(), "{record:?}");
}
