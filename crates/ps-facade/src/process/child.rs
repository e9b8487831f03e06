//! Child processes of this program.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::ops::Deref;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output};
use std::sync::mpsc;
use std::time::Duration;

use super::{Process, not_shown};
use crate::engine::wait;
use crate::{Context, Error, Identity, Pid, Result, System};

/// A child of this program: started by it, and collected by it once it has ended.
///
/// It is the standard library's child and a [`Process`] in one: everything that can be asked of a process, and done
/// to it, is there by way of `Deref`. What is done to it reaches it or nobody: once it has been collected, its pid
/// may be somebody else's, and every question and signal is answered with
/// [`NoSuchProcess`](crate::Error::NoSuchProcess).
///
/// [`wait`](Child::wait) and [`try_wait`](Child::try_wait) collect it, so that it is no zombie any more; so does
/// [`wait_and_reap`](Process::wait_and_reap) of the process that it is, or of a clone of that. Dropping it
/// closes the pipes to it and collects it if it has ended, but does not wait: see [`finish`](Child::finish) for
/// that.
///
/// # Availability
///
/// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
///
/// # Examples
///
/// ```
/// use std::process::{Command, Stdio};
/// use ps_facade::process::Child;
///
/// let child = Child::spawn(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
/// println!("{} uses {} bytes", child.pid(), child.memory_info()?.rss);
/// let output = child.communicate(b"through the pipe")?;
/// assert_eq!(output.stdout, b"through the pipe");
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[doc(alias = "Popen")]
pub struct Child {
    /// The pipe to its standard input, if it was started with one.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if it was started with one.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if it was started with one.
    pub stderr: Option<ChildStderr>,
    child: std::process::Child,
    process: Process,
    args: Vec<OsString>,
    /// It has been collected, so that its pid is not its own any more.
    is_collected: bool,
}

