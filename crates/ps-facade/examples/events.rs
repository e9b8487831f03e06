//! Writes down who starts, runs another program, and ends.
//!
//! ```text
//! cargo run --release --example events
//! ```

use std::io::{self, Write};
use std::time::Duration;

use ps_facade::process::events::{Event, Events};
use ps_facade::{Pid, Process};

/// How often all processes are compared where the kernel does not tell of them.
const INTERVAL: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut events = Events::new(INTERVAL)?;
    eprintln!("events come from {:?}", events.source());
    let mut out = io::stdout().lock();
    while let Some(event) = events.next(None)? {
        match writeln!(out, "{}", describe(&event)) {
            // Whoever reads has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written?,
        }
    }
    Ok(())
}

fn describe(event: &Event) -> String {
    match event {
        Event::Started { pid, parent: Some(parent), .. } => format!("{pid} started by {parent}"),
        Event::Started { pid, .. } => format!("{pid} started"),
        Event::Executed { pid, .. } => format!("{pid} runs {}", program(*pid)),
        Event::Exited { pid, status: Some(status), .. } => format!("{pid} ended: {status}"),
        Event::Exited { pid, .. } => format!("{pid} ended"),
        Event::Overflow => "some were lost".into(),
        other => format!("{other:?}"),
    }
}

/// What it runs, unless it has ended before it could be asked.
fn program(pid: Pid) -> String {
    match Process::new(pid).and_then(|process| process.exe()) {
        Ok(Some(program)) => program.display().to_string(),
        Ok(None) | Err(_) => "another program".into(),
    }
}
