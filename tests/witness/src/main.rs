//! Says everything that `ps-linux` tells of the machine and of each process, as one JSON value.
//!
//! `cargo xtask vm` runs it inside of each machine, and holds what it said against the kernel's files.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use ps_linux::disk::Partitions;
use ps_linux::net::{ConnectionKind, ConnectionQuery};
use ps_linux::pressure::PressureKind;
use ps_linux::{
    CpuBackend, DiskBackend, Fields, HostBackend, Linux, MemBackend, NetBackend, ProcessBackend,
    ProcessView, Result, SensorsBackend, Uid,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let linux = Linux::new();
    let said = json!({ "machine": machine(&linux), "processes": processes(&linux) });
    println!("{said}");
    ExitCode::SUCCESS
}

fn machine(linux: &Linux) -> Value {
    let mut said = Map::new();
    let mut say = |name: &str, answer: Value| drop(said.insert(name.to_owned(), answer));
    say("cpu_count", answer(linux.cpu_count()));
    say("cpu_count_physical", answer(linux.cpu_count_physical()));
    say("cpu_times", answer(linux.cpu_times()));
    say("cpu_times_per_cpu", answer(linux.cpu_times_per_cpu()));
    say("cpu_stats", answer(linux.cpu_stats()));
    say("cpu_frequency_per_cpu", answer(linux.cpu_frequency_per_cpu()));
    say("load_average", answer(linux.load_average()));
    say("available_parallelism", answer(linux.available_parallelism()));
    say("virtual_memory", answer(linux.virtual_memory()));
    say("swap_memory", answer(linux.swap_memory()));
    say("available_memory", answer(linux.available_memory()));
    say("partitions", answer(linux.partitions(Partitions::All)));
    say("disk_io_counters_per_disk", answer(linux.disk_io_counters_per_disk().map(named)));
    say("net_io_counters_per_interface", answer(linux.net_io_counters_per_interface().map(named)));
    say("interface_stats", answer(linux.interface_stats().map(named)));
    say("interface_addresses", answer(linux.interface_addresses().map(named)));
    say("connections", answer(linux.connections(&ConnectionQuery::new(ConnectionKind::Inet))));
    say("temperatures", answer(linux.temperatures().map(named)));
    say("fans", answer(linux.fans().map(named)));
    say("power_supplies", answer(linux.power_supplies()));
    say("boot_time", answer(linux.boot_time()));
    say("time_since_boot", answer(linux.time_since_boot()));
    say("hostname", answer(linux.hostname().map(|name| name.to_string_lossy().into_owned())));
    say("users", answer(linux.users()));
    say("cgroup", answer(linux.cgroup()));
    let kinds = [PressureKind::Cpu, PressureKind::Memory, PressureKind::Io, PressureKind::Irq];
    for kind in kinds {
        say(&format!("pressure_{}", kind.name()), answer(linux.pressure(kind)));
    }
    Value::Object(said)
}

/// Each process, as far as it can be seen; one that ends meanwhile is left out.
fn processes(linux: &Linux) -> Value {
    let number = |uid: Uid| Ok(OsString::from(uid.to_string()));
    let pids = match linux.pids() {
        Ok(pids) => pids,
        Err(error) => return answer::<()>(Err(error)),
    };
    let records = pids.into_iter().filter_map(|pid| {
        let record = linux.view_of(pid).record(Fields::ALL, &mut { number });
        match record {
            Err(error) if error.is_gone() => None,
            record => Some((pid.to_string(), answer(record))),
        }
    });
    Value::Object(records.collect())
}

/// What was answered, or `{"error": …}`.
fn answer<T: Serialize>(answer: Result<T>) -> Value {
    let failed = |why: String| json!({ "error": why });
    match answer {
        Ok(value) => serde_json::to_value(value).unwrap_or_else(|error| failed(error.to_string())),
        Err(error) => failed(error.to_string()),
    }
}

/// The same by names that JSON can have as keys.
fn named<T>(all: BTreeMap<OsString, T>) -> BTreeMap<String, T> {
    all.into_iter().map(|(name, value)| (name.to_string_lossy().into_owned(), value)).collect()
}
