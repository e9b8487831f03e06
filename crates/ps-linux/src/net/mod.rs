//! Interfaces, traffic and sockets.

pub use ps_core::net::*;

pub(crate) mod sockets;
pub(crate) mod traffic;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

use ps_core::{Context, Error, Result};

use crate::decode::net::{addresses, dev};
use crate::root::Linux;
use crate::sys::net::Interfaces;
use crate::sys::netlink::{Family, Netlink};
use crate::{errno, file};

impl NetBackend for Linux {
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        // Not in kernels before 4.7, and not allowed everywhere: then the table tells the same more slowly, the more so
        // the more interfaces there are.
        if let Some(me) = self.own_pid()
            && let Ok(all) = self.traffic_by_netlink(me)
        {
            return Ok(all);
        }
        file::decode(&self.seen_path("net/dev"), dev::decode_net_dev)
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        self.check_own("interface_addresses")?;
        let ask = || -> io::Result<_> {
            let mut netlink = Netlink::open(Family::Route)?;
            let links = netlink.dump(addresses::GET_LINK, &[0; 16], addresses::decode_link)?;
            let told = netlink.dump(addresses::GET_ADDRESS, &[0; 8], addresses::decode_address)?;
            Ok(addresses::join(&links, &told))
        };
        ask().map_err(|source| errno::of_system(source, Context::new("netlink addresses")))
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        if !self.is_own() {
            return self.interface_stats_in_sysfs();
        }
        let names = file::decode(&self.seen_path("net/dev"), dev::decode_net_dev)?.into_keys();
        let failed = |source| errno::of_system(source, Context::new("ioctl of an interface"));
        let interfaces = Interfaces::open().map_err(failed)?;
        let mut all = BTreeMap::new();
        for name in names {
            let state =
                interfaces.flags(&name).and_then(|flags| Ok((flags, interfaces.mtu(&name)?)));
            let (flags, mtu) = match state {
                Ok(state) => state,
                // Removed since its name was read.
                Err(source) if source.raw_os_error() == Some(libc::ENODEV) => continue,
                Err(source) => return Err(failed(source)),
            };
            // Many drivers have nothing to say, each in its own way; that is no failure.
            let link = interfaces.link(&name).ok();
            all.insert(name, dev::interface_stats(flags, mtu, link));
        }
        Ok(all)
    }

    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        sockets::connections(self, query)
    }
}

impl Linux {
    /// State of each interface as sysfs tells it, for roots about which no call can be asked.
    fn interface_stats_in_sysfs(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        let place = self.sys_path("class/net");
        if !place.is_dir() {
            return Err(Error::unsupported_here(
                Context::new("interface_stats").with_path(place),
                "sysfs lists no interfaces there, and calls would answer for the caller's own",
            ));
        }
        let mut all = BTreeMap::new();
        for name in file::names(&place)? {
            let read = |what: &str| file::peek(&place.join(&name).join(what));
            let number = |what: &str| {
                read(what).and_then(|text| crate::decode::text::number::<u32>(text.trim_ascii()))
            };
            let Some(flags) = read("flags").and_then(|text| dev::decode_sysfs_flags(&text)) else {
                continue;
            };
            let carrier = number("carrier") == Some(1);
            let link = dev::decode_sysfs_link(read("speed").as_deref(), read("duplex").as_deref());
            let flags = dev::with_running(flags, carrier);
            let stats = dev::interface_stats(flags, number("mtu").unwrap_or(0), Some(link));
            all.insert(name, stats);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::refuse::{NETLINK, without};

    #[test]
    fn traffic_comes_from_the_table_where_netlink_is_refused() {
        let linux = Linux::new();
        let ask = || linux.net_io_counters_per_interface().expect("told");
        let Some(from_table) = without(&[NETLINK], libc::EACCES, ask) else { return };
        let by_netlink = ask();
        assert_eq!(from_table.keys().collect::<Vec<_>>(), by_netlink.keys().collect::<Vec<_>>());
        for (name, before) in &from_table {
            assert!(by_netlink[name].bytes_recv >= before.bytes_recv, "{name:?}");
        }
    }
}
