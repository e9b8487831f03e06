//! The records and numbers that the BSD kernels answer with, compiled and read on every host.

pub mod errno;
pub mod freebsd;
pub mod netbsd;
pub mod openbsd;
pub mod signal;

/// Everything declared about each system, for comparison with its headers.
#[must_use]
pub fn systems() -> [ps_core::raw::System; 3] {
    [freebsd::system(), netbsd::system(), openbsd::system()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_answer_makes_a_walk_panic(
            answer in prop::collection::vec(any::<u8>(), 0..4000),
            length in 0..1500_i32,
            stride in 0..1500_usize,
        ) {
            // A length that fits, at the beginning, so that the walk gets beyond the first entry.
            let mut stated = answer.clone();
            stated.splice(..answer.len().min(4), length.to_ne_bytes());
            for answer in [&answer, &stated] {
                for process in freebsd::process::processes(answer).flatten() {
                    let _ = (process.name().len(), process.processor());
                }
                for file in freebsd::files::files(answer).flatten() {
                    let _ = (file.path().len(), file.vnode(), file.socket());
                }
                for mapping in freebsd::files::mappings(answer).flatten() {
                    let _ = mapping.path().len();
                }
            }
            for process in netbsd::process::processes(&answer, stride).flatten() {
                let _ = (process.name().len(), process.nice(), process.processor(), process.is_exiting());
            }
            for process in openbsd::process::processes(&answer, stride).flatten() {
                let _ = (process.name().len(), process.nice(), process.thread(), process.is_zombie());
            }
        }
    }

    #[test]
    fn every_system_declares_its_records_once() {
        for system in systems() {
            let mut names: Vec<&str> = system.records.iter().map(|layout| layout.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}: a record stands in two tables", system.name);
            assert!(system.constants.iter().any(|constant| constant.name == "CTL_KERN"));
        }
    }
}
