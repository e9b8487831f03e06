//! Descriptors and sockets of processes, from `kern.proc.filedesc` and `kern.file`.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ps_core::net::Connection;
use ps_core::process::{Descriptor, DescriptorDetails, DescriptorKind, OpenMode, Pid};
use ps_core::raw::{Record as _, Value as _, packed};
use ps_core::{Error, Result};

use crate::decode::freebsd::net::{FAMILIES, TcpStates};
use crate::decode::net::{endpoint, socket_type};
use crate::decode::process::{OpenDescriptor, pid};
use crate::decode::too_short;
use crate::raw::freebsd::files::{self as raw, KinfoFile, KinfoFileKfSock, Xfile};

/// The entries of an answer of `kern.proc.filedesc`.
fn entries(answer: &[u8]) -> impl Iterator<Item = Result<KinfoFile>> {
    raw::files(answer).map(|entry| entry.map_err(|short| too_short(&short)))
}

/// The path of a directory that a process has without a descriptor (`KF_FD_TYPE_CWD`, `KF_FD_TYPE_ROOT`); empty if
/// the kernel does not know it.
///
/// # Errors
///
/// An entry that makes no sense.
pub fn special_path(answer: &[u8], which: i32) -> Result<Vec<u8>> {
    for entry in entries(answer) {
        let entry = entry?;
        if entry.kf_fd == which {
            return Ok(entry.path().to_vec());
        }
    }
    Ok(Vec::new())
}

/// The descriptors of an answer of `kern.proc.filedesc`. Entries with a number below 0 are the current directory, the
/// root, the program and the terminal: no descriptors.
///
/// # Errors
///
/// Each entry that makes no sense is one.
pub fn descriptor<'a>(
    answer: &'a [u8],
    states: &'a TcpStates,
) -> impl Iterator<Item = Result<OpenDescriptor>> + 'a {
    entries(answer)
        .filter(|entry| entry.as_ref().map_or(true, |entry| entry.kf_fd >= 0))
        .map(|entry| entry.map(|entry| opened(&entry, states)))
}

fn opened(entry: &KinfoFile, states: &TcpStates) -> OpenDescriptor {
    let mut descriptor = Descriptor::new(entry.kf_fd, kind(entry));
    let path = entry.path();
    descriptor.path = (!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path)));
    descriptor.position = u64::try_from(entry.kf_offset).ok();
    descriptor.flags = Some(open_flags(entry.kf_flags));
    let has = |flag: i32| entry.kf_flags & flag != 0;
    if has(raw::KF_FLAG_READ) || has(raw::KF_FLAG_WRITE) {
        let (reads, writes) = (has(raw::KF_FLAG_READ), has(raw::KF_FLAG_WRITE));
        descriptor.open_mode = Some(OpenMode::of(reads, writes, has(raw::KF_FLAG_APPEND)));
    }
    if let Some(file) = file(entry) {
        descriptor.device = Some(file.kf_file_fsid);
        descriptor.inode = Some(file.kf_file_fileid);
        descriptor.special_device =
            (file.kf_file_rdev.cast_signed() != -1).then_some(file.kf_file_rdev);
        descriptor.file_mode = Some(u32::from(file.kf_file_mode));
        descriptor.size = Some(file.kf_file_size);
    }
    descriptor.details = details(entry, states);
    OpenDescriptor { descriptor, regular: is_regular(entry) }
}

/// What is known of a file or a pipe with a name; `None` for others, and where the kernel could not ask.
fn file(entry: &KinfoFile) -> Option<raw::KinfoFileKfFile> {
    let known = i32::from(entry.kf_status) & raw::KF_ATTR_VALID != 0;
    let named_pipe = entry.kf_type == raw::KF_TYPE_FIFO && known;
    entry.vnode().or_else(|| named_pipe.then(|| entry.kf_un.read().ok())?)
}

/// Whether an entry stands for a regular file. The kernel tells the type of a file even where it could not ask the
/// file system for the rest.
fn is_regular(entry: &KinfoFile) -> bool {
    let file = || entry.kf_un.read::<raw::KinfoFileKfFile>().ok();
    entry.kf_type == raw::KF_TYPE_VNODE
        && file().is_some_and(|file| file.kf_file_type == raw::KF_VTYPE_VREG)
}

