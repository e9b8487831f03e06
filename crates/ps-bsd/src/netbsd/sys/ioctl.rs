//! Requests to interfaces.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ps_core::raw::Record as _;

use crate::raw::netbsd::net::{Ifmediareq, SIOCGIFMEDIA};
use crate::shared::sys::ioctl::exchange;

/// A socket to make requests about interfaces through.
pub(crate) fn interface_socket() -> io::Result<OwnedFd> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    Ok(socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?)
}

/// The medium of an interface. Drivers that know of none say `EINVAL`.
pub(crate) fn medium(socket: impl AsFd, name: &[u8]) -> io::Result<Ifmediareq> {
    let mut request = Ifmediareq::zeroed();
    // The last byte stays NUL.
    let (_, room) = request.ifm_name.split_last_mut().unwrap_or((&mut 0, &mut []));
    if name.len() > room.len() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    for (to, from) in room.iter_mut().zip(name) {
        *to = *from;
    }
    let mut bytes = request.to_bytes();
    let number = u32::try_from(SIOCGIFMEDIA).unwrap_or(0);
    // SAFETY: the one address in the record, that of a list to fill, is null, and the list's length is 0.
    unsafe { exchange(&socket, number, &mut bytes) }?;
    Ok(Ifmediareq::from_prefix(&bytes))
}
