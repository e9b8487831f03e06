//! Open files (`kern.file2`), and their sockets, which are in tables of their own (`net.*.pcblist`).

use std::collections::HashMap;
use std::io;

use ps_core::Result;
use ps_core::net::{Connection, ConnectionQuery, SocketFamily};
use ps_core::process::{Descriptor, DescriptorKind, OpenMode, Pid};
use ps_core::raw::{Record, each};

use crate::decode::net::{Families, endpoint, socket_type, tcp_status};
use crate::decode::process::{OpenDescriptor, open_flags};
use crate::decode::too_short;
use crate::raw::errno::EBUSY;
use crate::raw::netbsd::files::{
    DTYPE_EVENTFD, DTYPE_KQUEUE, DTYPE_PIPE, DTYPE_SOCKET, DTYPE_TIMERFD, DTYPE_VNODE, FREAD,
    FWRITE, KinfoFile, O_APPEND, VFIFO, VREG,
};
use crate::raw::netbsd::net::{AF_INET, AF_INET6, AF_LINK, AF_UNIX, IPPROTO_TCP, KinfoPcb};

/// The size of a record about a file, which is part of the question.
pub const STRIDE: usize = KinfoFile::LAYOUT.size;

/// The size of a record about a socket, which is part of the question.
pub const SOCKET_STRIDE: usize = KinfoPcb::LAYOUT.size;

/// The numbers of the address families.
pub const FAMILIES: Families =
    Families { unix: AF_UNIX, inet: AF_INET, inet6: AF_INET6, link: AF_LINK };

/// What `ki_ofileflags` is of a descriptor that is closed when the process starts another program: the kernel copies
/// a truth value there (`sysctl_kern_file2`).
const CLOSE_ON_EXEC: u32 = 1;

/// The records in an answer.
pub fn files(answer: &[u8]) -> impl Iterator<Item = Result<KinfoFile>> + '_ {
    each(answer, STRIDE).map(|record| record.map_err(|short| too_short(&short)))
}

/// How often a process that is just starting another program is asked again for its files.
const BETWEEN_ROUNDS: u32 = 10;

/// Fills a kept buffer with the files of one process. The kernel leaves out, without a word, those of a process that is
/// just starting another program: no files are believed only if there were none before and after a look at the process
/// that shows it to be doing no such thing. `is_between` is that look, `pause` is called with the number of the round
/// before the process is asked again.
///
/// # Errors
///
/// Whatever `ask` or `is_between` failed with; `EBUSY` if the process goes on starting programs.
pub fn fill(
    answer: &mut Vec<u8>,
    mut ask: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    mut is_between: impl FnMut() -> io::Result<bool>,
    mut pause: impl FnMut(u32),
) -> io::Result<()> {
    let mut looked = false;
    for round in 0..=BETWEEN_ROUNDS {
        ask(answer)?;
        if looked || !answer.is_empty() {
            return Ok(());
        }
        looked = !is_between()?;
        if !looked && round < BETWEEN_ROUNDS {
            pause(round);
        }
    }
    Err(io::Error::from_raw_os_error(EBUSY))
}

