//! Every process that was there before and after.

use std::collections::BTreeSet;

use serde_json::Value;

use super::machine::{PAGE, TICKS};
use super::{Findings, Sight, or_null, seconds, value};

pub(super) fn hold(sight: &Sight<'_>, findings: &mut Findings) {
    let numbers = |when: &str| -> BTreeSet<u32> {
        let start = format!("/{when}/proc/");
        let pids = sight
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&start)?.strip_suffix("/stat")?.parse().ok());
        pids.collect()
    };
    let (before, after) = (numbers("before"), numbers("after"));
    for pid in before.intersection(&after) {
        one(sight, findings, *pid);
    }
    // The witness sees itself, and workers of the kernel that come and go; nothing else comes from nowhere.
    for (pid, told) in sight.said["processes"].as_object().into_iter().flatten() {
        let comm = told["comm"].as_str().unwrap_or_default();
        let is_known = pid.parse().is_ok_and(|pid| before.contains(&pid) || after.contains(&pid));
        if !is_known && comm != "witness" && !comm.starts_with("kworker/") {
            findings.same(
                "process that no file is of",
                Value::Null,
                &format!("{pid} {comm}").into(),
            );
        }
    }
}

/// A text of `stat`, taken apart.
struct Stat {
    comm: String,
    state: String,
    numbers: Vec<f64>,
}

impl Stat {
    fn of(text: Option<&str>) -> Option<Stat> {
        let (head, rest) = text?.rsplit_once(") ")?;
        let (state, rest) = rest.split_once(' ')?;
        Some(Stat {
            comm: head.split_once(" (")?.1.to_owned(),
            state: state.to_owned(),
            numbers: rest.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect(),
        })
    }

    /// A column, by its number in the kernel's documentation.
    fn column(&self, number: usize) -> Option<f64> {
        self.numbers.get(number.checked_sub(4)?).copied()
    }
}

const STATES: &[(&str, &str)] = &[
    ("S", "sleeping"),
    ("D", "disk-sleep"),
    ("T", "stopped"),
    ("t", "tracing-stop"),
    ("Z", "zombie"),
    ("P", "parked"),
    ("I", "idle"),
];

fn one(sight: &Sight<'_>, findings: &mut Findings, pid: u32) {
    let path = |file: &str| format!("/proc/{pid}/{file}");
    let (before, after) = (sight.before(&path("stat")), sight.after(&path("stat")));
    let (Some(before), Some(after)) = (Stat::of(before.as_deref()), Stat::of(after.as_deref()))
    else {
        return;
    };
    if before.column(22) != after.column(22) {
        return;
    }
    let said = &sight.said["processes"][pid.to_string()];
    let what = |field: &str| format!("process {pid} ({}) {field}", before.comm);
    let told = said["comm"].as_str().map(lasting_name);
    findings.same(
        &what("comm"),
        lasting_name(&before.comm),
        &told.map_or(Value::Null, Value::from),
    );
    // One that waits may run for a moment between the readings; one that is stopped may not.
    let state = STATES.iter().find(|(letter, _)| *letter == before.state && *letter == after.state);
    if let Some((letter, state)) = state
        && (*letter == "T" || said["status"] != "running")
    {
        findings.same(&what("status"), *state, &said["status"]);
    }
    let positive = |number: Option<f64>| or_null(number.filter(|number| *number != 0.0));
    for (field, column) in [("ppid", 4), ("pgid", 5), ("sid", 6)] {
        findings.same(&what(field), positive(before.column(column)), &said[field]);
    }
    findings.same(&what("nice"), or_null(before.column(19)), &said["nice"]);
    let mut within = |field: &str, column: usize, unit: f64, told: Option<f64>| {
        let of = |stat: &Stat| stat.column(column).map(|number| number * unit);
        findings.within(&what(field), of(&before), of(&after), 1e-6, told);
    };
    within("minor faults", 10, 1.0, said["page_faults"]["minor"].as_f64());
    within("major faults", 12, 1.0, said["page_faults"]["major"].as_f64());
    for (field, column) in
        [("user", 14), ("system", 15), ("children_user", 16), ("children_system", 17)]
    {
        within(field, column, 1.0 / TICKS, seconds(&said["cpu_times"][field]));
    }
    // The first process starts a thread to hear the witness, and had none at either reading.
    if pid != 1 {
        within("num_threads", 20, 1.0, said["num_threads"].as_f64());
        within("vms", 23, 1.0, said["vms"].as_f64());
        memory(sight, findings, pid, said);
    }
    let boot = seconds(sight.told("boot_time"));
    let start = boot.and_then(|boot| Some(boot + before.column(22)? / TICKS));
    findings.within(&what("start"), start, start, 1e-3, seconds(&said["create_time"]));
    status(sight, findings, pid, said);
}

/// A worker of the kernel bears the name of what it worked at last after its own.
fn lasting_name(comm: &str) -> &str {
    match comm.strip_prefix("kworker/") {
        Some(rest) => comm
            .get(..comm.len() - rest.len() + rest.find(['-', '+']).unwrap_or(rest.len()))
            .unwrap_or(comm),
        None => comm,
    }
}

fn memory(sight: &Sight<'_>, findings: &mut Findings, pid: u32, said: &Value) {
    let path = format!("/proc/{pid}/statm");
    // One that ended after its other files were read, as workers of the kernel do, has none.
    let (Some(before), Some(after)) = (sight.before(&path), sight.after(&path)) else { return };
    for (field, column) in [("vms", 0), ("rss", 1), ("shared", 2), ("text", 3), ("data", 5)] {
        let bytes = |text: &str| -> Option<f64> {
            Some(text.split_ascii_whitespace().nth(column)?.parse::<f64>().ok()? * PAGE)
        };
        findings.within(
            &format!("{path} {field}"),
            bytes(&before),
            bytes(&after),
            0.0,
            said["memory_info"][field].as_f64(),
        );
    }
}

fn status(sight: &Sight<'_>, findings: &mut Findings, pid: u32, said: &Value) {
    let path = format!("/proc/{pid}/status");
    let status = sight.before(&path);
    for (key, field) in [("Uid", "uids"), ("Gid", "gids")] {
        let ids = value(status.as_deref(), key).unwrap_or_default();
        for (id, kind) in ids.split_ascii_whitespace().zip(["real", "effective", "saved"]) {
            findings.same(
                &format!("{path} {field} {kind}"),
                or_null(id.parse().ok()),
                &said[field][kind],
            );
        }
    }
    if let Some(mask) =
        value(status.as_deref(), "Umask").and_then(|mask| u32::from_str_radix(mask, 8).ok())
    {
        findings.same(&format!("{path} umask"), mask, &said["umask"]);
    }
    let line = sight.before(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if let Some(line) = line.strip_suffix('\0') {
        let words: Vec<&str> = line.split('\0').collect();
        findings.same(&format!("process {pid} cmdline"), words, &said["cmdline"]);
    }
}
