//! Boot time, up-time, names and login sessions.

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use ps_core::HostBackend;
pub use ps_core::host::User;

use crate::{Gid, Process, Result, System, Uid};

asks! {
    in "host";

    /// When the system booted, on the wall clock. It moves when the clock is set.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `btime` of `/proc/stat` on Linux, in whole seconds; `kern.boottime` elsewhere.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(ps_facade::host::boot_time()? < std::time::SystemTime::now());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn boot_time = boot_time() -> SystemTime;

    /// Time since boot, suspension included.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `CLOCK_BOOTTIME`, or the kernel's clock less the boot time where there is no such clock.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::host;
    /// assert!(host::uptime().unwrap_or_default() <= host::time_since_boot()?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn time_since_boot = time_since_boot() -> Duration;

    /// Time the system has been running since boot, suspension left out.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD.
    ///
    /// # Source
    ///
    /// `CLOCK_MONOTONIC` on Linux, `CLOCK_UPTIME_RAW` on macOS, `CLOCK_UPTIME` on FreeBSD and OpenBSD.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) on NetBSD.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let Ok(uptime) = ps_facade::host::uptime() {
    ///     println!("up {} s", uptime.as_secs());
    /// }
    /// ```
    fn uptime = uptime() -> Duration;

    /// The machine's name.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `gethostname`, or `/proc/sys/kernel/hostname` at other roots.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{}", ps_facade::host::hostname()?.display());
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn hostname = hostname() -> OsString;

    /// Login sessions; empty where nothing keeps a record of them.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. OpenBSD does not tell the process.
    ///
    /// # Source
    ///
    /// `/run/utmp`, or systemd's sessions where there is none, on Linux; `utmpx` on macOS, FreeBSD and NetBSD;
    /// `/var/run/utmp` on OpenBSD.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// for user in ps_facade::host::users()? {
    ///     println!("{} on {:?}", user.name.display(), user.terminal);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn users = users() -> Vec<User>;

    /// The name of an account; `None` if no account has this id.
    ///
    /// An answer is kept until the account files change, for at most a minute where accounts come from
    /// elsewhere.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `getpwuid_r`; the file `passwd` at other roots.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Uid, host};
    /// println!("{:?}", host::user_name(Uid::new(0))?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn user_name = user_name(uid: Uid) -> Option<OsString>;

    /// The name of a group; `None` if no group has this id.
    ///
    /// Availability, source and privileges are as for [`user_name`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::{Gid, host};
    /// println!("{:?}", host::group_name(Gid::new(0))?);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn group_name = group_name(gid: Gid) -> Option<OsString>;
}

/// Name of the user that runs this program; the number as text if there is no such account.
///
/// # Examples
///
/// ```
/// println!("{}", ps_facade::host::current_user()?.display());
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[doc(alias = "getuser")]
pub fn current_user() -> Result<OsString> {
    System::default().current_user()
}

impl System {
    /// What [`host::current_user`](current_user) tells, of this system.
    pub fn current_user(&self) -> Result<OsString> {
        Process::current_of(self)?.username()
    }
}
