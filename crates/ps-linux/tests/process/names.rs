//! Names, programs, directories, arguments, environments, terminals.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ps_linux::process::{ProcessBackend, ProcessView};
use ps_linux::{Linux, Roots};

use crate::herd::{self, Member};
use crate::{Place, is_denied, is_zombie, pid, view};

#[test]
fn name_may_hold_blanks_parentheses_newlines_and_stray_bytes() {
    for name in [&b"a) R 1 (b"[..], b"one\ntwo", b"\xff\xfe ((", b") ", b"x"] {
        let member = Member::named(name);
        let view = view(member.id());
        assert_eq!(herd::bytes(&view.name().expect("readable")), name);
        assert_eq!(view.ppid().expect("readable"), Some(pid(std::process::id())));
        let threads = view.threads().expect("listed");
        assert_eq!(threads[0].name.as_deref(), Some(OsStr::from_bytes(name)));
    }
}

#[test]
fn name_that_the_kernel_cut_is_completed_by_the_first_argument() {
    let place = Place::new("cut");
    let program = place.copy_of_us("a-name-longer-than-the-kernel-keeps");
    let member = Member::start_program(&program, "wait");
    let view = view(member.id());
    assert_eq!(view.comm().expect("readable"), "a-name-longer-t");
    assert_eq!(view.name().expect("readable"), "a-name-longer-than-the-kernel-keeps");
    let ended = member.into_zombie();
    let view = crate::view(ended.id());
    assert_eq!(view.name().expect("readable"), "a-name-longer-t");
}

#[test]
fn name_is_read_anew_each_time() {
    let linux = Linux::new();
    let me = format!("/proc/self/task/{}/comm", nix::unistd::gettid());
    let tid = u32::try_from(nix::unistd::gettid().as_raw()).expect("positive");
    let name = || linux.view_of(pid(tid)).comm().expect("readable");
    std::fs::write(&me, "first").expect("renames");
    assert_eq!(name(), "first");
    std::fs::write(&me, "second").expect("renames");
    assert_eq!(name(), "second");
}

#[test]
fn program_that_was_removed_keeps_its_path_without_the_mark() {
    let place = Place::new("removed");
    let program = place.copy_of_us("gone");
    let member = Member::start_program(&program, "wait");
    std::fs::remove_file(&program).expect("removed");
    let look = view(member.id());
    assert_eq!(look.exe().expect("readable"), Some(program.clone()));
    // The mappings of the program lose the mark too.
    let maps = look.memory_maps().expect("readable");
    assert!(maps.iter().any(|map| map.path.as_deref() == Some(program.as_os_str())));
    // A file that really bears the name with the mark is what it says.
    let odd = place.copy_of_us("x (deleted)");
    let member = Member::start_program(&odd, "wait");
    assert_eq!(view(member.id()).exe().expect("readable"), Some(odd));
}

#[test]
fn directory_that_was_removed_keeps_its_path_without_the_mark() {
    let place = Place::new("cwd");
    let inside = place.file("in side");
    std::fs::create_dir(&inside).expect("made");
    let member = Member::start_with("wait", |command| {
        command.current_dir(&inside);
    });
    assert_eq!(view(member.id()).cwd().expect("readable"), Some(inside.clone()));
    std::fs::remove_dir(&inside).expect("removed");
    assert_eq!(view(member.id()).cwd().expect("readable"), Some(inside));
    assert_eq!(view(member.id()).root().expect("readable"), Some("/".into()));
}

#[test]
fn program_with_an_odd_name_is_shown_whole() {
    let place = Place::new("odd");
    let name = OsString::from_vec(b"a (b\xff) \n".to_vec());
    let program = place.copy_of_us(&name);
    let member = Member::start_program(&program, "wait");
    let view = view(member.id());
    assert_eq!(view.exe().expect("readable"), Some(program.clone()));
    assert_eq!(view.name().expect("readable"), name);
    // One argument with blanks: the name of the program, not a title.
    assert_eq!(view.cmdline().expect("readable"), [program.as_os_str()]);
}

#[test]
fn arguments_keep_empty_ones_and_stray_bytes() {
    let arguments = ["", "a b", "", ""].map(OsString::from);
    let stray = OsString::from_vec(b"\xff=\n".to_vec());
    let member = Member::start_with("wait", |command| {
        command.arg(&stray).args(&arguments);
    });
    let read = view(member.id()).cmdline().expect("readable");
    assert_eq!(read.get(1), Some(&stray));
    assert_eq!(read.get(2..), Some(&arguments[..]));
    let raw = view(member.id()).cmdline_raw().expect("readable");
    assert!(raw.ends_with(b"\0\xff=\n\0\0a b\0\0\0"));
}

