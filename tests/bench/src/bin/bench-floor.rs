//! The floor: nothing but the system calls that the work needs, into buffers that are kept, and the least of
//! parsing. Nothing of the library is in it.
//!
//! `inexact` takes resident memory from `stat`, whose figure is off; `exact` takes it from `statm`, or from
//! `status` where that is read anyway, completes names that the kernel cut short, and keeps files of the machine
//! open. `roads` does the work of `exact` by other calls, where there are any: real users by descriptors of
//! processes, descendants by `children` files, one process through its directory, traffic by a socket and names of
//! the namespace that the caller is in now, and what has not run since the last pass not read again.

use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;

use ps_bench::entrant::{Entrant, serve};
use ps_bench::rows::{Command, Row, Sink, Task};
use ps_bench::sys::{self, Counting, Fd};

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() -> std::io::Result<()> {
    let mode = match std::env::args().nth(1).as_deref() {
        Some("inexact") => Mode::Inexact,
        Some("roads") => Mode::Roads,
        _ => Mode::Exact,
    };
    serve(&mut Floor::new(mode))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Inexact,
    Exact,
    Roads,
}

struct Floor {
    mode: Mode,
    proc: Fd,
    listing: Vec<u8>,
    pids: Vec<u32>,
    stat: Vec<u8>,
    other: Vec<u8>,
    command: Vec<u8>,
    exe: Vec<u8>,
    users: HashMap<u32, Vec<u8>>,
    boot: u64,
    kept: [Fd; 4],
    route: Fd,
    /// Names of interfaces, asked for once.
    links: HashMap<u32, Vec<u8>>,
    pairs: Vec<(u32, u32)>,
    /// What was read of each process, by pid, now and in the last pass.
    seen: [Vec<Seen>; 2],
    found: Vec<u32>,
    sockets: Vec<Socket>,
}

/// A process as it was when its clock stood so.
#[derive(Clone, Copy)]
struct Seen {
    pid: u32,
    clock: u64,
    start: u64,
    name: [u8; 64],
    length: usize,
    state: u8,
    cpu: u64,
}

struct Socket {
    local: u16,
    remote: u16,
    state: u8,
    inode: u32,
    owner: u32,
}

const MACHINE: [&CStr; 4] = [c"/proc/stat", c"/proc/meminfo", c"/proc/vmstat", c"/proc/diskstats"];

/// `PID/NAME` with its NUL, or a longer path of the kind.
struct Path {
    text: [u8; 64],
    base: usize,
}

impl Path {
    fn of(number: u32) -> Path {
        let mut path = Path { text: [0; 64], base: 0 };
        path.number(number);
        path
    }

    fn number(&mut self, number: u32) {
        let mut digits = [0; 10];
        let (mut at, mut rest) = (10, number);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(&digits[at..]);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.text[self.base..self.base + bytes.len()].copy_from_slice(bytes);
        self.base += bytes.len();
    }

    fn file(&mut self, name: &[u8]) -> &CStr {
        self.text[self.base..self.base + name.len()].copy_from_slice(name);
        CStr::from_bytes_with_nul(&self.text[..self.base + name.len()]).unwrap_or(c"")
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|word| !word.is_empty())
}

/// A whole small file in one read.
fn read_at<'a>(dir: Fd, path: &CStr, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let fd = sys::open_at(dir, path);
    if fd < 0 {
        return None;
    }
    let mut filled = 0;
    loop {
        let room = buffer.len() - filled;
        let got = sys::read(fd, &mut buffer[filled..]);
        filled += got;
        if got < room {
            break;
        }
        buffer.resize(buffer.len() * 2, 0);
    }
    sys::close(fd);
    Some(&buffer[..filled])
}

struct Stat<'a> {
    name: &'a [u8],
    state: u8,
    ppid: u32,
    cpu: u64,
    threads: u64,
    start: u64,
    vms: u64,
    rss: u64,
}

