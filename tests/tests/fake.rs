//! The simulated backend keeps to the contract.

use ps_core::Pid;
use ps_core::fake::{Fake, Refusal};
use ps_tests::Spawner;

/// Makes children by simulated forks.
struct Forks(Fake);

impl Spawner for Forks {
    fn spawn(&self) -> Pid {
        self.0.with(|machine| {
            let child = machine.spawn_child();
            machine.exec(child, &["/usr/bin/sleep", "600"]);
            child
        })
    }

    fn dispose(&self, child: Pid) {
        self.0.with(|machine| machine.vanish(child));
    }
}

/// A machine on which processes of every kind live: a zombie, a stranger that refuses, one in many parts,
/// and one whose start is unknown.
fn crowded() -> Fake {
    let fake = Fake::new();
    fake.with(|machine| {
        let zombie = machine.spawn_child();
        machine.exit(zombie, 1);
        let stranger = machine.spawn(Pid::new(1).expect("in range"));
        for fact in ["exe", "cwd", "environ", "memory_maps", "io_counters", "num_fds"] {
            machine.refuse(stranger, fact, Refusal::Denied);
        }
        machine.refuse(stranger, "memory_footprint", Refusal::Unsupported);
        let threads = machine.spawn_child();
        machine.spawn_thread(threads);
        machine.end_leader(threads);
        let timeless = machine.spawn_child();
        machine.process_mut(timeless).expect("just made").start = None;
        machine.advance(std::time::Duration::from_secs(1));
    });
    fake
}

/// One that tells newborns apart by their starts alone.
fn old_fashioned() -> Fake {
    let fake = crowded();
    fake.with(|machine| machine.tells_unique = false);
    fake
}

fn clock(fake: &Fake) -> std::time::SystemTime {
    fake.with(|machine| machine.wall_clock())
}

fn forks(fake: &Fake) -> Forks {
    Forks(fake.clone())
}

mod with_unique_numbers {
    use super::*;
    ps_tests::contract! { backend: crowded(), clock: clock, spawner: forks }
}

mod without_unique_numbers {
    use super::*;
    ps_tests::contract! { backend: old_fashioned(), clock: clock, spawner: forks }
}
