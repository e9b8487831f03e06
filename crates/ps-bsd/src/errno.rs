//! What a failed call means, and when the kernel is asked again. Pure, so that the policy is tested on every host.

use std::io;

use ps_core::{Context, Error, Missing, Pid};

use crate::raw::errno::{
    EACCES, EBUSY, EFAULT, EINVAL, ENODEV, ENOENT, ENOEXEC, ENOMEM, ENOTDIR, ENXIO, EPERM, ESRCH,
};

/// A question about a process that failed, before it is known what that means.
#[derive(Debug)]
pub enum Failed {
    /// A call failed.
    Os {
        /// The name of the question, as `kern.proc.args`.
        operation: &'static str,
        /// The kernel's own words.
        source: io::Error,
    },
    /// The arguments of a process could not be read: its memory was in the way, not its owner.
    Arguments {
        /// The name of the question.
        operation: &'static str,
        /// The kernel's own words.
        source: io::Error,
    },
    /// It was found out already.
    Known(Error),
}

impl Failed {
    /// A call failed.
    pub fn os(operation: &'static str) -> impl FnOnce(io::Error) -> Failed {
        move |source| Failed::Os { operation, source }
    }

    /// The system has no such facility.
    #[must_use]
    pub fn unsupported(operation: &'static str) -> Failed {
        Failed::Known(Error::unsupported(operation))
    }

    /// The number of the failure, if a call failed.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Failed::Os { source, .. } | Failed::Arguments { source, .. } => source.raw_os_error(),
            Failed::Known(_) => None,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Known(error)
    }
}

/// What another look at a process shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lives {
    /// It is there.
    Yes,
    /// It has ended, or is about to, and waits for its parent.
    Ended {
        /// The parent that has not collected it.
        ppid: Option<Pid>,
    },
    /// It is not there.
    No,
}

impl Lives {
    /// What is to be said of a process that lives no more; `None` of one that does.
    #[must_use]
    pub fn end(self, operation: &'static str, pid: Pid) -> Option<Error> {
        let context = || Context::new(operation).with_pid(pid);
        match self {
            Lives::Yes => None,
            Lives::Ended { ppid } => Some(Error::zombie(context(), ppid)),
            Lives::No => Some(Error::no_such_process(context())),
        }
    }
}

/// What a failure that concerns no process says.
#[must_use]
pub fn of_system(source: io::Error, context: Context) -> Error {
    match source.raw_os_error() {
        Some(EACCES | EPERM) => Error::access_denied(context, source),
        _ => Error::io(context, source),
    }
}

/// What a failed question about a process says.
///
/// `lives` looks again, and is asked only when the answer turns on it.
#[must_use]
pub fn of_process(failed: Failed, pid: Pid, lives: impl FnOnce() -> Lives) -> Error {
    let (operation, source, arguments) = match failed {
        Failed::Os { operation, source } => (operation, source, false),
        Failed::Arguments { operation, source } => (operation, source, true),
        Failed::Known(error) => return error.with_pid(pid),
    };
    let context = Context::new(operation).with_pid(pid);
    let errno = source.raw_os_error();
    if let Some(EACCES | EPERM) = errno {
        return Error::access_denied(context, source);
    }
    let turns_on_it = matches!(errno, None | Some(0 | ESRCH | ENOENT))
        || pid == Pid::ZERO
        || arguments && matches!(errno, Some(EINVAL | EFAULT | ENOMEM | ENOEXEC | EBUSY));
    if !turns_on_it {
        return Error::io(context, source);
    }
    match lives().end(operation, pid) {
        Some(end) => end,
        // The kernel itself, which has no memory, files or arguments to look at.
        None if pid == Pid::ZERO => Error::access_denied(context, source),
        // Its memory cannot be read where the arguments should be.
        None if arguments && matches!(errno, Some(EINVAL | EFAULT | ENOMEM | ENOEXEC)) => {
            Error::access_denied(context, source)
        }
        None => Error::io(context, source),
    }
}

