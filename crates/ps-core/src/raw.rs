//! Records that a kernel hands out as bytes: their layout as data, and a checked, safe way to read them.
//!
//! A record is declared once, with [`records!`](crate::records); the declaration yields a `#[repr(C)]` struct, the
//! functions that read it from bytes, and a [`Layout`]: the table that `cargo xtask abi` compares
//! with the system's own headers. Numbers (flags, states, sysctl names) are declared with
//! [`constants!`](crate::constants) and compared the same way.
//!
//! Layouts are those of 64-bit systems, whatever the machine this is compiled for: a `u64` is
//! aligned to eight bytes here even where the compiler would do with four. That is why reading
//! goes field by field at computed offsets, and why it can be tested on any host. Integers are in
//! the byte order of the machine, since kernel and reader share it.

mod sealed {
    /// Keeps [`super::Value`] to the types whose layout is the same on every machine.
    pub trait Sealed {}
}

#[doc(hidden)]
pub use sealed::Sealed;

/// What a kernel answered was shorter than the record it should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{record} needs {needed} bytes, the answer has {got}")]
pub struct Short {
    /// The C name of the record.
    pub record: &'static str,
    /// How many bytes the record has.
    pub needed: usize,
    /// How many bytes there were.
    pub got: usize,
}

/// Which kind of value a field holds, for comparison with the C declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An unsigned integer, a pointer, or an array of either.
    Unsigned,
    /// A signed integer or an array of them.
    Signed,
    /// Another record, an array of records, or bytes that are read as a record later.
    Record,
}

/// Size, alignment and kind of a type, as the C compiler of a 64-bit system sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Size of one element, for arrays; else the size.
    pub element: usize,
    /// The kind of value.
    pub kind: Kind,
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in Rust. One that begins with `_` is filler and has no counterpart by name.
    pub name: &'static str,
    /// Its name in C, or the path to it (`kf_un.kf_sock.kf_sock_type`).
    pub c_path: &'static str,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// Its size and kind.
    pub shape: Shape,
}

/// A release of a system, as major and minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u16, pub u16);

/// Where a declaration holds: in which releases, and whether it is all of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The first release that has it.
    pub since: Option<Release>,
    /// The first release that has it no longer.
    pub before: Option<Release>,
    /// The record may have grown at its end.
    pub prefix: bool,
}

impl Scope {
    /// In every release, whole.
    pub const ALWAYS: Self = Self { since: None, before: None, prefix: false };
    /// In every release; newer ones have more behind it.
    pub const PREFIX: Self = Self { since: None, before: None, prefix: true };

    /// From this release on.
    #[must_use]
    pub const fn since(self, major: u16, minor: u16) -> Self {
        Self { since: Some(Release(major, minor)), ..self }
    }

    /// Only before this release.
    #[must_use]
    pub const fn before(self, major: u16, minor: u16) -> Self {
        Self { before: Some(Release(major, minor)), ..self }
    }

    /// Whether `release` has it.
    #[must_use]
    pub fn holds_in(&self, release: Release) -> bool {
        self.since.is_none_or(|since| release >= since)
            && self.before.is_none_or(|before| release < before)
    }
}

/// The layout of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its type in C, as a declaration would write it: `struct kinfo_proc`.
    pub c_type: &'static str,
    /// Where the declaration holds.
    pub scope: Scope,
    /// Size in bytes, with the padding at the end.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// The fields in order.
    pub fields: &'static [Field],
}

/// A number from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its name in C, or an expression.
    pub c_expr: &'static str,
    /// Where the declaration holds.
    pub scope: Scope,
    /// Its value.
    pub value: i64,
}

/// Everything a backend has declared about one system.
#[derive(Debug, Clone)]
pub struct System {
    /// The system's name, in small letters.
    pub name: &'static str,
    /// C text that makes the declarations known: the defines and includes.
    pub headers: &'static str,
    /// The records.
    pub records: Vec<Layout>,
    /// The numbers.
    pub constants: Vec<Constant>,
}

