//! Command lines and environments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The arguments of a process as one block of bytes, taken apart as they are asked for.
///
/// ```
/// use ps_core::process::Arguments;
///
/// let arguments = Arguments::nul_separated(b"sh\0-c\0\0");
/// assert_eq!(arguments.iter().collect::<Vec<_>>(), ["sh", "-c", ""]);
/// assert!(Arguments::nul_separated(b"").is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments<'a> {
    /// `None` for no arguments at all, which is not the same as a single empty one.
    text: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Arguments<'a> {
    /// Each argument ended by a NUL; one at the very end may be missing. Empty arguments are kept.
    #[must_use]
    pub fn nul_separated(bytes: &'a [u8]) -> Self {
        Self::separated(bytes, 0)
    }

    /// A title that the process wrote over its arguments, taken apart at single blanks.
    #[must_use]
    pub fn blank_separated(bytes: &'a [u8]) -> Self {
        Self::separated(bytes, b' ')
    }

    fn separated(bytes: &'a [u8], separator: u8) -> Self {
        let text = bytes.strip_suffix(&[separator]).unwrap_or(bytes);
        Arguments { text: (!bytes.is_empty()).then_some(text), separator }
    }

    /// The block that they are taken from, without what ends the last of them, and what stands between them; no
    /// block for no arguments at all.
    #[must_use]
    pub fn block(&self) -> (Option<&'a [u8]>, u8) {
        (self.text, self.separator)
    }

    /// The arguments whose [`block`](Arguments::block) this is.
    #[must_use]
    pub fn from_block((text, separator): (Option<&'a [u8]>, u8)) -> Self {
        Arguments { text, separator }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &'a OsStr> + use<'a> {
        let separator = self.separator;
        self.text
            .into_iter()
            .flat_map(move |text| text.split(move |byte| *byte == separator))
            .map(OsStr::from_bytes)
    }

    /// All of them, each on its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<OsString> {
        self.iter().map(OsStr::to_owned).collect()
    }
}

/// A name that the kernel may have cut short, and what the first argument says of it.
///
/// A name of 15 bytes or more is replaced by the last part of the first argument's path where that begins
/// with it.
#[must_use]
pub fn full_name<'a>(kept: &'a OsStr, arguments: &Arguments<'a>) -> &'a OsStr {
    if kept.len() < NAME_MAY_BE_CUT {
        return kept;
    }
    let first = arguments.iter().next().map(OsStr::as_bytes).unwrap_or_default();
    let base = first.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if base.starts_with(kept.as_bytes()) { OsStr::from_bytes(base) } else { kept }
}

/// From how many bytes on a name may have been cut by the kernel.
pub const NAME_MAY_BE_CUT: usize = 15;

/// The environment a process was started with: names and values in the kernel's order.
///
/// A process may have written over it since. Serialised as a list of pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Environ(
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::pairs"))]
    Vec<(OsString, OsString)>,
);

impl Environ {
    /// Takes a block of `NAME=value` entries apart, each ended by a NUL.
    ///
    /// The block ends at an empty entry. An entry without `=`, with nothing before it, or without a NUL
    /// after it is left out. Of two entries with the same name the later one counts.
    ///
    /// ```
    /// let environ = ps_core::process::Environ::parse(b"A=1\0B=x=y\0A=2\0");
    /// assert_eq!(environ.get("A"), Some("2".as_ref()));
    /// assert_eq!(environ.get("B"), Some("x=y".as_ref()));
    /// assert_eq!(environ.iter().count(), 2);
    /// ```
    #[must_use]
    pub fn parse(block: &[u8]) -> Environ {
        let mut pairs: Vec<(OsString, OsString)> = Vec::new();
        let mut places: std::collections::HashMap<&[u8], usize> = std::collections::HashMap::new();
        let mut rest = block;
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let (entry, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if entry.is_empty() {
                break;
            }
            let Some(equals) = entry.iter().position(|byte| *byte == b'=') else { continue };
            let (name, value) = entry.split_at(equals);
            let value = OsString::from_vec(value.get(1..).unwrap_or_default().to_vec());
            if name.is_empty() {
                continue;
            }
            match places.get(name).and_then(|place| pairs.get_mut(*place)) {
                Some(pair) => pair.1 = value,
                None => {
                    places.insert(name, pairs.len());
                    pairs.push((OsString::from_vec(name.to_vec()), value));
                }
            }
        }
        Environ(pairs)
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let name = name.as_ref();
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_os_str())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(OsString, OsString)> for Environ {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(pairs: I) -> Self {
        Environ(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nul(bytes: &[u8]) -> Vec<OsString> {
        Arguments::nul_separated(bytes).to_vec()
    }

    #[test]
    fn empty_arguments_are_kept_wherever_they_stand() {
        assert_eq!(nul(b"\0"), [""]);
        assert_eq!(nul(b"a\0\0\0"), ["a", "", ""]);
        assert_eq!(nul(b"\0\0b"), ["", "", "b"]);
        assert_eq!(nul(b"a"), ["a"]);
        assert_eq!(nul(b""), Vec::<OsString>::new());
    }

    #[test]
    fn a_title_is_taken_apart_at_single_blanks() {
        let title = |text: &'static [u8]| Arguments::blank_separated(text).to_vec();
        assert_eq!(title(b"nginx: master"), ["nginx:", "master"]);
        assert_eq!(title(b"a b "), ["a", "b"]);
        assert_eq!(title(b"a b  "), ["a", "b", ""]);
    }

    #[test]
    fn bytes_that_are_no_text_survive() {
        assert_eq!(nul(b"\xff\xfe\0")[0].as_bytes(), b"\xff\xfe");
    }

    #[test]
    fn a_cut_name_is_completed_by_the_first_argument() {
        let kept = OsStr::new("systemd-journal");
        let arguments = Arguments::nul_separated(b"/usr/lib/systemd/systemd-journald\0");
        assert_eq!(full_name(kept, &arguments), "systemd-journald");
        assert_eq!(full_name(OsStr::new("sh"), &arguments), "sh");
        assert_eq!(full_name(OsStr::new("another-name-xx"), &arguments), "another-name-xx");
        assert_eq!(full_name(kept, &Arguments::nul_separated(b"")), kept);
    }

    #[test]
    fn the_environment_ends_at_an_empty_entry() {
        let environ = Environ::parse(b"A=1\0nothing\0=x\0B=\0\0C=3\0");
        let shown: Vec<_> = environ.iter().collect();
        assert_eq!(shown, [("A".as_ref(), "1".as_ref()), ("B".as_ref(), "".as_ref())]);
    }

    #[test]
    fn an_entry_that_was_cut_off_is_left_out() {
        assert_eq!(Environ::parse(b"A=1\0B=2").len(), 1);
        assert!(Environ::parse(b"").is_empty());
    }
}
