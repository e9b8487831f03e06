//! Processes in odd states, made for tests. No part of the library: unit tests compile it, and integration
//! tests by its path.
//!
//! A program that has this module becomes a *member* when it is started with [`MODE`] in its environment: it
//! brings itself into the state that the variable names before its own `main` could run, says so on its
//! standard output, and stays until its standard input is closed, which happens at the latest when the test
//! ends.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::ffi::{CString, OsStr};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Name of the variable that says which state a member is to be in.
pub const MODE: &str = "PS_HERD_MODE";

#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    if let Some(mode) = std::env::var_os(MODE) {
        let mode = mode.to_string_lossy().into_owned();
        let (name, argument) = mode.split_once(':').unwrap_or((&mode, ""));
        become_member(name, argument);
        std::process::exit(0);
    }
}

fn ready(word: &str) {
    println!("{word}");
    let _ = io::stdout().flush();
}

fn until_told() {
    let _ = io::stdin().read(&mut [0]);
}

fn become_member(name: &str, argument: &str) {
    let count = || argument.parse::<usize>().unwrap_or(0);
    match name {
        "wait" => {}
        "name" => set_name(&from_hex(argument)),
        "title" => overwrite_arguments(&from_hex(argument)),
        "threads" => {
            for index in 0..count() {
                spawn_thread(format!("worker-{index}"));
            }
        }
        "leaderless" => {
            // The other thread goes on in the place of this one, which ends alone.
            let _ = std::thread::Builder::new().name("survivor".into()).spawn(|| {
                ready("ready");
                until_told();
                std::process::exit(7);
            });
            exit_thread();
        }
        "churn" => {
            let _ = std::thread::spawn(|| {
                loop {
                    let _ = std::thread::spawn(|| {}).join();
                }
            });
        }
        "churn-fds" => {
            let _ = std::thread::spawn(|| {
                loop {
                    let _ = std::fs::File::open("/dev/null");
                }
            });
        }
        "exec" => {
            // Becomes another program, as far as the kernel is concerned, when it is told to.
            ready("ready");
            until_told();
            return become_another(argument);
        }
        "exec-thread" => {
            // The same, but another thread than the main one does it.
            let argument = argument.to_owned();
            let _ = std::thread::spawn(move || {
                ready("ready");
                until_told();
                become_another(&argument);
            })
            .join();
            return;
        }
        "fds" => {
            for _ in 0..count() {
                match std::fs::File::open("/dev/null") {
                    Ok(file) => std::mem::forget(file),
                    Err(error) => return ready(&format!("failed {error}")),
                }
            }
        }
        "maps" => map_pages(count()),
        "parent" => {
            // A child that ends at once and is not collected.
            match Command::new("/proc/self/exe").env(MODE, "end").spawn() {
                Ok(child) => {
                    wait_for_zombie(child.id());
                    ready(&child.id().to_string());
                    until_told();
                    let mut child = child;
                    let _ = child.wait();
                    ready("collected");
                    until_told();
                    return;
                }
                Err(error) => return ready(&format!("failed {error}")),
            }
        }
        "end" => std::process::exit(0),
        "spin" => {
            ready("ready");
            let _ = std::thread::spawn(|| {
                loop {
                    std::hint::spin_loop();
                }
            });
            return until_told();
        }
        "umask" => {
            // SAFETY: the call takes and gives an integer.
            unsafe { libc::umask(0o27) };
        }
        "signals" => hold_back_signals(),
        "undumpable" => {
            // SAFETY: the call takes integers only.
            unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        }
        other => return ready(&format!("failed: no state {other}")),
    }
    ready("ready");
    until_told();
}

