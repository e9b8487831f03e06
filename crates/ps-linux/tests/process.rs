//! Looking at real processes.

#![cfg(target_os = "linux")]

use std::ops::ControlFlow;

use ps_linux::process::{Handle, ProcessBackend, ProcessView, number_as_name};
use ps_linux::{Fields, HostBackend, Linux, Scanner};

#[test]
fn a_row_and_a_view_tell_the_same_of_every_process() {
    let linux = Linux::new();
    let mut scanner = linux.scanner().expect("scanner");
    let mut rows = Vec::new();
    scanner
        .scan(Fields::SCANNABLE, &mut |row| {
            rows.push(row.to_record());
            ControlFlow::Continue(())
        })
        .expect("scans");
    assert!(rows.iter().any(|row| row.pid.get() == std::process::id()));
    for row in rows {
        let handle = Handle::new(row.identity.expect("readable"));
        let record = linux.view(&handle).record(Fields::SCANNABLE, &mut |uid| {
            Ok(linux.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)))
        });
        let Ok(record) = record else { continue };
        for (name, a, b) in [
            ("name", format!("{:?}", row.name), format!("{:?}", record.name)),
            ("exe", format!("{:?}", row.exe), format!("{:?}", record.exe)),
            ("cwd", format!("{:?}", row.cwd), format!("{:?}", record.cwd)),
            ("cmdline", format!("{:?}", row.cmdline), format!("{:?}", record.cmdline)),
        ] {
            assert_eq!(a, b, "{name} of {}", row.pid);
        }
    }
}
