//! Network interfaces, traffic and sockets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::process::{Pid, Uid};
use crate::{Context, Error, Result, sealed};

/// Traffic of one interface, or of all together, since it came up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NetIo {
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_recv: u64,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received.
    pub packets_recv: u64,
    /// Failed receptions.
    #[doc(alias = "errin")]
    pub errors_in: u64,
    /// Failed transmissions.
    #[doc(alias = "errout")]
    pub errors_out: u64,
    /// Incoming packets dropped.
    #[doc(alias = "dropin")]
    pub drops_in: u64,
    /// Outgoing packets dropped, where the system counts them.
    #[doc(alias = "dropout")]
    pub drops_out: Option<u64>,
}

impl NetIo {
    /// Both, added up field by field; a field that only one of them has is kept.
    #[must_use]
    pub fn plus(&self, other: &NetIo) -> NetIo {
        NetIo {
            bytes_sent: self.bytes_sent.saturating_add(other.bytes_sent),
            bytes_recv: self.bytes_recv.saturating_add(other.bytes_recv),
            packets_sent: self.packets_sent.saturating_add(other.packets_sent),
            packets_recv: self.packets_recv.saturating_add(other.packets_recv),
            errors_in: self.errors_in.saturating_add(other.errors_in),
            errors_out: self.errors_out.saturating_add(other.errors_out),
            drops_in: self.drops_in.saturating_add(other.drops_in),
            drops_out: crate::disk::add(self.drops_out, other.drops_out, u64::saturating_add),
        }
    }

    /// All of them added up; `None` of none.
    #[must_use]
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a NetIo>) -> Option<NetIo> {
        all.into_iter().copied().reduce(|sum, one| sum.plus(&one))
    }
}

/// Which sockets a listing holds.
///
/// Read from text by the names that `netstat`-like tools and psutil use.
///
/// ```
/// use ps_core::net::ConnectionKind;
/// assert_eq!("tcp6".parse::<ConnectionKind>().ok(), Some(ConnectionKind::Tcp6));
/// assert!("tcp5".parse::<ConnectionKind>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ConnectionKind {
    /// Every kind.
    All,
    /// IPv4 and IPv6.
    #[default]
    Inet,
    /// IPv4.
    Inet4,
    /// IPv6.
    Inet6,
    /// TCP.
    Tcp,
    /// TCP over IPv4.
    Tcp4,
    /// TCP over IPv6.
    Tcp6,
    /// UDP.
    Udp,
    /// UDP over IPv4.
    Udp4,
    /// UDP over IPv6.
    Udp6,
    /// Unix domain sockets of every type.
    Unix,
}

impl ConnectionKind {
    /// Every kind with its name.
    pub const NAMES: &'static [(&'static str, ConnectionKind)] = &[
        ("all", ConnectionKind::All),
        ("inet", ConnectionKind::Inet),
        ("inet4", ConnectionKind::Inet4),
        ("inet6", ConnectionKind::Inet6),
        ("tcp", ConnectionKind::Tcp),
        ("tcp4", ConnectionKind::Tcp4),
        ("tcp6", ConnectionKind::Tcp6),
        ("udp", ConnectionKind::Udp),
        ("udp4", ConnectionKind::Udp4),
        ("udp6", ConnectionKind::Udp6),
        ("unix", ConnectionKind::Unix),
    ];

    /// Whether sockets of this family and type belong to the kind.
    ///
    /// [`All`](ConnectionKind::All) and the two families take every type of socket that a system lists.
    #[must_use]
    pub fn includes(self, family: SocketFamily, kind: SocketType) -> bool {
        use ConnectionKind as Kind;
        let v4 = family == SocketFamily::Inet;
        let v6 = family == SocketFamily::Inet6;
        let tcp = kind == SocketType::Stream;
        let udp = kind == SocketType::Datagram;
        match self {
            Kind::All => true,
            Kind::Inet => (v4 || v6) && (tcp || udp),
            Kind::Inet4 => v4 && (tcp || udp),
            Kind::Inet6 => v6 && (tcp || udp),
            Kind::Tcp => (v4 || v6) && tcp,
            Kind::Tcp4 => v4 && tcp,
            Kind::Tcp6 => v6 && tcp,
            Kind::Udp => (v4 || v6) && udp,
            Kind::Udp4 => v4 && udp,
            Kind::Udp6 => v6 && udp,
            Kind::Unix => family == SocketFamily::Unix,
        }
    }
}

impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, kind)| kind == self).map_or("?", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for ConnectionKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind).ok_or_else(|| {
            let known: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            Error::invalid(
                Context::new("connection kind"),
                format!("{text:?} is none of {}", known.join(", ")),
            )
        })
    }
}

/// Address family of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SocketFamily {
    /// IPv4.
    #[doc(alias = "AF_INET")]
    Inet,
    /// IPv6, also for IPv4 addresses mapped into it.
    #[doc(alias = "AF_INET6")]
    Inet6,
    /// Unix domain.
    #[doc(alias = "AF_UNIX")]
    Unix,
}

/// Type of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SocketType {
    /// A stream; TCP in the two internet families.
    #[doc(alias = "SOCK_STREAM")]
    Stream,
    /// Datagrams; UDP in the two internet families.
    #[doc(alias = "SOCK_DGRAM")]
    Datagram,
    /// Packets in sequence.
    #[doc(alias = "SOCK_SEQPACKET")]
    SeqPacket,
    /// Raw packets.
    #[doc(alias = "SOCK_RAW")]
    Raw,
    /// Any other, by the kernel's number.
    Other(u32),
}

/// State of a TCP connection. Sockets that are not TCP have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "SCREAMING_SNAKE_CASE"))]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// Connected.
    Established,
    /// Connecting.
    SynSent,
    /// A request to connect has come in.
    SynRecv,
    /// Closed here, not acknowledged yet.
    FinWait1,
    /// Closed here and acknowledged.
    FinWait2,
    /// Waiting for stray packets.
    TimeWait,
    /// Closed.
    Close,
    /// Closed by the other side.
    CloseWait,
    /// Closed by the other side, then here; not acknowledged yet.
    LastAck,
    /// Waiting for connections.
    Listen,
    /// Both sides closed at once.
    Closing,
    /// Any other, by the kernel's number.
    Other(u32),
}

