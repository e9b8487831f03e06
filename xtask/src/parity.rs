//! `cargo xtask parity`: what psutil, pypsutil and nvitop offer, and what answers it here.
//!
//! `docs/parity.csv` is the table. From it come `docs/api.md`, for reading, and a documentation-only module of
//! the facade with a link for every row, so that a path that does not exist fails the documentation build.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use ps_core::capability::{FACILITIES, Facility};

use crate::run;

const TABLE: &str = "docs/parity.csv";
const PAGE: &str = "docs/api.md";
const LINKS: &str = "crates/ps-facade/src/parity.rs";

/// The systems of the table, in the order of its columns.
const SYSTEMS: [&str; 5] = ["linux", "macos", "freebsd", "openbsd", "netbsd"];

const AREAS: [(&str, &str); 9] = [
    ("process", "Processes"),
    ("cpu", "CPU"),
    ("memory", "Memory"),
    ("disk", "Disks"),
    ("net", "Network"),
    ("sensors", "Sensors"),
    ("other", "The machine, and the rest"),
    ("heap", "Heap"),
    ("errors", "Errors"),
];

/// How many rows the table has: one that vanished must not go unnoticed.
const ROWS: usize = 814;

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let check = match words {
        [] => false,
        [word] if word == "--check" => true,
        _ => bail!("usage: cargo xtask parity [--check]"),
    };
    let root = run::root();
    let text = std::fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    let rows = read(&text)?;
    let page_text = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let mut complaints = complaints(&rows, &page_text);
    complaints.extend(refused_answers(&rows, FACILITIES));
    for complaint in &complaints {
        println!("{TABLE}: {complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} complaints about {TABLE}", complaints.len());
    }
    deliver(&root.join(PAGE), &page(&rows), check, "parity")?;
    deliver(&root.join(LINKS), &links(&rows), check, "parity")?;
    print_summary(&rows);
    // A link to something that does not exist fails here.
    run::pass(
        Command::new("cargo")
            .args(["doc", "--quiet", "--package", "ps-facade", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "-Dwarnings")
            .current_dir(&root),
    )
}

/// What a row says about the facility.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// A path of the facade answers it.
    Is,
    /// It is not offered; the note says why, with a source if one of the systems has it.
    Refused,
}

#[derive(Clone, Debug)]
struct Row {
    line: u64,
    id: String,
    /// Names in psutil, pypsutil and nvitop; empty where one has none.
    names: [String; 3],
    /// For each system: `yes`, `partly` or `no`.
    systems: [String; 5],
    state: State,
    path: String,
    note: String,
}

fn read(text: &str) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.context(TABLE)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |i: usize| record.get(i).unwrap_or_default().to_owned();
        let state = match cell(10).as_str() {
            "is" => State::Is,
            "refused" => State::Refused,
            other => bail!("{TABLE}:{line}: the state is `{other}`: is or refused"),
        };
        rows.push(Row {
            line,
            id: cell(0),
            names: [cell(2), cell(3), cell(4)],
            systems: [cell(5), cell(6), cell(7), cell(8), cell(9)],
            state,
            path: cell(11),
            note: cell(12),
        });
    }
    Ok(rows)
}

/// Everything that is wrong with the table; `page_text` has the documents that it names.
fn complaints(rows: &[Row], page_text: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    if rows.len() != ROWS {
        found.push(format!("{} rows, not {ROWS}", rows.len()));
    }
    let mut seen = BTreeSet::new();
    for row in rows {
        let mut say = |what: &str| found.push(format!("{}: {}: {what}", row.line, row.id));
        if !seen.insert(&row.id) {
            say("the id stands twice");
        }
        if !AREAS.iter().any(|(area, _)| row.area() == *area) {
            say("the id begins with no area that is known");
        }
        if row.systems.iter().any(|cell| !matches!(cell.as_str(), "yes" | "partly" | "no")) {
            say("a system has something other than yes, partly or no");
        }
        match row.state {
            State::Is if row.path.is_empty() => say("no path answers it"),
            State::Refused if !row.path.is_empty() => say("refused, and yet a path answers it"),
            State::Refused if row.note.is_empty() => say("refused without a reason"),
            State::Refused if row.is_had() && !row.has_source(page_text) => {
                say("a system has it: name the source that justifies the refusal");
            }
            _ => {}
        }
    }
    found
}

/// Rows that a system has and that a path answers, where that system answers the path by a refusal.
fn refused_answers(rows: &[Row], facilities: &[Facility]) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| row.state == State::Is) {
        let method = row.path.rsplit("::").next().unwrap_or_default();
        let Some(facility) = facilities.iter().find(|facility| facility.name == method) else {
            continue;
        };
        for (system, cell) in SYSTEMS.iter().zip(&row.systems) {
            if cell != "no" && !facility.systems.contains(system) {
                found.push(format!(
                    "{}: {}: {system} has it, and `{method}` is refused there",
                    row.line, row.id
                ));
            }
        }
    }
    found
}

