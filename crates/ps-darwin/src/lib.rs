//! placeholder
pub mod decode;
#[allow(dead_code)]
mod errno;
#[doc(hidden)]
pub mod raw;
pub use ps_core::*;
