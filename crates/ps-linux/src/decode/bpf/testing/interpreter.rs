//! A machine that runs BPF programs over made-up memory, for tests.
//!
//! It knows the instructions and the functions of the kernel that the programs use, and is as strict as the kernel,
//! which takes no program that reads a register nobody has set or writes where it has no business.

use std::collections::BTreeMap;

use super::memory::{Memory, bytes_of};

/// One that goes on for longer has no end.
const MOST_INSTRUCTIONS: usize = 100_000;

/// Where a program's stack ends, and how large it is.
const STACK_END: u64 = 0xffff_c900_0000_2000;
const STACK: usize = 512;

/// What others have left on the stack.
pub(in super::super) const LEFT: u8 = 0xa5;

/// A map with one entry, or with one for each processor.
#[derive(Debug)]
pub(in super::super) struct Entries {
    /// Where the map itself is.
    pub(in super::super) map: u64,
    pub(in super::super) entries: Vec<u64>,
}

/// What programs run on.
#[derive(Debug, Default)]
pub(in super::super) struct Interpreter {
    pub(in super::super) memory: Memory,
    /// The task that asks.
    pub(in super::super) current: u64,
    /// Maps by their descriptors.
    pub(in super::super) maps: BTreeMap<i32, Entries>,
    /// Where what programs write is collected, and how much there is space for.
    pub(in super::super) sequence: u64,
    pub(in super::super) written: Vec<u8>,
    pub(in super::super) space: usize,
    /// Whether there was too little of it.
    pub(in super::super) is_full: bool,
    /// The number of `bpf_rdonly_cast`, and the type of what is at an address.
    pub(in super::super) cast: Option<i32>,
    pub(in super::super) types: BTreeMap<u64, u32>,
}

/// An instruction taken apart.
struct Instruction {
    code: u8,
    to: usize,
    from: usize,
    offset: i16,
    number: i32,
}

impl Instruction {
    fn nth(program: &[u8], index: usize) -> Instruction {
        let bytes = program.get(index * 8..).and_then(<[u8]>::first_chunk::<8>);
        let [code, registers, o0, o1, number @ ..] = *bytes.expect("jumps stay in the program");
        let (low, high) = (usize::from(registers & 15), usize::from(registers >> 4));
        let (to, from) = if cfg!(target_endian = "little") { (low, high) } else { (high, low) };
        let offset = i16::from_ne_bytes([o0, o1]);
        Instruction { code, to, from, offset, number: i32::from_ne_bytes(number) }
    }

    /// How wide a load or store is.
    fn size(&self) -> usize {
        match self.code & 0x18 {
            0x00 => 4,
            0x08 => 2,
            0x10 => 1,
            _ => 8,
        }
    }
}

/// The registers; one that nobody has set cannot be read.
struct Registers([Option<u64>; 11]);

impl Registers {
    fn get(&self, index: usize) -> u64 {
        self.0[index].unwrap_or_else(|| panic!("nothing is in R{index}"))
    }

    /// The address that is so far from the one in a register.
    fn address(&self, index: usize, offset: i16) -> u64 {
        self.get(index).wrapping_add_signed(offset.into())
    }
}

impl Interpreter {
    /// Runs a program, and says what it gives back.
    pub(in super::super) fn run(&mut self, program: &[u8], context: u64) -> u64 {
        let stack = STACK_END - u64::try_from(STACK).expect("small");
        self.memory.add(stack, STACK, true);
        self.memory.write(stack, &[LEFT; STACK]);
        let mut registers = Registers([None; 11]);
        registers.0[1] = Some(context);
        registers.0[10] = Some(STACK_END);
        let mut next = 0;
        for _ in 0..MOST_INSTRUCTIONS {
            let line = Instruction::nth(program, next);
            next += 1;
            let Instruction { code, to, from, offset, number } = line;
            let constant = i64::from(number).cast_unsigned();
            let operand = |registers: &Registers| {
                if code & 0x08 == 0 { constant } else { registers.get(from) }
            };
            // The class of an instruction, and what a jump or a computation does.
            match (code & 0x07, code & 0xf0) {
                // BPF_LD, of 64 bits that are in the program
                (0, _) if code == 0x18 => {
                    registers.0[to] = Some(self.map(from, number));
                    next += 1;
                }
                // BPF_LDX
                (1, _) => {
                    let found = self.memory.number(registers.address(from, offset), line.size());
                    registers.0[to] = Some(found);
                }
                // BPF_ST
                (2, _) => {
                    let bytes = bytes_of(constant, line.size());
                    self.memory.store(registers.address(to, offset), &bytes);
                }
                // BPF_STX
                (3, _) => {
                    let bytes = bytes_of(registers.get(from), line.size());
                    self.memory.store(registers.address(to, offset), &bytes);
                }
                // BPF_JMP: BPF_CALL, BPF_EXIT, BPF_JA, and those with a condition
                (5, 0x80) => {
                    registers.0[0] = Some(self.call(from == 2, number, &registers));
                    registers.0[1..=5].fill(None);
                }
                (5, 0x90) => return registers.get(0),
                (5, 0x00) => next = next.wrapping_add_signed(offset.into()),
                (5, when) => {
                    if holds(when, registers.get(to), operand(&registers)) {
                        next = next.wrapping_add_signed(offset.into());
                    }
                }
                // BPF_ALU64: BPF_MOV, and those that combine
                (7, 0xb0) => registers.0[to] = Some(operand(&registers)),
                (7, op) => {
                    registers.0[to] = Some(compute(op, registers.get(to), operand(&registers)));
                }
                _ => panic!("no instruction has the code {code:x}"),
            }
        }
        panic!("it has no end")
    }

