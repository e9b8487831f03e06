//! `cargo xtask link --programs`: whole programs for the other systems, linked here.
//!
//! The programs are the tests and examples of the facade, of the system's backend and of the suites. They are compiled
//! with `-Clink-dead-code`: then every function of a crate that has no type parameter ends up in the program of its
//! unit tests, called or not, and the linker has to find whatever it calls; those with type parameters are called by
//! tests and examples. No list of functions is kept.
//!
//! A linker is content with any symbol of the right name. Where a system's C library keeps an older form of a function
//! under its plain name, its headers give the function of today another symbol; the programs must ask for that one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{FRAMEWORKS, Function, Symbols, stub};
use crate::abi::{Report, scratch, systems};
use crate::run;
use crate::toolchain::{self, Std, TARGET_DIR, ThisMachine};
use crate::zig::{Zig, write_program};

/// One target: what its system is called here, by the compiler and by zig; its backend; and libraries that its standard
/// library wants though it uses nothing of them.
struct Target {
    system: &'static str,
    triple: &'static str,
    zig: &'static str,
    backend: &'static str,
    wanted: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target {
        system: "freebsd",
        triple: "x86_64-unknown-freebsd",
        zig: "x86_64-freebsd",
        backend: "ps-bsd",
        wanted: &["kvm", "memstat", "procstat", "devstat", "execinfo"],
    },
    Target {
        system: "netbsd",
        triple: "x86_64-unknown-netbsd",
        zig: "x86_64-netbsd",
        backend: "ps-bsd",
        wanted: &[],
    },
    Target {
        system: "openbsd",
        triple: "x86_64-unknown-openbsd",
        zig: "x86_64-openbsd",
        backend: "ps-bsd",
        wanted: &[],
    },
    Target {
        system: "macos",
        triple: "x86_64-apple-darwin",
        zig: "x86_64-macos",
        backend: "ps-darwin",
        wanted: &[],
    },
    Target {
        system: "macos",
        triple: "aarch64-apple-darwin",
        zig: "aarch64-macos",
        backend: "ps-darwin",
        wanted: &[],
    },
];

/// Links the programs for every target, or for those that are named, and compares the symbols that they ask for with
/// the headers'. `wanted` are the functions that the backends call, by system.
pub(super) fn check(
    report: &mut Report,
    zig: &Zig,
    wanted: &BTreeMap<&'static str, Symbols>,
    only: &[&String],
) -> Result<()> {
    for target in TARGETS {
        if !only.is_empty() && !only.iter().any(|name| *name == target.triple) {
            continue;
        }
        let Some(std) = toolchain::find(target.triple, &ThisMachine) else {
            report.missing(target.triple, &anyhow::anyhow!("no standard library"));
            continue;
        };
        let programs = match link(&run::root(), target, &std, zig)? {
            Ok(programs) => programs,
            Err(said) => {
                report.checked(&format!("programs for {}", target.triple), &[said]);
                continue;
            }
        };
        let (compared, complaints) = strangers(zig, target, &wanted[target.system], &programs)?;
        let count = programs.len();
        report.checked(
            &format!(
                "{count} programs for {}, {compared} functions by the headers' symbols",
                target.triple
            ),
            &complaints,
        );
    }
    Ok(())
}

/// Links them; what `cargo` said if that fails.
fn link(
    root: &Path,
    target: &Target,
    std: &Std,
    zig: &Zig,
) -> Result<std::result::Result<Vec<PathBuf>, String>> {
    let place = root.join(TARGET_DIR).join("programs");
    let libraries = place.join("libraries").join(target.zig);
    fs::create_dir_all(&libraries)?;
    let linker = libraries.join("cc");
    zig.write_linker(target.zig, &linker)?;
    write_libraries(zig, target, &libraries)?;
    let variable = |what: &str| {
        format!("CARGO_TARGET_{}_{what}", target.triple.replace('-', "_").to_uppercase())
    };
    let here = libraries.display();
    let flags = format!("-Cdebuginfo=0 -Lnative={here} -Lframework={here}");
    let mut command = std.cargo("test");
    command.current_dir(root).stdin(Stdio::null());
    command.args([
        "--no-run",
        "--quiet",
        "--all-features",
        "--message-format=json-render-diagnostics",
    ]);
    command.args([
        "--target",
        target.triple,
        "-p",
        "ps-facade",
        "-p",
        "ps-tests",
        "-p",
        target.backend,
    ]);
    command.env("CARGO_TARGET_DIR", &place).env("ZIG_GLOBAL_CACHE_DIR", Zig::cache());
    command.env(variable("LINKER"), &linker).env(variable("RUSTFLAGS"), flags);
    command.env("RUSTC_WORKSPACE_WRAPPER", write_compiler(&place)?);
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()));
    }
    Ok(Ok(executables(&String::from_utf8_lossy(&output.stdout))))
}

