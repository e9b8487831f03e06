//! What came of a run: the guest's events, held against what it was asked to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ps_guest::event::Event;

/// How the emulator ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, having succeeded.
    Off,
    /// By itself, having failed; how.
    Broken(String),
    /// It was ended when the machine's time was up.
    TimedOut(Duration),
    /// It was ended when it had said nothing for so long.
    Silent(Duration),
}

/// Everything the guest said, as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    started: bool,
    running: Option<String>,
    answers: BTreeMap<String, Result<(), String>>,
    /// What each step printed.
    output: BTreeMap<String, Vec<String>>,
    /// The files handed over.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The links handed over: where each leads.
    pub(crate) links: BTreeMap<String, String>,
    file: Option<String>,
    end: Option<usize>,
}

impl Transcript {
    /// Takes one line of the port; the event in it, if there is one.
    pub(crate) fn take(&mut self, line: &str) -> Option<Event> {
        let event = Event::parse(line)?;
        match event.clone() {
            Event::Start { .. } => self.started = true,
            Event::Begin { step } => self.running = Some(step),
            Event::Out { text } => {
                self.output.entry(self.running.clone().unwrap_or_default()).or_default().push(text);
            }
            Event::Passed { step } => {
                self.running = None;
                self.answers.insert(step, Ok(()));
            }
            Event::Failed { step, why } => {
                self.running = None;
                self.answers.insert(step, Err(why));
            }
            Event::File { path } => {
                self.files.insert(path.clone(), Vec::new());
                self.file = Some(path);
            }
            Event::Data { bytes } => {
                if let Some(file) = self.file.as_ref().and_then(|path| self.files.get_mut(path)) {
                    file.extend(bytes);
                }
            }
            Event::Link { path, to } => drop(self.links.insert(path, to)),
            Event::End { failed } => self.end = Some(failed),
        }
        Some(event)
    }

    /// Whether the guest said that it runs.
    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    /// Whether a step was answered, and did what it should.
    pub(crate) fn has_passed(&self, step: &str) -> bool {
        self.answers.get(step).is_some_and(Result::is_ok)
    }

    /// The last lines that a step printed.
    pub(crate) fn last_lines(&self, step: &str, count: usize) -> &[String] {
        let lines = self.output.get(step).map_or(&[][..], Vec::as_slice);
        lines.get(lines.len().saturating_sub(count)..).unwrap_or_default()
    }

    /// What the test harness counted in a step: passed, failed, ignored; `None` if it counted
    /// nothing.
    pub(crate) fn counts(&self, step: &str) -> Option<[u64; 3]> {
        let results = self.output.get(step)?.iter().filter_map(|line| result_line(line));
        results.reduce(|sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]])
    }

    /// What tests say of themselves that did not test something, as root and as others; numbers in it are blanked, so
    /// that one reason is told once.
    pub(crate) fn skips(&self) -> Skips {
        let mut skips = Skips::default();
        for (step, lines) in &self.output {
            let of_user = if is_of_root(step) { &mut skips.of_root } else { &mut skips.of_others };
            of_user.extend(lines.iter().filter_map(|line| skip(line)).map(blanked));
        }
        skips
    }

    /// Of these tests, those that root did not run, or not wholly.
    pub(crate) fn not_run(&self, tests: &[&str]) -> Vec<String> {
        let lines = || self.output.iter().filter(|(step, _)| is_of_root(step)).flat_map(|(_, l)| l);
        let mut wrong = Vec::new();
        for test in tests {
            let begins = format!("test {test} ... ");
            let mut came = lines().filter_map(|line| line.strip_prefix(&begins));
            if !came.any(|came| !came.starts_with("ignored")) {
                wrong.push(format!("{test}: root did not run it"));
            }
            let skipped = format!("skipped: {test}: ");
            let why = lines().filter_map(|line| skip(line)).find(|said| said.starts_with(&skipped));
            wrong.extend(why.map(|why| format!("is there for what was left out: {why}")));
        }
        wrong
    }

    /// Everything that is wrong with the run: nothing means that it is as it should be.
    pub(crate) fn complaints(&self, expected: &[&str], ending: &Ending) -> Vec<String> {
        let mut wrong = Vec::new();
        match ending {
            Ending::Off => {}
            Ending::Broken(how) => wrong.push(format!("the emulator {how}")),
            Ending::TimedOut(limit) => {
                wrong.push(format!("still ran after {} s, and was ended", limit.as_secs()));
            }
            Ending::Silent(limit) => {
                wrong.push(format!("said nothing for {} s, and was ended", limit.as_secs()));
            }
        }
        if !self.started {
            wrong.push("the guest never said that it runs".into());
            return wrong;
        }
        for (step, answer) in &self.answers {
            if let Err(why) = answer {
                wrong.push(format!("{step}: {why}"));
            }
        }
        if let Some(step) = &self.running {
            wrong.push(format!("{step}: began and never answered"));
        }
        let unanswered = |step: &&&str| {
            !self.answers.contains_key(**step) && self.running.as_deref() != Some(**step)
        };
        wrong.extend(expected.iter().filter(unanswered).map(|step| format!("{step}: never began")));
        let failed = self.answers.values().filter(|answer| answer.is_err()).count();
        match self.end {
            None => wrong.push("the guest never said that its plan is done".into()),
            Some(count) if count != failed => {
                wrong.push(format!(
                    "the guest counted {count} failures, of which {failed} are known"
                ));
            }
            Some(_) => {}
        }
        wrong
    }
}

