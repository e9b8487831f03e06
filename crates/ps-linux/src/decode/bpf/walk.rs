//! The part of the program that says which process comes next.
//!
//! The kernel's iterator over tasks passes every thread, too, and from 6.2 there is a shorter way: the kernel links all
//! processes in a ring. The program goes round it, a process at a time, as the iterator over the elements of a map calls
//! it a step at a time. What it has to keep from step to step is kept for each pass in another map.

use ps_core::Result;

use super::asm::{Op, Reg, When, Width};
use super::program::{Map, Over, Writer, distance, find, function, offset, stack};
use super::record::{BRIEF, Extent, IN_STEPS, MAGIC, head};
use crate::decode::malformed;

use Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10};

/// What is kept of a pass from one process to the next.
mod pass {
    /// Whose pass it is: others may have come by the same place.
    pub(super) const SESSION: i16 = 0;
    /// The process it began with, where it ends.
    pub(super) const FIRST: i16 = 8;
    /// The process that was recorded last; 0 at the end.
    pub(super) const LAST: i16 = 16;
    /// When that one started, by which it is known again.
    pub(super) const STARTED: i16 = 24;
    /// The reader's pid namespace, and how deep it is.
    pub(super) const NAMESPACE: i16 = 32;
    pub(super) const LEVEL: i16 = 40;
    pub(super) const SIZE: i32 = 48;
}

/// How many passes there can be at a time, less one. Where there are more, files are read.
const PASSES: i32 = 63;

/// Bytes of the only entry of the map that keeps passes.
pub const PASSES_ENTRY: u32 = 64 * 48;

/// How many steps there are: elements of the map that is iterated over. Of more processes, files are read.
pub const STEPS: u32 = 32_768;

const _: () = assert!((PASSES + 1) * pass::SIZE == PASSES_ENTRY.cast_signed());

impl Writer<'_> {
    /// Before the first task of a pass: the head, and the distances that the map keeps.
    pub(super) fn head(&mut self) -> Result<()> {
        let not_first = self.program.label();
        let meta = find(self.context()?, &["meta"])?;
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
        let over = if self.over == Over::Steps { IN_STEPS } else { 0 };
        let extent = if self.extent() == Extent::Brief { BRIEF } else { 0 };
        self.program.store_number(Width::Word, R10, slot(head::FORM), over + extent);
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
    pub(super) fn leave_out_threads(&mut self) -> Result<()> {
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

    /// Goes on with the next process in the ring; at the first step, with the reader itself.
    pub(super) fn next_in_ring(&mut self) -> Result<()> {
        let (later, body) = (self.program.label(), self.program.label());
        let (end, fail) = (self.program.label(), self.program.label());
        let (stop, close) = (self.program.label(), self.program.label());
        let meta = find(self.context()?, &["meta"])?;
        self.place_of_pass()?;
        self.load(R1, R8, meta)?;
        self.load(R1, R1, self.kernel.field("bpf_iter_meta", "seq_num")?)?;
        self.program.jump_if(When::NotEqual, R1, 0, later);
        self.begin_pass()?;
        self.program.jump(body);

        self.program.here(later);
        self.load(R1, R8, meta)?;
        self.load(R1, R1, self.kernel.field("bpf_iter_meta", "session_id")?)?;
        self.program.load(Width::Double, R2, R7, pass::SESSION);
        self.program.jump_if(When::NotEqual, R1, R2, fail);
        self.program.load(Width::Double, R1, R7, pass::LAST);
        self.program.jump_if(When::Equal, R1, 0, stop);
        // It is in the ring as long as it has not been released, and then what follows it is there, too.
        self.task_at(R1, 0)?;
        self.load(R1, R6, find(self.task, &["start_boottime"])?)?;
        self.program.load(Width::Double, R2, R7, pass::STARTED);
        self.program.jump_if(When::NotEqual, R1, R2, fail);
        let signals = find(self.task, &["sighand"])?;
        self.load(R1, R6, signals)?;
        self.program.jump_if(When::Equal, R1, 0, fail);
        let ring = find(self.task, &["tasks"])?;
        let next = find(self.task, &["tasks.next"])?;
        self.load(R1, R6, next)?;
        self.task_at(R1, -distance(ring)?)?;
        self.program.load(Width::Double, R1, R7, pass::FIRST);
        self.program.jump_if(When::Equal, R6, R1, end);
        // One that is just being released is not there any more at the next step.
        self.load(R1, R6, signals)?;
        self.program.jump_if(When::Equal, R1, 0, self.done);
        self.program.jump(body);

        self.program.here(fail);
        self.clear_record();
        self.doubt();
        self.program.jump(close);
        self.program.here(end);
        self.clear_record();
        self.program.here(close);
        self.emit_record()?;
        self.place_of_pass()?;
        self.program.store_number(Width::Double, R7, pass::LAST, 0);
        self.program.jump(self.done);
        // Nothing is left to be told: what was told is handed out, whatever steps remain.
        self.program.here(stop);
        self.program.set(R0, 1);
        self.program.exit();

        self.program.here(body);
        self.program.load(Width::Double, R9, R7, pass::LEVEL);
        self.program.load(Width::Double, R1, R7, pass::NAMESPACE);
        self.program.store(Width::Double, R10, stack::NAMESPACE, R1);
        self.load(R7, R6, find(self.task, &["signal"])?)
    }

    /// Whom the next step goes on from.
    pub(super) fn step_on(&mut self) -> Result<()> {
        self.place_of_pass()?;
        self.program.store(Width::Double, R7, pass::LAST, R6);
        self.load(R1, R6, find(self.task, &["start_boottime"])?)?;
        self.program.store(Width::Double, R7, pass::STARTED, R1);
        Ok(())
    }

    /// `R7 =` where this pass is kept.
    fn place_of_pass(&mut self) -> Result<()> {
        self.load(R1, R8, find(self.context()?, &["meta"])?)?;
        self.load(R1, R1, self.kernel.field("bpf_iter_meta", "session_id")?)?;
        self.program.compute(Op::And, R1, PASSES);
        self.program.compute(Op::Mul, R1, pass::SIZE);
        self.program.value(R7, Map::Passes);
        self.program.compute(Op::Add, R7, R1);
        Ok(())
    }

    /// `R6 =` the task at the plain address in `from` and some bytes further.
    fn task_at(&mut self, from: Reg, further: i32) -> Result<()> {
        if !self.cast(self.task, from, further)? {
            return Err(self.lacks("bpf_rdonly_cast"));
        }
        self.program.set(R6, R0);
        Ok(())
    }

    /// Keeps what a pass needs, and begins it with the process that reads.
    fn begin_pass(&mut self) -> Result<()> {
        self.program.call(function::CURRENT_TASK);
        self.task_at(R0, 0)?;
        self.load(R6, R6, find(self.task, &["group_leader"])?)?;
        self.load(R1, R8, find(self.context()?, &["meta"])?)?;
        self.load(R1, R1, self.kernel.field("bpf_iter_meta", "session_id")?)?;
        self.program.store(Width::Double, R7, pass::SESSION, R1);
        self.program.store(Width::Double, R7, pass::FIRST, R6);
        self.load(R2, R6, find(self.task, &["thread_pid"])?)?;
        self.load(R9, R2, self.kernel.field("pid", "level")?)?;
        self.program.store(Width::Double, R7, pass::LEVEL, R9);
        let namespace = self.read_number()?;
        self.program.load(Width::Double, R1, R10, stack::READ + offset(namespace)?);
        self.program.store(Width::Double, R7, pass::NAMESPACE, R1);
        Ok(())
    }
}
