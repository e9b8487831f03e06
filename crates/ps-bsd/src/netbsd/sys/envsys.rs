//! The property list of all sensors.

use std::fs::File;
use std::io;

use ps_core::raw::Record as _;

use crate::raw::netbsd::host::{ENVSYS_GETDICTIONARY, Plistref};
use crate::shared::sys::checked;
use crate::shared::sys::ioctl::exchange;

/// What the device of the sensors answers with: text, copied from memory that the kernel maps for it and that is
/// given back at once.
pub(crate) fn list() -> io::Result<Vec<u8>> {
    let device = File::open("/dev/sysmon")?;
    let mut bytes = Plistref::zeroed().to_bytes();
    let request = u32::try_from(ENVSYS_GETDICTIONARY).unwrap_or(0);
    // SAFETY: the address in the record is null; the kernel puts that of memory of its own making there.
    unsafe { exchange(device, request, &mut bytes) }?;
    let answer = Plistref::from_prefix(&bytes);
    let length = usize::try_from(answer.pref_len).unwrap_or(0);
    let address = usize::try_from(answer.pref_plist).unwrap_or(0);
    if address == 0 || length == 0 {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    let memory: *mut u8 = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the kernel mapped `length` bytes there for this answer and filled them (`prop_dictionary_copyout_ioctl`);
    // nobody else knows of them, so that they stay as they are until they are given back below.
    let list = unsafe { std::slice::from_raw_parts(memory, length) }.to_vec();
    // SAFETY: this is the mapping that the kernel made for the answer, whole, and nothing refers to it any more.
    checked(unsafe { libc::munmap(memory.cast(), length) })?;
    Ok(list)
}
