//! Counters that never go backwards.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The counters of a record that may wrap, in a fixed order.
pub trait Counters: Clone {
    /// Calls a function on each counter, always in the same order.
    fn for_each(&mut self, change: &mut dyn FnMut(&mut u64));
}

/// Makes counters per device grow for ever although the kernel's wrap, or start again from nothing.
///
/// A value lower than the one before is taken as a wrap: the value before is added from then on. A device
/// that is missing from a reading is forgotten, and starts clean if it comes back.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use ps_core::nowrap::Nowrap;
/// use ps_core::disk::DiskIo;
///
/// let mut nowrap = Nowrap::new();
/// let mut io = DiskIo::default();
/// io.read_count = 100;
/// let first = nowrap.correct(BTreeMap::from([("sda".into(), io)]));
/// io.read_count = 10;
/// let second = nowrap.correct(BTreeMap::from([("sda".into(), io)]));
/// assert_eq!(first[std::ffi::OsStr::new("sda")].read_count, 100);
/// assert_eq!(second[std::ffi::OsStr::new("sda")].read_count, 110);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Nowrap {
    devices: BTreeMap<OsString, Vec<Counter>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: u64,
    offset: u64,
}

impl Nowrap {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Nowrap { devices: BTreeMap::new() }
    }

    /// The same reading with every counter that wrapped carried on.
    #[must_use]
    pub fn correct<T: Counters>(
        &mut self,
        mut reading: BTreeMap<OsString, T>,
    ) -> BTreeMap<OsString, T> {
        self.devices.retain(|device, _| reading.contains_key(device));
        for (device, record) in &mut reading {
            self.correct_one(device, record);
        }
        reading
    }

    fn correct_one<T: Counters>(&mut self, device: &OsStr, record: &mut T) {
        if !self.devices.contains_key(device) {
            self.devices.insert(device.to_owned(), Vec::new());
        }
        let Some(counters) = self.devices.get_mut(device) else { return };
        let mut position = 0;
        record.for_each(&mut |value| {
            if position == counters.len() {
                counters.push(Counter { last: *value, offset: 0 });
            }
            if let Some(counter) = counters.get_mut(position) {
                if *value < counter.last {
                    counter.offset = counter.offset.saturating_add(counter.last);
                }
                counter.last = *value;
                *value = value.saturating_add(counter.offset);
            }
            position += 1;
        });
    }

    /// Forgets everything seen so far.
    #[doc(alias = "cache_clear")]
    pub fn clear(&mut self) {
        self.devices.clear();
    }
}

impl Counters for crate::disk::DiskIo {
    fn for_each(&mut self, change: &mut dyn FnMut(&mut u64)) {
        change(&mut self.read_count);
        change(&mut self.write_count);
        change(&mut self.read_bytes);
        change(&mut self.write_bytes);
        for time in [&mut self.read_time, &mut self.write_time, &mut self.busy_time] {
            let mut nanos =
                time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            change(&mut nanos);
            *time = time.map(|_| std::time::Duration::from_nanos(nanos));
        }
        for count in [&mut self.read_merged_count, &mut self.write_merged_count] {
            let mut value = count.unwrap_or(0);
            change(&mut value);
            *count = count.map(|_| value);
        }
    }
}

