//! The program that records every process, written for the kernel whose types are given: see [`record`](super::record)
//! for the form, and [`walk`](super::walk) for how it gets from one to the next.
//!
//! What it reads may change under its eyes. So it looks again at what would betray that, and marks the record where it
//! did; whoever reads it asks files then. Readers may be anybody, so it records nothing that `/proc` keeps from some.

use ps_core::{Error, Result};

use super::asm::{Label, Op, Program, Reg, When, Width};
use super::btf::{Btf, Field, Structure};
use super::record::{
    Extent, IN_POOL, KERNEL_THREAD, NAMED, QUEUE_WORKER, RESCUER, UNSURE, WORKER, WORKING, at, more,
};
use super::resident::{MOST_CPUS, Resident};
use crate::decode::malformed;

use Reg::{R0, R1, R2, R3, R4, R6, R7, R8, R9, R10};

/// Functions of the kernel, by their numbers in `<linux/bpf.h>`.
pub(super) mod function {
    pub(in super::super) const MAP_LOOKUP: i32 = 1;
    pub(in super::super) const CURRENT_TASK: i32 = 35;
    pub(in super::super) const READ: i32 = 113;
    pub(in super::super) const READ_TEXT: i32 = 115;
    pub(in super::super) const WRITE: i32 = 127;
    pub(in super::super) const MAP_LOOKUP_ON_CPU: i32 = 195;
}

/// Of the next process, something in each of the places where what is read of a task lies together.
const AHEAD: [&[&str]; 9] = [
    &["__state", "state"],
    &["se.sum_exec_runtime"],
    &["tasks.next"],
    &["exit_state"],
    &["thread_pid"],
    &["utime"],
    &["min_flt"],
    &["real_cred"],
    &["signal"],
];

/// The same of what its threads share.
const SHARED: [&str; 4] = ["nr_threads", "utime", "min_flt", "sum_sched_runtime"];

/// Of a process with more threads than this, reading its files costs no more.
const MOST_THREADS: i32 = 64;

/// Places on the stack, from its end downwards. Kernels give 512 bytes.
pub(super) mod stack {
    use super::{at, more};

    pub(in super::super) const RECORD: i16 = -at::SIZE;
    pub(in super::super) const MORE: i16 = RECORD - more::SIZE;
    /// What is known of a thread of the kernel, with which that begins.
    pub(in super::super) const KIND: i16 = MORE;
    /// What was read last.
    pub(in super::super) const READ: i16 = MORE - 32;
    /// The reader's pid namespace.
    pub(in super::super) const NAMESPACE: i16 = READ - 8;
    /// The key of the map's only entry.
    pub(in super::super) const KEY: i16 = NAMESPACE - 8;
    /// How many threads were counted.
    pub(in super::super) const COUNT: i16 = KEY - 8;
    /// How often the process's sums had changed.
    pub(in super::super) const CHANGES: i16 = COUNT - 8;
    /// Where each processor's share of the four counters of resident memory is.
    pub(in super::super) const SHARES: i16 = CHANGES - 32;
    const _: () = assert!(SHARES > -512 && more::KIND == 0);
}

/// What the kernel iterates over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Over {
    /// Its tasks: every thread of the pid namespace in which the iterator is opened.
    Tasks,
    /// Elements of a map, each of which is good for a step in the ring of all processes of the machine (from 6.2).
    Steps,
}

/// A map that the program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Map {
    /// An entry of [`MAP_ENTRY`](super::resident::MAP_ENTRY) bytes for each processor.
    Cpus,
    /// One entry of [`PASSES_ENTRY`](super::walk::PASSES_ENTRY) bytes.
    Passes,
}

/// What is to be known of a machine, beside the types of its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Machine {
    /// How many processors it may ever have.
    pub cpus: u32,
    /// Bytes in a page of memory, a power of two.
    pub page_size: u32,
}

/// A program that is ready but for the maps it uses.
#[derive(Clone, Debug)]
pub struct Scan {
    program: Program,
    /// Whether it wants the map with an entry for each processor.
    pub wants_cpus: bool,
    /// The number of the function that it is to stand in for.
    pub function: u32,
}

