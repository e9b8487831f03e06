//! Mounted file systems and disk traffic.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use ps_core::DiskBackend;
pub use ps_core::disk::{DiskIo, DiskUsage, Partition, Partitions};
pub use ps_core::nowrap::Nowrap;

use crate::engine::sampler::Rates;
use crate::{Result, System};

asks! {
    in "disk";

    /// Mounted file systems, in the kernel's order: those on real devices, or all.
    ///
    /// A mount that hides another, or that is a file, is listed as it is.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. [`Partitions::Physical`] are, on Linux, those of types that need a
    /// device; on macOS those whose source is a path that exists; on the BSDs those whose source is a device
    /// below `/dev`; and parts of a ZFS pool.
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

/// Traffic of one disk from one call to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DiskRate {
    /// The time that the rates are a mean over.
    pub elapsed: Duration,
    /// Reads per second.
    pub read_count: f64,
    /// Writes per second.
    pub write_count: f64,
    /// Bytes read per second.
    pub read_bytes: f64,
    /// Bytes written per second.
    pub write_bytes: f64,
}

impl DiskRate {
    fn new(moved: &DiskIo, elapsed: Duration) -> DiskRate {
        let per_second = |count: u64| count as f64 / elapsed.as_secs_f64();
        DiskRate {
            elapsed,
            read_count: per_second(moved.read_count),
            write_count: per_second(moved.write_count),
            read_bytes: per_second(moved.read_bytes),
            write_bytes: per_second(moved.write_bytes),
        }
    }
}

/// Traffic of each disk, from one call to the next.
///
/// What is compared with is held here and nowhere else. A counter that wraps is carried on, as by [`Nowrap`]; a
/// disk that went and came back starts anew.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ps_facade::disk::DiskSampler;
///
/// let mut sampler = DiskSampler::new();
/// # let Ok(_) = sampler.sample() else { return Ok(()) };
/// sampler.sample()?;
/// std::thread::sleep(Duration::from_millis(20));
/// for (name, rate) in sampler.sample()? {
///     if let Some(rate) = rate {
///         println!("{}: {:.0} bytes per second", name.display(), rate.read_bytes);
///     }
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DiskSampler {
    system: System,
    rates: Rates<DiskIo>,
}

impl DiskSampler {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> DiskSampler {
        DiskSampler::of(&System::default())
    }

    /// The same, of another system than the default one.
    #[must_use]
    pub fn of(system: &System) -> DiskSampler {
        DiskSampler { system: system.clone(), rates: Rates::new() }
    }

    /// Rates of all disks since the call before; `None` for one that was not there then, so for all of them the
    /// first time, and if no time has passed.
    ///
    /// # Errors
    ///
    /// Those of [`io_counters_per_disk`].
    pub fn sample(&mut self) -> Result<BTreeMap<OsString, Option<DiskRate>>> {
        let reading = self.system.disk_io_counters_per_disk()?;
        let moved = self.rates.next(reading, self.system.now());
        let rate = |(moved, elapsed): (DiskIo, Duration)| DiskRate::new(&moved, elapsed);
        Ok(moved.into_iter().map(|(name, moved)| (name, moved.map(rate))).collect())
    }
}

impl Default for DiskSampler {
    fn default() -> DiskSampler {
        DiskSampler::new()
    }
}
