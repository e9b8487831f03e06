//! Decoders of macOS.

use std::time::Duration;

use proptest::prelude::*;
use ps_darwin::decode::net::{addresses, interfaces, media, sockets};
use ps_darwin::decode::process::record::by_pid;
use ps_darwin::decode::process::{arguments, exit, files, memory, task};
use ps_darwin::decode::{Property, Units, cpu, disk, heap, host, mem, moment, sensors};
use ps_darwin::net::Duplex;
use ps_darwin::process::{MemoryInfo, Origin, Pid};
use ps_darwin::raw::process::{KinfoProc, ProcTaskallinfo, RusageInfoV2, processes};

use super::{answers, cut_answers, every_decoder_is_called, long, number, record};

const UNITS: [Units; 2] = [
    Units { kernel_page_size: 16384, mach_hz: 24_000_000, arm: true },
    // Of a kernel gone mad.
    Units { kernel_page_size: u64::MAX, mach_hz: 0, arm: false },
];

/// Properties of every type, under names that are looked for.
fn properties(answer: &[u8]) -> Vec<Property> {
    const NAMES: &[&str] = &[
        "Statistics",
        "Bytes (Read)",
        "Bytes (Write)",
        "Operations (Read)",
        "Total Time (Read)",
        "voltage-states1-sram",
        "voltage-states5-sram",
        "Name",
        "Type",
        "Current Capacity",
        "Max Capacity",
        "Time to Empty",
        "Time to Full Charge",
        "Power Source State",
        "Is Charging",
        "Is Present",
        "Temperature",
        "Voltage",
        "Amperage",
        "CycleCount",
        "DesignCapacity",
    ];
    let text = String::from_utf8_lossy(answer.get(..20).unwrap_or_default()).into_owned();
    let values = [
        Property::Bool(true),
        Property::Int(long(answer)),
        Property::Float(f64::from_bits(long(answer) as u64)),
        Property::Text(text),
        Property::Data(answer.to_vec()),
        Property::List(vec![Property::Other]),
        Property::Other,
    ];
    let map = |value: &Property| {
        Property::Map(NAMES.iter().map(|name| ((*name).to_owned(), value.clone())).collect())
    };
    let mut all: Vec<Property> = values.iter().map(map).collect();
    let inner = all.first().cloned().into_iter().chain(all.get(1).cloned());
    let nested = inner.map(|map| Property::Map(vec![("Statistics".to_owned(), map)]));
    all.extend(nested.collect::<Vec<_>>());
    all.extend(values);
    all
}

fn on_the_machine(answer: &[u8]) {
    let (few, many) = (number(answer), long(answer));
    let (half, rest) = answer.split_at(answer.len() / 2);
    for units in UNITS {
        let _ = (units.mach(many as u64), units.kernel_pages(many as u64));
        let _ = mem::decode_vm_statistics(many as u64, answer, units);
        let _ = mem::decode_swap(half, rest, units);
    }
    let _ = mem::decode_memsize(half);
    let _ = cpu::decode_processor_load(answer).map(|all| cpu::total(&all));
    let _ = (cpu::decode_loadavg(answer), cpu::decode_count(half));
    let _ = cpu::of_hertz(Some(many), Some(few.into()), None);
    let _ = disk::decode_mounts(answer).map(|all| all.iter().filter_map(disk::device_path).count());
    let _ = disk::usage(many as u64, many as u64, few as u64, many as u64, None);
    let _ = (disk::decode_space_used(answer), heap::decode_zones(answer));
    let _ =
        (host::decode_boottime(answer), host::decode_boot_id(answer), host::decode_users(answer));
    let _ = host::running(Duration::from_secs(many as u64), Duration::MAX, Duration::ZERO);
    let _ = moment(record(answer));
    let all = properties(answer);
    for property in &all {
        let _ = (property.get("Name"), property.int(), property.text(), property.bool());
        let _ = (cpu::of_step_tables(property), disk::decode_statistics(property));
        let _ = sensors::decode_power_sources(&all, Some(property));
    }
    for one in interfaces::decode_interfaces(answer) {
        let (duplex, speed) = media::decode_media(answer);
        let _ = (one.stats(duplex, speed), one.stats(Duplex::Unknown, Some(u32::MAX)));
    }
    let raw = addresses::RawAddress {
        name: half.to_vec(),
        flags: few as u32,
        address: Some(answer.to_vec()),
        netmask: Some(rest.to_vec()),
        destination: Some(half.to_vec()),
    };
    let _ = addresses::decode_address(&raw);
}

fn on_processes(answer: &[u8]) {
    let (few, many) = (number(answer), long(answer));
    by_pid(answer, &mut Vec::new());
    for one in processes(answer).flatten().chain([record::<KinfoProc>(answer)]) {
        let _ = (one.pid(), one.start_time(), one.create_time(), one.parent(), one.group());
        let _ = (one.identity(Origin::default()), one.is_ending(), one.is_translated());
        let _ = (one.status(), one.uids(), one.gids(), one.groups(), one.terminal());
        let _ = (one.signal_masks(), one.name().len(), one.nice());
    }
    let all: ProcTaskallinfo = record(answer);
    let _ = all.start_time();
    let rusage: RusageInfoV2 = record(answer);
    let _ = rusage.io();
    let region = record(answer);
    for units in UNITS {
        let task = &all.ptinfo;
        let _ = (task.times(units), task.memory(), task.page_faults(), task.switches());
        let _ = task.threads();
        for translated in [false, true] {
            let _ = memory::footprint(memory::Layout::of(units, translated).own_bytes(&region));
        }
    }
    let _ = memory::after(&region);
    let _ = memory::extended(MemoryInfo::default(), &rusage, Some(answer));
    let _ = (task::decode_thread_ids(answer).count(), task::decode_thread(many as u64, answer));
    let strings = arguments::decode_procargs(answer);
    let _ = (strings.arguments().to_vec(), strings.environ(), strings.program());
    let _ = (files::decode_list(answer), files::count(answer), files::decode_directories(answer));
    let _ = files::decode_open_file(few, answer);
    for kind in (0..16).chain([few as u32]) {
        let _ = (files::question(kind), files::bare(few, kind));
        let _ = files::decode_descriptor(Pid::ZERO, few, kind, answer);
    }
    let _ = sockets::decode_socket(answer, Pid::ZERO, few);
    let _ = exit::status(few, few);
}

fn on_everything(answer: &[u8]) {
    on_the_machine(answer);
    on_processes(answer);
}

/// Given by name to another function.
const OTHERS: &[&str] = &["device_path"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_answer_makes_a_decoder_panic(answer in answers("ps-darwin")) {
        on_everything(&answer);
    }
}

#[test]
fn whole_and_cut_answers_make_no_decoder_panic() {
    cut_answers("ps-darwin", on_everything);
}

#[test]
fn every_public_decoder_is_among_them() {
    every_decoder_is_called("ps-darwin", include_str!("darwin.rs"), OTHERS);
}
