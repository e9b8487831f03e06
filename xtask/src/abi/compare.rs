//! The comparison: a C table with the headers' numbers, one row for each declaration of ours.
//!
//! The table is compiled, not run: its numbers are constants, so they stand in the object file,
//! behind a mark by which they are found. One compilation tells all differences, with both numbers.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use ps_core::raw::{Field, Kind, Layout, Shape, System};

use super::Headers;

/// What one comparison covered, and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: usize,
    pub(crate) fields: usize,
    pub(crate) constants: usize,
    pub(crate) complaints: Vec<String>,
}

/// Begins the table in the object file.
const MARK: &[u8; 16] = b"ps-abi-table-v1:";

/// The name that the compiler gives the rows in its complaints.
const ROWS: &str = "ps-abi-rows";

/// Numbers in a row of the table.
const COLUMNS: usize = 4;

/// How C sees a field. Arrays turn into pointers here, so `int[4]` and `int *` look alike.
const PRELUDE: &str = r"
#define EACH_INTEGER(of) \
    of(char, 2) of(signed char, 1) of(unsigned char, 0) of(_Bool, 0) of(short, 1) of(unsigned short, 0) \
    of(int, 1) of(unsigned int, 0) of(long, 1) of(unsigned long, 0) of(long long, 1) of(unsigned long long, 0)
#define SIGN_OF(type, sign) type: sign, type *: sign + 4,
#define SIZE_OF(type, sign) type: sizeof(type), type *: sizeof(type),
#define SIGN(x) _Generic((x), EACH_INTEGER(SIGN_OF) default: 8)
#define ELEMENT(x) _Generic((x), EACH_INTEGER(SIZE_OF) default: 0)
#define AT(type, path) (((type *)0)->path)
#define RECORD(type) { sizeof(type), _Alignof(type) }
#define FIELD(type, path) { __builtin_offsetof(type, path), sizeof(AT(type, path)), ELEMENT(AT(type, path)), SIGN(AT(type, path)) }
#define CONSTANT(value) { (long long)(value) }
";

/// One declaration of ours.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    Record(&'a Layout),
    Field(&'a Layout, &'a Field),
    Constant(&'a ps_core::raw::Constant),
}

impl Row<'_> {
    fn c_text(&self) -> String {
        match self {
            Row::Record(layout) => format!("RECORD({})", layout.c_type),
            Row::Field(layout, field) => format!("FIELD({}, {})", layout.c_type, field.c_path),
            Row::Constant(constant) => format!("CONSTANT({})", constant.c_expr),
        }
    }

    fn name(&self) -> String {
        match self {
            Row::Record(layout) => format!("{} ({})", layout.c_type, layout.name),
            Row::Field(layout, field) => {
                format!("{} ({}), field {}", layout.c_type, layout.name, field.c_path)
            }
            Row::Constant(constant) => format!("constant {}", constant.c_expr),
        }
    }

    /// What is wrong with it, given the header's numbers.
    fn complaint(&self, theirs: [i64; COLUMNS]) -> Option<String> {
        match self {
            Row::Record(layout) => size_complaint(layout, theirs),
            Row::Field(_, field) => field_complaint(field, theirs),
            Row::Constant(constant) => (constant.value != theirs[0])
                .then(|| format!("ours is {}, the header says {}", constant.value, theirs[0])),
        }
    }
}

fn size_complaint(layout: &Layout, [size, align, ..]: [i64; COLUMNS]) -> Option<String> {
    let fits = match i64::try_from(layout.size).ok()? {
        ours if layout.scope.prefix => ours <= size,
        ours => ours == size,
    };
    // Aligned more than in C (macOS packs some records) is harmless where size and offsets agree.
    (!fits || i64::try_from(layout.align).ok()? < align).then(|| {
        format!(
            "ours has {} bytes aligned to {}, the header says {size} aligned to {align}",
            layout.size, layout.align
        )
    })
}

fn field_complaint(field: &Field, [offset, size, element, sign]: [i64; COLUMNS]) -> Option<String> {
    let Shape { size: our_size, .. } = field.shape;
    if (i64::try_from(field.offset), i64::try_from(our_size)) != (Ok(offset), Ok(size)) {
        return Some(format!(
            "ours is at {} with {our_size} bytes, the header says at {offset} with {size} bytes",
            field.offset
        ));
    }
    (!same_kind(&field.shape, element, sign)).then(|| {
        format!("ours is {}, the header says {}", our_kind(&field.shape), their_kind(element, sign))
    })
}

/// Whether an integer is an integer of the same width and sign on both sides.
///
/// `u8` may stand for `char`, whose sign is the compiler's choice, and `[u8; N]` for anything that
/// is carried along as bytes. `u64` may stand for a pointer.
fn same_kind(ours: &Shape, element: i64, sign: i64) -> bool {
    let same_width = i64::try_from(ours.element) == Ok(element);
    match (ours.kind, sign) {
        (Kind::Record, 8) => true,
        (Kind::Record, _) => element == 1,
        (Kind::Unsigned, _) if ours.element == 1 && ours.size > 1 => true,
        (Kind::Unsigned, 8) => ours.element == 8,
        (Kind::Unsigned, 4..) if ours.element == 8 && ours.size == 8 && !same_width => true,
        (Kind::Unsigned, sign) => same_width && matches!(sign & 3, 0 | 2),
        (Kind::Signed, 8) => false,
        (Kind::Signed, sign) => same_width && matches!(sign & 3, 1 | 2),
    }
}

