//! `cargo xtask abi --libc`: what the backends take from the `libc` package, held against the headers.
//!
//! Numbers are gathered from the sources; records are listed in `libc/SYSTEM.txt` with the fields
//! that are used. The headers' numbers become types in a generated package
//! (`[(); 8] = [(); size_of::<libc::timeval>()]`), so that a type check for the target compares
//! them and names both where they differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::table::{self, Numbers};
use super::{Headers, Report, for_all_headers, scratch};
use crate::run;

/// What the backends need besides the headers that declare their records.
const MORE_HEADERS: &str = "\
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
";

/// Names that are no records: integers and pointers under another name, whose width the callers convert.
const SCALARS: &[&str] = &[
    "c_char",
    "c_int",
    "c_long",
    "c_short",
    "c_uchar",
    "c_uint",
    "c_ulong",
    "c_ushort",
    "c_void",
    "clockid_t",
    "dev_t",
    "gid_t",
    "id_t",
    "in_addr_t",
    "in_port_t",
    "ino_t",
    "mode_t",
    "off_t",
    "integer_t",
    "mach_msg_type_number_t",
    // Never looked into, passed by address alone.
    "malloc_zone_t",
    "pid_t",
    "processor_info_array_t",
    "rlim_t",
    "sa_family_t",
    "size_t",
    "socklen_t",
    "ssize_t",
    "suseconds_t",
    "time_t",
    "uid_t",
    "uintptr_t",
];

/// Something taken from `libc`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// A number.
    Constant(String),
    /// A type: its name in C.
    Record(String),
    /// A type, a field in Rust, and the field's name in C.
    Field(String, String, String),
}

impl Item {
    /// The name of a C type in the package: `struct timeval` is `timeval`.
    fn rust_type(c_type: &str) -> &str {
        c_type.rsplit(' ').next().unwrap_or(c_type)
    }

    fn name(&self) -> String {
        match self {
            Item::Constant(name) => format!("libc::{name}"),
            Item::Record(c_type) => format!("libc::{}", Item::rust_type(c_type)),
            Item::Field(c_type, field, _) => format!("libc::{}.{field}", Item::rust_type(c_type)),
        }
    }

    fn c_row(&self) -> String {
        match self {
            Item::Constant(name) => table::constant(name),
            Item::Record(c_type) => table::record(c_type),
            Item::Field(c_type, _, path) => table::field(c_type, path),
        }
    }

    /// What must hold, each as (what, the package's number, the header's number).
    fn claims(&self, theirs: Numbers) -> Vec<(&'static str, String, i64)> {
        match self {
            // Whether 32 bits have a sign is often chosen otherwise than in C: compare the bits.
            Item::Constant(name)
                if i32::try_from(theirs[0]).is_ok() || u32::try_from(theirs[0]).is_ok() =>
            {
                let ours = format!("(libc::{name} as i64 & 0xffff_ffff) as usize");
                vec![("value", ours, theirs[0] & 0xffff_ffff)]
            }
            Item::Constant(name) => {
                vec![("value", format!("libc::{name} as i64 as usize"), theirs[0])]
            }
            Item::Record(_) => vec![
                ("size", format!("size_of::<{}>()", self.name()), theirs[0]),
                ("alignment", format!("align_of::<{}>()", self.name()), theirs[1]),
            ],
            Item::Field(c_type, field, _) => {
                let record = format!("libc::{}", Item::rust_type(c_type));
                vec![
                    ("offset", format!("offset_of!({record}, {field})"), theirs[0]),
                    (
                        "size",
                        format!("size_of_field(|record: {record}| record.{field})"),
                        theirs[1],
                    ),
                ]
            }
        }
    }
}

/// Checks every system's items against all of its headers.
pub(crate) fn check(report: &mut Report) -> Result<()> {
    let libc = libc_version(&fs::read_to_string(run::root().join("Cargo.lock"))?)?;
    for_all_headers(report, |report, headers, system| {
        let (items, mut complaints) = items(headers.system)?;
        let includes = format!("{}{MORE_HEADERS}", system.headers);
        match compare(headers, &includes, &libc, &items) {
            Ok(found) => {
                complaints.extend(found);
                let what = format!("{headers}: {} items of libc {libc}", items.len());
                report.checked(&what, &complaints);
            }
            Err(why) => report.missing(&headers.to_string(), &why),
        }
        Ok(())
    })
}

/// Everything that one system's backend takes from `libc`, and uses that are not listed.
fn items(system: &str) -> Result<(BTreeSet<Item>, Vec<String>)> {
    let list = run::root().join(format!("xtask/src/abi/libc/{system}.txt"));
    let mut items =
        listed(&fs::read_to_string(&list).with_context(|| list.display().to_string())?)?;
    let mut complaints = Vec::new();
    for source in sources_of(system)? {
        let name = source.strip_prefix(run::root())?.display().to_string();
        complaints.extend(gather(&name, &fs::read_to_string(&source)?, system, &mut items));
    }
    Ok((items, complaints))
}

