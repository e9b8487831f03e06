//! The programs, run over the memory of a made-up kernel: what they tell is what was put in there.

mod scene;

use ps_core::process::{ContextSwitches, Gids, Uids};
use ps_core::{Gid, Uid};

use super::program::Over;
use super::record::{Found, Head, Times, decode_found, decode_head};
use crate::decode::Units;
use crate::decode::process::{Stat, Statm};
use scene::{KERNEL_THREAD, Process, SHAPES, Scene, Shape, with_kernel};

/// With ticks as short as the kernel's own unit no digit is lost.
const UNITS: Units = Units { page_size: 4096, ticks_per_second: 1_000_000_000 };

/// PF_WQ_WORKER.
const WORKER: u64 = 0x20;

impl Scene<'_> {
    /// The number that a `struct pid` has in a namespace; 0 if it has none.
    fn number(&mut self, pid: u64, level: usize) -> u32 {
        let namespace = self.namespaces[level];
        let level = u64::try_from(level).expect("small");
        if pid == 0 || level > self.world.get(pid, "level") {
            return 0;
        }
        let number = self.world.element(pid, "numbers", "upid", level);
        if self.world.get(number, "ns") == namespace { self.world.word(number, "nr") } else { 0 }
    }

    /// Compares everything that is told of a process with what was put in.
    fn compare(&mut self, process: &Process, found: &Found<'_>, head: &Head, level: usize) {
        let Process { signal, memory, credentials, delays, .. } = *process;
        let leader = process.leader();
        let [pid, group, session] = self.ids(signal).map(|pid| self.number(pid, level));
        let world = &mut self.world;
        let parent = world.get(leader, "real_parent");
        let parents = world.get(parent, "signal");
        let [ppid, ..] = self.ids(parents).map(|pid| self.number(pid, level));
        let is_brief = self.shape.is_brief();
        let world = &mut self.world;
        let mut sum = |of_ended: &str, path: &str| {
            let used: u64 = process.threads.iter().map(|task| world.get(*task, path)).sum();
            used + world.get(signal, of_ended)
        };
        let run = sum("sum_sched_runtime", "se.sum_exec_runtime");
        let times = Times { user: sum("utime", "utime"), system: sum("stime", "stime") };
        let (minflt, majflt) = (sum("min_flt", "min_flt"), sum("maj_flt", "maj_flt"));
        let said = Times {
            user: world.get(signal, "prev_cputime.utime"),
            system: world.get(signal, "prev_cputime.stime"),
        };
        let times = times.adjusted(run, said);
        assert_eq!(found.times(Times::default()), times, "{}", process.name);
        let start = world.get(leader, "start_boottime");
        let delay = if delays == 0 { 0 } else { world.get(delays, "blkio_delay") };
        let mut space = Vec::new();
        let stat = found.stat(head, times, &mut space, true).expect("no doubt");
        let mut expected = Stat {
            pid,
            comm: process.name.as_bytes(),
            state: if world.get(leader, "exit_state") == 0 { b'S' } else { b'Z' },
            ppid,
            pgrp: group,
            session,
            tty_nr: process.terminal,
            flags: world.get(leader, "flags"),
            minflt,
            majflt,
            utime: times.user,
            stime: times.system,
            cutime: world.get(signal, "cutime"),
            cstime: world.get(signal, "cstime"),
            nice: world.word(leader, "static_prio").cast_signed() - 120,
            num_threads: world.word(signal, "nr_threads"),
            starttime: start + 7_000_000_009,
            vsize: if memory == 0 { 0 } else { world.get(memory, "total_vm") * 4096 },
            processor: Some(world.word(leader, "thread_info.cpu")),
            rt_priority: None,
            policy: None,
            delayacct_blkio_ticks: Some(delay),
        };
        if is_brief {
            (expected.ppid, expected.pgrp, expected.session) = (0, 0, 0);
            (expected.tty_nr, expected.vsize) = (0, 0);
        }
        assert_eq!((stat, found.start()), (expected, start));
        let switches = ["nvcsw", "nivcsw"].map(|path| world.get(leader, path));
        assert_eq!(found.switches(), ContextSwitches::new(switches[0], switches[1]));
        let mut id = |path| if is_brief { 0 } else { world.word(credentials, path) };
        let [real, effective, saved] = ["uid", "euid", "suid"].map(|path| Uid::new(id(path)));
        let uids = Uids { real, effective, saved };
        let [real, effective, saved] = ["gid", "egid", "sgid"].map(|path| Gid::new(id(path)));
        assert_eq!(found.ids(), (uids, Gids { real, effective, saved }));
        self.compare_memory(process, found);
    }

    fn compare_memory(&mut self, process: &Process, found: &Found<'_>) {
        let Process { memory, resident, .. } = *process;
        if memory == 0 || self.shape.is_brief() {
            return assert_eq!(found.statm(), Statm::default());
        }
        let [files, anonymous, _, shared] = resident.map(i64::cast_unsigned);
        let mut pages = |path| self.world.get(memory, path);
        let expected = Statm {
            size: pages("total_vm"),
            resident: files + anonymous + shared,
            shared: files + shared,
            text: pages("end_code").div_ceil(4096) - pages("start_code") / 4096,
            data: pages("data_vm") + pages("stack_vm"),
        };
        assert_eq!(found.statm(), expected, "{}", process.name);
    }
}

