//! Descriptors: `/proc/PID/fd` and `/proc/PID/fdinfo`.

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ps_core::Result;
use ps_core::net::{Connection, ConnectionKind, ConnectionQuery};
use ps_core::process::{
    Descriptor, DescriptorDetails, DescriptorKind, OpenFile, without_deleted_mark,
};

use crate::decode::process::{decode_details, decode_fdinfo, kind_of_link};
use crate::decode::text::number;
use crate::file::Buffer;
use crate::net::sockets;
use crate::process::signal_numbers;
use crate::process::view::LinuxView;
use crate::sys::file as sys;

/// Bits of `st_mode` that hold the type of a file, and the types that matter here.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FIFO: u32 = 0o010_000;

/// How many descriptors a process has open.
///
/// Kernels from 6.2 on show it as the size of the directory. Before, that is 0 for everybody, and the
/// directory is listed; so is one in a copy of a kernel's files (not `live`), which has a size of its own.
pub(crate) fn count(dir: impl AsFd, path: &CStr, block: &mut [u8], live: bool) -> io::Result<u32> {
    // Listing needs the permission that a mere look at the size does not, and so does the answer.
    let list = sys::open_list(&dir, path)?;
    let size = if live { sys::size(&list, c".")? } else { 0 };
    if size > 0 {
        return Ok(u32::try_from(size).unwrap_or(u32::MAX));
    }
    let mut count = 0;
    loop {
        let filled = sys::read_entries(&list, block)?;
        if filled == 0 {
            return Ok(count);
        }
        let names = sys::entries(block.get(..filled).unwrap_or_default());
        count +=
            u32::try_from(names.filter(|name| name.first() != Some(&b'.')).count()).unwrap_or(0);
    }
}

/// Space for listing.
pub(crate) const BLOCK: usize = 16 * 1024;

/// The directories of the descriptors of one process.
struct Table {
    links: OwnedFd,
    infos: OwnedFd,
    fds: Vec<i32>,
}

/// Looks at one descriptor: its number, the same as a name, its link, and where to ask for more.
type LookAtLink<'a> = dyn FnMut(i32, &CStr, &[u8], &Table) -> Result<ControlFlow<()>> + 'a;

/// A descriptor that was closed meanwhile, or whose link the kernel cannot tell, is passed over.
fn is_passed_over(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENOENT | libc::ESRCH | libc::EINVAL | libc::ENAMETOOLONG)
    )
}

fn name_of(fd: i32) -> CString {
    CString::new(fd.to_string()).unwrap_or_default()
}

impl LinuxView {
    pub(crate) fn count_descriptors(&self) -> Result<u32> {
        let mut live = self.live()?;
        let block = &mut vec![0; BLOCK];
        let count = count(self.dir()?, live.file("fd"), block, self.linux().is_live())
            .map_err(|source| self.failed(source, "list", "fd"))?;
        if count == 0 {
            self.check_alive()?;
        }
        Ok(count)
    }

    fn table(&self) -> Result<Table> {
        let mut live = self.live()?;
        let failed = |source| self.failed(source, "list", "fd");
        let links = sys::open_list(self.dir()?, live.file("fd")).map_err(failed)?;
        let infos = sys::open_place(self.dir()?, live.file("fdinfo")).map_err(failed)?;
        let mut block = vec![0; BLOCK];
        let mut fds = Vec::new();
        loop {
            let filled = sys::read_entries(&links, &mut block).map_err(failed)?;
            if filled == 0 {
                break;
            }
            let names = sys::entries(block.get(..filled).unwrap_or_default());
            fds.extend(names.filter_map(number::<i32>));
        }
        fds.sort_unstable();
        Ok(Table { links, infos, fds })
    }

    /// Shows the number and link of every descriptor, and the directories to ask for more.
    fn each_link(&self, visit: &mut LookAtLink<'_>) -> Result<()> {
        let table = self.table()?;
        let mut link = Buffer::default();
        let mut passed_over = table.fds.is_empty();
        for fd in table.fds.iter().copied() {
            let name = name_of(fd);
            match link.read_link(&table.links, &name) {
                Ok(text) => {
                    if visit(fd, &name, text, &table)?.is_break() {
                        return Ok(());
                    }
                }
                Err(error) if is_passed_over(&error) => passed_over = true,
                Err(source) => return Err(self.failed(source, "readlink", &format!("fd/{fd}"))),
            }
        }
        // None at all may mean that the process ended meanwhile.
        if passed_over {
            self.check_alive()?;
        }
        Ok(())
    }

