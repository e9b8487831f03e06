//! What is asked, and the form in which every entrant answers.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;

use ps_core::process::Arguments;

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Task {
    Pids,
    Table,
    Top,
    Calm,
    Full,
    Cpu,
    Mem,
    Swap,
    Load,
    Disk,
    Net,
    Sockets,
    Maps,
    Footprint,
    One,
    Tree,
}

impl Task {
    /// Every task, its name in the table, and what it is.
    pub const ALL: [(Task, &'static str, &'static str); 16] = [
        (Task::Pids, "T1", "list of pids"),
        (
            Task::Table,
            "T2",
            "table: pid, parent, name, state, cpu times, start, rss, vms, threads, real user",
        ),
        (Task::Top, "T3", "top: pid, name, state, cpu times, rss"),
        (Task::Calm, "T3calm", "top without rss: pid, name, state, cpu times"),
        (Task::Full, "T4", "table, command line, program, user name"),
        (Task::Cpu, "T5cpu", "cpu times"),
        (Task::Mem, "T5mem", "memory"),
        (Task::Swap, "T5swap", "swap, with traffic"),
        (Task::Load, "T5load", "load averages"),
        (Task::Disk, "T5disk", "disk traffic"),
        (Task::Net, "T5net", "network traffic"),
        (Task::Sockets, "T6", "internet sockets with owners, 2,000 of them"),
        (Task::Maps, "T7maps", "2,000 mappings with sizes"),
        (Task::Footprint, "T7uss", "USS and PSS of 2,000 mappings"),
        (Task::One, "T8", "one process: cpu times, memory, state"),
        (Task::Tree, "T9", "all descendants of a process"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Task::ALL.iter().find(|(task, ..)| *task == self).map_or("", |(_, name, _)| name)
    }

    /// What it is.
    #[must_use]
    pub fn about(self) -> &'static str {
        Task::ALL.iter().find(|(task, ..)| *task == self).map_or("", |(.., about)| about)
    }

    /// Whether its cost grows with the number of processes.
    #[must_use]
    pub fn is_of_all(self) -> bool {
        matches!(
            self,
            Task::Pids
                | Task::Table
                | Task::Top
                | Task::Calm
                | Task::Full
                | Task::Sockets
                | Task::Tree
        )
    }
}

impl FromStr for Task {
    type Err = ();

    fn from_str(text: &str) -> Result<Task, ()> {
        Task::ALL.iter().find(|(_, name, _)| *name == text).map(|(task, ..)| *task).ok_or(())
    }
}

/// Arguments in the form in which an entrant has them.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Command<'a> {
    Raw(&'a [u8]),
    List(&'a [OsString]),
    Lent(Arguments<'a>),
}

/// One process; `None` where the entrant does not know.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Row<'a> {
    pub pid: u32,
    pub ppid: Option<u32>,
    pub name: Option<&'a [u8]>,
    pub state: Option<u8>,
    /// User and system time in milliseconds.
    pub cpu: Option<u64>,
    /// Seconds since the epoch.
    pub start: Option<u64>,
    pub rss: Option<u64>,
    pub vms: Option<u64>,
    pub threads: Option<u64>,
    pub uid: Option<u32>,
    pub command: Option<Command<'a>>,
    pub exe: Option<&'a [u8]>,
    pub user: Option<&'a [u8]>,
}

/// Where answers go: nowhere, when the time is taken, or onto paper.
pub trait Sink {
    /// A process.
    fn row(&mut self, row: &Row<'_>);

    /// One of several figures.
    fn figure(&mut self, name: &'static str, value: f64);

    /// A TCP socket: its ports, state as the kernel numbers it, and owner.
    fn socket(&mut self, local: u16, remote: u16, state: u8, owner: Option<u32>);
}

/// Takes what it is given and has no use for it.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn row(&mut self, row: &Row<'_>) {
        std::hint::black_box(row);
    }

    fn figure(&mut self, _: &'static str, value: f64) {
        std::hint::black_box(value);
    }

    fn socket(&mut self, local: u16, remote: u16, state: u8, owner: Option<u32>) {
        std::hint::black_box((local, remote, state, owner));
    }
}

/// Writes a line for each.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// The lines.
    pub text: String,
}

/// Columns of a row on paper, in this order.
pub const COLUMNS: [&str; 13] = [
    "pid", "ppid", "name", "state", "cpu", "start", "rss", "vms", "threads", "uid", "command",
    "exe", "user",
];

impl Sink for Paper {
    fn row(&mut self, row: &Row<'_>) {
        let _ = write!(self.text, "{}", row.pid);
        self.number(row.ppid);
        self.bytes(row.name);
        self.bytes(row.state.as_ref().map(std::slice::from_ref));
        self.number(row.cpu);
        self.number(row.start);
        self.number(row.rss);
        self.number(row.vms);
        self.number(row.threads);
        self.number(row.uid);
        let command = row.command.map(|command| match command {
            Command::Raw(bytes) => Arguments::nul_separated(bytes).to_vec(),
            Command::List(list) => list.to_vec(),
            Command::Lent(arguments) => arguments.to_vec(),
        });
        self.bytes(command.map(|list| joined(&list)).as_deref());
        self.bytes(row.exe);
        self.bytes(row.user);
        self.text.push('\n');
    }

    fn figure(&mut self, name: &'static str, value: f64) {
        let _ = writeln!(self.text, "{name}\t{value}");
    }

    fn socket(&mut self, local: u16, remote: u16, state: u8, owner: Option<u32>) {
        let _ = writeln!(self.text, "{local}\t{remote}\t{state}\t{}", owner.unwrap_or(0));
    }
}

impl Paper {
    fn number(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => {
                let _ = write!(self.text, "\t{value}");
            }
            None => self.text.push_str("\t-"),
        }
    }

    fn bytes(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => {
                let _ = write!(self.text, "\t{}", escaped(value));
            }
            None => self.text.push_str("\t-"),
        }
    }
}

/// Arguments behind one another, each ended by a NUL.
#[must_use]
pub fn joined(list: &[OsString]) -> Vec<u8> {
    let mut all = Vec::new();
    for argument in list {
        all.extend_from_slice(argument.as_bytes());
        all.push(0);
    }
    all
}

/// Bytes as one word of visible characters: `=` first, so that nothing is something too.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::from("=");
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\x5c"),
            0x21..=0x7e => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text
}
