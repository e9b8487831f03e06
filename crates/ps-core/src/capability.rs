//! Which systems answer what, and how far each has been shown to work: data, for programs and for tables.
//!
//! Most questions of the backend traits are answered on every system. Those that are not stand in [`FACILITIES`];
//! where a system is not listed, its backend answers [`Unsupported`](crate::Error::Unsupported). How much of that
//! was seen to be true is another matter, and stands in [`PLATFORMS`].
//!
//! Both tables are held against the code by `cargo xtask platforms`, and on the systems that tests run on, by
//! asking.
//!
//! ```
//! use ps_core::capability::{Level, answers, platform};
//!
//! assert!(answers("linux", "uptime"));
//! assert!(!answers("linux", "no such question"));
//! assert!(platform("linux").is_some_and(|linux| linux.reached.contains(&Level::Run)));
//! ```

/// What has been shown of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// It compiles for the system, without warnings.
    Types,
    /// Raw records and numbers agree with the system's own headers, of several releases.
    Layout,
    /// Every foreign symbol that it uses exists in the system's libraries.
    Links,
    /// Its decoders are tested on bytes.
    Decoded,
    /// The tests ran on the system itself.
    Run,
}

impl Level {
    /// Every level, the cheapest first.
    pub const ALL: &[Level] =
        &[Level::Types, Level::Layout, Level::Links, Level::Decoded, Level::Run];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Types => "types",
            Level::Layout => "layout",
            Level::Links => "links",
            Level::Decoded => "decoded",
            Level::Run => "run",
        }
    }
}

/// A system that there are backends for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Platform {
    /// Its name, as the compiler spells it.
    pub name: &'static str,
    /// Its name, as people spell it.
    pub title: &'static str,
    /// Whether a backend answers questions there; if not, decoders and records are all there is.
    pub has_backend: bool,
    /// What has been shown, in the order of [`Level::ALL`].
    pub reached: &'static [Level],
}

/// A question of the backend traits that not every system answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facility {
    /// The method that asks.
    pub name: &'static str,
    /// The systems that answer.
    pub systems: &'static [&'static str],
    /// What an answer hangs on beside the system, if anything: without it, the answer is
    /// [`Unsupported`](crate::Error::Unsupported) there too.
    pub condition: Option<&'static str>,
}

/// Every system, and what has been shown of it.
pub const PLATFORMS: &[Platform] = &[
    Platform {
        name: "linux",
        title: "Linux",
        has_backend: true,
        reached: &[Level::Types, Level::Links, Level::Decoded, Level::Run],
    },
    Platform {
        name: "macos",
        title: "macOS",
        has_backend: true,
        reached: &[Level::Types, Level::Layout, Level::Links, Level::Decoded],
    },
    Platform {
        name: "freebsd",
        title: "FreeBSD",
        has_backend: true,
        reached: &[Level::Types, Level::Layout, Level::Links, Level::Decoded],
    },
    Platform {
        name: "openbsd",
        title: "OpenBSD",
        has_backend: true,
        reached: &[Level::Types, Level::Layout, Level::Links, Level::Decoded],
    },
    Platform {
        name: "netbsd",
        title: "NetBSD",
        has_backend: true,
        reached: &[Level::Types, Level::Layout, Level::Links, Level::Decoded],
    },
];

const fn facility(name: &'static str, systems: &'static [&'static str]) -> Facility {
    Facility { name, systems, condition: None }
}

const fn on_condition(mut facility: Facility, condition: &'static str) -> Facility {
    facility.condition = Some(condition);
    facility
}

/// Other C libraries do not tell.
const ALLOCATOR: &str = "on Linux: the program is linked with glibc";

/// The kernel tells nobody else.
const CONNECTOR: &str =
    "on Linux: the kernel has the process connector, and the caller is in the first pid namespace";

/// A kernel can be built without.
const ACCOUNTING: &str = "on Linux: the kernel counts input and output of processes";

/// Every question that not all systems answer.
pub const FACILITIES: &[Facility] = &[
    facility("cpu_affinity", &["linux", "freebsd"]),
    facility("cpu_frequency", &["linux", "macos", "freebsd", "openbsd", "netbsd"]),
    facility("cpu_frequency_per_cpu", &["linux", "macos", "freebsd", "openbsd", "netbsd"]),
    facility("cpu_num", &["linux", "freebsd", "openbsd", "netbsd"]),
    facility("fans", &["linux", "openbsd", "netbsd"]),
    on_condition(facility("heap_info", &["linux", "macos", "freebsd", "netbsd"]), ALLOCATOR),
    on_condition(facility("heap_trim", &["linux", "macos", "freebsd", "netbsd"]), ALLOCATOR),
    on_condition(
        facility("io_counters", &["linux", "macos", "freebsd", "openbsd", "netbsd"]),
        ACCOUNTING,
    ),
    facility("limit", &["linux", "freebsd", "netbsd"]),
    facility("memory_footprint", &["linux", "macos"]),
    facility("memory_maps", &["linux", "freebsd", "openbsd", "netbsd"]),
    on_condition(facility("news", &["linux"]), CONNECTOR),
    facility("power_supplies", &["linux", "macos", "freebsd", "openbsd", "netbsd"]),
    facility("root", &["linux", "macos", "freebsd", "netbsd"]),
    facility("set_cpu_affinity", &["linux", "freebsd"]),
    facility("set_limit", &["linux", "freebsd", "netbsd"]),
    facility("temperatures", &["linux", "freebsd", "openbsd", "netbsd"]),
    facility("umask", &["linux", "freebsd"]),
    facility("uptime", &["linux", "macos", "freebsd", "openbsd"]),
];

/// The system of this name, as the compiler spells it.
#[must_use]
pub fn platform(system: &str) -> Option<&'static Platform> {
    PLATFORMS.iter().find(|platform| platform.name == system)
}

/// Whether a system answers a question that not all systems answer.
#[must_use]
pub fn answers(system: &str, question: &str) -> bool {
    let mut asked = FACILITIES.iter().filter(|facility| facility.name == question);
    asked.any(|facility| facility.systems.contains(&system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_systems_with_a_backend_answer() {
        for facility in FACILITIES {
            for system in facility.systems {
                let platform = platform(system).unwrap();
                assert!(platform.has_backend, "{system} answers {}", facility.name);
            }
        }
    }

    #[test]
    fn facilities_and_levels_stand_once_and_in_order() {
        assert!(FACILITIES.is_sorted_by(|a, b| a.name < b.name));
        for platform in PLATFORMS {
            assert!(platform.reached.is_sorted_by(|a, b| a < b), "{}", platform.name);
        }
    }
}
