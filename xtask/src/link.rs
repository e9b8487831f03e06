//! `cargo xtask link`: every foreign symbol that a backend names exists in its system's libraries.
//!
//! A type check believes an `extern` block whatever it says; only a linker finds the misspelt
//! function. The symbols are gathered from the sources under `sys/`, and zig, which carries the
//! symbol lists of every system's libc, links a small C program that takes the address of each.
//!
//! With `--programs` it links whole programs instead, for every target or for those that are named.

mod programs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::abi::{GENERATIONS, Report, scratch};
use crate::run;
use crate::tidy;
use crate::zig::{self, Zig};

/// What is linked: the name that the systems of a source file go by, and the target of zig.
const TARGETS: &[(&str, &str)] = &[
    ("freebsd", "x86_64-freebsd"),
    ("netbsd", "x86_64-netbsd"),
    ("openbsd", "x86_64-openbsd"),
    ("macos", "x86_64-macos"),
    ("macos", "aarch64-macos"),
];

/// The functions of Apple's frameworks, which zig does not know. Taken from the frameworks' documentation;
/// one that is missing here is added after looking it up there.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    (
        "CoreFoundation",
        &[
            "CFArrayGetCount",
            "CFArrayGetTypeID",
            "CFArrayGetValueAtIndex",
            "CFBooleanGetTypeID",
            "CFBooleanGetValue",
            "CFDataGetBytePtr",
            "CFDataGetLength",
            "CFDataGetTypeID",
            "CFDictionaryGetCount",
            "CFDictionaryGetTypeID",
            "CFDictionaryGetValue",
            "CFDictionaryGetKeysAndValues",
            "CFGetTypeID",
            "CFNumberGetTypeID",
            "CFNumberGetValue",
            "CFRelease",
            "CFRetain",
            "CFStringCreateWithBytes",
            "CFStringCreateWithCString",
            "CFStringGetCString",
            "CFStringGetLength",
            "CFStringGetMaximumSizeForEncoding",
            "CFStringGetTypeID",
            "kCFAllocatorDefault",
            "kCFBooleanTrue",
        ],
    ),
    (
        "IOKit",
        &[
            "IOConnectCallStructMethod",
            "IOIteratorNext",
            "IOObjectConformsTo",
            "IOObjectRelease",
            "IOObjectRetain",
            "IOPSCopyPowerSourcesInfo",
            "IOPSCopyPowerSourcesList",
            "IOPSGetPowerSourceDescription",
            "IOPSGetProvidingPowerSourceType",
            "IOPSGetTimeRemainingEstimate",
            "IORegistryEntryCreateCFProperties",
            "IORegistryEntryCreateCFProperty",
            "IORegistryEntryGetName",
            "IORegistryEntryGetParentEntry",
            "IOServiceClose",
            "IOServiceGetMatchingService",
            "IOServiceGetMatchingServices",
            "IOServiceMatching",
            "IOServiceOpen",
        ],
    ),
];

/// Symbols, each with the function that is meant.
pub(crate) type Symbols = BTreeMap<String, Function>;

/// A function of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// What it is called in C.
    pub(crate) name: String,
    /// The place that names it: `crates/.../file.rs:12`.
    pub(crate) place: String,
}

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    let (flags, targets): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    let (mut allow_missing, mut whole) = (false, false);
    for flag in flags {
        match flag.as_str() {
            "--allow-missing" => allow_missing = true,
            "--programs" => whole = true,
            _ => bail!("usage: cargo xtask link [--programs [TARGET..]] [--allow-missing]"),
        }
    }
    let mut report = Report::new(allow_missing);
    let mut wanted = wanted(&mut report)?;
    let newest = GENERATIONS.last().context("there is a newest zig")?.zig;
    if whole {
        programs::check(&mut report, &zig::version(newest)?, &wanted, &targets)?;
        return report.finish();
    }
    for &(system, target) in TARGETS {
        let symbols = wanted.entry(system).or_default();
        match zig::version(newest).and_then(|zig| missing(&zig, target, symbols)) {
            Ok(complaints) => {
                report.checked(&format!("{target}: {} symbols", symbols.len()), &complaints);
            }
            Err(why) => report.missing(target, &why),
        }
    }
    report.finish()
}