fn parse_stat(bytes: &[u8]) -> Option<Stat<'_>> {
    let open = bytes.iter().position(|byte| *byte == b'(')?;
    let shut = bytes.iter().rposition(|byte| *byte == b')')?;
    let mut rest = bytes[shut + 2..].split(|byte| *byte == b' ');
    let state = *rest.next()?.first()?;
    let ppid = number(rest.next()?) as u32;
    let user = number(rest.nth(9)?);
    let system = number(rest.next()?);
    let threads = number(rest.nth(4)?);
    let start = number(rest.nth(1)?);
    let vms = number(rest.next()?);
    let rss = number(rest.next()?) * 4096;
    let name = &bytes[open + 1..shut];
    Some(Stat { name, state, ppid, cpu: (user + system) * 10, threads, start, vms, rss })
}

fn line<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key))
}

fn names(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes([*block.get(at + 16)?, *block.get(at + 17)?]));
        let name = block.get(at + 19..at + length)?;
        at += length;
        Some(&name[..name.iter().position(|byte| *byte == 0)?])
    })
}

impl Floor {
    fn new(mode: Mode) -> Floor {
        let mut buffer = vec![0; 65536];
        let stat = read_at(-1, c"/proc/stat", &mut buffer).unwrap_or_default();
        let boot = line(stat, b"btime ").map_or(0, number);
        let mut users = HashMap::new();
        if let Ok(accounts) = std::fs::read("/etc/passwd") {
            for account in accounts.split(|byte| *byte == b'\n') {
                let mut parts = account.split(|byte| *byte == b':');
                if let (Some(name), Some(uid)) = (parts.next(), parts.nth(1)) {
                    users.entry(number(uid) as u32).or_insert_with(|| name.to_vec());
                }
            }
        }
        Floor {
            mode,
            proc: sys::open(c"/proc"),
            listing: vec![0; 32768],
            pids: Vec::new(),
            stat: vec![0; 4096],
            other: vec![0; 65536],
            command: vec![0; 4096],
            exe: vec![0; 4096],
            users,
            boot,
            kept: MACHINE.map(sys::open),
            route: sys::netlink(libc::NETLINK_ROUTE),
            links: HashMap::new(),
            pairs: Vec::new(),
            seen: Default::default(),
            found: Vec::new(),
            sockets: Vec::new(),
        }
    }

    fn list(&mut self) {
        self.pids.clear();
        let fd = sys::open(c"/proc");
        loop {
            let got = sys::entries(fd, &mut self.listing);
            if got == 0 {
                break;
            }
            let pids = names(&self.listing[..got]).filter(|name| name[0].is_ascii_digit());
            self.pids.extend(pids.map(|name| number(name) as u32));
        }
        sys::close(fd);
    }

    fn rows(&mut self, task: Task, sink: &mut dyn Sink) {
        self.list();
        let pids = std::mem::take(&mut self.pids);
        for pid in &pids {
            self.row(task, *pid, sink);
        }
        self.pids = pids;
    }

    fn row(&mut self, task: Task, pid: u32, sink: &mut dyn Sink) -> Option<()> {
        let mut path = Path::of(pid);
        let stat = parse_stat(read_at(self.proc, path.file(b"/stat\0"), &mut self.stat)?)?;
        let exact = self.mode != Mode::Inexact;
        let mut row = Row { pid, ..Row::default() };
        row.name = Some(stat.name);
        row.state = Some(stat.state);
        row.cpu = Some(stat.cpu);
        row.rss = Some(stat.rss);
        let has_statm = task == Task::Top || self.mode == Mode::Roads && task != Task::Calm;
        if has_statm && exact {
            let statm = read_at(self.proc, path.file(b"/statm\0"), &mut self.other)?;
            row.rss = words(statm).nth(1).map(|word| number(word) * 4096);
        }
        let zombie = stat.state == b'Z';
        let whole = task == Task::Full;
        let cut = exact && stat.name.len() == 15 && stat.vms != 0;
        if !matches!(task, Task::Top | Task::Calm) {
            row.ppid = Some(stat.ppid);
            row.start = Some(self.boot + stat.start / 100);
            row.threads = Some(stat.threads);
            row.vms = Some(stat.vms);
            if self.mode == Mode::Roads {
                row.uid = sys::pidfd_user(pid);
            } else {
                let status = read_at(self.proc, path.file(b"/status\0"), &mut self.other)?;
                row.uid = line(status, b"Uid:\t").map(|rest| number(rest) as u32);
                if exact {
                    let rss = line(status, b"VmRSS:");
                    row.rss = Some(rss.map_or(0, |rest| number(rest.trim_ascii_start()) * 1024));
                }
            }
        }
        if !zombie && (whole || cut) {
            let bytes = read_at(self.proc, path.file(b"/cmdline\0"), &mut self.command)?;
            if whole {
                row.command = Some(Command::Raw(bytes));
            }
            if cut {
                let first = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                let base = first.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                row.name = row.name.map(|cut| if base.starts_with(cut) { base } else { cut });
            }
        }
        if whole {
            if !zombie {
                let got = sys::read_link(self.proc, path.file(b"/exe\0"), &mut self.exe);
                row.exe = got.map(|got| &self.exe[..got]);
            }
            row.user = row.uid.and_then(|uid| self.users.get(&uid)).map(Vec::as_slice);
        }
        sink.row(&row);
        Some(())
    }

