//! Open files and sockets (`kern.file`): everything about them is in one record.

use std::collections::HashMap;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionQuery, Endpoint, SocketFamily};
use ps_core::process::{Descriptor, DescriptorDetails, DescriptorKind, OpenMode, Pid, Uid};
use ps_core::raw::{Record, each};

use crate::decode::net::{Families, inet, inet6, path, socket_type, tcp_status};
use crate::decode::process::{OpenDescriptor, open_flags};
use crate::decode::too_short;
use crate::raw::openbsd::files::{
    DTYPE_KQUEUE, DTYPE_PIPE, DTYPE_SOCKET, DTYPE_VNODE, FREAD, FWRITE, KERN_FILE_TEXT, KinfoFile,
    O_APPEND, UF_EXCLOSE,
};
use crate::raw::openbsd::net::{AF_INET, AF_INET6, AF_LINK, AF_UNIX, IPPROTO_TCP};

/// The size of a record, which is part of the question.
pub const STRIDE: usize = KinfoFile::LAYOUT.size;

/// The numbers of the address families.
pub const FAMILIES: Families =
    Families { unix: AF_UNIX, inet: AF_INET, inet6: AF_INET6, link: AF_LINK };

/// The type of a file is in the mode.
const FILE_TYPE: u32 = 0o170_000;
const FIFO: u32 = 0o010_000;

/// The records in an answer.
pub fn files(answer: &[u8]) -> impl Iterator<Item = Result<KinfoFile>> + '_ {
    each(answer, STRIDE).map(|record| record.map_err(|short| too_short(&short)))
}

/// The device and number of the file that a process runs, from the answer about its files.
pub fn program(answer: &[u8]) -> Result<Option<(u32, u64)>> {
    for file in files(answer) {
        let file = file?;
        if file.fd_fd == KERN_FILE_TEXT {
            // Numbers of zero stand where the file system did not tell.
            return Ok((file.va_fileid != 0).then_some((file.va_fsid, file.va_fileid)));
        }
    }
    Ok(None)
}

