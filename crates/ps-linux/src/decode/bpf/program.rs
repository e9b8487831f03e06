//! The program that the kernel runs for each of its tasks, written for the kernel whose types are given.
//!
//! It leaves out threads, and writes a record of each process: see [`super::record`] for the form. What it reads may
//! change under its eyes. So it looks again at what would betray that, and marks the record where it did; whoever reads
//! it asks files then.

use ps_core::Result;

use super::asm::{Label, Op, Program, Reg, When, Width};
use super::btf::{Btf, Field, Structure};
use super::record::{
    IN_POOL, KERNEL_THREAD, MAGIC, NAMED, QUEUE_WORKER, RESCUER, UNSURE, WORKER, WORKING, at, head,
    more,
};
use crate::decode::malformed;

use Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10};

/// Functions of the kernel, by their numbers in `<linux/bpf.h>`.
mod function {
    pub(super) const MAP_LOOKUP: i32 = 1;
    pub(super) const CURRENT_TASK: i32 = 35;
    pub(super) const READ: i32 = 113;
    pub(super) const READ_TEXT: i32 = 115;
    pub(super) const WRITE: i32 = 127;
    pub(super) const MAP_LOOKUP_ON_CPU: i32 = 195;
}

/// Of a process with more threads than this, reading its files costs no more.
const MOST_THREADS: i32 = 64;

/// More processors than this make the program longer than kernels take.
const MOST_CPUS: u32 = 1024;

/// Places on the stack, from its end downwards. Kernels give 512 bytes.
mod stack {
    use super::{at, more};

    pub(super) const RECORD: i16 = -at::SIZE;
    pub(super) const MORE: i16 = RECORD - more::SIZE;
    /// What was read last.
    pub(super) const READ: i16 = MORE - 32;
    /// The reader's pid namespace.
    pub(super) const NAMESPACE: i16 = READ - 8;
    /// The key of the map's only entry.
    pub(super) const KEY: i16 = NAMESPACE - 8;
    /// How many threads were counted.
    pub(super) const COUNT: i16 = KEY - 8;
    /// How often the process's sums had changed.
    pub(super) const CHANGES: i16 = COUNT - 8;
    /// Where each processor's share of the four counters of resident memory is.
    pub(super) const SHARES: i16 = CHANGES - 32;
    const _: () = assert!(SHARES > -512);
}

/// What the map holds for each processor.
mod entry {
    /// How far the processor's own data is from where pointers to such data point.
    pub(super) const DISTANCE: i16 = 0;
    /// Two numbers that the program passes through memory, which makes plain numbers of pointers.
    pub(super) const OWN_ADDRESS: i16 = 8;
    pub(super) const MAP_ADDRESS: i16 = 16;
}

/// Bytes of the map's entry, of which there is one for each processor.
pub const MAP_ENTRY: u32 = 24;

/// A program that is ready but for the map it uses.
#[derive(Clone, Debug)]
pub struct Scan {
    program: Program,
    /// Whether it wants a map with an entry of [`MAP_ENTRY`] bytes for each processor.
    pub wants_map: bool,
    /// The number of the function that it is to stand in for.
    pub function: u32,
}

impl Scan {
    /// Writes the program for a kernel with these types, on a machine that may have so many processors.
    ///
    /// # Errors
    ///
    /// [`Decode`](ps_core::Error::Decode), naming what is missing, if the kernel keeps things in another way than those
    /// this was written for.
    pub fn write(btf: &Btf<'_>, cpus: u32) -> Result<Scan> {
        if cpus == 0 || cpus > MOST_CPUS {
            return Err(malformed("btf", "more processors than a program can go through"));
        }
        let lacks = |name: &str| malformed("btf", format!("no {name} in this kernel"));
        let function = btf.function("bpf_iter_task").ok_or_else(|| lacks("bpf_iter_task"))?;
        let kernel = Kernel { btf };
        let task = kernel.structure("task_struct", "thread_pid")?;
        let signal = kernel.structure("signal_struct", "thread_head")?;
        let mm = kernel.structure("mm_struct", "rss_stat")?;
        let mut program = Program::default();
        let done = program.label();
        let resident = Resident::of(kernel, mm, cpus)?;
        let wants_map = matches!(resident, Resident::Shared { .. });
        let cast = kernel.btf.function("bpf_rdonly_cast").and_then(|id| i32::try_from(id).ok());
        let mut writer = Writer { kernel, program, done, task, signal, mm, resident, cast };
        writer.write()?;
        Ok(Scan { program: writer.program, wants_map, function })
    }

