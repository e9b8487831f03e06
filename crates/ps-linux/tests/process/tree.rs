//! Processes of another root: trees of files, as older and smaller kernels have them.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use ps_linux::process::{Handle, ProcessBackend, ProcessView, Record, number_as_name};
use ps_linux::{Error, Fields, HostBackend, Linux, LinuxView, Result, Roots, Scanner};

use crate::{Place, pid};

const STAT: &str = "77 (kept) S 1 77 77 34817 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 55 4096 1 0\n";
const STATUS: &str = "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n";

/// A tree with one process, number 77, of these files.
fn tree(name: &str, files: &[(&str, &str)]) -> (Place, Linux) {
    let place = Place::new(name);
    write(&place, "proc/77/stat", STAT);
    write(&place, "proc/77/status", STATUS);
    for (path, text) in files {
        write(&place, path, text);
    }
    let linux = Linux::at(Roots::below(&place.0));
    (place, linux)
}

fn write(place: &Place, path: impl AsRef<Path>, text: &str) {
    let path = place.file(path);
    std::fs::create_dir_all(path.parent().expect("below")).expect("made");
    std::fs::write(path, text).expect("written");
}

fn look(linux: &Linux) -> LinuxView {
    linux.view_of(pid(77))
}

#[allow(clippy::needless_pass_by_value)]
fn is_unsupported<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Unsupported { .. }))
}

#[test]
fn what_an_old_kernel_lacks_is_not_supported_and_no_sign_of_an_end() {
    let (_place, linux) = tree("old", &[]);
    let view = look(&linux);
    assert!(is_unsupported(view.io_counters()));
    assert!(is_unsupported(view.context_switches()));
    assert!(is_unsupported(view.memory_footprint()));
    assert!(is_unsupported(view.memory_maps()));
    assert!(is_unsupported(view.cgroups()));
    assert_eq!(view.umask().expect("readable"), None);
    assert_eq!(view.cpu_num().expect("readable"), None);
    assert_eq!(view.cpu_times().expect("readable").iowait, None);
    assert_eq!(view.exe().expect("no link"), None);
    assert_eq!(view.cwd().expect("no link"), None);
    // Nobody says that the process has gone.
    for error in [
        view.cmdline().expect_err("no file"),
        view.environ().expect_err("no file"),
        view.memory_info().expect_err("no file"),
        view.oom_score().expect_err("no file"),
        view.threads().expect_err("no directory"),
        view.num_fds().expect_err("no directory"),
    ] {
        assert!(!error.is_gone() && !error.is_denied(), "{error}");
        assert_eq!(error.pid(), Some(pid(77)));
    }
}

#[test]
fn footprint_comes_from_all_mappings_where_their_sum_is_missing() {
    let smaps = "1000-3000 rw-p 00000000 00:00 0\nSize: 8 kB\nRss: 8 kB\nPss: 4 kB\n\
                 Private_Dirty: 4 kB\nPrivate_Hugetlb: 2 kB\nSwap: 1 kB\nSwapPss: 9 kB\n\
                 5000-6000 r--p 00000000 00:00 0 /lib/x\nSize: 4 kB\nPss: 1 kB\nPrivate_Clean: 1 kB\n";
    let (place, linux) = tree("smaps", &[("proc/77/smaps", smaps)]);
    let whole = look(&linux).memory_footprint().expect("added up");
    assert_eq!((whole.uss, whole.pss, whole.swap), (7 * 1024, Some(5 * 1024), Some(1024)));
    assert_eq!(look(&linux).memory_maps().expect("readable").len(), 2);
    write(&place, "proc/77/smaps_rollup", "0-1 ---p 00000000 00:00 0 [rollup]\nPss: 3 kB\n");
    assert_eq!(look(&linux).memory_footprint().expect("readable").pss, Some(3 * 1024));
}

#[test]
fn an_empty_io_file_is_an_error_that_names_it() {
    let (_place, linux) = tree("io", &[("proc/77/io", "")]);
    let error = look(&linux).io_counters().expect_err("empty");
    assert!(matches!(error, Error::Decode { .. }), "{error}");
    assert!(error.path().is_some_and(|path| path.ends_with("proc/77/io")), "{error}");
}