/// How many descriptors each process has open.
pub fn count(answer: &[u8], counts: &mut HashMap<Pid, u32>) -> Result<()> {
    for file in files(answer) {
        let file = file?;
        if let Some(pid) = Pid::new(file.ki_pid).filter(|_| file.ki_fd >= 0) {
            let count = counts.entry(pid).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(())
}

/// A descriptor; `None` of an entry without a number. The kernel tells neither path nor mode of a file.
#[must_use]
pub fn descriptor(file: &KinfoFile) -> Option<Descriptor> {
    if file.ki_fd < 0 {
        return None;
    }
    let kind = match file.ki_ftype.cast_signed() {
        DTYPE_VNODE if file.ki_vtype.cast_signed() == VFIFO => DescriptorKind::Fifo,
        DTYPE_VNODE => DescriptorKind::File,
        DTYPE_SOCKET => DescriptorKind::Socket,
        DTYPE_PIPE => DescriptorKind::Pipe,
        DTYPE_KQUEUE => DescriptorKind::Kqueue,
        DTYPE_EVENTFD => DescriptorKind::EventFd,
        DTYPE_TIMERFD => DescriptorKind::TimerFd,
        _ => DescriptorKind::Unknown,
    };
    let mut found = Descriptor::new(file.ki_fd, kind);
    found.position = Some(file.ki_foffset).filter(|position| *position != u64::MAX);
    let flags = file.ki_flag.cast_signed();
    found.flags = Some(open_flags(file.ki_flag));
    found.open_mode =
        Some(OpenMode::of(flags & FREAD != 0, flags & FWRITE != 0, flags & O_APPEND != 0));
    found.close_on_exec = Some(file.ki_ofileflags & CLOSE_ON_EXEC != 0);
    if kind == DescriptorKind::File {
        // All bits are set (`VSIZENOTSET`) where the file system has not told the size yet.
        found.size = Some(file.ki_vsize).filter(|size| *size != u64::MAX);
    }
    Some(found)
}

/// The descriptors in an answer, by ascending number.
pub fn descriptors(answer: &[u8]) -> Result<Vec<OpenDescriptor>> {
    let mut all = Vec::new();
    for file in files(answer) {
        let file = file?;
        let regular =
            file.ki_ftype.cast_signed() == DTYPE_VNODE && file.ki_vtype.cast_signed() == VREG;
        all.extend(descriptor(&file).map(|descriptor| OpenDescriptor { descriptor, regular }));
    }
    all.sort_unstable_by_key(|one| one.descriptor.fd);
    Ok(all)
}

/// A socket, with the address of the kernel by which it is matched with files: zero for callers who may not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Socket {
    /// The kernel's address.
    pub key: u64,
    /// What is known of it without its owner.
    pub connection: Connection,
}

/// The sockets in an answer of one of the tables.
pub fn sockets(answer: &[u8], found: &mut Vec<Socket>) -> Result<()> {
    for record in each::<KinfoPcb>(answer, SOCKET_STRIDE) {
        let record = record.map_err(|short| too_short(&short))?;
        found.extend(socket(&record));
    }
    Ok(())
}

fn socket(record: &KinfoPcb) -> Option<Socket> {
    let family = FAMILIES.of_socket(record.ki_family.cast_signed())?;
    let mut connection = Connection::new(family, socket_type(record.ki_type.cast_signed()));
    connection.local = endpoint(&record.ki_s, &FAMILIES);
    connection.remote = endpoint(&record.ki_d, &FAMILIES);
    if family == SocketFamily::Unix {
        connection.inode = Some(record.ki_inode).filter(|inode| *inode != 0);
    } else if record.ki_protocol.cast_signed() == IPPROTO_TCP {
        connection.status = Some(tcp_status(record.ki_tstate));
    }
    Some(Socket { key: record.ki_sockaddr, connection })
}

/// What came of matching files with sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Joined {
    /// Sockets with who has them open: one entry for each descriptor.
    pub owned: Vec<Connection>,
    /// Sockets that no file belongs to.
    pub unowned: Vec<Connection>,
    /// There are files that stand for sockets of which the kernel does not tell the address.
    pub hidden: bool,
}

