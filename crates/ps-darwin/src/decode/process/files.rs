//! Descriptors and directories of a process.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use ps_core::Result;
use ps_core::process::{Descriptor, DescriptorDetails, DescriptorKind, OpenFile, OpenMode, Pid};
use ps_core::raw::{Record as _, each, text};

use crate::decode::net::sockets;
use crate::decode::short;
use crate::raw::files::*;
use crate::raw::sockets::SocketFdinfo;

/// Types of files that the kernel tells apart (`enum vtype` in `bsd/sys/vnode.h`).
const VNON: i32 = 0;
const VREG: i32 = 1;
const VFIFO: i32 = 7;

/// Numbers and types of descriptors, from `PROC_PIDLISTFDS`, by ascending number.
pub fn decode_list(answer: &[u8]) -> Result<Vec<ProcFdinfo>> {
    let all: Result<Vec<_>> = each::<ProcFdinfo>(answer, ProcFdinfo::LAYOUT.size)
        .map(|entry| entry.map_err(short))
        .collect();
    all.map(|mut all| {
        all.sort_by_key(|entry| entry.proc_fd);
        all
    })
}

/// How many descriptors there are in an answer of `PROC_PIDLISTFDS`.
#[must_use]
pub fn count(answer: &[u8]) -> u32 {
    u32::try_from(answer.len() / ProcFdinfo::LAYOUT.size).unwrap_or(u32::MAX)
}

/// Current and root directory, from `PROC_PIDVNODEPATHINFO`; neither, from no answer at all.
pub fn decode_directories(answer: &[u8]) -> Result<Directories<'_>> {
    const HALF: usize = VnodeInfoPath::LAYOUT.size;
    if answer.is_empty() {
        return Ok(Directories { current: None, root: None });
    }
    let record = ProcVnodepathinfo::from_bytes(answer).map_err(short)?;
    let (current, root) = answer.split_at_checked(HALF).unwrap_or_default();
    Ok(Directories {
        current: path_in(current),
        root: match record.pvi_rdir.vip_vi.vi_type {
            // It has not been moved.
            VNON => Some(Path::new("/")),
            _ => path_in(root),
        },
    })
}

/// Current and root directory; `None` for one whose path the kernel could not put together, and for both if it could
/// not tell of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Directories<'a> {
    /// Where relative paths begin.
    pub current: Option<&'a Path>,
    /// Where absolute paths begin.
    pub root: Option<&'a Path>,
}

/// The path in the bytes of a [`VnodeInfoPath`], not copied.
fn path_in(file: &[u8]) -> Option<&Path> {
    let path = text(file.get(VnodeInfo::LAYOUT.size..VnodeInfoPath::LAYOUT.size)?);
    (!path.is_empty()).then(|| Path::new(OsStr::from_bytes(path)))
}

fn path(file: &VnodeInfoPath) -> Option<PathBuf> {
    let path = text(&file.vip_path).to_vec();
    (!path.is_empty()).then(|| PathBuf::from(OsString::from_vec(path)))
}

/// A regular file that is open, from `PROC_PIDFDVNODEPATHINFO`; `None` for a file of another type.
pub fn decode_open_file(fd: i32, answer: &[u8]) -> Result<Option<OpenFile>> {
    let record = VnodeFdinfowithpath::from_bytes(answer).map_err(short)?;
    if record.pvip.vip_vi.vi_type != VREG {
        return Ok(None);
    }
    let opened = opened(&record.pfi);
    let mut file = OpenFile::new(fd);
    file.path = path(&record.pvip);
    file.position = opened.position;
    file.mode = opened.mode;
    file.flags = Some(opened.flags);
    Ok(Some(file))
}

/// How a descriptor was opened.
struct Opened {
    position: Option<u64>,
    flags: u32,
    mode: Option<OpenMode>,
    close_on_exec: bool,
}

fn opened(info: &ProcFileinfo) -> Opened {
    // The kernel keeps the right to read and to write as a bit each, so what it keeps is one more than what
    // `open` is given; a descriptor that may do neither is for events only.
    let rights = info.fi_openflags & (FREAD | FWRITE);
    let has = |flag| info.fi_openflags & flag != 0;
    let close_on_exec = info.fi_status & PROC_FP_CLEXEC.cast_unsigned() != 0;
    let others = info.fi_openflags & !(FREAD | FWRITE | O_CLOEXEC);
    Opened {
        // Minus one where there is no such thing.
        position: u64::try_from(info.fi_offset).ok(),
        flags: others | rights.saturating_sub(1) | if close_on_exec { O_CLOEXEC } else { 0 },
        mode: (rights != 0).then(|| OpenMode::of(has(FREAD), has(FWRITE), has(O_APPEND))),
        close_on_exec,
    }
}