/// Whether this is a section of the manual: `sysctl(2)`.
fn is_manual(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
    word.split_once('(').is_some_and(|(name, section)| {
        !name.is_empty()
            && section.ends_with(')')
            && section.starts_with(|c: char| c.is_ascii_digit())
    })
}

impl Row {
    fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Whether one of the systems has it.
    fn is_had(&self) -> bool {
        self.systems.iter().any(|cell| cell != "no")
    }

    /// Whether its note names what justifies a refusal: a section of the manual, an address, a header, or a page of
    /// this project that speaks of it.
    fn has_source(&self, page_text: &dyn Fn(&str) -> Option<String>) -> bool {
        let words = || self.note.split(|c: char| c.is_whitespace() || ";,:".contains(c));
        let is_identifier = |c: char| c.is_alphanumeric() || c == '_';
        let last = |name: &str| {
            let name = name.split('(').next().unwrap_or_default();
            name.rsplit('.').next().unwrap_or_default().to_lowercase()
        };
        // What it is called, or, of what has no name, what the note calls it.
        let quoted = self.note.split('`').skip(1).step_by(2);
        let names = self.names.iter().chain([&self.id]).map(String::as_str);
        let called: BTreeSet<String> = names.chain(quoted).map(last).collect();
        let speaks_of_it = |page: &str| {
            let text = page_text(page).unwrap_or_default().to_lowercase();
            let mut words = text.split(|c| !is_identifier(c)).filter(|word| !word.is_empty());
            words.any(|word| called.contains(word))
        };
        self.note.contains("://")
            || self.note.contains(".h>")
            || words().any(is_manual)
            || words().any(|word| word.starts_with("docs/") && speaks_of_it(word))
    }

    /// Its names, those that are alike written once.
    fn shown_names(&self) -> String {
        let mut shown = String::new();
        let mut before: Vec<&str> = Vec::new();
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            if !before.contains(&name.as_str()) {
                let _ = write!(shown, "{}`{name}`", if before.is_empty() { "" } else { ", " });
                before.push(name);
            }
        }
        if shown.is_empty() { "a rule".to_owned() } else { shown }
    }

    fn shown_systems(&self) -> String {
        let mark = |cell: &String| match cell.as_str() {
            "yes" => "●",
            "partly" => "◐",
            _ => "·",
        };
        self.systems.iter().map(mark).collect::<Vec<_>>().join(" ")
    }
}

/// `docs/api.md`.
fn page(rows: &[Row]) -> String {
    let mut page = String::from(
        "# What psutil, pypsutil and nvitop offer, and what answers it here\n\n\
         Written by `cargo xtask parity` from `docs/parity.csv`; do not edit. Paths are those of `ps_facade`.\n\
         The marks stand for Linux, macOS, FreeBSD, OpenBSD and NetBSD: ● a reference has it there, ◐ with a\n\
         limit, · not.\n",
    );
    for (area, title) in AREAS {
        let _ =
            write!(page, "\n## {title}\n\n| row | names | systems | here |\n|---|---|---|---|\n");
        for row in rows.iter().filter(|row| row.area() == area) {
            let here = match row.state {
                State::Is if row.note.is_empty() => format!("`{}`", row.path),
                State::Is => format!("`{}`; {}", row.path, row.note),
                State::Refused => format!("not offered: {}", row.note),
            };
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                row.id,
                row.shown_names().replace('|', "\\|"),
                row.shown_systems(),
                here.replace('|', "\\|")
            );
        }
    }
    page
}

/// The documentation-only module of the facade.
fn links(rows: &[Row]) -> String {
    let mut text = String::from(
        "//! What psutil, pypsutil and nvitop call it, and what answers it here.\n\
         //!\n\
         //! Written by `cargo xtask parity` from `docs/parity.csv`; do not edit. `docs/api.md` says what is not\n\
         //! offered, and why.\n",
    );
    for (area, title) in AREAS {
        let _ = write!(
            text,
            "//!\n//! # {title}\n//!\n//! | row | names | here |\n//! |---|---|---|\n"
        );
        let answered = |row: &&Row| row.area() == area && row.state == State::Is;
        for row in rows.iter().filter(answered) {
            let _ = writeln!(
                text,
                "//! | {} | {} | [`{}`](crate::{}) |",
                row.id.replace('_', "\\_"),
                row.shown_names().replace('|', "\\|"),
                row.path,
                row.path
            );
        }
    }
    text
}