fn kind(entry: &KinfoFile) -> DescriptorKind {
    match entry.kf_type {
        raw::KF_TYPE_VNODE | raw::KF_TYPE_PTS | raw::KF_TYPE_DEV => DescriptorKind::File,
        raw::KF_TYPE_SOCKET => DescriptorKind::Socket,
        raw::KF_TYPE_PIPE => DescriptorKind::Pipe,
        raw::KF_TYPE_FIFO => DescriptorKind::Fifo,
        raw::KF_TYPE_KQUEUE => DescriptorKind::Kqueue,
        raw::KF_TYPE_PROCDESC => DescriptorKind::ProcDesc,
        raw::KF_TYPE_EVENTFD => DescriptorKind::EventFd,
        raw::KF_TYPE_TIMERFD => DescriptorKind::TimerFd,
        raw::KF_TYPE_INOTIFY => DescriptorKind::Inotify,
        _ => DescriptorKind::Unknown,
    }
}

fn details(entry: &KinfoFile, states: &TcpStates) -> DescriptorDetails {
    match entry.kf_type {
        raw::KF_TYPE_SOCKET => entry
            .socket()
            .and_then(|socket| connection(&socket, entry.path(), states))
            .map_or(DescriptorDetails::None, DescriptorDetails::Socket),
        raw::KF_TYPE_PIPE => match entry.kf_un.read::<raw::KinfoFileKfPipe>() {
            Ok(pipe) => DescriptorDetails::Pipe {
                id: pipe.kf_pipe_addr,
                peer: Some(pipe.kf_pipe_peer).filter(|peer| *peer != 0),
                used: Some(u64::from(pipe.kf_pipe_buffer_cnt)),
                capacity: Some(u64::from(pipe.kf_pipe_buffer_size)).filter(|size| *size != 0),
            },
            Err(_) => DescriptorDetails::None,
        },
        raw::KF_TYPE_PROCDESC => match entry.kf_un.read::<raw::KinfoFileKfProc>() {
            Ok(process) => DescriptorDetails::Process { pid: pid(process.kf_pid) },
            Err(_) => DescriptorDetails::None,
        },
        raw::KF_TYPE_EVENTFD => match entry.kf_un.read::<raw::KinfoFileKfEventfd>() {
            Ok(event) => DescriptorDetails::EventFd { count: event.kf_eventfd_value },
            Err(_) => DescriptorDetails::None,
        },
        raw::KF_TYPE_KQUEUE => match entry.kf_un.read::<raw::KinfoFileKfKqueue>() {
            Ok(queue) => DescriptorDetails::Kqueue {
                pending: u64::try_from(queue.kf_kqueue_count).unwrap_or(0),
            },
            Err(_) => DescriptorDetails::None,
        },
        _ => DescriptorDetails::None,
    }
}

/// Flags as the entries have them, beside those that `open` takes. Read and write are no flags of their own there.
const OPEN_FLAGS: &[(i32, i32)] = &[
    (raw::KF_FLAG_APPEND, raw::O_APPEND),
    (raw::KF_FLAG_ASYNC, raw::O_ASYNC),
    (raw::KF_FLAG_FSYNC, raw::O_FSYNC),
    (raw::KF_FLAG_NONBLOCK, raw::O_NONBLOCK),
    (raw::KF_FLAG_DIRECT, raw::O_DIRECT),
    (raw::KF_FLAG_SHLOCK, raw::O_SHLOCK),
    (raw::KF_FLAG_EXLOCK, raw::O_EXLOCK),
    (raw::KF_FLAG_NOFOLLOW, raw::O_NOFOLLOW),
    (raw::KF_FLAG_CREAT, raw::O_CREAT),
    (raw::KF_FLAG_TRUNC, raw::O_TRUNC),
    (raw::KF_FLAG_EXCL, raw::O_EXCL),
    (raw::KF_FLAG_EXEC, raw::O_EXEC),
];

