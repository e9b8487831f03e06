//! News of processes from the kernel's connector.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ps_core::process::{News, NewsBackend, NewsSource, ProcessBackend};
use ps_core::{Context, Error, Pid, Result};

use crate::decode::process::{Connected, decode_connector, decode_stat, encode_listen};
use crate::errno;
use crate::file::Buffer;
use crate::process::path::PidPath;
use crate::process::thread;
use crate::root::Linux;
use crate::sys::connector::Connector;
use crate::sys::file as sys;

/// How long the kernel may take to answer a request. It does so at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(1);

/// After how many milliseconds a process is looked at again whose threads all seem to end. One that takes the place of
/// the main one has done so at once, unless the processor is taken away from it.
const PAUSES: [u64; 5] = [0, 1, 2, 4, 8];

/// News of processes, from the kernel's connector. Needs the initial namespaces of pids and of the network: nobody else
/// is told anything. Older kernels ask for `CAP_NET_ADMIN` too; 6.18 does not.
///
/// Every process that starts, runs another program or ends is told of, unless news are not read in time: some thousands
/// wait to be read, more where the kernel allows it, and then some are lost, which is told too.
///
/// A process ends with the last of its threads. The kernel tells of each thread; that the main one has ended is kept back
/// if another is seen to go on, or to run another program in its place. The end of a process that had lost its main thread
/// before this was listened to, or while some news were lost, is not told. If a process in whose stead another thread ran a
/// program is gone before that is read, an end is told that was none, then the other program, and then the end.
#[derive(Debug)]
pub struct LinuxNews {
    linux: Linux,
    connector: Connector,
    buffer: [u8; 512],
    stat: Buffer,
    /// Processes that have lost their main thread and go on.
    leaderless: HashMap<Pid, Leaderless>,
    /// To be told next.
    next: Option<News>,
}

/// A process that has lost its main thread and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leaderless {
    /// How that one ended.
    status: Option<ExitStatus>,
    /// A thread that was seen to go on.
    thread: u32,
}

/// What a look at a process shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// This thread is not about to end.
    GoesOn(u32),
    Ends,
    /// All of its threads are about to end, or one takes the main one's place: for a moment, both of their numbers mean
    /// the main one then.
    Unclear,
}

impl NewsBackend for Linux {
    type Source = LinuxNews;

    fn news(&self) -> Result<LinuxNews> {
        const OPERATION: &str = "news";
        self.check_own(OPERATION)?;
        let connector = Connector::open().map_err(|source| match source.raw_os_error() {
            Some(libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT) => Error::unsupported_here(
                Context::new(OPERATION),
                "this kernel, or this network namespace, has no connector",
            ),
            _ => errno::of_system(source, Context::new(OPERATION)),
        })?;
        let mut news = LinuxNews {
            linux: self.clone(),
            connector,
            buffer: [0; 512],
            stat: Buffer::default(),
            leaderless: HashMap::new(),
            next: None,
        };
        news.request(true)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match news.receive(Some(left))? {
                Some(Connected::Answer(0)) => return Ok(news),
                Some(Connected::Answer(error)) => {
                    let source = std::io::Error::from_raw_os_error(error.saturating_abs());
                    return Err(errno::of_system(source, Context::new(OPERATION)));
                }
                None if left.is_zero() => {
                    return Err(Error::unsupported_here(
                        Context::new(OPERATION),
                        "the kernel does not answer outside of the initial pid namespace",
                    ));
                }
                _ => {}
            }
        }
    }
}

impl LinuxNews {
    fn request(&self, listen: bool) -> Result<()> {
        self.connector
            .send(&encode_listen(listen, std::process::id()))
            .map_err(|source| errno::of_system(source, Context::new("news")))
    }

    fn receive(&mut self, timeout: Option<Duration>) -> Result<Option<Connected>> {
        match self.connector.receive(&mut self.buffer, timeout) {
            Ok(datagram) => {
                Ok(datagram.map(|bytes| decode_connector(bytes).unwrap_or(Connected::Other)))
            }
            Err(source) if source.raw_os_error() == Some(libc::ENOBUFS) => {
                Ok(Some(Connected::News(News::Overflow)))
            }
            Err(source) => Err(errno::of_system(source, Context::new("news"))),
        }
    }

