//! Signals by name, whatever number a system gives them.

use std::fmt;
use std::str::FromStr;

use crate::{Context, Error, Result};

macro_rules! signals {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// A signal, by its meaning: systems number some of them differently.
        ///
        /// Read from text as `TERM`, `SIGTERM` (either case), `RTMIN+3`, or a number, which stands for itself.
        ///
        /// ```
        /// use ps_core::Signal;
        /// assert_eq!("term".parse::<Signal>()?, Signal::Term);
        /// assert_eq!(Signal::RealTime(3).to_string(), "SIGRTMIN+3");
        /// # Ok::<(), ps_core::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        #[non_exhaustive]
        pub enum Signal {
            $($(#[doc = $doc])+ $variant,)+
            /// A real-time signal, counted from the first that programs may use.
            RealTime(u8),
            /// Any other, by the system's number.
            Other(i32),
        }

        impl Signal {
            /// Every signal that has a name, with it.
            pub const NAMES: &'static [(&'static str, Signal)] = &[$(($name, Signal::$variant),)+];
        }
    };
}

signals! {
    /// The terminal went away, or read your settings again.
    Hup = "HUP",
    /// Interrupted from the keyboard.
    Int = "INT",
    /// Quit from the keyboard, with a core file.
    Quit = "QUIT",
    /// Illegal instruction.
    Ill = "ILL",
    /// Breakpoint.
    Trap = "TRAP",
    /// Aborted.
    Abrt = "ABRT",
    /// Emulated instruction. macOS and the BSDs.
    Emt = "EMT",
    /// Arithmetic error.
    Fpe = "FPE",
    /// End, at once.
    Kill = "KILL",
    /// Bad memory access.
    Bus = "BUS",
    /// Invalid memory access.
    Segv = "SEGV",
    /// Bad system call.
    Sys = "SYS",
    /// Nobody reads the pipe.
    Pipe = "PIPE",
    /// Timer.
    Alrm = "ALRM",
    /// End, in order.
    Term = "TERM",
    /// Urgent data on a socket.
    Urg = "URG",
    /// Stop; cannot be refused.
    Stop = "STOP",
    /// Stop, from the keyboard.
    Tstp = "TSTP",
    /// Continue.
    Cont = "CONT",
    /// A child ended or stopped.
    Chld = "CHLD",
    /// Read from the terminal in the background.
    Ttin = "TTIN",
    /// Wrote to the terminal in the background.
    Ttou = "TTOU",
    /// Input or output is possible.
    Io = "IO",
    /// CPU time limit reached.
    Xcpu = "XCPU",
    /// File size limit reached.
    Xfsz = "XFSZ",
    /// Virtual timer.
    Vtalrm = "VTALRM",
    /// Profiling timer.
    Prof = "PROF",
    /// The window changed its size.
    Winch = "WINCH",
    /// Status asked for from the keyboard. macOS and the BSDs.
    Info = "INFO",
    /// Free for programs.
    Usr1 = "USR1",
    /// Free for programs.
    Usr2 = "USR2",
    /// Power failure. Linux and NetBSD.
    Pwr = "PWR",
    /// Coprocessor stack fault. Linux.
    Stkflt = "STKFLT",
    /// Used by the thread library. FreeBSD and OpenBSD.
    Thr = "THR",
    /// Used by the C library. FreeBSD.
    Librt = "LIBRT",
}

impl Signal {
    /// Signal 0: sends nothing, but tells whether one could be sent.
    pub const NULL: Signal = Signal::Other(0);
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::RealTime(n) => f.pad(&format!("SIGRTMIN+{n}")),
            Signal::Other(n) => f.pad(&n.to_string()),
            named => {
                let name = Self::NAMES.iter().find(|(_, signal)| signal == named);
                f.pad(&format!("SIG{}", name.map_or("?", |(name, _)| name)))
            }
        }
    }
}

impl FromStr for Signal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Signal> {
        let upper = text.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Some((_, signal)) = Self::NAMES.iter().find(|(name, _)| *name == bare) {
            return Ok(*signal);
        }
        let other = match bare {
            "CLD" => Some(Signal::Chld),
            "IOT" => Some(Signal::Abrt),
            "POLL" => Some(Signal::Io),
            "RTMIN" => Some(Signal::RealTime(0)),
            _ => match bare.strip_prefix("RTMIN+") {
                Some(offset) => offset.parse().ok().map(Signal::RealTime),
                None => bare.parse().ok().filter(|n| *n >= 0).map(Signal::Other),
            },
        };
        other.ok_or_else(|| {
            Error::invalid(Context::new("signal"), format!("{text:?} is not the name of a signal"))
        })
    }
}

impl From<Signal> for String {
    fn from(signal: Signal) -> String {
        signal.to_string()
    }
}

impl TryFrom<String> for Signal {
    type Error = Error;

    fn try_from(text: String) -> Result<Signal> {
        text.parse()
    }
}

