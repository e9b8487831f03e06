//! The contract, held against the backend of the system that the tests run on: see the files above.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use ps_core::Pid;
use ps_tests::Spawner;

use super::Native;

/// Makes children that run `sleep`.
#[derive(Default)]
struct Sleepers(Mutex<BTreeMap<Pid, Child>>);

impl Spawner for Sleepers {
    fn spawn(&self) -> Pid {
        let mut sleep = Command::new("sleep");
        sleep.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = sleep.spawn().expect("this system has `sleep`");
        let pid = Pid::try_from(child.id()).expect("pids are in range");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pid, child);
        pid
    }

    fn dispose(&self, child: Pid) {
        let child = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&child);
        let Some(mut child) = child else { return };
        // Whatever a check has collected has a number that is not ours any more: asking first whether
        // it is still to be collected keeps the signal from anybody else.
        if matches!(child.try_wait(), Ok(None)) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn clock(_: &Native) -> SystemTime {
    SystemTime::now()
}

fn sleepers(_: &Native) -> Sleepers {
    Sleepers::default()
}

ps_tests::contract! { backend: Native::default(), clock: clock, spawner: sleepers }

#[test]
fn the_table_of_systems_says_what_is_answered_here() {
    ps_tests::capability::the_table_says_what_is_answered(&Native::default(), std::env::consts::OS);
}
