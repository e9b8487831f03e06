//! Speed beside bare system calls and beside other libraries, in one run, every answer checked before it is timed.
//!
//! `cargo bench -p ps-bench --bench sweep -- [--quick] [--sizes 100,1000,5000] [--rounds 40] [--tasks T1,T3] [--cpu] [--ours]`
//! prints tables as Markdown. Entrants whose answer is wrong are timed and shown, but not ranked.

mod contestant;
mod farm;
mod truth;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use ps_bench::rows::Task;

use contestant::{Contestant, FLOOR, FLOOR_AGAIN, INSIDE, KEEPING, OURS, Recipe, TABLE};
use farm::Farm;
use truth::Truth;

struct Options {
    sizes: Vec<usize>,
    rounds: usize,
    at_least: Duration,
    /// Counts time on a CPU alone: what other programs on a busy machine take away does not count.
    on_cpu: bool,
    /// Leaves the other libraries out.
    ours: bool,
    tasks: Vec<Task>,
}

impl Options {
    fn read() -> Result<Options> {
        let mut options = Options {
            sizes: vec![100, 1000, 5000],
            rounds: 40,
            at_least: Duration::from_secs(6),
            on_cpu: false,
            ours: false,
            tasks: Task::ALL.iter().map(|(task, ..)| *task).collect(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} wants a value"));
            match word.as_str() {
                "--quick" => {
                    (options.sizes, options.rounds) = (vec![100], 5);
                    options.at_least = Duration::ZERO;
                }
                "--sizes" => {
                    let sizes = value()?;
                    options.sizes = sizes.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--rounds" => options.rounds = value()?.parse()?,
                "--tasks" => {
                    let wanted = value()?;
                    options
                        .tasks
                        .retain(|task| wanted.split(',').any(|word| task.name().starts_with(word)));
                }
                "--ours" => options.ours = true,
                "--cpu" => options.on_cpu = true,
                // What cargo adds by itself.
                "--bench" => {}
                other => bail!("unknown option {other}"),
            }
        }
        Ok(options)
    }
}

/// What one contestant did at one task and size.
#[derive(Clone, Debug, Default)]
struct Done {
    /// Nanoseconds of a pass, for each round.
    times: Vec<f64>,
    allocations: f64,
    calls: Option<BTreeMap<String, f64>>,
    wrong: Option<String>,
}

impl Done {
    /// The lower quartile over the rounds.
    fn time(&self) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 4).copied().unwrap_or(f64::NAN)
    }
}

/// By task, size, and place in the list of contestants.
type Results = BTreeMap<(Task, usize, usize), Done>;

/// What contestants hold.
#[derive(Default)]
struct Memory {
    /// The most, in KiB, by size and place in the list of contestants.
    peaks: BTreeMap<(usize, usize), u64>,
    /// Of the table, by size: heap in bytes and descriptors after a few refreshes, and after many more.
    table: BTreeMap<usize, [(u64, u64); 2]>,
}

/// Refreshes after which nothing may be left behind.
const MANY_REFRESHES: u32 = 1000;

fn main() -> Result<()> {
    let options = Options::read()?;
    let place = std::env::temp_dir().join(format!("ps-bench-run-{}", std::process::id()));
    std::fs::create_dir_all(&place)?;
    let run = run(&options, &place);
    std::fs::remove_dir_all(&place)?;
    run
}

fn run(options: &Options, place: &Path) -> Result<()> {
    let (mut recipes, mut absent) = contestant::recipes(place);
    if options.ours {
        recipes.retain(|recipe| recipe.name.starts_with("floor") || recipe.name.starts_with(OURS));
        absent = vec!["other libraries, as asked".to_owned()];
    }
    for one in &absent {
        eprintln!("left out: {one}");
    }
    let mut results = Results::new();
    let mut memory = Memory::default();
    for size in &options.sizes {
        sweep(options, &recipes, *size, place, &mut results, &mut memory)?;
    }
    println!("{}", report(options, &recipes, &absent, &results, &memory));
    let ours = recipes.iter().position(|recipe| recipe.name == OURS);
    let wrong = results.iter().filter(|((.., who), _)| Some(*who) == ours).filter_map(
        |((task, size, _), done)| {
            Some(format!("{} at {size}: {}", task.name(), done.wrong.as_ref()?))
        },
    );
    let wrong: Vec<String> = wrong.collect();
    if !wrong.is_empty() {
        bail!("answers of this library that are wrong: {}", wrong.join("; "));
    }
    Ok(())
}

