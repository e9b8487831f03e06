//! News of processes, as the kernel's connector packs them.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ps_core::Pid;
use ps_core::process::News;

use crate::decode::net::message::{messages, request};

/// What the connector says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Connected {
    /// The answer to a request: 0, or why it was refused.
    Answer(i32),
    /// News. An end is that of the main thread, which the process may outlive.
    News(News),
    /// Another thread than the main one has ended.
    ThreadExited {
        /// Of which process.
        pid: Pid,
        /// How.
        status: ExitStatus,
    },
    /// Something about a thread, or of no interest here.
    Other,
}

/// `cn_msg`: who speaks, in two numbers, then sequence, answer, length and flags.
const CONNECTOR_HEADER: usize = 20;
const PROCESSES: [u32; 2] = [1, 1];
/// `proc_event`: what, CPU, time, and then what belongs to it.
const EVENT_HEADER: usize = 16;

const ANSWER: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const EXIT: u32 = 0x8000_0000;

/// Asks to be told, or to be told no more.
#[must_use]
pub fn encode_listen(listen: bool, sender: u32) -> Vec<u8> {
    const LISTEN: u32 = 1;
    const IGNORE: u32 = 2;
    /// The type that messages of one part have.
    const WHOLE: u16 = 3;
    let operation = if listen { LISTEN } else { IGNORE };
    let mut body = Vec::with_capacity(CONNECTOR_HEADER + 4);
    for word in [PROCESSES[0], PROCESSES[1], 0, 0] {
        body.extend(word.to_ne_bytes());
    }
    body.extend(4u16.to_ne_bytes());
    body.extend(0u16.to_ne_bytes());
    body.extend(operation.to_ne_bytes());
    let mut bytes = request(WHOLE, 0, 0, &body);
    if let Some(place) = bytes.get_mut(12..16) {
        place.copy_from_slice(&sender.to_ne_bytes());
    }
    bytes
}

/// What one datagram says; `None` if it makes no sense.
#[must_use]
pub fn decode_connector(datagram: &[u8]) -> Option<Connected> {
    let message = messages(datagram).next()?;
    if [message.u32_at(0)?, message.u32_at(4)?] != PROCESSES {
        return Some(Connected::Other);
    }
    let word = |place: usize| message.u32_at(CONNECTOR_HEADER + EVENT_HEADER + 4 * place);
    let what = message.u32_at(CONNECTOR_HEADER)?;
    let (thread, process) = match what {
        ANSWER => return Some(Connected::Answer(word(0)?.cast_signed())),
        FORK => (word(2)?, word(3)?),
        EXEC | EXIT => (word(0)?, word(1)?),
        _ => return Some(Connected::Other),
    };
    let pid = Pid::new(process)?;
    if what != EXEC && thread != process {
        return Some(match what {
            EXIT => Connected::ThreadExited { pid, status: status(word(2)?) },
            _ => Connected::Other,
        });
    }
    Some(Connected::News(match what {
        FORK => News::Started { pid, parent: Pid::new(word(1)?).filter(|pid| *pid != Pid::ZERO) },
        EXEC => News::Executed { pid },
        _ => News::Exited { pid, status: Some(status(word(2)?)) },
    }))
}

fn status(word: u32) -> ExitStatus {
    ExitStatus::from_raw(word.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(event: &[u32]) -> Vec<u8> {
        let mut body = Vec::new();
        for word in [1u32, 1, 7, 0] {
            body.extend(word.to_ne_bytes());
        }
        body.extend(40u16.to_ne_bytes());
        body.extend(0u16.to_ne_bytes());
        // What, CPU, time in two words, and the rest.
        for word in [event[0], 0, 1, 2].iter().chain(&event[1..]) {
            body.extend(word.to_ne_bytes());
        }
        body.resize(60, 0);
        request(3, 0, 0, &body)
    }

    fn pid(number: u32) -> Pid {
        Pid::new(number).expect("in range")
    }

    #[test]
    fn news_of_processes_are_told_and_those_of_threads_are_not() {
        let news = |event: &[u32]| decode_connector(&datagram(event));
        let started = News::Started { pid: pid(7), parent: Some(pid(5)) };
        assert_eq!(news(&[1, 5, 5, 7, 7]), Some(Connected::News(started)));
        assert_eq!(news(&[1, 5, 5, 8, 7]), Some(Connected::Other));
        assert_eq!(news(&[2, 9, 7]), Some(Connected::News(News::Executed { pid: pid(7) })));
        let status = Some(ExitStatus::from_raw(0x300));
        let exited = News::Exited { pid: pid(7), status };
        assert_eq!(news(&[EXIT, 7, 7, 0x300, 17, 5, 5]), Some(Connected::News(exited)));
        let ended = Connected::ThreadExited { pid: pid(7), status: ExitStatus::from_raw(0x300) };
        assert_eq!(news(&[EXIT, 8, 7, 0x300, 17, 5, 5]), Some(ended));
        assert_eq!(news(&[4, 7, 7, 0, 0]), Some(Connected::Other));
        assert_eq!(news(&[0, 1]), Some(Connected::Answer(1)));
    }

    #[test]
    fn damaged_datagrams_are_refused() {
        let whole = datagram(&[EXIT, 7, 7, 0x300, 17, 5, 5]);
        for length in 0..whole.len() {
            assert_eq!(decode_connector(&whole[..length]), None);
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0xff;
            let _ = decode_connector(&damaged);
        }
    }

    #[test]
    fn a_request_has_the_form_that_the_kernel_reads() {
        let bytes = encode_listen(true, 0x0102_0304);
        assert_eq!(bytes.len(), 40);
        assert_eq!(bytes[12..16], 0x0102_0304u32.to_ne_bytes());
        assert_eq!(bytes[32..34], 4u16.to_ne_bytes());
        assert_eq!(bytes[36..], 1u32.to_ne_bytes());
        assert_eq!(encode_listen(false, 0)[36..], 2u32.to_ne_bytes());
    }
}
