//! Binary fixtures: records filled in by C, so that the bytes are laid out by the headers and not by us.
//!
//! `crates/*/fixtures/gen/SYSTEM-NAME.c` holds initialised records between `FIXTURE(type, count)`
//! and `END`; it becomes `crates/*/fixtures/records/SYSTEM-NAME.bin`. All headers and architectures
//! must agree on the bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Headers, Report, for_all_headers};
use crate::run;

const BEGIN: &[u8; 16] = b"ps-fixture-begin";
const END: &[u8; 16] = b"ps-fixture-ends!";

/// Writes every fixture, and a note of where it comes from.
pub(crate) fn write(report: &mut Report) -> Result<()> {
    let mut notes: Vec<(PathBuf, String)> = Vec::new();
    for_all_headers(report, |report, headers, system| {
        for source in sources(headers.system)? {
            let bytes = bytes(headers, system.headers, &source)?;
            let (binary, name) = binary(&source)?;
            fs::create_dir_all(binary.with_file_name(""))?;
            fs::write(&binary, &bytes)?;
            // The newest headers come last and are the ones that stay.
            let note = format!("{name}.bin: ../gen/{name}.c, headers of {headers}\n");
            notes.retain(|(known, _)| *known != binary);
            notes.push((binary, note));
            report.checked(&format!("{name}.bin, {headers}: {} bytes", bytes.len()), &[]);
        }
        Ok(())
    })?;
    notes.sort();
    for (binary, _) in &notes {
        let provenance = binary.with_file_name("PROVENANCE");
        let mut text = String::from("Written by `cargo xtask abi --fixtures`. Little-endian.\n\n");
        for (_, note) in notes.iter().filter(|(other, _)| other.parent() == binary.parent()) {
            text += note;
        }
        fs::write(provenance, text)?;
    }
    Ok(())
}

/// Holds every committed fixture against every set of headers.
pub(crate) fn check(report: &mut Report) -> Result<()> {
    for_all_headers(report, |report, headers, system| {
        let mut complaints = Vec::new();
        let sources = sources(headers.system)?;
        for source in &sources {
            let (binary, name) = binary(source)?;
            let committed = fs::read(&binary).unwrap_or_default();
            if let Some(complaint) =
                difference(&committed, &bytes(headers, system.headers, source)?)
            {
                complaints.push(format!(
                    "{name}.bin: {complaint}; `cargo xtask abi --fixtures` writes it anew"
                ));
            }
        }
        report.checked(&format!("{headers}: {} fixtures", sources.len()), &complaints);
        Ok(())
    })
}

/// Where a committed fixture and the headers' bytes part ways.
fn difference(committed: &[u8], theirs: &[u8]) -> Option<String> {
    if committed.len() != theirs.len() {
        return Some(format!("{} bytes, the headers give {}", committed.len(), theirs.len()));
    }
    let at = committed.iter().zip(theirs).position(|(ours, theirs)| ours != theirs)?;
    Some(format!("differs from what the headers give at byte {at}"))
}

/// The C files of one system, in order.
fn sources(system: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for krate in fs::read_dir(run::root().join("crates"))? {
        let Ok(sources) = fs::read_dir(krate?.path().join("fixtures/gen")) else { continue };
        for source in sources {
            let source = source?.path();
            let name = source.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(&format!("{system}-")) && name.ends_with(".c") {
                found.push(source);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where the fixture of a C file belongs, and its name.
fn binary(source: &Path) -> Result<(PathBuf, String)> {
    let name = source.file_stem().context("a C file has a name")?.to_string_lossy().into_owned();
    let fixtures = source.parent().and_then(Path::parent).context("it lies in fixtures/gen")?;
    Ok((fixtures.join("records").join(format!("{name}.bin")), name))
}

/// The bytes of the records in one C file.
fn bytes(headers: &Headers<'_>, includes: &str, source: &Path) -> Result<Vec<u8>> {
    let text = format!(
        "{includes}
#define FIXTURE(type, count) const struct {{ char begin[16]; type records[count]; char end[16]; }} ps_fixture = {{ \"{}\", {{
#define END }}, \"{}\" }};
#line 1 \"{}\"
{}",
        String::from_utf8_lossy(BEGIN),
        String::from_utf8_lossy(END),
        source.display(),
        fs::read_to_string(source)?,
    );
    let object = match headers.compile(&text)? {
        Ok(object) => object,
        Err(complaints) => {
            bail!("{} does not compile for {headers}:\n{complaints}", source.display())
        }
    };
    between_marks(&object).with_context(|| format!("no records in {}", source.display()))
}

fn between_marks(object: &[u8]) -> Option<Vec<u8>> {
    let find = |mark: &[u8]| object.windows(mark.len()).position(|window| window == mark);
    object.get(find(BEGIN)? + BEGIN.len()..find(END)?).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_that_the_headers_lay_out_otherwise_is_named_by_the_byte() {
        assert_eq!(difference(b"abc", b"abc"), None);
        assert_eq!(
            difference(b"abc", b"abX").as_deref(),
            Some("differs from what the headers give at byte 2")
        );
        assert_eq!(difference(b"", b"abc").as_deref(), Some("0 bytes, the headers give 3"));
    }

    #[test]
    fn records_lie_between_the_marks() {
        let object = [&b"x"[..], BEGIN, b"12345678", END, b"y"].concat();
        assert_eq!(between_marks(&object).as_deref(), Some(&b"12345678"[..]));
        assert_eq!(between_marks(&object[2..]), None);
        assert_eq!(between_marks(&[&END[..], BEGIN].concat()), None);
    }
}
