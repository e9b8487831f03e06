//! A kernel with processes, over whose memory a program runs.

use crate::decode::bpf::Btf;
use crate::decode::bpf::program::{Machine, Map, Over, Scan};
use crate::decode::bpf::record::Extent;
use crate::decode::bpf::resident::MAP_ENTRY;
use crate::decode::bpf::testing::describe;
use crate::decode::bpf::testing::interpreter::{Entries, LEFT};
use crate::decode::bpf::testing::kernel::{FUNCTIONS, World, kernel, old_kernel};
use crate::decode::bpf::walk::PASSES_ENTRY;

/// PF_KTHREAD.
pub(super) const KERNEL_THREAD: u64 = 0x20_0000;

/// How many processors there are.
const CPUS: u64 = 2;

/// Where pointers to the entries of a map for each processor point.
const ENTRIES: u64 = 0x10_0000;

/// Where pointers to a process's shares of counters point; those of the next lie further on.
const SHARES: u64 = 0x20_0000;

/// Where what is kept of passes begins.
const PASSES: u64 = 0xffff_c900_0100_0000;

/// Which pass it is: the lower bits say where it is kept.
const SESSION: u64 = 7 * 64 + 5;

/// How far a processor's own data is from where pointers to such data point.
fn distance(cpu: u64) -> u64 {
    0xffff_8882_0000_0000 + cpu * 0x100_0000
}

/// Descriptors of the maps.
fn descriptor(map: Map) -> i32 {
    match map {
        Map::Cpus => 3,
        Map::Passes => 4,
    }
}

/// A process, by the addresses of its parts.
#[derive(Clone, Debug)]
pub(super) struct Process {
    /// Its tasks, of which the first leads.
    pub(super) threads: Vec<u64>,
    pub(super) signal: u64,
    /// 0 if it has none.
    pub(super) memory: u64,
    pub(super) credentials: u64,
    pub(super) delays: u64,
    /// Resident pages: of files, anonymous, swapped out, shared memory.
    pub(super) resident: [i64; 4],
    pub(super) name: &'static str,
    /// In the form of the column.
    pub(super) terminal: u32,
}

impl Process {
    pub(super) fn leader(&self) -> u64 {
        self.threads[0]
    }
}

/// A kernel with processes, and a program that goes through them.
#[derive(Debug)]
pub(super) struct Scene<'b> {
    pub(super) world: World<'b>,
    pub(super) processes: Vec<Process>,
    /// The first pid namespace and one below it.
    pub(super) namespaces: [u64; 2],
    /// What the program is called with, and a part of that.
    meta: u64,
    context: u64,
    pub(super) shape: &'b Shape,
    program: Vec<u8>,
    /// How many elements the kernel has passed.
    passed: u64,
    /// What it has handed out.
    told: Vec<u8>,
}

/// In which way a kernel is written for.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) is_old: bool,
    pub(super) functions: &'static [&'static str],
    pub(super) over: Over,
    pub(super) extent: Extent,
}

impl Shape {
    pub(super) fn is_brief(&self) -> bool {
        self.extent == Extent::Brief
    }

    /// Whether each processor's shares of the counters of resident memory lie side by side.
    pub(super) fn shares_adjoin(&self) -> bool {
        self.functions.contains(&"__percpu_counter_init_many")
    }
}

const TODAY: Shape =
    Shape { is_old: false, functions: &FUNCTIONS, over: Over::Tasks, extent: Extent::Whole };

/// Kernels that are written for in different ways.
pub(super) const SHAPES: [Shape; 8] = [
    TODAY,
    Shape { over: Over::Steps, ..TODAY },
    // Shares of counters lie apart.
    Shape { functions: &["bpf_iter_task", "bpf_rdonly_cast"], ..TODAY },
    Shape { functions: &["bpf_iter_bpf_map_elem", "bpf_rdonly_cast"], over: Over::Steps, ..TODAY },
    // Plain addresses get no types.
    Shape { functions: &["bpf_iter_task", "__percpu_counter_init_many"], ..TODAY },
    Shape { functions: &["bpf_iter_task"], is_old: true, ..TODAY },
    Shape { extent: Extent::Brief, ..TODAY },
    Shape { over: Over::Steps, extent: Extent::Brief, ..TODAY },
];

