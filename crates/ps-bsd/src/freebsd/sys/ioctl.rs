//! Requests to interfaces and to the firmware.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use ps_core::raw::Record;

use crate::pair::sys::media;
use crate::raw::freebsd::host::{
    ACPIIO_BATT_GET_BATTINFO, ACPIIO_BATT_GET_BIF, ACPIIO_BATT_GET_BST, ACPIIO_BATT_GET_UNITS,
    AcpiBatteryIoctlArg, AcpiBattinfo, AcpiBif, AcpiBst,
};
use crate::raw::freebsd::net::{Ifmediareq, SIOCGIFMEDIA, SIOCGIFXMEDIA};
use crate::shared::sys::ioctl::exchange;

/// The medium of an interface: by the request that knows newer media, or by the one that drivers and releases without
/// that one have.
pub(crate) fn medium(socket: impl AsFd, name: &[u8]) -> io::Result<Ifmediareq> {
    // SAFETY: this is the system's record.
    let ask = |request| unsafe { media::medium(&socket, name, request) };
    ask(SIOCGIFXMEDIA).or_else(|_| ask(SIOCGIFMEDIA))
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
