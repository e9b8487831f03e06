//! What figures about CPUs have to keep to.

use std::time::Duration;

use ps_core::CpuBackend;
use ps_core::cpu::{CpuTimes, PerCpu};

use crate::{answer, assert_percent, comes_back, must};

/// Kernels round each CPU's figures, and may settle them a moment later than the total.
const SLACK_PER_CPU: Duration = Duration::from_millis(100);

fn sum(each: &[PerCpu<CpuTimes>]) -> Duration {
    each.iter().map(|one| one.value.total()).sum()
}

/// The total lies between two sums over the CPUs, read before and after it.
pub fn times_of_all_are_those_of_each_together<B: CpuBackend>(backend: &B) {
    let before = must("cpu_times_per_cpu", backend.cpu_times_per_cpu());
    let all = must("cpu_times", backend.cpu_times());
    let after = must("cpu_times_per_cpu", backend.cpu_times_per_cpu());
    assert!(!before.is_empty());
    let slack = SLACK_PER_CPU * u32::try_from(before.len()).expect("few");
    assert!(sum(&before) <= all.total() + slack, "{before:?} {all:?}");
    assert!(all.total() <= sum(&after) + slack, "{all:?} {after:?}");
}

/// Work that was done stays done. Idle time is left out: some kernels estimate it anew.
pub fn times_do_not_decrease<B: CpuBackend>(backend: &B) {
    let busy = |times: &CpuTimes| (times.user, times.system, times.nice);
    let first = busy(&must("cpu_times", backend.cpu_times()));
    let second = busy(&must("cpu_times", backend.cpu_times()));
    assert!(first.0 <= second.0 && first.1 <= second.1 && first.2 <= second.2);
}

/// Each CPU is listed once, by ascending number.
pub fn numbers_ascend<B: CpuBackend>(backend: &B) {
    let each = must("cpu_times_per_cpu", backend.cpu_times_per_cpu());
    assert!(each.windows(2).all(|pair| pair[0].cpu < pair[1].cpu), "{each:?}");
}

/// Shares of an interval are shares.
pub fn shares_are_within_bounds<B: CpuBackend>(backend: &B) {
    let first = must("cpu_times", backend.cpu_times());
    let since_boot = first.percent_since(&CpuTimes::default()).expect("time passed since boot");
    for share in [since_boot.user, since_boot.system, since_boot.idle, since_boot.nice] {
        assert_percent("a share of the time since boot", share);
    }
    let second = must("cpu_times", backend.cpu_times());
    if let Some(busy) = second.busy_percent_since(&first) {
        assert_percent("the busy share", busy);
    }
}

/// There is a CPU, no more cores than CPUs, and something can run.
pub fn counts_are_plausible<B: CpuBackend>(backend: &B) {
    let logical = must("cpu_count", backend.cpu_count());
    let physical = must("cpu_count_physical", backend.cpu_count_physical());
    assert!(logical != Some(0) && physical != Some(0));
    if let (Some(logical), Some(physical)) = (logical, physical) {
        assert!(physical <= logical, "{physical} cores, {logical} CPUs");
    }
    assert!(must("available_parallelism", backend.available_parallelism()) >= 1);
}

/// Counters since boot only grow.
pub fn stats_do_not_decrease<B: CpuBackend>(backend: &B) {
    let first = must("cpu_stats", backend.cpu_stats());
    let second = must("cpu_stats", backend.cpu_stats());
    for (a, b) in [
        (first.context_switches, second.context_switches),
        (first.interrupts, second.interrupts),
        (first.soft_interrupts, second.soft_interrupts),
        (first.syscalls, second.syscalls),
    ] {
        assert_eq!(a.is_some(), b.is_some());
        assert!(a <= b, "{first:?} {second:?}");
    }
}

/// Load averages are numbers from zero on.
pub fn load_is_not_negative<B: CpuBackend>(backend: &B) {
    let load = must("load_average", backend.load_average());
    for one in [load.one, load.five, load.fifteen] {
        assert!(one.is_finite() && one >= 0.0, "{load:?}");
    }
}

/// A CPU's lowest frequency is not above its highest, and the mean is one.
pub fn frequencies_lie_between_their_limits<B: CpuBackend>(backend: &B) {
    let Some(each) = answer("cpu_frequency_per_cpu", backend.cpu_frequency_per_cpu()) else {
        return;
    };
    assert!(each.windows(2).all(|pair| pair[0].cpu < pair[1].cpu), "{each:?}");
    for one in &each {
        assert!(one.value.current_mhz.is_finite() && one.value.current_mhz >= 0.0, "{one:?}");
        if let (Some(min), Some(max)) = (one.value.min_mhz, one.value.max_mhz) {
            assert!(min <= max, "{one:?}");
        }
    }
    let mean = answer("cpu_frequency", backend.cpu_frequency()).flatten();
    assert!(each.is_empty() || mean.is_some(), "each CPU tells, and no mean");
}

/// Records come back from text and from bytes.
pub fn records_come_back<B: CpuBackend>(backend: &B) {
    let times = must("cpu_times", backend.cpu_times());
    comes_back(&times);
    comes_back(&times.percent_since(&CpuTimes::default()));
    comes_back(&must("cpu_times_per_cpu", backend.cpu_times_per_cpu()));
    comes_back(&must("cpu_stats", backend.cpu_stats()));
    comes_back(&must("load_average", backend.load_average()));
    comes_back(&answer("cpu_frequency_per_cpu", backend.cpu_frequency_per_cpu()));
}
