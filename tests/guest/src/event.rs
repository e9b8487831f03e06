//! What the guest says: one line per event, on a port where nothing else speaks.

use std::fmt;

/// What every line of the guest begins with.
const MARK: &str = "PS-VM ";

/// One thing that happened in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The guest runs, on a kernel of this release.
    Start {
        /// What `uname -r` says.
        release: String,
    },
    /// A step of the plan begins.
    Begin {
        /// The step's name.
        step: String,
    },
    /// A line that a test printed.
    Out {
        /// The line, without its end; bytes that are not UTF-8 are replaced.
        text: String,
    },
    /// A step did what it should.
    Passed {
        /// The step's name.
        step: String,
    },
    /// A step did not.
    Failed {
        /// The step's name.
        step: String,
        /// What was expected and what was found, or how the program ended.
        why: String,
    },
    /// A file of the guest, whole: the lines up to the next event belong to it.
    File {
        /// Its path in the guest.
        path: String,
    },
    /// A part of the file named last.
    Data {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A link of the guest.
    Link {
        /// Its path in the guest.
        path: String,
        /// Where it leads.
        to: String,
    },
    /// The plan is done; the guest powers off.
    End {
        /// How many steps failed.
        failed: usize,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)?;
        match self {
            Self::Start { release } => write!(f, "start {}", one_line(release)),
            Self::Begin { step } => write!(f, "begin {step}"),
            Self::Out { text } => write!(f, "out {}", one_line(text)),
            Self::Passed { step } => write!(f, "ok {step}"),
            Self::Failed { step, why } => write!(f, "FAILED {step} {}", one_line(why)),
            Self::File { path } => write!(f, "file {path}"),
            Self::Data { bytes } => write!(f, "data {}", bytes.escape_ascii()),
            Self::Link { path, to } => write!(f, "link {path} {to}"),
            Self::End { failed } => write!(f, "end {failed}"),
        }
    }
}

impl Event {
    /// The event that a line of the port tells of, or `None` for any other line.
    ///
    /// A line that has lost its end or a part is no event: what it would have told is then missing,
    /// which the host notices.
    pub fn parse(line: &str) -> Option<Self> {
        let (_, said) = line.trim_end_matches(['\r', '\n']).split_once(MARK)?;
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        match verb {
            "start" if !rest.is_empty() => Some(Self::Start { release: rest.to_owned() }),
            "begin" => Some(Self::Begin { step: word(rest)? }),
            "out" => Some(Self::Out { text: rest.to_owned() }),
            "ok" => Some(Self::Passed { step: word(rest)? }),
            "FAILED" => {
                let (step, why) = rest.split_once(' ')?;
                Some(Self::Failed { step: word(step)?, why: why.to_owned() })
            }
            "file" if !rest.is_empty() => Some(Self::File { path: rest.to_owned() }),
            "data" => Some(Self::Data { bytes: unescape(rest)? }),
            "link" => {
                let (path, to) = rest.split_once(' ')?;
                Some(Self::Link { path: path.to_owned(), to: to.to_owned() })
            }
            "end" => Some(Self::End { failed: rest.parse().ok()? }),
            _ => None,
        }
    }
}

/// The text, if it is one word and not empty.
fn word(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

/// The text with its line ends made visible, so that it stays one line.
fn one_line(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}

/// Undoes [`slice::escape_ascii`].
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b't' => b'\t',
            b'r' => b'\r',
            b'n' => b'\n',
            b'x' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            same @ (b'\'' | b'"' | b'\\') => same,
            _ => return None,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Vec<Event> {
        vec![
            Event::Start { release: "6.1.0-56-amd64".into() },
            Event::Begin { step: "battery".into() },
            Event::Out { text: "test a::b ... ok".into() },
            Event::Out { text: String::new() },
            Event::Passed { step: "battery".into() },
            Event::Failed { step: "mains".into(), why: "no file matches /sys/x*".into() },
            Event::File { path: "/proc/stat".into() },
            Event::Data { bytes: (0..=255).collect() },
            Event::Data { bytes: Vec::new() },
            Event::Data { bytes: b" a ".to_vec() },
            Event::Link { path: "/proc/self".into(), to: "1".into() },
            Event::End { failed: 3 },
        ]
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for event in every_kind() {
            let line = event.to_string();
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            assert_eq!(Event::parse(&line), Some(event), "{line:?}");
        }
    }

    #[test]
    fn a_terminal_that_adds_a_carriage_return_does_not_matter() {
        assert_eq!(Event::parse("PS-VM end 0\r\n"), Some(Event::End { failed: 0 }));
    }

    #[test]
    fn a_reason_of_several_lines_stays_one_event() {
        let event = Event::Failed { step: "a".into(), why: "one\ntwo".into() };
        assert_eq!(
            Event::parse(&event.to_string()),
            Some(Event::Failed { step: "a".into(), why: "one\\ntwo".into() })
        );
    }

    #[test]
    fn lines_of_others_and_cut_lines_are_no_events() {
        for line in [
            "",
            "[    0.000000] Linux version 6.1.0",
            "PS-VM",
            "PS-VM ",
            "PS-VM start",
            "PS-VM begin",
            "PS-VM ok two words",
            "PS-VM FAILED only-a-name",
            "PS-VM link /proc/self",
            "PS-VM end",
            "PS-VM end soon",
            "PS-VM data \\",
            "PS-VM data \\x4",
            "PS-VM data \\q",
            "PS-VM data \\xé0",
            "PS-VM dance",
        ] {
            assert_eq!(Event::parse(line), None, "{line:?}");
        }
    }
}
