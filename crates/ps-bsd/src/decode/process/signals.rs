//! Names of signals: the first 31 have the same numbers in all three systems.

/// The named signals of a system: those that all have, and its own.
macro_rules! named_signals {
    ($($own:expr),* $(,)?) => {{
        use ps_core::process::Signal as Named;
        use $crate::raw::signal as common;
        const NAMED: &[(ps_core::process::Signal, i32)] = &[
            (Named::Hup, common::SIGHUP),
            (Named::Int, common::SIGINT),
            (Named::Quit, common::SIGQUIT),
            (Named::Ill, common::SIGILL),
            (Named::Trap, common::SIGTRAP),
            (Named::Abrt, common::SIGABRT),
            (Named::Emt, common::SIGEMT),
            (Named::Fpe, common::SIGFPE),
            (Named::Kill, common::SIGKILL),
            (Named::Bus, common::SIGBUS),
            (Named::Segv, common::SIGSEGV),
            (Named::Sys, common::SIGSYS),
            (Named::Pipe, common::SIGPIPE),
            (Named::Alrm, common::SIGALRM),
            (Named::Term, common::SIGTERM),
            (Named::Urg, common::SIGURG),
            (Named::Stop, common::SIGSTOP),
            (Named::Tstp, common::SIGTSTP),
            (Named::Cont, common::SIGCONT),
            (Named::Chld, common::SIGCHLD),
            (Named::Ttin, common::SIGTTIN),
            (Named::Ttou, common::SIGTTOU),
            (Named::Io, common::SIGIO),
            (Named::Xcpu, common::SIGXCPU),
            (Named::Xfsz, common::SIGXFSZ),
            (Named::Vtalrm, common::SIGVTALRM),
            (Named::Prof, common::SIGPROF),
            (Named::Winch, common::SIGWINCH),
            (Named::Info, common::SIGINFO),
            (Named::Usr1, common::SIGUSR1),
            (Named::Usr2, common::SIGUSR2),
            $($own,)*
        ];
        NAMED
    }};
}

pub(crate) use named_signals;