/// What it says that the strings of a process could not be read on OpenBSD or NetBSD: there is nothing to show
/// (`Ok`) of one that lives and goes on starting another program, or whose memory is not what it was at the start.
/// Their kernels say the same of a process that is gone, or has ended: `lives` looks again.
///
/// # Errors
///
/// The end of the process, or what stood in the way.
pub fn of_strings(
    operation: &'static str,
    source: io::Error,
    pid: Pid,
    lives: impl FnOnce() -> Lives,
) -> Result<(), Failed> {
    if !matches!(source.raw_os_error(), Some(EBUSY | EINVAL | EFAULT)) {
        return Err(Failed::Arguments { operation, source });
    }
    lives().end(operation, pid).map_or(Ok(()), |end| Err(end.into()))
}

/// A failure of a call that is `EINVAL` for a process that has ended: `lives` looks again.
#[must_use]
pub fn invalid_or_ended(
    operation: &'static str,
    source: io::Error,
    pid: Pid,
    lives: impl FnOnce() -> Lives,
) -> Failed {
    if source.raw_os_error() == Some(EINVAL)
        && let Some(end) = lives().end(operation, pid)
    {
        return end.into();
    }
    Failed::Os { operation, source }
}

/// What a failed question about a process means for its row in a scan, where `ended` is what the scan saw of it.
#[must_use]
pub fn of_row(failed: &Failed, ended: bool) -> Missing {
    match failed {
        Failed::Known(error) => Missing::from_error(error),
        Failed::Os { source, .. } | Failed::Arguments { source, .. } => {
            match source.raw_os_error() {
                Some(EACCES | EPERM) => Missing::Denied,
                _ if ended => Missing::Zombie,
                Some(ESRCH) => Missing::Gone,
                Some(EINVAL | EFAULT | ENOMEM | ENOEXEC)
                    if matches!(failed, Failed::Arguments { .. }) =>
                {
                    Missing::Denied
                }
                _ => Missing::Failed,
            }
        }
    }
}

/// Whether a failure says that the thing asked for is not there, which often is an answer.
#[must_use]
pub fn is_absent(source: &io::Error) -> bool {
    matches!(source.raw_os_error(), Some(ENOENT | ENOTDIR | ENODEV | ENXIO))
}

/// How often a process that is in the middle of starting another program is asked again.
const BUSY_ROUNDS: u32 = 10;

/// Asks again while the kernel says that the process is in the middle of starting another program; `pause` is
/// called in between with the number of the round, from 0.
///
/// # Errors
///
/// Whatever `ask` failed with last.
pub fn while_busy<T>(ask: impl FnMut() -> io::Result<T>, pause: impl FnMut(u32)) -> io::Result<T> {
    while_passing(ask, |error| error.raw_os_error() == Some(EBUSY), pause)
}

/// As [`while_busy`], for failures of which `passes` says that they pass.
///
/// # Errors
///
/// Whatever `ask` failed with last.
pub fn while_passing<T>(
    mut ask: impl FnMut() -> io::Result<T>,
    mut passes: impl FnMut(&io::Error) -> bool,
    mut pause: impl FnMut(u32),
) -> io::Result<T> {
    let mut round = 0;
    loop {
        match ask() {
            Err(error) if round < BUSY_ROUNDS && passes(&error) => {
                pause(round);
                round += 1;
            }
            other => return other,
        }
    }
}

/// How often an answer that outgrew its room is asked for again.
const GROWTH_ROUNDS: u32 = 10;

/// What is read at first into a buffer that has no room yet.
const FIRST_ROOM: usize = 4096;

