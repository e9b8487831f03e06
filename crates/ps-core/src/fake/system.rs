//! Figures of the simulated machine as a whole, and the traits that ask for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Fake;
use crate::cpu::{CpuBackend, CpuFrequency, CpuStats, CpuTimes, LoadAverage, PerCpu};
use crate::disk::{DiskBackend, DiskIo, DiskUsage, Partition, Partitions};
use crate::heap::{HeapBackend, HeapInfo};
use crate::host::{HostBackend, User};
use crate::mem::{MemBackend, SwapMemory, VirtualMemory};
use crate::net::{
    Address, AddressFamily, Connection, ConnectionQuery, ConnectionStatus, Endpoint,
    InterfaceAddress, InterfaceStats, NetBackend, NetIo, SocketFamily, SocketType,
};
use crate::process::{Gid, Uid};
use crate::sensors::{
    Battery, BatteryStatus, Fan, MainsSupply, PowerSupplies, SensorsBackend, Temperature,
};
use crate::{Context, Error, Result};

/// A mounted file system.
#[derive(Clone, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct Mount {
    /// How it is listed.
    pub partition: Partition,
    /// Whether it is on a real device.
    pub physical: bool,
    /// Space on it.
    pub usage: DiskUsage,
}

/// Figures of the machine as a whole, to be set at will.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct System {
    /// Times of each CPU. Those of all together are their sum.
    pub cpu_times: Vec<PerCpu<CpuTimes>>,
    /// Logical CPUs.
    pub cpu_count: Option<u32>,
    /// Physical cores.
    pub cpu_count_physical: Option<u32>,
    /// Counters.
    pub cpu_stats: CpuStats,
    /// Load.
    pub load: LoadAverage,
    /// Frequencies. The mean is computed.
    pub frequencies: Vec<PerCpu<CpuFrequency>>,
    /// How many threads of the caller can run at once.
    pub parallelism: u32,
    /// Memory.
    pub memory: VirtualMemory,
    /// Swap.
    pub swap: SwapMemory,
    /// What the caller can still get; as much as the machine has available if `None`.
    pub available_memory: Option<u64>,
    /// Mounted file systems.
    pub mounts: Vec<Mount>,
    /// Traffic of each disk; those marked as parts of another are not added up.
    pub disks: BTreeMap<OsString, DiskIo>,
    /// Which of them are parts of another.
    pub disk_parts: Vec<OsString>,
    /// Traffic of each interface.
    pub traffic: BTreeMap<OsString, NetIo>,
    /// Addresses of each interface.
    pub addresses: BTreeMap<OsString, Vec<InterfaceAddress>>,
    /// State of each interface.
    pub interfaces: BTreeMap<OsString, InterfaceStats>,
    /// Sockets that no process has open; those of processes are found with them.
    pub sockets: Vec<Connection>,
    /// Temperatures.
    pub temperatures: BTreeMap<OsString, Vec<Temperature>>,
    /// Fans.
    pub fans: BTreeMap<OsString, Vec<Fan>>,
    /// Batteries and mains supplies.
    pub power: PowerSupplies,
    /// The machine's name.
    pub hostname: OsString,
    /// Login sessions.
    pub users: Vec<User>,
    /// Accounts.
    pub accounts: BTreeMap<Uid, OsString>,
    /// Groups.
    pub groups: BTreeMap<Gid, OsString>,
    /// The caller's C allocator.
    pub heap: HeapInfo,
}

