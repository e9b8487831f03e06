//! Disks, mounts, network, sensors and power supplies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::Value;

use super::{Findings, Sight, or_null, seconds};

pub(super) fn hold(sight: &Sight<'_>, findings: &mut Findings) {
    mounts(sight, findings);
    disks(sight, findings);
    interfaces(sight, findings);
    sockets(sight, findings);
    chips(sight, findings);
    supplies(sight, findings);
}

/// Names that only the kernel's file has, or only the library told.
fn same_names(findings: &mut Findings, what: &str, file: BTreeSet<&str>, said: &Value) {
    let said: BTreeSet<&str> =
        said.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    findings.same(what, Vec::from_iter(file), &Vec::from_iter(said).into());
}

fn mounts(sight: &Sight<'_>, findings: &mut Findings) {
    let text = sight.before("/proc/self/mounts");
    let text = text.as_deref().unwrap_or_default();
    let said = sight.told("partitions");
    findings.same("mounts", text.lines().count(), &said.as_array().map_or(0, Vec::len).into());
    for (at, line) in text.lines().enumerate() {
        let words: Vec<String> = line.split(' ').map(|word| word.replace("\\040", " ")).collect();
        let said = &said[at];
        for (column, field) in [(1, "mount_point"), (2, "fs_type"), (3, "options")] {
            let file = words.get(column).cloned().unwrap_or_default();
            findings.same(&format!("{field} of mount {at}"), file, &said[field]);
        }
        // A device that is none is told as none.
        let device = words.first().filter(|device| device.as_str() != "none").cloned();
        findings.same(
            &format!("device of mount {at}"),
            device.map_or(Value::Null, Value::from),
            &said["device"],
        );
    }
}

/// The numbers after a name in each line of a table, by that name.
fn table(text: Option<&str>, split: fn(&str) -> Option<(&str, &str)>) -> BTreeMap<&str, Vec<f64>> {
    let rows = text.unwrap_or_default().lines().filter_map(|line| {
        let (name, rest) = split(line)?;
        Some((name, rest.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()))
    });
    rows.collect()
}

/// `259 0 nvme0n1 REST`
fn after_two_numbers(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.trim_start().split_once(' ')?;
    let (_, rest) = rest.trim_start().split_once(' ')?;
    rest.trim_start().split_once(' ')
}

/// `  lo: REST`
fn after_colon(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    Some((name.trim(), rest))
}

fn disks(sight: &Sight<'_>, findings: &mut Findings) {
    let (before, after) = (sight.before("/proc/diskstats"), sight.after("/proc/diskstats"));
    let said = sight.told("disk_io_counters_per_disk");
    if before.is_none() {
        return findings.absent("disks", said);
    }
    let (before, after) =
        (table(before.as_deref(), after_two_numbers), table(after.as_deref(), after_two_numbers));
    same_names(findings, "disks", before.keys().copied().collect(), said);
    for (disk, before) in &before {
        let after = after.get(disk);
        let mut hold = |field: &str, at: usize, unit: f64, told: Option<f64>| {
            let seen = |row: Option<&Vec<f64>>| row?.get(at).map(|count| count * unit);
            findings.within(
                &format!("{disk} {field}"),
                seen(Some(before)),
                seen(after),
                1e-6,
                told,
            );
        };
        let said = &said[disk];
        for (field, at, unit) in [
            ("read_count", 0, 1.0),
            ("read_merged_count", 1, 1.0),
            ("read_bytes", 2, 512.0),
            ("write_count", 4, 1.0),
            ("write_merged_count", 5, 1.0),
            ("write_bytes", 6, 512.0),
        ] {
            hold(field, at, unit, said[field].as_f64());
        }
        for (field, at) in [("read_time", 3), ("write_time", 7), ("busy_time", 9)] {
            hold(field, at, 0.001, seconds(&said[field]));
        }
    }
}

fn interfaces(sight: &Sight<'_>, findings: &mut Findings) {
    let (before, after) = (sight.before("/proc/self/net/dev"), sight.after("/proc/self/net/dev"));
    let said = sight.told("net_io_counters_per_interface");
    let (before, after) =
        (table(before.as_deref(), after_colon), table(after.as_deref(), after_colon));
    same_names(findings, "interfaces", before.keys().copied().collect(), said);
    for (interface, before) in &before {
        for (field, at) in [
            ("bytes_recv", 0),
            ("packets_recv", 1),
            ("errors_in", 2),
            ("drops_in", 3),
            ("bytes_sent", 8),
            ("packets_sent", 9),
            ("errors_out", 10),
            ("drops_out", 11),
        ] {
            let after = after.get(interface).and_then(|row| row.get(at)).copied();
            let what = format!("{interface} {field}");
            findings.within(
                &what,
                before.get(at).copied(),
                after,
                0.0,
                said[interface][field].as_f64(),
            );
        }
        let stats = &sight.told("interface_stats")[interface];
        let mtu = sight.number(&format!("/sys/class/net/{interface}/mtu"));
        if mtu.is_some() {
            findings.same(&format!("{interface} mtu"), or_null(mtu), &stats["mtu"]);
        }
        let flags = sight.word(&format!("/sys/class/net/{interface}/flags"));
        if let Some(flags) =
            flags.and_then(|word| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok())
        {
            findings.same(&format!("{interface} is up"), flags & 1 == 1, &stats["is_up"]);
        }
    }
}