    /// All processes, of which those whose clock has not moved are as they were; but for resident memory.
    fn changed(&mut self, task: Task, sink: &mut dyn Sink) {
        self.list();
        self.seen.swap(0, 1);
        let [now, before] = &mut self.seen;
        now.clear();
        let mut kept = before.iter().peekable();
        for pid in &self.pids {
            let mut path = Path::of(*pid);
            let clock = sys::clock_of(*pid);
            while kept.next_if(|one| one.pid < *pid).is_some() {}
            let last = kept.peek().filter(|one| one.pid == *pid && one.clock == clock && clock > 0);
            let mut seen = match last {
                Some(last) => **last,
                None => {
                    let bytes = read_at(self.proc, path.file(b"/stat\0"), &mut self.stat);
                    let Some(stat) = bytes.and_then(parse_stat) else { continue };
                    let (mut name, mut length) = ([0; 64], stat.name.len().min(64));
                    name[..length].copy_from_slice(&stat.name[..length]);
                    if length == 15 && stat.vms != 0 {
                        let command = path.file(b"/cmdline\0");
                        let bytes = read_at(self.proc, command, &mut self.command);
                        let first = bytes.unwrap_or_default().split(|byte| *byte == 0).next();
                        let base = first.unwrap_or_default().rsplit(|byte| *byte == b'/').next();
                        let base = base.unwrap_or_default();
                        if base.starts_with(stat.name) {
                            length = base.len().min(64);
                            name[..length].copy_from_slice(&base[..length]);
                        }
                    }
                    let Stat { state, cpu, start, .. } = stat;
                    Seen { pid: *pid, clock, start, name, length, state, cpu }
                }
            };
            if seen.state == b'R' {
                seen.clock = 0;
            }
            let mut row = Row { pid: *pid, state: Some(seen.state), ..Row::default() };
            row.name = Some(&seen.name[..seen.length]);
            row.cpu = Some(seen.cpu);
            if task == Task::Top {
                let statm = read_at(self.proc, path.file(b"/statm\0"), &mut self.other);
                let Some(statm) = statm else { continue };
                row.rss = words(statm).nth(1).map(|word| number(word) * 4096);
            }
            sink.row(&row);
            std::hint::black_box(seen.start);
            now.push(seen);
        }
    }

    /// One process through its directory, so that both files are those of the same process.
    fn confirmed(&mut self, pid: u32, sink: &mut dyn Sink) -> Option<()> {
        let dir = sys::open_place(self.proc, Path::of(pid).file(b"\0"));
        let stat = parse_stat(read_at(dir, c"stat", &mut self.stat)?)?;
        let statm = read_at(dir, c"statm", &mut self.other)?;
        sys::close(dir);
        let mut row = Row { pid, state: Some(stat.state), cpu: Some(stat.cpu), ..Row::default() };
        row.rss = words(statm).nth(1).map(|word| number(word) * 4096);
        sink.row(&row);
        Some(())
    }

    fn machine(&mut self, which: usize) -> &[u8] {
        if self.mode == Mode::Inexact {
            return read_at(-1, MACHINE[which], &mut self.other).unwrap_or_default();
        }
        let got = sys::read_at(self.kept[which], &mut self.other, 0);
        &self.other[..got]
    }

