//! Open files, sockets of a process and memory maps, as FreeBSD lays them out.

use ps_core::raw::{Record as _, Scope, Short, Union8, Value as _, packed, text};

ps_core::records! {
    /// The records of this subject.
    pub(super) const RECORDS;

    /// A socket address of any family.
    "struct sockaddr_storage" => pub struct SockaddrStorage {
        ss_len: u8,
        ss_family: u8,
        ss_pad1: [u8; 6] = "__ss_pad1",
        ss_align: i64 = "__ss_align",
        ss_pad2: [u8; 112] = "__ss_pad2",
    }

    /// `kf_un.kf_sock` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_sock)" => pub struct KinfoFileKfSock {
        kf_sock_sendq: u32,
        kf_sock_domain0: i32,
        kf_sock_type0: i32,
        kf_sock_protocol0: i32,
        kf_sa_local: SockaddrStorage,
        kf_sa_peer: SockaddrStorage,
        kf_sock_pcb: u64,
        kf_sock_inpcb: u64,
        kf_sock_unpconn: u64,
        kf_sock_snd_sb_state: u16,
        kf_sock_rcv_sb_state: u16,
        kf_sock_recvq: u32,
    }

    /// `kf_un.kf_file` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_file)" => pub struct KinfoFileKfFile {
        kf_file_type: i32,
        kf_spareint: [i32; 3],
        kf_spareint64: [u64; 29],
        kf_file_nlink: u64,
        kf_file_fsid: u64,
        kf_file_rdev: u64,
        kf_file_fileid: u64,
        kf_file_size: u64,
        kf_file_fsid_freebsd11: u32,
        kf_file_rdev_freebsd11: u32,
        kf_file_mode: u16,
        kf_file_pad0: u16,
        kf_file_pad1: u32,
    }

    /// `kf_un.kf_sem` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_sem)" => pub struct KinfoFileKfSem {
        kf_spareint: [u32; 4],
        kf_spareint64: [u64; 32],
        kf_sem_value: u32,
        kf_sem_mode: u16,
    }

    /// `kf_un.kf_pipe` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_pipe)" => pub struct KinfoFileKfPipe {
        kf_spareint: [u32; 4],
        kf_spareint64: [u64; 32],
        kf_pipe_addr: u64,
        kf_pipe_peer: u64,
        kf_pipe_buffer_cnt: u32,
        kf_pipe_buffer_in: u32,
        kf_pipe_buffer_out: u32,
        kf_pipe_buffer_size: u32,
    }

    /// `kf_un.kf_pts` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_pts)" => pub struct KinfoFileKfPts {
        kf_spareint: [u32; 4],
        kf_spareint64: [u64; 32],
        kf_pts_dev_freebsd11: u32,
        kf_pts_pad0: u32,
        kf_pts_dev: u64,
        kf_pts_pad1: [u32; 4],
    }

    /// `kf_un.kf_proc` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_proc)" => pub struct KinfoFileKfProc {
        kf_spareint: [u32; 4],
        kf_spareint64: [u64; 32],
        kf_pid: i32,
    }

    /// `kf_un.kf_eventfd` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_eventfd)" => pub struct KinfoFileKfEventfd {
        kf_eventfd_value: u64,
        kf_eventfd_flags: u32,
        kf_eventfd_spareint: [u32; 3],
        kf_eventfd_addr: u64,
    }

    /// `kf_un.kf_timerfd` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_timerfd)" => pub struct KinfoFileKfTimerfd {
        kf_timerfd_clockid: u32,
        kf_timerfd_flags: u32,
        kf_timerfd_addr: u64,
    }

    /// `kf_un.kf_jail` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_jail)", Scope::ALWAYS.since(15, 0) => pub struct KinfoFileKfJail {
        kf_jid: i32,
    }

    /// `kf_un.kf_kqueue` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_kqueue)" => pub struct KinfoFileKfKqueue {
        kf_kqueue_addr: u64,
        kf_kqueue_count: i32,
        kf_kqueue_state: i32,
    }

    /// `kf_un.kf_inotify` of `struct kinfo_file`.
    "__typeof__(((struct kinfo_file *)0)->kf_un.kf_inotify)", Scope::ALWAYS.since(15, 0) => pub struct KinfoFileKfInotify {
        kf_inotify_npending: u64,
        kf_inotify_nbpending: u64,
    }

    /// The capabilities of a descriptor.
    "struct cap_rights" => pub struct CapRights {
        cr_rights: [u64; 2],
    }

    /// An open file of a process.
    "struct kinfo_file" => pub struct KinfoFile {
        /// The length of this entry; entries are packed, this is the step to the next.
        kf_structsize: i32,
        kf_type: i32,
        /// Negative ones (`KF_FD_TYPE_*`) are no descriptors: current directory, root, text.
        kf_fd: i32,
        kf_ref_count: i32,
        kf_flags: i32,
        kf_pad0: i32,
        kf_offset: i64,
        kf_un: Union8<304>,
        kf_status: u16,
        kf_pad1: u16,
        _kf_ispare0: i32,
        kf_cap_rights: CapRights,
        _kf_cap_spare: u64,
        kf_path: [u8; 1024],
    }

    /// One mapping of a process.
    "struct kinfo_vmentry" => pub struct KinfoVmentry {
        /// The length of this entry; entries are packed, this is the step to the next.
        kve_structsize: i32,
        kve_type: i32,
        kve_start: u64,
        kve_end: u64,
        kve_offset: u64,
        kve_vn_fileid: u64,
        kve_vn_fsid_freebsd11: u32,
        kve_flags: i32,
        kve_resident: i32,
        kve_private_resident: i32,
        kve_protection: i32,
        kve_ref_count: i32,
        kve_shadow_count: i32,
        kve_vn_type: i32,
        kve_vn_size: u64,
        kve_vn_rdev_freebsd11: u32,
        kve_vn_mode: u16,
        kve_status: u16,
        kve_type_spec: Union8<8>,
        kve_vn_rdev: u64,
        _kve_ispare: [i32; 8],
        kve_path: [u8; 1024],
    }

    /// An open file of the system, from `kern.file`.
    "struct xfile" => pub struct Xfile {
        xf_size: u64,
        xf_pid: i32,
        xf_uid: u32,
        xf_fd: i32,
        _xf_int_pad1: i32,
        xf_file: u64,
        xf_type: i16,
        _xf_short_pad1: i16,
        xf_count: i32,
        xf_msgcount: i32,
        _xf_int_pad2: i32,
        xf_offset: i64,
        xf_data: u64,
        xf_vnode: u64,
        xf_flag: u32,
        _xf_int_pad3: i32,
        _xf_int64_pad: [i64; 6],
    }
}

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub KERN_FILE: i32 = 15;
    pub KERN_PROC_FILEDESC: i32 = 33;
    pub KERN_PROC_NFDS: i32 = 43;
    pub KERN_PROC_VMMAP: i32 = 32;
    pub KERN_PROC_SIGTRAMP: i32 = 41;
    pub KF_TYPE_NONE: i32 = 0;
    pub KF_TYPE_VNODE: i32 = 1;
    pub KF_TYPE_SOCKET: i32 = 2;
    pub KF_TYPE_PIPE: i32 = 3;
    pub KF_TYPE_FIFO: i32 = 4;
    pub KF_TYPE_KQUEUE: i32 = 5;
    pub KF_TYPE_MQUEUE: i32 = 7;
    pub KF_TYPE_SHM: i32 = 8;
    pub KF_TYPE_SEM: i32 = 9;
    pub KF_TYPE_PTS: i32 = 10;
    pub KF_TYPE_PROCDESC: i32 = 11;
    pub KF_TYPE_DEV: i32 = 12;
    pub KF_TYPE_EVENTFD: i32 = 13;
    pub KF_TYPE_TIMERFD: i32 = 14;
    pub KF_TYPE_UNKNOWN: i32 = 255;
    pub KF_VTYPE_VNON: i32 = 0;
    pub KF_VTYPE_VREG: i32 = 1;
    pub KF_VTYPE_VDIR: i32 = 2;
    pub KF_VTYPE_VBLK: i32 = 3;
    pub KF_VTYPE_VCHR: i32 = 4;
    pub KF_VTYPE_VLNK: i32 = 5;
    pub KF_VTYPE_VSOCK: i32 = 6;
    pub KF_VTYPE_VFIFO: i32 = 7;
    pub KF_VTYPE_VBAD: i32 = 8;
    pub KF_FD_TYPE_CWD: i32 = -1;
    pub KF_FD_TYPE_ROOT: i32 = -2;
    pub KF_FD_TYPE_JAIL: i32 = -3;
    pub KF_FD_TYPE_TRACE: i32 = -4;
    pub KF_FD_TYPE_TEXT: i32 = -5;
    pub KF_FD_TYPE_CTTY: i32 = -6;
    pub KF_FLAG_READ: i32 = 1;
    pub KF_FLAG_WRITE: i32 = 2;
    pub KF_FLAG_APPEND: i32 = 4;
    pub KF_FLAG_ASYNC: i32 = 8;
    pub KF_FLAG_FSYNC: i32 = 0x10;
    pub KF_FLAG_NONBLOCK: i32 = 0x20;
    pub KF_FLAG_DIRECT: i32 = 0x40;
    pub KF_FLAG_HASLOCK: i32 = 0x80;
    pub KF_FLAG_SHLOCK: i32 = 0x100;
    pub KF_FLAG_EXLOCK: i32 = 0x200;
    pub KF_FLAG_NOFOLLOW: i32 = 0x400;
    pub KF_FLAG_CREAT: i32 = 0x800;
    pub KF_FLAG_TRUNC: i32 = 0x1000;
    pub KF_FLAG_EXCL: i32 = 0x2000;
    pub KF_FLAG_EXEC: i32 = 0x4000;
    pub KF_ATTR_VALID: i32 = 1;
    pub KVME_TYPE_NONE: i32 = 0;
    pub KVME_TYPE_DEFAULT: i32 = 1;
    pub KVME_TYPE_VNODE: i32 = 2;
    pub KVME_TYPE_SWAP: i32 = 3;
    pub KVME_TYPE_DEVICE: i32 = 4;
    pub KVME_TYPE_PHYS: i32 = 5;
    pub KVME_TYPE_DEAD: i32 = 6;
    pub KVME_TYPE_SG: i32 = 7;
    pub KVME_TYPE_MGTDEVICE: i32 = 8;
    pub KVME_TYPE_GUARD: i32 = 9;
    pub KVME_TYPE_UNKNOWN: i32 = 255;
    pub KVME_PROT_READ: i32 = 1;
    pub KVME_PROT_WRITE: i32 = 2;
    pub KVME_PROT_EXEC: i32 = 4;
    pub KVME_FLAG_COW: i32 = 1;
    pub KVME_FLAG_NEEDS_COPY: i32 = 2;
    pub KVME_FLAG_NOCOREDUMP: i32 = 4;
    pub KVME_FLAG_SUPER: i32 = 8;
    pub KVME_FLAG_GROWS_UP: i32 = 0x10;
    pub KVME_FLAG_GROWS_DOWN: i32 = 0x20;
    pub KVME_FLAG_USER_WIRED: i32 = 0x40;
    pub DTYPE_VNODE: i32 = 1;
    pub DTYPE_SOCKET: i32 = 2;
    pub DTYPE_PIPE: i32 = 3;
    pub DTYPE_KQUEUE: i32 = 5;
    pub DTYPE_CRYPTO: i32 = 6;
    pub DTYPE_MQUEUE: i32 = 7;
    pub DTYPE_SEM: i32 = 9;
    pub DTYPE_EVENTFD: i32 = 13;
    pub DTYPE_TIMERFD: i32 = 14;
    pub FREAD: i32 = 1;
    pub FWRITE: i32 = 2;
    pub UF_EXCLOSE: i32 = 1;
    pub O_RDONLY: i32 = 0;
    pub O_WRONLY: i32 = 1;
    pub O_RDWR: i32 = 2;
    pub O_NONBLOCK: i32 = 4;
    pub O_APPEND: i32 = 8;
    pub O_SHLOCK: i32 = 0x10;
    pub O_EXLOCK: i32 = 0x20;
    pub O_ASYNC: i32 = 0x40;
    pub O_FSYNC: i32 = 0x80;
    pub O_NOFOLLOW: i32 = 0x100;
    pub O_CREAT: i32 = 0x200;
    pub O_TRUNC: i32 = 0x400;
    pub O_EXCL: i32 = 0x800;
    pub O_DIRECT: i32 = 0x10000;
    pub O_EXEC: i32 = 0x40000;
}

