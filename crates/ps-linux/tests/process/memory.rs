//! Memory of processes.

use ps_linux::process::{ProcessView, group_maps};

use crate::herd::Member;
use crate::view;

/// What `status` shows, in bytes. Kernels without huge pages, for one, have no line about them.
fn shown(pid: u32, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("readable");
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    Some(number.parse::<u64>().expect("a number") * 1024)
}

/// One reading, and another that was the same before and after it.
fn at_rest<R, B: PartialEq>(around: impl Fn() -> B, read: impl Fn() -> R) -> (R, B) {
    let once = |_| {
        let (before, read) = (around(), read());
        (around() == before).then_some((read, before))
    };
    (0..1000).find_map(once).expect("comes to rest")
}

#[test]
fn memory_is_pages_times_their_size() {
    let member = Member::start("wait");
    let shown = || ["VmRSS", "VmSize"].map(|key| shown(member.id(), key));
    let (memory, shown) = at_rest(shown, || view(member.id()).memory_info().expect("readable"));
    assert_eq!([Some(memory.rss), Some(memory.vms)], shown);
    assert_eq!(memory.rss % 4096, 0);
}

#[test]
fn memory_in_more_figures_is_what_status_shows() {
    const KEYS: [&str; 10] = [
        "VmHWM",
        "VmPeak",
        "RssAnon",
        "RssFile",
        "RssShmem",
        "VmSwap",
        "HugetlbPages",
        "VmPTE",
        "VmLib",
        "VmLck",
    ];
    let member = Member::start("wait");
    let shown = || KEYS.map(|key| shown(member.id(), key));
    let (more, shown) = at_rest(shown, || view(member.id()).memory_info_ex().expect("readable"));
    let told = [
        more.peak_rss,
        more.peak_vms,
        more.rss_anon,
        more.rss_file,
        more.rss_shmem,
        more.swap,
        more.hugetlb,
        more.page_tables,
        more.lib,
        more.locked,
    ];
    assert_eq!(told, shown);
}

#[test]
fn footprint_is_the_sum_over_all_mappings() {
    let member = Member::start("wait");
    let footprint = || view(member.id()).memory_footprint().expect("readable");
    let (maps, footprint) =
        at_rest(footprint, || view(member.id()).memory_maps().expect("readable"));
    let private: u64 = maps
        .iter()
        .map(|map| map.sizes.private_clean.unwrap_or(0) + map.sizes.private_dirty.unwrap_or(0))
        .sum();
    assert_eq!(footprint.uss, private);
    let dirty: u64 = maps
        .iter()
        .map(|map| map.sizes.shared_dirty.unwrap_or(0) + map.sizes.private_dirty.unwrap_or(0))
        .sum();
    assert_eq!(footprint.dirty, Some(dirty));
    // Rounded for each mapping there, once for all here.
    let shares: u64 = maps.iter().filter_map(|map| map.sizes.pss).sum();
    let difference = footprint.pss.expect("told").abs_diff(shares);
    assert!(difference <= 1024 * maps.len() as u64, "{difference}");
}

#[test]
fn two_thousand_mappings_are_all_listed() {
    let member = Member::start("maps:2000");
    let maps = view(member.id()).memory_maps().expect("readable");
    assert!(maps.len() >= 2000, "{}", maps.len());
    assert!(maps.windows(2).all(|pair| pair[0].end <= pair[1].start));
    assert!(maps.iter().all(|map| map.end - map.start == map.sizes.size));
    let groups = group_maps(&maps);
    let anonymous = groups.iter().filter(|group| group.path.as_deref() == Some("[anon]".as_ref()));
    assert_eq!(anonymous.count(), 1);
    let total = |sizes: &mut dyn Iterator<Item = u64>| sizes.sum::<u64>();
    assert_eq!(
        total(&mut groups.iter().map(|group| group.sizes.size)),
        total(&mut maps.iter().map(|map| map.sizes.size))
    );
    let exe = std::env::current_exe().expect("known");
    assert!(maps.iter().any(|map| map.path.as_deref() == Some(exe.as_os_str())
        && map.inode.is_some()
        && map.permissions.contains('x')));
}

#[test]
fn page_faults_are_those_of_the_process_itself() {
    let member = Member::start("parent");
    let columns = || -> Vec<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", member.id())).expect("there");
        let rest = stat.rsplit(')').next().expect("has one");
        rest.split_whitespace().map(|column| column.parse().unwrap_or(0)).collect()
    };
    let before = columns();
    let faults = view(member.id()).page_faults().expect("readable");
    let after = columns();
    // It may not have come to rest yet.
    assert!((before[7]..=after[7]).contains(&faults.minor), "{faults:?} {before:?} {after:?}");
    assert!((before[9]..=after[9]).contains(&faults.major), "{faults:?} {before:?} {after:?}");
}

#[test]
fn io_is_counted_by_calls_and_by_bytes() {
    let look = || view(std::process::id()).io_counters();
    let before = match look() {
        Ok(before) => before,
        Err(error) if error.is_unsupported() || error.is_denied() => {
            return ps_tests::skip!("{error}");
        }
        Err(error) => panic!("{error}"),
    };
    for _ in 0..10 {
        std::fs::read("/proc/self/stat").expect("readable");
    }
    let after = look().expect("readable");
    assert!(after.read_count >= before.read_count.map(|count| count + 10));
    assert!(after.read_chars > before.read_chars);
    assert!(after.write_bytes.is_some() && after.cancelled_write_bytes.is_some());
}