    /// A file that the kernel hands out a page at a time.
    fn whole_file(&mut self, which: usize) -> &[u8] {
        if self.mode == Mode::Inexact {
            return self.machine(which);
        }
        let mut filled = 0;
        loop {
            let got = sys::read_at(self.kept[which], &mut self.other[filled..], filled);
            filled += got;
            if got == 0 {
                return &self.other[..filled];
            }
        }
    }

    fn tree(&mut self, about: u32, sink: &mut dyn Sink) {
        self.found.clear();
        self.found.push(about);
        let mut next = 0;
        if self.mode == Mode::Roads {
            while let Some(parent) = self.found.get(next).copied() {
                next += 1;
                let mut path = Path::of(parent);
                path.push(b"/task");
                let fd = sys::open_at(self.proc, path.file(b"\0"));
                if fd < 0 {
                    continue;
                }
                path.push(b"/");
                loop {
                    let got = sys::entries(fd, &mut self.listing);
                    if got == 0 {
                        break;
                    }
                    let threads = names(&self.listing[..got]);
                    for thread in threads.filter(|name| name[0].is_ascii_digit()) {
                        let base = path.base;
                        path.push(thread);
                        let text = read_at(self.proc, path.file(b"/children\0"), &mut self.other);
                        self.found.extend(
                            words(text.unwrap_or_default()).map(|word| number(word) as u32),
                        );
                        path.base = base;
                    }
                }
                sys::close(fd);
            }
        } else {
            self.list();
            self.pairs.clear();
            for pid in &self.pids {
                let text = read_at(self.proc, Path::of(*pid).file(b"/stat\0"), &mut self.stat);
                if let Some(stat) = text.and_then(parse_stat) {
                    self.pairs.push((stat.ppid, *pid));
                }
            }
            self.pairs.sort_unstable();
            while let Some(parent) = self.found.get(next).copied() {
                next += 1;
                let from = self.pairs.partition_point(|pair| pair.0 < parent);
                let children = self.pairs[from..].iter().take_while(|pair| pair.0 == parent);
                self.found.extend(children.map(|pair| pair.1));
            }
        }
        for pid in &self.found[1..] {
            sink.row(&Row { pid: *pid, ..Row::default() });
        }
    }