impl fmt::Display for ConnectionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ConnectionStatus as Status;
        f.pad(match self {
            Status::Established => "ESTABLISHED",
            Status::SynSent => "SYN_SENT",
            Status::SynRecv => "SYN_RECV",
            Status::FinWait1 => "FIN_WAIT1",
            Status::FinWait2 => "FIN_WAIT2",
            Status::TimeWait => "TIME_WAIT",
            Status::Close => "CLOSE",
            Status::CloseWait => "CLOSE_WAIT",
            Status::LastAck => "LAST_ACK",
            Status::Listen => "LISTEN",
            Status::Closing => "CLOSING",
            Status::Other(raw) => return write!(f, "OTHER({raw})"),
        })
    }
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Endpoint {
    /// Address and port.
    Inet(SocketAddr),
    /// The file that a Unix domain socket is bound to.
    Path(#[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))] PathBuf),
    /// The abstract name that a Unix domain socket is bound to, without the leading marker. Linux only.
    Abstract(#[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))] OsString),
}

impl Endpoint {
    /// The internet address, if it is one.
    #[must_use]
    pub fn ip(&self) -> Option<std::net::IpAddr> {
        match self {
            Endpoint::Inet(address) => Some(address.ip()),
            _ => None,
        }
    }

    /// The port, if it is an internet address.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Endpoint::Inet(address) => Some(address.port()),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Inet(address) => write!(f, "{address}"),
            Endpoint::Path(path) => write!(f, "{}", path.display()),
            Endpoint::Abstract(name) => write!(f, "@{}", name.display()),
        }
    }
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Connection {
    /// Address family.
    pub family: SocketFamily,
    /// Type.
    #[doc(alias = "type")]
    pub socket_type: SocketType,
    /// This end; `None` while unbound.
    #[doc(alias = "laddr")]
    pub local: Option<Endpoint>,
    /// The other end; `None` while not connected, or where the system does not tell.
    #[doc(alias = "raddr")]
    pub remote: Option<Endpoint>,
    /// State; `None` for a socket that is not TCP.
    pub status: Option<ConnectionStatus>,
    /// The process that has it open; `None` if there is none, or it may not be seen, or was not asked for.
    pub pid: Option<Pid>,
    /// The descriptor in that process; `None` as for `pid`.
    pub fd: Option<i32>,
    /// The user that owns it, where the system tells: not of one that only waits for late packets, on Linux.
    pub uid: Option<Uid>,
    /// The kernel's number of the socket, where it has one. Two descriptors of one socket share it.
    pub inode: Option<u64>,
}

impl Connection {
    /// A socket with nothing optional known about it.
    #[must_use]
    pub const fn new(family: SocketFamily, socket_type: SocketType) -> Self {
        Connection {
            family,
            socket_type,
            local: None,
            remote: None,
            status: None,
            pid: None,
            fd: None,
            uid: None,
            inode: None,
        }
    }
}

/// What a listing of sockets is asked for.
///
/// ```
/// use ps_core::net::{ConnectionKind, ConnectionQuery, ConnectionStatus};
///
/// let listening = ConnectionQuery::new(ConnectionKind::Tcp)
///     .with_status(ConnectionStatus::Listen)
///     .without_owners();
/// assert!(!listening.owners);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionQuery {
    /// Which kind of sockets.
    pub kind: ConnectionKind,
    /// Only those in one of these states; all if empty. Where the kernel can, it does the filtering.
    pub statuses: Vec<ConnectionStatus>,
    /// Whether to find out which process has each socket open. That costs a walk over the descriptors of
    /// all processes on some systems.
    pub owners: bool,
}

impl ConnectionQuery {
    /// Every socket of a kind, with owners.
    #[must_use]
    pub const fn new(kind: ConnectionKind) -> Self {
        ConnectionQuery { kind, statuses: Vec::new(), owners: true }
    }

    /// Only those in this state; may be called for several.
    #[must_use]
    pub fn with_status(mut self, status: ConnectionStatus) -> Self {
        self.statuses.push(status);
        self
    }

    /// Without looking for owners.
    #[must_use]
    pub fn without_owners(mut self) -> Self {
        self.owners = false;
        self
    }

    /// Whether a socket is asked for.
    #[must_use]
    pub fn matches(&self, connection: &Connection) -> bool {
        self.kind.includes(connection.family, connection.socket_type)
            && (self.statuses.is_empty()
                || connection.status.is_some_and(|status| self.statuses.contains(&status)))
    }
}

impl Default for ConnectionQuery {
    fn default() -> Self {
        ConnectionQuery::new(ConnectionKind::Inet)
    }
}

impl From<ConnectionKind> for ConnectionQuery {
    fn from(kind: ConnectionKind) -> Self {
        ConnectionQuery::new(kind)
    }
}

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Address {
    /// IPv4.
    V4(Ipv4Addr),
    /// IPv6; `zone` is the name of the interface for an address that is valid on one link only.
    #[allow(missing_docs)]
    V6 {
        address: Ipv6Addr,
        #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
        zone: Option<OsString>,
    },
    /// Hardware address.
    #[doc(alias = "AF_LINK")]
    Link(Vec<u8>),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::V4(address) => write!(f, "{address}"),
            Address::V6 { address, zone: None } => write!(f, "{address}"),
            Address::V6 { address, zone: Some(zone) } => write!(f, "{address}%{}", zone.display()),
            Address::Link(bytes) => {
                for (i, byte) in bytes.iter().enumerate() {
                    write!(f, "{}{byte:02x}", if i == 0 { "" } else { ":" })?;
                }
                Ok(())
            }
        }
    }
}

