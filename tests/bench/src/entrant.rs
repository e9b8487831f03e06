//! The side of an entrant: takes orders line by line, works, answers.

use std::io::{BufRead, Write};
use std::time::Instant;

use crate::rows::{Nowhere, Paper, Sink, Task};
use crate::sys;

/// Something that can be asked to work.
pub trait Entrant {
    /// Whether it offers this at all.
    fn knows(&self, task: Task) -> bool;

    /// One pass of the work. `about` is the process it is about, if it is about one.
    fn work(&mut self, task: Task, about: u32, sink: &mut dyn Sink);
}

/// Serves until there are no more orders.
///
/// `knows TASK` is answered `yes` or `no`; `answer TASK PID` with lines and an empty one; `time TASK PID PASSES`
/// with the nanoseconds, allocations, bytes and nanoseconds on a CPU of all passes; `held TASK PID PASSES` with the bytes
/// of heap that are held after so many passes and were not before the first of all, and the descriptors that are open;
/// `peak` with the most memory used, in KiB.
pub fn serve(entrant: &mut dyn Entrant) -> std::io::Result<()> {
    let at_first = sys::held();
    let mut out = std::io::stdout().lock();
    let mut line = String::new();
    let mut orders = std::io::stdin().lock();
    loop {
        line.clear();
        if orders.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let task = words.next().and_then(|word| word.parse::<Task>().ok());
        let about = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let passes: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
        match (verb, task) {
            ("knows", Some(task)) => {
                writeln!(out, "{}", if entrant.knows(task) { "yes" } else { "no" })?;
            }
            ("answer", Some(task)) => {
                let mut paper = Paper::default();
                entrant.work(task, about, &mut paper);
                writeln!(out, "{}", paper.text)?;
            }
            ("time", Some(task)) => {
                let before = sys::counted();
                let from = sys::on_cpu();
                let began = Instant::now();
                for _ in 0..passes {
                    entrant.work(task, about, &mut Nowhere);
                }
                let took = began.elapsed().as_nanos();
                let on_cpu = sys::on_cpu() - from;
                let after = sys::counted();
                let (calls, bytes) = (after.0 - before.0, after.1 - before.1);
                writeln!(out, "{took} {calls} {bytes} {on_cpu}")?;
            }
            ("held", Some(task)) => {
                for _ in 0..passes {
                    entrant.work(task, about, &mut Nowhere);
                }
                let held = sys::held().saturating_sub(at_first);
                let open = std::fs::read_dir("/proc/self/fd")?.count();
                writeln!(out, "{held} {open}")?;
            }
            ("peak", _) => {
                let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
                let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let peak = peak.and_then(|rest| rest.split_whitespace().next()).unwrap_or("0");
                writeln!(out, "{peak}")?;
            }
            _ => writeln!(out, "no such order")?,
        }
        out.flush()?;
    }
}
