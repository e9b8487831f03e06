//! Refuses system calls, for tests of what is done where a kernel does not have them or a sandbox forbids them.

use std::io;

/// A call by its number, and the first argument that it is refused with; any if not said.
pub(crate) type Call = (libc::c_long, Option<u32>);

const LOAD: u16 = 0x20;
const IS_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// From now on these calls of the calling thread fail with an error. There is no way back.
fn refuse(calls: &[Call], errno: i32) -> io::Result<()> {
    // Where struct seccomp_data has the number, and the lower half of the first argument.
    let (number_at, argument_at) = (0, if cfg!(target_endian = "big") { 20 } else { 16 });
    let step = |code, k, jf| libc::sock_filter { code, jt: 0, jf, k };
    let mut steps = Vec::new();
    for (number, argument) in calls {
        let number = u32::try_from(*number).map_err(|_| io::ErrorKind::InvalidInput)?;
        steps.push(step(LOAD, number_at, 0));
        match argument {
            Some(argument) => {
                steps.push(step(IS_EQUAL, number, 3));
                steps.push(step(LOAD, argument_at, 0));
                steps.push(step(IS_EQUAL, *argument, 1));
            }
            None => steps.push(step(IS_EQUAL, number, 1)),
        }
        steps.push(step(RETURN, libc::SECCOMP_RET_ERRNO | errno.unsigned_abs(), 0));
    }
    steps.push(step(RETURN, libc::SECCOMP_RET_ALLOW, 0));
    let program = libc::sock_fprog {
        len: u16::try_from(steps.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: takes numbers; unprivileged callers may set a filter only after it.
    let allowed = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if allowed < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the program and its steps outlive the call, which copies them.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A socket to ask the kernel with.
pub(crate) const NETLINK: Call = (libc::SYS_socket, Some(libc::AF_NETLINK.unsigned_abs()));

/// What is answered by a thread to which calls are refused; `None`, said aloud, where nothing can be refused.
pub(crate) fn without<T: Send>(
    calls: &[Call],
    errno: i32,
    ask: impl FnOnce() -> T + Send,
) -> Option<T> {
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| match refuse(calls, errno) {
            Ok(()) => Some(ask()),
            Err(error) => {
                ps_tests::skip!("no call can be refused here: {error}");
                None
            }
        });
        refused.join().expect("answers")
    })
}