    /// The instructions, with the descriptor of the map in them.
    pub fn instructions(self, map: i32) -> Result<Vec<u8>> {
        self.program.finish(map).ok_or_else(|| malformed("btf", "a program that is too long"))
    }
}

/// The types of a kernel, with an error for what it lacks.
#[derive(Clone, Copy)]
struct Kernel<'b> {
    btf: &'b Btf<'b>,
}

impl<'b> Kernel<'b> {
    fn structure(self, name: &str, field: &str) -> Result<Structure<'b>> {
        let found = self.btf.structure(name, field);
        found.ok_or_else(|| malformed("btf", format!("no {name} with {field} in this kernel")))
    }

    /// A field of a structure that is needed for nothing else.
    fn field(self, name: &str, field: &str) -> Result<Field> {
        find(self.structure(name, field.split('.').next().unwrap_or(field))?, &[field])
    }
}

/// The first of several fields that a structure has: kernels renamed some.
fn find(structure: Structure<'_>, paths: &[&str]) -> Result<Field> {
    paths
        .iter()
        .find_map(|path| structure.field(path))
        .ok_or_else(|| malformed("btf", format!("no {} in this kernel", paths.join(" or "))))
}

fn offset(field: Field) -> Result<i16> {
    i16::try_from(field.offset).map_err(|_| malformed("btf", "a structure that is too large"))
}

fn distance(field: Field) -> Result<i32> {
    i32::try_from(field.offset).map_err(|_| malformed("btf", "a structure that is too large"))
}

/// How a kernel counts resident pages. Kinds of pages are numbered: of files, anonymous, swapped out, shared memory.
enum Resident {
    /// One number for each kind (before 6.2).
    Plain { counts: Field },
    /// A number for each kind, and a share of it on each processor.
    Shared {
        counter: Field,
        size: i16,
        count: Field,
        share: Field,
        cpus: u32,
        table: Field,
        adjoin: bool,
    },
}

impl Resident {
    fn of(kernel: Kernel<'_>, mm: Structure<'_>, cpus: u32) -> Result<Resident> {
        if let Some(counts) = mm.field("rss_stat.count") {
            return match counts.size {
                32 => Ok(Resident::Plain { counts }),
                _ => Err(malformed("btf", "other kinds of resident memory")),
            };
        }
        let each = kernel.structure("percpu_counter", "counters")?;
        let counter = find(mm, &["rss_stat"])?;
        let size = each.size().filter(|size| size.checked_mul(4) == Some(counter.size));
        let size = size.and_then(|size| i16::try_from(size).ok());
        Ok(Resident::Shared {
            counter,
            size: size.ok_or_else(|| malformed("btf", "other kinds of resident memory"))?,
            count: find(each, &["count"])?,
            share: find(each, &["counters"])?,
            cpus,
            table: kernel.field("bpf_array", "pptrs")?,
            // Since then (6.6), the shares of the four lie side by side.
            adjoin: kernel.btf.function("__percpu_counter_init_many").is_some(),
        })
    }
}

/// Registers while a process is read: `R6` the task, `R7` what its threads share and later its memory, `R8` the context,
/// `R9` how deep the reader's pid namespace is and later what is gone through.
struct Writer<'b> {
    kernel: Kernel<'b>,
    program: Program,
    done: Label,
    task: Structure<'b>,
    signal: Structure<'b>,
    mm: Structure<'b>,
    resident: Resident,
    /// A function that gives a plain address a type (from 6.2), which makes reading there a mere instruction.
    cast: Option<i32>,
}