/// How many descriptors each process has open. What a process merely stands in, runs or is traced to has a number
/// below zero and is none.
pub fn count(answer: &[u8], counts: &mut HashMap<Pid, u32>) -> Result<()> {
    for file in files(answer) {
        let file = file?;
        if let Some(pid) = Pid::new(file.p_pid).filter(|_| file.fd_fd >= 0) {
            let count = counts.entry(pid).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(())
}

/// A descriptor; `None` of an entry that is none.
#[must_use]
pub fn descriptor(file: &KinfoFile) -> Option<Descriptor> {
    if file.fd_fd < 0 {
        return None;
    }
    let kind = match file.f_type.cast_signed() {
        DTYPE_VNODE if file.va_mode & FILE_TYPE == FIFO => DescriptorKind::Fifo,
        DTYPE_VNODE => DescriptorKind::File,
        DTYPE_SOCKET => DescriptorKind::Socket,
        DTYPE_PIPE => DescriptorKind::Pipe,
        DTYPE_KQUEUE => DescriptorKind::Kqueue,
        _ => DescriptorKind::Unknown,
    };
    let mut found = Descriptor::new(file.fd_fd, kind);
    // -1 for the files of others, of which the kernel does not tell the position.
    found.position = (file.f_offset != u64::MAX).then_some(file.f_offset);
    let flags = file.f_flag.cast_signed();
    found.flags = Some(open_flags(file.f_flag));
    found.open_mode =
        Some(OpenMode::of(flags & FREAD != 0, flags & FWRITE != 0, flags & O_APPEND != 0));
    found.close_on_exec = Some(file.fd_ofileflags.cast_signed() & UF_EXCLOSE != 0);
    match kind {
        // A mode of zero stands where the file system did not tell.
        DescriptorKind::File | DescriptorKind::Fifo if file.va_mode != 0 => {
            found.device = Some(file.va_fsid.into());
            found.inode = Some(file.va_fileid);
            found.file_mode = Some(file.va_mode);
            found.size = Some(file.va_size);
            found.special_device = special_device(file);
        }
        DescriptorKind::Socket => {
            if let Some(connection) = connection(file) {
                found.details = DescriptorDetails::Socket(connection);
            }
        }
        // Addresses of the kernel are for the superuser only; they are zero for others.
        DescriptorKind::Pipe if file.f_data != 0 => {
            let peer = (file.pipe_peer != 0).then_some(file.pipe_peer);
            found.details =
                DescriptorDetails::Pipe { id: file.f_data, peer, used: None, capacity: None };
        }
        DescriptorKind::Kqueue => {
            found.details = DescriptorDetails::Kqueue { pending: file.kq_count.into() };
        }
        _ => {}
    }
    Some(found)
}

/// The descriptors in an answer, by ascending number.
pub fn descriptors(answer: &[u8]) -> Result<Vec<OpenDescriptor>> {
    const REGULAR: u32 = 0o100_000;
    let mut all = Vec::new();
    for file in files(answer) {
        let file = file?;
        let regular =
            file.f_type.cast_signed() == DTYPE_VNODE && file.va_mode & FILE_TYPE == REGULAR;
        all.extend(descriptor(&file).map(|descriptor| OpenDescriptor { descriptor, regular }));
    }
    all.sort_unstable_by_key(|one| one.descriptor.fd);
    Ok(all)
}

/// Only files that are devices stand for one.
fn special_device(file: &KinfoFile) -> Option<u64> {
    const CHARACTERS: u32 = 0o020_000;
    const BLOCKS: u32 = 0o060_000;
    matches!(file.va_mode & FILE_TYPE, CHARACTERS | BLOCKS).then_some(file.va_rdev.into())
}

/// A socket; `None` of an entry that is none, or of a family that is not listed.
#[must_use]
pub fn connection(file: &KinfoFile) -> Option<Connection> {
    if file.f_type.cast_signed() != DTYPE_SOCKET {
        return None;
    }
    let family = FAMILIES.of_socket(file.so_family.cast_signed())?;
    let mut socket = Connection::new(family, socket_type(file.so_type.cast_signed()));
    match family {
        SocketFamily::Inet => {
            socket.local = inet(file.inp_laddru[0].to_ne_bytes(), port(file.inp_lport));
            socket.remote = inet(file.inp_faddru[0].to_ne_bytes(), port(file.inp_fport));
        }
        SocketFamily::Inet6 => {
            socket.local = inet6(address(file.inp_laddru), port(file.inp_lport), 0);
            socket.remote = inet6(address(file.inp_faddru), port(file.inp_fport), 0);
        }
        // Of the other end only the kernel's address is told.
        _ => socket.local = path(&file.unp_path).filter(|path| matches!(path, Endpoint::Path(_))),
    }
    if family != SocketFamily::Unix && file.so_protocol.cast_signed() == IPPROTO_TCP {
        socket.status = Some(tcp_status(file.t_state.cast_signed()));
    }
    // A socket that was found in the tables of the network alone has no file, and so no owner of one.
    socket.uid = (file.f_count != 0).then(|| Uid::new(file.f_uid));
    Some(socket)
}

/// A port in network byte order, from a field that is wider.
fn port(field: u32) -> [u8; 2] {
    u16::try_from(field).unwrap_or(0).to_ne_bytes()
}

fn address(words: [u32; 4]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_ne_bytes());
    }
    bytes
}

/// The sockets that processes have open, of an answer about the files of processes.
pub fn owned_connections(answer: &[u8], query: &ConnectionQuery) -> Result<Vec<Connection>> {
    let mut found = Vec::new();
    for file in files(answer) {
        let file = file?;
        if file.fd_fd < 0 {
            continue;
        }
        let Some(mut socket) = connection(&file).filter(|socket| query.matches(socket)) else {
            continue;
        };
        socket.pid = Pid::new(file.p_pid);
        socket.fd = Some(file.fd_fd);
        found.push(socket);
    }
    Ok(found)
}

/// The sockets of an answer about sockets, whoever has them open.
pub fn connections(answer: &[u8], query: &ConnectionQuery) -> Result<Vec<Connection>> {
    let mut found = Vec::new();
    for file in files(answer) {
        found.extend(connection(&file?).filter(|socket| query.matches(socket)));
    }
    Ok(found)
}