fn sweep(
    options: &Options,
    recipes: &[Recipe],
    size: usize,
    place: &Path,
    results: &mut Results,
    memory: &mut Memory,
) -> Result<()> {
    let choose_users = ps_bench::sys::user() == 0;
    eprintln!("a herd of {size}");
    let mut farm = Farm::start(size, choose_users)?;
    let mut truth = Truth::find_out(&farm, choose_users)?;
    let mut contestants = Vec::new();
    for recipe in recipes {
        contestants.push(Contestant::start(recipe)?);
    }
    for task in &options.tasks {
        let about = match task {
            Task::Maps | Task::Footprint => farm.mapped(),
            Task::One => *farm.pids.get(&2).or(farm.pids.get(&0)).context("a member")?,
            _ => farm.ancestor(),
        };
        if !task.is_of_all() && Some(&size) != options.sizes.first() {
            continue;
        }
        let mut running = Vec::new();
        for (who, contestant) in contestants.iter_mut().enumerate() {
            if !contestant.knows(*task)? {
                continue;
            }
            // What it read before is to be no excuse for what it answers afterwards.
            contestant.time(*task, about, 1)?;
            farm.run_anew()?;
            truth.change(&farm);
            let before = truth::figures(*task, about)?;
            truth.weigh(true);
            let answer = contestant.answer(*task, about)?;
            truth.weigh(false);
            let wrong = truth.check(*task, about, &answer, &farm, &before).err();
            let wrong = wrong.map(|error| error.to_string());
            if let Some(wrong) = &wrong {
                eprintln!("{} {size} {}: {wrong}", task.name(), contestant.name);
            }
            results.insert((*task, size, who), Done { wrong, ..Done::default() });
            running.push(who);
        }
        let first = contestants.first_mut().context("a floor")?;
        let pass = (0..3).map(|_| first.time(*task, about, 1).map(|took| took.nanoseconds));
        let pass = pass.collect::<Result<Vec<_>>>()?.into_iter().fold(f64::MAX, f64::min);
        // Long enough that looking at the clock does not count.
        let passes = (2e6 / pass).ceil().clamp(1.0, 1000.0) as u32;
        let began = Instant::now();
        for round in 0.. {
            // More of them where they are short: the machine has other work too.
            let enough = round >= options.rounds * 8 || began.elapsed() > options.at_least;
            if round >= options.rounds && enough {
                break;
            }
            for turn in 0..running.len() {
                let who = running[(turn + round) % running.len()];
                let took = contestants[who].time(*task, about, passes)?;
                let done = results.entry((*task, size, who)).or_default();
                done.times.push(if options.on_cpu { took.on_cpu } else { took.nanoseconds });
                done.allocations = took.allocations;
            }
        }
        let floor = results.get(&(*task, size, 0)).map_or(f64::NAN, Done::time);
        for who in running {
            let Some(done) = results.get_mut(&(*task, size, who)) else { continue };
            let ratio = done.time() / floor;
            eprintln!("{} {size} {}: {:.3}", task.name(), recipes[who].name, ratio);
            // Counted in the smallest herd, since tracing costs.
            if Some(&size) == options.sizes.first() {
                done.calls = contestant::calls(&recipes[who], *task, about, place)?;
            }
        }
    }
    for (who, contestant) in contestants.iter_mut().enumerate() {
        memory.peaks.insert((size, who), contestant.peak()?);
    }
    drop(contestants);
    if let Some(recipe) = recipes.iter().find(|recipe| recipe.name == TABLE) {
        let mut table = Contestant::start(recipe)?;
        let held = [table.held(Task::Top, 4)?, table.held(Task::Top, MANY_REFRESHES)?];
        memory.table.insert(size, held);
    }
    farm.end()
}

