//! The scan from inside of the kernel, as far as it asks nothing: reading the kernel's types, writing a program for
//! them, and reading what that program writes.

pub mod asm;
pub mod btf;
pub mod program;
pub mod record;
pub mod resident;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod walk;

pub use btf::Btf;
pub use program::Scan;
