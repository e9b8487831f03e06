//! Text as kernels write it: lines, columns, `key: value`, numbers, octal escapes.

use std::borrow::Cow;

/// A whole decimal number, and nothing else.
///
/// ```
/// use ps_core::decode::text::number;
/// assert_eq!(number::<u64>(b"42"), Some(42));
/// assert_eq!(number::<u64>(b"42 "), None);
/// assert_eq!(number::<u8>(b"256"), None);
/// ```
#[must_use]
pub fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The decimal number that text begins with, blanks before it passed over, and what follows it. A blank or the end must.
///
/// Much faster than [`number`], which goes by way of text.
///
/// ```
/// use ps_core::decode::text::first_number;
/// assert_eq!(first_number(b"  42 kB"), Some((42, &b" kB"[..])));
/// assert_eq!(first_number(b"42kB"), None);
/// assert_eq!(first_number(b"-1"), None);
/// ```
#[must_use]
#[inline]
pub fn first_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut rest = text;
    while let [b' ' | b'\t', after @ ..] = rest {
        rest = after;
    }
    let [digit @ b'0'..=b'9', after @ ..] = rest else { return None };
    let mut value = u64::from(digit - b'0');
    rest = after;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = after;
    }
    rest.first().is_none_or(u8::is_ascii_whitespace).then_some((value, rest))
}

/// Decimal numbers between blanks and tabs, `None` for each column that is none.
pub fn numbers(line: &[u8]) -> impl Iterator<Item = Option<u64>> {
    columns(line).map(|column| first_number(column).map(|(value, _)| value))
}

/// A whole octal number, and nothing else.
#[must_use]
pub fn octal(bytes: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(bytes).ok()?, 8).ok()
}

/// A whole hexadecimal number without a prefix, and nothing else.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok()
}

/// Lines without their ends; no empty one after the last.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes.strip_suffix(b"\n").unwrap_or(bytes)).filter(|rest| !rest.is_empty());
    std::iter::from_fn(move || {
        let body = rest?;
        let (line, after) = match newline(body) {
            Some(at) => (body.get(..at)?, body.get(at + 1..)),
            None => (body, None),
        };
        rest = after;
        Some(line)
    })
}

/// Where the first line ends: eight bytes at a time, as files have long lines and many of them.
#[inline]
fn newline(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let mut at = 0;
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        // Bytes that are newlines become zero, and the lowest of those keeps the highest bit.
        let word = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'\n'));
        let found = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if found != 0 {
            return Some(at + usize::try_from(found.trailing_zeros() / 8).ok()?);
        }
        at += 8;
    }
    tail.iter().position(|byte| *byte == b'\n').map(|more| at + more)
}

/// Columns between blanks and tabs.
pub fn columns(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (column, after) = rest.split_at(end);
        rest = after;
        (!column.is_empty()).then_some(column)
    })
}

/// What stands on either side of the first `separator`, blanks around both removed.
///
/// ```
/// use ps_core::decode::text::key_value;
/// assert_eq!(key_value(b"MemTotal:  12 kB", b':'), Some((&b"MemTotal"[..], &b"12 kB"[..])));
/// assert_eq!(key_value(b"nothing", b':'), None);
/// ```
#[must_use]
pub fn key_value(line: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == separator)?;
    let (key, rest) = line.split_at(at);
    Some((key.trim_ascii(), rest.get(1..)?.trim_ascii()))
}

/// The value of the first line with a key.
#[must_use]
pub fn value_of<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    lines(text)
        .find_map(|line| key_value(line, b':').filter(|(one, _)| *one == key))
        .map(|(_, value)| value)
}

/// Text in which kernels wrote odd bytes as a backslash and three octal digits, as it was before.
///
/// ```
/// use ps_core::decode::text::octal_unescape;
/// assert_eq!(&*octal_unescape(br"/mnt/my\040disk"), b"/mnt/my disk");
/// assert_eq!(&*octal_unescape(br"a\04"), br"a\04");
/// ```
#[must_use]
pub fn octal_unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                plain.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = after;
            }
            _ => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(plain)
}