    fn diag(&mut self) {
        self.sockets.clear();
        for (family, protocol) in [(2, 6), (10, 6), (2, 17), (10, 17)] {
            let fd = sys::netlink(libc::NETLINK_SOCK_DIAG);
            let mut ask = [0u8; 72];
            ask[..4].copy_from_slice(&72u32.to_ne_bytes());
            ask[4..6].copy_from_slice(&20u16.to_ne_bytes());
            ask[6..8].copy_from_slice(&0x301u16.to_ne_bytes());
            (ask[16], ask[17]) = (family, protocol);
            ask[20..24].copy_from_slice(&u32::MAX.to_ne_bytes());
            sys::send(fd, &ask);
            'answers: loop {
                let got = sys::receive(fd, &mut self.listing);
                let mut rest = &self.listing[..got];
                while rest.len() >= 16 {
                    let length = u32_at(rest, 0) as usize;
                    if u16::from_ne_bytes([rest[4], rest[5]]) != 20 || length < 88 {
                        break 'answers;
                    }
                    let body = &rest[16..length];
                    self.sockets.push(Socket {
                        local: u16::from_be_bytes([body[4], body[5]]),
                        remote: u16::from_be_bytes([body[6], body[7]]),
                        state: body[1],
                        inode: u32_at(body, 68),
                        owner: 0,
                    });
                    rest = &rest[length.next_multiple_of(4).min(rest.len())..];
                }
                if got == 0 {
                    break;
                }
            }
            sys::close(fd);
        }
    }

    fn table_of_sockets(&mut self) {
        self.sockets.clear();
        for path in [c"/proc/net/tcp", c"/proc/net/tcp6", c"/proc/net/udp", c"/proc/net/udp6"] {
            let fd = sys::open(path);
            let mut filled = 0;
            loop {
                if self.other.len() - filled < 65536 {
                    self.other.resize(self.other.len() + 65536, 0);
                }
                let got = sys::read(fd, &mut self.other[filled..]);
                filled += got;
                if got == 0 {
                    break;
                }
            }
            sys::close(fd);
            for line in self.other[..filled].split(|byte| *byte == b'\n').skip(1) {
                let mut columns = words(line);
                let (Some(local), Some(remote), Some(state)) =
                    (columns.nth(1), columns.next(), columns.next())
                else {
                    continue;
                };
                let hex = |bytes: &[u8]| {
                    let text = std::str::from_utf8(bytes).unwrap_or_default();
                    u16::from_str_radix(text.rsplit(':').next().unwrap_or_default(), 16)
                        .unwrap_or(0)
                };
                self.sockets.push(Socket {
                    local: hex(local),
                    remote: hex(remote),
                    state: hex(state) as u8,
                    inode: columns.nth(5).map_or(0, |word| number(word) as u32),
                    owner: 0,
                });
            }
        }
    }

    fn sockets(&mut self, sink: &mut dyn Sink) {
        if self.mode == Mode::Inexact {
            self.table_of_sockets();
        } else {
            self.diag();
        }
        self.sockets.sort_unstable_by_key(|socket| socket.inode);
        let mut open = self.sockets.iter().filter(|socket| socket.inode != 0).count();
        self.list();
        'all: for pid in &self.pids {
            let mut path = Path::of(*pid);
            let fd = sys::open_at(self.proc, path.file(b"/fd\0"));
            if fd < 0 {
                continue;
            }
            loop {
                let got = sys::entries(fd, &mut self.listing);
                if got == 0 {
                    break;
                }
                for name in names(&self.listing[..got]) {
                    if !name[0].is_ascii_digit() {
                        continue;
                    }
                    let mut link = Path { text: [0; 64], base: 0 };
                    link.push(name);
                    let target = sys::read_link(fd, link.file(b"\0"), &mut self.exe);
                    let target = &self.exe[..target.unwrap_or(0)];
                    let Some(inode) = target.strip_prefix(b"socket:[") else { continue };
                    let inode = number(inode) as u32;
                    let place = self.sockets.binary_search_by_key(&inode, |socket| socket.inode);
                    if let Some(socket) = place.ok().and_then(|place| self.sockets.get_mut(place))
                        && socket.owner == 0
                    {
                        socket.owner = *pid;
                        open -= 1;
                        if open == 0 {
                            sys::close(fd);
                            break 'all;
                        }
                    }
                }
            }
            sys::close(fd);
        }
        for socket in &self.sockets {
            let owner = (socket.owner != 0).then_some(socket.owner);
            sink.socket(socket.local, socket.remote, socket.state, owner);
        }
    }

    /// A map of what each interface has moved, by its name, as an answer is kept.
    fn net(&mut self, sink: &mut dyn Sink) {
        let mut all: BTreeMap<Vec<u8>, [u64; 8]> = BTreeMap::new();
        if self.mode == Mode::Inexact {
            let text = read_at(-1, c"/proc/net/dev", &mut self.other).unwrap_or_default();
            for line in text.split(|byte| *byte == b'\n').skip(2) {
                if let Some(at) = line.iter().position(|byte| *byte == b':') {
                    let mut io = [0; 8];
                    for (value, word) in io.iter_mut().zip(words(&line[at + 1..])) {
                        *value = number(word);
                    }
                    all.insert(line[..at].trim_ascii().to_vec(), io);
                }
            }
        } else {
            let mut ask = [0u8; 28];
            ask[..4].copy_from_slice(&28u32.to_ne_bytes());
            ask[4..6].copy_from_slice(&94u16.to_ne_bytes());
            ask[6..8].copy_from_slice(&0x301u16.to_ne_bytes());
            ask[24..28].copy_from_slice(&1u32.to_ne_bytes());
            let afresh = self.mode == Mode::Roads;
            let socket = if afresh { sys::netlink(libc::NETLINK_ROUTE) } else { self.route };
            sys::send(socket, &ask);
            'answers: loop {
                let got = sys::receive(socket, &mut self.listing);
                let mut rest = &self.listing[..got];
                while rest.len() >= 16 {
                    let length = u32_at(rest, 0) as usize;
                    if u16::from_ne_bytes([rest[4], rest[5]]) != 92 || length < 48 {
                        break 'answers;
                    }
                    let stats = &rest[16 + 12 + 4..];
                    // Packets and bytes, in and out, failed and dropped, in the order of the table.
                    let io = [2, 0, 4, 6, 3, 1, 5, 7].map(|at| u64_at(stats, at * 8));
                    let index = u32_at(rest, 16 + 4);
                    let name =
                        self.links.entry(index).or_insert_with(|| sys::link_name(socket, index));
                    all.insert(name.clone(), io);
                    rest = &rest[length.next_multiple_of(4).min(rest.len())..];
                }
                if got == 0 {
                    break;
                }
            }
            if afresh {
                sys::close(socket);
                self.links.clear();
            }
        }
        sink.figure("received", all.values().map(|io| io[0]).sum::<u64>() as f64);
    }

    fn maps(&mut self, task: Task, about: u32, sink: &mut dyn Sink) {
        let name: &[u8] = if task == Task::Maps { b"/smaps\0" } else { b"/smaps_rollup\0" };
        let fd = sys::open_at(self.proc, Path::of(about).file(name));
        let mut filled = 0;
        loop {
            if self.other.len() - filled < 65536 {
                self.other.resize(self.other.len() * 2, 0);
            }
            let got = sys::read(fd, &mut self.other[filled..]);
            filled += got;
            if got == 0 {
                break;
            }
        }
        sys::close(fd);
        let text = &self.other[..filled];
        if task == Task::Maps {
            let maps = keep_maps(text);
            let sum = |size: fn(&Map) -> u64| maps.iter().map(size).sum::<u64>() as f64;
            sink.figure("count", maps.len() as f64);
            sink.figure("rss", sum(|map| map.sizes[1]));
            sink.figure("pss", sum(|map| map.sizes[2]));
            sink.figure("uss", sum(|map| map.sizes[5] + map.sizes[6]));
            return;
        }
        let (mut pss, mut uss) = (0, 0);
        for line in text.split(|byte| *byte == b'\n') {
            if let Some(rest) = line.strip_prefix(b"Pss:") {
                pss += kilobytes(rest);
            } else if let Some(rest) =
                line.strip_prefix(b"Private_Clean:").or(line.strip_prefix(b"Private_Dirty:"))
            {
                uss += kilobytes(rest);
            }
        }
        sink.figure("pss", pss as f64);
        sink.figure("uss", uss as f64);
    }
}

