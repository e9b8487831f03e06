//! What a failed call means.
//!
//! Decided by number alone, with macOS's own numbers, so that the whole policy is tested on every host.

use std::io;

use ps_core::{Context, Error, Pid, Result};

use crate::raw::errno::{
    EACCES, EBADF, EINVAL, EIO, ENOBUFS, ENOENT, ENOMEM, ENOTSOCK, EPERM, ESRCH,
};

/// What was asked about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// Something that has no meaning of its own for any failure.
    Plain,
    /// Arguments and environment, which the kernel refuses in several odd ways.
    Arguments,
    /// A region of memory: a process whose memory is gone has none, which is called invalid.
    Region,
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
    let of_region = query == Query::Region && number == EINVAL;
    if !(of_arguments || of_region || matches!(number, ESRCH | 0)) {
        return Error::io(context, source);
    }
    // It is always there, whatever a call that does not know it says.
    let is_kernel = context.pid == Some(Pid::ZERO);
    match lives() {
        Lives::Zombie { ppid } => Error::zombie(context, ppid),
        Lives::No { reused: true } => Error::reused(context),
        Lives::No { reused: false } => Error::no_such_process(context),
        Lives::Yes if of_arguments => Error::access_denied(context, source),
        // Listed a moment ago, not found by number: on its way out.
        Lives::Yes if number == ESRCH && !is_kernel => Error::no_such_process(context),
        Lives::Yes => Error::io(context, source),
    }
}

/// Whether a failure to tell the program of a process says that there is none any more.
///
/// Of a program whose volume was taken away the kernel says the same as of a process that is not there
/// (`proc_pidpathinfo_internal` in `bsd/kern/proc_info.c`).
pub(crate) fn is_without_program(number: i32, is_there: impl FnOnce() -> bool) -> bool {
    number == ENOENT || number == ESRCH && is_there()
}

/// What one descriptor of a process tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told<T> {
    /// This.
    Answer(T),
    /// It is open, but nothing more can be said of it.
    Nothing,
    /// It was closed meanwhile, or another of another kind has its number.
    Closed,
}

/// What a failure to ask about one descriptor says of it; `None` if it says something of the process, or that the
/// kernel itself is in trouble. One file that cannot be looked at, as on a server that is gone, does not hide the rest.
///
/// Not found (`ENOENT`) is the file behind a descriptor that is open, as of a terminal that was taken away. What is
/// refused may be the process or this one file, which the kernel looks at in the caller's name (`fill_vnodeinfo` in
/// `bsd/kern/proc_info.c`): then `as_socket`, the same question about a socket, gets as far as to find none.
pub(crate) fn of_descriptor<T>(
    number: i32,
    as_socket: impl FnOnce() -> io::Result<usize>,
) -> Option<Told<T>> {
    match number {
        EPERM | EACCES => match as_socket().map_err(|error| error.raw_os_error()) {
            Err(Some(ENOTSOCK)) => Some(Told::Nothing),
            // It is a socket now.
            Ok(_) | Err(Some(EBADF)) => Some(Told::Closed),
            Err(_) => None,
        },
        ESRCH | ENOMEM => None,
        EBADF | ENOTSOCK => Some(Told::Closed),
        _ => Some(Told::Nothing),
    }
}

/// Turns the failure of a question for something that this machine does not have into its absence.
pub(crate) fn unless_absent<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(Error::Io { source, .. }) if source.raw_os_error() == Some(ENOENT) => Ok(None),
        other => other.map(Some),
    }
}

/// How often a table that grows faster than it can be read is asked for again.
const ROUNDS: usize = 10;

/// Reads a table of unknown length into `buffer`, whose space is kept from call to call, and cuts it to what came.
///
/// `size` asks how much there is, and is called only when `read` says by `ENOMEM` that there is not room enough, or
/// by `ENOBUFS` that the table grew under the kernel's own hands; it may have grown again until it is read, so some
/// more room is made.
pub(crate) fn with_room(
    buffer: &mut Vec<u8>,
    mut size: impl FnMut() -> io::Result<usize>,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<()> {
    buffer.resize(buffer.capacity(), 0);
    for _ in 0..ROUNDS {
        if !buffer.is_empty() {
            match read(buffer) {
                Err(error) if matches!(error.raw_os_error(), Some(ENOMEM | ENOBUFS)) => {}
                Err(error) => {
                    buffer.clear();
                    return Err(error);
                }
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(());
                }
            }
        }
        let wanted = size()?;
        buffer.resize(wanted.saturating_add(wanted / 8).max(buffer.len()).max(64), 0);
    }
    buffer.clear();
    Err(io::Error::from_raw_os_error(ENOMEM))
}

