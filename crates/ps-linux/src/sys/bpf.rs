//! Programs in the kernel: loading them, attaching them, reading what they write.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::stat::Mode;
use nix::sys::statfs::{BPF_FS_MAGIC, fstatfs};

/// Commands of `bpf(2)`.
mod command {
    pub(super) const MAP_CREATE: i32 = 0;
    pub(super) const PROG_LOAD: i32 = 5;
    pub(super) const OBJ_PIN: i32 = 6;
    pub(super) const LINK_CREATE: i32 = 28;
    pub(super) const ITER_CREATE: i32 = 33;
}

/// BPF_TRACE_ITER.
const ITERATOR: u32 = 28;

/// The first fields of `union bpf_attr` for each command; kernels take those that they do not know if they are 0.
#[repr(C)]
#[derive(Default)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
}

#[repr(C)]
#[derive(Default)]
struct ProgLoad {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
    kern_version: u32,
    prog_flags: u32,
    prog_name: [u8; 16],
    prog_ifindex: u32,
    expected_attach_type: u32,
    prog_btf_fd: u32,
    func_info_rec_size: u32,
    func_info: u64,
    func_info_cnt: u32,
    line_info_rec_size: u32,
    line_info: u64,
    line_info_cnt: u32,
    attach_btf_id: u32,
}

#[repr(C)]
#[derive(Default)]
struct LinkCreate {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_len: u32,
    /// No field: what makes the record a multiple of eight bytes.
    end: u32,
}

#[repr(C)]
#[derive(Default)]
struct IterCreate {
    link_fd: u32,
    flags: u32,
}

#[repr(C)]
#[derive(Default)]
struct ObjPin {
    pathname: u64,
    bpf_fd: u32,
    file_flags: u32,
}

const _: () = assert!(size_of::<ProgLoad>() == 112 && size_of::<MapCreate>() == 24);
const _: () = assert!(size_of::<LinkCreate>() == 32 && size_of::<ObjPin>() == 16);

/// Plain numbers in the form of one of the commands.
trait Attributes {}
impl Attributes for MapCreate {}
impl Attributes for ProgLoad {}
impl Attributes for LinkCreate {}
impl Attributes for IterCreate {}
impl Attributes for ObjPin {}

/// What addresses in `attributes` lead to has to outlive the call.
fn call<A: Attributes>(command: i32, attributes: &A) -> io::Result<RawFd> {
    let at: *const A = attributes;
    // SAFETY: the kernel reads as many bytes as it is told from `attributes`, which is borrowed for the call and has no
    // padding. It follows the addresses in it as far as the lengths beside them say, which callers make of slices and
    // strings that they borrow during the call.
    let done = unsafe { libc::syscall(libc::SYS_bpf, command, at, size_of::<A>()) };
    // What a call gives is as wide as the machine's words.
    #[allow(clippy::useless_conversion)]
    i32::try_from(done).ok().filter(|done| *done >= 0).ok_or_else(io::Error::last_os_error)
}

fn owned(fd: RawFd) -> OwnedFd {
    // SAFETY: only the results of commands that make a descriptor come here; it is new, closed on exec, and nobody else
    // owns it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().unsigned_abs()
}

fn address<T>(of: *const T) -> u64 {
    u64::try_from(of.addr()).unwrap_or(0)
}

/// What a map is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Array {
    /// One entry.
    One,
    /// One for each processor.
    ForEachCpu,
    /// So many.
    Of(u32),
}

/// An array of entries of so many bytes.
pub(crate) fn map(array: Array, entry: u32) -> io::Result<OwnedFd> {
    const ARRAY: u32 = 2;
    const PER_CPU_ARRAY: u32 = 6;
    let (map_type, max_entries) = match array {
        Array::One => (ARRAY, 1),
        Array::ForEachCpu => (PER_CPU_ARRAY, 1),
        Array::Of(many) => (ARRAY, many),
    };
    let attributes =
        MapCreate { map_type, key_size: 4, value_size: entry, max_entries, ..MapCreate::default() };
    call(command::MAP_CREATE, &attributes).map(owned)
}

/// Loads a program that stands in for a function through which the kernel iterates over something.
pub(crate) fn load_iterator(instructions: &[u8], function: u32) -> io::Result<OwnedFd> {
    const TRACING: u32 = 26;
    const LICENSE: &CStr = c"Dual MIT/GPL";
    let attributes = ProgLoad {
        prog_type: TRACING,
        insn_cnt: u32::try_from(instructions.len() / 8).unwrap_or(u32::MAX),
        insns: address(instructions.as_ptr()),
        license: address(LICENSE.as_ptr()),
        prog_name: *b"ps_scan\0\0\0\0\0\0\0\0\0",
        expected_attach_type: ITERATOR,
        attach_btf_id: function,
        ..ProgLoad::default()
    };
    // A signal that waits for the caller interrupts the look that the kernel takes at the program. That takes tens of
    // milliseconds: where children of other threads keep ending, each try would be interrupted.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let mut loaded = call(command::PROG_LOAD, &attributes);
    // What cannot be held back, as being stopped.
    for _ in 0..10 {
        match &loaded {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => break,
        }
        loaded = call(command::PROG_LOAD, &attributes);
    }
    let loaded = loaded.map(owned);
    if let Ok(mask) = mask {
        mask.thread_set_mask()?;
    }
    loaded
}

/// Makes a loaded program an iterator that can be opened again and again; over a map, if there is one.
pub(crate) fn attach_iterator(
    program: BorrowedFd<'_>,
    map: Option<BorrowedFd<'_>>,
) -> io::Result<OwnedFd> {
    let over = map.map(number);
    let mut attributes =
        LinkCreate { prog_fd: number(program), attach_type: ITERATOR, ..LinkCreate::default() };
    if let Some(over) = &over {
        attributes.iter_info = address(over);
        attributes.iter_info_len = 4;
    }
    call(command::LINK_CREATE, &attributes).map(owned)
}

/// Opens an iterator: what its program writes can be read from the beginning, once.
pub(crate) fn open_iterator(link: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    call(command::ITER_CREATE, &IterCreate { link_fd: number(link), flags: 0 }).map(owned)
}

/// Gives an iterator a name in the file system of BPF, which keeps it after this process has ended.
pub(crate) fn pin(link: BorrowedFd<'_>, path: &CStr) -> io::Result<()> {
    let attributes =
        ObjPin { pathname: address(path.as_ptr()), bpf_fd: number(link), file_flags: 0 };
    call(command::OBJ_PIN, &attributes).map(drop)
}

/// Opens an iterator by its name. What is not in a file system of BPF is none.
pub(crate) fn open_pinned(path: &CStr) -> io::Result<OwnedFd> {
    // Whatever else has that name is not waited for.
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let opened = nix::fcntl::open(path, flags, Mode::empty())?;
    match fstatfs(&opened)?.filesystem_type() == BPF_FS_MAGIC {
        true => Ok(opened),
        false => Err(io::ErrorKind::Unsupported.into()),
    }
}
