//! What figures about the machine as a whole have to keep to.

use std::time::{Duration, SystemTime};

use ps_core::{HostBackend, ProcessBackend, ProcessView};

use crate::{answer, comes_back, must};

/// Kernels keep the boot time in whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// Boot time and time since boot make the present.
pub fn boot_and_time_since_make_now<B: HostBackend>(backend: &B, now: &dyn Fn() -> SystemTime) {
    let boot = must("boot_time", backend.boot_time());
    let since = must("time_since_boot", backend.time_since_boot());
    let now = now();
    assert!(boot + since <= now + SLACK && now <= boot + since + SLACK, "{boot:?} {since:?}");
}

/// Suspension is part of the time since boot and not of the up-time.
pub fn the_machine_was_awake_no_longer_than_it_ran<B: HostBackend>(
    backend: &B,
    _now: &dyn Fn() -> SystemTime,
) {
    let Some(awake) = answer("uptime", backend.uptime()) else { return };
    let since = must("time_since_boot", backend.time_since_boot());
    assert!(awake <= since, "{awake:?} {since:?}");
}

/// The caller's accounts can be looked up, and one that nobody has is no error.
pub fn accounts_have_names<B: HostBackend + ProcessBackend>(
    backend: &B,
    _now: &dyn Fn() -> SystemTime,
) {
    let view = backend.view_of(must("current", backend.current()));
    must("user_name", backend.user_name(must("uids", view.uids()).real));
    must("group_name", backend.group_name(must("gids", view.gids()).real));
    let nobody = ps_core::Uid::new(3_999_999_999);
    assert_eq!(must("user_name", backend.user_name(nobody)), None);
    assert!(!must("hostname", backend.hostname()).is_empty());
}

/// Records come back from text and from bytes, and no session begins in the future.
pub fn records_come_back<B: HostBackend>(backend: &B, now: &dyn Fn() -> SystemTime) {
    let users = must("users", backend.users());
    comes_back(&users);
    assert!(users.iter().all(|user| user.started <= now() + SLACK), "{users:?}");
}