/// What tests say that did not test something.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Skips {
    pub(crate) of_root: BTreeSet<String>,
    pub(crate) of_others: BTreeSet<String>,
}

/// Whether a step is a test program that root ran.
fn is_of_root(step: &str) -> bool {
    step.ends_with("@0")
}

/// What a test says in this line that did not test something, if it says so.
fn skip(line: &str) -> Option<&str> {
    // Where tests run one after the other, the harness has written the test's name before.
    let after_name = line.strip_prefix("test ").and_then(|line| line.split_once(" ... "));
    let said = after_name.map_or(line, |(_, said)| said).trim();
    said.starts_with("skipped: ").then_some(said)
}

/// The text with `N` for its numbers.
fn blanked(text: &str) -> String {
    let mut blanked = String::new();
    for letter in text.chars() {
        match letter.is_ascii_digit() {
            true if blanked.ends_with('N') => {}
            true => blanked.push('N'),
            false => blanked.push(letter),
        }
    }
    blanked
}

/// What the kernel says when it cannot go on, or only by luck.
const CALAMITIES: &[&str] =
    &["Kernel panic", "Oops: ", "BUG: kernel", "BUG: unable", "Out of memory: "];

/// The lines of a kernel's log that tell of a calamity.
pub(crate) fn calamities(log: &str) -> Vec<String> {
    let bad = |line: &&str| CALAMITIES.iter().any(|words| line.contains(words));
    log.lines().filter(bad).map(|line| line.trim_end().to_owned()).collect()
}

