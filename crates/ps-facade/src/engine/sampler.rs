//! What happened between two readings that the caller holds.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::{Duration, Instant};

use ps_core::cpu::{CpuTimes, CpuTimesPercent, PerCpu};
use ps_core::nowrap::{Counters, Nowrap};
use ps_core::process::ProcessTimes;

/// How the time of a CPU, or of all together, was spent between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CpuUse {
    /// Share that was not idle, from 0 to 100; waiting for input or output counts as idle.
    pub busy: f64,
    /// Share of each mode, each from 0 to 100.
    pub modes: CpuTimesPercent,
}

/// Between two readings; `None` if no time has passed.
fn used(now: &CpuTimes, then: &CpuTimes) -> Option<CpuUse> {
    Some(CpuUse { busy: now.busy_percent_since(then)?, modes: now.percent_since(then)? })
}

/// The last readings of CPU times.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuReadings {
    all: Option<CpuTimes>,
    each: Vec<PerCpu<CpuTimes>>,
}

impl CpuReadings {
    /// All CPUs together since the reading before.
    pub(crate) fn all(&mut self, now: CpuTimes) -> Option<CpuUse> {
        let then = self.all.replace(now)?;
        used(&now, &then)
    }

    /// Each CPU since the reading before. One that was not there then has no answer yet.
    pub(crate) fn each(&mut self, now: Vec<PerCpu<CpuTimes>>) -> Vec<PerCpu<Option<CpuUse>>> {
        let then = std::mem::replace(&mut self.each, now);
        let before = |cpu| then.iter().find(|one| one.cpu == cpu);
        self.each
            .iter()
            .map(|one| PerCpu {
                cpu: one.cpu,
                value: before(one.cpu).and_then(|then| used(&one.value, &then.value)),
            })
            .collect()
    }
}

/// The last reading of a process's CPU time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessReading {
    last: Option<(ProcessTimes, Instant)>,
}

impl ProcessReading {
    /// Share of the time since the reading before, 100 for each CPU fully used.
    pub(crate) fn next(&mut self, now: ProcessTimes, at: Instant) -> Option<f64> {
        let (then, before) = self.last.replace((now, at))?;
        now.percent_since(&then, at.saturating_duration_since(before))
    }
}

/// The last reading of counters per device, carried on where they wrapped.
#[derive(Clone, Debug)]
pub(crate) struct Rates<T> {
    nowrap: Nowrap,
    last: Option<(BTreeMap<OsString, T>, Instant)>,
}

impl<T: Counters> Rates<T> {
    pub(crate) fn new() -> Rates<T> {
        Rates { nowrap: Nowrap::new(), last: None }
    }

    /// What each device has counted since the reading before, and how long ago that was. A device that was not
    /// there then has no answer yet, and if no time has passed none has.
    pub(crate) fn next(
        &mut self,
        reading: BTreeMap<OsString, T>,
        at: Instant,
    ) -> BTreeMap<OsString, Option<(T, Duration)>> {
        let now = self.nowrap.correct(reading);
        let (then, before) = match self.last.take() {
            Some((then, before)) => (then, before),
            None => (BTreeMap::new(), at),
        };
        let elapsed = at.saturating_duration_since(before);
        let moved = now
            .iter()
            .map(|(device, counters)| {
                let since = then.get(device).filter(|_| !elapsed.is_zero());
                (device.clone(), since.map(|then| (difference(counters, then), elapsed)))
            })
            .collect();
        self.last = Some((now, at));
        moved
    }
}

