//! `cargo xtask vm`: the tests inside real kernels, under software emulation.

mod build;
mod content;
mod emulator;
mod initramfs;
mod machines;
mod modules;
mod packages;
mod ran;
mod seeds;
mod user_mode;
mod verdict;
mod witness;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use ps_guest::event::Event;
use ps_guest::plan::{Plan, Step, WITNESS};

use crate::built::Program;
use crate::run;
use content::{add_modules, add_program, add_system, inside};
use initramfs::Archive;
use machines::{Arch, Board, DISK, Kernel, MACHINES, Machine, SHOW, Tests};
use packages::{Packages, kernel_of};
use ran::{QUOTED, Ran, text};
use verdict::{Ending, Transcript, calamities};

const USAGE: &str = "cargo xtask vm [OPTION…] MACHINE…
cargo xtask vm list

  --all           every machine
  --jobs N        so many machines at a time, each of which is shown once it is done
  --checks-only   make sure that the machines are what they claim to be, run no tests
  --only TEXT     of the test programs, only those whose name has TEXT in it
  --filter TEXT   of their tests, only those whose name has TEXT in it
  --verbose       show every line that the tests print
  --install       install what is missing here (needs root)
  --self-test     boot machines that are seeded with mistakes, and make sure that each is found";

/// How long one test program may run inside.
const SECONDS_PER_PROGRAM: u64 = 600;
/// How long a machine may say nothing: a program inside is ended sooner, so that by then the machine itself stands.
const SILENCE: Duration = Duration::from_secs(SECONDS_PER_PROGRAM + 60);
/// How often a machine is booted whose kernel does not come up, or stands.
const BOOTS: usize = 3;
/// How long the witness may take.
const SECONDS_OF_WITNESS: u64 = 60;
/// Where the witness lies inside.
const WITNESS_INSIDE: &str = "/witness";
/// Bytes of a disk; as many as are written to it are taken from the host.
const DISK_BYTES: u64 = 1 << 30;
/// Memory of a machine, in MiB.
const MEMORY: &str = "512";

/// What the words of the command line ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    list: bool,
    all: bool,
    checks_only: bool,
    verbose: bool,
    install: bool,
    self_test: bool,
    jobs: Option<usize>,
    only: Option<String>,
    filter: Option<String>,
    names: Vec<String>,
}

impl Wishes {
    fn parse(words: &[String]) -> Result<Self> {
        let mut wishes = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "list" => wishes.list = true,
                "--all" => wishes.all = true,
                "--checks-only" => wishes.checks_only = true,
                "--verbose" | "-v" => wishes.verbose = true,
                "--install" => wishes.install = true,
                "--self-test" => wishes.self_test = true,
                "--jobs" => {
                    wishes.jobs =
                        Some(words.next().context("--jobs what?")?.parse().context("--jobs")?);
                }
                "--only" => wishes.only = Some(words.next().context("--only what?")?.clone()),
                "--filter" => wishes.filter = Some(words.next().context("--filter what?")?.clone()),
                option if option.starts_with('-') => bail!("no such option: {option}\n\n{USAGE}"),
                name => wishes.names.push(name.to_owned()),
            }
        }
        Ok(wishes)
    }

    /// The words that ask for the same of one machine.
    fn of_one(&self, machine: &Machine) -> Vec<String> {
        let flags = [("--checks-only", self.checks_only), ("--verbose", self.verbose)];
        let texts = [("--only", &self.only), ("--filter", &self.filter)];
        let flags = flags.into_iter().filter(|(_, is_wanted)| *is_wanted);
        let texts = texts.into_iter().filter_map(|(word, text)| Some([word, text.as_ref()?]));
        let words = ["vm", machine.name].into_iter().chain(flags.map(|(word, _)| word));
        words.chain(texts.flatten()).map(str::to_owned).collect()
    }

    /// The machines that are meant.
    fn machines(&self) -> Result<Vec<&'static Machine>> {
        if self.all {
            return Ok(MACHINES.iter().collect());
        }
        self.names.iter().map(|name| found(name)).collect()
    }
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let wishes = Wishes::parse(words)?;
    if wishes.list {
        for machine in MACHINES {
            println!("{:<14} {}", machine.name, machine.about);
        }
        return Ok(());
    }
    if wishes.self_test {
        need_tools(&seeds::machines(), wishes.install)?;
        return seeds::main(&mut Workshop::new(false)?);
    }
    let machines = wishes.machines()?;
    if machines.is_empty() {
        bail!("which machine?\n\n{USAGE}");
    }
    need_tools(&machines, wishes.install)?;
    let mut workshop = Workshop::new(wishes.verbose)?;
    let failed = match wishes.jobs {
        Some(jobs @ 2..) => {
            for machine in &machines {
                workshop.prepare(machine, &wishes)?;
            }
            side_by_side(&machines, jobs, &wishes)?
        }
        _ => one_after_the_other(&mut workshop, &machines, &wishes),
    };
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{} failed:\n  {}", failed.len(), failed.join("\n  "))
}