fn readable(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e4 => format!("{:.2} µs", n / 1e3),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model =
        model.and_then(|line| line.split_once(": ")).map_or("unknown CPU", |(_, name)| name);
    let cpus = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    format!("Linux {}, {cpus} × {model}", release.trim())
}

fn report(
    options: &Options,
    recipes: &[Recipe],
    absent: &[String],
    results: &Results,
    memory: &Memory,
) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}; at least {} rounds; lower quartiles of {}.",
        machine(),
        options.rounds,
        if options.on_cpu { "time on a CPU" } else { "time on the wall" }
    );
    for one in absent {
        let _ = writeln!(out, "Left out: {one}.");
    }
    for task in &options.tasks {
        let sizes: Vec<usize> = options
            .sizes
            .iter()
            .copied()
            .filter(|size| results.contains_key(&(*task, *size, 0)))
            .collect();
        let _ = writeln!(out, "\n### {}: {}\n", task.name(), task.about());
        let mut head = String::from("| |");
        let mut line = String::from("|---|");
        for size in &sizes {
            let of = if task.is_of_all() { format!("{size} processes") } else { "time".to_owned() };
            let _ = write!(head, " {of} | × floor |");
            line.push_str("---:|---:|");
        }
        let _ = writeln!(
            out,
            "{head} calls of a pass | allocations each | answer |\n{line}---:|---:|---|"
        );
        for (who, recipe) in recipes.iter().enumerate() {
            let Some(last) = sizes.last().and_then(|size| results.get(&(*task, *size, who))) else {
                continue;
            };
            let _ = write!(out, "| {} |", recipe.name);
            let mut wrong = None;
            let mut calls = None;
            for size in &sizes {
                let floor = results.get(&(*task, *size, 0)).map_or(f64::NAN, Done::time);
                let Some(done) = results.get(&(*task, *size, who)) else { continue };
                let time = done.time();
                let _ = write!(out, " {} | {:.2} |", readable(time), time / floor);
                wrong = wrong.or(done.wrong.as_deref());
                calls = done.calls.as_ref().map(|calls| (*size, calls)).or(calls);
            }
            let each = |size: usize| if task.is_of_all() { size as f64 } else { 1.0 };
            let count = calls
                .map_or("-".to_owned(), |(_, calls)| format!("{:.0}", calls.values().sum::<f64>()));
            // Counted in programs written in Rust.
            let allocations = if last.allocations.is_nan() {
                "-".to_owned()
            } else {
                format!("{:.2}", last.allocations / each(*sizes.last().unwrap_or(&1)))
            };
            let _ = writeln!(out, " {count} | {allocations} | {} |", wrong.unwrap_or("right"));
        }
        judge(&mut out, *task, &sizes, recipes, results);
    }
    let _ = writeln!(out, "\n### Peak memory in KiB\n");
    for (who, recipe) in recipes.iter().enumerate() {
        let all: Vec<String> = options
            .sizes
            .iter()
            .filter_map(|size| Some(format!("{} at {size}", memory.peaks.get(&(*size, who))?)))
            .collect();
        let _ = writeln!(out, "* {}: {}", recipe.name, all.join(", "));
    }
    let _ = writeln!(out, "\n### What a table holds, asked for {}\n", Task::Top.about());
    for (size, [few, many]) in &memory.table {
        let _ = writeln!(
            out,
            "* {size} processes: {} KiB of heap and {} descriptors of the program after 4 refreshes, {} KiB and {} after \
             {MANY_REFRESHES} more",
            few.0 / 1024,
            few.1,
            many.0 / 1024,
            many.1
        );
    }
    out
}