/// The symbols that each system's backend names.
pub(crate) fn wanted(report: &mut Report) -> Result<BTreeMap<&'static str, Symbols>> {
    let mut wanted: BTreeMap<&str, Symbols> = BTreeMap::new();
    for source in sources()? {
        let name = source.strip_prefix(run::root())?.display().to_string();
        let text = fs::read_to_string(&source)?;
        let imports = hidden_imports(&name, &text);
        if !imports.is_empty() {
            report.checked(&name, &imports);
        }
        for system in systems_of(&name)? {
            wanted.entry(system).or_default().extend(symbols(&name, &text));
        }
    }
    Ok(wanted)
}

/// The Rust files of every backend's `sys/`, in order.
fn sources() -> Result<Vec<PathBuf>> {
    let files = tidy::files(&run::root())?;
    let paths = files.iter().map(|file| Path::new(&file.path));
    let of_backends = paths.filter(|path| path.starts_with("crates"));
    Ok(of_backends
        .filter(|path| is_system_call_source(path))
        .map(|path| run::root().join(path))
        .collect())
}

/// Whether a file may contain system calls: it is `sys.rs` or lies under `sys/`.
fn is_system_call_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
        && path.iter().any(|part| part == "sys" || part == "sys.rs")
        && path.iter().any(|part| part == "src")
}

/// Which systems a source file is compiled for.
fn systems_of(name: &str) -> Result<&'static [&'static str]> {
    Ok(match name.split('/').collect::<Vec<_>>()[..] {
        // Linux programs are linked for real, by the tests.
        ["crates", "ps-linux", ..] => &[],
        ["crates", "ps-darwin", ..] => &["macos"],
        ["crates", "ps-bsd", "src", "pair", ..] => &["freebsd", "netbsd"],
        ["crates", "ps-bsd", "src", "freebsd", ..] => &["freebsd"],
        ["crates", "ps-bsd", "src", "netbsd", ..] => &["netbsd"],
        ["crates", "ps-bsd", "src", "openbsd", ..] => &["openbsd"],
        ["crates", "ps-bsd", ..] => &["freebsd", "netbsd", "openbsd"],
        _ => bail!("{name}: which systems is it for? say so in xtask/src/link.rs"),
    })
}

/// The foreign symbols that a source text names.
///
/// Those of `extern "C"` blocks, by their `link_name` if they have one, and the functions called as
/// `libc::name(` or `mach2::module::name(`.
fn symbols(name: &str, text: &str) -> Symbols {
    let mut found = Symbols::new();
    let mut in_block = false;
    let mut link_name = None;
    for (number, line) in code_lines(text) {
        let place = format!("{name}:{number}");
        if line.contains("extern \"C\" {") {
            in_block = true;
        } else if line == "}" {
            in_block = false;
        }
        if !in_block {
            for name in called_functions(line) {
                let function = Function { name: name.to_owned(), place: place.clone() };
                found.entry(name.to_owned()).or_insert(function);
            }
            continue;
        }
        if let Some(given) = line.strip_prefix("#[link_name = \"") {
            link_name = given.split('"').next();
        }
        if let Some(declared) = declared_symbol(line) {
            let symbol = link_name.take().unwrap_or(declared).to_owned();
            found.entry(symbol).or_insert(Function { name: declared.to_owned(), place });
        }
    }
    found
}

/// The lines without comments and indentation, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    (1..).zip(lines).filter(|(_, line)| !line.is_empty())
}

/// The function or static that a line of an `extern` block declares.
fn declared_symbol(line: &str) -> Option<&str> {
    let words = line.split_once("fn ").or_else(|| line.split_once("static "))?.1;
    Some(identifier(words.trim_start_matches("mut ")))
}