    /// What of it is news of a process.
    fn sift(&mut self, told: Connected) -> Option<News> {
        match told {
            Connected::News(News::Exited { pid, status }) => {
                // Or others have its number by now. Of a process there is news of its start yet; of a thread there is
                // none.
                if let Some(thread) = self.going_on(pid, None)
                    && self.linux.pid_exists(pid).unwrap_or(true)
                {
                    self.leaderless.insert(pid, Leaderless { status, thread });
                    return None;
                }
                self.leaderless.remove(&pid);
                Some(News::Exited { pid, status })
            }
            // The thread that runs it is the main one now.
            Connected::News(news @ News::Executed { pid }) => {
                self.leaderless.remove(&pid);
                Some(news)
            }
            Connected::News(news @ News::Started { pid, .. }) => {
                let Some(lost) = self.leaderless.remove(&pid) else { return Some(news) };
                self.next = Some(news);
                Some(News::Exited { pid, status: lost.status })
            }
            Connected::News(News::Overflow) => {
                // The end of some may be among what was lost. Who asks must look anyway, and finds them gone.
                let mut leaderless = std::mem::take(&mut self.leaderless);
                leaderless.retain(|pid, lost| self.going_on(*pid, Some(lost.thread)).is_some());
                self.leaderless = leaderless;
                Some(News::Overflow)
            }
            Connected::ThreadExited { pid, status } => {
                let lost = *self.leaderless.get(&pid)?;
                if let Some(thread) = self.going_on(pid, Some(lost.thread)) {
                    self.leaderless.insert(pid, Leaderless { thread, ..lost });
                    return None;
                }
                self.leaderless.remove(&pid);
                Some(News::Exited { pid, status: Some(status) })
            }
            Connected::Answer(_) | Connected::Other => None,
        }
    }

    /// A thread of a process that is not about to end, if there is one; `seen` was such a one.
    fn going_on(&mut self, pid: Pid, seen: Option<u32>) -> Option<u32> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.look(pid, seen) {
                Seen::GoesOn(thread) => return Some(thread),
                Seen::Ends => return None,
                Seen::Unclear => std::thread::sleep(Duration::from_millis(*pauses.next()?)),
            }
        }
    }

    fn look(&mut self, pid: Pid, seen: Option<u32>) -> Seen {
        let Ok(proc) = self.linux.proc() else { return Seen::Ends };
        let stat = &mut self.stat;
        let mut ask = |mut path: PidPath| {
            let bytes = stat.read(proc, path.file("stat"), true).ok()?;
            let stat = decode_stat(bytes).ok()?;
            Some((stat.pid, !stat.is_ending(), stat.num_threads))
        };
        let process = PidPath::of(pid);
        let main = pid.get();
        let goes_on = |found| matches!(found, Some((_, true, _)));
        if let Some(thread) = seen.filter(|thread| goes_on(ask(process.thread(*thread)))) {
            return Seen::GoesOn(thread);
        }
        // What was found by its number and left that to another thread before it was read is found anew.
        match ask(process).or_else(|| ask(process)) {
            None => return Seen::Ends,
            Some((number, true, _)) if number == main => return Seen::GoesOn(main),
            Some((number, false, 1)) if number == main => return Seen::Ends,
            Some(_) => {}
        }
        let tids = sys::open_place(proc, { process }.dir())
            .and_then(|dir| thread::list(dir.as_fd()))
            .unwrap_or_default();
        let found = tids.into_iter().find(|tid| goes_on(ask(process.thread(*tid))));
        found.map_or(Seen::Unclear, Seen::GoesOn)
    }
}

