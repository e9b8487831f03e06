//! BTF: the kernel's own description of its types, from `/sys/kernel/btf/vmlinux`.
//!
//! Only what finding offsets needs is taken out. Both byte orders are read.

use ps_core::Result;

use crate::decode::malformed;

/// Kinds of types, as `BTF_KIND_*` of `<linux/btf.h>` numbers them.
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const PTR: u32 = 2;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNC: u32 = 12;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const VAR: u32 = 14;
    pub(super) const DATASEC: u32 = 15;
    pub(super) const DECL_TAG: u32 = 17;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// Bytes of what every type begins with: name, kind and count, size or type.
const HEAD: usize = 12;

/// More types inside of types than this is a ring, not a description.
const DEEPEST: usize = 32;

/// More nameless structures inside of one than any kernel has.
const MOST_NAMELESS: usize = 256;

/// Types of a kernel, each looked up by name when it is wanted.
#[derive(Debug)]
pub struct Btf<'a> {
    types: &'a [u8],
    strings: &'a [u8],
    little: bool,
    /// Where each type begins in `types`; the first has the number 1.
    places: Vec<u32>,
}

/// A structure of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'b> {
    btf: &'b Btf<'b>,
    number: u32,
}

/// Where a field lies in a structure, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct Field {
    pub offset: u32,
    pub size: u32,
}

impl<'a> Btf<'a> {
    /// Finds where the types begin.
    pub fn parse(bytes: &'a [u8]) -> Result<Btf<'a>> {
        Btf::split(bytes).ok_or_else(|| malformed("btf", "cut off, or types of an unknown kind"))
    }

    fn split(bytes: &'a [u8]) -> Option<Btf<'a>> {
        let little = match bytes.get(..2)? {
            [0x9f, 0xeb] => true,
            [0xeb, 0x9f] => false,
            _ => return None,
        };
        let number = |at: usize| number_at(bytes, at, little);
        let version = *bytes.get(2)?;
        let header = usize::try_from(number(4)?).ok()?;
        let part = |at: usize| {
            let from = header.checked_add(usize::try_from(number(at)?).ok()?)?;
            let len = usize::try_from(number(at + 4)?).ok()?;
            bytes.get(from..from.checked_add(len)?)
        };
        let (types, strings) = (part(8)?, part(16)?);
        let mut btf = Btf { types, strings, little, places: Vec::new() };
        if version != 1 {
            return None;
        }
        let mut at = 0;
        while at < types.len() {
            btf.places.push(u32::try_from(at).ok()?);
            at = at.checked_add(HEAD)?.checked_add(btf.tail_at(at)?)?;
        }
        (at == types.len()).then_some(btf)
    }

    fn number(&self, at: usize) -> Option<u32> {
        number_at(self.types, at, self.little)
    }

    /// How many bytes follow the head of a type.
    fn tail_at(&self, at: usize) -> Option<usize> {
        let (kind, count) = self.kind_at(at)?;
        Some(match kind {
            kind::INT | kind::VAR | kind::DECL_TAG => 4,
            kind::ARRAY => 12,
            kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => 12 * count,
            kind::ENUM | kind::FUNC_PROTO => 8 * count,
            1..=kind::ENUM64 => 0,
            _ => return None,
        })
    }

    fn kind_at(&self, at: usize) -> Option<(u32, usize)> {
        let info = self.number(at + 4)?;
        Some(((info >> 24) & 0x1f, usize::try_from(info & 0xffff).ok()?))
    }

    fn place(&self, number: u32) -> Option<usize> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        usize::try_from(*self.places.get(index)?).ok()
    }

    /// Whether the name that begins at an offset is this one.
    fn is_called(&self, at: usize, name: &str) -> bool {
        let begin = self.number(at).and_then(|offset| usize::try_from(offset).ok());
        let text = begin.and_then(|begin| self.strings.get(begin..));
        text.and_then(|text| text.strip_prefix(name.as_bytes()))
            .is_some_and(|rest| rest.first() == Some(&0))
    }

    /// Numbers of the types of a kind that have a name.
    fn called(&self, kind: u32, name: &str) -> impl Iterator<Item = u32> {
        (1..).zip(&self.places).filter_map(move |(number, place)| {
            let at = usize::try_from(*place).ok()?;
            (self.kind_at(at)?.0 == kind && self.is_called(at, name)).then_some(number)
        })
    }

    /// The number of a function.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<u32> {
        self.called(kind::FUNC, name).next()
    }

