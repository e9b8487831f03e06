//! `cargo xtask doctor`: what is possible on this machine.

use std::process::Command;

use anyhow::Result;

use crate::run;

/// Runs the command.
pub(crate) fn main(_words: &[String]) -> Result<()> {
    let rustc = run::stdout(Command::new("rustc").arg("--version"))?;
    println!("{}", rustc.trim());
    run::pass(Command::new("cargo").arg("--version"))?;
    println!("{}", run::root().display());
    Ok(())
}