/// A type whose layout is the same everywhere: an integer of fixed width, an array, or a record.
pub trait Value: Copy + Sealed {
    /// How it lies in memory on a 64-bit system.
    const SHAPE: Shape;

    /// Reads it from the beginning of `bytes`; bytes that are not there count as zero.
    fn load(bytes: &[u8]) -> Self;

    /// Appends its bytes.
    fn store(&self, out: &mut Vec<u8>);

    /// Reads several in a row.
    #[inline]
    fn load_array<const N: usize>(bytes: &[u8]) -> [Self; N] {
        std::array::from_fn(|index| {
            Self::load(bytes.get(index * Self::SHAPE.size..).unwrap_or_default())
        })
    }
}

/// A record: declared with [`records!`](crate::records), which implements this.
pub trait Record: Value {
    /// Its layout.
    const LAYOUT: Layout;

    /// Reads the record from the beginning of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Short`] if `bytes` does not cover the whole record: what the kernel did not answer is not
    /// made up. More bytes than the record has are fine, newer kernels append.
    #[inline]
    fn from_bytes(bytes: &[u8]) -> Result<Self, Short> {
        let Layout { c_type, size, .. } = Self::LAYOUT;
        match bytes.get(..size) {
            Some(whole) => Ok(Self::load(whole)),
            None => Err(Short { record: c_type, needed: size, got: bytes.len() }),
        }
    }

    /// Reads the record from an answer that may be shorter, as an older kernel's is: fields that it
    /// does not cover are zero. The caller knows that zero says "not told" there.
    #[inline]
    fn from_prefix(bytes: &[u8]) -> Self {
        Self::load(bytes)
    }

    /// Reads a record whose last `tail` bytes hold text that the kernel cuts off where it ends.
    ///
    /// # Errors
    ///
    /// [`Short`] if something before the text is missing.
    #[inline]
    fn from_cut(bytes: &[u8], tail: usize) -> Result<Self, Short> {
        let Layout { c_type, size, .. } = Self::LAYOUT;
        let needed = size.saturating_sub(tail);
        match bytes.len() {
            got if got < needed => Err(Short { record: c_type, needed, got }),
            _ => Ok(Self::load(bytes)),
        }
    }

    /// The record with every field zero.
    #[inline]
    fn zeroed() -> Self {
        Self::load(&[])
    }

    /// The bytes of the record; padding is zero.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::LAYOUT.size);
        self.store(&mut out);
        out
    }
}

/// The smallest multiple of `align` that is not below `offset`.
#[doc(hidden)]
#[must_use]
pub const fn align_up(offset: usize, align: usize) -> usize {
    offset.next_multiple_of(align)
}

/// Takes values from bytes one after the other, each at its alignment.
#[doc(hidden)]
#[derive(Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the beginning of a record.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The next value; zero where the bytes end.
    // Always: only then does the compiler see which fields a caller looks at, and read no others.
    #[inline(always)]
    pub fn take<T: Value>(&mut self) -> T {
        let start = align_up(self.offset, T::SHAPE.align);
        self.offset = start + T::SHAPE.size;
        let rest = self.bytes.get(start..).unwrap_or_default();
        T::load(rest.get(..T::SHAPE.size).unwrap_or(rest))
    }
}

/// Appends zeros until `out` is a multiple of `align` long, counted from `start`.
#[doc(hidden)]
pub fn pad(out: &mut Vec<u8>, start: usize, align: usize) {
    out.resize(start + align_up(out.len() - start, align), 0);
}

macro_rules! integers {
    ($($type:ident $kind:ident,)*) => {$(
        impl Sealed for $type {}

        impl Value for $type {
            const SHAPE: Shape = Shape {
                size: size_of::<$type>(),
                align: size_of::<$type>(),
                element: size_of::<$type>(),
                kind: Kind::$kind,
            };

            #[inline]
            fn load(bytes: &[u8]) -> Self {
                Self::from_ne_bytes(bytes_or_zero(bytes))
            }

            #[inline]
            fn store(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_ne_bytes());
            }
        }
    )*};
}

