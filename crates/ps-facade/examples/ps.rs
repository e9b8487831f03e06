//! Shows the machine and its processes, as one would want to read them.
//!
//! ```text
//! cargo run --release --example ps -- [--sort KEY] [--top N] [--json]
//! ```
//!
//! KEY is one of pid, ppid, user, cpu, rss, vms, threads, time, elapsed, name. `--json` writes everything that was
//! read, for machines.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use ps_facade::disk::Partitions;
use ps_facade::process::Record;
use ps_facade::{Error, Fields, Result, System};
use serde::Serialize;

const SHOWN: Fields = Fields::TABLE
    .union(Fields::USERNAME)
    .union(Fields::TERMINAL)
    .union(Fields::NICE)
    .union(Fields::CMDLINE);

/// What `--json` adds: links that cost more and that an ordinary user is refused for most processes.
const WRITTEN: Fields = SHOWN.union(Fields::GIDS).union(Fields::EXE).union(Fields::CWD);

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", usage());
            return ExitCode::SUCCESS;
        }
        Err(complaint) => {
            eprintln!("ps: {complaint}");
            return ExitCode::from(2);
        }
    };
    match show(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(error)) => {
            eprintln!("ps: {error}");
            ExitCode::FAILURE
        }
        Err(Failure::System(error)) => {
            eprintln!("ps: {error}");
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    System(Error),
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::System(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

struct Options {
    sort: String,
    top: usize,
    json: bool,
}

const KEYS: [&str; 10] =
    ["pid", "ppid", "user", "cpu", "rss", "vms", "threads", "time", "elapsed", "name"];

fn usage() -> String {
    format!("usage: ps [--sort KEY] [--top N] [--json]\nKEY is one of {}", KEYS.join(", "))
}

impl Options {
    /// What was asked for; `None` if it is help.
    fn read(
        mut words: impl Iterator<Item = String>,
    ) -> std::result::Result<Option<Options>, String> {
        let mut options = Options { sort: "pid".into(), top: usize::MAX, json: false };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--json" => options.json = true,
                "--top" => {
                    let number = value()?;
                    options.top = number.parse().map_err(|_| format!("{number}: no number"))?;
                }
                "--sort" => {
                    let key = value()?;
                    if !KEYS.contains(&key.as_str()) {
                        return Err(format!("{key} is none of {}", KEYS.join(", ")));
                    }
                    options.sort = key;
                }
                _ => return Err(format!("{word} is no option\n{}", usage())),
            }
        }
        Ok(Some(options))
    }
}

