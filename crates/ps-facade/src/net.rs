//! Network interfaces, traffic and sockets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use ps_core::NetBackend;
pub use ps_core::net::{
    Address, AddressFamily, Connection, ConnectionKind, ConnectionQuery, ConnectionStatus, Duplex,
    Endpoint, InterfaceAddress, InterfaceStats, NetIo, SocketFamily, SocketType,
};
pub use ps_core::nowrap::Nowrap;

use crate::engine::sampler::Rates;
use crate::{Result, System};

asks! {
    in "net";

    /// Traffic of all interfaces together, the loopback one included; `None` if there are none.
    ///
    /// Counters may wrap, or start again when an interface does: see [`Nowrap`] for figures
    /// that only grow.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// Netlink on Linux, `/proc/thread-self/net/dev` where that cannot be had; both are about the network namespace of the
    /// calling thread. The interface list of `sysctl net.route` elsewhere.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::Error::Io) if it cannot be read, [`Decode`](crate::Error::Decode) if it makes no sense.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// if let Some(io) = ps_facade::net::io_counters()? {
    ///     println!("{} bytes received", io.bytes_recv);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "net_io_counters")]
    fn io_counters = net_io_counters() -> Option<NetIo>;

    /// Traffic of each interface.
    ///
    /// Availability, source, errors and privileges are those of [`io_counters`].
    ///
    /// # Examples
    ///
    /// ```
    /// for (name, io) in ps_facade::net::io_counters_per_interface()? {
    ///     println!("{}: {} packets sent", name.display(), io.packets_sent);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "pernic_net_io_counters")]
    fn io_counters_per_interface = net_io_counters_per_interface() -> BTreeMap<OsString, NetIo>;

    /// Addresses of each interface; one without any is listed with the family
    /// [`Unspecified`](AddressFamily::Unspecified).
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `getifaddrs`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Error::Unsupported) at a root that is not the caller's own.
    ///
    /// Needs no privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// for (name, addresses) in ps_facade::net::interface_addresses()? {
    ///     for one in addresses.iter().filter_map(|one| one.address.as_ref()) {
    ///         println!("{}: {one}", name.display());
    ///     }
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "net_if_addrs")]
    fn interface_addresses = interface_addresses() -> BTreeMap<OsString, Vec<InterfaceAddress>>;

    /// State of each interface: up, duplex, speed, largest packet, flags.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `SIOCGIFFLAGS`, `SIOCGIFMTU`, and `ethtool` on Linux or `SIOCGIFMEDIA` elsewhere.
    ///
    /// Errors and privileges are those of [`interface_addresses`].
    ///
    /// # Examples
    ///
    /// ```
    /// for (name, state) in ps_facade::net::interface_stats()? {
    ///     println!("{}: {}", name.display(), if state.is_up { "up" } else { "down" });
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "net_if_stats")]
    fn interface_stats = interface_stats() -> BTreeMap<OsString, InterfaceStats>;

    /// Sockets of the whole system, each once.
    ///
    /// A socket whose owner may not be seen is listed without one. Finding owners costs a walk over the
    /// descriptors of all processes; leave that out with [`ConnectionQuery::without_owners`].
    ///
    /// # Availability
    ///
    /// Linux, FreeBSD, OpenBSD, NetBSD; on macOS those of the caller's own processes unless it is root. On
    /// Linux those of the caller's network namespace.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|
    /// | `sock_diag`, else `/proc/net` | `proc_pidfdinfo` | `kern.file`, `pcblist` | `kern.file` | `kern.file2`, `pcblist` |
    ///
    /// # Examples
    ///
    /// ```
    /// use ps_facade::net::{self, ConnectionKind, ConnectionQuery, ConnectionStatus};
    ///
    /// let listening = ConnectionQuery::new(ConnectionKind::Tcp).with_status(ConnectionStatus::Listen);
    /// for socket in net::connections(&listening.without_owners())? {
    ///     println!("{:?}", socket.local);
    /// }
    /// # Ok::<(), ps_facade::Error>(())
    /// ```
    #[doc(alias = "net_connections")]
    fn connections = connections(query: &ConnectionQuery) -> Vec<Connection>;
}

/// Traffic of one interface from one call to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NetRate {
    /// The time that the rates are a mean over.
    pub elapsed: Duration,
    /// Bytes sent per second.
    pub bytes_sent: f64,
    /// Bytes received per second.
    pub bytes_recv: f64,
    /// Packets sent per second.
    pub packets_sent: f64,
    /// Packets received per second.
    pub packets_recv: f64,
}

impl NetRate {
    fn new(moved: &NetIo, elapsed: Duration) -> NetRate {
        let per_second = |count: u64| count as f64 / elapsed.as_secs_f64();
        NetRate {
            elapsed,
            bytes_sent: per_second(moved.bytes_sent),
            bytes_recv: per_second(moved.bytes_recv),
            packets_sent: per_second(moved.packets_sent),
            packets_recv: per_second(moved.packets_recv),
        }
    }
}

/// Traffic of each interface, from one call to the next.
///
/// What is compared with is held here and nowhere else. A counter that wraps is carried on, as by [`Nowrap`]; a
/// interface that went and came back starts anew.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ps_facade::net::NetSampler;
///
/// let mut sampler = NetSampler::new();
/// # let Ok(_) = sampler.sample() else { return Ok(()) };
/// sampler.sample()?;
/// std::thread::sleep(Duration::from_millis(20));
/// for (name, rate) in sampler.sample()? {
///     if let Some(rate) = rate {
///         println!("{}: {:.0} bytes per second", name.display(), rate.bytes_recv);
///     }
/// }
/// # Ok::<(), ps_facade::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NetSampler {
    system: System,
    rates: Rates<NetIo>,
}

impl NetSampler {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> NetSampler {
        NetSampler::of(&System::default())
    }

    /// The same, of another system than the default one.
    #[must_use]
    pub fn of(system: &System) -> NetSampler {
        NetSampler { system: system.clone(), rates: Rates::new() }
    }

    /// Rates of all interfaces since the call before; `None` for one that was not there then, so for all of them the
    /// first time, and if no time has passed.
    ///
    /// # Errors
    ///
    /// Those of [`io_counters_per_interface`].
    pub fn sample(&mut self) -> Result<BTreeMap<OsString, Option<NetRate>>> {
        let reading = self.system.net_io_counters_per_interface()?;
        let moved = self.rates.next(reading, self.system.now());
        let rate = |(moved, elapsed): (NetIo, Duration)| NetRate::new(&moved, elapsed);
        Ok(moved.into_iter().map(|(name, moved)| (name, moved.map(rate))).collect())
    }
}

impl Default for NetSampler {
    fn default() -> NetSampler {
        NetSampler::new()
    }
}