integers! { u16 Unsigned, u32 Unsigned, u64 Unsigned, i8 Signed, i16 Signed, i32 Signed, i64 Signed, }

impl Sealed for u8 {}

impl Value for u8 {
    const SHAPE: Shape = Shape { size: 1, align: 1, element: 1, kind: Kind::Unsigned };

    #[inline]
    fn load(bytes: &[u8]) -> Self {
        bytes.first().copied().unwrap_or(0)
    }

    #[inline]
    fn store(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    #[inline]
    fn load_array<const N: usize>(bytes: &[u8]) -> [Self; N] {
        bytes_or_zero(bytes)
    }
}

/// The first `N` bytes; zero where there are fewer.
#[inline]
fn bytes_or_zero<const N: usize>(bytes: &[u8]) -> [u8; N] {
    match bytes.first_chunk() {
        Some(whole) => *whole,
        None => {
            let mut filled = [0; N];
            for (to, from) in filled.iter_mut().zip(bytes) {
                *to = *from;
            }
            filled
        }
    }
}

impl<T: Value, const N: usize> Sealed for [T; N] {}

impl<T: Value, const N: usize> Value for [T; N] {
    const SHAPE: Shape = Shape {
        size: T::SHAPE.size * N,
        align: T::SHAPE.align,
        element: T::SHAPE.element,
        kind: T::SHAPE.kind,
    };

    #[inline]
    fn load(bytes: &[u8]) -> Self {
        T::load_array(bytes)
    }