/// How this library stands to the floor, and the floor to itself.
fn judge(out: &mut String, task: Task, sizes: &[usize], recipes: &[Recipe], results: &Results) {
    let place = |name: &str| recipes.iter().position(|recipe| recipe.name == name);
    let (Some(floor), Some(again), Some(ours)) = (place(FLOOR), place(FLOOR_AGAIN), place(OURS))
    else {
        return;
    };
    let target = if task == Task::One { 1.15 } else { 1.05 };
    let time = |size: usize, who: usize| results.get(&(task, size, who)).map(Done::time);
    let _ = writeln!(out);
    for (who, name) in [(Some(ours), ""), (place(KEEPING), "keeping its socket: ")] {
        for size in sizes {
            let (Some(one), Some(two), Some(our)) =
                (time(*size, floor), time(*size, again), who.and_then(|who| time(*size, who)))
            else {
                continue;
            };
            let spread = (one / two - 1.0).abs();
            let ratio = our / one.midpoint(two);
            let verdict = if ratio - spread <= target { "met" } else { "missed" };
            let of = if task.is_of_all() { format!("{size} processes: ") } else { name.to_owned() };
            let _ = writeln!(
                out,
                "* {of}{ratio:.3} of the floor, which differs from itself by {spread:.3}; target {target} {verdict}"
            );
        }
    }
    // Past the floor: what has not run is not read again.
    let past = match task {
        Task::Calm => Some(0.20),
        Task::Top => Some(0.55),
        _ => None,
    };
    for size in sizes {
        if let (Some(target), Some(table)) = (past, place(TABLE))
            && let (Some(one), Some(two), Some(our)) =
                (time(*size, floor), time(*size, again), time(*size, table))
        {
            let (ratio, spread) = (our / one.midpoint(two), (one / two - 1.0).abs());
            let verdict = if ratio - spread <= target { "met" } else { "missed" };
            let _ = writeln!(
                out,
                "* {size} processes, refresh of a table: {ratio:.3} of the floor; target {target:.2} {verdict}"
            );
        }
    }
    for size in sizes.iter().filter(|size| **size >= 1000) {
        let inside = place(INSIDE).and_then(|inside| time(*size, inside));
        let (Some(one), Some(two), Some(inside)) = (time(*size, floor), time(*size, again), inside)
        else {
            continue;
        };
        let ratio = inside / one.midpoint(two);
        let verdict = if ratio <= 0.08 { "met" } else { "missed" };
        let _ = writeln!(
            out,
            "* {size} processes, {INSIDE}: {ratio:.3} of the floor; target 0.08 {verdict}"
        );
    }
    if let (Some(few), Some(many)) = (sizes.first(), sizes.last())
        && few != many
    {
        let growth = |who| Some(time(*many, who)? / time(*few, who)?);
        if let (Some(our), Some(one), Some(two)) = (growth(ours), growth(floor), growth(again)) {
            let (ratio, spread) = (our / one.midpoint(two), (one / two - 1.0).abs());
            let verdict = if ratio - spread <= 1.05 { "met" } else { "missed" };
            let _ = writeln!(
                out,
                "* growth from {few} to {many}: {ratio:.3} of the floor's own, which differs from itself by {spread:.3}; target 1.05 {verdict}"
            );
        }
    }
    let traced = |size: &&usize| {
        results.get(&(task, **size, floor)).is_some_and(|done| done.calls.is_some())
    };
    if let Some(size) = sizes.iter().find(traced)
        && let Some(Done { calls: Some(calls), .. }) = results.get(&(task, *size, floor))
    {
        let text = |calls: &BTreeMap<String, f64>| {
            let list = calls.iter().map(|(name, count)| format!("{name} {count:.0}"));
            list.collect::<Vec<_>>().join(", ")
        };
        let _ = writeln!(out, "* calls of a pass, floor: {}", text(calls));
        if let Some(Done { calls: Some(calls), .. }) = results.get(&(task, *size, ours)) {
            let _ = writeln!(out, "* calls of a pass, {OURS}: {}", text(calls));
        }
        let table = place(TABLE).filter(|_| past.is_some());
        if let Some(Done { calls: Some(calls), .. }) =
            table.and_then(|table| results.get(&(task, *size, table)))
        {
            let _ = writeln!(out, "* calls of a pass, {TABLE}: {}", text(calls));
        }
    }
}