impl System {
    /// A small machine with two CPUs, one disk and one network, at rest.
    #[must_use]
    pub fn new() -> System {
        let cpu = |number, user| PerCpu {
            cpu: number,
            value: CpuTimes {
                user: Duration::from_secs(user),
                system: Duration::from_secs(20),
                idle: Duration::from_secs(900),
                nice: Duration::from_secs(1),
                iowait: Some(Duration::from_secs(5)),
                ..CpuTimes::default()
            },
        };
        let frequency = |number, current_mhz| PerCpu {
            cpu: number,
            value: CpuFrequency { current_mhz, min_mhz: Some(800.0), max_mhz: Some(4000.0) },
        };
        let io = DiskIo { read_count: 9, read_bytes: 4096, ..DiskIo::default() };
        let net = NetIo { bytes_sent: 100, packets_sent: 1, ..NetIo::default() };
        System {
            cpu_times: vec![cpu(0, 50), cpu(1, 70)],
            cpu_count: Some(2),
            cpu_count_physical: Some(1),
            cpu_stats: CpuStats { context_switches: Some(10_000), ..CpuStats::default() },
            load: LoadAverage::new(0.5, 0.25, 0.125),
            frequencies: vec![frequency(0, 1000.0), frequency(1, 2000.0)],
            parallelism: 2,
            memory: VirtualMemory {
                total: 8 << 30,
                available: 5 << 30,
                used: 3 << 30,
                free: 2 << 30,
                ..VirtualMemory::default()
            },
            swap: SwapMemory {
                total: 1 << 30,
                used: 1 << 20,
                free: (1 << 30) - (1 << 20),
                ..SwapMemory::default()
            },
            available_memory: None,
            mounts: vec![
                Mount {
                    partition: mounted(Some("/dev/disk0p1"), "/", "ext4"),
                    physical: true,
                    usage: DiskUsage { total: 100 << 30, used: 40 << 30, free: 55 << 30 },
                },
                Mount {
                    partition: mounted(None, "/tmp", "tmpfs"),
                    physical: false,
                    usage: DiskUsage { total: 1 << 30, used: 0, free: 1 << 30 },
                },
            ],
            disks: BTreeMap::from([("disk0".into(), io), ("disk0p1".into(), io)]),
            disk_parts: vec!["disk0p1".into()],
            traffic: BTreeMap::from([("lo".into(), net), ("net0".into(), net)]),
            addresses: BTreeMap::from([("lo".into(), vec![loopback()])]),
            interfaces: BTreeMap::from([
                ("lo".into(), interface(65_536)),
                ("net0".into(), interface(1500)),
            ]),
            sockets: vec![listening(22)],
            temperatures: BTreeMap::from([(
                "chip".into(),
                vec![Temperature { current_celsius: Some(45.5), ..Temperature::default() }],
            )]),
            fans: BTreeMap::from([("chip".into(), vec![Fan { label: None, rpm: 1200 }])]),
            power: PowerSupplies {
                batteries: vec![Battery {
                    name: "BAT0".into(),
                    percent: 80.0,
                    status: BatteryStatus::NotCharging,
                    ..Battery::default()
                }],
                mains: vec![MainsSupply { name: "AC0".into(), online: true }],
            },
            hostname: "fake".into(),
            users: vec![User::new(
                "user",
                SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_100),
            )],
            accounts: BTreeMap::from([
                (Uid::new(0), "root".into()),
                (Uid::new(1000), "user".into()),
            ]),
            groups: BTreeMap::from([(Gid::new(0), "root".into()), (Gid::new(100), "users".into())]),
            heap: HeapInfo { heap_used: 4096, mmap_used: Some(0) },
        }
    }

    /// The file system that holds a path: the mount with the longest mount point above it.
    fn mount_of(&self, path: &Path) -> Option<&Mount> {
        let above =
            self.mounts.iter().filter(|mount| path.starts_with(&mount.partition.mount_point));
        above.max_by_key(|mount| mount.partition.mount_point.components().count())
    }
}

impl Default for System {
    fn default() -> System {
        System::new()
    }
}

fn mounted(device: Option<&str>, at: &str, fs_type: &str) -> Partition {
    Partition {
        device: device.map(OsString::from),
        mount_point: PathBuf::from(at),
        fs_type: fs_type.into(),
        options: "rw".into(),
    }
}

fn loopback() -> InterfaceAddress {
    let address = Address::V4(std::net::Ipv4Addr::LOCALHOST);
    let mut loopback = InterfaceAddress::new(AddressFamily::Inet, Some(address));
    loopback.netmask = Some(Address::V4(std::net::Ipv4Addr::new(255, 0, 0, 0)));
    loopback
}

fn interface(mtu: u32) -> InterfaceStats {
    InterfaceStats { is_up: true, mtu, flags: vec!["up".into()], ..InterfaceStats::default() }
}

fn listening(port: u16) -> Connection {
    let mut socket = Connection::new(SocketFamily::Inet, SocketType::Stream);
    socket.local = Some(Endpoint::Inet((std::net::Ipv4Addr::LOCALHOST, port).into()));
    socket.status = Some(ConnectionStatus::Listen);
    socket
}

impl CpuBackend for Fake {
    fn cpu_times(&self) -> Result<CpuTimes> {
        self.ask("cpu_times", |machine| {
            let add = |a, b| crate::disk::add(a, b, Duration::saturating_add);
            let each = machine.system.cpu_times.iter().map(|one| one.value);
            Ok(each.fold(CpuTimes::default(), |sum, one| CpuTimes {
                user: sum.user + one.user,
                system: sum.system + one.system,
                idle: sum.idle + one.idle,
                nice: sum.nice + one.nice,
                iowait: add(sum.iowait, one.iowait),
                irq: add(sum.irq, one.irq),
                softirq: add(sum.softirq, one.softirq),
                steal: add(sum.steal, one.steal),
                guest: add(sum.guest, one.guest),
                guest_nice: add(sum.guest_nice, one.guest_nice),
                lock_spin: add(sum.lock_spin, one.lock_spin),
            }))
        })
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        self.ask("cpu_times_per_cpu", |machine| Ok(machine.system.cpu_times.clone()))
    }

    fn cpu_count(&self) -> Result<Option<u32>> {
        self.ask("cpu_count", |machine| Ok(machine.system.cpu_count))
    }

    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        self.ask("cpu_count_physical", |machine| Ok(machine.system.cpu_count_physical))
    }

    fn cpu_stats(&self) -> Result<CpuStats> {
        self.ask("cpu_stats", |machine| Ok(machine.system.cpu_stats))
    }

    fn load_average(&self) -> Result<LoadAverage> {
        self.ask("load_average", |machine| Ok(machine.system.load))
    }

    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        self.ask("cpu_frequency", |machine| {
            Ok(CpuFrequency::mean(machine.system.frequencies.iter().map(|one| &one.value)))
        })
    }

    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        self.ask("cpu_frequency_per_cpu", |machine| Ok(machine.system.frequencies.clone()))
    }

    fn available_parallelism(&self) -> Result<u32> {
        self.ask("available_parallelism", |machine| Ok(machine.system.parallelism))
    }
}

