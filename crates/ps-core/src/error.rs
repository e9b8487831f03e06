//! Why a query or an action failed.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::Pid;

/// The result of everything that asks the kernel.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a query or an action failed.
///
/// Three answers about a process are kept apart: it is not there ([`NoSuchProcess`](Error::NoSuchProcess)),
/// it has ended but is still listed ([`ZombieProcess`](Error::ZombieProcess)), and the caller may not look
/// ([`AccessDenied`](Error::AccessDenied)). [`is_gone`](Error::is_gone) is true for the first two.
///
/// # Examples
///
/// ```
/// use ps_core::{Context, Error, Pid};
///
/// let pid = Pid::new(4000).expect("in range");
/// let error = Error::no_such_process(Context::new("read").with_pid(pid).with_path("/proc/4000/stat"));
/// assert!(error.is_gone());
/// assert_eq!(error.pid(), Some(pid));
/// assert_eq!(error.to_string(), "no such process: read (pid 4000) at /proc/4000/stat");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No process has this pid, or the one that is meant has gone.
    #[error("no such process: {context}{}", if *.reused { ": the pid now belongs to another process" } else { "" })]
    #[non_exhaustive]
    NoSuchProcess {
        /// What was being attempted.
        context: Box<Context>,
        /// The pid has been given to another process since.
        reused: bool,
    },

    /// The process has ended, its parent has not collected it yet, and what was asked for ended with it.
    #[error("process is a zombie: {context}")]
    #[non_exhaustive]
    ZombieProcess {
        /// What was being attempted.
        context: Box<Context>,
        /// The parent that has not collected it, when known.
        ppid: Option<Pid>,
    },

    /// The kernel refused.
    #[error("access denied: {context}")]
    #[non_exhaustive]
    AccessDenied {
        /// What was being attempted.
        context: Box<Context>,
        /// The kernel's own words.
        source: io::Error,
    },

    /// A wait ran out of time with the process still there.
    #[error("timeout expired after {timeout:?}: {context}")]
    #[non_exhaustive]
    TimeoutExpired {
        /// What was being waited for.
        context: Box<Context>,
        /// The time that was allowed.
        timeout: Duration,
    },

    /// The arguments make no sense; nothing was asked of the kernel, or the kernel called them invalid.
    #[error("invalid argument: {context}: {reason}")]
    #[non_exhaustive]
    InvalidArgument {
        /// What was being attempted.
        context: Box<Context>,
        /// What is wrong, and what would be right.
        reason: Box<str>,
    },

    /// This system, or this way of looking at it, has no such facility.
    #[error("not supported: {context}{}{reason}", if .reason.is_empty() { "" } else { ": " })]
    #[non_exhaustive]
    Unsupported {
        /// What was being attempted.
        context: Box<Context>,
        /// Why not, where there is more to say.
        reason: Box<str>,
    },

    /// The kernel answered, and the answer made no sense.
    #[error("cannot decode: {context}: {reason}")]
    #[non_exhaustive]
    Decode {
        /// What was being read.
        context: Box<Context>,
        /// What is missing or malformed.
        reason: Box<str>,
    },

    /// Any other failure of a system call.
    #[error("system call failed: {context}")]
    #[non_exhaustive]
    Io {
        /// What was being attempted.
        context: Box<Context>,
        /// The kernel's own words.
        source: io::Error,
    },
}

impl Error {
    /// The process is not there.
    #[must_use]
    pub fn no_such_process(context: Context) -> Self {
        Error::NoSuchProcess { context: Box::new(context), reused: false }
    }

    /// The process is not there, and its pid belongs to another one now.
    #[must_use]
    pub fn reused(context: Context) -> Self {
        Error::NoSuchProcess { context: Box::new(context), reused: true }
    }

    /// The process is a zombie.
    #[must_use]
    pub fn zombie(context: Context, ppid: Option<Pid>) -> Self {
        Error::ZombieProcess { context: Box::new(context), ppid }
    }

