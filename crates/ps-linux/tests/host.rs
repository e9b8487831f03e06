//! The machine that runs the tests as a whole.
#![cfg(target_os = "linux")]

use std::time::{Duration, SystemTime};

use ps_linux::{Gid, HostBackend, Linux, SensorsBackend, Uid};

#[test]
fn boot_and_the_time_since_add_up_to_now() {
    let linux = Linux::new();
    let since = linux.time_since_boot().expect("asked");
    let now = linux.boot_time().expect("read") + since;
    let off = SystemTime::now().duration_since(now).unwrap_or_else(|error| error.duration());
    // The kernel cuts the boot time to a second.
    assert!(off < Duration::from_secs(2), "{off:?}");
    let uptime = linux.uptime().expect("asked");
    assert!(uptime <= linux.time_since_boot().expect("asked"), "{uptime:?} of {since:?}");
}

#[test]
fn the_name_of_the_machine_is_the_kernels() {
    let name = Linux::new().hostname().expect("asked");
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("read");
    assert_eq!(name, kernel.trim_end());
}

#[test]
fn accounts_are_found_and_unknown_ones_are_none_also_the_second_time() {
    let linux = Linux::new();
    for _ in 0..2 {
        assert_eq!(linux.user_name(Uid::new(0)).expect("asked"), Some("root".into()));
        assert_eq!(linux.group_name(Gid::new(0)).expect("asked"), Some("root".into()));
        assert_eq!(linux.user_name(Uid::new(4_000_000_000)).expect("asked"), None);
        assert_eq!(linux.group_name(Gid::new(4_000_000_000)).expect("asked"), None);
    }
}

#[test]
fn accounts_are_asked_for_again_when_their_file_changes() {
    let place = std::env::temp_dir().join(format!("ps-linux-accounts-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("made");
    let mut roots = ps_linux::Roots::default();
    roots.etc.clone_from(&place);
    let linux = Linux::at(roots);
    let id = Uid::new(3_999_999_999);
    let ask = || linux.user_name(id).expect("asked");
    let missing = ask();
    std::fs::write(place.join("passwd"), "ann:x:3999999999:1::/:\n").expect("written");
    let first = ask();
    std::fs::write(place.join("passwd"), "other:x:3999999999:1::/:\n").expect("written");
    let second = ask();
    std::fs::remove_dir_all(&place).expect("removed");
    assert_eq!((missing, first, second), (None, Some("ann".into()), Some("other".into())));
}

#[test]
fn users_and_sensors_answer_whatever_there_is() {
    let linux = Linux::new();
    for user in linux.users().expect("read") {
        assert!(
            !user.name.is_empty()
                && user.started <= SystemTime::now() + Duration::from_secs(86_400)
        );
    }
    for sensor in linux.temperatures().expect("read").values().flatten() {
        assert!(sensor.current_celsius.is_some_and(|celsius| celsius > -100.0 && celsius < 300.0));
    }
    let _ = linux.fans().expect("read");
    for battery in linux.power_supplies().expect("read").batteries {
        assert!((0.0..=100.0).contains(&battery.percent), "{battery:?}");
    }
}

#[test]
fn wsl_is_told_by_the_kernel_alone() {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("read");
    let wsl = Linux::new().wsl().expect("read");
    assert_eq!(wsl.is_some(), release.to_lowercase().contains("microsoft"));
}