/// Numbers as in `0-3,8,10-11`; `None` if any part of it is malformed, a range that runs backwards included.
///
/// At most 65,536 numbers are taken, so that a nonsensical range cannot exhaust memory.
///
/// ```
/// use ps_core::decode::text::number_list;
/// assert_eq!(number_list(b"0-2,8\n"), Some(vec![0, 1, 2, 8]));
/// assert_eq!(number_list(b"\n"), Some(vec![]));
/// assert_eq!(number_list(b"3-1"), None);
/// ```
#[must_use]
pub fn number_list(text: &[u8]) -> Option<Vec<u32>> {
    const MOST: usize = 65_536;
    let text = text.trim_ascii();
    let mut all = Vec::new();
    if text.is_empty() {
        return Some(all);
    }
    for part in text.split(|byte| *byte == b',') {
        let (first, last) = match part.iter().position(|byte| *byte == b'-') {
            Some(at) => {
                let (first, rest) = part.split_at(at);
                (number::<u32>(first)?, number::<u32>(rest.get(1..)?)?)
            }
            None => {
                let one = number::<u32>(part)?;
                (one, one)
            }
        };
        let count = usize::try_from(last.checked_sub(first)?).ok()?.checked_add(1)?;
        if all.len().checked_add(count)? > MOST {
            return None;
        }
        all.extend(first..=last);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_file_has_no_lines_and_an_empty_line_is_one() {
        assert_eq!(lines(b"").count(), 0);
        assert_eq!(lines(b"a\n\nb\n").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
    }

    #[test]
    fn a_number_ends_at_a_blank_or_the_end_and_nowhere_else() {
        assert_eq!(first_number(b"\t7"), Some((7, &b""[..])));
        assert_eq!(first_number(b"18446744073709551615\n"), Some((u64::MAX, &b"\n"[..])));
        for bad in
            [&b""[..], b" ", b"+1", b"1.5", b"18446744073709551616", b"99999999999999999999 "]
        {
            assert_eq!(first_number(bad), None, "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(numbers(b" 1\tx 3").collect::<Vec<_>>(), [Some(1), None, Some(3)]);
    }

    #[test]
    fn a_key_is_found_whole_and_without_a_blank_after_the_colon() {
        let text = b"Pss_Anon: 1 kB\nPss:3 kB\n";
        assert_eq!(value_of(text, b"Pss"), Some(&b"3 kB"[..]));
        assert_eq!(value_of(text, b"Rss"), None);
    }

    #[test]
    fn escapes_outside_of_a_byte_are_left_alone() {
        assert_eq!(&*octal_unescape(br"\400\\\134"), br"\400\\\");
        assert_eq!(&*octal_unescape(br"\377"), b"\xff");
    }

    #[test]
    fn a_number_list_is_bounded() {
        assert_eq!(number_list(b"0-1000000"), None);
        assert_eq!(number_list(b"1,,2"), None);
        assert_eq!(number_list(b"-1"), None);
    }

    #[test]
    fn numbers_are_whole_and_in_their_base() {
        assert_eq!((number::<u64>(b"42"), number::<u64>(b"42 ")), (Some(42), None));
        assert_eq!((octal(b"17"), octal(b"18"), octal(b"")), (Some(15), None, None));
        assert_eq!((hexadecimal(b"fF"), hexadecimal(b"fg")), (Some(255), None));
    }

    #[test]
    fn columns_stand_between_blanks_and_tabs() {
        assert_eq!(columns(b" a\t b  c ").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
        assert_eq!(columns(b" \t ").count(), 0);
    }

    #[test]
    fn key_and_value_stand_around_the_first_separator() {
        assert_eq!(key_value(b" a : b:c ", b':'), Some((&b"a"[..], &b"b:c"[..])));
        assert_eq!(key_value(b"a b", b':'), None);
    }

    #[test]
    fn a_number_list_is_taken_apart() {
        assert_eq!(number_list(b" 0-2,8,10-11\n"), Some(vec![0, 1, 2, 8, 10, 11]));
        assert_eq!((number_list(b"\n"), number_list(b"3-1")), (Some(vec![]), None));
        assert_eq!(number_list(b"5-5"), Some(vec![5]));
        // As many as there may be, and one more.
        assert_eq!(number_list(b"0-65535").map(|all| all.len()), Some(65_536));
        assert_eq!(number_list(b"0-65536"), None);
        assert_eq!(number_list(b"0-65534,7,8"), None);
    }

    #[test]
    fn every_digit_of_an_escape_counts() {
        assert_eq!(&*octal_unescape(br"a\040b\134c\012"), b"a b\\c\n");
        assert_eq!(&*octal_unescape(br"\123\007\370"), b"S\x07\xf8");
        assert_eq!(&*octal_unescape(b"plain"), b"plain");
        // Not three octal digits that make a byte.
        for text in [&br"\04"[..], br"\08x1", br"\480", br"\049"] {
            assert_eq!(&*octal_unescape(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes: Vec<u8>) {
            let _ = (number::<i64>(&bytes), octal(&bytes), hexadecimal(&bytes));
            let _ = (octal_unescape(&bytes), number_list(&bytes), key_value(&bytes, b':'));
            let _ = lines(&bytes).flat_map(columns).count();
            let _ = (first_number(&bytes), numbers(&bytes).count());
        }

        #[test]
        fn columns_are_those_between_blanks(line in "[a \t]{0,20}") {
            let plain: Vec<_> = line.split_ascii_whitespace().map(str::as_bytes).collect();
            prop_assert_eq!(columns(line.as_bytes()).collect::<Vec<_>>(), plain);
        }

        #[test]
        fn lines_are_those_between_newlines(bytes in "[a\n\u{b}\u{10a}]{0,40}") {
            let bytes = bytes.as_bytes();
            let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let plain: Vec<_> = body.split(|byte| *byte == b'\n').collect();
            let expected = if body.is_empty() { Vec::new() } else { plain };
            prop_assert_eq!(lines(bytes).collect::<Vec<_>>(), expected);
        }
    }
}