    #[inline]
    fn store(&self, out: &mut Vec<u8>) {
        for value in self {
            value.store(out);
        }
    }
}

macro_rules! unions {
    ($($(#[$doc:meta])* $name:ident $align:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(C, align($align))]
        pub struct $name<const N: usize>(pub [u8; N]);

        impl<const N: usize> $name<N> {
            /// Reads the union as one of its members.
            ///
            /// # Errors
            ///
            /// [`Short`] if the member is larger than the union.
            pub fn read<R: Record>(&self) -> Result<R, Short> {
                R::from_bytes(&self.0)
            }
        }

        impl<const N: usize> Sealed for $name<N> {}

        impl<const N: usize> Value for $name<N> {
            const SHAPE: Shape = Shape { size: N, align: $align, element: N, kind: Kind::Record };

            #[inline]
            fn load(bytes: &[u8]) -> Self {
                Self(bytes_or_zero(bytes))
            }

            #[inline]
            fn store(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }
    )*};
}

unions! {
    /// `N` bytes of a union that is aligned to 8, read as one of its members once it is known which.
    Union8 8;
    /// `N` bytes of a union that is aligned to 4, read as one of its members once it is known which.
    Union4 4;
}

/// Declares records.
///
/// Each entry is the C type, optionally a [`Scope`](crate::raw::Scope), and the struct. Fields are integers of fixed
/// width, arrays of them, unions, and records. A field whose name in C is another says so with
/// `= "c_name"`; one whose name begins with `_` is filler. All entries of one use share a table, named first.
///
/// ```
/// ps_core::records! {
///     /// The records of this example.
///     pub const RECORDS;
///
///     /// A moment.
///     "struct timeval" => pub struct Timeval { tv_sec: i64, tv_usec: i32 }
/// }
/// use ps_core::raw::Record as _;
///
/// assert_eq!(RECORDS[0].size, 16);
/// assert!(Timeval::from_bytes(&[0; 15]).is_err());
/// ```
#[macro_export]
macro_rules! records {
    (
        $(#[$table_doc:meta])*
        $table_vis:vis const $table:ident;
        $(
            $(#[$doc:meta])*
            $c_type:literal $(, $scope:expr)? => $vis:vis struct $name:ident {
                $( $(#[$field_doc:meta])* $field:ident : $type:ty $(= $c_path:literal)? ),* $(,)?
            }
        )*
    ) => {
        $(#[$table_doc])*
        $table_vis const $table: &[$crate::raw::Layout] =
            &[$( <$name as $crate::raw::Record>::LAYOUT ),*];

        $(
            $(#[$doc])*
            #[doc = ""]
            #[doc = concat!("In C: `", $c_type, "`.")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[repr(C)]
            #[allow(non_snake_case)]
            $vis struct $name {
                $(
                    #[doc = concat!("`", $crate::records!(@path $field $($c_path)?), "`.")]
                    $(#[$field_doc])*
                    pub $field: $type,
                )*
            }

            impl $crate::raw::Sealed for $name {}

            impl $crate::raw::Value for $name {
                const SHAPE: $crate::raw::Shape = {
                    let mut end = 0;
                    let mut align = 1;
                    $(
                        let field = <$type as $crate::raw::Value>::SHAPE;
                        end = $crate::raw::align_up(end, field.align) + field.size;
                        align = if field.align > align { field.align } else { align };
                    )*
                    let size = $crate::raw::align_up(end, align);
                    $crate::raw::Shape { size, align, element: size, kind: $crate::raw::Kind::Record }
                };

                #[inline]
                fn load(bytes: &[u8]) -> Self {
                    let mut rest = $crate::raw::Cursor::new(bytes);
                    Self { $( $field: rest.take() ),* }
                }

                fn store(&self, out: &mut Vec<u8>) {
                    let start = out.len();
                    $(
                        $crate::raw::pad(out, start, <$type as $crate::raw::Value>::SHAPE.align);
                        $crate::raw::Value::store(&self.$field, out);
                    )*
                    $crate::raw::pad(out, start, <Self as $crate::raw::Value>::SHAPE.align);
                }
            }

            impl $crate::raw::Record for $name {
                const LAYOUT: $crate::raw::Layout = $crate::raw::Layout {
                    name: stringify!($name),
                    c_type: $c_type,
                    scope: $crate::records!(@scope $($scope)?),
                    size: <$name as $crate::raw::Value>::SHAPE.size,
                    align: <$name as $crate::raw::Value>::SHAPE.align,
                    fields: &{
                        let mut end = 0;
                        let fields = [$({
                            let shape = <$type as $crate::raw::Value>::SHAPE;
                            let offset = $crate::raw::align_up(end, shape.align);
                            end = offset + shape.size;
                            $crate::raw::Field {
                                name: stringify!($field),
                                c_path: $crate::records!(@path $field $($c_path)?),
                                offset,
                                shape,
                            }
                        }),*];
                        let _ = end;
                        fields
                    },
                };
            }

            // Where the compiler lays structs out as the supported systems do, it must agree.
            #[cfg(target_pointer_width = "64")]
            const _: () = assert!(size_of::<$name>() == <$name as $crate::raw::Value>::SHAPE.size);
        )*
    };

    (@path $field:ident $c_path:literal) => { $c_path };
    (@path $field:ident) => { stringify!($field) };
    (@scope $scope:expr) => { $scope };
    (@scope) => { $crate::raw::Scope::ALWAYS };
}

/// Declares numbers that the headers name: parts of sysctl names, flags, states.
///
/// A number whose C name differs says so with `=> "expression"`. All entries share a table, named first,
/// with an optional [`Scope`](crate::raw::Scope).
///
/// ```
/// ps_core::constants! {
///     /// The numbers of this example.
///     pub const CONSTANTS;
///
///     /// First part of the names that concern the kernel.
///     pub CTL_KERN: i32 = 1;
/// }
/// assert_eq!((CONSTANTS[0].name, CONSTANTS[0].value), ("CTL_KERN", i64::from(CTL_KERN)));
/// ```
#[macro_export]
macro_rules! constants {
    (
        $(#[$table_doc:meta])*
        $table_vis:vis const $table:ident $(, $scope:expr)?;
        $(
            $(#[$doc:meta])*
            $vis:vis $name:ident : $type:ty = $value:expr $(=> $c_expr:literal)?;
        )*
    ) => {
        $(
            #[doc = concat!("`", $crate::records!(@path $name $($c_expr)?), "`.")]
            $(#[$doc])*
            $vis const $name: $type = $value;
        )*

        $(#[$table_doc])*
        $table_vis const $table: &[$crate::raw::Constant] = {
            const SCOPE: $crate::raw::Scope = $crate::records!(@scope $($scope)?);
            &[$(
                $crate::raw::Constant {
                    name: stringify!($name),
                    c_expr: $crate::records!(@path $name $($c_expr)?),
                    scope: SCOPE,
                    value: $name as i64,
                }
            ),*]
        };
    };
}

/// The records of an answer that holds them one after the other, `stride` bytes apart.
///
/// The stride is what the kernel says it is, not the size of the record as compiled. A tail that is
/// no whole record, or a stride that is too small, comes out as [`Short`].
pub fn each<R: Record>(answer: &[u8], stride: usize) -> impl Iterator<Item = Result<R, Short>> {
    answer.chunks(stride.max(1)).map(R::from_bytes)
}

/// The parts of an answer in which every part states its own length, as `length` reads it from the
/// bytes that are left.
///
/// Ends at a length of zero, and at one that reaches past the end of the answer.
pub fn packed(answer: &[u8], length: fn(&[u8]) -> Option<usize>) -> impl Iterator<Item = &[u8]> {
    let mut rest = answer;
    std::iter::from_fn(move || {
        let (part, behind) = rest.split_at_checked(length(rest).filter(|&length| length > 0)?)?;
        rest = behind;
        Some(part)
    })
}

/// The bytes before the first NUL, or all of them: text in a field of fixed size.
#[must_use]
pub fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    records! {
        /// The records of the tests.
        const RECORDS;

        /// Has padding in the middle and at the end.
        "struct inner" => struct Inner { small: u8, wide: u64, last: i16 }

        /// Holds another record, an array, a union and a keyword.
        "struct outer", Scope::PREFIX.since(3, 1) => struct Outer {
            r#type: i8 = "type",
            inner: [Inner; 2],
            name: [u8; 5],
            parts: [u16; 3] = "un.parts",
            un: Union8<24>,
            _filler: u32,
        }
    }

    constants! {
        /// The numbers of the tests.
        const NUMBERS, Scope::ALWAYS.before(4, 0);
        NEGATIVE: i32 = -1;
        FLAG: u32 = 0x8000_0000 => "A_FLAG";
    }

    fn offsets(layout: &Layout) -> Vec<(&str, usize, usize)> {
        layout.fields.iter().map(|field| (field.c_path, field.offset, field.shape.size)).collect()
    }

    #[test]
    fn fields_lie_where_a_c_compiler_puts_them() {
        assert_eq!((RECORDS[0].size, RECORDS[0].align), (24, 8));
        assert_eq!(offsets(&RECORDS[0]), [("small", 0, 1), ("wide", 8, 8), ("last", 16, 2)]);
        assert_eq!((RECORDS[1].size, RECORDS[1].align), (104, 8));
        assert_eq!(
            offsets(&RECORDS[1]),
            [
                ("type", 0, 1),
                ("inner", 8, 48),
                ("name", 56, 5),
                ("un.parts", 62, 6),
                ("un", 72, 24),
                ("_filler", 96, 4)
            ]
        );
        assert_eq!(RECORDS[1].fields[3].shape.element, 2);
    }

    #[test]
    fn constants_keep_their_sign_and_their_c_name() {
        assert_eq!((NUMBERS[0].value, NUMBERS[0].c_expr), (-1, "NEGATIVE"));
        assert_eq!((NUMBERS[1].value, NUMBERS[1].c_expr), (0x8000_0000, "A_FLAG"));
        assert_eq!((NEGATIVE, FLAG), (-1, 0x8000_0000));
    }

    #[test]
    fn a_scope_ends_before_the_release_it_names() {
        let scope = Scope::ALWAYS.since(10, 1).before(11, 0);
        let holds: Vec<bool> = [Release(10, 0), Release(10, 1), Release(10, 9), Release(11, 0)]
            .iter()
            .map(|&r| scope.holds_in(r))
            .collect();
        assert_eq!(holds, [false, true, true, false]);
        assert!(Scope::ALWAYS.holds_in(Release(0, 0)));
    }

    #[test]
    fn a_record_reads_back_what_it_stored() {
        let inner = Inner { small: 7, wide: u64::MAX - 1, last: -2 };
        let mut outer = Outer::zeroed();
        outer.r#type = -3;
        outer.inner = [inner, Inner { small: 1, wide: 2, last: 3 }];
        outer.name = *b"ab\0cd";
        outer.parts = [1, 2, 0xffff];
        outer.un = Union8(inner.to_bytes().try_into().expect("24 bytes"));
        let bytes = outer.to_bytes();
        assert_eq!(bytes.len(), 104);
        assert_eq!(Outer::from_bytes(&bytes), Ok(outer));
        assert_eq!(outer.un.read::<Inner>(), Ok(inner));
        assert_eq!(text(&outer.name), b"ab");
    }

    #[test]
    fn a_short_answer_is_refused_and_only_extended_on_request() {
        let bytes = Inner { small: 1, wide: 0x0102_0304_0506_0708, last: 9 }.to_bytes();
        let short = Inner::from_bytes(&bytes[..23]).expect_err("one byte is missing");
        assert_eq!(short.to_string(), "struct inner needs 24 bytes, the answer has 23");
        assert_eq!(
            Inner::from_prefix(&bytes[..16]),
            Inner { small: 1, wide: 0x0102_0304_0506_0708, last: 0 }
        );
    }

    #[test]
    fn only_the_text_at_the_end_may_be_cut() {
        let bytes = Inner { small: 1, wide: 2, last: 0x0909 }.to_bytes();
        let cut = Inner::from_cut(&bytes[..17], 8).map(|inner| inner.last.to_ne_bytes());
        assert_eq!(cut.map(|last| last[0]), Ok(9));
        let short = Inner::from_cut(&bytes[..15], 8).expect_err("one byte is missing");
        assert_eq!((short.needed, short.got), (16, 15));
        assert!(Inner::from_cut(&[], 1000).is_ok());
    }

    #[test]
    fn a_union_is_never_read_beyond_its_end() {
        assert!(Union8([0; 23]).read::<Inner>().is_err());
        assert!(Union4([0; 8]).read::<Inner>().is_err());
    }

    #[test]
    fn records_come_at_the_stride_the_kernel_states() {
        let mut answer = Vec::new();
        for number in 0..3 {
            answer.extend(Inner { small: number, wide: 0, last: 0 }.to_bytes());
            answer.extend([0xee; 8]);
        }
        answer.push(0);
        let numbers: Vec<Option<u8>> =
            each::<Inner>(&answer, 32).map(|record| record.ok().map(|inner| inner.small)).collect();
        assert_eq!(numbers, [Some(0), Some(1), Some(2), None]);
        assert!(each::<Inner>(&answer, 0).all(|record| record.is_err()));
    }

    #[test]
    fn packed_parts_end_at_a_zero_or_impossible_length() {
        fn first(rest: &[u8]) -> Option<usize> {
            rest.first().map(|&length| usize::from(length))
        }
        let parts: Vec<&[u8]> = packed(&[2, 9, 1, 3, 8, 8, 0, 1], first).collect();
        assert_eq!(parts, [&[2, 9][..], &[1], &[3, 8, 8]]);
        assert_eq!(packed(&[5, 1], first).count(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), stride in 0..200_usize) {
            let whole = Outer::from_bytes(&bytes);
            prop_assert_eq!(whole.is_ok(), bytes.len() >= Outer::LAYOUT.size);
            let extended = Outer::from_prefix(&bytes);
            if let Ok(whole) = whole {
                prop_assert_eq!(whole, extended);
            }
            prop_assert_eq!(Outer::from_bytes(&extended.to_bytes()), Ok(extended));
            each::<Outer>(&bytes, stride).for_each(drop);
            packed(&bytes, |rest| rest.first().map(|&length| usize::from(length))).for_each(drop);
        }
    }
}