    /// Where a map is, or where its only entry is.
    fn map(&self, how: usize, descriptor: i32) -> u64 {
        let found = &self.maps[&descriptor];
        match how {
            1 => found.map,
            2 => found.entries[0],
            _ => panic!("no number of 64 bits is of kind {how}"),
        }
    }

    /// The entry for a processor of the map in `R1` for the key that `R2` points to.
    fn entry(&mut self, registers: &Registers, processor: usize) -> u64 {
        let key = self.memory.number(registers.get(2), 4);
        let found = self.maps.values().find(|one| one.map == registers.get(1)).expect("a map");
        if key == 0 { found.entries.get(processor).copied().unwrap_or(0) } else { 0 }
    }

    /// Functions by their numbers in `<linux/bpf.h>`, or by the numbers of their types.
    fn call(&mut self, by_type: bool, function: i32, registers: &Registers) -> u64 {
        match (by_type, function) {
            // bpf_map_lookup_elem
            (false, 1) => self.entry(registers, 0),
            // bpf_get_current_task
            (false, 35) => self.current,
            // bpf_probe_read_kernel
            (false, 113) => {
                let size = usize::try_from(registers.get(2)).expect("small");
                let found = self.memory.read(registers.get(3), size);
                self.memory.store(registers.get(1), found.as_ref().unwrap_or(&vec![0; size]));
                if found.is_some() { 0 } else { (-14i64).cast_unsigned() }
            }
            // bpf_probe_read_kernel_str
            (false, 115) => {
                let size = usize::try_from(registers.get(2)).expect("small");
                let mut kept = self.memory.text(registers.get(3));
                kept.truncate(size - 1);
                kept.push(0);
                self.memory.store(registers.get(1), &kept);
                u64::try_from(kept.len()).expect("small")
            }
            // bpf_seq_write
            (false, 127) => {
                assert_eq!(registers.get(1), self.sequence, "it is collected elsewhere");
                let size = usize::try_from(registers.get(3)).expect("small");
                let bytes = self.memory.read(registers.get(2), size).expect("its own memory");
                self.is_full |= self.written.len() + size > self.space;
                if self.is_full {
                    return (-75i64).cast_unsigned();
                }
                self.written.extend(bytes);
                0
            }
            // bpf_map_lookup_percpu_elem
            (false, 195) => {
                let processor = usize::try_from(registers.get(3)).expect("small");
                self.entry(registers, processor)
            }
            (true, _) if Some(function) == self.cast => {
                let (address, number) = (registers.get(1), registers.get(2));
                let found = self.types.get(&address).map(|found| u64::from(*found));
                assert_eq!(found, Some(number), "what is at {address:x} is of another type");
                address
            }
            _ => panic!("no function has the number {function}"),
        }
    }
}

fn compute(op: u8, left: u64, right: u64) -> u64 {
    let bits = u32::try_from(right & 63).expect("small");
    match op {
        0x00 => left.wrapping_add(right),
        0x10 => left.wrapping_sub(right),
        0x20 => left.wrapping_mul(right),
        0x50 => left & right,
        0x60 => left << bits,
        0xc0 => (left.cast_signed() >> bits).cast_unsigned(),
        _ => panic!("no operation has the code {op:x}"),
    }
}

fn holds(when: u8, left: u64, right: u64) -> bool {
    match when {
        0x10 => left == right,
        0x30 => left >= right,
        0x40 => left & right != 0,
        0x50 => left != right,
        0xa0 => left < right,
        _ => panic!("no jump has the code {when:x}"),
    }
}
