//! News of processes from the kernel's connector.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use ps_core::process::{News, NewsBackend, NewsSource};
use ps_core::{Context, Error, Result};

use crate::decode::process::{Connected, decode_connector, encode_listen};
use crate::errno;
use crate::root::Linux;
use crate::sys::connector::Connector;

/// How long the kernel may take to answer a request. It does so at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(1);

/// News of processes, from the kernel's connector. Needs the initial namespaces of pids and of the network: nobody else
/// is told anything. Older kernels ask for `CAP_NET_ADMIN` too; 6.18 does not.
///
/// Every process that starts, runs another program or ends is told of, unless news are not read in time: some thousands
/// wait to be read, more where the kernel allows it, and then some are lost, which is told too. A process whose main
/// thread ends before its other ones is told to have ended then.
#[derive(Debug)]
pub struct LinuxNews {
    connector: Connector,
    buffer: [u8; 512],
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
        let mut news = LinuxNews { connector, buffer: [0; 512] };
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
}

impl NewsSource for LinuxNews {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Option<News>> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match self.receive(left)? {
                Some(Connected::News(news)) => return Ok(Some(news)),
                None if left.is_some_and(|left| left.is_zero()) => return Ok(None),
                _ => {}
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
