//! Limits and use of one control group, and what the groups above leave of it.

use std::time::Duration;

use super::{CgroupVersion, decode_limit, stat_value};
use crate::decode::Units;
use crate::decode::text::{columns, number, number_list};

/// Limits and use of one control group. What is not limited, or not told, is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CgroupFigures {
    /// Bytes of memory that the group may use: the lower of the limit at which it fails and, in version 2, of
    /// that at which it is slowed down until it has given some back.
    pub memory_limit: Option<u64>,
    /// Bytes of memory in use, page cache included.
    pub memory_used: Option<u64>,
    /// Bytes of those that the kernel takes back before it refuses anything: file pages and, in version 2,
    /// reclaimable slab, without what is protected for the groups below.
    pub memory_reclaimable: Option<u64>,
    /// Bytes of memory that can still be had within this group's limit.
    pub memory_available: Option<u64>,
    /// Bytes of swap that the group may use.
    pub swap_limit: Option<u64>,
    /// Bytes of swap in use.
    pub swap_used: Option<u64>,
    /// How many CPUs' worth of time the group may use, as in 1.5.
    pub cpu_limit: Option<f64>,
    /// Weight against its neighbours when CPUs are short, on the scale of version 2: from 1 to 10000, usually 100.
    /// The shares of version 1 are converted.
    pub cpu_weight: Option<u64>,
    /// CPU time used so far.
    pub cpu_time: Option<Duration>,
    /// The CPUs that the group may run on, by the kernel's numbers.
    pub cpus: Option<Vec<u32>>,
    /// Tasks (threads and processes) that the group may have.
    pub tasks_limit: Option<u64>,
    /// Tasks that it has.
    pub tasks: Option<u64>,
}

/// What a group and all above it leave to a process.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CgroupLimits {
    /// The smallest limit of memory in bytes.
    pub memory_limit: Option<u64>,
    /// Bytes of memory that can still be had: the least over all groups that have a limit.
    pub memory_available: Option<u64>,
    /// The smallest limit of swap in bytes.
    pub swap_limit: Option<u64>,
    /// How many CPUs' worth of time may be used, as in 1.5: the least.
    pub cpu_limit: Option<f64>,
    /// The CPUs that may be run on, by the kernel's numbers.
    pub cpus: Option<Vec<u32>>,
    /// The smallest limit of tasks.
    pub tasks_limit: Option<u64>,
}

impl CgroupLimits {
    /// How many threads can run at once: CPUs that may be run on, and time that may be used, rounded down and at
    /// least 1. `None` if neither is limited.
    ///
    /// ```
    /// let mut limits = ps_linux::decode::cgroup::CgroupLimits::default();
    /// assert_eq!(limits.parallelism(), None);
    /// limits.cpus = Some(vec![0, 1, 2]);
    /// limits.cpu_limit = Some(2.9);
    /// assert_eq!(limits.parallelism(), Some(2));
    /// limits.cpu_limit = Some(0.5);
    /// assert_eq!(limits.parallelism(), Some(1));
    /// ```
    #[must_use]
    pub fn parallelism(&self) -> Option<u32> {
        let cpus = self.cpus.as_ref().and_then(|cpus| u32::try_from(cpus.len()).ok());
        // A number as large as this one saturates.
        let time = self.cpu_limit.map(|limit| limit as u32);
        let least = match (cpus, time) {
            (Some(cpus), Some(time)) => cpus.min(time),
            (one, other) => one.or(other)?,
        };
        Some(least.max(1))
    }
}

/// Hands out the content of a file of a group by its name; `None` if there is no such file.
pub type LevelFiles<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// What one group below is protected from losing, and what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Protection {
    /// Bytes protected: the higher of the two protections.
    pub protected: u64,
    /// Bytes in use.
    pub used: u64,
    /// Bytes of those that could be taken back without the protection.
    pub reclaimable: u64,
}

