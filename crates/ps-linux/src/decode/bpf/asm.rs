//! Instructions of the kernel's BPF machine, with labels to jump to.

use super::program::Map;

/// A register. The kernel keeps `R6` to `R9` across calls; `R10` is the end of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_enums)]
pub enum Reg {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
}

/// How wide a load or store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_enums)]
pub enum Width {
    Byte,
    Half,
    Word,
    Double,
}

impl Width {
    /// The one of so many bytes.
    #[must_use]
    pub fn of(size: u32) -> Option<Width> {
        Some(match size {
            1 => Width::Byte,
            2 => Width::Half,
            4 => Width::Word,
            8 => Width::Double,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Width::Word => 0x00,
            Width::Half => 0x08,
            Width::Byte => 0x10,
            Width::Double => 0x18,
        }
    }
}

/// What two registers, or a register and a number, are combined by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_enums)]
pub enum Op {
    Add,
    Sub,
    Mul,
    And,
    ShiftLeft,
    /// With the sign kept.
    ShiftRight,
    Move,
}

impl Op {
    fn bits(self) -> u8 {
        match self {
            Op::Add => 0x00,
            Op::Sub => 0x10,
            Op::Mul => 0x20,
            Op::And => 0x50,
            Op::ShiftLeft => 0x60,
            Op::Move => 0xb0,
            Op::ShiftRight => 0xc0,
        }
    }
}

/// When a jump is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_enums)]
pub enum When {
    Equal,
    NotEqual,
    /// Of numbers without a sign.
    Less,
    /// Of numbers without a sign.
    AtLeast,
    /// They have a bit in common.
    AnyBit,
}

impl When {
    fn bits(self) -> u8 {
        match self {
            When::Equal => 0x10,
            When::AtLeast => 0x30,
            When::AnyBit => 0x40,
            When::NotEqual => 0x50,
            When::Less => 0xa0,
        }
    }
}

/// The second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_enums)]
pub enum With {
    Reg(Reg),
    Number(i32),
}

impl From<Reg> for With {
    fn from(reg: Reg) -> With {
        With::Reg(reg)
    }
}

impl From<i32> for With {
    fn from(number: i32) -> With {
        With::Number(number)
    }
}

/// A place to jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// One instruction: code, registers, offset, number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instruction {
    code: u8,
    to: Reg,
    from: Reg,
    offset: i16,
    number: i32,
}

impl Instruction {
    /// As the kernel of a machine with this byte order takes it.
    fn bytes(self, little: bool) -> [u8; 8] {
        let (to, from) = (self.to as u8, self.from as u8);
        // Four bits each, in the order in which the compiler of C packs them.
        let (high, low, [o0, o1], [n0, n1, n2, n3]) = if little {
            (from, to, self.offset.to_le_bytes(), self.number.to_le_bytes())
        } else {
            (to, from, self.offset.to_be_bytes(), self.number.to_be_bytes())
        };
        [self.code, join(high << 4, low), o0, o1, n0, n1, n2, n3]
    }
}

/// What is made of two parts, each of which has bits of its own.
fn join(one: u8, other: u8) -> u8 {
    one | other
}

/// A program while it is being written.
#[derive(Clone, Debug, Default)]
pub struct Program {
    lines: Vec<Instruction>,
    /// Where labels stand; `None` while they are only jumped to.
    places: Vec<Option<usize>>,
    /// Lines that jump, and where to.
    jumps: Vec<(usize, Label)>,
    /// Lines that name a map.
    maps: Vec<(usize, Map)>,
}

impl Program {
    fn push(&mut self, code: u8, to: Reg, from: Reg, offset: i16, number: i32) {
        self.lines.push(Instruction { code, to, from, offset, number });
    }

    /// A label that stands nowhere yet.
    pub fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// Puts a label before the next instruction.
    pub fn here(&mut self, label: Label) {
        let here = self.lines.len();
        if let Some(place) = self.places.get_mut(label.0) {
            *place = Some(here);
        }
    }

    /// `to = to op with`, in 64 bits.
    pub fn compute(&mut self, op: Op, to: Reg, with: impl Into<With>) {
        match with.into() {
            With::Reg(from) => self.push(join(0x0f, op.bits()), to, from, 0, 0),
            With::Number(number) => self.push(join(0x07, op.bits()), to, Reg::R0, 0, number),
        }
    }

    /// `to = with`.
    pub fn set(&mut self, to: Reg, with: impl Into<With>) {
        self.compute(Op::Move, to, with);
    }

    /// `to = from[offset]`, the rest of `to` being zero.
    pub fn load(&mut self, width: Width, to: Reg, from: Reg, offset: i16) {
        self.push(join(0x61, width.bits()), to, from, offset, 0);
    }