fn open_flags(flags: i32) -> u32 {
    let access = match (flags & raw::KF_FLAG_READ != 0, flags & raw::KF_FLAG_WRITE != 0) {
        (true, true) => raw::O_RDWR,
        (false, true) => raw::O_WRONLY,
        _ => raw::O_RDONLY,
    };
    let known = OPEN_FLAGS.iter().filter(|(ours, _)| flags & ours != 0);
    known.fold(access, |all, (_, flag)| all | flag).cast_unsigned()
}

/// A socket of a process; `None` for a family that is not listed.
fn connection(socket: &KinfoFileKfSock, path: &[u8], states: &TcpStates) -> Option<Connection> {
    let family = FAMILIES.of_socket(socket.kf_sock_domain0)?;
    let mut connection = Connection::new(family, socket_type(socket.kf_sock_type0));
    connection.local = endpoint(&socket.kf_sa_local.to_bytes(), &FAMILIES)
        .or_else(|| crate::decode::net::path(path).filter(|_| family == UNIX));
    connection.remote = endpoint(&socket.kf_sa_peer.to_bytes(), &FAMILIES);
    connection.status = states.of(socket.kf_sock_pcb, socket.kf_sock_protocol0, family);
    connection.inode = Some(socket.kf_sock_pcb).filter(|pcb| *pcb != 0);
    Some(connection)
}

const UNIX: ps_core::net::SocketFamily = ps_core::net::SocketFamily::Unix;

/// The sockets of an answer of `kern.proc.filedesc`, as those of `process`.
///
/// # Errors
///
/// An entry that makes no sense.
pub fn sockets(answer: &[u8], states: &TcpStates, process: Pid) -> Result<Vec<Connection>> {
    let mut sockets = Vec::new();
    for entry in entries(answer) {
        let entry = entry?;
        let socket = entry.socket().filter(|_| entry.kf_fd >= 0);
        if let Some(mut found) = socket.and_then(|socket| connection(&socket, entry.path(), states))
        {
            found.pid = Some(process);
            found.fd = Some(entry.kf_fd);
            sockets.push(found);
        }
    }
    Ok(sockets)
}

/// The open files of an answer of `kern.file`. Each states how long it is.
fn open_files(answer: &[u8]) -> impl Iterator<Item = Result<Xfile>> {
    packed(answer, |rest| usize::try_from(u64::load(rest)).ok())
        .map(|entry| Xfile::from_bytes(entry).map_err(|short| too_short(&short)))
}