#[test]
fn arguments_longer_than_a_page_are_read_to_the_end() {
    let long = "x".repeat(50_000);
    let member = Member::start_with("wait", |command| {
        command.args([&long, &long, "end"]);
    });
    let read = view(member.id()).cmdline().expect("readable");
    assert_eq!(read.len(), 4);
    assert_eq!(read[2].len(), 50_000);
    assert_eq!(read[3], "end");
    let mut rows = Vec::new();
    let mut scanner = Linux::new().scanner().expect("made");
    ps_linux::Scanner::scan(&mut scanner, ps_linux::Fields::CMDLINE, &mut |row| {
        if row.pid.get() == member.id() {
            rows.push(row.to_record().cmdline);
        }
        std::ops::ControlFlow::Continue(())
    })
    .expect("scans");
    assert_eq!(rows, [Ok(read)]);
}

#[test]
fn title_written_over_the_arguments_is_taken_apart_at_blanks() {
    let titled = |title: &[u8], arg0: &str, arguments: &[&str]| {
        let mut command = Command::new(std::env::current_exe().expect("known"));
        command.arg0(arg0).args(arguments);
        let digits: String = title.iter().map(|byte| format!("{byte:02x}")).collect();
        let member = Member::start_command(command, &format!("title:{digits}"));
        view(member.id()).cmdline().expect("readable")
    };
    let words = ["nginx:", "master", "process"].map(OsString::from);
    // One argument, as long as the title.
    assert_eq!(titled(b"nginx: master process", "xxxxxxxxxxxxxxxxxxxxx", &[]), words);
    // Shorter than the arguments were: what follows are empty ones, and nothing is taken apart.
    let padded = titled(b"nginx: master process", "x", &["twenty bytes and more of arguments"]);
    assert_eq!(padded.first(), Some(&OsString::from("nginx: master process")));
    assert!(padded.len() > 1 && padded[1..].iter().all(|one| one.is_empty()));
    // Longer than the arguments were, so that the NUL at their end is overwritten.
    let filled = titled(b"y y y y y y y y y y y y y y y y", "xxxxxxxx", &[]);
    assert_eq!(filled.get(..4), Some(&["y", "y", "y", "y"].map(OsString::from)[..]));
}

#[test]
fn first_argument_tells_the_program_where_the_link_does_not() {
    if !crate::may(&["setuid"], "starting a process as another user") {
        return;
    }
    // Another user may not read the link of our process, but its arguments.
    let place = Place::new("guess");
    let out = place.file("out");
    let us = std::env::current_exe().expect("known");
    const TARGET: &str = "PS_GUESS";
    if let Some(target) = std::env::var_os(TARGET) {
        println!("{target:?}");
    }
    let absolute = Member::start_command(Command::new(&us), "wait");
    let relative = {
        let mut command = Command::new(&us);
        command.arg0("relative");
        Member::start_command(command, "wait")
    };
    let zombie = Member::start("wait").into_zombie();
    let script = format!(
        "exec setpriv --reuid 65534 --regid 65534 --clear-groups {} --exact \
         names::guess_as_somebody_else --nocapture > {} 2>&1",
        us.display(),
        out.display(),
    );
    let status = Command::new("sh")
        .args(["-c", &script])
        .env("PS_GUESS_ABSOLUTE", absolute.id().to_string())
        .env("PS_GUESS_RELATIVE", relative.id().to_string())
        .env("PS_GUESS_ZOMBIE", zombie.id().to_string())
        .status();
    let said = std::fs::read_to_string(&out).unwrap_or_default();
    if !said.contains("running 1 test") {
        return ps_tests::skip!("cannot start a program as another user here: {said}");
    }
    assert!(status.is_ok_and(|status| status.success()), "{said}");
}

#[test]
fn guess_as_somebody_else() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (Some(absolute), Some(relative), Some(zombie)) =
        (number("PS_GUESS_ABSOLUTE"), number("PS_GUESS_RELATIVE"), number("PS_GUESS_ZOMBIE"))
    else {
        // Only the test before starts this program so that there is something to guess.
        return;
    };
    let us = std::env::current_exe().expect("known");
    assert_eq!(view(absolute).exe().expect("guessed"), Some(us));
    assert!(is_denied(view(relative).exe()));
    assert!(is_denied(view(absolute).cwd()));
    assert!(is_denied(view(absolute).environ()));
    assert!(is_denied(view(absolute).memory_maps()));
    assert!(is_denied(view(absolute).memory_footprint()));
    assert!(is_denied(view(absolute).num_fds()));
    assert!(is_denied(view(absolute).io_counters()));
    assert!(is_denied(view(absolute).namespaces()));
    // That a zombie has no links is told to everybody; what it may have had is refused.
    assert!(is_zombie(view(zombie).exe()) && is_zombie(view(zombie).cwd()));
    assert!(is_zombie(view(zombie).root()) && is_zombie(view(zombie).cmdline()));
    assert!(is_denied(view(zombie).environ()) && is_denied(view(zombie).num_fds()));
    let mut rows = Vec::new();
    let mut scanner = Linux::new().scanner().expect("made");
    ps_linux::Scanner::scan(&mut scanner, ps_linux::Fields::EXE, &mut |row| {
        if [absolute, relative].contains(&row.pid.get()) {
            rows.push(row.to_record().exe);
        }
        std::ops::ControlFlow::Continue(())
    })
    .expect("scans");
    assert!(rows.iter().any(|exe| matches!(exe, Ok(Some(_)))), "{rows:?}");
    assert!(rows.contains(&Err(ps_linux::Missing::Denied)), "{rows:?}");
}