    /// What the kernel says of a descriptor; `None` if it was closed meanwhile.
    fn read_info<'b>(
        &self,
        table: &Table,
        name: &CStr,
        info: &'b mut Buffer,
    ) -> Result<Option<&'b [u8]>> {
        match info.read(&table.infos, name, false) {
            Ok(text) => Ok(Some(text)),
            Err(error) if is_passed_over(&error) => Ok(None),
            Err(source) => {
                Err(self.failed(source, "read", &format!("fdinfo/{}", name.to_string_lossy())))
            }
        }
    }

    pub(crate) fn list_open_files(&self) -> Result<Vec<OpenFile>> {
        let mut files = Vec::new();
        let mut info = Buffer::default();
        self.each_link(&mut |fd, name, link, table| {
            if !link.starts_with(b"/") {
                return Ok(ControlFlow::Continue(()));
            }
            // Where the file system does not answer, nothing says that it is a regular file.
            let Ok(data) = sys::data(&table.links, name) else {
                return Ok(ControlFlow::Continue(()));
            };
            let Some(path) = path_of(link, Some(&data)) else {
                return Ok(ControlFlow::Continue(()));
            };
            if data.mode & TYPE != REGULAR {
                return Ok(ControlFlow::Continue(()));
            }
            let Some(text) = self.read_info(table, name, &mut info)? else {
                return Ok(ControlFlow::Continue(()));
            };
            let decoded =
                decode_fdinfo(text).map_err(|error| self.about(error, &format!("fdinfo/{fd}")))?;
            let mut file = OpenFile::new(fd);
            file.path = Some(path);
            file.position = decoded.position;
            file.mode = Some(decoded.mode());
            file.flags = Some(decoded.flags);
            files.push(file);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(files)
    }

    pub(crate) fn each_descriptor(
        &self,
        visit: &mut dyn FnMut(Descriptor) -> ControlFlow<()>,
    ) -> Result<()> {
        let numbers = signal_numbers();
        let mut info = Buffer::default();
        let mut connections: Option<HashMap<u64, Connection>> = None;
        self.each_link(&mut |fd, name, link, table| {
            let data = match sys::data(&table.links, name) {
                Err(error) if is_passed_over(&error) => return Ok(ControlFlow::Continue(())),
                // A file system that does not answer, or only its owner, makes the descriptor no less open.
                data => data.ok(),
            };
            let Some(text) = self.read_info(table, name, &mut info)? else {
                return Ok(ControlFlow::Continue(()));
            };
            let decoded =
                decode_fdinfo(text).map_err(|error| self.about(error, &format!("fdinfo/{fd}")))?;
            let (kind, mut details) = kind_of_link(link).unwrap_or((
                match data {
                    Some(data) if data.mode & TYPE == FIFO => DescriptorKind::Fifo,
                    _ => DescriptorKind::File,
                },
                DescriptorDetails::None,
            ));
            if details == DescriptorDetails::None {
                details = decode_details(kind, text, &numbers);
            }
            if kind == DescriptorKind::Socket {
                // The tables are read when the first socket turns up, once for all of them.
                let known = match &mut connections {
                    Some(known) => known,
                    none => none.insert(self.sockets_by_inode()?),
                };
                if let Some(connection) = data.and_then(|data| known.get(&data.inode)) {
                    let mut connection = connection.clone();
                    (connection.pid, connection.fd) = (Some(self.pid()), Some(fd));
                    details = DescriptorDetails::Socket(connection);
                }
            }
            let mut one = Descriptor::new(fd, kind);
            one.path = path_of(link, data.as_ref()).or_else(|| removed_path(link));
            if let Some(data) = data {
                one.device = Some(data.device);
                one.inode = Some(data.inode);
                one.special_device = (data.special_device != 0).then_some(data.special_device);
                one.file_mode = Some(data.mode);
                one.size = Some(data.size);
            }
            one.position = decoded.position;
            one.flags = Some(decoded.flags);
            one.open_mode = Some(decoded.mode());
            one.close_on_exec = Some(decoded.close_on_exec());
            one.details = details;
            Ok(visit(one))
        })
    }

    fn sockets_by_inode(&self) -> Result<HashMap<u64, Connection>> {
        let all = ConnectionQuery::new(ConnectionKind::All);
        let sockets = self.all_sockets(&all)?;
        self.check_alive()?;
        Ok(sockets.into_iter().filter_map(|socket| Some((socket.inode?, socket))).collect())
    }

    /// Sockets of the network namespace that the process is in. A thread may be in another than its process.
    fn all_sockets(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        let mut live = self.live()?;
        let linux = self.linux();
        if linux.is_own() {
            let mut theirs = Buffer::default();
            let mut ours = Buffer::default();
            let theirs = theirs.read_link(self.dir()?, live.file("ns/net")).ok();
            let ours = ours.read_link(linux.proc()?, c"thread-self/ns/net").ok();
            // What the kernel is asked directly it answers for the caller's namespace.
            if theirs.is_none() || theirs == ours {
                return sockets::all(linux, query);
            }
        }
        // By number; whoever calls makes sure afterwards that it still meant the process.
        sockets::all_below(&linux.pid_path(self.pid(), "net"), false, query)
    }

    pub(crate) fn list_connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        let mut held: HashMap<u64, Vec<sockets::Owner>> = HashMap::new();
        let pid = self.pid();
        self.each_link(&mut |fd, _, link, _| {
            let inode = link.strip_prefix(b"socket:[").and_then(|rest| rest.strip_suffix(b"]"));
            if let Some(inode) = inode.and_then(number) {
                held.entry(inode).or_default().push(sockets::Owner { pid, fd });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let sockets = self.all_sockets(query)?;
        let own = sockets
            .into_iter()
            .filter(|socket| socket.inode.is_some_and(|inode| held.contains_key(&inode)));
        let connections = own.flat_map(|socket| sockets::with_owners(socket, &held)).collect();
        // What was found belongs to whoever had the descriptors; it must still be the process meant.
        self.check_alive()?;
        Ok(connections)
    }
}

/// The path of an open file; `None` if it has none any more.
///
/// A file may really be named like a removed one. And one with the mark may still be where it was: procfs
/// forgets names below `net` as soon as they are looked up again.
fn path_of(link: &[u8], data: Option<&sys::FileData>) -> Option<PathBuf> {
    if !link.starts_with(b"/") {
        return None;
    }
    let text = link.split(|byte| *byte == 0).next().unwrap_or_default();
    let path = Path::new(OsStr::from_bytes(text));
    let Some(plain) = without_deleted_mark(path.as_os_str()) else { return Some(path.to_owned()) };
    let data = data?;
    let is_there = |path: &&Path| {
        std::fs::symlink_metadata(path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (data.device, data.inode))
    };
    [path, Path::new(plain)].into_iter().find(is_there).map(Path::to_owned)
}

/// The path that a removed file had.
fn removed_path(link: &[u8]) -> Option<PathBuf> {
    let text = link.starts_with(b"/").then(|| OsStr::from_bytes(link))?;
    without_deleted_mark(text).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Linux;
    use crate::process::ProcessBackend;
    use crate::process::path::PidPath;
    use crate::sys::refuse::without;
    use ps_core::Pid;

    /// Calls that ask for what is known of a file.
    const ASK: &[(libc::c_long, Option<u32>)] = &[
        #[cfg(target_pointer_width = "64")]
        (libc::SYS_newfstatat, None),
        #[cfg(target_pointer_width = "32")]
        (libc::SYS_fstatat64, None),
        (libc::SYS_statx, None),
    ];

    #[test]
    fn a_descriptor_whose_file_system_does_not_answer_is_open_all_the_same() {
        let linux = Linux::new();
        let mut child = std::process::Command::new("cat");
        child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = child.spawn().expect("starts");
        // Once it echoes, it has opened whatever it needs to begin.
        let mut echo = [0];
        std::io::Write::write_all(child.stdin.as_mut().expect("piped"), b"x").expect("written");
        std::io::Read::read_exact(child.stdout.as_mut().expect("piped"), &mut echo).expect("read");
        let pid = Pid::new(child.id()).expect("in range");
        let list = || {
            let mut all = Vec::new();
            let done = linux.view_of(pid).each_descriptor(&mut |one| {
                all.push((one.fd, one.kind, one.inode.is_some()));
                ControlFlow::Continue(())
            });
            (done.map_err(|error| error.to_string()), all)
        };
        let (_, answered) = list();
        let refused = without(ASK, libc::EIO, list);
        let closed = without(ASK, libc::ENOENT, list);
        drop(child.stdin.take());
        child.wait().expect("ends");
        let (Some(refused), Some(closed)) = (refused, closed) else { return };
        assert!(answered.len() >= 3 && answered.iter().all(|one| one.2), "{answered:?}");
        let known: Vec<_> = answered.iter().map(|one| (one.0, one.1, false)).collect();
        assert_eq!(refused, (Ok(()), known));
        assert_eq!(closed, (Ok(()), Vec::new()));
    }

    #[test]
    fn descriptors_are_counted_one_by_one_where_the_directory_has_no_size() {
        let linux = Linux::new();
        let pin = std::fs::File::open("/dev/null").expect("opens");
        let held: Vec<_> = (0..600).map_while(|_| pin.try_clone().ok()).collect();
        let mut child = std::process::Command::new("cat");
        let mut child = child.stdin(std::process::Stdio::piped()).spawn().expect("starts");
        // This directory has as many entries as the other, and never a size.
        let dir = |pid: u32| {
            let path = PidPath::of(Pid::new(pid).expect("in range")).dir().to_owned();
            sys::open_place(linux.proc().expect("opens"), &path).expect("opens")
        };
        for pid in [std::process::id(), child.id()] {
            let mut block = vec![0; BLOCK];
            let mut count = |name| super::count(dir(pid), name, &mut block, true).expect("counts");
            // Others of this program open and close some meanwhile.
            let same = (0..200).any(|_| count(c"fd") == count(c"fdinfo"));
            assert!(same, "{} {}", count(c"fd"), count(c"fdinfo"));
        }
        drop((child.stdin.take(), held));
        child.wait().expect("ends");
    }
}