/// Runs another program in place of this one.
fn become_another(program: &str) {
    let (program, name) = match program {
        "" => ("/proc/self/exe", "another"),
        program => (program, program),
    };
    let error = Command::new(program).arg0(name).env(MODE, "wait").exec();
    ready(&format!("failed {error}"));
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits
        .as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn set_name(name: &[u8]) {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: the kernel reads a string that ends with a NUL and outlives the call.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Writes over the area that the arguments were put into, as programs that show a title do.
fn overwrite_arguments(title: &[u8]) {
    let stat = std::fs::read("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(|byte| *byte == b')').next().unwrap_or_default();
    let columns: Vec<u64> = String::from_utf8_lossy(after)
        .split_whitespace()
        .map(|column| column.parse().unwrap_or(0))
        .collect();
    // Columns 48 and 49 of proc(5), counted here from column 3.
    let (Some(start), Some(end)) = (columns.get(45), columns.get(46)) else { return };
    let length = usize::try_from(end.saturating_sub(*start)).unwrap_or(0);
    let mut area = vec![0; length];
    for (place, byte) in area.iter_mut().zip(title) {
        *place = *byte;
    }
    let memory = std::fs::OpenOptions::new().write(true).open("/proc/self/mem");
    if let Ok(memory) = memory {
        let _ = std::os::unix::fs::FileExt::write_at(&memory, &area, *start);
    }
}

/// Starts a thread, and goes on when it runs under its name.
fn spawn_thread(name: String) {
    let (say, hear) = std::sync::mpsc::channel();
    let started = std::thread::Builder::new().name(name).spawn(move || {
        let _ = say.send(());
        loop {
            std::thread::park();
        }
    });
    if started.is_ok() {
        let _ = hear.recv();
    }
}

fn exit_thread() -> ! {
    loop {
        // SAFETY: ends this thread alone; its stack, which the other threads do not use, stays mapped.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
}

fn map_pages(count: usize) {
    for index in 0..count {
        // Neighbours with different rights are not joined.
        let rights =
            if index % 2 == 0 { libc::PROT_READ } else { libc::PROT_READ | libc::PROT_WRITE };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new memory at a place of the kernel's choice; nothing that exists is touched.
        unsafe { libc::mmap(std::ptr::null_mut(), 4096, rights, flags, -1, 0) };
    }
}

fn wait_for_zombie(pid: u32) {
    while !std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.contains(") Z "))
    {
        std::thread::yield_now();
    }
}

fn hold_back_signals() {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the call initialises the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: initialised just above.
    let mut set = unsafe { set.assume_init() };
    for signal in [libc::SIGUSR1, libc::SIGRTMIN() + 3] {
        // SAFETY: the set is initialised, and ours.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    // SAFETY: the set is initialised, and no old one is asked for.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    // SAFETY: the disposition is a constant, not a handler.
    unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
    // SAFETY: sends to this very thread.
    unsafe { libc::raise(libc::SIGUSR1) };
}

/// A process in an odd state. It ends, and is collected, when this is dropped.
#[derive(Debug)]
pub struct Member {
    pub child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub word: String,
}

impl Member {
    /// Starts one and waits until it is in its state.
    pub fn start(mode: &str) -> Member {
        Member::start_with(mode, |_| {})
    }

    /// The same, with more said about how to start it.
    pub fn start_with(mode: &str, more: impl FnOnce(&mut Command)) -> Member {
        let exe = std::env::current_exe().expect("known");
        let mut command = Command::new(exe);
        more(&mut command);
        Member::start_command(command, mode)
    }

    /// The same of another program that has this module, as a copy of this one.
    pub fn start_program(program: impl AsRef<OsStr>, mode: &str) -> Member {
        Member::start_command(Command::new(program), mode)
    }

    pub fn start_command(mut command: Command, mode: &str) -> Member {
        command.env(MODE, mode).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = loop {
            match command.spawn() {
                // Just copied, and still open in a child that another test is starting.
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now();
                }
                started => break started.expect("starts"),
            }
        };
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut word = String::new();
        output.read_line(&mut word).expect("readable");
        let word = word.trim().to_owned();
        assert!(!word.starts_with("failed") && !word.is_empty(), "{mode}: {word:?}");
        Member { child, input, output, word }
    }

    /// Starts one that calls itself by these bytes.
    pub fn named(name: &[u8]) -> Member {
        Member::start(&format!("name:{}", to_hex(name)))
    }

    /// Starts one that writes these bytes over its arguments.
    pub fn titled(title: &[u8], arguments: &[&str]) -> Member {
        Member::start_with(&format!("title:{}", to_hex(title)), |command| {
            command.args(arguments);
        })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it take its next step.
    pub fn let_go_on(&mut self) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(b"\n");
            let _ = input.flush();
        }
    }

    /// Lets it take its next step, and waits until it says something.
    pub fn go_on(&mut self) -> String {
        self.let_go_on();
        let mut word = String::new();
        let _ = self.output.read_line(&mut word);
        word.trim().to_owned()
    }

    /// Lets it end, without collecting it.
    pub fn let_end(&mut self) {
        self.input = None;
    }

    /// Ends it without collecting it: from then on it is a zombie.
    pub fn into_zombie(mut self) -> Member {
        let _ = self.child.kill();
        wait_for_zombie(self.id());
        self
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bare child of this process under a number of our choice. It does nothing, and is ended and collected when
/// this is dropped.
#[derive(Debug)]
pub struct Bare {
    pub pid: u32,
    pidfd: OwnedFd,
}

/// struct clone_args of <linux/sched.h>, as of 5.5.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
}

impl Bare {
    /// Makes one; under a given number, the kernel wants `CAP_SYS_ADMIN` or `CAP_CHECKPOINT_RESTORE`.
    pub fn make(pid: Option<u32>) -> io::Result<Bare> {
        let mut pidfd: i32 = -1;
        let number = pid.unwrap_or(0).cast_signed();
        let mut arguments = CloneArguments {
            flags: u64::try_from(libc::CLONE_PIDFD).unwrap_or(0),
            pidfd: (&raw mut pidfd).expose_provenance() as u64,
            exit_signal: u64::from(libc::SIGCHLD.unsigned_abs()),
            ..CloneArguments::default()
        };
        if pid.is_some() {
            arguments.set_tid = (&raw const number).expose_provenance() as u64;
            arguments.set_tid_size = 1;
        }
        let (at, size) = (&raw const arguments, size_of::<CloneArguments>());
        // SAFETY: the record and what it points to outlive the call. The child gets a copy of this memory, in
        // which locks may be held by threads that it does not have; it makes system calls only.
        let made = unsafe { libc::syscall(libc::SYS_clone3, at, size) };
        if made == 0 {
            // SAFETY: takes integers only; ends the child with the thread that made it.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            loop {
                // SAFETY: waits for a signal.
                unsafe { libc::pause() };
            }
        }
        let pid = u32::try_from(made).ok().filter(|_| made > 0);
        let pid = pid.ok_or_else(io::Error::last_os_error)?;
        // SAFETY: the kernel has just made this descriptor for us, and nobody else owns it.
        let pidfd = unsafe { OwnedFd::from_raw_fd(std::hint::black_box(pidfd)) };
        Ok(Bare { pid, pidfd })
    }

    /// Whether it runs, rather than having been ended by a signal.
    pub fn runs(&self) -> bool {
        let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        let id = self.pidfd.as_raw_fd().unsigned_abs();
        let options = libc::WEXITED | libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the kernel writes one record to `info`, which is ours.
        let done = unsafe { libc::waitid(libc::P_PIDFD, id, info.as_mut_ptr(), options) };
        // SAFETY: zeroed before, which is valid, and whole fields written.
        let info = unsafe { info.assume_init() };
        // SAFETY: a record of waitid holds the fields of a child, or zeros.
        done == 0 && unsafe { info.si_pid() } == 0
    }

    /// Ends and collects it; its number can be given away then.
    pub fn end(self) -> u32 {
        self.pid
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let fd = self.pidfd.as_raw_fd();
        let none = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the descriptor is ours and open; no details are given.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0) };
        let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        let id = fd.unsigned_abs();
        // SAFETY: the kernel writes one record to `info`, which is ours.
        while unsafe { libc::waitid(libc::P_PIDFD, id, info.as_mut_ptr(), libc::WEXITED) } != 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
}

/// A system call that a kernel lacks: its number, what it is called with, and the error it fails with.
pub struct Lacking(pub libc::c_long, pub With, pub i32);

/// What a call is made with that fails on an older kernel.
#[derive(Clone, Copy, Debug)]
pub enum With {
    /// Whatever it is.
    Anything,
    /// This as the first argument.
    First(u32),
    /// One of these bits in the fourth argument.
    BitsOfFourth(u32),
}

/// Runs something on a thread of its own for which the kernel lacks these calls, as an older one does. Fails where
/// threads may not have their calls filtered.
pub fn on_kernel_without<T: Send>(
    calls: &[Lacking],
    run: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    let filtered = || {
        filter_calls(calls)?;
        Ok(run())
    };
    std::thread::scope(|scope| match scope.spawn(filtered).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn filter_calls(calls: &[Lacking]) -> io::Result<()> {
    // Instructions of a socket filter: load a word of the record, jump if it is not equal or has none of the bits,
    // return.
    const LOAD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_HAS: u16 = 0x45;
    const RETURN: u16 = 0x06;
    // `struct seccomp_data`: number of the call, architecture, place, and the arguments of 8 bytes each.
    const FIRST: u32 = if cfg!(target_endian = "big") { 20 } else { 16 };
    const FOURTH: u32 = FIRST + 3 * 8;
    let step = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut program = Vec::new();
    for Lacking(call, with, error) in calls {
        let number = u32::try_from(*call).unwrap_or(u32::MAX);
        let argument = match with {
            With::Anything => None,
            With::First(value) => Some((FIRST, JUMP_IF_EQUAL, *value)),
            With::BitsOfFourth(bits) => Some((FOURTH, JUMP_IF_HAS, *bits)),
        };
        program.push(step(LOAD, 0, 0));
        program.push(step(JUMP_IF_EQUAL, if argument.is_some() { 3 } else { 1 }, number));
        if let Some((place, jump, value)) = argument {
            program.push(step(LOAD, 0, place));
            program.push(step(jump, 1, value));
        }
        program.push(step(RETURN, 0, libc::SECCOMP_RET_ERRNO | error.unsigned_abs()));
    }
    program.push(step(RETURN, 0, libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog {
        len: u16::try_from(program.len()).unwrap_or(0),
        filter: program.as_mut_ptr(),
    };
    // SAFETY: takes integers only; this thread alone, and what it starts, can gain no privileges from then on.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the kernel copies the program, which outlives the call.
    let done =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sets the soft limit of descriptors of this process as high as it may go.
pub fn raise_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one record, which is ours.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the kernel reads one record, which is ours.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    #[allow(clippy::useless_conversion, reason = "the field is narrower on some machines")]
    u64::from(limit.rlim_cur)
}

/// Starts a program as another user than root.
pub fn as_nobody(command: &mut Command) {
    command.uid(65534).gid(65534);
}

/// Bytes of a name as one would pass them on.
pub fn bytes(text: &OsStr) -> &[u8] {
    text.as_bytes()
}