impl MemBackend for Fake {
    fn virtual_memory(&self) -> Result<VirtualMemory> {
        self.ask("virtual_memory", |machine| Ok(machine.system.memory))
    }

    fn swap_memory(&self) -> Result<SwapMemory> {
        self.ask("swap_memory", |machine| Ok(machine.system.swap))
    }

    fn available_memory(&self) -> Result<u64> {
        self.ask("available_memory", |machine| {
            Ok(machine.system.available_memory.unwrap_or(machine.system.memory.available))
        })
    }
}

impl DiskBackend for Fake {
    fn partitions(&self, which: Partitions) -> Result<Vec<Partition>> {
        self.ask("partitions", |machine| {
            let shown = |mount: &&Mount| mount.physical || which == Partitions::All;
            let shown = machine.system.mounts.iter().filter(shown);
            Ok(shown.map(|mount| mount.partition.clone()).collect())
        })
    }

    fn disk_usage(&self, path: &Path) -> Result<DiskUsage> {
        crate::disk::check_path("disk_usage", path)?;
        self.ask("disk_usage", |machine| {
            let mount = machine.system.mount_of(path).map(|mount| mount.usage);
            mount.ok_or_else(|| {
                let context = Context::new("disk_usage").with_path(path);
                Error::io(context, std::io::ErrorKind::NotFound.into())
            })
        })
    }

    fn disk_io_counters(&self) -> Result<Option<DiskIo>> {
        self.ask("disk_io_counters", |machine| {
            let System { disks, disk_parts, .. } = &machine.system;
            let whole = disks.iter().filter(|(name, _)| !disk_parts.contains(name));
            Ok(whole.map(|(_, io)| *io).reduce(|sum, one| sum.plus(&one)))
        })
    }

    fn disk_io_counters_per_disk(&self) -> Result<BTreeMap<OsString, DiskIo>> {
        self.ask("disk_io_counters_per_disk", |machine| Ok(machine.system.disks.clone()))
    }
}

impl NetBackend for Fake {
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        self.ask("net_io_counters_per_interface", |machine| Ok(machine.system.traffic.clone()))
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        self.ask("interface_addresses", |machine| Ok(machine.system.addresses.clone()))
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        self.ask("interface_stats", |machine| Ok(machine.system.interfaces.clone()))
    }

    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        self.ask("connections", |machine| {
            let mut all = machine.system.sockets.clone();
            for process in machine.processes().filter(|process| !process.hidden) {
                all.extend(process.sockets.iter().cloned().map(|mut socket| {
                    let owner = query.owners.then_some(process.pid);
                    socket.fd = owner.and(socket.fd);
                    socket.pid = owner;
                    socket
                }));
            }
            all.retain(|socket| query.matches(socket));
            Ok(all)
        })
    }
}

impl SensorsBackend for Fake {
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        self.ask("temperatures", |machine| Ok(machine.system.temperatures.clone()))
    }

    fn fans(&self) -> Result<BTreeMap<OsString, Vec<Fan>>> {
        self.ask("fans", |machine| Ok(machine.system.fans.clone()))
    }

    fn power_supplies(&self) -> Result<PowerSupplies> {
        self.ask("power_supplies", |machine| Ok(machine.system.power.clone()))
    }
}

impl HostBackend for Fake {
    fn boot_time(&self) -> Result<SystemTime> {
        self.ask("boot_time", |machine| Ok(machine.boot_time()))
    }

    fn time_since_boot(&self) -> Result<Duration> {
        self.ask("time_since_boot", |machine| Ok(machine.since_boot()))
    }

    fn uptime(&self) -> Result<Duration> {
        self.ask("uptime", |machine| Ok(machine.awake()))
    }

    fn hostname(&self) -> Result<OsString> {
        self.ask("hostname", |machine| Ok(machine.system.hostname.clone()))
    }

    fn users(&self) -> Result<Vec<User>> {
        self.ask("users", |machine| Ok(machine.system.users.clone()))
    }

    fn user_name(&self, uid: Uid) -> Result<Option<OsString>> {
        self.ask("user_name", |machine| Ok(machine.system.accounts.get(&uid).cloned()))
    }

    fn group_name(&self, gid: Gid) -> Result<Option<OsString>> {
        self.ask("group_name", |machine| Ok(machine.system.groups.get(&gid).cloned()))
    }
}

impl HeapBackend for Fake {
    fn heap_info(&self) -> Result<HeapInfo> {
        self.ask("heap_info", |machine| Ok(machine.system.heap))
    }

    fn heap_trim(&self) -> Result<()> {
        self.ask("heap_trim", |_| Ok(()))
    }
}