#[test]
fn existence_goes_by_the_list_where_no_line_tells_the_group() {
    let (_place, linux) = tree("tgid", &[]);
    assert!(linux.pid_exists(pid(77)).expect("answers"));
    assert!(!linux.pid_exists(pid(78)).expect("answers"));
    let (_place, linux) = tree("thread", &[("proc/77/status", "Tgid:\t70\n")]);
    assert!(!linux.pid_exists(pid(77)).expect("answers"), "a thread");
}

#[test]
fn create_time_moves_with_the_clock_and_the_identity_does_not() {
    let (place, linux) = tree("clock", &[("proc/stat", "btime 1000\n")]);
    let created = |view: &LinuxView| {
        let since = view.create_time().expect("readable").duration_since(SystemTime::UNIX_EPOCH);
        since.expect("later") - linux.units().ticks(55)
    };
    let handle = Handle::new(linux.identify(pid(77)).expect("there"));
    assert_eq!(created(&linux.view(&handle)), Duration::from_secs(1000));
    write(&place, "proc/stat", "btime 5000\n");
    assert_eq!(created(&linux.view(&handle)), Duration::from_secs(5000));
    assert_eq!(linux.identify(pid(77)).expect("there"), handle.identity);
}

#[test]
fn user_that_is_shown_is_the_real_one() {
    let passwd = "one:x:1:1::/:/bin/sh\ntwo:x:2:2::/:/bin/sh\n";
    let (_place, linux) = tree("user", &[("etc/passwd", passwd)]);
    let mut rows: Vec<Record> = Vec::new();
    let mut scanner = linux.scanner().expect("made");
    let fields = Fields::USERNAME | Fields::UIDS;
    scanner
        .scan(fields, &mut |row| {
            rows.push(row.to_record());
            std::ops::ControlFlow::Continue(())
        })
        .expect("scans");
    assert_eq!(rows[0].username, Ok("one".into()));
    let mut name = |uid| Ok(linux.user_name(uid)?.unwrap_or_else(|| number_as_name(uid)));
    let record = look(&linux).record(fields, &mut name).expect("readable");
    assert_eq!(record.username, Ok("one".into()));
    let ids = record.uids.expect("readable");
    assert_eq!([ids.real, ids.effective, ids.saved].map(ps_linux::Uid::get), [1, 2, 3]);
    assert_eq!((look(&linux).fs_uid().expect("readable").get()), 4);
    assert_eq!((look(&linux).fs_gid().expect("readable").get()), 8);
}

#[test]
fn terminal_that_vanishes_while_they_are_listed_is_left_out() {
    let null = std::fs::metadata("/dev/null").expect("there");
    let device = std::os::unix::fs::MetadataExt::rdev(&null);
    let (place, linux) = tree("dev", &[("dev/tty-a-file", "")]);
    let stat = STAT.replace("34817", &device.to_string());
    write(&place, "proc/77/stat", &stat);
    // A name whose device has gone is one that leads nowhere.
    symlink("/nowhere/at/all", place.file("dev/tty-gone")).expect("made");
    symlink("/dev/null", place.file("dev/tty9")).expect("made");
    let found = look(&linux).terminal().expect("readable");
    assert_eq!(found, Some(place.file("dev/tty9")));
}

#[test]
fn a_record_that_makes_no_sense_names_file_and_process() {
    let (place, linux) = tree("damaged", &[]);
    write(&place, "proc/77/stat", "77 (cut");
    write(&place, "proc/77/statm", "x");
    let error = look(&linux).ppid().expect_err("cut off");
    assert!(matches!(error, Error::Decode { .. }) && error.pid() == Some(pid(77)), "{error}");
    assert!(error.path().is_some_and(|path| path.ends_with("proc/77/stat")), "{error}");
    assert!(matches!(linux.identify(pid(77)), Err(Error::Decode { .. })));
    write(&place, "proc/77/stat", STAT);
    let error = look(&linux).memory_info().expect_err("no numbers");
    assert!(error.path().is_some_and(|path| path.ends_with("proc/77/statm")), "{error}");
}