/// The functions of a foreign package that a line calls. Types and constants are no calls.
fn called_functions(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (package, has_modules) in [("libc::", false), ("mach2::", true)] {
        for (at, _) in line.match_indices(package) {
            let mut rest = &line[at + package.len()..];
            if has_modules {
                rest = rest.split_once("::").map_or(rest, |(_module, behind)| behind);
            }
            let name = identifier(rest);
            let is_call = rest[name.len()..].starts_with('(');
            if is_call && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
            {
                found.push(name);
            }
        }
    }
    found
}

/// The identifier that a text begins with.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// Imports that would hide a call from [`called_functions`].
fn hidden_imports(name: &str, text: &str) -> Vec<String> {
    let imports = code_lines(text).filter(|(_, line)| {
        line.starts_with("use libc::") || line.starts_with("use mach2::") && line.ends_with("*;")
    });
    imports
        .map(|(number, _)| {
            format!("{name}:{number}: write `libc::name` where it is used, so that it is seen here")
        })
        .collect()
}

/// What is wrong with the symbols on one target.
fn missing(zig: &Zig, target: &str, symbols: &Symbols) -> Result<Vec<String>> {
    let names: Vec<&str> = symbols.keys().map(String::as_str).collect();
    let all = link(zig, target, &names)?;
    let mut complaints = Vec::new();
    if let Err(whole) = all {
        // Linkers stop counting after a while: one by one, each is named.
        for (symbol, Function { place, .. }) in symbols {
            if link(zig, target, &[symbol])?.is_err() {
                complaints.push(format!("{place}: `{symbol}` does not exist on {target}"));
            }
        }
        if complaints.is_empty() {
            bail!("does not link, but each symbol alone does:\n{whole}");
        }
    }
    Ok(complaints)
}