/// Writes a generated file, or complains that it is not what would be written.
pub(crate) fn deliver(path: &Path, text: &str, check: bool, command: &str) -> Result<()> {
    let there = std::fs::read_to_string(path).unwrap_or_default();
    if there == text {
        return Ok(());
    }
    if check {
        bail!("{} is out of date: run `cargo xtask {command}`", path.display());
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

fn print_summary(rows: &[Row]) {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    println!(
        "{} rows: {} answered, {} not offered",
        rows.len(),
        count(State::Is),
        count(State::Refused)
    );
    for (i, system) in SYSTEMS.iter().enumerate() {
        let refused = |row: &&Row| {
            row.state == State::Refused && row.systems.get(i).is_some_and(|cell| cell != "no")
        };
        println!("{system}: {} rows it has are not offered", rows.iter().filter(refused).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "id,kind,psutil,pypsutil,nvitop,linux,macos,freebsd,openbsd,netbsd,state,path,note\n";

    fn complaints_about(line: &str) -> String {
        let rows = read(&format!("{HEAD}{line}\n")).expect("reads");
        let page_text = |path: &str| (path == "docs/p.md").then(|| "`cpu.a` is `b`".to_owned());
        complaints(&rows, &page_text).into_iter().filter(|one| !one.contains("rows, not")).collect()
    }

    #[test]
    fn a_good_row_is_not_complained_about() {
        assert_eq!(complaints_about("cpu.a,field,a,,,yes,no,no,no,no,is,cpu::times,"), "");
    }

    #[test]
    fn a_refusal_of_what_a_system_has_needs_a_source() {
        let row = |systems: &str, note: &str| format!("cpu.a,field,a,,,{systems},refused,,{note}");
        assert!(complaints_about(&row("yes,no,no,no,no", "too hard")).contains("source"));
        for source in ["no such query in sysctl(2)", "see docs/p.md", "<sys/cpu.h> has none"] {
            assert_eq!(complaints_about(&row("yes,no,no,no,no", source)), "", "{source}");
        }
        for none in ["not there (Linux)", "see docs/q.md", "(see above)"] {
            assert!(complaints_about(&row("yes,no,no,no,no", none)).contains("source"), "{none}");
        }
        let named = |name: &str, note: &str| {
            complaints_about(&format!("cpu.x,field,{name},,,yes,no,no,no,no,refused,,{note}"))
        };
        assert!(named("c", "see docs/p.md").contains("source"));
        assert!(named("", "see docs/p.md").contains("source"));
        assert_eq!(named("", "`B(x)` it is: docs/p.md"), "");
        assert_eq!(complaints_about(&row("no,no,no,no,no", "Windows only")), "");
        assert!(complaints_about(&row("no,no,no,no,no", "")).contains("without a reason"));
    }

    #[test]
    fn an_answer_that_a_system_refuses_is_complained_about() {
        let facility = FACILITIES.iter().find(|facility| facility.name == "umask").expect("is one");
        let refused = |systems: &str| {
            let row = format!("{HEAD}process.a,function,a,,,{systems},is,Process::umask,\n");
            refused_answers(&read(&row).expect("reads"), &[*facility])
        };
        assert_eq!(refused("yes,no,yes,no,no"), [""; 0]);
        assert_eq!(
            refused("yes,no,yes,partly,no"),
            ["2: process.a: openbsd has it, and `umask` is refused there"]
        );
    }

    #[test]
    fn a_row_without_an_answer_is_complained_about() {
        assert!(complaints_about("cpu.a,field,,,,yes,no,no,no,no,is,,").contains("no path"));
        assert!(complaints_about("car.a,field,,,,yes,no,no,no,no,is,cpu::x,").contains("area"));
        assert!(complaints_about("cpu.a,field,,,,maybe,no,no,no,no,is,cpu::x,").contains("yes"));
    }

    #[test]
    fn a_missing_row_is_noticed() {
        let rows = read(&format!("{HEAD}cpu.a,field,a,,,yes,no,no,no,no,is,cpu::times,\n"))
            .expect("reads");
        assert!(complaints(&rows, &|_| None).iter().any(|one| one.contains("1 rows, not 814")));
        for state in ["done", "planned"] {
            let row = format!("{HEAD}cpu.a,field,a,,,yes,no,no,no,no,{state},x,later\n");
            assert!(read(&row).is_err(), "{state}");
        }
    }

    #[test]
    fn a_page_that_is_out_of_date_fails_the_check_and_is_written_anew_without_it() {
        let page = std::env::temp_dir().join(format!("xtask-parity-{}", std::process::id()));
        std::fs::write(&page, "old").expect("written");
        let checked = deliver(&page, "new", true, "parity").expect_err("stale");
        let left = std::fs::read_to_string(&page).expect("there");
        deliver(&page, "new", false, "parity").expect("writes");
        let again = deliver(&page, "new", true, "parity");
        std::fs::remove_file(&page).expect("removed");
        assert!(checked.to_string().contains("run `cargo xtask parity`"), "{checked}");
        assert_eq!(left, "old");
        again.expect("is as it should be");
    }

    #[test]
    fn only_what_is_answered_is_linked() {
        let rows = read(&format!(
            "{HEAD}cpu.a,field,a,a,,yes,no,no,no,no,is,cpu::times,\n\
             cpu.b,field,b,,,yes,no,no,no,no,refused,,no such query in sysctl(2)\n"
        ))
        .expect("reads");
        let text = links(&rows);
        assert!(text.contains("[`cpu::times`](crate::cpu::times)") && !text.contains("cpu.b"));
        assert!(page(&rows).contains("no such query in sysctl(2)"));
    }
}
