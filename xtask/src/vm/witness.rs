//! What the library told inside of a machine, held against the kernel's own files, which are read here once
//! more, in as plain a way as there is.
//!
//! What goes on in the machine lies between a reading before and one after; everything else must be the same.

mod devices;
mod machine;
mod processes;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

/// How many figures there are to be held at least, on the machine that has the fewest files.
const FEWEST: usize = 300;

/// Holds what was told against the files; how many figures were held, and what is wrong.
pub(crate) fn hold(files: &BTreeMap<String, Vec<u8>>) -> (usize, Vec<String>) {
    let findings = findings(files);
    let mut wrong = findings.wrong;
    if findings.held < FEWEST {
        wrong.push(format!("only {} figures could be held against files", findings.held));
    }
    (findings.held, wrong)
}

fn findings(files: &BTreeMap<String, Vec<u8>>) -> Findings {
    let mut findings = Findings::default();
    let said = files.get("/said").map_or(&[][..], Vec::as_slice);
    match serde_json::from_slice(said) {
        Ok(said) => {
            let sight = Sight { files, said };
            machine::hold(&sight, &mut findings);
            devices::hold(&sight, &mut findings);
            processes::hold(&sight, &mut findings);
        }
        Err(error) => findings.wrong.push(format!("what was said is no JSON: {error}")),
    }
    findings
}

/// The files and what was told.
struct Sight<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
    said: Value,
}

impl Sight<'_> {
    fn text(&self, when: &str, path: &str) -> Option<Cow<'_, str>> {
        Some(String::from_utf8_lossy(self.files.get(&format!("/{when}{path}"))?))
    }

    fn before(&self, path: &str) -> Option<Cow<'_, str>> {
        self.text("before", path)
    }

    fn after(&self, path: &str) -> Option<Cow<'_, str>> {
        self.text("after", path)
    }

    /// The number that a file holds, if it holds one.
    fn number(&self, path: &str) -> Option<f64> {
        self.before(path)?.trim().parse().ok()
    }

    /// The word that a file holds.
    fn word(&self, path: &str) -> Option<String> {
        Some(self.before(path)?.trim().to_owned())
    }

    /// The paths that begin and end so, with what is between.
    fn between<'s>(&'s self, start: &'s str, end: &'s str) -> impl Iterator<Item = &'s str> {
        self.files.keys().filter_map(move |path| {
            path.strip_prefix("/before")?.strip_prefix(start)?.strip_suffix(end)
        })
    }

    fn told(&self, name: &str) -> &Value {
        &self.said["machine"][name]
    }
}

/// What came of it.
#[derive(Default)]
struct Findings {
    held: usize,
    wrong: Vec<String>,
}

impl Findings {
    /// The file's value, and what was told in its place.
    fn same(&mut self, what: &str, file: impl Into<Value>, said: &Value) {
        self.held += 1;
        let file = file.into();
        let equal = match (file.as_f64(), said.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-6,
            _ => file == *said,
        };
        if !equal {
            self.wrong.push(format!("{what}: the kernel says {file}, the library {said}"));
        }
    }

    /// Two readings of a file, between which what was told must lie, give or take a little.
    fn within(
        &mut self,
        what: &str,
        before: Option<f64>,
        after: Option<f64>,
        slack: f64,
        said: Option<f64>,
    ) {
        self.held += 1;
        let (Some(before), Some(after)) = (before, after) else {
            if let Some(said) = said {
                self.wrong.push(format!(
                    "{what}: the kernel has no such figure, the library says {said}"
                ));
            }
            return;
        };
        let (low, high) = (before.min(after) - slack, before.max(after) + slack);
        match said {
            Some(said) if (low..=high).contains(&said) => {}
            Some(said) => self.wrong.push(format!(
                "{what}: the kernel says {before}, then {after}, the library {said}"
            )),
            None => {
                self.wrong.push(format!("{what}: the kernel says {before}, the library nothing"));
            }
        }
    }

    /// Something that the machine does not have, and that must not be told as if it were zero.
    fn absent(&mut self, what: &str, said: &Value) {
        self.held += 1;
        if said["error"].as_str().is_none_or(|why| !why.starts_with("not supported")) {
            self.wrong
                .push(format!("{what}: the kernel does not have it, the library says {said}"));
        }
    }
}

/// A time or a span of time in seconds.
fn seconds(said: &Value) -> Option<f64> {
    let part = |names: [&str; 2]| names.iter().find_map(|name| said[*name].as_f64());
    let whole = part(["secs", "secs_since_epoch"])?;
    Some(whole + part(["nanos", "nanos_since_epoch"])? / 1e9)
}

/// The value of a line `key: value` or `key value`.
fn value<'t>(text: Option<&'t str>, key: &str) -> Option<&'t str> {
    text?.lines().find_map(|line| {
        let rest = line.strip_prefix(key)?;
        rest.starts_with([' ', ':', '\t']).then(|| rest.trim_start_matches(':').trim())
    })
}

/// The first word of a value, as a number.
fn first_number(value: Option<&str>) -> Option<f64> {
    value?.split_ascii_whitespace().next()?.parse().ok()
}

/// A number, or nothing.
fn or_null(number: Option<f64>) -> Value {
    number.map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests;
