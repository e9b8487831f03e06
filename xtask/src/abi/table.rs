//! A C table with the headers' numbers, one row for each question.
//!
//! The table is compiled, not run: its numbers are constants, so they stand in the object file,
//! behind a mark by which they are found. One compilation answers all questions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::Headers;

/// Begins the table in the object file.
const MARK: &[u8; 16] = b"ps-abi-table-v1:";

/// The name that the compiler gives the rows in its complaints.
const ROWS: &str = "ps-abi-rows";

/// Numbers in a row of the table.
const COLUMNS: usize = 4;

/// What the headers say in one row.
///
/// Of a record: size and alignment. Of a field: offset, size, size of an element, and sign. Of a
/// constant: its value. The sign is 0 for none, 1 for one, 2 for `char`; 4 more for arrays and
/// pointers; 8 for what is no integer.
pub(crate) type Numbers = [i64; COLUMNS];

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

/// The row that asks for a record.
pub(crate) fn record(c_type: &str) -> String {
    format!("RECORD({c_type})")
}

/// The row that asks for a field, or the path to one.
pub(crate) fn field(c_type: &str, path: &str) -> String {
    format!("FIELD({c_type}, {path})")
}

/// The row that asks for a number.
pub(crate) fn constant(expression: &str) -> String {
    format!("CONSTANT({expression})")
}

/// What the headers say to each row, or why they do not know.
pub(crate) fn look_up(
    headers: &Headers<'_>,
    includes: &str,
    rows: &[String],
) -> Result<Vec<Result<Numbers, String>>> {
    let (object, unknown) = match headers.compile(&c_text(includes, rows))? {
        Ok(object) => (object, BTreeMap::new()),
        Err(complaints) => {
            let unknown = unknown_rows(&complaints, rows.len());
            let known: Vec<String> = (0..)
                .zip(rows)
                .map(|(at, row)| if unknown.contains_key(&at) { "{ 0 }" } else { row }.to_owned())
                .collect();
            match headers.compile(&c_text(includes, &known))? {
                Ok(object) => (object, unknown),
                Err(complaints) => bail!("the headers do not compile:\n{complaints}"),
            }
        }
    };
    let numbers = numbers(&object, rows.len()).context("the table is not in the object file")?;
    let answers = (0..).zip(numbers).map(|(at, numbers)| match unknown.get(&at) {
        Some(why) => Err(why.clone()),
        None => Ok(numbers),
    });
    Ok(answers.collect())
}

/// A C file with one row on each line, counted from 1.
fn c_text(includes: &str, rows: &[String]) -> String {
    let mark = String::from_utf8_lossy(MARK);
    format!(
        "{includes}{PRELUDE}
const struct {{ char mark[{}]; long long rows[{}][{COLUMNS}]; }} ps_abi = {{ \"{mark}\", {{
#line 1 \"{ROWS}\"
{},
}} }};
",
        MARK.len(),
        rows.len(),
        rows.join(",\n"),
    )
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
fn numbers(object: &[u8], rows: usize) -> Option<Vec<Numbers>> {
    let start = object.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let table = object.get(start..start + rows * COLUMNS * 8)?;
    let mut numbers =
        table.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    Some((0..rows).map(|_| std::array::from_fn(|_| numbers.next().unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

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
