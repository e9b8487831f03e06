//! The calls that the floor is made of, and nothing around them; the allocator that counts.

mod alloc;

use std::ffi::CStr;

pub use alloc::{Counting, counted, held};

/// A descriptor, or a negative error.
pub type Fd = i32;

/// `openat` to read.
pub fn open_at(dir: Fd, path: &CStr) -> Fd {
    // SAFETY: the path ends with a NUL and outlives the call.
    unsafe { libc::openat(dir, path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }
}

/// `openat` of a directory as a place to look from.
pub fn open_place(dir: Fd, path: &CStr) -> Fd {
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: the path ends with a NUL and outlives the call.
    unsafe { libc::openat(dir, path.as_ptr(), flags) }
}

/// `open` to read.
pub fn open(path: &CStr) -> Fd {
    open_at(libc::AT_FDCWD, path)
}

/// `close`.
pub fn close(fd: Fd) {
    // SAFETY: the callers of this program close only what they opened.
    unsafe { libc::close(fd) };
}

/// One `read`; 0 if it failed.
pub fn read(fd: Fd, buffer: &mut [u8]) -> usize {
    // SAFETY: at most `buffer.len()` bytes are written into `buffer`.
    let got = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(got).unwrap_or(0)
}

/// One `pread` from a position; 0 if it failed.
pub fn read_at(fd: Fd, buffer: &mut [u8], from: usize) -> usize {
    let Ok(from) = libc::off_t::try_from(from) else { return 0 };
    // SAFETY: at most `buffer.len()` bytes are written into `buffer`.
    let got = unsafe { libc::pread(fd, buffer.as_mut_ptr().cast(), buffer.len(), from) };
    usize::try_from(got).unwrap_or(0)
}

/// One `readlinkat`; `None` if it failed.
pub fn read_link(dir: Fd, path: &CStr, buffer: &mut [u8]) -> Option<usize> {
    // SAFETY: the path ends with a NUL; at most `buffer.len()` bytes are written into `buffer`.
    let got =
        unsafe { libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(got).ok()
}

/// One `getdents64`; 0 at the end or if it failed.
pub fn entries(fd: Fd, buffer: &mut [u8]) -> usize {
    // SAFETY: at most `buffer.len()` bytes are written into `buffer`.
    let got = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
    usize::try_from(got).unwrap_or(0)
}

/// Load averages by `sysinfo(2)`.
pub fn loads() -> [f64; 3] {
    let mut info = std::mem::MaybeUninit::<libc::sysinfo>::zeroed();
    // SAFETY: the kernel fills the record it is given.
    unsafe { libc::sysinfo(info.as_mut_ptr()) };
    // SAFETY: zeroed before and filled now; every bit pattern is a valid record.
    let info = unsafe { info.assume_init() };
    info.loads.map(|load| load as f64 / 65536.0)
}

/// What `PIDFD_GET_INFO` answers first (kernel 6.13).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct PidfdInfo {
    /// What is asked for and was answered.
    pub mask: u64,
    /// Control group.
    pub cgroup: u64,
    /// Thread, thread group, parent.
    pub pids: [u32; 3],
    /// Real user and group, effective, saved, file system.
    pub ids: [u32; 8],
    /// Exit code.
    pub exit: i32,
}

/// Real user of a process through a descriptor for it; `None` if the kernel does not have this.
pub fn pidfd_user(pid: u32) -> Option<u32> {
    // SAFETY: takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = Fd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    let mut info = PidfdInfo { mask: 3, ..PidfdInfo::default() };
    // _IOWR(0xFF, 11, struct of 64 bytes)
    let request: libc::Ioctl = 0xc040_ff0b;
    // SAFETY: the size in the request is that of the record, which outlives the call.
    let result = unsafe { libc::ioctl(fd, request, &raw mut info) };
    close(fd);
    (result == 0).then_some(info.ids[0])
}

/// A netlink socket of a protocol.
pub fn netlink(protocol: i32) -> Fd {
    // SAFETY: takes three numbers.
    unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) }
}

/// The name of an interface, asked of any socket.
pub fn link_name(socket: Fd, index: u32) -> Vec<u8> {
    // SAFETY: of numbers and bytes, which may all be zero.
    let mut asked: libc::ifreq = unsafe { std::mem::zeroed() };
    asked.ifr_ifru.ifru_ifindex = index.cast_signed();
    // SAFETY: the kernel writes a name into the structure that is lent.
    unsafe { libc::ioctl(socket, libc::SIOCGIFNAME, &raw mut asked) };
    let name = asked.ifr_name.iter().map(|byte| byte.cast_unsigned());
    name.take_while(|byte| *byte != 0).collect()
}

/// One `send`.
pub fn send(fd: Fd, message: &[u8]) -> bool {
    // SAFETY: the bytes are only read, and outlive the call.
    unsafe { libc::send(fd, message.as_ptr().cast(), message.len(), 0) >= 0 }
}

/// One `recv`.
pub fn receive(fd: Fd, buffer: &mut [u8]) -> usize {
    // SAFETY: at most `buffer.len()` bytes are written into `buffer`.
    let got = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(got).unwrap_or(0)
}

/// Nanoseconds that another process has been on a CPU, as the scheduler counts; 0 if it has gone.
#[must_use]
pub fn clock_of(pid: u32) -> u64 {
    let clock = (!pid.cast_signed() << 3) | 2;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the record, which outlives the call.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Nanoseconds that this process has been on a CPU.
#[must_use]
pub fn on_cpu() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the record, which outlives the call.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// Has this process ended when its parent ends, however that comes about.
pub fn end_with_parent() {
    // SAFETY: takes numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
}

/// Becomes another user.
pub fn become_user(id: u32) -> bool {
    // SAFETY: an empty list needs no memory.
    let groups = unsafe { libc::setgroups(0, std::ptr::null()) };
    // SAFETY: takes a number.
    let group = unsafe { libc::setgid(id) };
    // SAFETY: takes a number.
    let user = unsafe { libc::setuid(id) };
    groups == 0 && group == 0 && user == 0
}

/// The user this process is.
pub fn user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::getuid() }
}

/// Stops this process.
pub fn stop() {
    // SAFETY: takes a number.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Makes mappings that do not grow together, each of so many pages that are all there.
pub fn make_mappings(count: usize, pages: usize) -> bool {
    let page = 4096;
    let length = count * pages * page;
    let (access, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping at a place of the kernel's choice.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return false;
    }
    // SAFETY: a hint about the mapping just made; its failure changes nothing.
    unsafe { libc::madvise(start, length, libc::MADV_NOHUGEPAGE) };
    for at in (0..length).step_by(page) {
        // SAFETY: `at` is inside of the mapping.
        let place = unsafe { start.cast::<u8>().add(at) };
        // SAFETY: the mapping can be written to, and nobody else knows of it.
        unsafe { place.write_volatile(1) };
    }
    (0..count).step_by(2).all(|which| {
        // SAFETY: inside of the mapping.
        let place = unsafe { start.cast::<u8>().add(which * pages * page) };
        // SAFETY: whole pages of the mapping, to which nothing is written any more.
        unsafe { libc::mprotect(place.cast(), pages * page, libc::PROT_READ) == 0 }
    })
}
