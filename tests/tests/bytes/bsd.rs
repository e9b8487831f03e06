//! Decoders of FreeBSD, NetBSD and OpenBSD.

use std::collections::HashMap;

use proptest::prelude::*;
use ps_bsd::decode::clock::{Moment, start_since_boot, steadied, ticks_per_second};
use ps_bsd::decode::{
    Units, cpu, disk, freebsd, host, kib, net, netbsd, openbsd, process, unsigned,
};
use ps_bsd::disk::Partitions;
use ps_bsd::net::{ConnectionKind, ConnectionQuery};
use ps_bsd::process::{Limit, Pid};

use super::{answers, cut_answers, every_decoder_is_called, long, number, record};

const UNITS: Units = Units { page_size: 4096, ticks_per_second: 128 };

/// Units that a kernel gone mad might tell.
const MAD: Units = Units { page_size: u64::MAX, ticks_per_second: 0 };

/// What all systems share. Its results are looked at as far as they come lazily.
fn on_all(answer: &[u8]) {
    let (few, many) = (number(answer), long(answer));
    let (half, rest) = answer.split_at(answer.len() / 2);
    for units in [UNITS, MAD] {
        let _ = (units.ticks(many as u64), units.pages(many as u64), units.signed_pages(many));
        for ticks in cpu::groups_of_five(answer) {
            let _ = cpu::cpu_times(&ticks, units);
        }
        let _ = cpu::cpu_times_with_spin(&[many as u64; 6], units);
    }
    let _ = cpu::frequency(few, answer);
    let _ = cpu::load_average(&[few as u32; 3], many);
    let _ = (unsigned(many), kib(many), ticks_per_second(few, few.wrapping_neg()));
    let _ = disk::usage(many as u64, few as u64, many, many as u64);
    let _ = disk::partition(half, rest, answer, many as u64, &[(1, "ro"), (1 << 63, "last")]);
    let _ = disk::is_on_device(half, rest);
    let moments = [Moment::from_micros(many, many), Moment::from_nanos(many, few.into())];
    for moment in moments {
        let _ = (moment.system_time(), moment.micros(), moment.since(&moments[0]));
        let start = Some(start_since_boot(&moments[1], &moment));
        let _ = steadied(start, start_since_boot(&moment, &moments[0]).into(), many as u64);
        let _ = host::session(half, rest, answer, moment, process::pid(few));
    }
    let _ = (net::socket_type(few), net::tcp_status(few), net::path(answer));
    let families = net::Families { inet: 2, inet6: few, unix: 1, link: 18 };
    let _ = (families.of_socket(few), net::endpoint(answer, &families), net::link_name(answer));
    let _ = net::inet(*answer.first_chunk().unwrap_or(&[0; 4]), [0xff; 2]);
    let _ = net::inet6(*answer.first_chunk().unwrap_or(&[0; 16]), [0; 2], few as u32);
    for message in net::messages(answer) {
        let _ = (net::message_kind(message), net::socket_addresses(message, few));
    }
    let _ = net::interface_stats(few, &[few], few > 0, few as u32, &[(few, "up")]);
    let _ = process::behind_pointers(answer);
    let words: Vec<u32> = answer.chunks_exact(4).map(|word| number(word) as u32).collect();
    let _ = (process::signal_mask(&words), process::open_flags(few as u32));
    let _ = (process::Text::<19>::new(answer).as_bytes().len(), process::peak_rss(few as u64, 1));
    let groups = process::Groups::new([7; 16], many, false);
    let _ = (groups.first(), groups.iter().count());
    if let Some(pid) = process::pid(few) {
        let one = process::Process::new(pid);
        let _ = (process::parent(few, pid), one.identity(None));
        let _ = one.identity_since(Some(moments[0]), None);
    }
}

fn query() -> ConnectionQuery {
    ConnectionQuery::new(ConnectionKind::All)
}

