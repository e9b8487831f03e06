//! Shows the busiest processes again and again, and how many came and went in between.
//!
//! ```text
//! cargo run --release --example top -- [SECONDS [TIMES]]
//! ```
//!
//! Every two seconds, without end, if nothing else is said.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use ps_facade::cpu::{self, CpuSampler, CpuUse};
use ps_facade::process::{Entry, ProcessTable};
use ps_facade::{Fields, mem};

/// As many as fit below each other on most screens.
const SHOWN: usize = 15;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (seconds, times) = match words.as_slice() {
        [] => (Some(2.0), Some(u32::MAX)),
        [seconds] => (seconds.parse().ok(), Some(u32::MAX)),
        [seconds, times] => (seconds.parse().ok(), times.parse().ok()),
        _ => (None, None),
    };
    let rest = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let (Some(rest), Some(times)) = (rest, times) else {
        eprintln!("usage: top [SECONDS [TIMES]]");
        return ExitCode::from(2);
    };
    match watch(rest, times) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("top: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn watch(rest: Duration, times: u32) -> Result<(), Box<dyn Error>> {
    let mut table = ProcessTable::new()?;
    let mut sampler = CpuSampler::new();
    // A share is that of the time between two looks.
    table.refresh(Fields::TOP)?;
    sampler.sample()?;
    for _ in 0..times {
        std::thread::sleep(rest);
        table.refresh(Fields::TOP)?;
        show(&table, sampler.sample()?)?;
    }
    Ok(())
}

fn show(table: &ProcessTable, used: Option<CpuUse>) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let memory = mem::virtual_memory()?;
    writeln!(
        out,
        "load {:.2}, CPUs {:.1} % busy, memory {:.1} % in use, {} processes, {} came, {} went",
        cpu::load_average()?.one,
        used.map_or(0.0, |used| used.busy),
        memory.percent(),
        table.len(),
        table.started().count(),
        table.gone().len(),
    )?;
    let share = |entry: &Entry<'_>| entry.cpu_percent().unwrap_or(0.0);
    let mut busiest: Vec<Entry<'_>> = table.iter().collect();
    busiest.sort_by(|a, b| share(b).total_cmp(&share(a)));
    for entry in busiest.iter().take(SHOWN) {
        let row = entry.row();
        let (pid, share, rss) = (entry.pid(), share(entry), row.rss.unwrap_or(0) / 1024);
        let status = row.status.map_or_else(|_| "?".into(), |status| status.to_string());
        // A process may call itself anything.
        let name = row.name.map_or_else(|_| "?".into(), |name| name.to_string_lossy());
        let name = name.escape_debug();
        writeln!(out, "{pid:>8} {status:<12} {share:>6.1} % {rss:>10} KiB  {name}")?;
    }
    writeln!(out)?;
    Ok(())
}
