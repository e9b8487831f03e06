//! The programs that are compared, each a process of its own that takes orders line by line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use ps_bench::rows::Task;
use ps_linux::Linux;
use ps_linux::process::{ScanFrom, ScanSource};

/// How a contestant is started.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// The ones that run on this machine, and a word about each that does not.
pub(crate) fn recipes(place: &Path) -> (Vec<Recipe>, Vec<String>) {
    let rust = |name, program: &str, argument: &str| Recipe {
        name,
        program: program.into(),
        arguments: vec![argument.to_owned()],
    };
    let floor = env!("CARGO_BIN_EXE_bench-floor");
    let entrant = env!("CARGO_BIN_EXE_bench-entrant");
    let mut all = vec![
        rust(FLOOR, floor, "exact"),
        rust(FLOOR_AGAIN, floor, "exact"),
        rust("floor, inexact", floor, "inexact"),
        rust("floor, other roads", floor, "roads"),
        rust(OURS, entrant, "ps"),
        rust(KEEPING, entrant, "ps-keeping"),
        rust("ps, strict", entrant, "ps-strict"),
        rust(TABLE, entrant, "ps-table"),
        rust("ps table, exact", entrant, "ps-table-exact"),
        rust("ps table, exact, 2 threads", entrant, "ps-table-shared"),
        rust(INSIDE, entrant, "ps-bpf"),
        rust("ps table, bpf", entrant, "ps-table-bpf"),
        rust("sysinfo", entrant, "sysinfo"),
        rust("sysinfo, always", entrant, "sysinfo-always"),
        rust("procfs", entrant, "procfs"),
    ];
    let mut absent = Vec::new();
    if Linux::new().scanning(ScanFrom::Bpf).scan_source() != ScanSource::Bpf {
        all.retain(|recipe| !recipe.name.ends_with("bpf"));
        absent.push(format!("{INSIDE} (this kernel does not permit it)"));
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("entrants");
    match std::env::var("PS_PYTHON") {
        Ok(python) => all.push(Recipe {
            name: "Python psutil",
            program: python.into(),
            arguments: vec![sources.join("with_psutil.py").to_string_lossy().into_owned()],
        }),
        Err(_) => absent.push("Python psutil (PS_PYTHON names no Python that has it)".to_owned()),
    }
    match build_libproc2(&sources, place) {
        Ok(program) => all.push(Recipe { name: "libproc2", program, arguments: Vec::new() }),
        Err(error) => absent.push(format!("libproc2 ({error})")),
    }
    (all, absent)
}

/// The exact floor, twice: what it differs from itself is what this machine cannot tell apart.
pub(crate) const FLOOR: &str = "floor";
pub(crate) const FLOOR_AGAIN: &str = "floor again";
pub(crate) const OURS: &str = "ps";
pub(crate) const KEEPING: &str = "ps, keeping";
pub(crate) const INSIDE: &str = "ps, bpf";
pub(crate) const TABLE: &str = "ps table";

fn build_libproc2(sources: &Path, place: &Path) -> Result<PathBuf> {
    let program = place.join("with-libproc2");
    let mut compiler = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
    compiler.arg("-O2").arg("-o").arg(&program).arg(sources.join("with_libproc2.c"));
    // Where headers and library are, if not in the usual places: `-I… -L…`.
    if let Ok(flags) = std::env::var("PS_LIBPROC2") {
        compiler.args(flags.split_whitespace());
    }
    let built = compiler.arg("-lproc2").output().context("no C compiler")?;
    if !built.status.success() {
        bail!("no development files of it, or another version of them");
    }
    Ok(program)
}

/// One that runs.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What some passes took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
    pub(crate) on_cpu: f64,
}

impl Contestant {
    pub(crate) fn start(recipe: &Recipe) -> Result<Contestant> {
        Contestant::spawn(recipe.name, Command::new(&recipe.program).args(&recipe.arguments))
    }

    fn spawn(name: &'static str, command: &mut Command) -> Result<Contestant> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Contestant { name, child, input, output })
    }

    fn order(&mut self, order: &str) -> Result<String> {
        let input = self.input.as_mut().context("its input")?;
        input.write_all(format!("{order}\n").as_bytes())?;
        self.line()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("{} ended early", self.name);
        }
        Ok(line.trim_end_matches('\n').to_owned())
    }

    pub(crate) fn knows(&mut self, task: Task) -> Result<bool> {
        Ok(self.order(&format!("knows {}", task.name()))? == "yes")
    }

    pub(crate) fn answer(&mut self, task: Task, about: u32) -> Result<Vec<String>> {
        let mut line = self.order(&format!("answer {} {about}", task.name()))?;
        let mut lines = Vec::new();
        while !line.is_empty() {
            lines.push(std::mem::replace(&mut line, self.line()?));
        }
        Ok(lines)
    }

    pub(crate) fn time(&mut self, task: Task, about: u32, passes: u32) -> Result<Took> {
        let line = self.order(&format!("time {} {about} {passes}", task.name()))?;
        let mut numbers = line.split(' ').map(|word| word.parse::<f64>().unwrap_or(f64::NAN));
        let mut next = || numbers.next().unwrap_or(f64::NAN) / f64::from(passes);
        let (nanoseconds, allocations, _) = (next(), next(), next());
        Ok(Took { nanoseconds, allocations, on_cpu: next() })
    }

    /// Bytes of heap held, and descriptors open, after so many passes.
    pub(crate) fn held(&mut self, task: Task, passes: u32) -> Result<(u64, u64)> {
        let line = self.order(&format!("held {} 0 {passes}", task.name()))?;
        let (held, open) = line.split_once(' ').context("two numbers")?;
        Ok((held.parse()?, open.parse()?))
    }

    /// The most memory it had, in KiB.
    pub(crate) fn peak(&mut self) -> Result<u64> {
        Ok(self.order("peak T1 0 1")?.parse()?)
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// System calls of one pass, by name; `None` if `strace` is not there.
pub(crate) fn calls(
    recipe: &Recipe,
    task: Task,
    about: u32,
    place: &Path,
) -> Result<Option<BTreeMap<String, f64>>> {
    let (few, many) = (1, 4);
    let Some(before) = traced(recipe, task, about, few, place)? else { return Ok(None) };
    let Some(after) = traced(recipe, task, about, many, place)? else { return Ok(None) };
    let passes = f64::from(many - few);
    let each = after.into_iter().map(|(name, count)| {
        let fewer = before.get(&name).copied().unwrap_or(0.0);
        (name, (count - fewer).max(0.0) / passes)
    });
    Ok(Some(each.filter(|(_, count)| *count > 0.0).collect()))
}

fn traced(
    recipe: &Recipe,
    task: Task,
    about: u32,
    passes: u32,
    place: &Path,
) -> Result<Option<BTreeMap<String, f64>>> {
    let report = place.join("strace");
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-U", "name,calls", "-o"]).arg(&report);
    command.arg(&recipe.program).args(&recipe.arguments);
    let Ok(mut contestant) = Contestant::spawn(recipe.name, &mut command) else {
        return Ok(None);
    };
    // Once in advance: what is found out at first is no part of a pass.
    contestant.time(task, about, 1)?;
    contestant.time(task, about, passes)?;
    drop(contestant);
    let text = std::fs::read_to_string(&report)?;
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, count) = (words.next()?, words.next()?.parse().ok()?);
        (name != "total").then(|| (name.to_owned(), count))
    });
    Ok(Some(lines.collect()))
}
