//! Clocks.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since boot, suspension included, as the caller's time namespace has it.
pub(crate) fn since_boot() -> Duration {
    // This clock exists since 2.6.39 and reading it cannot fail after that.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
