//! The part of the program that reads resident memory: exact, as `/proc/PID/statm` tells it.
//!
//! From 6.2, each processor has a share of each number, which is found as the kernel finds it: by a distance from where
//! the pointer to it points, which differs from processor to processor.

use ps_core::Result;

use super::asm::{Label, Op, Reg, When, Width};
use super::btf::{Field, Structure};
use super::program::{Kernel, Map, Writer, distance, find, function, stack};
use super::record::at;
use crate::decode::malformed;

use Reg::{R0, R1, R2, R3, R7, R9, R10};

/// More processors than this make the program longer than kernels take.
pub(super) const MOST_CPUS: u32 = 1024;

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

/// How a kernel counts resident pages. Kinds of pages are numbered: of files, anonymous, swapped out, shared memory.
#[derive(Clone, Copy)]
pub(super) enum Resident {
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
    pub(super) fn of(kernel: Kernel<'_>, mm: Structure<'_>, cpus: u32) -> Result<Resident> {
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

impl Resident {
    /// Where the number of a kind of pages is, but for the processors' shares of it.
    pub(super) fn count(self, kind: u32) -> Option<Field> {
        match self {
            Resident::Plain { .. } => None,
            Resident::Shared { counter, size, count, .. } => Some(part(counter, size, kind, count)),
        }
    }
}

/// Where the counter of a kind has something.
fn part(counter: Field, size: i16, kind: u32, field: Field) -> Field {
    let offset = counter.offset + kind * u32::from(size.unsigned_abs()) + field.offset;
    Field { offset, ..field }
}

impl Writer<'_> {
    pub(super) fn resident(&mut self, resident: Resident) -> Result<()> {
        match resident {
            Resident::Plain { counts } => {
                // Kernels that count so do not see through the names of the types of these numbers: they are read as
                // plain memory.
                self.program.set(R3, R7);
                self.program.compute(Op::Add, R3, distance(counts)?);
                self.read(stack::SHARES, 32);
                for (place, kind) in (stack::SHARES..).step_by(8).zip(0..4) {
                    let Some((slot, _)) = KINDS.iter().find(|(_, one)| *one == kind) else {
                        continue;
                    };
                    self.program.load(Width::Double, R1, R10, place);
                    self.keep(Width::Double, *slot, R1);
                }
                Ok(())
            }
            Resident::Shared { counter, size, count, share, cpus, adjoin, .. } => {
                let of = |kind, field| part(counter, size, kind, field);
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
        self.program.map(R1, Map::Cpus);
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
    pub(super) fn distances(&mut self) -> Result<()> {
        let Some(Resident::Shared { cpus, table, .. }) = self.resident else { return Ok(()) };
        let cpus = i32::try_from(cpus).map_err(|_| malformed("btf", "too many processors"))?;
        let (again, end) = (self.program.label(), self.program.label());
        self.program.map(R1, Map::Cpus);
        self.program.set(R2, R10);
        self.program.compute(Op::Add, R2, i32::from(stack::KEY));
        self.program.call(function::MAP_LOOKUP);
        self.program.jump_if(When::Equal, R0, 0, end);
        self.program.map(R1, Map::Cpus);
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
}

/// Kinds of resident pages as the kernel numbers them: of files, anonymous, shared memory.
const KINDS: [(i16, u32); 3] = [(at::RESIDENT, 0), (at::RESIDENT + 8, 1), (at::RESIDENT + 16, 3)];
