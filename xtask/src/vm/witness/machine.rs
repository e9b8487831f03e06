//! CPUs, memory, pressure, the host and control groups.

use serde_json::Value;

use super::{Findings, Sight, first_number, or_null, seconds, value};

/// Clock ticks in a second: the kernel's interface has a hundred on all machines that are booted.
pub(super) const TICKS: f64 = 100.0;
/// Bytes of a page on all of them.
pub(super) const PAGE: f64 = 4096.0;
/// How far two looks at memory that changes meanwhile may be apart, in bytes.
const SLACK: f64 = 8.0 * 1024.0 * 1024.0;

pub(super) fn hold(sight: &Sight<'_>, findings: &mut Findings) {
    cpus(sight, findings);
    cores(sight, findings);
    times(sight, findings);
    counts(sight, findings);
    memory(sight, findings);
    swap(sight, findings);
    host(sight, findings);
    pressure(sight, findings);
    groups(sight, findings);
}

/// The rows of CPUs in a text of `/proc/stat`: the name, and ticks in each mode.
fn rows(stat: Option<&str>) -> Vec<(String, Vec<f64>)> {
    let lines = stat.unwrap_or_default().lines().filter(|line| line.starts_with("cpu"));
    lines
        .map(|line| {
            let mut words = line.split_ascii_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            (name, words.filter_map(|word| word.parse().ok()).collect())
        })
        .collect()
}

fn cpus(sight: &Sight<'_>, findings: &mut Findings) {
    let stat = sight.before("/proc/stat");
    let count = rows(stat.as_deref()).len().saturating_sub(1);
    findings.same("number of CPUs", count, sight.told("cpu_count"));
    let each = sight.told("cpu_times_per_cpu").as_array().map_or(0, Vec::len);
    findings.same("CPUs with times", count, &each.into());
}

/// Of the threads of one core, each names the same list.
fn cores(sight: &Sight<'_>, findings: &mut Findings) {
    let file = "/topology/thread_siblings_list";
    let mut cores: Vec<_> = sight
        .between("/sys/devices/system/cpu/", file)
        .filter_map(|cpu| sight.word(&format!("/sys/devices/system/cpu/{cpu}{file}")))
        .collect();
    cores.sort();
    cores.dedup();
    if !cores.is_empty() {
        findings.same("cores", cores.len(), sight.told("cpu_count_physical"));
    }
    let info = sight.before("/proc/cpuinfo");
    let values = |key: &str| -> Vec<Option<f64>> {
        let lines = info.as_deref().unwrap_or_default().lines();
        let values = lines.filter_map(|line| line.strip_prefix(key)?.split(": ").nth(1));
        values.map(|value| value.parse().ok()).collect()
    };
    let said = sight.told("cpu_frequency_per_cpu");
    for (at, (cpu, clock)) in values("processor").into_iter().zip(values("cpu MHz")).enumerate() {
        findings.same("CPU with a frequency", or_null(cpu), &said[at]["cpu"]);
        let told = said[at]["value"]["current_mhz"].as_f64();
        findings.within(&format!("frequency of CPU {at}"), clock, clock, 1.0, told);
    }
}

const MODES: &[&str] =
    &["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"];

fn times(sight: &Sight<'_>, findings: &mut Findings) {
    let (before, after) = (sight.before("/proc/stat"), sight.after("/proc/stat"));
    let after = rows(after.as_deref());
    for (name, before) in rows(before.as_deref()) {
        let after = after.iter().find(|(other, _)| *other == name).map(|(_, ticks)| ticks);
        let all = sight.told("cpu_times_per_cpu").as_array().into_iter().flatten();
        let number: Option<u64> = name.strip_prefix("cpu").and_then(|number| number.parse().ok());
        let said = match number {
            None => sight.told("cpu_times"),
            number => all
                .into_iter()
                .find(|one| one["cpu"].as_u64() == number)
                .map_or(&Value::Null, |one| &one["value"]),
        };
        for (at, mode) in MODES.iter().enumerate() {
            // Time of idling is made up when it is read, and may be a little less at the next look.
            let slack = if mode.starts_with('i') { 0.2 } else { 0.02 };
            let seen = |ticks: Option<&f64>| ticks.map(|ticks| ticks / TICKS);
            let (before, after) = (seen(before.get(at)), seen(after.and_then(|all| all.get(at))));
            findings.within(&format!("{name} {mode}"), before, after, slack, seconds(&said[mode]));
        }
    }
}

fn counts(sight: &Sight<'_>, findings: &mut Findings) {
    let (before, after) = (sight.before("/proc/stat"), sight.after("/proc/stat"));
    let said = sight.told("cpu_stats");
    for (key, field) in
        [("ctxt", "context_switches"), ("intr", "interrupts"), ("softirq", "soft_interrupts")]
    {
        let (before, after) = (value(before.as_deref(), key), value(after.as_deref(), key));
        let (before, after) = (first_number(before), first_number(after));
        findings.within(field, before, after, 0.0, said[field].as_f64());
    }
    let (before, after) = (sight.before("/proc/loadavg"), sight.after("/proc/loadavg"));
    let said = sight.told("load_average");
    for (at, field) in ["one", "five", "fifteen"].into_iter().enumerate() {
        let load = |text: Option<&str>| text?.split(' ').nth(at)?.parse().ok();
        let (before, after) = (load(before.as_deref()), load(after.as_deref()));
        findings.within(&format!("load {field}"), before, after, 0.02, said[field].as_f64());
    }
}