impl Scan {
    /// Writes the program for a kernel with these types.
    ///
    /// # Errors
    ///
    /// [`Decode`](ps_core::Error::Decode), naming what is missing, if the kernel keeps things in another way than those
    /// this was written for.
    pub fn write(btf: &Btf<'_>, machine: Machine, over: Over, extent: Extent) -> Result<Scan> {
        if machine.cpus == 0 || machine.cpus > MOST_CPUS {
            return Err(malformed("btf", "more processors than a program can go through"));
        }
        let kernel = Kernel { btf };
        let task = kernel.structure("task_struct", "thread_pid")?;
        let signal = kernel.structure("signal_struct", "thread_head")?;
        let mm = kernel.structure("mm_struct", "rss_stat")?;
        let mut program = Program::default();
        let done = program.label();
        let resident = match extent {
            Extent::Whole => Some(Resident::of(kernel, mm, machine.cpus)?),
            Extent::Brief => None,
        };
        let wants_cpus = matches!(resident, Some(Resident::Shared { .. }));
        let cast = kernel.btf.function("bpf_rdonly_cast").and_then(|id| i32::try_from(id).ok());
        let mut writer =
            Writer { kernel, machine, program, done, over, task, signal, mm, resident, cast };
        let name = match over {
            Over::Tasks => "bpf_iter_task",
            Over::Steps => "bpf_iter_bpf_map_elem",
        };
        let function = btf.function(name).ok_or_else(|| writer.lacks(name))?;
        writer.write()?;
        Ok(Scan { program: writer.program, wants_cpus, function })
    }

    /// The instructions, with the descriptors of the maps in them.
    pub fn instructions(self, map: impl Fn(Map) -> i32) -> Result<Vec<u8>> {
        self.program.finish(map).ok_or_else(|| malformed("btf", "a program that is too long"))
    }
}

/// The types of a kernel, with an error for what it lacks.
#[derive(Clone, Copy)]
pub(super) struct Kernel<'b> {
    pub(super) btf: &'b Btf<'b>,
}

impl<'b> Kernel<'b> {
    pub(super) fn structure(self, name: &str, field: &str) -> Result<Structure<'b>> {
        let found = self.btf.structure(name, field);
        found.ok_or_else(|| malformed("btf", format!("no {name} with {field} in this kernel")))
    }

    /// A field of a structure that is needed for nothing else.
    pub(super) fn field(self, name: &str, field: &str) -> Result<Field> {
        find(self.structure(name, field.split('.').next().unwrap_or(field))?, &[field])
    }
}

/// The first of several fields that a structure has: kernels renamed some.
pub(super) fn find(structure: Structure<'_>, paths: &[&str]) -> Result<Field> {
    paths
        .iter()
        .find_map(|path| structure.field(path))
        .ok_or_else(|| malformed("btf", format!("no {} in this kernel", paths.join(" or "))))
}

pub(super) fn offset(field: Field) -> Result<i16> {
    i16::try_from(field.offset).map_err(|_| malformed("btf", "a structure that is too large"))
}

pub(super) fn distance(field: Field) -> Result<i32> {
    i32::try_from(field.offset).map_err(|_| malformed("btf", "a structure that is too large"))
}

/// Registers while a process is read: `R6` the task, `R7` what its threads share and later its memory, `R8` the context,
/// `R9` how deep the reader's pid namespace is and later what is gone through.
pub(super) struct Writer<'b> {
    pub(super) kernel: Kernel<'b>,
    machine: Machine,
    pub(super) program: Program,
    pub(super) done: Label,
    pub(super) over: Over,
    pub(super) task: Structure<'b>,
    signal: Structure<'b>,
    mm: Structure<'b>,
    /// How resident memory is counted, if it is recorded, and with it all that is not brief.
    pub(super) resident: Option<Resident>,
    /// A function that gives a plain address a type (from 6.2), which makes reading there a mere instruction.
    cast: Option<i32>,
}

