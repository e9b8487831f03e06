//! Tests that where the quick road is closed another one leads to the same answer.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::ops::ControlFlow;

use ps_core::net::{Connection, ConnectionKind, ConnectionQuery};
use ps_core::process::{Ran, Record};
use ps_core::{CpuBackend, Fields, NetBackend, Pid, ProcessBackend, Scanner};

use crate::Linux;
use crate::process::fd;
use crate::sys::file as sys;
use crate::sys::refuse::{Call, refuse};

const NETLINK: Call = (libc::SYS_socket, Some(libc::AF_NETLINK.unsigned_abs()));

/// What is answered by a thread to which calls are refused; `None` where nothing can be refused.
fn without<T: Send>(calls: &[Call], errno: i32, ask: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| match refuse(calls, errno) {
            Ok(()) => Some(ask()),
            Err(error) => {
                eprintln!("SKIPPED: no call can be refused here: {error}");
                None
            }
        });
        refused.join().expect("answers")
    })
}

fn me() -> Pid {
    Pid::try_from(std::process::id()).expect("in range")
}

#[test]
fn sockets_are_the_same_from_the_tables_as_from_netlink() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let address = listener.local_addr().expect("has one");
    let one = TcpStream::connect(address).expect("connects");
    let other = listener.accept().expect("accepts");
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("binds");
    // Not everywhere.
    let six = (TcpListener::bind("[::1]:0"), UdpSocket::bind("[::1]:0"));
    let linux = Linux::new();
    let ask = || {
        let query = ConnectionQuery::new(ConnectionKind::Inet);
        let mut all = linux.connections(&query).expect("listed");
        all.retain(|socket| socket.pid == Some(me()));
        all.sort_by_key(|socket| socket.inode);
        all
    };
    let Some(from_tables) = without(&[NETLINK], libc::EACCES, ask) else { return };
    let mine = |all: &[Connection], port| {
        let port = Some(port);
        let of = |socket: &&Connection| {
            socket.local.as_ref().and_then(|end| end.port()) == port
                || socket.remote.as_ref().and_then(|end| end.port()) == port
        };
        all.iter().filter(of).cloned().collect::<Vec<_>>()
    };
    let ports = [
        address.port(),
        datagrams.local_addr().expect("has one").port(),
        six.0.as_ref().ok().and_then(|one| one.local_addr().ok()).map_or(0, |one| one.port()),
        six.1.as_ref().ok().and_then(|one| one.local_addr().ok()).map_or(0, |one| one.port()),
    ];
    let by_netlink = ask();
    for port in ports.into_iter().filter(|port| *port != 0) {
        assert_eq!(mine(&from_tables, port), mine(&by_netlink, port));
    }
    assert_eq!(mine(&from_tables, address.port()).len(), 3);
    drop((one, other, six));
}

#[test]
fn traffic_comes_from_the_table_where_netlink_is_refused() {
    let linux = Linux::new();
    let ask = || linux.net_io_counters_per_interface().expect("told");
    let Some(from_table) = without(&[NETLINK], libc::EACCES, ask) else { return };
    let by_netlink = ask();
    assert_eq!(from_table.keys().collect::<Vec<_>>(), by_netlink.keys().collect::<Vec<_>>());
    for (name, before) in &from_table {
        assert!(by_netlink[name].bytes_recv >= before.bytes_recv, "{name:?}");
    }
}

fn scan(linux: &Linux, fields: Fields, last: Option<Ran>) -> (Record, Ran) {
    let mut found = None;
    let mut scanner = linux.scanner().expect("lists");
    let visit = &mut |row: &ps_core::Row<'_>, ran| {
        if row.pid == me() {
            found = Some((row.to_record(), ran));
        }
        ControlFlow::Continue(())
    };
    scanner.scan_changed(fields, &mut |_| last, visit).expect("scans");
    found.expect("listed")
}

#[test]
fn users_come_from_status_where_there_are_no_descriptors_of_processes() {
    let linux = Linux::new();
    let fields = Fields::UIDS | Fields::GIDS | Fields::EFFECTIVE_UID | Fields::USERNAME;
    for errno in [libc::ENOSYS, libc::EPERM, libc::EMFILE] {
        let ask = || scan(&linux, fields, None).0;
        let Some(from_status) = without(&[(libc::SYS_pidfd_open, None)], errno, ask) else {
            return;
        };
        assert!(from_status.uids.is_ok() && from_status.username.is_ok());
        assert_eq!(from_status, ask());
    }
}

#[test]
fn everything_is_read_where_clocks_of_processes_are_refused() {
    let linux = Linux::new();
    let (free, ran) = scan(&linux, Fields::TOP, None);
    assert!(free.name.is_ok());
    let ask = || scan(&linux, Fields::TOP, Some(ran));
    let asked = without(&[(libc::SYS_clock_gettime, None)], libc::EPERM, ask);
    let Some((record, told)) = asked else { return };
    if told.clock.is_some() {
        eprintln!("SKIPPED: clocks are asked for by another call here");
        return;
    }
    assert!(!told.unchanged);
    assert!(record.missing().is_empty() && record.rss.is_ok(), "{record:?}");
}

#[test]
fn load_comes_from_the_file_where_the_call_is_refused() {
    let linux = Linux::new();
    let ask = || linux.load_average().expect("told");
    let Some(from_file) = without(&[(libc::SYS_sysinfo, None)], libc::EPERM, ask) else { return };
    let by_call = ask();
    // The file is rounded to hundredths, and others go on working.
    assert!((from_file.fifteen - by_call.fifteen).abs() < 1.0, "{from_file:?} {by_call:?}");
}

#[test]
fn descriptors_are_counted_one_by_one_where_the_directory_has_no_size() {
    let linux = Linux::new();
    let pin = std::fs::File::open("/dev/null").expect("opens");
    let held: Vec<_> = (0..600).map_while(|_| pin.try_clone().ok()).collect();
    let mut child = std::process::Command::new("cat");
    let mut child = child.stdin(std::process::Stdio::piped()).spawn().expect("starts");
    // This directory has as many entries as the other, and never a size.
    let dir = |pid: u32| {
        let path =
            crate::process::path::PidPath::of(Pid::new(pid).expect("in range")).dir().to_owned();
        sys::open_place(linux.proc().expect("opens"), &path).expect("opens")
    };
    for pid in [std::process::id(), child.id()] {
        let mut block = vec![0; fd::BLOCK];
        let mut count = |name| fd::count(dir(pid), name, &mut block).expect("counts");
        // Others of this program open and close some meanwhile.
        let same = (0..200).any(|_| count(c"fd") == count(c"fdinfo"));
        assert!(same, "{} {}", count(c"fd"), count(c"fdinfo"));
    }
    drop((child.stdin.take(), held));
    child.wait().expect("ends");
}
