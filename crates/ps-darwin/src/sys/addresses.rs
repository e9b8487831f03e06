//! Addresses and media of interfaces.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use ps_core::raw::Record as _;

use super::ret_zero;
use crate::decode::net::addresses::RawAddress;
use crate::raw::net::{Ifmediareq, SIOCGIFMEDIA, SIOCGIFXMEDIA};

/// The list that `getifaddrs` made, given back when dropped.
struct List(*mut libc::ifaddrs);

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the library made the list, it is given back once, and nothing refers to it any more.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

/// Every address of every interface, copied.
pub(crate) fn all() -> io::Result<Vec<RawAddress>> {
    let mut first = std::ptr::null_mut();
    // SAFETY: the library stores the beginning of a list in `first`, which outlives the call.
    ret_zero(unsafe { libc::getifaddrs(&mut first) })?;
    let list = List(first);
    let mut found = Vec::new();
    let mut next = NonNull::new(list.0);
    while let Some(entry) = next {
        // SAFETY: the list is made of whole entries that end with a null pointer, nobody changes them, and they
        // stay until `list` is dropped.
        let entry = unsafe { entry.as_ref() };
        found.push(RawAddress {
            name: name(entry.ifa_name),
            flags: entry.ifa_flags,
            address: address(entry.ifa_addr),
            netmask: address(entry.ifa_netmask),
            destination: address(entry.ifa_dstaddr),
        });
        next = NonNull::new(entry.ifa_next);
    }
    Ok(found)
}

fn name(name: *const libc::c_char) -> Vec<u8> {
    if name.is_null() {
        return Vec::new();
    }
    // SAFETY: the name of an entry ends with a NUL and stays as long as its list.
    unsafe { CStr::from_ptr(name) }.to_bytes().to_vec()
}

/// As many bytes as an address says in its first one that it has.
fn address(address: *const libc::sockaddr) -> Option<Vec<u8>> {
    let bytes = NonNull::new(address.cast_mut())?.cast::<u8>();
    // SAFETY: an address is at least one byte long, and stays as long as its list.
    let length = unsafe { bytes.read() };
    // SAFETY: the library laid the address out with as many bytes as it says it has, none of a mask of nothing.
    let whole = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), usize::from(length)) };
    Some(whole.to_vec())
}

/// What interfaces are asked through.
pub(crate) struct Media(OwnedFd);

impl Media {
    /// Opens what interfaces are asked through.
    pub(crate) fn open() -> io::Result<Media> {
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was opened just now, and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        Ok(Media(fd))
    }

    /// The medium of an interface: in the form that knows newer media, or else in the older one.
    pub(crate) fn of(&self, interface: &[u8]) -> io::Result<Vec<u8>> {
        self.ask(interface, SIOCGIFXMEDIA).or_else(|_| self.ask(interface, SIOCGIFMEDIA))
    }

    fn ask(&self, interface: &[u8], question: u64) -> io::Result<Vec<u8>> {
        let mut request = Ifmediareq::zeroed();
        let Some((end, place)) = request.ifm_name.split_last_mut() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        if interface.len() > place.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        for (to, from) in place.iter_mut().zip(interface) {
            *to = *from;
        }
        *end = 0;
        let mut bytes = request.to_bytes();
        // SAFETY: the kernel reads and writes a `struct ifmediareq`, whose layout `bytes` has (it is held against
        // the headers); it has no list of media, and room for none, so the kernel writes to no other place.
        let returned = unsafe { libc::ioctl(self.0.as_raw_fd(), question, bytes.as_mut_ptr()) };
        ret_zero(returned)?;
        Ok(bytes)
    }
}