impl Writer<'_> {
    fn write(&mut self) -> Result<()> {
        let written = self.program.label();
        self.program.set(R8, R1);
        // At the very end, the kernel calls once more, about nothing.
        let about = match self.over {
            Over::Tasks => "task",
            Over::Steps => "key",
        };
        self.load(R6, R8, find(self.context()?, &[about])?)?;
        self.program.jump_if(When::Equal, R6, 0, self.done);
        self.program.store_number(Width::Double, R10, stack::KEY, 0);
        self.head()?;
        match self.over {
            Over::Tasks => self.leave_out_threads()?,
            Over::Steps => self.next_in_ring()?,
        }
        self.touch()?;
        self.clear_record();
        self.load(R2, R6, find(self.task, &["thread_pid"])?)?;
        self.number(at::PID)?;
        if self.over == Over::Steps {
            // Those of other pid namespaces have none, and neither has what idles on a processor.
            self.recall(Width::Word, R1, at::PID);
            self.program.jump_if(When::Equal, R1, 0, written);
        }
        if self.resident.is_some() {
            self.relatives()?;
            self.terminal()?;
        }
        self.task()?;
        self.times()?;
        if let Some(resident) = self.resident {
            self.users()?;
            self.memory(resident)?;
        }
        self.emit_record()?;
        self.name_of_kernel_thread(written)?;
        self.program.here(written);
        if self.over == Over::Steps {
            self.step_on()?;
        }
        self.program.here(self.done);
        self.program.set(R0, 0);
        self.program.exit();
        Ok(())
    }

    /// What the program is called with.
    pub(super) fn context(&self) -> Result<Structure<'_>> {
        match self.over {
            Over::Tasks => self.kernel.structure("bpf_iter__task", "task"),
            Over::Steps => self.kernel.structure("bpf_iter__bpf_map_elem", "key"),
        }
    }

    pub(super) fn lacks(&self, name: &str) -> Error {
        malformed("btf", format!("no {name} in this kernel"))
    }

    pub(super) fn clear_record(&mut self) {
        for slot in (0..self.extent().size()).step_by(8) {
            self.program.store_number(Width::Double, R10, stack::RECORD + slot, 0);
        }
    }

    pub(super) fn emit_record(&mut self) -> Result<()> {
        self.emit(stack::RECORD, self.extent().size())
    }

    pub(super) fn extent(&self) -> Extent {
        if self.resident.is_some() { Extent::Whole } else { Extent::Brief }
    }

    /// `to = from->field`.
    pub(super) fn load(&mut self, to: Reg, from: Reg, field: Field) -> Result<()> {
        let width =
            Width::of(field.size).ok_or_else(|| malformed("btf", "a field that is no number"))?;
        self.program.load(width, to, from, offset(field)?);
        Ok(())
    }

    /// Puts a number into the record.
    pub(super) fn keep(&mut self, width: Width, slot: i16, from: Reg) {
        self.program.store(width, R10, stack::RECORD + slot, from);
    }

    /// `to =` a number of the record.
    fn recall(&mut self, width: Width, to: Reg, slot: i16) {
        self.program.load(width, to, R10, stack::RECORD + slot);
    }

    /// Puts a field into the record.
    pub(super) fn copy(&mut self, width: Width, slot: i16, from: Reg, field: Field) -> Result<()> {
        self.load(R1, from, field)?;
        self.keep(width, slot, R1);
        Ok(())
    }

    /// Puts fields of one structure into the record.
    fn copy_all(
        &mut self,
        from: Reg,
        structure: Structure<'_>,
        fields: &[(Width, i16, &[&str])],
    ) -> Result<()> {
        for (width, slot, paths) in fields {
            self.copy(*width, *slot, from, find(structure, paths)?)?;
        }
        Ok(())
    }

    /// Reads so many bytes at a plain address in `R3`. Where nothing can be read, it reads zeros.
    pub(super) fn read(&mut self, to: i16, size: i32) {
        self.program.set(R1, R10);
        self.program.compute(Op::Add, R1, i32::from(to));
        self.program.set(R2, size);
        self.program.call(function::READ);
    }

    /// `R3 = *(R3 + field)`, a pointer as a plain number.
    pub(super) fn follow(&mut self, field: Field) -> Result<()> {
        self.program.compute(Op::Add, R3, distance(field)?);
        self.read(stack::READ, 8);
        self.program.load(Width::Double, R3, R10, stack::READ);
        Ok(())
    }

    pub(super) fn doubt(&mut self) {
        self.program.store_number(Width::Word, R10, stack::RECORD + at::DOUBT, 1);
    }

    /// `R1 =` where the kernel collects what is written.
    pub(super) fn sequence(&mut self) -> Result<()> {
        let meta = find(self.context()?, &["meta"])?;
        let sequence = self.kernel.field("bpf_iter_meta", "seq")?;
        self.load(R1, R8, meta)?;
        self.load(R1, R1, sequence)
    }

    /// Writes out a part of the stack.
    pub(super) fn emit(&mut self, from: i16, size: i16) -> Result<()> {
        self.sequence()?;
        self.program.set(R2, R10);
        self.program.compute(Op::Add, R2, i32::from(from));
        self.program.set(R3, i32::from(size));
        self.program.call(function::WRITE);
        // Without space for it, the kernel hands out what it has, and calls again about the same.
        self.program.jump_if(When::NotEqual, R0, 0, self.done);
        Ok(())
    }

    /// `R0 =` a structure at the plain address in `from` and some bytes further; false if this kernel cannot do that.
    pub(super) fn cast(
        &mut self,
        structure: Structure<'_>,
        from: Reg,
        further: i32,
    ) -> Result<bool> {
        let Some(function) = self.cast else { return Ok(false) };
        let number =
            i32::try_from(structure.number()).map_err(|_| malformed("btf", "too many types"))?;
        self.program.set(R1, from);
        self.program.compute(Op::Add, R1, further);
        self.program.set(R2, number);
        self.program.call_by_type(function);
        Ok(true)
    }

    fn task(&mut self) -> Result<()> {
        use Width::{Double, Word};
        let fields: &[(Width, i16, &[&str])] = &[
            (Word, at::STATE, &["__state", "state"]),
            (Word, at::EXIT_STATE, &["exit_state"]),
            (Word, at::FLAGS, &["flags"]),
            (Word, at::PRIORITY, &["static_prio"]),
            (Word, at::CPU, &["thread_info.cpu", "cpu"]),
            (Double, at::START, &["start_boottime"]),
            (Double, at::VOLUNTARY, &["nvcsw"]),
            (Double, at::INVOLUNTARY, &["nivcsw"]),
        ];
        self.copy_all(R6, self.task, fields)?;
        let name = find(self.task, &["comm"])?;
        for part in [0, 8] {
            let eight = Field { offset: name.offset + part, size: 8 };
            self.copy(Double, at::NAME + i16::try_from(part).unwrap_or(0), R6, eight)?;
        }
        if name.size != 16 {
            return Err(malformed("btf", "names of another length"));
        }
        let Some(delays) = self.task.field("delays") else { return Ok(()) };
        // Before 5.17, waiting for swap was counted in another way.
        let waited = self.kernel.structure("task_delay_info", "swapin_start")?;
        let none = self.program.label();
        self.load(R2, R6, delays)?;
        self.program.jump_if(When::Equal, R2, 0, none);
        self.copy(Double, at::DELAY, R2, find(waited, &["blkio_delay"])?)?;
        self.program.here(none);
        Ok(())
    }

    /// Looks at a little of everything that is about to be read, and of the next process: what lies far away in memory
    /// then comes nearer all at the same time, instead of being waited for piece by piece.
    fn touch(&mut self) -> Result<()> {
        self.load(R1, R6, find(self.task, &["thread_pid"])?)?;
        self.load(R4, R1, self.first_number()?)?;
        for path in SHARED {
            self.load(R4, R7, find(self.signal, &[path])?)?;
        }
        if let Some(resident) = self.resident {
            self.touch_rest(resident)?;
        }
        let Over::Steps = self.over else { return Ok(()) };
        self.load(R1, R6, find(self.task, &["tasks.next"])?)?;
        self.cast(self.task, R1, -distance(find(self.task, &["tasks"])?)?)?;
        for paths in AHEAD {
            self.load(R4, R0, find(self.task, paths)?)?;
        }
        if let Some(delays) = self.task.field("delays") {
            self.load(R4, R0, delays)?;
        }
        Ok(())
    }

    /// The same for what brief records leave out.
    fn touch_rest(&mut self, resident: Resident) -> Result<()> {
        let (memory, credentials) = (R1, R2);
        let none = self.program.label();
        self.load(memory, R6, find(self.task, &["mm"])?)?;
        self.load(credentials, R6, find(self.task, &["real_cred"])?)?;
        self.load(R4, credentials, self.kernel.field("cred", "uid")?)?;
        let pids = find(self.signal, &["pids"])?;
        self.load(R4, R7, Field { size: 8, ..pids })?;
        self.program.jump_if(When::Equal, memory, 0, none);
        for path in ["total_vm", "end_code"] {
            self.load(R4, memory, find(self.mm, &[path])?)?;
        }
        for kind in [0, 3] {
            if let Some(count) = resident.count(kind) {
                self.load(R4, memory, count)?;
            }
        }
        self.program.here(none);
        Ok(())
    }

    /// The numbers of its parent, group and session.
    fn relatives(&mut self) -> Result<()> {
        let pids = find(self.signal, &["pids"])?;
        // Process, group, session: the kernel keeps them in this order, behind the thread's.
        let [process, group, session] =
            [1, 2, 3].map(|index| Field { offset: pids.offset + 8 * index, size: 8 });
        self.load(R2, R6, find(self.task, &["real_parent"])?)?;
        self.load(R2, R2, find(self.task, &["signal"])?)?;
        self.load(R2, R2, process)?;
        self.number(at::PARENT)?;
        self.load(R2, R7, group)?;
        self.number(at::GROUP)?;
        self.load(R2, R7, session)?;
        self.number(at::SESSION)
    }

    /// Reads what the `struct pid` in `R2` has for the depth in `R9`; gives back where in that the namespace is.
    pub(super) fn read_number(&mut self) -> Result<Field> {
        let each = self.kernel.structure("upid", "nr")?;
        let numbers = self.kernel.field("pid", "numbers")?;
        let size = each.size().and_then(|size| i32::try_from(size).ok()).filter(|size| *size <= 32);
        let size = size.ok_or_else(|| malformed("btf", "longer numbers of processes"))?;
        // There are at most 32 levels; the kernel wants to be sure of it.
        self.program.set(R3, R9);
        self.program.compute(Op::And, R3, 63);
        self.program.compute(Op::Mul, R3, size);
        self.program.compute(Op::Add, R3, R2);
        self.program.compute(Op::Add, R3, distance(numbers)?);
        self.read(stack::READ, size);
        find(each, &["ns"])
    }

    /// Where a `struct pid` has the number that holds in the first namespace.
    fn first_number(&self) -> Result<Field> {
        let numbers = self.kernel.field("pid", "numbers")?;
        let number = self.kernel.field("upid", "nr")?;
        Ok(Field { offset: numbers.offset + number.offset, ..number })
    }

    /// Keeps the number that the `struct pid` in `R2` has in the namespace of the reader, if it has one.
    fn number(&mut self, slot: i16) -> Result<()> {
        let level = self.kernel.field("pid", "level")?;
        let number = self.kernel.field("upid", "nr")?;
        let (deep, none) = (self.program.label(), self.program.label());
        self.program.jump_if(When::Equal, R2, 0, none);
        self.program.jump_if(When::NotEqual, R9, 0, deep);
        let first = self.first_number()?;
        self.copy(Width::Word, slot, R2, first)?;
        self.program.jump(none);
        self.program.here(deep);
        self.load(R1, R2, level)?;
        self.program.jump_if(When::Less, R1, R9, none);
        let namespace = self.read_number()?;
        self.program.load(Width::Double, R1, R10, stack::READ + offset(namespace)?);
        self.program.load(Width::Double, R2, R10, stack::NAMESPACE);
        self.program.jump_if(When::NotEqual, R1, R2, none);
        self.program.load(Width::Word, R1, R10, stack::READ + offset(number)?);
        self.keep(Width::Word, slot, R1);
        self.program.here(none);
        Ok(())
    }

    fn terminal(&mut self) -> Result<()> {
        let (none, same) = (self.program.label(), self.program.label());
        let terminal = find(self.signal, &["tty"])?;
        self.load(R2, R7, terminal)?;
        self.program.jump_if(When::Equal, R2, 0, none);
        self.copy(Width::Word, at::TERMINAL + 8, R2, self.kernel.field("tty_struct", "index")?)?;
        self.load(R3, R2, self.kernel.field("tty_struct", "driver")?)?;
        let driver = self.kernel.structure("tty_driver", "minor_start")?;
        self.copy(Width::Word, at::TERMINAL, R3, find(driver, &["major"])?)?;
        self.copy(Width::Word, at::TERMINAL + 4, R3, find(driver, &["minor_start"])?)?;
        self.load(R1, R7, terminal)?;
        self.program.jump_if(When::Equal, R1, R2, same);
        self.doubt();
        self.program.here(same);
        self.program.here(none);
        Ok(())
    }

    /// What all threads used together: what the process keeps of those that have ended, and those there are. The kernel
    /// counts how often it moves something from one to the other.
    fn times(&mut self) -> Result<()> {
        use Width::{Double, Word};
        let changes = find(
            self.signal,
            &["stats_lock.seqcount.seqcount.sequence", "stats_lock.seqcount.sequence"],
        )?;
        self.load(R1, R7, changes)?;
        self.program.store(Double, R10, stack::CHANGES, R1);
        let fields: &[(Width, i16, &[&str])] = &[
            (Word, at::THREADS, &["nr_threads"]),
            (Double, at::USER, &["utime"]),
            (Double, at::SYSTEM, &["stime"]),
            (Double, at::RUN, &["sum_sched_runtime"]),
            // What the kernel said last, in the order opposite to that in which it is written.
            (Double, at::USER_SAID, &["prev_cputime.utime"]),
            (Double, at::SYSTEM_SAID, &["prev_cputime.stime"]),
            (Double, at::CHILDREN_USER, &["cutime"]),
            (Double, at::CHILDREN_SYSTEM, &["cstime"]),
            (Double, at::MINOR_FAULTS, &["min_flt"]),
            (Double, at::MAJOR_FAULTS, &["maj_flt"]),
        ];
        self.copy_all(R7, self.signal, fields)?;
        let (many, summed, changed, unchanged) = (
            self.program.label(),
            self.program.label(),
            self.program.label(),
            self.program.label(),
        );
        self.recall(Word, R1, at::THREADS);
        self.program.jump_if(When::NotEqual, R1, 1, many);
        for (slot, path) in SUMS {
            self.load(R1, R6, find(self.task, &[path])?)?;
            self.add(slot);
        }
        self.program.jump(summed);
        self.program.here(many);
        self.threads(summed)?;
        self.program.here(summed);
        self.load(R1, R7, changes)?;
        self.program.load(Double, R2, R10, stack::CHANGES);
        self.program.jump_if(When::NotEqual, R1, R2, changed);
        self.program.jump_if(When::AnyBit, R1, 1, changed);
        self.program.jump(unchanged);
        self.program.here(changed);
        self.doubt();
        self.program.here(unchanged);
        Ok(())
    }

    /// Adds `R1` to a number of the record.
    pub(super) fn add(&mut self, slot: i16) {
        self.recall(Width::Double, R2, slot);
        self.program.compute(Op::Add, R2, R1);
        self.keep(Width::Double, slot, R2);
    }

    /// Adds up every thread in the ring that begins and ends in what they share.
    fn threads(&mut self, summed: Label) -> Result<()> {
        let ring = find(self.signal, &["thread_head"])?;
        let link = find(self.task, &["thread_node"])?;
        let next = self.kernel.field("list_head", "next")?;
        let (again, too_many) = (self.program.label(), self.program.label());
        // How deep the reader is is not needed again.
        let first = Field { offset: ring.offset + next.offset, size: next.size };
        self.load(R9, R7, first)?;
        self.program.store_number(Width::Double, R10, stack::COUNT, 0);
        self.program.here(again);
        self.program.set(R1, R7);
        self.program.compute(Op::Add, R1, distance(ring)?);
        self.program.jump_if(When::Equal, R9, R1, summed);
        self.program.load(Width::Double, R1, R10, stack::COUNT);
        self.program.jump_if(When::AtLeast, R1, MOST_THREADS, too_many);
        self.program.compute(Op::Add, R1, 1);
        self.program.store(Width::Double, R10, stack::COUNT, R1);
        let typed = self.cast(self.task, R9, -distance(link)?)?;
        for (slot, path) in SUMS {
            let field = find(self.task, &[path])?;
            if typed {
                self.load(R1, R0, field)?;
            } else {
                self.program.set(R3, R9);
                self.program.compute(Op::Add, R3, distance(field)? - distance(link)?);
                self.read(stack::READ, 8);
                self.program.load(Width::Double, R1, R10, stack::READ);
            }
            self.add(slot);
        }
        self.load(R9, R9, next)?;
        self.program.jump(again);
        self.program.here(too_many);
        self.doubt();
        self.program.jump(summed);
        Ok(())
    }

    fn users(&mut self) -> Result<()> {
        let credentials = self.kernel.structure("cred", "suid")?;
        self.load(R3, R6, find(self.task, &["real_cred"])?)?;
        let names = ["uid", "euid", "suid", "gid", "egid", "sgid"];
        for (name, slot) in names.iter().zip((at::USERS..).step_by(4)) {
            self.copy(Width::Word, slot, R3, find(credentials, &[name])?)?;
        }
        Ok(())
    }

    fn memory(&mut self, resident: Resident) -> Result<()> {
        let (none, same) = (self.program.label(), self.program.label());
        self.recall(Width::Word, R1, at::FLAGS);
        // A thread of the kernel may be visiting another's.
        self.program.jump_if(When::AnyBit, R1, KERNEL_THREAD, none);
        let memory = find(self.task, &["mm"])?;
        self.load(R7, R6, memory)?;
        self.program.jump_if(When::Equal, R7, 0, none);
        let fields: &[(Width, i16, &[&str])] = &[
            (Width::Double, at::PAGES, &["total_vm"]),
            (Width::Double, at::PAGES + 8, &["data_vm"]),
            (Width::Double, at::PAGES + 16, &["stack_vm"]),
        ];
        self.copy_all(R7, self.mm, fields)?;
        // From the page of the first byte of code to that of the last.
        let (page, bits) = (self.machine.page_size, self.machine.page_size.trailing_zeros());
        let number =
            |number: u32| i32::try_from(number).map_err(|_| malformed("btf", "larger pages"));
        self.load(R1, R7, find(self.mm, &["end_code"])?)?;
        self.program.compute(Op::Add, R1, number(page)? - 1);
        self.load(R2, R7, find(self.mm, &["start_code"])?)?;
        for end in [R1, R2] {
            self.program.compute(Op::ShiftRight, end, number(bits)?);
        }
        self.program.compute(Op::Sub, R1, R2);
        self.keep(Width::Double, at::CODE, R1);
        self.resident(resident)?;
        // While a process still has its memory, that was its own all the time.
        self.load(R1, R6, memory)?;
        self.program.jump_if(When::Equal, R1, R7, same);
        self.doubt();
        self.program.here(same);
        self.program.here(none);
        Ok(())
    }

    /// Behind the record of a thread of the kernel, what its name is made of.
    fn name_of_kernel_thread(&mut self, written: Label) -> Result<()> {
        let thread = self.kernel.structure("kthread", "data")?;
        self.recall(Width::Word, R1, at::FLAGS);
        self.program.compute(Op::And, R1, KERNEL_THREAD);
        self.program.jump_if(When::Equal, R1, 0, written);
        for slot in (0..more::SIZE).step_by(8) {
            self.program.store_number(Width::Double, R10, stack::MORE + slot, 0);
        }
        let (write, no_worker) = (self.program.label(), self.program.label());
        // Before 5.17, such threads kept it where others have an address of their own.
        self.load(R7, R6, find(self.task, &["worker_private", "set_child_tid"])?)?;
        self.program.jump_if(When::Equal, R7, 0, write);
        self.recall(Width::Word, R1, at::FLAGS);
        self.program.compute(Op::And, R1, QUEUE_WORKER);
        self.program.jump_if(When::Equal, R1, 0, no_worker);
        self.program.set(R3, R7);
        self.follow(find(thread, &["data"])?)?;
        self.program.set(R7, R3);
        self.worker()?;
        // While it is one, what it is at is there.
        self.load(R1, R6, find(self.task, &["flags"])?)?;
        self.program.jump_if(When::AnyBit, R1, QUEUE_WORKER, write);
        self.mark(UNSURE);
        self.program.jump(write);
        self.program.here(no_worker);
        if let Some(name) = thread.field("full_name") {
            self.program.set(R3, R7);
            self.follow(name)?;
            self.program.jump_if(When::Equal, R3, 0, write);
            self.mark(NAMED);
            self.read_text(more::WHOLE, more::WHOLE_SIZE);
        }
        self.program.here(write);
        self.emit(stack::MORE, more::SIZE)
    }

    /// Says that something holds of a thread of the kernel.
    fn mark(&mut self, kind: i32) {
        self.program.load(Width::Word, R1, R10, stack::KIND);
        self.program.compute(Op::Add, R1, kind);
        self.program.store(Width::Word, R10, stack::KIND, R1);
    }

    /// Reads text at a plain address in `R3`, cut to what fits.
    fn read_text(&mut self, slot: i16, size: i16) {
        self.program.set(R1, R10);
        self.program.compute(Op::Add, R1, i32::from(stack::MORE + slot));
        self.program.set(R2, i32::from(size));
        self.program.call(function::READ_TEXT);
    }

    /// What the worker in `R7` is at.
    fn worker(&mut self) -> Result<()> {
        let worker = self.kernel.structure("worker", "current_work")?;
        let queue = self.kernel.field("workqueue_struct", "name")?;
        self.mark(WORKER);
        for (path, kind) in [("pool", IN_POOL), ("current_work", WORKING)] {
            let none = self.program.label();
            self.program.set(R3, R7);
            self.follow(find(worker, &[path])?)?;
            self.program.jump_if(When::Equal, R3, 0, none);
            self.mark(kind);
            self.program.here(none);
        }
        self.program.set(R3, R7);
        self.program.compute(Op::Add, R3, distance(find(worker, &["desc"])?)?);
        self.read_text(more::WORK, more::TEXT_SIZE);
        let none = self.program.label();
        self.program.set(R3, R7);
        self.follow(find(worker, &["rescue_wq"])?)?;
        self.program.jump_if(When::Equal, R3, 0, none);
        // What is marked is read before the text, which a call would lose.
        self.program.set(R7, R3);
        self.mark(RESCUER);
        self.program.set(R3, R7);
        self.program.compute(Op::Add, R3, distance(queue)?);
        self.read_text(more::QUEUE, more::TEXT_SIZE);
        self.program.here(none);
        Ok(())
    }
}