impl Protection {
    /// The protection of a group of version 2 from its files; `None` if it has none.
    #[must_use]
    pub fn of(file: &LevelFiles<'_>) -> Option<Protection> {
        let bytes = |name: &str| match file(name)?.trim_ascii() {
            b"max" => Some(u64::MAX),
            digits => number(digits),
        };
        let protected = bytes("memory.min").unwrap_or(0).max(bytes("memory.low").unwrap_or(0));
        (protected > 0).then(|| Protection {
            protected,
            used: bytes("memory.current").unwrap_or(0),
            reclaimable: file("memory.stat").map_or(0, |stat| reclaimable_v2(&stat)),
        })
    }

    /// Bytes that cannot be taken back although they could without the protection: what is in use above the
    /// protection goes first.
    #[must_use]
    pub fn withheld(&self) -> u64 {
        self.reclaimable.saturating_sub(self.used.saturating_sub(self.protected))
    }
}

fn reclaimable_v2(stat: &[u8]) -> u64 {
    [&b"inactive_file"[..], b"active_file", b"slab_reclaimable"]
        .into_iter()
        .filter_map(|key| stat_value(stat, key))
        .fold(0, u64::saturating_add)
}

impl CgroupFigures {
    /// Adds what the files of the memory controller say. `below` is asked only where there is a limit.
    pub fn add_memory(
        &mut self,
        version: CgroupVersion,
        file: &LevelFiles<'_>,
        below: &dyn Fn() -> Vec<Protection>,
        units: Units,
    ) {
        let limit = |name: &str| decode_limit(&file(name)?, units.page_size);
        let value = |name: &str| number::<u64>(file(name)?.trim_ascii());
        match version {
            CgroupVersion::V2 => {
                let (max, high) = (limit("memory.max"), limit("memory.high"));
                self.memory_limit = least(max, high);
                self.memory_used = value("memory.current");
                self.memory_reclaimable = file("memory.stat").map(|stat| reclaimable_v2(&stat));
                self.swap_limit = limit("memory.swap.max");
                self.swap_used = value("memory.swap.current");
            }
            CgroupVersion::V1 => {
                self.memory_limit = limit("memory.limit_in_bytes");
                self.memory_used = value("memory.usage_in_bytes");
                let stat = file("memory.stat");
                self.memory_reclaimable = stat.as_deref().map(|stat| {
                    // Groups below are in the use of this one, and so must be in this.
                    let of = |total: &[u8], own: &[u8]| {
                        stat_value(stat, total).or_else(|| stat_value(stat, own)).unwrap_or(0)
                    };
                    of(b"total_inactive_file", b"inactive_file")
                        .saturating_add(of(b"total_active_file", b"active_file"))
                });
                // Version 1 limits memory and swap together.
                let both = limit("memory.memsw.limit_in_bytes");
                self.swap_limit =
                    both.map(|both| both.saturating_sub(self.memory_limit.unwrap_or(0)));
                let stat_swap = stat.as_deref().and_then(|stat| {
                    stat_value(stat, b"total_swap").or_else(|| stat_value(stat, b"swap"))
                });
                let both_used = value("memory.memsw.usage_in_bytes");
                self.swap_used =
                    stat_swap.or_else(|| Some(both_used?.saturating_sub(self.memory_used?)));
            }
        }
        let Some(limit) = self.memory_limit else { return };
        if version == CgroupVersion::V2 {
            let withheld = below().iter().map(Protection::withheld).fold(0, u64::saturating_add);
            self.memory_reclaimable =
                self.memory_reclaimable.map(|bytes| bytes.saturating_sub(withheld));
        }
        let used = self.memory_used.unwrap_or(0);
        let held = used.saturating_sub(self.memory_reclaimable.unwrap_or(0));
        self.memory_available = Some(limit.saturating_sub(held));
    }

