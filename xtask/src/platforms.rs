//! `cargo xtask platforms`: how far each system has been shown to work, and what it answers.
//!
//! The table is `ps_core::capability`; from it come `docs/platforms.md` and a few lines of the README. Before
//! anything is written, the table is held against the code: a level is claimed if and only if there is what
//! shows it, and a question is answered by a system if and only if that system's backend has a body for it that
//! does more than refuse.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};
use ps_core::capability::{FACILITIES, Facility, Level, PLATFORMS, Platform};

use crate::abi::{self, Report};
use crate::check;
use crate::link;
use crate::parity::deliver;
use crate::run;
use crate::tidy::{self, File};
use crate::workspace;

const PAGE: &str = "docs/platforms.md";
const README: &str = "README.md";
const MARKERS: [&str; 2] = ["<!-- platforms -->\n", "<!-- /platforms -->"];

/// Where `.ci/run` runs the tests. No workflow that nobody has seen succeed counts.
const RUN_ON: &[&str] = &["linux"];

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let check = match words {
        [] => false,
        [word] if word == "--check" => true,
        _ => bail!("usage: cargo xtask platforms [--check]"),
    };
    let root = run::root();
    let files = tidy::files(&root)?;
    let mut complaints = Vec::new();
    for platform in PLATFORMS {
        complaints.extend(wrong_levels(platform, &shown(platform.name, &files)?));
    }
    complaints.extend(wrong_answers(PLATFORMS, FACILITIES, &source::Code::read(&files)?));
    for complaint in &complaints {
        println!("crates/ps-core/src/capability.rs: {complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} complaints about the table of systems", complaints.len());
    }
    deliver(&root.join(PAGE), &page(PLATFORMS, FACILITIES), check, "platforms")?;
    let readme = fs::read_to_string(root.join(README)).context(README)?;
    deliver(&root.join(README), &with_table(&readme, &short(PLATFORMS))?, check, "platforms")?;
    for platform in PLATFORMS {
        println!("{:<8} {}", platform.title, levels(platform));
    }
    Ok(())
}

/// What is there that shows something of a system.
fn shown(system: &str, files: &[File]) -> Result<BTreeSet<Level>> {
    let mut shown = BTreeSet::new();
    let mut see = |level, seen| {
        if seen {
            shown.insert(level);
        }
    };
    let of_system = |target: &&str| workspace::system(target).is_ok_and(|of| of == system);
    see(Level::Types, check::TARGETS.iter().any(of_system));
    let records = abi::systems();
    see(Level::Layout, records.iter().any(|of| of.name == system && !of.records.is_empty()));
    // What runs was linked.
    let symbols = link::wanted(&mut Report::new(false))?;
    let named = symbols.get(system).is_some_and(|symbols| !symbols.is_empty());
    see(Level::Links, named || RUN_ON.contains(&system));
    let mut decoders = files.iter().filter(|file| {
        file.parts().contains(&"decode") && source::systems_of(&file.path).contains(&system)
    });
    see(Level::Decoded, decoders.any(|file| !tidy::source::tests(file).is_empty()));
    see(Level::Run, RUN_ON.contains(&system));
    Ok(shown)
}

/// Levels that are claimed and not shown, or shown and not claimed.
fn wrong_levels(platform: &Platform, shown: &BTreeSet<Level>) -> Vec<String> {
    let claimed: BTreeSet<Level> = platform.reached.iter().copied().collect();
    let say = |level: &Level, what| format!("{}: `{}` is {what}", platform.name, level.name());
    let over = claimed.difference(shown).map(|level| say(level, "claimed, and nothing shows it"));
    let under = shown.difference(&claimed).map(|level| say(level, "shown, and not claimed"));
    over.chain(under).collect()
}

