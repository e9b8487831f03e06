//! Requests to interfaces and to the firmware.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ps_core::raw::Record;

use crate::raw::freebsd::host::{
    ACPIIO_BATT_GET_BATTINFO, ACPIIO_BATT_GET_BIF, ACPIIO_BATT_GET_BST, ACPIIO_BATT_GET_UNITS,
    AcpiBatteryIoctlArg, AcpiBattinfo, AcpiBif, AcpiBst,
};
use crate::raw::freebsd::net::{Ifmediareq, SIOCGIFMEDIA, SIOCGIFXMEDIA};
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
    let ask = |number| {
        let mut bytes = request.to_bytes();
        // SAFETY: the one address in the record, that of a list to fill, is null, and the list's length is 0.
        unsafe { exchange(&socket, number, &mut bytes) }?;
        Ok(Ifmediareq::from_prefix(&bytes))
    };
    // The one with the newer media; drivers and releases that lack it have the other.
    ask(SIOCGIFXMEDIA).or_else(|_: io::Error| ask(SIOCGIFMEDIA))
}

/// How many batteries there are.
pub(crate) fn battery_count(acpi: &File) -> io::Result<i32> {
    let mut bytes = [0; 4];
    // SAFETY: the argument is one number that comes back.
    unsafe { exchange(acpi, ACPIIO_BATT_GET_UNITS, &mut bytes) }?;
    Ok(i32::from_ne_bytes(bytes))
}

fn battery<R: Record>(acpi: &File, unit: i32, request: u32) -> io::Result<R> {
    let mut bytes = AcpiBatteryIoctlArg { unit, _rest: [0; 40] }.to_bytes();
    // SAFETY: the argument is a number that goes in and a record of numbers and text that comes back.
    unsafe { exchange(acpi, request, &mut bytes) }?;
    Ok(R::from_prefix(&bytes))
}

/// Charge, what it is, and what it is doing, of one battery.
pub(crate) fn battery_facts(
    acpi: &File,
    unit: i32,
) -> io::Result<(AcpiBattinfo, AcpiBif, AcpiBst)> {
    Ok((
        battery(acpi, unit, ACPIIO_BATT_GET_BATTINFO)?,
        battery(acpi, unit, ACPIIO_BATT_GET_BIF)?,
        battery(acpi, unit, ACPIIO_BATT_GET_BST)?,
    ))
}

/// What the firmware is asked through. Does not exist on machines without such firmware.
pub(crate) fn firmware() -> io::Result<File> {
    File::open("/dev/acpi")
}
