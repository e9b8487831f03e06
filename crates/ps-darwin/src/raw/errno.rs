//! Numbers of errors, as macOS gives them: other systems number some of them differently, and what a failure
//! means is decided, and tested, on every host.

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub EPERM: i32 = 1;
    pub ENOENT: i32 = 2;
    pub ESRCH: i32 = 3;
    pub EINTR: i32 = 4;
    pub EIO: i32 = 5;
    pub ENXIO: i32 = 6;
    pub EBADF: i32 = 9;
    pub ECHILD: i32 = 10;
    pub ENOMEM: i32 = 12;
    pub EACCES: i32 = 13;
    pub EFAULT: i32 = 14;
    pub EBUSY: i32 = 16;
    pub ENODEV: i32 = 19;
    pub EINVAL: i32 = 22;
    pub ENFILE: i32 = 23;
    pub EMFILE: i32 = 24;
    pub EAGAIN: i32 = 35;
    pub ENOTSOCK: i32 = 38;
    pub ENOTSUP: i32 = 45;
    pub EADDRNOTAVAIL: i32 = 49;
    pub ENOBUFS: i32 = 55;
    pub EOVERFLOW: i32 = 84;
    pub EOPNOTSUPP: i32 = 102;
}