fn on_freebsd(answer: &[u8]) {
    use freebsd::{cpu, disk, host, mem, net, process, sensors};
    let (few, many) = (number(answer), long(answer));
    for units in [UNITS, MAD] {
        let _ = (cpu::times(answer, units), cpu::times_per_cpu(answer, units));
        for one in process::processes(answer, units).flatten() {
            let _ = (one.signals.masks(&process::SIGNALS), one.groups.iter().count());
        }
        let _ = process::process(&record(answer), units);
        let _ = process::memory_map(answer, units).count();
        let devices: Vec<_> = mem::swap_device(answer, many as u64).into_iter().collect();
        let _ = mem::swap_memory(&devices, Some(many as u64), None, units);
        let figure = many as u64;
        let counts = mem::Counts {
            total_bytes: figure,
            active: figure,
            inactive: figure,
            wired: few as u64,
            cache: figure,
            free: figure,
            shared: few as u64,
            buffers_bytes: figure,
        };
        let _ = mem::virtual_memory(&counts, units);
    }
    let _ = cpu::counter(answer);
    let _ = (disk::io_counters(answer), disk::check_version(few));
    let _ = disk::partitions(answer, Partitions::Physical);
    let _ = (host::boot_moment(&record(answer)), host::user(answer));
    let _ = (net::io_counters(answer), net::addresses(answer));
    let _ = net::stats(answer, |name| Some(record(name)));
    let _ = net::speed_and_duplex(&record(answer));
    let _ = (net::is_steady(answer), net::udp_sockets(answer), net::local_sockets(answer, few));
    let states = net::TcpStates::read(answer).unwrap_or_default();
    let family = ps_bsd::net::SocketFamily::Inet;
    let _ = states.of(many as u64, few, family);
    let owners = process::socket_owners(answer).unwrap_or_default();
    let _ = net::with_owners(net::tcp_sockets(answer).unwrap_or_default(), &owners);
    let _ = process::descriptor(answer, &states).count();
    let _ = process::sockets(answer, &states, Pid::ZERO);
    let _ = (
        process::special_path(answer, few),
        process::descriptor_counts(answer, &mut HashMap::new()),
    );
    let _ = (process::threads(answer).count(), process::groups(answer), process::umask(answer));
    let _ = (process::status(few as u8), process::limit(&record(answer)));
    let _ = process::limit_record(&Limit { soft: Some(many as u64), hard: None });
    let mask: Vec<u64> = answer.chunks_exact(8).map(|word| long(word) as u64).collect();
    let _ = process::cpu_mask(&process::cpus(&mask), mask.len());
    let _ = process::cpu_mask(&[few as u32], 16);
    let _ = (sensors::celsius(few, answer), sensors::battery_status(few));
    let _ = sensors::core(String::new(), sensors::celsius(few, b"IK"), None);
    let _ = sensors::battery("battery", few, number(&answer[answer.len() / 2..]), few, None);
    let (info, is, does) = (record(answer), record(answer), record(answer));
    let _ = sensors::detailed_battery("battery0", &info, &is, &does, Some(true));
}

fn on_netbsd(answer: &[u8]) {
    use netbsd::process::{arguments, files, limits, maps};
    use netbsd::sensors::plist;
    use netbsd::{cpu, disk, host, mem, net, process, sensors};
    let (few, many) = (number(answer), long(answer));
    for units in [UNITS, MAD] {
        let _ = cpu::cpu_times(answer, units);
        for one in process::processes(answer, units).flatten() {
            let _ = (one.signals.masks(&process::SIGNALS), one.groups.iter().count());
        }
    }
    let memory = record(answer);
    let _ = (cpu::cpu_stats(&memory), cpu::cores(few as u32));
    let _ = (mem::virtual_memory(&memory, &record(answer)), mem::swap_memory(answer, &memory));
    let _ = disk::partitions(answer, Partitions::Physical);
    let _ = disk::disk_io(answer).map(|all| disk::whole_disks(&all));
    let _ = (host::user(&record(answer)), net::net_io(answer), net::addresses(answer));
    let _ = net::stats(answer, |_| Some(record(answer)));
    let mut sockets = Vec::new();
    let _ = files::sockets(answer, &mut sockets);
    let _ = (files::join(answer, &sockets, &query()), files::count(answer, &mut HashMap::new()));
    let _ = (files::descriptors(answer), files::files(answer).count());
    let _ = files::descriptor(&record(answer));
    let fits = |room: &mut [u8]| Ok(answer.len().min(room.len()));
    let _ = arguments::fill(&mut Vec::new(), fits);
    let told = |files: &mut Vec<u8>| {
        files.extend_from_slice(answer);
        Ok(())
    };
    let _ = files::fill(&mut Vec::new(), told, || Ok(few > 0), |_| {});
    let _ = maps::fill(|room| room.map_or(Ok(answer.len()), fits));
    let _ = (maps::maps(answer), process::is_between(answer), process::threads(answer));
    let mut table = answer.to_vec();
    let again = process::complete(&mut table, |_, whole| {
        whole.extend_from_slice(answer);
        Ok(())
    });
    assert!(again.is_ok() && table.len() <= answer.len(), "nobody is made up");
    let failure = std::io::Error::from_raw_os_error(few);
    let _ = process::threads_will_come(&failure, || ps_bsd::errno::Lives::No);
    let _ = process::thread_status(few as i8);
    let half = limits::half(many as u64);
    let limit = Limit { soft: half, hard: Some(limits::raw(half)) };
    let _ = limits::set_both(limit, limit, |_, _| Ok(()));
    if let Ok(devices) = sensors::devices(answer) {
        let _ = (devices.temperatures(), devices.fans(), devices.power_supplies());
    }
    if let Some(value) = plist::parse(answer) {
        let _ = (value.dict(), value.array(), value.text(), value.number());
    }
}

