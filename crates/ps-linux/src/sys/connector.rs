//! The connector: the kernel's news of processes.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, ReceiveTimeout};
use nix::sys::socket::{MsgFlags, NetlinkAddr, bind, recvfrom, sendto, setsockopt};
use nix::sys::time::{TimeVal, TimeValLike};

/// The group that news of processes are sent to.
const PROCESSES: u32 = 1;

/// Space for news that nobody has read yet, if the kernel allows it.
const ROOM: usize = 8 << 20;

/// A socket that news of processes arrive at.
#[derive(Debug)]
pub(crate) struct Connector {
    fd: OwnedFd,
}

impl Connector {
    pub(crate) fn open() -> io::Result<Connector> {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
        // SAFETY: the call takes three integers and touches no memory of ours.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_CONNECTOR) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, PROCESSES))?;
        // Without the right to that, as much as everybody may have must do.
        let _ = setsockopt(&fd, RcvBufForce, &ROOM).or_else(|_| setsockopt(&fd, RcvBuf, &ROOM));
        Ok(Connector { fd })
    }

    /// Sends a whole message to the kernel.
    pub(crate) fn send(&self, message: &[u8]) -> io::Result<()> {
        sendto(self.fd.as_raw_fd(), message, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        Ok(())
    }

    /// Receives a message of the kernel; `None` if there was none in this time, or a signal came in. What is not the
    /// kernel's has no bytes.
    pub(crate) fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
        timeout: Option<Duration>,
    ) -> io::Result<Option<&'b [u8]>> {
        let mut flags = MsgFlags::empty();
        match timeout {
            Some(Duration::ZERO) => flags = MsgFlags::MSG_DONTWAIT,
            timeout => {
                // Zero means no limit here, so the shortest time is a microsecond.
                let micros = timeout.map_or(0, |time| time.as_micros().max(1));
                let micros = i64::try_from(micros).unwrap_or(0);
                setsockopt(&self.fd, ReceiveTimeout, &TimeVal::microseconds(micros))?;
            }
        }
        match recvfrom_flags(&self.fd, buffer, flags) {
            Ok((got, true)) => Ok(buffer.get(..got)),
            Ok((_, false)) => Ok(Some(&[])),
            Err(nix::Error::EAGAIN | nix::Error::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Connector {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// How much came, and whether it came from the kernel.
fn recvfrom_flags(fd: &OwnedFd, buffer: &mut [u8], flags: MsgFlags) -> nix::Result<(usize, bool)> {
    if flags.is_empty() {
        let (got, from) = recvfrom::<NetlinkAddr>(fd.as_raw_fd(), buffer)?;
        return Ok((got, from.is_some_and(|from| from.pid() == 0)));
    }
    let mut space = [io::IoSliceMut::new(buffer)];
    let got = nix::sys::socket::recvmsg::<NetlinkAddr>(fd.as_raw_fd(), &mut space, None, flags)?;
    Ok((got.bytes, got.address.is_some_and(|from| from.pid() == 0)))
}