/// A compiler for the members of the workspace, which keeps what nothing calls. (The standard library, where that is
/// built along, cannot be compiled so.)
fn write_compiler(place: &Path) -> Result<PathBuf> {
    let path = place.join("rustc-that-keeps-all");
    write_program(&path, "exec \"$@\" -Clink-dead-code")?;
    Ok(path)
}

/// The programs that `cargo` says it has made.
fn executables(messages: &str) -> Vec<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()
}

/// Stand-ins for libraries that zig does not bring, with the symbols that they have.
fn write_libraries(zig: &Zig, target: &Target, place: &Path) -> Result<()> {
    for library in target.wanted {
        let source = place.join("nothing.c");
        fs::write(&source, "")?;
        let file = format!("lib{library}.so");
        run::stdout(
            zig.cc(target.zig)
                .args(["-shared", "-nostdlib", &format!("-Wl,-soname,{file}"), "-o"])
                .args([&place.join(&file), &source]),
        )?;
    }
    if target.system == "macos" {
        // The standard library wants it for the C library's sake, and uses nothing of it.
        let names = "/usr/lib/libiconv.2.dylib";
        fs::write(place.join("libiconv.tbd"), super::library(names, &[]))?;
        for (framework, functions) in FRAMEWORKS {
            let directory = place.join(format!("{framework}.framework"));
            fs::create_dir_all(&directory)?;
            fs::write(directory.join(format!("{framework}.tbd")), stub(framework, functions))?;
        }
    }
    Ok(())
}

/// Functions that no program asks for by the symbol that the headers give them, and how many were compared.
fn strangers(
    zig: &Zig,
    target: &Target,
    functions: &Symbols,
    programs: &[PathBuf],
) -> Result<(usize, Vec<String>)> {
    let mut symbols = BTreeMap::new();
    for function in functions.values() {
        let symbol = header_symbol(zig, target, &function.name)?;
        symbols.extend(symbol.map(|symbol| (symbol, function)));
    }
    let mut asked_for = BTreeSet::new();
    for program in programs {
        let bytes = fs::read(program)?;
        let words =
            bytes.split(|byte| *byte == 0).filter_map(|word| std::str::from_utf8(word).ok());
        asked_for.extend(words.filter(|word| symbols.contains_key(*word)).map(str::to_owned));
    }
    let complaints = symbols
        .iter()
        .filter(|(symbol, _)| !asked_for.contains(*symbol))
        .map(|(symbol, Function { name, place })| {
            let triple = target.triple;
            format!(
                "{place}: the headers call `{name}` by `{symbol}`, no program for {triple} does"
            )
        })
        .collect();
    Ok((symbols.len(), complaints))
}

/// The symbol that the headers give a function; `None` if they do not declare it, as those of Apple's frameworks.
fn header_symbol(zig: &Zig, target: &Target, name: &str) -> Result<Option<String>> {
    let systems = systems();
    let system = systems.iter().find(|system| system.name == target.system);
    let headers = system.context("the system has a backend")?.headers;
    assemble(
        zig,
        target.zig,
        &format!("{headers}{MORE_HEADERS}const void *const probe = (const void *)&{name};\n"),
    )
}

/// Functions that are called stand in more headers than records that are read.
const MORE_HEADERS: &str = "
#include <ifaddrs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
";

/// The symbol whose address stands at `probe`; `None` if the text does not compile.
fn assemble(zig: &Zig, target: &str, text: &str) -> Result<Option<String>> {
    let directory = scratch("symbols")?;
    let (source, listing) = (directory.join("probe.c"), directory.join("probe.s"));
    fs::write(&source, text)?;
    let mut command: Command = zig.cc(target);
    command.args(["-std=gnu11", "-w", "-g0", "-S", "-o"]).args([&listing, &source]);
    let output = command.output().context("cannot start zig")?;
    let symbol = match output.status.success() {
        true => address_at_probe(&fs::read_to_string(&listing)?),
        false => None,
    };
    fs::remove_dir_all(&directory)?;
    Ok(symbol)
}