impl Writer<'_> {
    fn write(&mut self) -> Result<()> {
        let context = self.kernel.structure("bpf_iter__task", "task")?;
        self.program.set(R8, R1);
        self.load(R6, R8, find(context, &["task"])?)?;
        self.program.jump_if(When::Equal, R6, 0, self.done);
        self.program.store_number(Width::Double, R10, stack::KEY, 0);
        self.head()?;
        self.leave_out_threads()?;
        for slot in (0..at::SIZE).step_by(8) {
            self.program.store_number(Width::Double, R10, stack::RECORD + slot, 0);
        }
        self.task()?;
        self.numbers()?;
        self.terminal()?;
        self.times()?;
        self.users()?;
        self.memory()?;
        self.emit(stack::RECORD, at::SIZE)?;
        self.name_of_kernel_thread()?;
        self.program.here(self.done);
        self.program.set(R0, 0);
        self.program.exit();
        Ok(())
    }

    /// `to = from->field`.
    fn load(&mut self, to: Reg, from: Reg, field: Field) -> Result<()> {
        let width =
            Width::of(field.size).ok_or_else(|| malformed("btf", "a field that is no number"))?;
        self.program.load(width, to, from, offset(field)?);
        Ok(())
    }

    /// Puts a number into the record.
    fn keep(&mut self, width: Width, slot: i16, from: Reg) {
        self.program.store(width, R10, stack::RECORD + slot, from);
    }

    /// Puts a field into the record.
    fn copy(&mut self, width: Width, slot: i16, from: Reg, field: Field) -> Result<()> {
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
    fn read(&mut self, to: i16, size: i32) {
        self.program.set(R1, R10);
        self.program.compute(Op::Add, R1, i32::from(to));
        self.program.set(R2, size);
        self.program.call(function::READ);
    }

    /// `R3 = *(R3 + field)`, a pointer as a plain number.
    fn follow(&mut self, field: Field) -> Result<()> {
        self.program.compute(Op::Add, R3, distance(field)?);
        self.read(stack::READ, 8);
        self.program.load(Width::Double, R3, R10, stack::READ);
        Ok(())
    }

    fn doubt(&mut self) {
        self.program.store_number(Width::Word, R10, stack::RECORD + at::DOUBT, 1);
    }

    /// `R1 =` where the kernel collects what is written.
    fn sequence(&mut self) -> Result<()> {
        let meta = self.kernel.field("bpf_iter__task", "meta")?;
        let sequence = self.kernel.field("bpf_iter_meta", "seq")?;
        self.load(R1, R8, meta)?;
        self.load(R1, R1, sequence)
    }

    /// Writes out a part of the stack.
    fn emit(&mut self, from: i16, size: i16) -> Result<()> {
        self.sequence()?;
        self.program.set(R2, R10);
        self.program.compute(Op::Add, R2, i32::from(from));
        self.program.set(R3, i32::from(size));
        self.program.call(function::WRITE);
        Ok(())
    }

    /// Before the first task of a pass: the head, and the distances that the map keeps.
    fn head(&mut self) -> Result<()> {
        let not_first = self.program.label();
        let meta = self.kernel.field("bpf_iter__task", "meta")?;
        let number = self.kernel.field("bpf_iter_meta", "seq_num")?;
        self.load(R1, R8, meta)?;
        self.load(R1, R1, number)?;
        self.program.jump_if(When::NotEqual, R1, 0, not_first);
        self.distances()?;
        let slot = |at: i16| stack::MORE + at;
        for at in (0..head::SIZE).step_by(8) {
            self.program.store_number(Width::Double, R10, slot(at), 0);
        }
        // A number of 64 bits in halves.
        for (half, byte) in [(0, head::MAGIC), (4, head::MAGIC + 4)] {
            let bytes = MAGIC.to_ne_bytes();
            let four = bytes.get(half..half + 4).and_then(<[u8]>::first_chunk);
            let four = i32::from_ne_bytes(*four.unwrap_or(&[0; 4]));
            self.program.store_number(Width::Word, R10, slot(byte), four);
        }
        let credentials = find(self.task, &["cred"])?;
        self.program.call(function::CURRENT_TASK);
        self.program.set(R9, R0);
        self.program.set(R3, R9);
        self.follow(credentials)?;
        self.follow(self.kernel.field("cred", "user_ns")?)?;
        self.program.compute(Op::Add, R3, distance(self.kernel.field("user_namespace", "level")?)?);
        self.read(slot(head::USER_LEVEL), 4);
        // Kernels without namespaces of time have no clocks that are ahead.
        let namespaces = self.kernel.structure("nsproxy", "pid_ns_for_children")?;
        if let Some(time) = namespaces.field("time_ns") {
            let ahead = self.kernel.field("time_namespace", "offsets.boottime.tv_sec")?;
            let rest = self.kernel.field("time_namespace", "offsets.boottime.tv_nsec")?;
            if (ahead.size, rest.size, ahead.offset + 8) != (8, 8, rest.offset) {
                return Err(malformed("btf", "times of another form"));
            }
            self.program.set(R3, R9);
            self.follow(find(self.task, &["nsproxy"])?)?;
            self.follow(time)?;
            self.program.compute(Op::Add, R3, distance(ahead)?);
            self.read(slot(head::SECONDS), 16);
        }
        self.emit(stack::MORE, head::SIZE)?;
        self.program.here(not_first);
        Ok(())
    }

    /// Goes on with the first thread of a process that is not being released, and at the process's own number in the
    /// reader's pid namespace.
    fn leave_out_threads(&mut self) -> Result<()> {
        let leads = find(self.task, &["exit_signal"])?;
        self.load(R1, R6, leads)?;
        // Threads have a negative one.
        self.program.compute(Op::ShiftLeft, R1, 32);
        self.program.compute(Op::ShiftRight, R1, 63);
        self.program.jump_if(When::NotEqual, R1, 0, self.done);
        self.load(R1, R6, find(self.task, &["sighand"])?)?;
        self.program.jump_if(When::Equal, R1, 0, self.done);
        self.load(R7, R6, find(self.task, &["signal"])?)?;
        // The namespace that the iterator was opened in.
        self.sequence()?;
        self.load(R3, R1, self.kernel.field("seq_file", "private")?)?;
        let private = self.kernel.structure("bpf_iter_seq_task_info", "common")?;
        let namespace = find(private, &["common.ns"])?;
        let level = self.kernel.field("pid_namespace", "level")?;
        if self.cast(private, R3, 0)? {
            self.load(R3, R0, namespace)?;
            self.program.store(Width::Double, R10, stack::NAMESPACE, R3);
            return self.load(R9, R3, level);
        }
        self.follow(namespace)?;
        self.program.store(Width::Double, R10, stack::NAMESPACE, R3);
        self.program.compute(Op::Add, R3, distance(level)?);
        self.read(stack::READ, 4);
        self.program.load(Width::Word, R9, R10, stack::READ);
        Ok(())
    }

    /// `R0 =` a structure at the plain address in `from` and some bytes further; false if this kernel cannot do that.
    fn cast(&mut self, structure: Structure<'_>, from: Reg, further: i32) -> Result<bool> {
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

    /// Its own number and those of its parent, group and session.
    fn numbers(&mut self) -> Result<()> {
        let pids = find(self.signal, &["pids"])?;
        // Process, group, session: the kernel keeps them in this order, behind the thread's.
        let [process, group, session] =
            [1, 2, 3].map(|index| Field { offset: pids.offset + 8 * index, size: 8 });
        self.load(R2, R6, find(self.task, &["thread_pid"])?)?;
        self.number(at::PID)?;
        self.load(R2, R6, find(self.task, &["real_parent"])?)?;
        self.load(R2, R2, find(self.task, &["signal"])?)?;
        self.load(R2, R2, process)?;
        self.number(at::PARENT)?;
        self.load(R2, R7, group)?;
        self.number(at::GROUP)?;
        self.load(R2, R7, session)?;
        self.number(at::SESSION)
    }

    /// Keeps the number that the `struct pid` in `R2` has in the namespace of the reader, if it has one.
    fn number(&mut self, slot: i16) -> Result<()> {
        let pid = self.kernel.structure("pid", "numbers")?;
        let each = self.kernel.structure("upid", "nr")?;
        let (numbers, level) = (find(pid, &["numbers"])?, find(pid, &["level"])?);
        let (number, namespace) = (find(each, &["nr"])?, find(each, &["ns"])?);
        let size = each.size().and_then(|size| i32::try_from(size).ok()).filter(|size| *size <= 32);
        let size = size.ok_or_else(|| malformed("btf", "longer numbers of processes"))?;
        let (deep, none) = (self.program.label(), self.program.label());
        self.program.jump_if(When::Equal, R2, 0, none);
        self.program.jump_if(When::NotEqual, R9, 0, deep);
        let first = Field { offset: numbers.offset + number.offset, size: number.size };
        self.copy(Width::Word, slot, R2, first)?;
        self.program.jump(none);
        self.program.here(deep);
        self.load(R1, R2, level)?;
        self.program.jump_if(When::Less, R1, R9, none);
        // There are at most 32 levels; the kernel wants to be sure of it.
        self.program.set(R3, R9);
        self.program.compute(Op::And, R3, 63);
        self.program.compute(Op::Mul, R3, size);
        self.program.compute(Op::Add, R3, R2);
        self.program.compute(Op::Add, R3, distance(numbers)?);
        self.read(stack::READ, size);
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
        self.program.load(Word, R1, R10, stack::RECORD + at::THREADS);
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
    fn add(&mut self, slot: i16) {
        self.program.load(Width::Double, R2, R10, stack::RECORD + slot);
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

    fn memory(&mut self) -> Result<()> {
        let (none, same) = (self.program.label(), self.program.label());
        self.program.load(Width::Word, R1, R10, stack::RECORD + at::FLAGS);
        // A thread of the kernel may be visiting another's.
        self.program.jump_if(When::AnyBit, R1, KERNEL_THREAD, none);
        let memory = find(self.task, &["mm"])?;
        self.load(R7, R6, memory)?;
        self.program.jump_if(When::Equal, R7, 0, none);
        let fields: &[(Width, i16, &[&str])] = &[
            (Width::Double, at::PAGES, &["total_vm"]),
            (Width::Double, at::PAGES + 8, &["data_vm"]),
            (Width::Double, at::PAGES + 16, &["stack_vm"]),
            (Width::Double, at::CODE, &["start_code"]),
            (Width::Double, at::CODE + 8, &["end_code"]),
        ];
        self.copy_all(R7, self.mm, fields)?;
        self.resident()?;
        // While a process still has its memory, that was its own all the time.
        self.load(R1, R6, memory)?;
        self.program.jump_if(When::Equal, R1, R7, same);
        self.doubt();
        self.program.here(same);
        self.program.here(none);
        Ok(())
    }

    fn resident(&mut self) -> Result<()> {
        match self.resident {
            Resident::Plain { counts } => {
                for (slot, kind) in KINDS {
                    let one = Field { offset: counts.offset + 8 * kind, size: 8 };
                    self.copy(Width::Double, slot, R7, one)?;
                }
                Ok(())
            }
            Resident::Shared { counter, size, count, share, cpus, adjoin, .. } => {
                let of = |kind: u32, field: Field| Field {
                    offset: counter.offset + kind * u32::from(size.unsigned_abs()) + field.offset,
                    size: field.size,
                };
                for (slot, kind) in KINDS {
                    self.copy(Width::Double, slot, R7, of(kind, count))?;
                }
                for (place, kind) in (stack::SHARES..).step_by(8).zip(0..4) {
                    self.load(R1, R7, of(kind, share))?;
                    self.program.store(Width::Double, R10, place, R1);
                }
                self.shares(cpus, adjoin)
            }
        }
    }

    /// Adds what each processor holds of each kind of pages.
    fn shares(&mut self, cpus: u32, adjoin: bool) -> Result<()> {
        let cpus = i32::try_from(cpus).map_err(|_| malformed("btf", "too many processors"))?;
        if adjoin {
            // The last of the four lies three numbers behind the first.
            let adjoins = self.program.label();
            self.program.load(Width::Double, R1, R10, stack::SHARES);
            self.program.load(Width::Double, R2, R10, stack::SHARES + 24);
            self.program.compute(Op::Add, R1, 12);
            self.program.jump_if(When::Equal, R1, R2, adjoins);
            self.doubt();
            self.program.here(adjoins);
        }
        let (again, end) = (self.program.label(), self.program.label());
        self.program.set(R9, 0);
        self.program.here(again);
        self.program.jump_if(When::AtLeast, R9, cpus, end);
        self.entry_of_cpu(end);
        // Kept where the kernel keeps it across calls: the stack.
        self.program.load(Width::Double, R1, R0, entry::DISTANCE);
        self.program.store(Width::Double, R10, stack::COUNT, R1);
        if adjoin {
            self.share(stack::SHARES, 16);
            for (slot, kind) in KINDS {
                self.add_signed(slot, i16::try_from(kind).unwrap_or(0) * 4);
            }
        } else {
            for (slot, kind) in KINDS {
                self.share(stack::SHARES + i16::try_from(kind).unwrap_or(0) * 8, 4);
                self.add_signed(slot, 0);
            }
        }
        self.program.compute(Op::Add, R9, 1);
        self.program.jump(again);
        self.program.here(end);
        Ok(())
    }

    /// Reads a processor's share, whose distance is in `stack::COUNT`.
    fn share(&mut self, place: i16, size: i32) {
        self.program.load(Width::Double, R3, R10, place);
        self.program.load(Width::Double, R1, R10, stack::COUNT);
        self.program.compute(Op::Add, R3, R1);
        self.read(stack::READ, size);
    }

    /// Adds a number of 32 bits with a sign, of those read last, to a number of the record.
    fn add_signed(&mut self, slot: i16, from: i16) {
        self.program.load(Width::Word, R1, R10, stack::READ + from);
        self.program.compute(Op::ShiftLeft, R1, 32);
        self.program.compute(Op::ShiftRight, R1, 32);
        self.add(slot);
    }

    /// `R0 =` the map's entry for the processor in `R9`; goes to `none` if there is none.
    fn entry_of_cpu(&mut self, none: Label) {
        self.program.map(R1);
        self.program.set(R2, R10);
        self.program.compute(Op::Add, R2, i32::from(stack::KEY));
        self.program.set(R3, R9);
        self.program.call(function::MAP_LOOKUP_ON_CPU);
        self.program.jump_if(When::Equal, R0, 0, none);
    }

    /// Finds out how far each processor's data is from where pointers point: the map's own entries are such data, and
    /// where the kernel keeps the pointer to them is known.
    ///
    /// Every reader finds the same, so that it does no harm if two do so at a time.
    fn distances(&mut self) -> Result<()> {
        let Resident::Shared { cpus, table, .. } = self.resident else { return Ok(()) };
        let cpus = i32::try_from(cpus).map_err(|_| malformed("btf", "too many processors"))?;
        let (again, end) = (self.program.label(), self.program.label());
        self.program.map(R1);
        self.program.set(R2, R10);
        self.program.compute(Op::Add, R2, i32::from(stack::KEY));
        self.program.call(function::MAP_LOOKUP);
        self.program.jump_if(When::Equal, R0, 0, end);
        self.program.map(R1);
        self.program.store(Width::Double, R0, entry::MAP_ADDRESS, R1);
        self.program.load(Width::Double, R3, R0, entry::MAP_ADDRESS);
        self.follow(Field { offset: table.offset, size: 8 })?;
        self.program.store(Width::Double, R10, stack::SHARES, R3);
        self.program.set(R9, 0);
        self.program.here(again);
        self.program.jump_if(When::AtLeast, R9, cpus, end);
        self.entry_of_cpu(end);
        self.program.store(Width::Double, R0, entry::OWN_ADDRESS, R0);
        self.program.load(Width::Double, R1, R0, entry::OWN_ADDRESS);
        self.program.load(Width::Double, R2, R10, stack::SHARES);
        self.program.compute(Op::Sub, R1, R2);
        self.program.store(Width::Double, R0, entry::DISTANCE, R1);
        self.program.compute(Op::Add, R9, 1);
        self.program.jump(again);
        self.program.here(end);
        Ok(())
    }

    /// Behind the record of a thread of the kernel, what its name is made of.
    fn name_of_kernel_thread(&mut self) -> Result<()> {
        let thread = self.kernel.structure("kthread", "data")?;
        self.program.load(Width::Word, R1, R10, stack::RECORD + at::FLAGS);
        self.program.compute(Op::And, R1, KERNEL_THREAD);
        self.program.jump_if(When::Equal, R1, 0, self.done);
        for slot in (0..more::SIZE).step_by(8) {
            self.program.store_number(Width::Double, R10, stack::MORE + slot, 0);
        }
        let (write, no_worker) = (self.program.label(), self.program.label());
        // Before 5.17, such threads kept it where others have an address of their own.
        self.load(R7, R6, find(self.task, &["worker_private", "set_child_tid"])?)?;
        self.program.jump_if(When::Equal, R7, 0, write);
        self.program.load(Width::Word, R1, R10, stack::RECORD + at::FLAGS);
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
        self.program.load(Width::Word, R1, R10, stack::MORE + more::KIND);
        self.program.compute(Op::Add, R1, kind);
        self.program.store(Width::Word, R10, stack::MORE + more::KIND, R1);
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

/// Kinds of resident pages as the kernel numbers them: of files, anonymous, shared memory.
const KINDS: [(i16, u32); 3] = [(at::RESIDENT, 0), (at::RESIDENT + 8, 1), (at::RESIDENT + 16, 3)];

#[cfg(test)]
mod tests {
    use super::super::testing::{Kind, describe};
    use super::*;

    type Fields = Vec<(&'static str, Kind)>;

    fn numbers(size: u32, names: &[&'static str]) -> Fields {
        names.iter().map(|name| (*name, Kind::Number(size))).collect()
    }

    fn pointers(names: &[&'static str]) -> Fields {
        names.iter().map(|name| (*name, Kind::Pointer)).collect()
    }

    fn named(name: &'static str, of: &'static str) -> Fields {
        vec![(name, Kind::Named(of))]
    }

    fn many(name: &'static str, of: Kind, count: u32) -> Fields {
        vec![(name, Kind::Many(Box::new(of), count))]
    }

    /// A kernel like those of today.
    fn kernel() -> Vec<(&'static str, Fields)> {
        let counter = "percpu_counter";
        vec![
            ("list_head", pointers(&["next", "prev"])),
            ("bpf_iter__task", pointers(&["meta", "task"])),
            (
                "bpf_iter_meta",
                [pointers(&["seq"]), numbers(8, &["session_id", "seq_num"])].concat(),
            ),
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
                [
                    numbers(4, &["uid", "gid", "suid", "sgid", "euid", "egid"]),
                    pointers(&["user_ns"]),
                ]
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
                [
                    pointers(&["current_work", "pool", "rescue_wq"]),
                    many("desc", Kind::Number(1), 32),
                ]
                .concat(),
            ),
            ("workqueue_struct", many("name", Kind::Number(1), 32)),
            ("bpf_array", vec![("", Kind::Nameless(many("pptrs", Kind::Pointer, 0)))]),
        ]
    }

    const FUNCTIONS: [&str; 3] = ["bpf_iter_task", "bpf_rdonly_cast", "__percpu_counter_init_many"];

    fn write(structures: &[(&'static str, Fields)], functions: &[&str]) -> Result<(bool, usize)> {
        let bytes = describe(cfg!(target_endian = "little"), structures, functions);
        let scan = Scan::write(&Btf::parse(&bytes)?, 2)?;
        let map = scan.wants_map;
        Ok((map, scan.instructions(3)?.len() / 8))
    }

    #[test]
    fn a_program_is_written_for_a_kernel_of_today() {
        let (map, length) = write(&kernel(), &FUNCTIONS).expect("written");
        // Old kernels take 4096 instructions.
        assert!(map && (300..4096).contains(&length), "{length}");
    }

    /// Fields without which a kernel does the same in another way, or has nothing to tell.
    const SPARE: [(&str, &str); 5] = [
        ("bpf_iter_meta", "session_id"),
        ("list_head", "prev"),
        ("nsproxy", "time_ns"),
        ("kthread", "full_name"),
        ("task_struct", "delays"),
    ];

    #[test]
    fn a_kernel_that_lacks_anything_gets_no_program_and_hears_what_is_missing() {
        let whole = kernel();
        for (place, (structure, fields)) in whole.iter().enumerate() {
            for (field, _) in fields.iter().filter(|(field, _)| !field.is_empty()) {
                let mut without = whole.clone();
                without[place].1.retain(|(name, _)| name != field);
                let written = write(&without, &FUNCTIONS);
                if SPARE.contains(&(*structure, *field)) {
                    written.expect("it can do without");
                    continue;
                }
                let error = written.expect_err(field).to_string();
                assert!(error.contains("in this kernel"), "{structure}.{field}: {error}");
            }
        }
        let error = write(&whole, &["bpf_rdonly_cast"]).expect_err("nothing to stand in for");
        assert!(error.to_string().contains("bpf_iter_task"), "{error}");
    }

    #[test]
    fn older_kernels_get_programs_of_their_own() {
        let (_, today) = write(&kernel(), &FUNCTIONS).expect("written");
        // Without types for plain addresses every number is read by a call; shares that do not adjoin, one by one.
        let (_, uncast) = write(&kernel(), &[FUNCTIONS[0], FUNCTIONS[2]]).expect("written");
        let (_, apart) = write(&kernel(), &[FUNCTIONS[0], FUNCTIONS[1]]).expect("written");
        assert!(uncast > today && apart > today, "{uncast} {apart} {today}");
        let mut old = kernel();
        for (name, fields) in &mut old {
            match *name {
                "mm_struct" => {
                    fields.retain(|(name, _)| *name != "rss_stat");
                    let counts = many("count", Kind::Number(8), 4);
                    fields.push(("rss_stat", Kind::Nameless(counts)));
                }
                "task_struct" => {
                    for (name, _) in fields.iter_mut() {
                        *name = match *name {
                            "__state" => "state",
                            "thread_info" => "cpu",
                            "worker_private" => "set_child_tid",
                            other => other,
                        };
                    }
                    let cpu = fields.iter_mut().find(|(name, _)| *name == "cpu");
                    cpu.expect("renamed").1 = Kind::Number(4);
                }
                _ => {}
            }
        }
        let (map, length) = write(&old, &FUNCTIONS[..1]).expect("written");
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
            write(&other, &FUNCTIONS).expect_err(field);
        }
        let bytes = describe(true, &kernel(), &FUNCTIONS);
        let btf = Btf::parse(&bytes).expect("parses");
        for cpus in [0, MOST_CPUS + 1] {
            Scan::write(&btf, cpus).expect_err("processors");
        }
    }
}