/// Reads a list: `NAME` for a number, `struct name: field field=c_field` for a record.
fn listed(text: &str) -> Result<BTreeSet<Item>> {
    let mut items = BTreeSet::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        if let Some((c_type, fields)) = line.split_once(':') {
            items.insert(Item::Record(c_type.to_owned()));
            for field in fields.split_whitespace() {
                let (ours, path) = field.split_once('=').unwrap_or((field, field));
                items.insert(Item::Field(c_type.to_owned(), ours.to_owned(), path.to_owned()));
            }
            continue;
        }
        for name in line.split_whitespace() {
            if !is_constant(name) {
                bail!("{name}: a number has a name in capitals, a record has a colon behind it");
            }
            items.insert(Item::Constant(name.to_owned()));
        }
    }
    Ok(items)
}

/// Adds the numbers that a source text takes from `libc`; complains about records that are not listed.
fn gather(name: &str, text: &str, system: &str, items: &mut BTreeSet<Item>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split("//").next().unwrap_or_default();
        for (at, package) in line.match_indices("libc::") {
            let rest = &line[at + package.len()..];
            let end =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (used, behind) = rest.split_at(end);
            if is_constant(used) && !behind.starts_with('(') {
                items.insert(Item::Constant(used.to_owned()));
            } else if !is_constant(used)
                && !used.is_empty()
                && !behind.starts_with('(')
                && !SCALARS.contains(&used)
                && !items.iter().any(
                    |item| matches!(item, Item::Record(c_type) if Item::rust_type(c_type) == used),
                )
            {
                complaints.push(format!(
                    "{name}:{number}: `libc::{used}`: list the fields that are used in xtask/src/abi/libc/{system}.txt"
                ));
            }
        }
    }
    complaints
}