/// Takes apart what was told: the head, and the records.
fn records(told: &[u8]) -> (Head, Vec<Found<'_>>) {
    let (head, length) = decode_head(told, UNITS).expect("a head").expect("whole");
    let mut rest = &told[length..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (record, length) = decode_found(rest, head.extent).expect("whole");
        found.push(record);
        rest = &rest[length..];
    }
    (head, found)
}

/// A process of every kind.
fn add_all_kinds(scene: &mut Scene<'_>) {
    let many = scene.process("many threads", &[301]);
    for _ in 0..3 {
        scene.thread(many);
    }
    // What the kernel said last is less than the time that has passed since, or more.
    for (index, said) in [(0, 3), (many, 5)] {
        let signal = scene.processes[index].signal;
        scene.world.set(signal, "prev_cputime.utime", said);
        scene.world.set(signal, "prev_cputime.stime", said + 1);
    }
    let later = scene.process("ahead of time", &[302]);
    scene.world.set(scene.processes[later].signal, "prev_cputime.stime", 1 << 50);
    scene.attach(later);
    // It is in a group of another process, and its code ends with a page.
    let other = scene.process("of a group", &[303]);
    let [own, ..] = scene.ids(scene.processes[other].signal);
    let [group, ..] = scene.ids(scene.processes[many].signal);
    let session = scene.pid(&[299]);
    scene.set_ids(scene.processes[other].signal, [own, group, session]);
    let (leader, parent) = (scene.processes[other].leader(), scene.processes[many].leader());
    scene.world.set(leader, "real_parent", parent);
    scene.world.set(scene.processes[other].memory, "end_code", 0x40_5000);
    // It has ended, and nothing has been kept but what it used.
    let ended = scene.process("ended", &[304]);
    let leader = scene.processes[ended].leader();
    for (field, value) in [("__state", 0x80), ("exit_state", 0x20), ("mm", 0), ("delays", 0)] {
        scene.world.set(leader, field, value);
    }
    (scene.processes[ended].memory, scene.processes[ended].delays) = (0, 0);
    let [own, ..] = scene.ids(scene.processes[ended].signal);
    scene.set_ids(scene.processes[ended].signal, [own, 0, 0]);
    scene.kernel_thread("kthreadd", 0, 0);
}

#[test]
fn every_figure_is_what_the_kernel_keeps() {
    for shape in &SHAPES {
        with_kernel(shape, |scene| {
            add_all_kinds(scene);
            let told = scene.pass();
            let (head, mut found) = records(&told);
            let credentials = scene.world.get(scene.world.on.current, "cred");
            let namespace = scene.world.get(credentials, "user_ns");
            let user_level = scene.world.word(namespace, "level");
            let (in_steps, extent) = (shape.over == Over::Steps, shape.extent);
            let ahead = 7_000_000_009;
            assert_eq!(head, Head { user_level, ahead, in_steps, extent, units: UNITS });
            if in_steps {
                let last = found.pop().expect("the last");
                assert_eq!(last.is_last(), Some(true));
            }
            assert_eq!(found.len(), scene.processes.len());
            for (process, found) in scene.processes.clone().iter().zip(&found) {
                scene.compare(process, found, &head, 0);
            }
        });
    }
}

/// Numbers of the processes that were told of.
fn pids(told: &[u8]) -> Vec<u32> {
    let (_, found) = records(told);
    found.iter().filter(|one| one.is_last().is_none()).map(Found::pid).collect()
}

