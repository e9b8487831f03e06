//! What a machine claims to be, as statements about its files that are true or not.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use crate::glob::expand;

/// Where the guest mounts control groups.
pub(crate) const CGROUP: &str = "sys/fs/cgroup";

/// One statement about the machine.
///
/// The text form, which is what stands in a plan, is a word and its arguments:
///
/// | text | true if |
/// |---|---|
/// | `is PATH TEXT` | the file holds just this text, blanks at its ends aside |
/// | `begins PATH TEXT` | the file's text begins so |
/// | `words PATH WORD…` | all these words stand in the file |
/// | `present PATTERN` | a file of such a name exists |
/// | `absent PATTERN` | none does |
/// | `some PATTERN FILE=WANT…` | one directory has all these files, each holding just that text, or a number in `LOW..HIGH` |
/// | `cgroup2 CONTROLLER…` | control groups of version 2 can be made, with these controllers |
/// | `cgroup1 CONTROLLER…` | each of these controllers has a hierarchy in which groups can be made |
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// `is PATH TEXT`
    Is(String, String),
    /// `begins PATH TEXT`
    Begins(String, String),
    /// `words PATH WORD…`
    Words(String, Vec<String>),
    /// `present PATTERN`
    Present(String),
    /// `absent PATTERN`
    Absent(String),
    /// `some PATTERN FILE=WANT…`
    Some(String, Vec<(String, Want)>),
    /// `cgroup2 CONTROLLER…`
    Cgroup2(Vec<String>),
    /// `cgroup1 CONTROLLER…`
    Cgroup1(Vec<String>),
}

/// What a file should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Just this text.
    Text(String),
    /// A whole number from the first to the second, both included.
    Number(i64, i64),
}

impl Check {
    /// Whether the statement is true of the machine whose files are below `root`; if not, what was
    /// found instead.
    pub fn hold(&self, root: &Path) -> Result<(), String> {
        match self {
            Self::Is(path, text) => {
                let found = read(root, path)?;
                if found == *text { Ok(()) } else { Err(format!("{path} is {found:?}")) }
            }
            Self::Begins(path, text) => {
                let found = read(root, path)?;
                if found.starts_with(text) { Ok(()) } else { Err(format!("{path} is {found:?}")) }
            }
            Self::Words(path, words) => {
                lacking(&read(root, path)?, words).map_err(|word| format!("{path} lacks {word}"))
            }
            Self::Present(pattern) => match expand(root, pattern).is_empty() {
                false => Ok(()),
                true => Err(format!("nothing is called {pattern}")),
            },
            Self::Absent(pattern) => match expand(root, pattern).first() {
                None => Ok(()),
                Some(path) => Err(format!("{} exists", path.display())),
            },
            Self::Some(pattern, files) => some(root, pattern, files),
            Self::Cgroup2(controllers) => cgroup2(&root.join(CGROUP), controllers),
            Self::Cgroup1(controllers) => cgroup1(&root.join(CGROUP), controllers),
        }
    }
}

impl Want {
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Text(want) => text == want,
            Self::Number(low, high) => {
                text.parse::<i64>().is_ok_and(|number| (*low..=*high).contains(&number))
            }
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(low, high) => write!(f, "{low}..{high}"),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(path, text) => write!(f, "is {path} {text}"),
            Self::Begins(path, text) => write!(f, "begins {path} {text}"),
            Self::Words(path, words) => write!(f, "words {path} {}", words.join(" ")),
            Self::Present(pattern) => write!(f, "present {pattern}"),
            Self::Absent(pattern) => write!(f, "absent {pattern}"),
            Self::Some(pattern, files) => {
                write!(f, "some {pattern}")?;
                files.iter().try_for_each(|(file, want)| write!(f, " {file}={want}"))
            }
            Self::Cgroup2(controllers) => write!(f, "cgroup2 {}", controllers.join(" ")),
            Self::Cgroup1(controllers) => write!(f, "cgroup1 {}", controllers.join(" ")),
        }
    }
}