    /// A structure that has this name and this field: files of the kernel may use one name for different things.
    #[must_use]
    pub fn structure<'b>(&'b self, name: &str, field: &str) -> Option<Structure<'b>> {
        self.called(kind::STRUCT, name)
            .map(|number| Structure { btf: self, number })
            .find(|found| found.field(field).is_some())
    }

    /// Follows other names and qualifiers to the type itself.
    fn bare(&self, mut number: u32) -> Option<u32> {
        for _ in 0..DEEPEST {
            let at = self.place(number)?;
            match self.kind_at(at)?.0 {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    number = self.number(at + 8)?;
                }
                _ => return Some(number),
            }
        }
        None
    }

    fn size(&self, number: u32, depth: usize) -> Option<u32> {
        if depth > DEEPEST {
            return None;
        }
        let at = self.place(self.bare(number)?)?;
        match self.kind_at(at)?.0 {
            kind::INT | kind::STRUCT | kind::UNION | kind::ENUM | kind::ENUM64 => {
                self.number(at + 8)
            }
            // This reader is for kernels of 64 bits.
            kind::PTR => Some(8),
            kind::ARRAY => {
                let of = self.size(self.number(at + HEAD)?, depth + 1)?;
                of.checked_mul(self.number(at + HEAD + 8)?)
            }
            _ => None,
        }
    }

    /// A field of a structure or of the nameless ones inside of it: its type, and where it begins.
    fn member(&self, number: u32, name: &str) -> Option<(u32, u32)> {
        if name.is_empty() {
            return None;
        }
        let mut open = vec![(number, 0u32)];
        for next in 0..MOST_NAMELESS {
            let (number, base) = *open.get(next)?;
            let at = self.place(self.bare(number)?)?;
            let (kind, count) = self.kind_at(at)?;
            if !matches!(kind, kind::STRUCT | kind::UNION) {
                // The one asked about has no fields; one without a name may be mere space between others.
                continue;
            }
            let with_width = self.number(at + 4)? >> 31 == 1;
            for index in 0..count {
                let member = at + HEAD + 12 * index;
                let of = self.number(member + 4)?;
                let bits = self.number(member + 8)?;
                // Some structures say how many bits a field has, in the highest byte.
                let (bits, width) =
                    if with_width { (bits & 0xff_ffff, bits >> 24) } else { (bits, 0) };
                let offset = base.checked_add(bits / 8)?;
                if self.is_called(member, name) {
                    return (width == 0 && bits % 8 == 0).then_some((of, offset));
                }
                if self.is_called(member, "") && open.len() < MOST_NAMELESS {
                    open.push((of, offset));
                }
            }
        }
        None
    }
}

impl Structure<'_> {
    /// A field, or a field of a field with dots between. `None` if there is none, or if it has bits of its own.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<Field> {
        let mut number = self.number;
        let mut offset = 0u32;
        for name in path.split('.') {
            let (of, inner) = self.btf.member(number, name)?;
            number = of;
            offset = offset.checked_add(inner)?;
        }
        Some(Field { offset, size: self.btf.size(number, 0)? })
    }

    /// The number of its type.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> Option<u32> {
        self.btf.size(self.number, 0)
    }
}