/// How many descriptors each process has open, of an answer of `kern.file`, added to `counts`.
///
/// # Errors
///
/// An entry that makes no sense.
pub fn descriptor_counts(
    answer: &[u8],
    counts: &mut HashMap<Pid, u32>,
) -> std::result::Result<(), Error> {
    for file in open_files(answer) {
        let file = file?;
        if let Some(pid) = pid(file.xf_pid).filter(|_| file.xf_fd >= 0) {
            let count = counts.entry(pid).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(())
}

/// Which descriptors of which processes stand for a socket, by its address in the kernel, of an answer of `kern.file`.
/// Several can stand for one. Where the kernel keeps addresses to itself nobody is taken for the owner of all.
///
/// # Errors
///
/// An entry that makes no sense.
pub fn socket_owners(answer: &[u8]) -> Result<HashMap<u64, Vec<(Pid, i32)>>> {
    let mut owners = HashMap::<u64, Vec<(Pid, i32)>>::new();
    for file in open_files(answer) {
        let file = file?;
        let socket = i32::from(file.xf_type) == raw::DTYPE_SOCKET && file.xf_data != 0;
        if let Some(pid) = pid(file.xf_pid).filter(|_| socket && file.xf_fd >= 0) {
            owners.entry(file.xf_data).or_default().push((pid, file.xf_fd));
        }
    }
    Ok(owners)
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use proptest::prelude::*;
    use ps_core::net::{ConnectionStatus, SocketFamily, SocketType};

    use super::*;

    const FILES: &[u8] = include_bytes!("../../../../fixtures/records/freebsd-files.bin");

    /// The fixture with every entry cut to the length it states, as the kernel does.
    fn answer() -> Vec<u8> {
        let entry = |whole: &[u8]| {
            let length = usize::try_from(i32::load(whole)).expect("a length");
            whole[..length].to_vec()
        };
        FILES.chunks(KinfoFile::LAYOUT.size).flat_map(entry).collect()
    }

    fn all(answer: &[u8], states: &TcpStates) -> Vec<OpenDescriptor> {
        descriptor(answer, states).map(|one| one.expect("makes sense")).collect()
    }

    #[test]
    fn the_current_directory_is_no_descriptor_but_has_a_path() {
        let answer = answer();
        let states = TcpStates::default();
        let numbers: Vec<i32> = all(&answer, &states).iter().map(|one| one.descriptor.fd).collect();
        assert_eq!(numbers, [3, 4], "one of the references counts those below 0 as well");
        assert_eq!(special_path(&answer, raw::KF_FD_TYPE_CWD).expect("reads"), b"/home/jo");
        assert_eq!(special_path(&answer, raw::KF_FD_TYPE_ROOT).expect("reads"), b"");
    }

    #[test]
    fn a_regular_file_is_told_with_its_flags_and_place() {
        let found = all(&answer(), &TcpStates::default());
        let file = &found[0];
        assert!(file.regular && !found[1].regular);
        let file = &file.descriptor;
        assert_eq!(
            file.path.as_ref().map(|path| path.as_os_str().as_bytes()),
            Some(&b"/var/log/a\xff b"[..])
        );
        assert_eq!((file.position, file.size), (Some(0x1_0000_0001), Some(0x2_0000_0002)));
        assert_eq!((file.inode, file.device), (Some(77), Some(0x1122_3344_5566_7788)));
        assert_eq!((file.flags, file.open_mode), (Some(2), Some(OpenMode::ReadWrite)));
        assert_eq!(file.file_mode, Some(0o100_644));
        let socket = &found[1].descriptor;
        assert_eq!((socket.position, socket.open_mode, &socket.path), (None, None, &None));
    }

    /// The regular file of the fixture.
    fn regular() -> KinfoFile {
        KinfoFile::from_prefix(&FILES[KinfoFile::LAYOUT.size..])
    }

    /// An entry of a type, with its part of the union.
    fn entry_of(kind: i32, part: &[u8]) -> KinfoFile {
        let mut entry = KinfoFile::zeroed();
        entry.kf_type = kind;
        entry.kf_un.0[..part.len()].copy_from_slice(part);
        entry
    }

    #[test]
    fn what_a_descriptor_may_do_is_in_its_flags() {
        let table = [
            (raw::KF_FLAG_READ, Some(OpenMode::Read)),
            (raw::KF_FLAG_WRITE, Some(OpenMode::Write)),
            (raw::KF_FLAG_WRITE | raw::KF_FLAG_APPEND, Some(OpenMode::Append)),
            (raw::KF_FLAG_READ | raw::KF_FLAG_WRITE, Some(OpenMode::ReadWrite)),
            (raw::KF_FLAG_NONBLOCK, None),
        ];
        for (flags, expected) in table {
            let mut entry = regular();
            entry.kf_flags = flags;
            let found = opened(&entry, &TcpStates::default());
            assert_eq!(found.descriptor.open_mode, expected, "{flags:#x}");
        }
    }

    #[test]
    fn only_a_device_stands_for_one() {
        let device = |rdev| {
            let mut file = regular().vnode().expect("a file");
            file.kf_file_rdev = rdev;
            let mut entry = regular();
            entry.kf_un.0[..file.to_bytes().len()].copy_from_slice(&file.to_bytes());
            opened(&entry, &TcpStates::default()).descriptor.special_device
        };
        // All ones are `NODEV`.
        assert_eq!((device(u64::MAX), device(0x34), device(1)), (None, Some(0x34), Some(1)));
    }

    #[test]
    fn types_of_files_are_numbered_as_the_header_says() {
        let kinds = [
            (0, DescriptorKind::Unknown),
            (1, DescriptorKind::File),
            (2, DescriptorKind::Socket),
            (3, DescriptorKind::Pipe),
            (4, DescriptorKind::Fifo),
            (5, DescriptorKind::Kqueue),
            (7, DescriptorKind::Unknown),
            (10, DescriptorKind::File),
            (11, DescriptorKind::ProcDesc),
            (12, DescriptorKind::File),
            (13, DescriptorKind::EventFd),
            (14, DescriptorKind::TimerFd),
            (15, DescriptorKind::Inotify),
            (255, DescriptorKind::Unknown),
        ];
        for (number, expected) in kinds {
            assert_eq!(kind(&entry_of(number, &[])), expected, "{number}");
        }
    }

    #[test]
    fn each_type_of_file_has_its_part_of_the_union() {
        let states = TcpStates::default();
        let of = |kind, part: Vec<u8>| details(&entry_of(kind, &part), &states);
        let mut pipe = raw::KinfoFileKfPipe::zeroed();
        (pipe.kf_pipe_addr, pipe.kf_pipe_buffer_cnt) = (0x10, 5);
        assert_eq!(
            of(raw::KF_TYPE_PIPE, pipe.to_bytes()),
            DescriptorDetails::Pipe { id: 0x10, peer: None, used: Some(5), capacity: None }
        );
        (pipe.kf_pipe_peer, pipe.kf_pipe_buffer_size) = (0x20, 16_384);
        assert_eq!(
            of(raw::KF_TYPE_PIPE, pipe.to_bytes()),
            DescriptorDetails::Pipe {
                id: 0x10,
                peer: Some(0x20),
                used: Some(5),
                capacity: Some(16_384)
            }
        );
        let mut process = raw::KinfoFileKfProc::zeroed();
        process.kf_pid = 77;
        assert_eq!(
            of(raw::KF_TYPE_PROCDESC, process.to_bytes()),
            DescriptorDetails::Process { pid: Pid::new(77) }
        );
        let mut event = raw::KinfoFileKfEventfd::zeroed();
        event.kf_eventfd_value = 9;
        assert_eq!(
            of(raw::KF_TYPE_EVENTFD, event.to_bytes()),
            DescriptorDetails::EventFd { count: 9 }
        );
        let mut queue = raw::KinfoFileKfKqueue::zeroed();
        queue.kf_kqueue_count = 3;
        assert_eq!(
            of(raw::KF_TYPE_KQUEUE, queue.to_bytes()),
            DescriptorDetails::Kqueue { pending: 3 }
        );
        assert_eq!(of(raw::KF_TYPE_VNODE, vec![]), DescriptorDetails::None);
    }

    #[test]
    fn a_local_socket_has_the_path_of_its_entry_and_its_control_block_for_a_number() {
        let mut socket = KinfoFileKfSock::zeroed();
        (socket.kf_sock_domain0, socket.kf_sock_type0) = (FAMILIES.unix, 1);
        let states = TcpStates::default();
        let of = |socket: &KinfoFileKfSock, path: &[u8]| {
            let mut entry = entry_of(raw::KF_TYPE_SOCKET, &socket.to_bytes());
            entry.kf_path[..path.len()].copy_from_slice(path);
            match opened(&entry, &states).descriptor.details {
                DescriptorDetails::Socket(connection) => connection,
                other => panic!("{other:?} is no socket"),
            }
        };
        let hidden = of(&socket, b"/tmp/x");
        assert_eq!(hidden.local.map(|end| end.to_string()).as_deref(), Some("/tmp/x"));
        assert_eq!(hidden.inode, None);
        (socket.kf_sock_domain0, socket.kf_sock_pcb) = (FAMILIES.inet, 0x1000);
        let bare = of(&socket, b"/tmp/x");
        assert_eq!((bare.local, bare.inode), (None, Some(0x1000)));
    }

    #[test]
    fn a_file_that_the_kernel_could_not_ask_about_is_still_a_regular_one() {
        let mut entry = regular();
        entry.kf_status = 0;
        let found = opened(&entry, &TcpStates::default());
        assert!(found.regular);
        assert_eq!((found.descriptor.file_mode, found.descriptor.size), (None, None));
    }

    #[test]
    fn a_pipe_with_a_name_is_told_like_a_file_and_is_no_regular_one() {
        let mut entry = regular();
        entry.kf_type = raw::KF_TYPE_FIFO;
        let found = opened(&entry, &TcpStates::default());
        assert_eq!((found.regular, found.descriptor.kind), (false, DescriptorKind::Fifo));
        assert_eq!(found.descriptor.inode, Some(77));
        entry.kf_status = 0;
        assert_eq!(opened(&entry, &TcpStates::default()).descriptor.inode, None);
        // What stands there of a socket is no file, however valid it is.
        (entry.kf_type, entry.kf_status) = (raw::KF_TYPE_SOCKET, 1);
        assert_eq!(opened(&entry, &TcpStates::default()).descriptor.inode, None);
    }

    #[test]
    fn the_state_of_a_socket_comes_from_the_table_by_its_control_block() {
        let answer = answer();
        let states = TcpStates::from([(0xffff_f800_0000_1000, 4)]);
        let sockets = sockets(&answer, &states, Pid::ZERO).expect("reads");
        assert_eq!(sockets.len(), 1);
        assert_eq!(sockets[0].status, Some(ConnectionStatus::Established));
        assert_eq!(
            (sockets[0].family, sockets[0].socket_type),
            (SocketFamily::Inet, SocketType::Stream)
        );
        assert_eq!((sockets[0].fd, sockets[0].pid), (Some(4), Some(Pid::ZERO)));
        assert_eq!((&sockets[0].local, &sockets[0].remote), (&None, &None), "bound to no port");
    }

    #[test]
    fn flags_are_those_that_open_takes() {
        assert_eq!(open_flags(raw::KF_FLAG_READ), 0);
        assert_eq!(open_flags(raw::KF_FLAG_WRITE | raw::KF_FLAG_APPEND), 1 | 8);
        assert_eq!(
            open_flags(raw::KF_FLAG_READ | raw::KF_FLAG_WRITE | raw::KF_FLAG_NONBLOCK),
            2 | 4
        );
        assert_eq!(open_flags(-1) & 3, 2);
    }

    fn file(pid: i32, fd: i32, kind: i16, data: u64) -> Vec<u8> {
        let mut file = Xfile::zeroed();
        (file.xf_size, file.xf_pid, file.xf_fd) = (128, pid, fd);
        (file.xf_type, file.xf_data) = (kind, data);
        file.to_bytes()
    }

    #[test]
    fn one_answer_counts_the_descriptors_of_all() {
        let answer =
            [file(1, 0, 1, 5), file(1, 1, 2, 6), file(9, 0, 1, 7), file(-1, 0, 1, 8)].concat();
        let mut counts = HashMap::new();
        descriptor_counts(&answer, &mut counts).expect("reads");
        let count = |number| counts.get(&Pid::new(number).expect("in range")).copied();
        assert_eq!((count(1), count(9), counts.len()), (Some(2), Some(1), 2));
    }

    #[test]
    fn several_descriptors_can_share_a_socket_and_hidden_addresses_have_no_owner() {
        let answer =
            [file(1, 3, 2, 0x10), file(2, 4, 2, 0x10), file(3, 5, 2, 0), file(4, 6, 1, 0x20)]
                .concat();
        let owners = socket_owners(&answer).expect("reads");
        assert_eq!(owners.len(), 1);
        assert_eq!(owners[&0x10].iter().map(|(_, fd)| *fd).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn an_entry_shorter_than_its_record_is_an_error() {
        let mut short = file(1, 0, 1, 5);
        short.truncate(64);
        short[..8].copy_from_slice(&64_u64.to_ne_bytes());
        assert!(descriptor_counts(&short, &mut HashMap::new()).is_err());
        let mut entry = FILES[..200].to_vec();
        entry[..4].copy_from_slice(&200_i32.to_ne_bytes());
        assert!(descriptor(&entry, &TcpStates::default()).next().expect("one").is_err());
        assert!(special_path(&entry, -1).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_an_entry_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 400..1500),
            kind in 0..17_i32,
        ) {
            let length = i32::try_from(bytes.len()).expect("small");
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            bytes[4..8].copy_from_slice(&kind.to_ne_bytes());
            bytes[11] &= 0x7f;
            let states = TcpStates::default();
            for found in descriptor(&bytes, &states) {
                prop_assert!(found.is_ok_and(|one| one.descriptor.fd >= 0));
            }
            let _ = sockets(&bytes, &states, Pid::ZERO);
            bytes[..8].copy_from_slice(&128_u64.to_ne_bytes());
            let _ = (descriptor_counts(&bytes, &mut HashMap::new()), socket_owners(&bytes));
        }
    }
}