impl Child {
    /// Starts a program.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::Error::AccessDenied) or [`Io`](crate::Error::Io), with the path of the program, if it
    /// cannot be started; [`Unsupported`](crate::Error::Unsupported) if `/proc` is of another pid namespace than the
    /// caller's, or does not show the child. Whatever fails after the start, the child is killed and collected then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sh").args(["-c", "exit 3"]))?;
    /// assert_eq!(child.args()[0], "sh");
    /// assert_eq!(child.wait()?.and_then(|status| status.code()), Some(3));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn spawn(command: &mut Command) -> Result<Child> {
        let mut child = command.spawn().map_err(|source| {
            let context = Context::new("spawn").with_path(command.get_program());
            match source.kind() {
                io::ErrorKind::PermissionDenied => Error::access_denied(context, source),
                _ => Error::io(context, source),
            }
        })?;
        let program = std::iter::once(command.get_program());
        let args = program.chain(command.get_args()).map(OsString::from).collect();
        let process = match identified(&mut child) {
            Ok(process) => process,
            Err(error) => {
                // Nobody would own it.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Child {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            process,
            args,
            is_collected: false,
        })
    }

    /// The process that it is.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The program and arguments it was started with. What it shows of itself is [`Process::cmdline`].
    #[must_use]
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// How it ended, if that is known by now. Asks nothing: see [`try_wait`](Child::try_wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(&mut Command::new("true"))?;
    /// assert_eq!(child.exit_status(), None);
    /// child.wait()?;
    /// assert!(child.exit_status().is_some_and(|status| status.success()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "returncode")]
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.process.known().exit().flatten()
    }

    /// Waits for it to end, and collects it. Closes the pipe to its standard input first, so that it does not wait
    /// for more. Can be called again.
    ///
    /// `None` if somebody else has collected it, such as another part of this program that collects any child, or
    /// the kernel because the caller ignores `SIGCHLD`.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if the kernel refuses to tell.
    pub fn wait(&mut self) -> Result<Option<ExitStatus>> {
        drop(self.stdin.take());
        if self.is_collected {
            return Ok(self.exit_status());
        }
        self.collected(|child| child.wait().map(Some))?;
        Ok(self.exit_status())
    }

    /// Collects it if it has ended, without waiting. `None` while it has not, and also if somebody else has
    /// collected it: [`is_running`](Process::is_running) tells the one from the other.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if the kernel refuses to tell.
    #[doc(alias = "poll")]
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        if !self.is_collected {
            self.collected(std::process::Child::try_wait)?;
        }
        Ok(self.exit_status())
    }

    /// Waits for it to end, but no longer than this, and collects it then. The pipe to its standard input stays
    /// open.
    ///
    /// # Errors
    ///
    /// [`TimeoutExpired`](crate::Error::TimeoutExpired) if it has not ended by then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use ps_facade::process::Child;
    ///
    /// let mut child = Child::spawn(Command::new("sleep").arg("60"))?;
    /// assert!(child.wait_timeout(Duration::from_millis(5)).is_err());
    /// child.kill()?;
    /// assert!(child.wait_timeout(Duration::from_secs(5))?.is_some());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<Option<ExitStatus>> {
        if !self.is_collected {
            let process = &self.process;
            wait::one(process.system().backend(), process.handle(), Some(timeout))
                .or_else(|error| if error.is_gone() { Ok(None) } else { Err(error) })?;
            self.collected(|child| child.wait().map(Some))?;
        }
        Ok(self.exit_status())
    }

    /// Closes the pipes to it, waits for it to end, and collects it: what leaving the scope of a child does in
    /// languages that can wait there.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Child::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use ps_facade::process::Child;
    ///
    /// let child = Child::spawn(Command::new("cat").stdin(Stdio::piped()))?;
    /// assert!(child.finish()?.is_some_and(|status| status.success()));
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    pub fn finish(mut self) -> Result<Option<ExitStatus>> {
        drop((self.stdin.take(), self.stdout.take(), self.stderr.take()));
        self.wait()
    }

    /// Feeds it input, collects all its output, and waits for it to end.
    ///
    /// Input and output flow at the same time, so neither side waits for the other for ever: where there is input to
    /// feed, a thread feeds it until this returns, and where both kinds of output are piped, a thread reads one. Input is
    /// ignored if the child has no pipe for it, and a child that ends without reading all of it is no error. Output is
    /// what came through the pipes it was started with.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if a pipe fails, a thread cannot be had, or somebody else has collected it. After the
    /// first two the child is killed and collected, since nobody would own it any more.
    pub fn communicate(mut self, input: &[u8]) -> Result<Output> {
        let pid = self.process.pid();
        let failed = |source| Error::io(Context::new("communicate").with_pid(pid), source);
        let (stdin, stdout, stderr) = (self.stdin.take(), self.stdout.take(), self.stderr.take());
        let stdin_is_piped = stdin.is_some();
        let feed = move || match stdin {
            // The pipe is closed behind it, which is how the child sees the end.
            Some(mut stdin) => match stdin.write_all(input) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                fed => fed,
            },
            None => Ok(()),
        };
        let read = |pipe: Option<&mut dyn io::Read>| {
            let mut bytes = Vec::new();
            match pipe.map(|pipe| pipe.read_to_end(&mut bytes)) {
                Some(Err(error)) => Err(error),
                _ => Ok(bytes),
            }
        };
        let is_fed = stdin_is_piped && !input.is_empty();
        let served = std::thread::scope(|scope| {
            // Who feeds waits until the other thread is there: if that is refused, neither must wait for a pipe.
            let (go, gate) = mpsc::channel();
            let feed = move || match gate.recv() {
                Ok(()) => feed(),
                Err(_) => Ok(()),
            };
            let feeding = if is_fed {
                Some(std::thread::Builder::new().spawn_scoped(scope, feed)?)
            } else {
                drop(feed);
                None
            };
            let errors = match (&stdout, stderr) {
                (Some(_), Some(mut stderr)) => {
                    let read = move || read(Some(&mut stderr as &mut dyn io::Read));
                    Ok(std::thread::Builder::new().spawn_scoped(scope, read)?)
                }
                (_, stderr) => Err(stderr),
            };
            let _ = go.send(());
            let mut stdout = stdout;
            let out = read(stdout.as_mut().map(|pipe| pipe as &mut dyn io::Read));
            drop(stdout);
            let panicked = || io::Error::other("a thread that served a pipe panicked");
            let err = match errors {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(panicked())),
                Err(mut stderr) => read(stderr.as_mut().map(|pipe| pipe as &mut dyn io::Read)),
            };
            let fed =
                feeding.map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(panicked())));
            fed.and(Ok((out?, err?)))
        });
        let (stdout, stderr) = served.map_err(|source| {
            // Nobody would own it. One that cannot be killed is not waited for.
            if self.process.kill().is_ok() {
                let _ = self.wait();
            }
            failed(source)
        })?;
        match self.wait()? {
            Some(status) => Ok(Output { status, stdout, stderr }),
            None => Err(failed(io::Error::other("somebody else has collected the child"))),
        }
    }

    /// Has the standard library collect it, and keeps what that says. It asks by number, which may be another child's
    /// once this one was collected behind its back.
    fn collected(
        &mut self,
        collect: impl FnOnce(&mut std::process::Child) -> io::Result<Option<ExitStatus>>,
    ) -> Result<()> {
        if self.process.known().was_reaped() {
            self.is_collected = true;
            return Ok(());
        }
        let status = match collect(&mut self.child) {
            Ok(Some(status)) => Some(status),
            Ok(None) => return Ok(()),
            Err(error) if error.raw_os_error() == Some(NO_SUCH_CHILD) => None,
            Err(source) => {
                return Err(Error::io(Context::new("wait").with_pid(self.process.pid()), source));
            }
        };
        self.is_collected = true;
        let known = self.process.known();
        known.set_exit(status);
        known.set_gone(false);
        Ok(())
    }
}

/// `ECHILD`, which is 10 on every Unix.
const NO_SUCH_CHILD: i32 = 10;

/// The process that a child is that was started just now. One that has ended and was collected already, because the
/// caller ignores the ends of children, is known to have gone.
fn identified(child: &mut std::process::Child) -> Result<Process> {
    match Process::try_from(&*child) {
        Err(Error::NoSuchProcess { .. }) => {
            let pid = Pid::try_from(child.id())?;
            match child.try_wait() {
                // It goes on, so that whoever was looked at was not it.
                Ok(None) => return Err(not_shown(pid)),
                Ok(Some(_)) => {}
                Err(error) if error.raw_os_error() == Some(NO_SUCH_CHILD) => {}
                Err(source) => return Err(Error::io(Context::new("wait").with_pid(pid), source)),
            }
            let process = Process::identified(&System::default(), Identity::new(pid, None));
            process.known().set_gone(false);
            Ok(process)
        }
        identified => identified,
    }
}

impl Deref for Child {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop((self.stdin.take(), self.stdout.take(), self.stderr.take()));
        let _ = self.try_wait();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("process", &self.process)
            .field("args", &self.args)
            .field("exit_status", &self.exit_status())
            .finish_non_exhaustive()
    }
}
