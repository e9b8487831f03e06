//! What is so, found out without any of the entrants: by how the herd was made, and by reading the kernel's files
//! in the plainest way; and whether an answer agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context, Result, bail};
use ps_bench::herd::Fate;
use ps_bench::rows::{COLUMNS, Task, escaped, joined};

use crate::farm::{self, Farm};

/// What an answer has to say of one process: by column, any of these.
type Expected = BTreeMap<&'static str, Vec<String>>;

pub(crate) struct Truth {
    rows: BTreeMap<u32, Expected>,
    herd: BTreeSet<u32>,
    ended: BTreeSet<u32>,
    me: u32,
}

fn near(value: u64, by: u64) -> Vec<String> {
    (value.saturating_sub(by)..=value + by).map(|value| value.to_string()).collect()
}

fn number(text: Option<&str>) -> Result<u64> {
    Ok(text.context("a column")?.parse()?)
}

/// What changes from one process to the next and only the kernel knows.
fn measure(row: &mut Expected, pid: u32, boot: u64) -> Result<()> {
    let stat = fs::read(format!("/proc/{pid}/stat"))?;
    let stat = String::from_utf8_lossy(&stat).into_owned();
    let rest = stat.rsplit_once(") ").context("a name in brackets")?.1;
    // The state, first of these, is the third column of the file.
    let columns: Vec<&str> = rest.split(' ').collect();
    let column = |which: usize| number(columns.get(which - 3).copied());
    let used = (column(14)? + column(15)?) * 10;
    row.insert("cpu", (used.saturating_sub(20)..=used + 20).map(|ms| ms.to_string()).collect());
    row.insert("start", near(boot + column(22)? / 100, 1));
    row.insert("vms", vec![column(23)?.to_string()]);
    Ok(())
}

/// Pages that a process has in memory.
fn resident(pid: u32) -> Result<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm"))?;
    number(statm.split(' ').nth(1))
}

fn accounts() -> BTreeMap<u32, String> {
    let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let accounts = text.lines().filter_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        Some((parts.nth(1)?.parse().ok()?, name.to_owned()))
    });
    // The first of two accounts with one number counts.
    let mut map = BTreeMap::new();
    for (uid, name) in accounts {
        map.entry(uid).or_insert(name);
    }
    map
}

impl Truth {
    pub(crate) fn find_out(farm: &Farm, choose_users: bool) -> Result<Truth> {
        let stat = fs::read_to_string("/proc/stat")?;
        let boot = stat.lines().find_map(|line| line.strip_prefix("btime "));
        let boot = number(boot)?;
        let accounts = accounts();
        let me = std::process::id();
        let helper = farm::helper();
        let mut truth =
            Truth { rows: BTreeMap::new(), herd: BTreeSet::new(), ended: BTreeSet::new(), me };
        for member in farm::members(farm.pids.len()) {
            let pid = *farm.pids.get(&member.index).context("every member has said its pid")?;
            let parent = member.parent().and_then(|parent| farm.pids.get(&parent)).copied();
            let uid = if choose_users { member.uid } else { ps_bench::sys::user() };
            let ended = member.fate == Fate::Ends;
            let mut row = Expected::new();
            row.insert("ppid", vec![parent.unwrap_or(me).to_string()]);
            let cut = &member.name[..member.name.len().min(15)];
            row.insert("name", vec![escaped(&member.name), escaped(cut)]);
            let state = match member.fate {
                Fate::Sleeps => b"S",
                Fate::Stops => b"T",
                Fate::Ends => b"Z",
            };
            row.insert("state", vec![escaped(state)]);
            row.insert("uid", vec![uid.to_string()]);
            if let Some(name) = accounts.get(&uid) {
                row.insert("user", vec![escaped(name.as_bytes())]);
            }
            if !ended {
                row.insert("threads", vec![member.threads.to_string()]);
                row.insert("command", vec![escaped(&joined(&member.arguments))]);
                row.insert("exe", vec![escaped(helper.as_os_str().as_bytes())]);
            }
            measure(&mut row, pid, boot)?;
            if member.stirs {
                // It goes on using a CPU, and may be met while it does.
                row.remove("cpu");
                row.insert("state", vec![escaped(b"S"), escaped(b"R")]);
                row.insert("threads", vec![(member.threads + 1).to_string()]);
            }
            truth.rows.insert(pid, row);
            truth.herd.insert(pid);
            if ended {
                truth.ended.insert(pid);
            }
        }
        Ok(truth)
    }