/// How one system numbers its signals.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct SignalNumbers {
    /// The named ones.
    pub named: &'static [(Signal, i32)],
    /// The first and last real-time signal that programs may use; none if the first is above the last.
    pub real_time: (i32, i32),
    /// The highest number of all.
    pub last: i32,
}

impl SignalNumbers {
    /// The number of a signal; an error if this system does not have it.
    pub fn number(&self, signal: Signal) -> Result<i32> {
        let found = match signal {
            Signal::Other(number) => Some(number).filter(|n| (0..=self.last).contains(n)),
            Signal::RealTime(offset) => self
                .real_time
                .0
                .checked_add(i32::from(offset))
                .filter(|number| *number <= self.real_time.1),
            named => self.named.iter().find(|(one, _)| *one == named).map(|(_, number)| *number),
        };
        found.ok_or_else(|| {
            Error::invalid(
                Context::new("signal"),
                format!("{signal} is not a signal of this system"),
            )
        })
    }

    /// The signal with a number.
    #[must_use]
    pub fn signal(&self, number: i32) -> Signal {
        if let Some((signal, _)) = self.named.iter().find(|(_, one)| *one == number) {
            return *signal;
        }
        let (first, last) = self.real_time;
        let offset = u8::try_from(number.saturating_sub(first)).ok();
        match offset.filter(|_| (first..=last).contains(&number)) {
            Some(offset) => Signal::RealTime(offset),
            None => Signal::Other(number),
        }
    }

    /// The signals of a mask in which bit 0 stands for signal 1.
    #[must_use]
    pub fn signals(&self, mask: u128) -> SignalSet {
        let mut set = SignalSet::default();
        for bit in 0..128 {
            if mask >> bit & 1 == 1 {
                set.0.push(self.signal(bit + 1));
            }
        }
        set
    }
}

/// A set of signals, by ascending number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct SignalSet(Vec<Signal>);

impl SignalSet {
    /// Whether a signal is in it.
    #[must_use]
    pub fn contains(&self, signal: Signal) -> bool {
        self.0.contains(&signal)
    }

    /// Those that programs may use: the ones that the C library keeps for itself are left out.
    pub fn iter(&self) -> impl Iterator<Item = Signal> + '_ {
        self.0.iter().copied().filter(|signal| !matches!(signal, Signal::Other(_)))
    }

    /// All of them, those that the C library keeps for itself included.
    #[doc(alias = "include_internal")]
    pub fn iter_with_internal(&self) -> impl Iterator<Item = Signal> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none in it, internal ones included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        SignalSet(signals.into_iter().collect())
    }
}

/// What a process does with signals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SignalMasks {
    /// Waiting to be delivered; on Linux to the main thread alone. Not on macOS.
    pub pending: Option<SignalSet>,
    /// Held back. Not on macOS.
    pub blocked: Option<SignalSet>,
    /// Ignored.
    pub ignored: SignalSet,
    /// Caught by a handler.
    pub caught: SignalSet,
    /// Waiting to be delivered to the process as a whole. Linux only.
    pub process_pending: Option<SignalSet>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: SignalNumbers = SignalNumbers {
        named: &[(Signal::Hup, 1), (Signal::Term, 15), (Signal::Usr1, 10)],
        real_time: (34, 64),
        last: 64,
    };

    #[test]
    fn every_name_reads_back() {
        for (name, signal) in Signal::NAMES {
            assert_eq!(signal.to_string(), format!("SIG{name}"));
            assert_eq!(name.to_lowercase().parse::<Signal>().expect("known"), *signal);
        }
        assert_eq!("SIGRTMIN+5".parse::<Signal>().expect("reads"), Signal::RealTime(5));
        assert_eq!("33".parse::<Signal>().expect("reads"), Signal::Other(33));
        for bad in ["", "SIG", "NOPE", "-9", "RTMIN+", "RTMIN+999"] {
            assert!(bad.parse::<Signal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_map_both_ways() {
        assert_eq!(NUMBERS.number(Signal::Usr1).expect("has it"), 10);
        assert_eq!(NUMBERS.number(Signal::RealTime(30)).expect("has it"), 64);
        assert_eq!(NUMBERS.number(Signal::NULL).expect("allowed"), 0);
        assert_eq!(NUMBERS.signal(34), Signal::RealTime(0));
        assert_eq!(NUMBERS.signal(33), Signal::Other(33));
        for bad in [Signal::Emt, Signal::RealTime(31), Signal::Other(65), Signal::Other(-1)] {
            assert!(matches!(NUMBERS.number(bad), Err(Error::InvalidArgument { .. })), "{bad}");
        }
    }

    #[test]
    fn internal_signals_are_left_out_unless_asked_for() {
        let set = NUMBERS.signals(1 | 1 << 31 | 1 << 33 | 1 << 127);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::Hup, Signal::RealTime(0)]);
        assert_eq!(set.iter_with_internal().count(), 4);
        assert!(set.contains(Signal::Other(128)));
    }
}