/// The question that tells more of a descriptor of this type; `None` if there is none.
#[must_use]
pub fn question(kind: u32) -> Option<i32> {
    match i32::try_from(kind).ok()? {
        PROX_FDTYPE_VNODE => Some(PROC_PIDFDVNODEPATHINFO),
        PROX_FDTYPE_SOCKET => Some(PROC_PIDFDSOCKETINFO),
        PROX_FDTYPE_PIPE => Some(PROC_PIDFDPIPEINFO),
        PROX_FDTYPE_KQUEUE => Some(PROC_PIDFDKQUEUEINFO),
        _ => None,
    }
}

/// A descriptor of which nothing is known but its type.
#[must_use]
pub fn bare(fd: i32, kind: u32) -> Descriptor {
    let name = match i32::try_from(kind).unwrap_or(-1) {
        PROX_FDTYPE_VNODE => return Descriptor::new(fd, DescriptorKind::File),
        PROX_FDTYPE_SOCKET => return Descriptor::new(fd, DescriptorKind::Socket),
        PROX_FDTYPE_PIPE => return Descriptor::new(fd, DescriptorKind::Pipe),
        PROX_FDTYPE_KQUEUE => return Descriptor::new(fd, DescriptorKind::Kqueue),
        PROX_FDTYPE_PSHM => "[shared memory]",
        PROX_FDTYPE_PSEM => "[semaphore]",
        PROX_FDTYPE_FSEVENTS => "[fsevents]",
        PROX_FDTYPE_ATALK => "[appletalk]",
        PROX_FDTYPE_NETPOLICY => "[netpolicy]",
        PROX_FDTYPE_CHANNEL => "[channel]",
        PROX_FDTYPE_NEXUS => "[nexus]",
        _ => return Descriptor::new(fd, DescriptorKind::Unknown),
    };
    let mut descriptor = Descriptor::new(fd, DescriptorKind::Unknown);
    descriptor.details = DescriptorDetails::Named { name: name.into() };
    descriptor
}

/// A descriptor with what the answer to its question tells.
pub fn decode_descriptor(pid: Pid, fd: i32, kind: u32, answer: &[u8]) -> Result<Descriptor> {
    let mut descriptor = bare(fd, kind);
    match descriptor.kind {
        DescriptorKind::File => {
            let record = VnodeFdinfowithpath::from_bytes(answer).map_err(short)?;
            if record.pvip.vip_vi.vi_type == VFIFO {
                descriptor.kind = DescriptorKind::Fifo;
            }
            descriptor.path = path(&record.pvip);
            with_stat(&mut descriptor, &record.pvip.vip_vi.vi_stat);
            with_opened(&mut descriptor, &record.pfi);
        }
        DescriptorKind::Socket => {
            let record = SocketFdinfo::from_bytes(answer).map_err(short)?;
            with_opened(&mut descriptor, &record.pfi);
            if let Some(mut connection) = sockets::connection(&record.psi) {
                connection.pid = Some(pid);
                connection.fd = Some(fd);
                descriptor.details = DescriptorDetails::Socket(connection);
            }
        }
        DescriptorKind::Pipe => {
            let record = PipeFdinfo::from_bytes(answer).map_err(short)?;
            with_opened(&mut descriptor, &record.pfi);
            let pipe = record.pipeinfo;
            let size = |size: i64| u64::try_from(size).ok();
            descriptor.details = DescriptorDetails::Pipe {
                id: pipe.pipe_handle,
                peer: (pipe.pipe_peerhandle != 0).then_some(pipe.pipe_peerhandle),
                used: size(pipe.pipe_stat.vst_size),
                // What a pipe can hold grows with its use; the kernel tells it as the size of a block, and never
                // says that it is nothing (`fill_pipeinfo` in `bsd/kern/sys_pipe.c`).
                capacity: size(i64::from(pipe.pipe_stat.vst_blksize)),
            };
        }
        DescriptorKind::Kqueue => {
            let record = KqueueFdinfo::from_bytes(answer).map_err(short)?;
            with_opened(&mut descriptor, &record.pfi);
            let waiting = u64::try_from(record.kqueueinfo.kq_stat.vst_size).unwrap_or_default();
            descriptor.details = DescriptorDetails::Kqueue { pending: waiting };
        }
        _ => {}
    }
    Ok(descriptor)
}

