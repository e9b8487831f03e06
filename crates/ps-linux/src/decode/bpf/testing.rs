//! Descriptions of types, made for tests, and a kernel that has such types.

pub(super) mod interpreter;
pub(super) mod kernel;
mod memory;

/// What a field, or a type beside the structures, is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A number of so many bytes.
    Number(u32),
    /// A pointer to nothing in particular.
    Pointer,
    /// So many of another.
    Many(Box<Kind>, u32),
    /// A structure or union within, which has no name.
    Nameless(Vec<(&'static str, Kind)>),
    /// A structure that has one.
    Named(&'static str),
    /// Another name of it.
    Alias(Box<Kind>),
    /// So many bits of a number.
    Bits(u32),
}

/// A structure and its fields.
pub(super) type Structure = (&'static str, Vec<(&'static str, Kind)>);

/// A description being written.
#[derive(Debug)]
pub(super) struct Writer {
    little: bool,
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
    structures: Vec<(&'static str, u32, u32)>,
}

/// Describes structures, each after those it holds, and functions.
pub(super) fn describe(little: bool, structures: &[Structure], functions: &[&str]) -> Vec<u8> {
    let mut writer =
        Writer { little, types: vec![], strings: vec![0], count: 0, structures: vec![] };
    for (name, fields) in structures {
        let (number, size) = writer.structure(name, fields);
        writer.structures.push((name, number, size));
    }
    let prototype = writer.add("", 13 << 24, 0, &[]);
    for name in functions {
        writer.add(name, 12 << 24, prototype, &[]);
    }
    writer.finish()
}

impl Writer {
    fn word(&self, number: u32) -> [u8; 4] {
        if self.little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    fn text(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.strings.len()).expect("small");
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        at
    }

    fn add(&mut self, name: &str, info: u32, size_or_type: u32, tail: &[u32]) -> u32 {
        let name = self.text(name);
        for word in [name, info, size_or_type].iter().chain(tail) {
            self.types.extend(self.word(*word));
        }
        self.count += 1;
        self.count
    }

    /// Number and size of a type.
    fn kind(&mut self, kind: &Kind) -> (u32, u32) {
        match kind {
            Kind::Number(size) => (self.add("number", 1 << 24, *size, &[size * 8]), *size),
            Kind::Bits(_) => (self.add("number", 1 << 24, 4, &[32]), 4),
            Kind::Pointer => (self.add("", 2 << 24, 0, &[]), 8),
            Kind::Many(of, many) => {
                let (number, size) = self.kind(of);
                (self.add("", 3 << 24, 0, &[number, number, *many]), size * many)
            }
            Kind::Nameless(fields) => self.structure("", fields),
            Kind::Named(name) => {
                let found = self.structures.iter().find(|(one, ..)| one == name);
                let (_, number, size) = found.expect("described before");
                (*number, *size)
            }
            Kind::Alias(of) => {
                let (number, size) = self.kind(of);
                let constant = self.add("", 10 << 24, number, &[]);
                (self.add("alias_t", 8 << 24, constant, &[]), size)
            }
        }
    }

    fn structure(&mut self, name: &str, fields: &[(&'static str, Kind)]) -> (u32, u32) {
        let with_width = fields.iter().any(|(_, kind)| matches!(kind, Kind::Bits(_)));
        let (mut at, mut tail) = (0, Vec::new());
        for (name, kind) in fields {
            let (number, size) = self.kind(kind);
            let width = if let Kind::Bits(width) = kind { *width } else { 0 };
            let name = self.text(name);
            tail.extend([name, number, width << 24 | (at * 8)]);
            at += size.next_multiple_of(8);
        }
        let count = u32::try_from(fields.len()).expect("small");
        let info = u32::from(with_width) << 31 | 4 << 24 | count;
        (self.add(name, info, at, &tail), at)
    }

    /// Adds a type as it stands.
    pub(super) fn raw(little: bool, types: &[&[u32]], strings: &[u8]) -> Vec<u8> {
        let mut writer = Writer {
            little,
            types: vec![],
            strings: strings.to_vec(),
            count: 0,
            structures: vec![],
        };
        for word in types.iter().copied().flatten() {
            writer.types.extend(writer.word(*word));
        }
        writer.finish()
    }

    fn finish(self) -> Vec<u8> {
        let magic: u16 = 0xeb9f;
        let magic = if self.little { magic.to_le_bytes() } else { magic.to_be_bytes() };
        let mut bytes = [magic[0], magic[1], 1, 0].to_vec();
        let lengths = [self.types.len(), self.strings.len()];
        let [types, strings] = lengths.map(|length| u32::try_from(length).expect("small"));
        for word in [24, 0, types, types, strings] {
            bytes.extend(self.word(word));
        }
        bytes.extend(&self.types);
        bytes.extend(&self.strings);
        bytes
    }
}