/// Tests machines; those that failed, and why.
fn one_after_the_other(
    workshop: &mut Workshop,
    machines: &[&Machine],
    wishes: &Wishes,
) -> Vec<String> {
    let mut failed = Vec::new();
    for machine in machines {
        match tested(workshop, machine, wishes) {
            Ok(wrong) if wrong.is_empty() => {}
            Ok(wrong) => failed.push(format!("{}: {}", machine.name, wrong.join("\n    "))),
            Err(error) => {
                println!("  {error:#}");
                failed.push(format!("{}: {error:#}", machine.name));
            }
        }
    }
    failed
}

/// Tests machines, several at a time, each in a run of this program of its own; those that failed.
fn side_by_side(machines: &[&Machine], jobs: usize, wishes: &Wishes) -> Result<Vec<String>> {
    let program = std::env::current_exe().context("where is this program?")?;
    let queue = Mutex::new(machines.iter());
    let failed = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(machine) = next() {
                    let ran = Command::new(&program).args(wishes.of_one(machine)).output();
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    let said = ran.as_ref().map(|ran| [&*ran.stdout, &*ran.stderr].concat());
                    print!("{}", String::from_utf8_lossy(&said.unwrap_or_default()));
                    match ran {
                        Ok(ran) if ran.status.success() => {}
                        Ok(ran) => failed.push(format!("{}: {}", machine.name, ran.status)),
                        Err(error) => failed.push(format!("{}: {error}", machine.name)),
                    }
                }
            });
        }
    });
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Boots one machine with its checks and tests; what is wrong.
fn tested(workshop: &mut Workshop, machine: &Machine, wishes: &Wishes) -> Result<Vec<String>> {
    println!("{}: {}", machine.name, machine.about);
    let programs = match wishes.checks_only {
        true => Vec::new(),
        false => workshop.programs(machine)?,
    };
    let only = |program: &&(Program, &'static Tests)| match &wishes.only {
        Some(text) => program.0.name.contains(text),
        None => true,
    };
    let programs: Vec<_> = programs.iter().filter(only).collect();
    if let (Some(text), true) = (&wishes.only, programs.is_empty()) {
        bail!("no test program's name has {text} in it");
    }
    let mut plan = plan_of(machine);
    for (program, tests) in &programs {
        plan.steps.extend(tests.users.iter().map(|user| {
            let mut words = vec![inside(program), "--show-output".to_owned()];
            words.extend(tests.arguments.iter().map(|word| (*word).to_owned()));
            words.extend(wishes.filter.clone());
            Step::Run {
                name: format!("{}@{user}", program.name),
                user: *user,
                seconds: SECONDS_PER_PROGRAM,
                directory: program.directory.display().to_string(),
                words,
            }
        }));
    }
    let programs: Vec<&Program> = programs.iter().map(|(program, _)| program).collect();
    let limit = machine.seconds + SECONDS_PER_PROGRAM * runs(&plan).count() as u64;
    let mut ran = workshop.boot(machine, &plan, &programs, Duration::from_secs(limit))?;
    if let Some(filter) = &wishes.filter
        && runs(&plan).filter_map(|name| ran.transcript.counts(name)).all(|counts| counts[0] == 0)
    {
        ran.wrong.push(format!("no test that passed has {filter} in its name"));
    }
    if !wishes.checks_only && wishes.only.is_none() && wishes.filter.is_none() {
        ran.wrong.extend(ran.transcript.not_run(&machine.must_run.concat()));
    }
    ran.report();
    Ok(ran.wrong)
}