    /// `to[offset] = from`.
    pub fn store(&mut self, width: Width, to: Reg, offset: i16, from: Reg) {
        self.push(join(0x63, width.bits()), to, from, offset, 0);
    }

    /// `to[offset] = number`.
    pub fn store_number(&mut self, width: Width, to: Reg, offset: i16, number: i32) {
        self.push(join(0x62, width.bits()), to, Reg::R0, offset, number);
    }

    /// Goes on at a label.
    pub fn jump(&mut self, label: Label) {
        self.jumps.push((self.lines.len(), label));
        self.push(0x05, Reg::R0, Reg::R0, 0, 0);
    }

    /// Goes on at a label if 64 bits compare so.
    pub fn jump_if(&mut self, when: When, left: Reg, right: impl Into<With>, label: Label) {
        self.jumps.push((self.lines.len(), label));
        match right.into() {
            With::Reg(right) => self.push(join(0x0d, when.bits()), left, right, 0, 0),
            With::Number(number) => self.push(join(0x05, when.bits()), left, Reg::R0, 0, number),
        }
    }

    /// Calls a function of the kernel by its number: `R1` to `R5` in, `R0` out.
    pub fn call(&mut self, function: i32) {
        self.push(0x85, Reg::R0, Reg::R0, 0, function);
    }

    /// Calls a function of the kernel by the number of its type.
    pub fn call_by_type(&mut self, function: i32) {
        self.push(0x85, Reg::R0, Reg::R2, 0, function);
    }

    /// `to = a map`, of which only the [end](Program::finish) says which it is.
    pub fn map(&mut self, to: Reg, map: Map) {
        // The number is two instructions long; R1 says that it is the descriptor of a map.
        self.push_map(to, Reg::R1, map);
    }

    /// `to =` where the value of a map's only entry begins.
    pub fn value(&mut self, to: Reg, map: Map) {
        self.push_map(to, Reg::R2, map);
    }

    fn push_map(&mut self, to: Reg, how: Reg, map: Map) {
        self.maps.push((self.lines.len(), map));
        self.push(0x18, to, how, 0, 0);
        self.push(0x00, Reg::R0, Reg::R0, 0, 0);
    }

    /// Ends; `R0` is the result.
    pub fn exit(&mut self) {
        self.push(0x95, Reg::R0, Reg::R0, 0, 0);
    }