/// A mapping as an answer is kept.
#[derive(Default)]
#[allow(dead_code, reason = "kept for whoever asked")]
struct Map {
    range: [u64; 2],
    permissions: [u8; 4],
    offset: u64,
    device: [u64; 2],
    inode: u64,
    path: Vec<u8>,
    sizes: [u64; 11],
}

/// Sizes of a mapping that an answer holds.
const SIZES: [&[u8]; 11] = [
    b"Size",
    b"Rss",
    b"Pss",
    b"Shared_Clean",
    b"Shared_Dirty",
    b"Private_Clean",
    b"Private_Dirty",
    b"Referenced",
    b"Anonymous",
    b"Swap",
    b"Locked",
];

fn kilobytes(text: &[u8]) -> u64 {
    number(text.trim_ascii_start()) * 1024
}

fn hexadecimal(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| {
        sum * 16 + u64::from(char::from(*byte).to_digit(16).unwrap_or_default())
    })
}

fn keep_maps(text: &[u8]) -> Vec<Map> {
    let mut maps: Vec<Map> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        match line.first() {
            Some(b'A'..=b'Z') => {
                let at = line.iter().position(|byte| *byte == b':').unwrap_or(0);
                let place = SIZES.iter().position(|key| *key == &line[..at]);
                if let (Some(map), Some(place)) = (maps.last_mut(), place) {
                    map.sizes[place] = kilobytes(&line[at + 1..]);
                }
            }
            Some(_) => {
                let mut columns = words(line);
                let mut next = || columns.next().unwrap_or_default();
                let pair = |text: &[u8], by: u8| {
                    let at = text.iter().position(|byte| *byte == by).unwrap_or(0);
                    [hexadecimal(&text[..at]), hexadecimal(&text[at + 1..])]
                };
                let mut map = Map { range: pair(next(), b'-'), ..Map::default() };
                map.permissions.copy_from_slice(next());
                map.offset = hexadecimal(next());
                map.device = pair(next(), b':');
                map.inode = number(next());
                map.path = next().to_vec();
                maps.push(map);
            }
            None => {}
        }
    }
    std::hint::black_box(maps)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(eight)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl Entrant for Floor {
    fn knows(&self, task: Task) -> bool {
        let other_road = matches!(
            task,
            Task::Table | Task::Top | Task::Calm | Task::Full | Task::Net | Task::Tree | Task::One
        );
        self.mode != Mode::Roads || other_road
    }

    fn work(&mut self, task: Task, about: u32, sink: &mut dyn Sink) {
        let memory = |text: &[u8], key: &[u8]| {
            line(text, key).map_or(0.0, |rest| (number(rest.trim_ascii_start()) * 1024) as f64)
        };
        match task {
            Task::Pids => {
                self.list();
                for pid in &self.pids {
                    sink.row(&Row { pid: *pid, ..Row::default() });
                }
            }
            Task::Top | Task::Calm if self.mode == Mode::Roads => self.changed(task, sink),
            Task::Table | Task::Top | Task::Calm | Task::Full => self.rows(task, sink),
            Task::Cpu => {
                let text = self.machine(0);
                let mut columns = words(line(text, b"cpu ").unwrap_or_default()).map(number);
                let all: Vec<u64> = columns.by_ref().take(8).collect();
                sink.figure("user", all[0] as f64 / 100.0);
                sink.figure("idle", all[3] as f64 / 100.0);
            }
            Task::Mem => {
                // Everything that a full answer holds.
                const KEYS: [&[u8]; 10] = [
                    b"MemTotal",
                    b"MemAvailable",
                    b"MemFree",
                    b"Buffers",
                    b"Cached",
                    b"Active",
                    b"Inactive",
                    b"Shmem",
                    b"Slab",
                    b"SReclaimable",
                ];
                let mut values = [0; 10];
                let mut left = values.len();
                for line in self.machine(1).split(|byte| *byte == b'\n') {
                    let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
                    if let Some(place) = KEYS.iter().position(|key| *key == &line[..at]) {
                        values[place] = number(line[at + 1..].trim_ascii_start()) * 1024;
                        left -= 1;
                        if left == 0 {
                            break;
                        }
                    }
                }
                std::hint::black_box(&values);
                sink.figure("total", values[0] as f64);
                sink.figure("available", values[1] as f64);
            }
            Task::Swap => {
                let text = self.machine(1);
                sink.figure("total", memory(text, b"SwapTotal:"));
                sink.figure("free", memory(text, b"SwapFree:"));
                let text = self.machine(2);
                sink.figure("in", line(text, b"pswpin ").map_or(0.0, |rest| number(rest) as f64));
            }
            Task::Load => {
                if self.mode == Mode::Inexact {
                    let text = read_at(-1, c"/proc/loadavg", &mut self.other).unwrap_or_default();
                    let first = words(text).next().unwrap_or_default();
                    let first = std::str::from_utf8(first).ok().and_then(|word| word.parse().ok());
                    sink.figure("one", first.unwrap_or(-1.0));
                } else {
                    sink.figure("one", sys::loads()[0]);
                }
            }
            Task::Disk => {
                // A map by name, as an answer is kept.
                let mut all: BTreeMap<Vec<u8>, [u64; 10]> = BTreeMap::new();
                for line in self.whole_file(3).split(|byte| *byte == b'\n') {
                    let mut columns = words(line);
                    let Some(name) = columns.nth(2) else { continue };
                    let mut values = [0; 10];
                    for (value, column) in values.iter_mut().zip(columns) {
                        *value = number(column);
                    }
                    all.insert(name.to_vec(), values);
                }
                let (mut read, mut written) = (0, 0);
                for (name, values) in &all {
                    if name.last().is_some_and(u8::is_ascii_alphabetic) {
                        read += values[2] * 512;
                        written += values[6] * 512;
                    }
                }
                sink.figure("read", read as f64);
                sink.figure("written", written as f64);
            }
            Task::Net => self.net(sink),
            Task::Sockets => self.sockets(sink),
            Task::Maps | Task::Footprint => self.maps(task, about, sink),
            Task::One if self.mode == Mode::Roads => {
                self.confirmed(about, sink);
            }
            Task::One => {
                self.row(Task::Top, about, sink);
            }
            Task::Tree => self.tree(about, sink),
        }
    }
}
