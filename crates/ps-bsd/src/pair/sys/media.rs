//! What interfaces are connected by.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ps_core::raw::Record;

use crate::shared::sys::ioctl::exchange;

/// A socket to make requests about interfaces through.
pub(crate) fn interface_socket() -> io::Result<OwnedFd> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    Ok(socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?)
}

/// Bytes of a name that a request begins with (`IFNAMSIZ`), its NUL included.
const NAME: usize = 16;

/// Asks for the medium of an interface. Drivers that know of none say `EINVAL`.
///
/// # Safety
///
/// `R` must be the system's `struct ifmediareq`: it begins with the name, and of the list that it could have filled
/// all zeros say that there is none.
pub(crate) unsafe fn medium<R: Record>(
    socket: impl AsFd,
    name: &[u8],
    request: u32,
) -> io::Result<R> {
    let mut bytes = R::zeroed().to_bytes();
    // The last byte stays NUL.
    let place = bytes.get_mut(..name.len()).filter(|place| place.len() < NAME);
    place.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?.copy_from_slice(name);
    // SAFETY: the one address in the record, that of a list to fill, is null, as the caller promises.
    unsafe { exchange(&socket, request, &mut bytes) }?;
    Ok(R::from_prefix(&bytes))
}
