//! The comparison of what the backends declare with what the headers say.

use anyhow::Result;
use ps_core::raw::{Field, Kind, Layout, Shape, System};

use super::Headers;
use super::table::{self, Numbers};

/// What one comparison covered, and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: usize,
    pub(crate) fields: usize,
    pub(crate) constants: usize,
    pub(crate) complaints: Vec<String>,
}

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
            Row::Record(layout) => table::record(layout.c_type),
            Row::Field(layout, field) => table::field(layout.c_type, field.c_path),
            Row::Constant(constant) => table::constant(constant.c_expr),
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
    fn complaint(&self, theirs: Numbers) -> Option<String> {
        match self {
            Row::Record(layout) => size_complaint(layout, theirs),
            Row::Field(_, field) => field_complaint(field, theirs),
            Row::Constant(constant) => (constant.value != theirs[0])
                .then(|| format!("ours is {}, the header says {}", constant.value, theirs[0])),
        }
    }
}

fn size_complaint(layout: &Layout, [size, align, ..]: Numbers) -> Option<String> {
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

fn field_complaint(field: &Field, [offset, size, element, sign]: Numbers) -> Option<String> {
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
    let rows = rows_in(headers, system);
    for row in &rows {
        match row {
            Row::Record(_) => found.records += 1,
            Row::Field(..) => found.fields += 1,
            Row::Constant(_) => found.constants += 1,
        }
    }
    let texts: Vec<String> = rows.iter().map(Row::c_text).collect();
    let theirs = table::look_up(headers, system.headers, &texts)?;
    for (row, theirs) in rows.iter().zip(theirs) {
        let complaint = match theirs {
            Ok(theirs) => row.complaint(theirs),
            Err(why) => Some(why),
        };
        if let Some(complaint) = complaint {
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
        let zig = zig::for_tests()?;
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
            "struct if_data (IfData): ours has 32 bytes aligned to 8, the header says 152 aligned to 8",
            "struct if_data (IfData), field ifi_physical: ours is signed with 1 bytes, the header says unsigned with 1 bytes",
            "struct if_data (IfData), field ifi_colour: not in the headers: no member named 'ifi_colour' in 'if_data'",
            "struct if_data (IfData), field ifi_metric: ours is at 16 with 8 bytes, the header says at 12 with 4 bytes",
            "struct if_data (IfData), field ifi_baudrate: ours is at 24 with 8 bytes, the header says at 16 with 8 bytes",
            "struct xswdev (Whole): ours has 16 bytes aligned to 8, the header says 32 aligned to 8",
            "constant KERN_PROC_PID: ours is 2, the header says 1",
            "constant KERN_NONE: not in the headers: use of undeclared identifier 'KERN_NONE'",
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
}