/// The processor of a machine, in the kernel's word.
pub(crate) fn arch(name: &str) -> Result<&'static str> {
    let target = found(name)?.kernel.arch().target;
    Ok(target.split_once('-').map_or(target, |(arch, _)| arch))
}

/// Captures the files of a machine into a new directory; the note about it.
pub(crate) fn capture(name: &str, without: &[String], out: &Path) -> Result<String> {
    let machine = found(name)?;
    need_tools(&[machine], false)?;
    let mut plan = plan_of(machine);
    plan.steps.retain(|step| matches!(step, Step::Check { .. }));
    plan.steps.push(Step::Capture { without: without.to_vec() });
    let ran =
        Workshop::new(false)?.boot(machine, &plan, &[], Duration::from_secs(machine.seconds))?;
    ran.report();
    if !ran.wrong.is_empty() {
        bail!("{name} is not to be relied on");
    }
    let note = ran.transcript.files.get("/capture-note").context("no note was handed over")?;
    ran.keep_tree("/capture/", out)?;
    Ok(String::from_utf8_lossy(note).into_owned())
}

/// The machine of this name.
fn found(name: &str) -> Result<&'static Machine> {
    let found = MACHINES.iter().find(|machine| machine.name == name);
    found.with_context(|| format!("no such machine: {name} (see `cargo xtask vm list`)"))
}

/// The plan that makes sure that a machine is what it claims to be, and that the library tells of it what its files
/// do.
fn plan_of(machine: &Machine) -> Plan {
    // The table's own test makes sure that every check is one.
    let check = |(name, check): &(&str, &str)| {
        Some(Step::Check { name: (*name).to_owned(), check: check.parse().ok()? })
    };
    let release = machine.kernel.release();
    let show = SHOW.iter().chain(machine.show);
    let witness = Step::Witness { seconds: SECONDS_OF_WITNESS, program: WITNESS_INSIDE.to_owned() };
    Plan {
        machine: machine.name.to_owned(),
        port: machine.kernel.port().to_owned(),
        cgroup: machine.cgroup,
        disk: machine.has_disk.then(|| (DISK.to_owned(), scratch(machine))),
        steps: machine
            .checks
            .iter()
            .chain([&("release", release)])
            .filter_map(check)
            .chain([witness])
            .chain(show.map(|pattern| Step::Show { pattern: (*pattern).to_owned() }))
            .collect(),
    }
}

/// Where the tests of a machine write to, by cargo's word.
fn scratch(machine: &Machine) -> String {
    let directory = run::root().join("target").join(machine.kernel.arch().target).join("tmp");
    directory.display().to_string()
}

/// The names of a plan's test programs.
fn runs(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.steps.iter().filter_map(|step| match step {
        Step::Run { name, .. } => Some(name.as_str()),
        _ => None,
    })
}