fn memory(sight: &Sight<'_>, findings: &mut Findings) {
    let (before, after) = (sight.before("/proc/meminfo"), sight.after("/proc/meminfo"));
    let bytes = |text: Option<&str>, keys: &[&str]| -> Option<f64> {
        keys.iter().map(|key| Some(first_number(value(text, key))? * 1024.0)).sum()
    };
    let said = sight.told("virtual_memory");
    findings.same("total", or_null(bytes(before.as_deref(), &["MemTotal"])), &said["total"]);
    for (field, keys) in [
        ("available", &["MemAvailable"][..]),
        ("free", &["MemFree"]),
        ("buffers", &["Buffers"]),
        ("cached", &["Cached", "SReclaimable"]),
        ("active", &["Active"]),
        ("inactive", &["Inactive"]),
        ("shared", &["Shmem"]),
        ("slab", &["Slab"]),
    ] {
        let (before, after) = (bytes(before.as_deref(), keys), bytes(after.as_deref(), keys));
        findings.within(field, before, after, SLACK, said[field].as_f64());
    }
}

fn swap(sight: &Sight<'_>, findings: &mut Findings) {
    let info = sight.before("/proc/meminfo");
    let said = sight.told("swap_memory");
    let Some(total) = first_number(value(info.as_deref(), "SwapTotal")) else {
        return findings.absent("swap", said);
    };
    findings.same("swap", total * 1024.0, &said["total"]);
    let free = first_number(value(info.as_deref(), "SwapFree")).map(|free| free * 1024.0);
    findings.same("free swap", or_null(free), &said["free"]);
    let pages = sight.before("/proc/vmstat");
    for (key, field) in [("pswpin", "swapped_in"), ("pswpout", "swapped_out")] {
        let pages = first_number(value(pages.as_deref(), key)).map(|pages| pages * PAGE);
        findings.same(field, or_null(pages), &said[field]);
    }
}

fn host(sight: &Sight<'_>, findings: &mut Findings) {
    let stat = sight.before("/proc/stat");
    let boot = first_number(value(stat.as_deref(), "btime"));
    findings.within("boot", boot, boot, 1.0, seconds(sight.told("boot_time")));
    let (before, after) = (sight.before("/proc/uptime"), sight.after("/proc/uptime"));
    let (before, after) = (first_number(before.as_deref()), first_number(after.as_deref()));
    let said = seconds(sight.told("time_since_boot"));
    findings.within("time since boot", before, after, 0.02, said);
    let name = sight.word("/proc/sys/kernel/hostname");
    findings.same("host name", name.map_or(Value::Null, Value::from), sight.told("hostname"));
}

fn pressure(sight: &Sight<'_>, findings: &mut Findings) {
    for kind in ["cpu", "memory", "io", "irq"] {
        let path = format!("/proc/pressure/{kind}");
        let (before, after) = (sight.before(&path), sight.after(&path));
        let said = sight.told(&format!("pressure_{kind}"));
        if before.is_none() {
            findings.absent(&path, said);
            continue;
        }
        for share in ["some", "full"] {
            let total = |text: Option<&str>| -> Option<f64> {
                let total = value(text, share)?.split("total=").nth(1)?;
                Some(total.parse::<f64>().ok()? / 1e6)
            };
            let (before, after) = (total(before.as_deref()), total(after.as_deref()));
            let what = format!("{path} {share}");
            findings.within(&what, before, after, 1e-6, seconds(&said[share]["total"]));
        }
    }
}

/// The group that the witness was in, of whichever version.
fn groups(sight: &Sight<'_>, findings: &mut Findings) {
    let top = "/sys/fs/cgroup";
    let v1 = |controller: &str, file: &str| sight.number(&format!("{top}/{controller}/one/{file}"));
    let v2 = |file: &str| sight.number(&format!("{top}/one/{file}"));
    let quota = sight.word(&format!("{top}/one/cpu.max"));
    let quota = quota.as_deref().and_then(|text| {
        let (quota, period) = text.split_once(' ')?;
        Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
    });
    let old_quota = v1("cpu", "cpu.cfs_quota_us")
        .and_then(|quota| Some(quota / v1("cpu", "cpu.cfs_period_us")?))
        .filter(|quota| *quota > 0.0);
    // As the kernel itself turns shares into weights.
    let old_weight =
        v1("cpu", "cpu.shares").map(|shares| (1.0 + (shares - 2.0) * 9999.0 / 262_142.0).floor());
    let told = sight.told("cgroup");
    // Where there are no groups, none is told; an error would be one all the same.
    findings.same("cgroup", Value::Null, &told["error"]);
    // Whole ones of what the group may use, and never none.
    let cpus = sight.told("cpu_count").as_f64().unwrap_or(0.0);
    let usable = old_quota.or(quota).map_or(cpus, |quota| quota.floor().max(1.0).min(cpus));
    findings.same("available parallelism", usable, sight.told("available_parallelism"));
    let said = &told["nearest"];
    let memory = v1("memory", "memory.limit_in_bytes").or_else(|| v2("memory.max"));
    findings.same("memory.max", or_null(memory), &said["memory_limit"]);
    findings.same("cpu.max", or_null(old_quota.or(quota)), &said["cpu_limit"]);
    findings.same(
        "cpu.weight",
        or_null(old_weight.or_else(|| v2("cpu.weight"))),
        &said["cpu_weight"],
    );
    let tasks = v1("pids", "pids.max").or_else(|| v2("pids.max"));
    findings.same("pids.max", or_null(tasks), &said["tasks_limit"]);
    let available = sight.told("available_memory").as_f64();
    if let Some(memory) = memory {
        findings.within("available memory", Some(0.0), Some(memory), 0.0, available);
    }
}