fn on_openbsd(answer: &[u8]) {
    use openbsd::process::{arguments, files, maps};
    use openbsd::{cpu, disk, host, mem, net, process, sensors};
    let (few, many) = (number(answer), long(answer));
    let (half, rest) = answer.split_at(answer.len() / 2);
    let memory = record(answer);
    for units in [UNITS, MAD] {
        let all = [
            ps_bsd::cpu::PerCpu { cpu: 0, value: record(half) },
            ps_bsd::cpu::PerCpu { cpu: 1, value: record(rest) },
        ];
        let _ = (cpu::cpu_times(&all, units), cpu::cpu_times_per_cpu(&all, units));
        for one in process::processes(answer, units).flatten() {
            let _ = (one.signals.masks(&process::SIGNALS), one.groups.iter().count());
        }
        let (cache, meter) = (record(half), record(rest));
        let _ = mem::virtual_memory(many as u64, &memory, &cache, &meter, units);
        let _ = mem::swap_memory(answer, &memory, units);
    }
    let _ = (cpu::cpu_stats(&memory), cpu::cpu_frequency(few));
    let _ = (disk::partitions(answer, Partitions::Physical), disk::disk_io(answer));
    let _ = (host::users(answer), net::net_io(answer), net::addresses(answer), net::stats(answer));
    let device = record(answer);
    let _ = (sensors::places(&device).take(1000).count(), sensors::celsius(many));
    let devices = [sensors::Device { device, sensors: vec![record(half), record(rest)] }];
    let _ = (sensors::temperatures(&devices), sensors::fans(&devices));
    let _ = sensors::power_supplies(&devices);
    let _ = (arguments::strings(answer, many as u64), arguments::path(answer));
    let _ = arguments::candidates(half, rest, answer, half);
    let _ = (files::files(answer).count(), files::program(answer), files::descriptors(answer));
    let _ = (files::count(answer, &mut HashMap::new()), files::descriptor(&record(answer)));
    let _ = files::connection(&record(answer));
    let all = files::connections(answer, &query()).unwrap_or_default();
    let owned = files::owned_connections(answer, &query()).unwrap_or_default();
    let _ = files::with_unowned(owned, &all);
    let _ = maps::part(answer, few as usize % 100, &mut Vec::new());
    let _ = (process::wait_status(few, few), process::status(few as i8), process::threads(answer));
}

fn on_everything(answer: &[u8]) {
    on_all(answer);
    on_freebsd(answer);
    on_netbsd(answer);
    on_openbsd(answer);
}

/// Functions that take no answer: numbers of ours, or a call that is made for them.
const OTHERS: &[&str] = &[
    "interface_addresses",
    "malformed",
    "number",
    "resource_number",
    "too_short",
    "with_boot_time",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_answer_makes_a_decoder_panic(answer in answers("ps-bsd")) {
        on_everything(&answer);
    }
}

#[test]
fn whole_and_cut_answers_make_no_decoder_panic() {
    cut_answers("ps-bsd", on_everything);
}

#[test]
fn every_public_decoder_is_among_them() {
    every_decoder_is_called("ps-bsd", include_str!("bsd.rs"), OTHERS);
}
