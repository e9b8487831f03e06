//! Property lists in XML, as the kernel's `proplib(3)` writes them: the form of every answer about sensors.

use std::collections::BTreeMap;

use ps_core::decode::text::number;

/// A value of a property list. What is not needed here (data, dates) is left out where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Value {
    /// Named values.
    Dict(BTreeMap<Vec<u8>, Value>),
    /// Values in order.
    Array(Vec<Value>),
    /// Text. It need not be UTF-8.
    Text(Vec<u8>),
    /// A number. The kernel writes those without a sign in hexadecimal.
    Number(i128),
    /// Yes or no.
    Bool(bool),
}

impl Value {
    /// The values of a dictionary; `None` of anything else.
    #[must_use]
    pub fn dict(&self) -> Option<&BTreeMap<Vec<u8>, Value>> {
        match self {
            Value::Dict(values) => Some(values),
            _ => None,
        }
    }

    /// The values of an array; none of anything else.
    #[must_use]
    pub fn array(&self) -> &[Value] {
        match self {
            Value::Array(values) => values,
            _ => &[],
        }
    }

    /// Text; `None` of anything else.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is not too large; `None` of anything else.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }
}

/// How deep values may lie in each other.
const DEPTH: usize = 16;

/// The value that a property list holds; `None` of anything that is no property list.
#[must_use]
pub fn parse(list: &[u8]) -> Option<Value> {
    let mut rest = Rest(list);
    while rest.tag()?.name != b"plist" {}
    let tag = rest.tag()?;
    rest.value(&tag, DEPTH)
}

/// What is left of the text.
struct Rest<'a>(&'a [u8]);

/// What stands between angle brackets.
struct Tag<'a> {
    name: &'a [u8],
    /// It has no content and no end.
    empty: bool,
}

impl<'a> Rest<'a> {
    /// What comes before a byte; the byte itself is passed over.
    fn until(&mut self, byte: u8) -> Option<&'a [u8]> {
        let at = self.0.iter().position(|one| *one == byte)?;
        let (before, behind) = self.0.split_at(at);
        self.0 = behind.get(1..)?;
        Some(before)
    }

    /// The next tag, text before it passed over.
    fn tag(&mut self) -> Option<Tag<'a>> {
        self.until(b'<')?;
        let inside = self.until(b'>')?;
        let (inside, empty) = match inside.strip_suffix(b"/") {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let name = inside.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        Some(Tag { name, empty })
    }

    /// The text up to the end of the value with this tag.
    fn content(&mut self, tag: &Tag<'_>) -> Option<Vec<u8>> {
        if tag.empty {
            return Some(Vec::new());
        }
        let text = self.until(b'<')?;
        let end = self.until(b'>')?;
        (end.strip_prefix(b"/") == Some(tag.name)).then(|| unescaped(text))
    }

    /// The value that begins with this tag.
    fn value(&mut self, tag: &Tag<'_>, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match tag.name {
            b"dict" => {
                let mut values = BTreeMap::new();
                while let Some(key) = self.inside(tag)? {
                    let name = (key.name == b"key").then(|| self.content(&key))??;
                    let next = self.tag()?;
                    values.insert(name, self.value(&next, depth)?);
                }
                Some(Value::Dict(values))
            }
            b"array" => {
                let mut values = Vec::new();
                while let Some(next) = self.inside(tag)? {
                    values.push(self.value(&next, depth)?);
                }
                Some(Value::Array(values))
            }
            b"true" => Some(Value::Bool(true)),
            b"false" => Some(Value::Bool(false)),
            b"integer" => integer(&self.content(tag)?).map(Value::Number),
            _ => self.content(tag).map(Value::Text),
        }
    }

    /// The next tag inside of what began with `outer`; `None` where that ends.
    fn inside(&mut self, outer: &Tag<'_>) -> Option<Option<Tag<'a>>> {
        if outer.empty {
            return Some(None);
        }
        let next = self.tag()?;
        match next.name.strip_prefix(b"/") {
            Some(name) => (name == outer.name).then_some(None),
            None => Some(Some(next)),
        }
    }
}