ps_core::constants! {
    /// Numbers that came later.
    pub(super) const NEWER_CONSTANTS, Scope::ALWAYS.since(15, 0);

    pub KF_TYPE_INOTIFY: i32 = 15;
    pub KF_TYPE_JAILDESC: i32 = 16;
}

/// Entries are cut off where their path ends.
const PATH: usize = 1024;

/// The entries in an answer of `kern.proc.filedesc`. Each says how long it is; the path is cut off where it ends.
pub fn files(answer: &[u8]) -> impl Iterator<Item = Result<KinfoFile, Short>> {
    packed(answer, stated_length).map(|entry| KinfoFile::from_cut(entry, PATH))
}

/// The entries in an answer of `kern.proc.vmmap`. Each says how long it is; the path is cut off where it ends.
pub fn mappings(answer: &[u8]) -> impl Iterator<Item = Result<KinfoVmentry, Short>> {
    packed(answer, stated_length).map(|entry| KinfoVmentry::from_cut(entry, PATH))
}

fn stated_length(rest: &[u8]) -> Option<usize> {
    usize::try_from(i32::load(rest)).ok()
}

impl KinfoFile {
    /// The path, empty where the kernel does not know it. It need not be UTF-8.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        text(&self.kf_path)
    }

    /// What is known of a socket; `None` for other kinds of files.
    #[must_use]
    pub fn socket(&self) -> Option<KinfoFileKfSock> {
        (self.kf_type == KF_TYPE_SOCKET).then(|| self.kf_un.read().ok())?
    }

    /// What is known of a file in a file system; `None` for other kinds, and where the kernel could not ask.
    #[must_use]
    pub fn vnode(&self) -> Option<KinfoFileKfFile> {
        let known = self.kf_type == KF_TYPE_VNODE && i32::from(self.kf_status) & KF_ATTR_VALID != 0;
        known.then(|| self.kf_un.read().ok())?
    }
}