/// The most that a list of entries may take, against an answer that never leaves room.
const LONGEST_LIST: usize = 24 * 1024 * 1024;

/// Reads a list of entries of `entry` bytes into `buffer` and cuts it to what came.
///
/// Such calls fill what room there is and say nothing of what did not fit: only an entry's room that stays free
/// shows that all are there.
pub(crate) fn with_free_entry(
    buffer: &mut Vec<u8>,
    entry: usize,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<()> {
    let entry = entry.max(1);
    buffer.resize(buffer.capacity().max(entry.saturating_mul(32)), 0);
    loop {
        let length = match read(buffer) {
            Ok(length) => length,
            Err(error) => {
                buffer.clear();
                return Err(error);
            }
        };
        if length.saturating_add(entry) <= buffer.len() || buffer.len() >= LONGEST_LIST {
            buffer.truncate(length);
            return Ok(());
        }
        buffer.resize(buffer.len().saturating_mul(2), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::errno::EFAULT;

    const GONE: Lives = Lives::No { reused: false };
    const ZOMBIE: Lives = Lives::Zombie { ppid: Some(Pid::ZERO) };

    fn classify(errno: i32, query: Query, lives: Lives) -> Error {
        let context = Context::new("proc_pidinfo").with_pid(Pid::try_from(7).expect("in range"));
        of_process(io::Error::from_raw_os_error(errno), context, query, || lives)
    }

    #[test]
    fn the_kernel_itself_is_never_gone() {
        let context = Context::new("proc_pid_rusage").with_pid(Pid::ZERO);
        let source = io::Error::from_raw_os_error(ESRCH);
        let error = of_process(source, context, Query::Plain, || Lives::Yes);
        assert!(matches!(error, Error::Io { .. }), "{error}");
    }

    #[test]
    fn a_refusal_never_says_gone() {
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
    fn a_process_without_memory_has_ended_or_really_failed() {
        assert!(matches!(classify(EINVAL, Query::Region, GONE), Error::NoSuchProcess { .. }));
        assert!(matches!(classify(EINVAL, Query::Region, ZOMBIE), Error::ZombieProcess { .. }));
        assert!(matches!(classify(EINVAL, Query::Region, Lives::Yes), Error::Io { .. }));
        assert!(matches!(classify(EIO, Query::Region, GONE), Error::Io { .. }));
    }

    #[test]
    fn a_program_that_is_gone_is_told_from_a_process_that_is_gone() {
        assert!(is_without_program(ENOENT, || panic!("says enough")));
        assert!(is_without_program(ESRCH, || true));
        assert!(!is_without_program(ESRCH, || false));
        for errno in [0, EPERM, EACCES, EIO] {
            assert!(!is_without_program(errno, || panic!("says nothing of it")), "{errno}");
        }
    }

    #[test]
    fn other_failures_stay_what_they_are() {
        for errno in [EINVAL, EIO, ENOMEM, EFAULT] {
            assert!(matches!(classify(errno, Query::Plain, GONE), Error::Io { .. }), "{errno}");
        }
        assert!(matches!(classify(ENOMEM, Query::Arguments, GONE), Error::Io { .. }));
    }

    fn failed(errno: i32) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn a_descriptor_that_was_closed_or_is_silent_does_not_hide_the_others() {
        let of_descriptor = |errno| of_descriptor::<()>(errno, || panic!("not refused"));
        for errno in [EBADF, ENOTSOCK] {
            assert_eq!(of_descriptor(errno), Some(Told::Closed), "{errno}");
        }
        for errno in [0, ENOENT, EIO, crate::raw::errno::EOPNOTSUPP, crate::raw::errno::ENXIO] {
            assert_eq!(of_descriptor(errno), Some(Told::Nothing), "{errno}");
        }
        for errno in [ESRCH, ENOMEM] {
            assert_eq!(of_descriptor(errno), None, "{errno}");
        }
    }

    #[test]
    fn a_file_that_is_refused_does_not_hide_the_others_and_a_process_that_is_refused_does() {
        for errno in [EPERM, EACCES] {
            let refused = |as_socket: io::Result<usize>| of_descriptor::<()>(errno, || as_socket);
            assert_eq!(refused(failed(ENOTSOCK)), Some(Told::Nothing), "{errno}");
            assert_eq!(refused(failed(EBADF)), Some(Told::Closed), "{errno}");
            assert_eq!(refused(Ok(792)), Some(Told::Closed), "{errno}");
            for other in [EPERM, EACCES, ESRCH, ENOMEM, EIO] {
                assert_eq!(refused(failed(other)), None, "{errno}, {other}");
            }
        }
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

    /// A table that answers like the kernel's, and grows by one byte at every look.
    fn growing(table: &std::cell::Cell<usize>, buffer: &mut [u8]) -> io::Result<usize> {
        table.set(table.get() + 1);
        match buffer.get_mut(..table.get()) {
            Some(place) => {
                place.fill(7);
                Ok(place.len())
            }
            None => Err(io::Error::from_raw_os_error(ENOMEM)),
        }
    }

    #[test]
    fn a_table_that_grows_between_looks_is_read_whole() {
        let table = std::cell::Cell::new(1000);
        let mut buffer = Vec::new();
        let size = || Ok(table.get());
        with_room(&mut buffer, size, |buffer| growing(&table, buffer)).expect("reads");
        assert_eq!(buffer, vec![7; 1001]);
        // The second time nobody asks for its size.
        let size = || panic!("there is room");
        with_room(&mut buffer, size, |buffer| growing(&table, buffer)).expect("reads");
        assert_eq!(buffer.len(), 1002);
    }

    #[test]
    fn a_table_that_may_grow_meanwhile_gets_an_eighth_more_room_than_it_had() {
        for (wanted, offered) in [(8000, 9000), (8007, 9007), (0, 64)] {
            let mut rooms = Vec::new();
            let read = |buffer: &mut [u8]| {
                rooms.push(buffer.len());
                Ok(0)
            };
            with_room(&mut Vec::new(), || Ok(wanted), read).expect("reads");
            assert_eq!(rooms, [offered]);
        }
    }

    #[test]
    fn a_table_that_never_fits_is_given_up() {
        let mut asked = 0;
        let full = |_: &mut [u8]| Err(io::Error::from_raw_os_error(ENOMEM));
        let size = || {
            asked += 1;
            Ok(1)
        };
        let mut buffer = Vec::new();
        let error = with_room(&mut buffer, size, full).expect_err("never fits");
        assert_eq!((error.raw_os_error(), asked, buffer.len()), (Some(ENOMEM), ROUNDS, 0));
    }

    #[test]
    fn another_failure_ends_the_reading_and_leaves_nothing_behind() {
        let mut buffer = vec![1; 100];
        let refused = |_: &mut [u8]| Err(io::Error::from_raw_os_error(EPERM));
        let error = with_room(&mut buffer, || Ok(1), refused).expect_err("refused");
        assert_eq!((error.raw_os_error(), buffer.len()), (Some(EPERM), 0));
        with_room(&mut buffer, || Ok(0), |_| Ok(0)).expect("an empty table");
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_list_is_whole_when_an_entry_s_room_stayed_free() {
        for there in [0, 1, 31, 32, 33, 500] {
            let mut buffer = Vec::new();
            let read = |buffer: &mut [u8]| Ok((there * 8).min(buffer.len()));
            with_free_entry(&mut buffer, 8, read).expect("reads");
            assert_eq!(buffer.len(), there * 8);
        }
        let mut buffer = Vec::new();
        with_free_entry(&mut buffer, 8, |buffer| Ok(buffer.len())).expect("ends");
        // Room is doubled until it reaches 24 MiB.
        assert_eq!(buffer.len(), 32 << 20);
        assert!(with_free_entry(&mut buffer, 0, |_| Err(io::Error::from_raw_os_error(1))).is_err());
    }
}