/// Adds those of `all` that nobody in `owned` has open: connections that outlive their process, and sockets of the
/// kernel. A socket without any address cannot be recognised, and is taken for one that is owned.
#[must_use]
pub fn with_unowned(mut owned: Vec<Connection>, all: &[Connection]) -> Vec<Connection> {
    type Key<'a> =
        (SocketFamily, ps_core::net::SocketType, Option<&'a Endpoint>, Option<&'a Endpoint>);
    fn key(socket: &Connection) -> Key<'_> {
        (socket.family, socket.socket_type, socket.local.as_ref(), socket.remote.as_ref())
    }
    let known: std::collections::HashSet<Key<'_>> = owned.iter().map(key).collect();
    let unowned: Vec<Connection> = all
        .iter()
        .filter(|socket| socket.family != SocketFamily::Unix)
        .filter(|socket| socket.local.is_some() || socket.remote.is_some())
        .filter(|socket| !known.contains(&key(socket)))
        .cloned()
        .collect();
    owned.extend(unowned);
    owned
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::net::{ConnectionKind, ConnectionStatus, SocketType};
    use ps_core::raw::Record;

    use super::*;

    fn pid(number: u32) -> Pid {
        Pid::new(number).expect("in range")
    }

    fn tcp(local_port: u16, remote_port: u16, fd: i32) -> KinfoFile {
        KinfoFile {
            f_type: DTYPE_SOCKET as u32,
            f_count: 1,
            f_uid: 1001,
            so_family: AF_INET as u32,
            so_type: 1,
            so_protocol: IPPROTO_TCP as u32,
            inp_laddru: [u32::from_ne_bytes([127, 0, 0, 1]), 0, 0, 0],
            inp_lport: local_port.to_be().into(),
            inp_faddru: [u32::from_ne_bytes([127, 0, 0, 2]), 0, 0, 0],
            inp_fport: remote_port.to_be().into(),
            t_state: 4,
            p_pid: 7,
            fd_fd: fd,
            ..KinfoFile::zeroed()
        }
    }

    fn answer(files: &[KinfoFile]) -> Vec<u8> {
        files.iter().flat_map(Record::to_bytes).collect()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_terms() {
        let answer = include_bytes!("../../../../fixtures/records/openbsd-files.bin");
        let all: Vec<_> = files(answer).map(|file| file.expect("whole")).collect();
        assert_eq!(all.len(), 6);
        assert_eq!(program(answer).expect("whole"), Some((0x404, 51_966)));
        let mut counts = HashMap::new();
        count(answer, &mut counts).expect("whole");
        assert_eq!(counts, HashMap::from([(pid(4711), 5)]));

        let found: Vec<_> = all.iter().filter_map(descriptor).collect();
        assert_eq!(found.iter().map(|one| one.fd).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        let regular: Vec<_> =
            descriptors(answer).expect("whole").iter().map(|one| one.regular).collect();
        assert_eq!(regular, [true, false, false, false, false]);
        let file = &found[0];
        assert_eq!((file.kind, file.open_mode), (DescriptorKind::File, Some(OpenMode::Append)));
        assert_eq!((file.inode, file.size, file.position), (Some(815), Some(4096), Some(100)));
        assert_eq!((file.file_mode, file.close_on_exec), (Some(0o100_644), Some(true)));
        assert_eq!((&file.path, file.special_device), (&None, None));
        let terminal = &found[1];
        assert_eq!((terminal.special_device, terminal.position), (Some(0x502), None));
        assert_eq!(terminal.open_mode, Some(OpenMode::ReadWrite));
        assert_eq!(found[4].details, DescriptorDetails::Kqueue { pending: 2 });

        let sockets =
            owned_connections(answer, &ConnectionQuery::new(ConnectionKind::All)).expect("whole");
        assert_eq!(sockets.len(), 2);
        assert_eq!(sockets[0].local.as_ref().map(ToString::to_string).as_deref(), Some("[::1]:22"));
        assert_eq!(sockets[0].status, Some(ConnectionStatus::Listen));
        assert_eq!((sockets[0].remote.as_ref(), sockets[0].fd), (None, Some(5)));
        assert_eq!(
            sockets[1].local.as_ref().map(ToString::to_string).as_deref(),
            Some("/tmp/agent.socket")
        );
        assert_eq!((sockets[1].status, sockets[1].uid), (None, Some(Uid::new(1001))));
    }

    #[test]
    fn what_has_no_number_is_not_counted_as_a_descriptor() {
        let mut counts = HashMap::new();
        let pseudo = [-1, -2, -3, -4].map(|fd| KinfoFile { fd_fd: fd, ..tcp(1, 2, 0) });
        count(&answer(&pseudo), &mut counts).expect("whole");
        assert!(counts.is_empty());
        assert!(pseudo.iter().all(|file| descriptor(file).is_none()));
        let query = ConnectionQuery::new(ConnectionKind::All);
        assert!(owned_connections(&answer(&pseudo), &query).expect("whole").is_empty());
    }

    #[test]
    fn the_first_descriptor_is_number_zero() {
        let first = tcp(22, 50_000, 0);
        assert_eq!(descriptor(&first).map(|one| one.fd), Some(0));
        let query = ConnectionQuery::new(ConnectionKind::All);
        let found = owned_connections(&answer(&[first]), &query).expect("whole");
        assert_eq!(found.iter().map(|one| one.fd).collect::<Vec<_>>(), [Some(0)]);
    }

    #[test]
    fn what_may_be_done_with_a_descriptor_is_in_its_flags() {
        let table = [
            (FREAD, 0, OpenMode::Read, false),
            (FWRITE, UF_EXCLOSE, OpenMode::Write, true),
            (FWRITE | O_APPEND, 0, OpenMode::Append, false),
            (FREAD | FWRITE, UF_EXCLOSE, OpenMode::ReadWrite, true),
            (FREAD | FWRITE | O_APPEND, 0, OpenMode::ReadAppend, false),
        ];
        for (flags, more, mode, closes) in table {
            let (f_flag, fd_ofileflags) = (flags as u32, more as u32);
            let file = KinfoFile { f_type: DTYPE_VNODE as u32, f_flag, ..KinfoFile::zeroed() };
            let found = descriptor(&KinfoFile { fd_ofileflags, ..file }).expect("a descriptor");
            assert_eq!((found.open_mode, found.close_on_exec), (Some(mode), Some(closes)));
            assert_eq!(found.flags, Some(f_flag - 1), "reading is 0 to open");
        }
    }

    #[test]
    fn a_pipe_with_a_name_is_a_file_of_a_type_of_its_own() {
        let of = |va_mode| {
            let (f_type, va_fileid) = (DTYPE_VNODE as u32, 815);
            descriptor(&KinfoFile { f_type, va_mode, va_fileid, ..KinfoFile::zeroed() })
                .map(|found| (found.kind, found.inode))
        };
        assert_eq!(of(0o010_644), Some((DescriptorKind::Fifo, Some(815))));
        assert_eq!(of(0o100_644), Some((DescriptorKind::File, Some(815))));
        assert_eq!(of(0o060_640), Some((DescriptorKind::File, Some(815))));
        // The file system told nothing.
        assert_eq!(of(0), Some((DescriptorKind::File, None)));
    }

    #[test]
    fn a_pipe_is_known_by_its_address_where_that_may_be_seen() {
        let of = |f_data, pipe_peer| {
            let f_type = DTYPE_PIPE as u32;
            let found = descriptor(&KinfoFile { f_type, f_data, pipe_peer, ..KinfoFile::zeroed() });
            let found = found.expect("a descriptor");
            assert_eq!(found.kind, DescriptorKind::Pipe);
            found.details
        };
        let pipe = |id, peer| DescriptorDetails::Pipe { id, peer, used: None, capacity: None };
        assert_eq!(of(0x10, 0x20), pipe(0x10, Some(0x20)));
        assert_eq!(of(0x10, 0), pipe(0x10, None), "the other end is closed");
        assert_eq!(of(0, 0), DescriptorDetails::None);
    }

    #[test]
    fn a_descriptor_of_a_socket_tells_its_ends() {
        let file = tcp(8080, 443, 3);
        let details = descriptor(&file).expect("a descriptor").details;
        assert_eq!(details, DescriptorDetails::Socket(connection(&file).expect("a socket")));
    }

    #[test]
    fn ports_and_addresses_are_in_network_order() {
        let socket = connection(&tcp(8080, 443, 3)).expect("a socket");
        assert_eq!(socket.local.map(|end| end.to_string()).as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(socket.remote.map(|end| end.to_string()).as_deref(), Some("127.0.0.2:443"));
        let alone = connection(&tcp(8080, 0, 3)).expect("a socket");
        assert_eq!(alone.remote, None, "port 0 is no end");
    }

    #[test]
    fn a_datagram_socket_has_no_state() {
        let udp = KinfoFile { so_type: 2, so_protocol: 17, ..tcp(53, 0, 3) };
        let socket = connection(&udp).expect("a socket");
        assert_eq!((socket.socket_type, socket.status), (SocketType::Datagram, None));
    }

    #[test]
    fn a_connection_that_outlived_its_process_is_listed_without_one() {
        let query = ConnectionQuery::new(ConnectionKind::Tcp);
        let owned = owned_connections(&answer(&[tcp(22, 50_000, 3)]), &query).expect("whole");
        // As the tables of the network have them: without a file.
        let bare = |file: KinfoFile| KinfoFile { f_count: 0, p_pid: 0, fd_fd: 0, ..file };
        let waiting = KinfoFile { t_state: 10, ..tcp(22, 50_001, 0) };
        // The kernel's own, which listens.
        let kernels = KinfoFile { t_state: 1, ..tcp(2049, 0, 0) };
        let table = [tcp(22, 50_000, 0), waiting, tcp(0, 0, 0), kernels].map(bare);
        let all = with_unowned(owned, &connections(&answer(&table), &query).expect("whole"));
        assert_eq!(all.len(), 3);
        assert_eq!((&all[2].remote, all[2].status), (&None, Some(ConnectionStatus::Listen)));
        assert_eq!((all[0].pid, all[0].fd), (Some(pid(7)), Some(3)));
        assert_eq!((all[1].pid, all[1].fd, all[1].uid), (None, None, None));
        assert_eq!(all[1].status, Some(ConnectionStatus::TimeWait));
    }

    #[test]
    fn a_query_for_one_kind_gets_that_kind() {
        let listen = KinfoFile { t_state: 1, ..tcp(22, 0, 4) };
        let files = answer(&[tcp(22, 50_000, 3), listen]);
        let query =
            ConnectionQuery::new(ConnectionKind::Tcp4).with_status(ConnectionStatus::Listen);
        let found = owned_connections(&files, &query).expect("whole");
        assert_eq!(found.iter().map(|one| one.fd).collect::<Vec<_>>(), [Some(4)]);
        let six = ConnectionQuery::new(ConnectionKind::Tcp6);
        assert!(owned_connections(&files, &six).expect("whole").is_empty());
    }

    #[test]
    fn a_program_whose_file_is_not_told_is_not_known() {
        let text = KinfoFile { fd_fd: KERN_FILE_TEXT, ..KinfoFile::zeroed() };
        assert_eq!(program(&answer(&[text])).expect("whole"), None);
        assert_eq!(program(&[]).expect("empty"), None);
    }

    #[test]
    fn a_cut_record_is_an_error() {
        let whole = answer(&[tcp(1, 2, 3)]);
        for length in 1..whole.len() {
            let query = ConnectionQuery::default();
            assert!(owned_connections(&whole[..length], &query).is_err(), "{length}");
            assert!(count(&whole[..length], &mut HashMap::new()).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), STRIDE..3 * STRIDE), kind in 0..8_u32) {
            let query = ConnectionQuery::new(ConnectionKind::All);
            let _ = (owned_connections(&bytes, &query), connections(&bytes, &query), program(&bytes));
            let _ = count(&bytes, &mut HashMap::new());
            for mut file in files(&bytes).flatten() {
                file.f_type = kind;
                file.so_family = [AF_INET, AF_INET6, AF_UNIX][kind as usize % 3] as u32;
                let _ = (descriptor(&file), connection(&file));
            }
        }
    }
}
