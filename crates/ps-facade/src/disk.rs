//! Mounted file systems and disk traffic.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use ps_core::DiskBackend;
pub use ps_core::disk::{DiskIo, DiskUsage, Partition, Partitions};
pub use ps_core::nowrap::Nowrap;

asks! {
    in "disk";

    /// Mounted file systems, in the kernel's order: those on real devices, or all.
    ///
    /// A mount that hides another, or that is a file, is listed as it is.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. The BSDs list all of them in either case.
    ///
    /// # Source
    ///
    /// `/proc/self/mounts` and `/proc/filesystems` on Linux, `getfsstat` or `getvfsstat` elsewhere, without
    /// waiting for network file systems that do not answer.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if the table cannot be read.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::disk::{self, Partitions};
    ///
    /// for partition in disk::partitions(Partitions::Physical)? {
    ///     println!("{} {}", partition.mount_point.display(), partition.fs_type.display());
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "disk_partitions")]
    fn partitions = partitions(which: Partitions) -> Vec<Partition>;

    /// Space in bytes on the file system that holds a path.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `statvfs`; on macOS `used` from `getattrlist`, since volumes share space there.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for a path that is empty or holds a NUL;
    /// [`Io`](crate::Error::Io) if there is no such path; [`AccessDenied`](crate::Error::AccessDenied) if it
    /// may not be reached; [`Unsupported`](crate::Error::Unsupported) at a root that is not the caller's own.
    ///
    /// # Examples
    ///
    /// ```
    /// let usage = ps_facade::disk::usage("/".as_ref())?;
    /// assert!(usage.used <= usage.total);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "disk_usage")]
    fn usage = disk_usage(path: &Path) -> DiskUsage;

    /// Traffic of all whole disks together since boot; `None` if there are none.
    ///
    /// Counters may wrap, or start again when a device is replaced: see [`Nowrap`] for
    /// figures that only grow.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. Times that a system does not count are `None`.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|
    /// | `/proc/diskstats`, else `/sys/block` | IOKit | `kern.devstat.all` | `hw.diskstats` | `hw.iostats` |
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) if this kernel does not count;
    /// [`Decode`](crate::Error::Decode) if its answer makes no sense.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let Ok(Some(io)) = ps_facade::disk::io_counters() {
    ///     println!("{} bytes read", io.read_bytes);
    /// }
    /// ```
    #[doc(alias = "disk_io_counters")]
    fn io_counters = disk_io_counters() -> Option<DiskIo>;

    /// Traffic of each disk since boot, and of each partition where the kernel counts them.
    ///
    /// Availability, source, errors and privileges are those of [`io_counters`].
    ///
    /// # Examples
    ///
    /// ```
    /// for (name, io) in ps_facade::disk::io_counters_per_disk().unwrap_or_default() {
    ///     println!("{}: {} bytes written", name.display(), io.write_bytes);
    /// }
    /// ```
    fn io_counters_per_disk = disk_io_counters_per_disk() -> BTreeMap<OsString, DiskIo>;
}