/// Fills a kept buffer with an answer of unknown length, and leaves exactly the answer in it.
///
/// `ask` is given room and says how many bytes it filled; with no room (`None`) it says how many there would be.
/// The room that the buffer has is tried first, since asking for the length costs the kernel as much as the
/// answer; if that does not do (`ENOMEM`) the length is asked for and an eighth more than that is made ready,
/// ten times at most: a table that grows faster than it is read must not hang the caller.
///
/// # Errors
///
/// Whatever `ask` failed with, `ENOMEM` included once the rounds are used up or room was not the trouble.
pub fn fill(
    buffer: &mut Vec<u8>,
    ask: impl FnMut(Option<&mut [u8]>) -> io::Result<usize>,
) -> io::Result<()> {
    fill_from(buffer, FIRST_ROOM, ask)
}

/// [`fill`], for answers that are not smaller than `first` bytes as a rule.
///
/// # Errors
///
/// As [`fill`].
pub fn fill_from(
    buffer: &mut Vec<u8>,
    first: usize,
    mut ask: impl FnMut(Option<&mut [u8]>) -> io::Result<usize>,
) -> io::Result<()> {
    let mut room = buffer.capacity().max(first);
    for round in 0..=GROWTH_ROUNDS {
        buffer.resize(room, 0);
        match ask(Some(buffer)) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(());
            }
            Err(error) if error.raw_os_error() == Some(ENOMEM) && round < GROWTH_ROUNDS => {
                let wanted = ask(None)?;
                let slack = wanted / 8 + FIRST_ROOM;
                // Twice in a row with enough room: then it is not room that is lacking.
                if wanted.saturating_add(slack) <= room && round > 0 {
                    buffer.clear();
                    return Err(error);
                }
                room = room.max(wanted.saturating_add(slack));
            }
            Err(error) => {
                buffer.clear();
                return Err(error);
            }
        }
    }
    buffer.clear();
    Err(io::Error::from_raw_os_error(ENOMEM))
}