fn integer(text: &[u8]) -> Option<i128> {
    let text = text.trim_ascii();
    match text.strip_prefix(b"0x") {
        Some(digits) => {
            let digits = std::str::from_utf8(digits).ok()?;
            u64::from_str_radix(digits, 16).ok().map(i128::from)
        }
        None => number::<i64>(text).map(i128::from),
    }
}

/// Text with the five characters that XML writes otherwise put back.
fn unescaped(text: &[u8]) -> Vec<u8> {
    const NAMES: &[(&[u8], u8)] = &[
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&amp;", b'&'),
        (b"&apos;", b'\''),
        (b"&quot;", b'"'),
    ];
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let named = NAMES.iter().find_map(|(name, byte)| Some((rest.strip_prefix(*name)?, *byte)));
        let (behind, byte) = named.unwrap_or((behind, *byte));
        plain.push(byte);
        rest = behind;
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \
        \"-//Apple Computer//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n";

    fn list(body: &str) -> Option<Value> {
        parse(format!("{HEAD}<plist version=\"1.0\">\n{body}\n</plist>\n").as_bytes())
    }

    #[test]
    fn a_list_as_the_kernel_writes_it_is_taken_apart() {
        let found = list(
            "<dict>\n\t<key>a &lt;b&gt; &amp;c</key>\n\t<array>\n\t\t<integer>0xff</integer>\n\t\t\
             <integer>-5</integer>\n\t\t<true/>\n\t\t<false/>\n\t\t<string>x</string>\n\t\t<string/>\n\t\t<dict/>\n\t\
             </array>\n</dict>",
        )
        .expect("a list");
        let values = found.dict().expect("a dictionary").get(&b"a <b> &c"[..]).expect("named");
        let [hexadecimal, negative, yes, no, text, none, dict] = values.array() else {
            panic!("{values:?}")
        };
        assert_eq!((hexadecimal.number(), negative.number()), (Some(255), Some(-5)));
        assert_eq!((yes, no), (&Value::Bool(true), &Value::Bool(false)));
        assert_eq!((text.text(), none.text()), (Some(&b"x"[..]), Some(&b""[..])));
        assert_eq!(dict.dict().map(BTreeMap::len), Some(0));
    }

    #[test]
    fn a_list_cut_anywhere_is_none() {
        let whole = format!(
            "{HEAD}<plist version=\"1.0\">\n<dict><key>a</key><array><string>b</string></array></dict>"
        );
        assert!(parse(whole.as_bytes()).is_some());
        for length in 0..whole.len() {
            assert_eq!(parse(&whole.as_bytes()[..length]), None, "{length}");
        }
    }

    #[test]
    fn lists_that_are_not_well_formed_are_none() {
        for bad in [
            "<dict><key>a</key></dict>",
            "<dict><string>a</string></dict>",
            "<array><integer>x</integer></array>",
            "<array></dict>",
            "<string>a</key>",
            "<integer>0x10000000000000000</integer>",
            "",
        ] {
            assert_eq!(list(bad), None, "{bad}");
        }
    }

    #[test]
    fn values_that_lie_too_deep_do_not_exhaust_the_stack() {
        assert_eq!(list(&"<array>".repeat(100_000)), None);
        let deep = format!("{}{}", "<array>".repeat(15), "</array>".repeat(15));
        assert!(list(&deep).is_some());
    }

    #[test]
    fn a_number_that_is_too_large_is_none() {
        let large = list("<integer>0xffffffffffffffff</integer>").expect("a list");
        assert_eq!(large.number(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let _ = parse(&[b"<plist>", &bytes[..]].concat());
        }

        #[test]
        fn no_mixture_of_tags_makes_it_panic(tags in prop::collection::vec(0..12_usize, 0..60)) {
            const TAGS: [&str; 12] = ["<dict>", "</dict>", "<array>", "</array>", "<key>", "</key>",
                "<integer>", "</integer>", "<true/>", "0x1", "<string/>", "&lt;"];
            let text: String = tags.iter().map(|tag| TAGS[*tag]).collect();
            let _ = list(&text);
        }
    }
}