/// The symbol behind the label `probe` in a listing.
fn address_at_probe(listing: &str) -> Option<String> {
    let is_label = |line: &&str| line.trim_start_matches('_').starts_with("probe:");
    let mut lines = listing.lines().skip_while(|line| !is_label(line)).skip(1);
    let line = lines.next()?.trim();
    let symbol = line.strip_prefix(".quad").or_else(|| line.strip_prefix(".xword"))?;
    Some(symbol.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zig;

    fn target(triple: &str) -> &'static Target {
        TARGETS.iter().find(|target| target.triple == triple).expect("is a target")
    }

    #[test]
    fn every_system_with_a_backend_has_programs() {
        for system in systems() {
            assert!(TARGETS.iter().any(|target| target.system == system.name), "{}", system.name);
        }
    }

    #[test]
    fn programs_are_those_that_cargo_names() {
        let said = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nnonsense\n\
                    {\"reason\":\"compiler-artifact\",\"executable\":\"/target/deps/live-1\"}\n\
                    {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executables(said), [Path::new("/target/deps/live-1")]);
    }

    #[test]
    fn the_symbol_is_the_one_at_the_label() {
        let elf = "\t.globl\tprobe\nprobe:\n\t.quad\t__getutxent50\n\t.size\tprobe, 8\n";
        assert_eq!(address_at_probe(elf).as_deref(), Some("__getutxent50"));
        let apple = "_probe:\n\t.quad\t\"_getfsstat$INODE64\"\n";
        assert_eq!(address_at_probe(apple).as_deref(), Some("_getfsstat$INODE64"));
        assert_eq!(address_at_probe("other:\n\t.quad\ta\n"), None);
        assert_eq!(address_at_probe("probe:\n\t.zero\t8\n"), None);
    }

    #[test]
    fn a_function_that_is_called_by_its_older_symbol_is_named_with_its_place() {
        let Some(zig) = zig::for_tests() else { return };
        let program = scratch("symbols").expect("writable").join("program");
        let functions: Symbols = ["getutxent", "kill", "CFRelease"]
            .map(|name| {
                let place = format!("{name}.rs:1");
                (name.to_owned(), Function { name: name.to_owned(), place })
            })
            .into();
        let check = |symbols: &[u8]| {
            fs::write(&program, symbols).expect("writable");
            strangers(
                &zig,
                target("x86_64-unknown-netbsd"),
                &functions,
                std::slice::from_ref(&program),
            )
            .expect("zig runs")
        };
        // What no header declares is not compared.
        assert_eq!(check(b"\x7fELF\0kill\0__getutxent50\0"), (2, Vec::new()));
        let complaint = "getutxent.rs:1: the headers call `getutxent` by `__getutxent50`, no program for \
                         x86_64-unknown-netbsd does";
        assert_eq!(check(b"\x7fELF\0kill\0getutxent\0"), (2, vec![complaint.to_owned()]));
        fs::remove_dir_all(program.parent().expect("in a directory")).expect("removable");
    }

    #[test]
    fn what_does_not_link_is_said_in_the_linkers_words() {
        let Some(zig) = zig::for_tests() else { return };
        let netbsd = target("x86_64-unknown-netbsd");
        if !matches!(toolchain::find(netbsd.triple, &ThisMachine), Some(Std::Ready)) {
            return ps_tests::skip!("no standard library for {}", netbsd.triple);
        }
        // A function that nothing calls, in packages named like those that are linked.
        let text = "//! Text.\nunsafe extern \"C\" { fn no_such_function() -> i32; }\n\
                    /// Called by nobody.\npub fn uncalled() -> i32 {\n    // SAFETY: never called.\n    \
                    unsafe { no_such_function() }\n}\n";
        let root = scratch("link-tests").expect("writable");
        for package in ["ps-facade", "ps-tests", "ps-bsd"] {
            let source = root.join(package).join("src");
            fs::create_dir_all(&source).expect("writable");
            let manifest = format!(
                "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n"
            );
            fs::write(root.join(package).join("Cargo.toml"), manifest).expect("writable");
            let text = if package == "ps-bsd" { text } else { "//! Text.\n" };
            fs::write(source.join("lib.rs"), text).expect("writable");
        }
        let members =
            "[workspace]\nresolver = \"3\"\nmembers = [\"ps-facade\", \"ps-tests\", \"ps-bsd\"]\n";
        fs::write(root.join("Cargo.toml"), members).expect("writable");
        let said = link(&root, netbsd, &Std::Ready, &zig).expect("cargo runs");
        let said = said.expect_err("does not link");
        assert!(said.contains("no_such_function"), "{said}");
        fs::remove_dir_all(&root).expect("removable");
    }
}
