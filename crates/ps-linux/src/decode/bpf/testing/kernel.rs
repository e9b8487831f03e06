//! A made-up kernel: the types it describes, and structures of these types in its memory.

use std::collections::BTreeMap;

use super::interpreter::Interpreter;
use super::memory::bytes_of;
use super::{Kind, Structure};
use crate::decode::bpf::btf::{self, Btf, Field};

pub(in super::super) type Fields = Vec<(&'static str, Kind)>;

fn numbers(size: u32, names: &[&'static str]) -> Fields {
    names.iter().map(|name| (*name, Kind::Number(size))).collect()
}

fn pointers(names: &[&'static str]) -> Fields {
    names.iter().map(|name| (*name, Kind::Pointer)).collect()
}

fn named(name: &'static str, of: &'static str) -> Fields {
    vec![(name, Kind::Named(of))]
}

pub(in super::super) fn many(name: &'static str, of: Kind, count: u32) -> Fields {
    vec![(name, Kind::Many(Box::new(of), count))]
}

/// A kernel like those of today.
pub(in super::super) fn kernel() -> Vec<Structure> {
    let counter = "percpu_counter";
    let mut all = vec![
        ("list_head", pointers(&["next", "prev"])),
        ("bpf_iter__task", pointers(&["meta", "task"])),
        ("bpf_iter__bpf_map_elem", pointers(&["meta", "map", "key", "value"])),
        ("bpf_iter_meta", [pointers(&["seq"]), numbers(8, &["session_id", "seq_num"])].concat()),
        ("seq_file", pointers(&["private"])),
        ("bpf_iter_seq_task_common", pointers(&["ns"])),
        ("bpf_iter_seq_task_info", named("common", "bpf_iter_seq_task_common")),
        ("pid_namespace", numbers(4, &["level"])),
        ("user_namespace", numbers(4, &["level"])),
        ("upid", [numbers(4, &["nr"]), pointers(&["ns"])].concat()),
        ("pid", [numbers(4, &["level"]), many("numbers", Kind::Named("upid"), 0)].concat()),
        ("timespec64", numbers(8, &["tv_sec", "tv_nsec"])),
        ("timens_offsets", named("boottime", "timespec64")),
        ("time_namespace", named("offsets", "timens_offsets")),
        ("nsproxy", pointers(&["pid_ns_for_children", "time_ns"])),
        (
            "cred",
            [numbers(4, &["uid", "gid", "suid", "sgid", "euid", "egid"]), pointers(&["user_ns"])]
                .concat(),
        ),
        ("tty_struct", [pointers(&["driver"]), numbers(4, &["index"])].concat()),
        ("tty_driver", numbers(4, &["major", "minor_start"])),
        ("task_delay_info", numbers(8, &["blkio_delay", "swapin_start"])),
        (counter, [numbers(8, &["count"]), pointers(&["counters"])].concat()),
        (
            "mm_struct",
            [
                numbers(8, &["total_vm", "data_vm", "stack_vm", "start_code", "end_code"]),
                many("rss_stat", Kind::Named(counter), 4),
            ]
            .concat(),
        ),
        ("seqcount_spinlock_t", numbers(4, &["sequence"])),
        ("seqlock_t", named("seqcount", "seqcount_spinlock_t")),
        ("prev_cputime", numbers(8, &["utime", "stime"])),
        (
            "signal_struct",
            [
                numbers(4, &["nr_threads"]),
                named("thread_head", "list_head"),
                many("pids", Kind::Pointer, 4),
                pointers(&["tty"]),
                named("stats_lock", "seqlock_t"),
                numbers(8, &["utime", "stime", "cutime", "cstime", "min_flt", "maj_flt"]),
                numbers(8, &["sum_sched_runtime"]),
                named("prev_cputime", "prev_cputime"),
            ]
            .concat(),
        ),
        ("thread_info", numbers(4, &["cpu"])),
        ("sched_entity", numbers(8, &["sum_exec_runtime"])),
        (
            "task_struct",
            [
                named("thread_info", "thread_info"),
                numbers(4, &["__state", "exit_state", "flags", "static_prio", "exit_signal"]),
                named("se", "sched_entity"),
                pointers(&["mm", "real_parent", "thread_pid", "real_cred", "cred", "nsproxy"]),
                pointers(&["group_leader"]),
                named("tasks", "list_head"),
                named("thread_node", "list_head"),
                numbers(8, &["utime", "stime", "nvcsw", "nivcsw", "start_boottime"]),
                numbers(8, &["min_flt", "maj_flt"]),
                many("comm", Kind::Number(1), 16),
                pointers(&["signal", "sighand", "delays", "worker_private"]),
            ]
            .concat(),
        ),
        ("kthread", pointers(&["data", "full_name"])),
        (
            "worker",
            [pointers(&["current_work", "pool", "rescue_wq"]), many("desc", Kind::Number(1), 32)]
                .concat(),
        ),
        ("workqueue_struct", many("name", Kind::Number(1), 32)),
        ("bpf_array", vec![("", Kind::Nameless(many("pptrs", Kind::Pointer, 0)))]),
    ];
    for (_, fields) in &mut all {
        fields.insert(0, (BEFORE, Kind::Number(8)));
    }
    all
}

/// A field of each structure, so that no other begins where the structure does.
pub(in super::super) const BEFORE: &str = "before";

/// Its functions.
pub(in super::super) const FUNCTIONS: [&str; 4] =
    ["bpf_iter_task", "bpf_iter_bpf_map_elem", "bpf_rdonly_cast", "__percpu_counter_init_many"];

/// A kernel before 5.14: some fields had other names, or stood elsewhere.
pub(in super::super) fn old_kernel() -> Vec<Structure> {
    let mut old = kernel();
    for (name, fields) in &mut old {
        match *name {
            "mm_struct" => {
                fields.retain(|(name, _)| *name != "rss_stat");
                let counts = many("count", Kind::Number(8), 4);
                fields.push(("rss_stat", Kind::Nameless(counts)));
            }
            "task_struct" => {
                for (name, kind) in fields.iter_mut() {
                    if let Some((_, older)) = RENAMED.iter().find(|(today, _)| today == name) {
                        *name = older;
                    }
                    if *name == "cpu" {
                        *kind = Kind::Number(4);
                    }
                }
            }
            _ => {}
        }
    }
    old
}

/// What fields of a task are called, and were.
const RENAMED: [(&str, &str); 3] =
    [("__state", "state"), ("thread_info", "cpu"), ("worker_private", "set_child_tid")];

/// Behind this lie the structures.
const FIRST: u64 = 0xffff_8880_0001_0000;

/// From one structure to the next: more than any needs, even with an array without a length at its end.
const APART: u64 = 0x1000;

/// Structures in the memory of a kernel, each known by its address.
#[derive(Debug)]
pub(in super::super) struct World<'b> {
    btf: &'b Btf<'b>,
    described: &'b [Structure],
    pub(in super::super) on: Interpreter,
    structures: BTreeMap<u64, btf::Structure<'b>>,
    /// Where the last one is.
    last: u64,
    /// The number that a figure was given last.
    figure: u64,
}

impl<'b> World<'b> {
    pub(in super::super) fn new(btf: &'b Btf<'b>, described: &'b [Structure]) -> World<'b> {
        let cast = btf.function("bpf_rdonly_cast").and_then(|number| i32::try_from(number).ok());
        let on = Interpreter { cast, space: usize::MAX, ..Interpreter::default() };
        World { btf, described, on, structures: BTreeMap::new(), last: FIRST, figure: 0 }
    }

    fn structure(&self, name: &str) -> (btf::Structure<'b>, &'b [(&'static str, Kind)]) {
        let (_, fields) = self.described.iter().find(|(one, _)| *one == name).expect("described");
        (self.btf.structure(name, BEFORE).expect("described"), fields)
    }

    /// Makes a structure whose numbers differ from all others. Its pointers lead nowhere.
    pub(in super::super) fn make(&mut self, name: &str) -> u64 {
        let address = self.add();
        self.declare(address, name);
        address
    }

    fn add(&mut self) -> u64 {
        self.last += APART;
        self.on.memory.add(self.last, usize::try_from(APART / 2).expect("small"), false);
        self.last
    }

    /// Says that what lies at an address is a structure, too, and gives its numbers values.
    pub(in super::super) fn declare(&mut self, address: u64, name: &str) {
        let (structure, fields) = self.structure(name);
        self.structures.insert(address, structure);
        self.on.types.insert(address, structure.number());
        self.fill(address, fields);
    }

    fn fill(&mut self, address: u64, fields: &[(&str, Kind)]) {
        for path in self.numbers(fields) {
            self.figure += 1;
            // Those of eight bytes differ in their upper halves, too.
            self.set(address, &path, self.figure << 32 | self.figure);
        }
    }

    /// Paths of the fields that hold a number.
    fn numbers(&self, fields: &[(&str, Kind)]) -> Vec<String> {
        let of_field = |(name, kind): &(&str, Kind)| match kind {
            Kind::Number(_) => vec![(*name).to_owned()],
            Kind::Named(inner) => {
                let inner = self.numbers(self.structure(inner).1);
                inner.iter().map(|path| format!("{name}.{path}")).collect()
            }
            _ => vec![],
        };
        fields.iter().flat_map(of_field).collect()
    }

    fn field(&self, structure: u64, path: &str) -> Option<Field> {
        let found = self.structures[&structure];
        let older = RENAMED.iter().find(|(today, _)| path.split('.').next() == Some(today));
        found.field(path).or_else(|| found.field(older?.1))
    }

    /// Where a field is, and how large.
    pub(in super::super) fn place(&self, structure: u64, path: &str) -> (u64, usize) {
        let Field { offset, size } = self.field(structure, path).expect(path);
        (structure + u64::from(offset), usize::try_from(size).expect("small"))
    }

    /// Where one of several structures that a field holds is.
    pub(in super::super) fn element(
        &self,
        structure: u64,
        path: &str,
        name: &str,
        index: u64,
    ) -> u64 {
        let size = self.structure(name).0.size().expect("known");
        self.place(structure, path).0 + u64::from(size) * index
    }

    pub(in super::super) fn get(&mut self, structure: u64, path: &str) -> u64 {
        let (address, size) = self.place(structure, path);
        self.on.memory.number(address, size)
    }

    /// The same, of a field of four bytes.
    pub(in super::super) fn word(&mut self, structure: u64, path: &str) -> u32 {
        u32::try_from(self.get(structure, path)).expect("of four bytes")
    }

    pub(in super::super) fn set(&mut self, structure: u64, path: &str, value: u64) {
        let (address, size) = self.place(structure, path);
        assert_ne!(size, 0, "{path}");
        self.on.memory.write(address, &bytes_of(value, size));
    }

    /// Changes a field as soon as it has been read so often.
    pub(in super::super) fn change(&mut self, structure: u64, path: &str, reads: u32, value: u64) {
        let (address, _) = self.place(structure, path);
        self.on.memory.changes.insert(address, (reads, value));
    }

    pub(in super::super) fn set_text(&mut self, structure: u64, path: &str, text: &str) {
        let (address, size) = self.place(structure, path);
        assert!(text.len() < size, "{text} and a NUL");
        self.on.memory.write(address, text.as_bytes());
    }

    /// Makes text that belongs to nothing.
    pub(in super::super) fn text(&mut self, text: &str) -> u64 {
        let address = self.add();
        self.on.memory.write(address, text.as_bytes());
        address
    }
}
