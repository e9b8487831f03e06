//! This crate's own records, written and read back.
#![cfg(all(target_os = "linux", feature = "serde"))]

use std::path::Path;

use ps_linux::cgroup::Cgroup;
use ps_linux::host::Wsl;
use ps_linux::pressure::{Pressure, PressureKind};
use ps_linux::{Linux, Roots};

fn at(name: &str) -> Linux {
    Linux::at(Roots::below(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)))
}

#[test]
fn records_read_back_from_json_as_they_were() {
    let cgroup = at("container-lxcfs-cgroup-v2").cgroup().expect("read");
    let text = serde_json::to_string(&cgroup).expect("written");
    assert_eq!(serde_json::from_str::<Cgroup>(&text).expect("read back"), cgroup);
    assert!(text.contains("\"version\":\"v2\""), "{text}");
    let pressure = at("container-lxcfs-cgroup-v2").pressure(PressureKind::Memory).expect("read");
    let text = serde_json::to_string(&pressure).expect("written");
    assert_eq!(serde_json::from_str::<Pressure>(&text).expect("read back"), pressure);
    let wsl = at("wsl-1").wsl().expect("read").expect("it is");
    let text = serde_json::to_string(&wsl).expect("written");
    assert_eq!(text, r#"{"version":1,"distribution":null}"#);
    assert_eq!(serde_json::from_str::<Wsl>(&text).expect("read back"), wsl);
}