    /// The instructions as the kernel of this machine takes them, eight bytes each. `None` if a label stands nowhere
    /// or too far away.
    #[must_use]
    pub fn finish(mut self, descriptor: impl Fn(Map) -> i32) -> Option<Vec<u8>> {
        for (line, label) in self.jumps {
            let target = i64::try_from((*self.places.get(label.0)?)?).ok()?;
            let next = i64::try_from(line).ok()? + 1;
            self.lines.get_mut(line)?.offset = i16::try_from(target - next).ok()?;
        }
        for (line, map) in self.maps {
            self.lines.get_mut(line)?.number = descriptor(map);
        }
        let little = cfg!(target_endian = "little");
        Some(self.lines.iter().flat_map(|line| line.bytes(little)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers are what assemblers of LLVM print for the same instructions.
    #[test]
    #[cfg(target_endian = "little")]
    fn instructions_are_packed_as_the_kernel_reads_them() {
        let mut program = Program::default();
        let end = program.label();
        program.load(Width::Double, Reg::R6, Reg::R1, 8);
        program.jump_if(When::Equal, Reg::R6, 0, end);
        program.load(Width::Word, Reg::R2, Reg::R6, 0x10);
        program.store(Width::Half, Reg::R10, -4, Reg::R2);
        program.store_number(Width::Byte, Reg::R10, -1, 5);
        program.compute(Op::ShiftRight, Reg::R2, 32);
        program.compute(Op::Sub, Reg::R2, Reg::R3);
        program.map(Reg::R1, Map::Cpus);
        program.value(Reg::R7, Map::Passes);
        program.call(113);
        program.here(end);
        program.set(Reg::R0, 0);
        program.exit();
        let bytes = program.finish(|_| 7).expect("every label stands somewhere");
        let words = bytes.chunks(8).map(|one| u64::from_le_bytes(one.try_into().expect("eight")));
        assert_eq!(
            words.collect::<Vec<u64>>(),
            [
                0x0000_0000_0008_1679,
                0x0000_0000_000a_0615,
                0x0000_0000_0010_6261,
                0x0000_0000_fffc_2a6b,
                0x0000_0005_ffff_0a72,
                0x0000_0020_0000_02c7,
                0x0000_0000_0000_321f,
                0x0000_0007_0000_1118,
                0,
                0x0000_0007_0000_2718,
                0,
                0x0000_0071_0000_0085,
                0x0000_0000_0000_00b7,
                0x0000_0000_0000_0095,
            ]
        );
    }

    #[test]
    fn a_width_is_that_of_so_many_bytes() {
        let widths = [0, 1, 2, 3, 4, 8, 16].map(Width::of);
        let known = [Width::Byte, Width::Half, Width::Word, Width::Double].map(Some);
        assert_eq!(widths, [None, known[0], known[1], None, known[2], known[3], None]);
    }

    /// The only instruction of a program.
    fn only(write: impl FnOnce(&mut Program)) -> Instruction {
        let mut program = Program::default();
        write(&mut program);
        assert_eq!(program.lines.len(), 1);
        program.lines[0]
    }

    #[test]
    fn registers_offsets_and_numbers_have_the_order_of_the_machine() {
        let load = only(|program| program.load(Width::Half, Reg::R3, Reg::R10, 0x1234));
        assert_eq!(load.bytes(true), [0x69, 0xa3, 0x34, 0x12, 0, 0, 0, 0]);
        assert_eq!(load.bytes(false), [0x69, 0x3a, 0x12, 0x34, 0, 0, 0, 0]);
        let store = only(|program| program.store_number(Width::Word, Reg::R10, -2, 0x0506_0708));
        assert_eq!(store.bytes(true), [0x62, 0x0a, 0xfe, 0xff, 8, 7, 6, 5]);
        assert_eq!(store.bytes(false), [0x62, 0xa0, 0xff, 0xfe, 5, 6, 7, 8]);
        // The call of a function by its type has a two in place of a register.
        let call = only(|program| program.call_by_type(0x0102_0304));
        assert_eq!(call.bytes(true), [0x85, 0x20, 0, 0, 4, 3, 2, 1]);
        assert_eq!(call.bytes(false), [0x85, 0x02, 0, 0, 1, 2, 3, 4]);
    }

    // Codes as the standard of the instruction set makes them, of three bits for the class and others for the rest.
    #[test]
    fn each_instruction_has_its_code() {
        let code = |write: &dyn Fn(&mut Program)| only(write).bytes(true)[0];
        for (width, load, store, number) in [
            (Width::Byte, 0x71, 0x73, 0x72),
            (Width::Half, 0x69, 0x6b, 0x6a),
            (Width::Word, 0x61, 0x63, 0x62),
            (Width::Double, 0x79, 0x7b, 0x7a),
        ] {
            assert_eq!(code(&|program| program.load(width, Reg::R1, Reg::R2, 8)), load);
            assert_eq!(code(&|program| program.store(width, Reg::R1, 8, Reg::R2)), store);
            assert_eq!(code(&|program| program.store_number(width, Reg::R1, 8, 5)), number);
        }
        for (op, reg, number) in [
            (Op::Add, 0x0f, 0x07),
            (Op::Sub, 0x1f, 0x17),
            (Op::Mul, 0x2f, 0x27),
            (Op::And, 0x5f, 0x57),
            (Op::ShiftLeft, 0x6f, 0x67),
            (Op::Move, 0xbf, 0xb7),
            (Op::ShiftRight, 0xcf, 0xc7),
        ] {
            assert_eq!(code(&|program| program.compute(op, Reg::R1, Reg::R2)), reg, "{op:?}");
            assert_eq!(code(&|program| program.compute(op, Reg::R1, 5)), number, "{op:?}");
        }
        for (when, reg, number) in [
            (When::Equal, 0x1d, 0x15),
            (When::AtLeast, 0x3d, 0x35),
            (When::AnyBit, 0x4d, 0x45),
            (When::NotEqual, 0x5d, 0x55),
            (When::Less, 0xad, 0xa5),
        ] {
            let jump = |with: With| {
                code(&|program| {
                    let end = program.label();
                    program.jump_if(when, Reg::R1, with, end);
                })
            };
            assert_eq!((jump(Reg::R2.into()), jump(5.into())), (reg, number), "{when:?}");
        }
    }

    #[test]
    fn a_jump_may_lead_back() {
        let mut program = Program::default();
        let again = program.label();
        program.here(again);
        program.set(Reg::R0, 0);
        program.jump(again);
        let bytes = program.finish(|_| 0).expect("the label stands");
        assert_eq!(bytes.get(10..12), Some(&(-2i16).to_ne_bytes()[..]));
    }

    #[test]
    fn a_jump_to_nowhere_is_no_program() {
        let mut program = Program::default();
        let nowhere = program.label();
        program.jump(nowhere);
        assert_eq!(program.finish(|_| 0), None);
        let mut far = Program::default();
        let end = far.label();
        far.jump(end);
        for _ in 0..40_000 {
            far.set(Reg::R0, 0);
        }
        far.here(end);
        assert_eq!(far.finish(|_| 0), None);
    }
}
