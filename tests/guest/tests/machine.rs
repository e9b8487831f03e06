//! What tests may count on inside a machine; elsewhere there is nothing to look at.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

/// The machine's name; says why the test is skipped if this is none.
fn machine() -> Option<String> {
    let name = std::env::var("PS_VM").ok();
    if name.is_none() {
        ps_tests::skip!("not inside a machine of `cargo xtask vm`");
    }
    name
}

/// The numbers after a word of `/proc/self/status`.
fn status(word: &str) -> Vec<u32> {
    let text = fs::read_to_string("/proc/self/status").expect("reads");
    let line = text.lines().find_map(|line| line.strip_prefix(word)).expect("has the word");
    line.split_ascii_whitespace().map(|number| number.parse().expect("is a number")).collect()
}

#[test]
fn every_user_has_its_own_number_and_no_groups_of_root() {
    let Some(_) = machine() else { return };
    let uid = status("Uid:")[0];
    assert!(uid == 0 || uid == 65534, "{uid}");
    assert_eq!(status("Uid:"), [uid; 4]);
    assert_eq!(status("Gid:"), [uid; 4]);
    assert_eq!(status("Groups:"), [0; 0]);
}

#[test]
fn connections_over_loopback_work_in_both_families() {
    let Some(_) = machine() else { return };
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(address).expect(address);
        let address = listener.local_addr().expect("has an address");
        let sender = thread::spawn(move || TcpStream::connect(address)?.write_all(b"x"));
        let mut text = Vec::new();
        listener.accept().expect("accepts").0.read_to_end(&mut text).expect("reads");
        sender.join().expect("ends").expect("sends");
        assert_eq!(text, b"x");
    }
}

#[test]
fn commands_that_tests_start_are_there() {
    let Some(_) = machine() else { return };
    for (command, arguments) in
        [("sh", &["-c", "exit 0"][..]), ("sleep", &["0"]), ("cat", &["/dev/null"]), ("true", &[])]
    {
        assert!(Command::new(command).args(arguments).status().expect(command).success());
    }
}

#[test]
fn scratch_files_and_shared_memory_can_be_written_by_anybody() {
    let Some(_) = machine() else { return };
    for directory in ["/tmp", "/dev/shm"] {
        let path = Path::new(directory).join(format!("machine-{}", std::process::id()));
        fs::write(&path, "x").expect(directory);
        fs::remove_file(path).expect(directory);
    }
}

#[test]
fn tests_run_in_their_packages_directory() {
    let Some(_) = machine() else { return };
    let here = std::env::current_dir().expect("has one");
    assert_eq!(here, Path::new(env!("CARGO_MANIFEST_DIR")));
}