/// Numbers that are summed over the threads of a process.
const SUMS: [(i16, &str); 5] = [
    (at::USER, "utime"),
    (at::SYSTEM, "stime"),
    (at::RUN, "se.sum_exec_runtime"),
    (at::MINOR_FAULTS, "min_flt"),
    (at::MAJOR_FAULTS, "maj_flt"),
];

#[cfg(test)]
mod tests {
    use super::super::testing::kernel::{BEFORE, FUNCTIONS, kernel, old_kernel};
    use super::super::testing::{Kind, Structure, describe};
    use super::*;

    const MACHINE: Machine = Machine { cpus: 2, page_size: 4096 };

    /// Whether the program wants the map for processors, and how many instructions it has.
    fn write(structures: &[Structure], functions: &[&str], over: Over) -> Result<(bool, usize)> {
        let bytes = describe(cfg!(target_endian = "little"), structures, functions);
        let scan = Scan::write(&Btf::parse(&bytes)?, MACHINE, over, Extent::Whole)?;
        let map = scan.wants_cpus;
        Ok((map, scan.instructions(|_| 3)?.len() / 8))
    }

    #[test]
    fn programs_are_written_for_a_kernel_of_today() {
        for over in [Over::Tasks, Over::Steps] {
            let (map, length) = write(&kernel(), &FUNCTIONS, over).expect("written");
            // Old kernels take 4096 instructions.
            assert!(map && (300..4096).contains(&length), "{length}");
        }
    }

