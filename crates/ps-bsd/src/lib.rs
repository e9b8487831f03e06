//! What FreeBSD, OpenBSD and NetBSD know about their processes and about the machine.
//!
//! Each system has a backend: a value that answers through the traits of [`ps_core`], which are re-exported here, so
//! a program that runs on one of these systems alone needs this crate only. Everything is asked through `sysctl` and a
//! few other system calls; neither `libkvm` nor `libprocstat` nor `libdevstat` is linked, and no set-uid helper is
//! needed.
//!
//! [`decode`] holds the pure half: it turns the kernels' answers into records, asks nothing, and builds on every host.
//!
//! # What has been shown
//!
//! **None of this has been run on these systems yet.** Types and lints are checked for each of them; layouts and
//! numbers are compared with the headers of several releases; every function that is called exists in the system's
//! libraries; decoders are tested on bytes laid out by the systems' own headers. What a kernel does in fact answer,
//! and in which unit, is taken from its source and manual.
//!
//! # What the systems leave open
//!
//! A process is found again by its pid and the moment it started, counted from the boot so that setting the clock
//! does not change it. Signals and settings reach a process by its pid alone: it is compared right before, and
//! settings right after as well, but between the comparison and the call another process can take the pid.

pub mod decode;
#[doc(hidden)]
pub mod errno;
#[doc(hidden)]
pub mod raw;

#[cfg(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
#[allow(dead_code, unused_imports, reason = "no system needs all of it")]
mod shared;

/// What of it does without calls of these systems, so that its rules are tested here, on a kernel that is made up.
#[cfg(all(test, target_os = "linux"))]
#[allow(dead_code, unreachable_pub, reason = "the backends that use the rest are not there")]
mod shared {
    mod accounts;
    mod backend;
    #[path = "backend/fake.rs"]
    mod fake;
    mod host;
    mod process;
    mod scan;

    mod sys {
        pub(crate) mod process;
        mod returned;

        use returned::checked;
    }
}

#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
mod pair;

#[cfg(target_os = "freebsd")]
mod freebsd;

#[cfg(target_os = "netbsd")]
mod netbsd;

#[cfg(target_os = "openbsd")]
mod openbsd;

pub use ps_core::*;

#[cfg(target_os = "freebsd")]
pub use freebsd::FreeBsd;

#[cfg(target_os = "netbsd")]
pub use netbsd::NetBsd;

#[cfg(target_os = "openbsd")]
pub use openbsd::OpenBsd;
