//! Writes down who starts, runs another program, and ends.
//!
//! ```text
//! cargo run --release --example events
//! ```

use std::time::Duration;

use ps_facade::Process;
use ps_facade::process::events::{Event, Events};

/// How often all processes are compared where the kernel does not tell of them.
const INTERVAL: Duration = Duration::from_millis(200);

fn main() -> ps_facade::Result<()> {
    let mut events = Events::new(INTERVAL)?;
    eprintln!("events come from {:?}", events.source());
    loop {
        match events.next(None)? {
            Some(Event::Started { pid, parent: Some(parent), .. }) => {
                println!("{pid} started by {parent}");
            }
            Some(Event::Started { pid, .. }) => println!("{pid} started"),
            Some(Event::Executed { pid, .. }) => {
                // It may have ended before it could be asked.
                let program = Process::new(pid).and_then(|process| process.exe());
                match program {
                    Ok(Some(program)) => println!("{pid} runs {}", program.display()),
                    _ => println!("{pid} runs another program"),
                }
            }
            Some(Event::Exited { pid, status: Some(status), .. }) => {
                println!("{pid} ended: {status}")
            }
            Some(Event::Exited { pid, .. }) => println!("{pid} ended"),
            Some(Event::Overflow) => println!("some were lost"),
            Some(_) | None => {}
        }
    }
}