fn our_kind(shape: &Shape) -> String {
    match shape.kind {
        Kind::Record => "a record".to_owned(),
        Kind::Unsigned => format!("unsigned with {} bytes", shape.element),
        Kind::Signed => format!("signed with {} bytes", shape.element),
    }
}

fn their_kind(element: i64, sign: i64) -> String {
    match sign {
        8 => "no integer".to_owned(),
        _ => {
            let sign =
                ["unsigned", "signed", "char"][usize::try_from(sign & 3).unwrap_or(0).min(2)];
            format!("{sign} with {element} bytes")
        }
    }
}

/// Holds everything that `system` declares against `headers`.
pub(crate) fn compare(headers: &Headers<'_>, system: &System) -> Result<Found> {
    let mut found = Found::default();
    let mut rows = rows_in(headers, system);
    for row in &rows {
        match row {
            Row::Record(_) => found.records += 1,
            Row::Field(..) => found.fields += 1,
            Row::Constant(_) => found.constants += 1,
        }
    }
    let object = match headers.compile(&c_text(system, &rows))? {
        Ok(object) => object,
        Err(complaints) => {
            let unknown = unknown_rows(&complaints, rows.len());
            if unknown.is_empty() {
                bail!("the headers do not compile:\n{complaints}");
            }
            for (&at, why) in &unknown {
                found.complaints.push(format!("{}: {why}", rows[at].name()));
            }
            let mut at = 0..;
            rows.retain(|_| at.next().is_some_and(|at| !unknown.contains_key(&at)));
            match headers.compile(&c_text(system, &rows))? {
                Ok(object) => object,
                Err(complaints) => bail!("the headers do not compile:\n{complaints}"),
            }
        }
    };
    let numbers = numbers(&object, rows.len()).context("the table is not in the object file")?;
    for (row, theirs) in rows.iter().zip(numbers) {
        if let Some(complaint) = row.complaint(theirs) {
            found.complaints.push(format!("{}: {complaint}", row.name()));
        }
    }
    Ok(found)
}

/// The declarations that hold in this release.
fn rows_in<'a>(headers: &Headers<'_>, system: &'a System) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for layout in system.records.iter().filter(|layout| layout.scope.holds_in(headers.release)) {
        rows.push(Row::Record(layout));
        let named = layout.fields.iter().filter(|field| !field.name.starts_with('_'));
        rows.extend(named.map(|field| Row::Field(layout, field)));
    }
    let constants = system.constants.iter();
    rows.extend(
        constants.filter(|constant| constant.scope.holds_in(headers.release)).map(Row::Constant),
    );
    rows
}

