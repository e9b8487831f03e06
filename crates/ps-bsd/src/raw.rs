//! The records and numbers that the BSD kernels answer with, compiled and read on every host.

pub mod freebsd;
pub mod netbsd;
pub mod openbsd;

/// Everything declared about each system, for comparison with its headers.
#[must_use]
pub fn systems() -> [ps_core::raw::System; 3] {
    [freebsd::system(), netbsd::system(), openbsd::system()]
}
