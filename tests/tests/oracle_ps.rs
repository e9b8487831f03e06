//! What a scan tells is what `ps` tells, wherever nothing moved meanwhile.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::{Child, Command};

use ps_facade::process::Record;
use ps_facade::{Fields, Pid, scan};

const ASKED: Fields =
    Fields::TABLE.union(Fields::COMM).union(Fields::NICE).union(Fields::PGID).union(Fields::SID);

fn all() -> BTreeMap<Pid, Record> {
    let mut all = BTreeMap::new();
    scan(ASKED, |row| {
        all.insert(row.pid, row.to_record());
        ControlFlow::Continue(())
    })
    .expect("scans");
    all
}

/// The figures that `ps` shows of each process, in the order of its columns, and the name.
fn shown() -> Option<BTreeMap<Pid, ([i64; 6], String)>> {
    let columns = "pid=,ppid=,ni=,nlwp=,pgid=,sid=,ruid=,comm=";
    let output = Command::new("ps").args(["-e", "-ww", "-o", columns]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let read = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let pid: Pid = words.next()?.parse().ok()?;
        let mut figures = [0; 6];
        for figure in &mut figures {
            *figure = words.next()?.parse().ok()?;
        }
        Some((pid, (figures, words.collect::<Vec<_>>().join(" "))))
    };
    output.status.success().then(|| text.lines().filter_map(read).collect())
}

fn figures(one: &Record) -> [i64; 6] {
    let number = |pid: Option<Pid>| pid.map_or(0, |pid| i64::from(pid.get()));
    [
        number(one.ppid.expect("stat has it")),
        i64::from(one.nice.expect("stat has it")),
        i64::from(one.num_threads.expect("stat has it")),
        number(one.pgid.expect("stat has it")),
        number(one.sid.expect("stat has it")),
        i64::from(one.uids.expect("everybody may see it").real.get()),
    ]
}

/// Processes that stand still, since there may be none beside this one.
struct Still(Vec<Child>);

impl Still {
    fn start(count: usize) -> Still {
        let start = |_| Command::new("sleep").arg("600").spawn().expect("starts");
        Still((0..count).map(start).collect())
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_scan_and_ps_agree_on_whatever_stands_still() {
    // How often each process was compared, and what differed. A thread that comes and goes between two scans is
    // seen by `ps` alone, so one difference says nothing, and a difference every time says all.
    let mut compared: BTreeMap<Pid, usize> = BTreeMap::new();
    let mut differed: BTreeMap<Pid, Vec<String>> = BTreeMap::new();
    let still = Still::start(6);
    for _ in 0..6 {
        let before = all();
        let Some(shown) = shown() else {
            ps_tests::skip!("there is no `ps`");
            return;
        };
        let after = all();
        for (pid, (told, name)) in &shown {
            let (Some(one), Some(other)) = (before.get(pid), after.get(pid)) else { continue };
            if one.identity != other.identity || figures(one) != figures(other) {
                continue;
            }
            *compared.entry(*pid).or_default() += 1;
            // `ps` marks zombies, and shows bytes that are no plain text in its own way; workers of the kernel
            // change their names all the time.
            let comm = one.comm.as_ref().expect("stat has it").to_string_lossy();
            let plain =
                comm.bytes().all(|byte| byte.is_ascii_graphic()) && !comm.starts_with("kworker");
            let named = !plain || name.ends_with("<defunct>") || comm.starts_with(name.as_str());
            if figures(one) != *told || !named {
                let ours = figures(one);
                differed
                    .entry(*pid)
                    .or_default()
                    .push(format!("{ours:?} {comm}, ps: {told:?} {name}"));
            }
        }
    }
    for (pid, differences) in &differed {
        let times = compared.get(pid).copied().unwrap_or_default();
        assert!(times < 3 || differences.len() < times, "process {pid}: {differences:?}");
    }
    for child in &still.0 {
        let pid = Pid::try_from(child.id()).expect("a pid");
        assert!(compared.get(&pid).is_some_and(|times| *times >= 3), "{pid}: {compared:?}");
    }
}
