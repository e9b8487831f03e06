//! Running a program for a limited time, line by line.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::run;
use crate::vm::verdict::Ending;

/// How often a program that has closed its output is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// How long a program that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(3);

/// How long a program may run.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Until its first line, and from one line to the next.
    pub(crate) silent: Duration,
    /// From its first line on: how long a kernel takes to boot is the host's doing.
    pub(crate) whole: Duration,
}

/// Runs a program to its end, or ends it when its time is up; every line of its standard output
/// goes to `take`, with the time since the start.
pub(crate) fn watch(
    command: &mut Command,
    limits: Limits,
    take: &mut dyn FnMut(Duration, &str),
) -> Result<Ending> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {shown}"))?;
    let lines = lines(&mut child);
    let (mut first, mut last) = (None, start);
    loop {
        let over = first.map_or(Duration::ZERO, |first: Instant| first.elapsed());
        let (silent, whole) = (last.elapsed(), limits.whole.saturating_sub(over));
        // A program that never pauses would never make the wait below run out.
        if whole.is_zero() {
            return end(child, Ending::TimedOut(limits.whole));
        }
        let Some(left) = limits.silent.checked_sub(silent).filter(|left| !left.is_zero()) else {
            return end(child, Ending::Silent(limits.silent));
        };
        match lines.recv_timeout(left.min(whole)) {
            Ok(line) => {
                last = Instant::now();
                first = first.or(Some(last));
                take(start.elapsed(), &line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(Ending::Off),
            Some(status) => return Ok(Ending::Broken(format!("ended with {status}"))),
            None if last.elapsed() < limits.silent.min(limits.whole) => thread::sleep(LOOK),
            None => return end(child, Ending::Silent(limits.silent)),
        }
    }
}

/// The lines of a child's output, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n') {
                let Ok(line) = line else { break };
                if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    receive
}

/// Ends a program: asked first, since a kernel that is a program has processes of its own to end,
/// which would outlive it; forced if it takes its time.
fn end(mut child: Child, ending: Ending) -> Result<Ending> {
    run::stdout(Command::new("kill").arg("-TERM").arg(child.id().to_string()))?;
    let asked = Instant::now();
    while child.try_wait()?.is_none() {
        if asked.elapsed() > GRACE {
            child.kill()?;
        }
        thread::sleep(LOOK);
    }
    Ok(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limits: Limits) -> (Ending, Vec<String>) {
        let mut lines = Vec::new();
        let mut take = |_: Duration, line: &str| lines.push(line.to_owned());
        let ending = watch(Command::new("sh").args(["-c", script]), limits, &mut take);
        (ending.expect("starts"), lines)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_that_ends_well_is_off() {
        assert_eq!(sh("echo a; echo b", PATIENT), (Ending::Off, vec!["a".into(), "b".into()]));
    }

    #[test]
    fn a_program_that_fails_is_broken_and_its_lines_are_kept() {
        let (ending, lines) = sh("echo a; exit 3", PATIENT);
        assert_eq!(lines, ["a"]);
        assert_eq!(ending, Ending::Broken("ended with exit status: 3".into()));
    }

    const PATIENT: Limits = Limits { silent: LONG, whole: LONG };
    const SHORT: Duration = Duration::from_millis(300);

    #[test]
    fn a_program_that_says_nothing_any_more_is_ended() {
        let limits = Limits { silent: SHORT, whole: LONG };
        for script in ["exec sleep 60", "echo; exec sleep 60", "echo; exec sleep 60 >&-"] {
            assert_eq!(sh(script, limits).0, Ending::Silent(SHORT), "{script}");
        }
    }

    #[test]
    fn a_program_that_goes_on_is_ended_in_time_whether_it_speaks_or_not() {
        let limits = Limits { silent: LONG, whole: SHORT };
        for script in [
            "echo; exec sleep 60",
            "exec yes",
            "echo; trap '' TERM; while :; do sleep 0.1; done",
            // As a kernel does that takes long to boot.
            "sleep 1; echo; exec sleep 60",
        ] {
            let start = Instant::now();
            assert_eq!(sh(script, limits).0, Ending::TimedOut(SHORT), "{script}");
            assert!(start.elapsed() < Duration::from_secs(20), "{script}");
        }
    }
}
