//! Numbers of processes, users and groups, and what makes two sightings the same process.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::TryFromIntError;
use std::str::FromStr;

use crate::{Context, Error, Result};

/// Number of a process, from 0 to 2³¹ − 1.
///
/// Never negative by construction. Pid 0 is a process on macOS and the BSDs (the kernel's own); on Linux it
/// is nobody. Whether a process has the number is another question: see `Process::new` of the facade.
///
/// ```
/// use ps_core::Pid;
/// assert_eq!(Pid::try_from(1)?.get(), 1);
/// assert!(Pid::try_from(-1).is_err());
/// assert_eq!("42".parse::<Pid>()?.to_string(), "42");
/// # Ok::<(), ps_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u32", into = "u32"))]
pub struct Pid(u32);

impl Pid {
    /// The kernel's own process on macOS and the BSDs; nobody on Linux.
    pub const ZERO: Pid = Pid(0);

    /// The process with a number; `None` if no process could ever have it.
    #[must_use]
    pub const fn new(number: u32) -> Option<Pid> {
        if number <= i32::MAX as u32 { Some(Pid(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as system calls take it.
    #[must_use]
    #[expect(clippy::cast_possible_wrap, reason = "no larger than i32::MAX by construction")]
    pub const fn as_raw(self) -> i32 {
        self.0 as i32
    }

    /// Refuses pid 0, which system calls that act take for "my own process group" or "myself".
    pub fn check_acts(self, operation: &'static str) -> Result<()> {
        if self == Pid::ZERO {
            return Err(Error::invalid(
                Context::new(operation).with_pid(self),
                "pid 0 would mean the caller or its process group",
            ));
        }
        Ok(())
    }
}

macro_rules! pid_from {
    ($($int:ty),+) => { $(
        impl TryFrom<$int> for Pid {
            type Error = Error;

            fn try_from(number: $int) -> Result<Pid> {
                let narrow: Result<u32, TryFromIntError> = number.try_into();
                narrow.ok().and_then(Pid::new).ok_or_else(|| {
                    Error::invalid(
                        Context::new("pid"),
                        format!("{number} is outside 0 to {}", i32::MAX),
                    )
                })
            }
        }
    )+ };
}

impl TryFrom<u32> for Pid {
    type Error = Error;

    fn try_from(number: u32) -> Result<Pid> {
        Pid::try_from(u64::from(number))
    }
}

pid_from!(i32, i64, u64, usize);

impl From<Pid> for u32 {
    fn from(pid: Pid) -> u32 {
        pid.0
    }
}

impl FromStr for Pid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Pid> {
        let number: i64 = text.parse().map_err(|_| {
            Error::invalid(Context::new("pid"), format!("{text:?} is not a whole number"))
        })?;
        Pid::try_from(number)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({})", self.0)
    }
}

macro_rules! account_id {
    ($name:ident, $what:literal) => {
        #[doc = concat!("Number of a ", $what, ".")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name(u32);

        impl $name {
            #[doc = concat!("The ", $what, " with a number.")]
            #[must_use]
            pub const fn new(number: u32) -> Self {
                $name(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

account_id!(Uid, "user");
account_id!(Gid, "group");

/// Real, effective and saved user of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct Uids {
    /// Who started it.
    pub real: Uid,
    /// Whose rights it uses.
    pub effective: Uid,
    /// Whose rights it can take up again.
    pub saved: Uid,
}

/// Real, effective and saved group of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct Gids {
    /// Who started it.
    pub real: Gid,
    /// Whose rights it uses.
    pub effective: Gid,
    /// Whose rights it can take up again.
    pub saved: Gid,
}

/// When a process started, as its kernel keeps it: a number that does not move when the clock is set.
///
/// Its unit is the backend's affair (clock ticks since boot on Linux, microseconds elsewhere). Use it to
/// compare, and `create_time` to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct StartTime(u64);

impl StartTime {
    /// A start as the kernel reports it.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        StartTime(raw)
    }

    /// The kernel's number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Which run of which system a pid belongs to. Whatever a system does not have is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::exhaustive_structs)]
pub struct Origin {
    /// Changes with every boot.
    pub boot: Option<BootId>,
    /// The namespace in which the pid counts.
    pub pid_namespace: Option<u64>,
    /// The namespace in which the start counts.
    pub time_namespace: Option<u64>,
}

/// A number that a kernel makes up at every boot.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct BootId([u8; 16]);

impl BootId {
    /// The sixteen bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        BootId(bytes)
    }

    /// Reads the usual form, 32 hexadecimal digits with or without dashes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text.trim().bytes().filter(|byte| *byte != b'-');
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            let high = char::from(digits.next()?).to_digit(16)?;
            let low = char::from(digits.next()?).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        digits.next().is_none().then_some(BootId(bytes))
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BootId({self})")
    }
}

impl From<BootId> for String {
    fn from(id: BootId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for BootId {
    type Error = String;

    fn try_from(text: String) -> Result<BootId, String> {
        BootId::parse(&text).ok_or_else(|| format!("{text:?} is not 32 hexadecimal digits"))
    }
}

/// Which process a number means: everything known that tells it from another with the same pid.
///
/// A supervisor can write it to disk and take the process up again later, instead of trusting a pid file.
///
/// Two identities are equal (`==`) when pid, start and pid namespace are; [`compare`](Identity::compare) uses
/// all that is known, and says [`Unknown`](Sameness::Unknown) where that is not enough.
///
/// A pid can be given away again within the resolution of the start time. An identity is *settled* when the
/// process was seen alive after the clock had passed the start's last moment: whoever gets the pid later
/// starts later. One that is not settled is told apart by a number the kernel never uses twice, where it has
/// one, and else compares as `Unknown`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Identity {
    /// Number of the process.
    pub pid: Pid,
    /// When it started; `None` where the kernel does not tell.
    pub start: Option<StartTime>,
    /// It was seen alive after its start could not be shared any more.
    pub settled: bool,
    /// A number that the kernel gives to no other process until the next boot, where it has one.
    pub unique: Option<u64>,
    /// Which run of which system it belongs to.
    pub origin: Origin,
}

impl Identity {
    /// A sighting of which nothing is known but pid and start.
    #[must_use]
    pub const fn new(pid: Pid, start: Option<StartTime>) -> Self {
        Identity {
            pid,
            start,
            settled: false,
            unique: None,
            origin: Origin { boot: None, pid_namespace: None, time_namespace: None },
        }
    }

    /// Compares with a later sighting.
    ///
    /// ```
    /// use ps_core::process::{Identity, Pid, Sameness, StartTime};
    ///
    /// let pid = Pid::try_from(100)?;
    /// let mut seen = Identity::new(pid, Some(StartTime::new(5000)));
    /// let later = seen;
    /// assert_eq!(seen.compare(&later), Sameness::Unknown);
    /// seen.settled = true;
    /// assert_eq!(seen.compare(&later), Sameness::Same);
    /// let other = Identity::new(pid, Some(StartTime::new(5001)));
    /// assert_eq!(seen.compare(&other), Sameness::Different);
    /// # Ok::<(), ps_core::Error>(())
    /// ```
    #[must_use]
    pub fn compare(&self, later: &Identity) -> Sameness {
        fn differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a != b)
        }
        if self.pid != later.pid || differ(self.origin.boot, later.origin.boot) {
            return Sameness::Different;
        }
        if differ(self.origin.pid_namespace, later.origin.pid_namespace)
            || differ(self.origin.time_namespace, later.origin.time_namespace)
        {
            return Sameness::Unknown;
        }
        match (self.unique, later.unique) {
            (Some(a), Some(b)) if a == b => return Sameness::Same,
            (Some(_), Some(_)) => return Sameness::Different,
            _ => {}
        }
        match (self.start, later.start) {
            (Some(a), Some(b)) if a != b => Sameness::Different,
            (Some(_), Some(_)) if self.settled => Sameness::Same,
            _ => Sameness::Unknown,
        }
    }

    /// What equality and hash look at.
    fn key(&self) -> (Pid, Option<StartTime>, Option<u64>) {
        (self.pid, self.start, self.origin.pid_namespace)
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Whether two sightings are of the same process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Sameness {
    /// They are.
    Same,
    /// They are not.
    Different,
    /// What is known does not decide it. Never taken for reuse of the pid.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(start: u64) -> Identity {
        Identity::new(Pid(7), Some(StartTime(start)))
    }

    fn settled(start: u64) -> Identity {
        Identity { settled: true, ..seen(start) }
    }

    #[test]
    fn a_pid_is_never_negative_and_never_too_large() {
        for bad in [-1, i64::from(i32::MIN), i64::from(i32::MAX) + 1, i64::MAX] {
            let error = Pid::try_from(bad).expect_err("out of range");
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
            assert!(error.to_string().contains(&bad.to_string()));
        }
        assert_eq!(Pid::new(u32::MAX), None);
        assert_eq!(Pid::try_from(i32::MAX).expect("largest").as_raw(), i32::MAX);
        assert!("".parse::<Pid>().is_err() && "-3".parse::<Pid>().is_err());
        assert!("1x".parse::<Pid>().is_err());
    }

    #[test]
    fn acting_on_pid_zero_is_refused() {
        let error = Pid::ZERO.check_acts("signal").expect_err("refused");
        assert!(matches!(error, Error::InvalidArgument { .. }));
        assert_eq!(error.pid(), Some(Pid::ZERO));
        assert!(Pid(1).check_acts("signal").is_ok());
    }

    #[test]
    fn an_unsettled_start_proves_difference_but_not_sameness() {
        assert_eq!(seen(1).compare(&seen(1)), Sameness::Unknown);
        assert_eq!(seen(1).compare(&seen(2)), Sameness::Different);
        assert_eq!(seen(1).compare(&settled(1)), Sameness::Unknown);
        assert_eq!(settled(1).compare(&seen(1)), Sameness::Same);
    }

    #[test]
    fn a_unique_number_decides_either_way() {
        let with = |unique| Identity { unique: Some(unique), ..seen(1) };
        assert_eq!(with(5).compare(&with(5)), Sameness::Same);
        assert_eq!(with(5).compare(&with(6)), Sameness::Different);
        assert_eq!(with(5).compare(&seen(1)), Sameness::Unknown);
    }

    #[test]
    fn an_unknown_start_is_not_taken_for_reuse() {
        let unknown = Identity::new(Pid(7), None);
        assert_eq!(settled(1).compare(&unknown), Sameness::Unknown);
        assert_eq!(unknown.compare(&settled(1)), Sameness::Unknown);
    }

    #[test]
    fn another_boot_is_different_and_another_namespace_unknown() {
        let mut here = settled(1);
        here.origin.boot = Some(BootId([1; 16]));
        let mut there = here;
        there.origin.boot = Some(BootId([2; 16]));
        assert_eq!(here.compare(&there), Sameness::Different);
        there.origin.boot = here.origin.boot;
        assert_eq!(here.compare(&there), Sameness::Same);
        here.origin.pid_namespace = Some(1);
        there.origin.pid_namespace = Some(2);
        assert_eq!(here.compare(&there), Sameness::Unknown);
        there.origin.pid_namespace = Some(1);
        here.origin.time_namespace = Some(1);
        there.origin.time_namespace = Some(2);
        assert_eq!(here.compare(&there), Sameness::Unknown);
    }

    #[test]
    fn equal_identities_hash_alike() {
        use std::collections::HashSet;
        let set = HashSet::from([seen(1), settled(1), seen(2)]);
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn a_boot_id_reads_back_from_its_text() {
        let text = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        assert_eq!(BootId::parse(text).expect("reads").to_string(), text);
        assert_eq!(BootId::parse(&text.replace('-', "")), BootId::parse(text));
        assert_eq!(BootId::parse("0f1e"), None);
        assert_eq!(BootId::parse(&format!("{text}00")), None);
        assert_eq!(BootId::parse(&"é".repeat(16)), None);
    }

    #[test]
    fn numbers_go_in_and_come_out_unchanged() {
        let pid: Pid = "4711".parse().expect("reads");
        assert_eq!((pid.get(), pid.as_raw(), u32::from(pid)), (4711, 4711, 4711));
        assert_eq!(Pid::try_from(4711_u32).expect("in range"), pid);
        assert_eq!((pid.to_string(), format!("{pid:?}")), ("4711".into(), "Pid(4711)".into()));
        assert_eq!((Uid::new(5).get(), Gid::new(6).get()), (5, 6));
        assert_eq!((Uid::new(5).to_string(), Gid::new(6).to_string()), ("5".into(), "6".into()));
        assert_eq!(StartTime::new(77).get(), 77);
    }

    #[test]
    fn equality_looks_at_pid_start_and_namespace() {
        let mut other = seen(1);
        other.origin.pid_namespace = Some(3);
        assert_ne!(seen(1), other);
        assert_ne!(seen(1), seen(2));
        assert_ne!(seen(1), Identity::new(Pid(8), Some(StartTime(1))));
        assert_eq!(seen(1), settled(1));
    }

    #[test]
    fn identities_that_are_not_equal_hash_apart() {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let hash = |identity: Identity| {
            let mut state = DefaultHasher::new();
            identity.hash(&mut state);
            state.finish()
        };
        assert_ne!(hash(seen(1)), hash(seen(2)));
        assert_eq!(hash(seen(1)), hash(settled(1)));
    }

    #[test]
    fn another_pid_is_different_whatever_else_is_known() {
        let other = Identity { pid: Pid(8), ..settled(1) };
        assert_eq!(settled(1).compare(&other), Sameness::Different);
    }

    #[test]
    fn a_boot_id_is_shown_as_its_text_and_read_from_it() {
        let id = BootId::from_bytes([0xab; 16]);
        let text = "abababab-abab-abab-abab-abababababab";
        assert_eq!((String::from(id), format!("{id:?}")), (text.into(), format!("BootId({text})")));
        assert_eq!(BootId::try_from(text.to_owned()), Ok(id));
        assert!(BootId::try_from("abab".to_owned()).is_err());
    }
}
