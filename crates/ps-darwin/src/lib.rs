//! placeholder

#[doc(hidden)]
pub mod raw;
