//! Physical memory and swap.

use ps_core::MemBackend;
pub use ps_core::mem::{SwapMemory, VirtualMemory};

asks! {
    in "mem";

    /// Physical memory of the machine as it stands now, in bytes.
    ///
    /// Watch [`available`](VirtualMemory::available) to see pressure coming: kernels fill memory that would
    /// lie idle with caches, so `free` runs low on a healthy machine. A program that runs under limits gets
    /// less than the machine has: see [`available_memory`].
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. A field one of them lacks is `None`.
    ///
    /// # Source
    ///
    /// | field | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|---|
    /// | `total` | `MemTotal` | `hw.memsize` | `hw.physmem` | `hw.physmem64` | `vm.uvmexp2` |
    /// | `available` | `MemAvailable`, else an estimate | free, inactive | inactive, cache, free | inactive, cached, free | total less used |
    /// | `cached` | `Cached`, `SReclaimable` | - | cache | buffer cache | file and program pages |
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::Error::Decode) if the kernel's answer lacks a required figure;
    /// [`Io`](crate::Error::Io) if it cannot be read.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = ps_facade::mem::virtual_memory()?;
    /// assert!(memory.available <= memory.total);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn virtual_memory = virtual_memory() -> VirtualMemory;

    /// Swap as it stands now, in bytes, and its traffic since boot. All zero where there is no swap.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD. Traffic that a kernel does not count is `None`.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD, NetBSD |
    /// |---|---|---|---|
    /// | `/proc/meminfo`, `/proc/vmstat` | `vm.swapusage`, `host_statistics64` | `vm.swap_info`, `vm.stats.vm` | `swapctl`, `vm.uvmexp` |
    ///
    /// Errors are those of [`virtual_memory`]. Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let swap = ps_facade::mem::swap_memory()?;
    /// assert!(swap.used <= swap.total);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn swap_memory = swap_memory() -> SwapMemory;

    /// Bytes that this program can still get without swapping, limits taken into account.
    ///
    /// The smallest, over the machine and every control group the program is in, of what is left under the
    /// limit and what the kernel would take back to make room.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD; limits of control groups on Linux only.
    ///
    /// # Source
    ///
    /// `/proc/meminfo` and the files `memory.*` of the control group and of all above it.
    ///
    /// Errors are those of [`virtual_memory`]. Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::mem;
    /// assert!(mem::available_memory()? <= mem::virtual_memory()?.total);
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    fn available_memory = available_memory() -> u64;
}