    /// Takes in what the changing process is now.
    pub(crate) fn change(&mut self, farm: &Farm) {
        let (pid, name, arguments, program) = farm.changed();
        let mut row = Expected::new();
        row.insert("ppid", vec![self.me.to_string()]);
        row.insert("name", vec![escaped(name.as_bytes())]);
        row.insert("state", vec![escaped(b"S")]);
        row.insert("command", vec![escaped(&joined(&arguments))]);
        row.insert("exe", vec![escaped(program.as_os_str().as_bytes())]);
        self.rows.insert(pid, row);
    }

    /// Takes in how much memory processes have: what the kernel takes away from one at rest is no fault of an answer.
    /// Told before an answer and after it, anything in between is right.
    pub(crate) fn weigh(&mut self, first: bool) {
        for pid in &self.herd {
            let (Some(row), Ok(pages)) = (self.rows.get_mut(pid), resident(*pid)) else { continue };
            let now = pages * 4096;
            let (mut low, mut high) = (now, now);
            if let (false, Some(before)) = (first, row.get("rss")) {
                let before = before.first().and_then(|rss| rss.parse().ok()).unwrap_or(now);
                (low, high) = (now.min(before), now.max(before));
            }
            let between = (low..=high).step_by(4096).map(|rss: u64| rss.to_string());
            row.insert("rss", between.collect());
        }
    }

