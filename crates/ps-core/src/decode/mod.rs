//! Taking bytes apart, for every backend.
//!
//! Nothing here asks a kernel anything, and nothing here panics, whatever the bytes are.

pub mod text;