/// Where the table of facilities and the code disagree.
fn wrong_answers(
    platforms: &[Platform],
    facilities: &[Facility],
    code: &source::Code,
) -> Vec<String> {
    let mut found = Vec::new();
    let table: BTreeMap<&str, &Facility> =
        facilities.iter().map(|facility| (facility.name, facility)).collect();
    for name in table.keys().filter(|name| !code.optional.contains(**name)) {
        found.push(format!("`{name}` is a question that every system answers, or none at all"));
    }
    for platform in platforms {
        if platform.has_backend != code.has_backend(platform.name) {
            let has = if platform.has_backend { "no" } else { "a" };
            found.push(format!("{}: there is {has} backend", platform.name));
        }
    }
    for name in &code.optional {
        let systems = platforms.iter().map(|platform| platform.name);
        let answer: Vec<&str> = systems.filter(|system| code.answers(system, name)).collect();
        let stated = table.get(name.as_str()).map(|facility| facility.systems);
        if stated != Some(&answer[..]) {
            found.push(format!("`{name}` is answered by {answer:?}, the table says {stated:?}"));
        }
    }
    found
}

fn levels(platform: &Platform) -> String {
    let names: Vec<&str> = platform.reached.iter().map(|level| level.name()).collect();
    names.join(", ")
}

/// The lines of the README.
fn short(platforms: &[Platform]) -> String {
    let mut table = String::from("| system | level |\n|---|---|\n");
    for platform in platforms {
        let level = match platform.reached.contains(&Level::Run) {
            true => "run: the test suite runs on it".to_owned(),
            false if platform.has_backend => format!("{}; never run", levels(platform)),
            false => format!("{}; no backend yet", levels(platform)),
        };
        let _ = writeln!(table, "| {} | {level} |", platform.title);
    }
    table
}

/// The README with this table between the markers.
fn with_table(readme: &str, table: &str) -> Result<String> {
    let [begin, end] = MARKERS;
    let parts = readme.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{begin}{table}{end}{after}"))
    });
    parts.with_context(|| format!("{README}: no {} … {end}", begin.trim()))
}

