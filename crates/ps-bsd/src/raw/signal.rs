//! Numbers of signals, as far as they are the same in all three systems.

ps_core::constants! {
    /// The numbers of this subject.
    pub(super) const CONSTANTS;

    pub SIGHUP: i32 = 1;
    pub SIGINT: i32 = 2;
    pub SIGQUIT: i32 = 3;
    pub SIGILL: i32 = 4;
    pub SIGTRAP: i32 = 5;
    pub SIGABRT: i32 = 6;
    pub SIGEMT: i32 = 7;
    pub SIGFPE: i32 = 8;
    pub SIGKILL: i32 = 9;
    pub SIGBUS: i32 = 10;
    pub SIGSEGV: i32 = 11;
    pub SIGSYS: i32 = 12;
    pub SIGPIPE: i32 = 13;
    pub SIGALRM: i32 = 14;
    pub SIGTERM: i32 = 15;
    pub SIGURG: i32 = 16;
    pub SIGSTOP: i32 = 17;
    pub SIGTSTP: i32 = 18;
    pub SIGCONT: i32 = 19;
    pub SIGCHLD: i32 = 20;
    pub SIGTTIN: i32 = 21;
    pub SIGTTOU: i32 = 22;
    pub SIGIO: i32 = 23;
    pub SIGXCPU: i32 = 24;
    pub SIGXFSZ: i32 = 25;
    pub SIGVTALRM: i32 = 26;
    pub SIGPROF: i32 = 27;
    pub SIGWINCH: i32 = 28;
    pub SIGINFO: i32 = 29;
    pub SIGUSR1: i32 = 30;
    pub SIGUSR2: i32 = 31;
}