fn number_at(bytes: &[u8], at: usize, little: bool) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Kind, Writer, describe};
    use super::*;
    use proptest::prelude::*;

    fn example(little: bool) -> Vec<u8> {
        let number = Kind::Number;
        let inner = Kind::Nameless(vec![
            ("a", number(4)),
            ("", Kind::Nameless(vec![("b", number(2)), ("c", Kind::Pointer)])),
        ]);
        describe(
            little,
            &[
                ("seq", vec![("sequence", number(4))]),
                ("twin", vec![("other", number(1))]),
                ("twin", vec![("wanted", Kind::Many(Box::new(number(8)), 3))]),
                (
                    "task",
                    vec![
                        ("first", number(8)),
                        ("", inner),
                        ("lock", Kind::Alias(Box::new(Kind::Named("seq")))),
                        ("bits", Kind::Bits(3)),
                        ("", number(4)),
                        ("last", Kind::Many(Box::new(Kind::Named("twin")), 2)),
                    ],
                ),
            ],
            &["some_function"],
        )
    }

    #[test]
    fn fields_are_found_in_both_byte_orders() {
        for little in [true, false] {
            let bytes = example(little);
            let btf = Btf::parse(&bytes).expect("parses");
            let task = btf.structure("task", "first").expect("there");
            let at = |path: &str| task.field(path).map(|field| (field.offset, field.size));
            assert_eq!(at("first"), Some((0, 8)));
            // Those without a name of their own belong to the structure around them.
            assert_eq!((at("a"), at("b"), at("c")), (Some((8, 4)), Some((16, 2)), Some((24, 8))));
            assert_eq!(at("lock"), Some((32, 8)));
            assert_eq!(at("lock.sequence"), Some((32, 4)));
            assert_eq!(at("last"), Some((56, 16)));
            assert_eq!((at("bits"), at("firs"), at("first.x"), at("")), (None, None, None, None));
            assert_eq!(task.size(), Some(72));
            assert!(btf.function("some_function").is_some());
            assert!(
                btf.function("task").is_none() && btf.structure("some_function", "x").is_none()
            );
        }
    }

    #[test]
    fn of_two_structures_with_one_name_the_one_with_the_field_is_meant() {
        let bytes = example(true);
        let btf = Btf::parse(&bytes).expect("parses");
        let found = btf.structure("twin", "wanted").expect("there");
        assert_eq!(found.field("wanted"), Some(Field { offset: 0, size: 24 }));
        assert!(btf.structure("twin", "neither").is_none());
    }

    #[test]
    fn every_kind_of_type_is_passed_over() {
        // Name, kind and count, size or type, and what follows.
        let kinds: [&[u32]; 19] = [
            &[0, 1 << 24, 4, 32],
            &[0, 2 << 24, 1],
            &[0, 3 << 24, 0, 1, 1, 2],
            &[0, 4 << 24 | 1, 4, 0, 1, 0],
            &[0, 5 << 24 | 1, 4, 0, 1, 0],
            &[0, 6 << 24 | 2, 4, 0, 0, 0, 1],
            &[0, 7 << 24, 0],
            &[0, 8 << 24, 1],
            &[0, 9 << 24, 1],
            &[0, 10 << 24, 1],
            &[0, 11 << 24, 1],
            &[0, 12 << 24, 13],
            &[0, 13 << 24 | 1, 1, 0, 1],
            &[0, 14 << 24, 1, 0],
            &[0, 15 << 24 | 1, 4, 14, 0, 4],
            &[0, 16 << 24, 4],
            &[0, 17 << 24, 4, 0],
            &[0, 18 << 24, 1],
            &[0, 19 << 24 | 1, 8, 0, 0, 0],
        ];
        let end: &[u32] = &[1, 4 << 24 | 1, 8, 3, 1, 0];
        let all: Vec<&[u32]> = kinds.iter().copied().chain([end]).collect();
        let bytes = Writer::raw(true, &all, b"\0s\0f\0");
        let btf = Btf::parse(&bytes).expect("parses");
        let found = btf.structure("s", "f").expect("at the end");
        assert_eq!((found.number(), found.field("f")), (20, Some(Field { offset: 0, size: 4 })));
        for unknown in [0u32, 20, 31] {
            let bytes = Writer::raw(true, &[&[0, unknown << 24, 0]], b"\0");
            assert!(Btf::parse(&bytes).is_err(), "{unknown}");
        }
    }

    #[test]
    fn types_that_go_round_in_a_ring_have_no_size_and_no_fields() {
        let text = b"\0s\0f\0";
        // A name for itself; many of itself; a structure that holds itself without a name.
        let alias = Writer::raw(true, &[&[0, 8 << 24, 1], &[1, 4 << 24 | 1, 8, 3, 1, 0]], text);
        let btf = Btf::parse(&alias).expect("parses");
        assert!(btf.structure("s", "f").is_none());
        let many =
            Writer::raw(true, &[&[0, 3 << 24, 0, 1, 1, 2], &[1, 4 << 24 | 1, 8, 3, 1, 0]], text);
        let btf = Btf::parse(&many).expect("parses");
        assert!(btf.structure("s", "f").is_none());
        let within = Writer::raw(true, &[&[1, 4 << 24 | 2, 8, 0, 1, 0, 0, 1, 0]], text);
        let btf = Btf::parse(&within).expect("parses");
        assert!(btf.structure("s", "f").is_none());
    }

    #[test]
    fn sizes_are_known_down_to_a_depth_and_no_deeper() {
        let size = |arrays: u32| {
            let of = (0..arrays).fold(Kind::Number(4), |of, _| Kind::Many(Box::new(of), 1));
            let bytes = describe(true, &[("s", vec![("f", of)])], &[]);
            let btf = Btf::parse(&bytes).expect("parses");
            btf.structure("s", "f").and_then(|found| found.field("f")).map(|field| field.size)
        };
        let deepest = u32::try_from(DEEPEST).expect("small");
        assert_eq!((size(deepest), size(deepest + 1)), (Some(4), None));
    }

    #[test]
    fn a_description_that_is_cut_off_is_an_error() {
        let bytes = example(true);
        for end in 0..bytes.len() {
            assert!(Btf::parse(&bytes[..end]).is_err(), "{end}");
        }
        let mut other = bytes.clone();
        other[2] = 2;
        assert!(Btf::parse(&other).is_err(), "another version");
    }

    fn ask(bytes: &[u8]) {
        if let Ok(btf) = Btf::parse(bytes) {
            let _ = btf.function("some_function");
            for (name, field) in [("task", "lock.sequence"), ("twin", "wanted"), ("task", "c")] {
                let _ = btf.structure(name, field).map(|found| (found.field("a"), found.size()));
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            ask(&bytes);
            ask(&[b"\x9f\xeb\x01\x00\x18\x00\x00\x00".as_slice(), &bytes].concat());
        }

        #[test]
        fn no_damage_to_a_true_one_makes_it_panic(
            little: bool,
            damage in prop::collection::vec((0..1000usize, any::<u8>()), 1..6),
        ) {
            let mut bytes = example(little);
            for (at, byte) in damage {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            ask(&bytes);
        }
    }
}
