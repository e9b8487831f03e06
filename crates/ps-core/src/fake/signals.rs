//! Signals of the simulated machine: their numbers, and what they do to a process that does not mind them.

use crate::process::{Signal, SignalNumbers};

/// The numbers that most systems agree on, and some more.
pub(super) const NUMBERS: SignalNumbers = SignalNumbers {
    named: &[
        (Signal::Hup, 1),
        (Signal::Int, 2),
        (Signal::Quit, 3),
        (Signal::Ill, 4),
        (Signal::Trap, 5),
        (Signal::Abrt, 6),
        (Signal::Bus, 7),
        (Signal::Fpe, 8),
        (Signal::Kill, 9),
        (Signal::Usr1, 10),
        (Signal::Segv, 11),
        (Signal::Usr2, 12),
        (Signal::Pipe, 13),
        (Signal::Alrm, 14),
        (Signal::Term, 15),
        (Signal::Chld, 17),
        (Signal::Cont, 18),
        (Signal::Stop, 19),
        (Signal::Tstp, 20),
        (Signal::Ttin, 21),
        (Signal::Ttou, 22),
        (Signal::Urg, 23),
        (Signal::Winch, 28),
    ],
    real_time: (34, 64),
    last: 64,
};

/// What a signal does to a process that neither ignores nor catches it.
pub(super) enum Effect {
    /// It ends.
    Ends,
    /// It stops.
    Stops,
    /// It does not notice.
    Nothing,
}

pub(super) fn effect(signal: Signal) -> Effect {
    match signal {
        Signal::Stop | Signal::Tstp | Signal::Ttin | Signal::Ttou => Effect::Stops,
        Signal::Chld | Signal::Cont | Signal::Urg | Signal::Winch => Effect::Nothing,
        _ => Effect::Ends,
    }
}