fn with_opened(descriptor: &mut Descriptor, info: &ProcFileinfo) {
    let opened = opened(info);
    descriptor.position = opened.position.filter(|_| descriptor.kind == DescriptorKind::File);
    descriptor.flags = Some(opened.flags);
    descriptor.open_mode = opened.mode;
    descriptor.close_on_exec = Some(opened.close_on_exec);
}

fn with_stat(descriptor: &mut Descriptor, stat: &VinfoStat) {
    descriptor.device = Some(u64::from(stat.vst_dev));
    descriptor.inode = Some(stat.vst_ino);
    descriptor.special_device = Some(u64::from(stat.vst_rdev));
    descriptor.file_mode = Some(u32::from(stat.vst_mode));
    descriptor.size = u64::try_from(stat.vst_size).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pid() -> Pid {
        Pid::try_from(7).expect("in range")
    }

    #[cfg(target_endian = "little")]
    const FILES: &[u8] = include_bytes!("../../../fixtures/records/macos-open-files.bin");

    #[cfg(target_endian = "little")]
    #[test]
    fn only_regular_files_are_open_files() {
        let all: Vec<_> =
            FILES.chunks(1200).map(|bytes| decode_open_file(5, bytes).expect("decodes")).collect();
        let file = all[0].as_ref().expect("regular");
        assert_eq!(file.path.as_deref(), Some(Path::new("/tmp/log")));
        assert_eq!((file.position, file.mode), (Some(77), Some(OpenMode::Append)));
        // As `open` is given them: to write (1), to append (8), and closed on exec.
        assert_eq!(file.flags, Some(1 | 8 | O_CLOEXEC));
        assert_eq!((&all[1], &all[2]), (&None, &None));
        assert!(decode_open_file(5, &FILES[..1199]).is_err());
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_file_of_any_type_is_a_descriptor() {
        let of = |at: usize| {
            decode_descriptor(pid(), 5, 1, &FILES[at * 1200..(at + 1) * 1200]).expect("decodes")
        };
        let log = of(0);
        assert_eq!((log.kind, log.device, log.inode), (DescriptorKind::File, Some(16), Some(1234)));
        assert_eq!((log.size, log.file_mode), (Some(100), Some(0o100_644)));
        assert_eq!((log.close_on_exec, log.position), (Some(true), Some(77)));
        let directory = of(1);
        assert_eq!(
            (directory.kind, directory.open_mode),
            (DescriptorKind::File, Some(OpenMode::Read))
        );
        assert_eq!((directory.position, directory.close_on_exec), (None, Some(false)));
        let fifo = of(2);
        assert_eq!((fifo.kind, fifo.open_mode), (DescriptorKind::Fifo, Some(OpenMode::ReadWrite)));
        assert_eq!(fifo.path, None);
    }

    #[test]
    fn a_descriptor_for_events_only_may_neither_read_nor_write() {
        let mut info = ProcFileinfo::zeroed();
        info.fi_openflags = 0x8000;
        let opened = opened(&info);
        assert_eq!((opened.mode, opened.flags), (None, 0x8000));
    }

    #[test]
    fn a_pipe_knows_its_other_end_while_it_has_one() {
        let mut pipe = PipeFdinfo::zeroed();
        pipe.pipeinfo.pipe_handle = 5;
        pipe.pipeinfo.pipe_peerhandle = 6;
        pipe.pipeinfo.pipe_stat.vst_size = 10;
        pipe.pipeinfo.pipe_stat.vst_blksize = 16384;
        let details = |pipe: &PipeFdinfo| {
            decode_descriptor(pid(), 3, 6, &pipe.to_bytes()).expect("decodes").details
        };
        assert_eq!(
            details(&pipe),
            DescriptorDetails::Pipe { id: 5, peer: Some(6), used: Some(10), capacity: Some(16384) }
        );
        pipe.pipeinfo.pipe_peerhandle = 0;
        assert!(matches!(details(&pipe), DescriptorDetails::Pipe { peer: None, .. }));
        assert!(decode_descriptor(pid(), 3, 6, &pipe.to_bytes()[1..]).is_err());
    }

    #[test]
    fn a_queue_tells_how_many_events_wait_in_it() {
        let mut queue = KqueueFdinfo::zeroed();
        queue.pfi.fi_openflags = FREAD | FWRITE;
        queue.pfi.fi_status = PROC_FP_CLEXEC.cast_unsigned();
        queue.kqueueinfo.kq_stat.vst_size = 3;
        let found = decode_descriptor(pid(), 3, 5, &queue.to_bytes()).expect("decodes");
        assert_eq!(found.details, DescriptorDetails::Kqueue { pending: 3 });
        let opened = (found.kind, found.open_mode, found.close_on_exec);
        assert_eq!(opened, (DescriptorKind::Kqueue, Some(OpenMode::ReadWrite), Some(true)));
        assert!(decode_descriptor(pid(), 3, 5, &queue.to_bytes()[1..]).is_err());
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_socket_is_a_descriptor_with_its_connection() {
        let answer = include_bytes!("../../../fixtures/records/macos-tcp-socket.bin");
        let found = decode_descriptor(pid(), 3, 2, answer).expect("decodes");
        let connection = sockets::decode_socket(answer, pid(), 3).expect("decodes");
        let connection = connection.expect("has a place");
        assert_eq!(found.details, DescriptorDetails::Socket(connection));
        assert_eq!((found.kind, found.position), (DescriptorKind::Socket, None));
        assert_eq!(
            (found.open_mode, found.flags),
            (Some(OpenMode::ReadWrite), Some(2 | O_CLOEXEC))
        );
        assert!(decode_descriptor(pid(), 3, 2, &answer[1..]).is_err());
    }

    /// `PROX_FDTYPE_*` in `bsd/sys/proc_info.h`, from zero on: kind, name, and the `PROC_PIDFD*INFO` that is asked for.
    const TYPES: [(DescriptorKind, Option<&str>, Option<i32>); 13] = [
        (DescriptorKind::Unknown, Some("[appletalk]"), None),
        (DescriptorKind::File, None, Some(2)),
        (DescriptorKind::Socket, None, Some(3)),
        (DescriptorKind::Unknown, Some("[shared memory]"), None),
        (DescriptorKind::Unknown, Some("[semaphore]"), None),
        (DescriptorKind::Kqueue, None, Some(7)),
        (DescriptorKind::Pipe, None, Some(6)),
        (DescriptorKind::Unknown, Some("[fsevents]"), None),
        // There is no such type.
        (DescriptorKind::Unknown, None, None),
        (DescriptorKind::Unknown, Some("[netpolicy]"), None),
        (DescriptorKind::Unknown, Some("[channel]"), None),
        (DescriptorKind::Unknown, Some("[nexus]"), None),
        (DescriptorKind::Unknown, None, None),
    ];

    #[test]
    fn every_type_has_a_kind_or_a_name_and_those_with_a_kind_are_asked_for_more() {
        for (number, (kind, name, asked)) in (0..).zip(TYPES) {
            let details = match name {
                Some(name) => DescriptorDetails::Named { name: name.into() },
                None => DescriptorDetails::None,
            };
            let found = bare(3, number);
            assert_eq!((found.fd, found.kind, &found.details), (3, kind, &details), "{number}");
            assert_eq!(question(number), asked, "{number}");
            if asked.is_none() {
                let same = decode_descriptor(pid(), 3, number, &[]).expect("needs no answer");
                assert_eq!(same.details, details, "{number}");
            }
        }
        assert_eq!((bare(3, u32::MAX).kind, question(u32::MAX)), (DescriptorKind::Unknown, None));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn directories_are_found_and_a_root_that_was_not_moved_is_the_usual_one() {
        let answer = include_bytes!("../../../fixtures/records/macos-directories.bin");
        let (usual, moved) = answer.split_at(2352);
        let found = decode_directories(usual).expect("decodes");
        assert_eq!(found.current, Some(Path::new("/Users/jo")));
        assert_eq!(found.root, Some(Path::new("/")));
        let found = decode_directories(moved).expect("decodes");
        assert_eq!((found.current, found.root), (None, Some(Path::new("/jail"))));
        assert!(decode_directories(&usual[1..]).is_err());
    }

    #[test]
    fn directories_of_which_nothing_is_told_are_none() {
        let found = decode_directories(&[]).expect("decodes");
        assert_eq!((found.current, found.root), (None, None));
        assert!(decode_directories(&[0]).is_err());
    }

    #[test]
    fn descriptors_come_by_number_and_half_of_one_is_an_error() {
        let entry = |fd| ProcFdinfo { proc_fd: fd, proc_fdtype: 1 }.to_bytes();
        let answer = [entry(5), entry(1)].concat();
        let numbers: Vec<_> =
            decode_list(&answer).expect("decodes").iter().map(|one| one.proc_fd).collect();
        assert_eq!((numbers, count(&answer)), (vec![1, 5], 2));
        assert!(decode_list(&answer[..15]).is_err());
        assert_eq!(decode_list(&[]).expect("none"), []);
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..2400), kind in 0..14u32,
        ) {
            let _ = (decode_list(&bytes), decode_directories(&bytes), decode_open_file(1, &bytes));
            let _ = decode_descriptor(pid(), 1, kind, &bytes);
        }
    }
}
