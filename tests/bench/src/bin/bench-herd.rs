//! One process of the herd: becomes what it is told to be, says so, and waits for the end.
//!
//! All of them share one pipe as standard input, of which the benchmark holds the other end: however the
//! benchmark ends, they see the end of it. Whoever cannot see it, being stopped, ends with its parent.

use std::ffi::OsString;
use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ps_bench::herd::{Fate, Member, ROLE};
use ps_bench::sys;

fn main() {
    let role = std::env::var(ROLE).unwrap_or_default();
    let words: Vec<&str> = role.split(' ').collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(0);
    match words.first().copied() {
        Some("member") => member(&Member::new(number(1)), number(2), number(3) == 1),
        Some("sockets") => sockets(number(1)),
        Some("maps") => maps(number(1), number(2)),
        Some("chameleon") => chameleon(number(1)),
        _ => eprintln!("this program is started by the benchmark"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    // One write, so that lines of different processes do not mix.
    let _ = out.write_all(format!("{line}\n").as_bytes());
    let _ = out.flush();
}

fn wait_for_the_end() {
    let mut one = [0];
    while std::io::stdin().read(&mut one).is_ok_and(|got| got > 0) {}
}

fn member(me: &Member, herd: usize, choose_users: bool) {
    let _ = std::fs::write("/proc/self/comm", &me.name[..me.name.len().min(15)]);
    let end = Instant::now() + Duration::from_millis(me.spins);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
    let mut pages = vec![0u8; me.pages * 4096];
    pages.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    for _ in 1..me.threads {
        let thread = std::thread::Builder::new().stack_size(16 * 1024);
        thread
            .spawn(|| {
                loop {
                    std::thread::park();
                }
            })
            .expect("a thread");
    }
    if me.stirs {
        let thread = std::thread::Builder::new().stack_size(16 * 1024);
        let doze = || loop {
            std::thread::sleep(Duration::from_millis(5))
        };
        thread.spawn(doze).expect("a thread");
    }
    if choose_users && me.uid != 0 {
        assert!(sys::become_user(me.uid), "becomes user {}", me.uid);
    }
    sys::end_with_parent();
    let mut below: Vec<Child> = me
        .children(herd)
        .map(|index| {
            let child = Member::new(index);
            Command::new("/proc/self/exe")
                .arg0(&child.arguments[0])
                .args(&child.arguments[1..])
                .env_clear()
                .env(ROLE, format!("member {index} {herd} {}", u8::from(choose_users)))
                .spawn()
                .expect("a child")
        })
        .collect();
    say(&format!("{} {}", me.index, std::process::id()));
    match me.fate {
        Fate::Ends => return,
        Fate::Stops => sys::stop(),
        Fate::Sleeps => {}
    }
    wait_for_the_end();
    // Leaders end by themselves as this one did; those that are stopped, or have ended, are collected here.
    for child in &mut below {
        if me.index != 0 {
            let _ = child.kill();
        }
        let _ = child.wait();
    }
    drop(pages);
}

fn sockets(count: usize) {
    sys::end_with_parent();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut held = Vec::new();
    let mut line = String::from("ports");
    for _ in 0..count {
        let one = TcpStream::connect(address).expect("a connection");
        let (other, _) = listener.accept().expect("its other end");
        let port = one.local_addr().expect("an address").port();
        line.push_str(&format!(" {port}"));
        held.push((one, other));
    }
    say(&format!("{line} listens {}", address.port()));
    wait_for_the_end();
}

fn maps(count: usize, pages: usize) {
    sys::end_with_parent();
    assert!(sys::make_mappings(count, pages), "mappings");
    say("ready");
    wait_for_the_end();
}

/// Runs itself anew, by another path and with other arguments, whenever a line comes in.
fn chameleon(generation: usize) {
    sys::end_with_parent();
    let _ = std::fs::write("/proc/self/comm", format!("cham-{generation}"));
    say(&format!("generation {generation}"));
    let mut line = String::new();
    // Read without a buffer that the next program would not get.
    let mut input = std::io::BufReader::with_capacity(1, std::io::stdin());
    if input.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let next = generation + 1;
    let here = std::env::current_exe().expect("its own path");
    let program = here.with_file_name(if next.is_multiple_of(2) { "even" } else { "odd" });
    let arguments: [OsString; 2] = ["--generation".into(), next.to_string().into()];
    let error = Command::new(program)
        .arg0(format!("cham-{next}"))
        .args(arguments)
        .env(ROLE, format!("chameleon {next}"))
        .stdin(Stdio::inherit())
        .exec();
    eprintln!("cannot run itself anew: {error}");
}
