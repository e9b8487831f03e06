//! What figures about the network have to keep to.

use ps_core::NetBackend;
use ps_core::net::{Address, AddressFamily, ConnectionKind, ConnectionQuery, NetIo, SocketType};

use crate::{answer, comes_back, must};

fn counts(io: &NetIo) -> [u64; 7] {
    [
        io.bytes_sent,
        io.bytes_recv,
        io.packets_sent,
        io.packets_recv,
        io.errors_in,
        io.errors_out,
        io.drops_in,
    ]
}

fn grown(before: &NetIo, after: &NetIo) -> bool {
    counts(before).into_iter().zip(counts(after)).all(|(a, b)| a <= b)
}

/// Traffic of an interface only grows.
pub fn traffic_does_not_decrease<B: NetBackend>(backend: &B) {
    let each = || must("net_io_counters_per_interface", backend.net_io_counters_per_interface());
    let (first, second) = (each(), each());
    for (name, before) in first {
        let Some(after) = second.get(&name) else { continue };
        assert!(grown(&before, after), "{}: {before:?} {after:?}", name.display());
    }
}

/// The total lies between two sums over the interfaces, read before and after it, if those are the same.
pub fn the_total_is_that_of_every_interface<B: NetBackend>(backend: &B) {
    let each = || must("net_io_counters_per_interface", backend.net_io_counters_per_interface());
    let before = each();
    let total = must("net_io_counters", backend.net_io_counters());
    let after = each();
    if before.keys().ne(after.keys()) {
        crate::skip!("interfaces came or went");
        return;
    }
    let (Some(low), Some(high)) = (NetIo::sum(before.values()), NetIo::sum(after.values())) else {
        assert_eq!(total, None);
        return;
    };
    let total = total.expect("there are interfaces");
    assert!(grown(&low, &total) && grown(&total, &high), "{low:?} {total:?} {high:?}");
}

/// An interface that has traffic before and after has a state in between.
pub fn interfaces_with_traffic_have_a_state<B: NetBackend>(backend: &B) {
    let each = || must("net_io_counters_per_interface", backend.net_io_counters_per_interface());
    let before = each();
    let states = must("interface_stats", backend.interface_stats());
    let after = each();
    for name in before.keys().filter(|name| after.contains_key(*name)) {
        assert!(states.contains_key(name), "{}", name.display());
    }
}

/// An address is of the family it is listed under, and no link is broadcast and point-to-point at once.
pub fn addresses_are_of_their_family<B: NetBackend>(backend: &B) {
    let all = must("interface_addresses", backend.interface_addresses());
    for one in all.values().flatten() {
        let family = match &one.address {
            Some(Address::V4(_)) => AddressFamily::Inet,
            Some(Address::V6 { .. }) => AddressFamily::Inet6,
            Some(Address::Link(_)) => AddressFamily::Link,
            _ => continue,
        };
        assert_eq!(one.family, family, "{one:?}");
        assert!(one.broadcast.is_none() || one.peer.is_none(), "{one:?}");
    }
}

/// Every kind of query is answered with sockets of that kind, and only TCP ones have a state.
pub fn sockets_are_of_the_kind_asked_for<B: NetBackend>(backend: &B) {
    for (name, kind) in ConnectionKind::NAMES {
        let query = ConnectionQuery::new(*kind);
        let Some(sockets) = answer(name, backend.connections(&query)) else { continue };
        for socket in sockets {
            assert!(query.matches(&socket), "{name}: {socket:?}");
            if socket.socket_type != SocketType::Stream {
                assert_eq!(socket.status, None, "{socket:?}");
            }
            assert!(socket.fd.is_none() || socket.pid.is_some(), "{socket:?}");
        }
    }
}

/// Nobody is named whom nobody asked for.
pub fn owners_are_named_only_when_asked_for<B: NetBackend>(backend: &B) {
    let query = ConnectionQuery::new(ConnectionKind::All).without_owners();
    let Some(sockets) = answer("connections", backend.connections(&query)) else { return };
    assert!(sockets.iter().all(|socket| socket.pid.is_none() && socket.fd.is_none()));
}

/// Records come back from text and from bytes.
pub fn records_come_back<B: NetBackend>(backend: &B) {
    comes_back(&must("net_io_counters", backend.net_io_counters()));
    for addresses in must("interface_addresses", backend.interface_addresses()).into_values() {
        comes_back(&addresses);
    }
    for state in must("interface_stats", backend.interface_stats()).into_values() {
        comes_back(&state);
    }
    let query = ConnectionQuery::new(ConnectionKind::All);
    comes_back(&answer("connections", backend.connections(&query)));
}