impl NewsSource for LinuxNews {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Option<News>> {
        if let Some(news) = self.next.take() {
            return Ok(Some(news));
        }
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match self.receive(left)? {
                Some(told) => {
                    if let Some(news) = self.sift(told) {
                        return Ok(Some(news));
                    }
                }
                None if left.is_some_and(|left| left.is_zero()) => return Ok(None),
                None => {}
            }
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.connector.as_fd())
    }
}

impl Drop for LinuxNews {
    fn drop(&mut self) {
        // The kernel goes on composing news for listeners that only close their socket (before 6.6).
        let _ = self.request(false);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::sys::herd::Member;

    fn listen() -> Option<LinuxNews> {
        match Linux::new().news() {
            Ok(news) => Some(news),
            Err(error) => {
                ps_tests::skip!("the kernel's news: {error}");
                None
            }
        }
    }

    /// What is told next of a program that a process runs, or of its end.
    fn next_of(news: &mut LinuxNews, pid: Pid) -> News {
        loop {
            let told = news.next(Some(Duration::from_secs(60))).expect("answers").expect("is told");
            match told {
                News::Executed { pid: of } | News::Exited { pid: of, .. } if of == pid => {
                    return told;
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_thread_that_runs_a_program_in_the_place_of_the_main_one_ends_nothing() {
        for late in [false, true].repeat(8) {
            let mut member = Member::start("exec-thread");
            let Some(mut news) = listen() else { return };
            let pid = Pid::new(member.id()).expect("in range");
            member.let_go_on();
            // Read as it happens, and once more after it has happened.
            if late {
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(next_of(&mut news, pid), News::Executed { pid });
            member.child.kill().expect("lives");
            let status = Some(ExitStatus::from_raw(libc::SIGKILL));
            assert_eq!(next_of(&mut news, pid), News::Exited { pid, status });
        }
    }

    #[test]
    fn a_process_that_has_lost_its_main_thread_ends_with_the_last_one() {
        let Some(mut news) = listen() else { return };
        let mut member = Member::start("leaderless");
        let pid = Pid::new(member.id()).expect("in range");
        while !news.leaderless.contains_key(&pid) {
            assert!(news.going_on(pid, None).is_some());
            let told = news.next(Some(Duration::from_millis(10))).expect("answers");
            assert!(!matches!(told, Some(News::Exited { pid: p, .. }) if p == pid));
            assert_ne!(told, Some(News::Overflow), "the end of its thread may be lost");
        }
        member.let_end();
        let status = Some(ExitStatus::from_raw(7 << 8));
        assert_eq!(next_of(&mut news, pid), News::Exited { pid, status });
    }

    #[test]
    fn an_end_whose_number_others_have_is_told_before_their_start() {
        let Some(mut news) = listen() else { return };
        // Somebody who lives has the number of one whose end is told late.
        let pid = Pid::new(std::process::id()).expect("in range");
        let exited = News::Exited { pid, status: Some(ExitStatus::from_raw(0x300)) };
        let started = News::Started { pid, parent: None };
        assert_eq!(news.sift(Connected::News(exited)), None);
        let thread = Connected::ThreadExited { pid, status: ExitStatus::from_raw(0) };
        assert_eq!(news.sift(thread), None, "it goes on");
        assert_eq!(news.sift(Connected::News(started)), Some(exited));
        assert_eq!(news.next(Some(Duration::ZERO)).expect("answers"), Some(started));
        assert_eq!(news.sift(Connected::News(started)), Some(started), "once");
    }

    #[test]
    fn after_a_loss_only_those_who_go_on_are_remembered() {
        let Some(mut news) = listen() else { return };
        let mut ended = std::process::Command::new("true").spawn().expect("starts");
        ended.wait().expect("ends");
        let [me, ended] =
            [std::process::id(), ended.id()].map(|id| Pid::new(id).expect("in range"));
        let lost = Leaderless { status: None, thread: u32::MAX };
        news.leaderless.extend([(me, lost), (ended, lost)]);
        assert_eq!(news.sift(Connected::News(News::Overflow)), Some(News::Overflow));
        assert_eq!(news.leaderless.keys().collect::<Vec<_>>(), [&me]);
    }
}