/// Makes a kernel of a shape, in which there is the process that reads, and does something with it.
pub(super) fn with_kernel(shape: &Shape, act: impl FnOnce(&mut Scene<'_>)) {
    let structures = if shape.is_old { old_kernel() } else { kernel() };
    let bytes = describe(cfg!(target_endian = "little"), &structures, shape.functions);
    let btf = Btf::parse(&bytes).expect("parses");
    let machine = Machine { cpus: CPUS.try_into().expect("few"), page_size: 4096 };
    let scan = Scan::write(&btf, machine, shape.over, shape.extent).expect("written");
    let program = scan.instructions(descriptor).expect("short");
    let mut scene = Scene::new(World::new(&btf, &structures), shape, program);
    act(&mut scene);
}

impl<'b> Scene<'b> {
    fn new(mut world: World<'b>, shape: &'b Shape, program: Vec<u8>) -> Scene<'b> {
        let namespaces = [0, 1].map(|level| {
            let namespace = world.make("pid_namespace");
            world.set(namespace, "level", level);
            namespace
        });
        let meta = world.make("bpf_iter_meta");
        let context = world.make(match shape.over {
            Over::Tasks => "bpf_iter__task",
            Over::Steps => "bpf_iter__bpf_map_elem",
        });
        world.set(context, "meta", meta);
        world.set(meta, "session_id", SESSION);
        world.on.sequence = world.make("seq_file");
        world.set(meta, "seq", world.on.sequence);
        let private = world.make("bpf_iter_seq_task_info");
        world.set(world.on.sequence, "private", private);
        world.set(private, "common.ns", namespaces[0]);
        let mut scene = Scene {
            world,
            processes: Vec::new(),
            namespaces,
            meta,
            context,
            shape,
            program,
            passed: 0,
            told: Vec::new(),
        };
        scene.add_maps();
        scene.add_reader();
        scene
    }

    fn add_maps(&mut self) {
        let map = self.world.make("bpf_array");
        let (pointers, _) = self.world.place(map, "pptrs");
        let on = &mut self.world.on;
        on.memory.write(pointers, &ENTRIES.to_ne_bytes());
        let of_cpu = |cpu| distance(cpu).wrapping_add(ENTRIES);
        let entries: Vec<u64> = (0..CPUS).map(of_cpu).collect();
        for entry in &entries {
            on.memory.add(*entry, usize::try_from(MAP_ENTRY).expect("small"), true);
        }
        on.maps.insert(descriptor(Map::Cpus), Entries { map, entries });
        on.memory.add(PASSES, usize::try_from(PASSES_ENTRY).expect("small"), true);
        on.maps.insert(descriptor(Map::Passes), Entries { map: 0, entries: vec![PASSES] });
    }

    /// The process that reads, by its second thread.
    fn add_reader(&mut self) {
        let reader = self.process("reader", &[20]);
        self.thread(reader);
        let space = self.world.make("nsproxy");
        let time = self.world.make("time_namespace");
        self.world.set(time, "offsets.boottime.tv_sec", 7);
        self.world.set(time, "offsets.boottime.tv_nsec", 9);
        self.world.set(space, "time_ns", time);
        let user = self.world.make("user_namespace");
        let subjective = self.world.make("cred");
        self.world.set(subjective, "user_ns", user);
        let current = self.processes[reader].threads[1];
        self.world.set(current, "nsproxy", space);
        self.world.set(current, "cred", subjective);
        self.world.on.current = current;
    }

    /// A `struct pid` with these numbers, from the first pid namespace downwards.
    pub(super) fn pid(&mut self, numbers: &[u64]) -> u64 {
        let pid = self.world.make("pid");
        let below = u64::try_from(numbers.len()).expect("few") - 1;
        self.world.set(pid, "level", below);
        for ((level, number), namespace) in (0..).zip(numbers).zip(self.namespaces) {
            let place = self.world.element(pid, "numbers", "upid", level);
            self.world.declare(place, "upid");
            self.world.set(place, "nr", *number);
            self.world.set(place, "ns", namespace);
        }
        pid
    }

    /// Adds a process with one thread, which leads its own group in the session of the reader.
    pub(super) fn process(&mut self, name: &'static str, numbers: &[u64]) -> usize {
        let world = &mut self.world;
        let signal = world.make("signal_struct");
        let memory = world.make("mm_struct");
        let credentials = world.make("cred");
        let delays = world.make("task_delay_info");
        let sequence = world.get(signal, "stats_lock.seqcount.sequence");
        world.set(signal, "stats_lock.seqcount.sequence", sequence & !1);
        world.set(signal, "nr_threads", 0);
        let (head, _) = world.place(signal, "thread_head");
        world.set(signal, "thread_head.next", head);
        world.set(memory, "start_code", 0x40_1800);
        world.set(memory, "end_code", 0x40_5001);
        let resident = self.count_pages(memory);
        let pid = self.pid(numbers);
        let session = match self.processes.first() {
            Some(reader) => self.ids(reader.signal)[1],
            None => self.pid(&[20]),
        };
        let terminal = 0;
        let threads = Vec::new();
        let process =
            Process { threads, signal, memory, credentials, delays, resident, name, terminal };
        self.processes.push(process);
        let index = self.processes.len() - 1;
        self.set_ids(signal, [pid, pid, session]);
        let leader = self.thread(index);
        let parent = self.processes[0].leader();
        let world = &mut self.world;
        world.set(leader, "exit_signal", 17);
        world.set(leader, "thread_pid", pid);
        world.set(leader, "real_parent", parent);
        world.set(leader, "mm", memory);
        world.set(leader, "delays", delays);
        world.set_text(leader, "comm", name);
        index
    }

    /// Process, group and session.
    pub(super) fn ids(&mut self, signal: u64) -> [u64; 3] {
        let (pids, _) = self.world.place(signal, "pids");
        [8, 16, 24].map(|further| self.world.on.memory.number(pids + further, 8))
    }

    pub(super) fn set_ids(&mut self, signal: u64, ids: [u64; 3]) {
        let (pids, _) = self.world.place(signal, "pids");
        for (further, id) in (8..).step_by(8).zip(ids) {
            self.world.on.memory.write(pids + further, &id.to_ne_bytes());
        }
    }

    /// Adds a thread to a process.
    pub(super) fn thread(&mut self, index: usize) -> u64 {
        let world = &mut self.world;
        let Process { signal, credentials, ref threads, .. } = self.processes[index];
        let task = world.make("task_struct");
        let leader = threads.first().copied().unwrap_or(task);
        for (field, value) in [
            ("__state", 1),
            ("exit_state", 0),
            ("flags", 0x40_0100),
            ("exit_signal", u64::MAX),
            ("signal", signal),
            ("sighand", 1),
            ("group_leader", leader),
            ("real_cred", credentials),
        ] {
            world.set(task, field, value);
        }
        // It becomes the last of the ring.
        let (head, _) = world.place(signal, "thread_head");
        let (link, _) = world.place(task, "thread_node");
        match threads.last() {
            Some(last) => world.set(*last, "thread_node.next", link),
            None => world.set(signal, "thread_head.next", link),
        }
        world.set(task, "thread_node.next", head);
        let count = world.get(signal, "nr_threads");
        world.set(signal, "nr_threads", count + 1);
        self.processes[index].threads.push(task);
        task
    }

    /// Gives memory its counters, and says what they come to.
    fn count_pages(&mut self, memory: u64) -> [i64; 4] {
        let world = &mut self.world;
        let number = u64::try_from(self.processes.len()).expect("few");
        if self.shape.is_old {
            let (place, _) = world.place(memory, "rss_stat.count");
            let counts = [0, 1, 2, 3].map(|kind| 1000 * (kind + 1) + number);
            for (place, count) in (place..).step_by(8).zip(counts) {
                world.on.memory.write(place, &count.to_ne_bytes());
            }
            return counts.map(u64::cast_signed);
        }
        let first_share = SHARES + 0x1000 * number;
        for cpu in 0..CPUS {
            world.on.memory.add(first_share.wrapping_add(distance(cpu)), 0x100, false);
        }
        let apart = if self.shape.shares_adjoin() { 4 } else { 0x40 };
        [0, 1, 2, 3].map(|kind| {
            let counter = world.element(memory, "rss_stat", "percpu_counter", kind);
            world.declare(counter, "percpu_counter");
            let share = first_share + kind * apart;
            world.set(counter, "counters", share);
            let mut pages = world.get(counter, "count").cast_signed();
            for cpu in 0..CPUS {
                // Some processors hold less than nothing.
                let held = i32::try_from(10 * kind + 3 * cpu).expect("small") - 14;
                world.on.memory.write(share.wrapping_add(distance(cpu)), &held.to_ne_bytes());
                pages += i64::from(held);
            }
            pages
        })
    }

    /// Moves the reader and the pass into the pid namespace below, where it has this number.
    pub(super) fn move_below(&mut self, number: u64) {
        let reader = self.pid(&[20, number]);
        self.set_ids(self.processes[0].signal, [reader; 3]);
        self.world.set(self.processes[0].leader(), "thread_pid", reader);
        let private = self.world.get(self.world.on.sequence, "private");
        self.world.set(private, "common.ns", self.namespaces[1]);
    }

    /// Gives a process a terminal: the fourth of a driver.
    pub(super) fn attach(&mut self, index: usize) {
        let world = &mut self.world;
        let terminal = world.make("tty_struct");
        let driver = world.make("tty_driver");
        world.set(terminal, "driver", driver);
        world.set(terminal, "index", 3);
        world.set(driver, "major", 136);
        world.set(driver, "minor_start", 0x120);
        world.set(self.processes[index].signal, "tty", terminal);
        self.processes[index].terminal = 1 << 20 | 136 << 8 | 0x23;
    }

    /// Adds a thread of the kernel; `kthread` is what it keeps of itself.
    pub(super) fn kernel_thread(&mut self, name: &'static str, flags: u64, kthread: u64) -> u64 {
        let index = self.process(name, &[401]);
        let leader = self.processes[index].leader();
        self.world.set(leader, "flags", KERNEL_THREAD | flags);
        self.world.set(leader, "worker_private", kthread);
        // The memory it has is that of another, which it visits.
        self.processes[index].memory = 0;
        leader
    }

    /// What a thread of the kernel keeps of itself that has a name of any length.
    pub(super) fn full_name(&mut self, name: &str) -> u64 {
        let kthread = self.world.make("kthread");
        let name = self.world.text(name);
        self.world.set(kthread, "full_name", name);
        kthread
    }

    /// The same of a worker: what it is at, whether it has a pool, is at work, and the queue it rescues.
    pub(super) fn worker(
        &mut self,
        desc: &str,
        has_pool: bool,
        works: bool,
        queue: Option<&str>,
    ) -> u64 {
        let world = &mut self.world;
        let kthread = world.make("kthread");
        let worker = world.make("worker");
        world.set(kthread, "data", worker);
        world.set_text(worker, "desc", desc);
        world.set(worker, "pool", u64::from(has_pool));
        world.set(worker, "current_work", u64::from(works));
        if let Some(name) = queue {
            let queue = world.make("workqueue_struct");
            world.set_text(queue, "name", name);
            world.set(worker, "rescue_wq", queue);
        }
        kthread
    }

    /// Calls the program about a task as the kernel does: once more where there was too little space for what it told.
    pub(super) fn call(&mut self, task: u64) -> u64 {
        let world = &mut self.world;
        let (about, key) = match self.shape.over {
            Over::Tasks => ("task", task),
            Over::Steps => ("key", 1),
        };
        world.set(self.context, about, key);
        world.set(self.meta, "seq_num", self.passed);
        loop {
            let before = world.on.written.len();
            let result = world.on.run(&self.program, self.context);
            if !std::mem::take(&mut world.on.is_full) {
                self.passed += 1;
                return result;
            }
            assert_ne!(before, 0, "there is not even space for one");
            self.told.extend(world.on.written.drain(..).take(before));
        }
    }

    /// Calls it about everything, and gives what it told.
    pub(super) fn pass(&mut self) -> Vec<u8> {
        match self.shape.over {
            Over::Tasks => {
                let processes = self.processes.iter();
                let tasks: Vec<u64> =
                    processes.flat_map(|one| one.threads.iter().copied()).collect();
                for task in tasks {
                    assert_eq!(self.call(task), 0);
                }
            }
            Over::Steps => {
                self.link();
                // One for each, and one for the end.
                assert_eq!(self.steps(), self.processes.len() + 1);
            }
        }
        self.end()
    }

    /// Calls it until it says that everything was told, and counts how often.
    pub(super) fn steps(&mut self) -> usize {
        // There are no more processes than that in any test.
        (0..100).take_while(|_| self.call(0) == 0).count()
    }

    /// The kernel calls about nothing at the end.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let about = if self.shape.over == Over::Tasks { "task" } else { "key" };
        self.world.set(self.context, about, 0);
        let before = self.world.on.written.len();
        assert_eq!(self.world.on.run(&self.program, self.context), 0);
        assert_eq!(self.world.on.written.len(), before, "nothing is told about nothing");
        let mut told = std::mem::take(&mut self.told);
        told.append(&mut self.world.on.written);
        let leaks = told.windows(4).any(|bytes| bytes == [LEFT; 4]);
        assert!(!leaks, "what others left on the stack is nobody's business");
        self.passed = 0;
        told
    }

    /// Has somebody else's pass kept where this one was.
    pub(super) fn take_place_of_pass(&mut self) {
        let place = PASSES + 48 * (SESSION % 64);
        self.world.on.memory.write(place, &(SESSION + 64).to_ne_bytes());
    }

    /// Links all processes in a ring.
    pub(super) fn link(&mut self) {
        let leaders: Vec<u64> = self.processes.iter().map(Process::leader).collect();
        for (index, leader) in leaders.iter().enumerate() {
            let next = leaders[(index + 1) % leaders.len()];
            let (next, _) = self.world.place(next, "tasks");
            self.world.set(*leader, "tasks.next", next);
        }
    }
}