    /// Adds what the files of the CPU controller say.
    pub fn add_cpu(&mut self, version: CgroupVersion, file: &LevelFiles<'_>) {
        let signed = |name: &str| number::<i64>(file(name)?.trim_ascii());
        match version {
            CgroupVersion::V2 => {
                self.cpu_limit = file("cpu.max").and_then(|text| {
                    let mut columns = columns(&text);
                    share(number(columns.next()?)?, number(columns.next()?)?)
                });
                self.cpu_weight = file("cpu.weight").and_then(|text| number(text.trim_ascii()));
                self.cpu_time = file("cpu.stat")
                    .and_then(|stat| stat_value(&stat, b"usage_usec"))
                    .map(Duration::from_micros);
            }
            CgroupVersion::V1 => {
                self.cpu_limit = signed("cpu.cfs_quota_us")
                    .and_then(|quota| share(quota, signed("cpu.cfs_period_us")?));
                // 2 to 262144 shares become 1 to 10000.
                self.cpu_weight = signed("cpu.shares").and_then(|shares| {
                    let shares = u64::try_from(shares).ok()?.clamp(2, 262_144);
                    Some(1 + (shares - 2) * 9999 / 262_142)
                });
            }
        }
    }

    /// Adds the CPU time that version 1 counts in a controller of its own.
    pub fn add_cpuacct(&mut self, file: &LevelFiles<'_>) {
        let usage = file("cpuacct.usage").and_then(|text| number(text.trim_ascii()));
        self.cpu_time = self.cpu_time.or(usage.map(Duration::from_nanos));
    }

    /// Adds the CPUs that the group may run on.
    pub fn add_cpuset(&mut self, version: CgroupVersion, file: &LevelFiles<'_>) {
        let names: &[&str] = match version {
            CgroupVersion::V2 => &["cpuset.cpus.effective"],
            CgroupVersion::V1 => &["cpuset.effective_cpus", "cpuset.cpus"],
        };
        let list = |name: &&str| number_list(&file(name)?).filter(|cpus| !cpus.is_empty());
        self.cpus = names.iter().find_map(list);
    }

    /// Adds what the files of the controller of tasks say.
    pub fn add_pids(&mut self, file: &LevelFiles<'_>, units: Units) {
        self.tasks_limit = file("pids.max").and_then(|text| decode_limit(&text, units.page_size));
        self.tasks = file("pids.current").and_then(|text| number(text.trim_ascii()));
    }
}

/// A quota of time in a period, as CPUs; none if it is negative.
fn share(quota: i64, period: i64) -> Option<f64> {
    (quota >= 0 && period > 0).then(|| quota as f64 / period as f64)
}

fn least<T: PartialOrd>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one < other { one } else { other }),
        (one, other) => one.or(other),
    }
}