#[test]
fn one_that_is_being_released_is_left_out() {
    for shape in &SHAPES {
        with_kernel(shape, |scene| {
            let released = scene.process("being released", &[301]);
            scene.world.set(scene.processes[released].leader(), "sighand", 0);
            scene.process("there", &[302]);
            let told = match shape.over {
                Over::Tasks => scene.pass(),
                Over::Steps => {
                    scene.link();
                    assert_eq!((scene.call(0), scene.call(0)), (0, 0));
                    // At the next step it is not in the ring any more.
                    scene.processes.remove(released);
                    scene.link();
                    scene.steps();
                    scene.end()
                }
            };
            assert_eq!(pids(&told), [20, 302]);
        });
    }
}

#[test]
fn what_idles_on_processors_is_left_out_of_the_ring() {
    for shape in SHAPES.iter().filter(|shape| shape.over == Over::Steps) {
        with_kernel(shape, |scene| {
            scene.process("swapper", &[0]);
            scene.process("another", &[301]);
            assert_eq!(pids(&scene.pass()), [20, 301]);
        });
    }
}

#[test]
fn numbers_are_those_of_the_readers_pid_namespace() {
    for shape in &SHAPES {
        with_kernel(shape, |scene| {
            scene.move_below(2);
            let outside = scene.process("outside", &[301]);
            let beside = scene.process("beside", &[302, 3]);
            let [session, ..] = scene.ids(scene.processes[beside].signal);
            let number = scene.world.element(session, "numbers", "upid", 1);
            let another = scene.world.make("pid_namespace");
            scene.world.set(number, "ns", another);
            // Neither its parent nor its group nor its session has a number there.
            let inside = scene.process("inside", &[303, 4]);
            let Process { signal, .. } = scene.processes[inside];
            let [own, ..] = scene.ids(signal);
            let [group, ..] = scene.ids(scene.processes[outside].signal);
            scene.set_ids(signal, [own, group, session]);
            let parent = scene.processes[outside].leader();
            scene.world.set(scene.processes[inside].leader(), "real_parent", parent);
            let parent = scene.processes[inside].leader();
            let child = scene.process("child", &[304, 5]);
            scene.world.set(scene.processes[child].leader(), "real_parent", parent);
            if shape.over == Over::Tasks {
                // The kernel passes those alone that have a number there.
                scene.processes.drain(outside..=beside);
            }
            let told = scene.pass();
            assert_eq!(pids(&told), [2, 4, 5]);
            let (head, found) = records(&told);
            scene.processes.retain(|one| !["outside", "beside"].contains(&one.name));
            for (process, found) in scene.processes.clone().iter().zip(&found) {
                scene.compare(process, found, &head, 1);
            }
        });
    }
}

#[test]
fn names_of_threads_of_the_kernel_are_whole() {
    for shape in &SHAPES {
        with_kernel(shape, |scene| {
            let long = "a_name_of_exactly_63_bytes_which_is_as_long_as_any_can_be_here_";
            let full = [
                scene.full_name("rcu_exp_par_gp_kthread/0"),
                scene.full_name(&format!("{long}and more")),
            ];
            let bare = scene.world.make("kthread");
            let desc = "what it does, in 31 characters.";
            let workers = [
                scene.worker(desc, true, true, None),
                scene.worker("flush", true, false, None),
                scene.worker("", true, true, None),
                scene.worker("", false, false, Some("a queue's name of 31 characters")),
                scene.worker("mm", true, false, Some("slub")),
            ];
            for kthread in full.iter().chain([&bare]) {
                scene.kernel_thread("rcu_exp_par_gp_", 0, *kthread);
            }
            for worker in workers {
                scene.kernel_thread("kworker/1:2", WORKER, worker);
            }
            let told = scene.pass();
            let (head, mut found) = records(&told);
            found.retain(|one| one.is_last().is_none());
            let expected = [
                "reader",
                "rcu_exp_par_gp_kthread/0",
                long,
                "rcu_exp_par_gp_",
                &format!("kworker/1:2+{desc}"),
                "kworker/1:2-flush",
                "kworker/1:2",
                "kworker/R-a queue's name of 31 characters",
                "kworker/R-slub-mm",
            ];
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let mut space = Vec::new();
                let stat = found.stat(&head, Times::default(), &mut space, true).expect(expected);
                assert_eq!(String::from_utf8_lossy(stat.comm), expected);
            }
        });
    }
}

