//! What a failed system call means.

use std::io;

use ps_core::{Context, Error, Pid};

/// What a failure that concerns no process says.
pub(crate) fn of_system(source: io::Error, context: Context) -> Error {
    match source.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Error::access_denied(context, source),
        Some(libc::ENOSYS) => Error::unsupported_here(context, NO_CALL),
        _ => Error::io(context, source),
    }
}

/// Why there is no answer where a kernel is too old for a call, or was built without it.
const NO_CALL: &str = "this kernel has no such call";

/// What a failure to read below `/proc/PID` says about the process.
///
/// `lives` looks again, and is asked only when the answer turns on it.
pub(crate) fn of_process(
    source: io::Error,
    context: Context,
    pid: Pid,
    lives: impl FnOnce() -> Lives,
) -> Error {
    let context = context.with_pid(pid);
    match source.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => Error::access_denied(context, source),
        _ if is_gone(&source) => match lives() {
            Lives::No => Error::no_such_process(context),
            Lives::Zombie { ppid } => Error::zombie(context, ppid),
            Lives::Yes => Error::io(context, source),
        },
        Some(libc::ENOSYS) => Error::unsupported_here(context, NO_CALL),
        _ => Error::io(context, source),
    }
}

/// Whether a failure below `/proc/PID` says that the process, or the file, is not there. Any other says nothing about
/// that: that no descriptor is left, or that the look was refused.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT))
}

/// What another look at a process shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lives {
    /// It is there.
    Yes,
    /// It has ended and waits for its parent.
    Zombie { ppid: Option<Pid> },
    /// It is not there.
    No,
}

/// Whether a file was not there, which often is an answer and not a failure.
pub(crate) fn is_absent(error: &Error) -> bool {
    match error {
        Error::Io { source, .. } => {
            matches!(source.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ENODEV))
        }
        _ => false,
    }
}

/// Whether a failure only says that there is no descriptor, or no memory, to be had now, or that the call was
/// interrupted.
pub(crate) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Io { source, .. } => matches!(
            source.raw_os_error(),
            Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(errno: i32, lives: Lives) -> Error {
        let source = io::Error::from_raw_os_error(errno);
        of_process(source, Context::new("read"), Pid::try_from(7).expect("in range"), || lives)
    }

    #[test]
    fn refused_is_never_taken_for_gone() {
        for errno in [libc::EACCES, libc::EPERM] {
            let error = classify(errno, Lives::No);
            assert!(error.is_denied() && error.pid().is_some(), "{error}");
        }
    }

    #[test]
    fn a_missing_file_says_gone_zombie_or_neither_by_what_another_look_shows() {
        for errno in [libc::ESRCH, libc::ENOENT] {
            assert!(matches!(classify(errno, Lives::No), Error::NoSuchProcess { .. }));
            let zombie = classify(errno, Lives::Zombie { ppid: None });
            assert!(matches!(zombie, Error::ZombieProcess { .. }));
            assert!(matches!(classify(errno, Lives::Yes), Error::Io { .. }));
        }
    }

    #[test]
    fn other_failures_stay_what_they_are() {
        assert!(matches!(classify(libc::EIO, Lives::No), Error::Io { .. }));
    }

    #[test]
    fn a_call_that_a_kernel_does_not_have_is_not_supported() {
        let error = classify(libc::ENOSYS, Lives::Yes);
        assert!(matches!(error, Error::Unsupported { .. }) && error.pid().is_some(), "{error}");
        let source = io::Error::from_raw_os_error(libc::ENOSYS);
        let error = of_system(source, Context::new("read"));
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }

    #[test]
    fn refusals_and_other_failures_of_the_machine_are_told_apart() {
        let of = |errno| of_system(io::Error::from_raw_os_error(errno), Context::new("read"));
        assert!(of(libc::EACCES).is_denied() && of(libc::EPERM).is_denied());
        assert!(matches!(of(libc::EIO), Error::Io { .. }));
        for errno in [libc::ENOENT, libc::ENOTDIR, libc::ENODEV] {
            assert!(is_absent(&of(errno)));
        }
        assert!(!is_absent(&of(libc::EIO)) && !is_absent(&of(libc::EACCES)));
    }
}
