//! `sysctl` by numbers: one wrapper for every question.

use std::{io, ptr};

use ps_core::raw::{Record, Value};

use super::checked;
use crate::errno;

/// Asks one question. With room the answer is put there and its length returned; without, the length it would have.
/// `new`, unless it is empty, is handed to the kernel as well.
fn ask(mib: &[i32], room: Option<&mut [u8]>, new: &[u8]) -> io::Result<usize> {
    let (old, mut length) = match room {
        Some(room) => (room.as_mut_ptr(), room.len()),
        None => (ptr::null_mut(), 0),
    };
    let given = if new.is_empty() { ptr::null_mut() } else { new.as_ptr().cast_mut() };
    // SAFETY: `mib` and `new` are borrowed for the call, which reads no more than the lengths given with them
    // (`new` is not written to: the parameter's type merely says it could be). The kernel writes at most `length`
    // bytes to `old`, which is as long as that and borrowed mutably, or null, which asks for the length alone; the
    // kernel stores the length in `length`, which lives here.
    let returned = unsafe {
        libc::sysctl(
            mib.as_ptr(),
            mib.len() as libc::c_uint,
            old.cast(),
            &mut length,
            given.cast(),
            new.len(),
        )
    };
    checked(returned).map(|_| length)
}

/// An answer of unknown length, read into a buffer that is kept from call to call: see [`errno::fill`].
pub(crate) fn read_into(mib: &[i32], buffer: &mut Vec<u8>) -> io::Result<()> {
    errno::fill(buffer, |room| ask(mib, room, &[]))
}

/// The same for an answer that is a table: it is rarely smaller than `first` bytes.
pub(crate) fn read_table(mib: &[i32], first: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
    errno::fill_from(buffer, first, |room| ask(mib, room, &[]))
}

/// An answer of unknown length.
pub(crate) fn read(mib: &[i32]) -> io::Result<Vec<u8>> {
    let mut buffer = Vec::new();
    read_into(mib, &mut buffer)?;
    Ok(buffer)
}

/// An answer into room of a fixed size, and its length, which is not more than the room. One that is longer than
/// the room is `ENOMEM`.
pub(crate) fn read_exact_room(mib: &[i32], room: &mut [u8]) -> io::Result<usize> {
    let most = room.len();
    ask(mib, Some(room), &[]).map(|length| length.min(most))
}

/// An answer that is one record. A kernel that knows less of it leaves the rest zero; one that answers nothing at all
/// is an error (`ESRCH`: the thing asked about is not there).
pub(crate) fn read_record<R: Record>(mib: &[i32]) -> io::Result<R> {
    let mut buffer = vec![0; R::LAYOUT.size];
    let length = read_exact_room(mib, &mut buffer)?;
    if length == 0 {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    Ok(R::from_prefix(buffer.get(..length).unwrap_or_default()))
}

/// An answer that is one number.
pub(crate) fn read_value<T: Value>(mib: &[i32]) -> io::Result<T> {
    let mut room = [0; 8];
    let length = read_exact_room(mib, room.get_mut(..T::SHAPE.size.min(8)).unwrap_or_default())?;
    Ok(T::load(room.get(..length).unwrap_or_default()))
}

/// Hands the kernel a record and gets the one before it.
pub(crate) fn exchange<R: Record>(mib: &[i32], new: &R) -> io::Result<R> {
    let mut buffer = vec![0; R::LAYOUT.size];
    let length = ask(mib, Some(&mut buffer), &new.to_bytes())?;
    Ok(R::from_prefix(buffer.get(..length).unwrap_or_default()))
}

/// Hands the kernel one number.
pub(crate) fn write_value<T: Value>(mib: &[i32], new: T) -> io::Result<()> {
    let mut bytes = Vec::new();
    new.store(&mut bytes);
    ask(mib, None, &bytes).map(drop)
}

/// How long an answer would be just now.
pub(crate) fn length(mib: &[i32]) -> io::Result<usize> {
    ask(mib, None, &[])
}
