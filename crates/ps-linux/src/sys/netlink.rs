//! Netlink: asking the kernel for all of something.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    socket,
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

/// A socket to ask the kernel with. Not kept across calls unless that is asked for: a child after a fork would get its
/// parent's answers, and a thread that went to another network namespace gets those of the old one.
pub(crate) struct Netlink {
    fd: OwnedFd,
    buffer: Vec<u8>,
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A question for everything, which can be asked again and again.
pub(crate) fn question(kind: u16, body: &[u8]) -> Vec<u8> {
    request(kind, REQUEST_DUMP, 1, body)
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

    /// The same, which also hears of interfaces that come, go or are named anew.
    pub(crate) fn hearing_of_links() -> io::Result<Netlink> {
        const LINKS: u32 = 1;
        let netlink = Netlink::for_short(Family::Route)?;
        bind(netlink.fd.as_raw_fd(), &NetlinkAddr::new(0, LINKS))?;
        Ok(netlink)
    }

    fn with_room(family: Family, room: usize) -> io::Result<Netlink> {
        let protocol = match family {
            Family::Route => SockProtocol::NetlinkRoute,
            Family::SockDiag => SockProtocol::NetlinkSockDiag,
        };
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        Ok(Netlink { fd, buffer: vec![0; room] })
    }

    /// Everything the kernel tells in answer, each message through `take`.
    pub(crate) fn dump<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        mut take: impl FnMut(&Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        self.gather(&question(kind, body), Vec::new, |all, message| all.extend(take(message)))
    }

    /// Everything the kernel tells in answer, each message put by `put` into something that is new for each answer.
    ///
    /// An answer during which something changed may lack something or hold it twice, so the question is asked
    /// again a few times; the last answer stands.
    pub(crate) fn gather<A>(
        &mut self,
        question: &[u8],
        new: impl Fn() -> A,
        mut put: impl FnMut(&mut A, &Message<'_>),
    ) -> io::Result<A> {
        let mut attempt = 1;
        loop {
            let mut all = new();
            let is_whole = self.ask(question, &mut |message| put(&mut all, message))?;
            if is_whole || attempt == ATTEMPTS {
                return Ok(all);
            }
            attempt += 1;
        }
    }

    /// Whether the answer is of one piece.
    fn ask(&mut self, question: &[u8], take: &mut dyn FnMut(&Message<'_>)) -> io::Result<bool> {
        // To nobody else's socket: to the kernel.
        send(self.fd.as_raw_fd(), question, MsgFlags::empty())?;
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