impl FromStr for Check {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("not a check: {text:?}");
        let (verb, rest) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let words = |rest: &str| rest.split_ascii_whitespace().map(str::to_owned).collect();
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let first = first.to_owned();
        match verb {
            "is" => Ok(Self::Is(first, more.to_owned())),
            "begins" if !more.is_empty() => Ok(Self::Begins(first, more.to_owned())),
            "words" if !more.is_empty() => Ok(Self::Words(first, words(more))),
            "present" if more.is_empty() => Ok(Self::Present(first)),
            "absent" if more.is_empty() => Ok(Self::Absent(first)),
            "some" if !more.is_empty() => {
                let files = more.split_ascii_whitespace().map(file_and_want);
                Ok(Self::Some(first, files.collect::<Option<_>>().ok_or_else(wrong)?))
            }
            "cgroup2" => Ok(Self::Cgroup2(words(rest))),
            "cgroup1" => Ok(Self::Cgroup1(words(rest))),
            _ => Err(wrong()),
        }
    }
}

/// `FILE=WANT`.
fn file_and_want(text: &str) -> Option<(String, Want)> {
    let (file, want) = text.split_once('=')?;
    let number = want
        .split_once("..")
        .and_then(|(low, high)| Some(Want::Number(low.parse().ok()?, high.parse().ok()?)));
    Some((file.to_owned(), number.unwrap_or_else(|| Want::Text(want.to_owned()))))
}

/// A file's text without blanks at its ends.
fn read(root: &Path, path: &str) -> Result<String, String> {
    let at = root.join(path.trim_start_matches('/'));
    match fs::read(&at) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim().to_owned()),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Fails with the first of the words that the text does not have.
fn lacking<'a>(text: &str, words: &'a [String]) -> Result<(), &'a str> {
    let has = |word: &&String| text.split_ascii_whitespace().any(|found| found == word.as_str());
    words.iter().find(|word| !has(word)).map_or(Ok(()), |word| Err(word))
}

