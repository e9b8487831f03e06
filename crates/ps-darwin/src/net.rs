//! Interfaces, their traffic and addresses, and sockets.

pub use ps_core::net::*;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ps_core::{Context, ProcessView, Result};

use crate::backend::Darwin;
use crate::decode::net::addresses::decode_address;
use crate::decode::net::interfaces::{Interface, decode_interfaces};
use crate::decode::net::media::decode_media;
use crate::process::{DarwinView, Table};
use crate::raw::net::{CTL_NET, NET_RT_IFLIST2, PF_ROUTE};
use crate::sys::addresses::Media;
use crate::{errno, sys};

impl NetBackend for Darwin {
    /// Unless the caller is a program of the system itself, the kernel rounds the numbers of bytes.
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        Ok(interfaces()?.into_iter().map(|one| (OsString::from_vec(one.name), one.io)).collect())
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        let all = sys::addresses::all()
            .map_err(|source| errno::of_system(source, Context::new("getifaddrs")))?;
        let mut found: BTreeMap<OsString, Vec<InterfaceAddress>> = BTreeMap::new();
        for raw in all {
            let address = decode_address(&raw);
            found.entry(OsString::from_vec(raw.name)).or_default().extend(address);
        }
        Ok(found)
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        let media = Media::open()
            .map_err(|source| errno::of_system(source, Context::new("socket AF_INET")))?;
        let all = interfaces()?.into_iter().map(|one| {
            // Many interfaces have no medium, and one may have vanished: neither is a failure of the rest.
            let answer = media.of(&one.name).unwrap_or_default();
            let (duplex, speed) = decode_media(&answer);
            (OsString::from_vec(one.name.clone()), one.stats(duplex, speed))
        });
        Ok(all.collect())
    }

    /// Sockets that a process has open which the caller may look into: its own ones, or all for the superuser. Those
    /// of other processes are left out, since only a private table has them.
    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        let mut table = Table::default();
        table.read()?;
        let mut all = Vec::new();
        for (pid, record) in table.rows() {
            let view = DarwinView::new(self.clone(), pid, record.identity(self.origin()));
            match view.net_connections(query) {
                Ok(found) => all.extend(found),
                Err(error) if error.is_gone() || error.is_denied() => {}
                Err(error) => return Err(error),
            }
        }
        if !query.owners {
            without_owners(&mut all);
        }
        Ok(all)
    }
}

/// Each socket once, whoever has it open.
fn without_owners(all: &mut Vec<Connection>) {
    for connection in &mut *all {
        connection.pid = None;
        connection.fd = None;
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|connection| connection.inode.is_none_or(|socket| seen.insert(socket)));
}

fn interfaces() -> Result<Vec<Interface>> {
    let answer = sys::sysctl::read_all(&[CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST2, 0])
        .map_err(|source| errno::of_system(source, Context::new("sysctl NET_RT_IFLIST2")))?;
    Ok(decode_interfaces(&answer))
}