/// What a group and all above it, the nearest first, leave to a process.
#[must_use]
pub fn effective(levels: &[CgroupFigures]) -> CgroupLimits {
    let mut limits = CgroupLimits::default();
    for level in levels {
        limits.memory_limit = least(limits.memory_limit, level.memory_limit);
        limits.memory_available = least(limits.memory_available, level.memory_available);
        limits.swap_limit = least(limits.swap_limit, level.swap_limit);
        limits.cpu_limit = least(limits.cpu_limit, level.cpu_limit);
        limits.tasks_limit = least(limits.tasks_limit, level.tasks_limit);
        // The kernel has already narrowed the nearest set down by those above it.
        if limits.cpus.is_none() {
            limits.cpus.clone_from(&level.cpus);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: Units = Units { page_size: 4096, ticks_per_second: 100 };

    type Files<'a> = &'a [(&'a str, &'a str)];

    fn reader<'a>(files: Files<'a>) -> impl Fn(&str) -> Option<Vec<u8>> + 'a {
        move |name| {
            files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.as_bytes().to_vec())
        }
    }

    fn memory(version: CgroupVersion, files: Files<'_>, below: &[Protection]) -> CgroupFigures {
        let mut figures = CgroupFigures::default();
        figures.add_memory(version, &reader(files), &|| below.to_vec(), UNITS);
        figures
    }

    const FULL: Files<'_> = &[
        ("memory.max", "1000\n"),
        ("memory.high", "max\n"),
        ("memory.current", "900\n"),
        (
            "memory.stat",
            "anon 200\nfile 650\ninactive_file 300\nactive_file 200\nslab_reclaimable 100\n",
        ),
        ("memory.swap.max", "50\n"),
        ("memory.swap.current", "7\n"),
    ];

    #[test]
    fn cache_that_fills_the_limit_can_still_be_had() {
        let figures = memory(CgroupVersion::V2, FULL, &[]);
        assert_eq!((figures.memory_limit, figures.memory_used), (Some(1000), Some(900)));
        assert_eq!(figures.memory_reclaimable, Some(600));
        assert_eq!(figures.memory_available, Some(700));
        assert_eq!((figures.swap_limit, figures.swap_used), (Some(50), Some(7)));
    }

    #[test]
    fn the_lower_of_the_two_limits_counts_and_nothing_is_below_zero() {
        let files = &[
            ("memory.max", "1000"),
            ("memory.high", "400"),
            ("memory.current", "900"),
            ("memory.stat", "inactive_file 100"),
        ];
        let figures = memory(CgroupVersion::V2, files, &[]);
        assert_eq!((figures.memory_limit, figures.memory_available), (Some(400), Some(0)));
        let none =
            memory(CgroupVersion::V2, &[("memory.max", "max"), ("memory.current", "5")], &[]);
        assert_eq!((none.memory_limit, none.memory_available), (None, None));
    }

    #[test]
    fn what_is_protected_below_cannot_be_had() {
        let files = reader(&[
            ("memory.min", "0"),
            ("memory.low", "300"),
            ("memory.current", "400"),
            ("memory.stat", "inactive_file 350"),
        ]);
        let one = Protection::of(&files).expect("protected");
        // 100 lie above the protection and go first; the other 250 of the cache stay.
        assert_eq!(one.withheld(), 250);
        assert_eq!(memory(CgroupVersion::V2, FULL, &[one]).memory_available, Some(700 - 250));
        assert_eq!(Protection::of(&reader(&[("memory.min", "0"), ("memory.low", "0")])), None);
        assert_eq!(
            Protection::of(&reader(&[("memory.min", "max")])).map(|one| one.protected),
            Some(u64::MAX)
        );
    }

    #[test]
    fn version_1_counts_memory_and_swap_together() {
        let files = &[
            ("memory.limit_in_bytes", "1000\n"),
            ("memory.usage_in_bytes", "800\n"),
            (
                "memory.stat",
                "inactive_file 1\nactive_file 1\ntotal_inactive_file 300\ntotal_active_file 100\n",
            ),
            ("memory.memsw.limit_in_bytes", "1500\n"),
            ("memory.memsw.usage_in_bytes", "850\n"),
        ];
        let figures = memory(CgroupVersion::V1, files, &[]);
        assert_eq!((figures.memory_limit, figures.memory_available), (Some(1000), Some(600)));
        assert_eq!((figures.swap_limit, figures.swap_used), (Some(500), Some(50)));
    }

    #[test]
    fn a_quota_is_a_number_of_cpus() {
        let cpu = |version, files: Files<'_>| {
            let mut figures = CgroupFigures::default();
            figures.add_cpu(version, &reader(files));
            figures
        };
        let v2 = cpu(
            CgroupVersion::V2,
            &[
                ("cpu.max", "150000 100000\n"),
                ("cpu.weight", "100\n"),
                ("cpu.stat", "usage_usec 5\n"),
            ],
        );
        assert_eq!(
            (v2.cpu_limit, v2.cpu_weight, v2.cpu_time),
            (Some(1.5), Some(100), Some(Duration::from_micros(5)))
        );
        assert_eq!(cpu(CgroupVersion::V2, &[("cpu.max", "max 100000\n")]).cpu_limit, None);
        let v1 = cpu(
            CgroupVersion::V1,
            &[
                ("cpu.cfs_quota_us", "50000"),
                ("cpu.cfs_period_us", "100000"),
                ("cpu.shares", "1024"),
            ],
        );
        assert_eq!((v1.cpu_limit, v1.cpu_weight), (Some(0.5), Some(39)));
        assert_eq!(
            cpu(CgroupVersion::V1, &[("cpu.cfs_quota_us", "-1"), ("cpu.cfs_period_us", "100000")])
                .cpu_limit,
            None
        );
    }

    #[test]
    fn the_tightest_of_all_levels_is_effective() {
        let mut near = memory(CgroupVersion::V2, FULL, &[]);
        near.cpus = Some(vec![1]);
        near.cpu_limit = Some(2.0);
        let mut above = memory(
            CgroupVersion::V2,
            &[("memory.max", "2000"), ("memory.current", "1900"), ("memory.stat", "")],
            &[],
        );
        above.cpus = Some(vec![0, 1]);
        above.cpu_limit = Some(0.5);
        above.tasks_limit = Some(10);
        let limits = effective(&[near, above]);
        assert_eq!((limits.memory_limit, limits.memory_available), (Some(1000), Some(100)));
        assert_eq!(
            (limits.cpus.clone(), limits.cpu_limit, limits.tasks_limit),
            (Some(vec![1]), Some(0.5), Some(10))
        );
        assert_eq!(limits.parallelism(), Some(1));
    }

    #[test]
    fn threads_that_can_run_at_once_are_bounded_by_cpus_and_by_time() {
        let at = |cpus: Option<Vec<u32>>, cpu_limit| {
            CgroupLimits { cpus, cpu_limit, ..CgroupLimits::default() }.parallelism()
        };
        assert_eq!(at(None, None), None);
        assert_eq!(at(Some(vec![0, 1, 2]), None), Some(3));
        assert_eq!(at(Some(vec![0, 1, 2]), Some(2.9)), Some(2));
        assert_eq!(at(Some(vec![0, 1, 2]), Some(7.0)), Some(3));
        assert_eq!(at(None, Some(0.5)), Some(1));
    }

    #[test]
    fn controllers_of_time_cpus_and_tasks_tell_their_own() {
        let mut figures = CgroupFigures::default();
        figures.add_cpuacct(&reader(&[("cpuacct.usage", "7000\n")]));
        assert_eq!(figures.cpu_time, Some(Duration::from_nanos(7000)));
        figures.add_cpuset(CgroupVersion::V2, &reader(&[("cpuset.cpus.effective", "0-1\n")]));
        assert_eq!(figures.cpus, Some(vec![0, 1]));
        let old = [("cpuset.effective_cpus", "\n"), ("cpuset.cpus", "3\n")];
        figures.add_cpuset(CgroupVersion::V1, &reader(&old));
        assert_eq!(figures.cpus, Some(vec![3]));
        figures.add_pids(&reader(&[("pids.max", "17\n"), ("pids.current", "2\n")]), UNITS);
        assert_eq!((figures.tasks_limit, figures.tasks), (Some(17), Some(2)));
    }

    #[test]
    fn a_quota_in_no_time_is_none() {
        assert_eq!((share(5, 0), share(0, 5), share(-1, 5)), (None, Some(0.0), None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_figures_panic(bytes: Vec<u8>, numbers: [u64; 3]) {
            let file = |_: &str| Some(bytes.clone());
            let digits = |_: &str| Some(format!("{} {}", numbers[0], numbers[1]).into_bytes());
            for version in [CgroupVersion::V1, CgroupVersion::V2] {
                for file in [&file as &LevelFiles<'_>, &digits] {
                    let mut figures = CgroupFigures::default();
                    let [protected, used, reclaimable] = numbers;
                    figures.add_memory(version, file, &|| vec![Protection { protected, used, reclaimable }; 2], UNITS);
                    figures.add_cpu(version, file);
                    figures.add_cpuset(version, file);
                    figures.add_cpuacct(file);
                    figures.add_pids(file, UNITS);
                    let _ = (effective(&[figures]).parallelism(), Protection::of(file));
                }
            }
        }
    }
}