/// Reads a table whose records are counted, not its bytes: `ask` fills the room that it is given, as far as that goes,
/// and says how many records it put there; with no room (`None`) it says how many there would be.
///
/// Such calls are silent about what did not fit: only a record's room that stays free shows that all are there. A
/// table that grows faster than it is read is taken as far as it was read in the end.
///
/// # Errors
///
/// Whatever `ask` failed with.
pub fn counted(
    stride: usize,
    mut ask: impl FnMut(Option<&mut [u8]>) -> io::Result<usize>,
) -> io::Result<Vec<u8>> {
    let mut count = ask(None)?;
    let mut records = Vec::new();
    if count == 0 {
        return Ok(records);
    }
    for _ in 0..GROWTH_ROUNDS {
        count = count.saturating_add(count / 8 + 4);
        records.resize(count.saturating_mul(stride), 0);
        let got = ask(Some(&mut records))?;
        if got < count {
            records.truncate(got.saturating_mul(stride));
            break;
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::raw::errno::EIO;

    fn pid(number: u32) -> Pid {
        Pid::new(number).expect("in range")
    }

    fn os(errno: i32) -> Failed {
        Failed::Os { operation: "read", source: io::Error::from_raw_os_error(errno) }
    }

    fn arguments(errno: i32) -> Failed {
        Failed::Arguments { operation: "read", source: io::Error::from_raw_os_error(errno) }
    }

    const ENDED: Lives = Lives::Ended { ppid: Some(Pid::ZERO) };

    fn kind(error: &Error) -> &'static str {
        match error {
            Error::NoSuchProcess { .. } => "gone",
            Error::ZombieProcess { .. } => "zombie",
            Error::AccessDenied { .. } => "denied",
            Error::Io { .. } => "io",
            _ => "other",
        }
    }

    #[test]
    fn every_failure_means_one_thing() {
        let table: &[(Failed, u32, Lives, &str)] = &[
            (os(EPERM), 7, Lives::No, "denied"),
            (os(EACCES), 7, ENDED, "denied"),
            (os(ESRCH), 7, Lives::No, "gone"),
            (os(ESRCH), 7, ENDED, "zombie"),
            (os(ESRCH), 7, Lives::Yes, "io"),
            (os(0), 7, Lives::No, "gone"),
            (os(0), 7, ENDED, "zombie"),
            (os(0), 7, Lives::Yes, "io"),
            (os(ENOENT), 7, Lives::No, "gone"),
            (os(EIO), 7, Lives::No, "io"),
            (os(EINVAL), 7, Lives::No, "io"),
            (os(ESRCH), 0, Lives::Yes, "denied"),
            (os(EINVAL), 0, Lives::Yes, "denied"),
            (os(EIO), 0, Lives::Yes, "denied"),
            (os(EIO), 0, Lives::No, "gone"),
            (arguments(EINVAL), 7, Lives::No, "gone"),
            (arguments(EINVAL), 7, ENDED, "zombie"),
            (arguments(EINVAL), 7, Lives::Yes, "denied"),
            (arguments(EFAULT), 7, ENDED, "zombie"),
            (arguments(ENOMEM), 7, Lives::Yes, "denied"),
            (arguments(EBUSY), 7, Lives::No, "gone"),
            (arguments(EBUSY), 7, Lives::Yes, "io"),
            (arguments(EPERM), 7, Lives::No, "denied"),
        ];
        for (failed, number, lives, expected) in table {
            let again = match failed {
                Failed::Arguments { .. } => arguments(failed.errno().expect("has one")),
                _ => os(failed.errno().expect("has one")),
            };
            let error = of_process(again, pid(*number), || *lives);
            assert_eq!(kind(&error), *expected, "{failed:?} {number} {lives:?}");
            assert_eq!(error.pid(), Some(pid(*number)));
        }
    }

    #[test]
    fn a_failure_that_concerns_no_process_is_a_refusal_or_the_kernels_own_words() {
        for (errno, expected) in [(EPERM, "denied"), (EACCES, "denied"), (ESRCH, "io"), (EIO, "io")]
        {
            let error =
                of_system(io::Error::from_raw_os_error(errno), Context::new("vm.swap_info"));
            assert_eq!(kind(&error), expected, "{errno}");
        }
    }

    #[test]
    fn no_such_file_directory_or_device_is_an_answer_and_no_other_failure_is() {
        let absent = |errno| is_absent(&io::Error::from_raw_os_error(errno));
        for errno in [ENOENT, ENOTDIR, ENODEV, ENXIO] {
            assert!(absent(errno), "{errno}");
        }
        for errno in [0, EPERM, ESRCH, EIO, ENOMEM, EINVAL] {
            assert!(!absent(errno), "{errno}");
        }
    }

    #[test]
    fn a_refusal_is_believed_without_another_look() {
        let error = of_process(os(EPERM), pid(7), || unreachable!("not asked"));
        assert!(error.is_denied());
        assert!(matches!(
            of_process(os(EIO), pid(7), || unreachable!("not asked")),
            Error::Io { .. }
        ));
    }

    #[test]
    fn a_zombie_keeps_its_parent() {
        let error = of_process(os(ESRCH), pid(7), || ENDED);
        assert!(matches!(error, Error::ZombieProcess { ppid: Some(Pid::ZERO), .. }));
    }

    #[test]
    fn strings_of_a_process_that_is_gone_are_not_refused_but_gone() {
        // number, whether it lives, what its row says: `None` if there is nothing to read
        let table = [
            (EINVAL, Lives::Yes, None),
            (EFAULT, Lives::Yes, None),
            (EBUSY, Lives::Yes, None),
            (EINVAL, Lives::No, Some(Missing::Gone)),
            (EFAULT, Lives::No, Some(Missing::Gone)),
            (EBUSY, ENDED, Some(Missing::Zombie)),
            (EINVAL, ENDED, Some(Missing::Zombie)),
            (ESRCH, Lives::Yes, Some(Missing::Gone)),
            (EPERM, Lives::No, Some(Missing::Denied)),
            (ENOMEM, Lives::No, Some(Missing::Denied)),
        ];
        for (errno, lives, expected) in table {
            let source = io::Error::from_raw_os_error(errno);
            let answer = of_strings("read", source, pid(7), || lives);
            let missing = answer.as_ref().err().map(|failed| of_row(failed, false));
            assert_eq!(missing, expected, "{errno} {lives:?}");
        }
    }

    #[test]
    fn the_end_of_a_process_names_it_and_its_parent() {
        let source = || io::Error::from_raw_os_error(EINVAL);
        let Err(failed) = of_strings("read", source(), pid(7), || ENDED) else { panic!("ended") };
        let error = of_process(failed, pid(7), || unreachable!("known"));
        assert!(matches!(error, Error::ZombieProcess { ppid: Some(Pid::ZERO), .. }), "{error}");
        assert_eq!((error.pid(), error.operation()), (Some(pid(7)), "read"));
        let failed = invalid_or_ended("cwd", source(), pid(7), || Lives::No);
        let error = of_process(failed, pid(7), || unreachable!("known"));
        assert_eq!((kind(&error), error.pid(), error.operation()), ("gone", Some(pid(7)), "cwd"));
    }

    #[test]
    fn only_an_invalid_question_may_mean_that_the_process_has_ended() {
        let of = |errno, lives| {
            invalid_or_ended("cwd", io::Error::from_raw_os_error(errno), pid(7), || lives)
        };
        assert_eq!(of(EINVAL, Lives::Yes).errno(), Some(EINVAL));
        assert_eq!(of(EPERM, Lives::No).errno(), Some(EPERM));
        assert_eq!(of_row(&of(EINVAL, Lives::No), false), Missing::Gone);
        assert_eq!(of_row(&of(EINVAL, ENDED), false), Missing::Zombie);
    }

    #[test]
    fn a_row_says_why_a_fact_is_missing() {
        let table = [
            (os(EPERM), true, Missing::Denied),
            (os(ESRCH), false, Missing::Gone),
            (os(ESRCH), true, Missing::Zombie),
            (arguments(EINVAL), true, Missing::Zombie),
            (arguments(EINVAL), false, Missing::Denied),
            (os(EINVAL), false, Missing::Failed),
            (Failed::unsupported("root"), false, Missing::Unsupported),
        ];
        for (failed, ended, expected) in table {
            assert_eq!(of_row(&failed, ended), expected, "{failed:?}");
        }
    }

    #[test]
    fn a_busy_process_is_asked_again_but_not_for_ever() {
        let busy = || io::Error::from_raw_os_error(EBUSY);
        let (mut asked, mut paused) = (0, 0);
        let third = while_busy(
            || {
                asked += 1;
                if asked < 3 { Err(busy()) } else { Ok(asked) }
            },
            |_| paused += 1,
        );
        assert_eq!((third.expect("answered"), paused), (3, 2));
        let mut asked = 0;
        let never: io::Result<()> = while_busy(
            || {
                asked += 1;
                Err(busy())
            },
            |_| {},
        );
        assert_eq!((never.expect_err("gave up").raw_os_error(), asked), (Some(EBUSY), 11));
    }

    /// A table of `length` bytes that grows by `growth` each time it is looked at.
    fn table(length: &Cell<usize>, growth: usize, room: Option<&mut [u8]>) -> io::Result<usize> {
        let now = length.get();
        length.set(now + growth);
        match room {
            None => Ok(now),
            Some(room) if room.len() < now => Err(io::Error::from_raw_os_error(ENOMEM)),
            Some(room) => {
                room[..now].fill(7);
                Ok(now)
            }
        }
    }

    #[test]
    fn an_answer_that_fits_is_asked_for_once_and_cut_to_its_length() {
        let mut buffer = Vec::new();
        let mut asked = 0;
        fill(&mut buffer, |room| {
            asked += 1;
            table(&Cell::new(100), 0, room)
        })
        .expect("fits");
        assert_eq!((buffer.len(), asked), (100, 1));
        assert!(buffer.iter().all(|byte| *byte == 7));
        fill(&mut buffer, |_| Ok(0)).expect("nothing is an answer");
        assert!(buffer.is_empty());
    }

    #[test]
    fn an_answer_that_grows_meanwhile_is_asked_for_again() {
        // Within the slack; and beyond it once, so that the second room is too small as well.
        for (growth, expected) in [(5_000, 110_000), (20_000, 180_000)] {
            let length = Cell::new(100_000);
            let mut buffer = Vec::new();
            fill(&mut buffer, |room| table(&length, growth, room)).expect("catches up");
            assert_eq!(buffer.len(), expected);
        }
    }

    #[test]
    fn an_answer_that_has_shrunk_since_it_was_refused_is_asked_for_again_in_the_same_room() {
        let mut lengths = [100_000, 100, 100].into_iter();
        let mut buffer = Vec::new();
        fill_from(&mut buffer, 10_000, |room| {
            table(&Cell::new(lengths.next().expect("asked three times")), 0, room)
        })
        .expect("fits by now");
        assert_eq!((buffer.len(), lengths.next()), (100, None));
    }

    #[test]
    fn a_table_that_outruns_the_reader_is_given_up_on() {
        // A quarter more at each look: more than the slack, and no more memory than a test may take.
        let length = Cell::new(100_000);
        let mut buffer = Vec::new();
        let mut asked = 0;
        let error = fill(&mut buffer, |room| {
            asked += 1;
            let now = length.get();
            length.set(now + now / 4);
            table(&Cell::new(now), 0, room)
        })
        .expect_err("never fits");
        assert_eq!(error.raw_os_error(), Some(ENOMEM));
        // Eleven times with room; after the last of them nobody needs to know the length.
        assert_eq!((asked, buffer.is_empty()), (21, true));
    }

    #[test]
    fn enomem_that_room_does_not_cure_is_an_error_and_no_loop() {
        let mut asked = 0;
        let error = fill(&mut Vec::new(), |room| {
            asked += 1;
            room.map_or(Ok(64), |_| Err(io::Error::from_raw_os_error(ENOMEM)))
        })
        .expect_err("cannot be had");
        assert_eq!(error.raw_os_error(), Some(ENOMEM));
        assert!(asked <= 4, "{asked}");
    }

    /// Says how many records of two bytes there are, or puts in what fits; one more comes each time.
    fn growing(length: &Cell<usize>, growth: usize, room: Option<&mut [u8]>) -> io::Result<usize> {
        let now = length.get();
        length.set(now + growth);
        let Some(room) = room else { return Ok(now) };
        let fits = now.min(room.len() / 2);
        room[..2 * fits].fill(7);
        Ok(fits)
    }

    #[test]
    fn records_that_did_not_fit_are_asked_for_again_though_nothing_is_said_of_them() {
        for (at_first, growth, expected) in [(0, 0, 0), (3, 0, 3), (3, 4, 15), (3, 5, 33)] {
            let length = Cell::new(at_first);
            let records = counted(2, |room| growing(&length, growth, room)).expect("told");
            assert_eq!(records, vec![7; 2 * expected], "{at_first} and {growth} more each time");
        }
        // Faster than anybody can read: what came is told, and none of it is made up.
        let length = Cell::new(3);
        let records = counted(2, |room| growing(&length, 1000, room)).expect("told");
        assert!(records.iter().all(|byte| *byte == 7) && records.len() > 2 * 3);
        let failed = || io::Error::from_raw_os_error(EIO);
        assert!(counted(2, |_| Err(failed())).is_err());
        assert!(counted(2, |room| room.map_or(Ok(1), |_| Err(failed()))).is_err());
    }

    #[test]
    fn other_failures_end_it_at_once_with_an_empty_buffer() {
        let mut buffer = vec![1; 9];
        let error = fill(&mut buffer, |_| Err(io::Error::from_raw_os_error(ESRCH)));
        assert_eq!(error.expect_err("failed").raw_os_error(), Some(ESRCH));
        assert!(buffer.is_empty());
    }
}