/// The counts in the test harness's last line, such as
/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s`.
fn result_line(line: &str) -> Option<[u64; 3]> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse::<u64>().ok()
    };
    Some([count("passed")?, count("failed")?, count("ignored")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.take(line);
        }
        transcript
    }

    const GOOD: &[&str] = &[
        "SeaBIOS (version 1.16)",
        "PS-VM start 6.1.0\r",
        "PS-VM begin setup",
        "PS-VM ok setup",
        "PS-VM begin battery",
        "PS-VM ok battery",
        "PS-VM file /proc/stat",
        "PS-VM data cpu 1\\n",
        "PS-VM data intr 2\\n",
        "PS-VM begin unit",
        "PS-VM out test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; x",
        "PS-VM out   skipped: no battery",
        "PS-VM ok unit",
        "PS-VM end 0",
    ];
    const ASKED: &[&str] = &["setup", "battery", "unit"];

    #[test]
    fn a_good_run_has_no_complaint() {
        let transcript = transcript(GOOD);
        assert_eq!(transcript.complaints(ASKED, &Ending::Off), [""; 0]);
        assert_eq!(transcript.files["/proc/stat"], b"cpu 1\nintr 2\n");
        assert_eq!(transcript.counts("unit"), Some([3, 0, 1]));
        assert_eq!(transcript.counts("battery"), None);
        assert!(transcript.has_started() && !Transcript::default().has_started());
        assert!(transcript.has_passed("unit") && !transcript.has_passed("none"));
        assert_eq!(transcript.skips().of_others, ["skipped: no battery".to_owned()].into());
        assert_eq!(transcript.last_lines("unit", 1), ["  skipped: no battery"]);
    }

    #[test]
    fn skips_are_told_wherever_the_harness_leaves_them_and_bind_where_a_machine_is_for_the_test() {
        let transcript = transcript(&[
            "PS-VM begin unit@0",
            "PS-VM out test groups ... skipped: groups: no /x/7-31",
            "PS-VM out skipped: groups: no /x/8-2",
            "PS-VM out ok",
            "PS-VM out test limits ... ok",
            "PS-VM out test asleep ... ignored, for a while",
            "PS-VM out running 2 tests; skipped none",
            "PS-VM ok unit@0",
            "PS-VM begin unit@65534",
            "PS-VM out test limits ... skipped: limits: not root",
            "PS-VM ok unit@65534",
        ]);
        let skips = Skips {
            of_root: ["skipped: groups: no /x/N-N".to_owned()].into(),
            of_others: ["skipped: limits: not root".to_owned()].into(),
        };
        assert_eq!(transcript.skips(), skips);
        assert_eq!(transcript.not_run(&["limits"]), [""; 0]);
        assert_eq!(
            transcript.not_run(&["groups", "renamed", "asleep"]),
            [
                "is there for what was left out: skipped: groups: no /x/7-31",
                "renamed: root did not run it",
                "asleep: root did not run it",
            ]
        );
    }

    #[test]
    fn any_line_lost_from_a_good_run_that_carries_a_verdict_is_a_complaint() {
        for (lost, line) in GOOD.iter().enumerate() {
            let verdict = ["start", "ok", "end"]
                .iter()
                .any(|verb| line.strip_prefix("PS-VM ").is_some_and(|said| said.starts_with(verb)));
            let mut lines = GOOD.to_vec();
            lines.remove(lost);
            let complaints = transcript(&lines).complaints(ASKED, &Ending::Off);
            assert_eq!(!complaints.is_empty(), verdict, "without {line:?}: {complaints:?}");
        }
    }

    #[test]
    fn a_failed_step_is_named_with_its_reason() {
        let lines = [
            "PS-VM start 6.1.0",
            "PS-VM ok setup",
            "PS-VM FAILED battery nothing is called BAT*",
            "PS-VM end 1",
        ];
        let complaints = transcript(&lines).complaints(&["setup", "battery"], &Ending::Off);
        assert_eq!(complaints, ["battery: nothing is called BAT*"]);
    }

    #[test]
    fn a_guest_that_miscounts_is_not_believed() {
        let lines = ["PS-VM start 6.1.0", "PS-VM ok setup", "PS-VM end 1"];
        let complaints = transcript(&lines).complaints(&["setup"], &Ending::Off);
        assert_eq!(complaints, ["the guest counted 1 failures, of which 0 are known"]);
    }

    #[test]
    fn a_step_that_is_never_answered_is_named_once() {
        let lines = ["PS-VM start 6.1.0", "PS-VM ok setup", "PS-VM begin unit"];
        let limit = Ending::TimedOut(Duration::from_secs(5));
        let complaints = transcript(&lines).complaints(&["setup", "unit", "more"], &limit);
        assert_eq!(
            complaints,
            [
                "still ran after 5 s, and was ended",
                "unit: began and never answered",
                "more: never began",
                "the guest never said that its plan is done",
            ]
        );
    }

    #[test]
    fn a_silent_guest_and_a_broken_emulator_are_complaints() {
        let complaints =
            transcript(&[]).complaints(&["setup"], &Ending::Broken("ended with 1".into()));
        assert_eq!(complaints, ["the emulator ended with 1", "the guest never said that it runs"]);
    }

    #[test]
    fn a_panic_is_found_wherever_it_stands_in_the_log() {
        let log = "[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n[ 1.0] CPU: 0\r\n";
        assert_eq!(calamities(log), ["[ 1.0] Kernel panic - not syncing: Attempted to kill init!"]);
        assert_eq!(calamities("[ 1.0] reboot: Power down\r\n"), [""; 0]);
    }

    #[test]
    fn a_last_line_that_lacks_a_count_counts_nothing() {
        assert_eq!(result_line("test result: ok. 3 passed; 0 failed"), None);
        assert_eq!(
            result_line("test result: FAILED. 1 passed; 2 failed; 0 ignored"),
            Some([1, 2, 0])
        );
    }
}
