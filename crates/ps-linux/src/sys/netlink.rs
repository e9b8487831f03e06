//! Netlink: asking the kernel for all of something.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

use crate::decode::net::message::{DONE, DUMP_INTERRUPTED, ERROR, Message, messages, request};

/// Which part of the kernel is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Route,
    SockDiag,
}

/// A request, and for everything.
const REQUEST_DUMP: u16 = 0x301;

/// How often a dump is begun anew because something changed while it ran.
const ATTEMPTS: u32 = 4;

/// A socket to ask the kernel with. Never kept across calls: a child after a fork would get its parent's answers,
/// and a thread that went to another network namespace those of the old one.
pub(crate) struct Netlink {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Netlink {
    /// With room for the longest piece in which the kernel answers.
    pub(crate) fn open(family: Family) -> io::Result<Netlink> {
        Netlink::with_room(family, 32 * 1024)
    }

    /// With room for a piece of an answer that consists of short messages.
    pub(crate) fn for_short(family: Family) -> io::Result<Netlink> {
        Netlink::with_room(family, 8 * 1024)
    }

    fn with_room(family: Family, room: usize) -> io::Result<Netlink> {
        let protocol = match family {
            Family::Route => SockProtocol::NetlinkRoute,
            Family::SockDiag => SockProtocol::NetlinkSockDiag,
        };
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        Ok(Netlink { fd, sequence: 0, buffer: vec![0; room] })
    }

    /// Everything the kernel tells in answer, each message through `take`.
    ///
    /// An answer during which something changed may lack something or hold it twice, so the question is asked
    /// again a few times; the last answer stands.
    pub(crate) fn dump<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        mut take: impl FnMut(&Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..ATTEMPTS {
            all.clear();
            if self.dump_once(kind, body, &mut |message| all.extend(take(message)))? {
                break;
            }
        }
        Ok(all)
    }

    /// Whether the answer is of one piece.
    fn dump_once(
        &mut self,
        kind: u16,
        body: &[u8],
        take: &mut dyn FnMut(&Message<'_>),
    ) -> io::Result<bool> {
        self.sequence += 1;
        let question = request(kind, REQUEST_DUMP, self.sequence, body);
        let kernel = NetlinkAddr::new(0, 0);
        sendto(self.fd.as_raw_fd(), &question, &kernel, MsgFlags::empty())?;
        let mut whole = true;
        loop {
            let got = match recv(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_TRUNC) {
                Err(nix::Error::EINTR) => continue,
                other => other?,
            };
            // The kernel says how long the answer was, also if it did not fit.
            let datagram = self.buffer.get(..got).ok_or(io::ErrorKind::InvalidData)?;
            if datagram.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            for message in messages(datagram) {
                whole &= message.flags & DUMP_INTERRUPTED == 0;
                match (message.kind, message.errno()) {
                    // A protocol that this kernel does not know ends so, and not in an error.
                    (DONE, None | Some(0)) => return Ok(whole),
                    (DONE | ERROR, errno) => {
                        return Err(io::Error::from_raw_os_error(errno.unwrap_or(libc::EPROTO)));
                    }
                    _ => take(&message),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_dump_that_fails_is_not_an_empty_one() {
        let Ok(mut netlink) = Netlink::open(Family::SockDiag) else {
            ps_tests::skip!("this kernel does not tell about sockets this way");
            return;
        };
        // Sockets of IPv4, of a protocol that there is not.
        let mut body = [0; 56];
        (body[0], body[1]) = (2, 253);
        let asked = netlink.dump(20, &body, |_| Some(()));
        assert!(asked.is_err(), "{asked:?}");
    }
}