/// Links a program that takes the address of each symbol; the linker's words if it cannot.
fn link(zig: &Zig, target: &str, symbols: &[&str]) -> Result<std::result::Result<(), String>> {
    let directory = scratch("link")?;
    let source = directory.join("probe.c");
    fs::write(&source, probe(symbols))?;
    let mut command = zig.cc(target);
    command.args(["-w", "-fno-builtin", "-o"]).arg(directory.join("probe")).arg(&source);
    if target.ends_with("macos") {
        command.arg("-F").arg(&directory);
        for (framework, functions) in FRAMEWORKS {
            let place = directory.join(format!("{framework}.framework"));
            fs::create_dir_all(&place)?;
            fs::write(place.join(format!("{framework}.tbd")), stub(framework, functions))?;
            command.args(["-framework", framework]);
        }
    }
    let output = command.output().context("cannot start zig")?;
    fs::remove_dir_all(&directory)?;
    match output.status.success() {
        true => Ok(Ok(())),
        false => Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// A program that takes the address of each symbol.
fn probe(symbols: &[&str]) -> String {
    let mut text = String::new();
    for symbol in symbols {
        text += &format!("extern char probe_{symbol} __asm__(PREFIX \"{symbol}\");\n");
    }
    let addresses: Vec<String> = symbols.iter().map(|symbol| format!("&probe_{symbol}")).collect();
    format!(
        "#ifdef __APPLE__\n#define PREFIX \"_\"\n#else\n#define PREFIX \"\"\n#endif\n{text}\
         const void *volatile addresses[] = {{ {} }};\nint main(void) {{ return addresses[0] == 0; }}\n",
        if addresses.is_empty() { "0".to_owned() } else { addresses.join(", ") }
    )
}

/// A list of a framework's symbols.
fn stub(framework: &str, functions: &[&str]) -> String {
    let place = format!("/System/Library/Frameworks/{framework}.framework/Versions/A/{framework}");
    library(&place, functions)
}

/// A list of a library's symbols, in the form that linkers for macOS read.
fn library(place: &str, functions: &[&str]) -> String {
    let symbols: Vec<String> = functions.iter().map(|function| format!("_{function}")).collect();
    format!(
        "--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '{place}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ {} ]
...
",
        symbols.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"//! Calls: libc::in_a_comment(1) is none.
unsafe extern "C" {
    #[link_name = "__getvfsstat90"]
    fn getvfsstat(buffer: *mut u8, size: usize, flags: i32) -> i32;
    pub(crate) fn swapctl(
        command: i32,
    ) -> i32;
    static mut environ: *const u8;
}
fn read(mib: &[libc::c_int]) -> i32 {
    // SAFETY: libc::neither_this(2)
    let rc = unsafe { libc::sysctl(mib.as_ptr()) } + mach2::host::host_page_size(1);
    if libc::WIFEXITED(rc) { libc::EINVAL } else { libc::kill (libc::pid_t::from(rc)) }
}
extern "C" fn callback() {}
"#;

    #[test]
    fn symbols_are_found_in_blocks_and_calls_with_their_place() {
        let found = symbols("a.rs", SOURCE);
        let found: Vec<(&str, &str, &str)> = found
            .iter()
            .map(|(symbol, one)| (symbol.as_str(), one.name.as_str(), one.place.as_str()))
            .collect();
        let expected = [
            ("__getvfsstat90", "getvfsstat", "a.rs:4"),
            ("environ", "environ", "a.rs:8"),
            ("host_page_size", "host_page_size", "a.rs:12"),
            ("swapctl", "swapctl", "a.rs:5"),
            ("sysctl", "sysctl", "a.rs:12"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_function_imported_by_name_is_complained_about() {
        let text = "//! x\nuse libc::{c_int, kill};\nuse std::io;\n";
        assert_eq!(
            hidden_imports("a.rs", text),
            ["a.rs:2: write `libc::name` where it is used, so that it is seen here"]
        );
    }

    #[test]
    fn a_source_says_by_its_place_which_systems_it_is_for() {
        let systems = |name| systems_of(name).expect("known");
        assert_eq!(systems("crates/ps-bsd/src/netbsd/sys/swap.rs"), ["netbsd"]);
        assert_eq!(
            systems("crates/ps-bsd/src/shared/sys/sysctl.rs"),
            ["freebsd", "netbsd", "openbsd"]
        );
        assert_eq!(systems("crates/ps-darwin/src/sys/mach.rs"), ["macos"]);
        assert!(systems_of("crates/ps-minix/src/sys.rs").is_err());
        assert!(is_system_call_source(Path::new("crates/ps-bsd/src/freebsd/sys.rs")));
        assert!(!is_system_call_source(Path::new("crates/ps-bsd/src/raw/system.rs")));
    }

    #[test]
    fn a_symbol_that_does_not_exist_is_named_with_its_place() {
        let Some(zig) = zig::for_tests() else { return };
        let text = "unsafe extern \"C\" {\n    fn sysctl();\n    fn sysctl_by_nmae();\n    fn kvm_read();\n}\n";
        let symbols = symbols("crates/ps-bsd/src/netbsd/sys/a.rs", text);
        assert_eq!(
            missing(&zig, "x86_64-netbsd", &symbols).expect("zig runs"),
            [
                "crates/ps-bsd/src/netbsd/sys/a.rs:4: `kvm_read` does not exist on x86_64-netbsd",
                "crates/ps-bsd/src/netbsd/sys/a.rs:3: `sysctl_by_nmae` does not exist on x86_64-netbsd",
            ]
        );
        let framework = |symbol: &str| {
            let function = Function { name: symbol.to_owned(), place: "a.rs:1".to_owned() };
            Symbols::from([(symbol.to_owned(), function)])
        };
        let wrong =
            missing(&zig, "aarch64-macos", &framework("IOServiceMatchings")).expect("zig runs");
        assert_eq!(wrong, ["a.rs:1: `IOServiceMatchings` does not exist on aarch64-macos"]);
        let right =
            missing(&zig, "aarch64-macos", &framework("IOServiceMatching")).expect("zig runs");
        assert_eq!(right, [] as [&str; 0]);
    }
}
