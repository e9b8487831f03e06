//! The checks a compiler does not make, for every target, from one machine.

#![forbid(unsafe_code)]

mod doctor;
mod run;
mod vm;

use anyhow::{Result, bail};

/// One subcommand: its name, what it is for, and what runs it with the words that follow the name.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "doctor",
        about: "say which checks this machine can make, and what would make the rest possible",
        run: doctor::main,
    },
    Command {
        name: "vm",
        about: "boot kernels under emulation and run the Linux tests inside",
        run: vm::main,
    },
];

fn main() -> Result<()> {
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
        println!("  {:<10} {}", command.name, command.about);
    }
}