/// Matches the files in an answer with sockets by the address of the kernel. Addresses that are kept from the caller
/// are zero on both sides: they match nothing.
pub fn join(answer: &[u8], sockets: &[Socket], query: &ConnectionQuery) -> Result<Joined> {
    let places: HashMap<u64, usize> = sockets
        .iter()
        .enumerate()
        .filter(|(_, socket)| socket.key != 0)
        .map(|(place, socket)| (socket.key, place))
        .collect();
    let mut taken = vec![false; sockets.len()];
    let mut joined = Joined::default();
    for file in files(answer) {
        let file = file?;
        if file.ki_ftype.cast_signed() != DTYPE_SOCKET || file.ki_fd < 0 {
            continue;
        }
        joined.hidden |= file.ki_fdata == 0;
        let Some(place) = places.get(&file.ki_fdata).copied() else { continue };
        let Some(socket) = sockets.get(place) else { continue };
        if let Some(taken) = taken.get_mut(place) {
            *taken = true;
        }
        let mut connection = socket.connection.clone();
        connection.pid = Pid::new(file.ki_pid);
        connection.fd = Some(file.ki_fd);
        if query.matches(&connection) {
            joined.owned.push(connection);
        }
    }
    joined.unowned = sockets
        .iter()
        .zip(taken)
        .filter(|(socket, taken)| !taken && query.matches(&socket.connection))
        .map(|(socket, _)| socket.connection.clone())
        .collect();
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::net::{ConnectionKind, ConnectionStatus};

    use super::*;

    fn file(pid: u32, fd: i32, key: u64) -> KinfoFile {
        KinfoFile {
            ki_ftype: DTYPE_SOCKET as u32,
            ki_pid: pid,
            ki_fd: fd,
            ki_fdata: key,
            ..KinfoFile::zeroed()
        }
    }

    fn answer(files: &[KinfoFile]) -> Vec<u8> {
        files.iter().flat_map(Record::to_bytes).collect()
    }

    fn tcp(key: u64, port: u16) -> KinfoPcb {
        let mut record = KinfoPcb {
            ki_sockaddr: key,
            ki_family: AF_INET as u32,
            ki_type: 1,
            ki_protocol: IPPROTO_TCP as u32,
            ki_tstate: 1,
            ..KinfoPcb::zeroed()
        };
        let [high, low] = port.to_be_bytes();
        record.ki_s[..8].copy_from_slice(&[16, AF_INET as u8, high, low, 127, 0, 0, 1]);
        record.ki_d[..2].copy_from_slice(&[16, AF_INET as u8]);
        record
    }

    fn table(records: &[KinfoPcb]) -> Vec<Socket> {
        let answer: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
        let mut found = Vec::new();
        sockets(&answer, &mut found).expect("whole");
        found
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_terms() {
        let answer = include_bytes!("../../../../fixtures/records/netbsd-files.bin");
        let found: Vec<_> =
            files(answer).filter_map(|file| descriptor(&file.expect("whole"))).collect();
        assert_eq!(found.iter().map(|one| one.fd).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(
            (found[0].kind, found[0].open_mode),
            (DescriptorKind::File, Some(OpenMode::ReadAppend))
        );
        assert_eq!((found[0].size, found[0].position), (Some(4096), Some(100)));
        assert_eq!((found[0].close_on_exec, &found[0].path), (Some(true), &None));
        assert_eq!((found[1].kind, found[2].kind), (DescriptorKind::Fifo, DescriptorKind::Socket));
        let regular: Vec<_> =
            descriptors(answer).expect("whole").iter().map(|one| one.regular).collect();
        assert_eq!(regular, [true, false, false]);

        let mut table = Vec::new();
        let records = include_bytes!("../../../../fixtures/records/netbsd-sockets.bin");
        sockets(records, &mut table).expect("whole");
        let query = ConnectionQuery::new(ConnectionKind::All);
        let joined = join(answer, &table, &query).expect("whole");
        assert_eq!((joined.owned.len(), joined.unowned.len(), joined.hidden), (1, 1, false));
        let owned = &joined.owned[0];
        assert_eq!((owned.pid.map(Pid::get), owned.fd), (Some(4711), Some(5)));
        assert_eq!(owned.local.as_ref().map(ToString::to_string).as_deref(), Some("127.0.0.1:22"));
        assert_eq!(owned.status, Some(ConnectionStatus::Established));
        let unix = &joined.unowned[0];
        assert_eq!(unix.local.as_ref().map(ToString::to_string).as_deref(), Some("/var/run/log"));
        assert_eq!((unix.remote.as_ref(), unix.status, unix.inode), (None, None, Some(99)));
    }

    /// Fills a buffer from answers with so many bytes and looks that show so; what came of it, how often it was asked
    /// and which pauses there were.
    fn filled(answers: &[usize], looks: &[bool]) -> (io::Result<usize>, usize, Vec<u32>) {
        let (mut asked, mut looked, mut pauses) = (0, 0, Vec::new());
        let mut buffer = vec![1; 9];
        let ask = |answer: &mut Vec<u8>| {
            answer.clear();
            answer.resize(answers[asked.min(answers.len() - 1)], 7);
            asked += 1;
            Ok(())
        };
        let look = || {
            looked += 1;
            Ok(looks[(looked - 1).min(looks.len() - 1)])
        };
        let result = fill(&mut buffer, ask, look, |round| pauses.push(round));
        (result.map(|()| buffer.len()), asked, pauses)
    }

    /// Answers, looks, and what must come of them: the length, how often it was asked, and the pauses.
    type Case<'a> = (&'a [usize], &'a [bool], usize, usize, &'a [u32]);

    #[test]
    fn a_process_that_starts_another_program_is_not_one_without_files() {
        let table: [Case<'_>; 5] = [
            (&[5], &[], 5, 1, &[]),
            // It had just finished by the time that it was looked at.
            (&[0, 5], &[false], 5, 2, &[]),
            (&[0, 0, 5], &[true, true], 5, 3, &[0, 1]),
            // It has none: there was one look that showed it whole, between two answers.
            (&[0, 0], &[false], 0, 2, &[]),
            (&[0, 0, 0], &[true, false], 0, 3, &[0]),
        ];
        for (answers, looks, length, asked, pauses) in table {
            let (result, times, paused) = filled(answers, looks);
            assert_eq!((result.expect("told"), times), (length, asked), "{answers:?} {looks:?}");
            assert_eq!(paused, pauses, "{answers:?} {looks:?}");
        }
    }

    #[test]
    fn a_process_that_never_ceases_to_start_programs_is_busy() {
        let (result, asked, pauses) = filled(&[0], &[true]);
        assert_eq!(result.expect_err("busy").raw_os_error(), Some(EBUSY));
        assert_eq!((asked, pauses.len()), (11, 10));
        let failed = || io::Error::from_raw_os_error(1);
        let fails = fill(&mut Vec::new(), |_| Err(failed()), || Ok(false), |_| {});
        assert_eq!(fails.expect_err("failed").raw_os_error(), Some(1));
        let fails = fill(&mut Vec::new(), |_| Ok(()), || Err(failed()), |_| {});
        assert_eq!(fails.expect_err("failed").raw_os_error(), Some(1));
    }

    #[test]
    fn types_of_files_are_numbered_as_the_header_says() {
        let kinds = [
            (1, DescriptorKind::File),
            (2, DescriptorKind::Socket),
            (3, DescriptorKind::Pipe),
            (4, DescriptorKind::Kqueue),
            (5, DescriptorKind::Unknown),
            (6, DescriptorKind::Unknown),
            (7, DescriptorKind::Unknown),
            (8, DescriptorKind::Unknown),
            (9, DescriptorKind::EventFd),
            (10, DescriptorKind::TimerFd),
        ];
        for (number, expected) in kinds {
            let file = KinfoFile { ki_ftype: number, ..KinfoFile::zeroed() };
            assert_eq!(descriptor(&file).map(|one| one.kind), Some(expected), "{number}");
        }
    }

    #[test]
    fn what_may_be_done_with_a_descriptor_is_in_its_flags() {
        let table = [
            (FREAD, 0, OpenMode::Read, false),
            (FWRITE, 1, OpenMode::Write, true),
            (FWRITE | O_APPEND, 0, OpenMode::Append, false),
            (FREAD | FWRITE, 1, OpenMode::ReadWrite, true),
            (FREAD | FWRITE | O_APPEND, 0, OpenMode::ReadAppend, false),
        ];
        for (flags, ki_ofileflags, mode, closes) in table {
            let file = KinfoFile { ki_flag: flags as u32, ki_ofileflags, ..KinfoFile::zeroed() };
            let found = descriptor(&file).expect("a descriptor");
            assert_eq!((found.open_mode, found.close_on_exec), (Some(mode), Some(closes)));
            assert_eq!(found.flags, Some(flags as u32 - 1), "reading is 0 to open");
        }
    }

    #[test]
    fn a_size_that_was_never_set_is_none() {
        let size = |ki_vsize| {
            let ki_ftype = DTYPE_VNODE as u32;
            descriptor(&KinfoFile { ki_ftype, ki_vsize, ..KinfoFile::zeroed() })?.size
        };
        assert_eq!((size(u64::MAX), size(0), size(1 << 40)), (None, Some(0), Some(1 << 40)));
    }

    #[test]
    fn the_first_descriptor_is_number_zero_and_what_is_below_is_none() {
        let numbers = |fd| descriptor(&file(7, fd, 1)).map(|one| one.fd);
        assert_eq!((numbers(0), numbers(-1)), (Some(0), None));
        let sockets = table(&[tcp(1, 22)]);
        let files = answer(&[file(7, 0, 1), file(7, -1, 1)]);
        let joined = join(&files, &sockets, &ConnectionQuery::default()).expect("whole");
        assert_eq!(joined.owned.iter().map(|one| one.fd).collect::<Vec<_>>(), [Some(0)]);
    }

    #[test]
    fn addresses_that_are_hidden_match_nothing() {
        let sockets = table(&[tcp(0, 22), tcp(0, 80)]);
        let files = answer(&[file(7, 3, 0), file(8, 3, 0)]);
        let joined = join(&files, &sockets, &ConnectionQuery::default()).expect("whole");
        assert_eq!((joined.owned.len(), joined.unowned.len()), (0, 2));
        assert!(joined.hidden, "the caller must know that the owners are not known");
    }

    #[test]
    fn a_socket_that_two_have_open_is_listed_for_each() {
        let sockets = table(&[tcp(0xffff_8000, 22), tcp(0xffff_9000, 80)]);
        let files = answer(&[file(7, 3, 0xffff_8000), file(8, 4, 0xffff_8000)]);
        let joined = join(&files, &sockets, &ConnectionQuery::default()).expect("whole");
        let owners: Vec<_> =
            joined.owned.iter().map(|one| (one.pid.map(Pid::get), one.fd)).collect();
        assert_eq!(owners, [(Some(7), Some(3)), (Some(8), Some(4))]);
        assert_eq!(joined.unowned.len(), 1);
    }

    #[test]
    fn an_end_without_a_port_is_none() {
        let socket = &table(&[tcp(1, 22)])[0];
        assert!(socket.connection.local.is_some());
        assert_eq!(socket.connection.remote, None);
    }

    #[test]
    fn a_query_for_one_state_gets_that_state() {
        let sockets = table(&[tcp(1, 22), KinfoPcb { ki_tstate: 4, ..tcp(2, 80) }]);
        let files = answer(&[file(7, 3, 1), file(7, 4, 2)]);
        let query = ConnectionQuery::new(ConnectionKind::Tcp).with_status(ConnectionStatus::Listen);
        let joined = join(&files, &sockets, &query).expect("whole");
        assert_eq!(joined.owned.iter().map(|one| one.fd).collect::<Vec<_>>(), [Some(3)]);
        assert!(joined.unowned.is_empty(), "one that is owned and not asked for is not unowned");
    }

    #[test]
    fn a_cut_record_is_an_error() {
        let whole = answer(&[file(7, 3, 1)]);
        assert!(count(&whole[..STRIDE - 1], &mut HashMap::new()).is_err());
        let record = tcp(1, 2).to_bytes();
        assert!(sockets(&record[..SOCKET_STRIDE - 1], &mut Vec::new()).is_err());
        let mut counts = HashMap::new();
        let files = [file(7, 0, 1), file(7, 3, 1), file(7, -1, 1), file(u32::MAX, 1, 1)];
        count(&answer(&files), &mut counts).expect("whole");
        assert_eq!(counts, HashMap::from([(Pid::new(7).expect("in range"), 2)]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..2000), kind in 0..12_u32, family: bool,
        ) {
            let mut found = Vec::new();
            let _ = sockets(&bytes, &mut found);
            let mut record = KinfoPcb::from_prefix(&bytes);
            record.ki_family = [AF_INET, AF_INET6][usize::from(family)] as u32;
            found.extend(socket(&record));
            let query = ConnectionQuery::new(ConnectionKind::All);
            let _ = (join(&bytes, &found, &query), count(&bytes, &mut HashMap::new()));
            for file in files(&bytes).flatten() {
                let _ = descriptor(&KinfoFile { ki_ftype: kind, ..file });
            }
        }
    }
}