/// One address that an interface has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct InterfaceAddress {
    /// Family.
    pub family: AddressFamily,
    /// The address itself; `None` if the interface has none of this family.
    pub address: Option<Address>,
    /// Netmask.
    pub netmask: Option<Address>,
    /// Broadcast address; never together with `peer`.
    pub broadcast: Option<Address>,
    /// The other end of a point-to-point link; never together with `broadcast`.
    #[doc(alias = "ptp")]
    pub peer: Option<Address>,
}

impl InterfaceAddress {
    /// An address of a family, nothing more known about it.
    #[must_use]
    pub const fn new(family: AddressFamily, address: Option<Address>) -> Self {
        InterfaceAddress { family, address, netmask: None, broadcast: None, peer: None }
    }
}

/// Family of an interface address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AddressFamily {
    /// IPv4.
    #[doc(alias = "AF_INET")]
    Inet,
    /// IPv6.
    #[doc(alias = "AF_INET6")]
    Inet6,
    /// Hardware.
    #[doc(alias = "AF_LINK")]
    Link,
    /// None: the interface has no address.
    #[doc(alias = "AF_UNSPEC")]
    Unspecified,
}

/// Whether an interface can send and receive at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Duplex {
    /// It can.
    Full,
    /// It cannot.
    Half,
    /// The driver does not say.
    #[default]
    Unknown,
}

/// State of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct InterfaceStats {
    /// It is up and running: switched on, and with a carrier.
    #[doc(alias = "isup")]
    pub is_up: bool,
    /// Whether it can send and receive at once.
    pub duplex: Duplex,
    /// Speed in Mbit/s; `None` if the driver does not say.
    #[doc(alias = "speed")]
    pub speed_mbps: Option<u32>,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Flags by their usual names in lower case, as in `up` or `broadcast`.
    pub flags: Vec<String>,
}

/// Where network figures come from.
pub trait NetBackend: sealed::Backend {
    /// Traffic of each interface.
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>>;

    /// Traffic of all interfaces together, the loopback one included; `None` if there are none.
    fn net_io_counters(&self) -> Result<Option<NetIo>> {
        Ok(NetIo::sum(self.net_io_counters_per_interface()?.values()))
    }

    /// Addresses of each interface.
    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>>;

    /// State of each interface.
    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>>;

    /// Sockets of the whole system.
    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_name() {
        for (name, kind) in ConnectionKind::NAMES {
            assert_eq!(kind.to_string(), *name);
            assert_eq!(name.parse::<ConnectionKind>().expect("known"), *kind);
        }
        let error = "tcp5".parse::<ConnectionKind>().expect_err("unknown");
        assert!(matches!(error, Error::InvalidArgument { .. }));
        assert!(error.to_string().contains("tcp4"), "{error}");
    }

    #[test]
    fn unix_takes_every_type_and_inet_takes_no_unix() {
        assert!(ConnectionKind::Unix.includes(SocketFamily::Unix, SocketType::SeqPacket));
        assert!(ConnectionKind::All.includes(SocketFamily::Unix, SocketType::SeqPacket));
        assert!(!ConnectionKind::Inet.includes(SocketFamily::Unix, SocketType::Stream));
        assert!(!ConnectionKind::Udp4.includes(SocketFamily::Inet, SocketType::Stream));
    }

    #[test]
    fn a_status_filter_leaves_out_sockets_without_status() {
        let query =
            ConnectionQuery::new(ConnectionKind::Inet).with_status(ConnectionStatus::Listen);
        let mut socket = Connection::new(SocketFamily::Inet, SocketType::Stream);
        assert!(!query.matches(&socket));
        socket.status = Some(ConnectionStatus::Listen);
        assert!(query.matches(&socket));
    }

    #[test]
    fn addresses_read_as_people_write_them() {
        let link = Address::Link(vec![0, 0x1a, 0xff, 1, 2, 3]);
        assert_eq!(link.to_string(), "00:1a:ff:01:02:03");
        let local =
            Address::V6 { address: "fe80::1".parse().expect("address"), zone: Some("eth0".into()) };
        assert_eq!(local.to_string(), "fe80::1%eth0");
    }

    #[test]
    fn no_interface_has_no_total() {
        assert_eq!(NetIo::sum([]), None);
    }
}
