//! How names, paths and arguments are serialised.
//!
//! Text from a kernel is bytes and need not be UTF-8. In formats that people read, it is a string where it
//! is UTF-8 and `{"bytes": [..]}` where it is not; in binary formats it is always bytes. Either way every
//! byte survives.
//!
//! The modules are for `#[serde(with = "...")]`: [`value`] for an `OsString` or a `PathBuf`, [`option`] for
//! one that may be absent, [`list`] for several, [`pairs`] for an environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text from the kernel, in its serialised form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text(OsString);

/// The same, borrowed.
struct TextRef<'a>(&'a OsStr);

impl Serialize for TextRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(self.0.as_bytes());
        }
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("bytes", self.0.as_bytes())?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TextVisitor)
        } else {
            deserializer.deserialize_byte_buf(TextVisitor)
        }
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or a map with the one key `bytes`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.into()))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(OsString::from_vec(bytes.to_vec())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        Ok(Text(OsString::from_vec(bytes)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let mut bytes: Option<Vec<u8>> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "bytes" {
                return Err(de::Error::unknown_field(&key, &["bytes"]));
            }
            bytes = Some(map.next_value()?);
        }
        let bytes = bytes.ok_or_else(|| de::Error::missing_field("bytes"))?;
        Ok(Text(OsString::from_vec(bytes)))
    }
}

/// One `OsString` or `PathBuf`.
pub mod value {
    use super::{Deserialize, Deserializer, OsStr, OsString, Serialize, Serializer, Text, TextRef};

    /// Writes it.
    pub fn serialize<S, T>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        T: AsRef<OsStr>,
    {
        TextRef(value.as_ref()).serialize(serializer)
    }

    /// Reads it.
    pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: From<OsString>,
    {
        Text::deserialize(deserializer).map(|text| T::from(text.0))
    }
}

/// One `OsString` or `PathBuf` that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, OsStr, OsString, Serialize, Serializer, Text, TextRef};

    /// Writes it.
    pub fn serialize<S, T>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        T: AsRef<OsStr>,
    {
        value.as_ref().map(|text| TextRef(text.as_ref())).serialize(serializer)
    }

    /// Reads it.
    pub fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: From<OsString>,
    {
        Ok(Option::<Text>::deserialize(deserializer)?.map(|text| T::from(text.0)))
    }
}

/// Several `OsString`s, as a command line has them.
pub mod list {
    use super::{Deserialize, Deserializer, OsString, Serializer, Text, TextRef};

    /// Writes them.
    pub fn serialize<S: Serializer>(list: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|text| TextRef(text)))
    }

    /// Reads them.
    pub fn deserialize<'de, D>(deserializer: D) -> Result<Vec<OsString>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let list = Vec::<Text>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|text| text.0).collect())
    }
}

/// Pairs of `OsString`s, as an environment has them.
pub mod pairs {
    use super::{Deserialize, Deserializer, OsString, Serializer, Text, TextRef};

    /// Writes them.
    pub fn serialize<S>(pairs: &[(OsString, OsString)], serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        serializer.collect_seq(pairs.iter().map(|(name, value)| (TextRef(name), TextRef(value))))
    }

    /// Reads them.
    pub fn deserialize<'de, D>(deserializer: D) -> Result<Vec<(OsString, OsString)>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let pairs = Vec::<(Text, Text)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().map(|(name, value)| (name.0, value.0)).collect())
    }
}

/// A value of a process record, in its serialised form.
///
/// Serde's own form of `OsString` and `PathBuf` is not the one above, so the fields of a record go through
/// this trait: for most types it is serde's form.
pub(crate) trait Shape: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

macro_rules! shape_with {
    ($($kind:ty => $module:ident),+ $(,)?) => { $(
        impl Shape for $kind {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $module::serialize(self, serializer)
            }
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $module::deserialize(deserializer)
            }
        }
    )+ };
}

shape_with! {
    OsString => value,
    Option<PathBuf> => option,
    Vec<OsString> => list,
}

macro_rules! shape_of_serde {
    ($($kind:ty),+ $(,)?) => { $(
        impl Shape for $kind {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    )+ };
}

use crate::process as p;
shape_of_serde! {
    i32, u32, u64, Option<u32>, Vec<u32>, std::time::SystemTime,
    p::Uid, Option<p::Pid>, p::Status, p::Uids, p::Gids, Vec<p::Gid>, p::ProcessTimes, p::MemoryInfo,
    p::MemoryInfoEx, p::MemoryFootprint, p::PageFaults, p::IoCounters, p::ContextSwitches,
    p::SignalMasks, p::Environ, Vec<p::MemoryMap>, Vec<p::Thread>, Vec<p::OpenFile>,
    Vec<crate::net::Connection>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Partition;

    fn odd() -> OsString {
        OsString::from_vec(b"a\xffb\n".to_vec())
    }

    fn partition() -> Partition {
        Partition {
            device: Some(odd()),
            mount_point: "/mnt/tape".into(),
            fs_type: "ext4".into(),
            options: OsString::new(),
        }
    }

    #[test]
    fn text_is_a_string_and_other_bytes_are_a_map() {
        let json = serde_json::to_value(partition()).expect("serialises");
        assert_eq!(json["mount_point"], "/mnt/tape");
        assert_eq!(json["device"]["bytes"], serde_json::json!([97, 255, 98, 10]));
    }

    #[test]
    fn both_kinds_of_format_give_every_byte_back() {
        let json = serde_json::to_string(&partition()).expect("serialises");
        assert_eq!(serde_json::from_str::<Partition>(&json).expect("reads"), partition());
        let binary = postcard::to_allocvec(&partition()).expect("serialises");
        assert_eq!(postcard::from_bytes::<Partition>(&binary).expect("reads"), partition());
    }

    #[test]
    fn a_map_with_another_key_is_refused() {
        let json = r#"{"device":{"octets":[1]},"mount_point":"","fs_type":"","options":""}"#;
        assert!(serde_json::from_str::<Partition>(json).is_err());
    }
}