fn some(root: &Path, pattern: &str, files: &[(String, Want)]) -> Result<(), String> {
    let mut found = Vec::new();
    for directory in expand(root, pattern) {
        let text = |file: &str| {
            fs::read(directory.join(file))
                .ok()
                .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        let misfit = files.iter().find_map(|(file, want)| match text(file) {
            None => Some(format!("no readable {file}")),
            Some(text) if want.fits(&text) => None,
            Some(text) => Some(format!("{file} is {text:?}")),
        });
        match misfit {
            None => return Ok(()),
            Some(misfit) => found.push(format!("{}: {misfit}", directory.display())),
        }
    }
    match found.is_empty() {
        true => Err(format!("nothing is called {pattern}")),
        false => Err(found.join("; ")),
    }
}

/// A file that a controller of version 2 gives to every group below the top one.
const CONTROLLER_FILES: &[(&str, &str)] = &[
    ("memory", "memory.max"),
    ("pids", "pids.max"),
    ("cpu", "cpu.max"),
    ("cpuset", "cpuset.cpus"),
    ("io", "io.max"),
];

fn cgroup2(top: &Path, controllers: &[String]) -> Result<(), String> {
    let offered = read(top, "cgroup.controllers")?;
    lacking(&offered, controllers)
        .map_err(|name| format!("cgroup.controllers has {offered:?}, not {name}"))?;
    let outer = top.join("ps-check");
    let inner = outer.join("inner");
    let verdict = cgroup2_below(&outer, &inner, controllers);
    // What was made is taken away whatever came of it; what was not made cannot be.
    let _ = fs::remove_dir(&inner);
    let _ = fs::remove_dir(&outer);
    verdict
}

fn cgroup2_below(outer: &Path, inner: &Path, controllers: &[String]) -> Result<(), String> {
    fs::create_dir(outer).map_err(|error| at(outer, &error))?;
    for name in controllers {
        let path = outer.join("cgroup.subtree_control");
        fs::write(&path, format!("+{name}")).map_err(|error| at(&path, &error))?;
    }
    fs::create_dir(inner).map_err(|error| at(inner, &error))?;
    let enabled = read(inner, "cgroup.controllers")?;
    lacking(&enabled, controllers)
        .map_err(|name| format!("a group inside a group lacks {name}"))?;
    for (_, file) in
        CONTROLLER_FILES.iter().filter(|(name, _)| controllers.iter().any(|c| c == name))
    {
        read(inner, file)?;
    }
    Ok(())
}

fn cgroup1(top: &Path, controllers: &[String]) -> Result<(), String> {
    for name in controllers {
        let group = top.join(name).join("ps-check");
        fs::create_dir(&group).map_err(|error| at(&group, &error))?;
        let tasks = read(&group, "cgroup.procs");
        fs::remove_dir(&group).map_err(|error| at(&group, &error))?;
        tasks.map_err(|_| format!("{} is no control group", top.join(name).display()))?;
    }
    Ok(())
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    const MACHINE: &[(&str, &str)] = &[
        ("sys/class/power_supply/AC/type", "Mains\n"),
        ("sys/class/power_supply/AC/online", "0\n"),
        ("sys/class/power_supply/BAT0/type", "Battery\n"),
        ("sys/class/power_supply/BAT0/capacity", "50\n"),
        ("proc/diskstats", " 259  0 nvme0n1 1 2 3\n"),
        ("proc/sys/kernel/osrelease", "6.1.0-56-amd64\n"),
    ];

    fn verdict(tree: &Tree, check: &str) -> Result<(), String> {
        check.parse::<Check>().expect("is a check").hold(tree.root())
    }

    #[test]
    fn true_statements_hold() {
        let tree = Tree::new("true", MACHINE);
        for check in [
            "is /sys/class/power_supply/AC/online 0",
            "begins /proc/sys/kernel/osrelease 6.1.",
            "words /proc/diskstats nvme0n1",
            "present /sys/class/power_supply/BAT*",
            "absent /proc/pressure",
            "some /sys/class/power_supply/* type=Battery capacity=0..100",
        ] {
            assert_eq!(verdict(&tree, check), Ok(()), "{check}");
        }
    }

    #[test]
    fn false_statements_fail_and_say_what_was_found() {
        let tree = Tree::new("false", MACHINE);
        for (check, part) in [
            ("is /sys/class/power_supply/AC/online 1", "is \"0\""),
            ("is /none x", "/none:"),
            ("begins /proc/sys/kernel/osrelease 6.12.", "6.1.0-56-amd64"),
            ("words /proc/diskstats 259 nvme1n1", "lacks nvme1n1"),
            ("present /sys/class/hwmon/*", "nothing is called"),
            ("absent /sys/class/power_supply/*", "AC exists"),
            ("some /sys/class/power_supply/* type=Battery capacity=60..100", "capacity is \"50\""),
            (
                "some /sys/class/power_supply/* type=Battery energy_now=1..9",
                "no readable energy_now",
            ),
            ("some /sys/class/power_supply/* type=UPS", "type is \"Mains\""),
            ("some /sys/class/hwmon/* name=nvme", "nothing is called"),
            ("cgroup2 memory", "cgroup.controllers"),
            ("cgroup1 memory", "memory/ps-check"),
        ] {
            let why = verdict(&tree, check).expect_err(check);
            assert!(why.contains(part), "{check}: {why}");
        }
    }

    #[test]
    fn an_ordinary_directory_is_no_control_group() {
        let tree = Tree::new(
            "plain",
            &[
                ("sys/fs/cgroup/cgroup.controllers", "cpu memory pids"),
                ("sys/fs/cgroup/memory/cgroup.procs", "1"),
            ],
        );
        assert!(verdict(&tree, "cgroup2 cpu io").expect_err("no io").contains("not io"));
        assert!(verdict(&tree, "cgroup2 memory").is_err());
        assert!(verdict(&tree, "cgroup1 memory").expect_err("plain").contains("no control group"));
        assert!(!tree.root().join("sys/fs/cgroup/memory/ps-check").exists());
    }

    #[test]
    fn the_text_form_is_read_back() {
        for text in [
            "is /a b c",
            "begins /a 6.1.",
            "words /a b c",
            "present /a/*",
            "absent /a",
            "some /a/* type=Battery capacity=0..100",
            "cgroup2 memory pids",
            "cgroup1 cpu",
        ] {
            assert_eq!(text.parse::<Check>().expect(text).to_string(), text);
        }
        for text in ["", "is", "words /a", "present /a b", "some /a", "some /a type", "maybe /a"] {
            assert!(text.parse::<Check>().is_err(), "{text:?}");
        }
    }
}
