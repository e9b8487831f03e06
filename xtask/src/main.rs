//! The checks a compiler does not make, for every target, from one machine.

#![forbid(unsafe_code)]

mod abi;
mod built;
mod check;
mod ci;
mod doctor;
mod emul;
mod features;
mod fixtures;
mod link;
mod minimal_versions;
mod msrv;
mod mutants;
mod parity;
mod platforms;
mod run;
mod tidy;
mod tokens;
mod toolchain;
mod vm;
mod workspace;
mod zig;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// One subcommand: its name, what it is for, and what runs it with the words that follow the name.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "abi",
        about: "hold raw records and numbers against the headers of several releases of each system",
        run: abi::main,
    },
    Command {
        name: "check",
        about: "lint and document every crate for every target: [--allow-missing] [TARGET...]",
        run: check::main,
    },
    Command {
        name: "ci",
        about: "run all of these that must hold before a change is taken: [--full]",
        run: ci::main,
    },
    Command {
        name: "doctor",
        about: "say which checks this machine can make, and what would make the rest possible",
        run: doctor::main,
    },
    Command {
        name: "emul",
        about: "run the tests that ask no kernel for 32 bits, arm64 and big endian: [--allow-missing]",
        run: emul::main,
    },
    Command {
        name: "features",
        about: "compile each crate with every combination of its features",
        run: features::main,
    },
    Command {
        name: "fixtures",
        about: "capture this machine's /proc and /sys, with nothing private: [--out DIR]; or build binary records: [--records]",
        run: fixtures::main,
    },
    Command {
        name: "link",
        about: "see that every foreign symbol exists in the libraries of its system; --programs [TARGET..]: link whole programs",
        run: link::main,
    },
    Command {
        name: "minimal-versions",
        about: "compile everything with the oldest dependencies that the manifests name",
        run: minimal_versions::main,
    },
    Command {
        name: "msrv",
        about: "compile everything with the oldest compiler that the manifest names",
        run: msrv::main,
    },
    Command {
        name: "mutants",
        about: "see that the tests notice when decoders, errors and identity are changed: --help",
        run: mutants::main,
    },
    Command {
        name: "parity",
        about: "write and check the table of what the references offer: [--check]",
        run: parity::main,
    },
    Command {
        name: "platforms",
        about: "write and check the table of systems, and what each answers: [--check]",
        run: platforms::main,
    },
    Command {
        name: "tidy",
        about: "hold the rules about files, names and dependencies that no compiler knows",
        run: tidy::main,
    },
    Command {
        name: "vm",
        about: "boot kernels under emulation and run the Linux tests inside",
        run: vm::main,
    },
];

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = words.split_first() else {
        print_usage();
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print_usage();
        return Ok(());
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None => bail!("no such command: {name} (see `cargo xtask help`)"),
    }
}

fn print_usage() {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {:<16} {}", command.name, command.about);
    }
}
