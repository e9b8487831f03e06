//! Signals by number.

use ps_core::Signal;
use ps_core::process::SignalNumbers;

use crate::raw::signals::*;

/// How macOS numbers its signals. It has none for programs beyond the named ones.
pub const SIGNALS: SignalNumbers = SignalNumbers {
    named: &[
        (Signal::Hup, SIGHUP),
        (Signal::Int, SIGINT),
        (Signal::Quit, SIGQUIT),
        (Signal::Ill, SIGILL),
        (Signal::Trap, SIGTRAP),
        (Signal::Abrt, SIGABRT),
        (Signal::Emt, SIGEMT),
        (Signal::Fpe, SIGFPE),
        (Signal::Kill, SIGKILL),
        (Signal::Bus, SIGBUS),
        (Signal::Segv, SIGSEGV),
        (Signal::Sys, SIGSYS),
        (Signal::Pipe, SIGPIPE),
        (Signal::Alrm, SIGALRM),
        (Signal::Term, SIGTERM),
        (Signal::Urg, SIGURG),
        (Signal::Stop, SIGSTOP),
        (Signal::Tstp, SIGTSTP),
        (Signal::Cont, SIGCONT),
        (Signal::Chld, SIGCHLD),
        (Signal::Ttin, SIGTTIN),
        (Signal::Ttou, SIGTTOU),
        (Signal::Io, SIGIO),
        (Signal::Xcpu, SIGXCPU),
        (Signal::Xfsz, SIGXFSZ),
        (Signal::Vtalrm, SIGVTALRM),
        (Signal::Prof, SIGPROF),
        (Signal::Winch, SIGWINCH),
        (Signal::Info, SIGINFO),
        (Signal::Usr1, SIGUSR1),
        (Signal::Usr2, SIGUSR2),
    ],
    real_time: (0, -1),
    last: NSIG - 1,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_up_to_the_last_has_one_name() {
        let mut numbers: Vec<i32> = SIGNALS.named.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..NSIG).collect::<Vec<_>>());
        assert_eq!(SIGNALS.signal(20), Signal::Chld);
        assert_eq!(SIGNALS.number(Signal::Usr2).expect("has it"), 31);
    }

    #[test]
    fn signals_of_other_systems_are_refused() {
        for signal in [Signal::RealTime(0), Signal::Pwr, Signal::Thr, Signal::Other(32)] {
            assert!(SIGNALS.number(signal).is_err(), "{signal}");
        }
        assert_eq!(SIGNALS.number(Signal::NULL).expect("allowed"), 0);
    }
}