/// Sockets as words: kind, own end, whether it listens, inode.
fn sockets(sight: &Sight<'_>, findings: &mut Findings) {
    let mut file = Vec::new();
    for (table, kind) in
        [("tcp", "stream"), ("tcp6", "stream"), ("udp", "datagram"), ("udp6", "datagram")]
    {
        let text = sight.before(&format!("/proc/self/net/{table}")).unwrap_or_default();
        file.extend(text.lines().skip(1).filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let listens = kind == "stream" && *words.get(3)? == "0A";
            Some(format!("{kind} {} {listens} {}", address(words.get(1)?)?, words.get(9)?))
        }));
    }
    let said = sight.told("connections").as_array().into_iter().flatten();
    let mut told: Vec<String> = said
        .map(|one| {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let listens = one["status"] == "LISTEN";
            let (kind, own) = (word(&one["socket_type"]), word(&one["local"]["inet"]));
            format!("{kind} {own} {listens} {}", one["inode"])
        })
        .collect();
    file.sort();
    told.sort();
    findings.same("sockets", file, &told.into());
}

/// `0100007F:1F90` as `127.0.0.1:8080`: words of 32 bits, each written as the number that a little-endian
/// machine takes its bytes for.
fn address(text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for at in (0..words.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(words.get(at..at + 8)?, 16).ok()?.to_le_bytes());
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    match bytes.len() {
        4 => Some((Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?), port).into()),
        _ => Some((Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?), port).into()),
    }
}

/// Temperatures and fans, each chip's in ascending order.
fn chips(sight: &Sight<'_>, findings: &mut Findings) {
    let of_chips = |kind: &str| {
        let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for path in sight.between("/sys/class/hwmon/", "_input") {
            let Some((chip, sensor)) = path.split_once('/') else { continue };
            let place = "/sys/class/hwmon";
            if let (Some(name), Some(input), true) = (
                sight.word(&format!("{place}/{chip}/name")),
                sight.number(&format!("{place}/{path}_input")),
                sensor.starts_with(kind),
            ) {
                all.entry(name).or_default().push(input);
            }
        }
        all
    };
    let mut temperatures = of_chips("temp");
    if temperatures.is_empty() {
        for zone in sight.between("/sys/class/thermal/", "/temp") {
            let place = format!("/sys/class/thermal/{zone}");
            if let (Some(kind), Some(temp)) =
                (sight.word(&format!("{place}/type")), sight.number(&format!("{place}/temp")))
            {
                temperatures.entry(kind).or_default().push(temp);
            }
        }
    }
    // What a disk measures goes on.
    each_chip(
        findings,
        &temperatures,
        sight.told("temperatures"),
        "current_celsius",
        0.001,
        |name| {
            if name == "nvme" { 5.0 } else { 0.001 }
        },
    );
    each_chip(findings, &of_chips("fan"), sight.told("fans"), "rpm", 1.0, |_| 0.001);
}

fn each_chip(
    findings: &mut Findings,
    file: &BTreeMap<String, Vec<f64>>,
    said: &Value,
    field: &str,
    unit: f64,
    slack: impl Fn(&str) -> f64,
) {
    same_names(findings, "chips", file.keys().map(String::as_str).collect(), said);
    for (name, inputs) in file {
        let mut inputs = inputs.clone();
        let told = said[name].as_array().into_iter().flatten();
        let mut told: Vec<f64> = told.filter_map(|one| one[field].as_f64()).collect();
        inputs.sort_by(f64::total_cmp);
        told.sort_by(f64::total_cmp);
        findings.same(&format!("sensors of {name}"), inputs.len(), &told.len().into());
        for (input, told) in inputs.iter().zip(told) {
            let input = Some(input * unit);
            findings.within(&format!("{name} {field}"), input, input, slack(name), Some(told));
        }
    }
}

fn supplies(sight: &Sight<'_>, findings: &mut Findings) {
    let place = "/sys/class/power_supply";
    let said = sight.told("power_supplies");
    let of = |list: &str, name: &str| {
        let all = said[list].as_array().into_iter().flatten();
        all.into_iter().find(|one| one["name"] == name).cloned().unwrap_or(Value::Null)
    };
    let mut count = BTreeMap::from([("Battery".to_owned(), 0), ("Mains".to_owned(), 0)]);
    for name in sight.between(&format!("{place}/"), "/type") {
        let file = |file: &str| format!("{place}/{name}/{file}");
        let Some(kind) = sight.word(&file("type")) else { continue };
        if let Some(count) = count.get_mut(&kind) {
            *count += 1;
        }
        match kind.as_str() {
            "Battery" => {
                let told = of("batteries", name);
                let percent = sight.number(&file("capacity"));
                findings.within(&file("capacity"), percent, percent, 1.0, told["percent"].as_f64());
                let status =
                    sight.word(&file("status")).map(|word| word.to_lowercase().replace(' ', "_"));
                findings.same(
                    &file("status"),
                    status.map_or(Value::Null, Value::from),
                    &told["status"],
                );
                for (what, field) in [
                    ("energy_now", "energy_now_uwh"),
                    ("energy_full", "energy_full_uwh"),
                    ("power_now", "power_now_uw"),
                ] {
                    if let Some(figure) = sight.number(&file(what)) {
                        findings.same(&file(what), figure, &told[field]);
                    }
                }
            }
            "Mains" => {
                let online = sight.number(&file("online")) == Some(1.0);
                findings.same(&file("online"), online, &of("mains", name)["online"]);
            }
            _ => {}
        }
    }
    for (kind, list) in [("Battery", "batteries"), ("Mains", "mains")] {
        let told = said[list].as_array().map_or(0, Vec::len);
        findings.same(list, count.get(kind).copied().unwrap_or(0), &told.into());
    }
}
