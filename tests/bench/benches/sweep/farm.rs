//! Starts the processes that are looked at, and ends them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ps_bench::herd::{Member, ROLE};

const HELPER: &str = env!("CARGO_BIN_EXE_bench-herd");

/// Mappings of the process that is asked about its mappings, and pages of each.
pub(crate) const MAPPINGS: (usize, usize) = (2000, 8);

/// Processes that hold sockets, and pairs of them that each holds.
const SOCKETS: (usize, usize) = (10, 100);

/// One child that waits for the end of its input; the input is closed and the child waited for when dropped.
struct Waiting {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Waiting {
    fn start(program: &Path, role: &str, arguments: &[OsString]) -> Result<Waiting> {
        let (first, rest) = arguments.split_first().context("arguments")?;
        let mut child = Command::new(program)
            .arg0(first)
            .args(rest)
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a process of the herd")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Waiting { child, input, output })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.output.read_until(b'\n', &mut line)?;
        ensure!(!line.is_empty(), "a process of the herd ended early");
        Ok(String::from_utf8(line)?.trim_end().to_owned())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Everything that was started.
pub(crate) struct Farm {
    ancestor: Waiting,
    chameleon: Waiting,
    generation: usize,
    place: PathBuf,
    mapped: Waiting,
    holders: Vec<Waiting>,
    /// Port of one end, port of the other, owner of both.
    pub(crate) pairs: Vec<(u16, u16, u32)>,
    /// Pid of each member of the herd, by its number.
    pub(crate) pids: BTreeMap<usize, u32>,
}

impl Farm {
    pub(crate) fn start(herd: usize, choose_users: bool) -> Result<Farm> {
        let helper = Path::new(HELPER);
        let place = std::env::temp_dir().join(format!("ps-bench-{}", std::process::id()));
        fs::create_dir_all(&place)?;
        for name in ["even", "odd"] {
            fs::copy(helper, place.join(name))?;
        }
        let role = format!("member 0 {herd} {}", u8::from(choose_users));
        let mut ancestor = Waiting::start(helper, &role, &Member::new(0).arguments)?;
        let mut pids = BTreeMap::new();
        while pids.len() < herd {
            let line = ancestor.line()?;
            let mut numbers = line.split(' ').map(str::parse);
            let (Some(Ok(index)), Some(Ok(pid))) = (numbers.next(), numbers.next()) else {
                anyhow::bail!("the herd said {line:?}");
            };
            pids.insert(index, u32::try_from(pid)?);
        }
        let mut chameleon = Waiting::start(&place.join("even"), "chameleon 0", &["cham-0".into()])?;
        chameleon.line()?;
        let (count, pages) = MAPPINGS;
        let role = format!("maps {count} {pages}");
        let mut mapped = Waiting::start(helper, &role, &["maps".into()])?;
        mapped.line()?;
        let (mut holders, mut pairs) = (Vec::new(), Vec::new());
        for _ in 0..SOCKETS.0 {
            let mut holder =
                Waiting::start(helper, &format!("sockets {}", SOCKETS.1), &["sockets".into()])?;
            let line = holder.line()?;
            let ports: Vec<u16> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
            let (listens, ports) = ports.split_last().context("ports")?;
            let pid = holder.child.id();
            pairs.extend(ports.iter().map(|port| (*port, *listens, pid)));
            holders.push(holder);
        }
        ensure!(pairs.len() == SOCKETS.0 * SOCKETS.1, "all sockets are open");
        // Those that were told to end or to stop do so after they have said that they are ready.
        std::thread::sleep(Duration::from_millis(500));
        Ok(Farm { ancestor, chameleon, generation: 0, place, mapped, holders, pairs, pids })
    }

    /// Has one process run another program under the same pid.
    pub(crate) fn run_anew(&mut self) -> Result<()> {
        let input = self.chameleon.input.as_mut().context("its input")?;
        input.write_all(b"\n")?;
        self.generation += 1;
        let line = self.chameleon.line()?;
        ensure!(line == format!("generation {}", self.generation), "it said {line:?}");
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }

    /// The process that changes: pid, name, arguments, program.
    pub(crate) fn changed(&self) -> (u32, String, Vec<OsString>, PathBuf) {
        let generation = self.generation;
        let name = format!("cham-{generation}");
        let arguments =
            [name.clone(), "--generation".to_owned(), generation.to_string()].map(Into::into);
        let program = if generation.is_multiple_of(2) { "even" } else { "odd" };
        (self.chameleon.child.id(), name, arguments.to_vec(), self.place.join(program))
    }

    pub(crate) fn ancestor(&self) -> u32 {
        self.ancestor.child.id()
    }

    pub(crate) fn mapped(&self) -> u32 {
        self.mapped.child.id()
    }

    /// Ends them all and makes sure that none is left.
    pub(crate) fn end(self) -> Result<()> {
        let mut pids: Vec<u32> = self.pids.values().copied().collect();
        pids.extend(self.holders.iter().map(|holder| holder.child.id()));
        pids.extend([self.changed().0, self.mapped()]);
        drop(self);
        let helper = fs::canonicalize(HELPER)?;
        for pid in pids {
            let exe = fs::read_link(format!("/proc/{pid}/exe"));
            ensure!(exe.map_or(true, |exe| exe != helper), "process {pid} is left over");
        }
        Ok(())
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.place);
    }
}

/// The helper's program.
pub(crate) fn helper() -> PathBuf {
    fs::canonicalize(HELPER).unwrap_or_else(|_| HELPER.into())
}

/// Members of a herd of so many.
pub(crate) fn members(herd: usize) -> impl Iterator<Item = Member> {
    (0..herd).map(Member::new)
}