    /// Whether an answer about processes is right; if not, what is wrong with it.
    fn check_rows(&self, answer: &[String], columns: &[&str], only: Option<u32>) -> Result<()> {
        let mut told: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for line in answer {
            let row: Vec<&str> = line.split('\t').collect();
            let pid = row.first().and_then(|pid| pid.parse().ok()).context("a pid")?;
            if told.insert(pid, row).is_some() {
                bail!("process {pid} is there twice");
            }
        }
        let mut wrong: BTreeMap<&str, (usize, String)> = BTreeMap::new();
        for (pid, expected) in &self.rows {
            if only.is_some_and(|only| only != *pid) {
                continue;
            }
            let Some(row) = told.get(pid) else {
                wrong.entry("process missing").or_insert((0, pid.to_string())).0 += 1;
                continue;
            };
            for (at, column) in COLUMNS.iter().enumerate() {
                let Some(right) = expected.get(column) else { continue };
                let said = row.get(at).copied().unwrap_or("-");
                if columns.contains(column) && !right.iter().any(|one| one == said) {
                    let example = format!("{said} for {}", right[right.len() / 2]);
                    wrong.entry(column).or_insert((0, example)).0 += 1;
                }
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let list = wrong.iter().map(|(column, (count, example))| {
            let example: String = example.chars().take(80).collect();
            format!("{column} {count}× ({example})")
        });
        bail!("{}", list.collect::<Vec<_>>().join(", "))
    }

    fn check_tree(&self, answer: &[String]) -> Result<()> {
        let told: BTreeSet<u32> = answer
            .iter()
            .filter_map(|line| line.split('\t').next()?.parse().ok())
            .filter(|pid| !self.ended.contains(pid))
            .collect();
        let ancestor = self
            .herd
            .iter()
            .find(|pid| self.rows.get(pid).is_some_and(|row| row["ppid"] == [self.me.to_string()]));
        let mut right: BTreeSet<u32> = self.herd.difference(&self.ended).copied().collect();
        ancestor.map(|pid| right.remove(pid));
        if told != right {
            let (missing, extra) =
                (right.difference(&told).count(), told.difference(&right).count());
            bail!("{missing} descendants missing, {extra} too many");
        }
        Ok(())
    }

    fn check_pids(&self, answer: &[String]) -> Result<()> {
        let told: BTreeSet<u32> =
            answer.iter().filter_map(|line| line.split('\t').next()?.parse().ok()).collect();
        let missing = self.rows.keys().chain([&self.me]).filter(|pid| !told.contains(pid)).count();
        if missing > 0 {
            bail!("{missing} processes missing");
        }
        Ok(())
    }

    /// Whether an answer is right. `before` is what [`figures`] said before it was given.
    pub(crate) fn check(
        &self,
        task: Task,
        about: u32,
        answer: &[String],
        farm: &Farm,
        before: &Figures,
    ) -> Result<()> {
        const TOP: [&str; 4] = ["name", "state", "cpu", "rss"];
        const TABLE: [&str; 9] =
            ["ppid", "name", "state", "cpu", "start", "rss", "vms", "threads", "uid"];
        match task {
            Task::Pids => self.check_pids(answer),
            Task::Top => self.check_rows(answer, &TOP, None),
            Task::Calm => self.check_rows(answer, &["name", "state", "cpu"], None),
            Task::Table => self.check_rows(answer, &TABLE, None),
            Task::Full => self.check_rows(answer, &COLUMNS, None),
            Task::One => self.check_rows(answer, &["state", "cpu", "rss"], Some(about)),
            Task::Tree => self.check_tree(answer),
            Task::Sockets => check_sockets(answer, farm),
            _ => check_figures(answer, before, &figures(task, about)?),
        }
    }
}

fn check_sockets(answer: &[String], farm: &Farm) -> Result<()> {
    let told: BTreeSet<&str> = answer.iter().map(String::as_str).collect();
    let missing = farm.pairs.iter().flat_map(|(one, other, pid)| {
        [format!("{one}\t{other}\t1\t{pid}"), format!("{other}\t{one}\t1\t{pid}")]
    });
    let missing = missing.filter(|line| !told.contains(line.as_str())).count();
    if missing > 0 {
        bail!("{missing} sockets missing, or with another state or owner");
    }
    Ok(())
}

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What is so now, of tasks that are answered with figures.
pub(crate) fn figures(task: Task, about: u32) -> Result<Figures> {
    let mut all = Figures::new();
    let mut put = |name: &str, value: f64| all.insert(name.to_owned(), value);
    let lines = |path: &str| -> Result<Vec<Vec<String>>> {
        let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
        let split = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Ok(text.lines().map(split).collect())
    };
    let value = |table: &[Vec<String>], key: &str| -> Result<f64> {
        let line = table.iter().find(|line| line.first().is_some_and(|first| first == key));
        Ok(line.and_then(|line| line.get(1)).context("a value")?.parse()?)
    };
    match task {
        Task::Cpu => {
            let stat = lines("/proc/stat")?;
            let cpu: Vec<f64> =
                stat[0][1..].iter().map(|word| word.parse().unwrap_or(0.0) / 100.0).collect();
            // Time as a guest is part of user time in the kernel's file, and may be taken out.
            put("user", cpu[0]);
            put("idle", cpu[3]);
        }
        Task::Mem => {
            let table = lines("/proc/meminfo")?;
            put("total", value(&table, "MemTotal:")? * 1024.0);
            put("available", value(&table, "MemAvailable:")? * 1024.0);
        }
        Task::Swap => {
            let table = lines("/proc/meminfo")?;
            put("total", value(&table, "SwapTotal:")? * 1024.0);
            put("free", value(&table, "SwapFree:")? * 1024.0);
            put("in", value(&lines("/proc/vmstat")?, "pswpin")?);
        }
        Task::Load => {
            put("one", lines("/proc/loadavg")?[0][0].parse()?);
        }
        Task::Disk => {
            let (mut read, mut written) = (0.0, 0.0);
            for line in lines("/proc/diskstats")? {
                if line[2].ends_with(|c: char| c.is_ascii_alphabetic()) {
                    read += line[5].parse::<f64>()? * 512.0;
                    written += line[9].parse::<f64>()? * 512.0;
                }
            }
            put("read", read);
            put("written", written);
        }
        Task::Net => {
            let mut received = 0.0;
            for line in fs::read_to_string("/proc/net/dev")?.lines().skip(2) {
                let first =
                    line.split_once(':').and_then(|(_, rest)| rest.split_whitespace().next());
                received += first.context("a figure")?.parse::<f64>()?;
            }
            put("received", received);
        }
        Task::Maps | Task::Footprint => {
            let (mut count, mut rss, mut pss, mut uss) = (0.0, 0.0, 0.0, 0.0);
            let file = if task == Task::Maps { "smaps" } else { "smaps_rollup" };
            for line in lines(&format!("/proc/{about}/{file}"))? {
                let size = || line.get(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
                match line[0].as_str() {
                    "Rss:" => rss += size() * 1024.0,
                    "Pss:" => pss += size() * 1024.0,
                    "Private_Clean:" | "Private_Dirty:" => uss += size() * 1024.0,
                    first if !first.ends_with(':') => count += 1.0,
                    _ => {}
                }
            }
            if task == Task::Maps {
                put("count", count);
                put("rss", rss);
            }
            put("pss", pss);
            put("uss", uss);
        }
        _ => {}
    }
    Ok(all)
}

/// Every figure lies between what was so before and what is so after, give or take what a tick or page makes.
fn check_figures(answer: &[String], before: &Figures, after: &Figures) -> Result<()> {
    let told: BTreeMap<&str, f64> = answer
        .iter()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
        .collect();
    for (name, after) in after {
        let before = before.get(name).copied().unwrap_or(*after);
        let (low, high) = (before.min(*after), before.max(*after));
        let slack = match name.as_str() {
            "available" => high / 50.0,
            "user" | "idle" | "one" => 0.03,
            "pss" | "uss" => high / 1000.0,
            _ => 0.0,
        };
        let Some(value) = told.get(name.as_str()) else { bail!("{name} missing") };
        if !(low - slack..=high + slack).contains(value) {
            bail!("{name} {value} for {low} to {high}");
        }
    }
    Ok(())
}
