//! Numbers of failures, the same in all three systems.

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub EPERM: i32 = 1;
    pub ENOENT: i32 = 2;
    pub ESRCH: i32 = 3;
    pub EINTR: i32 = 4;
    pub EIO: i32 = 5;
    pub ENXIO: i32 = 6;
    pub ENOEXEC: i32 = 8;
    pub EBADF: i32 = 9;
    pub ECHILD: i32 = 10;
    pub EDEADLK: i32 = 11;
    pub ENOMEM: i32 = 12;
    pub EACCES: i32 = 13;
    pub EFAULT: i32 = 14;
    pub EBUSY: i32 = 16;
    pub ENODEV: i32 = 19;
    pub ENOTDIR: i32 = 20;
    pub EINVAL: i32 = 22;
    pub ENFILE: i32 = 23;
    pub EMFILE: i32 = 24;
    pub ENOTTY: i32 = 25;
    pub ENOSPC: i32 = 28;
    pub ERANGE: i32 = 34;
    pub EAGAIN: i32 = 35;
    pub EOPNOTSUPP: i32 = 45;
}
