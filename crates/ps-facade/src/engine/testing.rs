//! What tests of the engine share.

use ps_core::fake::{Fake, FakePin, Machine};
use ps_core::process::{Handle, Pid, ProcessBackend};

/// The process that has a number now, unpinned.
pub(crate) fn handle_of(fake: &Fake, pid: Pid) -> Handle<FakePin> {
    Handle::new(fake.identify(pid).expect("is there"))
}

/// So many children of the caller.
pub(crate) fn children(count: usize) -> (Fake, Vec<Handle<FakePin>>) {
    let fake = Fake::new();
    let pids: Vec<Pid> = (0..count).map(|_| fake.with(Machine::spawn_child)).collect();
    let handles = pids.into_iter().map(|pid| handle_of(&fake, pid)).collect();
    (fake, handles)
}

/// Whether a number was taken by [`Machine::reuse`].
pub(crate) fn stranger_has(machine: &Machine, pid: Pid) -> bool {
    machine.process(pid).is_some_and(|process| process.comm == "stranger")
}

/// Runs a future on a runtime whose time passes by itself when there is nothing else to do.
#[cfg(feature = "tokio")]
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("starts").block_on(future)
}
