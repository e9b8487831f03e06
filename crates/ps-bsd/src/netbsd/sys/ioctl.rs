//! Requests to interfaces.

use std::io;
use std::os::fd::AsFd;

use crate::pair::sys::media;
use crate::raw::netbsd::net::{Ifmediareq, SIOCGIFMEDIA};

/// The medium of an interface.
pub(crate) fn medium(socket: impl AsFd, name: &[u8]) -> io::Result<Ifmediareq> {
    let request = u32::try_from(SIOCGIFMEDIA).unwrap_or(0);
    // SAFETY: this is the system's record.
    unsafe { media::medium(socket, name, request) }
}