fn show(options: &Options) -> std::result::Result<(), Failure> {
    let system = System::default();
    let mut processes = processes(&system, if options.json { WRITTEN } else { SHOWN })?;
    let now = SystemTime::now();
    sort(&mut processes, &options.sort, now);
    processes.truncate(options.top);
    let machine = Machine::read(&system)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    if options.json {
        serde_json::to_writer(&mut out, &Everything { machine, processes })
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        out.write_all(machine.text().as_bytes())?;
        out.write_all(table(&processes, now).as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

fn processes(system: &System, fields: Fields) -> Result<Vec<Record>> {
    let mut all = Vec::new();
    system.scan(fields, |row| {
        all.push(row.to_record());
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

fn sort(processes: &mut [Record], key: &str, now: SystemTime) {
    // Largest first where a large figure is what one looks for.
    match key {
        "ppid" => processes.sort_by_key(|one| one.ppid.ok().flatten()),
        "user" => processes.sort_by(|a, b| a.username.as_ref().ok().cmp(&b.username.as_ref().ok())),
        "cpu" => processes.sort_by(|a, b| cpu_percent(b, now).total_cmp(&cpu_percent(a, now))),
        "rss" => processes.sort_by_key(|one| Reverse(one.rss.ok())),
        "vms" => processes.sort_by_key(|one| Reverse(one.vms.ok())),
        "threads" => processes.sort_by_key(|one| Reverse(one.num_threads.ok())),
        "time" => processes.sort_by_key(|one| Reverse(cpu_time(one))),
        "elapsed" => processes.sort_by_key(|one| one.create_time.ok()),
        "name" => processes.sort_by(|a, b| a.name.as_ref().ok().cmp(&b.name.as_ref().ok())),
        _ => processes.sort_by_key(|one| one.pid),
    }
}

fn cpu_time(one: &Record) -> Option<Duration> {
    one.cpu_times.ok().map(|times| times.total())
}

/// Share of one CPU used since it started.
fn cpu_percent(one: &Record, now: SystemTime) -> f64 {
    let (Ok(times), Ok(start)) = (one.cpu_times, one.create_time) else { return 0.0 };
    let elapsed = now.duration_since(start).unwrap_or_default();
    times.percent_since(&Default::default(), elapsed).unwrap_or(0.0)
}

#[derive(Serialize)]
struct Everything {
    machine: Machine,
    processes: Vec<Record>,
}

/// What is said of the machine. A part that it does not have is left out.
#[derive(Serialize)]
struct Machine {
    hostname: Option<String>,
    boot_time: Option<SystemTime>,
    time_since_boot: Option<Duration>,
    uptime: Option<Duration>,
    cpu_count: Option<u32>,
    cpu_count_physical: Option<u32>,
    cpu_times: ps_facade::cpu::CpuTimes,
    cpu_times_per_cpu: Vec<ps_facade::cpu::PerCpu<ps_facade::cpu::CpuTimes>>,
    load_average: ps_facade::cpu::LoadAverage,
    memory: ps_facade::mem::VirtualMemory,
    swap: ps_facade::mem::SwapMemory,
    disks: Vec<Disk>,
    disk_io: Option<ps_facade::disk::DiskIo>,
    net_io: Option<ps_facade::net::NetIo>,
}

#[derive(Serialize)]
struct Disk {
    #[serde(flatten)]
    partition: ps_facade::disk::Partition,
    usage: Option<ps_facade::disk::DiskUsage>,
}

impl Machine {
    fn read(system: &System) -> Result<Machine> {
        let mut disks: Vec<Disk> = Vec::new();
        for partition in system.partitions(Partitions::Physical)? {
            // A device mounted in several places is shown once.
            if disks.iter().all(|disk| disk.partition.device != partition.device) {
                let usage = system.disk_usage(&partition.mount_point).ok();
                disks.push(Disk { partition, usage });
            }
        }
        Ok(Machine {
            hostname: system.hostname().ok().map(|name| name.to_string_lossy().into_owned()),
            boot_time: system.boot_time().ok(),
            time_since_boot: system.time_since_boot().ok(),
            uptime: system.uptime().ok(),
            cpu_count: system.cpu_count()?,
            cpu_count_physical: system.cpu_count_physical()?,
            cpu_times: system.cpu_times()?,
            cpu_times_per_cpu: system.cpu_times_per_cpu()?,
            load_average: system.load_average()?,
            memory: system.virtual_memory()?,
            swap: system.swap_memory()?,
            disks,
            disk_io: system.disk_io_counters().ok().flatten(),
            net_io: system.net_io_counters().ok().flatten(),
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let count = |count: Option<u32>| count.map_or("?".into(), |count| count.to_string());
        let _ = writeln!(
            text,
            "{}  up {}  {} CPUs ({} cores)  {:.0} % busy since boot  load {:.2} {:.2} {:.2}",
            self.hostname.as_deref().unwrap_or("?"),
            self.time_since_boot.map_or("?".into(), span),
            count(self.cpu_count),
            count(self.cpu_count_physical),
            self.cpu_times.busy_percent_since(&Default::default()).unwrap_or(0.0),
            self.load_average.one,
            self.load_average.five,
            self.load_average.fifteen,
        );
        let _ = writeln!(
            text,
            "memory {} of {} available ({:.0} % in use)  swap {} of {} in use",
            bytes(self.memory.available),
            bytes(self.memory.total),
            self.memory.percent(),
            bytes(self.swap.used),
            bytes(self.swap.total),
        );
        for disk in &self.disks {
            let Some(usage) = disk.usage else { continue };
            let _ = writeln!(
                text,
                "{}  {} of {} free ({:.0} % in use)  {}",
                disk.partition.mount_point.display(),
                bytes(usage.free),
                bytes(usage.total),
                usage.percent(),
                disk.partition.fs_type.display(),
            );
        }
        if let Some(io) = self.disk_io {
            let _ = write!(
                text,
                "disks {} read, {} written  ",
                bytes(io.read_bytes),
                bytes(io.write_bytes)
            );
        }
        if let Some(io) = self.net_io {
            let _ =
                write!(text, "network {} in, {} out", bytes(io.bytes_recv), bytes(io.bytes_sent));
        }
        text.push_str("\n\n");
        text
    }
}

/// The processes in columns, each as wide as it needs to be.
fn table(processes: &[Record], now: SystemTime) -> String {
    const HEADS: [&str; 13] = [
        "PID", "PPID", "USER", "STATUS", "NI", "THR", "CPU%", "RSS", "VMS", "TTY", "TIME",
        "ELAPSED", "COMMAND",
    ];
    const LEFT: [usize; 4] = [2, 3, 9, 12];
    let mut rows = vec![HEADS.map(String::from)];
    rows.extend(processes.iter().map(|one| cells(one, now)));
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: [usize; 13] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
            let last = i == HEADS.len() - 1;
            let _ = match (last, LEFT.contains(&i)) {
                (true, _) => writeln!(text, "{cell}"),
                (false, true) => write!(text, "{cell:<width$}  "),
                (false, false) => write!(text, "{cell:>width$}  "),
            };
        }
    }
    text
}

fn cells(one: &Record, now: SystemTime) -> [String; 13] {
    // A dash is nothing to show, a question mark something that may not be seen.
    fn or<T>(
        fact: std::result::Result<T, ps_facade::Missing>,
        show: impl FnOnce(T) -> String,
    ) -> String {
        fact.map_or_else(
            |missing| if missing == ps_facade::Missing::Denied { "?" } else { "-" }.into(),
            show,
        )
    }
    let terminal = one.terminal.as_ref().map_err(|missing| *missing);
    [
        one.pid.to_string(),
        or(one.ppid, |ppid| ppid.map_or("-".into(), |ppid| ppid.to_string())),
        or(one.username.as_ref().map_err(|missing| *missing), |name| {
            readable(name.as_encoded_bytes())
        }),
        or(one.status, |status| status.to_string()),
        or(one.nice, |nice| nice.to_string()),
        or(one.num_threads, |threads| threads.to_string()),
        format!("{:.1}", cpu_percent(one, now)),
        or(one.rss, bytes),
        or(one.vms, bytes),
        or(terminal, |path| {
            let path = path.as_deref().map(|path| path.strip_prefix("/dev").unwrap_or(path));
            path.map_or("-".into(), |path| readable(path.as_os_str().as_encoded_bytes()))
        }),
        or(one.cpu_times, |times| span(times.total())),
        or(one.create_time, |start| span(now.duration_since(start).unwrap_or_default())),
        command(one),
    ]
}

/// The command line, or the name in brackets where there is none.
fn command(one: &Record) -> String {
    let arguments = one.cmdline.as_deref().unwrap_or_default();
    if arguments.is_empty() {
        let name = one.name.as_ref().map(|name| readable(name.as_encoded_bytes()));
        return format!("[{}]", name.unwrap_or_else(|_| "?".into()));
    }
    let words: Vec<_> = arguments.iter().map(|word| readable(word.as_encoded_bytes())).collect();
    words.join(" ")
}

/// Text that cannot upset a terminal: what is no text, or would move the cursor, is escaped.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn bytes(count: u64) -> String {
    ps_facade::fmt::bytes(count).to_string()
}

/// As in `4d 03:12` or `03:12:45`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours:02}:{minutes:02}:{:02}", seconds % 60),
        _ => format!("{days}d {hours:02}:{minutes:02}"),
    }
}