/// `docs/platforms.md`.
fn page(platforms: &[Platform], facilities: &[Facility]) -> String {
    let mut page = String::from(
        "# Systems\n\n\
         Written by `cargo xtask platforms` from `ps_core::capability`; do not edit.\n\n\
         ## What has been shown\n\n\
         | system | types | layout | links | decoded | run |\n|---|---|---|---|---|---|\n",
    );
    let mark = |is: bool| if is { "●" } else { "·" };
    for platform in platforms {
        let _ = write!(page, "| {} |", platform.title);
        for level in Level::ALL {
            let _ = write!(page, " {} |", mark(platform.reached.contains(level)));
        }
        page.push('\n');
    }
    page.push_str(
        "\n| level | means | shown by |\n|---|---|---|\n\
         | types | it compiles for the system, warnings denied | `cargo xtask check` |\n\
         | layout | raw records and numbers agree with the system's own headers, of several releases | `cargo xtask abi` |\n\
         | links | every foreign symbol exists in the system's libraries, and programs that hold every function link (OpenBSD, NetBSD, FreeBSD: x86_64) | `cargo xtask link`, with `--programs` for whole programs; where tests run, by their being linked |\n\
         | decoded | decoders are tested on bytes | `cargo test`, and `cargo xtask emul` for other word sizes and byte orders |\n\
         | run | the tests ran on the system itself | `cargo test --workspace` there (outside of Linux without `xtask`) |\n\n\
         ## What a system answers\n\n\
         Whatever does not stand here is answered wherever there is a backend. Where there is no mark, the answer is\n\
         `Unsupported`.\n\n",
    );
    let with_backend: Vec<&Platform> = platforms.iter().filter(|one| one.has_backend).collect();
    let titles: Vec<&str> = with_backend.iter().map(|platform| platform.title).collect();
    let _ = writeln!(page, "| question | {} |", titles.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(titles.len()));
    for facility in facilities {
        let _ = write!(page, "| `{}` |", facility.name);
        for platform in &with_backend {
            let _ = write!(page, " {} |", mark(facility.systems.contains(&platform.name)));
        }
        page.push('\n');
    }
    for facility in facilities {
        if let Some(condition) = facility.condition {
            let _ = writeln!(page, "\n`{}` is answered if: {condition}.", facility.name);
        }
    }
    let without: Vec<&str> =
        platforms.iter().filter(|one| !one.has_backend).map(|one| one.title).collect();
    if !without.is_empty() {
        let _ = writeln!(page, "\nNo backend yet: {}.", without.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    /// A system with these levels and no backend.
    fn platform(reached: &'static [Level]) -> Platform {
        let mut platform = PLATFORMS[2];
        (platform.has_backend, platform.reached) = (false, reached);
        platform
    }

    #[test]
    fn a_level_that_nothing_shows_is_found_and_so_is_one_that_is_not_claimed() {
        let shown = BTreeSet::from([Level::Types, Level::Links]);
        let over = wrong_levels(&platform(&[Level::Types, Level::Links, Level::Run]), &shown);
        assert!(over.len() == 1 && over[0].contains("`run` is claimed"), "{over:?}");
        let under = wrong_levels(&platform(&[Level::Types]), &shown);
        assert!(under.len() == 1 && under[0].contains("`links` is shown"), "{under:?}");
        assert_eq!(wrong_levels(&platform(&[Level::Types, Level::Links]), &shown), [""; 0]);
    }

    #[test]
    fn nothing_but_linux_is_run() {
        let files = tidy::files(&run::root()).unwrap();
        for platform in PLATFORMS {
            let shown = shown(platform.name, &files).unwrap();
            assert!(shown.contains(&Level::Types), "{}", platform.name);
            assert_eq!(shown.contains(&Level::Run), platform.name == "linux");
        }
    }

    #[test]
    fn a_wrong_answer_a_missing_question_and_an_invented_one_are_found() {
        let core = "pub trait CpuBackend { fn cpu_times(&self); fn load_average(&self); \
                    fn frequency(&self) { Err(Error::unsupported(\"frequency\")) } \
                    fn fans(&self) { let _ = 1; Err(Error::unsupported(\"fans\")) } }";
        let linux = "impl CpuBackend for Linux { fn cpu_times(&self) {} fn load_average(&self) {} \
                     fn frequency(&self) { 1 } }";
        let files =
            [file("crates/ps-core/src/cpu.rs", core), file("crates/ps-linux/src/cpu.rs", linux)];
        let code = source::Code::read(&files).unwrap();
        let linux = &PLATFORMS[..1];
        let facility = |name, systems| {
            let mut facility = FACILITIES[0];
            (facility.name, facility.systems) = (name, systems);
            facility
        };
        let right = [facility("frequency", &["linux"]), facility("fans", &[])];
        assert_eq!(wrong_answers(linux, &right, &code), [""; 0]);
        let wrong = [facility("frequency", &[]), facility("cpu_times", &["linux"])];
        let found = wrong_answers(linux, &wrong, &code).join("\n");
        for part in
            ["`frequency` is answered by [\"linux\"]", "`fans`", "`cpu_times` is a question"]
        {
            assert!(found.contains(part), "{found}");
        }
    }

    #[test]
    fn a_stale_table_fails_and_nothing_else_of_the_readme_changes() {
        let readme = "a\n<!-- platforms -->\nold\n<!-- /platforms -->\nb\n";
        let new = with_table(readme, "new\n").unwrap();
        assert_eq!(new, "a\n<!-- platforms -->\nnew\n<!-- /platforms -->\nb\n");
        assert!(with_table("a\n", "new\n").is_err());
        let at = run::root().join("target/xtask/stale-table.md");
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, readme).unwrap();
        assert!(deliver(&at, &new, true, "platforms").is_err());
        deliver(&at, &new, false, "platforms").unwrap();
        deliver(&at, &new, true, "platforms").unwrap();
    }
}
