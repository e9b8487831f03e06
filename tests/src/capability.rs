//! What the table of `ps_core::capability` says of a system is what its backend does.

use std::collections::BTreeMap;

use ps_core::capability::{FACILITIES, Facility};
use ps_core::process::{Handle, Resource};
use ps_core::{Backend, Error, ProcessView, Result};

use crate::must;

/// Asks every question that not all systems answer, and holds the kind of answer against the table.
///
/// The backend's system is meant to be the one of this name, looked at from where the caller is.
pub fn the_table_says_what_is_answered<B: Backend>(backend: &B, system: &str) {
    let wrong = wrong(&asked(backend), FACILITIES, system);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every question, and whether it was answered: a refusal to this caller is an answer, too.
fn asked<B: Backend>(backend: &B) -> BTreeMap<&'static str, bool> {
    fn answered<T>(result: &Result<T>) -> bool {
        !result.as_ref().is_err_and(Error::is_unsupported)
    }
    let pid = must("current", backend.current());
    let handle = Handle::new(must("identify", backend.identify(pid)));
    let view = backend.view(&handle);
    // Setting what is set already changes nothing.
    let limit = view.limit(Resource::OpenFiles);
    let cpus = view.cpu_affinity();
    let set_limit = limit
        .as_ref()
        .is_ok_and(|limit| answered(&backend.set_limit(&handle, Resource::OpenFiles, *limit)));
    let set_cpus =
        cpus.as_ref().is_ok_and(|cpus| answered(&backend.set_cpu_affinity(&handle, cpus)));
    BTreeMap::from([
        ("cpu_affinity", answered(&cpus)),
        ("cpu_frequency", answered(&backend.cpu_frequency())),
        ("cpu_frequency_per_cpu", answered(&backend.cpu_frequency_per_cpu())),
        ("cpu_num", answered(&view.cpu_num())),
        ("fans", answered(&backend.fans())),
        ("heap_info", answered(&backend.heap_info())),
        ("heap_trim", answered(&backend.heap_trim())),
        ("io_counters", answered(&view.io_counters())),
        ("limit", answered(&limit)),
        ("memory_footprint", answered(&view.memory_footprint())),
        ("memory_maps", answered(&view.memory_maps())),
        ("news", answered(&backend.news().map(drop))),
        ("power_supplies", answered(&backend.power_supplies())),
        ("root", answered(&view.root())),
        ("set_cpu_affinity", set_cpus),
        ("set_limit", set_limit),
        ("temperatures", answered(&backend.temperatures())),
        ("umask", answered(&view.umask())),
        ("uptime", answered(&backend.uptime())),
    ])
}

/// Where the table and the answers disagree.
fn wrong(asked: &BTreeMap<&'static str, bool>, table: &[Facility], system: &str) -> Vec<String> {
    let mut found = Vec::new();
    for facility in table {
        let stated = facility.systems.contains(&system);
        match asked.get(facility.name) {
            None => found.push(format!("`{}` is not asked by this check", facility.name)),
            Some(true) if !stated => found.push(format!("`{}` is answered", facility.name)),
            Some(false) if stated => match facility.condition {
                Some(condition) => crate::skip!("{}: {condition}", facility.name),
                None => found.push(format!("`{}` is not answered", facility.name)),
            },
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    use ps_core::fake::Fake;

    #[test]
    fn an_answer_that_the_table_denies_and_one_that_it_invents_are_found() {
        let mut asked = asked(&Fake::new());
        assert_eq!(asked.len(), FACILITIES.len());
        for answered in asked.values_mut() {
            *answered = true;
        }
        assert_eq!(wrong(&asked, FACILITIES, "linux"), [""; 0]);
        assert_eq!(wrong(&asked, FACILITIES, "nowhere").len(), FACILITIES.len());
        asked.insert("umask", false);
        assert_eq!(wrong(&asked, FACILITIES, "linux"), ["`umask` is not answered"]);
        asked.remove("umask");
        assert_eq!(wrong(&asked, FACILITIES, "linux"), ["`umask` is not asked by this check"]);
    }

    #[test]
    fn a_condition_excuses_silence_but_no_answer_where_none_is_stated() {
        let mut asked = asked(&Fake::new());
        for answered in asked.values_mut() {
            *answered = true;
        }
        asked.insert("heap_info", false);
        assert_eq!(wrong(&asked, FACILITIES, "linux"), [""; 0]);
    }
}