    /// The kernel refused.
    #[must_use]
    pub fn access_denied(context: Context, source: io::Error) -> Self {
        Error::AccessDenied { context: Box::new(context), source }
    }

    /// Time ran out.
    #[must_use]
    pub fn timeout(context: Context, timeout: Duration) -> Self {
        Error::TimeoutExpired { context: Box::new(context), timeout }
    }

    /// The arguments make no sense.
    #[must_use]
    pub fn invalid(context: Context, reason: impl Into<Box<str>>) -> Self {
        Error::InvalidArgument { context: Box::new(context), reason: reason.into() }
    }

    /// The system has no such facility.
    #[must_use]
    pub fn unsupported(operation: &'static str) -> Self {
        Error::Unsupported {
            context: Box::new(Context::new(operation)),
            reason: "this system has no such facility".into(),
        }
    }

    /// The facility is there on some machines or kernels, or for some roots, but not on this one.
    #[must_use]
    pub fn unsupported_here(context: Context, reason: impl Into<Box<str>>) -> Self {
        Error::Unsupported { context: Box::new(context), reason: reason.into() }
    }

    /// The kernel's answer made no sense.
    #[must_use]
    pub fn decode(context: Context, reason: impl Into<Box<str>>) -> Self {
        Error::Decode { context: Box::new(context), reason: reason.into() }
    }

    /// A system call failed in a way that has no meaning of its own here.
    #[must_use]
    pub fn io(context: Context, source: io::Error) -> Self {
        Error::Io { context: Box::new(context), source }
    }

    /// What was being attempted.
    #[must_use]
    pub fn context(&self) -> &Context {
        match self {
            Error::NoSuchProcess { context, .. }
            | Error::ZombieProcess { context, .. }
            | Error::AccessDenied { context, .. }
            | Error::TimeoutExpired { context, .. }
            | Error::InvalidArgument { context, .. }
            | Error::Unsupported { context, .. }
            | Error::Decode { context, .. }
            | Error::Io { context, .. } => context,
        }
    }

    fn context_mut(&mut self) -> &mut Context {
        match self {
            Error::NoSuchProcess { context, .. }
            | Error::ZombieProcess { context, .. }
            | Error::AccessDenied { context, .. }
            | Error::TimeoutExpired { context, .. }
            | Error::InvalidArgument { context, .. }
            | Error::Unsupported { context, .. }
            | Error::Decode { context, .. }
            | Error::Io { context, .. } => context,
        }
    }

    /// The process that the failed operation was about.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.context().pid
    }

    /// The name of that process, if it had been read before.
    #[must_use]
    pub fn name(&self) -> Option<&std::ffi::OsStr> {
        self.context().name.as_deref()
    }

    /// The call or record, as in `read` or `sysctl kern.proc`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.context().operation
    }

    /// The file that the failed operation was about.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.context().path.as_deref()
    }

    /// The process has ended: it is not there any more, or only as a zombie.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Error::NoSuchProcess { .. } | Error::ZombieProcess { .. })
    }

    /// The caller may not look, or may not act.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Error::AccessDenied { .. })
    }

    /// The system, or this way of looking at it, has no such facility.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Error::Unsupported { .. })
    }

    /// Adds the name of the process, if none is known yet.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<OsString>) -> Self {
        self.context_mut().name.get_or_insert_with(|| name.into());
        self
    }

    /// Adds the pid, if none is known yet.
    #[must_use]
    pub fn with_pid(mut self, pid: Pid) -> Self {
        self.context_mut().pid.get_or_insert(pid);
        self
    }

    /// Adds the path, if none is known yet.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.context_mut().path.get_or_insert_with(|| path.into());
        self
    }
}

/// What was being attempted when an error arose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The call or record, as in `read` or `sysctl kern.proc`.
    pub operation: &'static str,
    /// The process it was about.
    pub pid: Option<Pid>,
    /// The name of that process, if it had been read before.
    pub name: Option<OsString>,
    /// The file it was about.
    pub path: Option<PathBuf>,
}

