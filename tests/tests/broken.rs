//! Checks that could not fail would show nothing: each of these machines breaks the contract in one point,
//! and the check of that point says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ps_core::Pid;
use ps_core::fake::{Fake, Machine, Refusal};
use ps_tests::{Spawner, cpu, disk, host, mem, net, process, sensors, sweep};

/// Whether a check fails on a machine that is broken like this, and holds on one that is not.
fn catches(breaks: impl FnOnce(&mut Machine), check: impl Fn(&Fake)) -> bool {
    let whole = Fake::new();
    check(&whole);
    let broken = Fake::new();
    broken.with(breaks);
    catch_unwind(AssertUnwindSafe(|| check(&broken))).is_err()
}

/// The same for something that happens before every call.
fn catches_later(
    mut breaks: impl FnMut(&mut Machine) + Send + 'static,
    check: impl Fn(&Fake),
) -> bool {
    check(&Fake::new());
    let broken = Fake::new();
    broken.at_each_call(move |machine, _| breaks(machine));
    catch_unwind(AssertUnwindSafe(|| check(&broken))).is_err()
}

struct Forks(Fake);

impl Spawner for Forks {
    fn spawn(&self) -> Pid {
        self.0.with(Machine::spawn_child)
    }

    fn dispose(&self, child: Pid) {
        self.0.with(|machine| machine.vanish(child));
    }
}

fn own(machine: &mut Machine) -> &mut ps_core::fake::Process {
    let caller = machine.caller;
    machine.process_mut(caller).expect("the caller")
}

#[test]
fn more_available_than_there_is_is_caught() {
    assert!(catches(
        |machine| machine.system.memory.available = u64::MAX,
        mem::parts_are_no_larger_than_the_whole
    ));
    assert!(catches(|machine| machine.system.swap.free = 0, mem::swap_is_used_or_free));
    assert!(catches(
        |machine| machine.system.available_memory = Some(u64::MAX),
        mem::what_the_caller_can_get_is_no_more_than_there_is
    ));
}

#[test]
fn counters_that_go_backwards_are_caught() {
    assert!(catches_later(
        |machine| machine.system.cpu_times[0].value.user -= Duration::from_millis(1),
        cpu::times_do_not_decrease
    ));
    assert!(catches_later(
        |m| m.system.cpu_stats.context_switches =
            m.system.cpu_stats.context_switches.map(|n| n - 1),
        cpu::stats_do_not_decrease
    ));
    assert!(catches_later(
        |machine| machine.system.traffic.values_mut().for_each(|io| io.bytes_sent -= 1),
        net::traffic_does_not_decrease
    ));
    assert!(catches_later(
        |machine| machine.system.disks.values_mut().for_each(|io| io.read_bytes -= 1),
        disk::traffic_does_not_decrease
    ));
}

#[test]
fn impossible_counts_and_readings_are_caught() {
    assert!(catches(
        |machine| machine.system.cpu_count_physical = Some(3),
        cpu::counts_are_plausible
    ));
    assert!(catches(|machine| machine.system.cpu_times.reverse(), cpu::numbers_ascend));
    assert!(catches(|machine| machine.system.load.five = f64::NAN, cpu::load_is_not_negative));
    assert!(catches(
        |machine| machine.system.power.batteries[0].percent = 100.5,
        sensors::readings_are_plausible
    ));
    assert!(catches(
        |machine| machine.system.mounts[0].usage.free = u64::MAX,
        disk::space_is_used_or_free_or_kept_back
    ));
}

#[test]
fn a_boot_time_that_does_not_make_now_is_caught() {
    let an_hour_late = |fake: &Fake| {
        let now = fake.with(|machine| machine.wall_clock()) + Duration::from_secs(3600);
        host::boot_and_time_since_make_now(fake, &|| now);
    };
    assert!(catch_unwind(AssertUnwindSafe(|| an_hour_late(&Fake::new()))).is_err());
}

#[test]
fn a_bare_failure_is_caught_by_the_sweeps() {
    for how in [Refusal::Garbled, Refusal::Failed] {
        let breaks = |machine: &mut Machine| {
            own(machine).refusals.insert("cwd", how);
        };
        assert!(catches(breaks, sweep::every_method_answers_for_every_process));
        assert!(catches(breaks, sweep::every_row_answers));
        assert!(catches(breaks, process::a_full_record_comes_back));
    }
}

#[test]
fn a_caller_that_becomes_another_is_caught() {
    assert!(catches_later(
        |machine| {
            let start = own(machine).start;
            own(machine).start = start.map(|start| start + 1);
        },
        process::the_caller_stays_the_same
    ));
    assert!(catches(
        |machine| own(machine).hidden = true,
        process::pids_ascend_and_hold_the_caller
    ));
}

#[test]
fn a_child_that_does_not_obey_is_caught() {
    let life = |fake: &Fake| {
        process::a_child_is_stopped_continued_killed_and_collected(fake, &Forks(fake.clone()));
    };
    let collected = |machine: &mut Machine| own(machine).collects_at_once = true;
    assert!(catches(collected, life), "somebody else takes the status");
}

#[test]
fn a_child_whose_end_is_not_seen_is_caught() {
    let set = |fake: &Fake| process::a_set_reports_each_end_once(fake, &Forks(fake.clone()));
    assert!(catches(|machine| machine.descriptor_limit = 1, set));
}

#[test]
fn every_check_is_run() {
    let listed = include_str!("../src/lib.rs");
    let files = [
        include_str!("../src/cpu.rs"),
        include_str!("../src/disk.rs"),
        include_str!("../src/heap.rs"),
        include_str!("../src/host.rs"),
        include_str!("../src/mem.rs"),
        include_str!("../src/net.rs"),
        include_str!("../src/process.rs"),
        include_str!("../src/sensors.rs"),
        include_str!("../src/sweep.rs"),
    ];
    let mut checks = 0;
    for line in files.iter().flat_map(|file| file.lines()) {
        let Some(rest) = line.strip_prefix("pub fn ") else { continue };
        let Some((name, kind)) = rest.split_once('<') else { continue };
        if kind.starts_with("B:") {
            checks += 1;
            assert!(listed.contains(name), "{name} is not in the list of checks");
        }
    }
    assert!(checks > 50, "{checks}");
}