#[test]
fn environment_is_that_of_the_start() {
    let odd = OsString::from_vec(b"\xff=x".to_vec());
    let member = Member::start_with("wait", |command| {
        command.env("PS_ODD", &odd).env("PS_EMPTY", "");
    });
    let environ = view(member.id()).environ().expect("readable");
    assert_eq!(environ.get("PS_ODD"), Some(odd.as_os_str()));
    assert_eq!(environ.get("PS_EMPTY"), Some(OsStr::new("")));
    assert_eq!(environ.get("PS_NONE"), None);
}

#[test]
fn groups_and_mask_are_those_it_was_given() {
    let member = Member::start("umask");
    let view = view(member.id());
    assert_eq!(view.umask().expect("readable"), Some(0o27));
    let groups: Vec<u32> = nix::unistd::getgroups()
        .expect("known")
        .into_iter()
        .map(nix::unistd::Gid::as_raw)
        .collect();
    let read: Vec<u32> =
        view.groups().expect("readable").into_iter().map(ps_linux::Gid::get).collect();
    assert_eq!(read, groups);
    // The kernel says 0 of a group or a session whose leader is outside of the pid namespace.
    let told = |told: nix::Result<nix::unistd::Pid>| {
        Some(told.expect("known").as_raw().unsigned_abs()).filter(|&raw| raw != 0).map(pid)
    };
    assert_eq!(view.pgid().expect("readable"), told(nix::unistd::getpgid(None)));
    assert_eq!(view.sid().expect("readable"), told(nix::unistd::getsid(None)));
}

#[test]
fn signals_held_back_ignored_and_pending_are_told_apart() {
    use ps_linux::Signal;
    let member = Member::start("signals");
    let masks = view(member.id()).signal_masks().expect("readable");
    let blocked = masks.blocked.expect("told");
    assert!(blocked.contains(Signal::Usr1) && blocked.contains(Signal::RealTime(3)));
    assert!(!blocked.contains(Signal::Usr2));
    assert!(masks.ignored.contains(Signal::Usr2));
    assert!(masks.pending.expect("told").contains(Signal::Usr1));
    assert!(!masks.caught.contains(Signal::Usr1));
}

/// A terminal of our own, with a process that has it.
fn on_a_terminal() -> Option<(std::process::Child, PathBuf, nix::pty::OpenptyResult)> {
    let pty = nix::pty::openpty(None, None).ok()?;
    let path = nix::unistd::ttyname(&pty.slave).ok()?;
    // `setsid -c` makes what it starts the leader of a session with this terminal.
    let child = Command::new("setsid")
        .args(["-c", "sleep", "600"])
        .stdin(pty.slave.try_clone().ok()?)
        .spawn()
        .ok()?;
    Some((child, path, pty))
}

#[test]
fn terminal_is_known_by_its_path_even_one_opened_after_the_first_look() {
    let linux = Linux::new();
    // Number 0 is none.
    let stat = std::fs::read_to_string("/proc/1/stat").expect("readable");
    let number = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(4));
    let device = linux.view_of(pid(1)).terminal_device().expect("readable");
    assert_eq!(device.is_none(), number == Some("0"), "{stat}");
    for _ in 0..2 {
        let Some((mut child, path, _pty)) = on_a_terminal() else {
            return ps_tests::skip!("no terminal can be made here");
        };
        let look = || linux.view_of(pid(child.id())).terminal_device().expect("readable");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while look().is_none() && std::time::Instant::now() < until {
            std::thread::yield_now();
        }
        let view = linux.view_of(pid(child.id()));
        let mut found = view.terminal().expect("readable");
        if found.is_none() {
            // Not looked for again within a second.
            std::thread::sleep(std::time::Duration::from_millis(1100));
            found = linux.view_of(pid(child.id())).terminal().expect("readable");
        }
        assert_eq!(found.as_deref(), Some(path.as_path()));
        let elsewhere = Linux::at(Roots { dev: "/nowhere".into(), ..Roots::default() });
        assert_eq!(elsewhere.view_of(pid(child.id())).terminal().expect("readable"), None);
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[test]
fn link_of_a_relative_program_is_absolute() {
    let exe = view(std::process::id()).exe().expect("readable").expect("has one");
    assert!(exe.is_absolute() && Path::new(&exe).is_file());
}