impl Context {
    /// An operation, and nothing more known about it.
    #[must_use]
    pub const fn new(operation: &'static str) -> Self {
        Context { operation, pid: None, name: None, path: None }
    }

    /// With the process it was about.
    #[must_use]
    pub fn with_pid(mut self, pid: Pid) -> Self {
        self.pid = Some(pid);
        self
    }

    /// With the name of that process.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<OsString>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With the file it was about.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        match (self.pid, &self.name) {
            (Some(pid), Some(name)) => write!(f, " (pid {pid}, name {name:?})")?,
            (Some(pid), None) => write!(f, " (pid {pid})")?,
            (None, Some(name)) => write!(f, " (name {name:?})")?,
            (None, None) => {}
        }
        match &self.path {
            Some(path) => write!(f, " at {}", path.display()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_small_because_every_result_carries_it() {
        assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
    }

    #[test]
    fn errors_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
    }

    #[test]
    fn the_message_names_operation_pid_name_and_path() {
        let context = Context::new("open")
            .with_pid(Pid::new(1).expect("in range"))
            .with_name("init")
            .with_path("/proc/1/environ");
        let error = Error::access_denied(context, io::Error::from_raw_os_error(13));
        assert_eq!(
            error.to_string(),
            "access denied: open (pid 1, name \"init\") at /proc/1/environ"
        );
        assert!(error.is_denied() && !error.is_gone());
    }

    #[test]
    fn pid_zero_is_shown_like_any_other() {
        let error = Error::no_such_process(Context::new("read").with_pid(Pid::ZERO));
        assert_eq!(error.to_string(), "no such process: read (pid 0)");
    }

    #[test]
    fn reuse_is_said() {
        let error = Error::reused(Context::new("signal").with_pid(Pid::new(7).expect("in range")));
        assert!(error.is_gone());
        assert!(error.to_string().ends_with("the pid now belongs to another process"));
    }

    #[test]
    fn what_is_known_is_not_overwritten() {
        let error = Error::no_such_process(Context::new("read").with_path("/a")).with_path("/b");
        assert_eq!(error.path(), Some(Path::new("/a")));
    }

    #[test]
    fn the_cause_is_in_the_chain_and_not_in_the_text() {
        let error = Error::io(Context::new("read"), io::Error::from_raw_os_error(5));
        assert_eq!(error.to_string(), "system call failed: read");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn each_part_of_the_context_can_be_asked_for() {
        let pid = Pid::new(7).expect("in range");
        let error = Error::decode(Context::new("read"), "no line").with_pid(pid);
        assert_eq!((error.pid(), error.operation()), (Some(pid), "read"));
        assert_eq!((error.name(), error.path()), (None, None));
        let error = error.with_name("init").with_path("/proc/7");
        assert_eq!(error.name(), Some("init".as_ref()));
        assert_eq!(error.path(), Some(Path::new("/proc/7")));
        let named = Context::new("read").with_name("init");
        assert_eq!(named.to_string(), "read (name \"init\")");
    }

    #[test]
    fn refused_not_supported_and_gone_exclude_each_other() {
        let context = || Context::new("read");
        let cause = || io::Error::from_raw_os_error(13);
        let all = [
            (Error::access_denied(context(), cause()), [true, false, false]),
            (Error::unsupported("read"), [false, true, false]),
            (Error::unsupported_here(context(), ""), [false, true, false]),
            (Error::no_such_process(context()), [false, false, true]),
            (Error::zombie(context(), None), [false, false, true]),
            (Error::io(context(), cause()), [false, false, false]),
            (Error::timeout(context(), Duration::ZERO), [false, false, false]),
        ];
        for (error, expected) in all {
            let found = [error.is_denied(), error.is_unsupported(), error.is_gone()];
            assert_eq!(found, expected, "{error}");
        }
    }
}