/// Whether the program had no doubt about the one process beside the reader.
fn is_sure(shape: &Shape, act: impl FnOnce(&mut Scene<'_>, usize)) -> bool {
    let mut is_sure = false;
    with_kernel(shape, |scene| {
        let index = scene.process("changing", &[301]);
        act(scene, index);
        let told = scene.pass();
        let (head, found) = records(&told);
        let mut space = Vec::new();
        is_sure = found[1].stat(&head, Times::default(), &mut space, true).is_some();
    });
    is_sure
}

#[test]
fn what_changes_while_it_is_read_is_in_doubt() {
    const CHANGES: &str = "stats_lock.seqcount.sequence";
    for shape in &SHAPES {
        assert!(is_sure(shape, |_, _| {}));
        assert!(is_sure(shape, |scene, index| scene.attach(index)));
        // What is not recorded may change.
        let is_brief = shape.is_brief();
        let changed = is_sure(shape, |scene, index| {
            scene.attach(index);
            scene.world.change(scene.processes[index].signal, "tty", 1, 0);
        });
        assert_eq!(changed, is_brief);
        let changed = is_sure(shape, |scene, index| {
            let another = scene.processes[0].memory;
            // Read once more before, to bring near what it points to.
            scene.world.change(scene.processes[index].leader(), "mm", 2, another);
        });
        assert_eq!(changed, is_brief);
        // A thread has ended meanwhile; another is just ending.
        assert!(!is_sure(shape, |scene, index| {
            scene.world.change(scene.processes[index].signal, CHANGES, 1, 1 << 20);
        }));
        assert!(!is_sure(shape, |scene, index| {
            scene.world.set(scene.processes[index].signal, CHANGES, (1 << 20) + 1);
        }));
        // A worker ends.
        assert!(!is_sure(shape, |scene, index| {
            scene.processes.remove(index);
            let kthread = scene.worker("flush", true, true, None);
            let leader = scene.kernel_thread("kworker/1:2", WORKER, kthread);
            scene.world.change(leader, "flags", 1, KERNEL_THREAD);
        }));
    }
}

#[test]
fn more_threads_than_are_worth_it_are_left_to_files() {
    let threads = |shape, count| {
        is_sure(shape, |scene, index| {
            for _ in 1..count {
                scene.thread(index);
            }
        })
    };
    for shape in &SHAPES {
        assert!(threads(shape, 64) && !threads(shape, 65));
    }
}

#[test]
fn shares_of_counters_adjoin_or_are_in_doubt() {
    let moved = |shape: &Shape| {
        is_sure(shape, |scene, index| {
            let memory = scene.processes[index].memory;
            let last = scene.world.element(memory, "rss_stat", "percpu_counter", 3);
            let shares = scene.world.get(last, "counters");
            scene.world.set(last, "counters", shares + 4);
        })
    };
    for shape in SHAPES.iter().filter(|shape| !shape.is_old && !shape.is_brief()) {
        assert_eq!(moved(shape), !shape.shares_adjoin());
    }
}

#[test]
fn little_space_changes_nothing() {
    for shape in &SHAPES {
        with_kernel(shape, |scene| {
            add_all_kinds(scene);
            let kthread = scene.full_name("rcu_exp_par_gp_kthread/0");
            scene.kernel_thread("rcu_exp_par_gp_", 0, kthread);
            let told = scene.pass();
            // For a head and a record of either kind, or for some more.
            for space in [360, 600, 1000] {
                scene.world.on.space = space;
                assert_eq!(scene.pass(), told, "{space}");
            }
        });
    }
}

#[test]
fn a_pass_that_has_lost_its_way_says_so() {
    let breaks: [fn(&mut Scene<'_>); 3] = [
        // The one that was told of last has ended, and another has its place; it is just ending.
        |scene| scene.world.set(scene.processes[1].leader(), "start_boottime", 1),
        |scene| scene.world.set(scene.processes[1].leader(), "sighand", 0),
        |scene| scene.take_place_of_pass(),
    ];
    for break_off in breaks {
        with_kernel(&SHAPES[1], |scene| {
            scene.process("one", &[301]);
            scene.process("another", &[302]);
            scene.link();
            assert_eq!((scene.call(0), scene.call(0)), (0, 0));
            break_off(scene);
            assert_eq!(scene.call(0), 0);
            let told = scene.end();
            let (_, found) = records(&told);
            let last: Vec<_> = found.iter().map(Found::is_last).collect();
            assert_eq!(last, [None, None, Some(false)]);
        });
    }
}
