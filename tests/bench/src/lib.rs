//! What the benchmark and the programs it compares have in common: the herd, the questions, and how both
//! speak to each other. Linux only.

#![cfg(target_os = "linux")]

pub mod entrant;
pub mod herd;
pub mod rows;
pub mod sys;
