//! What every backend has to keep to, as checks that run on any of them: the simulated one and live ones.
//!
//! A check is a function generic over the backend that panics when the contract is broken. Its name says
//! what must be true. [`contract!`] turns all of them into tests of one backend. A machine that breaks the
//! contract in one point must fail the check of that point, which `tests/broken.rs` shows.

#![forbid(unsafe_code)]

pub mod capability;
pub mod cpu;
pub mod disk;
pub mod heap;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sensors;
pub mod sweep;

use std::fmt::{self, Debug};
use std::io::Write as _;
use std::time::Duration;

use ps_core::{Error, Pid, Result, WaitBackend};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Makes children of the caller for checks that need one.
pub trait Spawner {
    /// Starts a child with one thread that sleeps for minutes, and obeys every signal.
    fn spawn(&self) -> Pid;

    /// Ends and collects a child, if a check has left it.
    fn dispose(&self, child: Pid);
}

/// A child that is disposed of when the check is over, however it ends.
pub struct Fresh<'s> {
    /// Its number.
    pub pid: Pid,
    spawner: &'s dyn Spawner,
}

impl<'s> Fresh<'s> {
    /// Starts one.
    pub fn new(spawner: &'s dyn Spawner) -> Fresh<'s> {
        Fresh { pid: spawner.spawn(), spawner }
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        self.spawner.dispose(self.pid);
    }
}

/// Says that a test, or a part of it, is left out, and why.
///
/// It is said past the test harness, which shows nobody what tests print that pass.
#[macro_export]
macro_rules! skip {
    ($($why:tt)+) => { $crate::say_skipped(format_args!($($why)+)) };
}

#[doc(hidden)]
pub fn say_skipped(why: fmt::Arguments<'_>) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a test"));
    // Where nobody listens, nobody misses it.
    _ = std::io::stderr().write_all(line.as_bytes());
}

/// Whether this runs inside of a machine of `cargo xtask vm`. There, to start a process takes ten times as long, or more.
#[must_use]
pub fn is_emulated() -> bool {
    std::env::var_os("PS_VM").is_some()
}

/// So many; a tenth of it where the machine is emulated.
#[must_use]
pub fn many(count: usize) -> usize {
    if is_emulated() { count / 10 } else { count }
}

/// What was answered; `None`, aloud, where this system or machine does not have the facility, or the caller
/// may not use it. Anything else breaks the contract.
pub fn answer<T>(what: &str, result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error @ (Error::Unsupported { .. } | Error::AccessDenied { .. })) => {
            crate::skip!("{what}: {error}");
            None
        }
        Err(error) => panic!("{what}: {error}: {error:?}"),
    }
}

/// What was answered, where every system has an answer for everybody.
pub fn must<T>(what: &str, result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}: {error:?}"))
}

/// Asserts that a record comes back unchanged from text and from bytes.
pub fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(record: &T) {
    let text = serde_json::to_string(record).expect("serialises as text");
    let back: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(back, *record, "{text}");
    let bytes = postcard::to_allocvec(record).expect("serialises as bytes");
    let back: T = postcard::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(back, *record);
}

/// Asserts that a share is one.
pub fn assert_percent(what: &str, percent: f64) {
    assert!((0.0..=100.0).contains(&percent), "{what} is {percent} %");
}

/// Looks again and again, for a minute at most, until there is something.
pub fn until<B: WaitBackend, T>(backend: &B, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = backend.now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        let waited = backend.now().duration_since(start);
        assert!(waited < Duration::from_secs(60), "in vain: {what}");
        backend.sleep(Duration::from_millis(5));
    }
}

/// Makes a test of every check.
///
/// `backend` makes the backend, `clock` tells the wall clock that its machine goes by, `spawner` makes
/// children that it can see; the two are given the backend.
#[macro_export]
macro_rules! contract {
    (backend: $backend:expr, clock: $clock:expr, spawner: $spawner:expr $(,)?) => {
        $crate::contract! { @plain $backend;
            cpu: times_of_all_are_those_of_each_together, times_do_not_decrease,
                numbers_ascend, shares_are_within_bounds, counts_are_plausible, stats_do_not_decrease,
                load_is_not_negative, frequencies_lie_between_their_limits, records_come_back;
            mem: parts_are_no_larger_than_the_whole, swap_is_used_or_free, swap_traffic_does_not_decrease,
                what_the_caller_can_get_is_no_more_than_there_is, records_come_back;
            disk: physical_partitions_are_among_all, space_is_used_or_free_or_kept_back,
                every_mount_point_can_be_asked_about, traffic_does_not_decrease,
                whole_disks_are_no_more_than_all, bad_paths_are_refused_with_their_names,
                records_come_back;
            net: traffic_does_not_decrease, the_total_is_that_of_every_interface,
                interfaces_with_traffic_have_a_state, addresses_are_of_their_family,
                sockets_are_of_the_kind_asked_for, owners_are_named_only_when_asked_for,
                records_come_back;
            sensors: readings_are_plausible, records_come_back;
            heap: figures_are_given_and_trimming_is_harmless;
            process: pids_ascend_and_hold_the_caller, an_impossible_pid_is_nobody,
                the_caller_stays_the_same, an_identity_comes_back_and_still_fits,
                rows_agree_with_the_view, only_what_is_asked_for_is_answered,
                a_field_that_scans_do_not_have_is_refused, a_scan_can_be_broken_off,
                parents_agree_with_the_scan, a_full_record_comes_back,
                acting_on_pid_0_is_refused;
            sweep: every_method_answers_for_every_process, every_row_answers;
        }
        $crate::contract! { @clock $backend, $clock;
            host: boot_and_time_since_make_now, the_machine_was_awake_no_longer_than_it_ran,
                accounts_have_names, records_come_back;
        }
        $crate::contract! { @spawner $backend, $spawner;
            process: a_child_is_what_it_was_started_as, figures_of_a_child_fit_together,
                a_child_is_stopped_continued_killed_and_collected,
                a_pinned_child_is_not_followed_beyond_its_end,
                a_zombie_is_told_from_one_that_is_gone, a_set_reports_each_end_once,
                bad_orders_are_refused_and_harm_nobody, what_is_set_can_be_read;
        }
    };
    (@plain $backend:expr; $($module:ident: $($check:ident),+;)+) => { $(
        mod $module {
            use super::*;
            $(
                #[test]
                fn $check() {
                    $crate::$module::$check(&$backend);
                }
            )+
        }
    )+ };
    (@clock $backend:expr, $clock:expr; $module:ident: $($check:ident),+;) => {
        mod $module {
            use super::*;
            $(
                #[test]
                fn $check() {
                    let backend = $backend;
                    $crate::$module::$check(&backend, &|| $clock(&backend));
                }
            )+
        }
    };
    (@spawner $backend:expr, $spawner:expr; $module:ident: $($check:ident),+;) => {
        mod children {
            use super::*;
            $(
                #[test]
                fn $check() {
                    let backend = $backend;
                    $crate::$module::$check(&backend, &$spawner(&backend));
                }
            )+
        }
    };
}