impl KinfoVmentry {
    /// The path, empty where nothing is mapped from a file. It need not be UTF-8.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        text(&self.kve_path)
    }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const FILES: &[u8] = include_bytes!("../../../fixtures/records/freebsd-files.bin");
    const MAPPINGS: &[u8] = include_bytes!("../../../fixtures/records/freebsd-mappings.bin");

    /// Cuts every record to the length it states, as the kernel does.
    fn cut(records: &[u8], size: usize) -> Vec<u8> {
        let cut = |record| packed(record, stated_length).next().unwrap_or_default();
        records.chunks(size).flat_map(cut).copied().collect()
    }

    #[test]
    fn files_and_sockets_are_read_from_entries_of_varying_length() {
        let answer = cut(FILES, KinfoFile::LAYOUT.size);
        let files: Vec<KinfoFile> = files(&answer).map(|file| file.expect("it is whole")).collect();
        assert_eq!(files.iter().map(|file| file.kf_fd).collect::<Vec<_>>(), [KF_FD_TYPE_CWD, 3, 4]);

        assert_eq!((files[0].path(), files[0].kf_flags), (&b"/home/jo"[..], KF_FLAG_READ));
        assert!(files[0].vnode().is_none(), "the kernel says that it could not ask");

        let vnode = files[1].vnode().expect("a file in a file system");
        assert_eq!(
            (files[1].path(), files[1].kf_offset),
            (&b"/var/log/a\xff b"[..], 0x1_0000_0001)
        );
        assert_eq!((vnode.kf_file_type, vnode.kf_file_mode), (KF_VTYPE_VREG, 0o100_644));
        assert_eq!((vnode.kf_file_size, vnode.kf_file_fileid), (0x2_0000_0002, 77));
        assert!(files[1].socket().is_none());

        let socket = files[2].socket().expect("a socket");
        assert_eq!(
            (socket.kf_sock_domain0, socket.kf_sock_type0, socket.kf_sock_protocol0),
            (2, 1, 6)
        );
        assert_eq!((socket.kf_sa_local.ss_len, socket.kf_sa_local.ss_family), (16, 2));
        assert_eq!((socket.kf_sock_pcb, socket.kf_sock_recvq), (0xffff_f800_0000_1000, 9));
        assert!(files[2].vnode().is_none());
    }

    #[test]
    fn mappings_are_read_from_entries_of_varying_length() {
        let answer = cut(MAPPINGS, KinfoVmentry::LAYOUT.size);
        let found: Vec<KinfoVmentry> =
            mappings(&answer).map(|entry| entry.expect("it is whole")).collect();
        assert_eq!((found[0].kve_start, found[0].kve_end), (0x20_0000, 0x20_3000));
        assert_eq!((found[0].path(), found[0].kve_type), (&b"/bin/sh"[..], KVME_TYPE_VNODE));
        assert_eq!((found[0].kve_resident, found[0].kve_private_resident), (3, 1));
        assert_eq!(found[0].kve_protection, KVME_PROT_READ | KVME_PROT_EXEC);
        assert_eq!((found[1].path(), found[1].kve_flags), (&b""[..], KVME_FLAG_GROWS_DOWN));
        assert_eq!((found[1].kve_ref_count, found[1].kve_shadow_count), (2, 4));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_entry_that_lacks_more_than_its_path_is_refused() {
        let mut entry = FILES[..300].to_vec();
        entry[..4].copy_from_slice(&300_i32.to_le_bytes());
        let short = files(&entry).next().expect("there is one").expect_err("it is short");
        assert_eq!(short.to_string(), "struct kinfo_file needs 368 bytes, the answer has 300");
    }
}
