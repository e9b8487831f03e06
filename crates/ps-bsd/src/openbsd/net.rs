//! Interfaces and sockets, by the routing tables and `kern.file`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ps_core::Result;
use ps_core::net::{
    Connection, ConnectionKind, ConnectionQuery, InterfaceAddress, InterfaceStats, NetBackend,
    NetIo,
};

use super::process::read_files;
use super::{OpenBsd, failed};
use crate::decode::openbsd::net as decoded;
use crate::decode::openbsd::process::files;
use crate::raw::openbsd::files::{DTYPE_SOCKET, KERN_FILE_BYFILE, KERN_FILE_BYPID};
use crate::raw::openbsd::net::{CTL_NET, NET_RT_IFLIST, PF_ROUTE};
use crate::shared::sys::sysctl;

fn interface_list() -> Result<Vec<u8>> {
    sysctl::read(&[CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST, 0]).map_err(failed("interface list"))
}

impl NetBackend for OpenBsd {
    fn net_io_counters_per_interface(&self) -> Result<BTreeMap<OsString, NetIo>> {
        Ok(decoded::net_io(&interface_list()?))
    }

    fn interface_addresses(&self) -> Result<BTreeMap<OsString, Vec<InterfaceAddress>>> {
        Ok(decoded::addresses(&interface_list()?))
    }

    fn interface_stats(&self) -> Result<BTreeMap<OsString, InterfaceStats>> {
        Ok(decoded::stats(&interface_list()?))
    }

    /// With owners these are the sockets of all processes, in one call, and those in the tables of the network that no
    /// process has open, in another. Without, the second call tells all.
    fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>> {
        let mut answer = Vec::new();
        let mut all = Vec::new();
        if !query.owners || query.kind != ConnectionKind::Unix {
            read_files(KERN_FILE_BYFILE, DTYPE_SOCKET, &mut answer).map_err(failed("kern.file"))?;
            all = files::connections(&answer, query)?;
        }
        if !query.owners {
            return Ok(all);
        }
        read_files(KERN_FILE_BYPID, -1, &mut answer).map_err(failed("kern.file"))?;
        Ok(files::with_unowned(files::owned_connections(&answer, query)?, &all))
    }
}
