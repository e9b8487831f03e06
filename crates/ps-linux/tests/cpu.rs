//! CPU figures of the machine that runs the tests.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use ps_linux::{CpuBackend, Linux};

#[test]
fn times_of_each_cpu_add_up_to_the_total() {
    let linux = Linux::new();
    let before = linux.cpu_times().expect("read").total();
    let sum: Duration =
        linux.cpu_times_per_cpu().expect("read").iter().map(|one| one.value.total()).sum();
    let after = linux.cpu_times().expect("read").total();
    // Each column of each CPU is cut to a tick, and the CPUs that went offline are in the total only.
    let slack = Duration::from_millis(10) * 10 * 256;
    assert!(sum + slack >= before, "{sum:?} of {before:?}");
    assert!(sum <= after + slack, "{sum:?} of {after:?}");
}

#[test]
fn time_passes_and_some_of_it_is_busy() {
    let linux = Linux::new();
    let then = linux.cpu_times().expect("read");
    let cpus = f64::from(linux.cpu_count().expect("read").expect("known"));
    // A machine that is emulated on a busy host loses ticks, so how long it takes is not said.
    let patience = Instant::now() + Duration::from_secs(60);
    let now = loop {
        let end = Instant::now() + Duration::from_millis(100);
        let mut work = 0u64;
        while Instant::now() < end {
            work = std::hint::black_box(work.wrapping_mul(31).wrapping_add(7));
        }
        let now = linux.cpu_times().expect("read");
        if now.since(&then).total().as_secs_f64() > 0.2 * cpus {
            break now;
        }
        assert!(Instant::now() < patience, "{now:?} {then:?}");
    };
    let busy = now.busy_percent_since(&then).expect("time passed");
    assert!(busy > 0.0 && busy <= 100.0, "{busy}");
    let shares = now.percent_since(&then).expect("time passed");
    assert!((0.0..=100.0).contains(&shares.user) && (0.0..=100.0).contains(&shares.idle));
}

#[test]
fn counts_are_those_of_the_system() {
    let linux = Linux::new();
    let logical = linux.cpu_count().expect("read").expect("known");
    let online = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN);
    let online = online.expect("asked").expect("known");
    assert_eq!(logical, u32::try_from(online).expect("few"));
    if let Some(cores) = linux.cpu_count_physical().expect("read") {
        assert!((1..=logical).contains(&cores), "{cores} of {logical}");
    }
}

#[test]
fn parallelism_is_what_the_standard_library_says() {
    let std = std::thread::available_parallelism().expect("known").get();
    let ours = Linux::new().available_parallelism().expect("known");
    assert_eq!(usize::try_from(ours).ok(), Some(std));
}

#[test]
fn frequencies_are_of_cpus_that_are_there() {
    let linux = Linux::new();
    let count = linux.cpu_count().expect("read").expect("known");
    let all = linux.cpu_frequency_per_cpu().expect("read");
    assert!(all.len() <= usize::try_from(count).expect("small"));
    for one in &all {
        assert!(one.value.current_mhz > 0.0, "{one:?}");
    }
    assert_eq!(linux.cpu_frequency().expect("read").is_some(), !all.is_empty());
}

#[test]
fn counters_move_forward() {
    let linux = Linux::new();
    let then = linux.cpu_stats().expect("read");
    std::thread::sleep(Duration::from_millis(20));
    let now = linux.cpu_stats().expect("read");
    assert!(now.context_switches > then.context_switches);
    assert!(now.interrupts >= then.interrupts && now.syscalls.is_none());
    let load = linux.load_average().expect("read");
    assert!(load.one >= 0.0 && load.five >= 0.0 && load.fifteen >= 0.0);
}

#[test]
fn threads_that_share_a_kept_file_do_not_disturb_each_other() {
    let linux = Linux::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let all = linux.cpu_times_per_cpu().expect("read");
                    assert!(!all.is_empty());
                    assert!(linux.cpu_stats().expect("read").soft_interrupts.is_some());
                }
            });
        }
    });
}