fn is_constant(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// The sources that are compiled for a system.
fn sources_of(system: &str) -> Result<Vec<PathBuf>> {
    let others = ["freebsd", "netbsd", "openbsd"].into_iter().filter(|other| *other != system);
    let others: Vec<&str> = others.collect();
    let directory = if system == "macos" { "crates/ps-darwin/src" } else { "crates/ps-bsd/src" };
    let mut found = Vec::new();
    let mut todo = vec![run::root().join(directory)];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            if others.contains(&&*stem) {
                continue;
            }
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The version that the workspace uses.
fn libc_version(lock: &str) -> Result<String> {
    let entry =
        lock.split_once("name = \"libc\"\nversion = \"").context("libc is not in Cargo.lock")?;
    Ok(entry.1.split('"').next().unwrap_or_default().to_owned())
}

/// What differs between the package and the headers.
fn compare(
    headers: &Headers<'_>,
    includes: &str,
    libc: &str,
    items: &BTreeSet<Item>,
) -> Result<Vec<String>> {
    let rows: Vec<String> = items.iter().map(Item::c_row).collect();
    let mut complaints = Vec::new();
    let mut claims = Vec::new();
    for (item, theirs) in items.iter().zip(table::look_up(headers, includes, &rows)?) {
        match theirs {
            Err(why) => complaints.push(format!("{}: {why}", item.name())),
            Ok(theirs) => claims.extend(item.claims(theirs).into_iter().map(|claim| (item, claim))),
        }
    }
    let mut text = String::new();
    for (_, (_, ours, theirs)) in &claims {
        text += &format!("const _: [(); {}] = [(); {ours}];\n", theirs.cast_unsigned());
    }
    for (line, message) in errors(headers, libc, &text)? {
        match line.checked_sub(1).and_then(|line| claims.get(line)) {
            Some((item, (what, ..))) => {
                complaints.push(format!("{}: {what}: {}", item.name(), both_numbers(&message)));
            }
            None => bail!("the generated package does not compile: {message}"),
        }
    }
    Ok(complaints)
}

/// The compiler's words, in ours, if it compares two lengths.
fn both_numbers(message: &str) -> String {
    let numbers = message
        .split_once("expected an array with a size of ")
        .and_then(|(_, rest)| rest.split_once(", found one with a size of "));
    match numbers {
        Some((theirs, ours)) => format!("libc says {ours}, the header says {theirs}"),
        None => message.to_owned(),
    }
}

/// Type-checks a generated package; what is wrong on which of the lines.
fn errors(headers: &Headers<'_>, libc: &str, lines: &str) -> Result<BTreeMap<usize, String>> {
    let directory = scratch("libc")?;
    fs::create_dir_all(directory.join("src"))?;
    fs::write(
        directory.join("Cargo.toml"),
        format!(
            "[package]\nname = \"libc-items\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             libc = {{ version = \"={libc}\", default-features = false }}\n"
        ),
    )?;
    // The lines come first, so that their numbers are theirs.
    let text = format!(
        "{lines}use core::mem::offset_of;
const fn size_of_field<R, F>(_: fn(R) -> F) -> usize {{ size_of::<F>() }}
"
    );
    fs::write(directory.join("src/items.rs"), text)?;
    fs::write(
        directory.join("src/lib.rs"),
        "#![no_std]\n#![allow(unused, deprecated)]\nmod items;\n",
    )?;
    let outcome = type_check(&directory, &rust_target(headers));
    fs::remove_dir_all(&directory)?;
    let (success, output) = outcome?;
    let found: BTreeMap<usize, String> = output.lines().filter_map(error_line).collect();
    if !success && found.is_empty() {
        bail!("{output}");
    }
    Ok(found)
}

/// `src/items.rs:12:5: error[E0308]: message`, taken apart.
fn error_line(line: &str) -> Option<(usize, String)> {
    let (number, rest) = line.trim_start().strip_prefix("src/items.rs:")?.split_once(':')?;
    let (_, message) = rest.split_once(": error")?.1.split_once(": ")?;
    Some((number.parse().ok()?, message.to_owned()))
}

fn rust_target(headers: &Headers<'_>) -> String {
    match headers.system {
        "macos" => format!("{}-apple-darwin", headers.arch),
        system => format!("{}-unknown-{system}", headers.arch),
    }
}

/// Runs `cargo check` on a package without std; builds `core` from source where it is not installed.
fn type_check(package: &Path, target: &str) -> Result<(bool, String)> {
    let installed =
        run::stdout(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))
            .is_ok_and(|directory| Path::new(directory.trim()).is_dir());
    let kept = if installed { "libc" } else { "libc-build-std" };
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(package)
        .args(["check", "--quiet", "--message-format", "short", "--target", target])
        .env("CARGO_TARGET_DIR", run::root().join("target/xtask").join(kept));
    if !installed {
        cargo.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
    }
    let output = cargo.output().context("cannot start cargo")?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[cfg(test)]
mod tests {
    use ps_core::raw::Release;

    use super::*;
    use crate::zig;

    #[test]
    fn a_list_holds_numbers_and_records_with_their_fields() {
        let items = listed("# what\nSIGKILL EPERM # why\nstruct kevent: ident type_=type\n")
            .expect("reads");
        let names: Vec<String> = items.iter().map(Item::name).collect();
        assert_eq!(
            names,
            [
                "libc::EPERM",
                "libc::SIGKILL",
                "libc::kevent",
                "libc::kevent.ident",
                "libc::kevent.type_"
            ]
        );
        assert!(listed("kevent\n").is_err());
    }

    #[test]
    fn numbers_are_gathered_and_records_that_are_not_listed_are_named() {
        let text = "//! libc::NOT_THIS\nlet x = libc::ESRCH as libc::c_int;\nlet y: libc::rlimit = libc::kill(1, libc::SIGHUP);\nlibc::WIFEXITED(x);\n";
        let mut items = BTreeSet::new();
        let complaints = gather("a.rs", text, "netbsd", &mut items);
        assert_eq!(
            complaints,
            [
                "a.rs:3: `libc::rlimit`: list the fields that are used in xtask/src/abi/libc/netbsd.txt"
            ]
        );
        let names: Vec<String> = items.iter().map(Item::name).collect();
        assert_eq!(names, ["libc::ESRCH", "libc::SIGHUP"]);
    }

    #[test]
    fn a_difference_from_the_headers_is_named_with_both_numbers() {
        let Some(zig) = zig::for_tests() else { return };
        let headers =
            Headers { zig: &zig, system: "netbsd", release: Release(11, 0), arch: "x86_64" };
        // The package declares the record as it was before release 11, which added a field.
        let items = listed("SIGKILL RLIMIT_NO_SUCH\nstruct kevent: ident udata\n").expect("reads");
        let lock =
            fs::read_to_string(run::root().join("Cargo.lock")).expect("the workspace is locked");
        let includes = "#include <sys/types.h>\n#include <sys/event.h>\n#include <signal.h>\n";
        let libc = libc_version(&lock).expect("the workspace uses libc");
        assert_eq!(
            compare(&headers, includes, &libc, &items).expect("the target can be checked"),
            [
                "libc::RLIMIT_NO_SUCH: not in the headers: use of undeclared identifier 'RLIMIT_NO_SUCH'",
                "libc::kevent: size: libc says 40, the header says 72",
            ]
        );
    }
}