/// Fails with the one line that installs what is missing, or runs it.
fn need_tools(machines: &[&Machine], install: bool) -> Result<()> {
    let mut missing = Vec::new();
    let mut need = |program: &str, package: &'static str| {
        if !on_path(program) && !missing.contains(&package) {
            missing.push(package);
        }
    };
    for machine in machines {
        match &machine.kernel {
            Kernel::Packaged { board, .. } => need(board.qemu, board.package),
            Kernel::UserMode => {}
            Kernel::UserModeBuilt { .. } => {
                user_mode::TOOLS.iter().for_each(|(program, package)| need(program, package));
            }
        }
        if !machine.firmware.is_empty() {
            need("iasl", "acpica-tools");
        }
        if !machine.modules.is_empty() {
            need("xz", "xz-utils");
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !install {
        bail!("this machine lacks {}; run\n\n  {line}\n\nor add --install", missing.join(", "));
    }
    let mut words = line.split(' ');
    run::pass(Command::new(words.next().unwrap_or_default()).args(words))
}

/// Whether a program of this name is where programs are.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// What is made once and used by several machines.
struct Workshop {
    /// Where everything is kept.
    work: PathBuf,
    verbose: bool,
    /// Programs by package and target.
    built: BTreeMap<(&'static str, &'static str), PathBuf>,
}

impl Workshop {
    fn new(verbose: bool) -> Result<Self> {
        let work = run::root().join("target/xtask/vm");
        fs::create_dir_all(&work)?;
        Ok(Self { work, verbose, built: BTreeMap::new() })
    }

    /// Builds the test programs of a machine.
    fn programs(&self, machine: &Machine) -> Result<Vec<(Program, &'static Tests)>> {
        let arch = machine.kernel.arch();
        let mut programs = Vec::new();
        for tests in machine.tests {
            let built = build::tests(arch, tests)?;
            programs.extend(built.into_iter().map(|program| (program, tests)));
        }
        Ok(programs)
    }

    /// The program of a package, built once.
    fn program(&mut self, arch: &Arch, package: &'static str) -> Result<Vec<u8>> {
        let path = match self.built.get(&(package, arch.target)) {
            Some(path) => path.clone(),
            None => build::program(arch, package)?,
        };
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        self.built.insert((package, arch.target), path);
        Ok(bytes)
    }

    /// Fetches and builds what a machine needs: two that look for one thing at a time would get into each other's way.
    fn prepare(&mut self, machine: &Machine, wishes: &Wishes) -> Result<()> {
        let arch = machine.kernel.arch();
        let packages = Packages::of(arch.debian, &self.work)?;
        packages.unpacked("busybox-static")?;
        match &machine.kernel {
            Kernel::Packaged { package, .. } => packages.unpacked(&packages.behind(package)?)?,
            Kernel::UserMode => packages.unpacked(user_mode::PACKAGE)?,
            Kernel::UserModeBuilt { configuration } => {
                user_mode::build(&packages, &self.work, configuration)?
            }
        };
        for package in ["ps-guest", "ps-witness"] {
            self.program(arch, package)?;
        }
        if !wishes.checks_only {
            self.programs(machine)?;
        }
        Ok(())
    }

    /// Boots a machine, watches it do its plan, and says what is wrong.
    fn boot(
        &mut self,
        machine: &Machine,
        plan: &Plan,
        programs: &[&Program],
        limit: Duration,
    ) -> Result<Ran> {
        let packages = Packages::of(machine.kernel.arch().debian, &self.work)?;
        let tools = packages.unpacked("busybox-static")?;
        let mut archive = Archive::new();
        let arch = machine.kernel.arch();
        add_system(&mut archive, &tools, &self.program(arch, "ps-guest")?)?;
        let has_witness = plan.names().contains(&WITNESS);
        if has_witness {
            archive.file(WITNESS_INSIDE, &self.program(arch, "ps-witness")?, true);
        }
        for program in programs {
            add_program(&mut archive, program)?;
        }
        archive.file("/plan", plan.to_string().as_bytes(), false);

        let initrd = self.file(machine, "initrd");
        let console = self.file(machine, "console.log");
        let errors = self.file(machine, "emulator.log");
        let mut command = match &machine.kernel {
            Kernel::Packaged { package, board, .. } => {
                let unpacked = packages.unpacked(&packages.behind(package)?)?;
                let (kernel, release) = kernel_of(&unpacked)?;
                let modules = unpacked.join("lib/modules").join(release);
                add_modules(&mut archive, &modules, machine.modules)?;
                let mut command = self.emulator(machine, board, &kernel)?;
                command.arg("-serial").arg(format!("file:{}", console.display()));
                // The second serial port, so after the first.
                command.args(board.port_device).arg("-initrd").arg(&initrd);
                command.stderr(File::create(&errors)?);
                command
            }
            Kernel::UserMode => {
                let kernel = packages.unpacked(user_mode::PACKAGE)?.join(user_mode::PROGRAM);
                user_mode::command(machine, &kernel, &initrd, File::create(&console)?)
            }
            Kernel::UserModeBuilt { configuration } => {
                let kernel = user_mode::build(&packages, &self.work, configuration)?;
                user_mode::command(machine, &kernel, &initrd, File::create(&console)?)
            }
        };
        fs::write(&initrd, archive.finish())?;

        let started = Instant::now();
        let (transcript, ending) = self.bring_up(machine, &mut command, limit)?;
        fs::remove_file(&initrd)?;
        if machine.has_disk {
            fs::remove_file(self.file(machine, "disk"))?;
        }
        let names = plan.names();
        let mut wrong = transcript.complaints(&names, &ending);
        if matches!(ending, Ending::Broken(_)) {
            wrong.push(text(&errors).trim().to_owned());
        }
        wrong.extend(calamities(&text(&console)));
        if has_witness && transcript.has_passed(WITNESS) {
            let (held, lies) = witness::hold(&transcript.files);
            println!("  {held} figures of the library held against the kernel's files");
            wrong.extend(lies);
        }
        let ran = Ran {
            name: machine.name.to_owned(),
            took: started.elapsed(),
            plan: plan.clone(),
            transcript,
            wrong,
            console,
        };
        ran.keep_files(&self.work)?;
        Ok(ran)
    }

    /// The emulator with everything but the machine's first file system and where it reports to.
    fn emulator(&self, machine: &Machine, board: &Board, kernel: &Path) -> Result<Command> {
        let mut command = Command::new(board.qemu);
        command
            // In threads of their own, emulated processors now and then run into an instruction that another of them is
            // just replacing (`Oops: int3`).
            .args(["-accel", "tcg,thread=single", "-m", MEMORY, "-smp", machine.cpus])
            .args(board.arguments)
            .args(["-display", "none", "-monitor", "none", "-nic", "none"])
            .args(["-no-user-config", "-no-reboot"])
            .args(["-chardev", "stdio,id=port,signal=off"])
            .args(machine.devices)
            .arg("-kernel")
            .arg(kernel)
            .arg("-append")
            .arg(format!(
                "console={} loglevel=5 panic=-1 {} {}",
                board.console, board.append, machine.append
            ));
        if machine.has_disk {
            let disk = self.file(machine, "disk");
            File::create(&disk)?.set_len(DISK_BYTES)?;
            command
                .arg("-blockdev")
                .arg(format!("driver=file,filename={},node-name=disk", disk.display()))
                .args(["-device", "nvme,drive=disk,serial=ps-disk"]);
        }
        for table in machine.firmware {
            command
                .arg("-acpitable")
                .arg(format!("file={}", self.firmware(machine, table)?.display()));
        }
        Ok(command)
    }

    /// A file of a machine's own.
    fn file(&self, machine: &Machine, what: &str) -> PathBuf {
        self.work.join(format!("{}.{what}", machine.name))
    }

    /// Runs the emulator, once more if its kernel did not come up or stood, and had nothing to say of it: the clocks of
    /// one that is emulated on a busy host are late, which now and then it does not survive.
    fn bring_up(
        &self,
        machine: &Machine,
        command: &mut Command,
        limit: Duration,
    ) -> Result<(Transcript, Ending)> {
        for _ in 1..BOOTS {
            let (transcript, ending) = self.watch(machine, command, limit)?;
            let has_stood = matches!(ending, Ending::Silent(_)) || !transcript.has_started();
            // The next boot begins the kernel's log anew.
            let log = text(&self.file(machine, "console.log"));
            if !has_stood || !calamities(&log).is_empty() {
                return Ok((transcript, ending));
            }
            println!("  the kernel did not come up, or stood; once more");
        }
        self.watch(machine, command, limit)
    }

    /// Runs the emulator, keeping a log of what the guest says and showing how far it is.
    fn watch(
        &self,
        machine: &Machine,
        command: &mut Command,
        limit: Duration,
    ) -> Result<(Transcript, Ending)> {
        let mut log = File::create(self.file(machine, "log"))?;
        writeln!(log, "{command:?}")?;
        let mut transcript = Transcript::default();
        let mut begun = Duration::ZERO;
        let limits = emulator::Limits { silent: SILENCE, whole: limit };
        let ending = emulator::watch(command, limits, &mut |now, line| {
            // Blanks at the end may be a file's.
            let line = line.trim_end_matches('\r');
            // A log that cannot be written to is no reason to give the run up.
            let _ = writeln!(log, "[{:8.3}] {line}", now.as_secs_f64());
            match transcript.take(line) {
                Some(Event::Start { release }) => {
                    println!("  Linux {release} after {:.1} s", now.as_secs_f64());
                }
                Some(Event::Begin { .. }) => begun = now,
                Some(Event::Out { text }) if self.verbose => println!("    | {text}"),
                Some(Event::Passed { step }) => {
                    let counts = transcript.counts(&step).map_or_else(String::new, |counts| {
                        format!(", {} passed, {} ignored", counts[0], counts[2])
                    });
                    println!("  ok      {step} ({:.1} s{counts})", (now - begun).as_secs_f64());
                }
                Some(Event::Failed { step, why }) => {
                    println!("  FAILED  {step}: {why}");
                    if !self.verbose {
                        for line in transcript.last_lines(&step, QUOTED) {
                            println!("    | {line}");
                        }
                    }
                }
                _ => {}
            }
        })?;
        Ok((transcript, ending))
    }

    /// Compiles a firmware table.
    fn firmware(&self, machine: &Machine, table: &str) -> Result<PathBuf> {
        let source = run::root().join("xtask/vm").join(table);
        let compiled = self.file(machine, table).with_extension("aml");
        run::stdout(Command::new("iasl").arg("-ve").arg("-p").arg(&compiled).arg(source))?;
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(words: &[&str]) -> Result<Wishes> {
        Wishes::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_options_or_machines() {
        let asked = wishes(&["sensors", "--checks-only", "--only", "live"]).expect("parses");
        assert_eq!(asked.names, ["sensors"]);
        assert!(asked.checks_only && !asked.all);
        assert_eq!(asked.only.as_deref(), Some("live"));
        assert!(wishes(&["--twice"]).is_err());
        assert!(wishes(&["--only"]).is_err());
    }

    #[test]
    fn words_for_one_machine_ask_for_what_was_asked_of_many() {
        let asked =
            wishes(&["--all", "--jobs", "2", "--filter", "x", "--verbose"]).expect("parses");
        assert_eq!((asked.jobs, asked.names.len()), (Some(2), 0));
        let words = asked.of_one(found("uml").expect("exists"));
        assert_eq!(words, ["vm", "uml", "--verbose", "--filter", "x"]);
        let one = Wishes::parse(&words[1..]).expect("parses");
        assert_eq!((one.filter, one.names), (asked.filter, vec!["uml".to_owned()]));
    }

    #[test]
    fn a_machine_that_does_not_exist_is_an_error_that_names_it() {
        let why = wishes(&["sensor"]).expect("parses").machines().err().expect("does not exist");
        assert!(why.to_string().contains("no such machine: sensor "), "{why}");
    }

    #[test]
    fn what_no_tool_provides_is_missing() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }

    #[test]
    fn every_machine_has_a_plan_with_all_its_checks() {
        for machine in MACHINES {
            let plan = plan_of(machine);
            assert_eq!(plan.names().len(), machine.checks.len() + 3, "{}", machine.name);
        }
    }
}