    /// Fields without which a kernel does the same in another way, or has nothing to tell.
    const SPARE: [(&str, &str); 6] = [
        ("list_head", "prev"),
        ("bpf_iter__bpf_map_elem", "map"),
        ("bpf_iter__bpf_map_elem", "value"),
        ("nsproxy", "time_ns"),
        ("kthread", "full_name"),
        ("task_struct", "delays"),
    ];

    #[test]
    fn a_kernel_that_lacks_anything_gets_no_program_and_hears_what_is_missing() {
        let whole = kernel();
        for (place, (structure, fields)) in whole.iter().enumerate() {
            for (field, _) in fields.iter().filter(|(field, _)| !["", BEFORE].contains(field)) {
                let mut without = whole.clone();
                without[place].1.retain(|(name, _)| name != field);
                let written =
                    [Over::Tasks, Over::Steps].map(|over| write(&without, &FUNCTIONS, over));
                let errors: Vec<_> = written.iter().filter_map(|one| one.as_ref().err()).collect();
                let spare = SPARE.contains(&(*structure, *field));
                assert_eq!(errors.is_empty(), spare, "{structure}.{field}");
                for error in errors {
                    let text = error.to_string();
                    assert!(text.contains("in this kernel"), "{structure}.{field}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_kernel_without_a_function_that_is_needed_hears_which() {
        for (over, functions, missing) in [
            (Over::Tasks, &FUNCTIONS[1..], "bpf_iter_task"),
            (Over::Steps, &FUNCTIONS[2..], "bpf_iter_bpf_map_elem"),
            (Over::Steps, &FUNCTIONS[..2], "bpf_rdonly_cast"),
        ] {
            let error = write(&kernel(), functions, over).expect_err(missing).to_string();
            assert!(error.contains(missing), "{error}");
        }
    }

    #[test]
    fn older_kernels_get_programs_of_their_own() {
        let tasks = |functions: &[&str]| write(&kernel(), functions, Over::Tasks).expect("written");
        let (_, today) = tasks(&FUNCTIONS);
        // Without types for plain addresses every number is read by a call; shares that do not adjoin, one by one.
        let (_, uncast) = tasks(&[FUNCTIONS[0], FUNCTIONS[3]]);
        let (_, apart) = tasks(&[FUNCTIONS[0], FUNCTIONS[2]]);
        assert!(uncast > today && apart > today, "{uncast} {apart} {today}");
        let (map, length) = write(&old_kernel(), &FUNCTIONS[..1], Over::Tasks).expect("written");
        assert!(!map && length > 300);
    }

    #[test]
    fn sizes_that_are_not_known_get_no_program() {
        for (structure, field, kind) in [
            ("task_struct", "comm", Kind::Many(Box::new(Kind::Number(1)), 32)),
            ("task_struct", "utime", Kind::Many(Box::new(Kind::Number(8)), 2)),
            ("mm_struct", "rss_stat", Kind::Many(Box::new(Kind::Named("percpu_counter")), 5)),
            ("upid", "nr", Kind::Many(Box::new(Kind::Number(8)), 4)),
        ] {
            let mut other = kernel();
            let fields = other.iter_mut().find(|(name, _)| *name == structure).expect("there");
            fields.1.iter_mut().find(|(name, _)| *name == field).expect("there").1 = kind;
            write(&other, &FUNCTIONS, Over::Tasks).expect_err(field);
        }
        let bytes = describe(true, &kernel(), &FUNCTIONS);
        let btf = Btf::parse(&bytes).expect("parses");
        let of = |cpus| Scan::write(&btf, Machine { cpus, ..MACHINE }, Over::Tasks, Extent::Whole);
        of(0).expect_err("no processors");
        of(MOST_CPUS + 1).expect_err("too many processors");
        of(MOST_CPUS).expect("a program for as many as can be");
    }
}
