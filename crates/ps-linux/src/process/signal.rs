//! How Linux numbers its signals.

use ps_core::Signal;
use ps_core::process::SignalNumbers;

const NAMED: &[(Signal, i32)] = &[
    (Signal::Hup, libc::SIGHUP),
    (Signal::Int, libc::SIGINT),
    (Signal::Quit, libc::SIGQUIT),
    (Signal::Ill, libc::SIGILL),
    (Signal::Trap, libc::SIGTRAP),
    (Signal::Abrt, libc::SIGABRT),
    (Signal::Fpe, libc::SIGFPE),
    (Signal::Kill, libc::SIGKILL),
    (Signal::Bus, libc::SIGBUS),
    (Signal::Segv, libc::SIGSEGV),
    (Signal::Sys, libc::SIGSYS),
    (Signal::Pipe, libc::SIGPIPE),
    (Signal::Alrm, libc::SIGALRM),
    (Signal::Term, libc::SIGTERM),
    (Signal::Urg, libc::SIGURG),
    (Signal::Stop, libc::SIGSTOP),
    (Signal::Tstp, libc::SIGTSTP),
    (Signal::Cont, libc::SIGCONT),
    (Signal::Chld, libc::SIGCHLD),
    (Signal::Ttin, libc::SIGTTIN),
    (Signal::Ttou, libc::SIGTTOU),
    (Signal::Io, libc::SIGIO),
    (Signal::Xcpu, libc::SIGXCPU),
    (Signal::Xfsz, libc::SIGXFSZ),
    (Signal::Vtalrm, libc::SIGVTALRM),
    (Signal::Prof, libc::SIGPROF),
    (Signal::Winch, libc::SIGWINCH),
    (Signal::Usr1, libc::SIGUSR1),
    (Signal::Usr2, libc::SIGUSR2),
    (Signal::Pwr, libc::SIGPWR),
    #[cfg(not(any(
        target_arch = "mips",
        target_arch = "mips32r6",
        target_arch = "mips64",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64"
    )))]
    (Signal::Stkflt, libc::SIGSTKFLT),
];

/// How this system numbers its signals.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use ps_linux::Signal;
/// assert_eq!(ps_linux::process::signal_numbers().signal(9), Signal::Kill);
/// # }
/// ```
#[must_use]
pub fn signal_numbers() -> SignalNumbers {
    let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    SignalNumbers { named: NAMED, real_time: (first, last), last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_up_to_the_last_has_one_signal_that_maps_back() {
        let numbers = signal_numbers();
        for number in 0..=numbers.last {
            let signal = numbers.signal(number);
            assert_eq!(numbers.number(signal).expect("known"), number, "{signal}");
        }
        assert!(numbers.number(Signal::Emt).is_err());
        assert!(numbers.number(Signal::Other(numbers.last + 1)).is_err());
    }
}
