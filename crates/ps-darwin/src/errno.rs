//! What a failed call means.
//!
//! Decided by number alone, with macOS's own numbers, so that the whole policy is tested on every host.

use std::io;

use ps_core::{Context, Error, Pid, Result};

use crate::raw::errno::{EACCES, EINVAL, EIO, ENOENT, EPERM, ESRCH};

/// What was asked about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// Something that has no meaning of its own for any failure.
    Plain,
    /// Arguments and environment, which the kernel refuses in several odd ways.
    Arguments,
}

/// What another look at a process shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lives {
    /// It is there.
    Yes,
    /// It has ended and waits for its parent.
    Zombie { ppid: Option<Pid> },
    /// It is not there, or another one has its number now.
    No { reused: bool },
}

/// What a failure that concerns no process says.
pub(crate) fn of_system(source: io::Error, context: Context) -> Error {
    match source.raw_os_error() {
        Some(EACCES | EPERM) => Error::access_denied(context, source),
        _ => Error::io(context, source),
    }
}

/// What a failure to ask about a process says of it.
///
/// `lives` looks again, and is asked only when the answer turns on it. Some calls fail and leave no number
/// behind: those say nothing by themselves.
pub(crate) fn of_process(
    source: io::Error,
    context: Context,
    query: Query,
    lives: impl FnOnce() -> Lives,
) -> Error {
    let number = source.raw_os_error().unwrap_or_default();
    if matches!(number, EACCES | EPERM) {
        return Error::access_denied(context, source);
    }
    // The kernel says `EINVAL` for arguments of a process that is gone, that is a zombie, and that belongs to
    // somebody else, and `EIO` for one whose stack it could not read (`sysctl_procargsx`).
    let of_arguments = query == Query::Arguments && matches!(number, EINVAL | EIO | 0);
    if !of_arguments && !matches!(number, ESRCH | 0) {
        return Error::io(context, source);
    }
    match lives() {
        Lives::Zombie { ppid } => Error::zombie(context, ppid),
        Lives::No { reused: true } => Error::reused(context),
        Lives::No { reused: false } => Error::no_such_process(context),
        Lives::Yes if of_arguments => Error::access_denied(context, source),
        // Listed a moment ago, not found by number: on its way out.
        Lives::Yes if number == ESRCH => Error::no_such_process(context),
        Lives::Yes => Error::io(context, source),
    }
}

/// Turns the failure of a question for something that this machine does not have into its absence.
pub(crate) fn unless_absent<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(Error::Io { source, .. }) if source.raw_os_error() == Some(ENOENT) => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::errno::{EFAULT, ENOMEM};

    const GONE: Lives = Lives::No { reused: false };
    const ZOMBIE: Lives = Lives::Zombie { ppid: Some(Pid::ZERO) };

    fn classify(errno: i32, query: Query, lives: Lives) -> Error {
        let context = Context::new("proc_pidinfo").with_pid(Pid::try_from(7).expect("in range"));
        of_process(io::Error::from_raw_os_error(errno), context, query, || lives)
    }

    #[test]
    fn refused_is_never_taken_for_gone() {
        for errno in [EACCES, EPERM] {
            for query in [Query::Plain, Query::Arguments] {
                let error = classify(errno, query, GONE);
                assert!(error.is_denied() && error.pid().is_some(), "{error}");
            }
        }
    }

    #[test]
    fn a_number_without_a_process_is_a_zombie_before_it_is_nobody() {
        assert!(matches!(classify(ESRCH, Query::Plain, ZOMBIE), Error::ZombieProcess { .. }));
        for lives in [GONE, Lives::Yes] {
            let error = classify(ESRCH, Query::Plain, lives);
            assert!(matches!(error, Error::NoSuchProcess { reused: false, .. }), "{error}");
        }
        let reused = classify(ESRCH, Query::Plain, Lives::No { reused: true });
        assert!(matches!(reused, Error::NoSuchProcess { reused: true, .. }));
    }

    #[test]
    fn odd_refusals_of_arguments_are_refusals_if_the_process_is_there() {
        for errno in [EINVAL, EIO, 0] {
            assert!(classify(errno, Query::Arguments, Lives::Yes).is_denied(), "{errno}");
            assert!(matches!(classify(errno, Query::Arguments, GONE), Error::NoSuchProcess { .. }));
            assert!(matches!(
                classify(errno, Query::Arguments, ZOMBIE),
                Error::ZombieProcess { ppid: Some(_), .. }
            ));
        }
    }

    #[test]
    fn a_failure_without_a_number_is_found_out_about() {
        assert!(matches!(classify(0, Query::Plain, GONE), Error::NoSuchProcess { .. }));
        assert!(matches!(classify(0, Query::Plain, ZOMBIE), Error::ZombieProcess { .. }));
        assert!(matches!(classify(0, Query::Plain, Lives::Yes), Error::Io { .. }));
    }

    #[test]
    fn other_failures_stay_what_they_are() {
        for errno in [EINVAL, EIO, ENOMEM, EFAULT] {
            assert!(matches!(classify(errno, Query::Plain, GONE), Error::Io { .. }), "{errno}");
        }
        assert!(matches!(classify(ENOMEM, Query::Arguments, GONE), Error::Io { .. }));
    }

    #[test]
    fn what_a_machine_does_not_have_is_absent_and_what_it_refuses_is_not() {
        let failed = |errno| {
            let source = io::Error::from_raw_os_error(errno);
            unless_absent(Err::<(), _>(of_system(source, Context::new("sysctl"))))
        };
        assert!(failed(ENOENT).expect("absent").is_none());
        assert!(failed(EPERM).expect_err("refused").is_denied());
        assert!(failed(EIO).is_err());
    }
}