fn difference<T: Counters>(now: &T, then: &T) -> T {
    let mut before = Vec::with_capacity(16);
    then.clone().for_each(&mut |value| before.push(*value));
    let mut before = before.into_iter();
    let mut moved = now.clone();
    moved.for_each(&mut |value| *value = value.saturating_sub(before.next().unwrap_or(0)));
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use ps_core::fake::Fake;
    use ps_core::net::NetIo;
    use ps_core::process::{ProcessBackend, ProcessView, WaitBackend};
    use ps_core::{CpuBackend, NetBackend};

    const SECOND: Duration = Duration::from_secs(1);

    /// Lets one CPU of a machine be busy and idle for a time.
    fn spend(fake: &Fake, place: usize, busy: u64, idle: u64) {
        fake.with(|machine| {
            let times = &mut machine.system.cpu_times[place].value;
            times.user += Duration::from_secs(busy);
            times.idle += Duration::from_secs(idle);
        });
    }

    fn busy(fake: &Fake, readings: &mut CpuReadings) -> Option<f64> {
        readings.all(fake.cpu_times().expect("reads")).map(|used| used.busy)
    }

    #[test]
    fn the_first_reading_has_no_answer() {
        let fake = Fake::new();
        let mut readings = CpuReadings::default();
        assert_eq!(busy(&fake, &mut readings), None);
        let each = readings.each(fake.cpu_times_per_cpu().expect("reads"));
        assert!(each.len() == 2 && each.iter().all(|one| one.value.is_none()));
    }

    #[test]
    fn each_reading_covers_the_time_since_the_one_before() {
        let fake = Fake::new();
        let mut readings = CpuReadings::default();
        busy(&fake, &mut readings);
        spend(&fake, 0, 1, 3);
        assert_eq!(busy(&fake, &mut readings), Some(25.0));
        spend(&fake, 1, 1, 1);
        assert_eq!(busy(&fake, &mut readings), Some(50.0));
        assert_eq!(busy(&fake, &mut readings), None, "no time has passed");
    }

    #[test]
    fn cpus_come_and_go_without_mixing_their_times() {
        let fake = Fake::new();
        let mut readings = CpuReadings::default();
        let mut each = |fake: &Fake| {
            let all = readings.each(fake.cpu_times_per_cpu().expect("reads"));
            all.into_iter()
                .map(|one| (one.cpu, one.value.map(|used| used.busy)))
                .collect::<Vec<_>>()
        };
        each(&fake);
        let first = fake.with(|machine| machine.system.cpu_times.remove(0));
        spend(&fake, 0, 1, 0);
        assert_eq!(each(&fake), [(1, Some(100.0))]);
        fake.with(|machine| machine.system.cpu_times.insert(0, first));
        spend(&fake, 1, 0, 1);
        assert_eq!(each(&fake), [(0, None), (1, Some(0.0))]);
        spend(&fake, 0, 1, 1);
        spend(&fake, 1, 0, 1);
        assert_eq!(each(&fake), [(0, Some(50.0)), (1, Some(0.0))]);
    }

    #[test]
    fn times_that_go_backwards_count_as_unmoved() {
        let fake = Fake::new();
        let mut readings = CpuReadings::default();
        busy(&fake, &mut readings);
        fake.with(|machine| {
            let times = &mut machine.system.cpu_times[0].value;
            times.iowait = Some(Duration::ZERO);
            times.user += SECOND;
        });
        assert_eq!(busy(&fake, &mut readings), Some(100.0));
        fake.with(|machine| machine.system.cpu_times[0].value = CpuTimes::default());
        assert_eq!(busy(&fake, &mut readings), None);
        spend(&fake, 0, 0, 4);
        assert_eq!(busy(&fake, &mut readings), Some(0.0));
    }

    #[test]
    fn the_use_of_a_process_may_exceed_one_cpu_and_ignores_the_wall_clock() {
        let fake = Fake::new();
        let caller = fake.current().expect("answers");
        let mut reading = ProcessReading::default();
        let mut next = |fake: &Fake| {
            let times = fake.view_of(caller).cpu_times().expect("reads");
            reading.next(times, fake.now())
        };
        assert_eq!(next(&fake), None);
        assert_eq!(next(&fake), None, "no time has passed");
        fake.with(|machine| {
            machine.process_mut(caller).expect("caller").times.user += 4 * SECOND;
            machine.advance(2 * SECOND);
            machine.set_wall_clock(std::time::SystemTime::UNIX_EPOCH);
        });
        assert_eq!(next(&fake), Some(200.0));
        fake.with(|machine| {
            machine.process_mut(caller).expect("caller").times.user = Duration::ZERO;
            machine.advance(SECOND);
        });
        assert_eq!(next(&fake), Some(0.0), "a counter that went backwards");
    }

    fn sent(fake: &Fake, rates: &mut Rates<NetIo>) -> Vec<Option<u64>> {
        let reading = fake.net_io_counters_per_interface().expect("reads");
        let moved = rates.next(reading, fake.now());
        moved.into_values().map(|one| one.map(|(moved, _)| moved.bytes_sent)).collect()
    }

    #[test]
    fn counters_that_wrap_are_carried_on() {
        let fake = Fake::new();
        let mut rates = Rates::new();
        let name = fake.with(|m| m.system.traffic.keys().next().cloned()).expect("has one");
        let set = |bytes| {
            fake.with(|machine| {
                machine.system.traffic.retain(|one, _| *one == name);
                machine.system.traffic.entry(name.clone()).or_default().bytes_sent = bytes;
                machine.advance(SECOND);
            });
        };
        set(100);
        assert_eq!(sent(&fake, &mut rates), [None]);
        set(150);
        assert_eq!(sent(&fake, &mut rates), [Some(50)]);
        set(30);
        assert_eq!(sent(&fake, &mut rates), [Some(30)], "it has wrapped");
        assert_eq!(sent(&fake, &mut rates), [None], "no time has passed");
        set(40);
        assert_eq!(sent(&fake, &mut rates), [Some(10)]);
    }

    #[test]
    fn a_device_that_went_and_came_back_has_no_answer_at_first() {
        let fake = Fake::new();
        let mut rates = Rates::new();
        let all = fake.with(|machine| machine.system.traffic.clone());
        let count = all.len();
        sent(&fake, &mut rates);
        fake.with(|machine| {
            machine.system.traffic.clear();
            machine.advance(SECOND);
        });
        assert_eq!(sent(&fake, &mut rates), []);
        fake.with(|machine| {
            machine.system.traffic = all;
            machine.advance(SECOND);
        });
        assert_eq!(sent(&fake, &mut rates), vec![None; count]);
    }
}
