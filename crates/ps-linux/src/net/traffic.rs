//! Traffic of interfaces without reading their table, over a socket that may be kept.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, PoisonError};

use ps_core::net::NetIo;

use crate::decode::net::addresses::{
    DELETED_LINK, GET_STATS, NEW_LINK, decode_stats, stats_request,
};
use crate::decode::net::message::Message;
use crate::root::Linux;
use crate::sys::net::name_of;
use crate::sys::netlink::{Family, Netlink, question};

/// What the kernel is asked with.
pub(crate) struct Asker {
    netlink: Netlink,
    question: Vec<u8>,
    /// Names of interfaces by number, as long as none has changed; not if it asks only once.
    names: Option<BTreeMap<u32, OsString>>,
}

/// What the kernel told: traffic of interfaces whose names are known, and of others by their numbers.
#[derive(Default)]
struct Told {
    named: BTreeMap<OsString, NetIo>,
    others: Vec<(u32, NetIo)>,
}

impl Asker {
    fn for_once() -> io::Result<Asker> {
        Ok(Asker::of(Netlink::for_short(Family::Route)?, None))
    }

    fn to_be_kept() -> io::Result<Asker> {
        Ok(Asker::of(Netlink::hearing_of_links()?, Some(BTreeMap::new())))
    }

    fn of(netlink: Netlink, names: Option<BTreeMap<u32, OsString>>) -> Asker {
        Asker { netlink, question: question(GET_STATS, &stats_request()), names }
    }

    fn ask(&mut self) -> io::Result<BTreeMap<OsString, NetIo>> {
        let Asker { netlink, question, names } = self;
        let put = |told: &mut Told, message: &Message<'_>| {
            // What the kernel says of itself comes before the answer.
            if let (NEW_LINK | DELETED_LINK, Some(names)) = (message.kind, &mut *names) {
                names.clear();
            }
            let Some((index, io)) = decode_stats(message) else { return };
            match names.as_ref().and_then(|names| names.get(&index)) {
                Some(name) => drop(told.named.insert(name.clone(), io)),
                None => told.others.push((index, io)),
            }
        };
        let Told { named: mut all, others } = netlink.gather(question, Told::default, put)?;
        for (index, io) in others {
            let name = match name_of(&*netlink, index) {
                Ok(name) => OsString::from_vec(name),
                // Removed since its traffic was told.
                Err(source) if source.raw_os_error() == Some(libc::ENODEV) => continue,
                Err(source) => return Err(source),
            };
            if let Some(names) = names {
                names.insert(index, name.clone());
            }
            all.insert(name, io);
        }
        if all.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(all) }
    }
}

/// One that is kept between two questions, and the process that made it: a child after a fork would get its parent's
/// answers.
#[derive(Default)]
pub(crate) struct KeptAsker(Mutex<Option<(u32, Asker)>>);

impl KeptAsker {
    fn take(&self, me: u32) -> Option<Asker> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|(owner, _)| *owner == me).map(|(_, asker)| asker)
    }

    fn keep(&self, me: u32, asker: Asker) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((me, asker));
    }
}

impl std::fmt::Debug for KeptAsker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptAsker").finish_non_exhaustive()
    }
}

impl Linux {
    /// The traffic of each interface, as the kernel tells the process with this pid, which is the caller.
    pub(super) fn traffic_by_netlink(&self, me: u32) -> io::Result<BTreeMap<OsString, NetIo>> {
        let Some(place) = self.kept_asker() else { return Asker::for_once()?.ask() };
        let kept = place.take(me).and_then(|mut asker| Some((asker.ask().ok()?, asker)));
        let (all, asker) = match kept {
            Some(told) => told,
            // There was none, or too much was said since for it to hold.
            None => {
                let mut asker = Asker::to_be_kept()?;
                (asker.ask()?, asker)
            }
        };
        place.keep(me, asker);
        Ok(all)
    }

    /// One that looks at the same place, and keeps the socket with which it asks for the traffic of interfaces: that
    /// takes a third of the time.
    ///
    /// A socket stays in the network namespace in which it was made, and keeps that from going away. So this one goes on
    /// telling of the namespace that the calling thread was in when it was first asked, for threads that are in another
    /// by then, too. What it does not need the socket for is told of the caller's namespace, as ever.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::{Linux, NetBackend};
    ///
    /// let linux = Linux::new().keeping_network();
    /// for (name, io) in linux.net_io_counters_per_interface()? {
    ///     println!("{}: {} bytes received", name.display(), io.bytes_recv);
    /// }
    /// # }
    /// # Ok::<(), ps_linux::Error>(())
    /// ```
    #[must_use]
    pub fn keeping_network(&self) -> Linux {
        self.with_kept_asker()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parent_kept_is_not_used_by_its_child() {
        let Ok(asker) = Asker::to_be_kept() else {
            ps_tests::skip!("this kernel does not tell about interfaces this way");
            return;
        };
        let place = KeptAsker::default();
        place.keep(7, asker);
        assert!(place.take(8).is_none() && place.take(7).is_none());
        place.keep(8, Asker::for_once().expect("opened"));
        assert!(place.take(8).is_some());
    }

    #[test]
    fn wishes_add_up() {
        let linux = Linux::new().keeping_network();
        assert!(linux.kept_asker().is_some() && linux.keeping_network().kept_asker().is_some());
        assert!(Linux::new().kept_asker().is_none());
        #[cfg(feature = "bpf")]
        {
            use crate::process::{ScanFrom, ScanSource};
            let from_files = Linux::new().scanning(ScanFrom::Files);
            assert_eq!(from_files.keeping_network().scan_source(), ScanSource::Files);
            assert!(linux.scanning(ScanFrom::Files).kept_asker().is_some());
        }
    }
}
