//! Every decoder of the systems that answer in records, on answers that no kernel would give: records laid out by the
//! systems' headers and then damaged, and noise. None may panic, whatever it makes of them.

mod bsd;
mod darwin;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use ps_core::raw::Record;

/// A place in a backend's crate.
fn below(krate: &str, place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(krate).join(place)
}

/// The records that the headers laid out.
fn fixtures(krate: &str) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(below(krate, "fixtures/records")).expect("readable");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
    paths.sort();
    assert!(paths.len() >= 10, "{krate}: {}", paths.len());
    paths.iter().map(|path| std::fs::read(path).expect("readable")).collect()
}

/// A whole record, a damaged one, one with something behind it, or none at all.
fn answers(krate: &str) -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12);
    let more = prop::collection::vec(any::<u8>(), 0..700);
    let cut = any::<prop::sample::Index>();
    (prop::sample::select(fixtures(krate)), damage, cut, any::<u8>(), more).prop_map(
        |(mut answer, damage, cut, way, more)| {
            for (place, byte) in damage {
                let place = place.index(answer.len());
                answer[place] = byte;
            }
            match way % 4 {
                0 => answer,
                1 => answer[..cut.index(answer.len() + 1)].to_vec(),
                2 => [answer, more].concat(),
                _ => more,
            }
        },
    )
}

/// Calls `each` with every fixture, whole and cut at many lengths.
fn cut_answers(krate: &str, each: impl Fn(&[u8])) {
    for answer in fixtures(krate) {
        for length in (0..answer.len()).step_by(1 + answer.len() / 23).chain([answer.len()]) {
            each(&answer[..length]);
        }
    }
}

fn record<R: Record>(answer: &[u8]) -> R {
    R::from_prefix(answer)
}

fn number(answer: &[u8]) -> i32 {
    i32::from_ne_bytes(*answer.first_chunk().unwrap_or(&[0xff; 4]))
}

fn long(answer: &[u8]) -> i64 {
    i64::from_ne_bytes(*answer.last_chunk().unwrap_or(&[0xff; 8]))
}

/// The names of the public functions below a directory, tests left out.
fn functions(directory: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            functions(&path, names);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in code.lines().map(|line| line.trim_start().replace("const fn", "fn")) {
            let Some(rest) = line.strip_prefix("pub fn ") else { continue };
            let end = rest.find(['(', '<']).expect("a function");
            names.push(rest[..end].to_owned());
        }
    }
}

/// Fails if a public decoder of a crate stands neither in the text of its tests nor in the list of others.
fn every_decoder_is_called(krate: &str, tests: &str, others: &[&str]) {
    let mut names = Vec::new();
    functions(&below(krate, "src/decode"), &mut names);
    assert!(names.len() > 60, "{krate}: {}", names.len());
    names.retain(|name| !tests.contains(&format!("{name}(")) && !others.contains(&name.as_str()));
    assert_eq!(names, [""; 0], "{krate}: call them");
}