/// A C file with one row on each line, counted from 1.
fn c_text(system: &System, rows: &[Row<'_>]) -> String {
    let mark = String::from_utf8_lossy(MARK);
    let mut text = format!("{}{PRELUDE}", system.headers);
    text += &format!(
        "const struct {{ char mark[{}]; long long rows[{}][{COLUMNS}]; }} ps_abi = {{ \"{mark}\", {{\n",
        MARK.len(),
        rows.len(),
    );
    text += &format!("#line 1 \"{ROWS}\"\n");
    for row in rows {
        text += &format!("{},\n", row.c_text());
    }
    text + "} };\n"
}

/// The rows that the compiler does not understand, with its reason: what the headers do not have.
fn unknown_rows(complaints: &str, rows: usize) -> BTreeMap<usize, String> {
    let mut unknown = BTreeMap::new();
    for line in complaints.lines() {
        let Some((line, message)) = line.strip_prefix(ROWS).and_then(|rest| {
            let (place, message) = rest.strip_prefix(':')?.split_once(" error: ")?;
            Some((place.split(':').next()?.parse::<usize>().ok()?, message))
        }) else {
            continue;
        };
        if (1..=rows).contains(&line) {
            unknown.entry(line - 1).or_insert_with(|| format!("not in the headers: {message}"));
        }
    }
    unknown
}

/// Reads the numbers of the table out of an object file. All systems in question are little-endian.
fn numbers(object: &[u8], rows: usize) -> Option<Vec<[i64; COLUMNS]>> {
    let start = object.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let table = object.get(start..start + rows * COLUMNS * 8)?;
    let mut numbers =
        table.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    Some((0..rows).map(|_| std::array::from_fn(|_| numbers.next().unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use ps_core::raw::{Constant, Record as _, Release, Scope};

    use super::*;
    use crate::zig;

    mod wrong {
        //! A table with one mistake of each kind.

        use ps_core::raw::Scope;

        ps_core::records! {
            /// `if_data` of FreeBSD, wrongly.
            pub(super) const RECORDS;

            /// One field too many before the counters, one that does not exist, one with the wrong sign.
            "struct if_data" => pub(super) struct IfData {
                ifi_type: u8,
                ifi_physical: i8,
                ifi_addrlen: u8,
                ifi_hdrlen: u8,
                ifi_link_state: u8,
                ifi_vhid: u8,
                ifi_datalen: u16,
                ifi_mtu: u32,
                ifi_colour: u32,
                ifi_metric: u64,
                ifi_baudrate: u64,
            }

            /// Not the whole record, and not said to be a prefix.
            "struct xswdev" => pub(super) struct Whole { xsw_version: u32, xsw_dev: u64 }

            /// The same, and said.
            "struct xswdev", Scope::PREFIX => pub(super) struct Prefix { xsw_version: u32, xsw_dev: u64 }

            /// Wrong, but only claimed for a release that is not looked at.
            "struct xswdev", Scope::ALWAYS.since(99, 0) => pub(super) struct Later { nothing: u8 }
        }
    }

    /// What the newest headers of FreeBSD say about a table; nothing, aloud, where they cannot be had.
    fn complaints(records: &[Layout], constants: Vec<Constant>) -> Option<Vec<String>> {
        let Some(zig) = zig::cached("0.17.0") else {
            eprintln!("skipped: no zig 0.17.0 here; `cargo xtask abi` fetches it");
            return None;
        };
        let real = ps_bsd::raw::freebsd::system();
        let system =
            System { name: "freebsd", headers: real.headers, records: records.to_vec(), constants };
        let release = Release(15, 0);
        let headers = Headers { zig: &zig, system: "freebsd", release, arch: "x86_64" };
        Some(compare(&headers, &system).expect("the headers compile").complaints)
    }

    #[test]
    fn mistakes_are_named_with_both_numbers() {
        let constant = |name, value| Constant { name, c_expr: name, scope: Scope::ALWAYS, value };
        let constants =
            vec![constant("KERN_PROC_PID", 2), constant("KERN_PROC", 14), constant("KERN_NONE", 1)];
        let Some(complaints) = complaints(wrong::RECORDS, constants) else { return };
        let expected = [
            "struct if_data (IfData), field ifi_colour: not in the headers: no member named 'ifi_colour' in 'if_data'",
            "constant KERN_NONE: not in the headers: use of undeclared identifier 'KERN_NONE'",
            "struct if_data (IfData): ours has 32 bytes aligned to 8, the header says 152 aligned to 8",
            "struct if_data (IfData), field ifi_physical: ours is signed with 1 bytes, the header says unsigned with 1 bytes",
            "struct if_data (IfData), field ifi_metric: ours is at 16 with 8 bytes, the header says at 12 with 4 bytes",
            "struct if_data (IfData), field ifi_baudrate: ours is at 24 with 8 bytes, the header says at 16 with 8 bytes",
            "struct xswdev (Whole): ours has 16 bytes aligned to 8, the header says 32 aligned to 8",
            "constant KERN_PROC_PID: ours is 2, the header says 1",
        ];
        assert_eq!(complaints, expected);
        assert_eq!(wrong::Later::LAYOUT.fields.len(), 1);
    }

    #[test]
    fn pointers_chars_and_bytes_may_be_taken_as_they_are() {
        let shape = |size, element, kind| Shape { size, align: element, element, kind };
        assert!(same_kind(&shape(8, 8, Kind::Unsigned), 0, 8), "a pointer to a record");
        assert!(same_kind(&shape(8, 8, Kind::Unsigned), 4, 5), "a pointer to int");
        assert!(same_kind(&shape(16, 1, Kind::Unsigned), 1, 6), "text");
        assert!(same_kind(&shape(1, 1, Kind::Signed), 1, 2), "a small number in a char");
        assert!(!same_kind(&shape(16, 4, Kind::Unsigned), 4, 5), "an array of int is signed");
        assert!(
            !same_kind(&shape(16, 8, Kind::Unsigned), 4, 4),
            "an array of unsigned is not one of u64"
        );
        assert!(!same_kind(&shape(4, 4, Kind::Unsigned), 0, 8), "a record is no integer");
    }

    #[test]
    fn only_rows_of_the_table_count_as_unknown() {
        let complaints = "a.h:3:1: error: no such thing\nps-abi-rows:2:5: error: first\nps-abi-rows:2:9: error: second\nps-abi-rows:9:1: error: behind\n";
        let unknown = unknown_rows(complaints, 8);
        assert_eq!(
            unknown.into_iter().collect::<Vec<_>>(),
            [(1, "not in the headers: first".to_owned())]
        );
    }

    #[test]
    fn a_table_cut_short_is_no_table() {
        let mut object = b"xx".to_vec();
        object.extend(MARK);
        object.extend([7, 0, 0, 0, 0, 0, 0, 0].repeat(COLUMNS));
        assert_eq!(numbers(&object, 1), Some(vec![[7; COLUMNS]]));
        assert_eq!(numbers(&object, 2), None);
        assert_eq!(numbers(&object[3..], 1), None);
    }
}
