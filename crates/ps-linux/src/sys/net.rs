//! Questions about one interface, which the kernel answers to any socket.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::decode::net::dev::Link;

/// A socket to ask about interfaces with, in the network namespace of the calling thread.
pub(crate) struct Interfaces {
    fd: OwnedFd,
}

/// `struct ifreq`: a name, and a union of which the widest member has 24 bytes where pointers have eight.
#[repr(C)]
#[derive(Clone, Copy)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    value: Value,
}

#[repr(C)]
#[derive(Clone, Copy)]
union Value {
    number: i32,
    flags: i16,
    pointer: *mut EthtoolCommand,
    room: [u64; 3],
}

const _: () = assert!(size_of::<Request>() >= size_of::<libc::ifreq>());

/// `struct ethtool_cmd`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct EthtoolCommand {
    command: u32,
    supported: u32,
    advertising: u32,
    speed: u16,
    duplex: u8,
    port: u8,
    phy_address: u8,
    transceiver: u8,
    autonegotiation: u8,
    mdio_support: u8,
    most_tx_packets: u32,
    most_rx_packets: u32,
    speed_high: u16,
    eth_tp_mdix: u8,
    eth_tp_mdix_control: u8,
    lp_advertising: u32,
    reserved: [u32; 2],
}

const _: () = assert!(size_of::<EthtoolCommand>() == 44);

/// `ETHTOOL_GSET`.
const GET_SETTINGS: u32 = 1;

impl Interfaces {
    pub(crate) fn open() -> io::Result<Interfaces> {
        // Kernels without IPv4 have no such socket; any other family answers as well.
        let open = |family| socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
        let fd = open(AddressFamily::Inet)
            .or_else(|_| open(AddressFamily::Inet6))
            .or_else(|_| open(AddressFamily::Unix))?;
        Ok(Interfaces { fd })
    }

    /// Flags of an interface. All of them lie within the 16 bits of this question.
    pub(crate) fn flags(&self, name: &OsStr) -> io::Result<u32> {
        let mut request = Request::about(name)?;
        self.ask(libc::SIOCGIFFLAGS as libc::Ioctl, &mut request)?;
        // SAFETY: the kernel answered this question with flags; every bit pattern is a valid number.
        let flags = unsafe { request.value.flags };
        Ok(u32::from(u16::from_ne_bytes(flags.to_ne_bytes())))
    }

    /// The largest packet of an interface.
    pub(crate) fn mtu(&self, name: &OsStr) -> io::Result<u32> {
        let mut request = Request::about(name)?;
        self.ask(libc::SIOCGIFMTU as libc::Ioctl, &mut request)?;
        // SAFETY: the kernel answered this question with a number; every bit pattern is a valid one.
        let mtu = unsafe { request.value.number };
        Ok(u32::try_from(mtu).unwrap_or(0))
    }

    /// What the driver of an interface says about its link.
    pub(crate) fn link(&self, name: &OsStr) -> io::Result<Link> {
        let mut command = EthtoolCommand { command: GET_SETTINGS, ..EthtoolCommand::default() };
        let mut request = Request::about(name)?;
        request.value = Value { pointer: &raw mut command };
        self.ask(libc::SIOCETHTOOL as libc::Ioctl, &mut request)?;
        let speed = u32::from(command.speed_high) << 16 | u32::from(command.speed);
        Ok(Link { speed, duplex: command.duplex })
    }

    fn ask(&self, question: libc::Ioctl, request: &mut Request) -> io::Result<()> {
        ask(&self.fd, question, request)
    }
}

/// The name of an interface by its number, in the network namespace of any socket.
pub(crate) fn name_of(socket: impl AsFd, index: u32) -> io::Result<Vec<u8>> {
    let mut request = Request::about(OsStr::new(""))?;
    request.value =
        Value { number: i32::try_from(index).map_err(|_| io::ErrorKind::InvalidInput)? };
    ask(socket, libc::SIOCGIFNAME as libc::Ioctl, &mut request)?;
    let end = request.name.iter().position(|byte| *byte == 0).unwrap_or(request.name.len());
    Ok(request.name.get(..end).unwrap_or_default().to_vec())
}

fn ask(socket: impl AsFd, question: libc::Ioctl, request: &mut Request) -> io::Result<()> {
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the four questions asked here read and write one `struct ifreq`, which `Request` is at least as
    // large as; the one that follows a pointer in it is given that of an `ethtool_cmd` that outlives the call.
    let result = unsafe { libc::ioctl(socket, question, &raw mut *request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl Request {
    fn about(name: &OsStr) -> io::Result<Request> {
        let mut request = Request { name: [0; libc::IFNAMSIZ], value: Value { room: [0; 3] } };
        let bytes = name.as_bytes();
        // One byte stays for the end mark.
        if bytes.len() >= request.name.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        for (to, from) in request.name.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(request)
    }
}