impl Counters for crate::net::NetIo {
    fn for_each(&mut self, change: &mut dyn FnMut(&mut u64)) {
        change(&mut self.bytes_sent);
        change(&mut self.bytes_recv);
        change(&mut self.packets_sent);
        change(&mut self.packets_recv);
        change(&mut self.errors_in);
        change(&mut self.errors_out);
        change(&mut self.drops_in);
        let mut drops_out = self.drops_out.unwrap_or(0);
        change(&mut drops_out);
        self.drops_out = self.drops_out.map(|_| drops_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::NetIo;

    fn reading(values: &[(&str, u64)]) -> BTreeMap<OsString, NetIo> {
        values
            .iter()
            .map(|(name, bytes)| ((*name).into(), NetIo { bytes_sent: *bytes, ..NetIo::default() }))
            .collect()
    }

    fn sent(map: &BTreeMap<OsString, NetIo>, name: &str) -> u64 {
        map[OsStr::new(name)].bytes_sent
    }

    #[test]
    fn the_value_before_a_wrap_is_added_once_and_kept() {
        let mut nowrap = Nowrap::new();
        assert_eq!(sent(&nowrap.correct(reading(&[("a", 100)])), "a"), 100);
        assert_eq!(sent(&nowrap.correct(reading(&[("a", 90)])), "a"), 190);
        assert_eq!(sent(&nowrap.correct(reading(&[("a", 95)])), "a"), 195);
        assert_eq!(sent(&nowrap.correct(reading(&[("a", 5)])), "a"), 200);
    }

    #[test]
    fn a_device_that_went_and_came_back_starts_clean() {
        let mut nowrap = Nowrap::new();
        let _ = nowrap.correct(reading(&[("a", 100), ("b", 7)]));
        let _ = nowrap.correct(reading(&[("a", 50), ("b", 8)]));
        let _ = nowrap.correct(reading(&[("b", 9)]));
        let back = nowrap.correct(reading(&[("a", 10), ("b", 10)]));
        assert_eq!((sent(&back, "a"), sent(&back, "b")), (10, 10));
    }

    #[test]
    fn clearing_forgets_offsets() {
        let mut nowrap = Nowrap::new();
        let _ = nowrap.correct(reading(&[("a", 100)]));
        let _ = nowrap.correct(reading(&[("a", 1)]));
        nowrap.clear();
        assert_eq!(sent(&nowrap.correct(reading(&[("a", 2)])), "a"), 2);
    }

    #[test]
    fn every_counter_of_a_disk_and_of_an_interface_is_carried_on_by_itself() {
        use crate::disk::DiskIo;
        use std::time::Duration;
        fn numbers<T: Counters>(record: &T) -> Vec<u64> {
            let mut all = Vec::new();
            record.clone().for_each(&mut |value| all.push(*value));
            all
        }
        fn carried<T: Counters>(before: T, after: T) -> Vec<u64> {
            let mut nowrap = Nowrap::new();
            let _ = nowrap.correct(BTreeMap::from([("a".into(), before)]));
            let corrected = nowrap.correct(BTreeMap::from([("a".into(), after)]));
            numbers(&corrected[OsStr::new("a")])
        }
        let disk = |by: u64| {
            let mut io = DiskIo::default();
            (io.read_count, io.write_count) = (by, 2 * by);
            (io.read_bytes, io.write_bytes) = (3 * by, 4 * by);
            io.read_time = Some(Duration::from_nanos(5 * by));
            io.write_time = Some(Duration::from_nanos(6 * by));
            io.busy_time = Some(Duration::from_nanos(7 * by));
            (io.read_merged_count, io.write_merged_count) = (Some(8 * by), Some(9 * by));
            io
        };
        let expected: Vec<u64> = (1..=9).map(|index| 11 * index).collect();
        assert_eq!(carried(disk(10), disk(1)), expected);
        let nic = |by: u64| NetIo {
            bytes_sent: by,
            bytes_recv: 2 * by,
            packets_sent: 3 * by,
            packets_recv: 4 * by,
            errors_in: 5 * by,
            errors_out: 6 * by,
            drops_in: 7 * by,
            drops_out: Some(8 * by),
        };
        assert_eq!(carried(nic(10), nic(1)), expected[..8]);
        // What a kernel does not tell stays untold.
        let mut nowrap = Nowrap::new();
        let none = nowrap.correct(BTreeMap::from([("a".into(), DiskIo::default())]));
        assert_eq!(none[OsStr::new("a")], DiskIo::default());
    }
}
