//! `cargo xtask doctor`: what is possible on this machine, and the line that makes the rest possible.

mod probe;

use anyhow::{Result, bail};

use crate::toolchain::{Supply, ThisMachine};
use crate::{check, emul, msrv, mutants, run};

/// One thing that some check or test needs.
struct Row {
    name: String,
    needed_for: &'static str,
    /// What was found, in a few words.
    found: Option<String>,
    remedy: Remedy,
}

/// What brings a thing that is missing.
#[derive(Clone, Debug)]
enum Remedy {
    /// A Debian package.
    Package(&'static str),
    Toolchain(String),
    Target(String),
    Component(&'static str),
    /// A program that cargo builds.
    Crate(&'static str),
    /// A package for `target/venv`.
    Python(&'static str),
    /// Another machine, kernel or user: nothing that could be installed.
    None(&'static str),
}

/// Programs: name, Debian package, what needs them.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("ps", "procps", "oracle tests"),
    ("free", "procps", "oracle tests"),
    ("ss", "iproute2", "oracle tests"),
    ("ip", "iproute2", "oracle tests"),
    ("lsof", "lsof", "oracle tests"),
    ("df", "coreutils", "oracle tests"),
    ("strace", "strace", "tests of which calls are made"),
    ("setpriv", "util-linux", "tests as an unprivileged user"),
    ("gcc", "gcc", "linking for this machine"),
    ("s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu libc6-dev-s390x-cross", "xtask emul"),
    ("qemu-aarch64", "qemu-user", "xtask emul"),
    ("qemu-s390x", "qemu-user", "xtask emul"),
    ("qemu-system-x86_64", "qemu-system-x86", "xtask vm"),
    ("qemu-system-aarch64", "qemu-system-arm", "xtask vm: arm64"),
    ("iasl", "acpica-tools", "xtask vm: batteries"),
    ("xz", "xz-utils", "xtask vm: modules"),
    ("apt-get", "apt", "xtask vm: kernels"),
    ("flex", "flex", "xtask vm: tiny"),
    ("bison", "bison", "xtask vm: tiny"),
    ("bc", "bc", "xtask vm: tiny"),
    ("make", "make", "xtask vm: tiny"),
];

/// Runs the command.
pub(crate) fn main(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("doctor takes no arguments, and was given {word}");
    }
    let mut rows = toolchains()?;
    rows.extend(PROGRAMS.iter().map(|(name, package, needed_for)| Row {
        name: (*name).to_owned(),
        needed_for,
        found: probe::program(name),
        remedy: Remedy::Package(package),
    }));
    rows.extend(python());
    rows.extend(kernel());
    for row in &rows {
        println!("{}", line(row));
    }
    match remedy(&rows) {
        Some(command) => println!("\nThe rest becomes possible by:\n{command}"),
        None => println!("\nEverything that could be installed is there."),
    }
    Ok(())
}

fn line(row: &Row) -> String {
    match (&row.found, &row.remedy) {
        (Some(found), _) => format!("ok       {:<28} {found}", row.name).trim_end().to_owned(),
        (None, Remedy::None(why)) => format!("missing  {:<28} {}: {why}", row.name, row.needed_for),
        (None, _) => format!("missing  {:<28} {}", row.name, row.needed_for),
    }
}

fn toolchains() -> Result<Vec<Row>> {
    let row = |name: String, needed_for, found: bool, remedy| Row {
        name,
        needed_for,
        found: found.then(String::new),
        remedy,
    };
    let mut rows = Vec::new();
    for (name, component) in [("rustc", ""), ("cargo-clippy", "clippy"), ("rustfmt", "rustfmt")] {
        rows.push(Row {
            name: name.to_owned(),
            needed_for: "every check",
            found: probe::first_line(name, &["--version"]),
            remedy: match component {
                "" => Remedy::None("install Rust by rustup"),
                component => Remedy::Component(component),
            },
        });
    }
    let oldest = msrv::oldest_compiler(&run::root())?;
    rows.push(row(
        format!("Rust {oldest}"),
        "xtask msrv",
        msrv::is_installed(&oldest),
        Remedy::Toolchain(oldest),
    ));
    rows.push(row(
        "cargo-mutants".to_owned(),
        "xtask mutants",
        mutants::need_tool().is_ok(),
        Remedy::Crate(mutants::PACKAGE),
    ));
    let source = ThisMachine.has_source();
    rows.push(row(
        "rust-src".to_owned(),
        "xtask check of systems without a std to fetch",
        source,
        Remedy::Component("rust-src"),
    ));
    for target in emul::targets() {
        let found = ThisMachine.has_std(target);
        rows.push(row(target.to_owned(), "xtask emul", found, Remedy::Target(target.to_owned())));
    }
    for target in check::TARGETS {
        let ready = ThisMachine.has_std(target);
        rows.push(Row {
            name: (*target).to_owned(),
            needed_for: "xtask check",
            found: match (ready, source) {
                (true, _) => Some("std ready".to_owned()),
                (false, true) => Some("std to be built from source".to_owned()),
                (false, false) => None,
            },
            remedy: Remedy::Target((*target).to_owned()),
        });
    }
    Ok(rows)
}

fn python() -> Vec<Row> {
    let module = |name, needed_for, remedy| Row {
        name: format!("python: {name}"),
        needed_for,
        found: probe::python_module(name),
        remedy: Remedy::Python(remedy),
    };
    let venv = run::root().join("target/venv/bin/python");
    vec![
        Row {
            name: "python: venv".to_owned(),
            needed_for: "oracle tests",
            found: probe::first_line("python3", &["-c", "import venv, ensurepip; print()"])
                .or_else(|| venv.exists().then(|| venv.display().to_string())),
            remedy: Remedy::Package("python3-venv"),
        },
        module("psutil", "oracle tests", "psutil==7.2.2"),
        module("pypsutil", "oracle tests", "pypsutil"),
        Row {
            name: "zig".to_owned(),
            needed_for: "xtask abi and link",
            found: probe::zig(),
            remedy: Remedy::Python("ziglang==0.17.0"),
        },
    ]
}

fn kernel() -> Vec<Row> {
    let row = |name: &str, needed_for, found, why| Row {
        name: name.to_owned(),
        needed_for,
        found,
        remedy: Remedy::None(why),
    };
    vec![
        row("root", "tests of other users' processes", probe::root(), "run as root"),
        row("cgroup v1", "live tests of it", probe::cgroup("cgroup"), "none is mounted"),
        row("cgroup v2", "live tests of it", probe::cgroup("cgroup2"), "none is mounted"),
        row(
            "pidfd inodes",
            "tests of identity without waiting",
            probe::pidfd_inodes(),
            "needs Linux 6.9 (and python3 to see)",
        ),
        row(
            "choosing a pid (clone3)",
            "tests of reused pids",
            probe::capability(&[21, 40]),
            "needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE",
        ),
        row(
            "user namespaces",
            "tests in containers of their own",
            probe::user_namespaces(),
            "the kernel refuses `unshare --user`",
        ),
        row(
            "BPF with type information",
            "tests of the kernel-side scan",
            probe::bpf(),
            "needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and /sys/kernel/btf/vmlinux",
        ),
    ]
}

/// The one line that installs what is missing; `None` if nothing that could be installed is.
fn remedy(rows: &[Row]) -> Option<String> {
    let mut packages: Vec<&str> = Vec::new();
    let (mut targets, mut components, mut modules) = (Vec::new(), Vec::new(), Vec::new());
    let mut steps = Vec::new();
    for row in rows.iter().filter(|row| row.found.is_none()) {
        match &row.remedy {
            Remedy::Package(names) => packages.extend(names.split(' ')),
            Remedy::Toolchain(version) => {
                steps.push(format!("rustup toolchain install {version} --profile minimal"));
            }
            Remedy::Target(target) => targets.push(target.as_str()),
            Remedy::Component(component) => components.push(*component),
            Remedy::Crate(package) => steps.push(format!("cargo install --locked {package}")),
            Remedy::Python(module) => modules.push(*module),
            Remedy::None(_) => {}
        }
    }
    packages.sort_unstable();
    packages.dedup();
    if !packages.is_empty() {
        let list = packages.join(" ");
        steps.push(format!("apt-get update && apt-get install -y --no-install-recommends {list}"));
    }
    if !components.is_empty() {
        steps.push(format!("rustup component add {}", components.join(" ")));
    }
    // With the sources, those that have nothing to fetch are built.
    targets.retain(|target| check::has_std_to_fetch(target));
    if !targets.is_empty() {
        steps.push(format!("rustup target add {}", targets.join(" ")));
    }
    if !modules.is_empty() {
        steps.push(format!(
            "python3 -m venv target/venv && target/venv/bin/pip install {}",
            modules.join(" ")
        ));
    }
    (!steps.is_empty()).then(|| steps.join(" && "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(found: bool, remedy: Remedy) -> Row {
        let found = found.then(String::new);
        Row { name: "thing".to_owned(), needed_for: "tests", found, remedy }
    }

    #[test]
    fn what_is_missing_becomes_one_line() {
        let rows = [
            row(false, Remedy::Package("lsof")),
            row(false, Remedy::Package("bc lsof")),
            row(true, Remedy::Package("strace")),
            row(false, Remedy::Toolchain("1.88.0".to_owned())),
            row(false, Remedy::Component("rust-src")),
            row(false, Remedy::Target("x86_64-unknown-netbsd".to_owned())),
            row(false, Remedy::Target("x86_64-unknown-openbsd".to_owned())),
            row(false, Remedy::Python("psutil")),
            row(false, Remedy::None("run as root")),
        ];
        assert_eq!(
            remedy(&rows).unwrap(),
            "rustup toolchain install 1.88.0 --profile minimal \
             && apt-get update && apt-get install -y --no-install-recommends bc lsof \
             && rustup component add rust-src && rustup target add x86_64-unknown-netbsd \
             && python3 -m venv target/venv && target/venv/bin/pip install psutil"
        );
    }

    #[test]
    fn nothing_is_advised_where_nothing_can_be_installed() {
        let rows = [row(true, Remedy::Package("lsof")), row(false, Remedy::None("run as root"))];
        assert_eq!(remedy(&rows), None);
    }

    #[test]
    fn what_is_missing_is_said_with_what_needs_it() {
        assert_eq!(
            line(&row(false, Remedy::None("run as root"))),
            "missing  thing                        tests: run as root"
        );
    }

    #[test]
    fn a_program_that_does_not_exist_is_missing_and_the_compiler_is_not() {
        assert_eq!(probe::program("no-such-program-at-all"), None);
        assert_eq!(probe::python_module("no_such_module_at_all"), None);
        assert!(probe::program("rustc").is_some());
        assert!(toolchains().unwrap()[0].found.as_ref().unwrap().starts_with("rustc 1."));
    }
}
